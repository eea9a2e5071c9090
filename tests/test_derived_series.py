"""Series that are computed from others: the formula, the figures, and what is said when they do not agree."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given

from cwi import folders
from cwi.checks import PARTS
from cwi.derived_series import Formula, compute_series, derived_problems, read_derived_series
from cwi.errors import DataError
from cwi.inputs import observation_files
from cwi.inputs.observation_files import Built, build_derived, number_text, record_source
from cwi.observations import problems, read_observations, read_series
from cwi.territory import read_territory

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

HEAD = "series,formula,decimals,first_year,last_year,territories,n,se,source,note\n"
SERIES = """\
dry,Without water,Без воды,%,0,100,share,,yes
gap,Gap to the nation,Разрыв,%,-100,100,share,,yes
"""
DERIVED = """\
[derived]
publisher = "us" # a comment that stays
title = "Derived"
licence = "as the inputs"
retrieved = "2024-01"
file = "observations/derived.csv"
"""
TERRITORY = read_territory()
HEADER = "region,year,indicator,sex,area,value,se,n,status,source,note\n"


@pytest.fixture
def with_formulas(project: Any) -> Any:
    project.append("series.csv", SERIES)
    project.append("sources.toml", "\n" + DERIVED)
    project.write("observations/derived.csv", HEADER + "A,2022,dry,,,5,,,derived,derived,\n")
    project.write(
        "derived_series.csv",
        HEAD + "gap,poverty - national(poverty),1,,,,,,derived,\ndry,100 - water,1,,,,,,derived,without water\n",
    )
    record_source("derived", {"sha256": "0" * 64})
    return project


@pytest.mark.slow
def test_every_derived_series_of_the_project_is_what_its_formula_gives() -> None:
    observations, territory = read_observations(), read_territory()
    series = read_derived_series()
    assert len(series) > 50
    assert list(derived_problems(series, observations, territory, read_series().index)) == []
    computed = {each.source for each in series.values()}
    assert computed < {path.stem for path in (folders.data() / "observations").glob("derived-*.csv")}


@pytest.mark.slow
def test_a_changed_derived_figure_is_named_and_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """49.119 changed to 59.119, with the checksum renewed, passed every check once."""
    shutil.copytree(folders.data(), tmp_path / "data")
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))
    path = tmp_path / "data" / "observations" / "derived-physicians.csv"
    before, register = path.read_bytes(), (tmp_path / "data" / "sources.toml").read_bytes()
    lines = before.decode().splitlines()
    at, old = next((i, line) for i, line in enumerate(lines) if line.startswith("KZ-71,2022,physicians"))
    value = old.split(",")[5]
    lines[at] = old.replace(value, f"{float(value) + 10:.3f}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    record_source("derived-physicians", {"sha256": observation_files.sha256(path)})
    _, found = PARTS["derived series"]()
    assert tuple(found) == (
        f"data/observations/derived-physicians.csv line {at + 1}: physicians in KZ-71, 2022 is "
        f"{float(value) + 10:.15g}; the formula '10000 * physicians_count / population' "
        f"gives {value}; 'cwi data build' writes the rows",
    )
    assert build_derived() == [Built("data/observations/derived-physicians.csv", len(lines) - 1, 0, 1, 0)]
    assert path.read_bytes() == before
    assert (tmp_path / "data" / "sources.toml").read_bytes() == register
    assert build_derived() == []


def test_the_functions_of_formulas_by_hand() -> None:
    territory = read_territory()
    known = {
        ("x", "", "KZ", 2021): 100.0,
        ("x", "", "KZ-VOS", 2021): 7.0,
        ("x", "", "KZ-63", 2022): 3.0,
        ("x", "", "KZ-10", 2022): 4.0,
        ("x", "F", "KZ", 2021): 60.0,
        ("x", "M", "KZ", 2021): 40.0,
    }
    given_ = [
        ("x / national(x)", "KZ-VOS", 2021, 0.07),
        ("women(x) - men(x)", "KZ", 2021, 20.0),
        ("successors(x)", "KZ-VOS", 2022, 7.0),
        ("whole(x)", "KZ-VOS", 2021, 7.0),
        ("whole(x)", "KZ-VOS", 2022, 7.0),
        ("at(x, 2021) + 1", "KZ-VOS", 2024, 8.0),
        ("-sqrt(x + 2)", "KZ-VOS", 2021, -3.0),
    ]
    for text, region, year, result in given_:
        assert Formula(text).value(known, territory, region, year)[0] == pytest.approx(result), text
    for text in ("x / (x - x)", "sqrt(0 - x)", "successors(x)", "regions(x)", "y"):
        assert math.isnan(Formula(text).value(known, territory, "KZ-VOS", 2021)[0]), text
    used = Formula("whole(x) / national(x)").value(known, territory, "KZ-VOS", 2021)[1]
    assert used == (("x", "", "KZ-VOS", 2021), ("x", "", "KZ", 2021))


ARITHMETIC = st.recursive(
    st.one_of(st.sampled_from(["a", "b"]), st.integers(1, 9).map(str)),
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from("+-*/"), part).map(lambda each: f"({each[0]} {each[1]} {each[2]})"),
        part.map(lambda each: f"(-{each})"),
    ),
    max_leaves=8,
)


@pytest.mark.slow
@given(ARITHMETIC, st.floats(-100, 100), st.floats(-100, 100))
def test_arithmetic_is_python_s(text: str, a: float, b: float) -> None:
    known = {("a", "", "KZ", 2020): a, ("b", "", "KZ", 2020): b}
    try:
        expected = eval(text, {"__builtins__": {}}, {"a": a, "b": b})
    except ZeroDivisionError:
        expected = math.nan
    value = Formula(text).value(known, TERRITORY, "KZ", 2020)[0]
    assert value == expected or (math.isnan(value) and math.isnan(expected))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("10 *", "'10 *' is not a formula; it has names, numbers, + - * / and parentheses"),
        ("a ** 2", "'a ** 2' holds 'a ** 2'; a formula has names, numbers, + - * / and parentheses"),
        ("a.b", "'a.b' holds 'a.b'; a formula has names, numbers, + - * / and parentheses"),
        ("'a'", "''a'' holds 'a'; a formula has numbers and the names of series"),
        ("True", "'True' holds True; a formula has numbers and the names of series"),
        ("__import__('os')", "'__import__' is not a function of formulas; known are at, men, national, regions, sqrt, "
                             "successors, whole, women"),
        ("whole(a, b)", "'whole(a, b)': whole takes one expression"),
        ("at(a)", "'at(a)': at takes a series and a year"),
        ("at(a, b)", "'at(a, b)': at takes a series and a year"),
    ],
)  # fmt: skip
def test_what_is_no_formula(says: Says, text: str, sentence: str) -> None:
    with says(DataError, sentence):
        Formula(text)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("dry,100 - ,1,,,,,,derived,",
         "line 2: '100 -' is not a formula; it has names, numbers, + - * / and parentheses"),
        ("dry,water,one,,,,,,derived,", "line 2: decimals is 'one'; it must be a whole number"),
        ("dry,water,1,19.5,,,,,derived,", "line 2: first_year is '19.5'; it must be a whole number"),
        ("dry,water,1,,,formr,,,derived,",
         "line 2: territories is 'formr' (did you mean 'former'?); there are former, nation, start of year"),
        ("dry,water,1,,,,,,derived,\ndry,water,1,,,,,,derived,", "line 3: the series 'dry' is listed twice"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used(project: Any, says: Says, row: str, sentence: str) -> None:
    project.write("derived_series.csv", f"{HEAD}{row}\n")
    with says(DataError, f"data/derived_series.csv {sentence}"):
        read_derived_series()


@pytest.mark.slow
def test_rows_are_built_with_status_note_and_checksum(with_formulas: Any) -> None:
    built = build_derived()
    assert built == [Built("data/observations/derived.csv", 13, 12, 0, 0)]
    table = pd.read_csv(with_formulas.path("observations/derived.csv"), keep_default_na=False)
    rows = table.set_index(["indicator", "region", "year"])
    assert rows.loc[("dry", "N", 2022), ["value", "status", "note"]].tolist() == [10, "derived", "without water"]
    assert rows.loc[("dry", "A", 2022), "note"] == ""  # a row that agrees is kept as it was
    assert rows.loc[("dry", "EAST", 2022), "status"] == "suspect"  # as its input is
    assert rows.loc[("gap", "OLD", 2021), "value"] == 10
    assert ("dry", "WEST", 2022) not in rows.index  # no water was measured
    assert problems() == []
    register = with_formulas.path("sources.toml").read_text(encoding="utf-8")
    assert 'publisher = "us" # a comment that stays' in register
    assert build_derived() == []
    assert register == with_formulas.path("sources.toml").read_text(encoding="utf-8")


@pytest.mark.slow
def test_each_disagreement_has_its_sentence(with_formulas: Any) -> None:
    build_derived()
    name = "observations/derived.csv"
    with_formulas.change(name, "N,2022,dry,,,10,,,derived", "N,2022,dry,,,10,,,suspect")
    with_formulas.change(name, "B,2022,gap,,,0,,,derived,derived,\n", "")
    with_formulas.append(name, "WEST,2022,dry,,,1,,,derived,derived,\n")
    series = read_derived_series()
    observations = read_observations()
    found = list(derived_problems(series, observations, read_territory(), [*read_series().index]))
    build = "'cwi data build' writes the rows"
    assert sorted(found) == sorted([
        f"data/derived_series.csv line 2: gap in B, 2022 is missing; the formula gives 0; {build}",
        f"data/observations/derived.csv line 5: dry in N, 2022 is 'suspect'; its inputs make it 'derived'; {build}",
        "data/observations/derived.csv line 14: dry in WEST, 2022 is 1, but the formula '100 - water' has no figure "
        "for it",
    ])  # fmt: skip
    assert list(derived_problems(series, observations, read_territory(), ["dry", "water", "poverty"])) == [
        "data/derived_series.csv line 2: data/series.csv has no series 'gap'; there are dry, water, poverty",
        *(sentence for sentence in found if "gap" not in sentence),
    ]


def test_formulas_in_a_circle(with_formulas: Any, says: Says) -> None:
    with_formulas.write("derived_series.csv", HEAD + "dry,gap,1,,,,,,derived,\ngap,dry,1,,,,,,derived,\n")
    with says(DataError, "data/derived_series.csv line 2: dry, gap rest on each other in a circle"):
        build_derived()


def test_a_figure_that_is_published_is_not_computed(project: Any) -> None:
    project.write("derived_series.csv", HEAD + "poverty,100 - water,1,,,,,,derived,\n")
    derived = read_derived_series()["poverty"]
    table = compute_series(derived, read_observations(), read_territory())
    assert table.empty


@pytest.mark.slow
def test_an_interrupted_build_leaves_the_old_file(
    with_formulas: Any, monkeypatch: pytest.MonkeyPatch, says: Says
) -> None:
    path = with_formulas.path("observations/derived.csv")
    before = path.read_bytes()

    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(observation_files.os, "replace", fail)
    with pytest.raises(
        DataError, match=r"^data/observations/derived.csv: cannot be written \(No space left on device\)$"
    ):
        build_derived()
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir() if each.name.startswith(".")] == []


@given(st.floats(allow_nan=False, allow_infinity=False, width=64))
def test_a_number_is_kept_to_its_last_digit(value: float) -> None:
    text = number_text(value)
    assert float(text) == value
    assert "e" not in text
