"""Twenty-odd returned workbooks, each spoilt in its own way, and what must come of every figure in them.

``spoil(templates, returned, request, territory)`` fills the templates with made-up figures and does to each file what
people do. It returns the figures that must be entered (to the last digit), the statuses, and the doubts: by series and
region where the cell is known, by file where it is not. Nothing here calls the reader.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.comments import Comment

Key = tuple[str, str]
TOP = 8  # the first row of figures
KEY, INDICATOR, UNIT, REGION, LAST, _, VALUE, STATUS, CONFIRMED, NOTE = range(1, 11)
NBSP, THIN = "\u00a0", "\u2009"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
LIBREOFFICE = (
    Path(__file__).parent / "labour-libreoffice.xlsx"
)  # the template, filled in and saved by LibreOffice Calc 7.4
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000
LOCKED = OLD + "EncryptedPackage".encode("utf-16-le") + b"\0" * 200


@dataclass
class Truth:
    """What must come of the files."""

    figures: dict[Key, Decimal] = field(default_factory=dict)
    statuses: dict[Key, str] = field(default_factory=dict)
    doubts: dict[Key, str] = field(default_factory=dict)
    loose: set[tuple[str, str]] = field(default_factory=set)  # file and kind, of rows that no figure is known of
    refused: dict[str, str] = field(default_factory=dict)


class Form:
    """A template that is being filled in."""

    def __init__(self, path: Path, owner: str, cells: dict[Key, dict[str, Any]], truth: Truth) -> None:
        self.owner, self.truth = owner, truth
        self.book = openpyxl.load_workbook(path)
        self.sheet: Any = self.book.worksheets[0]
        self.rows: dict[Key, int] = {}
        for row in range(TOP, self.sheet.max_row + 1):
            _, _, series, region, _ = str(self.sheet.cell(row, KEY).value).split("|")
            self.rows[series, region] = row
        self.figures = {key: figure(cells[key], key) for key in self.rows}
        for key, value in self.figures.items():
            self.put(key, number_of(value))
            truth.figures[key] = value

    def put(self, key: Key, value: Any, column: int = VALUE) -> None:
        self.sheet.cell(self.rows[key], column).value = value

    def keys(self, series: str) -> list[Key]:
        return [key for key in self.rows if key[0] == series]

    def doubt(self, key: Key, kind: str) -> None:
        self.truth.doubts[key] = kind
        self.truth.figures.pop(key, None)

    def status(self, key: Key, status: str) -> None:
        self.truth.statuses[key] = status
        self.truth.figures.pop(key, None)

    def drop(self) -> None:
        for key in self.rows:
            self.truth.figures.pop(key, None)


def figure(cell: dict[str, Any], key: Key) -> Decimal:
    """A made-up figure near the last one of whatever year, or inside the limits where there is none."""
    step = 0 if key[1] == "KZ" else sum(map(ord, "".join(key))) * 7 % 13 - 6
    near, low, high = cell["near"], cell["low"], cell["high"]
    if near != near:
        return Decimal(f"{low + (0.45 + step / 100) * (high - low):.2f}")
    value = min(max(near * (1 + step * 0.003), low), high)
    return Decimal(f"{value:.0f}" if near >= 1000 else f"{value:.3f}")


def with_history(facts: Any, project: Any) -> dict[Key, dict[str, Any]]:
    """The facts of the request, each with the last figure of whatever year: own, former region's, or a middle one."""
    regions = project.territory.regions_of(2024)
    table = project.territory.on_regions(project.observations, regions)
    table = table[table["scored"] & (table["sex"] == "") & (table["area"] == "") & table["value"].notna()]
    last = table[table["year"] < 2024].sort_values("year").groupby(["indicator", "region"])["value"].last()
    middle = last.groupby("indicator").median()
    return {
        key: {**cell, "near": float(last.get(key, middle.get(key[0], float("nan"))))} for key, cell in facts.items()
    }


