"""matplotlib's own SVG, with each text measured and shaped once a process: pictures repeat names and numbers.

The bytes are those of :meth:`matplotlib.figure.Figure.savefig`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

__all__ = ["LETTERS", "BareAxes", "Renderer", "SvgCanvas", "look_of"]

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


class Renderer(RendererSVG):
    """matplotlib's renderer of SVG, with the letters that are kept."""

    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)  # type: ignore[no-untyped-call]
        self._text2path = LETTERS


class SvgCanvas(FigureCanvasSVG):
    """Draws a figure as matplotlib's canvas of SVG does, into a file of text."""

    renderer: type[Renderer] = Renderer

    def print_svg(
        self, filename: Any, *, bbox_inches_restore: Any = None, metadata: Mapping[str, Any] | None = None, **_: Any
    ) -> None:
        """Write the figure."""
        figure: Any = self.figure
        points, figure.dpi = figure.dpi, 72
        width, height = figure.get_size_inches()
        lines = self.renderer(width * 72, height * 72, filename, image_dpi=points, metadata=metadata)
        make: Any = MixedModeRenderer
        renderer = make(figure, width, height, points, lines, bbox_inches_restore=bbox_inches_restore)
        figure.draw(renderer)
        self.drawn(renderer, lines)
        renderer.finalize()

    def drawn(self, renderer: Any, lines: Any) -> None:
        """What is drawn last, when all else is there."""


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
