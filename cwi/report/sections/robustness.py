"""How sure the order of the regions is: where each could stand as well, who cannot be told apart, what moves ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cwi.analysis.uncertainty import SHIFT, Certainty
from cwi.report.blocks import Block, Bullets, Figure, Heading, Paragraph, Section, Table
from cwi.report.pictures import intervals
from cwi.report.pictures.charts import heat_map
from cwi.report.printer import Printer

__all__ = ["apart", "dependence", "how_sure", "matters", "quotable", "ranks", "turning"]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SURE, HALF = 0.95, 0.5


def how_sure(p: Printer) -> Section:
    """The whole section of the official report."""
    return Section([*ranks(p).blocks, *quotable(p).blocks, *matters(p).blocks])


def ranks(p: Printer) -> Section:
    """What was varied, the interval of each rank as a picture and as a table."""
    heading = Heading(p.say("sure.title"), anchor="sure")
    if _nobody(p):
        return Section([heading, Paragraph(p.say("index.none"))])
    found = p.certainty
    name = f"sure.{p.year}"
    blocks: list[Block] = [
        heading,
        Paragraph(
            p.say(
                "sure.how",
                draws=p.whole(f"{name}.draws", int(found.simulation.counted.sum())),
                factors=_titles(p, found, found.plan.factors.names),
            )
        ),
    ]
    if found.plan.idle:
        blocks.append(Paragraph(p.say("sure.idle", year=p.year, factors=_titles(p, found, found.plan.idle)), "note"))
    failed = found.simulation.draws - int(found.simulation.counted.sum())
    if failed:
        reasons = "; ".join(found.simulation.failures()["reason"])
        blocks.append(Paragraph(p.say("sure.failed", n=p.whole(f"{name}.failed", failed), reasons=reasons), "note"))
    table = found.summary.loc[found.regions]
    drawn = pd.DataFrame(
        {key: table[column].to_numpy(float) for key, column in (
            ("rank", "rank"), ("p1", "rank_p1"), ("p5", "rank_p5"), ("median", "rank_median"),
            ("p95", "rank_p95"), ("p99", "rank_p99"))},
        index=[p.region(code) for code in found.regions],
    )  # fmt: skip
    figure = Figure(
        name="rank-intervals",
        caption=p.say("sure.caption", year=p.year),
        alt=p.say("sure.alt", year=p.year),
        language=p.language.code,
        draw=lambda: intervals.rank_intervals(
            drawn, {key: p.say(f"sure.key.{key}") for key in ("official", "narrow", "wide")}, p.say("sure.axis")
        ),
    )
    return Section([*blocks, figure, _rank_table(p, found, table)])


def _rank_table(p: Printer, found: Certainty, table: pd.DataFrame) -> Table:
    letters = _letters(found.groups)
    rows = []
    for line in table.reset_index().to_dict("records"):
        code = str(line["region"])
        name = f"sure.{p.year}.{code}"
        number = {
            key: p.ledger.number(f"{name}.{key}", line[f"rank_{key}"], unit="rank", decimals=0)
            for key in ("p1", "p5", "median", "p95", "p99")
        }
        rows.append(
            [
                p.region(code),
                p.rank(code, p.top.code, float(line["rank"])),
                _from_to(number["p5"], number["p95"]),
                _from_to(number["p1"], number["p99"]),
                number["median"],
                p.share(f"{name}.top", line["top_third"]),
                p.share(f"{name}.bottom", line["bottom_third"]),
                letters[code],
            ]
        )
    data = table.reset_index().drop(columns=["score_mean"]).assign(groups=[letters[str(code)] for code in table.index])
    words = ("region", "rank", "narrow", "wide", "median", "top", "bottom", "group")
    return Table(
        name="certainty",
        caption=p.say("sure.table", year=p.year),
        columns=[p.say(f"sure.column.{word}") for word in words],
        rows=rows,
        data=data,
        note=p.say("sure.note"),
    )


def _from_to(low: str, high: str) -> str:
    return low if low == high else f"{low}–{high}"


def _letters(groups: Sequence[tuple[str, ...]]) -> dict[str, str]:
    """The letters of the groups that each region stands in; regions that share one cannot be told apart."""
    found: dict[str, list[str]] = {}
    for number, members in enumerate(groups):
        mark = LETTERS[number] if number < len(LETTERS) else f"{LETTERS[number % 26]}{number // 26}"
        for region in members:
            found.setdefault(region, []).append(mark)
    return {region: " ".join(marks) for region, marks in found.items()}


def quotable(p: Printer) -> Section:
    """Sentences that stand by themselves, each number in the ledger."""
    if _nobody(p):
        return Section([])
    found = p.certainty
    name = f"sure.{p.year}"
    table = found.summary.loc[found.regions]
    shares = found.simulation.rank_distribution(p.year)
    first, last = str(table["rank"].idxmin()), str(table["rank"].idxmax())
    width = table["rank_p95"] - table["rank_p5"]
    widest = str(width.idxmax())
    told, pairs = found.neighbours
    ranked = found.simulation.ranks[
        [found.plan.units.index[(found.plan.units["region"] == code) & (found.plan.units["year"] == p.year)][0]
         for code in found.regions]
    ][:, found.simulation.counted]  # fmt: skip
    own = ranked[found.regions.index(last)]
    lowest = own[own > 0] == ranked[:, own > 0].max(axis=0)
    items = [
        p.say(
            "sure.first",
            region=p.region(first),
            share=p.share(f"{name}.first", float(shares[1][first])),
        ),
        p.say("sure.last", region=p.region(last), share=p.share(f"{name}.last", float(lowest.mean()))),
        p.say(
            "sure.widest",
            region=p.region(widest),
            low=p.whole(f"{name}.widest.low", float(table["rank_p5"][widest]), "rank"),
            high=p.whole(f"{name}.widest.high", float(table["rank_p95"][widest]), "rank"),
            half=p.whole(f"{name}.half", float(width.quantile(HALF, interpolation="lower")), "ranks"),
        ),
        p.say(
            "sure.neighbours",
            told=p.whole(f"{name}.told", told),
            pairs=p.whole(f"{name}.pairs", pairs),
            sure=p.share(f"{name}.apart", SURE),
        ),
    ]
    strongest = found.matters()
    if strongest["total"].notna().any():
        best = strongest.iloc[0]
        items.append(
            p.say(
                "sure.strongest",
                factor=_inside(_title(p, found, str(best["factor"]))),
                share=p.share(f"{name}.strongest", float(best["total"])),
            )
        )
    return Section([Bullets(items)])


def matters(p: Printer) -> Section:
    """Which choice moves ranks: estimated for all factors, exact for lists of choices."""
    if _nobody(p):
        return Section([])
    found = p.certainty
    strongest = found.matters().dropna(subset=["total"])
    if strongest.empty:
        return Section([])
    blocks: list[Block] = []
    tables = [("all", strongest)]
    if found.exact is not None:
        rows = found.exact.indices
        rows = rows[rows["output"] == SHIFT].dropna(subset=["total"])
        tables.append(("exact", rows.sort_values("total", ascending=False, kind="stable")))
    for kind, rows in tables:
        if rows.empty:
            continue
        named = rows.set_index(pd.Index([_title(p, found, str(factor)) for factor in rows["factor"]]))
        columns = [column for column in ("first", "total", "total_low", "total_high") if column in named]
        count = 0 if found.exact is None else len(found.exact.runs)
        runs = p.whole(f"sure.{p.year}.{kind}.runs", found.sobol.runs if kind == "all" else count)
        blocks.append(
            Figure(
                name=f"what-matters-{kind}",
                caption=p.say(f"sure.matters.{kind}", year=p.year, runs=runs),
                alt=p.say("sure.matters.alt", factor=str(named.index[0])),
                language=p.language.code,
                draw=lambda shown=named[columns]: intervals.shares(  # type: ignore[misc]
                    shown,
                    {key: p.say(f"sure.key.{key}") for key in ("first", "total", "interval")},
                    p.say("sure.matters.axis"),
                ),
                table=_share_table(p, found, rows, kind),
                open_table=p.say("figure.table"),
            )
        )
    return Section([Heading(p.say("sure.matters.title"), 3), Paragraph(p.say("sure.matters.how")), *blocks])


def _share_table(p: Printer, found: Certainty, rows: pd.DataFrame, kind: str) -> Table:
    printed = []
    for line in rows.to_dict("records"):
        name = f"sure.{p.year}.{kind}.{line['factor']}"
        cells = [p.share(f"{name}.first", line["first"]), p.share(f"{name}.total", line["total"])]
        if kind == "all":
            low, high = (p.share(f"{name}.total.{side}", line[f"total_{side}"]) for side in ("low", "high"))
            cells.append(_from_to(low, high))
        printed.append([_title(p, found, str(line["factor"])), *cells])
    words = ["factor", "first", "total", *(["interval"] if kind == "all" else [])]
    return Table(
        name=f"what-matters-{kind}",
        caption=p.say(f"sure.matters.{kind}.table", year=p.year),
        columns=[p.say(f"sure.column.{word}") for word in words],
        rows=printed,
        data=rows.drop(columns=["region"]),
    )


def apart(p: Printer) -> Section:
    """Who stands above whom, and in what share of the draws."""
    if _nobody(p) or len(p.certainty.regions) < 2:
        return Section([])
    found = p.certainty
    order = [f"{place}. {p.region(code)}" for place, code in enumerate(found.regions, start=1)]
    square = 100 * found.above.to_numpy(float)
    shown = pd.DataFrame(square, order, [str(place) for place in range(1, len(order) + 1)])
    figure = Figure(
        name="who-is-above",
        caption=p.say("sure.above", year=p.year),
        alt=p.say("sure.above.alt", year=p.year),
        language=p.language.code,
        draw=lambda: heat_map(
            shown,
            number=lambda value: p.language.number(value, 0),
            axis_label=p.say("sure.above.axis"),
            missing_label=p.say("sure.above.self"),
        ),
        table=Table(
            name="who-is-above",
            caption=p.say("sure.above", year=p.year),
            columns=[p.say("sure.column.region"), *shown.columns],
            rows=[
                [
                    order[i],
                    *(
                        p.share(f"sure.{p.year}.above.{a}.{b}", float(found.above[b][a])) if a != b else ""
                        for b in found.regions
                    ),
                ]
                for i, a in enumerate(found.regions)
            ],
            data=found.above.reset_index(),
        ),
        open_table=p.say("figure.table"),
    )
    return Section([figure])


def dependence(p: Printer) -> Section:
    """Which one choice the rank of each region rests on most."""
    if _nobody(p):
        return Section([])
    found = p.certainty
    table = found.dependence()
    rows = []
    for line in table.reset_index().to_dict("records"):
        code = str(line["region"])
        total = float(line["total"])
        name = f"sure.{p.year}.{code}"
        low, high = (p.whole(f"{name}.{side}", line[f"rank_{side}"], "rank") for side in ("p5", "p95"))
        rows.append(
            [
                p.region(code),
                _title(p, found, str(line["factor"])) if line["factor"] else p.say("sure.nothing"),
                p.share(f"{name}.depends", total) if np.isfinite(total) else "–",
                _from_to(low, high),
            ]
        )
    words = ("region", "factor", "total", "narrow")
    shown = Table(
        name="dependence",
        caption=p.say("sure.dependence", year=p.year),
        columns=[p.say(f"sure.column.{word}") for word in words],
        rows=rows,
        data=table.reset_index(),
        numeric=2,
    )
    return Section([shown])


def turning(p: Printer) -> Section:
    """What alone would change who is first or last."""
    if _nobody(p):
        return Section([])
    found = p.certainty
    table = found.turns()
    if table.empty:
        return Section([Paragraph(p.say("sure.turns.none"))])
    rows = []
    for line in table.to_dict("records"):
        left_out = line["kind"] == "without"
        of = p.say("sure.turns.without") if left_out else _title(p, found, line["of"])
        rows.append(
            [
                f"{of}: {p.title(line['what']) if left_out else line['what']}",
                p.say(f"sure.turns.{line['end']}"),
                p.language.list([p.region(code) for code in line["regions"].split()]),
            ]
        )
    words = ("what", "end", "who")
    return Section(
        [
            Table(
                name="turning",
                caption=p.say("sure.turns", year=p.year),
                columns=[p.say(f"sure.column.{word}") for word in words],
                rows=rows,
                data=table,
                numeric=3,
            )
        ]
    )


def _nobody(p: Printer) -> bool:
    """Whether no region has an index: then there is no order to be sure of, and nothing to draw."""
    return bool(p.scores.of(p.top.code)[p.year].reindex(p.edition.regions).isna().all())


def _title(p: Printer, found: Certainty, factor: str) -> str:
    return found.factors[factor].titles[p.language.code]


def _titles(p: Printer, found: Certainty, names: Sequence[str]) -> str:
    return "; ".join(_inside(_title(p, found, name)) for name in names)


def _inside(title: str) -> str:
    """A title inside a sentence: its first letter small."""
    return title[:1].lower() + title[1:]
