"""What every section of a report needs: an edition, a language, and a ledger for the numbers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from cwi.analysis.uncertainty import Robustness, robustness
from cwi.edition import Edition
from cwi.index import Scores
from cwi.indicators import OPEN
from cwi.methodology import Node
from cwi.report.blocks import Section
from cwi.report.languages import Language
from cwi.report.ledger import Ledger
from cwi.rules import Rule

__all__ = ["Printer", "language_of", "status_line", "status_word"]


def language_of(edition: Edition, code: str) -> Language:
    """The messages of a language with the texts of the edition's own project."""
    return Language(code, edition.project.root if edition.project is not None else edition.path)


def status_line(edition: Edition, language: Language) -> str:
    """Year, borders and methodology of an edition, and whether it is experimental, working or a rehearsal."""
    rules = edition.methodology
    parts = [language.text("foot.edition", year=edition.year, version=rules.version)]
    parts += [language.text("foot.experimental")] if edition.experimental else []
    parts += [language.text("foot.working")] if rules.status == "working" else []
    parts += [language.text("rehearsal.mark")] if edition.rehearsal else []
    return " · ".join(parts)


def status_word(edition: Edition, language: Language) -> str:
    """What is written among the data of every picture: experimental, else a working list; nothing where approved."""
    if edition.experimental:
        return language.text("mark.experimental")
    return language.text("mark.working") if edition.methodology.status == "working" else ""


