"""Draws, enumeration and Sobol indices beside a plain NumPy loop and the packages a user would pick instead.

Each line is measured in a process of its own, so that its peak memory is its own. The packages are installed for the
benchmark only, into build/peers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

import cwi
from benchmarks.memory import peak
from cwi.analysis.uncertainty import Plan, exact, prepare, simulate
from cwi.analysis.uncertainty.draws import DRAWS
from cwi.methods.variance import sobol_indices

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "build" / "peers"
PACKAGES = ("pymcdm==1.4.0", "pyrepo-mcda==0.1.15", "tabulate")
YEAR = 2022
FEW = 200  # draws that the packages are timed on; their time is scaled up

GEOMETRIC, HARMONIC = ({"name": name, "floor": 1.0} for name in ("geometric", "harmonic"))
SCALES: list[dict[str, Any]] = [
    {},
    {"name": "range", "normalisation": "min_max"},
    {"name": "rank", "normalisation": "percentile_rank"},
]


def mean(level: str, *rules: Any) -> dict[str, Any]:
    """A factor that puts a level together otherwise."""
    choices: list[dict[str, Any]] = [{}]
    return {
        "choices": choices + [{"name": f"{level} {i}", level: {"aggregation": rule}} for i, rule in enumerate(rules)]
    }


NOISE = {"weights": {"weights": {"noise": 0.25}}}
MIXED = {"scale": {"choices": SCALES}, "mean": mean("index", GEOMETRIC, HARMONIC), **NOISE}
SURVEY = {**MIXED, "survey": {"values": {"error": "sampling"}}}
MANY = {
    "scale": {"choices": [*SCALES, {"name": "bands", "normalisation": "borda"}]},
    "components": mean("component", GEOMETRIC, HARMONIC, {"name": "power", "p": 0.5}, {"name": "power", "p": 2.0}),
    "dimensions": mean("dimension", GEOMETRIC, HARMONIC, {"name": "power", "p": 0.5}, {"name": "power", "p": 2.0}),
    "index": mean("index", GEOMETRIC, HARMONIC, {"name": "power", "p": 0.5}, {"name": "power", "p": 2.0}),
    "weights": {"choices": [{}, *({"name": f"more {d}", "index": {"weighting": "stated"}, "node": {d: {"weight": 2}}}
                                  for d in ("child", "country", "public_policy"))]},
}  # fmt: skip


def made_up(units: int) -> tuple[pd.DataFrame, Any]:
    """A whole table of observations of so many units, a standard error on each survey indicator, and a methodology."""
    methodology = cwi.read_methodology("2024.1").replace(base=[YEAR])
    table = methodology.indicators
    low, high = (table[["worst", "best"]].agg(how, axis=1).to_numpy(float) for how in ("min", "max"))
    value = np.random.default_rng(1).uniform(low + 0.05 * (high - low), high - 0.05 * (high - low), (units, len(table)))
    survey = np.tile((table["kind"] == "survey").to_numpy(), units)
    rows = pd.DataFrame(
        {
            "region": np.repeat([f"R{i:05d}" for i in range(units)], len(table)),
            "year": YEAR,
            "indicator": np.tile(table["code"].to_numpy(object), units),
            "value": value.reshape(-1),
            "se": np.where(survey, 2.0, np.nan),
        }
    )
    return rows, methodology


def plan_of(factors: dict[str, Any], units: int = 20) -> Plan:
    """All that may be varied of such a table."""
    rows, methodology = made_up(units)
    return prepare(cwi.Edition.of(rows, methodology), {"factor": factors})


def drawn(factors: dict[str, Any], units: int, draws: int, workers: int = 2) -> float:
    """Seconds from a plan to scores, ranks and the table of their quantiles; the best of three where they are short."""
    plan = plan_of(factors, units)
    simulate(plan, draws=min(draws, 100), rng=np.random.default_rng(1), workers=workers)
    best = float("inf")
    for _ in range(3 if draws * units < 10**6 else 1):
        start = perf_counter()
        simulate(plan, draws=draws, rng=np.random.default_rng(1), workers=workers).summary(YEAR)
        best = min(best, perf_counter() - start)
    return best


def cluster(workers: int) -> float:
    """Seconds of a million mixed draws on a Dask cluster of so many processes of one thread."""
    from distributed import Client, LocalCluster

    plan = plan_of(MIXED)
    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as here, Client(here) as client:
        simulate(plan, draws=4 * DRAWS, rng=np.random.default_rng(1), client=client)
        start = perf_counter()
        simulate(plan, draws=1_000_000, rng=np.random.default_rng(1), client=client)
        return perf_counter() - start


def counted(draws: int) -> float:
    """Weight draws of an additive tree, and how often each unit stands at each rank."""
    plan = plan_of(NOISE)
    best = float("inf")
    for _ in range(5):
        start = perf_counter()
        simulate(plan, draws=draws, rng=np.random.default_rng(1), workers=2).rank_distribution(YEAR)
        best = min(best, perf_counter() - start)
    return best


def enumerated() -> float:
    """All 2,000 combinations and the shares of variance of 41 outputs."""
    plan = plan_of(MANY)
    best = float("inf")
    for _ in range(3):
        start = perf_counter()
        found = exact(plan, YEAR)
        best = min(best, perf_counter() - start)
    assert len(found.runs) == 2000
    return best


def design() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outputs of a Saltelli design of 56 factors, N = 1,024, 20 outputs."""
    rng = np.random.default_rng(1)
    weight = rng.random((56, 20))
    a, b = rng.random((2, 1024, 56))
    mixed = np.stack([np.where(np.arange(56) == i, b, a) @ weight for i in range(56)])
    return a @ weight, b @ weight, mixed


