"""An empty table of budget lines and its column map, to be filled in or adapted to an export."""

from __future__ import annotations

from pathlib import Path

from cwi import folders
from cwi.errors import DataError
from cwi.inputs.budget.lines import COLUMNS, LEVELS, PHASES, UNITS

__all__ = ["write_template"]


def write_template(folder: Path) -> list[Path]:
    """Write budget.csv (the headings alone) and columns.toml (which heading holds what) into a new folder.

    Raises
    ------
    DataError
        If one of the files is there already.
    """
    table, columns = folder / "budget.csv", folder / "columns.toml"
    for path in (table, columns):
        if path.exists():
            raise DataError(f"{folders.relative(path)} is there already; choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    table.write_text(",".join(COLUMNS) + "\n", encoding="utf-8", newline="\n")
    heads = "\n".join(f'{name} = "{name}"' for name in COLUMNS)
    columns.write_text(
        "# Which heading of your export holds what. A row is a programme; leave rows of totals out.\n"
        f'# unit: {", ".join(UNITS)}\nunit = "thousand tenge"\n\n'
        "# What your export does not repeat in every row goes under [same] instead, such as: year = 2025\n"
        f"# level: {', '.join(LEVELS)}; phase: {', '.join(PHASES)}; region: a code of data/regions.csv\n"
        f"[columns]\n{heads}\n\n[same]\n",
        encoding="utf-8",
        newline="\n",
    )
    return [table, columns]
