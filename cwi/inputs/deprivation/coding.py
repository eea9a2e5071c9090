"""From a table of children to who is deprived in what, by a specification."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi import textfiles
from cwi.errors import DataError, near
from cwi.inputs.deprivation.specification import Item, Specification
from cwi.methods.deprivation import reaches, weighted_counts, whole_weights

__all__ = ["CANNOT_AFFORD", "Deprivations", "code_deprivations"]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

HAS, CANNOT_AFFORD, DOES_NOT_WANT = 1, 2, 3


@dataclass(frozen=True, eq=False)
class Deprivations:
    """Deprivations of n children by d items or dimensions, and which of the children are deprived in all.

    ``children``: the table they come from. ``items``: (n, items) 1 deprived, 0 not, not a number where unknown or not
    for the age. ``g``: the same of what is counted, (n, d); ``applies``: what is for the age of each child, (n, d).
    ``band``: place of the age band, -1 outside the ages, (n,). ``weights``: whole numbers by band, (bands, d).
    ``used``: who is counted: of the ages, without a gap, (n,). ``counts``: weighted count, ``of``: what a child
    deprived in everything counts, (n,). ``poor``: who is deprived by the rule, (n,). ``gaps``: from 0 at the cut-off to
    1 at the worst, of yes-or-no items 0 or 1, (n, d); None where no item of the specification has gaps.
    """

    specification: Specification
    children: pd.DataFrame
    items: pd.DataFrame
    g: Array
    applies: Flags
    band: Whole
    weights: Whole
    used: Flags
    counts: Whole
    of: Whole
    poor: Flags
    gaps: Array | None = None

    @cached_property
    def share(self) -> Array:
        """The weighted share of deprivations of each child, not a number for those not counted, (n,)."""
        return np.where(self.used, self.counts / np.maximum(self.of, 1), np.nan)

    def gap_share(self, power: int) -> Array:
        """The weighted mean of the gaps of each child to a power, not a number for those not counted, (n,).

        Power 0 is :attr:`share`; M1 and M2 are the means of powers 1 and 2 over all children, those who are not
        deprived by the rule counting 0.

        Raises
        ------
        DataError
            If no item of the specification has gaps.
        """
        if self.gaps is None:
            raise DataError(
                f"no item of '{self.specification.name}' has gaps; write the worst value of a number in the column "
                "'worst' of its items.csv"
            )
        weights = self.weights[np.maximum(self.band, 0)] / np.maximum(self.of, 1)[:, None]
        gaps = np.nan_to_num(self.gaps)
        summed = (weights * np.where(gaps > 0, gaps**power, 0.0)).sum(axis=1)
        return np.where(self.used, summed, np.nan)

    @property
    def units(self) -> tuple[str, ...]:
        """What is counted, (d,)."""
        return self.specification.units

    @cached_property
    def person(self) -> Array:
        """The weight of each child in the sample, (n,)."""
        return self.children["weight"].to_numpy(float)

    def lost(self) -> pd.DataFrame:
        """By age band: children, the share of their weight lost to gaps, and what they lack an answer to.

        Returns
        -------
        DataFrame
            index band; n, counted, lost (share of weight), most_missing (the item with the largest share missing).
        """
        rows = []
        names = np.array(self.items.columns)
        for place, band in enumerate(self.specification.bands):
            here = self.band == place
            weight = self.person[here]
            mine = [band.code in item.bands for item in self.specification.items]
            gaps = self.items.loc[here, list(names[mine])].isna()
            total = weight.sum()
            share = weight @ gaps.to_numpy(float) / total if total else np.zeros(gaps.shape[1])
            rows.append({
                "band": band.code,
                "n": int(here.sum()),
                "counted": int((here & self.used).sum()),
                "lost": float(weight[~self.used[here]].sum() / total) if total else np.nan,
                "most_missing": str(gaps.columns[int(np.argmax(share))]) if share.size and share.max() > 0 else "",
            })  # fmt: skip
        return pd.DataFrame(rows).set_index("band")


def code_deprivations(children: pd.DataFrame, specification: Specification) -> Deprivations:
    """Who is deprived in what.

    A child with a gap in an item for its age is not counted: the others then represent it, which is right only if gaps
    do not depend on deprivation; :meth:`Deprivations.lost` has the share. What is not for the age of a child is
    neither counted nor missing.

    Parameters
    ----------
    children
        A row a child, with ``age``, ``weight`` and the variables of the specification; enforced lacks as 1 has, 2
        cannot afford, 3 does not want.
    specification
        Of :func:`read_specification`.

    Raises
    ------
    DataError
        If a variable is missing from the table or has words, or an enforced lack has another code.

    Examples
    --------
    >>> from cwi.inputs.deprivation import read_specification
    >>> items = [item.variable for item in read_specification("eu-child").items]
    >>> child = dict.fromkeys(items, 1) | {"age": 9, "weight": 1.0, "arrears": 0}
    >>> rows = [child, child | {"holiday": 2, "car": 2, "books": 2}, child | {"holiday": 2, "car": 3, "books": 2}]
    >>> code_deprivations(pd.DataFrame(rows), read_specification("eu-child")).poor.tolist()
    [False, True, False]
    """
    for name in ("age", "weight", *(item.variable for item in specification.items)):
        if name not in children:
            raise DataError(
                f"the table of children has no column '{name}', which '{specification.name}' needs"
                f"{near(name, map(str, children.columns))}"
            )
    table = children.reset_index(drop=True)
    band = _bands(table["age"].to_numpy(float), specification)
    columns, suited = {}, {}
    for item in specification.items:
        for_age = np.isin(band, [i for i, one in enumerate(specification.bands) if one.code in item.bands])
        columns[item.code] = np.where(for_age, _tested(table[item.variable], item), np.nan)
        suited[item.code] = for_age
    items, for_ages = pd.DataFrame(columns), pd.DataFrame(suited)
    g, applies = _units(items, for_ages, specification)
    complete = (~np.isnan(g) | ~applies).all(axis=1) & (band >= 0)
    weights = _weights(specification)
    known = np.where(applies & complete[:, None], np.nan_to_num(g), 0.0).astype(bool)
    counts, of = np.zeros((2, len(table)), dtype=np.int64)
    poor: Flags = np.zeros(len(table), dtype=bool)
    for place in range(len(specification.bands)):
        rows = np.flatnonzero((band == place) & complete)
        counts[rows], of[rows] = weighted_counts(known[rows], weights[place]), weights[place].sum()
    lacking = np.where(complete[:, None], np.nan_to_num(items.to_numpy()), 0.0)
    if specification.share is not None:
        poor[complete] = reaches(counts[complete], specification.share, of=of[complete])
    else:
        plain = known if specification.counts == "dimensions" else lacking
        poor = complete & (plain.sum(axis=1) >= (specification.at_least or 1))
    for dimension, many in specification.also:
        mine = [item.dimension == dimension for item in specification.items]
        poor = poor & (lacking[:, mine].sum(axis=1) >= many)
    gaps = np.where(applies, _gaps(table, items, specification), np.nan) if specification.has_gaps else None
    return Deprivations(specification, table, items, g, applies, band, weights, complete, counts, of, poor, gaps)


def _bands(age: Array, specification: Specification) -> Whole:
    """The place of each child's age band, -1 outside; ages in years may have a fraction."""
    band = np.full(age.size, -1, dtype=np.int64)
    for place, one in enumerate(specification.bands):
        band[(age >= one.low) & (age < one.high + 1)] = place
    return band