def estimated() -> float:
    """First-order and total indices with bootstrap intervals after the model was run."""
    a, b, ab = design()
    start = perf_counter()
    sobol_indices(a, b, ab, resamples=100, rng=np.random.default_rng(1))
    return perf_counter() - start


def salib() -> float:
    """The same with SALib, output by output."""
    from SALib.analyze import sobol

    a, b, ab = design()
    problem = {"num_vars": 56, "names": [f"x{i}" for i in range(56)], "bounds": [[0, 1]] * 56}
    start = perf_counter()
    for output in range(20):
        y = np.concatenate([a[None, :, output], ab[..., output], b[None, :, output]]).T.reshape(-1)
        sobol.analyze(problem, y, calc_second_order=False, num_resamples=100, seed=1)
    return perf_counter() - start


def floor(draws: int, units: int = 20) -> float:
    """The mixed draws as a plain NumPy loop over draws, without coverage, gaps, ties or names."""
    rows, methodology = made_up(units)
    x = rows["value"].to_numpy().reshape(units, -1)
    low, high = x.min(axis=0), x.max(axis=0)
    ends = methodology.indicators[["worst", "best"]].to_numpy(float).T
    scales = [
        100 * (x - ends[0]) / (ends[1] - ends[0]),
        100 * (x - low) / (high - low),
        100 * (x.argsort(0).argsort(0) + 1) / units,
    ]
    own = methodology.stated_weights
    first = [np.array([node.parts[0] for node in nodes]) for nodes in methodology.nodes]
    there: list[Callable[[np.ndarray], np.ndarray]] = [np.array, np.log, np.reciprocal]
    back: list[Callable[[np.ndarray], np.ndarray]] = [np.array, np.exp, np.reciprocal]
    rng = np.random.default_rng(1)
    start = perf_counter()
    scores = np.empty((draws, units))
    for draw in range(draws):
        y, rule = scales[rng.integers(3)], rng.integers(3)
        for level, (weights, begins) in enumerate(zip(own, first, strict=True)):
            w = weights * (1 + 0.25 * (2 * rng.random(len(weights)) - 1))
            y = there[rule](np.maximum(y, 1)) if level == 2 else y
            y = np.add.reduceat(w * y, begins, axis=1) / np.add.reduceat(w, begins)
        scores[draw] = back[rule](y[:, 0])
    ranks = (-scores).argsort(axis=1).argsort(axis=1) + 1
    np.quantile(ranks, [0.01, 0.05, 0.5, 0.95, 0.99], axis=0)
    np.quantile(scores, [0.01, 0.05, 0.5, 0.95, 0.99], axis=0)
    return perf_counter() - start


