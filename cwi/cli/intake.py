"""The intake of a year's figures: templates to their owners, what they return, the answers to letters."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cwi import folders
from cwi.cli.shared import JsonOutput, print_json, print_table, working
from cwi.errors import DataError, near

if TYPE_CHECKING:
    from cwi.inputs.intake import Outcome, Request
    from cwi.inputs.observation_files import Built
    from cwi.methodology import Methodology

__all__ = ["add", "app"]

app = typer.Typer(
    no_args_is_help=True, help="Figures that their owners deliver: templates, what they return, letters, the board."
)
Of = Annotated[int, typer.Argument(help="The year of the figures.", metavar="YEAR")]


def _methodology(version: str | None, year: int) -> Methodology:
    """A version, that of the year's edition, or the last one."""
    from cwi.edition import open_project, read_edition

    project = open_project()
    if version is None and year in project.editions:
        return read_edition(year).methodology
    return project.methodology(version or max(project.methodologies))


@app.command("templates", epilog="Example: cwi intake templates 2024 --to templates")
def templates(
    year: Of,
    to: Annotated[Path | None, typer.Option(help="The folder; reports/intake/YEAR/templates by default.")] = None,
    methodology: Annotated[
        str | None, typer.Option(help="The version whose indicators are asked for; that of the edition, or the last.")
    ] = None,
) -> None:
    """Write a workbook for each owner: its indicators and regions, the last figures, lists to choose from.

    What is asked for is frozen in data/intake/YEAR/request.csv, against which the returned files are read.
    """
    with working(f"writing the templates of {year}"):
        from cwi.edition import open_project
        from cwi.inputs.intake import build_request, due_day, freeze_request, read_owners
        from cwi.report.intake import write_templates

        project, rules = open_project(), _methodology(methodology, year)
        request = build_request(project, year, rules)
        folder = to or folders.reports() / "intake" / str(year) / "templates"
        paths = write_templates(folder, request, read_owners(), rules, project.territory)
        place = freeze_request(request)
    print(f"{folders.relative(folder)}: {len(paths)} workbooks, {len(request.cells)} figures of {year} are asked for")
    print(f"{folders.relative(place)}: request {request.version}, methodology {request.methodology}")
    print(f"due on {due_day(year).isoformat()}; 'cwi intake read FOLDER' reads what comes back")


def _year(year: int | None) -> int:
    """The year that is meant: the one named, or the only one with a request, or the last."""
    if year is not None:
        return year
    asked = sorted(int(path.parent.name) for path in (folders.data() / "intake").glob("[0-9]*/request.csv"))
    if not asked:
        raise DataError("data/intake: no templates were written; 'cwi intake templates YEAR' writes them")
    return asked[-1]


@app.command("read", epilog="Examples: cwi intake read returned · cwi intake read returned --year 2024")
def read(
    folder: Annotated[Path, typer.Argument(help="The folder with the returned files.")],
    year: Annotated[int | None, typer.Option(help="The year; the last with templates by default.")] = None,
    letters: Annotated[Path | None, typer.Option(help="Folder; reports/intake/YEAR/letters by default.")] = None,
) -> None:
    """Read the workbooks that came back: enter what is clear as provisional, ask back what is not, in a letter.

    Originals are kept with their checksums in data/intake/YEAR/originals. Reading the same folder again changes
    nothing; a corrected file revises an earlier one. Everything is entered or nothing, also when the run is stopped.
    """
    _settle(folder, _year(year), letters)


