"""Robustness of the ranking: intervals of ranks, and regions that cannot be distinguished."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import pandas as pd

from cwi.analysis.uncertainty import Robustness, far_from_median
from cwi.report.blocks import Block, Bullets, Figure, Heading, Paragraph, Section, Table
from cwi.report.named import joined
from cwi.report.pictures import intervals
from cwi.report.pictures.heat import heat_map
from cwi.report.printer import Printer
from cwi.report.sections.influence import factor_title, factor_titles, importance, inside_a_sentence, range_text

__all__ = ["SURE", "key_sentences", "letters", "neighbours", "pairwise", "ranks", "whole_section"]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SURE, HALF = 0.95, 0.5


def whole_section(printer: Printer) -> Section:
    """The whole section of the official report."""
    return Section([*ranks(printer).blocks, *key_sentences(printer).blocks, *importance(printer).blocks])


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
                factors=factor_titles(printer, robustness, robustness.plan.factors.names),
            )
        ),
    ]
    if robustness.plan.idle:
        blocks.append(
            Paragraph(
                printer.text(
                    "sure.idle", year=printer.year, factors=factor_titles(printer, robustness, robustness.plan.idle)
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
    return Section([*blocks, _rank_table(printer, robustness, table), figure, *_confidence_table(printer, robustness)])


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
        rows.append([printer.region(code), printer.rank(code, printer.top.code, rank), range_text(low, high)])
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
    marks = letters(robustness.groups)
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
                range_text(number["p5"], number["p95"]),
                range_text(number["p1"], number["p99"]),
                number["median"],
                printer.share(f"{name}.top", line["top_third"]),
                printer.share(f"{name}.bottom", line["bottom_third"]),
                marks[code],
            ]
        )
    data = table.reset_index().drop(columns=["score_mean"]).assign(groups=[marks[str(code)] for code in table.index])
    words = ("region", "rank", "narrow", "wide", "median", "top", "bottom", "group")
    return Table(
        name="rank-ranges",
        caption=printer.text("sure.table", year=printer.year),
        columns=[printer.text(f"sure.column.{word}") for word in words],
        rows=rows,
        data=data,
        note=printer.text("sure.note"),
    )


def letters(groups: Sequence[tuple[str, ...]]) -> dict[str, str]:
    """The letters of the groups of each region; regions that share one cannot be distinguished."""
    marks_of: dict[str, list[str]] = {}
    for number, members in enumerate(groups):
        mark = LETTERS[number] if number < len(LETTERS) else f"{LETTERS[number % 26]}{number // 26}"
        for region in members:
            marks_of.setdefault(region, []).append(mark)
    return {region: " ".join(marks) for region, marks in marks_of.items()}


def key_sentences(printer: Printer) -> Section:
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
        neighbours(printer, robustness),
        _far(printer, robustness),
    ]
    strongest = robustness.sensitivity.factor_importance()
    if strongest["total"].notna().any():
        items.append(_strongest(printer, robustness, strongest.dropna(subset=["total"])))
    return Section([Bullets(items)])


def neighbours(printer: Printer, robustness: Robustness) -> str:
    """How many pairs of neighbours in the ranking can be distinguished."""
    name = f"sure.{printer.year}"
    separated, pairs = robustness.neighbours
    return printer.text(
        "sure.neighbours",
        separated=printer.whole(f"{name}.told", separated),
        pairs=printer.whole(f"{name}.pairs", pairs),
        sure=printer.share(f"{name}.apart", SURE),
    )


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
            title = inside_a_sentence(factor_title(printer, robustness, factor))
            items.append(printer.text("sure.far.item", factor=title, **values))
        else:
            items.append(printer.text("sure.far.item.none", **values))
    return printer.text("sure.far", n=printer.whole(f"{name}.far", len(table)), all=whole, items=joined(items, "; "))


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
    titles = [inside_a_sentence(factor_title(printer, robustness, str(factor))) for factor in level["factor"]]
    if len(level) > 1:
        return printer.text("sure.strongest.tied", factors="; ".join(titles))
    share = printer.share(f"sure.{printer.year}.strongest", float(best["total"]))
    return printer.text("sure.strongest", factor=titles[0], share=share)


def pairwise(printer: Printer) -> Section:
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
