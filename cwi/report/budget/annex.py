"""The first form: an annex to the budget. Formal tables with codes; totals are the decision's to the last digit."""

from __future__ import annotations

import pandas as pd

from cwi.analysis.budget import TRANSFER
from cwi.report.blocks import Block, Bullets, Heading, Paragraph, Section, Table
from cwi.report.budget.printer import BudgetPrinter

__all__ = ["annex", "functions"]

COUNTED = ("direct", "indirect")
CODES = ("functional_group", "functional_subgroup", "administrator", "programme")
WEIGHTS = ("coefficient", "low", "high")
MONEY = ("children", "children_low", "children_high")


def annex(printer: BudgetPrinter) -> list[Section]:
    """The annex, a section a part: basis, summary, functions, programmes, purposes, what is left out, differences."""
    parts = [_opening(printer), _summary(printer), functions(printer)]
    if printer.account.by_programme:
        parts.append(_programmes(printer))
    return [*parts, _purposes(printer), _left_out(printer), _differences(printer)]


def _opening(printer: BudgetPrinter) -> Section:
    account, figures = printer.account, printer.account.figures
    rows = [[printer.text("budget.basis.unit"), printer.unit]]
    english: frozenset[tuple[int, int]] = frozenset()
    if account.by_programme:
        decision = figures.decisions.loc[account.region]
        rows += [
            [
                printer.text("budget.basis.decision"),
                printer.text("budget.decision", decision=_number_of(str(decision["decision"]))),
            ],
            [printer.text("budget.basis.as_of"), str(decision["as_of"])],
            [printer.text("budget.basis.phase"), printer.text(f"budget.phase.{decision['phase']}")],
            [printer.text("budget.basis.level"), printer.text(f"budget.level.{decision['level']}")],
            [printer.text("budget.basis.source"), f"{decision['repository']}: {decision['path']}"],
        ]
        english = frozenset({(len(rows) - 1, 1)})
    else:
        rows += [
            [printer.text("budget.basis.phase"), printer.text("budget.phase.executed")],
            [printer.text("budget.basis.source"), printer.text("budget.source.bulletin")],
        ]
    rows += [
        [printer.text("budget.basis.coefficients"), printer.text("budget.coefficients", file=figures.coefficients)],
        [printer.text("budget.basis.fingerprint"), f"{figures.fingerprint} · {figures.checksum}"],
    ]
    heads = [printer.text("budget.column.what"), printer.text("budget.column.value")]
    table = Table(
        "basis",
        printer.text("budget.basis.title"),
        heads,
        rows,
        pd.DataFrame(rows, columns=heads),
        numeric=2,
        english=english,
    )
    return Section(
        [
            Heading(printer.text("budget.annex.title", place=printer.place, year=account.year), level=1, anchor="top"),
            Paragraph(printer.text("budget.annex.lead"), "lead"),
            Paragraph(printer.text("budget.working"), "warning"),
            table,
        ]
    )


def _number_of(text: str) -> str:
    """The number of the decision and of the one it amends, without the English word before it."""
    return text.replace("decision ", "").replace("original ", "")


def _summary(printer: BudgetPrinter) -> Section:
    account = printer.account
    table = _summary_table(printer)
    per = account.per_child
    child = printer.text(
        "budget.annex.child",
        number=printer.whole("children_number", round(account.number, -2), "persons"),
        per_child=printer.tenge("per_child", per["per_child"]),
        low=printer.tenge("per_child.low", per["low"]),
        high=printer.tenge("per_child.high", per["high"]),
    )
    return Section([Heading(printer.text("budget.summary.title"), anchor="summary"), table, Paragraph(child)])


