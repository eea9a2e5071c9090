"""The data folder: series that are computed from others."""

from __future__ import annotations

from typing import Annotated

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


@app.command("sign", epilog="Example: cwi data sign kazstat-1-2-1")
def sign(
    source: Annotated[str, typer.Argument(help="The id of a source: the name of its file in data/observations/.")],
) -> None:
    """Write the checksum of a file of observations, as it is now, into the record of its source.

    What was changed in the file is not looked at; 'cwi check' does that.
    """
    from cwi import folders
    from cwi.errors import DataError, near
    from cwi.inputs.observation_files import record_source
    from cwi.textfiles import read_toml, sha256

    known = read_toml(folders.data() / "sources.toml", DataError)
    path = folders.data() / "observations" / f"{source}.csv"
    if source not in known:
        raise DataError(f"data/sources.toml has no record '{source}'{near(source, known)}")
    if not path.is_file():
        raise DataError(f"{folders.relative(path)}: there is no such file")
    record_source(source, {"sha256": sha256(path)})
    print(f"{folders.relative(path)}: {sha256(path)}")
