"""What tests of reports share."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cwi import read_edition
from cwi.report.languages import LANGUAGES
from cwi.report.publication import recompute


@pytest.fixture
def finished() -> Callable[..., Path]:
    """``finished(folder, year)`` leaves a report of the small project as `cwi report` does: ledger and manifest."""

    def make(folder: Path, year: int = 2022, *, draws: int = 100, seed: int = 5, **files: bytes) -> Path:
        edition = read_edition(year)
        folder.mkdir(parents=True, exist_ok=True)
        ledger = recompute(edition, draws=draws, seed=seed).reset_index()
        ledger.assign(edition=year).to_csv(folder / "ledger.csv", index=False)
        for code in LANGUAGES:
            (folder / f"official_report.{code}.ipynb").write_bytes(f"executed in {code}".encode())
        record: dict[str, Any] = {
            "inputs": {},
            "outputs": {
                path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                for path in folder.iterdir()
                if path.name != "manifest.json"
            },
            "edition": {"fingerprint": edition.methodology.fingerprint, "data": edition.checksum},
            "languages": sorted(LANGUAGES),
            "parameters": {"draws": draws, "seed": seed},
        }
        (folder / "manifest.json").write_text(json.dumps(record), encoding="utf-8")
        return folder

    return make