def _summary_table(printer: BudgetPrinter) -> Table:
    """Total, transfers, own expenditure, and how much of it is for children, by how it is counted."""
    account, result = printer.account, printer.account.result
    transfers = account.printed - float(result["own"])
    rows = [
        ["1", printer.text("budget.summary.total"), printer.amount("total", account.printed), ""],
        ["2", printer.text("budget.summary.transfers"), printer.amount("transfers", transfers), ""],
        [
            "3",
            printer.text("budget.summary.own"),
            printer.amount("own", result["own"]),
            printer.ledger.number(printer.name("own.share"), 100, unit="%", decimals=0),
        ],
    ]
    by_class = account.rows.groupby("class")[["amount", *MONEY]].sum()
    number = 4
    for kind in COUNTED:
        money = float(by_class["children"].get(kind, 0.0))
        share = printer.percent(f"{kind}.share", money / result["own"])
        rows.append(
            [
                str(number),
                printer.text(f"budget.summary.{kind}"),
                printer.amount(f"{kind}.children", money, exact=1),
                share,
            ]
        )
        number += 1
    for name, key in (("children", "share"), ("children_low", "low"), ("children_high", "high")):
        cells = [printer.amount(name, result[name], exact=1), printer.percent(key, result[key])]
        rows.append([str(number), printer.text(f"budget.summary.{name}"), *cells])
        number += 1
    rows.append(
        [
            str(number),
            printer.text("budget.summary.classified"),
            "",
            printer.percent("classified", result["classified"]),
        ]
    )
    if account.without_capital is not None:
        bare = account.without_capital
        cells = [
            printer.amount("bare.children", bare["children"], exact=1),
            printer.percent("bare.share", bare["share"]),
        ]
        rows.append([str(number + 1), printer.text("budget.summary.without_capital"), *cells])
    data = pd.DataFrame(
        [[row[0], row[1], *pair] for row, pair in zip(rows, _values(printer, by_class, transfers), strict=True)],
        columns=[printer.text("budget.column.row"), printer.text("budget.column.what"), printer.unit, "%"],
    )
    heads = list(data.columns)
    note = printer.text("budget.summary.note") if account.without_capital is not None else ""
    return Table(
        "summary", printer.text("budget.summary.title"), heads, rows, data, note, numeric=2, emphasised=frozenset({5})
    )


def _values(printer: BudgetPrinter, by_class: pd.DataFrame, transfers: float) -> list[tuple[float, float]]:
    """The numbers of the summary: amounts in the unit of the table, percentages."""
    none, account, result = float("nan"), printer.account, printer.account.result
    pairs = [(account.printed, none), (transfers, none), (result["own"], 100.0)]
    for kind in COUNTED:
        money = float(by_class["children"].get(kind, 0.0))
        pairs.append((money, 100 * money / result["own"]))
    pairs += [(result[name], 100 * result[key]) for name, key in zip(MONEY, ("share", "low", "high"), strict=True)]
    pairs.append((none, 100 * result["classified"]))
    if account.without_capital is not None:
        pairs.append((account.without_capital["children"], 100 * account.without_capital["share"]))
    return [(_in_unit(printer, money), share) for money, share in pairs]


def _in_unit(printer: BudgetPrinter, tenge: float) -> float:
    """An amount in the unit of the table without the noise of floating point."""
    return round(tenge / printer.divisor, 6)


def functions(printer: BudgetPrinter) -> Section:
    """All expenditure by functional group, with the total of the source."""
    table = printer.account.groups()
    columns = ("amount", "own", *MONEY)
    rows, data = [], []
    for code, row in table.iterrows():
        named = printer.group(str(code))
        cells = [printer.amount(f"group.{code}.{c}", row[c], exact=int(c in MONEY)) for c in columns]
        shown = "" if str(code) == "other functions" else str(code)
        rows.append([shown, named, *cells])
        data.append([shown, named, *(_in_unit(printer, row[c]) for c in columns)])
    whole = table[list(columns)].sum()
    rows.append(
        [
            "",
            printer.text("budget.total"),
            *(printer.amount(_total(c), whole[c], exact=int(c in MONEY)) for c in columns),
        ]
    )
    data.append(["", printer.text("budget.total"), *(_in_unit(printer, whole[c]) for c in columns)])
    heads = [printer.text("budget.column.code"), printer.text("budget.column.function")]
    heads += [printer.text(f"budget.column.{c}") for c in columns]
    difference = round(printer.account.printed - float(whole["amount"]))
    note = printer.text(
        "budget.tie",
        printed=printer.amount("total", printer.account.printed),
        gap=printer.whole("tie", difference, "KZT"),
    )
    made = Table(
        "functions",
        printer.text("budget.functions.title", unit=printer.unit),
        heads,
        rows,
        pd.DataFrame(data, columns=heads),
        note,
        numeric=2,
        emphasised=frozenset({len(rows) - 1}),
    )
    return Section([Heading(printer.text("budget.functions.heading"), anchor="functions"), made])


