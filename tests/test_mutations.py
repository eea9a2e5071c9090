"""Files that people edit, spoilt by their structure: each is refused in a sentence, or gives what it gave before.

A few of each file here; ``python -m benchmarks.faults`` tries a thousand, and prints how many were lost.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.mutations import LOST, REFUSED, SAME, Target, mutations, outcome
from benchmarks.targets import targets
from tests.conftest import FILES, SOURCES

pytestmark = pytest.mark.slow  # together they take seconds

EACH = 1


@pytest.fixture(scope="module")
def spoilable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Target]]:
    root = tmp_path_factory.mktemp("mutations") / "project"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CWI_ROOT", str(root))
        yield list(targets(root, FILES, SOURCES))


def test_no_spoilt_file_is_lost(spoilable: list[Target]) -> None:
    rng, results, before = np.random.default_rng(20261127), {}, {}
    for target in spoilable:
        if target.read not in before:
            before[target.read] = target.read()
        for what, spoilt in mutations(target.path, rng, EACH):
            results[target.name, what] = outcome(target, spoilt, before[target.read])
    assert len(spoilable) > 35
    assert {place: why for place, (kind, why) in results.items() if kind == LOST} == {}
    assert {kind for kind, _ in results.values()} >= {REFUSED}


def test_what_is_lost_is_counted_as_lost(tmp_path: Path) -> None:
    """The control: readers that take anything, fail, or print no sentence."""
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")

    def fails() -> str:
        raise KeyError("a")

    other = Target("other", path, lambda: path.read_text(encoding="utf-8"))
    assert outcome(other, b"a,b\n1,3\n", other.read()) == (LOST, "another result, and no word")
    assert outcome(Target("fails", path, fails), b"", "") == (LOST, "KeyError: 'a'")
    assert outcome(Target("same", path, lambda: ""), b"", "") == (SAME, "")
    assert path.read_text(encoding="utf-8") == "a,b\n1,2\n"
