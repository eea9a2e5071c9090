"""The Sources table of a report is printed in the report's own language."""

import pytest

from cwi import read_edition
from cwi.observations import read_sources

KEYS = ("publisher", "title", "licence")


def untranslated(records, names):
    return [
        (name, key, language)
        for name in sorted(names)
        for key in KEYS
        for language in ("ru", "kk")
        if f"{key}_{language}" not in records[name]
    ]


@pytest.mark.parametrize("year", [2018, 2023])
def test_every_source_of_an_edition_has_its_texts_in_russian_and_kazakh(year):
    used = set(read_edition(year).scores.cells["source"].dropna())
    assert used
    assert untranslated(read_sources(), used) == []


def test_a_source_without_translation_is_noticed():
    records = dict(read_sources())
    (name, *_) = read_edition(2023).scores.cells["source"].dropna()
    records[name] = {key: value for key, value in records[name].items() if key != "title_kk"}
    assert untranslated(records, [name]) == [(name, "title", "kk")]
