"""What changed since earlier years: matched indicators, one territory, one set of ends."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import pandas as pd

from cwi.analysis.comparison import Change
from cwi.analysis.comparison import change as compare
from cwi.edition import Edition, editions
from cwi.methodology import methodologies, read_methodology
from cwi.report.blocks import Block, Figure, Heading, Paragraph, Section, Table
from cwi.report.named import joined
from cwi.report.pictures.dumbbells import dumbbells
from cwi.report.pictures.heat import heat_map
from cwi.report.printer import Printer
from cwi.report.sections.trend import trend

__all__ = ["CHANGE_LIMITS", "change", "compared", "earlier_years", "improved_and_worsened"]

CHANGE_LIMITS = (-30.0, 30.0)  # one scale for all years; larger changes keep the darkest colour and their number


def change(printer: Printer) -> Section:
    """The year against the one before and against the first, as far as the same things were measured."""
    earlier = earlier_years(printer)
    blocks: list[Block] = [Heading(printer.text("change.title"), anchor="change")]
    if not earlier:
        return Section([*blocks, Paragraph(printer.text("change.first", year=printer.year))])
    blocks.append(Paragraph(printer.text("change.how")))
    for year in sorted({earlier[-1], earlier[0]}, reverse=True):
        blocks += _against(printer, compared(printer.edition, year))
    return Section([*blocks, *trend(printer).blocks])


def earlier_years(printer: Printer) -> list[int]:
    """The years of the editions before this one."""
    return [year for year in editions() if year < printer.year]


@lru_cache(maxsize=4)  # for the summary and the section, and the same in each language
def compared(edition: Edition, year: int) -> Change:
    """The edition against an earlier year, like with like."""
    return compare(edition.earlier(year).scores, edition.scores)


def improved_and_worsened(printer: Printer, comparison: Change) -> str:
    """How many of the nation's comparable indicators improved, worsened and stayed, in a sentence."""
    national = comparison.cells.loc[comparison.cells["region"] == printer.nation, "change"]
    name = f"change.{comparison.earlier}-{comparison.later}.{printer.nation}"
    counts = {"better": int((national > 0).sum()), "worse": int((national < 0).sum()), "matched": len(national)}
    if not len(national):
        return printer.text("summary.changed.none", earlier=comparison.earlier)
    values = {word: printer.whole(f"{name}.{word}", n) for word, n in counts.items()}
    same = printer.whole(f"{name}.same", counts["matched"] - counts["better"] - counts["worse"])
    return printer.text("summary.changed.indicators", earlier=comparison.earlier, same=same, **values)


def _against(printer: Printer, comparison: Change) -> list[Block]:
    years = {"earlier": comparison.earlier, "later": comparison.later}
    table = _changes(printer, comparison)
    matched = sorted(set(comparison.cells.loc[comparison.cells["region"] == printer.nation, "indicator"]))
    name = f"change.{comparison.earlier}-{comparison.later}"
    blocks: list[Block] = [
        Heading(printer.text("change.against", **years), level=3, anchor=f"change-{comparison.earlier}")
    ]
    blocks.append(
        Paragraph(
            printer.text(
                "change.matched",
                matched=printer.whole(f"{name}.{printer.nation}.matched", len(matched)),
                regions=printer.whole(f"{name}.regions", len(printer.scores.without_nation(table))),
                **years,
            )
        )
    )
    cells = comparison.cells[comparison.cells["region"] == printer.nation].set_index("indicator")
    national = cells["change"]
    for key, chosen in (("change.better", national[national > 0]), ("change.worse", national[national < 0])):
        if not chosen.empty:
            ordered = chosen.reindex(chosen.abs().sort_values(ascending=False, kind="stable").index)
            items = [_moved(printer, name, str(code), cells.loc[[code]], years) for code in ordered.index]
            values = {
                "n": printer.whole(f"{name}.{printer.nation}.{key.split('.')[1]}", len(items)),
                "matched": printer.whole(f"{name}.{printer.nation}.matched", len(matched)),
            }
            blocks.append(Paragraph(printer.text(key, items=joined(items, "; "), **values)))
    if doubtful := _doubtful(printer, comparison):
        blocks.append(Paragraph(doubtful, "note"))
    codes = [c for c in table.columns if c in {node.code for node in printer.components} and table[c].notna().any()]
    if not codes:
        return [*blocks, Paragraph(printer.text("change.none"), "note")]
    if matched:
        blocks.append(_national(printer, comparison))
    shown = table.set_index(pd.Index([printer.region(region) for region in table["region"]]))[codes]
    blocks.append(
        Figure(
            name=f"change-{comparison.earlier}",
            caption=printer.text("change.caption", **years),
            alt=printer.text("change.alt", **years),
            language=printer.language.code,
            table=_table(printer, comparison, table, codes),
            open_table=printer.text("figure.table"),
            draw=lambda: heat_map(
                shown.rename(columns={code: printer.title(code) for code in codes}),
                number=lambda value: printer.language.number(value, printer.edition.methodology.decimals, sign=True),
                axis_label=printer.text("axis.change"),
                missing_label=printer.text("legend.unmatched"),
                limits=CHANGE_LIMITS,
                diverging=True,
            ),
        )
    )
    return blocks


