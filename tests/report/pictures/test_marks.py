"""The word on the status of a picture is among its data and covers none of it; an approved picture has none."""

import io
from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from cwi.inputs.boundaries import boundaries_of
from cwi.report.blocks import Figure as Block
from cwi.report.blocks import Section
from cwi.report.pictures.heat import heat_map
from cwi.report.pictures.maps import choropleth, codes_of
from cwi.report.pictures.marks import footnote, stamp, status
from cwi.report.pictures.panels import interval_panels
from cwi.report.pictures.points import as_points
from cwi.report.pictures.ranking import dot_plot
from cwi.report.pictures.style import narrow, page, saved

WORD = "экспериментальный выпуск"
PLACES = ("Астана", "Алматы", "Қызылорда облысы", "Солтүстік Қазақстан облысы")
PALE = 210  # the lines of the grid are lighter


def number(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


def dots() -> Figure:
    scores = pd.DataFrame({"index": [99.0, 60, 31, 10], "home": [91.0, 70, 35, 5]}, index=list(PLACES))
    labels = {"index": "Индекс", "home": "Семья", "nation": "Қазақстан", "interval": "90 % розыгрышей"}
    return dot_plot(
        scores, index="index", parts=["home"], nation=None, intervals=None, labels=labels, axis_label="балл",
        number=number,
    )  # fmt: skip


def cells() -> Figure:
    values = pd.DataFrame(np.arange(20.0).reshape(4, 5), list(PLACES), [f"Компонент {i}" for i in range(5)])
    return heat_map(values, number=number, axis_label="балл", missing_label="не измерено")


def regions() -> Figure:
    codes = codes_of(boundaries_of(2023))
    values = pd.Series(np.linspace(0, 100, len(codes)), list(codes))
    return choropleth(
        values, boundaries_of(2023), names=dict.fromkeys(codes, "Область"), number=number, axis_label="балл",
        missing_label="не измерено",
    )  # fmt: skip


def panels() -> Figure:
    table = pd.DataFrame({"value": [1.0, 2, 3, 4], "low": [0.5, 1, 2, 3], "high": [4.0, 4, 4, 4.5]})
    return interval_panels(
        PLACES, {"Жители": table, "Дети": table}, axis_label="доля, %", point="оценка", interval="интервал"
    )


def points(figure: Figure) -> np.ndarray:
    with Image.open(io.BytesIO(as_points([saved(figure, "svg")])[0])) as image:
        return np.asarray(image.convert("L")).astype(int)


@pytest.mark.slow
@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
@pytest.mark.parametrize("draw", [dots, cells, regions, panels])
def test_word_is_above_the_foot_and_covers_nothing(draw: Callable[[], Figure], phone: bool) -> None:
    with narrow() if phone else nullcontext():
        figure, plain = draw(), draw()
    for each in (figure, plain):
        footnote(each, "Выпуск за 2023 год")
    status(figure, WORD)
    drawn, ground = points(figure), points(plain)
    assert drawn.shape == ground.shape
    rows, columns = np.nonzero(drawn != ground)
    assert len(rows) > 200  # it can be read
    assert ground[rows, columns].min() > PALE
    assert drawn[rows, columns].min() < 150
    data = [axes.get_position() for axes in figure.axes if axes.get_label() == "picture" or axes.axison]
    data = [place for place in data if place.height * len(drawn) > 30]  # the bar of colours is lower
    assert rows.max() < (1 - min(place.y0 for place in data)) * len(drawn)  # not below the data, where it is cropped


@pytest.mark.slow
def test_control_a_word_on_top_of_data_is_noticed() -> None:
    plain, covered = points(cells()), points(_written(cells()))
    rows, columns = np.nonzero(covered != plain)
    assert plain[rows, columns].min() < PALE


def _written(figure: Figure) -> Figure:
    figure.text(0.5, 0.5, WORD, color="#707070")
    return figure


def test_where_everything_is_taken_the_page_gets_a_line_more() -> None:
    figure = page(1, 2)
    figure.add_axes((0, 0, 1, 1)).fill_between([0, 1], 0, 1)
    figure.axes[0].set(xlim=(0, 1), ylim=(0, 1))
    figure.axes[0].set_axis_off()
    figure.text(0, 0.5, "half")
    status(figure, "a word", now=True)
    half, word = figure.texts
    assert word.get_visible()
    assert figure.get_size_inches().tolist() == [2, 1.25]
    assert (half.get_position()[1], figure.axes[0].get_position().height) == (0.4, 0.8)
    assert 0.8 < word.get_position()[1] < 1


def test_a_word_that_is_too_long_for_one_line_takes_two() -> None:
    figure = page(1, 1.4)
    figure.add_axes((0.1, 0.1, 0.8, 0.8), label="picture").plot([0, 0.1], [0, 0.1])
    figure.axes[0].set(xlim=(0, 1), ylim=(0, 1))
    status(figure, WORD, now=True)
    assert figure.texts[0].get_text() == "экспериментальный\nвыпуск"


@pytest.mark.slow
def test_one_word_whatever_is_asked_and_the_same_bytes_twice() -> None:
    figure = page(2)
    figure.add_axes((0.1, 0.1, 0.8, 0.8)).plot([0, 1], [0, 1])
    status(figure, "working list", now=True)
    status(figure, "experimental")
    first = saved(figure, "svg")
    assert first.count(b'id="status"') == 1
    assert b"<!-- experimental -->" in first
    assert b"working" not in first
    assert saved(figure, "svg") == first
    assert Image.open(io.BytesIO(saved(figure, "png"))).size[0] > 900


@pytest.mark.slow
def test_a_figure_block_has_word_or_stamp_or_neither() -> None:
    def draw() -> Figure:
        figure = page(2)
        figure.add_axes((0.1, 0.1, 0.8, 0.8)).plot([0, 1], [0, 1])
        return figure

    block = Block("f", "A figure", "Words.", draw, "en")
    footed = Section([block]).footed("2023", WORD)
    (experimental,), (rehearsed,) = footed.figures(), footed.marked("REHEARSAL").figures()
    counts = {
        name: (each._svg().count(b'id="status"'), each._svg().count(b'id="mark"'))
        for name, each in {"approved": block, "experimental": experimental, "rehearsed": rehearsed}.items()
    }
    assert counts == {"approved": (0, 0), "experimental": (1, 0), "rehearsed": (0, 1)}
    assert experimental.what != block.what
    stamped = draw()
    stamp(stamped, "REHEARSAL")
    stamp(stamped, "REHEARSAL")
    assert saved(stamped, "svg").count(b'id="mark"') == 1
