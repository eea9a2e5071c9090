"""What must hold of the data and of the methodology that lie in this repository.

Everything is read once. Where a test would pass on bad data too if it looked at the wrong thing, a control spoils the
data and sees the test's own rule report it.
"""

import hashlib
import re
import shutil
import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest

from cwi import read_edition
from cwi.checks import PARTS, check_all
from cwi.indicators import LANGUAGES, OPEN
from cwi.methodology import methodologies, read_methodology
from cwi.observations import GIVEN_LATER, problems, read_series, read_statuses

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data"
KEY = ["indicator", "region", "year", "sex", "area"]


@dataclass
class Real:
    """The data folder, read."""

    observations: pd.DataFrame
    series: pd.DataFrame
    sources: dict
    statuses: pd.DataFrame
    territory: object
    methodology: object
    editions: dict


@pytest.fixture(scope="module")
def real():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CWI_ROOT", raising=False)
        edition = read_edition(2023, "2024.1")
        editions = {2021: edition.earlier(2021), 2023: edition}
        return Real(
            edition.base,
            read_series(),
            edition.sources,
            read_statuses(),
            edition.territory,
            edition.methodology,
            editions,
        )


@pytest.mark.slow
def test_the_checks_find_nothing(monkeypatch):
    monkeypatch.delenv("CWI_ROOT", raising=False)
    assert {check.name: check.problems for check in check_all()} == dict.fromkeys(PARTS, ())


# ---------------------------------------------------------------- the list of indicators


def test_the_frame_of_the_index(real):
    table = real.methodology.indicators
    assert len(table) == 56
    assert table["kind"].value_counts().to_dict() == {"statistical": 35, "survey": 21}
    assert table["component"].nunique() == 14
    assert table["dimension"].nunique() == 4
    assert [len(level) for level in real.methodology.nodes] == [14, 4, 1]


def test_a_series_is_used_where_an_indicator_of_some_methodology_is_open(real):
    table = pd.concat([read_methodology(version).indicators for version in methodologies()])
    opened = set(table.loc[table["data"] == OPEN, "code"])
    assert opened == set(real.series.index[real.series["used"] == "yes"])
    assert set(table.loc[table["data"] != OPEN, "code"]).isdisjoint(real.series.index)
    assert set(table.loc[table["kind"] == "survey", "data"]) == {"awaiting data"}


