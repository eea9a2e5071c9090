"""Every number of the published ledgers of 2023 and 2024, recomputed from the files with pandas alone.

What is drawn is left out, by a table with the reason; a number that is neither recomputed nor listed there fails by
name.
"""

import ast
import math
import re
from pathlib import Path

import pandas as pd
import pytest
import recomputation

pytestmark = pytest.mark.slow  # every file of observations is read, in two years
EDITIONS = recomputation.DATA / "editions"
YEARS = {2023: "2024.1", 2024: "2026.1"}
BEFORE = {2023: range(2018, 2023), 2024: range(2018, 2024)}
LEFT_OUT = {
    r"sure\.\d{4}\..+": "draws and all combinations of the declared choices; one draw alone is recomputed to its last "
    "bit by Simulation.replication (tests/analysis/uncertainty)",
    r"summary\.\d{4}\.KZ\.\w+\.(low|high)": "the interval of a gap, of the same draws",
}
DIGITS = 1e-9  # relative; the ledger keeps twelve digits


def published(year):
    table = pd.read_csv(EDITIONS / str(year) / "published.csv", dtype=str, keep_default_na=False)
    return table.set_index("name")["value"].astype(float)


@pytest.fixture(scope="module", params=[2023, pytest.param(2024, marks=pytest.mark.exhaustive)])
def both(request):
    year = request.param
    return year, published(year), recomputation.numbers(year, YEARS[year], BEFORE[year])


def test_every_number_is_recomputed_or_listed_as_drawn(both):
    year, printed, computed = both
    drawn = [name for name in printed.index if any(re.fullmatch(kind, name) for kind in LEFT_OUT)]
    left = [name for name in printed.index if name not in computed and name not in drawn]
    assert not left, (
        f"{len(left)} printed numbers of {year} are neither recomputed nor listed as drawn: {', '.join(left[:20])}; "
        "recompute them in recomputation.py, or add their kind with the reason to LEFT_OUT"
    )
    assert not set(drawn) & set(computed)
    assert len(drawn) / len(printed) < 0.12


def test_every_recomputed_number_is_the_printed_one(both):
    year, printed, computed = both
    common = [name for name in printed.index if name in computed]
    differing = [
        f"{name} is printed as {printed[name]:.12g} and recomputed as {computed[name]:.12g}"
        for name in common
        if not math.isclose(printed[name], computed[name], rel_tol=DIGITS, abs_tol=1e-9)
    ]
    assert not differing, f"{len(differing)} of {len(common)} numbers of {year} differ: {'; '.join(differing[:20])}"
    assert len(common) > 2000


def test_the_comparison_would_notice(both):
    """A control: one figure of one region changed by a hundredth moves numbers of most groups."""
    year, printed, _ = both
    code, region = "adolescent_births", "KZ-71"
    rows = recomputation.observations()
    cell = (rows["indicator"] == code) & (rows["region"] == region) & (rows["sex"] == "") & (rows["area"] == "")
    before = rows["value"].copy()
    try:
        rows.loc[cell, "value"] *= 1.01
        here = recomputation.Year(recomputation.Rules(YEARS[year]), year)
        moved = dict(recomputation._scores(here)) | dict(recomputation._weights(here))
    finally:
        rows["value"] = before
    differing = [
        name for name in moved if name in printed and not math.isclose(printed[name], moved[name], rel_tol=DIGITS)
    ]
    assert f"score.{year}.{region}.index" in differing
    assert any(name.startswith("force.") for name in differing)
    assert f"score.{year}.KZ.index" not in differing


def test_nothing_of_the_library_is_imported():
    tree = ast.parse(Path(recomputation.__file__).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names == {"functools", "itertools", "math", "numpy", "pandas", "pathlib", "tomllib"}
