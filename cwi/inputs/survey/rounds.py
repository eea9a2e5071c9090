"""The answers of one round of the survey: from a folder outside the repository, or drawn by a computer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cwi import folders
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.inputs.survey.microdata import read_microdata
from cwi.inputs.survey.population import imagine
from cwi.inputs.survey.records import SurveyDefinitions
from cwi.inputs.survey.synthetic import invited, synthesize
from cwi.observations import Problem
from cwi.textfiles import number, read_csv

__all__ = ["PILOT", "Round", "survey_round"]

PILOT = 10  # regions of a pilot, as in September 2021; which ten is not public, so the first of the list stand in
INVITED = ("respondent", "region", "area", "invited")


@dataclass(frozen=True, eq=False)
class Round:
    """Answers of children and parents, how many were asked (if known), and what was flagged in the files."""

    children: pd.DataFrame
    parents: pd.DataFrame | None
    invited: pd.DataFrame | None
    flags: tuple[Problem, ...] = ()


def survey_round(
    folder: str | Path,
    definitions: SurveyDefinitions,
    edition: Edition,
    *,
    rng: np.random.Generator,
    pilot: bool = False,
) -> Round:
    """The round in a folder; where none is named, a synthetic one, marked in every row.

    Parameters
    ----------
    folder
        With children.* and, if parents were asked, parents.* (.csv, .parquet, .sav or .dta), outside the repository;
        and, if it is known, invited.csv: respondent, region, area, invited.
    definitions
        What was asked.
    edition
        Whose year and regions they are of.
    rng
        Draws a synthetic round.
    pilot
        Whether a synthetic round is held in ten regions only.

    Raises
    ------
    DataError
        If files are missing, twice there, or cannot be used; see :func:`cwi.inputs.survey.microdata.read_microdata`.
    """
    if not folder:
        return _drawn(definitions, edition, rng, pilot)
    path = Path(folder)
    where = folders.relative(path)
    if pilot:
        raise DataError(f"{where}: a pilot is drawn for a synthetic round only; of files the regions are those in them")
    if not path.is_dir():
        raise DataError(f"{where}: there is no such folder")
    read: dict[str, pd.DataFrame] = {}
    flags: list[Problem] = []
    for name, respondent in (("children", "child"), ("parents", "parent")):
        files = sorted(path.glob(f"{name}.*"))
        if len(files) > 1:
            raise DataError(f"{where}: {', '.join(file.name for file in files)} are there; keep one file of {name}")
        for file in files:
            answers = read_microdata(
                file, definitions, respondent=respondent, regions=edition.regions, year=edition.year
            )
            read[name] = answers.answers
            flags += answers.flags
    if "children" not in read:
        raise DataError(f"{where}: there is no file of children's answers, such as children.sav")
    return Round(read["children"], read.get("parents"), _invited(path / "invited.csv"), tuple(flags))


def _drawn(definitions: SurveyDefinitions, edition: Edition, rng: np.random.Generator, pilot: bool) -> Round:
    population = imagine(definitions, edition, rng=rng)
    regions = edition.regions[:PILOT] if pilot else edition.regions
    seed = int(rng.integers(2**63))
    children, parents = synthesize(
        definitions, population, rng=np.random.default_rng(seed), year=edition.year, regions=regions
    )
    asked = invited(children, parents, population, rng=np.random.default_rng(seed), regions=regions)
    return Round(children, parents, asked)


def _invited(path: Path) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    table = read_csv(path, DataError, required=INVITED)
    for line, text in table["invited"].items():
        if not (number(text) or 0) > 0:
            raise DataError(
                f"{folders.relative(path)} line {line}: invited is '{text}'; it must be a number above zero"
            )
    return table.assign(invited=table["invited"].astype(float))[list(INVITED)].reset_index(drop=True)
