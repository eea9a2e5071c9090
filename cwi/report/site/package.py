"""A table that can be downloaded, and the Data Package that describes all of them (Frictionless Data, version 1)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from cwi.report.exchange import plain
from cwi.report.languages import Language
from cwi.report.site.atlas import Atlas

__all__ = ["LICENCE", "Field", "Resource", "package"]

LICENCE = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
Field = tuple[str, str, str]  # name, type of Table Schema, what it is


@dataclass(frozen=True, eq=False)
class Resource:
    """A table with what its columns are; ``keys`` identify a row, ``foreign`` are columns that other tables explain."""

    name: str
    title: str
    table: pd.DataFrame
    fields: Sequence[Field]
    keys: Sequence[str] = ()
    foreign: Sequence[tuple[str, str, str]] = ()

    def csv(self) -> str:
        """The table as CSV."""
        return self._plain.to_csv(index=False, lineterminator="\n")

    def json(self) -> str:
        """The table as JSON: a list of records, null where nothing is."""
        names = [name for name, _, _ in self.fields]
        columns = [_cells(self._plain[name]) for name in names]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        lines = ",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":")) for row in rows)
        return f"[\n{lines}\n]\n"

    @cached_property
    def _plain(self) -> pd.DataFrame:
        table = self.table[[name for name, _, _ in self.fields]].copy()
        for name, kind, _ in self.fields:
            if kind == "string":
                words = {word: plain(word) for word in table[name].unique()}
                table[name] = table[name].map(words)
        return table


def _cells(column: pd.Series) -> list[Any]:
    """The cells of a column in plain Python; None where nothing is."""
    cells: list[Any] = column.tolist()
    missing = column.isna().to_numpy()
    return [None if gone else cell for cell, gone in zip(cells, missing, strict=True)] if missing.any() else cells


def package(atlas: Atlas, described: Sequence[Resource], files: dict[str, bytes]) -> dict[str, Any]:
    """The Data Package of the files (Frictionless Data, version 1): licence, sources, and the schema of each table."""
    rules = atlas.edition.methodology
    entries = []
    for resource in described:
        for ending, media in (("csv", "text/csv"), ("json", "application/json")):
            path = f"{resource.name}.{ending}"
            name = f"{resource.name.replace('/', '-').lower()}{'' if ending == 'csv' else '-json'}"
            entry: dict[str, Any] = {
                "name": name.replace("_", "-"),
                "path": path,
                "title": resource.title,
                "format": ending,
                "mediatype": media,
                "encoding": "utf-8",
                "bytes": len(files[path]),
                "hash": f"sha256:{hashlib.sha256(files[path]).hexdigest()}",
            }
            if ending == "csv":
                entry |= {"profile": "tabular-data-resource", "schema": _schema(resource)}
            entries.append(entry)
    mark = f"{Language('en').text('rehearsal.mark')}. " if atlas.rehearsal else ""
    publishers = {str(record.get("publisher", name)) for name, record in atlas.project.sources.items()}
    return {
        "profile": "data-package",
        "name": "child-well-being-index",
        "title": f"{mark}{rules.titles_of('en')[rules.top.code]}",
        "version": f"{atlas.year}-{rules.version}",
        "description": f"{mark}Scores, values and observations of the editions {', '.join(map(str, atlas.years))}; "
        f"methodology {rules.version} ({rules.status}).",
        "licenses": [LICENCE],
        "sources": [{"title": plain(publisher)} for publisher in sorted(publishers)],
        "resources": entries,
    }


def _schema(resource: Resource) -> dict[str, Any]:
    fields = [{"name": name, "type": kind, "description": text} for name, kind, text in resource.fields]
    schema: dict[str, Any] = {"fields": fields, "missingValues": [""]}
    if resource.keys:
        schema["primaryKey"] = list(resource.keys)
    if resource.foreign:
        schema["foreignKeys"] = [
            {"fields": column, "reference": {"resource": name, "fields": key}} for column, name, key in resource.foreign
        ]
    return schema
