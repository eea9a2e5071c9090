"""The children's budget: of a user's own export, and the two forms in which it is published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cwi import folders
from cwi.cli.shared import print_table, working
from cwi.errors import ParameterError

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="The children's budget: of your own export of budget lines, and as it is published."
)
Export = Annotated[Path, typer.Argument(help="Budget lines, .csv or .xlsx, a row a programme.")]
Columns = Annotated[Path, typer.Argument(help="The column map, .toml; 'cwi budget template' writes one.")]
Coefficients = Annotated[Path | None, typer.Option(help="Another table than data/budget/coefficients.csv.")]


@app.command("template", epilog="Example: cwi budget template my-budget")
def template(folder: Annotated[Path, typer.Argument(help="Where the two files are written.")]) -> None:
    """Write an empty table of budget lines and its column map."""
    from cwi.inputs.budget import write_template

    for path in write_template(folder):
        print(folders.relative(path))


@app.command("check", epilog="Example: cwi budget check my-budget/budget.csv my-budget/columns.toml")
def check(export: Export, columns: Columns) -> None:
    """Check an export row by row; the first problem is one sentence with file, row and remedy."""
    with working("checking the budget"):
        from cwi.inputs.budget import read_export
        from cwi.territory import read_territory

        lines = read_export(export, columns, read_territory())
    print(f"{folders.relative(export)}: {len(lines)} lines, {lines['amount'].sum():,} tenge, no problem")


@app.command("read", epilog="Example: cwi budget read my-budget/budget.csv my-budget/columns.toml")
def read(export: Export, columns: Columns, coefficients: Coefficients = None) -> None:
    """Print children's share of the own spending of each budget, with its interval, and the lines without a class."""
    with working("reading the budget"):
        from cwi.analysis.budget import classify, share, unclassified
        from cwi.inputs.budget import read_coefficients, read_export, read_functions
        from cwi.territory import read_territory

        lines = read_export(export, columns, read_territory())
        classified = classify(lines, read_coefficients(coefficients), read_functions())
    head = [
        "region",
        "level",
        "year",
        "phase",
        "own spending, tenge",
        "for children, %",
        "low",
        "high",
        "classified, %",
    ]
    result = share(classified, by=["region", "level", "year", "phase"])
    shares = (100 * result[["share", "low", "high", "classified"]]).round(1).to_numpy()
    rows = zip(result.index, result["own"], shares, strict=True)
    print_table(
        head, [[*key, f"{own_spending:,}", *(f"{value:.1f}" for value in values)] for key, own_spending, values in rows]
    )
    if len(rest := unclassified(classified)):
        print("without a class, counted in own spending and not for children:")
        listed = ["region", "administrator", "programme", "name", "amount"]
        print_table(listed, [[*row[:-1], f"{row[-1]:,}"] for row in rest[listed].to_numpy()], fold=["name"])


@app.command(
    "publish",
    epilog="Examples: cwi budget publish KZ-23 --form section --language en · cwi budget publish KZ --year 2024 · "
    "cwi budget publish all",
)
def publish(
    region: Annotated[str, typer.Argument(help="A code such as KZ-23, KZ for all local budgets, or 'all'.")],
    form: Annotated[
        list[str] | None, typer.Option(help="annex, section or compare; may be repeated, all three by default.")
    ] = None,
    language: Annotated[list[str] | None, typer.Option(help="kk, ru or en; those of the form by default.")] = None,
    year: Annotated[
        int | None, typer.Option(help="2025 by programme where it is known, else the last year by function.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Another folder than reports/budget/.")] = None,
    coefficients: Coefficients = None,
) -> None:
    """Make the annex (PDF, XLSX), the section of the civil budget and the page that compares them (HTML, PDF).

    'all' makes the 11 regions of 2025 by programme, and the country by function.
    """
    with working("reading the budgets"):
        from cwi.analysis.budget import account, places, read_figures
        from cwi.observations import read_observations
        from cwi.report.budget import FORMS
        from cwi.report.budget import publish as write
        from cwi.territory import read_territory

        territory = read_territory()
        figures = read_figures(read_observations(), territory, coefficients=coefficients)
    known = places(figures)
    if region == "all" and year is not None:
        raise ParameterError("'all' has its own years: 2025 by programme, the last by function for the country")
    last = known.groupby("region")["year"].max()
    if region == "all":
        listed = known[known["depth"] == "programme"]["region"]
        wanted = [*((code, int(last[code])) for code in listed), (figures.nation, int(last[figures.nation]))]
    else:
        wanted = [(region, year if year is not None else int(last.get(region, 0)))]
    accounts = [account(figures, *key) for key in wanted]
    forms = list(dict.fromkeys(form or FORMS))
    with working("writing", len(accounts) * len(forms)) as step:
        for each in accounts:
            folder = (output or folders.reports() / "budget") / f"{each.region}-{each.year}"
            for name in forms:
                made = write(each, territory, folder, form=name, languages=language or ())
                step(f"{each.region}, {name}")
                names = (path.name for path in made if path.suffix != ".csv")
                print(f"{folders.relative(folder)}: {', '.join(names)}")
