"""The index: on the map, ranked, and with the four dimensions it is made of."""

from __future__ import annotations

import pandas as pd

from cwi.report.blocks import Block, Figure, Heading, Paragraph, Section, Table
from cwi.report.named import joined
from cwi.report.pictures import maps
from cwi.report.pictures.ranking import dot_plot
from cwi.report.printer import Printer
from cwi.report.sections.weights_in_force import own_year

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
        drawn = None if printer.nobody else printer.robustness.summary
        for column in ("rank", "score"):
            if column == "score":
                table["score"] = top["score"].reindex(order)
            for side, tail in (("low", "p5"), ("high", "p95")):
                table[f"{column}_{side}"] = float("nan") if drawn is None else drawn[f"{column}_{tail}"].reindex(order)
        table.loc[printer.nation, ["rank_low", "rank_high"]] = float("nan")
        for node in printer.dimensions:
            table[node.code] = wide[node.code].reindex(order)
        table["measured"] = top["measured"].reindex(order)
        table["own_year"] = own_year(printer).reindex(order)
        table["flag"] = top["flag"].reindex(order)
        printer.extras["index"] = table.reset_index(drop=True)
    return printer.extras["index"]


def index_map(printer: Printer) -> Section:
    """The index on the map of the year's regions, the borders of the other territory dashed."""
    table = index_table(printer)
    words: list[Block] = [Heading(printer.text("index.title"), anchor="index"), Paragraph(printer.text(_how(printer)))]
    if printer.nobody:
        return Section(words)
    borders = maps.boundaries_of(printer.year)
    if not borders.is_file():
        return Section(words)
    other, later = maps.other_boundaries(printer.year) or (None, False)
    figure = Figure(
        name="map",
        caption=printer.text("map.caption", year=printer.year),
        alt=printer.text("map.alt", year=printer.year),
        language=printer.language.code,
        draw=lambda: maps.choropleth(
            table.set_index("region")["score"].reindex(printer.edition.regions),
            borders,
            names={code: printer.region(code) for code in printer.edition.regions},
            number=printer.plain,
            axis_label=printer.text("axis.score"),
            missing_label=printer.text("legend.missing"),
            other_boundaries=other,
            other_label=printer.text("map.later" if later else "map.former"),
            limits=MAP_LIMITS,
        ),
    )
    return Section([*words, figure])


def _how(printer: Printer) -> str:
    """The words for plain means between fixed ends, or the general ones for any other rules."""
    methodology = printer.edition.methodology
    nodes = [node for level in methodology.nodes for node in level]
    plain = all((node.weighting.name, node.aggregation.name) == ("equal", "arithmetic") for node in nodes)
    return "index.how" if plain and methodology.normalisation.name == "goalposts" else "index.how.other"


def index(printer: Printer) -> Section:
    """Ranked dots with the dimensions, and the interval of each rank over everything that could be chosen otherwise."""
    table = index_table(printer)
    regions = printer.scores.without_nation(table).dropna(subset=["score"])
    if regions.empty:
        return Section([Paragraph(printer.text("index.none"), "warning"), _table(printer, table)])
    nation = table[table["region"] == printer.nation].iloc[0]
    blocks: list[Block] = [Paragraph(_interval(printer, regions))]
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
                "interval": printer.text("dots.interval"),
                **{code: printer.title(code) for code in codes},
            },
            axis_label=printer.text("axis.score"),
            number=printer.plain,
        ),
    )
    return Section([*blocks, _table(printer, table), figure])


def _interval(printer: Printer, regions: pd.DataFrame) -> str:
    """What the interval beside a rank is, and which are the widest, all of them."""
    places = regions["rank_high"] - regions["rank_low"] + 1
    widest = [printer.region(str(code)) for code in regions.loc[places == places.max(), "region"]]
    return printer.text(
        "index.interval" if len(widest) == 1 else "index.interval.tied",
        draws=printer.whole(f"sure.{printer.year}.draws", int(printer.robustness.simulation.counted.sum())),
        widest=printer.language.list(widest),
        places=printer.whole(f"sure.{printer.year}.places", float(places.max()), "ranks"),
    )


def _table(printer: Printer, table: pd.DataFrame) -> Table:
    rows = []
    for row in table.to_dict("records"):
        code = str(row["region"])
        low, high = (
            printer.ledger.number(f"sure.{printer.year}.{code}.{tail}", row[f"rank_{side}"], unit="rank", decimals=0)
            for side, tail in (("low", "p5"), ("high", "p95"))
        )
        rank = float("nan") if pd.isna(row["rank"]) else float(row["rank"])
        rows.append(
            [
                printer.region(code),
                printer.rank(code, printer.top.code, rank),
                low if low == high else joined([low, high], "–"),
                printer.score(code, printer.top.code, row["score"]),
                *(printer.score(code, node.code, row[node.code]) for node in printer.dimensions),
                printer.share(f"measured.{printer.year}.{code}.weight", row["measured"]),
                printer.share(f"measured.{printer.year}.{code}.own_year", row["own_year"]),
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
            printer.text("index.column.own_year"),
        ],
        rows=rows,
        data=table.rename(columns={node.code: f"score_{node.code}" for node in printer.dimensions}).assign(
            rank=table["rank"].astype("Int64")
        ),
        note=printer.text("index.note"),
        emphasised=frozenset({len(rows) - 1}),
    )
