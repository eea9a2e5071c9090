"""Other indices of the same data: what is no uncertainty of the index but another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cwi import folders
from cwi.edition import Edition
from cwi.errors import MethodologyError
from cwi.indicators import LANGUAGES
from cwi.methodology import Methodology
from cwi.rules import check_known
from cwi.textfiles import read_toml

__all__ = ["read_scenarios", "scenarios"]

FILE = "scenarios.toml"


def read_scenarios(methodology: Methodology) -> Mapping[str, Mapping[str, Any]]:
    """The scenarios beside a methodology by name; none where it has no scenarios.toml.

    Each has a title in every language, a reason why it is no factor of uncertainty, and what it replaces in the words
    of :meth:`Methodology.replace`.

    Raises
    ------
    MethodologyError
        If a title or the reason is missing, or a scenario changes nothing or what cannot be changed.

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
        check_known(table, words, here, "it")
        for word in words:
            if not table.get(word):
                raise MethodologyError(f"{here}: {word} is missing")
        try:
            methodology.replace(**table["changes"])
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
    for name, changes in (("official", {}), *((n, t["changes"]) for n, t in read_scenarios(rules).items())):
        scores = edition.under(**changes).scores
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
