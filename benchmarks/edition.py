"""Everything of one year: report, profiles and site, beside a plain loop of papermill over the same notebooks.

    python -m benchmarks.edition [--year 2023] [--sample 1] [--no-loop]

All is made in a copy of the project. Printed are the seconds of the clock and of the processors (those of everything
that a command starts). The loop runs each notebook as papermill does it by itself, one process each: the report in each
language, and the profile of ``--sample`` regions in each language, scaled up to all regions; it makes neither pages nor
PDF. The ratio is that of the processors and of the clock, loop to ours, of the same run.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from benchmarks.the_year import adopt_orphans, copy_of_the_project, processor_seconds

LANGUAGES = ("kk", "ru", "en")
REGION = "KZ-19"


class Clock:
    """Runs commands in a project and adds up what they took."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.used = folder, processor_seconds()
        self.environment = {**os.environ, "CWI_ROOT": str(folder)}

    def run(self, *words: str) -> tuple[float, float]:
        """Seconds of the clock and of the processors."""
        start = perf_counter()
        subprocess.run([sys.executable, "-m", *words], cwd=self.folder, env=self.environment, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        clock, used = perf_counter() - start, processor_seconds()
        spent, self.used = used - self.used, used
        return clock, spent


def line(what: str, clock: float, machine: float, aim: str = "") -> tuple[float, float]:
    """Print one line of the table."""
    print(f"| {what} | {clock:.1f} | {machine:.1f} | {aim} |", flush=True)
    return clock, machine


def change_one_cell(folder: Path, year: int) -> str:
    """Another last digit in one figure of one region, its checksum in the register of sources too; what was changed."""
    register = folder / "data" / "sources.toml"
    for path in sorted((folder / "data" / "observations").glob("*.csv")):
        before = path.read_bytes()
        lines = before.decode("utf-8").split("\n")
        head = lines[0].split(",")
        for place, text in enumerate(lines[1:], start=1):
            cells = text.split(",")
            row = dict(zip(head, cells, strict=False))
            plain = not row.get("sex") and not row.get("area") and row.get("status") == "normal"
            if row.get("region") == REGION and row.get("year") == str(year) and plain and "." in row.get("value", ""):
                value = row["value"]
                cells[head.index("value")] = value[:-1] + ("1" if value[-1] != "1" else "2")
                lines[place] = ",".join(cells)
                after = "\n".join(lines).encode()
                path.write_bytes(after)
                old, new = (hashlib.sha256(content).hexdigest() for content in (before, after))
                register.write_text(register.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
                return f"{row['indicator']} of {REGION}, {path.name}:{place + 1}"
    raise SystemExit(f"no figure of {REGION} in {year} to change")


def loop(clock: Clock, year: int, sample: int) -> tuple[float, float]:
    """The plain loop of papermill, profiles scaled up; seconds of the clock and of the processors."""
    from cwi import read_edition

    edition = read_edition(year)
    regions = [*edition.regions, edition.territory.nation]
    times = []
    for name, each in (("official_report", [""]), ("region_profile", regions[:sample])):
        clocks, machines = 0.0, 0.0
        for region in each:
            for code in LANGUAGES:
                given = ["-p", "year", str(year), "-p", "language", code, *(["-p", "region", region] if region else [])]
                source, target = clock.folder / "notebooks" / f"{name}.ipynb", clock.folder / "loop.ipynb"
                quiet = "--log-level=CRITICAL", "--no-progress-bar"
                took = clock.run("papermill", *quiet, str(source), str(target), *given)
                clocks, machines = clocks + took[0], machines + took[1]
        factor = len(regions) / sample if each != [""] else 1
        what = f"papermill loop, {name}, {len(each) * 3} runs" + (f" × {factor:g}" if factor != 1 else "")
        times.append(line(what, clocks * factor, machines * factor))
    return sum(each[0] for each in times), sum(each[1] for each in times)


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    reader = argparse.ArgumentParser(prog="python -m benchmarks.edition", description=__doc__)
    reader.add_argument("--year", type=int, default=2023)
    reader.add_argument("--sample", type=int, default=1, help="regions whose profile the loop runs, of all")
    reader.add_argument("--no-loop", action="store_true", help="without the loop")
    given = reader.parse_args(arguments or [])
    year = str(given.year)
    adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="cwi-edition-") as name:
        folder = Path(name)
        copy_of_the_project(folder, before=None)
        clock = Clock(folder)
        print(f"\nreport, profiles and site of {year}: seconds\n")
        print("| what | clock | processors | aim (clock, two free cores) |\n|---|---|---|---|")
        line("one language", *clock.run("cwi.cli", "report", year, "--language", "kk", "--output", str(folder / "one")),
             "≤ 8 s")  # fmt: skip
        made = [line("report, three languages", *clock.run("cwi.cli", "report", year), "≤ 20 s")]
        line("nothing changed", *clock.run("cwi.cli", "report", year), "≤ 0.7 s")
        made.append(line("profiles of all regions, three languages", *clock.run("cwi.cli", "profile", year)))
        made.append(line("site of that year", *clock.run("cwi.cli", "site", year)))
        whole = line("all of it", *(sum(part) for part in zip(*made, strict=True)), "≤ 90 s")
        again = [clock.run("cwi.cli", word, year) for word in ("report", "profile", "site", "site")]
        line("all of it, nothing changed", *(sum(part) for part in zip(*again[:2], again[3], strict=True)))
        what = change_one_cell(folder, given.year)
        again = [clock.run("cwi.cli", word, year) for word in ("report", "profile", "site")]
        line(f"after one cell changed ({what})", *(sum(part) for part in zip(*again, strict=True)), "≤ 8 s")
        if not given.no_loop:
            plain = loop(clock, given.year, given.sample)
            ratios = [slow / fast for slow, fast in zip(plain, whole, strict=True)]
            print(f"| papermill loop to all of it | {ratios[0]:.1f} × | {ratios[1]:.1f} × | ≥ 15 × |")


if __name__ == "__main__":
    main(sys.argv[1:])
