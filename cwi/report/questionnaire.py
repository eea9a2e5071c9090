"""The questionnaire as a document: every question of the survey as it is asked, in three languages, to be printed.

All its words come from the definitions of the survey; everything is escaped by the template.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cwi.errors import DataError, ParameterError, near
from cwi.inputs.survey import RESPONDENTS, Item, SurveyDefinitions
from cwi.report.languages import LANGUAGES
from cwi.writing import writing

__all__ = ["questionnaire", "write_questionnaires"]

TEMPLATES = Path(__file__).parent / "templates"
AGES = {"child": (10, 17), "parent": (0, 17)}
UNPRINTED = ("not asked",)
STEPS = 7  # what to do when a child tells of harm
HELPLINES = ("111", "150")


@dataclass(frozen=True)
class _Question:
    """A question as it is printed."""

    code: str
    heading: str
    asked: list[str]
    sensitive: bool
    wording: str
    answers: list[tuple[str, str, bool]]
    short: bool


def questionnaire(definitions: SurveyDefinitions, respondent: str, language: str) -> str:
    """The questionnaire of children or of parents as one HTML page that needs nothing else.

    It holds the places of the texts of consent and assent, what interviewers must know, every question with its
    skip logic in words, and, for children, what to do when a child tells of harm.

    Parameters
    ----------
    definitions
        What is asked.
    respondent
        'child' or 'parent'.
    language
        kk, ru or en.

    Raises
    ------
    ParameterError
        If there is no such respondent or language.
    DataError
        If texts.csv lacks a text.

    Examples
    --------
    >>> from cwi.inputs.survey import read_survey_definitions
    >>> page = questionnaire(read_survey_definitions("2024.1"), "parent", "en")
    >>> page.count('class="question"')
    5
    """
    for what, word, known in (("respondent", respondent, RESPONDENTS), ("language", language, LANGUAGES)):
        if word not in known:
            raise ParameterError(f"{what} is '{word}'{near(word, known)}")

    def printed(key: str, **values: object) -> str:
        if key not in definitions.texts:
            raise DataError(f"texts.csv of the survey {definitions.version} has no text '{key}'")
        return definitions.texts[key][language].format(version=definitions.version, **values)

    items = definitions.asked_of(respondent)
    numbers = {item.code: number for number, item in enumerate(items, start=1)}
    sections = [
        {
            "name": f"section-{section}",
            "title": printed(f"section.{section}"),
            "questions": [_question(definitions, item, numbers, language, printed) for item in inside],
        }
        for section, inside in groupby(items, key=lambda item: item.section)
    ]
    harm = [printed(f"harm.{step}") for step in range(1, STEPS + 1)] if respondent == "child" else []
    parts = [("before", printed("before")), *((part["name"], part["title"]) for part in sections)]
    parts += [("harm", printed("harm"))] if harm else []
    texts = ("consent", "assent") if respondent == "child" else ("consent",)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template("questionnaire.html.j2").render(
        language=language,
        respondent=respondent,
        title=printed(f"title.{respondent}"),
        printed=printed,
        parts=[*parts, ("helplines", printed("helplines"))],
        before=[(printed(f"{text}.place"), printed(f"{text}.must")) for text in texts],
        sections=sections,
        harm=harm,
        helplines=[printed(f"helpline.{number}") for number in HELPLINES],
    )


def write_questionnaires(definitions: SurveyDefinitions, folder: Path) -> list[Path]:
    """Write the questionnaires of children and parents in every language, and return their paths."""
    pages = {
        folder / f"questionnaire-{respondent}.{language}.html": questionnaire(definitions, respondent, language)
        for respondent in RESPONDENTS
        for language in LANGUAGES
    }
    with writing(*pages) as places:
        for place, text in zip(places, pages.values(), strict=True):
            place.write_text(text, encoding="utf-8", newline="\n")
    return list(pages)


def _question(
    definitions: SurveyDefinitions, item: Item, numbers: dict[str, int], language: str, printed: Callable[..., str]
) -> _Question:
    answers = [
        (response.labels[language], str(response.code), response.kind in _silent(item))
        for response in item.responses
        if response.kind not in UNPRINTED
    ]
    return _Question(
        item.code,
        printed("question", number=numbers[item.code]),
        _asked(definitions, item, numbers, language, printed),
        item.sensitive,
        item.wording[language],
        answers,
        short=sum(label.isdecimal() for label, *_ in answers) > 2,
    )


def _silent(item: Item) -> tuple[str, ...]:
    """Answers that are not read aloud; a difficult question has the note that one may refuse."""
    return ("do not know", "no answer") if item.sensitive else ("do not know", "no answer", "refusal")


def _asked(
    definitions: SurveyDefinitions, item: Item, numbers: dict[str, int], language: str, printed: Callable[..., str]
) -> list[str]:
    """Whom the question is asked, in words."""
    low, high = item.ages
    conditions = [] if item.ages == AGES[item.respondent] else [printed("ask.ages", low=low, high=high)]
    for condition in item.shown_if:
        labels = [r.labels[language] for r in definitions.items[condition.item].responses if r.code in condition.codes]
        key = "ask.not" if condition.negated else "ask.is"
        conditions.append(printed(key, number=numbers[condition.item], answers=" / ".join(labels)))
    return conditions or [printed("ask.all")]
