"""A slider of the weights explorer, ranges of 1,000 draws included: python -m benchmarks.explorer [YEAR].

The page is opened in the system's Chromium; the time is from the event of the slider until the page is laid out again.
Python computes the same draws from the same numbers for comparison.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from playwright.sync_api import sync_playwright

from cwi import read_edition
from cwi.analysis.uncertainty import full_simulation, live_draws
from cwi.report.explorer import make_site

MOVES = 40
MOVE = """async (n) => {
  const input = document.querySelector('#parts input[type="range"]');
  const times = [];
  for (let i = 0; i < n; i++) {
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const before = performance.now();
    input.value = 20 + i;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    document.body.offsetHeight;
    times.push(performance.now() - before);
  }
  return times;
}"""


def moved(page_file: Path) -> list[float]:
    """Milliseconds of each of some moves of the first slider."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(page_file.as_uri() + "#lang=en&w.child=51")
        page.locator('#ranking[aria-busy="false"]').wait_for(state="attached")
        times = page.evaluate(MOVE, MOVES)
        browser.close()
    return [float(time) for time in times]


def main(year: int = 2023) -> None:
    """Print a table."""
    edition = read_edition(year)
    simulation = full_simulation(edition, draws=1000, rng=np.random.default_rng(1))
    assert simulation is not None
    live = live_draws(simulation, draws=1000)
    live.intervals(edition.scores.weights)  # what is compiled is loaded
    begin = perf_counter()
    live.intervals(edition.scores.weights)
    python = 1000 * (perf_counter() - begin)
    with tempfile.TemporaryDirectory() as folder:
        page = make_site(year, Path(folder))
        size, times = page.stat().st_size, sorted(moved(page))
    print(f"weights explorer of {year}: {live.draws:,} draws of {len(live.plan.units)} units, page of {size:,} bytes")
    print(
        f"a slider moved, in Chromium: fastest {times[0]:.1f} ms, median {median(times):.1f}, slowest {times[-1]:.1f}"
    )
    print(f"the same draws in Python: {python:.1f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
