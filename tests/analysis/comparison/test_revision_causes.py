"""A change of methodology is divided among its causes: what did not change is no cause, and the parts sum up."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cwi import Edition, read_edition
from cwi.analysis.comparison import CAUSES, Revision, Revisions, revision, revisions
from cwi.errors import MethodologyError
from cwi.methodology import Methodology

pytestmark = pytest.mark.slow

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
PARTS = [*CAUSES, "coverage"]


@pytest.fixture
def edition(project: Any) -> Edition:
    """The small project with one carried figure: the water of A is of 2021."""
    project.change("observations/living.csv", "A,2022,water,,,95,", "A,2021,water,,,95,")
    project.sign()
    return read_edition(2022)


def excluded(edition: Edition) -> Methodology:
    """The methodology with a decision on one cell: the poverty of B is not used."""
    cells = pd.DataFrame(
        [{"indicator": "poverty", "region": "B", "year": 2022, "finding": "jump", "decision": "exclude",
          "regions": "", "reason": "made up"}]
    )  # fmt: skip
    return dataclasses.replace(edition.methodology, cells=cells)


@pytest.mark.parametrize(
    ("cause", "changes"),
    [
        ("ends", {"ends": {"poverty": {"worst": 60.0, "best": 0.0}}}),
        ("vintage", {"max_age": 0}),
        ("vintage", {"vintage": 0.5}),
        ("indicators", {"without": ["water"]}),
    ],
)
def test_a_change_of_one_kind_has_one_cause(edition: Edition, cause: str, changes: dict[str, Any]) -> None:
    rules = edition.methodology.replace(**changes)
    table = revision(edition, rules).regions.dropna(subset=["difference"])
    assert len(table) >= 4
    assert (table["difference"].abs() > 1e-9).any()
    assert np.allclose(table[[part for part in PARTS if part != cause]], 0)
    assert np.allclose(table[cause], table["difference"])
    assert np.allclose(table["new"], edition.under(rules).scores.of("index")[2022].reindex(table.index))


def test_decisions_on_cells_are_a_cause(edition: Edition) -> None:
    table = revision(edition, excluded(edition)).regions
    assert table.at["B", "cells"] == pytest.approx(table.at["B", "difference"])
    assert abs(table.at["B", "difference"]) > 1
    assert np.allclose(table.drop(index="B")[PARTS].dropna(), 0)


def test_turned_round_the_revision_has_the_other_sign(edition: Edition) -> None:
    rules = dataclasses.replace(
        excluded(edition).replace(ends={"poverty": {"worst": 60.0, "best": 0.0}}, max_age=0, without=["water"]),
        version="t2",
    )
    there, back = revision(edition, rules).regions, revision(edition.under(rules), edition.methodology).regions
    parts = there[PARTS].dropna()
    assert len(parts) >= 3
    assert (parts.abs() > 1e-9).any().sum() >= 3  # several causes at once
    assert np.allclose(parts, -back.loc[parts.index, PARTS])


def test_what_cannot_be_divided_is_refused(edition: Edition, says: Says) -> None:
    with says(MethodologyError, "the edition of 2022 has the methodology t1 already"):
        revision(edition, edition.methodology)


def test_years_are_summed_up(edition: Edition) -> None:
    rules = edition.methodology.replace(ends={"poverty": {"worst": 60.0, "best": 0.0}})
    result = revisions(edition, rules, [2021, 2022])
    inside = result.each[1].both
    row = result.years.loc[2022]
    assert row["regions"] == len(inside) == 4
    assert row["mean_absolute"] == pytest.approx(inside["difference"].abs().mean())
    assert row["points"] == pytest.approx(inside.at[row["largest"], "difference"])
    assert row["moved"] == (inside["old_rank"] != inside["new_rank"]).sum()
    causes = result.causes.set_index(["year", "cause"])
    assert causes.at[(2022, "ends"), "share"] == 1
    levels = result.levels.set_index(["year", "level"])
    assert levels.at[(2022, "index"), "changed"] == levels.at[(2022, "index"), "both"] == 5  # four regions, the nation
    assert result.years.at[2021, "regions"] == 0  # places are of 2022 only: no index
    assert np.isnan(causes.at[(2021, "ends"), "share"])


# ---------------------------------------------------------------- the real editions


def test_the_causes_sum_to_the_difference_and_the_means_are_those_of_the_regions(revised: Revisions) -> None:
    result: Revision = revised.each[0]
    both = result.regions.dropna(subset=["difference"])
    assert len(both) == 20
    assert np.allclose(both[PARTS].sum(axis=1), both["difference"])
    assert (both[list(CAUSES)].abs().mean() > 0.5).all()  # cells, vintage, ends and indicators all move 2023
    assert result.mean == pytest.approx(both["difference"].mean())
    assert result.mean_absolute == pytest.approx(both["difference"].abs().mean())
    assert (both["moved"] == both["old_rank"] - both["new_rank"]).all()
    nodes = result.nodes.set_index(["region", "node"])
    assert nodes.at[("KZ-71", "index"), "difference"] == pytest.approx(both.at["KZ-71", "difference"])
    only = result.nodes[result.nodes["old"].isna()]
    assert "child_suicides" in set(only["node"])  # an indicator that only the new methodology has
