"""What was approved, measured and printed for a year.

An edition folder (data/editions/<year>/) holds ``edition.toml``: the methodology it was approved with, and whether it
is a rehearsal; and, once the report is published, ``published.csv``, every number as it was printed, and
``published.toml``, what it was made of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from cwi import folders
from cwi.errors import DataError, MethodologyError, near
from cwi.index import Scores, score
from cwi.methodology import Methodology, read_methodology
from cwi.observations import read_covariance, read_observations, read_sources
from cwi.territory import Territory, read_territory
from cwi.textfiles import read_csv, read_toml

__all__ = ["PUBLISHED", "REHEARSAL", "Edition", "editions", "read_edition", "read_published"]

REHEARSAL = "rehearsal"
SETTINGS = ("methodology", "note", REHEARSAL)
PUBLISHED = ("name", "value", "unit", "decimals", "text_en", "text_ru", "text_kk")
RECORD = ("methodology", "fingerprint", "data", "draws", "seed", "revision")
POPULATION = "population"


@dataclass(frozen=True, eq=False)
class Edition:
    """One year: its rules, its regions and what was measured to the end of that year.

    ``observations`` speak of the edition's regions (gaps filled from parent regions, flagged) and the nation,
    all years to the edition's; ``base`` holds every region in its own borders, for rules that learn from data.
    """

    year: int
    methodology: Methodology
    territory: Territory
    base: pd.DataFrame
    sources: Mapping[str, Mapping[str, Any]]
    path: Path
    rehearsal: bool = False

    @property
    def label(self) -> str:
        """The year, and that it is a rehearsal where it is one."""
        return f"{self.year} (rehearsal, synthetic)" if self.rehearsal else str(self.year)

    @cached_property
    def covariance(self) -> pd.DataFrame | None:
        """Covariances of estimates of one survey, as :func:`read_covariance` gives them, where there are any."""
        return read_covariance()

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The regions at the end of the year."""
        return self.territory.regions_of(self.year)

    @cached_property
    def observations(self) -> pd.DataFrame:
        """What was measured, on the edition's regions."""
        return self.territory.on_regions(self.base[self.base["year"] <= self.year], self.regions)

    @cached_property
    def scores(self) -> Scores:
        """The scores of the edition's year."""
        return score(self.observations, self.methodology, years=[self.year], base=self.base)

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
        last = max(self.year, *self.methodology.base)
        series = {*self.methodology.indicators["code"], POPULATION}
        rows = self.base[self.base["indicator"].isin(series) & (self.base["year"] <= last)]
        return rows.drop(columns=["file", "line"], errors="ignore")

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of what the scores are made of: the rows in use, territory, statuses, methodology, covariances."""
        digest = hashlib.sha256(self.used.to_csv(index=False, lineterminator="\n").encode())
        data, rules = folders.data(), self.methodology.path
        paths = [data / "regions.csv", data / "boundary_changes.csv", data / "statuses.csv"]
        paths += [rules.with_name("indicators.csv"), rules, *sorted((data / "covariance").glob("*.csv"))]
        for path in paths:
            digest.update(f"{folders.relative(path)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
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

    def earlier(self, year: int) -> Edition:
        """The edition of another year under this edition's methodology."""
        return replace(self, year=year)

    def regional_mean(self, node: str | None = None) -> float:
        """Mean of the regions' scores weighted by population: beside the national score, never instead of it.

        Not a number where the population of a region is not known.
        """
        column = self.scores.of(node or self.methodology.top.code)[self.year]
        column = column.reindex(self.regions).dropna()
        weight = self.population.reindex(column.index)
        if weight.isna().any() or not weight.sum():
            return float("nan")
        return float((column * weight).sum() / weight.sum())


def editions() -> dict[int, Path]:
    """The years that have an edition, each with its folder."""
    return {
        int(path.parent.name): path.parent
        for path in sorted((folders.data() / "editions").glob("[0-9][0-9][0-9][0-9]/edition.toml"))
    }


def read_edition(year: int, methodology: str | Methodology | None = None) -> Edition:
    """The edition of a year.

    Parameters
    ----------
    methodology
        Another methodology than the one the edition was approved with: a version or a record.

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
    known = editions()
    if year not in known:
        raise DataError(f"there is no edition of {year}{near(year, map(str, known))}")
    path = known[year] / "edition.toml"
    said = read_toml(path, DataError)
    for key in said:
        if key not in SETTINGS:
            raise DataError(f"{folders.relative(path)}: an edition has no setting '{key}'{near(key, SETTINGS)}")
    if "methodology" not in said:
        raise DataError(f"{folders.relative(path)}: 'methodology' is missing")
    if not isinstance(said["methodology"], str):
        raise DataError(
            f"{folders.relative(path)}: methodology is {said['methodology']!r}; it must be a text in quotes"
        )
    chosen = said["methodology"] if methodology is None else methodology
    rules = chosen if isinstance(chosen, Methodology) else read_methodology(chosen)
    territory = read_territory()
    if rules.nation not in (None, territory.nation):
        raise MethodologyError(
            f"{folders.relative(rules.path)}: nation is '{rules.nation}'; in regions.csv it is '{territory.nation}'"
        )
    rehearsal = said.get(REHEARSAL, False)
    if not isinstance(rehearsal, bool):
        raise DataError(f"{folders.relative(path)}: {REHEARSAL} is {rehearsal!r}; it must be true or false")
    observations = read_observations(territory=territory)
    return Edition(year, rules, territory, observations, read_sources(), known[year], rehearsal)


def read_published(edition: Edition) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Every number of the published report as it was printed (index name), and the record of what it was made of.

    Raises
    ------
    DataError
        If nothing was published for that year.
    """
    path = edition.path / "published.csv"
    if not path.is_file():
        raise DataError(f"{folders.relative(path)}: nothing was published; 'cwi publish {edition.year}' does that")
    table = read_csv(path, DataError, required=PUBLISHED)
    for line in table.index[table["name"].duplicated()]:
        raise DataError(f"{folders.relative(path)} line {line}: '{table.at[line, 'name']}' stands there twice")
    record = read_toml(edition.path / "published.toml", DataError)
    for key in RECORD:
        if key not in record:
            raise DataError(f"{folders.relative(edition.path / 'published.toml')}: '{key}' is missing")
    return table.set_index("name"), record
