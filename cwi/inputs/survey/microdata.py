"""Files of answers, as they come from the field: read with their labels, with a list of everything that is wrong.

CSV, Parquet, SPSS (.sav) and Stata (.dta). Files of persons lie outside the repository; only what is marked synthetic
may lie inside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi import folders, textfiles
from cwi.errors import DataError, near, optional
from cwi.inputs.survey.definitions import NOT_ASKED, RESPONDENTS
from cwi.inputs.survey.personal import traces
from cwi.inputs.survey.records import Item, SurveyDefinitions
from cwi.inputs.survey.synthetic import SYNTHETIC
from cwi.observations import Problem
from cwi.textfiles import refuse_torn

__all__ = ["FLAGS", "Microdata", "microdata_problems", "read_microdata"]

FLAGS = ("lonely psu", "empty cells", "unknown column")  # told, but no reason to refuse a file
WORDS: Mapping[str, tuple[str, ...]] = {
    "respondent": RESPONDENTS,
    "area": ("U", "R"),
    "sex": ("F", "M"),
    "language": ("kk", "ru"),
}
NEEDED = ("id", "region", "area", "stratum", "psu", "weight", "sex", "age")
EXTRA = ("synthetic", "source")
SHOWN = 3
FAR = 1000  # times the median weight


@dataclass(frozen=True, eq=False)
class Microdata:
    """Answers ready for recoding (variables of the design, a column of codes an item), and what was flagged."""

    answers: pd.DataFrame
    flags: tuple[Problem, ...]


def read_microdata(
    path: Path, definitions: SurveyDefinitions, *, respondent: str, regions: tuple[str, ...], year: int
) -> Microdata:
    """Read a file of answers.

    Parameters
    ----------
    path
        A .csv, .parquet, .sav or .dta file outside the repository. Items hold codes, or labels in any language of
        the questionnaire.
    definitions
        What was asked, and what the variables of the design are called in the file.
    respondent
        Whose answers: 'child' or 'parent'.
    regions
        Codes of the regions there are.
    year
        Of the round.

    Raises
    ------
    DataError
        With file, row (the first below the headings is 1), what was found and what would do, for the first of the
        problems; :func:`microdata_problems` lists them all.
    """
    table, findings = _read(Path(path), definitions, respondent, regions, year)
    wrong = [problem for problem in findings if problem.kind not in FLAGS]
    if wrong:
        more = f" (and {len(wrong) - 1} more problems)" if len(wrong) > 1 else ""
        raise DataError(f"{wrong[0]}{more}")
    return Microdata(table, tuple(findings))


def microdata_problems(
    path: Path, definitions: SurveyDefinitions, *, respondent: str, regions: tuple[str, ...], year: int
) -> list[Problem]:
    """Everything that is wrong with a file of answers, and what is only flagged (of the kinds in ``FLAGS``).

    Parameters are those of :func:`read_microdata`.
    """
    return _read(Path(path), definitions, respondent, regions, year)[1]


def _read(
    path: Path, definitions: SurveyDefinitions, respondent: str, regions: tuple[str, ...], year: int
) -> tuple[pd.DataFrame, list[Problem]]:
    if respondent not in RESPONDENTS:
        raise DataError(f"respondent is '{respondent}'{near(respondent, RESPONDENTS)}")
    where = folders.relative(path)
    inside = path.resolve().is_relative_to(folders.root().resolve())
    if inside and SYNTHETIC not in path.name:
        raise DataError(
            f"{where}: answers of persons may not lie in the repository; move the file out of it (only files with "
            f"'{SYNTHETIC}' in their name may stay)"
        )
    table, labels = _open(path)
    if table.empty:
        raise DataError(f"{where}: there is no answer in it")
    if inside and not (SYNTHETIC in table and table[SYNTHETIC].eq(SYNTHETIC).all()):
        raise DataError(
            f"{where}: the name holds '{SYNTHETIC}', but not every row does in a column '{SYNTHETIC}'; answers of "
            "persons may not lie in the repository"
        )
    table.index = pd.RangeIndex(1, len(table) + 1, name="row")
    problem_of = _ProblemAt(where)
    personal = [problem_of("person", row, f"in the column '{column}' there is {what}; files of answers hold no names, "
                    "numbers or addresses: delete the column") for column, row, what in traces(table)]  # fmt: skip
    items = definitions.asked_of(respondent)
    table = table.rename(columns={name: variable for variable, name in definitions.columns.items()})
    wrong = [*personal, *_columns(table, definitions, items, problem_of)]
    if not any(problem.kind == "missing column" for problem in wrong):
        wrong += _duplicates(table, problem_of)
        wrong += _design(table, respondent, regions, year, problem_of)
        for item in items:
            codes, problems = _codes(table[item.code], item, labels.get(item.code, {}), problem_of)
            table[item.code] = codes
            wrong += problems
        age = textfiles.numbers(table["age"])
        wrong += _skips(table[age.between(*_ages(respondent)) & (age % 1 == 0)], items, problem_of)
    known = [name for name in table if name in (*definitions.columns, *definitions.items, *EXTRA)]
    return table[known].assign(respondent=respondent, year=year), wrong


class _ProblemAt:
    """Makes problems of one file."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __call__(self, kind: str, row: object, sentence: str) -> Problem:
        return Problem(kind, self.where, None, sentence if row is None else f"row {row}: {sentence}")

    def rows(self, kind: str, bad: pd.Series | NDArray[np.bool_], table: pd.DataFrame, sentence: str) -> list[Problem]:
        """One problem for all rows that are bad in the same way."""
        rows = [int(row) for row in table.index[np.asarray(bad)]]
        if not rows:
            return []
        shown = ", ".join(str(row) for row in rows[:SHOWN])
        more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
        return [Problem(kind, self.where, None, f"row{'s' if len(rows) > 1 else ''} {shown}{more}: {sentence}")]


