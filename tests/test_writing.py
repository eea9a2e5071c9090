"""What cannot be written is one sentence, and leaves what was there."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import cwi
from cwi.errors import WritingError
from cwi.inputs.consultation import synthesize_consultation, write_consultation, write_templates
from cwi.inputs.survey import read_survey_definitions
from cwi.inputs.survey.population import imagine
from cwi.inputs.survey.synthetic import Sample, synthesize, write_synthetic
from cwi.report.questionnaire import write_questionnaires
from cwi.writing import made_folder, writing

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_file_is_whole_or_as_it_was(tmp_path: Path, says: Says) -> None:
    one, two = tmp_path / "one.txt", tmp_path / "deep" / "two.txt"
    one.write_text("old", encoding="utf-8")
    with says(WritingError, f"{one.as_posix()}: it cannot be written (No space left on device)"), writing(one, two) as (
        first, second,
    ):  # fmt: skip
        first.write_text("half", encoding="utf-8")
        second.write_text("half", encoding="utf-8")
        raise FULL
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["one.txt"]
    assert one.read_text(encoding="utf-8") == "old"
    with writing(one, two) as (first, second):
        first.write_text("new", encoding="utf-8")
        second.write_text("new", encoding="utf-8")
    assert one.read_text(encoding="utf-8") == two.read_text(encoding="utf-8") == "new"
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["one.txt", "two.txt"]


@pytest.mark.parametrize("stopped_by", [KeyboardInterrupt, SystemExit, ValueError])
def test_what_stops_a_writer_goes_on_and_leaves_nothing(tmp_path: Path, stopped_by: type[BaseException]) -> None:
    def stopped() -> None:
        with writing(tmp_path / "one.txt") as (place,):
            place.write_text("half", encoding="utf-8")
            raise stopped_by

    with pytest.raises(stopped_by):
        stopped()
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_named(tmp_path: Path, says: Says) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    folder = tmp_path / "file" / "folder"
    with says(WritingError, f"{folder.as_posix()}: the folder cannot be made (Not a directory); name another"):
        made_folder(folder)
    with (
        says(WritingError, f"{tmp_path.as_posix()}: there is a folder of that name; name another file"),
        writing(tmp_path),
    ):
        pass


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder in which nobody may write")
def test_a_folder_that_cannot_be_written_is_named(says: Says) -> None:
    path = Path("/proc/self/one.txt")
    with says(WritingError, f"{path}: it cannot be written (No such file or directory)"), writing(path):
        pass


@pytest.fixture(scope="module")
def edition() -> cwi.Edition:
    return cwi.read_edition(2023)


def _questionnaires(folder: Path, edition: cwi.Edition) -> None:
    write_questionnaires(read_survey_definitions("2024.1"), folder)


def _answers(folder: Path, edition: cwi.Edition) -> None:
    definitions = read_survey_definitions("2024.1")
    population = imagine(definitions, edition, rng=np.random.default_rng(1))
    tables = synthesize(
        definitions, population, rng=np.random.default_rng(2), year=2023, regions=["KZ-39", "KZ-79"],
        sample=Sample(clusters=2, children=(2, 3), younger=(1, 2)),
    )  # fmt: skip
    write_synthetic(folder, *tables, definitions, year=2023)


def _templates(folder: Path, edition: cwi.Edition) -> None:
    write_templates(folder, edition.methodology, edition.territory)


def _consultation(folder: Path, edition: cwi.Edition) -> None:
    rng = np.random.default_rng(1)
    made = synthesize_consultation(edition.methodology, edition.territory, population=edition.population, rng=rng)
    write_consultation(folder, made)


WRITERS = {"questionnaire": _questionnaires, "synthesize": _answers, "template": _templates,
           "consultation": _consultation}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("writer", WRITERS)
def test_every_writer_leaves_nothing_half_written(
    writer: str, edition: cwi.Edition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full when the last file takes its name; then a file stands where the folder should be."""
    moved: list[Path] = []
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        moved.append(Path(target))
        raise FULL

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(WritingError, match=r": it cannot be written \(No space left on device\)\Z"):
        WRITERS[writer](tmp_path / "made", edition)
    assert moved
    assert list((tmp_path / "made").iterdir()) == []
    monkeypatch.setattr(Path, "replace", replace)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(WritingError, match=r"/file: the folder cannot be made \(File exists\); name another\Z"):
        WRITERS[writer](tmp_path / "file", edition)
    WRITERS[writer](tmp_path / "made", edition)
    assert len(list((tmp_path / "made").iterdir())) >= 2
    assert not list((tmp_path / "made").glob(".*"))
