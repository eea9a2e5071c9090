"""Two files of a report compared by what they hold: words, numbers, cells, pictures; then by their bytes."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
from PIL import Image
from pypdf import PdfReader

from cwi.textfiles import number

__all__ = ["CONTENT", "DRAWN", "Difference", "compare_files"]

CONTENT, DRAWN = "content", "drawn"  # what differs: words and numbers, or only how they are drawn
SHOWN = 60  # characters of a text
WORD = re.compile(r"\w+(?:[.,:]\w+)*|[^\w\s]")
PICTURE = re.compile(r"data:(image/[\w+]+);base64,([\w+/=]+)")


@dataclass(frozen=True)
class Difference:
    """One thing that differs in a file: where, what is there, what is made today, and by how much if both are numbers.

    ``kind``: 'content', words or numbers; 'drawn', the same words and numbers drawn or packed otherwise.
    """

    file: str
    place: str
    there: str
    made: str
    kind: str = CONTENT

    @property
    def by(self) -> float | None:
        """How much larger the number that is there is than the one that is made."""
        one, other = (number(text.replace("\u2212", "-").replace(",", "")) for text in (self.there, self.made))
        return None if one is None or other is None else one - other

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        if self.kind == DRAWN:
            return f"{where}: {self.there}"
        by = "" if self.by is None else f" ({abs(self.by):.6g} {'more' if self.by > 0 else 'less'})"
        return f"{where}: '{_short(self.there)}' is there and '{_short(self.made)}' is made{by}"


def compare_files(there: Path, made: Path, name: str) -> list[Difference]:
    """What differs between the file that is there and the one that was made again; nothing if their bytes are equal.

    Parameters
    ----------
    there, made
        The two files.
    name
        What the file is called in the report.
    """
    if not there.is_file():
        return [Difference(name, "", "nothing", "a file")]
    one, other = there.read_bytes(), made.read_bytes()
    if one == other:
        return []
    compare = _KINDS.get(there.suffix, _text)
    try:
        differences = [Difference(name, *each) for each in compare(one, other)]
    except Exception as problem:  # of many kinds, by what was done to the file
        return [Difference(name, "", f"a file that cannot be read ({type(problem).__name__})", "one that can")]
    return differences or [Difference(name, "", "the same words and numbers in other bytes", "", DRAWN)]


Found = Iterator[tuple[str, ...]]


def _text(one: bytes, other: bytes) -> Found:
    for a, b in _apart(WORD.findall(one.decode()), WORD.findall(other.decode())):
        yield "", a, b


def _csv(one: bytes, other: bytes) -> Found:
    """By column and row; a row is called by its first cell."""
    there, made = (list(csv.reader(io.StringIO(each.decode(), newline=""))) for each in (one, other))
    one_each = all(len({row[0] for row in rows if row}) == len(rows) for rows in (there, made))
    if there[:1] != made[:1] or not one_each or not made:
        yield from _rows(there, made, made[0] if made else [])
        return
    head, rows = made[0], {row[0]: row for row in there}
    for line, row in enumerate(made[1:], start=2):
        if row[0] not in rows:
            yield f"line {line}, {row[0]}", "no such row", "a row"
            continue
        yield from _cells(rows[row[0]], row, head, f"line {line}, {row[0]}")
    for name in rows.keys() - {row[0] for row in made}:
        yield name, "a row", "no such row"


def _rows(there: Sequence[list[str]], made: Sequence[list[str]], head: Sequence[str]) -> Found:
    for line, (a, b) in enumerate(zip_longest(there, made), start=1):
        if a is None or b is None:
            yield f"line {line}", "no row" if a is None else "a row", "a row" if a is None else "no row"
        else:
            yield from _cells(a, b, head, f"line {line}")


def _cells(there: Sequence[str], made: Sequence[str], head: Sequence[str], place: str) -> Found:
    for column, (a, b) in enumerate(zip_longest(there, made, fillvalue="")):
        if a != b:
            name = head[column] if column < len(head) else f"column {column + 1}"
            yield f"{place}, {name}", a, b


def _notebook(one: bytes, other: bytes) -> Found:
    there, made = (json.loads(each)["cells"] for each in (one, other))
    if len(there) != len(made):
        yield "", f"{len(there)} cells", f"{len(made)} cells"
    for place, (a, b) in enumerate(zip(there, made, strict=False), start=1):
        if a["source"] != b["source"]:
            yield from _of(f"cell {place}, source", "".join(a["source"]), "".join(b["source"]))
        outputs = [_outputs(cell) for cell in (a, b)]
        for kind in sorted({*outputs[0], *outputs[1]}):
            text, again = (each.get(kind, "") for each in outputs)
            if text != again:
                yield from _of(f"cell {place}, output {kind}", text, again)


def _outputs(cell: dict[str, Any]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for output in cell.get("outputs", ()):
        for kind, text in output.get("data", {}).items():
            texts[kind] = texts.get(kind, "") + ("".join(text) if isinstance(text, list) else json.dumps(text))
        if "text" in output:
            texts["stream"] = texts.get("stream", "") + "".join(output["text"])
        if "evalue" in output:
            texts["error"] = texts.get("error", "") + "\n".join([output["evalue"], *output.get("traceback", ())])
    return texts


def _of(place: str, there: str, made: str) -> Found:
    """The words of two texts in which something differs: those that are seen, else the markup around them."""
    seen = [_Seen.words(text) if "<" in text else WORD.findall(text) for text in (there, made)]
    pairs = list(_apart(*seen)) or list(_apart(WORD.findall(there), WORD.findall(made)))
    for a, b in pairs:
        yield place, a, b


def _html(one: bytes, other: bytes) -> Found:
    there, made = one.decode(), other.decode()
    for a, b in _apart(_Seen.words(there), _Seen.words(made)):
        yield "text", a, b
    pictures = [PICTURE.findall(text) for text in (there, made)]
    if len(pictures[0]) != len(pictures[1]):
        yield "pictures", str(len(pictures[0])), str(len(pictures[1]))
    for place, (a, b) in enumerate(zip(*pictures, strict=False), start=1):
        if a != b:
            compare = _svg if "svg" in a[0] else _png
            yield from _picture(f"picture {place}", compare, *(base64.b64decode(data) for _, data in (a, b)))
    rest = [PICTURE.sub("", text) for text in (there, made)]
    if rest[0] != rest[1] and _Seen.words(there) == _Seen.words(made):
        for a, b in _apart(WORD.findall(rest[0]), WORD.findall(rest[1])):
            yield "markup", a, b


def _picture(place: str, compare: Callable[[bytes, bytes], Found], one: bytes, other: bytes) -> Found:
    for inner, *rest in compare(one, other):
        yield (f"{place}, {inner}" if inner else place, *rest)


class _Seen(HTMLParser):
    """The words that a page or a picture shows."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self._inside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside += tag in ("style", "script")
        self.text += [value for name, value in attrs if name in ("alt", "aria-label", "title") and value]

    def handle_endtag(self, tag: str) -> None:
        self._inside -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.text.append(data)

    @classmethod
    def words(cls, html: str) -> list[str]:
        reader = cls()
        reader.feed(html)
        reader.close()
        return WORD.findall(" ".join(reader.text))


