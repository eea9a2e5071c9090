"""Every visible word in Kazakh, Russian and English, and numbers written as each language writes them."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from string import Formatter

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

from cwi.errors import DataError, ParameterError, near
from cwi.inputs.country import NAME, Country, read_country
from cwi.methods.ranking import half_away
from cwi.report.named import filled

__all__ = ["LANGUAGES", "Language"]

LANGUAGES = ("kk", "ru", "en")
LOCALE = Path(__file__).parent / "locale"
NONE = "–"
NBSP = "\N{NO-BREAK SPACE}"
UNITS = (" %", " п. п.", " п. т.")
MINUS = "\N{MINUS SIGN}"


class Language:
    """The messages and the number format of one language.

    Parameters
    ----------
    code
        kk, ru or en.
    root
        The folder of a project that has texts of its own in data/country.toml; this project by default.

    Raises
    ------
    ParameterError
        If there are no messages in that language.
    DataError
        If the texts of the project cannot be used.

    Examples
    --------
    >>> Language("ru").number(1234.25, 1), Language("en").number(-0.04, 1)
    ('1\\xa0234,3', '0.0')
    """

    def __init__(self, code: str, root: Path | None = None) -> None:
        if code not in LANGUAGES:
            raise ParameterError(f"language is '{code}'{near(code, LANGUAGES)}")
        self.code = code
        self.locale = Locale.parse(code)
        self._messages = _messages(code)
        self._of_country = _of_country(read_country(root), code)

    def text(self, key: str, **values: object) -> str:
        """The message of that key with its values set in.

        Raises
        ------
        KeyError
            If no message has the key.
        """
        return filled(self.template(key), values, self._noun)

    def _noun(self, number: str, forms: list[str]) -> str:
        """What follows a number: a space, which no line ends at in Russian and Kazakh, and the noun."""
        return f"{' ' if self.code == 'en' else NBSP}{self.plural(number, forms)}"

    def plural(self, number: str, forms: list[str]) -> str:
        """The form of a noun that goes with a printed number, by the plural rules of CLDR.

        Parameters
        ----------
        number
            As the language prints it.
        forms
            In the order of the language's categories: one and other in English and Kazakh; one, few and many in
            Russian, where a decimal fraction takes the second. Of fewer forms the last serves the rest.

        Examples
        --------
        >>> forms = ["место", "места", "мест"]
        >>> [Language("ru").plural(number, forms) for number in ("1", "22", "5", "1\\xa0011", "1,5", "–")]
        ['место', 'места', 'мест', 'мест', 'места', 'мест']
        """
        text = number.translate({ord(NBSP): None, ord(MINUS): None, ord("+"): None})
        text = text.replace(",", "" if self.code == "en" else ".")
        try:
            category = self.locale.plural_form(Decimal(text))
        except (ArithmeticError, ValueError):  # a dash, or a word
            return forms[-1]
        order = ("one", "few", "many") if self.code == "ru" else ("one", "other")
        if category not in order:
            category = "few"
        return forms[min(order.index(category), len(forms) - 1)]

    def template(self, key: str) -> str:
        """The message of that key with its places still open, as a page needs it that fills them in itself.

        Raises
        ------
        KeyError
            If no message has the key.
        """
        text = self._of_country.get(key) or self._messages.gettext(key)
        if text == key:
            raise KeyError(f"cwi/report/locale/{self.code}/ has no message '{key}'")
        for unit in UNITS:  # a line never ends between a number and its unit
            text = text.replace(unit, unit.replace(" ", NBSP))
        return text

    def knows(self, key: str) -> bool:
        """Whether there is a message with that key."""
        return self._messages.gettext(key) != key

    def unit(self, unit: str) -> str:
        """A unit of measure in words of the language; as it is where there are none.

        >>> Language("ru").unit("per 100 000 children"), Language("en").unit("parsecs")
        ('на 100\\xa0000 детей', 'parsecs')
        """
        key = "unit." + re.sub(r"[^a-z0-9]+", "_", unit.lower().replace("%", "percent"))
        return self.text(key) if self.knows(key) else unit

    def number(self, value: float, decimals: int, *, sign: bool = False) -> str:
        """A number as the language writes it, halves rounded away from zero; a dash where there is none."""
        if value != value:
            return NONE
        exact = Decimal(repr(float(half_away(value, decimals))))  # ranks share what is printed alike
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        text = format_decimal(abs(exact), format=pattern, locale=self.locale)
        if exact < 0:
            return MINUS + text
        return "+" + text if sign and exact > 0 else text

    def less_than(self, value: float, decimals: int) -> str:
        """A number that another one is below, with its sign, as the language writes it.

        >>> Language("en").less_than(0.001, 3), Language("ru").less_than(0.001, 3)
        ('<0.001', '<\\xa00,001')
        """
        return f"<{'' if self.code == 'en' else NBSP}{self.number(value, decimals)}"

    def day(self, day: date | str) -> str:
        """A day, given as a date or as 2026-01-27, as the language writes it.

        >>> Language("ru").day("2026-01-27"), Language("en").day("2026-01-27")
        ('27 января 2026\\xa0г.', '27 January 2026')
        """
        when = date.fromisoformat(day) if isinstance(day, str) else day
        text = format_date(when, "long", locale="en_GB" if self.code == "en" else self.locale)
        return text.replace("\N{NARROW NO-BREAK SPACE}", NBSP)

    def short_day(self, day: str) -> str:
        """A day as 2026-01-27, a month as 2026-01 or a year, as the language writes it in a table.

        >>> [Language("ru").short_day(day) for day in ("2026-01-27", "2026-01", "2026")]
        ['27.01.2026', '01.2026', '2026']
        >>> Language("en").short_day("2026-01-27")
        '27\\xa0Jan\\xa02026'
        """
        parts = day.split("-")
        english = self.code == "en"
        if len(parts) == 1:
            return day
        pattern = "MMM yyyy" if english else "MM.yyyy"
        if len(parts) == 3:
            pattern = f"d {pattern}" if english else f"dd.{pattern}"
        when = date(*map(int, [*parts, "1"][:3]))
        return format_date(when, pattern, locale="en_GB" if english else self.locale).replace(" ", NBSP)

    def list(self, items: list[str]) -> str:
        """Several things in a row, the last joined with the language's 'and'."""
        return format_list(items, locale=self.locale) if items else NONE


