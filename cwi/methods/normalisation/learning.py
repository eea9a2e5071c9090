"""What the words share: the direction, the base years, and the reasons to refuse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cwi.errors import ColumnError, near

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


def direction(worst: Array, best: Array) -> Array:
    """1 where more is better, -1 where less is, (k,)."""
    if np.any(worst == best):
        raise ValueError("the worst and the best end are equal")
    return np.where(np.asarray(best) > worst, 1.0, -1.0)


def learnt(base: Array | None, x: Array) -> Array:
    """The base years, which must have a value in every column that is to be scored."""
    if base is None or np.size(base) == 0:
        raise ValueError("this normalisation learns from the base years, and there are no values of them")
    base = np.asarray(base, dtype=float)
    refuse(np.isnan(base).all(axis=0) & measured(x), "has no value in the base years")
    return base


def logged(values: Array, log: Flags) -> Array:
    """A copy with the logarithm taken where an indicator is read on a logarithmic scale."""
    result = np.array(values, dtype=float)
    if np.any(log):
        refuse(log & (result <= 0).any(axis=tuple(range(result.ndim - 1))), f"is not above zero everywhere; {LOG}")
        result[..., log] = np.log(result[..., log])
    return result


def risen(x: Array, worst: Array, best: Array, log: Flags, base: Array | None) -> tuple[Array, Array]:
    """Values and base years on the scale they are read on, turned so that more is better; the base has a spread."""
    sign = direction(worst, best)
    x, base = sign * logged(x, log), sign * logged(learnt(base, x), log)
    refuse_constant(base)
    return x, base


def of_base(statistic: Callable[..., Any], base: Array) -> Array:
    """A statistic of each column of the base, (k,); not a number where a column has no value."""
    result = np.full(base.shape[1], np.nan)
    has = ~np.isnan(base).all(axis=0)
    result[has] = statistic(base[:, has], axis=0)
    return result


def reference_of(base: Array, reference: str | int) -> Array:
    """The value of each column that others are compared with, (k,)."""
    if isinstance(reference, str):
        choice(reference, ("mean", "median"), "reference")
        return of_base(np.nanmean if reference == "mean" else np.nanmedian, base)
    if not 0 <= reference < len(base):
        raise ValueError(f"reference is row {reference}; the base years have rows 0 to {len(base) - 1}")
    row = np.asarray(base[reference])
    refuse(np.isnan(row) & measured(base), f"has no value in row {reference} of the base years")
    return row


def reference_values_of(
    base: Array,
    reference: str | int,
    years: Sequence[int] | None,
    values: Array | float | None,
    sign: Array,
    log: Flags,
) -> Array:
    """The reference on the scale that the base is on: of its rows, or of a unit or of years as observed."""
    if values is None:
        if years is not None:
            raise ValueError("reference_years are years of observations, which are not given here; score them")
        return reference_of(base, reference)
    observed = np.asarray(values, dtype=float)
    refuse(np.isnan(observed) & measured(base), f"has no value of the reference '{reference}'")
    return np.asarray(sign * logged(np.where(np.isnan(observed), 1.0, observed), log))


def refuse_constant(base: Array) -> None:
    """Refuse a column without spread; what the last digits of a float may do is none."""
    low, high = of_base(np.nanmin, base), of_base(np.nanmax, base)
    refuse(high - low <= 4 * np.spacing(np.maximum(np.abs(low), np.abs(high))), "is constant in the base years")


def refuse(where: Flags, reason: str) -> None:
    """Raise for the first column that a reason holds for."""
    if np.any(where):
        raise ColumnError(int(np.argmax(where)), reason)


def measured(x: Array) -> Flags:
    """Whether a column has any value, (k,)."""
    return np.asarray((~np.isnan(x)).any(axis=tuple(range(np.ndim(x) - 1))))


def choice(word: str, words: tuple[str, ...], what: str) -> str:
    """The word, if it is one of those known."""
    if word not in words:
        raise ValueError(f"{what} is '{word}'{near(word, words)}")
    return word


LOG = "a logarithmic scale needs values above zero"
