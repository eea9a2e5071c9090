"""What there is: editions, methodologies, regions, indicators, methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

import typer

from cwi.cli.shared import METHODOLOGY, JsonOutput, Methodology, print_json, print_table
from cwi.errors import ParameterError, near

__all__ = ["app", "list_editions", "list_methods"]

app = typer.Typer(no_args_is_help=True, help="List editions, methodologies, regions, indicators or methods.")


@app.command("editions", epilog="Example: cwi list editions --json")
def list_editions(as_json: JsonOutput = False) -> None:
    """List the editions: methodology, whether the numbers are published, and how often they were revised."""
    from cwi.edition import REHEARSAL, editions
    from cwi.errors import DataError
    from cwi.textfiles import read_toml

    rows = []
    for year, folder in editions().items():
        settings = read_toml(folder / "edition.toml", DataError)
        published = (folder / "published.csv").is_file()
        record = read_toml(folder / "published.toml", DataError) if published else {}
        rows.append(
            {
                "year": year,
                "methodology": settings.get("methodology", ""),
                "figures": "synthetic (rehearsal)" if settings.get(REHEARSAL) else "real",
                "published": "yes" if published else "no",
                "revisions": len(record.get("revision", ())),
            }
        )
    _print(rows, as_json)


@app.command("methodologies", epilog="Example: cwi list methodologies")
def list_methodologies(as_json: JsonOutput = False) -> None:
    """List the methodologies: status, levels and how many indicators."""
    from cwi.methodology import methodologies, read_methodology

    rules = [read_methodology(version) for version in methodologies()]
    rows = [
        {
            "version": each.version,
            "status": each.status,
            "title": each.titles["en"],
            "levels": ", ".join(level.name for level in each.levels),
            "indicators": len(each.indicators),
            "fingerprint": each.fingerprint,
        }
        for each in rules
    ]
    _print(rows, as_json)


@app.command("regions", epilog="Example: cwi list regions --year 2019")
def list_regions(
    year: Annotated[int | None, typer.Option(help="Only the regions at the end of this year.")] = None,
    as_json: JsonOutput = False,
) -> None:
    """List the regions: code, name in three languages, from when and to when."""
    from cwi.territory import read_territory

    territory = read_territory()
    table = (
        territory.regions if year is None else territory.regions.loc[[territory.nation, *territory.regions_of(year)]]
    )
    rows = [
        {
            "code": code,
            "kind": row["kind"],
            **{f"name_{language}": row[f"name_{language}"] for language in ("en", "ru", "kk")},
            "from": "" if row["valid_from"] == date.min else row["valid_from"].isoformat(),
            "to": "" if row["valid_to"] == date.max else row["valid_to"].isoformat(),
        }
        for code, row in table.iterrows()
    ]
    _print(rows, as_json)


@app.command("indicators", epilog="Example: cwi list indicators --methodology 2024.1 --json")
def list_indicators(methodology: Methodology = METHODOLOGY, as_json: JsonOutput = False) -> None:
    """List the indicators of a methodology: node, title, unit, source of data."""
    from cwi.methodology import read_methodology

    rules = read_methodology(methodology)
    columns = ["code", rules.levels[0].name, "title_en", "unit", "kind", "data"]
    table = rules.indicators[[column for column in columns if column in rules.indicators]]
    if not as_json:
        print(f"methodology {rules.version} ({rules.status})")
    _print([{str(k): v for k, v in row.items()} for row in table.to_dict("records")], as_json)


def _families(incomplete: str) -> list[str]:
    from cwi.traits import FAMILIES

    return [family for family in FAMILIES if family.startswith(incomplete)]


@app.command("methods", epilog="Example: cwi methods weighting")
def list_methods(
    family: Annotated[
        str | None,
        typer.Argument(
            help="normalisation, weighting, aggregation or imputation; all by default.", autocompletion=_families
        ),
    ] = None,
    as_json: JsonOutput = False,
) -> None:
    """List every method that a methodology may use, with its parameters and what it needs."""
    from cwi.traits import FAMILIES

    if family is not None and family not in FAMILIES:
        raise ParameterError(f"there is no family '{family}'{near(family, FAMILIES)}")
    from cwi.methods import table

    rows = table(*([family] if family else []))
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(f"{row['family']} {row['word']}" + (f" ({row['parameters']})" if row["parameters"] else ""))
        print(f"    {row['summary']}")
        for what in ("traits", "source"):
            if row[what]:
                print(f"    {what}: {row[what]}")


def _print(rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(rows)
    elif rows:
        print_table(list(rows[0]), (list(row.values()) for row in rows))
