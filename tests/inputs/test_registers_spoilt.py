"""Registers that people edit, spoilt in ways that once passed or ended in a traceback: each is one sentence now."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import cwi
from cwi import folders
from cwi.analysis.comparison import read_methods, read_scenarios
from cwi.errors import CwiError, DataError
from cwi.inputs.benefits import read_benefit_rules, read_laws, read_totals
from cwi.inputs.budget import children, read_decisions, read_deflator, read_export, read_lines
from cwi.inputs.country import read_country
from cwi.inputs.crosswalk import read_crosswalk
from cwi.inputs.deprivation import read_specification
from cwi.inputs.households import (
    HouseholdSample,
    household_problems,
    read_column_map,
    read_households,
    read_variables,
    synthesize_households,
)
from cwi.inputs.intake import read_deliveries, read_owners
from cwi.inputs.rehearsal import read_plausible
from cwi.inputs.selection import read_selection
from cwi.inputs.survey import read_published_shares, read_survey_definitions
from cwi.methodology import read_methodology
from cwi.report.exchange.codes import area_codes
from cwi.territory import read_territory
from cwi.textfiles import MOST, MOST_ANSWERS, read_csv, refuse_torn

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
FOLDERS = (
    "households",
    "deprivation",
    "benefits",
    "budget",
    "exchange",
    "crosswalk",
    "intake",
    "survey",
    "methodology",
)
FILES = ("regions.csv", "boundary_changes.csv", "synthetic_registers.csv", "country.toml", "series.csv")
HEADER = "{}: no row is left below the names of the columns; restore the file"


@pytest.fixture(scope="module")
def registers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The registers of this project in a project of their own."""
    root = tmp_path_factory.mktemp("registers")
    source = folders.data()
    for name in FOLDERS:
        shutil.copytree(source / name, root / "data" / name)
    for name in FILES:
        shutil.copyfile(source / name, root / "data" / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CWI_ROOT", str(root))
        yield root / "data"


@pytest.fixture
def spoil(registers: Path) -> Iterator[Callable[[str, str, str], None]]:
    """``spoil(file, old, new)``: replace the first such piece of a file until the test has ended."""
    kept: dict[Path, str] = {}

    def change(name: str, old: str, new: str) -> None:
        path = registers / name
        text = kept.setdefault(path, path.read_text(encoding="utf-8"))
        assert re.search(old, text, re.MULTILINE), f"{old!r} is not in {name}"
        path.write_text(re.sub(old, lambda _: new, text, count=1, flags=re.MULTILINE), encoding="utf-8")

    yield change
    for path, text in kept.items():
        path.write_text(text, encoding="utf-8")


def _edition() -> Any:
    with folders.within(folders.CODE.parent):
        return cwi.read_edition(2023)


def _here() -> Any:
    return SimpleNamespace(project=None, territory=read_territory())


def _households() -> object:
    return synthesize_households(
        _edition(), rng=np.random.default_rng(1), sample=HouseholdSample(units=1, households=2)
    )


def _shares() -> object:
    return read_published_shares(read_survey_definitions("2024.1"), ["KZ"])


def _children() -> object:
    return children(_edition().observations, read_territory())


def _methods() -> object:
    return read_methods(read_crosswalk(read_methodology("2026.1")))


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("deprivation/cc-moda/items.csv", lambda: read_specification("cc-moda")),
        ("households/variables.csv", read_variables),
        ("households/synthetic.csv", _households),
        ("benefits/take_up.csv", lambda: read_benefit_rules("2024-07-01")),
        ("benefits/totals.csv", read_totals),
        ("benefits/laws.csv", read_laws),
        ("methodology/2026.1/selection.csv", lambda: read_selection(read_methodology("2026.1"))),
        ("budget/deflator.csv", read_deflator),
        ("budget/lines_2025.csv", read_lines),
        ("budget/decisions_2025.csv", read_decisions),
        ("synthetic_registers.csv", read_plausible),
        ("survey/published_results.csv", _shares),
        ("intake/owners.csv", read_owners),
        ("crosswalk/counterparts.csv", _methods),
        ("intake/deliveries.csv", read_deliveries),
    ],
)
def test_registers_cut_to_their_header(
    registers: Path, spoil: Callable[[str, str, str], None], says: Says, name: str, read: Callable[[], object]
) -> None:
    spoil(name, r"\A(.*\n)(?s:.*)\Z", (registers / name).read_text(encoding="utf-8").splitlines()[0] + "\n")
    with says(CwiError, HEADER.format(f"data/{name}")):
        read()


COLUMNS = "data/households/maps/standard.toml: "
SCENARIO = "data/methodology/2026.1/scenarios.toml: "


