"""Write the tables of docs/choosing-a-method.md: .venv/bin/python docs/choosing_a_method.py

The script is beside the page it fills, so that the origin of the numbers is easy to see. It writes
between the lines ``<!-- table: name -->`` and ``<!-- end -->`` and leaves all other text as it is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cwi import Edition, MethodologyError, Scores, read_edition
from cwi.methods.benefit_of_doubt import benefit_of_doubt
from cwi.methods.ranking import (
    dominance,
    mean_rank_shift,
    movers,
    rank,
    rank_within,
    robust_dominance,
    spearman,
)
from cwi.traits import methods_of, traits_of
from cwi.traits import words as words_of

PAGE = Path(__file__).with_name("choosing-a-method.md")
BLOCK = re.compile(r"(<!-- table: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
YEARS = (2019, 2023)
LEVELS = ("component", "dimension", "index")
SAME = 1e-9  # scores closer than this share a rank
HEAD = ("ρ", "mean shift", "> 2", "> 5", "moves most")

# What the page shows of words that need parameters: examples made up for it, nobody's judgement.
DIMENSIONS = ("child", "family_community", "public_policy", "country")
POINTS = {"child": 40, "family_community": 20, "public_policy": 20, "country": 20}
JUDGEMENTS = {"child": dict.fromkeys(DIMENSIONS[1:], 2), **{code: {} for code in DIMENSIONS[1:]}}
JUDGEMENTS["family_community"] = {"public_policy": 1, "country": 1}
JUDGEMENTS["public_policy"] = {"country": 1}

Changes = Mapping[str, Any]
Answer = pd.Series | str


@dataclass(frozen=True)
class Row:
    """An alternative: what the page calls it, and the arguments of ``methodology.replace``, which may need a year."""

    name: str
    changes: Changes | Callable[[Edition], Changes]
    level: str = ""
    against: Changes | None = None


@cache
def edition(year: int) -> Edition:
    """The edition of a year, read once."""
    return read_edition(year)


def scored(year: int, changes: Changes | Callable[[Edition], Changes]) -> Scores:
    """The scores of a year under the working methodology with something replaced."""
    here = edition(year)
    replaced = changes(here) if callable(changes) else changes
    return here.under(**replaced).scores


def index_of(scores: Scores, year: int) -> pd.Series:
    """The index of the edition's regions, in their order."""
    return scores.of(scores.methodology.top.code)[year].reindex(edition(year).regions)


def answer(year: int, changes: Changes | Callable[[Edition], Changes]) -> Answer:
    """The index of the regions, or the sentence with which the methodology refuses."""
    try:
        scores = scored(year, changes)
    except MethodologyError as error:
        return str(error).split("replaced: ")[-1]
    index = index_of(scores, year)
    if index.notna().any():
        return index
    empty = scores.nodes.groupby("node", sort=False)["score"].apply(lambda s: s.isna().all())
    usual = edition(year).scores.nodes.groupby("node", sort=False)["score"].apply(lambda s: s.isna().all())
    lost = [node for node in scores.nodes["node"].unique() if empty[node] and not usual[node]]
    floor = [level.name for level in scores.methodology.levels]
    level_of = scores.nodes.drop_duplicates("node").set_index("node")["level"]
    lowest = min((floor.index(level_of[node]) for node in lost if level_of[node] in floor), default=0)
    named = [f"`{node}`" for node in lost if level_of[node] == floor[lowest]]
    return f"no region has an index: too little is measured in {' and '.join(named)}"


