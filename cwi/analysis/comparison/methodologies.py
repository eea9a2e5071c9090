"""One year under several methodologies: who moves, how far, and what holds whatever is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.edition import Edition, checked_edition
from cwi.errors import DataError, MethodologyError, near
from cwi.index import Scores
from cwi.methodology import Methodology
from cwi.methods import weighting
from cwi.methods.aggregation.of_units import thirds
from cwi.methods.ranking import kendall, mean_rank_shift, movers, rank_within, spearman

__all__ = ["Comparison", "compare", "incompatible", "weightings"]

Array = NDArray[np.float64]
SAME = 1e-9  # scores closer than this share a rank
SHIFTS = (2, 5)  # places
ALL = "all"


@dataclass(frozen=True, eq=False)
class Comparison:
    """What several methodologies, here called schemes, make of one year.

    ``scores``: scheme, region, score, rank, shift (places up against the reference), third (1 the best).
    ``schemes``: index scheme; fingerprint, regions (ranked in both), mean_shift, spearman, kendall, over_2, over_5 (how
    many regions move by more places), movers_2, movers_5 (which, the farthest first).
    ``weights``: scheme, indicator, weight: what each counts in the index when all are measured.
    ``refused``: scheme, reason: what could not be run.
    ``runs``: the scores of each scheme, whole.
    Ranks are those of unrounded scores: schemes have different units. The nation takes no part.
    """

    year: int
    reference: str
    scores: pd.DataFrame
    schemes: pd.DataFrame
    weights: pd.DataFrame
    refused: pd.DataFrame
    runs: Mapping[str, Scores]

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """A row a region in the order of the reference, a column a scheme."""
        wide = self.scores.pivot(index="region", columns="scheme", values="rank")[list(self.runs)]
        return wide.sort_values(self.reference, kind="stable")

    @property
    def correlations(self) -> pd.DataFrame:
        """Spearman's rank correlation of every two schemes."""
        return self._square(spearman)

    @property
    def shifts(self) -> pd.DataFrame:
        """Mean places moved between every two schemes."""
        return self._square(mean_rank_shift)

    def _square(self, measure: Callable[[Array, Array], Array]) -> pd.DataFrame:
        ranks = self.ranks.to_numpy(float).T
        return pd.DataFrame(measure(ranks[:, None], ranks), index=self.ranks.columns, columns=self.ranks.columns)

    @cached_property
    def robust(self) -> pd.DataFrame:
        """What holds under every scheme: a row a region.

        Returns
        -------
        DataFrame
            index region in the order of the reference; best, worst (ranks), spread (places), always: "first", "in the
            top third", "above the middle", "below the middle", "in the bottom third", "last" or nothing.
        """
        ranks = self.ranks
        n, third = len(ranks), ranks.apply(lambda column: thirds(column.to_numpy(float)))
        best, worst, middle = ranks.min(axis=1), ranks.max(axis=1), (n + 1) / 2
        lowest = ranks.max()  # the worst rank of a scheme, which ties may lift above n
        holds = {
            "first": worst == 1,
            "last": ranks.eq(lowest).all(axis=1),
            "in the top third": third.eq(1).all(axis=1),
            "in the bottom third": third.eq(3).all(axis=1),
            "above the middle": worst < middle,
            "below the middle": best > middle,
        }
        always = np.select(list(holds.values()), list(holds), default="")
        whole = ranks.notna().all(axis=1)  # of a region that a scheme does not rank nothing is said
        return pd.DataFrame(
            {"best": best, "worst": worst, "spread": worst - best, "always": np.where(whole, always, "")},
            index=ranks.index,
        )

    def beyond(self, intervals: pd.DataFrame) -> pd.DataFrame:
        """Which ranks are outside the interval that noise on the weights alone would give them.

        Parameters
        ----------
        intervals
            Index region with the columns rank_p5 and rank_p95, as
            :meth:`cwi.analysis.uncertainty.Simulation.summary` has them.

        Returns
        -------
        DataFrame
            scheme, region, rank, low, high, beyond: places outside the interval, below zero where better than noise
            would make it.
        """
        table = self.scores.loc[self.scores["scheme"] != self.reference, ["scheme", "region", "rank"]]
        table = table.join(intervals[["rank_p5", "rank_p95"]].set_axis(["low", "high"], axis=1), on="region")
        above, below = (table["rank"] - table["low"]).clip(upper=0), (table["rank"] - table["high"]).clip(lower=0)
        return table.assign(beyond=above + below).reset_index(drop=True)