@pytest.mark.parametrize(
    ("name", "old", "new", "read", "sentence"),
    [
        ("households/maps/standard.toml", "^id = .*", "id = []", lambda: read_column_map("standard"),
         COLUMNS + "'id' is []; it must be written id = {columns = [\"…\"]}"),
        ("households/maps/standard.toml", "^id = .*", 'id = {columns = "id"}', lambda: read_column_map("standard"),
         COLUMNS + "columns of 'id' is 'id'; it must be a list"),
        ("households/maps/standard.toml", "^id = .*", "id = {columns = [3]}", lambda: read_column_map("standard"),
         COLUMNS + "columns of 'id' is [3]; it must be a list of names in quotes"),
        ("households/maps/standard.toml", "^id = .*", 'id = {columns = ["id"], times = nan}',
         lambda: read_column_map("standard"), COLUMNS + "times of 'id' is nan; it must be a number other than zero"),
        ("households/maps/standard.toml", "^id = .*", 'id = {columns = ["id"], codes = {1 = []}}',
         lambda: read_column_map("standard"), COLUMNS + "the code 1 of 'id' means []; it must be a number or a text"),
        ("households/maps/standard.toml", r"^\[variables\].*", "[[variables]]", lambda: read_column_map("standard"),
         COLUMNS + "'variables' is no table of settings; it must be written [variables]"),
        ("households/maps/standard.toml", "^name", "census = 1\nname", lambda: read_column_map("standard"),
         COLUMNS + "census is 1; it must be true or false"),
        ("households/synthetic.csv", "^school,", "car2,", _households,
         "data/households/synthetic.csv: the variable 'school' has no row"),
        ("deprivation/cc-moda/items.csv", r"\n\w+,", "\n" + "9" * 400 + ",", lambda: read_specification("cc-moda"),
         f"data/deprivation/cc-moda/items.csv line 2: the code '{'9' * 60}' is no name of at most 60 letters and "
         "digits"),
        ("benefits/take_up.csv", "^care,.*\n", "", lambda: read_benefit_rules("2024-07-01"),
         "data/benefits/take_up.csv: there is no row of 'care'"),
        ("benefits/take_up.csv", "0.97", "97", lambda: read_benefit_rules("2024-07-01"),
         "data/benefits/take_up.csv line 2: rate is 97; it must be from 0 to 1"),
        ("benefits/totals.csv", r"^\d{4},(\w+),(\w+),[\d.]+", "2024,birth,cost,1e300", read_totals,
         "data/benefits/totals.csv line 2: value is 1e+300, beyond any amount"),
        ("benefits/totals.csv", r"^\d{4},", "inf,", read_totals,
         "data/benefits/totals.csv line 2: year is 'inf'; it must be like 2024"),
        ("budget/children.csv", r",\d{4},", ",%s,", _children,
         "data/budget/children.csv: there must be one row, the children of KZ in a year"),
        ("budget/decisions_2025.csv", ",2025,", ",%s,", read_decisions,
         "data/budget/decisions_2025.csv line 2: year is '%s'; it must be like 2025"),
        ("budget/decisions_2025.csv", r"\n(KZ-\d\d)", "\nKZ-39,2025,,,,,,\nKZ-39", read_decisions,
         "data/budget/decisions_2025.csv line 3: the decision of KZ-39 is listed twice"),
        ("budget/lines_2025.csv", r",261,", ",\\,", read_lines,
         "data/budget/lines_2025.csv line 68: administrator is '\\', which is no code of the classification"),
        ("budget/lines_2025.csv", "^KZ-19,2025,REV", "KZ-19,2025,\\", read_lines,
         "data/budget/lines_2025.csv line 2: functional_group is '\\', which is no code of the classification"),
        ("deprivation/child-af/specification.toml", "^to = 4", 'to = "x"', lambda: read_specification("child-af"),
         "data/deprivation/child-af/specification.toml: a band is {'code': '3-4', 'from': 3, 'to': 'x'}; it needs a "
         "code in quotes, and from and to in whole years"),
        ("exchange/opensdg_areas.csv", ",KZABY", ",=1+1", lambda: area_codes(_here()),
         "data/exchange/opensdg_areas.csv line 2: code is '=1+1'; it must be a letter and letters or digits"),
        ("methodology/2026.1/selection.csv", ",3.4,", ",1e300,", lambda: read_selection(read_methodology("2026.1")),
         "data/methodology/2026.1/selection.csv line 2: sdg is '1e300'; it must be like 3.4, 16.b"),
        ("methodology/2026.1/scenarios.toml", r"(?s)\A.*\Z", "# nothing\n",
         lambda: read_scenarios(read_methodology("2026.1")),
         SCENARIO + "there is no scenario in it; restore the file, or delete it"),
        ("methodology/2026.1/scenarios.toml", "^title_kk *=.*", "title_kk = [[1]]",
         lambda: read_scenarios(read_methodology("2026.1")),
         SCENARIO + "scenario 'older_figures': title_kk is [[1]]; it must be a text in quotes"),
        ("crosswalk/methods.toml", "^system *=.*", "system = [[1]]", _methods,
         "data/crosswalk/methods.toml: system of 'report_card' is [[1]]; it must be a text in quotes"),
        ("country.toml", r"(?s)\A.*\Z", "", read_country,
         "data/country.toml: the file is empty; restore it, or delete it where nothing is of the country"),
    ],
)  # fmt: skip
def test_registers_with_a_piece_that_cannot_be(
    spoil: Callable[[str, str, str], None], says: Says, name: str, old: str, new: str, read: Callable[[], object],
    sentence: str,
) -> None:  # fmt: skip
    spoil(name, old, new)
    with says(CwiError, sentence):
        read()