def test_every_open_indicator_has_values_that_can_be_scored(real):
    scored = real.observations.query("scored and sex == '' and area == ''")
    opened = real.methodology.indicators.query("data == @OPEN")["code"]
    assert set(opened) <= set(scored["indicator"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_stands_in_every_language(real, language):
    table = real.methodology.indicators
    for column in (f"title_{language}", f"definition_{language}"):
        assert list(table.loc[table[column] == "", "code"]) == [], column
    asked = table[f"question_{language}"] != ""
    assert list(asked) == list(table["kind"] == "survey")
    assert table[f"title_{language}"].is_unique
    overrides = real.methodology.overrides
    codes = [node.code for level in real.methodology.nodes for node in level]
    assert [code for code in codes if not overrides.get(code, {}).get(f"title_{language}")] == []
    assert (real.statuses[f"title_{language}"] != "").all()


def test_what_the_program_says_of_a_value_is_a_status(real):
    assert set(GIVEN_LATER) <= set(real.statuses.index)
    assert set(real.observations["status"]).isdisjoint(GIVEN_LATER)


def look_alikes(text):
    """Words in which Latin and Cyrillic letters are mixed, and single Latin letters."""

    def scripts(word):
        return {unicodedata.name(letter).split()[0] for letter in word if letter.isalpha()}

    words = re.findall(r"[^\W\d_]+", text)
    return [word for word in words if len(scripts(word)) > 1 or ("LATIN" in scripts(word) and len(word) == 1)]


def cyrillic_texts(real):
    table, nodes = real.methodology.indicators, real.methodology.overrides
    for language in ("ru", "kk"):
        for column in (f"title_{language}", f"definition_{language}", f"question_{language}"):
            yield from table[column]
        yield from real.territory.regions[f"name_{language}"]
        yield from real.statuses[f"title_{language}"]
        yield from (str(node.get(f"title_{language}", "")) for node in nodes.values())
        yield real.methodology.titles[language]
    yield from real.series["title_ru"]


def test_no_latin_letter_stands_for_a_kazakh_or_russian_one(real):
    assert [(word, text) for text in cyrillic_texts(real) for word in look_alikes(text)] == []


@pytest.mark.parametrize("word", ["Қaзақстан", "oблысы", "əлеуметтік", "c", "Kедейлік"])
def test_control_latin_look_alikes_are_noticed(word):
    assert look_alikes(f"балалар {word} үлесі") == [word]


# ---------------------------------------------------------------- ends


def outside(real, worst, best):
    """The values of the base years that lie outside the ends of an indicator whose ends are a range."""
    table = real.methodology.indicators.assign(worst=worst, best=best).query("ends_basis == 'range'").set_index("code")
    rows = real.observations.query("scored and sex == '' and area == '' and year in @real.methodology.base")
    rows = rows[rows["indicator"].isin(table.index) & (rows["region"] != real.territory.nation)]
    ends = np.sort(table.loc[rows["indicator"], ["worst", "best"]].to_numpy(), axis=1)
    beyond = (rows["value"] < ends[:, 0]) | (rows["value"] > ends[:, 1])
    return rows.loc[beyond, ["indicator", "region", "year", "value"]].values.tolist()


def test_base_values_lie_inside_ends_that_are_a_range(real):
    table = real.methodology.indicators
    assert (table["ends_basis"] == "range").sum() >= 10
    assert outside(real, table["worst"], table["best"]) == []


def test_control_values_outside_the_ends_are_noticed(real):
    table = real.methodology.indicators
    middle = (table["worst"] + table["best"]) / 2
    found = {row[0] for row in outside(real, middle, table["best"])}
    assert found >= {"grp_relative", "adolescent_births", "suicide_mortality"}


# ---------------------------------------------------------------- territories


def test_the_regions_of_each_year(real):
    counts = {year: len(real.territory.regions_of(year)) for year in (2017, 2018, 2021, 2022, 2023)}
    assert counts == {2017: 16, 2018: 17, 2021: 17, 2022: 20, 2023: 20}


def test_every_row_speaks_of_a_region_of_its_year(real):
    pairs = real.observations[real.observations["status"] != "backcast"][["region", "year"]].drop_duplicates()
    assert [pair for pair in pairs.itertuples(index=False) if not real.territory.valid(*pair)] == []


@pytest.mark.slow
def test_no_key_joins_the_two_east_kazakhstans(real):
    rows = real.observations
    before = rows[(rows["region"] == "KZ-63") & (rows["year"] < 2022)]
    assert set(before["status"]) == {"backcast"}
    assert rows.loc[rows["region"] == "KZ-VOS", "year"].max() == 2022
    years = {code: set(rows.loc[(rows["region"] == code) & (rows["status"] != "backcast"), "year"]) for code in
             ("KZ-VOS", "KZ-63")}  # fmt: skip
    assert years["KZ-VOS"] & years["KZ-63"] <= {2022}  # the year of the division, a row for each
    assert set(real.editions[2021].observations["region"]) == {"KZ", *real.territory.regions_of(2021)}
    assert set(real.editions[2023].observations["region"]) == {"KZ", *real.territory.regions_of(2023)}


def test_what_a_region_has_from_before_its_time_is_marked(real):
    rows = real.editions[2023].observations
    young = [code for code in real.territory.regions_of(2023) if not real.territory.valid(code, 2021)]
    assert sorted(young) == ["KZ-10", "KZ-19", "KZ-33", "KZ-35", "KZ-62", "KZ-63"]
    early = rows[rows["region"].isin(young) & (rows["year"] < 2022)]
    assert set(early.loc[early["scored"], "status"]) == {"parent region", "backcast"}
    assert len(early) > 1000


def test_a_parent_value_is_the_parent_s_own(real):
    rows = real.editions[2023].observations
    inherited = rows[(rows["region"] == "KZ-10") & (rows["status"] == "parent region")].set_index(KEY[2:] + KEY[:1])
    parent = real.observations[real.observations["region"] == "KZ-VOS"].set_index(KEY[2:] + KEY[:1])
    joined = inherited.join(parent.add_suffix("_parent"), how="left")
    assert len(joined) == len(inherited) > 100
    assert joined["value"].equals(joined["value_parent"])
    assert joined["scored_parent"].all()


BOUNDARIES = {"regions_2018.geojson": 2021, "regions_2022.geojson": 2022}


@pytest.mark.parametrize(("name", "year"), BOUNDARIES.items())
def test_boundaries_are_those_of_the_regions(real, name, year):
    table = geopandas.read_file(DATA / "boundaries" / name)
    assert sorted(table["code"]) == sorted(real.territory.regions_of(year))
    assert table["code"].is_unique
    assert table.geometry.is_valid.all()
    assert not table.geometry.is_empty.any()
    west, south, east, north = table.total_bounds
    assert 46 < west < 47
    assert 40 < south < 41
    assert 87 < east < 88
    assert 55 < north < 56


def test_both_maps_show_one_country():
    areas = [geopandas.read_file(DATA / "boundaries" / name).to_crs("ESRI:102025").area.sum() for name in BOUNDARIES]
    assert areas[0] == pytest.approx(areas[1], rel=0.005)
    assert areas[1] / 1e6 == pytest.approx(2_724_900, rel=0.02)  # square kilometres


# ---------------------------------------------------------------- sources


def test_every_row_names_the_record_of_its_file(real):
    rows = real.observations
    assert (rows["file"] == "data/observations/" + rows["source"] + ".csv").all()


def test_every_input_is_a_record(real):
    named = {name for record in real.sources.values() for name in record.get("inputs", [])}
    assert named <= set(real.sources)


def test_checksums(real):
    files = {name: record for name, record in real.sources.items() if "file" in record}
    assert len(files) == len(list((DATA / "observations").glob("*.csv"))) + len(BOUNDARIES)
    for name, record in files.items():
        assert hashlib.sha256((DATA / record["file"]).read_bytes()).hexdigest() == record["sha256"], name


@pytest.mark.slow
def test_control_a_changed_byte_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))
    shutil.copytree(DATA, tmp_path / "data")
    names = ["observations/bns-grp.csv", "boundaries/regions_2022.geojson"]
    for name in names:
        path = tmp_path / "data" / name
        path.write_bytes(path.read_bytes() + b"\n")
    assert [(found.kind, found.file) for found in problems()] == [("checksum", f"data/{name}") for name in names]