def compare(edition: Edition, schemes: Mapping[str, Methodology | str]) -> Comparison:
    """Score an edition's year under every scheme and set them side by side; the first is the reference.

    Parameters
    ----------
    edition
        The year and all that was measured; of a table that is in no folder, ``Edition.of(table, methodology)``.
    schemes
        Methodologies by name; a text in the place of one is the reason why there is none.

    Returns
    -------
    Comparison
        What refuses, or would give an order that hangs on the choice of a scale, is listed with the reason.

    Raises
    ------
    DataError
        If there is no scheme.
    MethodologyError
        If the reference cannot be run.

    Examples
    --------
    >>> from cwi import read_edition
    >>> edition = read_edition(2023)
    >>> schemes = weightings(edition, "entropy, critic", level="index")
    >>> found = compare(edition, schemes)
    >>> list(found.ranks.columns), found.robust["always"].iloc[0]
    (['working', 'entropy', 'critic'], 'first')
    """
    checked_edition(edition)
    if not schemes:
        raise DataError("there is no scheme to compare")
    reference = next(iter(schemes))
    runs: dict[str, Scores] = {}
    refused = []
    for name, methodology in schemes.items():
        reasons = [methodology] if isinstance(methodology, str) else incompatible(methodology)
        if not reasons and isinstance(methodology, Methodology):
            try:
                runs[name] = edition.under(methodology).scores
                continue
            except MethodologyError as refusal:
                reasons = [str(refusal)]
        refused.append({"scheme": name, "reason": "; ".join(reasons)})
        if name == reference:
            raise MethodologyError(f"the reference '{name}' cannot be run: {'; '.join(reasons)}")
    index = pd.DataFrame({name: _index(run, edition.year) for name, run in runs.items()})
    y = index.to_numpy(float).T
    ranks = rank_within(y, tolerance=SAME)
    shift = ranks[0] - ranks
    return Comparison(
        year=edition.year,
        reference=reference,
        scores=_long(index, ranks, shift),
        schemes=_agreement(index, runs, y, ranks, shift),
        weights=_weights(runs),
        refused=pd.DataFrame(refused, columns=["scheme", "reason"]),
        runs=runs,
    )


def weightings(edition: Edition, words: str | Sequence[str], *, level: str = ALL) -> dict[str, Methodology | str]:
    """An edition's methodology and, beside it, one with another weighting for each word.

    Parameters
    ----------
    edition
        Its methodology is the first.
    words
        Words of the family of weightings, as a list or divided by commas.
    level
        The level that is weighted otherwise, or "all".

    Returns
    -------
    dict
        The methodology first, by its status ("working" or "official"); a reason in place of a scheme that needs more
        than its word, such as experts' judgements.

    Raises
    ------
    MethodologyError
        If a word or the level is unknown.

    Examples
    --------
    >>> from cwi import read_edition
    >>> schemes = weightings(read_edition(2023), "entropy, ahp", level="index")
    >>> schemes["entropy"].top.weighting.name, schemes["ahp"].split(": ")[-1]
    ('entropy', "weighting 'ahp' needs the parameter 'judgements'")
    """
    official = checked_edition(edition).methodology
    names = [each.name for each in official.levels]
    if level not in (*names, ALL):
        raise MethodologyError(f"no level is called '{level}'{near(level, [*names, ALL])}")
    wanted = words.split(",") if isinstance(words, str) else words
    schemes: dict[str, Methodology | str] = {official.status: official}
    for word in filter(None, (word.strip() for word in wanted)):
        if word not in weighting.__all__:
            raise MethodologyError(f"no weighting is called '{word}'{near(word, weighting.__all__)}")
        try:
            schemes[word] = official.replace(**{name: {"weighting": word} for name in names if level in (name, ALL)})
        except MethodologyError as refusal:
            schemes[word] = str(refusal)
    return schemes


