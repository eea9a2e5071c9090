"""The intake of a small project: killed at every step, answered, and one table of a publication added."""

import os
import signal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from xlsxwriter import Workbook

from cwi import DataError, folders
from cwi.edition import open_project
from cwi.errors import WritingError
from cwi.inputs.intake import (
    add_publication,
    build_request,
    freeze_request,
    read_folder,
    read_owners,
    read_publication,
    read_request,
)
from cwi.report.intake import write_templates

pytestmark = pytest.mark.slow

OWNERS = """\
owner,kind,region,name_en,name_ru,name_kk,status,source
bureau,committee,,Bureau,Бюро,Бюро,working,test
akimat-b,akimat,B,Akimat of Beta,Акимат Беты,Бета әкімдігі,working,test
"""
DELIVERIES = """\
series,owner,territories,indicator,title_kk,unit_ru,unit_kk,status,note
poverty,bureau,all,poverty,Кедейлік,%,%,working,
water,akimats,own,water,Су,%,%,working,
"""
PROVISIONAL = "provisional,P,yes,Provisional,Предварительно,Алдын ала,\n"


@pytest.fixture
def asked(project: Any, tmp_path: Path) -> Any:
    """The small project with templates of 2023, filled in and returned."""
    project.write("intake/owners.csv", OWNERS)
    project.write("intake/deliveries.csv", DELIVERIES)
    project.append("statuses.csv", PROVISIONAL)
    opened = open_project()
    request = build_request(opened, 2023, opened.methodology("t1"))
    freeze_request(request)
    write_templates(tmp_path / "sent", request, read_owners(), opened.methodology("t1"), opened.territory)
    fill(tmp_path / "sent", tmp_path / "back", {"N": 17.5, "A": 8.1, "B": 18.25, "EAST": 24.5, "WEST": 33.9})
    return project


def fill(sent: Path, back: Path, values: dict[str, float]) -> None:
    back.mkdir(exist_ok=True)
    for path in sent.iterdir():
        book = openpyxl.load_workbook(path)
        sheet = book.worksheets[0]
        for row in range(8, sheet.max_row + 1):
            series, region = sheet.cell(row, 1).value.split("|")[2:4]
            sheet.cell(row, 7).value = values[region] if series == "poverty" else 97.5
        book.save(back / path.name)


def tree(data: Path) -> dict[str, bytes]:
    return {str(path.relative_to(data)): path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file()}


def killed(step: int, back: Path) -> bool:
    """Read in a process of its own that is killed before a file takes its place; whether it came so far."""
    child = os.fork()
    if child == 0:
        done, replace = 0, os.replace

        def counted(*places: Any) -> None:
            nonlocal done
            done += 1
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)
            replace(*places)

        os.replace = counted  # type: ignore[assignment]
        try:
            read_folder(back, 2023)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_killed_at_every_step_nothing_is_lost_or_doubled(asked: Any, tmp_path: Path) -> None:
    """After each kill the data can be read, and reading again gives what an undisturbed reading gives."""
    import shutil

    before = tmp_path / "before"
    shutil.copytree(asked.data, before)
    read_folder(tmp_path / "back", 2023)
    whole = tree(asked.data)
    assert sum(name.startswith("observations/intake-2023-") for name in whole) == 2
    for step in range(1, 40):
        shutil.rmtree(asked.data)
        shutil.copytree(before, asked.data)
        if not killed(step, tmp_path / "back"):
            assert step - 1 == 8  # two originals, the receipts, sources, two tables, register and files
            return
        open_project()  # whatever was written can be read
        read_folder(tmp_path / "back", 2023)
        left = {name: content for name, content in tree(asked.data).items() if not Path(name).name.startswith(".")}
        assert left == whole
    pytest.fail("reading never ended")


