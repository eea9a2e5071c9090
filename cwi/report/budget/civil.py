"""The second form: a section of the civil budget. The same numbers in plain words and pictures."""

from __future__ import annotations

import math

import pandas as pd

from cwi.analysis.budget import PARTS, TRANSFER, UNCLASSIFIED, change
from cwi.report.blocks import Block, Bullets, Figure, Heading, Paragraph, Section, Table
from cwi.report.budget.printer import BILLION, BudgetPrinter
from cwi.report.pictures import money
from cwi.report.pictures.panels import interval_panels

__all__ = ["civil", "hundred", "opening"]

COUNTED = ("direct", "indirect")
LOOKS = {
    "preschool": 0,
    "education": 1,
    "health": 2,
    "social": 3,
    "culture": 2,
    "leisure": 2,
    "others": 3,
    "everybody": 4,
    "rest": 5,
    "unclassified": 6,
}
SHOWN_LINES = 3


def civil(printer: BudgetPrinter) -> list[Section]:
    """The section of the civil budget, a section a part."""
    parts = [opening(printer), hundred(printer), _purposes(printer), _regions(printer)]
    if not printer.account.by_programme:
        parts.append(_years(printer))
        parts.append(_age(printer))
    return [*parts, _doubts(printer)]


def opening(printer: BudgetPrinter) -> Section:
    """Title and what a reader in a hurry takes away."""
    account, result = printer.account, printer.account.result
    per = account.per_child
    depth = "programme" if account.by_programme else "function"
    values = printer.share()
    finds = [
        printer.text(
            "budget.civil.child",
            per_child=printer.tenge("per_child", per["per_child"]),
            low=printer.tenge("per_child.low", per["low"]),
            high=printer.tenge("per_child.high", per["high"]),
            number=printer.whole("children_number", round(account.number, -2), "persons"),
        ),
        printer.text(
            "budget.civil.total",
            children=printer.billion("children", result["children"]),
            own=printer.billion("own", result["own"]),
        ),
        _place_among(printer),
    ]
    if account.without_capital is not None:
        bare = printer.percent("bare.share", account.without_capital["share"])
        finds.append(printer.text("budget.civil.capital", bare=bare, **values))
    return Section(
        [
            Heading(printer.text("budget.civil.title", place=printer.place, year=account.year), level=1, anchor="top"),
            Paragraph(
                printer.text(f"budget.civil.lead_{depth}", place=printer.place, year=account.year, **values), "lead"
            ),
            Paragraph(printer.text("budget.working"), "warning"),
            Bullets([text for text in finds if text]),
        ]
    )


def _place_among(printer: BudgetPrinter) -> str:
    """The position of the region, or the extremes of the country."""
    ordered = printer.account.peers["share"].sort_values(ascending=False, kind="stable")
    first, last = str(ordered.index[0]), str(ordered.index[-1])
    values = {
        "first": printer.region(first),
        "first_share": printer.percent(f"peer.{first}.share", ordered.iloc[0]),
        "last": printer.region(last),
        "last_share": printer.percent(f"peer.{last}.share", ordered.iloc[-1]),
        "n": printer.whole("peers", len(ordered)),
    }
    return printer.text("budget.civil.ends", **values)


def _parts(printer: BudgetPrinter) -> pd.Series:
    """Tenge of own spending by what a reader asks for: parts for children, for everybody, the rest, without a class."""
    rows = printer.account.rows[printer.account.rows["class"] != TRANSFER]
    counted = rows[rows["class"].isin(COUNTED)]
    if printer.account.by_programme:
        slugs = counted["right"].map({"28; 18": "preschool", "28": "education", "31": "leisure"}).fillna("others")
        names = ["preschool", "education", "leisure", "others"]
    else:
        slugs = counted["functional_group"].map({"04": "education", "05": "health", "06": "social", "08": "culture"})
        names = ["education", "health", "social", "culture"]
    parts = counted["children"].groupby(slugs).sum().reindex(names).fillna(0.0)
    if printer.account.by_programme:
        parts["everybody"] = rows.loc[rows["class"] == "public good", "amount"].sum()
        parts["unclassified"] = rows.loc[rows["class"] == UNCLASSIFIED, "amount"].sum()
    parts["rest"] = float(printer.account.result["own"]) - parts.sum()
    order = [name for name in (*names, "everybody", "rest", "unclassified") if name in parts]
    return parts.reindex(order)


