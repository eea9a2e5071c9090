"""Where each region is strong and weak, against the nation."""

from __future__ import annotations

import pandas as pd

from cwi.report.blocks import Figure, Heading, Paragraph, Section, Table
from cwi.report.pictures import charts
from cwi.report.printer import Printer

__all__ = ["profiles"]

SHOWN = 3
GAP_LIMITS = (-30.0, 30.0)  # one scale for all years; larger differences keep the darkest colour and their number


def profiles(p: Printer) -> Section:
    """Regions × components, in points above or below the nation; the indicators behind it by name."""
    level = p.components[0].level
    components = p.scores.wide(p.year, level)
    gaps = components.sub(components.loc[p.nation]).reindex(p.ranked()).dropna(axis=1, how="all")
    titles = {code: p.title(str(code)) for code in gaps.columns}
    shown = gaps.set_axis([p.region(code) for code in gaps.index], axis=0)
    figure = Figure(
        name="profiles",
        caption=p.say("profiles.caption", year=p.year),
        alt=p.say("profiles.alt", year=p.year),
        language=p.language.code,
        table=_gap_table(p, gaps),
        open_table=p.say("figure.table"),
        draw=lambda: charts.heat_map(
            shown.rename(columns=titles),
            number=lambda value: p.language.number(value, p.edition.methodology.decimals, sign=True),
            axis_label=p.say("axis.gap"),
            missing_label=p.say("legend.missing"),
            limits=GAP_LIMITS,
            diverging=True,
        ),
    )
    return Section(
        [Heading(p.say("profiles.title"), anchor="profiles"), Paragraph(p.say("profiles.how")), figure, _profiles(p)]
    )


def _gap_table(p: Printer, gaps: pd.DataFrame) -> Table:
    rows = [
        [p.region(str(code)), *(p.points(f"gap.{p.year}.{code}.{node}", row[node]) for node in gaps.columns)]
        for code, row in gaps.iterrows()
    ]
    return Table(
        name="gaps",
        caption=p.say("profiles.gaps", year=p.year),
        columns=[p.say("index.column.region"), *(p.title(str(node)) for node in gaps.columns)],
        rows=rows,
        data=gaps.rename_axis("region").reset_index(),
    )


def _profiles(p: Printer) -> Table:
    """Each region's strongest and weakest indicators, by score against the nation's."""
    wide = p.scores.wide(p.year, "indicator")
    gaps = wide.sub(wide.loc[p.nation])
    rows, data = [], []
    for code in p.ranked():
        own = pd.Series(gaps.loc[code]).dropna().sort_values(kind="stable")
        weak, strong = own[own < 0][:SHOWN], own[own > 0][::-1][:SHOWN]
        rows.append([p.region(code), _said(p, code, strong), _said(p, code, weak)])
        for side, found in (("strong", strong), ("weak", weak)):
            data += [{"region": code, "side": side, "indicator": i, "gap": value} for i, value in found.items()]
    return Table(
        name="profiles",
        caption=p.say("profiles.table", year=p.year),
        columns=[p.say("index.column.region"), p.say("profiles.strong"), p.say("profiles.weak")],
        rows=rows,
        data=pd.DataFrame(data, columns=["region", "side", "indicator", "gap"]),
        note=p.say("profiles.note"),
        numeric=3,
    )


def _said(p: Printer, region: str, found: pd.Series) -> str:
    items = [
        p.say("item.points", title=p.title(str(code)), points=p.points(f"gap.{p.year}.{region}.{code}", value))
        for code, value in found.items()
    ]
    return "; ".join(items) if items else p.language.number(float("nan"), 0)
