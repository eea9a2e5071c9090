"""kill -9 at random moments of five commands, on a small project: the country of docs/how-to/another-country.md.

Before each kill the project is what it was: a published vintage, a correction since, a report of it, a site from
before the correction, workbooks that came back. After a kill no worker lives on; every file is the one of before or the
one that the finished command leaves; and the next run ends as if nothing had happened, with nothing left aside.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.lab import Lab, Result, replace_folder, testland
from benchmarks.the_year import fill_in
from cwi.report.staging import mend

__all__ = ["kills"]

YEAR, NEXT = "2025", "2026"
REPORT = ("report", YEAR, "--force", "-p", "draws=100")


@dataclass(frozen=True)
class Victim:
    """A command, the exit code of its undisturbed end, and after how many kills its next run is tried."""

    words: tuple[str, ...]
    code: int = 0
    next_run: int = 1


VICTIMS = (
    Victim(REPORT, next_run=4),
    Victim(("site", YEAR), next_run=4),
    Victim(("publish", YEAR, "--revision", "Port was corrected")),
    Victim(("intake", "read", "returned", "--year", NEXT)),
    Victim(("review", YEAR), code=1, next_run=8),
)


def _prepare(lab: Lab) -> None:
    """Published once, corrected since, reported again; the site is of before; workbooks came back."""

    def done(*words: str) -> None:
        code, out, err = lab.run(*words)
        if code:
            raise RuntimeError(f"{words}: {out}{err}")

    done("edition", "new", YEAR, "--methodology", "1.0")
    done(*REPORT)
    done("publish", YEAR)
    done("site", YEAR)
    rows = lab.project / "data/observations/survey-2025.csv"
    old = rows.read_bytes()
    rows.write_bytes(old.replace(b"P,2025,water,96.8", b"P,2025,water,95.8"))
    sources = lab.project / "data/sources.toml"
    digests = [hashlib.sha256(each).hexdigest() for each in (old, rows.read_bytes())]
    sources.write_text(sources.read_text(encoding="utf-8").replace(*digests), encoding="utf-8")
    done(*REPORT)
    done("intake", "templates", NEXT, "--to", "templates", "--methodology", "1.0")
    assert fill_in(lab.project / "templates", lab.project / "returned") > 40


def kills(place: Path, count: int, seed: int) -> Iterator[Result]:
    """Kill each command in turn until ``count`` kills met one that was running."""
    rng = np.random.default_rng(seed)
    lab = testland(place)
    _prepare(lab)
    kept = place / "kept"
    replace_folder(lab.project, kept)
    before = lab.state()
    whole, spans = {}, {}
    for victim in VICTIMS:
        started = time.monotonic()
        code, out, err = lab.run(*victim.words)
        spans[victim] = time.monotonic() - started
        assert code == victim.code, f"{victim.words}: {out}{err}"
        whole[victim] = lab.state()
        replace_folder(kept, lab.project)
    tried = dict.fromkeys(VICTIMS, 0)
    for number in range(count):
        victim = VICTIMS[number % len(VICTIMS)]
        moment = _kill(lab, victim, spans, rng, kept)
        tried[victim] += 1
        lost = _lost(lab, victim, before, whole[victim])
        if not lost and tried[victim] % victim.next_run == 0:
            started = time.monotonic()
            code, _, err = lab.run(*victim.words)
            spans[victim] = (spans[victim] + time.monotonic() - started) / 2
            lost = [] if code == victim.code else [f"the next run ended with {code}: {err.strip()[-300:]!r}"]
            lost += [f"after the next run: {each}" for each in _differences(lab.state(), whole[victim])]
        yield f"{' '.join(victim.words[:2])} killed after {moment:.1f} s", "; ".join(lost[:3])
        replace_folder(kept, lab.project)


def _kill(lab: Lab, victim: Victim, spans: dict[Victim, float], rng: np.random.Generator, kept: Path) -> float:
    """Kill a run at a random moment; one that had ended before is repeated. The moment, in seconds."""
    while True:
        process = lab.start(*victim.words)
        moment = float(rng.uniform(0.02, 1.0)) * spans[victim]
        time.sleep(moment)
        ended = process.poll() is not None
        process.kill()
        process.communicate()
        if not ended:
            return moment
        spans[victim] *= 0.9
        replace_folder(kept, lab.project)


def _lost(lab: Lab, victim: Victim, before: dict[str, str], whole: dict[str, str]) -> list[str]:
    """What a kill spoilt: files that are neither of before nor of the finished command, and workers."""
    left = lab.workers_left()
    lost = [f"{left} workers live on"] if left else []
    mend(lab.project / "reports" / YEAR)  # as every command that reads a report does
    after = {name: sha for name, sha in lab.state().items() if not _aside(name)}
    lost += [
        f"changed: {name}" for name, sha in after.items()
        if sha not in (before.get(name), whole.get(name)) and "/.publish" not in name
    ]  # fmt: skip
    lost += [f"gone: {name}" for name in before if name not in after and name in whole]
    if victim.words[0] in ("report", "review"):
        lost += [f"after mending: {each}" for each in _differences(lab.state(), before)
                 if _differences(lab.state(), whole)]  # fmt: skip
    return lost


def _aside(name: str) -> bool:
    """Whether a file is written aside: it, or a folder above it, begins with a point."""
    return any(part.startswith(".") for part in name.split("/"))


def _differences(state: dict[str, str], expected: dict[str, str]) -> list[str]:
    return [name for name in {**state, **expected} if state.get(name) != expected.get(name)]
