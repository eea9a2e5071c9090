"""The notebook of the survey: short cells without outputs, what they show, and that it says it is synthetic."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from notebook_cells import code_cells, run

from cwi.inputs.survey import Estimates
from cwi.inputs.survey.weights import Weighting, weigh
from cwi.observations import Problem
from cwi.report import blocks
from cwi.report.blocks import Figure, Paragraph, Section, Table
from cwi.report.notebooks.survey import SurveyReport
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
        "year": int, "project": str, "methodology": str, "language": str, "survey": str, "folder": str, "pilot": bool,
        "lonely": str, "draws": int, "seed": int,
    }  # fmt: skip
    assert checked(SOURCE, {"pilot": True})["draws"] == 1000


def test_every_cell_shows_something_and_is_marked_as_synthetic(
    whole: tuple[dict[str, Any], list[Section]], cells: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    def draw(figure: Figure) -> str:
        figure.draw()
        assert figure.mark == "SYNTHETIC DATA"  # written across the picture
        drawn.append(figure.name)
        return figure.stem

    monkeypatch.setattr(blocks.Figure, "_source", draw)
    names, shown = whole
    assert names["result"].synthetic
    assert len(shown) == len(cells) - 3
    for section in shown[:-1]:  # the last tells of the ledger
        warning = section.blocks[1]
        assert isinstance(warning, Paragraph)
        assert (warning.kind, warning.text[:9]) == ("warning", "SYNTHETIC")
        assert "SYNTHETIC" in section._repr_mimebundle_()["text/html"]
    tables = {table.name: table for section in shown for table in section.tables()}
    assert len(tables) == TABLES
    for table in tables.values():
        assert table.caption.startswith("SYNTHETIC DATA. ")
        assert set(table.data["mark"]) == {"SYNTHETIC DATA"}
    pictures = figures(shown)
    assert len(pictures) == len(drawn) == FIGURES
    assert all(figure.caption.startswith("SYNTHETIC DATA. ") and figure.alt.endswith(".") for figure in pictures)
    assert all(isinstance(figure.table, Table) for figure in pictures)


def test_what_is_printed_is_what_was_estimated(whole: tuple[dict[str, Any], list[Section]]) -> None:
    names, shown = whole
    tables = {table.name: table for section in shown for table in section.tables()}
    found = names["result"]
    row = found.observations.query("region == 'KZ-39' and indicator == 'bullying' and area == '' and sex == ''").iloc[0]
    printed = next(
        line for line in tables["survey-estimates"].rows if line[:2] == [names["show"].called("bullying"), "Kostanay"]
    )
    assert printed[2:4] == [f"{row['value']:.1f}", f"{row['se']:.2f}"]
    assert len(tables["survey-estimates"].rows) == 21 * 21
    assert [line[0] for line in tables["survey-response"].rows[:2]] == ["Kazakhstan", "Abai"]
    answered = int(tables["survey-response"].rows[0][2].replace(",", ""))
    assert answered % 10 == 0  # the sum of the regions' numbers, each rounded to tens
    assert abs(answered - len(names["held"].children)) <= 5 * 20
    assert tables["survey-plan"].rows[-1][0] == "all regions"
    assert [line[0] for line in tables["survey-sources"].rows] == ["sampling error alone", "weights alone", "both"]
    labels = [text for axes in figures(shown)[-1].draw().axes for text in [t.get_text() for t in axes.texts]]
    assert f"{names['n']:,} children, as now" in labels


def test_a_pilot_in_the_borders_of_its_year_says_nothing_of_the_country(cells: list[Any]) -> None:
    names, shown = run(cells, {"year": 2021, "pilot": True, "draws": 50})
    assert names["share"].regions == names["edition"].regions[:10]
    notes = [block.text for block in shown[1].blocks if isinstance(block, Paragraph) and block.kind == "note"]
    assert notes == ["The survey was held in 10 regions; it gives no information on the country."]
    response = shown[1].tables()[0]
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
    made, real = run(cells[:5], {"folder": str(tmp_path), "draws": 50})
    assert not made["result"].synthetic
    assert set(made["result"].observations["source"]) == {"survey-2023"}
    assert not made["result"].observations["note"].str.contains("synthetic").any()
    pd.testing.assert_series_equal(made["result"].observations["value"], names["result"].observations["value"])
    assert not any("ynthetic" in block.plain() or "SYNTHETIC" in block.plain() for block in real[1].blocks)
    assert real[1].tables()[0].rows == shown[1].tables()[0].rows
    assert all("mark" not in table.data for table in real[1].tables())


def test_flags_of_files_and_steps_of_weighting_are_told(whole: tuple[dict[str, Any], list[Section]]) -> None:
    names, _ = whole
    both = pd.concat([names["held"].children, names["held"].parents], ignore_index=True)
    found = replace(names["result"], weighting=weigh(both, Weighting(largest=2.0)).record)
    held = replace(names["held"], flags=(Problem("lonely psu", "children.csv", None, "the stratum <b> is alone"),))
    view = report(names, found)
    section = view.response(held)
    assert [table.name for table in section.tables()] == ["survey-response", "survey-problems", "survey-weighting"]
    html = section._repr_mimebundle_()["text/html"]
    assert "the stratum &lt;b&gt; is alone" in html
    assert [row[:2] for row in section.tables()[2].rows] == [["trimming", "children"], ["trimming", "parents"]]
    empty = replace(names["result"], reliability=names["result"].reliability.iloc[:0])
    assert "No scale has enough answers." in report(names, empty).scales().blocks[2].plain()
    calm = replace(names["result"], quality=names["result"].quality.assign(flag=""))
    assert "No estimate has a flag." in [block.plain() for block in report(names, calm).flagged().blocks]


def report(names: dict[str, Any], result: Estimates) -> SurveyReport:
    return SurveyReport(names["edition"], result, names["definitions"], language="en", seed=1)
