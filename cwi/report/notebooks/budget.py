"""The children's budget of a region and year, for its notebook: the published forms, and what they rest on."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from cwi.analysis.budget import Account, totals
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.report.blocks import Heading, Paragraph, Section, Table
from cwi.report.budget import BudgetPrinter, sections_of
from cwi.report.notebooks.analysis_report import PLACES, WORDS, AnalysisReport, Number

__all__ = ["BudgetReport"]

MOST = 15
SCENARIO = "childrens_budget"  # of scenarios.toml


class BudgetReport(AnalysisReport):
    """Sections on one account in one language; show each in a cell of its own.

    Parameters
    ----------
    edition
        The project whose regions are named; children, population and gross product are its observations.
    account
        Of one region and year, as :func:`~cwi.analysis.budget.account` gives it.
    language
        kk, ru or en.

    Examples
    --------
    >>> import cwi
    >>> from cwi.analysis.budget import account, read_figures
    >>> edition = cwi.read_edition(2023)
    >>> result = account(read_figures(edition.base, edition.territory), "KZ-23", 2025)
    >>> BudgetReport(edition, result, language="en").form("section").blocks[0].plain()
    'Children in the civil budget: Atyrau, 2025'
    """

    subject = "budget"

    def __init__(self, edition: Edition, account: Account, *, language: str) -> None:
        self._budget = BudgetPrinter.of(account, edition.territory, language)
        super().__init__(edition, language=language, seed=0, ledger=self._budget.ledger)

    @property
    def year(self) -> int:
        """The year of the account, which is not that of the edition."""
        return self._budget.account.year

    def opening(self) -> Section:
        """The title, what the notebook answers, and that the coefficients are working choices."""
        made = self.section(
            "opening", Paragraph(self.text("budget.working"), "warning"), place=self._budget.place, year=self.year
        )
        first = made.blocks[0]
        assert isinstance(first, Heading)
        return Section([Heading(first.text, level=1, anchor="top"), *made.blocks[1:]])

    def coefficients(self) -> Section:
        """The coefficients that most money depends on: those with an interval, by how much of it they move."""
        printer = self._budget
        rows = printer.account.rows.assign(width=lambda t: t["children_high"] - t["children_low"])
        widest = rows.sort_values("width", ascending=False, kind="stable").head(MOST)
        widest = widest[widest["width"] > 0]
        cells, data = [], []
        for place, row in enumerate(widest.to_dict("records"), start=1):
            codes = (row["functional_group"], row["functional_subgroup"], row["administrator"], row["programme"])
            code = "/".join(filter(None, codes))
            name = printer.programme(row)
            values = [printer.number(f"wide.{place}.{key}", row[key]) for key in ("coefficient", "low", "high")]
            cells.append([code, name, *values, printer.billion(f"wide.{place}", row["width"])])
            data.append([code, name, row["coefficient"], row["low"], row["high"], row["width"]])
        words = ("codes", "programme", "coefficient", "low", "high", "width")
        columns = [printer.text(f"budget.column.{word}") for word in words]
        caption = printer.text("budget.widest", place=printer.place)
        frame = pd.DataFrame(data, columns=list(words))
        return self.section("coefficients", Table("widest", caption, columns, cells, frame, numeric=2))

    def form(self, form: str) -> Section:
        """The annex, the section of the civil budget, or the page that compares them: a part of the notebook."""
        blocks = [block for section in sections_of(form, self._budget) for block in section.blocks]
        return Section([_below(block, form) if isinstance(block, Heading) else block for block in blocks])

    def totals(self) -> Section:
        """The total of each decision of 2025 beside what was added up, and how wide each interval is."""
        printer, figures = self._budget, self._budget.account.figures
        checked = totals(figures.lines, figures.classified)
        whole = checked[checked["place"] == "EXP"].set_index("region")
        shares = figures.by_programme.droplevel("year").assign(width=lambda t: t["high"] - t["low"])
        cells, data = [], []
        for code, row in shares.sort_values("width", ascending=False, kind="stable").iterrows():
            printed, gap = whole.loc[[str(code)], ["printed", "difference"]].to_numpy().tolist()[0]
            names = ("classified", "share", "low", "high", "width")
            percent = [printer.percent(f"tie.{code}.{name}", row[name]) for name in names]
            amounts = [printer.billion(f"tie.{code}.printed", printed), printer.whole(f"tie.{code}.gap", gap, "KZT")]
            cells.append([printer.region(str(code)), *amounts, *percent])
            data.append([code, printed, gap, *(row[name] for name in names)])
        words = ("region", "total_billion", "gap", "classified", "share", "low", "high", "points_wide")
        columns = [printer.text(f"budget.column.{word}") for word in words]
        frame = pd.DataFrame(data, columns=list(words))
        return self.section("totals", Table("totals", printer.text("budget.ties"), columns, cells, frame))

    def index(self, table: pd.DataFrame, year: int) -> Section:
        """What the index of a year is with children's share of local budgets in it, beside the official one.

        Parameters
        ----------
        table
            As :func:`~cwi.analysis.comparison.scenarios` gives it, of an edition whose methodology has the scenario
            childrens_budget.
        year
            Of that edition.

        Raises
        ------
        DataError
            If the table has no such scenario.
        """
        if SCENARIO not in set(table["scenario"]):
            raise DataError(f"the table has no scenario '{SCENARIO}'; take an edition under methodology 2026.1")
        ranks = table.pivot(index="region", columns="scenario", values="rank")[["official", SCENARIO]].dropna()
        if ranks.empty:
            return self.section("index", Paragraph(self.text("budget.index.none", year=year)), year=year)
        ranks["change"] = ranks["official"] - ranks[SCENARIO]  # places gained
        ranks = ranks.sort_values("official", kind="stable").rename(columns={SCENARIO: "with_budget"})
        count = {
            "all": self.number(f"index.{year}.regions", len(ranks)),
            "n": self.number(f"index.{year}.moved", int((ranks["change"] != 0).sum())),
            "most": self.number(f"index.{year}.most", ranks["change"].abs().max()),
        }
        columns = {"region": WORDS, "official": PLACES, "with_budget": PLACES, "change": Number(0, "ranks", sign=True)}
        made = self.table("index", ranks.reset_index(), columns, part=str(year), index_year=year)
        return self.section("index", Paragraph(self.text("budget.index.text", **count)), made, year=year)


def _below(heading: Heading, form: str) -> Heading:
    """A heading of a form one level lower, since the notebook has a title of its own."""
    anchor = form if heading.level == 1 else heading.anchor
    return replace(heading, level=min(heading.level + 1, 3), anchor=anchor)
