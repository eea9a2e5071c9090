"""Editions: which there are, and the state of one."""

from __future__ import annotations

import typer

from cwi import folders
from cwi.cli.lists import list_editions
from cwi.cli.shared import JsonOutput, Year, print_json, working

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Editions: which there are, and the state of one.")
app.command("list", epilog="Example: cwi edition list")(list_editions)


@app.command("show", epilog="Example: cwi edition show 2023")
def show(year: Year, as_json: JsonOutput = False) -> None:
    """Print the state of an edition: its rules and data, what is measured and published, whether the report is current.

    'current' means that the report was made of the data, the code and the notebooks that are there now.
    """
    with working(f"reading {year}"):
        from cwi.edition import read_edition, read_published
        from cwi.report.manifest import inputs, read_manifest

        edition = read_edition(year)
        rules = edition.methodology
        has_numbers = (edition.path / "published.csv").is_file()
        published, record = read_published(edition) if has_numbers else ((), {})
        manifest = read_manifest(folders.reports() / str(year))
        cells = edition.scores.cells
        measured = cells.loc[cells["score"].notna(), "indicator"].nunique()
        same = record.get("fingerprint") == rules.fingerprint and record.get("data") == edition.checksum
        state = {
            "edition": edition.label,
            "methodology": f"{rules.version} ({rules.status})",
            "fingerprint": rules.fingerprint,
            "checksum": edition.checksum,
            "regions": len(edition.regions),
            "indicators": len(rules.indicators),
            "measured_indicators": measured,
            "measured_weight": round(edition.measured, 4),
            "experimental": "yes" if edition.experimental else "no",
            "published_numbers": len(published),
            "published_from_these_data_and_rules": ("yes" if same else "no") if has_numbers else "not published",
            "revisions": record.get("revision", []),
            "report": "none" if not manifest else "current" if manifest.get("inputs") == inputs() else "not current",
            "report_languages": manifest.get("languages", []),
        }
    if as_json:
        print_json(state)
        return
    for name, value in state.items():
        text = ("; " if name == "revisions" else ", ").join(value) or "none" if isinstance(value, list) else value
        print(f"{name.replace('_', ' ')}: {text}")
