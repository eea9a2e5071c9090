"""Other indices of the same data: what is no uncertainty of the index but another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cwi import folders
from cwi.edition import Edition
from cwi.errors import MethodologyError, near
from cwi.indicators import LANGUAGES
from cwi.methodology import Methodology
from cwi.rules import check_known
from cwi.textfiles import read_toml

__all__ = ["read_scenarios", "scenarios", "with_series"]

FILE = "scenarios.toml"


def read_scenarios(methodology: Methodology) -> Mapping[str, Mapping[str, Any]]:
    """The scenarios beside a methodology by name; none where it has no scenarios.toml.

    Each has a title in every language, a reason why it is no factor of uncertainty, and what it replaces in the words
    of :meth:`Methodology.replace` (``changes``); ``series`` names the series that an indicator is read from instead of
    its own (indicator = series).

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
    for name, table in settings.get("scenario", {}).items():
        here = f"{where}: scenario '{name}'"
        check_known(table, (*words, "series"), here, "it")
        for word in words:
            if not table.get(word) and not (word == "changes" and table.get("series")):
                raise MethodologyError(f"{here}: {word} is missing")
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
        scenario ("official" first), region, score, rank (missing where there is no index). A row for each scenario and
        region of the edition, and the nation.

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
        parts.append(
            pd.DataFrame(
                {
                    "scenario": name,
                    "region": units,
                    "score": rows["score"].to_numpy(float),
                    "rank": rows["rank"].to_numpy(float, na_value=np.nan),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


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
