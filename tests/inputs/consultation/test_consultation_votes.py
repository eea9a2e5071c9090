"""Ballots: read without what says who a person is, repeated ones taken out by rule, stuffing flagged, honesty not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwi import folders, read_edition, read_methodology, read_territory
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.inputs.consultation import Ballots, Thresholds, deduplicate, merge_small, read_votes, stuffing
from cwi.inputs.consultation.ballots import cast
from cwi.inputs.consultation.rows import made_rows
from cwi.inputs.consultation.synthetic import synthesize_consultation

Says = Callable[[type[Exception], str], Any]

HEAD = "voter,group,region,language,choices"
GOOD = f"{HEAD}\nv1,parent,A,kk,poverty;water\nv2,child,B,ru,water\nv3,teacher,,,places\n"


@pytest.fixture
def small(project: Any) -> Any:
    """Reads the text of a file of votes in the small project."""

    def read(text: str, name: str = "v.csv") -> Ballots:
        path = folders.root() / name
        path.write_text(text, encoding="utf-8")
        return read_votes(path, read_methodology("t1"), read_territory())

    return read


def test_ticks_are_read(small: Any) -> None:
    ballots = small(GOOD)
    assert ballots.ticks.astype(int).tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert ballots.frame["region"].to_list() == ["A", "B", ""]
    assert (len(ballots), ballots.synthetic) == (3, False)


def test_nothing_that_identifies_is_kept_or_shown(small: Any) -> None:
    text = GOOD.replace("language,choices", "language,device,choices").replace(",kk,", ",kk,iphone-7781,")
    text = text.replace("v1", "=aigul@mail.kz").replace(",ru,", ",ru,,").replace(",,places", ",,,places")
    ballots = small(text)
    held = repr(ballots) + ballots.frame.to_csv() + ballots.steps.to_csv()
    for secret in ("aigul", "mail.kz", "iphone", "7781"):
        assert secret in text
        assert secret not in held
    assert repr(ballots) == "Ballots(3 on 3 indicators)"


BAD = {
    "indicator": (
        GOOD.replace("water\nv2", "watr\nv2"),
        "v.csv line 2, column 'choices': there is no indicator 'watr' (did you mean 'water'?); there are "
        "poverty, water, "
        "places",
    ),
    "twice": (
        GOOD.replace("poverty;water", "water;water"),
        "v.csv line 2, column 'choices': 'water' is ticked twice; an indicator is ticked or not",
    ),
    "group": (
        GOOD.replace("child", "pupil"),
        "v.csv line 3, column 'group': there is no group 'pupil'; there are parent, teacher, child, expert, ngo, "
        "official, other",
    ),
    "no group": (GOOD.replace("child", ""), "v.csv line 3, column 'group': the group is empty"),
    "region": (
        GOOD.replace(",B,", ",C,"),
        "v.csv line 3, column 'region': there is no region 'C'; there are A, B, EAST, WEST, OLD",
    ),
    "nation": (
        GOOD.replace(",B,", ",N,"),
        "v.csv line 3, column 'region': there is no region 'N'; there are A, B, EAST, WEST, OLD",
    ),
    "voter": (
        GOOD.replace("v2", ""),
        "v.csv line 3, column 'voter': the voter is empty; every ballot needs an identifier to find repetitions",
    ),
    "name": (
        GOOD.replace("voter,", "name,"),
        "v.csv line 1: the column 'voter' is missing; there are name, group, region, language, choices",
    ),
    "time": (
        f"{HEAD},submitted\nv1,parent,A,kk,water,yesterday\n",
        "v.csv line 2, column 'submitted': submitted is 'yesterday'; write it as 2024-03-15T14:05:09",
    ),
    "seconds": (
        f"{HEAD},seconds\nv1,parent,A,kk,water,-4\n",
        "v.csv line 2, column 'seconds': seconds is -4; it must be a number not below 0",
    ),
    "run by a spreadsheet": (
        GOOD.replace("child", "=cmd()"),
        "v.csv line 3, column 'group': group begins like a formula, '=cmd()'; write it as words",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_votes(case: str, small: Any, says: Says) -> None:
    text, sentence = BAD[case]
    with says(DataError, sentence):
        small(text)


def test_a_workbook_of_votes_names_the_cell(project: Any, says: Says) -> None:
    made = openpyxl.Workbook()
    assert made.active is not None
    for row in (HEAD.split(","), ["v1", "parent", "A", "kk", "poverty"], ["v2", "parent", "A", "kk", "watr"]):
        made.active.append(row)
    made.save(folders.root() / "v.xlsx")
    with says(
        DataError,
        "v.xlsx, sheet 'Sheet', cell E3: there is no indicator 'watr' (did you mean 'water'?); there are "
        "poverty, water, "
        "places",
    ):
        read_votes(folders.root() / "v.xlsx", read_methodology("t1"), read_territory())


TIMED = f"""{HEAD},submitted,device
v1,parent,A,kk,water,2024-03-02T10:00:00,d1
v1,parent,A,kk,poverty,2024-03-01T10:00:00,d1
v2,child,B,ru,water,2024-03-03T10:00:00,d1
v3,child,B,ru,places,2024-03-03T11:00:00,d1
v4,child,B,ru,water,2024-03-03T12:00:00,
v5,child,B,ru,,2024-03-03T12:00:00,
"""


@pytest.mark.parametrize(
    ("voters", "devices", "left"),
    [
        # Of v1 the later ballot is on water; v2 gave the same from the same device, so then only one of them counts.
        ("last", False, [("water", 3), ("places", 1)]),
        ("last", True, [("water", 2), ("places", 1)]),
        ("first", False, [("poverty", 1), ("water", 2), ("places", 1)]),
        ("none", False, [("water", 2), ("places", 1)]),
        ("all", False, [("poverty", 1), ("water", 3), ("places", 1)]),
        ("all", True, [("poverty", 1), ("water", 2), ("places", 1)]),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_repeated_ballots(voters: str, devices: bool, left: list[tuple[str, int]], turned: bool, small: Any) -> None:
    head, *rows = TIMED.splitlines()
    ballots = small("\n".join([head, *(rows[::-1] if turned else rows)]))
    found = deduplicate(ballots, voters=voters, devices=devices)
    assert dict(zip(("poverty", "water", "places"), found.ticks.sum(axis=0), strict=True)) == {
        "poverty": 0,
        **dict(left),
    }
    assert found.steps["ballots"].sum() == len(found)
    assert found.steps["step"].to_list()[:2] == ["ballots read", "blank"]
    assert found.steps["ballots"].to_list()[:2] == [6, -1]


def test_an_unknown_rule_for_repeated_ballots(small: Any, says: Says) -> None:
    with says(
        DataError,
        "no rule for repeated ballots is called 'newest'; there are last, first, none, all",
    ):
        deduplicate(small(GOOD), voters="newest")


# ---------------------------------------------------------------- small groups


def test_a_merged_row_is_itself_not_small_and_cannot_be_undone(says: Says) -> None:
    counts = pd.Series({"a": 50, "b": 9, "c": 11, "d": 200})
    assert merge_small(counts).to_dict() == {"a": 50, "d": 200, "smaller groups together": 20}  # 9 alone is a - total
    assert merge_small(pd.Series({"a": 10, "b": 30})).to_dict() == {"a": 10, "b": 30}
    with says(DataError, "there are fewer than 10 voters in all; nothing about them is printed"):
        merge_small(pd.Series({"a": 4, "b": 5}))


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_merging_keeps_the_sum_and_leaves_no_small_row(sizes: list[int]) -> None:
    counts = pd.Series(sizes, index=[f"g{i}" for i in range(len(sizes))])
    if sum(sizes) >= 10:
        shown = merge_small(counts)
        assert shown.sum() == sum(sizes)
        assert shown.min() >= 10


# ---------------------------------------------------------------- stuffing


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2023)


@pytest.fixture(scope="module")
def votes(edition: Edition) -> pd.DataFrame:
    """A synthetic consultation's votes: an attack, repetitions and copies among honest ones."""
    made = synthesize_consultation(
        edition.methodology, edition.territory, population=edition.population, rng=np.random.default_rng(11), votes=6000
    )
    return made.votes


