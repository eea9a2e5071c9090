"""What a report is made of: headings, paragraphs, lists, tables and figures.

Each block says itself as HTML (for the page and for Jupyter) and as Typst (for the PDF); a notebook cell
shows a ``Section`` of blocks. Everything that comes from data is escaped here and nowhere else.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
from matplotlib.figure import Figure as Drawing

from cwi.report.column_widths import column_widths
from cwi.report.named import marked_up
from cwi.report.pictures import aside
from cwi.report.pictures.marks import footnote, stamp, status
from cwi.report.pictures.style import narrow, saved

__all__ = [
    "TYPST",
    "Block",
    "Bullets",
    "Columns",
    "Figure",
    "Folded",
    "Heading",
    "Paragraph",
    "Section",
    "Table",
    "ledger_folder",
    "output_folder",
]

TYPST = "text/vnd.typst"
OUTPUT = "CWI_OUTPUT"
LEDGER = "CWI_LEDGER"
PHONE = "-narrow"  # ends the name of a picture that was drawn for a phone
NARROW = "(max-width: 36rem)"  # where it is shown
LINE = 60  # letters; a longer cell of a table is a text of several lines, which a narrow column would make many
LONG = ' class="long"'
NUMERIC = re.compile(r"[^\w\s]*\d|[–-]")  # how a cell begins that is a number, a day, a range, or missing
ROUNDED = re.compile(rb"(?<![\d.])([1-9]\d*\.\d\d)\d+")  # a phone loads coordinates of a hundredth of a point


def output_folder() -> Path | None:
    """Where the report that is being made is laid down; nothing when a notebook is only being read."""
    folder = os.environ.get(OUTPUT)
    return Path(folder) if folder else None


def ledger_folder() -> Path | None:
    """Where the ledger of a run is written; nothing when a notebook is only being read."""
    folder = os.environ.get(LEDGER) or os.environ.get(OUTPUT)
    return Path(folder) if folder else None


class Block(Protocol):
    """Anything that can be printed."""

    def html(self) -> str: ...
    def typst(self) -> str: ...
    def plain(self) -> str: ...


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 (the title) to 3, with the name that links lead to."""

    text: str
    level: int = 2
    anchor: str = ""

    def html(self) -> str:
        name = f' id="{escape(self.anchor)}"' if self.anchor else ""
        return f"<h{self.level}{name}>{marked_up(self.text)}</h{self.level}>"

    def typst(self) -> str:
        return f"#heading(level: {self.level}, {quoted(self.text)})"

    def plain(self) -> str:
        return self.text


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; its kind is text, lead, note, boxed or warning."""

    text: str
    kind: str = "text"

    def html(self) -> str:
        name = "" if self.kind == "text" else f' class="{self.kind}"'
        return f"<p{name}>{marked_up(self.text)}</p>"

    def typst(self) -> str:
        text = f"text({quoted(self.text)})"
        return f"#par({text})" if self.kind == "text" else f"#{self.kind}({text})"

    def plain(self) -> str:
        return self.text


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: Sequence[str]

    def html(self) -> str:
        return "<ul>" + "".join(f"<li>{marked_up(item)}</li>" for item in self.items) + "</ul>"

    def typst(self) -> str:
        return "#list(" + ", ".join(f"text({quoted(item)})" for item in self.items) + ")" if self.items else ""

    def plain(self) -> str:
        return "\n".join(f"- {item}" for item in self.items)


@dataclass(frozen=True)
class Table:
    """A table as it is printed, and the figures behind it.

    ``name`` names the files; ``columns`` are the printed headings; ``rows`` are printed cells, the first of each
    row its heading; ``data`` is the machine-readable table, written as CSV and XLSX; ``numeric`` says from which
    column on cells are numbers; ``english`` are the cells (row, column) in English in a report of another language.
    """

    name: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    data: pd.DataFrame
    note: str = ""
    numeric: int = 1
    emphasised: frozenset[int] = frozenset()
    english: frozenset[tuple[int, int]] = frozenset()

    def html(self) -> str:
        kinds = [self._kind(i) for i in range(len(self.columns))]
        head = "".join(
            f'<th scope="col"{kind}>{escape(column)}</th>' for kind, column in zip(kinds, self.columns, strict=True)
        )
        body = "".join(self._row(number, row, kinds) for number, row in enumerate(self.rows))
        note = f'<p class="note">{marked_up(self.note)}</p>' if self.note else ""
        return (
            f'<div class="table" role="group" tabindex="0" aria-label="{escape(self.caption)}">'
            f'<table id="table-{escape(self.name)}"><caption>{marked_up(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{note}"
        )

    def _row(self, number: int, row: Sequence[str], kinds: Sequence[str]) -> str:
        name = ' class="emphasised"' if number in self.emphasised else ""
        cells = "".join(
            f"<td{kinds[i] or LONG * (len(cell) > LINE)}{self._english(number, i)}>{marked_up(cell)}</td>"
            for i, cell in enumerate(row)
            if i
        )
        return f'<tr{name}><th scope="row"{self._english(number, 0)}>{escape(row[0])}</th>{cells}</tr>'

    def _kind(self, column: int) -> str:
        """A column of numbers is set to the right; one of words is not, nor one with addresses or sentences."""
        if not column or column < self.numeric:
            return ""
        cells = [str(row[column]) for row in self.rows]
        texts = [cell for cell in cells if cell and not NUMERIC.match(cell)]
        return "" if 2 * len(texts) > len(cells) or any(len(cell) > LINE / 2 for cell in texts) else ' class="number"'

    def _english(self, row: int, column: int) -> str:
        return ' lang="en"' if (row, column) in self.english else ""

    def typst(self) -> str:
        align = ", ".join("right" if i >= self.numeric and i else "left" for i in range(len(self.columns)))
        head = ", ".join(f'text(weight: "bold", {quoted(column)})' for column in self.columns)
        cells = []
        for number, row in enumerate(self.rows):
            weight = 'weight: "bold", ' if number in self.emphasised else ""
            for i, cell in enumerate(row):
                words = 'lang: "en", ' if (number, i) in self.english else ""
                cells.append(f"text({weight}{words}{quoted(cell)})")
        note = f"note: {quoted(self.note)}, " if self.note else ""
        widths = column_widths(self.columns, self.rows, numeric=self.numeric, emphasised=self.emphasised)
        least, whole = (", ".join(f"{width:.1f}pt" for width in column) for column in widths)
        return (
            f"#data_table(caption: {quoted(self.caption)}, align: ({align},), least: ({least},), "
            f"whole: ({whole},), {note}table.header({head}), {', '.join(cells)})"
        )

    def plain(self) -> str:
        return f"{self.caption} ({len(self.rows)} × {len(self.columns)})"


@dataclass(frozen=True)
class Figure:
    """A picture that is drawn when it is shown, with words for who cannot see it and the table behind it.

    ``mark`` is written across it, ``status`` among its data, ``foot`` in small print below it; ``scale`` is its size
    in print, of what it was drawn as. On a page the table is before the picture, and a page that is being made has the
    picture a second time, drawn for a phone.
    """

    name: str
    caption: str
    alt: str
    draw: Callable[[], Drawing]
    language: str
    table: Table | None = None
    open_table: str = ""
    mark: str = ""
    foot: str = ""
    status: str = ""
    scale: float = 1.0

    @property
    def stem(self) -> str:
        """The name of the picture's files, without the ending."""
        return f"figures/{self.name}.{self.language}"

    def html(self) -> str:
        behind = ""
        if self.table is not None:
            same = ' class="same"' if self.table.caption.rstrip(".") == self.caption.rstrip(".") else ""
            behind = f"<details{same}><summary>{escape(self.open_table)}</summary>{self.table.html()}</details>"
        return (
            f'<figure id="figure-{escape(self.name)}"><figcaption>{marked_up(self.caption)}</figcaption>'
            f'{behind}<div class="picture" role="group" tabindex="0" aria-label="{escape(self.caption)}">'
            f"{self._image()}</div></figure>"
        )

    def _image(self) -> str:
        """The picture, for a phone and for wider screens where a page is being made."""
        image = f'<img src="{self._source()}" alt="{escape(self.alt)}">'
        folder = output_folder()
        if folder is None:
            return image
        name = f"figures/{self.name}{PHONE}.{self.language}.svg"
        aside.draw(folder / name, self._for_a_phone)
        return f'<picture><source media="{NARROW}" srcset="{name}">{image}</picture>'

    def _source(self) -> str:
        """The picture beside the report when one is being made, the picture itself otherwise."""
        folder = output_folder()
        if folder is None:
            return "data:image/svg+xml;base64," + base64.b64encode(self._svg()).decode()
        self.save(folder)
        return f"{self.stem}.svg"

    def save(self, folder: Path) -> None:
        """Draw the picture into a folder of a report."""
        (folder / self.stem).parent.mkdir(parents=True, exist_ok=True)
        aside.draw(folder / f"{self.stem}.svg", self._svg)

    @property
    def what(self) -> tuple[object, ...]:
        """What the file of the picture is made of; two that have the same are the same picture."""
        return self.draw, self.mark, self.foot, self.status

    def _svg(self) -> bytes:
        drawing = self.draw()
        if self.foot:
            footnote(drawing, self.foot)
        if self.status and not self.mark:
            status(drawing, self.status)
        return _bytes(drawing, "svg", self.mark)

    def _for_a_phone(self) -> bytes:
        with narrow():
            return ROUNDED.sub(rb"\1", self._svg())

    def typst(self) -> str:
        scale = "" if self.scale == 1 else f", scale: {100 * self.scale:.0f}%"
        words = f"alt: {quoted(self.alt)}, caption: {quoted(self.caption)}"
        return f"#picture({quoted(self.stem + '.svg')}, {words}{scale})"

    def plain(self) -> str:
        return f"{self.caption} [{self.alt}]"


