"""The compiled loops against the same rules in NumPy, and ranks against sorting."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from cwi.analysis.uncertainty import Plan
from cwi.analysis.uncertainty.common import Common
from cwi.analysis.uncertainty.draws import NOISE, points
from cwi.analysis.uncertainty.kernel import rank_draws, rank_sorted

Array = NDArray[np.float64]
Planned = Callable[..., Plan]

MEANS: dict[str, Any] = {
    "component": {"choices": [{}, {"name": "g", "component": {"aggregation": "geometric"}},
                              {"name": "q", "component": {"aggregation": {"name": "power", "p": 0.5}}}]},
    "dimension": {"choices": [{}, {"name": "h", "dimension": {"aggregation": {"name": "harmonic", "floor": 2}}},
                              {"name": "s", "dimension": {"aggregation": {"name": "power", "p": 2.0}}},
                              {"name": "n", "dimension": {"aggregation": {"name": "power", "p": 0}, "coverage": 0.9}}]},
    "without": {"choices": [{}, {"name": "ill", "without": ["ill"]}]},
}  # fmt: skip
MOVING: dict[str, Any] = {"noise": {"weights": {"noise": 0.4}}, "survey": {"values": {"error": "sampling"}}}


def by_numpy(made: Plan, choices: Array, u: Array, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The same draws when no aggregation is one that is compiled."""
    with monkeypatch.context() as patch:
        patch.setattr("cwi.analysis.uncertainty.common.CODES", {})
        patch.setattr("cwi.analysis.uncertainty.kernel.climb", None)
        vars(made).pop("_engine", None)
        outcome = made.run(choices, u)
    vars(made).pop("_engine", None)
    return outcome


@pytest.mark.slow
def test_compiled_loops_are_the_rules_in_numpy(
    plan: Planned, observations: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gaps, parts left out, perturbed weights and values, every mean, scores that a mean refuses."""
    rows = observations.assign(se=observations["se"].mask(observations["indicator"] == "height", 6.0))
    made = plan(MEANS | MOVING, observations=rows)
    u = points(3, 0, 300, made.size)
    choices = made.choices(u)
    one, two = made.run(choices, u), by_numpy(made, choices, u, monkeypatch)
    assert one.failed == two.failed
    assert 0 < len(one.failed) < 300
    assert np.isnan(one.scores).any(axis=1).any()
    assert np.array_equal(np.isnan(one.scores), np.isnan(two.scores))
    assert one.scores == pytest.approx(two.scores, rel=1e-12, abs=1e-12, nan_ok=True)


def test_rules_that_compare_units_are_not_compiled(plan: Planned, whole: pd.DataFrame) -> None:
    made = plan({"top": {"choices": [{}, {"name": "b", "index": {"aggregation": "borda"}}]}}, observations=whole)
    common = Common(made)
    assert common.level_rules(2, (0,)).aggregations is not None
    assert common.level_rules(2, (1,)).aggregations is None


def test_a_set_that_gives_a_part_no_weight(
    plan: Planned, observations: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that counts nothing stops no mean, but is missed where it is missing."""
    experts = pd.DataFrame({"life": [1.0, 0.0], "mind": [0.0, 1.0], "place": [2.0, 3.0], "reading": [0.0, 1.0],
                            "sums": [1.0, 0.0]})  # fmt: skip
    factors = {"votes": {"weights": {"sets": "experts"}}, "mean": MEANS["component"]}
    made = plan(factors, observations=observations, sets={"experts": experts})
    u = points(1, 0, 60, made.size)
    choices = made.choices(u)
    one, two = made.run(choices, u), by_numpy(made, choices, u, monkeypatch)
    assert one.failed == two.failed
    assert one.scores == pytest.approx(two.scores, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("n", [1, 7, 40])
def test_ranks_by_comparing_are_ranks_by_sorting(n: int) -> None:
    rng = np.random.default_rng(n)
    scores = rng.integers(0, 12, (200, n)) * (1 + 1e-14 * rng.normal(size=(200, n)))
    scores[rng.random(scores.shape) < 0.1] = np.nan
    one, two = np.empty(scores.shape, dtype=np.uint16), np.empty(scores.shape, dtype=np.uint16)
    rank_draws(scores, one, NOISE)
    rank_sorted(scores, np.argsort(-scores, axis=1), two, NOISE)
    whole = np.round(scores)
    expected = 1 + (whole[:, None, :] > whole[:, :, None]).sum(axis=2)
    assert np.array_equal(one, np.where(np.isnan(scores), 0, expected))
    assert np.array_equal(two, one)
