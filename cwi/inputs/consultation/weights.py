"""From ballots to weights: post-stratified, redrawn, mixed with experts' weights, put into a methodology.

Votes are a consultation, not a sample: who came decided so. Post-stratification makes the groups count as they do in
the population; it cannot make those who came speak for those who did not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.errors import DataError, MethodologyError, near
from cwi.folders import relative
from cwi.inputs.consultation.ballots import GROUPS, LANGUAGES, LEAST, Ballots
from cwi.inputs.consultation.experts import parents_of
from cwi.inputs.consultation.rows import Rows, numbers, read_rows
from cwi.methodology import Methodology
from cwi.methods import ballots as counting

__all__ = ["FLOOR", "Counting", "margins_of", "mix", "read_margins", "with_weights"]

Array = NDArray[np.float64]
Margins = Mapping[str, "pd.Series[float]"]

MARGINS = ("variable", "category", "population")
RULES = ("share", "approval")
FLOOR = 0.1  # the least weight, as a share of the weight that a part would have if all counted alike: a working choice


def read_margins(path: Path, regions: Collection[str] = ()) -> tuple[dict[str, pd.Series], bool]:
    """Shares of the population by variable, from a table with the columns variable, category and population.

    ``regions``: the codes that a region may have; any by default.

    Returns
    -------
    (margins, synthetic): a series a variable (group, region or language), summing to one.

    Raises
    ------
    DataError
        With file and line, if a variable or a category is unknown, or a category is listed twice.
    """
    rows = read_rows(path, "margins", required=MARGINS, optional=("source",), numeric=["population"])
    return margins_of(rows, regions), rows.synthetic


def margins_of(rows: Rows, regions: Collection[str] = ()) -> dict[str, pd.Series]:
    """The margins of rows; see :func:`read_margins`."""
    rows.check("variable", ("group", "region", "language"), "variable")
    frame = rows.frame.assign(population=numbers(rows, "population", 0, np.inf))
    for row in frame.index[frame.duplicated(["variable", "category"])]:
        raise rows.refuse(row, "category", f"'{frame.at[row, 'category']}' is listed twice")
    for variable, known in (("group", GROUPS), ("language", LANGUAGES), ("region", regions)):
        for row, category in frame.loc[frame["variable"] == variable, "category"].items():
            if known and category not in known:
                reason = f"there is no {variable} '{category}'{near(category, known)}"
                raise rows.refuse(row, "category", reason)
    return {
        str(variable): part.set_index("category")["population"] / part["population"].sum()
        for variable, part in frame.groupby("variable", sort=False)
    }


@dataclass(frozen=True, eq=False)
class Counting:
    """How ballots become weights.

    ``rule``     ``share``: every voter has one vote under each parent, divided among what was ticked there;
                 ``approval``: every tick counts
    ``floor``    the least weight of a part, as a share of the weight it would have if all counted alike
    ``margins``  shares of the population by variable, that voters are raked to; none: every ballot counts alike

    An indicator is ticked or not; a group above is supported by the share of its indicators that were ticked, so that
    a group of many indicators does not win by their number.
    """

    methodology: Methodology
    rule: str = "share"
    floor: float = FLOOR
    margins: Margins | None = None

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise DataError(f"no rule of counting votes is called '{self.rule}'{near(self.rule, RULES)}")
        if not 0 <= self.floor <= 1:
            raise DataError(f"floor is {self.floor:g}; it must be from 0 (no least weight) to 1 (all count alike)")

    def voters(self, ballots: Ballots) -> Array:
        """What each voter counts, (n,), one on average.

        Who did not tell a variable keeps the share that such voters have.
        """
        cells, margins = self._cells(ballots)
        counts = np.bincount(cells).astype(float)
        with self._met():
            return np.asarray((counting.rake(counts, margins) / counts)[cells] * len(ballots))

    def weights(self, ballots: Ballots) -> pd.Series:
        """Weights of all parts of the tree, summing to one under each parent.

        Raises
        ------
        DataError
            If there are fewer than ten ballots, or a margin cannot be met.
        """
        votes, parents = self._votes(ballots)
        result = counting.weights_of(self.voters(ballots) @ votes, parents, floor=self.floor)
        return pd.Series(result, parents_of(self.methodology).index, name="votes")

    def redrawn(self, ballots: Ballots, *, draws: int, rng: np.random.Generator) -> pd.DataFrame:
        """Weights from redrawn voters, a row a draw: how far the weights depend on who happened to come.

        Every draw is raked anew. It is no margin of error for the population.
        """
        votes, parents = self._votes(ballots)
        cells, margins = self._cells(ballots)
        with self._met():
            totals = counting.resampled(votes, cells, margins, draws=draws, rng=rng)
        result = counting.weights_of(totals, parents, floor=self.floor)
        return pd.DataFrame(result, columns=parents_of(self.methodology).index)

    @contextmanager
    def _met(self) -> Iterator[None]:
        """Refuse margins that cannot be met together."""
        try:
            yield
        except ValueError as problem:
            raise DataError(
                f"the margins of {', '.join(self.margins or ())} cannot be met together: {problem}"
            ) from None

    def _votes(self, ballots: Ballots) -> tuple[Array, NDArray[np.intp]]:
        """What each ballot gives to each part, and the parent of each part."""
        if len(ballots) < LEAST:
            raise DataError(f"there are {len(ballots)} ballots; weights are made of at least {LEAST}")
        above = parents_of(self.methodology)
        if tuple(above.index[: len(ballots.codes)]) != ballots.codes:
            raise DataError("the ballots are on the indicators of another methodology; read them with this one")
        parents = np.asarray(pd.factorize(above)[0])
        support = counting.support(ballots.ticks, _under(above, ballots.codes))
        return (counting.divided(support, parents) if self.rule == "share" else support), parents

    def _cells(self, ballots: Ballots) -> tuple[NDArray[np.intp], list[tuple[NDArray[np.intp], Array]]]:
        """The cell of each ballot, and for each margin the category of each cell and the shares."""
        margins = dict(self.margins or {})
        if not margins:
            return np.zeros(len(ballots), dtype=np.intp), []
        keys = pd.MultiIndex.from_frame(ballots.frame[list(margins)])
        cells, combinations = pd.factorize(keys)
        result = []
        for level, (variable, shares) in enumerate(margins.items()):
            known = ballots.frame[variable]
            wanted = _wanted(variable, shares, known)
            result.append((wanted.index.get_indexer(combinations.get_level_values(level)), wanted.to_numpy(float)))
        return np.asarray(cells), result


def mix(experts: pd.Series, votes: pd.Series, lam: float) -> pd.Series:
    """λ of the votes and 1 - λ of the experts.

    Raises
    ------
    DataError
        If λ is not from 0 to 1, or the two do not speak of the same parts.

    Examples
    --------
    >>> mix(pd.Series({"a": 0.5, "b": 0.5}), pd.Series({"a": 0.9, "b": 0.1}), 0.25).round(3).to_dict()
    {'a': 0.6, 'b': 0.4}
    """
    if not 0 <= lam <= 1:
        raise DataError(f"λ is {lam:g}; it must be from 0 (experts only) to 1 (votes only)")
    if set(experts.index) != set(votes.index):
        only = sorted(set(experts.index) ^ set(votes.index))
        raise DataError(f"experts and votes must speak of the same parts; only one of them speaks of '{only[0]}'")
    return lam * votes.reindex(experts.index) + (1 - lam) * experts


def with_weights(methodology: Methodology, weights: Mapping[str, float] | pd.Series, level: str = "") -> Methodology:
    """The methodology with stated weights, by code.

    Parameters
    ----------
    weights
        For all parts of each parent that is spoken of; they need not sum to one.
    level
        Take only the parts of this level, such as ``"indicator"``; of all levels by default.

    Raises
    ------
    MethodologyError
        If a code or the level is unknown, a weight is below zero or no number, or a parent is spoken of in part.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> heavier = with_weights(read_methodology("2024.1"), {"emissions": 0.8, "waste_recycling": 0.2})
    >>> node = next(node for node in heavier.nodes[0] if node.code == "ecology")
    >>> node.weighting.name, [float(heavier.stated_weights[0][part]) for part in node.parts]
    ('stated', [0.8, 0.2])
    """
    parents = parents_of(methodology)
    names = methodology.tree.levels[:-1]
    level_of = {code: level for code, level in methodology.tree.level_of.items() if level in names}
    where = relative(methodology.path)
    if level and level not in names:
        raise MethodologyError(f"{where}: no level of parts is called '{level}'{near(level, names)}")
    for code, weight in weights.items():
        if code not in level_of:
            raise MethodologyError(f"{where}: there is no part '{code}' to weigh{near(code, level_of)}")
        if not 0 <= weight < np.inf:
            raise MethodologyError(f"{where}: the weight of '{code}' is {weight:g}; it must be a number not below zero")
    given = {str(code): float(weight) for code, weight in weights.items() if not level or level_of[str(code)] == level}
    spoken = list(dict.fromkeys(parents[code] for code in given))
    for parent in spoken:
        for code in parents.index[parents == parent]:
            if code not in given:
                raise MethodologyError(f"{where}: the weights of the parts of '{parent}' do not name '{code}'")
    node: dict[str, dict[str, object]] = {parent: {"weighting": "stated"} for parent in spoken}
    for code, weight in given.items():
        if level_of[code] != "indicator":
            node[code] = {**node.get(code, {}), "weight": weight}
    table = methodology.indicators
    merged = [given.get(code, old) for code, old in zip(table["code"], table["weight"], strict=True)]
    return methodology.replace(indicators=table.assign(weight=merged), node=node)


def _under(above: pd.Series, codes: Sequence[str]) -> Array:
    """1 where an indicator is under a part, an indicator under itself."""
    under = pd.DataFrame(0.0, index=list(codes), columns=above.index)
    for code in codes:
        part = code
        while part in above.index:
            under.at[code, part] = 1.0
            part = above[part]
    return under.to_numpy()


def _wanted(variable: str, shares: pd.Series, known: pd.Series) -> pd.Series:
    """The shares to be met: of those with an answer as in the margin, and the others as they are."""
    counts = known.value_counts()
    for category in counts.index[(counts.index != "") & ~counts.index.isin(shares.index)]:
        raise DataError(
            f"ballots name the {variable} '{category}', which the margins do not name{near(category, shares.index)}"
        )
    for category in shares.index[(shares > 0) & ~shares.index.isin(counts.index)]:
        raise DataError(
            f"no ballot is from the {variable} '{category}', which has {shares[category]:.1%} of the population; merge "
            "categories, or leave the margin out"
        )
    silent = float((known == "").mean())
    wanted = shares * (1 - silent)
    return pd.concat([wanted, pd.Series({"": silent})]) if silent else wanted
