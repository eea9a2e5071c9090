"""The revision report: what another methodology makes of a year, and because of what."""

from __future__ import annotations

from cwi.analysis.comparison import CAUSES, Revision
from cwi.report.blocks import Block, Bullets, Heading, Paragraph, Section, Table
from cwi.report.printer import Printer

__all__ = ["revision_report"]

PARTS = (*CAUSES, "coverage")


def revision_report(printer: Printer, change: Revision) -> Section:
    """Old and new index of each region, the difference and its causes, then the dimensions."""
    values = {"year": change.year, "old": change.old, "new": change.new}
    name = f"revision.{change.year}.{change.old}-{change.new}"
    blocks: list[Block] = [
        Heading(printer.text("revision.title", **values), anchor="revision"),
        Paragraph(printer.text("revision.how", **values)),
    ]
    both = change.regions.dropna(subset=["old_rank", "new_rank"])
    if not both.empty:
        largest = str(both["difference"].abs().idxmax())
        mean = {
            key: printer.points(f"{name}.{key}", value)
            for key, value in (("mean", change.mean), ("mean_absolute", change.mean_absolute))
        }
        blocks.append(
            Bullets(
                [
                    printer.text("revision.mean", regions=printer.whole(f"{name}.regions", len(both)), **mean),
                    printer.text(
                        "revision.largest",
                        region=printer.region(largest),
                        points=printer.points(f"{name}.{largest}.difference", float(both["difference"][largest])),
                    ),
                    printer.text(
                        "revision.moved",
                        n=printer.whole(f"{name}.moved", int((both["moved"] != 0).sum())),
                        most=printer.whole(f"{name}.most", float(both["moved"].abs().max()), "ranks"),
                    ),
                ]
            )
        )
    return Section([*blocks, _regions(printer, change, name), _dimensions(printer, change, name)])


def _regions(printer: Printer, change: Revision, name: str) -> Table:
    decimals = printer.edition.methodology.decimals
    rows = []
    for code, row in change.regions.iterrows():
        scores = [
            printer.ledger.number(f"{name}.{code}.{side}", row[side], unit="points", decimals=decimals)
            for side in ("old", "new")
        ]
        ranks = [
            printer.ledger.number(f"{name}.{code}.{side}", row[side], unit="rank", decimals=0)
            for side in ("old_rank", "new_rank")
        ]
        parts = [printer.points(f"{name}.{code}.{part}", row[part]) for part in ("difference", *PARTS)]
        rows.append([printer.region(str(code)), *scores, *parts, *ranks])
    return Table(
        name="revision",
        caption=printer.text("revision.table", year=change.year, old=change.old, new=change.new),
        columns=[
            printer.text("index.column.region"),
            change.old,
            change.new,
            *(printer.text(f"revision.column.{part}") for part in ("difference", *PARTS)),
            printer.text("revision.column.rank", version=change.old),
            printer.text("revision.column.rank", version=change.new),
        ],
        rows=rows,
        data=change.regions.reset_index(),
        note=printer.text("revision.note"),
        emphasised=frozenset({len(rows) - 1}) if printer.nation in change.regions.index else frozenset(),
    )


def _dimensions(printer: Printer, change: Revision, name: str) -> Table:
    """The difference of each dimension, region by region; the file behind it holds every node that both have."""
    nodes = change.nodes[change.nodes["node"].isin([node.code for node in printer.dimensions])]
    wide = nodes.pivot(index="region", columns="node", values="difference").reindex(change.regions.index)
    order = [node.code for node in printer.dimensions if node.code in wide]
    rows = [
        [printer.region(str(code)), *(printer.points(f"{name}.{code}.{node}", row[node]) for node in order)]
        for code, row in wide.iterrows()
    ]
    return Table(
        name="revision-dimensions",
        caption=printer.text("revision.dimensions", year=change.year, old=change.old, new=change.new),
        columns=[printer.text("index.column.region"), *(printer.title(node) for node in order)],
        rows=rows,
        data=change.nodes,
        note=printer.text("revision.file"),
        emphasised=frozenset({len(rows) - 1}) if printer.nation in change.regions.index else frozenset(),
    )
