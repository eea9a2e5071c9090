"""Factors as they are written: what is read, and what is refused with a whole sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cwi import Methodology, MethodologyError, read_methodology
from cwi.analysis.uncertainty.factors import Factors, read_factors

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
GEOMETRIC = {"name": "geometric", "index": {"aggregation": {"name": "geometric", "floor": 1}}}
TWO: list[dict[str, Any]] = [{}, GEOMETRIC]


def read(methodology: Methodology, factor: Any, **more: Any) -> Factors:
    return read_factors(methodology, {"factor": {"f": factor}, **more})


def test_a_factor_says_what_it_is(methodology: Methodology) -> None:
    found = read_factors(
        methodology,
        {
            "factor": {
                "mean": {"choices": TWO, "title_en": "Mean", "title_kk": "Орташа"},
                "noise": {"weights": {"noise": 0.25, "levels": ["index"]}},
                "draws": {"weights": {"concentration": 50}},
                "votes": {"weights": {"sets": "experts"}},
                "survey": {"values": {"error": "sampling", "overlap": 0.5}},
                "gaps": {"imputations": 5},
            }
        },
    )
    assert found.names == ("mean", "noise", "draws", "votes", "survey", "gaps")
    assert len(found) == 6
    assert [factor.kind for factor in found] == ["choices", "weights", "weights", "weights", "values", "imputations"]
    mean = found["mean"]
    assert dict(mean.titles) == {"en": "Mean", "ru": "mean", "kk": "Орташа"}
    assert [(choice.name, choice.share) for choice in mean.choices] == [("official", 0.5), ("geometric", 0.5)]
    assert mean.official == 0
    assert found["noise"].settings == {"noise": 0.25, "levels": ("index",)}
    assert found["draws"].settings["levels"] == ("component", "dimension", "index")
    assert found["gaps"].settings == {"m": 5}
    assert [factor.name for factor in found.discrete] == ["mean"]


def test_the_official_choice_may_stand_anywhere_and_have_a_name(methodology: Methodology) -> None:
    choices = [GEOMETRIC | {"share": 0.25}, {"name": "as it is", "share": 0.75}]
    found = read(methodology, {"choices": choices})["f"]
    assert found.official == 1
    assert [(choice.name, choice.share) for choice in found.choices] == [("geometric", 0.25), ("as it is", 0.75)]


def test_some_factors_alone(methodology: Methodology) -> None:
    age = [{}, {"name": "new", "max_age": 0}]
    said = {
        "factor": {"mean": {"choices": TWO}, "age": {"choices": age}, "noise": {"weights": {"noise": 0.1}}},
        "incompatible": [{"mean": "geometric", "age": "new"}],
    }
    found = read_factors(methodology, said)
    assert found.incompatible == (frozenset({("mean", "geometric"), ("age", "new")}),)
    assert found.only("noise", "mean").names == ("mean", "noise")
    assert found.only("noise", "mean").incompatible == ()
    assert found.without("noise").names == ("mean", "age")
    assert found.without("noise").incompatible == found.incompatible


@pytest.mark.parametrize("how", ["[]", "only", "without"])
def test_a_factor_that_is_not_there(how: str, methodology: Methodology, says: Says) -> None:
    found = read(methodology, {"choices": TWO})
    with says(MethodologyError, "factors: no factor is called 'g'; there are f"):
        _ = found["g"] if how == "[]" else getattr(found, how)("g")


def test_the_file_beside_the_methodology() -> None:
    official = read_methodology("2024.1")
    found = read_factors(official)
    assert found.where == "data/methodology/2024.1/factors.toml"
    assert {factor.kind for factor in found} == {"choices", "weights", "values"}
    for factor in found.discrete:
        assert factor.choices[factor.official].name == "official"
        assert {choice.name for choice in factor.choices if not choice.changes} == {"official"}
    assert all(factor.titles[code] != factor.name for factor in found for code in ("en", "ru", "kk"))


def test_a_file_of_ones_own(tmp_path: Path, methodology: Methodology) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[factor.age]\nchoices = [{}, {name = "new", max_age = 0}]\n', encoding="utf-8")
    assert read_factors(methodology, path).names == ("age",)


F = "factors: factor 'f'"


@pytest.mark.parametrize(
    ("factor", "sentence"),
    [
        ({}, f"{F} needs one of choices, weights, values, imputations; it has none"),
        ({"choices": TWO, "imputations": 3}, f"{F} needs one of choices, weights, values, imputations; "
         "it has 'choices' and 'imputations'"),
        ({"choice": TWO}, f"{F}: it has no setting 'choice' (did you mean 'choices'?); "
         "there are choices, weights, values, imputations, title_en, title_ru, title_kk"),
        ("noise", f"{F}: it must be a table of settings"),
        # choices
        ({"choices": [{}]}, f"{F}: choices must be a list of at least two tables; {{}} is the official one"),
        ({"choices": [{}, "geometric"]}, f"{F}, choice 2 is 'geometric'; it must be a table of what is replaced"),
        ({"choices": [{}, {"max_age": 0}]}, f"{F}, choice 2 has no name; it replaces max_age"),
        ({"choices": [{}, GEOMETRIC, GEOMETRIC]}, f"{F}: two choices are called 'geometric'"),
        ({"choices": [GEOMETRIC, {"name": "new", "max_age": 0}]},
         f"{F}: one choice, and only one, must be {{}}, the official one"),
        ({"choices": [{}, {"name": "again"}]}, f"{F}: one choice, and only one, must be {{}}, the official one"),
        ({"choices": [{"share": 0.5}, GEOMETRIC | {"share": 0.4}]},
         f"{F}: the shares of its choices sum to 0.9; they must sum to one"),
        ({"choices": [{"share": 0}, GEOMETRIC | {"share": 0}]},
         f"{F}: the shares of its choices sum to 0; they must sum to one"),
        ({"choices": [{}, GEOMETRIC | {"share": 0.4}]},
         f"{F}, choice 1 ('official'): share is None; it must be a number from 0 to 1"),
        ({"choices": [{"share": 1.5}, GEOMETRIC | {"share": -0.5}]},
         f"{F}, choice 1 ('official'): share is 1.5; it must be a number from 0 to 1"),
        ({"choices": [{}, {"name": "n", "decimals": 0}]},
         f"{F}, choice 2 replaces 'decimals', which is about how scores are shown and not how they are computed"),
        ({"choices": [{}, {"name": "n", "nation": "R1"}]},
         f"{F}, choice 2 replaces 'nation', which is about how scores are shown and not how they are computed"),
        # weights
        ({"weights": {}}, f"{F}: weights needs one of noise, concentration, sets; it has 0"),
        ({"weights": {"noise": 0.1, "sets": "a"}}, f"{F}: weights needs one of noise, concentration, sets; it has 2"),
        ({"weights": {"noise": 1}}, f"{F}: noise is 1; it must be above 0 and below 1"),
        ({"weights": {"noise": 0}}, f"{F}: noise is 0; it must be above 0 and below 1"),
        ({"weights": {"noise": "25 %"}}, f"{F}: noise is '25 %'; it must be a number from 0 to 1"),
        ({"weights": {"concentration": 0.5}}, f"{F}: concentration is 0.5; it must be a number not below 1"),
        ({"weights": {"sets": 3}}, f"{F}: sets is 3; it must be the name of a table of weights"),
        ({"weights": {"noise": 0.1, "levels": ["indx"]}},
         f"{F}: there is no level 'indx' (did you mean 'index'?); there are component, dimension, index"),
        ({"weights": {"noise": 0.1, "levels": "index"}}, f"{F}: levels is 'index'; it must be a list of levels"),
        ({"weights": {"sets": "a", "levels": ["index"]}},
         f"{F}: a set of weights names parts and so its levels itself; take levels away"),
        # values
        ({"values": {"error": "samplng"}},
         f"{F}: error is 'samplng' (did you mean 'sampling'?); there are sampling, rounding, counts, assumed, carried, "
         "parent"),
        ({"values": "sampling"}, f"{F}: error is None; there are sampling, rounding, counts, assumed, carried, parent"),
        ({"values": {"error": "rounding", "overlap": 0.5}}, f"{F}: values has no setting 'overlap'; there are error"),
        ({"values": {"error": "sampling", "overlap": 1.5}},
         f"{F}: overlap is 1.5; it must be a number from 0 to 1"),
        ({"values": {"error": "counts"}},
         f"{F}: of must name the indicators that are rates of events, and their exposure"),
        ({"values": {"error": "counts", "of": {"death": {}}}},
         f"{F}: of has no setting 'death' (did you mean 'deaths'?); "
         "there are fit, ill, height, weight, reading, sums, worry, deaths, rent"),
        ({"values": {"error": "counts", "of": {"deaths": {"per": 1000}}}},
         f"{F}: of 'deaths': exposure must be the name of the series that counts those at risk"),
        ({"values": {"error": "counts", "of": {"deaths": {"exposure": "population", "per": 0}}}},
         f"{F}: of 'deaths': per is 0; it must be above zero"),
        ({"values": {"error": "counts", "distribution": "gama", "of": {"deaths": {}}}},
         f"{F}: distribution is 'gama' (did you mean 'gamma'?); there are poisson, gamma"),
        # imputations
        ({"imputations": 1}, f"{F}: imputations is 1; it must be a whole number from 2 to 10000"),
        ({"imputations": 2.5}, f"{F}: imputations is 2.5; it must be a whole number from 2 to 10000"),
    ],
)  # fmt: skip
def test_what_is_no_factor(factor: Any, sentence: str, methodology: Methodology, says: Says) -> None:
    with says(MethodologyError, sentence):
        read(methodology, factor)


WRITTEN = "tests/methodologies/drawn/methodology.toml, replaced"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"max_agee": 3}, "nothing is called 'max_agee' (did you mean 'max_age'?); there are component, dimension, "
         "index, node, indicator, normalisation, ends, indicators, status, base, nation, max_age, decimals, "
         "experimental_below, treatment, imputation, without, vintage, learn_from, refused, and 1 more"),
        ({"index": {"agregation": "geometric"}}, "the level 'index' has no setting 'agregation' "
         "(did you mean 'aggregation'?); there are weighting, aggregation, coverage"),
        ({"index": "geometric"}, "the level 'index' must be a table of settings"),
    ],
)  # fmt: skip
def test_a_path_nobody_knows(changes: dict[str, Any], sentence: str, methodology: Methodology, says: Says) -> None:
    with says(MethodologyError, f"{F}, choice 2 ('n'): {WRITTEN}: {sentence}"):
        read(methodology, {"choices": [{}, {"name": "n", **changes}]})


def test_another_tree_is_no_choice(methodology: Methodology, says: Says) -> None:
    other = methodology.indicators.replace({"code": {"worry": "fear"}})
    with says(
        MethodologyError,
        f"{F}, choice 2 ('n') has another tree of indicators; use 'without' to leave one out",
    ):
        read(methodology, {"choices": [{}, {"name": "n", "indicators": other}]})


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        ({"max_age": 0}, {"max_age": 5}, "max_age"),
        ({"index": {"aggregation": "geometric"}}, {"index": {"aggregation": "harmonic"}}, "index.aggregation"),
        ({"node": {"life": {"weight": 3}}}, {"node": {"life": {"weight": 4}}}, "node.life.weight"),
        ({"ends": {"fit": {"best": 90}}}, {"ends": {"fit": {"best": 80}}}, "indicators.fit.best"),
        ({"without": ["fit"]}, {"without": ["ill"]}, "without"),
    ],
)
def test_two_factors_do_not_replace_the_same(
    one: dict[str, Any], other: dict[str, Any], path: str, methodology: Methodology, says: Says
) -> None:
    said = {name: {"choices": [{}, {"name": "n", **changes}]} for name, changes in (("a", one), ("b", other))}
    with says(
        MethodologyError,
        f"factors: the factors 'a' and 'b' both replace {path}; one would undo the other, so make them one factor",
    ):
        read_factors(methodology, {"factor": said})


def test_a_table_of_indicators_undoes_their_ends(methodology: Methodology, says: Says) -> None:
    table = methodology.indicators.assign(weight=1.0)
    said = {
        "a": {"choices": [{}, {"name": "n", "ends": {"fit": {"best": 90}}}]},
        "b": {"choices": [{}, {"name": "n", "indicators": table}]},
    }
    with says(
        MethodologyError,
        "factors: the factors 'b' and 'a' both replace indicators.fit.best; "
        "one would undo the other, so make them one factor",
    ):
        read_factors(methodology, {"factor": said})


def test_two_factors_may_replace_parts_of_one_level(methodology: Methodology) -> None:
    rules = [
        {"index": {"aggregation": "geometric"}},
        {"index": {"weighting": "equal"}},
        {"node": {"life": {"weight": 3}}},
    ]
    said = {f"f{i}": {"choices": [{}, {"name": "n", **changes}]} for i, changes in enumerate(rules)}
    assert len(read_factors(methodology, {"factor": said})) == 3


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"mean": "geometric"}, "factors: incompatible must be a list of tables, factor = choice"),
        ([{"mean": "geometric"}], "factors: incompatible 1 must name a choice of at least two factors"),
        ([{"mean": "geometric", "aged": "new"}], "factors: incompatible 1: no factor with choices is called 'aged' "
         "(did you mean 'age'?); there are mean, age"),
        ([{"mean": "geometrc", "age": "new"}], "factors: incompatible 1: 'mean' has no choice 'geometrc' "
         "(did you mean 'geometric'?); there are official, geometric"),
    ],
)  # fmt: skip
def test_what_cannot_be_incompatible(said: Any, sentence: str, methodology: Methodology, says: Says) -> None:
    age = [{}, {"name": "new", "max_age": 0}]
    with says(MethodologyError, sentence):
        read_factors(methodology, {"factor": {"mean": {"choices": TWO}, "age": {"choices": age}}, "incompatible": said})


def test_no_factor_at_all(methodology: Methodology, says: Says) -> None:
    with says(MethodologyError, "factors: there is no factor; one is written [factor.name]"):
        read_factors(methodology, {})
    with says(
        MethodologyError,
        "factors: the table of factors has no setting 'factors' (did you mean 'factor'?); "
        "there are factor, incompatible",
    ):
        read_factors(methodology, {"factors": {}})
