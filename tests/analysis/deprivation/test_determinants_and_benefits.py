"""Associations against statsmodels, a jackknife and a simulation; benefits of a household computed by hand."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from cwi import folders
from cwi.analysis.deprivation import (
    associations,
    balance_table,
    decompose_gap,
    scorecard,
    simulate_benefits,
    wild_bootstrap_p,
)
from cwi.analysis.deprivation.benefits import entitlements
from cwi.errors import DataError
from cwi.inputs.benefits import BENEFITS, LAWS, read_benefit_rules, read_laws, read_totals
from cwi.inputs.deprivation import Deprivations

CodedBy = Callable[[str], Deprivations]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
COVARIATES = ["area", "mother_education", "adults_working", "children"]


@pytest.fixture(scope="module")
def coded(coded_by: CodedBy) -> Deprivations:
    return coded_by("eu-child")


def outcome(coded: Deprivations) -> np.ndarray:
    return np.where(coded.used, coded.poor.astype(float), np.nan)


@pytest.mark.slow
def test_coefficients_are_those_of_statsmodels_and_errors_those_of_the_design(coded: Deprivations) -> None:
    y, children = outcome(coded), coded.children
    used = coded.used
    X = sm.add_constant(
        pd.DataFrame({"R": children["area"] == "R"} | {name: children[name] for name in COVARIATES[1:]}).astype(float)
    )[used].to_numpy()
    w = coded.person[used]
    for model, family in (("logit", sm.families.links.Logit()), ("probit", sm.families.links.Probit())):
        got = associations(y, children, COVARIATES, model=model)
        peer = sm.GLM(y[used], X, family=sm.families.Binomial(family), freq_weights=w).fit()
        np.testing.assert_allclose(got.table["coef"], peer.params, rtol=1e-5, atol=1e-7)
    got = associations(y, children, COVARIATES)
    assert got.reference == {"area": "U"}
    assert got.df == children["psu"].nunique() - children["stratum"].nunique() - 4
    mu = 1 / (1 + np.exp(-X @ got.table["coef"].to_numpy()))
    score = X * (w * (y[used] - mu))[:, None]
    bread = np.linalg.inv(X.T @ (X * (w * mu * (1 - mu))[:, None]))
    meat = np.zeros((5, 5))
    psu, stratum = children["psu"][used].to_numpy(), children["stratum"][used].to_numpy()
    for one in np.unique(children["stratum"]):
        units = children.loc[children["stratum"] == one, "psu"].unique()
        totals = np.array([score[(psu == unit) & (stratum == one)].sum(axis=0) for unit in units])
        left = totals - totals.mean(axis=0)
        meat += len(units) / (len(units) - 1) * left.T @ left
    np.testing.assert_allclose(got.table["se"], np.sqrt(np.diag(bread @ meat @ bread)), rtol=1e-5)


@pytest.mark.slow
def test_average_differences_are_those_of_predictions(coded: Deprivations) -> None:
    y, children = outcome(coded), coded.children
    got = associations(y, children, COVARIATES).table
    used, w = coded.used, coded.person[coded.used]

    def share(area: float | None, shift: float = 0.0) -> float:
        x = np.column_stack([
            np.ones(used.sum()), (children["area"] == "R")[used] if area is None else np.full(used.sum(), area),
            children["mother_education"][used] + shift, children["adults_working"][used], children["children"][used],
        ]).astype(float)  # fmt: skip
        return float(np.average(1 / (1 + np.exp(-x @ got["coef"].to_numpy())), weights=w))

    assert got["ame"]["area: R"] == pytest.approx(share(1.0) - share(0.0))
    assert got["ame"]["mother_education"] == pytest.approx((share(None, 1e-4) - share(None, -1e-4)) / 2e-4, rel=1e-4)
    assert (got["ame_se"].dropna() > 0).all()


@pytest.mark.slow
def test_errors_of_few_clusters(coded: Deprivations) -> None:
    y, children = np.where(coded.used, coded.share, np.nan), coded.children
    by = {kind: associations(y, children, COVARIATES, model="ols", variance=kind) for kind in ("CR2", "CR3")}
    for fit in by.values():
        assert fit.df == fit.table["df"].min() < 19
        assert fit.table["df"].max() < 20
        assert fit.table["ame_df"].drop("constant").tolist() == pytest.approx(fit.table["df"].drop("constant").tolist())
    assert (by["CR3"].table["se"] > by["CR2"].table["se"]).all()  # the jackknife is on the safe side
    used = coded.used
    X = np.column_stack([np.ones(used.sum()), *(pd.get_dummies(children["area"])[["R"]].to_numpy(float)[used].T),
                         *(children[name][used] for name in COVARIATES[1:])])  # fmt: skip
    peer = sm.WLS(y[used], X, weights=coded.person[used])
    fitted = peer.fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(children["region"][used])[0]})
    np.testing.assert_allclose(by["CR2"].table["coef"], fitted.params)
    np.testing.assert_allclose(by["CR2"].table["se"], fitted.bse, rtol=0.25)
    fraction = associations(y, children, COVARIATES, model="fractional", variance="CR3").table
    np.testing.assert_allclose(fraction["ame"].dropna(), by["CR3"].table["ame"].dropna(), atol=0.02)


@pytest.mark.slow
def test_intervals_of_twenty_clusters_hold_the_truth_as_often_as_they_should() -> None:
    rng = np.random.default_rng(8)
    held = {"CR2": 0, "CR3": 0}
    rounds = 120
    slopes, freedom = [], []
    groups = np.repeat(np.arange(20), 15)
    for _ in range(rounds):
        x = np.repeat(rng.normal(size=20), 15) + 0.3 * rng.normal(size=300)
        y = 0.5 + 0.1 * x + np.repeat(0.15 * rng.normal(size=20), 15) + 0.2 * rng.normal(size=300)
        table = pd.DataFrame({"x": x, "region": groups.astype(str), "weight": 1.0, "stratum": 0, "psu": groups})
        for kind in held:
            row = associations(y, table, ["x"], model="ols", variance=kind).table.loc["x"]
            held[kind] += bool(row["low"] <= 0.1 <= row["high"])
        slopes.append(row["coef"])
        freedom.append(row["df"])
    near = 4 * np.std(slopes, ddof=1) / np.sqrt(rounds)
    assert np.mean(slopes) == pytest.approx(0.1, abs=near)  # no bias beyond what 120 samples can show
    assert abs(np.mean(slopes)) > near  # a control: the same test tells the truth from zero
    assert 5 < np.mean(freedom) < 12
    assert held["CR2"] / rounds >= 0.92
    assert held["CR3"] >= held["CR2"]


def test_a_logit_linearised_by_clusters_is_that_of_full_matrices(coded: Deprivations) -> None:
    rows = np.flatnonzero(coded.used)[::40]
    children, y = coded.children.iloc[rows].reset_index(drop=True), coded.poor[rows].astype(float)
    got = associations(y, children, ["mother_education", "children"], variance="CR2").table
    X = np.column_stack([np.ones(len(y)), children[["mother_education", "children"]].to_numpy(float)])
    w = children["weight"].to_numpy(float)
    mu = 1 / (1 + np.exp(-X @ got["coef"].to_numpy()))
    scale = np.sqrt(mu * (1 - mu))
    Z, e = X * scale[:, None], (y - mu) / scale
    W, bread = np.diag(w), np.linalg.inv(Z.T @ (Z * w[:, None]))
    left = np.eye(len(y)) - Z @ bread @ Z.T @ W
    meat, each = np.zeros((3, 3)), []
    for region in children["region"].unique():
        here = np.flatnonzero(children["region"] == region)
        values, vectors = np.linalg.eigh(left[here] @ left[here].T)
        L = (vectors / np.sqrt(values)) @ vectors.T @ W[np.ix_(here, here)] @ Z[here] @ bread
        meat += np.outer(L.T @ e[here], L.T @ e[here])
        each.append(left[here].T @ L[:, 1])
    products = np.array(each) @ np.array(each).T
    np.testing.assert_allclose(got["se"], np.sqrt(np.diag(meat)), rtol=1e-6)
    assert got["df"]["mother_education"] == pytest.approx(np.trace(products) ** 2 / (products**2).sum(), rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "link"), [("logit", stats.logistic.cdf), ("probit", stats.norm.cdf)])
def test_known_coefficients_are_recovered_from_twenty_clusters(model: str, link: Callable[[Any], Any]) -> None:
    rng = np.random.default_rng(11)
    groups, truth = np.repeat(np.arange(20), 250), {"constant": -0.5, "x": 0.7, "z": -0.4}
    x, z = rng.normal(size=(2, groups.size))
    y = (rng.random(groups.size) < link(-0.5 + 0.7 * x - 0.4 * z)).astype(float)
    table = pd.DataFrame({"x": x, "z": z, "region": groups.astype(str), "weight": 1.0, "stratum": 0, "psu": groups})
    got = associations(y, table, ["x", "z"], model=model, variance="CR3")
    assert got.clusters == 20
    assert 15 < got.df < 19
    for name, coefficient in truth.items():
        row = got.table.loc[name]
        assert abs(row["coef"] - coefficient) < 3 * row["se"], name
        assert row["se"] < 0.05, name
    assert not got.table["low"]["x"] <= 0 <= got.table["high"]["x"]


@pytest.mark.slow
def test_the_wild_bootstrap_tells_a_term_that_matters_from_one_that_does_not(coded: Deprivations) -> None:
    y = outcome(coded)
    children = coded.children.assign(noise=np.random.default_rng(1).normal(size=len(y)))
    both = [
        wild_bootstrap_p(y, children, [*COVARIATES, "noise"], term, rng=np.random.default_rng(2), draws=199)
        for term in ("mother_education", "noise")
    ]
    assert both[0] < 0.02 < both[1]


def test_a_balance_table_and_a_gap(coded: Deprivations) -> None:
    children, y = coded.children, outcome(coded)
    rural = (children["area"] == "R").to_numpy()
    table = balance_table(children, rural, ["mother_education", "region"])
    w = children["weight"]
    assert table["first"]["mother_education"] == pytest.approx(
        np.average(children["mother_education"][rural], weights=w[rural])
    )
    assert table["outside"]["region: KZ-71"] == 0
    assert balance_table(children, ~rural, ["region"])["outside"]["region: KZ-71"] > 0  # a city has no rural part
    gap = decompose_gap(y, children, rural, COVARIATES[1:])
    shares = [np.average(y[side & coded.used], weights=w[side & coded.used]) for side in (rural, ~rural)]
    assert gap["estimate"]["gap"] == pytest.approx(shares[0] - shares[1])
    assert gap["estimate"][["accounted", "rest"]].sum() == pytest.approx(gap["estimate"]["gap"])
    assert gap["estimate"].iloc[3:].sum() == pytest.approx(gap["estimate"]["accounted"])
    assert (gap["se"] > 0).all()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"model": "logt"},
            "there is no model 'logt' (did you mean 'logit'?); there are logit, probit, fractional, ols",
        ),
        ({"variance": "CR2", "cluster": "one"}, "there is one cluster; a variance by clusters needs at least two"),
        (
            {"variance": "CR3", "covariates": ["only"]},
            "CR3: without one of the clusters the coefficients are not determined; take CR2",
        ),
        ({"covariates": ["area", "area "]}, None),
        ({"y": 0.5}, "the outcome of the model 'logit' must be 0 or 1; 'fractional' takes shares"),
        ({"y": 1.0}, "the outcome does not vary"),
        (
            {"covariates": ["poor_home"]},
            "every child with 'poor_home', or every child without it, has the same outcome, so that its coefficient is "
            "not finite; join categories, leave it out or take the model 'ols'",
        ),
        (
            {"covariates": ["teller"]},
            "the covariates predict every outcome, so that coefficients are not finite; leave one out or take the "
            "model 'ols'",
        ),
        ({"covariates": ["one"]}, "'one' does not vary among the children with an answer"),
        ({"covariates": ["age", "twice"]}, "the covariates are linearly dependent; leave one out"),
    ],
)
def test_what_cannot_be_fitted_is_refused(coded: Deprivations, options: dict[str, Any], sentence: str | None) -> None:
    children = coded.children.assign(
        one=1,
        twice=2 * coded.children["age"],
        only=coded.children["region"] == "KZ-11",
        poor_home=coded.poor & (coded.children["age"] > 9),
        teller=coded.poor + np.random.default_rng(1).uniform(0, 0.5, len(coded.poor)),
    )
    given: dict[str, Any] = {"y": outcome(coded), "covariates": ["area"]} | options
    y = np.broadcast_to(given.pop("y"), len(children))
    with pytest.raises(DataError) as refused:
        associations(y, children, given.pop("covariates"), **given)
    assert sentence is None or str(refused.value) == sentence


# ---------------------------------------------------------------- benefits


def family(**changes: Any) -> pd.DataFrame:
    """Five children of 0, 1, 4, 7 and 12, two adults, one of whom works."""
    rows = [{"household": "a", "age": age, "household_size": 7, "children": 5, "income": 20_000.0, "weight": 1.0,
             "adults_working": 1, "benefit_income": 0.0} for age in (0, 1, 4, 7, 12)]  # fmt: skip
    return pd.DataFrame(rows).assign(**changes)


def test_the_benefits_of_a_household_by_hand() -> None:
    rules = read_benefit_rules("2024-07-01")
    mci, minimum = 3692, 43407
    got = entitlements(family(), rules).loc["a"]
    assert got["birth"] == pytest.approx(63 * mci / 12)  # the fifth child
    assert got["care"] == pytest.approx(8.9 * mci + 0.5 * 8.9 * mci)  # the fifth and, for half a year, the fourth
    assert got["large_family"] == pytest.approx(20.04 * mci)
    others = got["birth"] + got["care"] + got["large_family"]
    gap = 0.7 * minimum * 7 - 20_000 * 7 - others
    assert gap < 0
    assert got["targeted"] == 0
    poor = entitlements(family(income=5_000.0), rules).loc["a"]
    assert poor["targeted"] == pytest.approx(0.7 * minimum * 7 - 5_000 * 7 - others + 2 * 1.5 * mci)  # of 1 and 4 years
    assert entitlements(family(adults_working=2), rules).loc["a", "care"] == 0
    small = entitlements(family(children=3).iloc[2:], rules).loc["a"]
    assert small[["birth", "care", "large_family"]].tolist() == [0, 0, 0]
    many = entitlements(family(children=9), rules).loc["a"]
    assert many["large_family"] == pytest.approx(9 * 4 * mci)
    later = read_benefit_rules("2026-02-01")
    assert entitlements(family(), later).loc["a", "large_family"] == pytest.approx(20.04 * 4325)


@pytest.mark.slow
def test_poverty_before_and_after_each_benefit(coded: Deprivations) -> None:
    rules = read_benefit_rules("2024-07-01")
    got = simulate_benefits(coded, rules, rng=np.random.default_rng(1), full_take_up=True)
    table, children = got.table, coded.children
    homes = entitlements(children, rules)
    income, w = homes["income"].copy(), coded.person
    place = homes.index.get_indexer(pd.Index(children["household"]))
    assert got.poverty_before == pytest.approx(np.average((income < rules.subsistence).to_numpy()[place], weights=w))
    for name in BENEFITS:
        income = income + homes[name] / homes["size"]
        poor = np.average((income < rules.subsistence).to_numpy()[place], weights=w)
        assert table["poverty"][name] == pytest.approx(poor)
        assert table["poverty_change"][name] == pytest.approx(poor - got.poverty_before)
    assert table["poverty"].is_monotonic_decreasing
    assert table["cost"]["all"] == pytest.approx(table["cost"][list(BENEFITS)].sum())
    assert table["leakage"]["targeted"] == 0
    assert (table["take_up"][list(BENEFITS)] == 1).all()
    one = children.drop_duplicates("household").set_index("household")
    represented = children.groupby("household")["weight"].sum() / one.index.map(children["household"].value_counts())
    cost = (represented.reindex(homes.index) * homes["large_family"]).sum() * 12 / 1e9
    assert table["cost"]["large_family"] == pytest.approx(cost)
    part = simulate_benefits(coded, rules, rng=np.random.default_rng(1))
    assert part.table["take_up"].drop("all").to_dict() == rules.take_up
    assert part.table["recipients"]["targeted"] < table["recipients"]["targeted"]


def test_the_scorecard_prints_the_gap(coded: Deprivations) -> None:
    rules = read_benefit_rules("2024-07-01")
    card = scorecard(simulate_benefits(coded, rules, rng=np.random.default_rng(1)), coded, rules)
    assert len(card) == len(read_totals())
    assert (card["gap"] == card["simulated"] - card["published"]).all()
    birth = card[(card["benefit"] == "birth") & (card["quantity"] == "children")].iloc[0]
    assert birth["published"] == 378.1
    assert birth["simulated"] == pytest.approx(378.1, rel=0.25)


def test_parameters_and_laws_are_dated(says: Says) -> None:
    assert read_benefit_rules("2025-01-01").values["targeted"]["line"] == 0.7
    with says(DataError, "data/benefits/parameters.csv: nothing of 'birth' holds on 2023-06-01"):
        read_benefit_rules("2023-06-01")
    with says(DataError, "data/benefits/amounts.csv: there is no MCI for 2022-06-01"):
        read_benefit_rules("2022-06-01")
    laws = read_laws().set_index("code")
    assert {"child_rights", "social_code"} <= set(laws.index)
    assert laws[["title_en", "title_ru", "title_kk", "source"]].ne("").all(axis=None)
    given = {"convention": "1994", "index": "2020-10", "plan_2023_2025": "2023", "national_fund": "2024"}
    assert laws["date"][list(given)].to_dict() == given  # sources that name no day


def laws_dated(folder: Path, *dates: str) -> list[str]:
    """The dates of a register with these, as it is read."""
    table = folder / "data" / "benefits" / "laws.csv"
    table.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"act_{i},{date},A,B,C,all,right,,,yes,source,read" for i, date in enumerate(dates)]
    table.write_text("\n".join([",".join(LAWS), *rows]) + "\n", encoding="utf-8")
    with folders.within(folder):
        return read_laws()["date"].tolist()


def test_laws_are_in_the_order_of_the_earliest_day_of_a_year_a_month_or_a_day(tmp_path: Path) -> None:
    dates = ["2023-04-20", "2023-04-01", "2023", "1994", "2023-04", "2023-01-01", "2022-12-31", "2024-02-29"]
    ordered = ["1994", "2022-12-31", "2023", "2023-01-01", "2023-04-01", "2023-04", "2023-04-20", "2024-02-29"]
    assert laws_dated(tmp_path, *dates) == ordered


@pytest.mark.parametrize(
    "date",
    ["", "94", "2023-", "2023-4", "2023-13", "2023-00", "2023-02-29", "2023-04-2", "20230420", "2023-W05", "0000",
     "2023-04-20T00", "20.04.2023", "May 2023", "٢٠٢٣"],
)  # fmt: skip
def test_a_law_without_a_date_is_refused(date: str, tmp_path: Path, says: Says) -> None:
    with says(
        DataError,
        f"data/benefits/laws.csv line 3: date is '{date}'; it must be a year, a month or a day, like 2023, 2023-04 or "
        "2023-04-20",
    ):
        laws_dated(tmp_path, "2023", date)


def test_each_benefit_has_its_law_and_reads_that_the_article_was_not_checked() -> None:
    table = read_benefit_rules("2024-07-01").benefits.set_index("code")
    assert set(table.index) == set(BENEFITS)
    assert table["law"].str.startswith("Social Code").all()
    assert table["note"].str.contains("article number not checked").all()


def test_a_benefit_without_parameters_is_not_offered(coded: Deprivations, says: Says) -> None:
    rules = read_benefit_rules("2024-07-01")
    with says(DataError, "there is no benefit 'disability'; there are birth, care, large_family, targeted"):
        simulate_benefits(coded, rules, rng=np.random.default_rng(1), benefits=["disability"])


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("amounts", "3692,KZT,2024-01-01", "3692,KZT,01.01.2024",
         "data/benefits/amounts.csv line 3: valid_from is '01.01.2024'; it must be a day like 2024-01-01"),
        ("amounts", "2024-12-31,https://sozmedia", "2024-13-31,https://sozmedia",
         "data/benefits/amounts.csv line 3: valid_to is '2024-13-31'; it must be a day like 2024-01-01"),
        ("amounts", "2024-12-31,https://sozmedia", "2023-12-31,https://sozmedia",
         "data/benefits/amounts.csv line 3: valid_to is 2023-12-31, before valid_from, 2024-01-01"),
        ("amounts", "2024-12-31,https://sozmedia", "2025-01-01,https://sozmedia",
         "data/benefits/amounts.csv line 4: 'MCI' holds from 2025-01-01, when line 3 holds too; let one period end "
         "before the next begins"),
        ("parameters", "targeted,line,0.7,of the subsistence minimum,2024-01-01,2024-12-31",
         "targeted,line,0.7,of the subsistence minimum,2024-01-01,",
         "data/benefits/parameters.csv line 17: 'targeted line' holds from 2025-01-01, when line 16 holds too; let one "
         "period end before the next begins"),
    ],
)  # fmt: skip
def test_periods_are_days_and_do_not_overlap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: Says, file: str, old: str, new: str, sentence: str
) -> None:
    shutil.copytree(folders.data() / "benefits", tmp_path / "data" / "benefits")
    path = tmp_path / "data" / "benefits" / f"{file}.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    with folders.within(tmp_path), says(DataError, sentence):
        read_benefit_rules("2024-07-01")
