"""What changed since earlier years: matched indicators, one territory, one set of ends."""

from __future__ import annotations

import pandas as pd

from cwi.analysis.comparison import Change
from cwi.analysis.comparison import change as compare
from cwi.edition import editions
from cwi.report.blocks import Block, Figure, Heading, Paragraph, Section, Table
from cwi.report.pictures import charts
from cwi.report.printer import Printer

__all__ = ["CHANGE_LIMITS", "change"]

CHANGE_LIMITS = (-30.0, 30.0)  # one scale for all years; larger changes keep the darkest colour and their number


def change(p: Printer) -> Section:
    """The year against the one before and against the first, as far as the same things were measured."""
    earlier = [year for year in editions() if year < p.year]
    blocks: list[Block] = [Heading(p.say("change.title"), anchor="change")]
    if not earlier:
        return Section([*blocks, Paragraph(p.say("change.first", year=p.year))])
    blocks.append(Paragraph(p.say("change.how")))
    for year in sorted({earlier[-1], earlier[0]}, reverse=True):
        blocks += _against(p, compare(p.edition.earlier(year).scores, p.scores))
    return Section(blocks)


def _against(p: Printer, found: Change) -> list[Block]:
    years = {"earlier": found.earlier, "later": found.later}
    table = _changes(p, found)
    matched = sorted(set(found.cells.loc[found.cells["region"] == p.nation, "indicator"]))
    name = f"change.{found.earlier}-{found.later}"
    blocks: list[Block] = [Heading(p.say("change.against", **years), level=3, anchor=f"change-{found.earlier}")]
    blocks.append(
        Paragraph(
            p.say(
                "change.matched",
                matched=p.whole(f"{name}.{p.nation}.matched", len(matched)),
                regions=p.whole(f"{name}.regions", len(table[table["region"] != p.nation])),
                **years,
            )
        )
    )
    national = found.cells[found.cells["region"] == p.nation].set_index("indicator")["change"]
    for key, chosen in (("change.better", national[national > 0]), ("change.worse", national[national < 0])):
        if not chosen.empty:
            ordered = chosen.reindex(chosen.abs().sort_values(ascending=False, kind="stable").index)[:4]
            items = [
                p.say("item.points", title=p.title(str(code)), points=p.points(f"{name}.{p.nation}.{code}", value))
                for code, value in ordered.items()
            ]
            blocks.append(Paragraph(p.say(key, items="; ".join(items))))
    codes = [c for c in table.columns if c in {node.code for node in p.components} and table[c].notna().any()]
    if not codes:
        return [*blocks, Paragraph(p.say("change.none"), "note")]
    if matched:
        blocks.append(_national(p, found))
    shown = table.set_index(pd.Index([p.region(region) for region in table["region"]]))[codes]
    blocks.append(
        Figure(
            name=f"change-{found.earlier}",
            caption=p.say("change.caption", **years),
            alt=p.say("change.alt", **years),
            language=p.language.code,
            table=_table(p, found, table, codes),
            open_table=p.say("figure.table"),
            draw=lambda: charts.heat_map(
                shown.rename(columns={code: p.title(code) for code in codes}),
                number=lambda value: p.language.number(value, p.edition.methodology.decimals, sign=True),
                axis_label=p.say("axis.change"),
                missing_label=p.say("legend.unmatched"),
                limits=CHANGE_LIMITS,
                diverging=True,
            ),
        )
    )
    return blocks


