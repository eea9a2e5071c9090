"""The site: all pages, downloads and copies of reports, in a folder that needs no server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cwi import folders
from cwi.cli.shared import REHEARSAL, rehearse, working, years
from cwi.errors import ParameterError

__all__ = ["add_to"]

Years = Annotated[
    list[str] | None,
    typer.Argument(
        help="Years of editions, all by default; or 'rehearsal'.", metavar="[YEAR]...|rehearsal",
        autocompletion=lambda: years(),
    ),
]  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Add the command of this module to the command line."""
    app.command(epilog="Examples: cwi site · cwi site 2022 2023 --output public · cwi site rehearsal")(site)


def site(
    year: Years = None,
    output: Annotated[Path | None, typer.Option(help="Another folder than site/.")] = None,
    explorers: Annotated[bool, typer.Option(help="Make the page of weights of each year where it changed.")] = True,
) -> None:
    """Make the site: pages of years, regions and indicators, downloads, search; it needs no server and no network.

    Only files that changed are written; files of an earlier run that the site has no more are removed. 'rehearsal'
    makes a site of synthetic figures, marked so, in reports/rehearsal/site/.
    """
    for each in year or ():
        if not (each.isascii() and each.isdecimal()) and year != [REHEARSAL]:
            raise ParameterError(f"year is '{each}'; name years of editions, or '{REHEARSAL}' alone")
    if year == [REHEARSAL]:
        reports = folders.reports() / REHEARSAL
        place, _ = rehearse()
        with folders.within(place):
            _site((), output or reports / "site", explorers, reports)
    else:
        _site(tuple(map(int, year or ())), output or folders.root() / "site", explorers)


def _site(years: tuple[int, ...], folder: Path, explorers: bool, rehearsed: Path | None = None) -> None:
    """``rehearsed``: the folder of the reports of a rehearsal, where the site is of one."""
    with working("loading"):
        from cwi.report.up_to_date import made_of, read_record, whole

        given = {"years": years, "explorers": explorers, "rehearsed": rehearsed is not None}
        made = made_of(given, also=[rehearsed or folders.reports()], without=folder)
        record = read_record(folder / "site.json")
    if record["made_of"] == made and whole(folder, record, record["checksums"]):
        print(f"{folders.relative(folder)} is up to date: {len(record['checksums']) + 1} files")
        return
    with working("loading"):
        from cwi.report.forked_process import prepare

        forks = prepare()  # it imports beside this process
        from cwi.report.site import build_site
    with working("reading the editions") as advance:
        counts = build_site(
            years, folder, explorers=explorers, rehearsed=rehearsed, forks=forks, made=made, progress=advance
        )
    removed = f", {counts['removed']} removed" if counts["removed"] else ""
    print(f"{folders.relative(folder)}: {counts['files']} files, {counts['written']} of them written{removed}")
