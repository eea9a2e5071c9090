"""From the answers of children and parents to the survey's indicators, with the errors of the design.

Children and parents are one survey: they share strata and clusters, so that what a child and a parent of one region
say is correlated too. Nothing leaves here that the limits of disclosure forbid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.errors import DataError, near
from cwi.inputs.survey.definitions import RESPONDENTS
from cwi.inputs.survey.disclosure import SUPPRESSED, protect
from cwi.inputs.survey.recode import recode
from cwi.inputs.survey.records import Limits, SurveyDefinitions
from cwi.inputs.survey.rounding import rounded, rounded_counts, rounded_covariance, rounded_response
from cwi.inputs.survey.scales import scale_reliability
from cwi.inputs.survey.weights import Weighted, Weighting, weigh
from cwi.methods import survey
from cwi.observations import COLUMNS
from cwi.territory import Territory

__all__ = ["CAUTION", "UNRELIABLE", "Estimates", "estimate", "survey_design"]

Array = NDArray[np.float64]
Whole = NDArray[np.integer[Any]]

NEEDED = ("region", "area", "sex", "age", "stratum", "psu", "weight")
BREAKDOWNS: tuple[tuple[str, ...], ...] = ((), ("area",), ("sex",), ("area", "sex"))
CELL = ["region", "area", "sex"]
KEY = ["region", "year", "indicator", "sex", "area"]
QUALITY = ["n", "psus", "df", "se", "cv", "deff", "kish", "low", "high", "step"]
CAUTION, UNRELIABLE = 16.6, 33.3  # per cent, of coefficients of variation; whose they are is said in estimate()
PERCENT = 100.0
NO_ERROR = "no error can be estimated"


@dataclass(frozen=True, eq=False)
class Estimates:
    """The results of a survey, as tables; rows of a suppressed cell are empty in all of them.

    All is rounded for publication (:mod:`cwi.inputs.survey.rounding`): shares to ``step`` points, at least the weight
    of one respondent, errors to half of it, numbers of answers and clusters to the base of the limits. Parts of
    regions have no number of answers, the nation none of clusters.

    ``observations``: the columns of data/observations: regions and nation, totals and the breakdowns that the
    definitions allow; value and se in per cent. Status 'derived', 'suppressed', 'missing' (nobody answered; totals
    only), or 'partial' for a nation of which not all regions were surveyed, which is never scored.
    ``covariance``: region, year, indicator, other, covariance (squared points): a row a pair of totals.
    ``quality``: the same rows as the observations: n, psus (clusters), df, se, cv (per cent), deff, kish (the part of
    deff that unequal weights make), low and high (interval of ``level``, on the logit scale), flag (suppressed,
    missing, no error, unreliable, caution, few answers, or empty).
    ``reliability``: scale, indicator, items, n, complete, alpha, low, high, item (the weakest), item_rest (its
    correlation with the others).
    ``response``: region, area, respondent, invited, answered, rate (per cent); an empty area is all.
    ``weighting``: the record of :func:`cwi.inputs.survey.weights.weigh`.
    ``nation``: the code of the whole country. ``synthetic``: whether any answer is.
    """

    observations: pd.DataFrame
    covariance: pd.DataFrame
    quality: pd.DataFrame
    reliability: pd.DataFrame
    response: pd.DataFrame
    weighting: pd.DataFrame
    year: int
    nation: str
    level: float
    synthetic: bool


def estimate(
    children: pd.DataFrame | None,
    parents: pd.DataFrame | None,
    definitions: SurveyDefinitions,
    *,
    year: int,
    territory: Territory,
    source: str | None = None,
    lonely: str = "error",
    level: float = 0.95,
    weighting: Weighting | None = None,
    invited: pd.DataFrame | None = None,
) -> Estimates:
    """Estimate every indicator in every domain that may be published.

    Parameters
    ----------
    children, parents
        Answers, as :func:`cwi.inputs.survey.microdata.read_microdata` or
        :func:`cwi.inputs.survey.synthetic.synthesize` gives them; one of them may be absent.
    definitions
        What was asked, and what may be published.
    year
        Of the round.
    territory
        The regions; those of the year without answers are 'missing'.
    source
        The record of the observations; 'survey-<year>', or 'synthetic-survey-<year>', by default.
    lonely
        What is done with a stratum of one cluster, see :class:`cwi.methods.survey.Design`; "error" refuses it.
        With "collapse" it joins the stratum of its region that has most clusters; where the region has no other, the
        stratum before it in alphabetical order.
    level
        Of the intervals, between 0 and 1.
    weighting
        Steps that the weights in the file have not gone through yet.
    invited
        How many were asked (respondent, region, area, invited), where the weights hold non-response already: for the
        table of response only.

    Raises
    ------
    DataError
        If a column or a cell that the design needs is missing, a region or year is unknown, a code is none of its
        item, a cluster lies in two strata, or a stratum has one cluster and no rule was chosen.

    References
    ----------
    .. [1] Särndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, 5.7-5.8.
    .. [2] Coefficients of variation above 16.6 % are to be read with caution and above 33.3 % not to be published by
       the release guidelines of Statistics Canada's Canadian Community Health Survey. Here both are flags: the index
       takes such an estimate with its error.

    Examples
    --------
    >>> import cwi
    >>> from cwi.inputs.survey.definitions import read_survey_definitions
    >>> from cwi.inputs.survey.population import imagine
    >>> from cwi.inputs.survey.synthetic import synthesize
    >>> definitions, edition = read_survey_definitions("2024.1"), cwi.read_edition(2023)
    >>> population = imagine(definitions, edition, rng=np.random.default_rng(1))
    >>> answers = synthesize(definitions, population, rng=np.random.default_rng(2), year=2023)
    >>> found = estimate(*answers, definitions, year=2023, territory=edition.territory)
    >>> nation = found.observations.query("region == 'KZ' and indicator == 'life_satisfaction'")
    >>> nation.loc[nation["sex"] == "", ["area", "n", "status", "note"]].to_numpy().tolist()[0]
    ['', 15350.0, 'derived', 'synthetic']
    """
    regions = territory.regions_of(year)
    answers = _joined(children, parents, year, regions)
    weighted = weigh(answers, weighting)
    design = survey_design(answers, weighted, lonely=lonely)
    y = recode(answers, definitions)
    synthetic = "synthetic" in answers and bool(answers["synthetic"].notna().any())
    cells, covariance = _everywhere(answers, y, design, definitions, level, territory.nation)
    limits = definitions.limits
    table = _protected(cells, definitions, territory.nation, level)
    table = _with_missing(table, list(definitions.indicators), (territory.nation, *regions))
    if not set(regions) <= set(answers["region"].unique()):
        partial = (table["region"] == territory.nation) & (table["status"] == "derived")
        table["status"] = table["status"].mask(partial, "partial")
    word = "synthetic" if synthetic else ""
    table["note"] = [", ".join(filter(None, (word, note))) for note in table["note"]]
    table["source"] = source or f"{'synthetic-' if synthetic else ''}survey-{year}"
    table = table.assign(year=year, flag=_flags(table)).sort_values(
        ["indicator", "region", "area", "sex"], ignore_index=True
    )
    given = weighting.invited if weighting is not None and invited is None else invited
    return Estimates(
        observations=table[list(COLUMNS)],
        covariance=_printed_covariance(covariance, cells, table, year, limits.base > 1),
        quality=table[[*KEY, *QUALITY, "flag"]],
        reliability=scale_reliability(answers, design, definitions, level),
        response=rounded_response(
            _response(answers, given, territory.nation, limits.suppress_below), territory.nation, limits
        ),
        weighting=_record(weighted.record, limits),
        year=year,
        nation=territory.nation,
        level=level,
        synthetic=synthetic,
    )


def _record(record: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """The record of the weights as published: a factor of many digits would be a fraction of two whole numbers."""
    if limits.base == 1:
        return record
    digits = {"before": 0, "after": 0, "least": 2, "largest": 2, "effect_before": 2, "effect_after": 2}
    return record.assign(n=rounded_counts(record["n"], limits)).round(digits)


def survey_design(answers: pd.DataFrame, weighted: Weighted, *, lonely: str = "error") -> survey.Design:
    """The design of children and parents together: strata and clusters by name, weights after all steps.

    Raises
    ------
    DataError
        If a cluster lies in two strata, or a stratum has one cluster and the rule is "error".
    """
    stratum, strata = pd.factorize(answers["stratum"].astype(str), sort=True)
    psu, clusters = pd.factorize(answers["psu"].astype(str), sort=True)
    pairs = pd.DataFrame({"psu": psu, "stratum": stratum}).drop_duplicates().sort_values(["psu", "stratum"]).to_numpy()
    for twice in np.flatnonzero(np.bincount(pairs[:, 0]) > 1).tolist():
        both = " and ".join(f"'{strata[s]}'" for s in pairs[pairs[:, 0] == twice, 1])
        raise DataError(f"the cluster '{clusters[twice]}' is in the strata {both}; give each cluster its own name")
    if lonely not in survey.LONELY:
        raise DataError(f"there is no rule '{lonely}' for a stratum of one cluster{near(lonely, survey.LONELY)}")
    alone = strata[np.bincount(pairs[:, 1]) == 1]
    if alone.size and lonely == "error":
        raise DataError(
            f"the stratum '{alone[0]}' has one cluster only{f' (and {alone.size - 1} more have)' * (alone.size > 1)}, "
            "so its variance cannot be estimated; choose the rule: lonely = certainty, centre or collapse"
        )
    joined = _within_regions(answers, stratum, np.bincount(pairs[:, 1])) if lonely == "collapse" else stratum
    return survey.Design(weighted.weights, strata=joined, psu=psu, lonely=lonely, calibration=weighted.calibration)


def _within_regions(answers: pd.DataFrame, stratum: Whole, clusters: Whole) -> Whole:
    """Strata in which each of one cluster has joined the largest of its region."""
    table = pd.DataFrame({"region": answers["region"].groupby(stratum).first(), "clusters": clusters})
    largest = table.groupby("region")["clusters"].transform("idxmax").to_numpy()
    return np.where(clusters == 1, largest, np.arange(len(clusters)))[stratum]


def _joined(
    children: pd.DataFrame | None, parents: pd.DataFrame | None, year: int, regions: tuple[str, ...]
) -> pd.DataFrame:
    """All respondents in one table, whose cells the design can be made of."""
    parts = []
    for respondent, table in zip(RESPONDENTS, (children, parents), strict=True):
        if table is None or table.empty:
            continue
        for column in NEEDED:
            if column not in table:
                raise DataError(
                    f"answers of {respondent}: the column '{column}' is missing{near(column, table.columns)}"
                )
            if (gaps := table[column].isna()).any():
                raise DataError(f"answers of {respondent}, row {gaps.idxmax()}: '{column}' is empty")
        if "year" in table and (other := table["year"] != year).any():
            last = table.loc[other, "year"].iloc[0]
            raise DataError(f"answers of {respondent}, row {other.idxmax()}: the year is {last}, not {year}")
        for region in table["region"].unique():
            if region not in regions:
                raise DataError(f"answers of {respondent}: {year} had no region '{region}'{near(region, regions)}")
        parts.append(table.assign(respondent=respondent))
    if not parts:
        raise DataError("there are no answers, neither of children nor of parents")
    return pd.concat(parts, ignore_index=True)


def _everywhere(
    answers: pd.DataFrame,
    y: pd.DataFrame,
    design: survey.Design,
    definitions: SurveyDefinitions,
    level: float,
    nation: str,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All estimates, a row a cell that has answers, and the covariances of the totals."""
    columns = {name: pd.factorize(answers[name].astype(str), sort=True) for name in CELL}
    array = y.to_numpy()
    mass = np.where(np.isnan(array), 0.0, design.w[:, None])
    tables, covariances = [], []
    for breakdown in BREAKDOWNS:
        finest = 3 if "sex" in breakdown else 1 + len(breakdown)
        deep = np.array([len(share.domain) >= finest for share in definitions.indicators.values()])
        if not deep.any():
            continue
        codes = [code for code, answered in zip(definitions.indicators, deep, strict=True) if answered]
        for names in (("region", *breakdown), breakdown):
            domains, keys = _domains(columns, names)
            keys = keys.assign(**({} if "region" in keys else {"region": nation}))
            estimates = survey.proportion(array[:, deep], design, domains=domains, count=len(keys), level=level)
            weight = np.stack(
                [np.bincount(domains, mass_of, len(keys)).astype(float) for mass_of in mass.T[deep]], axis=1
            )
            heaviest = np.zeros_like(weight)
            np.maximum.at(heaviest, domains, mass[:, deep])
            tables.append(_long(estimates, keys, codes, weight).assign(heaviest=heaviest.ravel()))
            if not breakdown:
                covariances.append(_pairs(estimates.covariance, keys["region"], codes))
    table = pd.concat(tables, ignore_index=True)
    return table[table["n"] > 0].reset_index(drop=True), pd.concat(covariances, ignore_index=True)


