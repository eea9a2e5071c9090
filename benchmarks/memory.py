"""How much memory a process took."""

from __future__ import annotations

import resource
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak() -> int:
    """The peak of this process in MB.

    On Linux VmHWM: there ``ru_maxrss`` of a process begins at the size of the one that started it, so that a small
    process started by a large one looks large.
    """
    if STATUS.exists():
        return int(STATUS.read_text().split("VmHWM:")[1].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
