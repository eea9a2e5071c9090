"""Tamperings with the edition of 2023, each named by one review: python -m benchmarks.tampering [--each] [--only pdf].

A copy of the working tree gets the report of 2023. Then things are changed in it, the manifest is rewritten by the
project's own function, as a forger would, and `cwi review 2023 --all --json` of the copy is run. Printed is whether
each change was named, in which words, and by how much. The first line is the control: nothing was changed, and the
review agrees. Changes that cannot hide each other are made together; --each makes one at a time.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
from matplotlib.figure import Figure
from pypdf import PdfReader, PdfWriter

from cwi import folders

YEAR, LANGUAGE = "2023", "en"
RULES, ROWS = "data/methodology/2024.1/indicators.csv", "data/observations/kazstat-1-2-1.csv"
MEANS = "cwi/methods/aggregation/of_parts.py"
REWRITE = """
import json, pathlib
from cwi.report.manifest import inputs, manifest
folder = pathlib.Path("reports/2023")
old = json.loads((folder / "manifest.json").read_text("utf-8"))
kept = {key: old[key] for key in ("parameters", "languages", "edition")}
new = manifest(folder, made_of=inputs(), **kept)
(folder / "manifest.json").write_text(json.dumps(new, indent=1, ensure_ascii=False, sort_keys=True) + "\\n", "utf-8")
"""
Tampering = Callable[[Path], str]  # changes one thing in a copy of the project; a pattern of the line that names it


def _put(path: Path, old: str, new: str) -> None:
    text = path.read_bytes().decode()
    assert text.count(old) >= 1, f"{old!r} is not in {path}"
    path.write_bytes(text.replace(old, new, 1).encode())


def _more(text: str) -> str:
    """The number one larger, with its decimals."""
    return f"{float(text) + 1:.{len(text.partition('.')[2])}f}"


def _in_report(name: str, pattern: str) -> Tampering:
    """One more in the first number of a file of the report that the pattern names as its group."""

    def tamper(project: Path) -> str:
        texts = {path: path.read_bytes().decode() for path in sorted((project / "reports" / YEAR).glob(name))}
        path, number = next((path, hit) for path, text in texts.items() if (hit := re.search(pattern, text)))
        text = texts[path]
        new = _more(number[1])
        path.write_bytes(f"{text[: number.start(1)]}{new}{text[number.end(1) :]}".encode())
        file = re.escape(path.relative_to(project / "reports" / YEAR).as_posix())
        return rf"{file}, .*: {re.escape(new)} is there, {re.escape(number[1])} is made; by 1"

    return tamper


def _figure(project: Path) -> str:
    """The first line of a picture begins elsewhere."""
    path = sorted((project / "reports" / YEAR / "figures").glob(f"*.{LANGUAGE}.svg"))[0]
    text = path.read_text(encoding="utf-8")
    start = re.search(r'<path [^>]*d="M (\d+)', text)
    assert start is not None
    path.write_text(
        f"{text[: start.start(1)]}{int(start[1]) + 9}{text[start.end(1) :]}", encoding="utf-8", newline="\n"
    )
    return rf"figures/{re.escape(path.name)}: drawn otherwise \(1 lines of the drawing\)"


def _cell(project: Path) -> str:
    path = project / "reports" / YEAR / f"tables.{LANGUAGE}.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[1]
    cell = next(c for row in sheet.iter_rows() for c in row if isinstance(c.value, float))
    old, cell.value = cell.value, cell.value + 1
    book.save(path)
    return rf"tables\.en\.xlsx, sheet '.*', cell {cell.coordinate}: .* is there, {re.escape(str(old))} is made; by 1"


def _pdf(project: Path) -> str:
    """A number written over the first page."""
    path = project / "reports" / YEAR / f"report.{LANGUAGE}.pdf"
    over, drawn = io.BytesIO(), Figure(figsize=(8.27, 11.69))
    drawn.text(0.5, 0.5, "99.9")
    drawn.savefig(over, format="pdf", transparent=True)
    writer = PdfWriter(clone_from=PdfReader(path))
    writer.pages[0].merge_page(PdfReader(over).pages[0])
    writer.write(path)
    return r"report\.en\.pdf, page 1: .*99\.9.* is there, .* is made"


def _manifest(project: Path) -> str:
    path = project / "reports" / YEAR / "manifest.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["outputs"][f"review.{LANGUAGE}.html"] = "0" * 64
    path.write_text(json.dumps(record), encoding="utf-8")
    return r"manifest\.json: review\.en\.html is not the file that it names \(its sha256 is .*\)"


def _source(project: Path) -> str:
    path = project / "data/sources.toml"
    (sha,) = re.findall(
        r'file = "observations/bns-cash-income.csv"\nsha256 = "(\w+)"', path.read_text(encoding="utf-8")
    )
    _put(path, sha, "0" * 64)
    return r"data/observations/bns-cash-income\.csv: the file is not the one that 'bns-cash-income' records in .*"


def _observation(project: Path) -> str:
    """A figure, with the checksum of its source renewed."""
    path = project / ROWS
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    _put(path, "KZ-71,2023,poverty,,,2.4,", "KZ-71,2023,poverty,,,1.4,")
    _put(project / "data/sources.toml", before, hashlib.sha256(path.read_bytes()).hexdigest())
    return r"poverty in KZ-71, 2023: value was '2\.4' when it was published and is '1\.4' now"


def _rule(code: str, column: str, new: str) -> Tampering:
    def tamper(project: Path) -> str:
        path = project / RULES
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))
        row, at = next(row for row in rows if row[0] == code), rows[0].index(column)
        old, row[at] = row[at], new
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        return rf"{re.escape(RULES)}: {code}, {column} was '{old}' when it was published and is '{new}' now"

    return tamper


def _code(project: Path) -> str:
    """Half a point more from every arithmetic mean."""
    path = project / MEANS
    text = path.read_text(encoding="utf-8")
    place = text.index("return ", text.index("def arithmetic("))  # its docstring has no such word
    line = text[place : text.index("\n", place)]
    _put(path, line, f"return 0.5 + {line.removeprefix('return ')}")
    return rf"score\.{YEAR}\.KZ-71\.index: value was published as [\d.]+, today it is [\d.]+"


def _published(project: Path) -> str:
    path = project / "data/editions" / YEAR / "published.csv"
    name = f"score.{YEAR}.KZ-71.index"
    (value,) = re.findall(rf"^{re.escape(name)},([\d.]+),", path.read_text(encoding="utf-8"), re.M)
    _put(path, f"{name},{value},", f"{name},{float(value) + 1:.12g},")
    return rf"{re.escape(name)}: value was published as [\d.]+, today it is {re.escape(value)}"


TOGETHER: dict[str, dict[str, Tampering]] = {
    "nothing": {},
    "report": {
        "ledger": _in_report("ledger.csv", rf"\nscore\.{YEAR}\.KZ-71\.index,([\d.]+),"),
        "table": _in_report("tables/*.csv", r",(\d+\.\d+)[,\n]"),
        "notebook output": _in_report(f"official_report.{LANGUAGE}.ipynb", r">(\d\d\.\d)<"),
        "HTML number": _in_report(f"report.{LANGUAGE}.html", r">(\d\d\.\d)<"),
        "figure": _figure,
        "XLSX cell": _cell,
        "PDF": _pdf,
        "source checksum": _source,
        "published numbers": _published,
        "manifest": _manifest,  # the last: the manifest is rewritten before it
    },
    "data and rules": {
        "observation": _observation,
        "end": _rule("poverty", "worst", "20"),
        "weight": _rule("physicians", "weight", "2"),
    },
    "code": {"code of a mean": _code},
}


def _copy(place: Path) -> Path:
    """The working tree, without what git ignores."""
    root = folders.CODE.parent
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, names):
        if (root / name).is_file() and not name.startswith("reports/"):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, place / name)
    return place


def _run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CWI_")}
    environment = {**kept, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *words], cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def _lines(verdict: dict[str, object]) -> list[str]:
    """What a review names, a line each."""
    record: dict[str, list[dict[str, str]]] = verdict  # type: ignore[assignment]
    files = [
        f"{', '.join(filter(None, (each['file'], each['place'])))}: {each['there']}"
        + (f" is there, {each['made']} is made" if each["kind"] == "content" else "")
        + ("" if each["by"] is None else f"; by {float(each['by']):.6g}")
        for each in record["artefacts"]
    ]
    return [*map(str, [*record["problems"], *record["numbers"], *record["manifest"]]), *files]


def _tried(original: Path, place: Path, changes: dict[str, Tampering]) -> dict[str, str]:
    """The line that names each change, nothing where none does; of no change, the verdict."""
    project = place / "tampered"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(original, project)
    patterns = {}
    for name, tamper in changes.items():
        if name == "manifest":
            _rewrite(project)
        patterns[name] = tamper(project)
    if "manifest" not in changes:
        _rewrite(project)
    done = _run(project, "-m", "cwi.cli", "review", YEAR, "--all", "--json")
    if not done.stdout.startswith("{"):
        return dict.fromkeys(changes or ["nothing"], f"no verdict: {done.stderr.strip()[-300:]}")
    verdict = json.loads(done.stdout)
    if not changes:
        return {"nothing": "" if verdict["agrees"] else "; ".join(_lines(verdict)[:5])}
    lines = [] if verdict["agrees"] or done.returncode != 1 else _lines(verdict)
    named = {name: next((line for line in lines if re.fullmatch(patterns[name], line)), "") for name in changes}
    for name, line in named.items():
        if not line:
            print(f"  {name}: nothing matches {patterns[name]}; of {len(lines)} lines", *lines[:8], sep="\n    ")
    return named


def _rewrite(project: Path) -> None:
    done = _run(project, "-c", REWRITE)
    assert done.returncode == 0, done.stderr


def main() -> int:
    """Try them all; the exit code is 1 if anything was not named, or the untouched edition does not agree."""
    parser = argparse.ArgumentParser(description="Tamperings, each named by one review.")
    parser.add_argument("--each", action="store_true", help="One change at a time.")
    parser.add_argument("--only", default="", help="Groups or changes, divided by commas.")
    given = parser.parse_args()
    wanted = set(filter(None, given.only.split(",")))
    lost = 0
    with tempfile.TemporaryDirectory() as folder:
        original = _copy(Path(folder) / "original")
        made = _run(original, "-m", "cwi.cli", "report", YEAR, "--language", LANGUAGE)
        assert made.returncode == 0, made.stderr
        print("changed,named,as", flush=True)
        for group, changes in TOGETHER.items():
            changes = {name: tamper for name, tamper in changes.items() if not wanted & {*changes} or name in wanted}
            if wanted and group not in wanted and not wanted & {*changes}:
                continue
            sets = [{name: tamper} for name, tamper in changes.items()] if given.each and changes else [changes]
            for one in sets:
                for name, line in _tried(original, Path(folder), one).items():
                    good = bool(line) != (name == "nothing")
                    lost += not good
                    print(f"{name},{'yes' if good else 'NO'},{line}", flush=True)
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