def hundred(printer: BudgetPrinter) -> Section:
    """Of each 100 tenge, as a hundred squares."""
    parts = _parts(printer)
    parts = parts[parts > 0]
    own = float(printer.account.result["own"])
    named = {slug: printer.text(f"budget.part.{slug}") for slug in parts.index}
    whole = money.whole_parts(parts / own)
    rows = [
        [
            named[s],
            printer.billion(f"part.{s}", parts[s]),
            printer.percent(f"part.{s}.share", parts[s] / own),
            printer.whole(f"part.{s}.of_100", whole[str(s)], "KZT"),
        ]
        for s in parts.index
    ]
    heads = [printer.text(f"budget.column.{c}") for c in ("part_of", "billion", "percent", "of_hundred")]
    data = pd.DataFrame(
        [[named[s], parts[s] / BILLION, 100 * parts[s] / own, int(whole[str(s)])] for s in parts.index], columns=heads
    )
    children = int(whole[[s for s in parts.index if s not in ("everybody", "rest", "unclassified")]].sum())
    sign = printer.whole("of_100", children, "KZT")
    figure = Figure(
        name="hundred",
        caption=printer.text("budget.hundred.caption", place=printer.place, year=printer.account.year),
        alt=printer.text("budget.hundred.alt", children=sign),
        language=printer.language.code,
        draw=lambda: money.squares(whole.rename(index=named), [LOOKS[s] for s in whole.index]),
        table=Table("hundred", printer.text("budget.hundred.table"), heads, rows, data),
        open_table=printer.text("figure.table"),
    )
    return Section([Heading(printer.text("budget.hundred.heading"), anchor="hundred"), figure])


def _purposes(printer: BudgetPrinter) -> Section:
    counted = printer.account.rows[printer.account.rows["class"].isin(COUNTED)]
    key = (
        counted["right"].map(printer.purpose)
        if printer.account.by_programme
        else counted["functional_group"].map(printer.group)
    )
    table = counted.groupby(key)[["children", "children_low", "children_high"]].sum() / BILLION
    table = table.sort_values("children", ascending=False, kind="stable")
    table = table.set_axis(["value", "low", "high"], axis=1)
    rows = [
        [
            str(name),
            *(
                printer.ledger.number(
                    printer.name(f"purpose.{place}.{c}"), float(row[str(c)]), unit="billion KZT", decimals=1
                )
                for c in table
            ),
        ]
        for place, (name, row) in enumerate(table.iterrows(), start=1)
    ]
    heads = [printer.text(f"budget.column.{c}") for c in ("purpose", "billion", "low", "high")]
    data = table.reset_index().set_axis(heads, axis=1)
    figure = Figure(
        name="purposes",
        caption=printer.text("budget.purposes.caption", place=printer.place, year=printer.account.year),
        alt=printer.text("budget.purposes.alt", first=rows[0][0], amount=rows[0][1]),
        language=printer.language.code,
        draw=lambda: money.bars(
            table,
            axis_label=printer.text("budget.axis.billion"),
            number=printer.plain,
            whole=printer.plain_whole,
            interval=printer.text("budget.interval"),
            value=printer.text("budget.for_children"),
        ),
        table=Table("purposes", printer.text("budget.purposes.table"), heads, rows, data),
        open_table=printer.text("figure.table"),
    )
    return Section([Heading(printer.text("budget.purposes.question"), anchor="purposes"), figure])


