"""Editions: which there are, the state of one, what one still lacks, and a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cwi import folders
from cwi.cli.lists import list_editions
from cwi.cli.shared import JsonOutput, Year, methodologies, print_json, print_table, working

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="Editions: list, show, status (what is measured and what is missing), new."
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


@app.command("diff", epilog="Example: cwi edition diff 2023 --under 2026.1 --language ru --output revision-2023")
def diff(
    year: Year,
    under: Annotated[
        str, typer.Option(help="The other methodology, a version under data/methodology/.", autocompletion=_versions)
    ],
    language: Annotated[str, typer.Option(help="kk, ru or en.")] = "en",
    output: Annotated[Path | None, typer.Option(help="A new folder for the tables as CSV and the ledger.")] = None,
    as_json: JsonOutput = False,
) -> None:
    """Print what another methodology makes of an edition: each index, old and new, and the causes of the difference.

    The causes are decisions on cells, vintage, ends, indicators and coverage; they sum to the difference.
    """
    with working(f"scoring {year} under {under}"):
        from cwi.analysis.comparison import revision
        from cwi.edition import read_edition
        from cwi.errors import DataError
        from cwi.report.revision import revision_of

        if output is not None and output.exists():
            raise DataError(f"{folders.relative(output)}: there is such a folder already; name a new one")
        edition = read_edition(year)
        change = revision(edition, under)
        section, ledger = revision_of(edition, change, language)
    if output is not None:
        output.mkdir(parents=True)
        for table in section.tables():
            table.data.to_csv(output / f"{table.name}.csv", index=False, lineterminator="\n", float_format="%.12g")
        ledger.write(output / f"ledger.{language}.csv")
    if as_json:
        rows = change.regions.reset_index().to_dict("records")
        means = {"mean": change.mean, "mean_absolute": change.mean_absolute}
        print_json({"year": year, "old": change.old, "new": change.new, **means, "regions": rows})
        return
    for block in section.blocks:
        if block not in section.tables():
            print(block.plain())
    for table in section.tables():
        print(f"\n{table.caption}")
        print_table(table.columns, table.rows)
        print(table.note)
