"""data/editions/<year>/edition.toml: which years have an edition, and the methodology each was approved with."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

import pandas as pd

from cwi import folders
from cwi.errors import DataError, near
from cwi.textfiles import read_toml

__all__ = ["FROZEN", "REHEARSAL", "approved_settings", "checked_year", "editions", "late_series"]

REHEARSAL = "rehearsal"
TAKE = "take"
SETTINGS = ("methodology", "note", REHEARSAL, TAKE)
FROZEN = "rows.csv.gz"


def editions(data: Path | None = None) -> dict[int, Path]:
    """The years that have an edition, each with its folder."""
    return {
        int(path.parent.name): path.parent
        for path in sorted(((data or folders.data()) / "editions").glob("[0-9][0-9][0-9][0-9]/edition.toml"))
    }


def checked_year(year: object) -> int:
    """The year as a whole number.

    Raises
    ------
    DataError
        If it is a text, a truth value or anything else that is no whole number.
    """
    if isinstance(year, str):
        hint = f"; write {int(year)} without quotes" if year.isascii() and year.isdecimal() else ""
        raise DataError(f"year is the text '{year}'; it must be a whole number{hint}")
    if isinstance(year, bool) or not hasattr(year, "__index__"):
        raise DataError(f"year is {year!r}; it must be a whole number")
    return int(year.__index__())


def approved_settings(folder: Path) -> tuple[str, bool]:
    """The methodology that a year was approved with, and whether it is a rehearsal."""
    path = folder / "edition.toml"
    where = folders.relative(path)
    settings = read_toml(path, DataError)
    for key in settings:
        if key not in SETTINGS:
            raise DataError(f"{where}: an edition has no setting '{key}'{near(key, SETTINGS)}")
    if "methodology" not in settings:
        raise DataError(f"{where}: 'methodology' is missing")
    if not isinstance(settings["methodology"], str):
        raise DataError(f"{where}: methodology is {settings['methodology']!r}; it must be a text in quotes")
    rehearsal = settings.get(REHEARSAL, False)
    if not isinstance(rehearsal, bool):
        raise DataError(f"{where}: {REHEARSAL} is {rehearsal!r}; it must be true or false")
    return settings["methodology"], rehearsal


def late_series(folder: Path, series: Collection[str]) -> set[str]:
    """The series of a methodology of which a published edition had no row, and that edition.toml does not take in.

    A published edition rests on the series that it was published with. Figures of another that arrive later, even of
    years before it, enter only with a revision: ``take = ["immunisation"]`` in its edition.toml.

    Raises
    ------
    DataError
        If the frozen rows cannot be read, or 'take' is no list of series of the methodology.
    """
    path, where = folder / FROZEN, folders.relative(folder / "edition.toml")
    taken = read_toml(folder / "edition.toml", DataError).get(TAKE, [])
    if not isinstance(taken, list) or not all(isinstance(code, str) for code in taken):
        raise DataError(f"{where}: {TAKE} is {taken!r}; it must be a list of series in quotes")
    for code in taken:
        if code not in series:
            raise DataError(f"{where}: {TAKE} names '{code}'{near(code, series)}")
    if not path.is_file():
        return set()
    try:
        state = path.stat()
        known = _frozen_series(path, state.st_mtime_ns, state.st_size)
    except (OSError, EOFError, ValueError) as problem:
        raise DataError(f"{folders.relative(path)}: cannot be read ({problem})") from None
    return set(series) - known - set(taken)


@lru_cache(maxsize=64)
def _frozen_series(path: Path, modified: int, size: int) -> frozenset[str]:
    return frozenset(pd.read_csv(path, usecols=["indicator"], dtype=str)["indicator"].unique())
