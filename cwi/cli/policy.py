"""Measures for children: whether their targets are kept."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from cwi.cli.shared import JsonOutput, print_json, print_table, working
from cwi.errors import ParameterError, near

__all__ = ["add_to"]

SIGNS = {"exactly": "", "at least": "≥ ", "at most": "≤ ", "about": "≈ "}


def add_to(app: typer.Typer) -> None:
    """Add the command of this module to the command line."""
    app.command(epilog="Examples: cwi policy · cwi policy --as-of 2025-01-31 --status missed")(policy)


def policy(
    as_of: Annotated[
        str | None,
        typer.Option(help="Judge by the figures dated up to this day, such as 2025-01-31; today by default."),
    ] = None,
    status: Annotated[str | None, typer.Option(help="Only targets of this status, such as missed.")] = None,
    as_json: JsonOutput = False,
) -> None:
    """Print the status of the measures for children against each of their targets, and the reason.

    Descriptive: a status is what dated figures prove. It is not an effect of the measure.
    """
    day = as_of if as_of is not None else date.today().isoformat()
    with working("judging the measures"):
        from cwi.analysis.policy import STATUSES, judge
        from cwi.inputs.policy import read_register

        register = read_register()
        table = judge(register, day)
    if status is not None and status not in STATUSES:
        raise ParameterError(f"there is no status '{status}'{near(status, STATUSES)}")
    counts = table["status"].value_counts()
    shown = table if status is None else table[table["status"] == status]
    titles = register.measures["title_en"]
    if as_json:
        rows = shown.assign(due=shown["due"].dt.strftime("%Y-%m-%d"), title=titles.reindex(shown["measure"]).to_numpy())
        print_json({"as_of": day, "targets": rows.to_dict("records")})
        return
    print(f"As of {day}: {', '.join(f'{counts.get(each, 0)} {each}' for each in STATUSES)}. Descriptive, no effects.")
    print_table(
        ("measure", "target", "due", "announced", "status", "figure", "dated", "reason"),
        (
            (
                titles[row["measure"]],
                _figure(row["value"], row["bound"]) + (f" ({row['reading']})" if row["reading"] else ""),
                "–" if row["due"] != row["due"] else f"{row['due']:%Y-%m-%d}",
                row["announced"],
                row["status"],
                "–" if row["fact"] != row["fact"] else _figure(row["fact"], row["fact_bound"]),
                row["fact_as_of"] or "–",
                row["reason"],
            )
            for row in shown.to_dict("records")
        ),
        fold=("measure", "reason"),
    )


def _figure(value: float, bound: str) -> str:
    return f"{SIGNS[bound]}{value:,.10g}"
