"""Which choice moves the ranks: shares of variance, the choice each rank rests on, single changes of first and last."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cwi.analysis.uncertainty import SHIFT, Robustness
from cwi.report.blocks import Block, Figure, Heading, Paragraph, Section, Table
from cwi.report.named import joined
from cwi.report.pictures import intervals
from cwi.report.printer import Printer

__all__ = [
    "dependence",
    "factor_title",
    "factor_titles",
    "importance",
    "inside_a_sentence",
    "range_text",
    "single_changes",
]


def importance(printer: Printer) -> Section:
    """Which choice moves ranks: estimated for all factors, exact for lists of choices."""
    if printer.nobody:
        return Section([])
    robustness = printer.robustness
    strongest = robustness.sensitivity.factor_importance().dropna(subset=["total"])
    if strongest.empty:
        return Section([])
    blocks: list[Block] = []
    tables = [("all", strongest)]
    if robustness.sensitivity.exact is not None:
        rows = robustness.sensitivity.exact.indices
        rows = rows[rows["output"] == SHIFT].dropna(subset=["total"])
        tables.append(("exact", rows.sort_values("total", ascending=False, kind="stable")))
    for kind, rows in tables:
        if rows.empty:
            continue
        named = rows.set_index(pd.Index([factor_title(printer, robustness, str(factor)) for factor in rows["factor"]]))
        columns = [column for column in ("first", "total", "total_low", "total_high") if column in named]
        bars = named[columns].clip(lower=0)
        count = 0 if robustness.sensitivity.exact is None else len(robustness.sensitivity.exact.runs)
        runs = printer.whole(
            f"sure.{printer.year}.{kind}.runs", robustness.sensitivity.sobol.runs if kind == "all" else count
        )
        blocks.append(
            Figure(
                name=f"sensitivity-{kind}",
                caption=printer.text(f"sure.matters.{kind}", year=printer.year, runs=runs),
                alt=printer.text("sure.matters.alt", factor=str(named.index[0])),
                language=printer.language.code,
                draw=lambda shown=bars: intervals.shares(  # type: ignore[misc]
                    shown,
                    {key: printer.text(f"sure.key.{key}") for key in ("first", "total", "interval")},
                    printer.text("sure.matters.axis"),
                ),
                table=_share_table(printer, robustness, rows, kind),
                open_table=printer.text("figure.table"),
            )
        )
    return Section(
        [Heading(printer.text("sure.matters.title"), 3), Paragraph(printer.text("sure.matters.how")), *blocks]
    )


def _share_table(printer: Printer, robustness: Robustness, rows: pd.DataFrame, kind: str) -> Table:
    printed = []
    for line in rows.to_dict("records"):
        name = f"sure.{printer.year}.{kind}.{line['factor']}"
        cells = [_first_share(printer, name, line), printer.share(f"{name}.total", line["total"])]
        if kind == "all":
            low, high = (
                printer.share(f"{name}.total.{side}", max(line[f"total_{side}"], 0.0)) for side in ("low", "high")
            )
            cells.append(range_text(low, high))
        printed.append([factor_title(printer, robustness, str(line["factor"])), *cells])
    words = ["factor", "first", "total", *(["interval"] if kind == "all" else [])]
    return Table(
        name=f"sensitivity-{kind}",
        caption=printer.text(f"sure.matters.{kind}.table", year=printer.year),
        columns=[printer.text(f"sure.column.{word}") for word in words],
        rows=printed,
        data=rows.drop(columns=["region"]),
    )


def _first_share(printer: Printer, name: str, line: Mapping[Hashable, Any]) -> str:
    """A first-order index; an estimate below zero as about zero, with its interval."""
    if not line["first"] < 0 or "first_high" not in line:
        return printer.share(f"{name}.first", line["first"])
    low, high = (printer.share(f"{name}.first.{side}", line[f"first_{side}"]) for side in ("low", "high"))
    return printer.text("sure.about_zero", low=low, high=high)


def dependence(printer: Printer) -> Section:
    """Which one choice the rank of each region rests on most."""
    if printer.nobody:
        return Section([])
    robustness = printer.robustness
    table = robustness.dependence()
    rows = []
    for line in table.reset_index().to_dict("records"):
        code = str(line["region"])
        total = float(line["total"])
        name = f"sure.{printer.year}.{code}"
        low, high = (printer.whole(f"{name}.{side}", line[f"rank_{side}"], "rank") for side in ("p5", "p95"))
        rows.append(
            [
                printer.region(code),
                factor_title(printer, robustness, str(line["factor"]))
                if line["factor"]
                else printer.text("sure.nothing"),
                printer.share(f"{name}.depends", total) if np.isfinite(total) else "–",
                range_text(low, high),
            ]
        )
    words = ("region", "factor", "total", "narrow")
    shown = Table(
        name="dependence",
        caption=printer.text("sure.dependence", year=printer.year),
        columns=[printer.text(f"sure.column.{word}") for word in words],
        rows=rows,
        data=table.reset_index(),
        numeric=2,
    )
    return Section([shown])


def single_changes(printer: Printer) -> Section:
    """What alone would change who is first or last."""
    if printer.nobody:
        return Section([])
    robustness = printer.robustness
    table = robustness.rank_changers()
    if table.empty:
        return Section([Paragraph(printer.text("sure.turns.none"))])
    rows = []
    for line in table.to_dict("records"):
        left_out = line["kind"] == "without"
        of = printer.text("sure.turns.without") if left_out else factor_title(printer, robustness, line["of"])
        rows.append(
            [
                f"{of}: {printer.title(line['what']) if left_out else line['what']}",
                printer.text(f"sure.turns.{line['end']}"),
                printer.language.list([printer.region(code) for code in line["regions"].split()]),
            ]
        )
    words = ("what", "end", "who")
    return Section(
        [
            Table(
                name="changes-of-order",
                caption=printer.text("sure.turns", year=printer.year),
                columns=[printer.text(f"sure.column.{word}") for word in words],
                rows=rows,
                data=table,
                numeric=3,
            )
        ]
    )


def factor_title(printer: Printer, robustness: Robustness, factor: str) -> str:
    """What a factor is called."""
    return robustness.factors[factor].titles[printer.language.code]


def factor_titles(printer: Printer, robustness: Robustness, names: Sequence[str]) -> str:
    """Several factors inside a sentence."""
    return "; ".join(inside_a_sentence(factor_title(printer, robustness, name)) for name in names)


def inside_a_sentence(title: str) -> str:
    """A title inside a sentence: its first letter small."""
    return title[:1].lower() + title[1:]


def range_text(low: str, high: str) -> str:
    """Two printed numbers as a range, one where they are the same."""
    return low if low == high else joined([low, high], "–")
