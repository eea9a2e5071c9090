"""Children who do not exist, in households that nobody asked: to rehearse the analysis, never to report.

Income, internet, housing, water and schooling differ between regions as the published figures do; all else is invented
(data/households/synthetic.csv). What a household lacks follows from a hidden level of living, which children of one
household share and those of one sampling unit have in part.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, ndtri

from cwi import folders
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.inputs.households.reading import Households, read_households
from cwi.inputs.survey import SYNTHETIC
from cwi.textfiles import number, read_csv
from cwi.writing import writing

NEEDED = ("water_improved", "school", "preschool", "immunised", "violent_discipline", "school_trips", "holiday",
          "leisure_activity", "clinic_visit")  # fmt: skip

__all__ = ["LINE", "HouseholdSample", "households_of", "synthesize_households", "write_households"]

Array = NDArray[np.float64]

LINE = 43_407.0  # KZT a head and month: the subsistence minimum of the budget of 2024, see data/benefits/amounts.csv
URBAN = 0.45  # share of children in towns outside the cities; invented
CHILDREN = 0.34  # of all people aged 0-17; the national share, 6.8 million of 20 million
POORER = 1.35  # how much poorer children are than all people; invented
SPREAD = 0.62  # standard deviation of log income within an area of a region; invented
STEEPER, BETWEEN = 1.25, 1.1  # how closely what is lacked follows living, and poorer areas; invented
SHARED = 0.25  # share of the variance of living that a sampling unit has in common; invented
SIZES = np.array([0.30, 0.33, 0.20, 0.10, 0.05, 0.02])  # households by number of children, of those who have any


@dataclass(frozen=True)
class HouseholdSample:
    """How many sampling units in a stratum (an area of a region), and households with children in each."""

    units: int = 12
    households: int = 11


def synthesize_households(
    edition: Edition, *, rng: np.random.Generator, sample: HouseholdSample | None = None
) -> Households:
    """A synthetic sample of children in the regions of an edition.

    Parameters
    ----------
    edition
        Whose regions, population and series (poverty, income, internet, housing, water, pre-school) are used.
    rng
        Decides everything that is invented.
    sample
        Its size; about 12,000 children by default.

    Returns
    -------
    Households
        With ``synthetic`` in every row, and a weight that adds up to the children of each area.

    Examples
    --------
    >>> import cwi
    >>> sample = HouseholdSample(units=2, households=3)
    >>> made = synthesize_households(cwi.read_edition(2023), rng=np.random.default_rng(1), sample=sample)
    >>> made.synthetic, made.children["region"].nunique(), made.children["synthetic"].unique().tolist()
    (True, 20, ['synthetic'])
    """
    sample = sample or HouseholdSample()
    strata = _strata(edition)
    homes = _homes(strata, sample, rng)
    children = homes.loc[homes.index.repeat(homes["children"])].reset_index(names="home")
    children["age"] = rng.integers(0, 18, len(children))
    children["sex"] = np.where(rng.random(len(children)) < 0.5, "F", "M")
    size = children.groupby("stratum")["home"].transform("size")
    children["weight"] = (children["people"] * np.exp(0.2 * children["unit_shock"])) / size
    children["weight"] *= children["people"] / children.groupby("stratum")["weight"].transform("sum")
    children["weight"] = children["weight"].round(3)
    for row in _parameters().itertuples():
        children[row.variable] = _drawn(children, row, edition, rng)
    children = _others(children, rng)
    children["id"] = [f"{SYNTHETIC}-{place:06d}" for place in range(len(children))]
    children["household"] = SYNTHETIC + "-h" + children["home"].map("{:06d}".format)
    children[SYNTHETIC], children["source"] = SYNTHETIC, f"synthetic households, seeded, regions of {edition.year}"
    first = [SYNTHETIC, "id", "household", "region", "area", "stratum", "psu", "weight", "sex", "age"]
    hidden = ["home", "living", "unit_shock", "stratum_shock", "people", "poverty"]
    rest = [name for name in children.columns if name not in (*first, *hidden, "source")]
    return Households(children[[*first, *rest, "source"]], (), True, f"{SYNTHETIC}-{edition.year}")


def households_of(path: str | Path, columns: str | Path, edition: Edition, *, rng: np.random.Generator) -> Households:
    """The children of a file, or synthetic ones where no file is named.

    Parameters are those of :func:`read_households` and :func:`synthesize_households`; the year is the edition's.
    """
    if str(path):
        return read_households(path, columns, year=edition.year)
    return synthesize_households(edition, rng=rng)


def write_households(folder: Path, made: Households, *, year: int) -> Path:
    """Write synthetic children as Parquet and return the path.

    Parameters
    ----------
    folder
        Outside the repository, or with 'synthetic' in its path inside it.

    Raises
    ------
    DataError
        If the children are not marked, or the folder is in the repository without the word in its path.
    """
    if not made.synthetic:
        raise DataError("these children are not synthetic; files of persons are never written here")
    root, place = folders.root().resolve(), Path(folder).resolve()
    if place.is_relative_to(root) and SYNTHETIC not in str(place.relative_to(root)):
        raise DataError(
            f"{folders.relative(folder)}: this folder is in the repository and is not named '{SYNTHETIC}'; name a "
            f"folder outside it, or one with '{SYNTHETIC}' in its name"
        )
    path = Path(folder) / f"{SYNTHETIC}-children-{year}.parquet"
    with writing(path) as (aside,):
        made.children.to_parquet(aside, index=False)
    return path


def _parameters() -> pd.DataFrame:
    """What synthetic.csv imagines of each variable."""
    path = folders.data() / "households" / "synthetic.csv"
    columns = ("variable", "target", "slope", "rural", "unwanted", "driver", "basis")
    table = read_csv(path, DataError, required=columns, filled=True)
    for line, row in table.iterrows():
        for column in ("target", "slope", "rural", "unwanted"):
            if number(row[column]) is None:
                raise DataError(
                    f"{folders.relative(path)} line {line}: {column} is '{row[column]}', which is no number"
                )
    for name in NEEDED:
        if name not in set(table["variable"]):
            raise DataError(f"{folders.relative(path)}: the variable '{name}' has no row")
    return table.astype(dict.fromkeys(("target", "slope", "rural", "unwanted"), float))


def _latest(edition: Edition, series: str, regions: list[str]) -> pd.Series:
    """The latest published total of a series by region; else that of the former region, else the mean."""
    table = edition.observations
    rows = table[(table["indicator"] == series) & table["value"].notna() & (table["sex"] == "") & (table["area"] == "")]
    value = rows.sort_values("year").groupby("region")["value"].last()
    known = pd.Series({region: _inherited(edition, value, region) for region in regions}, dtype=float)
    return known.fillna(float(known.mean()) if known.notna().any() else np.nan)


def _inherited(edition: Edition, value: pd.Series, region: str) -> float:
    if region in value.index:
        return float(value[region])
    for code in edition.territory.ancestors(region):
        if code in value.index:
            return float(value[code])
    return float("nan")


def _strata(edition: Edition) -> pd.DataFrame:
    """Areas of regions with their children and the share in poverty, rural above urban."""
    regions = list(edition.regions)
    people = edition.population.reindex(regions) * CHILDREN
    if people.isna().any():
        raise DataError(f"the population of {people.index[people.isna()][0]} is not known in {edition.year}")
    poverty = _latest(edition, "poverty", regions).fillna(5.0) * POORER
    income = _latest(edition, "household_income", regions)
    cities = edition.territory.regions["kind"].reindex(regions) == "city"
    rows = []
    for region in regions:
        for area, share, times in (("R", 1 - URBAN, 1.25), ("U", URBAN, 0.70)):
            if cities[region] and area == "R":
                continue
            part = 1.0 if cities[region] else share
            poor = float(np.clip(poverty[region] * (1.0 if cities[region] else times), 0.5, 60.0))
            rows.append((f"{region}-{area}", region, area, float(people[region]) * part, poor, float(income[region])))
    return pd.DataFrame(rows, columns=["stratum", "region", "area", "people", "poverty", "income"])


def _homes(strata: pd.DataFrame, sample: HouseholdSample, rng: np.random.Generator) -> pd.DataFrame:
    """Households with children: their unit, size, level of living and income."""
    strata = strata.assign(stratum_shock=rng.standard_normal(len(strata)))
    alone = strata.groupby("region")["stratum"].transform("size") == 1
    units = strata.loc[strata.index.repeat(np.where(alone, 2, 1) * sample.units)].reset_index(drop=True)
    units["psu"] = [f"P{place:04d}" for place in range(len(units))]
    units["unit_shock"] = rng.standard_normal(len(units))
    homes = units.loc[units.index.repeat(sample.households)].reset_index(drop=True)
    n = len(homes)
    homes["living"] = np.sqrt(SHARED) * homes["unit_shock"] + np.sqrt(1 - SHARED) * rng.standard_normal(n)
    more = np.clip(0.16 * (homes["area"] == "R") - 0.08 * homes["living"], -0.25, 0.4)
    homes["children"] = 1 + np.searchsorted(np.cumsum(SIZES)[:-1], rng.random(n), side="right")
    homes["children"] += (rng.random(n) < more).astype(int)
    homes["household_size"] = homes["children"] + np.where(rng.random(n) < 0.12, 1, 2) + (rng.random(n) < 0.15)
    homes["living"] -= 0.18 * (homes["children"] - homes["children"].mean())
    rank = homes.groupby("stratum")["living"].transform(lambda z: (z - z.mean()) / z.std())
    cut = ndtri(homes["poverty"] / 100)  # a household at this level of living has the income of the line
    homes["income"] = (LINE * np.exp(SPREAD * (rank - cut) + 0.08 * rng.standard_normal(n))).round(0)
    homes["adults_working"] = np.minimum(
        (rng.random(n) < expit(1.6 + rank)).astype(int) + (rng.random(n) < expit(0.2 + 0.8 * rank)), 2
    )
    homes["mother_education"] = np.clip(np.round(2.6 + 0.7 * rank + 0.7 * rng.standard_normal(n)), 1, 4).astype(int)
    homes["living"] = rank
    return homes


def _drawn(children: pd.DataFrame, row: Any, edition: Edition, rng: np.random.Generator) -> Array:
    """One variable: what is lacking follows the level of living, and the series of its region where it has one."""
    regions = list(edition.regions)
    shift = pd.Series(0.0, index=regions)
    if row.driver:
        known = _latest(edition, row.driver, regions)
        if known.notna().all() and known.std() > 0:
            sign = -1.0 if row.driver in ("internet_use", "preprimary_participation") else 1.0
            shift = sign * 0.45 * (known - known.mean()) / known.std()
    by_child = row.variable in ("immunised", "clinic_visit", "preschool", "school", "violent_discipline", "disability")
    key = np.arange(len(children)) if by_child else children["home"].to_numpy()
    chance = rng.random(key.max() + 1)[key]
    level = children["poverty"].rank(pct=True) - 0.5 + 0.3 * children["stratum_shock"]  # poorer areas lack more
    living = STEEPER * (level * BETWEEN - children["living"])
    linear = row.slope * living + row.rural * (children["area"] == "R") + children["region"].map(shift)
    linear, weight = linear.to_numpy(float), children["weight"].to_numpy(float)
    part = weight / weight.sum()
    base = brentq(lambda at: (part * expit(at + linear)).sum() - row.target / 100, -15.0, 10.0, xtol=1e-4)
    lacks = chance < expit(base + linear)
    if row.variable in ("arrears", "violent_discipline", "disability"):
        return np.where(lacks, 1.0, 0.0)
    if row.variable in ("immunised", "clinic_visit", "preschool", "school", *_YES):
        return np.where(lacks, 0.0, 1.0)
    unwanted = ~lacks & (rng.random(key.max() + 1)[key] < row.unwanted / 100)
    return np.where(lacks, 2.0, np.where(unwanted, 3.0, 1.0))


_YES = ("water_improved", "toilet_improved", "floor_finished")


def _others(children: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Measured variables, the gaps of what is not asked at an age, and benefits not yet simulated."""
    n, age = len(children), children["age"].to_numpy()
    living = children["living"].to_numpy(float)
    home = children["home"].to_numpy()
    of_home = rng.random(home.max() + 1)[home]
    made = children.assign(
        benefit_income=0.0,
        haz=np.where(
            age < 5, np.clip(-0.1 + 0.25 * living + 1.05 * rng.standard_normal(n), -5.9, 5.9).round(2), np.nan
        ),
        grades_behind=np.where(age >= 7, (rng.random(n) < expit(-3.6 - 0.6 * living)) * 2.0, np.nan),
        information_devices=np.clip(np.round(2.4 + 0.6 * living + 1.2 * (of_home - 0.5)), 0, 4),
        water_minutes=np.where((children["water_improved"] == 0) | (of_home > 0.97), 8 + np.round(60 * of_home), 0.0),
        persons_per_room=(children["household_size"] / np.clip(np.round(2.6 + 0.8 * living + of_home), 1, 8)).round(2),
        work_hours=np.where(age >= 5, np.round(np.clip(3 - 2 * living + 6 * rng.standard_normal(n), 0, 60)), np.nan),
    )
    made.loc[made["age"] < 5, "school"] = np.nan
    made.loc[(made["age"] >= 5) & (made["age"] < 7), ["school", "grades_behind"]] = [1.0, 0.0]
    made.loc[(made["age"] < 2) | (made["age"] > 6), "preschool"] = np.nan
    made.loc[made["age"] > 4, "immunised"] = np.nan
    made.loc[made["age"] > 14, "violent_discipline"] = np.nan
    made.loc[made["age"] < 6, "school_trips"] = np.nan
    gaps = rng.random(n) < 0.015  # who did not answer
    made.loc[gaps, ["holiday", "leisure_activity"]] = np.nan
    made.loc[rng.random(n) < 0.02, "clinic_visit"] = np.nan
    return made
