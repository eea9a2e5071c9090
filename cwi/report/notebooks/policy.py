"""Promises and progress of one edition, for the notebook of the policy tracker; the report takes a part of it."""

from __future__ import annotations

import pandas as pd

from cwi.analysis.budget import Figures
from cwi.analysis.policy import Effect
from cwi.edition import Edition
from cwi.inputs.policy import Register
from cwi.report.blocks import Block, Bullets, Paragraph, Section, Table
from cwi.report.notebooks.analysis_report import AnalysisReport, keyed
from cwi.report.sections import promises

__all__ = ["PolicyReport"]

COMFORTABLE_SCHOOL = "205"  # programme of education and construction departments: the pilot project's buildings


class PolicyReport(AnalysisReport):
    """Sections on the register of measures beside one edition; show each in a cell of its own.

    Parameters
    ----------
    edition
        Whose weak components and indicators are looked at.
    register
        As :func:`~cwi.inputs.policy.read_register` gives it.
    day
        On which targets are judged; the last day of the register where it is empty.
    """

    subject = "policy"

    def __init__(self, edition: Edition, register: Register, *, day: str = "", language: str) -> None:
        super().__init__(edition, language=language, seed=0)
        self.register, self.day = register, day or promises.last_day(register)

    def called(self, code: object) -> str:
        """What a region, a node, an indicator or a status is called."""
        key = f"policy.status.{keyed(code)}"
        return self.text(key) if self.language.knows(key) else super().called(code)

    def statuses(self) -> Section:
        """Every target with its status, the figure that decided and why."""
        return self.section("statuses", *promises.statuses(self.printer, self.register, self.day).blocks)

    def moved(self) -> Section:
        """Targets that were announced again with another value."""
        blocks = promises.moved(self.printer, self.register, self.day).blocks
        return self.section(
            "moved", *(blocks or [Paragraph(self.text("policy.moved.none", day=self.language.day(self.day)))])
        )

    def indicators(self) -> Section:
        """How regions move towards the targets of indicators."""
        return self.section("indicators", *promises.indicators(self.printer).blocks)

    def components(self) -> Section:
        """Weak components of all regions, and how many measures aim at each."""
        return self.section("components", *promises.components(self.printer, self.register).blocks)

    def region(self, code: str) -> Section:
        """The page of a region."""
        page = promises.region_page(self.printer, self.register, code)
        return self.section("region", *page.blocks[1:], region=self.printer.region(code))

    def dose(self, figures: Figures) -> Section:
        """Money for the buildings of Comfortable School by region in 2025: a description, no effect."""
        printer = self.printer
        lines = figures.classified[
            (figures.classified["programme"] == COMFORTABLE_SCHOOL) & (figures.classified["functional_group"] == "04")
        ]
        money = lines.groupby(["region", "year"])["amount"].sum().sort_values(ascending=False)
        rows, data = [], []
        for region, year, amount in money.reset_index().itertuples(index=False, name=None):
            child = amount / float(figures.children[region, year])
            name = f"policy.dose.{year}.{region}"
            total = printer.ledger.number(f"{name}.billion", amount / 1e9, unit="billion KZT", decimals=1)
            each = printer.ledger.number(f"{name}.per_child", round(child, -2), unit="KZT", decimals=0)
            rows.append([printer.region(region), total, each])
            data.append({"region": region, "year": year, "amount": amount, "per_child": child})
        columns = [printer.text(f"policy.column.{word}") for word in ("region", "billion", "per_child")]
        table = Table("dose", printer.text("policy.dose.table"), columns, rows, pd.DataFrame(data))
        return self.section("dose", Paragraph(printer.text("policy.dose.text")), table)

    def effect(self, result: Effect | None) -> Section:
        """What a panel of the reader's own gives, with pre-trends, placebos and the floor of the p-value."""
        printer = self.printer
        if result is None:
            return self.section("effect", Paragraph(printer.text("policy.effect.none")))
        number = printer.ledger.number
        values = {
            "average": number("policy.effect.average", result.average, decimals=2, sign=True),
            "p": number("policy.effect.p", result.p_value, unit="p-value", decimals=3),
            "floor": number("policy.effect.floor", result.floor, decimals=3),
            "n": printer.whole("policy.effect.placebos", len(result.placebo)),
        }
        rows = []
        for row in result.table.to_dict("records"):
            name = f"policy.effect.{row['first_year']}.{row['year']}"
            before = row["year"] < row["first_year"] - 1
            cells = [
                number(f"{name}.effect", row["effect"], decimals=2, sign=True),
                number(f"{name}.se", row["se"], decimals=2),
            ]
            counts = [printer.whole(f"{name}.{side}", row[side]) for side in ("treated", "comparison")]
            kind = printer.text("policy.effect.before" if before else "policy.effect.after")
            rows.append([str(row["first_year"]), str(row["year"]), kind, *cells, *counts])
        words = ("first_year", "year", "kind", "effect", "se", "treated", "comparison")
        columns = [printer.text(f"policy.column.{word}") for word in words]
        table = Table("effect", printer.text("policy.effect.table"), columns, rows, result.table, numeric=3)
        blocks: list[Block] = [Paragraph(printer.text("policy.effect.text", **values)), table]
        cautions = [printer.text("policy.effect.caution"), printer.text("policy.effect.floor_text", **values)]
        return self.section("effect", *blocks, Bullets(cautions))
