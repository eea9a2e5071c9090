"""A synthetic survey: a stratified two-stage sample of an imagined population, with clusters, weights and gaps.

Strata are regions by urban and rural; in each, clusters (the neighbourhood of a school) are drawn, and in each cluster
children of 10-17, their parents, and parents whose children are all younger. Every row says 'synthetic'.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi import folders
from cwi.errors import DataError, near
from cwi.inputs.survey.definitions import NOT_ASKED, RESPONDENTS
from cwi.inputs.survey.population import AREAS, MIDDLE_AGE, SEXES, Population, offsets
from cwi.inputs.survey.records import Item, SurveyDefinitions
from cwi.writing import writing

__all__ = ["SYNTHETIC", "Sample", "invited", "synthesize", "write_synthetic"]

Array = NDArray[np.float64]
Whole = NDArray[np.intp]

SYNTHETIC = "synthetic"
SHARED = 0.5  # what traits and clusters of different indicators have in common, as a correlation with one general part
NO_ANSWER = 0.008  # an item is passed over
LATER = 0.12  # how much harder each further item of a scale is, on the hidden scale
PARENTS_ANSWER = 0.9
CHILDREN_PER_YEAR = 1 / 8  # of those aged 10-17


@dataclass(frozen=True)
class Sample:
    """How many are drawn: clusters in a stratum (twice as many in a city), children in a cluster, younger households.

    ``answers`` is the chance that a drawn child takes part in a village; ``weights`` the spread (of logarithms) of
    what a cluster stands for.
    """

    clusters: int = 20
    children: tuple[int, int] = (16, 30)
    younger: tuple[int, int] = (3, 8)
    answers: float = 0.92
    weights: float = 0.25


def synthesize(
    definitions: SurveyDefinitions,
    population: Population,
    *,
    rng: np.random.Generator,
    year: int,
    regions: Collection[str] | None = None,
    sample: Sample | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw a sample and let it answer.

    Parameters
    ----------
    definitions
        What is asked.
    population
        Of whom; its :meth:`Population.truth` is what the estimates should come near.
    rng
        Draws the sample and the answers.
    year
        Of the round.
    regions
        Where the survey is held; all regions by default. A pilot in ten names ten.
    sample
        How many are drawn.

    Returns
    -------
    tuple of DataFrame
        Children and parents: synthetic (the word, in every row), the variables of the design (id, household,
        respondent, year, region, area, stratum, psu, weight, sex and age of the child, language), a column an item
        (codes), source.

    Raises
    ------
    DataError
        If a region is not one of the population.

    Examples
    --------
    >>> import cwi
    >>> from cwi.inputs.survey.definitions import read_survey_definitions
    >>> from cwi.inputs.survey.population import imagine
    >>> definitions = read_survey_definitions("2024.1")
    >>> population = imagine(definitions, cwi.read_edition(2023), rng=np.random.default_rng(1))
    >>> children, parents = synthesize(
    ...     definitions, population, rng=np.random.default_rng(2), year=2023, regions=["KZ-39", "KZ-79"]
    ... )
    >>> children["stratum"].unique().tolist(), children["synthetic"].unique().tolist()
    (['KZ-39-R', 'KZ-39-U', 'KZ-79-U'], ['synthetic'])
    """
    sample = sample or Sample()
    for region in () if regions is None else regions:
        if region not in population.people.index:
            raise DataError(f"the population has no region '{region}'{near(region, population.people.index)}")
    here = [r for r in population.people.index if regions is None or r in set(regions)]
    clusters = _clusters(population, here, sample, rng)
    children = _children(clusters, sample, rng)
    parents = _parents(clusters, children, sample, rng)
    levels = population.levels(year).loc[here].to_numpy()
    common = rng.standard_normal((len(clusters), 1))
    cluster = SHARED * common + math.sqrt(1 - SHARED**2) * rng.standard_normal((len(clusters), levels.shape[1]))
    general = rng.standard_normal(int(parents["household"].max()) + 1)
    tables = []
    for respondent, people in (("child", children), ("parent", parents)):
        answers = _answers(definitions, population, respondent, people, levels, cluster, general, rng)
        tables.append(_table(definitions, respondent, year, here, clusters, people, answers))
    return tables[0], tables[1]