def _of_country(country: Country, code: str) -> Mapping[str, str]:
    """The texts of a country in one language, where each is a message that reports have, with places they fill in."""
    texts, where = country.texts.get(code, {}), f"data/{NAME}"
    messages = _messages(code)
    for key, text in texts.items():
        general = messages.gettext(key)
        if general == key:
            raise DataError(f"{where}: no message of the reports is called '{key}'{near(key, sorted(_keys(code)))}")
        try:
            places, known = _places(text), _places(general)
        except ValueError as problem:
            raise DataError(
                f"{where}: the text of '{key}' in '{code}' has a brace too many or too few ({problem})"
            ) from None
        if other := sorted(places - known):
            raise DataError(
                f"{where}: the text of '{key}' in '{code}' has the place {{{other[0]}}}{near(other[0], sorted(known))}"
            )
    return texts


def _places(text: str) -> set[str]:
    """The names in braces of a message."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _keys(code: str) -> set[str]:
    return {str(key) for key in _messages(code)._catalog if key}


@lru_cache
def _messages(code: str) -> Translations:
    """The messages of all subjects, a file each; a key that two files have is an error."""
    catalog = Catalog(locale=code)
    for path in sorted((LOCALE / code).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=code, abort_invalid=True):
                if not message.id:
                    continue  # the header
                if message.id in catalog:
                    raise ValueError(f"cwi/report/locale/{code}/{path.name}: '{message.id}' is in another file too")
                catalog[message.id] = message
    binary = io.BytesIO()
    write_mo(binary, catalog)
    binary.seek(0)
    return Translations(binary)
