"""A project folder: begun from the release, or empty."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cwi import folders
from cwi.cli.shared import working

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command(epilog="Examples: cwi init wellbeing · cwi init my-country --empty")(init)


def init(
    folder: Annotated[Path, typer.Argument(help="The folder that is made; it must not exist, or be empty.")],
    empty: Annotated[
        bool, typer.Option("--empty", help="No data: the files of a project with their columns, to be filled in.")
    ] = False,
) -> None:
    """Make a project: the data and notebooks of this release, or an empty one for another country or index."""
    with working(f"making {folder.name}"):
        from cwi.inputs.new_project import copy_release, empty_project

        (empty_project if empty else copy_release)(folder)
    print(folders.relative(folder))
    steps = "README.md in it has the steps" if empty else "cwi report 2023"
    print(f"next: cd {folder.as_posix()}, then cwi check; {steps}")
