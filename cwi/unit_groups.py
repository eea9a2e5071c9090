"""Groups of units: by income, by size, by part of the country; from groups.csv of a methodology.

A row a unit and a column a grouping; an empty cell is a unit that is in no group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi import folders
from cwi.errors import MethodologyError, near
from cwi.textfiles import read_csv

__all__ = ["check_grouping", "group_labels", "grouping_of", "read_groups"]


def read_groups(path: Path) -> pd.DataFrame | None:
    """The groups of units, index region; None where there is no such file.

    Raises
    ------
    MethodologyError
        With file and line, if there is no grouping, or a unit has no code or is listed twice.
    """
    if not path.is_file():
        return None
    with path.open(encoding="utf-8-sig") as file:
        header = [name.strip() for name in file.readline().strip().split(",")]
    groupings = [name for name in header if name != "region"]
    where = folders.relative(path)
    table = read_csv(path, MethodologyError, required=("region", *groupings))
    if not groupings:
        raise MethodologyError(f"{where}: there is no grouping; write a column for each beside 'region'")
    for line in table.index[table["region"] == ""]:
        raise MethodologyError(f"{where} line {line}: 'region' is empty; a row is a unit")
    for line in table.index[table["region"].duplicated()]:
        raise MethodologyError(f"{where} line {line}: the unit '{table.at[line, 'region']}' is listed twice")
    return table.set_index("region")


def check_grouping(groups: pd.DataFrame | None, grouping: str, where: str) -> str:
    """The name of a grouping, if there is such a column.

    Raises
    ------
    MethodologyError
        If there is none.
    """
    known = [] if groups is None else list(groups.columns)
    if grouping not in known:
        there = near(grouping, known) or "; there is no groups.csv, which has a column for each grouping"
        raise MethodologyError(f"{where}: no grouping of units is called '{grouping}'{there}")
    return grouping


def grouping_of(
    stated: str | Mapping[str, Sequence[str]], groups: pd.DataFrame | None, where: str, known: Iterable[str]
) -> dict[str, str]:
    """The group of each unit, from a column of groups.csv or from lists of codes.

    Parameters
    ----------
    stated
        The name of a grouping, or the codes of the units of each group.
    groups
        As :func:`read_groups` gives them.
    known
        Units that have observations, of any year.

    Raises
    ------
    MethodologyError
        If there is no such grouping, or a list names a unit without any observation.

    Examples
    --------
    >>> grouping_of({"north": ["A"], "south": ["B", "D"]}, None, "rules", known=["A", "B", "C"])
    Traceback (most recent call last):
    cwi.errors.MethodologyError: rules: the group 'south' names 'D', which has no observation; there are A, B, C
    """
    if isinstance(stated, str):
        check_grouping(groups, stated, where)
        assert groups is not None
        column = groups[stated]
        return {str(unit): str(group) for unit, group in column.items() if group != ""}
    units = sorted({str(unit) for unit in known})
    for group, codes in stated.items():
        for code in codes:
            if code not in units:
                raise MethodologyError(
                    f"{where}: the group '{group}' names '{code}', which has no observation{near(code, units)}"
                )
    return {code: group for group, codes in stated.items() for code in codes}


def group_labels(group_of: Mapping[str, str], units: Sequence[str]) -> NDArray[np.intp]:
    """A whole number for each unit: that of its group; a unit in no group is alone.

    Examples
    --------
    >>> group_labels({"A": "north", "B": "south", "C": "north"}, ["A", "B", "C", "D"]).tolist()
    [0, 1, 0, -4]
    """
    places = {group: place for place, group in enumerate(dict.fromkeys(group_of.values()))}
    return np.array(
        [places[group_of[unit]] if unit in group_of else -1 - place for place, unit in enumerate(units)], dtype=np.intp
    )
