"""Faults, tried and counted: python -m benchmarks.faults [--mutations 1000] [--kills 200] [--only disk] [--log FILE].

Prints for each kind how many were tried, survived and lost, and each that was lost. Everything is done on copies of the
project, and on the small country of docs/how-to/another-country.md, in folders whose names have blanks and Cyrillic
letters, without a terminal.

kills: kill -9 at random moments of report, site, publish, intake read and review. kernel: the process of a notebook is
killed. mutations: files that people edit, spoilt by their structure. disk: no file may grow beyond a kilobyte. place:
outputs where nothing can be written. read-only: a user who may read the project and not write it. twice: two runs at
once. surroundings: clock, locale, terminal, time zone, umask, no HOME, no git. memory: files of a gigabyte.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks import lab as labs
from benchmarks.kills import kills
from benchmarks.lab import Lab, Result, sentence, testland, whole
from benchmarks.large_files import as_results
from benchmarks.more_targets import more_targets
from benchmarks.mutations import LOST, Target, mutations, outcome
from benchmarks.targets import targets
from cwi import folders

YEAR = "2023"
REPORT = ("report", YEAR, "--language", "en", "-p", "draws=100")
SEED = 20261127
NOBODY = 65534
CLOCK = """#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *t) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int answer = real(id, t);
  if (id == CLOCK_REALTIME) t->tv_sec += atol(getenv("CLOCK_OFF"));
  return answer;
}
"""


def _mutations(count: int) -> Iterator[Result]:
    from tests.conftest import FILES, SOURCES  # the small project of the tests

    rng = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "project"
        every: list[Target] = []
        with folders.within(root):
            for target in targets(root, FILES, SOURCES):
                every.append(Target(target.name, target.path, _within(root, target.read), target.renew))
        every += more_targets(Path(place) / "more", folders.CODE.parent / "data")
        for number, target in enumerate(every):
            before = target.read()
            share = count // len(every) + (number < count % len(every))
            for what, spoilt in mutations(target.path, rng, share):
                kind, why = outcome(target, spoilt, before)
                yield f"{target.name}: {what}", why if kind == LOST else ""


def _within(root: Path, read: Callable[[], str]) -> Callable[[], str]:
    def inside() -> str:
        with folders.within(root):
            return read()

    return inside


def _kernel(place: Path, count: int = 10) -> Iterator[Result]:
    """A process that makes a report is killed, not the command itself; and a notebook that ends its own process."""
    rng = np.random.default_rng(SEED)
    lab = testland(place)
    code, out, err = lab.run("edition", "new", "2025", "--methodology", "1.0")
    assert code == 0, out + err
    words = ("report", "2025", "--force", "-p", "draws=100")
    started = time.monotonic()
    assert lab.run(*words)[0] == 0
    span = time.monotonic() - started
    for _ in range(count):
        process = lab.start(*words)
        time.sleep(float(rng.uniform(0.3, 0.9)) * span)
        others = [pid for pid in lab.processes() if pid != process.pid]
        if others:
            os.kill(int(rng.choice(others)), 9)
        try:
            _, err = process.communicate(timeout=600)
        except subprocess.TimeoutExpired:
            process.kill()
            yield "a process of a report is killed", "the command hangs"
            continue
        lost = "" if process.returncode == 0 else sentence(process.returncode, err)
        lost = lost or ("" if whole(lab.project / "reports/2025") else "the report is not whole")
        left = [path.name for path in (lab.project / "reports").iterdir() if path.name.startswith(".")]
        yield "a process of a report is killed", lost or "; ".join(left)
    notebook = lab.project / "notebooks/dies.ipynb"
    text = (lab.project / "notebooks/sensitivity.ipynb").read_text(encoding="utf-8")
    document = json.loads(text)
    document["cells"].insert(2, {**document["cells"][1], "cell_type": "code", "outputs": [], "execution_count": None,
                                 "id": "dies", "metadata": {}, "source": "import os\nos._exit(1)"})  # fmt: skip
    notebook.write_text(json.dumps(document), encoding="utf-8")
    for engine in ("forked", "kernel"):
        code, _, err = lab.run("run", "notebooks/dies.ipynb", "out/dies.ipynb", "-p", "year=2025", "--engine", engine)
        left = sorted(path.name for path in (lab.project / "out").glob("*")) if (lab.project / "out").exists() else []
        yield f"a notebook ends its own process ({engine})", sentence(code, err) or "; ".join(left)


def _disk(lab: Lab) -> Iterator[Result]:
    for words in ((*REPORT, "--force"), ("site", YEAR), ("publish", YEAR), ("survey", "questionnaire", "out/q"),
                  ("survey", "synthesize", "out/synthetic"), ("consultation", "synthesize", "out/consultation"),
                  ("export", YEAR, "scores.xlsx"), ("export", YEAR, "coinr", "--coinr"), ("init", "out/new"),
                  ("bundle", YEAR, "out.zip"), ("intake", "templates", "2026", "--to", "out/templates"),
                  ("deprivation", "synthesize", "out/synthetic"), ("profile", YEAR, "--region", "KZ-71"),
                  ("run", "notebooks/statistical_audit.ipynb", "out/a.ipynb", "-p", "draws=100")):  # fmt: skip
        before = lab.state()
        code, _, err = lab.run(*words, small=True)
        lost = sentence(code, err)
        after = lab.state()
        lost = lost or "; ".join(
            f"changed: {name}" for name in {**before, **after} if before.get(name) != after.get(name)
        )
        yield f"full disk: {' '.join(words[:2])}", lost


def _place(lab: Lab) -> Iterator[Result]:
    (lab.project / "file").write_text("", encoding="utf-8")
    for where in ("file/folder", "/proc/cwi"):
        for words in ((*REPORT, "--output", where), ("site", YEAR, "--output", where),
                      ("survey", "questionnaire", where), ("survey", "synthesize", f"{where}/synthetic"),
                      ("consultation", "synthesize", where), ("export", YEAR, f"{where}/a.xlsx"), ("init", where),
                      ("bundle", YEAR, f"{where}/a.zip"),
                      ("run", "notebooks/statistical_audit.ipynb", f"{where}/a.ipynb")):  # fmt: skip
            code, _, err = lab.run(*words)
            yield f"{' '.join(words[:2])} into {where}", sentence(code, err)


def _read_only(lab: Lab) -> Iterator[Result]:
    """Another user, who may read the project and write nothing of it; without root, oneself without the right."""
    for folder in (lab.project.parent, lab.project.parent.parent):
        folder.chmod(0o755)
    for folder in (lab.runtime, lab.temporary):
        folder.chmod(0o777)
    subprocess.run(["chmod", "-R", "a+rX,a-w", str(lab.project)], check=True)
    given = {"HOME": str(lab.temporary), "MPLCONFIGDIR": str(lab.temporary)}
    before = lab.state()
    try:
        for words in (("check",), ("score", YEAR), ("trace", YEAR, "Astana"), ("edition", "status", "2024"),
                      ("audit", YEAR)):  # fmt: skip
            code, _, err = lab.run(*words, user=NOBODY, **given)
            yield f"read-only: {' '.join(words[:2])} works", "" if code == 0 else err.strip()[-200:]
        for words in ((*REPORT, "--force"), ("site", YEAR), ("publish", YEAR), ("edition", "new", "2027"),
                      ("export", YEAR, "scores.xlsx"), ("intake", "templates", "2026", "--to", "out/templates"),
                      ("survey", "questionnaire", "out/q"), ("bundle", YEAR, "out.zip"), ("data", "build"),
                      ("profile", YEAR, "--region", "KZ-71"),
                      ("run", "notebooks/statistical_audit.ipynb", "out/a.ipynb", "-p", "draws=100")):  # fmt: skip
            code, _, err = lab.run(*words, user=NOBODY, **given)
            lost = "" if words == ("data", "build") and code == 0 else sentence(code, err)  # nothing to be written
            yield f"read-only: {' '.join(words[:2])}", lost or ("" if lab.state() == before else "a file changed")
    finally:
        subprocess.run(["chmod", "-R", "u+w", str(lab.project)], check=True)


def _twice(lab: Lab) -> Iterator[Result]:
    for words in ((*REPORT, "--force"), ("site", YEAR)):
        both = [lab.start(*words) for _ in range(2)]
        ends = [(process.communicate(timeout=1800)[1], process.returncode) for process in both]
        lost = [err.strip()[-200:] for err, code in ends if code and "another run" not in err]
        lost += ["both were refused"] if all(code for _, code in ends) else []
        left = [path.name for path in (lab.project / "reports").iterdir() if path.name.startswith(".")]
        lost += [f"left behind: {name}" for name in left]
        lost += [] if whole(lab.project / "reports" / YEAR) else ["not whole"]
        yield f"two runs at once: {words[0]}", "; ".join(lost)


def _surroundings(lab: Lab) -> Iterator[Result]:
    words = ("score", YEAR, "--json")
    usual = json.loads(lab.run(*words)[1])
    ways: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
        "an ASCII terminal": ({"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}, ()),
        "a Turkish locale": ({"LC_ALL": "tr_TR.UTF-8"}, ()),
        "a time zone at the date line": ({"TZ": "Pacific/Kiritimati"}, ()),
        "no HOME": ({}, ("HOME",)),
        "no PATH, so no git": ({"PATH": "/nonexistent"}, ()),
        "another hash seed": ({"PYTHONHASHSEED": "7"}, ()),
        "a narrow terminal": ({"COLUMNS": "20"}, ()),
        **{name: (clock, ()) for name, clock in _clocks(lab.project.parent).items()},
    }
    for name, (given, drop) in ways.items():
        code, out, err = lab.run(*words, drop=drop, **given)
        same = code == 0 and json.loads(out) == usual
        yield f"score with {name}", "" if same else err.strip()[-200:] or "other scores"
        code, out, err = lab.run("trace", YEAR, "Astana", drop=drop, **given)
        yield f"trace with {name}", "" if code == 0 else err.strip()[-200:]
    mask = os.umask(0o077)
    try:
        code, _, err = lab.run(*REPORT, "--force")
        good = code == 0 and whole(lab.project / "reports" / YEAR)
        yield "report with umask 077", "" if good else err.strip()[-200:]
    finally:
        os.umask(mask)
    for name, given in _clocks(lab.project.parent).items():
        code, _, err = lab.run(*REPORT, "--force", **given)
        good = code == 0 and whole(lab.project / "reports" / YEAR)
        yield f"report with {name}", "" if good else err.strip()[-200:]


def _clocks(place: Path) -> dict[str, dict[str, str]]:
    """A clock at 1971 and one at 2099, where there is a compiler to make them."""
    library = place / "clock.so"
    if not library.exists():
        if (compiler := shutil.which("cc")) is None:
            print("  no C compiler: other clocks were not tried", flush=True)
            return {}
        (place / "clock.c").write_text(CLOCK, encoding="ascii")
        flags = ["-shared", "-fPIC", "-o", str(library), str(place / "clock.c"), "-ldl"]
        subprocess.run([compiler, *flags], check=True)
    years = {"a clock of 1971": 1971, "a clock of 2099": 2099}
    return {
        name: {"LD_PRELOAD": str(library), "CLOCK_OFF": str(int((year - 2026) * 365.25 * 86400))}
        for name, year in years.items()
    }


def main() -> int:
    """Try them all, print the counts; the exit code is 1 if anything was lost."""
    parser = argparse.ArgumentParser(description="Faults, tried and counted.")
    parser.add_argument("--mutations", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--only", default="", help="Kinds, divided by commas.")
    parser.add_argument("--log", type=Path, help="A file that gets a line for each fault as it is tried.")
    given = parser.parse_args()
    lost_of_all = 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)

        @cache
        def lab() -> Lab:
            return labs.release(place / "release")

        def own(kind: str) -> Path:
            (place / kind).mkdir()
            return place / kind

        kinds: dict[str, Callable[[], Iterator[Result]]] = {
            "mutations": lambda: _mutations(given.mutations),
            "kills": lambda: kills(own("kills"), given.kills, SEED),
            "kernel": lambda: _kernel(own("kernel")), "disk": lambda: _disk(lab()), "place": lambda: _place(lab()),
            "twice": lambda: _twice(lab()), "surroundings": lambda: _surroundings(lab()),
            "read-only": lambda: _read_only(lab()), "memory": lambda: as_results(own("memory")),
        }  # fmt: skip
        print(f"seed {SEED}\nkind,tried,survived,lost", flush=True)
        for kind, tried in kinds.items():
            if given.only and kind not in given.only.split(","):
                continue
            results = []
            for what, why in tried():
                results.append((what, why))
                if given.log:
                    with given.log.open("a", encoding="utf-8") as log:
                        log.write(f"{kind} {len(results)}: {what}: {why or 'survived'}\n")
            lost = [(what, why) for what, why in results if why]
            print(f"{kind},{len(results)},{len(results) - len(lost)},{len(lost)}", flush=True)
            for what, why in lost:
                print(f"  {what}: {why}", flush=True)
            lost_of_all += len(lost)
    return int(lost_of_all > 0)


if __name__ == "__main__":
    sys.exit(main())
