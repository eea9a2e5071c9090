"""Tables of COINr: what they become, that the scores are COINr's, and the way back."""

import csv
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

import cwi
from cwi.cli.app import app
from cwi.errors import CwiError, DataError, MethodologyError, ParameterError
from cwi.inputs.exchange import Imported, read_coinr, write_coinr

META = """\
iCode,Level,Parent,Direction,Weight,Type,iName,Unit,Target
poor,1,Home,-1,2,Indicator,"Poor, by income",%,5
water,1,Home,1,1,Indicator,Water,%,100
places,1,School,1,1,Indicator,Places,per 100,
Home,2,Index,1,3,Aggregate,Home,,
School,2,Index,1,1,Aggregate,School,,
Index,3,NA,1,1,Aggregate,The index,,
people,NA,NA,NA,NA,Denominator,People,,
"""
DATA = """\
uCode,uName,people,poor,water,places
A,Alpha,5,10,90,100
B,Beta,6,20,NA,80
C,Gamma,7,50,70,
"""


class Tables:
    """iMeta and iData in a folder, and short ways to spoil them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CWI_ROOT", str(folder))
        self.folder = folder
        self.meta, self.data = folder / "iMeta.csv", folder / "iData.csv"
        self.meta.write_text(META, encoding="utf-8")
        self.data.write_text(DATA, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        path = self.folder / f"{name}.csv"
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def read(self, **given: Any) -> Imported:
        return read_coinr(self.meta, self.data, **({"year": 2020} | given))

    def workbook(self, name: str) -> tuple[Any, Path]:
        """The table as a workbook; call save on it."""
        book = openpyxl.Workbook()
        sheet: Any = book.active
        sheet.title = name
        with (self.folder / f"{name}.csv").open(encoding="utf-8") as lines:
            for row in csv.reader(lines):
                sheet.append([None if c == "" else float(c) if c.lstrip("-").isdigit() else c for c in row])
        path = self.folder / f"{name}.xlsx"
        setattr(self, {"iMeta": "meta", "iData": "data"}[name], path)
        return book, path


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tables:
    return Tables(tmp_path, monkeypatch)


# ---------------------------------------------------------------- an index of four levels

NAN = math.nan


def made() -> tuple[list[list[Any]], list[list[Any]]]:
    """49 indicators in 8 pillars in 2 sub-indices, 51 units, a tenth of the values missing."""
    rng = random.Random(49)
    meta: list[list[Any]] = [["iCode", "Level", "Parent", "Direction", "Weight", "Type"]]
    for i in range(49):
        meta.append([f"i{i}", 1, f"p{i % 8}", rng.choice([-1, 1]), rng.randint(1, 5), "Indicator"])
    meta += [[f"p{i}", 2, f"s{i % 2}", 1, rng.uniform(0.5, 2), "Aggregate"] for i in range(8)]
    meta += [["s0", 3, "Top", 1, 2, "Aggregate"], ["s1", 3, "Top", 1, 1, "Aggregate"]]
    meta += [["Top", 4, "NA", 1, 1, "Aggregate"]]
    data: list[list[Any]] = [["uCode", *(f"i{i}" for i in range(49))]]
    for u in range(51):
        row = [rng.gauss(10 * i, 1 + i) for i in range(49)]
        gone = [(u == 7 and i % 8 == 3) or rng.random() < 0.1 for i in range(49)]
        data.append([f"u{u:02}", *("NA" if lost else value for value, lost in zip(row, gone, strict=True))])
    return meta, data


def plain(meta: list[list[Any]], data: list[list[Any]]) -> dict[str, dict[str, float]]:
    """COINr's defaults in plain Python: min-max by direction, weighted means of what is there, level by level."""
    scores: dict[str, dict[str, float]] = {row[0]: {} for row in data[1:]}
    for code, level, _, direction, _, _ in meta[1:]:
        if level == 1:
            at = data[0].index(code)
            there = {row[0]: row[at] * direction for row in data[1:] if row[at] != "NA"}
            low, high = min(there.values()), max(there.values())
            for unit, value in there.items():
                scores[unit][code] = (value - low) / (high - low) * 100
    for level in (2, 3, 4):
        for code in (row[0] for row in meta[1:] if row[1] == level):
            parts = [(row[0], row[4]) for row in meta[1:] if row[2] == code]
            for own in scores.values():
                there_ = [(own[part], weight) for part, weight in parts if part in own]
                if there_:
                    own[code] = sum(s * w for s, w in there_) / sum(w for _, w in there_)
    return scores


