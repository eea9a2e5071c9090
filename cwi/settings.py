"""What methodology.toml may hold, and how each setting is checked: settings, levels, nodes, titles."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cwi.errors import MethodologyError
from cwi.indicators import DECIMALS, ENDS, LANGUAGES, OPTIONAL, TITLES
from cwi.methods.treatment import SHIFTS, THEN
from cwi.rules import Rule, check_choice, check_known, check_number, read_rule

__all__ = [
    "RESERVED",
    "RULES",
    "SETTINGS",
    "Level",
    "read_indicator_rules",
    "read_levels",
    "read_overrides",
    "read_rules",
    "read_setting",
    "read_titles",
    "read_version",
]

RULES = ("weighting", "aggregation", "coverage")

RESERVED = ("code", *ENDS, "node", "normalisation", "ends", "indicators", "indicator")

SETTINGS: Mapping[str, Any] = {  # neither rules nor levels, each with its default
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
    "learn_from": "measured",
    "refused": "stop",
    "screening": None,
}
LEARN_FROM = ("measured", "completed")
REFUSED = ("stop", "missing")
TREATMENT = ("limit", "then", "skew", "kurt", "combine", "shift", "power")
SCREENING = ("measured", "nonzero", "count")
OF_ONE_INDICATOR = ("normalisation", "treatment")


@dataclass(frozen=True)
class Level:
    """One level of the tree: how the parts of its nodes are weighted and aggregated.

    ``coverage`` is the share of the weight of a node's parts that must have a score for the node to have one.
    """

    name: str
    weighting: Rule
    aggregation: Rule
    coverage: float


def read_version(document: Mapping[str, Any], where: str) -> str:
    """The version, a text that is not empty."""
    version = document.get("version")
    if version is None:
        raise MethodologyError(f"{where}: 'version' is missing")
    if not isinstance(version, str) or not version:
        raise MethodologyError(f'{where}: version is {version!r}; it must be a text in quotes, such as "2024.1"')
    return version


def read_setting(key: str, value: Any, where: str) -> Any:
    """The value of one of SETTINGS, checked."""
    if key == "status":
        return check_choice(value, ("working", "official"), key, where)
    if key == "base":
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise MethodologyError(f"{where}: base is {value!r}; it must be a list of years")
        return tuple(check_number(year, key, where, integer=True) for year in value)
    if key == "nation":
        if value is not None and not isinstance(value, str):
            raise MethodologyError(f"{where}: nation is {value!r}; it must be the code of a region")
        return value
    if key in ("experimental_below", "vintage"):
        return check_number(value, key, where, 0, 1)
    if key == "treatment":
        return _treatment(value, where)
    if key == "screening":
        return _screening(value, where)
    if key == "learn_from":
        return check_choice(value, LEARN_FROM, key, where)
    if key == "refused":
        return check_choice(value, REFUSED, key, where)
    if key == "imputation":
        words = value if isinstance(value, (list, tuple)) else [value]
        return tuple(read_rule("imputation", word, where) for word in words)
    if key == "without":
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise MethodologyError(f"{where}: without is {value!r}; it must be a list of codes")
        return tuple(value)
    return check_number(value, key, where, 0, DECIMALS if key == "decimals" else math.inf, integer=True)


def _treatment(value: Any, where: str) -> Mapping[str, Any] | None:
    """The settings of the treatment of outliers, each of them checked."""
    if value is None or value == "none":
        return None
    check_known(value, TREATMENT, where, "the treatment")
    for key, setting in value.items():
        what = f"{key} of the treatment"
        if key == "limit":
            check_number(setting, what, where, 0, integer=True)
        elif key == "then":
            check_choice(setting, THEN, what, where)
        elif key == "shift":
            check_choice(setting, SHIFTS, what, where)
        elif key == "combine":
            if not isinstance(setting, bool):
                raise MethodologyError(f"{where}: {what} is {setting!r}; it must be true or false")
        else:
            check_number(setting, what, where, -math.inf if key == "power" else 0)
    if "power" in value and value.get("then") != "boxcox":
        raise MethodologyError(f'{where}: power of the treatment is that of Box-Cox; write then = "boxcox" with it')
    return MappingProxyType(dict(value))


def _screening(value: Any, where: str) -> Mapping[str, Any] | None:
    """The least shares that a unit needs to be scored, and what is counted."""
    if value is None:
        return None
    check_known(value, SCREENING, where, "the screening")
    if not {"measured", "nonzero"} & set(value):
        raise MethodologyError(
            f"{where}: the screening asks for nothing; write measured = 0.65, nonzero = 0.5, or both"
        )
    for key in value:
        if key == "count":
            check_choice(value[key], LEARN_FROM, "count of the screening", where)
        else:
            check_number(value[key], f"{key} of the screening", where, 0, 1)
    return MappingProxyType({"count": "measured", **value})


def read_indicator_rules(tables: Any, where: str) -> dict[str, Mapping[str, Any]]:
    """The tables of [indicator]: the normalisation and the treatment of single indicators, by code."""
    if not isinstance(tables, Mapping):
        raise MethodologyError(f"{where}: the rules of an indicator are written [indicator.code]")
    result: dict[str, Mapping[str, Any]] = {}
    for code, table in tables.items():
        here = f"{where}: [indicator.{code}]"
        check_known(table, OF_ONE_INDICATOR, where, f"the indicator '{code}'")
        rules = dict(table)
        if "normalisation" in rules:
            rules["normalisation"] = read_rule("normalisation", rules["normalisation"], here)
        if "treatment" in rules:
            rules["treatment"] = _treatment(rules["treatment"], here)
        result[code] = MappingProxyType(rules)
    return result


def read_levels(tables: Any, where: str) -> tuple[Level, ...]:
    """The tables of [[level]], the lowest level first."""
    if not isinstance(tables, list) or not tables or not all(isinstance(level, dict) for level in tables):
        raise MethodologyError(f"{where}: levels are written [[level]], the lowest first")
    levels = tuple(_level(level, where) for level in tables)
    names = [level.name for level in levels]
    for name in names:
        if names.count(name) > 1:
            raise MethodologyError(f"{where}: two levels are called '{name}'")
        if name == "indicator":
            raise MethodologyError(f"{where}: 'indicator' is the level below the first [[level]]; it needs no entry")
        if name in (*RESERVED, *SETTINGS, *OPTIONAL):
            raise MethodologyError(f"{where}: no level can be called '{name}', the word has another meaning")
    return levels


def _level(table: dict[str, Any], where: str) -> Level:
    name = table.get("name")
    if not isinstance(name, str) or not name:
        raise MethodologyError(f"{where}: a [[level]] has no name")
    check_known(table, ("name", *RULES), where, f"the level '{name}'")
    for key in ("weighting", "aggregation"):
        if key not in table:
            raise MethodologyError(f"{where}: the level '{name}' has no {key}")
    rules = read_rules({"coverage": 1.0} | {key: value for key, value in table.items() if key != "name"}, where)
    return Level(name=name, **rules)


def read_overrides(tables: Any, where: str) -> dict[str, Mapping[str, Any]]:
    """The tables of [node], by code."""
    if not isinstance(tables, Mapping):
        raise MethodologyError(f"{where}: a node is written [node.code]")
    for code, table in tables.items():
        check_known(table, (*RULES, "weight", *TITLES), where, f"the node '{code}'")
        _check_titles(table, f"{where}: the node '{code}'")
    return {code: MappingProxyType(read_rules(table, where)) for code, table in tables.items()}


def read_rules(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The rules of a level or a node, words turned into methods."""
    result = dict(table)
    for family in ("weighting", "aggregation"):
        if family in result:
            result[family] = read_rule(family, result[family], where)
    if "coverage" in result:
        result["coverage"] = check_number(result["coverage"], "coverage", where, 0, 1)
    if "weight" in result:
        result["weight"] = check_number(result["weight"], "weight", where, 0)
    return result


def read_titles(table: Mapping[str, Any], default: str, where: str) -> Mapping[str, str]:
    """The titles of a table by language; ``default`` where it has none."""
    _check_titles(table, where)
    return MappingProxyType({language: table.get(f"title_{language}", default) for language in LANGUAGES})


def _check_titles(table: Mapping[str, Any], where: str) -> None:
    for key in TITLES:
        if not isinstance(table.get(key, ""), str):
            raise MethodologyError(f"{where}: {key} is {table[key]!r}; it must be a text in quotes")
