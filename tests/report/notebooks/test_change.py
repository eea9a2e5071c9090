"""Numbers before and after a change: what differs most first, and the mark of synthetic data."""

import pandas as pd
import pytest

from cwi.errors import DataError
from cwi.report.languages import Language
from cwi.report.ledger import Ledger
from cwi.report.notebooks.change import before_and_after

BEFORE = pd.Series({"a": 1.0, "b": 2.0, "c": 3.0, "d": float("nan")})


def test_what_differs_most_is_printed_first() -> None:
    after = pd.Series({"a": 1.04, "b": 0.5, "c": 3.2, "d": 4.0})
    section = before_and_after(BEFORE, after, "Score", names=pd.Series({"c": "Kostanay"}), synthetic=True)
    table = section.tables()[0]
    assert table.rows == [
        ["d", "–", "4.0", "–"],
        ["b", "2.0", "0.5", "\N{MINUS SIGN}1.5"],
        ["Kostanay", "3.0", "3.2", "+0.2"],
    ]
    assert (table.caption, table.note, set(table.data["mark"])) == (
        "SYNTHETIC DATA. Score",
        "3 of 4 differ.",
        {"SYNTHETIC DATA"},
    )
    assert section.blocks[0].plain() == "SYNTHETIC DATA"


def test_at_most_ten_rows_are_printed_and_all_are_kept() -> None:
    before = pd.Series(range(12), dtype=float)
    table = before_and_after(before, 2 * before, "Score", decimals=0).tables()[0]
    assert [row[3] for row in table.rows] == [f"+{number}" for number in range(11, 1, -1)]
    assert (len(table.data), table.note) == (12, "11 of 12 differ. The 10 that change most are printed.")
    assert "mark" not in table.data


def test_numbers_are_in_the_language_and_in_the_ledger_and_a_rerun_replaces_them() -> None:
    ledger = Ledger(Language("ru"), "2023", "f", "d", 1)
    for factor in (2, 3):
        table = before_and_after(BEFORE, factor * BEFORE, "Балл", language="ru", ledger=ledger).tables()[0]
    assert table.columns == ["Наименование", "До", "После", "Изменение"]
    assert table.rows[0] == ["c", "3,0", "9,0", "+6,0"]
    assert table.note == "Отличаются: 3 из 3."
    entries = ledger.frame().set_index("name")
    assert len(entries) == 9
    assert entries.at["change.c.after", "text_ru"] == "9,0"


def test_when_nothing_differs_a_sentence_is_printed() -> None:
    section = before_and_after(BEFORE, BEFORE, "Score")
    assert [block.plain() for block in section.blocks] == ["Score: none of the 3 numbers changes."]


def test_results_without_a_common_row_are_refused() -> None:
    with pytest.raises(DataError, match=r"^the numbers before and after the change have no row in common$"):
        before_and_after(BEFORE, pd.Series({"z": 1.0}), "Score")
