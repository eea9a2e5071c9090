"""One year: its rules, its regions and what was measured to the end of that year."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from cwi.edition.settings import checked_year
from cwi.errors import CwiError, DataError, MethodologyError, ParameterError
from cwi.index import Scores, score
from cwi.methodology import Methodology, checked_methodology, read_methodology
from cwi.tables import completed, territory_of
from cwi.territory import Territory

if TYPE_CHECKING:
    from cwi.edition.project import Project

__all__ = ["POPULATION", "Edition", "checked_edition"]

POPULATION = "population"


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
        >>> from cwi import read_edition
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
        last = int(table["year"].max()) if year is None else checked_year(year)
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
        >>> from cwi import read_edition
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
        other = replace(self, methodology=rules.replace(**changes) if changes else rules)
        if "observations" in vars(self):  # no rule changes them: they are put on the regions once
            vars(other)["observations"] = self.observations
        return other

    def earlier(self, year: int) -> Edition:
        """The edition of another year under this edition's methodology."""
        return replace(self, year=checked_year(year))

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
        return scores.with_names(self.names)

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

    @cached_property
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
