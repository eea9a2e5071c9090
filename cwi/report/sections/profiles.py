"""Where each region is strong and weak, against the nation."""

from __future__ import annotations

import pandas as pd

from cwi.analysis.comparison import LikeWithLike, like_with_like
from cwi.report.blocks import Figure, Heading, Paragraph, Section, Table
from cwi.report.named import joined
from cwi.report.pictures.heat import heat_map
from cwi.report.printer import Printer

__all__ = ["profiles"]

SHOWN = 3
GAP_LIMITS = (-30.0, 30.0)  # one scale for all years; larger differences keep the darkest colour and their number


def profiles(printer: Printer) -> Section:
    """Regions × components, in points above or below the nation; the indicators behind it by name."""
    level = printer.components[0].level
    beside = like_with_like(printer.edition)
    gaps = beside.gaps(level).reindex(printer.scores.without_nation(pd.DataFrame(index=printer.ranked())).index)
    gaps = gaps.dropna(axis=1, how="all")
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
            _nation(printer, beside, level),
            _profiles(printer),
        ]
    )


def _gap_table(printer: Printer, gaps: pd.DataFrame) -> Table:
    rows = [
        [
            printer.region(str(code)),
            *(printer.points(f"gap_matched.{printer.year}.{code}.{node}", row[node]) for node in gaps.columns),
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


def _nation(printer: Printer, beside: LikeWithLike, level: str) -> Table:
    """The nation's full score of each component, its score on the regions' set, and the mean of the regions."""
    table = beside.nodes[beside.nodes["level"] == level]
    rows = []
    for code, row in table.iterrows():
        name = f"set.{printer.year}.{code}"
        points = (
            printer.ledger.number(
                f"{name}.{part}", row[part], unit="points", decimals=printer.edition.methodology.decimals
            )
            for part in ("nation_matched", "mean")
        )
        counts = (printer.whole(f"{name}.{part}", row[part]) for part in ("indicators", "matched"))
        full = printer.score(printer.nation, str(code), row["nation"])
        rows.append([printer.title(str(code)), full, *points, *counts])
    return Table(
        name="nation-on-the-set",
        caption=printer.text("set.table", year=printer.year),
        columns=[
            printer.text("measured.column.component"),
            *(printer.text(f"set.column.{word}") for word in ("nation", "matched", "mean", "indicators", "common")),
        ],
        rows=rows,
        data=table.reset_index(),
        note=printer.text("set.note"),
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
    return joined(items, "; ") if items else printer.language.number(float("nan"), 0)