@dataclass(frozen=True)
class Folded:
    """Tables under a line that opens them, for the page, the workbook and CSV; a PDF names only the line."""

    summary: str
    tables: Sequence[Table]

    def html(self) -> str:
        inside = "".join(table.html() for table in self.tables)
        return f"<details><summary>{escape(self.summary)}</summary>{inside}</details>"

    def typst(self) -> str:
        return f"#note(text({quoted(self.summary)}))"

    def plain(self) -> str:
        return f"{self.summary} ({len(self.tables)})"


@dataclass(frozen=True)
class Columns:
    """Blocks side by side: in columns that fill one page in print, below each other on a narrow screen."""

    columns: Sequence[Sequence[Block]]

    @property
    def blocks(self) -> list[Block]:
        """All blocks, one column after the other."""
        return [block for column in self.columns for block in column]

    def html(self) -> str:
        inside = ("\n".join(block.html() for block in column) for column in self.columns)
        return '<div class="columns">' + "".join(f"<div>{column}</div>" for column in inside) + "</div>"

    def typst(self) -> str:
        inside = ("[" + " ".join(block.typst() for block in column) + "]" for column in self.columns)
        return "#in_columns(" + ", ".join(inside) + ")"

    def plain(self) -> str:
        return "\n".join(block.plain() for block in self.blocks)