@app.command("board", epilog="Examples: cwi intake board 2024 · cwi intake board 2024 --language kk --xlsx board.xlsx")
def board(
    year: Of,
    language: Annotated[str, typer.Option(help="kk, ru or en.")] = "en",
    html: Annotated[Path | None, typer.Option(help="Write the board as one page as well.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write it as a workbook as well, with a row a figure.")] = None,
    as_json: JsonOutput = False,
) -> None:
    """Print what has come, what is late and what is missing, by owner, region and component.

    Figures are due on 1 April of the next year, the index on 1 June (order of the Prime Minister of 1 February 2022).
    """
    with working(f"reading the intake of {year}"):
        from cwi.analysis.intake import read_board
        from cwi.inputs.intake import read_owners, read_request
        from cwi.report.blocks import Table
        from cwi.report.intake import board_section, write_board
        from cwi.report.languages import Language
        from cwi.territory import read_territory

        words, territory = Language(language), read_territory()
        made = read_board(year, _methodology(read_request(year).methodology, year))
        section = board_section(made, words, read_owners(), territory, figures=False)
        if html or xlsx:
            write_board(made, words, read_owners(), territory, html=html, xlsx=xlsx)
    if as_json:
        tables = {name: getattr(made, name) for name in ("owners", "regions", "components", "figures")}
        print_json({"year": year, **{name: table.to_dict("records") for name, table in tables.items()}})
        return
    for block in section.blocks:
        if isinstance(block, Table):
            print(f"\n{block.caption}")
            print_table(list(block.columns), block.rows)
        else:
            print(block.plain())
    for path in filter(None, (html, xlsx)):
        print(f"written: {folders.relative(path)}")


@app.command("answer", epilog="Example: cwi intake answer immunisation Astana 98.5 --by 'letter 12-3/45 of 5 April'")
def answer(
    series: Annotated[str, typer.Argument(help="The code of the indicator or series.")],
    region: Annotated[str, typer.Argument(help="The region, code or name; 'all' for a question about all of them.")],
    value: Annotated[str | None, typer.Argument(help="The figure that is confirmed; none with 'all'.")] = None,
    by: Annotated[str, typer.Option(help="Who confirms it: a letter, a person's office.")] = "",
    note: Annotated[str, typer.Option(help="The reason they give.")] = "",
    year: Annotated[int | None, typer.Option(help="The year; the last with templates by default.")] = None,
    letters: Annotated[Path | None, typer.Option(help="Folder; reports/intake/YEAR/letters by default.")] = None,
) -> None:
    """Write down that an owner confirms a figure that was asked about, and enter it.

    A figure that is wrong is not confirmed: its owner sends the right one in a workbook.
    """
    from cwi.inputs.intake import Answer, add_answer, read_request, readings
    from cwi.territory import read_territory

    chosen = _year(year)
    request = read_request(chosen)
    known = sorted(set(request.cells["series"]))
    if series not in known:
        raise DataError(f"no figure of '{series}' is asked for{near(series, known)}")
    codes = [code for of_series, code in request.facts if of_series == series]
    code = "all" if region == "all" else read_territory().code_of(region, codes)
    if code is None:
        raise DataError(f"no figure of '{series}' is asked for in '{region}'{near(region, codes)}")
    possible = readings(value) if value else ()
    if (code == "all") != (value is None) or (value is not None and len(possible) != 1):
        raise DataError(f"the figure is '{value or ''}'; a confirmed figure is one number, and 'all' has none")
    if not by:
        raise DataError("--by is empty; name the letter or the office that confirms the figure")
    path = add_answer(
        chosen, Answer(series, code, possible[0] if possible else None, by, date.today().isoformat(), note)
    )
    print(f"{folders.relative(path)}: {series} in {code} is confirmed by {by}")
    _settle(None, chosen, letters)


def _settle(folder: Path | None, year: int, letters: Path | None) -> None:
    """Read, write the letters, compute the derived series, and print what was done."""
    with working("reading what came back", 3) as step:
        from cwi.inputs.intake import read_folder, read_owners
        from cwi.inputs.observation_files import build_derived
        from cwi.report.intake import write_letters
        from cwi.territory import read_territory

        outcome = read_folder(folder, year)
        step("writing the letters")
        rules = _methodology(outcome.request.methodology, year)
        place = letters or folders.reports() / "intake" / str(year) / "letters"
        letter_files = write_letters(place, outcome, read_owners(), rules, read_territory())
        step("computing the derived series")
        built = build_derived()
        step("finished")
    _print(outcome)
    _print_built(built)
    if letter_files:
        print(f"{folders.relative(place)}: {sum(path.suffix == '.html' for path in letter_files)} letters")
    print(f"'cwi intake board {year}' prints what is late and what is missing")


