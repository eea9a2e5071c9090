"""Parts of a site on all processors: each worker opens the editions once and makes what it is given."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from cwi import folders
from cwi.report.forked_process import processors
from cwi.report.site.atlas import Atlas, open_atlas
from cwi.report.staging import end_with_parent

__all__ = ["Make", "at_once", "one_by_one"]

Make = Callable[..., "Future[Any]"]


def one_by_one(atlas: Atlas) -> Make:
    """Call a function with the atlas at once, in this process."""

    def make(function: Callable[..., Any], *given: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(atlas, *given))
        return future

    return make


@contextmanager
def at_once(atlas: Atlas, years: Sequence[int]) -> Iterator[Make]:
    """Hand functions to processes that are forked of the one of :func:`~cwi.report.forked_process.prepare`.

    Each is called with an atlas of the same years that its process opens itself, so it must be a function of a module.
    """
    key = str(atlas.project.root), tuple(years), atlas.rehearsal
    context = get_context("forkserver")
    with ProcessPoolExecutor(processors(), mp_context=context, initializer=end_with_parent) as pool:
        try:
            yield lambda function, *given: pool.submit(_work, key, function, *given)
        except BaseException:  # stopped, or one failed: what still runs is of no use
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                worker.terminate()
            raise


def _work(key: tuple[str, tuple[int, ...], bool], function: Callable[..., Any], *given: Any) -> Any:
    with folders.within(Path(key[0])):
        return function(_opened(*key), *given)


@lru_cache(maxsize=1)
def _opened(root: str, years: tuple[int, ...], rehearsal: bool) -> Atlas:
    return open_atlas(years, Path(root), rehearsal=rehearsal)
