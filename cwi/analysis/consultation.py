"""What a consultation means for the index: weights from votes and experts, and who moves under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.derivation import derive
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.index import Scores
from cwi.inputs.consultation import (
    FLOOR,
    LEAST,
    LIMIT,
    Ballots,
    Consultation,
    Counting,
    Panel,
    Patterns,
    Register,
    deduplicate,
    hand_in,
    merge_small,
    mix,
    parents_of,
    read_consultation,
    stuffing,
    synthesize_consultation,
    with_weights,
)
from cwi.methodology import Methodology
from cwi.methods.ballots import effective_number
from cwi.methods.ranking import rank
from cwi.textfiles import number

__all__ = ["Consulted", "collected", "consult", "lambdas_of"]

Array = NDArray[np.float64]

LEVEL = 0.90  # share of the draws inside an interval
UNTOLD = "not stated"
TOGETHER = "any of them"


@dataclass(frozen=True, eq=False)
class Consulted:
    """What was found, as tables.

    ``steps``      from the ballots that were read to those that count: step, ballots
    ``voters``     variable, category, ballots, share, target: who voted, against the margins; small groups merged
    ``effective``  how many voters of equal weight the raked ones are worth
    ``flags``      flag, rule, ballots, share, counted (flagged ballots among those that count), change (the largest
                   change of a weight without them), part (whose weight it is), moved (regions whose rank differs when
                   votes alone weigh); fewer than ten ballots are not told
    ``weights``    index part; level, parent, official, votes, low, high, experts, experts_low, experts_high
    ``implied``    index indicator; component, official, votes, experts: what each counts in the index
    ``agreement``  parent, parts, w, distance
    ``consistency`` parent, parts, experts, median, beyond (share of the experts above the limit)
    ``children``   index part; level, parent, children, low, high, adults; empty if there are too few of either
    ``ranks``      region, lam, score, rank, low, high, unscored (share of the draws in which the region has no score:
                   the expert gave nothing to what was measured); of the official weights lam is not a number
    ``measured``   lam, regions (that have an index when these weights say too whether enough was measured)
    ``register``   of proposals
    """

    year: int
    synthetic: bool
    steps: pd.DataFrame
    voters: pd.DataFrame
    effective: float
    experts: int
    set_aside: int
    flags: pd.DataFrame
    weights: pd.DataFrame
    implied: pd.DataFrame
    agreement: pd.DataFrame
    consistency: pd.DataFrame
    children: pd.DataFrame
    ranks: pd.DataFrame
    measured: pd.DataFrame
    register: Register


def collected(edition: Edition, folder: str | Path, *, rng: np.random.Generator) -> Consultation:
    """The consultation in a folder; where none is named, a synthetic one, marked in every row.

    Raises
    ------
    DataError
        If a table of the folder is missing or cannot be used.
    """
    methodology, territory = edition.methodology, edition.territory
    if folder:
        return read_consultation(Path(folder), methodology, territory)
    drawn = synthesize_consultation(methodology, territory, population=_people(edition), rng=rng)
    return hand_in(drawn, methodology, territory)


def consult(
    edition: Edition,
    consultation: Consultation,
    *,
    rng: np.random.Generator,
    draws: int,
    lambdas: Sequence[float] | str = (0.0, 0.5, 1.0),
    rule: str = "share",
    floor: float = FLOOR,
) -> Consulted:
    """Count a consultation and weigh the index by it.

    In every draw voters are drawn anew and raked anew, and one expert is drawn whole. Whether enough was measured is
    judged by the official weights, so that regions are compared on what is there; ``measured`` tells what the other
    weights would have asked for.

    Parameters
    ----------
    edition
        Its year is scored.
    consultation
        Read with the edition's methodology.
    rng
        The generator that voters and experts are drawn from.
    draws
        How often they are drawn, at least 1.
    lambdas
        The shares of the votes, the experts have the rest; numbers, or a text of numbers divided by commas.
    rule, floor
        How ballots become weights, as in :class:`~cwi.inputs.consultation.Counting`.

    Raises
    ------
    DataError
        If a margin cannot be met, λ is not from 0 to 1, or there are too few ballots.
    """
    if draws < 1:
        raise DataError(f"draws is {draws}; it must be at least 1")
    shares = lambdas_of(lambdas)
    methodology, scores = edition.methodology, edition.scores
    counting = Counting(methodology, rule, floor, consultation.margins)
    ballots = deduplicate(consultation.ballots)
    experts = consultation.panel.mean()
    votes = counting.weights(ballots)
    redrawn = counting.redrawn(ballots, draws=draws, rng=rng)
    drawn = consultation.panel.weights.iloc[rng.integers(len(consultation.panel), size=draws)]
    patterns = stuffing(consultation.ballots, _people(edition))
    return Consulted(
        year=edition.year,
        synthetic=consultation.synthetic,
        steps=ballots.steps,
        voters=pd.concat([_voters(ballots, name, margin) for name, margin in consultation.margins.items()]),
        effective=effective_number(counting.voters(ballots)),
        experts=len(consultation.panel),
        set_aside=len(consultation.panel.set_aside),
        flags=_flags(patterns, consultation.ballots, ballots, counting, scores, edition.year),
        weights=_weights(scores, votes, redrawn, consultation.panel, experts),
        implied=_implied(methodology, {"official": _official(scores), "votes": votes, "experts": experts}),
        agreement=consultation.panel.agreement(),
        consistency=_consistency(consultation.panel),
        children=_children(ballots, Counting(methodology, rule, floor, _without(consultation)), draws, rng),
        ranks=_ranks(scores, edition.year, shares, experts, votes, drawn, redrawn),
        measured=_measured(edition, shares, experts, votes),
        register=consultation.register,
    )


def lambdas_of(said: Sequence[float] | str) -> tuple[float, ...]:
    """The shares of the votes, as numbers or as a text.

    Raises
    ------
    DataError
        If one is no number from 0 to 1, or there is none.

    Examples
    --------
    >>> lambdas_of("0, 0.5, 1")
    (0.0, 0.5, 1.0)
    """
    found = [number(word.strip()) for word in said.split(",")] if isinstance(said, str) else [float(x) for x in said]
    if not found or any(x is None or not 0 <= x <= 1 for x in found):
        raise DataError(
            f"λ is {said!r}; it must be numbers from 0 (experts only) to 1 (votes only), such as '0, 0.5, 1'"
        )
    return tuple(float(x) for x in found if x is not None)


def _people(edition: Edition) -> pd.Series:
    return edition.population.reindex(edition.regions)


def _without(consultation: Consultation) -> dict[str, pd.Series]:
    """The margins without that of the groups, to compare groups."""
    return {name: margin for name, margin in consultation.margins.items() if name != "group"}


def _voters(ballots: Ballots, variable: str, margin: pd.Series) -> pd.DataFrame:
    """Who voted, against the margin; categories of few voters in one row."""
    counts = ballots.frame[variable].replace("", UNTOLD).value_counts()
    shown = merge_small(counts)
    target = margin.reindex(shown.index)
    merged = shown.index.difference(counts.index)
    target[merged] = margin.drop(shown.index, errors="ignore").sum()
    table = pd.DataFrame({"ballots": shown, "share": shown / shown.sum(), "target": target})
    table = table.rename_axis("category").reset_index()
    table.insert(0, "variable", variable)
    return table


def _official(scores: Scores) -> pd.Series:
    return scores.edges.set_index("node")["weight"].rename("official")


def _levels(methodology: Methodology) -> pd.Series:
    """The level of every part."""
    return pd.Series(dict(methodology.tree.level_of)).drop(methodology.tree.top)


def _between(draws: pd.DataFrame) -> Array:
    return np.asarray(np.quantile(draws.to_numpy(float), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0))


def _weights(scores: Scores, votes: pd.Series, redrawn: pd.DataFrame, panel: Panel, experts: pd.Series) -> pd.DataFrame:
    low, high = _between(redrawn)
    spread = panel.spread()
    return pd.DataFrame(
        {
            "level": _levels(scores.methodology),
            "parent": panel.parents,
            "official": _official(scores),
            "votes": votes,
            "low": pd.Series(low, redrawn.columns),
            "high": pd.Series(high, redrawn.columns),
            "experts": experts,
            "experts_low": spread["low"],
            "experts_high": spread["high"],
        },
    ).reindex(panel.parents.index)


def _implied(methodology: Methodology, weights: dict[str, pd.Series]) -> pd.DataFrame:
    """What each indicator counts in the index: the product of the weights above it."""
    tree = methodology.tree
    table = pd.DataFrame(
        {
            name: tree.implied([own.reindex(list(codes)).to_numpy(float) for codes in tree.codes[:-1]])[0]
            for name, own in weights.items()
        },
        index=pd.Index(tree.codes[0]),
    )
    table.insert(0, methodology.levels[0].name, pd.Series(tree.parent_of).reindex(table.index))
    return table


def _by_level(methodology: Methodology, weights: pd.DataFrame) -> list[Array]:
    """Weights by code, a row a draw, as the arrow takes them."""
    return [weights[list(codes)].to_numpy(float)[:, None, :] for codes in methodology.tree.codes[:-1]]


def _index(scores: Scores, year: int, weights: pd.DataFrame) -> tuple[pd.Index, Array, Array]:
    """The regions, and their indices and ranks under each row of weights."""
    values = scores.without_nation(scores.values(year))
    derived = derive(
        values.to_numpy(float), scores.methodology, base=scores.base, weights=_by_level(scores.methodology, weights)
    )
    return values.index, derived.index, rank(derived.index, decimals=scores.methodology.decimals)


def _flags(
    patterns: Patterns, read: Ballots, counted: Ballots, counting: Counting, scores: Scores, year: int
) -> pd.DataFrame:
    """Each flag, and what is left without the ballots that carry it."""
    names = list(patterns.table["flag"])
    every = patterns.on(read)
    together = {"flag": TOGETHER, "rule": "", "ballots": int(every.sum()), "share": float(every.mean())}
    table = pd.concat([patterns.table, pd.DataFrame([together])], ignore_index=True)
    marks = np.array([*(patterns.on(counted, name) for name in names), patterns.on(counted)])
    table["counted"] = marks.sum(axis=1)
    told = table["counted"].between(LEAST, len(counted) - LEAST)
    rows = pd.DataFrame(
        [
            counting.weights(counted),
            *(_without_flagged(counted, mark, counting) for mark in marks[told.to_numpy()]),
        ]
    ).reset_index(drop=True)
    change = (rows.iloc[1:] - rows.iloc[0]).abs().set_index(table.index[told])
    _, _, ranks = _index(scores, year, rows)
    moved = (np.nan_to_num(ranks[1:]) != np.nan_to_num(ranks[:1])).sum(axis=1)
    table["change"] = change.max(axis=1)
    table["part"] = change.idxmax(axis=1).reindex(table.index, fill_value="")
    table["moved"] = pd.Series(moved, change.index)
    for column in ("ballots", "counted"):
        table[column] = table[column].astype(float).mask(table[column].between(1, LEAST - 1))
    return table.assign(share=table["share"].where(table["ballots"].notna()))


def _without_flagged(counted: Ballots, mark: NDArray[np.bool_], counting: Counting) -> pd.Series:
    """Weights without the ballots that carry a flag; a category that is left without any leaves the margins."""
    kept = counted.select(~mark)
    margins = {
        name: margin[margin.index.isin(kept.frame[name].unique())] for name, margin in (counting.margins or {}).items()
    }
    return replace(counting, margins={name: left / left.sum() for name, left in margins.items()}).weights(kept)


def _consistency(panel: Panel) -> pd.DataFrame:
    found = panel.consistency.assign(beyond=panel.consistency["ratio"] > LIMIT)
    return (
        found.groupby("parent", sort=False)
        .agg(
            parts=("parts", "first"), experts=("expert", "size"), median=("ratio", "median"), beyond=("beyond", "mean")
        )
        .reset_index()
    )


def _children(ballots: Ballots, counting: Counting, draws: int, rng: np.random.Generator) -> pd.DataFrame:
    """Children's votes apart from those of adults; a margin that one of the two cannot meet is left out."""
    young = (ballots.frame["group"] == "child").to_numpy()
    parents = parents_of(counting.methodology)
    empty = pd.DataFrame(columns=["level", "parent", "children", "low", "high", "adults"])
    if min(young.sum(), (~young).sum()) < LEAST:
        return empty
    parts = {"children": ballots.select(young), "adults": ballots.select(~young)}
    common = {
        name: margin
        for name, margin in (counting.margins or {}).items()
        if all(set(margin.index[margin > 0]) <= set(part.frame[name]) for part in parts.values())
    }
    alike = Counting(counting.methodology, counting.rule, counting.floor, common)
    low, high = _between(alike.redrawn(parts["children"], draws=draws, rng=rng))
    return pd.DataFrame(
        {
            "level": _levels(counting.methodology).reindex(parents.index),
            "parent": parents,
            "children": alike.weights(parts["children"]),
            "low": low,
            "high": high,
            "adults": alike.weights(parts["adults"]),
        }
    )


