"""The limits of an audit, and the words for its findings.

A number is within its limit (pass), beyond it (attention), or clearly beyond it (fail): with its whole interval where
it is an estimate, and beyond a second limit where it is a count or a share of what is there. What cannot be computed
is said with its reason and counts as attention.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import isnan, nan

import pandas as pd

__all__ = ["REASONS", "Finding", "judged", "refused", "tabled"]

# "Handbook" is OECD/JRC (2008), Handbook on Constructing Composite Indicators, doi 10.1787/9789264043466-en; "JRC-COIN"
# is what the audits of the Competence Centre on Composite Indicators of the Joint Research Centre do, such as those of
# the Global Innovation Index. Where no source is named the limit is ours, and there is none that all agree on.
COVERAGE = 0.66  # share measured; JRC-COIN: the Global Innovation Index takes in who has two thirds
COVERAGE_FAIL = 0.5  # ours: less than half is measured
SKEWNESS, KURTOSIS = 2.0, 3.5  # both beyond: outliers; JRC-COIN, Handbook step 3
NEGATIVE = 0.0  # correlation of parts of one node; JRC-COIN: below zero they cancel each other
REDUNDANT = 0.92  # correlation; JRC-COIN: above, the same thing is counted twice
EIGENVALUES = 1  # how many are above 1: one common dimension; Kaiser's rule, Handbook step 4
FIRST_SHARE = 0.6  # variance that the kept component should explain; Handbook step 6, "factor analysis"
KMO = 0.6  # Kaiser and Rice (1974); Handbook step 4
BARTLETT = 0.05  # p-value, the usual level
ALPHA = 0.7  # Nunnally (1978), Handbook step 4
INFLUENCE = 2.0  # ours: effective over nominal weight, and its inverse
SHIFT, SHIFT_FAIL = 0.05, 0.1  # ours: places that regions move on average without one part, over their number
RANGE = 10.0  # ours: points of 100 between the best and the worst region
ENDS, ENDS_FAIL = 0.15, 0.5  # share of regions at one end of the scale; Terwee et al. (2007), doi
# 10.1016/j.jclinepi.2006.03.012, of floors and ceilings of scales; the second is ours
CASES, CASES_LEAST = 5, 3  # units a part for components and alpha; Handbook step 4, "5:1 ratio" and "3:1 ratio"
LEVEL = 0.9  # of all intervals, as elsewhere in the reports
FEWEST = 3  # units below which nothing is estimated
REASONS = ("regions", "same", "parts", "two parts", "no weight", "singular", "index")  # why nothing was computed


@dataclass(frozen=True)
class Finding:
    """One line of the audit; ``bound``: whether the number is to be "at least" or "at most" the threshold.

    ``other`` is the node that ``node`` is held against, where there is one; ``why`` is a word of ``REASONS`` where
    nothing could be computed.
    """

    check: str
    level: str
    node: str
    number: float
    low: float
    high: float
    threshold: float
    bound: str
    verdict: str
    sentence: str
    other: str = ""
    why: str = ""


def judged(
    what: tuple[str, str, str],
    number: float,
    asked: tuple[str, float],
    sentence: str,
    *,
    interval: tuple[float, float] = (nan, nan),
    worse: float | None = None,
    other: str = "",
    why: str = "",
) -> Finding:
    """A finding with its verdict.

    Parameters
    ----------
    what
        Check, level and node.
    number
        What was found; not a number makes it attention.
    asked
        "at least" or "at most", and the threshold.
    interval
        Low and high end, where the number is an estimate.
    worse
        Beyond this it fails; without it, when the whole interval is beyond the threshold.
    other, why
        As in :class:`Finding`.

    Examples
    --------
    >>> judged(("alpha", "dimension", "child"), 0.4, ("at least", 0.7), "", interval=(0.1, 0.8)).verdict
    'attention'
    >>> judged(("alpha", "dimension", "child"), 0.4, ("at least", 0.7), "", interval=(0.1, 0.6)).verdict
    'fail'
    """
    bound, threshold = asked
    number, low, high = float(number), float(interval[0]), float(interval[1])
    sign = 1.0 if bound == "at most" else -1.0
    beyond = isnan(number) or sign * (number - threshold) > 1e-12  # not for the last bit of a correlation
    nearest = low if bound == "at most" else high
    failed = sign * (number - worse) > 0 if worse is not None else sign * (nearest - threshold) > 1e-12
    verdict = "pass" if not beyond else "fail" if failed else "attention"
    return Finding(*what, number, low, high, float(threshold), bound, verdict, sentence, other, why)


def refused(what: tuple[str, str, str], asked: tuple[str, float], reason: str, why: str) -> Finding:
    """What cannot be computed, and why: attention, without a number; ``why`` is a word of ``REASONS``.

    Examples
    --------
    >>> refused(("KMO", "component", "skills"), ("at least", 0.6), "2 regions have all parts", "regions").sentence
    'cannot be computed: 2 regions have all parts'
    """
    return judged(what, nan, asked, f"cannot be computed: {reason}", why=why)


def tabled(findings: Iterable[Finding]) -> pd.DataFrame:
    """The findings as one table."""
    return pd.DataFrame([asdict(finding) for finding in findings], columns=list(Finding.__dataclass_fields__))
