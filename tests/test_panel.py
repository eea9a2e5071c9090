"""The values behind the scores: which one stands in a cell, with its error; and completed tables for the gaps."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cwi import Edition, Methodology, read_edition
from cwi.errors import DataError, MethodologyError
from cwi.panel import Panel, multiply_imputed, read_panel

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

YEARS = [2021, 2022]


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2022)


@pytest.fixture(scope="module")
def rules(edition: Edition) -> Methodology:
    return edition.methodology.replace(max_age=0)


@pytest.fixture(scope="module")
def panel(edition: Edition, rules: Methodology) -> Panel:
    return read_panel(edition.observations, rules, years=YEARS, base=edition.base)


@pytest.fixture(scope="module")
def drawn(edition: Edition, panel: Panel) -> np.ndarray[Any, Any]:
    return multiply_imputed(edition.observations, panel, m=4, rng=np.random.default_rng(1))


# ---------------------------------------------------------------- cells with their errors


@pytest.mark.slow
def test_a_value_brings_its_standard_error_and_its_count(project: Any) -> None:
    edition = read_edition(2022)
    cells = edition.scores.cells.set_index(["region", "indicator"])
    assert cells.loc[("N", "poverty"), ["value", "observed", "se", "n"]].tolist() == [18, 2022, 0.5, 900]
    assert cells.loc[("A", "poverty"), ["se", "n"]].isna().all()
    assert cells.loc[("WEST", "water"), ["value", "se", "n"]].isna().all()


def test_a_carried_value_brings_the_error_of_its_own_year(project: Any) -> None:
    project.change("observations/living.csv", "A,2021,poverty,,,10,,,", "A,2021,poverty,,,10,0.25,400,")
    project.change("observations/living.csv", "A,2022,poverty,,,8,,,normal,living,\n", "")
    project.sign()
    cell = read_edition(2022).scores.cells.set_index(["region", "indicator"]).loc[("A", "poverty")]
    assert cell[["value", "observed", "se", "n"]].tolist() == [10, 2021, 0.25, 400]


@pytest.mark.slow
def test_a_value_of_the_parent_region_brings_the_parents_error(project: Any) -> None:
    project.change("observations/living.csv", "EAST,2022,poverty,,,25,,,normal,living,\n", "")
    project.append("observations/living.csv", "OLD,2022,poverty,,,31,0.75,300,normal,living,\n")
    project.sign()
    cell = read_edition(2022).scores.cells.set_index(["region", "indicator"]).loc[("EAST", "poverty")]
    assert cell[["value", "status", "se", "n"]].tolist() == [31, "parent region", 0.75, 300]


@pytest.mark.slow
def test_observations_without_errors_have_none() -> None:
    rules = read_edition(2022).methodology.replace(max_age=0)
    rows = pd.DataFrame({"region": ["A"], "year": [2022], "indicator": ["poverty"], "value": [5.0]})
    cells = read_panel(rows, rules).cells
    assert cells[["se", "n"]].isna().all(axis=None)
    assert cells["value"].notna().sum() == 1


def test_units_and_groups_are_those_of_the_cells(panel: Panel, rules: Methodology) -> None:
    k = len(rules.indicators)
    assert len(panel.cells) == len(panel.units) * k
    assert panel.cells["indicator"].tolist() == list(rules.indicators["code"]) * len(panel.units)
    nation = panel.units["region"] == "KZ"
    assert panel.groups[nation].tolist() == [-1, -1]
    assert (panel.groups[~nation] == panel.units.loc[~nation, "year"]).all()
    assert np.array_equal(panel.x.ravel(), panel.cells["value"].to_numpy(float), equal_nan=True)
    assert panel.wide("se").shape == panel.x.shape


# ---------------------------------------------------------------- completed tables


@pytest.mark.slow
def test_what_was_measured_stays_and_gaps_of_the_regions_are_filled(
    edition: Edition, rules: Methodology, panel: Panel, drawn: np.ndarray[Any, Any]
) -> None:
    assert drawn.shape == (4, *panel.x.shape)
    seen = ~np.isnan(panel.x)
    assert (drawn[:, seen] == panel.x[seen]).all()
    nation = (panel.units["region"] == "KZ").to_numpy()
    assert np.array_equal(np.isnan(drawn[0, nation]), ~seen[nation])
    anywhere = set(edition.observations.loc[edition.observations["scored"], "indicator"])
    known = rules.indicators["code"].isin(anywhere).to_numpy()
    regions = drawn[:, ~nation]
    assert np.isnan(regions[..., ~known]).all()  # nobody ever measured it
    filled = ~np.isnan(regions[..., known]) & ~seen[~nation][:, known]
    assert filled.any()
    assert (filled == filled[0]).all()  # the same cells in every table


@pytest.mark.slow
def test_tables_differ_only_where_something_was_missing(panel: Panel, drawn: np.ndarray[Any, Any]) -> None:
    filled = np.isnan(panel.x) & ~np.isnan(drawn[0])
    assert (drawn[:, filled].std(axis=0) > 0).mean() > 0.9
    assert (drawn[:, ~np.isnan(panel.x)].std(axis=0) == 0).all()


@pytest.mark.slow
def test_equal_seeds_give_equal_tables(edition: Edition, panel: Panel, drawn: np.ndarray[Any, Any]) -> None:
    again, other = (
        multiply_imputed(edition.observations, panel, m=4, rng=np.random.default_rng(seed)) for seed in (1, 2)
    )
    assert np.array_equal(again, drawn, equal_nan=True)
    assert not np.array_equal(other, drawn, equal_nan=True)


@pytest.mark.slow
@pytest.mark.parametrize("status", ["suppressed", "not applicable"])
def test_what_is_withheld_stays_open_in_every_table(
    edition: Edition, rules: Methodology, panel: Panel, drawn: np.ndarray[Any, Any], status: str
) -> None:
    filled = np.argwhere(np.isnan(panel.x) & ~np.isnan(drawn[0]))[0]
    unit, code = panel.units.iloc[filled[0]], rules.indicators["code"].iloc[filled[1]]
    withheld = {"region": unit["region"], "year": unit["year"], "indicator": code, "status": status, "scored": False}
    rows = pd.concat([edition.observations, pd.DataFrame([withheld | {"sex": "", "area": ""}])], ignore_index=True)
    rows["scored"] = rows["scored"].astype(bool)
    own = read_panel(rows, rules, years=YEARS, base=edition.base)
    assert np.array_equal(own.x, panel.x, equal_nan=True)
    tables = multiply_imputed(rows, own, m=2, rng=np.random.default_rng(1))
    assert np.isnan(tables[:, filled[0], filled[1]]).all()
    assert not np.isnan(drawn[:, filled[0], filled[1]]).any()  # control: it is filled where nothing is withheld


def test_one_table_is_no_multiple_imputation(edition: Edition, panel: Panel, says: Says) -> None:
    with says(MethodologyError, "multiple imputation: m is 1; multiple imputation needs at least 2"):
        multiply_imputed(edition.observations, panel, m=1, rng=np.random.default_rng(1))


def test_imputed_cells_have_no_error_of_a_sample(edition: Edition, rules: Methodology) -> None:
    cells = read_panel(edition.observations, rules.replace(imputation="median"), years=[2022], base=edition.base).cells
    imputed = cells[cells["status"] == "imputed"]
    assert len(imputed) > 5
    assert imputed[["se", "n"]].isna().all(axis=None)
    assert (imputed["observed"] == 2022).all()


def test_a_year_without_any_value_is_refused(edition: Edition, rules: Methodology, says: Says) -> None:
    with says(DataError, "no indicator of methodology 2024.1 has a value that can be scored in 1991"):
        read_panel(edition.observations, rules, years=[1991])