def package(name: str, draws: int) -> float:
    """Weight draws of a weighted sum with a package that scores one set of weights at a time, scaled to so many."""
    rows, _ = made_up(20)
    x = rows["value"].to_numpy().reshape(20, -1)
    types = np.ones(x.shape[1])
    if name == "pymcdm":
        from pymcdm.methods import WSM
        from pymcdm.normalizations import minmax_normalization

        method = WSM(minmax_normalization)
    else:
        from pyrepo_mcda.mcda_methods import SAW
        from pyrepo_mcda.normalizations import minmax_normalization

        method = SAW(minmax_normalization)
    rng = np.random.default_rng(1)
    start = perf_counter()
    counts = np.zeros((20, 20))
    for _ in range(FEW):
        w = 1 + 0.25 * (2 * rng.random(x.shape[1]) - 1)
        ranks = (-method(x, w / w.sum(), types)).argsort().argsort()
        counts[np.arange(20), ranks] += 1
    return (perf_counter() - start) * draws / FEW


LINES: dict[str, tuple[str, str]] = {
    "mixed 10,000 × 20": ("drawn(MIXED, 20, 10_000)", "≤ 0.04 s"),
    "  one thread": ("drawn(MIXED, 20, 10_000, 1)", ""),
    "  plain NumPy loop": ("floor(10_000)", ""),
    "weights 10,000 × 20, rank counts": ("counted(10_000)", "≤ 0.015 s"),
    "  pymcdm, one call a draw": ("package('pymcdm', 10_000)", ""),
    "  pyrepo-mcda, one call a draw": ("package('pyrepo', 10_000)", ""),
    "mixed 1,000 × 20": ("drawn(MIXED, 20, 1_000)", ""),
    "mixed 1,000 × 200": ("drawn(MIXED, 200, 1_000)", ""),
    "mixed 1,000 × 2,000": ("drawn(MIXED, 2_000, 1_000)", ""),
    "mixed 1,000 × 20,000": ("drawn(MIXED, 20_000, 1_000)", "≤ 4 s, ≤ 1 GB"),
    "  with survey error": ("drawn(SURVEY, 20_000, 1_000)", "≤ 2 ×"),
    "  plain NumPy loop, 20 draws scaled up": ("floor(20, 20_000) * 50", ""),
    "mixed 10,000 × 200": ("drawn(MIXED, 200, 10_000)", ""),
    "mixed 10,000 × 2,000": ("drawn(MIXED, 2_000, 10_000)", ""),
    "with survey error 10,000 × 20": ("drawn(SURVEY, 20, 10_000)", "≤ 2 ×"),
    "mixed 1,000,000 × 20": ("drawn(MIXED, 20, 1_000_000)", "≤ 4 s, ≤ 500 MB"),
    "exact, 2,000 combinations": ("enumerated()", "≤ 0.055 s"),
    "Sobol, 56 factors, N = 1,024, 20 outputs": ("estimated()", "≤ 0.064 s"),
    "  SALib": ("salib()", ""),
    "cluster, 1,000,000 × 20, one worker": ("cluster(1)", ""),
    "  two workers": ("cluster(2)", "≥ 1.6 × faster"),
}


def alone(call: str) -> dict[str, float]:
    """Seconds and peak memory in MB of one line, in a process of its own."""
    code = (
        "import json, benchmarks.uncertainty as b\n"
        f"seconds = eval({call!r}, vars(b))\n"
        "print(json.dumps({'seconds': seconds, 'peak': b.peak()}))"
    )
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", ""), str(PEERS)])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "2"},
    )  # fmt: skip
    if done.returncode:
        return {"reason": done.stderr.strip().splitlines()[-1]}  # type: ignore[dict-item]
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main() -> None:
    """Print seconds, peak memory and what is aimed at, line by line."""
    if not PEERS.is_dir():
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "pip", "install", "--quiet", "--no-deps", "--target", PEERS, *PACKAGES], check=False)
    print("uncertainty: 56 indicators, 3 scales × 3 means × noise of ± 25 % on the weights of three levels")
    print(f"  {'':42} {'seconds':>9} {'peak MB':>8}  aim")
    for name, (call, aim) in LINES.items():
        found = alone(call)
        if "reason" in found:
            print(f"  {name:42} {found['reason']}")
        else:
            print(f"  {name:42} {found['seconds']:9.3f} {found['peak']:8.0f}  {aim}")
    print(f"  peak of this process {peak()} MB")


if __name__ == "__main__":
    main()