@pytest.mark.slow
def test_scores_are_those_of_coinr(tmp_path: Path) -> None:
    meta, data = made()
    for name, rows in (("iMeta", meta), ("iData", data)):
        with (tmp_path / f"{name}.csv").open("w", newline="") as out:
            csv.writer(out).writerows(rows)
    read = read_coinr(tmp_path / "iMeta.csv", tmp_path / "iData.csv", year=2021, levels=["pillar", "sub_index"])
    methodology = read.save(tmp_path / "index")
    observations = pd.read_csv(tmp_path / "index" / "observations.csv")
    scores = cwi.score(observations, methodology).nodes.set_index(["region", "node"])
    expected = plain(meta, data)
    assert [level.name for level in methodology.levels] == ["pillar", "sub_index", "Top"]
    assert len(scores) == 51 * (49 + 8 + 2 + 1)
    for (unit, node), row in scores.iterrows():  # type: ignore[misc]
        assert row["score"] == pytest.approx(expected[unit].get(node, NAN), abs=1e-9, nan_ok=True), (unit, node)
    assert math.isnan(scores.loc[("u07", "p3"), "score"])
    gaps = {unit for unit, own in expected.items() if len([c for c in own if c[0] == "i"]) < 49}
    assert {unit for (unit, node), row in scores.iterrows() if node == "Top" and "gaps" in row["flag"]} == gaps


@pytest.mark.slow
def test_there_and_back_is_the_same(tmp_path: Path) -> None:
    meta, data = made()
    for name, rows in (("iMeta", meta), ("iData", data)):
        with (tmp_path / f"{name}.csv").open("w", newline="") as out:
            csv.writer(out).writerows(rows)
    first = read_coinr(tmp_path / "iMeta.csv", tmp_path / "iData.csv", year=2021)
    said = write_coinr(tmp_path / "back", first.save(tmp_path / "first"), first.observations)
    assert said[1] == 'Aggregate with f_ag = c("a_amean", "a_amean", "a_amean"), lowest level first.'
    again = read_coinr(tmp_path / "back" / "iMeta.csv", tmp_path / "back" / "iData.csv", ends="goalposts")
    changed = ["ends_basis", "ends_reason"]
    order = first.indicators.set_index("code")
    pd.testing.assert_frame_equal(
        again.indicators.set_index("code").loc[order.index].drop(columns=changed), order.drop(columns=changed)
    )
    key = ["region", "indicator"]
    pd.testing.assert_frame_equal(
        again.observations.sort_values(key, ignore_index=True), first.observations.sort_values(key, ignore_index=True)
    )
    with (tmp_path / "back" / "iMeta.csv").open() as lines:
        written = {row["iCode"]: row for row in csv.DictReader(lines)}
    for code, level, parent, direction, weight, kind in meta[1:]:
        row = written[code]
        assert [row["Level"], row["Parent"], row["Direction"], row["Type"]] == [
            str(level), parent, str(direction), kind
        ]  # fmt: skip
        assert float(row["Weight"]) == weight


# ---------------------------------------------------------------- what the tables become


def test_a_small_index(tables: Tables) -> None:
    read = tables.read(levels=["component"])
    methodology = read.save(tables.folder / "small")
    rows = methodology.indicators.set_index("code")
    assert list(rows.loc["poor", ["worst", "best", "weight", "title_en", "unit", "ends_basis"]]) == [
        50.0, 10.0, 2.0, "Poor, by income", "%", "range"
    ]  # fmt: skip
    assert rows.at["poor", "note"] == "Target given: 5.0."
    assert rows.at["places", "ends_reason"] == "The lowest and the highest of 2 values, 2020; taken over at import."
    assert (methodology.top.code, methodology.top.titles["en"]) == ("Index", "The index")
    assert {node.code: node.weight for node in methodology.nodes[0]} == {"Home": 3.0, "School": 1.0}
    assert list(read.observations.query("indicator == 'water'")["status"]) == ["normal", "missing", "normal"]
    assert read.units.to_dict("list") == {"region": ["A", "B", "C"], "name": ["Alpha", "Beta", "Gamma"]}
    assert read.notes == (
        "Columns of iData that nothing uses were left out: people (Denominator).",
        "2 of 9 values are missing. COINr leaves them out and shares their weight among the rest without a word; cwi "
        "does the same here and flags every score above them 'gaps'.",
        "Targets are kept as notes in indicators.csv; the ends do not use them.",
    )
    index = cwi.score(read.observations, methodology).of("Index")[2020]
    assert index["B"] == pytest.approx((3 * 75 + 1 * 0) / 4)
    assert sorted(path.name for path in (tables.folder / "small").iterdir()) == [
        "indicators.csv", "methodology.toml", "observations.csv", "units.csv"
    ]  # fmt: skip


