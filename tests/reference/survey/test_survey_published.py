"""Errors of complex samples as R's survey package prints them, on the schools of California it is taught with."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from cwi.methods.survey import (
    Calibrated,
    Design,
    Replicates,
    adjust_replicates,
    calibrate,
    make_replicates,
    mean,
    post_stratify,
    quantile,
    rake,
    ratio,
    total,
)

Array = NDArray[np.float64]

FOLDER = Path(__file__).parent
EXPECTED = pd.read_csv(FOLDER / "expected.csv", keep_default_na=False)
ENROLLED = 3_811_472  # pupils of all 6,194 schools
TYPES, TARGET = [4421.0, 755.0, 1018.0], [1072.0, 5122.0]  # schools: elementary, high, middle; missed and met


@pytest.fixture(scope="module")
def district() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "schools_by_district.csv").assign(weight=33.846996307373)


@pytest.fixture(scope="module")
def by_type() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "schools_by_type.csv")


def designed(table: pd.DataFrame, fpc: str) -> Design:
    """As the package was told: districts are units; types are strata, and with fpc the weights follow from it."""
    if "district" in table:
        return Design(table["weight"], psu=table["district"], fpc=15 / 757 if fpc == "yes" else None)
    number = table["type"].map({"E": 0, "H": 1, "M": 2}).to_numpy()
    if fpc == "yes":
        weight = np.array([4421 / 100, 755 / 50, 1018 / 50])[number]
        return Design(weight, strata=number, fpc=1 / weight)
    return Design(np.array([44.21, 15.1, 20.36], dtype=np.float32)[number], strata=number)


def variable(table: pd.DataFrame, words: str) -> Array:
    name, _, value = words.partition("=")
    return np.asarray(table[name].astype(str) == value, float) if value else table[name].to_numpy(float)


def made(row: dict[str, Any], table: pd.DataFrame, design: Design) -> tuple[float, float]:
    own = None
    if row["domain"]:
        own = np.where(variable(table, row["domain"]) > 0, 0, -1)
    if row["statistic"] == "ratio":
        above, below = (variable(table, words) for words in row["variable"].split("/"))
        found = ratio(above, below, design, domains=own)
    else:
        found = {"mean": mean, "total": total}[row["statistic"]](variable(table, row["variable"]), design, domains=own)
    return found.estimate.item(), found.se.item()


def wrong(rows: pd.DataFrame, find: Callable[[dict[str, Any]], tuple[float, float]]) -> list[dict[str, Any]]:
    """The rows that are not met within the digits printed."""
    missed = []
    for row in rows.to_dict("records"):
        digits = 1e-9 if row["source"] == "fixtures" else 5e-6
        for value, name in zip(find(row), ("estimate", "se"), strict=True):
            printed = float(row[name])
            if abs(value - printed) > digits * max(abs(printed), abs(float(row["estimate"])) * 1e-3):
                missed.append(row)
    return missed


@pytest.mark.parametrize("sample", ["district", "type"])
def test_every_printed_estimate_and_error(sample: str, district: pd.DataFrame, by_type: pd.DataFrame) -> None:
    table = {"district": district, "type": by_type}[sample]
    rows = EXPECTED[EXPECTED["sample"] == sample]
    assert len(rows) >= 19
    assert not wrong(rows, lambda row: made(row, table, designed(table, row["fpc"])))


def test_without_units_or_strata_the_errors_are_not_met(district: pd.DataFrame, by_type: pd.DataFrame) -> None:
    for sample, table in {"district": district, "type": by_type}.items():
        rows = EXPECTED[(EXPECTED["sample"] == sample) & (EXPECTED["se"] > 0)]
        missed = wrong(rows, lambda row, table=table: made(row, table, Design(designed(table, row["fpc"]).w)))
        assert len(missed) >= len(rows) - 1
    naive = mean(district["api2000"], Design(district["weight"])).se.item()
    assert naive < 23.779 / 2.9  # a third of the error of the districts


def test_printed_intervals(district: pd.DataFrame, by_type: pd.DataFrame) -> None:
    for table, fpc, low, high, df in (
        (district, "no", 593.168493261091, 695.170304553117, 14),
        (district, "yes", 593.676314463327, 694.662483350884, 14),
        (by_type, "no", 643.481356593217, 681.093369725425, 197),
        (by_type, "yes", 643.732188539262, 680.842538616048, 197),
    ):
        found = mean(table["api2000"], designed(table, fpc))
        assert found.df.item() == df
        assert [found.low.item(), found.high.item()] == pytest.approx([low, high], rel=1e-11)


def test_printed_quantiles(district: pd.DataFrame, by_type: pd.DataFrame) -> None:
    """Of the package's vignette: quantile, interval and error; and of its tests."""
    design = designed(district, "yes")
    for p, *ends, error in (
        (0.25, 552, 492, 627, 31.47166),
        (0.5, 652, 561, 714, 35.66788),
        (0.75, 719, 696, 777, 18.883),
    ):
        found = quantile(district["api2000"], design, p=p)
        assert [found.estimate.item(), found.low.item(), found.high.item()] == ends
        assert found.se.item() == pytest.approx(error, abs=5.1e-6)
    design = designed(by_type, "no")
    assert [quantile(by_type["api2000"], design, p=p).estimate.item() for p in (0.25, 0.75)] == [565, 756]


