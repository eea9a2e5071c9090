"""The factors of an uncertainty analysis, read from factors.toml or given as tables.

A factor is of one of four kinds, named by the one setting that it has beside its titles:

``choices``     a list of alternatives, each a table in the words of :meth:`Methodology.replace`; ``{}`` is the official
                one. ``name`` is that of a choice, ``share`` how often it is drawn (all equally often by default).
``weights``     ``{noise = 0.25}``: each weight times 1 + u, u uniform on ±0.25; ``{concentration = 100}``: a Dirichlet
                distribution around the weights of each node; ``{sets = "experts"}``: one set of weights drawn whole.
                ``levels`` are the levels that it perturbs, all by default.
``values``      ``{error = "sampling"}``: the standard errors; ``{error = "rounding"}``: half a unit of the
                last published digit; ``{error = "counts", of = {code = {exposure = "series", per = 100000}}}``: rates
                of rare events; ``{error = "assumed", of = {code = {n = 600, deff = 1.5, status = "assumed", source =
                "why"}}}``: a survey that prints no errors; ``{error = "carried"}`` and ``{error = "parent"}``: figures
                of an earlier year, and of the former region.
``imputations`` how many completed tables one is drawn from, by multiple imputation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cwi import folders
from cwi.analysis.uncertainty.factor_settings import OFFICIAL, SETTINGS_OF, Choice, choices
from cwi.errors import MethodologyError, near
from cwi.indicators import LANGUAGES
from cwi.methodology import Methodology
from cwi.rules import check_known
from cwi.textfiles import read_toml

__all__ = ["OFFICIAL", "Choice", "Factor", "Factors", "factors_of", "read_factors"]

KINDS = ("choices", "weights", "values", "imputations")
TITLES = tuple(f"title_{language}" for language in LANGUAGES)
WEIGHTS_ONLY = {
    "factor": {
        "weights": {
            "title_en": "The weights, ±25%",
            "title_ru": "Веса, ±25 %",
            "title_kk": "Салмақтар, ±25 %",
            "weights": {"noise": 0.25},
        }
    }
}


@dataclass(frozen=True)
class Factor:
    """One thing that may vary. ``kind`` is choices, weights, values or imputations."""

    name: str
    kind: str
    titles: Mapping[str, str]
    choices: tuple[Choice, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def official(self) -> int:
        """The place of the official choice."""
        return next(i for i, choice in enumerate(self.choices) if not choice.changes)

    @property
    def summary(self) -> str:
        """What varies, in one line: the names of the choices, or the settings.

        Examples
        --------
        >>> Factor("weights", "weights", {}, settings={"noise": 0.25, "levels": ("index",)}).summary
        'noise 0.25, levels index'
        """
        if self.choices:
            return ", ".join(choice.name for choice in self.choices)
        words = {key: ", ".join(map(str, value)) if isinstance(value, (tuple, list, Mapping)) else value
                 for key, value in self.settings.items()}  # fmt: skip
        return ", ".join(f"{key} {value}" for key, value in words.items())


@dataclass(frozen=True)
class Factors:
    """The factors of an analysis, in order, and the choices that cannot be drawn together.

    ``incompatible`` holds sets of (factor, choice) by name; draws that hold all of a set are left out and counted.
    """

    items: tuple[Factor, ...]
    incompatible: tuple[frozenset[tuple[str, str]], ...]
    where: str

    def __iter__(self) -> Iterator[Factor]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the factors."""
        return tuple(factor.name for factor in self.items)

    @property
    def discrete(self) -> tuple[Factor, ...]:
        """Those that are a list of choices."""
        return tuple(factor for factor in self.items if factor.kind == "choices")

    def __getitem__(self, name: str) -> Factor:
        self._known([name])
        return next(factor for factor in self.items if factor.name == name)

    def only(self, *names: str) -> Factors:
        """These factors alone; all others stay official.

        Examples
        --------
        >>> from cwi import read_methodology
        >>> read_factors(read_methodology("2024.1")).only("weights").names
        ('weights',)
        """
        self._known(names)
        items = tuple(factor for factor in self.items if factor.name in names)
        sets = tuple(pair for pair in self.incompatible if {factor for factor, _ in pair} <= set(names))
        return replace(self, items=items, incompatible=sets)

    def without(self, *names: str) -> Factors:
        """All factors but these."""
        self._known(names)
        return self.only(*(name for name in self.names if name not in names))

    def _known(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in self.names:
                raise MethodologyError(f"{self.where}: no factor is called '{name}'{near(name, self.names)}")


def read_factors(methodology: Methodology, source: Path | Mapping[str, Any] | None = None) -> Factors:
    """The factors of a methodology.

    Parameters
    ----------
    methodology
        The official choices, ``{}``; every other choice is tried on it.
    source
        A file, or the same as a table; factors.toml beside methodology.toml by default.

    Raises
    ------
    MethodologyError
        If a factor, a setting or a path is unknown, two factors replace the same thing, or no choice is official.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> official = read_methodology("2024.1")
    >>> factors = read_factors(official, {"factor": {"mean": {"choices": [{}, {"name": "geometric",
    ...     "index": {"aggregation": {"name": "geometric", "floor": 1}}}]}}})
    >>> [choice.name for choice in factors["mean"].choices]
    ['official', 'geometric']
    """
    path = methodology.path.parent / "factors.toml" if source is None else source
    if isinstance(path, Path):
        content, where = read_toml(path, MethodologyError), folders.relative(path)
    else:
        content, where = dict(path), "factors"
    check_known(content, ("factor", "incompatible"), where, "the table of factors")
    tables = content.get("factor")
    if not isinstance(tables, Mapping) or not tables:
        raise MethodologyError(f"{where}: there is no factor; one is written [factor.name]")
    items = tuple(_factor(name, table, methodology, f"{where}: factor '{name}'") for name, table in tables.items())
    factors = Factors(items, (), where)
    _refuse_the_same(factors)
    return replace(factors, incompatible=tuple(_incompatible(content.get("incompatible", []), factors)))


def factors_of(
    methodology: Methodology, wanted: Factors | Mapping[str, Any] | str | Sequence[str] | None = None
) -> Factors:
    """The factors that are wanted of those beside a methodology, or others.

    Where there is no factors.toml beside the methodology, or something was replaced in it, its factors are the weights
    alone, ± 25 %.

    Parameters
    ----------
    wanted
        Names of factors, as a list or with commas between, all of them by default; or factors of
        :func:`read_factors`, or a table of such.

    Raises
    ------
    MethodologyError
        If no factor has such a name, or the factors cannot be used.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> factors_of(read_methodology("2024.1").replace(max_age=2)).names
    ('weights',)
    >>> factors_of(read_methodology("2024.1"), "scale, weights").names
    ('scale', 'weights')
    """
    if isinstance(wanted, Factors):
        return wanted
    if isinstance(wanted, Mapping):
        return read_factors(methodology, wanted)
    beside = methodology.path.with_name("factors.toml").is_file() and not methodology.changed
    known = read_factors(methodology, None if beside else WEIGHTS_ONLY)
    words = wanted.split(",") if isinstance(wanted, str) else wanted or ()
    names = [word.strip() for word in words if word.strip()]
    return known.only(*names) if names else known


def _factor(name: str, setting: Any, methodology: Methodology, where: str) -> Factor:
    check_known(setting, (*KINDS, *TITLES), where, "it")
    kinds = [kind for kind in KINDS if kind in setting]
    if len(kinds) != 1:
        present = " and ".join(f"'{kind}'" for kind in kinds) or "none"
        raise MethodologyError(f"{where} needs one of {', '.join(KINDS)}; it has {present}")
    for key in TITLES:
        if not isinstance(setting.get(key, ""), str):
            raise MethodologyError(f"{where}: {key} is {setting[key]!r}; it must be a text in quotes")
    titles = MappingProxyType({code: setting.get(f"title_{code}", name) for code in LANGUAGES})
    kind, value = kinds[0], setting[kinds[0]]
    if kind == "choices":
        return Factor(name, kind, titles, choices=choices(value, methodology, where))
    return Factor(name, kind, titles, settings=MappingProxyType(dict(SETTINGS_OF[kind](value, methodology, where))))


def _paths(changes: Mapping[str, Any]) -> set[tuple[str, ...]]:
    """The places that a choice replaces: a rule of a level or a node, an end, a setting.

    >>> sorted(_paths({"index": {"aggregation": "geometric"}, "ends": {"poverty": {"best": 0}}, "max_age": 5}))
    [('index', 'aggregation'), ('indicators', 'poverty', 'best'), ('max_age',)]
    """
    places: set[tuple[str, ...]] = set()
    for key, value in changes.items():
        if key in ("node", "ends"):
            place = "indicators" if key == "ends" else key
            places |= {(place, str(code), str(inner)) for code, table in value.items() for inner in table}
        elif isinstance(value, Mapping) and key not in ("treatment", "normalisation", "imputation"):
            places |= {(key, str(inner)) for inner in value}
        else:
            places.add((key,))
    return places


def _refuse_the_same(factors: Factors) -> None:
    """No place, nor one inside it, is replaced by two factors."""
    paths = [(factor.name, path) for factor in factors.discrete
             for path in sorted(set().union(*(_paths(choice.changes) for choice in factor.choices)))]  # fmt: skip
    for (one, path), (other, inside) in permutations(paths, 2):
        if one != other and inside[: len(path)] == path:
            raise MethodologyError(
                f"{factors.where}: the factors '{one}' and '{other}' both replace {'.'.join(inside)}; "
                "one would undo the other, so make them one factor"
            )


def _incompatible(setting: Any, factors: Factors) -> Iterator[frozenset[tuple[str, str]]]:
    if not isinstance(setting, list):
        raise MethodologyError(f"{factors.where}: incompatible must be a list of tables, factor = choice")
    known = {factor.name: [choice.name for choice in factor.choices] for factor in factors.discrete}
    for number, table in enumerate(setting, start=1):
        here = f"{factors.where}: incompatible {number}"
        if not isinstance(table, Mapping) or len(table) < 2:
            raise MethodologyError(f"{here} must name a choice of at least two factors")
        for name, choice in table.items():
            if name not in known:
                raise MethodologyError(f"{here}: no factor with choices is called '{name}'{near(name, known)}")
            if choice not in known[name]:
                raise MethodologyError(f"{here}: '{name}' has no choice '{choice}'{near(choice, known[name])}")
        yield frozenset((str(name), str(choice)) for name, choice in table.items())
