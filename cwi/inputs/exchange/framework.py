"""How a tree and values that were read of another tool become a methodology folder with observations."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cwi.errors import DataError, MethodologyError, ParameterError, near
from cwi.folders import relative
from cwi.inputs.exchange.parts import AGGREGATIONS, Part, Unit, check_tree, check_units, level_names, level_rules
from cwi.methodology import Methodology, read_methodology

__all__ = ["ENDS", "Imported", "csv_text", "imported", "into_place"]

ABOVE_ZERO = ("geometric", "harmonic")  # they need scores above zero, so the scale begins at 1
ENDS = ("range", "goalposts")
DECIMALS = 6  # other tools rank scores as they are; fewer digits tie units that they do not


@dataclass(frozen=True, eq=False)
class Imported:
    """A methodology and its observations, ready to be saved.

    ``indicators``: the table of indicators.csv. ``observations``: region, year, indicator, value, status, source;
    a missing value keeps its row, with the status 'missing'. ``units``: region, name. ``notes``: what a reader who
    knows the other tool must know. ``groups``: region and a column a grouping; ``denominators``: code, unit, title_en;
    None where the tables have none.
    """

    rules: str
    indicators: pd.DataFrame
    observations: pd.DataFrame
    units: pd.DataFrame
    notes: tuple[str, ...]
    groups: pd.DataFrame | None = None
    denominators: pd.DataFrame | None = None

    def save(self, folder: Path) -> Methodology:
        """Write methodology.toml, indicators.csv, observations.csv and units.csv into a new folder.

        groups.csv and denominators.csv are written where there are any.

        Raises
        ------
        DataError
            If the folder is there already, or cannot be made; nothing is left behind then.
        """
        with into_place(Path(folder)) as aside:
            (aside / "methodology.toml").write_text(self.rules, encoding="utf-8", newline="\n")
            for name in ("indicators", "observations", "units", "groups", "denominators"):
                if (table := getattr(self, name)) is None:
                    continue
                text = csv_text(table)
                (aside / f"{name}.csv").write_text(text, encoding="utf-8", newline="\n")
            try:
                read_methodology(aside)
            except MethodologyError as problem:
                raise MethodologyError(str(problem).replace(relative(aside), relative(Path(folder)))) from None
        return read_methodology(Path(folder))


@contextmanager
def into_place(folder: Path) -> Iterator[Path]:
    """A folder aside that becomes ``folder`` when all is written, and is gone when anything fails."""
    where = relative(folder)
    if folder.exists():
        raise DataError(f"{where}: there is such a folder already; name a new one, nothing is overwritten")
    if not folder.absolute().parent.is_dir():
        raise DataError(f"{where}: the folder in which it should lie, {relative(folder.parent)}, is not there; make it")
    try:
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.absolute().parent))
    except OSError as problem:
        raise DataError(f"{where}: cannot be written ({problem.strerror})") from None
    try:
        aside.chmod(0o755)
        yield aside
        if folder.exists():
            raise DataError(f"{where}: another program made that folder meanwhile; name a new one")
        aside.rename(folder)
    except OSError as problem:
        raise DataError(f"{where}: cannot be written ({problem.strerror})") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV: numbers to their last digit, empty cells where nothing is.

    >>> csv_text(pd.DataFrame({"region": ["A, B"], "value": [0.1], "n": [None]}))
    'region,value,n\\n"A, B",0.1,\\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_cell(value) for value in row] for row in table.itertuples(index=False))
    return out.getvalue()


def _indicator(
    part: Part,
    above: Mapping[str, str],
    sizes: Mapping[str, tuple[str, str]],
    scale: tuple[float, float, str, str],
    *,
    measured: bool,
) -> dict[str, Any]:
    """The row of indicators.csv of an indicator; ``scale``: its lower and upper end, their basis and the reason."""
    low, high, basis, reason = scale
    row: dict[str, Any] = {"code": part.code, **above, "title_en": part.title or part.code, "unit": part.unit}
    if sizes:
        row |= {"denominator": part.denominator, "raw_unit": part.unit if part.denominator else ""}
        if part.denominator:
            row["unit"] = " / ".join([part.unit or "1", sizes[part.denominator][1] or part.denominator])
    row |= {"worst": low, "best": high} if part.direction > 0 else {"worst": high, "best": low}
    return row | {
        "scale": "linear",
        "ends_basis": basis,
        "ends_reason": reason,
        "weight": part.weight,
        "data": "open" if measured else "awaiting data",
        "note": "" if part.target is None else f"Target given: {part.target!r}.",
    }


def _observations(
    indicators: Sequence[Part], units: Sequence[Unit], sizes: Mapping[str, tuple[str, str]], source: str
) -> pd.DataFrame:
    """The long table of the values of all units, and of their denominators that are no indicator too."""
    only_sizes = [code for code in sizes if code not in {part.code for part in indicators}]
    cells = [
        (unit, code, value)
        for unit in units
        for code, value in [
            *((part.code, unit.values.get(part.code)) for part in indicators),
            *((code, unit.sizes.get(code)) for code in only_sizes),
        ]
    ]
    return pd.DataFrame(
        [
            {
                "region": unit.code,
                "year": unit.year,
                "indicator": code,
                "value": math.nan if value is None else value,
                "status": "missing" if value is None else "normal",
                "source": source,
            }
            for unit, code, value in cells
        ]
    )


def imported(
    parts: Sequence[Part],
    units: Sequence[Unit],
    *,
    tool: str,
    files: str,
    source: str,
    version: str,
    levels: Sequence[str] | None = None,
    aggregation: str | Sequence[str] = "arithmetic",
    ends: str = "range",
    cap: bool = True,
    notes: Sequence[str] = (),
    decimals: int = DECIMALS,
    denominators: Mapping[str, tuple[str, str]] | None = None,
) -> Imported:
    """Turn a tree and its values into a methodology.

    Parameters
    ----------
    levels
        Names of the levels between the indicators and the top, lowest first; level_2, level_3 … by default. The top
        level has the code of the top, because that is what the index is called.
    aggregation
        A word of AGGREGATIONS for all levels, or one a level, lowest first.
    ends
        "range": the lowest and the highest value of all units and years; "goalposts": those that were given.
    decimals
        Digits of a score at which two units share a rank.
    denominators
        Title and unit of each denominator by its code.
    """
    check_tree(parts)
    depth = max(part.level for part in parts)
    top = next(part for part in parts if part.level == depth)
    names = level_names(levels, depth, top)
    rules = level_rules(aggregation, depth)
    if ends not in ENDS:
        raise ParameterError(f"ends is '{ends}'{near(ends, ENDS)}")
    if not version.strip():
        raise ParameterError("version is empty; it must be a word such as 'coinr-2020'")
    check_units(units)
    indicators = [part for part in parts if part.level == 1]
    sizes = dict(denominators or {})
    by_code = {part.code: part for part in parts}
    years = sorted({unit.year for unit in units})
    span = str(years[0]) if len(years) == 1 else f"{years[0]}-{years[-1]}"
    rows = []
    for part in indicators:
        values = [value for unit in units if (value := unit.value(part)) is not None]
        above, parent = {}, part.parent
        for name in names:
            assert parent is not None
            above[name], parent = parent, by_code[parent].parent
        rows.append(_indicator(part, above, sizes, _ends(part, values, ends, span), measured=bool(values)))
    observations = _observations(indicators, units, sizes, source)
    heads = {unit.code: unit.name or unit.code for unit in units}
    return Imported(
        rules=_toml(parts, [*names, top.code], rules, top, tool, files, version, years, cap, decimals),
        indicators=pd.DataFrame(rows),
        observations=observations,
        units=pd.DataFrame({"region": list(heads), "name": list(heads.values())}),
        notes=(*notes, *_notes(observations, tool, rules, parts)),
        groups=_groups(units),
        denominators=None
        if not sizes
        else pd.DataFrame(
            [{"code": code, "unit": unit or "1", "title_en": title} for code, (title, unit) in sizes.items()]
        ),
    )


def _groups(units: Sequence[Unit]) -> pd.DataFrame | None:
    """The groups of each unit, those of its last year; None where there is no grouping."""
    groupings = list(dict.fromkeys(name for unit in units for name in unit.groups))
    if not groupings:
        return None
    latest = {unit.code: unit for unit in sorted(units, key=lambda unit: unit.year)}
    rows = [
        {"region": code} | {name: latest[code].groups.get(name, "") for name in groupings} for code in sorted(latest)
    ]
    return pd.DataFrame(rows)


def _ends(part: Part, values: Sequence[float], ends: str, span: str) -> tuple[float, float, str, str]:
    """The lower and the upper end, what they rest on and why."""
    if ends == "goalposts":
        if part.goalposts is None:
            raise MethodologyError(
                f"{part.place}: '{part.code}' lacks a goalpost; give both, or take the ends from the range"
            )
        low, high = part.goalposts
        if low >= high:
            raise MethodologyError(
                f"{part.place}: the lower goalpost of '{part.code}' is {low:g} and the upper {high:g}; the lower must "
                "be below the upper, the direction decides which is better"
            )
        return low, high, "", "Goalposts taken over as given; the file gives no reason for them."
    if not values:
        raise MethodologyError(f"{part.place}: '{part.code}' has no value at all, so no range; give goalposts or data")
    low, high = min(values), max(values)
    if low == high:
        raise MethodologyError(
            f"{part.place}: every value of '{part.code}' is {low:g}, which is no range; give goalposts or take it out"
        )
    return low, high, "range", f"The lowest and the highest of {len(values)} values, {span}; taken over at import."


# ---------------------------------------------------------------- the text


def _toml(
    parts: Sequence[Part],
    names: Sequence[str],
    rules: Sequence[str],
    top: Part,
    tool: str,
    files: str,
    version: str,
    years: Sequence[int],
    cap: bool,
    decimals: int,
) -> str:
    low = ", low = 1.0" if any(rule in ABOVE_ZERO for rule in rules) else ""
    lines = [
        f"# Imported from {tool}: {' '.join(files.split())}. Working rules; nobody has approved them here.",
        "# The ends are in indicators.csv. They are fixed: later data do not move them.",
        "",
        f"version = {_quoted(version)}",
        'status = "working"',
        f"title_en = {_quoted(top.title or top.code)}",
        f"base = [{', '.join(map(str, years))}]",
        f'normalisation = {{name = "goalposts", cap = {"true" if cap else "false"}{low}}}',
        "max_age = 0",
        f"decimals = {decimals}  # two units whose scores agree to so many digits share a rank",
        "",
        f"# coverage = 0.0 is the way of {tool}: a node is scored when any part of it is measured, and the weights",
        "# of the measured parts are brought to one. What was missing is flagged 'gaps'. Raise it to ask for more.",
    ]
    for name, rule in zip(names, rules, strict=True):
        lines += ["", "[[level]]", f"name = {_quoted(name)}", 'weighting = "stated"']
        lines += [f"aggregation = {AGGREGATIONS[rule]}", "coverage = 0.0"]
    for part in parts:
        if part.level > 1:
            lines += ["", f"[node.{_quoted(part.code)}]", f"weight = {part.weight!r}"]
            lines += [f"title_en = {_quoted(part.title)}"] if part.title else []
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _notes(observations: pd.DataFrame, tool: str, rules: Iterable[str], parts: Iterable[Part]) -> list[str]:
    notes = []
    if gaps := int((observations["status"] == "missing").sum()):
        notes.append(
            f"{gaps} of {len(observations)} values are missing. {tool} leaves them out and shares their weight among "
            "the rest without a word; cwi does the same here and flags every score above them 'gaps'."
        )
    empty = observations.groupby("region")["value"].count()
    if silent := list(empty.index[empty == 0]):
        notes.append(f"No value at all: {', '.join(silent)}. They get no score here.")
    if above := [rule for rule in ABOVE_ZERO if rule in rules]:
        notes.append(
            f"Scores run from 1 to 100, because a score of 0 has no {above[0]} mean; in {tool} it is the range 1 to "
            "100 of the normalisation."
        )
    if any(part.target is not None for part in parts):
        notes.append("Targets are kept as notes in indicators.csv; the ends do not use them.")
    return notes


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(float(value))
    return "" if value is None or value is pd.NA else value
