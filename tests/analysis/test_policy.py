"""Statuses worked out by hand, Comfortable School as it went, and the progress of indicators near bounds."""

from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwi import read_methodology
from cwi.analysis.policy import PROGRESS, STATUSES, aims, judge, progress, reaches, unaimed
from cwi.errors import DataError
from cwi.inputs.policy import Register, read_register

LATER = "2026-11-27"
PROMISE = (100, "exactly", "2024-12-31", "2024-01-01")  # 365 days
UNKNOWN_DAY = "the day of the last figure is not known; it may be before or after the due date"
NO_FACT = "no dated figure was published after the announcement"


def days(text):
    period = pd.Period(text, freq={4: "Y", 7: "M", 10: "D"}[len(text)])
    return period.start_time.normalize(), period.end_time.normalize()


def register(targets, facts, kind="promised"):
    """A register of one measure, homes: rows (value, bound, due, announced[, reading]) and (value, bound, as_of)."""
    goals = [
        {"measure": "homes", "value": float(value), "bound": bound, "due": pd.Timestamp(due) if due else pd.NaT,
         "announced": announced, "source": "plan", "reading": "".join(reading), "note": "",
         "announced_earliest": days(announced)[0], "announced_latest": days(announced)[1]}
        for value, bound, due, announced, *reading in targets
    ]  # fmt: skip
    found = [
        {"measure": "homes", "value": float(value), "bound": bound, "as_of": as_of, "source": "news", "reading": "",
         "note": "", "as_of_earliest": days(as_of)[0], "as_of_latest": days(as_of)[1]}
        for value, bound, as_of in facts
    ]  # fmt: skip
    columns = ["measure", "value", "bound", "as_of", "source", "reading", "note", "as_of_earliest", "as_of_latest"]
    measures = pd.DataFrame({"kind": [kind], "component": ["family"]}, index=pd.Index(["homes"], name="measure"))
    empty = pd.DataFrame()
    return Register(measures, pd.DataFrame(goals), pd.DataFrame(found, columns=columns), empty, empty)


def one(facts, target=PROMISE, as_of=LATER, kind="promised"):
    table = judge(register([target], facts, kind), as_of)
    return tuple(table.loc[0, ["status", "reason"]])


KEPT = ("kept", "a figure dated by the due date reaches the target")
MISSED = ("missed", "the first figure on or after the due date does not reach the target")
UNCHECKED = "cannot be checked"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([(100, "exactly", "2024-12-31")], KEPT),
        ([(100, "exactly", "2024-06-30")], KEPT),
        ([(100, "exactly", "2024-12")], KEPT),
        ([(90, "exactly", "2024-12-31")], MISSED),
        ([(90, "exactly", "2025-01-05")], MISSED),
        ([(90, "exactly", "2025")], MISSED),
        ([(90, "at most", "2025")], MISSED),
        ([(90, "exactly", "2024")], (UNCHECKED, UNKNOWN_DAY)),
        ([(90, "exactly", "2024-12")], (UNCHECKED, UNKNOWN_DAY)),
        ([(90, "exactly", "2025-01-05"), (100, "exactly", "2025-06-01")],
         ("late", "the target was reached after the due date")),
        ([(100, "exactly", "2025-06-01")],
         (UNCHECKED, "the target is reached, but the first figure is dated after the due date")),
        ([(100, "exactly", "2024")],
         (UNCHECKED, "the target is reached, but the figure may be of before the announcement")),
        ([(90, "exactly", "2024-11-30")], (UNCHECKED, "the last figure is dated before the due date")),
        ([(80, "at least", "2025-01-05")],
         (UNCHECKED, "the figure is known as 'at least' only and does not settle it")),
        ([(120, "at most", "2024-12-31")],
         (UNCHECKED, "the figure is known as 'at most' only and does not settle it")),
        ([(100, "exactly", "2024-01-01")], (UNCHECKED, NO_FACT)),
        ([(100, "exactly", "2026-11-28")], (UNCHECKED, NO_FACT)),
        ([(90, "exactly", "2026")], (UNCHECKED, NO_FACT)),
        ([], (UNCHECKED, NO_FACT)),
    ],
)  # fmt: skip
def test_a_promise_after_its_day(facts, expected):
    assert one(facts) == expected


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        ((60, "exactly", "2024-07-01"), ("on track", "60% of the target after 50% of the time")),  # 182 of 365 days
        ((40, "exactly", "2024-07-01"), ("late", "40% of the target after 50% of the time")),
        ((60, "exactly", "2024-07"), ("on track", "60% of the target after 50% to 58% of the time")),
        ((40, "exactly", "2024-07"), ("late", "40% of the target after 50% to 58% of the time")),
        ((55, "exactly", "2024-07"), (UNCHECKED, "55% of the target after 50% to 58% of the time")),
        ((60, "at least", "2024-07-01"), (UNCHECKED, "the figure does not show how much of the way is done")),
    ],
)
def test_a_promise_before_its_day(fact, expected):
    assert one([fact], as_of="2024-08-15") == expected


