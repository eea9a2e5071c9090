"""A dimension by its components: regions × components, gaps hatched."""

from __future__ import annotations

import pandas as pd

from cwi.index import CARRIED, has_flag
from cwi.panel import IMPUTED
from cwi.report.blocks import Block, Figure, Heading, Paragraph, Section, Table
from cwi.report.pictures import charts
from cwi.report.printer import Printer
from cwi.territory import PARENT_REGION

__all__ = ["dimension", "dimensions"]


def dimensions(p: Printer) -> Section:
    """Every dimension of the methodology, whatever their number and names."""
    return Section([block for node in p.dimensions for block in dimension(p, node.code).blocks])


def dimension(p: Printer, code: str) -> Section:
    """Who is ahead and who is behind in the dimension, and in which of its components."""
    components = [node.code for node in p.components if node.parent == code]
    table = _scores(p, code, components)
    blocks: list[Block] = [Heading(p.title(code), anchor=f"dimension-{code}")]
    regions = table[table["region"] != p.nation].dropna(subset=[code])
    if not regions.empty:
        ordered = regions.sort_values(code, ascending=False, kind="stable")
        first, last = ordered.iloc[0], ordered.iloc[-1]
        blocks.append(
            Paragraph(
                p.say(
                    "dimension.finding",
                    first=p.region(first["region"]),
                    first_score=p.score(first["region"], code, first[code]),
                    last=p.region(last["region"]),
                    last_score=p.score(last["region"], code, last[code]),
                )
            )
        )
    basis = _basis(p, components)
    blocks.append(Paragraph(p.say("dimension.basis", indicators=basis) if basis else p.say("dimension.nothing")))
    empty = [c for c in components if table[c].isna().all()]
    if empty:
        unmeasured = p.language.list([p.title(c) for c in empty])
        blocks.append(Paragraph(p.say("dimension.empty", components=unmeasured), "note"))
    names = [p.region(region) for region in table["region"]]
    shown = table.set_index(pd.Index(names))[[code, *components]]
    flags = p.scores.wide(p.year, p.components[0].level, "flag")[components].reindex(table["region"])
    marks = flags.apply(has_flag, args=(CARRIED, IMPUTED, PARENT_REGION))
    marks = marks.set_index(pd.Index(names)).reindex(columns=shown.columns, fill_value=False)
    titles = {c: p.title(c) for c in shown.columns}
    figure = Figure(
        name=f"dimension-{code}",
        caption=p.say("dimension.caption", dimension=p.title(code), year=p.year),
        alt=p.say("dimension.alt", dimension=p.title(code), year=p.year),
        language=p.language.code,
        table=_table(p, code, components, table),
        open_table=p.say("figure.table"),
        draw=lambda: charts.heat_map(
            shown.rename(columns=titles),
            number=p.plain,
            axis_label=p.say("axis.score"),
            missing_label=p.say("legend.missing"),
            marks=marks.rename(columns=titles),
            mark_label=p.say("legend.mark"),
            emphasised=titles[code],
        ),
    )
    return Section([*blocks, figure])


def _scores(p: Printer, code: str, components: list[str]) -> pd.DataFrame:
    order = [*p.ranked(), p.nation]
    wide = p.scores.wide(p.year, p.components[0].level)[components].reindex(order)
    wide.insert(0, code, p.scores.of(code)[p.year].reindex(order))
    return wide.rename_axis("region").reset_index()


def _basis(p: Printer, components: list[str]) -> str:
    """The indicators that were measured for any region, in the order of the tree."""
    table = p.edition.methodology.indicators
    level = p.edition.methodology.levels[0].name
    measured = set(p.scores.cells.loc[p.scores.cells["value"].notna(), "indicator"])
    codes = table.loc[table[level].isin(components), "code"]
    return "; ".join(p.title(code) for code in codes if code in measured)


def _table(p: Printer, code: str, components: list[str], table: pd.DataFrame) -> Table:
    rows = [
        [p.region(row["region"]), *(p.score(row["region"], node, row[node]) for node in [code, *components])]
        for row in table.to_dict("records")
    ]
    return Table(
        name=f"dimension-{code}",
        caption=p.say("dimension.table", dimension=p.title(code), year=p.year),
        columns=[p.say("index.column.region"), p.title(code), *(p.title(c) for c in components)],
        rows=rows,
        data=table,
        emphasised=frozenset({len(rows) - 1}),
    )
