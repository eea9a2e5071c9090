"""The weights a region would need: closed forms, a grid that tries them all, and the arrow itself."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from small_tree import edition_of, tree, values

from cwi import DataError, MethodologyError, ParameterError, derive, read_edition
from cwi.analysis.comparison.weights_to_lead import best_case, nearest_weights, parts_of, robust_leads, weights_to_lead
from cwi.methods.ranking import dominance

pytestmark = pytest.mark.slow

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
Array = NDArray[np.float64]
STEPS = 40
GRID = np.array([(i, j, STEPS - i - j) for i, j in product(range(STEPS + 1), repeat=2) if i + j <= STEPS]) / STEPS


def distance(v: Array, w: Array) -> float:
    return float(np.abs(v - w).sum() / 2)


@pytest.mark.parametrize("own", [0.5, 0.7, 0.9])
@pytest.mark.parametrize(("behind", "ahead"), [(10, 20), (30, 10), (5, 5)])
def test_two_parts_have_a_closed_form(own: float, behind: float, ahead: float) -> None:
    """v behind ≤ (1 - v) ahead: the weight of the first part must not exceed ahead / (ahead + behind)."""
    y = np.array([[50.0 + behind, 40.0], [50.0, 40.0 + ahead]])
    w = np.array([own, 1 - own])
    most = ahead / (ahead + behind)
    found = nearest_weights(y, w, 1)
    assert found is not None
    assert found.tolist() == pytest.approx([min(own, most), max(1 - own, 1 - most)], abs=1e-9)
    led = nearest_weights(y, w, 1, lead=2.0)
    assert led is not None
    assert led[0] == pytest.approx(min(own, (ahead - 2) / (ahead + behind)), abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_no_weights_on_a_fine_grid_are_nearer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, w = rng.uniform(0, 100, (5, 3)), rng.dirichlet(np.ones(3))
    totals = GRID @ y.T
    for unit in range(5):
        wins = totals[:, unit] >= totals.max(axis=1) - 1e-9
        found = nearest_weights(y, w, unit)
        if found is None:
            assert not wins.any()
            continue
        assert found.min() >= -1e-9
        assert found.sum() == pytest.approx(1)
        assert y[unit] @ found >= (y @ found).max() - 1e-6
        if wins.any():
            assert distance(found, w) <= np.abs(GRID[wins] - w).sum(axis=1).min() / 2 + 1e-9
        first = y[unit] @ w >= (y @ w).max() - 1e-12
        assert (distance(found, w) < 1e-9) == first
        if not first:  # anything on the way back to w must fail: the control
            almost = 0.999 * found + 0.001 * w
            assert y[unit] @ almost < (y @ almost).max()


def test_who_is_worse_in_every_part_is_never_first() -> None:
    y = np.array([[60.0, 40.0, 50.0], [50.0, 30.0, 50.0], [10.0, 90.0, 0.0]])
    w = np.full(3, 1 / 3)
    shared = nearest_weights(y, w, 1)  # level in the third part: all the weight there shares the place
    assert shared is not None
    assert shared.tolist() == pytest.approx([0, 0, 1])
    assert nearest_weights(y, w, 1, lead=0.001) is None
    y[1, 2] = 49.0
    assert nearest_weights(y, w, 1) is None


def test_units_do_not_matter_and_one_unit_is_first() -> None:
    y, w = np.array([[60.0, 40.0], [50.0, 60.0]]), np.array([0.75, 0.25])
    for scale in (1e-6, 1.0, 1e6):
        found = nearest_weights(y * scale, w, 1)
        assert found is not None
        assert found.tolist() == pytest.approx([2 / 3, 1 / 3], abs=1e-7)
    alone = nearest_weights(y[:1], w, 0)
    assert alone is not None
    assert alone.tolist() == pytest.approx(w.tolist())


def test_what_are_no_weights_is_refused(says: Says) -> None:
    with says(
        ValueError,
        "2 weights that sum to 1.5 for 2 parts, 1 scores missing, lead 0; there must be one weight for each part, none "
        "below zero, summing to one, no score missing, and a lead not below zero",
    ):
        nearest_weights(np.array([[1.0, np.nan]]), np.array([1.0, 0.5]), 0)


@pytest.mark.parametrize("year", [2019, 2023])
@pytest.mark.parametrize("level", ["indicator", "component", "dimension"])
def test_the_parts_make_the_published_index(year: int, level: str) -> None:
    edition = read_edition(year)
    parts = parts_of(edition, level)
    index = edition.scores.of("index")[year].reindex(parts.scores.index)
    assert (parts.scores @ parts.weights).tolist() == pytest.approx(index.tolist())
    assert parts.weights.sum() == pytest.approx(1)
    assert len(parts.scores) + len(parts.left_out) == len(read_edition(year).regions)


def test_the_arrow_puts_the_region_first_under_the_needed_weights() -> None:
    edition = read_edition(2023)
    scores = edition.scores
    needed = weights_to_lead(edition, "dimension")
    x = scores.values(2023).drop("KZ")
    assert list(needed.regions.index[:3]) == ["KZ-71", "KZ-75", "KZ-35"]
    for region, rows in needed.weights.groupby("region"):
        nodes = [node.code for node in scores.methodology.nodes[1]]
        weights = [*scores.weights[:2], rows.set_index("node")["needed"].reindex(nodes).to_numpy()]
        index = derive(x.to_numpy(float), scores.methodology, base=scores.base, weights=weights).index
        assert index[x.index.get_loc(region)] == pytest.approx(index.max(), abs=1e-6)
        moved = rows["change"].abs().sum() / 2
        assert needed.regions.at[region, "distance"] == pytest.approx(moved)
        if moved:
            assert rows.set_index("node")["change"].idxmax() == needed.regions.at[region, "raised"]
            assert rows.set_index("node")["change"].idxmin() == needed.regions.at[region, "lowered"]
    assert needed.changes.shape == (3, 4)
    lost = needed.regions[~needed.regions["possible"]]
    assert set(lost["why"]) == {"no weights of this level make it first"}
    assert lost["distance"].isna().all()


def test_a_region_that_lacks_a_node_is_left_out_and_said_so() -> None:
    x = values()
    x.loc["R3", "b1"] = np.nan
    needed = weights_to_lead(edition_of(x, tree()), "component")
    assert needed.regions.at["R3", "why"] == "it has no score of b"
    assert not needed.regions.at["R3", "possible"]
    whole = weights_to_lead(edition_of(values().drop("R3"), tree()), "component")
    assert needed.weights["needed"].tolist() == pytest.approx(whole.weights["needed"].tolist())


def test_a_node_whose_parent_has_no_score_makes_no_index() -> None:
    x = values()
    x.loc["R3", ["a1", "a2", "a3"]] = np.nan  # half of the left dimension is not enough below
    strict = tree().replace(dimension={"coverage": 1.0})
    assert parts_of(edition_of(x, strict), "component").left_out == {"R3": "it has no score of a"}
    strict = tree().replace(dimension={"coverage": 1.0}, index={"coverage": 0.5})
    x.loc[:, ["a1", "a2", "a3"]] = np.nan
    with pytest.raises(DataError, match=r"\Ano region has an index of 2020 made of all nodes of the level 'component'"):
        parts_of(edition_of(x, strict), "component")
    assert list(parts_of(edition_of(x, strict), "dimension").weights.index) == ["right"]


def test_only_an_additive_tree_and_a_known_level_and_year(says: Says) -> None:
    edition = edition_of(values(), tree().replace(index={"aggregation": "geometric"}))
    with says(
        MethodologyError,
        "index is put together by 'geometric'; weights of the level 'dimension' can be looked for only where "
        "everything above it is 'arithmetic'",
    ):
        weights_to_lead(edition, "dimension")
    with says(
        MethodologyError,
        "no level below 'index' is called 'index'; there are indicator, component, dimension",
    ):
        weights_to_lead(edition, "index")
    with says(
        ParameterError,
        "edition is of the type Scores; it must be an Edition: read_edition(year), or for a table "
        "Edition.of(table, methodology)",
    ):
        weights_to_lead(edition.scores, "dimension")  # type: ignore[arg-type]
    below = edition_of(values(), tree().replace(component={"aggregation": {"name": "power", "p": 2}}))
    assert weights_to_lead(below, "component").regions["possible"].any()


def test_leads_under_all_weights_are_dominance_and_shrink_with_the_band() -> None:
    edition = read_edition(2023)
    counts = [int(robust_leads(edition, "dimension", band=band).to_numpy().sum()) for band in (0, 0.05, 0.2, 1)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]
    leads = robust_leads(edition, "dimension", band=1)
    y = parts_of(edition, "dimension").scores.reindex(leads.index).to_numpy(float)
    assert (leads.to_numpy() <= dominance(y)).all()
    assert not (leads & leads.T).to_numpy().any()


def test_the_best_case_is_at_least_the_index_without_limits() -> None:
    edition = read_edition(2019)
    free, bound = best_case(edition, "dimension"), best_case(edition, "dimension", shares=(0.1, 0.4))
    assert (free["gain"] >= 0).all()
    assert (free["best"] >= bound["best"] - 1e-9).all()
    assert (free["best"] > bound["best"] + 0.01).any()
    assert free["index"].is_monotonic_decreasing
    assert free["index"].iloc[0] == 1
