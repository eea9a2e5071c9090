"""Everything that must hold of the data folder before anything is computed from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pandas as pd

from cwi import folders
from cwi.analysis.comparison import read_methods
from cwi.analysis.uncertainty import read_factors
from cwi.derived_series import derived_problems, read_derived_series
from cwi.edition import editions, open_project, read_edition
from cwi.errors import CwiError, near
from cwi.indicators import ENDS, OPEN
from cwi.inputs.boundaries import boundaries_of, check_regions, read_boundaries
from cwi.inputs.crosswalk import read_crosswalk
from cwi.inputs.policy import read_indicator_targets, read_register
from cwi.inputs.questions import ask, read_answers, unanswered
from cwi.inputs.survey import read_published_shares, read_survey_definitions, read_traits
from cwi.methodology import Methodology, methodologies, read_methodology
from cwi.observations import problems, read_covariance, read_observations, read_series, read_sources
from cwi.territory import read_territory

__all__ = ["PARTS", "Check", "check_all"]

NONE = "none"
BEYOND = 0.1  # of the values in the base years: more of them outside the ends of a scale are no outliers
STOPPED = "not looked at: a problem above prevents it"
Outcome = tuple[str, Iterable[str]]


@dataclass(frozen=True)
class Check:
    """One line of the table: what was looked at, how much of it, and what is wrong."""

    name: str
    looked_at: str
    problems: tuple[str, ...]


def check_all() -> Iterator[Check]:
    """Look at the whole data folder, part by part, in the order of ``PARTS``; what is wrong in one hides no other.

    Each problem is listed once, in the first part that meets it. A part that cannot be looked at because of it says so.
    """
    listed: list[str] = []
    for name, look in PARTS.items():
        try:
            looked_at, wrong = look()
            sentences = [*wrong]
        except CwiError as problem:
            looked_at, sentences = "", [str(problem)]
        new = [sentence for sentence in sentences if not any(known in sentence for known in listed)]
        listed += new
        yield Check(name, looked_at if new or not sentences else STOPPED, tuple(new))


def _territory() -> Outcome:
    territory = read_territory()
    return f"{len(territory.regions) - 1} territories, {len(territory.changes)} successions", []


def _boundaries() -> Outcome:
    """Every file of borders can be drawn, and has the regions of the years that it is used for."""
    paths = sorted((folders.data() / "boundaries").glob("*.geojson"))
    if not paths:
        return NONE, []
    territory, wrong = read_territory(), []
    for path in paths:
        years = [year for year in editions() if boundaries_of(year) == path]
        try:
            for year in years:
                check_regions(path, territory.regions.index, territory.regions_of(year), year)
            if not years:
                read_boundaries(path)
        except CwiError as problem:
            wrong.append(str(problem))
    return f"{len(paths)} files", wrong


def _sources() -> Outcome:
    return f"{len(read_sources())} records", []


def _observations() -> Outcome:
    wrong = problems()
    paths = sorted((folders.data() / "observations").glob("*.csv"))
    rows = sum(path.read_bytes().count(b"\n") - 1 for path in paths)
    return f"{rows:,} rows in {len(paths)} files", [str(problem) for problem in wrong]


def _derived() -> Outcome:
    """Every figure that is computed from others is what its formula gives."""
    series = read_derived_series()
    if not series:
        return NONE, []
    observations, territory = read_observations(), read_territory()
    return f"{len(series)} formulas", derived_problems(series, observations, territory, read_series().index)


def _questions() -> Outcome:
    """Cells that look wrong and are decided on, or not yet."""
    observations = read_observations()
    questions, answers = ask(observations, read_series(), read_territory()), read_answers()
    counts = f"{len(questions)} asked about, {len(answers)} decisions" if len(questions) or len(answers) else NONE
    return counts, unanswered(questions, answers, observations)


def _covariances() -> Outcome:
    """Each pair is listed once, both have a standard error, and they vary together no more than each by itself."""
    table = read_covariance()
    if table is None:
        return NONE, []
    rows = read_observations()
    rows = rows[(rows["sex"] == "") & (rows["area"] == "")]
    errors = rows.set_index(["region", "year", "indicator"])["se"]
    one, other = (
        errors.reindex(pd.MultiIndex.from_frame(table[["region", "year", column]])).to_numpy()
        for column in ("indicator", "other")
    )
    pair = pd.DataFrame(np.sort(table[["indicator", "other"]].to_numpy(str), axis=1)).assign(
        region=table["region"], year=table["year"]
    )
    most = one * other
    table = table.assign(
        twice=pair.duplicated(), lacks=np.where(np.isnan(one), table["indicator"], table["other"]), most=most
    )
    table["wrong"] = table["twice"] | np.isnan(most) | (table["covariance"].abs() > most * (1 + 1e-6))
    wrong = []
    for row in table[table["wrong"]].to_dict("records"):
        where = f"{row['file']} line {row['line']}: "
        place = f"in {row['region']}, {row['year']}"
        what = f"{row['indicator']} and {row['other']} {place}"
        if row["twice"]:
            wrong.append(f"{where}the covariance of {what} is listed twice")
        elif np.isnan(row["most"]):
            wrong.append(f"{where}{row['lacks']} {place} has no standard error; nothing varies with it")
        else:
            wrong.append(
                f"{where}the covariance of {what} is {row['covariance']:g}; it cannot be further from 0 than the "
                f"product of their standard errors, {row['most']:g}"
            )
    return f"{len(table):,} pairs", wrong


def _methodologies() -> Outcome:
    wrong = []
    register = read_series()
    series = register.index
    versions = methodologies()
    for version, path in versions.items():
        methodology = read_methodology(version)
        wrong += methodology.unused()
        table = methodology.indicators
        for line, code in table.loc[(table["data"] == OPEN) & ~table["code"].isin(series), "code"].items():
            place = f"{folders.relative(path / 'indicators.csv')} line {line}"
            wrong.append(f"{place}: '{code}' is marked as open but data/series.csv has no such series")
        wrong += _impossible_ends(table, register, folders.relative(path))
        wrong += _likely_misspelt(methodology)
    return ", ".join(versions), wrong


def _impossible_ends(table: pd.DataFrame, register: pd.DataFrame, where: str) -> Iterator[str]:
    """Ends that no figure in that unit can have, and ends called natural that are not those of a share."""
    shares = set(register.index[(register["unit"] == "%") & (register["kind"] == "share")])
    least = dict(zip(register.index, register["low"].astype(float), strict=True))
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        code, place = row["code"], f"{where}/indicators.csv line {line}"
        asked = row["kind"] == "survey" and row["unit"] == "%"  # a share of those who answered
        share = asked or code in shares
        if share and row["ends_basis"] == "natural" and {row["worst"], row["best"]} != {0, 100}:
            yield (
                f"{place}: the ends of '{code}' are {row['worst']:g} and {row['best']:g} and their basis is 'natural'; "
                "the natural ends of a share are 0 and 100 %"
            )
            continue
        for end in ENDS:
            if share and not 0 <= row[end] <= 100:
                yield f"{place}: {end} of '{code}' is {row[end]:g}; a share is 0 to 100 %"
            elif row[end] < 0 <= least.get(code, -1.0):
                yield (
                    f"{place}: {end} of '{code}' is {row[end]:g} {register.at[code, 'unit']}; the register of series "
                    "allows no value below 0"
                )


def _passed_ends(methodology: Methodology, observations: pd.DataFrame) -> Iterator[str]:
    """Scales whose ends the figures of the base years pass, more than outliers would."""
    rows = observations[
        observations["year"].isin(methodology.base) & observations["scored"] & observations["value"].notna()
        & (observations["sex"] == "") & (observations["area"] == "")
    ]  # fmt: skip
    values = dict(tuple(rows.groupby("indicator")))
    for line, row in zip(methodology.indicators.index, methodology.indicators.to_dict("records"), strict=True):
        table = values.get(row["code"])
        if table is None:
            continue
        worst, best = float(row["worst"]), float(row["best"])
        sign = 1 if best > worst else -1
        passed = np.column_stack([sign * (worst - table["value"]), sign * (table["value"] - best)])
        if row["ends_basis"] == "target":
            passed[:, 1] = 0  # a target may be met by all
        out = (passed > 0).any(axis=1)
        if out.mean() > (0 if row["ends_basis"] == "range" else BEYOND):
            far = table.iloc[int(passed.max(axis=1).argmax())]
            yield (
                f"{folders.relative(methodology.path.parent / 'indicators.csv')} line {line}: {out.sum()} of "
                f"{len(table)} values of '{row['code']}' in the base years lie outside its ends {worst:g} and "
                f"{best:g}, the furthest {far['value']:g} ({far['region']}, {far['year']}); move the ends, or change "
                "their basis"
            )


def _likely_misspelt(methodology: Methodology) -> Iterator[str]:
    """Nodes of one part alone that are written almost as another of their level."""
    for nodes in methodology.nodes[:-1]:
        codes = [node.code for node in nodes]
        for node in nodes:
            others = [code for code in codes if code != node.code]
            if len(node.parts) == 1 and (close := get_close_matches(node.code, others, n=1, cutoff=0.85)):
                yield (
                    f"{folders.relative(methodology.path.parent / 'indicators.csv')}: the {node.level} '{node.code}' "
                    f"has one part only and is written almost as '{close[0]}'; make them one, or call it otherwise"
                )


def _factors() -> Outcome:
    """The uncertainty factors of each methodology that declares them."""
    declared, wrong = [], []
    for version, path in methodologies().items():
        if (path / "factors.toml").is_file():
            factors = read_factors(read_methodology(version))
            declared.append(f"{version}: {len(factors)}")
            for factor in factors:
                for code, counted in factor.settings.get("of", {}).items():
                    name, known = counted.get("exposure"), read_series().index
                    if name is not None and name not in known:
                        wrong.append(
                            f"{factors.where}: factor '{factor.name}': of '{code}': exposure is '{name}', which is no "
                            f"series of data/series.csv{near(name, known)}"
                        )
    return ", ".join(declared) or NONE, wrong


def _survey() -> Outcome:
    """The definitions of each version, what is imagined for synthetic answers, and the shares that were published."""
    paths = sorted((folders.data() / "survey").glob("*/survey.toml"))
    for path in paths:
        definitions = read_survey_definitions(path.parent.name)
        read_traits(definitions)
        read_published_shares(definitions, list(read_territory().regions.index))
    return ", ".join(path.parent.name for path in paths) or NONE, []


def _crosswalk() -> Outcome:
    """Other indices and their rules, against the methodology of the latest edition."""
    if not (folders.data() / "crosswalk").is_dir():
        return NONE, []
    crosswalk = read_crosswalk(read_edition(max(editions())).methodology)
    return f"{len(crosswalk.systems)} systems, {len(read_methods(crosswalk))} rules", []


def _policy() -> Outcome:
    """The register of measures, against the methodology of the latest edition."""
    if not (folders.data() / "policy").is_dir():
        return NONE, []
    methodology = read_edition(max(editions())).methodology
    register = read_register(methodology=methodology)
    goals = read_indicator_targets(list(methodology.indicators["code"]))
    counts = f"{len(register.measures)} measures, {len(register.targets)} targets, {len(register.facts)} facts"
    return f"{counts}, {len(goals)} targets of indicators", []


def _editions() -> Outcome:
    """Every edition can be scored; what is wrong with several is listed once, with their years."""
    years_of: dict[str, list[str]] = {}
    project = open_project()
    for year in editions():
        try:
            _ = project.edition(year).scores
        except CwiError as problem:
            years_of.setdefault(str(problem), []).append(str(year))
    wrong = [f"edition {', '.join(years)}: {problem}" for problem, years in years_of.items()]
    for version in project.methodologies:
        wrong += _passed_ends(project.methodology(version), project.observations)
    return ", ".join(map(str, editions())), wrong


PARTS: Mapping[str, Callable[[], Outcome]] = {
    "territory": _territory,
    "boundaries": _boundaries,
    "sources": _sources,
    "observations": _observations,
    "derived series": _derived,
    "questions": _questions,
    "covariances": _covariances,
    "methodologies": _methodologies,
    "factors": _factors,
    "survey": _survey,
    "crosswalk": _crosswalk,
    "policy": _policy,
    "editions": _editions,
}
