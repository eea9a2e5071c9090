"""The design of a sample of children, and the domains that are estimated: the nation, areas, regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.methods.survey import Design

__all__ = ["Domains", "sample_design"]

Codes = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Domains:
    """One partition of the children: ``code`` of each (n,), and ``keys`` of each domain: region, area, group."""

    code: Codes
    keys: pd.DataFrame

    @classmethod
    def by(cls, children: pd.DataFrame, *columns: str, nation: str) -> Domains:
        """The nation where no column is named, else each combination of the columns that occurs.

        ``columns``: region, area, or any other, which becomes the group.
        """
        if not columns:
            keys = pd.DataFrame({"region": [nation], "area": [""], "group": [""]})
            return cls(np.zeros(len(children), dtype=np.intp), keys)
        grouped = children.groupby(list(columns), sort=True, observed=True)
        code = grouped.ngroup().to_numpy(np.intp)
        rows = []
        for label in grouped.size().index:
            found = dict(zip(columns, label if isinstance(label, tuple) else (label,), strict=True))
            other = [str(value) for name, value in found.items() if name not in ("region", "area")]
            rows.append((str(found.get("region", nation)), str(found.get("area", "")), " ".join(other)))
        return cls(np.asarray(code, dtype=np.intp), pd.DataFrame(rows, columns=["region", "area", "group"]))


def sample_design(children: pd.DataFrame, *, lonely: str = "error") -> Design:
    """The design of a table of children, whose strata and sampling units may have any names.

    Raises
    ------
    ValueError
        As in :class:`cwi.methods.survey.Design`.

    Examples
    --------
    >>> table = pd.DataFrame({"weight": [1.0, 2, 1, 2], "stratum": ["a", "a", "b", "b"], "psu": list("pqrs")})
    >>> sample_design(table).df
    2
    """
    strata = np.unique(children["stratum"].astype(str), return_inverse=True)[1]
    psu = np.unique(children["psu"].astype(str), return_inverse=True)[1]
    return Design(children["weight"].to_numpy(float), strata=strata, psu=psu, lonely=lonely)