@dataclass(frozen=True)
class Section:
    """What one cell of a report shows."""

    blocks: Sequence[Block]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {
            "text/html": "\n".join(block.html() for block in self.blocks),
            TYPST: self.typst(),
            "text/plain": "\n".join(block.plain() for block in self.blocks),
        }

    def typst(self) -> str:
        """What the PDF prints; nothing is drawn."""
        return "\n".join(block.typst() for block in self.blocks)

    def marked(self, mark: str) -> Section:
        """The same with a mark across its pictures, before its captions, and in every row of its tables."""

        def of(block: Any) -> Any:
            if isinstance(block, Table):
                return replace(block, caption=f"{mark}. {block.caption}", data=block.data.assign(mark=mark))
            if isinstance(block, Figure):
                behind = None if block.table is None else of(block.table)
                return replace(block, caption=f"{mark}. {block.caption}", mark=mark, table=behind)
            if isinstance(block, Folded):
                return replace(block, summary=f"{mark}. {block.summary}", tables=[of(table) for table in block.tables])
            if isinstance(block, Columns):
                return Columns([[of(inside) for inside in column] for column in block.columns])
            return block

        return Section([of(block) for block in self.blocks])

    def footed(self, foot: str, status: str = "") -> Section:
        """The same with a line of small print below every picture, and a word among its data."""
        return Section(
            [replace(block, foot=foot, status=status) if isinstance(block, Figure) else block for block in self.blocks]
        )

    def figures(self) -> list[Figure]:
        """The pictures of the section, those in columns too."""
        inside = (Section(block.blocks).figures() if isinstance(block, Columns) else [block] for block in self.blocks)
        return [block for blocks in inside for block in blocks if isinstance(block, Figure)]

    def tables(self) -> list[Table]:
        """The tables of the section, those behind figures too."""
        tables = []
        for block in self.blocks:
            if isinstance(block, Table):
                tables.append(block)
            elif isinstance(block, Figure) and block.table is not None:
                tables.append(block.table)
            elif isinstance(block, Folded):
                tables += block.tables
            elif isinstance(block, Columns):
                tables += Section(block.blocks).tables()
        return tables


def quoted(text: str) -> str:
    """A Typst string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _bytes(drawing: Drawing, kind: str, mark: str = "") -> bytes:
    if mark:
        stamp(drawing, mark)
    return saved(drawing, kind)
