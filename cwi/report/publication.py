"""An edition is for ever: what was printed is kept, and can be held against what its rows give today."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from cwi.edition import Edition
from cwi.errors import DataError
from cwi.published import (
    FROZEN,
    KEPT,
    PUBLISHED,
    VINTAGES,
    differing_rows,
    differing_rules,
    freeze_rows,
    keep,
    read_published,
)
from cwi.report.manifest import digest, read_manifest
from cwi.report.recomputation import added, compare, languages_of, recompute
from cwi.report.vintage_report import Vintage, revision_files
from cwi.writing import alone, cannot_write

__all__ = ["added", "compare", "mend_publication", "publish", "recompute", "review", "reviewed"]

STAGE = ".publish"  # a publication that is whole and takes its place


def review(edition: Edition) -> list[str]:
    """What differs between the published numbers of an edition and those its rows give today; nothing if all agree."""
    return reviewed(edition)[0]


def reviewed(edition: Edition) -> tuple[list[str], list[str]]:
    """As :func:`review`, and the names of numbers that a report prints today beside the published ones.

    A section that was added to the report since is no contradiction of what was published: its numbers are listed
    apart, and :func:`publish` adds them. Where the rows in use are not those that were frozen at publication, each
    that differs is named.
    """
    mend_publication(edition.path)
    published, record = read_published(edition)
    differences = [
        f"{what} was {record[key]} when it was published and is {now} now"
        for key, what, now in (
            ("fingerprint", "the methodology's fingerprint", edition.methodology.fingerprint),
            ("data", "the checksum of the data", edition.checksum),
        )
        if record[key] != now
    ]
    if record["fingerprint"] != edition.methodology.fingerprint:
        differences += differing_rules(edition)
    if record["data"] != edition.checksum and (edition.path / FROZEN).is_file():
        differences += differing_rows(edition)
    computed = recompute(edition, draws=record["draws"], seed=record["seed"])
    return differences + compare(published, computed), added(published, computed)


def publish(edition: Edition, report: Path, *, revision: str = "") -> int:
    """Keep the numbers, rows, rules and executed notebooks of a finished report as those of the edition.

    Where a number that was published before is printed otherwise, they are a new vintage: the one before goes to
    vintages/ as it is, and a revision report lists every number with its old and new value and the cause.

    Parameters
    ----------
    report
        The folder of the report, with ledger.csv and manifest.json.
    revision
        Why numbers that were published before are replaced.

    Returns
    -------
    int
        The number of entries.

    Raises
    ------
    DataError
        If the edition is a rehearsal, there is no finished report in all languages, it was made of something else
        than is there now, a file of it is not the one that its manifest names, its numbers are not those that the rows
        give, or other numbers were published before and no reason is given.
    WritingError
        If another run publishes the edition, or the disk does not allow it; what was published is then as it was.
    """
    if edition.rehearsal:
        raise DataError(f"the edition of {edition.year} is a rehearsal; its numbers are synthetic and never published")
    record = read_manifest(report)
    if set(record.get("languages", [])) != set(languages_of(edition)):
        raise DataError(f"reports/{edition.year} is no finished report in all languages; make it first")
    source = record["edition"]
    if (source.get("fingerprint"), source.get("data")) != (edition.methodology.fingerprint, edition.checksum):
        raise DataError(f"reports/{edition.year} was made of other data or rules than are there now; make it again")
    with alone(edition.path, f"the edition of {edition.year} is being published"):
        _take_places(edition.path)
        ledger = _true_ledger(edition, report, record)
        files = _publication(edition, report, record, ledger, revision)
        _lay_down(edition.path, files)
    return len(ledger)


def _publication(
    edition: Edition, report: Path, record: Mapping[str, Any], ledger: pd.DataFrame, revision: str
) -> dict[str, bytes]:
    """Every file of a publication by its name in the folder of the edition."""
    facts: dict[str, Any] = {
        "vintage": 1,
        "date": _today(),
        "methodology": edition.methodology.version,
        "fingerprint": edition.methodology.fingerprint,
        "data": edition.checksum,
        "code": _digest_of(record["inputs"], "cwi/"),
        "registers": _digest_of(record["inputs"], "data/budget/", "data/policy/", "data/crosswalk/"),
        "draws": record["parameters"]["draws"],
        "seed": record["parameters"]["seed"],
        "revision": [],
    }
    files: dict[str, bytes] = {}
    numbers = ledger.set_index("name")
    if (edition.path / "published.csv").is_file():
        published, before = read_published(edition)
        changed = compare(published, numbers)
        if changed and not revision:
            raise DataError(
                f"{len(changed)} numbers of {edition.year} were published otherwise, the first: {changed[0]}; "
                "give the reason with --revision"
            )
        facts["revision"] = [*before["revision"], *([f"{len(changed)} numbers: {revision}"] if changed else [])]
        facts["vintage"] = before["vintage"] + bool(changed)
        if changed:
            files |= _vintage(edition.path, before["vintage"])
            files |= revision_files(edition, Vintage(published, before), Vintage(numbers, facts), revision)
        elif not added(published, numbers) and before["date"]:
            facts["date"] = before["date"]
    text = "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in facts.items())
    head = "# Written by 'cwi publish': what the published numbers beside this file were made of.\n"
    names = [name for name in sorted(record["outputs"]) if name.startswith("official_report.")]
    return files | {
        "published.csv": ledger.to_csv(index=False, lineterminator="\n").encode(),
        FROZEN: freeze_rows(edition),
        KEPT: keep(edition, {name: (report / name).read_bytes() for name in names if name.endswith(".ipynb")}),
        "published.toml": (head + text + "\n").encode(),
    }


def _vintage(folder: Path, number: int) -> dict[str, bytes]:
    """The files of the vintage that is replaced, by the name they get."""
    return {
        f"{VINTAGES}/{number}/{path.name}": path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name.startswith(("published.", "revision.", FROZEN, KEPT))
    }


def _today() -> str:
    """The day, or that of SOURCE_DATE_EPOCH where it is set."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return (datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)).date().isoformat()