def invited(
    children: pd.DataFrame,
    parents: pd.DataFrame,
    population: Population,
    *,
    rng: np.random.Generator,
    regions: Collection[str] | None = None,
    sample: Sample | None = None,
) -> pd.DataFrame:
    """How many were asked of a synthetic sample: the children drawn, their parents, and the younger households.

    Parameters
    ----------
    children, parents
        What :func:`synthesize` gave.
    population, regions, sample
        As it was given them.
    rng
        A generator in the state in which it got its own, since the drawing is made again.

    Returns
    -------
    DataFrame
        respondent, region, area, invited.
    """
    sample = sample or Sample()
    here = _surveyed(population, regions)
    clusters = _clusters(population, here, sample, rng)
    drawn = clusters.assign(
        respondent="child",
        region=np.array(here)[clusters["region"]],
        area=np.array(AREAS)[clusters["rural"]],
        invited=_drawn(clusters, sample.children, rng),
    )
    younger = parents[~parents["household"].isin(children["household"])]
    asked = pd.concat([children, younger]).assign(respondent="parent", invited=1)
    keys = ["respondent", "region", "area"]
    return pd.concat([drawn, asked]).groupby(keys)[["invited"]].sum().reset_index()


def _surveyed(population: Population, regions: Collection[str] | None) -> list[str]:
    """The regions of the population where the survey is held, in its order."""
    for region in regions or ():
        if region not in population.people.index:
            raise DataError(f"the population has no region '{region}'{near(region, population.people.index)}")
    return [r for r in population.people.index if regions is None or r in set(regions)]


def _drawn(clusters: pd.DataFrame, each: tuple[int, int], rng: np.random.Generator) -> Whole:
    """How many are drawn in each cluster."""
    return rng.integers(each[0], each[1] + 1, len(clusters))


def write_synthetic(
    folder: Path, children: pd.DataFrame, parents: pd.DataFrame, definitions: SurveyDefinitions, *, year: int
) -> list[Path]:
    """Write what :func:`synthesize` gives as files of answers, and return their paths.

    Parameters
    ----------
    folder
        Outside the repository, or with 'synthetic' in its path inside it.
    children, parents
        Answers, with 'synthetic' in every row.
    definitions
        What the variables of the design are called in files.
    year
        Of the round; it stands in the names of the files.

    Raises
    ------
    DataError
        If the folder lies in the repository without saying 'synthetic', one of the files is there already, or a row
        is not marked.
    """
    where = folders.relative(folder)
    root = folders.root().resolve()
    place = Path(folder).resolve()
    if place.is_relative_to(root) and SYNTHETIC not in str(place.relative_to(root)):
        raise DataError(
            f"{where}: this folder is in the repository and is not named '{SYNTHETIC}'; "
            f"name a folder outside it, or one with '{SYNTHETIC}' in its name"
        )
    tables = dict(zip(RESPONDENTS, (children, parents), strict=True))
    paths = {respondent: Path(folder) / f"{SYNTHETIC}-survey-{year}-{respondent}.csv" for respondent in tables}
    for respondent, path in paths.items():
        if path.exists():
            raise DataError(f"{folders.relative(path)}: there is such a file already; name another folder")
        table = tables[respondent]
        if SYNTHETIC not in table or not table[SYNTHETIC].eq(SYNTHETIC).all():
            raise DataError(f"the answers of the respondent '{respondent}' are not marked '{SYNTHETIC}' in every row")
    with writing(*paths.values()) as places:
        for respondent, aside in zip(paths, places, strict=True):
            table = tables[respondent].rename(columns=dict(definitions.columns))
            table.to_csv(aside, index=False, lineterminator="\n", encoding="utf-8")
    return list(paths.values())


