"""A project to try faults on, in a folder whose name has blanks and Cyrillic letters, and commands run in it."""

from __future__ import annotations

import hashlib
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from cwi import folders
from cwi.inputs.new_project import copy_release
from cwi.report.manifest import digest, read_manifest

__all__ = ["Lab", "Result", "release", "sentence", "testland", "whole"]

SMALL = 1_000  # bytes that a file may have on the full disk
PATIENCE = 30  # seconds after which a worker of a killed run must be gone
PAGE = folders.CODE.parent / "docs" / "how-to" / "another-country.md"
DELIVERIES = "series,owner,territories,indicator,title_kk,unit_ru,unit_kk,status,note\n" + "".join(
    f"{code},{owner},all,{code},{code},%,%,working,\n"
    for code, owner in (("stunting", "health"), ("vaccinated", "health"), ("reading", "bureau"),
                        ("preschool", "bureau"), ("poverty", "bureau"), ("water", "bureau"))
)  # fmt: skip
OWNERS = "owner,kind,region,name_en,name_ru,name_kk,status,source\n" + "".join(
    f"{code},ministry,,{name},{name},{name},working,invented\n" for code, name in (("health", "H"), ("bureau", "B"))
)
Result = tuple[str, str]  # what was tried, and what was lost; nothing where it survived


class Lab:
    """A project, and commands run in it."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.runtime = project.parent / "runtime"
        self.temporary = project.parent / "temporary"
        for folder in (self.runtime, self.temporary):
            folder.mkdir()

    def environment(self, **given: str) -> dict[str, str]:
        return {
            **os.environ, "CWI_ROOT": str(self.project), "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "TMPDIR": str(self.temporary), "SOURCE_DATE_EPOCH": "1785542400", **given,
        }  # fmt: skip

    def start(
        self, *words: str, small: bool = False, user: int = 0, drop: tuple[str, ...] = (), **given: str
    ) -> subprocess.Popen[str]:
        """Start a command in a session of its own; files cannot grow if ``small``; ``user``: another one."""

        def limit() -> None:
            if small:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL))

        environment = {key: value for key, value in self.environment(**given).items() if key not in drop}
        python = [sys.executable]
        if user and os.getuid() == 0:
            python = self._another_user(user)
            environment["PYTHONPATH"] = os.pathsep.join([str(folders.CODE.parent), sysconfig.get_path("purelib")])
            environment["LD_LIBRARY_PATH"] = str(self.project.parent / "python" / "lib")  # not that of the system
        return subprocess.Popen(
            [*python, "-m", "cwi.cli", *words], cwd=self.project, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=limit if small else None,
        )  # fmt: skip

    def _another_user(self, user: int) -> list[str]:
        """What starts Python as another user, who may not enter the folder in which it is: it is mounted elsewhere."""
        place = self.project.parent / "python"
        place.mkdir(exist_ok=True)
        script = 'mount --bind "$1" "$2" && exec setpriv --reuid "$3" --regid "$3" --clear-groups "$2/bin/$4" "${@:5}"'
        name = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return ["unshare", "--mount", "bash", "-c", script, "bash", sys.base_prefix, str(place), str(user), name]

    def run(
        self, *words: str, small: bool = False, user: int = 0, drop: tuple[str, ...] = (), **given: str
    ) -> tuple[int, str, str]:
        """Run a command to its end: exit code, output, errors."""
        process = self.start(*words, small=small, user=user, drop=drop, **given)
        out, err = process.communicate(timeout=1800)
        return process.returncode, out, err

    def state(self) -> dict[str, str]:
        """Every file that is kept, by checksum."""
        return {
            path.relative_to(self.project).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.project.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }

    def processes(self) -> list[int]:
        """The processes that work on the project: what a command started, in whatever session."""
        mark = f"CWI_ROOT={self.project}\0".encode()
        alive = []
        for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))):
            try:
                if pid != os.getpid() and mark in Path(f"/proc/{pid}/environ").read_bytes():
                    alive.append(pid)
            except OSError:
                continue
        return alive

    def workers_left(self) -> int:
        """How many processes of a killed run are there after a while; they are ended then."""
        late = time.monotonic() + PATIENCE
        while alive := self.processes():
            if time.monotonic() > late:
                for pid in alive:
                    os.kill(pid, signal.SIGKILL)
                return len(alive)
            time.sleep(0.2)
        return 0


def release(place: Path) -> Lab:
    """A copy of the data and notebooks of this release."""
    place.mkdir()
    return Lab(copy_release(place / "Проект 1"))


def testland(place: Path) -> Lab:
    """The small country of docs/how-to/another-country.md, in English only, whose figures come from two owners."""
    place = place / "Проект 2"
    place.mkdir()
    blocks = re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    script = "\n".join([f'cwi() {{ "{sys.executable}" -m cwi.cli "$@"; }}', *blocks[:-1]])
    subprocess.run(["bash", "-euc", script], cwd=place, check=True, capture_output=True)
    lab = Lab(place / "testland")
    country = lab.project / "data/country.toml"
    country.write_text(country.read_text(encoding="utf-8").replace('["en", "ru", "kk"]', '["en"]'), encoding="utf-8")
    intake = lab.project / "data/intake"
    intake.mkdir()
    (intake / "owners.csv").write_text(OWNERS, encoding="utf-8")
    (intake / "deliveries.csv").write_text(DELIVERIES, encoding="utf-8")
    (intake / "spellings.csv").write_text("region,spelling,note\nTL,The nation,\n", encoding="utf-8")
    return lab


def replace_folder(source: Path, target: Path) -> None:
    """Make a folder what another one is."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def sentence(code: int, err: str) -> str:
    """Why the end of a command is none that a person can use; nothing where it is one sentence."""
    if code == 0:
        return "it ended as if nothing was wrong"
    if "Traceback" in err or not err.strip():
        return f"exit code {code}: {err.strip()[-200:]!r}"
    return ""


def whole(report: Path) -> bool:
    """Whether a report is there with every file that its manifest names, as it names it."""
    record = read_manifest(report)
    return bool(record) and all(
        (report / name).is_file() and digest(report / name) == sha for name, sha in record["outputs"].items()
    )
