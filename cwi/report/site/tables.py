"""Tables of a page: cells with links, languages and what they are sorted by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from cwi.report.languages import NONE

__all__ = ["Cell", "Column", "Grid", "number"]

EMPTY = Markup("")


@dataclass(frozen=True)
class Column:
    """The head of a column.

    ``number``: set to the right; ``narrow``: whether a phone shows it; ``roomy``: only a wide screen does; ``code``: of
    a region, for the script.
    """

    head: str
    number: bool = False
    narrow: bool = True
    roomy: bool = False
    code: str = ""


@dataclass(frozen=True)
class Cell:
    """A printed text, where it links to, the language that it is in, a picture after it and what it is sorted by."""

    text: str
    href: str = ""
    lang: str = ""
    note: str = ""
    picture: Markup = EMPTY
    order: str = ""
    code: str = ""


def number(text: str, value: float, *, note: str = "", picture: Markup = EMPTY) -> Cell:
    """A printed number, sorted by its value; what is missing comes last."""
    return Cell(text or NONE, order="" if math.isnan(value) else repr(float(value)), note=note, picture=picture)


@dataclass(frozen=True)
class Grid:
    """A table with its caption.

    ``head``: which cell of a row is its heading; ``emphasised``: rows such as the nation's; ``classes``: for the style.
    """

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    emphasised: frozenset[int] = frozenset()
    head: int = 0
    sortable: bool = True
    classes: str = field(default="")
