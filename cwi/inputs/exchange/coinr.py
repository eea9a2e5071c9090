"""From COINr and back: its tables iMeta (the tree) and iData (the values), as CSV or XLSX.

Read as the documentation of COINr 1.x describes them (``new_coin``, ``check_iMeta``, ``check_iData``):

iMeta : iCode, Level, Parent, Direction, Weight, Type; iName, Unit, Target, Denominator and goalpost_lower,
    goalpost_upper, goalpost_scale, goalpost_trunc2posts where there are
iData : uCode; uName and Time where there are; a column for every indicator, denominator and grouping

What COINr does by default is what the imported methodology does: min-max from 0 to 100 by direction over all units
and years, weighted arithmetic means up the levels, with the weights divided among what is measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.errors import DataError, MethodologyError, ParameterError, near
from cwi.folders import relative
from cwi.indicators import DECIMALS as MOST_DECIMALS
from cwi.inputs.cells import Table, read_table, refuse_formula
from cwi.inputs.exchange.framework import Imported, Part, Unit, csv_text, imported, into_place, refuse_code
from cwi.methodology import Methodology

__all__ = ["read_coinr", "write_coinr"]

META = ("iCode", "Level", "Parent", "Direction", "Weight", "Type")
TYPES = ("Indicator", "Aggregate", "Group", "Denominator", "Other")
UNITS = ("uCode", "uName", "Time")
MISSING = ("", "NA", "NaN")
TRUTH = {"TRUE": True, "True": True, "1": True, "FALSE": False, "False": False, "0": False}
FUNCTIONS = {"arithmetic": "a_amean", "geometric": "a_gmean", "harmonic": "a_hmean"}


def read_coinr(
    imeta: Path,
    idata: Path,
    *,
    year: int | None = None,
    levels: Sequence[str] | None = None,
    aggregation: str | Sequence[str] = "arithmetic",
    ends: str = "range",
    version: str = "coinr",
    decimals: int = 6,
) -> Imported:
    """Read the two tables of a COINr index.

    Parameters
    ----------
    imeta, idata
        CSV or XLSX files; in a workbook the sheet iMeta or iData, or its only visible sheet.
    year
        The year of the values where iData has no column Time; the only year that is read where it has one.
    levels
        Names of the levels between the indicators and the top, lowest first.
    aggregation
        "arithmetic", "geometric" or "harmonic", for all levels or one a level: COINr keeps it in R, not in its tables.
    ends
        "range", as ``n_minmax``, or "goalposts", as ``n_goalposts`` with the columns of iMeta.
    decimals
        Digits of a score at which two units share a rank, from 0 to 12.

    Raises
    ------
    DataError, MethodologyError
        With the file and the line or the cell, what was found and what would do.
    ParameterError
        If a year, a level or a rule is missing or unknown.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> meta = "iCode,Level,Parent,Direction,Weight,Type\\nPoor,1,Index,-1,1,Indicator\\nIndex,2,NA,1,1,Aggregate\\n"
    >>> _ = (folder / "iMeta.csv").write_text(meta)
    >>> _ = (folder / "iData.csv").write_text("uCode,Poor\\nA,10\\nB,30\\nC,NA\\n")
    >>> read = read_coinr(folder / "iMeta.csv", folder / "iData.csv", year=2020)
    >>> read.indicators[["code", "worst", "best"]].to_dict("records")
    [{'code': 'Poor', 'worst': 30.0, 'best': 10.0}]
    >>> list(read.observations["status"])
    ['normal', 'normal', 'missing']
    """
    meta = read_table(Path(imeta), "iMeta", MethodologyError, META)
    data = read_table(Path(idata), "iData", DataError, ("uCode",))
    kinds = _kinds(meta)
    parts = [_part(meta, row) for row in meta.rows if kinds[meta.text(row, "iCode")] in ("Indicator", "Aggregate")]
    if not any(part.level == 1 for part in parts):
        raise MethodologyError(f"{meta.grid.where}: no row has the Type 'Indicator'")
    indicators = [part.code for part in parts if part.level == 1]
    _check_columns(meta, data, kinds)
    cap, notes = _goalposts(meta, parts) if ends == "goalposts" else (True, [])
    if not 0 <= decimals <= MOST_DECIMALS:
        raise ParameterError(f"decimals is {decimals!r}; it must be a whole number from 0 to {MOST_DECIMALS}")
    sizes = _sizes(meta, data, kinds)
    groupings = [name for name in data.columns if kinds.get(name, "Group") == "Group" and name not in UNITS]
    if left := [name for name in data.columns if name not in (*UNITS, *indicators, *groupings, *sizes)]:
        listed = ", ".join(f"{name} ({kinds.get(name, 'Group')})" for name in left)
        notes.append(f"Columns of iData that nothing uses were left out: {listed}.")
    if turned := [part.code for part in parts if part.level > 1 and part.direction < 0]:
        notes.append(f"A direction of -1 at an aggregate does nothing in COINr, and nothing here: {', '.join(turned)}.")
    return imported(
        parts,
        _units(data, indicators, year, groupings, [name for name in sizes if name not in indicators]),
        tool="COINr",
        files=f"{Path(imeta).name} and {Path(idata).name}",
        source="coinr",
        version=version,
        levels=levels,
        aggregation=aggregation,
        ends=ends,
        cap=cap,
        notes=notes,
        decimals=decimals,
        denominators=sizes,
    )


def _sizes(meta: Table, data: Table, kinds: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Title and unit of each denominator that an indicator names, by its code."""
    known = [code for code, kind in kinds.items() if kind in ("Denominator", "Indicator")]
    named: dict[str, str] = {}
    for row in meta.rows:
        denominator = meta.text(row, "Denominator")
        if denominator in MISSING:
            continue
        code, place = meta.text(row, "iCode"), meta.place(row, "Denominator")
        if kinds[code] != "Indicator":
            raise MethodologyError(f"{place}: '{code}' is no indicator; only indicators have a denominator")
        if denominator not in known or denominator == code:
            raise MethodologyError(f"{place}: the denominator of '{code}' is '{denominator}'{near(denominator, known)}")
        if denominator not in data.columns:
            raise MethodologyError(f"{place}: the denominator '{denominator}' has no column in {data.grid.where}")
        named.setdefault(denominator, place)
    rows = {meta.text(row, "iCode"): row for row in meta.rows}
    words = {code: (meta.words(rows[code], "iName"), meta.words(rows[code], "Unit")) for code in named}
    return {
        code: ("" if title in MISSING else title, "" if unit in MISSING else unit)
        for code, (title, unit) in words.items()
    }


