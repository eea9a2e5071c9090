"""Cells that look wrong are asked about before they are scored: jumps, copies, totals outside their parts, breaks.

:func:`ask` goes through the series that some methodology uses; :func:`read_answers` reads what was decided, from
data/questions.csv and from the cells.csv of each methodology; :func:`unanswered` compares the two. The rules and their
limits are in docs/decisions (questions about cells).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from cwi import folders
from cwi.edition import POPULATION
from cwi.errors import DataError, near
from cwi.methodology import methodologies
from cwi.observations import MIDDLING
from cwi.territory import Territory
from cwi.textfiles import number, read_csv
from cwi.vintage import EVERY, read_cell_decisions

__all__ = ["CHECKS", "DECISIONS", "ask", "read_answers", "unanswered"]

SINCE = 2018  # the first year that is scored
UNUSUAL = 3.5  # modified z-score from which a change is unusual: Iglewicz and Hoaglin (1993)
LARGE, LARGER = 1.0, 2.0  # standard deviations of the panel: an unusual change must be large; this one needs no more
DIVIDED = 0.75  # the same, for the parts of a divided region together against its last figure
COPIED = 0.9  # share of regions with last year's figure to the last digit
UNORDERED = 0.25  # rank correlation of two years below which their order of regions has nothing in common
FEW = 5  # regions that a comparison of whole columns needs
TO_LOOK_BACK = 2  # years that a former figure may lie back
BOUNDS = (1.0, 99.0)  # shares are compared on the logit scale inside these
CHECKS = ("jump", "division", "copied column", "total outside its parts", "definition break")
DECISIONS = ("keep", "series dropped")
COLUMNS = ("check", "indicator", "region", "year", "decision", "reason")
KEY = ["indicator", "region", "year"]


def ask(observations: pd.DataFrame, series: pd.DataFrame, territory: Territory, *, since: int = SINCE) -> pd.DataFrame:
    """Every question about the scored totals of the series that are used.

    jump
        Of a region, against its figure before (at most two years back): unusual (modified z-score of the change above
        3.5) and larger than one standard deviation of the series, or larger than two. The change is that of the logit
        of a share and of the logarithm of anything else, less the median change of the regions in that year; its
        measure is the median absolute deviation of all changes of the series. The size is in points of a share, and
        in logarithms elsewhere.
    division
        The mean of the parts of a divided region, weighted by population, against its last figure: more than three
        quarters of a standard deviation.
    copied column
        Nine in ten regions repeat the figure of the year before to the last digit, those at a bound not counted.
    total outside its parts
        A share, rate or mean lies outside women and men, or town and village, by more than one unit of its last digit.
        Where that is so for a third of the territories, and five or more, it is one question about the column.
    definition break
        All regions together move by more than one standard deviation (the median change), or the order of regions has
        nothing in common with that of the year before (rank correlation below 0.25).

    Parameters
    ----------
    observations
        As :func:`cwi.observations.read_observations` gives them; synthetic ones are not asked about.
    series
        As :func:`cwi.observations.read_series` gives them.
    since
        The first year asked about; earlier ones are compared with.

    Returns
    -------
    DataFrame
        check, indicator, region ('all' for a column), year, before (the year compared with, the year itself where
        there is none), text (what was noticed), file, line (of the cell; of the first one of a column). Sorted.

    References
    ----------
    Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers.

    Examples
    --------
    >>> from cwi.observations import read_observations, read_series
    >>> from cwi.territory import read_territory
    >>> questions = ask(read_observations(), read_series(), read_territory())
    >>> questions.query("indicator == 'road_quality'")["text"].tolist()
    ['14 of 14 regions repeat the figure of 2018 to the last digit']
    """
    table = observations[observations["status"] != "synthetic"]
    used = series.index[series["used"] == "yes"]
    totals = table[(table["sex"] == "") & (table["area"] == "") & table["value"].notna()]
    people = totals[totals["indicator"] == POPULATION].set_index(["region", "year"])["value"]
    scored = totals[totals["scored"] & totals["indicator"].isin(used)]
    rows: list[dict[str, object]] = []
    for code, own in scored[scored["region"] != territory.nation].groupby("indicator"):
        wide = own.pivot(index="region", columns="year", values="value")
        share = str(series.at[code, "kind"]) == "share"
        for row in _of_series(wide, share, _wholes(wide, territory, people), since):
            rows.append({"indicator": code, **row})
    rows += _outside(table, scored, series, since)
    found = pd.DataFrame(rows, columns=["check", *KEY, "before", "text"])
    first = scored[scored["region"] != territory.nation].drop_duplicates(["indicator", "year"]).assign(region=EVERY)
    place = pd.concat([scored, first]).set_index(KEY)[["file", "line"]]
    return found.join(place, on=KEY).sort_values(["file", "line", "check"], ignore_index=True)


def _of_series(wide: pd.DataFrame, share: bool, wholes: pd.DataFrame, since: int) -> Iterator[dict[str, object]]:
    """Jumps, divisions, copies and breaks of one series: a row a region, a column a year."""
    before = wide.ffill(axis=1, limit=TO_LOOK_BACK).shift(axis=1)
    change = _scaled(wide, share) - _scaled(before, share)
    size = wide - before if share else change
    spread = float(np.nanstd((wide if share else _scaled(wide, share)).to_numpy()))
    if not spread > 0:
        return
    common, median = change.median(), size.median()
    moved = change - common
    mad = float(np.nanmedian(np.abs(moved.to_numpy()))) if moved.notna().any(axis=None) else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        unusual = 0.6745 * np.abs(moved.to_numpy()) / mad > UNUSUAL
    deviations = ((size - median) / spread).to_numpy()
    jump = (unusual & (np.abs(deviations) > LARGE)) | (np.abs(deviations) > LARGER)
    years = wide.columns.to_numpy()
    for place, column in np.argwhere(jump):
        if years[column] >= since:
            known = wide.iloc[place, :column].dropna()
            then = int(known.index[-1])
            text = f"{known.iloc[-1]:g} in {then}, {wide.iat[place, column]:g} here"
            yield _row("jump", wide.index[place], years[column], then, f"{text}{_sizes(deviations[place, column])}")
    for region, year, then, old, new in wholes.itertuples(index=False):
        step = new - old if share else float(np.log(new / old)) if min(new, old) > 0 else np.nan
        off = (step - median.get(year, 0.0)) / spread
        if year >= since and abs(off) > DIVIDED:
            text = f"the former region had {old:g} in {then}, its parts together {new:.4g} here{_sizes(off)}"
            yield _row("division", region, year, then, text)
    for then, year in pairwise(years):
        both = wide[[then, year]].dropna()
        if year < since or len(both) < FEW:
            continue
        inside = both[both[year] != wide.max(axis=None)] if share else both
        same = int((inside[then] == inside[year]).sum())
        if len(inside) >= FEW and same >= COPIED * len(inside):
            text = f"{same} of {len(inside)} regions repeat the figure of {then} to the last digit"
            yield _row("copied column", EVERY, year, then, text)
        order = both[then].corr(both[year], method="spearman")
        off = float((size[year].median()) / spread)
        if abs(off) > LARGE:
            text = f"the median region moves from {then}{_sizes(off)}"
            yield _row("definition break", EVERY, year, then, text)
        elif order < UNORDERED:
            text = f"the order of regions has nothing in common with that of {then} (rank correlation {order:.2f})"
            yield _row("definition break", EVERY, year, then, text)


def _row(check: str, region: object, year: object, before: object, text: str) -> dict[str, object]:
    return {"check": check, "region": str(region), "year": int(str(year)), "before": int(str(before)), "text": text}


def _sizes(deviations: float) -> str:
    return f" ({deviations:+.1f} standard deviations)"


def _scaled(values: pd.DataFrame, share: bool) -> pd.DataFrame:
    if share:
        inside = values.clip(*BOUNDS)
        return pd.DataFrame(np.log(inside / (100.0 - inside)))
    return pd.DataFrame(np.log(values.where(values > 0)))


def _wholes(wide: pd.DataFrame, territory: Territory, people: pd.Series) -> pd.DataFrame:
    """Parts of a divided region together (named by its first part), in the first year in which all have a figure."""
    rows = []
    for former, parts in territory.changes.groupby("old")["new"]:
        if former not in wide.index or not set(parts) <= set(wide.index):
            continue
        known = wide.loc[former].dropna()
        together = wide.loc[list(parts)].dropna(axis=1)
        last = int(known.index.max()) if len(known) else None
        columns = [int(str(year)) for year in together.columns]
        years = [year for year in columns if last is not None and last < year <= last + TO_LOOK_BACK]
        if not years:
            continue
        year = years[0]
        weight = [float(str(people.get((part, year), np.nan))) for part in parts]
        mean = float(np.average(together[year].to_numpy(float), weights=weight))
        largest = list(parts)[int(np.argmax(np.nan_to_num(weight)))]
        rows.append((largest, year, int(known.index[-1]), float(known.to_numpy(float)[-1]), mean))
    return pd.DataFrame(rows, columns=["region", "year", "then", "old", "new"]).dropna()


def _outside(table: pd.DataFrame, scored: pd.DataFrame, series: pd.DataFrame, since: int) -> list[dict[str, object]]:
    """Totals outside women and men, or town and village, whatever the status of these."""
    middling = series.index[series["kind"].isin(MIDDLING)]
    totals = scored[scored["indicator"].isin(middling) & (scored["year"] >= since)].set_index(KEY)["value"]
    rows: list[dict[str, object]] = []
    for column, other, words, names in (("sex", "area", ("F", "M"), "women and men"),
                                        ("area", "sex", ("U", "R"), "town and village")):  # fmt: skip
        parts = table[(table[other] == "") & table["value"].notna()]
        one, two = (parts[parts[column] == word].set_index(KEY)["value"] for word in words)
        known = pd.concat([totals, one, two], axis=1, join="inner", keys=["total", "one", "two"])
        if known.empty:
            continue
        digits = known.groupby("indicator")["total"].transform(lambda values: values.map(_decimals).max())
        slack = 10.0 ** -digits.to_numpy(float) * (1 + 1e-6)
        low, high = known[["one", "two"]].min(axis=1), known[["one", "two"]].max(axis=1)
        outside = (known["total"] < low - slack) | (known["total"] > high + slack)
        for (code, year), column_of_year in outside.groupby(["indicator", "year"]):
            wrong = column_of_year[column_of_year]
            if len(wrong) >= FEW and 3 * len(wrong) >= len(column_of_year):
                text = f"{len(wrong)} of {len(column_of_year)} totals are outside {names}"
                rows.append({"indicator": code, **_row(CHECKS[3], EVERY, year, year, text)})
                continue
            for key in wrong.index:
                cell = known.loc[key]
                text = f"the total is {cell['total']:g}, {names} {cell['one']:g} and {cell['two']:g}"
                rows.append({"indicator": code, **_row(CHECKS[3], key[1], year, year, text)})
    return rows


def _decimals(value: float) -> int:
    return len(np.format_float_positional(value, trim="-").partition(".")[2])


def read_answers(folder: Path | None = None) -> pd.DataFrame:
    """What was decided on cells: data/questions.csv, and the cells.csv of every methodology.

    Returns
    -------
    DataFrame
        check (empty for those of a methodology: they decide on the cell, whatever was noticed), indicator, region (a
        code or 'all'), year, decision, reason, file, line.

    Raises
    ------
    DataError
        With file and line, if a word is unknown, a year is no number, a reason is missing or an answer is there twice.
    """
    folder = folder or folders.data()
    tables = []
    path = folder / "questions.csv"
    if path.is_file():
        tables.append(_read(path))
    for version in methodologies(folder / "methodology").values():
        decisions = read_cell_decisions(version / "cells.csv")
        if decisions is not None:
            where = folders.relative(version / "cells.csv")
            tables.append(decisions.reset_index(names="line").assign(check="", file=where))
    columns = ["check", *KEY, "decision", "reason", "file", "line"]
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat([table[columns] for table in tables], ignore_index=True)


def _read(path: Path) -> pd.DataFrame:
    table, where = read_csv(path, DataError, required=COLUMNS), folders.relative(path)
    for column, words in (("check", CHECKS), ("decision", DECISIONS)):
        for line, word in table[column].items():
            if word not in words:
                raise DataError(f"{where} line {line}: {column} is '{word}'{near(word, words)}")
    for line, row in table.iterrows():
        year = number(row["year"])
        if year is None or year % 1:
            raise DataError(f"{where} line {line}: year is '{row['year']}', which is not a whole number")
        if not row["reason"]:
            raise DataError(f"{where} line {line}: the decision on {row['indicator']} has no reason")
    for line in table.index[table.duplicated(["check", *KEY])]:
        raise DataError(f"{where} line {line}: the question has an answer already")
    return table.astype({"year": float}).astype({"year": int}).reset_index(names="line").assign(file=where)


def unanswered(questions: pd.DataFrame, answers: pd.DataFrame, observations: pd.DataFrame) -> list[str]:
    """Questions without an answer, and answers without their cell or their question, each with file and line.

    A decision of a methodology on a cell, or on its column, answers every question about the cell, and a question about
    a change is answered by a decision on either of its two figures.

    Parameters
    ----------
    questions, answers
        As :func:`ask` and :func:`read_answers` give them.
    observations
        Where the cells of the answers must be.
    """
    exact = set(map(tuple, answers.loc[answers["check"] != "", ["check", *KEY]].to_numpy()))
    whole = set(map(tuple, answers.loc[answers["check"] == "", KEY].to_numpy()))
    problems = []
    asked: set[tuple[object, ...]] = set()
    for row in questions.to_dict("records"):
        asked.add((row["check"], row["indicator"], row["region"], row["year"]))
        cells = [(row["indicator"], region, year) for region in (row["region"], EVERY)
                 for year in (row["year"], row["before"])]  # fmt: skip
        if (row["check"], row["indicator"], row["region"], row["year"]) not in exact and whole.isdisjoint(cells):
            where = "all regions" if row["region"] == EVERY else row["region"]
            problems.append(
                f"{row['file']} line {row['line']:.0f}: {row['check']}: {row['indicator']} in {where}, {row['year']}: "
                f"{row['text']}; decide on it in data/questions.csv or in cells.csv of the methodology"
            )
    there = observations.loc[observations["value"].notna(), KEY]
    known = set(map(tuple, there.to_numpy())) | set(map(tuple, there.assign(region=EVERY).to_numpy()))
    for row in answers.to_dict("records"):
        where = f"{row['file']} line {row['line']}: "
        if (row["indicator"], row["region"], row["year"]) not in known:
            problems.append(
                f"{where}decides on {row['indicator']} in {row['region']}, {row['year']}, but there is no such figure"
            )
        elif row["check"] and (row["check"], row["indicator"], row["region"], row["year"]) not in asked:
            problems.append(
                f"{where}the check '{row['check']}' asks nothing about {row['indicator']} in {row['region']}, "
                f"{row['year']}; take the line away"
            )
    return problems
