"""A report is written aside and moved into place: what stops a run leaves the old one whole and nothing beside it."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from cwi.errors import ReportError, WritingError
from cwi.folders import relative
from cwi.report import render
from cwi.report.manifest import manifest
from cwi.report.render import _leave, make_report
from cwi.report.staging import mend, staged


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "2023"
    folder.mkdir()
    (folder / "ledger.csv").write_text("old", encoding="utf-8")
    return folder


def stopped(target: Path, by: type[BaseException]) -> None:
    """A run that lays something down and is then stopped."""
    with staged(target.parent, target) as stage:
        (stage / "ledger.csv").write_text("half", encoding="utf-8")
        raise by


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("stopped_by", [KeyboardInterrupt, SystemExit, ReportError])
def test_what_stops_a_run_leaves_the_old_report(target: Path, stopped_by: type[BaseException]) -> None:
    with pytest.raises(stopped_by):
        stopped(target, stopped_by)
    assert names(target.parent) == ["2023"]
    assert (target / "ledger.csv").read_text(encoding="utf-8") == "old"


def test_a_finished_run_takes_its_place(target: Path) -> None:
    with staged(target.parent, target) as stage:
        (stage / "ledger.csv").write_text("new", encoding="utf-8")
    assert names(target.parent) == ["2023"]
    assert (target / "ledger.csv").read_text(encoding="utf-8") == "new"


def test_a_run_that_was_killed_between_the_two_moves_is_mended(target: Path) -> None:
    target.rename(target.parent / ".2023.old")
    with pytest.raises(KeyboardInterrupt):
        stopped(target, KeyboardInterrupt)
    assert names(target.parent) == ["2023"]
    assert (target / "ledger.csv").read_text(encoding="utf-8") == "old"


HEAD = "name,edition,value,unit,decimals,text_kk,text_ru,text_en\n"


@pytest.mark.slow
def test_a_report_of_one_language_leaves_the_others(target: Path) -> None:
    (target / "official_report.kk.ipynb").write_text("qazaqsha", encoding="utf-8")
    (target / "tables").mkdir()
    (target / "tables" / "index.ru.csv").write_text("po-russki", encoding="utf-8")
    (target / "official_report.en.ipynb").write_text("old", encoding="utf-8")
    (target / "ledger.csv").write_text(
        HEAD + "a,2023,1.5,points,1,1′5,1′5,1.5\nb,2023,2,points,1,2,2,2\n", encoding="utf-8"
    )
    with staged(target.parent, target) as stage:
        (stage / "official_report.en.ipynb").write_text("new", encoding="utf-8")
        (stage / "ledger.csv").write_text(HEAD + "a,2023,1.5,points,1,,,1.5\nb,2023,3,points,1,,,3\n", encoding="utf-8")
        left = _leave(target, stage, {"kk", "ru"})
        assert left == {"official_report.kk.ipynb", "tables/index.ru.csv"}
        record = manifest(stage, made_of={}, parameters={}, languages=["en"], edition={}, left=left)
        assert set(record["outputs"]) == {"official_report.en.ipynb", "ledger.csv"}
    assert names(target) == ["ledger.csv", "official_report.en.ipynb", "official_report.kk.ipynb", "tables"]
    assert (target / "official_report.en.ipynb").read_text(encoding="utf-8") == "new"
    assert (target / "tables" / "index.ru.csv").read_text(encoding="utf-8") == "po-russki"
    # the text of a number that is the same is kept; that of one that changed is not
    assert (target / "ledger.csv").read_text(encoding="utf-8") == (
        HEAD + "a,2023,1.5,points,1,1′5,1′5,1.5\nb,2023,3,points,1,,,3\n"
    )


def test_nothing_is_left_where_there_was_nothing(tmp_path: Path) -> None:
    stage = tmp_path / "stage"
    stage.mkdir()
    assert _leave(tmp_path / "2030", stage, {"kk"}) == set()
    assert names(stage) == []


Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

KILLED = """
import os, signal, sys
from pathlib import Path
from cwi.report.staging import staged
target = Path(sys.argv[1])
with staged(target.parent, target) as stage:
    (stage / "ledger.csv").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="processes are killed so on these systems only")
def test_what_a_killed_run_left_is_gone_after_the_next(target: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(target)], check=False)
    assert len(list(target.parent.glob(".2023.new-*"))) == 1
    with staged(target.parent, target) as stage:
        assert list(target.parent.glob(".2023.new-*")) == [stage]
        mend(target)  # another run that begins now leaves this one's folder alone
        assert stage.is_dir()
    assert names(target.parent) == ["2023"]


