"""Kernels that are forked of a process which has imported everything, so that a notebook waits for no import.

papermill, nbclient and ipykernel work as always: only the start of the kernel's process differs. ``papermill --engine
cwi-forked`` and ``JUPYTER_DEFAULT_PROVISIONER_NAME=cwi-forked`` (nbval, nbconvert, Jupyter) use it too. Where a process
cannot be forked, a kernel starts in the ordinary way.
"""

from __future__ import annotations

import atexit
import gc
import importlib.util
import os
import random
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast
from weakref import WeakSet

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from cwi.report.forked_process import PRELOADED, File, ForkedProcess, prepare, start
from cwi.report.staging import end_with_parent

__all__ = ["ForkedEngine", "ForkedProvisioner", "kernel_manager", "stop_kernels"]

LAUNCHER = ["-m", "ipykernel_launcher"]

_running: WeakSet[Any] = WeakSet()


def stop_kernels() -> None:
    """End every kernel that this process started and that still runs, and what the kernels started."""
    for process in list(_running):
        if process.poll() is None:
            if isinstance(process, ForkedProcess) or os.name != "posix":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)


def _kernel(arguments: list[str], variables: dict[str, str], folder: str, *files: int) -> None:
    """Be a kernel as ``python -m ipykernel_launcher`` would be: its session, files, variables, folder and words."""
    os.setsid()
    for number, file in zip((1, 2), files, strict=True):
        os.dup2(file, number)
        os.close(file)
    end_with_parent()
    os.environ.clear()
    os.environ.update(variables)
    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    os.chdir(folder)
    launcher = importlib.util.find_spec("ipykernel_launcher")
    sys.argv[:] = [str(launcher.origin) if launcher else "", *arguments]
    if (preloaded := sys.modules.get(PRELOADED)) is not None:
        sys.path[:] = preloaded.PATH
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()  # else all kernels would draw the same numbers where a notebook sets no seed
    random.seed()
    gc.freeze()  # what was imported stays: the collector need not look at it again
    from ipykernel.kernelapp import launch_new_instance

    try:
        launch_new_instance(arguments)
    finally:
        atexit._run_exitfuncs()  # a forked process leaves without them


class ForkedProvisioner(LocalProvisioner):
    """Jupyter's provisioner of local kernels, with a fork in the place of a start."""

    forks = True

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel; start it as usual where that cannot be done."""
        variables, known = dict(kwargs.get("env") or os.environ), {"env", "cwd", "extra_arguments", "kernel_id"}
        usual = cmd[:3] != [sys.executable, *LAUNCHER] or set(kwargs) - known
        folder = str(kwargs.get("cwd") or Path.cwd())
        forked = None
        if self.forks and not usual and prepare(variables):
            with suppress(EOFError, OSError):  # it has ended, as code that cannot be imported ends it
                forked = start(_kernel, cmd[3:], variables, folder, File(1), File(2))
        if forked is None:
            await super().launch_kernel(cmd, **kwargs)
        else:
            self.process, self.cwd = cast(Any, forked), folder
            self.pid = self.pgid = forked.pid
        _running.add(self.process)
        return self.connection_info


class _Started(ForkedProvisioner):
    """The same without forks."""

    forks = False


class _Manager(AsyncKernelManager):
    """Jupyter's manager of one kernel, with our provisioner."""

    provisioner_class: type[LocalProvisioner] = ForkedProvisioner
    variables: Mapping[str, str] = {}
    folder = ""

    async def _async_pre_start_kernel(self, **given: Any) -> tuple[list[str], dict[str, Any]]:
        if self.provisioner is None:
            self.kernel_id = self.kernel_id or str(id(self))
            self.provisioner = self.provisioner_class(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self
            )
        given["env"] = {**given.get("env", os.environ), **self.variables}
        if self.folder:
            given["cwd"] = self.folder
        return await super()._async_pre_start_kernel(**given)

    pre_start_kernel = _async_pre_start_kernel


def kernel_manager(variables: Mapping[str, str], folder: Path, *, forks: bool = True) -> type[AsyncKernelManager]:
    """A manager of kernels for nbclient, whose kernels have these variables and work in a folder.

    Nothing of the calling process is changed, so that several notebooks may run at once.
    """
    what = {"variables": dict(variables), "folder": str(folder)}
    return type("KernelManager", (_Manager,), what | {"provisioner_class": ForkedProvisioner if forks else _Started})


class ForkedEngine:
    """papermill's own engine with forked kernels: ``papermill --engine cwi-forked``.

    papermill imports this module while it is imported itself, so it is named only when a notebook is run.
    """

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **given: Any) -> Any:
        """Run the notebook as papermill does."""
        return _papermills().execute_notebook(nb, kernel_name, kernel_manager_class=_Manager, **given)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> Any:
        """The kernel that the notebook names."""
        return _papermills().nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> Any:
        """The language that the notebook names."""
        return _papermills().nb_language(nb, language)


def _papermills() -> Any:
    from papermill.engines import NBClientEngine

    return NBClientEngine
