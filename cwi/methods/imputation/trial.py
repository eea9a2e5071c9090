"""How well an imputation would have done: hide what is known, fill it, compare."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cwi.methods.imputation.filled import Flags, Imputation

Array = NDArray[np.float64]


def holdout(
    values: Array,
    methods: Mapping[str, Imputation],
    *,
    rng: np.random.Generator,
    share: float = 0.1,
    repeats: int = 20,
    never: Flags | None = None,
) -> dict[str, list[str] | NDArray[np.int64] | Array]:
    """Hide a share of the measured cells at random, fill them by each method, and compare with what was measured.

    All methods face the same hidden cells. Cells are hidden alone and at random: gaps that come in blocks or for a
    reason are harder than that.

    Parameters
    ----------
    values : (t, n, k) or (n, k)
    methods
        A function of values and never for each name; ``functools.partial`` holds parameters.
    rng
        The generator that cells are drawn from.
    share
        Share of the measured cells that is hidden each time, between 0 and 1; at least one cell.
    repeats
        How many times, at least 1.
    never : the same shape, optional
        Cells that are neither hidden nor filled.

    Returns
    -------
    dict of columns of one length, a row for each method and indicator: method, column, hidden (cells), filled (those
    that the method filled), rmse and bias (filled - measured; in the unit of the indicator, over the filled cells),
    relative (rmse over the standard deviation of all measured values). Not a number where nothing was filled.
    Compare methods that filled the same cells.

    Raises
    ------
    ValueError
        If share or repeats are out of range, nothing was measured, or a method refuses.

    Examples
    --------
    >>> from cwi.methods.imputation import mean, median
    >>> values = np.random.default_rng(1).exponential(size=(20, 2))
    >>> result = holdout(values, {"mean": mean, "median": median}, rng=np.random.default_rng(2))
    >>> result["method"], result["hidden"].tolist() == result["filled"].tolist()
    (['mean', 'mean', 'median', 'median'], True)
    """
    values = np.asarray(values, dtype=float)
    known = np.flatnonzero(~np.isnan(values if never is None else np.where(never, np.nan, values)))
    if not 0 < share < 1 or repeats < 1 or not len(known):
        raise ValueError(
            f"share {share:g}, repeats {repeats}, {len(known)} measured cells; "
            "share must lie between 0 and 1, the others be at least 1"
        )
    k = values.shape[-1]
    shape = (len(methods), k)
    hidden, counts, total, square = (np.zeros(shape) for _ in range(4))
    for _ in range(repeats):
        cells = rng.choice(known, size=max(1, round(share * len(known))), replace=False)
        holed = values.copy()
        holed.flat[cells] = np.nan
        column = cells % k
        for i, method in enumerate(methods.values()):
            miss = method(holed, never).values.flat[cells] - values.flat[cells]
            has = ~np.isnan(miss)
            hidden[i] += np.bincount(column, minlength=k)
            counts[i] += np.bincount(column[has], minlength=k)
            total[i] += np.bincount(column[has], miss[has], minlength=k)
            square[i] += np.bincount(column[has], miss[has] ** 2, minlength=k)
    columns = values.reshape(-1, k)
    measured = [column[~np.isnan(column)] for column in columns.T]
    spread = np.array([column.std() if len(column) else np.nan for column in measured])
    with np.errstate(divide="ignore", invalid="ignore"):
        rmse, bias = np.sqrt(square / counts), total / counts
        relative = np.where(spread > 0, rmse / spread, np.nan)
    return {
        "method": [name for name in methods for _ in range(k)],
        "column": np.tile(np.arange(k), len(methods)),
        "hidden": hidden.astype(np.int64).ravel(),
        "filled": counts.astype(np.int64).ravel(),
        "rmse": rmse.ravel(),
        "bias": bias.ravel(),
        "relative": relative.ravel(),
    }
