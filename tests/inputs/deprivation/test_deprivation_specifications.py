"""Specifications as data: shipped ones, rules by hand on a dozen children, gaps, fingerprints, and what is refused."""

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cwi import folders
from cwi.errors import DataError, MethodologyError
from cwi.inputs.deprivation import Specification, code_deprivations, read_specification, specifications
from cwi.inputs.households import read_variables

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]


def child(specification: Specification, **changes: Any) -> dict[str, Any]:
    """A child of nine who lacks nothing."""
    rows: dict[str, Any] = {item.variable: 1.0 for item in specification.items}
    rows |= {"arrears": 0, "haz": 0.0, "grades_behind": 0, "information_devices": 2, "water_minutes": 0}
    rows |= {
        "income": 60_000.0,
        "persons_per_room": 1.0,
        "violent_discipline": 0,
        "work_hours": 0,
        "age": 9,
        "weight": 1.0,
    }
    return rows | changes


def coded(name: str, *changes: dict[str, Any]) -> Any:
    specification = read_specification(name)
    return code_deprivations(pd.DataFrame([child(specification, **one) for one in changes]), specification)


def test_the_shipped_specifications_are_whole() -> None:
    assert specifications() == ("cc-moda", "child-af", "child-gaps", "eu-child")
    known = read_variables()
    for name in specifications():
        specification = read_specification(name)
        assert specification.status == "working"
        assert {item.variable for item in specification.items} <= set(known)
        for language in ("en", "ru", "kk"):
            assert all(specification.title(unit, language) for unit in ("", *specification.units))
    eu = read_specification("eu-child")
    assert [sum(item.dimension == part for item in eu.items) for part in ("child", "home")] == [12, 5]
    assert eu.doi == "10.1007/s12187-017-9491-6"
    assert eu.ages == (1, 15)


def test_what_was_read_of_each_source_is_recorded_and_moves_no_fingerprint(tmp_path: Path) -> None:
    assert {name: read_specification(name).read for name in specifications()} == {
        "cc-moda": "known, text not read", "child-af": "known, text not read",
        "child-gaps": "known, text not read",
        "eu-child": "abstract read; list of items read at LISER, not in the article",
    }  # fmt: skip
    eu = read_specification("eu-child")
    silent = read_specification(changed(tmp_path, f'read = "{eu.read}"', ""))
    assert silent.read == ""
    assert silent.fingerprint == eu.fingerprint


def test_the_european_rule_on_a_dozen_children() -> None:
    """Three of seventeen items, lacked for want of money; what is not wanted is no deprivation."""
    three = {"holiday": 2, "car": 2, "internet": 2}
    cases: list[tuple[dict[str, Any], int, bool | None]] = [
        ({}, 0, False),
        ({"holiday": 2, "car": 2}, 2, False),
        (three, 3, True),
        (three | {"car": 3}, 2, False),
        ({"arrears": 1, "books": 2, "warm_home": 2}, 3, True),
        ({"school_trips": 2, "holiday": 2, "furniture": 2}, 3, True),
        ({"school_trips": 2, "holiday": 2, "furniture": 2, "age": 4}, 2, False),  # not asked of a child of four
        (three | {"age": 0}, 0, None),
        (three | {"age": 16}, 0, None),
        (three | {"age": 15}, 3, True),
        (three | {"books": np.nan}, 0, None),  # a gap
        (three | {"school_trips": np.nan, "age": 3}, 3, True),  # no gap: not for the age
    ]
    got = coded("eu-child", *(case for case, _, _ in cases))
    for place, (_, count, poor) in enumerate(cases):
        assert got.used[place] == (poor is not None), place
        assert (got.counts[place], got.poor[place]) == (count, bool(poor)), place
    lost = got.lost()
    assert lost.loc["school"].tolist() == [8, 7, pytest.approx(1 / 8), "books"]
    assert lost.loc["preschool", "lost"] == 0


def test_a_dimension_is_lacking_if_any_of_its_items_is() -> None:
    got = coded(
        "cc-moda",
        {"water_improved": 0, "water_minutes": 45},  # one dimension
        {"water_improved": 0, "toilet_improved": 0},
        {"water_improved": 0, "water_minutes": np.nan},  # lacking whatever the gap hides
        {"water_minutes": np.nan},
        {"age": 2, "haz": -2.5, "violent_discipline": 1, "school": np.nan},
        {"age": 16, "work_hours": 21, "violent_discipline": np.nan, "clinic_visit": 0},
    )
    assert got.counts.tolist() == [1, 2, 1, 0, 2, 2]
    assert got.poor.tolist() == [False, True, False, False, True, True]
    assert got.used.tolist() == [True, True, True, False, True, True]
    assert got.of.tolist() == [6, 6, 6, 0, 6, 7]


