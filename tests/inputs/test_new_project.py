"""A project begun from the release or from nothing, and what is printed where there is none."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cwi import folders
from cwi.checks import check_all
from cwi.cli.report import check
from cwi.edition import new_edition, open_project
from cwi.errors import ProjectError
from cwi.inputs.new_project import copy_release, empty_project
from cwi.report.manifest import inputs

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
NOWHERE = (
    "there is no project here: neither {} nor a folder above it holds data/regions.csv; 'cwi init FOLDER' copies the "
    "data and notebooks of this release, 'cwi init FOLDER --empty' begins a project of your own; for a project "
    "elsewhere write cwi --project FOLDER, or set CWI_ROOT"
)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The library as if it were installed by itself; the folder one works in."""
    monkeypatch.setattr(folders, "CODE", tmp_path / "site-packages" / "cwi")
    monkeypatch.delenv("CWI_ROOT", raising=False)
    (here := tmp_path / "here").mkdir()
    monkeypatch.chdir(here)
    return here


def test_without_a_project_it_is_said_what_to_do(installed: Path, says: Says) -> None:
    with says(ProjectError, NOWHERE.format(installed.as_posix())):
        folders.data()
    with says(ProjectError, NOWHERE.format(installed.as_posix())):
        check()
    assert folders.relative(installed / "a.csv") == (installed / "a.csv").as_posix()
    with says(
        ProjectError, "the data of the release did not come with this installation; take them from the repository, or "
        "begin with 'cwi init FOLDER --empty'"
    ):  # fmt: skip
        copy_release(installed / "new")


def test_the_project_is_the_folder_or_the_nearest_above(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty_project(installed / "mine")
    (deep := installed / "mine" / "notebooks" / "deep").mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert folders.root() == installed / "mine"
    monkeypatch.setenv("CWI_ROOT", str(installed))
    assert folders.root() == installed


@pytest.mark.slow
def test_the_release_is_copied_whole_and_nothing_is_overwritten(tmp_path: Path, says: Says) -> None:
    folder = copy_release(tmp_path / "copy")
    real = {name: sha for name, sha in inputs().items() if not name.startswith("cwi/")}
    copied = {name: sha for name, sha in inputs(folder).items() if not name.startswith("cwi/")}
    assert copied == real
    assert (folder / "data/editions/2023/published.csv").is_file()
    with says(ProjectError, f"{folder.as_posix()}: there is something in it already; name a new folder"):
        copy_release(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_the_code_that_runs_is_named_wherever_the_project_is(tmp_path: Path) -> None:
    """In a project elsewhere, too, a manifest names the code."""
    names = inputs(empty_project(tmp_path / "mine"))
    code = Path(folders.__file__)
    assert names["cwi/folders.py"] == hashlib.sha256(code.read_bytes()).hexdigest()
    assert "data/regions.csv" in names


@pytest.mark.slow
def test_an_empty_project_is_filled_in_as_its_readme_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = empty_project(tmp_path / "testland")
    monkeypatch.setenv("CWI_ROOT", str(folder))
    problems = [sentence for check in check_all() for sentence in check.problems]
    assert "data/observations: there is no table of observations" in problems
    assert "data/methodology/1.0/indicators.csv: there is no indicator" in problems

    def append(name: str, text: str) -> None:
        with (folder / "data" / name).open("a", encoding="utf-8") as file:
            file.write(text)

    append("regions.csv", "N1,region,North,Север,Солтүстік,,\nS1,region,South,Юг,Оңтүстік,,\n")
    append("series.csv", "reading,Reading,Чтение,%,0,100,share,,yes,\nbooks,Books,Книги,%,0,100,share,,yes,\n")
    rows = ["region,year,indicator,value,status,source"]
    for region, values in (("NATION", (60, 40)), ("N1", (70, 50)), ("S1", (50, 30))):
        rows += [f"{region},2025,{code},{value},normal,own" for code, value in zip(("reading", "books"), values,
                                                                                   strict=True)]  # fmt: skip
    append("observations/own.csv", "\n".join([*rows, ""]))
    sha = hashlib.sha256((folder / "data/observations/own.csv").read_bytes()).hexdigest()
    append("sources.toml", '[own]\npublisher = "Bureau"\ntitle = "Reading"\nlicence = "free"\nretrieved = "2026-01"\n'
           f'file = "observations/own.csv"\nsha256 = "{sha}"\n')  # fmt: skip
    append(
        "methodology/1.0/indicators.csv", "reading,school,Reading,%,0,100,1,1,open\nbooks,home,Books,%,0,100,1,1,open\n"
    )
    edition = new_edition(2025, "1.0")
    assert edition.scores.of("index")[2025].to_dict() == {"N1": 60.0, "NATION": 50.0, "S1": 40.0}
    assert [sentence for check in check_all() for sentence in check.problems] == []
    assert open_project().years == (2025,)


@pytest.mark.slow
def test_a_command_that_has_no_project_prints_one_sentence(tmp_path: Path) -> None:
    """The library alone, as a wheel installs it."""
    alone = tmp_path / "site-packages"
    alone.mkdir()
    (alone / "cwi").symlink_to(folders.CODE)
    code = "import sys; from pathlib import Path; from cwi import folders; folders.CODE = Path(sys.argv.pop(1)); " \
        "from cwi.cli import main; main()"  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if name != "CWI_ROOT"}

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", code, str(alone / "cwi"), *words], capture_output=True, text=True, cwd=tmp_path,
            env=environment, check=False,
        )  # fmt: skip

    done = run("score", "2023")
    assert (done.returncode, done.stderr) == (2, f"ProjectError: {NOWHERE.format(tmp_path.as_posix())}\n")
    done = run("--project", "nowhere", "check")
    assert (done.returncode, done.stderr) == (2, "ProjectError: --project nowhere: there is no such folder\n")
    done = run("init", "mine", "--empty")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "mine")
    done = run("--project", "mine", "list", "regions")
    assert done.returncode == 0
    assert "NATION" in done.stdout