def _domains(columns: Mapping[str, tuple[Whole, pd.Index]], names: tuple[str, ...]) -> tuple[Whole, pd.DataFrame]:
    """The domain of each respondent, numbered from 0, and what the domains are called; one of all without names."""
    shape = tuple(len(columns[name][1]) for name in names)
    if not shape:
        return np.zeros(len(columns["region"][0]), dtype=np.intp), pd.DataFrame(index=[0])
    place = np.ravel_multi_index(tuple(columns[name][0] for name in names), shape)
    count = np.bincount(place, minlength=int(np.prod(shape)))
    there = np.flatnonzero(count)
    called = zip(names, np.unravel_index(there, shape), strict=True)
    keys = pd.DataFrame({name: columns[name][1][labels] for name, labels in called})
    return (np.cumsum(count > 0) - 1)[place], keys


def _long(estimates: survey.Estimates, keys: pd.DataFrame, codes: list[str], weight: Array) -> pd.DataFrame:
    """Arrays of domains by indicators as rows, in per cent."""
    d, k = estimates.estimate.shape
    rows = keys.reindex(columns=CELL, fill_value="").loc[np.repeat(np.arange(d), k)].reset_index(drop=True)
    shares = {
        "value": estimates.estimate,
        "se": estimates.se,
        "cv": estimates.cv,
        "low": estimates.low,
        "high": estimates.high,
    }
    counts = {name: getattr(estimates, name) for name in ("n", "psus", "df", "deff", "kish")}
    columns = {name: PERCENT * array.ravel() for name, array in shares.items()}
    columns |= {name: array.ravel() for name, array in counts.items()}
    return rows.assign(indicator=codes * d, **columns, weight=weight.ravel())


