"""The Technology Achievement Index of 23 countries, with its original ends and caps."""

from pathlib import Path

import pandas as pd
import pytest

from cwi import Methodology, Scores, read_methodology, score

PRINTED = 0.006  # the index has two digits, and two of its indicators are logarithms of two digits


@pytest.fixture(scope="module")
def countries() -> pd.DataFrame:
    table = pd.read_csv(Path(__file__).parent / "tai" / "tai_2001.csv", index_col="country")
    for name in ("telephones", "electricity"):
        table[name] = 10 ** table.pop(f"log10_{name}")
    return table


@pytest.fixture(scope="module")
def official() -> Methodology:
    return read_methodology(Path(__file__).parents[1] / "methodologies" / "tai")


def scored(countries: pd.DataFrame, methodology: Methodology) -> Scores:
    values = countries[list(methodology.indicators["code"])]
    long = values.melt(var_name="indicator", value_name="value", ignore_index=False)
    return score(long.rename_axis("region").reset_index().assign(year=2001), methodology)


def misses(countries: pd.DataFrame, scores: Scores) -> pd.Series:
    published = countries["published_tai"].dropna()
    gap = (scores.of("index")[2001].reindex(published.index) / 100 - published).abs()
    return gap[gap > PRINTED]


def test_every_country_has_its_published_value(countries: pd.DataFrame, official: Methodology) -> None:
    scores = scored(countries, official)
    assert countries["published_tai"].notna().sum() == 22
    assert misses(countries, scores).to_dict() == {}


def test_without_caps_the_comparison_fails(countries: pd.DataFrame, official: Methodology) -> None:
    uncapped = official.replace(normalisation={"name": "goalposts", "cap": False})
    assert {"Norway", "Finland"} <= set(misses(countries, scored(countries, uncapped)).index)


def test_with_ends_learnt_from_the_countries_the_comparison_fails(
    countries: pd.DataFrame, official: Methodology
) -> None:
    table = official.indicators.set_index("code", drop=False)
    seen = countries[list(table.index)]
    learnt = official.replace(indicators=table.assign(worst=seen.min(), best=seen.max()).reset_index(drop=True))
    assert len(misses(countries, scored(countries, learnt))) > 10


def test_capped_only_where_a_value_is_beyond_an_end(countries: pd.DataFrame, official: Methodology) -> None:
    scores = scored(countries, official)
    ends = official.indicators.set_index("code")[["worst", "best"]]
    beyond = {
        (country, code)
        for code in ends.index
        for country, value in countries[code].items()
        if not ends.loc[code].min() <= value <= ends.loc[code].max()
    }
    rows = scores.nodes[(scores.nodes["level"] == "indicator") & (scores.nodes["flag"] == "capped")]
    assert set(zip(rows["region"], rows["node"], strict=True)) == beyond
    assert ("Norway", "electricity") in beyond

    uncapped = scored(countries, official.replace(normalisation={"name": "goalposts", "cap": False}))
    assert not uncapped.nodes["flag"].str.contains("capped").any()
    assert uncapped.wide(2001, "indicator").at["Norway", "electricity"] > 100
