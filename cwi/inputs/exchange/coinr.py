"""From COINr: its tables iMeta (the tree) and iData (the values), as CSV or XLSX.

Read as the documentation of COINr 1.x describes them (``new_coin``, ``check_iMeta``, ``check_iData``):

iMeta : iCode, Level, Parent, Direction, Weight, Type; iName, Unit, Target, Denominator and goalpost_lower,
    goalpost_upper, goalpost_scale, goalpost_trunc2posts where there are
iData : uCode; uName and Time where there are; a column for every indicator, denominator and grouping

What COINr does by default is what the imported methodology does: min-max from 0 to 100 by direction over all units
and years, weighted arithmetic means up the levels, with the weights divided among what is measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cwi.errors import DataError, MethodologyError, ParameterError, near
from cwi.indicators import DECIMALS as MOST_DECIMALS
from cwi.inputs.cells import Table, read_table
from cwi.inputs.exchange.framework import Imported, imported
from cwi.inputs.exchange.parts import Part, Unit, refuse_code

__all__ = ["read_coinr"]

META = ("iCode", "Level", "Parent", "Direction", "Weight", "Type")
TYPES = ("Indicator", "Aggregate", "Group", "Denominator", "Other")
UNITS = ("uCode", "uName", "Time")
MISSING = ("", "NA", "NaN")
TRUTH = {"TRUE": True, "True": True, "1": True, "FALSE": False, "False": False, "0": False}


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