def _digest_of(inputs: Mapping[str, str], *prefixes: str) -> str:
    """One checksum of all inputs under some folders."""
    chosen = [f"{name} {sha}" for name, sha in sorted(inputs.items()) if name.startswith(prefixes)]
    return hashlib.sha256("\n".join(chosen).encode()).hexdigest()[:12]


def mend_publication(folder: Path) -> None:
    """Finish a publication that was interrupted while its files took their places.

    Raises
    ------
    WritingError
        If its run has not ended, or the disk does not allow it.
    """
    if (folder / STAGE).is_dir():
        with alone(folder, f"the edition of {folder.name} is being published"):
            _take_places(folder)


def _take_places(folder: Path) -> None:
    """Move the files of a publication that is whole to their places; the folder is held."""
    stage = folder / STAGE
    if not stage.is_dir():
        return
    try:
        files = [path for path in stage.rglob("*") if path.is_file()]
        for path in sorted(files, key=lambda path: path.suffix == ".toml"):  # the record last
            target = folder / path.relative_to(stage)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
        shutil.rmtree(stage)
    except OSError as problem:
        raise cannot_write(folder, problem) from None


def _lay_down(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files aside; from the moment that the folder has its name they are published, whatever happens then."""
    try:
        for left in folder.glob(".publishing-*"):
            shutil.rmtree(left, ignore_errors=True)
        aside = Path(tempfile.mkdtemp(prefix=".publishing-", dir=folder))
        try:
            for name, content in files.items():
                (aside / name).parent.mkdir(parents=True, exist_ok=True)
                (aside / name).write_bytes(content)
            aside.rename(folder / STAGE)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as problem:
        raise cannot_write(folder, problem) from None
    _take_places(folder)


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
