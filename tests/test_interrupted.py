"""Stopped at any moment: after each write of a command the data can be read, and the next run makes them whole.

A child process copies the folder before each of its writes, which is what ``kill -9`` at that moment would leave; every
state that differs from the one before is tried.
"""

import os
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cwi.inputs.intake import add_publication, read_publication
from cwi.inputs.observation_files import build_derived, record_source
from cwi.report import publication
from cwi.report.publication import mend_publication

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
RECORD = {"publisher": "Bureau", "title": "Poverty", "licence": "free"}
DERIVED = """
[derived]
publisher = "us"
title = "Derived"
licence = "free"
retrieved = "2026-01"
file = "observations/derived.csv"
sha256 = "0"
"""
FORMULAS = """\
series,formula,decimals,first_year,last_year,territories,n,se,source,note
dry,100 - water,1,,,,,,derived,
"""
ROWS = "region,year,indicator,value,status,source\nA,2022,dry,5,derived,derived\n"
WRITES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir"}


def tree(folder: Path) -> dict[str, bytes]:
    """The files that are seen: what a killed run left aside begins with a point."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    parts = [(path.relative_to(folder).parts, path) for path in files]
    return {"/".join(names): path.read_bytes() for names, path in parts if not any(n.startswith(".") for n in names)}


def states(folder: Path, kept: Path, work: Callable[[], object]) -> list[Path]:
    """The folder as it is before each write of ``work``, which a process of its own does; the last is the finished."""
    child = os.fork()
    if child == 0:
        count, busy = 0, False

        def copied(event: str = "end", arguments: Any = ()) -> None:
            nonlocal count, busy
            writes = event in WRITES or event == "end" or (
                event == "open" and bool((arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            )  # fmt: skip
            if busy or not writes or (arguments and not str(arguments[0]).startswith(str(folder))):
                return
            busy = True
            shutil.copytree(folder, kept / f"{count:03d}")
            count, busy = count + 1, False

        sys.addaudithook(copied)  # which cannot be removed, so the process ends with it
        try:
            work()
            copied()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    copies = sorted(kept.iterdir())
    # what is aside has a random name: whether there is any is what counts
    contents = [(tree(copy), any(path.name.startswith(".") for path in copy.rglob("*"))) for copy in copies]
    return [copy for place, copy in enumerate(copies) if place == 0 or contents[place] != contents[place - 1]]


def put(state: Path, folder: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(state, folder)


@pytest.fixture
def with_formula(project: Any) -> Any:
    """The small project with one derived series, not computed yet."""
    project.append("series.csv", "dry,Dry,Сухо,%,0,100,share,,no\n")
    project.append("sources.toml", DERIVED)
    project.write("observations/derived.csv", ROWS)
    project.write("derived_series.csv", FORMULAS)
    record_source("derived", {"sha256": "0" * 64})
    return project


@pytest.mark.slow
def test_adding_a_table_loses_and_doubles_no_row(with_formula: Any, tmp_path: Path) -> None:
    """'cwi add … --yes': the original, the record, the rows, then the series that are computed from them."""
    table = tmp_path / "water.csv"
    table.write_text("region,year,value\nAlpha,2023,96.5\nBeta,2023,98\n", encoding="utf-8")

    def add() -> None:
        add_publication(read_publication(table, series="water"), "bureau-water-2023", RECORD)
        build_derived()

    data = with_formula.data
    before = states(data, made(tmp_path / "states"), add)
    put(before[-1], data)
    whole = tree(data)
    assert whole["observations/bureau-water-2023.csv"].count(b"\n") == 3
    assert whole["observations/derived.csv"].count(b"2023") == 2
    assert len(before) > 8
    for state in before:
        put(state, data)
        originals = [path.read_bytes() for path in data.glob("intake/publications/[!.]*")]
        assert originals in ([], [table.read_bytes()])
        add()  # which reads every row: one that is there twice would be refused
        assert tree(data) == whole


@pytest.mark.slow
def test_building_the_derived_series_is_old_or_new(with_formula: Any, tmp_path: Path) -> None:
    """'cwi data build': the rows are those of before or the new ones, and the next run writes what is missing."""
    data, name = with_formula.data, "observations/derived.csv"
    old = tree(data)
    before = states(data, made(tmp_path / "states"), build_derived)
    put(before[-1], data)
    whole = tree(data)
    assert whole[name] != old[name]
    assert len(before) > 3
    for state in before:
        put(state, data)
        assert tree(data)[name] in (old[name], whole[name])
        assert tree(data)["sources.toml"] in (old["sources.toml"], whole["sources.toml"])
        build_derived()
        assert tree(data) == whole


@pytest.mark.slow
def test_a_publication_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    """'cwi publish': the next command finds the vintage before as it was, or the new one whole."""
    folder = made(tmp_path / "2022")
    names = ("published.csv", "published.toml", "rows.csv.gz", "kept.zip")
    for name in names:
        (folder / name).write_bytes(b"old")
    files = dict.fromkeys((*names, "revision.csv", *(f"vintages/1/{name}" for name in names)), b"new")
    before = states(folder, made(tmp_path / "states"), lambda: publication._lay_down(folder, files))
    assert len(before) > 6
    old, new = dict.fromkeys(names, b"old"), dict.fromkeys(files, b"new")
    seen = []
    for state in before:
        put(state, folder)
        mend_publication(folder)
        assert tree(folder) in (old, new)
        seen.append(tree(folder) == new)
        publication._lay_down(folder, files)
        assert tree(folder) == new
        assert not list(folder.glob(".publ*"))
    assert seen == sorted(seen)  # from one moment on it is the new one
    assert {*seen} == {False, True}


def test_the_comparison_would_notice_a_writer_in_place(tmp_path: Path) -> None:
    """A control: a file that is written where it is has a moment in which it is neither old nor new."""
    folder = made(tmp_path / "folder")
    (folder / "a.txt").write_text("old")

    def write() -> None:
        with (folder / "a.txt").open("w") as file:
            file.write("new")
            file.flush()
            (folder / "b.txt").write_text("a later file")

    contents = [tree(state)["a.txt"] for state in states(folder, made(tmp_path / "states"), write)]
    assert contents[0] == b"old"
    assert contents[-1] == b"new"
    assert len(contents) == 3


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder
