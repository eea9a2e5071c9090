"""Pictures that are drawn in a process beside this one are there at the end, and what stops one is not lost."""

import os
import select
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from cwi.report.pictures.aside import ASIDE, draw, finish

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
HERE = os.getpid()


def who() -> bytes:
    return b"here" if os.getpid() == HERE else b"beside"


def raising() -> bytes:
    raise ValueError("there is nothing to draw")


def warning() -> bytes:
    warnings.warn("a letter has no glyph", stacklevel=1)
    return who()


def killed() -> bytes:
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return who()


@pytest.fixture(autouse=True)
def one_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ASIDE, "1")


def test_a_picture_is_drawn_beside(tmp_path: Path) -> None:
    draw(tmp_path / "a.svg", who)
    finish()
    assert (tmp_path / "a.svg").read_bytes() == b"beside"
    assert [path.name for path in tmp_path.iterdir()] == ["a.svg"]


def test_one_too_many_is_drawn_here(tmp_path: Path) -> None:
    inside, outside = os.pipe()

    def waits() -> bytes:
        os.read(inside, 1)
        return who()

    draw(tmp_path / "a.svg", waits)
    draw(tmp_path / "b.svg", who)
    os.write(outside, b"x")
    finish()
    assert [(tmp_path / f"{name}.svg").read_bytes() for name in "ab"] == [b"beside", b"here"]
    os.close(inside)
    os.close(outside)


def test_without_processes_beside_it_is_drawn_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ASIDE)
    draw(tmp_path / "a.svg", who)
    assert (tmp_path / "a.svg").read_bytes() == b"here"


def test_an_error_is_raised_here(tmp_path: Path) -> None:
    draw(tmp_path / "a.svg", raising)
    with pytest.raises(ValueError, match=r"^there is nothing to draw$"):
        finish()
    assert not list(tmp_path.iterdir())
    finish()  # it is raised once


def test_a_warning_is_shown_here(tmp_path: Path) -> None:
    draw(tmp_path / "a.svg", warning)
    with pytest.warns(UserWarning, match=r"^a letter has no glyph$"):
        finish()
    assert (tmp_path / "a.svg").read_bytes() == b"here"


def test_what_a_killed_process_left_is_drawn_here(tmp_path: Path) -> None:
    draw(tmp_path / "a.svg", killed)
    finish()
    assert (tmp_path / "a.svg").read_bytes() == b"here"


def test_a_process_that_draws_ends_with_the_one_that_asked(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from cwi.report.pictures import aside\n"
        "ready, begun = os.pipe()\n"
        "def make():\n"
        "    os.write(begun, b'x')\n"
        "    os.read(ready, 1) if os.read(int(sys.argv[2]), 1) else None\n"
        "    return b''\n"
        "aside.draw(Path(sys.argv[1]), make)\n"
        "os.read(ready, 1)\n"
        "os._exit(0)\n"
    )
    waits, never = os.pipe()
    ended, alive = os.pipe()  # open in the process that draws for as long as it lives
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "a.svg"), str(waits)], pass_fds=[waits, alive],
                   check=True, timeout=60)  # fmt: skip
    os.close(alive)
    assert select.select([ended], [], [], 30)[0], "it still lives"
    assert os.read(ended, 1) == b""
    assert not list(tmp_path.iterdir())
    for number in (waits, never, ended):
        os.close(number)
