"""data/country.toml: what is printed about the country of a project, its languages and the projection of its maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cwi import folders
from cwi.errors import DataError, ProjectError, near
from cwi.textfiles import read_toml

__all__ = ["NAME", "Country", "read_country"]

NAME = "country.toml"
SETTINGS = ("languages", "projection", "texts")
EVERY = ("kk", "ru", "en")  # in the order in which reports are made
LANGUAGES = EVERY[::-1]  # as cwi.indicators has them, whose tables take half a second to import


@dataclass(frozen=True)
class Country:
    """What belongs to a country and not to the library.

    ``languages``: in which reports are made; ``projection``: of maps, as PROJ writes it, or empty; ``texts``: by
    language, messages of the reports by key that are printed instead of the general ones.
    """

    languages: tuple[str, ...] = EVERY
    projection: str = ""
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))


def read_country(root: Path | None = None) -> Country:
    """The country of a project folder, of this project by default; the general one where there is no such file.

    Raises
    ------
    DataError
        If a setting is unknown or of the wrong type, or a text lacks one of the languages.

    Examples
    --------
    >>> country = read_country()
    >>> country.languages, country.texts["en"]["trend.nation"]
    (('kk', 'ru', 'en'), 'Kazakhstan')
    """
    try:
        path = (folders.root() if root is None else root) / "data" / NAME
    except ProjectError:  # the library alone, as an analyst uses it
        return Country()
    try:
        state = path.stat()
    except OSError:
        return Country()
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=16)
def _read(path: Path, modified: int, size: int) -> Country:
    where, table = folders.relative(path), read_toml(path, DataError)
    if not size:
        raise DataError(f"{where}: the file is empty; restore it, or delete it where nothing is of the country")
    for key in table:
        if key not in SETTINGS:
            raise DataError(f"{where}: no setting is called '{key}'{near(key, SETTINGS)}")
    languages = table.get("languages", list(EVERY))
    if not isinstance(languages, list) or not languages or not all(isinstance(each, str) for each in languages):
        raise DataError(f'{where}: languages is {languages!r}; it must be a list such as ["en", "ru"]')
    for each in languages:
        if each not in LANGUAGES:
            raise DataError(f"{where}: languages names '{each}'{near(each, EVERY)}")
    projection = table.get("projection", "")
    if not isinstance(projection, str):
        raise DataError(f"{where}: projection is {projection!r}; it must be a text in quotes, as PROJ writes it")
    chosen = tuple(dict.fromkeys(languages))
    return Country(chosen, projection, _texts(where, table.get("texts", {}), chosen))


def _texts(where: str, table: Any, languages: tuple[str, ...]) -> Mapping[str, Mapping[str, str]]:
    """By language, the text of each key."""
    if not isinstance(table, dict):
        raise DataError(f'{where}: texts is {table!r}; it must be tables such as [texts."report.title"]')
    texts: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for key, record in table.items():
        if not isinstance(record, dict):
            raise DataError(
                f"{where}: the text of '{key}' is {record!r}; write [texts.\"{key}\"] and a line a language"
            )
        for language, text in record.items():
            if language not in LANGUAGES:
                raise DataError(f"{where}: the text of '{key}' has the language '{language}'{near(language, EVERY)}")
            if not isinstance(text, str) or not text.strip():
                raise DataError(
                    f"{where}: the text of '{key}' in '{language}' is {text!r}; it must be a text in quotes"
                )
            texts[language][key] = text
        if missing := [language for language in languages if language not in record]:
            raise DataError(f"{where}: the text of '{key}' has no {', '.join(missing)}; give it in every language")
    return MappingProxyType({language: MappingProxyType(each) for language, each in texts.items()})
