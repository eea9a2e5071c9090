"""Pictures as methods of what they show: ``scores.plot.ranking()`` is ``cwi.report.plot.ranking(scores)``.

The core does not know how anything is drawn: it names its pictures, and the module that draws them is imported when one
of them is asked for (as pandas does with its plotting backends).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import MethodType
from typing import Any

from cwi.errors import near

__all__ = ["Pictures", "PlotAccessor"]

DRAWN_BY = "cwi.report.plot"


class Pictures:
    """The pictures of one object, each a method that takes the other arguments of the function that draws it."""

    def __init__(self, subject: object, names: tuple[str, ...]) -> None:
        self._subject, self._names = subject, names

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_") or name not in self._names:
            raise AttributeError(f"no picture is called '{name}'{near(name, self._names)}")
        return MethodType(getattr(import_module(DRAWN_BY), name), self._subject)

    def __dir__(self) -> list[str]:
        return list(self._names)

    def __repr__(self) -> str:
        return f"Pictures of {self._subject!r}: {', '.join(self._names)}"


class PlotAccessor:
    """A class attribute that gives the :class:`Pictures` of each object.

    Examples
    --------
    >>> from cwi import read_edition
    >>> read_edition(2023).scores.plot
    Pictures of Scores(2023: 20 regions, methodology 2024.1 7dcd…): ranking, map, heatmap
    """

    def __init__(self, *names: str) -> None:
        self.names = names

    def __get__(self, subject: object, owner: type | None = None) -> Any:
        return self if subject is None else Pictures(subject, self.names)
