#!/usr/bin/env python3
"""Make the project's environment in .venv, then run cwi or its tests in it.

    python3.11 bootstrap.py                     make .venv, or do nothing when it is up to date
    python3.11 bootstrap.py run report 2023     the same, then: cwi report 2023
    python3.11 bootstrap.py test                the same, then the tests, but for the exhaustive ones
    python3.11 bootstrap.py quick               the same, then the tests that are not slow, without the examples

On Windows say ``py -3.11`` for ``python3.11``. Only the standard library is needed, and nothing outside this folder
is changed. The packages are those of requirements.lock, each checked against its hash. An environment counts as made
when its stamp, written last, holds the digests of what it was made from; anything else is removed and made anew.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
STAMP = VENV / "cwi-stamp.json"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
EXE = ".exe" if os.name == "nt" else ""
PYTHON = BIN / ("python" + EXE)

# What a failed step says about itself, and what its reader can do. The first pattern that is found is the cause.
CAUSES = (
    (
        r"no space left|not enough space",
        "The disk is full: about 3 GB are needed. Free some space, then run the same command again.",
    ),
    (
        r"hash(es)? mismatch|do not match the hashes",
        "A package that arrived is not the one named in requirements.lock. Something between this machine and the "
        "package index changes files. Nothing was installed from it; try another network, or tell the maintainers.",
    ),
    (
        r"name resolution|name or service not known|getaddrinfo|dns error|failed to lookup|nodename nor servname"
        r"|connection (broken|reset|refused|error)|connect error|timed out|timeout|unreachable|proxyerror|to proxy"
        r"|sslerror|ssl:|certificate verify|error sending request",
        "The package index could not be reached. Check the network (behind a proxy, set HTTPS_PROXY; with an index of "
        "your own, set PIP_INDEX_URL), then run the same command again.",
    ),
    (
        r"permission denied|access is denied|being used by another process",
        "A file in .venv could not be written. Close the programs that use it (Jupyter, an editor) and run the same "
        "command again.",
    ),
)


NETWORK = CAUSES[2][1]
IN_USE = CAUSES[3][1]
UNKNOWN = (
    "No known cause. Run the same command once more; if it fails again, open an issue with the lines above. "
    "Nothing half made is left behind."
)


class SetUpError(Exception):
    """A set-up that cannot go on: what failed, in its own words, and what to do about it."""

    def __init__(self, details, advice=None):
        super().__init__(details)
        known = (words for pattern, words in CAUSES if re.search(pattern, details, re.IGNORECASE))
        self.details = details
        self.advice = advice or next(known, UNKNOWN)


class Bar:
    """Five stages in one bar on a terminal; elsewhere, as in a log, one line a stage."""

    stages = ("an empty environment", "the installer", "the packages", "bytecode", "this project")
    share = (0.10, 0.05, 0.50, 0.30, 0.05)  # of the time a first set-up takes
    width = 24

    def __init__(self):
        self.live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self.start = time.monotonic()
        self.stage = -1

    def next(self):
        """Go on to the next stage."""
        self.stage += 1
        if not self.live:
            print(f"set-up {self.stage + 1}/5: {self.stages[self.stage]}", file=sys.stderr, flush=True)
        self.show(0.0)

    def show(self, part):
        """Draw the bar with this part of the current stage done."""
        if self.live:
            done = sum(self.share[: self.stage]) + self.share[self.stage] * min(part, 1.0)
            full = round(done * self.width)
            bar = "#" * full + "." * (self.width - full)
            text = f"set-up [{bar}] {done:4.0%}  {self.stages[self.stage]}"
            print(f"\r{text:<70}", end="", file=sys.stderr, flush=True)

    def say(self, words):
        """Leave one line above the bar."""
        self.close()
        print(f"set-up: {words}", file=sys.stderr, flush=True)

    def close(self, words=""):
        """Take the bar off the terminal and leave one line."""
        if self.live:
            print("\r" + " " * 70 + "\r", end="", file=sys.stderr)
        if words:
            print(f"set-up: {words} ({time.monotonic() - self.start:.0f} s)", file=sys.stderr, flush=True)


def check_python():
    """Refuse a Python that cannot make the environment, saying what would do."""
    this = "this is Python {}.{}, {}".format(sys.version_info[0], sys.version_info[1], sys.executable)
    if sys.version_info < OLDEST:
        raise SetUpError(
            this,
            "cwi needs Python 3.11 or newer. Where it is installed, name it: python3.11 bootstrap.py "
            "(Windows: py -3.11 bootstrap.py; make: make report PYTHON=python3.11).",
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise SetUpError(
            this,
            "It came without its venv module. On Debian or Ubuntu: sudo apt install python3.{}-venv; elsewhere install "
            "Python from python.org. Then run the same command again.".format(sys.version_info[1]),
        ) from None


def wanted():
    """What an environment of this checkout is made from."""
    return {
        "lock": hashlib.sha256(LOCK.read_bytes()).hexdigest(),
        "project": hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest(),
        "root": str(ROOT),
        "python": "{}.{}".format(*sys.version_info[:2]),
    }


def found():
    """What the present environment was made from; nothing when it is missing or half made."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) and PYTHON.exists() else {}


