"""The trend that compares: one set of indicators, territories and ends in all years."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from cwi.analysis.comparison import FixedSet, fixed_set
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.report.blocks import Heading, Paragraph, Section, Table
from cwi.report.printer import Printer

__all__ = ["FEWEST", "series_of", "trend"]

FEWEST = 3  # indicators: fewer are no trend of well-being


def trend(printer: Printer) -> Section:
    """The nation and the mean of the territories on the indicators that every year has, and how few these are."""
    series = series_of(printer.edition)
    if series is None:
        return Section([])
    years = {"first": series.years[0], "last": series.years[-1]}
    name = f"trend.{years['first']}-{years['last']}"
    how = printer.text(
        "trend.how",
        n=printer.whole(f"{name}.indicators", len(series.kept)),
        all=printer.whole("framework.indicators", len(printer.edition.methodology.indicators)),
        territories=printer.whole(f"{name}.territories", len(series.territories)),
        indicators="; ".join(printer.title(code) for code in series.kept),
        **years,
    )
    heading = Heading(printer.text("trend.title", **years), 3, anchor="trend")
    if len(series.kept) < FEWEST:
        return Section([heading, Paragraph(how), Paragraph(printer.text("trend.few"), "note")])
    return Section([heading, Paragraph(how), _table(printer, series, name)])


@lru_cache(maxsize=4)  # the same in each language of a report
def series_of(edition: Edition) -> FixedSet | None:
    """The series, or nothing where there is one year only, or no indicator that all of them have."""
    try:
        return fixed_set(edition)
    except DataError:
        return None


def _table(printer: Printer, series: FixedSet, name: str) -> Table:
    nation, means = series.nation(), series.means
    order = [code for code in means.index if not means.loc[code].isna().all()]
    rows, parts = [], []
    for who, table in (("nation", nation), ("mean", means)):
        values = table.loc[order].to_numpy(float)
        for code, points in zip(order, values, strict=True):
            scores = [
                printer.ledger.number(
                    f"{name}.{who}.{code}.{year}", value, unit="points",
                    decimals=printer.edition.methodology.decimals,
                )
                for year, value in zip(series.years, points, strict=True)
            ]  # fmt: skip
            rows.append([printer.title(code), printer.text(f"trend.{who}"), *scores])
        parts.append(table.loc[order].rename(columns=str).rename_axis("node").reset_index().assign(of=who))
    return Table(
        name="trend",
        caption=printer.text("trend.table", first=series.years[0], last=series.years[-1]),
        columns=[printer.text("trend.column.node"), printer.text("trend.column.of"), *map(str, series.years)],
        rows=rows,
        data=pd.concat(parts, ignore_index=True),
        numeric=2,
    )