def test_scores_for_a_geometric_mean_run_from_1_to_100(tables: Tables) -> None:
    """As n_minmax with l_u = c(1, 100) in COINr: B has 75 hundredths of the way at home and is last at school."""
    methodology = tables.read(aggregation=["arithmetic", "geometric"]).save(tables.folder / "small")
    observations = pd.read_csv(tables.folder / "small" / "observations.csv")
    index = cwi.score(observations, methodology).of("Index")[2020]
    assert index["B"] == pytest.approx((1 + 0.99 * 75) ** 0.75 * 1**0.25)
    assert tables.read(aggregation="geometric").notes[-2] == (
        "Scores run from 1 to 100, because a score of 0 has no geometric mean; in COINr it is the range 1 to 100 of "
        "the normalisation."
    )
    harmonic = tables.read(aggregation="harmonic").save(tables.folder / "harmonic")
    index = cwi.score(observations, harmonic).of("Index")[2020]
    assert index["B"] == pytest.approx(1 / (0.75 / (1 + 0.99 * 75) + 0.25 / 1))


def test_denominators_and_groups_are_kept(tables: Tables) -> None:
    """Poor by 5, 6 and 7 people; A is in one group, B and C in the other."""
    tables.change("iMeta", "iName,Unit,Target", "iName,Unit,Target,Denominator")
    lines = tables.meta.read_text(encoding="utf-8").splitlines()
    values = {"poor": "people", "people": ""}
    text = [lines[0], *(f"{line},{values.get(line.split(',')[0], 'NA')}" for line in lines[1:])]
    tables.meta.write_text("\n".join(text) + "\n", encoding="utf-8")
    data = tables.data.read_text(encoding="utf-8").splitlines()
    grouped = [f"{data[0]},Group_size", *(f"{row},{group}" for row, group in zip(data[1:], "XYY", strict=True))]
    tables.data.write_text("\n".join(grouped) + "\n", encoding="utf-8")
    read = tables.read()
    methodology = read.save(tables.folder / "sized")
    poor = methodology.indicators.set_index("code").loc["poor"]
    assert (poor["worst"], poor["best"]) == (50 / 7, 10 / 5)
    assert (poor["unit"], poor["raw_unit"], poor["denominator"]) == ("% / people", "%", "people")
    assert methodology.groups is not None
    assert methodology.groups["Group_size"].to_dict() == {"A": "X", "B": "Y", "C": "Y"}
    scores = cwi.score(read.observations, methodology)
    assert scores.values(2020)["poor"].tolist() == [10 / 5, 20 / 6, 50 / 7]
    tables.change("iMeta", "Target,Denominator", "Target,Denominatr")
    assert tables.read().denominators is None  # the control: without the column nothing is divided
    tables.change("iMeta", "Target,Denominatr", "Target,Denominator")
    tables.change("iMeta", "%,5,people", "%,5,peeple")
    with pytest.raises(
        MethodologyError, match="the denominator of 'poor' is 'peeple' \\(did you mean 'people'\\?\\); "
    ):
        tables.read()


def test_one_year_of_a_panel_and_digits(tables: Tables) -> None:
    rows = tables.data.read_text(encoding="utf-8").splitlines()
    timed = [f"{rows[0]},Time", *(f"{row},{year}" for year in (2020, 2021) for row in rows[1:])]
    tables.data.write_text("\n".join(timed) + "\n", encoding="utf-8")
    assert tables.read(year=2021).observations["year"].unique().tolist() == [2021]
    assert tables.read(year=None).observations["year"].unique().tolist() == [2020, 2021]
    assert "decimals = 3 " in tables.read(decimals=3).rules
    with pytest.raises(ParameterError, match=r"iData.csv has no row of the year 2019 in its column Time$"):
        tables.read(year=2019)
    with pytest.raises(ParameterError, match=r"^decimals is 13; it must be a whole number from 0 to 12$"):
        tables.read(decimals=13)


