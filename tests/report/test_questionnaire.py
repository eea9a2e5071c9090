"""The questionnaire says every question as the definitions do, in three languages, safely and in order."""

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cwi.errors import DataError, ParameterError
from cwi.inputs.survey.definitions import read_survey_definitions
from cwi.inputs.survey.flow import read_conditions
from cwi.inputs.survey.records import SurveyDefinitions
from cwi.report.questionnaire import questionnaire, write_questionnaires

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
VOID = {"meta", "br", "img", "link", "input"}
BOTH = [(respondent, language) for respondent in ("child", "parent") for language in ("kk", "ru", "en")]


class Outline(HTMLParser):
    """Texts, headings, links and names of a page; fails where a tag is not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.headings: list[int] = []
        self.names: list[str] = []
        self.targets: list[str] = []
        self.questions: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("h1", "h2", "h3"):
            self.headings.append(int(tag[1]))
        self.names += [given["id"]] if given.get("id") else []
        self.targets += [given["href"]] if given.get("href") else []
        assert "src" not in given
        assert not [name for name in given if name.startswith("on")]
        if given.get("class") == "question":
            self.questions.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)
            if self.questions and "section" in self.open:
                self.questions[-1] += data


@pytest.fixture(scope="module")
def definitions() -> SurveyDefinitions:
    return read_survey_definitions("2024.1")


@pytest.mark.parametrize(("respondent", "language"), BOTH)
def test_every_question_is_printed_with_its_answers(
    definitions: SurveyDefinitions, respondent: str, language: str
) -> None:
    page = questionnaire(definitions, respondent, language)
    assert f'<html lang="{language}">' in page
    assert "<script" not in page
    assert "@import" not in page
    assert "url(" not in page
    outline = Outline(page)
    items = definitions.asked_of(respondent)
    assert len(outline.questions) == len(items)
    for text, item in zip(outline.questions, items, strict=True):
        assert item.wording[language] in text
        for response in item.responses:
            if response.kind != "not asked":
                assert response.labels[language] in text
    sensitive = sum(definitions.texts["sensitive"][language] in text for text in outline.questions)
    assert sensitive == sum(item.sensitive for item in items)


@pytest.mark.parametrize(("respondent", "language"), BOTH)
def test_the_page_is_in_order(definitions: SurveyDefinitions, respondent: str, language: str) -> None:
    outline = Outline(questionnaire(definitions, respondent, language))
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    assert len(set(outline.names)) == len(outline.names)
    assert {target.removeprefix("#") for target in outline.targets} <= set(outline.names)
    whole = "".join(outline.text)
    say = {key: text[language] for key, text in definitions.texts.items()}
    first = whole.index(definitions.asked_of(respondent)[0].wording[language])
    assert whole.index(say["consent.place"]) < first
    assert (say["assent.place"] in whole) == (respondent == "child")
    assert (say["harm.1"] in whole) == (respondent == "child")
    assert say["helpline.111"] in whole
    assert "2024.1" in whole
    assert "{" not in whole


def test_skip_logic_is_said_in_words(definitions: SurveyDefinitions) -> None:
    outline = Outline(questionnaire(definitions, "child", "en"))
    asked = {item.code: text for item, text in zip(definitions.asked_of("child"), outline.questions, strict=True)}
    number = [item.code for item in definitions.asked_of("child")].index("school_satisfaction") + 1
    assert f"Do not ask if the answer to question {number} was: I do not go to school." in asked["school_glad"]
    assert "Ask everybody." in asked["bullying"]
    parents = Outline(questionnaire(definitions, "parent", "ru")).questions
    assert "Задавайте, если ребёнку от 6 до 17 лет." in parents[4]


def test_what_is_not_read_aloud_is_marked(definitions: SurveyDefinitions) -> None:
    page = questionnaire(definitions, "child", "en")
    silent = [
        response
        for item in definitions.asked_of("child")
        for response in item.responses
        if response.kind in ("do not know", "no answer")
    ]
    assert page.count('<li class="silent">') == len(silent)  # a refusal is offered at every difficult question
    assert "&#34;silent" not in page


def test_a_condition_that_names_answers_is_said_so(definitions: SurveyDefinitions) -> None:
    item = replace(definitions.items["friends_listen"], shown_if=read_conditions("friends_support = 1|2"))
    other = replace(definitions, items={**definitions.items, "friends_listen": item})
    text = "".join(Outline(questionnaire(other, "child", "en")).text)
    assert "Ask only if the answer to question 14 was: always / often." in text


def test_what_comes_from_data_is_escaped(definitions: SurveyDefinitions) -> None:
    evil = dict.fromkeys(("en", "ru", "kk"), '<script>alert("x")</script> & more')
    item = replace(definitions.items["bullying"], wording=evil)
    other = replace(
        definitions,
        items={**definitions.items, "bullying": item},
        texts={**definitions.texts, "harm.1": evil, "title.child": evil},
    )
    page = questionnaire(other, "child", "en")
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 4  # the question, the step, the title and the heading


@pytest.mark.slow
def test_files_are_the_same_every_time(definitions: SurveyDefinitions, tmp_path: Path) -> None:
    first = write_questionnaires(definitions, tmp_path / "a")
    second = write_questionnaires(definitions, tmp_path / "b")
    assert [path.name for path in first] == [f"questionnaire-{who}.{language}.html" for who, language in BOTH]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert b"\r" not in first[0].read_bytes()


def test_what_is_not_there_is_refused(definitions: SurveyDefinitions, says: Says) -> None:
    with says(ParameterError, "language is 'de'; there are kk, ru, en"):
        questionnaire(definitions, "child", "de")
    with says(ParameterError, "respondent is 'children' (did you mean 'child'?); there are child, parent"):
        questionnaire(definitions, "children", "en")
    texts = {key: text for key, text in definitions.texts.items() if key != "harm.3"}
    with says(DataError, "texts.csv of the survey 2024.1 has no text 'harm.3'"):
        questionnaire(replace(definitions, texts=texts), "child", "en")
