"""The data folder of an Open SDG site: for each indicator a CSV of values and a YAML of metadata, and translations.

The columns and codes are those of the site of Kazakhstan's Bureau of National Statistics (UNIT_MEASURE, REF_AREA, SEX,
URBANISATION); an indicator's number is its place in the tree: dimension, component, indicator.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from cwi.edition import Edition
from cwi.indicators import OPEN
from cwi.methodology import Methodology
from cwi.report.exchange.codes import area_codes, plain, unit_code
from cwi.report.exchange.sdmx import checked_real, printer_of, refuse_existing
from cwi.report.languages import LANGUAGES, NONE
from cwi.report.printer import Printer
from cwi.writing import new_folder

__all__ = ["opensdg_numbers", "write_opensdg"]

DEFAULT = "en"  # the language of meta/ itself; the others are in meta/<language>/
BREAKDOWNS = ("REF_AREA", "SEX", "URBANISATION", "GeoCode")
UNSEEN = re.compile(r"[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")  # written as numbers
SOURCES = 6  # how many sources a page of Open SDG lists


def opensdg_numbers(methodology: Methodology) -> dict[str, str]:
    """The number of each node below the index and of each indicator: its place among its neighbours, level by level.

    Open SDG has goals, targets and indicators: the level below the index, the lowest level above the indicators, and
    the indicators. Where these two are one level, the goal has one target.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> numbers = opensdg_numbers(read_methodology("2026.1"))
    >>> numbers["child"], numbers["physical_health"], numbers["under_five_mortality"]
    ('1', '1.2', '1.2.1')
    """
    levels = methodology.levels
    table = methodology.indicators
    goal = list(table[levels[-2].name] if len(levels) > 1 else [methodology.top.code] * len(table))
    target = list(table[levels[0].name] if len(levels) > 2 else goal)
    numbers: dict[str, str] = {}
    seen: dict[str, list[str]] = {"": []}
    for code, below, above in zip(table["code"], target, goal, strict=True):
        for name, parent in ((above, ""), (below, above), (code, below)):
            if name in numbers:
                continue
            neighbours = seen.setdefault(parent, [])
            neighbours.append(name)
            numbers[name] = f"{numbers[parent]}.{len(neighbours)}" if parent else str(len(neighbours))
        if below == above:  # the goal's only target
            numbers[code] = f"{numbers[above]}.1.{seen[below].index(code) + 1}"
    return numbers


def write_opensdg(target: Path, edition: Edition) -> int:
    """Write data/, meta/ and translations/ of an edition.

    Parameters
    ----------
    target
        A folder that is not there yet.
    edition
        The year; observations to its end are written, those of statuses that are not scored left out.

    Returns
    -------
    int
        How many indicators have a file of metadata; an indicator without a figure has no file of data and the
        reporting status 'notstarted'.

    Raises
    ------
    DataError
        If there is such a folder already, or the edition is a rehearsal.

    References
    ----------
    .. [1] Open SDG documentation: data format; metadata format; metadata file formats.

    Examples
    --------
    >>> import tempfile
    >>> from cwi import read_edition
    >>> folder = Path(tempfile.mkdtemp()) / "sdg"
    >>> write_opensdg(folder, read_edition(2023))
    56
    >>> (folder / "data" / "indicator_1-2-1.csv").read_text(encoding="utf-8").splitlines()[0]
    'Year,UNIT_MEASURE,REF_AREA,SEX,URBANISATION,GeoCode,Value'
    """
    checked_real(edition)
    refuse_existing(target)
    numbers = opensdg_numbers(edition.methodology)
    printers = {code: printer_of(edition, code) for code in LANGUAGES}
    indicators = edition.methodology.indicators
    with new_folder(Path(target)) as folder:
        for row in indicators.to_dict("records"):
            code = str(row["code"])
            number = numbers[code]
            table = _values(edition, code)
            if len(table):
                _write(
                    folder / "data" / f"indicator_{_dashed(number)}.csv", table.to_csv(index=False, lineterminator="\n")
                )
            for language, printer in printers.items():
                place = folder / "meta" if language == DEFAULT else folder / "meta" / language
                _write(place / f"{_dashed(number)}.yml", _yaml(_metadata(printer, row, number, table)))
        for language, printer in printers.items():
            for name, words in _translations(printer, numbers).items():
                _write(folder / "translations" / language / f"{name}.yml", _yaml(words))
    return len(indicators)


def _values(edition: Edition, code: str) -> pd.DataFrame:
    """Year, unit, breakdowns and value; a blank breakdown is the total, a column of blanks is left out."""
    base = edition.base
    rows = base[(base["indicator"] == code) & (base["year"] <= edition.year) & base["scored"] & base["value"].notna()]
    areas = {area: plain(other) for area, other in area_codes(edition).items()}
    areas[edition.territory.nation] = ""
    where = rows["region"].map(areas)
    unit = str(edition.methodology.indicators.set_index("code").at[code, "unit"])
    table = pd.DataFrame(
        {
            "Year": rows["year"], "UNIT_MEASURE": unit_code(unit), "REF_AREA": where, "SEX": rows["sex"],
            "URBANISATION": rows["area"], "GeoCode": where, "Value": rows["value"],
        }
    )  # fmt: skip
    table = table.drop_duplicates(["Year", *BREAKDOWNS])  # a divided region and its successor share a code, not a year
    blank = [column for column in BREAKDOWNS if (table[column] == "").all()]
    return table.drop(columns=blank).sort_values(list(table.columns.drop(["Value", *blank])), ignore_index=True)


def _metadata(printer: Printer, row: Mapping[object, object], number: str, table: pd.DataFrame) -> dict[str, object]:
    edition, language = printer.edition, printer.language.code
    code = str(row["code"])
    rules = edition.methodology
    used = edition.base.loc[edition.base["indicator"] == code, "source"].unique()
    sources = [edition.sources[name] for name in used if name in edition.sources][:SOURCES]
    working = printer.text("exchange.working", version=rules.version) if rules.status == "working" else ""
    nation = edition.territory.nation
    fields: dict[str, object] = {
        "indicator_number": number,
        "indicator_name": printer.title(code),
        "graph_title": printer.title(code),
        "graph_type": "line",
        "national_indicator_description": str(row[f"definition_{language}"]),
        "national_geographical_coverage": printer.region(nation) if nation else "",
        "computation_units": printer.unit(code),
        "computation_definitions": str(row[f"definition_{language}"]),
        "comments_limitations": str(row["note"]) if language == DEFAULT else "",
        "data_non_statistical": False,  # a missing figure is the reporting status; all indicators are statistical
        "data_show_map": "GeoCode" in table,
        "data_notice_class": "blue" if working else "",
        "data_notice_heading": printer.text("exchange.notice") if working else "",
        "data_notice_text": working,
        "data_footnote": working,
        "reporting_status": "complete" if len(table) else "notstarted",
        "data_availability": printer.text("rules.open" if row["data"] == OPEN else "rules.awaiting"),
    }
    for place, source in enumerate(sources, start=1):
        fields[f"source_active_{place}"] = True
        fields[f"source_organisation_{place}"] = printer.of_source(source, "publisher")
        fields[f"source_data_{place}"] = printer.of_source(source, "title")
        fields[f"source_other_info_{place}"] = printer.of_source(source, "licence")
    return fields


def _translations(printer: Printer, numbers: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """Words of codes and titles in one language, by the name of their file."""
    text, territory = printer.text, printer.edition.territory
    areas = area_codes(printer.edition)
    names: dict[str, object] = {"REF_AREA": text("index.column.region")}
    for code in map(str, territory.regions.index):
        if code != territory.nation:
            names[areas[code]] = territory.name(code, printer.language.code)  # today's name where two share a code
    for code in printer.edition.regions:
        names[areas[code]] = printer.region(code)
    units: dict[str, object] = {"UNIT_MEASURE": text("rules.column.unit")}
    for code, row in printer.indicators.items():
        units[unit_code(str(row["unit"]))] = printer.unit(code) or NONE
    titles: dict[int, dict[str, object]] = {1: {}, 2: {}, 3: {}}
    for code, number in numbers.items():
        dashed, title = _dashed(number), printer.title(code)
        titles[dashed.count("-") + 1] |= {f"{dashed}-title": title, f"{dashed}-short": title}
        if dashed.count("-") == 0 and f"{number}.1.1" in numbers.values() and f"{number}.1" not in numbers.values():
            titles[2][f"{dashed}-1-title"] = title
    return {
        "REF_AREA": names,
        "UNIT_MEASURE": units,
        "SEX": {"SEX": text("exchange.sex"), "F": text("equity.sex.first"), "M": text("equity.sex.second")},
        "URBANISATION": {
            "URBANISATION": text("exchange.area"), "U": text("equity.area.first"), "R": text("equity.area.second"),
        },
        "global_goals": titles[1],
        "global_targets": titles[2],
        "global_indicators": titles[3],
    }  # fmt: skip


def _dashed(number: str) -> str:
    return number.replace(".", "-")


def _yaml(fields: Mapping[str, object]) -> str:
    """A flat mapping as YAML; each value as JSON writes it, which YAML reads and no text can leave."""
    lines = (f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in fields.items())
    return UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", "".join(lines))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
