"""What came and what was answered: receipts and originals of a year, and the owners' confirmations."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from cwi import folders
from cwi.errors import DataError
from cwi.inputs.intake.request import year_folder
from cwi.inputs.intake.typed_numbers import readings
from cwi.inputs.observation_files import replace_file
from cwi.textfiles import read_csv, sha256
from cwi.writing import csv_text, made_folder

__all__ = ["Answer", "Receipt", "add_answer", "arrived", "read_answers", "read_receipts", "receipts_text"]

RECEIPTS = ("batch", "file", "sha256", "received", "original")
ANSWERS = ("series", "region", "value", "by", "date", "note")
UNSAFE = re.compile(r"[^\w.() -]+")
LONGEST = 80  # letters of the name of an original


@dataclass(frozen=True)
class Receipt:
    """A file that came: the run in which it was read (counted from 1), its name, checksum, day and place."""

    batch: int
    file: str
    sha256: str
    received: str
    original: str


@dataclass(frozen=True)
class Answer:
    """An owner's confirmation of a figure, or of a whole column (region 'all', no value)."""

    series: str
    region: str
    value: Decimal | None
    by: str
    date: str
    note: str


def read_receipts(year: int, data: Path | None = None) -> list[Receipt]:
    """What has come for a year, in the order in which it was read; every original is there and unchanged.

    Raises
    ------
    DataError
        If an original is missing or is not the file that came.
    """
    folder = year_folder(year, data)
    path = folder / "receipts.csv"
    if not path.is_file():
        return []
    table, where = read_csv(path, DataError, required=RECEIPTS), folders.relative(path)
    receipts = []
    for line, row in table.iterrows():
        if not row["batch"].isdecimal():
            raise DataError(f"{where} line {line}: batch is '{row['batch']}', which is not a whole number")
        receipt = Receipt(int(row["batch"]), *(row[name] for name in RECEIPTS[1:]))
        original = folder / "originals" / receipt.original
        if not original.is_file():
            raise DataError(f"{where} line {line}: the original {folders.relative(original)} is not there; put it back")
        if sha256(original) != receipt.sha256:
            raise DataError(f"{folders.relative(original)}: this is not the file that came; put the original back")
        receipts.append(receipt)
    return receipts


def receipts_text(receipts: list[Receipt]) -> str:
    """The text of receipts.csv."""
    return csv_text([RECEIPTS, *([getattr(receipt, name) for name in RECEIPTS] for receipt in receipts)])


def arrived(folder: Path, year: int, known: list[Receipt], data: Path | None = None) -> list[Receipt]:
    """The files of a folder that have not come before, each copied to the originals under its checksum.

    Raises
    ------
    DataError
        If the folder is none, or a file cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"{folders.relative(folder)}: there is no such folder; name the one with the returned files")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not _left_out(path.relative_to(folder)))
    originals = made_folder(year_folder(year, data) / "originals")
    seen, batch = {receipt.sha256 for receipt in known}, max((each.batch for each in known), default=0) + 1
    new = []
    for path in files:
        try:
            content = path.read_bytes()
        except OSError as problem:
            raise DataError(f"{folders.relative(path)}: cannot be read ({problem.strerror})") from None
        digest = hashlib.sha256(content).hexdigest()
        if digest in seen:
            continue
        seen.add(digest)
        name = UNSAFE.sub("_", path.name)
        name = name if len(name) <= LONGEST else name[: LONGEST - len(path.suffix)] + path.suffix
        receipt = Receipt(batch, " ".join(path.name.split()), digest, date.today().isoformat(), f"{digest[:12]}-{name}")
        target = originals / receipt.original
        if not target.is_file() or target.read_bytes() != content:
            replace_file(target, content)
        new.append(receipt)
    return new


def _left_out(path: Path) -> bool:
    """Whether a file is none of the owners': hidden, or the lock of an open workbook."""
    return any(part.startswith((".", "~$")) for part in path.parts)


def read_answers(year: int, data: Path | None = None) -> list[Answer]:
    """The confirmations that were written down with 'cwi intake answer'.

    Raises
    ------
    DataError
        With file and line, if a value is no number or nobody is named.
    """
    path = year_folder(year, data) / "answers.csv"
    if not path.is_file():
        return []
    table, where = read_csv(path, DataError, required=ANSWERS), folders.relative(path)
    answers = []
    for line, row in table.iterrows():
        value = None if row["region"] == "all" and not row["value"] else _number(row["value"], f"{where} line {line}")
        if not row["by"]:
            raise DataError(f"{where} line {line}: 'by' is empty; name the letter or the person who confirms")
        answers.append(Answer(row["series"], row["region"], value, row["by"], row["date"], row["note"]))
    return answers


def add_answer(year: int, answer: Answer, data: Path | None = None) -> Path:
    """Write a confirmation down; the same one twice changes nothing."""
    path = year_folder(year, data) / "answers.csv"
    answers = read_answers(year, data)
    if answer not in answers:
        values = ("" if each.value is None else format(each.value, "f") for each in (*answers, answer))
        rows = [
            (each.series, each.region, value, each.by, each.date, each.note)
            for each, value in zip((*answers, answer), values, strict=True)
        ]
        made_folder(path.parent)
        replace_file(path, csv_text([ANSWERS, *rows]).encode())
    return path


def _number(text: str, where: str) -> Decimal:
    possible = readings(text)
    if len(possible) != 1 and not text.replace(".", "", 1).isdecimal():
        raise DataError(f"{where}: value is '{text}', which is not a number; decimals take a point")
    return possible[0]
