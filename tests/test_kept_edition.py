"""An edition that was kept is given to who reads it again, and to nobody once a file of the data is another one."""

import os
from collections.abc import Iterator

import pytest

from cwi import read_edition
from cwi.edition import keep_edition
from cwi.edition import kept as module

LIVING = "observations/living.csv"


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """No other test meets what is kept here."""
    yield
    module._kept.clear()


@pytest.mark.slow
def test_the_same_question_is_given_the_same_edition(project):
    assert read_edition(2022) is not read_edition(2022)  # without it
    kept = keep_edition(2022)
    assert read_edition(2022) is kept
    assert read_edition(2022, "") is kept
    assert read_edition(2022, root=project.data.parent) is kept


@pytest.mark.slow
def test_another_question_is_not(project):
    kept = keep_edition(2022)
    assert read_edition(2022, "t1") is not kept  # the same rules by another word
    assert read_edition(2022, kept.methodology) is not kept
    assert read_edition() is not kept


@pytest.mark.slow
def test_a_changed_file_is_read(project):
    kept = keep_edition(2022)
    before = kept.scores.at("A")
    project.change(LIVING, "A,2022,poverty,,,8,,,normal,living,", "A,2022,poverty,,,9,,,normal,living,")
    project.sign()
    changed = read_edition(2022)
    assert changed is not kept
    assert changed.scores.at("A") < before


@pytest.mark.slow
def test_a_file_of_the_same_size_and_time_is_read(project):
    """As a copy that keeps the time would be."""
    kept = keep_edition(2022)
    path = project.path(LIVING)
    state = path.stat()
    project.change(LIVING, "A,2022,poverty,,,8,,,normal,living,", "A,2022,poverty,,,9,,,normal,living,")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (state.st_size, state.st_mtime_ns)
    project.sign()
    assert read_edition(2022) is not kept


@pytest.mark.slow
def test_a_file_that_is_changed_while_it_is_read_makes_it_of_no_use(project, monkeypatch):
    read = read_edition

    def and_change(*given):
        edition = read(*given)
        project.append(LIVING, "\n")
        project.sign()
        return edition

    monkeypatch.setattr("cwi.edition.project.read_edition", and_change)
    kept = keep_edition(2022)
    monkeypatch.undo()
    monkeypatch.setenv("CWI_ROOT", str(project.data.parent))
    assert read_edition(2022) is not kept


@pytest.mark.slow
def test_rules_from_elsewhere_are_not_kept(project, tmp_path):
    outside = tmp_path / "elsewhere"
    project.path("methodology/t1").rename(outside)
    for name in ("methodology.toml", "indicators.csv", "factors.toml"):
        project.write(f"methodology/t1/{name}", (outside / name).read_bytes())
    kept = keep_edition(2022, str(outside))
    assert read_edition(2022, str(outside)) is not kept