def test_the_readme_counts_what_is_here(real):
    text = (DATA / "README.md").read_text(encoding="utf-8")
    rows, files = len(real.observations), len(list((DATA / "observations").glob("*.csv")))
    counted = f"{rows:,} rows, {len(real.series)} series, {files} files of observations, "
    assert counted.replace(",", " ", 1) + f"{len(real.territory.regions)} territories" in text
    counts = real.observations["status"].value_counts()
    assert "Rows: " + ", ".join(f"{status} {n:,}".replace(",", " ") for status, n in counts.items()) in text


# ---------------------------------------------------------------- derived figures, computed again


class Inputs:
    """The values of the records that a derived record was made of."""

    def __init__(self, real, names):
        rows = real.observations[real.observations["source"].isin(names)]
        self.values = dict(zip(rows[KEY].itertuples(index=False, name=None), rows["value"], strict=True))
        changes = real.territory.changes
        self.successors = {old: list(rows["new"]) for old, rows in changes.groupby("old")}

    def __call__(self, indicator, region, year, sex=""):
        return self.values[indicator, region, year, sex, ""]

    def whole(self, indicator, region, year):
        """The value of a territory; where it has none, the sum of its successors."""
        if (indicator, region, year, "", "") in self.values:
            return self(indicator, region, year)
        return sum(self(indicator, part, year) for part in self.successors[region])

    def parts(self, indicator, region, year):
        return sum(self(indicator, part, year) for part in self.successors[region])


def per(count, base="population", factor=1.0, base_year=None):
    """A rate: a count over a base, both summed over successors where the territory itself has no row."""

    def rate(v, r):
        return factor * v.whole(count.get(r.indicator, r.indicator) if isinstance(count, dict) else count, r.region,
                                r.year) / v.whole(base, r.region, base_year or r.year)  # fmt: skip

    return rate


