"""A consultation whole: ballots, experts, proposals and the margins that voters are brought to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cwi.errors import DataError
from cwi.folders import relative
from cwi.inputs.cells import WORKBOOKS
from cwi.inputs.consultation import ballots, proposals, sheets, weights
from cwi.inputs.consultation.ballots import Ballots
from cwi.inputs.consultation.experts import LIMIT, Panel, join
from cwi.inputs.consultation.proposals import Register
from cwi.inputs.consultation.rows import SYNTHETIC, made_rows
from cwi.inputs.consultation.synthetic import Synthetic
from cwi.methodology import Methodology
from cwi.territory import Territory

__all__ = ["Consultation", "hand_in", "read_consultation"]


@dataclass(frozen=True, eq=False)
class Consultation:
    """What a consultation brought in.

    ``ballots``    as read, before repetitions are taken out
    ``panel``      the experts of all sheets
    ``register``   of proposals
    ``margins``    shares of the population by variable
    ``synthetic``  whether it never was
    """

    ballots: Ballots
    panel: Panel
    register: Register
    margins: Mapping[str, pd.Series]
    synthetic: bool


def read_consultation(
    folder: Path, methodology: Methodology, territory: Territory, *, limit: float = LIMIT
) -> Consultation:
    """Read a folder with votes, margins, proposals, and budget or ahp (or both), each a .csv or .xlsx file.

    The sheets of experts may also be a folder ``budget`` or ``ahp`` with a file an expert. The names of synthetic files
    begin with ``synthetic_``.

    Raises
    ------
    DataError
        If a table is missing or cannot be used, or real and synthetic ones lie together.
    """
    folder = Path(folder)
    files = {name: _find(folder, name) for name in ("votes", "margins", "proposals", "budget", "ahp")}
    for name in ("votes", "margins", "proposals"):
        if files[name] is None:
            raise DataError(f"{relative(folder)}: there is no {name}.csv or {name}.xlsx in this folder")
    panels = []
    if (path := files["budget"]) is not None:
        panels.append(sheets.read_budgets(path, methodology))
    if (path := files["ahp"]) is not None:
        panels.append(sheets.read_judgements(path, methodology, limit=limit))
    if not panels:
        raise DataError(f"{relative(folder)}: there are no sheets of experts; name them budget or ahp")
    margins, made_up = weights.read_margins(files["margins"] or folder, list(territory.regions.index))
    return _whole(
        relative(folder),
        ballots.read_votes(files["votes"] or folder, methodology, territory),
        panels,
        proposals.read_proposals(files["proposals"] or folder),
        margins,
        made_up,
    )


def hand_in(
    synthetic: Synthetic, methodology: Methodology, territory: Territory, *, limit: float = LIMIT
) -> Consultation:
    """A synthetic consultation as if it had been handed in: it passes the same checks as a real one."""
    rows = {name: made_rows(f"{name}.csv", table) for name, table in synthetic.tables().items()}
    panels = [
        sheets.budget_panel([rows["synthetic_budget"]], methodology),
        sheets.judgement_panel([rows["synthetic_ahp"]], methodology, limit=limit),
    ]
    return _whole(
        "synthetic",
        ballots.cast(rows["synthetic_votes"], methodology, territory),
        panels,
        proposals.register(rows["synthetic_proposals"]),
        weights.margins_of(rows["synthetic_margins"], list(territory.regions.index)),
        rows["synthetic_margins"].synthetic,
    )


def _whole(
    where: str,
    votes: Ballots,
    panels: Sequence[Panel],
    heard: Register,
    margins: Mapping[str, pd.Series],
    made_up: bool,
) -> Consultation:
    panel = join(panels)
    if len({votes.synthetic, panel.synthetic, heard.synthetic, made_up}) > 1:
        raise DataError(f"{where}: some tables are marked synthetic and some are not; they are never read together")
    return Consultation(votes, panel, heard, margins, made_up)


def _find(folder: Path, name: str) -> Path | None:
    places = [
        folder / f"{start}{name}{ending}" for start in ("", f"{SYNTHETIC}_") for ending in (".csv", *WORKBOOKS, "")
    ]
    existing = [path for path in places if path.exists()]
    if len(existing) > 1:
        raise DataError(f"{relative(existing[0])} and {relative(existing[1])} are both there; leave one of them")
    return existing[0] if existing else None
