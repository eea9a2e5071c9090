"""Promises and progress: which targets are kept, which were moved, and which weak components no measure aims at."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pandas as pd

from cwi import folders
from cwi.analysis.policy import PROGRESS, STATUSES, aims, judge, progress, unaimed
from cwi.edition import Edition
from cwi.index import Scores
from cwi.inputs.policy import Register, read_indicator_targets, read_register
from cwi.report.blocks import Block, Bullets, Figure, Heading, Paragraph, Section, Table
from cwi.report.named import joined
from cwi.report.pictures import targets as pictures
from cwi.report.printer import Printer
from cwi.territory import PARENT_REGION

__all__ = [
    "components",
    "indicators",
    "last_day",
    "moved",
    "overview",
    "promises",
    "region_page",
    "register_of",
    "statuses",
]

FIRST = 2023  # the overview of June 2024 reports on that year; earlier editions have nothing to judge
SIGNS = {"exactly": "", "at least": "≥ ", "at most": "≤ ", "about": "≈ "}
WEAKEST = 3


def promises(printer: Printer) -> Section:
    """The section of the official report; a sentence where there is no register, or for years before the overview."""
    heading = Heading(printer.text("policy.title"), anchor="promises")
    if printer.year < FIRST or not (folders.data() / "policy").is_dir():
        return Section([heading, Paragraph(overview(printer))])
    register = register_of(printer.edition)
    day = last_day(register)
    blocks: list[Block] = [heading, *statuses(printer, register, day, settled=True).blocks]
    blocks += [*moved(printer, register, day).blocks, *components(printer, register).blocks]
    return Section(blocks)


@lru_cache(maxsize=1)  # for the summary and the section, and the same in each language
def register_of(edition: Edition) -> Register:
    """The register of promises, as it was when the report of an edition was begun."""
    return read_register()


@lru_cache(maxsize=1)
def _judge(register: Register, day: str) -> pd.DataFrame:
    return judge(register, day)


@lru_cache(maxsize=1)  # the same for each region and language
def _aims(register: Register, scores: Scores, year: int) -> pd.DataFrame:
    return aims(register, scores, year, weakest=WEAKEST)


def overview(printer: Printer) -> str:
    """How many targets have each status, or why none is judged, in a sentence or two."""
    if not (folders.data() / "policy").is_dir():
        return printer.text("policy.none")
    if printer.year < FIRST:
        return printer.text("policy.before", first=FIRST)
    register = register_of(printer.edition)
    day = last_day(register)
    return _counted(printer, register, day, _judge(register, day))


def last_day(register: Register) -> str:
    """The day of the last figure or announcement of the register: what it can judge."""
    last = max(register.facts["as_of_latest"].max(), register.targets["announced_latest"].max())
    return str(last.date())


def statuses(printer: Printer, register: Register, day: str, *, settled: bool = False) -> Section:
    """How many targets have each status, and the figure that decided each; ``settled``: not those without one."""
    judged = _judge(register, day)
    shown = judged[judged["fact"].notna()] if settled else judged
    lead = Paragraph(_counted(printer, register, day, judged))
    return Section([lead, _judged(printer, register, shown), Paragraph(printer.text("policy.descriptive"), "note")])


def _counted(printer: Printer, register: Register, day: str, judged: pd.DataFrame) -> str:
    """How many targets have each status."""
    counts = judged["status"].value_counts()
    items = [
        printer.text("policy.item", status=_status(printer, each), n=printer.whole(f"policy.{day}.{_slug(each)}", n))
        for each in STATUSES
        if (n := int(counts.get(each, 0)))
    ]
    kinds = register.measures["kind"].value_counts()
    values = {
        "day": printer.language.day(day),
        "measures": printer.whole("policy.measures", len(register.measures)),
        "promised": printer.whole("policy.promised", int(kinds.get("promised", 0))),
        "targets": printer.whole(f"policy.{day}.targets", len(judged)),
        "items": joined(items, "; "),
    }
    return printer.text("policy.lead", **values)


def _judged(printer: Printer, register: Register, judged: pd.DataFrame) -> Table:
    titles = register.measures[f"title_{printer.language.code}"]
    rows, data = [], []
    for row in judged.to_dict("records"):
        name = "policy." + ".".join(filter(None, (row["measure"], row["announced"], _slug(row["reading"]))))
        due = "" if row["due"] != row["due"] else f"{row['due']:%Y-%m-%d}"
        rows.append(
            [
                str(titles[row["measure"]]),
                joined(
                    [
                        _of_day(
                            printer, _figure(printer, f"{name}.target", row["value"], row["bound"]), row["announced"]
                        ),
                        _reading(printer, row["reading"]),
                    ]
                ),
                printer.language.short_day(due) or "–",
                _status(printer, row["status"]),
                _of_day(printer, _figure(printer, f"{name}.fact", row["fact"], row["fact_bound"]), row["fact_as_of"]),
                _why(printer, name, row),
            ]
        )
        kept = ("measure", "value", "bound", "announced", "reading", "status", "fact", "fact_bound", "fact_as_of")
        data.append({key: row[key] for key in kept} | {"due": due or "–", "reason": row["reason"]})
    words = ("measure", "target_announced", "due", "status", "figure", "reason")
    columns = [printer.text(f"policy.column.{word}") for word in words]
    return Table("promises", printer.text("policy.table"), columns, rows, pd.DataFrame(data), numeric=6)


def _status(printer: Printer, status: str) -> str:
    return printer.text(f"policy.status.{_slug(status)}")


def _slug(text: str) -> str:
    return text.replace(" ", "_")


def _figure(printer: Printer, name: str, value: float, bound: str) -> str:
    if value != value:
        return "–"
    decimals = 0 if value == round(value) else 1
    return joined([SIGNS[bound], printer.ledger.number(name, value, decimals=decimals)])


def _of_day(printer: Printer, figure: str, day: str) -> str:
    return _dated(figure, printer.language.short_day(day))


def _dated(figure: str, day: str) -> str:
    return joined([figure, f" ({day})"]) if day else figure


def _reading(printer: Printer, reading: str) -> str:
    return f"; {reading.replace('in all', printer.text('policy.in_all')).replace('and', '+')}" if reading else ""


def _why(printer: Printer, name: str, row: Mapping[Any, Any]) -> str:
    """The reason in words of the language, its numbers in the ledger."""
    values = {
        key: printer.share(f"{name}.{key}", float(value))
        if isinstance(value, float)
        else printer.text(f"policy.bound.{_slug(str(value))}")
        for key, value in row["values"].items()
    }
    reason = printer.text(f"policy.why.{row['why']}", **values)
    if not row["replaced"]:
        return reason
    return printer.text("policy.replaced", announced=printer.language.short_day(row["replaced"]), reason=reason)


def moved(printer: Printer, register: Register, day: str) -> Section:
    """Targets whose value was announced again with another, as steps, and what was reached."""
    early = register.targets[register.targets["announced_latest"] <= pd.Timestamp(day)]
    early = early[early["reading"] == ""].sort_values("announced_earliest", kind="stable")
    values = early.groupby("measure")["value"].nunique()
    titles = register.measures[f"title_{printer.language.code}"]
    panels, rows, data = {}, [], []
    for measure in (code for code in register.measures.index if values.get(code, 0) > 1):
        steps = early[early["measure"] == measure].rename(columns={"announced_earliest": "day"})[["day", "value"]]
        facts = register.facts[register.facts["measure"] == measure].rename(columns={"as_of_latest": "day"})
        title = str(titles[measure])
        panels[title] = (steps, facts[["day", "value"]])
        for kind, figures in (("target", steps), ("fact", facts)):
            for date, value in figures[["day", "value"]].itertuples(index=False, name=None):
                number = printer.ledger.number(f"policy.moved.{measure}.{kind}.{date:%Y-%m-%d}", value, decimals=0)
                when = printer.language.short_day(f"{date:%Y-%m-%d}")
                rows.append([title, printer.text(f"policy.moved.{kind}"), when, number])
                data.append({"measure": measure, "kind": kind, "day": f"{date:%Y-%m-%d}", "value": value})
    if not panels:
        return Section([])
    caption = printer.text("policy.moved.caption")
    columns = [printer.text(f"policy.column.{word}") for word in ("measure", "kind", "day", "value")]
    figure = Figure(
        name="moving-targets",
        caption=caption,
        alt=printer.text("policy.moved.alt", measures="; ".join(panels)),
        language=printer.language.code,
        draw=lambda: pictures.moving(
            panels,
            {"target": printer.text("policy.moved.target"), "fact": printer.text("policy.moved.fact")},
            lambda value: printer.language.number(value, 0),
        ),
        table=Table("moving-targets", caption, columns, rows, pd.DataFrame(data), numeric=3),
        open_table=printer.text("figure.table"),
    )
    return Section([figure])


def components(printer: Printer, register: Register) -> Section:
    """The weakest components of each region, with the number of measures that aim at them."""
    table = _aims(register, printer.scores, printer.year)
    codes = [node.code for node in printer.components]
    nobody = printer.language.list([printer.title(code) for code in unaimed(register, codes)])
    rows, data = [], []
    for code in (code for code in printer.edition.regions if code in set(table["region"])):
        cells = []
        for row in table[table["region"] == code].to_dict("records"):
            n = len(row["measures"])
            name = f"policy.{printer.year}.{code}.{row['component']}"
            aimed = printer.whole(f"{name}.measures", n) if n else printer.text("policy.nobody")
            gap = printer.points(f"{name}.gap", row["gap"])
            cells.append(joined([printer.title(row["component"]), " ", gap, " (", aimed, ")"]))
            data.append({key: row[key] for key in ("region", "component", "gap")} | {"measures": n})
        rows.append([printer.region(code), *cells, *["–"] * (WEAKEST - len(cells))])
    columns = [
        printer.text("policy.column.region"),
        *[printer.text(f"policy.weak.{word}") for word in ("one", "two", "three")],
    ]
    made = Table("weak-components", printer.text("policy.weak.table", year=printer.year), columns, rows,
                 pd.DataFrame(data), printer.text("policy.weak.note"), numeric=4)  # fmt: skip
    return Section([Paragraph(printer.text("policy.weak.text", components=nobody)), made])


def indicators(printer: Printer) -> Section:
    """How regions move towards the targets of indicators: counts by state, and the nation in a table."""
    result = _progress(printer)
    if result.empty:
        return Section([Paragraph(printer.text("policy.progress.none"))])
    regions = result[result["region"] != printer.nation]
    counts = pd.crosstab(regions["indicator"], regions["state"])
    shown = counts.reindex(columns=[state for state in PROGRESS if state in counts])
    names = {state: printer.text(f"policy.progress.{_slug(str(state))}") for state in shown}
    drawn = shown.rename(columns=names, index=lambda code: printer.title(str(code)))
    caption = printer.text("policy.progress.caption")
    rows = [
        [
            printer.title(str(code)),
            *(printer.whole(f"policy.progress.{code}.{_slug(str(state))}", n) for state, n in row.items()),
        ]
        for code, row in shown.iterrows()
    ]
    table = Table("progress", caption, [printer.text("policy.column.indicator"), *names.values()], rows,
                  shown.reset_index(), numeric=1)  # fmt: skip
    figure = Figure(
        name="progress",
        caption=caption,
        alt=printer.text("policy.progress.alt"),
        language=printer.language.code,
        draw=lambda: pictures.states(
            drawn, [PROGRESS.index(str(state)) for state in shown], printer.text("policy.progress.axis")
        ),
        table=table,
        open_table=printer.text("figure.table"),
    )
    national = result[result["region"] == printer.nation]
    values = {
        "n": printer.whole("policy.with_target", result["indicator"].nunique()),
        "all": printer.whole("policy.indicators", len(printer.edition.methodology.indicators)),
    }
    lead = Paragraph(printer.text("policy.progress.text", **values))
    return Section([lead, figure, _paces(printer, national, "progress-nation", printer.region(printer.nation))])


def _progress(printer: Printer) -> pd.DataFrame:
    return _progress_of(printer.edition)


@lru_cache(maxsize=1)  # the same for each region and language
def _progress_of(edition: Edition) -> pd.DataFrame:
    """Progress of the indicators that have a target, own values of year and region only."""
    goals = read_indicator_targets(list(edition.methodology.indicators["code"]))
    rows = edition.observations
    own = (rows["sex"] == "") & (rows["area"] == "") & rows["scored"] & (rows["status"] != PARENT_REGION)
    own &= rows["region"].isin([*edition.regions, edition.territory.nation])
    kinds = edition.methodology.indicators.set_index("code")["kind"]
    shares = [str(code) for code in kinds.index[kinds == "share"]]
    return progress(rows[own], goals, shares=shares).table.dropna(subset=["region"])


def _paces(printer: Printer, table: pd.DataFrame, name: str, place: str) -> Table:
    rows, data = [], []
    for row in table.to_dict("records"):
        code, where = row["indicator"], str(row["region"])
        values = [printer.value(where, code, row[end], year=int(row[f"{end}_year"])) for end in ("first", "last")]
        years = [str(int(row[f"{end}_year"])) for end in ("first", "last")]
        goal = printer.ledger.number(f"policy.target.{code}", row["value"], decimals=0)
        pace = printer.ledger.number(f"policy.pace.{printer.year}.{where}.{code}", row["pace"], decimals=2)
        state = printer.text(f"policy.progress.{_slug(row['state'])}")
        ends = [_dated(value, year) for value, year in zip(values, years, strict=True)]
        rows.append([printer.title(code), *ends, _dated(goal, str(row["due"])), pace, state])
        data.append({key: row[key] for key in ("region", "indicator", "first", "last", "value", "pace", "state")})
    words = ("indicator", "first", "last", "target", "pace", "state")
    columns = [printer.text(f"policy.column.{word}") for word in words]
    return Table(name, printer.text("policy.progress.table", place=place), columns, rows, pd.DataFrame(data),
                 printer.text("policy.progress.note"))  # fmt: skip


def region_page(printer: Printer, register: Register, code: str) -> Section:
    """A page a region: its weak components with the measures that aim at each, and its indicators with a target."""
    table = _aims(register, printer.scores, printer.year)
    own = table[table["region"] == code]
    titles = register.measures[f"title_{printer.language.code}"]
    blocks: list[Block] = [Heading(printer.region(code), anchor=f"policy-{code}")]
    if own.empty:
        blocks.append(Paragraph(printer.text("policy.page.none")))
    for row in own.to_dict("records"):
        name = f"policy.{printer.year}.{code}.{row['component']}"
        gap = printer.points(f"{name}.gap", row["gap"])
        blocks.append(
            Heading(printer.text("policy.page.component", component=printer.title(row["component"]), gap=gap), level=3)
        )
        if row["measures"]:
            blocks.append(Bullets([str(titles[measure]) for measure in row["measures"]]))
        else:
            blocks.append(Paragraph(printer.text("policy.page.nobody"), "warning"))
    paces = _progress(printer)
    mine = paces[paces["region"] == code]
    if not mine.empty:
        blocks.append(_paces(printer, mine, f"progress-{code}", printer.region(code)))
    return Section(blocks)