def _kinds(meta: Table) -> dict[str, str]:
    """The Type of every code, each code once."""
    kinds: dict[str, str] = {}
    lines: dict[str, int] = {}
    for row in meta.rows:
        code, kind = meta.text(row, "iCode"), meta.text(row, "Type")
        if code in MISSING:
            raise MethodologyError(f"{meta.place(row, 'iCode')}: iCode is empty; every row needs a code")
        refuse_code(code, meta.place(row, "iCode"), "iCode", MethodologyError)
        if code in UNITS:
            raise MethodologyError(f"{meta.place(row, 'iCode')}: '{code}' is a column of iData with another meaning")
        if kind not in TYPES:
            raise MethodologyError(f"{meta.place(row, 'Type')}: Type is '{kind}'{near(kind, TYPES)}")
        if code in kinds:
            first = meta.place(lines[code], "iCode")
            raise MethodologyError(f"{meta.place(row, 'iCode')}: '{code}' is at {first} too; a code is one")
        kinds[code], lines[code] = kind, row
    return kinds


def _part(meta: Table, row: int) -> Part:
    code, kind = meta.text(row, "iCode"), meta.text(row, "Type")

    def refuse(column: str, text: str) -> MethodologyError:
        return MethodologyError(f"{meta.place(row, column)}: {text}")

    level = meta.number(row, "Level", MISSING)
    if level is None or level < 1 or level != int(level):
        raise refuse("Level", f"Level of '{code}' is '{meta.text(row, 'Level')}'; it must be a whole number from 1")
    if (kind == "Indicator") != (level == 1):
        raise refuse("Level", f"'{code}' is of Type '{kind}' and Level {level:g}; level 1 is that of the indicators")
    direction = meta.number(row, "Direction", MISSING)
    if direction not in (1, -1) and not (kind == "Aggregate" and direction is None):
        raise refuse("Direction", f"Direction of '{code}' is '{meta.text(row, 'Direction')}'; it must be 1 or -1")
    parent = meta.text(row, "Parent")
    weight = meta.number(row, "Weight", MISSING)
    if weight is None and parent not in MISSING:
        raise refuse("Weight", f"Weight of '{code}' is empty; it must be a number not below zero")
    posts = (meta.number(row, "goalpost_lower", MISSING), meta.number(row, "goalpost_upper", MISSING))
    title = meta.words(row, "iName")
    unit = meta.words(row, "Unit")
    return Part(
        code=code,
        level=int(level),
        parent=None if parent in MISSING else parent,
        weight=1.0 if weight is None else weight,
        place=meta.place(row, "iCode"),
        title="" if title in MISSING else title,
        unit="" if unit in MISSING else unit,
        direction=-1 if direction == -1 else 1,
        goalposts=None if posts[0] is None or posts[1] is None else (posts[0], posts[1]),
        target=meta.number(row, "Target", MISSING) if kind == "Indicator" else None,
        denominator="" if meta.text(row, "Denominator") in MISSING else meta.text(row, "Denominator"),
    )


