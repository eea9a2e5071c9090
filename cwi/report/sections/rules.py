"""The rules and the framework, as they were applied: what anyone needs to compute the index again."""

from __future__ import annotations

import pandas as pd

from cwi.indicators import OPEN
from cwi.methodology import Node
from cwi.report.blocks import Block, Heading, Paragraph, Section, Table
from cwi.report.printer import Printer

__all__ = ["rules"]


def rules(p: Printer) -> Section:
    """Rules by level, outliers and gaps that were treated, and every indicator with its ends and its weight."""
    methodology = p.edition.methodology
    blocks: list[Block] = [
        Heading(p.say("rules.title"), anchor="rules"),
        Paragraph(p.say("rules.how", normalisation=p.method(methodology.normalisation))),
        _levels(p),
    ]
    if not p.scores.treated.empty:
        blocks.append(_treated(p))
    imputed = p.scores.cells[p.scores.cells["status"] == "imputed"]
    if not imputed.empty:
        n = p.whole(f"imputed.{p.year}", len(imputed))
        words = p.language.list([p.method(rule) for rule in methodology.imputation])
        blocks.append(Paragraph(p.say("rules.imputed", n=n, words=words), "note"))
    blocks.append(_framework(p))
    return Section(blocks)


def _levels(p: Printer) -> Table:
    rows, data = [], []
    for level, nodes in zip(p.edition.methodology.levels, p.edition.methodology.nodes, strict=True):
        groups: dict[tuple[str, str, float], list[Node]] = {}
        for node in nodes:
            groups.setdefault((str(node.weighting), str(node.aggregation), node.coverage), []).append(node)
        for (weighting, aggregation, coverage), alike in groups.items():
            named = len(groups) > 1
            codes = [node.code for node in alike]
            where = p.language.list([p.title(code) for code in codes]) if named else p.say("rules.all", n=len(nodes))
            name = f"rule.{level.name}.{codes[0] if named else 'all'}.coverage"
            methods = [p.method(alike[0].weighting), p.method(alike[0].aggregation)]
            rows.append([p.level(level.name), where, *methods, p.share(name, coverage)])
            data.append(
                {"level": level.name, "nodes": " ".join(codes), "weighting": weighting, "aggregation": aggregation,
                 "coverage": coverage}
            )  # fmt: skip
    words = ("level", "nodes", "weighting", "aggregation", "coverage")
    return Table(
        name="rules",
        caption=p.say("rules.table", version=p.edition.methodology.version),
        columns=[p.say(f"rules.column.{word}") for word in words],
        rows=rows,
        data=pd.DataFrame(data),
        numeric=4,
    )


def _treated(p: Printer) -> Table:
    rows = [
        [
            p.region(row["region"]),
            p.title(row["indicator"]),
            p.value(row["region"], row["indicator"], row["value"]),
            p.ledger.number(f"treated.{p.year}.{row['region']}.{row['indicator']}", row["treated"], decimals=3),
            str(row["why"]),
        ]
        for row in p.scores.treated.to_dict("records")
    ]
    words = ("region", "indicator", "value", "treated", "why")
    return Table(
        name="treated",
        caption=p.say("rules.treated", year=p.year),
        columns=[p.say(f"rules.column.{word}") for word in words],
        rows=rows,
        data=p.scores.treated,
        numeric=2,
    )


def _framework(p: Printer) -> Table:
    table = p.edition.methodology.indicators
    level = p.edition.methodology.levels[0].name
    weights = p.scores.implied_weights()
    rows, data = [], []
    for row in table.to_dict("records"):
        code = str(row["code"])
        ends = [
            p.ledger.number(f"end.{code}.{side}", row[side], unit=str(row["unit"]), decimals=_digits(row[side]))
            for side in ("worst", "best")
        ]
        weight = p.ledger.number(f"weight.{code}", 100 * weights[code], unit="%", decimals=2)
        status = p.say("rules.open" if row["data"] == OPEN else "rules.awaiting")
        basis = p.say(f"rules.{row['ends_basis']}") if row["ends_basis"] else ""
        rows.append([p.title(code), p.title(str(row[level])), p.unit(code), *ends, basis, weight, status])
        data.append({"indicator": code, level: row[level], "unit": row["unit"], "worst": row["worst"],
                     "best": row["best"], "scale": row["scale"], "ends_basis": row["ends_basis"],
                     "weight": weights[code], "data": row["data"]})  # fmt: skip
    words = ("indicator", "component", "unit", "worst", "best", "basis", "weight", "data")
    return Table(
        name="framework",
        caption=p.say("rules.framework", n=len(table), version=p.edition.methodology.version),
        columns=[p.say(f"rules.column.{word}") for word in words],
        rows=rows,
        data=pd.DataFrame(data),
        note=p.say("rules.note"),
        numeric=3,
    )


def _digits(value: float) -> int:
    """As many decimals as an end has."""
    return len(f"{value:.6f}".rstrip("0").partition(".")[2])
