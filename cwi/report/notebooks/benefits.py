"""Laws and benefits as sections of the notebook of child deprivation: questions 5 to 7 of the study of 2011.

Laws and parameters are real and never marked as synthetic; what is simulated with them is marked as its children are.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cwi.analysis.deprivation import BenefitResult
from cwi.inputs.benefits import BenefitRules
from cwi.report.blocks import Block, Heading, Paragraph, Section
from cwi.report.notebooks.analysis_report import PERCENT, WHOLE, AnalysisReport, Column, Number, Words, keyed
from cwi.report.notebooks.deprivation import ERROR, FULL, IN_POINTS, ONE, OPEN, TWO, DeprivationReport

__all__ = ["BenefitReport"]


class BenefitReport(AnalysisReport):
    """Sections on laws and benefits, in the language and the ledger of a report on deprivation.

    Parameters
    ----------
    show
        Of the same notebook, on the children that benefits are simulated for.
    """

    subject = "deprivation"

    def __init__(self, show: DeprivationReport) -> None:
        super().__init__(show.edition, language=show.language.code, seed=show.ledger.seed, synthetic=show.synthetic,
                         ledger=show.ledger)  # fmt: skip
        self.show = show

    @property
    def _days(self) -> Words:
        """Days, months and years of a source as the language writes them."""
        return Words(lambda day: self.language.short_day(str(day)))

    def laws(self, table: pd.DataFrame) -> Section:
        """The acts and plans for children in our register, by component; real, so never marked as synthetic."""
        rows = table.assign(title=table[f"title_{self.language.code}"])
        count = rows["components"].str.split().explode().value_counts().sort_index()
        drawn = pd.DataFrame({"count": count.to_numpy(float)}).assign(
            group=self.text("deprivation.laws.group"), name=[self.called(code) for code in count.index]
        )
        draw = self.show.dots(drawn, {"count": FULL}, "laws", limits=(0.0, float(count.max()) + 1))
        columns: dict[str, Column] = {"date": self._days, "title": Words(str), "components": Words(self._components),
                   "right": self.words("right"),
                   "in_force": self.words("in_force"), "source": self._quoted("cited"),
                   "read": self.words("checked")}  # fmt: skip
        behind = self.table("laws", rows, columns, key=1)
        words = {"n": self.number("laws.n", len(rows)), "component": self.called(str(count.idxmax()))}
        return self._real("laws", self.figure("laws", draw, behind, **words), **words)

    def policies(self, rules: BenefitRules) -> Section:
        """The benefits that can be simulated: their published parameters; real, so never marked as synthetic."""
        day = str(rules.day)
        parameters = rules.table.reset_index(drop=True)
        parameters = parameters.assign(value=parameters["value"].astype(float))
        monthly = parameters[parameters["unit"].str.startswith("MCI a month")].reset_index(drop=True)
        word = self.words("parameter").of
        assert word is not None
        drawn = pd.DataFrame({"amount": monthly["value"] * rules.mci / 1e3}).assign(
            group=monthly["benefit"].map(self._benefit), name=monthly["parameter"].map(word)
        )
        top = float(np.ceil(drawn["amount"].max() / 20) * 20)
        draw = self.show.dots(drawn, {"amount": FULL}, "policies", limits=(0.0, top))
        cited, name = self._quoted("cited"), Words(self._benefit)
        behind = self.table(
            "policies", parameters,
            {"benefit": name, "parameter": self.words("parameter"), "value": TWO, "unit": self.words("measure"),
             "valid_from": self._days, "source": cited, "status": self.words("checked")},
            key=2, day=day,
        )  # fmt: skip
        amounts = self.table(
            "policies_amounts", rules.amounts,
            {"amount": self.words("amount"), "value": WHOLE, "unit": self.words("measure"),
             "valid_from": self._days, "source": cited, "status": self.words("checked")},
            day=day,
        )  # fmt: skip
        laws = self.table(
            "policies_benefits", rules.benefits.assign(benefit=rules.benefits["code"], source=rules.benefits["law"]),
            {"benefit": name, "source": cited, "note": self._quoted("note")},
        )  # fmt: skip
        words = {
            "mci": self.number("policies.mci", rules.mci, unit="KZT"),
            "most": self.number("policies.most", float(drawn["amount"].max()), 1, unit="thousand KZT"),
            "line": self.number("policies.line", rules.subsistence, unit="KZT"),
        }
        figure = self.figure("policies", draw, behind, **words, day=day)
        return self._real("policies", figure, amounts, laws, **words, day=day)

    def contribution(self, benefits: BenefitResult, card: pd.DataFrame) -> Section:
        """To what extent benefits contribute: poverty before and after each, whom they reach, and published totals."""
        start = {"benefit": "before", "poverty": benefits.poverty_before, "M0": benefits.M0_before}
        rows = pd.concat([pd.DataFrame([start]), benefits.table.drop(index="all").reset_index()], ignore_index=True)
        drawn = (100 * rows[["poverty", "M0"]]).assign(
            group=self.text("deprivation.contribution.group"), name=rows["benefit"].map(self._benefit)
        )
        top = float(np.ceil(drawn[["poverty", "M0"]].to_numpy().max() / 5) * 5)
        draw = self.show.dots(drawn, {"poverty": FULL, "M0": OPEN}, "contribution", limits=(0.0, top))
        name = Words(self._benefit)
        columns: dict[str, Column] = {"benefit": name, "poverty": PERCENT, "poverty_change": IN_POINTS,
                   "poverty_change_se": ERROR, "M0": Number(3), "M0_change": Number(3, sign=True),
                   "M0_change_se": Number(4)}  # fmt: skip
        behind = self.table("contribution", rows, columns)
        last = rows.iloc[-1]
        words = {
            "before": self.percent("contribution.before.poverty", benefits.poverty_before, 1),
            "after": self.percent(f"contribution.{last['benefit']}.poverty", float(last["poverty"]), 1),
        }
        reach = self.table(
            "contribution_reach", benefits.table.reset_index(),
            {"benefit": name, "take_up": PERCENT, "entitled": WHOLE, "recipients": WHOLE, "recipients_se": WHOLE,
             "cost": ONE, "cost_se": ONE, "coverage": PERCENT, "coverage_se": PERCENT, "leakage": PERCENT,
             "adequacy": PERCENT},
        )  # fmt: skip
        held = self.table(
            "contribution_scorecard", card,
            {"year": Words(str), "benefit": name, "quantity": self.words("quantity"), "published": ONE,
             "simulated": ONE, "gap": Number(1, sign=True), "ratio": TWO, "unit": self.words("measure"),
             "note": self._quoted("note"), "source": self._quoted("cited")},
            key=3, note=self.text("deprivation.contribution.note"),
        )  # fmt: skip
        return self.section("contribution", self.figure("contribution", draw, behind, **words), reach, held)

    def _real(self, what: str, *blocks: Block, **values: object) -> Section:
        """A section on published texts and parameters, without the mark of synthetic children."""
        head: list[Block] = [
            Heading(self.text(f"deprivation.{what}.title"), anchor=f"deprivation-{what}"),
            Paragraph(self.text(f"deprivation.{what}.how", **values)),
        ]
        return Section([*head, *blocks])

    def _quoted(self, kind: str) -> Words:
        """A column of remarks or sources, in parts divided by "; "; a part without a message, an address, as it is."""

        def part(word: str) -> str:
            key = f"{self.subject}.{kind}.{keyed(word)}"
            return self.text(key) if word and self.language.knows(key) else word

        return Words(lambda text: "; ".join(part(word) for word in str(text).split("; ")))

    def _components(self, codes: object) -> str:
        return self.listed(str(codes).split())

    def _benefit(self, code: object) -> str:
        key = f"deprivation.benefit.{keyed(code)}"
        return self.text(key) if self.language.knows(key) else self.called(code)
