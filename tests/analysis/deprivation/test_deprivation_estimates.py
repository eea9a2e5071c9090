"""Estimates of deprivation: errors against an independent computation, identities, disclosure, changes, reliability."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cwi.analysis.deprivation import (
    changes_between,
    dimension_flags,
    every_cutoff_estimates,
    hidden_domains,
    income_by_deprivation,
    order_robustness,
    overlap_estimates,
    profile,
    reliability_block,
)
from cwi.errors import DataError
from cwi.inputs.deprivation import Deprivations, code_deprivations, read_specification
from cwi.methods.deprivation import alkire_foster, gap_measures
from cwi.methods.survey import reliability

pytestmark = pytest.mark.slow

CodedBy = Callable[[str], Deprivations]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]


def independent(coded: Deprivations, y: np.ndarray, x: np.ndarray, rows: np.ndarray) -> tuple[float, float]:
    """A ratio and its error, unit by unit, as the textbook writes it."""
    w = coded.person * rows
    estimate = (w * y).sum() / (w * x).sum()
    u = w * (y - estimate * x) / (w * x).sum()
    variance = 0.0
    for stratum in coded.children["stratum"].unique():
        here = coded.children["stratum"] == stratum
        totals = [u[here & (coded.children["psu"] == psu)].sum() for psu in coded.children.loc[here, "psu"].unique()]
        n = len(totals)
        variance += n / (n - 1) * sum((total - np.mean(totals)) ** 2 for total in totals)
    return float(estimate), float(np.sqrt(variance))


@pytest.fixture(scope="module")
def table(coded_by: CodedBy) -> pd.DataFrame:
    return profile(coded_by("eu-child"))


def test_errors_agree_with_an_independent_computation(coded_by: CodedBy, table: pd.DataFrame) -> None:
    coded = coded_by("eu-child")
    used, poor = coded.used.astype(float), coded.poor.astype(float)
    share = np.nan_to_num(coded.share)
    furniture = np.nan_to_num(coded.items["furniture"].to_numpy())
    region = (coded.children["region"] == "KZ-39").to_numpy(float)
    w = np.where(coded.of > 0, 1 / np.maximum(coded.of, 1), 0)
    cases = {
        ("H", ""): (poor, used),
        ("M0", ""): (poor * share, used),
        ("A", ""): (poor * share, poor),
        ("uncensored", "furniture"): (used * furniture, used),
        ("censored", "furniture"): (poor * furniture, used),
        ("contribution", "furniture"): (poor * furniture * w, poor * share),
    }
    for rows, key in ((used, ("KZ", "")), (used * region, ("KZ-39", ""))):
        for (measure, of), (y, x) in cases.items():
            row = table[(table["measure"] == measure) & (table["of"] == of) & (table["region"] == key[0])]
            row = row[(row["area"] == "") & (row["group"] == "")].iloc[0]
            estimate, se = independent(coded, y, x, rows)
            assert row["estimate"] == pytest.approx(estimate), (measure, key)
            assert row["se"] == pytest.approx(se), (measure, key)
            t = stats.t.ppf(0.975, row["df"])
            half = t * se / (estimate * (1 - estimate))
            ends = 1 / (1 + np.exp(-(np.log(estimate / (1 - estimate)) + np.array([-half, half]))))
            assert [row["low"], row["high"]] == pytest.approx(ends)
    nation = table[(table["region"] == "KZ") & (table["measure"] == "H") & (table["group"] == "")]
    units, strata = coded.children["psu"].nunique(), coded.children["stratum"].nunique()
    assert nation[nation["area"] == ""]["df"].iloc[0] == units - strata


def test_identities_of_a_profile(coded_by: CodedBy, table: pd.DataFrame) -> None:
    for key, rows in table[table["status"] == ""].groupby(["region", "area", "group"]):
        value = rows.set_index(["measure", "of"])["estimate"]
        assert value["M0", ""] == pytest.approx(value["H", ""] * value["A", ""]), key
        assert value["contribution"].sum() == pytest.approx(1), key
        assert (value["censored"] <= value["uncensored"] + 1e-12).all(), key
    coded = coded_by("eu-child")
    known = alkire_foster(
        np.where(coded.applies, np.nan_to_num(coded.g), 0.0)[coded.used & (coded.band == 1)],
        np.ones(17), k=3 / 17, sample_weights=coded.person[coded.used & (coded.band == 1)],
    )  # fmt: skip
    band = table[table["group"] == "school"].set_index(["measure", "of"])["estimate"]
    assert [band["H", ""], band["M0", ""]] == pytest.approx([known.H, known.M0])


@pytest.mark.parametrize("name", ["cc-moda", "child-af"])
def test_other_specifications_keep_the_identities(coded_by: CodedBy, name: str) -> None:
    table = profile(coded_by(name))
    nation = table[(table["region"] == "KZ") & (table["area"] == "") & (table["group"] == "")]
    value = nation.set_index(["measure", "of"])["estimate"]
    assert value["M0", ""] == pytest.approx(value["H", ""] * value["A", ""])
    assert value["contribution"].sum() == pytest.approx(1)
    assert "outside the ages" not in set(table["group"])


GAPS = ["income", "grades_behind", "school", "persons_per_room", "water_minutes", "work_hours"]


def test_the_depth_of_deprivation_has_the_errors_of_the_design(coded_by: CodedBy) -> None:
    coded = coded_by("child-gaps")
    table = profile(coded)
    poor, used = coded.poor.astype(float), coded.used.astype(float)
    share = np.nan_to_num(coded.share)
    gap, square = (np.nan_to_num(coded.gap_share(power)) for power in (1, 2))
    region = (coded.children["region"] == "KZ-61").to_numpy(float)
    cases = {"M1": (poor * gap, used), "M2": (poor * square, used), "G": (poor * gap, poor * share),
             "S": (poor * square, poor * share)}  # fmt: skip
    for rows, key in ((used, "KZ"), (used * region, "KZ-61")):
        own = table[(table["region"] == key) & (table["area"] == "") & (table["group"] == "") & (table["of"] == "")]
        for measure, (y, x) in cases.items():
            row = own[own["measure"] == measure].iloc[0]
            assert [row["estimate"], row["se"]] == pytest.approx(independent(coded, y, x, rows)), (measure, key)
        value = own.set_index("measure")["estimate"]
        assert value["M1"] == pytest.approx(value["M0"] * value["G"])
        assert value["M2"] == pytest.approx(value["M0"] * value["S"])
        assert 0 < value["M2"] < value["M1"] < value["M0"] < value["H"]
    # the same by the function on arrays: what is beyond a cut-off upwards is measured from the worst end
    numbers = coded.children[GAPS].to_numpy(float)[coded.used]
    upwards = np.array([False, True, False, True, True, True])
    x = np.where(upwards, np.array([0, 12, 0, 20, 600, 112]) - numbers, numbers)
    z = np.array([43407, 11, 1, 17, 570, 98.0])
    peer = gap_measures(np.maximum(x, 0), z, [2, 1, 1, 1, 1, 2], k=0.25, sample_weights=coded.person[coded.used])
    nation = table[(table["region"] == "KZ") & (table["area"] == "") & (table["group"] == "")].set_index("measure")
    values = nation[nation["of"] == ""]["estimate"]
    assert [values[m] for m in ("H", "M0", "M1", "M2")] == pytest.approx([peer.H, peer.M0, peer.M1, peer.M2])
    curve = every_cutoff_estimates(coded)
    curve = curve[curve["region"] == "KZ"].set_index(["measure", "of"])["estimate"]
    assert curve["M1", "25"] == pytest.approx(values["M1"])
    assert curve["M2"].is_monotonic_decreasing
    assert not set(profile(coded_by("eu-child"))["measure"]) & {"M1", "M2", "G", "S"}  # yes or no has no depth


@given(seed=st.integers(0, 1000), k=st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8]))
@settings(deadline=None, max_examples=15)
def test_identities_of_depth(seed: int, k: int) -> None:
    """M1 = M0 G, M2 = M0 S, M2 <= M1 <= M0, parts of the country add up, and nearer to a cut-off M1 falls, M0 not."""
    rng = np.random.default_rng(seed)
    n = 60
    children = pd.DataFrame({
        "age": rng.integers(5, 18, n), "weight": rng.uniform(0.5, 2, n), "income": rng.uniform(0, 90_000, n),
        "grades_behind": rng.integers(0, 5, n), "school": rng.integers(0, 2, n), "work_hours": rng.integers(0, 60, n),
        "persons_per_room": rng.uniform(1, 7, n), "water_minutes": rng.integers(0, 90, n),
    })  # fmt: skip
    specification = read_specification("child-gaps").with_cutoff(k / 8 if k < 8 else 0.999)
    coded = code_deprivations(children, specification)
    w = coded.person / coded.person.sum()
    level = {power: w * coded.poor * coded.gap_share(power) for power in (0, 1, 2)}
    M0, M1, M2 = (level[power].sum() for power in (0, 1, 2))
    assert M2 <= M1 + 1e-12 <= M0 + 2e-12
    part = rng.random(n) < 0.5
    assert level[1][part].sum() + level[1][~part].sum() == pytest.approx(M1)
    income = children["income"]
    nearer = children.assign(income=income.where(income >= 43_407, (income + 43_406) / 2))
    after = code_deprivations(nearer, specification)
    assert (w * after.poor * after.share).sum() == pytest.approx(M0)
    moved = (w * after.poor * after.gap_share(1)).sum()
    assert moved < M1 if (coded.poor & (children["income"] < 43_000)).any() else moved <= M1


def test_every_cutoff_falls_and_meets_the_profile(coded_by: CodedBy, table: pd.DataFrame) -> None:
    curve = every_cutoff_estimates(coded_by("eu-child"))
    nation = curve[(curve["region"] == "KZ")].set_index(["measure", "of"])["estimate"]
    assert nation["H"].is_monotonic_decreasing
    assert nation["M0"].is_monotonic_decreasing
    own = table[(table["region"] == "KZ") & (table["area"] == "") & (table["group"] == "")].set_index("measure")
    assert nation["H", "3"] == pytest.approx(own["estimate"]["H"])
    assert nation["M0", "3"] == pytest.approx(own["estimate"]["M0"])
    two = profile(replace_cutoff(coded_by("eu-child"), 2))
    row = two[(two["region"] == "KZ") & (two["measure"] == "H") & (two["area"] == "") & (two["group"] == "")]
    assert row["estimate"].iloc[0] == pytest.approx(nation["H", "2"])


def test_nobody_deprived_and_nobody_counted(coded_by: CodedBy, says: Says) -> None:
    coded = coded_by("eu-child")
    lacks = [item.variable for item in coded.specification.items]
    rich = code_deprivations(coded.children.assign(**(dict.fromkeys(lacks, 1) | {"arrears": 0})), coded.specification)
    curve = every_cutoff_estimates(rich)
    nation = curve[curve["region"] == "KZ"].set_index(["measure", "of"])
    assert nation.index.tolist() == [("H", "3"), ("M0", "3")]
    assert (nation["estimate"] == 0).all()
    assert 0 < nation["high"]["H", "3"] < 0.01
    silent = code_deprivations(coded.children.assign(car=np.nan), coded.specification)
    with says(DataError, "no child has an answer to every item for its age; there is nothing to count"):
        every_cutoff_estimates(silent)


def replace_cutoff(coded: Deprivations, k: int) -> Deprivations:
    return code_deprivations(coded.children, coded.specification.with_cutoff(k))


def test_overlap_cells_hold_every_child_once(coded_by: CodedBy) -> None:
    coded = coded_by("cc-moda")
    flags = dimension_flags(coded)[["education", "water", "sanitation", "housing", "protection"]]
    table = overlap_estimates(flags, coded, by=["region"])
    shown = table[table["status"] != "suppressed"]
    for measure in ("cell", "breadth"):
        sums = shown[shown["measure"] == measure].groupby("region")["estimate"].sum()
        np.testing.assert_allclose(sums, 1.0)
    nation = overlap_estimates(flags, coded).set_index(["measure", "of"])
    lacking = np.average(flags["housing"][coded.used], weights=coded.person[coded.used])
    both = nation["estimate"]["alone", "housing"] + nation["estimate"]["shared", "housing"]
    assert both == pytest.approx(lacking)
    assert (nation["se"].loc["cell"] > 0).all()
    y = ((flags["water"] == 1) & (flags.drop(columns="water").sum(axis=1) == 0)).to_numpy(float)
    estimate, se = independent(coded, y, np.ones(len(y)), coded.used.astype(float))
    assert nation.loc[("cell", "water"), ["estimate", "se"]].tolist() == pytest.approx([estimate, se])


def test_income_and_deprivation_make_four_shares(coded_by: CodedBy) -> None:
    coded = coded_by("eu-child")
    table = income_by_deprivation(coded, 43_407.0).set_index("of")["estimate"]
    assert table.sum() == pytest.approx(1)
    below = coded.children["income"].to_numpy() < 43_407.0
    assert table["both"] == pytest.approx(
        np.average((below & coded.poor)[coded.used], weights=coded.person[coded.used])
    )
    with pytest.raises(ValueError, match=r"^the line is 0; it must be above zero$"):
        income_by_deprivation(coded, 0)


def test_small_domains_and_those_that_reveal_them_are_hidden(coded_by: CodedBy) -> None:
    coded = coded_by("eu-child")
    rural = (coded.children["region"] == "KZ-11") & (coded.children["area"] == "R")
    few = np.flatnonzero(rural & coded.used)[20:]
    made = replace(coded, used=np.where(np.isin(np.arange(len(rural)), few), False, coded.used))
    table = profile(made)
    rows = table[table["measure"] == "H"].set_index(["region", "area", "group"])
    assert rows["status"]["KZ-11", "R", ""] == "suppressed"
    assert np.isnan(rows["estimate"]["KZ-11", "R", ""])
    assert np.isnan(rows["n"]["KZ-11", "R", ""])
    other = [rows["status"]["KZ-11", "U", ""], rows["status"]["KZ-11", "", ""]]
    assert "suppressed" in other  # else the small one is the difference of the two
    assert rows["status"]["KZ-39", "", ""] == ""
    large = pd.DataFrame({"region": ["KZ", "A"], "area": "", "n": [90, 90]})
    assert not hidden_domains(large, nation="KZ").any()


def test_changes_are_split_and_have_errors(coded_by: CodedBy, table: pd.DataFrame) -> None:
    coded = coded_by("eu-child")
    worse = profile(code_deprivations(coded.children.assign(holiday=2.0, furniture=2.0, car=2.0), coded.specification))
    change = changes_between(table, worse, years=2)
    nation = change[(change["region"] == "KZ") & (change["area"] == "") & (change["group"] == "")].set_index("measure")
    assert nation["verdict"].loc[["H", "M0"]].tolist() == ["rise", "rise"]
    row = nation.loc["M0"]
    assert row["from_H"] + row["from_A"] == pytest.approx(row["change"])
    assert row["yearly"] == pytest.approx(row["change"] / 2)
    ses = [side[(side["region"] == "KZ") & (side["measure"] == "M0") & (side["area"] == "")]["se"].iloc[0]
           for side in (table, worse)]  # fmt: skip
    assert row["se"] == pytest.approx(np.hypot(*ses))
    same = changes_between(table, table, years=1)
    assert (same["verdict"] == "not significant").all()
    counted = table.assign(se=np.nan, df=np.nan)  # of a census
    assert set(changes_between(counted, worse.assign(se=np.nan, df=np.nan), years=1)["verdict"]) == {""}
    with pytest.raises(DataError, match=r"^the two years have no domain in common$"):
        changes_between(table[table["region"] == "KZ-11"], table[table["region"] == "KZ-39"], years=1)


def test_reliability_is_that_of_the_items(coded_by: CodedBy) -> None:
    coded = coded_by("eu-child")
    block = reliability_block(coded)
    items = np.nan_to_num(coded.items.to_numpy()[coded.used])
    assert block.alpha == pytest.approx(reliability(items, coded.person[coded.used]).alpha)
    assert block.low < block.alpha < block.high
    assert block.items["suitability"].dropna().between(0.8, 1).all()
    assert (block.items["relative_risk"].dropna() > 1).mean() > 0.9
    unwanted = code_deprivations(coded.children.assign(car=3.0), coded.specification)
    assert "not wanted by most" in reliability_block(unwanted).items["remark"]["car"]


def test_the_order_of_regions_under_other_choices(coded_by: CodedBy) -> None:
    for name in ("eu-child", "child-af"):
        found = order_robustness(coded_by(name))
        assert 0 < found.pairs <= found.table["same_pairs"].min()
        assert found.table["kendall"].max() == pytest.approx(1)
    assert list(found.table.index) == ["k = 18.75%", "k = 25%", "k = 31.25%", "2 × health", "2 × education",
                                       "2 × living", "2 × material"]  # fmt: skip


def test_of_a_register_no_error_is_computed(coded_by: CodedBy) -> None:
    table = profile(coded_by("eu-child"), census=True)
    assert table[["se", "low", "high"]].isna().all(axis=None)
    assert table["estimate"].notna().any()
