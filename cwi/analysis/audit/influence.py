"""How much each part really counts: effective weights, and the ranks without it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.audit import limits as rules
from cwi.analysis.audit.limits import Finding, judged, refused
from cwi.analysis.audit.sheet import Group, Sheet, interval
from cwi.methods.ranking import mean_rank_shift, movers, rank

__all__ = ["effective_weights", "leave_one_out", "smooth_importance"]

Array = NDArray[np.float64]
BANDWIDTH = 1.06  # times sd n^(-1/5): the normal reference rule (Silverman 1986), fixed so that draws need no search


def smooth_importance(part: Array, whole: Array) -> float:
    """The correlation ratio var(E[whole | part]) / var(whole), the conditional mean smoothed by local lines [1]_.

    Local linear regression with a Gaussian kernel, which regions of equal scores do not disturb.

    Parameters
    ----------
    part, whole : (n,)
        Scores; units without either are left out.

    Returns
    -------
    From 0 to 1, not a number where fewer than three units have both, or either is the same in all.

    References
    ----------
    .. [1] Paruolo, Saisana and Saltelli (2013), doi 10.1111/j.1467-985X.2012.01059.x.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 41)
    >>> round(smooth_importance(x, 3 * x), 6), smooth_importance(x, x**2) > 0.4
    (1.0, True)
    """
    from statsmodels.nonparametric.kernel_regression import KernelReg  # it takes most of a second

    has = ~(np.isnan(part) | np.isnan(whole))
    x, y = part[has], whole[has]
    if len(x) < rules.FEWEST or np.ptp(x) <= 1e-12 * np.abs(x).max() or np.ptp(y) <= 1e-12 * np.abs(y).max():
        return float("nan")
    z = (x - x.mean()) / x.std()
    width = [BANDWIDTH * len(z) ** -0.2]
    unused = np.random.default_rng(0)  # it would search a width with it, and warns without it
    fitted = KernelReg(y, z, "c", reg_type="ll", bw=width, rng=unused).fit(z)[0]
    return float(min(fitted.var() / y.var(), 1.0))


def effective_weights(sheet: Sheet) -> tuple[pd.DataFrame, list[Finding]]:
    """What share of a node's variation goes with each of its parts, beside the weight it was given [1]_.

    The importance of a part is S = var(E[node | part]) / var(node): the squared correlation for a straight line, and
    smoothed for any curve. Over the measured parts of a node it is brought to sum to one, as are their nominal
    weights. For the index the same is computed of all nodes, with the weights in force.

    Returns
    -------
    table
        parent, part, level, n, nominal, r, linear (S), smooth (S), effective, low, high (bootstrap), effective_smooth,
        ratio (effective over nominal), immediate (whether the part stands right under the parent).

    References
    ----------
    .. [1] Paruolo, Saisana and Saltelli (2013), doi 10.1111/j.1467-985X.2012.01059.x; for correlated parts shares of S
       overlap, so they order influence and do not divide it.
    """
    rows, findings = [], []
    top, in_force = sheet.groups[-1], _in_force(sheet)
    wider = [
        Group(top.node, top.level, tuple(in_force[level]), np.array(list(in_force[level].values())))
        for level in in_force
    ]
    for group in (*sheet.groups, *wider):
        immediate = group.parts[0] in sheet.parent_of and sheet.parent_of[group.parts[0]] == group.node
        found = _importances(sheet, group)
        rows += [row | {"immediate": immediate} for row in found]
        if immediate:
            findings += [_influence(sheet, group, row) for row in found]
            missing = [part for part in sheet.measured(group) if part not in {row["part"] for row in found}]
            what = "effective weight", sheet.level_of[group.parts[0]]
            why = f"{group.node} has no score that varies" if not found else "it is the same in all regions"
            asked = ("at least", 1 / rules.INFLUENCE)
            findings += [refused((*what, part), asked, f"{part}: {why}", "same") for part in missing]
    columns = ["parent", "part", "level", "n", "nominal", "r", "linear", "smooth"]
    columns += ["effective", "low", "high", "effective_smooth", "ratio", "immediate"]
    return pd.DataFrame(rows, columns=columns), findings


def _in_force(sheet: Sheet) -> dict[str, dict[str, float]]:
    """By level, what every node below the parts of the index really counts in it: the mean over the regions.

    Where parts are missing the others share their weight node by node, so that one indicator that is alone in its
    component counts more than one of three.
    """
    result = {}
    for level in sheet.levels[:-2]:
        weights = sheet.scores.weights_in_force(sheet.year, level).reindex(sheet.table.index)
        scored = weights[weights.sum(axis=1) > 0]
        result[level] = {str(code): float(weight) for code, weight in scored.mean().items() if code in sheet.table}
    return result


def _importances(sheet: Sheet, group: Group) -> list[dict[str, object]]:
    if group.node not in sheet.codes:
        return []
    used = [part for part in sheet.measured(group) if np.isfinite(sheet.pair(part, group.node))]
    if not used:
        return []
    stated = pd.Series(group.weights, index=group.parts)[used]
    r = np.array([sheet.pair(part, group.node) for part in used])
    linear, whole = np.asarray(r**2), sheet.table[group.node].to_numpy(float)
    smooth = np.array([smooth_importance(sheet.table[part].to_numpy(float), whole) for part in used])
    drawn = sheet.drawn[:, sheet.at(used), sheet.codes.index(group.node)] ** 2
    low, high = interval(_shares(drawn))
    nominal, effective, curved = (_shares(np.asarray(v, float)) for v in (stated, linear, smooth))
    n = sheet.table[used].notna().mul(sheet.table[group.node].notna(), axis=0).sum()
    return [
        {
            "parent": group.node, "part": part, "level": sheet.level_of[part], "n": int(n[part]),
            "nominal": nominal[i], "r": r[i], "linear": linear[i], "smooth": smooth[i], "effective": effective[i],
            "low": low[i], "high": high[i], "effective_smooth": curved[i],
            "ratio": effective[i] / nominal[i] if nominal[i] > 0 else np.nan,
        }
        for i, part in enumerate(used)
    ]  # fmt: skip


def _shares(values: Array) -> Array:
    total = values.sum(axis=-1, keepdims=True)
    return np.asarray(np.where(total > 1e-12, values / np.where(total > 1e-12, total, 1.0), np.nan))


def _influence(sheet: Sheet, group: Group, row: dict[str, object]) -> Finding:
    effective, nominal, low, high, r, ratio, curved = (
        float(str(row[key])) for key in ("effective", "nominal", "low", "high", "r", "ratio", "effective_smooth")
    )
    what = "effective weight", str(row["level"]), str(row["part"])
    if not nominal > 0:
        return refused(what, ("at most", rules.INFLUENCE), f"{row['part']} has no weight in {group.node}", "no weight")
    said = (
        f"{row['part']} has {nominal:.0%} of the weight of the measured parts of {group.node} and {effective:.0%} "
        f"({low:.0%} to {high:.0%}) of the influence, {curved:.0%} smoothed"
    )
    if r < 0:
        said += f"; it pulls against {group.node}, r {r:.2f}"
    asked = ("at least", 1 / rules.INFLUENCE) if ratio < 1 else ("at most", rules.INFLUENCE)
    return judged(what, ratio, asked, said, interval=(low / nominal, high / nominal), other=group.node)


def leave_one_out(sheet: Sheet) -> tuple[pd.DataFrame, list[Finding]]:
    """How ranks move when one indicator, component or dimension is left out and its siblings share its weight.

    Returns
    -------
    table
        level, part, n (regions ranked in both), mean_shift (places), over_2, over_5 (share of regions that move by more
        places), mover (region), before, after (its ranks).
    """
    parts, derived = sheet.without
    decimals = sheet.methodology.decimals
    own = np.broadcast_to(sheet.table[sheet.groups[-1].node].to_numpy(float), derived.index.shape)
    gap = np.isnan(own) | np.isnan(derived.index)
    before, after = (rank(np.where(gap, np.nan, y), decimals=decimals) for y in (own, derived.index))
    shift = mean_rank_shift(before, after)
    far = [movers(before, after, more_than=places).sum(axis=-1) for places in (2, 5)]
    n = (~gap).sum(axis=-1)
    rows, findings = [], []
    for i, part in enumerate(parts):
        what, asked = ("leave one out", sheet.level_of[part], part), ("at most", rules.SHIFT * len(sheet.table))
        if not n[i]:
            findings.append(refused(what, asked, f"without {part} no region has an index", "index"))
            rows.append([sheet.level_of[part], part, 0, np.nan, np.nan, np.nan, "", np.nan, np.nan])
            continue
        most = int(np.nanargmax(np.abs(after[i] - before[i])))
        region, old, new = str(sheet.table.index[most]), before[i, most], after[i, most]
        two, five = (float(count[i] / n[i]) for count in far)
        rows.append([sheet.level_of[part], part, int(n[i]), float(shift[i]), two, five, region, old, new])
        said = f"without {part} regions move by {shift[i]:.1f} places on average, {two:.0%} of them by more than 2"
        said += f" and {five:.0%} by more than 5; {region} moves most, from {old:.0f} to {new:.0f}"
        if lost := int((~np.isnan(own[i])).sum() - n[i]):
            said += f"; {lost} regions have no index without it"
        findings.append(judged(what, float(shift[i]), asked, said, worse=rules.SHIFT_FAIL * len(sheet.table)))
    columns = ["level", "part", "n", "mean_shift", "over_2", "over_5", "mover", "before", "after"]
    return pd.DataFrame(rows, columns=columns), findings
