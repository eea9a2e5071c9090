"""The children's budget of a region and year, for its notebook: the published forms, and what they rest on."""

from __future__ import annotations

import pandas as pd

from cwi.analysis.budget import Account, totals
from cwi.report.blocks import Paragraph, Section, Table, output_folder
from cwi.report.budget import BudgetPrinter, sections_of
from cwi.territory import Territory

__all__ = ["BudgetReport"]

MOST = 15


class BudgetReport:
    """Sections on one account in one language; show each in a cell of its own.

    Examples
    --------
    >>> import cwi
    >>> from cwi.analysis.budget import account, read_figures
    >>> project = cwi.open_project()
    >>> result = account(read_figures(project.observations, project.territory), "KZ-23", 2025)
    >>> BudgetReport(result, project.territory, language="en").form("section").blocks[0].plain()
    'Children in the civil budget: Atyrau, 2025'
    """

    def __init__(self, account: Account, territory: Territory, *, language: str) -> None:
        self._printer = BudgetPrinter.of(account, territory, language)
        self.ledger = self._printer.ledger

    def coefficients(self) -> Section:
        """The coefficients that most money depends on: those with an interval, by how much of it they move."""
        printer = self._printer
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
        return Section([Table("widest", caption, columns, cells, frame, numeric=2)])

    def form(self, form: str) -> Section:
        """The annex, the section of the civil budget, or the page that compares them."""
        return Section([block for section in sections_of(form, self._printer) for block in section.blocks])

    def ties(self) -> Section:
        """The total of each decision of 2025 beside what was added up, and how wide each interval is."""
        printer, figures = self._printer, self._printer.account.figures
        found = totals(figures.lines, figures.classified)
        whole = found[found["place"] == "EXP"].set_index("region")
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
        return Section([Table("ties", printer.text("budget.ties"), columns, cells, frame)])

    def close(self) -> Section:
        """Write the ledger where a report is being made, and print how many numbers it has."""
        rows, code = self.ledger.frame(), self._printer.language.code
        if (folder := output_folder()) is not None:
            self.ledger.write(folder / f"ledger.budget.{code}.csv")
        number = self._printer.language.number(len(rows), 0)
        return Section([Paragraph(self._printer.text("report.numbers", n=number), "note")])