def _check_columns(meta: Table, data: Table, kinds: Mapping[str, str]) -> None:
    for name in data.columns:
        kind = kinds.get(name, "")
        if kind == "Aggregate":
            raise DataError(
                f"{data.place(1, name)}: '{name}' is an aggregate in {meta.grid.where}; aggregates are computed, take "
                "the column out"
            )
        if not kind and name not in UNITS and not name.startswith(("Group.", "Group_")):
            raise DataError(
                f"{data.place(1, name)}: the column '{name}' has no row in {meta.grid.where}{near(name, kinds)}"
            )
    for row in meta.rows:
        code = meta.text(row, "iCode")
        if kinds[code] == "Indicator" and code not in data.columns:
            raise MethodologyError(
                f"{meta.place(row, 'iCode')}: the indicator '{code}' has no column in {data.grid.where}"
                f"{near(code, [name for name in data.columns if name not in UNITS])}"
            )


def _goalposts(meta: Table, parts: Sequence[Part]) -> tuple[bool, list[str]]:
    """Whether values beyond the goalposts are cut, and the note on the scale."""
    for column in ("goalpost_lower", "goalpost_upper"):
        if column not in meta.columns:
            raise MethodologyError(f"{meta.place(1)}: the column '{column}' is missing; or take ends from the range")
    caps: dict[bool, str] = {}
    scales: dict[float, str] = {}
    codes = {part.code for part in parts if part.level == 1}
    for row in meta.rows:
        if meta.text(row, "iCode") not in codes:
            continue
        word = meta.text(row, "goalpost_trunc2posts")
        if word not in (*MISSING, *TRUTH):
            place = meta.place(row, "goalpost_trunc2posts")
            raise MethodologyError(f"{place}: goalpost_trunc2posts is '{word}'; it must be TRUE or FALSE")
        scale = meta.number(row, "goalpost_scale", MISSING)
        caps.setdefault(TRUTH.get(word, True), meta.place(row, "goalpost_trunc2posts"))
        scales.setdefault(1.0 if scale is None else scale, meta.place(row, "goalpost_scale"))
    for column, places in (("goalpost_trunc2posts", caps), ("goalpost_scale", scales)):
        if len(places) > 1:
            raise MethodologyError(
                f"{list(places.values())[1]}: {column} differs between indicators; here it must be one for all of them"
                + ("; make the difference a weight" if column == "goalpost_scale" else "")
            )
    scale = next(iter(scales))
    if scale <= 0:
        raise MethodologyError(f"{scales[scale]}: goalpost_scale is {scale:g}; it must be above zero")
    note = f"Scores run from 0 to 100 here; in COINr, with goalpost_scale {scale:g}, from 0 to {scale:g}."
    return next(iter(caps)), [] if scale == 100 else [note]


