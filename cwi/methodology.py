"""The methodology: the rules and the tree by which scores are computed, read from a folder that people approve.

A methodology folder holds ``methodology.toml`` (the rules) and ``indicators.csv`` (the tree, the ends,
the names). Levels are data: any number of them, each with its own rules.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi import folders
from cwi.denominators import check_denominators, read_denominators
from cwi.errors import MethodologyError, near
from cwi.html import html_table
from cwi.indicators import ENDS, OPTIONAL, TITLES, checked_indicators, ended
from cwi.nodes import Node, build_nodes, check_nodes
from cwi.rules import Rule, check_known, for_fingerprint, read_rule
from cwi.settings import (
    RULES,
    SETTINGS,
    Level,
    read_indicator_rules,
    read_levels,
    read_overrides,
    read_rules,
    read_setting,
    read_titles,
    read_version,
)
from cwi.textfiles import read_csv, read_toml, sha256
from cwi.tree import INDICATOR, Tree
from cwi.unit_groups import check_grouping, read_groups
from cwi.vintage import read_cell_decisions

__all__ = ["Level", "Methodology", "Node", "Rule", "checked_methodology", "methodologies", "read_methodology"]


# part of the fingerprint only where they change anything
UNCHANGED = ("treatment", "imputation", "without", "vintage", "learn_from", "refused", "screening")


@dataclass(frozen=True, eq=False, repr=False)
class Methodology:
    """A frozen record of rules; ask for an alternative with :meth:`replace`.

    ``indicators`` is a table in the order of the tree with the columns of indicators.csv; do not write into it.
    ``vintage``: the share of regions that must have a figure of a year for all to be scored on it (0: each region on
    its own latest); ``cells``: decisions on single cells, as :func:`cwi.vintage.read_cell_decisions` gives them.
    ``learn_from``: whether treatment, scales and weights learn from "measured" or from "completed" values, which
    have their gaps filled. ``refused``: whether an indicator that its scale refuses stops the scoring ("stop") or is
    left without a score ("missing"). ``screening``: least shares of measured and of non-zero indicators of a unit.
    ``indicator_rules``: normalisation and treatment of single indicators; ``groups``: of units, index region, a column
    for each grouping; ``denominators``: code and unit of each.
    ``files``: names and SHA-256 of the files that were read: the two, and cells.csv, groups.csv and denominators.csv
    where there are any.
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
    learn_from: str = "measured"
    refused: str = "stop"
    screening: Mapping[str, Any] | None = None
    indicator_rules: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    cells: pd.DataFrame | None = None
    groups: pd.DataFrame | None = None
    denominators: pd.DataFrame | None = None
    files: tuple[tuple[str, str], ...] = ()

    @cached_property
    def nodes(self) -> tuple[tuple[Node, ...], ...]:
        """The nodes of each level, lowest level first, each in the order of the tree."""
        rules = folders.relative(self.path) + (", replaced" if self.changed else "")
        table = folders.relative(self.path.parent / "indicators.csv")
        return build_nodes(self.indicators, self.levels, self.overrides, self.without, table=table, rules=rules)

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

    @cached_property
    def ends(self) -> NDArray[np.float64]:
        """The worst and the best end of each indicator, (2, k)."""
        return self.indicators[["worst", "best"]].to_numpy(float).T

    @cached_property
    def logarithmic(self) -> NDArray[np.bool_]:
        """Which indicators are scaled by their logarithms, (k,)."""
        return (self.indicators["scale"] == "log").to_numpy(bool)

    @cached_property
    def scales(self) -> tuple[tuple[Rule, NDArray[np.intp]], ...]:
        """Each normalisation with the places of the indicators that it is for."""
        rules: list[tuple[Rule, list[int]]] = []
        for place, code in enumerate(self.indicators["code"]):
            rule = self.indicator_rules.get(code, {}).get("normalisation", self.normalisation)
            same = next((places for known, places in rules if known == rule), None)
            if same is None:
                rules.append((rule, [place]))
            else:
                same.append(place)
        return tuple((rule, np.array(places, dtype=np.intp)) for rule, places in rules)

    @cached_property
    def treatments(self) -> tuple[Mapping[str, Any] | None, ...]:
        """The settings of the treatment of outliers of each indicator, None where there is none."""
        codes = self.indicators["code"]
        return tuple(self.indicator_rules.get(code, {}).get("treatment", self.treatment) for code in codes)

    @cached_property
    def used(self) -> NDArray[np.bool_]:
        """(k,) which indicators belong to the tree: all but those that are left out, alone or with a node above."""
        inside = self.tree.parents[-1] >= 0
        for parents in reversed(self.tree.parents[:-1]):
            inside = (parents >= 0) & inside[np.maximum(parents, 0)]
        return np.asarray(inside)

    @cached_property
    def components(self) -> NDArray[np.intp]:
        """(k,) the node right above each indicator as a whole number; all are of one where there is one level only."""
        name = self.levels[0].name
        if name not in self.indicators:
            return np.zeros(len(self.indicators), dtype=np.intp)
        return np.asarray(pd.factorize(self.indicators[name])[0], dtype=np.intp)

    @property
    def score_range(self) -> tuple[float, float]:
        """The scores of the worst and of the best end, 0 and 100 where the normalisation states nothing else."""
        stated = self.normalisation.parameters
        return float(stated.get("low", 0.0)), float(stated.get("high", 100.0))

    def scale_of(self, code: str) -> Rule:
        """The normalisation of an indicator."""
        place = list(self.indicators["code"]).index(code)
        return next(rule for rule, places in self.scales if place in places)

    def is_region(self, codes: Iterable[str]) -> NDArray[np.bool_]:
        """Which codes are of regions: all but the nation's.

        Examples
        --------
        >>> read_methodology("2024.1").is_region(["KZ", "KZ-71"]).tolist()
        [False, True]
        """
        if isinstance(codes, (pd.Series, pd.Index)):
            return np.asarray(codes != self.nation, dtype=bool)
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
        """Twelve hexadecimal digits that change with any rule of the methodology."""
        content: dict[str, Any] = {
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
            content["treatment"] = dict(self.treatment)
        if self.imputation:
            content["imputation"] = [for_fingerprint(rule) for rule in self.imputation]
        if self.without:
            content["without"] = sorted(self.without)
        if self.vintage:
            content["vintage"] = self.vintage
        if self.learn_from != SETTINGS["learn_from"]:
            content["learn_from"] = self.learn_from
        if self.refused != SETTINGS["refused"]:
            content["refused"] = self.refused
        if self.screening is not None:
            content["screening"] = dict(self.screening)
        if self.indicator_rules:
            content["indicator_rules"] = _rules_for_fingerprint(self.indicator_rules)
        for key in ("groups", "denominators"):
            if (table := getattr(self, key)) is not None:
                content[key] = table.reset_index().astype(str).to_dict("records")
        if self.cells is not None:
            content["cells"] = self.cells.astype(str).to_dict("records")
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
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
        problems = []
        for nodes, stated in zip(self.nodes, self.stated_weights, strict=True):
            for node in nodes:
                if not node.weighting.traits.uses_stated and np.ptp(stated[list(node.parts)]) > 1e-12:
                    problems.append(
                        f"{folders.relative(self.path)}: the parts of '{node.code}' are written with different "
                        f"weights, but its weighting is '{node.weighting.name}', which does not look at them; "
                        'write weighting = "stated", or take the weights away'
                    )
        return problems

    def replace(self, **changes: Any) -> Methodology:
        """The same methodology with something replaced; its fingerprint differs.

        A level is named by its word and takes a table of what is to be replaced in it; a rule is a word of
        its family, a table ``{"name": word, parameter: value}``, or any function that keeps the family's contract.
        ``node`` takes tables by code, ``indicator`` the normalisation and the treatment of single indicators by code,
        ``ends`` the worst and the best of indicators by code, ``without`` a list of parts that are left out,
        ``indicators`` a whole table; rules of nodes and indicators that it no longer has go with them.

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
                levels[at] = replace(levels[at], **read_rules(value, where))
            elif key == "node":
                for code, table in read_overrides(value, where).items():
                    overrides[code] = MappingProxyType({**overrides.get(code, {}), **table})
            elif key == "indicator":
                rules = read_indicator_rules(value, where)
                known = {code: dict(self.indicator_rules.get(code, {})) | dict(rule) for code, rule in rules.items()}
                plain["indicator_rules"] = MappingProxyType({**self.indicator_rules, **known})
            elif key == "normalisation":
                plain[key] = read_rule("normalisation", value, where)
            elif key == "ends":
                moved = ended(self.indicators, value, where)
                plain["indicators"] = checked_indicators(moved, names[:-1], f"{where}, ends")
            elif key == "indicators":
                plain[key] = checked_indicators(value, names[:-1], f"{where}, indicators")
                self._drop_vanished(plain, overrides, changes)
            elif key in SETTINGS:
                plain[key] = read_setting(key, value, where)
            else:
                words = [*names, "node", "indicator", "normalisation", "ends", "indicators", *SETTINGS]
                raise MethodologyError(f"{where}: nothing is called '{key}'{near(key, words)}")
        new = replace(
            self,
            levels=tuple(levels),
            overrides=MappingProxyType(overrides),
            changed=(*self.changed, *changes),
            **plain,
        )
        check_nodes(new.nodes, new.indicators["weight"].astype(float).tolist(), new.overrides, where)
        check_rules(new, where)
        return new

    def _drop_vanished(self, plain: dict[str, Any], overrides: dict[str, Any], changes: Mapping[str, Any]) -> None:
        """Take out rules of nodes and indicators that a new table of indicators no longer has."""
        table = plain["indicators"]
        columns = [level.name for level in self.levels[:-1]]
        left = {code for column in ("code", *columns) for code in table[column]} | {self.levels[-1].name}
        before = {code for column in ("code", *columns) for code in self.indicators[column]}
        gone = before - left
        for code in gone & set(overrides) - set(changes.get("node", {})):
            del overrides[code]
        plain["indicator_rules"] = MappingProxyType(
            {code: rules for code, rules in plain.get("indicator_rules", self.indicator_rules).items() if code in left}
        )
        if "without" not in changes:
            plain["without"] = tuple(code for code in self.without if code not in gone)


def _rules_for_fingerprint(rules: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The rules of single indicators as they enter the fingerprint."""
    return {
        code: {
            key: for_fingerprint(value) if isinstance(value, Rule) else dict(value) if value is not None else None
            for key, value in sorted(table.items())
        }
        for code, table in sorted(rules.items())
    }


def check_rules(methodology: Methodology, where: str) -> None:
    """Refuse rules of indicators that do not exist, groupings and denominators that are not listed.

    Raises
    ------
    MethodologyError
        With ``where`` and what there is.
    """
    codes = list(methodology.indicators["code"])
    for code in methodology.indicator_rules:
        if code not in codes:
            raise MethodologyError(f"{where}: [indicator.{code}] is no indicator{near(code, codes)}")
    for rule in methodology.imputation:
        if isinstance(grouping := rule.parameters.get("groups"), str):
            check_grouping(methodology.groups, grouping, where)
    check_denominators(methodology.indicators, methodology.denominators, where)


def codes_of_other_versions(methodology: Methodology) -> frozenset[str]:
    """Indicators of the project's other methodologies, which a register may name beside those of this one."""
    codes = set[str]()
    for version, folder in methodologies().items():
        if version != methodology.version:
            codes |= set(read_methodology(folder).indicators["code"])
    return frozenset(codes - set(methodology.indicators["code"]))


def methodologies(folder: Path | None = None) -> dict[str, Path]:
    """The versions that lie in ``folder`` (data/methodology), each with its path."""
    folder = folder or folders.data() / "methodology"
    versions: dict[str, Path] = {}
    for path in sorted(folder.glob("*/methodology.toml")):
        version = read_version(read_toml(path, MethodologyError), folders.relative(path))
        if version in versions:
            raise MethodologyError(
                f"{folders.relative(path)}: version '{version}' is also the version of "
                f"{folders.relative(versions[version])}; two methodologies cannot share one version"
            )
        versions[version] = path.parent
    return versions


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
    document = read_toml(path, MethodologyError)
    known_settings = ("version", *TITLES, "normalisation", *SETTINGS, "level", "node", "indicator")
    check_known(document, known_settings, where, "the methodology")
    for key in ("version", "normalisation", "level"):
        if key not in document:
            raise MethodologyError(f"{where}: '{key}' is missing")
    levels = read_levels(document["level"], where)
    below_top = [level.name for level in levels[:-1]]
    table_path, cells_path = folder / "indicators.csv", folder / "cells.csv"
    groups_path, denominators_path = folder / "groups.csv", folder / "denominators.csv"
    paths = table_path, path, cells_path, groups_path, denominators_path
    table = read_csv(table_path, MethodologyError, required=("code", *below_top, *ENDS), optional=OPTIONAL)
    methodology = Methodology(
        version=read_version(document, where),
        titles=read_titles(document, document["version"], where),
        normalisation=read_rule("normalisation", document["normalisation"], where),
        levels=levels,
        overrides=MappingProxyType(read_overrides(document.get("node", {}), where)),
        indicators=checked_indicators(table, below_top, folders.relative(table_path)),
        path=path,
        indicator_rules=MappingProxyType(read_indicator_rules(document.get("indicator", {}), where)),
        cells=read_cell_decisions(cells_path),
        groups=read_groups(groups_path),
        denominators=read_denominators(denominators_path),
        files=tuple((folders.relative(each), sha256(each)) for each in paths if each.is_file()),
        **{key: read_setting(key, document.get(key, default), where) for key, default in SETTINGS.items()},
    )
    check_nodes(
        methodology.nodes, methodology.indicators["weight"].astype(float).tolist(), methodology.overrides, where
    )
    check_rules(methodology, where)
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