def _regions(printer: BudgetPrinter) -> Section:
    peers = printer.account.peers.sort_values("share", ascending=False, kind="stable")
    names = [printer.region(str(code)) for code in peers.index]
    mark = [
        f"{name} ◂" if code == printer.account.region else name for code, name in zip(peers.index, names, strict=True)
    ]
    share = 100 * peers[["share", "low", "high"]].set_axis(["value", "low", "high"], axis=1)
    child = pd.DataFrame(dict.fromkeys(("value", "low", "high"), peers["per_child"] / 1000))
    rows = [
        [
            name,
            *(printer.percent(f"peer.{code}.{c}", row[c]) for c in ("share", "low", "high")),
            printer.tenge(f"peer.{code}.per_child", row["per_child"]),
        ]
        for code, name, row in zip(peers.index, names, peers.to_dict("records"), strict=True)
    ]
    heads = [printer.text(f"budget.column.{c}") for c in ("region", "share", "low", "high", "per_child")]
    data = pd.DataFrame(
        {
            heads[0]: names,
            **{h: (100 * peers[c]).to_numpy() for h, c in zip(heads[1:4], ("share", "low", "high"), strict=True)},
            heads[4]: peers["per_child"].to_numpy(),
        }
    )
    panels = {printer.text("budget.panel.share"): share, printer.text("budget.panel.per_child"): child}
    depth = "programme" if printer.account.by_programme else "function"
    figure = Figure(
        name="regions",
        caption=printer.text("budget.regions.caption", year=printer.account.year),
        alt=printer.text(
            "budget.regions.alt", first=rows[0][0], first_share=rows[0][1], last=rows[-1][0], last_share=rows[-1][1]
        ),
        language=printer.language.code,
        draw=lambda: interval_panels(
            mark,
            panels,
            axis_label="",
            point=printer.text("budget.for_children"),
            interval=printer.text("budget.interval"),
        ),
        table=Table("regions", printer.text("budget.regions.table"), heads, rows, data),
        open_table=printer.text("figure.table"),
    )
    note = Paragraph(printer.text(f"budget.regions.note_{depth}"), "note")
    return Section([Heading(printer.text("budget.regions.heading"), anchor="regions"), figure, note])


def _years_table(printer: BudgetPrinter, history: pd.DataFrame) -> Table:
    """Share, money per child and share of the gross regional product of each year."""
    rows, data = [], []
    for year, row in history.iterrows():
        shares = [printer.percent(f"{c}.{year}", row[c]) for c in ("share", "low", "high")]
        children = [printer.tenge(f"{c}.{year}", row[c]) for c in ("per_child", "real_per_child")]
        rows.append([str(year), *shares, *children, printer.percent(f"of_grp.{year}", row["of_grp"])])
        percents = [100 * row[c] for c in ("share", "low", "high")]
        data.append([int(str(year)), *percents, row["per_child"], row["real_per_child"], 100 * row["of_grp"]])
    columns = ("year", "share", "low", "high", "per_child", "real_per_child", "of_grp")
    heads = [printer.text(f"budget.column.{column}") for column in columns]
    title, note = printer.text("budget.years.table"), printer.text("budget.years.note")
    return Table("years", title, heads, rows, pd.DataFrame(data, columns=heads), note)


def _years(printer: BudgetPrinter) -> Section:
    history = printer.account.history
    if len(history) < 2:
        return Section([])
    first, last = int(history.index[0]), int(history.index[-1])
    share = 100 * history[["share", "low", "high"]]
    child = history[["per_child", "real_per_child"]] / 1000
    table = _years_table(printer, history)
    then, now = table.rows[0], table.rows[-1]
    text = printer.text(
        "budget.years.text",
        first=first,
        last=last,
        nominal=printer.ledger.number(
            printer.name("times"), history["per_child"].iloc[-1] / history["per_child"].iloc[0], decimals=1
        ),
        real=printer.ledger.number(
            printer.name("times.real"),
            history["real_per_child"].iloc[-1] / history["real_per_child"].iloc[0],
            decimals=1,
        ),
    )
    shown = {printer.text("budget.line.share"): share["share"]}
    lines = {
        printer.text("budget.line.nominal"): child["per_child"],
        printer.text("budget.line.real"): child["real_per_child"],
    }
    code = printer.language.code
    figures = [
        Figure(
            name="years",
            caption=printer.text("budget.years.caption"),
            alt=printer.text("budget.years.alt", first=first, last=last, a=then[1], b=now[1]),
            draw=lambda: money.years(
                shown,
                axis_label=printer.text("budget.axis.percent"),
                number=printer.plain_whole,
                band=share[["low", "high"]],
                band_label=printer.text("budget.interval"),
            ),
            language=code,
        ),
        Figure(
            name="years-child",
            caption=printer.text("budget.years.child_caption"),
            alt=printer.text("budget.years.child_alt", first=first, last=last, a=then[4], b=now[4]),
            draw=lambda: money.years(
                lines, axis_label=printer.text("budget.axis.thousand"), number=printer.plain_whole
            ),
            language=code,
        ),
    ]
    heading = Heading(printer.text("budget.years.heading"), anchor="years")
    return Section([heading, Paragraph(text), *figures, table, *_split(printer, first, last)])


