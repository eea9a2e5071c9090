"""What notebooks of this project import, imported once in the process that kernels are forked of.

Imports alone, and of modules that start no thread: a fork has the locks that other threads held and not the threads.
statsmodels is left out, as it imports polars where that is installed, which starts some; a test counts threads.

Python looks for unreachable cycles after every 700 new objects; a picture makes a hundred thousand that are in use. In
this process, and all that are forked of it, it looks after 50,000.
"""

import gc
import sys

import geopandas
import ipykernel.kernelapp
import matplotlib.pyplot
import openpyxl
import scipy.stats
import seaborn
import typst
import xlsxwriter

import cwi.analysis.audit
import cwi.analysis.budget
import cwi.analysis.comparison
import cwi.analysis.consultation
import cwi.analysis.deprivation
import cwi.analysis.policy
import cwi.analysis.survey
import cwi.analysis.uncertainty
import cwi.report.notebooks.audit
import cwi.report.notebooks.benefits
import cwi.report.notebooks.budget
import cwi.report.notebooks.change
import cwi.report.notebooks.comparison
import cwi.report.notebooks.consultation
import cwi.report.notebooks.crosswalk
import cwi.report.notebooks.deprivation
import cwi.report.notebooks.policy
import cwi.report.notebooks.region
import cwi.report.notebooks.revision
import cwi.report.notebooks.sensitivity
import cwi.report.notebooks.start
import cwi.report.notebooks.survey
import cwi.report.official
import cwi.report.page
import cwi.report.pdf

__all__ = ["PATH"]

gc.set_threshold(50_000, 20, 20)

_IMPORTED = (cwi, geopandas, ipykernel, matplotlib, openpyxl, scipy, seaborn, typst, xlsxwriter)

PATH = tuple(place for place in sys.path if place)  # where a kernel looks for modules: not what a caller added
