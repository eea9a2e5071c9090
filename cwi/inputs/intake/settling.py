"""Of everything that came: which figures are entered, which are asked about, which are still awaited.

A pure function of the originals in their order, the request and the answers: reading again gives the same, and a later
file revises an earlier one figure by figure. A later entry in doubt leaves the earlier figure in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pandas as pd

from cwi.inputs.intake.receipts import Answer, Receipt
from cwi.inputs.intake.request import Request
from cwi.inputs.intake.returned import Entry, Returned
from cwi.inputs.intake.unusual import Known, Question, covers, together, unusual
from cwi.inputs.intake.values import Value
from cwi.vintage import EVERY

__all__ = ["Doubt", "Revision", "Settled", "settle"]

Key = tuple[str, str]
NEVER = "computed outside"  # cannot be confirmed: the register must be changed first


@dataclass(frozen=True)
class Doubt:
    """A cell that must be asked about: whose, where, what it holds, the kind of doubt, and what it is about."""

    owner: str
    receipt: Receipt
    entry: Entry
    kind: str
    before: int = 0


@dataclass(frozen=True)
class Revision:
    """A figure that a later file changed."""

    owner: str
    key: Key
    old: Value
    new: Value
    receipt: Receipt


@dataclass
class Settled:
    """``entered``: the entry and its receipt by series and region; ``doubts``; ``revisions``; ``refused``: files that
    could not be read; ``confirmed``: questions of ``cwi check`` that the owner has answered, with who did."""

    entered: dict[Key, tuple[Entry, Receipt]] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    refused: list[tuple[Receipt, Returned]] = field(default_factory=list)
    confirmed: list[tuple[Question, str]] = field(default_factory=list)


def settle(
    files: Sequence[tuple[Receipt, Returned]],
    request: Request,
    answers: Sequence[Answer],
    known: Known,
) -> Settled:
    """Decide on every entry.

    Parameters
    ----------
    files
        What came, in the order of the receipts.
    request
        What was asked for.
    answers
        Confirmations beside those in the workbooks.
    known
        What figures are measured against.
    """
    settled = Settled()
    clean, doubts = _in_order(files, settled)
    _refuse_elsewhere(clean, doubts, request, known.history)
    chosen = {key: len(entries) - 1 for key, entries in clean.items() if entries}
    confirmations = _Confirmations(answers)
    questions: list[Question] = []
    stale = {key[0] for key in chosen}
    while True:
        now = {key: clean[key][at] for key, at in chosen.items()}
        numbers = {key: float(entry.number) for key, (entry, _) in now.items() if entry.number is not None}
        stale = together(stale, known.formulas)
        questions = [each for each in questions if not stale & {each.series, *each.inputs}]
        questions += unusual({key: value for key, value in numbers.items() if key[0] in stale}, request, known)
        open_ones = [each for each in questions if not confirmations.answer(each, now)]
        if not open_ones:
            break
        stale = set()
        for question in open_ones:
            for key in [key for key in chosen if covers(question, key) and key in numbers and key in now]:
                entry, receipt = clean[key][chosen[key]]
                if (entry, receipt) != now[key]:
                    continue  # another question has put it aside already
                doubts.setdefault(key, Doubt(_owner(request, key), receipt, entry, question.check, question.before))
                stale.add(key[0])
                chosen[key] -= 1
                if chosen[key] < 0:
                    del chosen[key]
    settled.entered = now
    settled.doubts += [doubts[key] for key in request.facts if key in doubts]
    settled.revisions += _revisions(clean, chosen, request)
    settled.confirmed = [(each, by) for each in questions if each.checked and (by := confirmations.answer(each, now))]
    return settled


def _owner(request: Request, key: Key) -> str:
    return str(request.facts[key]["owner"])


def _in_order(
    files: Sequence[tuple[Receipt, Returned]], settled: Settled
) -> tuple[dict[Key, list[tuple[Entry, Receipt]]], dict[Key, Doubt]]:
    """The clean entries of each figure, oldest first, and the doubt about its newest entry where there is one."""
    newest: dict[str, int] = {}
    for receipt, returned in files:
        newest[returned.owner] = max(newest.get(returned.owner, 0), receipt.batch)
    clean: dict[Key, list[tuple[Entry, Receipt]]] = {}
    doubts: dict[Key, Doubt] = {}
    batches: dict[tuple[Key, int], list[tuple[Entry, Receipt, str]]] = {}
    for receipt, returned in files:
        current = receipt.batch == newest[returned.owner] or not returned.owner
        if returned.refusal and current:
            settled.refused.append((receipt, returned))
        for entry in returned.entries:
            if entry.series:
                key = (entry.series, entry.region)
                batches.setdefault((key, receipt.batch), []).append((entry, receipt, returned.owner))
            elif current:
                settled.doubts.append(Doubt(returned.owner, receipt, entry, entry.value.doubt))
    for (key, _), same in sorted(batches.items(), key=lambda item: item[0][1]):
        entry, receipt, owner = same[-1]
        kinds = {(each.number, each.value.status, each.value.doubt) for each, _, _ in same}
        if len(kinds) > 1:
            where = ", ".join(f"{one.file} {each.sheet}!{each.cell} = {each.shown}" for each, one, _ in same)
            entry = replace(entry, value=Value(doubt="two files"), detail=where)
        if entry.value.doubt:
            doubts[key] = Doubt(owner, receipt, entry, entry.value.doubt)
            continue
        doubts.pop(key, None)
        merged = replace(entry, confirmed=any(each.confirmed for each, _, _ in same))
        clean.setdefault(key, []).append((merged, receipt))
    return clean, doubts


def _refuse_elsewhere(
    clean: dict[Key, list[tuple[Entry, Receipt]]], doubts: dict[Key, Doubt], request: Request, history: pd.DataFrame
) -> None:
    """Figures that another source has got meanwhile are not entered twice; a different one is asked about."""
    totals = history[(history["year"] == request.year) & (history["sex"] == "") & (history["area"] == "")]
    for series, region, value, source in totals[["indicator", "region", "value", "source"]].to_numpy():
        for entry, receipt in clean.pop((series, region), ())[-1:]:
            if entry.number is not None and float(entry.number) != value:
                asked = replace(entry, detail=f"{value:.15g} ({source})")
                doubts[series, region] = Doubt(_owner(request, (series, region)), receipt, asked, "another source")


def _revisions(
    clean: Mapping[Key, list[tuple[Entry, Receipt]]], chosen: Mapping[Key, int], request: Request
) -> list[Revision]:
    revisions = []
    for key in request.facts:
        at = chosen.get(key, 0)
        for before, after in zip(clean.get(key, ())[:at], clean.get(key, ())[1 : at + 1], strict=False):
            old, new = before[0].value, after[0].value
            if (old.number, old.status) != (new.number, new.status):
                revisions.append(Revision(_owner(request, key), key, old, new, after[1]))
    return revisions


class _Confirmations:
    """What owners confirmed, in their workbooks or by letter."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._columns = {each.series: each.by for each in answers if each.region == EVERY}
        self._cells: dict[tuple[str, str, Decimal], str] = {
            (each.series, each.region, each.value): each.by for each in answers if each.value is not None
        }

    def answer(self, question: Question, entries: Mapping[Key, tuple[Entry, Receipt]]) -> str:
        """Who confirmed what a question is about; '' where nobody did."""
        if question.check == NEVER:
            return ""
        if question.region == EVERY and (by := self._columns.get(question.series, "")):
            return by
        about = [(key, *entry) for key, entry in entries.items() if covers(question, key)]
        names = [
            self._cells.get((*key, entry.number), receipt.file if entry.confirmed else "")
            for key, entry, receipt in about if entry.number is not None
        ]  # fmt: skip
        return ", ".join(dict.fromkeys(names)) if names and all(names) else ""
