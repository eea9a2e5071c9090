"""The values behind the cells of some panels, each once, and what a factor does to some of them.

Every perturbation is a function of uniform numbers from 0 to 1, one for each value, so that a draw is a point of the
unit cube and can be recomputed alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.methodology import Methodology
from cwi.panel import IMPUTED, Panel
from cwi.territory import PARENT_REGION

__all__ = ["DistinctValues", "Perturbation", "cell", "distinct_values", "shares"]

Array = NDArray[np.float64]
Places = NDArray[np.intp]
SHARE = "%"


@dataclass(frozen=True, eq=False)
class DistinctValues:
    """The values behind the cells of some panels, each once however often it is carried or taken from a parent region.

    ``table``: region, indicator, observed (year), value, se, n, status; of regions that share the figure of their
    parent region only the first, ``regions`` holding them all.
    ``places``: for each panel (n, k), the row of ``table`` behind a cell, -1 where there is none.
    """

    table: pd.DataFrame
    places: tuple[Places, ...]


@dataclass(frozen=True, eq=False)
class Perturbation:
    """What one factor does: the values at ``rows`` become ``draw(values, u)``, both arguments (rows, draws).

    ``unknown``: by row, why a value that should have an error of this kind has none that is known.
    """

    rows: Places
    draw: Callable[[Array, Array], Array]
    unknown: Mapping[int, str] = field(default_factory=dict)


def distinct_values(panels: Sequence[Panel]) -> DistinctValues:
    """The values that the cells of the panels are made of."""
    parts = []
    for number, panel in enumerate(panels):
        cells = panel.cells.reset_index(names="cell").assign(panel=number)
        parts.append(cells[cells["value"].notna() & (cells["status"] != IMPUTED)])
    rows = pd.concat(parts, ignore_index=True)
    shared = rows["status"] == PARENT_REGION
    figures = rows.loc[shared, ["value", "se", "n", "source"]]  # by which a parent region is known
    rows["owner"] = rows["region"]
    rows.loc[shared, "owner"] = [f"the parent region of {figure}" for figure in figures.itertuples(index=False)]
    row = rows.groupby(["owner", "indicator", "observed"], sort=True).ngroup()
    table = rows.assign(row=row).drop_duplicates("row").sort_values("row").reset_index(drop=True)
    regions = pd.Series([(region,) for region in table["region"]])
    of_several = rows[shared].groupby(row[shared])["region"].unique()
    regions[of_several.index] = [tuple(codes) for codes in of_several]
    places = []
    for number, panel in enumerate(panels):
        place = np.full(len(panel.cells), -1, dtype=np.intp)
        own = rows["panel"] == number
        place[rows.loc[own, "cell"].to_numpy()] = row[own].to_numpy()
        places.append(place.reshape(panel.x.shape))
    columns = ["region", "indicator", "observed", "value", "se", "n", "status"]
    return DistinctValues(table[columns].assign(regions=regions), tuple(places))


def shares(rows: pd.DataFrame, methodology: Methodology) -> NDArray[np.bool_]:
    """Which values are shares of a hundred."""
    unit = methodology.indicators.set_index("code")["unit"]
    return np.asarray(rows["indicator"].map(unit) == SHARE)


def cell(row: Any) -> str:
    """A value as an error message names it."""
    return f"{row.indicator} in {row.region}, {row.observed}"
