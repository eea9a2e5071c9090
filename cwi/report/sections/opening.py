"""The title and the few sentences that a reader in a hurry takes away."""

from __future__ import annotations

from cwi.analysis.comparison import mean_by_children
from cwi.report.blocks import Block, Bullets, Heading, Paragraph, Section
from cwi.report.printer import Printer

__all__ = ["opening"]


def opening(printer: Printer) -> Section:
    """Title, status, and the index in four sentences."""
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
    blocks.append(Bullets(findings(printer)))
    return Section(blocks)


def findings(printer: Printer) -> list[str]:
    """The first and the last region, the nation, and the gap between regions."""
    index = printer.scores.of(printer.top.code)[printer.year]
    regions = index.reindex(printer.edition.regions).dropna()
    if regions.empty:
        return [printer.text("index.none")]
    ranks = (
        printer.scores.nodes[(printer.scores.nodes["node"] == printer.top.code)]
        .set_index("region")["rank"]
        .reindex(regions.index)
    )
    first, last = ranks[ranks == ranks.min()].index, ranks[ranks == ranks.max()].index
    sentences = [
        printer.text(
            "index.leader",
            regions=printer.language.list([printer.region(code) for code in first]),
            score=printer.score(first[0], printer.top.code, regions[first[0]]),
        ),
        printer.text(
            "index.last",
            regions=printer.language.list([printer.region(code) for code in last]),
            score=printer.score(last[0], printer.top.code, regions[last[0]]),
        ),
    ]
    sentences.append(_nation(printer, float(index.get(printer.nation, float("nan")))))
    gap = float(regions.max() - regions.min())
    sentences.append(
        printer.text(
            "index.gap",
            gap=printer.ledger.number(
                f"gap.{printer.year}.{printer.top.code}",
                gap,
                unit="points",
                decimals=printer.edition.methodology.decimals,
            ),
        )
    )
    return sentences


def _nation(printer: Printer, score: float) -> str:
    """The index of the country, and the mean of the regions where the number of children is known."""
    decimals, name = printer.edition.methodology.decimals, f"mean_by_children.{printer.year}.{printer.top.code}"
    own = printer.score(printer.nation, printer.top.code, score)
    average = mean_by_children(printer.edition)
    mean = printer.ledger.number(name, average, unit="points", decimals=decimals)
    if average != average:
        return printer.text("index.nation.alone", score=own) if score == score else printer.text("index.nation.thin")
    if score != score:
        return printer.text("index.nation.none", mean=mean)
    return printer.text("index.nation", score=own, mean=mean)


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
    return printer.text("index.thin", year=printer.year, parts="; ".join(items))
