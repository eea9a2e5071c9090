"""A manifest names what was read, and is refused where it is no manifest."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cwi.report.manifest import PARTS, changed, inputs, outdated, read_manifest, signatures

WHOLE: dict[str, Any] = {
    "edition": {"year": 2022}, "parameters": {"draws": 100}, "languages": ["en"], "inputs": {"data/a.csv": "0"},
    "outputs": {"ledger.csv": "0"},
}  # fmt: skip


@pytest.mark.slow
def test_a_file_that_was_changed_and_put_back_is_named(project: Any) -> None:
    """Contents, size and even the time of writing are as before; the system knows better."""
    path = project.path("observations/living.csv")
    names, files, times = inputs(), signatures(), path.stat()
    text = path.read_bytes()
    path.write_bytes(text.replace(b"A,2022,poverty,,,8,", b"A,2022,poverty,,,9,"))
    path.write_bytes(text)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert inputs() == names
    assert changed(files, signatures()) == ["data/observations/living.csv"]


def test_files_that_are_new_or_gone_are_named(project: Any) -> None:
    files = signatures()
    project.write("observations/new.csv", "region\n")
    project.path("series.csv").unlink()
    assert changed(files, signatures()) == ["data/observations/new.csv", "data/series.csv"]
    assert changed(files, files) == []


@pytest.mark.slow
def test_inputs_that_are_not_those_of_a_report_are_named(project: Any, tmp_path: Path) -> None:
    report = tmp_path / "reports" / "2022"
    report.mkdir(parents=True)
    assert outdated(report) == []
    (report / "manifest.json").write_text(json.dumps(WHOLE | {"inputs": inputs()}), encoding="utf-8")
    assert outdated(report) == []
    project.append("observations/living.csv", "\n")
    assert outdated(report) == ["data/observations/living.csv"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.slow
@given(key=st.sampled_from(sorted(PARTS)), value=anything)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_manifest_is_whole_or_none(tmp_path: Path, key: str, value: Any) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(WHOLE | {key: value}), encoding="utf-8")
    record = read_manifest(tmp_path)
    assert record == {} or all(isinstance(record[part], kind) for part, kind in PARTS.items())
    if not isinstance(value, PARTS[key]):
        assert record == {}


@pytest.mark.parametrize("name", ["../../secret", "/etc/passwd"])
def test_a_manifest_that_names_files_elsewhere_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(WHOLE | {"outputs": {name: "0"}}), encoding="utf-8")
    assert read_manifest(tmp_path) == {}


def test_a_manifest_nested_beyond_reading_is_none(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("[" * 100_000, encoding="utf-8")
    assert read_manifest(tmp_path) == {}