def test_a_level_has_no_way_from_none_and_may_have_been_there_before():
    way = (UNCHECKED, "the figure does not show how much of the way is done")
    assert one([(60, "exactly", "2024-07-01")], as_of="2024-08-15", kind="level") == way
    assert one([(100, "exactly", "2024")], kind="level") == KEPT
    assert one([(99, "exactly", "2024")], kind="level") == (UNCHECKED, UNKNOWN_DAY)


def test_a_target_that_is_an_upper_limit():
    limit = (12, "at most", "2024-12-31", "2024-01-01")
    assert one([(11, "exactly", "2024-12-31")], limit) == KEPT
    assert one([(13, "exactly", "2024-12-31")], limit) == MISSED
    assert one([(13, "at least", "2024-12-31")], limit) == MISSED
    assert one([(13, "at most", "2024-12-31")], limit)[0] == UNCHECKED
    assert one([(11, "at least", "2024-12-31")], limit)[0] == UNCHECKED
    assert one([(11, "exactly", "2024-07-01")], limit, "2024-08-15")[0] == "kept"


def test_without_a_due_date_nothing_is_checked():
    assert one([(100, "exactly", "2024-12-31")], (100, "exactly", "", "2024-01-01")) == (
        UNCHECKED,
        "no due date is given",
    )


def test_a_target_that_was_replaced_is_moved_until_it_is_judged():
    new = (150, "exactly", "2025-12-31", "2024-09-01")
    halfway = [(60, "exactly", "2024-07-01")]
    early, late = (judge(register([PROMISE, new], halfway), day) for day in ("2024-08-15", LATER))
    assert early["status"].tolist() == ["on track"]
    assert late["status"].tolist() == ["moved", UNCHECKED]
    assert late["moved"].tolist() == [True, False]
    assert late["reason"][0] == (
        "another target was announced on 2024-09-01; the last figure is dated before the due date"
    )
    judged = judge(register([PROMISE, new], [(90, "exactly", "2024-12-31")]), LATER)
    assert judged["status"].tolist() == ["missed", UNCHECKED]
    assert judge(register([PROMISE, new], halfway), "2024-10-01")["status"].tolist() == ["moved", UNCHECKED]


def test_a_target_announced_after_the_day_it_was_due_moves_nothing():
    new = (150, "exactly", "2025-12-31", "2025-01-01")
    assert judge(register([PROMISE, new], []), LATER)["status"].tolist() == [UNCHECKED] * 2


def test_both_readings_are_judged():
    readings = [(110, *PROMISE[1:], "110 in all"), (208, *PROMISE[1:], "98 and 110")]
    table = judge(register(readings, [(150, "exactly", "2024-12-31")]), LATER)
    assert table[["reading", "status", "moved"]].values.tolist() == [
        ["110 in all", "kept", False],
        ["98 and 110", "missed", False],
    ]


