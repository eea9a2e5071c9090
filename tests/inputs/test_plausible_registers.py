"""The rehearsal's registers look like Kazakhstan: inside bounds with a source, around the national figures."""

import numpy as np
import pandas as pd
import pytest

from cwi import folders, read_edition, read_methodology
from cwi.errors import DataError
from cwi.inputs import rehearsal
from cwi.inputs.rehearsal import read_plausible
from cwi.methodology import methodologies

HEAD = "indicator,nation,spread,low,high,basis,source\n"


@pytest.fixture(scope="module")
def drawn():
    edition = read_edition(2023)
    return rehearsal._registers([edition.earlier(2022), edition], np.random.default_rng(2023))


def test_what_is_plausible_is_written_for_every_register_that_is_awaited():
    table = read_plausible()
    awaited = set()
    for version in methodologies():
        indicators = read_methodology(version).indicators
        awaited |= set(indicators.loc[(indicators["kind"] == "statistical") & (indicators["data"] != "open"), "code"])
    assert set(table.index) == awaited


@pytest.mark.slow
def test_every_figure_is_inside_its_bounds(drawn):
    table = read_plausible()
    for code, values in drawn.groupby("indicator")["value"]:
        if code in table.index:
            assert values.between(table.at[code, "low"], table.at[code, "high"]).all(), code
            assert len(values) == 2 * 21
            assert values.nunique() > 5, code


@pytest.mark.slow
def test_the_nation_is_near_its_figure(drawn):
    table = read_plausible()
    nation = drawn[drawn["region"] == "KZ"].groupby("indicator")["value"].mean()
    for code in table.index.intersection(nation.index):
        assert abs(nation[code] - table.at[code, "nation"]) < 1.5 * table.at[code, "spread"], code


@pytest.mark.parametrize(
    ("code", "least", "most"),
    [
        ("immunisation", 80, 100),  # the review saw 28 to 69
        ("family_placement", 60, 98),  # 37 to 76, with 83 in the nation
        ("additional_education", 60, 99),  # 30 to 85
        ("child_budget_share", 20, 65),  # 10 to 82
        ("child_overweight", 5, 40),  # 22 to 67
    ],
)
def test_the_figures_of_the_review_are_gone(drawn, code, least, most):
    values = drawn.loc[drawn["indicator"] == code, "value"]
    assert least <= values.min() < values.max() <= most


def test_published_figures_are_those_of_their_source():
    table = read_plausible()
    facts = pd.read_csv(folders.data() / "policy" / "facts.csv").query("source == 'overview-2024'")
    facts = facts.set_index("measure")["value"]
    share = 100 * facts["orphans_in_families"] / facts["orphans_total"]
    assert table.at["family_placement", "nation"] == pytest.approx(share, abs=0.05)
    assert table.at["preschool_enrolment", "nation"] == facts["preschool_coverage"]
    budget = read_edition(2023).base.query("indicator == 'child_budget_share_local' and scored")["value"]
    assert table.at["child_budget_share", "low"] <= budget.min()
    assert budget.max() <= table.at["child_budget_share", "high"]
    assert (table["source"].str.len() > 20).all()
    assert set(table["basis"]) == {"published", "derived", "assumed"}


def test_a_region_that_is_better_in_the_dimension_is_better_here(drawn):
    edition = read_edition(2023)
    family = edition.scores.of("family_community")[2023].drop("KZ")
    rows = drawn[(drawn["indicator"] == "family_placement") & (drawn["year"] == 2023) & (drawn["region"] != "KZ")]
    assert rows.set_index("region")["value"].corr(family) > 0.2


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,x,1,0,9,published,why", "synthetic_registers.csv line 2: nation is 'x', which is not a number"),
        ("a,5,1,6,9,published,why", "a needs low < nation < high and a spread above 0; there is 6, 5, 9 and 1"),
        ("a,5,0,1,9,published,why", "a needs low < nation < high and a spread above 0; there is 1, 5, 9 and 0"),
        ("a,5,1,1,9,guess,why", "basis is 'guess'; there are published, derived, assumed"),
        ("a,5,1,1,9,published,", "synthetic_registers.csv line 2: a has no source"),
        ("a,5,1,1,9,published,why", "'b' has no row; without one its synthetic figures would not be plausible"),
    ],
)
def test_a_table_that_is_wrong_is_refused(project, row, message):
    project.write("synthetic_registers.csv", HEAD + row + "\n")
    with pytest.raises(DataError) as error:
        read_plausible(["b"])
    assert str(error.value).endswith(message)
