"""Files that people edit, spoilt as people and attackers do: by the structure of the file, never by random bytes alone.

A mutation is damage: nothing that a person could have meant. What reads the file must refuse it in one sentence, or
give the result that it gave before. A result that differs, an error of another kind, a hang: the file was lost.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import re
import signal
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl

from cwi.errors import CwiError

__all__ = ["LOST", "REFUSED", "SAME", "Target", "mutations", "outcome"]

REFUSED, SAME, LOST = "refused", "same", "lost"
NASTY = ("x", "1e300", "inf", "NaN", "%s", "%", "1,5", "9" * 400, "\u202e1", "=1+1", "2024-01-01", "{0}", "'", "\\")
SECONDS = 30  # that reading one file may take before it counts as a hang


@dataclass(frozen=True, eq=False)
class Target:
    """A file of a project and what reads it: the result as text, equal for equal numbers."""

    name: str
    path: Path
    read: Callable[[], str]
    renew: Callable[[], None] = lambda: None


def mutations(path: Path, rng: np.random.Generator, count: int) -> Iterator[tuple[str, bytes]]:
    """So many ways to spoil a file, each with its name."""
    whole = path.read_bytes()
    kinds = {".csv": _csv, ".toml": _toml, ".xlsx": _xlsx}
    spoil = kinds.get(path.suffix, _json)
    if "children" in path.stem:
        spoil = partial(_csv, skip="NaN")  # what packages write for no answer: no damage to a file of answers
    for number in range(count):
        if number % 5 == 4:
            yield _bytes(whole, rng)
        else:
            yield spoil(whole, rng)


def outcome(target: Target, spoilt: bytes, before: str) -> tuple[str, str]:
    """What became of a spoilt file: refused, same or lost; and the sentence, or what was seen instead of one."""
    whole = target.path.read_bytes()
    try:
        target.path.write_bytes(spoilt)
        target.renew()
        try:
            with _in_time():
                after = target.read()
        except CwiError as problem:
            sentence = str(problem)
            one = sentence and "\n" not in sentence and "Traceback" not in sentence
            return (REFUSED, sentence) if one else (LOST, f"no sentence: {sentence!r}")
        except Exception as problem:
            return LOST, f"{type(problem).__name__}: {problem}"
        return (SAME, "") if after == before else (LOST, "another result, and no word")
    finally:
        target.path.write_bytes(whole)
        target.renew()


@contextmanager
def _in_time() -> Iterator[None]:
    def late(*_: object) -> None:
        raise TimeoutError(f"not read in {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# ---------------------------------------------------------------- any file


def _bytes(whole: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    middle = len(whole) // 2
    ways = {
        "empty": b"",
        "a zero byte": whole[:middle] + b"\0" + whole[middle:],
        "another encoding": whole[:middle] + "ә".encode("utf-16") + whole[middle:],
        "a control character": whole[:middle] + b"\x07" + whole[middle:],
        "a page instead": b"<html><body>404 Not Found</body></html>",
        "a conflict": b"<<<<<<< HEAD\n" + whole[:middle] + b"=======\n" + whole[middle:],
    }
    name = str(rng.choice(list(ways)))
    return name, ways[name]


# ---------------------------------------------------------------- CSV


def _csv(whole: bytes, rng: np.random.Generator, skip: str = "") -> tuple[str, bytes]:
    rows = list(csv.reader(io.StringIO(whole.decode("utf-8-sig"), newline="")))
    row = int(rng.integers(1, len(rows))) if len(rows) > 1 else 0
    column = int(rng.integers(len(rows[0])))
    how = str(rng.choice(["cell", "more cells", "fewer cells", "column name", "column twice", "no head", "semicolons",
                          "twice", "head only", "cut", "quote", "as text"]))  # fmt: skip
    if how == "cell":
        numeric = re.fullmatch(r"-?[\d.]+", rows[row][column] if column < len(rows[row]) else "")
        words = NASTY if numeric else ("\u202e", "\x07", "9" * 40_000, "a\x00b")
        words = tuple(word for word in words if word != skip)
        nasty = words[int(rng.integers(len(words)))]  # rng.choice would take zero bytes off
        rows[row][column] = nasty
        how = f"cell {row + 1}/{rows[0][column]}: {nasty[:12]!r}"
    elif how == "more cells":
        rows[row].insert(column, "1")
    elif how == "fewer cells":
        del rows[row][column]
    elif how == "column name":
        rows[0][column] += "s"
    elif how == "column twice":
        for each in rows:
            each.append(each[column] if column < len(each) else "")
    elif how == "no head":
        rows = rows[1:]
    elif how == "head only":
        rows = rows[:1]
    elif how == "twice":
        rows += copy.deepcopy(rows)
    text = _written(rows)
    if how == "semicolons":
        text = _written(rows, delimiter=";")
    elif how == "as text":
        text = "\t".join(rows[0]) + "\n" + "\n".join(map("\t".join, rows[1:]))
    elif how == "quote":
        lines = text.splitlines(keepends=True)
        text = "".join([*lines[:row], '"', *lines[row:]])
    elif how == "cut":
        place = text.rfind(",", 0, int(rng.integers(len(text) // 2, len(text))))
        text = text[: text.rfind(",", 0, place)]
    return how, text.encode()


def _written(rows: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", delimiter=delimiter).writerows(rows)
    return out.getvalue()


# ---------------------------------------------------------------- TOML and JSON


def _toml(whole: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    lines = whole.decode().splitlines()
    keys = [i for i, line in enumerate(lines) if re.match(r"[\w.\"-]+\s*=", line)]
    at = int(rng.choice(keys)) if keys else 0
    how = str(rng.choice(["kind", "twice", "cut", "unknown", "table", "deep", "unquoted"]))
    key = lines[at].split("=")[0].strip() if keys else "a"
    if how == "kind":
        text = '"' in lines[at]
        value = str(rng.choice(["3", "true", "2024-01-01", "[]", "{}", "[[1]]", "nan", "inf"] if text else
                               ['"x"', "2024-01-01", "{}", '["%s"]', "nan", "1e300", '""']))  # fmt: skip
        lines[at] = f"{key} = {value}"
        how = f"{key} = {value}"
    elif how == "twice":
        lines.insert(at, lines[at])
    elif how == "cut":
        lines = [*lines[:at], f"{key} ="]
    elif how == "unknown":
        lines[at] = f"{key}z = 1\n{lines[at]}"
    elif how == "table":
        lines.insert(at, f"[{key}]")
    elif how == "deep":
        lines[at] = f"{key} = {'[' * 3000}{']' * 3000}"
    else:
        lines[at] = f"{key} = some words"
    return how, "\n".join([*lines, ""]).encode()


def _json(whole: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    document = json.loads(whole)
    places = list(_places(document))
    place = places[int(rng.integers(len(places)))]
    value: Any = [None, True, "x", -1e300, [], {}, "\u202e", [[]], {"a": None}][int(rng.integers(9))]
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return f"{'/'.join(map(str, place))} = {value!r}", json.dumps(document).encode()


def _places(document: Any, depth: int = 7) -> Iterator[tuple[Any, ...]]:
    pairs = document.items() if isinstance(document, dict) else enumerate(document[:2])
    for key, value in pairs:
        yield (key,)
        if depth and isinstance(value, dict | list):
            yield from ((key, *rest) for rest in _places(value, depth - 1))


# ---------------------------------------------------------------- workbooks


def _xlsx(whole: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    how = str(rng.choice(["cell", "merged", "hidden", "renamed", "formula", "cut", "far", "other zip"]))
    if how == "cut":
        return how, whole[: len(whole) // 2]
    out = io.BytesIO()
    if how == "other zip":
        with zipfile.ZipFile(out, "w") as made:
            made.writestr("a.txt", "no workbook")
        return how, out.getvalue()
    book = openpyxl.load_workbook(io.BytesIO(whole))
    sheet: Any = book.worksheets[0]
    row, column = int(rng.integers(1, sheet.max_row + 1)), int(rng.integers(1, sheet.max_column + 1))
    if how == "cell":
        row = 1
        sheet.cell(row, column).value = "no such column"
    elif how == "merged":
        sheet.merge_cells(start_row=1, start_column=1, end_row=2, end_column=2)
    elif how == "hidden":
        book.create_sheet("other")
        sheet.sheet_state = "hidden"
    elif how == "renamed":
        sheet.title = "something else"
        book.create_sheet("other")
    elif how == "formula":
        sheet.cell(2, column).value = "=1+1"
    else:
        sheet.cell(1_048_576, 16_384).value = 1
    book.save(out)
    return how, out.getvalue()
