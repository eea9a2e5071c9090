"""Measures for children: what was promised or done, by when, and the dated figures that show what became of it.

The tables are in data/policy/. A measure has targets, which may be moved, and facts; a statement without a quantity or
a date stays in the register and is named as one that cannot be checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cwi import folders
from cwi.errors import DataError, near
from cwi.methodology import Methodology, codes_of_other_versions
from cwi.textfiles import number, read_csv

__all__ = ["BOUNDS", "KINDS", "Register", "read_indicator_targets", "read_register"]

KINDS = ("promised", "done", "level")
BOUNDS = ("exactly", "at least", "at most", "about")
TITLES = ("title_en", "title_ru", "title_kk")
SOURCES = ("source", "publisher", "title", "date", "address", "read", "note")
MEASURES = ("measure", "sentence", "figure", "kind", "unit", "component", "indicators", "body", *TITLES, "note")
TARGETS = ("measure", "value", "bound", "due", "announced", "source", "reading", "note")
FACTS = ("measure", "value", "bound", "as_of", "source", "reading", "note")
FIGURES = ("sentence", "figure", "is")
INDICATOR_TARGETS = ("indicator", "value", "bound", "due", "kind", "source", "note")
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True, eq=False)
class Register:
    """The register of measures, as tidy tables.

    ``measures``: index measure; sentence (of the overview), figure (as printed there), kind ("promised", "done" or
    "level"), unit, component, indicators (a tuple of codes), body, title_en, title_ru, title_kk, note.
    ``targets``: measure, value, bound, due (a day; missing where no date is given), announced (as written: a day, or a
    year or month where no more is known), source, reading, note, announced_earliest, announced_latest (the first and
    the last day it can be).
    ``facts``: measure, value, bound, as_of (as written), source, reading, note, as_of_earliest, as_of_latest.
    ``sources``: index source; publisher, title, date, address, read, note.
    ``figures``: sentence, figure, is: every figure of the overview, and what it is where it is no measure.
    """

    measures: pd.DataFrame
    targets: pd.DataFrame
    facts: pd.DataFrame
    sources: pd.DataFrame
    figures: pd.DataFrame

    def __repr__(self) -> str:
        kinds = self.measures["kind"].value_counts()
        counts = ", ".join(f"{kinds.get(kind, 0)} {kind}" for kind in KINDS)
        return (
            f"Register({len(self.measures)} measures: {counts}; {len(self.targets)} targets, {len(self.facts)} facts)"
        )


def read_register(folder: Path | None = None, *, methodology: Methodology | None = None) -> Register:
    """The register of measures in ``folder`` (data/policy), checked.

    Parameters
    ----------
    folder
        Where the five tables are; data/policy by default.
    methodology
        If given, components and indicators that measures aim at must be nodes of it.

    Raises
    ------
    DataError
        With the file and the line, if something is missing, unknown, listed twice or contradicts itself.

    Examples
    --------
    >>> read_register()
    Register(76 measures: 20 promised, 28 done, 28 level; 28 targets, 69 facts)
    """
    folder = folder or folders.data() / "policy"
    sources = _table(folder / "sources.csv", SOURCES, key="source")
    measures = _table(folder / "measures.csv", MEASURES, key="measure")
    where = folders.relative(folder / "measures.csv")
    for row in measures.to_dict("records"):
        line = row["line"]
        _one_of(row["kind"], KINDS, f"{where} line {line}: kind")
        if not row["unit"]:
            raise DataError(f"{where} line {line}: '{row['measure']}' has no unit; write what is counted")
        for title in TITLES:
            if not row[title]:
                raise DataError(f"{where} line {line}: '{row['measure']}' has no {title}")
    measures = measures.assign(
        sentence=_column(measures, "sentence", where, _whole),
        indicators=measures["indicators"].map(lambda text: tuple(filter(None, text.split(";")))),
    )
    if methodology is not None:
        _nodes_exist(measures, methodology, where)
    known, names = set(measures["measure"]), set(sources["source"])
    targets = _due(_dated(folder / "targets.csv", TARGETS, "announced", known, names), folder / "targets.csv")
    facts = _dated(folder / "facts.csv", FACTS, "as_of", known, names)
    figures = _table(folder / "overview_figures.csv", FIGURES)
    where = folders.relative(folder / "overview_figures.csv")
    figures = figures.assign(sentence=_column(figures, "sentence", where, _whole))
    return Register(
        measures.set_index("measure").drop(columns="line"),
        targets.drop(columns="line"),
        facts.drop(columns="line"),
        sources.set_index("source").drop(columns="line"),
        figures.drop(columns="line"),
    )


def read_indicator_targets(indicators: Collection[str], folder: Path | None = None) -> pd.DataFrame:
    """Targets of indicators of the index, of the Sustainable Development Goals or national, from data/policy.

    Returns
    -------
    DataFrame
        indicator, value (in the indicator's unit), bound, due (a year), kind ("SDG" or "national"), source, note; only
        those of ``indicators``.

    Raises
    ------
    DataError
        With the file and the line, if a number, a year or a word is not one.
    """
    path = (folder or folders.data() / "policy") / "indicator_targets.csv"
    table = _table(path, INDICATOR_TARGETS)
    where = folders.relative(path)
    for row in table.to_dict("records"):
        _one_of(row["kind"], ("SDG", "national"), f"{where} line {row['line']}: kind")
        _one_of(row["bound"], BOUNDS, f"{where} line {row['line']}: bound")
        if not row["source"]:
            raise DataError(f"{where} line {row['line']}: the target of '{row['indicator']}' has no source")
    table = table.assign(
        value=_column(table, "value", where, _number),
        due=_column(table, "due", where, _whole),
    )
    return table[table["indicator"].isin(list(indicators))].drop(columns="line").reset_index(drop=True)


def _table(path: Path, columns: tuple[str, ...], key: str = "") -> pd.DataFrame:
    """The rows of a file with the line each is on; a key that is listed twice is refused."""
    table = read_csv(path, DataError, required=columns, filled=True).rename_axis("line").reset_index()
    if key:
        for row in table[table[key].duplicated()].to_dict("records"):
            raise DataError(f"{folders.relative(path)} line {row['line']}: '{row[key]}' is listed twice")
    return table


def _dated(path: Path, columns: tuple[str, ...], date: str, measures: set[str], sources: set[str]) -> pd.DataFrame:
    """Targets or facts: numbers, names that the other tables know, the first and the last day that a date can be."""
    table = _table(path, columns)
    where = folders.relative(path)
    for row in table.to_dict("records"):
        place = f"{where} line {row['line']}"
        if row["measure"] not in measures:
            raise DataError(f"{place}: no measure is called '{row['measure']}'{near(row['measure'], sorted(measures))}")
        if row["source"] not in sources:
            raise DataError(f"{place}: sources.csv has no '{row['source']}'{near(row['source'], sorted(sources))}")
        _one_of(row["bound"], BOUNDS, f"{place}: bound")
    for row in table[table.duplicated([column for column in columns if column != "note"])].to_dict("records"):
        raise DataError(f"{where} line {row['line']}: this row of '{row['measure']}' is listed twice")
    first_and_last = [
        _days(text, f"{where} line {line}: {date}") for line, text in zip(table["line"], table[date], strict=True)
    ]
    days = {
        f"{date}_{end}": pd.Series([both[i] for both in first_and_last], table.index, "datetime64[s]")
        for i, end in enumerate(("earliest", "latest"))
    }
    return table.assign(value=_column(table, "value", where, _number), **days)


def _due(targets: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Targets with the day they are due, or none; a target is announced before it is due."""
    where = folders.relative(path)
    due = []
    for row in targets.to_dict("records"):
        place = f"{where} line {row['line']}"
        first, last = _days(row["due"], f"{place}: due") if row["due"] else (pd.NaT, pd.NaT)
        if first is not last and first != last:
            raise DataError(f"{place}: due is '{row['due']}'; it must be a day such as 2024-12-31, or empty")
        if last < row["announced_earliest"]:
            raise DataError(f"{place}: '{row['measure']}' is due {row['due']}, before it was announced")
        due.append(last)
    return targets.assign(due=pd.Series(due, index=targets.index, dtype="datetime64[s]"))


def _days(text: str, where: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The first and the last day of a day, a month or a year."""
    if not DATE.fullmatch(text):
        raise DataError(
            f"{where} is '{text}'; it must be a day such as 2024-12-31, or 2024-12 or 2024 where no more is known"
        )
    try:
        period = pd.Period(text, freq={4: "Y", 7: "M", 10: "D"}[len(text)])
    except ValueError:
        raise DataError(f"{where} is '{text}'; there is no such date") from None
    return period.start_time.normalize(), period.end_time.normalize()


def _nodes_exist(measures: pd.DataFrame, methodology: Methodology, where: str) -> None:
    """Refuse components and indicators that neither this methodology nor another version has."""
    others = codes_of_other_versions(methodology)
    components = [node.code for node in methodology.nodes[0]]
    indicators = list(methodology.indicators["code"])
    for row in measures.to_dict("records"):
        place = f"{where} line {row['line']}"
        for kind, codes, known in (
            ("component", filter(None, [row["component"]]), components),
            ("indicator", row["indicators"], indicators),
        ):
            for code in codes:
                if code not in known and code not in others:
                    raise DataError(
                        f"{place}: methodology {methodology.version} has no {kind} '{code}'{near(code, known)}"
                    )


def _column(table: pd.DataFrame, name: str, where: str, read: Callable[[str, str], float]) -> list[float]:
    """The cells of a column, read one by one so that an error names the line."""
    return [read(text, f"{where} line {line}: {name}") for line, text in zip(table["line"], table[name], strict=True)]


def _one_of(word: str, words: Iterable[str], where: str) -> None:
    if word not in words:
        raise DataError(f"{where} is '{word}'{near(word, words)}")


def _number(text: str, where: str) -> float:
    value = number(text)
    if value is None:
        raise DataError(f"{where} is '{text}'; it must be a number, with a decimal point")
    return value


def _whole(text: str, where: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise DataError(f"{where} is '{text}'; it must be a whole number")
    return int(text)