def _split(printer: BudgetPrinter, first: int, last: int) -> list[Block]:
    """What changed real spending per child, in per cent that multiply."""
    history, figures = printer.account.history, printer.account.figures
    ends = [
        pd.Series(
            {
                "own": history.at[year, "own"],
                "share": history.at[year, "share"],
                "children": history.at[year, "children_number"],
                "deflator": figures.deflator[year],
            }
        )
        for year in (first, last)
    ]
    parts = change(*ends)
    named = [name for name in PARTS if name != "classification"]
    rows, data = [], []
    for name in [*named, "total"]:
        factor = math.exp(parts[name] / 100)
        printed = [
            printer.ledger.number(printer.name(f"change.{name}.{c}"), v, unit=u, decimals=d, sign=c == "points")
            for c, v, u, d in (("points", parts[name], "log points", 1), ("factor", factor, "", 2))
        ]
        rows.append([printer.text(f"budget.change.{name}"), *printed])
        data.append([printer.text(f"budget.change.{name}"), parts[name], factor])
    heads = [printer.text(f"budget.column.{c}") for c in ("what", "points", "factor")]
    caption = printer.text("budget.change.caption", first=first, last=last)
    made = Table(
        "change",
        caption,
        heads,
        rows,
        pd.DataFrame(data, columns=heads),
        printer.text("budget.change.note"),
        emphasised=frozenset({len(rows) - 1}),
    )
    return [made]


def _age(printer: BudgetPrinter) -> Section:
    table = printer.account.age.sort_values("difference", ascending=False, kind="stable")
    names = [printer.region(str(code)) for code in table.index]
    rows = [
        [
            name,
            *(
                printer.percent(f"age.{code}.{c}", row[c], sign=c == "difference")
                for c in ("age", "share", "predicted", "difference")
            ),
        ]
        for name, (code, row) in zip(names, table.iterrows(), strict=True)
    ]
    heads = [printer.text(f"budget.column.{c}") for c in ("region", "age", "share", "predicted", "difference")]
    data = (100 * table[["age", "share", "predicted", "difference"]]).set_axis(heads[1:], axis=1)
    data.insert(0, heads[0], names)
    drawn = (100 * table[["age", "share", "predicted"]]).set_axis(["x", "y", "predicted"], axis=1).set_axis(names)
    chosen = printer.region(printer.account.region) if printer.account.region in table.index else ""
    figure = Figure(
        name="age",
        caption=printer.text("budget.age.caption", year=printer.account.year),
        alt=printer.text("budget.age.alt", most=names[0], points=rows[0][4], least=names[-1], least_points=rows[-1][4]),
        language=printer.language.code,
        draw=lambda: money.against(
            drawn,
            x_label=printer.text("budget.axis.age"),
            y_label=printer.text("budget.axis.share"),
            line=printer.text("budget.age.line"),
            point=printer.text("budget.age.point"),
            number=printer.plain_whole,
            chosen=chosen,
        ),
        table=Table("age", printer.text("budget.age.table"), heads, rows, data),
        open_table=printer.text("figure.table"),
    )
    text = printer.text("budget.age.text", most=names[0], points=rows[0][4], least=names[-1], least_points=rows[-1][4])
    return Section([Heading(printer.text("budget.age.heading"), anchor="age"), Paragraph(text), figure])


def _doubts(printer: BudgetPrinter) -> Section:
    account = printer.account
    depth = "programme" if account.by_programme else "function"
    items = [
        printer.text("budget.doubt.interval"),
        printer.text(f"budget.doubt.{depth}"),
        printer.text("budget.doubt.transfers"),
    ]
    if account.by_programme:
        largest = account.unclassified.head(SHOWN_LINES)
        lines = [
            printer.text(
                "budget.item", name=printer.programme(row), amount=printer.billion(f"largest.{i}", row["amount"])
            )
            for i, row in enumerate(largest.to_dict("records"), start=1)
        ]
        share = printer.percent("classified", account.result["classified"])
        items.append(printer.text("budget.doubt.unclassified", classified=share, lines="; ".join(lines)))
        items.append(
            printer.text("budget.doubt.plan", as_of=str(account.figures.decisions.at[account.region, "as_of"]))
        )
    items.append(printer.text("budget.doubt.children"))
    return Section([Heading(printer.text("budget.doubt.heading"), anchor="doubts"), Bullets(items)])
