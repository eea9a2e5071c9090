"""An edition that was read before, for the processes that are forked of the one that read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cwi import folders
from cwi.edition.edition import Edition

__all__ = ["keep", "kept"]

States = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class _Kept:
    """What was asked for, the files of the project as they were before it was read, and the edition."""

    asked: tuple[Path, int, str | None]
    states: States
    edition: Edition


_kept: list[_Kept] = []  # of this process: one edition, or none


def states(root: Path) -> States:
    """Each file under data/ with what the system knows of it; it differs as soon as a file was written or replaced."""
    known = ((str(path), path.stat()) for path in sorted((root / "data").rglob("*")) if path.is_file())
    return {name: (state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns) for name, state in known}


def keep(edition: Edition, asked: tuple[int, str | None], before: States) -> None:
    """Give this edition for each reading from now on, in this process and in those that are forked of it.

    Parameters
    ----------
    asked
        Year and version of the methodology (None: the approved one), as it was read.
    before
        Of :func:`states`, taken before it was read: a file that was changed meanwhile makes it of no use.
    """
    if edition.project is not None and Path(edition.methodology.path).is_relative_to(edition.project.root / "data"):
        _kept[:] = [_Kept((edition.project.root, *asked), before, edition)]


def kept(root: str | Path | None, year: int | None, methodology: object) -> Edition | None:
    """The edition, if it is the one that was kept and no file of its project was changed since."""
    if not _kept or not isinstance(methodology, str | None):
        return None
    place = folders.root() if root is None else Path(root).absolute()
    known = _kept[0]
    if known.asked != (place, year, methodology or None) or known.states != states(place):
        return None
    return known.edition
