"""Deprivations as bits of one number a person, tallied in one pass: what millions of persons need.

A tally holds how many persons of each group have each weighted count, and how many of them are deprived in each
indicator. All measures at all cut-offs follow from it without the persons; tallies of parts of a file add up.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cwi.errors import ColumnError
from cwi.methods.deprivation.rules import whole_weights

__all__ = ["CountingPlan", "Tally", "pack"]

Array = NDArray[np.float64]
Codes = NDArray[np.uint32] | NDArray[np.uint64]
Whole = NDArray[np.int64]

CHUNK = 10  # bits that one table looks up
MOST = 60  # indicators
KEPT = 1 << 20  # rows of a workspace that is kept
WIDEST = 12  # dimensions of an overlap


@dataclass(frozen=True, eq=False)
class CountingPlan:
    """What is counted of a code: weights of d indicators in whole numbers, and groups of indicators (dimensions).

    Parameters
    ----------
    weights : (d,)
        In any unit, see :func:`cwi.methods.deprivation.whole_weights`; at most 60 indicators.
    dimensions
        For each of D dimensions, the places of its indicators; a person is deprived in a dimension if in any of them.
        None, or at most 12.

    Raises
    ------
    ValueError
        If there are too many indicators or dimensions, a place does not exist, or the weights cannot be used.

    Examples
    --------
    >>> plan = CountingPlan([1, 1, 2, 2], dimensions=[(0, 1), (2, 3)])
    >>> plan.levels.tolist(), plan.total
    ([0, 1, 2, 3, 4, 5, 6], 6)
    """

    weights: Iterable[Fraction | float]
    dimensions: Sequence[Sequence[int]] = ()

    w: Whole = field(init=False, repr=False)  # (d,) whole
    total: int = field(init=False, repr=False)
    levels: Whole = field(init=False, repr=False)  # (L,) counts that a person can have
    place: Whole = field(init=False, repr=False)  # (total + 1,) where a count is among the levels
    scores: tuple[Whole, ...] = field(init=False, repr=False)  # a table a chunk: count of its bits
    unions: tuple[Whole, ...] = field(init=False, repr=False)  # a table a chunk: bits of dimensions

    def __post_init__(self) -> None:
        w = whole_weights(self.weights)
        d = w.size
        if d > MOST:
            raise ValueError(f"there are {d} indicators; at most {MOST} can be tallied")
        if len(self.dimensions) > WIDEST:
            raise ValueError(f"there are {len(self.dimensions)} dimensions; at most {WIDEST} can overlap")
        for places in self.dimensions:
            for place in places:
                if not 0 <= place < d:
                    raise ValueError(f"a dimension names indicator {place}; there are {d}, from 0")
        total = int(w.sum())
        possible = np.zeros(total + 1, dtype=bool)
        possible[0] = True
        for one in w[w > 0]:
            possible[one:] |= possible[:-one].copy()
        scores, unions = [], []
        for start in range(0, d, CHUNK):
            here = range(start, min(start + CHUNK, d))
            bits = _bits(len(here))
            scores.append(bits @ w[list(here)])
            member = [[place in set(map(int, places)) for places in self.dimensions] for place in here]
            hit = (bits @ np.array(member, dtype=np.int64).reshape(len(here), -1)) > 0
            unions.append(hit.astype(np.int64) @ (1 << np.arange(len(self.dimensions), dtype=np.int64)))
        fields: dict[str, Any] = {
            "w": w, "total": total, "levels": np.flatnonzero(possible).astype(np.int64),
            "place": np.cumsum(possible) - 1, "scores": tuple(scores), "unions": tuple(unions),
        }  # fmt: skip
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def d(self) -> int:
        """The number of indicators."""
        return int(self.w.size)

    def empty(self, groups: int) -> Tally:
        """A tally of nobody in so many groups."""
        sizes = [min(CHUNK, self.d - start) for start in range(0, self.d, CHUNK)]
        return Tally(
            plan=self,
            halves=tuple(np.zeros((groups, self.levels.size, 1 << size)) for size in sizes),
            cells=np.zeros((groups, 1 << len(self.dimensions))),
            lost=np.zeros(groups),
            rows=0,
        )

    def tally(
        self,
        codes: ArrayLike,
        groups: ArrayLike,
        count: int,
        *,
        people: ArrayLike | None = None,
        complete: ArrayLike | None = None,
    ) -> Tally:
        """Persons tallied by group.

        Parameters
        ----------
        codes : (n,)
            Of :func:`pack`.
        groups : (n,)
            Whole numbers from 0 to ``count`` - 1.
        count
            The number of groups.
        people : (n,)
            How many persons each row stands for; one by default.
        complete : (n,)
            False for a person with a gap, who is left out and whose weight is counted as lost; all true by default.

        Raises
        ------
        ValueError
            If a group is not from 0 to ``count`` - 1, or weights are missing or below zero.
        """
        code, group = np.asarray(codes), np.asarray(groups)
        w = None if people is None else np.asarray(people, dtype=float)
        if code.shape != group.shape or (w is not None and w.shape != code.shape):
            raise ValueError(f"groups of the shape {group.shape} do not fit {code.size} persons")
        if group.size and (int(group.min()) < 0 or int(group.max()) >= count):
            raise ValueError(f"groups run from {group.min()} to {group.max()}; they must lie between 0 and {count - 1}")
        if w is not None and not (np.isfinite(w) & (w >= 0)).all():
            raise ValueError("weights of persons are missing, infinite or below zero")
        lost = np.zeros(count)
        rows = int(code.size)
        if complete is not None:
            whole = np.asarray(complete, dtype=bool)
            if not whole.all():
                lost = np.bincount(group[~whole], None if w is None else w[~whole], count).astype(float)
                code, group, w = code[whole], group[whole], None if w is None else w[whole]
        work = _workspace(code.size, 3 + len(self.scores))
        first, second, key, *chunks = work
        self._split(code, chunks)
        self._looked_up(self.scores, chunks, first, second, np.add)
        np.take(self.place, first, out=second, mode="clip")
        np.multiply(group, self.levels.size, out=first)
        np.add(first, second, out=first)  # a row of group and count
        halves = []
        for table, chunk in zip(self.scores, chunks, strict=True):
            np.multiply(first, table.size, out=key)
            np.add(key, chunk, out=key)
            cells = np.bincount(key, w, count * self.levels.size * table.size)
            halves.append(np.asarray(cells, dtype=float).reshape(count, self.levels.size, -1))
        many = 1 << len(self.dimensions)
        np.multiply(group, many, out=key)
        if many > 1:
            self._looked_up(self.unions, chunks, first, second, np.bitwise_or)
            np.add(key, first, out=key)
        overlap = np.asarray(np.bincount(key, w, count * many), dtype=float).reshape(count, many)
        return Tally(self, tuple(halves), overlap, lost, rows)

    def _split(self, code: NDArray[Any], chunks: Sequence[Whole]) -> None:
        """The bits of each code in tens, written into the chunks."""
        mask = code.dtype.type((1 << CHUNK) - 1)
        for place, chunk in enumerate(chunks):
            chunk[:] = (code >> code.dtype.type(CHUNK * place)) & mask

    def _looked_up(self, tables: Sequence[Whole], chunks: Sequence[Whole], out: Whole, aside: Whole, join: Any) -> None:
        """What the tables have for the chunks of each code, joined, written into ``out``."""
        np.take(tables[0], chunks[0], out=out, mode="clip")
        for table, chunk in zip(tables[1:], chunks[1:], strict=True):
            np.take(table, chunk, out=aside, mode="clip")
            join(out, aside, out=out)


@dataclass(frozen=True, eq=False)
class Tally:
    """Persons of m groups by weighted count.

    ``halves``: for each ten indicators, how many persons have each count and each combination of the ten, (m, L,
    1024). ``cells``: how many have each combination of D dimensions, bit j for dimension j, (m, 2^D). ``lost``: the
    weight of persons with a gap, (m,). ``rows``: rows read.
    """

    plan: CountingPlan
    halves: tuple[Array, ...]
    cells: Array
    lost: Array
    rows: int

    def __add__(self, other: Tally) -> Tally:
        """The tally of both parts of a file."""
        halves = tuple(one + two for one, two in zip(self.halves, other.halves, strict=True))
        return replace(
            self,
            halves=halves,
            cells=self.cells + other.cells,
            lost=self.lost + other.lost,
            rows=self.rows + other.rows,
        )

    def include(self, other: Tally) -> Tally:
        """This tally with another added to it in place, for a sum of many; the tally itself is given back."""
        for one, two in zip(self.halves, other.halves, strict=True):
            np.add(one, two, out=one)
        np.add(self.cells, other.cells, out=self.cells)
        np.add(self.lost, other.lost, out=self.lost)
        return replace(self, rows=self.rows + other.rows)

    @property
    def mass(self) -> Array:
        """The weight of persons by group and count, (m, L)."""
        return np.asarray(self.halves[0].sum(axis=2))

    @property
    def joint(self) -> Array:
        """The weight of persons deprived in each indicator, by group and count, (m, L, d)."""
        parts = [half @ _bits(int(half.shape[2]).bit_length() - 1).astype(float) for half in self.halves]
        return np.concatenate(parts, axis=2)


def pack(g: ArrayLike) -> tuple[Codes, NDArray[np.bool_]]:
    """The deprivations of each person as bits of one number, indicator j as bit j.

    Parameters
    ----------
    g : (n, d)
        1 where deprived, 0 where not, not a number where unknown; at most 60 indicators.

    Returns
    -------
    (n,) codes, with 0 for what is unknown, and (n,) whether a person has no gap.

    Raises
    ------
    ValueError
        If the shape does not fit, or a cell is neither 0 nor 1 (:class:`cwi.errors.ColumnError`).

    Examples
    --------
    >>> codes, complete = pack([[1, 0, 1], [0, np.nan, 1]])
    >>> codes.tolist(), complete.tolist()
    ([5, 4], [True, False])
    """
    table = np.asarray(g)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"deprivations of the shape {table.shape}; there must be persons by indicators")
    n, d = table.shape
    if d > MOST:
        raise ValueError(f"there are {d} indicators; at most {MOST} can be packed")
    dtype: Any = np.uint32 if d <= 32 else np.uint64
    codes, complete = np.zeros(n, dtype=dtype), np.ones(n, dtype=bool)
    for j in range(d):
        column = table[:, j]
        one = column == 1
        if table.dtype != np.bool_:
            known = one | (column == 0)
            if not known.all():
                gap = np.isnan(column.astype(float))
                if not (known | gap).all():
                    raise ColumnError(j, "has values other than 0 and 1")
                complete &= ~gap
        codes |= one.astype(dtype) << dtype(j)
    return codes, complete


_LOCAL = threading.local()


def _workspace(n: int, many: int) -> list[Whole]:
    """So many arrays of n whole numbers, kept for the thread's next call: fresh memory costs more than counting."""
    held = getattr(_LOCAL, "held", None)
    if held is None or held.shape[0] < many or held.shape[1] < n:
        held = np.empty((many, n), dtype=np.int64)
        _LOCAL.held = held if n <= KEPT else None
    return [held[place, :n] for place in range(many)]


def _bits(size: int) -> Whole:
    """All numbers of so many bits as rows of bits, (2^size, size)."""
    return (np.arange(1 << size, dtype=np.int64)[:, None] >> np.arange(size)) & 1
