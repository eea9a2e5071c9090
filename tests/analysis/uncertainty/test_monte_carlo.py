"""Many draws: known variances, draws made again to the last bit, failures that stay alone, tables that agree."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from cwi import DataError, Edition, Methodology, MethodologyError, ParameterError
from cwi.analysis.uncertainty.draws import points
from cwi.analysis.uncertainty.monte_carlo import Simulation, simulate
from cwi.analysis.uncertainty.plan import Plan

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
Planned = Callable[..., Plan]

EXPERTS = pd.DataFrame({"life": [1.0, 5.0, 0.0], "mind": [1.0, 2.0, 1.0], "place": [2.0, 3.0, 1.0]})
GEOMETRIC = {"aggregation": {"name": "geometric", "floor": 1}}
BORDA = {"name": "b", "index": {"aggregation": "borda"}}
SAMPLING: dict[str, Any] = {"survey": {"values": {"error": "sampling"}}}
NOISE: dict[str, Any] = {"noise": {"weights": {"noise": 0.25}}}
EVENTS: dict[str, Any] = {
    "events": {"values": {"error": "counts", "of": {"deaths": {"exposure": "population", "per": 100_000}}}}
}
KINDS: Mapping[str, dict[str, Any]] = {
    "choices": {"scale": {"choices": [{}, {"name": "mm", "normalisation": "min_max"}]},
                "mean": {"choices": [{}, {"name": "g", "index": GEOMETRIC}, BORDA]},
                "age": {"choices": [{}, {"name": "new", "max_age": 0}]}},
    "noise": NOISE,
    "dirichlet": {"d": {"weights": {"concentration": 30, "levels": ["component", "index"]}}},
    "sets": {"votes": {"weights": {"sets": "experts"}}},
    "sampling": {"survey": {"values": {"error": "sampling", "overlap": 0.5}}},
    "rounding": {"round": {"values": {"error": "rounding"}}},
    "gamma": EVENTS,
    "poisson": {"events": {"values": {**EVENTS["events"]["values"], "distribution": "poisson"}}},
    "imputations": {"gaps": {"imputations": 4}},
}  # fmt: skip
ALL = {name: factor for name, said in KINDS.items() if name not in ("poisson", "sets") for name, factor in said.items()}
KINDS = {**KINDS, "all": ALL, "mixed": {**KINDS["choices"], **NOISE}}


@pytest.fixture(scope="module")
def ready(plan: Planned) -> Callable[[str], Plan]:
    """The alternatives of each kind, made once."""
    kept: dict[str, Plan] = {}

    def of(kind: str) -> Plan:
        if kind not in kept:
            kept[kind] = plan(KINDS[kind], sets={"experts": EXPERTS}, rng=np.random.default_rng(1))
        return kept[kind]

    return of


def drawn(plan: Plan, draws: int = 200, seed: int = 1, **how: Any) -> Simulation:
    return simulate(plan, draws=draws, rng=np.random.default_rng(seed), **how)


def fingerprint(found: Simulation) -> tuple[bytes, bytes, bytes, str]:
    return found.scores.tobytes(), found.ranks.tobytes(), found.choices.tobytes(), repr(found.failed)


# ---------------------------------------------------------------- the same bits


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_draw_can_be_made_again_alone(kind: str, ready: Callable[[str], Plan]) -> None:
    found = drawn(ready(kind), draws=23)
    assert np.ptp(found.scores, axis=1)[~np.isnan(found.scores).any(axis=1)].max() > 0
    for draw in range(23):
        again = found.replication(draw)
        assert again.scores["score"].to_numpy(float).tobytes() == found.scores[:, draw].tobytes()
        ranks = again.scores["rank"].fillna(0).to_numpy(np.uint16)
        assert ranks.tobytes() == np.ascontiguousarray(found.ranks[:, draw]).tobytes()
        numbers = [
            [choice.name for choice in factor.choices].index(again.choices[factor.name])
            for factor in found.plan.factors.discrete
        ]
        assert numbers == found.choices[:, draw].tolist()
        assert np.array_equal(again.point, points(found.seed, draw, 1, found.plan.size)[:, 0])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_blocks_and_threads_change_no_bit(kind: str, ready: Callable[[str], Plan]) -> None:
    expected = fingerprint(drawn(ready(kind), draws=150))
    for how in ({"block": 7}, {"block": 64}, {"block": 1000}, {"workers": 2}, {"workers": 3, "block": 11}):
        assert fingerprint(drawn(ready(kind), draws=150, **how)) == expected, how
    one = drawn(ready(kind), draws=12, block=1)
    assert one.scores.tobytes() == drawn(ready(kind), draws=150).scores[:, :12].tobytes()
    assert fingerprint(drawn(ready(kind), draws=150, seed=2)) != expected


@pytest.mark.slow
def test_draws_that_choose_alike_change_no_bit(ready: Callable[[str], Plan]) -> None:
    """A thousand draws are taken apart by what they choose; ten are not."""
    many = drawn(ready("mixed"), draws=1500)
    few = drawn(ready("mixed"), draws=1500, block=10)
    assert fingerprint(many) == fingerprint(few)


# ---------------------------------------------------------------- variances in closed form


def slopes(methodology: Methodology) -> pd.Series:
    """What one unit of each indicator is worth in the index, on a linear tree."""
    table = methodology.indicators
    weights = methodology.stated_weights
    parents = [np.empty(len(w), dtype=int) for w in weights]
    for level, nodes in enumerate(methodology.nodes):
        for number, node in enumerate(nodes):
            parents[level][list(node.parts)] = number
    w = weights[0] * weights[1][parents[0]] * weights[2][parents[1][parents[0]]]
    return pd.Series(w * 100 / (table["best"] - table["worst"]).to_numpy(float), index=table["code"])


@pytest.fixture(scope="module")
def normal(whole: pd.DataFrame) -> pd.DataFrame:
    """Errors of figures that are no shares."""
    plain = {"height": 0.8, "weight": 1.5, "sums": 1.0, "worry": 0.1}
    return whole.assign(se=whole["indicator"].map(plain))


@pytest.mark.slow
def test_the_variance_of_a_linear_index(plan: Planned, normal: pd.DataFrame, methodology: Methodology) -> None:
    """Within Monte-Carlo error; and through common draws exactly."""
    found = drawn(plan(SAMPLING, observations=normal), draws=20_000)
    slope = slopes(methodology)
    se = normal.set_index(["region", "year", "indicator"])["se"].dropna()
    made = found.plan
    u = points(found.seed, 0, 50, made.size)
    table = made.values.table.loc[made.perturbations["survey"].rows]
    z = stats.norm.ppf(u)
    for row, (region, year) in enumerate(made.units.itertuples(index=False)):
        own = ((table["region"] == region) & (table["observed"] == year)).to_numpy()
        step = table.loc[own, "indicator"].map(slope).to_numpy() * table.loc[own, "se"].to_numpy()
        assert found.scores[row, :50] == pytest.approx(found.nominal[row] + step @ z[own], abs=1e-11)
        variance = sum((slope[code] * se[region, year, code]) ** 2 for code in ("height", "weight", "sums", "worry"))
        assert (step**2).sum() == pytest.approx(variance, rel=1e-12)
        assert found.scores[row].var() == pytest.approx(variance, rel=0.05)
        assert found.scores[row].mean() == pytest.approx(found.nominal[row], abs=4 * np.sqrt(variance / 20_000))


@pytest.mark.slow
def test_covariances_of_one_survey_count(plan: Planned, normal: pd.DataFrame, methodology: Methodology) -> None:
    slope = slopes(methodology)
    units = [(region, year) for region in normal["region"].unique() for year in (2020, 2021)]
    given_ = pd.DataFrame(
        [(*unit, "height", "weight", 0.6 * 0.8 * 1.5) for unit in units],
        columns=["region", "year", "indicator", "other", "covariance"],
    )
    found = drawn(plan(SAMPLING, observations=normal, covariance=given_), draws=20_000)
    own = sum((slope[code] * se) ** 2 for code, se in {"height": 0.8, "weight": 1.5, "sums": 1, "worry": 0.1}.items())
    both = 2 * slope["height"] * slope["weight"] * 0.6 * 0.8 * 1.5
    variance = found.scores.var(axis=1)
    assert variance == pytest.approx(own + both, rel=0.05)
    assert abs(variance.mean() - own) > 0.5 * both, "without the covariance the figure is another"


def test_no_error_in_no_spread_out(plan: Planned, whole: pd.DataFrame) -> None:
    """Only R1 has an error; nobody else moves by a bit."""
    rows = whole.assign(se=whole["se"].where(whole["region"] == "R1"))
    found = drawn(plan(SAMPLING, observations=rows))
    still = (found.units["region"] != "R1").to_numpy()
    assert (found.scores[still] == found.nominal[still, None]).all()
    assert (found.scores[~still].std(axis=1) > 0).all()


def test_weights_noise_is_symmetric(plan: Planned, whole: pd.DataFrame) -> None:
    """At equal scores weights cannot matter; elsewhere mirrored draws lie on both sides."""
    found = drawn(plan({"noise": {"weights": {"noise": 0.25, "levels": ["index"]}}}, observations=whole), draws=20_000)
    away = found.scores - found.nominal[:, None]
    assert np.abs(away.mean(axis=1)) == pytest.approx(0, abs=0.15)
    assert (away > 0).mean(axis=1) == pytest.approx(0.5, abs=0.02)


# ---------------------------------------------------------------- changes between years


def test_a_carried_figure_does_not_change(plan: Planned, whole: pd.DataFrame) -> None:
    """All of 2021 is carried from 2020: the change is nothing in every draw, whatever the errors."""
    rows = whole[(whole["year"] < 2021) | (whole["indicator"] == "sums") & (whole["region"] == "R0")]
    moving = {**SAMPLING, **EVENTS, "round": {"values": {"error": "rounding"}}, **NOISE}
    found = drawn(plan(moving, observations=rows))
    table = found.change(2021, 2020)
    assert len(table) == 9
    others = table.drop(index="R0")
    assert (others[["change", "low", "high"]] == 0).all(axis=None)
    assert (others["rose"] == 0.5).all()
    assert not others["beyond_noise"].any()
    assert table.at["R0", "high"] > table.at["R0", "low"]


def test_regions_with_the_figure_of_their_parent_share_its_draw(plan: Planned, observations: pd.DataFrame) -> None:
    found = drawn(plan(EVENTS, node="safety"))
    unit = {tuple(key): row for row, key in enumerate(found.units.itertuples(index=False))}
    six, seven, one = (found.scores[unit[region, 2021]] for region in ("R6", "R7", "R1"))
    assert np.array_equal(six, seven)
    assert abs(np.corrcoef(six, one)[0, 1]) < 0.3


@pytest.mark.slow
def test_what_both_years_have_in_common_cancels(plan: Planned, normal: pd.DataFrame) -> None:
    """The wider the overlap of the samples, the surer the change; with all of it common, it is certain."""
    width = {}
    for overlap in (0.0, 0.7, 1.0):
        moving = {"survey": {"values": {"error": "sampling", "overlap": overlap}}}
        table = drawn(plan(moving, observations=normal), draws=4000).change(2021, 2020)
        width[overlap] = (table["high"] - table["low"]).to_numpy()
        assert table["change"].between(table["low"] - 1e-9, table["high"] + 1e-9).all()
    assert width[0.7] / width[0.0] == pytest.approx(np.sqrt(0.3), rel=0.1)
    assert width[1.0] == pytest.approx(0, abs=1e-9)


def test_weights_common_to_both_years_cancel(plan: Planned, whole: pd.DataFrame) -> None:
    """The spread of the change is that of common weights, not of two independent sets of them."""
    found = drawn(plan(NOISE, observations=whole), draws=2000)
    now, then = ((found.units["year"] == year).to_numpy() for year in (2021, 2020))
    table = found.change(2021, 2020)
    common = found.scores[now] - found.scores[then]
    apart = found.scores[now] - np.roll(found.scores[then], 1, axis=1)
    high = pd.Series(np.quantile(common, 0.95, axis=1, method="inverted_cdf"), index=found.units["region"][now])
    assert table["high"].to_numpy() == pytest.approx(high[table.index].to_numpy())
    assert common.std(axis=1).mean() < apart.std(axis=1).mean()


# ---------------------------------------------------------------- failures


@pytest.fixture(scope="module")
def risky(plan: Planned, whole: pd.DataFrame, methodology: Methodology) -> Plan:
    """Geometric components without a floor: a draw in which a score is not above zero fails."""
    rows = whole.assign(se=whole["se"].mask(whole["indicator"] == "height", 4.0))
    rules = methodology.replace(node={"growth": {"aggregation": "geometric"}})
    return plan({**SAMPLING, **NOISE}, observations=rows, methodology=rules)


@pytest.mark.slow
def test_a_draw_that_fails_fails_alone(risky: Plan) -> None:
    found = drawn(risky, draws=400)
    assert 10 < len(found.failed) < 390
    assert all(reason.startswith("growth: geometric needs scores above zero") for reason in found.failed.values())
    bad = np.array(sorted(found.failed))
    assert np.isnan(found.scores[:, bad]).all()
    assert (found.ranks[:, bad] == 0).all()
    assert not np.isnan(found.scores[:, found.counted]).any()
    assert found.counted.sum() == 400 - len(bad)
    table = found.failures()
    assert table["draws"].sum() == len(bad)
    assert set(table["reason"]) == set(found.failed.values())
    assert fingerprint(drawn(risky, draws=400, block=7)) == fingerprint(found)
    good = found.scores[:, found.counted]
    summary = found.summary(2021)
    rows = found.units.index[found.units["year"] == 2021]
    mean = pd.Series(good[rows].mean(axis=1), index=found.units["region"].iloc[rows])
    assert summary["score_mean"].to_numpy() == pytest.approx(mean[summary.index].to_numpy())
    assert len(found.shift(2021)) == good.shape[1]


def test_a_failed_draw_is_not_made_again(risky: Plan, says: Says) -> None:
    found = drawn(risky, draws=400)
    draw = min(found.failed)
    with says(DataError, f"draw {draw} failed: {found.failed[draw]}"):
        found.replication(draw)
    with says(DataError, "there is no draw 400; they are counted from 0 to 399"):
        found.replication(400)


@pytest.mark.slow
def test_a_value_that_cannot_be_scaled_fails_alone(plan: Planned, whole: pd.DataFrame) -> None:
    """A rent drawn below zero has no logarithm."""
    rows = whole.assign(se=np.where(whole["indicator"] == "rent", whole["value"] / 2, np.nan))
    found = drawn(plan(SAMPLING, observations=rows), draws=300)
    change, rents = found.plan.perturbations["survey"], found.plan.values.table["value"].to_numpy(float)[:, None]
    values = change.draw(np.repeat(rents[change.rows], 300, axis=1), points(found.seed, 0, 300, found.plan.size))
    assert sorted(found.failed) == np.flatnonzero((values <= 0).any(axis=0)).tolist()
    assert set(found.failed.values()) == {
        "normalisation: rent is not above zero everywhere; a logarithmic scale needs values and ends above zero"
    }
    assert 0 < len(found.failed) < 300
    assert fingerprint(drawn(found.plan, draws=300, block=1)) == fingerprint(found)


STEEP = {"name": "steep", "ends": {"deaths": {"worst": 1}}}  # scores far below zero
CLASH = {
    "scale": {"choices": [{}, STEEP]},
    "mean": {"choices": [{}, {"name": "g", "index": {"aggregation": "geometric"}}]},
}


def test_choices_that_cannot_stand_together_are_named_before_the_run(plan: Planned, says: Says) -> None:
    made = plan(CLASH)
    with says(
        MethodologyError,
        "factors: 1 of 4 combinations cannot be run (scale = 'steep', mean = 'g': index: geometric needs scores above "
        f"zero; the lowest is {lowest(made)}); declare them in incompatible, or take a choice away",
    ):
        drawn(made, draws=1)


def lowest(made: Plan) -> str:
    """The lowest dimension, printed as the error prints it."""
    reason = made.run(np.array([[1], [1]])).failed[0]
    return reason.rsplit(" ", 1)[1]


@pytest.mark.slow
def test_choices_declared_incompatible_are_left_out_and_counted(plan: Planned) -> None:
    found = drawn(plan({"factor": CLASH, "incompatible": [{"scale": "steep", "mean": "g"}]}), draws=400)
    both = (found.choices == 1).all(axis=0)
    assert found.left_out.tolist() == np.flatnonzero(both).tolist()
    assert 60 < len(found.left_out) < 140
    table = found.failures()
    assert table.to_numpy().tolist() == [["choices that are declared incompatible", int(both.sum())]]
    assert found.counted.tolist() == (~both).tolist()
    shares = found.rank_distribution(2021)
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1)


def test_many_combinations_are_tried_as_they_are_drawn(
    plan: Planned, monkeypatch: pytest.MonkeyPatch, says: Says
) -> None:
    """Of very many, those that no draw makes are not tried."""
    monkeypatch.setattr("cwi.analysis.uncertainty.monte_carlo.TRIED", 3)
    made = plan(CLASH)
    rare = next(seed for seed in range(50) if (drawn_choices(made, seed) == 1).all(axis=0).sum() == 0)
    assert drawn(made, draws=3, seed=rare).failed == {}
    with pytest.raises(MethodologyError, match=r"^factors: 1 of 4 combinations cannot be run"):
        drawn(made, draws=200)


def drawn_choices(made: Plan, seed: int) -> NDArray[np.intp]:
    return made.choices(points(int(np.random.default_rng(seed).integers(2**63)), 0, 3, made.size))


def test_a_choice_that_is_never_drawn_is_not_tried(plan: Planned) -> None:
    scale = {"choices": [{"share": 1.0}, {**STEEP, "share": 0.0}]}
    found = drawn(plan({**CLASH, "scale": scale}), draws=50)
    assert (found.choices[0] == 0).all()


# ---------------------------------------------------------------- tables


@pytest.fixture(scope="module")
def found(ready: Callable[[str], Plan]) -> Simulation:
    return drawn(ready("all"), draws=500)


@pytest.mark.slow
def test_the_summary_is_that_of_the_draws(found: Simulation) -> None:
    table = found.summary(2021)
    assert table.index[-1] == "All"
    assert table["rank"].iloc[:-1].is_monotonic_increasing
    units = found.units.reset_index().set_index(["region", "year"])["index"]
    good = found.counted
    for region in table.index:
        row = units[region, 2021]
        scores = found.scores[row, good]
        assert table.at[region, "missing"] == pytest.approx(np.isnan(scores).mean())
        scores = scores[~np.isnan(scores)]
        assert table.at[region, "score_mean"] == pytest.approx(scores.mean())
        for name, tail in {"p1": 0.01, "p5": 0.05, "median": 0.5, "p95": 0.95, "p99": 0.99}.items():
            assert table.at[region, f"score_{name}"] == np.quantile(scores, tail, method="inverted_cdf")
            if region != "All":
                ranks = found.ranks[row, good]
                ranks = ranks[ranks > 0]
                assert table.at[region, f"rank_{name}"] == np.quantile(ranks, tail, method="inverted_cdf")
                assert table.at[region, "rank_mean"] == pytest.approx(ranks.mean())
                assert table.at[region, "top_third"] == pytest.approx((ranks <= 3).mean())  # of 8: 3, 2, 3
                assert table.at[region, "bottom_third"] == pytest.approx((ranks > 5).mean())
    assert table.loc["All"].filter(like="rank").isna().all()


def test_shares_of_ranks_sum_to_one(found: Simulation) -> None:
    shares = found.rank_distribution(2021)
    assert list(shares.columns) == list(range(1, 9))
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1)
    assert "All" not in shares.index
    mean = (shares * shares.columns.to_numpy()).sum(axis=1)
    assert mean.to_numpy() == pytest.approx(found.summary(2021).loc[shares.index, "rank_mean"].to_numpy())


def test_a_region_that_has_a_score_only_in_some_draws(plan: Planned, observations: pd.DataFrame) -> None:
    """R5 has no reading: no official score, but one where gaps are filled; it then takes a rank from others."""
    gap = observations[
        ~((observations["region"] == "R5") & observations["indicator"].isin(["reading", "sums", "worry"]))
    ]
    made = plan({"filled": {"choices": [{}, {"name": "filled", "imputation": "mean"}]}}, observations=gap)
    found = drawn(made, draws=100)
    table = found.summary(2021)
    assert np.isnan(table.at["R5", "score"])
    assert np.isnan(table.at["R5", "rank"])
    filled = (found.choices[0] == 1).mean()
    assert table.at["R5", "missing"] == pytest.approx(1 - filled)
    shares = found.rank_distribution(2021)
    assert shares.shape == (8, 8)
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1)
    others = found.rank_distribution(2021).drop(index="R5")
    assert others[8].gt(0).any()
    assert table.index.tolist()[-2:] == ["R5", "All"]
    assert found.above(2021).loc["R5"].drop("R5").notna().all()
    assert any("R5" in group for group in found.groups(2021))
    assert not np.isnan(found.shift(2021)).any()


def test_a_region_that_never_has_a_score_is_in_no_table(plan: Planned, observations: pd.DataFrame) -> None:
    gap = observations[
        ~((observations["region"] == "R5") & observations["indicator"].isin(["reading", "sums", "worry"]))
    ]
    found = drawn(plan(NOISE, observations=gap))
    assert "R5" not in found.summary(2021).index
    assert found.rank_distribution(2021).shape == (7, 7)
    assert "R5" not in {region for group in found.groups(2021) for region in group}
    row = found.units.index[(found.units["region"] == "R5") & (found.units["year"] == 2021)][0]
    assert (found.ranks[row] == 0).all()


def test_one_stands_above_the_other_or_they_are_tied(found: Simulation) -> None:
    above = found.above(2021)
    both = above.to_numpy() + above.to_numpy().T
    assert both[~np.eye(8, dtype=bool)] == pytest.approx(1)
    assert np.isnan(np.diag(above)).all()
    unit = {region: row for row, (region, year) in enumerate(found.units.itertuples(index=False)) if year == 2021}
    a, b = (found.ranks[unit[region]][found.counted].astype(int) for region in ("R1", "R2"))
    has = (a > 0) & (b > 0)
    expected = ((a < b) + 0.5 * (a == b))[has].mean()
    assert above.at["R1", "R2"] == pytest.approx(expected)


@pytest.mark.parametrize("apart", [0.51, 0.6, 0.8, 0.95, 1.0])
def test_groups_hold_everybody_and_nobody_who_is_told_apart(apart: float, found: Simulation) -> None:
    above = found.above(2021)
    order = list(above.index)
    groups = found.groups(2021, apart=apart)
    assert {region for group in groups for region in group} == set(order)
    told = (above.to_numpy() >= apart) | (above.to_numpy() >= apart).T
    for i, a in enumerate(order):
        for j, b in enumerate(order):
            assert any({a, b} <= set(group) for group in groups) == (i == j or not told[i, j])
    for group in groups:
        assert list(group) == sorted(group, key=order.index)
    assert not any(set(a) < set(b) for a in groups for b in groups)


def test_a_share_that_tells_both_ways_is_no_share(found: Simulation, says: Says) -> None:
    with says(DataError, "apart is 0.5; it must be above 0.5 and at most 1"):
        found.groups(2021, apart=0.5)
    with says(DataError, "level is 1; it must be between 0 and 1"):
        found.change(2021, 2020, level=1)


def test_the_shift_is_the_mean_of_places(found: Simulation) -> None:
    rows = np.flatnonzero((found.units["year"] == 2021) & (found.plan.groups >= 0))
    good = np.flatnonzero(found.counted)[:20]
    expected = []
    for draw in good:
        ranks = found.ranks[rows, draw].astype(float)
        has = ranks > 0
        expected.append(np.abs(ranks - found.official[rows])[has].mean())
    assert found.shift(2021)[:20] == pytest.approx(expected)


@pytest.mark.parametrize("table", ["summary", "rank_distribution", "above", "groups", "shift"])
def test_a_year_that_was_not_drawn(table: str, found: Simulation, says: Says) -> None:
    with says(DataError, "nothing was drawn for 2019; there are 2020, 2021"):
        getattr(found, table)(2019)


# ---------------------------------------------------------------- promises


@pytest.mark.slow
@given(shuffle=st.integers(0, 2**32 - 1), seed=st.integers(0, 5))
@settings(deadline=None, max_examples=5)
def test_the_order_of_rows_changes_nothing(shuffle: int, seed: int, plan: Planned, observations: pd.DataFrame) -> None:
    moving = {**NOISE, **SAMPLING, **EVENTS}
    one, two = (
        drawn(plan(moving, observations=rows), draws=30, seed=seed)
        for rows in (observations, observations.sample(frac=1, random_state=shuffle))
    )
    assert fingerprint(one) == fingerprint(two)
    pd.testing.assert_frame_equal(one.summary(2021), two.summary(2021), check_exact=True)


@pytest.mark.slow
@given(factor=st.floats(0.01, 1000), start=st.floats(-50, 50))
@settings(deadline=None, max_examples=8)
def test_the_unit_of_measurement_does_not_matter(
    factor: float, start: float, plan: Planned, observations: pd.DataFrame, methodology: Methodology
) -> None:
    """Centimetres or inches, Celsius or Fahrenheit."""
    table = methodology.indicators
    here = table["code"] == "height"
    ends = {end: table[end].mask(here, start + factor * table[end]) for end in ("worst", "best")}
    other = methodology.replace(indicators=table.assign(**ends))
    own = observations["indicator"] == "height"
    rows = observations.assign(
        value=observations["value"].mask(own, start + factor * observations["value"]),
        se=observations["se"].mask(own, factor * observations["se"]),
    )
    one = drawn(plan({**NOISE, **SAMPLING}), draws=40)
    two = drawn(plan({**NOISE, **SAMPLING}, observations=rows, methodology=other), draws=40)
    assert two.scores == pytest.approx(one.scores, rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.slow
@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=10)
def test_a_seed_says_everything(seed: int, ready: Callable[[str], Plan]) -> None:
    one, two = (drawn(ready("mixed"), draws=20, seed=seed) for _ in range(2))
    assert fingerprint(one) == fingerprint(two)
    assert one.seed == two.seed


# ---------------------------------------------------------------- how it is called


@pytest.mark.parametrize("how", [{"draws": 0}, {"draws": 5, "workers": 0}, {"draws": 5, "block": 0}])
def test_numbers_that_mean_nothing(how: dict[str, int], ready: Callable[[str], Plan], says: Says) -> None:
    name = next(name for name, number in how.items() if number == 0)
    with says(DataError, f"{name} is 0; it must be at least 1"):
        simulate(ready("noise"), rng=np.random.default_rng(1), **how)


def test_what_is_no_plan_is_refused(observations: pd.DataFrame, methodology: Methodology, says: Says) -> None:
    for wrong in (observations, Edition.of(observations, methodology)):
        with says(
            ParameterError,
            f"simulate takes a plan, not an object of the type {type(wrong).__name__}; "
            "prepare(edition, factors) gives a plan",
        ):
            simulate(wrong, draws=5, rng=np.random.default_rng(1))  # type: ignore[arg-type]


def test_a_seed_is_no_generator(ready: Callable[[str], Plan], says: Says) -> None:
    with says(ParameterError, "rng is 1; it must be a generator: np.random.default_rng(1)"):
        simulate(ready("noise"), draws=5, rng=1)  # type: ignore[arg-type]


def test_no_year_to_score(plan: Planned, says: Says) -> None:
    with says(
        DataError,
        "no indicator of methodology drawn has a value that can be scored in 2031; max_age = 1 finds nothing to carry "
        "either",
    ):
        plan(NOISE, years=[2031])


# ---------------------------------------------------------------- what is shown


def test_a_simulation_is_one_line_and_a_ranked_table(found: Simulation) -> None:
    drawn_from = "scale, mean, age, noise, d, survey, round, events, gaps"
    assert repr(found) == (
        f"Simulation(2020, 2021: 8 regions, 500 draws of 9 factors: {drawn_from}; seed {found.seed})"
    )
    html = found._repr_html_()
    assert repr(found) in html
    assert html.index(found.summary(2021).index[0]) < html.index(found.summary(2021).index[1])
    table = found.ranked()
    assert list(table.columns) == ["name", "rank", "rank_p5", "rank_p95", "score", "score_p5", "score_p95"]
    pd.testing.assert_frame_equal(table, found.ranked(2021))
    pd.testing.assert_frame_equal(found.summary(), found.summary(2021))


@pytest.mark.slow
def test_draws_that_count_nowhere_are_told_in_the_line(plan: Planned) -> None:
    drawn_ = drawn(plan({"factor": CLASH, "incompatible": [{"scale": "steep", "mean": "g"}]}), draws=400)
    assert repr(drawn_).endswith(f"; {len(drawn_.left_out)} draws count in no table)")
