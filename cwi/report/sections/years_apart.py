"""Two editions beside each other: the index, the ranks, and because of what they differ."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from cwi.analysis.comparison import YEAR_CAUSES, YearsApart
from cwi.report.blocks import Block, Bullets, Heading, Paragraph, Section, Table
from cwi.report.printer import Printer

__all__ = ["years_apart_section"]

MOST = 3  # indicators that are printed of each region and direction


def years_apart_section(printer: Printer, apart: YearsApart) -> Section:
    """Both indices of each region, the difference and its causes, then indicators and dimensions."""
    years = {"earlier": apart.earlier, "later": apart.later}
    name = f"apart.{apart.earlier}-{apart.later}"
    blocks: list[Block] = [
        Heading(printer.text("apart.title", **years), anchor="apart"),
        Paragraph(printer.text("apart.how", **years)),
    ]
    if apart.joined:
        rules = dict(zip(("before", "after"), apart.rules, strict=True))
        blocks.append(Paragraph(printer.text("apart.joined", **years, **rules), "warning"))
    both = apart.both
    if both.empty:
        blocks.append(Paragraph(printer.text("apart.none", **years), "note"))
    else:
        mean = printer.points(f"{name}.mean", float(both["difference"].mean()))
        same = printer.points(f"{name}.same", float(both["same"].mean()))
        most = printer.whole(f"{name}.most", float(both["moved"].abs().max()), "ranks")
        moved = printer.whole(f"{name}.moved", int((both["moved"] != 0).sum()))
        regions = printer.whole(f"{name}.regions", len(both))
        blocks.append(
            Bullets(
                [
                    printer.text("apart.mean", regions=regions, mean=mean, same=same),
                    printer.text("apart.moved", n=moved, most=most),
                ]
            )
        )
    tables = [_regions(printer, apart, name), _indicators(printer, apart, name), _dimensions(printer, apart, name)]
    return Section([*blocks, *(table for table in tables if table.rows)])


def _last(printer: Printer, regions: list[str]) -> frozenset[int]:
    return frozenset({len(regions) - 1}) if regions and regions[-1] == printer.nation else frozenset()


def _regions(printer: Printer, apart: YearsApart, name: str) -> Table:
    parts = ("difference", *(YEAR_CAUSES if apart.joined else YEAR_CAUSES[:-1]))
    rows = []
    for code, row in apart.regions.iterrows():
        sides = ("earlier", "later")
        decimals = printer.edition.methodology.decimals
        scores = [
            printer.ledger.number(f"{name}.{code}.{side}", row[side], unit="points", decimals=decimals)
            for side in sides
        ]
        points = [printer.points(f"{name}.{code}.{part}", row[part]) for part in parts]
        ranks = [
            printer.ledger.number(f"{name}.{code}.{side}_rank", row[f"{side}_rank"], unit="rank", decimals=0)
            for side in sides
        ]
        moved = printer.ledger.number(f"{name}.{code}.moved", row["moved"], unit="ranks", decimals=0, sign=True)
        rows.append([printer.region(str(code)), *scores, *points, *ranks, moved])
    return Table(
        name="years-apart",
        caption=printer.text("apart.table", earlier=apart.earlier, later=apart.later),
        columns=[
            printer.text("index.column.region"),
            str(apart.earlier),
            str(apart.later),
            *(printer.text(f"apart.column.{part}") for part in parts),
            printer.text("apart.column.rank", year=apart.earlier),
            printer.text("apart.column.rank", year=apart.later),
            printer.text("apart.column.moved"),
        ],
        rows=rows,
        data=apart.regions.reset_index(),
        note=printer.text("apart.note"),
        emphasised=_last(printer, list(apart.regions.index)),
    )


def _indicators(printer: Printer, apart: YearsApart, name: str) -> Table:
    """The indicators that raised and lowered each index most; the file behind it holds all matched ones."""
    known = apart.indicators.dropna(subset=["contribution"])
    regions = [str(code) for code in apart.regions.index if code in set(known["region"])]

    def words(region: str, rows: pd.DataFrame) -> str:
        items = [
            f"{printer.title(str(row['indicator']))} {_contribution(printer, name, region, row)}"
            for row in rows.head(MOST).to_dict("records")
        ]
        return "; ".join(items) or "–"

    rows = []
    for region in regions:
        mine = known[known["region"] == region].sort_values("contribution", ascending=False, kind="stable")
        raised, lowered = mine[mine["contribution"] > 0], mine[mine["contribution"] < 0].iloc[::-1]
        rows.append([printer.region(region), words(region, raised), words(region, lowered)])
    return Table(
        name="years-apart-indicators",
        caption=printer.text("apart.indicators", earlier=apart.earlier, later=apart.later),
        columns=[printer.text(key) for key in ("index.column.region", "apart.column.raised", "apart.column.lowered")],
        rows=rows,
        data=apart.indicators,
        note=printer.text("apart.file"),
        numeric=3,
        emphasised=_last(printer, regions),
    )


def _contribution(printer: Printer, name: str, region: str, row: Mapping[Hashable, Any]) -> str:
    return printer.ledger.number(
        f"{name}.{region}.{row['indicator']}.contribution",
        row["contribution"],
        unit="points",
        decimals=printer.edition.methodology.decimals + 1,
        sign=True,
    )


def _dimensions(printer: Printer, apart: YearsApart, name: str) -> Table:
    """The change of each dimension on the same indicators; a dash where these do not reach its coverage."""
    nodes = apart.matched.nodes
    wide = nodes.pivot(index="region", columns="node", values="change").reindex(apart.regions.index)
    order = [node.code for node in printer.dimensions if wide[node.code].notna().any()]
    regions = [str(code) for code in wide.index] if order else []
    rows = [
        [printer.region(code), *(printer.points(f"{name}.{code}.{node}", row[node]) for node in order)]
        for code, row in zip(regions, wide.to_dict("records"), strict=False)
    ]
    return Table(
        name="years-apart-dimensions",
        caption=printer.text("apart.dimensions", earlier=apart.earlier, later=apart.later),
        columns=[printer.text("index.column.region"), *(printer.title(node) for node in order)],
        rows=rows,
        data=nodes,
        note=printer.text("apart.dimensions.note"),
        emphasised=_last(printer, regions),
    )
