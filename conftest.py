"""What all tests and the examples of the docstrings share: the observations are read once for the same files."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from _pytest.doctest import DoctestItem

import cwi
import cwi.edition
from cwi import Edition, folders


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules with slow tests first: they are given out whole, and short ones fill the end of the other worker."""
    modules = [item.nodeid.split("::")[0] for item in items]
    slow = {module for module, item in zip(modules, items, strict=True) if item.get_closest_marker("slow")}
    place = {module: number for number, module in enumerate(dict.fromkeys(modules))}
    items.sort(key=lambda item: ((module := item.nodeid.split("::")[0]) not in slow, place[module]))


@pytest.fixture(scope="session", autouse=True)
def _observations_are_read_once() -> Iterator[None]:
    """An edition of files that did not change takes the table that was read and checked before."""
    with pytest.MonkeyPatch.context() as patch:
        project = cwi.edition.project
        patch.setattr(project, "read_observations", _read_once(project.read_observations))
        yield


_EDITIONS: dict[int, Edition] = {}


@pytest.fixture(autouse=True)
def _examples_share_editions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples of docstrings take the same edition of a year, scored once."""
    if not isinstance(request.node, DoctestItem):
        return
    read = cwi.edition.read_edition

    def shared(year: int, methodology: Any = None) -> Edition:
        if methodology is not None:
            return read(year, methodology)
        if year not in _EDITIONS:
            _EDITIONS[year] = read(year)
        return _EDITIONS[year]

    monkeypatch.setattr(cwi.edition, "read_edition", shared)
    monkeypatch.setattr(cwi, "read_edition", shared)
