"""The folders of a project: data, notebooks, reports."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["data", "notebooks", "relative", "reports", "root", "within"]

VARIABLE = "CWI_ROOT"


def root() -> Path:
    """The folder that holds data/, notebooks/ and reports/; the variable CWI_ROOT names another one."""
    return Path(os.environ.get(VARIABLE) or Path(__file__).resolve().parents[1])


@contextmanager
def within(folder: Path) -> Iterator[None]:
    """Work in another project's folder, and so do the processes that are started meanwhile."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(folder)
    try:
        yield
    finally:
        os.environ.pop(VARIABLE, None) if before is None else os.environ.update({VARIABLE: before})


def data() -> Path:
    """The folder of input data."""
    return root() / "data"


def notebooks() -> Path:
    """The folder of notebooks."""
    return root() / "notebooks"


def reports() -> Path:
    """The folder of reports, one subfolder a year."""
    return root() / "reports"


def relative(path: Path) -> str:
    """A path as it is printed: from the project's folder where it is inside, with forward slashes."""
    path = Path(path)
    for base in (root(), root().resolve()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.as_posix()
