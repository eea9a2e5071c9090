"""Experts' sheets: points to the parts of each parent, and judgements of pairs."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cwi.errors import DataError
from cwi.inputs.cells import WORKBOOKS, read_grid
from cwi.inputs.consultation.experts import LIMIT, Panel, parents_of
from cwi.inputs.consultation.rows import Rows, files_of, numbers, read_rows
from cwi.methodology import Methodology
from cwi.methods.weighting.judgement import ahp_each
from cwi.textfiles import number

__all__ = ["SAATY", "budget_panel", "judgement_panel", "read_budgets", "read_judgements"]

BUDGET = ("part", "points")
AHP = ("first", "second", "times")
TITLES = ("title_kk", "title_ru", "title_en")
HINTS = ("parent", "sum", *TITLES, *(title.replace("title", "second") for title in TITLES))
EXPERT = re.compile(r"[^\W\d_]{0,4}[-_]?\d{1,6}")
SAATY = tuple([str(n) for n in range(9, 0, -1)] + [f"1/{n}" for n in range(2, 10)])


def read_budgets(path: Path, methodology: Methodology) -> Panel:
    """Experts' points: a hundred to divide among the parts of every parent.

    Parameters
    ----------
    path
        A CSV or XLSX table with the columns expert, part and points; or a workbook made of the template, whose sheet
        'about' names the expert; or a folder of such files.
    methodology
        Its tree says which parts there are. Every expert must have spoken of every parent; a part without brothers need
        not be asked about.

    Raises
    ------
    DataError
        With file, sheet and cell (or line), if a part is unknown, a point is no number, points do not sum to a
        hundred, an expert gave none, or an expert is listed twice.
    """
    return budget_panel([_with_expert(file, "budget", BUDGET) for file in files_of(path)], methodology)


def read_judgements(path: Path, methodology: Methodology, *, limit: float = LIMIT, refuse: bool = False) -> Panel:
    """Experts' judgements of pairs, how many times as important the first part is as the second.

    An expert with a consistency ratio above the limit under any parent is set aside, and listed.

    Parameters
    ----------
    path
        As in :func:`read_budgets`, with the columns expert, first, second and times: from 1/9 to 9.
    limit
        The highest consistency ratio that counts as consistent.
    refuse
        Whether an expert above the limit is an error instead.

    Raises
    ------
    DataError
        With file, sheet and cell (or line), if a part is unknown, two parts have different parents, a pair is missing
        or is listed twice, or a judgement is not on the scale.
    """
    files = [_with_expert(file, "ahp", AHP) for file in files_of(path)]
    return judgement_panel(files, methodology, limit=limit, refuse=refuse)


def budget_panel(sheets: list[Rows], methodology: Methodology) -> Panel:
    """The panel of the rows of budget sheets; see :func:`read_budgets`."""
    parents = parents_of(methodology)
    parts: list[pd.DataFrame] = []
    for rows in sheets:
        _experts(rows)
        rows.check("part", list(parents.index), "part")
        given = rows.frame[["expert", "part"]].assign(points=numbers(rows, "points", 0, 100, empty=np.nan))
        _once(rows, given, ["expert", "part"], "part", "points to")
        for expert, points in given.groupby("expert", sort=False)["points"]:
            if points.isna().all():
                row = int(points.index[0])
                raise rows.refuse(row, "points", f"expert {expert} gave no points at all; leave the sheet out")
        given["points"] = given["points"].fillna(0.0)
        parts.append(given)
    _one_sheet(sheets)
    wide = pd.concat([part.pivot(index="expert", columns="part", values="points") for part in parts])
    wide = wide.reindex(columns=parents.index).sort_index()
    alone = list(parents.index[~parents.duplicated(keep=False)])
    wide[alone] = wide[alone].fillna(100.0)
    for expert, part in _first_gap(wide):
        rows = _sheet_of(sheets, expert)
        raise DataError(f"{rows.where}: expert {expert} does not name '{part}'; give it points, or 0")
    sums = wide.T.groupby(parents, sort=False).sum().T
    for expert, parent in _where((sums - 100).abs() > 1e-6):
        rows = _sheet_of(sheets, expert)
        total = float(sums.loc[expert].to_dict()[parent])
        cells = rows.frame[(rows.frame["expert"] == expert) & (rows.frame["part"].map(parents) == parent)]
        raise DataError(
            f"{rows.place(int(cells.index[0]), 'points')} and on: expert {expert} gave {total:g} points in all to the "
            f"{len(cells)} parts of '{parent}'; they must sum to 100"
        )
    weights = wide.div(sums[parents].to_numpy())
    return Panel(
        weights=weights.rename_axis(index="expert", columns=None),
        parents=parents,
        method="budget_allocation",
        judgements={},
        consistency=pd.DataFrame({"expert": [], "parent": [], "parts": [], "ratio": []}),
        set_aside=(),
        synthetic=_synthetic(sheets),
    )


def judgement_panel(
    sheets: list[Rows], methodology: Methodology, *, limit: float = LIMIT, refuse: bool = False
) -> Panel:
    """The panel of the rows of AHP sheets; see :func:`read_judgements`."""
    parents = parents_of(methodology)
    answers = pd.concat([_judged(rows, parents) for rows in sheets])
    _one_sheet(sheets)
    pairs = [pair for parent in dict.fromkeys(parents) for pair in combinations(parents.index[parents == parent], 2)]
    wide = answers.pivot(index="expert", columns=["first", "second"], values="log")
    wide = wide.reindex(columns=pd.MultiIndex.from_tuples(pairs)).sort_index()
    for expert, pair in _first_gap(wide):
        rows, (one, two) = _sheet_of(sheets, expert), tuple(pair)
        raise DataError(f"{rows.where}: expert {expert} does not compare '{one}' with '{two}'; fill in the pair")
    weights = pd.DataFrame(1.0, index=wide.index.rename("expert"), columns=list(parents.index))
    judgements, panel = {}, []
    for parent in dict.fromkeys(parents):
        codes = list(parents.index[parents == parent])
        k = len(codes)
        logs = np.zeros((len(wide), k, k))
        upper = np.triu_indices(k, 1)
        if k > 1:
            logs[:, upper[0], upper[1]] = wide[[(codes[i], codes[j]) for i, j in zip(*upper, strict=True)]]
        judgements[parent] = np.exp(logs - logs.transpose(0, 2, 1))
        weights[codes], ratios = ahp_each(judgements[parent])
        panel.append(pd.DataFrame({"expert": wide.index, "parent": parent, "parts": k, "ratio": ratios}))
    consistency = pd.concat(panel, ignore_index=True)
    worst = consistency.loc[consistency.groupby("expert")["ratio"].idxmax()]
    beyond = worst[worst["ratio"] > limit]
    if refuse and len(beyond):
        case = beyond.iloc[0]
        raise DataError(
            f"{_sheet_of(sheets, case['expert']).where}: the judgements of expert {case['expert']} of the parts of "
            f"'{case['parent']}' contradict one another: their consistency ratio is {case['ratio']:.3f}, more than "
            f"{limit:g}; ask again, or set the expert aside"
        )
    kept = ~weights.index.isin(beyond["expert"])
    if not kept.any():
        raise DataError(f"{sheets[0].where}: no expert's judgements have consistency ratios of {limit:g} or less")
    return Panel(
        weights=weights[kept],
        parents=parents,
        method="ahp",
        judgements={parent: matrices[kept] for parent, matrices in judgements.items()},
        consistency=consistency,
        set_aside=tuple(beyond["expert"]),
        synthetic=_synthetic(sheets),
    )


def _with_expert(path: Path, sheet: str, required: tuple[str, ...]) -> Rows:
    """The rows of a file; of a template filled in by one expert, whom its sheet 'about' names."""
    numeric = [column for column in required if column == "points"]
    rows = read_rows(path, sheet, required=required, optional=("expert",), ignored=HINTS, numeric=numeric)
    if (rows.frame["expert"] != "").any() or path.suffix.lower() not in WORKBOOKS:
        return rows
    about = read_grid(path, "about", DataError)
    named = [about.text(row, 2) for row in range(2, about.rows + 1) if about.text(row, 1) == "expert"]
    if not named or not named[0]:
        raise DataError(
            f"{about.where}: the expert who filled the sheet in is not named; write the expert's code beside 'expert'"
        )
    rows.frame["expert"] = named[0]
    return rows


def _experts(rows: Rows) -> None:
    """Refuse what is no code: a name or an address would be kept with the weights. It is not repeated."""
    for text in rows.frame["expert"].unique():
        if not EXPERT.fullmatch(text):
            row = int(rows.frame.index[rows.frame["expert"] == text][0])
            reason = (
                "an expert is known by a code such as E017, never by a name or an address" if text else "it is empty"
            )
            raise rows.refuse(row, "expert", f"this is no code of an expert; {reason}")


def _judged(rows: Rows, parents: pd.Series) -> pd.DataFrame:
    """The pairs of a sheet in the order of the tree, with the logarithm of the judgement."""
    _experts(rows)
    for column in ("first", "second"):
        rows.check(column, list(parents.index), "part")
    frame = rows.frame
    both = frame["first"].map(parents), frame["second"].map(parents)
    wrong = (both[0] != both[1]) | (frame["first"] == frame["second"])
    for row in frame.index[wrong]:
        one, two = frame.loc[row, ["first", "second"]]
        raise rows.refuse(row, "second", f"'{one}' is not compared with '{two}': a pair is two parts of one parent")
    for expert, times in frame["times"].groupby(frame["expert"], sort=False):
        if (times == "").all():
            raise rows.refuse(
                int(times.index[0]), "times", f"expert {expert} judged no pair at all; leave the sheet out"
            )
    scale = {text: _times(text) for text in frame["times"].unique()}
    for row, text in frame["times"].items():
        if scale[text] is None:
            date = re.fullmatch(r"\d{4}-\d\d-\d\d(T.*)?", text)
            hint = "; a spreadsheet has made a date of it, write it as text: 1/3" if date else ""
            shown = f"'{text}'" if text else "empty"
            reason = f"times is {shown}; it must be from 1/9 to 9, such as 3 or 1/3{hint}"
            raise rows.refuse(row, "times", reason)
    at = {code: i for i, code in enumerate(parents.index)}
    turned = frame["first"].map(at) > frame["second"].map(at)
    answers = pd.DataFrame(
        {
            "expert": frame["expert"],
            "first": frame["first"].where(~turned, frame["second"]),
            "second": frame["second"].where(~turned, frame["first"]),
            "log": np.log(frame["times"].map(scale).astype(float)) * np.where(turned, -1.0, 1.0),
        }
    )
    _once(rows, answers, ["expert", "first", "second"], "second", "a judgement of this pair with")
    return answers


def _times(text: str) -> float | None:
    """A judgement on Saaty's scale: a number from 1/9 to 9, or a fraction as it is written."""
    over, bar, under = text.partition("/")
    one, two = number(over), number(under) if bar else 1.0
    if one is None or two is None or two == 0:
        return None
    value = one / two
    return value if 1 / 9 - 5e-3 <= value <= 9 else None  # 0.11 is printed for a ninth


