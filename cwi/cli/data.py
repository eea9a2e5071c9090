"""The data folder: series that are computed from others."""

from __future__ import annotations

import typer

from cwi.cli.shared import print_table, working

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Compute the derived series of the data folder.")


@app.callback()
def options() -> None:
    """Compute the derived series of the data folder."""


@app.command("build", epilog="Example: cwi data build")
def build() -> None:
    """Compute each series of data/derived_series.csv and write the files that differ, with their checksums."""
    with working("computing the derived series"):
        from cwi.derived_series import read_derived_series
        from cwi.inputs.observation_files import build_derived

        count, built = len(read_derived_series()), build_derived()
    if not built:
        print(f"{count} derived series: every row is what its formula gives; nothing was written")
        return
    head = ["file", "rows", "added", "changed", "removed"]
    print_table(head, [[each.file, each.rows, each.added, each.changed, each.removed] for each in built])
