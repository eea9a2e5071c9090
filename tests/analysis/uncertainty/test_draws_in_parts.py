"""Draws in parts give the draws of the simulation at the official weights, and say what they cannot repeat."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cwi import DataError, read_edition
from cwi.analysis.uncertainty import live_draws, prepare, simulate

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
MEAN = {"choices": [{}, {"name": "geometric", "component": {"aggregation": {"name": "geometric", "floor": 1}}}]}
BORDA = {"choices": [{}, {"name": "borda", "index": {"aggregation": "borda"}}]}
LEFT_OUT = {"choices": [{}, {"name": "without water", "without": ["water"]}]}
NOISE, SETS = {"weights": {"noise": 0.25}}, {"weights": {"sets": "experts"}}
EXPERTS = {"experts": pd.DataFrame({"home": [0.5, 0.7], "school": [0.5, 0.3]})}


@pytest.mark.slow
@pytest.mark.usefixtures("project")
def test_at_the_official_weights_they_are_the_draws_of_the_simulation() -> None:
    edition = read_edition(2022)
    plan = prepare(edition, {"factor": {"mean": MEAN, "noise": NOISE, "out": LEFT_OUT}})
    drawn = simulate(plan, draws=80, rng=np.random.default_rng(3))
    parts = live_draws(drawn, draws=60)
    assert (parts.draws, parts.fixed, parts.covered) == (60, (), ("mean", "noise", "out"))
    scores, refused = parts.scores(edition.scores.weights)
    assert not refused.any()
    # scores to half a step, weights to half of 1/256
    np.testing.assert_allclose(scores, drawn.scores[:, :60], rtol=0, atol=0.25)
    assert not np.allclose(scores[:, ::-1], drawn.scores[:, :60], rtol=0, atol=0.25)  # the control
    scaled = [7 * weights for weights in edition.scores.weights]
    np.testing.assert_allclose(parts.scores(scaled)[0], scores, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.usefixtures("project")
def test_what_cannot_be_repeated_is_held_and_named() -> None:
    edition = read_edition(2022)
    factors: Any = {"factor": {"mean": MEAN, "borda": BORDA}}
    parts = live_draws(simulate(prepare(edition, factors), draws=40, rng=np.random.default_rng(3)), draws=40)
    assert (parts.fixed, parts.covered) == (("borda",), ("mean",))
    assert repr(parts) == "LiveDraws(40 draws of mean; held: borda; step 0.03125)"
    plan = prepare(edition, {"factor": {"mean": MEAN, "experts": SETS}}, sets=EXPERTS)
    assert live_draws(simulate(plan, draws=40, rng=np.random.default_rng(3)), draws=40).fixed == ("experts",)


@pytest.mark.usefixtures("project")
def test_no_draw_is_refused(says: Says) -> None:
    drawn = simulate(prepare(read_edition(2022), {"factor": {"mean": MEAN}}), draws=5, rng=np.random.default_rng(3))
    with says(DataError, "none of the first 0 draws can be used"):
        live_draws(drawn, draws=0)
