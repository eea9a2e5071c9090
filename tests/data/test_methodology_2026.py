"""Methodology 2026.1 keeps its promises: the rule of ends, the bars, children's figures; and its index, recomputed.

The recomputation reads the files with pandas alone; nothing of the core takes part in it.
"""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cwi import read_edition, read_methodology

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data"
FOLDER = DATA / "methodology" / "2026.1"
SPLIT = {
    "KZ-63": "KZ-VOS",
    "KZ-10": "KZ-VOS",
    "KZ-19": "KZ-ALM",
    "KZ-33": "KZ-ALM",
    "KZ-35": "KZ-KAR",
    "KZ-62": "KZ-KAR",
}
OLDER = {"KZ-61": "KZ-YUZ", "KZ-79": "KZ-YUZ"}
SEVEN = ("child_suicides", "child_road_victims", "digital_literacy")
KEY = ["region", "year", "indicator"]


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def indicators():
    table = read(FOLDER / "indicators.csv").set_index("code")
    return table.astype({"worst": float, "best": float, "weight": float, "pooled_years": int})


@pytest.fixture(scope="module")
def rows(indicators):
    """Scored totals in their own borders after the decisions on cells."""
    statuses = read(DATA / "statuses.csv").set_index("status")["scored"]
    table = pd.concat([read(path) for path in sorted((DATA / "observations").glob("*.csv"))])
    table = table[(table["sex"] == "") & (table["area"] == "") & table["indicator"].isin(indicators.index)]
    table = table.assign(value=pd.to_numeric(table["value"]), year=table["year"].astype(int))
    parts = []
    for decision in read(FOLDER / "cells.csv").to_dict("records"):
        cell = (table["indicator"] == decision["indicator"]) & (table["year"] == int(decision["year"]))
        if decision["region"] != "all":
            cell &= table["region"] == decision["region"]
        if decision["decision"] != "keep":
            for region in decision["regions"].split():
                parts.append(table[cell].assign(region=region, status="parent"))
            table = table[~cell]
    table = table[table["status"].map(statuses) == "yes"]
    return pd.concat([table, *parts])[[*KEY, "value", "status"]]


def pool(rows, indicators):
    kept = [rows[rows["indicator"].map(indicators["pooled_years"]) == 1]]
    for code in indicators.index[indicators["pooled_years"] > 1]:
        span = indicators.at[code, "pooled_years"]
        own = rows[rows["indicator"] == code]
        for row in own.to_dict("records"):
            near = own[(own["region"] == row["region"]) & own["year"].between(row["year"] - span + 1, row["year"])]
            if len(near) > 1:
                kept.append(pd.DataFrame([{**row, "value": near["value"].mean()}]))
    return pd.concat(kept)


def on_regions(rows, regions):
    parts = [rows[rows["region"].isin(regions)]]
    for region in regions:
        for parent in (SPLIT.get(region), OLDER.get(region)):
            parts.append(rows[rows["region"] == parent].assign(region=region))
    return pd.concat(parts).drop_duplicates(KEY)


def index_of(rows, indicators, year, regions):
    near = pool(on_regions(rows, regions), indicators)
    near = near[near["year"].between(year - 2, year)]
    values = pd.DataFrame(np.nan, index=regions, columns=indicators.index)
    for code, part in near.groupby("indicator"):
        counts = part.groupby("year")["region"].nunique()
        enough = counts[counts >= 0.9 * part["region"].nunique() - 1e-9]
        chosen = enough.index.max() if len(enough) else counts[counts == counts.max()].index.max()
        values[code] = part[part["year"] == chosen].set_index("region")["value"].reindex(regions)
    log = indicators["scale"] == "log"
    worst, best = (indicators[end].where(~log, np.log(indicators[end].where(log, 1))) for end in ("worst", "best"))
    values.loc[:, log] = np.log(values.loc[:, log])
    scores = (100 * (values - worst) / (best - worst)).clip(0, 100)
    weights = scores.notna() * indicators["weight"]
    components = {}
    for name, codes in indicators.groupby("component").groups.items():
        total = weights[codes].sum(axis=1)
        mean = (scores[codes] * weights[codes]).sum(axis=1) / total
        components[name] = mean.where(total >= 0.2 * indicators.loc[codes, "weight"].sum())
    components = pd.DataFrame(components)
    dimensions = indicators.drop_duplicates("component").set_index("component")["dimension"]
    table = {}
    for name, parts in dimensions.groupby(dimensions).groups.items():
        table[name] = components[parts].mean(axis=1).where(components[parts].notna().mean(axis=1) >= 0.5)
    return pd.DataFrame(table).mean(axis=1, skipna=False), components, scores


