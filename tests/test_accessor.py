"""Pictures as methods: named by the core, drawn above it, imported only when one is asked for."""

import inspect
import subprocess
import sys

import pytest

from cwi import Scores
from cwi.analysis.uncertainty import Robustness, Simulation
from cwi.report import plot


@pytest.mark.parametrize("of", [Scores, Simulation, Robustness])
def test_every_picture_that_is_named_is_drawn(of: type) -> None:
    for name in of.plot.names:
        first = next(iter(inspect.signature(getattr(plot, name)).parameters.values()))
        assert of.__name__ in str(first.annotation).split(" | ")


def test_every_picture_is_a_method_of_something() -> None:
    assert {*Scores.plot.names, *Simulation.plot.names, *Robustness.plot.names} == set(plot.__all__)


def test_a_picture_is_a_method_with_the_words_of_its_function(scores: Scores) -> None:
    assert dir(scores.plot) == ["heatmap", "map", "ranking"]
    assert scores.plot.ranking.__doc__ == plot.ranking.__doc__
    assert repr(scores.plot) == f"Pictures of {scores!r}: ranking, map, heatmap"
    with pytest.raises(AttributeError, match=r"\Ano picture is called 'rankin' \(did you mean 'ranking'\?\)"):
        _ = scores.plot.rankin


@pytest.mark.slow
def test_scores_are_computed_without_matplotlib() -> None:
    code = (
        "import sys, cwi; scores = cwi.read_edition(2023).scores; repr(scores.plot); "
        "print('matplotlib' in sys.modules, 'seaborn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
