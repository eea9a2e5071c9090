"""A round of the survey from a folder: found whole, or refused with a sentence."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cwi
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.inputs.survey.definitions import read_survey_definitions
from cwi.inputs.survey.records import SurveyDefinitions
from cwi.inputs.survey.rounds import PILOT, Round, survey_round

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]


@pytest.fixture(scope="module")
def definitions() -> SurveyDefinitions:
    return read_survey_definitions("2024.1")


@pytest.fixture(scope="module")
def edition() -> Edition:
    return cwi.read_edition(2023)


@pytest.fixture(scope="module")
def drawn(definitions: SurveyDefinitions, edition: Edition) -> Round:
    return survey_round("", definitions, edition, rng=np.random.default_rng(3), pilot=True)


def lay(folder: Path, drawn: Round, kind: str = "csv") -> Path:
    few = [table[table["region"].isin(["KZ-10", "KZ-11"])] for table in (drawn.children, drawn.parents)]
    for name, table in zip(("children", "parents"), few, strict=True):
        if kind == "csv":
            table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
        else:
            table.to_parquet(folder / f"{name}.parquet")
    return folder


@pytest.mark.slow
def test_the_same_seed_draws_the_same_round(definitions: SurveyDefinitions, edition: Edition, drawn: Round) -> None:
    again = survey_round("", definitions, edition, rng=np.random.default_rng(3), pilot=True)
    other = survey_round("", definitions, edition, rng=np.random.default_rng(4), pilot=True)
    pd.testing.assert_frame_equal(again.children, drawn.children)
    assert not other.children["weight"].head(50).equals(drawn.children["weight"].head(50))
    assert set(drawn.children["region"]) == set(edition.regions[:PILOT])
    assert drawn.invited is not None
    answered = drawn.children.groupby(["region", "area"]).size()
    asked = drawn.invited[drawn.invited["respondent"] == "child"].set_index(["region", "area"])["invited"]
    assert (asked.reindex(answered.index) >= answered).all()
    assert 0.8 < answered.sum() / asked.sum() < 0.9


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_folder_holds_what_was_laid_in_it(
    kind: str, definitions: SurveyDefinitions, edition: Edition, drawn: Round, tmp_path: Path
) -> None:
    found = survey_round(lay(tmp_path, drawn, kind), definitions, edition, rng=np.random.default_rng(1))
    assert found.parents is not None
    assert found.invited is None
    assert set(found.children["region"]) == {"KZ-10", "KZ-11"}
    assert found.children["weight"].sum() == pytest.approx(
        drawn.children.loc[drawn.children["region"].isin(["KZ-10", "KZ-11"]), "weight"].sum()
    )
    (tmp_path / f"parents.{kind}").unlink()
    (tmp_path / "invited.csv").write_text("respondent,region,area,invited\nchild,KZ-10,U,500\n", "utf-8")
    alone = survey_round(str(tmp_path), definitions, edition, rng=np.random.default_rng(1))
    assert alone.parents is None
    assert alone.invited is not None
    assert alone.invited["invited"].tolist() == [500.0]


@pytest.mark.slow
def test_folders_that_hold_no_round_are_refused(
    definitions: SurveyDefinitions, edition: Edition, drawn: Round, tmp_path: Path, says: Says
) -> None:
    def read(folder: Path, pilot: bool = False) -> Round:
        return survey_round(folder, definitions, edition, rng=np.random.default_rng(1), pilot=pilot)

    with says(DataError, f"{tmp_path}/gone: there is no such folder"):
        read(tmp_path / "gone")
    with says(DataError, f"{tmp_path}: there is no file of children's answers, such as children.sav"):
        read(tmp_path)
    with says(
        DataError,
        f"{tmp_path}: a pilot is drawn for a synthetic round only; of files the regions are those in them",
    ):
        read(tmp_path, pilot=True)
    lay(tmp_path, drawn)
    (tmp_path / "invited.csv").write_text("respondent,region,area,invited\nchild,KZ-10,U,many\n", "utf-8")
    with says(DataError, f"{tmp_path}/invited.csv line 2: invited is 'many'; it must be a number above zero"):
        read(tmp_path)
    (tmp_path / "children.sav").write_bytes(b"")
    with says(DataError, f"{tmp_path}: children.csv, children.sav are there; keep one file of children"):
        read(tmp_path)
