"""Whether promises are kept: the status of each measure against each of its targets on a day, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from cwi.errors import DataError
from cwi.inputs.policy import Register

__all__ = ["REASONS", "STATUSES", "judge", "reaches"]

STATUSES = ("kept", "on track", "late", "missed", "moved", "cannot be checked")
COLUMNS = (
    "measure", "value", "bound", "due", "announced", "source", "reading", "status", "reason",
    "fact", "fact_bound", "fact_as_of", "fact_source", "moved", "why", "values", "replaced",
)  # fmt: skip
REASONS = {  # why a target has its status, in English; reports have their own words for them
    "no_due_date": "no due date is given",
    "no_figure": "no dated figure was published after the announcement",
    "reached": "a figure dated by the due date reaches the target",
    "reached_after": "the target was reached after the due date",
    "not_reached": "the first figure on or after the due date does not reach the target",
    "dated_after": "the target is reached, but the first figure is dated after the due date",
    "bound_only": "the figure is known as '{bound}' only and does not settle it",
    "perhaps_before": "the target is reached, but the figure may be of before the announcement",
    "day_unknown": "the day of the last figure is not known; it may be before or after the due date",
    "dated_before": "the last figure is dated before the due date",
    "no_way": "the figure does not show how much of the way is done",
    "way": "{done:.0%} of the target after {least:.0%} of the time",
    "way_between": "{done:.0%} of the target after {least:.0%} to {most:.0%} of the time",
}
MOVED = "another target was announced on {announced}; {reason}"


@dataclass(frozen=True)
class Why:
    """Why a target has its status: a key of :data:`REASONS` and its numbers."""

    reason: str
    values: Mapping[str, float | str] = field(default_factory=dict)

    def sentence(self, announced: str = "") -> str:
        """In English; ``announced`` is the day of another target in its place."""
        reason = REASONS[self.reason].format(**self.values)
        return MOVED.format(announced=announced, reason=reason) if announced else reason


def reaches(value: float, bound: str, target: float) -> bool:
    """Whether a figure is as good as its target.

    ``about`` allows half of the last printed digit that is not zero: about 3,100,000 is reached by 3,050,000.

    Parameters
    ----------
    value
        The figure, in the unit of the target.
    bound
        "exactly", "at least", "at most" or "about".
    target
        The target.

    Examples
    --------
    >>> reaches(3_050_000, "about", 3_100_000), reaches(3_049_999, "about", 3_100_000), reaches(11, "at most", 12)
    (True, False, True)
    """
    if bound == "at most":
        return value <= target
    return value >= target - (_last_digit(target) / 2 if bound == "about" else 0.0)


def judge(register: Register, as_of: date | str) -> pd.DataFrame:
    """The status of every promise against each of its targets, on a day.

    A target is *kept* when a figure dated on or before its day is as good as it, *missed* when a figure dated on or
    after its day is not, *late* when it was reached after its day only, or when, before its day, the last figure is
    behind a straight line from none at the announcement, *on track* when it is not behind, *moved* when another
    target was announced in its place before it could be judged. Whatever no dated figure settles *cannot be
    checked*, and the reason is given.

    Where only the year or the month of a figure is known, its last day must prove that a target is kept or not behind,
    its first day that it is missed, reached too late or behind. Figures that may be dated after ``as_of`` are not
    used, nor are those of before the announcement; one that may be of before it proves a level, but nothing that is
    counted from then.

    Parameters
    ----------
    as_of
        The day on which the question is asked, a date or a text such as "2026-11-27".

    Returns
    -------
    DataFrame
        measure, value, bound, due, announced, source, reading (of the target), status, reason, fact, fact_bound,
        fact_as_of, fact_source (the figure that decided, or the last one), moved (whether another target was announced
        later), why (a key of :data:`REASONS`), values (its numbers), replaced (the day of the target in its place).

    Raises
    ------
    DataError
        If ``as_of`` is no day.

    Examples
    --------
    >>> from cwi.inputs.policy import read_register
    >>> table = judge(read_register(), "2026-11-27")
    >>> table.loc[table["measure"] == "comfortable_2024", ["value", "reading", "status"]].values.tolist()
    [[226.0, '', 'missed'], [110.0, '110 in all', 'missed'], [208.0, '98 and 110', 'missed']]
    """
    day = _day_of(as_of)
    targets = register.targets[register.targets["announced_latest"] <= day].reset_index(drop=True)
    order = {measure: place for place, measure in enumerate(register.measures.index)}
    targets = targets.assign(order=targets["measure"].map(order)).sort_values(
        ["order", "announced_earliest"], kind="stable"
    )
    levels = set(register.measures.index[register.measures["kind"] == "level"])
    rows = [_judged(target, targets, register.facts, day, levels) for _, target in targets.iterrows()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _judged(
    target: pd.Series, targets: pd.DataFrame, facts: pd.DataFrame, day: pd.Timestamp, levels: set[str]
) -> dict[str, object]:
    """One target with its status, the reason and the figure that decided."""
    known = facts[
        (facts["measure"] == target["measure"])
        & (facts["as_of_latest"] <= day)
        & facts["reading"].isin(["", target["reading"]])
        & ((facts["as_of_latest"] > target["announced_earliest"]) | (facts["as_of_earliest"] >= target["due"]))
    ].sort_values(["as_of_latest", "as_of_earliest"], kind="stable")
    rivals = targets[
        (targets["measure"] == target["measure"])
        & (targets["announced_earliest"] > target["announced_latest"])
        & ((targets["value"] != target["value"]) | (targets["due"] != target["due"]))
    ]
    moved, announced = not rivals.empty, ""
    decided, word, why = _decided(target, known, day, level=target["measure"] in levels)
    open_yet = word == "cannot be checked" or (word != "kept" and day < target["due"])
    if moved and open_yet and rivals["announced_latest"].min() <= target["due"]:
        word, announced = "moved", str(rivals.iloc[0]["announced"])
    empty = pd.Series({"value": np.nan, "bound": "", "as_of": "", "source": ""})
    fact = empty if decided is None else decided
    return {
        **{name: target[name] for name in COLUMNS[: COLUMNS.index("status")]},
        "status": word,
        "reason": why.sentence(announced),
        "fact": fact["value"],
        "fact_bound": fact["bound"],
        "fact_as_of": fact["as_of"],
        "fact_source": fact["source"],
        "moved": moved,
        "why": why.reason,
        "values": why.values,
        "replaced": announced,
    }


def _decided(
    target: pd.Series, known: pd.DataFrame, day: pd.Timestamp, *, level: bool
) -> tuple[pd.Series | None, str, Why]:
    """The figure that decides, the status, and the reason."""
    due, unchecked = target["due"], "cannot be checked"
    last = None if known.empty else known.iloc[-1]
    if pd.isna(due):
        return last, unchecked, Why("no_due_date")
    if last is None:
        return None, unchecked, Why("no_figure")
    good, bad = _proofs(known, target)
    in_time = known[good & (known["as_of_latest"] <= due)]
    proven = in_time if level else in_time[in_time["as_of_earliest"] > target["announced_latest"]]
    if not proven.empty:
        return proven.iloc[0], "kept", Why("reached")
    after = known[known["as_of_earliest"] >= due]
    if not after.empty:
        first = after.iloc[0]
        if bad[first.name]:
            reached = after[good.loc[after.index]]
            if not reached.empty:
                return reached.iloc[0], "late", Why("reached_after")
            return first, "missed", Why("not_reached")
        if good[first.name]:
            return first, unchecked, Why("dated_after")
        return first, unchecked, Why("bound_only", {"bound": first["bound"]})
    if not in_time.empty:
        return in_time.iloc[0], unchecked, Why("perhaps_before")
    if last["as_of_latest"] >= due:
        return last, unchecked, Why("day_unknown")
    if day >= due:
        return last, unchecked, Why("dated_before")
    return _on_the_way(target, last, level=level)


def _on_the_way(target: pd.Series, last: pd.Series, *, level: bool) -> tuple[pd.Series, str, Why]:
    """Before the due date: the last figure beside a straight line from none at the announcement."""
    unchecked = "cannot be checked"
    if level or target["bound"] == "at most" or last["bound"] in ("at least", "at most"):
        return last, unchecked, Why("no_way")
    most = _share_of_time(last["as_of_latest"], target["announced_earliest"], target["due"])
    least = _share_of_time(last["as_of_earliest"], target["announced_latest"], target["due"])
    done = last["value"] / target["value"]
    why = Why("way" if least == most else "way_between", {"done": done, "least": least, "most": most})
    return last, "on track" if done >= most else "late" if done < least else unchecked, why


def _share_of_time(day: pd.Timestamp, start: pd.Timestamp, due: pd.Timestamp) -> float:
    """How much of the time from start to due has passed on a day, from 0 to 1."""
    return float(np.clip((day - start) / (due - start), 0.0, 1.0)) if start < due else 0.0


def _proofs(known: pd.DataFrame, target: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Which figures prove that the target is reached, and which that it is not; 'at least 5' does not mean under 6."""
    values = [reaches(value, target["bound"], target["value"]) for value in known["value"]]
    reached = pd.Series(values, index=known.index, dtype=bool)
    for_less, for_more = known["bound"] == "at most", known["bound"] == "at least"
    if target["bound"] == "at most":
        for_less, for_more = for_more, for_less
    return reached & ~for_less, ~reached & ~for_more


def _last_digit(number: float) -> float:
    """The place value of the last digit of a number that is not zero: 3,100,000 -> 100,000."""
    text = format(abs(number), ".12g")
    if "." in text:
        return float(10.0 ** -len(text.partition(".")[2]))
    mantissa, _, power = format(abs(number), ".11e").partition("e")
    digits = mantissa.rstrip("0").rstrip(".")
    places = len(digits.partition(".")[2])
    return float(10.0 ** (int(power) - places))


def _day_of(as_of: date | str) -> pd.Timestamp:
    try:
        day = pd.Timestamp(as_of)
    except ValueError:
        raise DataError(f"as_of is '{as_of}'; it must be a day such as 2026-11-27") from None
    if pd.isna(day):
        raise DataError("as_of is empty; it must be a day such as 2026-11-27")
    return day.normalize()
