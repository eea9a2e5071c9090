"""What a report was made of and what came out, by checksum."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cwi import folders

__all__ = ["MADE_OF", "digest", "inputs", "manifest", "read_manifest"]

MADE_OF = ("cwi", "data", "notebooks", "requirements.lock")
PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "seaborn", "matplotlib", "geopandas", "papermill", "nbconvert",
            "typst", "babel")  # fmt: skip
NOT_INPUT = ("__pycache__", ".ipynb_checkpoints", ".DS_Store", "published.csv", "published.toml",
             "rows.csv.gz")  # fmt: skip


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def inputs(root: Path | None = None) -> dict[str, str]:
    """Everything a report is made of, each file with its SHA-256: code, data, notebooks and the lock."""
    root = root or folders.root()
    checksums: dict[str, str] = {}
    for name in MADE_OF:
        top = root / name
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and not any(part in NOT_INPUT for part in path.parts) and path.suffix != ".pyc":
                checksums[path.relative_to(root).as_posix()] = digest(path)
    return checksums


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
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "inputs": dict(made_of),
        "outputs": outputs,
    }


def commit() -> str:
    """The commit that is checked out, with '+' when files differ from it; empty outside a checkout."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=folders.root(), capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        head = git("rev-parse", "HEAD")
        changed = git(
            "status", "--porcelain", "--", *MADE_OF, ":!data/editions/*/published.*", ":!data/editions/*/rows.csv.gz"
        )
        return head + "+" if head and changed else head
    except OSError:
        return ""


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a report, or nothing where there is none that can be read."""
    try:
        record = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
