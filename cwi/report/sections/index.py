"""The index: on the map, ranked, and with the four dimensions it is made of."""

from __future__ import annotations

import pandas as pd

from cwi.report.blocks import Block, Figure, Heading, Paragraph, Section, Table
from cwi.report.pictures import maps
from cwi.report.pictures.ranking import dot_plot
from cwi.report.printer import Printer
from cwi.report.sections.weights_interval import LEVEL, NOISE, weights_interval

__all__ = ["MAP_LIMITS", "index", "index_map", "index_table"]

MAP_LIMITS = (35.0, 80.0)  # one scale for the maps of all years


def index_table(printer: Printer) -> pd.DataFrame:
    """By region in the order of the index, the nation last: rank, interval, index, dimensions, what they rest on."""
    if "index" not in printer.extras:
        nodes = printer.scores.nodes
        top = nodes[nodes["node"] == printer.top.code].set_index("region")
        wide = printer.scores.wide(printer.year, printer.dimensions[0].level)
        order = [*printer.ranked(), printer.nation]
        table = pd.DataFrame({"region": order}, index=order)
        table["rank"] = top["rank"].reindex(order)
        intervals = weights_interval(printer.scores, printer.year, draws=printer.draws, rng=printer.rng)
        for side in ("low", "high"):
            table[f"rank_{side}"] = intervals[side].reindex(order)
        table["score"] = top["score"].reindex(order)
        for side in ("low", "high"):
            table[f"score_{side}"] = intervals[f"score_{side}"].reindex(order)
        for node in printer.dimensions:
            table[node.code] = wide[node.code].reindex(order)
        table["measured"] = top["measured"].reindex(order)
        table["flag"] = top["flag"].reindex(order)
        printer.extras["index"] = table.reset_index(drop=True)
    return printer.extras["index"]


def index_map(printer: Printer) -> Section:
    """The index on the map of the year's regions, the borders of the other territory dashed."""
    table = index_table(printer)
    old = printer.year < 2022
    figure = Figure(
        name="map",
        caption=printer.text("map.caption", year=printer.year),
        alt=printer.text("map.alt", year=printer.year),
        language=printer.language.code,
        draw=lambda: maps.choropleth(
            table.set_index("region")["score"].reindex(printer.edition.regions),
            maps.boundaries_of(printer.year),
            names={code: printer.region(code) for code in printer.edition.regions},
            number=printer.plain,
            axis_label=printer.text("axis.score"),
            missing_label=printer.text("legend.missing"),
            other_boundaries=maps.boundaries_of(2022 if old else 2021),
            other_label=printer.text("map.later" if old else "map.former"),
            limits=MAP_LIMITS,
        ),
    )
    return Section(
        [Heading(printer.text("index.title"), anchor="index"), Paragraph(printer.text(_how(printer))), figure]
    )


def _how(printer: Printer) -> str:
    """The words for plain means between fixed ends, or the general ones for any other rules."""
    methodology = printer.edition.methodology
    nodes = [node for level in methodology.nodes for node in level]
    plain = all((node.weighting.name, node.aggregation.name) == ("equal", "arithmetic") for node in nodes)
    return "index.how" if plain and methodology.normalisation.name == "goalposts" else "index.how.other"


def index(printer: Printer) -> Section:
    """Ranked dots with the dimensions, and how far a rank depends on the weights."""
    table = index_table(printer)
    regions = printer.scores.without_nation(table).dropna(subset=["score"])
    nation = table[table["region"] == printer.nation].iloc[0]
    values = {
        "noise": printer.whole("rule.noise", 100 * NOISE, "%"),
        "level": printer.whole("rule.level", 100 * LEVEL, "%"),
        "draws": printer.whole("rule.draws", printer.draws),
    }
    blocks: list[Block] = []
    if not regions.empty:
        width = regions["rank_high"] - regions["rank_low"]
        values["widest"] = printer.region(str(regions["region"].iloc[int(width.to_numpy().argmax())]))
        values["places"] = printer.whole(f"rank.{printer.year}.widest", float(width.max()), "ranks")
        blocks.append(Paragraph(printer.text("index.weights", **values)))
    codes = [node.code for node in printer.dimensions]
    figure = Figure(
        name="dots",
        caption=printer.text("dots.caption", year=printer.year),
        alt=printer.text("dots.alt", year=printer.year),
        language=printer.language.code,
        draw=lambda: dot_plot(
            regions.set_index(pd.Index([printer.region(code) for code in regions["region"]]))[["score", *codes]],
            index="score",
            parts=codes,
            nation=nation[["score", *codes]].astype(float) if nation["score"] == nation["score"] else None,
            intervals=regions.set_index(pd.Index([printer.region(code) for code in regions["region"]]))[
                ["score_low", "score_high"]
            ].rename(columns={"score_low": "low", "score_high": "high"}),
            labels={
                "score": printer.title(printer.top.code),
                "nation": printer.region(printer.nation),
                "interval": printer.text("dots.interval", **values),
                **{code: printer.title(code) for code in codes},
            },
            axis_label=printer.text("axis.score"),
            number=printer.plain,
        ),
    )
    return Section([*blocks, figure, _table(printer, table)])


def _table(printer: Printer, table: pd.DataFrame) -> Table:
    rows = []
    for row in table.to_dict("records"):
        code = str(row["region"])
        low, high = (
            printer.ledger.number(
                f"rank.{printer.year}.{code}.{printer.top.code}.{side}", row[f"rank_{side}"], unit="rank", decimals=0
            )
            for side in ("low", "high")
        )
        rank = float("nan") if pd.isna(row["rank"]) else float(row["rank"])
        rows.append(
            [
                printer.region(code),
                printer.rank(code, printer.top.code, rank),
                low if low == high else f"{low}–{high}",
                printer.score(code, printer.top.code, row["score"]),
                *(printer.score(code, node.code, row[node.code]) for node in printer.dimensions),
                printer.share(f"measured.{printer.year}.{code}.weight", row["measured"]),
            ]
        )
    words = ("region", "rank", "interval", "index")
    return Table(
        name="index",
        caption=printer.text("index.table", year=printer.year),
        columns=[
            *(printer.text(f"index.column.{word}") for word in words),
            *(printer.title(node.code) for node in printer.dimensions),
            printer.text("measured.column.weight"),
        ],
        rows=rows,
        data=table.rename(columns={node.code: f"score_{node.code}" for node in printer.dimensions}).assign(
            rank=table["rank"].astype("Int64")
        ),
        note=printer.text("index.note"),
        emphasised=frozenset({len(rows) - 1}),
    )
