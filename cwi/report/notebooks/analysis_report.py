"""What the reports of the analysis notebooks have in common: one language, one ledger, one mark of synthetic data.

A report of a subject is a class of sections, one for each cell. Its messages are in the subject's .po file of each
language: ``<subject>.<section>.title``, ``.how`` (a sentence on how to read it), ``.caption`` and ``.alt`` of its table
and picture, ``<subject>.column.<column>``; what all subjects share is in analysis.po.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Drawing

from cwi.edition import Edition
from cwi.report.blocks import Block, Figure, Heading, Paragraph, Section, Table, ledger_folder
from cwi.report.languages import NONE
from cwi.report.ledger import Ledger
from cwi.report.notebooks.change import before_and_after
from cwi.report.printer import Printer, language_of

__all__ = [
    "PERCENT",
    "PLACES",
    "POINTS",
    "P_VALUE",
    "SHARE",
    "WHOLE",
    "WORDS",
    "AnalysisReport",
    "Column",
    "Number",
    "Words",
    "keyed",
    "records",
]


class Column:
    """How a column of a table is printed."""


@dataclass(frozen=True)
class Number(Column):
    """How the numbers of a column are printed: decimals, unit (for the ledger), a factor, and whether with a sign."""

    decimals: int
    unit: str = ""
    times: float = 1.0
    sign: bool = False


@dataclass(frozen=True)
class Words(Column):
    """How the words of a column are printed: by a function, or as regions, nodes and indicators are called.

    ``english``: texts that come from a source in English and are printed as they are, whatever the language.
    """

    of: Callable[[Any], str] | None = None
    english: bool = False


WORDS, WHOLE = Words(), Number(0, "count")
SHARE, PERCENT = Number(0, "%", 100.0), Number(1, "%", 100.0)
POINTS, PLACES, P_VALUE = Number(1, "points"), Number(0, "ranks"), Number(3, "p-value")


class AnalysisReport:
    """Sections on one edition in one language; show each in a cell of its own.

    Parameters
    ----------
    edition
        What was approved and measured.
    language
        kk, ru or en.
    seed
        The seed of the draws, for the ledger.
    synthetic
        Whether the analysis rests on data that a computer drew; every section is then marked.
    ledger
        Of another report of the same notebook; a new one by default.
    """

    subject: ClassVar[str] = ""

    def __init__(
        self, edition: Edition, *, language: str, seed: int, synthetic: bool = False, ledger: Ledger | None = None
    ) -> None:
        self.edition, self.synthetic = edition, synthetic
        self.language = language_of(edition, language)
        self.ledger = ledger or Ledger(
            self.language, edition.label, edition.methodology.fingerprint, edition.checksum[:12], seed
        )
        self.printer = Printer(edition, self.language, self.ledger, 0, np.random.default_rng(seed))
        self._codes = {str(code) for code in edition.methodology.tree.level_of}

    @property
    def year(self) -> int:
        return self.edition.year

    # ---------------------------------------------------------------- words

    def text(self, key: str, **values: object) -> str:
        """The message of that key."""
        return self.language.text(key, **values)

    def called(self, code: object) -> str:
        """What a region, a node, an indicator, a level or a yes or no is called; any other code with its spaces."""
        if isinstance(code, tuple):
            return ", ".join(self.called(part) for part in code)
        if isinstance(code, (bool, np.bool_)):
            return self.text("analysis.yes") if code else self.text("analysis.no")
        word = str(code)
        if word in self.edition.territory.regions.index:
            return self.printer.region(word)
        if word in self._codes:
            return self.printer.title(word)
        if self.language.knows(f"level.{word}"):
            return self.printer.level(word)
        if self.language.knows(f"{self.subject}.word.{keyed(word)}"):
            return self.text(f"{self.subject}.word.{keyed(word)}")
        return word.replace("_", " ")

    def words(self, kind: str) -> Words:
        """A column of words that have messages ``<subject>.<kind>.<word>``; a word without one is printed as it is."""

        def of(word: object) -> str:
            if self.language.knows(f"{self.subject}.{kind}.{keyed(word)}"):
                return self.text(f"{self.subject}.{kind}.{keyed(word)}")
            return self.called(word)

        return Words(of)

    def listed(self, codes: Sequence[str], *, most: int | None = None) -> str:
        """Several regions, nodes or indicators in a row; of more than ``most`` the first, and how many more."""
        names = [self.called(code) for code in codes]
        if not names:
            return self.text("analysis.nobody")
        if most is None or len(names) <= most + 1:
            return "; ".join(names)
        return self.text("analysis.more", items="; ".join(names[:most]), n=len(names) - most)

    def head(self, column: str) -> str:
        """The head of a column: of the subject, of all subjects, or what the column is called."""
        key = keyed(column)
        if self.language.knows(f"{self.subject}.column.{key}"):
            return self.text(f"{self.subject}.column.{key}")
        if self.language.knows(f"analysis.column.{key}"):
            return self.text(f"analysis.column.{key}")
        return self.called(column)

    # ---------------------------------------------------------------- numbers

    def number(self, name: str, value: float, decimals: int = 0, *, unit: str = "count", sign: bool = False) -> str:
        """A number of a sentence, in the ledger under <subject>.<year>.<name>."""
        return self.ledger.number(self._named(name), value, unit=unit, decimals=decimals, sign=sign)

    def percent(self, name: str, value: float, decimals: int = 0) -> str:
        """A share of one as a percentage, without its sign."""
        return self.number(name, 100 * value, decimals, unit="%")

    def plain(self, decimals: int, *, sign: bool = False) -> Callable[[float], str]:
        """How a picture writes numbers that the table behind it enters into the ledger."""
        return lambda value: self.language.number(value, decimals, sign=sign)

    def _named(self, name: str) -> str:
        return f"{self.subject}.{self.year}.{name}"

    # ---------------------------------------------------------------- blocks

    def section(self, what: str, *blocks: Block, part: str = "", **values: object) -> Section:
        """A heading, how to read what follows, and the blocks; marked where the data are synthetic."""
        anchor = "-".join(filter(None, [self.subject, what.replace("_", "-"), part]))
        head: list[Block] = [Heading(self.text(f"{self.subject}.{what}.title", **values), anchor=anchor)]
        if mark := self.mark:
            text = self.text(f"{self.subject}.synthetic") if self.synthetic else mark
            head.append(Paragraph(text, "warning"))
        if self.language.knows(f"{self.subject}.{what}.how"):
            head.append(Paragraph(self.text(f"{self.subject}.{what}.how", **values)))
        made = Section([*head, *blocks])
        return made.marked(mark) if mark else made

    @property
    def mark(self) -> str:
        """What is written across pictures and before captions of synthetic data; nothing where there are none."""
        if self.edition.rehearsal:
            return self.text("rehearsal.mark")
        return self.text("analysis.synthetic") if self.synthetic else ""

    def table(
        self,
        what: str,
        data: pd.DataFrame,
        columns: Mapping[str, Column],
        *,
        part: str = "",
        note: str = "",
        key: int | None = None,
        heads: Mapping[str, str] | None = None,
        **values: object,
    ) -> Table:
        """The columns of a table in their order, every number in the ledger.

        Parameters
        ----------
        what, part
            The section, whose caption it takes, and the part of it, where it is shown more than once.
        data
            Behind the table, and written as it is.
        columns
            What is printed, and how.
        note
            Below the table.
        key
            How many columns name a row in the ledger; by default the columns of words before the first number.
        heads
            Heads of columns that have no message.
        values
            Of the caption.
        """
        names = list(columns)
        first = next((i for i, name in enumerate(names) if isinstance(columns[name], Number)), len(names))
        named = names[: first if key is None else key]
        place = ".".join(filter(None, [what, part]))
        rows = []
        for record in records(data):
            row = ".".join([place, *(str(record[name]) for name in named)])
            rows.append([self._cell(f"{row}.{name}", record[name], how) for name, how in columns.items()])
        quoted = [i for i, how in enumerate(columns.values()) if isinstance(how, Words) and how.english]
        return Table(
            name="-".join(filter(None, [self.subject, what.replace("_", "-"), part])),
            caption=self.text(f"{self.subject}.{what}.caption", year=self.year, **values),
            columns=[(heads or {}).get(name) or self.head(name) for name in names],
            rows=rows,
            data=data.reset_index(drop=True),
            note=note,
            numeric=first,
            english=frozenset((row, i) for row in range(len(rows)) for i in quoted),
        )

    def _cell(self, name: str, value: Any, how: Column) -> str:
        if isinstance(how, Words):
            missing = value is None or (isinstance(value, float) and np.isnan(value))
            return NONE if missing else str(value) if how.english else (how.of or self.called)(value)
        assert isinstance(how, Number)
        value = float("nan") if pd.isna(value) else how.times * float(value)
        return self.number(name, value, how.decimals, unit=how.unit, sign=how.sign)

    def figure(
        self, what: str, draw: Callable[[], Drawing], behind: Table, *, part: str = "", **values: object
    ) -> Figure:
        """A picture with the table behind it, whose caption it takes; ``values`` are those of the words for it."""
        return Figure(
            name="-".join(filter(None, [self.subject, what.replace("_", "-"), part])),
            caption=behind.caption,
            alt=self.text(f"{self.subject}.{what}.alt", year=self.year, **values),
            draw=draw,
            language=self.language.code,
            table=behind,
            open_table=self.text("figure.table"),
        )

    # ---------------------------------------------------------------- beginning and end

    def opening(self) -> Section:
        """The title, what the notebook answers, and by which methodology."""
        rules = self.edition.methodology
        working = [Paragraph(self.text("analysis.working", version=rules.version), "warning")]
        made = self.section("opening", *(working if rules.status == "working" else []), year=self.year)
        first = made.blocks[0]
        assert isinstance(first, Heading)
        return Section([Heading(first.text, level=1, anchor="top"), *made.blocks[1:]])

    def change(self, before: pd.Series, after: pd.Series, what: str, *, decimals: int = 1) -> Section:
        """What a change of the reader's own does, for the last section: the numbers that change most first.

        Parameters
        ----------
        before, after
            Numbers in the same unit, matched by their index.
        what
            What the numbers are: a word that has a message (``analysis.changed.<word>``), or a caption of your own.
        decimals
            That are printed.
        """
        known = self.language.knows(f"analysis.changed.{what}")
        section = before_and_after(
            before,
            after,
            self.text(f"analysis.changed.{what}") if known else what,
            names=self.called,
            decimals=decimals,
            language=self.language,
            ledger=self.ledger,
        )
        warning = [Paragraph(self.mark, "warning")] if self.mark else []
        made = Section([Heading(self.text("analysis.change"), anchor="change"), *warning, *section.blocks])
        return made.marked(self.mark) if self.mark else made

    def close(self) -> Section:
        """Write the ledger where a run is being kept, and print how many numbers it holds."""
        rows = self.ledger.frame()
        if (folder := ledger_folder()) is not None:
            self.ledger.write(folder / f"ledger.{self.subject}.{self.language.code}.csv")
        number = self.language.number(len(rows), 0)
        return Section([Paragraph(self.text("analysis.numbers", n=number), "note")])


def keyed(word: object) -> str:
    """A word of an analysis as the last part of a key.

    Examples
    --------
    >>> keyed("Bartlett's test"), keyed("eigenvalues above 1")
    ('bartletts_test', 'eigenvalues_above_one')
    """
    text = str(word).lower().replace("1", "one")
    return "_".join(re.sub(r"['();,.=%]", "", text).replace("-", " ").split())


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table by the names of its columns."""
    return [{str(column): value for column, value in record.items()} for record in table.to_dict("records")]
