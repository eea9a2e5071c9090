"""Scores in print: tables, figures, pages, and a name for every printed number.

The two reports are imported when they are first used, so that a notebook of another subject does not wait for them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cwi.report import startup as startup

if TYPE_CHECKING:
    from cwi.report.notebooks.sensitivity import SensitivityReport
    from cwi.report.official import OfficialReport

__all__ = ["OfficialReport", "SensitivityReport"]

_MODULES = {"OfficialReport": "official", "SensitivityReport": "notebooks.sensitivity"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'cwi.report' has no attribute '{name}'")
    value = globals()[name] = getattr(import_module(f"cwi.report.{_MODULES[name]}"), name)
    return value
