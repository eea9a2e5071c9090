"""Words: the same keys in every language, none missing, none idle; numbers as each language writes them."""

import ast
import math
import re
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from string import Formatter

import pandas as pd
import pytest
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st

import cwi.report
from cwi import ParameterError, read_methodology
from cwi.methodology import methodologies
from cwi.names import Name, read_cases
from cwi.report.languages import LANGUAGES, LOCALE, Language
from cwi.report.languages import _messages as read_messages
from cwi.report.named import Named

FOLDER = Path(cwi.report.__file__).parent
KEY = re.compile(r"[a-z]+(\.[a-z_]+)+")
IN_TEMPLATE = re.compile(r"""\bt\("([a-z]+(?:\.[a-z_]+)+)"[,)]""")  # of the site
WORD = "[a-z0-9_]*"
NBSP, MINUS = "\N{NO-BREAK SPACE}", "\N{MINUS SIGN}"


@lru_cache
def messages(code: str) -> dict[str, str]:
    """Keys and texts of a language."""
    result: dict[str, str] = {}
    for path in sorted((LOCALE / code).glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=code, abort_invalid=True)
        result |= {str(message.id): str(message.string) for message in catalog if message.id}
    return result


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@lru_cache
def spoken() -> tuple[dict[str, list[set[str] | None]], set[str], set[str]]:
    """Of the code: keys said outright with the values given each time, patterns of keys put together, all words."""
    outright: dict[str, list[set[str] | None]] = {}
    patterns, words = set(), set()
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and KEY.fullmatch(node.value):
                words.add(node.value)
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr != "text" or not node.args:
                continue
            key = node.args[0]
            given = None if any(k.arg is None for k in node.keywords) else {str(k.arg) for k in node.keywords}
            for said in (key.body, key.orelse) if isinstance(key, ast.IfExp) else (key,):
                if isinstance(said, ast.Constant) and KEY.fullmatch(str(said.value)):
                    outright.setdefault(str(said.value), []).append(given)
                elif isinstance(said, ast.JoinedStr):
                    pieces = [re.escape(p.value) if isinstance(p, ast.Constant) else WORD for p in said.values]
                    patterns.add("".join(map(str, pieces)))
    for path in sorted(FOLDER.rglob("*.j2")):
        outright.update((key, [None]) for key in IN_TEMPLATE.findall(path.read_text(encoding="utf-8")))
    return outright, patterns, words


@pytest.mark.slow
def test_the_code_says_things() -> None:
    outright, patterns, _ = spoken()
    assert len(outright) > 40
    assert patterns


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_key_that_is_said_exists(code: str) -> None:
    outright, patterns, _ = spoken()
    known = messages(code)
    assert set(outright) - set(known) == set()
    assert [p for p in patterns if not any(re.fullmatch(p, key) for key in known)] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_key_is_said_somewhere(code: str) -> None:
    outright, patterns, words = spoken()
    units = {unit for version in methodologies() for unit in read_methodology(version).indicators["unit"]}
    for path in FOLDER.rglob("*.py"):  # those of the ledger
        units |= set(re.findall(r'(?:unit=|unit: str = |Number\(\d, )"([^"]+)"', path.read_text(encoding="utf-8")))
    said = {*outright, *words, *(re.sub(r"[^a-z0-9]+", "_", u.lower().replace("%", "percent")) for u in units)}
    said |= {f"unit.{word}" for word in said}
    assert [key for key in messages(code) if key not in said and not any(re.fullmatch(p, key) for p in patterns)] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_keys_and_placeholders_are_those_of_english(code: str) -> None:
    english, here = messages("en"), messages(code)
    assert list(here) == list(english)
    assert {key: placeholders(text) for key, text in here.items()} == {
        key: placeholders(text) for key, text in english.items()
    }


def test_what_is_said_outright_is_given_every_value() -> None:
    english = messages("en")
    lacking = {
        key: placeholders(english[key]) - given
        for key, times in spoken()[0].items()
        for given in times
        if given is not None and placeholders(english[key]) - given
    }
    assert lacking == {}


