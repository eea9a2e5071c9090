"""The register of measures: every figure of the overview is in it, and whatever is wrong in a file is named."""

import re
import shutil

import pandas as pd
import pytest

from cwi import folders, read_methodology
from cwi.errors import DataError, near
from cwi.inputs.policy import KINDS, read_indicator_targets, read_register
from cwi.observations import read_series

WORDS = {"Fourteen": 14, "four": 4, "two": 2, "nine": 9, "Five": 5, "doubled": 2, "half": 50}
POWERS = {"thousand": 1e3, "million": 1e6, "trillion": 1e12}
NAMES_A_YEAR = {"complex_plan", "oncology_plan"}  # their value counts a plan
NO_FIGURE = {"oncology_centre"}


def value_of(figure):
    """What a printed figure counts: 6.8 million is 6,800,000."""
    if figure in WORDS:
        return float(WORDS[figure])
    number, *words = figure.split()
    power = next((POWERS[word] for word in words if word in POWERS), 1.0)
    return round(float(number.replace(",", "")) * power, 6)


def of_the_overview(table):
    return table[table["source"] == "overview-2024"].groupby("measure")["value"].agg(set)


def unmatched(register):
    """Figures of the overview that are called measures and are in no measure of their sentence."""
    figures = register.figures[register.figures["is"] == "measure"]
    printed = register.measures.groupby("sentence")["figure"].agg(list)
    return [
        (sentence, figure)
        for sentence, figure in figures[["sentence", "figure"]].values
        if not any(
            re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d,]|\.\d)", text) for text in printed.get(sentence, [])
        )
    ]


