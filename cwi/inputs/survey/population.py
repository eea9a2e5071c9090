"""An imagined population of children and parents whose true shares are known: to rehearse the survey, never to report.

Regions differ as their real poverty, unemployment, housing and internet use do, and have the few shares that were
published of them; all else is invented (data/survey/<version>/synthetic.csv). An answer is a hidden normal variable
cut at thresholds: the level of the region, shifts by area, sex and age, a common part of those in one cluster, a
trait of the person, and chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from cwi import folders
from cwi.edition import Edition
from cwi.errors import DataError, near
from cwi.inputs.survey.records import Item, SurveyDefinitions
from cwi.textfiles import number, read_csv

__all__ = ["AREAS", "DRIVERS", "SEXES", "Population", "Trait", "imagine", "read_published_shares", "read_traits"]

Array = NDArray[np.float64]

DRIVERS = ("poverty", "unemployment", "dilapidated_housing", "internet_use")
AREAS, SEXES = ("U", "R"), ("F", "M")
NUMBERS = (
    *("target", "spread", "rural", "girls", "older", "cluster"),
    *("trait", "unknown", "refused", "change"),
)
URBAN = 0.45  # share of children in towns outside the cities; invented
AGED_10_17 = 0.145  # of all people; invented, near 34 % aged 0-17
MIDDLE_AGE = 13.5
REGION_CHANGE = 0.5  # how much the change differs between regions, as a share of itself
BOUNDS = (2.0, 98.0)  # no true regional share lies outside
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(41)


@dataclass(frozen=True)
class Trait:
    """What is imagined of one indicator.

    ``target`` is the national share and ``spread`` the standard deviation of regions, both in per cent; ``rural``,
    ``girls`` and ``older`` (a year of age) shift the hidden variable, of whose variance ``cluster`` and ``trait`` are
    shares; ``apart``, ``unknown`` and ``refused`` are probabilities of answers that are none; ``change`` is in points
    a year.
    """

    target: float
    spread: float
    rural: float
    girls: float
    older: float
    cluster: float
    trait: float
    unknown: float
    refused: float
    change: float
    apart: tuple[float, ...]
    drivers: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Population:
    """Regions with their children, and the true share of every indicator in every region and year.

    ``people``: index region; children (10-17), urban (share in towns).
    ``shares``: region by indicator, per cent, in the year ``base``; ``changes``: points a year.
    ``good``: index indicator; 1 where more is better, -1 where less is.
    """

    definitions: SurveyDefinitions
    traits: Mapping[str, Trait]
    base: int
    people: pd.DataFrame
    shares: pd.DataFrame
    changes: pd.DataFrame
    good: pd.Series

    def in_year(self, year: int) -> pd.DataFrame:
        """True shares of a year: a row a region, a column an indicator, per cent."""
        return (self.shares + (year - self.base) * self.changes).clip(*BOUNDS)

    def levels(self, year: int) -> pd.DataFrame:
        """The level of the hidden variables: a row a region, a column an indicator."""
        return _levels(self, year).copy()

    def truth(self, year: int) -> pd.DataFrame:
        """The true shares by region, area and sex, with the totals.

        Returns
        -------
        DataFrame
            region, area, sex (empty: both), indicator, value (per cent); no sex for what parents say.
        """
        levels = self.levels(year)
        mix = np.array([self.people["urban"], 1 - self.people["urban"]]).T
        tables = []
        for code, share in self.definitions.indicators.items():
            cells = _cells(self, code, levels[code].to_numpy())
            for area, sex in product(("", *AREAS), ("", *SEXES) if share.respondent == "child" else ("",)):
                value = cells.mean(axis=2) if not sex else cells[:, :, SEXES.index(sex)]
                value = (value * mix).sum(axis=1) if not area else value[:, AREAS.index(area)]
                there = mix[:, AREAS.index(area)] > 0 if area else np.full(len(mix), True)
                row = {"area": area, "sex": sex, "indicator": code, "value": 100 * value[there]}
                tables.append(pd.DataFrame({"region": levels.index[there]} | row))
        return pd.concat(tables, ignore_index=True)


def read_traits(definitions: SurveyDefinitions) -> dict[str, Trait]:
    """What synthetic.csv of the version of the survey imagines of each indicator.

    Raises
    ------
    DataError
        With file and line, if a cell holds no number or an indicator has no row.
    """
    path = folders.data() / "survey" / definitions.version / "synthetic.csv"
    table = read_csv(path, DataError, required=("indicator", *NUMBERS, "apart", "drivers"), optional=("basis",))
    traits = {}
    for line, *cells in table.itertuples(name=None):
        where, row = f"{folders.relative(path)} line {line}", dict(zip(table.columns, cells, strict=True))
        code = row["indicator"]
        if code not in definitions.indicators:
            raise DataError(f"{where}: the survey has no indicator '{code}'{near(code, definitions.indicators)}")
        values = {column: number(row[column]) for column in NUMBERS}
        apart = tuple(number(text) for text in row["apart"].split())
        words = row["drivers"].split()
        drivers = {name: number(text) for name, text in zip(words[::2], words[1::2], strict=False)}
        for column, ok in (
            *((column, value is not None) for column, value in values.items()),
            ("apart", None not in apart and len(apart) == len(definitions.indicators[code].items)),
            ("drivers", len(words) % 2 == 0 and set(drivers) <= set(DRIVERS) and None not in drivers.values()),
        ):
            if not ok:
                raise DataError(f"{where}: {column} is '{row[column]}', which cannot be used")
        traits[code] = Trait(**values, apart=apart, drivers=drivers)  # type: ignore[arg-type]
    for code in definitions.indicators:
        if code not in traits:
            raise DataError(f"{folders.relative(path)}: the indicator '{code}' has no row")
    return traits


def read_published_shares(definitions: SurveyDefinitions, regions: Iterable[str]) -> pd.DataFrame:
    """The few shares of the official survey that were published: indicator, region, value (per cent).

    Raises
    ------
    DataError
        With file and line, if an indicator or a region is unknown, or a value is no share.
    """
    path = folders.data() / "survey" / "published_results.csv"
    columns = ("indicator", "region", "round", "value", "unit", "note", "source")
    table = read_csv(path, DataError, required=columns, filled=True)
    for column, known in (("indicator", definitions.indicators), ("region", list(regions))):
        for line, word in table[column].items():
            if word not in known:
                raise DataError(f"{folders.relative(path)} line {line}: {column} is '{word}'{near(word, known)}")
    for line, text in table["value"].items():
        if (share := number(text)) is None or not 0 <= share <= 100:
            raise DataError(f"{folders.relative(path)} line {line}: value is '{text}', which is no share in per cent")
    return table.assign(value=table["value"].astype(float))[["indicator", "region", "value"]]


def imagine(definitions: SurveyDefinitions, edition: Edition, *, rng: np.random.Generator) -> Population:
    """A population in the regions of an edition, whose shares follow what was really measured there.

    Parameters
    ----------
    definitions
        What is asked.
    edition
        Whose regions, population and series (poverty, unemployment, housing, internet) are used; its year is the one
        that the published shares are taken to speak of.
    rng
        Decides what is invented about the regions.

    Examples
    --------
    >>> import cwi
    >>> from cwi.inputs.survey.definitions import read_survey_definitions
    >>> population = imagine(read_survey_definitions("2024.1"), cwi.read_edition(2023), rng=np.random.default_rng(1))
    >>> population.shares.loc[["KZ-39", "KZ-79"], "life_satisfaction"].tolist()
    [90.1, 88.7]
    """
    traits = read_traits(definitions)
    nation, regions = edition.territory.nation, list(edition.regions)
    published = read_published_shares(definitions, edition.territory.regions.index)
    published = published[published["region"].isin([nation, *regions])]  # in the borders of the edition
    cities = (edition.territory.regions["kind"] == "city").reindex(regions)
    people = pd.DataFrame(
        {
            "children": (edition.population.reindex(regions) * AGED_10_17).round(),
            "urban": np.where(cities, 1.0, URBAN),
        },
        index=pd.Index(regions, name="region"),
    )
    if people["children"].isna().any():
        raise DataError(
            f"the population of {people.index[people['children'].isna()][0]} is not known in {edition.year}"
        )
    measured = _measured(edition, regions)
    shares, changes = {}, {}
    for code, trait in traits.items():
        pulls = sum((weight * measured[name] for name, weight in trait.drivers.items()), start=pd.Series(0.0, regions))
        left = math.sqrt(max(1 - sum(weight**2 for weight in trait.drivers.values()), 0))
        drawn = trait.target + trait.spread * (pulls + left * rng.standard_normal(len(regions)))
        known = published[published["indicator"] == code].set_index("region")["value"]
        shares[code] = _calibrated(drawn, known.drop(nation, errors="ignore"), trait.target, people["children"])
        changes[code] = trait.change * (1 + REGION_CHANGE * rng.standard_normal(len(regions)))
    better = edition.methodology.indicators.set_index("code")
    good = (better["best"] > better["worst"]).map({True: 1, False: -1}).reindex(list(definitions.indicators))
    index = people.index
    return Population(
        definitions, traits, edition.year, people, pd.DataFrame(shares, index), pd.DataFrame(changes, index), good
    )


def offsets(item: Item, reaches: float | None) -> tuple[Array, Array]:
    """The codes of an item from the lowest number to the highest, and the cuts of the hidden variable between them.

    The cut at the threshold is 0; without a threshold it is the one in the middle.
    """
    answers = sorted((r for r in item.responses if r.kind == "answer"), key=lambda r: r.number)
    numbers = np.array([r.number for r in answers])
    counted = len(numbers) // 2 if reaches is None else int(np.searchsorted(numbers, reaches))
    step = max(2.4 / (len(numbers) - 1), 0.4)
    return np.array([float(r.code) for r in answers]), step * np.arange(1.0 - counted, len(numbers) - counted)


def _measured(edition: Edition, regions: list[str]) -> pd.DataFrame:
    """The latest scored total of each driver by region, centred and scaled; 0 where nothing is known."""
    table = edition.observations
    rows = table[table["scored"] & table["value"].notna() & (table["sex"] == "") & (table["area"] == "")]
    rows = rows[rows["indicator"].isin(DRIVERS)].sort_values("year")
    latest = rows.groupby(["region", "indicator"])["value"].last().unstack().reindex(regions, columns=list(DRIVERS))
    return ((latest - latest.mean()) / latest.std()).fillna(0.0)


def _calibrated(drawn: pd.Series, known: pd.Series, target: float, people: pd.Series) -> pd.Series:
    """Shares with the published ones set, the others below the lowest of these; their mean is the target."""
    free = drawn.index.difference(known.index)
    top = float(known.min()) - 0.3 if len(known) else BOUNDS[1]
    clipped = drawn.clip(BOUNDS[0], BOUNDS[1])
    clipped[known.index] = known
    values, counts, at = clipped.to_numpy(copy=True), people.to_numpy(), clipped.index.get_indexer(free)
    for _ in range(20):
        gap = target - float((values * counts).sum() / counts.sum())
        values[at] = np.clip(values[at] + gap, BOUNDS[0], top)
    return pd.Series(values, clipped.index)


@lru_cache(maxsize=8)  # the same for every sample of a population
def _levels(population: Population, year: int) -> pd.DataFrame:
    wanted = population.in_year(year) / 100
    urban = population.people["urban"].to_numpy()
    codes = population.definitions.indicators
    return pd.DataFrame(
        {code: _solve(population, code, wanted[code].to_numpy(), urban) for code in codes}, index=wanted.index
    )


def _solve(population: Population, code: str, wanted: Array, urban: Array) -> Array:
    """The levels at which regions have the wanted shares, by halving."""
    low, high = np.full(len(wanted), -6.0), np.full(len(wanted), 6.0)
    for _ in range(40):
        level = (low + high) / 2
        cells = _cells(population, code, level).mean(axis=2)
        share = urban * cells[:, 0] + (1 - urban) * cells[:, 1]
        low, high = np.where(share < wanted, level, low), np.where(share < wanted, high, level)
    return np.asarray((low + high) / 2)


def _cells(population: Population, code: str, level: Array) -> Array:
    """True shares by region, area and sex, (regions, 2, 2), of those who are in the calculation."""
    share, trait = population.definitions.indicators[code], population.traits[code]
    if share.rule != "count" or share.minimum != len(share.items):
        raise DataError(f"the true share of {code} is not known: its rule must be count and all its items answered")
    ages = np.arange(10, 18) if trait.older else np.array([MIDDLE_AGE])
    shift = trait.rural * np.array([0.0, 1.0])[:, None, None] + trait.girls * np.array([1.0, 0.0])[:, None]
    mean = level[:, None, None, None] + shift + trait.older * (ages - MIDDLE_AGE)
    chance = 1 - trait.cluster - trait.trait
    if len(share.items) == 1:
        common, weights, width = np.zeros(1), np.ones(1), 1.0
    else:
        common, weights, width = math.sqrt(1 - chance) * NODES, WEIGHTS / WEIGHTS.sum(), math.sqrt(chance)
    reached = ndtr((mean[..., None] + common) / width)
    each = [
        _kept(population.definitions.items[name], trait, apart, threshold, reached)
        for name, apart, threshold in zip(share.items, trait.apart, share.reaches, strict=True)
    ]
    total = np.zeros(reached.shape)
    for pattern in product((False, True), repeat=len(each)):
        if sum(pattern) >= share.at_least:
            total += np.prod([p if yes else 1 - p for p, yes in zip(each, pattern, strict=True)], axis=0)
    return np.asarray((total @ weights).mean(axis=-1))


def _kept(item: Item, trait: Trait, apart: float, threshold: float, reached: Array) -> Array:
    """The chance that a person who is in the calculation of an item reaches its threshold."""
    silent = trait.refused + trait.unknown * any(r.kind == "do not know" for r in item.responses)
    answers = (1 - apart) * (1 - silent)
    others = [(apart, "does not apply"), ((1 - apart) * trait.unknown, "do not know")]
    counted, kept = answers * reached, np.full(reached.shape, answers)
    for chance, kind in others:
        for response in item.responses:
            if response.kind == kind and not math.isnan(response.number):
                counted, kept = counted + chance * (response.number >= threshold), kept + chance
    return np.asarray(counted / kept)
