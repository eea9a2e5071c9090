"""Progress: what is being made is printed on a terminal or when asked for, and never among the results."""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cwi.cli import main, shared
from cwi.cli.shared import show_progress, working

pty = pytest.importorskip("pty")  # on Windows there is none


class Terminal(io.StringIO):
    """A stream that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    yield
    show_progress("terminal")


def test_on_a_terminal_what_is_made_is_printed_and_gone_when_it_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with working("reading 2023", 2) as step:
        step("scoring 2023")
        print("a result")
        step("finished")
    shown = terminal.getvalue()
    assert "reading 2023" in shown
    assert "finished" in shown
    assert shown.rstrip().endswith("\x1b[2K")  # the last thing is that its line is erased
    assert "a result" not in shown
    assert capsys.readouterr().out == "a result\n"


def test_in_a_log_nothing_is_printed_unless_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with working("reading 2023") as step:
        step("scoring 2023")
    assert capsys.readouterr() == ("", "")
    show_progress("always")
    with working("reading 2023") as step:
        step("scoring 2023")
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition(" s  ")[2] for line in err.splitlines()] == ["reading 2023", "scoring 2023"]


def test_quiet_prints_nothing_on_a_terminal_either(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    show_progress("never")
    with working("reading 2023") as step:
        step("scoring 2023")
    assert terminal.getvalue() == ""


@pytest.mark.slow
def test_the_options_of_the_command_line(
    project: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["cwi", *words])
        with pytest.raises(SystemExit) as left:
            main()
        return left.value.code, *capsys.readouterr()

    _, _, err = run("--progress", "check")
    parts = [line.partition(" s  checking ")[2] for line in err.splitlines() if " s  checking " in line]
    assert parts[:3] == ["territory", "boundaries", "sources"]
    assert parts[-1] == "editions"
    assert run("check")[2] == ""
    assert run("--quiet", "--progress", "check")[2] == (
        "ParameterError: --quiet and --progress contradict each other; give one of them\n"
    )
    assert shared._progress == ["terminal"]


@pytest.mark.slow
@pytest.mark.parametrize(("option", "shown"), [((), True), (("--quiet",), False)])
def test_on_a_true_terminal_results_go_to_their_file(project: Any, option: tuple[str, ...], shown: bool) -> None:
    """A pseudo terminal as stderr, a pipe as stdout, as in 'cwi score 2022 > scores.txt'."""
    ours, theirs = pty.openpty()
    printed = bytearray()

    def read() -> None:  # while the command runs: a terminal that nobody reads is full after some frames of the bar
        try:
            while part := os.read(ours, 4096):
                printed.extend(part)
        except OSError:  # Linux: the other end is closed
            pass

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    done = subprocess.run(
        [sys.executable, "-m", "cwi.cli", *option, "score", "2022"],
        stdout=subprocess.PIPE, stderr=theirs, stdin=theirs, check=True, cwd=Path(__file__).parents[1], timeout=120,
        env={**os.environ, "CWI_ROOT": str(project.data.parent), "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    reader.join(timeout=30)
    os.close(ours)
    assert (b"scoring 2022" in printed) == shown
    assert b"Alpha" in done.stdout
    assert b"scoring" not in done.stdout
