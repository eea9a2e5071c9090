"""The rules and the framework, as they were applied: what anyone needs to compute the index again."""

from __future__ import annotations

import pandas as pd

from cwi.methodology import Node
from cwi.report.blocks import Block, Heading, Paragraph, Section, Table
from cwi.report.printer import Printer
from cwi.report.sections.weights_in_force import in_force, years_of

__all__ = ["rules"]


def rules(printer: Printer) -> Section:
    """Rules by level, outliers and gaps that were treated, and every indicator with its ends and its weight."""
    methodology = printer.edition.methodology
    blocks: list[Block] = [
        Heading(printer.text("rules.title"), 3, anchor="rules"),
        Paragraph(printer.text("rules.how", normalisation=printer.method(methodology.normalisation))),
        _levels(printer),
    ]
    if not printer.scores.treated.empty:
        blocks.append(_treated(printer))
    imputed = printer.scores.cells[printer.scores.cells["status"] == "imputed"]
    if not imputed.empty:
        n = printer.whole(f"imputed.{printer.year}", len(imputed))
        words = printer.language.list([printer.method(rule) for rule in methodology.imputation])
        blocks.append(Paragraph(printer.text("rules.imputed", n=n, words=words), "note"))
    blocks.append(_framework(printer))
    return Section(blocks)


def _levels(printer: Printer) -> Table:
    rows, data = [], []
    for level, nodes in zip(printer.edition.methodology.levels, printer.edition.methodology.nodes, strict=True):
        groups: dict[tuple[str, str, float], list[Node]] = {}
        for node in nodes:
            groups.setdefault((str(node.weighting), str(node.aggregation), node.coverage), []).append(node)
        for (weighting, aggregation, coverage), levels in groups.items():
            named = len(groups) > 1
            codes = [node.code for node in levels]
            where = (
                printer.language.list([printer.title(code) for code in codes])
                if named
                else printer.text("rules.all", n=len(nodes))
            )
            name = f"rule.{level.name}.{codes[0] if named else 'all'}.coverage"
            methods = [printer.method(levels[0].weighting), printer.method(levels[0].aggregation)]
            rows.append([printer.level(level.name), where, *methods, printer.share(name, coverage)])
            data.append(
                {"level": level.name, "nodes": " ".join(codes), "weighting": weighting, "aggregation": aggregation,
                 "coverage": coverage}
            )  # fmt: skip
    words = ("level", "nodes", "weighting", "aggregation", "coverage")
    return Table(
        name="rules",
        caption=printer.text("rules.table", version=printer.edition.methodology.version),
        columns=[printer.text(f"rules.column.{word}") for word in words],
        rows=rows,
        data=pd.DataFrame(data),
        numeric=4,
    )


def _treated(printer: Printer) -> Table:
    rows = [
        [
            printer.region(row["region"]),
            printer.title(row["indicator"]),
            printer.value(row["region"], row["indicator"], row["value"]),
            printer.ledger.number(
                f"treated.{printer.year}.{row['region']}.{row['indicator']}", row["treated"], decimals=3
            ),
            str(row["why"]),
        ]
        for row in printer.scores.treated.to_dict("records")
    ]
    words = ("region", "indicator", "value", "treated", "why")
    return Table(
        name="treated",
        caption=printer.text("rules.treated", year=printer.year),
        columns=[printer.text(f"rules.column.{word}") for word in words],
        rows=rows,
        data=printer.scores.treated,
        numeric=2,
    )


def _framework(printer: Printer) -> Table:
    table = printer.edition.methodology.indicators
    level = printer.edition.methodology.levels[0].name
    weights = printer.scores.implied_weights()
    inside = printer.scores.without_nation(in_force(printer))
    means = inside.groupby("indicator")["weight"].mean()
    rows, data = [], []
    for row in table.to_dict("records"):
        code = str(row["code"])
        ends = [
            printer.ledger.number(f"end.{code}.{side}", row[side], unit=str(row["unit"]), decimals=_digits(row[side]))
            for side in ("worst", "best")
        ]
        weight = printer.ledger.number(f"weight.{code}", 100 * weights[code], unit="%", decimals=2)
        status = printer.text("rules.open" if code in printer.with_figures else "rules.awaiting")
        basis = printer.text(f"rules.{row['ends_basis']}") if row["ends_basis"] else ""
        mean = means.get(code, float("nan"))
        here = printer.ledger.number(f"force.{printer.year}.mean.{code}", 100 * mean, unit="%", decimals=1)
        rows.append(
            [printer.title(code), printer.title(str(row[level])), printer.unit(code), *ends, basis, weight, here,
             years_of(printer, code), status]
        )  # fmt: skip
        data.append({"indicator": code, level: row[level], "unit": row["unit"], "worst": row["worst"],
                     "best": row["best"], "scale": row["scale"], "ends_basis": row["ends_basis"],
                     "weight": weights[code], "weight_in_force": mean, "data": row["data"]})  # fmt: skip
    words = ("indicator", "component", "unit", "worst", "best", "basis", "weight", "in_force", "years", "data")
    return Table(
        name="framework",
        caption=printer.text("rules.framework", n=len(table), version=printer.edition.methodology.version),
        columns=[printer.text(f"rules.column.{word}") for word in words],
        rows=rows,
        data=pd.DataFrame(data),
        note=printer.text("rules.note"),
        numeric=3,
    )


def _digits(value: float) -> int:
    """As many decimals as an end has."""
    return len(f"{value:.6f}".rstrip("0").partition(".")[2])