def test_the_command_reads_one_year_with_harmonic_means_and_digits(tables: Tables) -> None:
    rows = tables.data.read_text(encoding="utf-8").splitlines()
    timed = [f"{rows[0]},Time", *(f"{row},{year}" for year in (2020, 2021) for row in rows[1:])]
    tables.data.write_text("\n".join(timed) + "\n", encoding="utf-8")
    words = ["import", "coinr", str(tables.meta), str(tables.data), str(tables.folder / "new"), "--year", "2021"]
    result = CliRunner().invoke(app, [*words, "--aggregation", "harmonic", "--decimals", "9"])
    assert result.exit_code == 0, result.output
    assert pd.read_csv(tables.folder / "new" / "observations.csv")["year"].unique().tolist() == [2021]
    methodology = cwi.read_methodology(tables.folder / "new")
    assert methodology.decimals == 9
    assert {str(node.aggregation) for level in methodology.nodes for node in level} == {"harmonic"}


@pytest.mark.slow
def test_goalposts(tables: Tables) -> None:
    lines = META.splitlines()
    posts = [",goalpost_lower,goalpost_upper,goalpost_scale,goalpost_trunc2posts", *[",0,100,1,FALSE"] * 3]
    tables.meta.write_text("\n".join(a + b for a, b in zip(lines, [*posts, *[",,,,"] * 4], strict=True)))
    read = tables.read(ends="goalposts")
    methodology = read.save(tables.folder / "small")
    assert methodology.normalisation.parameters == {"cap": False}
    assert list(methodology.indicators.set_index("code").loc["poor", ["worst", "best"]]) == [100.0, 0.0]
    assert read.notes[0] == "Scores run from 0 to 100 here; in COINr, with goalpost_scale 1, from 0 to 1."


def test_panel_data_and_row_numbers_of_r(tables: Tables) -> None:
    tables.data.write_text(
        '"","uCode","Time","poor","water","places"\n"1","A",2020,10,90,1\n"2","B",2020,20,80,2\n"3","A",2021,5,95,3\n'
    )
    tables.change("iMeta", "people,NA,NA,NA,NA,Denominator,People,,\n", "")
    read = tables.read(year=None)
    assert sorted(set(read.observations["year"])) == [2020, 2021]
    assert list(read.indicators.set_index("code").loc["poor", ["worst", "best"]]) == [20.0, 5.0]


def test_workbooks_give_the_same(tables: Tables) -> None:
    plain_ = tables.read()
    for name in ("iMeta", "iData"):
        book, path = tables.workbook(name)
        book.save(path)
    read = tables.read()
    pd.testing.assert_frame_equal(read.observations, plain_.observations)
    pd.testing.assert_frame_equal(read.indicators, plain_.indicators)


def test_namibia_is_a_unit(tables: Tables) -> None:
    tables.change("iData", "A,Alpha", "NA,Namibia")
    assert list(tables.read().units["region"]) == ["NA", "B", "C"]


# ---------------------------------------------------------------- what is refused

