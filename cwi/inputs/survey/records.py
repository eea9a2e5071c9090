"""The objects that a version of the survey is made of: questions, answers, indicators, scales, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cwi.inputs.survey.flow import Condition

__all__ = ["Item", "Limits", "Response", "Scale", "Share", "SurveyDefinitions"]


@dataclass(frozen=True)
class Response:
    """An answer: its code in the file, its number (missing: left out of the calculation)."""

    code: int
    number: float
    kind: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Item:
    """A question: who is asked it, in which words, and what may be answered."""

    code: str
    respondent: str
    section: str
    ages: tuple[int, int]
    responses: tuple[Response, ...]
    shown_if: tuple[Condition, ...]
    sensitive: bool
    wording: Mapping[str, str]


@dataclass(frozen=True)
class Share:
    """How answers become one indicator, the share of those who are counted.

    By ``count``, whoever has ``at_least`` items whose number reaches its threshold; by ``mean``, whoever has a mean
    of numbers that reaches the first threshold. Who answered fewer than ``minimum`` items is left out.
    ``domain`` names the finest breakdown that may be published.
    """

    code: str
    items: tuple[str, ...]
    rule: str
    reaches: tuple[float, ...]
    at_least: int
    minimum: int
    smallest_n: int
    domain: tuple[str, ...]
    respondent: str
    sensitive: bool


@dataclass(frozen=True)
class Scale:
    """Items that measure one thing: the mean of those answered, if at least ``minimum`` were."""

    code: str
    indicator: str
    items: tuple[str, ...]
    minimum: int
    titles: Mapping[str, str]


@dataclass(frozen=True)
class Limits:
    """What may be published: fewest answers, when they are called few, how alike people must look, how wide is safe.

    ``base`` is what numbers of answers are rounded to; 1 leaves all figures exact, for use inside only.
    """

    suppress_below: int
    flag_below: int
    k: int
    protection: float
    base: int = 10


@dataclass(frozen=True)
class SurveyDefinitions:
    """A version of the survey; items are in the order in which they are asked.

    ``columns`` says what each variable of the design is called in a file of answers.
    """

    version: str
    status: str
    methodology: str
    items: Mapping[str, Item]
    indicators: Mapping[str, Share]
    scales: Mapping[str, Scale]
    texts: Mapping[str, Mapping[str, str]]
    columns: Mapping[str, str]
    limits: Limits

    def asked_of(self, respondent: str) -> tuple[Item, ...]:
        """The items of children or of parents, in their order."""
        return tuple(item for item in self.items.values() if item.respondent == respondent)