def _moved(printer: Printer, name: str, code: str, cell: pd.DataFrame, years: Mapping[str, int]) -> str:
    """An indicator of the nation with its change in points, and the two values behind it."""
    share = str(printer.indicators[code]["unit"]) == "%"
    values = {
        side: printer.value(printer.nation, code, float(cell[side].iloc[0]), year=year) for side, year in years.items()
    }
    points = printer.points(f"{name}.{printer.nation}.{code}", float(cell["change"].iloc[0]))
    return printer.text(
        "item.change.percent" if share else "item.change", title=printer.title(code), points=points, **values
    )


def _doubtful(printer: Printer, comparison: Change) -> str:
    """The compared figures that a later methodology judges doubtful and does not use; nothing if there are none."""
    own = printer.edition.methodology
    later = {version: path for version, path in methodologies(own.path.parents[1]).items() if version > own.version}
    cells = read_methodology(later[max(later)]).cells if later else None
    if cells is None:
        return ""
    compared = set(comparison.cells["indicator"])
    chosen = cells[
        (cells["decision"] == "exclude")
        & cells["indicator"].isin(compared)
        & cells["year"].astype(int).isin([comparison.earlier, comparison.later])
    ]
    items = []
    for code, rows in chosen.groupby("indicator", sort=False):
        parts = []
        for year, of_year in rows.groupby("year"):
            everywhere = bool((of_year["region"] == "all").any())
            who = (
                printer.text("change.doubtful.all")
                if everywhere
                else printer.language.list([printer.region(str(region)) for region in of_year["region"]])
            )
            parts.append(f"{year}: {who}")
        items.append(f"{printer.title(str(code))} ({'; '.join(parts)})")
    return printer.text("change.doubtful", version=max(later), items="; ".join(items)) if items else ""


def _national(printer: Printer, comparison: Change) -> Figure:
    """The country then and now: matched indicators, the greatest rise first."""
    years = {"earlier": comparison.earlier, "later": comparison.later}
    nodes = comparison.nodes[
        (comparison.nodes["region"] == printer.nation) & (comparison.nodes["level"] == "indicator")
    ]
    nodes = nodes.dropna(subset=["change"]).sort_values("change", ascending=False, kind="stable")
    cells = comparison.cells[comparison.cells["region"] == printer.nation].set_index("indicator")
    table = nodes[["node", "earlier", "later", "change"]].rename(
        columns={"node": "indicator", "earlier": "score_earlier", "later": "score_later"}
    )
    table.insert(1, "value_earlier", table["indicator"].map(cells["earlier"]))
    table.insert(2, "value_later", table["indicator"].map(cells["later"]))
    titles = pd.Index([printer.title(code) for code in table["indicator"]])
    return Figure(
        name=f"nation-{comparison.earlier}",
        caption=printer.text("change.nation", **years),
        alt=printer.text("change.nation.alt", **years),
        language=printer.language.code,
        table=_national_table(printer, comparison, table.reset_index(drop=True)),
        open_table=printer.text("figure.table"),
        draw=lambda: dumbbells(
            pd.Series(table["score_earlier"].to_numpy(), index=titles),
            pd.Series(table["score_later"].to_numpy(), index=titles),
            labels={
                "earlier": str(comparison.earlier),
                "later": str(comparison.later),
                "change": printer.text("axis.change"),
            },
            axis_label=printer.text("axis.score"),
            number=printer.plain,
        ),
    )


