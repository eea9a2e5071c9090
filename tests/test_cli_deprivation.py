"""The commands of child deprivation: tables that say they are synthetic, a map, synthetic files and their check."""

import json
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from cwi import cli, folders

pytestmark = pytest.mark.slow  # each command makes its children


def ran(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["cwi", "deprivation", *words])
    try:
        cli.main()
        code = 0
    except SystemExit as left:
        code = int(left.code or 0)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = ran(monkeypatch, capsys, "synthesize", str(tmp_path))
    path = tmp_path / "synthetic-children-2023.parquet"
    assert (code, path.is_file()) == (0, True)
    table = pd.read_parquet(path)
    small = table[table["household"].isin(table["household"].drop_duplicates().iloc[::3])]
    small.to_parquet(path)
    code, out, _ = ran(monkeypatch, capsys, "check", str(path))
    assert (code, out.splitlines()[-1]) == (0, f"{path}: {len(small)} children are read")
    code, out, _ = ran(monkeypatch, capsys, "table", str(path), "--specification", "cc-moda")
    assert code == 0
    assert out.startswith("SYNTHETIC DATA: made by a computer, no information about children. Specification(cc-moda")
    assert "(working choice of this project), fingerprint" in out.splitlines()[0]
    assert out.splitlines()[1].startswith("source of the method: de Neubourg")
    assert out.splitlines()[1].endswith("(known, text not read)")
    approved = shutil.copytree(folders.data() / "deprivation" / "cc-moda", tmp_path / "approved")
    rules = approved / "specification.toml"
    changed = rules.read_text(encoding="utf-8").replace('status = "working"', 'status = "approved"')
    rules.write_text(changed, encoding="utf-8")
    code, out, _ = ran(monkeypatch, capsys, "table", str(path), "--specification", str(approved))
    assert (code, "working" in out, ", approved, " in out.splitlines()[0]) == (0, False, True)
    code, out, _ = ran(monkeypatch, capsys, "table", str(path), "-k", "2", "--measure", "M0", "--json")
    read = json.loads(out)
    assert read["rule"] == "at least 2 items"
    assert (read["synthetic"], read["status"], read["rows"][0]["region"]) == (True, "working", "KZ")
    code, out, _ = ran(monkeypatch, capsys, "map", str(path), "--output", str(tmp_path / "m.svg"), "--language", "kk")
    drawn = (tmp_path / "m.svg").read_text(encoding="utf-8")
    assert (code, "<svg" in drawn, '<g id="mark">' in drawn) == (0, True, True)  # stamped as synthetic
    code, out, _ = ran(monkeypatch, capsys, "table", str(path), "--specification", "child-gaps", "--measure", "M1")
    assert (code, next(line.split()[0] for line in out.splitlines() if line.startswith("KZ"))) == (0, "KZ")
    code, _, err = ran(monkeypatch, capsys, "table", str(path), "--measure", "M2")
    assert (code, "no item of 'eu-child' has gaps; write the worst value" in err) == (2, True)
    small.assign(car=9.0).to_parquet(path)
    code, out, _ = ran(monkeypatch, capsys, "check", str(path))
    assert code == 1
    assert "car is 9; it must be 1 (has), 2 (cannot afford) or 3 (does not want)" in out
    assert out.splitlines()[-1] == "1 problems"
    code, _, err = ran(monkeypatch, capsys, "table", "--measure", "M9")
    assert (code, err.split(":")[0]) == (2, "ParameterError")


def test_check_prints_what_a_map_of_columns_rests_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "cards.csv"
    path.write_text(
        "child_no,family_no,region,area,sex,age,members,children,income_per_head\n"
        "1,1,KZ-11,1,1,3,4,2,50000\n2,1,KZ-11,1,2,7,4,2,50000\n",
        encoding="utf-8",
    )
    code, out, _ = ran(monkeypatch, capsys, "check", str(path), "--columns", "family_card")
    first, last = out.splitlines()[0], out.splitlines()[-1]
    assert first.startswith("map of columns 'family_card': placeholders, layout not public. Placeholders: replace the")
    assert (code, last.endswith(": 2 children are read")) == (0, True)
