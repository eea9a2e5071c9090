"""An edition is for ever: what was printed is kept, and can be held against what its rows give today."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from cwi.edition import Edition
from cwi.errors import DataError
from cwi.published import FROZEN, PUBLISHED, differing_rows, freeze_rows, read_published
from cwi.report.languages import LANGUAGES
from cwi.report.ledger import merge
from cwi.report.manifest import digest, read_manifest
from cwi.report.official import OfficialReport
from cwi.writing import writing

__all__ = ["added", "compare", "publish", "recompute", "review", "reviewed"]


def recompute(edition: Edition, *, draws: int, seed: int) -> pd.DataFrame:
    """Every number of the official report computed again from the rows, without drawing or printing; index name."""
    frames = []
    for code in LANGUAGES:
        report = OfficialReport(edition, language=code, draws=draws, seed=seed)
        report.sections()
        frames.append(report.ledger.frame())
    return merge(frames)[list(PUBLISHED)].set_index("name")


def review(edition: Edition) -> list[str]:
    """What differs between the published numbers of an edition and those its rows give today; nothing if all agree."""
    return reviewed(edition)[0]


def reviewed(edition: Edition) -> tuple[list[str], list[str]]:
    """As :func:`review`, and the names of numbers that a report prints today beside the published ones.

    A section that was added to the report since is no contradiction of what was published: its numbers are listed
    apart, and :func:`publish` adds them. Where the rows in use are not those that were frozen at publication, each
    that differs is named.
    """
    published, record = read_published(edition)
    differences = [
        f"{what} was {record[key]} when it was published and is {now} now"
        for key, what, now in (
            ("fingerprint", "the methodology's fingerprint", edition.methodology.fingerprint),
            ("data", "the checksum of the data", edition.checksum),
        )
        if record[key] != now
    ]
    if record["data"] != edition.checksum and (edition.path / FROZEN).is_file():
        differences += differing_rows(edition)
    computed = recompute(edition, draws=record["draws"], seed=record["seed"])
    return differences + compare(published, computed), added(published, computed)


def added(published: pd.DataFrame, computed: pd.DataFrame) -> list[str]:
    """The names of the numbers that are computed today and were not published."""
    return sorted(set(computed.index) - set(published.index))


def compare(published: pd.DataFrame, computed: pd.DataFrame) -> list[str]:
    """One sentence for every published number that is printed otherwise today, or is gone."""
    differences = []
    for name in sorted(published.index):
        if name not in computed.index:
            differences.append(f"{name}: published as {published.at[name, 'text_en']}, not computed today")
        else:
            for column in PUBLISHED[1:]:
                old, new = str(published.at[name, column]), str(computed.at[name, column])
                if old != new:
                    differences.append(f"{name}: {column} was published as {old}, today it is {new}")
                    break
    return differences


def publish(edition: Edition, report: Path, *, revision: str = "") -> int:
    """Keep the numbers of a finished report as those of the edition; the number of entries.

    Parameters
    ----------
    report
        The folder of the report, with ledger.csv and manifest.json.
    revision
        Why numbers that were published before are replaced.

    Raises
    ------
    DataError
        If the edition is a rehearsal, there is no finished report in all languages, it was made of something else
        than is there now, a file of it is not the one that its manifest names, its numbers are not those that the rows
        give, or other numbers were published before and no reason is given.
    """
    if edition.rehearsal:
        raise DataError(f"the edition of {edition.year} is a rehearsal; its numbers are synthetic and never published")
    record = read_manifest(report)
    if set(record.get("languages", [])) != set(LANGUAGES):
        raise DataError(f"reports/{edition.year} is no finished report in all languages; make it first")
    source = record["edition"]
    if (source.get("fingerprint"), source.get("data")) != (edition.methodology.fingerprint, edition.checksum):
        raise DataError(f"reports/{edition.year} was made of other data or rules than are there now; make it again")
    ledger = _true_ledger(edition, report, record)
    target = edition.path / "published.csv"
    revisions: list[str] = []
    if target.is_file():
        published, before = read_published(edition)
        revisions = list(before["revision"])
        changed = compare(published, ledger.set_index("name"))
        if changed and not revision:
            raise DataError(
                f"{len(changed)} numbers of {edition.year} were published otherwise, the first: {changed[0]}; "
                "give the reason with --revision"
            )
        if changed:
            revisions.append(f"{len(changed)} numbers: {revision}")
    facts = {
        "methodology": edition.methodology.version,
        "fingerprint": edition.methodology.fingerprint,
        "data": edition.checksum,
        "draws": record["parameters"]["draws"],
        "seed": record["parameters"]["seed"],
        "revision": revisions,
    }
    text = "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in facts.items())
    head = "# Written by 'cwi publish': what the published numbers beside this file were made of.\n"
    with writing(target, edition.path / "published.toml", edition.path / FROZEN) as (numbers, facts_of_them, frozen):
        frozen.write_bytes(freeze_rows(edition))
        ledger.to_csv(numbers, index=False, lineterminator="\n")
        facts_of_them.write_text(head + text + "\n", encoding="utf-8", newline="\n")
    return len(ledger)


def _true_ledger(edition: Edition, report: Path, record: Mapping[str, Any]) -> pd.DataFrame:
    """The numbers of a report, if its files are those that its manifest names and its numbers those of the rows."""
    where = f"reports/{edition.year}"
    if "ledger.csv" not in record["outputs"]:
        raise DataError(f"{where}/manifest.json names no ledger.csv; make the report again")
    for name, checksum in record["outputs"].items():
        if not (report / name).is_file():
            raise DataError(f"{where}/{name} is missing, which its manifest names; make the report again")
        if digest(report / name) != checksum:
            raise DataError(f"{where}/{name} is not the file that its manifest names; make the report again")
    draws, seed = (record["parameters"].get(name) for name in ("draws", "seed"))
    if type(draws) is not int or type(seed) is not int:
        raise DataError(f"{where}/manifest.json names no draws and no seed in whole numbers; make the report again")
    ledger = pd.read_csv(report / "ledger.csv", dtype=str, keep_default_na=False)
    for column in PUBLISHED:
        if column not in ledger:
            raise DataError(f"{where}/ledger.csv has no column '{column}'; make the report again")
    ledger = ledger[list(PUBLISHED)]
    computed = recompute(edition, draws=draws, seed=seed)
    printed = ledger.set_index("name")
    if wrong := [*compare(printed, computed), *added(printed, computed)]:
        raise DataError(
            f"{where}/ledger.csv is not what the rows give today ({len(wrong)} numbers, the first: {wrong[0]}); make "
            "the report again"
        )
    return ledger
