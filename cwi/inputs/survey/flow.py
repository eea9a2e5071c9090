"""Skip logic: who is asked what, and whether the way through a questionnaire has dead ends.

Questions are asked in the order of the file, each to whoever fits its conditions. A condition is written
``item = 1`` or ``item != 5|6``; several are joined by ``and``. Whoever was not asked the item that a condition
names fits neither.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

__all__ = ["Condition", "Question", "askable", "flow_problems", "read_conditions"]

CONDITION = re.compile(r"([a-z][a-z0-9_]*) (=|!=) (-?[0-9]+(?:\|-?[0-9]+)*)")


@dataclass(frozen=True)
class Condition:
    """An item is asked of those whose answer to an earlier one is (or, negated, is not) among the codes."""

    item: str
    codes: frozenset[int]
    negated: bool

    def fits(self, codes: frozenset[int]) -> frozenset[int]:
        """Which of these answers let the item be asked."""
        return codes - self.codes if self.negated else codes & self.codes


@dataclass(frozen=True)
class Question:
    """What the way through needs to know of an item: its codes (without 'not asked'), its ages and conditions."""

    code: str
    respondent: str
    codes: frozenset[int]
    ages: tuple[int, int]
    shown_if: tuple[Condition, ...] = ()


def read_conditions(text: str) -> tuple[Condition, ...]:
    """The conditions that a cell holds; none where it is empty.

    Raises
    ------
    ValueError
        If a part is no condition.

    Examples
    --------
    >>> read_conditions("friends != 6|7 and age_group = 2")[1]
    Condition(item='age_group', codes=frozenset({2}), negated=False)
    """
    conditions = []
    for part in text.split(" and ") if text else ():
        parts = CONDITION.fullmatch(part.strip())
        if parts is None:
            raise ValueError(f"'{part.strip()}' is no condition; write 'item = 1' or 'item != 5|6', joined by 'and'")
        codes = frozenset(int(code) for code in parts[3].split("|"))
        conditions.append(Condition(parts[1], codes, parts[2] == "!="))
    return tuple(conditions)


def askable(codes: Collection[str], questions: Mapping[str, Question], number: int | None = None) -> bool:
    """Whether one person can be asked ``number`` of these questions (all of them by default)."""
    return any(not _hindrance(chosen, questions) for chosen in combinations(codes, number or len(codes)))


def flow_problems(questions: Mapping[str, Question]) -> Iterator[tuple[str, str]]:
    """What is wrong with the way through: the item, and the sentence about it.

    Conditions on what is unknown or asked later come first, and alone: the rest rests on them.
    """
    order = list(questions)
    misplaced = [(code, text) for code in order for text in _misplaced(questions[code], order, questions)]
    yield from misplaced
    if misplaced:
        return
    for code in order:
        if hindrance := _hindrance([code], questions):
            yield code, f"nobody can be asked it: {hindrance}"
    for before, after in pairwise(order):
        if questions[before].respondent == questions[after].respondent:
            yield from _dead_ends(before, order, questions)


def _misplaced(question: Question, order: list[str], questions: Mapping[str, Question]) -> Iterator[str]:
    for condition in question.shown_if:
        earlier = questions.get(condition.item)
        if earlier is None:
            yield f"its condition names '{condition.item}', which is no item"
        elif earlier.respondent != question.respondent:
            yield f"its condition names '{condition.item}', which is asked of a {earlier.respondent}"
        elif order.index(condition.item) >= order.index(question.code):
            yield f"its condition names '{condition.item}', which is not asked before it"
        elif unknown := sorted(condition.codes - earlier.codes):
            known = ", ".join(str(code) for code in sorted(earlier.codes))
            yield f"its condition names the code {unknown[0]}, which '{condition.item}' does not have; it has {known}"


def _demands(codes: Iterable[str], questions: Mapping[str, Question]) -> dict[str, frozenset[int]]:
    """The answers to earlier questions that let all of these be asked of one person."""
    left: dict[str, frozenset[int]] = {}
    waiting, seen = list(codes), set[str]()
    while waiting:
        code = waiting.pop()
        if code in seen:
            continue
        seen.add(code)
        for condition in questions[code].shown_if:
            earlier = questions[condition.item]
            left[condition.item] = condition.fits(left.get(condition.item, earlier.codes))
            waiting.append(condition.item)
    return left


def _hindrance(codes: Collection[str], questions: Mapping[str, Question]) -> str:
    """Why no one person can be asked all of these; empty where one can."""
    left = _demands(codes, questions)
    for code, answers in left.items():
        if not answers:
            return f"no answer to '{code}' fits all the conditions on the way"
    ages = [questions[code].ages for code in {*codes, *left}]
    low, high = max(age[0] for age in ages), min(age[1] for age in ages)
    return f"the ages on the way exclude each other ({low} and over, {high} and under)" if low > high else ""


def _dead_ends(code: str, order: list[str], questions: Mapping[str, Question]) -> Iterator[tuple[str, str]]:
    """Answers after which a person who should go on is asked nothing any more."""
    question = questions[code]
    later = [c for c in order[order.index(code) + 1 :] if questions[c].respondent == question.respondent]
    open_to = [_demands([c], questions).get(code, question.codes) for c in later]
    for answer in sorted(question.codes):
        if not any(answer in codes for codes in open_to):
            left = f"is asked none of the {len(later)} questions left"
            yield code, f"it is a dead end: a person who answers {answer} {left}"
