"""A census of children from Parquet: all regions, all cut-offs, overlaps of five dimensions; and a plain NumPy loop."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.memory import peak
from cwi.analysis.deprivation import count_census
from cwi.inputs.households import census_batches, census_files
from cwi.methods.deprivation import CountingPlan, every_cutoff
from cwi.methods.survey import Design, mean

ITEMS = [f"item_{j:02d}" for j in range(20)]
DIMENSIONS = {f"dimension_{d}": ITEMS[4 * d : 4 * d + 4] for d in range(5)}
REGIONS = [f"R{r:02d}" for r in range(20)]
CHILDREN = 6_800_000
SIZES = (1_700_000, CHILDREN, 13_600_000)
SHARED = 200_000  # what a peer can do in seconds
SURVEY = 20_000
PEERS = Path(__file__).parents[1] / "build" / "peers"


def written(folder: Path, n: int) -> Path:
    """Synthetic children, in row groups of half a million."""
    rng = np.random.default_rng(1)
    path = folder / f"census-{n}.parquet"
    writer = None
    for start in range(0, n, 1 << 19):
        size = min(1 << 19, n - start)
        living = rng.standard_normal(size)
        columns = {name: pa.array(rng.standard_normal(size) + 0.5 * living < -1.2) for name in ITEMS}
        places = pa.array(rng.integers(0, 20, size).astype(np.int8))
        columns["region"] = pa.DictionaryArray.from_arrays(places, REGIONS)
        columns["weight"] = pa.array(rng.uniform(0.5, 2.0, size))
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=1 << 19)
    assert writer is not None
    writer.close()
    return path


def whole(path: Path) -> tuple[float, int]:
    """Seconds from the file to all measures, and the peak of memory in MB, in a process of its own."""
    code = (
        "import sys, time; from benchmarks.deprivation import ITEMS, DIMENSIONS, REGIONS, peak;"
        "from cwi.analysis.deprivation import count_census; t = time.perf_counter();"
        "count_census(sys.argv[1], dict.fromkeys(ITEMS, 1), dimensions=DIMENSIONS, regions=REGIONS, weight='weight');"
        "print(time.perf_counter() - t, peak())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    seconds, memory = done.stdout.split()
    return float(seconds), int(memory)


def counting(path: Path) -> float:
    """Processor seconds of the counting alone, one thread, from packed codes in memory."""
    plan = CountingPlan([1] * 20, [range(4 * d, 4 * d + 4) for d in range(5)])
    batches = list(census_batches(census_files(path)[0], ITEMS, REGIONS, weight="weight"))
    best = np.inf
    for _ in range(3):
        start = process_time()
        total = plan.empty(20)
        for batch in batches:
            total = total.include(plan.tally(batch.codes, batch.region, 20, people=batch.people))
        best = min(best, process_time() - start)
    return float(best)


def on_a_cluster(path: Path) -> float:
    """The same call on two workers of Dask."""
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        start = perf_counter()
        count_census(
            path, dict.fromkeys(ITEMS, 1), dimensions=DIMENSIONS, regions=REGIONS, weight="weight", client=client
        )
        return perf_counter() - start


def plain(n: int) -> tuple[float, float]:
    """Seconds of one cut-off by a plain NumPy matrix, a loop over regions, and of all cut-offs here; same table."""
    rng = np.random.default_rng(2)
    g = rng.random((n, 20)) < 0.2
    region, w = rng.integers(0, 20, n), rng.uniform(0.5, 2, n)
    start = perf_counter()
    counts = g @ np.full(20, 1 / 20)
    for k in np.arange(1, 21) / 20:
        poor = counts >= k - 1e-9
        for r in range(20):
            here = region == r
            (w[here] * poor[here]).sum(), (w[here] * poor[here] * counts[here]).sum()
            (w[here] * poor[here]) @ g[here]
    loop = perf_counter() - start
    start = perf_counter()
    every_cutoff(g, [1] * 20, people=w, groups=region, count=20)
    return loop, perf_counter() - start


def answers(n: int) -> pd.DataFrame:
    """Children of a survey: 20 items that each fifth lacks, region and weight."""
    rng = np.random.default_rng(2)
    table = pd.DataFrame((rng.random((n, 20)) < 0.2).astype(int), columns=ITEMS)
    return table.assign(region=np.array(REGIONS)[rng.integers(0, 20, n)], weight=rng.uniform(0.5, 2, n))


def by_pandas(table: pd.DataFrame) -> list[pd.DataFrame]:
    """What a user would write: for each cut-off the weighted means of H, M0 and censored headcounts by region."""
    share, w = table[ITEMS].mean(axis=1), table["weight"]
    results = []
    for k in range(1, 21):
        poor = (share >= k / 20 - 1e-9).astype(float)
        rows = table[ITEMS].mul(poor * w, axis=0).assign(H=poor * w, M0=poor * share * w, w=w)
        sums = rows.groupby(table["region"]).sum()
        results.append(sums.div(sums["w"], axis=0))
    return results


def by_mpitb(table: pd.DataFrame, cutoffs: Sequence[int], over: list[str] | None) -> list[dict[str, Any]]:
    """The same with the package mpitb of PyPI, 0.2."""
    from mpitb.core import MPIToolbox

    tool = MPIToolbox()
    tool.set(name="all", dimensions=[(ITEMS[4 * d : 4 * d + 4], f"d{d}") for d in range(5)])
    tool.svyset(weight="weight")
    found: list[dict[str, Any]] = tool.est(table, "all", list(cutoffs), svy=True, over=over)
    return found


def beside(n: int) -> None:
    """Seconds of a survey by this library, by pandas and by mpitb, and the cut-offs at which mpitb counts otherwise."""
    table = answers(n)
    cutoffs = [5 * k for k in range(1, 21)]
    region, g, w = pd.factorize(table["region"], sort=True)[0], table[ITEMS].to_numpy(bool), table["weight"].to_numpy()
    start = perf_counter()
    every_cutoff(g, [1] * 20, people=w, groups=region, count=20)
    mine = perf_counter() - start
    start = perf_counter()
    by_pandas(table)
    pandas = perf_counter() - start
    print(f"| all cut-offs and regions, {n:,} × 20, in memory | {mine:.3f} | |")
    print(f"| &nbsp;&nbsp;pandas, as a user would write it | {pandas:.2f} ({pandas / mine:,.0f} ×) | |")
    start = perf_counter()
    by_mpitb(table.copy(), cutoffs[5:6], ["region"])
    peer = 20 * (perf_counter() - start)
    print(f"| &nbsp;&nbsp;mpitb 0.2 of PyPI, one cut-off scaled to 20 | {peer:.2f} ({peer / mine:,.0f} ×) | |")
    found = by_mpitb(table.copy(), cutoffs, None)
    shares = {row["k"]: row["b"] for row in found if row["measure"] == "H" and row["loa"] == "nat"}
    counts = g.sum(axis=1)
    exact = {5 * k: float(w[counts >= k].sum() / w.sum()) for k in range(1, 21)}
    wrong = [k for k in cutoffs if abs(shares[k] - exact[k]) > 1e-9]
    worst = max(wrong, key=lambda k: abs(shares[k] - exact[k]), default=0)
    if wrong:
        print(
            f"mpitb loses children whose count is exactly the cut-off at {len(wrong)} of 20 cut-offs; worst at "
            f"{worst} %: H = {shares[worst]:.4f} instead of {exact[worst]:.4f} (counted in whole numbers)"
        )


def clustered(rng: np.random.Generator) -> pd.DataFrame:
    """A sample of 5,000 children in 100 sampling units whose deprivation is shared within a unit."""
    unit = np.repeat(np.arange(100), 50)
    living = 0.6 * rng.standard_normal(100)[unit] + 0.8 * rng.standard_normal(unit.size)
    lacks = rng.standard_normal((unit.size, 20)) + 0.7 * living[:, None] < -1.0
    return pd.DataFrame(lacks.astype(float), columns=ITEMS).assign(psu=unit, weight=1.0)


def errors_and_gaps() -> None:
    """What mpitb prints of sampling units and of missing items, beside this library and what is true."""
    rng = np.random.default_rng(3)
    table = clustered(rng)

    def row(children: pd.DataFrame) -> dict[str, Any]:
        children = children.rename(columns={"psu": "unit"})
        return next(one for one in by_mpitb(children, [25], None) if one["measure"] == "H")

    redrawn = [float((clustered(rng)[ITEMS].sum(axis=1) >= 5).mean()) for _ in range(300)]
    poor = (table[ITEMS].sum(axis=1) >= 5).to_numpy(float)
    mine = mean(poor, Design(np.ones(len(poor)), psu=table["psu"].to_numpy()))
    print(
        f"error of H of 100 sampling units: mpitb {row(table)['se']:.4f}, here {mine.se.item():.4f}, standard "
        f"deviation of 300 such samples {np.std(redrawn):.4f}"
    )
    silent = table.copy()
    silent[ITEMS] = silent[ITEMS].mask(rng.random((len(table), 20)) < 0.02)
    here = every_cutoff(silent[ITEMS].to_numpy(), [1] * 20, cutoffs=[5])
    print(
        f"one item of fifty missing at random: H by mpitb {row(silent)['b']:.4f}, here {here.H[-1, 0]:.4f} "
        f"({here.lost[-1]:.0%} lost), without gaps {poor.mean():.4f}"
    )


def main() -> None:
    print("| line | seconds | peak MB |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for n in SIZES:
            path = written(Path(folder), n)
            seconds, memory = min(whole(path) for _ in range(2))
            print(f"| census from Parquet, {n:,} children × 20 | {seconds:.2f} | {memory} |")
            if n == CHILDREN:
                print(f"| &nbsp;&nbsp;counting alone, one thread, processor time | {counting(path):.3f} | |")
                print(f"| &nbsp;&nbsp;the same call on two Dask workers | {on_a_cluster(path):.2f} | |")
            path.unlink()
    loop, here = plain(SHARED)
    print(f"| all cut-offs in memory, {SHARED:,} × 20 | {here:.3f} | |")
    print(f"| &nbsp;&nbsp;plain NumPy, a loop over cut-offs and regions | {loop:.3f} | |")
    if not (PEERS / "mpitb").is_dir():
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "pip", "install", "--quiet", "--no-deps", "--target", PEERS, "mpitb==0.2"], check=False)
    sys.path.append(str(PEERS))
    beside(SURVEY)
    errors_and_gaps()
    print(f"| this process | | {peak()} |")


if __name__ == "__main__":
    main()
