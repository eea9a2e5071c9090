"""What a consultation shows, as the sections of its notebook; of a synthetic one every section is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cwi.analysis.consultation import LEVEL, Consulted
from cwi.edition import Edition
from cwi.inputs.consultation import LEAST, LIMIT, NEAR, Thresholds
from cwi.report.blocks import Bullets, Paragraph, Section
from cwi.report.languages import NONE
from cwi.report.notebooks.analysis_report import (
    PERCENT,
    POINTS,
    WHOLE,
    WORDS,
    AnalysisReport,
    Column,
    Number,
    Words,
    records,
)
from cwi.report.pictures.dots import Dot, grouped_dots
from cwi.report.pictures.style import FALL, RISE

__all__ = ["ConsultationReport"]

RANK, TWO, THREE = Number(0, "rank"), Number(2), Number(3)
IN_PERCENT = Number(1, "%")
TEXT = Words(str)
CHILD = "child"  # a group of voters, and a node of the tree
OPEN, FULL, DIAMOND = ("o", 7.0, "white"), ("o", 5.5, RISE), ("D", 4.5, FALL)
SHARES: Mapping[str, Column] = dict.fromkeys(
    ("official", "votes", "low", "high", "experts", "experts_low", "experts_high", "children", "adults"), PERCENT
)


class ConsultationReport(AnalysisReport):
    """Sections on a consultation about one edition in one language; show each in a cell of its own.

    Parameters
    ----------
    edition
        Whose index is weighed.
    result
        Of :func:`cwi.analysis.consultation.consult`.
    language
        kk, ru or en.
    seed
        Of the redrawn voters and experts.
    """

    subject = "consultation"

    def __init__(self, edition: Edition, result: Consulted, *, language: str, seed: int) -> None:
        super().__init__(edition, language=language, seed=seed, synthetic=result.synthetic)
        self.result = result

    def ballots(self) -> Section:
        """From the ballots that were read to those that count, and what they are worth."""
        steps = self.result.steps
        last = pd.DataFrame({"step": ["ballots that count"], "ballots": [int(steps["ballots"].sum())]})
        table = pd.concat([steps, last], ignore_index=True)
        note = self.text("consultation.ballots.note", n=self.number("effective", self.result.effective, unit="voters"))
        columns = {"step": self.words("step"), "ballots": WHOLE}
        return self.section("ballots", self.table("ballots", table, columns, note=note))

    def voters(self) -> Section:
        """Who voted, against the shares that voters are raked to."""
        table = self.result.voters
        names = [self._category(row) for row in records(table)]
        drawn = table.assign(
            group=table["variable"].map(self.called),
            name=names,
            share=100 * table["share"],
            target=100 * table["target"],
        )
        columns = {"variable": WORDS, "category": WORDS, "ballots": WHOLE, "share": PERCENT, "target": PERCENT}
        behind = self.table("voters", table, columns, key=2)
        gap = (table["share"] - table["target"]).abs().fillna(-1).to_numpy()
        far = records(table)[int(gap.argmax())]
        place = f"voters.{far['variable']}.{far['category']}"
        words = {
            "name": self._category(far),
            "share": self.percent(f"{place}.share", far["share"], 1),
            "target": self.percent(f"{place}.target", far["target"], 1),
        }
        draw = self._dots(drawn, {"target": OPEN, "share": FULL}, limits=_upto(drawn, ("target", "share")))
        return self.section("voters", self.figure("voters", draw, behind, **words), least=self.number("least", LEAST))

    def _category(self, row: Mapping[str, Any]) -> str:
        if row["variable"] == "group" and row["category"] == CHILD:
            return self.text("consultation.group.child")
        return self.called(row["category"])

    def flags(self) -> Section:
        """Patterns of stuffing, each with its rule, and the weights with and without the ballots that carry it."""
        table = self.result.flags
        shown = table.assign(
            rule=[self._rule(flag) for flag in table["flag"]],
            ballots=[self._few(f"flags.{row['flag']}.ballots", row["ballots"]) for row in records(table)],
            counted=[self._few(f"flags.{row['flag']}.counted", row["counted"]) for row in records(table)],
            change=[self._change(row) for row in records(table)],
        )
        columns = {"flag": self.words("flag"), "rule": TEXT, "ballots": TEXT, "counted": TEXT, "change": TEXT,
                   "moved": WHOLE}  # fmt: skip
        heads = {"change": self.head("change largest")}
        return self.section("flags", self.table("flags", shown, columns, key=1, heads=heads))

    def _few(self, name: str, count: float) -> str:
        if np.isnan(count):
            return self.text("consultation.flags.few", n=self.number("least", LEAST))
        return self.number(name, count)

    def _change(self, row: Mapping[str, Any]) -> str:
        if pd.isna(row["change"]):
            return NONE
        points = self.number(f"flags.{row['flag']}.change", 100 * row["change"], 1, unit="points")
        return self.text("consultation.flags.change", points=points, name=self.called(row["part"]))

    def _rule(self, flag: str) -> str:
        """What is flagged, with the thresholds in use."""
        t = Thresholds()
        values: dict[str, dict[str, float]] = {
            "burst": {"minutes": t.minutes, "times": t.burst, "least": t.burst_least},
            "series": {"least": t.series, "near": NEAR},
            "consecutive identifiers": {"least": t.run, "share": 100 * t.run_share},
            "region": {"times": t.region, "least": t.region_least},
            "fast": {"share": 100 * t.fast},
        }
        if flag not in values:
            return ""
        name = flag.replace(" ", "_")
        texts = {key: self.number(f"rule.{name}.{key}", value) for key, value in values[flag].items()}
        return self.text(f"consultation.rule.{name}", **texts)

    def consistency(self) -> Section:
        """Consistency ratios of the experts who compared pairs."""
        words = {
            "limit": self.number("consistency.limit", LIMIT, 2, unit=""),
            "aside": self.number("experts.set_aside", self.result.set_aside),
            "experts": self.number("experts", self.result.experts),
        }
        if self.result.consistency.empty:
            return self.section("consistency", Paragraph(self.text("consultation.consistency.none")), **words)
        columns = {"parent": WORDS, "parts": WHOLE, "experts": WHOLE, "median": THREE, "beyond": PERCENT}
        return self.section("consistency", self.table("consistency", self.result.consistency, columns), **words)

    def agreement(self) -> Section:
        """How far the experts agree."""
        columns = {"parent": WORDS, "parts": WHOLE, "w": TWO, "distance": PERCENT}
        n = self.number("experts", self.result.experts)
        return self.section("agreement", self.table("agreement", self.result.agreement, columns, n=n))

    def disagreement(self, level: str) -> Section:
        """What experts gave to the parts of every node of a level: their mean, and what nine in ten lie between."""
        table = self._parts(self.result.weights, level)
        drawn = table.drop(columns=["low", "high"]).rename(columns={"experts_low": "low", "experts_high": "high"})
        wide = str((drawn["high"] - drawn["low"]).idxmax())
        words = {
            "n": self.number(f"parts.{level}", len(table)),
            "name": self.called(wide),
            "low": self._share(f"experts.{level}", table, wide, "experts_low"),
            "high": self._share(f"experts.{level}", table, wide, "experts_high"),
        }
        draw = self._dots(
            drawn, {"official": OPEN, "experts": DIAMOND}, interval=self.text("consultation.interval.experts")
        )
        columns = ("official", "experts", "experts_low", "experts_high")
        return self._of_level("experts", level, table, columns, draw, words)

    def weights(self, level: str) -> Section:
        """Weights of the parts of every node of a level from votes, beside those of experts and the methodology."""
        table = self._parts(self.result.weights, level)
        gap = str((table["votes"] - table["official"]).abs().idxmax())
        words = {"n": self.number(f"parts.{level}", len(table)), "name": self.called(gap)}
        words |= {kind: self._share(f"weights.{level}", table, gap, kind) for kind in ("votes", "official", "experts")}
        looks = {"official": OPEN, "experts": DIAMOND, "votes": FULL}
        draw = self._dots(table, looks, interval=self._interval("voters"))
        return self._of_level("weights", level, table, ("official", "votes", "low", "high", "experts"), draw, words)

    def children(self, level: str) -> Section:
        """Children's votes apart from those of adults."""
        of = {"level": self.printer.level(level)}
        if self.result.children.empty:
            text = self.text("consultation.children.none", least=self.number("least", LEAST))
            return self.section("children", Paragraph(text), part=level, **of)
        table = self._parts(self.result.children, level)
        gap = str((table["children"] - table["adults"]).abs().idxmax())
        words = {"n": self.number(f"parts.{level}", len(table)), "name": self.called(gap)}
        words |= {kind: self._share(f"children.{level}", table, gap, kind) for kind in ("children", "adults")}
        draw = self._dots(table, {"adults": OPEN, "children": FULL}, interval=self._interval("voters"))
        return self._of_level("children", level, table, ("children", "low", "high", "adults"), draw, words)

    def _of_level(
        self, what: str, level: str, table: pd.DataFrame, columns: Sequence[str], draw: Any, words: Mapping[str, str]
    ) -> Section:
        of: dict[str, Any] = {"part": level, "level": self.printer.level(level)}
        data = table[["parent", *columns]].rename_axis("part").reset_index()
        shown = {"parent": WORDS, "part": WORDS} | dict.fromkeys(columns, IN_PERCENT)
        behind = self.table(what, data, shown, **of)
        return self.section(what, self.figure(what, draw, behind, part=level, **words), **of)

    def implied(self) -> Section:
        """What each indicator counts in the index under each set of weights."""
        table = self.result.implied
        component = str(table.columns[0])
        percent = {column: 100 * table[column] for column in ("official", "votes", "experts")}
        drawn = table.assign(group=table[component].map(self.called), name=table.index.map(self.called), **percent)
        most = str(table["votes"].idxmax())
        words = {"n": self.number("implied.indicators", len(table)), "name": self.called(most)}
        place = f"implied.{table.at[most, component]}.{most}"
        words |= {kind: self.percent(f"{place}.{kind}", float(table[kind][most]), 1) for kind in ("votes", "official")}
        looks = {"official": OPEN, "experts": DIAMOND, "votes": FULL}
        columns: dict[str, Column] = {component: WORDS, "indicator": WORDS}
        columns |= {kind: SHARES[kind] for kind in ("official", "votes", "experts")}
        behind = self.table("implied", table.rename_axis("indicator").reset_index(), columns)
        draw = self._dots(drawn, looks, limits=_upto(drawn, tuple(looks)))
        return self.section("implied", self.figure("implied", draw, behind, **words))

    def ranks(self) -> Section:
        """Ranks under each λ with their intervals, beside the official ones."""
        table = self.result.ranks
        wide = table.pivot(index="region", columns="lam", values=["rank", "low", "high"])
        official = table[table["lam"].isna()].set_index("region")["rank"]
        lams = [float(lam) for lam in table["lam"].dropna().unique()]
        order = official.sort_values(kind="stable").index
        drawn = pd.DataFrame(
            [
                {"group": self._group(lam), "lam": lam, "name": self.called(region), "rank_official": official[region]}
                | {kind: wide.at[region, (kind, lam)] for kind in ("rank", "low", "high")}
                for lam in lams
                for region in order
            ]
        )
        moved = (drawn["rank"] != drawn["rank_official"]).groupby(drawn["lam"]).sum()
        counts = "; ".join(f"{self._group(lam)} – {self.number(f'ranks.{lam:g}.moved', moved[lam])}" for lam in lams)
        key = ["official" if np.isnan(lam) else f"{lam:g}" for lam in table["lam"]]
        columns = {"region": WORDS, "lam": Words(self._weighed), "score": POINTS, "rank": RANK, "low": RANK,
                   "high": RANK, "unscored": PERCENT}  # fmt: skip
        behind = self.table("ranks", table.assign(lam=key), columns)
        draw = self._dots(
            drawn,
            {"rank_official": OPEN, "rank": FULL},
            axis="rank",
            interval=self._interval("ranks"),
            limits=(0.0, len(order) + 1.0),
            ticks=[1, *range(5, len(order) + 1, 5)],
        )
        scored = {
            float(row["lam"]): self.number(f"measured.{row['lam']:g}", row["regions"])
            for row in records(self.result.measured)
        }
        measured = "; ".join(f"λ = {self._lam(lam)} – {count}" for lam, count in scored.items())
        unscored = self.percent("ranks.unscored", float(table["unscored"].max()), 1)
        n = self.number("ranks.regions", len(order))
        picture = self.figure("ranks", draw, behind, n=n, moved=counts)
        return self.section("ranks", picture, measured=measured, unscored=unscored)

    def _lam(self, lam: float) -> str:
        return self.number(f"lambda.{lam:g}", lam, 2, unit="")

    def _group(self, lam: float) -> str:
        whose = {0.0: "experts", 1.0: "votes"}.get(lam, "both")
        return self.text(
            "consultation.ranks.group", value=self._lam(lam), whose=self.text(f"consultation.ranks.{whose}")
        )

    def _weighed(self, key: object) -> str:
        return self.text("consultation.ranks.official") if key == "official" else self._group(float(str(key)))

    def moves(self) -> Section:
        """The regions that move, λ by λ; beyond noise where the interval of the rank leaves the official rank out."""
        table = self.result.ranks
        official = table[table["lam"].isna()].set_index("region")["rank"]
        lines = []
        for lam, part in table.dropna(subset="lam").groupby("lam"):
            own = part.set_index("region")
            base = official.reindex(own.index)
            beyond = own.index[(base < own["low"]) | (base > own["high"])]
            regions = "; ".join(
                self.text(
                    "consultation.moves.region",
                    region=self.called(region),
                    before=self.number(f"ranks.{region}.official.rank", float(base[region]), unit="rank"),
                    after=self.number(f"ranks.{region}.{lam:g}.rank", float(own["rank"][region]), unit="rank"),
                )
                for region in beyond
            )
            n = self.number(f"ranks.{lam:g}.moved", int((own["rank"] != base).sum()))
            everyone = self.number("ranks.regions", len(own))
            words = {"n": n, "all": everyone, "regions": regions or self.text("analysis.nobody")}
            lines.append(self.text("consultation.moves.line", value=self._lam(float(str(lam))), **words))
        return self.section("moves", Bullets(lines))

    def heard(self) -> Section:
        """What was heard: proposals by subject and decision."""
        columns: dict[str, Column] = {"subject": WORDS}
        columns |= dict.fromkeys(("proposals", "accepted", "partly", "declined", "later"), WHOLE)
        return self.section("heard", self.table("heard", self.result.register.heard(), columns | {"versions": TEXT}))

    def changed(self) -> Section:
        """What was changed: proposals that were accepted, with the reason and the version."""
        table = self.result.register.changed()
        if table.empty:
            return self.section("changed", Paragraph(self.text("consultation.changed.none")))
        written = Words(str, english=self.synthetic)
        columns = {"id": TEXT, "body": WORDS, "subject": WORDS, "proposed": written, "decision": self.words("decision"),
                   "reason": written, "version": TEXT}  # fmt: skip
        return self.section("changed", self.table("changed", table, columns, key=1))

    def _share(self, place: str, table: pd.DataFrame, part: str, kind: str) -> str:
        """A weight of a sentence, under the name that it has in the table."""
        row = records(table.loc[[part]])[0]
        return self.percent(f"{place}.{row['parent']}.{part}.{kind}", row[kind] / 100, 1)

    def _parts(self, table: pd.DataFrame, level: str) -> pd.DataFrame:
        """The parts of the nodes of a level, named for a picture and in per cent."""
        names = list(dict.fromkeys(self.result.weights["level"]))
        below = names[names.index(level) - 1] if level in names else names[-1]
        rows: pd.DataFrame = table[table["level"] == below]
        percent = {str(column): 100 * rows[column] for column in rows if column in SHARES}
        return rows.assign(group=rows["parent"].map(self.called), name=rows.index.map(self.called), **percent)

    def _interval(self, what: str) -> str:
        return self.text(f"consultation.interval.{what}", level=self.percent("level", LEVEL))

    def _dots(
        self,
        drawn: pd.DataFrame,
        looks: Mapping[str, tuple[str, float, str]],
        *,
        axis: str = "share",
        interval: str = "",
        limits: tuple[float, float] = (-2.0, 102.0),
        ticks: Sequence[float] | None = None,
    ) -> Any:
        dots = [Dot(column, self.text(f"consultation.key.{column}"), *look) for column, look in looks.items()]
        label = self.text(f"consultation.axis.{axis}")
        ends: dict[str, Any] = {"limits": limits, "ticks": ticks, "number": self.plain(1)}
        return partial(grouped_dots, drawn, dots, axis_label=label, interval=interval, **ends)


def _upto(table: pd.DataFrame, columns: Sequence[str]) -> tuple[float, float]:
    most = float(table[list(columns)].max().max())
    return (-0.02 * most, 1.05 * most)
