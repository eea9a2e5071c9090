"""An edition beside another methodology or another year, with the ledger of its numbers."""

from __future__ import annotations

import numpy as np

from cwi.analysis.comparison import Revision, YearsApart
from cwi.edition import Edition
from cwi.report.blocks import Section
from cwi.report.languages import Language
from cwi.report.ledger import Ledger
from cwi.report.printer import Printer
from cwi.report.sections.revision import revision_report
from cwi.report.sections.years_apart import years_apart_section

__all__ = ["revision_of", "years_apart_of"]


def revision_of(edition: Edition, change: Revision, language: str) -> tuple[Section, Ledger]:
    """The revision of an edition as a section to print in one language, and its numbers.

    Raises
    ------
    ParameterError
        If there are no messages in that language.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.comparison import revision
    >>> edition = read_edition(2023)
    >>> section, ledger = revision_of(edition, revision(edition, "2026.1"), "en")
    >>> [table.name for table in section.tables()], len(ledger.frame()) > 200
    (['revision', 'revision-dimensions'], True)
    """
    printer = _printer(edition, language)
    return printer.marked(revision_report(printer, change)), printer.ledger


def years_apart_of(later: Edition, apart: YearsApart, language: str) -> tuple[Section, Ledger]:
    """Two editions beside each other as a section to print in one language, and its numbers.

    Raises
    ------
    ParameterError
        If there are no messages in that language.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.comparison import years_apart
    >>> later = read_edition(2023)
    >>> section, ledger = years_apart_of(later, years_apart(read_edition(2022), later), "en")
    >>> [table.name for table in section.tables()]
    ['years-apart', 'years-apart-indicators', 'years-apart-dimensions']
    """
    printer = _printer(later, language)
    return printer.marked(years_apart_section(printer, apart)), printer.ledger


def _printer(edition: Edition, language: str) -> Printer:
    words = Language(language)
    ledger = Ledger(words, edition.label, edition.methodology.fingerprint, edition.checksum[:12], 0)
    return Printer(edition, words, ledger, 0, np.random.default_rng(0))
