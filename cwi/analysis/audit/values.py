"""Before any correlation: coverage, outliers, floors and ceilings, spread."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cwi.analysis.audit import limits as rules
from cwi.analysis.audit.limits import Finding, judged, refused
from cwi.analysis.audit.sheet import Sheet
from cwi.methods.treatment import kurtosis, outlying, skewness
from cwi.territory import PARENT_REGION

__all__ = [
    "capacity",
    "correlation_p",
    "coverage",
    "critical_correlation",
    "ends",
    "outliers",
    "spread",
    "statistics",
    "units",
]

Array = NDArray[np.float64]


def critical_correlation(n: int) -> float:
    """The size beyond which a correlation of n independent pairs differs from zero at the 5 % level (Student's t).

    Examples
    --------
    >>> round(critical_correlation(20), 3), round(critical_correlation(200), 3)
    (0.444, 0.139)
    """
    if n < rules.FEWEST:
        return 1.0
    t = float(stats.t.isf(0.025, n - 2))
    return t / float(np.sqrt(n - 2 + t**2))


def capacity(sheet: Sheet) -> dict[str, float]:
    """How much so many regions can show.

    Returns
    -------
    dict
        regions, parts (measured, of the largest node), critical (the size beyond which a correlation differs from
        zero), low and high (what a correlation of 0.5 may be), copied (regions with values of a former region).
    """
    n, most = len(sheet.table), max(len(sheet.measured(group)) for group in sheet.groups)
    z = 1.96 / np.sqrt(max(n - 3, 1))
    low, high = (float(np.tanh(np.arctanh(0.5) + step)) for step in (-z, z))
    cells = _cells(sheet)
    copied = cells.loc[cells["status"] == PARENT_REGION, "region"].nunique()
    return {"regions": n, "parts": most, "critical": critical_correlation(n), "low": low, "high": high,
            "copied": copied}  # fmt: skip


def units(sheet: Sheet) -> list[Finding]:
    """How many regions there are for the correlations of the largest node, and what so many can carry."""
    n, most, r, low, high, copied = capacity(sheet).values()
    said = (
        f"{n} regions; the largest node has {most} measured parts. With so few, a correlation differs from zero only "
        f"beyond ±{r:.2f}, and one of 0.50 may be anything from {low:.2f} to {high:.2f}; components and alpha describe "
        "these regions in this year and prove no structure"
    )
    if copied:
        said += f". Values of a former region are used for {copied} of them, so there are fewer independent ones"
    top = sheet.groups[-1]
    return [judged(("regions", top.level, top.node), n, ("at least", rules.CASES * most), said, worse=most + 1)]


def coverage(sheet: Sheet) -> tuple[pd.DataFrame, list[Finding]]:
    """What was measured: by region (share of the weight of all indicators) and by indicator (share of the regions).

    ``own`` is the share of the measured cells that were measured in the year and for that territory.

    Returns
    -------
    table
        what (region or indicator), code, measured, own, carried, copied: shares from 0 to 1.
    """
    cells = _cells(sheet)
    has = cells["value"].notna()
    carried = has & (cells["observed"] < cells["year"]).fillna(False).astype(bool)
    copied = has & cells["status"].eq(PARENT_REGION)
    marks = pd.DataFrame(
        {"has": has, "own": has & ~carried & ~copied, "carried": carried, "copied": copied}, dtype=float
    )
    nodes = sheet.scores.nodes
    top = nodes[(nodes["node"] == sheet.methodology.top.code) & (nodes["year"] == sheet.year)].set_index("region")
    parts, findings = [], []
    for what in ("region", "indicator"):
        codes = list(sheet.table.index if what == "region" else sheet.methodology.indicators["code"])
        total = marks.groupby(cells[what]).sum().reindex(codes)
        share = total[["own", "carried", "copied"]].div(total["has"].where(total["has"] > 0), axis=0)
        measured = top["measured"].reindex(codes) if what == "region" else total["has"] / len(sheet.table)
        table = share.assign(what=what, code=codes, measured=measured)
        parts.append(table[["what", "code", "measured", "own", "carried", "copied"]])
        of = "of the weight of all indicators" if what == "region" else "of the regions"
        asked = ("at least", rules.COVERAGE)
        numbers = table[["measured", "own", "carried", "copied"]].to_numpy(float)
        for code, (seen, own, late, taken) in zip(codes, numbers, strict=True):
            said = f"{code}: {seen:.0%} {of} measured"
            about = (f"coverage by {what}", what, code)
            findings.append(judged(about, seen, asked, said, worse=rules.COVERAGE_FAIL))
            if seen > 0:
                said = (
                    f"{code}: {own:.0%} of what was measured is of {sheet.year} and of that territory; "
                    f"{late:.0%} carried from an earlier year, {taken:.0%} taken from a former region"
                )
                about = (f"own data by {what}", what, code)
                findings.append(judged(about, own, asked, said, worse=rules.COVERAGE_FAIL))
    return pd.concat(parts, ignore_index=True), findings


def outliers(sheet: Sheet) -> tuple[pd.DataFrame, list[Finding]]:
    """Values far from all others: skewness *and* excess kurtosis beyond their limits, and the regions that make them.

    Values are taken on the scale that they are scored on (logarithms where the methodology says so). The regions are
    those farthest from the median that must be left out, one by one, until the column is no longer outlying.

    Returns
    -------
    table
        indicator, n, skewness, kurtosis, outlying (of values), score_skewness, score_kurtosis, score_outlying, regions.
    """
    indicators = sheet.methodology.indicators.set_index("code")
    values = sheet.scores.values(sheet.year).loc[sheet.table.index]
    rows, findings = [], []
    for code in indicators.index:
        x = values[code].to_numpy(float)
        if np.isnan(x).all():
            continue  # said by the coverage
        if indicators.at[code, "scale"] == "log":
            x = np.log(np.where(x > 0, x, np.nan))
        y = sheet.table[code].to_numpy(float)
        (skew, score_skew), (kurt, score_kurt) = (f(np.column_stack([x, y])) for f in (skewness, kurtosis))
        regions = _makers(x, sheet.table.index)
        still = bool(outlying(y[:, None])[0])
        n = int((~np.isnan(x)).sum())
        rows.append([code, n, skew, kurt, bool(regions), score_skew, score_kurt, still, ", ".join(regions)])
        what, asked = ("outliers", "indicator", code), ("at most", 0.0)
        if np.isnan(kurt):
            reason = f"{code} is the same in all regions" if n > 3 else f"{n} regions have {code}, four are needed"
            findings.append(refused(what, asked, reason, "same" if n > 3 else "regions"))
            continue
        said = f"{code}: skewness {skew:.2f}, excess kurtosis {kurt:.2f}"
        if regions:
            said += f", because of {', '.join(regions)}; " + (
                "its scores are outlying too" if still else "its scores are not outlying"
            )
        findings.append(judged(what, len(regions), asked, said, worse=0.0 if still else np.inf))
    columns = ["indicator", "n", "skewness", "kurtosis", "outlying"]
    columns += ["score_skewness", "score_kurtosis", "score_outlying", "regions"]
    return pd.DataFrame(rows, columns=columns), findings


def statistics(sheet: Sheet) -> tuple[pd.DataFrame, list[Finding]]:
    """Each indicator in its own unit: where its values are, how many there are, how many are zero or the same.

    Quantiles are those between neighbours (Hyndman and Fan's type 7, the default of R and NumPy). Nothing is judged.

    Returns
    -------
    table
        indicator, unit, n, missing, mean, sd (n - 1), low, q05, q25, median, q75, q95, high, zeros, distinct (different
        values), most (share of the most frequent value), skewness, kurtosis.
    """
    indicators = sheet.methodology.indicators.set_index("code")
    values = sheet.scores.values(sheet.year).loc[sheet.table.index]
    rows = []
    for code in indicators.index:
        x = values[code].dropna().to_numpy(float)
        if not len(x):
            continue  # listed by the coverage
        low, *middle, high = np.quantile(x, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
        counts = np.unique(x, return_counts=True)[1]
        spread = float(x.std(ddof=1)) if len(x) > 1 else float("nan")
        row = [code, indicators.at[code, "unit"], len(x), len(values) - len(x), x.mean(), spread, low, *middle, high]
        shape = (float(f(x[:, None])[0]) for f in (skewness, kurtosis))
        rows.append([*row, int((x == 0).sum()), len(counts), counts.max() / len(x), *shape])
    columns = ["indicator", "unit", "n", "missing", "mean", "sd", "low", "q05", "q25", "median", "q75", "q95", "high"]
    columns += ["zeros", "distinct", "most", "skewness", "kurtosis"]
    return pd.DataFrame(rows, columns=columns), []


def correlation_p(r: Array, n: Array) -> Array:
    """The p-value of a correlation of n independent pairs: Student's t, two-sided.

    Examples
    --------
    >>> round(float(correlation_p(np.array(0.444), np.array(20))), 3)
    0.05
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(r) * np.sqrt((n - 2) / np.maximum(1 - np.square(r), 0.0))
        return np.asarray(np.where(n >= rules.FEWEST, 2 * stats.t.sf(t, np.maximum(n - 2, 1)), np.nan))


def ends(sheet: Sheet) -> tuple[pd.DataFrame, list[Finding]]:
    """Floors and ceilings: the share of regions at or beyond the worst or the best end, which scores equate.

    Returns
    -------
    table
        indicator, n, floor, ceiling (at or beyond an end), capped (beyond one): shares from 0 to 1.
    """
    indicators = sheet.methodology.indicators
    values = sheet.scores.values(sheet.year).loc[sheet.table.index]
    rows, findings = [], []
    for code, worst, best in zip(indicators["code"], indicators["worst"], indicators["best"], strict=True):
        place = (values[code].dropna().to_numpy(float) - worst) / (best - worst)
        if not len(place):
            continue  # said by the coverage
        floor, ceiling = float((place <= 1e-12).mean()), float((place >= 1 - 1e-12).mean())
        capped = float(((place < -1e-12) | (place > 1 + 1e-12)).mean())
        rows.append([code, len(place), floor, ceiling, capped])
        said = (
            f"{code}: {floor:.0%} of the regions at the worst end, {ceiling:.0%} at the best; {capped:.0%} beyond one"
        )
        what = ("ends of the scale", "indicator", code)
        findings.append(judged(what, max(floor, ceiling), ("at most", rules.ENDS), said, worse=rules.ENDS_FAIL))
    return pd.DataFrame(rows, columns=["indicator", "n", "floor", "ceiling", "capped"]), findings


def spread(sheet: Sheet) -> tuple[pd.DataFrame, list[Finding]]:
    """How far regions differ, in points. How many levels can be distinguished is another question (see uncertainty).

    Returns
    -------
    table
        level, node, n, mean, sd (n - 1), low, high, range.
    """
    rows, findings = [], []
    for code, x in sheet.table.items():
        x = x.dropna()
        if x.empty:
            continue  # said by the coverage
        low, high = float(x.min()), float(x.max())
        wide = high - low if high - low > 1e-12 * max(abs(low), abs(high)) else 0.0
        level = sheet.level_of[str(code)]
        rows.append([level, code, len(x), x.mean(), x.std(), low, high, wide])
        said = f"{code}: from {low:.1f} to {high:.1f}, standard deviation {x.std():.1f}" if wide else (
            f"{code} is the same in all regions: it does not show their differences"
        )  # fmt: skip
        findings.append(judged(("spread", level, str(code)), wide, ("at least", rules.RANGE), said, worse=1e-9))
    return pd.DataFrame(rows, columns=["level", "node", "n", "mean", "sd", "low", "high", "range"]), findings


def _cells(sheet: Sheet) -> pd.DataFrame:
    cells = sheet.scores.cells
    return cells[(cells["year"] == sheet.year) & cells["region"].isin(sheet.table.index)]


def _makers(x: Array, regions: pd.Index) -> list[str]:
    left, found = x.copy(), []
    while outlying(left[:, None])[0]:
        far = int(np.nanargmax(np.abs(left - np.nanmedian(left))))
        left[far] = np.nan
        found.append(str(regions[far]))
    return found
