"""Our SVG is matplotlib's own, byte for byte, also for the second picture, whose texts are known by then."""

import io

import pytest
from matplotlib import rc_context
from matplotlib.figure import Figure

from cwi.report.pictures.style import STYLE, area, page, saved

WORDS = ("Қазақстан 72.2", "Қостанай", "Қазақстан 72.2", "ұ\nі")


def drawn(*, bare: bool = True, size: float = 9) -> Figure:
    with rc_context(STYLE):
        figure = page(2)
        figure.dpi = 100
        axes = area(figure, 0.2, 0.2, 2, 1, bare=bare)
        for place, word in enumerate(WORDS):
            weight = "bold" if place % 2 else "normal"
            axes.text(0.1, place / 4, word, size=size, weight=weight, rotation=10 * place)
        framed = area(figure, 3, 0.2, 2, 1)
        framed.plot([1, 2], [3, 5], marker="o")
        framed.set_title("Алматы")
    return figure


def of_matplotlib(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    with rc_context(STYLE):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("size", [9, 7.5])
def test_bytes_are_those_of_matplotlib(size: float) -> None:
    expected = of_matplotlib(drawn(size=size))
    assert saved(drawn(size=size), "svg") == expected
    assert saved(drawn(size=size), "svg") == expected  # every text is known now
    assert saved(drawn(size=size + 1), "svg") == of_matplotlib(drawn(size=size + 1)) != expected


def test_bare_axes_draw_as_axes_that_are_off() -> None:
    usual = drawn(bare=False)
    usual.axes[0].set(xlim=(0, 2), ylim=(1, 0))
    usual.axes[0].set_axis_off()
    assert saved(drawn(), "svg") == of_matplotlib(usual)


def test_bare_axes_can_be_switched_on() -> None:
    figure = drawn()
    figure.axes[0].set_axis_on()
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()][:2] == ["0.0", "0.5"]
    assert saved(figure, "svg") != saved(drawn(), "svg")
