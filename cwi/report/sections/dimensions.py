"""A dimension by its components: regions × components, gaps hatched."""

from __future__ import annotations

import pandas as pd

from cwi.index import CARRIED, has_flag
from cwi.panel import IMPUTED
from cwi.report.blocks import Block, Figure, Heading, Paragraph, Section, Table
from cwi.report.pictures.heat import heat_map
from cwi.report.printer import Printer
from cwi.report.sections.weights_in_force import mean_weight, years_of
from cwi.territory import PARENT_REGION

__all__ = ["dimension", "dimensions"]


def dimensions(printer: Printer) -> Section:
    """Every dimension of the methodology, whatever their number and names."""
    return Section([block for node in printer.dimensions for block in dimension(printer, node.code).blocks])


def dimension(printer: Printer, code: str) -> Section:
    """Who is ahead and who is behind in the dimension, and in which of its components."""
    components = [node.code for node in printer.components if node.parent == code]
    table = _scores(printer, code, components)
    blocks: list[Block] = [Heading(printer.title(code), anchor=f"dimension-{code}")]
    regions = printer.scores.without_nation(table).dropna(subset=[code])
    if not regions.empty:
        ordered = regions.sort_values(code, ascending=False, kind="stable")
        first, last = ordered.iloc[0], ordered.iloc[-1]
        blocks.append(
            Paragraph(
                printer.text(
                    "dimension.finding",
                    first=printer.region(first["region"]),
                    first_score=printer.score(first["region"], code, first[code]),
                    last=printer.region(last["region"]),
                    last_score=printer.score(last["region"], code, last[code]),
                )
            )
        )
    basis = _basis(printer, components or [code])
    blocks.append(
        Paragraph(printer.text("dimension.basis", indicators=basis) if basis else printer.text("dimension.nothing"))
    )
    empty = [c for c in components if table[c].isna().all()]
    if empty:
        unmeasured = printer.language.list([printer.title(c) for c in empty])
        blocks.append(Paragraph(printer.text("dimension.empty", components=unmeasured), "note"))
    names = [printer.region(region) for region in table["region"]]
    shown = table.set_index(pd.Index(names))[[code, *components]]
    flags = printer.scores.wide(printer.year, printer.components[0].level, "flag")[components].reindex(table["region"])
    marks = flags.apply(has_flag, args=(CARRIED, IMPUTED, PARENT_REGION))
    marks = marks.set_index(pd.Index(names)).reindex(columns=shown.columns, fill_value=False)
    titles = {c: printer.title(c) for c in shown.columns}
    figure = Figure(
        name=f"dimension-{code}",
        caption=printer.text("dimension.caption", dimension=printer.title(code), year=printer.year),
        alt=printer.text("dimension.alt", dimension=printer.title(code), year=printer.year),
        language=printer.language.code,
        table=_table(printer, code, components, table),
        open_table=printer.text("figure.table"),
        draw=lambda: heat_map(
            shown.rename(columns=titles),
            number=printer.plain,
            axis_label=printer.text("axis.score"),
            missing_label=printer.text("legend.missing"),
            marks=marks.rename(columns=titles),
            mark_label=printer.text("legend.mark"),
            emphasised=titles[code],
        ),
    )
    return Section([*blocks, figure])


def _scores(printer: Printer, code: str, components: list[str]) -> pd.DataFrame:
    order = [*printer.ranked(), printer.nation]
    wide = printer.scores.wide(printer.year, printer.components[0].level)[components].reindex(order)
    wide.insert(0, code, printer.scores.of(code)[printer.year].reindex(order))
    return wide.rename_axis("region").reset_index()


def _basis(printer: Printer, components: list[str]) -> str:
    """The indicators that were measured for any region, in the order of the tree, with the years of their figures."""
    table = printer.edition.methodology.indicators
    level = printer.edition.methodology.levels[0].name
    measured = set(printer.scores.cells.loc[printer.scores.cells["value"].notna(), "indicator"])
    codes = table.loc[table[level].isin(components), "code"]
    return "; ".join(f"{printer.title(code)} ({years_of(printer, code)})" for code in codes if code in measured)


def _table(printer: Printer, code: str, components: list[str], table: pd.DataFrame) -> Table:
    rows = [
        [
            printer.region(row["region"]),
            *(printer.score(row["region"], node, row[node]) for node in [code, *components]),
        ]
        for row in table.to_dict("records")
    ]
    nodes = [code, *components]
    nation = len(rows) - 1
    rows += [
        [
            printer.text("force.row.weight"),
            *(
                printer.ledger.number(
                    f"force.{printer.year}.mean.{node}", 100 * mean_weight(printer, node), unit="%", decimals=1
                )
                for node in nodes
            ),
        ],
        [printer.text("force.row.years"), *(years_of(printer, node) for node in nodes)],
    ]
    return Table(
        name=f"dimension-{code}",
        caption=printer.text("dimension.table", dimension=printer.title(code), year=printer.year),
        columns=[printer.text("index.column.region"), printer.title(code), *(printer.title(c) for c in components)],
        rows=rows,
        data=table,
        note=printer.text("force.row.note"),
        emphasised=frozenset({nation}),
    )