LEGAL = {"suicides_registered": "suicides_count"} | {
    name: f"{name}_count"
    for name in (
        "homicides", "offences", "child_suicide_attempts", "child_suicides", "child_victims", "juvenile_offenders",
        "offences_against_minors", "sexual_offences_against_minors", "child_road_victims",
    )
}  # fmt: skip
FORMULAS = {
    "derived-children-0-15": lambda v, r: v(r.indicator, r.region, r.year, "F") + v(r.indicator, r.region, r.year, "M"),
    "derived-children-share": per("children_0_15", "population_1_january", 100),
    "derived-dilapidated-housing": per("dilapidated_housing_count", factor=10_000),
    "derived-earnings-relative": lambda v, r: (
        100 * v("hourly_earnings", r.region, r.year) / v("hourly_earnings", "KZ", r.year)
    ),
    "derived-emissions": per("emissions_total", factor=1_000_000),
    "derived-grp": lambda v, r: v.parts("grp", r.region, r.year),
    "derived-grp-per-head": per("grp", factor=1000),
    "derived-grp-relative": lambda v, r: (
        100
        * (v("grp", r.region, r.year) / v("population", r.region, r.year))
        / (v("grp", "KZ", r.year) / v("population", "KZ", r.year))
    ),
    "derived-hospitals": per("hospitals_count", factor=100_000),
    "derived-child-road-victims": per(LEGAL, "children_0_15", 100_000, base_year=2020),
    "derived-food-share": lambda v, r: (
        100 * v("household_spending_food", r.region, r.year) / v("household_spending", r.region, r.year)
    ),
    "derived-legal-rates": per(LEGAL, factor=100_000),
    "derived-legal-rates-minors": per(LEGAL, "children_0_15", 100_000, base_year=2020),
    "derived-legal-sums": lambda v, r: sum(
        value for (indicator, region, *rest), value in v.values.items()
        if indicator == r.indicator and region != "KZ" and rest == [r.year, "", ""]
    ),
    "derived-legal-sums-minors": lambda v, r: sum(
        value for (indicator, region, *rest), value in v.values.items()
        if indicator == r.indicator and region != "KZ" and rest == [r.year, "", ""]
    ),
    "derived-median-wage-relative": lambda v, r: (
        100 * v("median_wage", r.region, r.year) / v("median_wage", "KZ", r.year)
    ),
    "derived-physicians": per("physicians_count", factor=10_000),
    "derived-pisa": lambda v, r: (v(r.indicator, r.region, r.year, "F") + v(r.indicator, r.region, r.year, "M")) / 2,
    "derived-population": lambda v, r: v.parts("population", r.region, r.year),
    "derived-teachers": per("teachers_count", factor=1000),
    "derived-timss": lambda v, r: (v(r.indicator, r.region, r.year, "F") + v(r.indicator, r.region, r.year, "M")) / 2,
}  # fmt: skip


def recomputed(real, name, rows):
    """The rows of a derived record whose value is not what its formula makes of its inputs, rounding apart."""
    inputs = Inputs(real, real.sources[name]["inputs"])
    digits = rows["value"].map(lambda value: len(f"{value!r}".partition(".")[2].rstrip("0"))).max()
    found = []
    for row in rows.itertuples():
        value = FORMULAS[name](inputs, row)
        if abs(value - row.value) > 0.5 * 10.0**-digits * (1 + 1e-6):
            found.append((row.indicator, row.region, row.year, row.value, value))
    return found


def test_every_derived_record_with_inputs_has_its_formula_here(real):
    made = {name for name, record in real.sources.items() if record.get("inputs")}
    assert made == set(FORMULAS)
    without = [name for name, record in real.sources.items() if "formula" in record and not record["inputs"]]
    assert all(real.sources[name]["note"].startswith("Not recomputable") for name in without)
    assert len(without) == 6


@pytest.mark.parametrize("name", FORMULAS)
def test_derived_figures_follow_from_their_inputs(real, name):
    rows = real.observations[real.observations["source"] == name]
    assert len(rows)
    assert recomputed(real, name, rows) == []


@pytest.mark.parametrize("name", ["derived-grp-relative", "derived-physicians", "derived-population"])
def test_control_a_wrong_derived_figure_is_noticed(real, name):
    rows = real.observations[real.observations["source"] == name]
    wrong = rows.assign(value=rows["value"].where(rows["line"] != 5, rows["value"] + 1))
    assert len(recomputed(real, name, wrong)) == 1


def test_a_derived_figure_is_marked_as_such(real):
    rows = real.observations[real.observations["source"].isin(FORMULAS)]
    assert set(rows["status"]) <= {"derived", "backcast", "suspect"}


def test_the_methodology_is_a_working_one_until_a_legal_act_is_named(real):
    said = tomllib.loads((DATA / "methodology" / "2024.1" / "methodology.toml").read_text(encoding="utf-8"))
    assert said["status"] == real.methodology.status == "working"
