"""A rule: a word of a family of methods with its settings, read from a file or handed over as a function."""

from __future__ import annotations

import copyreg
import inspect
import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cwi.methods  # noqa: F401  (every method registers itself)
from cwi.errors import MethodologyError, ParameterError, near
from cwi.traits import Traits, methods_of, traits_of

__all__ = [
    "Rule",
    "by_part_order",
    "check_choice",
    "check_generator",
    "check_known",
    "check_number",
    "for_fingerprint",
    "read_rule",
]

copyreg.pickle(MappingProxyType, lambda table: (MappingProxyType, (dict(table),)))  # so that rules can be sent about


@dataclass(frozen=True)
class Rule:
    """A named method with its parameters, as a methodology states it.

    ``given``: parameters that the observations give, such as the values of a unit of reference; no part of what a
    methodology states.
    """

    name: str
    function: Callable[..., NDArray[np.float64]]
    parameters: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    source: str = ""
    family: str = ""
    given: Mapping[str, NDArray[np.float64]] = field(default_factory=lambda: MappingProxyType({}), compare=False)

    def __call__(self, *arrays: Any) -> NDArray[np.float64]:
        return self.function(*arrays, **self.parameters, **self.given)

    @property
    def traits(self) -> Traits:
        """What is known of the method; of a function from a notebook, what must be assumed."""
        return traits_of(self.function, self.family)

    @property
    def of_units(self) -> bool:
        """Whether an aggregation compares units, so that a score depends on who else is there."""
        return self.traits.compares_units

    @property
    def learns(self) -> bool:
        """Whether a weighting scheme learns from the scores of the base years, as one from a notebook may."""
        return self.traits.learns

    def __str__(self) -> str:
        settings = ", ".join(f"{key} = {value}" for key, value in sorted(self.parameters.items()))
        return f"{self.name} ({settings})" if settings else self.name


def read_rule(family: str, stated: Any, where: str) -> Rule:
    """The rule of a word, of a table with a word and its settings, or of a function."""
    if isinstance(stated, Rule):
        return stated
    if callable(stated):
        name = getattr(stated, "__name__", type(stated).__name__)
        try:
            return Rule(name, stated, source=textwrap.dedent(inspect.getsource(stated)), family=family)
        except (OSError, TypeError):
            raise MethodologyError(f"{where}: {_without_source(family, name, stated)}") from None
    table = {"name": stated} if isinstance(stated, str) else dict(stated) if isinstance(stated, Mapping) else {}
    name = table.pop("name", None)
    known = methods_of(family)
    words = list(known)
    if name is None:
        raise MethodologyError(
            f'{where}: {family} is {stated!r}; it must be a word or {{name = "word"}}{near("", words)}'
        )
    if name not in words:
        raise MethodologyError(f"{where}: no {family} is called '{name}'{near(name, words)}")
    function = known[name]
    traits = traits_of(function)
    takes = {p.name: p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY}
    known_keys = [key for key in takes if key not in traits.from_observations]
    for key, value in table.items():
        if key not in known_keys:
            raise MethodologyError(f"{where}: {family} '{name}' takes no parameter '{key}'{near(key, known_keys)}")
        if key == "groups":
            _groups(value, where)
        elif key not in traits.by_part:
            _parameter(value, key, takes[key].annotation, where)
    for key, parameter in takes.items():
        if parameter.default is parameter.empty and key not in table and key not in traits.from_observations:
            raise MethodologyError(f"{where}: {family} '{name}' needs the parameter '{key}'")
    return Rule(name, function, MappingProxyType(table), family=family)


def _without_source(family: str, name: str, stated: object) -> str:
    """Why a function's source, which enters the fingerprint, is not there."""
    if not inspect.isfunction(stated) or name == "<lambda>":
        return f"the source of the {family} '{name}' cannot be read; write it as a function with def"
    return (
        f"the source of the {family} '{name}' is not kept where it was typed, and the fingerprint of a methodology "
        "needs it; write the function into a file and import it, or define it in a notebook"
    )


def _groups(value: Any, where: str) -> None:
    """Check the groups of units: a column of groups.csv, or the codes of the units of each group."""
    if isinstance(value, str):
        return
    if not isinstance(value, Mapping) or not all(isinstance(codes, (list, tuple)) for codes in value.values()):
        raise MethodologyError(
            f"{where}: groups is {value!r}; it must be a column of groups.csv, or a table with a list of codes for "
            "each group"
        )
    group_of: dict[str, str] = {}
    for group, codes in value.items():
        for code in codes:
            if group_of.setdefault(code, group) != group:
                raise MethodologyError(f"{where}: '{code}' is in the groups '{group_of[code]}' and '{group}'")


