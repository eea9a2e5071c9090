"""What is known of a method: its family, what it needs, and how its arithmetic is written for a pocket calculator.

A method is one function with a decorator, ``@method("aggregation", …)``. The words of a methodology file, the lists in
error messages, ``cwi methods``, the general tests and ``cwi trace`` all follow from it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeVar

__all__ = ["FAMILIES", "Traits", "method", "methods_of", "summary", "table_rows", "traits_of", "words"]

FAMILIES = ("normalisation", "weighting", "aggregation", "imputation")
Family = Literal["normalisation", "weighting", "aggregation", "imputation"]
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Traits:
    """What is known of a method.

    family
        normalisation, weighting, aggregation or imputation.
    learns
        A weighting or a normalisation that learns from the base years.
    compares_units
        An aggregation by which a unit's score depends on the other units.
    uses_stated
        A weighting that looks at the weights written in the methodology.
    by_part
        Parameters of a weighting that are given by the codes of the parts.
    from_observations
        Parameters that the observations give and a methodology does not.
    needs_true_zero
        A normalisation whose values, or an aggregation whose scores, need a true zero.
    no_true_zero
        Why the scores of a normalisation have no true zero; empty where they have.
    made_for
        Normalisations without a true zero that an aggregation was defined on all the same.
    not_split
        Why the gap between two scores cannot be split over the parts of an aggregation; empty where it can.
    in_browser
        Whether the weights explorer can compute it in a page.
    arithmetic
        How a score is written with the numbers that it is made of. Of a normalisation: ``(value, worst, best, log,
        base, **parameters)`` with numbers and the column of the base years; of an aggregation: ``(scores, weights,
        **parameters)`` with texts. ``None`` where there is no formula for a pocket calculator.
    example
        Parameters that a method cannot do without, for trying it out; by the number of parts where a callable.
    """

    family: str
    learns: bool = False
    compares_units: bool = False
    uses_stated: bool = True
    by_part: tuple[str, ...] = ()
    from_observations: tuple[str, ...] = ()
    needs_true_zero: bool = False
    no_true_zero: str = ""
    made_for: tuple[str, ...] = ()
    not_split: str = ""
    in_browser: bool = False
    arithmetic: Callable[..., str] | None = None
    example: Mapping[str, Any] | Callable[[int], Mapping[str, Any]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def parameters(self, parts: int = 4) -> dict[str, Any]:
        """The parameters of ``example``, for a number of parts."""
        return dict(self.example(parts) if callable(self.example) else self.example)


_METHODS: dict[str, dict[str, Callable[..., Any]]] = {family: {} for family in FAMILIES}
_TRAITS: dict[Callable[..., Any], Traits] = {}


def method(family: Family, **traits: Any) -> Callable[[Function], Function]:
    """Make a function a word of a family.

    Raises
    ------
    ValueError
        If the family is unknown, or another function of it has the name.

    Examples
    --------
    >>> import cwi.methods
    >>> traits_of(methods_of("aggregation")["borda"]).compares_units
    True
    """
    if family not in _METHODS:
        raise ValueError(f"there is no family '{family}'; there are {', '.join(FAMILIES)}")

    def register(function: Function) -> Function:
        known = _METHODS[family].get(function.__name__)
        if known is not None and known.__module__ != function.__module__:
            raise ValueError(f"two methods of the family '{family}' are called '{function.__name__}'")
        _METHODS[family][function.__name__] = function
        _TRAITS[function] = Traits(family, **traits)
        return function

    return register


def methods_of(family: str) -> Mapping[str, Callable[..., Any]]:
    """The methods of a family by their words, in alphabetical order, once :mod:`cwi.methods` is imported."""
    return MappingProxyType(dict(sorted(_METHODS[family].items())))


def words(family: str) -> tuple[str, ...]:
    """The words of a family, in alphabetical order.

    >>> import cwi.methods
    >>> words("aggregation")[:3]
    ('arithmetic', 'borda', 'condorcet')
    """
    return tuple(methods_of(family))


def traits_of(function: Callable[..., Any], family: str = "") -> Traits:
    """The traits of a method; of a function from a notebook, what can be assumed: a weighting may learn."""
    known = _TRAITS.get(function)
    if known is not None:
        return known
    unknown = "nothing is known of how its parts make it"
    return Traits(
        family,
        learns=family == "weighting",
        compares_units=bool(getattr(function, "of_units", False)),
        not_split=unknown,
    )


def summary(function: Callable[..., Any]) -> str:
    """The first sentence of a docstring, without marks of references."""
    text = inspect.getdoc(function) or ""
    first = " ".join(text.split("\n\n")[0].split())
    return re.sub(r"\s*\[\d+\]_", "", first)


def source(function: Callable[..., Any]) -> str:
    """The references of a docstring, one line."""
    text = inspect.getdoc(function) or ""
    match = re.search(r"References\n-+\n(.*?)(?:\n\n\w+\n-+\n|\Z)", text, re.DOTALL)
    return re.sub(r"\.\. \[\d+\] ", "", " ".join(match[1].split())) if match else ""


def table_rows(families: Sequence[str] = FAMILIES) -> list[dict[str, str]]:
    """Every word with its first sentence, parameters, traits and source."""
    return [
        {
            "family": family,
            "word": word,
            "summary": summary(function),
            "parameters": ", ".join(
                parameter.name if parameter.default is parameter.empty else f"{parameter.name} = {parameter.default!r}"
                for parameter in inspect.signature(function).parameters.values()
                if parameter.kind is parameter.KEYWORD_ONLY
                and parameter.name not in traits_of(function).from_observations
            ),
            "traits": ", ".join(_described(traits_of(function))),
            "source": source(function),
        }
        for family in families
        for word, function in methods_of(family).items()
    ]


def _described(traits: Traits) -> list[str]:
    """Traits in words."""
    facts = {
        "learns from the base years": traits.learns,
        "compares units": traits.compares_units,
        "uses stated weights": traits.family == "weighting" and traits.uses_stated and not traits.learns,
        "needs a true zero": traits.needs_true_zero,
        "gives no true zero": bool(traits.no_true_zero),
        "formula in trace": traits.arithmetic is not None,
        "in the explorer": traits.in_browser,
    }
    return [words for words, holds in facts.items() if holds]
