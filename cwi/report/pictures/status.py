"""A word on the status of a picture, where nothing else is drawn: a crop of the line below it leaves the word."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.text import Text

from cwi.report.pictures.room import Page
from cwi.report.pictures.svg import LETTERS, Renderer, SvgCanvas

__all__ = ["PICTURE", "SCALE", "STATUS", "as_svg", "place_status"]

PICTURE, SCALE, STATUS = "picture", "scale", "status"  # what holds the data, a bar of colours, the word on the status
RIM, STRIP = 3.0, 18.0  # points around that word, and above a picture that has no room for it


def as_svg(figure: Any) -> str:
    """A figure as SVG, with the word on its status; a line more above its head where there is no room for the word."""
    try:
        return _drawn(figure)
    except _FullError:
        _lower(figure, STRIP)
        return _drawn(figure)


def place_status(figure: Any) -> None:
    """Find the place of the word that is the status of a picture, where it has one that has no place yet."""
    for word in [each for each in figure.texts if each.get_gid() == STATUS and not each.get_visible()]:
        as_svg(figure)
        word.set_visible(True)


def _drawn(figure: Any) -> str:
    text = io.StringIO()
    kind = SvgCanvas if _waiting(figure) is None else _Canvas
    kind(figure).print_figure(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def _waiting(figure: Any) -> Text | None:
    """The word of a figure that has no place yet."""
    return next((each for each in figure.texts if each.get_gid() == STATUS and not each.get_visible()), None)


class _Watcher(RendererBase):
    """Keeps which parts of a page have something drawn on them."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page

    def draw_path(self, gc: Any, path: Any, transform: Any, rgbFace: Any = None) -> None:
        self.page.path(gc, path, transform, rgbFace)


class _Renderer(Renderer):
    """Draws as ever, and lets the watcher see it."""

    def __init__(self, width: float, height: float, *given: Any, **settings: Any) -> None:
        super().__init__(width, height, *given, **settings)
        self.watcher: _Watcher | None = _Watcher(Page(width, height))

    def draw_path(self, gc: Any, path: Any, transform: Any, rgbFace: Any = None) -> None:
        if self.watcher is not None:
            self.watcher.draw_path(gc, path, transform, rgbFace)
        super().draw_path(gc, path, transform, rgbFace)  # type: ignore[no-untyped-call]

    def draw_markers(self, *given: Any, **more: Any) -> None:
        self._watched("draw_markers", *given, **more)

    def draw_path_collection(self, *given: Any, **more: Any) -> None:
        self._watched("draw_path_collection", *given, **more)

    def _watched(self, what: str, *given: Any, **more: Any) -> None:
        """Many paths at once, each of which the watcher sees by itself."""
        watcher, self.watcher = self.watcher, None
        if watcher is not None:
            getattr(watcher, what)(*given, **more)
        getattr(super(), what)(*given, **more)
        self.watcher = watcher

    def draw_text(self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, *given: Any, **more: Any) -> None:
        if self.watcher is not None:
            size = LETTERS.get_text_width_height_descent(s, prop, False)
            self.watcher.page.text(x, self.height - y, size, angle)
        super().draw_text(gc, x, y, s, prop, angle, *given, **more)  # type: ignore[no-untyped-call]


class _Canvas(SvgCanvas):
    """Draws a figure, and its word on the status last."""

    renderer = _Renderer

    def drawn(self, renderer: Any, lines: Any) -> None:
        word = _waiting(self.figure)
        assert word is not None
        page, lines.watcher = lines.watcher.page, None
        _place(word, self.figure, page)
        word.set_visible(True)
        word.draw(renderer)
        word.set_visible(False)  # so that the next time it is drawn at the same place, and by the same code


class _FullError(Exception):
    """Nowhere in a picture is room for the word on its status."""


def _lower(figure: Any, more: float) -> None:
    """All that is on a page, and a strip above it, in points."""
    width, height = figure.get_size_inches() * 72
    share = height / (height + more)
    for axes in figure.axes:
        place = axes.get_position(original=True)
        axes.set_position((place.x0, place.y0 * share, place.width, place.height * share))
    for text in figure.texts:
        text.set_y(text.get_position()[1] * share)
    figure.set_size_inches(width / 72, (height + more) / 72)


def _place(word: Text, figure: Any, page: Page) -> None:
    """Put the word where nothing is drawn: among the data, in one line or two, else above them."""
    wide, high = figure.get_size_inches() * 72
    drawn = [axes for axes in figure.axes if axes.get_label() == PICTURE or (axes.axison and axes.get_label() != SCALE)]
    boxes = [tuple(axes.get_position(original=True).extents * (wide, high, wide, high)) for axes in drawn]
    boxes.sort(key=lambda box: (-round(box[3]), -box[2]))
    west, south, east, north = (*np.min(boxes, axis=0)[:2], *np.max(boxes, axis=0)[2:]) if boxes else (0, 0, wide, high)
    line = word.get_text().replace("\n", " ")
    both, two = [*boxes, (west, south, east, north)], "\n".join(line.rsplit(" ", 1))
    above = [(0.0, south, wide, high)]
    for text, within in ((line, both), (two, both), (line, above), (two, above)):
        room = _size(text, word)
        near = (west, north + room[1]) if within is above else None
        place = next(filter(None, (page.free(*room, box, near) for box in within)), None)
        if place is not None:
            word.set_text(text)
            word.set_position(((place[0] + RIM) / wide, (place[1] + RIM) / high))
            return
    if wide >= room[0]:
        raise _FullError
    word.set_position((0, 1 - room[1] / high))  # no house width is so narrow


def _size(text: str, word: Text) -> tuple[float, float]:
    """How much room a text takes in the letters of another one, with its rim, in points."""
    font = word.get_fontproperties()
    lines = text.split("\n")
    width = max(LETTERS.get_text_width_height_descent(line, font, False)[0] for line in lines)
    return width + 2 * RIM, (1.2 * len(lines) - 0.2) * font.get_size_in_points() + 2 * RIM
