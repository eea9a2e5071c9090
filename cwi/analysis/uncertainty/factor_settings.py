"""What a table of factors.toml asks for, kind by kind: read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from cwi.errors import MethodologyError, near
from cwi.methodology import Methodology
from cwi.rules import check_known, check_number

__all__ = ["ERRORS", "OFFICIAL", "SETTINGS_OF", "Choice", "choices"]

OFFICIAL = "official"
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


@dataclass(frozen=True)
class Choice:
    """One alternative of a factor: its name, what it replaces, and how often it is drawn."""

    name: str
    changes: Mapping[str, Any]
    share: float


def choices(setting: Any, methodology: Methodology, where: str) -> tuple[Choice, ...]:
    """The choices of a list of tables, each tried on the methodology."""
    if not isinstance(setting, list) or len(setting) < 2:
        raise MethodologyError(f"{where}: choices must be a list of at least two tables; {{}} is the official one")
    shares = [table.get("share") for table in setting if isinstance(table, Mapping)]
    result: list[Choice] = []
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
        if name in [choice.name for choice in result]:
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
        result.append(Choice(name, MappingProxyType(changes), float(share)))
    if sum(not choice.changes for choice in result) != 1:
        raise MethodologyError(f"{where}: one choice, and only one, must be {{}}, the official one")
    if abs((total := sum(choice.share for choice in result)) - 1) > 1e-9:
        raise MethodologyError(f"{where}: the shares of its choices sum to {total:g}; they must sum to one")
    return tuple(result)


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


SETTINGS_OF = {"weights": _weights, "values": _values, "imputations": _imputations}
