"""Widths of columns: those that Typst would measure, from the widths of letters alone."""

import json

import pytest
import typst
from hypothesis import given
from hypothesis import strategies as st

from cwi.report.column_widths import FONTS, column_widths, word_width

WORDS = ["Астана қаласы", "Ұлытау облысы", "Северо-Казахстанская область", "1\N{NO-BREAK SPACE}234,5",
         "38.2 (36.9–40.1)", "Қамқорлықсыз қалған балалар", "Tall Te. To", "–", ""]  # fmt: skip
TEXT = st.text("абвәғқңөұүһіAVWTo 0123456789,.–", max_size=20)


def measured(bold):
    """What Typst measures, in points."""
    words = ", ".join(json.dumps(word, ensure_ascii=False) for word in WORDS)
    weight = '"bold"' if bold else '"regular"'
    source = (
        '#set text(font: "DejaVu Sans", size: 10pt, fallback: false, number-width: "tabular")\n'
        f"#context [#metadata(({words}).map(it => measure(text(weight: {weight}, it)).width / 1pt)) <widths>]"
    )
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    compiler = typst.Compiler(source.encode(), font_paths=fonts)
    return json.loads(compiler.query("<widths>", field="value"))[0]


@pytest.mark.parametrize("bold", [False, True])
def test_a_word_is_as_wide_as_typst_measures_it(bold):
    """Pairs of letters that are set closer are the only difference."""
    for word, wide in zip(WORDS, measured(bold), strict=True):
        mine = word_width(word, bold=bold)
        assert wide - 0.05 <= mine <= wide * 1.12 + 0.05, word


def test_numbers_stay_whole_and_text_is_broken_between_words():
    heads = ["Region", "Share of children"]
    least, whole = column_widths(heads, [["Northern and Eastern Kazakhstan region of today", "12.3 (11.0–13.9)"]])
    assert least[0] == pytest.approx(95)  # what a column of text needs to be read
    assert whole[0] == pytest.approx(word_width("Northern and Eastern Kazakhstan region of today"))
    assert least[1] == pytest.approx(word_width("12.3 (11.0–13.9)"))
    assert whole[1] == pytest.approx(word_width("Share of children", bold=True))


def test_a_row_in_bold_needs_more():
    plain, bold = (column_widths(["a"], [["All of Kazakhstan"]], emphasised=rows)[1] for rows in ((), (0,)))
    assert plain[0] < bold[0]
    assert bold[0] == pytest.approx(word_width("All of Kazakhstan", bold=True))


@given(st.integers(1, 4).flatmap(lambda n: st.tuples(
    st.lists(TEXT, min_size=n, max_size=n), st.lists(st.lists(TEXT, min_size=n, max_size=n), max_size=5))),
    st.integers(0, 3))  # fmt: skip
def test_each_column_has_two_widths_and_no_row_makes_one_narrower(table, numeric):
    heads, rows = table
    least, whole = column_widths(heads, rows, numeric=numeric)
    assert len(least) == len(whole) == len(heads)
    assert all(0 <= low <= high for low, high in zip(least, whole, strict=True))
    for fewer in (rows[:-1], rows[1:]):
        before = column_widths(heads, fewer, numeric=numeric)
        assert all(
            a <= b for old, new in zip(before, (least, whole), strict=True) for a, b in zip(old, new, strict=True)
        )
