"""Which measures aim at the weak components of a region, and which components none aims at."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from cwi.errors import DataError
from cwi.index import Scores
from cwi.inputs.policy import Register

__all__ = ["aims", "unaimed"]


def aims(register: Register, scores: Scores, year: int, *, weakest: int = 3) -> pd.DataFrame:
    """The weakest components of each region beside the nation, and the measures that aim at them.

    Parameters
    ----------
    weakest
        How many components of each region are taken, those farthest below the nation's score first.

    Returns
    -------
    DataFrame
        region, component, gap (points below the nation, negative), measures (a tuple of codes of the register, empty
        where none aims at the component).
    """
    methodology = scores.methodology
    level = methodology.levels[0].name
    wide = scores.wide(year, level)
    if methodology.nation not in wide.index:
        raise DataError(f"there is no national score of {year} to compare regions with")
    gaps = wide.sub(wide.loc[methodology.nation]).drop(index=methodology.nation)
    aimed: dict[str, tuple[str, ...]] = {}
    for component, rows in register.measures.groupby("component", sort=False):
        aimed[str(component)] = tuple(str(code) for code in rows.index)
    long = gaps.rename_axis(index="region", columns="component").reset_index()
    long = long.melt(id_vars="region", value_name="gap").dropna(subset=["gap"])
    long = long[long["gap"] < 0].sort_values(["region", "gap"], kind="stable").groupby("region").head(weakest)
    long["measures"] = [aimed.get(str(component), ()) for component in long["component"]]
    return long.reset_index(drop=True)


def unaimed(register: Register, components: Iterable[str]) -> list[str]:
    """Components that no measure of the register aims at."""
    aimed = set(register.measures["component"])
    return [component for component in components if component not in aimed]
