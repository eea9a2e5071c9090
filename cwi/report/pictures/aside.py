"""Pictures drawn in a forked process while this one goes on with the next cell of a notebook.

Only where a report is made by fewer kernels than there are processors, which :data:`ASIDE` says. A picture that cannot
be drawn there (an error, a warning, a process that was ended or takes too long) is drawn here when it is asked for, so
that its error or warning is shown as ever.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["ASIDE", "draw", "finish"]

ASIDE = "CWI_DRAW_ASIDE"  # how many processes may draw beside the kernel
PATIENCE = 60.0  # seconds for one picture
STEP = 0.005
END_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux, where alone this is used

_drawn: dict[int, tuple[Path, Callable[[], bytes]]] = {}  # the processes that draw, and what


def draw(path: Path, make: Callable[[], bytes]) -> None:
    """Write a picture, now or in a process beside this one; :func:`finish` waits for it."""
    most = int(os.environ.get(ASIDE) or 0)
    for number in list(_drawn):
        _ended(number, wait=False)
    if len(_drawn) >= most:
        path.write_bytes(make())
        return
    number = os.fork()
    if number:
        _drawn[number] = path, make
        return
    try:
        ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)
        gc.disable()
        warnings.simplefilter("error")
        _write(path, make)
    except BaseException:
        os._exit(1)
    os._exit(0)


def finish() -> None:
    """Wait until every picture is there."""
    for number in list(_drawn):
        _ended(number, wait=True)


def _write(path: Path, make: Callable[[], bytes]) -> None:
    aside = path.with_name(f".{path.name}.new")
    aside.write_bytes(make())
    aside.replace(path)


def _ended(number: int, *, wait: bool) -> None:
    """Look whether a process has ended; draw here what it could not."""
    end = time.monotonic() + PATIENCE
    while (state := os.waitpid(number, os.WNOHANG)) == (0, 0):
        if not wait:
            return
        if time.monotonic() > end:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
            state = os.waitpid(number, 0)
            break
        time.sleep(STEP)
    path, make = _drawn.pop(number)
    if state[1]:
        path.with_name(f".{path.name}.new").unlink(missing_ok=True)
        path.write_bytes(make())