def _pairs(covariance: Array, regions: pd.Series, codes: list[str]) -> pd.DataFrame:
    """The covariances above the diagonal, in squared points."""
    first, second = np.triu_indices(len(codes), 1)
    names = np.array(codes, dtype=object)
    return pd.DataFrame(
        {
            "region": np.repeat(regions.to_numpy(), first.size),
            "indicator": np.tile(names[first], len(regions)),
            "other": np.tile(names[second], len(regions)),
            "covariance": PERCENT**2 * covariance[:, first, second].ravel(),
        }
    )


def _protected(cells: pd.DataFrame, definitions: SurveyDefinitions, nation: str, level: float) -> pd.DataFrame:
    """The cells after disclosure control, in the statuses of the observations."""
    table = protect(cells, definitions, nation=nation)
    hidden = table["status"] == SUPPRESSED
    same, sure = table["value"].isin([0.0, PERCENT]), (table["se"] == 0) | (table["df"] <= 0)
    silent = np.select([same, sure], [f"all answer alike: {NO_ERROR}", f"one cluster a stratum: {NO_ERROR}"], "")
    notes = [", ".join(filter(None, pair)) for pair in zip(table["note"], silent, strict=True)]
    table = table.assign(status=np.where(hidden, "suppressed", "derived"), note=notes)
    totals = (cells["area"] == "") & (cells["sex"] == "")
    scale = cells.set_index([*CELL, "indicator"])["heaviest"]
    table["heaviest"] = scale.reindex(pd.MultiIndex.from_frame(table[[*CELL, "indicator"]])).to_numpy()
    return rounded(table, cells[totals], nation=nation, limits=definitions.limits, level=level)


