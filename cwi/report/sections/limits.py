"""What a reader must not take from the report, and where its numbers come from."""

from __future__ import annotations

import pandas as pd

from cwi.analysis.comparison import mean_by_children
from cwi.index import CAPPED
from cwi.inputs.boundaries import boundaries_of
from cwi.report.blocks import Bullets, Heading, Paragraph, Section, Table
from cwi.report.printer import Printer
from cwi.territory import PARENT_REGION

__all__ = ["RELATIVE", "capped", "limits", "never_measured", "sources"]

RELATIVE = "% of national average"  # the nation's own figure is 100 by definition


def limits(printer: Printer) -> Section:
    """What was not measured, what is old or inherited, what is a working choice."""
    methodology = printer.edition.methodology
    cells = printer.scores.cells
    seen = cells[cells["value"].notna()]
    beyond = capped(printer)
    late = seen[(seen["observed"] < seen["year"]).fillna(False).astype(bool)]
    never = never_measured(printer)
    items = [
        printer.text("limits.never", n=printer.whole(f"limits.{printer.year}.never", len(never))),
        printer.text("limits.carried", items=_named(printer, late)) if not late.empty else "",
        _inherited(printer, seen),
        printer.text("limits.capped", n=printer.whole(f"limits.{printer.year}.capped", beyond)) if beyond else "",
        printer.text("limits.territory") if not printer.edition.territory.changes.empty else "",
        printer.text("limits.population") if (average := mean_by_children(printer.edition)) == average else "",
        _goalposts(printer),
        printer.text("limits.error.survey" if seen["se"].notna().any() else "limits.error"),
        printer.text("limits.ratios") if (methodology.indicators["unit"] == RELATIVE).any() else "",
        printer.text("limits.working", version=methodology.version) if methodology.status == "working" else "",
    ]
    title = Heading(printer.text("limits.title"), anchor="limits")
    return Section([title, Bullets([item for item in items if item])])


def never_measured(printer: Printer) -> list[str]:
    """The indicators without a figure for any region or the nation."""
    cells = printer.scores.cells
    seen = set(cells.loc[cells["value"].notna(), "indicator"])
    return [code for code in printer.edition.methodology.indicators["code"] if code not in seen]


def capped(printer: Printer) -> int:
    """How many scores of indicators were outside the goalposts."""
    return int(((printer.scores.nodes["level"] == "indicator") & printer.scores.flagged(CAPPED)).sum())


def sources(printer: Printer) -> Section:
    """The source records that the index rests on, and how a number is traced to its row."""
    methodology, cells = printer.edition.methodology, printer.scores.cells
    how = printer.text("sources.how", fingerprint=methodology.fingerprint, data=printer.ledger.data, year=printer.year)
    if boundaries_of(printer.year).is_file():
        how = f"{how} {printer.text('sources.boundaries')}"
    title = Heading(printer.text("sources.title"), 3, anchor="sources")
    return Section([title, Paragraph(how), _sources(printer, cells[cells["value"].notna()])])


def _goalposts(printer: Printer) -> str:
    """How most goalposts were chosen, where they follow the data."""
    basis = set(printer.edition.methodology.indicators["ends_basis"])
    if "spread" in basis:
        return printer.text("limits.ends.spread")
    return printer.text("limits.ends") if "range" in basis else ""


def _named(printer: Printer, late: pd.DataFrame) -> str:
    """Carried indicators with the years they come from."""
    years = {str(code): (int(cells.min()), int(cells.max())) for code, cells in late.groupby("indicator")["observed"]}
    names = []
    for code in (code for code in printer.edition.methodology.indicators["code"] if code in years):
        low, high = years[code]
        names.append(f"{printer.title(code)} ({low if low == high else f'{low}–{high}'})")
    return "; ".join(names)


def _inherited(printer: Printer, seen: pd.DataFrame) -> str:
    inherited = seen[seen["status"] == PARENT_REGION]
    if inherited.empty:
        return ""
    regions = [code for code in printer.edition.regions if code in set(inherited["region"])]
    return printer.text(
        "limits.parent",
        n=printer.whole(f"limits.{printer.year}.parent", len(inherited)),
        regions=printer.language.list([printer.region(code) for code in regions]),
    )


def _sources(printer: Printer, seen: pd.DataFrame) -> Table:
    used = seen.groupby("source")["indicator"].agg(lambda codes: list(dict.fromkeys(codes)))
    keys = ("publisher", "title", "licence")
    rows: list[list[str]] = []
    data: list[dict[str, str]] = []
    english: set[tuple[int, int]] = set()
    for source in sorted(used.index):
        record = printer.edition.sources.get(source, {})
        titles = "; ".join(printer.title(code) for code in used[source])
        english |= {(len(rows), i) for i, key in enumerate(keys, start=1) if not printer.is_translated(record, key)}
        rows.append([titles, *(printer.of_source(record, key) for key in keys), source])
        data.append(
            {
                "source": source,
                "indicators": " ".join(used[source]),
                **{key: str(record.get(key, "")) for key in ("publisher", "title", "licence", "retrieved", "sha256")},
            }
        )
    words = ("indicators", "publisher", "title", "licence", "record")
    return Table(
        name="sources",
        caption=printer.text("sources.table"),
        columns=[printer.text(f"sources.column.{word}") for word in words],
        rows=rows,
        data=pd.DataFrame(data),
        numeric=5,
        english=frozenset(english),
    )
