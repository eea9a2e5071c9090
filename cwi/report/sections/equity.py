"""Girls and boys, town and village: figures that exist beside the totals, printed and never scored."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any

import pandas as pd

from cwi.analysis import equity as analysis
from cwi.analysis.equity import GROUPS, gaps_by_year, summary
from cwi.edition import Edition
from cwi.report.blocks import Block, Bullets, Figure, Folded, Heading, Paragraph, Section, Table
from cwi.report.named import joined
from cwi.report.pictures.pairs import paired_panels
from cwi.report.printer import Printer

__all__ = ["disparity", "equity", "group_gaps"]

PANELS = 3  # indicators in one picture
MOST = 0.5


def equity(printer: Printer) -> Section:
    """How far apart two groups are, by sex and by area, with a table for each indicator that has such figures."""
    how = printer.text(
        "equity.how", max_age=printer.whole("rule.max_age", printer.edition.methodology.max_age, "years")
    )
    known = any(group_gaps(printer.edition, by)["se"].notna().any() for by in GROUPS)
    error = printer.text("equity.error.some" if known else "equity.error.none")
    blocks: list[Block] = [Heading(printer.text("equity.title"), anchor="equity"), Paragraph(f"{how} {error}")]
    for by in GROUPS:
        blocks += disparity(printer, by).blocks
    return Section(blocks)


@lru_cache(maxsize=2)  # the same in each language
def group_gaps(edition: Edition, by: str) -> pd.DataFrame:
    """The gaps between two groups, of :func:`cwi.analysis.equity.gaps`."""
    return analysis.gaps(edition, by)


@lru_cache(maxsize=2)
def _history(edition: Edition, by: str) -> pd.DataFrame:
    return analysis.history(edition, by)


def disparity(printer: Printer, by: str) -> Section:
    """One grouping: who fares worse where, the gaps of the nation, regions as pictures and as tables."""
    blocks: list[Block] = [Heading(printer.text(f"equity.{by}.title"), 3, anchor=f"equity-{by}")]
    table = group_gaps(printer.edition, by)
    if table.empty:
        none = printer.text(f"equity.{by}.none", year=printer.year, max_age=printer.edition.methodology.max_age)
        return Section([*blocks, Paragraph(none)])
    whole = summary(table, printer.edition)
    items = [item for item in (_worse(printer, by, whole, side) for side in ("first", "second")) if item]
    blocks += [Bullets(items)] if items else []
    blocks.append(_summary_table(printer, by, whole))
    regional = [str(code) for code in whole.loc[whole["regions"] > 0, "indicator"]]
    if regional:
        past = _history(printer.edition, by)
        tables = [_region_table(printer, by, table, past, code) for code in regional]
        blocks.append(Folded(printer.text(f"equity.{by}.tables", n=printer.language.number(len(tables), 0)), tables))
    for start in range(0, len(regional), PANELS):
        blocks.append(_figure(printer, by, table, regional[start : start + PANELS], start // PANELS + 1))
    years = _years(printer, by)
    return Section([*blocks, years] if len(years.columns) > 2 else blocks)


def _worse(printer: Printer, by: str, whole: pd.DataFrame, side: str) -> str:
    """The indicators on which one group fares worse in more than half of the regions."""
    rows = whole[whole[f"{side}_worse"] > MOST * whole["regions"]]
    if rows.empty:
        return ""
    items = [
        printer.text(
            "equity.item",
            title=printer.title(str(row["indicator"])),
            n=printer.whole(_name(printer, by, row["indicator"], f"{side}_worse"), row[f"{side}_worse"]),
            regions=printer.whole(_name(printer, by, row["indicator"], "regions"), row["regions"]),
        )
        for row in rows.to_dict("records")
    ]
    return printer.text(f"equity.{by}.{side}_worse", items=joined(items, "; "))


def _name(printer: Printer, by: str, indicator: object, part: str, region: str = "") -> str:
    return ".".join(filter(None, ("equity", str(printer.year), by, region, str(indicator), part)))


def _value(
    printer: Printer, by: str, indicator: str, part: str, value: float, region: str, *, sign: bool = False
) -> str:
    rules = printer.indicators[indicator]
    decimals, unit = int(rules["decimals"]), str(rules["unit"])
    name = _name(printer, by, indicator, part, region)
    return printer.ledger.number(name, value, unit=unit, decimals=decimals, sign=sign)


def _cells(printer: Printer, by: str, region: str, row: Mapping[Hashable, Any]) -> list[str]:
    """Both groups, the gap and its interval of one region, as they are printed."""
    code = str(row["indicator"])
    number = {part: float(row[part]) for part in ("first", "second", "gap", "low", "high")}
    cells = [
        _value(printer, by, code, part, number[part], region, sign=part == "gap") for part in ("first", "second", "gap")
    ]
    if number["gap"] != number["gap"]:
        return [*cells, printer.language.number(float("nan"), 0)]
    if number["low"] != number["low"]:
        return [*cells, printer.text("equity.unknown")]
    low, high = (_value(printer, by, code, side, number[side], region, sign=True) for side in ("low", "high"))
    return [*cells, printer.text("equity.interval", low=low, high=high)]


def _columns(printer: Printer, by: str) -> list[str]:
    return [
        printer.text(f"equity.{by}.first"),
        printer.text(f"equity.{by}.second"),
        printer.text("equity.gap"),
        printer.text("equity.error"),
    ]


def _summary_table(printer: Printer, by: str, whole: pd.DataFrame) -> Table:
    rows = []
    for row in whole.to_dict("records"):
        code = str(row["indicator"])
        counts = [
            printer.whole(_name(printer, by, code, part), row[part])
            if row["regions"]
            else printer.language.number(float("nan"), 0)
            for part in ("regions", "first_worse", "second_worse")
        ]
        title = printer.text("equity.unit", title=printer.title(code), unit=printer.unit(code))
        rows.append([title, str(row["year"]), *_cells(printer, by, printer.nation, row), *counts])
    return Table(
        name=f"equity-{by}",
        caption=printer.text(f"equity.{by}.table", year=printer.year),
        columns=[
            printer.text("change.column.indicator"),
            printer.text("equity.year"),
            *_columns(printer, by),
            printer.text("equity.regions"),
            *(printer.text(f"equity.{by}.{side}_worse.column") for side in ("first", "second")),
        ],
        rows=rows,
        data=whole,
        note=printer.text("equity.note"),
    )


def _region_table(printer: Printer, by: str, table: pd.DataFrame, past: pd.DataFrame, code: str) -> Table:
    shown = table[table["indicator"] == code]
    rows = [
        [printer.region(str(row["region"])), *_cells(printer, by, str(row["region"]), row)]
        for row in shown.to_dict("records")
    ]  # fmt: skip
    title = printer.text(
        "equity.indicator", title=printer.title(code), unit=printer.unit(code), year=str(shown["year"].iloc[0])
    )
    last = shown["region"].iloc[-1] == printer.nation
    return Table(
        name=f"equity-{by}-{code}",
        caption=printer.text(f"equity.{by}.caption", indicators=title),
        columns=[printer.text("index.column.region"), *_columns(printer, by)],
        rows=rows,
        data=past[past["indicator"] == code].reset_index(drop=True),
        note=printer.text("equity.years"),
        emphasised=frozenset({len(rows) - 1}) if last else frozenset(),
    )


def _figure(printer: Printer, by: str, table: pd.DataFrame, codes: list[str], place: int) -> Figure:
    chosen = table[table["indicator"].isin(codes)]
    order = [region for region in (*printer.ranked(), printer.nation) if region in set(chosen["region"])]
    titles = {
        code: printer.text(
            "equity.indicator",
            title=printer.title(code),
            unit=printer.unit(code),
            year=str(chosen.loc[chosen["indicator"] == code, "year"].iloc[0]),
        )
        for code in codes
    }
    wide = chosen.set_index(["indicator", "region"])[["first", "second"]]
    return Figure(
        name=f"equity-{by}-{place}",
        caption=printer.text(f"equity.{by}.caption", indicators="; ".join(titles.values())),
        alt=printer.text(f"equity.{by}.alt", indicators="; ".join(titles.values())),
        language=printer.language.code,
        draw=lambda: paired_panels(
            [printer.region(region) for region in order],
            {titles[code]: wide.loc[[code]].droplevel(0).reindex(order) for code in codes},
            first=printer.text(f"equity.{by}.first"),
            second=printer.text(f"equity.{by}.second"),
            number=lambda value: printer.language.number(value, 0 if value == round(value) else 1),
        ),
    )


def _years(printer: Printer, by: str) -> Table:
    """The gap for the nation year by year."""
    wide = gaps_by_year(printer.edition, by)
    rows = []
    for code, row in wide.iterrows():
        title = printer.text("equity.unit", title=printer.title(str(code)), unit=printer.unit(str(code)))
        rows.append(
            [
                title,
                *(
                    _value(printer, by, str(code), f"gap_{year}", gap, printer.nation, sign=True)
                    for year, gap in row.items()
                ),
            ]
        )
    return Table(
        name=f"equity-{by}-years",
        caption=printer.text(f"equity.{by}.years", first=wide.columns[0], last=wide.columns[-1]),
        columns=[printer.text("change.column.indicator"), *(str(year) for year in wide.columns)],
        rows=rows,
        data=wide.rename(columns=str).reset_index(),
    )
