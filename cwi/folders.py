"""The folders of a project: data, notebooks, reports; and which project a command works on.

``CWI_ROOT`` (or ``cwi --project``) names it. Without it, the checkout that this library lies in; where the library is
installed by itself, the folder one works in or the nearest above it that holds data/regions.csv.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cwi.errors import ProjectError

__all__ = ["CODE", "MARK", "data", "notebooks", "relative", "release", "reports", "root", "within"]

VARIABLE = "CWI_ROOT"
CODE = Path(__file__).resolve().parent
MARK = Path("data") / "regions.csv"  # a folder that holds it is a project


def root() -> Path:
    """The folder that holds data/, notebooks/ and reports/.

    Raises
    ------
    ProjectError
        If there is none.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named)
    if (CODE.parent / MARK).is_file():
        return CODE.parent
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / MARK).is_file():
            return folder
    raise ProjectError(
        f"there is no project here: neither {here.as_posix()} nor a folder above it holds {MARK.as_posix()}; "
        "'cwi init FOLDER' copies the data and notebooks of this release, 'cwi init FOLDER --empty' begins a project "
        "of your own; for a project elsewhere write cwi --project FOLDER, or set CWI_ROOT"
    )


def release() -> Path:
    """The folder with data/ and notebooks/ that came with this library."""
    return CODE.parent if (CODE.parent / MARK).is_file() else CODE / "release"


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
    try:
        project = root()
    except ProjectError:
        return path.as_posix()
    for base in (project, project.resolve()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.as_posix()
