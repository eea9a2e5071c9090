"""What a site shows: the editions of a project, their regions and indicators, and how sure their ranks are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from cwi.analysis.comparison import FixedSet, fixed_set
from cwi.analysis.uncertainty import full_intervals
from cwi.edition import Edition, Project, open_project
from cwi.errors import DataError, near
from cwi.inputs.country import read_country
from cwi.inputs.selection import read_selection
from cwi.published import read_published
from cwi.report.languages import LANGUAGES

__all__ = ["Atlas", "open_atlas", "slug"]

DRAWS, SEED = 1000, 20241122  # of intervals that no report has printed
FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")


def slug(code: str) -> str:
    """A code as the name of a file: as it is where any system can hold it, otherwise a checksum of it.

    >>> slug("KZ-75"), slug("../x")
    ('KZ-75', 'x-d6b96a97d1')
    """
    return code if FILE.fullmatch(code) else f"x-{hashlib.sha256(code.encode()).hexdigest()[:10]}"


@dataclass(frozen=True, eq=False)
class Atlas:
    """The editions of a project that a site shows.

    ``editions``: by year, the earliest first; all of them real, or all of a rehearsal.
    """

    project: Project
    editions: dict[int, Edition]

    @property
    def rehearsal(self) -> bool:
        """Whether the figures are synthetic: those of a rehearsal."""
        return any(edition.rehearsal for edition in self.editions.values())

    @property
    def years(self) -> tuple[int, ...]:
        """The years that are shown."""
        return tuple(self.editions)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of the project."""
        return tuple(code for code in LANGUAGES if code in (read_country(self.project.root).languages or LANGUAGES))

    @cached_property
    def year(self) -> int:
        """The last year with an index for any region; the last of all where none has one."""
        known = [year for year, each in self.editions.items() if len(self.index(year).dropna())]
        return max(known or self.editions)

    @property
    def edition(self) -> Edition:
        """The edition of :attr:`year`."""
        return self.editions[self.year]

    @cached_property
    def nation(self) -> str:
        """The code of the whole country; an empty text where there is none."""
        nation = self.project.territory.nation
        return nation if nation and nation in set(self.edition.scores.nodes["region"]) else ""

    def index(self, year: int) -> pd.Series:
        """The index of the regions of a year, by code."""
        top = self.editions[year].methodology.top
        return self.wide(year, top.level)[top.code].reindex(self.editions[year].regions)

    def ranked(self, year: int) -> list[str]:
        """The regions of a year in the order of the index, those without one last."""
        return list(self.index(year).sort_values(ascending=False, kind="stable", na_position="last").index)

    @cached_property
    def _tables(self) -> dict[tuple[int, str, str], pd.DataFrame]:
        return {}

    def wide(self, year: int, level: str, value: str = "score") -> pd.DataFrame:
        """One level in one year: a row a region, a column a node; made once, as pages ask for it hundreds of times."""
        key = (year, level, value)
        if key not in self._tables:
            self._tables[key] = self.editions[year].scores.wide(*key)
        return self._tables[key]

    @cached_property
    def _cells(self) -> dict[tuple[int, str, str], dict[str, dict[str, float]]]:
        return {}

    def cell(self, year: int, level: str, node: str, region: str, value: str = "score") -> float:
        """One number of a node: score, rank or measured; missing (NaN) where there is none."""
        key = (year, level, value)
        if key not in self._cells:
            wide = self.wide(*key)
            rows = wide.to_numpy(dtype=float, na_value=np.nan)
            columns = [dict(zip(map(str, wide.index), map(float, column), strict=True)) for column in rows.T]
            self._cells[key] = dict(zip(map(str, wide.columns), columns, strict=True))
        return self._cells[key].get(node, {}).get(region, float("nan"))

    @cached_property
    def money_year(self) -> list[int]:
        """The year whose children's budget is shown, once a page has looked for it."""
        return []

    @cached_property
    def measured(self) -> dict[int, frozenset[str]]:
        """The indicators that have a value in each year."""
        return {
            year: frozenset(map(str, edition.scores.cells.dropna(subset=["value"])["indicator"].unique()))
            for year, edition in self.editions.items()
        }

    @cached_property
    def regions(self) -> dict[str, int]:
        """Every region that is shown, with the last year in which it is a region; those of today first."""
        shown = dict.fromkeys(self.edition.regions, self.year)
        for year in reversed(self.years):
            for code in self.editions[year].regions:
                shown.setdefault(code, year)
        return shown

    @cached_property
    def indicators(self) -> dict[str, Edition]:
        """Every indicator of the editions, with the newest edition whose methodology has it; those of today first."""
        known = dict.fromkeys(map(str, self.edition.methodology.indicators["code"]), self.edition)
        for year in reversed(self.years):
            for code in map(str, self.editions[year].methodology.indicators["code"]):
                known.setdefault(code, self.editions[year])
        return known

    @cached_property
    def _intervals(self) -> dict[int, pd.DataFrame]:
        return {}

    def intervals(self, year: int) -> pd.DataFrame:
        """The interval of each region's rank: index region; low, high (90% of the draws); missing without a rank.

        As the report of the year printed it; drawn here where none was published with these rules and data.
        """
        if year not in self._intervals:
            edition = self.editions[year]
            if self.index(year).dropna().empty:
                table = pd.DataFrame({"low": [], "high": []}, dtype=float)
            else:
                printed = _printed(edition)
                table = _drawn(edition) if printed is None else printed
            self._intervals[year] = table.reindex(list(edition.regions))
        return self._intervals[year]

    @cached_property
    def fixed(self) -> FixedSet | None:
        """The series on one set of indicators and one territory, to the newest year in which one serves all."""
        first = min([*self.years, *self.edition.methodology.base])
        for last in range(self.year, first, -1):
            try:
                result = fixed_set(self.edition, range(first, last + 1))
            except DataError:
                continue
            if result.kept and result.table().notna().any(axis=None):
                return result
        return None

    def territory_in_series(self, region: str) -> str:
        """The territory of the series that a region is, or was a part of; an empty text where there is none."""
        known = () if self.fixed is None else (*self.fixed.territories, self.nation)
        codes = (
            (region, *self.project.territory.ancestors(region)) if len(self.project.territory.changes) else (region,)
        )
        return next((code for code in codes if code in known), "")

    @cached_property
    def selection(self) -> pd.DataFrame:
        """What each indicator is about, as selection.csv has it; empty where the methodology has none."""
        path = self.edition.methodology.path.with_name("selection.csv")
        return read_selection(path) if path.is_file() else pd.DataFrame()

    def observed(self, indicator: str) -> pd.DataFrame:
        """What was measured of an indicator in all regions and years: both sexes, all areas."""
        base = self.project.observations
        rows = base[(base["indicator"] == indicator) & (base["sex"] == "") & (base["area"] == "")]
        return rows[(rows["year"] <= max(self.years)) & rows["value"].notna()]


