"""A picture of points shows what the picture of lines shows that it is made of."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from cwi.report.pictures.points import as_points
from cwi.report.pictures.style import saved


def drawing(colour: str) -> Figure:
    figure = Figure(figsize=(2, 1.3), facecolor="white")
    axes = figure.add_axes((0.2, 0.25, 0.7, 0.7))
    axes.bar([0, 1], [1, 2], color=colour, hatch="//")
    axes.set_xlabel("Қазақстан, 72,2")
    return figure


def pixels(content: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"), dtype=float)


@pytest.mark.slow
def test_the_points_are_those_that_matplotlib_draws() -> None:
    svg = saved(drawing("#1f4e79"), "svg")
    other_svg = saved(drawing("#d9822b"), "svg")
    first, second = as_points([svg, other_svg])
    made, drawn = pixels(first), pixels(saved(drawing("#1f4e79"), "png"))
    assert made.shape == drawn.shape == (208, 320, 3)
    assert np.abs(made - drawn).mean() < 6  # edges are smoothed otherwise
    assert as_points([svg]) == [first]
    assert as_points([]) == []
    other = pixels(second)
    assert np.abs(other - drawn).mean() > 20  # another picture would be noticed


def test_without_a_size_there_are_no_points() -> None:
    with pytest.raises(ValueError, match=r"^the SVG has no width and height in pt$"):
        as_points([b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
