"""What an imputation gives back, and how several take turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Words = NDArray[np.str_]


class Filled(NamedTuple):
    """Values with gaps filled, and for each cell the word that filled it ("" where none did)."""

    values: Array
    how: Words


Imputation = Callable[[Array, Flags | None], Filled]


def filled(values: Array, offer: Array, never: Flags | None, word: str) -> Filled:
    """Take what is offered where there is a gap that may be filled; ``offer`` may have further leading axes."""
    new = np.isnan(values) & ~np.isnan(offer)
    if never is not None:
        if np.shape(never) != np.shape(values):
            raise ValueError(f"never has the shape {np.shape(never)}, values {np.shape(values)}; they must be the same")
        new &= ~np.asarray(never, dtype=bool)
    return Filled(np.where(new, offer, values), np.where(new, word, ""))


def in_turn(values: Array, never: Flags | None = None, *, methods: Sequence[Imputation]) -> Filled:
    """Several imputations one after the other: each fills what those before it left open.

    Parameters
    ----------
    methods
        Functions of values and never; ``functools.partial`` holds their parameters.

    Examples
    --------
    >>> from functools import partial
    >>> from cwi.methods.imputation import carry, mean
    >>> values = np.array([[[1.0], [4.0]], [[np.nan], [6.0]], [[np.nan], [8.0]]])
    >>> result = in_turn(values, methods=[partial(carry, max_age=1), mean])
    >>> result.values[:, 0, 0].tolist(), result.how[:, 0, 0].tolist()
    ([1.0, 1.0, 8.0], ['', 'carry', 'mean'])
    """
    values = np.asarray(values, dtype=float)
    result = filled(values, np.full(values.shape, np.nan), never, "")
    for method in methods:
        further = method(result.values, never)
        result = Filled(further.values, np.where(further.how != "", further.how, result.how))
    return result