def _with_missing(table: pd.DataFrame, codes: list[str], regions: tuple[str, ...]) -> pd.DataFrame:
    """A row for every total, also where nobody answered."""
    totals = table[(table["area"] == "") & (table["sex"] == "")]
    there = pd.MultiIndex.from_frame(totals[["region", "indicator"]])
    gone = pd.MultiIndex.from_product([regions, codes], names=["region", "indicator"]).difference(there)
    if gone.empty:
        return table
    rows = gone.to_frame(index=False).assign(area="", sex="", n=0.0, status="missing", note="nobody answered")
    return pd.concat([table, rows], ignore_index=True)


def _flags(table: pd.DataFrame) -> Array:
    """The first caution for the reader of a cell."""
    return np.asarray(
        np.select(
            [
                table["status"].isin(["suppressed", "missing"]),
                table["note"].str.contains(NO_ERROR),
                table["cv"] > UNRELIABLE,
                table["cv"] > CAUTION,
                table["note"].str.contains("few answers"),
            ],
            [table["status"], "no error", "unreliable", "caution", "few answers"],
            "",
        )
    )


def _printed_covariance(
    covariance: pd.DataFrame, cells: pd.DataFrame, table: pd.DataFrame, year: int, coarse: bool
) -> pd.DataFrame:
    """The covariances of totals that are printed."""
    printed = table[(table["area"] == "") & (table["sex"] == "") & table["value"].notna()]
    known = pd.MultiIndex.from_frame(printed[["region", "indicator"]])
    both = np.ones(len(covariance), dtype=bool)
    for name in ("indicator", "other"):
        both &= pd.MultiIndex.from_frame(covariance[["region", name]]).isin(known)
    rows = covariance[both].assign(year=year)
    if coarse:
        rows = rounded_covariance(rows, cells[(cells["area"] == "") & (cells["sex"] == "")], printed)
    return rows[["region", "year", "indicator", "other", "covariance"]].reset_index(drop=True)


