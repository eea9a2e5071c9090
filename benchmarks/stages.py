"""Where the time of a report goes, and how much memory it takes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import nbformat

YEAR, LANGUAGE = 2023, "en"


def timed(what: str, work: Callable[[], Any]) -> Any:
    """Do it once, print the seconds."""
    start = perf_counter()
    result = work()
    print(f"  {what:<44}{perf_counter() - start:8.2f} s")
    return result


def main() -> None:
    """Print the seconds of each stage of one report in one language, and the peak memory of its kernel."""
    print(f"\nthe report of {YEAR} in one language, stage by stage")
    python = [sys.executable, "-c"]
    timed("start Python and import cwi", lambda: subprocess.run([*python, "import cwi"], check=True))
    timed("the same with everything a report needs", lambda: subprocess.run([*python, "import cwi.report"], check=True))

    from cwi import read_edition, score
    from cwi.report import OfficialReport
    from cwi.report.blocks import OUTPUT, Figure
    from cwi.report.languages import Language
    from cwi.report.page import page
    from cwi.report.pdf import pdf
    from cwi.report.render import execute

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        empty = folder / "empty.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("pass")]), empty)
        timed("start a kernel and run an empty notebook", lambda: execute(empty, folder / "empty.out.ipynb", {}))
        edition = timed("read and validate 32,563 rows", lambda: read_edition(YEAR))
        timed("put them on the year's regions", lambda: edition.observations)
        timed("score", lambda: score(edition.observations, edition.methodology, years=[YEAR]))
        report = OfficialReport(edition, language=LANGUAGE, draws=10_000, seed=1)
        sections = timed("words, tables, intervals of 10,000 draws", report.sections)
        os.environ[OUTPUT] = name
        figures = [block for section in sections for block in section.blocks if isinstance(block, Figure)]
        timed(f"draw {len(figures)} figures, each as SVG and PNG", lambda: [figure.html() for figure in figures])
        del os.environ[OUTPUT]
        source = Path(__file__).parents[1] / "notebooks" / "official_report.ipynb"
        parameters = {"year": YEAR, "methodology": edition.methodology.version, "language": LANGUAGE, "draws": 10_000}
        target = folder / "official_report.ipynb"
        notebook = timed("all of it through papermill", lambda: execute(source, target, parameters, folder))
        language = Language(LANGUAGE)
        title = language.text("report.title", year=YEAR)
        timed(
            "two HTML pages", lambda: [page(notebook, folder, language=language, title=title, code=c) for c in (0, 1)]
        )
        timed("PDF", lambda: pdf(notebook, folder, language=language, title=title, author="cwi"))
    print(f"  peak memory of the largest process: {peak():.0f} MB")


def peak() -> float:
    """Megabytes of the largest process of one report, made by a small process that holds nothing itself."""
    with tempfile.TemporaryDirectory() as name:
        code = (
            "import resource, subprocess, sys; subprocess.run([sys.executable, '-m', 'cwi.cli', 'report', "
            f"'{YEAR}', '--language', '{LANGUAGE}', '--output', {name!r}], check=True, stdout=subprocess.DEVNULL); "
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return int(done.stdout) / 1024
