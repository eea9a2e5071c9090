"""The children's budget: a budget worked by hand, what must hold of any, and the real figures."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwi.analysis.budget import (
    BY,
    by_function,
    change,
    classify,
    compare_with_age,
    gaps,
    share,
    summary,
    totals,
    unclassified,
)
from cwi.errors import DataError
from cwi.inputs.budget import read_coefficients, read_executed, read_functions, read_lines
from cwi.observations import read_observations

BASE = {"level": "region", "year": 2025, "phase": "plan", "as_of": "2024-12-13", "functional_subgroup": "1"}


def budget(*rows: tuple[str, str, str, str, int]) -> pd.DataFrame:
    names = ["region", "functional_group", "administrator", "programme", "amount"]
    return pd.DataFrame([dict(zip(names, row, strict=True)) | BASE | {"name": "x"} for row in rows])


def table(*rows: tuple[str, str, str, float, float, float]) -> pd.DataFrame:
    names = ["administrator", "programme", "class", "coefficient", "low", "high"]
    frame = pd.DataFrame(rows, columns=names).assign(capital=False, right="", component="", name="y")
    return frame.set_index(["administrator", "programme"])


LINES = budget(
    ("A", "04", "261", "082", 1_000_003), ("A", "05", "253", "033", 333_333), ("A", "13", "257", "012", 50_000),
    ("A", "15", "257", "007", 700_000), ("A", "06", "256", "113", 90_000),
    ("B", "04", "261", "082", 200_001), ("B", "04", "253", "057", 99_999),
)  # fmt: skip
RULES = table(
    ("261", "082", "direct", 1, 1, 1), ("253", "033", "indirect", 0.3, 0.2, 0.4), ("253", "057", "none", 0, 0, 0)
)
FUNCTIONS = read_functions()


def test_two_regions_worked_by_hand() -> None:
    # A pays 700,000 and 90,000 to B and its districts: spent there. A: own 1,383,336, children 1,000,003 + 99,999.9
    found = share(classify(LINES, RULES, FUNCTIONS))
    a, b = found.loc[("A", 2025)], found.loc[("B", 2025)]
    assert (a["own"], b["own"]) == (1_383_336, 300_000)
    assert [round(a[name]) for name in ("children", "children_low", "children_high")] == [
        1_100_003,
        1_066_670,
        1_133_336,
    ]
    assert b["children"] == 200_001
    assert a["classified"] == pytest.approx(1_333_336 / 1_383_336)
    assert unclassified(classify(LINES, RULES, FUNCTIONS))["amount"].tolist() == [50_000]


def test_a_reclassification_is_a_part_of_the_change_of_its_own() -> None:
    changed = RULES.copy()
    changed.loc[("253", "057"), ["class", "coefficient", "low", "high"]] = ["indirect", 0.5, 0.3, 0.7]
    old, new = (share(classify(LINES, rules, FUNCTIONS)).loc[("B", 2025)] for rules in (RULES, changed))
    assert new["children"] - old["children"] == pytest.approx(49_999.5)
    year = pd.Series({"own": 300_000.0, "share": old["share"], "children": 10.0, "deflator": 1.0})
    later = year.copy()
    later["share"], later["same_share"] = new["share"], old["share"]
    parts = change(year, later)
    assert parts["classification"] == pytest.approx(parts["total"])
    assert parts["share"] == 0


amounts = st.lists(st.integers(1, 10**12), min_size=7, max_size=7)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(amounts, st.permutations(range(7)))
def test_shares_are_shares_and_the_order_of_lines_does_not_matter(values: list[int], order: list[int]) -> None:
    lines = LINES.assign(amount=values)
    found = share(classify(lines, RULES, FUNCTIONS))
    assert ((found["low"] >= 0) & (found["low"] <= found["share"]) & (found["share"] <= found["high"])).all()
    assert (found["high"] <= 1 + 1e-12).all()
    shuffled = share(classify(lines.iloc[order].reset_index(drop=True), RULES, FUNCTIONS))
    pd.testing.assert_frame_equal(found, shuffled.reindex(found.index), check_exact=False, rtol=1e-12)


positive = st.floats(0.01, 1e6)


@pytest.mark.slow
@given(st.lists(positive, min_size=4, max_size=4), st.lists(positive, min_size=5, max_size=5))
def test_the_parts_of_a_change_add_up(first: list[float], second: list[float]) -> None:
    names = ["own", "share", "children", "deflator", "same_share"]
    before, after = pd.Series(first, index=names[:4]), pd.Series(second, index=names)
    parts = change(before, after)
    assert parts["total"] == pytest.approx(parts.drop("total").sum(), abs=1e-6)


def test_a_programme_under_a_wrong_administrator_is_refused() -> None:
    lines = budget(("A", "04", "999", "082", 5)).assign(name="y")
    with pytest.raises(DataError) as problem:
        classify(lines, RULES, FUNCTIONS)
    assert str(problem.value) == (
        "A, 2025: programme 082 'y' is under administrator 999; the coefficients have it under 261: correct the code, "
        "or add a row"
    )


@pytest.mark.slow
def test_each_of_the_11_regions_adds_up_to_its_decision() -> None:
    lines = read_lines()
    found = totals(lines, classify(lines, read_coefficients(), FUNCTIONS))
    whole = found[found["place"] == "EXP"]
    assert len(whole) == 11
    assert (whole["difference"] == 0).all()
    rest = found[found["place"] != "EXP"][["region", "place", "difference"]]
    assert [tuple(row) for row in rest.to_numpy()] == [
        ("KZ-79", "06/9/307", 388_000_000), ("KZ-23", "08/3/759", 116_567_000), ("KZ-23", "TXT.8", 180_000_000),
    ]  # fmt: skip


def test_regions_add_up_to_the_published_total_or_by_how_much_they_do_not() -> None:
    found = gaps(read_executed(), "KZ")
    whole = [2016, 2017, 2018, 2019, 2020, 2021, 2024]
    assert (found.loc[whole].abs() < 0.01).all(axis=None)
    assert found.at[2015, "EXP"] == 19_000
    assert (found.loc[[2022, 2023], "EXP"] > 600_000).all()


@pytest.mark.slow
def test_the_observations_are_what_the_budget_gives() -> None:
    rows = read_observations().query("indicator == 'child_budget_share_local'").set_index(["region", "year"])
    found = by_function(read_executed(), FUNCTIONS).spending
    assert set(rows.index.get_level_values("year")) == {2018, 2019, 2020, 2021, 2023, 2024}
    assert (rows["value"] - 100 * found["share"].reindex(rows.index)).abs().max() < 0.00501
    interval = [f"interval {100 * found.at[key, 'low']:.2f} to {100 * found.at[key, 'high']:.2f}" for key in rows.index]
    assert all(note.startswith(text) for note, text in zip(rows["note"], interval, strict=True))
    assert {key for key, status in rows["status"].items() if status == "partial"} == {("KZ-79", 2018), ("KZ-YUZ", 2018)}


def test_what_the_age_structure_predicts_is_right_on_average() -> None:
    index = pd.MultiIndex.from_product([["a", "b", "c"], [2024]], names=["region", "year"])
    spending = pd.DataFrame({"share": [0.3, 0.5, 0.4]}, index=index)
    found = compare_with_age(spending, pd.Series([2.0, 4, 3], index), pd.Series([10.0, 10, 10], index), 2024)
    assert found["difference"].abs().max() == pytest.approx(0, abs=1e-12)
    assert found.at["b", "predicted"] == pytest.approx(0.5)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(amounts)
def test_every_way_to_add_up_gives_the_same_sum(values: list[int]) -> None:
    classified = classify(LINES.assign(amount=values), RULES, FUNCTIONS)
    whole = share(classified)["children"].sum()
    for by in BY:
        assert summary(classified, by)["children"].sum() == pytest.approx(whole)
