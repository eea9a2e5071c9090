"""Everything that must hold of the data folder before anything is computed from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cwi import folders
from cwi.edition import editions, read_edition
from cwi.errors import CwiError
from cwi.indicators import OPEN
from cwi.methodology import methodologies, read_methodology
from cwi.observations import problems, read_series, read_sources
from cwi.territory import read_territory

__all__ = ["Check", "check_all"]


@dataclass(frozen=True)
class Check:
    """One line of the table: what was looked at, how much of it, and what is wrong."""

    name: str
    looked_at: str
    problems: tuple[str, ...]


def check_all() -> Iterator[Check]:
    """Look at the whole data folder, part by part: territory, sources, observations, methodologies, editions."""
    yield _check("territory", _territory)
    yield _check("sources", lambda: (f"{len(read_sources())} records", []))
    yield _check("observations", _observations)
    yield _check("methodologies", _methodologies)
    yield _check("editions", _editions)


def _check(name: str, look: Callable[[], tuple[str, Iterable[str]]]) -> Check:
    try:
        looked_at, found = look()
    except CwiError as problem:
        return Check(name, "", (str(problem),))
    return Check(name, looked_at, tuple(found))


def _territory() -> tuple[str, list[str]]:
    territory = read_territory()
    return f"{len(territory.regions) - 1} territories, {len(territory.changes)} successions", []


def _observations() -> tuple[str, list[str]]:
    found = problems()
    paths = sorted((folders.data() / "observations").glob("*.csv"))
    rows = sum(path.read_bytes().count(b"\n") - 1 for path in paths)
    return f"{rows:,} rows in {len(paths)} files", [str(problem) for problem in found]


def _methodologies() -> tuple[str, list[str]]:
    found = []
    series = read_series().index
    versions = methodologies()
    for version, path in versions.items():
        methodology = read_methodology(version)
        found += methodology.unused()
        table = methodology.indicators
        for line, code in table.loc[(table["data"] == OPEN) & ~table["code"].isin(series), "code"].items():
            place = f"{folders.relative(path / 'indicators.csv')} line {line}"
            found.append(f"{place}: '{code}' is said to be open but data/series.csv has no such series")
    return ", ".join(versions), found


def _editions() -> tuple[str, list[str]]:
    found = []
    for year in editions():
        try:
            _ = read_edition(year).scores
        except CwiError as problem:
            found.append(f"edition {year}: {problem}")
    return ", ".join(map(str, editions())), found