def _ranks(
    scores: Scores,
    year: int,
    shares: Sequence[float],
    experts: pd.Series,
    votes: pd.Series,
    drawn: pd.DataFrame,
    redrawn: pd.DataFrame,
) -> pd.DataFrame:
    parts = list(experts.index)
    official = _official(scores).reindex(parts)
    named = [(np.nan, official), *((lam, mix(experts, votes, lam)) for lam in shares)]
    regions, index, ranks = _index(scores, year, pd.DataFrame([own for _, own in named]).reset_index(drop=True))
    tables = []
    for at, (lam, _) in enumerate(named):
        table = pd.DataFrame({"region": regions, "lam": lam, "score": index[at], "rank": ranks[at]})
        if at:
            many = pd.DataFrame(lam * redrawn[parts].to_numpy() + (1 - lam) * drawn[parts].to_numpy(), columns=parts)
            _, _, found = _index(scores, year, many)
            seen = ~np.isnan(found)
            tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
            ends = np.nanquantile(np.where(seen.any(axis=0), found, 0.0), tails, axis=0, method="inverted_cdf")
            table["low"], table["high"] = np.where(seen.any(axis=0), ends, np.nan)
            table["unscored"] = 1 - seen.mean(axis=0)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _measured(edition: Edition, shares: Sequence[float], experts: pd.Series, votes: pd.Series) -> pd.DataFrame:
    top = edition.methodology.top.code
    rows = []
    for lam in shares:
        own = with_weights(edition.methodology, mix(experts, votes, lam))
        index = edition.under(own).scores.of(top)[edition.year]
        rows.append({"lam": lam, "regions": int(index.reindex(edition.regions).notna().sum())})
    return pd.DataFrame(rows)
