"""The index of a year: its scores, the tree under a number, the statistical audit."""

from __future__ import annotations

from math import isnan
from typing import Annotated

import typer

from cwi.cli.shared import SEED, JsonOutput, Place, Region, Seed, Year, edition_at, print_json, print_table, working
from cwi.errors import ParameterError, near

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command(epilog="Examples: cwi score 2023 · cwi score imported/ · cwi score 2023 --json")(score)
    app.command(epilog="Examples: cwi scenarios 2024 · cwi scenarios 2023 --methodology 2026.1")(scenarios)
    app.command(epilog="Examples: cwi trace 2023 Astana · cwi trace 2023 KZ-15 economy")(trace)
    app.command(
        epilog="Examples: cwi affected physicians:Astana:2023 · cwi affected bns-population --counts · "
        "cwi affected data/methodology/2024.1/indicators.csv"
    )(affected)
    app.command(epilog="Example: cwi audit 2023 --draws 200 --json")(audit)


def score(
    place: Place,
    level: Annotated[
        str | None, typer.Option(help="Scores of this level beside the index; the one below it by default.")
    ] = None,
    methodology: Annotated[
        str | None, typer.Option(help="Another version under data/methodology/ than the edition's own.")
    ] = None,
    as_json: JsonOutput = False,
) -> None:
    """Print the scores and ranks of the regions, the highest first."""
    with working(f"scoring {place}"):
        edition = edition_at(place)
        edition = edition if methodology is None else edition.under(methodology)
        year, scores, names = edition.year, edition.scores, edition.territory.regions["name_en"]
    known = [each.name for each in edition.methodology.levels]
    shown = level if level is not None else known[max(len(known) - 2, 0)]
    if shown not in known:
        raise ParameterError(f"there is no level '{shown}'{near(shown, known)}")
    nodes = scores.nodes[scores.nodes["year"] == year]
    top = nodes[nodes["node"] == edition.methodology.top.code].set_index("region")
    parts = scores.wide(year, shown).reindex(top.index)
    parts = parts.drop(columns=[edition.methodology.top.code], errors="ignore")
    top = top.assign(name=names.reindex(top.index)).sort_values(["rank", "score"], na_position="first")
    if as_json:
        rows = [
            {
                "region": code,
                "name": row["name"],
                "rank": row["rank"],
                "score": row["score"],
                "measured": row["measured"],
                "flag": row["flag"],
                shown: parts.loc[str(code)].to_dict(),
            }
            for code, row in top.iterrows()
        ]
        print_json({"year": year, "methodology": edition.methodology.version, "regions": rows})
        return
    decimals = edition.methodology.decimals

    def printed(number: float) -> str:
        return "–" if isnan(number) else f"{number:.{decimals}f}"

    print(f"{edition.label}: methodology {edition.methodology.version} ({edition.methodology.status})")
    print_table(
        ("rank", "code", "region", edition.methodology.top.code, *parts.columns),
        (
            ("–" if row["rank"] is None or row["rank"] != row["rank"] else row["rank"], code, row["name"],
             printed(row["score"]), *map(printed, parts.loc[str(code)]))
            for code, row in top.astype({"rank": object}).where(top.notna(), None).iterrows()
        ),
    )  # fmt: skip


def scenarios(
    year: Year,
    methodology: Annotated[str, typer.Option(help="Another version than that of the edition.")] = "",
    as_json: JsonOutput = False,
) -> None:
    """Print who leads and how the order moves in the scenarios of the methodology: other indices of the same data."""
    with working(f"scoring the scenarios of {year}"):
        from cwi.analysis.comparison import read_scenarios, scenario_summary
        from cwi.edition import read_edition
        from cwi.errors import MethodologyError

        edition = read_edition(year, methodology)
        known = read_scenarios(edition.methodology)
        if not known:
            raise MethodologyError(
                f"methodology {edition.methodology.version} has no scenarios.toml; --methodology names another version"
            )
        table = scenario_summary(edition)
    if as_json:
        record = {"year": year, "methodology": edition.methodology.version}
        print_json(record | {"scenarios": table.reset_index().to_dict("records")})
        return
    names = {"official": "The official index"} | {name: str(each["title_en"]) for name, each in known.items()}

    def shown(codes: str) -> str:
        return ", ".join(edition.territory.name(code) for code in codes.split()) or "none"

    print(f"{edition.label}, methodology {edition.methodology.version}: other indices of the same data")
    rows = [
        (names[str(name)], row["regions"], shown(row["first"]), shown(row["last"]), *(
            "–" if row[key] != row[key] else f"{row[key]:.{digits}f}"
            for key, digits in (("gap", 1), ("spearman", 2), ("moved", 0))
        ))
        for name, row in table.iterrows()
    ]  # fmt: skip
    print_table(("scenario", "regions", "first", "last", "gap", "rank correlation", "moved"), rows)


