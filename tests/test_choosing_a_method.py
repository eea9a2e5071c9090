"""The page for methodologists knows every word and says what the script computes."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cwi.traits import FAMILIES, methods_of

SCRIPT = Path(__file__).parents[1] / "docs" / "choosing_a_method.py"
TABLES = [
    *("data", "normalisation", "treatment", "imputation"),
    *("weighting", "aggregation", "benefit of the doubt", "ranking"),
]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("choosing_a_method", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def blocks(script: ModuleType) -> dict[str, str]:
    return {found[2]: found[0] for found in script.BLOCK.finditer(script.PAGE.read_text(encoding="utf-8"))}


def test_every_table_has_its_place(script: ModuleType, blocks: dict[str, str]) -> None:
    assert list(blocks) == list(script.TABLES) == TABLES


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_the_page_says_what_is_computed(name: str, script: ModuleType, blocks: dict[str, str]) -> None:
    assert script.filled(blocks[name]) == blocks[name], "run .venv/bin/python docs/choosing_a_method.py"


def test_every_word_is_explained(script: ModuleType) -> None:
    text = script.BLOCK.sub("", script.PAGE.read_text(encoding="utf-8"))
    first = " ".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| "))
    explained = set(re.findall(r"`(\w+)`", first))
    known = {word for family in FAMILIES for word in methods_of(family)}
    assert known - explained == set()
