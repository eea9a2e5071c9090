"""A public consultation: sheets to fill in, synthetic answers, a check of what came back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cwi import folders
from cwi.cli.shared import METHODOLOGY, SEED, Methodology, Seed, working

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Experts' sheets, votes and proposals of a public consultation.")


@app.command("template", epilog="Example: cwi consultation template sheets")
def template(
    folder: Annotated[Path, typer.Argument(help="Where the files are written; none may be there yet.")],
    methodology: Methodology = METHODOLOGY,
) -> None:
    """Write the sheets that experts, voters and proposals are entered in."""
    with working("writing the sheets"):
        from cwi.inputs.consultation import write_templates
        from cwi.methodology import read_methodology
        from cwi.territory import read_territory

        paths = list(write_templates(folder, read_methodology(methodology), read_territory()))
    for path in paths:
        print(folders.relative(path))


@app.command("synthesize", epilog="Example: cwi consultation synthesize build/synthetic-consultation")
def synthesize(
    folder: Annotated[Path, typer.Argument(help="Where the files are written; none may be there yet.")],
    year: Annotated[int, typer.Option(help="The edition whose regions and population are used.")] = 2023,
    seed: Seed = SEED,
) -> None:
    """Make a synthetic consultation: votes, experts' sheets and proposals that nobody cast, marked so in every row."""
    with working("making the consultation"):
        import numpy as np

        from cwi.edition import read_edition
        from cwi.inputs.consultation import synthesize_consultation, write_consultation

        edition = read_edition(year)
        rng = np.random.default_rng(seed)
        files = synthesize_consultation(edition.methodology, edition.territory, population=edition.population, rng=rng)
        write_consultation(folder, files)
    print(folders.relative(folder))


@app.command("check", epilog="Example: cwi consultation check sheets")
def check(
    folder: Annotated[Path, typer.Argument(help="A folder with sheets, votes and proposals.")],
    methodology: Methodology = METHODOLOGY,
) -> None:
    """Read a consultation and print what it holds, or what is wrong and where."""
    with working("reading the consultation"):
        from cwi.inputs.consultation import read_consultation
        from cwi.methodology import read_methodology
        from cwi.territory import read_territory

        read = read_consultation(folder, read_methodology(methodology), read_territory())
    kind = "synthetic" if read.synthetic else "real"
    print(f"{folders.relative(folder)}: {kind}; {read.ballots}; {read.panel}; {len(read.register.table)} proposals")