def _units(
    data: Table, indicators: Sequence[str], year: int | None, groupings: Sequence[str], sizes: Sequence[str]
) -> list[Unit]:
    timed = "Time" in data.columns
    if not timed and year is None:
        raise ParameterError(f"{data.grid.where} has no column Time; give the year of the values")
    units = []
    for row in data.rows:
        code = data.text(row, "uCode")
        if not code:
            raise DataError(f"{data.place(row, 'uCode')}: uCode is empty; every row needs the code of its unit")
        refuse_code(code, data.place(row, "uCode"), "uCode", DataError)
        time = data.number(row, "Time") if timed else float(year or 0)
        if time is None or time != int(time):
            entry = data.text(row, "Time")
            raise DataError(f"{data.place(row, 'Time')}: Time of '{code}' is '{entry}'; it must be a whole year")
        if timed and year is not None and int(time) != year:
            continue
        values, of_size = ({name: data.number(row, name, MISSING) for name in names} for names in (indicators, sizes))
        groups = {name: "" if (word := data.words(row, name)) in MISSING else word for name in groupings}
        units.append(Unit(code, data.words(row, "uName"), int(time), values, data.place(row, "uCode"), of_size, groups))
    if not units:
        raise ParameterError(f"{data.grid.where} has no row of the year {year} in its column Time")
    return units


# ---------------------------------------------------------------- and back


