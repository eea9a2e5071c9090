"""What commands have in common: options, completion, tables, JSON and progress."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cwi import folders
from cwi.errors import ProjectError

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from cwi.edition import Edition

__all__ = [
    "METHODOLOGY",
    "REHEARSAL",
    "SEED",
    "JsonOutput",
    "Methodology",
    "Place",
    "Region",
    "Seed",
    "Year",
    "YearOrRehearsal",
    "edition_at",
    "print_json",
    "print_table",
    "rehearse",
    "show_progress",
    "working",
    "years",
]

METHODOLOGY = "2024.1"
SEED = 20241122
REHEARSAL = "rehearsal"
LOG_WIDTH = 200  # of tables that go to a file or another program
Progress = Literal["never", "terminal", "always"]
_progress: list[Progress] = ["terminal"]


def years() -> list[str]:
    """The years that have an edition, for completion."""
    try:
        return [path.parent.name for path in sorted((folders.data() / "editions").glob("*/edition.toml"))]
    except ProjectError:
        return []


def methodologies() -> list[str]:
    """The versions of methodologies, for completion."""
    try:
        return [path.parent.name for path in sorted((folders.data() / "methodology").glob("*/methodology.toml"))]
    except ProjectError:
        return []


def regions() -> list[tuple[str, str]]:
    """The codes of regions, each with its English name, for completion."""
    try:
        with (folders.data() / "regions.csv").open(encoding="utf-8-sig", newline="") as file:
            return [(row["code"], row["name_en"]) for row in csv.DictReader(file)]
    except (OSError, KeyError, UnicodeDecodeError, ProjectError):
        return []


def _years(incomplete: str) -> list[str]:
    return [year for year in years() if year.startswith(incomplete)]


def _methodologies(incomplete: str) -> list[str]:
    return [version for version in methodologies() if version.startswith(incomplete)]


def _regions(incomplete: str) -> list[tuple[str, str]]:
    start = incomplete.casefold()
    codes = [(code, name) for code, name in regions() if code.casefold().startswith(start)]
    return codes or [(name, code) for code, name in regions() if name.casefold().startswith(start)]


Year = Annotated[int, typer.Argument(help="The year of the edition.", autocompletion=_years)]
YearOrRehearsal = Annotated[
    str,
    typer.Argument(help="The year of the edition, or 'rehearsal'.", metavar="YEAR|rehearsal", autocompletion=_years),
]
Place = Annotated[
    str,
    typer.Argument(
        help="The year of an edition, or a project folder, such as 'cwi import' makes.", metavar="YEAR|FOLDER",
        autocompletion=_years,
    ),
]  # fmt: skip
Region = Annotated[
    str,
    typer.Argument(help="The code or the name of a region, such as KZ-15 or Astana; KZ.", autocompletion=_regions),
]
Seed = Annotated[int, typer.Option(help="Starts the only random generator.")]
Methodology = Annotated[str, typer.Option(help="A version under data/methodology/.", autocompletion=_methodologies)]
JsonOutput = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for another program.")]


def rehearse(seed: int = SEED) -> tuple[Path, tuple[int, ...]]:
    """Write the project of the rehearsal, whose figures are synthetic; its folder and its years."""
    from cwi.inputs.rehearsal import YEARS, write_rehearsal

    with working("making the figures of the rehearsal"):
        return write_rehearsal(folders.root() / "build" / REHEARSAL, seed=seed), tuple(YEARS)


def edition_at(place: str) -> Edition:
    """The edition of a year of this project, or the last one of a project folder."""
    from cwi.edition import read_edition

    return read_edition(int(place)) if place.isascii() and place.isdecimal() else read_edition(root=place)


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]], *, fold: Sequence[str] = ()) -> None:
    """A table of text; columns of ``fold`` break long words instead of cutting them off."""
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    columns = [Column(name, overflow="fold" if name in fold else "ellipsis") for name in head]
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console.print(table)


def print_json(result: object) -> None:
    """A result as JSON; what is missing is null."""
    print(json.dumps(_plain(result), ensure_ascii=False, indent=1, allow_nan=False))


def _plain(value: Any) -> Any:
    """Plain Python for JSON: no NumPy or pandas types, and null for what is missing."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):  # a NumPy number
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if repr(value) in ("<NA>", "NaT") else str(value)


def show_progress(when: Progress) -> None:
    """Whether commands print what they are making: never, on a terminal (the default), or line by line in a log too."""
    _progress[0] = when


@contextmanager
def working(what: str, steps: int | None = None) -> Iterator[Callable[[str], None]]:
    """Print what is being made and for how long, on stderr: a bar on a terminal, gone when the work is done.

    Parameters
    ----------
    what
        What is made first.
    steps
        How many times the function that is given will be called; unknown by default.

    Yields
    ------
    function
        Takes what was finished or is made now.
    """
    if _progress[0] == "never" or (_progress[0] == "terminal" and not sys.stderr.isatty()):
        yield lambda text: None
    elif not sys.stderr.isatty():
        start = perf_counter()

        def line(text: str) -> None:
            print(f"{perf_counter() - start:6.1f} s  {text}", file=sys.stderr, flush=True)

        line(what)
        yield line
    else:
        with _bar() as bar:
            task = bar.add_task(what, total=steps)
            yield lambda text: bar.update(task, advance=1, description=text)


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True, highlight=False)
    # what is printed meanwhile goes where it would go otherwise, unless both are on the same terminal
    return Bar(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty())
