"""The definitions of the survey agree with the methodology, and what is wrong in them is refused."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwi import folders, read_methodology
from cwi.errors import DataError
from cwi.inputs.survey.definitions import read_survey_definitions
from cwi.inputs.survey.flow import Condition, Question, askable, flow_problems, read_conditions
from cwi.inputs.survey.recode import item_numbers, recode, scale_scores
from cwi.inputs.survey.records import Share, SurveyDefinitions
from cwi.methodology import Methodology

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
WORDS = re.compile(r"\w+")
NOT_IN_THE_LIST = {"дома", "үйіңде"}  # said once in the question of two parts


@pytest.fixture(scope="module")
def methodology() -> Methodology:
    return read_methodology("2024.1")


@pytest.fixture(scope="module")
def definitions(methodology: Methodology) -> SurveyDefinitions:
    return read_survey_definitions("2024.1", methodology=methodology)


# ---------------------------------------------------------------- what lies in the repository


def test_every_survey_indicator_is_defined_and_nothing_else(
    definitions: SurveyDefinitions, methodology: Methodology
) -> None:
    table = methodology.indicators
    survey = table[table["kind"] == "survey"].set_index("code")
    assert list(definitions.indicators) == list(survey.index)
    assert len(definitions.indicators) == 21
    for code, share in definitions.indicators.items():
        assert share.respondent == ("parent" if survey.at[code, "respondent"] == "parent" else "child")
        low, high = (int(age) for age in survey.at[code, "ages"].split("-"))
        assert all(definitions.items[item].ages == (low, high) for item in share.items), code


def test_sensitive_indicators_are_those_that_the_methodology_calls_so(
    definitions: SurveyDefinitions, methodology: Methodology
) -> None:
    notes = methodology.indicators.set_index("code")["note"]
    said = {code for code in definitions.indicators if "Sensitive" in notes[code]}
    assert {share.code for share in definitions.indicators.values() if share.sensitive} == said
    assert len(said) == 4
    assert {definitions.indicators[code].domain for code in said} == {("region",)}


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_questions_and_answers_are_worded_as_in_the_methodology(
    definitions: SurveyDefinitions, methodology: Methodology, language: str
) -> None:
    questions = methodology.indicators.set_index("code")[f"question_{language}"]
    for code, share in definitions.indicators.items():
        asked = questions[code].casefold()
        for item in (definitions.items[name] for name in share.items):
            wording = set(WORDS.findall(item.wording[language].casefold()))
            assert wording - set(WORDS.findall(asked)) <= {"бар"}, item.code
            if len(share.items) == 1:
                assert item.wording[language].casefold() in asked or language == "kk", item.code
            for response in item.responses:
                label = response.labels[language]
                if not label.isdecimal() and response.kind not in ("no answer", "not asked"):
                    assert label.casefold() in asked, (item.code, label)


def test_the_answers_that_count_are_those_that_the_methodology_names(
    definitions: SurveyDefinitions, methodology: Methodology
) -> None:
    questions = methodology.indicators.set_index("code")["question_en"]
    checked = 0
    for code, share in definitions.indicators.items():
        counted = questions[code].split("Counted: ")[1].split(";")[0]
        item = definitions.items[share.items[0]]
        if len(share.items) == 1 and not item.responses[0].labels["en"].isdecimal() and "and more" not in counted:
            reached = [r.labels["en"] for r in item.responses if r.number >= share.reaches[0]]
            assert sorted(counted.rstrip(".").split(", ")) == sorted(", ".join(reached).split(", ")), code
            checked += 1
    assert checked == 14


def test_what_is_left_out_of_the_calculation_stands_for_no_number(
    definitions: SurveyDefinitions, methodology: Methodology
) -> None:
    questions = methodology.indicators.set_index("code")["question_en"]
    for code, share in definitions.indicators.items():
        apart = {
            (response.kind, response.labels["en"])
            for item in share.items
            for response in definitions.items[item].responses
            if response.kind in ("does not apply", "do not know", "refusal") and np.isnan(response.number)
        }
        said = questions[code].split("Counted: ")[1].split(";", 1)[-1]
        assert bool(apart) == ("left out of the calculation" in said), code


# ---------------------------------------------------------------- what is refused


@pytest.fixture
def spoiled(tmp_path: Path) -> Callable[..., Path]:
    """A copy of the definitions in which a piece of a file was replaced; it must stand there exactly once."""

    def spoil(name: str, old: str, new: str) -> Path:
        folder = tmp_path / "2024.1"
        shutil.copytree(folders.data() / "survey" / "2024.1", folder)
        text = (folder / name).read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        (folder / name).write_text(text.replace(old, new), "utf-8", newline="\n")
        return folder

    return spoil


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("indicators.csv", "\nloneliness,loneliness,", "\nlonelines,loneliness,", " line 4: 'lonelines' is no survey "
         "indicator of the methodology 2024.1 (did you mean 'loneliness'?); there are life_satisfaction, feeling_low, "
         "loneliness, healthy_diet, reading_for_pleasure, problem_solving, trust_in_family, time_with_parents, "
         "food_affordable, own_books_and_desk, clubs_and_sections, family_friendly_employer, friends_support, "
         "school_belonging, bullying, school_satisfaction, health_care_access, legal_protection, "
         "play_and_sports_places, safe_way_to_school, and 1 more"),
        ("indicators.csv", "bullying,bullying,count,3,1,1,50,region\n", "",
         ": the survey indicator 'bullying' of the methodology has no row"),
        ("indicators.csv", "bullying,count,3,1,1,50,region", "bullying,count,3,1,1,50,region area",
         " line 16: bullying is sensitive; its finest_domain must be 'region', not 'region area'"),
        ("indicators.csv", "bullying,count,3,1,1,50,region", "bullying,count,3,1,1,50,area",
         " line 16: finest_domain is 'area'; it must be 'region', 'region area' or 'region area sex'"),
        ("indicators.csv", "bullying,count,3,1,1,50,", "bullying,count,1,1,1,50,",
         " line 16: reaches is 1, but the answers to bullying are 1 to 5: all would be counted"),
        ("indicators.csv", "bullying,count,3,1,1,50,", "bullying,count,6,1,1,50,",
         " line 16: reaches is 6, but the answers to bullying are 1 to 5: none would be counted"),
        ("indicators.csv", "bullying,count,3,1,1,50,", "bullying,count,3 3,1,1,50,",
         " line 16: reaches is '3 3'; it must hold 1 in all, a number an item (by mean, one)"),
        ("indicators.csv", "bullying,count,3,1,1,50,", "bullying,sum,3,1,1,50,",
         " line 16: rule is 'sum'; there are count, mean"),
        ("indicators.csv", "bullying,count,3,1,1,50,", "bullying,count,3,1,2,50,",
         " line 16: minimum is '2'; it must be a whole number from 1 to 1"),
        ("indicators.csv", "bullying,count,3,1,1,50,", "bullying,count,3,1,1,24,",
         " line 16: smallest_n is '24'; it must be a whole number from 25 to 10000"),
        ("indicators.csv", "rights_known rights_help_likely", "rights_known food_affordable",
         " line 19: items are 'rights_known food_affordable', some asked of children and some of parents"),
        ("indicators.csv", "own_books own_desk", "own_books own_books",
         " line 11: items are 'own_books own_books'; there must be 1 or more, each once"),
        ("indicators.csv", "own_books own_desk", "own_books own_deskk", " line 11: no item is called 'own_deskk' (did "
         "you mean 'own_desk'?); there are life_satisfaction, reading_for_pleasure, clubs_and_sections, "
         "problem_solving, task_long, task_another_way, task_ask_help, school_satisfaction, school_belonging, "
         "school_glad, school_opinion, school_adult, safe_way_to_school, friends_support, friends_listen, "
         "friends_unasked, friends_mistake, trust_mother, trust_father, trust_other_adult, and 20 more"),
        ("scales.csv", " task_another_way task_ask_help", "",
         " line 3: items are 'problem_solving task_long'; there must be 3 or more, each once"),
        ("items.csv", "bullying,child,difficult,10,17,", "bullying,child,difficult,10,19,",
         " line 34: age_to is '19'; it must be a whole number from 0 to 17"),
        ("items.csv", "bullying,child,difficult,10,17,", "bullying,child,difficult,17,10,",
         " line 34: the ages run from 17 to 10"),
        ("items.csv", "bullying,child,difficult,", "bullying,child,dificult,",
         " line 34: section is 'dificult'; texts.csv has no 'section.dificult'"),
        ("items.csv", "bullying,child,", "bullying,pupil,", " line 34: respondent is 'pupil'; there are child, parent"),
        ("items.csv", "bullying,child,", "loneliness,child,",
         " line 34: 'loneliness' is listed twice, first in line 33"),
        ("items.csv", "bullying,child,", "Bullying,child,",
         " line 34: code is 'Bullying'; it must be of small letters, digits and '_'"),
        ("items.csv", "school_glad,child,school,10,17,agree,school_satisfaction != 5",
         "school_glad,child,school,10,17,agree,school_satisfaction <> 5",
         " line 11: shown_if: 'school_satisfaction <> 5' is no condition; write 'item = 1' "
         "or 'item != 5|6', joined by 'and'"),
        ("items.csv", "school_glad,child,school,10,17,agree,school_satisfaction != 5",
         "school_glad,child,school,10,17,agree,school_satisfied != 5",
         " line 11: school_glad: its condition names 'school_satisfied', which is no item"),
        ("items.csv", "school_glad,child,school,10,17,agree,school_satisfaction != 5",
         "school_glad,child,school,10,17,agree,bullying = 1",
         " line 11: school_glad: its condition names 'bullying', which is not asked before it"),
        ("items.csv", "school_glad,child,school,10,17,agree,school_satisfaction != 5",
         "school_glad,child,school,10,17,agree,school_satisfaction = 7",
         " line 11: school_glad: its condition names the code 7, which 'school_satisfaction' does not have; it has "
         "1, 2, 3, 4, 5, 99"),
        ("items.csv", "school_glad,child,school,10,17,agree,school_satisfaction != 5",
         "school_glad,child,school,10,17,agree,school_satisfaction != 5 and school_satisfaction = 5",
         " line 11: school_glad: nobody can be asked it: no answer to 'school_satisfaction' fits all the conditions "
         "on the way"),
        ("items.csv", "clothes_affordable,parent,money,0,17,lack,", "clothes_affordable,parent,money,0,17,lack,"
         "loneliness = 1", " line 40: clothes_affordable: its condition names 'loneliness', which is asked of a child"),
        ("items.csv", "play_and_sports_places,child,closing,10,17,place,,",
         "play_and_sports_places,child,closing,10,17,place,violence_experienced = 1|98,",
         " line 35: violence_experienced: it is a dead end: a person who answers 2 "
         "is asked none of the 1 questions left"),
        ("responses.csv", "hurt,98,,refusal,", "hurt,98,0,refusal,",
         " line 122: the kind 'refusal' cannot represent the number 0"),
        ("responses.csv", "hurt,1,1,answer,", "hurt,1,,answer,", " line 118: the kind 'answer' needs a number"),
        ("responses.csv", "hurt,1,1,answer,", "hurt,2,1,answer,",
         " line 119: the code or a label of 2 is in the set 'hurt' twice"),
        ("responses.csv", "hurt,1,1,answer,", "hurt,1,1,anwser,", " line 118: kind is 'anwser' (did you mean "
         "'answer'?); there are answer, does not apply, do not know, refusal, no answer, not asked"),
        ("responses.csv", "hurt,1,1,answer,no,нет,", "hurt,1,1,answer,no,,", " line 118: 'label_ru' is empty"),
        ("responses.csv", "hurt,1,1,answer,", "hurt,1,1;0,answer,",
         " line 118: number is '1;0', which is not a number; leave it empty to leave it out"),
        ("responses.csv", "every,99,,no answer", "every2,99,,no answer",
         " line 3: 'no answer' and 'not asked' belong to the set 'every', and nothing else does"),
        ("survey.toml", "\nweight = \"weight\"", "", ": [columns] does not name 'weight'"),
        ("survey.toml", "stratum = \"stratum\"", "stratum = \"psu\"", ": [columns] gives one name to two variables"),
        ("survey.toml", "flag_below = 50", "flag_below = 20", ": [disclosure] holds (25, 20, 5); suppress_below, "
         "flag_below and k must be whole numbers above zero, flag_below not under suppress_below"),
        ("survey.toml", "protection = 10.0", "protection = 0",
         ": protection is 0; it must be above 0 and below 100 points"),
        ("survey.toml", "version = \"2024.1\"\nstatus", "version = \"2025.1\"\nstatus",
         ": version is '2025.1'; the folder is called '2024.1'"),
        ("survey.toml", "status = \"working\"", "status = \"final\"",
         ": status is 'final'; it must be working or official"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(
    methodology: Methodology, spoiled: Callable[..., Path], says: Says, name: str, old: str, new: str, sentence: str
) -> None:
    folder = spoiled(name, old, new)
    with says(DataError, f"{(folder / name).as_posix()}{sentence}"):
        read_survey_definitions(folder, methodology=methodology)


def test_a_question_that_serves_nothing_is_refused(
    methodology: Methodology, spoiled: Callable[..., Path], says: Says
) -> None:
    folder = spoiled("scales.csv", "feeling_annoyed feeling_awake", "feeling_annoyed")
    with says(
        DataError,
        f"{(folder / 'items.csv').as_posix()} line 32: feeling_awake is asked for nothing: no indicator and no scale "
        "uses it; leave it out, or name what it is for",
    ):
        read_survey_definitions(folder, methodology=methodology)


def test_a_sensitive_question_without_a_way_out_is_refused(
    methodology: Methodology, spoiled: Callable[..., Path], says: Says
) -> None:
    folder = spoiled("responses.csv", "hurt,98,,refusal,", "hurt,98,,do not know,")
    with says(
        DataError,
        f"{(folder / 'items.csv').as_posix()} line 35: violence_experienced is sensitive and leaves no way out: the "
        "set 'hurt' needs an answer of the kind 'refusal' ('I would rather not answer')",
    ):
        read_survey_definitions(folder, methodology=methodology)


def test_an_unknown_version_is_refused(says: Says) -> None:
    with says(DataError, "data/survey: there is no version '2024.2' (did you mean '2024.1'?); there are 2024.1"):
        read_survey_definitions("2024.2")


# ---------------------------------------------------------------- skip logic


def questions(**shown_if: str) -> dict[str, Question]:
    codes = frozenset({1, 2, 3})
    return {name: Question(name, "child", codes, (10, 17), read_conditions(text)) for name, text in shown_if.items()}


def test_the_way_through_is_followed_over_several_questions() -> None:
    way = questions(a="", b="a = 1|2", c="b = 3 and a != 1", d="c != 1 and a = 1", e="")
    assert list(flow_problems(way)) == [
        ("d", "nobody can be asked it: no answer to 'a' fits all the conditions on the way")
    ]
    assert askable(["b", "c"], way)
    apart = questions(a="", b="a = 1", c="a = 2", e="")
    assert not list(flow_problems(apart))
    assert not askable(["b", "c"], apart)
    assert askable(["b", "c"], apart, 1)


def test_ages_that_exclude_each_other_hide_a_question() -> None:
    way = questions(a="", b="a = 1", c="")
    way["b"] = replace(way["b"], ages=(10, 12))
    way["d"] = Question("d", "child", frozenset({1, 2}), (13, 17), read_conditions("b = 1"))
    assert list(flow_problems(way)) == [
        ("d", "nobody can be asked it: the ages on the way exclude each other (13 and over, 12 and under)")
    ]


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_question_is_called_hidden_exactly_when_no_person_comes_to_it(data: st.DataObject) -> None:
    """Against all ways through, tried one by one."""
    names = list("abcd")
    way = {}
    for place, name in enumerate(names):
        conditions = tuple(
            Condition(names[data.draw(st.integers(0, place - 1))], codes, data.draw(st.booleans()))
            for codes in data.draw(st.lists(st.frozensets(st.integers(1, 2), min_size=1), max_size=2 if place else 0))
        )
        way[name] = Question(name, "child", frozenset({1, 2}), (10, 17), conditions)
    met: set[str] = set()
    for answers in np.ndindex(2, 2, 2, 2):
        given_ = dict(zip(names, (int(a) + 1 for a in answers), strict=True))
        asked: set[str] = set()
        for name in names:
            if all(c.item in asked and ((given_[c.item] in c.codes) != c.negated) for c in way[name].shown_if):
                asked.add(name)
        met |= asked
    hidden = {code for code, text in flow_problems(way) if text.startswith("nobody can be asked")}
    assert hidden == set(names) - met


# ---------------------------------------------------------------- recoding


def people(definitions: SurveyDefinitions, n: int = 1, respondent: str = "child", **cells: object) -> pd.DataFrame:
    """Persons who answered nothing but what is given."""
    blank = {item.code: [99.0] * n for item in definitions.asked_of(respondent)}
    return pd.DataFrame(blank | cells).assign(respondent=respondent, age=12)


@pytest.mark.parametrize(
    ("indicator", "cells", "values"),
    [
        ("life_satisfaction", {"life_satisfaction": [0, 5, 6, 10, 97, 99, None]}, [0, 0, 1, 1, None, None, None]),
        ("feeling_low", {"feeling_low": [1, 2, 3, 4, 5, 98]}, [1, 1, 0, 0, 0, None]),
        ("healthy_diet", {"diet_fruit": [5, 7, 4, 7, 99], "diet_vegetables": [5, 4, 7, 99, 0]}, [1, 0, 0, None, None]),
        ("trust_in_family", {"trust_mother": [4, 2, 5, 1, 1], "trust_father": [5, 4, 5, 4, 99],
                             "trust_other_adult": [5, 4, 5, 3, 4]}, [0, 1, 0, 1, None]),
        ("friends_support", {"friends_support": [1, 2, 3, 6, 99]}, [1, 1, 0, 0, None]),
        ("school_satisfaction", {"school_satisfaction": [1, 2, 3, 5]}, [1, 1, 0, None]),
        ("legal_protection", {"rights_known": [1, 1, 2, 1, 1], "rights_help_likely": [2, 3, 1, 97, 99]},
         [1, 0, 0, 0, None]),
        ("play_and_sports_places", {"play_and_sports_places": [1, 2, 3, 4, 97]}, [1, 0, 0, 0, None]),
        ("violence_experienced", {"violence_experienced": [1, 2, 3, 4, 98]}, [0, 1, 1, 1, None]),
    ],
)  # fmt: skip
def test_persons_are_counted_as_the_definition_says(
    definitions: SurveyDefinitions, indicator: str, cells: dict[str, list[float]], values: list[float | None]
) -> None:
    found = recode(people(definitions, len(values), **cells), definitions)[indicator]
    assert found.to_numpy() == pytest.approx(np.array(values, dtype=float), nan_ok=True)


def test_parents_and_children_stand_in_one_table(definitions: SurveyDefinitions) -> None:
    child = people(definitions, life_satisfaction=[8])
    parent = people(definitions, respondent="parent", food_affordable=[1]).assign(age=3)
    both = recode(pd.concat([child, parent], ignore_index=True), definitions)
    assert list(both.columns) == list(definitions.indicators)
    assert both["life_satisfaction"].tolist() == pytest.approx([1, np.nan], nan_ok=True)
    assert both["food_affordable"].tolist() == pytest.approx([np.nan, 1], nan_ok=True)
    young = parent.assign(school_things_affordable=1)
    assert item_numbers(young, definitions)["school_things_affordable"].isna().all()
    assert item_numbers(young.assign(age=6), definitions)["school_things_affordable"].tolist() == [4]


def test_a_mean_counts_when_it_reaches_the_threshold(definitions: SurveyDefinitions) -> None:
    share = Share("loneliness", ("feeling_low", "feeling_tense", "feeling_awake"), "mean", (4.0,), 1, 2, 50,
                  ("region",), "child", True)  # fmt: skip
    other = replace(definitions, indicators={"loneliness": share})
    table = people(definitions, 4, feeling_low=[1, 1, 98, 5], feeling_tense=[3, 99, 2, 98], feeling_awake=[2, 4, 2, 99])
    assert recode(table, other)["loneliness"].to_numpy() == pytest.approx([1, 0, 1, np.nan], nan_ok=True)


def test_a_scale_is_the_mean_of_the_items_answered(definitions: SurveyDefinitions) -> None:
    table = people(
        definitions, 3,
        feeling_low=[1, 1, 1], feeling_tense=[2, 98, 98], feeling_annoyed=[5, 2, 99], feeling_awake=[4, 2, 1],
    )  # fmt: skip
    assert scale_scores(table, definitions)["low_mood"].to_numpy() == pytest.approx([3, 13 / 3, np.nan], nan_ok=True)


def test_answers_that_cannot_be_read_are_refused(definitions: SurveyDefinitions, says: Says) -> None:
    table = people(definitions, 2, bullying=[1, 6])
    with says(DataError, "row 1: bullying is '6', which is no code of that item; there are 1, 2, 3, 4, 5, 95, 98, 99"):
        recode(table, definitions)
    with says(
        DataError, "row 0: bullying is 'never', which is no code of that item; there are 1, 2, 3, 4, 5, 95, 98, 99"
    ):
        recode(people(definitions, bullying=["never"]), definitions)
    with says(DataError, "the table of answers has no column 'age'; there are a, respondent"):
        recode(pd.DataFrame({"a": [1], "respondent": "child"}), definitions)


@pytest.mark.slow
@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_order_of_rows_and_columns_does_not_matter(definitions: SurveyDefinitions, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells = {
        item.code: rng.choice([response.code for response in item.responses], 30)
        for item in definitions.asked_of("child")
    }
    table = people(definitions, 30, **cells)
    shuffled = table.sample(frac=1, random_state=seed)[list(rng.permutation(table.columns))]
    expected = recode(table, definitions)
    pd.testing.assert_frame_equal(recode(shuffled, definitions).loc[table.index], expected)
    assert set(np.unique(expected.to_numpy()[~expected.isna().to_numpy()])) <= {0.0, 1.0}
