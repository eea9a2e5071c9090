"""A process that has imported everything, and processes that are forked of it, so that none waits for imports.

Python's own fork server with :mod:`cwi.report.preloaded`. Only on Linux, where forking is safe with the libraries that
we use; elsewhere, and where code or environment are no more those that were imported, :func:`prepare` returns false and
the caller starts processes in the ordinary way.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import forkserver, reduction
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import ModuleType
from typing import Any

from cwi.report.staging import uninterrupted

__all__ = ["ASKED", "ONE_THREAD", "PRELOADED", "File", "ForkedProcess", "prepare", "processors", "start"]

PRELOADED = "cwi.report.preloaded"
PRECOMPUTED = "cwi.report.precomputed"
ASKED = "CWI_COMPUTE_FIRST"  # what that computes when it is imported, as JSON
DECIDE = ("draws", "methodology", "seed", "year")  # the parameters of a notebook that decide about it
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # equal sums everywhere
NO_THREAD = {**ONE_THREAD, "JE_ARROW_MALLOC_CONF": "background_thread:false"}  # in the process that is forked
INLINE = "module://matplotlib_inline.backend_inline"  # what ipykernel sets where nothing is set
WHEN_IMPORTED = ("PYTHON", "MPL", "MATPLOTLIB", "LD_", "LC_", "LANG", "TZ")  # variables that are read on import

_lock = threading.Lock()
_prepared: list[object] = []  # what the process that is forked was started with


def prepare(
    variables: Mapping[str, str] | None = None, *, first: Mapping[str, Any] | None = None, of: str = "report"
) -> bool:
    """Start the process that others are forked of, if it does not run; it imports while the caller goes on.

    Parameters
    ----------
    variables
        The environment of the process that is to be forked; that of this process by default.
    first
        Parameters of a report, what :mod:`cwi.report.precomputed` computes of it after the imports; nothing is, where
        the process runs already.
    of
        What they are parameters of: the report of a year, or its profiles.

    Returns
    -------
    bool
        Whether a process can be forked that is like one which is started now.
    """
    if sys.platform != "linux" or multiprocessing.current_process().daemon:
        return False
    with _lock:
        if not _prepared:
            asked = {ASKED: json.dumps({"of": of, **{name: first[name] for name in DECIDE}})} if first else {}
            backend = {"MPLBACKEND": os.environ.get("MPLBACKEND") or INLINE}
            with _variables({**backend, **NO_THREAD, **asked}), uninterrupted():
                multiprocessing.set_forkserver_preload([PRELOADED, *([PRECOMPUTED] if first else [])])
                forkserver.ensure_running()
            _prepared.append(_state(os.environ))
        return _prepared[0] == _state(os.environ if variables is None else variables)


def processors() -> int:
    """How many processors this process may use.

    >>> processors() >= 1
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _state(variables: Mapping[str, str]) -> tuple[object, ...]:
    """Our code as it is on the disk, and the variables that are read when a module is imported."""
    states = ((str(path), path.stat()) for path in Path(__file__).parents[1].rglob("*.py"))
    return (
        {name: (state.st_mtime_ns, state.st_size) for name, state in states},
        {name: value for name, value in variables.items() if name.startswith(WHEN_IMPORTED)},
    )


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


@contextmanager
def _no_main_module() -> Iterator[None]:
    """The new process needs nothing of the program that asks for it, whose file would be run again there."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


class File:
    """A file that is open here, as an argument of a new process: there it is the number of the same file."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (reduction.DupFd(self.number),)


def _received(file: Any) -> int:
    return int(file.detach())


class ForkedProcess:
    """A process of multiprocessing with the words of :class:`subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self.pid = int(process.pid or 0)

    def poll(self) -> int | None:
        """The exit code; nothing while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until it has ended; its exit code."""
        self._process.join(timeout)
        return self.poll()

    def send_signal(self, signum: int) -> None:
        """Send a signal to it and to what it started."""
        if self.poll() is None:
            try:
                os.killpg(self.pid, signum)
            except ProcessLookupError:  # before it has a session of its own
                os.kill(self.pid, signum)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def start(target: Callable[..., None], *arguments: object) -> ForkedProcess:
    """Fork a process that calls a function; only after :func:`prepare` returned true."""
    with _lock, _no_main_module():
        process = multiprocessing.get_context("forkserver").Process(target=target, args=arguments)
        process.start()
    return ForkedProcess(process)