def _total(column: str) -> str:
    """The names of totals are those of the summary: one number has one name."""
    return {"amount": "total"}.get(column, column)


def _programmes(printer: BudgetPrinter) -> Section:
    """Every programme that is counted; low and high of each are in the workbook, of all of them in the summary."""
    chosen = printer.account.rows[printer.account.rows["class"].isin(COUNTED)]
    rows, data = [], []
    for row in chosen.to_dict("records"):
        codes = [str(row[c]) for c in CODES]
        code = "/".join(filter(None, codes))
        values = [row["coefficient"], row["low"], row["high"]]
        cells = [printer.number(f"line.{code}.{k}", v) for k, v in zip(WEIGHTS, values, strict=True)]
        weight = cells[0] if row["low"] == row["high"] else f"{cells[0]} ({cells[1]}–{cells[2]})"
        money = [printer.amount(f"line.{code}.{c}", row[c], exact=int(c != "amount")) for c in ("amount", "children")]
        name, kind = printer.programme(row), printer.kind(row["class"])
        rows.append([code, name, kind, weight, *money])
        amounts = [_in_unit(printer, row[c]) for c in ("amount", *MONEY)]
        data.append(
            [*codes, name, kind, *values, printer.text(f"budget.{'yes' if row['capital'] else 'no'}"), *amounts]
        )
    whole = chosen[["amount", *MONEY]].sum()
    last = [printer.amount("counted.amount", whole["amount"]), printer.amount("children", whole["children"], exact=1)]
    rows.append(["", printer.text("budget.total"), "", "", *last])
    amounts = [_in_unit(printer, whole[c]) for c in ("amount", *MONEY)]
    data.append(["", "", "", "", printer.text("budget.total"), "", *[float("nan")] * 3, "", *amounts])
    money_heads = [printer.text(f"budget.column.{c}") for c in ("spent", *MONEY)]
    heads = [
        printer.text(f"budget.column.{c}") for c in ("codes", "programme", "class", "coefficient", "spent", "children")
    ]
    full = [printer.text(f"budget.column.{c}") for c in (*CODES, "name", "class", *WEIGHTS, "capital")]
    made = Table(
        "programmes", printer.text("budget.programmes.title", unit=printer.unit), heads, rows,
        pd.DataFrame(data, columns=full + money_heads), printer.text("budget.programmes.note"), numeric=3,
        emphasised=frozenset({len(rows) - 1}),
    )  # fmt: skip
    return Section([Heading(printer.text("budget.programmes.heading"), anchor="programmes"), made])