def _clusters(population: Population, regions: list[str], sample: Sample, rng: np.random.Generator) -> pd.DataFrame:
    """The drawn clusters: region (place), rural, stratum, size of the stratum, and what a cluster counts."""
    urban = population.people.loc[regions, "urban"].to_numpy()
    total = population.people.loc[regions, "children"].to_numpy()
    strata = pd.DataFrame(
        [(i, rural, total[i] * (1 - urban[i] if rural else urban[i])) for i in range(len(regions)) for rural in (1, 0)],
        columns=["region", "rural", "size"],
    )
    strata = strata[strata["size"] > 0].reset_index(drop=True)
    alone = strata.groupby("region")["rural"].transform("size") == 1
    drawn = strata.index.repeat(np.where(alone, 2, 1) * sample.clusters)
    clusters = strata.loc[drawn].rename_axis("stratum").reset_index()
    clusters["counts"] = np.exp(sample.weights * rng.standard_normal(len(clusters)))
    return clusters


def _children(clusters: pd.DataFrame, sample: Sample, rng: np.random.Generator) -> pd.DataFrame:
    """Those who take part; the weights of a stratum and sex make up for those who do not."""
    drawn = _drawn(clusters, sample.children, rng)
    people = pd.DataFrame({"cluster": np.repeat(np.arange(len(clusters)), drawn)})
    people["girl"] = rng.random(len(people)) < 0.5
    people["age"] = rng.integers(10, 18, len(people))
    people["household"] = np.arange(len(people))
    people["stratum"] = clusters["stratum"].to_numpy()[people["cluster"]]
    base = clusters["counts"].to_numpy()[people["cluster"]] / drawn[people["cluster"]]
    takes_part = sample.answers - 0.08 * (1 - clusters["rural"].to_numpy()[people["cluster"]]) - 0.04 * ~people["girl"]
    people["weight"] = base
    people["drawn"] = people.groupby(["stratum", "girl"])["weight"].transform("sum")
    people = people[rng.random(len(people)) < takes_part].reset_index(drop=True)
    people["weight"] *= people["drawn"] / people.groupby(["stratum", "girl"])["weight"].transform("sum")
    return _scaled(people.drop(columns="drawn"), clusters, 1.0)


def _parents(clusters: pd.DataFrame, children: pd.DataFrame, sample: Sample, rng: np.random.Generator) -> pd.DataFrame:
    """Parents of the children who take part, and of households with younger children only."""
    of_children = children[rng.random(len(children)) < PARENTS_ANSWER].copy()
    drawn = _drawn(clusters, sample.younger, rng)
    younger = pd.DataFrame({"cluster": np.repeat(np.arange(len(clusters)), drawn)})
    younger["girl"] = rng.random(len(younger)) < 0.5
    younger["age"] = rng.integers(0, 10, len(younger))
    younger["household"] = children["household"].max() + 1 + np.arange(len(younger))
    younger["stratum"] = clusters["stratum"].to_numpy()[younger["cluster"]]
    younger["weight"] = clusters["counts"].to_numpy()[younger["cluster"]] / drawn[younger["cluster"]]
    parts = [_scaled(of_children, clusters, 1.0), _scaled(younger, clusters, 10 * CHILDREN_PER_YEAR)]
    return pd.concat(parts).sort_values(["cluster", "household"], ignore_index=True)


def _scaled(people: pd.DataFrame, clusters: pd.DataFrame, share: float) -> pd.DataFrame:
    """Weights that add up to the children of each stratum (times a share)."""
    size = clusters.groupby("stratum")["size"].first() * share
    total = people.groupby("stratum")["weight"].transform("sum")
    return people.assign(
        weight=people["weight"] * people["stratum"].map(size) / total,
        rural=clusters["rural"].to_numpy()[people["cluster"]],
        region=clusters["region"].to_numpy()[people["cluster"]],
    )


