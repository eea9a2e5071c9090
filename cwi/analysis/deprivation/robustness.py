"""Whether the order of regions depends on the cut-off and on the weights of what is counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cwi.inputs.deprivation import Deprivations
from cwi.methods.deprivation import every_cutoff

__all__ = ["OrderRobustness", "order_robustness"]

TIMES = 2  # how much heavier one dimension is made


@dataclass(frozen=True, eq=False)
class OrderRobustness:
    """``table``: a row a choice (cut-off or heavier dimension): kendall (rank correlation of M0 of regions with that of
    the specification), same_pairs (share of pairs of regions in the same order), national M0. ``pairs``: share of pairs
    in the same order under every choice."""

    table: pd.DataFrame
    pairs: float


def order_robustness(coded: Deprivations) -> OrderRobustness:
    """M0 of regions under every cut-off near the rule, and with each dimension weighing twice as much.

    Cut-offs are those of the specification, one less and one more, where it counts items or dimensions, and three
    quarters and five quarters of its share otherwise.
    """
    specification = coded.specification
    region, labels = coded.children["region"], sorted(coded.children["region"].unique())
    place = region.map({label: i for i, label in enumerate(labels)}).to_numpy()
    rows = np.flatnonzero(coded.used)
    g = np.where(coded.applies, np.nan_to_num(coded.g), 0.0)[rows]
    if specification.share is None:
        base = specification.at_least or 1
        cuts = {f"k = {k}": float(k) for k in (base - 1, base, base + 1) if 1 <= k <= len(coded.units)}
        score = coded.counts[rows].astype(float)
    else:
        base_share = float(specification.share)
        cuts = {f"k = {100 * base_share * part:.4g}%": base_share * part for part in (0.75, 1.0, 1.25)}
        score = np.asarray(coded.share)[rows]
    weight = coded.person[rows]
    total = np.bincount(place[rows], weight, len(labels))
    share = np.asarray(coded.share)[rows]
    values = {
        name: np.bincount(place[rows], weight * share * (score >= cut - 1e-9), len(labels)) / total
        for name, cut in cuts.items()
    }
    national = {name: float(value @ total / total.sum()) for name, value in values.items()}
    home = {item.code: item.dimension for item in specification.items}
    of = [home[unit] if specification.counts == "items" else unit for unit in coded.units]
    for dimension in specification.dimensions:
        w = np.array([TIMES if one == dimension else 1 for one in of])
        found = every_cutoff(g, w, people=weight, groups=place[rows], count=len(labels))
        want = _rule(coded) * found.total
        at = int(np.searchsorted(found.k, want - 1e-9))
        values[f"2 × {dimension}"] = found.M0[:-1, min(at, found.k.size - 1)]
        national[f"2 × {dimension}"] = float(found.M0[-1, min(at, found.k.size - 1)])
    rule = specification.at_least or 1 if specification.share is None else float(specification.share)
    main = next(name for name, cut in cuts.items() if cut == rule)
    table = pd.DataFrame(
        [
            (name, float(stats.kendalltau(values[main], value).statistic), _same(values[main], value), national[name])
            for name, value in values.items()
        ],
        columns=["choice", "kendall", "same_pairs", "M0"],
    )
    every = np.stack([np.sign(value[:, None] - value[None, :]) for value in values.values()])
    upper = np.triu_indices(len(labels), 1)
    pairs = float((every == every[0]).all(axis=0)[upper].mean()) if upper[0].size else np.nan
    return OrderRobustness(table.set_index("choice"), pairs)


def _rule(coded: Deprivations) -> float:
    """The cut-off of the specification as a share of everything."""
    specification = coded.specification
    if specification.share is not None:
        return float(specification.share)
    return (specification.at_least or 1) / len(coded.units)


def _same(one: np.ndarray, other: np.ndarray) -> float:
    """The share of pairs in the same order."""
    upper = np.triu_indices(one.size, 1)
    signs = [np.sign(value[:, None] - value[None, :])[upper] for value in (one, other)]
    return float((signs[0] == signs[1]).mean()) if signs[0].size else float("nan")
