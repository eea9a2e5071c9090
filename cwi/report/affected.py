"""The reverse of a trace: every printed number of the published editions that rests on a source, a file or a cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from cwi import folders
from cwi.analysis.equity import GROUPS
from cwi.derivation import learning, treat
from cwi.derived_series import Reference, rows_by_reference
from cwi.edition import Edition, Project, editions, open_project
from cwi.errors import DataError, near
from cwi.published import read_published
from cwi.report.grounds import CELLS, ROWS, Ground, Grounds
from cwi.territory import PARENT_REGION

__all__ = ["Affected", "affected"]

KEY = ["indicator", "sex", "area", "region", "year"]
REGISTERS = ("budget", "policy")


@dataclass(frozen=True, eq=False)
class Affected:
    """The printed numbers that rest on something.

    ``what``: as it was asked for; ``rows``: the rows of observations that it names, with file and line, and those that
    are derived from them; ``numbers``: edition, vintage, kind, name, value, unit, text_en, file; ``editions``: the
    published editions that were searched.
    """

    what: str
    rows: pd.DataFrame
    numbers: pd.DataFrame
    editions: tuple[int, ...]

    @property
    def counts(self) -> pd.DataFrame:
        """How many numbers of each kind, a column an edition."""
        return pd.crosstab(self.numbers["kind"], self.numbers["edition"])


def affected(what: str, years: Iterable[int] | None = None, *, root: Path | None = None) -> Affected:
    """Every printed number of the published editions that rests on a source, a file or a cell.

    Parameters
    ----------
    what
        The name of a source in data/sources.toml; a file of data/; or a cell, ``indicator:region:year``.
    years
        Of editions; all that were published by default.
    root
        The folder of another project.

    Raises
    ------
    DataError
        If there is no such source, file or cell, or no such edition was published.

    Examples
    --------
    >>> result = affected("physicians:KZ-71:2022", [2023])
    >>> {"score.2023.KZ-71.index", "rank.2023.KZ-10.index"} <= set(result.numbers["name"])
    True
    >>> "score.2023.KZ-10.index" in set(result.numbers["name"])
    False
    """
    project = open_project(root)
    published = [
        year for year, folder in editions(project.root / "data").items() if (folder / "published.csv").is_file()
    ]
    if not published:
        raise DataError("no edition was published; 'cwi publish YEAR' keeps the numbers of a finished report")
    if years is not None:
        for year in (chosen := list(dict.fromkeys(years))):
            if year not in published:
                raise DataError(f"the edition of {year} was not published{near(year, map(str, published))}")
        published = chosen
    rows, folder, version = _asked(project, what)
    rows = _with_derived(project, rows)
    parts = [_of_edition(project.edition(year), rows, folder, version) for year in published]
    columns = ["edition", "vintage", "kind", "name", "value", "unit", "text_en", "file"]
    numbers = pd.concat(
        [part for part in parts if not part.empty] or [pd.DataFrame(columns=columns)], ignore_index=True
    )
    shown = rows[[*KEY, "value", "status", "source", "file", "line"]].reset_index(drop=True)
    return Affected(what, shown, numbers, tuple(published))


def _asked(project: Project, what: str) -> tuple[pd.DataFrame, str, str]:
    """The rows that are meant, the register of data/ that is meant, and the version of the methodology that is."""
    rows, none = project.observations, project.observations.iloc[:0]
    if what in project.sources:
        return rows[rows["source"] == what], "", ""
    if what.count(":") == 2:
        return _cell(project, what), "", ""
    path = next((p for p in (project.root / what, project.root / "data" / what) if what and p.is_file()), None)
    if path is not None:
        inside = path.resolve().relative_to((project.root / "data").resolve()).parts if _inside(project, path) else ()
        if inside[:1] == ("observations",):
            return rows[rows["file"].map(lambda file: Path(str(file)).name) == path.name], "", ""
        if inside[:1] == ("methodology",) and len(inside) > 2:
            return none, "", inside[1]
        if inside[:1] and inside[0] in REGISTERS:
            return none, inside[0], ""
        if inside in (("regions.csv",), ("boundary_changes.csv",), ("statuses.csv",)):
            return rows, "", ""
        raise DataError(
            f"{what}: no printed number rests on this file alone; name a file of data/observations, data/methodology, "
            "data/budget or data/policy"
        )
    if "/" in what or what.endswith((".csv", ".toml")):
        known = [p.relative_to(project.root).as_posix() for p in sorted((project.root / "data").rglob("*.csv"))]
        raise DataError(f"{what}: there is no such file{_hint(what, known)}")
    raise DataError(
        f"no source is called '{what}'{_hint(what, project.sources)}; name a source of data/sources.toml, a file, or a "
        "cell as indicator:region:year"
    )


def _inside(project: Project, path: Path) -> bool:
    return path.resolve().is_relative_to((project.root / "data").resolve())


def _hint(word: str, known: Iterable[str]) -> str:
    """The nearest of many words, without the list of them."""
    return near(word, known).split(";")[0]


def _cell(project: Project, what: str) -> pd.DataFrame:
    indicator, place, year = what.split(":")
    rows = project.observations
    if indicator not in set(rows["indicator"]):
        raise DataError(f"{what}: no series is called '{indicator}'{_hint(indicator, sorted(set(rows['indicator'])))}")
    territory = project.territory
    region = territory.code_of(place, list(map(str, territory.regions.index)))
    if region is None:
        codes = list(map(str, territory.regions.index))
        names = [name for code in codes for name in territory.names(code)]
        raise DataError(f"{what}: there is no region '{place}'{near(place, codes, also=names).split(';')[0]}")
    of = rows[(rows["indicator"] == indicator) & (rows["region"] == region)]
    chosen = of[of["year"].astype(str) == year]
    if chosen.empty:
        years = ", ".join(map(str, sorted(set(of["year"]))))
        raise DataError(f"{what}: no figure of '{indicator}' in {region} is of {year}; there are {years or 'none'}")
    return chosen


def _with_derived(project: Project, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows and those that are computed from them, by the formulas of the project, however many steps away."""
    table = project.observations
    touched = set(map(tuple, rows[KEY].to_numpy().tolist()))
    names, changed = set(rows["indicator"]), True
    while changed:
        changed = False
        for code, derived in project.derived.items():
            if not names & set(derived.formula.series):
                continue
            known = rows_by_reference(table, derived.formula.series)
            values = {reference: float(row["value"]) for reference, row in known.items()}
            own = table[(table["indicator"] == code) & (table["source"] == derived.source) & table["value"].notna()]
            for key in map(tuple, own[KEY].to_numpy().tolist()):
                if key in touched:
                    continue
                used = derived.formula.value(values, project.territory, str(key[3]), int(key[4]))[1]
                if any(_key(reference) in touched for reference in used):
                    touched.add(key)
                    names.add(code)
                    changed = True
    return table[[tuple(key) in touched for key in table[KEY].to_numpy().tolist()]]


