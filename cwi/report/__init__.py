"""Scores in print: tables, figures, pages, and a name for every printed number."""

from cwi.report import startup as startup
from cwi.report.official import OfficialReport
from cwi.report.sensitivity import SensitivityReport

__all__ = ["OfficialReport", "SensitivityReport"]
