"""Printing in one language: names, numbers, units, statuses, sources, all through one ledger for each edition."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from cwi import folders
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.report.languages import NONE
from cwi.report.ledger import Ledger
from cwi.report.printer import Printer, language_of
from cwi.report.site.atlas import Atlas
from cwi.textfiles import CONTROL, read_csv

__all__ = ["Voice", "clean"]

SEEDLESS = 0  # the site draws nothing of its own that it prints


def clean(text: object) -> str:
    """A text without characters that are not seen or that turn the text after them round.

    >>> clean("a\\u202eb\\x00")
    'ab'
    """
    return CONTROL.sub("", str(text))


class Voice:
    """Prints what an atlas shows in one language.

    Parameters
    ----------
    atlas
        What is shown.
    code
        kk, ru or en.
    """

    def __init__(self, atlas: Atlas, code: str) -> None:
        self.atlas, self.code = atlas, code
        self.language = language_of(atlas.edition, code)
        self._printers: dict[int, Printer] = {}

    def text(self, key: str, **values: object) -> str:
        """The message of a key, for what takes it from the code."""
        return clean(self.language.text(key, **values))

    def printer(self, edition: Edition) -> Printer:
        """The printer of an edition, one for each year."""
        if edition.year not in self._printers:
            fingerprint, data = edition.methodology.fingerprint, edition.checksum[:12]
            ledger = Ledger(self.language, edition.label, fingerprint, data, SEEDLESS)
            self._printers[edition.year] = Printer(edition, self.language, ledger, 0, np.random.default_rng(SEEDLESS))
        return self._printers[edition.year]

    @cached_property
    def mark(self) -> str:
        """What is written across pages and pictures of a rehearsal; an empty text of real figures."""
        return self.text("rehearsal.mark") if self.atlas.rehearsal else ""

    @property
    def ledgers(self) -> dict[int, Ledger]:
        """The numbers that were printed, by year."""
        return {year: printer.ledger for year, printer in self._printers.items()}

    # ---------------------------------------------------------------- words

    def region(self, code: str) -> str:
        """The name of a region."""
        return self.atlas.project.territory.name(code, self.code).mapped(clean)

    def title(self, code: str, edition: Edition | None = None) -> str:
        """The title of an indicator or a node."""
        return clean(self.printer(edition or self.atlas.edition).title(code))

    def indicator(self, code: str) -> str:
        """The title of an indicator of any edition."""
        return self.title(code, self.atlas.indicators[code])

    def unit(self, code: str) -> str:
        """The unit of an indicator of any edition."""
        return clean(self.printer(self.atlas.indicators[code]).unit(code))

    def status(self, word: str) -> str:
        """A status or a flag in words."""
        key = f"site.flag.{word.replace(' ', '_')}"
        if self.language.knows(key):
            return self.text(key)
        return clean(self._statuses.get(word, word))

    def flags(self, words: object) -> str:
        """Several flags in a row; an empty text where there is none."""
        if not isinstance(words, str) or not words:
            return ""
        return ", ".join(self.status(word) for word in words.split("; ") if word != "normal")

    @cached_property
    def _statuses(self) -> dict[str, str]:
        path = self.atlas.project.root / "data" / "statuses.csv"
        if not path.is_file():
            return {}
        columns = ("status", "sdmx", "scored", "title_en", "title_ru", "title_kk", "definition")
        with folders.within(self.atlas.project.root):
            table = read_csv(path, DataError, required=columns)
        return dict(zip(table["status"], table[f"title_{self.code}"], strict=True))

    def of_source(self, name: str, key: str) -> tuple[str, str]:
        """A text of a source, and the language that it is in where it is not the page's."""
        record = self.atlas.project.sources.get(name, {})
        printer = self.printer(self.atlas.edition)
        text = clean(printer.of_source(record, key)) or clean(name)
        return text, "" if printer.is_translated(record, key) and record else "en"

    # ---------------------------------------------------------------- numbers

    def score(self, edition: Edition, region: str, node: str, value: float) -> str:
        """A score of an edition."""
        return self.printer(edition).score(region, node, value)

    def rank(self, edition: Edition, region: str, node: str, value: Any) -> str:
        """A rank of an edition; a dash where there is none."""
        return NONE if pd.isna(value) else self.printer(edition).rank(region, node, float(value))

    def interval(self, edition: Edition, region: str) -> str:
        """The interval of a region's rank, such as 3–6; a dash where there is none."""
        row = self.atlas.intervals(edition.year)
        if region not in row.index:
            return NONE
        low, high = (float(row[side].to_dict()[region]) for side in ("low", "high"))
        if low != low:
            return NONE
        ledger, name = self.printer(edition).ledger, f"sure.{edition.year}.{region}"
        ends = [
            ledger.number(f"{name}.{tail}", end, unit="rank", decimals=0) for tail, end in (("p5", low), ("p95", high))
        ]
        return ends[0] if ends[0] == ends[1] else f"{ends[0]}{NONE}{ends[1]}"

    def value(self, edition: Edition, region: str, indicator: str, value: float) -> str:
        """A value that the score of a region rests on."""
        return self.printer(edition).value(region, indicator, value)

    def observed(self, region: str, indicator: str, year: int, value: float) -> str:
        """A figure as it was observed, of its own year."""
        edition = self.atlas.indicators[indicator]
        printer = self.printer(edition)
        decimals = int(printer.indicators[indicator]["decimals"])
        unit = str(printer.indicators[indicator]["unit"])
        return printer.ledger.number(f"observed.{year}.{region}.{indicator}", value, unit=unit, decimals=decimals)

    def points(self, name: str, value: float, edition: Edition | None = None) -> str:
        """A difference in points, with its sign."""
        return self.printer(edition or self.atlas.edition).points(f"site.{name}", value)

    def whole(self, name: str, value: float, unit: str = "count") -> str:
        """A number of things."""
        return self.printer(self.atlas.edition).whole(f"site.{name}", value, unit)

    def goalpost(self, edition: Edition, indicator: str, side: str, value: float) -> str:
        """An end of the scale of an indicator."""
        digits = len(f"{value:.6f}".rstrip("0").partition(".")[2])
        unit = str(self.printer(edition).indicators[indicator]["unit"])
        return self.printer(edition).ledger.number(f"end.{indicator}.{side}", value, unit=unit, decimals=digits)

    def plain(self, value: float, decimals: int = 0) -> str:
        """A number of a picture, whose table has entered it into the ledger."""
        return self.language.number(value, decimals)

    def country(self) -> str:
        """What the whole country is called; an empty text where there is none."""
        return self.region(self.atlas.nation) if self.atlas.nation else ""

    def definition(self, row: Mapping[Any, Any]) -> tuple[str, str]:
        """The definition of an indicator and the language that it is in where it is not the page's."""
        own = clean(row.get(f"definition_{self.code}", ""))
        return (own, "") if own else (clean(row.get("definition_en", "")), "" if self.code == "en" else "en")
