"""Pictures of points made of pictures of lines, so that nothing is drawn twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["as_points"]

SIZE = re.compile(r'<svg\b[^>]*?\bwidth="([0-9.]+)pt"[^>]*?\bheight="([0-9.]+)pt"|<svg\b[^>]*?\bheight="([0-9.]+)pt"'
                  r'[^>]*?\bwidth="([0-9.]+)pt"')  # fmt: skip
PER_INCH = 160


def as_points(pictures: Sequence[bytes]) -> list[bytes]:
    """SVGs of matplotlib as PNGs of 160 points an inch, the same bytes every time.

    Letters must be drawn as paths, as those of our pictures are.

    Raises
    ------
    ValueError
        If an SVG names no size in pt.
    """
    if not pictures:
        return []
    import typst  # here alone: a process that only draws does without

    texts = {str(number): svg.decode() for number, svg in enumerate(pictures)}
    source = "".join(_page(name, text) for name, text in texts.items())
    none = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False)
    compiler = typst.Compiler(font_paths=none, sys_inputs=texts)
    made: Any = compiler.compile(source.encode(), format="png", ppi=float(PER_INCH))
    return made if len(pictures) > 1 else [made]  # a single page is no list


def _page(name: str, svg: str) -> str:
    """A page that is one picture, in Typst."""
    size = SIZE.search(svg)
    if size is None:
        raise ValueError("the SVG has no width and height in pt")
    width, height = (float(part) for part in size.groups() if part is not None)
    if size[1] is None:
        width, height = height, width
    # whole points: a part of one would become one more
    across, down = (max(int(length / 72 * PER_INCH + 1e-6), 1) / PER_INCH * 72 - 1e-3 for length in (width, height))
    image = f'image(bytes(sys.inputs.at("{name}")), format: "svg", width: {width}pt, height: {height}pt)'
    return f"#page(width: {across}pt, height: {down}pt, margin: 0pt, place({image}))\n"