def _once(rows: Rows, given: pd.DataFrame, key: list[str], column: str, what: str) -> None:
    for row in given.index[given.duplicated(key)]:
        same = given[(given[key] == given.loc[row, key]).all(axis=1)]
        raise rows.refuse(
            row,
            column,
            f"expert {given.at[row, 'expert']} gives {what} '{given.at[row, column]}' twice, first at "
            f"{rows.place(int(same.index[0]), column)}; an expert has one sheet",
        )


def _one_sheet(sheets: list[Rows]) -> None:
    seen: dict[str, str] = {}
    for rows in sheets:
        for expert in rows.frame["expert"].unique():
            if expert in seen:
                raise DataError(f"{rows.where}: expert {expert} is in {seen[expert]} too; an expert has one sheet")
            seen[expert] = rows.where


def _sheet_of(sheets: list[Rows], expert: str) -> Rows:
    return next(rows for rows in sheets if (rows.frame["expert"] == expert).any())


def _where(table: pd.DataFrame) -> list[tuple[str, Any]]:
    """The first cell of a table that is true, as a list of none or one."""
    places = np.argwhere(table.to_numpy())
    return [(table.index[i], table.columns[j]) for i, j in places[:1]]


def _first_gap(wide: pd.DataFrame) -> list[tuple[str, Any]]:
    return _where(wide.isna())


def _synthetic(sheets: list[Rows]) -> bool:
    kinds = {rows.synthetic for rows in sheets}
    if len(kinds) > 1:
        raise DataError(
            f"{sheets[0].where}: some sheets are marked synthetic and some are not; they are never read together"
        )
    return kinds.pop()
