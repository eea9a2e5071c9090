"""The two forms side by side, on real output: how long each is, what each is good and bad for."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cwi.report.blocks import Bullets, Figure, Heading, Paragraph, Section, Table
from cwi.report.budget.annex import annex, functions
from cwi.report.budget.civil import civil, hundred, opening
from cwi.report.budget.printer import BudgetPrinter

__all__ = ["options"]

FORMS = ("annex", "section")


def options(printer: BudgetPrinter) -> list[Section]:
    """The page that compares the two options, with the beginning of each as it is published."""
    made = {"annex": _alone(printer), "section": _alone(printer)}
    forms = {"annex": annex(made["annex"]), "section": civil(made["section"])}
    return [_opening(printer), _sizes(printer, forms, made), _judged(printer), _excerpt(printer)]


def _alone(printer: BudgetPrinter) -> BudgetPrinter:
    """The same with a ledger of its own, whose numbers can be counted."""
    return BudgetPrinter.of(printer.account, printer.territory, printer.language.code)


def _opening(printer: BudgetPrinter) -> Section:
    return Section(
        [
            Heading(
                printer.text("budget.options.title", place=printer.place, year=printer.account.year),
                level=1,
                anchor="top",
            ),
            Paragraph(printer.text("budget.options.lead"), "lead"),
            Paragraph(printer.text("budget.options.source"), "note"),
        ]
    )


def _sizes(printer: BudgetPrinter, forms: dict[str, list[Section]], made: dict[str, BudgetPrinter]) -> Section:
    counts = {name: _counts(sections, made[name]) for name, sections in forms.items()}
    rows, data = [], []
    for what in ("tables", "rows", "pictures", "numbers"):
        cells = [printer.whole(f"form.{form}.{what}", counts[form][what]) for form in FORMS]
        rows.append([printer.text(f"budget.options.{what}"), *cells])
        data.append([printer.text(f"budget.options.{what}"), *(counts[form][what] for form in FORMS)])
    for what in ("files", "languages", "reader", "codes"):
        cells = [printer.text(f"budget.options.{what}_{form}") for form in FORMS]
        rows.append([printer.text(f"budget.options.{what}"), *cells])
        data.append([printer.text(f"budget.options.{what}"), *cells])
    share = printer.text("budget.options.interval", **printer.share())
    rows.append([printer.text("budget.options.share"), share, share])
    data.append([printer.text("budget.options.share"), share, share])
    heads = [printer.text("budget.column.what"), *(printer.text(f"budget.options.{form}") for form in FORMS)]
    table = Table(
        "forms", printer.text("budget.options.table"), heads, rows, pd.DataFrame(data, columns=heads), numeric=3
    )
    return Section([Heading(printer.text("budget.options.sizes"), anchor="sizes"), table])


def _counts(sections: Sequence[Section], printer: BudgetPrinter) -> dict[str, int]:
    """What a reader meets: tables (behind pictures too), their rows, pictures, and named numbers."""
    blocks = [block for section in sections for block in section.blocks]
    tables = [table for section in sections for table in section.tables()]
    return {
        "tables": len(tables),
        "rows": sum(len(table.rows) for table in tables),
        "pictures": sum(isinstance(block, Figure) for block in blocks),
        "numbers": len(printer.ledger.frame()),
    }


def _judged(printer: BudgetPrinter) -> Section:
    blocks: list[Heading | Bullets | Paragraph] = [Heading(printer.text("budget.options.judged"), anchor="judged")]
    for form in FORMS:
        blocks.append(Heading(printer.text(f"budget.options.{form}"), level=3))
        for side, letters in (("good", "abcd"), ("bad", "abcd")):
            blocks.append(Paragraph(printer.text(f"budget.options.{side}")))
            blocks.append(Bullets([printer.text(f"budget.options.{form}_{side}_{letter}") for letter in letters]))
    blocks.append(Paragraph(printer.text("budget.options.both")))
    blocks.append(Paragraph(printer.text("budget.options.ours"), "note"))
    return Section(blocks)


def _excerpt(printer: BudgetPrinter) -> Section:
    """The same money in both forms: the functions of the annex; the findings and the squares of the section."""
    table, first, squares = functions(printer).tables()[0], opening(printer).blocks, hundred(printer).blocks
    return Section(
        [
            Heading(printer.text("budget.options.excerpt"), anchor="excerpt"),
            Heading(printer.text("budget.options.annex"), level=3),
            table,
            Heading(printer.text("budget.options.section"), level=3),
            *[block for block in first if isinstance(block, Bullets) or getattr(block, "kind", "") == "lead"],
            *[block for block in squares if isinstance(block, Figure)],
        ]
    )
