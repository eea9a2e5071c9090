"""What every score rests on: the weight that each indicator really has, the year of its figures, stricter rules."""

from __future__ import annotations

import math
from functools import lru_cache

import pandas as pd

from cwi.analysis.audit import LARGEST_SHARE, shares_of_variance
from cwi.analysis.comparison import stricter_rules
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.index import Scores
from cwi.report.blocks import Block, Heading, Paragraph, Section, Table
from cwi.report.named import joined
from cwi.report.printer import Printer
from cwi.territory import PARENT_REGION

__all__ = ["in_force", "mean_weight", "own_year", "variance_shares", "weights_in_force", "years_of"]


def in_force(printer: Printer) -> pd.DataFrame:
    """Every figure in use: region, indicator, weight (in force, share of the index), observed (year), status, own.

    ``own``: of the year itself and of the region itself. Regions without an index have no weights (missing).
    """
    if "in_force" not in printer.extras:
        weights = printer.scores.weights_in_force(printer.year)
        weights = weights[weights.sum(axis=1) > 0].rename_axis("region").reset_index()
        long = weights.melt("region", var_name="indicator", value_name="weight")
        cells = printer.scores.cells
        cells = cells.loc[
            (cells["year"] == printer.year) & cells["value"].notna(), ["region", "indicator", "observed", "status"]
        ]
        table = cells.merge(long, on=["region", "indicator"], how="left")
        table["own"] = (table["observed"] == printer.year).fillna(False) & (table["status"] != PARENT_REGION)
        printer.extras["in_force"] = table
    return printer.extras["in_force"]


def own_year(printer: Printer) -> pd.Series:
    """By region: share of the weight in force on figures of the year itself and of the region itself."""
    table = in_force(printer)
    weight = table["weight"].where(table["own"].astype(bool), 0.0).where(table["weight"].notna())
    return weight.groupby(table["region"]).sum(min_count=1)


def mean_weight(printer: Printer, node: str) -> float:
    """The weight in force of a node in the index: mean of the regions that have one; missing where it has none."""
    level = next(nodes[0].level for nodes in printer.edition.methodology.nodes if node in {n.code for n in nodes})
    if node == printer.top.code:
        return 1.0
    mean = float(_mean_weights(printer.scores, printer.year, level)[node])
    return mean if mean > 0 else float("nan")


@lru_cache(maxsize=8)  # a level each, the same in each language
def _mean_weights(scores: Scores, year: int, level: str) -> pd.Series:
    weights = scores.without_nation(scores.weights_in_force(year, level))
    return weights.loc[weights.sum(axis=1) > 0].mean()


@lru_cache(maxsize=1)
def _stricter_rules(edition: Edition) -> pd.DataFrame:
    return stricter_rules(edition)


@lru_cache(maxsize=1)
def _shares_of_variance(scores: Scores, year: int) -> pd.Series:
    return shares_of_variance(scores, year)


def years_of(printer: Printer, node: str) -> str:
    """The years of the figures under a node or an indicator, of all regions: one, or the first and the last."""
    if "years" not in printer.extras:
        printer.extras["years"] = in_force(printer).groupby("indicator")["observed"].agg(["min", "max"]).dropna()
    known = printer.extras["years"]
    years = known[known.index.isin([*printer.edition.methodology.tree.under(node), node])]
    if years.empty:
        return printer.language.number(float("nan"), 0)
    low, high = int(years["min"].min()), int(years["max"].max())
    return str(low) if low == high else f"{low}–{high}"


def weights_in_force(printer: Printer) -> Section:
    """The weights as they count in this year, and what stricter rules would leave of the index."""
    rules = printer.edition.methodology
    coverage = min(node.coverage for node in rules.nodes[0])
    how = printer.text(
        "force.how",
        level=printer.level(rules.levels[0].name),
        coverage=printer.share(f"rule.{rules.levels[0].name}.all.coverage", coverage),
        max_age=printer.whole("rule.max_age", rules.max_age, "years"),
    )
    blocks: list[Block] = [Heading(printer.text("force.title"), 3, anchor="in-force"), Paragraph(how)]
    blocks.append(Paragraph(_without_carried(printer)))
    if (largest := _largest(printer)) is not None:
        blocks.append(Paragraph(largest))
    return Section([*blocks, _rules_table(printer), _table(printer)])


def _without_carried(printer: Printer) -> str:
    """What the index is without carried figures, in a sentence."""
    table = _stricter_rules(printer.edition)
    strict = table[table["max_age"] == 0].iloc[0]
    name = f"stricter.{printer.year}.age_0"
    values = {
        "regions": printer.whole(f"{name}.regions", strict["regions"]),
        "all": printer.whole(f"measured.{printer.year}.regions", len(printer.edition.regions)),
        "year": printer.year,
    }
    if not strict["regions"]:
        return printer.text("force.carried.none", **values)
    if strict["spearman"] != strict["spearman"]:
        return printer.text("force.carried.few", **values)
    return printer.text(
        "force.carried.some",
        spearman=printer.ledger.number(f"{name}.spearman", strict["spearman"], decimals=2),
        moved=printer.whole(f"{name}.moved", strict["moved"], "ranks"),
        **values,
    )