def _national(p: Printer, found: Change) -> Figure:
    """The country then and now: matched indicators, the greatest rise first."""
    years = {"earlier": found.earlier, "later": found.later}
    nodes = found.nodes[(found.nodes["region"] == p.nation) & (found.nodes["level"] == "indicator")]
    nodes = nodes.dropna(subset=["change"]).sort_values("change", ascending=False, kind="stable")
    cells = found.cells[found.cells["region"] == p.nation].set_index("indicator")
    table = nodes[["node", "earlier", "later", "change"]].rename(
        columns={"node": "indicator", "earlier": "score_earlier", "later": "score_later"}
    )
    table.insert(1, "value_earlier", table["indicator"].map(cells["earlier"]))
    table.insert(2, "value_later", table["indicator"].map(cells["later"]))
    titles = pd.Index([p.title(code) for code in table["indicator"]])
    return Figure(
        name=f"nation-{found.earlier}",
        caption=p.say("change.nation", **years),
        alt=p.say("change.nation.alt", **years),
        language=p.language.code,
        table=_national_table(p, found, table.reset_index(drop=True)),
        open_table=p.say("figure.table"),
        draw=lambda: charts.dumbbells(
            pd.Series(table["score_earlier"].to_numpy(), index=titles),
            pd.Series(table["score_later"].to_numpy(), index=titles),
            labels={"earlier": str(found.earlier), "later": str(found.later), "change": p.say("axis.change")},
            axis_label=p.say("axis.score"),
            number=p.plain,
        ),
    )


def _national_table(p: Printer, found: Change, table: pd.DataFrame) -> Table:
    name = f"change.{found.earlier}-{found.later}.{p.nation}"
    rows = []
    for row in table.to_dict("records"):
        code = str(row["indicator"])
        rows.append(
            [
                p.title(code),
                p.unit(code),
                p.value(p.nation, code, row["value_earlier"], year=found.earlier),
                p.value(p.nation, code, row["value_later"], year=found.later),
                p.score(p.nation, code, row["score_earlier"], year=found.earlier),
                p.score(p.nation, code, row["score_later"], year=found.later),
                p.points(f"{name}.{code}", row["change"]),
            ]
        )
    value, score = p.say("change.column.value"), p.say("change.column.score")
    return Table(
        name=f"nation-{found.earlier}",
        caption=p.say("change.nation.table", earlier=found.earlier, later=found.later),
        columns=[
            p.say("change.column.indicator"),
            p.say("change.column.unit"),
            f"{value}, {found.earlier}",
            f"{value}, {found.later}",
            f"{score}, {found.earlier}",
            f"{score}, {found.later}",
            p.say("change.column.change"),
        ],
        rows=rows,
        data=table,
        numeric=2,
    )


def _changes(p: Printer, found: Change) -> pd.DataFrame:
    """By region: matched indicators, how many rose, fell and stood still, change of every component."""
    regions = [code for code in [*p.ranked(), p.nation] if code in set(found.nodes["region"])]
    cells = found.cells.groupby("region")["change"]
    table = pd.DataFrame({"region": regions})
    table["matched"] = table["region"].map(cells.size()).fillna(0).astype(int)
    table["rose"] = table["region"].map(cells.agg(lambda c: int((c > 0).sum()))).fillna(0).astype(int)
    table["fell"] = table["region"].map(cells.agg(lambda c: int((c < 0).sum()))).fillna(0).astype(int)
    nodes = found.nodes.pivot(index="region", columns="node", values="change").reindex(regions)
    for node in p.components:
        table[node.code] = nodes[node.code].to_numpy()
    return table


def _table(p: Printer, found: Change, table: pd.DataFrame, codes: list[str]) -> Table:
    name = f"change.{found.earlier}-{found.later}"
    counts = ("matched", "rose", "fell")
    rows = [
        [
            p.region(row["region"]),
            *(p.whole(f"{name}.{row['region']}.{word}", row[word]) for word in counts),
            *(p.points(f"{name}.{row['region']}.{code}", row[code]) for code in codes),
        ]
        for row in table.to_dict("records")
    ]
    return Table(
        name=f"change-{found.earlier}",
        caption=p.say("change.table", earlier=found.earlier, later=found.later),
        columns=[
            p.say("index.column.region"),
            *(p.say(f"change.column.{word}") for word in counts),
            *(p.title(code) for code in codes),
        ],
        rows=rows,
        data=table,
        emphasised=frozenset({len(rows) - 1}) if rows and table["region"].iloc[-1] == p.nation else frozenset(),
    )
