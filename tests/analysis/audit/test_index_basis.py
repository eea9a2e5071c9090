"""What an index rests on: the table of the years, recomputed and as the methodology prints it."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cwi import read_edition
from cwi.analysis.audit import measurement, shares_of_variance
from cwi.errors import DataError, MethodologyError
from cwi.inputs.selection import read_selection

pytestmark = pytest.mark.slow  # sixteen editions are scored

README = Path(__file__).parents[3] / "data" / "methodology" / "2026.1" / "README.md"
HEAD = "series,verdict,reason,about_children,role,sdg,crc_article,target,target_source\n"


@pytest.fixture(scope="module")
def editions():
    return {"2026.1": read_edition(2023, "2026.1"), "2024.1": read_edition(2023)}


@pytest.fixture(scope="module")
def tables(editions):
    children = read_selection(editions["2026.1"].methodology).query("about_children").index
    return {version: measurement(edition, children, range(2018, 2026)) for version, edition in editions.items()}


def test_one_row_by_hand(editions, tables):
    edition = editions["2026.1"]
    scores = edition.scores
    weights = scores.weights_in_force(2023).drop("KZ")
    cells = scores.cells[scores.cells["region"] != "KZ"]
    own = cells.pivot(index="region", columns="indicator", values="observed") == 2023
    own &= cells.pivot(index="region", columns="indicator", values="status") != "parent region"
    row = tables["2026.1"].loc[2023]
    assert row["own_year"] == pytest.approx((weights * own[weights.columns]).sum(axis=1).mean())
    assert row["indicators"] == (scores.values(2023).drop("KZ").notna().mean() > 0.5).sum()
    assert row["variance"] == pytest.approx(shares_of_variance(scores, 2023).max())


@pytest.mark.parametrize("year", [2022, 2023, 2024])
def test_no_indicator_has_more_than_12_per_cent_of_the_variance(tables, year):
    assert tables["2026.1"].at[year, "variance"] <= 0.12
    assert not tables["2024.1"].at[year, "variance"] <= 0.25  # control: physicians, or no index at all


def test_a_year_without_an_index_has_no_shares(tables):
    row = tables["2026.1"].loc[2025]
    assert row[["own_year", "children", "variance"]].isna().all()
    assert row["largest"] == ""
    assert row["indicators"] > 0


def test_the_methodology_prints_this_table(tables):
    """The README of 2026.1, before and after, year by year."""
    old, new = tables["2024.1"], tables["2026.1"]

    def share(value):
        return f"{value:.2f}".removeprefix("0") if value == value else "no index"

    for year in new.index:
        line = next(line for line in README.read_text().splitlines() if line.startswith(f"| {year} |"))
        cells = [cell.strip() for cell in line.strip("|").split("|")][1:]
        assert cells[0] == f"{old.at[year, 'indicators']} → {new.at[year, 'indicators']}"
        assert cells[1] == f"{old.at[year, 'components']} → {new.at[year, 'components']}"
        assert cells[2] == f"{share(old.at[year, 'own_year'])} → {share(new.at[year, 'own_year'])}"
        assert cells[3] == f"{share(old.at[year, 'children'])} → {share(new.at[year, 'children'])}"
        for table, text in ((old, cells[4].split("→")[0]), (new, cells[4].split("→")[1])):
            code = table.at[year, "largest"]
            assert text.strip() == (f"{code} {share(table.at[year, 'variance'])}" if code else "no index")
    assert re.search(r"\| 2018 \| 23 → 18 \|", README.read_text())


def test_shares_of_variance_need_regions_that_differ(editions):
    scores = editions["2026.1"].earlier(2025).scores
    with pytest.raises(DataError) as error:
        shares_of_variance(scores, 2025)
    assert str(error.value) == "0 regions have an index of 2025 that differs; shares of variance need two"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("neet,taken,a,yes,,,,,", "line 2: verdict is 'taken'; there are kept, changed, new, awaiting, dropped"),
        ("neet,kept,why,maybe,outcome,,,,", "selection.csv line 2: about_children is 'maybe'; there are yes, no"),
        ("neet,kept,why,yes,fruit,,,,", "selection.csv line 2: role is 'fruit'; there are outcome, process, context"),
        ("neet,kept,,yes,outcome,,,,", "selection.csv line 2: the verdict on 'neet' has no reason"),
        ("neet,kept,a,yes,,,,,\nneet,kept,a,yes,,,,,", "selection.csv line 3: 'neet' is listed twice"),
    ],
)  # fmt: skip
def test_a_selection_that_is_wrong_is_refused(tmp_path, rows, message):
    path = tmp_path / "selection.csv"
    path.write_text(HEAD + rows + "\n")
    with pytest.raises(MethodologyError) as error:
        read_selection(path)
    assert str(error.value).endswith(message)


def test_the_selection_as_a_table(editions):
    table = read_selection(editions["2026.1"].methodology)
    assert table["about_children"].dtype == bool
    assert set(pd.unique(table["verdict"])) == {"kept", "changed", "new", "awaiting", "dropped"}
    assert np.all(table["reason"] != "")
