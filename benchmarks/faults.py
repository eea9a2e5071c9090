"""Faults, tried and counted: python -m benchmarks.faults [--mutations 1000] [--kills 20] [--only kills,disk].

Prints for each kind how many were tried, survived and lost, and each that was lost. Everything is done on a copy of the
project in a folder whose name has blanks and Cyrillic letters.

mutations: files that people edit, spoilt by their structure. kills: kill -9 at random moments of report, publish, site,
review. disk: no file may grow beyond a few kilobytes. place: outputs where nothing can be written. twice: two runs at
once. surroundings: locale, terminal, time zone, umask, no HOME, no git.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.mutations import LOST, mutations, outcome
from benchmarks.targets import targets
from cwi import folders
from cwi.inputs.new_project import copy_release
from cwi.report.manifest import digest, read_manifest
from cwi.report.staging import mend

YEAR = "2023"
REPORT = ("report", YEAR, "--language", "en", "-p", "draws=100")
SEED = 20261127
SMALL = 1_000  # bytes that a file may have on the full disk
PATIENCE = 15  # seconds after which a worker of a killed run must be gone
Result = tuple[str, str]  # what was tried, and what was lost; nothing where it survived


class Lab:
    """A copy of the project, and commands run in it."""

    def __init__(self, place: Path) -> None:
        self.project = copy_release(place / "Проект 1")
        self.runtime = place / "runtime"
        self.runtime.mkdir()

    def environment(self, **given: str) -> dict[str, str]:
        return {**os.environ, "CWI_ROOT": str(self.project), "JUPYTER_RUNTIME_DIR": str(self.runtime), **given}

    def start(
        self, *words: str, small: bool = False, drop: tuple[str, ...] = (), **given: str
    ) -> subprocess.Popen[str]:
        """Start a command in a session of its own; with ``small`` files cannot grow."""

        def limit() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL))

        environment = {key: value for key, value in self.environment(**given).items() if key not in drop}
        return subprocess.Popen(
            [sys.executable, "-m", "cwi.cli", *words], cwd=self.project, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=limit if small else None,
        )  # fmt: skip

    def run(self, *words: str, small: bool = False, drop: tuple[str, ...] = (), **given: str) -> tuple[int, str, str]:
        process = self.start(*words, small=small, drop=drop, **given)
        out, err = process.communicate(timeout=900)
        return process.returncode, out, err

    def state(self) -> dict[str, str]:
        """Every file that is kept, by checksum."""
        return {
            path.relative_to(self.project).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.project.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }


def sentence(code: int, err: str) -> str:
    """Why the end of a command is none that a person can use; nothing where it is one sentence."""
    if code == 0:
        return "it ended as if nothing was wrong"
    if "Traceback" in err or not err.strip():
        return f"exit code {code}: {err.strip()[-200:]!r}"
    return ""


def _mutations(count: int) -> Iterator[Result]:
    from tests.conftest import FILES, SOURCES  # the small project of the tests

    rng = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "project"
        with folders.within(root):
            every = list(targets(root, FILES, SOURCES))
            for number, target in enumerate(every):
                before = target.read()
                share = count // len(every) + (number < count % len(every))
                for what, spoilt in mutations(target.path, rng, share):
                    kind, why = outcome(target, spoilt, before)
                    yield f"{target.name}: {what}", why if kind == LOST else ""


def _kills(lab: Lab, count: int) -> Iterator[Result]:
    rng = np.random.default_rng(SEED)
    commands: tuple[tuple[str, ...], ...] = ((*REPORT, "--force"), ("site", YEAR), ("review", YEAR))
    spans = {}
    for words in commands:
        started = time.monotonic()
        code, _, err = lab.run(*words)
        assert code in (0, 1), err
        spans[words] = time.monotonic() - started
    target = lab.project / "reports" / YEAR
    for number in range(count):
        words = commands[number % len(commands)]
        before = lab.state()
        process = lab.start(*words)
        time.sleep(float(rng.uniform(0.05, 1.0)) * spans[words])
        process.kill()
        process.communicate()
        what = f"{words[0]} killed"
        left = _workers(process.pid)
        mend(target)
        after = {name: sha for name, sha in lab.state().items() if not name.startswith(f"reports/{YEAR}/")}
        kept = {name: sha for name, sha in before.items() if not name.startswith(f"reports/{YEAR}/")}
        lost = [f"{left} workers live on"] if left else []
        lost += [f"left behind: {name}" for name in after if name not in kept]
        lost += [
            f"gone or changed: {name}"
            for name in kept
            if after.get(name) != kept[name] and not name.startswith("site/")
        ]
        lost += [] if _whole(target) else ["the report is not whole"]
        yield what, "; ".join(lost[:3])


def _workers(session: int) -> int:
    """How many processes of a session are there after a while."""
    late = time.monotonic() + PATIENCE
    while alive := [pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))) if _session(pid) == session]:
        if time.monotonic() > late:
            for pid in alive:
                os.kill(pid, signal.SIGKILL)
            return len(alive)
        time.sleep(0.2)
    return 0


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def _whole(target: Path) -> bool:
    record = read_manifest(target)
    return bool(record) and all(
        (target / name).is_file() and digest(target / name) == sha for name, sha in record["outputs"].items()
    )


def _disk(lab: Lab) -> Iterator[Result]:
    for words in ((*REPORT, "--force"), ("site", YEAR), ("publish", YEAR), ("survey", "questionnaire", "out/q"),
                  ("survey", "synthesize", "out/synthetic"), ("consultation", "synthesize", "out/consultation"),
                  ("export", YEAR, "scores.xlsx"), ("export", YEAR, "coinr", "--coinr"), ("init", "out/new"),
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
                      ("run", "notebooks/statistical_audit.ipynb", f"{where}/a.ipynb")):  # fmt: skip
            code, _, err = lab.run(*words)
            yield f"{' '.join(words[:2])} into {where}", sentence(code, err)


def _twice(lab: Lab) -> Iterator[Result]:
    both = [lab.start(*REPORT, "--force") for _ in range(2)]
    ends = [(process.communicate(timeout=900)[1], process.returncode) for process in both]
    lost = [err.strip()[-200:] for err, code in ends if code and "is being made by another run" not in err]
    lost += ["both were refused"] if all(code for _, code in ends) else []
    left = [path.name for path in (lab.project / "reports").iterdir() if path.name.startswith(".")]
    lost += [f"left behind: {name}" for name in left] + (
        [] if _whole(lab.project / "reports" / YEAR) else ["not whole"]
    )
    yield "two reports of one year at once", "; ".join(lost)


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
        yield (
            "report with umask 077",
            "" if code == 0 and _whole(lab.project / "reports" / YEAR) else err.strip()[-200:],
        )
    finally:
        os.umask(mask)


def main() -> int:
    """Try them all, print the counts; the exit code is 1 if anything was lost."""
    parser = argparse.ArgumentParser(description="Faults, tried and counted.")
    parser.add_argument("--mutations", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--only", default="", help="Kinds, divided by commas.")
    given = parser.parse_args()
    lost_of_all = 0
    with tempfile.TemporaryDirectory() as place:
        lab = Lab(Path(place))
        kinds: dict[str, Callable[[], Iterator[Result]]] = {
            "mutations": lambda: _mutations(given.mutations), "kills": lambda: _kills(lab, given.kills),
            "disk": lambda: _disk(lab), "place": lambda: _place(lab), "twice": lambda: _twice(lab),
            "surroundings": lambda: _surroundings(lab),
        }  # fmt: skip
        print("kind,tried,survived,lost")
        for kind, tried in kinds.items():
            if given.only and kind not in given.only.split(","):
                continue
            results = list(tried())
            lost = [(what, why) for what, why in results if why]
            print(f"{kind},{len(results)},{len(results) - len(lost)},{len(lost)}", flush=True)
            for what, why in lost:
                print(f"  {what}: {why}")
            lost_of_all += len(lost)
    return int(lost_of_all > 0)


if __name__ == "__main__":
    sys.exit(main())
