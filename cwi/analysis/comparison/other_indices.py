"""Our data under their method: the rules of other systems as a methodology with something replaced.

The rules lie in data/crosswalk/methods.toml, in the words of a methodology; here is what the words cannot say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cwi import folders
from cwi.edition import Edition, checked_edition
from cwi.errors import MethodologyError, near
from cwi.inputs.crosswalk import Crosswalk
from cwi.methodology import Methodology
from cwi.rules import check_known, check_number
from cwi.textfiles import read_toml

__all__ = ["Method", "equally_weighted", "read_methods", "standardised_mean", "with_reference"]

Array = NDArray[np.float64]
SETTINGS = ("title", "system", "equal", "replace", "reason", "differs", "colours")


@dataclass(frozen=True)
class Method:
    """A system's rule on our tree.

    ``methodology`` is what runs, or the reason why nothing can; ``differs`` says what of the rule is not followed;
    ``colours`` gives the lowest score of each colour, best first, where the system reports in colours.
    """

    name: str
    title: str
    system: str
    methodology: Methodology | str
    differs: str
    colours: Mapping[str, float]


def standardised_mean(y: Array, w: Array) -> Array:
    """The weighted mean of parts that were first given one mean and one spread over the units [1]_.

    Each part becomes (y - m) / s, m and s (divided by n - 1) over the units that have it; a part in which all units
    are level counts nothing. A part thus counts by its weight alone and not by how far it spreads, at every level
    where the rule stands. It is a rule of units: a score depends on who else is there.

    Parameters
    ----------
    y : (..., n, k)
        Scores of n units on the k parts.
    w : (..., n, k)
        Weights, none for a part that a unit lacks.

    Returns
    -------
    (..., n) array around zero.

    References
    ----------
    .. [1] The rule of UNICEF Innocenti's Report Card 7 (2007), as told by Dijkstra (2009), doi
       10.1007/s12187-009-9036-8.

    Examples
    --------
    >>> standardised_mean(np.array([[1.0, 30.0], [2.0, 10.0], [3.0, 20.0]]), np.array([[0.5, 0.5]])).tolist()
    [0.0, -0.5, 0.5]
    """
    y, w = np.broadcast_arrays(y, w)
    has = w > 0
    n = has.sum(axis=-2, keepdims=True)
    gap = np.where(has, y - np.where(has, y, 0.0).sum(axis=-2, keepdims=True) / np.maximum(n, 1), 0.0)
    s = np.sqrt((gap**2).sum(axis=-2, keepdims=True) / np.maximum(n - 1, 1))
    level = s <= 1e-12 * np.abs(y).max(initial=1.0)
    return np.asarray((w * np.where(level, 0.0, gap / np.where(level, 1.0, s))).sum(axis=-1))


standardised_mean.of_units = True  # type: ignore[attr-defined]  # a rule that compares units says so itself

FUNCTIONS: Mapping[str, Callable[[Array, Array], Array]] = MappingProxyType({"standardised_mean": standardised_mean})


def equally_weighted(official: Methodology, level: str) -> Methodology:
    """The methodology with every node of a level having the same weight in the index, whatever it is under.

    A parent then weighs as many as it holds, measured or not.

    Parameters
    ----------
    level
        "indicator", or a level below the index.

    Raises
    ------
    MethodologyError
        If there is no such level below the index.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> every = equally_weighted(read_methodology("2024.1"), "indicator")
    >>> every.nodes[1][0].code, every.nodes[1][0].weight
    ('child', 14.0)
    """
    tree = official.tree
    names = tree.levels
    if level not in names[:-1]:
        raise MethodologyError(f"no level below '{names[-1]}' is called '{level}'{near(level, names[:-1])}")
    above = names.index(level)
    held = np.ones(len(tree.codes[above]))
    weights: dict[str, dict[str, float]] = {}
    for depth in range(above, len(names) - 2):
        held = held @ tree.belongs(depth)
        weights |= {code: {"weight": float(n)} for code, n in zip(tree.codes[depth + 1], held, strict=True)}
    rules = {name: {"weighting": "equal" if i == 0 else "stated"} for i, name in enumerate(names[above + 1 :])}
    return official.replace(node=weights, **rules)


def read_methods(crosswalk: Crosswalk, path: Path | None = None) -> dict[str, Method]:
    """The rules of other systems on the tree of the crosswalk's methodology, in the order of the file.

    Parameters
    ----------
    crosswalk
        Whose methodology is replaced in, and whose systems the rules may name.
    path
        Another file than data/crosswalk/methods.toml.

    Raises
    ------
    MethodologyError
        If a rule names what nobody knows. A rule that another tree has no place for is no error: its reason is kept.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> from cwi.inputs.crosswalk import read_crosswalk
    >>> methods = read_methods(read_crosswalk(read_methodology("2024.1")))
    >>> methods["hdi"].methodology.top.aggregation.name
    'geometric'
    >>> methods["ihdi"].methodology.split(";")[0]
    'it takes off the inequality of each dimension among persons or households'
    """
    path = path or folders.data() / "crosswalk" / "methods.toml"
    where = folders.relative(path)
    methods = {}
    for name, table in read_toml(path, MethodologyError).items():
        check_known(table, SETTINGS, where, f"the method '{name}'")
        if not table.get("title"):
            raise MethodologyError(f"{where}: the method '{name}' has no title")
        system = table.get("system", "")
        for key in ("title", "system", "reason", "differs"):
            if not isinstance(table.get(key, ""), str):
                raise MethodologyError(f"{where}: {key} of '{name}' is {table[key]!r}; it must be a text in quotes")
        if system and system not in crosswalk.systems.index:
            raise MethodologyError(
                f"{where}: the method '{name}' is of '{system}'{near(system, crosswalk.systems.index)}"
            )
        if ("replace" in table) == ("reason" in table):
            raise MethodologyError(
                f"{where}: the method '{name}' must hold either what to replace or the reason why not"
            )
        colours = table.get("colours", {})
        check_known(colours, tuple(colours), where, f"colours of '{name}'")
        for colour, lowest in colours.items():
            check_number(lowest, f"the colour {colour} of '{name}'", where)
        ruled = table["reason"] if "reason" in table else _replaced(crosswalk.methodology, table)
        methods[name] = Method(name, table["title"], system, ruled, table.get("differs", ""), MappingProxyType(colours))
    return methods


def with_reference(edition: Edition, methods: Mapping[str, Method]) -> dict[str, Methodology | str]:
    """The edition's methodology by its status and the methods after it, as :func:`compare` takes them."""
    official = checked_edition(edition).methodology
    return {official.status: official, **{name: method.methodology for name, method in methods.items()}}


def _replaced(official: Methodology, table: Mapping[str, Any]) -> Methodology | str:
    """The methodology with the changes of the file; or the sentence with which it refuses."""
    changes = {key: _filled(value) if isinstance(value, Mapping) else value for key, value in table["replace"].items()}
    try:
        even = equally_weighted(official, table["equal"]) if "equal" in table else official
        return even.replace(**changes)
    except MethodologyError as refusal:
        return str(refusal)


def _filled(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The rules of a level, with our own functions in place of their names."""
    return {key: FUNCTIONS.get(word, word) if isinstance(word, str) else word for key, word in rules.items()}
