"""How a new methodology revises the published editions, for the notebook of the revision report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cwi.analysis.audit import measurement
from cwi.analysis.comparison import CAUSES, Revision, Revisions
from cwi.edition import Edition
from cwi.report.blocks import Block, Section
from cwi.report.notebooks.analysis_report import (
    PERCENT,
    PLACES,
    POINTS,
    WHOLE,
    WORDS,
    AnalysisReport,
    Column,
    Number,
    Words,
)
from cwi.report.pictures.heat import heat_map
from cwi.report.sections.revision import revision_report

__all__ = ["RevisionReport"]

SIGNED, YEAR = Number(1, "points", sign=True), Words(str)
LIMITS = (-10.0, 10.0)  # points: larger revisions keep the darkest colour and their number


class RevisionReport(AnalysisReport):
    """Sections on the revision of several years; show each in a cell of its own.

    Parameters
    ----------
    edition
        Under the old methodology.
    result
        Of :func:`~cwi.analysis.comparison.revisions`.
    language
        kk, ru or en.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.comparison import revisions
    >>> edition = read_edition(2021)
    >>> show = RevisionReport(edition, revisions(edition, "2026.1", [2021]), language="en")
    >>> show.opening().blocks[0].plain()
    'How methodology 2026.1 revises 2024.1'
    """

    subject = "revision"

    def __init__(self, edition: Edition, result: Revisions, *, language: str) -> None:
        super().__init__(edition, language=language, seed=0)
        self.result = result

    def section(self, what: str, *blocks: Block, part: str = "", **values: object) -> Section:
        """As of every report; the two methodologies are known to all its messages."""
        return super().section(what, *blocks, part=part, **{"old": self.result.old, "new": self.result.new, **values})

    def years(self) -> Section:
        """How far the index moved in each year, and how many ranks."""
        columns: dict[str, Column] = {
            "year": YEAR, "regions": WHOLE, "mean": SIGNED, "mean_absolute": POINTS, "largest": WORDS,
            "points": SIGNED, "moved": WHOLE, "most": PLACES, "spearman": Number(2),
        }  # fmt: skip
        data = self.result.years.reset_index()
        data["largest"] = data["largest"].where(data["largest"] != "", None)
        return self.section("years", self.table("years", data, columns, key=1, **self._versions))

    def causes(self) -> Section:
        """Because of what: Shapley shares by year, as a picture and a table."""
        data = self.result.causes.dropna(subset=["share"])
        columns: dict[str, Column] = {
            "year": YEAR, "cause": self.words("column"), "mean": SIGNED, "mean_absolute": POINTS, "share": PERCENT,
        }  # fmt: skip
        behind = self.table("causes", data, columns, **self._versions)
        wide = 100 * data.pivot(index="year", columns="cause", values="share")[[*CAUSES, "coverage"]]
        shown = wide.set_axis(wide.index.astype(str), axis=0)
        shown = shown.rename(columns={cause: self.text(f"revision.column.{cause}") for cause in shown})
        figure = self.figure(
            "causes",
            lambda: heat_map(
                shown,
                number=self.plain(0),
                axis_label=self.text("revision.causes.axis"),
                missing_label=self.text("legend.missing"),
                limits=(0.0, 100.0),
            ),
            behind,
        )
        return self.section("causes", figure)

    def regions(self) -> Section:
        """The revision of each region in each year, as a picture and a table."""
        data = self.result.regions
        wide = data.pivot(index="region", columns="year", values="difference").dropna(axis=1, how="all")
        order = [code for code in data["region"].drop_duplicates() if wide.loc[code].notna().any()]
        wide = wide.loc[order].rename(columns=str)
        behind = self.table(
            "regions", wide.reset_index(), {"region": WORDS, **dict.fromkeys(wide.columns, SIGNED)},
            heads={year: year for year in wide.columns}, **self._versions,
        )  # fmt: skip
        shown = wide.set_axis([self.called(code) for code in order], axis=0)
        figure = self.figure(
            "regions",
            lambda: heat_map(
                shown,
                number=self.plain(1, sign=True),
                axis_label=self.text("revision.regions.axis"),
                missing_label=self.text("legend.missing"),
                limits=LIMITS,
                diverging=True,
            ),
            behind,
        )
        return self.section("regions", figure)

    def levels(self) -> Section:
        """Which scores moved, by year and level."""
        columns: dict[str, Column] = {
            "year": YEAR, "level": WORDS, "both": WHOLE, "changed": WHOLE, "mean_absolute": POINTS, "only_old": WHOLE,
            "only_new": WHOLE,
        }  # fmt: skip
        return self.section("levels", self.table("levels", self.result.levels, columns, key=2, **self._versions))

    def one_year(self, year: int) -> Section:
        """Every region of one year with the causes of its revision, and its dimensions.

        Raises
        ------
        KeyError
            If the year was not revised.
        """
        change = self._of(year)
        edition = self.edition.earlier(year)
        printer = AnalysisReport(edition, language=self.language.code, seed=0, ledger=self.ledger).printer
        return printer.marked(revision_report(printer, change))

    def basis(self, about_children: Sequence[str]) -> Section:
        """What the index of each year rests on, before and after.

        Parameters
        ----------
        about_children
            The indicators that are about children.
        """
        years = list(self.result.years.index)
        new = self.edition.under(self.result.new)
        both = {
            version: measurement(each, about_children, years)
            for version, each in ((self.result.old, self.edition), (self.result.new, new))
        }
        data = pd.concat(both, names=["methodology", "year"]).reset_index()
        data = data.sort_values(["year", "methodology"], kind="stable")
        data["largest"] = data["largest"].where(data["largest"] != "", None)
        columns: dict[str, Column] = {
            "year": YEAR, "methodology": YEAR, "indicators": WHOLE, "components": WHOLE, "own_year": PERCENT,
            "children": PERCENT, "variance": PERCENT, "largest": Words(self._indicator),
        }  # fmt: skip
        return self.section("basis", self.table("basis", data, columns, key=2, **self._versions))

    @property
    def _versions(self) -> dict[str, Any]:
        years = self.result.years.index
        return {"old": self.result.old, "new": self.result.new, "first": str(years.min()), "last": str(years.max())}

    def _of(self, year: int) -> Revision:
        return {change.year: change for change in self.result.each}[year]

    def _indicator(self, code: object) -> str:
        """An indicator of either methodology."""
        for rules in (self.edition.methodology, self.edition.under(self.result.new).methodology):
            titles = rules.indicators.set_index("code")[f"title_{self.language.code}"]
            if code in titles.index:
                return str(titles[str(code)])
        return self.called(code) if isinstance(code, str) else self.language.number(np.nan, 0)
