"""A worked example: the index of one region from values to scores, as a pocket calculator would find it."""

from __future__ import annotations

import pandas as pd

from cwi.report.blocks import Heading, Paragraph, Section, Table
from cwi.report.printer import Printer

__all__ = ["example"]

INDENT = "\N{EM SPACE}"
COLUMNS = ("node", "value", "unit", "score", "share", "contribution")


def example(p: Printer, explained: pd.DataFrame | None = None) -> Section:
    """Every measured node and indicator of one region with its score, its share of the weight and its contribution.

    Parameters
    ----------
    explained
        Of :meth:`cwi.index.Scores.explain`; that of the first region by default.
    """
    heading = Heading(p.text("example.title"), anchor="example")
    ranked = p.scores.of(p.top.code)[p.year].reindex(p.edition.regions).dropna()
    if ranked.empty:
        return Section([heading, Paragraph(p.text("index.none"))])
    if explained is None:
        explained = p.scores.explain(p.ranked()[0], p.year)
    measured = explained[explained["score"].notna()]
    region = str(explained["region"].iloc[0])
    rows = []
    for row in measured.to_dict("records"):
        node, name = str(row["node"]), f"example.{p.year}.{region}.{row['node']}"
        value = p.ledger.number(f"{name}.value", row["value"], unit=_unit(p, node), decimals=_decimals(p, node))
        rows.append(
            [
                INDENT * int(row["depth"]) + p.title(node),
                value if row["level"] == "indicator" else "",
                p.unit(node) if row["level"] == "indicator" else "",
                p.score(region, node, row["score"]),
                p.share(f"{name}.share", row["share"]),
                p.ledger.number(f"{name}.contribution", row["contribution"], unit="points", decimals=2),
            ]
        )
    names = {"region": p.region(region)}
    nodes = [node for level in p.edition.methodology.nodes for node in level]
    arithmetic = all(node.aggregation.name == "arithmetic" for node in nodes)
    missing = p.whole(f"example.{p.year}.{region}.missing", len(explained) - len(measured))
    table = Table(
        name="example",
        caption=p.text("example.table", year=p.year, **names),
        columns=[p.text(f"example.column.{word}") for word in COLUMNS],
        rows=rows,
        data=measured.drop(columns=["flag"]).reset_index(drop=True),
        note=p.text("example.note", n=missing),
        numeric=3,
    )
    return Section([heading, Paragraph(p.text("example.how" if arithmetic else "example.how.other", **names)), table])


def _decimals(p: Printer, node: str) -> int:
    table = p.edition.methodology.indicators.set_index("code")["decimals"]
    return int(table.get(node, 0))


def _unit(p: Printer, node: str) -> str:
    return str(p.edition.methodology.indicators.set_index("code")["unit"].get(node, ""))
