"""The arrow on arrays, against the same arithmetic written as loops in the same run."""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pandas as pd

import cwi
from cwi.index import derive
from cwi.methodology import Methodology

DRAWS = 10_000
LOOPED = 50  # draws that the loops are timed on; their time is scaled up


def looped(x: np.ndarray, methodology: Methodology) -> np.ndarray:
    """The index of one draw, region by region, as a reader of the rules would write it."""
    table = methodology.indicators.to_dict("records")
    index = []
    for row in x:
        scores = []
        for value, rule in zip(row, table, strict=True):
            if value != value:
                scores.append(value)
                continue
            worst, best = rule["worst"], rule["best"]
            if rule["scale"] == "log":
                value, worst, best = np.log(value), np.log(worst), np.log(best)
            scores.append(min(100.0, max(0.0, 100 * (value - worst) / (best - worst))))
        for level in methodology.nodes:
            above = []
            for node in level:
                parts = [scores[i] for i in node.parts if scores[i] == scores[i]]
                enough = len(parts) / len(node.parts) >= node.coverage - 1e-9 and parts
                above.append(sum(parts) / len(parts) if enough else float("nan"))
            scores = above
        index.append(scores[0])
    return np.array(index)


def growth(methodology: Methodology) -> None:
    """Print how the time of one scoring grows with the number of units."""
    k, rng = len(methodology.indicators), np.random.default_rng(1)
    ends = methodology.indicators[["worst", "best"]].to_numpy(float)
    print(f"one scoring of {k} indicators, every level")
    for n in (20, 200, 2_000, 20_000):
        x = rng.uniform(ends.min(axis=1) + 0.01, ends.max(axis=1), size=(n, k))
        start = perf_counter()
        derive(x, methodology)
        print(f"  {n:>6,} units          {1000 * (perf_counter() - start):10.1f} ms")
    print("one scoring of 20 units, every level")
    for times in (1, 10, 100):
        once = methodology.indicators
        table = pd.concat([once.assign(code=once["code"] + f"_{i}") for i in range(times)])
        wide = methodology.replace(indicators=table.astype({"weight": str, "decimals": str, "worst": str, "best": str}))
        x = rng.uniform(1, 2, size=(20, k * times))
        assert wide.nodes  # the tree is built once, before the clock starts
        start = perf_counter()
        derive(x, wide)
        print(f"  {k * times:>6,} indicators     {1000 * (perf_counter() - start):10.1f} ms")


def main() -> None:
    """Print milliseconds and the ratio of 10,000 draws of 17 regions × 56 indicators."""
    scores = cwi.read_edition(2019).scores
    values = scores.values(2019)
    x = values[values.index != "KZ"].to_numpy()
    rng = np.random.default_rng(1)
    draws = np.abs(x * (1 + rng.normal(0, 0.02, size=(DRAWS, *x.shape))))
    assert np.allclose(derive(x, scores.methodology).index, looped(x, scores.methodology), equal_nan=True)
    start = perf_counter()
    derive(draws, scores.methodology)
    array = perf_counter() - start
    start = perf_counter()
    for draw in draws[:LOOPED]:
        looped(draw, scores.methodology)
    loop = (perf_counter() - start) * DRAWS / LOOPED
    growth(scores.methodology)
    print(f"{DRAWS:,} draws of {x.shape[0]} regions × {x.shape[1]} indicators, every level")
    print(f"  cwi.derive            {1000 * array:10.0f} ms")
    print(f"  loops in plain Python {1000 * loop:10.0f} ms  ({loop / array:.0f} ×)")
