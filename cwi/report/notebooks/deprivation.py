"""Child deprivation as the sections of its notebook: the seven questions of the study of 2011, each with one figure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cwi.analysis.deprivation import Associations, BenefitResult, OrderRobustness, PovertyMap, ReliabilityBlock
from cwi.edition import Edition
from cwi.inputs.benefits import BenefitRules
from cwi.inputs.deprivation import Deprivations
from cwi.inputs.households import Households, read_variables
from cwi.report.blocks import Block, Heading, Paragraph, Section
from cwi.report.notebooks.analysis_report import (
    PERCENT,
    WHOLE,
    WORDS,
    AnalysisReport,
    Column,
    Number,
    Words,
    keyed,
)
from cwi.report.pictures.dots import Dot, grouped_dots
from cwi.report.pictures.maps import boundaries_of, choropleth
from cwi.report.pictures.style import FALL, RISE

__all__ = ["DeprivationReport"]

TWO, ONE = Number(2), Number(1)
IN_POINTS = Number(1, "points", 100.0, sign=True)
OPEN, FULL, DIAMOND = ("o", 7.0, "white"), ("o", 5.5, RISE), ("D", 4.5, FALL)
ERROR, SE = Number(2, "points", 100.0), Number(2, "%", 100.0)
TOP = 60.0  # per cent: the end of the map's colours, the same in all years
UNRELIABLE = 1 / 3  # coefficient of variation
SHOWN = 12  # combinations of dimensions that are printed


class DeprivationReport(AnalysisReport):
    """Sections on children in households, by one specification, in one language; show each in a cell of its own.

    Parameters
    ----------
    edition
        Whose regions and published series are used.
    coded
        Of :func:`cwi.inputs.deprivation.code_deprivations`.
    result
        Of :func:`cwi.analysis.deprivation.profile`.
    households
        Where the children come from; synthetic ones mark every section, table and picture.
    language
        kk, ru or en.
    seed
        Of what is drawn.
    """

    subject = "deprivation"

    def __init__(
        self,
        edition: Edition,
        coded: Deprivations,
        result: pd.DataFrame,
        households: Households,
        *,
        language: str,
        seed: int,
    ) -> None:
        super().__init__(edition, language=language, seed=seed, synthetic=households.synthetic)
        self.coded, self.result, self.households = coded, result, households
        self.variables = read_variables()

    # ---------------------------------------------------------------- words

    def called(self, code: object) -> str:
        """What an item, a dimension, a variable, a region or a word of this analysis is called."""
        word, language = str(code), self.language.code
        specification = self.coded.specification
        for band in specification.bands:
            if word == band.code:
                return self.text("deprivation.word.ages", low=band.low, high=band.high)
        if specification.counts == "dimensions" and word in specification.dimensions:
            return specification.dimensions[word][language]
        for item in specification.items:
            if word == item.code:
                return item.titles[language]
        if word in specification.dimensions:
            return specification.dimensions[word][language]
        if word in self.variables:
            return self.variables[word].titles[language]
        if "+" in word:
            return " + ".join(self.called(part) for part in word.split("+"))
        if ": " in word:
            first, second = word.split(": ", 1)
            return f"{self.called(first)}: {self.called(second)}"
        return super().called(code)

    def opening(self) -> Section:
        """The title, the specification and its status, and how many children it counts."""
        specification, coded = self.coded.specification, self.coded
        values = {
            "measure": specification.titles[self.language.code],
            "version": specification.version,
            "fingerprint": specification.fingerprint,
            "rule": self._rule(),
            "n": self.number("opening.children", int(coded.used.sum())),
            "lost": self.percent("opening.lost", self._lost(), 1),
        }
        blocks: list[Block] = [Paragraph(self.text("deprivation.opening.measure", **values))]
        if specification.status == "working":
            blocks.append(Paragraph(self.text("deprivation.opening.working"), "warning"))
        blocks.append(Paragraph(self.text("deprivation.opening.source", source=specification.source), "note"))
        rows = coded.lost().reset_index()
        columns = {"band": WORDS, "n": WHOLE, "counted": WHOLE, "lost": PERCENT, "most_missing": WORDS}
        blocks.append(self.table("opening", rows, columns, key=1))
        made = self.section("opening", *blocks, year=self.year)
        first = made.blocks[0]
        assert isinstance(first, Heading)
        return Section([Heading(first.text, level=1, anchor="top"), *made.blocks[1:]])

    def _rule(self) -> str:
        specification = self.coded.specification
        if specification.share is not None:
            return self.text("deprivation.rule.share", k=self.percent("opening.k", float(specification.share)))
        k = self.number("opening.k", specification.at_least or 1)
        return self.text(f"deprivation.rule.{specification.counts}", k=k, n=len(self.coded.units))

    def _lost(self) -> float:
        inside = self.coded.band >= 0
        weight = self.coded.person[inside]
        return float(weight[~self.coded.used[inside]].sum() / weight.sum())

    def _rows(self, measure: str, *, region: str | None = None, area: str = "", group: str = "") -> pd.DataFrame:
        table = self.result[(self.result["measure"] == measure) & (self.result["group"] == group)]
        table = table[table["area"] == area]
        return table[table["region"] == (self.printer.nation if region is None else region)]

    def _nation(self, measure: str) -> pd.Series:
        return self._rows(measure).iloc[0]

    # ---------------------------------------------------------------- the seven questions

    def dimensions(self, block: ReliabilityBlock) -> Section:
        """Which dimensions: what children lack, what it adds to the measure, and whether items belong together."""
        lacking = self._rows("uncensored").set_index("of")
        table = lacking[["estimate", "se", "low", "high"]].assign(
            censored=self._rows("censored").set_index("of")["estimate"],
            contribution=self._rows("contribution").set_index("of")["estimate"],
        )
        ordered = table.sort_values("estimate", ascending=False, kind="stable").rename_axis("of").reset_index()
        percent = 100 * ordered[["estimate", "censored", "low", "high"]]
        drawn = percent.assign(group=self.text("deprivation.dimensions.group"), name=ordered["of"].map(self.called))
        draw = self._dots(drawn, {"estimate": FULL, "censored": OPEN}, "dimensions", interval=True)
        columns: dict[str, Column] = {"of": WORDS, "estimate": PERCENT, "se": SE, "low": PERCENT, "high": PERCENT,
                   "censored": PERCENT, "contribution": PERCENT}  # fmt: skip
        first, last = ordered.iloc[0], ordered.iloc[-1]
        words = {
            "most": self.called(first["of"]), "least": self.called(last["of"]),
            "high": self.percent(f"dimensions.{first['of']}.estimate", float(first["estimate"]), 1),
            "low": self.percent(f"dimensions.{last['of']}.estimate", float(last["estimate"]), 1),
        }  # fmt: skip
        alpha = {
            "alpha": self.number("dimensions.alpha", block.alpha, 2, unit=""),
            "alpha_low": self.number("dimensions.alpha_low", block.low, 2, unit=""),
            "alpha_high": self.number("dimensions.alpha_high", block.high, 2, unit=""),
        }
        behind = self.table("dimensions", ordered, columns)
        items = self.table(
            "dimensions_items",
            block.items.reset_index(),
            {"item": Words(self._item), "item_rest": TWO, "alpha_without": TWO, "suitability": PERCENT,
             "relative_risk": ONE, "remark": Words(self._remarks)},
            key=1,
        )  # fmt: skip
        return self.section(
            "dimensions",
            self.figure("dimensions", draw, behind, **words),
            Paragraph(self.text("deprivation.dimensions.text", **alpha)),
            items,
        )

    def _item(self, code: object) -> str:
        return next(i.titles[self.language.code] for i in self.coded.specification.items if i.code == code)

    def _remarks(self, words: object) -> str:
        of = self.words("remark").of
        assert of is not None
        return "; ".join(of(word) for word in str(words).split("; ")) if words else ""

    def map(self) -> Any:
        """What draws the map of deprived children; a region with a coefficient of variation above 1/3 is hatched."""
        rows = self.result[(self.result["measure"] == "H") & (self.result["group"] == "") & (self.result["area"] == "")]
        regions = rows[rows["region"] != self.printer.nation].set_index("region")
        unreliable = regions["se"] / regions["estimate"] > UNRELIABLE
        return partial(
            choropleth,
            100 * regions["estimate"].where(~unreliable),
            boundaries_of(self.year),
            names={str(code): self.called(code) for code in self.edition.territory.regions.index},
            number=self.plain(0),
            axis_label=self.text("deprivation.where.axis"),
            missing_label=self.text("deprivation.where.missing"),
            limits=(0.0, TOP),
        )

    def where(self, mapped: PovertyMap, order: OrderRobustness) -> Section:
        """Who and where: a map of regions, the groups, and the small areas by a model beside the direct figures."""
        direct = self.result[(self.result["measure"] == "H") & (self.result["group"] == "")]
        regions = direct[(direct["area"] == "") & (direct["region"] != self.printer.nation)].set_index("region")
        known = regions["estimate"].dropna().sort_values(kind="stable")
        words = {
            "most": self.called(known.index[-1]), "least": self.called(known.index[0]),
            "high": self.percent(f"where.{known.index[-1]}.H", float(known.iloc[-1]), 1),
            "low": self.percent(f"where.{known.index[0]}.H", float(known.iloc[0]), 1),
        }  # fmt: skip
        draw = self.map()
        measures = self._by_measure(self.result[self.result["measure"].isin(("H", "A", "M0"))])
        columns: dict[str, Column] = {"region": WORDS, "area": self.words("area"), "group": Words(self._group),
                   "H": PERCENT, "H_low": PERCENT, "H_high": PERCENT, "A": PERCENT, "M0": Number(3),
                   "M0_se": Number(4), "n": WHOLE, "status": self.words("status")}  # fmt: skip
        behind = self.table("where", measures, columns, key=3)
        small = self.table(
            "where_areas", mapped.table,
            {"region": WORDS, "area": self.words("area"), "direct": PERCENT, "direct_se": PERCENT, "estimate": PERCENT,
             "low": PERCENT, "high": PERCENT, "cv": ONE, "gamma": TWO, "shift": IN_POINTS,
             "flag": self.words("flag")},
        )  # fmt: skip
        model = {
            "explained": self.percent("where.explained", mapped.explained),
            "factor": self.number("where.factor", mapped.factor, 3, unit=""),
            "pairs": self.percent("where.pairs", order.pairs),
            "covariates": self.listed(list(mapped.covariates)),
        }
        return self.section(
            "where", self.figure("where", draw, behind, **words),
            Paragraph(self.text("deprivation.where.model", **model)), small,
        )  # fmt: skip

    def breadth(self, overlap: pd.DataFrame, income: pd.DataFrame) -> Section:
        """How broad well-being is: how many dimensions children lack at once, and which ones together."""
        rows = overlap[(overlap["measure"] == "breadth")].copy()
        percent = 100 * rows[["estimate", "low", "high"]].reset_index(drop=True)
        names = [self.text("deprivation.breadth.count", n=of) for of in rows["of"]]
        drawn = percent.assign(group=self.text("deprivation.breadth.group"), name=names)
        draw = self._dots(drawn, {"estimate": FULL}, "breadth", interval=True)
        none = rows[rows["of"] == "0"].iloc[0]
        several = float(rows[rows["of"].astype(int) >= 2]["estimate"].sum())
        words = {
            "none": self.percent("breadth.none", float(none["estimate"]), 1),
            "several": self.percent("breadth.several", several, 1),
        }
        columns = {"of": WORDS, "estimate": PERCENT, "se": SE, "low": PERCENT, "high": PERCENT}
        behind = self.table("breadth", rows, columns)
        cells = overlap[overlap["measure"] == "cell"].sort_values("estimate", ascending=False, kind="stable")
        both = self.table("breadth_cells", cells.head(SHOWN), columns)
        monetary = self.table("breadth_income", income, columns)
        return self.section("breadth", self.figure("breadth", draw, behind, **words), both, monetary)

    def associated(self, found: Associations, balance: pd.DataFrame, gap: pd.DataFrame) -> Section:
        """What goes together with deprivation: how alike the groups are first, then mean differences."""
        compared = balance.reset_index()
        first = self.table(
            "associated_balance", compared,
            {"term": WORDS, "first": TWO, "second": TWO, "difference": TWO, "variance_ratio": TWO, "outside": PERCENT},
        )  # fmt: skip
        table = found.table.drop(index="constant").reset_index()
        drawn = (100 * table[["ame", "ame_low", "ame_high"]]).rename(columns={"ame_low": "low", "ame_high": "high"})
        drawn = drawn.assign(group=self.text("deprivation.associated.group"), name=table["term"].map(self.called))
        edge = float(np.ceil(np.abs(drawn[["low", "high"]].to_numpy()).max() / 5) * 5)
        draw = self._dots(drawn, {"ame": FULL}, "associated", interval=True, limits=(-edge, edge), sign=True)
        columns: dict[str, Column] = {"term": WORDS, "ame": IN_POINTS, "ame_se": Number(2, "points", 100.0),
                   "ame_low": IN_POINTS, "ame_high": IN_POINTS, "p": Number(3), "vif": TWO}  # fmt: skip
        largest = table.iloc[int(np.argmax(np.abs(table["ame"].to_numpy(float))))]
        largest_name = f"associated.{largest['term']}"
        words = {
            "name": self.called(largest["term"]),
            "points": self.number(f"{largest_name}.ame", 100 * float(largest["ame"]), 1, unit="points", sign=True),
        }
        behind = self.table("associated", table, columns)
        parts = self.table(
            "associated_gap",
            gap.reset_index(),
            {"part": WORDS, "estimate": IN_POINTS, "se": ERROR, "low": IN_POINTS, "high": IN_POINTS},
        )
        values = {
            "n": self.number("associated.n", found.n),
            "df": self.number("associated.df", found.df),
        }
        return self.section("associated", first, self.figure("associated", draw, behind, **words), parts, **values)

    def laws(self, table: pd.DataFrame) -> Section:
        """The acts and plans for children in our register, by component; real, so never marked as synthetic."""
        rows = table.assign(title=table[f"title_{self.language.code}"])
        count = rows["components"].str.split().explode().value_counts().sort_index()
        drawn = pd.DataFrame({"count": count.to_numpy(float)}).assign(
            group=self.text("deprivation.laws.group"), name=[self.called(code) for code in count.index]
        )
        draw = self._dots(drawn, {"count": FULL}, "laws", limits=(0.0, float(count.max()) + 1))
        english = Words(english=True)
        columns: dict[str, Column] = {"date": Words(str), "title": Words(str), "components": Words(self._components),
                   "right": english, "in_force": english, "source": english}  # fmt: skip
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
        draw = self._dots(drawn, {"amount": FULL}, "policies", limits=(0.0, top))
        english, name = Words(english=True), Words(self._benefit)
        behind = self.table(
            "policies", parameters,
            {"benefit": name, "parameter": self.words("parameter"), "value": TWO, "unit": english,
             "valid_from": Words(str), "source": english, "status": english},
            key=2, day=day,
        )  # fmt: skip
        words = {
            "mci": self.number("policies.mci", rules.mci, unit="KZT"),
            "most": self.number("policies.most", float(drawn["amount"].max()), 1, unit="thousand KZT"),
            "line": self.number("policies.line", rules.subsistence, unit="KZT"),
        }
        return self._real("policies", self.figure("policies", draw, behind, **words, day=day), **words, day=day)

    def contribution(self, benefits: BenefitResult, card: pd.DataFrame) -> Section:
        """To what extent benefits contribute: poverty before and after each, whom they reach, and published totals."""
        start = {"benefit": "before", "poverty": benefits.poverty_before, "M0": benefits.M0_before}
        rows = pd.concat([pd.DataFrame([start]), benefits.table.drop(index="all").reset_index()], ignore_index=True)
        drawn = (100 * rows[["poverty", "M0"]]).assign(
            group=self.text("deprivation.contribution.group"), name=rows["benefit"].map(self._benefit)
        )
        top = float(np.ceil(drawn[["poverty", "M0"]].to_numpy().max() / 5) * 5)
        draw = self._dots(drawn, {"poverty": FULL, "M0": OPEN}, "contribution", limits=(0.0, top))
        name, english = Words(self._benefit), Words(english=True)
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
            {"benefit": name, "entitled": WHOLE, "recipients": WHOLE, "recipients_se": WHOLE, "cost": ONE,
             "cost_se": ONE, "coverage": PERCENT, "coverage_se": PERCENT, "leakage": PERCENT, "adequacy": PERCENT},
        )  # fmt: skip
        held = self.table(
            "contribution_scorecard", card,
            {"year": Words(str), "benefit": name, "quantity": self.words("quantity"), "published": ONE,
             "simulated": ONE, "gap": Number(1, sign=True), "ratio": TWO, "unit": english, "note": english,
             "source": english},
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

    # ---------------------------------------------------------------- how it is printed

    def _by_measure(self, rows: pd.DataFrame) -> pd.DataFrame:
        """A row a domain, H, A and M0 beside each other."""
        keys = ["region", "area", "group"]
        parts = []
        for measure, names in (
            ("H", ("estimate", "low", "high", "n", "status")),
            ("A", ("estimate",)),
            ("M0", ("estimate", "se")),
        ):
            own = rows[rows["measure"] == measure].set_index(keys)[list(names)]
            renamed = {name: measure if name == "estimate" else f"{measure}_{name}" for name in names}
            parts.append(own.rename(columns=renamed))
        table = pd.concat(parts, axis=1).reset_index()
        table = table.rename(columns={"H_n": "n", "H_status": "status"})
        order = [
            (region != self.printer.nation, self.called(region), area, group)
            for region, area, group in zip(table["region"], table["area"], table["group"], strict=True)
        ]
        table = table.iloc[sorted(range(len(table)), key=lambda i: order[i])].reset_index(drop=True)
        return table.assign(n=(table["n"] / 10).round() * 10)  # as the survey's tables print numbers of answers

    def _group(self, word: object) -> str:
        return "–" if word == "" else self.called(word)

    def _components(self, codes: object) -> str:
        return self.listed(str(codes).split())

    def _benefit(self, code: object) -> str:
        key = f"deprivation.benefit.{keyed(code)}"
        return self.text(key) if self.language.knows(key) else self.called(code)

    def _dots(
        self, drawn: pd.DataFrame, looks: dict[str, tuple[str, float, str]], what: str, *, interval: bool = False,
        limits: tuple[float, float] | None = None, decimals: int = 0, sign: bool = False,
    ) -> Any:  # fmt: skip
        dots = [Dot(column, self.text(f"deprivation.key.{keyed(column)}"), *look) for column, look in looks.items()]
        columns: Sequence[str] = [*looks, *(["high"] if interval else [])]
        top = float(np.ceil(drawn[list(columns)].to_numpy(float).max() / 10) * 10)
        return partial(
            grouped_dots, drawn, dots, axis_label=self.text(f"deprivation.{what}.axis"),
            interval=self.text("deprivation.interval") if interval else "",
            limits=limits or (0.0, top), number=self.plain(decimals, sign=sign),
        )  # fmt: skip
