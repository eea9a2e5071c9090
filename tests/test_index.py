"""The arrow: what a methodology makes of observations, by hand, against a slow recursion, and in its promises."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cwi import DataError, Methodology, MethodologyError, Scores, derive, read_edition, read_methodology, score
from cwi.index import weigh
from cwi.methods import aggregation
from cwi.methods.ranking import rank
from cwi.report.languages import Language
from cwi.score_tables import ScoreTables

Array = NDArray[np.float64]
METHODOLOGIES = Path(__file__).parent / "methodologies"
USUAL = settings(deadline=None, max_examples=20)
FEWER = settings(USUAL, max_examples=10)  # each of these scores a long table, some of them often


def long(rows: Sequence[tuple[Any, ...]], *columns: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["region", "year", "indicator", "value", *columns])


def write(
    folder: Path, levels: Sequence[Mapping[str, Any]], table: pd.DataFrame, *, nodes: str = "", head: str = ""
) -> Path:
    """A methodology folder; rules are given as TOML."""
    folder.mkdir(parents=True, exist_ok=True)
    said = [f'version = "made"\nnormalisation = "goalposts"\n{head}']
    said += ["[[level]]\n" + "\n".join(f"{key} = {value}" for key, value in level.items()) for level in levels]
    (folder / "methodology.toml").write_text("\n\n".join([*said, nodes]) + "\n", encoding="utf-8")
    table.to_csv(folder / "indicators.csv", index=False)
    return folder


# ---------------------------------------------------------------- by hand


@pytest.fixture(scope="module")
def hand() -> Methodology:
    return read_methodology(METHODOLOGIES / "hand")


HAND = long(
    [
        ("North", 2020, "height", 8),
        ("North", 2020, "illness", 32),
        ("North", 2020, "reading", 15),
        ("North", 2020, "worry", 3),
        ("North", 2020, "warmth", 0),
        ("South", 2020, "height", 12),  # beyond the best end, 10
        ("South", 2020, "illness", 25.6),
        ("South", 2020, "reading", 5),  # worry was not measured
        ("South", 2020, "warmth", 10),
        ("East", 2019, "height", 2),  # not measured in 2020
        ("East", 2020, "illness", 22),
        ("East", 2020, "reading", 20),
        ("East", 2020, "worry", 1),
        ("East", 2020, "warmth", 30),
    ]
)
BY_HAND = {
    # height 0..10, illness 40..0, reading 0..20, worry 5..1, warmth -10..30; body is a geometric mean of two equal
    # parts, mind an arithmetic one with the weights 3, 2, 1; the index weighs body 2 and mind 1.
    #
    # North: height 8/10 -> 80; illness (32-40)/(0-40) -> 20; body sqrt(80·20) = 40;
    #        reading 15/20 -> 75; worry (3-5)/(1-5) -> 50; warmth 10/40 -> 25; mind (3·75 + 2·50 + 25)/6 = 175/3;
    #        index (2·40 + 175/3)/3 = 415/9.
    "North": {
        "height": Fraction(80),
        "illness": Fraction(20),
        "body": Fraction(40),
        "reading": Fraction(75),
        "worry": Fraction(50),
        "warmth": Fraction(25),
        "mind": Fraction(175, 3),
        "index": Fraction(415, 9),
    },
    # South: height 12 is capped -> 100; illness (25.6-40)/(-40) -> 36; body sqrt(100·36) = 60;
    #        reading 5/20 -> 25; worry missing; warmth 20/40 -> 50; mind (3·25 + 50)/4 = 125/4 on 4/6 of the weight;
    #        index (2·60 + 125/4)/3 = 605/12.
    "South": {
        "height": Fraction(100),
        "illness": Fraction(36),
        "body": Fraction(60),
        "reading": Fraction(25),
        "worry": None,
        "warmth": Fraction(50),
        "mind": Fraction(125, 4),
        "index": Fraction(605, 12),
    },
    # East: height 2/10 of 2019 -> 20; illness (22-40)/(-40) -> 45; body sqrt(20·45) = 30; mind 100;
    #       index (2·30 + 100)/3 = 160/3.
    "East": {
        "height": Fraction(20),
        "illness": Fraction(45),
        "body": Fraction(30),
        "reading": Fraction(100),
        "worry": Fraction(100),
        "warmth": Fraction(100),
        "mind": Fraction(100),
        "index": Fraction(160, 3),
    },
}


def test_scores_worked_out_by_hand(hand: Methodology) -> None:
    nodes = score(HAND, hand, years=[2020]).nodes.set_index(["region", "node"])
    assert len(nodes) == 3 * 8
    for region, wanted in BY_HAND.items():
        for node, value in wanted.items():
            found = nodes.at[(region, node), "score"]
            if value is None:
                assert np.isnan(found), (region, node)
            else:
                assert abs(found - float(value)) < 1e-12, (region, node)


def test_ranks_coverage_and_flags_worked_out_by_hand(hand: Methodology) -> None:
    nodes = score(HAND, hand, years=[2020]).nodes.set_index(["region", "node"])
    assert nodes.xs("index", level="node")["rank"].to_dict() == {"East": 1, "South": 2, "North": 3}
    assert nodes.xs("body", level="node")["rank"].to_dict() == {"South": 1, "North": 2, "East": 3}
    assert pd.isna(nodes.at[("South", "worry"), "rank"])
    assert nodes.at[("South", "mind"), "coverage"] == pytest.approx(4 / 6, abs=1e-12)
    assert nodes.at[("South", "index"), "coverage"] == 1
    assert nodes.at[("South", "index"), "measured"] == pytest.approx(2 / 3 + 1 / 3 * 4 / 6, abs=1e-12)
    said = {(region, node): flag for (region, node), flag in nodes["flag"].items() if flag}
    assert said == {
        ("South", "height"): "capped",
        ("South", "body"): "capped",
        ("South", "mind"): "gaps",
        ("South", "index"): "capped; gaps",
        ("East", "height"): "carried",
        ("East", "body"): "carried",
        ("East", "index"): "carried",
    }


def test_the_derivation_worked_out_by_hand(hand: Methodology) -> None:
    scores = score(HAND, hand, years=[2020])
    edges = scores.edges.set_index(["parent", "node"])["weight"].to_dict()
    wanted = {
        ("body", "height"): 1 / 2, ("body", "illness"): 1 / 2,
        ("mind", "reading"): 3 / 6, ("mind", "worry"): 2 / 6, ("mind", "warmth"): 1 / 6,
        ("index", "body"): 2 / 3, ("index", "mind"): 1 / 3,
    }  # fmt: skip
    assert edges == pytest.approx(wanted, abs=1e-15)
    tree = scores.explain("South", 2020).set_index("node")
    assert list(tree.index) == ["index", "body", "height", "illness", "mind", "reading", "worry", "warmth"]
    assert tree["depth"].tolist() == [0, 1, 2, 2, 1, 2, 2, 2]
    assert tree["share"].tolist() == pytest.approx([1, 2 / 3, 1 / 2, 1 / 2, 1 / 3, 3 / 4, 0, 1 / 4], abs=1e-15)
    assert tree.at["reading", "contribution"] == pytest.approx(75 / 4, abs=1e-12)
    assert tree.at["height", "value"] == 12
    assert scores.explain("East", 2020).set_index("node").at["height", "observed"] == 2019


def test_a_value_is_carried_no_longer_than_the_rules_allow(hand: Methodology) -> None:
    scores = score(HAND, hand.replace(max_age=0, node={"body": {"coverage": 0.5}}), years=[2020])
    nodes = scores.nodes.set_index(["region", "node"])
    assert np.isnan(nodes.at[("East", "height"), "score"])
    assert nodes.at[("East", "body"), "score"] == pytest.approx(45, abs=1e-12)
    assert nodes.at[("East", "body"), "flag"] == "gaps"
    of_2021 = score(HAND, hand, years=[2021]).nodes.set_index(["region", "node"])
    assert np.isnan(of_2021.at[("East", "height"), "score"])
    assert of_2021.at[("North", "height"), "score"] == 80
    assert of_2021.at[("North", "height"), "flag"] == "carried"


def test_too_little_measured_is_no_score(hand: Methodology) -> None:
    nodes = score(HAND, hand.replace(node={"mind": {"coverage": 0.7}}), years=[2020]).nodes.set_index(
        ["region", "node"]
    )
    assert np.isnan(nodes.at[("South", "mind"), "score"])
    assert np.isnan(nodes.at[("South", "index"), "score"])
    assert pd.isna(nodes.at[("South", "index"), "rank"])
    assert nodes.at[("South", "index"), "coverage"] == pytest.approx(2 / 3, abs=1e-12)
    assert nodes.xs("index", level="node")["rank"].dropna().to_dict() == {"East": 1, "North": 2}
    exact = score(HAND, hand.replace(node={"mind": {"coverage": 4 / 6}}), years=[2020])
    assert exact.of("mind").at["South", 2020] == pytest.approx(125 / 4, abs=1e-12)


# ---------------------------------------------------------------- against a slow recursion

LEVELS = ("group", "theme", "dimension", "index")
WORDS = ('"arithmetic"', '"geometric"', '"harmonic"', '{name = "power", p = 0.5}', '{name = "power", p = -2}')


def plain_mean(word: str, parts: list[tuple[float, float]]) -> float:
    """Parts are weight and score, weights summing to one; written as in a textbook, not as in the library."""
    if word == '"geometric"':
        return math.prod(s**w for w, s in parts)
    p = {'"arithmetic"': 1.0, '"harmonic"': -1.0}.get(word) or float(word.split("p =")[1].strip(" }"))
    return math.fsum(w * s**p for w, s in parts) ** (1 / p)


def plain_score(
    tree: dict[str, list[str]],
    weight: dict[str, float],
    rules: dict[str, tuple[str, float]],
    leaves: dict[str, float],
    code: str,
) -> tuple[float | None, float]:
    """Score (or none) and measured share of a node, from its parts down."""
    if code not in tree:
        return (leaves[code], 1.0) if code in leaves else (None, 0.0)
    total = math.fsum(weight[part] for part in tree[code])
    below = [(weight[part] / total, *plain_score(tree, weight, rules, leaves, part)) for part in tree[code]]
    measured = math.fsum(w * m for w, _, m in below)
    has = [(w, s) for w, s, _ in below if s is not None]
    coverage = math.fsum(w for w, _ in has)
    word, least = rules[code]
    if not has or coverage < least - 1e-9:
        return None, measured
    return plain_mean(word, [(w / coverage, s) for w, s in has]), measured


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_tree_of_four_levels_against_a_slow_recursion(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    k, n = 49, 51
    codes = [f"i{i:02d}" for i in range(k)]
    homes: dict[str, dict[str, str]] = {}
    below, sizes = codes, (17, 8, 3)
    for level, size in zip(LEVELS, sizes, strict=False):
        parents = [f"{level}{j}" for j in range(size)]
        spread = [*parents, *rng.choice(parents, len(below) - size)]
        homes[level] = dict(zip(below, rng.permutation(spread).tolist(), strict=True))
        below = parents
    table = pd.DataFrame({"code": codes})
    for level, above in zip(LEVELS[:-1], [None, "group", "theme"], strict=True):
        table[level] = table["code" if above is None else above].map(homes[level])
    log = rng.random(k) < 0.3
    low, high = rng.uniform(1, 5, k).round(3), rng.uniform(50, 90, k).round(3)
    falls = rng.random(k) < 0.4
    table["worst"], table["best"] = np.where(falls, high, low), np.where(falls, low, high)
    table["scale"] = np.where(log, "log", "linear")
    table["weight"] = rng.uniform(0.2, 3, k).round(3)

    tree: dict[str, list[str]] = {"index": [f"dimension{j}" for j in range(3)]}
    for home in homes.values():
        for part, parent in home.items():
            tree.setdefault(parent, []).append(part)
    rules = {code: (str(rng.choice(WORDS)), round(float(rng.uniform(0, 0.7)), 3)) for code in tree}
    weight = dict(zip(codes, table["weight"], strict=True))
    weight |= {code: round(float(rng.uniform(0.2, 3)), 3) for code in tree}
    nodes = "\n".join(
        f'[node."{code}"]\nweight = {weight[code]}\naggregation = {word}\ncoverage = {least}\n'
        for code, (word, least) in rules.items()
    )
    levels = [{"name": f'"{name}"', "weighting": '"stated"', "aggregation": '"arithmetic"'} for name in LEVELS]
    methodology = read_methodology(write(tmp_path / "made", levels, table, nodes=nodes, head="max_age = 2"))
    assert [len(level) for level in methodology.nodes] == [17, 8, 3, 1]

    rows = []
    for r in range(n):
        for year in (2018, 2019, 2020):
            for j in np.flatnonzero(rng.random(k) < (0.45 if r % 7 else 0.12)):
                rows.append((f"R{r:02d}", year, codes[j], float(rng.uniform(low[j] * 1.01, high[j] * 0.99))))
    scores = score(long([rows[i] for i in rng.permutation(len(rows))]), methodology, years=[2019, 2020])
    found = scores.nodes.set_index(["region", "year", "node"])[["score", "measured"]].to_dict("index")

    known = {(region, year, code): value for region, year, code, value in rows}
    ends = table.set_index("code")[["worst", "best", "scale"]].to_dict("index")
    compared, unscored = 0, 0
    for region in sorted({row[0] for row in rows}):
        for year in (2019, 2020):
            leaves = {}
            for code in codes:
                values = [known[region, y, code] for y in (year, year - 1, year - 2) if (region, y, code) in known]
                if values:
                    f = math.log if ends[code]["scale"] == "log" else float
                    worst, best = f(ends[code]["worst"]), f(ends[code]["best"])
                    leaves[code] = 100 * (f(values[0]) - worst) / (best - worst)
            for code in tree:
                wanted, measured = plain_score(tree, weight, rules, leaves, code)
                here = found[region, year, code]
                assert here["measured"] == pytest.approx(measured, abs=1e-12)
                if wanted is None:
                    assert np.isnan(here["score"]), (region, year, code)
                    unscored += 1
                else:
                    assert here["score"] == pytest.approx(wanted, abs=1e-9), (region, year, code)
                    compared += 1
    assert compared > 1000
    assert unscored > 50


# ---------------------------------------------------------------- promises

CODES = ("a", "b", "c", "d", "e", "f", "g")
TABLE = pd.DataFrame(
    {
        "code": CODES,
        "component": ["one", "one", "one", "two", "two", "three", "three"],
        "dimension": ["left", "left", "left", "left", "left", "right", "right"],
        "worst": [0, 40, 1, -10, 5, 0, 100],
        "best": [10, 0, 1000, 30, 1, 1, 1],
        "scale": ["linear", "linear", "log", "linear", "linear", "linear", "log"],
        "weight": [1, 2, 1, 3, 1, 1, 1],
    }
)
RULES = ("arithmetic", "geometric", "harmonic", {"name": "power", "p": 0.5})


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Methodology:
    levels = [
        {"name": '"component"', "weighting": '"stated"', "aggregation": '"arithmetic"', "coverage": 0.4},
        {"name": '"dimension"', "weighting": '"stated"', "aggregation": '"geometric"', "coverage": 0.5},
        {"name": '"index"', "weighting": '"equal"', "aggregation": '"arithmetic"', "coverage": 0.5},
    ]
    head = 'base = [2018, 2019]\nnation = "Z"\nmax_age = 2'
    folder = tmp_path_factory.mktemp("rules")
    return read_methodology(write(folder, levels, TABLE, nodes="[node.three]\nweight = 2", head=head))


@pytest.fixture(params=RULES, ids=str, scope="module")
def methodology(official: Methodology, request: pytest.FixtureRequest) -> Methodology:
    return official.replace(index={"aggregation": request.param})


def to_values(quality: Array, table: pd.DataFrame) -> Array:
    """Values in their units of a quality from 0 (worst) to 1 (best)."""
    worst, best = table["worst"].to_numpy(float), table["best"].to_numpy(float)
    log = (table["scale"] == "log").to_numpy()
    low, high = (
        np.where(log, np.log(np.where(log, worst, 1)), worst),
        np.where(log, np.log(np.where(log, best, 1)), best),
    )
    placed = low + quality * (high - low)
    return np.where(log, np.exp(np.where(log, placed, 0)), placed)


@st.composite
def qualities(draw: st.DrawFn, n: int | None = None, gaps: bool = True) -> Array:
    n = n or draw(st.integers(2, 5))
    one = st.integers(1, 99).map(lambda q: q / 100)
    cell = one | st.just(math.nan) if gaps else one
    rows = draw(st.lists(st.lists(cell, min_size=7, max_size=7), min_size=n, max_size=n))
    return np.array(rows)


def table_of(quality: Array, table: pd.DataFrame, year: int = 2020, first: int = 0) -> pd.DataFrame:
    values = to_values(quality, table)
    return long(
        [
            (f"R{first + i}", year, code, values[i, j])
            for i in range(len(values))
            for j, code in enumerate(table["code"])
            if not np.isnan(values[i, j])
        ]
    )


@pytest.mark.slow
@given(quality=qualities(), row=st.integers(0, 4), column=st.integers(0, 6), rise=st.integers(0, 98))
@USUAL
def test_a_better_measurement_never_lowers_index_or_rank(
    methodology: Methodology, quality: Array, row: int, column: int, rise: int
) -> None:
    row %= len(quality)
    better = quality.copy()
    better[row, column] = min(better[row, column] + rise / 100, 0.99)
    before = derive(to_values(quality, TABLE), methodology)
    after = derive(to_values(better, TABLE), methodology)
    old, new = rank(before.index, decimals=1), rank(after.index, decimals=1)
    others = np.arange(len(quality)) != row
    assert np.array_equal(before.index[others], after.index[others], equal_nan=True)
    assert np.isnan(before.index[row]) == np.isnan(after.index[row])
    if not np.isnan(before.index[row]):
        assert after.index[row] >= before.index[row] - 1e-9
        assert new[row] <= old[row]


@pytest.mark.slow
@given(
    quality=qualities(),
    factors=st.lists(st.floats(0.01, 100) | st.floats(-100, -0.01), min_size=7, max_size=7),
    shifts=st.lists(st.floats(-100, 100), min_size=7, max_size=7),
)
@USUAL
def test_units_and_direction_of_measurement_do_not_matter(
    methodology: Methodology, quality: Array, factors: list[float], shifts: list[float]
) -> None:
    log = (TABLE["scale"] == "log").to_numpy()
    a, b = np.where(log, np.abs(factors), factors), np.where(log, 0, shifts)
    table = methodology.indicators
    other = methodology.replace(indicators=table.assign(worst=a * table["worst"] + b, best=a * table["best"] + b))
    x = to_values(quality, TABLE)
    here, there = derive(x, methodology), derive(a * x + b, other)
    for ours, theirs in zip(here.scores, there.scores, strict=True):
        assert theirs == pytest.approx(ours, abs=1e-6, nan_ok=True)


@pytest.mark.slow
@given(quality=qualities(), a=st.lists(st.floats(-50, 50), min_size=7, max_size=7))
@USUAL
def test_reversing_a_scale_changes_nothing(official: Methodology, quality: Array, a: list[float]) -> None:
    table = official.indicators
    linear = (table["scale"] == "linear").to_numpy()
    worst, best = (np.where(linear, a - table[end], table[end]) for end in ("worst", "best"))
    x = to_values(quality, TABLE)
    here = derive(x, official)
    there = derive(np.where(linear, a - x, x), official.replace(indicators=table.assign(worst=worst, best=best)))
    assert there.index == pytest.approx(here.index, abs=1e-9, nan_ok=True)


@pytest.mark.slow
@given(quality=qualities(), seed=st.integers(0, 10_000))
@FEWER
def test_the_order_of_rows_and_of_indicators_does_not_matter(official: Methodology, quality: Array, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = table_of(quality, TABLE)
    if rows.empty:
        return
    here = score(rows, official)
    shuffled = score(rows.iloc[rng.permutation(len(rows))], official)
    pd.testing.assert_frame_equal(shuffled.nodes, here.nodes)
    pd.testing.assert_frame_equal(shuffled.cells, here.cells)
    table = official.indicators.iloc[rng.permutation(7)].reset_index(drop=True)
    moved = score(rows, official.replace(indicators=table)).nodes.set_index(["region", "year", "node"])
    moved = moved.reindex(here.nodes.set_index(["region", "year", "node"]).index).reset_index()
    assert moved["score"].to_numpy() == pytest.approx(here.nodes["score"].to_numpy(), abs=1e-9, nan_ok=True)
    assert moved["flag"].tolist() == here.nodes["flag"].tolist()
    assert moved["rank"].tolist() == here.nodes["rank"].tolist()


@pytest.mark.slow
def test_the_order_of_lines_in_indicators_csv_does_not_matter(official: Methodology, tmp_path: Path) -> None:
    levels = [
        {"name": '"component"', "weighting": '"stated"', "aggregation": '"geometric"'},
        {"name": '"dimension"', "weighting": '"stated"', "aggregation": '"arithmetic"'},
        {"name": '"index"', "weighting": '"equal"', "aggregation": '"harmonic"'},
    ]
    rows = table_of(np.random.default_rng(8).uniform(0.1, 0.9, (6, 7)), TABLE)
    rng = np.random.default_rng(9)
    one = score(rows, read_methodology(write(tmp_path / "one", levels, TABLE)))
    for turn in range(5):
        folder = write(tmp_path / f"other{turn}", levels, TABLE.iloc[rng.permutation(7)])
        other = score(rows, read_methodology(folder))
        for code in (*CODES, "one", "two", "three", "left", "right", "index"):
            assert other.of(code)[2020].to_numpy() == pytest.approx(one.of(code)[2020].to_numpy(), abs=1e-9)


@pytest.mark.slow
@given(quality=qualities(3), newcomer=qualities(2), later=qualities(3))
@FEWER
def test_a_new_region_or_year_changes_no_earlier_score(
    official: Methodology, quality: Array, newcomer: Array, later: Array
) -> None:
    rows = table_of(quality, TABLE)
    if rows.empty:
        return
    more = pd.concat([rows, table_of(newcomer, TABLE, first=10), table_of(later, TABLE, year=2021)], ignore_index=True)
    key = ["region", "year", "node"]
    here = score(rows, official, years=[2020]).nodes.set_index(key)
    there = score(more, official, years=[2020, 2021]).nodes.set_index(key).loc[here.index]
    for column in ("score", "coverage", "measured", "flag", "level"):
        pd.testing.assert_series_equal(there[column], here[column], check_exact=True)


@pytest.mark.slow
@given(quality=qualities())
@FEWER
def test_missing_never_passes_without_a_word(official: Methodology, quality: Array) -> None:
    rows = table_of(quality, TABLE)
    if rows.empty:
        return
    scores = score(rows, official)
    nodes = scores.nodes.set_index(["region", "node"])
    under = {"one": "abc", "two": "de", "three": "fg", "left": "abcde", "right": "fg", "index": "abcdefg"}
    for region in nodes.index.unique("region"):
        i = int(region[1:])
        for node, codes in under.items():
            row = nodes.loc[(region, node)]
            gap = any(np.isnan(quality[i, CODES.index(code)]) for code in codes)
            assert ("gaps" in row["flag"].split("; ")) == gap
            assert (row["measured"] < 1 - 1e-9) == gap
            parts = scores.edges.loc[scores.edges["parent"] == node, "node"]
            unscored = any(np.isnan(nodes.at[(region, part), "score"]) for part in parts)
            assert (row["coverage"] < 1 - 1e-9) == unscored
            if unscored and node in ("one", "two", "three"):
                assert gap


@pytest.mark.slow
@given(quality=qualities())
@USUAL
def test_a_node_lies_between_its_scored_parts(methodology: Methodology, quality: Array) -> None:
    derived = derive(to_values(quality, TABLE), methodology)
    for below, nodes, above in zip(derived.scores, methodology.nodes, derived.scores[1:], strict=False):
        for j, node in enumerate(nodes):
            for row, whole in zip(below[:, list(node.parts)], above[:, j], strict=True):
                if not np.isnan(whole):
                    assert np.nanmin(row) - 1e-9 <= whole <= np.nanmax(row) + 1e-9


@pytest.mark.slow
@given(quality=qualities(4), row=st.integers(0, 3), column=st.integers(0, 6))
@USUAL
def test_a_gap_in_one_region_changes_no_other(methodology: Methodology, quality: Array, row: int, column: int) -> None:
    holed = quality.copy()
    holed[row, column] = np.nan
    others = np.arange(4) != row
    here, there = derive(to_values(quality, TABLE), methodology), derive(to_values(holed, TABLE), methodology)
    for ours, theirs in zip(here.scores, there.scores, strict=True):
        assert np.array_equal(ours[others], theirs[others], equal_nan=True)


@pytest.mark.slow
@given(quality=qualities())
@USUAL
def test_means_are_in_order_in_a_whole_tree(official: Methodology, quality: Array) -> None:
    levels = ("component", "dimension", "index")
    x = to_values(quality, TABLE)
    found = [
        derive(x, official.replace(**{level: {"aggregation": word} for level in levels})).index
        for word in ("harmonic", "geometric", "arithmetic")
    ]
    for lower, higher in pairwise(found):
        assert (np.isnan(lower) == np.isnan(higher)).all()
        assert (lower <= higher + 1e-9)[~np.isnan(lower)].all()


@pytest.mark.slow
@given(quality=qualities())
@FEWER
def test_contributions_add_up_to_the_index(official: Methodology, quality: Array) -> None:
    plain = official.replace(dimension={"aggregation": "arithmetic"})
    rows = table_of(quality, TABLE)
    if rows.empty:
        return
    scores = score(rows, plain)
    for region in scores.of("index").index:
        tree = scores.explain(region, 2020)
        for place, row in tree.iterrows():
            below = tree.loc[place + 1 :]
            below = below.loc[: next((i for i in below.index if below.at[i, "depth"] <= row["depth"]), len(tree)) - 1]
            parts = below[below["depth"] == row["depth"] + 1]
            if len(parts) and not np.isnan(row["score"]):
                assert parts["contribution"].sum() == pytest.approx(row["score"], abs=1e-9)
                assert parts["share"].sum() == pytest.approx(1, abs=1e-12)
                assert parts["weight"].sum() == pytest.approx(1, abs=1e-12)


def test_weights_under_a_parent_sum_to_one(methodology: Methodology) -> None:
    scores = score(table_of(np.full((2, 7), 0.5), TABLE), methodology)
    assert scores.edges.groupby("parent")["weight"].sum().to_numpy() == pytest.approx(1, abs=1e-12)
    assert set(scores.edges["node"]) == {*CODES, "one", "two", "three", "left", "right"}


def test_weights_are_brought_to_sum_to_one(official: Methodology) -> None:
    x = to_values(np.random.default_rng(4).uniform(0.1, 0.9, (5, 7)), TABLE)
    own = weigh(official)
    scaled = [3.7 * w for w in own]
    assert derive(x, official, weights=scaled).index == pytest.approx(derive(x, official).index, abs=1e-12)


# ---------------------------------------------------------------- draws


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), gaps=st.floats(0, 0.5))
@FEWER
def test_draws_of_values_are_a_loop(methodology: Methodology, seed: int, gaps: float) -> None:
    rng = np.random.default_rng(seed)
    quality = rng.uniform(0.01, 0.99, (4, 3, 6, 7))
    quality[rng.random(quality.shape) < gaps] = np.nan
    x = to_values(quality, TABLE)
    together = derive(x, methodology)
    assert together.index.shape == (4, 3, 6)
    for i in range(4):
        for j in range(3):
            alone = derive(x[i, j], methodology)
            for kind in ("scores", "coverage", "measured"):
                for ours, theirs in zip(getattr(together, kind), getattr(alone, kind), strict=True):
                    assert ours[i, j] == pytest.approx(theirs, abs=1e-12, nan_ok=True)


@pytest.mark.slow
@given(seed=st.integers(0, 10_000))
@FEWER
def test_draws_of_weights_are_a_loop(methodology: Methodology, seed: int) -> None:
    rng = np.random.default_rng(seed)
    quality = rng.uniform(0.01, 0.99, (6, 7))
    quality[rng.random(quality.shape) < 0.2] = np.nan
    x = to_values(quality, TABLE)
    weights = [w * rng.uniform(0.5, 1.5, (5, 1, len(w))) for w in weigh(methodology)]
    together = derive(x, methodology, weights=weights)
    assert together.index.shape == (5, 6)
    for i in range(5):
        alone = derive(x, methodology, weights=[w[i, 0] for w in weights])
        assert together.index[i] == pytest.approx(alone.index, abs=1e-12, nan_ok=True)
        for kind in ("coverage", "measured"):  # these are judged by the methodology's own weights
            for ours, theirs in zip(getattr(together, kind), getattr(alone, kind), strict=True):
                assert np.broadcast_to(ours, (5, *theirs.shape))[i].tolist() == theirs.tolist()


def test_each_unit_may_have_its_own_weights(official: Methodology) -> None:
    rng = np.random.default_rng(6)
    x = to_values(rng.uniform(0.1, 0.9, (4, 7)), TABLE)
    weights = [w * rng.uniform(0.5, 1.5, (4, len(w))) for w in weigh(official)]
    together = derive(x, official, weights=weights).index
    for i in range(4):
        assert together[i] == pytest.approx(derive(x[i : i + 1], official, weights=[w[i] for w in weights]).index[0])


@pytest.mark.slow
def test_draws_are_no_loop_in_python() -> None:
    """A node is aggregated once for all draws: the number of calls does not know their number."""
    calls: list[tuple[int, ...]] = []

    def counted(y: Array, w: Array) -> Array:
        calls.append(np.broadcast_shapes(y.shape, w.shape))
        return aggregation.arithmetic(y, w)

    real = read_edition(2023).methodology
    levels = [level.name for level in real.levels]
    methodology = real.replace(**{level: {"aggregation": counted} for level in levels})
    nodes = sum(len(level) for level in methodology.nodes)
    assert nodes == 19
    weights = weigh(methodology)
    x = np.random.default_rng(1).uniform(1, 50, (20, 56))
    seen = {}
    for draws in (1, 200):
        calls.clear()
        noisy = [w * np.random.default_rng(2).uniform(0.75, 1.25, (draws, 1, len(w))) for w in weights]
        assert derive(x, methodology, weights=noisy).index.shape == (draws, 20)
        assert sum(shape[:2] == (draws, 20) for shape in calls) == nodes
        seen[draws] = len(calls)
    assert seen[1] == seen[200]
    calls.clear()
    assert derive(np.broadcast_to(x, (10_000, 20, 56)), methodology, weights=weights).index.shape == (10_000, 20)
    assert sum(shape[:2] == (10_000, 20) for shape in calls) == nodes
    assert len(calls) == seen[1]


# ---------------------------------------------------------------- which rows count

ROWS = table_of(np.random.default_rng(11).uniform(0.2, 0.8, (3, 7)), TABLE)


def test_rows_by_sex_by_area_unscored_and_foreign_are_left_out(official: Methodology) -> None:
    total = ROWS.assign(sex="", area="", status="normal", source="s", scored=True)
    extra = [
        total.assign(sex="F", value=5.0),
        total.assign(area="U", value=5.0),
        total.assign(indicator="stranger", value=1e9),
        total.assign(region="R9", status="suspect", scored=False),
        total.assign(region="R8", value=np.nan, status="missing"),
    ]
    here, there = score(ROWS, official), score(pd.concat([*extra, total], ignore_index=True), official)
    pd.testing.assert_series_equal(there.nodes["score"], here.nodes["score"])
    assert sorted(there.of("index").index) == ["R0", "R1", "R2"]
    assert set(there.cells["source"]) == {"s"}


def test_statuses_reach_the_top(official: Methodology) -> None:
    told = ROWS.assign(status="normal")
    for i, status in enumerate(("parent region", "derived", "corrected", "backcast")):
        told.loc[(told["region"] == "R1") & (told["indicator"] == CODES[i]), "status"] = status
    nodes = score(told, official).nodes.set_index(["region", "node"])
    assert nodes.at[("R1", "index"), "flag"] == "parent region; derived; corrected; backcast"
    assert nodes.at[("R1", "one"), "flag"] == "parent region; derived; corrected"
    assert nodes.at[("R1", "right"), "flag"] == ""
    assert nodes.at[("R0", "index"), "flag"] == ""


def test_the_nation_is_scored_but_not_ranked(official: Methodology) -> None:
    nation = ROWS[ROWS["region"] == "R0"].assign(region="Z")
    nodes = score(pd.concat([ROWS, nation]), official).nodes
    without = score(ROWS, official).nodes.set_index(["region", "node"])
    top = nodes.set_index(["region", "node"])
    assert nodes.loc[nodes["region"] == "Z", "rank"].isna().all()
    assert top.at[("Z", "index"), "score"] == top.at[("R0", "index"), "score"]
    assert top.loc[without.index, "rank"].tolist() == without["rank"].tolist()


def test_ranks_are_those_of_the_printed_scores(official: Methodology) -> None:
    rng = np.random.default_rng(12)
    rows = table_of(0.5 + rng.uniform(-0.01, 0.01, (30, 7)), TABLE)
    nodes = score(rows, official).nodes
    english = Language("en")
    for _, group in nodes.groupby("node"):
        printed = group["score"].map(lambda v: float(english.number(v, 1)))
        assert group["rank"].tolist() == printed.rank(ascending=False, method="min").astype(int).tolist()
    top = nodes[nodes["node"] == "index"]
    assert top["rank"].duplicated().any()


def test_ranks_are_among_the_regions_of_one_year(official: Methodology) -> None:
    best = table_of(np.full((1, 7), 0.95), TABLE, year=2019, first=5)
    nodes = score(pd.concat([ROWS, best]), official.replace(max_age=0)).nodes
    top = nodes[nodes["node"] == "index"].set_index(["year", "region"])["rank"]
    assert top.loc[2019].to_dict() == {"R5": 1}
    assert sorted(top.loc[2020]) == [1, 2, 3]


def test_scores_as_wide_tables(official: Methodology) -> None:
    scores = score(ROWS, official)
    assert list(scores.wide(2020, "component").columns) == ["one", "two", "three"]
    assert list(scores.values(2020).columns) == list(CODES)
    assert scores.values(2020).to_numpy() == pytest.approx(ROWS["value"].to_numpy().reshape(3, 7))


def test_what_scores_do_not_have_is_named_with_what_they_have(official: Methodology) -> None:
    scores = replace(score(ROWS, official), names={"R1": "First"})
    there = "there are index, left, right, one, two, three, a, b, c, d, e, f, g"
    for ask, sentence in (
        (lambda: scores.of("tow"), f"no node is called 'tow' (did you mean 'two'?); {there}"),
        (lambda: scores.wide(2020, "components"), "no level is called 'components' (did you mean 'component'?); "
         "there are indicator, component, dimension, index"),
        (lambda: scores.wide(2020, "component", "ranks"), "scores have no 'ranks' (did you mean 'rank'?); "
         "there are score, rank, coverage, measured, flag"),
        (lambda: scores.wide(2031, "component"), "there are no scores of 2031; there are 2020"),
        (lambda: scores.values(2031), "there are no scores of 2031; there are 2020"),
        (lambda: scores.explain("R1", 2031), "there are no scores of 2031; there are 2020"),
        (lambda: scores.explain("Frist", 2020), "no region is called 'Frist' (did you mean 'First'?); "
         "there are First, R0, R1, R2"),
    ):  # fmt: skip
        with pytest.raises(DataError) as error:
            ask()
        assert str(error.value) == sentence
    assert scores.explain("First", 2020).equals(scores.explain("R1", 2020))


def test_a_version_is_no_methodology() -> None:
    with pytest.raises(MethodologyError) as error:
        score(ROWS, "2024.1")  # type: ignore[arg-type]
    assert str(error.value) == (
        "methodology is the text '2024.1'; give the rules themselves, read_methodology('2024.1'), or ask an edition: "
        "edition.under('2024.1')"
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (ROWS.drop(columns="value"), "the observations have no column 'value'; they have region, year, indicator"),
        (pd.concat([ROWS, ROWS.iloc[[3]]]), "d in R0, 2020 has two values; a value has one row"),
        (
            ROWS.assign(region=ROWS["region"].where(ROWS.index != 3)),
            "d in 2020 has a value and no region; a value has one",
        ),
        (ROWS.assign(value=np.inf), "a in R0, 2020 is not finite"),
        (ROWS.iloc[:0], "no row can be scored by methodology made: there is no year to score"),
        (ROWS.assign(indicator="x"), "no row can be scored by methodology made: there is no year to score"),
    ],
)
def test_rows_that_cannot_be_scored_are_refused(official: Methodology, rows: pd.DataFrame, said: str) -> None:
    with pytest.raises(DataError) as caught:
        score(rows, official)
    assert str(caught.value) == said


def test_a_year_without_values_is_refused_alone_and_empty_among_others(official: Methodology) -> None:
    with pytest.raises(DataError) as caught:
        score(ROWS, official, years=[2031])
    assert str(caught.value) == (
        "no indicator of methodology made has a value that can be scored in 2031; "
        "max_age = 2 finds nothing to carry either"
    )
    both = score(ROWS, official, years=[2020, 2031])
    assert both.nodes["year"].unique().tolist() == [2020]
    pd.testing.assert_series_equal(both.nodes["score"], score(ROWS, official).nodes["score"])


def test_a_rule_that_cannot_be_applied_names_its_node(official: Methodology) -> None:
    worst = ROWS.copy()
    worst.loc[worst["indicator"] == "a", "value"] = -5.0  # capped to 0
    with pytest.raises(MethodologyError) as caught:
        score(worst, official.replace(node={"one": {"aggregation": "geometric"}}))
    assert str(caught.value) == "one: geometric needs scores above zero; the lowest is 0"
    with pytest.raises(MethodologyError) as caught:
        score(ROWS.assign(value=-1.0), official)
    assert (
        str(caught.value)
        == "normalisation: c is not above zero everywhere; a logarithmic scale needs values and ends above zero"
    )
    with pytest.raises(MethodologyError) as caught:
        derive(np.ones((3, 6)), official)
    assert str(caught.value) == "values have the shape (3, 6); the last axis must hold 7 indicators"


def test_a_part_without_weight_stops_nobody(official: Methodology) -> None:
    """Its zero would be refused by a geometric mean, but it counts nothing."""
    table = official.indicators.assign(weight=[0, 2, 1, 3, 1, 1, 1])
    rows = ROWS.copy()
    rows.loc[rows["indicator"] == "a", "value"] = -5.0
    light = official.replace(indicators=table, node={"one": {"aggregation": "geometric"}})
    scores = score(rows, light)
    left = scores.wide(2020, "indicator")[["b", "c"]]
    assert scores.of("one")[2020].tolist() == pytest.approx((left["b"] ** 2 * left["c"]) ** (1 / 3))
    without = score(rows[rows["indicator"] != "a"], light)
    assert without.of("index")[2020].tolist() == pytest.approx(scores.of("index")[2020].tolist())


def test_rules_that_learn_see_the_base_years_only(official: Methodology) -> None:
    """Neither later years, nor the nation, nor what was inherited or written back."""
    seen: list[Array] = []

    def curious(z: Array, stated: Array) -> Array:
        seen.append(z)
        return stated

    years = [ROWS.assign(year=year, status="normal") for year in (2018, 2019, 2020)]
    rows = pd.concat([*years, years[0][years[0]["region"] == "R0"].assign(region="Z")], ignore_index=True)
    rows.loc[(rows["year"] == 2019) & (rows["region"] == "R2"), "status"] = "parent region"
    rows.loc[(rows["year"] == 2019) & (rows["region"] == "R1"), "status"] = "backcast"
    here = score(rows, official.replace(component={"weighting": curious}), years=[2020])
    assert {z.shape[0] for z in seen} == {4}  # R0 to R2 of 2018, R0 of 2019
    assert here.base.shape == (4, 7)
    grown = pd.concat([rows, ROWS.assign(year=2021)])
    there = score(grown, official.replace(component={"weighting": curious}), years=[2020])
    pd.testing.assert_series_equal(there.nodes["score"], here.nodes["score"])


def test_learning_normalisation_takes_the_base(official: Methodology) -> None:
    def centred(x: Array, worst: Array, best: Array, log: Array, base: Array) -> Array:
        return 50 + 10 * (x - base.mean(axis=0)) / base.std(axis=0)

    rows = pd.concat([ROWS.assign(year=year) for year in (2018, 2020)])
    plain = {level: {"aggregation": "arithmetic"} for level in ("component", "dimension", "index")}
    scores = score(rows, official.replace(normalisation=centred, **plain), years=[2020])
    assert scores.wide(2020, "indicator").mean().to_numpy() == pytest.approx(50)


def test_scoring_is_the_same_on_bare_arrays(methodology: Methodology) -> None:
    scores = score(ROWS, methodology)
    derived = derive(scores.values(2020).to_numpy(), methodology, base=scores.base, weights=scores.weights)
    assert derived.index.tolist() == scores.of("index")[2020].tolist()


@pytest.mark.slow
def test_the_real_edition_is_what_the_recursion_says() -> None:
    """The official index of 2023 by plain arithmetic: equal weights, arithmetic means, gaps left out."""
    scores: Scores = read_edition(2023).scores
    methodology = scores.methodology
    mean: Callable[[Any], float] = lambda found: math.fsum(found) / len(found)  # noqa: E731
    for region, values in scores.values(2023).iterrows():
        table = methodology.indicators.set_index("code")
        components: dict[tuple[str, str], list[float | None]] = {}
        for code, row in table.iterrows():
            place = components.setdefault((row["dimension"], row["component"]), [])
            value = values[code]
            if np.isnan(value):
                place.append(None)
                continue
            f = math.log if row["scale"] == "log" else float
            place.append(min(max(100 * (f(value) - f(row["worst"])) / (f(row["best"]) - f(row["worst"])), 0), 100))
        dimensions: dict[str, list[float]] = {}
        for (dimension, _), found in components.items():
            measured = [v for v in found if v is not None]
            if measured and len(measured) / len(found) >= 0.2:
                dimensions.setdefault(dimension, []).append(mean(measured))
        assert scores.of("index").at[region, 2023] == pytest.approx(
            mean([mean(d) for d in dimensions.values()]), abs=1e-9
        )


def test_tables_are_built_when_they_are_read_and_once(monkeypatch: pytest.MonkeyPatch, official: Methodology) -> None:
    built: list[str] = []
    nodes = ScoreTables.nodes

    def counted(tables: ScoreTables) -> pd.DataFrame:
        built.append("nodes")
        return nodes(tables)

    monkeypatch.setattr(ScoreTables, "nodes", counted)
    scores = score(ROWS, official)
    named = scores.with_names({"R0": "First"})
    assert built == []
    assert scores.nodes is scores.nodes
    assert built == ["nodes"]
    assert named.code("First") == "R0"
    assert scores.names == {}