def _key(reference: Reference) -> tuple[str, str, str, str, int]:
    series, sex, region, year = reference
    return series, sex, "", region, year


def _of_edition(edition: Edition, rows: pd.DataFrame, folder: str, version: str) -> pd.DataFrame:
    """The published numbers of one edition that rest on these rows, this register or this methodology."""
    table, record = read_published(edition)
    search = _Search(edition, rows, folder, version == edition.methodology.version)
    grounds = Grounds(edition)
    names = [str(name) for name in table.index if search.meets(grounds.of(str(name)))]
    chosen = table.loc[names].reset_index()
    return pd.DataFrame(
        {
            "edition": edition.year, "vintage": record["vintage"], "kind": [name.split(".")[0] for name in names],
            "name": names, "value": chosen["value"].astype(float), "unit": chosen["unit"],
            "text_en": chosen["text_en"], "file": folders.relative(edition.path / "published.csv"),
        }
    )  # fmt: skip


class _Search:
    """Rows, a register or the rules of an edition, and whether a number rests on them."""

    def __init__(self, edition: Edition, rows: pd.DataFrame, folder: str, rules: bool) -> None:
        self.edition, self.folder, self.rules = edition, folder, rules
        self.rows = rows[rows["year"] <= max((edition.year, *edition.methodology.base))]
        self.total = self.rows[(self.rows["sex"] == "") & (self.rows["area"] == "")]
        self.series = set(self.rows["indicator"])
        self._touched: dict[int, frozenset[tuple[str, str]]] = {}
        base = self.total["year"].isin(edition.methodology.base) & self.total["indicator"].isin(self._codes)
        self.learnt = _learns(edition) and bool(base.any())

    @property
    def _codes(self) -> set[str]:
        return set(map(str, self.edition.methodology.indicators["code"]))

    def meets(self, ground: Ground) -> bool:
        """Whether a number with this ground rests on what is searched for."""
        if self.rules:
            return "policy" not in ground.folders or ground.of == CELLS
        if self.folder in ground.folders and self.folder:
            return True
        if ground.also & self.series:
            return True
        if ground.of == CELLS:
            return self.learnt or any(self._meets_cells(year, ground) for year in ground.years)
        return ground.of == ROWS and ((self.learnt and not ground.by) or self._meets_rows(ground))

    def _meets_cells(self, year: int, ground: Ground) -> bool:
        return any(region in ground.regions and code in ground.indicators for region, code in self._cells(year))

    def _meets_rows(self, ground: Ground) -> bool:
        rows = self._rows_of[ground.by]
        return any(
            region in ground.regions and code in ground.indicators
            for year in ground.years
            for region, code in rows.get(year, ())
        )

    @cached_property
    def _rows_of(self) -> dict[str, dict[int, set[tuple[str, str]]]]:
        """Region and indicator of the rows by year: of totals, and of rows by sex and by area."""
        result: dict[str, dict[int, set[tuple[str, str]]]] = {}
        for by, rows in (("", self.total), *((by, self.rows[self.rows[by] != ""]) for by in GROUPS)):
            of_year: dict[int, set[tuple[str, str]]] = {}
            for region, code, year in zip(rows["region"], rows["indicator"], rows["year"], strict=True):
                of_year.setdefault(int(year), set()).add((str(region), str(code)))
            result[by] = of_year
        return result

    def _cells(self, year: int) -> frozenset[tuple[str, str]]:
        """Region and indicator of the values in use in a year that are these rows."""
        if year not in self._touched:
            self._touched[year] = self._found(year)
        return self._touched[year]

    def _found(self, year: int) -> frozenset[tuple[str, str]]:
        edition = self.edition if year == self.edition.year else self.edition.earlier(year)
        window = _pooled_years(edition)
        oldest = year - edition.methodology.max_age - max(window.values(), default=1) + 1
        rows = self.total[self.total["year"].between(oldest, year) & self.total["indicator"].isin(self._codes)]
        if rows.empty:
            return frozenset()
        keys = set(zip(rows["indicator"], rows["region"], rows["year"], strict=True))
        cells = edition.scores.cells
        cells = cells[cells["indicator"].isin(set(rows["indicator"])) & cells["value"].notna()]
        found = set()
        for row in cells[["region", "indicator", "observed", "status"]].to_dict("records"):
            region, code = str(row["region"]), str(row["indicator"])
            owners = edition.territory.ancestors(region) if row["status"] == PARENT_REGION else [region]
            if row["observed"] != row["observed"]:  # imputed from the others
                found.add((region, code))
                continue
            years = range(int(row["observed"]) - window.get(code, 1) + 1, int(row["observed"]) + 1)
            if any((code, owner, each) in keys for owner in owners for each in years):
                found.add((region, code))
        return frozenset(found)


def _learns(edition: Edition) -> bool:
    """Whether scores depend on the values of the base years: scales, weights or the treatment of outliers."""
    rules = edition.methodology
    scales = any(rules.scale_of(str(code)).traits.learns for code in rules.indicators["code"])
    return scales or any(learning(rules.nodes)) or treat(rules, edition.scores.base) is not None


def _pooled_years(edition: Edition) -> dict[str, int]:
    """Over how many years the figures of an indicator are averaged, where they are."""
    table = edition.methodology.indicators
    if "pooled_years" not in table:
        return {}
    return {str(code): int(years) for code, years in zip(table["code"], table["pooled_years"], strict=True)}
