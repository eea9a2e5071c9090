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

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from cwi import folders
from cwi.errors import MethodologyError, near
from cwi.indicators import LANGUAGES
from cwi.methodology import Methodology
from cwi.rules import check_known, check_number
from cwi.textfiles import read_toml

__all__ = ["COUNTED", "ERRORS", "OFFICIAL", "Choice", "Factor", "Factors", "factors_of", "read_factors"]

OFFICIAL = "official"
KINDS = ("choices", "weights", "values", "imputations")
TITLES = tuple(f"title_{language}" for language in LANGUAGES)
WEIGHTS = ("noise", "concentration", "sets")
ERRORS = ("sampling", "rounding", "counts", "assumed", "carried", "parent")
SETTINGS: Mapping[str, tuple[str, ...]] = {  # of factors of values
    "sampling": ("error", "overlap"),
    "rounding": ("error",),
    "counts": ("error", "of", "distribution"),
    "assumed": ("error", "of"),
    "carried": ("error",),
    "parent": ("error",),
}
ASSUMED = ("n", "deff", "cv", "status", "source")  # of a sample whose errors nobody prints
COUNTED = ("poisson", "gamma")
SHOWN = ("status", "nation", "decimals", "experimental_below")
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
class Choice:
    """One alternative of a factor: its name, what it replaces, and how often it is drawn."""

    name: str
    changes: Mapping[str, Any]
    share: float


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
        return Factor(name, kind, titles, choices=_choices(value, methodology, where))
    readers: Mapping[str, Callable[[Any, Methodology, str], Mapping[str, Any]]] = {
        "weights": _weights,
        "values": _values,
        "imputations": _imputations,
    }
    return Factor(name, kind, titles, settings=MappingProxyType(dict(readers[kind](value, methodology, where))))


def _choices(setting: Any, methodology: Methodology, where: str) -> tuple[Choice, ...]:
    if not isinstance(setting, list) or len(setting) < 2:
        raise MethodologyError(f"{where}: choices must be a list of at least two tables; {{}} is the official one")
    shares = [table.get("share") for table in setting if isinstance(table, Mapping)]
    choices: list[Choice] = []
    for number, table in enumerate(setting, start=1):
        here = f"{where}, choice {number}"
        if not isinstance(table, Mapping):
            raise MethodologyError(f"{here} is {table!r}; it must be a table of what is replaced")
        changes = {key: value for key, value in table.items() if key not in ("name", "share")}
        for key in changes:
            if key in SHOWN:
                raise MethodologyError(
                    f"{here} replaces '{key}', which is about how scores are shown and not how they are computed"
                )
        name = table.get("name", None if changes else OFFICIAL)
        if not isinstance(name, str) or not name:
            raise MethodologyError(f"{here} has no name; it replaces {', '.join(changes)}")
        if name in [choice.name for choice in choices]:
            raise MethodologyError(f"{where}: two choices are called '{name}'")
        try:
            replaced = methodology.replace(**changes)
        except MethodologyError as problem:
            raise MethodologyError(f"{here} ('{name}'): {problem}") from None
        tree = ["code", *(level.name for level in methodology.levels[:-1])]
        if not np.array_equal(replaced.indicators[tree], methodology.indicators[tree]):
            raise MethodologyError(f"{here} ('{name}') has another tree of indicators; use 'without' to leave one out")
        share = 1.0 / len(setting)
        if any(given is not None for given in shares):
            share = check_number(table.get("share"), "share", f"{here} ('{name}')", 0, 1)
        choices.append(Choice(name, MappingProxyType(changes), float(share)))
    if sum(not choice.changes for choice in choices) != 1:
        raise MethodologyError(f"{where}: one choice, and only one, must be {{}}, the official one")
    if abs((total := sum(choice.share for choice in choices)) - 1) > 1e-9:
        raise MethodologyError(f"{where}: the shares of its choices sum to {total:g}; they must sum to one")
    return tuple(choices)


