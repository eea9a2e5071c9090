"""Regions and the nation on the same indicators: worked by hand, then as promises."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwi import Edition, read_edition, read_methodology
from cwi.analysis.comparison import children_by_region, like_with_like, mean_by_children
from cwi.errors import DataError

FOLDER = Path(__file__).parents[2] / "methodologies" / "hand"


@pytest.fixture(scope="module")
def rules():
    return read_methodology(FOLDER).replace(nation="All", dimension={"coverage": 0.1})


def edition(rules, rows):
    table = pd.DataFrame(rows, columns=["region", "indicator", "value"]).assign(year=2020)
    return Edition.of(table, rules, 2020)


@pytest.mark.slow
def test_by_hand(rules):
    """Mind of the region: reading 50, worry 75. Of the nation: worry 50, warmth 25. Both have worry alone."""
    result = like_with_like(
        edition(
            rules,
            [
                ("A", "height", 5.0), ("A", "illness", 20.0), ("A", "reading", 10.0), ("A", "worry", 2.0),
                ("B", "height", 5.0), ("B", "illness", 20.0), ("B", "reading", 10.0), ("B", "warmth", 10.0),
                ("All", "height", 5.0), ("All", "illness", 20.0), ("All", "worry", 3.0), ("All", "warmth", 0.0),
            ],
        )
    )  # fmt: skip
    rows = result.regions.set_index(["region", "node"])
    assert rows.loc[("A", "mind"), ["matched", "nation", "gap", "indicators"]].tolist() == [75, 50, 25, 1]
    assert rows.at[("A", "mind"), "score"] == pytest.approx((3 * 50 + 2 * 75) / 5)
    assert rows.loc[("B", "mind"), ["matched", "nation", "gap", "indicators"]].tolist() == [50, 25, 25, 1]
    assert rows.loc[("A", "index"), "gap"] == pytest.approx(25 / 3)  # body, two thirds of the index, is the same
    # the regions' set: worry (one of two regions) and warmth (the other); reading has no national figure
    nodes = result.nodes
    assert nodes.loc["mind", ["nation", "nation_matched"]].tolist() == pytest.approx([(2 * 50 + 25) / 3] * 2)
    assert nodes.loc["mind", ["indicators", "matched"]].tolist() == [2, 2]
    assert result.gaps("dimension").loc["A", "mind"] == 25


@pytest.mark.slow
def test_what_the_nation_alone_has_is_no_gap():
    """2018: the nation has recycling, no region has; it lies 29.0 and the regions' mean is 30 points above it."""
    official = read_edition(2018)
    result = like_with_like(official)
    ecology = result.nodes.loc["ecology"]
    assert (ecology["indicators"], ecology["matched"]) == (2, 1)
    assert ecology["nation"] == pytest.approx(29.0, abs=0.05)
    assert ecology["nation_matched"] == pytest.approx(43.7, abs=0.05)
    old = official.scores.of("ecology")[2018]
    before = old.drop("KZ") - old["KZ"]
    after = result.gaps("component")["ecology"]
    assert (before > 0).sum() == 14
    assert (after > 0).sum() == 11
    assert after.mean() == pytest.approx(before.mean() - (ecology["nation_matched"] - ecology["nation"]))


def test_an_indicator_that_only_regions_have_is_left_out_on_both_sides():
    """2019: teachers' qualification has no national figure; 16 of 17 regions were 'below' in Education."""
    official = read_edition(2019)
    old = official.scores.of("education")[2019]
    assert (old.drop("KZ") < old["KZ"]).sum() == 16
    rows = like_with_like(official).regions.query("node == 'education'").set_index("region")
    assert (rows["matched"] > rows["score"]).sum() > 10
    assert rows["gap"].abs().mean() < 11


VALUES = st.one_of(st.none(), st.floats(0.1, 0.9))


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(
    st.lists(VALUES, min_size=5, max_size=5).filter(lambda v: sum(x is not None for x in v) > 0),
    st.lists(VALUES, min_size=5, max_size=5).filter(lambda v: sum(x is not None for x in v) > 0),
    st.lists(st.floats(0.1, 0.9), min_size=5, max_size=5),
)
def test_the_gap_depends_on_nothing_that_one_side_lacks(region, nation, other):
    rules = read_methodology(FOLDER).replace(nation="All", dimension={"coverage": 0.0})
    table = rules.indicators
    codes, worst, best = table["code"], table["worst"].to_numpy(float), table["best"].to_numpy(float)

    def rows(values, unit):
        return [
            (unit, code, w + (b - w) * v)
            for code, w, b, v in zip(codes, worst, best, values, strict=True)
            if v is not None
        ]

    first = like_with_like(edition(rules, [*rows(region, "A"), *rows(nation, "All")])).regions
    changed = [n if n is None or r is not None else o for r, n, o in zip(region, nation, other, strict=True)]
    second = like_with_like(edition(rules, [*rows(region, "A"), *rows(changed, "All")])).regions
    pd.testing.assert_frame_equal(first, second)
    alike = [r if n is not None and r is not None else n for r, n in zip(region, nation, strict=True)]
    same = like_with_like(edition(rules, [*rows(region, "A"), *rows(alike, "All")])).regions
    assert np.allclose(same["gap"].dropna(), 0)


def test_a_year_without_the_nation(rules, says):
    with says(DataError, "the nation has no figure of 2020; there is nothing to compare regions with"):
        like_with_like(edition(rules, [("A", "height", 5.0), ("A", "illness", 20.0), ("A", "worry", 2.0)]))


@pytest.mark.slow
def test_there_is_no_gap_of_an_unknown_level(says):
    with says(DataError, "no level above the indicators is called 'floor'"):
        like_with_like(read_edition(2021)).gaps("floor")


# ---------------------------------------------------------------- children as weights


def test_children_of_a_divided_region_are_divided_as_its_population():
    edition = read_edition(2023)
    children = children_by_region(edition)
    assert list(children.index) == list(edition.regions)
    assert children.sum() == pytest.approx(5636761, abs=12)  # the nation's own figure
    assert children["KZ-63"] + children["KZ-10"] == pytest.approx(333409)
    people = edition.population
    assert children["KZ-63"] / children["KZ-10"] == pytest.approx(people["KZ-63"] / people["KZ-10"])
    old = children_by_region(read_edition(2021))
    assert old["KZ-VOS"] == 333409


@pytest.mark.slow
def test_a_mean_weighted_by_children():
    edition = read_edition(2023)
    scores = edition.scores.of("index")[2023].drop("KZ")
    children = children_by_region(edition)
    assert mean_by_children(edition) == pytest.approx(np.average(scores, weights=children[scores.index]))
    assert mean_by_children(edition) != pytest.approx(edition.regional_mean(), abs=1e-3)  # control: another weight


@pytest.mark.slow
def test_without_a_count_of_children_there_is_no_mean(project):
    edition = read_edition(2022)
    assert children_by_region(edition).isna().all()
    assert np.isnan(mean_by_children(edition))
