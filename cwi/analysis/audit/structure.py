"""Whether parts belong together: correlations, principal components, Cronbach's alpha, and whose parts they are."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.audit import limits as rules
from cwi.analysis.audit.limits import Finding, judged, refused
from cwi.analysis.audit.sheet import Group, Sheet, correlate, interval
from cwi.analysis.audit.values import correlation_p
from cwi.methods.weighting.factor_analysis import alpha_if_deleted, bartlett, components, item_total, kmo

__all__ = ["belonging", "correlations", "structure"]

Array = NDArray[np.float64]


def correlations(sheet: Sheet) -> tuple[pd.DataFrame, list[Finding]]:
    """The correlation of every node with every other of its level; those of one parent must not be negative, and none
    should be so close that the same thing counts twice.

    Returns
    -------
    table
        level, a, b, parent_a, parent_b, inside (one parent), n (regions with both), r, low, high (bootstrap over
        regions), p (that it is zero, by Student's t), spearman.
    """
    low, high = interval(sheet.drawn)
    ranks = sheet.table[sheet.codes].corr(method="spearman", min_periods=rules.FEWEST).to_numpy(float)
    has = sheet.table[sheet.codes].notna().to_numpy(float)
    n = has.T @ has
    rows, findings = [], []
    for level in sheet.levels[:-1]:
        for a, b in combinations(sheet.of(level), 2):
            i, j = sheet.at([a, b])
            above = sheet.parent_of[a], sheet.parent_of[b]
            r, ends = float(sheet.r[i, j]), (float(low[i, j]), float(high[i, j]))
            p = float(correlation_p(np.array(r), n[i, j]))
            rows.append([level, a, b, *above, above[0] == above[1], int(n[i, j]), r, *ends, p, ranks[i, j]])
            if above[0] == above[1]:
                what, asked = ("negative correlation", level, f"{a}, {b}"), ("at least", rules.NEGATIVE)
                if np.isnan(r):
                    findings.append(refused(what, asked, *_why(sheet, [a, b])))
                    continue
                said = f"{a} and {b}, both in {above[0]}, correlate by {_said(r, ends)}"
                said += ": where one is high the other is low" if r < 0 else ""
                findings.append(judged(what, r, asked, said, interval=ends))
        here = [str(code) for code in sheet.table if sheet.level_of[str(code)] == level]
        findings += [_redundant(sheet, code, low, high) for code in here if sheet.table[code].notna().any()]
    columns = ["level", "a", "b", "parent_a", "parent_b", "inside", "n", "r", "low", "high", "p", "spearman"]
    return pd.DataFrame(rows, columns=columns), findings


def _redundant(sheet: Sheet, code: str, low: Array, high: Array) -> Finding:
    level = sheet.level_of[code]
    what, asked = ("redundancy", level, code), ("at most", rules.REDUNDANT)
    others = [other for other in sheet.of(level) if other != code]
    found = sheet.closest(code, others) if code in sheet.codes else None
    if found is None:
        return refused(what, asked, *_why(sheet, [code]))
    other, r = found
    i, j = sheet.at([code, other])
    ends = float(low[i, j]), float(high[i, j])
    said = f"{code} is closest to {other}, {_said(r, ends)}"
    said += ": both measure the same, which counts twice" if r > rules.REDUNDANT else ""
    return judged(what, r, asked, said, interval=ends, other=other)


def structure(sheet: Sheet) -> tuple[pd.DataFrame, pd.DataFrame, list[Finding]]:
    """Principal components, KMO, Bartlett's test and Cronbach's alpha of each node, over regions that have all parts.

    Parts that were measured nowhere or are the same everywhere are left out and counted. The last row asks it of all
    indicators together, which needs at least three regions an indicator.

    Returns
    -------
    nodes
        node, level, parts, used (of them), n, eigenvalues (above 1), first (its share), negative (loadings), kmo,
        bartlett (p), alpha, low, high (bootstrap), alpha_pairs (from the correlations of all pairs, each over the
        regions that have both), pairs (the fewest regions of one), left_out, reason (why nothing was computed).
    parts
        node, part, loading (on the first component), item_total, alpha_without.
    """
    together = tuple(part for group in sheet.groups if group.level == sheet.levels[1] for part in group.parts)
    whole = Group(f"{sheet.groups[-1].node}: all indicators", sheet.levels[-1], together, np.empty(0))
    rows, parts, findings = [], [], []
    for group in (*sheet.groups, *([whole] if len(sheet.levels) > 2 else [])):
        used = [part for part in sheet.measured(group) if np.isfinite(sheet.pair(part, part))]
        x = sheet.table[used].dropna()
        row = {"node": group.node, "level": group.level, "parts": len(group.parts), "used": len(used), "n": len(x)}
        row |= {"left_out": ", ".join(part for part in group.parts if part not in used), "reason": ""}
        row["reason"], why = _impossible(group, used, x, rules.CASES_LEAST if group is whole else 1)
        if row["reason"]:
            what = ("structure", group.level, group.node)
            findings.append(refused(what, ("at least", 2), str(row["reason"]), why))
        else:
            numbers, of_parts, found = _measure(sheet, group, used, x)
            row |= numbers
            parts += of_parts
            findings += found
        rows.append(row | _by_pairs(sheet, used))
    columns = ["node", "level", "parts", "used", "n", "eigenvalues", "first", "negative", "kmo", "bartlett"]
    columns += ["alpha", "low", "high", "alpha_pairs", "pairs", "left_out", "reason"]
    loadings = pd.DataFrame(parts, columns=["node", "part", "loading", "item_total", "alpha_without"])
    return pd.DataFrame(rows).reindex(columns=columns), loadings, findings


def _by_pairs(sheet: Sheet, used: list[str]) -> dict[str, float]:
    """Alpha where parts have gaps: every pair over the regions that have both."""
    if len(used) < 2:
        return {"alpha_pairs": float("nan"), "pairs": 0}
    at = sheet.at(used)
    has = sheet.table[used].notna().to_numpy(float)
    return {"alpha_pairs": float(_alpha(sheet.r[np.ix_(at, at)])), "pairs": int((has.T @ has).min())}


def _impossible(group: Group, used: list[str], x: pd.DataFrame, least: int) -> tuple[str, str]:
    """Why components and alpha make no sense here, as a sentence and a word; nothing where they do."""
    n, k = len(x), len(used)
    if k < 2:
        have = "has" if k == 1 else "have"
        return f"{k} of {len(group.parts)} parts of {group.node} {have} scores that differ", "parts"
    if n < rules.FEWEST or n <= k or n < least * k:
        asked = f"at least {least} times as many" if least > 1 else f"at least {max(k + 1, rules.FEWEST)}"
        return f"{n} regions have all {k} measured parts of {group.node}; there must be {asked}", "regions"
    same = [part for part in used if np.ptp(x[part].to_numpy()) <= 1e-12 * np.abs(x[part].to_numpy()).max()]
    if same:
        return f"{same[0]} is the same in all regions that have all measured parts of {group.node}", "same"
    return "", ""


def _measure(
    sheet: Sheet, group: Group, used: list[str], x: pd.DataFrame
) -> tuple[dict[str, float], list[list[object]], list[Finding]]:
    z = x.to_numpy(float)
    about = f"{group.node}, {len(used)} of {len(group.parts)} parts, {len(x)} regions"
    what = group.level, group.node
    r, drawn = correlate(z), _drawn(sheet, used)
    alpha, every = float(_alpha(r)), _alpha(drawn)
    numbers, first, findings = _components(r, used, about, what)
    more, adequate = _adequacy(z, about, what)
    low, high = (float(end) for end in interval(every))
    numbers |= {**more, "alpha": alpha, "low": low, "high": high}
    findings += [*adequate, _reliability(alpha, (low, high), used, about, what)]
    lacking = alpha_if_deleted(z) if len(used) > 2 else np.full(len(used), np.nan)
    try:
        totals = item_total(z)
    except ValueError:  # the sum of the others is constant
        totals = np.full(len(used), np.nan)
    parts: list[list[object]] = [[group.node, part, first[j], totals[j], lacking[j]] for j, part in enumerate(used)]
    if len(used) > 2:
        findings += _without_each(group, used, alpha, lacking, drawn, every)
    return numbers, parts, findings


def _components(
    r: Array, used: list[str], about: str, what: tuple[str, str]
) -> tuple[dict[str, float], Array, list[Finding]]:
    """Numbers and findings of the principal components of correlations, and the loadings on the first."""
    eigenvalues, loadings = components(r)
    above, share = int((eigenvalues > 1 + 1e-9).sum()), float(eigenvalues[0] / len(used))
    against = [part for part, loading in zip(used, loadings[:, 0], strict=True) if loading < -1e-9]
    numbers = {"eigenvalues": float(above), "first": share, "negative": float(len(against))}
    direction = f"{', '.join(against)} load against the others" if against else "all load in one direction"
    findings = [
        judged(("eigenvalues above 1", *what), above, ("at most", rules.EIGENVALUES), f"{about}: {above} above 1"),
        judged(
            ("share of the first component", *what),
            share,
            ("at least", rules.FIRST_SHARE),
            f"{about}: the first principal component explains {share:.0%}",
        ),
        judged(("signs of loadings", *what), len(against), ("at most", 0.0), f"{about}: {direction}"),
    ]
    return numbers, loadings[:, 0], findings


def _adequacy(z: Array, about: str, what: tuple[str, str]) -> tuple[dict[str, float], list[Finding]]:
    """KMO and Bartlett's test, or why there is none."""
    numbers, findings = {}, []
    adequate, test = ("KMO", *what), ("Bartlett's test", *what)
    two = z.shape[1] == 2
    try:
        if two:
            raise ValueError("with two parts KMO is 0.5 whatever they are")
        numbers["kmo"] = kmo(z).overall
        findings.append(judged(adequate, numbers["kmo"], ("at least", rules.KMO), f"{about}: KMO {numbers['kmo']:.2f}"))
    except ValueError as problem:
        findings.append(refused(adequate, ("at least", rules.KMO), str(problem), "two parts" if two else "singular"))
    try:
        numbers["bartlett"] = p = bartlett(z).p
        findings.append(
            judged(test, p, ("at most", rules.BARTLETT), f"{about}: that nothing is correlated has p {p:.3f}")
        )
    except ValueError as problem:
        findings.append(refused(test, ("at most", rules.BARTLETT), str(problem), "singular"))
    return numbers, findings


def _reliability(
    alpha: float, ends: tuple[float, float], used: list[str], about: str, what: tuple[str, str]
) -> Finding:
    """Cronbach's alpha, or that it cannot be computed."""
    if np.isnan(alpha):
        return refused(("alpha", *what), ("at least", rules.ALPHA), f"the sum of {', '.join(used)} is constant", "same")
    sentence = f"{about}: Cronbach's alpha {_said(alpha, ends)}"
    return judged(("alpha", *what), alpha, ("at least", rules.ALPHA), sentence, interval=ends)


def _without_each(
    group: Group, used: list[str], alpha: float, lacking: Array, drawn: Array, every: Array
) -> list[Finding]:
    """Alpha without each part, against alpha with all."""
    findings = []
    for j, part in enumerate(used):
        others = [i for i in range(len(used)) if i != j]
        findings.append(
            judged(
                ("alpha without a part", group.level, part),
                float(lacking[j]) - alpha,
                ("at most", 0.0),
                f"without {part} the alpha of {group.node} is {lacking[j]:.2f} instead of {alpha:.2f}",
                interval=_ends(_alpha(drawn[:, others][:, :, others]) - every),
                other=group.node,
            )
        )
    return findings


def belonging(sheet: Sheet) -> tuple[pd.DataFrame, list[Finding]]:
    """Whether each part correlates more with its own parent than with any other node of that level.

    It is a part of its own parent and not of the others, so its own has the advantage; ``rest`` is the correlation
    with the parent made without it.

    Returns
    -------
    table
        level, part, own (parent), r_own, rest, other (the closest other parent), r_other, difference, low, high.
    """
    codes, without = sheet.without
    rows, findings = [], []
    for depth, level in enumerate(sheet.levels[:-2]):
        parents = sheet.of(sheet.levels[depth + 1])
        names = [node.code for node in sheet.methodology.nodes[depth]]
        if len(parents) < 2:
            above = f"fewer than two nodes of the level {sheet.levels[depth + 1]} have scores"
            findings.append(refused(("closer to its own", level, level), ("at least", 0.0), above, "parts"))
            continue
        for part in sheet.of(level):
            own = sheet.parent_of[part]
            what, asked = ("closer to its own", level, part), ("at least", 0.0)
            found = sheet.closest(part, [parent for parent in parents if parent != own])
            if own not in parents or found is None or np.isnan(sheet.pair(part, own)):
                findings.append(refused(what, asked, *_why(sheet, [part, own])))
                continue
            (other, theirs), mine = found, sheet.pair(part, own)
            i, j, k = sheet.at([part, own, other])
            ends = _ends(sheet.drawn[:, i, j] - sheet.drawn[:, i, k])
            left = without.scores[depth + 1][codes.index(part), :, names.index(own)]
            rest = float(correlate(np.column_stack([sheet.table[part], left]))[0, 1])
            rows.append([level, part, own, mine, rest, other, theirs, mine - theirs, *ends])
            said = f"{part} correlates by {mine:.2f} with its own {own} and by {theirs:.2f} with {other}"
            said += "" if np.isnan(rest) else f"; with the rest of {own} by {rest:.2f}"
            findings.append(judged(what, mine - theirs, asked, said, interval=ends, other=other))
    columns = ["level", "part", "own", "r_own", "rest", "other", "r_other", "difference", "low", "high"]
    return pd.DataFrame(rows, columns=columns), findings


def _alpha(r: Array) -> Array:
    """Standardised alpha from correlations (..., k, k): k r̄ / (1 + (k - 1) r̄), k above 1."""
    k = r.shape[-1]
    total = r.sum(axis=(-2, -1))
    return np.asarray(np.where(total > 1e-9, k / (k - 1) * (1 - k / np.where(total > 1e-9, total, 1.0)), np.nan))


def _drawn(sheet: Sheet, used: list[str]) -> Array:
    """Correlations over the regions that have all of ``used``, for each redrawn set: (draws, k, k)."""
    x = sheet.table[used].to_numpy(float)
    whole = ~np.isnan(x).any(axis=1)
    if whole.all():
        at = sheet.at(used)
        return np.asarray(sheet.drawn[:, at][:, :, at])
    return correlate(np.where(whole[:, None], x, np.nan)[sheet.again])


def _ends(draws: Array) -> tuple[float, float]:
    low, high = interval(draws)
    return float(low), float(high)


def _said(r: float, ends: tuple[float, float]) -> str:
    return f"{r:.2f} ({ends[0]:.2f} to {ends[1]:.2f})" if not np.isnan(ends[0]) else f"{r:.2f}"


def _why(sheet: Sheet, codes: list[str]) -> tuple[str, str]:
    """Why there is no correlation, as a sentence and a word."""
    for code in codes:
        if code not in sheet.codes:
            return f"fewer than {rules.FEWEST} regions have {code}", "regions"
        if np.isnan(sheet.pair(code, code)):
            return f"{code} is the same in all regions", "same"
    return f"fewer than {rules.FEWEST} regions have {' and '.join(codes)} and another to compare with", "regions"
