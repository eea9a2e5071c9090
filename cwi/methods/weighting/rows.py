"""Which units a weighting may learn from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["complete"]

from cwi.errors import ColumnError

Array = NDArray[np.float64]


def complete(z: Array, scheme: str, *, least: int, varied: bool = True) -> Array:
    """The units that have all parts.

    Parameters
    ----------
    z : (n, k)
        Scores, not a number where there is none.
    scheme
        Who asks, for the message.
    least
        How many units it takes.
    varied
        Whether a part that is the same everywhere is refused.

    Returns
    -------
    (m, k) array, m not below ``least``.

    Raises
    ------
    ValueError
        If there are too few, or a part does not vary.

    Examples
    --------
    >>> complete(np.array([[1.0, 4.0], [np.nan, 5.0], [2.0, 3.0]]), "critic", least=2)
    array([[1., 4.],
           [2., 3.]])
    """
    rows = z[~np.isnan(z).any(axis=1)]
    if len(rows) < least:
        raise ValueError(f"{scheme} needs at least {least} units that have all parts; there are {len(rows)}")
    spread = np.ptp(rows, axis=0)
    if varied and (same := np.flatnonzero(spread <= 1e-12 * np.abs(rows).max(axis=0))).size:
        raise ColumnError(int(same[0]), f"is the same in all {len(rows)} units; {scheme} needs parts that vary")
    return rows
