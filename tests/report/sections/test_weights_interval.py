"""The rank interval of the weights alone: against a slow loop, and beside that of a simulation."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cwi import DataError, Edition, Methodology, Scores, derive, read_edition, read_methodology, score
from cwi.analysis.uncertainty import prepare, simulate
from cwi.derivation import weigh
from cwi.report.sections.weights_interval import weights_interval


@pytest.fixture(scope="module")
def methodology() -> Methodology:
    official = read_methodology(Path(__file__).parents[2] / "methodologies" / "hand")
    return official.replace(nation="All", node={"body": {"aggregation": "arithmetic"}})


def rows_of(quality: np.ndarray, methodology: Methodology) -> pd.DataFrame:
    table = methodology.indicators
    worst, best = table["worst"].to_numpy(), table["best"].to_numpy()
    values = pd.DataFrame(worst + quality * (best - worst), columns=table["code"])
    values["region"] = [f"R{i:02d}" for i in range(len(values))]
    return values.melt("region", var_name="indicator", value_name="value").dropna().assign(year=2020)


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


def intervals(scores: Scores, seed: int = 1, draws: int = 300) -> pd.DataFrame:
    return weights_interval(scores, 2020, draws=draws, rng=np.random.default_rng(seed))


def test_the_same_seed_gives_the_same_table(scores: Scores) -> None:
    pd.testing.assert_frame_equal(intervals(scores), intervals(scores), check_exact=True)
    assert not intervals(scores, seed=2)["score_low"].equals(intervals(scores)["score_low"])


def test_intervals_are_ranks_of_regions_that_are_reached(scores: Scores) -> None:
    table = intervals(scores)
    assert "All" not in table.index
    assert len(table) == 12
    assert (table["low"] <= table["high"]).all()
    assert table[["low", "high"]].isin(range(1, 13)).all(axis=None)
    index = scores.of("index")[2020].reindex(table.index)
    assert ((table["score_low"] < index) & (index < table["score_high"])).all()


def test_intervals_against_a_slow_loop(scores: Scores, methodology: Methodology) -> None:
    draws = 40
    table = intervals(scores, draws=draws)
    rng = np.random.default_rng(1)
    noise = [rng.uniform(-0.25, 0.25, size=(draws, 1, len(w))) for w in weigh(methodology)]
    values = scores.values(2020).drop(index="All")
    ranks: dict[str, list[int]] = {region: [] for region in values.index}
    for draw in range(draws):
        drawn = [w * (1 + u[draw, 0]) for w, u in zip(weigh(methodology), noise, strict=True)]
        index = dict(zip(values.index, derive(values.to_numpy(), methodology, weights=drawn).index, strict=True))
        for region, mine in index.items():
            printed = [math.floor(10 * other + 0.5) for other in index.values()]
            ranks[region].append(1 + sum(other > math.floor(10 * mine + 0.5) for other in printed))
    for region, drawn_ranks in ranks.items():
        ordered = sorted(drawn_ranks)
        assert table.at[region, "low"] == ordered[math.ceil(draws * 0.05 - 1e-9) - 1]
        assert table.at[region, "high"] == ordered[math.ceil(draws * 0.95 - 1e-9) - 1]


def test_weights_that_are_drawn_do_not_decide_who_has_a_score(rows: pd.DataFrame, methodology: Methodology) -> None:
    """Half of body is measured and half is asked for: that must not flicker with the draws."""
    half = methodology.replace(node={"body": {"coverage": 0.5}})
    gap = rows[~((rows["region"] == "R05") & (rows["indicator"] == "height"))]
    assert intervals(score(gap, half)).notna().all(axis=None)


def test_a_region_without_an_index_has_no_interval_and_moves_nobody(
    rows: pd.DataFrame, methodology: Methodology
) -> None:
    gap = rows[~((rows["region"] == "R05") & rows["indicator"].isin(["height", "illness"]))]
    gone = rows[rows["region"] != "R05"]
    table, without = (intervals(score(found, methodology)) for found in (gap, gone))
    assert table.loc["R05"].isna().all()
    pd.testing.assert_frame_equal(table.drop(index="R05"), without)


def test_a_year_that_was_not_scored_is_refused(scores: Scores) -> None:
    with pytest.raises(DataError, match=r"^there are no scores of 2031; there are 2020$"):
        weights_interval(scores, 2031, draws=10, rng=np.random.default_rng(1))


def test_it_is_the_interval_of_a_simulation_of_the_weights_alone(edition: Edition) -> None:
    """Other random numbers, the same distribution: ends of ranks differ by a place at most, those of scores hardly."""
    table = weights_interval(edition.scores, 2022, draws=4000, rng=np.random.default_rng(1))
    other = simulate(prepare(edition, "weights"), draws=4000, rng=np.random.default_rng(1)).summary()
    other = other.loc[table.index]
    assert sorted(table.index) == sorted(edition.regions)
    for side, tail in (("low", "p5"), ("high", "p95")):
        assert (table[side] - other[f"rank_{tail}"]).abs().max() <= 1
        assert (table[f"score_{side}"] - other[f"score_{tail}"]).abs().max() < 0.1
