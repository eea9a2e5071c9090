"""A method is one function: from its definition it is a word everywhere, with nothing else touched."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import cwi.methods
from cwi import MethodologyError, read_edition, read_methodology
from cwi.analysis.comparison import incompatible
from cwi.report.trace import trace
from cwi.traits import _METHODS, FAMILIES, method, methods_of

Array = NDArray[np.float64]
ROOT = Path(cwi.methods.__file__).parents[2]


@pytest.fixture
def minimum() -> Iterator[None]:
    """CONTRIBUTING's recipe, run as it is printed there."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    recipe = re.search(r"```python\n(@method\(\"aggregation\".*?)```", text, re.DOTALL)
    assert recipe, "CONTRIBUTING has no recipe for an aggregation"
    exec(recipe[1], {"np": np, "method": method, "Array": Array, "__name__": "a_new_module"})
    yield
    del _METHODS["aggregation"]["minimum"]


@pytest.mark.slow
@pytest.mark.usefixtures("minimum")
def test_one_function_is_a_word_everywhere() -> None:
    edition = read_edition(2023)
    other = edition.methodology.replace(index={"aggregation": "minimum"})
    scores = replace(edition, methodology=other).scores
    lowest = scores.wide(2023, "dimension").min(axis=1)
    np.testing.assert_allclose(scores.of("index")[2023], lowest)
    assert [row["word"] for row in cwi.methods.table("aggregation") if row["word"] == "minimum"] == ["minimum"]
    assert "minimum mean of 4 of 4 parts: min(" in trace(replace(edition, methodology=other), "KZ-15")
    with pytest.raises(MethodologyError, match=r"\(did you mean 'minimum'\?\); there are .*, minimum, "):
        edition.methodology.replace(index={"aggregation": "minimun"})


def test_every_word_is_described() -> None:
    for row in cwi.methods.table():
        assert row["summary"].endswith((".", "]")), row
        assert row["word"] in methods_of(row["family"])
    assert {row["family"] for row in cwi.methods.table()} == set(FAMILIES)
    critic = next(row for row in cwi.methods.table("weighting") if row["word"] == "critic")
    assert critic["parameters"] == "scale = 'minmax', correlation = 'pearson'"
    assert "10.1016" in critic["source"]
    assert "learns from the base years" in critic["traits"]


def test_wrong_families_and_names_taken_twice_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^there is no family 'means'; there are normalisation, weighting, aggregation"
    ):
        cwi.methods.table("means")
    with pytest.raises(ValueError, match=r"^there is no family 'means'; there are "):
        method("means")  # type: ignore[arg-type]

    def arithmetic(y: Array, w: Array) -> Array:
        return y[..., 0]

    with pytest.raises(ValueError, match=r"^two methods of the family 'aggregation' are called 'arithmetic'$"):
        method("aggregation")(arithmetic)


def test_a_scale_without_a_zero_and_a_mean_that_needs_one() -> None:
    official = read_methodology("2024.1")
    bad = official.replace(normalisation="rank", index={"aggregation": "harmonic"})
    assert incompatible(bad) == [
        "rank and harmonic do not go together: harmonic needs a scale with a true zero; a place is no quantity"
    ]
    assert incompatible(official.replace(normalisation="ampi", index={"aggregation": "geometric"}))
    penalised = {"name": "penalised", "direction": "down"}
    assert incompatible(official.replace(normalisation="ampi", index={"aggregation": penalised})) == []
