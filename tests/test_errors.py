"""An error where a reader of a notebook sees it: its sentence and the line of the cell, no way through the library."""

import linecache

import pytest
from IPython.core.interactiveshell import InteractiveShell

from cwi.errors import ParameterError, ReportError


@pytest.fixture
def shell() -> InteractiveShell:
    shell = InteractiveShell()
    shell.colors = "nocolor"
    return shell


def test_a_refused_parameter_is_its_sentence_and_the_line_of_the_cell(
    shell: InteractiveShell, project: object, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("import cwi\nyear = 2031")
    capsys.readouterr()
    assert not shell.run_cell("# the edition\nedition = cwi.read_edition(year)\nedition.scores").success
    shown = capsys.readouterr()
    assert (shown.out + shown.err).strip().splitlines() == [
        "DataError: there is no edition of 2031; there are 2022",
        "in line 2 of the cell: edition = cwi.read_edition(year)",
    ]


@pytest.mark.slow
def test_any_other_error_keeps_its_traceback(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert not shell.run_cell("1 / 0").success
    shown = capsys.readouterr()
    assert "Traceback" in shown.out + shown.err


def test_outside_of_a_notebook_it_is_the_sentence_alone() -> None:
    linecache.checkcache()
    for error in (ParameterError("year is 'x'; it must be a whole number"), ReportError("no report")):
        with pytest.raises(type(error)) as caught:
            raise error
        assert caught.value._render_traceback_() == [f"{type(error).__name__}: {error}"]
