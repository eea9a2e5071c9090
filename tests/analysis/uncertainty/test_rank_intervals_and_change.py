"""What scores say beyond themselves: intervals of ranks under changed weights, and change between years."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cwi import DataError, Edition, Methodology, Scores, derive, read_edition, read_methodology, score
from cwi.analysis.comparison.years import change
from cwi.analysis.uncertainty.monte_carlo import rank_intervals
from cwi.index import weigh

CODES = ["height", "illness", "reading", "worry", "warmth"]
SUCCESSORS = {"KZ-63", "KZ-10", "KZ-19", "KZ-33", "KZ-35", "KZ-62"}


@pytest.fixture(scope="module")
def methodology() -> Methodology:
    official = read_methodology(Path(__file__).parents[2] / "methodologies" / "hand")
    return official.replace(nation="All", node={"body": {"aggregation": "arithmetic"}})


def rows_of(quality: np.ndarray, methodology: Methodology, year: int = 2020) -> pd.DataFrame:
    table = methodology.indicators
    worst, best = table["worst"].to_numpy(), table["best"].to_numpy()
    values = pd.DataFrame(worst + quality * (best - worst), columns=table["code"])
    values["region"] = [f"R{i:02d}" for i in range(len(values))]
    long = values.melt("region", var_name="indicator", value_name="value").dropna()
    return long.assign(year=year, status="normal", source="")


@pytest.fixture(scope="module")
def rows(methodology: Methodology) -> pd.DataFrame:
    quality = np.random.default_rng(21).uniform(0.05, 0.95, (12, 5))
    quality[3, 3] = np.nan
    nation = rows_of(quality[:1], methodology).assign(region="All")
    return pd.concat([rows_of(quality, methodology), nation], ignore_index=True)


@pytest.fixture(scope="module")
def scores(rows: pd.DataFrame, methodology: Methodology) -> Scores:
    return score(rows, methodology)


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2022)


# ---------------------------------------------------------------- how sure a rank is


def intervals(scores: Scores, seed: int = 1, draws: int = 300, **how: float) -> pd.DataFrame:
    return rank_intervals(scores, 2020, draws=draws, rng=np.random.default_rng(seed), **how)


def test_the_same_seed_gives_the_same_table(scores: Scores) -> None:
    pd.testing.assert_frame_equal(intervals(scores), intervals(scores), check_exact=True)
    assert not intervals(scores, seed=2)["score_low"].equals(intervals(scores)["score_low"])


def test_without_noise_an_interval_is_the_rank(scores: Scores) -> None:
    table = intervals(scores, noise=0)
    assert table["low"].tolist() == table["high"].tolist() == table["rank"].tolist()
    index = scores.of("index")[2020].reindex(table.index)
    assert table["score_low"].to_numpy() == pytest.approx(index.to_numpy(), abs=1e-9)
    assert table["score_high"].to_numpy() == pytest.approx(index.to_numpy(), abs=1e-9)


def test_intervals_are_ranks_of_regions_that_are_reached(scores: Scores) -> None:
    table = intervals(scores, level=0.99)
    assert "All" not in table.index
    assert len(table) == 12
    assert (table["low"] <= table["high"]).all()
    assert (table["score_low"] <= table["score_high"]).all()
    assert table[["low", "high"]].isin(range(1, 13)).all(axis=None)
    assert ((table["low"] <= table["rank"]) & (table["rank"] <= table["high"])).all()
    index = scores.of("index")[2020].reindex(table.index)
    assert ((table["score_low"] < index) & (index < table["score_high"])).all()


def test_a_wider_level_holds_the_narrower_and_more_noise_widens(scores: Scores) -> None:
    half, most = intervals(scores, level=0.5), intervals(scores, level=0.98)
    assert (most["low"] <= half["low"]).all()
    assert (most["high"] >= half["high"]).all()
    assert (most["score_high"] >= half["score_high"]).all()
    small, large = intervals(scores, noise=0.02), intervals(scores, noise=0.8)
    width = lambda table: table["score_high"] - table["score_low"]  # noqa: E731
    assert (width(large) > width(small)).all()


def test_intervals_against_a_slow_loop(scores: Scores, methodology: Methodology) -> None:
    draws, level = 40, 0.8
    table = intervals(scores, draws=draws, level=level, noise=0.3)
    rng = np.random.default_rng(1)
    noise = [rng.uniform(-0.3, 0.3, size=(draws, 1, len(w))) for w in weigh(methodology)]
    values = scores.values(2020).drop(index="All")
    ranks: dict[str, list[int]] = {region: [] for region in values.index}
    for draw in range(draws):
        drawn = [w * (1 + u[draw, 0]) for w, u in zip(weigh(methodology), noise, strict=True)]
        index = dict(zip(values.index, derive(values.to_numpy(), methodology, weights=drawn).index, strict=True))
        for region, mine in index.items():
            printed = [math.floor(10 * other + 0.5) for other in index.values()]
            ranks[region].append(1 + sum(other > math.floor(10 * mine + 0.5) for other in printed))
    for region, found in ranks.items():
        ordered = sorted(found)
        assert table.at[region, "low"] == ordered[math.ceil(draws * (1 - level) / 2 - 1e-9) - 1]
        assert table.at[region, "high"] == ordered[math.ceil(draws * (1 + level) / 2 - 1e-9) - 1]


def test_who_is_best_in_everything_is_first_under_all_weights(rows: pd.DataFrame, methodology: Methodology) -> None:
    best = rows_of(np.full((1, 5), 0.99), methodology).assign(region="Best")
    worst = rows_of(np.full((1, 5), 0.01), methodology).assign(region="Worst")
    table = intervals(score(pd.concat([rows, best, worst]), methodology), noise=0.9, level=0.999)
    assert table.loc["Best", ["rank", "low", "high"]].tolist() == [1, 1, 1]
    assert table.loc["Worst", ["rank", "low", "high"]].tolist() == [14, 14, 14]


def test_weights_that_are_drawn_do_not_decide_who_has_a_score(rows: pd.DataFrame, methodology: Methodology) -> None:
    """Half of body is measured and half is asked for: that must not flicker with the draws."""
    half = methodology.replace(node={"body": {"coverage": 0.5}})
    gap = rows[~((rows["region"] == "R05") & (rows["indicator"] == "height"))]
    table = intervals(score(gap, half))
    assert table.notna().all(axis=None)


def test_a_region_without_an_index_has_no_interval_and_moves_nobody(
    rows: pd.DataFrame, methodology: Methodology
) -> None:
    gap = rows[~((rows["region"] == "R05") & rows["indicator"].isin(["height", "illness"]))]
    gone = rows[rows["region"] != "R05"]
    table, without = (intervals(score(found, methodology)) for found in (gap, gone))
    assert table.loc["R05"].isna().all()
    pd.testing.assert_frame_equal(table.drop(index="R05"), without)


def test_the_order_of_rows_does_not_change_an_interval(rows: pd.DataFrame, methodology: Methodology) -> None:
    shuffled = score(rows.sample(frac=1, random_state=3), methodology)
    pd.testing.assert_frame_equal(intervals(shuffled), intervals(score(rows, methodology)))


@pytest.mark.parametrize(
    "how", [{"draws": 0}, {"noise": 1.0}, {"noise": -0.1}, {"noise": math.nan}, {"level": 0.0}, {"level": 1.0}]
)
def test_arguments_that_mean_nothing_are_refused(scores: Scores, how: dict[str, float]) -> None:
    given = {"draws": 100, "noise": 0.25, "level": 0.9} | how
    with pytest.raises(ValueError, match=r"^draws ") as caught:
        rank_intervals(scores, 2020, rng=np.random.default_rng(1), **given)
    assert str(caught.value) == (
        f"draws {given['draws']}, noise {given['noise']:g}, level {given['level']:g}; draws must be at least 1, "
        "noise from 0 to below 1, level between 0 and 1"
    )


def test_a_year_that_was_not_scored_is_refused(scores: Scores) -> None:
    with pytest.raises(DataError, match=r"^there are no scores of 2031$"):
        rank_intervals(scores, 2031, draws=10, rng=np.random.default_rng(1))


def test_intervals_of_the_real_edition(edition: Edition) -> None:
    table = rank_intervals(edition.scores, 2022, draws=200, rng=np.random.default_rng(1))
    assert sorted(table.index) == sorted(edition.regions)
    assert table.notna().all(axis=None)


# ---------------------------------------------------------------- what changed


def pair(rows: pd.DataFrame, methodology: Methodology) -> tuple[Scores, Scores]:
    before = rows.assign(year=2019)
    table = methodology.indicators.set_index("code")
    end = rows["indicator"].map(table["best"])
    after = rows.assign(value=rows["value"] + 0.1 * (end - rows["value"]))
    both = pd.concat([before, after], ignore_index=True)
    return score(both, methodology, years=[2019]), score(both, methodology, years=[2020])


def test_a_change_is_the_difference_of_two_scores(rows: pd.DataFrame, methodology: Methodology) -> None:
    earlier, later = pair(rows[rows["region"] != "R03"], methodology)
    found = change(earlier, later)
    assert (found.earlier, found.later) == (2019, 2020)
    nodes = found.nodes.set_index(["region", "node"])
    for node in (*CODES, "body", "mind", "index"):
        wanted = later.of(node)[2020] - earlier.of(node)[2019]
        assert nodes.xs(node, level="node")["change"].reindex(wanted.index).to_numpy() == pytest.approx(
            wanted.to_numpy()
        )
    assert (found.cells["change"] > 0).all()
    assert len(found.cells) == 12 * 5
    backwards = change(later, earlier).nodes.set_index(["region", "node"])["change"]
    assert backwards.to_numpy() == pytest.approx(-nodes["change"].to_numpy())


def test_nothing_changed_is_zero(rows: pd.DataFrame, methodology: Methodology) -> None:
    one = score(rows, methodology)
    assert (change(one, one).cells["change"] == 0).all()


def test_only_what_was_measured_in_both_years_on_the_territory_is_compared(
    rows: pd.DataFrame, methodology: Methodology
) -> None:
    before, after = rows.assign(year=2019), rows.assign(value=rows["value"] * 0.9 + 0.3)
    here = lambda table, region, code: (table["region"] == region) & (table["indicator"] == code)  # noqa: E731
    after = after[~here(after, "R00", "reading")]  # carried in 2020
    before = before[~here(before, "R01", "worry")]  # nothing in 2019
    after.loc[here(after, "R02", "height"), "status"] = "parent region"
    before.loc[here(before, "R04", "height"), "status"] = "parent region"
    both = pd.concat([before, after], ignore_index=True)
    scores = [score(both, methodology, years=[year]) for year in (2019, 2020)]
    carried = scores[1].cells.set_index(["region", "indicator"]).loc[("R00", "reading")]
    assert carried["observed"] == 2019
    assert carried["score"] == carried["score"]
    found = change(*scores)
    left_out = {(r, c) for r in rows["region"].unique() for c in CODES} - set(
        zip(found.cells["region"], found.cells["indicator"], strict=True)
    )
    wanted = {("R00", "reading"), ("R01", "worry"), ("R02", "height"), ("R03", "worry"), ("R04", "height")}
    assert left_out == wanted
    nodes = found.nodes.set_index(["region", "node"])
    for region, code in wanted:
        assert nodes.loc[(region, code), ["earlier", "later", "change"]].isna().all()
    # mind of R01 is made of reading (3) and warmth (1) in both years, although 2020 knows worry too
    reading, warmth = nodes.loc[("R01", "reading")], nodes.loc[("R01", "warmth")]
    for side in ("earlier", "later"):
        assert nodes.at[("R01", "mind"), side] == pytest.approx((3 * reading[side] + warmth[side]) / 4)
    # mind of R00 without reading reaches half of the weight only, and the rule asks for 0.6
    assert np.isnan(nodes.at[("R00", "mind"), "change"])
    assert np.isnan(nodes.at[("R00", "index"), "change"])


def test_a_region_of_one_year_only_is_left_out(rows: pd.DataFrame, methodology: Methodology) -> None:
    earlier, later = pair(rows, methodology)
    smaller = score(rows[~rows["region"].isin(["R01", "R07"])].assign(year=2019), methodology)
    assert "R01" in set(change(earlier, later).nodes["region"])
    assert {"R01", "R07"}.isdisjoint(change(smaller, later).nodes["region"])
    assert {"R01", "R07"}.isdisjoint(change(later, smaller).cells["region"])


def test_scores_of_another_methodology_are_refused(rows: pd.DataFrame, methodology: Methodology) -> None:
    other = methodology.replace(index={"aggregation": "geometric"})
    with pytest.raises(DataError) as caught:
        change(score(rows.assign(year=2019), other), score(rows, methodology))
    assert str(caught.value) == (
        f"scores made by methodology hand ({other.fingerprint}) and by hand ({methodology.fingerprint}) cannot be "
        "compared; score both years by one methodology"
    )


def test_scores_of_several_years_are_refused(rows: pd.DataFrame, methodology: Methodology) -> None:
    both = score(pd.concat([rows, rows.assign(year=2019)]), methodology)
    with pytest.raises(DataError, match=r"^a change is between two years: each side must hold the scores of one year$"):
        change(both, score(rows, methodology))


def test_regions_divided_in_2022_are_not_compared_across_that_year(edition: Edition) -> None:
    found = change(edition.earlier(2021).scores, edition.scores)
    regions = set(found.nodes["region"])
    assert set(edition.regions) >= SUCCESSORS
    assert regions.isdisjoint(SUCCESSORS)
    assert regions == {"KZ", *edition.regions} - SUCCESSORS
    assert set(found.cells["region"]) <= regions


def test_real_changes_rest_on_rows_of_both_years(edition: Edition) -> None:
    found = change(edition.earlier(2021).scores, edition.scores)
    base = edition.base[(edition.base["sex"] == "") & (edition.base["area"] == "") & edition.base["scored"]]
    rows = base.set_index(["region", "year", "indicator"])["value"]
    assert len(found.cells) > 100
    for cell in found.cells.itertuples():
        assert rows[cell.region, 2021, cell.indicator] == cell.earlier
        assert rows[cell.region, 2022, cell.indicator] == cell.later
