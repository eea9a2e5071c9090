"""Methods and levels by their names in the language of the report."""

from typing import Any

import numpy as np
import pytest
from babel.messages.pofile import read_po

import cwi.methods
from cwi import read_edition
from cwi.report.languages import LANGUAGES, LOCALE, Language
from cwi.report.ledger import Ledger
from cwi.report.printer import Printer
from cwi.rules import read_rule


def printer(code: str) -> Printer:
    return Printer(
        read_edition(2022), Language(code), Ledger(Language(code), "2022", "f", "d", 1), 10, np.random.default_rng(1)
    )


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_name_of_a_method_belongs_to_a_method(code: str) -> None:
    words = {f"method.{row['family']}.{row['word']}" for row in cwi.methods.table()}
    with (LOCALE / code / "methods.po").open("rb") as file:
        keys = {str(message.id) for message in read_po(file, locale=code) if message.id}
    named = {key for key in keys if key.startswith("method.")}
    assert len(named) > 30
    assert named <= words


@pytest.mark.parametrize(
    ("code", "rule", "printed"),
    [
        (
            "en",
            {"name": "goalposts", "cap": True},
            "linear scale between the worst and the best goalpost (values beyond a goalpost are set to it)",
        ),
        (
            "ru",
            {"name": "goalposts", "cap": True},
            "линейная шкала между наихудшей и наилучшей границами (значения за границами приравниваются к ним)",
        ),
        ("kk", {"name": "z_score", "sd": 15}, "стандарттау (z-мән) (sd = 15)"),
    ],
)
def test_a_method_is_printed_with_its_settings(code: str, rule: Any, printed: str, project: Any) -> None:
    assert printer(code).method(read_rule("normalisation", rule, "a test")) == printed


def test_a_method_without_a_message_is_printed_as_its_word(project: Any) -> None:
    def halves(y: Any, w: Any) -> Any:
        return y @ w / 2

    assert printer("kk").method(read_rule("aggregation", halves, "a test")) == "halves"


@pytest.mark.parametrize(("code", "printed"), [("en", "dimension"), ("ru", "направление"), ("kk", "бағыт")])
def test_a_level_is_named_in_the_language(code: str, printed: str, project: Any) -> None:
    assert printer(code).level("dimension") == printed
    assert printer(code).level("pillar") == "pillar"
