"""Files count as up to date only while everything that they may be made of is as it was, and they are whole."""

from pathlib import Path

import pytest

from cwi import folders
from cwi.report.up_to_date import made_of, read_record, whole, write_record

FILES = ("data/a.csv", "data/editions/2023/published.csv", "code/b.py", "code/report/c.po", "notebooks/d.ipynb",
         "requirements.lock", "reports/2023/report.kk.html")  # fmt: skip


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))
    monkeypatch.setattr(folders, "CODE", tmp_path / "code")
    return tmp_path


def state(root: Path, **parameters: object) -> str:
    return made_of(parameters, also=[root / "reports"], without=root / "reports" / "site")


def test_every_input_and_parameter_counts(root: Path) -> None:
    states = [state(root), state(root, draws=100), state(root, draws=1000)]
    for name in FILES:
        (root / name).write_text("other", encoding="utf-8")
        states.append(state(root))
    (root / "data" / "new.csv").write_text("", encoding="utf-8")
    states.append(state(root))
    (root / "data" / "new.csv").rename(root / "data" / "newer.csv")
    states.append(state(root))
    assert len(set(states)) == len(states)
    assert state(root) == states[-1]


def test_what_no_file_is_made_of_does_not_count(root: Path) -> None:
    before = state(root)
    for name in ("reports/site/index.html", "reports/.2023.new-x/ledger.csv", "code/__pycache__/b.pyc", "README.md"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("new", encoding="utf-8")
    assert state(root) == before


def test_files_are_whole_as_long_as_they_are_those_that_were_made(tmp_path: Path) -> None:
    for name in ("a.html", "b.html", "c.html"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    path = tmp_path / "made.json"
    write_record(path, "1", ["a.html"], read_record(path), all=["a", "b"])
    write_record(path, "1", ["b.html"], read_record(path), all=["a", "b"])
    record = read_record(path)
    assert (record["made_of"], record["all"]) == ("1", ["a", "b"])
    assert whole(tmp_path, record, ["a.html", "b.html"])
    assert not whole(tmp_path, record, ["a.html", "c.html"])
    assert not whole(tmp_path, record, [])
    (tmp_path / "a.html").write_text("spoilt", encoding="utf-8")
    assert not whole(tmp_path, record, ["a.html"])
    (tmp_path / "b.html").unlink()
    assert not whole(tmp_path, record, ["b.html"])
    write_record(path, "2", ["c.html"], record)  # of other data: what was made before is forgotten
    assert list(read_record(path)["checksums"]) == ["c.html"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"made_of": 1, "checksums": {}}', '{"made_of": "1"}', "[" * 100_000])
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "made.json").write_text(text, encoding="utf-8")
    assert read_record(tmp_path / "made.json") == {"made_of": "", "checksums": {}}
