"""The notebook of the survey: short cells without outputs, what they show, and that it says it is synthetic."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from notebook_cells import code_cells, run

from cwi.inputs.survey.weights import Weighting, weigh
from cwi.observations import Problem
from cwi.report import blocks
from cwi.report.blocks import Bullets, Figure, Paragraph, Section, Table
from cwi.report.notebooks import survey
from cwi.report.parameters import checked, declared

pytestmark = pytest.mark.slow  # its fixtures take seconds

SOURCE = Path(__file__).parents[2] / "notebooks" / "survey_estimates.ipynb"
TABLES, FIGURES = 11, 5


@pytest.fixture(scope="module")
def cells() -> list[Any]:
    return code_cells(SOURCE)


@pytest.fixture(scope="module")
def whole(cells: list[Any]) -> tuple[dict[str, Any], list[Section]]:
    return run(cells, {"draws": 100})


def figures(shown: list[Section]) -> list[Figure]:
    return [block for section in shown for block in section.blocks if isinstance(block, Figure)]


def test_parameters_are_typed() -> None:
    assert {name: kind for name, (kind, _) in declared(SOURCE).items()} == {
        "year": int, "methodology": str, "survey": str, "folder": str, "pilot": bool, "lonely": str, "draws": int,
        "seed": int,
    }  # fmt: skip
    assert checked(SOURCE, {"pilot": True})["draws"] == 1000


def test_every_cell_shows_something_and_says_that_it_is_synthetic(
    whole: tuple[dict[str, Any], list[Section]], cells: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[list[str]] = []

    def draw(figure: Figure) -> str:
        texts.append([text.get_text() for axes in figure.draw().axes for text in axes.texts])
        return figure.stem

    monkeypatch.setattr(blocks.Figure, "_source", draw)
    names, shown = whole
    assert names["result"].synthetic
    assert len(shown) == len(cells) - 3
    for section in shown:
        first = section.blocks[0]
        assert isinstance(first, Paragraph)
        assert (first.kind, first.text[:9]) == ("warning", "SYNTHETIC")
        assert "SYNTHETIC" in section._repr_mimebundle_()["text/html"]
    tables = {table.name: table for section in shown for table in section.tables()}
    assert len(tables) == TABLES
    for table in tables.values():
        assert table.caption.startswith("Synthetic: ")
        assert set(table.data["origin"]) == {"synthetic"}
    pictures = figures(shown)
    assert len(pictures) == len(texts) == FIGURES
    assert all("SYNTHETIC" in said for said in texts)
    assert all(figure.alt.startswith("Synthetic. ") and figure.alt.endswith(".") for figure in pictures)
    assert all(isinstance(figure.table, Table) for figure in pictures)


def test_what_is_printed_is_what_was_estimated(whole: tuple[dict[str, Any], list[Section]]) -> None:
    names, shown = whole
    tables = {table.name: table for section in shown for table in section.tables()}
    found = names["result"]
    row = found.observations.query("region == 'KZ-39' and indicator == 'bullying' and area == '' and sex == ''").iloc[0]
    printed = next(line for line in tables["survey-estimates"].rows if line[:2] == ["bullying", "Kostanay"])
    assert printed[2:4] == [f"{row['value']:.1f}", f"{row['se']:.2f}"]
    assert len(tables["survey-estimates"].rows) == 21 * 21
    assert [line[0] for line in tables["survey-response"].rows[:2]] == ["Kazakhstan", "Abai"]
    answered = int(tables["survey-response"].rows[0][2].replace(",", ""))
    assert answered % 10 == 0  # the sum of the regions' numbers, each rounded to tens
    assert abs(answered - len(names["held"].children)) <= 5 * 20
    assert tables["survey-plan"].rows[-1][0] == "all"
    assert [line[0] for line in tables["survey-sources"].rows] == ["sampling", "weights", "both"]
    labels = [text for axes in figures(shown)[-1].draw().axes for text in [t.get_text() for t in axes.texts]]
    assert f"{names['n']:,} children, as now" in labels


def test_a_pilot_in_the_borders_of_its_year_says_nothing_of_the_country(cells: list[Any]) -> None:
    names, shown = run(cells, {"year": 2021, "pilot": True, "draws": 50})
    assert names["share"].regions == names["edition"].regions[:10]
    notes = [block.text for block in shown[0].blocks if isinstance(block, Paragraph) and block.kind == "note"]
    assert notes == ["The survey was held in 10 regions; of the country it says nothing."]
    response = shown[0].tables()[0]
    assert response.rows[0][0] == "all surveyed regions"
    assert len(response.rows) == 11
    said = [text.get_text() for legend in figures(shown)[0].draw().axes for text in legend.texts]
    assert "all surveyed regions" in said
    assert "the country" not in said


def test_real_answers_from_a_folder_are_not_called_synthetic(
    cells: list[Any], whole: tuple[dict[str, Any], list[Section]], tmp_path: Path
) -> None:
    """The synthetic answers without the word, as a ministry's files would come; nothing else changes."""
    names, shown = whole
    held = names["held"]
    for name in ("children", "parents"):
        table = getattr(held, name).drop(columns=["synthetic", "source"])
        table.to_csv(tmp_path / f"{name}.csv", index=False, lineterminator="\n")
    held.invited.to_csv(tmp_path / "invited.csv", index=False, lineterminator="\n")
    made, real = run(cells[:4], {"folder": str(tmp_path), "draws": 50})
    assert not made["result"].synthetic
    assert set(made["result"].observations["source"]) == {"survey-2023"}
    assert not made["result"].observations["note"].str.contains("synthetic").any()
    pd.testing.assert_series_equal(made["result"].observations["value"], names["result"].observations["value"])
    assert not any("ynthetic" in block.plain() or "SYNTHETIC" in block.plain() for block in real[0].blocks)
    assert real[0].tables()[0].rows == shown[0].tables()[0].rows
    assert all("origin" not in table.data for table in real[0].tables())


def test_flags_of_files_and_steps_of_weighting_are_told(whole: tuple[dict[str, Any], list[Section]]) -> None:
    names, _ = whole
    both = pd.concat([names["held"].children, names["held"].parents], ignore_index=True)
    found = replace(names["result"], weighting=weigh(both, Weighting(largest=2.0)).record)
    held = replace(names["held"], flags=(Problem("lonely psu", "children.csv", None, "the stratum <b> is alone"),))
    section = survey.response(found, names["names"], held)
    assert any(isinstance(block, Bullets) for block in section.blocks)
    html = section._repr_mimebundle_()["text/html"]
    assert "the stratum &lt;b&gt; is alone" in html
    assert [row[:2] for row in section.tables()[1].rows] == [["trimming", "child"], ["trimming", "parent"]]
    empty = replace(names["result"], reliability=names["result"].reliability.iloc[:0])
    assert "No scale has answers enough." in survey.scales(empty, names["definitions"]).blocks[1].plain()
    calm = replace(names["result"], quality=names["result"].quality.assign(flag=""))
    assert "No estimate carries a flag." in survey.flagged(calm, names["names"]).blocks[1].plain()
