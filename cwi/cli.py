"""The command line: thin words over functions of the library."""

from __future__ import annotations

import signal
import sys
import tempfile
from math import isnan
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from cwi import folders
from cwi.analysis.audit import VERDICTS, audit, few
from cwi.checks import PARTS, check_all
from cwi.edition import read_edition
from cwi.errors import CwiError, DataError, ParameterError, near
from cwi.inputs.consultation import (
    read_consultation,
    synthesize_consultation,
    write_consultation,
    write_templates,
)
from cwi.inputs.exchange import Imported, read_coin_tool, read_coinr, write_coinr
from cwi.inputs.rehearsal import YEARS, write_rehearsal
from cwi.inputs.survey import (
    FLAGS,
    PILOT,
    imagine,
    microdata_problems,
    read_microdata,
    read_survey_definitions,
    synthesize,
    write_synthetic,
)
from cwi.methodology import read_methodology
from cwi.methods import table as method_table
from cwi.report.explorer import make_site
from cwi.report.languages import LANGUAGES
from cwi.report.manifest import read_manifest
from cwi.report.parameters import checked, declared
from cwi.report.publication import publish, review
from cwi.report.questionnaire import write_questionnaires
from cwi.report.render import ReportError, execute, is_current, make_report
from cwi.report.scores_workbook import write_scores
from cwi.report.trace import trace
from cwi.territory import read_territory
from cwi.traits import FAMILIES

__all__ = ["main"]

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Build, test and publish a child well-being index.")
importing = typer.Typer(no_args_is_help=True, help="Make a methodology folder of another tool's files.")
app.add_typer(importing, name="import")
consulting = typer.Typer(no_args_is_help=True, help="Experts' sheets, votes and proposals of a public consultation.")
app.add_typer(consulting, name="consultation")
METHODOLOGY = SURVEY = "2024.1"
LOG_WIDTH = 200  # of tables that go to a file or another program
out = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
err = Console(stderr=True, highlight=False)

Year = Annotated[int, typer.Argument(help="The year of the edition.")]
Survey = Annotated[str, typer.Option(help="A version under data/survey/.")]
Seed = Annotated[int, typer.Option(help="Starts the only random generator.")]
Given = Annotated[
    list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter of the notebook.")
]


@app.command()
def check() -> None:
    """Check all data: schema, keys, ranges, territories, sources, methodologies, editions."""
    with _progress() as bar:
        results = list(bar.track(check_all(), total=len(PARTS), description="checking"))
    table = Table("what", "looked at", "problems", box=None, pad_edge=False)
    for result in results:
        table.add_row(result.name, result.looked_at, str(len(result.problems) or "none"))
    out.print(table)
    found = [problem for result in results for problem in result.problems]
    for problem in found:
        print(problem)
    if found:
        raise typer.Exit(1)


@app.command()
def report(
    year: Annotated[str, typer.Argument(help="The year of the edition, or 'rehearsal'.")],
    language: Annotated[
        list[str] | None, typer.Option(help="Only this language (kk, ru, en); may be repeated.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Another folder than reports/.")] = None,
    force: Annotated[bool, typer.Option(help="Make it again although nothing changed.")] = False,
    parameter: Given = None,
) -> None:
    """Make the official report of a year: notebook, pages, PDF, tables, figures, ledger and manifest.

    'rehearsal' stands for two years in which all indicators have figures, most of them synthetic and marked so.
    """
    languages = tuple(dict.fromkeys(language or LANGUAGES))
    source = folders.notebooks() / "official_report.ipynb"
    given = _parameters(source, parameter)
    for name in ("year", "language"):
        if name in given:
            raise ParameterError(f"{name} is not given with -p; write: cwi report {year} --language en")
    parameters = checked(source, given)
    del parameters["year"], parameters["language"]
    if year == "rehearsal":
        target = (output or folders.reports()) / year
        place = write_rehearsal(folders.root() / "build" / year, seed=int(parameters["seed"]))
        with folders.within(place):
            for each in YEARS:
                _report(each, languages, target, force, parameters)
    elif year.isascii() and year.isdecimal():
        _report(int(year), languages, output, force, parameters)
    else:
        raise ParameterError(f"year is '{year}'; it must be the year of an edition, or 'rehearsal'")


