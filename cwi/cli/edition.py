"""Editions: which there are, the state of one, what one still lacks, and a new one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cwi import folders
from cwi.cli.lists import list_editions
from cwi.cli.shared import JsonOutput, Year, methodologies, print_json, print_table, working
from cwi.writing import new_folder

if TYPE_CHECKING:
    from cwi.report.blocks import Section
    from cwi.report.ledger import Ledger

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="Editions: list, show, status (what is measured and what is missing), new, series, diff."
)
app.command("list", epilog="Example: cwi edition list")(list_editions)


@app.command("show", epilog="Example: cwi edition show 2023")
def show(year: Year, as_json: JsonOutput = False) -> None:
    """Print the state of an edition: its rules and data, what is measured and published, whether the report is current.

    'current' means that the report was made of the data, the code and the notebooks that are there now.
    """
    with working(f"reading {year}"):
        from cwi.edition import read_edition
        from cwi.published import read_published
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


@app.command("new", epilog="Example: cwi edition new 2024 --methodology 2026.1")
def new(
    year: Annotated[int, typer.Argument(help="The year of the new edition.")],
    methodology: Annotated[
        str | None, typer.Option(help="The version of the methodology; that of the last edition by default.")
    ] = None,
) -> None:
    """Make the folder of a new edition, with the methodology that every command then uses for that year."""
    with working(f"making the edition of {year}"):
        from cwi.edition import new_edition

        edition = new_edition(year, methodology)
        regions, rules = len(edition.regions), edition.methodology
    print(f"{folders.relative(edition.path / 'edition.toml')}: {regions} regions, methodology {rules.version}")
    print(f"'cwi edition status {year}' prints what is measured and what is missing")


@app.command("status", epilog="Examples: cwi edition status 2024 · cwi edition status 2024 --json")
def status(year: Year, as_json: JsonOutput = False) -> None:
    """Print what an edition has figures for, and what would give a score to each node that has none."""
    with working(f"scoring {year}"):
        from cwi.analysis.completeness import first_figures, indicators_of, missing_scores
        from cwi.edition import read_edition

        edition = read_edition(year)
        indicators, nodes, new = indicators_of(edition), missing_scores(edition), first_figures(edition)
    if as_json:
        print_json(
            {
                "year": year,
                "methodology": edition.methodology.version,
                "indicators": indicators.reset_index().to_dict("records"),
                "first_figures": list(new),
                "without_score": nodes.assign(candidates=nodes["candidates"].map(list)).to_dict("records"),
            }
        )
        return
    counts = indicators[["own", "carried", "parent", "missing"]]
    whole = (counts["missing"] < len(edition.regions)).sum()
    print(
        f"{edition.label}, methodology {edition.methodology.version}: {whole} of {len(counts)} indicators have a "
        f"figure, {(counts['own'] > 0).sum()} of them one of {year} itself; {100 * edition.measured:.0f}% of the "
        "weight measured"
    )
    head = ["indicator", "own", "carried", "parent", "missing", "nation", "last year"]
    table = indicators.assign(last_year=indicators["last_year"].replace(0, "")).reset_index()
    print_table(head, table.to_numpy().tolist())
    base, ends = edition.methodology.base, edition.methodology.indicators.set_index("code")[["worst", "best"]]
    for code in new:
        worst, best = ends.loc[code]
        print(
            f"{code}: no value in the base years {min(base)} to {max(base)}; a rule that learns its scale from them "
            f"reads it between its ends, {worst:g} and {best:g}"
        )
    if nodes.empty:
        print("every component, dimension and the index has a score in every region")
        return
    print("without a score:")
    for row in nodes.to_dict("records"):
        where = f"{row['regions']} regions" + (" and the nation" if row["nation"] else "")
        print(
            f"{row['node']} ({row['level']}), in {where}: {row['needed']} more of {', '.join(row['candidates'])}; "
            f"{100 * row['required']:.0f}% of its weight must have a score, the most is {100 * row['best']:.0f}%"
        )


@app.command("series", epilog="Example: cwi edition series 'score.{year}.KZ-71.index'")
def series(
    name: Annotated[str, typer.Argument(help="The name of a published number, with {year} in the place of the year.")],
    join: Annotated[bool, typer.Option(help="Numbers of several vintages or methodologies in one series.")] = False,
    as_json: JsonOutput = False,
) -> None:
    """Print a published number through the years, each with its vintage and methodology.

    Numbers of several vintages or methodologies are not comparable; they make one series only when it is asked for.
    """
    with working("reading what was published"):
        from cwi.published import published_series

        table = published_series(name, join=join)
    if as_json:
        print_json(table.reset_index().to_dict("records"))
        return
    print_table(["year", "value", "vintage", "methodology"], table.reset_index().to_numpy().tolist())


def _versions(incomplete: str) -> list[str]:
    return [version for version in methodologies() if version.startswith(incomplete)]


@app.command(
    "diff",
    epilog="Examples: cwi edition diff 2022 2023 · cwi edition diff 2023 --under 2026.1 --language ru --output folder",
)
def diff(
    year: Year,
    later: Annotated[int | None, typer.Argument(help="A later year to compare with.", show_default=False)] = None,
    under: Annotated[
        str | None,
        typer.Option(help="The other methodology; of two years, the one of both.", autocompletion=_versions),
    ] = None,
    join: Annotated[bool, typer.Option(help="Compare two years of different methodologies all the same.")] = False,
    language: Annotated[str, typer.Option(help="kk, ru or en.")] = "en",
    output: Annotated[Path | None, typer.Option(help="A new folder for the tables as CSV and the ledger.")] = None,
    as_json: JsonOutput = False,
) -> None:
    """Print how two years differ, or what another methodology makes of one: scores, ranks, and because of what.

    Two years are compared on the indicators that both have; the rest of the difference is printed apart. Under another
    methodology the causes are decisions on cells, vintage, ends, indicators and coverage. Causes sum to the difference.
    """
    from cwi.errors import DataError, ParameterError

    if later is None and under is None:
        raise ParameterError(f"nothing to compare {year} with; give a later year, or --under with a methodology")
    if later is None and join:
        raise ParameterError("--join is about two years; give a later year")
    if output is not None and output.exists():
        raise DataError(f"{folders.relative(output)}: there is such a folder already; name a new one")
    if later is None:
        section, ledger, record = _under(year, str(under), language)
    else:
        section, ledger, record = _two_years(year, later, under, join, language)
    if output is not None:
        with new_folder(output) as place:
            for table in section.tables():
                table.data.to_csv(place / f"{table.name}.csv", index=False, lineterminator="\n", float_format="%.12g")
            ledger.write(place / f"ledger.{language}.csv")
    if as_json:
        print_json(record)
        return
    for block in section.blocks:
        if block not in section.tables():
            print(block.plain())
    for table in section.tables():
        print(f"\n{table.caption}")
        print_table(table.columns, table.rows)
        print(table.note)


def _under(year: int, under: str, language: str) -> tuple[Section, Ledger, dict[str, object]]:
    """One year under its methodology and another one."""
    with working(f"scoring {year} under {under}"):
        from cwi.analysis.comparison import revision
        from cwi.edition import read_edition
        from cwi.report.revision import revision_of

        edition = read_edition(year)
        change = revision(edition, under)
        section, ledger = revision_of(edition, change, language)
    rows = change.regions.reset_index().to_dict("records")
    means = {"mean": change.mean, "mean_absolute": change.mean_absolute}
    return section, ledger, {"year": year, "old": change.old, "new": change.new, **means, "regions": rows}


def _two_years(
    year: int, later: int, under: str | None, join: bool, language: str
) -> tuple[Section, Ledger, dict[str, object]]:
    """Two editions, each under its methodology or both under one."""
    with working(f"comparing {year} and {later}"):
        from cwi.analysis.comparison import years_apart
        from cwi.edition import read_edition
        from cwi.report.revision import years_apart_of

        editions = [read_edition(each, under) for each in (year, later)]
        apart = years_apart(*editions, join=join)
        section, ledger = years_apart_of(editions[1], apart, language)
    record = {
        "earlier": year,
        "later": later,
        "methodologies": list(apart.rules),
        "regions": apart.regions.reset_index().to_dict("records"),
        "indicators": apart.indicators.to_dict("records"),
    }
    return section, ledger, record
