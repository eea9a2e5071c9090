"""Every printed number has a name; one name never has two values."""

import math
from pathlib import Path

import pandas as pd
import pytest

from cwi import DataError
from cwi.report.languages import LANGUAGES, Language
from cwi.report.ledger import COLUMNS, Ledger, merge


def ledger(code: str = "en") -> Ledger:
    return Ledger(Language(code), 2023, "abc", "def", 7)


def test_a_number_is_entered_as_it_is_printed() -> None:
    book = ledger("ru")
    assert book.number("b", 1234.56, unit="points") == "1\N{NO-BREAK SPACE}234,6"
    assert book.number("a", -0.25, decimals=1, sign=True) == "\N{MINUS SIGN}0,3"
    frame = book.frame()
    assert frame["name"].tolist() == ["a", "b"]
    assert frame.loc[1].to_dict() == {
        "name": "b", "value": "1234.56", "unit": "points", "decimals": 1, "text_ru": "1\N{NO-BREAK SPACE}234,6",
        "edition": 2023, "fingerprint": "abc", "data": "def", "seed": 7,
    }  # fmt: skip


def test_the_same_number_may_be_said_twice() -> None:
    book = ledger()
    assert book.number("a", 56.08) == book.number("a", 56.08) == "56.1"
    assert book.number("zero", 0.0) == book.number("zero", -0.0) == "0.0"
    assert len(book.frame()) == 2


def test_one_name_with_two_values_is_refused() -> None:
    book = ledger()
    book.number("score.2023.KZ.index", 56.08)
    with pytest.raises(DataError) as caught:
        book.number("score.2023.KZ.index", 56.09)
    assert str(caught.value) == (
        "the number 'score.2023.KZ.index' is printed as 56.1 (56.08) and as 56.1 (56.09); one name has one value"
    )


@pytest.mark.parametrize("how", [{"decimals": 2}, {"unit": "%"}, {"sign": True}])
def test_one_name_printed_in_two_ways_is_refused(how: dict[str, object]) -> None:
    book = ledger()
    book.number("a", 56.08)
    with pytest.raises(DataError, match="one name has one value"):
        book.number("a", 56.08, **how)  # type: ignore[arg-type]


def test_what_is_not_there_is_a_dash_and_no_entry() -> None:
    book = ledger()
    assert book.number("a", math.nan) == "–"
    assert book.frame().empty


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "<\N{NO-BREAK SPACE}0,001"), (0.0004, "<\N{NO-BREAK SPACE}0,001"), (0.0005, "0,001"), (0.04, "0,040")],
)
def test_a_p_value_is_never_printed_as_zero(value: float, text: str) -> None:
    ledger = Ledger(Language("ru"), "2023", "f", "d", 1)
    assert ledger.number("audit.p", value, unit="p-value", decimals=3) == text
    assert ledger.number("audit.share", 0.0, decimals=3) == "0,000"  # a share may be
    assert float(ledger.frame().set_index("name").at["audit.p", "value"]) == value


def test_ledgers_of_all_languages_become_one(tmp_path: Path) -> None:
    frames = []
    for code in LANGUAGES:
        book = ledger(code)
        book.number("b", 0.5)
        book.number("a", 1234.0, unit="%")
        book.write(tmp_path / f"{code}.csv")
        frames.append(pd.read_csv(tmp_path / f"{code}.csv", dtype=str, keep_default_na=False))
    merged = merge(frames)
    assert tuple(merged.columns) == COLUMNS
    assert merged["name"].tolist() == ["a", "b"]
    assert merged.loc[1, ["text_en", "text_kk", "text_ru"]].tolist() == ["0.5", "0,5", "0,5"]
    assert merged.loc[0, "value"] == "1234"
    assert merged.loc[0, "seed"] == "7"


def test_a_ledger_of_one_language_leaves_the_others_empty() -> None:
    book = ledger("kk")
    book.number("a", 0.5)
    merged = merge([book.frame()])
    assert merged.loc[0, ["text_en", "text_kk", "text_ru"]].tolist() == ["", "0,5", ""]


def test_languages_that_say_different_numbers_are_refused() -> None:
    one, other = ledger("en"), ledger("ru")
    one.number("a", 1.0)
    other.number("a", 2.0)
    with pytest.raises(DataError, match=r"^the number 'a' \((1|2)\) is not the same in every language$"):
        merge([one.frame(), other.frame()])
    alone = ledger("ru")
    alone.number("a", 1.0)
    alone.number("b", 3.0)
    with pytest.raises(DataError, match=r"^the number 'b' \(3\) is not the same in every language$"):
        merge([one.frame(), alone.frame()])
    with pytest.raises(DataError, match=r"^there is no ledger to merge$"):
        merge([])
