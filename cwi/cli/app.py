"""All commands together, and the exit codes."""

from __future__ import annotations

import io
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

import cwi
from cwi import folders
from cwi.cli import (
    budget,
    consultation,
    data,
    deprivation,
    draw,
    edition,
    exchange,
    index,
    intake,
    lists,
    policy,
    profile,
    project,
    report,
    site,
    survey,
)
from cwi.cli.shared import show_progress
from cwi.errors import CwiError, ParameterError, ProjectError, ReportError

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Build, test and publish a child well-being index.",
    epilog="Examples: cwi check · cwi report 2023 · cwi trace 2023 Astana · cwi audit 2023 --json",
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"cwi {cwi.__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Option("--project", metavar="FOLDER", help="The project, where it is not this one; also CWI_ROOT."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no progress.")] = False,
    progress: Annotated[
        bool, typer.Option("--progress", help="Print progress in a log too, a line a step; on a terminal it is shown.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Build, test and publish a child well-being index."""
    if quiet and progress:
        raise ParameterError("--quiet and --progress contradict each other; give one of them")
    show_progress("never" if quiet else "always" if progress else "terminal")
    if folder is not None:
        if not folder.is_dir():
            raise ProjectError(f"--project {folder.as_posix()}: there is no such folder")
        context.with_resource(folders.within(folder.absolute()))


for commands in (report, site, index, draw, policy, project, profile):
    commands.add_to(app)
app.add_typer(lists.app, name="list")
app.command("methods", epilog="Example: cwi methods weighting")(lists.list_methods)
app.add_typer(data.app, name="data")
app.add_typer(intake.app, name="intake")
app.command("add", epilog="Example: cwi add neet.xlsx --series neet --year 2024 --source bns-neet-2024 --yes")(
    intake.add
)
app.add_typer(edition.app, name="edition")
app.add_typer(survey.app, name="survey")
app.add_typer(consultation.app, name="consultation")
app.add_typer(budget.app, name="budget")
app.add_typer(deprivation.app, name="deprivation")
app.add_typer(exchange.app, name="import")
app.add_typer(exchange.export_app, name="export")


def main() -> None:
    """Run the command; an input that cannot be used is one sentence and exit code 2."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr: a terminal that lacks a letter prints its code
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        app()
    except CwiError as problem:
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
        sys.exit(2)
    except ReportError as problem:
        print(f"ReportError: {problem}", file=sys.stderr)
        sys.exit(3)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
    except OSError as problem:
        place = f"{folders.relative(Path(problem.filename))}: " if isinstance(problem.filename, str) else ""
        print(f"{place}{problem.strerror or problem}", file=sys.stderr)
        sys.exit(2)
