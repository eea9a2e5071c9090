"""The regions most like one, and what they are compared by."""

import numpy as np
import pandas as pd
import pytest

from cwi import read_edition
from cwi.analysis.comparison import similar_regions
from cwi.analysis.comparison.similar import characteristics
from cwi.errors import DataError, ParameterError


@pytest.fixture(scope="module")
def edition():
    return read_edition(2023)


@pytest.mark.slow
def test_distances_by_hand(edition):
    """Standard scores with plain numpy from the published rows, income and product in logarithms."""
    rows = edition.observations.query("sex == '' and area == ''")
    columns = []
    for series, year in (("children_0_15_share", 2020), ("household_income", 2022), ("grp_per_head", 2023)):
        own = rows[(rows["indicator"] == series) & (rows["year"] == year)].set_index("region")["value"]
        x = own.reindex(edition.regions).to_numpy(float)
        x = x if series == "children_0_15_share" else np.log(x)
        columns.append((x - np.nanmean(x)) / np.nanstd(x, ddof=1))
    z = np.column_stack(columns)
    for place, code in enumerate(edition.regions):
        expected = pd.Series(np.sqrt(((z - z[place]) ** 2).mean(axis=1)), index=list(edition.regions)).drop(code)
        result = similar_regions(edition, code, n=19)["distance"]
        assert result.is_monotonic_increasing
        assert result.to_dict() == pytest.approx(expected.dropna().to_dict())


@pytest.mark.slow
def test_a_region_is_not_like_itself_and_nearness_is_mutual(edition):
    table = {code: similar_regions(edition, code, n=19)["distance"] for code in edition.regions}
    for one in edition.regions:
        assert one not in table[one]
        for other in table[one].index:
            assert table[one][other] == pytest.approx(table[other][one])


def test_years_that_few_regions_have_are_not_used(edition):
    assert list(characteristics(edition)) == ["children_0_15_share", "household_income", "grp_per_head"]
    assert list(characteristics(edition.earlier(2019))) == ["grp_per_head"]
    with pytest.raises(DataError) as error:
        similar_regions(edition.earlier(2019), "KZ-75")
    assert str(error.value) == ("regions cannot be compared in 2019: of their characteristics grp_per_head is known")


def test_bad_requests_are_refused(edition):
    with pytest.raises(DataError) as error:
        similar_regions(edition, "KZ-76")
    assert str(error.value).startswith("no region has the code 'KZ-76' (did you mean 'KZ-79'?); there are KZ-10, ")
    with pytest.raises(ParameterError) as error:
        similar_regions(edition, "KZ-75", n=0)
    assert str(error.value) == "n is 0; it must be at least 1"