def _report(
    year: int, languages: tuple[str, ...], output: Path | None, force: bool, parameters: dict[str, Any]
) -> None:
    target = (output or folders.reports()) / str(year)
    if not force and is_current(year, languages, parameters, output):
        print(f"{folders.relative(target)} is up to date")
        return
    before = set(read_manifest(target).get("languages", []))
    with _progress() as bar:
        task = bar.add_task("checking", total=len(languages) + 2)

        def said(what: str) -> None:
            bar.update(task, advance=1, description=what)

        folder = make_report(year, languages=languages, output=output, said=said, **parameters)
    print(f"{folders.relative(folder)}: {', '.join(f'report.{code}.html' for code in languages)}")
    if gone := before - set(read_manifest(folder)["languages"]):
        print(f"{', '.join(sorted(gone))}: taken away, made of other things; cwi report {year} makes all again")


@app.command()
def run(
    notebook: Annotated[Path, typer.Argument(help="A notebook of notebooks/.")],
    result: Annotated[Path, typer.Argument(help="Where the executed notebook is written.")],
    parameter: Given = None,
) -> None:
    """Run any notebook; unknown or ill-typed parameters are refused before anything starts."""
    parameters = checked(notebook, _parameters(notebook, parameter))
    with _progress() as bar, tempfile.TemporaryDirectory() as aside:
        bar.add_task(f"running {notebook.name}", total=None)
        done = Path(aside) / result.name
        execute(notebook, done, parameters)
        result.parent.mkdir(parents=True, exist_ok=True)
        result.write_bytes(done.read_bytes())
    print(folders.relative(result))


@app.command("trace")
def trace_command(
    year: Year,
    region: Annotated[str, typer.Argument(help="The code of a region, such as KZ-15, or KZ.")],
    node: Annotated[str | None, typer.Argument(help="Only what lies under this node.")] = None,
) -> None:
    """Print the tree under a number, down to source, line and checksum."""
    print(trace(read_edition(year), region, node))


@app.command("review")
def review_command(year: Year) -> None:
    """Compute an edition again from its rows and name every printed number that differs from the published one."""
    with _progress() as bar:
        bar.add_task(f"computing {year} again", total=None)
        differences = review(read_edition(year))
    for difference in differences:
        print(difference)
    if differences:
        print(f"{len(differences)} differences")
        raise typer.Exit(1)
    print(f"{year}: every published number is computed again to its last digit")


@app.command("publish")
def publish_command(
    year: Year,
    revision: Annotated[str, typer.Option(help="Why published numbers are replaced.")] = "",
) -> None:
    """Keep the numbers of the finished report as the published ones of the edition."""
    n = publish(read_edition(year), folders.reports() / str(year), revision=revision)
    print(f"{n} numbers of {year} are published")


Target = Annotated[Path, typer.Argument(help="The folder that is made; it must not be there yet.")]
Aggregation = Annotated[
    list[str] | None, typer.Option(help="arithmetic or geometric, for all levels or one a level, lowest first.")
]
Ends = Annotated[str, typer.Option(help="Where the worst and the best end come from: range or goalposts.")]


@importing.command("coinr")
def import_coinr(
    imeta: Annotated[Path, typer.Argument(help="The table iMeta, .csv or .xlsx.")],
    idata: Annotated[Path, typer.Argument(help="The table iData, .csv or .xlsx.")],
    folder: Target,
    year: Annotated[int | None, typer.Option(help="The year of the values where iData has no column Time.")] = None,
    level: Annotated[list[str] | None, typer.Option(help="Name of a level between, lowest first; repeated.")] = None,
    aggregation: Aggregation = None,
    ends: Ends = "range",
) -> None:
    """Make a methodology and observations of the tables iMeta and iData of COINr."""
    rules = aggregation or "arithmetic"
    _save(read_coinr(imeta, idata, year=year, levels=level, aggregation=rules, ends=ends, version=folder.name), folder)


@importing.command("coin-tool")
def import_coin_tool(
    workbook: Annotated[Path, typer.Argument(help="A workbook of the COIN Tool, .xlsx or .xlsm.")],
    folder: Target,
    year: Annotated[int, typer.Option(help="The year of the values.")],
    aggregation: Aggregation = None,
    ends: Ends = "range",
) -> None:
    """Make a methodology and observations of a workbook of the COIN Tool."""
    rules = aggregation or "arithmetic"
    _save(read_coin_tool(workbook, year=year, aggregation=rules, ends=ends, version=folder.name), folder)


