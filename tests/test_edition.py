"""An edition: what it was approved with, what it knows of its year, and what cannot be scored."""

import pandas as pd
import pytest

from cwi import read_edition, read_methodology, score
from cwi.edition import editions, new_edition
from cwi.errors import DataError, MethodologyError
from cwi.published import read_published

EDITION = "editions/2022/edition.toml"
RULES = "methodology/t1/methodology.toml"


def test_an_edition_joins_rules_regions_and_observations(project):
    edition = read_edition(2022)
    assert edition.methodology.version == "t1"
    assert edition.regions == ("A", "B", "EAST", "WEST")
    assert set(edition.observations["region"]) == {"N", "A", "B", "EAST", "WEST"}
    assert set(edition.base["region"]) == {"N", "A", "B", "OLD", "EAST", "WEST"}


@pytest.mark.slow
def test_the_scores_by_hand(project):
    scores = read_edition(2022).scores
    of = {row.node: row.score for row in scores.nodes[scores.nodes["region"] == "A"].itertuples()}
    assert of == pytest.approx({"poverty": 84, "water": 90, "places": 70, "home": 85.5, "school": 70, "index": 77.75})
    east = scores.cells[(scores.cells["region"] == "EAST")].set_index("indicator")
    assert (east.at["places", "value"], east.at["places", "status"]) == (80, "parent region")
    assert pd.isna(east.at["water", "value"])  # suspect


def test_nothing_after_the_year_is_seen(project):
    project.append("observations/living.csv", "A,2023,poverty,,,1,,,normal,living,\n")
    edition = read_edition(2022)
    assert edition.observations["year"].max() == 2022
    assert edition.base["year"].max() == 2023


def test_another_methodology(project):
    other = read_methodology("t1").replace(max_age=0)
    assert read_edition(2022, other).methodology is other
    assert read_edition(2022, "t1").methodology.version == "t1"


def test_only_folders_named_by_a_year_are_editions(project):
    project.write("editions/draft/edition.toml", "")
    project.write("editions/٢٠٢٣/edition.toml", "")
    project.write("editions/2023/notes.txt", "")
    assert list(editions()) == [2022]


@pytest.mark.slow
def test_the_checksum_changes_with_data_and_rules_and_with_nothing_else(project):
    before = read_edition(2022).checksum
    project.append("editions/2022/edition.toml", 'note = "approved"\n')
    project.append("observations/living.csv", "\n")  # another line end, no other row
    assert read_edition(2022).checksum == before
    seen = {before}
    for name in ("regions.csv", "boundary_changes.csv", "statuses.csv", RULES, "methodology/t1/indicators.csv"):
        project.append(name, "\n")
        seen.add(read_edition(2022).checksum)
    assert len(seen) == 6


@pytest.mark.slow
def test_a_row_of_a_later_year_or_of_a_series_out_of_use_does_not_change_the_checksum(project):
    before = read_edition(2022)
    project.append("observations/living.csv", "A,2023,poverty,,,1,,,normal,living,\n")
    project.append("series.csv", "spare,Spare,Spare,%,0,100,share,x,no\n")
    project.append("observations/living.csv", "A,2022,spare,,,1,,,normal,living,\n")
    assert read_edition(2022).checksum == before.checksum


@pytest.mark.slow
def test_control_a_row_in_use_changes_the_checksum(project):
    before = read_edition(2022).checksum
    project.append("observations/living.csv", "A,2022,poverty,M,R,1,,,normal,living,\n")
    assert read_edition(2022).checksum != before


# ---------------------------------------------------------------- editions that are refused


def test_no_such_year(project, says):
    with says(DataError, "there is no edition of 2021; there are 2022"):
        read_edition(2021)


REFUSED = {
    "setting": (
        'methodology = "t1"\nmethodolgy = "t1"\n',
        DataError,
        "data/editions/2022/edition.toml: an edition has no setting 'methodolgy' (did you mean 'methodology'?); "
        "there are methodology, note, rehearsal, take",
    ),
    "nothing": ("", DataError, "data/editions/2022/edition.toml: 'methodology' is missing"),
    "number": (
        "methodology = 2024.1\n",
        DataError,
        "data/editions/2022/edition.toml: methodology is 2024.1; it must be a text in quotes",
    ),
    "unknown": (
        'methodology = "t2"\n',
        MethodologyError,
        "no methodology has the version 't2'; there are t1",
    ),
    "syntax": (
        "methodology: t1\n",
        DataError,
        "data/editions/2022/edition.toml: this is not TOML: Expected '=' after a key in a key/value pair "
        "(at line 1, column 12)",
    ),
}


@pytest.mark.parametrize(("text", "error", "sentence"), REFUSED.values(), ids=REFUSED)
def test_an_edition_that_is_refused(project, says, text, error, sentence):
    project.write(EDITION, text)
    with says(error, sentence):
        read_edition(2022)


