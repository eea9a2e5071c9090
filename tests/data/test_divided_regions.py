"""What the old total of a divided region may stand for: stated once, in 2026.1, and why it was read so."""

from pathlib import Path

import pytest

from cwi import read_edition, read_methodology
from cwi.territory import PARENT_REGION, read_territory

README = Path(__file__).parents[2] / "data" / "methodology" / "2026.1" / "README.md"


@pytest.fixture(scope="module")
def decisions():
    cells = read_methodology("2026.1").cells
    return cells[cells["decision"] == "stands for"]


def test_it_is_stated_once():
    assert README.read_text().count("**Divided regions.**") == 1


def test_a_row_stands_for_all_parts_of_one_former_region(decisions):
    territory = read_territory()
    families = {frozenset(parts) for _, parts in territory.changes.groupby("old")["new"]}
    for row in decisions.to_dict("records"):
        assert frozenset(row["regions"].split()) in families
        assert row["region"] in row["regions"].split()
        assert row["year"] >= 2022


def test_each_series_is_read_alike_in_all_three_regions_of_a_year(decisions):
    counts = decisions.groupby(["indicator", "year"])["region"].agg(lambda regions: tuple(sorted(regions)))
    assert set(counts) == {("KZ-19", "KZ-35", "KZ-63")}


@pytest.mark.slow
def test_both_parts_have_the_same_figure_and_the_flag():
    edition = read_edition(2023, "2026.1")
    cells = edition.scores.cells.set_index(["indicator", "region"])
    for parts in (("KZ-19", "KZ-33"), ("KZ-35", "KZ-62"), ("KZ-63", "KZ-10")):
        one, other = (cells.loc[("adolescent_births", part)] for part in parts)
        assert one["value"] == other["value"]
        assert one["status"] == other["status"] == PARENT_REGION


def test_why_hourly_earnings_of_2022_are_those_of_the_old_borders():
    """Growth is among that of the other regions only if the rows of 2022 are the former territories whole."""
    base = read_edition(2023).base.query("indicator == 'hourly_earnings' and sex == '' and area == ''")
    people = read_edition(2023).base.query("indicator == 'population' and sex == '' and area == ''")
    wide = base.pivot(index="region", columns="year", values="value")
    weight = people.pivot(index="region", columns="year", values="value")
    others = [r for r in wide.index if r not in ("KZ", "KZ-19", "KZ-33", "KZ-35", "KZ-62", "KZ-63", "KZ-10")
              and wide.loc[r, [2021, 2022, 2023]].notna().all()]  # fmt: skip
    later = wide.loc[others, 2023] / wide.loc[others, 2022]
    whole = {}
    for former, parts in (("KZ-KAR", ["KZ-35", "KZ-62"]), ("KZ-VOS", ["KZ-63", "KZ-10"])):
        old = wide.reindex([former, parts[0]])[2022].dropna().iloc[0]
        together = (wide.loc[parts, 2023] * weight.loc[parts, 2023]).sum() / weight.loc[parts, 2023].sum()
        whole[former] = together / old
        alone = wide.at[parts[0], 2023] / old
        assert not later.min() <= alone <= later.max()
    assert all(later.min() <= growth <= later.max() for growth in whole.values())
