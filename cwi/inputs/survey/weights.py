"""Weights of respondents brought from the draw to the population, step by step, with a record of each step.

The steps, each only where it is asked for: those who answered stand for those of their class who did not; weights far
above the mean of their region are cut; weights are brought to known numbers of children.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.errors import DataError, near
from cwi.methods.survey import (
    Calibrated,
    adjust_nonresponse,
    design_effect_of_weights,
    post_stratify,
    rake,
    trim,
)

__all__ = ["MARGINS", "Weighted", "Weighting", "weigh"]

Array = NDArray[np.float64]

MARGINS = ("respondent", "region", "area", "sex")
LARGEST_FACTOR = 5.0  # a class in which fewer than one in five answered stands for too many


@dataclass(frozen=True, eq=False)
class Weighting:
    """What is done to the weights of a file; nothing by default.

    ``invited``: how many were asked, by respondent, region, area and, if wished, sex, in ``invited``; with ``weight``,
    the sum of their weights, else each counts as much as those of the class who answered. These are the classes.
    ``largest``: the largest weight, as a multiple of the mean of the region and respondent; at least 1.
    ``totals``: tables of ``persons`` by respondent and any of region, area and sex; one is met cell by cell, of
    several all margins are met by raking. Parents stand for the children of 0-17 whom they speak of.
    """

    invited: pd.DataFrame | None = None
    largest: float | None = None
    totals: Sequence[pd.DataFrame] = ()


@dataclass(frozen=True, eq=False)
class Weighted:
    """Weights, (n,); what calibrated them, if anything did; and the record.

    ``record``: step, respondent, n, before and after (sums of weights), least and largest (factors), effect_before and
    effect_after (what unequal weights alone make of a variance).
    """

    weights: Array
    calibration: Calibrated | None
    record: pd.DataFrame


def weigh(answers: pd.DataFrame, weighting: Weighting | None = None) -> Weighted:
    """Take the steps, in the order of :class:`Weighting`.

    Parameters
    ----------
    answers
        A row a respondent: respondent, region, area, sex, weight.
    weighting
        Which steps.

    Raises
    ------
    DataError
        If a class or a cell has no row, or has persons and no respondent; if totals contradict each other; or if a
        class would need a factor above 5.

    References
    ----------
    .. [1] Valliant, Dever and Kreuter (2018), Practical Tools for Designing and Weighting Survey Samples, chapters
       13 and 14, doi 10.1007/978-3-319-93632-1.

    Examples
    --------
    >>> answers = pd.DataFrame({"respondent": "child", "region": "KZ-10", "area": ["U", "U", "R"],
    ...                         "sex": ["F", "M", "F"], "weight": 10.0})
    >>> known = pd.DataFrame({"respondent": "child", "area": ["U", "R"], "persons": [50, 30]})
    >>> weigh(answers, Weighting(totals=[known])).weights
    array([25., 25., 30.])
    """
    given = weighting or Weighting()
    weights, calibration = answers["weight"].to_numpy(float), None
    record = []
    if given.invited is not None:
        after = _for_the_silent(answers, weights, given.invited)
        record.append(_step_record("non-response", answers, weights, after))
        weights = after
    if given.largest is not None:
        after = _cut(answers, weights, given.largest)
        record.append(_step_record("trimming", answers, weights, after))
        weights = after
    if given.totals:
        calibration = _calibrated(answers, weights, given.totals)
        record.append(_step_record("calibration", answers, weights, calibration.weights))
        weights = calibration.weights
    columns = ("n", "before", "after", "least", "largest", "effect_before", "effect_after")
    empty = pd.DataFrame(columns=["step", "respondent", *columns])
    return Weighted(weights, calibration, pd.concat(record, ignore_index=True) if record else empty)


def _for_the_silent(answers: pd.DataFrame, weights: Array, invited: pd.DataFrame) -> Array:
    """Weights of those who answered, standing also for those of their class who did not."""
    table = _table(invited, "invited", "invited", ("respondent", "region", "area"))
    place, table = _cells(answers, table, "invited")
    count = np.bincount(place, minlength=len(table))
    had = np.bincount(place, weights, len(table))
    for row in np.flatnonzero(count > table["invited"].to_numpy(float)).tolist():
        raise DataError(
            f"in the class {_name(table, row)} {count[row]} answered and {table['invited'].iloc[row]:g} were invited; "
            "who was not invited cannot answer"
        )
    if "weight" in table:
        asked = table["weight"].to_numpy(float)
    else:
        with np.errstate(invalid="ignore", divide="ignore"):
            asked = table["invited"].to_numpy(float) * had / count
    silent = asked - had
    rows = np.flatnonzero((silent > 1e-9 * asked) | (count == 0))
    for row in rows.tolist():
        if count[row] == 0 or asked[row] > LARGEST_FACTOR * had[row]:
            raise DataError(
                f"in the class {_name(table, row)} {count[row]} of {table['invited'].iloc[row]:g} answered, too few to "
                "represent the others; join it with a similar class"
            )
    every = np.concatenate([weights, silent[rows]])
    there = np.arange(len(every)) < len(weights)
    return adjust_nonresponse(every, there, np.concatenate([place, rows])).weights[there]


def _cut(answers: pd.DataFrame, weights: Array, largest: float) -> Array:
    """Weights of at most so many times the mean of their region and respondent, whose sum is kept."""
    if not largest > 1:
        raise DataError(f"the largest weight is {largest:g} times the mean; it must be above 1")
    group = answers.groupby(["respondent", "region"], sort=True).ngroup().to_numpy()
    mean = (np.bincount(group, weights) / np.bincount(group))[group]
    return trim(weights / mean, upper=largest, groups=group).weights * mean


def _calibrated(answers: pd.DataFrame, weights: Array, totals: Sequence[pd.DataFrame]) -> Calibrated:
    """Weights that give known numbers of persons."""
    places, sums = [], []
    for number, total in enumerate(totals, start=1):
        what = "totals" if len(totals) == 1 else f"totals ({number} of {len(totals)})"
        place, table = _cells(answers, _table(total, what, "persons", ("respondent",)), what)
        for row in np.flatnonzero(np.bincount(place, minlength=len(table)) == 0).tolist():
            raise DataError(
                f"{what}: {_name(table, row)} has {table['persons'].iloc[row]:g} persons and nobody answered; join it "
                "with another"
            )
        places.append(place)
        sums.append(table["persons"].to_numpy(float))
    try:
        return post_stratify(weights, places[0], sums[0]) if len(places) == 1 else rake(weights, places, sums)
    except ValueError as problem:
        raise DataError(f"totals: {problem}") from None


def _table(given: pd.DataFrame, what: str, number: str, needed: tuple[str, ...]) -> pd.DataFrame:
    """A table of classes, its columns and numbers checked."""
    known = (*MARGINS, number, *(["weight"] if number == "invited" else []))
    for column in (*needed, number):
        if column not in given:
            raise DataError(f"{what}: the column '{column}' is missing{near(column, given.columns)}")
    for column in map(str, given.columns):
        if column not in known:
            raise DataError(f"{what}: there is no column '{column}'{near(column, known)}")
    keys = [column for column in MARGINS if column in given]
    for row in np.flatnonzero(given.duplicated(keys)).tolist():
        raise DataError(f"{what}: {_name(given, row)} is listed twice")
    for row in np.flatnonzero(~(given[number].to_numpy(float) > 0)).tolist():
        raise DataError(
            f"{what}: {_name(given, row)} has {given[number].iloc[row]} in the column '{number}'; it must be a number "
            "above zero"
        )
    return given


def _cells(answers: pd.DataFrame, table: pd.DataFrame, what: str) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """The row of the table that each respondent belongs to, in the part of the table that was surveyed."""
    keys = [column for column in MARGINS if column in table]
    for column in ("respondent", "region"):
        if column in keys:
            table = table[table[column].isin(answers[column].unique())]
    table = table.reset_index(drop=True)
    cells = pd.MultiIndex.from_frame(table[keys])
    keys_of = pd.MultiIndex.from_frame(answers[keys])
    place = np.asarray(cells.get_indexer(keys_of), dtype=np.intp)
    for row in np.flatnonzero(place < 0).tolist():
        raise DataError(f"{what}: there is no row for {', '.join(map(str, keys_of[row]))}, whom respondents belong to")
    return place, table


def _name(table: pd.DataFrame, row: int) -> str:
    return ", ".join(str(table[column].iloc[row]) for column in MARGINS if column in table)


def _step_record(step: str, answers: pd.DataFrame, before: Array, after: Array) -> pd.DataFrame:
    """The record of a step, a row a respondent."""
    rows = []
    for respondent, group in answers.groupby("respondent", sort=True).indices.items():
        factor = after[group] / before[group]
        rows.append(
            {
                "step": step,
                "respondent": respondent,
                "n": len(group),
                "before": before[group].sum(),
                "after": after[group].sum(),
                "least": factor.min(),
                "largest": factor.max(),
                "effect_before": design_effect_of_weights(before[group]),
                "effect_after": design_effect_of_weights(after[group]),
            }
        )
    return pd.DataFrame(rows)
