"""Files and folders written aside, then moved into place: what stops a writer leaves nothing half-written."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from cwi.errors import WritingError
from cwi.folders import relative

try:
    import fcntl
except ImportError:  # where there is no such lock, two runs must not be started at once
    fcntl = None  # type: ignore[assignment]

__all__ = ["RISKY", "alone", "cannot_write", "csv_text", "made_folder", "neutral", "new_folder", "writing"]

RISKY = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of a formula
NUMBER = re.compile(r"[+-][\d\s.,]*\d\s?%?")


def cannot_write(path: Path, problem: OSError) -> WritingError:
    """The error of a file or folder that the system does not let be written."""
    return WritingError(f"{relative(path)}: it cannot be written ({problem.strerror or problem})")


def neutral(text: str) -> str:
    """A text as it is written into a CSV file: an apostrophe before what a spreadsheet would run as a formula.

    A number with its sign is left as it is.

    >>> neutral("=1+1"), neutral("@sum(A1)"), neutral("-0.5"), neutral("- or +")
    ("'=1+1", "'@sum(A1)", '-0.5', "'- or +")
    """
    return f"'{text}" if text.startswith(RISKY) and not NUMBER.fullmatch(text) else text


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Rows as the text of a CSV file, the heading among them where there is one.

    >>> csv_text([("code", "title"), ("a", "one, two")])
    'code,title\\na,"one, two"\\n'
    """
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def made_folder(folder: Path) -> Path:
    """The folder, made with those above it where they are missing.

    Raises
    ------
    WritingError
        If a file is in the way, or the system does not allow it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise WritingError(
            f"{relative(folder)}: the folder cannot be made ({problem.strerror or problem}); name another"
        ) from None
    return folder


@contextmanager
def writing(*paths: Path) -> Iterator[list[Path]]:
    """Places beside files to write them in; they take the names of the files when all of them are written.

    Parameters
    ----------
    paths
        The files; folders that are missing are made. One that is there is replaced.

    Raises
    ------
    WritingError
        With the file and what the system answers, such as 'No space left on device'; no file is changed then.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with writing(folder / "a.txt") as (place,):
    ...     _ = place.write_text("whole")
    >>> [path.name for path in folder.iterdir()]
    ['a.txt']
    """
    aside: list[Path] = []
    try:
        for path in paths:
            made_folder(path.parent)
            if path.is_dir():
                raise WritingError(f"{relative(path)}: there is a folder of that name; name another file")
            try:
                handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
            except OSError as problem:
                raise cannot_write(path, problem) from None
            os.close(handle)
            Path(name).chmod(0o666 & ~_mask())
            aside.append(Path(name))
        try:
            yield aside
            for place, path in zip(aside, paths, strict=True):
                place.replace(path)
        except OSError as problem:
            raise cannot_write(paths[0], problem) from None
        except Exception as problem:
            if problem.args and isinstance(problem.args[0], OSError):  # as a writer of workbooks wraps it
                raise cannot_write(paths[0], problem.args[0]) from None
            raise
    finally:
        for place in aside:
            with suppress(OSError):
                place.unlink(missing_ok=True)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A place beside a folder to fill it in; it takes the name of the folder when all of it is written.

    Parameters
    ----------
    folder
        Is not there, or is empty; folders above it are made.

    Raises
    ------
    WritingError
        With the folder and what the system answers; nothing is left behind then.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp()) / "new"
    >>> with new_folder(folder) as place:
    ...     _ = (place / "a.txt").write_text("whole")
    >>> [path.name for path in folder.iterdir()], [path.name for path in folder.parent.iterdir()]
    (['a.txt'], ['new'])
    """
    parent = made_folder(folder.absolute().parent)
    try:
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=parent))
    except OSError as problem:
        raise cannot_write(folder, problem) from None
    try:
        yield aside
        aside.chmod(0o777 & ~_mask())
        aside.replace(folder)
    except OSError as problem:
        raise cannot_write(folder, problem) from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def alone(folder: Path, what: str) -> Iterator[None]:
    """Hold a folder for one run; the lock ends with the process, however it ends.

    Parameters
    ----------
    folder
        The folder that is written.
    what
        What the run does, such as 'the edition of 2023 is being published'.

    Raises
    ------
    WritingError
        If another run holds it, or the file system has no locks.
    """
    made_folder(folder)
    if fcntl is None:
        yield
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WritingError(f"{what} by another run; wait until it has ended") from None
        except OSError as problem:
            raise cannot_write(folder, problem) from None
        yield
    finally:
        os.close(place)


def _mask() -> int:
    """The permissions that new files do not get here."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