def test_nested_weights_reach_their_share_exactly() -> None:
    got = coded("child-af", {"clinic_visit": 0}, {"school": 0, "floor_finished": 0, "books": 2}, {"school": 0},
                {"new_clothes": 2, "meat_or_fish": 2, "fruit_vegetables": 2, "two_pairs_shoes": 2})  # fmt: skip
    assert got.share.tolist() == [0.25, 0.1875, 0.125, 0.25]
    assert got.poor.tolist() == [True, False, False, True]


def test_another_cutoff_is_another_fingerprint() -> None:
    eu = read_specification("eu-child")
    two = eu.with_cutoff(2)
    assert (two.at_least, two.rule) == (2, "at least 2 items")
    assert two.fingerprint != eu.fingerprint == eu.with_cutoff(3).fingerprint
    assert eu.with_cutoff(1 / 3).share == Fraction(1, 3)


def test_a_compound_rule_in_a_specification(tmp_path: Path) -> None:
    folder = changed(tmp_path, "at_least = 3", 'at_least = 3\n[[rule.also]]\ndimension = "home"\nat_least = 2\n')
    specification = read_specification(folder)
    assert specification.rule == "at least 3 items and at least 2 of 'home'"
    rows = [child(specification, holiday=2, car=2, books=2), child(specification, holiday=2, car=2, furniture=2)]
    assert code_deprivations(pd.DataFrame(rows), specification).poor.tolist() == [False, True]


def test_seven_of_thirteen_and_three_of_the_household_on_a_dozen_children(tmp_path: Path) -> None:
    """The compound rule of a specification: 13 items, of which 5 are of the household, answered by twelve children."""
    folder = changed(tmp_path, "at_least = 3", 'at_least = 7\n[[rule.also]]\ndimension = "home"\nat_least = 3\n')
    dropped = ("friends_round", "school_trips", "celebrations", "holiday")
    lines = (folder / "items.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "items.csv").write_text("".join(line for line in lines if not line.startswith(dropped)), encoding="utf-8")
    specification = read_specification(folder)
    own = [item.variable for item in specification.items if item.dimension == "child"]
    home = ["furniture", "internet", "warm_home", "car"]
    assert (len(specification.items), len(own)) == (13, 8)
    cases: list[tuple[int, int, int, bool]] = [  # items of the child, of the household, arrears, deprived
        (0, 0, 0, False), (8, 0, 0, False), (8, 2, 0, False), (8, 1, 1, False), (8, 2, 1, True), (8, 3, 0, True),
        (4, 3, 0, True), (3, 3, 0, False), (3, 3, 1, True), (2, 4, 1, True), (1, 4, 1, False), (8, 4, 1, True),
    ]  # fmt: skip
    rows = [
        child(specification, **dict.fromkeys(own[:of_child] + home[:of_home], 2), arrears=arrears)
        for of_child, of_home, arrears, _ in cases
    ]
    got = code_deprivations(pd.DataFrame(rows), specification)
    assert got.counts.tolist() == [of_child + of_home + arrears for of_child, of_home, arrears, _ in cases]
    assert got.poor.tolist() == [poor for *_, poor in cases]


def changed(tmp_path: Path, old: str, new: str, file: str = "specification.toml", *, of: str = "eu-child") -> Path:
    folder = tmp_path / "own"
    shutil.copytree(folders.data() / "deprivation" / of, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("specification.toml", "at_least = 3", "at_least = 18", "at_least is 18; it must be from 1 to 17"),
        ("specification.toml", "at_least = 3", "", "the rule needs at_least or share, one of them"),
        (
            "specification.toml", "at_least = 3", 'share = "1/3"',
            "the weights of the band 'preschool' add up to 16, not 1",
        ),
        (
            "specification.toml", 'counts = "items"', 'counts = "item"',
            "counts is 'item' (did you mean 'items'?); there are items, dimensions",
        ),
        (
            "specification.toml", "from = 6", "from = 7",
            "the band 'school' begins at 7, but 'preschool' ends at 5",
        ),
        ("specification.toml", "to = 15", "to = 18", "the band 'school' is from 6 to 18; ages are 0 to 17"),
        ("specification.toml", 'version = "2018.1"', "", "'version' is missing"),
        (
            "specification.toml", "[rule]",
            '[[dimensions]]\ncode = "health"\ntitle_en = "H"\ntitle_ru = "H"\ntitle_kk = "H"\n\n[rule]',
            "the dimension 'health' has no item in items.csv; give it one, or take it out here",
        ),
        (
            "items.csv", "cannot afford", "below",
            "the cut '' does not fit the test 'below'; 'below' and 'above' take one number, 'is' one or more, 'cannot "
            "afford' none",
        ),
        ("items.csv", "child,,1,", "child,,0,", "weight is 0; it must be above zero"),
        (
            "items.csv", "child,school,1", "child,scool,1",
            "there is no age band 'scool' (did you mean 'school'?); there are preschool, school",
        ),
        ("items.csv", "books,books", "new_clothes,books", "the item 'new_clothes' is listed twice"),
    ],
)  # fmt: skip
def test_a_specification_that_cannot_be_used_is_refused(
    tmp_path: Path, file: str, old: str, new: str, sentence: str
) -> None:
    with pytest.raises(MethodologyError) as refused:
        read_specification(changed(tmp_path, old, new, file))
    assert str(refused.value).split(": ", 1)[1] == sentence


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("items.csv", "is,0,,", "is,0,1,", "worst is '1', but the test 'is' has no gaps; leave the cell empty"),
        ("items.csv", "43407,0", "43407,50000", "worst is '50000'; it must be a number below the cut-off 43407"),
        ("items.csv", "14,112", "14,many", "worst is 'many'; it must be a number above the cut-off 14"),
        (
            "specification.toml", 'counts = "items"', 'counts = "dimensions"',
            "counts is 'dimensions', but items.csv has values in 'worst'; gaps are of items, so write counts = "
            '"items" or leave the column empty',
        ),
    ],
)  # fmt: skip
def test_gaps_that_cannot_be_measured_are_refused(tmp_path: Path, file: str, old: str, new: str, sentence: str) -> None:
    with pytest.raises(MethodologyError) as refused:
        read_specification(changed(tmp_path, old, new, file, of="child-gaps"))
    assert str(refused.value).split(": ", 1)[1] == sentence


