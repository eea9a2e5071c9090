"""What a survey shows, as the sections of its notebook; of a synthetic one every section is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from cwi.analysis.survey import LEVEL, SurveyShare, likeness
from cwi.edition import Edition
from cwi.inputs.survey import CAUTION, UNRELIABLE, Estimates, Round, SurveyDefinitions
from cwi.report.blocks import Block, Bullets, Paragraph, Section
from cwi.report.notebooks.analysis_report import (
    SHARE,
    WHOLE,
    WORDS,
    AnalysisReport,
    Column,
    Number,
    Words,
    records,
)
from cwi.report.pictures.dots import Dot, grouped_dots
from cwi.report.pictures.panels import interval_panels
from cwi.report.pictures.style import FALL, RISE

__all__ = ["SurveyReport"]

FEW = 4  # panels of one picture, at most
ONE, TWO, THREE, RANK = Number(1), Number(2), Number(3), Number(0, "rank")
IN_PERCENT = Number(1, "%")
OPEN, FULL, DIAMOND = ("o", 7.0, "white"), ("o", 5.5, RISE), ("D", 4.5, FALL)
WIDTHS: Mapping[str, Column] = {
    "score_median": TWO, "score_most": TWO, "rank_median": ONE, "rank_most": ONE, "told_apart": SHARE,
}  # fmt: skip


class SurveyReport(AnalysisReport):
    """Sections on a survey that enters one edition, in one language; show each in a cell of its own.

    Parameters
    ----------
    edition
        Whose index the survey enters.
    result
        Of :func:`cwi.inputs.survey.estimate`.
    definitions
        Questions, indicators and scales of the survey.
    language
        kk, ru or en.
    seed
        Of the draws.
    """

    subject = "survey"

    def __init__(
        self, edition: Edition, result: Estimates, definitions: SurveyDefinitions, *, language: str, seed: int
    ) -> None:
        super().__init__(edition, language=language, seed=seed, synthetic=result.synthetic)
        self.result, self.definitions = result, definitions
        statuses = result.observations.loc[result.observations["region"] == result.nation, "status"]
        self.partial = "partial" in set(statuses)

    def called(self, code: object) -> str:
        """As elsewhere; the country is that of all surveyed regions where not all were surveyed."""
        if self.partial and code == self.result.nation:
            return self.text("survey.response.all")
        return super().called(code)

    @property
    def _order(self) -> list[str]:
        """The country first, then the regions by name."""
        whole = self.result.response[self.result.response["area"] == ""]["region"].unique()
        return sorted(map(str, whole), key=lambda code: (code != self.result.nation, self.called(code)))

    def response(self, round_: Round) -> Section:
        """How many were asked and how many answered, by region and respondent; what the files were flagged for."""
        whole = self.result.response[self.result.response["area"] == ""]
        parts = [
            rows.set_index("region")[["invited", "answered", "rate"]].add_prefix(f"{word}_")
            for word, rows in whole.groupby("respondent")
        ]
        data = pd.concat(parts, axis=1).loc[self._order].rename_axis("region").reset_index()
        columns: dict[str, Column] = {"region": WORDS}
        columns |= {str(name): IN_PERCENT if str(name).endswith("rate") else WHOLE for name in data.columns[1:]}
        blocks: list[Block] = [self.table("response", data, columns)]
        if self.partial:
            n = self.number("response.regions", len(data) - 1)
            blocks.append(Paragraph(self.text("survey.response.partial", n=n), "note"))
        if round_.flags:
            flags = pd.DataFrame({"problem": [str(flag) for flag in round_.flags]})
            blocks.append(self.table("problems", flags, {"problem": Words(str, english=True)}))
        if not self.result.weighting.empty:
            columns = {"step": WORDS, "respondent": self.words("word"), "n": WHOLE, "before": WHOLE, "after": WHOLE}
            columns |= dict.fromkeys(("least", "largest", "effect_before", "effect_after"), TWO)
            heads = {"before": self.head("sum before"), "after": self.head("sum after")}
            blocks.append(self.table("weighting", self.result.weighting, columns, heads=heads))
        return self.section("response", *blocks)

    def estimates(self, *codes: str) -> Section:
        """A few indicators by region with their intervals; behind the picture the table of all indicators.

        Parameters
        ----------
        codes
            Of up to four indicators; the regions are in the order of the first.
        """
        key = ["region", "indicator"]
        totals = self.result.observations[self._whole(self.result.observations)]
        limits = self.result.quality[self._whole(self.result.quality)]
        rows = totals.merge(limits[[*key, "low", "high", "flag"]], on=key)
        by = {str(code): own.set_index("region") for code, own in rows.groupby("indicator")}
        first = by[codes[0]].drop(self.result.nation)
        ordered = first[first["status"] != "missing"].sort_values("value", ascending=False, kind="stable")
        regions = [str(region) for region in ordered.index]
        draw = partial(
            interval_panels,
            [self.called(region) for region in regions],
            {self.called(code): _panel(by[code], regions, self.result.nation) for code in codes[:FEW]},
            axis_label=self.text("survey.estimates.axis"),
            point=self.text("survey.estimates.point"),
            interval=self._interval(self.result.level),
            reference=self.text("survey.response.all" if self.partial else "survey.estimates.country"),
        )
        order = pd.Categorical(rows["indicator"], list(self.definitions.indicators), ordered=True)
        shown = rows.assign(order=order).sort_values(["order", "region"])
        columns = {"indicator": WORDS, "region": WORDS, "value": IN_PERCENT, "se": TWO, "low": ONE, "high": ONE,
                   "n": WHOLE, "status": WORDS, "flag": self.words("flag")}  # fmt: skip
        behind = self.table("estimates", shown[list(columns)], columns, key=2)
        best, last = regions[0], regions[-1]
        words: dict[str, Any] = {
            "level": self.percent(f"level.{self.result.level:g}", self.result.level),
            "panels": len(codes[:FEW]),
            "name": self.called(codes[0]),
            "first": self.called(best),
            "last": self.called(last),
        }
        for word, region in (("most", best), ("least", last)):
            name = f"estimates.{codes[0]}.{region}.value"
            words[word] = self.number(name, float(first["value"][region]), 1, unit="%")
        return self.section("estimates", self.figure("estimates", draw, behind, **words))

    def _whole(self, table: pd.DataFrame) -> pd.Series:
        return (table["area"] == "") & (table["sex"] == "")

    def _interval(self, level: float) -> str:
        return self.text("survey.interval", level=self.percent(f"level.{level:g}", level))

    def quality(self) -> Section:
        """How good the regional estimates of each indicator are: the median over regions, and the worst."""
        rows = self.result.quality[self._whole(self.result.quality)]
        nation = rows[rows["region"] == self.result.nation].set_index("indicator")
        own = rows[(rows["region"] != self.result.nation) & rows["cv"].notna()]
        of = own.groupby("indicator")
        half = ((own["high"] - own["low"]) / 2).groupby(own["indicator"])
        table = pd.DataFrame(
            {
                "respondent": {code: share.respondent for code, share in self.definitions.indicators.items()},
                "n": of["n"].median(),
                "n_least": of["n"].min(),
                "clusters": of["psus"].median(),
                "deff": of["deff"].median(),
                "kish": of["kish"].median(),
                "icc": likeness(self.result.quality),
                "se": of["se"].median(),
                "margin": half.median(),
                "margin_widest": half.max(),
                "cv": of["cv"].median(),
                "cv_worst": of["cv"].max(),
                "cv_all": nation["cv"],
                "flagged": own["flag"].ne("").groupby(own["indicator"]).sum(),
            }
        ).reindex(list(self.definitions.indicators))
        columns: dict[str, Column] = {"indicator": WORDS, "respondent": self.words("word")}
        columns |= dict.fromkeys(("n", "n_least", "clusters"), WHOLE) | {"deff": TWO, "kish": TWO, "icc": THREE}
        columns |= {"se": TWO} | dict.fromkeys(("margin", "margin_widest", "cv", "cv_worst", "cv_all"), ONE)
        data = table.rename_axis("indicator").reset_index()
        return self.section("quality", self.table("quality", data, columns | {"flagged": WHOLE}))

    def flagged(self) -> Section:
        """The regional estimates that a reader must be warned of, and how many parts of regions carry a flag."""
        marked = self.result.quality[self.result.quality["flag"] != ""]
        whole = self._whole(marked)
        lines = [self._counts(kind, rows) for kind, rows in (("whole", marked[whole]), ("parts", marked[~whole]))]
        lines = [line for line in lines if line]
        blocks: list[Block] = [Bullets(lines) if lines else Paragraph(self.text("survey.flagged.none"))]
        shown = marked[whole & (marked["flag"] != "missing")]
        if not shown.empty:
            columns = {"indicator": WORDS, "region": WORDS, "n": WHOLE, "deff": TWO, "cv": ONE, "low": ONE, "high": ONE,
                       "flag": self.words("flag")}  # fmt: skip
            blocks.append(self.table("flagged", shown[list(columns)], columns, key=2))
        limits = {
            "caution": self.number("caution", CAUTION, 1, unit="%"),
            "unreliable": self.number("unreliable", UNRELIABLE, 1, unit="%"),
        }
        return self.section("flagged", *blocks, **limits)

    def _counts(self, kind: str, rows: pd.DataFrame) -> str:
        """How often each flag was set; nothing where none was."""
        flag = self.words("flag").of
        assert flag is not None
        texts = []
        for word, count in rows["flag"].value_counts().items():
            name = f"flagged.{kind}.{str(word).replace(' ', '_')}"
            texts.append(f"{flag(word)} – {self.number(name, int(count))}")
        return self.text(f"survey.flagged.{kind}", counts="; ".join(texts)) if texts else ""

    def scales(self) -> Section:
        """Whether the items of a scale measure one thing: Cronbach's alpha with its interval under the design."""
        table = self.result.reliability
        if table.empty:
            return self.section("scales", Paragraph(self.text("survey.scales.none")))
        drawn = table.assign(group=self.text("survey.scales.group"), name=table["scale"].map(self._scale))
        low = min(records(table), key=lambda row: row["alpha"])
        words = {
            "n": self.number("scales", len(table)),
            "alpha": self.number(f"scales.{low['scale']}.{low['indicator']}.alpha", low["alpha"], 2, unit=""),
            "name": self._scale(low["scale"]),
        }
        draw = self._dots(
            drawn,
            {"alpha": FULL},
            "scales",
            decimals=1,
            interval=self._interval(self.result.level),
            limits=(min(0.5, float(table["low"].min()) - 0.02), 1.0),
        )
        columns = {"scale": Words(self._scale), "indicator": WORDS, "items": WHOLE, "n": WHOLE, "complete": IN_PERCENT,
                   "alpha": TWO, "low": TWO, "high": TWO, "item_rest": TWO}  # fmt: skip
        return self.section("scales", self.figure("scales", draw, self.table("scales", table, columns), **words))

    def _scale(self, code: object) -> str:
        return self.definitions.scales[str(code)].titles[self.language.code]

    def ranks(self, share: SurveyShare) -> Section:
        """Where each region ranks in the index without the survey, and with it."""
        table = share.ranks.sort_values("rank_with", kind="stable")
        moved = table["moved"].abs()
        far = str(moved.idxmax())
        words = {
            "moved": self.number("ranks.moved", int((moved > 0).sum())),
            "n": self.number("ranks.regions", len(table)),
            "region": self.called(far),
            "before": self.number(f"ranks.{far}.rank_without", float(table["rank_without"][far]), unit="rank"),
            "after": self.number(f"ranks.{far}.rank_with", float(table["rank_with"][far]), unit="rank"),
        }
        drawn = table.assign(group=self.text("survey.ranks.group"), name=table.index.map(self.called))
        draw = self._dots(
            drawn,
            {"rank_without": OPEN, "rank_with": FULL},
            "ranks",
            limits=(0.0, len(table) + 1.0),
            ticks=[1, *range(5, len(table) + 1, 5)],
        )
        columns = {"region": WORDS, "without": Number(1, "points"), "with": Number(1, "points"), "rank_without": RANK,
                   "rank_with": RANK, "moved": Number(0, "ranks", sign=True)}  # fmt: skip
        behind = self.table("ranks", table.rename_axis("region").reset_index(), columns)
        without, with_it = (self.percent(f"ranks.measured.{i}", part) for i, part in enumerate(share.measured))
        picture = self.figure("ranks", draw, behind, **words)
        return self.section("ranks", picture, without=without, with_it=with_it)

    def sources(self, share: SurveyShare) -> Section:
        """How wide intervals of score and rank are when only sampling error, only weights, or both vary."""
        table = self.table("sources", share.sources.reset_index(), {"source": WORDS} | dict(WIDTHS))
        return self.section("sources", table, level=self.percent("draws.level", LEVEL))

    def variance(self, share: SurveyShare) -> Section:
        """The share of the variance of each region's score and rank that sampling error makes alone."""
        rows = share.variance[share.variance["factor"] == "sampling"]
        order = {region: i for i, region in enumerate(share.ranks["rank_with"].sort_values(kind="stable").index)}
        rows = rows.assign(place=rows["region"].map(order)).sort_values(["output", "place"], ascending=[False, True])
        percent = {name: 100 * rows[name].clip(0, 1) for name in ("first", "first_low", "first_high", "total")}
        group = {kind: self.text(f"survey.variance.of_{kind}") for kind in ("score", "rank")}
        drawn = rows.assign(
            **percent,
            group=rows["output"].map(group),
            name=rows["region"].map(self.called),
            low=percent["first_low"],
            high=percent["first_high"],
        )
        draw = self._dots(
            drawn,
            {"total": DIAMOND, "first": FULL},
            "variance",
            interval=self._interval(LEVEL),
            limits=(0.0, 100.0),
        )
        columns = {"output": Words(lambda kind: group[str(kind)]), "region": WORDS, "first": IN_PERCENT,
                   "low": IN_PERCENT, "high": IN_PERCENT, "total": IN_PERCENT}  # fmt: skip
        behind = self.table("variance", drawn[list(columns)], columns)
        words = {kind: self.percent(f"variance.{kind}.median", share.share(kind)) for kind in ("score", "rank")}
        return self.section("variance", self.figure("variance", draw, behind, **words))

    def plan(self, table: pd.DataFrame) -> Section:
        """How many children and clusters each region needs for the wanted margin, of :func:`sample_plan`."""
        whole = table.sum().to_frame().T.assign(deff=float("nan"), margin=float("nan"))
        data = pd.concat([table, whole.set_axis(["all"])]).rename_axis("region").reset_index()
        columns: dict[str, Column] = {"region": Words(self._planned)}
        counts = ("children", "deff", "asked", "answers", "clusters", "margin", "cost")
        columns |= {name: TWO if name in ("deff", "margin") else WHOLE for name in counts if name in data}
        return self.section("plan", self.table("plan", data, columns))

    def _planned(self, code: object) -> str:
        return self.text("survey.plan.all") if code == "all" else self.called(code)

    def widths(self, table: pd.DataFrame) -> Section:
        """How wide the index's intervals become with other samples, of :func:`cwi.analysis.survey.widths`."""
        rows = [
            {
                "group": self.text(f"survey.widths.{kind}"),
                "name": self._sample(row),
                "median": row[f"{kind}_median"],
                "most": row[f"{kind}_most"],
            }
            for kind in ("rank", "score")
            for row in records(table.reset_index())
        ]
        drawn = pd.DataFrame(rows)
        level: dict[str, Any] = {"level": self.percent("draws.level", LEVEL)}
        draw = self._dots(
            drawn, {"most": OPEN, "median": FULL}, "widths", limits=(0.0, 1.05 * float(drawn["most"].max())), **level
        )
        columns: dict[str, Column] = {"sample": Number(0, "children")} | dict(WIDTHS) | {"factor": TWO}
        data = table.reset_index()
        behind = self.table("widths", data.assign(key=data["sample"].astype(str)), columns, key=1, **level)
        ends = {"small": table.iloc[0]["rank_median"], "large": table.iloc[-1]["rank_median"]}
        words = {
            word: self.number(f"widths.{sample}.rank_median", float(value), 1, unit="")
            for (word, value), sample in zip(ends.items(), (table.index[0], table.index[-1]), strict=True)
        }
        for word, sample in (("few", table.index[0]), ("many", table.index[-1])):
            words[word] = self.number(f"widths.{sample}.sample", int(sample), unit="children")
        return self.section("widths", self.figure("widths", draw, behind, **words))

    def _sample(self, row: Mapping[str, Any]) -> str:
        now = abs(row["factor"] - 1) < 0.01
        n = self.number(f"widths.{row['sample']}.sample", row["sample"], unit="children")
        return self.text("survey.widths.now" if now else "survey.widths.children", n=n)

    def _dots(
        self,
        drawn: pd.DataFrame,
        looks: Mapping[str, tuple[str, float, str]],
        what: str,
        *,
        decimals: int = 1,
        interval: str = "",
        limits: tuple[float, float],
        ticks: Sequence[float] | None = None,
        **words: str,
    ) -> Any:
        dots = [Dot(column, self.text(f"survey.key.{column}"), *look) for column, look in looks.items()]
        label = self.text(f"survey.{what}.axis", **words)
        ends: dict[str, Any] = {"limits": limits, "ticks": ticks, "number": self.plain(decimals)}
        return partial(grouped_dots, drawn, dots, axis_label=label, interval=interval, **ends)


def _panel(rows: pd.DataFrame, regions: list[str], nation: str) -> pd.DataFrame:
    """Regions in a given order, and the country beside each."""
    return rows.reindex(regions).assign(reference=rows["value"].reindex([nation]).repeat(len(regions)).to_numpy())
