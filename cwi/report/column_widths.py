"""How wide the columns of a printed table have to be, from the widths of the letters of the font that prints it.

Measured here, from the font's own table of widths, and not by Typst, which would set each word of each table for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path

import matplotlib
from matplotlib.ft2font import FT2Font, LoadFlags

__all__ = ["FONTS", "column_widths", "word_width"]

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
SIZE = 10.0  # points
DIGIT = re.compile(r"\d")
NARROW, SHARE, WIDE, LONG_WORD = 95.0, 1 / 4, 140.0, 120.0  # points: how narrow a column of text may become


def word_width(text: str, *, bold: bool = False) -> float:
    """How wide a text is in type of ten points, without kerning.

    Returns
    -------
    float
        Points, 0 or more.

    Examples
    --------
    >>> word_width("1,5") < word_width("1,5", bold=True) < word_width("10,5", bold=True)
    True
    """
    return sum(_advance(letter, bold) for letter in text)


def column_widths(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: int = 1, emphasised: Collection[int] = ()
) -> tuple[list[float], list[float]]:
    """The least and the whole width of each column in type of ten points.

    Numbers are never broken, text is between words, but not into a column too narrow to be read.

    Parameters
    ----------
    heads
        The printed headings, set in bold.
    rows
        The printed cells, a list a row.
    numeric
        From which column on cells are numbers; the first column never is one.
    emphasised
        The numbers of the rows that are set in bold.

    Returns
    -------
    tuple
        Two lists of points, a number a column, the second never below the first.

    Examples
    --------
    >>> least, whole = column_widths(["Region", "Score"], [["Turkistan region", "38.2"]])
    >>> [round(width) for width in whole]
    [82, 32]
    """
    least, whole = [], []
    for column, head in enumerate(heads):
        cells = {(_shape(row[column]), number in emphasised) for number, row in enumerate(rows)}
        widest = max((word_width(text, bold=bold) for text, bold in cells), default=0.0)
        narrowest = widest
        if not (column and column >= numeric):
            longest = max((_longest_word(text) for text, _ in cells), default=0.0)
            narrowest = max(min(widest, max(NARROW, min(widest * SHARE, WIDE))), min(longest, LONG_WORD))
        least.append(max(narrowest, _longest_word(head)))
        whole.append(max(widest, word_width(head, bold=True), least[-1]))
    return least, whole


def _shape(text: str) -> str:
    """Digits are equally wide, so that two numbers of the same shape are measured once."""
    return DIGIT.sub("0", text)


@lru_cache(maxsize=20_000)
def _longest_word(text: str) -> float:
    return max(word_width(word, bold=True) for word in text.split(" "))


@lru_cache(maxsize=4096)
def _advance(letter: str, bold: bool) -> float:
    """How far the font moves on after a letter; that of its sign for a missing letter, where it has none."""
    font = _font(bold)
    glyph = font.load_glyph(font.get_char_index(ord(letter)), LoadFlags.NO_SCALE)
    return float(glyph.horiAdvance) / font.units_per_EM * SIZE


@lru_cache
def _font(bold: bool) -> FT2Font:
    return FT2Font(str(FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")))
