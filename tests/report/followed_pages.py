"""Pages of docs/how-to as a test follows them: every command is run, or is in a closed list with the reason."""

from __future__ import annotations

import os
import re
import shlex
from textwrap import dedent
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from cwi import folders
from cwi.cli import app

PAGES = folders.CODE.parent / "docs" / "how-to"
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.M | re.S)
INLINE = re.compile(r"`((?:cwi|make|git|pip|pytest|python[\d.]*) [^`]+)`")
WHOLE = "it makes everything of a year; "
NOT_RUN = {
    "childrens-budget.md": {"cwi budget publish all": "every region takes minutes; KZ-23 and KZ are published"},
    "projects.md": {
        "cwi --project FOLDER …": "it is the form of a command; tests/test_projects.py tries it",
        "pip install cwi-*.whl": "the wheel is built and installed in tests/setup",
        "cd wellbeing": "the test changes folders itself",
        "cd my-country": "the test changes folders itself",
        "cwi report 2023": WHOLE + "tests/report/test_render.py makes a report",
        "cwi import": "it is the name of a command; its page is followed in tests/inputs/exchange",
    },
    "rehearse.md": {
        "cwi report rehearsal": WHOLE + "test_rehearsal_report.py follows it with one year and few draws",
        "cwi report rehearsal --language en": "the same",
        "cwi profile rehearsal": WHOLE + "test_rehearsal_report.py follows it for one region",
        "cwi site rehearsal": WHOLE + "tests/report/site makes one",
        "make edition YEAR=rehearsal": "the three commands above",
        "cwi publish": "it is the name of a command; test_publication.py has the refusal",
        "cwi export": "it is the name of a command; test_scores_workbook.py has the refusal",
        "cwi site": "it is the name of a command",
    },
    "site.md": {
        "make site": "it is `cwi site`",
        "cwi site": WHOLE + "tests/report/site makes one of a small project",
        "cwi profile": "it is the name of a command",
        "make report": "it is the name of a command",
    },
    "survey.md": {"cwi run": "it is the name of a command"},
    "review.md": {
        "cwi check": "it is the name of a command; `--all` runs it",
        "python3 verify.py": "test_a_bundle_is_reviewed_without_the_repository runs it",
        "python3.11 bootstrap.py run review 2023 --all": "it needs the network for the packages",
        "make audit-deps": "it needs the network for the list of vulnerabilities",
    },
}  # fmt: skip


def blocks(page: str, *languages: str) -> list[str]:
    """The blocks of a page in some languages ('' for those without one), without the indentation of lists."""
    text = (PAGES / page).read_text(encoding="utf-8")
    return [dedent(inside) for language, inside in FENCED.findall(text) if language in languages]


def commands(page: str) -> list[str]:
    """The commands of a page in their order, each once: lines of its blocks, and what is in backticks in its text."""
    text = (PAGES / page).read_text(encoding="utf-8")
    pieces: list[tuple[int, str]] = []
    for block in FENCED.finditer(text):
        if block[1] in ("", "sh", "bash"):
            lines = (re.sub(r"\s+#.*", "", line).strip() for line in block[2].splitlines())
            pieces += [(block.start(), line) for line in lines if line]
    rest = FENCED.sub(lambda block: " " * len(block[0]), text)
    pieces += [(each.start(), each[1]) for each in INLINE.finditer(rest)]
    return list(dict.fromkeys(line for _, line in sorted(pieces, key=lambda piece: piece[0])))


def parsed(command: str) -> list[str]:
    """The words of a command of cwi, all its options known; raises where one is not."""
    words = [os.path.expanduser(word) for word in shlex.split(command)]
    while "=" in words[0]:
        words = words[1:]
    at: Any = get_command(app)
    context, rest = None, words[1:]
    while isinstance(at, TyperGroup):
        context = at.make_context(at.name or "cwi", list(rest), parent=context, resilient_parsing=False)
        _, next_, rest = at.resolve_command(context, [*context._protected_args, *context.args])
        assert next_ is not None
        at = next_
    at.make_context(at.name or "", list(rest), parent=context)
    return words[1:]


class Follower:
    """Runs the commands of a page in this process, and knows in the end which were left out."""

    def __init__(self, page: str) -> None:
        self.page, self.commands = page, commands(page)
        self.done: set[str] = set()

    def run(self, command: str, *, code: int = 0, **placeholders: str) -> str:
        """Run a command of the page, its placeholders replaced; what it printed, in one line."""
        assert command in self.commands, f"{command} is not on the page; there are {self.commands}"
        self.done.add(command)
        for old, new in placeholders.items():
            assert old in command, f"{old} is not in {command}"
            command = command.replace(old, new)
        result = CliRunner().invoke(app, parsed(command))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, f"{command}\n{result.output}"
        return " ".join(result.output.split())

    def end(self) -> None:
        """Every other command of the page is in the closed list, and no other is."""
        left = [command for command in self.commands if command not in self.done]
        assert set(left) == set(NOT_RUN.get(self.page, {})), left
        for command in left:
            if command.startswith("cwi ") and len(command.split()) > 2 and "…" not in command:
                parsed(command)
