"""Errors in input files and parameters, with messages that name the place and the remedy."""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from importlib import import_module
from traceback import walk_tb
from types import ModuleType

__all__ = [
    "ColumnError",
    "CwiError",
    "DataError",
    "MethodologyError",
    "MissingExtraError",
    "ParameterError",
    "ProjectError",
    "ReportError",
    "WritingError",
    "near",
    "optional",
]


class _Sentence(Exception):
    """An error that Jupyter prints as its sentence and the line of the cell, not as a traceback through the library."""

    def _render_traceback_(self) -> list[str]:
        """The lines that IPython prints; ``%debug`` still leads to the place in the library."""
        lines = [f"{type(self).__name__}: {self}"]
        frames = walk_tb(self.__traceback__)
        if cells := [place for place in frames if place[0].f_globals.get("__name__") == "__main__"]:
            frame, line = cells[-1]
            text = linecache.getline(frame.f_code.co_filename, line, frame.f_globals).strip()
            lines += [f"in line {line} of the cell: {text}"] if text else []
        return lines


class CwiError(_Sentence, ValueError):
    """An input that cannot be used; the message names the place, what is there and what would be valid."""


class DataError(CwiError):
    """Something in the observations, the territory, the sources or an edition."""


class MethodologyError(CwiError):
    """Something in a methodology folder, or a rule that cannot be applied to these scores."""


class ParameterError(CwiError):
    """A parameter of a notebook or a command that is unknown or of the wrong type."""


class ProjectError(CwiError):
    """There is no project where one was looked for, or it cannot be made there."""


class MissingExtraError(CwiError):
    """A package of an optional part of cwi that is not installed."""


class WritingError(CwiError):
    """A file or folder that cannot be written: a full disk, no permission, something in the way."""


class ReportError(_Sentence, RuntimeError):
    """A report that could not be made; the old one is whole."""


class ColumnError(ValueError):
    """Raised for one column of an array; :meth:`of` gives the message with the column's name.

    >>> error = ColumnError(3, "is constant in the base years")
    >>> str(error), error.of(["a", "b", "c", "poverty"])
    ('column 3 is constant in the base years', 'poverty is constant in the base years')
    """

    def __init__(self, column: int, reason: str) -> None:
        super().__init__(f"column {column} {reason}")
        self.column, self.reason = column, reason

    def of(self, names: Sequence[str]) -> str:
        """The sentence with the name of the column, counted from 0."""
        return f"{names[self.column]} {self.reason}"


def near(word: object, known: Iterable[str], *, also: Iterable[str] = ()) -> str:
    """A hint after an unknown word: the nearest known one, and all of them; words of ``also`` are not listed.

    A number has no nearest word.

    >>> near("geometrical", ["arithmetic", "geometric"])
    " (did you mean 'geometric'?); there are arithmetic, geometric"
    """
    words = [str(k) for k in known]
    close = [] if isinstance(word, int) else get_close_matches(str(word), [*words, *map(str, also)], n=1)
    guess = f" (did you mean '{close[0]}'?)" if close else ""
    shown = words if len(words) <= 20 else [*words[:20], f"and {len(words) - 20} more"]
    return f"{guess}; there are {', '.join(shown)}" if words else guess


def optional(module: str, *, extra: str, purpose: str) -> ModuleType:
    """A module of an optional part of cwi.

    Raises
    ------
    MissingExtraError
        If it is not installed; the sentence names the extra.

    Examples
    --------
    >>> optional("json", extra="survey", purpose="a file").__name__
    'json'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise MissingExtraError(
            f"{purpose} needs the package '{module}', which is not installed; pip install 'cwi[{extra}]' installs it"
        ) from None
