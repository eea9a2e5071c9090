"""Scores of the indicators: values after the treatment of outliers, each by the normalisation of its indicator.

Arrays only; leading axes are draws.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cwi.errors import ColumnError, MethodologyError
from cwi.level_scores import named
from cwi.methodology import Methodology
from cwi.methods import treatment
from cwi.methods.treatment import Treatment
from cwi.rules import Rule

__all__ = ["normalised", "refusals", "spread_between_ends"]

Array = NDArray[np.float64]


def normalised(
    x: Array,
    methodology: Methodology,
    base: Array | None,
    treated: Treatment | None,
    columns: NDArray[np.intp] | None,
) -> Array:
    """The scores of the indicators, (..., n, k): values after treatment, each by its normalisation.

    ``columns`` are the indicators that ``x`` has, where it has not all of them.
    """
    at = np.arange(len(methodology.indicators)) if columns is None else columns
    ends, log = methodology.ends[:, at], methodology.logarithmic[at]
    if treated is not None and columns is not None:
        treated = treatment.of_columns(treated, columns)
    base = base if base is None or columns is None else base[:, columns]
    if treated is not None:
        ends = np.where(~np.isnan(treated.power), treatment.apply(treated, ends), ends)
        x = treatment.apply(treated, x)
        base = None if base is None else treatment.apply(treated, base)
    if base is not None and any(rule.learns for rule, _ in methodology.scales):
        base = spread_between_ends(base, x, ends, log)
    codes = methodology.indicators["code"].to_numpy()
    parts = _Columns(x, ends, log, base, codes[at].tolist(), at, treated)
    if len(methodology.scales) == 1:
        return _scaled(methodology.scales[0][0], parts, methodology)
    y = np.full(x.shape, np.nan)
    for rule, places in methodology.scales:
        own = np.flatnonzero(np.isin(at, places))
        if len(own):
            y[..., own] = _scaled(rule, parts.some(own), methodology)
    return y


@dataclass(frozen=True, eq=False)
class _Columns:
    """Values of some indicators after treatment, with what a normalisation takes beside them."""

    x: Array
    ends: Array
    log: NDArray[np.bool_]
    base: Array | None
    codes: list[str]
    places: NDArray[np.intp]
    treated: Treatment | None

    def some(self, at: NDArray[np.intp]) -> _Columns:
        """A part of the columns."""
        base = None if self.base is None else self.base[:, at]
        treated = None if self.treated is None else treatment.of_columns(self.treated, at)
        codes = [self.codes[place] for place in at]
        return _Columns(self.x[..., at], self.ends[:, at], self.log[at], base, codes, self.places[at], treated)

    def given(self, rule: Rule) -> Rule:
        """The rule with what the observations give it, of these columns and as the treatment leaves it."""
        if not rule.given:
            return rule
        values = {name: array[self.places] for name, array in rule.given.items()}
        if self.treated is not None:
            values = {name: treatment.apply(self.treated, array[None])[0] for name, array in values.items()}
        return replace(rule, given=MappingProxyType(values))


def _scaled(rule: Rule, columns: _Columns, methodology: Methodology) -> Array:
    """Scores of some indicators by one normalisation; those that it refuses stay empty where that is the rule.

    An indicator that is left out of the tree stops nothing.
    """
    try:
        return _by_rule(rule, columns)
    except MethodologyError as problem:
        refused = _refused(problem)
        if refused is None or (methodology.refused == "stop" and methodology.used[columns.places[refused]]):
            raise
    y = np.full(columns.x.shape, np.nan)
    left = np.delete(np.arange(len(columns.codes)), refused)
    if len(left):
        y[..., left] = _scaled(rule, columns.some(left), methodology)
    return y


def _by_rule(rule: Rule, columns: _Columns) -> Array:
    with named("normalisation", columns.codes):
        return columns.given(rule)(columns.x, *columns.ends, columns.log, columns.base)


def _refused(problem: MethodologyError) -> int | None:
    """The column that a rule refused, where it was one."""
    return problem.__cause__.column if isinstance(problem.__cause__, ColumnError) else None


def refusals(x: Array, methodology: Methodology, base: Array | None, treated: Treatment | None) -> dict[str, str]:
    """Indicators of the tree that have values and no scores because their scale refuses them, each with the reason.

    Parameters
    ----------
    x : (n, k)
        Values of n units.
    base, treated
        Values of the base years, and what is done to outliers.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> methodology = read_methodology("2024.1").replace(refused="missing")
    >>> refusals(np.ones((3, 56)), methodology, None, None)
    {}
    """
    if methodology.refused == "stop":
        return {}
    reasons: dict[str, str] = {}
    codes = list(methodology.indicators["code"])
    for place in np.flatnonzero(methodology.used):
        column = np.array([place])
        alone = methodology.replace(refused="stop")
        try:
            normalised(x[:, column], alone, base, treated, column)
        except MethodologyError as problem:
            reasons[codes[place]] = str(problem).removeprefix("normalisation: ").removeprefix(f"{codes[place]} ")
    return reasons


def spread_between_ends(base: Array, x: Array, ends: Array, log: NDArray[np.bool_]) -> Array:
    """The base years, where an indicator that they lack is spread evenly from its worst to its best end.

    So an indicator enters with its first year, and every rule that learns a scale gives it one in its own units:
    min_max that of the goalposts, z_score the mean and the standard deviation of an even spread, a rank its place
    between the ends. Indicators that ``x`` lacks too, and tables of less than two rows, stay as they are.

    Parameters
    ----------
    base : (m, k)
        Values of the base years; m >= 2.
    x : (..., n, k)
        The values that are scored.
    ends : (2, k)
        Worst and best end; on a logarithmic scale (``log``, (k,)) the spread is even in logarithms.

    Examples
    --------
    >>> base = np.array([[1.0, np.nan], [2.0, np.nan], [4.0, np.nan]])
    >>> ends = np.array([[0.0, 10.0], [5.0, 0.0]])
    >>> spread_between_ends(base, np.array([[3.0, 4.0]]), ends, np.array([False, False]))[:, 1].tolist()
    [10.0, 5.0, 0.0]
    """
    new = np.flatnonzero(np.isnan(base).all(axis=0))
    if len(base) < 2 or not len(new):
        return base
    new = new[~np.isnan(x[..., new]).all(axis=tuple(range(x.ndim - 1)))]
    if not len(new):
        return base
    base = base.copy()
    for j in new.tolist():
        spread = np.geomspace if log[j] else np.linspace
        base[:, j] = spread(ends[0, j], ends[1, j], len(base))
    return base
