"""Files of a gigabyte and workbooks that unpack to gigabytes, and the peak memory of commands that are given them.

    python -m benchmarks.large_files

A file is read within the bound of memory, or refused in one sentence. The files are written into a temporary folder of
about 2 GB, which is removed.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.lab import Lab, Result, release, sentence, testland
from cwi import folders
from cwi.edition import read_edition
from cwi.inputs.households import HouseholdSample, synthesize_households
from cwi.inputs.survey import Sample, imagine, read_survey_definitions, synthesize
from cwi.textfiles import MOST, MOST_ANSWERS

__all__ = ["large_files"]

GIGABYTE = 2**30
REFUSED_BELOW = 700  # MB that a command may take which refuses a file: what it needs to start
READ_BELOW = 5_000  # MB that a command may take which reads one of the largest files that are read


def large_files(place: Path) -> Iterator[tuple[str, str, int, float]]:
    """What was tried, what was lost (nothing where it survived), the peak in MB and the seconds."""
    if shutil.disk_usage(place).free < 6 * GIGABYTE:
        raise SystemExit(f"{place}: 6 GB of free disk are needed")
    lab = testland(place)
    code, out, err = lab.run("edition", "new", "2025", "--methodology", "1.0")
    assert code == 0, out + err
    yield from _observations(lab)
    project = release(place / "release")
    yield from _persons(project, place)
    yield from _bombs(lab, project, place)


def _tried(lab: Lab, what: str, *words: str, refused: bool) -> tuple[str, str, int, float]:
    started = time.monotonic()
    process = lab.start(*words)
    peak = 0
    while True:
        peak = max(peak, _peak(process.pid))
        try:
            out, err = process.communicate(timeout=0.02)  # reads meanwhile: a full pipe would stop the command
            break
        except subprocess.TimeoutExpired:
            continue
    seconds = time.monotonic() - started
    if refused:
        lost = sentence(process.returncode, err or out)
    else:
        lost = "" if process.returncode == 0 else f"exit code {process.returncode}: {err.strip()[-200:]!r}"
    bound = REFUSED_BELOW if refused else READ_BELOW
    lost = lost or (f"{peak} MB, more than {bound}" if peak > bound else "")
    return f"{' '.join(words[:2])}: {what}, {'refused' if refused else 'read'}", lost, peak, seconds


def _peak(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
    except (OSError, IndexError):
        return 0


def _observations(lab: Lab) -> Iterator[tuple[str, str, int, float]]:
    """Rows of other years, so that nothing is there twice, with long notes; the checksum is renewed."""
    path, sources = lab.project / "data/observations/survey-2025.csv", lab.project / "data/sources.toml"
    small, record = path.read_bytes(), sources.read_text(encoding="utf-8")
    for size, refused in ((GIGABYTE, True), (MOST * 2**20, False)):
        with path.open("wb") as file:
            file.write(b"region,year,indicator,sex,area,value,status,source,note\n")
            file.write(b"".join(_with_groups(small)))
            for block in _years():
                if (file.tell() + len(block) > size and not refused) or file.tell() > size:
                    break
                file.write(block)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        old = hashlib.sha256(small).hexdigest()
        sources.write_text(record.replace(old, digest), encoding="utf-8")
        commands = (("check",), ("score", "2025"), ("trace", "2025", "Port")) if refused else (("check",),)
        for words in commands:
            what = f"observations of {path.stat().st_size / 2**20:,.0f} MB"
            yield _tried(lab, what, *words, refused=refused)
    path.write_bytes(small)
    sources.write_text(record, encoding="utf-8")


def _with_groups(table: bytes) -> Iterator[bytes]:
    """The rows of a table without sex and area, with the two columns empty."""
    for line in table.splitlines(keepends=True)[1:]:
        region, year, code, rest = line.split(b",", 3)
        yield b",".join((region, year, code, b"", b"", rest.rstrip(b"\n"), b"\n"))


def _years() -> Iterator[bytes]:
    """Figures of groups for all regions, of ever other years: no row is there twice."""
    groups = [(sex, area) for sex in ("", "F", "M") for area in ("", "U", "R") if sex or area]
    codes = ("stunting", "vaccinated", "reading", "preschool", "poverty", "water")
    note = "n" * 1_600
    rows = [f"{region},YEAR,{code},{sex},{area},50.0,normal,survey-2025,{note}\n"
            for sex, area in groups for region in "NSEWCHLP" for code in codes]  # fmt: skip
    block = "".join(rows)
    for year in (*range(2024, 1989, -1), *range(2026, 2101)) * 99:
        yield block.replace("YEAR", str(year)).encode()


def _grown(table: bytes, path: Path, size: int) -> None:
    """A CSV file of that size: the rows again and again, each time with other names of persons."""
    head, *rows = table.splitlines(keepends=True)
    block = b"".join(rows)
    with path.open("wb") as file:
        file.write(head)
        written, number = len(head), 0
        while written < size:
            number += 1
            changed = block.replace(b"synthetic-", b"synthetic-%06d" % number)
            file.write(changed if written + len(changed) < size else b"")
            written += len(changed)


def _persons(project: Lab, place: Path) -> Iterator[tuple[str, str, int, float]]:
    with folders.within(folders.CODE.parent):
        edition = read_edition(2023)
        homes = synthesize_households(edition, rng=np.random.default_rng(1), sample=HouseholdSample(4, 20)).children
        definitions = read_survey_definitions("2024.1")
        population = imagine(definitions, edition, rng=np.random.default_rng(1))
        answers, _ = synthesize(definitions, population, rng=np.random.default_rng(2), year=2023,
                                sample=Sample(clusters=4, children=(12, 20)))  # fmt: skip
    for size, refused in ((GIGABYTE, True), (MOST_ANSWERS * 2**20 - 2**16, False)):
        path = place / "synthetic-children.csv"
        _grown(homes.to_csv(index=False).encode(), path, size)
        yield _tried(project, f"children, {size / 2**20:,.0f} MB", "deprivation", "check", str(path), refused=refused)
        yield _tried(project, f"children, {size / 2**20:,.0f} MB", "deprivation", "table", str(path), refused=refused)
        _grown(answers.to_csv(index=False).encode(), path, size)
        words = ("survey", "microdata", str(path), "--respondent", "child", "--year", "2023")
        yield _tried(project, f"answers, {size / 2**20:,.0f} MB", *words, refused=refused)
        path.unlink()


def _bombs(lab: Lab, project: Lab, place: Path) -> Iterator[tuple[str, str, int, float]]:
    """Workbooks of a few megabytes that unpack to gigabytes: in the sheet, and in its texts."""
    import openpyxl

    plain = place / "plain.xlsx"
    openpyxl.Workbook().save(plain)
    for part in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"):
        path = place / "bomb.xlsx"
        with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                if name != part:
                    new.writestr(name, old.read(name))
            with new.open(part, "w", force_zip64=True) as file:
                for _ in range(2 * 1024):
                    file.write(b"<row><c><v>1</v></c></row>".ljust(2**10) * 2**10)
        what = f"2 GB in {part.rsplit('/', 1)[1]} of a workbook of {path.stat().st_size / 2**20:.1f} MB"
        yield _tried(lab, what, "add", str(path), "--series", "stunting", "--year", "2026", refused=True)
        sheets = place / "sheets"
        sheets.mkdir(exist_ok=True)
        shutil.copy(path, sheets / "votes.xlsx")
        yield _tried(project, what, "consultation", "check", str(sheets), refused=True)
        path.unlink()


def as_results(place: Path) -> Iterator[Result]:
    """As the other kinds of faults give theirs; the peak is in the name."""
    for what, lost, peak, seconds in large_files(place):
        print(f"  {what}: {peak} MB, {seconds:.1f} s", flush=True)
        yield f"{what} ({peak} MB)", lost


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(int(any(lost for _, lost in list(as_results(Path(folder))))))
