"""Experts' weights, each expert kept: what they come to together, and how far they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.errors import DataError, MethodologyError
from cwi.methodology import Methodology
from cwi.methods.agreement import kendall_w, mean_distance
from cwi.methods.weighting.judgement import ahp_consistency

__all__ = ["LIMIT", "Panel", "join", "parents_of"]

Array = NDArray[np.float64]

LIMIT = 0.10  # the highest consistency ratio that Saaty (1980) accepts


@dataclass(frozen=True, eq=False, repr=False)
class Panel:
    """A panel of experts.

    ``weights``      a row an expert, a column a part of the tree, summing to one under each parent: an expert drawn
                     whole is a row of it
    ``parents``      the parent of each part
    ``method``       budget_allocation, ahp, or both
    ``judgements``   for AHP, the matrices of the experts in ``weights`` under each parent, (m, k, k)
    ``consistency``  for AHP, of every expert: expert, parent, parts, ratio
    ``set_aside``    experts left out of ``weights`` because their judgements contradict one another
    """

    weights: pd.DataFrame
    parents: pd.Series
    method: str
    judgements: Mapping[str, Array]
    consistency: pd.DataFrame
    set_aside: tuple[str, ...]
    synthetic: bool

    def __repr__(self) -> str:
        return f"Panel({self.method}: {len(self.weights)} experts, {len(self.set_aside)} set aside)"

    def __len__(self) -> int:
        return len(self.weights)

    def mean(self) -> pd.Series:
        """The weights of the panel as one.

        The arithmetic mean of points; the principal eigenvector of the geometric mean of judgements; of a panel of both
        the mean of all experts' weights.
        """
        mean = self.weights.mean()
        for parent, matrices in self.judgements.items():
            mean[self.parts(parent)] = ahp_consistency(matrices).weights
        return mean.rename("experts")

    def parts(self, parent: str) -> list[str]:
        """The parts of a parent, in the order of the tree."""
        return list(self.parents.index[self.parents == parent])

    def spread(self) -> pd.DataFrame:
        """What the experts gave to each part.

        Returns
        -------
        DataFrame
            index part; parent, mean, sd (divided by m - 1), low and high (what nine in ten experts lie between).
        """
        low, high = np.quantile(self.weights, [0.05, 0.95], axis=0)
        return pd.DataFrame(
            {"parent": self.parents, "mean": self.weights.mean(), "sd": self.weights.std(), "low": low, "high": high}
        )

    def agreement(self) -> pd.DataFrame:
        """How far the experts agree about the parts of each parent.

        Returns
        -------
        DataFrame
            parent, parts; w: Kendall's coefficient of the orders their weights imply, 0 none to 1 full; distance: the
            share of the weight that two experts would have to move to agree, mean over pairs.
        """
        rows: list[dict[str, Any]] = []
        for parent in dict.fromkeys(self.parents):
            given = self.weights[self.parts(parent)].to_numpy(float)
            rows.append(
                {
                    "parent": parent,
                    "parts": given.shape[1],
                    "w": kendall_w(given),
                    "distance": mean_distance(given),
                }
            )
        return pd.DataFrame(rows)

    def rules(self) -> dict[str, dict[str, Any]]:
        """The panel as rules, for ``methodology.replace(node=panel.rules())``: each expert enters the fingerprint.

        Raises
        ------
        MethodologyError
            If the panel is of both methods, which are no one rule: use ``with_weights(methodology, panel.mean())``.
        """
        if self.method == "both":
            raise MethodologyError(
                "a panel of points and judgements is no one rule; hand with_weights the mean of the panel instead"
            )
        rules: dict[str, dict[str, Any]] = {}
        for parent in dict.fromkeys(self.parents):
            parts = self.parts(parent)
            if self.method == "ahp":
                given = [_pairs(matrix, parts) for matrix in self.judgements[parent]]
                rules[parent] = {"weighting": {"name": "ahp", "judgements": given}}
            else:
                points = [dict(zip(parts, row, strict=True)) for row in (self.weights[parts] * 100).to_numpy().tolist()]
                rules[parent] = {"weighting": {"name": "budget_allocation", "points": points}}
        return rules


def join(panels: Sequence[Panel]) -> Panel:
    """Several panels as one of both methods.

    Raises
    ------
    DataError
        If an expert is in two of them, or they speak of different trees, or some are synthetic and some are not.
    """
    first, *others = panels
    if not others:
        return first
    for other in others:
        if not first.parents.equals(other.parents):
            raise DataError("the panels speak of different trees; read them with one methodology")
        if first.synthetic != other.synthetic:
            raise DataError("one panel is synthetic and another is not; real and synthetic sheets are never mixed")
    experts = [expert for panel in panels for expert in (*panel.weights.index, *panel.set_aside)]
    if len(set(experts)) < len(experts):
        twice = next(expert for expert in experts if experts.count(expert) > 1)
        raise DataError(f"expert {twice} is in two panels; an expert has one sheet, of points or of judgements")
    return replace(
        first,
        weights=pd.concat([panel.weights for panel in panels]),
        method="both",
        judgements={},
        consistency=pd.concat([p.consistency for p in panels if len(p.consistency)] or [first.consistency]),
        set_aside=tuple(expert for panel in panels for expert in panel.set_aside),
    )


def parents_of(methodology: Methodology) -> pd.Series:
    """The parent of every part of the tree, indicators first.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> parents_of(read_methodology("2024.1"))["ecology"]
    'country'
    """
    return pd.Series({part: node for node, parts in methodology.tree.parts_of.items() for part in parts}, name="parent")


def _pairs(matrix: Array, parts: Sequence[str]) -> dict[str, dict[str, float]]:
    """The upper half of a matrix, by code."""
    return {
        row: {column: float(matrix[i, j]) for j, column in enumerate(parts) if j > i}
        for i, row in enumerate(parts[:-1])
    }
