"""The children's budget: an empty table, a check of a user's own export, and what of it is for children."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cwi import folders
from cwi.cli.shared import print_table, working

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The children's budget of your own export of budget lines.")
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