def variance_shares(printer: Printer) -> pd.Series:
    """Share of the variance of the index that each indicator has; empty where the parts do not sum to the index."""
    if printer.nobody:
        return pd.Series(dtype=float)
    try:
        shares = _shares_of_variance(printer.scores, printer.year)
    except DataError:  # too few regions with an index
        return pd.Series(dtype=float)
    return shares if math.isclose(shares.sum(), 1, abs_tol=1e-6) else shares.iloc[:0]


def _largest(printer: Printer) -> str | None:
    """The indicator that decides most about the index, why, and whether that is more than one should have."""
    shares = variance_shares(printer)
    if shares.empty:
        return None
    code, name = str(shares.idxmax()), f"force.{printer.year}.variance"
    level = printer.edition.methodology.levels[0].name
    home = printer.edition.methodology.indicators.set_index("code")[level]
    siblings = home.index[home == home[code]]
    inside = printer.scores.without_nation(in_force(printer))
    measured = sum(bool((inside["indicator"] == each).any()) for each in siblings)
    values = {
        "indicator": printer.title(code),
        "component": printer.title(str(home[code])),
        "share": printer.ledger.number(f"{name}.{code}", 100 * shares[code], unit="%", decimals=1),
        "n": printer.whole(f"{name}.measured", measured),
        "all": printer.whole(f"{name}.siblings", len(siblings)),
        "weight": printer.ledger.number(
            f"force.{printer.year}.mean.{code}",
            100 * inside.loc[inside["indicator"] == code, "weight"].mean(), unit="%", decimals=1,
        ),
        "full": printer.ledger.number(
            f"weight.{code}", 100 * printer.scores.implied_weights()[code], unit="%", decimals=2
        ),
        "limit": printer.share("rule.largest_share", LARGEST_SHARE),
    }  # fmt: skip
    above = shares[code] > LARGEST_SHARE
    return joined((printer.text(key, **values) for key in ("force.variance", f"force.variance.{above}".lower())), " ")


def _rules_table(printer: Printer) -> Table:
    table = _stricter_rules(printer.edition)
    rows = []
    for place, row in enumerate(table.to_dict("records")):
        aged = row["max_age"] != table["max_age"].iloc[0]
        part = f"age_{row['max_age']:.0f}" if aged else f"coverage_{100 * row['coverage']:.0f}"
        name = f"stricter.{printer.year}.{part if place else 'in_force'}"
        rows.append(
            [
                printer.text(
                    "force.rule.in_force" if not place else "force.rule.age" if aged else "force.rule.coverage"
                ),
                printer.whole(f"{name}.max_age", row["max_age"], "years"),
                printer.share(f"{name}.coverage", row["coverage"]),
                printer.whole(f"{name}.regions", row["regions"]),
                printer.ledger.number(
                    f"{name}.nation", row["nation"], unit="points", decimals=printer.edition.methodology.decimals
                ),
                printer.ledger.number(f"{name}.spearman", row["spearman"], decimals=2),
                printer.whole(f"{name}.moved", row["moved"], "ranks"),
            ]
        )
    words = ("rule", "max_age", "coverage", "regions", "nation", "spearman", "moved")
    return Table(
        name="stricter",
        caption=printer.text("force.stricter", year=printer.year),
        columns=[printer.text(f"force.column.{word}") for word in words],
        rows=rows,
        data=table,
        note=printer.text("force.stricter.note"),
    )


def _table(printer: Printer) -> Table:
    """Each measured indicator: its full weight, what it counts here, and the year of its figures."""
    rules, used = printer.edition.methodology, in_force(printer)
    stated = printer.scores.implied_weights()
    level = rules.levels[0].name
    home = rules.indicators.set_index("code")[level]
    inside, variance = printer.scores.without_nation(used), variance_shares(printer)
    rows = []
    for code in (code for code in home.index if code in set(used["indicator"])):
        mine = inside[inside["indicator"] == code]
        known = mine["weight"].dropna()
        national = used.loc[(used["region"] == printer.nation) & (used["indicator"] == code), "observed"]
        shown = [
            printer.ledger.number(f"force.{printer.year}.{part}.{code}", 100 * value, unit="%", decimals=1)
            for part, value in (("mean", known.mean()), ("low", known.min()), ("high", known.max()))
        ]
        rows.append(
            [
                printer.title(code),
                printer.title(str(home[code])),
                printer.ledger.number(f"weight.{code}", 100 * stated[code], unit="%", decimals=2),
                shown[0],
                shown[1] if shown[1] == shown[2] else joined([shown[1], shown[2]], "–"),
                printer.ledger.number(
                    f"force.{printer.year}.variance.{code}", 100 * variance.get(code, math.nan), unit="%", decimals=1
                ),
                printer.whole(f"force.{printer.year}.regions.{code}", len(mine)),
                years_of(printer, code),
                str(int(national.iloc[0])) if len(national) else printer.language.number(float("nan"), 0),
            ]
        )
    words = ("indicator", "component", "stated", "mean", "range", "variance", "measured", "years", "nation_year")
    return Table(
        name="weights-in-force",
        caption=printer.text("force.table", year=printer.year),
        columns=[printer.text(f"force.column.{word}") for word in words],
        rows=rows,
        data=used.assign(stated=used["indicator"].map(stated), variance=used["indicator"].map(variance)),
        note=printer.text("force.note"),
        numeric=2,
    )
