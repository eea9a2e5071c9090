"""The first page: the title, the status, and the summary, which can be read alone."""

from __future__ import annotations

from cwi.report.blocks import Block, Heading, Paragraph, Section
from cwi.report.named import joined
from cwi.report.printer import Printer
from cwi.report.sections.summary import summary

__all__ = ["opening"]


def opening(printer: Printer) -> Section:
    """Title, status, and the summary on one printed page."""
    year = printer.year
    table = printer.edition.methodology.indicators
    cells = printer.scores.cells[printer.scores.cells["region"] == printer.nation]
    measured = int(cells["value"].notna().sum())
    values = {
        "year": year,
        "measured": printer.whole(f"measured.{year}.{printer.nation}.indicators", measured),
        "all": printer.whole("framework.indicators", len(table)),
        "share": printer.share(f"measured.{year}.{printer.nation}.weight", printer.edition.measured),
        "open": printer.whole("framework.open", len(printer.with_figures)),
        "version": printer.edition.methodology.version,
    }
    blocks: list[Block] = [Heading(printer.title_of_report, level=1, anchor="top")]
    if printer.edition.rehearsal:
        cells = cells[cells["value"].notna()]
        made_up = int((cells["status"] == "synthetic").sum())
        synthetic = printer.whole("rehearsal.synthetic", made_up)
        real = printer.whole("rehearsal.real", measured - made_up)
        blocks.append(Paragraph(printer.text("rehearsal.opening", synthetic=synthetic, real=real), "warning"))
    if printer.nobody:
        blocks.append(Paragraph(_why_no_index(printer), "warning"))
    blocks.append(
        Paragraph(
            printer.text("report.experimental" if printer.edition.experimental else "report.lead", **values), "lead"
        )
    )
    if printer.edition.methodology.status == "working":
        blocks.append(Paragraph(printer.text("report.working", **values), "warning"))
    return Section([*blocks, *summary(printer).blocks])


def _why_no_index(printer: Printer) -> str:
    """Why no region has an index: the parts of it that lack a score, and what they would need."""
    rules = printer.edition.methodology
    below = printer.scores.without_nation(printer.scores.wide(printer.year, printer.dimensions[0].level))
    empty = [node for node in printer.dimensions if below[node.code].isna().all()]
    items = []
    for node in empty:
        parts = [part for part in printer.components if part.parent == node.code]
        scored = printer.scores.without_nation(printer.scores.wide(printer.year, printer.components[0].level))
        has = sum(bool(scored[part.code].notna().any()) for part in parts)
        name = f"thin.{printer.year}.{node.code}"
        items.append(
            printer.text(
                "index.thin.part",
                title=printer.title(node.code),
                has=printer.whole(f"{name}.parts", has),
                all=printer.whole(f"{name}.all", len(parts)),
                coverage=printer.share(f"{name}.coverage", node.coverage),
            )
        )
    if not items:
        return printer.text("index.thin.top", year=printer.year, coverage=printer.share("rule.top", rules.top.coverage))
    return printer.text("index.thin", year=printer.year, parts=joined(items, "; "))
