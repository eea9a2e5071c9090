"""What an edition has and lacks, worked out by hand on a small project and held against the scores of real years."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwi import read_edition
from cwi.analysis.completeness import _needed, indicators_of, missing_scores


@pytest.mark.slow
def test_kinds_of_figures_by_hand(project: Any) -> None:
    table = indicators_of(read_edition(2022))
    assert table.loc["poverty", ["own", "carried", "parent", "missing"]].tolist() == [4, 0, 0, 0]
    assert table.loc["water", ["own", "carried", "parent", "missing"]].tolist() == [2, 0, 0, 2]
    assert table.loc["places", ["own", "carried", "parent", "missing"]].tolist() == [2, 0, 2, 0]
    assert table["nation"].tolist() == ["own", "own", "own"]
    assert table["last_year"].tolist() == [2022, 2022, 2022]
    assert missing_scores(read_edition(2022)).empty


def test_a_node_without_a_score_names_what_would_give_it_one(project: Any) -> None:
    for row in ("A,2022,poverty,,,8,,,normal", "EAST,2022,poverty,,,25,,,normal"):
        project.change("observations/living.csv", row, row.replace("normal", "suspect"))
    project.change("observations/living.csv", "A,2021,poverty,,,10,,,normal", "A,2020,poverty,,,10,,,normal")
    project.change("observations/living.csv", "OLD,2021,poverty,,,30,,,normal", "OLD,2020,poverty,,,30,,,normal")
    project.sign()
    edition = read_edition(2022)
    rows = missing_scores(edition).set_index("node")
    # home: poverty counts 3 and water 1; A has water alone, 25 % of the weight where 50 % are required; EAST has none
    assert rows.loc["home", ["regions", "nation", "required", "best", "needed"]].tolist() == [2, False, 0.5, 0.25, 1]
    assert rows.at["home", "candidates"] == ("poverty", "water")
    assert rows.at["index", "candidates"] == ("home",)
    assert rows.at["index", "needed"] == 1


@pytest.mark.parametrize("year", [2018, 2023])
def test_every_node_without_a_score_is_listed_and_no_other(year: int) -> None:
    edition = read_edition(year)
    nodes = edition.scores.nodes
    above = nodes[nodes["level"] != "indicator"]
    assert set(missing_scores(edition)["node"]) == set(above.loc[above["score"].isna(), "node"])


class Required:
    def __init__(self, coverage: float) -> None:
        self.coverage = coverage


@pytest.mark.slow
@given(
    st.lists(st.floats(0.1, 9), min_size=1, max_size=6),
    st.lists(st.booleans(), min_size=6, max_size=6),
    st.floats(0.01, 1),
)
def test_that_many_parts_are_enough_and_one_less_is_not(weights: list[float], has: list[bool], coverage: float) -> None:
    share, seen = np.array(weights), np.array([has[: len(weights)]])
    if seen @ share / share.sum() >= coverage - 1e-9:
        return  # it has a score
    needed = _needed(Required(coverage), share, seen)  # type: ignore[arg-type]
    gaps = np.sort(share[~seen[0]])[::-1]
    measured = share[seen[0]].sum()
    assert (measured + gaps[:needed].sum()) / share.sum() >= coverage - 1e-8
    assert (measured + gaps[: needed - 1].sum()) / share.sum() < coverage