@pytest.fixture(scope="module")
def edition():
    return read_edition(2023, "2026.1")


@pytest.mark.slow
@pytest.mark.parametrize("year", [2018, 2021, 2022, 2023, 2024, 2025])
def test_a_program_without_the_core_finds_the_same_scores(edition, rows, indicators, year):
    edition = edition.earlier(year)
    index, components, scores = index_of(rows, indicators, year, list(edition.regions))
    nodes = edition.scores.nodes.query("region != 'KZ'").pivot(index="region", columns="node", values="score")
    np.testing.assert_allclose(nodes["index"].reindex(index.index), index, atol=1e-9)
    np.testing.assert_allclose(nodes[components.columns].reindex(index.index), components, atol=1e-9)
    cells = edition.scores.cells.pivot(index="region", columns="indicator", values="score")
    np.testing.assert_allclose(cells.reindex(index.index)[scores.columns], scores, atol=1e-9)
    assert index.notna().all() == (year != 2025)


@pytest.mark.slow
def test_ends_are_five_or_seven_deviations_apart(rows, indicators):
    base = pool(rows, indicators)
    base = base[
        base["year"].between(2018, 2022) & (base["region"] != "KZ") & ~base["status"].isin(["backcast", "parent"])
    ]
    for code, row in indicators[indicators["data"] == "open"].iterrows():
        values = base.loc[base["indicator"] == code, "value"]
        log = row["scale"] == "log"
        ends = np.log([row["worst"], row["best"]]) if log else np.array([row["worst"], row["best"]])
        apart = abs(ends[1] - ends[0]) / (np.log(values) if log else values).std()
        assert apart == pytest.approx(7 if code in SEVEN else 5, rel=0.02), code
        capped = ((values < min(row["worst"], row["best"])) | (values > max(row["worst"], row["best"]))).mean()
        assert capped <= 0.06, code
    old = read_methodology("2024.1").indicators.set_index("code")
    values = base.loc[base["indicator"] == "informal_employment", "value"]
    assert abs(old.at["informal_employment", "best"] - old.at["informal_employment", "worst"]) / values.std() > 5.2


def shares(edition, methodology, year):
    """Share of the variance of the index by indicator, with the weights in force in each region."""
    edition = edition.earlier(year)
    regions = list(edition.regions)
    nodes = edition.scores.nodes.pivot(index="region", columns="node", values="score").loc[regions]
    cells = edition.scores.cells.pivot(index="region", columns="indicator", values="score").loc[regions]
    table = methodology.indicators.set_index("code")
    counted = (
        cells[table.index].notna()
        & nodes[table["component"]].notna().to_numpy()
        & nodes[table["dimension"]].notna().to_numpy()
    )
    parts = {}
    for code, row in table.iterrows():
        siblings = table.index[table["component"] == row["component"]]
        component = table.at[code, "weight"] / (counted[siblings] * table.loc[siblings, "weight"]).sum(axis=1)
        others = table.loc[table["dimension"] == row["dimension"], "component"].unique()
        parts[code] = (cells[code] * component / nodes[others].notna().sum(axis=1) / 4).where(counted[code], 0.0)
    parts = pd.DataFrame(parts)
    index = parts.sum(axis=1)
    np.testing.assert_allclose(index, nodes["index"], atol=1e-9)
    return parts.apply(lambda part: np.cov(part, index)[0, 1]) / index.var()


@pytest.mark.slow
@pytest.mark.parametrize("year", [2022, 2023, 2024])
def test_no_indicator_decides_the_index(edition, year):
    found = shares(edition, edition.methodology, year)
    assert found.sum() == pytest.approx(1)
    assert found.max() <= 0.12, found.idxmax()