def trace(
    place: Place,
    region: Region,
    node: Annotated[str | None, typer.Argument(help="Only what is under this node.")] = None,
    as_json: JsonOutput = False,
) -> None:
    """Print the tree under a number, down to source, line and checksum."""
    with working("tracing"):
        from cwi.report.trace import trace as traced
        from cwi.report.trace import trace_rows

        edition = edition_at(place)
        result: object = trace_rows(edition, region, node) if as_json else traced(edition, region, node)
    if as_json:
        print_json({"year": edition.year, "methodology": edition.methodology.version, "rows": result})
    else:
        print(result)


def affected(
    what: Annotated[
        str, typer.Argument(help="A source of data/sources.toml, a file of data/, or a cell: INDICATOR:REGION:YEAR.")
    ],
    year: Annotated[list[int] | None, typer.Option(help="Only this edition; may be repeated.")] = None,
    counts: Annotated[bool, typer.Option("--counts", help="Only how many numbers of each kind and edition.")] = False,
    as_json: JsonOutput = False,
) -> None:
    """List every printed number of the published editions that rests on a source, a file or a cell."""
    with working("searching the published editions"):
        from cwi.report.affected import affected as rests_on

        result = rests_on(what, year)
    if as_json:
        print_json(
            {
                "what": result.what,
                "editions": result.editions,
                "rows": result.rows.astype(object).to_dict("records"),
                "counts": {str(year): column.to_dict() for year, column in result.counts.items()},
                "numbers": result.numbers.astype(object).to_dict("records"),
            }
        )
        return
    searched = ", ".join(map(str, result.editions))
    print(f"{what}: {len(result.rows)} rows with those derived from them; {len(result.numbers)} printed numbers of the "
          f"editions {searched} rest on them")  # fmt: skip
    if result.numbers.empty:
        return
    table = result.counts
    print_table(
        ("numbers", *map(str, table.columns), "all"),
        [
            *((kind, *row, row.sum()) for kind, row in table.iterrows()),
            ("all", *table.sum(), table.to_numpy().sum()),
        ],
    )
    if not counts:
        print()
        columns = ["edition", "name", "text_en", "value", "unit", "file"]
        print_table(
            ("edition", "number", "printed", "value", "unit", "file"),
            result.numbers[columns].itertuples(index=False),
            fold=("number",),
        )


def audit(
    place: Place,
    draws: Annotated[int, typer.Option(min=1, help="Redrawn sets of regions behind each interval.")] = 1000,
    seed: Seed = SEED,
    as_json: JsonOutput = False,
) -> None:
    """Audit an edition as the Joint Research Centre does: what passes, asks for attention, and fails."""
    with working(f"auditing {place}"):
        import numpy as np

        from cwi.analysis.audit import VERDICTS, few
        from cwi.analysis.audit import audit as audited

        edition = edition_at(place)
        result = audited(edition, rng=np.random.default_rng(seed), draws=draws)
    if as_json:
        rows = result.findings.astype(object).to_dict("records")
        total = {verdict: int(result.counts[verdict].sum()) for verdict in VERDICTS}
        head = {"year": edition.year, "methodology": result.version, "regions": result.regions}
        print_json({**head, **total, "checks": rows})
        return
    print_table(
        ("check", *VERDICTS),
        [
            *((check, *(counts[verdict] for verdict in VERDICTS)) for check, counts in result.counts.iterrows()),
            ("all", *result.counts.sum()),
        ],
    )
    print(f"\n{result.carries}")
    for verdict in VERDICTS[:2]:
        rows = result.open[result.open["verdict"] == verdict].to_dict("records")
        print()
        print_table(
            (verdict, "where", "result", "limit"),
            (
                (
                    row["check"],
                    few(row["nodes"]),
                    row["sentence"] if isnan(row["number"]) else f"{row['number']:.3g}",
                    f"{row['bound']} {row['threshold']:.3g}",
                )
                for row in rows
            ),
            fold=("where",),
        )