def _answers(
    definitions: SurveyDefinitions,
    population: Population,
    respondent: str,
    people: pd.DataFrame,
    levels: Array,
    cluster: Array,
    general: Array,
    rng: np.random.Generator,
) -> dict[str, Whole]:
    """The codes of every item of these people, as the questionnaire leads them."""
    place, girl = people["cluster"].to_numpy(), people["girl"].to_numpy()
    rural, region = people["rural"].to_numpy(), people["region"].to_numpy()
    age = people["age"].to_numpy()
    hidden: dict[str, Array] = {}
    for column, (code, share) in enumerate(definitions.indicators.items()):
        if share.respondent == respondent:
            trait = population.traits[code]
            person = SHARED * general[people["household"]] * population.good[code]
            person += math.sqrt(1 - SHARED**2) * rng.standard_normal(len(people))
            hidden[code] = (
                levels[region, column]
                + trait.rural * rural
                + trait.girls * girl
                + trait.older * (age - MIDDLE_AGE)
                + math.sqrt(trait.cluster) * population.good[code] * cluster[place, column]
                + math.sqrt(trait.trait) * person
            )
    columns: dict[str, Whole] = {}
    for item in definitions.asked_of(respondent):
        code, order, reaches, apart = _belongs(definitions, population, item)
        trait = population.traits[code]
        chance = math.sqrt(1 - trait.cluster - trait.trait) * rng.standard_normal(len(people))
        codes, cuts = offsets(item, reaches)
        answer = codes[np.searchsorted(cuts, hidden[code] + chance - LATER * order * (reaches is None))].astype(np.intp)
        luck = rng.random((2, len(people)))
        other = {response.kind: response.code for response in item.responses if response.kind != "answer"}
        silent = trait.refused if "refusal" in other else 0.0
        unknown = trait.unknown if "do not know" in other else 0.0
        bands = ((other.get("refusal", 0), silent), (other.get("do not know", 0), unknown))
        low = 0.0
        for answers, share_of in (*bands, (other["no answer"], NO_ANSWER)):
            answer[(luck[0] >= low) & (luck[0] < low + share_of)] = answers
            low += share_of
        if "does not apply" in other:
            answer[luck[1] < apart] = other["does not apply"]
        answer[~_asked(item, columns, age, other[NOT_ASKED])] = other[NOT_ASKED]
        columns[item.code] = answer
    return columns


def _belongs(
    definitions: SurveyDefinitions, population: Population, item: Item
) -> tuple[str, int, float | None, float]:
    """The indicator whose trait an item shows, its place there, its threshold and how many it does not apply to."""
    for code, share in definitions.indicators.items():
        if item.code in share.items:
            order = share.items.index(item.code)
            return code, order, share.reaches[order], population.traits[code].apart[order]
    scale = next(scale for scale in definitions.scales.values() if item.code in scale.items)
    return scale.indicator, scale.items.index(item.code), None, 0.0


def _asked(item: Item, answers: Mapping[str, Whole], age: Whole, not_asked: int) -> NDArray[np.bool_]:
    """Whom the questionnaire leads to an item."""
    asked = (age >= item.ages[0]) & (age <= item.ages[1])
    for condition in item.shown_if:
        earlier = answers[condition.item]
        asked &= (earlier != not_asked) & (np.isin(earlier, list(condition.codes)) != condition.negated)
    return np.asarray(asked)


def _table(
    definitions: SurveyDefinitions,
    respondent: str,
    year: int,
    regions: list[str],
    clusters: pd.DataFrame,
    people: pd.DataFrame,
    answers: Mapping[str, Whole],
) -> pd.DataFrame:
    area = np.array(AREAS)[people["rural"]]
    region = np.array(regions)[people["region"]]
    household = people["household"].map("{:06d}".format)
    words = {
        "synthetic": SYNTHETIC,
        "id": f"synthetic-{respondent}-{year}-" + household,
        "household": f"synthetic-{year}-" + household,
        "respondent": respondent,
        "year": year,
        "region": region,
        "area": area,
        "stratum": pd.Series(region) + "-" + pd.Series(area),
        "psu": people["cluster"].map("P{:04d}".format),
        "weight": people["weight"].round(4),
        "sex": np.where(people["girl"], *SEXES),
        "age": people["age"],
        "language": np.where(people["household"] % 3 < 2, "kk", "ru"),
    }
    return pd.DataFrame(
        {**words, **answers, "source": f"synthetic survey, definitions {definitions.version}"}
    ).sort_values(["stratum", "psu", "id"], ignore_index=True)