@pytest.mark.slow
def test_under_2024_1_one_did():
    old = read_edition(2023, "2024.1")
    assert shares(old, old.methodology, 2023)["physicians"] == pytest.approx(
        0.287, abs=0.001
    )  # the review's own figure


@pytest.mark.slow
@pytest.mark.parametrize("year", [2023, 2024])
def test_every_dimension_has_figures_about_children_and_child_three(edition, year):
    children = read(FOLDER / "selection.csv").set_index("series")["about_children"]
    cells = edition.earlier(year).scores.cells.query("region != 'KZ'")
    measured = cells.groupby("indicator")["value"].apply(lambda values: values.notna().mean() > 0.5)
    dimension = edition.methodology.indicators.set_index("code")["dimension"]
    about = dimension[[code for code in dimension.index if measured[code] and children[code] == "yes"]].value_counts()
    assert about["child"] >= 3
    assert set(about.index) == set(dimension)


def test_the_selection_judges_every_series_and_every_indicator(indicators):
    table = read(FOLDER / "selection.csv")
    assert table["series"].is_unique
    series = set(read(DATA / "series.csv")["indicator"])
    assert set(table["series"]) == series | set(indicators.index)
    assert set(table["verdict"]) == {"kept", "changed", "new", "awaiting", "dropped"}
    assert (table["reason"] != "").all()
    used = table["series"].isin(indicators.index)
    assert (table.loc[~used, "verdict"] == "dropped").all()
    assert (table.loc[used, "verdict"] != "dropped").all()
    assert set(table.loc[used, "role"]) == {"outcome", "process", "context"}
    waiting = set(indicators.index[indicators["data"] != "open"])
    assert set(table.loc[table["verdict"] == "awaiting", "series"]) == waiting


def test_the_frame_stays():
    table = read_methodology("2026.1").indicators
    assert table["kind"].value_counts().to_dict() == {"statistical": 35, "survey": 21}
    assert (len(table), table["component"].nunique(), table["dimension"].nunique()) == (56, 14, 4)
    for language in ("en", "ru", "kk"):
        assert (table[[f"title_{language}", f"definition_{language}"]] != "").all(axis=None)
        assert table[f"title_{language}"].is_unique


def test_answers_will_count_about_as_much_as_they_weigh():
    """Ends of the survey, against a spread of five points between regions: what a share of weight has of variance."""
    rules = read_methodology("2026.1").indicators
    survey = rules["kind"] == "survey"
    spread = np.where(survey, 0.0, 20.0)
    synthetic = read(DATA / "survey" / "2024.1" / "synthetic.csv").set_index("indicator")["spread"].astype(float)
    width = (rules["best"] - rules["worst"]).abs().to_numpy()
    noise = np.hypot(rules["code"].map(synthetic).to_numpy(float), 2.0)
    spread = np.where(survey, 100 * noise / width, spread)
    assert spread[survey] == pytest.approx(20, rel=0.05)
    weight = np.zeros(len(rules))
    for place, row in enumerate(rules.to_dict("records")):
        siblings = rules["component"] == row["component"]
        components = rules.loc[rules["dimension"] == row["dimension"], "component"].nunique()
        weight[place] = row["weight"] / rules.loc[siblings, "weight"].sum() / components / 4
    of_weight = weight[survey].sum()
    of_variance = (weight[survey] ** 2 @ spread[survey] ** 2) / (weight**2 @ spread**2)
    assert of_weight / 1.5 <= of_variance <= of_weight * 1.5
    old = read_methodology("2024.1").indicators
    flat = np.where(old["kind"] == "survey", 5.0, 15.0)
    alike = (flat[old["kind"] == "survey"] ** 2).sum() / (flat**2).sum()
    assert alike < of_weight / 1.5  # with ends of 0 and 100 the answers did not count


def test_every_edition_keeps_its_approved_methodology():
    for path in sorted((DATA / "editions").glob("*/edition.toml")):
        approved = tomllib.loads(path.read_text())["methodology"]
        published = path.with_name("published.toml")
        if published.is_file():
            assert tomllib.loads(published.read_text())["methodology"] == approved, path.parent.name