@pytest.mark.slow
@given(
    st.dates(date(2023, 6, 1), date(2026, 6, 30)),
    st.sampled_from([40.0, 100.0]),
    st.sampled_from([4, 7]),
    st.dates(date(2024, 1, 2), date(2027, 6, 30)),
)
@settings(max_examples=40)
def test_a_date_that_is_known_less_well_never_proves_more(day, value, length, as_of):
    exact = one([(value, "exactly", f"{day}")], as_of=as_of)[0]
    vague = one([(value, "exactly", f"{day}"[:length])], as_of=as_of)[0]
    assert vague in (exact, UNCHECKED)


@pytest.mark.slow
@given(st.integers(1, 700), st.integers(0, 200))
@settings(max_examples=40)
def test_kept_and_missed_have_a_figure_whose_date_proves_it(after, value):
    day = date(2024, 1, 1) + timedelta(after)
    table = judge(register([PROMISE], [(value, "exactly", f"{day}")]), LATER)
    word = table.loc[0, "status"]
    assert (word == "kept") == (value >= 100 and day <= date(2024, 12, 31))
    assert (word == "missed") == (value < 100 and day >= date(2024, 12, 31))


@pytest.mark.slow
def test_comfortable_school_as_it_went():
    table = judge(read_register(), LATER)
    table = table[table["measure"].str.startswith("comfortable")]
    assert table[["measure", "value", "status"]].values.tolist() == [
        ["comfortable_schools", 401.0, "moved"],
        ["comfortable_schools", 369.0, "moved"],
        ["comfortable_schools", 217.0, UNCHECKED],
        ["comfortable_places", 800000.0, "moved"],
        ["comfortable_places", 740000.0, "moved"],
        ["comfortable_places", 460000.0, UNCHECKED],
        ["comfortable_september", 98.0, UNCHECKED],
        ["comfortable_2024", 226.0, "missed"],
        ["comfortable_2024", 110.0, "missed"],
        ["comfortable_2024", 208.0, "missed"],
    ]
    missed = table[table["status"] == "missed"]
    assert missed[["fact", "fact_as_of", "fact_source"]].drop_duplicates().values.tolist() == [
        [105.0, "2024-12-31", "skcn-2024"]
    ]


@pytest.mark.slow
def test_what_is_known_of_pre_school_places():
    table = judge(read_register(), LATER).set_index(["measure", "value"])
    assert table.loc[("preschool_places_2024", 77300.0), ["status", "reason"]].tolist() == [UNCHECKED, UNKNOWN_DAY]
    assert table.loc[("preschool_coverage", 92.5), ["status", "fact_as_of"]].tolist() == ["kept", "2024"]
    assert table.loc["preschool_places"]["status"].tolist() == ["moved", UNCHECKED]


@pytest.mark.slow
def test_on_the_day_of_the_overview_nothing_is_judged():
    table = judge(read_register(), "2024-06-01")
    moved = table[table["status"] == "moved"]
    assert moved[["measure", "value"]].values.tolist() == [["comfortable_places", 800000.0]]
    assert set(table["status"].drop(moved.index)) == {UNCHECKED}
    assert set(judge(read_register(), LATER)["status"]) <= set(STATUSES)
    assert judge(read_register(), "2020-01-01").empty


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("soon", "as_of is 'soon'; it must be a day such as 2026-11-27"),
        ("2026-02-30", "as_of is '2026-02-30'; it must be a day such as 2026-11-27"),
        ("", "as_of is empty; it must be a day such as 2026-11-27"),
    ],
)
def test_a_day_that_is_none(says, day, sentence):
    with says(DataError, sentence):
        judge(read_register(), day)


def test_about_allows_half_of_the_last_digit():
    assert reaches(91.5, "about", 92)
    assert not reaches(91.4, "about", 92)
    assert reaches(0.45, "about", 0.5)
    assert not reaches(91.9, "exactly", 92)


def goals(value, bound="at most", due=2030):
    return pd.DataFrame({"indicator": ["x"], "value": [float(value)], "bound": bound, "due": [due], "kind": "SDG"})


def cells(first, last, years=(2018, 2022), se=np.nan):
    return pd.DataFrame({"region": "A", "indicator": "x", "year": years, "value": [first, last], "se": se})


