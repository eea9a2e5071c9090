"""The rehearsal: a whole project, real where anything is known, and marked wherever it is not."""

import hashlib
import tomllib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cwi import Edition, folders, read_edition, read_observations
from cwi.analysis.uncertainty.factors import read_factors
from cwi.analysis.uncertainty.robustness_analysis import robustness
from cwi.checks import check_all
from cwi.errors import DataError
from cwi.inputs import rehearsal as module
from cwi.inputs.rehearsal import YEARS, write_rehearsal
from cwi.inputs.survey.synthetic import Sample

pytestmark = pytest.mark.slow  # its fixtures take seconds

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

SMALL = Sample(clusters=8, children=(12, 20))


def digests(folder: Path) -> dict[str, str]:
    """The checksum of every file under a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def made(rehearsal: Path) -> dict[int, Edition]:
    """The editions of the rehearsal, with their scores and covariances worked out."""
    with folders.within(rehearsal):
        found = {year: read_edition(year) for year in YEARS}
        for edition in found.values():
            assert edition.scores.cells is not None
            assert edition.covariance is not None
    return found


@pytest.fixture(scope="module")
def real() -> dict[int, Edition]:
    return {year: read_edition(year) for year in YEARS}


def rows(folder: Path, pattern: str) -> pd.DataFrame:
    paths = sorted((folder / "data" / "observations").glob(pattern))
    assert paths
    return pd.concat(
        [pd.read_csv(path, dtype=str, keep_default_na=False).assign(file=path.stem) for path in paths],
        ignore_index=True,
    )


# ---------------------------------------------------------------- a whole project


def test_the_project_passes_every_check(rehearsal: Path) -> None:
    with folders.within(rehearsal):
        found = list(check_all())
        assert {check.name: check.problems for check in found} == {check.name: () for check in found}
        (rehearsal / "data" / "observations" / "unknown.csv").write_text("region\n", encoding="utf-8")
        try:  # control: the same checks see what is spoilt
            assert any(check.problems for check in check_all())
        finally:
            (rehearsal / "data" / "observations" / "unknown.csv").unlink()


@pytest.mark.parametrize("year", YEARS)
def test_every_indicator_and_every_component_is_measured_everywhere(made: dict[int, Edition], year: int) -> None:
    edition = made[year]
    everywhere = [*edition.regions, "KZ"]
    cells = edition.scores.cells.pivot(index="region", columns="indicator", values="value").loc[everywhere]
    assert cells.shape[1] == 56
    assert cells.notna().all(axis=None)
    components = edition.scores.wide(year, "component").loc[everywhere]
    assert components.shape[1] == 14
    assert components.notna().all(axis=None)
    assert edition.scores.wide(year, "index").loc[everywhere].notna().all(axis=None)
    assert edition.measured == pytest.approx(1)
    assert not edition.experimental


def test_no_real_edition_measures_as_much(real: dict[int, Edition]) -> None:
    for edition in real.values():
        assert edition.scores.cells["value"].isna().any()
        assert edition.measured < 1


def test_it_says_that_it_is_a_rehearsal(rehearsal: Path, made: dict[int, Edition], real: dict[int, Edition]) -> None:
    for year in YEARS:
        assert made[year].rehearsal
        assert made[year].label == f"{year} (rehearsal, synthetic)"
        assert (real[year].rehearsal, real[year].label) == (False, str(year))
    assert (rehearsal / "REHEARSAL.txt").read_text(encoding="utf-8") == (
        "A rehearsal. Most figures in this folder are synthetic; they describe nobody.\n"
    )


# ---------------------------------------------------------------- told apart, cell by cell


def test_every_row_that_was_made_up_says_so_three_times(rehearsal: Path) -> None:
    table = rows(rehearsal, "synthetic-*.csv")
    assert len(table) > 2 * 21 * 17
    assert set(table["status"]) == {"synthetic"}
    assert set(table["note"]) == {"synthetic"}
    assert (table["source"] == table["file"]).all()
    assert table["source"].str.startswith("synthetic-").all()
    records = tomllib.loads((rehearsal / "data" / "sources.toml").read_text(encoding="utf-8"))
    for name in set(table["source"]):
        assert records[name]["publisher"] == "nobody: synthetic figures"
        assert "Synthetic" in records[name]["title"]
        assert records[name]["licence"] == "none needed; not to be quoted"


def test_nothing_else_was_added_or_changed(rehearsal: Path) -> None:
    ours, theirs = digests(folders.data() / "observations"), digests(rehearsal / "data" / "observations")
    assert ours.items() <= theirs.items()
    assert {name for name in theirs if name not in ours} == {
        "synthetic-registers.csv", "synthetic-survey-2022.csv", "synthetic-survey-2023.csv",
    }  # fmt: skip
    for name in ("methodology", "survey", "boundaries", "crosswalk"):
        assert digests(folders.data() / name) == digests(rehearsal / "data" / name)
    assert not list(rehearsal.rglob("published.*"))  # nothing of it was ever published
    assert "synthetic" not in set(pd.read_csv(folders.data() / "statuses.csv")["status"])  # of the real project


@pytest.mark.parametrize("year", YEARS)
def test_real_cells_are_the_real_ones_to_the_last_digit(
    made: dict[int, Edition], real: dict[int, Edition], year: int
) -> None:
    key, kept = ["region", "indicator"], ["value", "observed", "status", "source"]
    ours = real[year].scores.cells.set_index(key).dropna(subset="value")
    theirs = made[year].scores.cells.set_index(key)
    pd.testing.assert_frame_equal(ours[kept], theirs.loc[ours.index, kept], check_exact=True)
    added = theirs.drop(index=ours.index)
    assert len(added) > 20 * 21
    assert (added["status"] == "synthetic").all()
    assert (theirs.loc[ours.index, "status"] != "synthetic").all()
    assert added["source"].str.startswith("synthetic-").all()


def test_what_is_made_of_made_up_figures_carries_the_flag(made: dict[int, Edition]) -> None:
    for edition in made.values():
        index = edition.scores.nodes[edition.scores.nodes["node"] == "index"]
        assert index["flag"].str.startswith("synthetic").all()


def test_the_nation_lies_among_its_regions(made: dict[int, Edition]) -> None:
    for edition in made.values():
        cells = edition.scores.cells[edition.scores.cells["source"] == "synthetic-registers"]
        nation = cells[cells["region"] == "KZ"].set_index("indicator")["value"]
        assert len(nation) > 5
        regions = edition.scores.cells[edition.scores.cells["region"] != "KZ"].groupby("indicator")["value"]
        assert (nation >= regions.min().loc[nation.index]).all()
        assert (nation <= regions.max().loc[nation.index]).all()


# ---------------------------------------------------------------- errors of the sample


def test_errors_and_covariances_of_the_survey_reach_the_order(made: dict[int, Edition]) -> None:
    edition = made[2023]
    table = edition.methodology.indicators
    survey = table.loc[table["kind"] == "survey", "code"]
    cells = edition.scores.cells[edition.scores.cells["indicator"].isin(survey)]
    assert len(survey) == 21
    assert (cells["se"] > 0).all()
    assert (cells["n"] > 0).all()
    assert edition.covariance is not None
    assert set(edition.covariance["year"]) == set(YEARS)
    factors = read_factors(edition.methodology).only("survey")
    with_all = robustness(edition, factors, draws=200, rng=np.random.default_rng(1), n=8)
    assert with_all.plan.idle == ()
    spread = with_all.simulation.scores.std(axis=1)
    assert (spread > 0).all()
    vars(edition)["covariance"], kept = None, edition.covariance
    try:  # control: errors that are taken for independent move the index otherwise
        alone = robustness(edition, factors, draws=200, rng=np.random.default_rng(1), n=8).simulation.scores.std(axis=1)
    finally:
        vars(edition)["covariance"] = kept
    assert not np.allclose(spread, alone, rtol=0.02)


def test_the_survey_is_idle_in_the_real_year(real: dict[int, Edition]) -> None:
    factors = read_factors(real[2023].methodology).only("weights", "survey")
    found = robustness(real[2023], factors, draws=10, rng=np.random.default_rng(1), n=2)
    assert found.plan.idle == ("survey",)
    assert real[2023].covariance is None


def test_a_covariance_that_is_no_number_is_named(project: object, tmp_path: Path, says: Says) -> None:
    path = tmp_path / "data" / "covariance" / "a.csv"
    path.parent.mkdir()
    path.write_text("region,year,indicator,other,covariance\nA,2022,poverty,water,0.5\nA,2022,water,poverty,half\n")
    with says(DataError, "data/covariance/a.csv line 3: covariance is 'half', which is not a number"):
        _ = read_edition(2022).covariance
    path.write_text("region,year,indicator,other,covariance\nA,2022,poverty,water,0.5\n")
    found = read_edition(2022)
    assert found.covariance is not None
    assert found.covariance.loc[:, ["year", "covariance"]].to_numpy().tolist() == [[2022, 0.5]]
    before = found.checksum
    path.write_text("region,year,indicator,other,covariance\nA,2022,poverty,water,0.25\n")
    assert read_edition(2022).checksum != before


# ---------------------------------------------------------------- bytes, folders, refusals


def test_equal_seeds_give_equal_bytes_and_others_do_not(
    tmp_path: Path, real: dict[int, Edition], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "read_edition", lru_cache(real.__getitem__))
    one, again, other = (
        digests(write_rehearsal(tmp_path / name, seed=seed, years=(2023,), sample=SMALL))
        for name, seed in (("one", 1), ("again", 1), ("other", 2))
    )
    assert one == again
    assert {name for name in one if one[name] != other[name]} == {
        "data/covariance/synthetic-survey-2023.csv", "data/observations/synthetic-registers.csv",
        "data/observations/synthetic-survey-2023.csv", "data/sources.toml",
    }  # fmt: skip


def test_an_older_rehearsal_is_replaced_whole(
    tmp_path: Path, real: dict[int, Edition], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "read_edition", real.__getitem__)
    (tmp_path / "REHEARSAL.txt").write_text("old", encoding="utf-8")
    (tmp_path / "left.txt").write_text("old", encoding="utf-8")
    write_rehearsal(tmp_path, seed=1, years=(2023,), sample=SMALL)
    assert not (tmp_path / "left.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["REHEARSAL.txt", "data", "notebooks"]


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path: Path, says: Says) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    for taken in (tmp_path, tmp_path / "thesis.txt"):
        with says(DataError, f"{taken.as_posix()} holds other things than a rehearsal; name an empty folder"):
            write_rehearsal(taken, seed=1)
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_a_real_project_knows_no_status_synthetic(project: object, says: Says) -> None:
    path = folders.data() / "observations" / "living.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("A,2021,poverty,,,10,,,normal,", "A,2021,poverty,,,10,,,synthetic,"), encoding="utf-8")
    with says(
        DataError,
        "data/observations/living.csv line 3: no status is called 'synthetic'; "
        "there are normal, derived, backcast, suspect, missing, suppressed",
    ):
        read_observations()


@pytest.mark.parametrize("said", ['"yes"', "1", '"true"'])
def test_a_rehearsal_is_true_or_false(project: object, says: Says, said: str) -> None:
    path = folders.data() / "editions" / "2022" / "edition.toml"
    path.write_text(f'methodology = "t1"\nrehearsal = {said}\n', encoding="utf-8")
    shown = said.replace('"', "'")
    with says(DataError, f"data/editions/2022/edition.toml: rehearsal is {shown}; it must be true or false"):
        read_edition(2022)


def test_within_another_folder_and_back_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CWI_ROOT", raising=False)
    own = folders.root()
    with folders.within(tmp_path):
        assert folders.root() == tmp_path
        with folders.within(tmp_path / "deeper"):
            assert folders.root() == tmp_path / "deeper"
        assert folders.root() == tmp_path

    def fails() -> None:
        with folders.within(tmp_path):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert folders.root() == own