ROW = "places,1,School,1,1,Indicator,Places,per 100,"
BAD = [
    ("iMeta", "places,1,School", "places,1,Skool",
     "iMeta.csv line 4, column 'iCode': the parent of 'places' is 'Skool', which has no row of its own (did you mean "
     "'School'?); there are Home, School"),
    ("iMeta", "School,2,Index", "School,2,School",
     "iMeta.csv line 4, column 'iCode': the parents go in a circle: School → School; one must have no parent"),
    ("iMeta", "School,2,Index", "School,2,NA",
     "iMeta.csv line 7, column 'iCode': 'Index' has no parent, and neither has 'School' at iMeta.csv line 6, column "
     "'iCode'; an index has one top, give one of them a parent"),
    ("iMeta", "Index,3,NA", "Index,4,NA",
     "iMeta.csv line 7, column 'iCode': the levels are 1, 2, 4; nothing is of level 3, and no level may be left out"),
    ("iMeta", "places,1,School", "places,1,Index",
     "iMeta.csv line 4, column 'iCode': 'places' is of level 1 and its parent 'Index' of level 3; a parent is one "
     "level above, so put an aggregate in between"),
    ("iMeta", ROW, ROW + "\nSpare,2,Index,1,1,Aggregate,Spare,,",
     "iMeta.csv line 5, column 'iCode': nothing has the parent 'Spare'; take the aggregate out"),
    ("iMeta", ROW, ROW + "\n" + ROW,
     "iMeta.csv line 5, column 'iCode': 'places' is at iMeta.csv line 4, column 'iCode' too; a code is one"),
    ("iMeta", "poor,1,Home,-1", "poor,1,Home,0",
     "iMeta.csv line 2, column 'Direction': Direction of 'poor' is '0'; it must be 1 or -1"),
    ("iMeta", "poor,1,Home,-1,2", "poor,1,Home,-1,-2",
     "iMeta.csv line 2, column 'iCode': the weight of 'poor' is -2, below zero"),
    ("iMeta", "poor,1,Home,-1,2", "poor,1,Home,-1,",
     "iMeta.csv line 2, column 'Weight': Weight of 'poor' is empty; it must be a number not below zero"),
    ("iMeta", "poor,1,Home,-1,2", 'poor,1,Home,-1,"0,5"',
     "iMeta.csv line 2, column 'Weight': Weight is '0,5', which is not a number; decimals take a point"),
    ("iMeta", "places,1,School,1,1,", "places,1,School,1,0,",
     "iMeta.csv line 4, column 'iCode': the weights of the parts of 'School' are all zero"),
    ("iMeta", "poor,1,Home", "poor,1.5,Home",
     "iMeta.csv line 2, column 'Level': Level of 'poor' is '1.5'; it must be a whole number from 1"),
    ("iMeta", "poor,1,Home", "poor,2,Home",
     "iMeta.csv line 2, column 'Level': 'poor' is of Type 'Indicator' and Level 2; level 1 is that of the indicators"),
    ("iMeta", "Places,per 100", "=1+1,per 100",
     "iMeta.csv line 4, column 'iName': iName begins like a formula, '=1+1'; write it as words"),
    ("iMeta", "Denominator", "Divisor",
     "iMeta.csv line 8, column 'Type': Type is 'Divisor'; there are Indicator, Aggregate, Group, Denominator, "
     "Other"),
    ("iMeta", "poor,1", "1poor,1",
     "iMeta.csv line 2, column 'iCode': iCode is '1poor'; it must begin with a letter and go on with letters, digits, "
     "'_', '.' or '-'"),
    ("iMeta", "poor,1", ",1", "iMeta.csv line 2, column 'iCode': iCode is empty; every row needs a code"),
    ("iMeta", ",Direction,", ",Direktion,",
     "iMeta.csv line 1: the column 'Direction' is missing (did you mean 'Direktion'?); there are iCode, Level, Parent, "
     "Direktion, Weight, Type, iName, Unit, Target"),
    ("iMeta", META, "", "iMeta.csv: there is nothing in it; the first row must name the columns iCode, Level, Parent, "
     "Direction, Weight, Type"),
    ("iMeta", META, "iCode,Level,Parent,Direction,Weight,Type\n",
     "iMeta.csv: there is no row below the names of the columns"),
    ("iMeta", META, META.replace(",", ";"),
     "iMeta.csv line 1: the cells must be divided by commas; the line reads "
     "iCode;Level;Parent;Direction;Weight;Type;iName;Unit;Target"),
    ("iData", "poor,water", "poor,well",
     "iData.csv line 1, column 'well': the column 'well' has no row in iMeta.csv; there are poor, water, places, Home, "
     "School, Index, people"),
    ("iData", DATA, DATA.replace(",places", "").replace(",100\n", "\n").replace(",80\n", "\n").replace("70,", "70"),
     "iMeta.csv line 4, column 'iCode': the indicator 'places' has no column in iData.csv; there are people, poor, "
     "water"),
    ("iData", "poor,water", "poor,poor", "iData.csv line 1: the column 'poor' is listed twice"),
    ("iData", "people,poor", "Index,poor",
     "iData.csv line 1, column 'Index': 'Index' is an aggregate in iMeta.csv; aggregates are computed, take the column "
     "out"),
    ("iData", "B,Beta", "A,Beta",
     "iData.csv line 3, column 'uCode': 'A' in 2020 is at iData.csv line 2, column 'uCode' too; keep one of them"),
    ("iData", "B,Beta", ",Beta",
     "iData.csv line 3, column 'uCode': uCode is empty; every row needs the code of its unit"),
    ("iData", "B,Beta", "@B,Beta",
     "iData.csv line 3, column 'uCode': uCode is '@B'; it must begin with a letter or a digit and go on with letters, "
     "digits, '_', '.' or '-'"),
    ("iData", "90,100", "high,100", "iData.csv line 2, column 'water': water is 'high', which is not a number"),
    ("iData", "90,100", "#REF!,100",
     "iData.csv line 2, column 'water' holds the error #REF!; mend the formula, or empty the cell where there is no "
     "value"),
    ("iData", "50,70", "50,90",
     "iMeta.csv line 3, column 'iCode': every value of 'water' is 90, which is no range; give goalposts or take it "
     "out"),
    ("iData", "90,100", "90,100,1", "iData.csv line 2: 7 cells where the first line names 6 columns; a text or number "
     "with a comma must be in quotes"),
    ("iData", "uName,people", ",people",
     "iData.csv line 1: column 2 has no name but holds values; name it or clear it"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "sentence"), BAD, ids=range(len(BAD)))
