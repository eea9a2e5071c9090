"""A census of children from Parquet: all regions, all cut-offs, overlaps of five dimensions; and a plain NumPy loop."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.memory import peak
from cwi.analysis.deprivation import count_census
from cwi.inputs.households import census_batches, census_files
from cwi.methods.deprivation import CountingPlan, every_cutoff

ITEMS = [f"item_{j:02d}" for j in range(20)]
DIMENSIONS = {f"dimension_{d}": ITEMS[4 * d : 4 * d + 4] for d in range(5)}
REGIONS = [f"R{r:02d}" for r in range(20)]
CHILDREN = 6_800_000
SIZES = (1_700_000, CHILDREN, 13_600_000)
SHARED = 200_000  # what a peer can do in seconds


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
    print(f"| this process | | {peak()} |")


if __name__ == "__main__":
    main()
