"""The judgement on every series in hand: kept, changed, new, awaiting or dropped, why, and what it is about."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from cwi import folders
from cwi.errors import MethodologyError, near
from cwi.methodology import Methodology
from cwi.textfiles import read_csv

__all__ = ["ROLES", "VERDICTS", "read_selection"]

SHAPES = (("sdg", r"\d{1,2}\.[\da-d]{1,2}", "3.4, 16.b"), ("crc_article", r"\d{1,2}", "6, 12"))
VERDICTS = ("kept", "changed", "new", "awaiting", "dropped")
ROLES = ("outcome", "process", "context")
COLUMNS = ("series", "verdict", "reason", "about_children", "role", "sdg", "crc_article", "target", "target_source")


def read_selection(methodology: Methodology | Path) -> pd.DataFrame:
    """selection.csv beside a methodology: a row for each indicator and every other series.

    Parameters
    ----------
    methodology
        The methodology, or the file.

    Returns
    -------
    DataFrame
        index series; verdict, reason, about_children (true or false), role (outcome, process, context; empty where the
        series is dropped), sdg (number of the target), crc_article (of the Convention on the Rights of the Child),
        target, target_source.

    Raises
    ------
    MethodologyError
        With file and line, if there is no such file, a word is unknown, a reason is missing or a series is twice there.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> table = read_selection(read_methodology("2026.1"))
    >>> table.loc["neet", ["verdict", "role"]].tolist(), bool(table.at["child_victims", "about_children"])
    (['changed', 'outcome'], True)
    """
    path = methodology if isinstance(methodology, Path) else methodology.path.with_name("selection.csv")
    where = folders.relative(path)
    table = read_csv(path, MethodologyError, required=COLUMNS, filled=True)
    for column, words in (("verdict", VERDICTS), ("about_children", ("yes", "no")), ("role", ("", *ROLES))):
        for line, word in table[column].items():
            if word not in words:
                raise MethodologyError(
                    f"{where} line {line}: {column} is '{word}'{near(word, [w for w in words if w])}"
                )
    for column, shape, example in SHAPES:
        for line, text in table[column].items():
            if text and not re.fullmatch(rf"{shape}(, {shape})*", text, re.ASCII):
                raise MethodologyError(f"{where} line {line}: {column} is '{text}'; it must be like {example}")
    for line in table.index[table["reason"] == ""]:
        raise MethodologyError(f"{where} line {line}: the verdict on '{table.at[line, 'series']}' has no reason")
    for line in table.index[table["series"].duplicated()]:
        raise MethodologyError(f"{where} line {line}: '{table.at[line, 'series']}' is listed twice")
    return table.assign(about_children=table["about_children"] == "yes").set_index("series")
