"""One year for all regions, pooled rare events, decisions on cells: each as data, each with a control."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwi import read_edition
from cwi.errors import MethodologyError
from cwi.vintage import decided, of_one_year, pooled, read_cell_decisions

HEAD = "indicator,region,year,finding,decision,regions,reason\n"


def long(rows):
    return pd.DataFrame(rows, columns=["region", "year", "indicator", "value"])


def test_an_indicator_is_of_the_newest_year_that_nine_in_ten_have():
    rows = [(f"R{i}", 2021, "births", 9.0) for i in range(20)] + [(f"R{i}", 2023, "births", 7.0) for i in range(14)]
    assert set(of_one_year(long(rows), 0.9, "N")["year"]) == {2021}
    rows += [(f"R{i}", 2023, "births", 7.0) for i in range(14, 18)]
    kept = of_one_year(long(rows), 0.9, "N")
    assert set(kept["year"]) == {2023}
    assert len(kept) == 18  # two regions have no figure rather than one of another year


def test_the_nation_keeps_its_own_latest_figure():
    rows = [("A", 2022, "roads", 1.0), ("B", 2022, "roads", 2.0), ("N", 2021, "roads", 3.0)]
    assert of_one_year(long(rows), 0.9, "N")["region"].tolist() == ["A", "B", "N"]


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.sampled_from("ABCDE"), st.integers(2020, 2023), st.sampled_from("xy")), unique=True, min_size=1
    ),
    st.floats(0.1, 1),
)
def test_regions_are_never_of_two_years(cells, share):
    table = long([(*cell, 1.0) for cell in cells])
    kept = of_one_year(table, share, None)
    assert (kept.groupby("indicator")["year"].nunique() == 1).all()
    assert set(kept["indicator"]) == set(table["indicator"])


def test_rare_events_are_a_mean_of_the_years_that_were_measured():
    table = long([("A", year, "deaths", value) for year, value in ((2019, 0), (2021, 6), (2022, 9), (2023, 30))])
    result = pooled(table, pd.Series({"deaths": 3})).set_index("year")["value"]
    assert result.to_dict() == {2021: 3.0, 2022: 7.5, 2023: 15.0}  # 2019 alone is no mean


def test_a_figure_of_a_former_territory_goes_to_its_parts_but_not_over_their_own():
    table = long([("A", 2022, "births", 5.0), ("B", 2022, "other", 1.0)]).assign(scored=[False, True], status="suspect")
    row = {"indicator": "births", "region": "A", "year": 2022, "decision": "stands for", "regions": "A B"}
    result = decided(table, pd.DataFrame([row]), "parent region").query("indicator == 'births'")
    assert result[["region", "value", "scored", "status"]].to_numpy().tolist() == [
        ["A", 5.0, True, "parent region"],
        ["B", 5.0, True, "parent region"],
    ]
    own = pd.concat([table, long([("B", 2022, "births", 8.0)]).assign(scored=True, status="normal")])
    result = decided(own, pd.DataFrame([row]), "parent region").query("indicator == 'births'")
    assert result.set_index("region")["value"].to_dict() == {"A": 5.0, "B": 8.0}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("neet,A,20x,jump,keep,,why", "cells.csv line 2: year is '20x', which is not a whole number"),
        ("neet,A,2020,jump,drop,,why", "cells.csv line 2: decision is 'drop'; there are keep, exclude, stands for"),
        ("neet,A,2020,jump,keep,,", "cells.csv line 2: the decision on neet has no reason"),
        (
            "neet,A,2020,jump,keep,B,why",
            "cells.csv line 2: 'regions' is filled for the decision 'stands for' and for no other",
        ),
        ("neet,A,2020,a,keep,,b\nneet,A,2020,a,exclude,,b", "cells.csv line 3: the cell has a decision already"),
    ],
)
def test_a_register_that_is_wrong_is_refused(tmp_path, line, message):
    path = tmp_path / "cells.csv"
    path.write_text(HEAD + line + "\n")
    with pytest.raises(MethodologyError) as error:
        read_cell_decisions(path)
    assert str(error.value).endswith(message)


@pytest.fixture(scope="module")
def editions():
    new, old = read_edition(2023, "2026.1"), read_edition(2023, "2024.1")
    return {
        (version, year): edition.earlier(year)
        for version, edition in (("2026.1", new), ("2024.1", old))
        for year in (2022, 2023, 2024)
    }


def regional(edition):
    cells = edition.scores.cells
    return cells[(cells["region"] != "KZ") & cells["value"].notna()]


@pytest.mark.slow
@pytest.mark.parametrize("year", [2022, 2023, 2024])
def test_one_ranking_has_one_year_an_indicator(editions, year):
    years = regional(editions["2026.1", year]).groupby("indicator")["observed"].nunique()
    assert set(years) == {1}
    mixed = regional(editions["2024.1", 2023]).groupby("indicator")["observed"].nunique()
    assert mixed["adolescent_births"] == 2  # what the rule is there for


@pytest.mark.slow
def test_cells_that_were_asked_about_are_not_scored(editions):
    cells = regional(editions["2026.1", 2023]).set_index(["indicator", "region"])
    assert set(cells.loc["neet", "observed"]) == {2022}
    assert ("waste_recycling", "KZ-35") not in cells.index
    assert cells.at[("adolescent_births", "KZ-10"), "status"] == "parent region"
    assert cells.at[("adolescent_births", "KZ-10"), "observed"] == 2023
    assert ("waste_recycling", "KZ-71") not in regional(editions["2026.1", 2022]).set_index(
        ["indicator", "region"]
    ).index
