"""A project, and what was approved and measured for one of its years.

A project is a folder. Either its ``data/`` holds observations, territories, sources, methodologies and, in
data/editions/<year>/edition.toml, the methodology that a year was approved with (and, once its report is published,
``published.csv`` and ``published.toml``); or it is a small folder with methodology.toml, indicators.csv and
observations.csv, such as ``cwi import`` makes. Both are read once, when they are opened.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from cwi import folders
from cwi.derived_series import DerivedSeries, read_derived_series
from cwi.errors import CwiError, DataError, MethodologyError, ParameterError, near
from cwi.index import Scores, score
from cwi.methodology import Methodology, checked_methodology, methodologies, read_methodology
from cwi.observations import read_covariance, read_observations, read_sources
from cwi.tables import completed, read_table, read_units, territory_of
from cwi.territory import Territory, read_territory
from cwi.textfiles import read_toml, sha256

__all__ = [
    "REHEARSAL",
    "Edition",
    "Project",
    "checked_edition",
    "editions",
    "new_edition",
    "open_project",
    "read_edition",
]

REHEARSAL = "rehearsal"
SETTINGS = ("methodology", "note", REHEARSAL)
POPULATION = "population"
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
        chosen = max(self.years) if year is None else _checked_year(year)
        if chosen not in self.years:
            raise DataError(f"there is no edition of {chosen}{near(chosen, map(str, self.years))}")
        approved, rehearsal = None, False
        if path := self.editions.get(chosen):
            with folders.within(self.root):
                approved, rehearsal = _approved(path)
        rules = methodology if isinstance(methodology, Methodology) else self.methodology(methodology or approved)
        if rules.nation not in (None, self.territory.nation):
            raise MethodologyError(
                f"{folders.relative(rules.path)}: nation is '{rules.nation}'; in regions.csv it is "
                f"'{self.territory.nation}'"
            )
        return Edition(
            chosen, rules, self.territory, self.observations, self.sources, path or self.root, rehearsal,
            self.covariance, project=self,
        )  # fmt: skip

    def __repr__(self) -> str:
        versions = ", ".join(self.methodologies)
        span = f"{self.years[0]} to {self.years[-1]}" if len(self.years) > 1 else str(*self.years)
        return f"Project({self.root.name}: {span}, {len(self.observations):,} observations, methodology {versions})"


@dataclass(frozen=True, eq=False, repr=False)
class Edition:
    """One year: its rules, its regions and what was measured to the end of that year.

    ``observations`` are those of the edition's regions (gaps filled from parent regions, flagged) and the nation,
    all years to the edition's; ``base`` holds every region in its own borders, for rules that learn from data.
    ``covariance``: of estimates of one survey, as :func:`read_covariance` gives it, where there is any; ``only``: the
    regions, where not all of the territory take part.
    """

    year: int
    methodology: Methodology
    territory: Territory
    base: pd.DataFrame
    sources: Mapping[str, Mapping[str, Any]]
    path: Path
    rehearsal: bool = False
    covariance: pd.DataFrame | None = None
    only: tuple[str, ...] | None = None
    project: Project | None = None

    @classmethod
    def of(
        cls,
        observations: pd.DataFrame,
        methodology: Methodology,
        year: int | None = None,
        *,
        names: Mapping[str, str] | None = None,
    ) -> Edition:
        """An edition of a table that is in no folder.

        Parameters
        ----------
        observations
            Long table with region, year, indicator, value; sex, area, se, n, status, source where there are any.
        methodology
            The rules.
        year
            The year; the last of the table by default.
        names
            Names of regions by code.

        Raises
        ------
        DataError
            If a column is missing, or nothing was observed.
        MethodologyError
            If the methodology is none, such as the name of a version.

        Examples
        --------
        >>> official = read_edition(2023)
        >>> mine = Edition.of(official.observations, official.methodology)
        >>> mine.year, mine.scores.at("KZ-75") == official.scores.at("KZ-75")
        (2023, True)
        """
        checked_methodology(methodology)
        table = completed(observations)
        if table.empty:
            raise DataError("the table holds no observation")
        territory = territory_of(table, names or {}, methodology.nation)
        last = int(table["year"].max()) if year is None else _checked_year(year)
        return cls(last, methodology, territory, table, {}, Path(methodology.path).parent)

    def under(self, methodology: str | Methodology | None = None, **changes: Any) -> Edition:
        """The same year, regions and observations by other rules.

        Parameters
        ----------
        methodology
            A version of the project, or a methodology; that of the edition by default.
        changes
            What is replaced in it, as :meth:`Methodology.replace` takes it.

        Raises
        ------
        MethodologyError
            If there is no such version, or a key or a word is unknown.

        Examples
        --------
        >>> edition = read_edition(2023)
        >>> edition.under(index={"aggregation": "geometric"}).methodology.top.aggregation.name
        'geometric'
        """
        rules = self.methodology
        if isinstance(methodology, str):
            rules = read_methodology(methodology) if self.project is None else self.project.methodology(methodology)
        elif isinstance(methodology, Methodology):
            rules = methodology
        elif methodology is not None:
            raise MethodologyError(
                f"methodology is of the type {type(methodology).__name__}; it must be a version or a Methodology"
            )
        return replace(self, methodology=rules.replace(**changes) if changes else rules)

    def earlier(self, year: int) -> Edition:
        """The edition of another year under this edition's methodology."""
        return replace(self, year=_checked_year(year))

    @property
    def label(self) -> str:
        """The year, and that it is a rehearsal where it is one."""
        return f"{self.year} (rehearsal, synthetic)" if self.rehearsal else str(self.year)

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The regions at the end of the year."""
        return self.territory.regions_of(self.year) if self.only is None else self.only

    @cached_property
    def observations(self) -> pd.DataFrame:
        """What was measured, on the edition's regions."""
        return self.territory.on_regions(self.base[self.base["year"] <= self.year], self.regions)

    @cached_property
    def scores(self) -> Scores:
        """The scores of the edition's year."""
        scores = score(self.observations, self.methodology, years=[self.year], base=self.base)
        return replace(scores, names=self.names)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The English names of regions by code."""
        names = {str(code): self.territory.name(str(code)) for code in self.territory.regions.index}
        return MappingProxyType(names)

    @cached_property
    def population(self) -> pd.Series:
        """Average population of the year by region (all ages: children by region are not published)."""
        rows = self.observations[
            (self.observations["indicator"] == POPULATION)
            & (self.observations["year"] == self.year)
            & (self.observations["sex"] == "")
            & (self.observations["area"] == "")
        ]
        return rows.set_index("region")["value"]

    @cached_property
    def used(self) -> pd.DataFrame:
        """The rows that the edition rests on: its indicators and population, to its year or the last base year.

        A figure of a later year or of a series that its methodology does not have cannot change what was printed.
        """
        last = max((self.year, *self.methodology.base))
        series = {*self.methodology.indicators["code"], POPULATION}
        rows = self.base[self.base["indicator"].isin(series) & (self.base["year"] <= last)]
        return rows.drop(columns=["file", "line"], errors="ignore")

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of what the scores are made of: the rows in use, territory, statuses, methodology, covariances.

        Files are as they were when the project was opened.
        """
        digest = hashlib.sha256(self.used.to_csv(index=False, lineterminator="\n").encode())
        before, after = self.project.files if self.project is not None else ((), ())
        for name, checksum in (*before, *self.methodology.files, *after):
            digest.update(f"{name}\0".encode())
            digest.update(bytes.fromhex(checksum))
        return digest.hexdigest()

    @property
    def measured(self) -> float:
        """Share of the weight of all indicators that was measured for the nation (or, without one, on average)."""
        top = self.scores.nodes[self.scores.nodes["node"] == self.methodology.top.code].set_index("region")["measured"]
        nation = self.methodology.nation
        return float(top.mean() if nation is None or nation not in top.index else top[nation])

    @property
    def experimental(self) -> bool:
        """Whether too little was measured for more than an experimental index."""
        return self.measured < self.methodology.experimental_below

    def regional_mean(self, node: str | None = None) -> float:
        """Mean of the regions' scores weighted by population: beside the national score, never instead of it.

        Missing (NaN) where the population of a region is not known.
        """
        column = self.scores.of(node or self.methodology.top.code)[self.year]
        column = column.reindex(self.regions).dropna()
        weight = self.population.reindex(column.index)
        if weight.isna().any() or not weight.sum():
            return float("nan")
        return float((column * weight).sum() / weight.sum())

    def __repr__(self) -> str:
        rules = f"methodology {self.methodology.version} {self.methodology.fingerprint[:4]}…"
        try:
            share = f"{100 * self.measured:.0f}% of the weight measured"
        except CwiError:
            share = "cannot be scored"
        return f"Edition({self.label}: {len(self.regions)} regions, {rules}, {share})"

    def _repr_html_(self) -> str:
        return self.scores._repr_html_()


