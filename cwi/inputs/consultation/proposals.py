"""The register of proposals: what was heard, what was decided and why, and which version of the methodology changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cwi.errors import near
from cwi.inputs.consultation.experts import parents_of
from cwi.inputs.consultation.rows import Rows, read_rows
from cwi.methodology import methodologies, read_methodology

__all__ = ["BODIES", "DECISIONS", "SUBJECTS", "Register", "read_proposals", "register"]

PROPOSALS = ("id", "received", "body", "subject", "proposed", "decision", "reason", "version")
BODIES = (
    "ministry",
    "local authority",
    "school",
    "health care",
    "ngo",
    "parents",
    "children",
    "university",
    "international organisation",
    "person",
)
DECISIONS = ("accepted", "partly", "declined", "later")
CHANGED = ("accepted", "partly")
SUBJECTS = ("method", "new indicator")  # beside the parts of the tree
PERSONAL = re.compile(r"\S+@\S+\.\w|(?:\+|\b8|\b7)[\s(-]*\d{3}[\s)-]*\d{3}[\s-]*\d{2}[\s-]*\d{2}\b|\b\d{12}\b")


@dataclass(frozen=True, eq=False)
class Register:
    """The register: a row a proposal.

    ``table``  id, received, body, subject, dimension (that the subject lies under, or the subject), proposed, decision,
               reason, version
    """

    table: pd.DataFrame
    synthetic: bool

    def heard(self) -> pd.DataFrame:
        """What was heard: subject area, proposals, how many of them were decided which way, versions that changed."""
        table = self.table
        counts = pd.crosstab(table["dimension"], table["decision"]).reindex(columns=list(DECISIONS), fill_value=0)
        versions = (
            table[table["version"] != ""].groupby("dimension")["version"].agg(lambda v: ", ".join(sorted(set(v))))
        )
        counts.insert(0, "proposals", counts.sum(axis=1))
        counts = counts.assign(versions=versions.reindex(counts.index).fillna("")).rename_axis(index="subject")
        counts.columns.name = None
        return counts.sort_values("proposals", ascending=False, kind="stable").reset_index()

    def changed(self) -> pd.DataFrame:
        """What was changed: the proposals that were accepted in whole or in part, with the reason and the version."""
        columns = ["id", "body", "subject", "proposed", "decision", "reason", "version"]
        return self.table.loc[self.table["decision"].isin(CHANGED), columns].reset_index(drop=True)


def read_proposals(path: Path) -> Register:
    """The register of a CSV or XLSX table.

    Parameters
    ----------
    path
        A table with the columns id, received (date), body (the kind of body that proposed), subject (the code of a
        part, ``method`` or ``new indicator``), proposed, decision (accepted, partly, declined or later), reason,
        version (of the methodology that changed, where something did).

    Raises
    ------
    DataError
        With file and line or cell, if a word is unknown, a reason is missing, an accepted proposal names no version
        that exists, a declined one names any, or a text holds an address or number of a person.
    """
    return register(read_rows(path, "proposals", required=PROPOSALS))


def register(rows: Rows) -> Register:
    """The register of rows; see :func:`read_proposals`."""
    versions = methodologies()
    dimension: dict[str, str] = {subject: subject for subject in SUBJECTS}
    for folder in versions.values():
        methodology = read_methodology(folder)
        parents = parents_of(methodology)
        for code in [*parents.index, methodology.top.code]:
            part = code
            while parents.get(part, methodology.top.code) != methodology.top.code:
                part = parents[part]
            dimension.setdefault(str(code), str(part))
    frame = rows.frame
    for row in frame.index[frame["id"].duplicated()]:
        raise rows.refuse(row, "id", f"the proposal '{frame.at[row, 'id']}' is listed twice")
    for column in ("id", "proposed", "reason"):
        for row in frame.index[frame[column] == ""]:
            raise rows.refuse(row, column, f"{column} is empty; every proposal has a number, a text and a reason")
    received = pd.to_datetime(frame["received"], format="ISO8601", errors="coerce")
    for row in frame.index[received.isna()]:
        reason = f"received is '{frame.at[row, 'received']}'; a date is written 2024-03-15"
        raise rows.refuse(row, "received", reason)
    rows.check("body", BODIES, "kind of body")
    rows.check("subject", list(dimension), "subject")
    rows.check("decision", DECISIONS, "decision")
    for column in ("proposed", "reason"):
        for row in frame.index[frame[column].str.contains(PERSONAL)]:
            reason = f"{column} holds what looks like the address or number of a person; take it out"
            raise rows.refuse(row, column, reason)
    for row, decision, version in frame[["decision", "version"]].itertuples():
        if decision in CHANGED and version not in versions:
            shown = (
                f"there is no methodology '{version}'{near(version, versions)}" if version else "the version is empty"
            )
            reason = f"{shown}; a proposal that was {_past(decision)} names the version that changed"
            raise rows.refuse(row, "version", reason)
        if decision not in CHANGED and version:
            reason = f"a proposal that was {_past(decision)} changed no version; empty the cell, or mend the decision"
            raise rows.refuse(row, "version", reason)
    table = frame[list(PROPOSALS)].assign(received=received.dt.date.astype(str))
    table.insert(4, "dimension", frame["subject"].map(dimension))
    return Register(table.reset_index(drop=True), rows.synthetic)


def _past(decision: str) -> str:
    return {"partly": "partly accepted", "later": "put off"}.get(decision, decision)
