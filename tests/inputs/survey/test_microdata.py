"""Files of answers are read alike from every format, and what is wrong with them is told by row."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

import cwi
from cwi import folders
from cwi.errors import DataError
from cwi.inputs.survey.definitions import read_survey_definitions
from cwi.inputs.survey.microdata import FLAGS, microdata_problems, read_microdata
from cwi.inputs.survey.personal import is_identification_number, refuse_microdata, traces
from cwi.inputs.survey.population import imagine
from cwi.inputs.survey.recode import recode
from cwi.inputs.survey.records import SurveyDefinitions
from cwi.inputs.survey.synthetic import Sample, synthesize

pytestmark = pytest.mark.slow  # its fixtures take seconds

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
REGIONS = ("KZ-39", "KZ-79")
INVENTED = "99123150" + "000"  # a day of birth in 2099: nobody has this number


@pytest.fixture(scope="module")
def definitions() -> SurveyDefinitions:
    return read_survey_definitions("2024.1")


@pytest.fixture(scope="module")
def drawn(definitions: SurveyDefinitions) -> tuple[pd.DataFrame, pd.DataFrame]:
    population = imagine(definitions, cwi.read_edition(2023), rng=np.random.default_rng(1))
    return synthesize(
        definitions,
        population,
        rng=np.random.default_rng(5),
        year=2023,
        regions=REGIONS,
        sample=Sample(clusters=3, children=(6, 9), younger=(2, 3)),
    )


@pytest.fixture
def children(drawn: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    return drawn[0].copy()


@pytest.fixture
def wrong(tmp_path: Path, definitions: SurveyDefinitions) -> Callable[..., list[str]]:
    """The sentences about a table, without the name of the file and without flags (or with nothing but flags)."""

    def sentences(table: pd.DataFrame, *, flags: bool = False, respondent: str = "child") -> list[str]:
        path = tmp_path / "answers.csv"
        table.to_csv(path, index=False)
        found = microdata_problems(path, definitions, respondent=respondent, regions=REGIONS, year=2023)
        assert all(str(problem).startswith(f"{path.as_posix()}: ") for problem in found)
        return [problem.text for problem in found if (problem.kind in FLAGS) == flags]

    return sentences


def write(table: pd.DataFrame, path: Path, definitions: SurveyDefinitions) -> None:
    """As the program that the ending belongs to would."""
    labels: dict[str, Any] = {
        code: {response.code: response.labels["ru"] for response in item.responses}
        for code, item in definitions.items.items()
        if code in table
    }
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    elif path.suffix == ".sav":
        missing = {code: [98, 99] for code in labels}
        pyreadstat.write_sav(table, str(path), variable_value_labels=labels, missing_ranges=missing)
    else:
        pyreadstat.write_dta(table, str(path), variable_value_labels=labels)


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".sav", ".dta"])
def test_every_format_gives_the_same_answers(
    definitions: SurveyDefinitions, drawn: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path, ending: str
) -> None:
    for respondent, table in zip(("child", "parent"), drawn, strict=True):
        path = tmp_path / f"answers{ending}"
        write(table, path, definitions)
        found = read_microdata(path, definitions, respondent=respondent, regions=REGIONS, year=2023)
        assert not found.flags
        pd.testing.assert_frame_equal(
            recode(found.answers, definitions).reset_index(drop=True), recode(table, definitions)
        )
        assert found.answers["weight"].to_numpy() == pytest.approx(table["weight"].to_numpy())
        assert (found.answers["stratum"].to_numpy() == table["stratum"].to_numpy()).all()
    assert (drawn[0]["feeling_low"] == 98).any()


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_labels_stand_for_their_codes(
    definitions: SurveyDefinitions, children: pd.DataFrame, tmp_path: Path, language: str
) -> None:
    worded = children.copy()
    for item in definitions.asked_of("child"):
        meaning = {response.code: response.labels[language] for response in item.responses}
        worded[item.code] = children[item.code].map(meaning)
    worded.to_csv(tmp_path / "answers.csv", index=False)
    found = read_microdata(tmp_path / "answers.csv", definitions, respondent="child", regions=REGIONS, year=2023)
    pd.testing.assert_frame_equal(
        recode(found.answers, definitions).reset_index(drop=True), recode(children, definitions)
    )


def test_variables_may_have_other_names_in_the_file(
    definitions: SurveyDefinitions, children: pd.DataFrame, tmp_path: Path
) -> None:
    renamed = replace(definitions, columns={**definitions.columns, "weight": "WGT_FINAL"})
    children.rename(columns={"weight": "WGT_FINAL"}).to_csv(tmp_path / "answers.csv", index=False)
    found = read_microdata(tmp_path / "answers.csv", renamed, respondent="child", regions=REGIONS, year=2023)
    assert found.answers["weight"].to_numpy() == pytest.approx(children["weight"].to_numpy())


CELLS: list[tuple[str, object, str]] = [
    ("weight", 0, "row 2: the weight is not above zero; leave out respondents who represent nobody"),
    ("weight", -1.5, "row 2: the weight is not above zero; leave out respondents who represent nobody"),
    ("weight", None, "row 2: the weight is missing or no number; every person needs one"),
    ("weight", "many", "row 2: the weight is missing or no number; every person needs one"),
    ("weight", np.inf, "row 2: the weight is infinite"),
    ("region", "KZ-93", "row 2: region is 'KZ-93' (did you mean 'KZ-79'?); there are KZ-39, KZ-79"),
    ("region", None, "row 2: region is empty; there are KZ-39, KZ-79"),
    ("area", "city", "row 2: area is 'city'; there are U, R"),
    ("sex", "W", "row 2: sex is 'W'; there are F, M"),
    ("language", "en", "row 2: language is 'en'; there are kk, ru"),
    ("respondent", "parent", "row 2: respondent is 'parent'; there are child"),
    ("age", 9, "row 2: age must be a whole number from 10 to 17 (of the child)"),
    ("age", 12.5, "row 2: age must be a whole number from 10 to 17 (of the child)"),
    ("age", 112, "row 2: age must be a whole number from 10 to 17 (of the child)"),
    ("year", 2022, "row 2: the year is not that of the round, 2023"),
    ("psu", None, "row 2: the psu is missing"),
    ("id", None, "row 2: there is no id"),
    (
        "bullying",
        6,
        "row 2: bullying is 6, which is no answer to it; there are 1 not once, 2 once or twice, 3 two or three times a "
        "month, 4 about once a week, 5 several times a week, 98 I would rather not answer, 95 not asked, 99 no answer",
    ),
    (
        "bullying",
        "9" * 400,  # beyond any float
        f"row 2: bullying is {'9' * 400}, which is no answer to it; there are 1 not once, 2 once or twice, 3 two or "
        "three times a month, 4 about once a week, 5 several times a week, 98 I would rather not answer, 95 not asked, "
        "99 no answer",
    ),
    (
        "bullying",
        "sometimes",
        "row 2: bullying is 'sometimes', which is no answer to it; there are 1 not once, "
        "2 once or twice, 3 two or three times a month, 4 about once a week, 5 several times a week, 98 I would "
        "rather not answer, 95 not asked, 99 no answer",
    ),
    ("life_satisfaction", 95, "row 2: life_satisfaction is 'not asked' (95), but the questionnaire leads to it"),
]


@pytest.mark.parametrize(("column", "value", "sentence"), CELLS)
def test_a_wrong_cell_is_told(
    children: pd.DataFrame, wrong: Callable[..., list[str]], column: str, value: object, sentence: str
) -> None:
    assert wrong(children) == []
    if isinstance(value, str | None) or column == "age":
        children[column] = children[column].astype(object)
    elif isinstance(value, float):
        children[column] = children[column].astype(float)
    children.loc[1, column] = value
    assert wrong(children) == [sentence]


def test_rows_with_the_same_fault_are_told_together(children: pd.DataFrame, wrong: Callable[..., list[str]]) -> None:
    children.loc[[0, 3, 4, 7, 9], "weight"] = 0
    assert wrong(children) == [
        "rows 1, 4, 5 and 2 more: the weight is not above zero; leave out respondents who represent nobody"
    ]


def test_answers_off_the_way_are_told(children: pd.DataFrame, wrong: Callable[..., list[str]]) -> None:
    children.loc[2, "school_satisfaction"] = 5
    for item in ("school_belonging", "school_opinion", "school_adult", "safe_way_to_school"):
        children.loc[2, item] = 95
    children.loc[2, "school_glad"] = 1
    assert wrong(children) == ["row 3: the questionnaire does not lead to school_glad, and it is answered"]


def test_duplicates_are_told(children: pd.DataFrame, wrong: Callable[..., list[str]]) -> None:
    again = pd.concat([children, children.iloc[[0]]], ignore_index=True)
    last = len(again)
    assert wrong(again) == [f"rows 1, {last}: the id is there more than once; a person answers once"]
    again.loc[last - 1, "id"] = "synthetic-other"
    assert wrong(again) == [f"rows 1, {last}: the rows are the same but for the id; keep one of them"]


def test_a_stratum_with_one_cluster_is_flagged_and_no_more(
    definitions: SurveyDefinitions, children: pd.DataFrame, wrong: Callable[..., list[str]], tmp_path: Path
) -> None:
    here = children["stratum"] == "KZ-39-R"
    alone = children[~here | (children["psu"] == children.loc[here, "psu"].iloc[0])]
    assert wrong(alone) == []
    assert wrong(alone, flags=True) == [
        "the stratum 'KZ-39-R' has one cluster only, so its variance cannot be estimated; choose the rule "
        "(joined with another stratum, certainty, centred at the mean)"
    ]
    found = read_microdata(tmp_path / "answers.csv", definitions, respondent="child", regions=REGIONS, year=2023)
    assert len(found.answers) == len(alone)
    assert [flag.kind for flag in found.flags] == ["lonely psu"]


def test_a_cluster_in_two_strata_is_told(children: pd.DataFrame, wrong: Callable[..., list[str]]) -> None:
    psu = children["psu"] == children.loc[0, "psu"]
    children.loc[0, "stratum"] = "KZ-79-U"
    assert len(wrong(children)) == 1
    assert wrong(children)[0].endswith(": the cluster is in more than one stratum; give each its own name")
    assert psu.sum() > 1


def test_empty_cells_and_further_numbers_are_flagged(children: pd.DataFrame, wrong: Callable[..., list[str]]) -> None:
    children["bullying"] = children["bullying"].astype(float)
    children.loc[4, "bullying"] = None
    children["stage"] = 2
    assert wrong(children) == []
    assert wrong(children, flags=True) == [
        "no variable or item is called 'stage'; it is not read",
        "row 5: bullying is empty; it is taken for no answer (99), if it was asked",
    ]


def test_a_missing_column_is_told_before_all_else(children: pd.DataFrame, wrong: Callable[..., list[str]]) -> None:
    spoiled = children.drop(columns=["weight", "bullying"]).rename(columns={"loneliness": "lonelines"})
    spoiled["region"] = "x"
    found = wrong(spoiled)
    assert [re.split(r"[;(]", text)[0].strip() for text in found] == [
        "the column 'weight' is missing",
        "the column 'loneliness' is missing",
        "the column 'bullying' is missing",
    ]
    assert "did you mean 'lonelines'?" in found[1]


@pytest.mark.parametrize(
    ("column", "cell", "what"),
    [
        ("Фамилия", "", "a heading of personal data"),
        ("parent_phone", 1, "a heading of personal data"),
        ("first name", "", "a heading of personal data"),
        ("birth_date", 1, "a heading of personal data"),
        ("q", "+7 (700) 000-00-00", "a telephone number"),
        ("q", 87000000000, "a telephone number"),
        ("q", "write to child@example.org", "an e-mail address"),
        ("q", "Тестова Проба Примеровна", "the name of a person"),
        ("q", "Сынақ Үлгі Мысалқызы", "the name of a person"),
    ],
)
def test_what_looks_like_a_person_is_refused(
    children: pd.DataFrame, wrong: Callable[..., list[str]], column: str, cell: object, what: str
) -> None:
    children[column] = ""
    children[column] = children[column].astype(object)
    children.loc[3, column] = cell
    if isinstance(cell, int):
        children[column] = 0
        children.loc[3, column] = cell
    place = "" if "heading" in what else "row 4: "
    assert (
        f"{place}in the column '{column}' there is {what}; files of answers hold no names, numbers or addresses: "
        "delete the column"
    ) in wrong(children)


def test_numbers_of_identification_are_known_by_their_check_digit(children: pd.DataFrame) -> None:
    whole = [INVENTED + str(digit) for digit in range(10)]
    valid = [number for number in whole if is_identification_number(number)]
    assert len(valid) == 1
    table = pd.DataFrame({"q": ["no", valid[0]], "population": [202_311_111_111, 20_000_000]})
    assert list(traces(table)) == [("q", 1, "an individual identification number")]
    assert not list(traces(pd.DataFrame({"q": [number for number in whole if number != valid[0]]})))
    assert not list(traces(children))


def test_free_text_is_refused(children: pd.DataFrame, wrong: Callable[..., list[str]]) -> None:
    children["remark"] = "she told me"
    assert wrong(children) == [
        "the column 'remark' holds words and is no variable or item; free text may name persons: delete it"
    ]


def test_labels_of_the_file_that_mean_something_else_are_refused(
    definitions: SurveyDefinitions, children: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "answers.sav"
    pyreadstat.write_sav(children, str(path), variable_value_labels={"loneliness": {1: "always", 5: "never"}})
    found = microdata_problems(path, definitions, respondent="child", regions=REGIONS, year=2023)
    assert [problem.text for problem in found] == [
        "the file labels loneliness = 1 'always', the questionnaire 'never'; the codes of the file are not those of "
        "the definitions",
        "the file labels loneliness = 5 'never', the questionnaire 'always'; the codes of the file are not those of "
        "the definitions",
    ]


def test_the_first_problem_is_raised(
    definitions: SurveyDefinitions, children: pd.DataFrame, tmp_path: Path, says: Says
) -> None:
    children.loc[0, "weight"] = 0
    children.loc[1, "sex"] = "W"
    path = tmp_path / "answers.csv"
    children.to_csv(path, index=False)
    with says(
        DataError,
        f"{path.as_posix()}: row 1: the weight is not above zero; leave out respondents who represent nobody "
        "(and 1 more problems)",
    ):
        read_microdata(path, definitions, respondent="child", regions=REGIONS, year=2023)


def test_answers_may_not_lie_in_the_repository(
    definitions: SurveyDefinitions,
    children: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    says: Says,
) -> None:
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))
    assert folders.root() == tmp_path
    children.to_csv(tmp_path / "answers.csv", index=False)
    children.to_csv(tmp_path / "synthetic-answers.csv", index=False)
    children.assign(synthetic="").to_csv(tmp_path / "synthetic-bad.csv", index=False)

    def read(name: str) -> pd.DataFrame:
        return read_microdata(tmp_path / name, definitions, respondent="child", regions=REGIONS, year=2023).answers

    assert len(read("synthetic-answers.csv")) == len(children)
    with says(
        DataError,
        "answers.csv: answers of persons may not lie in the repository; move the file out of it (only files with "
        "'synthetic' in their name may stay)",
    ):
        read("answers.csv")
    with says(
        DataError,
        "synthetic-bad.csv: the name holds 'synthetic', but not every row does in a column 'synthetic'; answers of "
        "persons may not lie in the repository",
    ):
        read("synthetic-bad.csv")


def test_files_that_cannot_be_read_are_refused(definitions: SurveyDefinitions, tmp_path: Path, says: Says) -> None:
    (tmp_path / "damaged.sav").write_bytes(b"nothing")
    for name, sentence in (
        ("answers.xlsx", "the name ends in '.xlsx'; there are .csv, .parquet, .sav, .dta"),
        ("absent.csv", "there is no such file"),
        ("damaged.sav", "the file cannot be read (ReadstatError); save it again"),
    ):
        with says(DataError, f"{(tmp_path / name).as_posix()}: {sentence}"):
            read_microdata(tmp_path / name, definitions, respondent="child", regions=REGIONS, year=2023)
    with says(DataError, "respondent is 'pupil'; there are child, parent"):
        read_microdata(tmp_path / "absent.csv", definitions, respondent="pupil", regions=REGIONS, year=2023)


# ---------------------------------------------------------------- nothing of persons is written


@pytest.mark.parametrize(
    ("keep", "sentence"),
    [
        (["id", "bullying"], "it has the column 'id', which only rows of persons have"),
        (["psu", "bullying"], "it has the column 'psu', which only rows of persons have"),
        (["region", "area", "sex", "bullying", "violence_experienced"],
         "row 1 differs from another only in answers (violence_experienced, ...), so each row is a person; print "
         "estimates"),
        (["bullying"],
         "row 1 differs from another only in answers (bullying, ...), so each row is a person; print estimates"),
    ],
)  # fmt: skip
def test_rows_of_persons_are_refused(
    definitions: SurveyDefinitions, children: pd.DataFrame, says: Says, keep: list[str], sentence: str
) -> None:
    table = children.sort_values(["region", "area", "sex"], ignore_index=True)[keep]
    if "violence_experienced" in keep:
        table = table[["region", "area", "sex", "violence_experienced", "bullying"]]
    with says(DataError, f"the table may not be written: {sentence}"):
        refuse_microdata(table, definitions)


def test_persons_who_stand_alone_are_refused(
    definitions: SurveyDefinitions, children: pd.DataFrame, says: Says
) -> None:
    table = pd.DataFrame({"region": ["KZ-39"] * 6 + ["KZ-79"], "age": [12] * 6 + [13], "answer": list("abcdefg")})
    with says(
        DataError,
        "the file may not be written: 1 of its rows share the region, age of row 6, and there must be 5 or more",
    ):
        refuse_microdata(table, definitions, what="the file")
    refuse_microdata(table.iloc[:6], definitions)


def test_estimates_may_be_written_unless_they_rest_on_few(definitions: SurveyDefinitions, says: Says) -> None:
    wide = pd.DataFrame({"region": REGIONS, "bullying": [11.0, 12.5], "mobile_phone_use": [90.0, 95.0]})
    refuse_microdata(wide, definitions)
    ledger = pd.DataFrame({"name": ["score.KZ-39", "score.KZ-79"], "value": [53.1, 50.2], "text_kk": ["53,1", "50,2"]})
    refuse_microdata(ledger, definitions)
    long = pd.DataFrame({"region": REGIONS, "indicator": "bullying", "value": [11.0, np.nan], "n": [700, 12]})
    refuse_microdata(long, definitions)
    long.loc[1, "value"] = 8.0
    with says(
        DataError,
        "the table may not be written: the value in row 1 rests on 12 answers, fewer than 25; protect the table first",
    ):
        refuse_microdata(long, definitions)
    with says(
        DataError, "the table may not be written: in the column 'note' there is an e-mail address, first in row 0"
    ):
        refuse_microdata(wide.assign(note="who@example.org"), definitions)


def test_nothing_of_the_projects_own_data_looks_like_a_person(definitions: SurveyDefinitions) -> None:
    """The control of the other side: what may be written is not refused by mistake."""
    for path in (*sorted((folders.data() / "observations").glob("*.csv"))[::8], folders.data() / "regions.csv",
                 folders.data() / "editions" / "2023" / "published.csv", folders.data() / "series.csv"):  # fmt: skip
        refuse_microdata(pd.read_csv(path), definitions)
