"""The numbers of a page that know their source: value, derivation, rows, sources, dates and checksums, written once."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape, unescape
from pathlib import Path
from typing import Any

import pandas as pd

from cwi import folders
from cwi.edition import Edition
from cwi.report.grounds import CELLS, RULES, Grounds
from cwi.report.languages import Language
from cwi.report.printer import method_words
from cwi.territory import PARENT_REGION

__all__ = ["known_numbers", "known_of_registers", "with_numbers", "without_names"]

DATA = re.compile(r'<data value="([^"]*)">')
SCRIPT = Path(__file__).parent / "templates" / "page" / "numbers.js"
WORDS = ("title", "value", "unit", "how", "rests", "row", "source", "date", "checksum", "close", "parts", "rules",
         "cells", "registers", "status", "year", "name")  # fmt: skip


def known_numbers(edition: Edition, ledger: pd.DataFrame, language: Language) -> dict[str, Any]:
    """What a page prints about its numbers.

    Parameters
    ----------
    ledger
        Of the report: name, value, unit.
    language
        Of the titles and the words.

    Returns
    -------
    dict with ``numbers`` by name: value, unit, ground; ``grounds``: what a number rests on, years, values, sources;
    ``sources``, ``rows`` by region and indicator, ``tree`` (parts and rule of a node), ``scores``, ``titles``,
    ``words``, and what units, statuses and rules are ``called`` in the language.
    """
    shared = _shared(edition)
    grounds, of = _grounds(shared, [str(name) for name in ledger["name"]])
    rules = edition.methodology
    titles = rules.titles_of(language.code)
    return {
        "numbers": {
            str(row["name"]): [float(row["value"]), str(row["unit"]), of[str(row["name"])]]
            for row in ledger.to_dict("records")
        },
        "grounds": grounds,
        "sources": [_source(edition, name, language) for name in shared.places],
        "rows": shared.rows,
        "tree": {
            node.code: [str(node.aggregation), list(rules.tree.parts_of[node.code])]
            for level in rules.nodes for node in level
        },
        "scores": shared.scores,
        "titles": {str(code): title for code, title in titles.items()},
        "words": {word: language.text(f"numbers.{word}") for word in WORDS},
        "called": {
            **_units(ledger, language),
            **{status: _status(status, language) for status in shared.statuses},
            **{str(node.aggregation): method_words(node.aggregation, language)
               for level in rules.nodes for node in level},
        },
        "year": edition.year,
    }  # fmt: skip


def known_of_registers(
    ledger: pd.DataFrame, files: Sequence[tuple[Path, str]], year: int, language: Language
) -> dict[str, Any]:
    """What a page prints about numbers that rest on registers of data/ alone, such as those of a budget.

    Parameters
    ----------
    ledger
        Of the page: name, value, unit.
    files
        Of the registers, each with what its figures are of, such as a decision and its date.
    year
        Of the page.
    language
        Of the words.
    """
    sources = [[folders.relative(path), "", of, "", hashlib.sha256(path.read_bytes()).hexdigest()]
               for path, of in files]  # fmt: skip
    registers = sorted({path.parent.name for path, _ in files})
    return {
        "numbers": {
            str(row["name"]): [float(row["value"]), str(row["unit"]), 0] for row in ledger.to_dict("records")
        },
        "grounds": [[RULES, [year], 0, list(range(len(sources))), registers]],
        "sources": sources, "rows": {}, "tree": {}, "scores": {}, "titles": {},
        "words": {word: language.text(f"numbers.{word}") for word in WORDS}, "called": _units(ledger, language),
        "year": year,
    }  # fmt: skip


def _units(ledger: pd.DataFrame, language: Language) -> dict[str, str]:
    """Units of the ledger in words of the language."""
    return {unit: language.unit(unit) for unit in sorted(set(ledger["unit"].astype(str)) - {""})}


def _status(status: str, language: Language) -> str:
    """The status of a value in words of the language."""
    if status == "normal":
        return language.text("numbers.normal")
    key = f"site.flag.{status.replace(' ', '_')}"
    return language.text(key) if language.knows(key) else status


@dataclass(frozen=True)
class _Shared:
    """What is the same in every page of an edition; ``places``: the number of each source."""

    known: Grounds
    cells: tuple[tuple[str, str, str], ...]  # region, indicator and source of each value in use
    places: Mapping[str, int]
    rows: dict[str, dict[str, list[Any]]]
    scores: dict[str, dict[str, float]]
    statuses: tuple[str, ...]


@lru_cache(maxsize=1)
def _shared(edition: Edition) -> _Shared:
    """Worked out once for all languages and regions: pages only read it."""
    cells = edition.scores.cells[edition.scores.cells["value"].notna()]
    places = {source: number for number, source in enumerate(sorted(set(cells["source"].dropna().astype(str))))}
    nodes = edition.scores.nodes
    scores = {
        str(region): {str(n): round(float(s), 6) for n, s in zip(rows["node"], rows["score"], strict=True)}
        for region, rows in nodes[nodes["score"].notna()].groupby("region", sort=False)
    }
    here = tuple(zip(cells["region"], cells["indicator"], cells["source"], strict=True))
    statuses = tuple(sorted(set(cells["status"].astype(str))))
    return _Shared(Grounds(edition), here, places, _rows(edition, cells, places), scores, statuses)


def _grounds(shared: _Shared, names: list[str]) -> tuple[list[Any], dict[str, int]]:
    """Each ground once, and by name which: kind, years, number of values in use, sources, registers."""
    numbered: dict[Any, int] = {}
    of: dict[str, int] = {}
    cached: dict[Any, tuple[int, tuple[int, ...]]] = {}
    for name in names:
        ground = shared.known.of(name)
        key = ground.regions, ground.indicators
        if key not in cached:
            inside = [s for region, code, s in shared.cells if region in ground.regions and code in ground.indicators]
            cached[key] = len(inside), tuple(sorted({shared.places[str(s)] for s in inside}))
        values, sources = cached[key]
        if ground.of == RULES:
            values, sources = 0, ()
        years = tuple(sorted(ground.years))
        record = (ground.of, years, values if ground.of == CELLS else 0, sources, ground.folders)
        of[name] = numbered.setdefault(record, len(numbered))
    return [list(record) for record in numbered], of


def _source(edition: Edition, name: str, language: Language) -> list[str]:
    """Record, publisher, title, date and checksum of a source, in the language where there is a translation."""
    record = edition.sources.get(name, {})
    texts = [str(record.get(f"{key}_{language.code}", record.get(key, ""))) for key in ("publisher", "title")]
    return [name, *texts, str(record.get("retrieved", "")), str(record.get("sha256", ""))]


def _rows(edition: Edition, cells: pd.DataFrame, places: Mapping[str, int]) -> dict[str, dict[str, list[Any]]]:
    """By region and indicator: the value in use, its year, status, source, file and line."""
    base = edition.base[(edition.base["sex"] == "") & (edition.base["area"] == "")]
    at = {
        (str(r["region"]), str(r["indicator"]), int(r["year"]), str(r["source"])): f"{r['file']}:{r['line']}"
        for r in base[["region", "indicator", "year", "source", "file", "line"]].to_dict("records")
    } if "file" in base else {}  # fmt: skip
    rows: dict[str, dict[str, list[Any]]] = {}
    for row in cells.to_dict("records"):
        region, code, source = str(row["region"]), str(row["indicator"]), str(row["source"])
        observed = int(row["observed"]) if row["observed"] == row["observed"] else edition.year
        owners = edition.territory.ancestors(region) if row["status"] == PARENT_REGION else [region]
        place = next((at[key] for owner in owners if (key := (owner, code, observed, source)) in at), "")
        value = float(f"{float(row['value']):.12g}")
        rows.setdefault(region, {})[code] = [value, observed, str(row["status"]), places.get(source, -1), place]
    return rows


def without_names(html: str) -> str:
    """The page with plain numbers.

    >>> without_names('<td><data value="score">56.1</data></td>')
    '<td>56.1</td>'
    """
    return re.sub(r"</?data\b[^>]*>", "", html)


def _only(known: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """What is known of some numbers, in this order: their grounds, rows and sources, the scores of their regions."""
    numbers = [[name, *known["numbers"][name]] for name in names]
    grounds = {place: at for at, place in enumerate(dict.fromkeys(number[-1] for number in numbers))}
    printed = [name.split(".") for name in names]
    regions = {parts[2] for parts in printed if len(parts) > 2 and parts[0] in ("score", "value", "region")}
    rows = {region: record for region, record in known["rows"].items() if region in regions}
    used = {source for place in grounds for source in known["grounds"][place][3]}
    used |= {row[3] for record in rows.values() for row in record.values()} - {-1}
    sources = {place: at for at, place in enumerate(sorted(used))}
    kept = [known["grounds"][place] for place in grounds]
    return {
        **known,
        "numbers": [[*number[:-1], grounds[number[-1]]] for number in numbers],
        "grounds": [[*ground[:3], [sources[source] for source in ground[3]], *ground[4:]] for ground in kept],
        "sources": [known["sources"][place] for place in sources],
        "rows": {region: {code: [*row[:3], sources.get(row[3], -1), *row[4:]] for code, row in record.items()}
                 for region, record in rows.items()},
        "scores": {region: scores for region, scores in known["scores"].items() if region in regions},
    }  # fmt: skip


def with_numbers(html: str, known: Mapping[str, Any], language: Language) -> str:
    """The page with what it knows of its numbers, and the script that shows it; numbers stay plain without it.

    Names become short numbers, each written once. Only numbers that the page prints are kept. The content security
    policy of the page admits this one script by its checksum.
    """
    numbers: Mapping[str, list[Any]] = known["numbers"]
    order: dict[str, int] = {}

    def short(tag: re.Match[str]) -> str:
        name = unescape(tag[1])
        return f"<data value={order.setdefault(name, len(order))}>" if name in numbers else "<data>"

    html = DATA.sub(short, html)
    if not order:
        return html
    record = _only(known, list(order))
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    script = SCRIPT.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    dialog = (
        '<dialog id="number" aria-labelledby="number-title">'
        '<h2 id="number-title" tabindex="-1" autofocus></h2><dl></dl>'
        f'<button type="button">{escape(language.text("numbers.close"))}</button></dialog>'
    )
    added = f'{dialog}\n<script type="application/json" id="numbers">{text}</script>\n<script>{script}</script>\n'
    policy = "default-src 'none'; "
    if policy not in html:
        raise ValueError("the page has no content security policy that the script could be named in")
    html = html.replace(policy, f"{policy}script-src 'sha256-{digest}'; ", 1)
    return html.replace("</body>", f"{added}</body>", 1)
