"""Other indices of the same data: what is no uncertainty of the index but another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cwi import folders
from cwi.edition import Edition
from cwi.errors import MethodologyError, near
from cwi.indicators import LANGUAGES
from cwi.methodology import Methodology
from cwi.methods.ranking import rank, spearman
from cwi.rules import check_known
from cwi.textfiles import read_toml

__all__ = ["read_scenarios", "scenario_summary", "scenarios", "with_series"]

FILE = "scenarios.toml"
OTHERS = ("series", "without_regions")  # what a scenario may have beside changes of the rules
FEW = 3  # regions: below, an order is no order


def read_scenarios(methodology: Methodology) -> Mapping[str, Mapping[str, Any]]:
    """The scenarios beside a methodology by name; none where it has no scenarios.toml.

    Each has a title in every language, a reason why it is no factor of uncertainty, and what it replaces in the words
    of :meth:`Methodology.replace` (``changes``); ``series`` names the series that an indicator is read from instead of
    its own (indicator = series), ``without_regions`` the regions that are left out: the others keep
    their scores and are ranked among themselves.

    Raises
    ------
    MethodologyError
        If a title or the reason is missing, a scenario changes nothing or what cannot be changed, or ``series`` names
        no indicator of the methodology.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> list(read_scenarios(read_methodology("2026.1")))[:1], dict(read_scenarios(read_methodology("2024.1")))
    (['older_figures'], {})
    """
    path = methodology.path.with_name(FILE)
    if not path.is_file():
        return {}
    where = folders.relative(path)
    settings = read_toml(path, MethodologyError)
    check_known(settings, ("scenario",), where, "the table of scenarios")
    words = (*(f"title_{language}" for language in LANGUAGES), "reason", "changes")
    if not settings.get("scenario"):
        raise MethodologyError(f"{where}: there is no scenario in it; restore the file, or delete it")
    check_known(settings["scenario"], tuple(settings["scenario"]), where, "scenario")
    for name, table in settings["scenario"].items():
        here = f"{where}: scenario '{name}'"
        check_known(table, (*words, *OTHERS), here, "it")
        for word in words:
            if not table.get(word) and not (word == "changes" and any(map(table.get, OTHERS))):
                raise MethodologyError(f"{here}: {word} is missing")
            if word != "changes" and not isinstance(table[word], str):
                raise MethodologyError(f"{here}: {word} is {table[word]!r}; it must be a text in quotes")
        indicators = list(methodology.indicators["code"])
        for code in table.get("series", {}):
            if code not in indicators:
                raise MethodologyError(f"{here}: series: there is no indicator '{code}'{near(code, indicators)}")
        try:
            methodology.replace(**table.get("changes", {}))
        except MethodologyError as problem:
            raise MethodologyError(f"{here}: {problem}") from None
    return dict(settings.get("scenario", {}))


def scenarios(edition: Edition) -> pd.DataFrame:
    """Score an edition under each scenario of its methodology, beside the official index.

    Returns
    -------
    DataFrame
        scenario ("official" first), region, score, rank (missing where there is no index, or the region takes no
        part). A row for each scenario and region of the edition, and the nation.

    Raises
    ------
    MethodologyError
        If ``without_regions`` names no region.

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = scenarios(read_edition(2023, "2026.1"))
    >>> own = table[table["scenario"] == "own_year_only"]
    >>> bool(own["score"].isna().all())  # without carried figures there is no index of 2023
    True
    """
    rules = edition.methodology
    top, units = rules.top.code, [*edition.regions, *([rules.nation] if rules.nation else [])]
    parts = []
    for name, scenario in (("official", {}), *read_scenarios(rules).items()):
        read = with_series(edition, scenario.get("series", {}))
        scores = read.under(**scenario.get("changes", {})).scores
        rows = scores.nodes[scores.nodes["node"] == top].set_index("region").reindex(units)
        rows = _without(rows[["score", "rank"]].astype(float), name, scenario.get("without_regions", ()), edition)
        parts.append(
            pd.DataFrame(
                {
                    "scenario": name,
                    "region": units,
                    "score": rows["score"].to_numpy(float),
                    "rank": rows["rank"].to_numpy(float),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def scenario_summary(edition: Edition) -> pd.DataFrame:
    """Who leads and how the order moves under each scenario, the official index first.

    Returns
    -------
    DataFrame
        Index scenario; regions (with an index), first, last (codes, several separated by a space; empty without an
        index), gap (points between the highest and the lowest), spearman (rank correlation with the official index, of
        the regions that have both; missing below three), moved (the largest shift of places among these).

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = scenario_summary(read_edition(2024))
    >>> table.loc[["official", "without_cities"], ["regions", "first"]].to_numpy().tolist()
    [[20, 'KZ-71'], [17, 'KZ-43']]
    """
    table = scenarios(edition)
    table = table[edition.methodology.is_region(table["region"])]
    wide = table.pivot(index="region", columns="scenario", values="score").reindex(edition.regions)
    ranks = table.pivot(index="region", columns="scenario", values="rank").reindex(edition.regions)
    rows = {}
    for name in dict.fromkeys(table["scenario"]):
        index, places = wide[name].dropna(), ranks[name].dropna()
        ends = (" ".join(places.index[places == end]) for end in (places.min(), places.max()))
        both = pd.DataFrame({"official": wide["official"], "other": wide[name]}).dropna()
        order = (-both).rank(method="min").to_numpy(float).T
        few = len(both) < FEW
        agreement = np.nan if few else float(spearman(order[0], order[1]))
        moved = np.nan if few else float(np.abs(order[0] - order[1]).max())
        rows[name] = (len(index), *ends, index.max() - index.min(), agreement, moved)
    columns = ["regions", "first", "last", "gap", "spearman", "moved"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("scenario")


def _without(rows: pd.DataFrame, scenario: str, left_out: Sequence[str], edition: Edition) -> pd.DataFrame:
    """Scores and ranks with some regions left out."""
    known = edition.territory.regions.index
    for code in left_out:
        if code not in known:
            raise MethodologyError(
                f"scenario '{scenario}': without_regions: there is no region '{code}'{near(code, known)}"
            )
    if not left_out:
        return rows
    rows = rows.drop(index=list(left_out), errors="ignore").reindex(rows.index)
    inside = edition.methodology.is_region(rows.index)
    rows.loc[inside, "rank"] = rank(rows.loc[inside, "score"].to_numpy(float), decimals=edition.methodology.decimals)
    return rows


def with_series(edition: Edition, series: Mapping[str, str]) -> Edition:
    """The edition with indicators read from other series than their own.

    Parameters
    ----------
    series
        Indicator = series of the observations; an indicator without a row in that series has no value.

    Examples
    --------
    >>> from cwi import read_edition
    >>> edition = with_series(read_edition(2021, "2026.1"), {"child_budget_share": "child_budget_share_local"})
    >>> round(float(edition.scores.values(2021).at["KZ-71", "child_budget_share"]), 1)
    28.6
    """
    if not series:
        return edition
    codes = edition.base["indicator"].to_numpy(object)
    codes = np.where(np.isin(codes, list(series)), "", codes)
    for code, source in series.items():
        codes = np.where(edition.base["indicator"] == source, code, codes)
    return replace(edition, base=edition.base.assign(indicator=codes)[codes != ""])
