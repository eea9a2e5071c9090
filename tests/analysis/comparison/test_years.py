"""Change between years: like compared with like."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cwi import DataError, Edition, Methodology, Scores, read_edition, read_methodology, score
from cwi.analysis.comparison.years import change

CODES = ["height", "illness", "reading", "worry", "warmth"]
SUCCESSORS = {"KZ-63", "KZ-10", "KZ-19", "KZ-33", "KZ-35", "KZ-62"}


@pytest.fixture(scope="module")
def methodology() -> Methodology:
    official = read_methodology(Path(__file__).parents[2] / "methodologies" / "hand")
    return official.replace(nation="All", node={"body": {"aggregation": "arithmetic"}})


def rows_of(quality: np.ndarray, methodology: Methodology, year: int = 2020) -> pd.DataFrame:
    table = methodology.indicators
    worst, best = table["worst"].to_numpy(), table["best"].to_numpy()
    values = pd.DataFrame(worst + quality * (best - worst), columns=table["code"])
    values["region"] = [f"R{i:02d}" for i in range(len(values))]
    long = values.melt("region", var_name="indicator", value_name="value").dropna()
    return long.assign(year=year, status="normal", source="")


@pytest.fixture(scope="module")
def rows(methodology: Methodology) -> pd.DataFrame:
    quality = np.random.default_rng(21).uniform(0.05, 0.95, (12, 5))
    quality[3, 3] = np.nan
    nation = rows_of(quality[:1], methodology).assign(region="All")
    return pd.concat([rows_of(quality, methodology), nation], ignore_index=True)


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2022)


def pair(rows: pd.DataFrame, methodology: Methodology) -> tuple[Scores, Scores]:
    before = rows.assign(year=2019)
    table = methodology.indicators.set_index("code")
    end = rows["indicator"].map(table["best"])
    after = rows.assign(value=rows["value"] + 0.1 * (end - rows["value"]))
    both = pd.concat([before, after], ignore_index=True)
    return score(both, methodology, years=[2019]), score(both, methodology, years=[2020])


@pytest.mark.slow
def test_a_change_is_the_difference_of_two_scores(rows: pd.DataFrame, methodology: Methodology) -> None:
    earlier, later = pair(rows[rows["region"] != "R03"], methodology)
    found = change(earlier, later)
    assert (found.earlier, found.later) == (2019, 2020)
    nodes = found.nodes.set_index(["region", "node"])
    for node in (*CODES, "body", "mind", "index"):
        wanted = later.of(node)[2020] - earlier.of(node)[2019]
        assert nodes.xs(node, level="node")["change"].reindex(wanted.index).to_numpy() == pytest.approx(
            wanted.to_numpy()
        )
    assert (found.cells["change"] > 0).all()
    assert len(found.cells) == 12 * 5
    backwards = change(later, earlier).nodes.set_index(["region", "node"])["change"]
    assert backwards.to_numpy() == pytest.approx(-nodes["change"].to_numpy())


def test_nothing_changed_is_zero(rows: pd.DataFrame, methodology: Methodology) -> None:
    one = score(rows, methodology)
    assert (change(one, one).cells["change"] == 0).all()


def test_only_what_was_measured_in_both_years_on_the_territory_is_compared(
    rows: pd.DataFrame, methodology: Methodology
) -> None:
    before, after = rows.assign(year=2019), rows.assign(value=rows["value"] * 0.9 + 0.3)
    here = lambda table, region, code: (table["region"] == region) & (table["indicator"] == code)  # noqa: E731
    after = after[~here(after, "R00", "reading")]  # carried in 2020
    before = before[~here(before, "R01", "worry")]  # nothing in 2019
    after.loc[here(after, "R02", "height"), "status"] = "parent region"
    before.loc[here(before, "R04", "height"), "status"] = "parent region"
    both = pd.concat([before, after], ignore_index=True)
    scores = [score(both, methodology, years=[year]) for year in (2019, 2020)]
    carried = scores[1].cells.set_index(["region", "indicator"]).loc[("R00", "reading")]
    assert carried["observed"] == 2019
    assert carried["score"] == carried["score"]
    found = change(*scores)
    left_out = {(r, c) for r in rows["region"].unique() for c in CODES} - set(
        zip(found.cells["region"], found.cells["indicator"], strict=True)
    )
    wanted = {("R00", "reading"), ("R01", "worry"), ("R02", "height"), ("R03", "worry"), ("R04", "height")}
    assert left_out == wanted
    nodes = found.nodes.set_index(["region", "node"])
    for region, code in wanted:
        assert nodes.loc[(region, code), ["earlier", "later", "change"]].isna().all()
    # mind of R01 is made of reading (3) and warmth (1) in both years, although 2020 knows worry too
    reading, warmth = nodes.loc[("R01", "reading")], nodes.loc[("R01", "warmth")]
    for side in ("earlier", "later"):
        assert nodes.at[("R01", "mind"), side] == pytest.approx((3 * reading[side] + warmth[side]) / 4)
    # mind of R00 without reading reaches half of the weight only, and the rule asks for 0.6
    assert np.isnan(nodes.at[("R00", "mind"), "change"])
    assert np.isnan(nodes.at[("R00", "index"), "change"])


@pytest.mark.slow
def test_a_region_of_one_year_only_is_left_out(rows: pd.DataFrame, methodology: Methodology) -> None:
    earlier, later = pair(rows, methodology)
    smaller = score(rows[~rows["region"].isin(["R01", "R07"])].assign(year=2019), methodology)
    assert "R01" in set(change(earlier, later).nodes["region"])
    assert {"R01", "R07"}.isdisjoint(change(smaller, later).nodes["region"])
    assert {"R01", "R07"}.isdisjoint(change(later, smaller).cells["region"])


def test_scores_of_another_methodology_are_refused(rows: pd.DataFrame, methodology: Methodology) -> None:
    other = methodology.replace(index={"aggregation": "geometric"})
    with pytest.raises(DataError) as caught:
        change(score(rows.assign(year=2019), other), score(rows, methodology))
    assert str(caught.value) == (
        f"scores made by methodology hand ({other.fingerprint}) and by hand ({methodology.fingerprint}) cannot be "
        "compared; score both years by one methodology"
    )


def test_scores_of_several_years_are_refused(rows: pd.DataFrame, methodology: Methodology) -> None:
    both = score(pd.concat([rows, rows.assign(year=2019)]), methodology)
    with pytest.raises(DataError, match=r"^a change is between two years: each side must hold the scores of one year$"):
        change(both, score(rows, methodology))


@pytest.mark.slow
def test_regions_divided_in_2022_are_not_compared_across_that_year(edition: Edition) -> None:
    found = change(edition.earlier(2021).scores, edition.scores)
    regions = set(found.nodes["region"])
    assert set(edition.regions) >= SUCCESSORS
    assert regions.isdisjoint(SUCCESSORS)
    assert regions == {"KZ", *edition.regions} - SUCCESSORS
    assert set(found.cells["region"]) <= regions


def test_real_changes_rest_on_rows_of_both_years(edition: Edition) -> None:
    found = change(edition.earlier(2021).scores, edition.scores)
    base = edition.base[(edition.base["sex"] == "") & (edition.base["area"] == "") & edition.base["scored"]]
    rows = base.set_index(["region", "year", "indicator"])["value"]
    assert len(found.cells) > 100
    for cell in found.cells.itertuples():
        assert rows[cell.region, 2021, cell.indicator] == cell.earlier
        assert rows[cell.region, 2022, cell.indicator] == cell.later