def test_bad_tables(
    tables: Tables, says: Callable[[type[Exception], str], Any], name: str, old: str, new: str, sentence: str
) -> None:
    tables.change(name, old, new)
    with says(CwiError, sentence):
        tables.read()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"year": None}, "iData.csv has no column Time; give the year of the values"),
        ({"year": 20}, "iData.csv line 2, column 'uCode': the year is 20; it must be from 1990 to 2100"),
        ({"ends": "posts"}, "ends is 'posts' (did you mean 'goalposts'?); there are range, goalposts"),
        (
            {"aggregation": "median"},
            "no aggregation is called 'median' here; there are arithmetic, geometric, harmonic",
        ),
        ({"aggregation": ["arithmetic"] * 3}, "3 aggregations are given; give one, or one for each of 2 levels"),
        ({"levels": ["a", "b"]}, "2 levels are named (a, b); 1 lie between the indicators and 'Index'"),
        ({"levels": ["weight"]}, "no level can be called 'weight', the word has another meaning in a methodology"),
        ({"levels": ["Index"]}, "two levels are called 'Index'"),
        ({"version": " "}, "version is empty; it must be a word such as 'coinr-2020'"),
    ],
)
def test_bad_wishes(tables: Tables, says: Callable[..., Any], given: dict[str, Any], sentence: str) -> None:
    with says(ParameterError if "year is 20" not in sentence else DataError, sentence):
        tables.read(**given)


def spoil_hidden(book: Any) -> None:
    book.create_sheet("other")
    book["iMeta"].sheet_state = "hidden"


def spoil_name(book: Any) -> None:
    book["iMeta"].title = "meta"
    book.create_sheet("other")


def spoil_merged(book: Any) -> None:
    book["iMeta"].merge_cells("A1:B1")


def spoil_formula(book: Any) -> None:
    book["iMeta"]["E2"] = "=1+1"


def spoil_error(book: Any) -> None:
    book["iMeta"]["E2"] = "#REF!"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (spoil_hidden, "iMeta.xlsx: the sheet 'iMeta' is hidden; show it if it is meant, and save the workbook"),
        (spoil_name, "iMeta.xlsx: no sheet is called 'iMeta' (did you mean 'meta'?); there are meta, other"),
        (spoil_merged, "iMeta.xlsx, sheet 'iMeta': the cells A1:B1 are merged; part them and fill in each of them"),
        (spoil_formula, "iMeta.xlsx, sheet 'iMeta', cell E2 holds a formula whose result was never saved; open the "
         "workbook in a spreadsheet, let it compute, and save it"),
        (spoil_error, "iMeta.xlsx, sheet 'iMeta', cell E2 holds the error #REF!; mend the formula, or empty the cell "
         "where there is no value"),
    ],
)  # fmt: skip
def test_bad_workbooks(tables: Tables, says: Callable[..., Any], spoil: Callable[[Any], None], sentence: str) -> None:
    book, path = tables.workbook("iMeta")
    spoil(book)
    book.save(path)
    with says(MethodologyError, sentence):
        tables.read()


