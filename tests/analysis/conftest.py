"""A made-up index of nine indicators in three years, and short ways to draw it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cwi import Edition, Methodology, read_methodology
from cwi.analysis.uncertainty.plan import Plan
from cwi.analysis.uncertainty.preparation import prepare

FOLDER = Path(__file__).parents[1] / "methodologies" / "drawn"
REGIONS = [f"R{i}" for i in range(8)]
ERRORS = {"fit": 3.0, "ill": 2.0, "height": 0.8, "weight": 1.5}  # indicators of a survey, and their standard errors
Planned = Callable[..., Plan]


def observed(methodology: Methodology, regions: list[str] = REGIONS, seed: int = 5) -> pd.DataFrame:
    """All values of three years, two digits each; survey figures with standard errors; a population."""
    table = methodology.indicators
    rng = np.random.default_rng(seed)
    frames = []
    for year in (2019, 2020, 2021):
        for region in ["All", *regions]:
            quality = rng.uniform(0.2, 0.8, len(table))
            worst, best = table["worst"].to_numpy(float), table["best"].to_numpy(float)
            log = (table["scale"] == "log").to_numpy()
            value = worst + quality * (best - worst)
            value[log] = worst[log] * (best[log] / worst[log]) ** quality[log]
            value = value.round(2)
            frames.append(pd.DataFrame({"region": region, "year": year, "indicator": table["code"], "value": value}))
        people = pd.DataFrame({"region": ["All", *regions], "indicator": "population", "value": 250_000.0})
        frames.append(people.assign(year=year))
    rows = pd.concat(frames, ignore_index=True)
    return rows.assign(se=rows["indicator"].map(ERRORS), n=np.nan, status="normal", source="made up")


@pytest.fixture(scope="session")
def methodology() -> Methodology:
    return read_methodology(FOLDER)


@pytest.fixture(scope="session")
def whole(methodology: Methodology) -> pd.DataFrame:
    """Observations without a gap."""
    return observed(methodology)


@pytest.fixture(scope="session")
def observations(whole: pd.DataFrame) -> pd.DataFrame:
    """Some without reading, one of them carried; the deaths of R6 and R7 are those of the region they were."""
    rows = whole
    reading = rows["indicator"] == "reading"
    rows = rows[~(reading & ((rows["year"] == 2021) & (rows["region"] == "R4") | (rows["region"] == "R5")))]
    parent = (rows["indicator"] == "deaths") & rows["region"].isin(["R6", "R7"])
    rows = rows.assign(status=rows["status"].where(~parent, "parent region"))
    return rows.assign(value=rows["value"].where(~parent, 12.5)).reset_index(drop=True)


@pytest.fixture(scope="session")
def plan(observations: pd.DataFrame, methodology: Methodology) -> Planned:
    """``plan(factors)``: a plan of the made-up index; further arguments are those of ``prepare``."""

    def build(factors: Mapping[str, Any], **given: Any) -> Plan:
        rules = given.pop("methodology", methodology)
        rows = given.pop("observations", observations)
        edition = replace(Edition.of(rows, rules), covariance=given.pop("covariance", None))
        table = factors if "factor" in factors else {"factor": factors}
        return prepare(edition, table, **{"years": [2020, 2021], **given})

    return build
