"""Traces of persons in a table: names, telephone numbers, e-mail addresses, individual identification numbers; rows of
persons where there should be estimates.

What is found is told by its place; it is never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd

from cwi.errors import DataError
from cwi.inputs.survey.records import SurveyDefinitions
from cwi.methods.survey.disclosure import class_sizes

__all__ = ["is_identification_number", "refuse_microdata", "traces"]

HEADINGS = frozenset(
    {"surname", "lastname", "firstname", "fullname", "patronymic", "phone", "telephone", "mobile", "email", "address"}
    | {"passport", "birthday", "birthdate", "iin", "фамилия", "имя", "отчество", "фио", "телефон", "почта", "адрес"}
    | {"паспорт", "иин", "рождения", "аты", "тегі", "есімі", "мекенжай", "мекенжайы", "жсн", "туған"}
)
BESIDE = frozenset(
    {"number", "no", "of", "first", "last", "full", "name", "birth", "date", "child", "parent", "mother", "father"}
    | {"номер", "дата", "ребенка", "ребёнка", "родителя", "нөмірі", "күні", "жөні", "баланың", "ата", "ананың"}
)
PHONE = re.compile(r"(?<![\d.,])(?:\+?7|8)[\s\-()]*7\d{2}[\s\-()]*\d{3}[\s-]*\d{2}[\s-]*\d{2}(?![\d.,])")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
TWELVE = re.compile(r"(?<!\d)\d{12}(?!\d)")
PERSON = re.compile(r"\b[А-ЯЁӘҒҚҢӨҰҮҺІ][а-яёәғқңөұүһі]+(?:ович|евич|овна|евна|ұлы|улы|қызы|кызы)\b")
MIXED = ("household", "psu", "id")  # variables of the design that only rows of persons have
QUASI = ("region", "area", "sex", "age", "language", "stratum")  # by what a person could be known together
OWN = ("age", "language", "stratum")  # of these, what tables of estimates never have


def traces(table: pd.DataFrame) -> Iterator[tuple[str, object, str]]:
    """What looks like a person: the column, the first row (none for a heading), and what it looks like.

    Examples
    --------
    >>> table = pd.DataFrame({"q1": ["yes", "call +7 700 000 00 00"], "Фамилия": ["", ""]})
    >>> list(traces(table))
    [('Фамилия', None, 'a heading of personal data'), ('q1', 1, 'a telephone number')]
    """
    for column in table.columns:
        words = re.findall(r"[^\W\d_]+", str(column).casefold())
        named = {"name"} < set(words) or {"birth", "date"} <= set(words)
        if set(words) <= HEADINGS | BESIDE and (HEADINGS & set(words) or named):
            yield str(column), None, "a heading of personal data"
    for name, cells in table.items():
        text = _text(cells)
        joined = "\n".join(text.unique())  # one search; what is across two cells is looked for in each
        for pattern, what in (
            (EMAIL, "an e-mail address"),
            (PHONE, "a telephone number"),
            (PERSON, "the name of a person"),
        ):
            if pattern.search(joined) and len(matches := text[text.str.contains(pattern)]):
                yield str(name), matches.index[0], what
        for row, cell in text[text.str.contains(TWELVE)].items() if TWELVE.search(joined) else ():
            if any(is_identification_number(number) for number in TWELVE.findall(cell)):
                yield str(name), row, "an individual identification number"
                break


def is_identification_number(digits: str) -> bool:
    """Whether twelve digits are an individual identification number: a day of birth, a century and a check digit.

    Examples
    --------
    >>> is_identification_number("000000000000")
    False
    """
    numbers = [int(digit) for digit in digits]
    try:
        date(1800 + 100 * ((numbers[6] - 1) // 2) + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return False
    first = sum(place * digit for place, digit in enumerate(numbers[:11], start=1)) % 11
    if first == 10:
        first = sum(((place + 1) % 11 + 1) * digit for place, digit in enumerate(numbers[:11], start=1)) % 11
    return 1 <= numbers[6] <= 6 and first == numbers[11]


def refuse_microdata(table: pd.DataFrame, definitions: SurveyDefinitions, *, what: str = "the table") -> None:
    """Refuse to write a table about persons; to be called before anything of the survey is written.

    Raises
    ------
    DataError
        If a heading or a cell looks like a person; if there are identifiers of the survey (id, household, cluster); if
        rows differ in numbers only, as persons do; if fewer than ``k`` rows share region, area, sex, age, language
        and stratum; or if an estimate rests on fewer answers than may be printed.

    Examples
    --------
    >>> from cwi.inputs.survey.definitions import read_survey_definitions
    >>> definitions = read_survey_definitions("2024.1")
    >>> refuse_microdata(pd.DataFrame({"region": ["KZ-39"], "value": [90.1], "n": [812]}), definitions)
    >>> refuse_microdata(pd.DataFrame({"psu": ["P1"], "value": [90.1]}), definitions)
    Traceback (most recent call last):
    cwi.errors.DataError: the table may not be written: it has the column 'psu', which only rows of persons have
    """
    refused = f"{what} may not be written:"
    for column, row, text in traces(table):
        place = "" if row is None else f", first in row {row}"
        raise DataError(f"{refused} in the column '{column}' there is {text}{place}")
    names = {definitions.columns.get(variable, variable): variable for variable in (*MIXED, *QUASI)}
    there = {names[str(column)]: str(column) for column in table.columns if str(column) in names}
    for variable in MIXED:
        if variable in there:
            raise DataError(f"{refused} it has the column '{there[variable]}', which only rows of persons have")
    if "n" in table:
        _refuse_small(table, definitions, refused)
        return
    if any(variable in there for variable in OWN):
        quasi = [column for variable, column in there.items() if variable in QUASI]
        sizes = class_sizes(table[quasi].astype(str).to_numpy())
        if sizes.size and sizes.min() < definitions.limits.k:
            raise DataError(
                f"{refused} {sizes.min()} of its rows share the {', '.join(quasi)} of row "
                f"{table.index[int(sizes.argmin())]}, and there must be {definitions.limits.k} or more"
            )
    items = [str(column) for column in table.columns if str(column) in definitions.items]
    if items:
        words = [column for column in table.columns if not pd.api.types.is_float_dtype(table[column])]
        words = [column for column in words if column not in items]
        again = table.duplicated(words).to_numpy() if words else np.arange(len(table)) > 0
        if again.any():
            raise DataError(
                f"{refused} row {table.index[int(again.argmax())]} differs from another only in answers "
                f"({items[0]}, ...), so each row is a person; print estimates"
            )


def _refuse_small(table: pd.DataFrame, definitions: SurveyDefinitions, refused: str) -> None:
    least = definitions.limits.suppress_below
    if "value" in table:
        small = (table["n"] < least) & table["value"].notna()
        if small.any():
            raise DataError(
                f"{refused} the value in row {small.idxmax()} rests on {table['n'][small].iloc[0]:g} answers, fewer "
                f"than {least}; protect the table first"
            )


def _text(cells: pd.Series) -> pd.Series:
    """The cells that could hold words or long numbers, as text."""
    held = cells.dropna()
    if pd.api.types.is_bool_dtype(held) or (pd.api.types.is_float_dtype(held) and (held % 1 != 0).any()):
        return pd.Series(dtype=str)
    if pd.api.types.is_numeric_dtype(held):
        held = held[held.abs() >= 1e10].astype("int64")
    return held.astype(str)
