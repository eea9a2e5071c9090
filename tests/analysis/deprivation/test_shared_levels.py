"""Variance between groups: recovered where it is known, none where there is none, explained by what makes it."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cwi import DataError
from cwi.analysis.deprivation import shared_levels

pytestmark = pytest.mark.slow

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]


def people(between: float, *, seed: int = 1) -> tuple[np.ndarray, pd.DataFrame]:
    """1,000 children in 50 units of 17 regions; an outcome whose variance between units is known."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(50), 20)
    shock = rng.standard_normal(50)[unit]
    y = np.sqrt(between) * shock + np.sqrt(1 - between) * rng.standard_normal(len(unit))
    table = pd.DataFrame({"psu": [f"P{one}" for one in unit], "region": [f"R{one // 3}" for one in unit]})
    return y, table.assign(shock=shock, age=rng.integers(0, 18, len(unit)))


def test_a_known_share_is_recovered_and_explained_by_what_makes_it() -> None:
    y, table = people(0.2)
    shares = shared_levels(y, table, ["shock"], levels=["psu"])
    assert shares.loc["psu", ["groups", "n"]].tolist() == [50, 1000]
    assert shares.at["psu", "between"] == pytest.approx(0.2, abs=0.1)
    assert shares.at["psu", "p"] < 1e-4
    assert shares.at["psu", "between_with"] < 0.01


def test_where_units_are_alike_nothing_is_between_them() -> None:
    y, table = people(0.0, seed=4)
    shares = shared_levels(y, table, ["age"], levels=["psu", "region"])
    assert (shares["between"] < 0.02).all()
    assert (shares["p"] > 0.05).all()


def test_what_cannot_be_shared_out_is_refused(says: Says) -> None:
    y, table = people(0.1)
    with says(DataError, "the outcome does not vary; there is nothing to share out"):
        shared_levels(np.ones(len(table)), table, ["age"])
    with says(
        DataError,
        "the table of children has no column 'regio' (did you mean 'region'?); there are psu, region, shock, age",
    ):
        shared_levels(y, table, ["age"], levels=["regio"])
    with says(DataError, "there are 1 groups of the level 'one'; there must be at least two"):
        shared_levels(y, table.assign(one="x"), ["age"], levels=["one"])
