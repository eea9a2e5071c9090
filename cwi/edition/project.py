"""A folder with observations and methodologies, read once, when it is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cwi import folders
from cwi.derived_series import DerivedSeries, read_derived_series
from cwi.edition.edition import Edition
from cwi.edition.kept import keep, kept, states
from cwi.edition.settings import approved_settings, checked_year, editions, late_series
from cwi.errors import DataError, MethodologyError, near
from cwi.methodology import Methodology, methodologies, read_methodology
from cwi.observations import read_covariance, read_observations, read_sources
from cwi.tables import read_table, read_units, territory_of
from cwi.territory import Territory, read_territory
from cwi.textfiles import sha256

__all__ = ["Project", "keep_edition", "open_project", "read_edition"]

RULES = "methodology.toml"
Checksums = tuple[tuple[str, str], ...]  # name of a file in the project, its SHA-256


@dataclass(frozen=True, eq=False, repr=False)
class Project:
    """A folder with observations and methodologies, as it was when it was opened.

    ``root``: the folder; ``observations``: all of them, every region in its own borders; ``methodologies`` and
    ``editions``: the folder of each version, and of each year that was approved; ``files``: SHA-256 of territory and
    statuses, and of the covariances; methodologies carry their own. ``derived``: the formulas of series that are
    computed from others.
    """

    root: Path
    territory: Territory
    observations: pd.DataFrame
    sources: Mapping[str, Mapping[str, Any]]
    covariance: pd.DataFrame | None
    methodologies: Mapping[str, Path]
    editions: Mapping[int, Path]
    files: tuple[Checksums, Checksums]
    derived: Mapping[str, DerivedSeries]

    @property
    def years(self) -> tuple[int, ...]:
        """The years that can be opened: those with an edition, or all with observations where none was approved."""
        return tuple(sorted(self.editions or {int(year) for year in self.observations["year"]}))

    def methodology(self, version: str | None = None) -> Methodology:
        """A methodology of the project, by default the only one.

        Raises
        ------
        MethodologyError
            If there is none of that version, or several to choose from.
        """
        known = self.methodologies
        if version is None and len(known) != 1:
            raise MethodologyError(f"{self.root.name} has {len(known)} methodologies, name one{near('', known)}")
        chosen = next(iter(known)) if version is None else version
        if chosen not in known and not (Path(chosen) / RULES).is_file():
            raise MethodologyError(f"no methodology has the version '{chosen}'{near(chosen, known)}")
        with folders.within(self.root):
            return read_methodology(known.get(chosen, Path(chosen)))

    def edition(self, year: int | None = None, methodology: str | Methodology | None = None) -> Edition:
        """The edition of a year, by default the last, under the methodology that it was approved with or another.

        Raises
        ------
        DataError
            If there is no such year.
        MethodologyError
            If the methodology cannot be read.

        Examples
        --------
        >>> project = open_project()
        >>> project.edition(2019)
        Edition(2019: 17 regions, methodology 2024.1 7dcd…, 45% of the weight measured)
        """
        chosen = max(self.years) if year is None else checked_year(year)
        if chosen not in self.years:
            raise DataError(f"there is no edition of {chosen}{near(chosen, map(str, self.years))}")
        approved, rehearsal = None, False
        if path := self.editions.get(chosen):
            with folders.within(self.root):
                approved, rehearsal = approved_settings(path)
        rules = methodology if isinstance(methodology, Methodology) else self.methodology(methodology or approved)
        if rules.nation not in (None, self.territory.nation):
            raise MethodologyError(
                f"{folders.relative(rules.path)}: nation is '{rules.nation}'; in regions.csv it is "
                f"'{self.territory.nation}'"
            )
        observations = self.observations
        if path and rules.version == approved:
            with folders.within(self.root):
                late = late_series(path, {*rules.indicators["code"]})
            if late and (rows := observations["indicator"].isin(late)).any():
                observations = observations[~rows]
        return Edition(
            chosen, rules, self.territory, observations, self.sources, path or self.root, rehearsal,
            self.covariance, project=self,
        )  # fmt: skip

    def __repr__(self) -> str:
        versions = ", ".join(self.methodologies)
        span = f"{self.years[0]} to {self.years[-1]}" if len(self.years) > 1 else str(*self.years)
        return f"Project({self.root.name}: {span}, {len(self.observations):,} observations, methodology {versions})"


def open_project(folder: str | Path | None = None) -> Project:
    """Read a project folder once: its observations, territory, sources, covariances and checksums.

    Parameters
    ----------
    folder
        A folder with ``data/``, or one with methodology.toml, indicators.csv and observations.csv; this project by
        default. units.csv (region, name), sources.toml and covariance/ are read where the small folder has them.

    Raises
    ------
    DataError
        If it is no such folder, or the data do not pass the checks.
    MethodologyError
        If the methodology of a small folder cannot be read.

    Examples
    --------
    >>> open_project().years
    (2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025)
    """
    root = folders.root() if folder is None else Path(folder).absolute()
    if (root / RULES).is_file():
        with folders.within(root):
            return _small(root)
    if not (root / "data").is_dir():
        raise DataError(
            f"{folders.relative(root)} is no project: it has neither data/ nor {RULES}; 'cwi import' makes a folder "
            "with methodology.toml, indicators.csv and observations.csv"
        )
    data = root / "data"
    with folders.within(root):
        territory = read_territory(data)
        observations = read_observations(data, territory=territory)
        territories = _checksums([data / "regions.csv", data / "boundary_changes.csv"])
        files = (*territories, _statuses_checksum(data / "statuses.csv")), _covariances(data)
        return Project(
            root, territory, observations, read_sources(data), read_covariance(data),
            methodologies(data / "methodology"), editions(data), files, read_derived_series(data),
        )  # fmt: skip


def read_edition(
    year: int | None = None, methodology: str | Methodology | None = None, *, root: str | Path | None = None
) -> Edition:
    """The edition of a year.

    Parameters
    ----------
    year
        The year; the last one by default.
    methodology
        Another methodology than the one the edition was approved with: a version or a record.
    root
        The folder of another project, as :func:`open_project` takes it.

    Raises
    ------
    DataError
        If there is no edition of the year, or its data do not pass the checks.
    MethodologyError
        If its methodology cannot be read.

    Examples
    --------
    >>> edition = read_edition(2023)
    >>> len(edition.regions), edition.methodology.version
    (20, '2024.1')
    """
    if (known_edition := kept(root, year, methodology)) is not None:
        return known_edition
    data = (folders.root() if root is None else Path(root)) / "data"
    if year is not None and (known := editions(data)):  # before all the observations are read
        if checked_year(year) not in known:
            raise DataError(f"there is no edition of {year}{near(year, map(str, known))}")
        with folders.within(data.parent):
            approved_settings(known[year])
    return open_project(root).edition(year, methodology)


def keep_edition(year: int, methodology: str | None = None) -> Edition:
    """The edition of a year of this project, which :func:`read_edition` gives from now on as it is.

    In this process and in those that are forked of it, while no file under data/ is changed. For a process that others
    are forked of: what one of them does to the edition no other one sees.

    Raises
    ------
    DataError, MethodologyError
        As :func:`read_edition` does.
    """
    before = states(folders.root())
    edition = read_edition(year, methodology)
    keep(edition, (year, methodology or None), before)
    return edition


def _small(root: Path) -> Project:
    """A folder with one methodology and one table of observations, and little else."""
    rules = read_methodology(root)
    table = read_table(root)
    sources = read_sources(root) if (root / "sources.toml").is_file() else {}
    return Project(
        root, territory_of(table, read_units(root), rules.nation), table, sources, read_covariance(root),
        {rules.version: root}, {}, ((), _covariances(root)), read_derived_series(root),
    )  # fmt: skip


def _checksums(paths: list[Path]) -> Checksums:
    return tuple((folders.relative(path), sha256(path)) for path in paths)


def _statuses_checksum(path: Path) -> tuple[str, str]:
    """The checksum of the statuses without 'provisional', which came after the first editions were published.

    Whether a status is scored is part of each row in use, so that what it means for an edition is in the checksum.
    """
    lines = [line for line in path.read_bytes().splitlines(keepends=True) if not line.startswith(b"provisional,")]
    return folders.relative(path), hashlib.sha256(b"".join(lines)).hexdigest()


def _covariances(data: Path) -> Checksums:
    return _checksums(sorted((data / "covariance").glob("*.csv")))