def population(edition: Edition) -> pd.Series:
    return edition.population.reindex(edition.regions)


def flagged(votes: pd.DataFrame, edition: Edition, **changes: Any) -> dict[str, int]:
    ballots = cast(made_rows("votes.csv", votes), edition.methodology, edition.territory)
    found = stuffing(ballots, population(edition), thresholds=replace(Thresholds(), **changes))
    return {str(flag): int(n) for flag, n in found.table.set_index("flag")["ballots"].items()}


def attacked(votes: pd.DataFrame) -> pd.Series:
    return votes["voter"].str.startswith("user")


@pytest.mark.slow
def test_the_attack_is_caught_by_every_pattern_it_shows(votes: pd.DataFrame, edition: Edition) -> None:
    size = int(attacked(votes).sum())
    assert size == 200
    found = flagged(votes, edition, burst_least=30)  # of a third of the usual ballots
    assert found["series"] == found["consecutive identifiers"] == size
    assert size <= found["burst"] <= size + 10
    assert size <= found["fast"] <= size + 30
    assert found["region"] == 0


@pytest.mark.slow
def test_an_honest_vote_is_not_flagged(votes: pd.DataFrame, edition: Edition) -> None:
    """The control: without the attack only the odd hasty voter is left."""
    found = flagged(votes[~attacked(votes)], edition, burst_least=30)
    assert (found["burst"], found["series"], found["consecutive identifiers"], found["region"]) == (0, 0, 0, 0)
    assert found["fast"] < 0.005 * len(votes)


