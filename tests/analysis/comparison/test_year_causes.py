"""Two years beside each other: the parts of a difference are those of a hand computation, and sum to it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cwi import DataError, Edition, read_edition
from cwi.analysis.comparison import YEAR_CAUSES, years_apart
from cwi.errors import MethodologyError

pytestmark = pytest.mark.slow

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
EARLIER = """\
A,2021,places,110,normal,schools
B,2020,places,80,normal,schools
N,2021,places,95,normal,schools
OLD,2021,places,70,normal,schools
"""


@pytest.fixture
def years(project: Any) -> tuple[Edition, Edition]:
    """2021 and 2022 of the small project; places of B are of 2020 in the edition of 2021."""
    project.append("observations/schools.csv", EARLIER)
    project.write("editions/2021/edition.toml", 'methodology = "t1"\n')
    project.sign()
    return read_edition(2021), read_edition(2022)


def test_the_parts_are_those_of_a_hand_computation(years: tuple[Edition, Edition]) -> None:
    """A: home 80 to (3 x 84 + 90) / 4 = 85.5, school 60 to 70; B: places carried from 2020, 30 to 40."""
    regions = years_apart(*years).regions
    a, b = regions.loc["A"], regions.loc["B"]
    assert a[["earlier", "later", "difference"]].tolist() == pytest.approx([70, 77.75, 7.75])
    # poverty 4 points with a weight of (1 + 0.75) / 2 of a half, places 10 points with a half
    assert a[list(YEAR_CAUSES)].tolist() == pytest.approx([6.75, 0, 1.0, 0])
    assert b["carried"] == pytest.approx(5.0)
    assert (a["matched"], b["matched"]) == (2, 1)


def test_the_causes_sum_to_each_difference_and_a_divided_region_has_none(years: tuple[Edition, Edition]) -> None:
    apart = years_apart(*years)
    table = apart.regions
    assert list(table.index) == ["A", "B", "EAST", "WEST", "N"]
    assert table.index[table["difference"].isna()].tolist() == ["EAST", "WEST"]
    known = table.dropna(subset=["difference"])
    assert np.allclose(known[list(YEAR_CAUSES)].sum(axis=1), known["difference"])
    assert table.loc[["EAST", "WEST"], [*YEAR_CAUSES, "moved"]].isna().all(axis=None)
    sums = apart.indicators.groupby("region")["contribution"].sum()
    assert np.allclose(sums[["A", "B", "N"]], table.loc[["A", "B", "N"], "same"])
    assert np.isnan(table.at["N", "later_rank"])
    assert not apart.joined


def test_places_are_compared_among_the_regions_of_both_years(years: tuple[Edition, Edition], project: Any) -> None:
    """OLD was second of three in 2021; of A and B, which both years have, none moves."""
    project.change("observations/schools.csv", "OLD,2021,places,70", "OLD,2021,places,115")
    project.sign()
    table = years_apart(read_edition(2021), read_edition(2022)).regions
    assert table.loc[["A", "B"], "earlier_rank"].tolist() == [1, 3]
    assert table.loc[["A", "B"], "moved"].tolist() == [0, 0]


def test_other_rules_are_refused_unless_asked_for(years: tuple[Edition, Edition], says: Says) -> None:
    earlier, later = years
    other = later.under(index={"aggregation": "geometric"})
    first, second = (f"t1 {edition.methodology.fingerprint}" for edition in (earlier, other))
    with says(
        DataError,
        f"the editions of 2021 (methodology {first}) and 2022 ({second}) cannot be compared; ask for it with join, or "
        "score both years by one methodology",
    ):
        years_apart(earlier, other)
    apart = years_apart(earlier, other, join=True)
    row = apart.regions.loc["A"]
    assert apart.joined
    assert row["methodology"] == pytest.approx(np.sqrt(80 * 60) - 70)
    assert row[list(YEAR_CAUSES)].sum() == pytest.approx(np.sqrt(85.5 * 70) - 70)
    assert row["difference"] == pytest.approx(np.sqrt(85.5 * 70) - 70)


def test_the_later_year_comes_second(years: tuple[Edition, Edition], says: Says) -> None:
    with says(DataError, "2022 is not before 2021; name the earlier year first"):
        years_apart(*years[::-1])
    with says(DataError, "2022 is not before 2022; name the earlier year first"):
        years_apart(years[1], years[1])


def test_an_aggregation_that_cannot_be_split_is_named(years: tuple[Edition, Edition]) -> None:
    with pytest.raises(MethodologyError, match=r"^index: a gap aggregated by 'harmonic' cannot be split over parts, "):
        years_apart(*(edition.under(index={"aggregation": "harmonic"}) for edition in years))
