"""From the codes of a file of answers to numbers: items, indicators, scales."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi import textfiles
from cwi.errors import DataError, near
from cwi.inputs.survey.definitions import RESPONDENTS
from cwi.inputs.survey.records import Item, Scale, Share, SurveyDefinitions

__all__ = ["item_numbers", "recode", "scale_scores"]

Array = NDArray[np.float64]


def recode(answers: pd.DataFrame, definitions: SurveyDefinitions) -> pd.DataFrame:
    """Indicators of persons: 1 where a person is counted, 0 where not, not a number where left out.

    The mean over persons, times 100, is the indicator in per cent.

    Parameters
    ----------
    answers
        A row a person with the columns ``respondent`` ('child' or 'parent') and ``age`` and a column an item that
        holds codes; children, parents or both. An empty cell is no answer. An item does not count for who is not of
        its ages, whatever the cell holds.

    Returns
    -------
    DataFrame
        The rows of ``answers``, a column an indicator in the order of the methodology.

    Raises
    ------
    DataError
        If a column is missing or holds a code that its item does not have, with the row.

    Examples
    --------
    >>> from cwi.inputs.survey.definitions import read_survey_definitions
    >>> definitions = read_survey_definitions("2024.1")
    >>> children = pd.DataFrame({item.code: [1, 99] for item in definitions.asked_of("child")})
    >>> found = recode(children.assign(respondent="child", age=12), definitions)
    >>> found["school_satisfaction"].tolist(), found["food_affordable"].isna().all().item()
    ([1.0, nan], True)
    """
    numbers = item_numbers(answers, definitions)
    result = np.empty((len(answers), len(definitions.indicators)), order="F")
    for column, share in enumerate(definitions.indicators.values()):
        result[:, column] = _counted(numbers, share)
    return pd.DataFrame(result, index=answers.index, columns=list(definitions.indicators), copy=False)


def scale_scores(answers: pd.DataFrame, definitions: SurveyDefinitions) -> pd.DataFrame:
    """Scales of persons: the mean of the items answered, not a number where fewer than the minimum were.

    Parameters and errors are those of :func:`recode`; a column a scale, in the unit of its items.
    """
    numbers = item_numbers(answers, definitions)
    return pd.DataFrame(
        {code: _mean(numbers, scale) for code, scale in definitions.scales.items()}, index=answers.index
    )


def item_numbers(
    answers: pd.DataFrame, definitions: SurveyDefinitions, items: Iterable[str] | None = None
) -> pd.DataFrame:
    """The numbers of the codes of items: a column an item (all by default), missing where left out.

    Items of those who do not occur among the respondents need no column. Errors are those of :func:`recode`.
    """
    for column in ("respondent", "age"):
        if column not in answers:
            raise DataError(f"the table of answers has no column '{column}'{near(column, answers.columns)}")
    age = answers["age"].to_numpy(float)
    own_rows = {word: (answers["respondent"] == word).to_numpy(bool) for word in RESPONDENTS}
    wanted = list(definitions.items if items is None else items)
    result = np.full((len(answers), len(wanted)), np.nan, order="F")
    for place, code in enumerate(wanted):
        item = definitions.items[code]
        rows = own_rows[item.respondent]
        if code in answers:
            asked = rows & (age >= item.ages[0]) & (age <= item.ages[1])
            result[asked, place] = _numbers(answers.loc[asked, code], item)
        elif rows.any():
            raise DataError(f"the table of answers has no column '{code}'{near(code, answers.columns)}")
    return pd.DataFrame(result, index=answers.index, columns=wanted, copy=False)


def _numbers(cells: pd.Series, item: Item) -> Array:
    codes = np.array(sorted(r.code for r in item.responses), dtype=float)
    meaning = np.array([r.number for r in sorted(item.responses, key=lambda r: r.code)])
    held = textfiles.numbers(cells).to_numpy(float)
    place = np.minimum(np.searchsorted(codes, held), len(codes) - 1)
    known = codes[place] == held
    if wrong := np.flatnonzero(~known & cells.notna().to_numpy()).tolist():
        raise DataError(
            f"row {cells.index[wrong[0]]}: {item.code} is '{cells.iloc[wrong[0]]}', which is no code of that item"
            f"{near(cells.iloc[wrong[0]], [f'{code:g}' for code in codes])}"
        )
    return np.where(known, meaning[place], np.nan)


def _counted(numbers: pd.DataFrame, share: Share) -> Array:
    x = numbers[list(share.items)].to_numpy()
    has = ~np.isnan(x)
    if share.rule == "count":
        counted = (has & (x >= np.array(share.reaches))).sum(axis=1) >= share.at_least
    else:
        counted = _mean_of(x, has) >= share.reaches[0]
    return np.where(has.sum(axis=1) >= share.minimum, counted.astype(float), np.nan)


def _mean(numbers: pd.DataFrame, scale: Scale) -> Array:
    x = numbers[list(scale.items)].to_numpy()
    has = ~np.isnan(x)
    return np.where(has.sum(axis=1) >= scale.minimum, _mean_of(x, has), np.nan)


def _mean_of(x: Array, has: NDArray[np.bool_]) -> Array:
    return np.asarray(np.where(has, x, 0).sum(axis=1) / np.maximum(has.sum(axis=1), 1))
