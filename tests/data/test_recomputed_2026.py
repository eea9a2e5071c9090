"""2023 and 2024 under methodology 2026.1: the library beside a program of its own, which has pandas alone.

Every score of every node, of the regions and of the nation; ranks; which figures are carried or of former regions; the
gap to the nation on the same indicators; the mean weighted by children; the trend on a fixed set, also in years whose
numbers are not published under this methodology.
"""

import numpy as np
import pytest
import recomputation

from cwi import read_edition
from cwi.analysis.comparison import children_by_region, fixed_set, like_with_like, mean_by_children

pytestmark = pytest.mark.slow  # every file of observations is read, and the library called

RULES = recomputation.Rules("2026.1")
YEARS = (2023, 2024)


@pytest.fixture(scope="module", params=YEARS)
def both(request):
    return recomputation.Year(RULES, request.param), read_edition(2023, "2026.1").earlier(request.param)


def wide(edition, column):
    return edition.scores.nodes.pivot(index="region", columns="node", values=column)


def test_every_score_of_every_node_and_of_the_nation(both):
    here, edition = both
    theirs = wide(edition, "score")
    assert set(theirs.index) == set(here.table.index)
    assert len(here.table.columns) == 56 + 14 + 4 + 1
    np.testing.assert_allclose(theirs.loc[here.table.index, here.table.columns].astype(float), here.table, atol=1e-9)
    assert here.inside["index"].notna().all()


def test_every_rank(both):
    here, edition = both
    printed = np.floor(here.inside * 10 + 0.5 + 1e-7) / 10
    ranks = printed.rank(ascending=False, method="min")
    theirs = wide(edition, "rank").drop("KZ").astype(float)
    np.testing.assert_allclose(theirs.loc[ranks.index, ranks.columns], ranks, atol=0)


def test_every_year_and_every_former_region(both):
    here, edition = both
    cells = edition.scores.cells.set_index(["region", "indicator"])
    cells = cells[cells["value"].notna()]
    places = zip(*np.where(here.value.notna()), strict=True)
    assert set(cells.index) == {(here.value.index[row], here.value.columns[column]) for row, column in places}
    assert [int(here.seen.at[key[0], key[1]]) for key in cells.index] == cells["observed"].tolist()
    assert [bool(here.former.at[key[0], key[1]]) for key in cells.index] == (
        cells["status"] == "parent region"
    ).tolist()
    weights = edition.scores.weights_in_force(here.year).drop("KZ")
    share = (weights * here.own.loc[weights.index, weights.columns]).sum(axis=1).mean()
    assert share == pytest.approx({2023: 0.34, 2024: 0.083}[here.year], abs=0.005)


def test_every_gap_on_the_same_indicators(both):
    here, edition = both
    rows = like_with_like(edition).regions.set_index(["region", "node"])
    for region in edition.regions:
        both_have = here.value.loc[region].notna() & here.value.loc["KZ"].notna()
        pair, _ = RULES.scores(here.value.loc[[region, "KZ"]].where(both_have, axis=1))
        theirs = rows.loc[region].loc[RULES.nodes]
        np.testing.assert_allclose(theirs["matched"], pair.loc[region, RULES.nodes], atol=1e-9)
        np.testing.assert_allclose(
            theirs["gap"], pair.loc[region, RULES.nodes] - pair.loc["KZ", RULES.nodes], atol=1e-9
        )


def test_the_mean_weighted_by_children(both):
    here, edition = both
    children, index = here.children, here.inside["index"]
    np.testing.assert_allclose(children_by_region(edition)[children.index], children)
    assert mean_by_children(edition) == pytest.approx((index * children).sum() / children.sum())


def test_the_trend_on_a_fixed_set():
    computed = dict(recomputation._trend(recomputation.Year(RULES, 2022)))
    result = fixed_set(read_edition(2023, "2026.1"), range(2018, 2023))
    assert computed["trend.2018-2022.indicators"] == len(result.kept) >= recomputation.FEWEST
    assert computed["trend.2018-2022.territories"] == len(result.territories) == 17
    for who, table in (("nation", result.nation()), ("mean", result.means)):
        for (node, year), score in table.stack().items():
            assert computed[f"trend.2018-2022.{who}.{node}.{year}"] == pytest.approx(score, abs=1e-9)
