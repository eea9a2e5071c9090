"""What a gap is made of: the parts add up to it, whatever the tree, the weights and what was measured."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cwi import DataError, Edition, Methodology, MethodologyError, read_edition, read_methodology
from cwi.analysis.comparison.attribution import Attribution, attribute

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

# b is measured in B only; ends are 0 and 100, so that a value is its score
TREE = [("a", "left", 3), ("b", "left", 1), ("c", "right", 1), ("d", "right", 1)]
VALUES = {"A": {"a": 60, "c": 50, "d": 80}, "B": {"a": 40, "b": 80, "c": 50, "d": 20}}


@pytest.fixture(scope="session")
def of_depth(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Methodology]:
    """Methodologies with one to four levels, to be given other indicators and rules."""
    made = {}
    for depth in range(1, 5):
        folder = tmp_path_factory.mktemp(f"depth{depth}")
        floors = "".join(
            f'[[level]]\nname = "l{i}"\nweighting = "stated"\naggregation = "arithmetic"\ncoverage = 0.0\n'
            for i in range(1, depth + 1)
        )
        (folder / "methodology.toml").write_text(
            f'version = "d{depth}"\nnormalisation = {{name = "goalposts", cap = false}}\n{floors}'
        )
        names = [f"l{i}" for i in range(1, depth)]
        (folder / "indicators.csv").write_text(
            ",".join(["code", *names, "worst", "best"]) + "\n" + ",".join(["x", *names, "0", "100"]).replace("l", "n")
        )
        made[depth] = read_methodology(folder)
    return made


def table(places: list[tuple[Any, ...]], depth: int) -> pd.DataFrame:
    columns = ["code", *(f"l{i}" for i in range(1, depth)), "weight"]
    rows = pd.DataFrame(places, columns=columns).assign(worst="0", best="100")
    return rows.astype({"weight": str})


def edition_of(methodology: Methodology, values: dict[str, dict[str, float]], year: int = 2020) -> Edition:
    rows = [(r, year, code, value) for r, found in values.items() for code, value in found.items()]
    return Edition.of(pd.DataFrame(rows, columns=["region", "year", "indicator", "value"]), methodology)


def contributions(found: Attribution) -> dict[tuple[str, str], float]:
    return {(row["node"], row["part"]): row["contribution"] for _, row in found.parts.iterrows()}


@pytest.fixture(scope="module")
def hand(of_depth: dict[int, Methodology]) -> Methodology:
    return of_depth[2].replace(indicators=table(TREE, 2))


# ---------------------------------------------------------------- by hand


@pytest.mark.slow
def test_an_arithmetic_gap_by_hand(hand: Methodology) -> None:
    """left: 60 against (3 · 40 + 80) / 4 = 50; right: 65 against 35; l2: 62.5 against 42.5."""
    found = attribute(edition_of(hand, VALUES), "A", against="B")
    # left: a counts 1 against 3/4, so 7/8 of its 20 points; the rest of the 10, -7.5, is that b was measured in B
    assert contributions(found) == {
        ("a", "score"): 8.75,
        ("left", "measured"): -3.75,
        ("c", "score"): 0.0,
        ("d", "score"): 15.0,
    }
    assert found.gap == found.total == 20.0
    assert found.nodes.set_index("node")["contribution"].to_dict() == {
        "l2": 20.0,
        "left": 5.0,
        "right": 15.0,
        "a": 8.75,
        "c": 0.0,
        "d": 15.0,
    }
    assert found.unmatched.to_dict("records") == [{"parent": "left", "node": "b", "in": "other"}]
    assert found.under("left")["contribution"].tolist() == [8.75, -3.75]


@pytest.mark.slow
def test_a_geometric_gap_by_hand(hand: Methodology) -> None:
    geometric = hand.replace(l2={"aggregation": "geometric"}, l1={"aggregation": "arithmetic"})
    found = attribute(edition_of(geometric, VALUES), "A", against="B")
    one, other = math.sqrt(60 * 65), math.sqrt(50 * 35)
    mean = (one - other) / math.log(one / other)
    nodes = found.nodes.set_index("node")["contribution"]
    assert found.gap == pytest.approx(one - other, rel=1e-14)
    assert nodes["left"] == pytest.approx(mean * math.log(60 / 50) / 2, rel=1e-12)
    assert nodes["right"] == pytest.approx(mean * math.log(65 / 35) / 2, rel=1e-12)
    assert nodes["a"] == pytest.approx(nodes["left"] * 17.5 / 10, rel=1e-12)
    assert found.total == found.gap


def test_a_score_below_the_floor_counts_as_the_floor(hand: Methodology) -> None:
    floored = hand.replace(l1={"aggregation": {"name": "geometric", "floor": 10}})
    values = {"A": {"a": 5.0, "b": 40, "c": 2, "d": 20}, "B": {"a": 20, "b": 40, "c": 8, "d": 20}}
    found = attribute(edition_of(floored, values), "A", against="B")
    one, other = 10**0.75 * 40**0.25, 20**0.75 * 40**0.25
    assert contributions(found)["a", "score"] == pytest.approx((one - other) / 2, rel=1e-12)
    assert contributions(found)["c", "score"] == 0.0  # 2 and 8 both count as 10
    assert found.total == found.gap


@pytest.mark.slow
def test_what_was_measured_alone_can_make_a_gap(hand: Methodology) -> None:
    values = {"A": {"a": 40, "c": 50, "d": 50}, "B": {"b": 40, "c": 50}}
    found = attribute(edition_of(hand, values), "A", against="B")
    assert found.gap == found.total == 0.0
    values["B"]["b"] = 60
    found = attribute(edition_of(hand, values), "A", against="B")
    assert contributions(found) == {("left", "measured"): -10.0, ("c", "score"): 0.0, ("right", "measured"): 0.0}


def test_two_alike_have_no_gap_and_no_parts_of_one(hand: Methodology) -> None:
    found = attribute(edition_of(hand, {"A": VALUES["B"], "B": VALUES["B"]}), "A", against="B")
    assert found.gap == 0.0
    assert set(found.parts["part"]) == {"score"}
    assert (found.parts["contribution"] == 0.0).all()


# ---------------------------------------------------------------- any tree


@st.composite
def worlds(draw: st.DrawFn) -> tuple[int, list[tuple[Any, ...]], list[dict[str, Any]], dict[str, dict[str, float]]]:
    depth = draw(st.integers(1, 4))
    k = draw(st.integers(1, 9))
    place = list(range(k))
    columns: list[list[str]] = []
    for level in range(1, depth):  # a parent for each node of the level below
        parent = {code: draw(st.integers(0, 3)) for code in sorted(set(place))}
        place = [parent[code] for code in place]
        columns.append([f"{level}n{code}" for code in place])
    weights = draw(st.lists(st.floats(0.1, 10), min_size=k, max_size=k))
    rules: list[Any] = ["arithmetic", "geometric", {"name": "geometric", "floor": 20.0}]
    levels = [
        {"aggregation": draw(st.sampled_from(rules)), "coverage": draw(st.sampled_from([0.0, 0.5]))}
        for _ in range(depth)
    ]
    places = [(f"i{i}", *(column[i] for column in columns), weights[i]) for i in range(k)]
    cell = st.one_of(st.none(), *[st.floats(0.5, 120)] * 4)
    rows = {
        region: {f"i{i}": value for i in range(k) if (value := draw(cell)) is not None} for region in ("A", "B", "C")
    }
    return depth, places, levels, rows


@pytest.mark.slow
@given(world=worlds())
@settings(max_examples=30, deadline=None)
def test_parts_add_up_in_any_tree(world: Any, of_depth: dict[int, Methodology]) -> None:
    depth, places, levels, values = world
    changes = {f"l{i}": rules for i, rules in enumerate(levels, 1)}
    assume(any(values.values()))
    edition = edition_of(of_depth[depth].replace(indicators=table(places, depth), **changes), values)
    top = edition.scores.of(f"l{depth}")[2020].reindex(["A", "B"])
    assume(top.notna().all())
    found, back = attribute(edition, "A", against="B"), attribute(edition, "B", against="A")
    assert found.gap == top["A"] - top["B"]
    assert math.fsum(found.parts["contribution"]) == found.gap
    assert abs(found.residual) <= 1e-12 * max(abs(found.gap), edition.scores.nodes["score"].abs().max())
    whole = found.nodes.set_index("node")["contribution"]
    for code in found.nodes.loc[found.nodes["level"] != "indicator", "node"]:
        assert math.fsum(found.under(code)["contribution"]) == whole[code]
    assert found.parts[["node", "part"]].equals(back.parts[["node", "part"]])
    assert (found.parts["contribution"] == -back.parts["contribution"]).all()


@pytest.mark.slow
@given(values=st.lists(st.floats(0.001, 100), min_size=4, max_size=4), turn=st.booleans())
@settings(max_examples=25, deadline=None)
def test_what_is_better_never_counts_against(values: list[float], turn: bool, hand: Methodology) -> None:
    methodology = hand.replace(
        l2={"aggregation": "geometric"}, l1={"aggregation": "geometric" if turn else "arithmetic"}
    )
    codes = list("abcd")
    edition = edition_of(methodology, {"A": dict(zip(codes, values, strict=True)), "B": dict.fromkeys(codes, 10.0)})
    found = attribute(edition, "A", against="B").parts
    better = np.sign(found["one"] - found["other"])
    assert (found["contribution"] * better >= -1e-13).all()


# ---------------------------------------------------------------- the real data


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2023)


def test_aktobe_and_the_nation(edition: Edition) -> None:
    found = attribute(edition, "KZ-15")
    index = edition.scores.of("index")[2023]
    assert found.gap == index["KZ-15"] - index["KZ"] == found.total
    assert found.under("index")["contribution"].sum() == found.gap
    # where both have the same parts a dimension adds its weight times its difference
    dimensions = edition.scores.wide(2023, "dimension")
    by_hand = (dimensions.loc["KZ-15"] - dimensions.loc["KZ"]) / 4
    nodes = found.nodes.set_index("node")["contribution"]
    assert nodes[by_hand.index].to_numpy() == pytest.approx(by_hand.to_numpy(), abs=1e-13)
    assert dict(found.unmatched.groupby("node")["in"].first()) == {
        "teacher_qualification": "one",
        "road_quality": "one",
    }
    assert set(found.parts.loc[found.parts["part"] == "measured", "node"]) == {"education", "infrastructure"}


@pytest.mark.slow
def test_two_years_of_every_region(edition: Edition) -> None:
    then = read_edition(2022).scores.of("index")[2022]
    index = edition.scores.of("index")[2023]
    for region in index.index:
        found = attribute(edition, region, since=2022)
        assert found.total == found.gap == index[region] - then[region]
        assert "rounding" not in set(found.parts["part"])


def test_a_dimension_has_parts_too(edition: Edition) -> None:
    found = attribute(edition, "KZ-15", against="KZ-75", node="country")
    country = edition.scores.of("country")[2023]
    assert found.gap == country["KZ-15"] - country["KZ-75"] == found.total
    assert found.nodes["node"].iloc[0] == "country"


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"name": "power", "p": 0.5}, "no split of it over parts is laid down"),
        ("harmonic", "no split of it over parts is laid down"),
        (
            {"name": "penalised", "direction": "down"},
            "its penalty belongs to all parts together and to none of them",
        ),
        ("borda", "a unit's score depends on all other units, not on its parts alone"),
    ],
)
def test_other_aggregations_are_refused(rule: Any, why: str, hand: Methodology, says: Says) -> None:
    edition = edition_of(hand.replace(l2={"aggregation": rule}), VALUES)
    name = rule if isinstance(rule, str) else rule["name"]
    sentence = (
        f"l2: a gap aggregated by '{name}' cannot be split over parts, {why}; arithmetic and geometric can be split"
    )
    with says(MethodologyError, sentence):
        attribute(edition, "A", against="B")


def test_a_function_of_ones_own_is_refused(hand: Methodology, says: Says) -> None:
    def arithmetic(y: Any, w: Any) -> Any:
        return (w * y).sum(axis=-1)

    edition = edition_of(hand.replace(l1={"aggregation": arithmetic}), VALUES)
    sentence = (
        "left: a gap aggregated by 'arithmetic' cannot be split over parts, nothing is known of how its parts make it; "
        "arithmetic and geometric can be split"
    )
    with says(MethodologyError, sentence):
        attribute(edition, "A", against="B")


@pytest.mark.slow
def test_what_cannot_be_compared(hand: Methodology, says: Says) -> None:
    edition = edition_of(hand, {**VALUES, "C": {"a": 10}})
    with says(DataError, "the methodology names no nation; name the other region with against"):
        attribute(edition, "A")
    with says(DataError, "A in 2020 is compared with itself; name another region or another year"):
        attribute(edition, "A", against="A")
    with says(DataError, "there is no score for D in 2020"):
        attribute(edition, "A", against="D")
    with says(DataError, "C has no score for 'right' in 2020: too little was measured"):
        attribute(edition, "A", against="C", node="right")
    with says(DataError, "no node with parts is called 'lft' (did you mean 'left'?); there are left, right, l2"):
        attribute(edition, "A", against="B", node="lft")


def test_scores_that_are_not_made_of_their_parts_are_refused(hand: Methodology, says: Says) -> None:
    edition = edition_of(hand, VALUES)
    edition.scores.nodes.loc[
        (edition.scores.nodes["node"] == "l2") & (edition.scores.nodes["region"] == "A"), "score"
    ] = 70.0
    sentence = "the parts make 20 of a gap of 27.5: these scores are not what their methodology makes of their parts"
    with says(DataError, sentence):
        attribute(edition, "A", against="B")