@pytest.mark.parametrize("code", LANGUAGES)
def test_texts_are_there_and_clean(code: str) -> None:
    for key, text in messages(code).items():
        assert text.strip() == text != "", key
        assert "  " not in text, key
        assert text.count("{") == text.count("}"), key
        assert "\N{EM DASH}" not in text, key  # one dash in all texts


@pytest.mark.parametrize("code", ["kk", "ru"])
def test_texts_are_in_their_own_language(code: str) -> None:
    english = messages("en")
    for key, text in messages(code).items():
        if re.search("[A-Za-z]", re.sub(r"\{.*?\}", "", english[key])):
            assert re.search("[Ѐ-ӿ]", text), f"{key} is not translated: {text}"


def test_kazakh_is_not_russian() -> None:
    kazakh, russian = messages("kk"), messages("ru")
    letters = [key for key, text in kazakh.items() if re.search("[әғқңөұүһі]", text, re.IGNORECASE)]
    assert len(letters) > 0.8 * len(kazakh)
    foreign = [key for key, text in russian.items() if re.search("[әғқңөұүһ]", text, re.IGNORECASE)]
    assert foreign == []


def test_every_language_has_the_same_files() -> None:
    files = {code: [path.name for path in sorted((LOCALE / code).iterdir())] for code in LANGUAGES}
    assert files["kk"] == files["ru"] == files["en"]


def test_a_key_in_two_files_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("one.po", "two.po"):
        (tmp_path / "en").mkdir(exist_ok=True)
        (tmp_path / "en" / name).write_text('msgid "a.key"\nmsgstr "text"\n', encoding="utf-8")
    monkeypatch.setattr("cwi.report.languages.LOCALE", tmp_path)
    with pytest.raises(ValueError, match=r"^cwi/report/locale/en/two\.po: 'a\.key' is in another file too$"):
        read_messages.__wrapped__("en")


def test_a_key_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"cwi/report/locale/kk/ has no message 'index\.unheard'"):
        Language("kk").text("index.unheard")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"^language is 'kz'; there are kk, ru, en$"):
        Language("kz")
    with pytest.raises(ParameterError, match=r"^language is 'eng' \(did you mean 'en'\?\); there are kk, ru, en$"):
        Language("eng")


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("value", "decimals", "english", "other"),
    [
        (0.0, 1, "0.0", "0,0"),
        (-0.04, 1, "0.0", "0,0"),
        (-0.05, 1, f"{MINUS}0.1", f"{MINUS}0,1"),
        (0.25, 1, "0.3", "0,3"),
        (2.675, 2, "2.68", "2,68"),
        (61.249999999999986, 1, "61.3", "61,3"),
        (1234.5, 0, "1,235", f"1{NBSP}235"),
        (1234567.891, 2, "1,234,567.89", f"1{NBSP}234{NBSP}567,89"),
        (-1234.5, 0, f"{MINUS}1,235", f"{MINUS}1{NBSP}235"),
        (99.95, 1, "100.0", "100,0"),
        (math.nan, 1, "–", "–"),
    ],
)
def test_numbers_as_each_language_writes_them(value: float, decimals: int, english: str, other: str) -> None:
    assert Language("en").number(value, decimals) == english
    assert Language("ru").number(value, decimals) == Language("kk").number(value, decimals) == other


def test_signs() -> None:
    english = Language("en")
    assert [english.number(v, 1, sign=True) for v in (1.0, -1.0, 0.0, 0.04, -0.04)] == [
        "+1.0", f"{MINUS}1.0", "0.0", "0.0", "0.0",
    ]  # fmt: skip


@pytest.mark.slow
@given(value=st.floats(-1e8, 1e8), decimals=st.integers(0, 4))
@settings(deadline=None, max_examples=200)
def test_a_printed_number_is_the_value_within_half_a_digit(value: float, decimals: int) -> None:
    for code in LANGUAGES:
        text = Language(code).number(value, decimals)
        plain = text.replace(MINUS, "-").replace(NBSP, "")
        plain = plain.replace(",", "") if code == "en" else plain.replace(",", ".")
        assert len(plain.partition(".")[2]) == decimals
        assert abs(Decimal(plain) - Decimal(value)) <= Decimal("0.5000001") * Decimal(1).scaleb(-decimals)
        assert plain not in ("-0", "-0.0", "-0.00")


