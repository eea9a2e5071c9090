"""A report is written aside and moved into place: what stops a run leaves the old one whole and nothing beside it."""

from pathlib import Path

import pytest

from cwi.errors import ReportError
from cwi.report.manifest import manifest
from cwi.report.render import _aside, _leave


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


HEAD = "name,edition,value,unit,decimals,text_kk,text_ru,text_en\n"


def test_a_report_of_one_language_leaves_the_others(target: Path) -> None:
    (target / "official_report.kk.ipynb").write_text("qazaqsha", encoding="utf-8")
    (target / "tables").mkdir()
    (target / "tables" / "index.ru.csv").write_text("po-russki", encoding="utf-8")
    (target / "official_report.en.ipynb").write_text("old", encoding="utf-8")
    (target / "ledger.csv").write_text(
        HEAD + "a,2023,1.5,points,1,1′5,1′5,1.5\nb,2023,2,points,1,2,2,2\n", encoding="utf-8"
    )
    with _aside(target.parent, target) as stage:
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
