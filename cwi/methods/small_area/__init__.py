"""Estimates of small areas from a survey and what is known of all areas: the model of Fay and Herriot on arrays.

================= =====================================================================================
``fay_herriot``   ``fay_herriot``: variance of areas by REML, ML or adjusted REML; EBLUP, MSE, areas without a sample
``shares``        ``arcsine_shares``, ``logit_shares``: shares on a scale where their errors are even, and back
``bootstrap``     ``bootstrap_mse``: the mean squared error by parametric bootstrap, beside the analytic one
``benchmarking``  ``benchmark``: estimates that add up to a published figure, and how far each was moved
``diagnostics``   ``diagnose``: residuals, leave-one-out, what the model explains
================= =====================================================================================
"""

from cwi.methods.small_area.benchmarking import Benchmarked, benchmark
from cwi.methods.small_area.bootstrap import bootstrap_mse
from cwi.methods.small_area.diagnostics import Diagnostics, diagnose
from cwi.methods.small_area.fay_herriot import METHODS, FayHerriot, fay_herriot
from cwi.methods.small_area.shares import AreaShares, arcsine_shares, logit_shares

__all__ = [
    "METHODS",
    "AreaShares",
    "Benchmarked",
    "Diagnostics",
    "FayHerriot",
    "arcsine_shares",
    "benchmark",
    "bootstrap_mse",
    "diagnose",
    "fay_herriot",
    "logit_shares",
]