def test_a_report_that_was_moved_aside_is_put_back_before_anything_is_checked(project: Any, tmp_path: Path) -> None:
    """Bad data in the run after a kill must not leave the old report under another name."""
    reports = tmp_path / "reports"
    (reports / ".2022.old").mkdir(parents=True)
    (reports / ".2022.old" / "ledger.csv").write_text("old", encoding="utf-8")
    mend(reports / "2022")
    assert names(reports) == ["2022"]
    assert (reports / "2022" / "ledger.csv").read_text(encoding="utf-8") == "old"


def test_the_second_of_two_runs_at_once_is_refused(target: Path, says: Says) -> None:
    with staged(target.parent, target) as stage:
        (stage / "ledger.csv").write_text("first", encoding="utf-8")
        with (
            says(WritingError, f"{relative(target)} is being made by another run; wait until it has ended"),
            staged(target.parent, target),
        ):
            pass
    assert names(target.parent) == ["2023"]
    assert (target / "ledger.csv").read_text(encoding="utf-8") == "first"
    with staged(target.parent, target):  # the first has ended
        pass


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path: Path, says: Says) -> None:
    (tmp_path / "reports").write_text("a file", encoding="utf-8")
    reports = tmp_path / "reports"
    with (
        says(WritingError, f"{reports.as_posix()}: the folder cannot be made (File exists); name another"),
        staged(reports, reports / "2023"),
    ):
        pass


class _OneProcess:
    """Stands for the pool: what it is given is done at once, here."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __enter__(self) -> "_OneProcess":
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, work: Callable[..., Any], *given: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        try:
            done.set_result(work(*given))
        except Exception as problem:
            done.set_exception(problem)
        return done


@pytest.fixture
def small(project: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The small project with a notebook; a language of its report is a ledger of one number."""
    source = Path(render.__file__).parents[2] / "notebooks" / "official_report.ipynb"
    (project.data.parent / "notebooks").mkdir()
    (project.data.parent / "notebooks" / source.name).write_bytes(source.read_bytes())

    def one_language(source: Path, stage: Path, code: str, *_: Any) -> None:
        head = f"name,value,unit,decimals,text_{code},edition,fingerprint,data,seed"
        (stage / f"ledger.{code}.csv").write_text(f"{head}\na,1,,0,1,2022,f,d,1\n", encoding="utf-8")

    monkeypatch.setattr(render, "ProcessPoolExecutor", _OneProcess)
    monkeypatch.setattr(render, "_one_language", one_language)
    return project


@pytest.mark.slow
def test_an_input_that_is_changed_and_put_back_meanwhile_stops_the_report(
    small: Any, monkeypatch: pytest.MonkeyPatch, says: Says
) -> None:
    target = make_report(2022, methodology="t1")
    kept = (target / "manifest.json").read_bytes()
    path = small.path("observations/living.csv")
    inner = render._one_language

    def changing(*given: Any) -> Any:
        text = path.read_bytes()
        path.write_bytes(text.replace(b"A,2022,poverty,,,8,", b"A,2022,poverty,,,9,"))
        made = inner(*given)
        path.write_bytes(text)
        return made

    monkeypatch.setattr(render, "_one_language", changing)
    with says(ReportError, "data/observations/living.csv was changed while the report of 2022 was made; make it again"):
        make_report(2022, methodology="t1")
    assert (target / "manifest.json").read_bytes() == kept
    assert names(target.parent) == ["2022"]


@pytest.mark.slow
def test_a_full_disk_is_one_sentence_and_leaves_the_old_report(
    small: Any, monkeypatch: pytest.MonkeyPatch, says: Says
) -> None:
    target = make_report(2022, methodology="t1")
    kept = (target / "manifest.json").read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(render, "manifest", full)
    with says(WritingError, "reports/2022: it cannot be written (No space left on device)"):
        make_report(2022, methodology="t1")
    assert (target / "manifest.json").read_bytes() == kept
    assert names(target.parent) == ["2022"]


WORKER = """
import os, sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from cwi.report.staging import end_with_parent
if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=end_with_parent)
    print(pool.submit(os.getpid).result(), flush=True)
    pool.submit(time.sleep, 300)
    sys.stdin.read()
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="processes are killed so on these systems only")
def test_a_worker_ends_with_its_parent(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(WORKER, encoding="utf-8")
    parent = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    assert parent.stdout
    worker = int(parent.stdout.readline())
    os.kill(worker, 0)
    parent.kill()
    parent.wait()
    parent.stdout.read()  # the pipe that the worker holds too ends with it
    parent.stdout.close()
