"""The Human Development Index of 191 countries, through the same arrow as ours."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cwi import Methodology, Scores, read_methodology, score

INDICATORS = ["life_expectancy", "expected_schooling", "mean_schooling", "national_income"]
PRINTED = 0.0005  # half of the last printed digit


@pytest.fixture(scope="module")
def countries() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).parent / "hdi" / "hdi_2021.csv", index_col="code")


@pytest.fixture(scope="module")
def official() -> Methodology:
    return read_methodology(Path(__file__).parents[1] / "methodologies" / "hdi")


def scored(countries: pd.DataFrame, methodology: Methodology) -> Scores:
    long = countries[INDICATORS].melt(var_name="indicator", value_name="value", ignore_index=False)
    return score(long.rename_axis("region").reset_index().assign(year=2021), methodology)


def misses(countries: pd.DataFrame, scores: Scores) -> pd.Series:
    """Countries whose score is not the published one within its digits, and by how much."""
    gap = (scores.of("index")[2021] / 100 - countries["published_hdi"]).abs()
    return gap[gap > PRINTED + 1e-9]


def test_every_country_has_its_published_value(countries: pd.DataFrame, official: Methodology) -> None:
    scores = scored(countries, official)
    assert len(scores.of("index")) == len(countries) == 191
    assert scores.of("index").notna().all(axis=None)
    assert misses(countries, scores).to_dict() == {}


def test_with_an_arithmetic_mean_the_comparison_fails(countries: pd.DataFrame, official: Methodology) -> None:
    wrong = scored(countries, official.replace(index={"aggregation": "arithmetic"}))
    assert len(misses(countries, wrong)) > 150


def test_without_the_logarithm_the_comparison_fails(countries: pd.DataFrame, official: Methodology) -> None:
    wrong = scored(countries, official.replace(indicators=official.indicators.assign(scale="linear")))
    assert len(misses(countries, wrong)) > 150


def test_the_order_is_that_of_the_published_index(countries: pd.DataFrame, official: Methodology) -> None:
    nodes = scored(countries, official).nodes
    rank = nodes[nodes["node"] == "index"].set_index("region")["rank"].reindex(countries.index).to_numpy(int)
    published = countries["published_hdi"].to_numpy()
    higher = published[:, None] > published[None, :]
    assert higher.sum() > 17_000
    assert (rank[:, None] < rank[None, :])[higher].all()


def test_levels_are_health_education_and_income(countries: pd.DataFrame, official: Methodology) -> None:
    scores = scored(countries, official)
    assert [level.name for level in official.levels] == ["dimension", "index"]
    kazakhstan = scores.wide(2021, "dimension").loc["KAZ"]
    row = countries.loc["KAZ"]
    assert kazakhstan["health"] == pytest.approx(100 * (row["life_expectancy"] - 20) / 65, abs=1e-9)
    assert kazakhstan["education"] == pytest.approx(
        50 * (row["expected_schooling"] / 18 + row["mean_schooling"] / 15), abs=1e-9
    )
    assert kazakhstan["income"] == pytest.approx(100 * np.log(row["national_income"] / 100) / np.log(750), abs=1e-9)


def test_what_lies_beyond_an_end_is_capped_and_flagged(countries: pd.DataFrame, official: Methodology) -> None:
    nodes = scored(countries, official).nodes.set_index(["node", "region"])
    beyond = countries.index[countries["expected_schooling"] > 18]
    assert len(beyond) > 5
    for code in beyond:
        assert nodes.at[("expected_schooling", code), "score"] == 100
        assert "capped" in nodes.at[("index", code), "flag"]
    assert "capped" not in nodes.at[("index", "KAZ"), "flag"]
