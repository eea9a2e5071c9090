"""Groups of units, strengths and weaknesses, trends: held against tables made with pandas alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cwi import Scores, read_edition, score
from cwi.analysis.comparison import group_summary, ranks_within_groups, strengths, trends
from cwi.errors import DataError, MethodologyError


@pytest.fixture(scope="module")
def scores() -> Scores:
    """The edition of 2023, regions grouped by whether their code ends in an odd digit; one is in no group."""
    found = read_edition(2023).scores
    codes = sorted(set(found.nodes["region"]) - {"KZ", "KZ-79"})
    groups = pd.DataFrame({"parity": ["odd" if int(code[-1]) % 2 else "even" for code in codes]}, index=codes)
    return replace(found, methodology=replace(found.methodology, groups=groups))


def test_means_of_groups(scores: Scores) -> None:
    table = group_summary(scores, "parity").set_index("group")
    index = scores.of("index")[2023]
    for group, codes in scores.methodology.groups.groupby("parity").groups.items():  # type: ignore[union-attr]
        mine = index[codes]
        row = table.loc[group, ["n", "mean", "median", "low", "high"]].tolist()
        assert row == pytest.approx([len(mine), mine.mean(), mine.median(), mine.min(), mine.max()])
    assert table["n"].sum() == 19  # neither the nation nor the region without a group


def test_ranks_within_groups(scores: Scores) -> None:
    table = ranks_within_groups(scores, "parity", level="dimension")
    for _, rows in table.groupby("group"):
        own = scores.wide(2023, "dimension").loc[rows.index].round(1).rank(ascending=False, method="min")
        pd.testing.assert_frame_equal(rows.drop(columns="group").astype(float), own, check_names=False)
    with pytest.raises(MethodologyError, match=r"no grouping of units is called 'size'; there are parity$"):
        ranks_within_groups(scores, "size")


@pytest.mark.parametrize("level", ["indicator", "component", "dimension"])
def test_strengths_and_weaknesses(scores: Scores, level: str) -> None:
    table = strengths(scores, "KZ-71", level=level, n=3)
    ranks = scores.wide(2023, level, "rank").loc["KZ-71"].dropna().astype(int)
    assert not table["node"].duplicated().any()
    best, worst = (table[table["kind"] == kind] for kind in ("strength", "weakness"))
    assert best["rank"].iloc[0] == ranks.min()
    assert worst["rank"].iloc[0] == ranks.max()
    assert table["rank"].tolist() == ranks[table["node"]].tolist()
    if level == "indicator":
        values = scores.values(2023).loc["KZ-71"]
        assert table["value"].tolist() == values[table["node"]].tolist()
    with pytest.raises(DataError, match="KZ has no rank in 2023; the nation is not ranked"):
        strengths(scores, "KZ", level=level)


def test_trends(scores: Scores) -> None:
    edition = read_edition(2023)
    both = score(edition.base, edition.methodology, years=[2022, 2023])
    table = trends(both, "unemployment").set_index(["of", "region"])
    cells = both.cells[both.cells["indicator"] == "unemployment"].pivot(index="region", columns="year", values="value")
    growth = 100 * (cells[2023] / cells[2022] - 1)
    np.testing.assert_allclose(table.loc["value", "total"].reindex(growth.index), growth)
    np.testing.assert_allclose(table.loc["value", "compound"].reindex(growth.index), growth)
    index = both.of("index")
    np.testing.assert_allclose(
        trends(both).set_index("region")["slope"].reindex(index.index), index[2023] - index[2022], atol=1e-9
    )
    with pytest.raises(DataError, match=r"^1 year was scored \(2023\); a trend needs two$"):
        trends(scores)
