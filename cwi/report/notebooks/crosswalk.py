"""Other indices beside ours: what they are, what we share, our data by their rules, as sections of a notebook.

The matching and the translated rules are our working reading; what is printed on a system has a source, in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cwi.analysis.comparison import SAME, Comparison, Method
from cwi.inputs.crosswalk import NOT_FOUND, Crosswalk
from cwi.methodology import Methodology
from cwi.methods.aggregation.of_units import thirds
from cwi.methods.ranking import half_away, rank_within
from cwi.report.blocks import Paragraph, Section, Table
from cwi.report.notebooks.analysis_report import SHARE, WHOLE, WORDS, AnalysisReport, Column, Number, Words
from cwi.report.notebooks.comparison import ComparisonReport
from cwi.report.pictures import comparison as pictures
from cwi.report.pictures.heat import heat_map

__all__ = ["CrosswalkReport"]

METHOD = ("normalisation", "weights", "aggregation", "missing")
REST = ("first", "last", "units", "dimensions", "indicators", "years", "reporting")
THIRDS = {1: "top", 2: "middle", 3: "bottom"}
FACES = {"green": "#2f7d4f", "yellow": "#f3d55b", "orange": "#e39a3b", "red": "#a5322a"}
QUOTED, NAME = Words(str, english=True), Words(str)


class CrosswalkReport(AnalysisReport):
    """Sections on other indices, in the language and the ledger of the comparison that they belong to.

    Parameters
    ----------
    crosswalk
        Other systems beside the methodology.
    show
        The report of the comparisons.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.inputs.crosswalk import read_crosswalk
    >>> edition = read_edition(2019)
    >>> show = ComparisonReport(edition, language="en", seed=1)
    >>> CrosswalkReport(read_crosswalk(edition.methodology), show).systems().tables()[0].rows[0][:2]
    ['Report Card 7', '2007']
    """

    subject = "crosswalk"

    def __init__(self, crosswalk: Crosswalk, show: ComparisonReport) -> None:
        super().__init__(show.edition, language=show.language.code, seed=show.ledger.seed, ledger=show.ledger)
        self.crosswalk, self.scheme = crosswalk, show.scheme

    def systems(self) -> Section:
        """What each system is and how it is made."""
        facts = self.crosswalk.facts
        missing = self.number("facts.missing", int((facts["value"] == NOT_FOUND).sum()))
        note = self.text("crosswalk.rules.note", n=missing, all=self.number("facts", len(facts)))
        what, how = self._quoted("systems", REST), self._quoted("rules", METHOD, note)
        return self.section("systems", what, how)

    def _quoted(self, what: str, columns: tuple[str, ...], note: str = "") -> Table:
        """A row a system, a column a fact, all of it as the sources have it."""
        data = self.crosswalk.rules[list(columns)].reset_index()
        shown = data.assign(system=self.crosswalk.systems["short"].reindex(data["system"]).to_numpy())
        return self.table(what, shown, {"system": NAME} | dict.fromkeys(columns, QUOTED), note=note)

    def coverage_map(self) -> Section:
        """The share of each component's indicators that has a counterpart in each system."""
        short = self.crosswalk.systems["short"].to_dict()
        draw = partial(
            heat_map,
            (100 * self.crosswalk.of_components()).rename(columns=short, index=self.called).rename_axis(columns=None),
            number=self.plain(0),
            axis_label=self.text("crosswalk.coverage.axis"),
            missing_label=self.text("crosswalk.coverage.missing"),
        )
        table = self.crosswalk.of_systems()
        columns = {"system": NAME, "same": WHOLE, "similar": WHOLE, "related": WHOLE, "share": SHARE, "at_least": WORDS}
        n = self.number("indicators", len(self.crosswalk.closeness))
        behind = self.table("coverage", table.rename(columns={"short": "system"}), columns, n=n)
        most = str(table["share"].idxmax())
        share = self.percent(f"coverage.{short[most]}.share", float(table["share"][most]))
        return self.section("coverage", self.figure("coverage", draw, behind, system=short[most], share=share))

    def without_counterpart(self) -> Section:
        """Which of our indicators most systems have, and which none has."""
        table = self.crosswalk.of_indicators()
        alone = list(table.index[table["systems"] == 0])
        sentence = self.text(
            "crosswalk.indicators.none",
            systems=self.number("systems", len(self.crosswalk.systems)),
            n=self.number("indicators.alone", len(alone)),
            all=self.number("indicators", len(table)),
            names=self.listed(alone),
        )
        common = table[table["systems"] > 0].sort_values("systems", ascending=False, kind="stable").reset_index()
        columns = {"indicator": WORDS, table.columns[0]: WORDS} | dict.fromkeys(
            ("same", "similar", "related", "systems"), WHOLE
        )
        return self.section("indicators", Paragraph(sentence), self.table("indicators", common, columns))

    def sources(self) -> Section:
        """Where what is printed on the systems comes from, and how it was seen."""
        columns = dict.fromkeys(("title", "year", "place", "seen", "url"), QUOTED)
        recalled = int((self.crosswalk.sources["seen"] == "recalled").sum())
        note = self.text("crosswalk.sources.note", n=self.number("sources.recalled", recalled))
        return self.section("sources", self.table("sources", self.crosswalk.sources, columns, note=note))

    def translations(self, methods: Mapping[str, Method]) -> Section:
        """Whose rule is run on our data, what of it is not followed, and whose cannot be run."""
        rows = [
            {"method": name, "run": isinstance(method.methodology, Methodology), "differs": self._differs(method)}
            for name, method in methods.items()
        ]
        columns = {"method": Words(self.scheme), "run": WORDS, "differs": NAME}
        return self.section("methods", self.table("methods", pd.DataFrame(rows), columns))

    def _differs(self, method: Method) -> str:
        """What is not followed, in the language where there is a message."""
        if self.language.knows(f"crosswalk.differs.{method.name}"):
            return self.text(f"crosswalk.differs.{method.name}")
        return method.methodology if isinstance(method.methodology, str) else method.differs

    def report_card(self, comparison: Comparison, scheme: str = "report_card") -> Section:
        """Ranks and thirds, overall and by dimension, as a report card shows them."""
        if scheme not in comparison.runs:
            return self.section("card", Paragraph(self.text("crosswalk.card.none", scheme=self.scheme(scheme))))
        run = comparison.runs[scheme]
        overall = comparison.ranks[scheme].dropna().sort_values(kind="stable")
        parts = run.wide(comparison.year, run.methodology.levels[-2].name).reindex(overall.index)
        ranks = rank_within(parts.to_numpy(float).T, tolerance=SAME).T
        data = pd.DataFrame(ranks, index=parts.index, columns=list(parts.columns))
        data.insert(0, "overall", overall)
        third = data.apply(lambda column: thirds(column.to_numpy(float)))
        rows = [
            [
                self.called(code),
                *(self._third(f"card.{code}.{node}", *pair) for node, *pair in zip(data, *both, strict=True)),
            ]
            for code, *both in zip(data.index, data.to_numpy(), third.to_numpy(), strict=True)
        ]
        overall_head = self.text("crosswalk.card.overall")
        heads = [self.head("region"), overall_head, *(self.called(column) for column in parts.columns)]
        caption = self.text("crosswalk.card.caption", year=self.year)
        return self.section("card", Table("crosswalk-card", caption, heads, rows, data.reset_index()))

    def _third(self, name: str, rank: float, third: float) -> str:
        printed = self.number(name, rank, unit="rank")
        return self.text(f"crosswalk.third.{THIRDS[int(third)]}", rank=printed)

    def coloured(self, comparison: Comparison, method: Method) -> Section:
        """The scores of the lowest level in the colours of a system."""
        system: dict[str, Any] = {"system": self.scheme(method.name)}
        if method.name not in comparison.runs or not method.colours:
            none = Paragraph(self.text("crosswalk.card.none", scheme=system["system"]))
            return self.section("colours", none, limits="–", **system)
        run = comparison.runs[method.name]
        scores = run.wide(comparison.year, run.methodology.levels[0].name).reindex(comparison.ranks.index)
        scores = scores.loc[:, scores.notna().any()].rename_axis(index="region", columns=None)
        bounds, words = list(method.colours.values()), list(method.colours)
        printed = half_away(scores.to_numpy(float), 1)
        chosen = np.select([printed >= bound for bound in bounds], words, default="")
        colour = {word: self.text(f"crosswalk.colour.{word}") for word in words}
        limits = [
            self.text(
                "crosswalk.colours.from",
                colour=colour[word],
                low=self.number(f"colours.{word}", low),
                high=self.number(f"colours.{word}.high", high),
            )
            for (word, low), high in zip(method.colours.items(), [100, *bounds], strict=False)
        ]
        key = [(word, FACES.get(word, "#dddddd"), text) for word, text in zip(words, limits, strict=True)]
        draw = partial(
            pictures.classes, scores.rename(index=self.called, columns=self.called), chosen, key, self.plain(1)
        )
        columns: dict[str, Column] = {"region": WORDS} | dict.fromkeys(scores.columns, Number(1, "points"))
        behind = self.table("colours", scores.reset_index(), columns, part=method.name, **system)
        counts = "; ".join(
            f"{colour[word]} – {self.number(f'colours.{word}.cells', int((chosen == word).sum()))}" for word in words
        )
        picture = self.figure("colours", draw, behind, part=method.name, counts=counts)
        return self.section("colours", picture, limits="; ".join(limits), **system)
