"""The word list of CONTRIBUTING.md holds in documentation, command line, messages and first lines of docstrings.

What is in quotation marks, in code or in a block of code is free: it is somebody else's word or a name.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
AVOIDED = ("said", "say", "says", "told", "tell", "tells", "stand", "stands", "lies", "anew", "nought", "whoever")
WORD = re.compile(rf"\b({'|'.join(AVOIDED)})\b", re.IGNORECASE)
CODE = re.compile(r"```.*?```|`[^`\n]*`|<!--.*?-->", re.DOTALL)
QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”]*”|(?<!\w)'[^'\n]*'(?!\w)")
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", *(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md")))
MODULES = sorted(ROOT.glob("cwi/**/*.py"))


def avoided(text: str) -> list[str]:
    """The words of a text that the house avoids."""
    return [match.group().lower() for match in WORD.finditer(QUOTED.sub("", text))]


def prose(page: str) -> str:
    """A page without code and without the table of words to avoid."""
    text = CODE.sub("", page)
    return re.sub(r"^\| avoid \| write \|\n(\|.*\n)+", "", text, flags=re.MULTILINE)


def first_lines(tree: ast.Module) -> Iterator[str]:
    """The first line of each docstring of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield CODE.sub("", (ast.get_docstring(node) or "").split("\n")[0])


def sentences(tree: ast.Module) -> Iterator[str]:
    """What a module prints or raises: help, messages and errors, without what is filled in."""
    for node in ast.walk(tree):
        parts: list[ast.expr] = []
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            parts = list(node.exc.args)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            parts = list(node.args)
        elif isinstance(node, ast.keyword) and node.arg == "help":
            parts = [node.value]
        for part in parts:
            texts = [c.value for c in ast.walk(part) if isinstance(c, ast.Constant) and isinstance(c.value, str)]
            yield CODE.sub("", "…".join(texts))


@pytest.mark.parametrize("page", PAGES)
def test_pages(page):
    assert avoided(prose((ROOT / page).read_text(encoding="utf-8"))) == []


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules(module):
    tree = ast.parse(module.read_text(encoding="utf-8"))
    assert [line for line in (*first_lines(tree), *sentences(tree)) if avoided(line)] == []


@pytest.mark.parametrize("catalog", sorted(ROOT.glob("cwi/report/locale/en/*.po")), ids=lambda path: path.stem)
def test_messages(catalog):
    with catalog.open("rb") as file:
        texts = [str(message.string) for message in read_po(file) if message.id]
    assert [text for text in texts if avoided(text)] == []


def test_the_list_is_that_of_contributing():
    table = re.search(r"\| avoid \| write \|\n(?:\|.*\n)+", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert table is not None
    left = " ".join(line.split("|")[1] for line in table.group().splitlines()[2:])
    assert set(AVOIDED) <= set(re.findall(r"\w+", left))


def test_a_page_and_a_module_with_such_words_are_noticed():
    assert avoided(prose("It is said that `told` lies here, whoever asks.\n")) == ["said", "lies", "whoever"]
    assert avoided('He "said" it') == []
    tree = ast.parse('def f():\n    """What a column stands for."""\n    raise ValueError(f"{x}: the file says no")\n')
    assert [line for line in (*first_lines(tree), *sentences(tree)) if avoided(line)] == [
        "What a column stands for.",
        ": the file says no",
    ]
