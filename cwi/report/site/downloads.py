"""The files of data: each table as CSV and JSON, and a Data Package that describes every column.

Numbers are written with all their digits. Texts are without characters that are not seen, and none begins as a formula
of a spreadsheet does.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from cwi.indicators import LANGUAGES
from cwi.report.exchange import sdmx_statuses, sdmx_table
from cwi.report.languages import Language
from cwi.report.site.atlas import Atlas, slug
from cwi.report.site.package import Field, Resource, package

__all__ = ["PACKAGE", "listed", "resources", "written"]

PACKAGE = "datapackage.json"
MARK = Language("en").text("rehearsal.mark")
LISTED = (  # on the page of downloads, with the message that describes each
    ("scores", "site.data.scores"),
    ("values", "site.data.values"),
    ("observations", "site.data.observations"),
    ("indicators", "site.data.indicators"),
    ("nodes", "site.data.nodes"),
    ("regions", "site.data.regions"),
    ("statuses", "site.data.statuses"),
    ("sources", "site.data.sources"),
    ("sdmx", "site.data.sdmx"),
)
REGION: Field = ("region", "string", "Code of the region or the nation; names are in regions.csv.")
YEAR: Field = ("year", "integer", "The year of the edition, or in observations the year that was measured.")
INDICATOR: Field = ("indicator", "string", "Code of the indicator; indicators.csv has its definition and unit.")
STATUS: Field = ("status", "string", "Status of the figure; statuses.csv has its meaning and its SDMX letter.")
SOURCE: Field = ("source", "string", "Code of the source; sources.csv has publisher, table and licence.")


def listed(atlas: Atlas) -> tuple[tuple[str, str], ...]:
    """What the page of downloads lists: the name of a file without its ending, and the message about it."""
    return tuple((name, key) for name, key in LISTED if name != "sdmx" or not atlas.rehearsal)


def resources(atlas: Atlas) -> Iterator[Resource]:
    """The tables that can be downloaded: those of all editions, then one an indicator."""
    yield _scores(atlas)
    yield _values(atlas)
    observations = _observations(atlas)
    yield observations
    yield _indicators(atlas)
    yield _nodes(atlas)
    yield _regions(atlas)
    yield _statuses(atlas)
    yield _sources(atlas)
    if not atlas.rehearsal:  # its tables have no place for the mark
        yield _sdmx(atlas)
    for code, rows in observations.table.groupby("indicator", sort=False):
        name = f"indicators/{slug(str(code))}"
        title = f"Observations of {code}"
        yield Resource(name, title, rows, observations.fields, observations.keys, observations.foreign)


def _scores(atlas: Atlas) -> Resource:
    tables = []
    for year, edition in atlas.editions.items():
        nodes = edition.scores.nodes
        ends = atlas.intervals(year)
        top = nodes["node"] == edition.methodology.top.code
        tables.append(
            nodes.assign(
                rank_low=nodes["region"].map(ends["low"]).where(top),
                rank_high=nodes["region"].map(ends["high"]).where(top),
                methodology=edition.methodology.version,
            )
        )
    fields: list[Field] = [
        YEAR,
        REGION,
        ("node", "string", "Code of the index, dimension, component or indicator; nodes.csv has its title."),
        ("level", "string", "Level of the node: index, dimension, component, indicator."),
        ("score", "number", "Score in points, 0 the worst and 100 the best; empty where too little was measured."),
        ("rank", "integer", "Rank among the regions of the year; the nation has none."),
        (
            "rank_low",
            "number",
            "Lower end of the interval that holds the rank in 90% of the draws; of the index only.",
        ),
        ("rank_high", "number", "Upper end of that interval."),
        ("coverage", "number", "Share of the weight of the node's parts that has a score, 0 to 1."),
        ("measured", "number", "Share of the weight of all indicators below that was measured, 0 to 1."),
        ("flag", "string", "What a score rests on: carried, parent region, derived and so on, divided by semicolons."),
        ("methodology", "string", "Version of the methodology."),
    ]
    return Resource(
        "scores",
        "Scores and ranks of all editions",
        pd.concat(tables, ignore_index=True),
        fields,
        ("year", "region", "node"),
        (("region", "regions", "region"),),
    )


def _values(atlas: Atlas) -> Resource:
    tables = [edition.scores.cells for edition in atlas.editions.values()]
    table = pd.concat(tables, ignore_index=True)
    table = table[table["value"].notna()].astype({"observed": "Int64"})
    fields: list[Field] = [
        YEAR,
        REGION,
        INDICATOR,
        ("value", "number", "The value that was scored, in the unit of the indicator."),
        (
            "observed",
            "integer",
            "The year that the value was measured in; earlier than the edition where it is carried.",
        ),
        STATUS,
        SOURCE,
        ("se", "number", "Standard error, where one is known."),
        ("n", "number", "Number of cases or answers, where it is known."),
        ("score", "number", "Score of the value, 0 to 100."),
    ]
    return Resource(
        "values",
        "Values behind the scores of all editions",
        table,
        fields,
        ("year", "region", "indicator"),
        (("region", "regions", "region"), ("indicator", "indicators", "indicator")),
    )


def _observations(atlas: Atlas) -> Resource:
    base = atlas.project.observations
    rows = base[base["indicator"].isin(list(atlas.indicators)) & (base["year"] <= max(atlas.years))]
    rows = rows.sort_values(["indicator", "region", "year", "sex", "area"], kind="stable", ignore_index=True)
    fields: list[Field] = [
        INDICATOR,
        REGION,
        YEAR,
        ("sex", "string", "F, M; empty: both."),
        ("area", "string", "U urban, R rural; empty: both."),
        ("value", "number", "The figure in the unit of the indicator; empty where it is missing or suppressed."),
        ("se", "number", "Standard error, where one is known."),
        ("n", "number", "Number of cases, where it is known."),
        STATUS,
        SOURCE,
        ("note", "string", "Remark on the figure."),
    ]
    return Resource(
        "observations",
        "Observations of the indicators",
        rows,
        fields,
        ("indicator", "region", "year", "sex", "area"),
        (("region", "regions", "region"), ("indicator", "indicators", "indicator")),
    )


OF_INDICATORS = (
    "unit", "kind", "worst", "best", "scale", "decimals", "data", "ages", "ends_basis", "ends_reason", "note", "owner",
)  # fmt: skip


def _indicators(atlas: Atlas) -> Resource:
    rows = []
    for code, edition in atlas.indicators.items():
        table = edition.methodology.indicators
        row = table[table["code"] == code].iloc[0].to_dict()
        about = atlas.selection.loc[code].to_dict() if code in atlas.selection.index else {}
        observed = atlas.observed(code)["year"]
        parent = edition.methodology.levels[0].name if len(edition.methodology.levels) > 1 else ""
        rows.append(
            {"indicator": code, "parent": row.get(parent, ""), "methodology": edition.methodology.version}
            | {key: row[key] for key in OF_INDICATORS}
            | {f"{what}_{c}": row[f"{what}_{c}"] for what in ("title", "definition") for c in LANGUAGES}
            | {
                "about_children": ("yes" if about["about_children"] else "no") if about else "",
                "crc_article": about.get("crc_article", ""),
                "sdg": about.get("sdg", ""),
                "weight": float(edition.scores.implied_weights().get(code, math.nan)),
                "first": int(observed.min()) if len(observed) else None,
                "last": int(observed.max()) if len(observed) else None,
            }
        )
    table = pd.DataFrame(rows).astype({"first": "Int64", "last": "Int64", "decimals": "Int64"})
    fields: list[Field] = [
        ("indicator", "string", "Code of the indicator."),
        ("parent", "string", "Code of the component that it belongs to."),
        *((f"title_{code}", "string", f"Title, language {code}.") for code in LANGUAGES),
        *((f"definition_{code}", "string", f"Definition, language {code}.") for code in LANGUAGES),
        ("unit", "string", "Unit of the values."),
        ("decimals", "integer", "Decimals that are printed."),
        ("kind", "string", "statistical or survey."),
        ("owner", "string", "Body that the figures belong to."),
        ("worst", "number", "Goalpost with the score 0."),
        ("best", "number", "Goalpost with the score 100."),
        ("scale", "string", "linear or log."),
        ("ends_basis", "string", "What the goalposts rest on."),
        ("ends_reason", "string", "Why these goalposts (English)."),
        ("weight", "number", "Share of the index, all measured."),
        ("data", "string", "open or awaiting data."),
        ("ages", "string", "Ages of those asked."),
        ("about_children", "string", "Whether the figures are about children: yes or no."),
        ("crc_article", "string", "Articles of the Convention on the Rights of the Child."),
        ("sdg", "string", "Number of the SDG target."),
        ("first", "integer", "First year with an observation."),
        ("last", "integer", "Last year with an observation."),
        ("note", "string", "Remark (English)."),
        ("methodology", "string", "Newest version of the methodology with this indicator."),
    ]
    return Resource("indicators", "Data dictionary of the indicators", table, fields, ("indicator",))


def _nodes(atlas: Atlas) -> Resource:
    rules = atlas.edition.methodology
    parents = {
        str(node): (str(parent), float(weight))
        for parent, node, weight in zip(
            *(atlas.edition.scores.edges[c] for c in ("parent", "node", "weight")), strict=True
        )
    }
    titles = {code: rules.titles_of(code) for code in LANGUAGES}
    rows = [
        {
            "node": node,
            "level": rules.tree.level_of[node],
            "parent": parents.get(node, ("", math.nan))[0],
            "weight": parents.get(node, ("", math.nan))[1],
            **{f"title_{c}": titles[c][node] for c in LANGUAGES},
        }
        for node in rules.tree.depth_first
    ]
    fields: list[Field] = [
        ("node", "string", "Code of the node."),
        ("level", "string", "Its level."),
        ("parent", "string", "Code of its parent."),
        ("weight", "number", "Weight in its parent, all measured."),
        *((f"title_{code}", "string", f"Title, language {code}.") for code in LANGUAGES),
    ]
    return Resource("nodes", f"Tree of methodology {rules.version}", pd.DataFrame(rows), fields, ("node",))


def _regions(atlas: Atlas) -> Resource:
    regions = atlas.project.territory.regions
    table = regions.reset_index(names="region")
    for column, unbounded in (("valid_from", "0001"), ("valid_to", "9999")):
        days = [day.isoformat() for day in table[column]]
        table[column] = ["" if day.startswith(unbounded) else day for day in days]
    fields: list[Field] = [
        ("region", "string", "Code; a territory whose borders changed has another."),
        ("kind", "string", "nation, region or city."),
        *((f"name_{code}", "string", f"Name, language {code}.") for code in LANGUAGES),
        ("valid_from", "string", "First day of these borders; empty: before the data begin."),
        ("valid_to", "string", "Last day; empty: still valid."),
    ]
    return Resource("regions", "Regions and their validity", table, fields, ("region",))


def _statuses(atlas: Atlas) -> Resource:
    letters = sdmx_statuses(atlas.edition)
    table = pd.DataFrame({"status": list(letters), "sdmx": list(letters.values())}).sort_values(
        "status", ignore_index=True
    )
    fields: list[Field] = [
        ("status", "string", "Status of a figure."),
        ("sdmx", "string", "Letter of the SDMX code list CL_OBS_STATUS."),
    ]
    return Resource("statuses", "Statuses of figures", table, fields, ("status",))


def _sources(atlas: Atlas) -> Resource:
    keys = ("publisher", "title", "table", "carrier", "licence", "retrieved")
    used = {str(name) for name in _observations(atlas).table["source"].unique() if name}
    rows = [
        {"source": name, **{key: str(atlas.project.sources.get(name, {}).get(key, "")) for key in keys}}
        for name in sorted(used)
    ]
    fields: list[Field] = [
        ("source", "string", "Code of the source."),
        *((key, "string", f"{key.capitalize()} of the source.") for key in keys),
    ]
    return Resource(
        "sources", "Sources of the figures", pd.DataFrame(rows, columns=["source", *keys]), fields, ("source",)
    )


def _sdmx(atlas: Atlas) -> Resource:
    table = sdmx_table(atlas.edition)
    numbers = {"OBS_VALUE": "number", "STANDARD_ERROR": "number", "TIME_PERIOD": "integer", "DECIMALS": "integer"}
    fields = [(name, numbers.get(name, "string"), f"{name} of SDMX-CSV 2.0.") for name in table.columns]
    return Resource("sdmx", f"Edition {atlas.year} in SDMX-CSV 2.0", table.astype({"DECIMALS": "Int64"}), fields)


def _marked(resource: Resource) -> Resource:
    """The table of a rehearsal: its title and each of its rows are marked, whatever is cut out of it."""
    mark: Field = ("mark", "string", "That the figures are synthetic: a rehearsal.")
    return replace(
        resource,
        title=f"{MARK}: {resource.title}",
        table=resource.table.assign(mark=MARK),
        fields=[mark, *resource.fields],
    )


def written(atlas: Atlas) -> dict[str, bytes]:
    """Every file of the folder of data, by its name."""
    files: dict[str, bytes] = {}
    described = []
    for each in resources(atlas):
        resource = _marked(each) if atlas.rehearsal else each
        for ending, text in (("csv", resource.csv()), ("json", resource.json())):
            files[f"{resource.name}.{ending}"] = text.encode()
        described.append(resource)
    files[PACKAGE] = (json.dumps(package(atlas, described, files), ensure_ascii=False, indent=1) + "\n").encode()
    return files
