"""A reviewer's variation: an edition scored by what the reviewer would have chosen, beside the official scores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from cwi.edition import Edition
from cwi.errors import ParameterError

__all__ = ["score_replaced"]

METHODOLOGY = "methodology"


def score_replaced(edition: Edition, replaced: Iterable[str]) -> pd.DataFrame:
    """The index of the regions, official and with something replaced.

    Parameters
    ----------
    edition
        The official one.
    replaced
        Words ``NAME=VALUE``: ``methodology=2026.1`` (a version or a folder), ``index.aggregation=geometric`` (a level
        and its rule), ``max_age=1`` (a setting).

    Returns
    -------
    DataFrame
        Index region; official, rank, replaced, rank_replaced, moved (ranks, above 0: up); sorted by the official rank.

    Raises
    ------
    ParameterError
        If a word is not written so.
    MethodologyError
        If there is no such methodology, level, setting or method.

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = score_replaced(read_edition(2023), ["index.aggregation=geometric"])
    >>> table.loc["KZ-71", ["rank", "rank_replaced"]].tolist()
    [1, 1]
    """
    version: str | None = None
    changes: dict[str, Any] = {}
    for word in replaced:
        name, sign, text = word.partition("=")
        if not sign or not name or not text:
            raise ParameterError(f"'{word}' replaces nothing; write NAME=VALUE, such as methodology=2026.1")
        level, dot, rule = name.partition(".")
        if name == METHODOLOGY:
            version = text
        elif dot:
            changes[level] = {**changes.get(level, {}), rule: _value(text)}
        else:
            changes[name] = _value(text)
    other = edition.under(version, **changes)
    ranked = []
    for each, names in ((edition, ("official", "rank")), (other, ("replaced", "rank_replaced"))):
        nodes = each.scores.nodes
        top = nodes[(nodes["node"] == each.methodology.top.code) & (nodes["year"] == each.year)]
        ranked.append(top.set_index("region")[["score", "rank"]].set_axis(names, axis=1))
    table = ranked[0].join(ranked[1], how="outer").dropna(subset=["rank"])
    return table.assign(moved=table["rank"] - table["rank_replaced"]).sort_values("rank")


def _value(text: str) -> Any:
    """A number where it is one, else the word."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)
