"""Scores in print: tables, figures, pages, and a name for every printed number."""

from cwi.report import startup as startup
from cwi.report.notebooks.sensitivity import SensitivityReport
from cwi.report.official import OfficialReport

__all__ = ["OfficialReport", "SensitivityReport"]
