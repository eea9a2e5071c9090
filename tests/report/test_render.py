"""A report is written aside and moved into place: what stops a run leaves the old one whole and nothing beside it."""

from pathlib import Path

import pytest

from cwi.errors import ReportError
from cwi.report.render import _aside


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "2023"
    folder.mkdir()
    (folder / "ledger.csv").write_text("old", encoding="utf-8")
    return folder


def stopped(target: Path, by: type[BaseException]) -> None:
    """A run that lays something down and is then stopped."""
    with _aside(target.parent, target) as stage:
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
    with _aside(target.parent, target) as stage:
        (stage / "ledger.csv").write_text("new", encoding="utf-8")
    assert names(target.parent) == ["2023"]
    assert (target / "ledger.csv").read_text(encoding="utf-8") == "new"


def test_a_run_that_was_killed_between_the_two_moves_is_mended(target: Path) -> None:
    target.rename(target.parent / ".2023.old")
    with pytest.raises(KeyboardInterrupt):
        stopped(target, KeyboardInterrupt)
    assert names(target.parent) == ["2023"]
    assert (target / "ledger.csv").read_text(encoding="utf-8") == "old"
