"""Where the project keeps its things."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["data", "notebooks", "relative", "reports", "root"]


def root() -> Path:
    """The folder that holds data/, notebooks/ and reports/; the variable CWI_ROOT names another one."""
    return Path(os.environ.get("CWI_ROOT") or Path(__file__).resolve().parents[1])


def data() -> Path:
    """What goes in."""
    return root() / "data"


def notebooks() -> Path:
    """The notebooks that reports are made by."""
    return root() / "notebooks"


def reports() -> Path:
    """What comes out, a folder a year."""
    return root() / "reports"


def relative(path: Path) -> str:
    """A path as it is printed: from the project's folder where it lies inside, with forward slashes."""
    path = Path(path)
    for base in (root(), root().resolve()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.as_posix()