def _svg(one: bytes, other: bytes) -> Found:
    pairs = list(_apart(_Seen.words(one.decode()), _Seen.words(other.decode())))
    for a, b in pairs:
        yield "text", a, b
    if not pairs:
        changed = sum(a != b for a, b in zip_longest(one.split(b"\n"), other.split(b"\n")))
        yield "", f"drawn otherwise ({changed} lines of the drawing)", "", DRAWN


def _png(one: bytes, other: bytes) -> Found:
    images = [Image.open(io.BytesIO(each)) for each in (one, other)]
    if images[0].size != images[1].size:
        yield "size in pixels", " x ".join(map(str, images[0].size)), " x ".join(map(str, images[1].size))
        return
    pixels = [np.asarray(image.convert("RGBA"), dtype=np.int16) for image in images]
    apart = np.abs(pixels[0] - pixels[1]).max(axis=2)
    if apart.any():
        yield (
            "",
            f"drawn otherwise ({100 * (apart > 0).mean():.3g}% of the pixels, by up to {apart.max()} of 255)",
            "",
            DRAWN,
        )


def _workbook(one: bytes, other: bytes) -> Found:
    there, made = (openpyxl.load_workbook(io.BytesIO(each)) for each in (one, other))
    for name in [*made.sheetnames, *(name for name in there.sheetnames if name not in made.sheetnames)]:
        if name not in there.sheetnames or name not in made.sheetnames:
            yield f"sheet '{name}'", *(("a sheet", "none") if name in there.sheetnames else ("none", "a sheet"))
            continue
        cells = [{cell.coordinate: cell.value for row in book[name] for cell in row} for book in (there, made)]
        for at in [*cells[1], *(at for at in cells[0] if at not in cells[1])]:
            a, b = (str("" if each.get(at) is None else each[at]) for each in cells)
            if a != b:
                yield f"sheet '{name}', cell {at}", a, b


def _pdf(one: bytes, other: bytes) -> Found:
    there, made = ([page.extract_text() for page in PdfReader(io.BytesIO(each)).pages] for each in (one, other))
    if len(there) != len(made):
        yield "pages", str(len(there)), str(len(made))
    for page, (a, b) in enumerate(zip(there, made, strict=False), start=1):
        for text, again in _apart(WORD.findall(a), WORD.findall(b)):
            yield f"page {page}", text, again


def _apart(there: Sequence[str], made: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The words that differ between two texts: in pairs where as many were changed, else the stretch around them."""
    first = 0
    while first < min(len(there), len(made)) and there[first] == made[first]:
        first += 1
    last = 0
    while last < min(len(there), len(made)) - first and there[-1 - last] == made[-1 - last]:
        last += 1
    one, other = there[first : len(there) - last], made[first : len(made) - last]
    if len(one) == len(other):
        yield from ((a, b) for a, b in zip(one, other, strict=True) if a != b)
    else:
        yield " ".join(one), " ".join(other)


def _short(text: str) -> str:
    if len(text) <= SHOWN:
        return text
    return f"{text[:SHOWN]}… (sha256 {hashlib.sha256(text.encode()).hexdigest()[:8]})"


_KINDS: dict[str, Callable[[bytes, bytes], Found]] = {
    ".csv": _csv, ".ipynb": _notebook, ".html": _html, ".svg": _svg, ".png": _png, ".xlsx": _workbook, ".pdf": _pdf,
}  # fmt: skip
