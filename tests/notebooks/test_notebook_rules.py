"""What every analysis notebook keeps to: short cells, calls of the library, one set of names, a change at the end."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebook_cells import LINES, code_cells, problems, untranslated

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
TAUGHT = {"weighting_alternatives": 1}
TRANSLATED = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb") if path.stem != "official_report")


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_keeps_to_the_rules(name: str) -> None:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    assert problems(notebook, taught=TAUGHT.get(name, 0)) == []


@pytest.mark.parametrize("name", TRANSLATED)
def test_cells_of_text_are_in_three_languages(name: str) -> None:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    assert untranslated(notebook) == []


def test_the_official_report_computes_what_it_prints() -> None:
    """Three calls of the library are there to be read: the scores, the ranked table, and how one score is made."""
    cells = [cell.source for cell in code_cells(NOTEBOOKS / "official_report.ipynb")]
    assert max(len(cell.splitlines()) for cell in cells[1:]) <= LINES
    lines = [line.split("  #")[0] for cell in cells for line in cell.splitlines()]
    for call in ("scores = edition.scores", "ranked = scores.ranked(year)",
                 "explained = scores.explain(ranked.index[0], year)"):  # fmt: skip
        assert call in lines
    assert {"report.ranking(ranked)", "report.example(explained)"} <= set(lines)


def test_a_text_in_one_language_is_noticed() -> None:
    three = "## Бір · Один · One\n\n- **kk** бір\n- **ru** один\n- **en** one"
    texts = [three, "## Бір · Один · One", "## One", three.replace("ru", "en")]
    cells = [new_markdown_cell(text) for text in texts]
    assert untranslated(new_notebook(cells=cells)) == ["## One", "## Бір · Один · One"]


def test_a_notebook_that_breaks_the_rules_is_refused() -> None:
    sources = ["year: int = 2023", "x = [\n1,\n2,\n3,\n4,\n]", "def f():\n    return 1"]
    cells = [new_code_cell(source) for source in sources]
    end = [new_markdown_cell("The end"), new_code_cell("x", execution_count=1)]
    assert problems(new_notebook(cells=cells + end)) == [
        "cell 3 holds outputs",
        "cell 1 has more than 5 lines",
        "1 definitions or loops, not 0",
        "no call of the library before the last section",
        "nothing is called edition",
        "nothing is called result",
        "nothing is called show",
        "the last section is not 'Change something'",
    ]
    change = [new_markdown_cell("### Change something\n"), new_code_cell("x")]
    assert problems(new_notebook(cells=cells + change))[-1] == "'Change something' calls nothing of the library"