def incompatible(methodology: Methodology) -> list[str]:
    """Rules that do not go together, known before anything is computed [1]_.

    A geometric mean and its kind need a scale with a true zero. A scale of standard deviations or places has none, so
    the order of the regions would hang on numbers that nobody meant.

    Returns
    -------
    list of sentences; none where the rules go together.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 6 and table 4.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> official = read_methodology("2024.1")
    >>> incompatible(official.replace(normalisation="z_score", index={"aggregation": "geometric"}))[0][:41]
    'z_score and geometric do not go together:'
    """
    scale, why = methodology.normalisation.name, methodology.normalisation.traits.no_true_zero
    used = {node.aggregation.name: node.aggregation.traits for nodes in methodology.nodes for node in nodes}
    return [
        f"{scale} and {rule} do not go together: {rule} needs a scale with a true zero; {why}"
        for rule, traits in used.items()
        if why and traits.needs_true_zero and scale not in traits.made_for
    ]


def _index(scores: Scores, year: int) -> pd.Series:
    """The index of the regions, without the nation."""
    return scores.without_nation(scores.of(scores.methodology.top.code)[year])


def _long(index: pd.DataFrame, ranks: Array, shift: Array) -> pd.DataFrame:
    """Scores, ranks, shifts and thirds: a row a scheme and region."""
    k, n = ranks.shape
    return pd.DataFrame(
        {
            "scheme": np.repeat(index.columns.to_numpy(object), n),
            "region": np.tile(index.index.to_numpy(object), k),
            "score": index.to_numpy(float).T.reshape(-1),
            "rank": ranks.reshape(-1),
            "shift": shift.reshape(-1),
            "third": thirds(ranks).reshape(-1),
        }
    )


def _agreement(index: pd.DataFrame, runs: Mapping[str, Scores], y: Array, ranks: Array, shift: Array) -> pd.DataFrame:
    """How each scheme agrees with the reference."""
    far = {places: movers(ranks[0], ranks, more_than=places) for places in SHIFTS}
    order = np.argsort(-np.nan_to_num(np.abs(shift)), axis=-1, kind="stable")
    codes = index.index.to_numpy(object)
    named = {
        places: [[str(codes[i]) for i in row if here[i]] for row, here in zip(order, found, strict=True)]
        for places, found in far.items()
    }
    return pd.DataFrame(
        {
            "fingerprint": [run.methodology.fingerprint for run in runs.values()],
            "regions": (~np.isnan(shift)).sum(axis=-1),
            "mean_shift": mean_rank_shift(ranks[0], ranks),
            "spearman": spearman(ranks[0], ranks),
            "kendall": kendall(ranks[0], ranks),
            **{f"over_{places}": found.sum(axis=-1) for places, found in far.items()},
            **{f"movers_{places}": [", ".join(row) for row in rows] for places, rows in named.items()},
        },
        index=pd.Index(list(runs), name="scheme"),
    )


def _weights(runs: Mapping[str, Scores]) -> pd.DataFrame:
    """What each indicator counts in the index under each scheme."""
    table = pd.DataFrame({name: run.implied_weights() for name, run in runs.items()})
    long = table.rename_axis("indicator").melt(ignore_index=False, var_name="scheme", value_name="weight")
    return long.reset_index()[["scheme", "indicator", "weight"]]
