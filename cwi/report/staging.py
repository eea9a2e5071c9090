"""A report is laid down in a folder beside its place and takes the place when it is whole."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import connection, parent_process
from pathlib import Path

from cwi.errors import WritingError
from cwi.folders import relative
from cwi.writing import cannot_write, made_folder

try:
    import fcntl
except ImportError:  # where there is no such lock, two runs must not be started at once
    fcntl = None  # type: ignore[assignment]

WAIT = "wait until it has ended"

__all__ = ["end_with_parent", "mend", "staged", "uninterrupted"]


@contextmanager
def staged(reports: Path, target: Path) -> Iterator[Path]:
    """A folder beside the report that takes its place when everything went well, and is gone when not.

    The folder is locked while its owner lives, so that the next run can tell what was left by one that was killed.

    Raises
    ------
    WritingError
        If the folder of reports cannot be written, or another run makes the same report.
    """
    made_folder(reports)
    mend(target)
    with ExitStack() as held:
        try:
            with _locked(reports):  # mend waits, so that it never meets a folder before its owner has locked it
                for other in reports.glob(f".{target.name}.new-*"):
                    with _locked(other, wait=False) as free:
                        if not free:
                            raise WritingError(
                                f"{relative(target)} is being made by another run; wait until it has ended"
                            )
                stage = Path(tempfile.mkdtemp(prefix=f".{target.name}.new-", dir=reports))
                held.callback(shutil.rmtree, stage, ignore_errors=True)
                held.enter_context(_locked(stage))
        except OSError as problem:
            raise cannot_write(reports, problem) from None
        stage.chmod(0o755)
        yield stage
        with _locked(reports):
            try:
                _place(stage, target)
            except OSError as problem:
                raise cannot_write(target, problem) from None


def mend(target: Path) -> None:
    """Put back a report that was moved aside when its run was killed, and remove what killed runs left."""
    reports, old = target.parent, _old(target)
    if not reports.is_dir():
        return
    with suppress(OSError), _locked(reports):  # a folder that cannot be written is refused when it is written
        if old.exists():
            if target.exists():
                shutil.rmtree(old)
            else:
                old.rename(target)
        for left in reports.glob(f".{target.name}.new-*"):
            with _locked(left, wait=False) as free:
                if free:
                    shutil.rmtree(left, ignore_errors=True)


def _place(stage: Path, target: Path) -> None:
    old = _old(target)
    if target.exists():
        target.rename(old)
    try:
        stage.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _old(target: Path) -> Path:
    return target.parent / f".{target.name}.old"


@contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a folder, which ends with the process; without waiting, whether it was free."""
    if fcntl is None:
        yield wait
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(place)


def end_with_parent() -> None:
    """Let this worker end as soon as the process that started it is gone; a kernel looks after its worker itself."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Processes that are started here leave Ctrl-C to their parent, which ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
