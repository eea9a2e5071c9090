"""The index: on the map, ranked, and with the four dimensions it is made of."""

from __future__ import annotations

import pandas as pd

from cwi.analysis.uncertainty import rank_intervals
from cwi.report.blocks import Block, Figure, Heading, Paragraph, Section, Table
from cwi.report.pictures import charts, maps
from cwi.report.printer import Printer

__all__ = ["MAP_LIMITS", "index", "index_map", "index_table"]

NOISE, LEVEL = 0.25, 0.90
MAP_LIMITS = (35.0, 80.0)  # one scale for the maps of all years


def index_table(p: Printer) -> pd.DataFrame:
    """By region in the order of the index, the nation last: rank, interval, index, dimensions, what they rest on."""
    if "index" not in p.extras:
        nodes = p.scores.nodes
        top = nodes[nodes["node"] == p.top.code].set_index("region")
        wide = p.scores.wide(p.year, p.dimensions[0].level)
        order = [*p.ranked(), p.nation]
        table = pd.DataFrame({"region": order}, index=order)
        table["rank"] = top["rank"].reindex(order)
        intervals = rank_intervals(p.scores, p.year, draws=p.draws, rng=p.rng, noise=NOISE, level=LEVEL)
        for side in ("low", "high"):
            table[f"rank_{side}"] = intervals[side].reindex(order)
        table["score"] = top["score"].reindex(order)
        for side in ("low", "high"):
            table[f"score_{side}"] = intervals[f"score_{side}"].reindex(order)
        for node in p.dimensions:
            table[node.code] = wide[node.code].reindex(order)
        table["measured"] = top["measured"].reindex(order)
        table["flag"] = top["flag"].reindex(order)
        p.extras["index"] = table.reset_index(drop=True)
    return p.extras["index"]


def index_map(p: Printer) -> Section:
    """The index on the map of the year's regions, the borders of the other territory dashed."""
    table = index_table(p)
    old = p.year < 2022
    figure = Figure(
        name="map",
        caption=p.say("map.caption", year=p.year),
        alt=p.say("map.alt", year=p.year),
        language=p.language.code,
        draw=lambda: maps.choropleth(
            table.set_index("region")["score"].reindex(p.edition.regions),
            maps.boundaries_of(p.year),
            names={code: p.region(code) for code in p.edition.regions},
            number=p.plain,
            axis_label=p.say("axis.score"),
            missing_label=p.say("legend.missing"),
            other_boundaries=maps.boundaries_of(2022 if old else 2021),
            other_label=p.say("map.later" if old else "map.former"),
            limits=MAP_LIMITS,
        ),
    )
    return Section([Heading(p.say("index.title"), anchor="index"), Paragraph(p.say(_how(p))), figure])


def _how(p: Printer) -> str:
    """The words for plain means between fixed ends, or the general ones for any other rules."""
    methodology = p.edition.methodology
    nodes = [node for level in methodology.nodes for node in level]
    plain = all((node.weighting.name, node.aggregation.name) == ("equal", "arithmetic") for node in nodes)
    return "index.how" if plain and methodology.normalisation.name == "goalposts" else "index.how.other"


def index(p: Printer) -> Section:
    """Ranked dots with the dimensions, and how far a rank depends on the weights."""
    table = index_table(p)
    regions = table[table["region"] != p.nation].dropna(subset=["score"])
    nation = table[table["region"] == p.nation].iloc[0]
    values = {
        "noise": p.whole("rule.noise", 100 * NOISE, "%"),
        "level": p.whole("rule.level", 100 * LEVEL, "%"),
        "draws": p.whole("rule.draws", p.draws),
    }
    blocks: list[Block] = []
    if not regions.empty:
        width = regions["rank_high"] - regions["rank_low"]
        values["widest"] = p.region(str(regions["region"].iloc[int(width.to_numpy().argmax())]))
        values["places"] = p.whole(f"rank.{p.year}.widest", float(width.max()), "ranks")
        blocks.append(Paragraph(p.say("index.weights", **values)))
    codes = [node.code for node in p.dimensions]
    figure = Figure(
        name="dots",
        caption=p.say("dots.caption", year=p.year),
        alt=p.say("dots.alt", year=p.year),
        language=p.language.code,
        draw=lambda: charts.dot_plot(
            regions.set_index(pd.Index([p.region(code) for code in regions["region"]]))[["score", *codes]],
            index="score",
            parts=codes,
            nation=nation[["score", *codes]].astype(float) if nation["score"] == nation["score"] else None,
            intervals=regions.set_index(pd.Index([p.region(code) for code in regions["region"]]))[
                ["score_low", "score_high"]
            ].rename(columns={"score_low": "low", "score_high": "high"}),
            labels={
                "score": p.title(p.top.code),
                "nation": p.region(p.nation),
                "interval": p.say("dots.interval", **values),
                **{code: p.title(code) for code in codes},
            },
            axis_label=p.say("axis.score"),
            number=p.plain,
        ),
    )
    return Section([*blocks, figure, _table(p, table)])


def _table(p: Printer, table: pd.DataFrame) -> Table:
    rows = []
    for row in table.to_dict("records"):
        code = str(row["region"])
        low, high = (
            p.ledger.number(f"rank.{p.year}.{code}.{p.top.code}.{side}", row[f"rank_{side}"], unit="rank", decimals=0)
            for side in ("low", "high")
        )
        rank = float("nan") if pd.isna(row["rank"]) else float(row["rank"])
        rows.append(
            [
                p.region(code),
                p.rank(code, p.top.code, rank),
                low if low == high else f"{low}–{high}",
                p.score(code, p.top.code, row["score"]),
                *(p.score(code, node.code, row[node.code]) for node in p.dimensions),
                p.share(f"measured.{p.year}.{code}.weight", row["measured"]),
            ]
        )
    words = ("region", "rank", "interval", "index")
    return Table(
        name="index",
        caption=p.say("index.table", year=p.year),
        columns=[
            *(p.say(f"index.column.{word}") for word in words),
            *(p.title(node.code) for node in p.dimensions),
            p.say("measured.column.weight"),
        ],
        rows=rows,
        data=table.rename(columns={node.code: f"score_{node.code}" for node in p.dimensions}).assign(
            rank=table["rank"].astype("Int64")
        ),
        note=p.say("index.note"),
        emphasised=frozenset({len(rows) - 1}),
    )
