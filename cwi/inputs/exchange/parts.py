"""A tree and the values of its units as they were read of another tool, and what is refused of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cwi.errors import DataError, MethodologyError, ParameterError, near
from cwi.indicators import OPTIONAL
from cwi.observations import YEARS
from cwi.settings import RESERVED, SETTINGS

__all__ = [
    "AGGREGATIONS", "Part", "Unit", "check_tree", "check_units", "level_names", "level_rules", "refuse_code",
]  # fmt: skip

AGGREGATIONS: Mapping[str, str] = {  # how a rule is written in methodology.toml
    "arithmetic": '"arithmetic"',
    "geometric": '"geometric"',
    "harmonic": '"harmonic"',
}
CODE = re.compile(r"[^\W\d][\w.\-]*")  # of an indicator or an aggregate
UNIT = re.compile(r"\w[\w.\- ]*")  # of a unit


@dataclass(frozen=True)
class Part:
    """An indicator (level 1) or an aggregate: its place in the tree, and the cell it was read from."""

    code: str
    level: int
    parent: str | None
    weight: float
    place: str
    title: str = ""
    unit: str = ""
    direction: int = 1
    goalposts: tuple[float, float] | None = None  # lower and upper
    target: float | None = None
    denominator: str = ""


@dataclass(frozen=True)
class Unit:
    """One unit in one year: its values by indicator, None where there is none, and the row they were read from.

    ``sizes``: values of denominators, ``groups``: the group of each grouping.
    """

    code: str
    name: str
    year: int
    values: Mapping[str, float | None]
    place: str
    sizes: Mapping[str, float | None] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)

    def value(self, part: Part) -> float | None:
        """The value of an indicator, divided by its denominator where it has one."""
        value = self.values.get(part.code)
        if value is None or not part.denominator:
            return value
        size = self.sizes.get(part.denominator, self.values.get(part.denominator))
        if size is not None and size <= 0:
            raise DataError(
                f"{self.place}: the denominator {part.denominator} of '{self.code}' is {size:g}; it must be above zero"
            )
        return None if size is None else value * 1.0 / size


def refuse_code(code: str, place: str, what: str, error: type[DataError | MethodologyError]) -> None:
    """Refuse a code that COINr, a spreadsheet or a methodology would not take."""
    rule = UNIT if what == "uCode" else CODE
    if not rule.fullmatch(code):
        first = "a letter or a digit" if what == "uCode" else "a letter"
        raise error(
            f"{place}: {what} is '{code}'; it must begin with {first} and go on with letters, digits, '_', '.' or '-'"
        )


def check_tree(parts: Sequence[Part]) -> None:
    """Refuse parts that are no tree with one top, or whose levels or weights do not fit.

    Raises
    ------
    MethodologyError
        With the place of the part.
    """
    seen: dict[str, Part] = {}
    for part in parts:
        if part.code in seen:
            raise MethodologyError(f"{part.place}: '{part.code}' is at {seen[part.code].place} too; a code is one")
        seen[part.code] = part
    for part in parts:
        if part.parent is not None and part.parent not in seen:
            raise MethodologyError(
                f"{part.place}: the parent of '{part.code}' is '{part.parent}', which has no row of its own"
                f"{near(part.parent, [p.code for p in parts if p.level == part.level + 1])}"
            )
    for part in parts:
        path = [part.code]
        while (parent := seen[path[-1]].parent) is not None:
            if parent in path:
                circle = " → ".join([*path[path.index(parent) :], parent])
                raise MethodologyError(f"{part.place}: the parents go in a circle: {circle}; one must have no parent")
            path.append(parent)
    roots = [part for part in parts if part.parent is None]
    if len(roots) > 1:
        raise MethodologyError(
            f"{roots[1].place}: '{roots[1].code}' has no parent, and neither has '{roots[0].code}' at "
            f"{roots[0].place}; an index has one top, give one of them a parent"
        )
    top = roots[0]
    if top.level == 1:
        raise MethodologyError(f"{top.place}: '{top.code}' is an indicator and the top; there is no level above it")
    levels = sorted({part.level for part in parts})
    for level in range(1, levels[-1]):
        if level not in levels:
            raise MethodologyError(
                f"{top.place}: the levels are {', '.join(map(str, levels))}; nothing is of level {level}, and no level "
                "may be left out"
            )
    children: dict[str, list[Part]] = {}
    for part in parts:
        if part.parent is not None:
            children.setdefault(part.parent, []).append(part)
            if seen[part.parent].level != part.level + 1:
                raise MethodologyError(
                    f"{part.place}: '{part.code}' is of level {part.level} and its parent '{part.parent}' of level "
                    f"{seen[part.parent].level}; a parent is one level above, so put an aggregate in between"
                )
    for part in parts:
        if part.weight < 0:
            raise MethodologyError(f"{part.place}: the weight of '{part.code}' is {part.weight:g}, below zero")
        if part.level > 1 and part.code not in children:
            raise MethodologyError(f"{part.place}: nothing has the parent '{part.code}'; take the aggregate out")
    for code, below in children.items():
        if not sum(part.weight for part in below):
            raise MethodologyError(f"{below[0].place}: the weights of the parts of '{code}' are all zero")


def level_names(levels: Sequence[str] | None, depth: int, top: Part) -> list[str]:
    """The names of the levels between indicators and top, lowest first; level_2, level_3 … where none are given.

    Raises
    ------
    ParameterError
        If there are too many or too few, or a word has another meaning.
    """
    names = [f"level_{level}" for level in range(2, depth)] if levels is None else list(levels)
    if len(names) != depth - 2:
        raise ParameterError(
            f"{len(names)} levels are named ({', '.join(names) or 'none'}); {depth - 2} lie between the indicators and "
            f"'{top.code}'"
        )
    for name in [*names, top.code]:
        if name in (*RESERVED, *SETTINGS, *OPTIONAL, "indicator") or not CODE.fullmatch(name):
            raise ParameterError(f"no level can be called '{name}', the word has another meaning in a methodology")
        if [*names, top.code].count(name) > 1:
            raise ParameterError(f"two levels are called '{name}'")
    return names


def level_rules(aggregation: str | Sequence[str], depth: int) -> list[str]:
    """The aggregation of each level above the indicators, lowest first.

    Raises
    ------
    ParameterError
        If there are too many or too few, or one is unknown here.
    """
    rules = [aggregation] * (depth - 1) if isinstance(aggregation, str) else list(aggregation)
    if len(rules) == 1:
        rules *= depth - 1
    if len(rules) != depth - 1:
        raise ParameterError(f"{len(rules)} aggregations are given; give one, or one for each of {depth - 1} levels")
    for rule in rules:
        if rule not in AGGREGATIONS:
            raise ParameterError(f"no aggregation is called '{rule}' here{near(rule, AGGREGATIONS)}")
    return rules


def check_units(units: Sequence[Unit]) -> None:
    """Refuse a unit that has a year twice, or a year that cannot be.

    Raises
    ------
    DataError
        With the place of the unit.
    """
    seen: dict[tuple[str, int], Unit] = {}
    for unit in units:
        if (first := seen.get((unit.code, unit.year))) is not None:
            raise DataError(f"{unit.place}: '{unit.code}' in {unit.year} is at {first.place} too; keep one of them")
        if not YEARS[0] <= unit.year <= YEARS[1]:
            raise DataError(f"{unit.place}: the year is {unit.year}; it must be from {YEARS[0]} to {YEARS[1]}")
        seen[unit.code, unit.year] = unit
