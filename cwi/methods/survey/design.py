"""How a sample was drawn: weights, strata, primary sampling units; what estimation must know and a frame forgets.

A respondent's answer says nothing without it: children of one school are alike, regions are sampled at different
rates, and an error computed as if the answers were a simple random sample is several times too small.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cwi.errors import near
from cwi.methods.survey.arrays import Array, Codes, codes_of, weights_of
from cwi.methods.survey.calibration import Calibrated

__all__ = ["LONELY", "Design", "Replicates", "nested"]

LONELY = ("error", "certainty", "centre", "collapse")
SAME = 1e-9  # relative; numbers of one stratum, or weights of one person, that went different ways through a file


@dataclass(frozen=True, eq=False)
class Replicates:
    """Weights of many half samples, jackknife or bootstrap samples; the spread of their estimates is the error.

    The variance of an estimate t is ``scale`` · sum over r of ``rscales[r]`` (t_r - t)², t_r being made with the
    r-th column of weights.

    Parameters
    ----------
    weights : (n, R)
        Weights of the n respondents in R replicates, 0 for who is left out; calibration may make some negative.
    scale
        Above zero: 1/R for the bootstrap and balanced replicates, 1/(R (1 - rho)²) for Fay's, 1 or (R - 1)/R for
        the jackknife; the survey's documentation says.
    rscales : (R,)
        A factor of each replicate; all 1 by default.
    df
        Degrees of freedom; those of the design by default, and then the design needs its strata and units.
    around
        "estimate": deviations from the estimate with the full weights; "mean": from the mean of the replicates,
        which leaves out the bias and is a little smaller.

    Raises
    ------
    ValueError
        If weights are missing, or the shapes do not fit.
    """

    weights: Array
    scale: float
    rscales: Array | None = None
    df: float | None = None
    around: str = "estimate"

    def __post_init__(self) -> None:
        weights = np.asarray(self.weights, dtype=float)
        if weights.ndim != 2 or 0 in weights.shape:
            raise ValueError(f"replicate weights of the shape {weights.shape}; there must be respondents by replicates")
        for row, column in np.argwhere(~np.isfinite(weights))[:1]:
            raise ValueError(f"replicate weight {column} of the respondent in row {row} is {weights[row, column]:g}")
        count = weights.shape[1]
        rscales = np.ones(count) if self.rscales is None else np.asarray(self.rscales, dtype=float)
        if rscales.shape != (count,) or not (rscales >= 0).all():
            raise ValueError(f"rscales of the shape {rscales.shape} must be {count} numbers not below zero")
        if not self.scale > 0:
            raise ValueError(f"scale is {self.scale:g}; it must be above zero")
        if self.around not in ("estimate", "mean"):
            raise ValueError(f"deviations from {self.around!r} are not known{near(self.around, ('estimate', 'mean'))}")
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "rscales", rscales)

    def spread(self, estimate: Array, replicates: Array) -> Array:
        """Estimates (k,) and those of the replicates (R, k) as deviations v, (R, k): v'v is the covariance."""
        assert self.rscales is not None
        centre = estimate if self.around == "estimate" else replicates.mean(axis=0)
        return np.asarray((replicates - centre) * np.sqrt(self.scale * self.rscales)[:, None])


