"""Gaps between regions and the nation at each node, with the interval of the draws."""

import numpy as np
import pytest

from cwi import read_edition
from cwi.analysis.uncertainty import gaps_to_nation, prepare, simulate
from cwi.errors import DataError

pytestmark = pytest.mark.slow

DRAWS = 200


@pytest.fixture(scope="module")
def edition():
    return read_edition(2023)


@pytest.fixture(scope="module")
def table(edition):
    return gaps_to_nation(edition, "component", draws=DRAWS, rng=np.random.default_rng(1))


def test_gaps_are_those_of_the_scores(edition, table):
    wide = edition.scores.wide(2023, "component")
    for row in table.to_dict("records"):
        assert row["score"] == wide.at[row["region"], row["node"]]
        assert row["gap"] == row["score"] - wide.at["KZ", row["node"]]


def test_comparable_means_the_same_indicators(edition, table):
    has = edition.scores.values(2023).notna()
    for row in table.to_dict("records"):
        codes = list(edition.methodology.tree.under(row["node"]))
        assert row["comparable"] == has.loc[row["region"], codes].equals(has.loc["KZ", codes])
    assert 0 < table["comparable"].mean() < 1


def test_a_gap_is_clear_where_it_compares_and_its_interval_leaves_out_zero(table):
    outside = (table["low"] > 0) | (table["high"] < 0)
    assert (table["clear"] == (outside & table["comparable"])).all()
    assert 0 < table["clear"].mean() < 1


def test_an_interval_is_that_of_a_plan_of_the_node_alone(edition):
    """Another way to the same: one plan prepared for the node, drawn with the generator of its place."""
    nodes = list(edition.scores.wide(2023, "component"))
    place = nodes.index("economy")
    child = np.random.default_rng(1).spawn(len(nodes))[place]
    plan = prepare(edition)
    own = prepare(edition, ",".join(plan.factors.names), node="economy")
    table = gaps_to_nation(edition, "component", draws=2000, rng=np.random.default_rng(1))
    rows = table[table["node"] == "economy"].set_index("region")
    drawn = simulate(own, draws=2000, rng=child)
    regions = list(drawn.units["region"])
    gaps = drawn.scores - drawn.scores[regions.index("KZ")]
    for region in rows.index:
        low, high = np.nanquantile(gaps[regions.index(region)], (0.05, 0.95))
        assert rows.at[region, "low"] == pytest.approx(low, rel=0.05, abs=1)
        assert rows.at[region, "high"] == pytest.approx(high, rel=0.05, abs=1)


def test_the_same_seed_gives_the_same_digits(edition, table):
    again = gaps_to_nation(edition, "component", draws=DRAWS, rng=np.random.default_rng(1))
    assert again.equals(table)


def test_a_level_that_is_none_is_refused(edition):
    with pytest.raises(DataError) as error:
        gaps_to_nation(edition, "indicator", draws=10, rng=np.random.default_rng(1))
    assert str(error.value) == "no level above the indicators is called 'indicator'"
