"""The notebooks of the analyses through papermill, and what they showed again through nbval, output by output.

By default each is run for one year; with CWI_ALL_REPORTS=1 for 2019 and for 2023.
"""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from cwi.report.parameters import checked, declared
from cwi.report.render import execute

ROOT = Path(__file__).parents[2]
SANITIZE = Path(__file__).parent / "sanitize.cfg"
YEARS = {
    "children_budget": 2025,
    "consultation": 2023,
    "policy_tracking": 2023,
    "region_profile": 2023,
    "sensitivity": 2019,
    "statistical_audit": 2019,
    "survey_estimates": 2023,
    "weighting_alternatives": 2023,
}
ALL = os.environ.get("CWI_ALL_REPORTS") == "1"
RUNS = [(name, year) for name, own in YEARS.items() for year in ((2019, 2023) if ALL else (own,))]


def test_every_notebook_is_run() -> None:
    sources = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert sources == {*YEARS, "official_report"}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "year"), RUNS)
def test_a_notebook_run_again_shows_the_same(name: str, year: int, tmp_path: Path) -> None:
    source = ROOT / "notebooks" / f"{name}.ipynb"
    given = {"year": year} | ({"draws": 200} if "draws" in declared(source) else {})
    executed = tmp_path / f"{name}.ipynb"
    execute(source, executed, checked(source, given))
    cells = [cell for cell in nbformat.read(executed, as_version=4).cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)  # nbval compares no cell without one
    command = [sys.executable, "-m", "pytest", "--nbval", str(executed), "--nbval-sanitize-with", str(SANITIZE)]
    aside = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "CWI_", "COV_"))}
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=ROOT, env=aside, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
