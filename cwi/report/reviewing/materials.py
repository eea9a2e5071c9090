"""A bundle as other programs read it: packages (CycloneDX), tables (Data Package), files (RO-Crate)."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

import cwi

__all__ = ["data_package", "packages", "print_packages", "research_object", "software_bill"]

PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
KINDS = {".csv": "text/csv", ".html": "text/html", ".pdf": "application/pdf", ".png": "image/png",
         ".svg": "image/svg+xml",
         ".json": "application/json", ".ipynb": "application/x-ipynb+json", ".toml": "application/toml",
         ".geojson": "application/geo+json", ".md": "text/markdown", ".py": "text/x-python",
         ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}  # fmt: skip
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def packages(lock: str) -> list[tuple[str, str, str]]:
    """Name, version and licence of each package of a list of packages; no licence where it is not installed.

    >>> packages("not-installed-anywhere==1.0 ; python_version > '3'")
    [('not-installed-anywhere', '1.0', '')]
    """
    return [(name, version, _licence(name)) for name, version in PINNED.findall(lock)]


def print_packages(lock: Path) -> None:
    """Print name, version and licence of each package of a list as CSV, for 'make audit-deps'."""
    csv.writer(sys.stdout, lineterminator="\n").writerows(packages(lock.read_text(encoding="utf-8")))


def _licence(name: str) -> str:
    try:
        record = metadata(name)
    except PackageNotFoundError:
        return ""
    known = [*record.get_all("License-Expression", []), *record.get_all("License", [])]
    known += [text.rpartition("::")[2].strip() for text in record.get_all("Classifier", []) if "License ::" in text]
    return next((text for text in known if text and "\n" not in text and len(text) < 100), "")


def software_bill(lock: str) -> dict[str, Any]:
    """The bill of software, CycloneDX 1.6."""
    parts = []
    for name, version, licence in packages(lock):
        part: dict[str, Any] = {"type": "library", "name": name, "version": version}
        part["bom-ref"] = part["purl"] = f"pkg:pypi/{name.lower()}@{version}"
        parts.append(part | ({"licenses": [{"license": {"name": licence}}]} if licence else {}))
    about = {
        "type": "application",
        "name": "cwi",
        "version": cwi.__version__,
        "bom-ref": f"pkg:pypi/cwi@{cwi.__version__}",
    }
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": about},
            "components": parts}  # fmt: skip


def data_package(
    name: str, title: str, files: Mapping[str, tuple[str, int]], sources: Mapping[str, Any]
) -> dict[str, Any]:
    """The tables of a bundle, Data Package 2.0.

    Parameters
    ----------
    name, title
        Of the bundle.
    files
        SHA-256 and bytes of each file.
    sources
        The register of sources.
    """
    tables = [
        {"name": re.sub(r"[^a-z0-9._-]", "-", path.lower().removesuffix(".csv")), "path": path, "format": "csv",
         "mediatype": "text/csv", "encoding": "utf-8", "bytes": size, "hash": f"sha256:{sha}"}
        for path, (sha, size) in files.items() if path.endswith(".csv")
    ]  # fmt: skip
    seen = sorted({(str(record["publisher"]), str(record["title"])) for record in sources.values()})
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json", "name": name, "title": title,
        "licenses": [{"name": "CC-BY-4.0", "path": LICENCE}],
        "sources": [{"title": f"{publisher}: {what}"} for publisher, what in seen], "resources": tables,
    }  # fmt: skip


def research_object(title: str, date: str, files: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
    """The files of a bundle, RO-Crate 1.1."""
    described = [
        {"@id": path, "@type": "File", "name": Path(path).name, "contentSize": str(size), "sha256": sha,
         **({"encodingFormat": KINDS[Path(path).suffix]} if Path(path).suffix in KINDS else {})}
        for path, (sha, size) in files.items()
    ]  # fmt: skip
    crate = {
        "@id": "./", "@type": "Dataset", "name": title,
        "description": f"{title}: data, rules, code, outputs, checksums",
        "datePublished": date, "license": {"@id": LICENCE}, "hasPart": [{"@id": path} for path in files],
    }  # fmt: skip
    about = {
        "@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }  # fmt: skip
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": [about, crate, *described]}