def _parameter(value: Any, key: str, annotation: str, where: str) -> None:
    """Check the value of a rule's parameter against the types of its function."""
    if annotation == "bool":
        if not isinstance(value, bool):
            raise MethodologyError(f"{where}: {key} is {value!r}; it must be true or false")
    elif annotation.startswith(("Sequence[float]", "Sequence[int]")):
        if not isinstance(value, (list, tuple)) or not value:
            raise MethodologyError(f"{where}: {key} is {value!r}; it must be a list of numbers")
        for item in value:
            check_number(item, key, where, integer=annotation.startswith("Sequence[int]"))
    elif "str" in annotation and isinstance(value, str):
        return
    elif annotation == "str":
        raise MethodologyError(f"{where}: {key} is {value!r}; it must be a word in quotes")
    else:
        check_number(value, key, where, integer=annotation.startswith("int"))


def by_part_order(rule: Rule, codes: Sequence[str], node: str, where: str, without: Sequence[str] = ()) -> Rule:
    """The rule with its settings of parts, by code and never by place, in the order of the node's parts.

    What it says of parts that are left out is passed over; their points and shares go to the others in proportion.
    """
    named = {key: value for key, value in rule.parameters.items() if key in rule.traits.by_part}
    if not named:
        return rule

    def row(value: Any, key: str, integer: bool = True) -> list[Any]:
        if not isinstance(value, Mapping):
            raise MethodologyError(f"{where}: {key} of '{node}' must name each part by its code, {{{codes[0]} = …}}")
        for code in value:
            if code not in codes and code not in without:
                raise MethodologyError(f"{where}: {key} of '{node}' names '{code}'{near(code, codes)}")
        for code in codes:
            if integer and code not in value:
                raise MethodologyError(f"{where}: {key} of '{node}' does not name '{code}'")
        return [value.get(code, math.nan) for code in codes]

    def shared(stated: Any, key: str) -> list[float]:
        """What parts get of a whole; that of parts left out goes to the others in proportion."""
        numbers = row(stated, key)
        gone = [value for code, value in stated.items() if code not in codes]
        return [value * (1 + sum(gone) / sum(numbers)) for value in numbers] if gone and sum(numbers) else numbers

    def matrix(value: Any, key: str) -> list[list[float]]:
        row(value, key, integer=False)
        times = np.array([row(value.get(code, {}), key, integer=False) for code in codes], dtype=float)
        times = np.where(np.isnan(times), 1 / times.T, times)
        np.fill_diagonal(times, 1.0)
        return [list(line) for line in times.tolist()]

    ordered = dict(rule.parameters)
    for key, value in named.items():
        if key == "target":
            ordered[key] = shared(value, key)
        else:
            experts = value if isinstance(value, (list, tuple)) else [value]
            ordered[key] = [shared(v, key) if key == "points" else matrix(v, key) for v in experts]
    return replace(rule, parameters=MappingProxyType(ordered))


def check_known(table: Any, known: tuple[str, ...], where: str, what: str) -> None:
    """Refuse what is no table, or holds a setting nobody knows."""
    if not isinstance(table, Mapping):
        raise MethodologyError(f"{where}: {what} must be a table of settings")
    for key in table:
        if key not in known:
            raise MethodologyError(f"{where}: {what} has no setting '{key}'{near(key, known)}")


def check_choice(word: Any, choices: tuple[str, ...], what: str, where: str) -> str:
    """The word, if it is one of the choices."""
    if word not in choices:
        raise MethodologyError(f"{where}: {what} is '{word}'{near(word, choices)}")
    return str(word)


def check_number(
    value: Any, what: str, where: str, low: float = -math.inf, high: float = math.inf, integer: bool = False
) -> Any:
    """The number, if it is one and is within its bounds."""
    good = isinstance(value, int if integer else (int, float)) and not isinstance(value, bool)
    if not good or not low <= value <= high or abs(value) == math.inf:
        bounds = f" from {low:g} to {high:g}" if high < math.inf else f" not below {low:g}" if low > -math.inf else ""
        kind = "a whole number" if integer else "a number"
        raise MethodologyError(f"{where}: {what} is {value!r}; it must be {kind}{bounds}")
    return value


def check_generator(rng: object) -> np.random.Generator:
    """The generator of random numbers, if it is one.

    Raises
    ------
    ParameterError
        If it is not, such as a seed.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    raise ParameterError(f"rng is {rng!r}; it must be a generator: np.random.default_rng({rng!r})")


def for_fingerprint(rule: Rule) -> list[Any]:
    """A rule as it enters the fingerprint."""
    return [rule.name, dict(rule.parameters), rule.source]