@app.command("export")
def export_command(
    year: Year,
    target: Annotated[Path, typer.Argument(help="A new .xlsx file; with --coinr a new folder.")],
    coinr: Annotated[bool, typer.Option("--coinr", help="Write iMeta.csv and iData.csv for COINr instead.")] = False,
) -> None:
    """Write the scores of a year as a workbook, or its methodology and values for COINr."""
    edition = read_edition(year)
    if edition.rehearsal:
        raise DataError(f"the edition of {year} is a rehearsal; what 'cwi export' writes would not be marked")
    if coinr:
        names = {str(code): str(name) for code, name in edition.territory.regions["name_en"].items()}
        scores = edition.scores
        said = write_coinr(target, edition.methodology, scores.cells, weights=scores.weights, names=names)
        print(*said, sep="\n")
    else:
        write_scores(target, edition.scores, year)
    print(folders.relative(target))


@app.command("site")
def site_command(
    year: Year, output: Annotated[Path | None, typer.Option(help="Another folder than site/.")] = None
) -> None:
    """Make the page of a year on which anyone can try other weights; it needs no server."""
    print(folders.relative(make_site(year, output)))


@consulting.command("template")
def consultation_template(
    folder: Annotated[Path, typer.Argument(help="Where the files are written; none may be there yet.")],
    methodology: Annotated[str, typer.Option(help="A version under data/methodology/.")] = METHODOLOGY,
) -> None:
    """Write the sheets that experts, voters and proposals are entered in."""
    for path in write_templates(folder, read_methodology(methodology), read_territory()):
        print(folders.relative(path))


@consulting.command("synthesize")
def consultation_synthesize(
    folder: Annotated[Path, typer.Argument(help="Where the files are written; none may be there yet.")],
    year: Annotated[int, typer.Option(help="The edition whose regions and population are used.")] = 2023,
    seed: Seed = 20241122,
) -> None:
    """Make a synthetic consultation: votes, experts' sheets and proposals that nobody cast, marked so in every row."""
    edition = read_edition(year)
    made = synthesize_consultation(
        edition.methodology, edition.territory, population=edition.population, rng=np.random.default_rng(seed)
    )
    write_consultation(folder, made)
    print(folders.relative(folder))


@consulting.command("check")
def consultation_check(
    folder: Annotated[Path, typer.Argument(help="A folder with sheets, votes and proposals.")],
    methodology: Annotated[str, typer.Option(help="A version under data/methodology/.")] = METHODOLOGY,
) -> None:
    """Read a consultation and say what it holds, or what is wrong and where."""
    read = read_consultation(folder, read_methodology(methodology), read_territory())
    kind = "synthetic" if read.synthetic else "real"
    print(f"{folders.relative(folder)}: {kind}; {read.ballots}; {read.panel}; {len(read.register.table)} proposals")


@app.command("questionnaire")
def questionnaire_command(
    folder: Annotated[Path, typer.Argument(help="Where the pages are written.")], survey: Survey = SURVEY
) -> None:
    """Write the questionnaires of children and parents in three languages, to be printed."""
    for path in write_questionnaires(read_survey_definitions(survey), folder):
        print(folders.relative(path))


@app.command("synthesize")
def synthesize_command(
    folder: Annotated[Path, typer.Argument(help="Outside the repository, or with 'synthetic' in its name.")],
    year: Annotated[int, typer.Option(help="The edition whose regions and population are used.")] = 2023,
    seed: Seed = 20241122,
    pilot: Annotated[bool, typer.Option("--pilot", help=f"{PILOT} regions only.")] = False,
    survey: Survey = SURVEY,
) -> None:
    """Make answers of children and parents that nobody gave, marked synthetic in file names and in every row."""
    definitions, edition = read_survey_definitions(survey), read_edition(year)
    rng = np.random.default_rng(seed)
    population = imagine(definitions, edition, rng=rng)
    regions = edition.regions[:PILOT] if pilot else None
    children, parents = synthesize(definitions, population, rng=rng, year=year, regions=regions)
    for path in write_synthetic(folder, children, parents, definitions, year=year):
        print(folders.relative(path))