@pytest.mark.parametrize(
    ("first", "last", "goal", "pace", "state", "reason"),
    [
        (37.0, 33.0, goals(25), 1.0, "on track", ""),  # 12 in 12 years are needed, 4 in 4 were seen
        (37.0, 33.2, goals(25), 0.95, "on track", ""),
        (37.0, 33.4, goals(25), 0.9, "too slow", ""),
        (37.0, 38.0, goals(25), -0.25, "away", ""),
        (37.0, 37.0, goals(25), 0.0, "away", ""),
        (37.0, 25.0, goals(25), 3.0, "reached", ""),
        (24.0, 26.0, goals(25), np.nan, "away", "the target was reached in the first year"),
        (25.0, 26.0, goals(25), np.nan, "away", "the target was reached in the first year"),
        (37.0, 33.0, goals(25, due=2018), np.nan, "cannot be computed", "the target was due by the first year"),
        (99.9, 99.8, goals(100, "exactly"), -3.0, "reached", "within .5 of the bound of a share"),
        (99.9, 99.4, goals(100, "exactly"), -15.0, "away", ""),
        (0.4, 0.5, goals(0), -0.75, "reached", "within .5 of the bound of a share"),
    ],
)
def test_states_of_progress(first, last, goal, pace, state, reason):
    row = progress(cells(first, last), goal, shares=["x"]).table.loc[0]
    assert row["pace"] == pytest.approx(pace, nan_ok=True)
    assert (row["state"], row["reason"]) == (state, reason)
    assert state in PROGRESS


def test_what_is_no_share_has_no_bound_to_come_near():
    assert progress(cells(99.9, 99.8), goals(100, "exactly")).table.loc[0, "state"] == "away"


def test_a_change_within_its_interval_is_no_significant_change():
    narrow, wide = (progress(cells(37.0, 33.0, se=se), goals(25)).table.loc[0, "state"] for se in (1.7, 1.8))
    assert (narrow, wide) == ("on track", "no significant change")  # 1.6449 * 1.7 * sqrt(2) = 3.95 < 4


def test_what_cannot_be_computed():
    once = progress(cells(37.0, np.nan), goals(25))
    assert once.table.loc[0, ["state", "reason"]].tolist() == ["cannot be computed", "one year only"]
    none = progress(cells(np.nan, np.nan), goals(25))
    assert none.table.loc[0, ["state", "reason"]].tolist() == ["cannot be computed", "no figure"]
    assert none.counts.to_dict() == {"cannot be computed": {"x": 1}}


def test_two_values_of_one_year(says):
    with says(DataError, "x of A has two values in 2018; one is needed"):
        progress(cells(37.0, 33.0, years=(2018, 2018)), goals(25))


def test_weak_components_and_the_measures_that_aim_at_them(scores):
    real = read_register()
    table = aims(real, scores, 2023, weakest=2)
    wide = scores.wide(2023, "component")
    gaps = wide.sub(wide.loc["KZ"]).drop(index="KZ")
    for region, rows in table.groupby("region"):
        worst = gaps.loc[region].dropna().nsmallest(2)
        assert rows["gap"].tolist() == worst[worst < 0].tolist()
    aimed = dict(zip(table["component"], table["measures"], strict=True))
    assert aimed["ecology"] == ()
    assert all(real.measures.loc[list(codes), "component"].eq(part).all() for part, codes in aimed.items())


def test_a_nation_is_needed_to_compare_with():
    tree = SimpleNamespace(levels=[SimpleNamespace(name="component")], nation=None)
    wide = pd.DataFrame({"family": [1.0]}, index=["A"])
    with pytest.raises(DataError, match=r"\Athere is no national score of 2023 to compare regions with\Z"):
        aims(read_register(), SimpleNamespace(methodology=tree, wide=lambda *_: wide), 2023)


def test_components_that_no_measure_aims_at():
    components = [node.code for node in read_methodology("2024.1").nodes[0]]
    assert unaimed(read_register(), components) == ["physical_health", "economy", "ecology", "infrastructure"]
