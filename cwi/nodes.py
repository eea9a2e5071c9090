"""The nodes of the tree above the indicators: built from indicators.csv and the levels, and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from cwi.errors import MethodologyError, near
from cwi.rules import Rule, by_part_order
from cwi.settings import Level, read_titles

__all__ = ["Node", "build_nodes", "check_nodes"]


@dataclass(frozen=True)
class Node:
    """A node above the indicators: its parent and parts, its weight in its parent and the rules for its parts."""

    code: str
    level: str
    parent: str | None
    parts: tuple[int, ...]
    weight: float
    weighting: Rule
    aggregation: Rule
    coverage: float
    titles: Mapping[str, str]


def build_nodes(
    indicators: pd.DataFrame,
    levels: Sequence[Level],
    overrides: Mapping[str, Mapping[str, Any]],
    without: Sequence[str],
    *,
    table: str,
    rules: str,
) -> tuple[tuple[Node, ...], ...]:
    """The nodes of each level, lowest level first, each level in the order of the tree.

    Parameters
    ----------
    indicators
        A row an indicator, with the nodes above it in the columns of the levels below the top.
    overrides
        Rules, weights and titles of single nodes, by code.
    without
        Codes of parts that are left out.
    table, rules
        Names of the two files, for messages.

    Raises
    ------
    MethodologyError
        If the rows are no tree, a part to be left out is unknown, or nothing is left of a node.
    """
    names = [level.name for level in levels]
    codes = [*dict.fromkeys(code for column in ("code", *names[:-1]) for code in indicators[column])]
    for code in without:
        if code not in codes:
            raise MethodologyError(f"{rules}: without names '{code}'{near(code, codes)}")
    # For each level, indicators first, the node that each row of the table belongs to.
    columns = [*(list(indicators[column]) for column in ("code", *names[:-1])), [names[-1]] * len(indicators)]
    parent_of = _parents(columns, names, list(indicators.index), table)
    result = []
    for level, (below, here) in zip(levels, pairwise(columns), strict=True):
        parts = list(dict.fromkeys(below))
        nodes = []
        for code in dict.fromkeys(here):
            members = [i for i, part in enumerate(parts) if parent_of[part] == code]
            kept = tuple(i for i in members if parts[i] not in without)
            if not kept:
                raise MethodologyError(
                    f"{rules}: without {', '.join(parts[i] for i in members)} nothing is "
                    f"left of '{code}'; leave '{code}' out itself"
                )
            kept_codes = [parts[i] for i in kept]
            override = overrides.get(code, {})
            weighting = override.get("weighting", level.weighting)
            nodes.append(
                Node(
                    code=code,
                    level=level.name,
                    parent=parent_of.get(code),
                    parts=kept,
                    weight=override.get("weight", 1.0),
                    weighting=by_part_order(weighting, kept_codes, code, rules.removesuffix(", replaced"), without),
                    aggregation=override.get("aggregation", level.aggregation),
                    coverage=override.get("coverage", level.coverage),
                    titles=read_titles(override, code, rules),
                )
            )
        result.append(tuple(nodes))
    return tuple(result)


def _parents(
    columns: Sequence[Sequence[str]], names: Sequence[str], lines: Sequence[int], table: str
) -> dict[str, str]:
    """The parent of each code; a code has one level and one parent."""
    level_of: dict[str, str] = {}
    parent_of: dict[str, str] = {}
    for line, path in zip(lines, zip(*columns, strict=True), strict=True):
        for code, level in zip(path, ("indicator", *names), strict=True):
            if level_of.setdefault(code, level) != level:
                raise MethodologyError(
                    f"{table} line {line}: '{code}' is a code of the level '{level_of[code]}' and of the level "
                    f"'{level}'; a node cannot lie above itself, give one of them another code"
                )
        for (code, parent), level in zip(pairwise(path), names, strict=True):
            if parent_of.setdefault(code, parent) != parent:
                raise MethodologyError(
                    f"{table} line {line}: '{code}' belongs to the {level} '{parent}' here and to "
                    f"'{parent_of[code]}' above; a node has one parent"
                )
    return parent_of


def check_nodes(
    nodes: Sequence[Sequence[Node]], weights: Sequence[float], overrides: Mapping[str, Mapping[str, Any]], where: str
) -> None:
    """Refuse rules of nodes that do not exist, and nodes whose parts all weigh nothing.

    Parameters
    ----------
    weights
        The weight of each indicator, not below zero.

    Raises
    ------
    MethodologyError
        With ``where`` and the node.
    """
    codes = [node.code for level in nodes for node in level]
    for code in overrides:
        if code not in codes:
            raise MethodologyError(
                f"{where}: [node.{code}] is an orphan: no indicator is under '{code}'{near(code, codes)}"
            )
    below = list(weights)
    for level in nodes:
        for node in level:
            if sum(below[part] for part in node.parts) <= 0:
                raise MethodologyError(f"{where}: the weights of the parts of '{node.code}' are all zero")
        below = [node.weight for node in level]
