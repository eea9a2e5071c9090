"""What a scale is held against, as observed: the values of one unit, of some years, or the range of some years."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.errors import MethodologyError, near
from cwi.methodology import Methodology
from cwi.rules import Rule

__all__ = ["needs_observations", "with_references"]

Array = NDArray[np.float64]
Rows = Callable[[Sequence[int]], pd.DataFrame]
OF_ALL = ("mean", "median")


def with_references(methodology: Methodology, rows_of: Rows) -> Methodology:
    """The methodology, its scales with the values of the units and years that they name.

    Parameters
    ----------
    rows_of
        For some years the rows that rules learn from and those of the nation: region, year, indicator, value.

    Raises
    ------
    MethodologyError
        If a scale names a unit or years without any observation.
    """
    given = [_given(rule, methodology, rows_of) for rule, _ in methodology.scales]
    if not any(given):
        return methodology
    rules = {
        id(rule): replace(rule, given=MappingProxyType(values))
        for (rule, _), values in zip(methodology.scales, given, strict=True)
    }

    def bound(rule: Rule) -> Rule:
        same = next((known for known, _ in methodology.scales if known == rule), None)
        return rule if same is None else rules[id(same)]

    tables = {
        code: MappingProxyType({key: bound(value) if key == "normalisation" else value for key, value in table.items()})
        for code, table in methodology.indicator_rules.items()
    }
    return replace(
        methodology, normalisation=bound(methodology.normalisation), indicator_rules=MappingProxyType(tables)
    )


def needs_observations(methodology: Methodology) -> bool:
    """Whether a scale is held against a unit or years that are named, whose values the observations give.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> official = read_methodology("2024.1")
    >>> needs_observations(official), needs_observations(
    ...     official.replace(normalisation={"name": "ampi", "reference": "KZ"})
    ... )
    (False, True)
    """
    return any(_names_reference(rule) or _names_range(rule) for rule, _ in methodology.scales)


def _names_reference(rule: Rule) -> bool:
    """Whether the reference of a scale is a unit or one of years of its own."""
    if "reference_values" not in inspect.signature(rule.function).parameters:
        return False
    reference = rule.parameters.get("reference", "mean")
    return isinstance(reference, str) and (
        reference not in OF_ALL or rule.parameters.get("reference_years") is not None
    )


def _names_range(rule: Rule) -> bool:
    """Whether the range of a scale is one of years of its own."""
    takes = inspect.signature(rule.function).parameters
    return "range_low" in takes and rule.parameters.get("range_years") is not None


def _given(rule: Rule, methodology: Methodology, rows_of: Rows) -> dict[str, Array]:
    stated = rule.parameters
    result: dict[str, Array] = {}
    if _names_reference(rule):
        reference, years = str(stated.get("reference", "mean")), stated.get("reference_years")
        result["reference_values"] = _reference(reference, years, methodology, rows_of)
    if _names_range(rule):
        rows = _rows(stated["range_years"], "range_years", methodology, rows_of)
        regions = rows[methodology.is_region(rows["region"])]
        for name, statistic in (("range_low", "min"), ("range_high", "max")):
            result[name] = _by_indicator(regions, statistic, methodology)
    return result


def _reference(reference: str, years: Sequence[int] | None, methodology: Methodology, rows_of: Rows) -> Array:
    rows = _rows(methodology.base if years is None else years, "reference_years", methodology, rows_of)
    if reference in OF_ALL:
        return _by_indicator(rows[methodology.is_region(rows["region"])], reference, methodology)
    mine = rows[rows["region"] == reference]
    if mine.empty:
        raise MethodologyError(
            f"normalisation: reference is '{reference}'{near(reference, [*OF_ALL, *sorted(rows['region'].unique())])}"
        )
    return _by_indicator(mine, "mean", methodology)


def _rows(years: Sequence[int], what: str, methodology: Methodology, rows_of: Rows) -> pd.DataFrame:
    rows = rows_of(years)
    if rows.empty:
        listed = ", ".join(map(str, years))
        raise MethodologyError(f"normalisation: {what} are {listed or 'empty'}; there is no observation of these years")
    return rows


def _by_indicator(rows: pd.DataFrame, statistic: Any, methodology: Methodology) -> Array:
    by_indicator = rows.groupby("indicator")["value"].agg(statistic)
    return np.asarray(by_indicator.reindex(methodology.indicators["code"]).to_numpy(float))
