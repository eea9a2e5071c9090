"""The same bytes from a cluster of processes, though one of them is killed in the middle."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cwi.analysis.uncertainty import draws as module
from cwi.analysis.uncertainty.monte_carlo import simulate
from cwi.analysis.uncertainty.plan import Plan

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.slow

GEOMETRIC = {"aggregation": {"name": "geometric", "floor": 1}}
MOVING: dict[str, Any] = {
    "mean": {"choices": [{}, {"name": "g", "index": GEOMETRIC}]},
    "noise": {"weights": {"noise": 0.25}},
    "survey": {"values": {"error": "sampling"}},
}


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def ready(plan: Callable[..., Plan]) -> Plan:
    return plan(MOVING)


def drawn(ready: Plan, **how: Any) -> tuple[bytes, bytes, bytes]:
    found = simulate(ready, draws=120, rng=np.random.default_rng(1), block=10, **how)
    return found.scores.tobytes(), found.ranks.tobytes(), found.choices.tobytes()


def deadly(mark: str) -> Callable[..., module.Block]:
    """Work that ends, the first time it comes to the draw 60, with the death of its process."""
    work = module.compute

    def killed(plan: Plan, seed: int, start: int, draws: int) -> module.Block:
        if start == 60 and not os.path.exists(mark):
            Path(mark).write_text(str(os.getpid()), encoding="ascii")
            os.kill(os.getpid(), signal.SIGKILL)
        return work(plan, seed, start, draws)

    return killed


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes(ready: Plan, client: Any) -> None:
    assert drawn(ready, client=client) == drawn(ready)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a system without SIGKILL")
def test_a_worker_killed_in_the_middle_changes_no_bit(
    ready: Plan, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "killed"
    monkeypatch.setattr(module, "compute", deadly(str(mark)))
    found = drawn(ready, client=client)
    assert mark.exists(), "nobody was killed"
    assert int(mark.read_text(encoding="ascii")) != os.getpid()
    monkeypatch.undo()
    assert found == drawn(ready)
