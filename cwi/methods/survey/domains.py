"""Sums over domains and sampling units in one pass, and the errors that follow from their spread.

A domain is a part of the population (girls, a region): its estimate uses its own respondents, its error all sampling
units, those without anybody of the domain counting 0 [1]_. To filter the sample first forgets these units.

.. [1] Lumley (2010), Complex Surveys, 2.5; Särndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, 5.8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from cwi.errors import near
from cwi.methods.survey.arrays import Array, Codes, codes_of
from cwi.methods.survey.calibration import inverse
from cwi.methods.survey.design import Design

__all__ = ["DF", "Domains", "Sums", "domains_of", "linearised", "summed"]

DF = ("strata", "observed", "design")


@dataclass(frozen=True, eq=False)
class Domains:
    """Which respondents are in which of d domains, and the pairs of a unit and a domain that have respondents.

    ``rows``: places of the respondents in some domain, or all. ``of``: (n',) their domains. ``pair``: (n',) their
    pairs, sorted by domain and unit. ``unit``, ``domain``: (m,) of each pair. ``starts``: (d + 1,) where the pairs
    of a domain begin. ``count``: d.
    """

    rows: Codes | slice
    of: Codes
    pair: Codes
    unit: Codes
    domain: Codes
    starts: Codes
    count: int


@dataclass(frozen=True, eq=False)
class Sums:
    """Of d domains by k indicators: ratios of weighted sums, what is linear in them, and counts.

    ``estimate``: (d, k). ``base``: (d, k) the sums a ratio is divided by, 1 for totals. ``linear``: (m, k) sums over
    the pairs of the linearised variable. ``simple``: (d, k) the variance under simple random sampling of the same
    number of respondents, with replacement. ``n``, ``psus``: (d, k) respondents and units with an answer. ``kish``:
    (d, k) the effect of unequal weights. ``df``: (d, k).
    """

    estimate: Array
    base: Array
    linear: Array
    simple: Array
    n: Array
    psus: Array
    kish: Array
    df: Array


def domains_of(design: Design, domains: ArrayLike | None, count: int | None) -> Domains:
    """The domains of a call: one of all respondents, or whole numbers from 0, below 0 where in none."""
    rows: Codes | slice = slice(None)
    if domains is None:
        of = np.zeros(design.n, dtype=np.intp)
        total = 1
    else:
        given = codes_of(domains, design.n, "domain", "domains")
        total = int(given.max()) + 1 if count is None else count
        if total < 1 or given.max() >= total:
            raise ValueError(f"domains run to {int(given.max())}; they must run from 0 to {max(total - 1, 0)}")
        if (given < 0).any():
            rows = np.flatnonzero(given >= 0)
        of = given[rows].astype(np.intp)
    pairs, pair = np.unique(of * design.units + design.unit[rows], return_inverse=True)
    domain, unit = np.divmod(pairs, design.units)
    return Domains(rows, of, pair, unit, domain, np.searchsorted(domain, np.arange(total + 1)), total)


def summed(design: Design, part: Domains, y: Array, x: Array | None, *, kind: str, df: str) -> Sums:
    """Ratios of the sums of y and x (kind "ratio"; means without x), or sums of y ("total"), over the domains."""
    if df not in DF:
        raise ValueError(f"there are no degrees of freedom {df!r}{near(df, DF)}")
    w, d, k, m = design.w[part.rows], part.count, y.shape[1], part.unit.size
    out = {name: np.empty((d, k)) for name in ("estimate", "base", "simple", "n", "psus", "kish", "df")}
    out["linear"] = np.empty((m, k))
    each = (np.ones(w.size), w, w**2)
    every = [np.bincount(part.pair, values, m) for values in each]
    with np.errstate(divide="ignore", invalid="ignore"):
        for j in range(k):
            column = np.array(y[:, j][part.rows])
            base = None if x is None else np.array(x[:, j if x.shape[1] > 1 else 0][part.rows])
            gone = np.flatnonzero(np.isnan(column) if base is None else np.isnan(column) | np.isnan(base))
            column[gone] = 0.0
            seen, mass, squares = (  # of those who answered: respondents, weights, squared weights
                sums - np.bincount(part.pair[gone], values[gone], m) for sums, values in zip(every, each, strict=True)
            )
            mass[seen == 0] = 0.0
            top, below = np.bincount(part.pair, w * column, m), mass
            if base is not None:
                base[gone] = 0.0
                below = np.bincount(part.pair, w * base, m)
            n, size, uneven, over, under = (
                np.bincount(part.domain, sums, d) for sums in (seen, mass, squares, top, below)
            )
            centre = over / under if kind == "ratio" else over / size
            residual = column - (centre[part.of] if base is None else centre[part.of] * base)
            residual[gone] = 0.0
            simple = np.bincount(part.of, w * residual**2, d) / size / (n - 1)
            if kind == "ratio":
                out["estimate"][:, j], out["base"][:, j] = centre, under
                out["linear"][:, j] = (top - centre[part.domain] * below) / under[part.domain]
                out["simple"][:, j] = simple * (size / under) ** 2
            else:
                out["estimate"][:, j], out["base"][:, j] = np.where(n > 0, over, np.nan), 1.0
                out["linear"][:, j] = top
                out["simple"][:, j] = simple * size**2
            out["n"][:, j], out["kish"][:, j] = n, n * uneven / size**2
            out["psus"][:, j], out["df"][:, j] = _freedom(design, part, seen > 0, df)
    return Sums(**out)


def _freedom(design: Design, part: Domains, seen: NDArray[np.bool_], df: str) -> tuple[Array, Array]:
    """Units with an answer and degrees of freedom of each domain, (d,), from the pairs with an answer."""
    d, strata = part.count, design.size.size
    units = np.asarray(np.bincount(part.domain, seen, d), dtype=float)
    place = design.stratum[part.unit] * d + part.domain
    there = np.bincount(place, seen, strata * d).reshape(strata, d) > 0
    if df == "design":
        return units, np.full(d, float(design.df))
    return units, units - there.sum(axis=0) if df == "observed" else np.asarray((design.size - 1.0) @ there)


def linearised(design: Design, part: Domains, sums: Sums, y: Array, x: Array | None, *, kind: str) -> list[Array]:
    """For each domain, (P, k) arrays v whose products v'v are the covariance of its estimates.

    With calibrated weights the linearised variable is replaced by what is left of it after a regression on the
    auxiliaries, over all respondents.
    """
    spread = []
    explained = None if design.calibration is None else _explained(design, part, sums, y, x, kind)
    for one in range(part.count):
        pairs = slice(part.starts[one], part.starts[one + 1])
        totals = np.zeros((design.units, sums.linear.shape[1]))
        totals[part.unit[pairs]] = sums.linear[pairs]
        spread.append(design.spread(totals if explained is None else totals - explained[one]))
    return spread


def _explained(design: Design, part: Domains, sums: Sums, y: Array, x: Array | None, kind: str) -> list[Array]:
    """For each domain, the sums over units, (P, k), of what the auxiliaries explain of the linearised variable."""
    calibration = design.calibration
    assert calibration is not None
    auxiliary = calibration.auxiliary
    trust = calibration.start / calibration.variance
    squares = (auxiliary.T @ (auxiliary * trust[:, None])).toarray()
    turned = inverse(squares)
    member = sparse.csr_array((design.w, (design.unit, np.arange(design.n))), shape=(design.units, design.n))
    sums_of_units = (member @ auxiliary).toarray()
    places = np.arange(design.n)[part.rows]
    result = []
    for one in range(part.count):
        rows = places[part.of == one]
        z = y[rows]
        if kind == "ratio":
            z = (z - sums.estimate[one] * (1.0 if x is None else x[rows])) / sums.base[one]
        slopes = turned @ (auxiliary[rows].T @ (np.where(np.isnan(z), 0.0, z) * trust[rows, None]))
        result.append(sums_of_units @ slopes)
    return result
