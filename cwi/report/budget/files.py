"""The forms of the children's budget as files: written aside, then moved into place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from cwi import folders
from cwi.analysis.budget import Account
from cwi.errors import ParameterError, near
from cwi.inputs.budget import read_decisions
from cwi.report.blocks import Section
from cwi.report.budget.annex import annex
from cwi.report.budget.civil import civil
from cwi.report.budget.options import options
from cwi.report.budget.printer import BudgetPrinter
from cwi.territory import Territory

__all__ = ["FORMS", "publish", "sections_of"]

MAKERS: dict[str, Callable[[BudgetPrinter], list[Section]]] = {"annex": annex, "section": civil, "compare": options}
FORMS = {  # what each form is published as, and in which languages
    "annex": (("pdf", "xlsx"), ("kk", "ru")),
    "section": (("html", "pdf"), ("kk", "ru", "en")),
    "compare": (("html", "pdf"), ("kk", "ru", "en")),
}


def sections_of(form: str, printer: BudgetPrinter) -> list[Section]:
    """The sections of a form.

    Raises
    ------
    ParameterError
        If there is no such form.
    """
    if form not in FORMS:
        raise ParameterError(f"form is '{form}'{near(form, FORMS)}")
    return MAKERS[form](printer)


def publish(
    account: Account, territory: Territory, folder: Path, *, form: str, languages: Sequence[str] = ()
) -> list[Path]:
    """Write a form in each language: ``<form>.<language>.<ending>`` and ``ledger.<form>.<language>.csv``.

    Parameters
    ----------
    folder
        Made if it is not there; files of the same name are replaced when all are finished.
    form
        "annex" (PDF and XLSX), "section" or "compare" (HTML and PDF).
    languages
        kk, ru, en; those of the form by default.

    Raises
    ------
    ParameterError
        If the form or a language is unknown.
    """
    if form not in FORMS:
        raise ParameterError(f"form is '{form}'{near(form, FORMS)}")
    endings, own = FORMS[form]
    printers = [BudgetPrinter.of(account, territory, code) for code in languages or own]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as aside:
        for printer in printers:
            _write(printer, form, endings, Path(aside))
        made = sorted(path for path in Path(aside).iterdir() if path.is_file())
        for path in made:
            os.replace(path, folder / path.name)
    return [folder / path.name for path in made]


def _write(printer: BudgetPrinter, form: str, endings: Sequence[str], folder: Path) -> None:
    from cwi.report.document import write_html, write_pdf  # when a form is written; they take half a second
    from cwi.report.numbers import known_of_registers
    from cwi.report.workbook import write_workbook

    sections, stem = sections_of(form, printer), f"{form}.{printer.language.code}"
    title = sections[0].blocks[0].plain()
    if "html" in endings:
        account, ledger = printer.account, printer.ledger.frame()
        known = known_of_registers(ledger, _files(account), account.year, printer.language)
        write_html(folder / f"{stem}.html", sections, language=printer.language, title=title, numbers=known)
    if "pdf" in endings:
        write_pdf(folder / f"{stem}.pdf", sections, language=printer.language, title=title)
    if "xlsx" in endings:
        tables = [
            replace(table, name=printer.text(f"budget.sheet.{table.name.replace('-', '_')}"))
            for section in sections
            for table in section.tables()
        ]
        about = [(str(row[0]), str(row[1])) for row in tables[0].rows]
        write_workbook(folder / f"{stem}.xlsx", tables[1:], language=printer.language, title=title, about=about)
    printer.ledger.write(folder / f"ledger.{stem}.csv")


def _files(account: Account) -> list[tuple[Path, str]]:
    """The registers that an account rests on, with the decision or the year that the figures are of."""
    budget = folders.data() / "budget"
    if not account.by_programme:
        return [(budget / name, str(account.year)) for name in ("executed_by_function.csv", "functions.csv")]
    decision = read_decisions().loc[account.region]
    named = f"{decision['as_of']}, {decision['decision']}"
    return [(budget / "lines_2025.csv", named), (budget / "coefficients.csv", "")]