def run(*command, progress=None):
    """Run one step; its lines go to `progress` as they come, and into the error when it fails."""
    leads_astray = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")
    env = {name: value for name, value in os.environ.items() if name not in leads_astray}
    env.update(VIRTUAL_ENV=str(VENV), PIP_DISABLE_PIP_VERSION_CHECK="1", NO_COLOR="1", PYTHONUTF8="1")
    step = subprocess.Popen(
        [str(word) for word in command],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    lines = []
    try:
        for line in step.stdout:
            lines.append(line)
            if progress:
                progress(line)
    except BaseException:
        step.kill()
        raise
    finally:
        step.wait()
    if step.returncode:
        raise SetUpError("".join(lines[-30:]).strip() or f"{command[0]} stopped with code {step.returncode}")


def fetched_by_uv(bar):
    """Follow uv: megabytes announced and arrived, then bytecode."""
    size, arrived = {}, set()

    def progress(line):
        begun = re.match(r"\s*Downloading (\S+) \(([\d.]+)\s*([KMG]?)", line)
        ended = re.match(r"\s*Downloaded (\S+)", line)
        if begun:
            size[begun[1]] = float(begun[2]) * {"": 1e-6, "K": 1e-3, "M": 1, "G": 1e3}[begun[3]]
        elif ended:
            arrived.add(ended[1])
            bar.show(sum(size.get(name, 0) for name in arrived) / max(sum(size.values()), 1e-9))
        elif line.startswith("Installed"):
            bar.next()

    return progress


def fetched_by_pip(bar):
    """Follow pip: one line a package, then installing, which compiles."""
    total = len(re.findall(r"^[a-z0-9]", LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    seen = []

    def progress(line):
        if line.startswith("Collecting "):
            seen.append(line)
            bar.show(len(seen) / total)
        elif line.startswith("Installing collected"):
            bar.next()

    return progress


def pinned(name):
    """The lines of requirements.lock for one package, hashes and all."""
    text = LOCK.read_text(encoding="utf-8")
    match = re.search(rf"^{re.escape(name)}==(?:.*\\\n)*.*\n", text, re.MULTILINE)
    return match[0] if match else ""


def install_packages(bar):
    """Everything in the lock, by uv (itself from the lock) or, where uv cannot be had, by pip."""
    pip = (PYTHON, "-I", "-m", "pip")
    hashes = ("--require-hashes", "-r")
    bar.next()
    try:
        with tempfile.TemporaryDirectory() as folder:
            only_uv = Path(folder, "uv.txt")
            only_uv.write_text(pinned("uv"), encoding="utf-8")
            run(*pip, "install", "--no-deps", *hashes, only_uv)
        uv = BIN / ("uv" + EXE)
        run(uv, "--version")
    except SetUpError as error:
        if error.advice == NETWORK:
            raise
        uv = None
    except OSError:  # made for another system
        uv = None
    if not uv:
        bar.say("uv cannot be had here; pip will do the same in minutes")
    bar.next()
    if uv:
        try:
            args = ("--python", PYTHON, "--compile-bytecode", *hashes, LOCK)
            return run(uv, "pip", "install", *args, progress=fetched_by_uv(bar))
        except SetUpError as error:
            if error.advice not in (NETWORK, UNKNOWN):
                raise
            bar.stage = 2  # uv knows nothing of pip's settings (an index, a proxy); pip does
            bar.say(f"uv could not ({error.details.splitlines()[-1].strip()[:90]}); pip will, in minutes")
    return run(*pip, "install", *hashes, LOCK, progress=fetched_by_pip(bar))


def install_project():
    """This folder itself, editable, without network."""
    run(PYTHON, "-I", "-m", "pip", "install", "--no-index", "--no-build-isolation", "--no-deps", "--editable", ROOT)
    run(PYTHON, "-c", "from cwi.analysis.uncertainty.kernel import warm; warm()")  # compiled loops, kept for every run


def remove(folder):
    """Remove a folder whole, or say what holds it."""
    try:
        if folder.is_symlink() or folder.is_file():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise SetUpError(str(error), IN_USE) from None


@contextlib.contextmanager
def one_at_a_time():
    """Let a second set-up of this checkout wait for the first."""
    with open(ROOT / ".venv.lock", "a+b") as file:
        if os.name == "nt":
            import msvcrt

            while True:
                with contextlib.suppress(OSError):
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make(bar):
    """Make the environment, whole or not at all."""
    want, have = wanted(), found()
    if have == want:
        return
    if {**have, "project": want["project"]} == want:  # only pyproject.toml changed: the packages stay
        STAMP.unlink()
        bar.stage = 3
        bar.next()
        install_project()
    else:
        remove(VENV)
        try:
            bar.next()
            run(getattr(sys, "_base_executable", sys.executable), "-I", "-m", "venv", VENV)
            install_packages(bar)
            bar.stage = 3
            bar.next()
            install_project()
        except BaseException:
            shutil.rmtree(VENV, ignore_errors=True)
            raise
    STAMP.write_text(json.dumps(want, indent=1) + "\n", encoding="utf-8")
    bar.close(".venv is ready")


def set_up():
    """Check, then make what is missing."""
    check_python()
    if found() != wanted():
        bar = Bar()
        try:
            with one_at_a_time():
                make(bar)
        finally:
            bar.close()


def hand_over(*command):
    """Give this process to a program of the environment."""
    words = [str(word) for word in command]
    os.environ.setdefault("PYTHONUTF8", "1")  # Kazakh letters on any console
    if os.name != "nt":
        os.execv(words[0], words)
    try:
        return subprocess.call(words)
    except KeyboardInterrupt:
        return 130


def workers():
    """Processes for the tests: the cores this process may use, at most four."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 4)


def main(args):
    """Make the environment, then do what the first word says."""
    if args and args[0] not in ("run", "test", "quick"):
        asked_for_help = args[0] in ("-h", "--help")
        print(__doc__, file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else 2
    try:
        set_up()
    except SetUpError as error:
        print("set-up failed:", file=sys.stderr)
        for line in error.details.splitlines()[-8:]:
            print("  | " + line[:150], file=sys.stderr)
        print(textwrap.fill(error.advice, 100, break_on_hyphens=False), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"set-up failed: {error}. This folder must be one you may write to.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("set-up stopped; the next run begins it anew.", file=sys.stderr)
        return 130
    if args[:1] == ["run"]:
        return hand_over(BIN / ("cwi" + EXE), *args[1:])
    # what tests are compiled to is kept: else every process of theirs compiles the library and its tests again
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if args[:1] == ["test"]:
        chosen = args[1:] or ["-m", "not exhaustive"]
        return hand_over(
            PYTHON, "-m", "pytest", "-n", workers(), "--dist", "loadscope", "--no-loadscope-reorder", *chosen
        )
    if args[:1] == ["quick"]:
        unused = ("-p", "no:nbval", "-p", "no:logging")  # plugins that cost seconds and that no quick test asks for
        return hand_over(PYTHON, "-m", "pytest", *unused, "-m", "not slow and not browser", "tests", *args[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
