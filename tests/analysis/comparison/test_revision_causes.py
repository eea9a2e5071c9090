"""A change of methodology is divided among its causes: what did not change is no cause, and the parts sum up."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from cwi import Edition, read_edition
from cwi.analysis.comparison import CAUSES, revision
from cwi.errors import MethodologyError
from cwi.methodology import Methodology

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
PARTS = [*CAUSES, "coverage"]

pytestmark = pytest.mark.slow  # each revision scores sixteen mixtures


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2021)


def changed(edition: Edition, **changes: object) -> Methodology:
    return edition.methodology.replace(**changes)


@pytest.mark.parametrize(
    ("cause", "changes"),
    [
        ("ends", {"ends": {"unemployment": {"worst": 9.0, "best": 3.0}}}),
        ("vintage", {"max_age": 2}),
        ("vintage", {"vintage": 0.9}),
        ("indicators", {"without": ["internet_use"]}),
    ],
)
def test_a_change_of_one_kind_has_one_cause(edition: Edition, cause: str, changes: dict[str, object]) -> None:
    rules = changed(edition, **changes)
    result = revision(edition, rules)
    both = result.regions.dropna(subset=["difference"])
    assert len(both) > 10
    assert (both["difference"].abs() > 1e-9).any()
    others = [part for part in PARTS if part not in (cause, "coverage")]
    assert np.allclose(both[others], 0)
    assert np.allclose(both[cause] + both["coverage"], both["difference"])
    new = edition.under(rules).scores.of("index")[2021]
    assert np.allclose(both["new"], new.reindex(both.index))


def test_decisions_on_cells_are_a_cause(edition: Edition) -> None:
    cells = read_edition(2023, "2026.1").methodology.cells
    assert cells is not None
    row = cells.iloc[[0]].assign(indicator="housing_space", region="KZ-71", year=2021, decision="exclude", regions="")
    rules = dataclasses.replace(edition.methodology, cells=row)
    table = revision(edition, rules).regions
    moved = edition.under(rules).scores.at("KZ-71") - edition.scores.at("KZ-71")  # the space of 2020 is carried instead
    assert abs(moved) > 0.01
    assert table.at["KZ-71", "cells"] == pytest.approx(moved)
    assert np.allclose(table.drop(index="KZ-71")[PARTS], 0)


def test_the_causes_sum_to_the_difference_and_the_means_are_those_of_the_regions(edition: Edition) -> None:
    result = revision(edition, "2026.1")
    both = result.regions.dropna(subset=["difference"])
    assert np.allclose(both[PARTS].sum(axis=1), both["difference"])
    inside = both.drop(index="KZ", errors="ignore")
    assert result.mean == pytest.approx(inside["difference"].mean())
    assert result.mean_absolute == pytest.approx(inside["difference"].abs().mean())
    assert (inside["moved"] == inside["old_rank"] - inside["new_rank"]).all()
    nodes = result.nodes.set_index(["region", "node"])
    assert nodes.at[("KZ-71", "index"), "difference"] == pytest.approx(both.at["KZ-71", "difference"])


def test_turned_round_the_revision_has_the_other_sign(edition: Edition) -> None:
    there = revision(edition, "2026.1").regions
    back = revision(edition.under("2026.1"), edition.methodology).regions
    parts = there[PARTS].dropna()
    assert np.allclose(parts, -back.loc[parts.index, PARTS])


def test_what_cannot_be_divided_is_refused(edition: Edition, says: Says) -> None:
    with says(MethodologyError, "the edition of 2021 has the methodology 2024.1 already"):
        revision(edition, "2024.1")
