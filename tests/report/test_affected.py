"""Which printed numbers rest on a source, a file or a cell: by hand in a small project, here by recomputation."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cwi import DataError, Edition, cli, read_edition
from cwi.edition import editions
from cwi.published import read_published
from cwi.report.affected import affected
from cwi.report.grounds import KINDS
from cwi.report.publication import publish
from cwi.report.recomputation import recompute

pytestmark = pytest.mark.exhaustive

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]


@pytest.fixture
def published(project: object, tmp_path: Path, finished: Callable[..., Path]) -> Edition:
    """The small project with its edition published."""
    edition = read_edition(2022)
    publish(edition, finished(tmp_path / "reports" / "2022"))
    return edition


def names(what: str) -> set[str]:
    return set(affected(what).numbers["name"])


def changed(edition: Edition, where: pd.Series, by: float) -> set[str]:
    """The numbers that have another value once these rows have; recomputed, with nothing known of names."""
    base = edition.base.assign(value=edition.base["value"].where(~where, edition.base["value"] + by))
    assert where.any()
    before, after = (
        recompute(each, draws=100, seed=1, languages=("en",)) for each in (edition, replace(edition, base=base))
    )
    both = before.join(after.add_suffix("_after"), how="inner")
    return set(both.index[both["value"] != both["value_after"]])


@pytest.mark.slow
def test_the_small_project(
    published: Edition, says: Says, subtests: pytest.Subtests, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """One publication for all of what follows."""
    for check in (a_cell, a_former_region_and_a_source, rules_and_registers, rows_have_their_place):
        with subtests.test(check.__name__.replace("_", " ")):
            check(published)
    for what, sentence in UNKNOWN.values():
        with subtests.test(what), says(DataError, sentence):
            affected(what)
    with says(DataError, "the edition of 2021 was not published; there are 2022"):
        affected("living", [2021])
    with subtests.test("the command"):
        the_command(monkeypatch, capsys)


def a_cell(published: Edition) -> None:
    """Poverty of Alpha, 2022: its own score, the nodes above it, every rank; no score of another region."""
    listed = names("poverty:Alpha:2022")
    assert {
        "score.2022.A.home",
        "score.2022.A.index",
        "rank.2022.A.index",
        "rank.2022.B.index",
        "gap.2022.index",
    } <= listed
    assert (
        not {"score.2022.A.school", "score.2022.B.index", "score.2022.N.index", "end.poverty.best", "weight.poverty"}
        & listed
    )
    rows = published.base[["indicator", "region", "year"]].astype(str).agg(":".join, axis=1)
    assert changed(published, rows == "poverty:A:2022", 1.0) <= listed


def a_former_region_and_a_source(published: Edition) -> None:
    listed = names("places:OLD:2022")  # East and West take the figure of the territory they were part of
    assert {"score.2022.EAST.school", "score.2022.WEST.index"} <= listed
    assert "score.2022.A.school" not in listed
    assert listed < names("schools") == names("data/observations/schools.csv") == names("observations/schools.csv")
    assert {"score.2022.A.school", "score.2022.N.school"} <= names("schools")
    assert "score.2022.A.home" not in names("schools")


def rules_and_registers(published: Edition) -> None:
    everything = set(read_published(published)[0].index)
    assert names("data/methodology/t1/indicators.csv") == everything
    assert names("data/statuses.csv") < everything
    assert "weight.poverty" not in names("data/statuses.csv")


def rows_have_their_place(published: Edition) -> None:
    result = affected("poverty:A:2022")  # the total, of girls, of towns
    assert sorted(zip(result.rows["value"], result.rows["sex"], result.rows["area"], strict=True)) == [
        (7.0, "", "U"), (8.0, "", ""), (9.0, "F", ""),
    ]  # fmt: skip
    assert set(result.rows["file"]) == {"data/observations/living.csv"}
    assert set(result.numbers["file"]) == {"data/editions/2022/published.csv"}
    assert result.counts.loc["rank", 2022] == 4
    assert result.editions == (2022,)


UNKNOWN = {
    "source": ("livin", "no source is called 'livin' (did you mean 'living'?); name a source of data/sources.toml, a "
               "file, or a cell as indicator:region:year"),
    "series": ("povert:A:2022", "povert:A:2022: no series is called 'povert' (did you mean 'poverty'?)"),
    "region": ("poverty:Alfa:2022", "poverty:Alfa:2022: there is no region 'Alfa' (did you mean 'Alpha'?)"),
    "year": ("poverty:A:2019", "poverty:A:2019: no figure of 'poverty' in A is of 2019; there are 2021, 2022"),
    "file": ("data/observations/livng.csv", "data/observations/livng.csv: there is no such file (did you mean "
             "'data/observations/living.csv'?)"),
    "no numbers": ("data/series.csv", "data/series.csv: no printed number rests on this file alone; name a file of "
                   "data/observations, data/methodology, data/budget or data/policy"),
}  # fmt: skip


def test_nothing_was_published(project: object, says: Says) -> None:
    with says(DataError, "no edition was published; 'cwi publish YEAR' keeps the numbers of a finished report"):
        affected("living")


def the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["cwi", "affected", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code
        return capsys.readouterr().out

    record = json.loads(run("poverty:A:2022", "--json"))
    assert {row["name"] for row in record["numbers"]} == names("poverty:A:2022")
    printed = run("poverty:A:2022")
    assert printed.startswith("poverty:A:2022: 3 rows with those derived from them; ")
    assert "score.2022.A.index" in printed
    assert "score.2022.A.index" not in run("poverty:A:2022", "--counts")


def test_every_published_number_has_a_rule() -> None:
    kinds = set()
    for year, folder in editions().items():
        if (folder / "published.csv").is_file():
            kinds |= {
                str(name).split(".")[0] for name in pd.read_csv(folder / "published.csv", usecols=["name"])["name"]
            }
            assert year
    assert sorted(kinds - set(KINDS)) == []


@pytest.mark.slow
def test_what_moves_when_a_figure_is_changed_is_listed() -> None:
    """Physicians of Astana, 2022, carried into 2023: recomputed, and every number that moved is in the list."""
    edition = read_edition(2023)
    base = edition.base
    cell = (base["indicator"] == "physicians") & (base["region"] == "KZ-71") & (base["year"] == 2022)
    listed = affected("physicians:Astana:2022", [2023]).numbers
    of = set(listed.loc[listed["edition"] == 2023, "name"])
    moved = changed(edition, cell & (base["sex"] == ""), -9.0)  # the first place goes to another
    moved &= set(read_published(edition)[0].index)  # some are printed since
    above = edition.methodology.tree.path("physicians")[1:]
    assert {*(f"score.2023.KZ-71.{node}" for node in above), "mean_by_children.2023.index"} <= moved <= of
    assert not {name for name in of if name.startswith("score.2023.") and ".KZ-71." not in name}
    above = (
        set(edition.methodology.tree.ancestors("physicians"))
        if hasattr(edition.methodology.tree, "ancestors")
        else set()
    )
    assert all(f"score.2023.KZ-71.{node}" in of for node in above)
    population = affected("population:Astana:2022", [2023]).rows
    assert {"population", "physicians"} <= set(population["indicator"])  # the rate is computed from it
