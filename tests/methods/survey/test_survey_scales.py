"""Scales: the Handbook's printed alpha, the definition by hand, and who left items out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwi.methods.survey import Design, alpha_interval, reliability, scale_score

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
REFERENCE = Path(__file__).parents[2] / "reference"

settings.register_profile("scales", deadline=None, max_examples=50)
USUAL = settings.get_profile("scales")


def test_the_printed_alpha_of_the_technology_index() -> None:
    """OECD/JRC Handbook, table 11: eight indicators of 23 countries, standardised."""
    printed = pd.read_csv(REFERENCE / "handbook" / "table_11_alpha.csv", index_col=0)
    table = pd.read_csv(REFERENCE / "tai" / "tai_2001.csv", index_col="country")
    names = [name for name in printed.index if not name.startswith("none")]
    values = table[[name if name in table else f"log10_{name}" for name in names]].iloc[:23]
    found = reliability((values - values.mean()) / values.std())
    assert found.n == 23
    assert found.alpha == pytest.approx(0.70, abs=0.006)
    assert found.without == pytest.approx(printed.loc[names, "alpha_if_deleted"].to_numpy(), abs=0.006)
    assert found.item_rest == pytest.approx(printed.loc[names, "corr_with_total"].to_numpy(), abs=0.02)


@given(seed=st.integers(0, 1000), m=st.integers(3, 6))
@USUAL
def test_the_definition_by_hand(seed: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    items = rng.normal(size=(30, 1)) + rng.normal(size=(30, m))
    counts = rng.integers(1, 4, size=30)
    many = np.repeat(items, counts, axis=0)
    found = reliability(items, counts)
    total = many.sum(axis=1)
    assert found.alpha == pytest.approx(m / (m - 1) * (1 - many.var(axis=0).sum() / total.var()))
    for j in range(m):
        rest = total - many[:, j]
        assert found.item_rest[j] == pytest.approx(np.corrcoef(many[:, j], rest)[0, 1])
        others = np.delete(many, j, axis=1)
        assert found.without[j] == pytest.approx((m - 1) / (m - 2) * (1 - others.var(axis=0).sum() / rest.var()))
    turned = reliability(5 - 2 * items, counts)
    assert turned.alpha == pytest.approx(found.alpha)


def test_items_that_say_the_same_have_alpha_one_and_items_that_say_nothing_have_none() -> None:
    x = np.random.default_rng(1).normal(size=20_000)
    assert reliability(np.column_stack([x, x, x])).alpha == pytest.approx(1)
    nothing = reliability(np.random.default_rng(2).normal(size=(20_000, 5)))
    assert nothing.alpha == pytest.approx(0, abs=0.05)
    assert reliability(np.column_stack([x, x + 1])).without.tolist() == pytest.approx([np.nan, np.nan], nan_ok=True)


def test_who_left_an_item_out_is_counted_and_not_used() -> None:
    items = np.array([[1.0, 2, 1], [2, 2, 3], [3, 4, 3], [np.nan, 5, 1], [4, np.nan, np.nan]])
    w = np.array([1.0, 1, 1, 2, 5])
    found, complete = reliability(items, w), reliability(items[:3], w[:3])
    assert found.alpha == complete.alpha
    assert found.n == 3
    assert found.complete == pytest.approx(0.3)
    assert found.missing == pytest.approx([0.2, 0.5, 0.5])


def test_scores_need_enough_items() -> None:
    items = [[1, 2, 3, 6], [1, np.nan, 3, np.nan], [np.nan, np.nan, np.nan, 4], [np.nan] * 4]
    assert scale_score(items, at_least=2) == pytest.approx([3, 2, np.nan, np.nan], nan_ok=True)
    assert scale_score(items, at_least=2, how="sum") == pytest.approx([12, 8, np.nan, np.nan], nan_ok=True)
    assert scale_score(items, at_least=1) == pytest.approx([3, 2, 4, np.nan], nan_ok=True)
    assert scale_score(items, at_least=4) == pytest.approx([3, np.nan, np.nan, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: scale_score([[1, 2]], at_least=3), "at least 3 of 2 items; it must be from 1 to 2"),
        (lambda: scale_score([[1, 2]], at_least=0), "at least 0 of 2 items; it must be from 1 to 2"),
        (lambda: scale_score([1, 2], at_least=1), "items of the shape (2,); there must be respondents by items"),
        (
            lambda: scale_score([[1, 2]], at_least=1, how="total"),
            "a scale is scored by its mean or its sum, not by 'total'",
        ),
        (lambda: reliability([[1.0], [2.0]]), "Cronbach's alpha needs at least two items"),
        (
            lambda: reliability([[1.0, np.nan], [2.0, 1.0]]),
            "1 respondents answered all 2 items; there must be at least two",
        ),
        (lambda: reliability([[1.0, 2.0], [2.0, 1.0]]), "Cronbach's alpha needs a sum that varies"),
        (
            lambda: reliability([[1.0, 2.0], [2.0, 1.0]], [1.0]),
            "weights of the shape (1,) must be 2 numbers not below zero, not all zero",
        ),
    ],
)
def test_what_is_no_scale_is_refused(says: Says, call: Callable[[], Any], sentence: str) -> None:
    with says(ValueError, sentence):
        call()


def test_the_interval_of_alpha_has_the_length_that_theory_gives() -> None:
    """Parallel normal items: the variance of alpha nears 2 m (1 - alpha)² / ((m - 1) n) (van Zyl and others 2000)."""
    n, m, rng = 40_000, 4, np.random.default_rng(5)
    items = rng.standard_normal((n, 1)) + rng.standard_normal((n, m))
    alpha = reliability(items).alpha
    low, high = alpha_interval(items, Design(np.ones(n)))
    assert low < alpha < high < 1
    assert high - low == pytest.approx(2 * 1.96 * (1 - alpha) * np.sqrt(2 * m / ((m - 1) * n)), rel=0.03)


def test_the_interval_of_alpha_knows_clusters() -> None:
    """Whoever answers for twenty is one answer: the interval is as wide as that of the single answers."""
    rng = np.random.default_rng(6)
    single = rng.standard_normal((200, 1)) + rng.standard_normal((200, 3))
    copied, psu = np.repeat(single, 20, axis=0), np.repeat(np.arange(200), 20)
    alone = alpha_interval(single, Design(np.ones(200)))
    assert alpha_interval(copied, Design(np.ones(4000), psu=psu)) == pytest.approx(alone)
    low, high = alpha_interval(copied, Design(np.ones(4000)))
    assert high - low < 0.3 * (alone[1] - alone[0])


def test_alpha_of_those_who_answered_all_has_the_same_interval_with_others_beside_them() -> None:
    rng = np.random.default_rng(7)
    items = rng.standard_normal((300, 1)) + rng.standard_normal((300, 3))
    gaps = np.vstack([items, np.full((5, 3), np.nan), [[1.0, np.nan, 2.0]]])
    psu = np.concatenate([np.arange(300) // 10, np.arange(6)])
    with_gaps = alpha_interval(gaps, Design(np.ones(306), psu=psu))
    assert with_gaps == pytest.approx(alpha_interval(items, Design(np.ones(300), psu=psu[:300])))
