"""What a picture has on itself about its status: a line below it, a word within it, a stamp across it."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.figure import Figure

from cwi.report.pictures.status import STATUS, place_status
from cwi.report.pictures.style import leading, wrap

__all__ = ["footnote", "stamp", "status"]

FOOT = 7.5  # points
WORD: dict[str, Any] = {"size": 7.5, "color": "#707070", "zorder": 1e6}  # 4.9 : 1 on white


def footnote(figure: Figure, text: str) -> None:
    """A line in small print below everything that is on the page."""
    width, height = figure.get_size_inches()
    lines = wrap(text, width - 0.2, FOOT)
    more = (lines.count("\n") + 1) * leading(FOOT) + 0.08
    for axes in figure.axes:
        place = axes.get_position(original=True)
        share = height / (height + more)
        axes.set_position((place.x0, 1 - (1 - place.y0) * share, place.width, place.height * share))
    figure.set_size_inches(width, height + more)
    figure.text(0.1 / width, 0.06 / (height + more), lines, size=FOOT, color="#555555", va="bottom", linespacing=1.2)


def status(figure: Figure, text: str, *, now: bool = False) -> None:
    """Write a word or two among the data, where nothing is drawn: a crop of the line below a picture leaves it.

    Parameters
    ----------
    figure
        The picture; a word that it has is replaced.
    text
        What it is, such as 'experimental'.
    now
        Whether the place is looked for at once, for a picture that others show; else as it is saved.
    """
    for before in [each for each in figure.texts if each.get_gid() == STATUS]:
        before.remove()
    figure.text(0, 0, text, gid=STATUS, visible=False, ha="left", va="bottom", linespacing=1.2, **WORD)
    if now:
        place_status(figure)


def stamp(figure: Figure, text: str) -> None:
    """Write a word across a picture, once: what it shows is not real."""
    if any(each.get_gid() == "mark" for each in figure.texts):
        return
    width, height = figure.get_size_inches()
    angle = math.degrees(math.atan2(height, width))
    size = 72 * math.hypot(width, height) / (0.75 * len(text))
    style: dict[str, Any] = {"color": "#8c1d18", "alpha": 0.14, "weight": "bold", "gid": "mark", "zorder": 1e6}
    figure.text(0.5, 0.5, text, rotation=angle, ha="center", va="center", size=size, **style)
