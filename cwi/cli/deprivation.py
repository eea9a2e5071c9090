"""Child deprivation from household microdata: tables, a map, synthetic households, a check of a file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cwi import folders
from cwi.cli.shared import SEED, JsonOutput, Seed, print_json, print_table, working
from cwi.errors import DataError, ParameterError, near

if TYPE_CHECKING:
    from cwi.inputs.deprivation import Deprivations
    from cwi.inputs.households import Households

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Deprivations of children in households: tables, a map, a check.")
BY = ("region", "area", "sex", "age")
GAPS = ("M1", "M2", "G", "S")
MEASURES = ("H", "A", "M0", *GAPS, "uncensored", "censored", "contribution")

Data = Annotated[
    str,
    typer.Argument(help="A .csv, .parquet, .sav or .dta file outside the repository; synthetic children by default."),
]
Columns = Annotated[
    str, typer.Option(help="A map of columns: its name in data/households/maps/, or the path of your own.")
]
Measure = Annotated[str, typer.Option(help="A specification: its name in data/deprivation/, or a folder of your own.")]
Cutoff = Annotated[
    float, typer.Option("-k", help="Another cut-off: a whole number, or a share below 1; 0 keeps the rule.")
]
YearOption = Annotated[int, typer.Option(help="The edition whose regions are used.")]


def _coded(
    data: str, columns: str, specification: str, k: float, year: int, seed: int
) -> tuple[Households, Deprivations]:
    import numpy as np

    from cwi.edition import read_edition
    from cwi.inputs.deprivation import code_deprivations, read_specification
    from cwi.inputs.households import households_of

    rule = read_specification(specification)
    rule = rule.with_cutoff(k) if k else rule
    households = households_of(data, columns, read_edition(year), rng=np.random.default_rng(seed))
    return households, code_deprivations(households.children, rule)


@app.command("table", epilog="Examples: cwi deprivation table · cwi deprivation table ../children.parquet --json")
def table(
    data: Data = "",
    columns: Columns = "standard",
    specification: Measure = "eu-child",
    k: Cutoff = 0.0,
    measure: Annotated[str, typer.Option(help=f"One of {', '.join(MEASURES)}.")] = "H",
    year: YearOption = 2023,
    seed: Seed = SEED,
    json: JsonOutput = False,
) -> None:
    """Print a measure for the nation, regions, areas, sexes and age bands, with intervals."""
    if measure not in MEASURES:
        raise ParameterError(f"there is no measure '{measure}'{near(measure, MEASURES)}")
    with working("counting"):
        from cwi.analysis.deprivation import profile
        from cwi.report.notebooks.analysis_report import records

        households, coded = _coded(data, columns, specification, k, year, seed)
        if measure in GAPS:
            coded.gap_share(1)  # refuses a specification without gaps
        rows = profile(coded, census=households.census)
        rows = rows[rows["measure"] == measure].drop(columns="measure")
    if json:
        head: dict[str, Any] = {
            "synthetic": households.synthetic, "specification": coded.specification.name,
            "version": coded.specification.version, "status": coded.specification.status,
            "fingerprint": coded.specification.fingerprint, "rule": coded.specification.rule, "measure": measure,
            "source": coded.specification.source, "source_read": coded.specification.read,
        }  # fmt: skip
        print_json(head | {"rows": rows.to_dict("records")})
        return
    mark = "SYNTHETIC DATA: made by a computer, no information about children. " if households.synthetic else ""
    working_choice = " (working choice of this project)" if coded.specification.status == "working" else ""
    print(f"{mark}{coded.specification}{working_choice}, fingerprint {coded.specification.fingerprint}")
    source_read = f" ({coded.specification.read})" if coded.specification.read else ""
    print(f"source of the method: {coded.specification.source}{source_read}")
    shown = [[str(row[name]) for name in ("region", "area", "group", "of")] + _figures(row) for row in records(rows)]
    print_table(("region", "area", "group", "of", "%", "low", "high", "n", "remark"), shown)


def _figures(row: dict[str, Any]) -> list[str]:
    """Estimate and interval in per cent, children rounded to tens, and the remark."""
    shares = [float(row[name]) for name in ("estimate", "low", "high")]
    n = float(row["n"])
    return [
        *("–" if math.isnan(share) else f"{100 * share:.1f}" for share in shares),
        "–" if math.isnan(n) else f"{round(n / 10) * 10}",
        str(row["status"]),
    ]


@app.command("map", epilog="Example: cwi deprivation map --output map.svg --language ru")
def draw_map(
    data: Data = "",
    columns: Columns = "standard",
    specification: Measure = "eu-child",
    k: Cutoff = 0.0,
    output: Annotated[Path, typer.Option(help="The file, .svg, .png or .pdf.")] = Path("deprivation-map.svg"),
    language: Annotated[str, typer.Option(help="The language of the words: kk, ru or en.")] = "en",
    year: YearOption = 2023,
    seed: Seed = SEED,
) -> None:
    """Draw the map of deprived children; unreliable figures are hatched, regions without a figure blank."""
    kinds = ("svg", "png", "pdf")
    if output.suffix.lstrip(".").lower() not in kinds:
        raise ParameterError(f"{output.name}: the name of a picture ends in .svg, .png or .pdf")
    with working("drawing the map"):
        from cwi.analysis.deprivation import profile
        from cwi.edition import read_edition
        from cwi.report.notebooks.deprivation import DeprivationReport
        from cwi.report.pictures.marks import stamp
        from cwi.report.pictures.style import saved
        from cwi.writing import writing

        households, coded = _coded(data, columns, specification, k, year, seed)
        result = profile(coded, census=households.census)
        show = DeprivationReport(read_edition(year), coded, result, households, language=language, seed=seed)
        figure = show.map()()
        if households.synthetic:
            stamp(figure, show.mark)
        with writing(output) as (aside,):
            aside.write_bytes(saved(figure, output.suffix.lstrip(".").lower()))
    print(folders.relative(output))


@app.command("synthesize", epilog="Example: cwi deprivation synthesize build/synthetic-households")
def synthesize(
    folder: Annotated[Path, typer.Argument(help="Outside the repository, or with 'synthetic' in its name.")],
    year: YearOption = 2023,
    seed: Seed = SEED,
) -> None:
    """Make children in households that do not exist, marked synthetic in the file's name and in every row."""
    with working("making the households"):
        import numpy as np

        from cwi.edition import read_edition
        from cwi.inputs.households import synthesize_households, write_households

        made = synthesize_households(read_edition(year), rng=np.random.default_rng(seed))
        path = write_households(folder, made, year=year)
    print(folders.relative(path))


@app.command("check", epilog="Example: cwi deprivation check ../children.sav --columns mics6")
def check(
    path: Annotated[Path, typer.Argument(help="A .csv, .parquet, .sav or .dta file outside the repository.")],
    columns: Columns = "standard",
    year: YearOption = 2023,
) -> None:
    """Check a file of children row by row: every problem, or how many children can be read."""
    with working("reading the children"):
        from cwi.inputs.households import HOUSEHOLD_FLAGS as flags
        from cwi.inputs.households import household_problems, read_column_map, read_households

        try:
            read = read_households(path, columns, year=year)
            problems = list(read.flags)
        except DataError:
            read, problems = None, household_problems(path, columns, year=year)  # raises where no row can be read
    mapped = read_column_map(columns)
    if mapped.read:
        print(f"map of columns '{mapped.name}': {mapped.read}. {mapped.note}")
    print(*problems, sep="\n", end="\n" if problems else "")
    if read is None:
        print(f"{sum(problem.kind not in flags for problem in problems)} problems")
        raise typer.Exit(1)
    print(f"{folders.relative(path)}: {len(read.children)} children are read")
