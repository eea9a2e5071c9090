"""What was measured: of the indicators, of the weight, by component, and how old it is."""

from __future__ import annotations

import pandas as pd

from cwi.indicators import OPEN
from cwi.report.blocks import Figure, Heading, Paragraph, Section, Table
from cwi.report.pictures import charts
from cwi.report.printer import Printer
from cwi.territory import PARENT_REGION

__all__ = ["coverage", "measured"]


def coverage(p: Printer) -> pd.DataFrame:
    """By component: indicators, those with open figures, measured for the nation (own year, carried), weight measured.

    Cells of the regions: own (measured in the year for the region), carried, parent, missing.
    """
    cells, table = p.scores.cells, p.edition.methodology.indicators
    level = p.edition.methodology.levels[0].name
    home = table.set_index("code")[level]
    late = (cells["observed"] < cells["year"]).fillna(False).astype(bool)
    kind = pd.Series("own", index=cells.index)
    kind[late] = "carried"
    kind[cells["status"] == PARENT_REGION] = "parent"
    kind[cells["value"].isna()] = "missing"
    nation = cells["region"] == p.nation
    component = cells["indicator"].map(home)
    national = pd.crosstab(component[nation], kind[nation])
    regional = pd.crosstab(component[~nation], kind[~nation])
    nodes = p.scores.nodes[(p.scores.nodes["level"] == level) & (p.scores.nodes["region"] == p.nation)]
    result = pd.DataFrame({"component": [node.code for node in p.components]})
    result["dimension"] = [node.parent for node in p.components]
    count = table.groupby(level)
    result["indicators"] = result["component"].map(count.size())
    result["open"] = result["component"].map(count["data"].agg(lambda words: int((words == OPEN).sum())))
    for word in ("own", "carried"):
        result[word] = result["component"].map(national.get(word, pd.Series(dtype=int))).fillna(0).astype(int)
    result["missing"] = result["indicators"] - result["own"] - result["carried"]
    result["measured"] = result["component"].map(nodes.set_index("node")["measured"])
    for word in ("own", "carried", "parent", "missing"):
        counted = result["component"].map(regional.get(word, pd.Series(dtype=int))).fillna(0).astype(int)
        result[f"cells_{word}"] = counted
    return result


def measured(p: Printer) -> Section:
    """How much the index rests on, said before any score."""
    table = coverage(p)
    year = p.year
    total = table[["cells_own", "cells_carried", "cells_parent", "cells_missing"]].sum()
    values = {
        "year": year,
        "max_age": p.whole("rule.max_age", p.edition.methodology.max_age, "years"),
        "own": p.whole(f"measured.{year}.{p.nation}.own", int(table["own"].sum())),
        "carried": p.whole(f"measured.{year}.{p.nation}.carried", int(table["carried"].sum())),
        "missing": p.whole(f"measured.{year}.{p.nation}.missing", int(table["missing"].sum())),
    }
    text = [Paragraph(p.say("measured.nation", **values))]
    text.append(
        Paragraph(
            p.say(
                "measured.cells",
                regions=p.whole(f"measured.{year}.regions", len(p.edition.regions)),
                **{
                    word: p.share(f"measured.{year}.cells.{word}", total[f"cells_{word}"] / total.sum())
                    for word in ("own", "carried", "parent", "missing")
                },
            )
        )
    )
    empty = [p.title(code) for code in table.loc[table["own"] + table["carried"] == 0, "component"]]
    if empty:
        text.append(Paragraph(p.say("measured.empty", components=p.language.list(empty)), "note"))
    printed = _table(p, table)
    figure = Figure(
        name="measured",
        caption=p.say("measured.figure", year=year),
        alt=p.say("measured.alt", **values),
        language=p.language.code,
        table=printed,
        open_table=p.say("figure.table"),
        draw=lambda: charts.measured(
            table.assign(group=[p.title(code) for code in table["dimension"]]).set_index(
                pd.Index([p.title(code) for code in table["component"]])
            )[["group", "own", "carried", "missing"]],
            labels={word: p.say(f"measured.{word}") for word in ("own", "carried", "missing")},
            axis_label=p.say("measured.axis"),
            number=lambda value: p.language.number(value, 0),
        ),
    )
    return Section([Heading(p.say("measured.title"), anchor="measured"), *text, figure])


def _table(p: Printer, table: pd.DataFrame) -> Table:
    rows = []
    for row in table.to_dict("records"):
        name = f"measured.{p.year}.{row['component']}"
        rows.append(
            [
                p.title(row["component"]),
                p.title(row["dimension"]),
                *(p.whole(f"{name}.{word}", row[word]) for word in ("indicators", "open", "own", "carried", "missing")),
                p.share(f"{name}.weight", row["measured"]),
            ]
        )
    words = ("component", "dimension", "indicators", "open", "own", "carried", "missing", "weight")
    return Table(
        name="measured",
        caption=p.say("measured.table", year=p.year),
        columns=[p.say(f"measured.column.{word}") for word in words],
        rows=rows,
        data=table,
        numeric=2,
    )
