"""The audit of an index: cases that a pencil can check, and an index that must fail."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cwi import DataError, Methodology, Scores, cli, read_edition, read_methodology, score
from cwi.analysis.audit import limits as rules
from cwi.analysis.audit.influence import smooth_importance
from cwi.analysis.audit.sheet import correlate, interval, read_sheet
from cwi.analysis.audit.statistical_audit import VERDICTS, Audit, audit, few
from cwi.analysis.audit.structure import _alpha
from cwi.methods.weighting.factor_analysis import alpha

pytestmark = pytest.mark.slow

HAND = Path(__file__).parents[2] / "methodologies" / "hand"
N = 12
WOBBLE = np.tile([-1.0, 1.0], 6)


def tree(parts: dict[str, list[str]], weights: dict[str, float] | None = None) -> Methodology:
    """An index of dimensions of indicators on 0 to 100, weights as stated."""
    official = read_methodology(HAND)
    rows = [
        {"code": code, "dimension": dimension, "worst": "0", "best": "100", "weight": str((weights or {}).get(code, 1))}
        for dimension, codes in parts.items()
        for code in codes
    ]
    plain: dict[str, Any] = {"overrides": {}}
    return replace(official, **plain).replace(indicators=pd.DataFrame(rows), index={"coverage": 0.5})


def scored(values: pd.DataFrame, methodology: Methodology) -> Scores:
    table = values.rename_axis("region").reset_index()
    long = table.melt("region", var_name="indicator", value_name="value").dropna()
    return score(long.assign(year=2020, status="normal", source=""), methodology)


def audited(values: pd.DataFrame, methodology: Methodology, *, seed: int = 1, draws: int = 200) -> Audit:
    return audit(scored(values, methodology), 2020, rng=np.random.default_rng(seed), draws=draws)


def uniform(codes: list[str], *, n: int = N, seed: int = 5) -> pd.DataFrame:
    x = np.random.default_rng(seed).uniform(10, 90, (n, len(codes)))
    return pd.DataFrame(x, columns=codes, index=[f"R{i:02d}" for i in range(n)])


def orthogonal(sd: list[float], n: int = 40) -> pd.DataFrame:
    """Columns around 50 with exactly these standard deviations and no correlation at all."""
    raw = np.random.default_rng(3).normal(size=(n, len(sd)))
    q = np.linalg.qr(raw - raw.mean(axis=0))[0]  # of columns without a mean, so these have none either
    codes = [f"x{j}" for j in range(len(sd))]
    return pd.DataFrame(50 + q * math.sqrt(n) * sd, columns=codes, index=[f"R{i:02d}" for i in range(n)])


def one(result: Audit, check: str, node: str) -> pd.Series:
    found = result.findings[(result.findings["check"] == check) & (result.findings["node"] == node)]
    assert len(found) == 1, found
    return found.iloc[0]


FOUR = {"body": ["a", "b"], "mind": ["c", "d"]}


@pytest.fixture(scope="module")
def plain() -> Audit:
    return audited(uniform(["a", "b", "c", "d"]), tree(FOUR))


@pytest.fixture(scope="module")
def real() -> Audit:
    return audit(read_edition(2019).scores, 2019, rng=np.random.default_rng(20241122), draws=200)


# ---------------------------------------------------------------- every finding


@pytest.mark.parametrize("which", ["plain", "real"])
def test_every_finding_is_whole(which: str, request: pytest.FixtureRequest) -> None:
    table = request.getfixturevalue(which).findings
    assert set(table["verdict"]) <= set(VERDICTS)
    assert table["bound"].isin(["at least", "at most"]).all()
    assert table["threshold"].notna().all()
    assert (table["sentence"].str.len() > 10).all()
    assert not table.duplicated(["check", "level", "node"]).any()
    refused = table["number"].isna()
    assert table.loc[refused, "sentence"].str.startswith("cannot be computed: ").all()
    assert set(table.loc[refused, "verdict"]) <= {"attention"}
    assert not table.loc[~refused, "sentence"].str.contains("cannot be computed|nan").any()
    known = table[~refused]
    sign = np.where(known["bound"] == "at most", 1, -1)
    within = sign * (known["number"] - known["threshold"]) <= 1e-12
    assert ((known["verdict"] == "pass") == within).all()


def test_the_summary_counts_every_finding_and_hides_none(real: Audit) -> None:
    assert real.counts.to_numpy().sum() == len(real.findings)
    nodes = real.open["nodes"].str.split(", ").map(len)
    pairs = real.open["check"] == "negative correlation"  # two names each
    names = nodes.where(~pairs, nodes / 2).sum()
    assert names == (real.findings["verdict"] != "pass").sum()
    assert real.open["verdict"].tolist() == sorted(real.open["verdict"], key=VERDICTS.index)


def test_the_same_seed_gives_the_same_audit() -> None:
    values, methodology = uniform(["a", "b", "c", "d"]), tree(FOUR)
    first, second = audited(values, methodology), audited(values, methodology)
    pd.testing.assert_frame_equal(first.findings, second.findings, check_exact=True)
    other = audited(values, methodology, seed=2)
    assert not other.findings["low"].equals(first.findings["low"])
    pd.testing.assert_series_equal(other.findings["number"], first.findings["number"], check_exact=True)


def test_what_cannot_be_audited_is_refused(says: Callable[..., Any]) -> None:
    scores = scored(uniform(["a", "b", "c", "d"]), tree(FOUR))
    with says(DataError, "there are no scores of 1999"):
        audit(scores, 1999, rng=np.random.default_rng(1))
    with says(ValueError, "draws 0; there must be at least 1"):
        audit(scores, 2020, rng=np.random.default_rng(1), draws=0)


def test_the_nation_is_no_region() -> None:
    values = uniform(["a", "b", "c", "d"])
    values.loc["All"] = 99.0
    with_nation = audited(values, tree(FOUR).replace(nation="All"))
    assert with_nation.regions == N
    pd.testing.assert_frame_equal(with_nation.findings, audited(values.drop("All"), tree(FOUR)).findings)


# ---------------------------------------------------------------- coverage, outliers, ends, spread


def test_coverage_by_region_and_indicator() -> None:
    values = uniform(["a", "b", "c", "d"])
    values.loc[values.index[:5], "a"] = np.nan
    values["d"] = np.nan
    result = audited(values, tree(FOUR, {"c": 3}).replace(dimension={"coverage": 0.1}))
    assert one(result, "coverage by indicator", "a")["number"] == pytest.approx(7 / 12)
    assert one(result, "coverage by indicator", "a")["verdict"] == "attention"
    assert one(result, "coverage by indicator", "d")["verdict"] == "fail"
    # weights in the index: a and b a quarter each, c three eighths, d one eighth
    region = one(result, "coverage by region", "R00")
    assert (region["number"], region["verdict"]) == (pytest.approx(0.25 + 0.375), "attention")
    assert one(result, "coverage by region", "R11")["number"] == pytest.approx(0.875)


def test_values_that_are_not_of_the_year_or_the_territory() -> None:
    methodology = tree(FOUR)
    table = uniform(["a", "b", "c", "d"]).rename_axis("region").reset_index()
    long = table.melt("region", var_name="indicator", value_name="value").assign(year=2020, status="normal", source="")
    long.loc[long["indicator"] == "a", "year"] = 2019
    long.loc[(long["indicator"] == "b") & (long["region"] == "R03"), "status"] = "parent region"
    result = audit(score(long, methodology, years=[2020]), 2020, rng=np.random.default_rng(1), draws=20)
    assert one(result, "own data by region", "R03")["number"] == pytest.approx(0.5)
    assert one(result, "own data by indicator", "a")["verdict"] == "fail"
    assert one(result, "own data by indicator", "b")["number"] == pytest.approx(11 / 12)
    assert "Values of a former region are used for 1 of them" in one(result, "regions", "index")["sentence"]


def test_outliers_name_the_regions_that_make_them() -> None:
    values = uniform(["a", "b", "c", "d"])
    values["a"] = [20.0, 21, 22, 23, 24, 20, 21, 22, 23, 24, 22, 95]
    capped = tree(FOUR).replace(normalisation={"name": "goalposts", "cap": True})
    values["b"] = [98.0, 91, 92, 93, 94, 98, 91, 92, 93, 94, 99, 900]
    result = audited(values, capped)
    finding = one(result, "outliers", "a")
    assert (finding["number"], finding["verdict"]) == (1, "fail")
    assert "because of R11; its scores are outlying too" in finding["sentence"]
    assert one(result, "outliers", "b")["verdict"] == "attention"  # the cap takes its score in
    assert one(result, "outliers", "c")["verdict"] == "pass"


def test_floors_and_ceilings() -> None:
    values = uniform(["a", "b", "c", "d"])
    values["a"] = [0.0] * 3 + [-5.0] + [100.0] + [50, 51, 52, 53, 54, 55, 56]
    values["b"] = [100.0] * 7 + [50, 51, 52, 53, 54]
    result = audited(values, tree(FOUR))
    row = result.ends.set_index("indicator").loc["a"]
    assert row.tolist() == pytest.approx([12, 4 / 12, 1 / 12, 1 / 12])
    assert one(result, "ends of the scale", "a")["verdict"] == "attention"
    assert one(result, "ends of the scale", "b")["verdict"] == "fail"
    assert one(result, "ends of the scale", "c")["verdict"] == "pass"


def test_a_constant_column_is_named_everywhere_it_matters() -> None:
    values = uniform(["a", "b", "c", "d"])
    values["b"] = 40.0
    result = audited(values, tree(FOUR))
    assert one(result, "spread", "b")["verdict"] == "fail"
    pair = one(result, "negative correlation", "a, b")
    assert pair["sentence"] == "cannot be computed: b is the same in all regions"
    said = one(result, "structure", "body")["sentence"]
    assert said == "cannot be computed: 1 of 2 parts of body has scores that differ"
    assert "b: it is the same in all regions" in one(result, "effective weight", "b")["sentence"]
    assert one(result, "outliers", "b")["sentence"] == "cannot be computed: b is the same in all regions"
    assert one(result, "closer to its own", "b")["verdict"] == "attention"


# ---------------------------------------------------------------- correlation and structure


def test_two_indicators_that_say_the_same_are_redundant() -> None:
    values = uniform(["a", "b", "c", "d"])
    values["b"] = 20 + values["a"] / 2
    result = audited(values, tree(FOUR))
    for code, other in ("ab", "ba"):
        finding = one(result, "redundancy", code)
        assert (finding["number"], finding["verdict"]) == (pytest.approx(1.0), "fail")
        assert f"{code} is closest to {other}, 1.00 (1.00 to 1.00)" in finding["sentence"]
    assert one(result, "redundancy", "c")["verdict"] == "pass"


def test_a_reversed_indicator_is_named() -> None:
    values = uniform(["a", "b", "c", "d"])
    values["b"] = 100 - values["a"] + WOBBLE
    result = audited(values, tree(FOUR))
    finding = one(result, "negative correlation", "a, b")
    assert finding["verdict"] == "fail"
    assert finding["number"] < -0.9
    assert "a and b, both in body" in finding["sentence"]
    assert one(result, "signs of loadings", "body")["number"] == 1
    assert one(result, "alpha", "body")["verdict"] == "fail"
    assert "pulls against" in "".join(result.findings["sentence"])


def test_correlations_are_those_of_scipy_and_pandas() -> None:
    values = uniform(["a", "b", "c", "d"])
    values.iloc[2, 0] = values.iloc[7, 2] = values.iloc[8, 2] = np.nan
    found = correlate(values.to_numpy())
    assert found == pytest.approx(values.corr().to_numpy())
    stacked = np.stack([values.to_numpy(), values.to_numpy()[::-1]])
    assert correlate(stacked) == pytest.approx(np.stack([found, found]))
    result = audited(values, tree(FOUR))
    pairs = result.correlations[result.correlations["level"] == "indicator"].set_index(["a", "b"])
    assert len(pairs) == 6
    assert pairs.at[("a", "c"), "r"] == pytest.approx(values["a"].corr(values["c"]))
    assert pairs.at[("a", "c"), "spearman"] == pytest.approx(values["a"].corr(values["c"], method="spearman"))
    assert pairs["n"].to_dict()[("a", "c")] == 9
    assert pairs["inside"].to_dict()[("a", "b")]
    assert not pairs["inside"].to_dict()[("a", "c")]


def test_an_interval_of_draws_leaves_out_what_was_not_computed() -> None:
    draws = np.array([[1.0, 1.0], [2.0, np.nan], [3.0, np.nan], [4.0, np.nan]])
    low, high = interval(draws, level=0.5)
    assert (low[0], high[0]) == (1.0, 3.0)
    assert np.isnan([low[1], high[1]]).all()


def test_alpha_from_correlations_is_alpha() -> None:
    x = uniform(["a", "b", "c", "d"]).to_numpy()
    assert float(_alpha(correlate(x))) == pytest.approx(alpha(x))


def test_one_common_cause_passes_and_two_do_not() -> None:
    rng = np.random.default_rng(8)
    cause, noise = rng.normal(size=(60, 2)), rng.normal(size=(60, 4))
    together = pd.DataFrame(50 + 10 * cause[:, [0]] + 4 * noise, columns=list("abcd"))
    apart = pd.DataFrame(50 + 10 * cause[:, [0, 0, 1, 1]] + 2 * noise, columns=list("abcd"))
    trees = tree({"body": ["a", "b", "c", "d"]})
    for values, share, verdict in ((together, 0.8, "pass"), (apart, 0.5, "attention")):
        result = audited(values.set_index(np.array([f"R{i}" for i in range(60)])), trees)
        assert one(result, "eigenvalues above 1", "body")["verdict"] == verdict
        assert one(result, "share of the first component", "body")["number"] == pytest.approx(share, abs=0.12)
    assert one(result, "Bartlett's test", "body")["verdict"] == "pass"


def test_a_component_with_missing_data_uses_the_regions_that_have_all() -> None:
    values = uniform(["a", "b", "c", "d", "e"])
    values.loc[values.index[:3], "c"] = np.nan
    values["e"] = np.nan
    result = audited(values, tree({"body": ["a", "b", "c", "e"], "mind": ["d"]}))
    row = result.structure.set_index("node").loc["body"]
    assert row[["parts", "used", "n", "left_out"]].tolist() == [4, 3, 9, "e"]
    assert row["alpha"] == pytest.approx(alpha(values[["a", "b", "c"]].dropna().to_numpy()))
    assert row["low"] < row["alpha"] < row["high"]
    assert "1 of 1 parts of mind has" in one(result, "structure", "mind")["sentence"]


def test_too_few_regions_are_said() -> None:
    values = uniform(["a", "b", "c", "d"], n=4)
    result = audited(values, tree({"body": ["a", "b", "c", "d"]}))
    said = one(result, "structure", "body")["sentence"]
    assert said == "cannot be computed: 4 regions have all 4 measured parts of body; there must be at least 5"
    assert one(result, "regions", "index")["verdict"] == "fail"
    two = audited(values.iloc[:2], tree(FOUR))
    assert one(two, "leave one out", "body")["verdict"] in VERDICTS
    assert set(two.findings.loc[two.findings["check"] == "structure", "number"].isna()) == {True}
    assert two.correlations.empty


def test_all_indicators_together_need_three_regions_each(plain: Audit) -> None:
    assert "index: all indicators" in set(plain.structure["node"])
    assert plain.structure.set_index("node").at["index: all indicators", "reason"] == ""  # 12 regions, 4 indicators
    few_regions = audited(uniform(["a", "b", "c", "d"], n=11), tree(FOUR))
    said = one(few_regions, "structure", "index: all indicators")["sentence"]
    assert said.endswith("there must be at least 3 times as many")


def test_a_part_that_belongs_elsewhere_is_found() -> None:
    values = uniform(["a", "b", "c", "d"], n=40)
    values["b"] = 0.05 * values["b"] + 0.3 * values[["c", "d"]].sum(axis=1)
    result = audited(values, tree(FOUR, {"a": 3}))
    finding = one(result, "closer to its own", "b")
    assert finding["verdict"] == "fail"
    row = result.belonging.set_index("part").loc["b"]
    assert (row["own"], row["other"]) == ("body", "mind")
    assert row["rest"] == pytest.approx(values["b"].corr(values["a"]))


# ---------------------------------------------------------------- influence


def test_effective_weights_of_independent_parts_in_closed_form() -> None:
    sd, weights = [4.0, 8.0, 2.0], {"x0": 3.0, "x1": 1.0, "x2": 2.0}
    result = audited(orthogonal(sd), tree({"body": list(weights)}, weights))
    terms = (np.array(list(weights.values())) * sd) ** 2
    table = result.effective[result.effective["parent"] == "body"].set_index("part")
    assert table["effective"].to_numpy() == pytest.approx(terms / terms.sum())
    assert table["linear"].sum() == pytest.approx(1)  # nothing is shared, so S itself sums to one
    assert table["nominal"].to_numpy() == pytest.approx([3 / 6, 1 / 6, 2 / 6])
    assert one(result, "effective weight", "x2")["number"] == pytest.approx(terms[2] / terms.sum() * 3)
    assert one(result, "effective weight", "x2")["verdict"] in ("attention", "fail")
    assert ((table["low"] <= table["effective"]) & (table["effective"] <= table["high"])).all()


def test_weights_in_the_whole_index_are_products() -> None:
    result = audited(uniform(["a", "b", "c", "d"]), tree(FOUR, {"a": 3}))
    table = result.effective[~result.effective["immediate"]].set_index("part")
    assert table["nominal"].to_dict() == pytest.approx({"a": 3 / 8, "b": 1 / 8, "c": 1 / 4, "d": 1 / 4})
    assert table["effective"].sum() == pytest.approx(1)


def test_the_smoothed_ratio_sees_a_curve_that_a_line_does_not() -> None:
    x = np.linspace(-1, 1, 60)
    assert np.corrcoef(x, x**2)[0, 1] == pytest.approx(0, abs=1e-12)
    assert smooth_importance(x, x**2) > 0.5
    assert smooth_importance(x, 5 - 2 * x) == pytest.approx(1)
    assert math.isnan(smooth_importance(np.ones(9), np.arange(9.0)))
    tied = np.array([100.0] * 15 + [80, 60])  # more equal values than a window of neighbours would hold
    assert 0 <= smooth_importance(tied, np.arange(17.0)) <= 1


@pytest.mark.parametrize("part", ["a", "c", "e"])
def test_leave_one_out_is_the_index_without_the_row(part: str) -> None:
    """By removing the row from the table of indicators, which shares no code with the audit."""
    codes = ["a", "b", "c", "d", "e"]
    trees = {"body": ["a", "b"], "mind": ["c", "d", "e"]}
    weights = {"a": 2.0, "d": 3.0}
    values, methodology = uniform(codes, n=15), tree(trees, weights)
    row = audited(values, methodology).leave_one_out.set_index("part").loc[part]
    table = methodology.indicators
    smaller = methodology.replace(indicators=table[table["code"] != part].copy())
    before, after = (scored(values, m).wide(2020, "index", "rank")["index"] for m in (methodology, smaller))
    moved = (before - after).abs().astype(float)
    assert row["mean_shift"] == pytest.approx(moved.mean())
    assert row["over_2"] == pytest.approx((moved > 2).mean())
    assert moved[row["mover"]] == moved.max() == abs(row["before"] - row["after"])


def test_leaving_out_a_dimension_is_the_others() -> None:
    values, methodology = uniform(["a", "b", "c", "d"], n=15), tree(FOUR)
    row = audited(values, methodology).leave_one_out.set_index("part").loc["body"]
    scores = scored(values, methodology)
    index, mind = scores.of("index")[2020], scores.of("mind")[2020]
    moved = (
        index.round(1).rank(ascending=False, method="min") - mind.round(1).rank(ascending=False, method="min")
    ).abs()
    assert row["mean_shift"] == pytest.approx(moved.mean())


def test_a_part_without_which_there_is_no_index() -> None:
    sheet_of = tree(FOUR).replace(index={"coverage": 1.0})
    values = uniform(["a", "b", "c", "d"])
    values["b"] = np.nan
    result = audited(values, sheet_of.replace(dimension={"coverage": 0.3}))
    said = one(result, "leave one out", "a")["sentence"]
    assert said == "cannot be computed: without a no region has an index"
    sheet = read_sheet(scored(values, sheet_of), 2020, draws=1, rng=np.random.default_rng(1))
    assert "b" not in sheet.codes


# ---------------------------------------------------------------- verdicts, the real index, the command


@pytest.mark.parametrize(
    ("number", "bound", "interval_", "worse", "verdict"),
    [
        (0.8, "at least", (0.1, 0.9), None, "pass"),
        (0.7, "at least", (0.1, 0.6), None, "pass"),  # on the limit
        (0.6, "at least", (0.1, 0.7), None, "attention"),
        (0.6, "at least", (0.1, 0.69), None, "fail"),
        (0.95, "at most", (0.71, 1.0), None, "fail"),
        (0.95, "at most", (0.69, 1.0), None, "attention"),
        (3.0, "at most", (math.nan, math.nan), 2.0, "fail"),
        (1.5, "at most", (math.nan, math.nan), 2.0, "attention"),
        (1.5, "at most", (math.nan, math.nan), None, "attention"),
        (math.nan, "at most", (math.nan, math.nan), 2.0, "attention"),
    ],
)
def test_verdicts(number: float, bound: str, interval_: tuple[float, float], worse: float, verdict: str) -> None:
    found = rules.judged(("c", "l", "n"), number, (bound, 0.7), "said", interval=interval_, worse=worse)
    assert found.verdict == verdict


def test_a_bad_index_fails_and_a_good_one_passes() -> None:
    """The control: an audit that lets the first pass looks at nothing."""
    rng = np.random.default_rng(4)
    n = 60
    regions = [f"R{i:02d}" for i in range(n)]
    cause = rng.normal(size=(n, 2)) @ np.array([[1.0, 0.8], [0.0, 0.6]])
    codes = ["a", "b", "c", "d", "e", "f"]
    good = pd.DataFrame(50 + 9 * cause[:, [0, 0, 0, 1, 1, 1]] + 5 * rng.normal(size=(n, 6)), regions, codes)
    bad = good.copy()
    bad["b"] = 100 - bad["a"]  # reversed
    bad["e"] = bad["d"] + 0.01 * rng.normal(size=n)  # twice the same
    bad["f"] = 30.0  # the same everywhere
    bad.iloc[1:, 2] = 100.0  # all at the best end but one
    bad.iloc[0, 2] = 0.0
    methodology = tree({"body": codes[:3], "mind": codes[3:]})
    checks = ["negative correlation", "redundancy", "spread", "ends of the scale", "outliers", "alpha"]
    failed = audited(bad, methodology).counts["fail"]
    assert (failed[checks] > 0).all()
    passed = audited(good, methodology).counts
    assert passed["fail"].sum() == 0
    assert (passed.loc[checks, "attention"] == 0).all()


def test_what_2019_shows(real: Audit) -> None:
    assert real.regions == 17
    assert one(real, "negative correlation", "economy, ecology")["verdict"] == "fail"
    assert one(real, "ends of the scale", "preprimary_participation")["number"] == pytest.approx(15 / 17)
    assert "without physicians no region has an index" in one(real, "leave one out", "physicians")["sentence"]
    assert "beyond ±0.48" in one(real, "regions", "index")["sentence"]


def test_the_command_prints_counts_then_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["cwi", "audit", "2019", "--draws", "50"])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as left:
        cli.main()
    said = capsys.readouterr().out
    assert not left.value.code
    lines = said.splitlines()
    assert lines[0].split() == ["check", "fail", "attention", "pass"]
    assert said.index("\nfail ") < said.index("\nattention ")
    assert "and 13 more" in said
    monkeypatch.setattr("sys.argv", ["cwi", "audit", "1999"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 2
    assert few("a, b, c") == "a, b, c"


def test_weights_in_the_index_are_those_in_force() -> None:
    """In 2023 physicians are alone in their component, which counts a quarter of Public policy's half: 12.5 %."""
    table = audit(read_edition(2023).scores, 2023, rng=np.random.default_rng(1), draws=20).effective
    rows = table[(table["parent"] == "index") & (table["level"] == "indicator")].set_index("part")
    assert rows.loc[["physicians", "life_expectancy"], "nominal"].round(3).tolist() == [0.125, 0.125]
    assert rows.loc["physicians", "ratio"] == pytest.approx(1.56, abs=0.01)
    assert rows.loc["life_expectancy", "ratio"] == pytest.approx(0.91, abs=0.01)


def test_an_audit_is_one_line_and_a_table_of_what_does_not_pass() -> None:
    result = audit(read_edition(2019), rng=np.random.default_rng(1), draws=5)
    verdicts = result.findings["verdict"].value_counts()
    counted = ", ".join(f"{verdicts.get(verdict, 0)} {verdict}" for verdict in ("fail", "attention", "pass"))
    assert repr(result) == f"Audit(2019, methodology 2024.1: 17 regions, findings: {counted})"
    html = result._repr_html_()
    assert repr(result) in html
    assert html.index("<td>fail</td>") < html.index("<td>attention</td>")
    assert "<td>pass</td>" not in html
