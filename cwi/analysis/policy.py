"""Whether promises are kept, how indicators move towards their targets, and which weak components no measure aims at.

Descriptive only: with a few yearly points, and measures that begin everywhere at once, no effect of a measure can be
told from what would have happened without it, and none is computed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from cwi.errors import DataError
from cwi.index import Scores
from cwi.inputs.policy import Register

__all__ = ["PROGRESS", "STATUSES", "Progress", "aims", "judge", "progress", "reaches", "unaimed"]

STATUSES = ("kept", "on track", "late", "missed", "moved", "cannot be checked")
PROGRESS = ("reached", "on track", "too slow", "away", "no significant change", "cannot be computed")
COLUMNS = (
    "measure", "value", "bound", "due", "announced", "source", "reading", "status", "reason",
    "fact", "fact_bound", "fact_as_of", "fact_source", "moved",
)  # fmt: skip
BOUNDS_OF_A_SHARE, NEAR_BOUND = (0.0, 100.0), 0.5
ON_TRACK = 0.95  # of the pace that the target needs; Open SDG progress methodology


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
        later).

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
    moved = not rivals.empty
    decided, word, reason = _decided(target, known, day, level=target["measure"] in levels)
    open_yet = word == "cannot be checked" or (word != "kept" and day < target["due"])
    if moved and open_yet and rivals["announced_latest"].min() <= target["due"]:
        word = "moved"
        reason = f"another target was announced on {rivals.iloc[0]['announced']}; {reason}"
    empty = pd.Series({"value": np.nan, "bound": "", "as_of": "", "source": ""})
    fact = empty if decided is None else decided
    return {
        **{name: target[name] for name in COLUMNS[: COLUMNS.index("status")]},
        "status": word,
        "reason": reason,
        "fact": fact["value"],
        "fact_bound": fact["bound"],
        "fact_as_of": fact["as_of"],
        "fact_source": fact["source"],
        "moved": moved,
    }


def _decided(
    target: pd.Series, known: pd.DataFrame, day: pd.Timestamp, *, level: bool
) -> tuple[pd.Series | None, str, str]:
    """The figure that decides, the status, and the reason in words."""
    due, unchecked = target["due"], "cannot be checked"
    last = None if known.empty else known.iloc[-1]
    if pd.isna(due):
        return last, unchecked, "no due date is given"
    if last is None:
        return None, unchecked, "no dated figure was published after the announcement"
    good, bad = _proofs(known, target)
    in_time = known[good & (known["as_of_latest"] <= due)]
    proven = in_time if level else in_time[in_time["as_of_earliest"] > target["announced_latest"]]
    if not proven.empty:
        return proven.iloc[0], "kept", "a figure dated by the due date reaches the target"
    after = known[known["as_of_earliest"] >= due]
    if not after.empty:
        first = after.iloc[0]
        if bad[first.name]:
            reached = after[good.loc[after.index]]
            if not reached.empty:
                return reached.iloc[0], "late", "the target was reached after the due date"
            return first, "missed", "the first figure on or after the due date does not reach the target"
        if good[first.name]:
            return first, unchecked, "the target is reached, but the first figure is dated after the due date"
        return first, unchecked, f"the figure is known as '{first['bound']}' only and does not settle it"
    if not in_time.empty:
        return in_time.iloc[0], unchecked, "the target is reached, but the figure may be of before the announcement"
    if last["as_of_latest"] >= due:
        return last, unchecked, "the day of the last figure is not known; it may be before or after the due date"
    if day >= due:
        return last, unchecked, "the last figure is dated before the due date"
    return _on_the_way(target, last, level=level)


def _on_the_way(target: pd.Series, last: pd.Series, *, level: bool) -> tuple[pd.Series, str, str]:
    """Before the due date: the last figure beside a straight line from none at the announcement."""
    unchecked = "cannot be checked"
    if level or target["bound"] == "at most" or last["bound"] in ("at least", "at most"):
        return last, unchecked, "the figure does not tell how much of the way is done"
    most = _share_of_time(last["as_of_latest"], target["announced_earliest"], target["due"])
    least = _share_of_time(last["as_of_earliest"], target["announced_latest"], target["due"])
    done = last["value"] / target["value"]
    time = f"{most:.0%}" if least == most else f"{least:.0%} to {most:.0%}"
    reason = f"{done:.0%} of the target after {time} of the time"
    return last, "on track" if done >= most else "late" if done < least else unchecked, reason


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


@dataclass(frozen=True, eq=False)
class Progress:
    """Indicators of regions on their way to targets.

    ``table``: region, indicator, value (target), due, kind, first_year, first, last_year, last, pace (observed yearly
    change over the one that the target needs from the first year on), state (one of ``PROGRESS``), reason.
    """

    table: pd.DataFrame

    @property
    def counts(self) -> pd.DataFrame:
        """Regions by indicator and state."""
        counted = pd.crosstab(self.table["indicator"], self.table["state"])
        return counted.reindex(columns=[state for state in PROGRESS if state in counted])


def progress(
    cells: pd.DataFrame, targets: pd.DataFrame, *, shares: Collection[str] = (), z: float = 1.6449
) -> Progress:
    """How far indicators moved towards their targets, from the first to the last measured year.

    The pace is the observed yearly change divided by the change that leads from the first value to the target in a
    straight line: absolute change, which is right for shares near 0 and 100 and for values near zero, where growth
    rates are not (Open SDG progress methodology; its limit of .95 is used). A change whose interval contains zero is no
    significant change. A value that is as good as the target is *reached*; so is a share within .5 of a target of 0
    or 100, which it can come near but hardly pass. A region that was there in the first year and is not in the last
    moved *away*.

    Parameters
    ----------
    cells
        region, indicator, year, value and, where there is one, se: own values of the year and region only.
    targets
        As :func:`cwi.inputs.policy.read_indicator_targets` gives them.
    shares
        Codes of the indicators that are shares from 0 to 100.
    z
        Quantile of the interval of a change; 1.6449 is 90 %.

    Raises
    ------
    DataError
        If a region has two values of an indicator in one year.

    Examples
    --------
    >>> cells = pd.DataFrame({"region": "A", "indicator": "deaths", "year": [2018, 2022], "value": [30.0, 26.0]})
    >>> goal = pd.DataFrame({"indicator": ["deaths"], "value": 25.0, "bound": "at most", "due": 2030, "kind": "SDG"})
    >>> progress(cells, goal).table[["pace", "state"]].values.tolist()
    [[2.4, 'on track']]
    """
    table = targets[["indicator", "value", "bound", "due", "kind"]].merge(_ends(cells), on="indicator", how="left")
    years = table["last_year"] - table["first_year"]
    change = table["last"] - table["first"]
    needed = (table["value"] - table["first"]) / (table["due"] - table["first_year"])
    with np.errstate(divide="ignore", invalid="ignore"):
        table["pace"] = np.round(np.where(years > 0, (change / years) / needed, np.nan), 12)
    error = z * np.hypot(table["first_se"], table["last_se"])
    at_bound = table["indicator"].isin(list(shares)) & table["value"].isin(BOUNDS_OF_A_SHARE)
    close = at_bound & ((table["last"] - table["value"]).abs() <= NEAR_BOUND)
    pace = table["pace"]
    conditions = {  # the first that is met decides
        "no figure": ("cannot be computed", table["last"].isna()),
        "": ("reached", _there(table, "last")),
        "within .5 of the bound of a share": ("reached", close),
        "one year only": ("cannot be computed", ~(years > 0)),
        "the interval of the change contains zero": ("no significant change", change.abs() <= error),
        "the target was reached in the first year": ("away", _there(table, "first")),
        "the target was due by the first year": ("cannot be computed", table["due"] <= table["first_year"]),
    }
    met = [condition.to_numpy(bool) for _, condition in conditions.values()]
    by_pace = np.select([pace >= ON_TRACK, pace > 0], ["on track", "too slow"], "away")
    table["state"] = np.select(met, [state for state, _ in conditions.values()], by_pace)
    table["reason"] = np.select(met, list(conditions), "")
    compared = ~np.any([met[i] for i in (0, 3, 5, 6)], axis=0)
    table["pace"] = pace.where(compared & np.isfinite(pace))
    return Progress(table.drop(columns=["bound", "first_se", "last_se"]))


def _ends(cells: pd.DataFrame) -> pd.DataFrame:
    """The first and the last value of every indicator and region, with years and standard errors."""
    cells = cells.dropna(subset=["value"])
    cells = cells if "se" in cells else cells.assign(se=np.nan)
    twice = cells[cells.duplicated(["region", "indicator", "year"])]
    if not twice.empty:
        row = twice.iloc[0]
        raise DataError(f"{row['indicator']} of {row['region']} has two values in {row['year']}; one is needed")
    keys = ["indicator", "region"]
    rows = cells.sort_values("year", kind="stable")[[*keys, "year", "value", "se"]]
    first = rows.drop_duplicates(keys, keep="first").set_axis([*keys, "first_year", "first", "first_se"], axis=1)
    last = rows.drop_duplicates(keys, keep="last").set_axis([*keys, "last_year", "last", "last_se"], axis=1)
    return first.merge(last, on=keys)


def _there(table: pd.DataFrame, end: str) -> pd.Series:
    """Whether the values of one end are as good as their targets; a missing one is not."""
    pairs = zip(table[end], table["bound"], table["value"], strict=True)
    return pd.Series(
        [value == value and reaches(value, bound, goal) for value, bound, goal in pairs], table.index, bool
    )


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