def _open(path: Path) -> tuple[pd.DataFrame, dict[str, dict[Any, str]]]:
    """The table and, of a statistical package, its value labels."""
    where = folders.relative(path)
    statistical = {".sav": "read_sav", ".dta": "read_dta"}
    if path.suffix not in (".csv", ".parquet", *statistical):
        raise DataError(f"{where}: the name ends in '{path.suffix}'; there are .csv, .parquet, .sav, .dta")
    if not path.is_file():
        raise DataError(f"{where}: there is no such file")
    if path.suffix in statistical:
        read: Callable[..., Any] = getattr(
            optional("pyreadstat", extra="survey", purpose=f"{where}: a file {path.suffix}"), statistical[path.suffix]
        )
    try:
        if path.suffix in statistical:
            kept = {"user_missing": True} if path.suffix == ".sav" else {}  # refusals are often declared missing
            table, metadata = read(str(path), **kept)
            return pd.DataFrame(table), dict(metadata.variable_value_labels)
        if path.suffix == ".parquet":
            return pd.read_parquet(path), {}
        refuse_torn(path)
        return pd.read_csv(path, encoding="utf-8-sig"), {}
    except DataError:
        raise
    except Exception as problem:  # of many kinds, by what is damaged
        raise DataError(f"{where}: the file cannot be read ({type(problem).__name__}); save it again") from None


def _columns(
    table: pd.DataFrame, definitions: SurveyDefinitions, items: tuple[Item, ...], problem: _ProblemAt
) -> Iterator[Problem]:
    """Columns that are missing, and those that nobody asked for."""
    wanted = [*NEEDED, *(item.code for item in items)]
    for name in wanted:
        if name not in table:
            shown = definitions.columns.get(name, name)
            yield problem("missing column", None, f"the column '{shown}' is missing{near(shown, table.columns)}")
    for name in table.columns:
        if name in (*wanted, *definitions.columns, *definitions.items, *EXTRA):
            continue
        if pd.api.types.is_numeric_dtype(table[name]):
            yield problem("unknown column", None, f"no variable or item is called '{name}'; it is not read")
        else:
            yield problem(
                "person",
                None,
                f"the column '{name}' holds words and is no variable or item; free text may name persons: delete it",
            )


def _duplicates(table: pd.DataFrame, problem: _ProblemAt) -> list[Problem]:
    twice = table["id"].duplicated(keep=False) & table["id"].notna()
    same = table.drop(columns="id").duplicated(keep=False)
    return [
        *problem.rows("duplicate", table["id"].isna(), table, "there is no id"),
        *problem.rows("duplicate", twice, table, "the id is there more than once; a person answers once"),
        *problem.rows("duplicate", same & ~twice, table, "the rows are the same but for the id; keep one of them"),
    ]


