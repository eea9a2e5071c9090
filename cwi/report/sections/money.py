"""Money for children: the share of local budgets on the map, beside what the age structure predicts, and per child."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from cwi import folders
from cwi.analysis.budget import Account, Figures, account, gaps, places, read_figures
from cwi.edition import Edition
from cwi.report.blocks import Block, Figure, Heading, Paragraph, Section, Table
from cwi.report.budget import BudgetPrinter
from cwi.report.pictures import maps
from cwi.report.pictures import money as pictures
from cwi.report.printer import Printer

__all__ = ["MAP_LIMITS", "money", "reconciled", "share_of_children"]

MILLION = 1e6
MAP_LIMITS = (30.0, 60.0)  # one scale for the maps of all years, per cent
COLUMNS = ("share", "low", "high", "per_child", "age", "predicted", "difference")


def money(printer: Printer) -> Section:
    """Children's share of local budgets by function; a sentence where the year does not compare or has no budgets."""
    blocks: list[Block] = [Heading(printer.text("money.title"), anchor="money")]
    lead = share_of_children(printer)
    if not _years(printer):
        return Section([*blocks, Paragraph(printer.text("money.none"))])
    if printer.year not in _years(printer):
        return Section([*blocks, Paragraph(lead)])
    result = _account(printer.edition, printer.nation)
    words = BudgetPrinter(result, printer.edition.territory, printer.language, printer.ledger)
    table = _table(result.peers.join(result.age[["age", "predicted", "difference"]]))
    ordered = table.dropna(subset=["difference"]).sort_values("difference", ascending=False, kind="stable")
    most, least = str(ordered["region"].iloc[0]), str(ordered["region"].iloc[-1])
    values = {
        "year": printer.year,
        "most": printer.region(most),
        "points": words.percent(f"age.{most}.difference", ordered["difference"].iloc[0], sign=True),
        "least": printer.region(least),
        "least_points": words.percent(f"age.{least}.difference", ordered["difference"].iloc[-1], sign=True),
    }
    blocks += [Paragraph(lead), Paragraph(printer.text("money.age", **values))]
    mapped = [_map(printer, table)] if maps.boundaries_of(printer.year).is_file() else []
    return Section([*blocks, _printed(printer, words, table), *mapped, _age(printer, words, table)])


def share_of_children(printer: Printer) -> str:
    """Children's share of the local budgets of the nation and the sum for a child, or why it is not given."""
    years = _years(printer)
    if not years:
        return printer.text("money.none")
    if printer.year not in years:
        listed = printer.language.list([str(year) for year in years])
        return printer.text("money.year", year=printer.year, years=listed)
    result = _account(printer.edition, printer.nation)
    words = BudgetPrinter(result, printer.edition.territory, printer.language, printer.ledger)
    per_child = words.tenge("per_child", result.per_child["per_child"])
    return printer.text("money.lead", year=printer.year, per_child=per_child, **words.share())


def reconciled(printer: Printer) -> str:
    """The expenditure published for the country, the sum of the regions, and the gap between them, of the year."""
    figures = _figures(printer.edition)
    total = float(figures.executed["EXP"].to_dict()[printer.nation, printer.year]) * MILLION
    gap = float(gaps(figures.executed, printer.nation)["EXP"].to_dict()[printer.year]) * MILLION
    words = BudgetPrinter(
        _account(printer.edition, printer.nation), printer.edition.territory, printer.language, printer.ledger
    )
    parts = {"printed": total, "added": total - gap, "gap": gap}
    return printer.text(
        "money.reconciled", year=printer.year, **{key: words.billion(f"total.{key}", v) for key, v in parts.items()}
    )


def _years(printer: Printer) -> list[int]:
    """The years whose budgets compare; none where the project has no budgets."""
    if not (folders.data() / "budget").is_dir():
        return []
    known = places(_figures(printer.edition))
    own = known[(known["region"] == printer.nation) & (known["depth"] == "function")]
    return sorted(int(year) for year in own["year"])


@lru_cache(maxsize=1)  # for the summary and the section, and the same in each language
def _account(edition: Edition, nation: str) -> Account:
    return account(_figures(edition), nation, edition.year)


@lru_cache(maxsize=1)  # the same in each language
def _figures(edition: Edition) -> Figures:
    return read_figures(edition.base, edition.territory)


def _table(peers: pd.DataFrame) -> pd.DataFrame:
    """A row a region, those with the largest share first."""
    return peers.sort_values("share", ascending=False, kind="stable").rename_axis("region").reset_index()


def _map(printer: Printer, table: pd.DataFrame) -> Figure:
    shares = 100 * table.set_index("region")["share"].reindex(printer.edition.regions)
    return Figure(
        name="money-map",
        caption=printer.text("money.map.caption", year=printer.year),
        alt=printer.text("money.map.alt", year=printer.year),
        language=printer.language.code,
        draw=lambda: maps.choropleth(
            shares,
            maps.boundaries_of(printer.year),
            names={code: printer.region(code) for code in printer.edition.regions},
            number=lambda value: printer.language.number(value, 1),
            axis_label=printer.text("budget.axis.share"),
            missing_label=printer.text("legend.missing"),
            limits=MAP_LIMITS,
        ),
    )


def _age(printer: Printer, words: BudgetPrinter, table: pd.DataFrame) -> Figure:
    known = table.dropna(subset=["age"])
    drawn = 100 * known[["age", "share", "predicted"]].set_axis(["x", "y", "predicted"], axis=1)
    drawn = drawn.set_axis([printer.region(str(code)) for code in known["region"]])
    return Figure(
        name="money-age",
        caption=printer.text("budget.age.caption", year=printer.year),
        alt=printer.text("money.age.alt"),
        language=printer.language.code,
        draw=lambda: pictures.against(
            drawn,
            x_label=printer.text("budget.axis.age"),
            y_label=printer.text("budget.axis.share"),
            line=printer.text("budget.age.line"),
            point=printer.text("budget.age.point"),
            number=words.plain_whole,
        ),
    )


def _printed(printer: Printer, words: BudgetPrinter, table: pd.DataFrame) -> Table:
    rows = []
    for row in table.to_dict("records"):
        code = row["region"]
        cells = [words.percent(f"peer.{code}.{name}", row[name]) for name in ("share", "low", "high")]
        cells.append(words.tenge(f"peer.{code}.per_child", row["per_child"]))
        cells += [words.percent(f"age.{code}.{name}", row[name]) for name in ("age", "predicted")]
        cells.append(words.percent(f"age.{code}.difference", row["difference"], sign=True))
        rows.append([printer.region(code), *cells])
    return Table(
        name="money",
        caption=printer.text("money.table", year=printer.year),
        columns=[printer.text(f"budget.column.{name}") for name in ("region", *COLUMNS)],
        rows=rows,
        data=table[["region", *COLUMNS]],
        note=printer.text("money.note"),
    )