def write_coinr(
    folder: Path,
    methodology: Methodology,
    observations: pd.DataFrame,
    *,
    weights: Sequence[NDArray[np.float64]] | None = None,
    names: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Write iMeta.csv and iData.csv into a new folder, for ``COINr::new_coin``.

    Parameters
    ----------
    observations
        Long table as for :func:`cwi.score`; rows by sex or area, of other indicators and of a status that is not
        scored are left out, and so is the nation. The ``cells`` of scores will do too, and are what the scores were
        made of, with what was carried or imputed.
    weights
        The weights to write, as ``Scores.weights``; needed where a level's weights are learnt from data. By default
        those that the methodology states, or 1 where parts count alike.
    names
        Names of the units by code.

    Returns
    -------
    What the two tables cannot say and must be told COINr in R, as sentences.

    Raises
    ------
    DataError, MethodologyError
        If the folder is there already, or the methodology does what iMeta has no words for.

    Examples
    --------
    >>> import tempfile
    >>> from cwi import read_edition
    >>> edition = read_edition(2023)
    >>> said = write_coinr(Path(tempfile.mkdtemp()) / "coinr", edition.methodology, edition.observations)
    >>> said[0][:67]
    'Normalise with f_n = "n_goalposts" and f_n_para = "use_iMeta": the '
    """
    where = relative(methodology.path)
    if methodology.normalisation.name != "goalposts":
        raise MethodologyError(
            f"{where}: iMeta has no words for the normalisation '{methodology.normalisation}'; export a methodology "
            "with 'goalposts', or write the scores as a workbook"
        )
    table = _totals(observations, methodology)
    meta, awaited = _imeta(methodology, _weights(methodology, weights), set(table["indicator"]))
    codes = [row["iCode"] for row in meta if row["Type"] == "Indicator"]
    wide = table.pivot(index=["region", "year"], columns="indicator", values="value").reindex(columns=codes)
    scales = methodology.indicators.set_index("code")["scale"]
    logs = [code for code in codes if scales[code] == "log"]
    for code in logs:
        if (wide[code] <= 0).any():
            raise DataError(f"{where}: '{code}' is read on a logarithmic scale but has a value that is not above zero")
        wide[code] = np.log(wide[code])
    data = wide.sort_index(level=["year", "region"]).reset_index()
    for code in data["region"].unique():
        refuse_code(code, where, "uCode", DataError)
        if code in {row["iCode"] for row in meta}:
            raise DataError(f"{where}: '{code}' is the code of a unit and of a node; COINr needs two different ones")
    given = names or {}
    for code in data["region"].unique():
        refuse_formula(given.get(code, ""), f"the name of '{code}'", DataError)
    data.insert(1, "uName", [given.get(code, code) for code in data["region"]])
    data = data.rename(columns={"region": "uCode", "year": "Time"})[["uCode", "uName", "Time", *codes]]
    with into_place(Path(folder)) as aside:
        for name, rows in (("iMeta", pd.DataFrame(meta)), ("iData", data)):
            (aside / f"{name}.csv").write_text(csv_text(rows), encoding="utf-8", newline="\n")
    return (*_notes(methodology, logs, awaited), *_not_measured(table))


def _totals(observations: pd.DataFrame, methodology: Methodology) -> pd.DataFrame:
    """The rows that COINr is given: one a region, year and indicator; a missing value keeps its unit."""
    for column in ("region", "year", "indicator", "value"):
        if column not in observations:
            raise DataError(f"the observations have no column '{column}'; they have {', '.join(observations.columns)}")
    table = observations[observations["indicator"].isin(methodology.indicators["code"])]
    table = table[methodology.is_region(table["region"])]
    for column in ("sex", "area"):
        if column in table:
            table = table[table[column].fillna("") == ""]
    if "scored" in table:
        table = table[table["scored"].astype(bool)]
    key = ["region", "year", "indicator"]
    if (twice := table.duplicated(key)).any():
        row = table[twice].iloc[0]
        raise DataError(f"{row['indicator']} in {row['region']}, {row['year']} has two values; a value has one row")
    if table["value"].notna().sum() == 0:
        raise DataError(f"no indicator of methodology {methodology.version} has a value; there is nothing to write")
    return table


def _weights(methodology: Methodology, weights: Sequence[NDArray[np.float64]] | None) -> dict[str, float]:
    """What every part counts in its parent."""
    tree = methodology.tree
    nodes = {node.code: node for level in methodology.nodes for node in level}
    table = methodology.indicators
    stated = dict(zip(table["code"], table["weight"], strict=True)) | {code: n.weight for code, n in nodes.items()}
    if weights is not None:
        for codes, row in zip(tree.codes, weights, strict=False):
            stated |= dict(zip(codes, np.asarray(row, dtype=float).tolist(), strict=True))
        return stated
    for code, parent in tree.parent_of.items():
        rule = nodes[parent].weighting.name
        if rule not in ("stated", "equal"):
            raise MethodologyError(
                f"{relative(methodology.path)}: the weights of '{parent}' are learnt from data ('{rule}'); "
                "hand in the weights of the scores"
            )
        stated[code] = float(stated[code]) if rule == "stated" else 1.0
    return stated


def _imeta(
    methodology: Methodology, weights: Mapping[str, float], measured: set[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of iMeta, and the indicators that have no value and are left out."""
    where = relative(methodology.path)
    table = methodology.indicators
    tree = methodology.tree
    parents = tree.parent_of
    kept = table[table["code"].isin(measured.intersection(tree.under(tree.top)))]
    rows: list[dict[str, Any]] = []
    for row in kept.to_dict("records"):
        log = row["scale"] == "log"
        ends = [math.log(row[end]) if log else row[end] for end in ("worst", "best")]
        less = row["best"] < row["worst"]
        rows.append(
            {
                "iCode": row["code"],
                "Level": 1,
                "Parent": parents[row["code"]],
                "Direction": -1 if less else 1,
                "Weight": weights[row["code"]],
                "Type": "Indicator",
                "iName": row["title_en"] or row["code"],
                "Unit": f"ln({row['unit']})" if log else row["unit"],
                "goalpost_lower": min(ends),
                "goalpost_upper": max(ends),
                "goalpost_scale": 100,
                "goalpost_trunc2posts": "TRUE" if methodology.normalisation.parameters.get("cap", True) else "FALSE",
            }
        )
    needed = {row["Parent"] for row in rows}
    for level, nodes in enumerate(methodology.nodes, start=2):
        for node in nodes:
            if node.code in needed:
                needed.add(node.parent or "NA")
                rows.append(
                    {"iCode": node.code, "Level": level, "Parent": node.parent or "NA", "Direction": 1}
                    | {"Weight": weights[node.code], "Type": "Aggregate", "iName": node.titles["en"], "Unit": ""}
                    | {"goalpost_lower": math.nan, "goalpost_upper": math.nan, "goalpost_scale": None}
                    | {"goalpost_trunc2posts": ""}
                )
    for line in rows:
        refuse_code(line["iCode"], where, "iCode", MethodologyError)
        for column in ("iName", "Unit"):
            refuse_formula(line[column], f"{where}: {column} of '{line['iCode']}'", MethodologyError)
    return rows, [code for code in tree.under(tree.top) if code not in measured]


def _notes(methodology: Methodology, logs: Sequence[str], awaited: Sequence[str]) -> list[str]:
    notes = ['Normalise with f_n = "n_goalposts" and f_n_para = "use_iMeta": the ends are the goalposts of iMeta.']
    rules = [level.aggregation for level in methodology.levels]
    words = [FUNCTIONS.get(rule.name, "") for rule in rules]
    if all(words):
        quoted = ", ".join(f'"{word}"' for word in words)
        notes.append(f"Aggregate with f_ag = c({quoted}), lowest level first.")
    else:
        unknown = dict.fromkeys(str(rule) for rule, word in zip(rules, words, strict=True) if not word)
        notes.append(f"COINr has no function for the aggregation {', '.join(unknown)}; write one in R.")
    if any(rule.parameters.get("floor") is not None for rule in rules):
        notes.append("COINr has no floor under scores; lift the normalised scores before the aggregation.")
    if any({"aggregation", "weighting", "coverage"} & set(override) for override in methodology.overrides.values()):
        notes.append("Nodes with rules of their own have them only here.")
    if any(level.coverage for level in methodology.levels):
        notes.append(
            "The coverage rule stays behind: dat_thresh of COINr counts parts, coverage here counts their weight."
        )
    if logs:
        notes.append(f"Values and goalposts are natural logarithms, as their scale here is: {', '.join(logs)}.")
    if methodology.treatment is not None:
        notes.append("Outliers are treated here; iData holds the values before that.")
    if methodology.nation is not None:
        notes.append(f"The nation '{methodology.nation}' is left out: COINr would rank it among the regions.")
    if awaited:
        notes.append(f"Without a value, so not in the tables: {', '.join(awaited)}.")
    return notes


def _not_measured(table: pd.DataFrame) -> list[str]:
    """Notes on values that were not measured in that year, where the table shows it."""
    table, notes = table[table["value"].notna()], []
    if "observed" in table and (n := int((table["observed"] < table["year"]).sum())):
        notes.append(f"{n} of {len(table)} values were carried from an earlier year.")
    if "status" in table and (n := int((table["status"] == "imputed").sum())):
        notes.append(f"{n} of {len(table)} values were imputed.")
    return notes