def _tested(cells: pd.Series, item: Item) -> Array:
    """1 where deprived, 0 where not, not a number where unknown."""
    values = textfiles.numbers(cells).to_numpy(float)
    words = np.isnan(values) & cells.notna().to_numpy()
    if words.any():
        place = int(np.argmax(words))
        raise DataError(
            f"{item.variable} is '{str(cells.iloc[place])[:60]}' in row {place + 1}; it must be a number or empty"
        )
    if item.test == "cannot afford":
        other = ~np.isin(values, (HAS, CANNOT_AFFORD, DOES_NOT_WANT)) & ~np.isnan(values)
        if other.any():
            raise DataError(
                f"{item.variable} is {values[other][0]:g} in row {int(np.argmax(other)) + 1}; an enforced lack is "
                "1 (has), 2 (cannot afford) or 3 (does not want)"
            )
        deprived = values == CANNOT_AFFORD
    elif item.test == "is":
        deprived = np.isin(values, item.cut)
    else:
        deprived = values < item.cut[0] if item.test == "below" else values > item.cut[0]
    return np.where(np.isnan(values), np.nan, deprived.astype(float))


def _gaps(table: pd.DataFrame, items: pd.DataFrame, specification: Specification) -> Array:
    """How far each child is from the cut-off of each item, as a share of the way to the worst value, (n, items)."""
    columns = []
    for item in specification.items:
        lacking = items[item.code].to_numpy(float)
        if item.worst is not None:
            values = textfiles.numbers(table[item.variable]).to_numpy(float)
            way = (values - item.cut[0]) / (item.worst - item.cut[0])
            lacking = np.where(lacking > 0, np.clip(way, 0.0, 1.0), lacking)
        columns.append(lacking)
    return np.stack(columns, axis=1)


def _units(items: pd.DataFrame, suited: pd.DataFrame, specification: Specification) -> tuple[Array, Flags]:
    """Items, or dimensions in which a child is deprived if in any of their items; and which are for the age."""
    if specification.counts == "items":
        return items.to_numpy(float), suited.to_numpy()
    g, applies = [], []
    for dimension in specification.dimensions:
        codes = [item.code for item in specification.items if item.dimension == dimension]
        part, here = items[codes].to_numpy(float), suited[codes].to_numpy()
        any_of = np.nanmax(np.where(here, np.nan_to_num(part), 0.0), axis=1, initial=0.0)
        gap = (np.isnan(part) & here).any(axis=1) & (any_of == 0)
        g.append(np.where(~here.any(axis=1) | gap, np.nan, any_of))
        applies.append(here.any(axis=1))
    return np.stack(g, axis=1), np.stack(applies, axis=1)


def _weights(specification: Specification) -> Whole:
    """Whole weights by band, (bands, d); 0 for what is not for the age."""
    rows = []
    for band in specification.bands:
        if specification.counts == "items":
            row = [item.weight if band.code in item.bands else Fraction(0) for item in specification.items]
        else:
            held = {item.dimension for item in specification.items if band.code in item.bands}
            row = [Fraction(int(dimension in held)) for dimension in specification.dimensions]
        rows.append(whole_weights(row))
    return np.stack(rows)
