"""How sure the order is: what is said of the draws is what the draws, and the arrow itself, say."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from cwi import Edition, read_edition
from cwi.analysis.uncertainty.factors import read_factors
from cwi.analysis.uncertainty.robustness_analysis import Robustness, robustness
from cwi.analysis.uncertainty.sensitivity_analysis import SHIFT
from cwi.errors import MethodologyError

pytestmark = pytest.mark.slow  # its fixtures take seconds

YEAR = 2019


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(YEAR)


@pytest.fixture(scope="module")
def found(edition: Edition) -> Robustness:
    return robustness(edition, draws=200, rng=np.random.default_rng(1), n=16)


def ranks_of(found: Robustness) -> pd.DataFrame:
    """Ranks as drawn: a row a region in the official order, a column a draw that counts."""
    drawn = found.simulation
    own = drawn.units["year"] == found.year
    table = pd.DataFrame(drawn.ranks[own.to_numpy()], index=drawn.units.loc[own, "region"])
    return table.loc[found.regions, drawn.counted]


def test_neighbours_are_counted_pair_by_pair(found: Robustness) -> None:
    ranks = ranks_of(found)
    told = 0
    for a, b in pairwise(found.regions):
        ahead = (ranks.loc[a] < ranks.loc[b]).mean() + (ranks.loc[a] == ranks.loc[b]).mean() / 2
        told += max(ahead, 1 - ahead) >= 0.95
    assert found.neighbours == (told, len(found.regions) - 1)
    assert 0 < told < len(found.regions) - 1  # a constant would not do


def test_regions_stand_in_their_official_order(edition: Edition, found: Robustness) -> None:
    official = edition.scores.wide(YEAR, "index", "rank").iloc[:, 0].dropna().sort_values(kind="stable")
    assert set(found.regions) == set(official.index)
    assert official.loc[found.regions].is_monotonic_increasing
    assert found.summary.loc[found.regions, "rank"].tolist() == official.loc[found.regions].tolist()


def test_two_regions_share_a_group_if_and_only_if_they_are_not_told_apart(found: Robustness) -> None:
    above = found.above
    shared = 0
    for a in found.regions:
        for b in found.regions:
            if a != b:
                together = any({a, b} <= set(group) for group in found.groups)
                assert together == (max(above.at[a, b], above.at[b, a]) < 0.95), (a, b)
                shared += together
    assert 0 < shared < len(found.regions) * (len(found.regions) - 1)
    assert not any(set(one) < set(other) for one in found.groups for other in found.groups)


def test_a_region_depends_on_the_factor_with_the_largest_total_index_of_its_rank(found: Robustness) -> None:
    table = found.dependence()
    rows = found.sensitivity.sobol.indices.query("output == 'rank'")
    assert list(table.index) == found.regions
    for region, line in table.iterrows():
        own = rows[rows["region"] == region].set_index("factor")
        if own["total"].isna().all():
            assert line["factor"] == ""
            assert np.isnan(line["total"])
        else:
            assert line["factor"] == own["total"].idxmax()
            best = own.loc[line["factor"], ["total", "total_low", "total_high"]].astype(float)
            assert np.array_equal(line[["total", "low", "high"]].astype(float), best, equal_nan=True)
        assert line["rank_p5"] == np.quantile(ranks_of(found).loc[region], 0.05, method="inverted_cdf")
        assert line["rank_p95"] == np.quantile(ranks_of(found).loc[region], 0.95, method="inverted_cdf")


def test_a_rank_that_nothing_moves_depends_on_nothing(edition: Edition) -> None:
    factors = read_factors(
        edition.methodology, {"factor": {"weights": {"weights": {"noise": 0.0001, "levels": ["component"]}}}}
    )
    found = robustness(edition, factors, draws=100, rng=np.random.default_rng(1), n=8)
    table = found.dependence()
    assert (table.loc[["KZ-71"], "factor"] == "").all()  # the capital is first by points, not by a hair
    assert table.loc["KZ-71", ["total", "low", "high"]].isna().all()
    assert found.sensitivity.exact is None
    assert found.sensitivity.factor_importance()["factor"].tolist() == ["weights"]
    assert found.sensitivity.alone.empty
    assert found.plan.idle == ()


def test_what_matters_is_in_order_and_of_the_output_that_is_asked_for(found: Robustness) -> None:
    rows = found.sensitivity.factor_importance()
    assert (rows["output"] == SHIFT).all()
    assert rows["total"].is_monotonic_decreasing
    assert set(rows["factor"]) == set(found.plan.factors.names)
    region = found.regions[3]
    assert set(found.sensitivity.factor_importance("rank", region)["region"]) == {region}


def ends(ranks: pd.Series) -> dict[str, str]:
    ranks = ranks.dropna()
    return {
        "first": " ".join(sorted(ranks.index[ranks == ranks.min()])),
        "last": " ".join(sorted(ranks.index[ranks == ranks.max()])),
    }


def test_turns_are_those_of_the_arrow_with_one_thing_changed(edition: Edition, found: Robustness) -> None:
    rules = edition.methodology
    parts = {"indicator": list(rules.indicators["code"])}
    parts |= {level.name: [node.code for node in nodes] for level, nodes in zip(rules.levels, rules.nodes, strict=True)}
    changed = [
        ("choice", factor.name, choice.name, dict(choice.changes))
        for factor in read_factors(rules).discrete
        for choice in factor.choices
        if choice.changes
    ]
    for level in ("indicator", "component", "dimension"):
        changed += [("without", level, code, {"without": [code]}) for code in parts[level]]

    def ranked(**changes: object) -> pd.Series:
        made = edition.under(**changes).scores
        return made.wide(YEAR, "index", "rank").iloc[:, 0]

    official = ends(ranked())
    expected = [
        (kind, of, what, end, regions)
        for kind, of, what, changes in changed
        for end, regions in ends(ranked(**changes)).items()
        if regions and regions != official[end]
    ]
    assert [tuple(row) for row in found.rank_changers().itertuples(index=False)] == expected
    assert expected


def test_a_part_that_cannot_be_left_out_turns_nothing(found: Robustness) -> None:
    everyone = pd.DataFrame({"region": found.regions, "part": "all of it", "level": "dimension", "rank": np.nan})
    nothing = replace(found.sensitivity, without=everyone, alone=found.sensitivity.alone.iloc[:0])
    broken = replace(found, sensitivity=nothing)
    assert broken.rank_changers().empty
    assert list(broken.rank_changers().columns) == ["kind", "of", "what", "end", "regions"]
    turned = everyone.assign(rank=np.arange(len(everyone), 0, -1.0))  # control: all the order turned round
    found_turned = replace(found, sensitivity=replace(nothing, without=turned)).rank_changers()
    assert found_turned["regions"].tolist() == [found.regions[-1], found.regions[0]]


def test_idle_factors_are_named_and_take_no_part(found: Robustness) -> None:
    assert found.plan.idle == ("age", "survey")
    assert set(found.factors.names) - set(found.plan.factors.names) == set(found.plan.idle)
    assert not set(found.sensitivity.sobol.indices["factor"]) & set(found.plan.idle)


def test_an_order_that_nothing_chosen_moves_is_refused(edition: Edition) -> None:
    idle = read_factors(edition.methodology).only("survey")
    with pytest.raises(MethodologyError) as said:
        robustness(edition, idle, draws=10, rng=np.random.default_rng(1), n=2)
    assert str(said.value) == (
        "data/methodology/2024.1/factors.toml: no factor changes a score; "
        "the factor 'survey' finds no observation of 2019 to perturb"
    )


def test_equal_seeds_give_equal_draws_and_others_do_not(edition: Edition) -> None:
    factors = read_factors(edition.methodology).only("mean_of_dimensions", "weights")
    one, again, other = (
        robustness(edition, factors, draws=50, rng=np.random.default_rng(seed), n=8, workers=workers)
        for seed, workers in ((1, 2), (1, 1), (2, 2))
    )
    assert np.array_equal(again.simulation.scores, one.simulation.scores, equal_nan=True)
    pd.testing.assert_frame_equal(again.sensitivity.sobol.indices, one.sensitivity.sobol.indices)
    assert not np.array_equal(other.simulation.scores, one.simulation.scores, equal_nan=True)


def test_it_is_one_line_and_a_ranked_table(found: Robustness) -> None:
    factors = ", ".join(found.plan.factors.names)
    apart, pairs = found.neighbours
    assert repr(found) == (
        f"Robustness(2019: 17 regions, 200 draws of {len(found.plan.factors)} factors: {factors}; "
        f"seed {found.simulation.seed}; {apart} of {pairs} neighbours distinguished)"
    )
    html = found._repr_html_()
    assert repr(found) in html
    assert html.index(">Astana<") < html.index(">Shymkent<")
    assert "<th>rank depends most on</th>" in html