def _weights(setting: Any, methodology: Methodology, where: str) -> dict[str, Any]:
    check_known(setting, (*WEIGHTS, "levels"), where, "weights")
    given = [key for key in WEIGHTS if key in setting]
    if len(given) != 1:
        raise MethodologyError(f"{where}: weights needs one of {', '.join(WEIGHTS)}; it has {len(given)}")
    known = [level.name for level in methodology.levels]
    levels = setting.get("levels", known)
    if not isinstance(levels, (list, tuple)) or not levels:
        raise MethodologyError(f"{where}: levels is {levels!r}; it must be a list of levels")
    for level in levels:
        if level not in known:
            raise MethodologyError(f"{where}: there is no level '{level}'{near(level, known)}")
    key, value = given[0], setting[given[0]]
    if key == "noise":
        check_number(value, key, where, 0, 1)
        if value in (0, 1):
            raise MethodologyError(f"{where}: noise is {value}; it must be above 0 and below 1")
    elif key == "concentration":
        check_number(value, key, where, 1)
    elif not isinstance(value, str) or not value:
        raise MethodologyError(f"{where}: sets is {value!r}; it must be the name of a table of weights")
    if key == "sets" and "levels" in setting:
        raise MethodologyError(f"{where}: a set of weights names parts and so its levels itself; take levels away")
    return {key: value, "levels": tuple(levels)}


def _values(setting: Any, methodology: Methodology, where: str) -> dict[str, Any]:
    error = setting.get("error") if isinstance(setting, Mapping) else None
    if error not in ERRORS:
        raise MethodologyError(f"{where}: error is {error!r}{near(error, ERRORS)}")
    check_known(setting, SETTINGS[error], where, "values")
    if error == "sampling":
        return {"error": error, "overlap": check_number(setting.get("overlap", 0.0), "overlap", where, 0, 1)}
    if error in ("rounding", "carried", "parent"):
        return {"error": error}
    if error == "assumed":
        return {"error": error, "of": _assumed(setting.get("of"), methodology, where)}
    distribution = setting.get("distribution", "gamma")
    if distribution not in COUNTED:
        raise MethodologyError(f"{where}: distribution is {distribution!r}{near(distribution, COUNTED)}")
    of = setting.get("of")
    if not isinstance(of, Mapping) or not of:
        raise MethodologyError(f"{where}: of must name the indicators that are rates of events, and their exposure")
    check_known(of, tuple(methodology.indicators["code"]), where, "of")
    for code, table in of.items():
        here = f"{where}: of '{code}'"
        check_known(table, ("exposure", "per"), here, "it")
        if not isinstance(table.get("exposure"), str):
            raise MethodologyError(f"{here}: exposure must be the name of the series that counts those at risk")
        if check_number(table.get("per"), "per", here, 0) == 0:
            raise MethodologyError(f"{here}: per is 0; it must be above zero")
    return {"error": error, "of": of, "distribution": distribution}


def _assumed(of: Any, methodology: Methodology, where: str) -> Mapping[str, Any]:
    """Samples whose errors are not printed: size and design effect of a share, or a coefficient of variation."""
    if not isinstance(of, Mapping) or not of:
        raise MethodologyError(f"{where}: of must name the indicators of a survey, and the size of its sample")
    check_known(of, tuple(methodology.indicators["code"]), where, "of")
    unit = methodology.indicators.set_index("code")["unit"]
    for code, table in of.items():
        here = f"{where}: of '{code}'"
        check_known(table, ASSUMED, here, "it")
        if ("n" in table) == ("cv" in table):
            raise MethodologyError(f"{here}: give n (with deff), or cv")
        if "n" in table:
            check_number(table["n"], "n", here, 1)
            check_number(table.get("deff", 1.0), "deff", here, 0)
            if unit[code] != "%":
                raise MethodologyError(f"{here}: a sample size gives the error of a share; its unit is '{unit[code]}'")
        else:
            check_number(table["cv"], "cv", here, 0, 1)
        for word in ("status", "source"):
            if not isinstance(table.get(word), str) or not table[word]:
                raise MethodologyError(f"{here}: {word} is missing; an assumption has a status and a source")
    return of


def _imputations(setting: Any, methodology: Methodology, where: str) -> dict[str, Any]:
    return {"m": check_number(setting, "imputations", where, 2, 10_000, integer=True)}


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
