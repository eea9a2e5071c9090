"""Children in households: synthetic ones near the published figures, files through a map, every problem by name."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cwi
from cwi import folders
from cwi.errors import DataError
from cwi.inputs.households import (
    Households,
    HouseholdSample,
    column_maps,
    household_problems,
    read_column_map,
    read_households,
    read_variables,
    synthesize_households,
    write_households,
)
from cwi.inputs.households.synthetic import LINE, POORER

pytestmark = pytest.mark.slow

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]


@pytest.fixture(scope="module")
def made() -> Households:
    return synthesize_households(cwi.read_edition(2023), rng=np.random.default_rng(5))


def test_synthetic_children_are_near_the_published_figures(made: Households) -> None:
    edition, children = cwi.read_edition(2023), made.children
    rows = edition.observations
    poverty = rows[(rows["indicator"] == "poverty") & (rows["year"] == 2023) & (rows["area"] == "")]
    published = poverty[poverty["sex"] == ""].set_index("region")["value"].reindex(list(edition.regions))
    poor = (children["income"] < LINE) * 100.0
    share = (poor * children["weight"]).groupby(children["region"]).sum() / children.groupby("region")["weight"].sum()
    expected = POORER * published
    assert np.corrcoef(share.reindex(published.index), expected)[0, 1] > 0.75
    assert share.mean() == pytest.approx(expected.mean(), rel=0.25)
    assert children["weight"].sum() == pytest.approx(6.8e6, rel=0.02)
    without = children["internet"] == 2
    assert np.average(without, weights=children["weight"]) == pytest.approx(0.06, abs=0.02)
    area = children.groupby("area")["toilet_improved"].mean()
    assert area["R"] < area["U"]
    assert not children["household"].duplicated().all()
    one_home = children[children["household"].duplicated(keep=False)].groupby("household")
    assert (one_home["car"].nunique() == 1).all()  # what the home lacks, all its children lack


def test_synthetic_is_in_every_row_and_the_seed_decides_all(made: Households, tmp_path: Path) -> None:
    assert made.synthetic
    assert made.children["synthetic"].eq("synthetic").all()
    assert made.children["id"].str.startswith("synthetic-").all()
    again = synthesize_households(cwi.read_edition(2023), rng=np.random.default_rng(5))
    pd.testing.assert_frame_equal(made.children, again.children)
    path = write_households(tmp_path, made, year=2023)
    assert path.name == "synthetic-children-2023.parquet"
    read = read_households(path, year=2023)
    assert (read.synthetic, len(read.children), read.flags) == (True, len(made.children), ())
    assert household_problems(path, year=2023) == []


def test_who_has_no_weight_is_flagged_and_left_out(made: Households, tmp_path: Path) -> None:
    table = made.children.head(300).reset_index(drop=True)
    table.loc[[4, 7], "weight"] = 0.0
    path = tmp_path / "synthetic.parquet"
    table.to_parquet(path)
    read = read_households(path, year=2023)
    assert len(read.children) == 298
    assert [str(flag).split(": ", 1)[1] for flag in read.flags if flag.kind == "no weight"] == [
        "rows 5, 8: the weight is 0; who stands for nobody is left out"
    ]
    table.assign(weight=0.0).to_parquet(path)
    assert [problem.kind for problem in household_problems(path, year=2023)].count("weight") == 1


def test_a_file_of_a_survey_is_read_through_its_map(tmp_path: Path) -> None:
    rows = [
        [1, 1, 1, "Akmola", 1, "a", 11, 1.5, 1, 3, 5, -2.5, 1, 11, 998],
        [1, 1, 2, "Акмолинская область", 1, "a", 11, 1.5, 2, 4, 5, 99.98, 2, 81, 5],
        [2, 7, 1, "KZ-15", 2, "b", 12, 0.5, 1, 2, 4, 0.3, 9, 14, 0],
    ]
    names = ["HH1", "HH2", "LN", "HH7", "HH6", "stratum", "PSU", "chweight", "HL4", "UB2", "HH48", "HAZ2", "UB8",
             "WS1", "WS4"]  # fmt: skip
    path = tmp_path / "ch.csv"
    pd.DataFrame(rows, columns=names).to_csv(path, index=False)
    read = read_households(path, "mics6", year=2023)
    assert not read.synthetic
    assert [problem.kind for problem in read.flags] == ["lonely psu", "lonely psu"]
    table = read.children
    assert table["id"].tolist() == ["1-1-1", "1-1-2", "2-7-1"]
    assert table["region"].tolist() == ["KZ-11", "KZ-11", "KZ-15"]
    assert table["area"].tolist() == ["U", "U", "R"]
    assert table["sex"].tolist() == ["M", "F", "M"]
    assert table["water_improved"].tolist() == [1, 0, 1]
    assert table["haz"].isna().tolist() == [False, True, False]
    assert table["preschool"].tolist()[:2] == [1, 0]
    assert table["water_minutes"].isna().tolist() == [True, False, False]


def test_a_register_has_no_sampling(tmp_path: Path) -> None:
    path = tmp_path / "cards.csv"
    path.write_text(
        "child_no,family_no,region,area,sex,age,members,children,income_per_head\n"
        "1,1,KZ-11,1,1,3,4,2,50000\n2,1,KZ-11,1,2,7,4,2,50000\n",
        encoding="utf-8",
    )
    read = read_households(path, "family_card", year=2023)
    assert read.census
    assert read.children["weight"].tolist() == [1.0, 1.0]


def test_every_problem_is_named(made: Households, tmp_path: Path) -> None:
    table = made.children.head(40).astype({"car": object, "region": object}).copy()
    table["stratum"], table["psu"] = "s", [f"p{i % 4}" for i in range(40)]
    table.loc[0, "car"] = 7
    table.loc[1, "region"] = "KZ-1"
    table.loc[2, "weight"] = -1
    table.loc[3, "age"] = 18
    table.loc[5, "id"] = table.loc[4, "id"]
    table.loc[6, "stratum"] = "t"
    table["phone"] = "+7 701 123 45 67"
    path = tmp_path / "synthetic-children.csv"
    table.to_csv(path, index=False)
    texts = [str(problem).split("synthetic-children.csv: ")[1] for problem in household_problems(path, year=2023)]
    assert "in the column 'phone' there is a heading of personal data; delete it before the file is read" in texts
    assert "row 1: car is 7; it must be 1 (has), 2 (cannot afford) or 3 (does not want)" in texts
    assert any(text.startswith("row 2: region is 'KZ-1' (did you mean") for text in texts)
    assert "row 3: the weight is no number above zero" in texts
    assert "row 4: age must be a number of years from 0 to below 18; leave out adults" in texts
    assert "rows 5, 6: the id is there more than once; a child has one row" in texts
    assert any("the sampling unit is in more than one stratum; give each its own name" in text for text in texts)
    with pytest.raises(DataError, match=r"more problems\)$"):
        read_households(path, year=2023)


def test_persons_never_enter_the_repository(made: Households, says: Says, tmp_path: Path) -> None:
    inside = folders.root() / "build"
    with says(
        DataError,
        "build/children.csv: files of persons may not be in the repository; move it out (only files with 'synthetic' "
        "in their name may stay)",
    ):
        read_households(inside / "children.csv", year=2023)
    with says(
        DataError,
        "build: this folder is in the repository and is not named 'synthetic'; name a folder outside it, or one with "
        "'synthetic' in its name",
    ):
        write_households(inside, made, year=2023)
    real = Households(made.children, (), False, "own")
    with says(DataError, "these children are not synthetic; files of persons are never written here"):
        write_households(tmp_path, real, year=2023)


def test_maps_that_cannot_be_used_are_refused(says: Says, tmp_path: Path) -> None:
    assert column_maps() == ("family_card", "household_budget", "mics6", "standard")
    for name in column_maps():
        assert set(read_column_map(name).variables) <= set(read_variables())
    path = tmp_path / "own.toml"
    text = (folders.data() / "households" / "maps" / "family_card.toml").read_text(encoding="utf-8")
    path.write_text(text.replace("[variables.income]", "[variables.incme]"), encoding="utf-8")
    with pytest.raises(DataError, match=r"\[variables\] has no variable 'incme' \(did you mean 'income'\?\)"):
        read_column_map(path)
    path.write_text(text.replace("census = true", "census = false"), encoding="utf-8")
    with says(DataError, f"{path}: [design] does not map 'stratum'"):
        read_column_map(path)
    with says(
        DataError,
        "no map of columns is called 'mics7' (did you mean 'mics6'?); there are family_card, household_budget, mics6, "
        "standard",
    ):
        read_column_map("mics7")


def test_maps_record_what_their_names_and_codes_rest_on() -> None:
    placeholders = "placeholders, layout not public"
    assert {name: read_column_map(name).read for name in column_maps()} == {
        "family_card": placeholders, "household_budget": placeholders, "mics6": "known, text not read", "standard": "",
    }  # fmt: skip


def test_a_smaller_sample_is_smaller() -> None:
    sample = HouseholdSample(units=2, households=3)
    small = synthesize_households(cwi.read_edition(2019), rng=np.random.default_rng(1), sample=sample)
    assert small.children["region"].nunique() == 17
    assert small.children["psu"].nunique() == (17 - 3) * 4 + 3 * 4