def _national_table(printer: Printer, comparison: Change, table: pd.DataFrame) -> Table:
    name = f"change.{comparison.earlier}-{comparison.later}.{printer.nation}"
    rows = []
    for row in table.to_dict("records"):
        code = str(row["indicator"])
        rows.append(
            [
                printer.title(code),
                printer.unit(code),
                printer.value(printer.nation, code, row["value_earlier"], year=comparison.earlier),
                printer.value(printer.nation, code, row["value_later"], year=comparison.later),
                printer.score(printer.nation, code, row["score_earlier"], year=comparison.earlier),
                printer.score(printer.nation, code, row["score_later"], year=comparison.later),
                printer.points(f"{name}.{code}", row["change"]),
            ]
        )
    value, score = printer.text("change.column.value"), printer.text("change.column.score")
    return Table(
        name=f"nation-{comparison.earlier}",
        caption=printer.text("change.nation.table", earlier=comparison.earlier, later=comparison.later),
        columns=[
            printer.text("change.column.indicator"),
            printer.text("change.column.unit"),
            f"{value}, {comparison.earlier}",
            f"{value}, {comparison.later}",
            f"{score}, {comparison.earlier}",
            f"{score}, {comparison.later}",
            printer.text("change.column.change"),
        ],
        rows=rows,
        data=table,
        numeric=2,
    )


def _changes(printer: Printer, comparison: Change) -> pd.DataFrame:
    """By region: matched indicators, how many rose, fell and stood still, change of every component."""
    regions = [code for code in [*printer.ranked(), printer.nation] if code in set(comparison.nodes["region"])]
    cells = comparison.cells.groupby("region")["change"]
    table = pd.DataFrame({"region": regions})
    table["matched"] = table["region"].map(cells.size()).fillna(0).astype(int)
    table["rose"] = table["region"].map(cells.agg(lambda c: int((c > 0).sum()))).fillna(0).astype(int)
    table["fell"] = table["region"].map(cells.agg(lambda c: int((c < 0).sum()))).fillna(0).astype(int)
    nodes = comparison.nodes.pivot(index="region", columns="node", values="change").reindex(regions)
    for node in printer.components:
        table[node.code] = nodes[node.code].to_numpy()
    return table


def _table(printer: Printer, comparison: Change, table: pd.DataFrame, codes: list[str]) -> Table:
    name = f"change.{comparison.earlier}-{comparison.later}"
    counts = ("matched", "rose", "fell")
    rows = [
        [
            printer.region(row["region"]),
            *(printer.whole(f"{name}.{row['region']}.{word}", row[word]) for word in counts),
            *(printer.points(f"{name}.{row['region']}.{code}", row[code]) for code in codes),
        ]
        for row in table.to_dict("records")
    ]
    return Table(
        name=f"change-{comparison.earlier}",
        caption=printer.text("change.table", earlier=comparison.earlier, later=comparison.later),
        columns=[
            printer.text("index.column.region"),
            *(printer.text(f"change.column.{word}") for word in counts),
            *(printer.title(code) for code in codes),
        ],
        rows=rows,
        data=table,
        emphasised=frozenset({len(rows) - 1}) if rows and table["region"].iloc[-1] == printer.nation else frozenset(),
    )
