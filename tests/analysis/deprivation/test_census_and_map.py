"""A census in Parquet counted in parts, on threads and on a cluster; the map of small areas."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cwi.analysis.deprivation import count_census, poverty_map, profile
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.inputs.deprivation import Deprivations
from cwi.methods.deprivation import alkire_foster, every_cutoff, overlaps

pytestmark = pytest.mark.slow

CodedBy = Callable[[str], Deprivations]
ITEMS = [f"i{j:02d}" for j in range(13)]
DIMENSIONS = {"one": ITEMS[:4], "two": ITEMS[4:9], "three": ITEMS[9:]}


@pytest.fixture(scope="module")
def census(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    rng = np.random.default_rng(4)
    n = 9_000
    table = pd.DataFrame((rng.random((n, 13)) < 0.2).astype(bool), columns=ITEMS)
    table["region"] = rng.choice(["KZ-11", "KZ-15", "KZ-39"], n)
    table["weight"] = rng.integers(1, 5, n).astype(float)
    table["i03"] = table["i03"].astype("boolean").mask(rng.random(n) < 0.01)
    table["i07"] = table["i07"].astype("int8")
    folder = tmp_path_factory.mktemp("census")
    for part, rows in enumerate(np.array_split(np.arange(n), 2)):
        table.iloc[rows].to_parquet(folder / f"part-{part}.parquet", index=False, row_group_size=1_700)
    return folder, table


def test_the_census_is_what_the_whole_table_is(census: tuple[Path, pd.DataFrame]) -> None:
    folder, table = census
    weights = {name: 1 + j % 3 for j, name in enumerate(ITEMS)}
    got = count_census(folder, weights, dimensions=DIMENSIONS, weight="weight")
    assert (got.rows, got.regions) == (9_000, ("KZ-11", "KZ-15", "KZ-39"))
    g = table[ITEMS].astype("float64").to_numpy()
    place = table["region"].map({"KZ-11": 0, "KZ-15": 1, "KZ-39": 2}).to_numpy()
    whole = every_cutoff(g, list(weights.values()), people=table["weight"], groups=place)
    for name in ("H", "M0", "censored", "uncensored", "lost"):
        np.testing.assert_allclose(getattr(got.cutoffs, name), getattr(whole, name), err_msg=name)
    complete = ~np.isnan(g).any(axis=1)
    flags = np.stack(
        [table[members].astype("float64").to_numpy().max(axis=1) for members in DIMENSIONS.values()], axis=1
    )
    np.testing.assert_allclose(got.overlaps[-1], overlaps(flags[complete], table["weight"][complete]))
    total = sum(weights.values())
    one = alkire_foster(g, list(weights.values()), k=7 / total, sample_weights=table["weight"], missing="drop")
    assert got.table(7).loc["all", "M0"] == pytest.approx(one.M0)
    assert got.table(7).loc["all", "lost"] == pytest.approx(one.lost)
    with pytest.raises(ValueError, match=r"^k is 99; it must be one of 1, 2, "):
        got.table(99)


def test_a_cluster_counts_the_same(census: tuple[Path, pd.DataFrame]) -> None:
    from distributed import Client, LocalCluster

    folder, _ = census
    here = count_census(folder, dict.fromkeys(ITEMS, 1), dimensions=DIMENSIONS)
    with (
        LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        there = count_census(folder, dict.fromkeys(ITEMS, 1), dimensions=DIMENSIONS, client=client)
    np.testing.assert_array_equal(there.cutoffs.M0, here.cutoffs.M0)
    np.testing.assert_array_equal(there.overlaps, here.overlaps)


def test_what_a_census_cannot_have(census: tuple[Path, pd.DataFrame], tmp_path: Path) -> None:
    folder, table = census
    file = tmp_path / "c.parquet"
    table.head(10).assign(i07=2).to_parquet(file)
    with pytest.raises(DataError, match="i07 has values other than 0 and 1"):
        count_census(file, dict.fromkeys(ITEMS, 1))
    with pytest.raises(DataError, match=r"there is no column 'i0' \(did you mean 'i\d\d'\?\)"):
        count_census(folder, {"i0": 1})
    with pytest.raises(DataError, match=r"region is 'KZ-15' \(did you mean 'KZ-11'\?\); there are KZ-11, KZ-39"):
        count_census(folder, dict.fromkeys(ITEMS, 1), regions=["KZ-11", "KZ-39"])
    with pytest.raises(DataError, match="there is no Parquet file"):
        count_census(tmp_path / "nothing", dict.fromkeys(ITEMS, 1))


def test_the_map_adds_up_and_is_less_uncertain(coded_by: CodedBy, edition: Edition) -> None:
    coded = coded_by("eu-child")
    table = profile(coded)
    people = coded.children.groupby(["region", "area"])["weight"].sum()
    found = poverty_map(table, edition, population=people, rng=np.random.default_rng(1), draws=30)
    assert len(found.table) == 37
    assert found.table["rmse_bootstrap"].median() == pytest.approx(found.table["rmse"].median(), rel=0.4)
    assert found.coefficients.index.tolist() == ["constant", "rural", "poverty", "internet_use"]
    assert (found.coefficients["low"] < found.coefficients["high"]).all()
    shares = people.reindex(pd.MultiIndex.from_frame(found.table[["region", "area"]])).to_numpy()
    national = table[(table["region"] == "KZ") & (table["measure"] == "H") & (table["area"] == "")].iloc[0]
    assert np.average(found.table["estimate"], weights=shares) == pytest.approx(national["estimate"])
    assert found.table["rmse"].median() < found.table["direct_se"].median()
    assert (found.table["low"] <= found.table["estimate"]).all()
    gone = table[~((table["region"] == "KZ-11") & (table["area"] == "R"))]
    without = poverty_map(gone, edition, scale="logit").table.set_index(["region", "area"])
    assert without["flag"]["KZ-11", "R"] == "no sample"
    assert without["gamma"]["KZ-11", "R"] == 0
    assert 0 < without["estimate"]["KZ-11", "R"] < 1


def test_covariates_must_be_known_and_few(coded_by: CodedBy, edition: Edition) -> None:
    table = profile(coded_by("eu-child"))
    with pytest.raises(DataError, match=r"^the edition has no series 'povrty' \(did you mean 'poverty'\?\)"):
        poverty_map(table, edition, covariates=["povrty"])
    with pytest.raises(DataError, match=r"^there are 4 covariates; areas this few bear 3 at most$"):
        poverty_map(table, edition, covariates=["poverty"] * 4)
    with pytest.raises(DataError, match=r"^no area has a direct estimate that may be printed; a model of areas has "):
        poverty_map(table.assign(estimate=np.nan), edition)
    with pytest.raises(DataError, match=r"^every area has the share 0 or 1; a model of areas needs shares that "):
        poverty_map(table.assign(estimate=0.0), edition)