# ---------------------------------------------------------------- files of children and answers


@pytest.fixture(scope="module")
def children_as_text(registers: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    made: Any = _households()
    path = tmp_path_factory.mktemp("children") / "children.csv"
    made.children.to_csv(path, index=False)
    assert len(read_households(path, year=2023).children) > 20
    return path.read_text(encoding="utf-8")


@pytest.fixture
def file_of_children(children_as_text: str, tmp_path: Path) -> Path:
    path = tmp_path / "children.csv"
    path.write_text(children_as_text, encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (",new_clothes,", ",new_clothess,",
         "the column 'new_clothess' is written almost as 'new_clothes', which the file does not have; rename it"),
        (r"(?s)(\n.*?),0\.0,", r"\1,2024-01-01,",
         "row 1: arrears is '2024-01-01'; it must be 1 (yes) or 0 (no)"),
    ],
)  # fmt: skip
def test_slips_in_a_file_of_children_are_refused(file_of_children: Path, old: str, new: str, problem: str) -> None:
    text = file_of_children.read_text(encoding="utf-8")
    file_of_children.write_text(re.sub(old, new, text, count=1), encoding="utf-8")
    problems = [each for each in household_problems(file_of_children, year=2023) if each.kind != "lonely psu"]
    assert [each.text for each in problems] == [problem]
    with pytest.raises(DataError, match=re.escape(problem)):
        read_households(file_of_children, year=2023)


@pytest.mark.slow
def test_a_file_of_children_that_was_cut(file_of_children: Path, says: Says) -> None:
    lines = file_of_children.read_text(encoding="utf-8").splitlines()
    columns = lines[0].count(",") + 1
    file_of_children.write_text("\n".join([*lines[:9], "synthetic,synthetic-000008\n"]), encoding="utf-8")
    with says(
        DataError,
        f"{file_of_children.as_posix()} line 10: 2 cells where the first line names {columns} columns; the file was "
        "cut, or a text with a comma is not in quotes",
    ):
        read_households(file_of_children, year=2023)


def _sparse(path: Path, megabytes: int) -> Path:
    """A file of that size that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(megabytes * 2**20)
    return path


def test_files_that_would_flood_the_memory_are_refused_before_they_are_read(tmp_path: Path, says: Says) -> None:
    path = _sparse(tmp_path / "table.csv", 1024)
    where = f"{path.as_posix()}: the file has 1,024 MB; at most"
    with says(DataError, f"{where} {MOST} MB are read; divide it, or keep only what is used"):
        read_csv(path, DataError, required=("a",))
    with says(DataError, f"{where} {MOST_ANSWERS} MB are read; save it as Parquet, which takes a tenth of the room"):
        refuse_torn(path)


def test_a_cell_that_is_no_cell(tmp_path: Path, says: Says) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"a,b\n1,2\n3,{'9' * 40_000}\n", encoding="utf-8")
    with says(DataError, f"{path.as_posix()} line 3: a cell has 40,000 characters; at most 10,000 are read"):
        read_csv(path, DataError, required=("a", "b"))


def test_a_file_without_children(file_of_children: Path, says: Says) -> None:
    file_of_children.write_text(file_of_children.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    with says(DataError, f"{file_of_children.as_posix()}: there is no child in it"):
        read_households(file_of_children, year=2023)


def test_a_map_of_budget_lines_with_settings_of_another_kind(tmp_path: Path, says: Says) -> None:
    path = tmp_path / "map.toml"
    path.write_text("[unit]\n", encoding="utf-8")
    with says(DataError, f"{path.as_posix()}: unit is {{}}; it must be a text in quotes"):
        read_export(tmp_path / "lines.csv", path, read_territory())
