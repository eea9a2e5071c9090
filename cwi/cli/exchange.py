"""Other tools: import a framework of COINr or the COIN Tool, export scores and values for these and other systems."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from cwi import folders
from cwi.cli.shared import Place, edition_at, working
from cwi.errors import DataError

if TYPE_CHECKING:
    from cwi.inputs.exchange import Imported

__all__ = ["app", "export_app"]

SCORES = "scores"  # what 'cwi export YEAR TARGET' does


class ScoresByDefault(TyperGroup):
    """Commands of which one needs no name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, after the name of the default command where none is given."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [SCORES, *args]
        return list(super().parse_args(ctx, args))


app = typer.Typer(no_args_is_help=True, help="Make a methodology folder of another tool's files.")
export_app = typer.Typer(
    cls=ScoresByDefault,
    no_args_is_help=True,
    help="Write scores and values for other programs: a workbook (YEAR FILE.xlsx), COINr, Open SDG, SDMX-CSV.",
    epilog="Examples: cwi export 2023 scores.xlsx · cwi export 2023 folder --coinr · cwi export opensdg 2024 folder",
)

NewFolder = Annotated[Path, typer.Argument(help="The folder that is made; it must not exist yet.")]
Target = Annotated[Path, typer.Argument(help="The folder that is made; it must not exist yet.")]
Aggregation = Annotated[
    list[str] | None,
    typer.Option(help="arithmetic, geometric or harmonic, for all levels or one a level, lowest first."),
]
Ends = Annotated[str, typer.Option(help="Where the worst and the best value come from: range or goalposts.")]


@app.command("coinr", epilog="Example: cwi import coinr iMeta.csv iData.csv my-index --year 2022")
def import_coinr(
    imeta: Annotated[Path, typer.Argument(help="The table iMeta, .csv or .xlsx.")],
    idata: Annotated[Path, typer.Argument(help="The table iData, .csv or .xlsx.")],
    folder: Target,
    year: Annotated[
        int | None, typer.Option(help="The year of the values; with a column Time the only year that is read.")
    ] = None,
    level: Annotated[list[str] | None, typer.Option(help="Name of a level between, lowest first; repeated.")] = None,
    aggregation: Aggregation = None,
    ends: Ends = "range",
    decimals: Annotated[int, typer.Option(help="Digits of a score at which two units share a rank.")] = 6,
) -> None:
    """Make a methodology and observations of the tables iMeta and iData of COINr."""
    with working("importing"):
        from cwi.inputs.exchange import read_coinr

        rules = aggregation or "arithmetic"
        read = read_coinr(
            imeta, idata, year=year, levels=level, aggregation=rules, ends=ends, version=folder.name, decimals=decimals
        )
    _save(read, folder)


@app.command("coin-tool", epilog="Example: cwi import coin-tool COIN_Tool.xlsm my-index --year 2022")
def import_coin_tool(
    workbook: Annotated[Path, typer.Argument(help="A workbook of the COIN Tool, .xlsx or .xlsm.")],
    folder: Target,
    year: Annotated[int, typer.Option(help="The year of the values.")],
    aggregation: Aggregation = None,
    ends: Ends = "range",
) -> None:
    """Make a methodology and observations of a workbook of the COIN Tool."""
    with working("importing"):
        from cwi.inputs.exchange import read_coin_tool

        rules = aggregation or "arithmetic"
        read = read_coin_tool(workbook, year=year, aggregation=rules, ends=ends, version=folder.name)
    _save(read, folder)


@export_app.command(SCORES, epilog="Examples: cwi export 2023 scores.xlsx · cwi export 2023 folder --coinr")
def export(
    place: Place,
    target: Annotated[Path, typer.Argument(help="A new .xlsx file; with --coinr a new folder.")],
    coinr: Annotated[bool, typer.Option("--coinr", help="Write iMeta.csv and iData.csv for COINr instead.")] = False,
) -> None:
    """Write the scores of a year as a workbook, or its methodology and values for COINr."""
    with working(f"exporting {place}"):
        edition = edition_at(place)
        if edition.rehearsal:
            raise DataError(
                f"the edition of {edition.year} is a rehearsal; what 'cwi export' writes would not be marked"
            )
        if coinr:
            from cwi.inputs.exchange import write_coinr

            names = {str(code): str(name) for code, name in edition.territory.regions["name_en"].items()}
            scores = edition.scores
            notes = list(write_coinr(target, edition.methodology, scores.cells, weights=scores.weights, names=names))
        else:
            from cwi.report.scores_workbook import write_scores

            write_scores(target, edition.scores, edition.year)
            notes = []
    print(*notes, folders.relative(target), sep="\n")


@export_app.command("opensdg", epilog="Example: cwi export opensdg 2024 sdg-data")
def export_opensdg(place: Place, target: NewFolder) -> None:
    """Write the data folder of an Open SDG site: CSV and YAML for each indicator, words in three languages."""
    with working(f"exporting {place}"):
        from cwi.report.exchange import write_opensdg

        n = write_opensdg(target, edition_at(place))
    print(f"{folders.relative(target)}: {n} indicators")


@export_app.command("sdmx", epilog="Example: cwi export sdmx 2024 sdmx-data")
def export_sdmx(place: Place, target: NewFolder) -> None:
    """Write scores and observations in SDMX-CSV 2.0, and the code lists that they use."""
    with working(f"exporting {place}"):
        from cwi.report.exchange import write_sdmx

        names = write_sdmx(target, edition_at(place))
    print(f"{folders.relative(target)}: {', '.join(names)}")


def _save(read: Imported, folder: Path) -> None:
    methodology = read.save(folder)
    for note in read.notes:
        print(note)
    print(f"{folders.relative(folder)}: {len(methodology.indicators)} indicators, {len(read.observations)} values")