def number_of(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def comma(value: Decimal) -> str:
    return str(value).replace(".", ",")


def grouped(value: Decimal, mark: str) -> str:
    return f"{value:,}".replace(",", mark)


def decimal_commas(form: Form) -> None:
    for key in form.rows:
        form.put(key, comma(form.figures[key]))


def columns_moved(form: Form) -> None:
    form.sheet.insert_cols(VALUE)
    form.sheet.insert_cols(2, 2)
    form.sheet.insert_rows(1, 3)


def percent_format(form: Form) -> None:
    for key, row in form.rows.items():
        form.put(key, float(form.figures[key]) / 100)
        form.figures[key] = Decimal(repr(float(form.figures[key]) / 100)) * 100
        form.truth.figures[key] = form.figures[key]
        form.sheet.cell(row, VALUE).number_format = "0.0%"


def parts_of_one(form: Form) -> None:
    (key,) = form.keys("waste_collection")
    form.put(key, float(form.figures[key]) / 100)
    form.doubt(key, "share of one")


def no_figure(form: Form) -> None:
    one, two, three = form.rows
    form.put(one, "н/д")
    form.status(one, "missing")
    form.put(two, "–")
    form.doubt(two, "dash")
    form.put(three, None)
    form.put(three, "Құпия / Конфиденциально", STATUS)
    form.status(three, "suppressed")


def notes_in_cells(form: Form) -> None:
    one, two, three = form.rows
    form.put(one, f"{comma(form.figures[one])} (оценка)")
    form.doubt(one, "number with text")
    form.sheet.cell(form.rows[two], VALUE).comment = Comment("предварительно", "акимат")
    form.put(three, "…")
    form.status(three, "missing")


def hidden_rows(form: Form) -> None:
    for row in form.rows.values():
        form.sheet.row_dimensions[row].hidden = True
    last = form.sheet.max_row + 1
    for column in range(1, NOTE + 1):  # the first row once more, alike
        form.sheet.cell(last, column).value = form.sheet.cell(TOP, column).value


def keys_gone(form: Form) -> None:
    form.sheet.delete_cols(KEY)
    for row in form.rows.values():
        form.sheet.cell(row, REGION - 1).value = "Жетысуская  область"


def two_files(form: Form) -> None:
    key = form.keys("waste_collection")[0]
    form.put(key, float(form.figures[key]) - 1)
    form.doubt(key, "two files")


def old_version(form: Form) -> None:
    about = form.book["cwi"]
    about.cell(4, 2).value = "00000000"
    row = form.sheet.max_row + 1
    form.sheet.cell(row, KEY).value = "2024|akimat-kostanay|smoking|KZ-39|8ae8a8b5"
    form.sheet.cell(row, VALUE).value = 12
    form.truth.loose.add(("akimat-kostanay.xlsx", "damaged key"))


def another_year(form: Form) -> None:
    form.book["cwi"].cell(2, 2).value = "2023"
    form.drop()
    form.truth.refused["akimat-mangystau.xlsx"] = "another year"


def unit_changed(form: Form) -> None:
    key = form.keys("waste_collection")[0]
    form.put(key, "тыс. тонн", UNIT)
    form.doubt(key, "unit changed")


def row_twice(form: Form) -> None:
    key = form.keys("waste_collection")[0]
    last = form.sheet.max_row + 1
    for column in range(1, NOTE + 1):
        form.sheet.cell(last, column).value = form.sheet.cell(form.rows[key], column).value
    form.sheet.cell(last, VALUE).value = float(form.figures[key]) + 2
    form.doubt(key, "twice")


def words(form: Form) -> None:
    one, two, three = form.rows
    form.put(one, "уточняется")
    form.doubt(one, "no number")
    form.put(two, "#REF!")
    form.doubt(two, "error value")
    form.put(three, True)
    form.doubt(three, "truth value")


def emptied(form: Form) -> None:
    for sheet in form.book.worksheets:
        if sheet.title != "cwi":
            sheet.delete_rows(1, sheet.max_row)
    form.drop()
    form.truth.refused[f"{form.owner}.xlsx"] = "empty workbook"


def keys_dragged(form: Form) -> None:
    one, two, _ = form.rows
    form.put(one, f"{form.sheet.cell(form.rows[one], KEY).value}"[:-1] + "x", KEY)
    form.sheet.cell(form.rows[one], KEY).value = "2024|akimat-almaty|three_shift_schools|KZ-76|00000000"
    form.truth.figures.pop(one)
    form.truth.loose.add(("akimat-almaty.xlsx", "damaged key"))
    form.put(two, datetime(2024, 5, 12))
    form.doubt(two, "date")


def formulas(form: Form) -> None:
    one, two, three = form.rows
    form.put(one, "=E8*1.01")  # written by a program: no result is saved
    form.doubt(one, "formula never saved")
    form.put(two, "нет данных")
    form.put(two, "Дерек жоқ / Нет данных", STATUS)
    form.status(two, "missing")
    form.put(three, "нет", STATUS)
    form.doubt(three, "value and status")


def thousands(form: Form) -> None:
    for place, key in enumerate(form.keys("physicians_count")):
        value = form.figures[key]
        form.put(key, grouped(value, (" ", NBSP, "'", THIN)[place % 4]) if value >= 1000 else str(value))
    wage = form.keys("emissions_total")
    for key in wage[:2]:
        form.put(key, comma(form.figures[key]))
    merged = form.keys("neet")[3:5]
    rows = [form.rows[key] for key in merged]
    form.put(merged[1], None)
    form.sheet.merge_cells(start_row=rows[0], end_row=rows[1], start_column=VALUE, end_column=VALUE)
    for key in merged:
        form.doubt(key, "merged")
    jump = form.keys("poverty")[7]
    form.put(jump, float(form.figures[jump]) * 2.9)
    form.doubt(jump, "jump")
    unit = form.keys("housing_space")[5]
    form.put(unit, float(form.figures[unit]) * 1000)
    form.doubt(unit, "another unit")
    outside = form.keys("internet_use")[6]
    form.put(outside, -4)
    form.doubt(outside, "outside the limits")
    for key in form.keys("under_five_mortality")[:2]:
        form.put(key, "1.234" if key[1] == "KZ" else comma(form.figures[key]))
    form.doubt(("under_five_mortality", "KZ"), "two readings")  # 1.234 and 1234 are both outside the limits


def marks_gone(form: Form) -> None:
    form.sheet.delete_rows(6)
    form.sheet.title = "Свод"
    form.book.move_sheet("Свод", 1)
    english = {"KZ": "Kazakhstan", "KZ-71": "Nur-Sultan", "KZ-39": "Кустанайская область", "KZ-11": "Ақмола облысы"}
    for (_, region), row in form.rows.items():
        if region in english:
            form.sheet.cell(row - 1, REGION).value = english[region]


def partly_sorted(form: Form) -> None:
    one, two = form.keys("inclusive_schools")[2:4]
    names = [form.sheet.cell(form.rows[key], REGION).value for key in (one, two)]
    for key, name in zip((two, one), names, strict=True):
        form.put(key, name, REGION)
        form.doubt(key, "names do not fit")


def bomb(form: Form) -> None:
    form.sheet.cell(1_048_576, 16_384).value = "x"
    form.drop()
    form.truth.refused["finance.xlsx"] = "too large"


def unchanged(form: Form) -> None:
    """Nothing is wrong with this one."""


SPOILT: dict[str, Callable[[Form], None]] = {
    "akimat-abai": decimal_commas, "akimat-akmola": columns_moved, "akimat-aktobe": percent_format,
    "akimat-almaty-region": parts_of_one, "akimat-atyrau": no_figure, "akimat-west-kazakhstan": notes_in_cells,
    "akimat-zhambyl": hidden_rows, "akimat-zhetisu": keys_gone, "akimat-kostanay": old_version,
    "akimat-mangystau": another_year, "akimat-pavlodar": unit_changed, "akimat-north-kazakhstan": row_twice,
    "akimat-turkistan": words, "akimat-ulytau": emptied, "akimat-almaty": keys_dragged, "akimat-shymkent": formulas,
    "statistics": thousands, "health": marks_gone, "enlightenment": partly_sorted, "finance": bomb,
    "legal-statistics": unchanged, "ecology": unchanged, "transport": unchanged,
}  # fmt: skip
RAW = {
    "akimat-kyzylorda": (PDF, "pdf"),
    "akimat-east-kazakhstan": (LOCKED, "password"),
    "akimat-astana": (OLD, "old format"),
}


def spoil(templates: Path, returned: Path, cells: dict[Key, dict[str, Any]]) -> Truth:
    """Write the returned files; ``cells``: the facts of the request by series and region."""
    truth = Truth()
    returned.mkdir(parents=True)
    for owner, spoiler in SPOILT.items():
        form = Form(templates / f"{owner}.xlsx", owner, cells, truth)
        spoiler(form)
        form.book.save(returned / f"{owner}.xlsx")
    form = Form(templates / "akimat-karaganda.xlsx", "akimat-karaganda", cells, truth)
    form.book.save(returned / "akimat-karaganda.xlsx")
    two_files(form)
    form.book.save(returned / "akimat-karaganda (2).xlsx")
    for owner, (content, kind) in RAW.items():
        (returned / f"{owner}.xlsx").write_bytes(content)
        truth.refused[f"{owner}.xlsx"] = kind
    form = Form(templates / "labour.xlsx", "labour", cells, truth)  # the same figures, typed and saved in LibreOffice
    shutil.copyfile(LIBREOFFICE, returned / "labour.xlsx")
    (returned / "akimat-akmola пустой.xlsx").write_bytes(b"")
    truth.refused["akimat-akmola пустой.xlsx"] = "empty file"
    (returned / "~$statistics.xlsx").write_bytes(b"lock")
    return truth
