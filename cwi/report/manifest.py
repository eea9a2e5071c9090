"""What a report was made of and what came out, by checksum."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cwi import folders

__all__ = [
    "MACHINE",
    "MADE_OF",
    "changed",
    "digest",
    "inputs",
    "is_current",
    "machine",
    "manifest",
    "outdated",
    "read_manifest",
    "signatures",
]

MADE_OF = ("cwi", "data", "notebooks", "requirements.lock")
PACKAGES = ("numpy", "scipy", "pandas", "numba", "statsmodels", "seaborn", "matplotlib", "geopandas", "papermill",
            "nbconvert", "typst", "babel")  # fmt: skip
MACHINE = "machine"
PARTS: Mapping[str, type] = {"edition": dict, "parameters": dict, "languages": list, "inputs": dict, "outputs": dict}
NOT_INPUT = ("__pycache__", ".ipynb_checkpoints", ".DS_Store", "published.csv", "published.toml",
             "rows.csv.gz", "kept.zip", "vintages", "revision.csv", "revision.kk.html", "revision.ru.html",
             "revision.en.html", ".publish")  # fmt: skip
PUBLICATION = ("published.*", "rows.csv.gz", "kept.zip", "revision.*", "vintages")


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def inputs(root: Path | None = None) -> dict[str, str]:
    """Everything a report is made of, each file with its SHA-256: code, data, notebooks and the lock."""
    return {name: digest(path) for name, path in _paths(root or folders.root())}


def signatures(root: Path | None = None) -> dict[str, tuple[int, ...]]:
    """Each input with what the system knows of the file; it differs as soon as a file was written or moved back."""
    states = ((name, path.stat()) for name, path in _paths(root or folders.root()))
    return {name: (state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns) for name, state in states}


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """The names of the files that differ, are gone or are new.

    >>> changed({"a": 1, "b": 1}, {"a": 2, "c": 1})
    ['a', 'b', 'c']
    """
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _paths(root: Path) -> Iterator[tuple[str, Path]]:
    for name in MADE_OF:
        top = folders.CODE if name == "cwi" else root / name  # the code that runs, wherever the project is
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            parts = path.relative_to(top).parts
            if name == "cwi" and parts[:1] == ("release",):  # data that came with an installed library
                continue
            if path.is_file() and not any(part in NOT_INPUT for part in parts) and path.suffix != ".pyc":
                yield Path(name, *parts).as_posix(), path


def manifest(
    folder: Path, *, made_of: Mapping[str, str], parameters: Mapping[str, Any], languages: Iterable[str],
    edition: Mapping[str, Any], left: Collection[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """The record of a report that is in ``folder``; ``left``: files of an earlier run, which it does not answer for."""
    outputs = {
        path.relative_to(folder).as_posix(): digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json" and path.relative_to(folder).as_posix() not in left
    }
    return {
        "edition": dict(edition),
        "parameters": dict(parameters),
        "languages": sorted(languages),
        "commit": commit(),
        "versions": {
            "python": platform.python_version(),
            MACHINE: machine(),
            **{name: version(name) for name in PACKAGES},
        },
        "inputs": dict(made_of),
        "outputs": outputs,
    }


def machine() -> str:
    """The system and the processor, such as 'Linux x86_64'."""
    return f"{platform.system()} {platform.machine()}"


def commit() -> str:
    """The commit that is checked out, with '+' when files differ from it; empty outside a checkout."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=folders.root(), capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        head = git("rev-parse", "HEAD")
        changed = git("status", "--porcelain", "--", *MADE_OF, *(f":!data/editions/*/{name}" for name in PUBLICATION))
        return head + "+" if head and changed else head
    except OSError:
        return ""


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a report, or nothing where there is none that can be read or a part of it is missing."""
    try:
        record = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(record, dict) or not all(isinstance(record.get(key), kind) for key, kind in PARTS.items()):
        return {}
    texts = (*record["inputs"].values(), *record["outputs"].values(), *record["languages"])
    inside = all(".." not in Path(name).parts and not Path(name).is_absolute() for name in record["outputs"])
    return record if inside and all(isinstance(text, str) for text in texts) else {}


def is_current(
    year: int, languages: Collection[str], parameters: Mapping[str, Any], output: Path | None = None
) -> bool:
    """Whether the report of a year is there, whole, and made of what is there now."""
    folder = (output or folders.reports()) / str(year)
    record = read_manifest(folder)
    if not record or record.get("inputs") != inputs() or not set(languages) <= set(record.get("languages", [])):
        return False
    if any(record["parameters"].get(key) != value for key, value in parameters.items()):
        return False
    return all((folder / name).is_file() and digest(folder / name) == sha for name, sha in record["outputs"].items())


def outdated(folder: Path) -> list[str]:
    """The inputs that are not those that a report's manifest names; nothing where there is no manifest."""
    record = read_manifest(folder)
    return changed(record["inputs"], inputs()) if record else []
