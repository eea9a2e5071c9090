"""What a printed number rests on, by its name in the ledger: regions, indicators, years, groups, registers.

A name begins with the kind of the number (``score.2023.KZ-71.health``); each kind has one rule here. A kind without a
rule rests on everything, so that nothing is ever left out of a list; a test asks for a rule for every published name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from cwi.analysis.comparison import CHILDREN
from cwi.analysis.equity import gaps
from cwi.edition import POPULATION, Edition

__all__ = ["KINDS", "Ground", "Grounds"]

CELLS, ROWS, RULES = "cells", "rows", "rules"  # values in use in a year; rows of a year themselves; nothing measured


@dataclass(frozen=True)
class Ground:
    """What a number rests on.

    ``of``: 'cells' (the values in use in ``years``, carried or of a former region though they may be), 'rows' (rows of
    these years themselves) or 'rules' (the methodology alone). ``regions`` and ``indicators``: codes; ``by``: 'sex' or
    'area' where the rows are of groups; ``folders``: registers of data/ that it rests on as well.
    """

    of: str
    years: frozenset[int] = frozenset()
    regions: frozenset[str] = frozenset()
    indicators: frozenset[str] = frozenset()
    by: str = ""
    also: frozenset[str] = frozenset()  # series that are no indicators, such as the number of children, in any year
    folders: tuple[str, ...] = ()


class Grounds:
    """What the numbers of an edition rest on.

    Examples
    --------
    >>> from cwi import read_edition
    >>> ground = Grounds(read_edition(2023)).of("score.2023.KZ-71.medical_care")
    >>> sorted(ground.regions), sorted(ground.years), "physicians" in ground.indicators
    (['KZ-71'], [2023], True)
    """

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.nation = edition.territory.nation
        self.regions = frozenset(edition.regions)
        self.everyone = self.regions | ({self.nation} if self.nation else set())
        self.codes = frozenset(map(str, edition.methodology.indicators["code"]))

    @cached_property
    def below(self) -> dict[str, frozenset[str]]:
        """The indicators under each node, and each indicator itself."""
        rules = self.edition.methodology
        below = {code: frozenset({code}) for code in self.codes}
        lowest = rules.levels[0].name
        for node in rules.nodes[0]:
            of = rules.indicators.get(lowest)
            chosen = rules.indicators["code"] if of is None else rules.indicators.loc[of == node.code, "code"]
            below[node.code] = frozenset(map(str, chosen))
        for parts, level in zip(rules.nodes, rules.nodes[1:], strict=False):
            for node in level:
                own = [below[part.code] for part in parts if part.parent == node.code]
                below[node.code] = frozenset().union(*own) | below.get(node.code, frozenset())
        return below

    @cached_property
    def _gap_years(self) -> dict[tuple[str, str], frozenset[int]]:
        """The years of the gaps by grouping and indicator."""
        found = {}
        for by in ("sex", "area"):
            for code, rows in gaps(self.edition, by).groupby("indicator"):
                found[by, str(code)] = frozenset(map(int, rows["year"]))
        return found

    def of(self, name: str) -> Ground:
        """The ground of a number of the edition's ledger."""
        kind, *parts = name.split(".")
        rule = KINDS.get(kind)
        return self._all() if rule is None else rule(self, parts)

    # ------------------------------------------------------------ rules, one for each kind

    def _cells(
        self, year: str | int, regions: frozenset[str], node: str = "", *, also: tuple[str, ...] = (), folder: str = ""
    ) -> Ground:
        indicators = self.below.get(node, self.codes)
        folders = (folder,) if folder else ()
        return Ground(CELLS, frozenset({int(year)}), regions, indicators, also=frozenset(also), folders=folders)

    def _all(self) -> Ground:
        return self._cells(self.edition.year, self.everyone, also=(CHILDREN, POPULATION))

    def _one(self, parts: list[str]) -> Ground:
        """``score.YEAR.REGION.NODE`` and ``value``: the values of that region under the node."""
        return self._cells(parts[0], frozenset({parts[1]}), parts[2])

    def _ranked(self, parts: list[str]) -> Ground:
        return self._cells(parts[0], self.regions, parts[2])

    def _gap(self, parts: list[str]) -> Ground:
        """``gap.YEAR.NODE`` between regions, ``gap.YEAR.REGION.CODE`` to the nation."""
        if len(parts) == 2:
            return self._cells(parts[0], self.regions, parts[1])
        return self._cells(parts[0], frozenset({parts[1], self.nation}), parts[2])

    def _example(self, parts: list[str]) -> Ground:
        """A share depends on which parts beside it were measured."""
        if parts[-1] == "value":
            return self._cells(parts[0], frozenset({parts[1]}), parts[2])
        return self._cells(parts[0], frozenset({parts[1]}))

    def _measured(self, parts: list[str]) -> Ground:
        where = parts[1]
        if where in self.everyone:
            return self._cells(parts[0], frozenset({where}))
        if where in self.below:  # by component, of the nation
            return self._cells(parts[0], frozenset({self.nation}), where)
        return self._cells(parts[0], self.everyone)

    def _weighted(self, parts: list[str]) -> Ground:
        return self._cells(parts[0], self.regions, parts[1], also=(CHILDREN, POPULATION))

    def _set(self, parts: list[str]) -> Ground:
        return self._cells(parts[0], self.everyone, parts[1], also=(CHILDREN, POPULATION))

    def _change(self, parts: list[str]) -> Ground:
        years = frozenset(map(int, parts[0].split("-")))
        regions = frozenset({parts[1]}) if parts[1] in self.everyone else self.everyone
        indicators = self.below.get(parts[2], self.codes) if len(parts) > 2 else self.codes
        return Ground(ROWS, years, regions, indicators)

    def _trend(self, parts: list[str]) -> Ground:
        """``trend.FIRST-LAST.mean.NODE.YEAR``: figures of that year on the territories of the first."""
        first, last = map(int, parts[0].split("-"))
        territories = frozenset(self.edition.territory.regions_of(first))
        if len(parts) < 4:
            return Ground(ROWS, frozenset(range(first, last + 1)), territories | self.everyone, self.codes)
        regions = frozenset({self.nation}) if parts[1] == "nation" else territories | self.regions
        also = frozenset() if parts[1] == "nation" else frozenset({CHILDREN, POPULATION})
        years = range(first, int(parts[3]) + 1)  # rare events are pooled over the years before
        return Ground(ROWS, frozenset(years) if self._pools else frozenset({int(parts[3])}), regions,
                      self.below.get(parts[2], self.codes), also=also)  # fmt: skip

    @property
    def _pools(self) -> bool:
        return "pooled_years" in self.edition.methodology.indicators

    def _equity(self, parts: list[str]) -> Ground:
        """``equity.YEAR.sex.REGION.CODE.gap``, ``.gap_2019``, or ``equity.YEAR.sex.CODE.regions``."""
        by = parts[1]
        regions, code = (self.regions, parts[2]) if len(parts) == 4 else (frozenset({parts[2]}), parts[3])
        past = re.fullmatch(r"gap_(\d{4})", parts[-1])
        years = frozenset({int(past[1])}) if past else self._gap_years.get((by, code), frozenset())
        return Ground(ROWS, years, regions, frozenset({code}), by=by)

    def _money(self, parts: list[str]) -> Ground:
        """Budgets by function, per child, in prices of a year, beside the age structure and the regional product."""
        return Ground(RULES, also=frozenset({CHILDREN, POPULATION, "grp", "children_0_17"}), folders=("budget",))

    def _policy(self, parts: list[str]) -> Ground:
        if len(parts) == 4 and parts[1] in self.everyone:
            return self._cells(parts[0], frozenset({parts[1], self.nation}), parts[2], folder="policy")
        return Ground(RULES, folders=("policy",))

    def _region(self, parts: list[str]) -> Ground:
        """``region.YEAR.REGION.SUBJECT…``, the numbers of a profile; those of draws rest on every region."""
        year, region, subject, *rest = parts
        one, both = frozenset({region}), frozenset({region, self.nation} - {""})
        if subject == "nodes":
            of = {"score": one, "nation": both - one or one, "gap": both}.get(rest[1], self.everyone)
            return self._cells(year, of, rest[0])
        if subject == "gap":
            return self._cells(year, self.everyone, rest[0])
        if subject == "groups":
            years = self._gap_years.get((rest[0], rest[1]), frozenset())
            return Ground(ROWS, years, both, frozenset({rest[1]}), by=rest[0])
        if subject in ("measured", "carried", "missing", "own", "parent", "indicators"):
            return self._cells(year, one)
        return self._money(parts) if subject == "money" else self._all()

    def _everything(self, parts: list[str]) -> Ground:
        return self._all()

    def _rules(self, parts: list[str]) -> Ground:
        return Ground(RULES)


KINDS: dict[str, Callable[[Grounds, list[str]], Ground]] = {
    "budget": Grounds._money,
    "change": Grounds._change,
    "end": Grounds._rules,
    "equity": Grounds._equity,
    "example": Grounds._example,
    "force": Grounds._everything,
    "framework": Grounds._rules,
    "gap": Grounds._gap,
    "gap_matched": Grounds._gap,
    "limits": Grounds._everything,
    "mean_by_children": Grounds._weighted,
    "measured": Grounds._measured,
    "policy": Grounds._policy,
    "quality": Grounds._everything,
    "rank": Grounds._ranked,
    "region": Grounds._region,
    "rule": Grounds._rules,
    "score": Grounds._one,
    "set": Grounds._set,
    "stricter": Grounds._everything,
    "summary": Grounds._everything,
    "sure": Grounds._everything,
    "thin": Grounds._everything,
    "trend": Grounds._trend,
    "value": Grounds._one,
    "weight": Grounds._rules,
}