def test_a_second_run_waits_for_nobody(asked: Any, tmp_path: Path, says: Any) -> None:
    import fcntl

    place = asked.data / "intake" / "2023"
    handle = os.open(place, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with says(WritingError, "the figures of 2023 are being read by another run; wait until it has ended"):
            read_folder(tmp_path / "back", 2023)
    finally:
        os.close(handle)
    assert len(read_folder(tmp_path / "back", 2023).settled.entered) == 6


def test_what_cannot_be_read_is_one_sentence(asked: Any, tmp_path: Path, says: Any) -> None:
    with says(DataError, f"{folders.relative(tmp_path / 'nowhere')}: there is no such folder; name the one with the "
                         "returned files"):  # fmt: skip
        read_folder(tmp_path / "nowhere", 2023)
    with says(DataError, "data/intake/1999/request.csv: there is no such file; 'cwi intake templates 1999' writes it "
                         "with the templates"):  # fmt: skip
        read_request(1999)
    asked.change("intake/deliveries.csv", "water,akimats,own", "water,akimats,all")
    with says(DataError, "data/intake/deliveries.csv line 3: akimats deliver their own region, and nobody else does"):
        build_request(open_project(), 2023, open_project().methodology("t1"))


RECORD = {"publisher": "Bureau", "title": "Poverty, 2023", "licence": "free"}


def published(path: Path, rows: list[list[Any]]) -> Path:
    with Workbook(str(path)) as book:
        sheet = book.add_worksheet("Таблица 1")
        for row, cells in enumerate(rows):
            sheet.write_row(row, 0, cells)
    return path


def test_a_table_of_a_publication_is_added_once_with_its_record(project: Any, tmp_path: Path) -> None:
    path = published(
        tmp_path / "poverty.xlsx", [["Область", "2023"], ["Страна", "17,5"], ["Альфа", 8.125], ["Бета", "н/д"]]
    )
    read = read_publication(path, series="poverty")
    assert read.rows[["region", "year", "value", "status"]].to_numpy().tolist() == [
        ["N", 2023, "17.5", "normal"], ["A", 2023, "8.125", "normal"], ["B", 2023, "", "missing"],
    ]  # fmt: skip
    written = add_publication(read, "bureau-poverty-2023", RECORD)
    assert [Path(name).name for name in written][1:] == ["sources.toml", "bureau-poverty-2023.csv"]
    assert add_publication(read, "bureau-poverty-2023", RECORD) == []
    added = open_project().observations.query("source == 'bureau-poverty-2023'")
    assert added["value"].dropna().tolist() == [8.125, 17.5]
    kept = next((project.data / "intake" / "publications").iterdir())
    assert kept.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([["Область", "2023"], ["Гамма", 8]],
         "cell A2: 'Гамма' is not the name of one region of 2023; there are Альфа, Бета, Восток, Запад; "
         "data/intake/spellings.csv takes another spelling"),
        ([["Область", "2023"], ["Альфа", "8 процентов"]],
         "cell B2: '8 процентов' is not a number; write the number alone, or 'n/a' where there is none"),
        ([["Область", "2023"], ["Альфа", 180]],
         "cell B2: 180 % is outside 0 to 100, which data/series.csv allows; correct the figure or the limits"),
        ([["Область", "2023"], ["Альфа", 8], ["Alpha", 9]],
         "cell B3: poverty in A, 2023 is there twice, first at {where}, cell B2; a value has one row"),
        ([["Область", "доля"], ["Альфа", 8]],
         "row 1: there is neither a column of values nor one a year; --column value=HEADING names it"),
    ],
)  # fmt: skip
def test_a_publication_that_cannot_be_used(
    project: Any, tmp_path: Path, says: Any, rows: list[list[Any]], sentence: str
) -> None:
    path = published(tmp_path / "table.xlsx", rows)
    where = f"{folders.relative(path)}, sheet 'Таблица 1'"
    with says(DataError, f"{where}, {sentence.format(where=where)}"):
        read_publication(path, series="poverty")


def test_a_figure_that_has_a_source_is_not_added_again(project: Any, tmp_path: Path, says: Any) -> None:
    path = tmp_path / "table.csv"
    path.write_text("region,year,value\nAlpha,2022,8.5\n", encoding="utf-8")
    where = folders.relative(path)
    before = tree(project.data)
    there = (
        "poverty in A, 2022 is in data/observations/living.csv line 7 already; a value has one row, leave it out here"
    )
    with says(DataError, f"{where} line 2, column 'value': {there} or there"):
        add_publication(read_publication(path, series="poverty"), "again", RECORD)
    with says(DataError, "the record of 'again' has no licence; --licence gives it"):
        add_publication(read_publication(path, series="poverty"), "again", {"publisher": "B", "title": "T"})
    assert tree(project.data) == before