def _print_built(built: list[Built]) -> None:
    for each in built:
        print(f"{each.file}: {each.added} rows computed, {each.changed} changed, {each.removed} removed")


def _print(outcome: Outcome) -> None:
    request: Request = outcome.request
    new = {receipt.sha256 for receipt in outcome.new}
    rows = []
    for receipt, returned in outcome.files:
        if receipt.sha256 in new:
            doubts = sum(doubt.receipt == receipt for doubt in outcome.settled.doubts)
            figures = sum(entry.number is not None for entry in returned.entries)
            rows.append([receipt.file, returned.owner or "unknown", figures, doubts, returned.refusal or "read"])
    if rows:
        print_table(["file", "owner", "figures", "asked back", "state"], rows, fold=["file"])
    for each in outcome.settled.revisions:
        if each.receipt.sha256 in new:
            what = f"{each.key[0]} in {each.key[1]}: {each.old.number} to {each.new.number}"
            print(f"revised by {each.receipt.file}: {what}")
    counts = outcome.register["state"].value_counts()
    print(
        f"{request.year}: {counts.get('entered', 0)} of {len(request.cells)} figures entered as provisional, "
        f"{counts.get('no figure', 0)} answered with no figure, {counts.get('asked', 0)} asked back, "
        f"{counts.get('awaited', 0)} awaited"
    )
    for name in outcome.written:
        print(f"written: {name}")
    if not outcome.written:
        print("nothing is new; nothing was written")


def add(
    file: Annotated[Path, typer.Argument(help="A table, .csv or .xlsx: a row a region, a column of values or a year.")],
    series: Annotated[str | None, typer.Option(help="The code of the series, where no column names it.")] = None,
    year: Annotated[int | None, typer.Option(help="The year, where no column or heading names it.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="ROLE=HEADING, of region, year, value, indicator or note; repeated.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="The name of the record of the source, such as bns-neet-2024.")
    ] = None,
    publisher: Annotated[str, typer.Option(help="Who published the table.")] = "",
    title: Annotated[str, typer.Option(help="The title of the publication.")] = "",
    licence: Annotated[str, typer.Option(help="On which terms it may be used.")] = "",
    table: Annotated[str, typer.Option(help="Which table of the publication it is.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Write the rows; without it they are printed only.")] = False,
) -> None:
    """Add one table of a publication: names are matched to codes and printed, and written with '--yes'.

    The original is kept with its checksum, and the record of the source is written to data/sources.toml.
    """
    chosen = {}
    for text in column or ():
        role, mark, heading = text.partition("=")
        if not mark:
            raise DataError(f"--column is '{text}'; it must be ROLE=HEADING, such as region=Регион")
        chosen[role] = heading
    with working(f"reading {file.name}"):
        from cwi.inputs.intake import add_publication, read_publication
        from cwi.inputs.observation_files import build_derived

        publication = read_publication(file, series=series, year=year, columns=chosen)
    head = ["place", "name", "region", "year", "indicator", "value", "status"]
    print_table(head, publication.rows[head].to_numpy().tolist(), fold=["place"])
    if not yes:
        print(f"{len(publication.rows)} rows; nothing was written, '--yes' writes them")
        return
    record = {"publisher": publisher, "title": title, "licence": licence} | ({"table": table} if table else {})
    with working("writing the rows", 2) as step:
        written = add_publication(publication, source or "", record)
        step("computing the derived series")
        built = build_derived()
        step("finished")
    for name in written or ["nothing is new; nothing"]:
        print(f"{name} was written")
    _print_built(built)
