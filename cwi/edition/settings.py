"""data/editions/<year>/edition.toml: which years have an edition, and the methodology each was approved with."""

from __future__ import annotations

from pathlib import Path

from cwi import folders
from cwi.errors import DataError, near
from cwi.textfiles import read_toml

__all__ = ["REHEARSAL", "approved_settings", "checked_year", "editions"]

REHEARSAL = "rehearsal"
SETTINGS = ("methodology", "note", REHEARSAL)


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
