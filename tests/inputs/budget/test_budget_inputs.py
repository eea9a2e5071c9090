"""Budget lines, coefficients and the bulletin: what is read, and the whole sentence for what cannot be."""

from pathlib import Path

import pytest

from cwi.errors import DataError
from cwi.inputs.budget import (
    COLUMNS,
    check_bulletin,
    children,
    read_coefficients,
    read_deflator,
    read_executed,
    read_export,
    read_lines,
    write_template,
)
from cwi.observations import read_observations
from cwi.territory import read_territory

HEAD = "administrator,programme,name,class,coefficient,low,high,capital,right,component,reason,source,version\n"
MAP = 'unit = "thousand tenge"\n[columns]\n' + "\n".join(f'{name} = "{name}"' for name in COLUMNS) + "\n"


def coefficients(folder: Path, *rows: str) -> Path:
    path = folder / "c.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def export(folder: Path, *rows: str, columns: str = MAP) -> tuple[Path, Path]:
    path, heads = folder / "budget.csv", folder / "columns.toml"
    path.write_text(",".join(COLUMNS) + "\n" + "\n".join(rows) + "\n", encoding="utf-8")
    heads.write_text(columns, encoding="utf-8")
    return path, heads


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            ["261,203,a,direct,1,1,1,no,,,r,s,v", "261,203,a,none,0,0,0,no,,,r,s,v"],
            "line 3: administrator 261 programme 203 has the class 'none' here and 'direct' in line 2; "
            "a programme has one row",
        ),
        (["261,203,a,direct,1.2,1,1,no,,,r,s,v"], "line 2: coefficient is '1.2'; it must be a number from 0 to 1"),
        (["261,203,a,indirect,.2,.3,.4,no,,,r,s,v"], "line 2: low 0.3, coefficient 0.2 and high 0.4 do not rise"),
        (["261,203,a,none,0,0,.1,no,,,r,s,v"], "line 2: the class is 'none' and high is 0.1; it must be 0"),
    ],
)
def test_coefficients_that_are_refused(tmp_path: Path, rows: list[str], sentence: str) -> None:
    path = coefficients(tmp_path, *rows)
    with pytest.raises(DataError) as problem:
        read_coefficients(path)
    assert str(problem.value) == f"{path.as_posix()} {sentence}"


GOOD = "KZ-11,region,2025,plan,2024-12-13,04,2,261,082,Schools,100.5"


def test_an_export_is_read_to_the_tenge(tmp_path: Path) -> None:
    lines = read_export(*export(tmp_path, GOOD), read_territory())
    assert lines.loc[0, ["region", "administrator", "amount"]].tolist() == ["KZ-11", "261", 100_500]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (GOOD.replace("KZ-11", "KZ-99"), "no region has the code 'KZ-99'"),
        (GOOD.replace("2025,", ",", 1), "year is ''; each line needs a year of four digits, such as 2025"),
        (GOOD.replace("100.5", "a lot"), "amount is 'a lot', which is not a number"),
        (
            GOOD.replace("261,082", "261,82"),
            "programme is '82'; it must have 3 digits, zeros in front among them; a spreadsheet drops them unless the "
            "column is text",
        ),
        (GOOD.replace("100.5", "0.0001"), "amount is 0.1000 tenge; there is no smaller unit than a tenge"),
    ],
)
def test_a_row_that_is_refused(tmp_path: Path, row: str, sentence: str) -> None:
    path, heads = export(tmp_path, row)
    with pytest.raises(DataError) as problem:
        read_export(path, heads, read_territory())
    assert str(problem.value).startswith(f"{path.as_posix()} line 2: {sentence}")


def test_units_that_are_mixed_are_refused(tmp_path: Path) -> None:
    rows = [
        GOOD,
        GOOD.replace("082", "083").replace("100.5", "90"),
        GOOD.replace("082", "006").replace("100.5", "900000"),
    ]
    path, heads = export(tmp_path, *rows)
    with pytest.raises(DataError) as problem:
        read_export(path, heads, read_territory())
    assert str(problem.value) == (
        f"{path.as_posix()} line 4: 900,000,000 tenge is 8,955 times the next largest line of KZ-11, group 04; "
        "thousands and millions seem to be mixed"
    )


def test_the_template_can_be_filled_in(tmp_path: Path) -> None:
    table, heads = write_template(tmp_path / "mine")
    table.write_text(table.read_text(encoding="utf-8") + GOOD + "\n", encoding="utf-8")
    assert len(read_export(table, heads, read_territory())) == 1
    with pytest.raises(DataError):
        write_template(tmp_path / "mine")


@pytest.mark.parametrize(
    ("heading", "sheet", "total", "units", "sentence"),
    [
        ("Таблица 12.1, 2022", "12.1", 3.0, [], "the heading has the year 2022 and 2023 is expected"),
        (
            "Таблица 12.1, 2 0023", "12.1", 3.0, [],
            "the heading has the year '2 0023', which is no year; 2023 is expected",
        ),
        (
            "Таблица 12.2, 2023", "12.1", 3.0, [],
            "the sheet is called '12.1' and the heading prints table 12.2; one of them is wrong",
        ),
        (
            "Таблица 12.1, 2023", "12.1", 5.0, [],
            "the regions add up to 3.000 and the printed total is 5.000: 2.000 apart",
        ),
        (
            "Таблица 12.1, 2023", "12.1", 3.0, ["тыс. тенге", "млн тенге"],
            "the columns are in million tenge and thousand tenge; a table has one unit",
        ),
    ],
)  # fmt: skip
def test_slips_of_the_bulletin(heading: str, sheet: str, total: float, units: list[str], sentence: str) -> None:
    given = {"regions": {"a": 1.0, "b": 2.0}, "year": 2023}
    assert check_bulletin(heading=heading, sheet=sheet, total=total, units=units, **given) == [sentence]
    assert check_bulletin(heading="Таблица 12.1, 2023", sheet="12.1", total=3.0, **given) == []


@pytest.mark.slow
def test_the_deflator_follows_from_the_rows() -> None:
    rows = read_observations().query("region == 'KZ' and sex == '' and area == ''")
    wide = rows.pivot_table(index="year", columns="indicator", values="value")
    implicit = wide["grp"] / wide["population"] / wide["real_grp_index"]
    deflator = read_deflator()
    for year in range(2015, 2024):
        assert deflator[year] == pytest.approx(implicit[year] / implicit[2018], abs=1e-6)


@pytest.mark.slow
def test_children_of_the_regions_are_those_of_the_country() -> None:
    territory = read_territory()
    found = children(read_observations(), territory)
    regions = found.xs(2024, level="year").reindex(list(territory.regions_of(2024)))
    assert regions.notna().all()
    assert regions.sum() == pytest.approx(6_800_000, rel=0.02)


@pytest.mark.slow
def test_a_programme_is_known_by_its_administrator() -> None:
    table = read_coefficients()
    assert (table.at[("261", "203"), "class"], table.at[("271", "203"), "class"]) == ("direct", "none")
    assert read_lines()["region"].nunique() == 11
    assert read_executed().index.get_level_values("year").max() == 2024
