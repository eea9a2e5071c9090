"""The year's work: a 2024 without an edition is filled, reported, published and reviewed by commands alone.

    python -m benchmarks.the_year [--keep FOLDER]

The figures of 2024 that another source has already (nine files of data/observations) are not asked for. Every template
is returned with last year's figures and one per cent more, which is invented, where there is one; the project itself is
not touched, all is done in a copy. Printed are each command, its seconds on the clock and of the processors (those of
everything that it starts), and the sums.
The aim of the project is at most 8 commands and 5 minutes of machine time.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import openpyxl

ROOT = Path(__file__).resolve().parents[1]
YEAR = "2024"
TOP, LAST, VALUE = 8, 5, 7  # of a template: the first row of figures, the columns of last year's and of this one's
PR_SET_CHILD_SUBREAPER = 36  # of prctl(2)
COMMANDS = (
    f"intake templates {YEAR} --to templates",
    f"intake read returned --year {YEAR}",
    f"edition new {YEAR}",
    f"edition status {YEAR}",
    f"report {YEAR}",
    f"publish {YEAR}",
    f"review {YEAR}",
)


def copy_of_the_project(folder: Path, before: str | None = YEAR) -> None:
    """Data and notebooks as they are here, the code is this one; without the editions of a year and later ones."""
    for name in ("data", "notebooks", "requirements.lock"):
        source = ROOT / name
        shutil.copytree(source, folder / name) if source.is_dir() else shutil.copyfile(source, folder / name)
    for edition in (folder / "data" / "editions").iterdir() if before else ():
        if edition.name >= str(before):
            shutil.rmtree(edition)


def fill_in(templates: Path, returned: Path) -> int:
    """Return every template with a figure wherever last year had one; the number of figures."""
    returned.mkdir()
    filled = 0
    for path in sorted(templates.glob("*.xlsx")):
        book = openpyxl.load_workbook(path)
        sheet = book.worksheets[0]
        for row in range(TOP, sheet.max_row + 1):
            last = sheet.cell(row, LAST).value
            if isinstance(last, int | float):
                sheet.cell(row, VALUE).value = round(last * 1.01, 3)
                filled += 1
        book.save(returned / path.name)
    return filled


def adopt_orphans() -> None:
    """Become the parent of what a command leaves when it ends, such as the process that notebooks are forked of."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def processor_seconds() -> float:
    """Seconds of the processors that finished commands took, and all that they started; waits for the last of these."""
    try:
        while os.name == "posix":
            os.wait()
    except ChildProcessError:
        pass
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(folder: Path) -> int:
    """Run the commands and print what they took; the number of commands that failed."""
    environment = {**os.environ, "CWI_ROOT": str(folder)}
    failed, clock, machine = 0, 0.0, 0.0
    adopt_orphans()
    for words in COMMANDS:
        if words.startswith("intake read"):
            print(f"{fill_in(folder / 'templates', folder / 'returned')} figures are returned")
        start, before = perf_counter(), processor_seconds()
        command = [sys.executable, "-m", "cwi.cli", *words.split()]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        seconds = perf_counter() - start
        used = processor_seconds() - before
        clock, machine, failed = clock + seconds, machine + used, failed + (done.returncode != 0)
        print(f"cwi {words}: {seconds:.1f} s, {used:.1f} s of the processors, code {done.returncode}", flush=True)
        if done.returncode:
            print(done.stdout[-2000:], done.stderr[-2000:])
    print(f"{len(COMMANDS)} commands, {clock:.0f} s, {machine:.0f} s of the processors, {failed} failed")
    return failed


def main() -> None:
    """Run the year in a temporary folder, or in one that is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="a new folder for the copy, which is kept")
    chosen = parser.parse_args().keep
    folder = chosen or Path(tempfile.mkdtemp(prefix="the-year-"))
    folder.mkdir(parents=True, exist_ok=chosen is None)
    try:
        copy_of_the_project(folder.resolve())
        sys.exit(run(folder.resolve()) > 0)
    finally:
        if chosen is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