def test_gaps_of_three_children_by_hand(says: Says) -> None:
    got = coded(
        "child-gaps",
        {"income": 43407 * 0.4, "work_hours": 63.0},  # gaps .6 and .5 of weights 1/4 and 1/4
        {"income": 0.0, "school": 0, "grades_behind": 12},  # three whole gaps, 1/4, 1/8 and 1/8
        {"income": 60_000.0, "persons_per_room": 11.5, "water_minutes": 600.0, "school": 0},  # .5, 1 and 1 of 1/8 each
        {"income": np.nan},
    )
    assert got.poor.tolist() == [True, True, True, False]
    assert got.share.tolist() == pytest.approx([0.5, 0.5, 0.375, np.nan], nan_ok=True)
    assert got.gap_share(1).tolist() == pytest.approx([0.275, 0.5, 0.3125, np.nan], nan_ok=True)
    assert got.gap_share(2).tolist() == pytest.approx([0.1525, 0.5, 0.28125, np.nan], nan_ok=True)
    assert got.gap_share(0).tolist() == pytest.approx(got.share.tolist(), nan_ok=True)
    with says(
        DataError,
        "no item of 'eu-child' has gaps; write the worst value of a number in the column 'worst' of its items.csv",
    ):
        coded("eu-child", {}).gap_share(1)


def test_an_end_of_gaps_moves_the_fingerprint_and_no_other_does(tmp_path: Path) -> None:
    gaps = read_specification("child-gaps")
    assert read_specification(changed(tmp_path, "14,112", "14,100", "items.csv", of="child-gaps")) is not None
    moved = read_specification(tmp_path / "own")
    assert moved.fingerprint != gaps.fingerprint
    assert read_specification("eu-child").fingerprint == "a08224db8b8a"  # as it was before gaps


def test_what_a_table_lacks_is_named(says: Says) -> None:
    eu = read_specification("eu-child")
    table = pd.DataFrame([child(eu)])
    with says(
        DataError,
        "the table of children has no column 'car', which 'eu-child' needs (did you mean 'cars'?); there are "
        + ", ".join("cars" if name == "car" else str(name) for name in list(table.columns)[:20])
        + f", and {len(table.columns) - 20} more",
    ):
        code_deprivations(table.rename(columns={"car": "cars"}), eu)
    with says(DataError, "holiday is 'yes' in row 2; it must be a number or empty"):
        code_deprivations(pd.DataFrame([child(eu), child(eu, holiday="yes")]), eu)
    texts = pd.DataFrame([child(eu), child(eu, holiday="2")]).astype({"holiday": str})
    assert code_deprivations(texts, eu).items["holiday"].tolist() == [0, 1]  # codes as text are codes
    with says(DataError, "holiday is 4 in row 1; an enforced lack is 1 (has), 2 (cannot afford) or 3 (does not want)"):
        code_deprivations(table.assign(holiday=4), eu)
    with says(
        MethodologyError,
        "no specification of deprivation is called 'eu-chld' (did you mean 'eu-child'?); there are cc-moda, child-af, "
        "child-gaps, eu-child",
    ):
        read_specification("eu-chld")
    with says(
        MethodologyError, "eu-child: the cut-off is 18; it must be a whole number from 1 to 17, or a share below 1"
    ):
        eu.with_cutoff(18)
