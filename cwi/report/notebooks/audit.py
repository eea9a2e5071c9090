"""What an audit shows, as the sections of its notebook."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cwi.analysis.audit import LEVEL, VERDICTS, Audit, level_weights
from cwi.analysis.comparison import strengths
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.report.blocks import Paragraph, Section, Table
from cwi.report.languages import NONE
from cwi.report.notebooks.analysis_report import (
    P_VALUE,
    PERCENT,
    SHARE,
    WHOLE,
    WORDS,
    AnalysisReport,
    Number,
    Words,
    keyed,
    records,
)
from cwi.report.pictures.dots import Dot, grouped_dots
from cwi.report.pictures.heat import heat_map
from cwi.report.pictures.style import FALL, RISE

__all__ = ["AuditReport"]

FEW = 4  # nodes that one row names
BEST = 2  # nodes where a region ranks best, and as many where it ranks worst
TWO = Number(2)
WHOLE_CHECKS = ("regions", "outliers", "eigenvalues above 1", "signs of loadings")
TENTHS = ("spread", "leave one out")
TOGETHER = ": all indicators"


class AuditReport(AnalysisReport):
    """Sections on the audit of one edition in one language; show each in a cell of its own.

    Parameters
    ----------
    edition
        What was audited.
    result
        Of :func:`cwi.analysis.audit.audit`.
    language
        kk, ru or en.
    seed
        Of the redrawn regions.

    Examples
    --------
    >>> import numpy as np
    >>> from cwi import read_edition
    >>> from cwi.analysis.audit import audit
    >>> edition = read_edition(2023)
    >>> result = audit(edition, rng=np.random.default_rng(1), draws=20)
    >>> AuditReport(edition, result, language="en", seed=1).counts().tables()[0].rows[0]
    ['number of regions', '0', '0', '1']
    """

    subject = "audit"

    def __init__(self, edition: Edition, result: Audit, *, language: str, seed: int) -> None:
        super().__init__(edition, language=language, seed=seed)
        self.result = result

    def called(self, code: object) -> str:
        """As elsewhere; and all indicators together, and verdicts in words."""
        if str(code).endswith(TOGETHER):
            return self.text("audit.together")
        return self.head(str(code)) if code in VERDICTS else super().called(code)

    def capacity(self) -> Section:
        """What so few regions can show, to be read before any other finding."""
        of = self.result.capacity
        text = self.text(
            "audit.capacity.text",
            n=self.number("regions", of["regions"]),
            parts=self.number("parts", of["parts"]),
            r=self.number("critical", of["critical"], 2, unit="r"),
            low=self.number("critical.low", of["low"], 2, unit="r"),
            high=self.number("critical.high", of["high"], 2, unit="r"),
        )
        copied = [self.text("audit.capacity.copied", n=self.number("copied", of["copied"]))] if of["copied"] else []
        return self.section("capacity", *(Paragraph(sentence) for sentence in (text, *copied)))

    def counts(self) -> Section:
        """How many findings of each check have each verdict."""
        columns = {"check": WORDS, "fail": WHOLE, "attention": WHOLE, "pass": WHOLE}
        return self.section("counts", self.table("counts", self.result.counts.reset_index(), columns))

    def findings(self, verdict: str) -> Section:
        """What fails, or asks for attention; equal findings of many nodes in one row."""
        lines = self.result.open[self.result.open["verdict"] == verdict]
        if lines.empty:
            return self.section(verdict, Paragraph(self.text(f"audit.{verdict}.none", year=self.year)))
        heads = ("check", "where", "number", "interval", "limit", "meaning")
        rows = [[self.called(row["check"]), *self._finding(verdict, row)] for row in records(lines)]
        shown = Table(
            name=f"audit-{verdict}",
            caption=self.text(f"audit.{verdict}.caption", year=self.year),
            columns=[self.head(column) for column in heads],
            rows=rows,
            data=lines.reset_index(drop=True),
            numeric=len(heads),
        )
        return self.section(verdict, shown)

    def _finding(self, verdict: str, row: dict[str, object]) -> list[str]:
        """Where, how much, its interval, the limit, and what it means."""
        nodes, check = str(row["nodes"]).split(", "), str(row["check"])
        where = self.listed(nodes, most=FEW) + (f" – {self.called(row['other'])}" if row["other"] else "")
        decimals = 0 if check in WHOLE_CHECKS else 1 if check in TENTHS else 2
        name = f"{verdict}.{check.replace(' ', '_')}.{nodes[0]}"
        number, low, high, limit = (float(str(row[key])) for key in ("number", "low", "high", "threshold"))
        ends = [self.number(f"{name}.{side}", end, 2, unit="") for side, end in (("low", low), ("high", high))]
        bound = self.number(f"limit.{check.replace(' ', '_')}.{row['bound']}", limit, decimals, unit="")
        kind, word = ("why", row["why"]) if np.isnan(number) else ("meaning", check)
        return [
            where,
            self.text("audit.not_computed") if np.isnan(number) else self.number(name, number, decimals, unit=""),
            NONE if np.isnan(low) else "; ".join(ends),
            self.text(f"audit.findings.limit.{str(row['bound']).replace(' ', '_')}", limit=bound),
            self.text(f"audit.{kind}.{keyed(word)}"),
        ]

    def coverage(self) -> Section:
        """How much was measured, of the year itself and for the territory itself."""
        table = self.result.coverage[self.result.coverage["measured"] > 0]
        columns = {"what": Words(self.head), "code": WORDS} | dict.fromkeys(
            ("measured", "own", "carried", "copied"), SHARE
        )
        return self.section("coverage", self.table("coverage", table, columns))

    def outliers(self) -> Section:
        """Values far from all others, and the regions that make them so."""
        table = self.result.outliers
        shown = table.assign(regions=[self.listed(codes.split(", ")) if codes else NONE for codes in table["regions"]])
        columns = {"indicator": WORDS, "n": WHOLE, "skewness": TWO, "kurtosis": TWO, "outlying": WORDS,
                   "score_skewness": TWO, "score_kurtosis": TWO, "score_outlying": WORDS, "regions": WORDS}  # fmt: skip
        return self.section("outliers", self.table("outliers", shown, columns))

    def statistics(self) -> Section:
        """Where the values of each indicator are, in its own unit, and how many are zero or the same."""
        table = self.result.statistics
        shown = table.assign(unit=[self.printer.unit(code) for code in table["indicator"]])
        columns = {"indicator": WORDS, "unit": Words(str), "n": WHOLE, "missing": WHOLE}
        columns |= dict.fromkeys(("mean", "low", "q05", "q25", "median", "q75", "q95", "high", "sd"), TWO)
        columns |= {"zeros": WHOLE, "distinct": WHOLE, "most": SHARE}
        return self.section("statistics", self.table("statistics", shown, columns, key=1))

    def ends(self) -> Section:
        """Floors and ceilings."""
        columns = {"indicator": WORDS, "n": WHOLE} | dict.fromkeys(("floor", "ceiling", "capped"), SHARE)
        return self.section("ends", self.table("ends", self.result.ends, columns))

    def spread(self) -> Section:
        """How far regions differ above the indicators, in points."""
        table = self.result.spread[self.result.spread["level"] != "indicator"]
        columns = {"level": WORDS, "node": WORDS, "n": WHOLE}
        columns |= dict.fromkeys(("mean", "sd", "low", "high", "range"), Number(1, "points"))
        return self.section("spread", self.table("spread", table, columns))

    def correlations(self, level: str) -> Section:
        """The correlations of a level as a square; a dot marks parts of one node, where a negative one is a problem."""
        of: dict[str, Any] = {"part": level, "level": self.printer.level(level)}
        pairs = self.result.correlations[self.result.correlations["level"] == level]
        if pairs.empty:
            return self.section("correlations", Paragraph(self.text("audit.correlations.none")), **of)
        codes = list(dict.fromkeys([*pairs["a"], *pairs["b"]]))
        square = pairs.pivot(index="a", columns="b", values="r").reindex(index=codes, columns=codes).astype(float)
        marks = pairs.pivot(index="a", columns="b", values="inside").reindex(index=codes, columns=codes).eq(True)
        rows = [f"{i}. {self.called(code)}" for i, code in enumerate(codes, start=1)]
        numbers = [str(i) for i in range(1, len(codes) + 1)]
        draw = partial(
            heat_map,
            square.fillna(square.T).set_axis(rows).set_axis(numbers, axis=1),
            number=self.plain(2),
            axis_label=self.text("audit.correlations.axis"),
            missing_label=self.text("audit.correlations.missing"),
            limits=(-1.0, 1.0),
            diverging=True,
            marks=(marks | marks.T).set_axis(rows).set_axis(numbers, axis=1),
            mark_label=self.text("audit.correlations.mark"),
        )
        columns = {"a": WORDS, "b": WORDS, "n": WHOLE, "r": TWO, "low": TWO, "high": TWO, "p": P_VALUE,
                   "spearman": TWO, "inside": WORDS}  # fmt: skip
        heads = {"low": self.head("r low"), "high": self.head("r high")}
        regions = self.number("regions", self.result.regions)
        behind = self.table("correlations", pairs, columns, heads=heads, n=regions, **of)
        lowest = records(pairs.sort_values("r"))[0]
        values = {
            "n": self.number(f"correlations.{level}.nodes", len(codes)),
            "r": self.number(f"correlations.{level}.{lowest['a']}.{lowest['b']}.r", lowest["r"], 2, unit=""),
            "a": self.called(lowest["a"]),
            "b": self.called(lowest["b"]),
        }
        return self.section("correlations", self.figure("correlations", draw, behind, part=level, **values), **of)

    def structure(self) -> Section:
        """Whether the parts of a node measure one thing."""
        columns = {"node": WORDS, "parts": WHOLE, "used": WHOLE, "n": WHOLE, "eigenvalues": WHOLE, "first": SHARE,
                   "negative": WHOLE, "kmo": TWO, "bartlett": P_VALUE, "alpha": TWO, "low": TWO, "high": TWO,
                   "alpha_pairs": TWO, "pairs": WHOLE}  # fmt: skip
        heads = {"low": self.head("r low"), "high": self.head("r high")}
        return self.section("structure", self.table("structure", self.result.structure, columns, heads=heads))

    def loadings(self) -> Section:
        """Which part differs from the others."""
        columns = {"node": WORDS, "part": WORDS, "loading": TWO, "item_total": TWO, "alpha_without": TWO}
        return self.section("loadings", self.table("loadings", self.result.loadings, columns))

    def belonging(self) -> Section:
        """Whether components are closer to another dimension than to their own."""
        table = self.result.belonging[self.result.belonging["level"] == "component"]
        columns = {"part": WORDS, "own": WORDS, "r_own": TWO, "rest": TWO, "other": WORDS, "r_other": TWO,
                   "difference": TWO, "low": TWO, "high": TWO}  # fmt: skip
        heads = {"part": self.head("component"), "own": self.head("own node"), "low": self.head("r low"),
                 "high": self.head("r high")}  # fmt: skip
        return self.section("belonging", self.table("belonging", table, columns, heads=heads))

    def influence(self, level: str) -> Section:
        """Nominal and effective weights of the parts of every node of a level, with their intervals."""
        of: dict[str, Any] = {"part": level, "level": self.printer.level(level)}
        above = self.result.structure.loc[self.result.structure["level"] == level, "node"]
        parts = self.result.effective[self.result.effective["parent"].isin(above)]
        parts = parts[parts["immediate"]]
        parts = parts[parts.groupby("parent")["part"].transform("size") > 1]
        if parts.empty:
            return self.section("influence", Paragraph(self.text("audit.influence.none")), **of)
        percent = {
            column: 100 * parts[column] for column in ("nominal", "effective", "effective_smooth", "low", "high")
        }
        drawn = parts.assign(group=parts["parent"].map(self.called), name=parts["part"].map(self.called), **percent)
        draw = partial(
            grouped_dots,
            drawn,
            self._dots(),
            axis_label=self.text("audit.influence.axis"),
            interval=self.text("audit.influence.interval", level=self.percent("level", LEVEL)),
            limits=(-2.0, 102.0),
        )
        columns = {"parent": WORDS, "part": WORDS, "n": WHOLE, "nominal": PERCENT, "effective": PERCENT, "low": PERCENT,
                   "high": PERCENT, "effective_smooth": PERCENT, "ratio": TWO}  # fmt: skip
        heads = {"low": self.head("r low"), "high": self.head("r high")}
        behind = self.table("influence", parts, columns, heads=heads, **of)
        far = records(parts)[int(np.log(parts["ratio"].clip(lower=1e-9)).abs().to_numpy().argmax())]
        name = f"influence.{level}.{far['parent']}.{far['part']}"
        values = {
            "n": self.number(f"influence.{level}.parts", len(parts)),
            "item": self.called(far["part"]),
            "parent": self.called(far["parent"]),
            "nominal": self.percent(f"{name}.nominal", far["nominal"], 1),
            "effective": self.percent(f"{name}.effective", far["effective"], 1),
        }
        return self.section("influence", self.figure("influence", draw, behind, part=level, **values), **of)

    def _dots(self) -> Sequence[Dot]:
        looks = {"nominal": ("o", 7.0, "white"), "effective": ("o", 5.5, RISE), "effective_smooth": ("D", 4.5, FALL)}
        return [Dot(column, self.text(f"audit.key.{column}"), *look) for column, look in looks.items()]

    def level_weights(self, level: str) -> Section:
        """What the parts of a level would have to weigh for their correlations with the index to be equal."""
        of: dict[str, Any] = {"part": level, "level": self.printer.level(level)}
        try:
            weights = level_weights(self.edition.scores, level, year=self.year).reset_index()
        except DataError:
            return self.section("level_weights", Paragraph(self.text("audit.level_weights.none")), **of)
        columns = {"part": WORDS, "parent": WORDS, "before": PERCENT, "weight": PERCENT, "r_before": TWO, "r": TWO}
        heads = {"before": self.head("nominal"), "weight": self.text("audit.column.sought"),
                 "r_before": self.text("audit.column.r_index"), "r": self.text("audit.column.r_sought")}  # fmt: skip
        return self.section("level_weights", self.table("level_weights", weights, columns, heads=heads, **of), **of)

    def strengths(self, level: str) -> Section:
        """Where each region ranks best and where worst, in one level of the tree."""
        of: dict[str, Any] = {"part": level, "level": self.printer.level(level)}
        ranks = self.edition.scores.without_nation(self.edition.scores.wide(self.year, level, "rank"))
        rows = []
        for region in ranks.index[ranks.notna().any(axis=1)]:
            nodes = strengths(self.edition.scores, str(region), self.year, level=level, n=BEST)
            row: dict[str, object] = {"region": region}
            for kind, named in nodes.groupby("kind"):
                name = f"strengths.{level}.{region}"
                row[str(kind)] = "; ".join(
                    self.text("audit.strengths.rank", node=self.called(node["node"]),
                              rank=self.number(f"{name}.{node['node']}", node["rank"], unit="rank"),
                              ranked=self.number(f"{name}.{node['node']}.of", node["ranked"]))
                    for node in records(named)
                )  # fmt: skip
            rows.append(row)
        table = pd.DataFrame(rows, columns=["region", "strength", "weakness"]).fillna(NONE)
        columns = {"region": WORDS, "strength": Words(str), "weakness": Words(str)}
        return self.section("strengths", self.table("strengths", table, columns, **of), **of)

    def leave_one_out(self) -> Section:
        """Whether the ranking depends on one part."""
        columns = {"level": WORDS, "part": WORDS, "n": WHOLE, "mean_shift": TWO, "over_2": SHARE, "over_5": SHARE,
                   "mover": WORDS, "before": WHOLE, "after": WHOLE}  # fmt: skip
        heads = {"over_2": self.head("over two"), "over_5": self.head("over five"),
                 "before": self.text("audit.column.before"), "after": self.text("audit.column.after")}  # fmt: skip
        table = self.result.leave_one_out
        shown = table.assign(mover=table["mover"].replace("", NONE))
        return self.section("leave_one_out", self.table("leave_one_out", shown, columns, heads=heads))
