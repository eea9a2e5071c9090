"""Where each region is strong and weak, against the nation."""

from __future__ import annotations

import pandas as pd

from cwi.report.blocks import Figure, Heading, Paragraph, Section, Table
from cwi.report.pictures.heat import heat_map
from cwi.report.printer import Printer

__all__ = ["profiles"]

SHOWN = 3
GAP_LIMITS = (-30.0, 30.0)  # one scale for all years; larger differences keep the darkest colour and their number


def profiles(printer: Printer) -> Section:
    """Regions × components, in points above or below the nation; the indicators behind it by name."""
    level = printer.components[0].level
    components = printer.scores.wide(printer.year, level)
    gaps = components.sub(components.loc[printer.nation]).reindex(printer.ranked()).dropna(axis=1, how="all")
    titles = {code: printer.title(str(code)) for code in gaps.columns}
    shown = gaps.set_axis([printer.region(code) for code in gaps.index], axis=0)
    figure = Figure(
        name="profiles",
        caption=printer.text("profiles.caption", year=printer.year),
        alt=printer.text("profiles.alt", year=printer.year),
        language=printer.language.code,
        table=_gap_table(printer, gaps),
        open_table=printer.text("figure.table"),
        draw=lambda: heat_map(
            shown.rename(columns=titles),
            number=lambda value: printer.language.number(value, printer.edition.methodology.decimals, sign=True),
            axis_label=printer.text("axis.gap"),
            missing_label=printer.text("legend.missing"),
            limits=GAP_LIMITS,
            diverging=True,
        ),
    )
    return Section(
        [
            Heading(printer.text("profiles.title"), anchor="profiles"),
            Paragraph(printer.text("profiles.how")),
            figure,
            _profiles(printer),
        ]
    )


def _gap_table(printer: Printer, gaps: pd.DataFrame) -> Table:
    rows = [
        [
            printer.region(str(code)),
            *(printer.points(f"gap.{printer.year}.{code}.{node}", row[node]) for node in gaps.columns),
        ]
        for code, row in gaps.iterrows()
    ]
    return Table(
        name="gaps",
        caption=printer.text("profiles.gaps", year=printer.year),
        columns=[printer.text("index.column.region"), *(printer.title(str(node)) for node in gaps.columns)],
        rows=rows,
        data=gaps.rename_axis("region").reset_index(),
    )


def _profiles(printer: Printer) -> Table:
    """Each region's strongest and weakest indicators, by score against the nation's."""
    wide = printer.scores.wide(printer.year, "indicator")
    gaps = wide.sub(wide.loc[printer.nation])
    rows, data = [], []
    for code in printer.ranked():
        gaps_of = pd.Series(gaps.loc[code]).dropna().sort_values(kind="stable")
        weak, strong = gaps_of[gaps_of < 0][:SHOWN], gaps_of[gaps_of > 0][::-1][:SHOWN]
        rows.append([printer.region(code), _listed(printer, code, strong), _listed(printer, code, weak)])
        for side, chosen in (("strong", strong), ("weak", weak)):
            data += [{"region": code, "side": side, "indicator": i, "gap": value} for i, value in chosen.items()]
    return Table(
        name="profiles",
        caption=printer.text("profiles.table", year=printer.year),
        columns=[printer.text("index.column.region"), printer.text("profiles.strong"), printer.text("profiles.weak")],
        rows=rows,
        data=pd.DataFrame(data, columns=["region", "side", "indicator", "gap"]),
        note=printer.text("profiles.note"),
        numeric=3,
    )


def _listed(printer: Printer, region: str, chosen: pd.Series) -> str:
    items = [
        printer.text(
            "item.points",
            title=printer.title(str(code)),
            points=printer.points(f"gap.{printer.year}.{region}.{code}", value),
        )
        for code, value in chosen.items()
    ]
    return "; ".join(items) if items else printer.language.number(float("nan"), 0)