def _response(answers: pd.DataFrame, invited: pd.DataFrame | None, nation: str, least: int) -> pd.DataFrame:
    """How many were asked and answered, by region and area; an area of few is printed for its region only."""
    keys = ["region", "area", "respondent"]
    counts = answers.groupby(keys).size().rename("answered").reset_index()
    counts["invited"] = np.nan
    if invited is not None:
        asked = invited[invited["region"].isin(answers["region"])].groupby(keys)["invited"].sum()
        counts = counts.drop(columns="invited").merge(asked.reset_index(), on=keys, how="outer").fillna({"answered": 0})
    parts = [counts]
    for totals in ({"area": ""}, {"region": nation}, {"region": nation, "area": ""}):
        parts.append(counts.assign(**totals).groupby(keys, as_index=False).sum(min_count=1))
    table = pd.concat(parts, ignore_index=True)
    small = table[(table["area"] != "") & (table["answered"] < least)]
    regions = [nation, *small["region"]] if len(small) else []
    table = table[(table["area"] == "") | ~table["region"].isin(regions)]
    rate = PERCENT * table["answered"] / table["invited"]
    order = ["respondent", "region", "area"]
    return table.assign(rate=rate)[[*keys, "invited", "answered", "rate"]].sort_values(order, ignore_index=True)
