"""What a reader must not take from the report, and where its numbers come from."""

from __future__ import annotations

import pandas as pd

from cwi.index import CAPPED
from cwi.report.blocks import Bullets, Heading, Paragraph, Section, Table
from cwi.report.printer import Printer
from cwi.territory import PARENT_REGION

__all__ = ["limits"]


def limits(p: Printer) -> Section:
    """What was not measured, what is old or inherited, what is a working choice; sources and how to check."""
    methodology = p.edition.methodology
    cells = p.scores.cells
    seen = cells[cells["value"].notna()]
    capped = p.scores.nodes[(p.scores.nodes["level"] == "indicator") & p.scores.flagged(CAPPED)]
    late = seen[(seen["observed"] < seen["year"]).fillna(False).astype(bool)]
    never = [code for code in methodology.indicators["code"] if code not in set(seen["indicator"])]
    items = [
        p.say("limits.never", n=p.whole(f"limits.{p.year}.never", len(never))),
        p.say("limits.carried", items=_named(p, late)) if not late.empty else "",
        _inherited(p, seen),
        p.say("limits.capped", n=p.whole(f"limits.{p.year}.capped", len(capped))) if not capped.empty else "",
        p.say("limits.territory"),
        p.say("limits.population"),
        p.say("limits.ends"),
        p.say("limits.error.survey" if seen["se"].notna().any() else "limits.error"),
        p.say("limits.ratios"),
        p.say("limits.working", version=methodology.version) if methodology.status == "working" else "",
    ]
    return Section(
        [
            Heading(p.say("limits.title"), anchor="limits"),
            Bullets([item for item in items if item]),
            Heading(p.say("sources.title"), anchor="sources"),
            Paragraph(p.say("sources.how", fingerprint=methodology.fingerprint, data=p.ledger.data, year=p.year)),
            _sources(p, seen),
            Paragraph(p.say("sources.boundaries"), "note"),
        ]
    )


def _named(p: Printer, late: pd.DataFrame) -> str:
    """Carried indicators with the years they come from."""
    years = {str(code): (int(found.min()), int(found.max())) for code, found in late.groupby("indicator")["observed"]}
    said = []
    for code in (code for code in p.edition.methodology.indicators["code"] if code in years):
        low, high = years[code]
        said.append(f"{p.title(code)} ({low if low == high else f'{low}–{high}'})")
    return "; ".join(said)


def _inherited(p: Printer, seen: pd.DataFrame) -> str:
    inherited = seen[seen["status"] == PARENT_REGION]
    if inherited.empty:
        return ""
    regions = [code for code in p.edition.regions if code in set(inherited["region"])]
    return p.say(
        "limits.parent",
        n=p.whole(f"limits.{p.year}.parent", len(inherited)),
        regions=p.language.list([p.region(code) for code in regions]),
    )


def _sources(p: Printer, seen: pd.DataFrame) -> Table:
    used = seen.groupby("source")["indicator"].agg(lambda codes: list(dict.fromkeys(codes)))
    rows, data = [], []
    for source in sorted(used.index):
        record = p.edition.sources.get(source, {})
        titles = "; ".join(p.title(code) for code in used[source])
        shown = [str(record.get(key, "")) for key in ("publisher", "title", "licence")]
        rows.append([titles, *shown, source])
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
        caption=p.say("sources.table"),
        columns=[p.say(f"sources.column.{word}") for word in words],
        rows=rows,
        data=pd.DataFrame(data),
        numeric=5,
        english=frozenset({1, 2, 3}),
    )
