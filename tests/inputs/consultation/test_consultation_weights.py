"""From ballots to weights and into a methodology: by hand, at the ends of λ, and refused where it cannot be."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwi import folders, read_edition, read_methodology, read_territory, score
from cwi.errors import DataError, MethodologyError
from cwi.inputs.consultation import Ballots, Counting, mix, read_margins, read_votes, with_weights
from cwi.inputs.consultation.experts import parents_of
from cwi.methodology import Methodology

Says = Callable[[type[Exception], str], Any]

# Ten voters: six of A tick poverty, four of B tick water; the last of each ticks places too.
ROWS = [f"v{i},parent,A,kk,poverty" for i in range(5)] + ["v5,parent,A,kk,poverty;places"]
ROWS += [f"w{i},child,B,ru,water" for i in range(3)] + ["w3,child,B,ru,water;places"]
MARGINS = {"region": pd.Series({"A": 0.2, "B": 0.8})}


@pytest.fixture
def methodology(project: Any) -> Methodology:
    return read_methodology("t1")


def cast(rows: list[str]) -> Ballots:
    path = folders.root() / "v.csv"
    path.write_text("\n".join(["voter,group,region,language,choices", *rows]), encoding="utf-8")
    return read_votes(path, read_methodology("t1"), read_territory())


def test_counted_by_hand(methodology: Methodology) -> None:
    """Poverty 6 of 10. Home is supported by a half on every ballot, school by one on two of them."""
    approval = Counting(methodology, "approval", 0.0).weights(cast(ROWS))
    assert approval.to_dict() == pytest.approx(
        {"poverty": 0.6, "water": 0.4, "places": 1, "home": 5 / 7, "school": 2 / 7}
    )
    # One vote each: eight give home all of it, two give home a third.
    share = Counting(methodology, "share", 0.0).weights(cast(ROWS))
    assert share[["home", "school"]].to_list() == pytest.approx([(8 + 2 / 3) / 10, (4 / 3) / 10])
    floored = Counting(methodology, "approval", 0.5).weights(cast(ROWS))
    assert floored["poverty"] == pytest.approx(0.5 * 0.5 + 0.5 * 0.6)


def test_post_stratified_by_hand(methodology: Methodology) -> None:
    """A has six ballots and a fifth of the people, B four and four fifths."""
    counting = Counting(methodology, "approval", 0.0, MARGINS)
    assert counting.voters(cast(ROWS)).tolist() == pytest.approx([1 / 3] * 6 + [2.0] * 4)
    assert counting.weights(cast(ROWS))[["poverty", "water"]].to_list() == pytest.approx([0.2, 0.8])


def test_who_did_not_tell_keeps_the_share_of_such_voters(methodology: Methodology) -> None:
    ballots = cast([*ROWS, *(f"u{i},parent,,kk,poverty" for i in range(10))])
    told = (ballots.frame["region"] != "").to_numpy()
    voters = Counting(methodology, margins=MARGINS).voters(ballots)
    assert voters[~told] == pytest.approx(1)
    assert voters[told] == pytest.approx([1 / 3] * 6 + [2.0] * 4)


def test_redrawn_weights_lie_around_the_weights(methodology: Methodology) -> None:
    counting = Counting(methodology, "approval", 0.0, MARGINS)
    ballots = cast([f"{row.split(',')[0]}x{i},{row.split(',', 1)[1]}" for i in range(30) for row in ROWS])
    drawn = counting.redrawn(ballots, draws=400, rng=np.random.default_rng(1))
    assert drawn.T.groupby(parents_of(methodology)).sum().to_numpy() == pytest.approx(1)
    assert drawn.mean().to_dict() == pytest.approx(counting.weights(ballots).to_dict(), abs=0.01)
    # Region and choice go together here, so that raked the weights of home's parts cannot move; school's can.
    assert drawn["poverty"].std() == pytest.approx(0, abs=1e-9)
    assert drawn["school"].std() > 0.005
    again = counting.redrawn(ballots, draws=400, rng=np.random.default_rng(1))
    assert again.equals(drawn)


@pytest.mark.parametrize(
    ("margins", "sentence"),
    [
        (
            {"A": 0.2, "B": 0.5, "EAST": 0.3},
            "no ballot is from the region 'EAST', which has 30.0% of the population; merge categories, or leave the "
            "margin out",
        ),
        ({"A": 1.0}, "ballots name the region 'B', which the margins do not name; there are A"),
    ],
)
def test_margins_that_do_not_fit(
    margins: dict[str, float], sentence: str, methodology: Methodology, says: Says
) -> None:
    with says(DataError, sentence):
        Counting(methodology, margins={"region": pd.Series(margins)}).weights(cast(ROWS))


def test_what_cannot_be_counted(methodology: Methodology, says: Says) -> None:
    with says(DataError, "there are 9 ballots; weights are made of at least 10"):
        Counting(methodology).weights(cast(ROWS[1:]))
    with says(
        DataError, "no rule of counting votes is called 'shares' (did you mean 'share'?); there are share, approval"
    ):
        Counting(methodology, "shares")
    with says(DataError, "floor is 2; it must be from 0 (no least weight) to 1 (all count alike)"):
        Counting(methodology, floor=2)
    turned = methodology.replace(indicators=methodology.indicators.iloc[::-1])
    with says(DataError, "the ballots are on the indicators of another methodology; read them with this one"):
        Counting(turned).weights(cast(ROWS))


# ---------------------------------------------------------------- margins


def test_margins_are_read(methodology: Methodology, says: Says) -> None:
    path = folders.root() / "margins.csv"
    path.write_text("variable,category,population\nregion,A,30\nregion,B,10\ngroup,child,1\n", encoding="utf-8")
    margins, synthetic = read_margins(path)
    assert {name: margin.to_dict() for name, margin in margins.items()} == {
        "region": {"A": 0.75, "B": 0.25},
        "group": {"child": 1.0},
    }
    assert not synthetic
    for row, sentence in {
        "sex,F,1": "margins.csv line 2, column 'variable': there is no variable 'sex'; there are group, "
        "region, language",
        "group,pupil,1": "margins.csv line 2, column 'category': there is no group 'pupil'; there are parent, teacher, "
        "child, expert, ngo, official, other",
        "region,A,-1": "margins.csv line 2, column 'population': population is -1; it must be a number not below 0",
        "region,A,%s": "margins.csv line 2, column 'population': population is '%s', which is not a number",
        "region,%s,1": "margins.csv line 2, column 'category': there is no region '%s'; there are A, B",
        "region,A,1\nregion,A,1": "margins.csv line 3, column 'category': 'A' is listed twice",
    }.items():
        path.write_text(f"variable,category,population\n{row}\n", encoding="utf-8")
        with says(DataError, sentence):
            read_margins(path, ["A", "B"])


# ---------------------------------------------------------------- λ


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=6), st.floats(0, 1))
def test_a_mixture_sums_to_one_and_ends_in_its_parts(pairs: list[tuple[float, float]], lam: float) -> None:
    raw = np.array(pairs) + 1e-6
    experts, votes = (pd.Series(column / column.sum(), index=list("abcdef")[: len(raw)]) for column in raw.T)
    mixed = mix(experts, votes.iloc[::-1], lam)
    assert mixed.sum() == pytest.approx(1)
    assert mix(experts, votes, 0).to_dict() == experts.to_dict()
    assert mix(experts, votes, 1).to_dict() == votes.to_dict()
    assert ((mixed >= np.minimum(experts, votes) - 1e-12) & (mixed <= np.maximum(experts, votes) + 1e-12)).all()


def test_what_cannot_be_mixed(says: Says) -> None:
    one, other = pd.Series({"a": 1.0}), pd.Series({"b": 1.0})
    with says(DataError, "λ is 1.5; it must be from 0 (experts only) to 1 (votes only)"):
        mix(one, one, 1.5)
    with says(DataError, "experts and votes must speak of the same parts; only one of them speaks of 'a'"):
        mix(one, other, 0.5)


# ---------------------------------------------------------------- into a methodology


def test_stated_weights_of_all_levels_are_used(methodology: Methodology) -> None:
    weights = {"poverty": 0.9, "water": 0.1, "places": 1.0, "home": 0.2, "school": 0.8}
    weighed = with_weights(methodology, weights)
    used = score(read_edition(2022).observations, weighed, years=[2022]).edges.set_index("node")["weight"]
    assert used.to_dict() == pytest.approx(weights)
    assert weighed.fingerprint != methodology.fingerprint
    assert with_weights(methodology, pd.Series(weights)[::-1]).fingerprint == weighed.fingerprint


def test_one_level_alone(methodology: Methodology) -> None:
    weights = {"poverty": 0.9, "water": 0.1, "places": 1.0, "home": 0.2, "school": 0.8}
    indicators = with_weights(methodology, weights, "indicator")
    assert indicators.stated_weights[0].tolist() == pytest.approx([0.9, 0.1, 1.0])
    assert indicators.nodes[-1][0].weighting.name == "equal"
    components = with_weights(methodology, weights, "component")
    assert components.stated_weights[0].tolist() == pytest.approx([0.75, 0.25, 1.0])  # as written
    assert components.stated_weights[1].tolist() == pytest.approx([0.2, 0.8])
    assert components.nodes[-1][0].weighting.name == "stated"


@pytest.mark.slow
def test_the_official_weights_stated_change_no_score() -> None:
    edition = read_edition(2023)
    own = edition.scores.edges.set_index("node")["weight"]
    again = score(edition.observations, with_weights(edition.methodology, own), years=[2023], base=edition.base)
    assert again.nodes["score"].to_numpy() == pytest.approx(edition.scores.nodes["score"].to_numpy(), nan_ok=True)


@pytest.mark.parametrize(
    ("weights", "level", "sentence"),
    [
        (
            {"watr": 1},
            "",
            "there is no part 'watr' to weigh (did you mean 'water'?); there are poverty, water, places, home, school",
        ),
        ({"water": 1}, "", "the weights of the parts of 'home' do not name 'poverty'"),
        ({"water": -1, "poverty": 2}, "", "the weight of 'water' is -1; it must be a number not below zero"),
        ({"water": np.nan, "poverty": 2}, "", "the weight of 'water' is nan; it must be a number not below zero"),
        ({"places": 1}, "region", "no level of parts is called 'region'; there are indicator, component"),
    ],
)
def test_weights_that_cannot_be_stated(
    weights: dict[str, float], level: str, sentence: str, methodology: Methodology, says: Says
) -> None:
    with says(MethodologyError, f"data/methodology/t1/methodology.toml: {sentence}"):
        with_weights(methodology, weights, level)
