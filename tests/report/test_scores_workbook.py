"""Scores as a workbook, and the commands import and export."""

import errno
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

import cwi
from cwi import Scores, cli
from cwi.errors import DataError
from cwi.report.scores_workbook import write_scores


@pytest.fixture(scope="module")
def written(scores: Scores, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scores") / "scores.xlsx"
    write_scores(path, scores, 2023)
    return path


@pytest.mark.slow
def test_tables_read_back(scores: Scores, written: Path) -> None:
    book = pd.read_excel(written, sheet_name=None)
    assert list(book) == [
        "cover",
        *(
            f"{what} {level}"
            for what in ("scores", "ranks")
            for level in ("index", "dimension", "component", "indicator")
        ),
        "weights",
        "cells",
        "flags",
    ]
    cover = book["cover"].set_index("what")["value"]
    methodology = scores.methodology
    assert cover["status"] == "working"
    assert cover["fingerprint"] == methodology.fingerprint
    assert [str(cover[name]) for name in ("methodology", "year")] == [methodology.version, "2023"]
    for level in ("index", "component", "indicator"):
        back = book[f"scores {level}"].set_index("region")
        expected = scores.wide(2023, level)
        assert list(back.columns) == list(expected.columns)
        pd.testing.assert_frame_equal(back.astype(float), expected, check_names=False, rtol=1e-14)
    ranks = book["ranks index"].set_index("region")["index"]
    assert sorted(ranks.dropna()) == sorted(scores.wide(2023, "index", "rank")["index"].dropna())
    weights = book["weights"].set_index("node")
    assert weights.loc[methodology.indicators["code"], "implied"].sum() == pytest.approx(1)
    implied = scores.implied_weights()
    assert weights.loc[implied.index, "implied"].to_numpy() == pytest.approx(implied.to_numpy())
    assert weights.groupby("parent")[["stated", "used"]].sum().to_numpy() == pytest.approx(1)
    cells = book["cells"]
    assert list(cells.columns) == ["region", "indicator", "value", "observed", "status", "source", "se", "n", "score"]
    assert len(cells) == (scores.cells["year"] == 2023).sum()
    flags = book["flags"]
    assert len(flags) == ((scores.nodes["year"] == 2023) & (scores.nodes["flag"] != "")).sum()


@pytest.mark.slow
def test_nothing_is_merged_or_hidden_and_bytes_are_the_same(scores: Scores, written: Path, tmp_path: Path) -> None:
    for sheet in openpyxl.load_workbook(written):
        assert not sheet.merged_cells.ranges
        assert sheet.sheet_state == "visible"
    write_scores(tmp_path / "scores.xlsx", scores, 2023)
    assert (tmp_path / "scores.xlsx").read_bytes() == written.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["scores.xlsx"]


def test_formulas_stay_text(project: Any, tmp_path: Path) -> None:
    project.change("observations/schools.csv", "A,2022,places,120,normal,schools", "A,2022,places,120,normal,=1+1")
    observations = pd.read_csv(project.path("observations/schools.csv"))
    methodology = cwi.read_methodology("t1").replace(component={"coverage": 0.0}, index={"coverage": 0.0})
    write_scores(tmp_path / "x.xlsx", cwi.score(observations, methodology), 2022)
    sheet: Any = openpyxl.load_workbook(tmp_path / "x.xlsx")["cells"]
    (cell,) = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


def test_refusals(scores: Scores, written: Path, says: Callable[..., Any]) -> None:
    name = written.as_posix()
    with says(DataError, f"{name}: there is such a file already; name a new one, nothing is overwritten"):
        write_scores(written, scores, 2023)
    with says(DataError, "these scores have no year 1999; there are 2023"):
        write_scores(written, scores, 1999)
    with says(DataError, f"{name[:-5]}.csv: the name ends in '.csv'; a workbook ends in .xlsx"):
        write_scores(written.with_suffix(".csv"), scores, 2023)
    folder = written.parent / "no"
    with says(
        DataError,
        f"{folder.as_posix()}/x.xlsx: the folder in which it should lie, {folder.as_posix()}, is not there; make it",
    ):
        write_scores(folder / "x.xlsx", scores, 2023)


# ---------------------------------------------------------------- commands


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cwi", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "400")
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return command


@pytest.mark.slow
def test_commands_there_and_back(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    code, said, _ = run("export", 2023, tmp_path / "coinr", "--coinr")
    assert code == 0
    assert said.startswith('Normalise with f_n = "n_goalposts"')
    tables = (tmp_path / "coinr" / "iMeta.csv", tmp_path / "coinr" / "iData.csv")
    code, said, _ = run("import", "coinr", *tables, tmp_path / "back", "--ends", "goalposts", "--level", "component",
                        "--level", "dimension")  # fmt: skip
    assert code == 0
    methodology = cwi.read_methodology(tmp_path / "back")
    assert said.splitlines()[-1].endswith(f"back: {len(methodology.indicators)} indicators, "
                                          f"{20 * len(methodology.indicators)} values")  # fmt: skip
    assert [level.name for level in methodology.levels] == ["component", "dimension", "index"]
    assert methodology.version == "back"
    code, said, _ = run("export", 2023, tmp_path / "scores.xlsx")
    assert (code, said.strip().endswith("scores.xlsx")) == (0, True)


def test_a_command_that_fails_says_one_sentence(run: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    code, _, error = run("import", "coin-tool", tmp_path / "no.xlsx", tmp_path / "new", "--year", 2020)
    assert (code, error) == (2, f"DataError: {tmp_path.as_posix()}/no.xlsx: there is no such file\n")
    assert not list(tmp_path.iterdir())


def test_the_example_of_the_page(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(cli.__file__).parents[2] / "docs/how-to/from-coinr.md").read_text(encoding="utf-8")
    page = page.partition("## The ASEM index")[0]  # that walk has a test of its own
    blocks = re.findall(r"```(\w+)\n(.*?)```", page, flags=re.DOTALL)
    meta, data = (text for kind, text in blocks if kind == "csv")
    (shown,) = (text for kind, text in blocks if kind == "text")
    (python,) = (text for kind, text in blocks if kind == "python")
    (command,) = (text for kind, text in blocks if kind == "sh" and "--level" in text)
    monkeypatch.chdir(tmp_path)
    Path("iMeta.csv").write_text(meta)
    Path("iData.csv").write_text(data)
    assert run(*command.split()[1:]) == (0, shown, "")
    said: dict[str, Any] = {}
    exec(python, said)
    rows = said["scores"].nodes.query("node == 'Index'").set_index("region")
    assert (rows.at["B", "score"], rows.at["B", "flag"]) == (56.25, "gaps")


@pytest.mark.slow
def test_a_full_disk_is_one_sentence(tmp_path, scores, monkeypatch, says):
    """As xlsxwriter wraps it: an error of its own that holds the system's."""

    def close(self):
        raise FileCreateError(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    monkeypatch.setattr(xlsxwriter.Workbook, "close", close)
    target = tmp_path / "scores.xlsx"
    with says(DataError, f"{target.as_posix()}: cannot be written (No space left on device)"):
        write_scores(target, scores, 2023)
    assert list(tmp_path.iterdir()) == []
