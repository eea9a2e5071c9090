"""What the survey asks and how answers become indicators: read from data/survey/<version>, checked, and applied.

``items.csv`` (a row a question), ``responses.csv`` (answers and the numbers they stand for), ``indicators.csv`` (how
numbers become a share), ``scales.csv`` (several items that measure one thing), ``texts.csv`` (what else is printed)
and ``survey.toml`` (variables of the design, limits of disclosure).
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cwi import folders
from cwi.errors import DataError, near
from cwi.inputs.survey.flow import Question, askable, flow_problems, read_conditions
from cwi.inputs.survey.records import Item, Limits, Response, Scale, Share, SurveyDefinitions
from cwi.methodology import Methodology, read_methodology
from cwi.textfiles import number, read_csv, read_toml

__all__ = ["COLUMNS", "Item", "Limits", "Response", "Scale", "Share", "SurveyDefinitions", "read_survey_definitions"]

LANGUAGES = ("en", "ru", "kk")
RESPONDENTS = ("child", "parent")
ANSWER, NOT_ASKED, NO_ANSWER, REFUSAL = "answer", "not asked", "no answer", "refusal"
KINDS = (ANSWER, "does not apply", "do not know", REFUSAL, NO_ANSWER, NOT_ASKED)
EVERY = "every"  # the set of codes that may stand in any item
RULES = ("count", "mean")
DOMAINS = ("region", "area", "sex")
COLUMNS = (
    *("id", "household", "respondent", "year", "region", "area"),
    *("stratum", "psu", "weight", "sex", "age", "language"),
)
LIMITS = ("suppress_below", "flag_below", "k", "protection", "base")
NAME = re.compile(r"[a-z][a-z0-9_]*")


def read_survey_definitions(version: str | Path, *, methodology: Methodology | None = None) -> SurveyDefinitions:
    """The definitions of a version under data/survey, or of any folder, checked.

    Parameters
    ----------
    version
        A version under data/survey, or the path of such a folder.
    methodology
        Whose survey indicators are to be defined; the one that survey.toml names by default.

    Raises
    ------
    DataError
        With file and line, what was found and what would do: an unknown word, an indicator that the methodology does
        not have or that lacks a definition, a question that nobody can be asked or that leads nowhere, a sensitive
        one without a way not to answer, a threshold that everybody or nobody reaches.

    Examples
    --------
    >>> definitions = read_survey_definitions("2024.1")
    >>> len(definitions.items), len(definitions.indicators), len(definitions.scales)
    (40, 21, 5)
    >>> definitions.indicators["healthy_diet"].items
    ('diet_fruit', 'diet_vegetables')
    """
    path = version if isinstance(version, Path) else folders.data() / "survey" / version
    if not path.is_dir():
        known = sorted(p.parent.name for p in path.parent.glob("*/survey.toml"))
        raise DataError(f"{folders.relative(path.parent)}: there is no version '{path.name}'{near(path.name, known)}")
    settings = read_toml(path / "survey.toml", DataError)
    columns, limits = _settings(settings, path.name, folders.relative(path / "survey.toml"))
    if methodology is None:
        methodology = read_methodology(settings["methodology"])
    texts = _texts(_File(path / "texts.csv", ("code", *_in_languages("text")), ("source",)))
    items_file = _File(
        path / "items.csv",
        (
            *("code", "respondent", "section", "age_from", "age_to", "responses", "shown_if", "sensitive"),
            *_in_languages("wording"),
        ),
    )
    responses = _responses(
        _File(path / "responses.csv", ("set", "code", "number", "kind", *_in_languages("label"))), items_file
    )
    items = _items(items_file, responses, texts)
    questions = _questions(items)
    for code, sentence in flow_problems(questions):
        raise items_file.at(items_file.line_of[code], f"{code}: {sentence}")
    indicators = _indicators(
        _File(
            path / "indicators.csv",
            ("code", "items", "rule", "reaches", "at_least", "minimum", "smallest_n", "finest_domain"),
        ),
        items,
        questions,
        methodology,
        limits,
    )
    scales = _scales(
        _File(path / "scales.csv", ("code", "indicator", "items", "minimum", *_in_languages("title"))),
        items,
        questions,
        indicators,
    )
    used = {code for share in indicators.values() for code in share.items}
    used |= {code for scale in scales.values() for code in scale.items}
    for code in items:
        if code not in used:
            raise items_file.at(
                items_file.line_of[code],
                f"{code} is asked for nothing: no indicator and no scale uses it; leave it out, or name what it is for",
            )
    return SurveyDefinitions(
        version=path.name,
        status=settings["status"],
        methodology=settings["methodology"],
        items=MappingProxyType(items),
        indicators=MappingProxyType(indicators),
        scales=MappingProxyType(scales),
        texts=MappingProxyType(texts),
        columns=MappingProxyType(columns),
        limits=limits,
    )


class _File:
    """A table of the definitions that knows the place of its rows."""

    def __init__(self, path: Path, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
        self.name = folders.relative(path)
        self.rows = read_csv(path, DataError, required=required, optional=optional)
        self.line_of: dict[str, int] = {}

    def at(self, line: int, sentence: str) -> DataError:
        return DataError(f"{self.name} line {line}: {sentence}")

    def lines(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        """The rows with their lines."""
        for line, *cells in self.rows.itertuples(name=None):
            yield line, dict(zip(self.rows.columns, cells, strict=True))

    def named(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        """The same; every code is a name and is listed once."""
        for line, row in self.lines():
            code = row["code"]
            if not NAME.fullmatch(code.replace(".", "_")):
                raise self.at(line, f"code is '{code}'; it must be of small letters, digits and '_'")
            if code in self.line_of:
                raise self.at(line, f"'{code}' is listed twice, first in line {self.line_of[code]}")
            self.line_of[code] = line
            yield line, row

    def one_of(self, line: int, row: Mapping[str, str], column: str, known: Collection[str]) -> str:
        if row[column] not in known:
            raise self.at(line, f"{column} is '{row[column]}'{near(row[column], known)}")
        return row[column]

    def whole(self, line: int, row: Mapping[str, str], column: str, low: int, high: int) -> int:
        text = row[column]
        if not (text.isascii() and text.isdecimal() and low <= int(text) <= high):
            raise self.at(line, f"{column} is '{text}'; it must be a whole number from {low} to {high}")
        return int(text)

    def words(self, line: int, row: Mapping[str, str], what: str) -> Mapping[str, str]:
        for language in LANGUAGES:
            if not row[f"{what}_{language}"]:
                raise self.at(line, f"'{what}_{language}' is empty")
        return MappingProxyType({language: row[f"{what}_{language}"] for language in LANGUAGES})

    def items(self, line: int, row: Mapping[str, str], items: Mapping[str, Item], least: int) -> tuple[str, ...]:
        """The items that a row names, all asked of the same people."""
        codes = tuple(row["items"].split())
        for code in codes:
            if code not in items:
                raise self.at(line, f"no item is called '{code}'{near(code, items)}")
        if len(set(codes)) < max(least, len(codes)):
            raise self.at(line, f"items are '{row['items']}'; there must be {least} or more, each once")
        if len({items[code].respondent for code in codes}) > 1:
            raise self.at(line, f"items are '{row['items']}', some asked of children and some of parents")
        return codes


def _in_languages(what: str) -> tuple[str, ...]:
    return tuple(f"{what}_{language}" for language in LANGUAGES)


def _settings(settings: Mapping[str, Any], version: str, where: str) -> tuple[dict[str, str], Limits]:
    required = ("version", "status", "methodology", "columns", "disclosure")
    for key in (*required, *settings):
        if key not in settings:
            raise DataError(f"{where}: '{key}' is missing")
        if key not in (*required, "note"):
            raise DataError(f"{where}: there is no setting '{key}'{near(key, required)}")
    if settings["version"] != version:
        raise DataError(f"{where}: version is {settings['version']!r}; the folder is called '{version}'")
    if not isinstance(settings["methodology"], str):
        raise DataError(f"{where}: methodology is {settings['methodology']!r}; it must be a text in quotes")
    if settings["status"] not in ("working", "official"):
        raise DataError(f"{where}: status is {settings['status']!r}; it must be working or official")
    for section, known in (("columns", COLUMNS), ("disclosure", LIMITS)):
        if not isinstance(settings[section], dict):
            raise DataError(f"{where}: '{section}' is no table of settings; it must be written [{section}]")
        for key in (*known, *settings[section]):
            if key not in settings[section]:
                raise DataError(f"{where}: [{section}] does not name '{key}'")
            if key not in known:
                raise DataError(f"{where}: [{section}] has no '{key}'{near(key, known)}")
    for key, name in settings["columns"].items():
        if not isinstance(name, str) or not name:
            raise DataError(f"{where}: [columns] {key} is {name!r}; it must be the name of a column, in quotes")
    columns = dict(settings["columns"])
    if len(set(columns.values())) < len(columns):
        raise DataError(f"{where}: [columns] gives one name to two variables")
    limits = Limits(**settings["disclosure"])
    whole = (limits.suppress_below, limits.flag_below, limits.k)
    if not all(type(n) is int and n > 0 for n in whole) or limits.flag_below < limits.suppress_below:
        raise DataError(
            f"{where}: [disclosure] holds {whole}; suppress_below, flag_below and k must be whole numbers above zero, "
            "flag_below not under suppress_below"
        )
    if type(limits.base) is not int or limits.base <= limits.k:
        raise DataError(
            f"{where}: [disclosure] base is {limits.base!r}; it must be a whole number above k, which is {limits.k}"
        )
    if type(limits.protection) not in (int, float) or not 0 < limits.protection < 100:
        raise DataError(f"{where}: protection is {limits.protection!r}; it must be above 0 and below 100 points")
    return columns, limits


def _texts(file: _File) -> dict[str, Mapping[str, str]]:
    return {row["code"]: file.words(line, row, "text") for line, row in file.named()}


def _responses(file: _File, items: _File) -> dict[str, tuple[Response, ...]]:
    """The answers of each set, with those that belong to any."""
    sets: dict[str, list[Response]] = {EVERY: []}
    for line, row in file.lines():
        kind = file.one_of(line, row, "kind", KINDS)
        code, value = number(row["code"]), number(row["number"])
        if code is None or code != int(code):
            raise file.at(line, f"code is '{row['code']}'; it must be a whole number")
        if row["number"] and value is None:
            raise file.at(line, f"number is '{row['number']}', which is not a number; leave it empty to leave it out")
        if (kind == ANSWER and value is None) or (kind in (REFUSAL, NO_ANSWER, NOT_ASKED) and value is not None):
            raise file.at(
                line,
                f"the kind '{kind}' {'needs a number' if value is None else f'cannot represent the number {value:g}'}",
            )
        if (kind in (NO_ANSWER, NOT_ASKED)) != (row["set"] == EVERY):
            raise file.at(line, f"'{NO_ANSWER}' and '{NOT_ASKED}' belong to the set '{EVERY}', and nothing else does")
        new = Response(int(code), math.nan if value is None else value, kind, file.words(line, row, "label"))
        for other in (*sets.setdefault(row["set"], []), *sets[EVERY]):
            if other.code == new.code or any(other.labels[k] == new.labels[k] for k in LANGUAGES):
                raise file.at(line, f"the code or a label of {new.code} is in the set '{row['set']}' twice")
        sets[row["set"]].append(new)
    every = sets.pop(EVERY)
    if [new.kind for new in every] != [NOT_ASKED, NO_ANSWER]:
        raise DataError(f"{file.name}: the set '{EVERY}' must hold one '{NOT_ASKED}' and one '{NO_ANSWER}', so ordered")
    for name, found_in in sets.items():
        if name not in set(items.rows["responses"]):
            raise DataError(f"{file.name}: no item uses the set '{name}'{near(name, set(items.rows['responses']))}")
        if sum(response.kind == ANSWER for response in found_in) < 2:
            raise DataError(f"{file.name}: the set '{name}' has fewer than two answers")
    return {name: (*found_in, *every) for name, found_in in sets.items()}


def _items(
    file: _File, responses: Mapping[str, tuple[Response, ...]], texts: Mapping[str, Mapping[str, str]]
) -> dict[str, Item]:
    items = {}
    for line, row in file.named():
        answers = responses[file.one_of(line, row, "responses", responses)]
        sensitive = file.one_of(line, row, "sensitive", ("yes", "no")) == "yes"
        if sensitive and not any(response.kind == REFUSAL for response in answers):
            raise file.at(
                line,
                f"{row['code']} is sensitive and leaves no way out: the set '{row['responses']}' needs an answer of "
                f"the kind '{REFUSAL}' ('I would rather not answer')",
            )
        if f"section.{row['section']}" not in texts:
            raise file.at(line, f"section is '{row['section']}'; texts.csv has no 'section.{row['section']}'")
        ages = (file.whole(line, row, "age_from", 0, 17), file.whole(line, row, "age_to", 0, 17))
        if ages[0] > ages[1]:
            raise file.at(line, f"the ages run from {ages[0]} to {ages[1]}")
        try:
            shown_if = read_conditions(row["shown_if"])
        except ValueError as problem:
            raise file.at(line, f"shown_if: {problem}") from None
        items[row["code"]] = Item(
            row["code"],
            file.one_of(line, row, "respondent", RESPONDENTS),
            row["section"],
            ages,
            answers,
            shown_if,
            sensitive,
            file.words(line, row, "wording"),
        )
    return items


def _questions(items: Mapping[str, Item]) -> dict[str, Question]:
    return {
        code: Question(
            code,
            item.respondent,
            frozenset(response.code for response in item.responses if response.kind != NOT_ASKED),
            item.ages,
            item.shown_if,
        )
        for code, item in items.items()
    }


def _indicators(
    file: _File,
    items: Mapping[str, Item],
    questions: Mapping[str, Question],
    methodology: Methodology,
    limits: Limits,
) -> dict[str, Share]:
    table = methodology.indicators
    asked = tuple(table.loc[table["kind"] == "survey", "code"])
    indicators = {}
    for line, row in file.named():
        if row["code"] not in asked:
            raise file.at(
                line,
                f"'{row['code']}' is no survey indicator of the methodology {methodology.version}"
                + near(row["code"], asked),
            )
        codes = file.items(line, row, items, 1)
        share = Share(
            row["code"],
            codes,
            file.one_of(line, row, "rule", RULES),
            _thresholds(file, line, row, len(codes)),
            file.whole(line, row, "at_least", 1, len(codes)),
            file.whole(line, row, "minimum", 1, len(codes)),
            file.whole(line, row, "smallest_n", limits.suppress_below, 10_000),
            tuple(row["finest_domain"].split()),
            items[codes[0]].respondent,
            any(items[code].sensitive for code in codes),
        )
        if share.domain != DOMAINS[: len(share.domain)] or not share.domain:
            raise file.at(
                line,
                f"finest_domain is '{row['finest_domain']}'; it must be 'region', 'region area' or 'region area sex'",
            )
        if share.sensitive and share.domain != ("region",):
            raise file.at(
                line, f"{share.code} is sensitive; its finest_domain must be 'region', not '{row['finest_domain']}'"
            )
        _reachable(file, line, share, items)
        if not askable(codes, questions, share.minimum):
            raise file.at(line, f"nobody can be asked {share.minimum} of its items ({', '.join(codes)})")
        indicators[share.code] = share
    for code in asked:
        if code not in indicators:
            raise DataError(f"{file.name}: the survey indicator '{code}' of the methodology has no row")
    return {code: indicators[code] for code in asked}


def _thresholds(file: _File, line: int, row: Mapping[str, str], k: int) -> tuple[float, ...]:
    thresholds = [number(text) for text in row["reaches"].split()]
    wanted = 1 if row["rule"] == "mean" else k
    if len(thresholds) != wanted or None in thresholds:
        raise file.at(
            line, f"reaches is '{row['reaches']}'; it must hold {wanted} in all, a number an item (by mean, one)"
        )
    return tuple(value for value in thresholds if value is not None)


def _reachable(file: _File, line: int, share: Share, items: Mapping[str, Item]) -> None:
    """Refuse a threshold that every answer reaches, or none."""
    each = share.reaches * len(share.items) if share.rule == "mean" else share.reaches
    for code, threshold in zip(share.items, each, strict=True):
        numbers = sorted({r.number for r in items[code].responses if not math.isnan(r.number)})
        if not numbers[0] < threshold <= numbers[-1]:
            raise file.at(
                line,
                f"reaches is {threshold:g}, but the answers to {code} are {numbers[0]:g} to {numbers[-1]:g}: "
                f"{'all' if threshold <= numbers[0] else 'none'} would be counted",
            )


def _scales(
    file: _File, items: Mapping[str, Item], questions: Mapping[str, Question], indicators: Mapping[str, Share]
) -> dict[str, Scale]:
    scales = {}
    for line, row in file.named():
        codes = file.items(line, row, items, 3)
        scale = Scale(
            row["code"],
            file.one_of(line, row, "indicator", indicators),
            codes,
            file.whole(line, row, "minimum", 2, len(codes)),
            file.words(line, row, "title"),
        )
        if not askable(codes, questions, scale.minimum):
            raise file.at(line, f"nobody can be asked {scale.minimum} of its items ({', '.join(codes)})")
        scales[scale.code] = scale
    return scales