def _design(
    table: pd.DataFrame, respondent: str, regions: tuple[str, ...], year: int, problem: _ProblemAt
) -> Iterator[Problem]:
    weight = textfiles.numbers(table["weight"])
    yield from problem.rows(
        "weight", weight.isna(), table, "the weight is missing or no number; every person needs one"
    )
    yield from problem.rows(
        "weight", weight <= 0, table, "the weight is not above zero; leave out respondents who represent nobody"
    )
    yield from problem.rows("weight", np.isinf(weight.to_numpy(float)), table, "the weight is infinite")
    far = np.isfinite(weight.to_numpy(float)) & (weight > FAR * weight.median()).to_numpy()
    sentence = f"the weight is more than {FAR:,} times the median of the file; one person would stand for all"
    yield from problem.rows("weight", far, table, sentence)
    allowed: dict[str, tuple[str, ...]] = {"region": regions, **WORDS, "respondent": (respondent,)}
    for name, known in allowed.items():
        if name in table:
            for word in table.loc[~table[name].isin(known), name].drop_duplicates():
                bad = table[name].isna() if pd.isna(word) else table[name] == word
                shown = "empty" if pd.isna(word) else f"'{word}'"
                yield from problem.rows(name, bad, table, f"{name} is {shown}{near(word, known)}")
    low, high = _ages(respondent)
    age = textfiles.numbers(table["age"])
    impossible = ~age.between(low, high) | (age % 1 != 0)
    yield from problem.rows("age", impossible, table, f"age must be a whole number from {low} to {high} (of the child)")
    if "year" in table:
        yield from problem.rows("year", table["year"] != year, table, f"the year is not that of the round, {year}")
    for name in ("stratum", "psu"):
        yield from problem.rows("design", table[name].isna(), table, f"the {name} is missing")
    strata = table.dropna(subset=["stratum", "psu"]).groupby("psu")["stratum"].transform("nunique") > 1
    mixed = strata.reindex(table.index, fill_value=False)
    yield from problem.rows("design", mixed, table, "the cluster is in more than one stratum; give each its own name")
    clusters = table.groupby("stratum")["psu"].nunique()
    for stratum in clusters.index[clusters == 1]:
        yield problem(
            "lonely psu",
            None,
            f"the stratum '{stratum}' has one cluster only, so its variance cannot be estimated; choose the rule "
            "(joined with another stratum, certainty, centred at the mean)",
        )


def _ages(respondent: str) -> tuple[int, int]:
    return (10, 17) if respondent == "child" else (0, 17)


def _codes(
    cells: pd.Series, item: Item, labels: Mapping[Any, str], problem: _ProblemAt
) -> tuple[pd.Series, list[Problem]]:
    """The codes of an item; labels in any language are accepted. Empty cells are no answer."""
    table = pd.DataFrame({item.code: cells})
    words = {label.casefold(): r.code for r in item.responses for label in r.labels.values() if not label.isdecimal()}
    problems = []
    for value, label in labels.items():
        meant = words.get(str(label).strip().casefold())
        code = next((r for r in item.responses if r.code == value), None)
        if code is not None and meant != code.code and str(label) not in code.labels.values():
            problems.append(
                problem("labels", None, f"the file labels {item.code} = {value:g} '{label}', the questionnaire "
                    f"'{code.labels['en']}'; the codes of the file are not those of the definitions")
            )  # fmt: skip
    numbers = textfiles.numbers(cells)
    if not pd.api.types.is_numeric_dtype(cells):
        numbers = numbers.fillna(cells.astype("string").str.strip().str.casefold().map(words).astype(float))
    known = {float(r.code) for r in item.responses}
    bad = cells.notna() & ~numbers.isin(known)
    for value in cells[bad].drop_duplicates():
        shown = f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, int) else f"'{value}'"
        allowed = [f"{r.code} {r.labels['en']}" for r in item.responses]
        sentence = f"{item.code} is {shown}, which is no answer to it{near(value, allowed)}"
        problems += problem.rows("answer", bad & (cells == value), table, sentence)
    problems += problem.rows(
        "empty cells", cells.isna(), table, f"{item.code} is empty; it is taken for no answer (99), if it was asked"
    )
    return numbers.where(numbers.isin(known), math.nan), problems


def _skips(table: pd.DataFrame, items: tuple[Item, ...], problem: _ProblemAt) -> Iterator[Problem]:
    """Answers where the questionnaire did not lead, and none where it did."""
    age = textfiles.numbers(table["age"])
    for item in items:
        not_asked = float(next(r.code for r in item.responses if r.kind == NOT_ASKED))
        asked = age.between(*item.ages)
        for condition in item.shown_if:
            earlier = table[condition.item]
            asked &= (earlier != not_asked) & (earlier.isin(list(condition.codes)) != condition.negated)
        codes = table[item.code]
        led = f"the questionnaire does not lead to {item.code}"
        yield from problem.rows(
            "skip", ~asked & codes.notna() & (codes != not_asked), table, f"{led}, and it is answered"
        )
        led = f"{item.code} is 'not asked' (95), but the questionnaire leads to it"
        yield from problem.rows("skip", asked & (codes == not_asked), table, led)