def test_bad_files(tables: Tables, says: Callable[..., Any]) -> None:
    tables.meta = tables.folder / "iMeta.xls"
    with says(MethodologyError, "iMeta.xls: the name ends in '.xls'; the table must be a .csv or .xlsx file"):
        tables.read()
    tables.meta = tables.folder / "nothing.xlsx"
    with says(MethodologyError, "nothing.xlsx: there is no such file"):
        tables.read()
    book, path = tables.workbook("iMeta")
    book.save(path)
    whole = path.read_bytes()
    at = whole.index(b"xl/worksheets/sheet1.xml") + 40  # in the packed text of the sheet
    tables.meta = tables.folder / "nothing.xlsx"
    for content in (b"", b"PK\x03\x04 no", META.encode(), whole[:at] + b"\xff\xff\xff" + whole[at + 3 :]):
        tables.meta.write_bytes(content)
        with says(
            MethodologyError,
            "nothing.xlsx: this is not a workbook that can be read (empty, damaged, or locked by a password); save it "
            "again as .xlsx",
        ):
            tables.read()


def test_nothing_is_overwritten_or_left_behind(
    tables: Tables, says: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = tables.read()
    before = sorted(tables.folder.rglob("*"))
    (tables.folder / "there").mkdir()
    with says(DataError, "there: there is such a folder already; name a new one, nothing is overwritten"):
        read.save(tables.folder / "there")
    (tables.folder / "there").rmdir()
    with says(DataError, "no/where: the folder in which it should lie, no, is not there; make it"):
        read.save(tables.folder / "no" / "where")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("cwi.inputs.exchange.framework.csv_text", full)
        with says(DataError, "new: cannot be written (No space left on device)"):
            read.save(tables.folder / "new")
    assert sorted(tables.folder.rglob("*")) == before


# ---------------------------------------------------------------- the way back


def test_what_imeta_cannot_say(scores: cwi.Scores, tmp_path: Path, says: Callable[..., Any]) -> None:
    official, cells = scores.methodology, scores.cells
    with pytest.raises(MethodologyError, match=r"iMeta has no words for the normalisation 'z_score'"):
        write_coinr(tmp_path / "a", official.replace(normalisation="z_score"), cells)
    with pytest.raises(MethodologyError, match=r"the weights of '\w+' are learnt from data \('pca'\)"):
        write_coinr(tmp_path / "a", official.replace(component={"weighting": "pca"}), cells)
    with says(DataError, "the observations have no column 'value'; they have region, year, indicator"):
        write_coinr(tmp_path / "a", official, cells[["region", "year", "indicator"]])
    assert not list(tmp_path.iterdir())


def test_parts_that_are_left_out_are_not_written(scores: cwi.Scores, tmp_path: Path) -> None:
    rules = scores.methodology.replace(without=["ecology", "physicians"])
    said = write_coinr(tmp_path / "out", rules, scores.cells)
    written = set(pd.read_csv(tmp_path / "out" / "iMeta.csv")["iCode"])
    assert {"country", "economy", "health_care"} <= written
    assert not {"ecology", "emissions", "physicians"} & written
    assert "emissions" not in " ".join(said)


def test_the_index_of_a_year_survives(scores: cwi.Scores, tmp_path: Path) -> None:
    """With the cells that the scores were made of; where the coverage rule left no score, COINr would give one."""
    names = {"KZ-10": "Abai"}
    said = write_coinr(tmp_path / "out", scores.methodology, scores.cells, weights=scores.weights, names=names)
    assert "Values and goalposts are natural logarithms" in " ".join(said)
    assert "values were carried from an earlier year." in said[-1]
    read = read_coinr(tmp_path / "out" / "iMeta.csv", tmp_path / "out" / "iData.csv", ends="goalposts")
    again = cwi.score(read.observations, read.save(tmp_path / "in")).nodes.set_index(["region", "node"])["score"]
    nodes = scores.nodes[scores.nodes["region"] != "KZ"].set_index(["region", "node"])
    same = nodes.loc[nodes["level"].isin(["indicator", "component"]) & nodes["score"].notna(), "score"]
    assert len(same) > 300
    pd.testing.assert_series_equal(again.loc[same.index], same, rtol=1e-9)
    assert read.units.set_index("region").at["KZ-10", "name"] == "Abai"
