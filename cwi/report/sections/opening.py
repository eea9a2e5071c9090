"""The title and the few sentences that a reader in a hurry takes away."""

from __future__ import annotations

from cwi.indicators import OPEN
from cwi.report.blocks import Block, Bullets, Heading, Paragraph, Section
from cwi.report.printer import Printer

__all__ = ["opening"]


def opening(p: Printer) -> Section:
    """Title, status, and the index in four sentences."""
    year = p.year
    table = p.edition.methodology.indicators
    cells = p.scores.cells[p.scores.cells["region"] == p.nation]
    measured = int(cells["value"].notna().sum())
    values = {
        "year": year,
        "measured": p.whole(f"measured.{year}.{p.nation}.indicators", measured),
        "all": p.whole("framework.indicators", len(table)),
        "share": p.share(f"measured.{year}.{p.nation}.weight", p.edition.measured),
        "open": p.whole("framework.open", int((table["data"] == OPEN).sum())),
        "version": p.edition.methodology.version,
    }
    blocks: list[Block] = [Heading(p.title_of_report, level=1, anchor="top")]
    if p.edition.rehearsal:
        cells = cells[cells["value"].notna()]
        made_up = int((cells["status"] == "synthetic").sum())
        synthetic = p.whole("rehearsal.synthetic", made_up)
        real = p.whole("rehearsal.real", measured - made_up)
        blocks.append(Paragraph(p.say("rehearsal.opening", synthetic=synthetic, real=real), "warning"))
    blocks.append(
        Paragraph(p.say("report.experimental" if p.edition.experimental else "report.lead", **values), "lead")
    )
    if p.edition.methodology.status == "working":
        blocks.append(Paragraph(p.say("report.working", **values), "warning"))
    blocks.append(Bullets(findings(p)))
    return Section(blocks)


def findings(p: Printer) -> list[str]:
    """Who leads, who is last, where the nation stands, how far apart the regions are."""
    index = p.scores.of(p.top.code)[p.year]
    regions = index.reindex(p.edition.regions).dropna()
    if regions.empty:
        return [p.say("index.none")]
    ranks = p.scores.nodes[(p.scores.nodes["node"] == p.top.code)].set_index("region")["rank"].reindex(regions.index)
    first, last = ranks[ranks == ranks.min()].index, ranks[ranks == ranks.max()].index
    sentences = [
        p.say(
            "index.leader",
            regions=p.language.list([p.region(code) for code in first]),
            score=p.score(first[0], p.top.code, regions[first[0]]),
        ),
        p.say(
            "index.last",
            regions=p.language.list([p.region(code) for code in last]),
            score=p.score(last[0], p.top.code, regions[last[0]]),
        ),
    ]
    if p.nation in index.index and index[p.nation] == index[p.nation]:
        sentences.append(
            p.say(
                "index.nation",
                score=p.score(p.nation, p.top.code, index[p.nation]),
                mean=p.ledger.number(
                    f"mean.{p.year}.{p.top.code}",
                    p.edition.regional_mean(),
                    unit="points",
                    decimals=p.edition.methodology.decimals,
                ),
            )
        )
    gap = float(regions.max() - regions.min())
    sentences.append(
        p.say(
            "index.gap",
            gap=p.ledger.number(
                f"gap.{p.year}.{p.top.code}", gap, unit="points", decimals=p.edition.methodology.decimals
            ),
        )
    )
    return sentences
