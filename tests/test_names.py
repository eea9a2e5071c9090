"""Names of territories in the cases of Russian and Kazakh, and the messages that ask for one."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cwi import DataError, folders
from cwi.names import CASES, LANGUAGES, Name, read_cases
from cwi.report.languages import LOCALE, Language, _keys
from cwi.territory import read_territory

SAME = {"KZ-75"}  # Russian does not decline Алматы
NAMES = ("region", "place", "nation", "first_region", "last_region")  # what messages call a territory
BARE = re.compile(r"\{(?:" + "|".join(NAMES) + r")\}")
PREPOSITIONS = set(
    "без в во для до за из к ко на о об от по под при про с со у между над перед против".split()  # noqa: SIM905
)
# as an editor of official statistics writes them
EXPECTED = {
    ("KZ", "ru"): ("Казахстана", "Казахстане"), ("KZ", "kk"): ("Қазақстанның", "Қазақстанда"),
    ("KZ-10", "ru"): ("области Абай", "области Абай"), ("KZ-10", "kk"): ("Абай облысының", "Абай облысында"),
    ("KZ-27", "ru"): ("Западно-Казахстанской области", "Западно-Казахстанской области"),
    ("KZ-27", "kk"): ("Батыс Қазақстан облысының", "Батыс Қазақстан облысында"),
    ("KZ-71", "ru"): ("г. Астаны", "г. Астане"), ("KZ-71", "kk"): ("Астана қаласының", "Астана қаласында"),
    ("KZ-79", "ru"): ("г. Шымкента", "г. Шымкенте"), ("KZ-79", "kk"): ("Шымкент қаласының", "Шымкент қаласында"),
    ("KZ-VOS", "ru"): ("Восточно-Казахстанской области (до июня 2022 г.)",) * 2,
}  # fmt: skip


def misplaced(text: str) -> list[str]:
    """Names in the nominative that a preposition, a word before or a word after asks for in another case."""
    wrong = []
    for bare in BARE.finditer(text):
        before, after = text[: bare.start()].rstrip(), text[bare.end() :]
        words = re.findall(r"[\w-]+", before)
        free = not before or before[-1] in ":(–—«.;," or words[-1] in ("и", "және")
        # in Kazakh a noun that belongs to the name, or an ending, would follow it
        closed = re.match(r"$|[):,.;»]| ?[(–—]| және | и |\n", after)
        if not (free and closed) or (words and before[-1].isalpha() and words[-1].lower() in PREPOSITIONS):
            wrong.append(bare[0])
    return wrong


@pytest.mark.parametrize(
    "text", ["Балл в {region}, 2023 год", "Индекс {region}", "{region} баллы", "{place}да", "Профиль {region} за год"]
)
def test_a_nominative_in_the_place_of_a_case_is_seen(text: str) -> None:
    assert misplaced(text)
    assert misplaced("Индекс: {region}, 2023 год") == []


@pytest.fixture(scope="module")
def cases() -> dict[tuple[str, str], dict[str, str]]:
    return read_cases()


def test_every_territory_has_every_case_and_none_is_the_nominative(cases) -> None:
    territory = read_territory()
    assert set(cases) == {(code, language) for code in territory.regions.index for language in LANGUAGES}
    assert len(cases) == 2 * 25
    for (code, language), forms in cases.items():
        name = territory.name(code, language)
        assert tuple(forms) == LANGUAGES[language]
        assert isinstance(name, Name)
        for case, text in forms.items():
            assert f"{name:{case}}" == text
            same = code in SAME or (case == "accusative" and language == "ru")  # of what has no life it may be the same
            assert text != name or (same and language == "ru"), (code, case)
            assert not re.search(r"\s$|^\s|\s\s", text)
    for place, both in EXPECTED.items():
        assert (cases[place]["genitive"], cases[place]["locative"]) == both


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["облысы", "қаласы"])
def test_kazakh_endings_follow_the_possessive(cases, ending: str) -> None:
    """A name that ends in the possessive takes н before an ending: облысының, облысына, облысын, облысында."""
    for (code, language), forms in cases.items():
        name = read_territory().name(code, "kk")
        if language == "kk" and name.endswith(ending):
            assert [forms[case].removeprefix(name) for case in CASES] == ["ның", "на", "н", "нда", "нан", "мен"]


@pytest.mark.parametrize("code", ["ru", "kk"])
def test_no_message_has_a_nominative_where_its_sentence_needs_a_case(code: str) -> None:
    """A name as it is begins a message, follows a colon, a dash, a bracket or 'and', or is a link of a list."""
    language, asked = Language(code), 0
    for key in sorted(_keys(code)):
        text = language.template(key)
        asked += len(re.findall(r"\{(?:" + "|".join(NAMES) + r"):(?:" + "|".join(CASES) + r")\}", text))
        assert not misplaced(text), (key, text)
    assert asked >= 8


@pytest.mark.parametrize("code", ["ru", "kk"])
def test_sentences_take_the_case_of_every_region(code: str) -> None:
    language, territory = Language(code), read_territory()
    for region in territory.regions.index:
        name = territory.name(region, code)
        for key, case in (("region.opening.title", "genitive"), ("region.trend.caption", "genitive"),
                          ("site.series.caption", "genitive")):  # fmt: skip
            text = language.text(key, region=name, place=name, year=2023)
            assert f"{name:{case}}" in text
            assert "{" not in text
    name = territory.name("KZ-15", code)
    near = language.text("region.similar.caption", region=name, year=2023)
    assert {"ru": "похожие на Актюбинскую область", "kk": "Ақтөбе облысына ең ұқсас"}[code] in near


def test_other_languages_have_the_name_as_it_is() -> None:
    assert Language("en").text("region.opening.title", region=Name("Astana"), year=2023).startswith("Astana:")
    assert {path.name for path in LOCALE.iterdir()} == {"kk", "ru", "en"}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("KZ-99,ru,a,b,c,d,,e", "name_cases.csv line 2: code is 'KZ-99' (did you mean 'KZ-15'?); there are KZ, KZ-15"),
        ("KZ,en,a,b,c,d,,e", "name_cases.csv line 2: language is 'en'; there are ru, kk"),
        ("KZ,kk,a,b,c,d,,e", "name_cases.csv line 2: KZ has no ablative in 'kk'; each case needs a name"),
        ("KZ,ru,a,b,c,d,,e\nKZ,ru,a,b,c,d,,e", "name_cases.csv line 3: KZ has two rows in 'ru'; it needs one"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(
    rows: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: Callable[..., Any]
) -> None:
    monkeypatch.setattr(folders, "relative", lambda path: path.name)
    head = "code,language," + ",".join(CASES)
    (tmp_path / "name_cases.csv").write_text(f"{head}\n{rows}\n", encoding="utf-8")
    with says(DataError, sentence):
        read_cases(tmp_path, {"KZ": 1, "KZ-15": 1})
    assert read_cases(tmp_path / "none") == {}
