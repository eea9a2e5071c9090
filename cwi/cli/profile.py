"""Profiles of regions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cwi import folders
from cwi.cli.shared import REHEARSAL, SEED, YearOrRehearsal, rehearse, working
from cwi.errors import ParameterError

__all__ = ["add_to"]

RECORD = "made.json"  # what the profiles of a year were made of


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("profile", epilog="Examples: cwi profile 2023 KZ-19 --language ru · cwi profile rehearsal")(profile)


def profile(
    year: YearOrRehearsal,
    region: Annotated[
        list[str] | None, typer.Argument(help="Codes or names; all regions and the country by default.")
    ] = None,
    language: Annotated[list[str] | None, typer.Option(help="kk, ru or en; all three by default.")] = None,
    methodology: Annotated[str, typer.Option(help="Another version than that of the edition.")] = "",
    draws: Annotated[int, typer.Option(min=100, help="Of the rank interval and of the gap of each component.")] = 1000,
    output: Annotated[Path | None, typer.Option(help="Another folder than reports/profiles/.")] = None,
    force: Annotated[bool, typer.Option(help="Make them again even if nothing changed.")] = False,
) -> None:
    """Make the profile of each region: a page, a PDF and the ledger of its numbers.

    Regions whose files are whole and made of the data, rules and code of now are left as they are.

    'rehearsal' makes those of its years, of synthetic figures and marked so, in reports/rehearsal/profiles/.
    """
    given = tuple(region or ()), tuple(language or ()), methodology, draws, force
    if year == REHEARSAL:
        target = output or folders.reports() / REHEARSAL / "profiles"
        place, its_years = rehearse()
        with folders.within(place):
            for each in its_years:
                _profiles(each, target / str(each), *given)
    elif year.isascii() and year.isdecimal():
        _profiles(int(year), (output or folders.reports() / "profiles") / year, *given)
    else:
        raise ParameterError(f"year is '{year}'; it must be the year of an edition, or '{REHEARSAL}'")


def _profiles(
    year: int, folder: Path, region: tuple[str, ...], language: tuple[str, ...], methodology: str, draws: int,
    force: bool,
) -> None:  # fmt: skip
    with working("loading"):
        from cwi.inputs.country import read_country
        from cwi.report.up_to_date import made_of, read_record, whole, write_record

        languages = tuple(dict.fromkeys(language or read_country().languages))
        first = {"year": year, "methodology": methodology, "draws": draws, "seed": SEED}
        made, record = made_of(first), read_record(folder / RECORD)
    there = () if force or record["made_of"] != made else region or tuple(record.get("all", ()))
    kept = [each for each in there if whole(folder, record, _names(each, languages))]
    if kept and kept == list(there):
        print(f"{folders.relative(folder)} is up to date")
        return
    with working("loading"):
        from cwi.report.forked_process import prepare

        several = len(region) != 1 and prepare(first=first, of="profiles")  # it computes beside this process
        from cwi.edition import read_edition
        from cwi.report.profiles import publish_profiles

        edition = read_edition(year, methodology)
    everyone = [*edition.regions, edition.territory.nation]
    regions = [each for each in region or everyone if each not in kept]
    asked = (year, methodology) if several else None
    with working(f"writing the profile of {regions[0]}", len(regions)) as step:
        parts = publish_profiles(edition, regions, folder, languages=languages, draws=draws, seed=SEED, asked=asked)
        for files, following in zip(parts, (*regions[1:], ""), strict=True):
            step(f"writing the profile of {following}" if following else "written")
            print(f"{folders.relative(folder)}: {', '.join(path.name for path in files if path.suffix != '.csv')}")
            done = [path.name for path in files]
            write_record(folder / RECORD, made, done, record, all=everyone)
            record = read_record(folder / RECORD)
    if made_of(first) != made:  # nobody can tell which of them were made of what is there now
        (folder / RECORD).unlink()


def _names(region: str, languages: tuple[str, ...]) -> list[str]:
    """The files of a region."""
    stems = [f"{region}.{code}" for code in languages]
    return [name for stem in stems for name in (f"{stem}.html", f"{stem}.pdf", f"ledger.{stem}.csv")]
