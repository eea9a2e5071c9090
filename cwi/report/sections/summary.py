"""The summary: what was measured, who is where and how certain that is, what changed, and what this does not show.

It is made of the sentences and numbers of the other sections; nothing is computed for it alone but how far the
country's components are from its own index.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from cwi import folders
from cwi.analysis.comparison import mean_by_children
from cwi.analysis.uncertainty import Robustness, gaps_to_top
from cwi.inputs.selection import read_selection
from cwi.methodology import methodologies
from cwi.report.blocks import Block, Bullets, Columns, Heading, Section, Table
from cwi.report.named import joined
from cwi.report.printer import Printer
from cwi.report.sections.change import compared, earlier_years, improved_and_worsened
from cwi.report.sections.index import index_table
from cwi.report.sections.limits import RELATIVE, never_measured
from cwi.report.sections.measured import coverage
from cwi.report.sections.money import share_of_children
from cwi.report.sections.promises import overview
from cwi.report.sections.robustness import SURE, letters, neighbours
from cwi.report.sections.trend import FEWEST, series_of
from cwi.report.sections.weights_in_force import in_force

__all__ = ["about_children", "country", "country_gaps", "findings", "summary", "weights_of_the_regions"]

MOST = 3  # strengths, and problems, of the country
DRAWS = 1000  # behind the interval of each of them, at most


def summary(printer: Printer) -> Section:
    """What a reader takes away who reads nothing else, on one printed page with the title."""
    left = {"measured": _measured(printer), "place": _place(printer), "changed": _changed(printer)}
    left["country"] = country(printer)
    left["money"] = [share_of_children(printer)] if (folders.data() / "budget").is_dir() else []
    right = {
        "promises": [overview(printer)] if (folders.data() / "policy").is_dir() else [],
        "not": _not(printer),
    }
    table = [] if printer.nobody else [_table(printer)]
    columns = [_parts(printer, left), [*table, *_parts(printer, right)]]
    return Section([Heading(printer.text("summary.title"), anchor="summary"), Columns(columns)])


def _parts(printer: Printer, parts: Mapping[str, list[str]]) -> list[Block]:
    """A heading and its sentences each; nothing where there are none."""
    blocks: list[Block] = []
    for word, items in parts.items():
        if items:
            blocks += [Heading(printer.text(f"summary.{word}.title"), 3, anchor=f"summary-{word}"), Bullets(items)]
    return blocks


def _measured(printer: Printer) -> list[str]:
    """How much of what was measured is about children, and how much of the index is of the year itself."""
    items, about = [], about_children(printer)
    used = in_force(printer)
    seen = set(used.loc[used["region"] == printer.nation, "indicator"])
    if about is not None:
        items.append(
            printer.text(
                "summary.measured.children",
                n=printer.whole(f"summary.{printer.year}.about_children", len(seen & about)),
                measured=printer.whole(f"measured.{printer.year}.{printer.nation}.indicators", len(seen)),
            )
        )
    known = weights_of_the_regions(printer)
    if not known.empty:
        regions = known["region"].nunique()
        own = known.loc[known["own"].astype(bool), "weight"].sum() / regions
        values = {"own": printer.share(f"summary.{printer.year}.own_year", own), "year": printer.year}
        if about is not None:
            weight = known.loc[known["indicator"].isin(about), "weight"].sum() / regions
            values["children"] = printer.share(f"summary.{printer.year}.weight_about_children", weight)
        items.append(printer.text("summary.measured.weight" if about is not None else "summary.measured.own", **values))
    table = coverage(printer)
    empty = [printer.title(code) for code in table.loc[table["own"] + table["carried"] == 0, "component"]]
    if empty:
        items.append(printer.text("measured.empty", components=printer.language.list(empty)))
    return items


def weights_of_the_regions(printer: Printer) -> pd.DataFrame:
    """The figures that the indices of the regions rest on, of :func:`in_force`."""
    return printer.scores.without_nation(in_force(printer)).dropna(subset=["weight"])


def about_children(printer: Printer) -> set[str] | None:
    """The indicators that are about children, as the methodology judges them or, where it does not, the latest one."""
    own = printer.edition.methodology.path
    later = methodologies(own.parents[1])
    folders_of = [own.parent, *(later[version] for version in sorted(later, reverse=True))]
    path = next((file for folder in folders_of if (file := folder / "selection.csv").is_file()), None)
    return None if path is None else {str(code) for code in read_selection(path).query("about_children").index}


def _place(printer: Printer) -> list[str]:
    """The first and the last region, the nation, the gap, and how much of the order is certain."""
    items = findings(printer)
    if printer.nobody:
        return items
    robustness, name = printer.robustness, f"sure.{printer.year}"
    table = robustness.summary.loc[robustness.regions]
    for side in ("top", "bottom"):
        certain = [printer.region(str(code)) for code in table.index[table[f"{side}_third"] >= SURE]]
        if certain:
            sure = printer.share(f"{name}.apart", SURE)
            items.append(printer.text(f"summary.place.{side}", sure=sure, regions=printer.language.list(certain)))
    return [*items, neighbours(printer, robustness)]


def findings(printer: Printer) -> list[str]:
    """The first and the last region, the nation, and the gap between regions."""
    index = printer.scores.of(printer.top.code)[printer.year]
    regions = index.reindex(printer.edition.regions).dropna()
    if regions.empty:
        return [printer.text("index.none")]
    ranks = (
        printer.scores.nodes[(printer.scores.nodes["node"] == printer.top.code)]
        .set_index("region")["rank"]
        .reindex(regions.index)
    )
    first, last = ranks[ranks == ranks.min()].index, ranks[ranks == ranks.max()].index
    sentences = [
        printer.text(
            "index.leader",
            regions=printer.language.list([printer.region(code) for code in first]),
            score=printer.score(first[0], printer.top.code, regions[first[0]]),
        ),
        printer.text(
            "index.last",
            regions=printer.language.list([printer.region(code) for code in last]),
            score=printer.score(last[0], printer.top.code, regions[last[0]]),
        ),
    ]
    sentences.append(_nation(printer, float(index.get(printer.nation, float("nan")))))
    gap = float(regions.max() - regions.min())
    sentences.append(
        printer.text(
            "index.gap",
            gap=printer.ledger.number(
                f"gap.{printer.year}.{printer.top.code}",
                gap,
                unit="points",
                decimals=printer.edition.methodology.decimals,
            ),
        )
    )
    return sentences


def _nation(printer: Printer, score: float) -> str:
    """The index of the country, and the mean of the regions where the number of children is known."""
    decimals, name = printer.edition.methodology.decimals, f"mean_by_children.{printer.year}.{printer.top.code}"
    own = printer.score(printer.nation, printer.top.code, score)
    average = mean_by_children(printer.edition)
    mean = printer.ledger.number(name, average, unit="points", decimals=decimals)
    if average != average:
        return printer.text("index.nation.alone", score=own) if score == score else printer.text("index.nation.thin")
    if score != score:
        return printer.text("index.nation.none", mean=mean)
    return printer.text("index.nation", score=own, mean=mean)


def _table(printer: Printer) -> Table:
    """The regions in their order with the interval of each rank, and the letters of the groups each is in."""
    table = index_table(printer).dropna(subset=["score"])
    groups = {code: _range(marks) for code, marks in letters(printer.robustness.groups).items()}
    rows, data = [], []
    for row in table.to_dict("records"):
        code, mark = str(row["region"]), groups.get(str(row["region"]), "")
        ends = [
            printer.ledger.number(f"sure.{printer.year}.{code}.{tail}", row[side], unit="rank", decimals=0)
            for side, tail in (("rank_low", "p5"), ("rank_high", "p95"))
        ]
        rank = float("nan") if pd.isna(row["rank"]) else float(row["rank"])
        rows.append(
            [
                printer.region(code),
                printer.rank(code, printer.top.code, rank),
                ends[0] if ends[0] == ends[1] else joined(ends[:2], "–"),
                printer.score(code, printer.top.code, row["score"]),
                mark or "–",
            ]
        )
        data.append({key: row[key] for key in ("region", "rank", "rank_low", "rank_high", "score")} | {"groups": mark})
    heads = [printer.text(f"index.column.{word}") for word in ("region", "rank", "interval", "index")]
    return Table(
        name="summary",
        caption=printer.text("summary.table", year=printer.year),
        columns=[*heads, printer.text("summary.column.group")],
        rows=rows,
        data=pd.DataFrame(data).astype({"rank": "Int64"}),
        note=printer.text("summary.note"),
        emphasised=frozenset(i for i, row in enumerate(data) if row["region"] == printer.nation),
    )


def _range(marks: str) -> str:
    """Letters in a row as their first and last: "B C D" is B–D."""
    each = marks.split()
    numbers = [ord(mark) for mark in each if len(mark) == 1]
    in_a_row = len(numbers) == len(each) > 2 and numbers[-1] - numbers[0] == len(each) - 1
    return f"{each[0]}–{each[-1]}" if in_a_row else marks


def _changed(printer: Printer) -> list[str]:
    """The nation against the edition before, and on the one set of indicators since the first year."""
    earlier = earlier_years(printer)
    if not earlier:
        return [printer.text("change.first", year=printer.year)]
    items = [improved_and_worsened(printer, compared(printer.edition, earlier[-1]))]
    series = series_of(printer.edition)
    if series is None:
        return items
    first, last = series.years[0], series.years[-1]
    name = f"trend.{first}-{last}"
    values = {"n": printer.whole(f"{name}.indicators", len(series.kept)), "first": first, "last": last}
    if len(series.kept) < FEWEST:
        return [*items, printer.text("summary.changed.few", **values)]
    nation = series.nation()
    shown = [node.code for node in (printer.top, *printer.dimensions) if node.code in nation.index]
    parts = []
    for code in shown:
        ends = nation.loc[code, [first, last]].to_numpy(float)
        if np.isnan(ends).any():
            continue
        scores = [
            printer.ledger.number(
                f"{name}.nation.{code}.{year}", score, unit="points", decimals=printer.edition.methodology.decimals
            )
            for year, score in zip((first, last), ends, strict=True)
        ]
        parts.append(f"{printer.title(code)} {scores[0]} → {scores[1]}")
    return [*items, printer.text("summary.changed.set", items=joined(parts, "; "), **values)] if parts else items


def country_gaps(printer: Printer) -> pd.DataFrame:
    """The components of the nation against its index, of :func:`gaps_to_top`; no row where it has no index.

    A component all of whose figures are relative to the nation itself is left out: its score is a constant.
    """
    scores = printer.scores
    if printer.nobody or np.isnan(scores.at(printer.nation, printer.top.code, printer.year)):
        return pd.DataFrame(columns=["node", "score", "top", "gap", "low", "high", "clear"])
    values, tree = scores.values(printer.year).loc[printer.nation], printer.edition.methodology.tree
    kept = []
    for node in printer.components:
        measured = [code for code in tree.under(node.code) if code in values and not np.isnan(values[code])]
        if measured and any(printer.indicators[code]["unit"] != RELATIVE for code in measured):
            kept.append(node.code)
    return _country_gaps(
        printer.robustness, printer.nation, tuple(kept), min(DRAWS, printer.draws), printer.ledger.seed
    )


@lru_cache(maxsize=1)  # the same in each language
def _country_gaps(robustness: Robustness, nation: str, nodes: tuple[str, ...], draws: int, seed: int) -> pd.DataFrame:
    return gaps_to_top(robustness.plan, nation, nodes, draws=draws, rng=np.random.default_rng(seed).spawn(3)[2])


def country(printer: Printer) -> list[str]:
    """At most three components clearly above the country's own index, and three clearly below."""
    table = country_gaps(printer)
    if table.empty:
        return [printer.text("summary.country.none", year=printer.year)]
    clear = table[table["clear"].astype(bool)]
    items = [printer.text("summary.country.how")]
    for word, rows in (
        ("strong", clear[clear["gap"] > 0].sort_values("gap", ascending=False, kind="stable")),
        ("weak", clear[clear["gap"] < 0].sort_values("gap", kind="stable")),
    ):
        parts = []
        for row in rows[:MOST].to_dict("records"):
            node = str(row["node"])
            name = f"summary.{printer.year}.{printer.nation}.{node}"
            values = {end: printer.points(f"{name}.{end}", float(row[end])) for end in ("gap", "low", "high")}
            score = printer.score(printer.nation, node, printer.scores.at(printer.nation, node, printer.year))
            parts.append(printer.text("summary.country.item", title=printer.title(node), score=score, **values))
        if parts:
            items.append(printer.text(f"summary.country.{word}", items=joined(parts, "; ")))
        else:
            items.append(printer.text(f"summary.country.{word}.none"))
    return items


def _not(printer: Printer) -> list[str]:
    """What a reader must not take from the report."""
    never = never_measured(printer)
    items = [printer.text("summary.not.cause"), printer.text("summary.not.level"), printer.text("summary.not.within")]
    if never:
        items.insert(0, printer.text("limits.never", n=printer.whole(f"limits.{printer.year}.never", len(never))))
    return items
