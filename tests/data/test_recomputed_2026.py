"""2023 and 2024 under methodology 2026.1, recomputed from the files with pandas alone: nothing of the core takes part.

Every score of every node, of the regions and of the nation; ranks; which figures are carried or of former regions; the
gap to the nation on the same indicators; the mean weighted by children; the trend on a fixed set. The library is called
at the end, to be compared with it.
"""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cwi import read_edition
from cwi.analysis.comparison import children_by_region, fixed_set, like_with_like, mean_by_children

pytestmark = pytest.mark.slow  # every file of observations is read, and the library called

DATA = Path(__file__).parents[2] / "data"
FOLDER = DATA / "methodology" / "2026.1"
FORMER = {
    **dict.fromkeys(("KZ-63", "KZ-10"), "KZ-VOS"), **dict.fromkeys(("KZ-19", "KZ-33"), "KZ-ALM"),
    **dict.fromkeys(("KZ-35", "KZ-62"), "KZ-KAR"), **dict.fromkeys(("KZ-61", "KZ-79"), "KZ-YUZ"),
}  # fmt: skip
GONE = ["KZ-VOS", "KZ-ALM", "KZ-KAR", "KZ-YUZ"]
YEARS = (2023, 2024)


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


INDICATORS = read(FOLDER / "indicators.csv").set_index("code").astype(
    {"worst": float, "best": float, "weight": float, "pooled_years": int}
)  # fmt: skip
LOG = INDICATORS["scale"] == "log"
COMPONENTS = INDICATORS.drop_duplicates("component").set_index("component")["dimension"]


@pytest.fixture(scope="module")
def rows():
    """Totals that may be scored, decisions applied; the population beside them."""
    scored = read(DATA / "statuses.csv").set_index("status")["scored"]
    table = pd.concat([read(path) for path in sorted((DATA / "observations").glob("*.csv"))])
    table = table[(table["sex"] == "") & (table["area"] == "") & (table["value"] != "")]
    table = table.assign(value=table["value"].astype(float), year=table["year"].astype(int), former=False)
    people = table[table["indicator"].isin(["population", "children_0_15"])]
    table = table[table["indicator"].isin(INDICATORS.index)]
    moved = []
    for decision in read(FOLDER / "cells.csv").to_dict("records"):
        cell = (table["indicator"] == decision["indicator"]) & (table["year"] == int(decision["year"]))
        if decision["region"] != "all":
            cell &= table["region"] == decision["region"]
        if decision["decision"] != "keep":
            moved += [table[cell].assign(region=part, former=True) for part in decision["regions"].split()]
            table = table[~cell]
    table = pd.concat([table[table["status"].map(scored) == "yes"], *moved])
    return table[["indicator", "region", "year", "value", "former"]], people


def values_of(rows, year):
    """Values, their year, whether they are of a former region: a row a region or the nation, a column an indicator."""
    regions = sorted(set(rows["region"]) - set(GONE))
    inherited = []
    for region, parent in FORMER.items():
        own = rows[rows["region"] == region].set_index(["indicator", "year"]).index
        old = rows[rows["region"] == parent]
        old = old[~pd.MultiIndex.from_frame(old[["indicator", "year"]]).isin(own)]
        inherited.append(old.assign(region=region, former=True))
    table = pd.concat([rows[rows["region"].isin(regions)], *inherited])
    table = table[table["year"] <= year]
    shape = (regions, INDICATORS.index)
    value, seen = (pd.DataFrame(np.nan, *shape) for _ in range(2))
    former = pd.DataFrame(False, *shape)
    for code, part in table.groupby("indicator"):
        wide = part.pivot(index="year", columns="region", values="value").reindex(range(2000, year + 1))
        own = part.pivot(index="year", columns="region", values="former").reindex(range(2000, year + 1))
        span = INDICATORS.at[code, "pooled_years"]
        if span > 1:
            wide = wide.rolling(span, min_periods=2).mean().where(wide.notna())
        near = wide.loc[year - 2 : year]
        counts = near.drop(columns="KZ", errors="ignore").notna().sum(axis=1)
        reach = near.drop(columns="KZ", errors="ignore").notna().any().sum()
        if not reach:
            continue
        enough = counts[counts >= 0.9 * reach - 1e-9]
        chosen = enough.index.max() if len(enough) else counts[counts == counts.max()].index.max()
        for region in near.columns:
            years = [chosen] if not math.isnan(near.at[chosen, region]) else []
            if region == "KZ" and not years:
                years = list(near.index[near[region].notna()][-1:])
            for when in years:
                value.at[region, code], seen.at[region, code] = near.at[when, region], when
                former.at[region, code] = bool(own.at[when, region])
    return value, seen, former


def scored(value, least=(0.2, 0.5)):
    """Scores of indicators, components, dimensions and the index, by name in one table."""
    value, ends = value.copy(), INDICATORS[["worst", "best"]].copy()
    value.loc[:, LOG] = np.log(value.loc[:, LOG])
    ends[LOG] = np.log(ends[LOG])
    scores = (100 * (value - ends["worst"]) / (ends["best"] - ends["worst"])).clip(0, 100)
    table = scores.copy()
    for name, codes in INDICATORS.groupby("component").groups.items():
        weight = scores[codes].notna() * INDICATORS.loc[codes, "weight"]
        total = weight.sum(axis=1)
        mean = (scores[codes].fillna(0) * weight).sum(axis=1) / total.where(total > 0)
        table[name] = mean.where(total >= least[0] * INDICATORS.loc[codes, "weight"].sum() - 1e-12)
    for name, parts in COMPONENTS.groupby(COMPONENTS).groups.items():
        table[name] = table[parts].mean(axis=1).where(table[parts].notna().mean(axis=1) >= least[1] - 1e-12)
    table["index"] = table[sorted(set(COMPONENTS))].mean(axis=1, skipna=False)
    return table


