"""How far the intake of a year is: by owner, region and component, what has come, what is late, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from cwi.inputs.intake import due_day, index_day, read_files, read_register, read_request
from cwi.methodology import Methodology
from cwi.tree import INDICATOR

__all__ = ["COUNTS", "Board", "read_board"]

STATES = {"entered": "entered", "no figure": "no_figure", "asked": "asked_back", "awaited": "awaited"}
COUNTS = ("asked", *STATES.values())


@dataclass(frozen=True, eq=False)
class Board:
    """The state of an intake on a day.

    ``owners``: owner, :data:`COUNTS`, files, received (day of the last), state (complete, open, late, nothing);
    ``regions``: region and counts; ``components``: component ('' for what every edition needs) and counts; ``figures``:
    a row a figure, as :func:`cwi.inputs.intake.read_register` gives it, with its component. A figure is 'entered',
    answered with 'no figure', 'asked' back, or 'awaited'. ``titles`` of components and ``series``: titles by language.
    """

    year: int
    day: date
    due: date
    index_due: date
    owners: pd.DataFrame
    regions: pd.DataFrame
    components: pd.DataFrame
    figures: pd.DataFrame
    titles: Mapping[str, Mapping[str, str]]
    series: Mapping[str, Mapping[str, str]]


def read_board(year: int, methodology: Methodology, *, today: date | None = None, data: Path | None = None) -> Board:
    """The state of the intake of a year.

    Parameters
    ----------
    year
        A year whose templates were written.
    methodology
        Gives the component of an indicator.
    today
        The day on which it is asked what is late; today by default.
    data
        The data folder; that of the project by default.

    Raises
    ------
    DataError
        If no templates were written for the year.
    """
    request, day = read_request(year, data), today or date.today()
    figures, files = read_register(year, data), read_files(year, data)
    if figures is None:
        figures = (
            request.cells[["owner", "series", "indicator", "region"]].reset_index(drop=True).assign(state="awaited")
        )
    parents = _components(methodology)
    figures = figures.assign(component=figures["indicator"].map(lambda code: parents.get(code, "")))
    late = day > due_day(year)
    owners = _counts(figures, "owner").set_index("owner").reindex(request.owners, fill_value=0)
    came = pd.DataFrame(columns=["owner", "received"]) if files is None else files[files["owner"] != ""]
    by_owner = came.groupby("owner")["received"]
    owners["files"] = by_owner.size().reindex(owners.index, fill_value=0).astype(int)
    owners["received"] = by_owner.max().reindex(owners.index).fillna("")
    done = owners["awaited"] + owners["asked_back"] == 0
    owners["state"] = "late" if late else "open"
    owners.loc[(owners["files"] == 0) & ~done & (not late), "state"] = "nothing"
    owners.loc[done, "state"] = "complete"
    return Board(
        year, day, due_day(year), index_day(year), owners.reset_index(), _counts(figures, "region"),
        _counts(figures, "component"), figures, _titles(methodology),
        {
            str(row["series"]): {code: str(row[f"title_{code}"]) for code in ("kk", "ru", "en")}
            for row in request.cells.to_dict("records")
        },
    )  # fmt: skip


def _components(methodology: Methodology) -> dict[str, str]:
    """The component of each indicator."""
    level = methodology.tree.levels.index(INDICATOR) - 1
    return {
        methodology.tree.codes[level + 1][part]: node.code for node in methodology.nodes[level] for part in node.parts
    }


def _titles(methodology: Methodology) -> dict[str, Mapping[str, str]]:
    """The titles of the nodes in every language."""
    return {node.code: node.titles for nodes in methodology.nodes for node in nodes}


def _counts(figures: pd.DataFrame, column: str) -> pd.DataFrame:
    """How many figures are in which state, by the values of a column in their order."""
    table = pd.crosstab(figures[column], figures["state"]).reindex(columns=list(STATES), fill_value=0)
    table = table.rename(columns=STATES).rename_axis(columns=None)
    table = table.loc[list(dict.fromkeys(figures[column]))]
    table.insert(0, "asked", table.sum(axis=1))
    return table.reset_index()