def checked_edition(edition: object) -> Edition:
    """The edition, if it is one.

    Raises
    ------
    ParameterError
        If it is not, such as a table or a year.
    """
    if isinstance(edition, Edition):
        return edition
    raise ParameterError(
        f"edition is of the type {type(edition).__name__}; it must be an Edition: read_edition(year), or for a table "
        "Edition.of(table, methodology)"
    )


def editions(data: Path | None = None) -> dict[int, Path]:
    """The years that have an edition, each with its folder."""
    return {
        int(path.parent.name): path.parent
        for path in sorted(((data or folders.data()) / "editions").glob("[0-9][0-9][0-9][0-9]/edition.toml"))
    }


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
    (2018, 2019, 2020, 2021, 2022, 2023)
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
        territories = [data / name for name in ("regions.csv", "boundary_changes.csv", "statuses.csv")]
        files = _checksums(territories), _covariances(data)
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
    data = (folders.root() if root is None else Path(root)) / "data"
    if year is not None and (known := editions(data)):  # before all the observations are read
        if _checked_year(year) not in known:
            raise DataError(f"there is no edition of {year}{near(year, map(str, known))}")
        with folders.within(data.parent):
            _approved(known[year])
    return open_project(root).edition(year, methodology)


def new_edition(year: int, methodology: str | None = None, *, root: str | Path | None = None) -> Edition:
    """Make the folder of an edition, data/editions/<year>/edition.toml, and read it.

    Parameters
    ----------
    year
        A year with observations and without an edition.
    methodology
        The version of its methodology; that of the last edition by default.
    root
        The folder of another project.

    Raises
    ------
    DataError
        If there is an edition of the year, nothing was observed in it, or the folder cannot be written.
    MethodologyError
        If there is no such version.
    """
    year = _checked_year(year)
    project = open_project(root)
    if year in project.editions:
        raise DataError(f"there is an edition of {year} already; 'cwi edition show {year}' prints its state")
    if year not in (observed := sorted({int(each) for each in project.observations["year"]})):
        raise DataError(
            f"there is no observation of {year}; the last are of {observed[-1]}. An edition is made when the first "
            "figures have arrived"
        )
    if methodology is None:
        if not project.editions:
            raise MethodologyError(f"name the methodology of the edition{near('', project.methodologies)}")
        with folders.within(project.root):
            methodology, _ = _approved(project.editions[max(project.editions)])
    project.methodology(methodology)
    folder = project.root / "data" / "editions" / str(year)
    text = f"# The index of {year}: borders at the end of that year, methodology as approved for it.\n"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{year}-", dir=folder.parent))
        try:
            (aside / "edition.toml").write_text(
                f'{text}methodology = "{methodology}"\n', encoding="utf-8", newline="\n"
            )
            aside.chmod(0o755)
            aside.rename(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as problem:
        raise DataError(f"{folders.relative(folder)}: cannot be written ({problem.strerror})") from None
    return replace(project, editions={**project.editions, year: folder}).edition(year)


def _checked_year(year: object) -> int:
    if isinstance(year, str):
        hint = f"; write {int(year)} without quotes" if year.isascii() and year.isdecimal() else ""
        raise DataError(f"year is the text '{year}'; it must be a whole number{hint}")
    if isinstance(year, bool) or not hasattr(year, "__index__"):
        raise DataError(f"year is {year!r}; it must be a whole number")
    return int(year.__index__())


def _approved(folder: Path) -> tuple[str, bool]:
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


def _covariances(data: Path) -> Checksums:
    return _checksums(sorted((data / "covariance").glob("*.csv")))