@pytest.fixture(scope="module", params=YEARS)
def both(request, rows):
    year = request.param
    value, seen, former = values_of(rows[0], year)
    return year, value, seen, former, scored(value), read_edition(2023, "2026.1").earlier(year)


def wide(edition, column):
    return edition.scores.nodes.pivot(index="region", columns="node", values=column)


def test_every_score_of_every_node_and_of_the_nation(both):
    _, _, _, _, table, edition = both
    theirs = wide(edition, "score")
    assert set(theirs.index) == set(table.index)
    assert len(table.columns) == 56 + 14 + 4 + 1
    np.testing.assert_allclose(theirs.loc[table.index, table.columns].astype(float), table, atol=1e-9)
    assert table.drop("KZ")["index"].notna().all()


def test_every_rank(both):
    _, _, _, _, table, edition = both
    printed = np.floor(table.drop("KZ") * 10 + 0.5 + 1e-7) / 10
    ranks = printed.rank(ascending=False, method="min")
    theirs = wide(edition, "rank").drop("KZ").astype(float)
    np.testing.assert_allclose(theirs.loc[ranks.index, ranks.columns], ranks, atol=0)


def test_every_year_and_every_former_region(both):
    year, value, seen, former, _, edition = both
    cells = edition.scores.cells.set_index(["region", "indicator"])
    cells = cells[cells["value"].notna()]
    places = zip(*np.where(value.notna()), strict=True)
    assert set(cells.index) == {(value.index[row], value.columns[column]) for row, column in places}
    assert [int(seen.at[key[0], key[1]]) for key in cells.index] == cells["observed"].tolist()
    assert [bool(former.at[key[0], key[1]]) for key in cells.index] == (cells["status"] == "parent region").tolist()
    weights = edition.scores.weights_in_force(year).drop("KZ")
    own = (seen == year) & ~former
    share = (weights * own.loc[weights.index, weights.columns]).sum(axis=1).mean()
    assert share == pytest.approx({2023: 0.34, 2024: 0.083}[year], abs=0.005)


def test_every_gap_on_the_same_indicators(both):
    _, value, _, _, _, edition = both
    rows = like_with_like(edition).regions.set_index(["region", "node"])
    for region in edition.regions:
        both_have = value.loc[region].notna() & value.loc["KZ"].notna()
        pair = scored(value.loc[[region, "KZ"], both_have].reindex(columns=INDICATORS.index))
        nodes = [node for node in pair.columns if node not in INDICATORS.index]
        theirs = rows.loc[region].loc[nodes]
        np.testing.assert_allclose(theirs["matched"], pair.loc[region, nodes], atol=1e-9)
        np.testing.assert_allclose(theirs["gap"], pair.loc[region, nodes] - pair.loc["KZ", nodes], atol=1e-9)


def test_the_mean_weighted_by_children(both, rows):
    year, _, _, _, table, edition = both
    people = rows[1].set_index(["indicator", "region", "year"])["value"]
    children = {}
    for region in edition.regions:
        parent = FORMER.get(region)
        if parent in (None, "KZ-YUZ"):
            children[region] = people["children_0_15", region, 2020]
            continue
        parts = [part for part, former in FORMER.items() if former == parent]
        shares = [people["population", part, year] for part in parts]
        share = people["population", region, year] / sum(shares)
        children[region] = people["children_0_15", parent, 2020] * share
    children = pd.Series(children)
    pd.testing.assert_series_equal(children_by_region(edition)[children.index], children, check_names=False)
    index = table.loc[children.index, "index"]
    assert mean_by_children(edition) == pytest.approx((index * children).sum() / children.sum())


def test_the_trend_on_a_fixed_set(rows):
    table, people = rows[0], rows[1].set_index(["indicator", "region", "year"])["value"]
    stable = sorted((set(table["region"]) - set(FORMER) - {"KZ-YUZ"}) | {"KZ-61", "KZ-79"})
    years = range(2018, 2023)
    values = {}
    for year in years:
        here = table[table["year"] == year].drop_duplicates(["indicator", "region"], keep="last")
        wide = here.pivot(index="region", columns="indicator", values="value").reindex(columns=INDICATORS.index)
        if year == 2022:
            for former in ("KZ-VOS", "KZ-ALM", "KZ-KAR"):
                parts = [part for part, owner in FORMER.items() if owner == former]
                weight = np.array([people["population", part, year] for part in parts])
                mean = (wide.loc[parts].to_numpy() * weight[:, None]).sum(axis=0) / weight.sum()
                wide.loc[former] = wide.reindex([former]).iloc[0].fillna(pd.Series(mean, wide.columns))
        values[year] = wide.reindex(stable)
    once = INDICATORS.index[INDICATORS["pooled_years"] == 1]
    kept = [code for code in once if all(values[year][code].notna().all() for year in years)]
    result = fixed_set(read_edition(2023, "2026.1"), years)
    assert set(kept) == set(result.kept)
    for year in years:
        scores = scored(values[year][kept].reindex(columns=INDICATORS.index), (0, 0))
        theirs = result.scores.nodes.query("year == @year").pivot(index="region", columns="node", values="score")
        for node in result.means.index:
            np.testing.assert_allclose(theirs.loc[stable, node], scores[node], atol=1e-9)
