"""What all tests and the examples of the docstrings share: the observations are read once for the same files."""

import gc
import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import hypothesis
import pandas as pd
import pytest
from _pytest.doctest import DoctestItem

import cwi
import cwi.edition
from cwi import Edition, Project, folders

hypothesis.settings.register_profile("untimed", deadline=None)  # a slow machine is no failure
hypothesis.settings.load_profile("untimed")


def _digest(data: Path) -> bytes:
    """A digest of every file that the observations are read and checked with."""
    digest = hashlib.sha256(f"{folders.root()}\0{data}".encode())
    names = ("regions.csv", "boundary_changes.csv", "series.csv", "statuses.csv", "sources.toml")
    for path in (*(data / name for name in names), *sorted((data / "observations").glob("*.csv"))):
        digest.update(f"\0{path}\0".encode() + (path.read_bytes() if path.is_file() else b"none"))
    return digest.digest()


def _read_once(read: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
    kept: dict[bytes, pd.DataFrame] = {}

    def reader(folder: Path | None = None, **given: Any) -> pd.DataFrame:
        key = _digest(folder or folders.data())
        if key not in kept:
            table = read(folder, **given)
            if len(kept) > 2:  # the first stays: that of this project, as a rule
                kept.pop(list(kept)[1])
            kept[key] = table
        return kept[key].copy()

    return reader


EDITIONS = 8
LONG = ("tests/notebooks/", "tests/report/")  # whose modules take longest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long modules first: modules are given out whole, and short ones fill the end of the other worker."""
    modules = [item.nodeid.split("::")[0] for item in items]
    place = {module: number for number, module in enumerate(dict.fromkeys(modules))}
    items.sort(key=lambda item: (not (module := item.nodeid.split("::")[0]).startswith(LONG), place[module]))


def pytest_collection_finish() -> None:
    """Modules, messages and tests stay to the end: the collector of what is left over need not look at them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 20)


@pytest.fixture(scope="session", autouse=True)
def _observations_are_read_once() -> Iterator[None]:
    """An edition of files that did not change takes the table that was read and checked before."""
    with pytest.MonkeyPatch.context() as patch:
        project = cwi.edition.project
        patch.setattr(project, "read_observations", _read_once(project.read_observations))
        yield


class Shared:
    """This project's editions, opened and scored once for all tests in which nothing is put in the library's place.

    A test that takes ``monkeypatch`` (or a fixture that does) opens its own. What is shared holds as long as every
    file under data/ has the same content.
    """

    def __init__(self) -> None:
        self.open = cwi.edition.project.open_project
        self.allowed = True
        self.at: bytes | None = None
        self.project: Project | None = None
        self.editions: dict[tuple[Any, ...], Edition] = {}

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Nothing is shared inside."""
        before, self.allowed = self.allowed, False
        try:
            yield
        finally:
            self.allowed = before

    def open_project(self, folder: str | Path | None = None) -> Project:
        root = folders.root() if folder is None else Path(folder).absolute()
        if not self.allowed or root != ROOT:
            return self.open(folder)
        if (at := _content(ROOT / "data")) != self.at:
            self.at, self.project, self.editions = at, self.open(folder), {}
        assert self.project is not None
        return self.project

    def edition(self, project: Project, year: int | None = None, methodology: Any = None) -> Edition:
        if not self.allowed or project is not self.project or isinstance(methodology, cwi.Methodology):
            return OPEN_EDITION(project, year, methodology)
        if (key := (year, methodology)) not in self.editions:
            self.editions[key] = OPEN_EDITION(project, year, methodology)
        return self.editions[key]


ROOT = folders.root()
OPEN_EDITION = Project.edition
SHARED = Shared()


def _content(folder: Path) -> bytes:
    """A digest of every file of a folder."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


@pytest.fixture(scope="session", autouse=True)
def _editions_are_opened_once(_observations_are_read_once: None) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cwi.edition.project, "open_project", SHARED.open_project)
        patch.setattr(Project, "edition", lambda *given, **named: SHARED.edition(*given, **named))
        yield


OF_AN_EDITION = ("Edition", "Scores", "Register", "Robustness")  # compared by identity


@pytest.fixture(scope="session", autouse=True)
def _results_of_several_editions_are_kept() -> Iterator[None]:
    """A report keeps what it computed of its edition; tests of many modules come to the same few editions."""
    modules = [module for name, module in sys.modules.items() if name.startswith("cwi.report")]
    kept: dict[int, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            for name, function in list(vars(module).items()):
                if not hasattr(function, "cache_parameters"):
                    continue
                if (function.cache_parameters()["maxsize"] or EDITIONS) >= EDITIONS:
                    continue
                if next(iter(function.__wrapped__.__annotations__.values()), "") in OF_AN_EDITION:
                    kept.setdefault(id(function), lru_cache(maxsize=EDITIONS)(function.__wrapped__))
                    patch.setattr(module, name, kept[id(function)])
        yield


@pytest.fixture(autouse=True)
def _what_is_patched_is_not_shared(request: pytest.FixtureRequest) -> Iterator[None]:
    if "monkeypatch" not in request.fixturenames or isinstance(request.node, DoctestItem):
        yield
        return
    with SHARED.apart():
        yield
