"""The inequality-adjusted Human Development Index of 156 countries, through the same arrow as ours."""

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from cwi import Methodology, Scores, read_methodology, score

HERE = Path(__file__).parent
METHODOLOGIES = Path(__file__).parents[2] / "methodologies"
PRINTED = 0.0005  # half of the last printed digit
INEQUALITY = {"health": "inequality_life", "education": "inequality_education", "income": "inequality_income"}
ACHIEVEMENTS = ["life_expectancy", "expected_schooling", "mean_schooling", "national_income"]


def scored(values: pd.DataFrame, methodology: Methodology) -> Scores:
    long = values.melt(var_name="indicator", value_name="value", ignore_index=False)
    return score(long.rename_axis("region").reset_index().assign(year=2021), methodology)


@pytest.fixture(scope="module")
def official() -> Methodology:
    return read_methodology(METHODOLOGIES / "ihdi")


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    """The figures as printed, so that their digits can be counted."""
    return pd.read_csv(HERE / "ihdi_2021.csv", index_col="code", dtype=str)


@pytest.fixture(scope="module")
def inequality(published: pd.DataFrame) -> pd.DataFrame:
    """Atkinson's measure of the three dimensions, from 0 to 1."""
    return pd.DataFrame({node: published[column].astype(float) / 100 for node, column in INEQUALITY.items()})


@pytest.fixture(scope="module")
def human_development() -> Scores:
    achieved = pd.read_csv(HERE / "hdi_2021.csv", index_col="code")[ACHIEVEMENTS]
    return scored(achieved, read_methodology(METHODOLOGIES / "hdi"))


@pytest.fixture(scope="module")
def adjusted(human_development: Scores, inequality: pd.DataFrame) -> pd.DataFrame:
    """The three dimension indices, each less what inequality takes."""
    indices = human_development.wide(2021, "dimension").loc[inequality.index, list(INEQUALITY)] / 100
    return indices * (1 - inequality)


def misses(published: pd.DataFrame, scores: Scores) -> pd.Series:
    """Countries whose score is not the published one within its digits, and by how much."""
    gap = (scores.of("index")[2021] / 100 - published["published_ihdi"].astype(float)).abs()
    return gap[~(gap <= PRINTED + 1e-9)]


def wrongly_printed(mean: pd.Series, printed: pd.Series) -> list[str]:
    """Countries whose number, written with as many digits as the printed one, is another."""
    half = printed.map(lambda text: 0.5 * 10.0 ** int(Decimal(text).as_tuple().exponent))
    return list(printed.index[~((mean[printed.index] - printed.astype(float)).abs() <= half + 1e-12)])


def test_every_country_has_its_published_value(
    published: pd.DataFrame, adjusted: pd.DataFrame, official: Methodology
) -> None:
    scores = scored(adjusted, official)
    assert len(scores.of("index")) == len(published) == 156
    assert misses(published, scores).to_dict() == {}


def test_with_an_arithmetic_mean_the_comparison_fails(
    published: pd.DataFrame, adjusted: pd.DataFrame, official: Methodology
) -> None:
    wrong = scored(adjusted, official.replace(index={"aggregation": "arithmetic"}))
    assert len(misses(published, wrong)) > 120


def test_without_the_adjustment_the_comparison_fails(
    published: pd.DataFrame, adjusted: pd.DataFrame, inequality: pd.DataFrame, official: Methodology
) -> None:
    assert len(misses(published, scored(adjusted / (1 - inequality), official))) == 156


def test_the_coefficient_of_human_inequality_has_every_printed_digit(
    published: pd.DataFrame, inequality: pd.DataFrame, official: Methodology
) -> None:
    arithmetic = scored(inequality, official.replace(index={"aggregation": "arithmetic"}))
    assert wrongly_printed(arithmetic.of("index")[2021], published["published_coefficient"]) == []
    geometric = scored(inequality, official).of("index")[2021]
    assert len(wrongly_printed(geometric, published["published_coefficient"])) > 150


def test_the_loss_is_that_between_the_two_indices(
    published: pd.DataFrame, adjusted: pd.DataFrame, official: Methodology, human_development: Scores
) -> None:
    before = human_development.of("index")[2021][published.index]
    loss = 100 * (1 - scored(adjusted, official).of("index")[2021] / before)
    rounding = 100 * 2 * PRINTED / (before / 100)  # the printed loss is made of two indices of three digits
    assert ((loss - published["published_loss"].astype(float)).abs() <= rounding).all()