@app.command("microdata")
def microdata_command(
    path: Annotated[Path, typer.Argument(help="A .csv, .parquet, .sav or .dta file outside the repository.")],
    respondent: Annotated[str, typer.Option(help="Whose answers: child or parent.")],
    year: Annotated[int, typer.Option(help="Of the round.")],
    survey: Survey = SURVEY,
) -> None:
    """Check a file of answers row by row: every problem, or how many answers can be read."""
    asked: dict[str, Any] = {"respondent": respondent, "regions": read_territory().regions_of(year), "year": year}
    definitions = read_survey_definitions(survey)
    try:
        read = read_microdata(path, definitions, **asked)
    except DataError:
        found = microdata_problems(path, definitions, **asked)  # all of them, not the first alone
        print(*found, sep="\n")
        print(f"{sum(problem.kind not in FLAGS for problem in found)} problems")
        raise typer.Exit(1) from None
    for flag in read.flags:
        print(flag)
    print(f"{folders.relative(path)}: {len(read.answers)} questionnaires of the respondent '{respondent}' are read")


@app.command("methods")
def methods_command(
    family: Annotated[
        str | None, typer.Argument(help="normalisation, weighting, aggregation or imputation; all by default.")
    ] = None,
) -> None:
    """List every method that a methodology may use, with its parameters and what it needs."""
    if family is not None and family not in FAMILIES:
        raise ParameterError(f"there is no family '{family}'{near(family, FAMILIES)}")
    for row in method_table(*([family] if family else [])):
        print(f"{row['family']} {row['word']}" + (f" ({row['parameters']})" if row["parameters"] else ""))
        print(f"    {row['summary']}")
        for what in ("traits", "source"):
            if row[what]:
                print(f"    {what}: {row[what]}")


@app.command("audit")
def audit_command(
    year: Year,
    draws: Annotated[int, typer.Option(min=1, help="Redrawn sets of regions behind each interval.")] = 1000,
    seed: Seed = 20241122,
) -> None:
    """Audit an edition as the Joint Research Centre does: what passes, asks for attention, and fails."""
    result = audit(read_edition(year).scores, year, rng=np.random.default_rng(seed), draws=draws)
    table = Table("check", *VERDICTS, box=None, pad_edge=False)
    for check, counts in result.counts.iterrows():
        table.add_row(str(check), *(str(counts[verdict]) for verdict in VERDICTS))
    table.add_row("all", *(str(total) for total in result.counts.sum()))
    out.print(table)
    print(f"\n{result.carries}")
    for verdict in VERDICTS[:2]:
        lines = Table(verdict, Column("where", overflow="fold"), "found", "asked", box=None, pad_edge=False)
        for row in result.open[result.open["verdict"] == verdict].to_dict("records"):
            found = row["sentence"] if isnan(row["number"]) else f"{row['number']:.3g}"
            lines.add_row(row["check"], few(row["nodes"]), found, f"{row['bound']} {row['threshold']:.3g}")
        out.print("", lines)


def _save(read: Imported, folder: Path) -> None:
    methodology = read.save(folder)
    print(*read.notes, sep="\n" if read.notes else "")
    print(f"{folders.relative(folder)}: {len(methodology.indicators)} indicators, {len(read.observations)} values")


def _progress() -> Progress:
    """A bar on the terminal that is gone when the work is done; nothing in a log."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def _parameters(notebook: Path, given: list[str] | None) -> dict[str, object]:
    """Words of the command line as values of the declared types; what does not fit stays text and is refused later."""
    known = declared(notebook)
    result: dict[str, object] = {}
    for word in given or []:
        name, sign, text = word.partition("=")
        if not sign:
            raise ParameterError(f"'{word}' is no parameter; write NAME=VALUE")
        if name in result:
            raise ParameterError(f"{name} is given twice")
        kind = known.get(name, (str, None))[0]
        value: object = text
        try:
            if kind in (int, float):
                value = kind(text)
            elif kind is bool and text in ("true", "false"):
                value = text == "true"
        except ValueError:
            pass
        result[name] = value
    return result


def main() -> None:
    """Run the command; an input that cannot be used is one sentence and exit code 2."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        app()
    except CwiError as problem:
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
        sys.exit(2)
    except ReportError as problem:
        print(f"ReportError: {problem}", file=sys.stderr)
        sys.exit(3)


if __name__ == "__main__":
    main()