@pytest.mark.slow
def test_an_attack_hidden_among_honest_ballots_in_time_is_still_a_series(votes: pd.DataFrame, edition: Edition) -> None:
    """Spread over a day, one in three ballots: no burst, but the choices give it away."""
    spread = votes.copy()
    here = attacked(votes)
    day = pd.date_range("2021-03-09T09:00:00", periods=int(here.sum()), freq="4min")
    spread.loc[here, "submitted"] = day.strftime("%Y-%m-%dT%H:%M:%S").to_numpy()
    found = flagged(spread, edition)
    assert found["burst"] == 0
    assert found["series"] > 150


@pytest.mark.slow
def test_a_system_that_numbers_its_voters_is_no_attack(votes: pd.DataFrame, edition: Edition) -> None:
    honest = votes[~attacked(votes)].drop_duplicates("voter")
    numbered = honest.assign(voter=[f"id{i}" for i in range(len(honest))])
    assert flagged(numbered, edition)["consecutive identifiers"] == 0
    assert flagged(numbered, edition, run_share=1.0)["consecutive identifiers"] == len(honest)


@pytest.mark.slow
def test_a_region_far_above_its_population_is_flagged(votes: pd.DataFrame, edition: Edition) -> None:
    moved = votes.copy()
    moved.loc[moved.index[::5], "region"] = "KZ-62"
    found = flagged(moved, edition)
    assert found["region"] == (moved["region"] == "KZ-62").sum()


@pytest.mark.slow
def test_votes_without_times_and_seconds_are_looked_at_as_far_as_they_go(votes: pd.DataFrame, edition: Edition) -> None:
    bare = votes.assign(submitted="", seconds="", device="")
    found = flagged(bare, edition)
    assert (found["burst"], found["fast"]) == (0, 0)
    assert found["series"] == 200


@pytest.mark.slow
def test_marks_follow_the_ballots_that_are_left(votes: pd.DataFrame, edition: Edition) -> None:
    ballots = cast(made_rows("votes.csv", votes), edition.methodology, edition.territory)
    patterns = stuffing(ballots, population(edition))
    left = deduplicate(ballots)
    marked = patterns.on(left, "consecutive identifiers")
    assert (left.frame.loc[marked, "run"] == 200).all()
    assert marked.sum() == 200
    assert patterns.on(ballots).sum() >= patterns.on(left).sum()


@pytest.mark.slow
def test_the_file_may_be_read_from_disk_too(votes: pd.DataFrame, edition: Edition, tmp_path: Path) -> None:
    path = tmp_path / "synthetic_votes.csv"
    votes.to_csv(path, index=False, lineterminator="\n")
    ballots = read_votes(path, edition.methodology, edition.territory)
    other = cast(made_rows("votes.csv", votes), edition.methodology, edition.territory)
    assert ballots.synthetic
    assert ballots.frame.equals(other.frame)
    assert (ballots.ticks == other.ticks).all()
