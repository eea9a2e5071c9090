"""Which domains may not be printed: too few children, or ones by which these could be computed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.inputs.survey import Limits
from cwi.methods.survey.disclosure import Amount, hide

__all__ = ["LIMITS", "hidden_domains"]

LIMITS = Limits(suppress_below=25, flag_below=50, k=5, protection=10.0)


def hidden_domains(table: pd.DataFrame, *, nation: str, limits: Limits = LIMITS) -> NDArray[np.bool_]:
    """The domains that must be hidden, those that protect them among them.

    A domain with fewer children than the limit is hidden; then further ones of the same region or of the nation, until
    a linear program cannot find the number of a hidden small domain closer than ``limits.k``.

    Parameters
    ----------
    table
        region, area (empty: both), n; a row a domain of one partition and its totals.
    nation
        The code of the country.
    limits
        Of the survey by default.

    Examples
    --------
    >>> rows = [("KZ", "", 140), ("A", "", 60), ("B", "", 80), ("A", "R", 10), ("A", "U", 50)]
    >>> table = pd.DataFrame(rows, columns=["region", "area", "n"])
    >>> table[hidden_domains(table, nation="KZ")]["area"].tolist()
    ['R', 'U']
    """
    small = (table["n"] < limits.suppress_below).to_numpy()
    if not small.any():
        return small
    place = {(region, area): i for i, (region, area) in enumerate(zip(table["region"], table["area"], strict=True))}
    lines = []
    regions = [region for region, area in place if area == "" and region != nation]
    for region in (*regions, nation):
        parts = [place[region, area] for area in ("R", "U") if (region, area) in place]
        if parts and (region, "") in place:
            lines.append((parts, place[region, ""]))
    for area in ("", "R", "U"):
        parts = [place[region, area] for region in regions if (region, area) in place]
        if parts and (nation, area) in place:
            lines.append((parts, place[nation, area]))
    equations = np.zeros((len(lines), len(table)))
    for row, (parts, total) in enumerate(lines):
        equations[row, parts], equations[row, total] = 1.0, -1.0
    n = table["n"].to_numpy(float)
    if not lines:
        return small
    amount = Amount(n, np.zeros(n.size), np.full(n.size, np.inf), np.full(n.size, float(limits.k)))
    return hide(equations, small, n, [amount])
