"""One call of ``cwi.score`` on a long table of the size of the ASEM index, and of 20,000 units."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import pandas as pd

import cwi

INDICATORS = 49
SIZES = {51: 0.02, 20_000: 0.5}  # units, and the seconds that are aimed at
RULES = 'version = "benchmark"\nbase = [2020]\nnormalisation = "min_max"\ntreatment = {limit = 5}\n'
LEVEL = '[[level]]\nname = "{}"\nweighting = "stated"\naggregation = "arithmetic"\ncoverage = 0.0\n'


def rules(folder: Path) -> cwi.Methodology:
    """Three levels over 49 indicators, with treatment of outliers and a scale that is learnt."""
    levels = "".join(LEVEL.format(name) for name in ("pillar", "sub_index", "index"))
    (folder / "methodology.toml").write_text(RULES + levels, encoding="utf-8")
    rows = [f"i{place},p{place % 8},s{place % 8 // 4},0,1" for place in range(INDICATORS)]
    text = "\n".join(["code,pillar,sub_index,worst,best", *rows]) + "\n"
    (folder / "indicators.csv").write_text(text, encoding="utf-8")
    return cwi.read_methodology(folder)


def observed(units: int) -> pd.DataFrame:
    """Skewed values with 3 % gaps, one row a value."""
    rng = np.random.default_rng(1)
    values = rng.lognormal(size=(units, INDICATORS))
    values[rng.random(values.shape) < 0.03] = np.nan
    names = [f"U{place:05d}" for place in range(units)]
    wide = pd.DataFrame(values, index=names, columns=[f"i{place}" for place in range(INDICATORS)])
    return wide.rename_axis("region").reset_index().melt("region", var_name="indicator").assign(year=2020)


def main() -> None:
    """Print the processor seconds of one call, the best of five, and of one whose tables are all read."""
    print(f"score of a long table, {INDICATORS} indicators, with treatment and min-max (processor seconds)")
    with TemporaryDirectory() as folder:
        methodology = rules(Path(folder))
        for units, aim in SIZES.items():
            table, best, read = observed(units), np.inf, np.inf
            for _ in range(5):
                start = process_time()
                scores = cwi.score(table, methodology)
                best = min(best, process_time() - start)
                _ = scores.nodes, scores.edges, scores.treated
                read = min(read, process_time() - start)
            print(f"  {units:>6,} units          {best:10.3f} s   aim {aim:g} s   {read:.3f} s with all tables")
