"""Who is deprived in all: weights as whole numbers, so that a count reaches its threshold exactly or not at all.

Six weights of one twelfth add up to 0.49999999999999994 in floating point; as whole numbers they are 6 of 12.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cwi.errors import ColumnError

__all__ = ["Part", "compound", "reaches", "weighted_counts", "whole_weights"]

Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

LARGEST = 100_000  # sum of whole weights; what is finer is no choice that anybody made
CLOSE = 1e-9  # a decimal this near a simple fraction was meant as that fraction
SIMPLEST = 1000  # largest denominator of a decimal that is taken for a fraction


@dataclass(frozen=True)
class Part:
    """A further condition of a compound rule: at least ``at_least`` of the items in ``columns``."""

    columns: tuple[int, ...]
    at_least: int


def whole_weights(w: Iterable[Fraction | float]) -> Whole:
    """Weights as the smallest whole numbers in the same proportions.

    Parameters
    ----------
    w : (d,)
        None below zero, not all zero. Decimals such as 0.333333333333 are taken for the fraction they are near.

    Returns
    -------
    (d,) whole numbers without a common divisor; their sum is what a person deprived in everything counts.

    Raises
    ------
    ValueError
        If a weight is missing, infinite or below zero, all are zero, or the sum would be above 100,000.

    Examples
    --------
    >>> whole_weights([Fraction(1, 6), Fraction(1, 6), 1 / 3, 1 / 3]).tolist()
    [1, 1, 2, 2]
    >>> whole_weights([1.0, 1.0, 1.0]).tolist()
    [1, 1, 1]
    """
    given = list(w)
    if not given:
        raise ValueError("there is no weight")
    for place, one in enumerate(given):
        if not np.isfinite(float(one)):
            raise ValueError(f"weight {place} is missing or infinite")
        if one < 0:
            raise ValueError(f"weight {place} is below zero")
    fractions = [one if isinstance(one, Fraction) else _fraction(float(one)) for one in given]
    if not any(fractions):
        raise ValueError("weights are all zero")
    common = lcm(*(one.denominator for one in fractions))
    numbers = [int(one * common) for one in fractions]
    divisor = int(np.gcd.reduce(np.array(numbers, dtype=object)))
    whole = [number // divisor for number in numbers]
    if sum(whole) > LARGEST:
        raise ValueError(
            f"as whole numbers the weights add up to {sum(whole):,}, more than {LARGEST:,}; write them as simple "
            "fractions"
        )
    return np.array(whole, dtype=np.int64)


def _fraction(value: float) -> Fraction:
    """The simple fraction that a decimal was meant as, or the decimal with nine digits."""
    near = Fraction(value).limit_denominator(SIMPLEST)
    return near if abs(float(near) - value) <= CLOSE * max(1.0, value) else Fraction(f"{value:.9f}")


def weighted_counts(g: ArrayLike, w: ArrayLike) -> Whole:
    """The weighted number of deprivations of each person, in whole numbers.

    Parameters
    ----------
    g : (n, d)
        1 where deprived, 0 where not.
    w : (d,)
        Whole numbers, such as :func:`whole_weights` gives.

    Raises
    ------
    ValueError
        If the shapes do not fit or a cell is neither 0 nor 1 (:class:`cwi.errors.ColumnError`).

    Examples
    --------
    >>> weighted_counts([[1, 0, 1], [0, 1, 0]], [1, 2, 3]).tolist()
    [4, 2]
    """
    table, weights = np.asarray(g), np.asarray(w, dtype=np.int64)
    if table.ndim != 2 or table.shape[1:] != weights.shape:
        raise ValueError(f"weights of the shape {weights.shape} do not fit deprivations of the shape {table.shape}")
    if table.dtype != np.bool_:
        for column in np.flatnonzero(((table != 0) & (table != 1)).any(axis=0)):
            raise ColumnError(int(column), "has values other than 0 and 1")
    return np.asarray(table.astype(np.int64) @ weights)


def reaches(counts: ArrayLike, at_least: Fraction | float, of: ArrayLike | None = None) -> Flags:
    """Who counts at least so much, exactly; who counts nothing never does.

    Parameters
    ----------
    counts : (n,)
        Whole numbers.
    at_least
        A count where ``of`` is not given, otherwise a share, above 0 and at most 1; 1/3 written as a decimal is
        taken for the fraction.
    of : (n,) or one number
        What a person deprived in everything counts.

    Raises
    ------
    ValueError
        If the threshold is not above zero, or a share is above 1.

    Examples
    --------
    >>> reaches([1, 2, 3], 2).tolist()
    [False, True, True]
    >>> reaches([3, 4, 5], 1 / 3, of=12).tolist()
    [False, True, True]
    """
    c = np.asarray(counts, dtype=np.int64)
    if not at_least > 0:
        raise ValueError(f"the threshold is {float(at_least):g}; it must be above zero")
    if of is None:
        return np.asarray((c >= float(at_least)) & (c > 0))
    if at_least > 1:
        raise ValueError(f"the threshold is {float(at_least):g}; as a share it must be at most 1")
    share = at_least if isinstance(at_least, Fraction) else _fraction(float(at_least))
    return np.asarray((c * share.denominator >= share.numerator * np.asarray(of, dtype=np.int64)) & (c > 0))


def compound(g: ArrayLike, *, at_least: int, also: Sequence[Part] = ()) -> Flags:
    """Who lacks at least so many items, and at least so many of each part as well.

    Parameters
    ----------
    g : (n, d)
        1 where an item is lacking, 0 where not.
    at_least
        How many of all items.
    also
        Further conditions, all of which must hold.

    Raises
    ------
    ValueError
        If a number is not from 1 to the number of its items, or a column does not exist.

    Examples
    --------
    At least three of five, and at least two of the last three:

    >>> rule = Part((2, 3, 4), 2)
    >>> compound([[1, 1, 1, 0, 0], [1, 0, 1, 1, 0], [0, 0, 1, 1, 0]], at_least=3, also=[rule]).tolist()
    [False, True, False]
    """
    table = np.asarray(g)
    counts = weighted_counts(table, np.ones(table.shape[1] if table.ndim == 2 else 0, dtype=np.int64))
    d = table.shape[1]
    if not 1 <= at_least <= d:
        raise ValueError(f"at least {at_least} of {d} items; it must be from 1 to {d}")
    deprived = counts >= at_least
    for part in also:
        size = len(set(part.columns))
        for column in part.columns:
            if not 0 <= column < d:
                raise ValueError(f"a part names column {column}; there are {d}, from 0")
        if not 1 <= part.at_least <= size:
            raise ValueError(f"at least {part.at_least} of {size} items of a part; it must be from 1 to {size}")
        deprived = deprived & (table[:, sorted(set(part.columns))].sum(axis=1) >= part.at_least)
    return np.asarray(deprived)