def open_atlas(years: Sequence[int] = (), root: Path | None = None, *, rehearsal: bool = False) -> Atlas:
    """The editions of a project that a site shows: of these years, by default of all that are no rehearsal.

    ``rehearsal``: the site is of a rehearsal and marked so; none of its editions may then be real.

    Raises
    ------
    DataError
        If there is no edition of a year, or it is a rehearsal, or none is left; or if a site of a rehearsal has a
        real one.
    """
    project = open_project(root)
    for year in years:
        if year not in project.years:
            raise DataError(f"there is no edition of {year}{near(year, map(str, project.years))}")
    editions = {year: project.edition(year) for year in sorted(years or project.years)}
    if rehearsal:
        for year, edition in editions.items():
            if not edition.rehearsal:
                raise DataError(f"the edition of {year} is real; a site of a rehearsal has none but synthetic ones")
        return Atlas(project, editions)
    for year in years:
        if editions[year].rehearsal:
            raise DataError(
                f"the edition of {year} is a rehearsal; the site for everybody is made of real figures only"
            )
    real = {year: edition for year, edition in editions.items() if not edition.rehearsal}
    if not real:
        raise DataError("every edition is a rehearsal; the site for everybody is made of real figures only")
    return Atlas(project, real)


def _printed(edition: Edition) -> pd.DataFrame | None:
    """The intervals of the published report; nothing where it was made of other rules or data."""
    if not (edition.path / "published.csv").is_file():
        return None
    table, record = read_published(edition)
    if record["fingerprint"] != edition.methodology.fingerprint or record["data"] != edition.checksum:
        return None
    ends = {
        side: [table["value"].get(f"sure.{edition.year}.{region}.{tail}", "nan") for region in edition.regions]
        for side, tail in (("low", "p5"), ("high", "p95"))
    }
    printed = pd.DataFrame(ends, index=list(edition.regions)).astype(float)
    return printed if printed.notna().any(axis=None) else None


def _drawn(edition: Edition) -> pd.DataFrame:
    rng = np.random.default_rng(SEED).spawn(1)[0]
    return full_intervals(edition, draws=DRAWS, rng=rng)[["low", "high"]]
