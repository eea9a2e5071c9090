"""Names in the cases that a sentence needs: data of a project, as no rule makes them of every name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cwi import folders
from cwi.errors import DataError, near
from cwi.textfiles import read_csv

__all__ = ["CASES", "FILE", "Name", "read_cases"]

CASES = ("genitive", "dative", "accusative", "locative", "ablative", "instrumental")
FILE = "name_cases.csv"
LANGUAGES = {"ru": tuple(case for case in CASES if case != "ablative"), "kk": CASES}  # the cases that each has


class Name(str):
    """A name, which a message may ask for in a case: ``{region:genitive}``.

    Where a case is not known, as in a project without a table of cases, it is the name as it is.

    Examples
    --------
    >>> name = Name("Астана", {"genitive": "Астаны"})
    >>> f"{name}, {name:genitive}, {name:dative}", name == "Астана"
    ('Астана, Астаны, Астана', True)
    """

    cases: Mapping[str, str]

    def __new__(cls, text: str, cases: Mapping[str, str] | None = None) -> Name:
        name = super().__new__(cls, text)
        name.cases = dict(cases or {})
        return name

    def __format__(self, form: str) -> str:
        return self.cases.get(form, str(self)) if form in CASES else super().__format__(form)

    def mapped(self, change: Callable[[str], str]) -> Name:
        """The name with each of its cases changed by a function of texts."""
        return Name(change(str(self)), {case: change(text) for case, text in self.cases.items()})


def read_cases(
    folder: Path | None = None, codes: Mapping[str, object] | None = None
) -> dict[tuple[str, str], dict[str, str]]:
    """The cases of names by code and language, from name_cases.csv; empty where a project has no such file.

    Parameters
    ----------
    folder
        With the file; ``data/`` of the project by default.
    codes
        The codes that may have names.

    Returns
    -------
    dict
        By (code, language), the name in each case of that language.

    Raises
    ------
    DataError
        With file and line, if a code or a language is unknown, a name has two rows, or a case is missing.

    Examples
    --------
    >>> read_cases()["KZ-15", "ru"]["genitive"]
    'Актюбинской области'
    """
    path = (folder or folders.data()) / FILE
    if not path.is_file():
        return {}
    where = folders.relative(path)
    cases: dict[tuple[str, str], dict[str, str]] = {}
    for line, row in read_csv(path, DataError, required=("code", "language", *CASES)).iterrows():
        code, language = str(row["code"]), str(row["language"])
        if codes is not None and code not in codes:
            raise DataError(f"{where} line {line}: code is '{code}'{near(code, list(codes))}")
        if language not in LANGUAGES:
            raise DataError(f"{where} line {line}: language is '{language}'{near(language, list(LANGUAGES))}")
        if (code, language) in cases:
            raise DataError(f"{where} line {line}: {code} has two rows in '{language}'; it needs one")
        forms = {case: str(row[case]) for case in LANGUAGES[language]}
        if empty := [case for case, text in forms.items() if not text]:
            raise DataError(f"{where} line {line}: {code} has no {empty[0]} in '{language}'; each case needs a name")
        cases[code, language] = forms
    return cases
