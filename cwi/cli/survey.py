"""The survey of children and parents: questionnaires, synthetic answers, a check of files of answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cwi import folders
from cwi.cli.shared import SEED, Seed, working
from cwi.errors import DataError

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Questionnaires, synthetic answers and microdata of the survey.")
SURVEY = "2024.1"
Survey = Annotated[str, typer.Option(help="A version under data/survey/.")]


@app.command("questionnaire", epilog="Example: cwi survey questionnaire build/questionnaires")
def questionnaire(
    folder: Annotated[Path, typer.Argument(help="Where the pages are written.")], survey: Survey = SURVEY
) -> None:
    """Write the questionnaires of children and parents in three languages, to be printed."""
    with working("writing the questionnaires"):
        from cwi.inputs.survey import read_survey_definitions
        from cwi.report.questionnaire import write_questionnaires

        paths = list(write_questionnaires(read_survey_definitions(survey), folder))
    for path in paths:
        print(folders.relative(path))


@app.command("synthesize", epilog="Example: cwi survey synthesize build/synthetic-answers --pilot")
def synthesize(
    folder: Annotated[Path, typer.Argument(help="Outside the repository, or with 'synthetic' in its name.")],
    year: Annotated[int, typer.Option(help="The edition whose regions and population are used.")] = 2023,
    seed: Seed = SEED,
    pilot: Annotated[bool, typer.Option("--pilot", help="Only the regions of a pilot.")] = False,
    survey: Survey = SURVEY,
) -> None:
    """Make answers of children and parents that nobody gave, marked synthetic in file names and in every row."""
    with working("making the answers"):
        import numpy as np

        from cwi.edition import read_edition
        from cwi.inputs import survey as surveys

        definitions, edition = surveys.read_survey_definitions(survey), read_edition(year)
        rng = np.random.default_rng(seed)
        population = surveys.imagine(definitions, edition, rng=rng)
        regions = edition.regions[: surveys.PILOT] if pilot else None
        children, parents = surveys.synthesize(definitions, population, rng=rng, year=year, regions=regions)
        paths = list(surveys.write_synthetic(folder, children, parents, definitions, year=year))
    for path in paths:
        print(folders.relative(path))


@app.command("microdata", epilog="Example: cwi survey microdata ../answers.sav --respondent child --year 2024")
def microdata(
    path: Annotated[Path, typer.Argument(help="A .csv, .parquet, .sav or .dta file outside the repository.")],
    respondent: Annotated[str, typer.Option(help="Whose answers: child or parent.")],
    year: Annotated[int, typer.Option(help="Of the round.")],
    survey: Survey = SURVEY,
) -> None:
    """Check a file of answers row by row: every problem, or how many answers can be read."""
    with working("reading the answers"):
        from cwi.inputs.survey import FLAGS, microdata_problems, read_microdata, read_survey_definitions
        from cwi.territory import read_territory

        asked: dict[str, Any] = {"respondent": respondent, "regions": read_territory().regions_of(year), "year": year}
        definitions = read_survey_definitions(survey)
        try:
            read = read_microdata(path, definitions, **asked)
        except DataError:
            problems = microdata_problems(path, definitions, **asked)  # all of them, not the first alone
            read = None
    if read is None:
        print(*problems, f"{sum(problem.kind not in FLAGS for problem in problems)} problems", sep="\n")
        raise typer.Exit(1)
    for flag in read.flags:
        print(flag)
    print(f"{folders.relative(path)}: {len(read.answers)} questionnaires of the respondent '{respondent}' are read")
