"""A picture of points made of a picture of lines, so that nothing is drawn twice."""

from __future__ import annotations

import re

__all__ = ["png"]

SIZE = re.compile(r'<svg\b[^>]*?\bwidth="([0-9.]+)pt"[^>]*?\bheight="([0-9.]+)pt"|<svg\b[^>]*?\bheight="([0-9.]+)pt"'
                  r'[^>]*?\bwidth="([0-9.]+)pt"')  # fmt: skip
PER_INCH = 160


def png(svg: bytes) -> bytes:
    """An SVG of matplotlib as PNG of 160 points an inch, the same bytes every time.

    Letters must be drawn as paths, as those of our pictures are.

    Raises
    ------
    ValueError
        If the SVG names no size in pt.
    """
    import typst  # here alone: a process that only draws does without

    text = svg.decode()
    size = SIZE.search(text)
    if size is None:
        raise ValueError("the SVG has no width and height in pt")
    width, height = (float(part) for part in size.groups() if part is not None)
    if size[1] is None:
        width, height = height, width
    # whole points: a part of one would become one more
    across, down = (max(int(length / 72 * PER_INCH + 1e-6), 1) / PER_INCH * 72 - 1e-3 for length in (width, height))
    page = f"#set page(width: {across}pt, height: {down}pt, margin: 0pt)\n"
    picture = f'#place(image(bytes(sys.inputs.svg), format: "svg", width: {width}pt, height: {height}pt))'
    compiler = typst.Compiler(ignore_system_fonts=True, sys_inputs={"svg": text})
    made = compiler.compile((page + picture).encode(), format="png", ppi=float(PER_INCH))
    assert isinstance(made, bytes)
    return made
