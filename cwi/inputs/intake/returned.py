"""The rows of a returned workbook: found by their keys wherever they are, and by names where the keys are gone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from cwi.inputs.intake.owners import DIVIDER, Places, plain
from cwi.inputs.intake.request import KEY, Request, of_key
from cwi.inputs.intake.values import Limits, Value, confirmed, read_value, status_of
from cwi.inputs.intake.workbooks import Found, Sheet, Unreadable, read_sheets

__all__ = ["ABOUT", "COLUMNS", "MARK", "Entry", "Returned", "read_returned_file"]

ABOUT = "cwi"  # the hidden sheet that names year, owner and version
MARK = "cwi:"  # before the name of a column in the hidden row above the headings
COLUMNS = ("key", "indicator", "unit", "region", "last", "value", "status", "confirmed", "note")
HEADINGS = {  # in the order in which a heading is tried, where the hidden row is gone
    "last": r"прошл|последн|соңғы|өткен|last|previous",
    "confirmed": r"подтвер|растау|confirm",
    "status": r"статус|мәртебе|status",
    "note": r"примеч|ескерт|коммент|note",
    "unit": r"единиц|өлшем|unit",
    "indicator": r"показат|көрсеткіш|indicator",
    "region": r"регион|област|өңір|облыс|region",
    "value": r"значен|мән|value",
}
YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
FIRST_ROWS = 200  # rows in which the headings are looked for


@dataclass(frozen=True)
class Entry:
    """What a file has for one figure, or a place in it that must be asked about (then series may be empty)."""

    series: str
    region: str
    sheet: str
    cell: str
    shown: str
    value: Value
    confirmed: bool = False
    note: str = ""
    detail: str = ""

    @property
    def number(self) -> Decimal | None:
        return self.value.number


@dataclass(frozen=True)
class Returned:
    """A file that came back: whose it is ('' where that is not known), its entries, or the reason why it has none."""

    owner: str
    version: str = ""
    refusal: str = ""
    detail: str = ""
    entries: tuple[Entry, ...] = field(default=())


def read_returned_file(path: Path, name: str, request: Request, places: Places, words: Mapping[str, str]) -> Returned:
    """Read a file against what was asked.

    Parameters
    ----------
    path
        Where the file is.
    name
        What it was called: names the owner where nothing in the file does.
    request
        The year's request.
    places, words
        The names of regions, and the words that mean a status.
    """
    try:
        sheets = read_sheets(path)
    except Unreadable as problem:
        return Returned(_owner_of_name(name, request), refusal=problem.kind)
    about = _about(sheets)
    keys = [found for sheet in sheets for cell in sheet.cells.values() if (found := of_key(cell.text))]
    owners = {owner for _, owner, _, _ in keys if owner in request.owners}
    owner = next(iter(owners)) if len(owners) == 1 else about.get("owner", "") or _owner_of_name(name, request)
    owner = owner if owner in request.owners else _owner_of_name(name, request)
    years = {year for year, *_ in keys} | ({int(about["year"])} if about.get("year", "").isdecimal() else set())
    version = about.get("version", "")
    if wrong := years - {request.year}:
        return Returned(owner, version, "another year", str(min(wrong)))
    if not owner:
        return Returned("", version, "no owner")
    if not any(sheet.cells for sheet in sheets if sheet.name != ABOUT):
        return Returned(owner, version, "empty workbook")
    reader = _Reader(request, owner, places, words)
    tables = [(sheet, table) for sheet in sheets if sheet.name != ABOUT and (table := _table(sheet))]
    if not tables:
        return Returned(owner, version, "no table")
    for _, (_, _, year) in tables:
        if year and year != request.year:
            return Returned(owner, version, "another year", str(year))
    entries = [entry for sheet, (top, columns, _) in tables for entry in reader.entries(sheet, top, columns)]
    return Returned(owner, version, entries=tuple(_once(entries)))


def _about(sheets: list[Sheet]) -> dict[str, str]:
    sheet = next((sheet for sheet in sheets if sheet.name == ABOUT), None)
    if sheet is None:
        return {}
    rows = sorted({row for row, _ in sheet.cells})
    pairs = ((sheet.cells.get((row, 1)), sheet.cells.get((row, 2))) for row in rows)
    return {one.text: other.text for one, other in pairs if one and other}


def _owner_of_name(name: str, request: Request) -> str:
    """The owner that a file is named after: its code, and whatever people add to it."""
    stem = name.casefold()
    known = [owner for owner in request.owners if re.match(rf"{re.escape(owner)}(?![a-z0-9-])", stem)]
    return max(known, key=len, default="")


def _table(sheet: Sheet) -> tuple[int, dict[str, int], int] | None:
    """The row of headings, the column of each, and the year in the heading of the values (0 where there is none)."""
    rows: dict[int, dict[int, Found]] = {}
    for (row, column), cell in sheet.cells.items():
        if row <= FIRST_ROWS:
            rows.setdefault(row, {})[column] = cell
    for row, cells in sorted(rows.items()):
        marked = {c.text.removeprefix(MARK): column for column, c in cells.items() if c.text.startswith(MARK)}
        if "value" in marked:
            head = rows.get(row + 1, {}).get(marked["value"])
            return row, {name: at for name, at in marked.items() if name in COLUMNS}, _year(head)
    for row, cells in sorted(rows.items()):
        named: dict[str, int] = {}
        for column, cell in sorted(cells.items()):
            text = cell.text.casefold()
            name = next((name for name, shape in HEADINGS.items() if re.search(shape, text)), None)
            if name and len(text) < 120:
                named.setdefault(name, column)
        if "value" in named and len(named) >= 3:
            keys = [column for (_, column), cell in sheet.cells.items() if KEY.fullmatch(cell.text)]
            return row, named | ({"key": keys[0]} if keys else {}), _year(cells[named["value"]])
    return None


def _year(head: Found | None) -> int:
    years = {int(text) for text in YEAR.findall(head.text)} if head else set()
    return years.pop() if len(years) == 1 else 0


def _once(entries: list[Entry]) -> Iterator[Entry]:
    """One entry a figure; a figure that is there twice with two values is in doubt, each place of it."""
    cells: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.series:
            cells.setdefault((entry.series, entry.region), []).append(entry)
        else:
            yield entry
    for same in cells.values():
        if len({(entry.number, entry.value.status, entry.value.doubt) for entry in same}) > 1:
            where = ", ".join(f"{entry.sheet}!{entry.cell} = {entry.shown}" for entry in same)
            yield from (replace(entry, value=Value(doubt="twice"), detail=where) for entry in same)
        else:
            yield replace(same[0], confirmed=any(entry.confirmed for entry in same))


class _Reader:
    """Reads the rows of one owner's sheets."""

    def __init__(self, request: Request, owner: str, places: Places, words: Mapping[str, str]) -> None:
        self._request, self._owner, self._places, self._words = request, owner, places, words
        cells = request.of(owner)
        self._asked = set(cells.index)
        self._regions = sorted({*request.cells["region"]})
        self._titles: dict[str, set[str]] = {}
        for _, row in cells.drop_duplicates("series").iterrows():
            for title in (row["title_kk"], row["title_ru"], row["title_en"]):
                self._titles.setdefault(plain(title), set()).add(row["series"])

    def entries(self, sheet: Sheet, top: int, columns: Mapping[str, int]) -> Iterator[Entry]:
        """Every row below the headings that holds a figure, a status or a confirmation."""
        for row in sorted({row for row, _ in sheet.cells if row > top}):
            keys = [c.text for (r, _), c in sheet.cells.items() if r == row and KEY.fullmatch(c.text)] if (
                "key" not in columns
            ) else [self._text(sheet, row, columns, "key")]  # fmt: skip
            entry = self._row(sheet, row, columns, next(iter(keys), ""))
            if entry is not None:
                yield entry

    def _row(self, sheet: Sheet, row: int, columns: Mapping[str, int], key: str) -> Entry | None:
        at = self._value_cell(sheet, row, columns)
        found, status = sheet.cells.get(at), self._text(sheet, row, columns, "status")
        spread = sheet.merged.get((row, columns["value"]))
        anchor = sheet.cells.get(spread[:2]) if spread else found
        filled = (found or anchor) is not None and bool((found or anchor or Found(None)).text)
        if not filled and not status:
            return None
        entry = Entry("", "", sheet.name, Sheet.place(*at), found.text if found else status, Value())
        identity = of_key(key) if key else None
        if key and identity is None and KEY.fullmatch(key.strip()):
            return replace(entry, value=Value(doubt="damaged key"), detail=key)
        names = self._names(sheet, row, columns)
        if identity is None:
            identity = (self._request.year, self._owner, *names) if all(names) else None
            if identity is None:
                return replace(entry, value=Value(doubt="unknown row")) if filled and not self._heading(found) else None
        series, region = identity[2], identity[3]
        entry = replace(entry, series=series, region=region)
        if (series, region) not in self._asked:
            return replace(entry, series="", region="", value=Value(doubt="not asked"), detail=f"{series}, {region}")
        for meant, what, name in ((series, names[0], "indicator"), (region, names[1], "region")):
            text = self._text(sheet, row, columns, name)
            if text and meant != what and not (name == "indicator" and series in self._named(text)):
                return replace(entry, value=Value(doubt="names do not fit"), detail=text)
        if spread and (spread[0] != spread[2] or self._known_left(spread, columns)):
            shown = anchor.text if anchor else ""
            area = f"{Sheet.place(*spread[:2])}:{Sheet.place(*spread[2:])}"
            return replace(entry, shown=shown, value=Value(doubt="merged"), detail=area)
        return self._valued(entry, sheet, row, columns, found, status)

    def _valued(
        self, entry: Entry, sheet: Sheet, row: int, columns: Mapping[str, int], found: Found | None, status: str
    ) -> Entry | None:
        asked = self._request.facts[entry.series, entry.region]
        value = read_value(found, _limits(asked), self._words)
        unit = self._text(sheet, row, columns, "unit")
        known = {plain(str(asked[name])) for name in ("unit", "unit_ru", "unit_kk")}
        if status:
            word = status_of(status, self._words)
            if word is None:
                value = Value(doubt="unknown status")
            elif value.number is not None or (value.doubt and value.doubt != "dash"):
                value = Value(doubt="value and status")
            else:
                value = Value(status=word)
        elif unit and not {plain(part) for part in DIVIDER.split(unit)} <= known and value.number is not None:
            value = Value(doubt="unit changed")
        if value == Value():
            return None
        notes = [self._text(sheet, row, columns, "note")]
        if found is not None:
            notes += [found.comment, f"formula {found.formula}" if found.formula else ""]
        return replace(
            entry, value=value, note="; ".join(filter(None, notes))[:300],
            confirmed=confirmed(self._text(sheet, row, columns, "confirmed")),
            detail=status if value.doubt in ("unknown status", "value and status") else
            unit if value.doubt == "unit changed" else "",
        )  # fmt: skip

    @staticmethod
    def _text(sheet: Sheet, row: int, columns: Mapping[str, int], name: str) -> str:
        cell = sheet.cells.get((row, columns[name])) if name in columns else None
        return cell.text if cell else ""

    def _named(self, text: str) -> set[str]:
        """The series with this title in any language; a title that two have is that of both."""
        parts = [self._titles.get(plain(part), set()) for part in DIVIDER.split(text) if part.strip()]
        return set.intersection(*parts) if parts else set()

    def _names(self, sheet: Sheet, row: int, columns: Mapping[str, int]) -> tuple[str, str]:
        """Series and region as the row names them; '' where it does not, or not clearly."""
        named = self._named(self._text(sheet, row, columns, "indicator"))
        region = self._places.code_of(self._text(sheet, row, columns, "region"), self._regions)
        return (next(iter(named)) if len(named) == 1 else ""), region or ""

    @staticmethod
    def _value_cell(sheet: Sheet, row: int, columns: Mapping[str, int]) -> tuple[int, int]:
        """The cell of the value, or the first one of a merged range in the same row that it is part of."""
        at = (row, columns["value"])
        span = sheet.merged.get(at)
        return (row, span[1]) if span and span[0] == span[2] else at

    @staticmethod
    def _known_left(spread: tuple[int, int, int, int], columns: Mapping[str, int]) -> bool:
        """Whether a merged range covers another column of the table than that of the values."""
        return any(spread[1] <= at < columns["value"] for name, at in columns.items() if name != "value")

    @staticmethod
    def _heading(found: Found | None) -> bool:
        text = found.text.casefold() if found else ""
        return text.startswith(MARK) or any(re.search(shape, text) for shape in HEADINGS.values())


def _limits(asked: Mapping[str, Any]) -> Limits:
    """What is known of a requested figure."""
    last = float(asked["last"])
    return Limits(str(asked["unit"]), float(asked["low"]), float(asked["high"]), None if last != last else last)