def test_things_in_a_row() -> None:
    assert Language("en").list(["Abai", "Aktobe", "Almaty"]) == "Abai, Aktobe, and Almaty"
    assert Language("ru").list(["Абай", "Актобе"]) == "Абай и Актобе"
    assert Language("kk").list(["Абай", "Ақтөбе"]) == "Абай және Ақтөбе"
    assert Language("en").list(["Abai"]) == "Abai"
    assert Language("en").list([]) == "–"


@pytest.mark.parametrize(
    ("code", "words"), [("en", "confidence interval"), ("ru", "доверительн"), ("kk", "сенімділік аралы")]
)
def test_no_interval_of_draws_is_taken_for_a_confidence_interval(code: str, words: str) -> None:
    """It is denied where the interval is first seen: start page, region's page, profile, summary."""
    language = Language(code)
    for key in ("site.lead.order", "site.ranking.note", "site.region.lead", "site.history.note", "summary.note",
                "region.opening.region", "region.nodes.how"):  # fmt: skip
        assert words in language.template(key), key


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_its_own_percent(code: str) -> None:
    """25.4% in English, 25,4 % with a space in Russian and Kazakh: in messages, in the glossary and in the explorer."""
    wrong = re.compile("[0-9}][ \N{NO-BREAK SPACE}]%" if code == "en" else "[0-9}]%")
    assert wrong.search("{share} %" if code == "en" else "{share}%")
    assert not wrong.search("{share}%" if code == "en" else "{share} %")
    assert {key: text for key, text in messages(code).items() if wrong.search(text)} == {}
    glossary = pd.read_csv(FOLDER / "templates" / "site" / "glossary.csv", dtype=str, keep_default_na=False)
    texts = [text for column in glossary if column.endswith(f"_{code}") for text in glossary[column]]
    assert texts
    assert [text for text in texts if wrong.search(text)] == []
    script = (FOLDER / "templates" / "explorer.js").read_text(encoding="utf-8")
    assert script.count('lang === "en" ? "%" : "\\u00a0%"') == 1


def test_nouns_follow_their_numbers() -> None:
    russian, english = Language("ru"), Language("en")
    for n, noun in ((1, "регион"), (2, "региона"), (5, "регионов"), (11, "регионов"), (21, "регион"), (20, "регионов")):
        assert russian.text("revision.moved", n=russian.number(n, 0), most="2").startswith(f"Место {n}{NBSP}{noun} ")
    assert english.text("revision.moved", n="1", most="3") == "1 region changes rank, by up to 3 places."
    assert english.text("revision.moved", n="1,001", most="1") == "1,001 regions change rank, by up to 1 place."
    number = Named("22", [(0, 2, "n")])
    text = russian.text("revision.moved", n=number, most="1")
    assert isinstance(text, Named)
    assert text[text.spans[0][0] : text.spans[0][1]] == "22"


@pytest.mark.parametrize("code", ["ru", "kk"])
def test_titles_have_the_name_of_a_region_in_its_case(code: str) -> None:
    """No colon form where the table of cases has the genitive; a name without cases is printed as it is."""
    language, known = Language(code), read_cases()["KZ-15", code]["genitive"]
    name = Name("Актюбинская область", {"genitive": known})
    for key in ("budget.title", "budget.annex.title", "budget.civil.title", "budget.options.title",
                "budget.opening.title", "budget.widest", "policy.progress.table"):  # fmt: skip
        assert known in language.text(key, place=name, year=2023), key
        assert "Alpha" in language.text(key, place=Name("Alpha"), year=2023), key
    assert known in language.text("policy.region.title", region=name)


@pytest.mark.parametrize("code", LANGUAGES)
def test_forms_of_nouns_are_as_many_as_the_language_has(code: str) -> None:
    forms = [
        form for text in messages(code).values() for _, _, form, _ in Formatter().parse(text) if form and "|" in form
    ]
    assert [form for form in forms if form.count("|") != (2 if code == "ru" else 1)] == []
    assert code == "kk" or forms
