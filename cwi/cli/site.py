"""The site: all pages, downloads and copies of reports, in a folder that needs no server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cwi import folders
from cwi.cli.shared import working, years

__all__ = ["add_to"]

Years = Annotated[
    list[int] | None, typer.Argument(help="Years of editions; all by default.", autocompletion=lambda: years())
]


def add_to(app: typer.Typer) -> None:
    """Add the command of this module to the command line."""
    app.command(epilog="Examples: cwi site · cwi site 2022 2023 --output public")(site)


def site(
    year: Years = None,
    output: Annotated[Path | None, typer.Option(help="Another folder than site/.")] = None,
    explorers: Annotated[bool, typer.Option(help="Make the page of weights of each year where it changed.")] = True,
) -> None:
    """Make the site: pages of years, regions and indicators, downloads, search; it needs no server and no network.

    Only files that changed are written; files of an earlier run that the site has no more are removed.
    """
    with working("loading"):
        from cwi.report.site import build_site
    folder = output or folders.root() / "site"
    with working("reading the editions") as advance:
        counts = build_site(year or (), folder, explorers=explorers, progress=advance)
    removed = f", {counts['removed']} removed" if counts["removed"] else ""
    print(f"{folders.relative(folder)}: {counts['files']} files, {counts['written']} of them written{removed}")