def test_printed_design_effects() -> None:
    y = np.array([15.0, 143, 21, 51, 337, 50, 274, 145, 15, 86])
    w = np.array([20.0, 200, 11, 25, 550, 30, 250, 100, 10, 55])
    same = mean(y, Design(np.full(10, 100.0)))
    assert [same.estimate.item(), same.se.item(), same.deff.item()] == pytest.approx([113.7, 35.626, 1], abs=5e-4)
    found, sums = mean(y, Design(w)), total(y, Design(w))
    assert [found.estimate.item(), found.se.item()] == pytest.approx([243.914, 48.752], abs=5e-4)
    assert found.deff.item() == pytest.approx(1.974067, abs=5e-7)
    assert [sums.estimate.item(), sums.se.item()] == pytest.approx([305136, 184965], abs=0.5)
    assert sums.deff.item() == pytest.approx(18.15669, abs=5e-6)


@pytest.mark.parametrize(("rule", "printed"), [("certainty", 5.8058), ("centre", 5.8281)])
def test_a_lonely_unit(district: pd.DataFrame, rule: str, printed: float) -> None:
    design = Design(district["weight"], strata=district["district"], lonely=rule)
    assert mean(district["api2000"], design).se.item() == pytest.approx(printed, abs=5e-5)


def test_a_unit_drawn_for_certain_is_not_lonely(district: pd.DataFrame) -> None:
    stratum = district["district"].to_numpy()
    share = np.where(stratum == 413, 1.0, np.bincount(stratum)[stratum] / 1000)
    design = Design(district["weight"], strata=stratum, fpc=share)
    assert mean(district["api2000"], design).se.item() == pytest.approx(5.7344, abs=5e-5)


# ---------------------------------------------------------------- replicate weights


def test_jackknife(district: pd.DataFrame, by_type: pd.DataFrame) -> None:
    for table, variable_, function, printed in (
        (district, "api2000", mean, 26.5997137220988),
        (district, "api2000", total, 907398.705597438),
        (by_type, "api2000", mean, 9.53613229692521),
        (by_type, "api2000", total, 59066.8030470022),
    ):
        design = designed(table, "no")
        found = function(table[variable_], replace(design, replicates=make_replicates(design, "jackknife")))
        assert found.se.item() == pytest.approx(printed, rel=1e-10)
    design = designed(district, "yes")
    found = mean(district["api2000"], replace(design, replicates=make_replicates(design, "jackknife", around="mean")))
    assert found.se.item() == pytest.approx(26.329, abs=5e-4)


def test_balanced_half_samples() -> None:
    """Cardiac arrests in emergency areas: three strata of two ambulances."""
    arrests = np.array([[120, 25], [78, 24], [185, 30], [228, 49], [670, 80], [530, 70.0]])
    design = Design(np.ones(6), strata=[1, 1, 2, 2, 3, 3])
    for fay in (0.0, 0.3):
        with_halves = replace(design, replicates=make_replicates(design, "balanced", fay=fay))
        assert with_halves.replicates is not None
        assert with_halves.replicates.weights.shape == (6, 4)
        assert mean(arrests, with_halves).se[0] == pytest.approx([25.3930217885851, 3.58236421003411], rel=1e-12)
        assert total(arrests, with_halves).se[0] == pytest.approx([152.35813073151, 21.4941852602047], rel=1e-12)


def test_half_samples_as_printed() -> None:
    weights = np.array([[2, 0, 2, 0], [0, 2, 0, 2], [2, 2, 0, 0], [0, 0, 2, 2], [2, 0, 0, 2], [0, 2, 2, 0.0]])
    replicates = Replicates(weights, scale=1 / 4, df=3)
    found = mean(np.array([120, 78, 185, 228, 670, 530.0]), Design(np.ones(6), replicates=replicates))
    assert [found.se.item(), found.df.item()] == pytest.approx([25.3930217885851, 3])