@dataclass(frozen=True, eq=False)
class Printer:
    """Prints texts about an edition in one language; each number it prints goes through the ledger."""

    edition: Edition
    language: Language
    ledger: Ledger
    draws: int
    rng: np.random.Generator
    extras: dict[str, pd.DataFrame] = field(default_factory=dict)
    factors: tuple[str, ...] = ()
    drawn: Robustness | None = None

    @cached_property
    def robustness(self) -> Robustness:
        """How robust the ranking is: ``drawn``, or drawn here from a generator that no other section uses."""
        if self.drawn is not None:
            return self.drawn
        return _robustness(self.edition, self.factors, self.draws, self.ledger.seed)

    @cached_property
    def nobody(self) -> bool:
        """Whether no region has an index: then there is no order, and nothing to draw."""
        return bool(self.scores.of(self.top.code)[self.year].reindex(self.edition.regions).isna().all())

    @property
    def year(self) -> int:
        return self.edition.year

    @property
    def scores(self) -> Scores:
        return self.edition.scores

    @property
    def nation(self) -> str:
        return self.edition.territory.nation

    @property
    def top(self) -> Node:
        return self.edition.methodology.top

    @property
    def dimensions(self) -> tuple[Node, ...]:
        """The nodes just below the index."""
        return self.edition.methodology.nodes[-2]

    @property
    def components(self) -> tuple[Node, ...]:
        """The lowest nodes, those that hold indicators."""
        return self.edition.methodology.nodes[0]

    @property
    def title_of_report(self) -> str:
        """The title, after the mark of a rehearsal where it is one."""
        title = self.text("report.title", year=self.year, nation=self.region(self.nation))
        return f"{self.text('rehearsal.mark')}. {title}" if self.edition.rehearsal else title

    def marked(self, section: Section) -> Section:
        """The section with its status on every picture, and with the mark of a rehearsal where it is one."""
        footed = section.footed(self.status_line, self.status_word)
        return footed.marked(self.text("rehearsal.mark")) if self.edition.rehearsal else footed

    @cached_property
    def status_line(self) -> str:
        """The line below every picture and page, of :func:`status_line`."""
        return status_line(self.edition, self.language)

    @cached_property
    def status_word(self) -> str:
        """The word among the data of every picture, of :func:`status_word`."""
        return status_word(self.edition, self.language)

    def text(self, key: str, **values: object) -> str:
        return self.language.text(key, **values)

    def region(self, code: str) -> str:
        return self.edition.territory.name(code, self.language.code)

    def title(self, code: str) -> str:
        """The title of an indicator or a node; its code where nobody gave it one."""
        return self._titles[code]

    @cached_property
    def _titles(self) -> dict[str, str]:
        return self.edition.methodology.titles_of(self.language.code)

    def of_source(self, record: Mapping[str, Any], key: str) -> str:
        """Publisher, title or licence of a source in the language; in English where it is not translated."""
        return str(record.get(f"{key}_{self.language.code}", record.get(key, "")))

    def is_translated(self, record: Mapping[str, Any], key: str) -> bool:
        """Whether that text of a source is printed in the report's own language."""
        return self.language.code == "en" or f"{key}_{self.language.code}" in record

    @cached_property
    def indicators(self) -> dict[str, dict[Hashable, Any]]:
        """The rows of the methodology's indicators by code: a report asks for unit and decimals thousands of times."""
        table = self.edition.methodology.indicators
        return dict(zip(table["code"], table.to_dict("records"), strict=True))

    @cached_property
    def with_figures(self) -> frozenset[str]:
        """The indicators with open figures: those that the list calls open, and those awaited that have one by now.

        Figures of a rehearsal are synthetic; what is awaited stays so there.
        """
        table = self.edition.methodology.indicators
        listed = {str(code) for code in table.loc[table["data"] == OPEN, "code"]}
        if self.edition.rehearsal:
            return frozenset(listed)
        rows = self.edition.observations
        rows = rows[rows["scored"].astype(bool) & rows["value"].notna() & (rows["sex"] == "") & (rows["area"] == "")]
        return frozenset(listed | (set(rows["indicator"]) & set(table["code"])))

    def unit(self, indicator: str) -> str:
        """The unit of an indicator in words of the language; as the methodology writes it where there are none."""
        return self.language.unit(str(self.indicators[indicator]["unit"]))

    def method(self, rule: Rule) -> str:
        """A method in words of the language, with its settings; its word in a methodology where there are none."""
        return method_words(rule, self.language)

    def level(self, name: str) -> str:
        """The name of a level in the language; as the methodology names it where there is none."""
        return self.text(f"level.{name}") if self.language.knows(f"level.{name}") else name

    def ranked(self) -> list[str]:
        """Regions in the order of the index, those without one last, in the order of the register."""
        index = self.scores.of(self.top.code)[self.year].reindex(self.edition.regions)
        return list(index.sort_values(ascending=False, kind="stable", na_position="last").index)

    # Numbers by the name of what they are.

    def score(self, region: str, node: str, value: float, *, year: int | None = None) -> str:
        name = f"score.{year or self.year}.{region}.{node}"
        return self.ledger.number(name, value, unit="points", decimals=self.edition.methodology.decimals)

    def value(self, region: str, indicator: str, value: float, *, year: int | None = None) -> str:
        """A measured value in its own unit."""
        decimals, unit = int(self.indicators[indicator]["decimals"]), str(self.indicators[indicator]["unit"])
        name = f"value.{year or self.year}.{region}.{indicator}"
        return self.ledger.number(name, value, unit=unit, decimals=decimals)

    def rank(self, region: str, node: str, value: float) -> str:
        return self.ledger.number(f"rank.{self.year}.{region}.{node}", value, unit="rank", decimals=0)

    def share(self, name: str, value: float) -> str:
        """A share of one, printed as a percentage."""
        return self.ledger.number(name, 100 * value, unit="%", decimals=0)

    def whole(self, name: str, value: float, unit: str = "count") -> str:
        return self.ledger.number(name, value, unit=unit, decimals=0)

    def points(self, name: str, value: float) -> str:
        """A difference of scores, with its sign."""
        return self.ledger.number(name, value, unit="points", decimals=self.edition.methodology.decimals, sign=True)

    def plain(self, value: float) -> str:
        """A number inside a picture whose table enters it into the ledger."""
        return self.language.number(value, self.edition.methodology.decimals)


@lru_cache(maxsize=1)  # the same in each language
def _robustness(edition: Edition, factors: tuple[str, ...], draws: int, seed: int) -> Robustness:
    return robustness(edition, factors, draws=draws, rng=np.random.default_rng(seed).spawn(1)[0])


def method_words(rule: Rule, language: Language) -> str:
    """A method in words of a language, with its settings; its word in a methodology where there are none."""

    def setting(name: str, value: object) -> str:
        known = language.knows(f"setting.{name}_{str(value).lower()}")
        return language.text(f"setting.{name}_{str(value).lower()}") if known else f"{name} = {value}"

    if not language.knows(f"method.{rule.family}.{rule.name}"):
        return str(rule)
    settings = "; ".join(setting(name, value) for name, value in sorted(rule.parameters.items()))
    title = language.text(f"method.{rule.family}.{rule.name}")
    return f"{title} ({settings})" if settings else title