def ranks(index: pd.Series) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Ranks of unrounded scores: an alternative may have another unit, in which one decimal means something else."""
    return rank_within(index.to_numpy(float), tolerance=SAME)


def number(value: float, decimals: int = 2) -> str:
    """A number as the page prints it."""
    return "–" if np.isnan(value) else f"{value:.{decimals}f}"


def moves_most(year: int, before: Any, after: Any) -> str:
    """The regions with the largest shift of rank; + is up."""
    up = before - after
    if not np.nanmax(np.abs(up)) > 0:
        return "nobody"
    far = np.nanmax(np.abs(up))
    titles = edition(year).territory.regions["name_en"]
    named = [
        f"{titles[region]} {shift:+.0f}".replace("-", "−")
        for region, shift in zip(edition(year).regions, up, strict=True)
        if abs(shift) == far
    ]
    return ", ".join(named[:2]) + (f" and {len(named) - 2} more" if len(named) > 2 else "")


def compared(year: int, reference: pd.Series, other: pd.Series) -> tuple[str, ...]:
    """The cells of HEAD."""
    before, after = ranks(reference), ranks(other)
    missing = int(other.isna().sum())
    return (
        number(float(spearman(reference.to_numpy(float), other.to_numpy(float)))),
        number(float(mean_rank_shift(before, after)), 1),
        str(int(movers(before, after, more_than=2).sum())),
        str(int(movers(before, after, more_than=5).sum())),
        moves_most(year, before, after) + (f"; {missing} have no index" if missing else ""),
    )


def lines(rows: Sequence[Row], levels: bool = False) -> str:
    """The table of a family: both years in each cell; then what refuses, in its own words."""
    head = ["word", *(["level"] if levels else []), *HEAD]
    text = [head, ["---"] * len(head)]
    refused: dict[str, list[str]] = {}
    moved: list[tuple[float, str]] = []  # of every alternative that changes anything: the lower ρ, and its name
    calm = 0
    for row in rows:
        cells: list[tuple[str, ...]] = []
        refusals: list[str] = []
        for year in YEARS:
            found = answer(year, row.changes)
            reference = index_of(edition(year).scores, year) if row.against is None else answer(year, row.against)
            assert not isinstance(reference, str), reference
            refusals.append(found if isinstance(found, str) else "")
            cells.append(("–",) * len(HEAD) if isinstance(found, str) else compared(year, reference, found))
        name = f"{row.name}, {row.level}" if row.level else row.name
        for sentence in dict.fromkeys(filter(None, refusals)):
            years = [str(year) for year, own in zip(YEARS, refusals, strict=True) if own == sentence]
            when = f" ({years[0]})" if len(years) < len(YEARS) else ""
            refused.setdefault(f"{sentence}{when}", []).append(name)
        if not all(refusals):
            numbers = [found for found in cells if found[0] != "–"]
            if any(found[1] != "0.0" for found in numbers):
                moved.append((min(float(found[0]) for found in numbers), name))
                calm += all(found[2] == "0" for found in numbers)
            joined = [" / ".join(pair) for pair in zip(*cells, strict=True)]
            text.append([row.name, *([row.level] if levels else []), *joined])
    result = "".join(f"| {' | '.join(cells)} |\n" for cells in text)
    least, furthest = min(moved)
    result += (
        f"\nOf {len(moved)} alternatives that change a rank, {calm} move no region by more than two places; the least "
        f"like the working rule is {furthest}, with a lowest ρ of {number(least)}.\n"
    )
    if refused:
        result += "\nMethods that cannot be applied here, and why:\n\n"
        result += "".join(f"- {'; '.join(names)}: {sentence}\n" for sentence, names in refused.items())
    return result


def linear(here: Edition) -> pd.DataFrame:
    """The indicators, none read on a logarithmic scale."""
    return here.methodology.indicators.assign(scale="linear")


RATIO = [word for word, function in methods_of("normalisation").items() if traits_of(function).needs_true_zero]


def normalisations() -> str:
    """Every normalisation; the ratio words once more where no logarithm stops them."""

    def on_linear(word: Any) -> Callable[[Edition], Changes]:
        return lambda here: {"normalisation": word, "indicators": linear(here)}

    words = sorted(words_of("normalisation"), key=lambda word: (word != "goalposts", word in RATIO))
    rows = [Row(f"`{word}`", {"normalisation": word}) for word in words]
    rows.insert(1, Row("`goalposts`, cap = false", {"normalisation": {"name": "goalposts", "cap": False}}))
    rows += [Row("`goalposts`, no logarithms", on_linear({"name": "goalposts", "cap": True}))]
    rows += [Row(f"`{word}`, no logarithms", on_linear(word)) for word in RATIO]
    return lines(rows)


def treatments() -> str:
    """Treatment of outliers, under fixed and under learnt ends."""
    plain: Changes = {"normalisation": "min_max"}
    z: Changes = {"normalisation": "z_score"}
    rows = [
        Row("`{}` with `goalposts`", {"treatment": {}}),
        Row('`{then = "boxcox"}` with `goalposts`', {"treatment": {"then": "boxcox"}}),
        Row("`{limit = 0}` with `goalposts`", {"treatment": {"limit": 0}}),
        Row("`{}` with `min_max`", {"treatment": {}, **plain}, against=plain),
        Row("`{}` with `z_score`", {"treatment": {}, **z}, against=z),
    ]
    text = lines(rows)
    for year in YEARS:
        scores = scored(year, {"treatment": {}})
        changed = scores.treated
        listed = ", ".join(f"`{code}` {n}" for code, n in changed.groupby("indicator", sort=False).size().items())
        text += f"\n`{{}}` changes {len(changed)} of {scores.cells['value'].notna().sum()} cells of {year}"
        text += f": {listed}.\n" if listed else ".\n"
    return text


def groups(here: Edition) -> dict[str, list[str]]:
    """Cities and regions, by code."""
    kind = here.territory.regions["kind"]
    return {word: [code for code in here.regions if kind[code] == word] for word in ("city", "region")}


def imputations() -> str:
    """How old a value may be, every imputation, and how many cells each fills."""

    def grouped(word: str) -> Callable[[Edition], Changes]:
        return lambda here: {"imputation": {"name": word, "groups": groups(here)}}

    rows = [Row(f"max_age = {age}", {"max_age": age}) for age in (0, 1, 2, 5)]
    rows += [
        Row("`carry`, max_age = 5", {"imputation": {"name": "carry", "max_age": 5}}),
        *(Row(f"`{word}`", {"imputation": word}) for word in ("linear", "mean", "median")),
        *(Row(f"`{word}`, cities and regions apart", grouped(word)) for word in ("group_mean", "group_median")),
        *(Row(f"`{word}`", {"imputation": word}) for word in ("regression", "em")),
    ]
    text = lines(rows)
    filled = [["word", *(f"cells filled {year}" for year in YEARS)], ["---"] * 3]
    for row in rows[4:]:
        counts = []
        for year in YEARS:
            try:
                cells = scored(year, row.changes).cells
            except MethodologyError:
                counts.append("–")
                continue
            cells = cells[cells["region"] != edition(year).methodology.nation]
            gaps = int((cells["value"].isna() | (cells["status"] == "imputed")).sum())
            counts.append(f"{int((cells['status'] == 'imputed').sum())} of {gaps}")
        filled.append([row.name, *counts])
    return text + "\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in filled)


def weightings() -> str:
    """Every weighting at every level."""
    words = ("equal", "stated", "entropy", "gini", "critic", "pca", "first_component", "correlation_balanced")
    rows = [
        Row(f"`{word}`", {level: {"weighting": word}}, level)
        for level in reversed(LEVELS)
        for word in (words if level == "index" else words[2:])  # equal is the working rule, and nothing else is stated
    ]
    examples: list[tuple[str, Any]] = [
        ("`gini`, inverse", {"name": "gini", "inverse": True}),
        ("`pca`, factors = 1", {"name": "pca", "factors": 1}),
        ("`budget_allocation`, example", {"name": "budget_allocation", "points": [POINTS]}),
        ("`ahp`, example", {"name": "ahp", "judgements": JUDGEMENTS}),
    ]
    rows[len(words) : len(words)] = [Row(name, {"index": {"weighting": rule}}, "index") for name, rule in examples]
    return lines(rows, levels=True)


def aggregations() -> str:
    """Every aggregation at every level."""
    rules: list[tuple[str, Any]] = [
        ("`arithmetic`", "arithmetic"),
        ("`geometric`", "geometric"),
        ("`geometric`, floor = 1", {"name": "geometric", "floor": 1.0}),
        ("`geometric`, floor = 10", {"name": "geometric", "floor": 10.0}),
        ("`harmonic`", "harmonic"),
        ("`harmonic`, floor = 10", {"name": "harmonic", "floor": 10.0}),
        ("`power`, p = 0.5", {"name": "power", "p": 0.5}),
        ("`power`, p = 2", {"name": "power", "p": 2.0}),
        ("`penalised`, down", {"name": "penalised", "direction": "down"}),
        ("`mean_min`, α = 0.5, β = 0", {"name": "mean_min", "alpha": 0.5, "beta": 0.0}),
        ("`mean_min`, α = 1, β = 0", {"name": "mean_min", "alpha": 1.0, "beta": 0.0}),
        ("`owa`, 0.1 0.2 0.3 0.4", {"name": "owa", "order_weights": [0.1, 0.2, 0.3, 0.4]}),
        *((f"`{word}`", word) for word in ("mean_of_ranks", "borda", "copeland", "condorcet", "kemeny", "wroclaw")),
    ]
    rows = [
        Row(name, {level: {"aggregation": rule}}, level)
        for level in reversed(LEVELS)
        for name, rule in (rules if level == "index" else rules[1:])  # arithmetic is the working rule
    ]
    return lines(rows, levels=True)


def doubts() -> str:
    """The benefit of the doubt on the four dimensions."""
    bounds: list[tuple[str, dict[str, Any]]] = [
        ("no bounds", {}),
        ("weights from 0.15 to 0.35", {"weights": (0.15, 0.35)}),
        ("shares from 0.15 to 0.35", {"shares": (0.15, 0.35)}),
        ("direction: the same in all four", {"direction": [1.0] * 4}),
    ]
    text = [["bounds", "with 1.000", *HEAD], ["---"] * (2 + len(HEAD))]
    for name, settings in bounds:
        cells = []
        for year in YEARS:
            scores = edition(year).scores
            y = scores.wide(year, "dimension").reindex(edition(year).regions)
            found = pd.Series(benefit_of_doubt(y.to_numpy(float), **settings), y.index).round(9)
            cells.append((str(int((found > 1 - 1e-6).sum())), *compared(year, index_of(scores, year), found)))
        text.append([name, *(" / ".join(pair) for pair in zip(*cells, strict=True))])
    return "".join(f"| {' | '.join(row)} |\n" for row in text)


def rankings() -> str:
    """What may be concluded from an order."""
    text = [["", *map(str, YEARS)], ["---"] * 3]
    asked: dict[str, list[str]] = {}
    for year in YEARS:
        scores = edition(year).scores
        index = index_of(scores, year).to_numpy(float)
        y = scores.wide(year, "dimension").reindex(edition(year).regions).to_numpy(float)
        indicators = scores.wide(year, "indicator").reindex(edition(year).regions)
        x = indicators.loc[:, indicators.notna().all()].to_numpy(float)
        pairs = len(index) * (len(index) - 1) // 2

        def shared(found: Any) -> str:
            return f"{len(found) - len(np.unique(found))}"

        facts = {
            "pairs of regions": str(pairs),
            **{f"`rank`, decimals = {d}: ranks lost to ties": shared(rank(index, decimals=d)) for d in (0, 1, 2)},
            "`rank_within`, tolerance 0.5: ranks lost to ties": shared(rank_within(index, tolerance=0.5)),
            "`dominance`: pairs led in all four dimensions": str(int(dominance(y).sum())),
            "`dominance`: pairs led in all indicators that every region has": str(int(dominance(x).sum())),
            **{
                f"`robust_dominance`, weights of dimensions ± {band:.2f}: pairs surely led": str(
                    int(robust_dominance(y, np.full(4, 0.25), band=band).sum())
                )
                for band in (0.05, 0.10, 0.25)
            },
        }
        for key, value in facts.items():
            asked.setdefault(key, []).append(value)
    text += [[key, *values] for key, values in asked.items()]
    return "".join(f"| {' | '.join(row)} |\n" for row in text)


def data() -> str:
    """What the editions are made of."""
    text = [["edition", "regions", "indicators with a figure for the nation", "of which carried"], ["---"] * 4]
    for year in YEARS:
        here = edition(year)
        cells = here.scores.cells[here.scores.cells["region"] == here.methodology.nation]
        has = cells[cells["value"].notna()]
        carried = int((has["observed"] < year).sum())
        text.append([str(year), str(len(here.regions)), f"{len(has)} of {len(cells)}", str(carried)])
    return "".join(f"| {' | '.join(row)} |\n" for row in text)


TABLES: Mapping[str, Callable[[], str]] = {
    "data": data,
    "normalisation": normalisations,
    "treatment": treatments,
    "imputation": imputations,
    "weighting": weightings,
    "aggregation": aggregations,
    "benefit of the doubt": doubts,
    "ranking": rankings,
}


def filled(text: str) -> str:
    """The page with its tables as they are today."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n{found[3]}", text)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {PAGE.name}", file=sys.stderr)
