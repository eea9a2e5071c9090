"""Robustness of the ranking: intervals of ranks, regions that cannot be distinguished, factors that move ranks."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from cwi.analysis.uncertainty import SHIFT, Robustness, far_from_median
from cwi.report.blocks import Block, Bullets, Figure, Heading, Paragraph, Section, Table
from cwi.report.pictures import intervals
from cwi.report.pictures.heat import heat_map
from cwi.report.printer import Printer

__all__ = ["apart", "dependence", "how_sure", "matters", "quotable", "ranks", "turning"]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SURE, HALF = 0.95, 0.5


def how_sure(printer: Printer) -> Section:
    """The whole section of the official report."""
    return Section([*ranks(printer).blocks, *quotable(printer).blocks, *matters(printer).blocks])


def ranks(printer: Printer) -> Section:
    """What was varied, the interval of each rank as a picture and as a table."""
    heading = Heading(printer.text("sure.title"), anchor="sure")
    if printer.nobody:
        return Section([heading, Paragraph(printer.text("index.none"))])
    robustness = printer.robustness
    name = f"sure.{printer.year}"
    blocks: list[Block] = [
        heading,
        Paragraph(
            printer.text(
                "sure.how",
                draws=printer.whole(f"{name}.draws", int(robustness.simulation.counted.sum())),
                factors=_titles(printer, robustness, robustness.plan.factors.names),
            )
        ),
    ]
    if robustness.plan.idle:
        blocks.append(
            Paragraph(
                printer.text(
                    "sure.idle", year=printer.year, factors=_titles(printer, robustness, robustness.plan.idle)
                ),
                "note",
            )
        )
    failed = robustness.simulation.draws - int(robustness.simulation.counted.sum())
    if failed:
        reasons = "; ".join(robustness.simulation.failures()["reason"])
        blocks.append(
            Paragraph(printer.text("sure.failed", n=printer.whole(f"{name}.failed", failed), reasons=reasons), "note")
        )
    table = robustness.summary.loc[robustness.regions]
    drawn = pd.DataFrame(
        {key: table[column].to_numpy(float) for key, column in (
            ("rank", "rank"), ("p1", "rank_p1"), ("p5", "rank_p5"), ("median", "rank_median"),
            ("p95", "rank_p95"), ("p99", "rank_p99"))},
        index=[printer.region(code) for code in robustness.regions],
    )  # fmt: skip
    figure = Figure(
        name="rank-intervals",
        caption=printer.text("sure.caption", year=printer.year),
        alt=printer.text("sure.alt", year=printer.year),
        language=printer.language.code,
        draw=lambda: intervals.rank_intervals(
            drawn,
            {key: printer.text(f"sure.key.{key}") for key in ("official", "narrow", "wide")},
            printer.text("sure.axis"),
        ),
    )
    if len(robustness.plan.without_error):
        blocks.append(Paragraph(_without_error(printer, robustness), "note"))
    return Section([*blocks, figure, _rank_table(printer, robustness, table), *_confidence_table(printer, robustness)])


def _without_error(printer: Printer, robustness: Robustness) -> str:
    """Which values of a survey have no known error."""
    values = robustness.plan.without_error.groupby("indicator", sort=False)["region"].unique()
    listed = "; ".join(
        f"{printer.title(str(code))} ({', '.join(printer.region(str(region)) for region in regions)})"
        for code, regions in values.items()
    )
    return printer.text("sure.without", values=listed)


def _confidence_table(printer: Printer, robustness: Robustness) -> list[Block]:
    """Simultaneous confidence sets of the ranks, where values have errors."""
    if robustness.confidence is None:
        return []
    data = robustness.confidence.reset_index()
    rows = []
    for line in data.to_dict("records"):
        code = str(line["region"])
        name = f"sure.{printer.year}.{code}.set"
        low, high = (printer.whole(f"{name}.{end}", line[end], "rank") for end in ("low", "high"))
        rank = float(str(robustness.summary.at[code, "rank"]))
        rows.append([printer.region(code), printer.rank(code, printer.top.code, rank), _from_to(low, high)])
    return [
        Table(
            name="rank-confidence",
            caption=printer.text("sure.confidence", year=printer.year),
            columns=[printer.text(f"sure.column.{word}") for word in ("region", "rank", "set")],
            rows=rows,
            data=data,
            note=printer.text("sure.confidence.note"),
        )
    ]


def _rank_table(printer: Printer, robustness: Robustness, table: pd.DataFrame) -> Table:
    letters = _letters(robustness.groups)
    rows = []
    for line in table.reset_index().to_dict("records"):
        code = str(line["region"])
        name = f"sure.{printer.year}.{code}"
        number = {
            key: printer.ledger.number(f"{name}.{key}", line[f"rank_{key}"], unit="rank", decimals=0)
            for key in ("p1", "p5", "median", "p95", "p99")
        }
        rows.append(
            [
                printer.region(code),
                printer.rank(code, printer.top.code, float(line["rank"])),
                _from_to(number["p5"], number["p95"]),
                _from_to(number["p1"], number["p99"]),
                number["median"],
                printer.share(f"{name}.top", line["top_third"]),
                printer.share(f"{name}.bottom", line["bottom_third"]),
                letters[code],
            ]
        )
    data = table.reset_index().drop(columns=["score_mean"]).assign(groups=[letters[str(code)] for code in table.index])
    words = ("region", "rank", "narrow", "wide", "median", "top", "bottom", "group")
    return Table(
        name="certainty",
        caption=printer.text("sure.table", year=printer.year),
        columns=[printer.text(f"sure.column.{word}") for word in words],
        rows=rows,
        data=data,
        note=printer.text("sure.note"),
    )


def _from_to(low: str, high: str) -> str:
    return low if low == high else f"{low}–{high}"


def _letters(groups: Sequence[tuple[str, ...]]) -> dict[str, str]:
    """The letters of the groups of each region; regions that share one cannot be distinguished."""
    marks_of: dict[str, list[str]] = {}
    for number, members in enumerate(groups):
        mark = LETTERS[number] if number < len(LETTERS) else f"{LETTERS[number % 26]}{number // 26}"
        for region in members:
            marks_of.setdefault(region, []).append(mark)
    return {region: " ".join(marks) for region, marks in marks_of.items()}


def quotable(printer: Printer) -> Section:
    """Key sentences that can be quoted alone, each number in the ledger."""
    if printer.nobody:
        return Section([])
    robustness = printer.robustness
    name = f"sure.{printer.year}"
    table = robustness.summary.loc[robustness.regions]
    shares = robustness.simulation.rank_distribution(printer.year)
    first, last = str(table["rank"].idxmin()), str(table["rank"].idxmax())
    width = table["rank_p95"] - table["rank_p5"]
    widest = [str(code) for code in width.index[width == width.max()]]
    separated, pairs = robustness.neighbours
    units = robustness.plan.units
    rows = [units.index[(units["region"] == code) & (units["year"] == printer.year)][0] for code in robustness.regions]
    ranked = robustness.simulation.ranks[rows][:, robustness.simulation.counted]
    draws = ranked[robustness.regions.index(last)]
    lowest = draws[draws > 0] == ranked[:, draws > 0].max(axis=0)
    items = [
        printer.text(
            "sure.first",
            region=printer.region(first),
            share=printer.share(f"{name}.first", float(shares[1][first])),
        ),
        printer.text(
            "sure.last", region=printer.region(last), share=printer.share(f"{name}.last", float(lowest.mean()))
        ),
        _widest(printer, table, widest),
        printer.text(
            "sure.half", half=printer.whole(f"{name}.half", float(width.quantile(HALF, interpolation="lower")), "ranks")
        ),
        printer.text(
            "sure.neighbours",
            separated=printer.whole(f"{name}.told", separated),
            pairs=printer.whole(f"{name}.pairs", pairs),
            sure=printer.share(f"{name}.apart", SURE),
        ),
        _far(printer, robustness),
    ]
    strongest = robustness.sensitivity.factor_importance()
    if strongest["total"].notna().any():
        items.append(_strongest(printer, robustness, strongest.dropna(subset=["total"])))
    return Section([Bullets(items)])


def _far(printer: Printer, robustness: Robustness) -> str:
    """Which official ranks are far from the middle of their draws, and which factor does it."""
    name, table = f"sure.{printer.year}", _far_from_median(robustness)
    whole = printer.whole(f"{name}.all", len(robustness.regions))
    if table.empty:
        return printer.text("sure.far.none", all=whole)
    items = []
    for line in table.reset_index().to_dict("records"):
        code = str(line["region"])
        values = {
            "region": printer.region(code),
            "rank": printer.rank(code, printer.top.code, float(line["rank"])),
            "median": printer.ledger.number(f"{name}.{code}.median", line["median"], unit="rank", decimals=0),
        }
        factor = str(line["factor"])
        if factor:
            title = _inside(_title(printer, robustness, factor))
            items.append(printer.text("sure.far.item", factor=title, **values))
        else:
            items.append(printer.text("sure.far.item.none", **values))
    return printer.text("sure.far", n=printer.whole(f"{name}.far", len(table)), all=whole, items="; ".join(items))


@lru_cache(maxsize=1)  # the same in each language
def _far_from_median(robustness: Robustness) -> pd.DataFrame:
    return far_from_median(robustness.simulation, robustness.year)


def _widest(printer: Printer, table: pd.DataFrame, widest: list[str]) -> str:
    """The region with the widest interval, or all of them where several have the same width."""
    name, region = f"sure.{printer.year}", widest[0]
    places = float(table["rank_p95"][region] - table["rank_p5"][region] + 1)
    values = {
        "regions": printer.language.list([printer.region(code) for code in widest]),
        "places": printer.whole(f"{name}.places", places, "ranks"),
    }
    if len(widest) > 1:
        return printer.text("sure.widest.tied", **values)
    low, high = (
        printer.whole(f"{name}.widest.{side}", float(table[f"rank_{tail}"][region]), "rank")
        for side, tail in (("low", "p5"), ("high", "p95"))
    )
    return printer.text("sure.widest", low=low, high=high, **values)


def _strongest(printer: Printer, robustness: Robustness, rows: pd.DataFrame) -> str:
    """The factor that moves ranks most, or several where their intervals overlap."""
    best = rows.iloc[0]
    level = rows[~(rows["total_high"] < best["total_low"])]
    titles = [_inside(_title(printer, robustness, str(factor))) for factor in level["factor"]]
    if len(level) > 1:
        return printer.text("sure.strongest.tied", factors="; ".join(titles))
    share = printer.share(f"sure.{printer.year}.strongest", float(best["total"]))
    return printer.text("sure.strongest", factor=titles[0], share=share)


def matters(printer: Printer) -> Section:
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
        named = rows.set_index(pd.Index([_title(printer, robustness, str(factor)) for factor in rows["factor"]]))
        columns = [column for column in ("first", "total", "total_low", "total_high") if column in named]
        bars = named[columns].clip(lower=0)
        count = 0 if robustness.sensitivity.exact is None else len(robustness.sensitivity.exact.runs)
        runs = printer.whole(
            f"sure.{printer.year}.{kind}.runs", robustness.sensitivity.sobol.runs if kind == "all" else count
        )
        blocks.append(
            Figure(
                name=f"what-matters-{kind}",
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
            cells.append(_from_to(low, high))
        printed.append([_title(printer, robustness, str(line["factor"])), *cells])
    words = ["factor", "first", "total", *(["interval"] if kind == "all" else [])]
    return Table(
        name=f"what-matters-{kind}",
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


def apart(printer: Printer) -> Section:
    """The share of the draws in which each region ranks above each other."""
    if printer.nobody or len(printer.robustness.regions) < 2:
        return Section([])
    robustness = printer.robustness
    order = [f"{place}. {printer.region(code)}" for place, code in enumerate(robustness.regions, start=1)]
    square = 100 * robustness.above.to_numpy(float)
    shown = pd.DataFrame(square, order, [str(place) for place in range(1, len(order) + 1)])
    figure = Figure(
        name="who-is-above",
        caption=printer.text("sure.above", year=printer.year),
        alt=printer.text("sure.above.alt", year=printer.year),
        language=printer.language.code,
        draw=lambda: heat_map(
            shown,
            number=lambda value: printer.language.number(value, 0),
            axis_label=printer.text("sure.above.axis"),
            missing_label=printer.text("sure.above.self"),
        ),
        table=Table(
            name="who-is-above",
            caption=printer.text("sure.above", year=printer.year),
            columns=[printer.text("sure.column.region"), *shown.columns],
            rows=[
                [
                    order[i],
                    *(
                        printer.share(f"sure.{printer.year}.above.{a}.{b}", float(robustness.above[b][a]))
                        if a != b
                        else ""
                        for b in robustness.regions
                    ),
                ]
                for i, a in enumerate(robustness.regions)
            ],
            data=robustness.above.reset_index(),
        ),
        open_table=printer.text("figure.table"),
    )
    return Section([figure])


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
                _title(printer, robustness, str(line["factor"])) if line["factor"] else printer.text("sure.nothing"),
                printer.share(f"{name}.depends", total) if np.isfinite(total) else "–",
                _from_to(low, high),
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


def turning(printer: Printer) -> Section:
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
        of = printer.text("sure.turns.without") if left_out else _title(printer, robustness, line["of"])
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
                name="turning",
                caption=printer.text("sure.turns", year=printer.year),
                columns=[printer.text(f"sure.column.{word}") for word in words],
                rows=rows,
                data=table,
                numeric=3,
            )
        ]
    )


def _title(printer: Printer, robustness: Robustness, factor: str) -> str:
    return robustness.factors[factor].titles[printer.language.code]


def _titles(printer: Printer, robustness: Robustness, names: Sequence[str]) -> str:
    return "; ".join(_inside(_title(printer, robustness, name)) for name in names)


def _inside(title: str) -> str:
    """A title inside a sentence: its first letter small."""
    return title[:1].lower() + title[1:]
