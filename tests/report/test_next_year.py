"""The walls that the first trial of a new year met: each test failed before they were taken down.

An awaited indicator enters with its first year: rules that learn a scale from base years without it read it between
its ends, and editions before it stay as they are.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cwi import read_edition
from cwi.analysis.completeness import first_figures, indicators_of
from cwi.analysis.uncertainty import prepare, robustness
from cwi.cli import app
from cwi.report.official import OfficialReport
from cwi.report.publication import publish, recompute, review
from cwi.report.trace import trace_rows

pytestmark = pytest.mark.slow

Finish = Callable[..., Path]
LEARNT = """
[factor.scale]
title_en = "Scale"
title_ru = "Шкала"
title_kk = "Шкала"
choices = [
  {},
  {name = "range of the base years", normalisation = "min_max"},
  {name = "rank in the base years", normalisation = "percentile_rank"},
  {name = "standard deviations", normalisation = "z_score"},
  {name = "outliers treated", normalisation = {name = "goalposts", cap = false}, treatment = {limit = 5}},
]
"""
# all that is measured in 2023, books for the first time
YEAR = """\
N,2023,poverty,,,17,,,normal,living,
A,2023,poverty,,,8.5,,,normal,living,
B,2023,poverty,,,16,,,normal,living,
EAST,2023,poverty,,,24,,,normal,living,
WEST,2023,poverty,,,33,,,normal,living,
N,2023,books,,,60,,,normal,living,
A,2023,books,,,70,,,normal,living,
B,2023,books,,,80,,,normal,living,
EAST,2023,books,,,50,,,normal,living,
WEST,2023,books,,,40,,,normal,living,
"""


@pytest.fixture
def awaited(project: Any) -> Any:
    """The small project whose methodology awaits a fourth indicator."""
    project.append("series.csv", "books,Books,Книги,%,0,100,share,3.1,yes\n")
    row = "books,school,Books,20,100,linear,1,awaiting data\nplaces,school"
    project.change("methodology/t1/indicators.csv", "places,school", row)
    project.change("methodology/t1/methodology.toml", "weight = 2\n", "")  # which its equal weighting does not look at
    project.append("methodology/t1/factors.toml", LEARNT)
    return project


def enter(project: Any) -> None:
    """The figures of 2023 arrive, and the edition is made."""
    project.append("observations/living.csv", YEAR)
    project.sign()
    project.write("editions/2023/edition.toml", 'methodology = "t1"\n')


def test_an_awaited_indicator_enters_with_its_first_year(awaited: Any) -> None:
    enter(awaited)
    run = CliRunner()
    checked = run.invoke(app, ["check"])
    assert checked.exit_code == 0, checked.output
    status = run.invoke(app, ["edition", "status", "2023"])
    assert status.exit_code == 0
    assert (
        "books: no value in the base years 2021 to 2022; a rule that learns its scale from them reads it between its "
        "ends, 20 and 100"
    ) in " ".join(status.output.split())
    edition = read_edition(2023)
    assert first_figures(edition) == ("books",)
    assert indicators_of(edition).loc["books", "own"] == 4
    report = OfficialReport(edition, language="en", draws=100, seed=1)
    assert report.robustness().tables()
    (framework,) = (table for table in report.rules().tables() if table.name == "framework")
    states = {row[0]: row[-1] for row in framework.rows}
    assert states["Books"] == "open"  # the list has 'awaiting data', the data have more
    report.measured()
    assert report.ledger.frame().set_index("name")["value"]["measured.2023.school.open"] == "2"
    under = edition.under(normalisation="min_max")
    # between its ends 20 and 100, as the goalposts have it: (70 - 20) / 80
    assert under.scores.at("A", "books") == 62.5
    assert trace_rows(under, "A", "books")[0]["lines"][1].startswith("  100 × (70 - 20) / (100 - 20), ")


def test_every_factor_runs_with_it_and_the_plan_names_it(awaited: Any) -> None:
    enter(awaited)
    plan = prepare(read_edition(2023))
    assert plan.first_figures == ("books",)
    assert repr(plan).endswith("; read between its ends where a scale is learnt: books)")
    drawn = robustness(read_edition(2023), draws=200, rng=np.random.default_rng(1))
    assert not drawn.simulation.failed


def test_editions_before_it_stay_as_they_were(awaited: Any, tmp_path: Path, finished: Finish) -> None:
    publish(read_edition(2022), finished(tmp_path / "report"))
    before = recompute(read_edition(2022), draws=100, seed=5)
    enter(awaited)
    assert review(read_edition(2022)) == []
    assert recompute(read_edition(2022), draws=100, seed=5).equals(before)