@pytest.fixture(scope="module")
def register():
    return read_register()


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The real tables in a project of their own, to be spoilt."""
    folder = tmp_path / "data" / "policy"
    shutil.copytree(folders.data() / "policy", folder)
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))

    def change(name, old, new):
        text = (folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")

    return change


def test_every_figure_of_the_overview_is_a_measure_of_its_sentence(register):
    assert unmatched(register) == []
    for code, row in register.measures.iterrows():
        figures = register.figures[register.figures["sentence"] == row["sentence"]]
        called = figures.loc[figures["is"] == "measure", "figure"]
        assert code in NO_FIGURE or any(figure in row["figure"] for figure in called), code


def test_a_figure_without_a_measure_is_noticed(copied):
    """The control of the test above: a figure that was mistyped."""
    copied("measures.csv", '21,"21,387",level', '21,"21,378",level')
    assert unmatched(read_register()) == [(21, "21,387")]


def test_the_value_of_every_measure_is_its_printed_figure(register):
    targets, facts = of_the_overview(register.targets), of_the_overview(register.facts)
    for code, figure in register.measures["figure"].items():
        values = targets.get(code, set()) | facts.get(code, set())
        if code in NAMES_A_YEAR | NO_FIGURE:
            assert values == {1.0}
        else:
            assert values == {value_of(figure)}, code


def test_promises_have_targets_and_the_rest_have_facts(register):
    kinds, overview = register.measures["kind"], "overview-2024"
    assert set(kinds) == set(KINDS)
    promised = set(register.targets.loc[register.targets["source"] == overview, "measure"])
    assert promised == set(kinds.index[kinds == "promised"])
    reported = set(register.facts.loc[register.facts["source"] == overview, "measure"])
    assert reported == set(kinds.index[kinds != "promised"])


def test_every_source_is_used_and_every_code_is_of_the_methodology(register):
    used = {*register.targets["source"], *register.facts["source"]}
    assert used == set(register.sources.index)
    assert len(read_register(methodology=read_methodology("2024.1")).measures) == len(register.measures)


def test_days_that_are_not_known_are_years_and_months(register):
    facts = register.facts[register.facts["as_of"] == "2024"]
    assert facts[["measure", "value"]].values.tolist() == [
        ["preschool_places_2024", 64000.0],
        ["preschool_places", 64000.0],
        ["preschool_coverage", 92.5],
        ["support_centres", 17.0],
    ]
    assert set(facts["as_of_earliest"]) == {pd.Timestamp("2024-01-01")}
    assert set(facts["as_of_latest"]) == {pd.Timestamp("2024-12-31")}
    vague = register.targets[register.targets["announced"].str.len() < 10].set_index("announced")
    assert vague["announced_latest"].astype(str).groupby(level=0).agg(set).to_dict() == {
        "2024": {"2024-12-31"},
        "2024-02": {"2024-02-29"},
    }


SPOILT = [
    ("measures.csv", "6.8 million,level", "6.8 million,state",
     "data/policy/measures.csv line 2: kind is 'state'" + near("state", KINDS)),
    ("measures.csv", "done,medals", "done,",
     "data/policy/measures.csv line 17: 'olympiad_medals' has no unit; write what is counted"),
    ("measures.csv", "School canteens renovated", "",
     "data/policy/measures.csv line 52: 'canteens' has no title_en"),
    ("measures.csv", "canteens,76,", "canteens,7a,",
     "data/policy/measures.csv line 52: sentence is '7a'; it must be a whole number"),
    ("measures.csv", "canteens,76,", "hostels,76,",
     "data/policy/measures.csv line 52: 'hostels' is listed twice"),
    ("targets.csv", "national_fund,50,", "national_fond,50,",
     "data/policy/targets.csv line 19: no measure is called 'national_fond'"),
    ("targets.csv", "208,exactly,2024-12-31,2024-06-01,skcn-2024", "208,exactly,2024-12-31,2024-06-01,skcn-2025",
     "data/policy/targets.csv line 25: sources.csv has no 'skcn-2025'"),
    ("targets.csv", "holiday_camps,10000,at least", "holiday_camps,10000,more than",
     "data/policy/targets.csv line 16: bound is 'more than'; there are exactly, at least, at most, about"),
    ("targets.csv", "holiday_camps,10000,at least,2024-08-31", "holiday_camps,10000,at least,2024-08",
     "data/policy/targets.csv line 16: due is '2024-08'; it must be a day such as 2024-12-31, or empty"),
    ("targets.csv", "holiday_camps,10000,at least,2024-08-31", "holiday_camps,10000,at least,2023-08-31",
     "data/policy/targets.csv line 16: 'holiday_camps' is due 2023-08-31, before it was announced"),
    ("targets.csv", "holiday_camps,10000,at least,2024-08-31", "holiday_camps,10000,at least,2024-08-32",
     "data/policy/targets.csv line 16: due is '2024-08-32'; there is no such date"),
    ("facts.csv", "hostels,85,at least,2024-06-01", "hostels,85,at least,1 June 2024",
     "data/policy/facts.csv line 37: as_of is '1 June 2024'; it must be a day such as 2024-12-31, or 2024-12 or 2024 "
     "where no more is known"),
    ("facts.csv", "hostels,85,at least,2024-06-01", "hostels,85,at least,2024-13",
     "data/policy/facts.csv line 37: as_of is '2024-13'; there is no such date"),
    ("facts.csv", "hostels,85,at least", 'hostels,"85,5",at least',
     "data/policy/facts.csv line 37: value is '85,5'; it must be a number, with a decimal point"),
    ("facts.csv", "hostels,85,at least", "hostels,nan,at least",
     "data/policy/facts.csv line 37: value is 'nan'; it must be a number, with a decimal point"),
    ("facts.csv", "olympiads,10,exactly,2024-06-01,overview-2024,,\n",
     "olympiads,10,exactly,2024-06-01,overview-2024,,\nolympiads,10,exactly,2024-06-01,overview-2024,,again\n",
     "data/policy/facts.csv line 15: this row of 'olympiads' is listed twice"),
    ("overview_figures.csv", "5,30,", "five,30,",
     "data/policy/overview_figures.csv line 3: sentence is 'five'; it must be a whole number"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("name", "old", "new", "sentence"), SPOILT, ids=[row[3][12:60] for row in SPOILT])
def test_what_is_wrong_is_named_with_its_line(copied, name, old, new, sentence):
    known = {"national_fond": read_register().measures.index, "skcn-2025": read_register().sources.index}
    for word, words in known.items():
        if sentence.endswith(f"'{word}'"):
            sentence += near(word, sorted(words))
    copied(name, old, new)
    with pytest.raises(DataError, match=rf"\A{re.escape(sentence)}\Z"):
        read_register()


def test_a_file_that_is_missing(copied, says):
    (folders.data() / "policy" / "targets.csv").unlink()
    with says(DataError, "data/policy/targets.csv: there is no such file"):
        read_register()


def test_targets_of_indicators_are_those_of_the_indicators_asked_for():
    table = read_indicator_targets(["maternal_mortality", "poverty"])
    assert table[["indicator", "value", "bound", "due", "kind"]].values.tolist() == [
        ["maternal_mortality", 70.0, "at most", 2030, "SDG"]
    ]
    of_the_index, series = read_methodology("2024.1").indicators["code"], read_series().index
    everything = read_indicator_targets([*of_the_index, *series])
    assert len(everything) == len(pd.read_csv(folders.data() / "policy" / "indicator_targets.csv")) == 5
    assert set(everything["indicator"]) & set(of_the_index) == {"under_five_mortality", "preprimary_participation"}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("70,at most,2030", "low,at most,2030", "line 4: value is 'low'; it must be a number, with a decimal point"),
        ("70,at most,2030", "70,at most,soon", "line 4: due is 'soon'; it must be a whole number"),
        ("70,at most,2030", "70,under,2030", "line 4: bound is 'under'; there are exactly, at least, at most, about"),
        ("70,at most,2030,SDG", "70,at most,2030,UN", "line 4: kind is 'UN'; there are SDG, national"),
        (
            'neonatal_mortality,12,at most,2030,SDG,"SDG target 3.2, General Assembly resolution 70/1"',
            "neonatal_mortality,12,at most,2030,SDG,",
            "line 3: the target of 'neonatal_mortality' has no source",
        ),
    ],
)
def test_a_target_of_an_indicator_that_is_wrong(copied, says, old, new, sentence):
    copied("indicator_targets.csv", old, new)
    with says(DataError, f"data/policy/indicator_targets.csv {sentence}"):
        read_indicator_targets(["maternal_mortality"])