def test_the_nation_of_the_methodology_is_that_of_the_territory(project, says):
    project.change(RULES, 'nation = "N"', 'nation = "A"')
    with says(MethodologyError, "data/methodology/t1/methodology.toml: nation is 'A'; in regions.csv it is 'N'"):
        read_edition(2022)


def test_nothing_is_published_yet(project, says):
    with says(DataError, "data/editions/2022/published.csv: nothing was published; 'cwi publish 2022' does that"):
        read_published(read_edition(2022))


PUBLISHED = "name,value,unit,decimals,text_en,text_ru,text_kk\nindex.A,77.75,,1,77.8,77.8,77.8\n"
RECORD = 'methodology = "t1"\nfingerprint = "x"\ndata = "y"\ndraws = 10\nseed = 1\nrevision = ["Corrected."]\n'


def test_what_was_published_is_read(project):
    project.write("editions/2022/published.csv", PUBLISHED)
    project.write("editions/2022/published.toml", RECORD)
    table, record = read_published(read_edition(2022))
    assert table.at["index.A", "text_en"] == "77.8"
    assert record["draws"] == 10


def test_a_published_number_twice(project, says):
    project.write("editions/2022/published.csv", PUBLISHED + PUBLISHED.splitlines()[1])
    with says(DataError, "data/editions/2022/published.csv line 3: 'index.A' is listed twice"):
        read_published(read_edition(2022))


def test_a_record_of_what_was_published_without_its_seed(project, says):
    project.write("editions/2022/published.csv", PUBLISHED)
    project.write("editions/2022/published.toml", RECORD.replace("seed = 1\n", ""))
    with says(DataError, "data/editions/2022/published.toml: 'seed' is missing"):
        read_published(read_edition(2022))


# ---------------------------------------------------------------- what cannot be scored


@pytest.fixture
def edition(project):
    return read_edition(2022)


def test_a_year_without_values(edition, says):
    with says(
        DataError,
        "no indicator of methodology t1 has a value that can be scored in 1999; "
        "max_age = 1 finds nothing to carry either",
    ):
        score(edition.observations, edition.methodology, years=[1999])
    with says(DataError, "no indicator of methodology t1 has a value that can be scored in 1998, 1999"):
        score(edition.observations, edition.methodology.replace(max_age=0), years=[1999, 1998])


def test_two_values_for_one_cell(edition, says):
    twice = pd.concat([edition.observations, edition.observations.head(1)])
    row = twice.iloc[0]
    with says(DataError, f"{row['indicator']} in {row['region']}, {row['year']} has two values; a value has one row"):
        score(twice, edition.methodology)


def test_a_column_is_missing(edition, says):
    rows = edition.observations[["region", "year", "indicator"]]
    with says(DataError, "the observations have no column 'value'; they have region, year, indicator"):
        score(rows, edition.methodology)


def test_a_value_that_is_not_finite(edition, says):
    rows = edition.observations
    first = rows["indicator"].eq("places") & rows["region"].eq("A")
    with says(DataError, "places in A, 2022 is not finite"):
        score(rows.assign(value=rows["value"].mask(first, float("inf"))), edition.methodology)


def test_a_geometric_mean_of_a_score_of_zero_names_the_node(edition, says):
    rows = edition.observations
    worst = rows.assign(value=rows["value"].mask(rows["indicator"].eq("poverty"), 60.0))
    rules = edition.methodology.replace(component={"aggregation": "geometric"})
    with says(MethodologyError, "home: geometric needs scores above zero; the lowest is 0"):
        score(worst, rules, years=[2022])


# ---------------------------------------------------------------- a new edition


@pytest.mark.slow
def test_a_new_edition_has_the_methodology_of_the_last(project):
    project.append("observations/living.csv", "A,2023,water,,,70,,,normal,living,\n")
    project.sign()
    edition = new_edition(2023)
    assert (edition.year, edition.methodology.version) == (2023, "t1")
    assert project.path("editions/2023/edition.toml").read_text(encoding="utf-8").splitlines() == [
        "# The index of 2023: borders at the end of that year, methodology as approved for it.",
        'methodology = "t1"',
    ]
    assert read_edition(2023).methodology.version == "t1"
    assert sorted(each.name for each in project.path("editions").iterdir()) == ["2022", "2023"]


@pytest.mark.parametrize(
    ("year", "methodology", "error", "sentence"),
    [
        (2022, None, DataError,
         "there is an edition of 2022 already; 'cwi edition show 2022' prints its state"),
        (2030, None, DataError, "there is no observation of 2030; the last are of 2022. An edition is made when the "
                                "first figures have arrived"),
        (2021, "t2", MethodologyError, "no methodology has the version 't2'; there are t1"),
        ("2021", None, DataError, "year is the text '2021'; it must be a whole number; write 2021 without quotes"),
    ],
)  # fmt: skip
def test_an_edition_that_cannot_be_made_leaves_nothing(project, says, year, methodology, error, sentence):
    with says(error, sentence):
        new_edition(year, methodology)
    assert [each.name for each in project.path("editions").iterdir()] == ["2022"]
