"""Ballots on indicators: who ticked what, with nothing left that identifies a person.

The identifier of a voter and the mark of a device are turned into running numbers while the table is read, and are then
gone. Only counts leave these objects; groups of few voters are merged before they are printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.errors import DataError, near
from cwi.inputs.consultation.rows import Rows, numbers, read_rows
from cwi.methodology import Methodology
from cwi.territory import Territory

__all__ = ["GROUPS", "LEAST", "Ballots", "cast", "deduplicate", "merge_small", "read_votes"]

VOTES = ("voter", "group", "region", "language", "choices")
EXTRA = ("submitted", "seconds", "device")
GROUPS = ("parent", "teacher", "child", "expert", "ngo", "official", "other")
LANGUAGES = ("kk", "ru", "en")
LEAST = 10  # a group of fewer voters is not printed by itself
NEAR = 50  # ballots that came in within so many of one another came in together
KEEP = ("last", "first", "none", "all")
MERGED = "smaller groups together"


@dataclass(frozen=True, eq=False, repr=False)
class Ballots:
    """Ballots in the order in which they came in.

    ``frame``   group, region, language; submitted, seconds (where they were asked); voter and device as running
                numbers, device -1 where it is not known; run: how many ballots with consecutive identifiers came in
                together with this one; arrival: which ballot it was, counted from 0
    ``ticks``   (n, k)  what was ticked
    ``codes``   the k indicators
    ``steps``   from the ballots that were read to those that count: step, ballots
    """

    frame: pd.DataFrame
    ticks: NDArray[np.bool_]
    codes: tuple[str, ...]
    steps: pd.DataFrame
    synthetic: bool

    def __repr__(self) -> str:
        return f"Ballots({len(self)} on {len(self.codes)} indicators)"

    def __len__(self) -> int:
        return len(self.frame)

    def select(self, kept: NDArray[np.bool_], step: str = "") -> Ballots:
        """Some of the ballots; a step that is named is written down."""
        steps = self.steps
        if step:
            line = pd.DataFrame({"step": [step], "ballots": [int(kept.sum()) - len(self)]})
            steps = pd.concat([steps, line], ignore_index=True)
        return replace(self, frame=self.frame[kept].reset_index(drop=True), ticks=self.ticks[kept], steps=steps)


def read_votes(path: Path, methodology: Methodology, territory: Territory) -> Ballots:
    """The ballots of a CSV or XLSX table.

    Parameters
    ----------
    path
        A table with the columns voter, group, region, language and choices (codes of indicators, divided by
        semicolons); and, where they are known, submitted (date and time), seconds (how long the ballot took) and device
        (any mark that is the same for one device).
    methodology
        Its indicators can be ticked.
    territory
        Its regions can be named; an empty region was not told.

    Raises
    ------
    DataError
        With file and line or cell, and never with the identifier of a voter.
    """
    return cast(read_rows(path, "votes", required=VOTES, optional=EXTRA, numeric=["seconds"]), methodology, territory)


def cast(rows: Rows, methodology: Methodology, territory: Territory) -> Ballots:
    """The ballots of rows; see :func:`read_votes`."""
    frame = rows.frame
    for row in frame.index[frame["voter"] == ""]:
        raise rows.refuse(row, "voter", "the voter is empty; every ballot needs an identifier to find repetitions")
    rows.check("group", GROUPS, "group")
    rows.check("language", LANGUAGES, "language", empty=True)
    regions = territory.regions.index[territory.regions["kind"] != "nation"]
    rows.check("region", list(regions), "region", empty=True)
    codes = tuple(methodology.indicators["code"])
    ticks = _ticks(rows, codes)
    submitted = _times(rows)
    table = pd.DataFrame(
        {
            "group": frame["group"],
            "region": frame["region"],
            "language": frame["language"],
            "submitted": submitted,
            "seconds": numbers(rows, "seconds", 0, np.inf, empty=np.nan),
            "voter": pd.factorize(frame["voter"], sort=True)[0],
            "device": np.where(frame["device"] == "", -1, pd.factorize(frame["device"], sort=True)[0]),
        }
    )
    # Ballots of one moment stand in an order that does not hang on the file's.
    order = (
        np.lexsort((frame["choices"], table["voter"], submitted)) if submitted.notna().all() else np.arange(len(table))
    )
    table = table.iloc[order].assign(run=_runs(frame["voter"].iloc[order]), arrival=np.arange(len(table)))
    table = table.reset_index(drop=True)
    steps = pd.DataFrame({"step": ["ballots read"], "ballots": [len(table)]})
    ballots = Ballots(table, ticks[order], codes, steps, rows.synthetic)
    return ballots.select(np.asarray(ballots.ticks.any(axis=1)), "blank")


def deduplicate(ballots: Ballots, *, voters: str = "last", devices: bool = True) -> Ballots:
    """The ballots that count: one a voter, and one of equal ballots from one device.

    Parameters
    ----------
    voters
        Which ballot of a voter with several counts: the ``last``, the ``first``, ``none`` or ``all`` of them. Last and
        first are by the time of submission, or by the order of the file where it is not known.
    devices
        Whether of ballots with the same choices from one device only the first counts. Ballots that differ all count:
        a family may share a device.

    Raises
    ------
    DataError
        If ``voters`` is another word.
    """
    if voters not in KEEP:
        raise DataError(f"no rule for repeated ballots is called '{voters}'{near(voters, KEEP)}")
    if voters != "all":
        keep: Any = False if voters == "none" else voters
        repeated = ballots.frame["voter"].duplicated(keep=keep)
        ballots = ballots.select(~repeated.to_numpy(), f"same voter ({voters} counts)")
    if devices:
        known = ballots.frame["device"] >= 0
        same = pd.DataFrame({"device": ballots.frame["device"], "choices": patterns_of(ballots)}).duplicated()
        ballots = ballots.select(~(same & known).to_numpy(), "same choices from one device (first counts)")
    return ballots


def patterns_of(ballots: Ballots) -> NDArray[np.intp]:
    """A number for each set of choices, the same for the same choices."""
    packed = np.ascontiguousarray(np.packbits(ballots.ticks, axis=1))
    return np.unique(packed, axis=0, return_inverse=True)[1].reshape(-1)


def merge_small(counts: pd.Series, *, least: int = LEAST) -> pd.Series:
    """Counts in which nobody can be found: small groups in one row, joined by the next smallest until it is not small.

    Parameters
    ----------
    counts
        Voters by group, without groups that nobody is in.
    least
        The smallest count that is printed.

    Raises
    ------
    DataError
        If there are fewer voters in all.

    Examples
    --------
    >>> merge_small(pd.Series({"parent": 90, "ngo": 12, "child": 40, "expert": 3})).to_dict()
    {'parent': 90, 'child': 40, 'smaller groups together': 15}
    """
    if counts.sum() < least:
        raise DataError(f"there are fewer than {least} voters in all; nothing about them is printed")
    if counts.min() >= least:
        return counts
    rising = counts.sort_values(kind="stable")
    few = max(int((rising < least).sum()), int(np.searchsorted(rising.cumsum(), least)) + 1)
    small = rising.index[:few]
    shown = counts.drop(small)
    shown[MERGED] = counts[small].sum()
    return shown


def _ticks(rows: Rows, codes: Sequence[str]) -> NDArray[np.bool_]:
    """The choices as a table of ticks."""
    choices = rows.frame["choices"]
    place: Mapping[str, int] = {code: i for i, code in enumerate(codes)}
    split = choices.str.split(";").explode().str.strip()
    split = split[split != ""]
    for row, code in split[~split.isin(codes)].items():
        raise rows.refuse(row, "choices", f"there is no indicator '{code}'{near(code, codes)}")
    twice = pd.DataFrame({"row": split.index, "code": split.to_numpy()})
    for row, code in twice[twice.duplicated()].to_numpy():
        raise rows.refuse(row, "choices", f"'{code}' is ticked twice; an indicator is ticked or not")
    ticks = np.zeros((len(choices), len(codes)), dtype=bool)
    ticks[choices.index.get_indexer(split.index), split.map(place).to_numpy(int)] = True
    return ticks


def _times(rows: Rows) -> pd.Series[Any]:
    text = rows.frame["submitted"]
    times: pd.Series[Any] = pd.Series(
        pd.to_datetime(text.where(text != ""), format="ISO8601", errors="coerce", utc=True)
    )
    for row in text.index[(text != "") & times.isna()]:
        raise rows.refuse(row, "submitted", f"submitted is '{text[row]}'; write it as 2024-03-15T14:05:09")
    return times


def _runs(voters: pd.Series) -> NDArray[np.intp]:
    """How many ballots with consecutive identifiers came in together with each: a17, a18, a19 are three."""
    pieces = voters.str.extract(r"^(.*?)(\d{1,15})$")
    table = pd.DataFrame(
        {"stem": pieces[0].to_numpy(), "number": pd.to_numeric(pieces[1]).to_numpy(), "at": np.arange(len(voters))}
    ).dropna()
    table = table.sort_values(["stem", "number", "at"], kind="stable")
    follows = (
        (table["stem"] == table["stem"].shift()) & (table["number"].diff() == 1) & table["at"].diff().abs().le(NEAR)
    )
    run = (~follows).cumsum()
    result = np.ones(len(voters), dtype=np.intp)
    result[table["at"].to_numpy()] = run.groupby(run).transform("size").to_numpy()
    return result
