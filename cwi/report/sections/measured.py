"""What was measured: of the indicators, of the weight, by component, and how old it is."""

from __future__ import annotations

import pandas as pd

from cwi.report.blocks import Block, Figure, Heading, Paragraph, Section, Table
from cwi.report.pictures.measured import measured as bars_of_counts
from cwi.report.printer import Printer
from cwi.territory import PARENT_REGION

__all__ = ["cell_shares", "coverage", "measured"]


def coverage(printer: Printer) -> pd.DataFrame:
    """By component: indicators, those with open figures, measured for the nation (own year, carried), weight measured.

    Cells of the regions: own (measured in the year for the region), carried, parent, missing.
    """
    if "coverage" not in printer.extras:
        printer.extras["coverage"] = _coverage(printer)
    return printer.extras["coverage"]


def _coverage(printer: Printer) -> pd.DataFrame:
    cells, table = printer.scores.cells, printer.edition.methodology.indicators
    level = printer.edition.methodology.levels[0].name
    home = table.set_index("code")[level]
    late = (cells["observed"] < cells["year"]).fillna(False).astype(bool)
    kind = pd.Series("own", index=cells.index)
    kind[late] = "carried"
    kind[cells["status"] == PARENT_REGION] = "parent"
    kind[cells["value"].isna()] = "missing"
    nation = cells["region"] == printer.nation
    component = cells["indicator"].map(home)
    national = pd.crosstab(component[nation], kind[nation])
    regional = pd.crosstab(component[~nation], kind[~nation])
    nodes = printer.scores.nodes[
        (printer.scores.nodes["level"] == level) & (printer.scores.nodes["region"] == printer.nation)
    ]
    result = pd.DataFrame({"component": [node.code for node in printer.components]})
    result["dimension"] = [node.parent for node in printer.components]
    count = table.groupby(level)
    result["indicators"] = result["component"].map(count.size())
    known = table["code"].isin(printer.with_figures)
    result["open"] = result["component"].map(known.groupby(table[level]).sum()).astype(int)
    for word in ("own", "carried"):
        result[word] = result["component"].map(national.get(word, pd.Series(dtype=int))).fillna(0).astype(int)
    result["missing"] = result["indicators"] - result["own"] - result["carried"]
    result["measured"] = result["component"].map(nodes.set_index("node")["measured"])
    for word in ("own", "carried", "parent", "missing"):
        counted = result["component"].map(regional.get(word, pd.Series(dtype=int))).fillna(0).astype(int)
        result[f"cells_{word}"] = counted
    return result


def cell_shares(printer: Printer) -> dict[str, float]:
    """Of the cells of the regions: the share of the year itself, carried, of the former region, and missing."""
    words = ("own", "carried", "parent", "missing")
    total = coverage(printer)[[f"cells_{word}" for word in words]].sum()
    return {word: float(total[f"cells_{word}"] / total.sum()) for word in words}


def measured(printer: Printer) -> Section:
    """What was measured, printed before any score."""
    table = coverage(printer)
    year = printer.year
    shares = cell_shares(printer)
    values = {
        "year": year,
        "max_age": printer.whole("rule.max_age", printer.edition.methodology.max_age, "years"),
        "own": printer.whole(f"measured.{year}.{printer.nation}.own", int(table["own"].sum())),
        "carried": printer.whole(f"measured.{year}.{printer.nation}.carried", int(table["carried"].sum())),
        "missing": printer.whole(f"measured.{year}.{printer.nation}.missing", int(table["missing"].sum())),
    }
    text = [Paragraph(printer.text("measured.nation", **values))]
    text.append(
        Paragraph(
            printer.text(
                "measured.cells",
                regions=printer.whole(f"measured.{year}.regions", len(printer.edition.regions)),
                **{word: printer.share(f"measured.{year}.cells.{word}", share) for word, share in shares.items()},
            )
        )
    )
    empty = [printer.title(code) for code in table.loc[table["own"] + table["carried"] == 0, "component"]]
    if empty:
        text.append(Paragraph(printer.text("measured.empty", components=printer.language.list(empty)), "note"))
    printed = _table(printer, table)
    figure = Figure(
        name="measured",
        caption=printer.text("measured.figure", year=year),
        alt=printer.text("measured.alt", **values),
        language=printer.language.code,
        table=printed,
        open_table=printer.text("figure.table"),
        draw=lambda: bars_of_counts(
            table.assign(group=[printer.title(code) for code in table["dimension"]]).set_index(
                pd.Index([printer.title(code) for code in table["component"]])
            )[["group", "own", "carried", "missing"]],
            labels={word: printer.text(f"measured.{word}") for word in ("own", "carried", "missing")},
            axis_label=printer.text("measured.axis"),
            number=lambda value: printer.language.number(value, 0),
        ),
    )
    blocks: list[Block] = [Heading(printer.text("measured.title"), anchor="measured"), *text, figure]
    return Section(blocks)


def _table(printer: Printer, table: pd.DataFrame) -> Table:
    rows = []
    for row in table.to_dict("records"):
        name = f"measured.{printer.year}.{row['component']}"
        rows.append(
            [
                printer.title(row["component"]),
                printer.title(row["dimension"]),
                *(
                    printer.whole(f"{name}.{word}", row[word])
                    for word in ("indicators", "open", "own", "carried", "missing")
                ),
                printer.share(f"{name}.weight", row["measured"]),
            ]
        )
    words = ("component", "dimension", "indicators", "open", "own", "carried", "missing", "weight")
    return Table(
        name="measured",
        caption=printer.text("measured.table", year=printer.year),
        columns=[printer.text(f"measured.column.{word}") for word in words],
        rows=rows,
        data=table,
        numeric=2,
    )
