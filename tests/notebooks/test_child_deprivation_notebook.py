"""The notebook of child deprivation: seven questions, marked as synthetic, in three languages and by other rules."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from notebook_cells import code_cells, run

from cwi.inputs.households import HouseholdSample, synthesize_households, synthetic
from cwi.report import blocks
from cwi.report.blocks import Figure, Paragraph, Section
from cwi.report.parameters import declared

pytestmark = pytest.mark.slow  # its fixtures take seconds

SOURCE = Path(__file__).parents[2] / "notebooks" / "child_deprivation.ipynb"
SMALL = HouseholdSample(units=5, households=9)
FIGURES = ["dimensions", "where", "breadth", "associated", "laws", "policies", "contribution"]


def shown_by(
    given: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, Any], list[Section], list[str]]:
    drawn: list[str] = []

    def draw(figure: Figure) -> str:
        figure.draw()
        drawn.append(figure.name.removeprefix("deprivation-"))
        real = figure.name in ("deprivation-laws", "deprivation-policies")
        assert bool(figure.mark) != real  # laws and parameters are published, everything else is made here
        return figure.stem

    monkeypatch.setattr(blocks.Figure, "_source", draw)
    names, shown = run(code_cells(SOURCE), given)
    assert all(section._repr_mimebundle_()["text/html"] for section in shown)
    return names, shown, drawn


def test_parameters_are_typed() -> None:
    assert {name: kind for name, (kind, _) in declared(SOURCE).items()} == {
        "year": int, "methodology": str, "language": str, "data": str, "columns": str, "specification": str, "k": float,
        "day": str, "lonely": str, "seed": int,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "mark", "sample"),
    [
        ({}, "SYNTHETIC DATA", HouseholdSample()),
        pytest.param(
            {"language": "ru", "specification": "cc-moda"}, "СИНТЕТИЧЕСКИЕ ДАННЫЕ", SMALL, marks=pytest.mark.exhaustive
        ),
        (
            {"language": "kk", "specification": "child-af", "k": 0.3, "day": "2025-03-01"},
            "СИНТЕТИКАЛЫҚ ДЕРЕКТЕР",
            SMALL,
        ),
    ],
)
def test_seven_questions_each_with_a_figure_all_marked(
    given: dict[str, object], mark: str, sample: HouseholdSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthetic, "synthesize_households", partial(synthesize_households, sample=sample))
    names, shown, drawn = shown_by(given, monkeypatch)
    assert drawn == FIGURES
    assert names["households"].synthetic
    assert (len(names["households"].children) > 5000) == (sample is not SMALL)
    for section in shown[:-1]:
        tables = {table.name for table in section.tables()}
        if tables & {"deprivation-laws", "deprivation-policies"}:
            assert all("mark" not in table.data for table in section.tables())
            assert "SYNTHETIC" not in section._repr_mimebundle_()["text/html"]
            continue
        warnings = [block.text for block in section.blocks if isinstance(block, Paragraph) and block.kind == "warning"]
        assert any(text.startswith(mark) for text in warnings)
        for table in section.tables():
            assert table.caption.startswith(f"{mark}. ")
            assert set(table.data["mark"]) == {mark}
    text = " ".join(block.plain() for section in shown for block in section.blocks)
    if names["language"] == "en":
        assert "effect" not in text.replace("design effect", "")
    rows = names["result"]
    nation = rows[(rows["region"] == "KZ") & (rows["measure"] == "H") & (rows["area"] == "") & (rows["group"] == "")]
    printed = next(table for section in shown for table in section.tables() if table.name == "deprivation-where").rows[
        0
    ]
    dot = printed[3].replace(",", ".")
    assert dot == f"{100 * nation['estimate'].iloc[0]:.1f}"