@dataclass(frozen=True, eq=False)
class Design:
    """A sample of n respondents: the weight of each, and how the first stage was drawn.

    The errors are those of the first stage drawn with replacement in each stratum; with ``fpc`` they are made smaller
    by what was not left to chance there. Later stages need not be known. With ``replicates`` the errors come from
    these instead.

    Parameters
    ----------
    weights : (n,)
        How many persons each respondent stands for, above zero.
    strata : (n,)
        Whole numbers; one stratum by default.
    psu : (n,)
        Whole numbers of the primary sampling units, each in one stratum (see :func:`nested`); by default each
        respondent is a unit.
    fpc : (n,) or one number
        The sampled share of the units of a stratum, from 0 to 1; 0 (drawn with replacement) by default.
    lonely
        What is done with a stratum of one unit, which says nothing of its variance, unless its share is 1:

        ========= ====================================================================================
        error     it is refused
        certainty it adds nothing: the unit is taken as drawn for certain; too small if it was not
        centre    it adds its squared distance from the mean of all units: on the safe side
        collapse  it joins the stratum next below in number, or above for the lowest; number strata so
                  that neighbours are alike, and not by what was answered
        ========= ====================================================================================
    replicates
        Replicate weights, such as :func:`cwi.methods.survey.make_replicates` makes or a file holds.
    calibration
        What the weights were calibrated with: then the errors are those of the residuals.

    Raises
    ------
    ValueError
        If a weight is missing or not above zero, a code is missing, a unit is in two strata, a stratum has one unit
        and no rule was chosen, or the shapes do not fit.

    References
    ----------
    .. [1] Särndal, Swensson and Wretman (1992), Model Assisted Survey Sampling; Lumley (2010), Complex Surveys.

    Examples
    --------
    Four schools in two regions, two children in each:

    >>> design = Design(np.full(8, 100.0), strata=[0, 0, 0, 0, 1, 1, 1, 1], psu=[1, 1, 2, 2, 3, 3, 4, 4])
    >>> design.units, design.df
    (4, 2)
    >>> Design([1.0, 2.0, 2.0], strata=[1, 1, 2])
    Traceback (most recent call last):
    ...
    ValueError: stratum 2 has only one sampling unit, so its variance cannot be estimated; choose what is to be done \
with it: lonely = certainty, centre or collapse
    """

    weights: ArrayLike
    strata: ArrayLike | None = None
    psu: ArrayLike | None = None
    fpc: ArrayLike | None = None
    lonely: str = "error"
    replicates: Replicates | None = None
    calibration: Calibrated | None = None

    w: Array = field(init=False, repr=False)  # (n,)
    unit: Codes = field(init=False, repr=False)  # (n,) the place of a respondent's unit, 0 to P - 1, strata in order
    stratum: Codes = field(init=False, repr=False)  # (P,) the place of a unit's stratum, 0 to H - 1
    size: NDArray[np.int64] = field(init=False, repr=False)  # (H,) units in a stratum
    factor: Array = field(init=False, repr=False)  # (H,) what a stratum's sum of squares is multiplied with
    alone: NDArray[np.bool_] = field(init=False, repr=False)  # (H,) one unit, and its rule is "centre"
    fraction: Array = field(init=False, repr=False)  # (H,)

    def __post_init__(self) -> None:
        w = weights_of(self.weights)
        if self.lonely not in LONELY:
            raise ValueError(f"there is no rule {self.lonely!r} for a lonely unit{near(self.lonely, LONELY)}")
        n = w.size
        strata = np.zeros(n, dtype=np.int64) if self.strata is None else codes_of(self.strata, n, "stratum", "strata")
        psu = np.arange(n) if self.psu is None else codes_of(self.psu, n, "sampling unit", "sampling units")
        share = _shares(self.fpc, strata)
        _, first, unit = np.unique(psu, return_index=True, return_inverse=True)
        for row in np.flatnonzero(strata != strata[first][unit])[:1]:
            raise ValueError(
                f"sampling unit {psu[row]} is in the strata {strata[first][unit][row]} and {strata[row]}; if numbers "
                "restart in each stratum, number the units through with nested(strata, psu)"
            )
        label, stratum = np.unique(strata[first], return_inverse=True)
        fraction = share[first][np.unique(stratum, return_index=True)[1]]
        size = np.bincount(stratum)
        lonely = (size == 1) & (fraction < 1)
        if lonely.any() and self.replicates is None:
            stratum, label, fraction = self._settled(stratum, label, fraction, lonely)
            size = np.bincount(stratum)
        order = np.argsort(stratum, kind="stable")
        place = np.empty(order.size, dtype=np.intp)
        place[order] = np.arange(order.size)
        alone = (size == 1) & (fraction < 1)
        fields: dict[str, Any] = {
            "w": w,
            "unit": place[unit],
            "stratum": stratum[order],
            "size": size,
            "fraction": fraction,
            "factor": (1 - fraction) * np.where(size > 1, size / np.maximum(size - 1, 1), self.lonely == "centre"),
            "alone": alone & (self.lonely == "centre"),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        self._check_replicates(n)
        if self.calibration is not None:
            same = self.calibration.weights.shape == w.shape and np.allclose(self.calibration.weights, w, rtol=SAME)
            if not same:
                raise ValueError("the design's weights are not those of its calibration")

    def _settled(
        self, stratum: Codes, label: Codes, fraction: Array, lonely: NDArray[np.bool_]
    ) -> tuple[Codes, Codes, Array]:
        """Strata after the rule for those of one unit."""
        labels = label[lonely].tolist()
        if self.lonely == "error":
            one = len(labels) == 1
            raise ValueError(
                f"{'stratum' if one else 'strata'} {_listed(labels)} {'has' if one else 'have'} only one sampling "
                f"unit{'' if one else ' each'}, so {'its' if one else 'their'} "
                f"variance cannot be estimated; choose what is to be done with {'it' if one else 'them'}: "
                "lonely = certainty, centre or collapse"
            )
        if self.lonely != "collapse":
            return stratum, label, fraction
        if label.size == 1:
            raise ValueError(f"stratum {label[0]} has only one sampling unit, and there is no other stratum to join")
        group = np.cumsum(~lonely) - 1 + lonely[0]
        if lonely[0] and not lonely[1]:
            group = np.maximum(group - 1, 0)
        first = np.unique(group, return_index=True)[1]
        differs = np.abs(fraction - fraction[first][group]) > SAME
        if differs.any():
            other = int(differs.argmax())
            raise ValueError(
                f"strata {label[first][group][other]} and {label[other]} cannot be collapsed: they are sampled at "
                f"different rates, {fraction[first][group][other]:g} and {fraction[other]:g}"
            )
        return group[stratum], label[first], fraction[first]

    def _check_replicates(self, n: int) -> None:
        if self.replicates is None:
            return
        if self.replicates.weights.shape[0] != n:
            raise ValueError(f"replicate weights of {self.replicates.weights.shape[0]} respondents do not fit {n}")
        if self.replicates.df is None and self.psu is None and self.strata is None:
            raise ValueError(
                "replicate weights without strata and sampling units need their degrees of freedom: Replicates(df=...)"
            )

    @property
    def n(self) -> int:
        """The number of respondents."""
        return int(self.w.size)

    @property
    def units(self) -> int:
        """The number of primary sampling units, P."""
        return int(self.stratum.size)

    @property
    def df(self) -> int:
        """Degrees of freedom of the whole design: units less strata."""
        return int(self.stratum.size - self.size.size)

    def spread(self, totals: Array) -> Array:
        """Totals of the units as deviations whose products sum to the covariance.

        Parameters
        ----------
        totals : (P, k)
            The sum over each unit's respondents of a linearised variable, 0 for a unit that has none.

        Returns
        -------
        (P, k) array v: v'v = sum over h of (1 - f_h) n_h / (n_h - 1) · sum over i of (u_hi - ū_h)(u_hi - ū_h)'.
        """
        starts = np.concatenate([[0], np.cumsum(self.size)[:-1]])
        mean = np.add.reduceat(totals, starts, axis=0) / self.size[:, None]
        if self.alone.any():
            mean[self.alone] = totals.mean(axis=0)
        return np.asarray((totals - mean[self.stratum]) * np.sqrt(self.factor)[self.stratum, None])


def nested(strata: ArrayLike, psu: ArrayLike) -> Codes:
    """Numbers of sampling units that are unique over all strata, where the numbers restarted in each stratum.

    Parameters
    ----------
    strata, psu : (n,)
        Codes of any kind that can be sorted.

    Returns
    -------
    (n,) array of whole numbers from 0.

    Examples
    --------
    >>> nested([1, 1, 2, 2], [1, 2, 1, 2]).tolist()
    [0, 1, 2, 3]
    """
    first = np.unique(np.asarray(strata), return_inverse=True)[1]
    second = np.unique(np.asarray(psu), return_inverse=True)[1]
    return np.asarray(np.unique(first * (second.max() + 1) + second, return_inverse=True)[1], dtype=np.intp)


def _shares(fpc: ArrayLike | None, strata: NDArray[np.int64]) -> Array:
    """The sampled share of each respondent's stratum."""
    if fpc is None:
        return np.zeros(strata.size)
    given = np.asarray(fpc, dtype=float)
    if given.shape not in ((), strata.shape):
        raise ValueError(f"fpc of the shape {given.shape} does not fit {strata.size} respondents")
    share = np.broadcast_to(given, strata.shape)
    outside = ~((share >= 0) & (share <= 1))
    if outside.any():
        raise ValueError(
            f"fpc is {share[outside][0]:g} in row {int(outside.argmax())}; it is the sampled share of the units of a "
            "stratum, from 0 to 1"
        )
    label, first, place = np.unique(strata, return_index=True, return_inverse=True)
    uneven = np.abs(share - share[first][place]) > SAME
    if uneven.any():
        row = int(uneven.argmax())
        raise ValueError(f"fpc is {share[first][place][row]:g} and {share[row]:g} in stratum {label[place[row]]}")
    return share


def _listed(labels: list[int], most: int = 10) -> str:
    shown = [str(label) for label in labels[:most]]
    if len(labels) > most:
        return f"{', '.join(shown)} and {len(labels) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