# ---------------------------------------------------------------- calibration


def calibrated(table: pd.DataFrame, made: Calibrated, fpc: float | None = 15 / 757) -> Design:
    return Design(made.weights, psu=table["district"], fpc=fpc, calibration=made)


def kinds(table: pd.DataFrame) -> Array:
    return np.asarray(table["type"].map({"E": 0, "H": 1, "M": 2}))


def test_post_stratification(district: pd.DataFrame) -> None:
    done = post_stratify(district["weight"], kinds(district), TYPES)
    design = calibrated(district, done)
    found, sums = mean(district["api2000"], design), total(district["enrolled"], design)
    assert [found.estimate.item(), found.se.item()] == pytest.approx([642.31, 23.921], abs=1e-3)
    assert [sums.estimate.item(), sums.se.item()] == pytest.approx([3680893, 406293], abs=0.5)
    all_digits = mean(district["api2000"], calibrated(district, done, fpc=None))
    assert all_digits.estimate.item() == pytest.approx(642.310788211584, rel=1e-12)
    assert all_digits.se.item() == pytest.approx(24.1610605814973, rel=1e-10)
    ignored = total(district["enrolled"], replace(design, calibration=None))
    assert ignored.se.item() > 2 * 406293


def test_raking(district: pd.DataFrame) -> None:
    margins = [kinds(district), np.asarray(district["met_target"] == "yes", int)]
    done = rake(district["weight"], margins, [TYPES, TARGET])
    design = calibrated(district, done)
    found, sums = mean(district["api2000"], design), total(district["enrolled"], design)
    assert found.estimate.item() == pytest.approx(641.23, abs=5e-3)
    assert found.se.item() == pytest.approx(23.704, abs=5e-4)
    assert [sums.estimate.item(), sums.se.item()] == pytest.approx([3647280, 400603], abs=0.5)


def test_calibrated_replicates(district: pd.DataFrame) -> None:
    cells, target = kinds(district), np.asarray(district["met_target"] == "yes", int)
    design = designed(district, "no")
    plain = make_replicates(design, "jackknife")
    for adjust, estimate, error, close in (
        (lambda w, rows: post_stratify(w, cells[rows], TYPES).weights, 642.310788211584, 27.2066268255349, 1e-10),
        (
            lambda w, rows: rake(w, [cells[rows], target[rows]], [TYPES, TARGET]).weights,
            641.230246862208,
            27.1442128318128,
            1e-4,  # printed from a raking that stops a step before
        ),
    ):
        weights = adjust(design.w, np.arange(design.n))
        full = Design(weights, psu=district["district"], replicates=adjust_replicates(plain, adjust))
        found = mean(district["api2000"], full)
        assert [found.estimate.item(), found.se.item()] == pytest.approx([estimate, error], rel=close)


def test_regression_estimators(district: pd.DataFrame, by_type: pd.DataFrame) -> None:
    both = np.column_stack([np.ones(183), district["enrolled"]])
    free = calibrate(district["weight"], both, [6194.0, ENROLLED])
    assert [free.factors.min(), free.factors.max()] == pytest.approx([0.7906782, 1.7891164], abs=5e-8)
    held = calibrate(district["weight"], both, [6194.0, ENROLLED], bounds=(0.6, 1.5))
    assert [held.factors.min(), held.factors.max()] == pytest.approx([0.7198751, 1.5], abs=5e-8)
    exact = total(np.column_stack([district["enrolled"], np.ones(183)]), calibrated(district, free))
    assert exact.estimate[0] == pytest.approx([ENROLLED, 6194])
    assert exact.se[0] == pytest.approx([0, 0], abs=1e-4)


def test_the_ratio_estimator_as_a_calibration(by_type: pd.DataFrame) -> None:
    design = designed(by_type, "yes")
    known = ratio(by_type["tested"], by_type["enrolled"], design)
    assert known.estimate.item() * ENROLLED == pytest.approx(3190038, abs=0.5)
    assert known.se.item() * ENROLLED == pytest.approx(29565.98, abs=5e-3)
    done = calibrate(design.w, by_type[["enrolled"]], [ENROLLED], variance=by_type["enrolled"])
    assert done.factors == pytest.approx(np.full(200, ENROLLED / 3687177.52))
    found = total(by_type["tested"], replace(design, weights=done.weights, calibration=done))
    assert [found.estimate.item(), found.se.item()] == pytest.approx([3190038, 29566], abs=0.5)
