"""The methodology: the rules and the tree by which scores are computed, read from a folder that people approve.

A methodology folder holds ``methodology.toml`` (the rules) and ``indicators.csv`` (the tree, the ends,
the names). Levels are data: any number of them, each with its own rules.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi import folders
from cwi.errors import MethodologyError, near
from cwi.html import html_table
from cwi.indicators import DECIMALS, ENDS, LANGUAGES, OPTIONAL, TITLES, checked_indicators, ended
from cwi.rules import Rule, by_part_order, check_choice, check_known, check_number, for_fingerprint, read_rule
from cwi.textfiles import read_csv, read_toml, sha256
from cwi.tree import INDICATOR, Tree
from cwi.vintage import read_cell_decisions

__all__ = ["Level", "Methodology", "Node", "Rule", "checked_methodology", "methodologies", "read_methodology"]

RULES = ("weighting", "aggregation", "coverage")

RESERVED = ("code", *ENDS, "node", "normalisation", "ends", "indicators")

SETTINGS: Mapping[str, Any] = {  # what is neither a rule nor a level, and what holds where nothing is said
    "status": "working",
    "base": (),
    "nation": None,
    "max_age": 0,
    "decimals": 1,
    "experimental_below": 0.0,
    "treatment": None,
    "imputation": (),
    "without": (),
    "vintage": 0.0,
}
UNCHANGED = ("treatment", "imputation", "without", "vintage")  # part of the fingerprint only where they change anything
TREATMENT = ("limit", "then", "skew", "kurt")


@dataclass(frozen=True)
class Level:
    """One level of the tree: how the parts of its nodes are weighted and aggregated.

    ``coverage`` is the share of the weight of a node's parts that must have a score for the node to have one.
    """

    name: str
    weighting: Rule
    aggregation: Rule
    coverage: float


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


@dataclass(frozen=True, eq=False, repr=False)
class Methodology:
    """A frozen record of rules; ask for an alternative with :meth:`replace`.

    ``indicators`` is a table in the order of the tree with the columns of indicators.csv; do not write into it.
    ``vintage``: the share of regions that must have a figure of a year for all to be scored on it (0: each region on
    its own latest); ``cells``: decisions on single cells, as :func:`cwi.vintage.read_cell_decisions` gives them.
    ``files``: names and SHA-256 of the files that were read: the two, and cells.csv where there is one.
    """

    version: str
    status: str
    titles: Mapping[str, str]
    base: tuple[int, ...]
    nation: str | None
    normalisation: Rule
    max_age: int
    decimals: int
    experimental_below: float
    treatment: Mapping[str, Any] | None
    imputation: tuple[Rule, ...]
    without: tuple[str, ...]
    levels: tuple[Level, ...]
    overrides: Mapping[str, Mapping[str, Any]]
    indicators: pd.DataFrame
    path: Path
    changed: tuple[str, ...] = ()
    vintage: float = 0.0
    cells: pd.DataFrame | None = None
    files: tuple[tuple[str, str], ...] = ()

    @cached_property
    def nodes(self) -> tuple[tuple[Node, ...], ...]:
        """The nodes of each level, lowest level first, each in the order of the tree."""
        return _nodes(self)

    @cached_property
    def tree(self) -> Tree:
        """Levels, codes and parents of all nodes, the indicators included."""
        codes = [tuple(self.indicators["code"]), *(tuple(node.code for node in level) for level in self.nodes)]
        parents = [np.full(len(below), -1, dtype=np.intp) for below in codes[:-1]]
        for nodes, above in zip(self.nodes, parents, strict=True):
            for place, node in enumerate(nodes):
                above[list(node.parts)] = place
        return Tree((INDICATOR, *(level.name for level in self.levels)), tuple(codes), tuple(parents))

    @property
    def top(self) -> Node:
        """The node that holds everything: the index."""
        return self.nodes[-1][0]

    def is_region(self, codes: Iterable[str]) -> NDArray[np.bool_]:
        """Which codes are of regions: all but the nation's.

        Examples
        --------
        >>> read_methodology("2024.1").is_region(["KZ", "KZ-71"]).tolist()
        [False, True]
        """
        return np.array([code != self.nation for code in codes], dtype=bool)

    def titles_of(self, language: str) -> dict[str, str]:
        """The titles of all indicators and nodes by code; the code where there is no title.

        Parameters
        ----------
        language
            kk, ru or en.

        Examples
        --------
        >>> read_methodology("2024.1").titles_of("en")["ecology"]
        'Ecology'
        """
        column = self.indicators.set_index("code")[f"title_{language}"]
        nodes = {node.code: node.titles[language] for level in self.nodes for node in level}
        return {code: title or code for code, title in ({**column, **nodes}).items()}

    @cached_property
    def stated_weights(self) -> tuple[NDArray[np.float64], ...]:
        """For each level, the stated weight of every part in its parent, summing to one under each parent."""
        below = self.indicators["weight"].to_numpy(float)
        result = []
        for nodes in self.nodes:
            weights = np.zeros(len(below))
            for node in nodes:
                parts = list(node.parts)
                weights[parts] = below[parts] / below[parts].sum()
            result.append(weights)
            below = np.array([node.weight for node in nodes])
        return tuple(result)

    @cached_property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change with anything the methodology says."""
        said: dict[str, Any] = {
            "version": self.version,
            "titles": dict(self.titles),
            "normalisation": for_fingerprint(self.normalisation),
            **{key: getattr(self, key) for key in SETTINGS if key not in UNCHANGED},
            "levels": [
                [level.name, for_fingerprint(level.weighting), for_fingerprint(level.aggregation), level.coverage]
                for level in self.levels
            ],
            "nodes": {
                code: {
                    key: for_fingerprint(value) if isinstance(value, Rule) else value
                    for key, value in sorted(override.items())
                }
                for code, override in sorted(self.overrides.items())
            },
            "indicators": [
                {key: str(value) for key, value in row.items()} for row in self.indicators.to_dict("records")
            ],
        }
        if self.treatment is not None:
            said["treatment"] = dict(self.treatment)
        if self.imputation:
            said["imputation"] = [for_fingerprint(rule) for rule in self.imputation]
        if self.without:
            said["without"] = sorted(self.without)
        if self.vintage:
            said["vintage"] = self.vintage
        if self.cells is not None:
            said["cells"] = self.cells.astype(str).to_dict("records")
        text = json.dumps(said, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def __repr__(self) -> str:
        levels = " → ".join(self.tree.levels)
        changed = f", changed: {', '.join(dict.fromkeys(self.changed))}" if self.changed else ""
        return f"Methodology({self.version} {self.fingerprint[:4]}…, {self.status}: {levels}{changed})"

    def _repr_html_(self) -> str:
        rows = [
            {"level": level.name, "nodes": len(nodes), "weighting": level.weighting, "aggregation": level.aggregation,
             "coverage": level.coverage}
            for level, nodes in zip(self.levels, self.nodes, strict=True)
        ]  # fmt: skip
        first = {"level": INDICATOR, "nodes": len(self.indicators), "weighting": "", "aggregation": "", "coverage": ""}
        caption = f"{self!r}; scores: {self.normalisation}"
        return html_table(pd.DataFrame([first, *rows]).astype(str), caption)

    def unused(self) -> list[str]:
        """What is written but changes nothing: weights that differ under a node whose weighting does not look at them.

        Examples
        --------
        >>> read_methodology("2024.1").unused()
        []
        """
        said = []
        for nodes, stated in zip(self.nodes, self.stated_weights, strict=True):
            for node in nodes:
                if not node.weighting.traits.uses_stated and np.ptp(stated[list(node.parts)]) > 1e-12:
                    said.append(
                        f"{folders.relative(self.path)}: the parts of '{node.code}' are written with different "
                        f"weights, but its weighting is '{node.weighting.name}', which does not look at them; "
                        'write weighting = "stated", or take the weights away'
                    )
        return said

    def replace(self, **changes: Any) -> Methodology:
        """The same methodology with something replaced; its fingerprint differs.

        A level is named by its word and takes a table of what is to be replaced in it; a rule is a word of
        its family, a table ``{"name": word, parameter: value}``, or any function that keeps the family's contract.
        ``node`` takes tables by code, ``ends`` the worst and the best of indicators by code, ``without`` a list of
        parts that are left out, ``indicators`` a whole table.

        Raises
        ------
        MethodologyError
            If a key or a word is unknown.

        Examples
        --------
        >>> official = read_methodology("2024.1")
        >>> alternative = official.replace(index={"aggregation": "geometric"}, max_age=2)
        >>> alternative.levels[-1].aggregation.name, alternative.fingerprint == official.fingerprint
        ('geometric', False)
        """
        where = f"{folders.relative(self.path)}, replaced"
        levels = list(self.levels)
        plain: dict[str, Any] = {}
        overrides = dict(self.overrides)
        names = [level.name for level in levels]
        for key, value in changes.items():
            if key in names:
                check_known(value, RULES, where, f"the level '{key}'")
                at = names.index(key)
                levels[at] = replace(levels[at], **_rules(value, where))
            elif key == "node":
                for code, table in _overrides(value, where).items():
                    overrides[code] = MappingProxyType({**overrides.get(code, {}), **table})
            elif key == "normalisation":
                plain[key] = read_rule("normalisation", value, where)
            elif key == "ends":
                moved = ended(self.indicators, value, where)
                plain["indicators"] = checked_indicators(moved, names[:-1], f"{where}, ends")
            elif key == "indicators":
                plain[key] = checked_indicators(value, names[:-1], f"{where}, indicators")
            elif key in SETTINGS:
                plain[key] = _setting(key, value, where)
            else:
                known = [*names, "node", "normalisation", "ends", "indicators", *SETTINGS]
                raise MethodologyError(f"{where}: nothing is called '{key}'{near(key, known)}")
        new = replace(
            self,
            levels=tuple(levels),
            overrides=MappingProxyType(overrides),
            changed=(*self.changed, *changes),
            **plain,
        )
        _validate(new, where)
        return new


def methodologies(folder: Path | None = None) -> dict[str, Path]:
    """The versions that lie in ``folder`` (data/methodology), each with its path."""
    folder = folder or folders.data() / "methodology"
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*/methodology.toml")):
        version = _version(read_toml(path, MethodologyError), folders.relative(path))
        if version in found:
            raise MethodologyError(
                f"{folders.relative(path)}: version '{version}' is also the version of "
                f"{folders.relative(found[version])}; two methodologies cannot share one version"
            )
        found[version] = path.parent
    return found


def read_methodology(version: str | Path) -> Methodology:
    """The methodology of a version under data/methodology, or of any folder.

    Parameters
    ----------
    version
        A version such as ``"2024.1"``, or the path of a folder with methodology.toml and indicators.csv.

    Raises
    ------
    MethodologyError
        With the file and the line, if something is missing, unknown or contradicts itself.

    Examples
    --------
    >>> read_methodology("2024.1").version
    '2024.1'
    """
    folder = Path(version)
    if isinstance(version, str):
        known = methodologies()
        if version not in known and not (folder / "methodology.toml").is_file():
            raise MethodologyError(f"no methodology has the version '{version}'{near(version, known)}")
        folder = known.get(version, folder)
    path = folder / "methodology.toml"
    where = folders.relative(path)
    said = read_toml(path, MethodologyError)
    known_settings = ("version", *TITLES, "normalisation", *SETTINGS, "level", "node")
    check_known(said, known_settings, where, "the methodology")
    for key in ("version", "normalisation", "level"):
        if key not in said:
            raise MethodologyError(f"{where}: '{key}' is missing")
    levels = _levels(said["level"], where)
    below_top = [level.name for level in levels[:-1]]
    table_path, cells_path = folder / "indicators.csv", folder / "cells.csv"
    paths = table_path, path, cells_path
    table = read_csv(table_path, MethodologyError, required=("code", *below_top, *ENDS), optional=OPTIONAL)
    methodology = Methodology(
        version=_version(said, where),
        titles=_titles(said, said["version"]),
        normalisation=read_rule("normalisation", said["normalisation"], where),
        levels=levels,
        overrides=MappingProxyType(_overrides(said.get("node", {}), where)),
        indicators=checked_indicators(table, below_top, folders.relative(table_path)),
        path=path,
        cells=read_cell_decisions(cells_path),
        files=tuple((folders.relative(each), sha256(each)) for each in paths if each.is_file()),
        **{key: _setting(key, said.get(key, default), where) for key, default in SETTINGS.items()},
    )
    _validate(methodology, where)
    return methodology


def checked_methodology(methodology: object) -> Methodology:
    """The argument, if it is a methodology; a version, which is a text, is not one.

    Raises
    ------
    MethodologyError
        If it is anything else, with what to write instead.
    """
    if isinstance(methodology, Methodology):
        return methodology
    if isinstance(methodology, str):
        raise MethodologyError(
            f"methodology is the text '{methodology}'; give the rules themselves, read_methodology('{methodology}'), "
            f"or ask an edition: edition.under('{methodology}')"
        )
    raise MethodologyError(
        f"methodology is of the type {type(methodology).__name__}; it must be a Methodology, such as read_methodology "
        "gives"
    )


def _version(said: Mapping[str, Any], where: str) -> str:
    version = said.get("version")
    if version is None:
        raise MethodologyError(f"{where}: 'version' is missing")
    if not isinstance(version, str) or not version:
        raise MethodologyError(f'{where}: version is {version!r}; it must be a text in quotes, such as "2024.1"')
    return version


def _setting(key: str, value: Any, where: str) -> Any:
    """The value of one of SETTINGS, checked."""
    if key == "status":
        return check_choice(value, ("working", "official"), key, where)
    if key == "base":
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise MethodologyError(f"{where}: base is {value!r}; it must be a list of years")
        return tuple(check_number(year, key, where, whole=True) for year in value)
    if key == "nation":
        if value is not None and not isinstance(value, str):
            raise MethodologyError(f"{where}: nation is {value!r}; it must be the code of a region")
        return value
    if key in ("experimental_below", "vintage"):
        return check_number(value, key, where, 0, 1)
    if key == "treatment":
        if value is None:
            return None
        check_known(value, TREATMENT, where, "the treatment")
        return MappingProxyType(dict(value))
    if key == "imputation":
        words = value if isinstance(value, (list, tuple)) else [value]
        return tuple(read_rule("imputation", word, where) for word in words)
    if key == "without":
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise MethodologyError(f"{where}: without is {value!r}; it must be a list of codes")
        return tuple(value)
    return check_number(value, key, where, 0, DECIMALS if key == "decimals" else math.inf, whole=True)


def _levels(said: Any, where: str) -> tuple[Level, ...]:
    if not isinstance(said, list) or not said or not all(isinstance(level, dict) for level in said):
        raise MethodologyError(f"{where}: levels are written [[level]], the lowest first")
    levels = tuple(_level(level, where) for level in said)
    names = [level.name for level in levels]
    for name in names:
        if names.count(name) > 1:
            raise MethodologyError(f"{where}: two levels are called '{name}'")
        if name == "indicator":
            raise MethodologyError(f"{where}: 'indicator' is the level below the first [[level]]; it needs no entry")
        if name in (*RESERVED, *SETTINGS, *OPTIONAL):
            raise MethodologyError(f"{where}: no level can be called '{name}', the word has another meaning")
    return levels


def _overrides(said: Any, where: str) -> dict[str, Mapping[str, Any]]:
    """The tables of [node], by code."""
    if not isinstance(said, Mapping):
        raise MethodologyError(f"{where}: a node is written [node.code]")
    for code, table in said.items():
        check_known(table, (*RULES, "weight", *TITLES), where, f"the node '{code}'")
    return {code: MappingProxyType(_rules(table, where)) for code, table in said.items()}


def _level(said: dict[str, Any], where: str) -> Level:
    name = said.get("name")
    if not isinstance(name, str) or not name:
        raise MethodologyError(f"{where}: a [[level]] has no name")
    check_known(said, ("name", *RULES), where, f"the level '{name}'")
    for key in ("weighting", "aggregation"):
        if key not in said:
            raise MethodologyError(f"{where}: the level '{name}' has no {key}")
    rules = _rules({"coverage": 1.0} | {key: value for key, value in said.items() if key != "name"}, where)
    return Level(name=name, **rules)


def _rules(said: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The rules of a level or a node, words turned into methods."""
    result = dict(said)
    for family in ("weighting", "aggregation"):
        if family in result:
            result[family] = read_rule(family, result[family], where)
    if "coverage" in result:
        result["coverage"] = check_number(result["coverage"], "coverage", where, 0, 1)
    if "weight" in result:
        result["weight"] = check_number(result["weight"], "weight", where, 0)
    return result


def _nodes(methodology: Methodology) -> tuple[tuple[Node, ...], ...]:
    """Build the tree, and refuse what is no tree."""
    table, where = methodology.indicators, folders.relative(methodology.path.parent / "indicators.csv")
    names = [level.name for level in methodology.levels]
    codes = [*dict.fromkeys(code for column in ("code", *names[:-1]) for code in table[column])]
    rules = folders.relative(methodology.path) + (", replaced" if methodology.changed else "")
    for code in methodology.without:
        if code not in codes:
            raise MethodologyError(f"{rules}: without names '{code}'{near(code, codes)}")
    # For each level, indicators first, the node in which each row of the table lies.
    floors = [*(list(table[column]) for column in ("code", *names[:-1])), [names[-1]] * len(table)]
    floor_of: dict[str, str] = {}
    parent_of: dict[str, str] = {}
    for line, path in zip(table.index, zip(*floors, strict=True), strict=True):
        for code, floor in zip(path, ("indicator", *names), strict=True):
            if floor_of.setdefault(code, floor) != floor:
                raise MethodologyError(
                    f"{where} line {line}: '{code}' is a code of the level '{floor_of[code]}' and of the level "
                    f"'{floor}'; a node cannot lie above itself, give one of them another code"
                )
        for (code, parent), floor in zip(pairwise(path), names, strict=True):
            if parent_of.setdefault(code, parent) != parent:
                raise MethodologyError(
                    f"{where} line {line}: '{code}' belongs to the {floor} '{parent}' here and to "
                    f"'{parent_of[code]}' above; a node has one parent"
                )
    result = []
    for level, (below, here) in zip(methodology.levels, pairwise(floors), strict=True):
        parts = list(dict.fromkeys(below))
        nodes = []
        for code in dict.fromkeys(here):
            own = methodology.overrides.get(code, {})
            members = [i for i, part in enumerate(parts) if parent_of[part] == code]
            kept = tuple(i for i in members if parts[i] not in methodology.without)
            if not kept:
                raise MethodologyError(
                    f"{rules}: without {', '.join(parts[i] for i in members)} nothing is "
                    f"left of '{code}'; leave '{code}' out itself"
                )
            nodes.append(
                Node(
                    code=code,
                    level=level.name,
                    parent=parent_of.get(code),
                    parts=kept,
                    weight=own.get("weight", 1.0),
                    weighting=by_part_order(
                        own.get("weighting", level.weighting),
                        [parts[i] for i in kept],
                        code,
                        folders.relative(methodology.path),
                        methodology.without,
                    ),
                    aggregation=own.get("aggregation", level.aggregation),
                    coverage=own.get("coverage", level.coverage),
                    titles=_titles(own, code),
                )
            )
        result.append(tuple(nodes))
    return tuple(result)


def _validate(methodology: Methodology, where: str) -> None:
    codes = [node.code for level in methodology.nodes for node in level]
    for code in methodology.overrides:
        if code not in codes:
            raise MethodologyError(
                f"{where}: [node.{code}] is an orphan: no indicator lies under '{code}'{near(code, codes)}"
            )
    below = methodology.indicators["weight"].to_numpy(float)
    for level in methodology.nodes:
        for node in level:
            if below[list(node.parts)].sum() <= 0:
                raise MethodologyError(f"{where}: the weights of the parts of '{node.code}' are all zero")
        below = np.array([node.weight for node in level])


def _titles(said: Mapping[str, Any], default: str) -> Mapping[str, str]:
    return MappingProxyType({language: str(said.get(f"title_{language}", default)) for language in LANGUAGES})
