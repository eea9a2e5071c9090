"""The tree of an index: its levels, the codes of each, who belongs to whom, and what every part counts at the top.

Levels are counted from the indicators (0) to the index; a part that a methodology leaves out has no parent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cwi.errors import MethodologyError, near

__all__ = ["INDICATOR", "Tree"]

Array = NDArray[np.float64]
INDICATOR = "indicator"


@dataclass(frozen=True, eq=False)
class Tree:
    """Levels, codes and parents.

    ``levels``: names, the indicators first, the index last.
    ``codes``: for each level the codes of its nodes, in their order.
    ``parents``: for each level but the last the place, in the next level, of the node that each part belongs to; -1 for
    a part that is left out.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> tree = read_methodology("2024.1").tree
    >>> tree.levels, [len(codes) for codes in tree.codes]
    (('indicator', 'component', 'dimension', 'index'), [56, 14, 4, 1])
    >>> tree.path("emissions"), len(tree.under("ecology"))
    (('emissions', 'ecology', 'country', 'index'), 2)
    """

    levels: tuple[str, ...]
    codes: tuple[tuple[str, ...], ...]
    parents: tuple[NDArray[np.intp], ...]

    @property
    def top(self) -> str:
        """The code of the node that holds everything."""
        return self.codes[-1][0]

    @cached_property
    def level_of(self) -> Mapping[str, str]:
        """The level of each code, the indicators first."""
        return MappingProxyType(
            {code: level for level, codes in zip(self.levels, self.codes, strict=True) for code in codes}
        )

    @cached_property
    def parent_of(self) -> Mapping[str, str]:
        """The node that each part belongs to; the top and parts that are left out have none."""
        return MappingProxyType(
            {
                code: above[parent]
                for codes, above, parents in zip(self.codes, self.codes[1:], self.parents, strict=False)
                for code, parent in zip(codes, parents.tolist(), strict=True)
                if parent >= 0
            }
        )

    @cached_property
    def parts_of(self) -> Mapping[str, tuple[str, ...]]:
        """The parts of each node, in their order."""
        parts: dict[str, list[str]] = {code: [] for codes in self.codes[1:] for code in codes}
        for code, parent in self.parent_of.items():
            parts[parent].append(code)
        return MappingProxyType({code: tuple(parents_of_level) for code, parents_of_level in parts.items()})

    def belongs(self, level: int) -> NDArray[np.bool_]:
        """Which part of a level (counted from 0) belongs to which node of the next: (parts, nodes) of true or false."""
        return np.asarray(self.parents[level][:, None] == np.arange(len(self.codes[level + 1])))

    def at(self, level: str) -> tuple[str, ...]:
        """The codes of a level.

        Raises
        ------
        MethodologyError
            If no level has the name.
        """
        if level not in self.levels:
            raise MethodologyError(f"no level is called '{level}'{near(level, self.levels)}")
        return self.codes[self.levels.index(level)]

    def check(self, code: str) -> str:
        """The code, if the tree has it.

        Raises
        ------
        MethodologyError
            If no node or indicator has the code.
        """
        if code not in self.level_of:
            raise MethodologyError(f"no indicator or node is called '{code}'{near(code, self.level_of)}")
        return code

    def path(self, code: str) -> tuple[str, ...]:
        """A code, its parent, and so on to the top."""
        steps = [self.check(code)]
        while (parent := self.parent_of.get(steps[-1])) is not None:
            steps.append(parent)
        return tuple(steps)

    @cached_property
    def depth_first(self) -> tuple[str, ...]:
        """All nodes and indicators from the top down, each followed by its parts."""

        def below(code: str) -> tuple[str, ...]:
            return (code, *(inner for part in self.parts_of.get(code, ()) for inner in below(part)))

        return below(self.top)

    def under(self, code: str) -> tuple[str, ...]:
        """The indicators under a node, in the order of the table; an indicator is under itself."""
        return self._under[self.check(code)]

    @cached_property
    def _under(self) -> dict[str, tuple[str, ...]]:
        under: dict[str, list[str]] = {code: [] for code in self.level_of}
        for indicator in self.codes[0]:
            for code in self.path(indicator):
                under[code].append(indicator)
        return {code: tuple(indicators) for code, indicators in under.items()}

    def membership(self) -> Array:
        """Which indicator is under which part: 1 or 0, (indicators, all parts but the top in the order of levels)."""
        columns = [code for codes in self.codes[:-1] for code in codes]
        paths = [set(self.path(code)) for code in self.codes[0]]
        return np.array([[float(column in path) for column in columns] for path in paths])

    def implied(self, weights: Sequence[Array]) -> tuple[Array, ...]:
        """What every node counts at the top: the product of the weights on its way.

        Equal weights at every level are not equal weights of the indicators.

        Parameters
        ----------
        weights
            For each level but the last the weight of every part in its parent, (..., k); leading axes: draws or units.

        Returns
        -------
        tuple of (..., k) arrays, a level each, indicators first; the last is 1. Parts that are left out count 0.
        """
        result = [np.ones((*np.asarray(weights[-1]).shape[:-1], 1))]
        for weights_of_level, parents in zip(reversed(weights), reversed(self.parents), strict=True):
            above = result[-1][..., np.maximum(parents, 0)]
            result.append(np.where(parents >= 0, np.asarray(weights_of_level) * above, 0.0))
        return tuple(reversed(result))

    def in_force(self, weights: Sequence[Array], scored: Sequence[NDArray[np.bool_]]) -> tuple[Array, ...]:
        """What every node really counts at the top where parts are missing.

        The measured parts of a node share the weight of its missing ones in proportion, node by node, as an arithmetic
        mean does; where the top has no score nothing counts.

        Parameters
        ----------
        weights
            As for :meth:`implied`, (k,) or (n, k).
        scored
            For each level, the top included, which nodes have a score, (n, k).

        Returns
        -------
        tuple of (n, k) arrays, a level each, indicators first; each sums to 1 in a row that has a top, to 0 elsewhere.
        """
        shared = []
        for weights_of_level, here, above, parents in zip(weights, scored, scored[1:], self.parents, strict=False):
            used = np.where(here & (parents >= 0), weights_of_level, 0.0)
            total = np.zeros(above.shape)
            np.add.at(total.T, parents[parents >= 0], used.T[parents >= 0])
            of_parent = total[..., np.maximum(parents, 0)]
            shared.append(np.divide(used, of_parent, out=np.zeros_like(used), where=of_parent > 0))
        result = self.implied(shared)
        top = scored[-1].astype(float)
        return tuple(np.asarray(weights_of_level * top) for weights_of_level in result)