def _purposes(printer: BudgetPrinter) -> Section:
    chosen = printer.account.rows[printer.account.rows["class"].isin(COUNTED)]
    blocks: list[Block] = [Heading(printer.text("budget.purposes.heading"), anchor="purposes")]
    for by in ("right", "component"):
        table = chosen.groupby(by)[list(MONEY)].sum().sort_values("children", ascending=False, kind="stable")
        rows, data = [], []
        for code, row in table.iterrows():
            label = str(code) or printer.text("budget.none")
            named = printer.purpose(str(code)) if by == "right" else printer.component(str(code))
            slug = str(code).replace("; ", "-") or "none"
            cells = [printer.amount(f"{by}.{slug}.{c}", row[c], exact=1) for c in MONEY]
            share = row["children"] / printer.account.result["children"]
            rows.append([label, named, *cells, printer.percent(f"{by}.{slug}.part", share)])
            data.append([label, named, *(_in_unit(printer, row[c]) for c in MONEY), 100 * share])
        heads = [printer.text(f"budget.column.{by}"), printer.text("budget.column.name")]
        heads += [*(printer.text(f"budget.column.{c}") for c in MONEY), printer.text("budget.column.part")]
        title = printer.text(f"budget.by.{by}", unit=printer.unit)
        codes = frozenset((at, 0) for at, code in enumerate(table.index) if code and by == "component")
        frame = pd.DataFrame(data, columns=heads)
        blocks.append(Table(f"by-{by}", title, heads, rows, frame, numeric=2, english=codes))
    return Section(blocks)


def _left_out(printer: BudgetPrinter) -> Section:
    rows_, account = printer.account.rows, printer.account
    other = rows_[~rows_["class"].isin((*COUNTED, "unclassified"))]
    table = other.groupby(["class", "functional_group"])["amount"].sum()
    rows, data = [], []
    for kind, code, amount in table.reset_index().itertuples(index=False, name=None):
        cells = [printer.kind(str(kind)), printer.group(str(code))]
        slug = str(kind).replace(" ", "_")
        rows.append([*cells, printer.amount(f"left.{slug}.{code}", amount)])
        data.append([*cells, _in_unit(printer, amount)])
    heads = [printer.text("budget.column.class"), printer.text("budget.column.function"), printer.unit]
    blocks: list[Block] = [
        Heading(printer.text("budget.left.heading"), anchor="left-out"),
        Paragraph(printer.text("budget.left.text", transfer=printer.kind(TRANSFER))),
        Table("left-out", printer.text("budget.left.title"), heads, rows, pd.DataFrame(data, columns=heads), numeric=2),
    ]
    if account.unclassified.empty:
        return Section([*blocks, Paragraph(printer.text("budget.unclassified.none"))])
    rows, data = [], []
    for row in account.unclassified.to_dict("records"):
        code = "/".join(filter(None, (str(row[c]) for c in CODES)))
        rows.append([code, printer.programme(row), printer.amount(f"line.{code}.amount", row["amount"])])
        data.append([code, printer.programme(row), _in_unit(printer, row["amount"])])
    heads = [printer.text("budget.column.codes"), printer.text("budget.column.programme"), printer.unit]
    title = printer.text("budget.unclassified.title")
    blocks.append(Table("unclassified", title, heads, rows, pd.DataFrame(data, columns=heads), numeric=2))
    return Section(blocks)


def _differences(printer: BudgetPrinter) -> Section:
    found = printer.account.differences
    blocks: list[Block] = [Heading(printer.text("budget.differences.heading"), anchor="differences")]
    if found.empty:
        blocks.append(Paragraph(printer.text("budget.differences.none")))
    else:
        rows, data = [], []
        for row in found.to_dict("records"):
            columns = ("printed", "added", "difference")
            rows.append([row["place"], *(printer.amount(f"check.{row['place']}.{c}", row[c]) for c in columns)])
            data.append([row["place"], *(_in_unit(printer, row[c]) for c in columns)])
        heads = [printer.text(f"budget.column.{c}") for c in ("place", "printed", "added", "difference")]
        blocks.append(
            Table(
                "differences",
                printer.text("budget.differences.title", unit=printer.unit),
                heads,
                rows,
                pd.DataFrame(data, columns=heads),
            )
        )
    depth = "programme" if printer.account.by_programme else "function"
    notes = [
        printer.text("budget.note.coefficients"),
        printer.text("budget.note.children"),
        printer.text(f"budget.note.{depth}"),
    ]
    return Section([*blocks, Heading(printer.text("budget.notes.heading"), anchor="notes"), Bullets(notes)])
