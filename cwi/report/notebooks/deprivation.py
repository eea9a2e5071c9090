"""Child deprivation as the sections of its notebook: questions 1 to 4 of the study of 2011, each with one figure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cwi.analysis.deprivation import Associations, OrderRobustness, PovertyMap, ReliabilityBlock
from cwi.edition import Edition
from cwi.inputs.deprivation import Deprivations
from cwi.inputs.households import Households, read_variables
from cwi.report.blocks import Block, Heading, Paragraph, Section
from cwi.report.notebooks.analysis_report import (
    P_VALUE,
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

__all__ = ["ERROR", "FULL", "IN_POINTS", "ONE", "OPEN", "TWO", "DeprivationReport"]

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
        source = pd.DataFrame(
            {"measure": [values["measure"]], "source": [specification.source], "read": [specification.read or "–"]}
        )
        heads: dict[str, Column] = {
            "measure": Words(str),
            "source": Words(english=True),
            "read": self.words("checked"),
        }
        blocks.append(self.table("opening_source", source, heads))
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

    # ---------------------------------------------------------------- the questions

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
        draw = self.dots(drawn, {"estimate": FULL, "censored": OPEN}, "dimensions", interval=True)
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
        """What draws the map of deprived children.

        A region without a figure has no colour; one with a coefficient of variation above 1/3 is hatched, its figure in
        brackets.
        """
        rows = self.result[(self.result["measure"] == "H") & (self.result["group"] == "") & (self.result["area"] == "")]
        regions = rows[rows["region"] != self.printer.nation].set_index("region")
        unreliable = regions.index[regions["se"] / regions["estimate"] > UNRELIABLE]
        return partial(
            choropleth,
            100 * regions["estimate"],
            boundaries_of(self.year),
            names={str(code): self.called(code) for code in self.edition.territory.regions.index},
            number=self.plain(0),
            axis_label=self.text("deprivation.where.axis"),
            missing_label=self.text("deprivation.where.missing"),
            unreliable=[str(code) for code in unreliable],
            unreliable_label=self.text("deprivation.where.unreliable"),
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
             "low": PERCENT, "high": PERCENT, "rmse": ERROR, "rmse_bootstrap": ERROR, "cv": ONE,
             "gamma": TWO, "shift": IN_POINTS, "flag": self.words("flag")},
        )  # fmt: skip
        model = {
            "explained": self.percent("where.explained", mapped.explained),
            "factor": self.number("where.factor", mapped.factor, 3, unit=""),
            "pairs": self.percent("where.pairs", order.pairs),
            "covariates": self.listed(list(mapped.covariates)),
        }
        regression = self.table(
            "where_regression", mapped.coefficients.reset_index(),
            {"term": WORDS, "coef": Number(3), "se": Number(3), "low": Number(3), "high": Number(3), "p": P_VALUE},
        )  # fmt: skip
        return self.section(
            "where", self.figure("where", draw, behind, **words), *self._depth(),
            Paragraph(self.text("deprivation.where.model", **model)), small, regression,
        )  # fmt: skip

    def _depth(self) -> list[Block]:
        """M1 and M2 of the nation and regions, where the specification has gaps."""
        if self.coded.gaps is None:
            return []
        chosen = self.result[(self.result["area"] == "") & (self.result["group"] == "")]
        parts = [
            chosen[chosen["measure"] == measure].set_index("region")[["estimate", "se", "low", "high"]]
            .rename(columns={"estimate": measure, **{name: f"{measure}_{name}" for name in ("se", "low", "high")}})
            for measure in ("M1", "M2", "G", "S")
        ]  # fmt: skip
        table = pd.concat(parts, axis=1).reset_index()
        three, four = Number(3), Number(4)
        columns: dict[str, Column] = {"region": WORDS, "M1": four, "M1_se": Number(5), "M1_low": four, "M1_high": four,
                   "M2": four, "M2_se": Number(5), "M2_low": four, "M2_high": four, "G": three, "S": three}  # fmt: skip
        return [Paragraph(self.text("deprivation.where.depth")), self.table("where_gaps", table, columns)]

    def breadth(self, overlap: pd.DataFrame, income: pd.DataFrame) -> Section:
        """How broad well-being is: how many dimensions children lack at once, and which ones together."""
        rows = overlap[(overlap["measure"] == "breadth")].copy()
        percent = 100 * rows[["estimate", "low", "high"]].reset_index(drop=True)
        names = [self.text("deprivation.breadth.count", n=of) for of in rows["of"]]
        drawn = percent.assign(group=self.text("deprivation.breadth.group"), name=names)
        draw = self.dots(drawn, {"estimate": FULL}, "breadth", interval=True)
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

    def associated(
        self, found: Associations, few: Associations, balance: pd.DataFrame, gap: pd.DataFrame, levels: pd.DataFrame
    ) -> Section:
        """What goes together with deprivation: how alike the groups are first, then mean differences, then levels.

        ``found`` has the errors of the design, ``few`` those of clusters as few as the regions.
        """
        compared = balance.reset_index()
        first = self.table(
            "associated_balance", compared,
            {"term": WORDS, "first": TWO, "second": TWO, "difference": TWO, "variance_ratio": TWO, "outside": PERCENT},
        )  # fmt: skip
        table = found.table.drop(index="constant").reset_index()
        drawn = (100 * table[["ame", "ame_low", "ame_high"]]).rename(columns={"ame_low": "low", "ame_high": "high"})
        drawn = drawn.assign(group=self.text("deprivation.associated.group"), name=table["term"].map(self.called))
        edge = float(np.ceil(np.abs(drawn[["low", "high"]].to_numpy()).max() / 5) * 5)
        draw = self.dots(drawn, {"ame": FULL}, "associated", interval=True, limits=(-edge, edge), sign=True)
        columns: dict[str, Column] = {"term": WORDS, "ame": IN_POINTS, "ame_se": Number(2, "points", 100.0),
                   "ame_low": IN_POINTS, "ame_high": IN_POINTS, "p": P_VALUE, "vif": TWO}  # fmt: skip
        largest = table.iloc[int(np.argmax(np.abs(table["ame"].to_numpy(float))))]
        largest_name = f"associated.{largest['term']}"
        words = {
            "name": self.called(largest["term"]),
            "points": self.number(f"{largest_name}.ame", 100 * float(largest["ame"]), 1, unit="points", sign=True),
        }
        behind = self.table("associated", table, columns)
        of_few = {
            "term": WORDS, "ame": IN_POINTS, "ame_se": Number(2, "points", 100.0), "ame_df": Number(1),
            "ame_low": IN_POINTS, "ame_high": IN_POINTS,
        }  # fmt: skip
        clustered = self.table(
            "associated_clusters", few.table.drop(index="constant").reset_index(), of_few,
            n=self.language.number(few.clusters, 0),
        )  # fmt: skip
        parts = self.table(
            "associated_gap",
            gap.reset_index(),
            {"part": WORDS, "estimate": IN_POINTS, "se": ERROR, "low": IN_POINTS, "high": IN_POINTS},
        )
        values = {
            "n": self.number("associated.n", found.n),
            "df": self.number("associated.df", found.df),
        }
        shared = self.table(
            "associated_levels", levels.reset_index(),
            {"level": self.words("level"), "groups": WHOLE, "n": WHOLE, "between": PERCENT, "p": P_VALUE,
             "between_with": PERCENT, "p_with": P_VALUE},
        )  # fmt: skip
        figure = self.figure("associated", draw, behind, **words)
        return self.section("associated", first, figure, clustered, parts, shared, **values)

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

    def dots(
        self, drawn: pd.DataFrame, looks: dict[str, tuple[str, float, str]], what: str, *, interval: bool = False,
        limits: tuple[float, float] | None = None, decimals: int = 0, sign: bool = False,
    ) -> Any:  # fmt: skip
        """What draws dots in groups: a column a look, by the messages ``deprivation.key.<column>``."""
        dots = [Dot(column, self.text(f"deprivation.key.{keyed(column)}"), *look) for column, look in looks.items()]
        columns: Sequence[str] = [*looks, *(["high"] if interval else [])]
        top = float(np.ceil(drawn[list(columns)].to_numpy(float).max() / 10) * 10)
        return partial(
            grouped_dots, drawn, dots, axis_label=self.text(f"deprivation.{what}.axis"),
            interval=self.text("deprivation.interval") if interval else "",
            limits=limits or (0.0, top), number=self.plain(decimals, sign=sign),
        )  # fmt: skip
