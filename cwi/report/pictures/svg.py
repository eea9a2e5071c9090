"""matplotlib's own SVG, with each text measured and shaped once a process: pictures repeat names and numbers.

The bytes are those of :meth:`matplotlib.figure.Figure.savefig`. A picture that has a word on its status gets it where
nothing else was drawn.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import TextToPath

from cwi.report.pictures.room import Page

__all__ = ["PICTURE", "SCALE", "STATUS", "BareAxes", "SvgCanvas", "as_svg", "look_of", "place_status"]

PICTURE, SCALE, STATUS = "picture", "scale", "status"  # what holds the data, a bar of colours, the word on the status
RIM, STRIP = 3.0, 18.0  # points around that word, and above a picture that has no room for it
MOST = 20_000  # texts that are kept of each kind


def look_of(font: FontProperties) -> Hashable:
    """All that decides which letters a font has and how large they are."""
    return (
        tuple(font.get_family()), font.get_style(), font.get_variant(), font.get_weight(), font.get_stretch(),
        font.get_size_in_points(), font.get_file(),
    )  # fmt: skip


class _Letters(TextToPath):
    """Texts as outlines, each measured and shaped once."""

    def __init__(self) -> None:
        super().__init__()
        self._sizes: dict[Hashable, tuple[float, float, float]] = {}
        self._shapes: dict[Hashable, tuple[list[Any], dict[str, Any]]] = {}

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        key = s, look_of(prop), ismath
        if key not in self._sizes:
            if len(self._sizes) >= MOST:
                self._sizes.clear()
            self._sizes[key] = super().get_text_width_height_descent(s, prop, ismath)
        return self._sizes[key]

    def get_glyphs_with_font(
        self, font: Any, s: str, glyph_map: Any = None, return_new_glyphs_only: bool = False, **given: Any
    ) -> Any:
        if not return_new_glyphs_only or any(given.values()):
            return super().get_glyphs_with_font(font, s, glyph_map, return_new_glyphs_only, **given)
        key = font, s
        if key not in self._shapes:
            if len(self._shapes) >= MOST:
                self._shapes.clear()
            places, outlines, _ = super().get_glyphs_with_font(font, s)
            self._shapes[key] = places, outlines
        places, outlines = self._shapes[key]
        known = glyph_map or {}
        return places, OrderedDict((name, line) for name, line in outlines.items() if name not in known), []


LETTERS = _Letters()


class _Renderer(RendererSVG):
    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)  # type: ignore[no-untyped-call]
        self._text2path = LETTERS
        self.watcher: _Watcher | None = None  # of what is drawn, where a word needs a free place

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


class _Watcher(RendererBase):
    """Keeps which parts of a page have something drawn on them."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page

    def draw_path(self, gc: Any, path: Any, transform: Any, rgbFace: Any = None) -> None:
        self.page.path(gc, path, transform, rgbFace)


class SvgCanvas(FigureCanvasSVG):
    """Draws a figure as matplotlib's canvas of SVG does, into a file of text."""

    def print_svg(
        self, filename: Any, *, bbox_inches_restore: Any = None, metadata: Mapping[str, Any] | None = None, **_: Any
    ) -> None:
        """Write the figure."""
        figure: Any = self.figure
        points, figure.dpi = figure.dpi, 72
        width, height = figure.get_size_inches()
        lines = _Renderer(width * 72, height * 72, filename, image_dpi=points, metadata=metadata)
        make: Any = MixedModeRenderer
        renderer = make(figure, width, height, points, lines, bbox_inches_restore=bbox_inches_restore)
        word = next((each for each in figure.texts if each.get_gid() == STATUS and not each.get_visible()), None)
        page = Page(width * 72, height * 72)
        lines.watcher = None if word is None else _Watcher(page)
        figure.draw(renderer)
        if word is not None:
            _place(word, figure, page)
            word.set_visible(True)
            word.draw(renderer)
            word.set_visible(False)  # so that the next time it is drawn at the same place, and by the same code
        renderer.finalize()


def as_svg(figure: Any) -> str:
    """A figure as SVG; one that has no room for the word on its status gets a line more above its head."""
    text = io.StringIO()
    try:
        SvgCanvas(figure).print_figure(text, format="svg", metadata={"Date": None})
    except _FullError:
        _lower(figure, STRIP)
        text = io.StringIO()
        SvgCanvas(figure).print_figure(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def place_status(figure: Any) -> None:
    """Find the place of the word that is the status of a picture, where it has one that has no place yet."""
    for word in [each for each in figure.texts if each.get_gid() == STATUS and not each.get_visible()]:
        as_svg(figure)
        word.set_visible(True)


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


class _None:
    """The ticks of an axis that is never drawn: none is made only to be set up, as matplotlib's own makes one."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, axis: Any, owner: type | None = None) -> Any:
        return self if axis is None else axis.__dict__.setdefault(self.name, [])


class _X(XAxis):
    majorTicks = _None()
    minorTicks = _None()


class _Y(YAxis):
    majorTicks = _None()
    minorTicks = _None()


class BareAxes(Axes):
    """Axes whose axis is off for good, made in a third of the time."""

    def _init_axis(self) -> None:
        self.xaxis, self.yaxis = _X(self, clear=False), _Y(self, clear=False)
        for name, axis in (("bottom", self.xaxis), ("top", self.xaxis), ("left", self.yaxis), ("right", self.yaxis)):
            self.spines[name].register_axis(axis)
