"""Quantiles of many beta distributions at normal deviates, as logits: tables by compiled loops, read between nodes.

The logit y of a quantile as a function of the deviate z solves dy/dz = φ(z) B(a, b) / (x^a (1 - x)^b), x = expit(y).
From either tail to the middle an error of the start shrinks, so that each half is integrated from its own end, by the
method of Runge and Kutta of order four: a twentieth of the time of inverting the incomplete beta function.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from cwi.analysis.uncertainty.kernel import compiled

__all__ = ["beta_logits", "logits_at", "warm_beta"]

Array = NDArray[np.float64]
END, NODES, STEPS = 8.5, 137, 2  # nodes lie from -END to END; steps from one to the next
SMALL = 1e-8  # a quantile below it follows from the first term of the series of its tail


def beta_logits(a: Array, b: Array) -> Array:
    """(rows, nodes) logits of the quantiles of beta distributions at equal distances of the normal deviate.

    Parameters
    ----------
    a, b : (rows,)
        Shapes, above zero.

    Examples
    --------
    >>> table = beta_logits(np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    >>> bool(abs(table[0, 68]) < 1e-6)  # the median of a uniform share is a half
    True
    >>> round(float(special.expit(table[1, 68])), 6), round(float(special.betaincinv(2.0, 3.0, 0.5)), 6)
    (0.385728, 0.385728)
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    table = np.empty((len(a), NODES))
    _integrate(a, b, special.betaln(a, b), _tail(a, b), -_tail(b, a), table)
    return table


def logits_at(table: Array, z: Array) -> Array:
    """(rows, draws) logits at normal deviates, by the polynomial through the six nearest nodes of a table."""
    result = np.empty_like(z)
    _read(table, np.ascontiguousarray(z), result)
    return result


def _tail(a: Array, b: Array) -> Array:
    """Logits of the quantiles at the lowest node."""
    p = special.ndtr(-END)
    first = (np.log(p) + np.log(a) + special.betaln(a, b)) / a  # of x^a / (a B(a, b)) = p
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        x = special.betaincinv(a, b, p)
        return np.asarray(np.where(x > SMALL, special.logit(x), first))


@compiled
def _slope(z: float, y: float, a: float, b: float, log_beta: float) -> float:
    """dy/dz; logarithms of x and 1 - x are those of the logistic function on either side."""
    away = math.log1p(math.exp(-abs(y)))
    low, high = (-away, -y - away) if y > 0 else (y - away, -away)
    return math.exp(-0.5 * z * z - 0.9189385332046727 + log_beta - a * low - b * high)


@compiled
def _integrate(a: Array, b: Array, log_beta: Array, first: Array, last: Array, table: Array) -> None:
    """Each row of the table from both ends to the middle."""
    middle = (NODES - 1) // 2
    for row in range(len(a)):
        for side in range(2):
            sign = 1.0 if side == 0 else -1.0
            h = sign * 2.0 * END / (NODES - 1) / STEPS
            z, y = -sign * END, first[row] if side == 0 else last[row]
            for node in range(middle + 1):
                table[row, node if side == 0 else NODES - 1 - node] = y
                if node == middle:
                    break
                for step in range(STEPS):
                    at = z + (node * STEPS + step) * h
                    k1 = _slope(at, y, a[row], b[row], log_beta[row])
                    k2 = _slope(at + h / 2, y + h / 2 * k1, a[row], b[row], log_beta[row])
                    k3 = _slope(at + h / 2, y + h / 2 * k2, a[row], b[row], log_beta[row])
                    k4 = _slope(at + h, y + h * k3, a[row], b[row], log_beta[row])
                    y += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


@compiled
def _read(table: Array, z: Array, result: Array) -> None:
    rows, draws = z.shape
    per = (NODES - 1) / (2.0 * END)
    for row in range(rows):
        for draw in range(draws):
            place = (min(max(z[row, draw], -END), END) + END) * per
            node = min(max(int(place), 2), NODES - 4)
            t = place - node
            below, beyond = (t + 2) * (t + 1) * t, (t - 1) * (t - 2) * (t - 3)
            here = table[row, node - 2 : node + 4]
            result[row, draw] = (
                -here[0] * (t + 1) * t * beyond / 120
                + here[1] * (t + 2) * t * beyond / 24
                - here[2] * (t + 2) * (t + 1) * beyond / 12
                + here[3] * below * (t - 2) * (t - 3) / 12
                - here[4] * below * (t - 1) * (t - 3) / 24
                + here[5] * below * (t - 1) * (t - 2) / 120
            )


def warm_beta() -> None:
    """Compile everything, for the set-up."""
    logits_at(beta_logits(np.ones(1), np.ones(1)), np.zeros((1, 1)))
