"""Weighting schemes side by side, as the sections of their notebook.

``of`` names a comparison where one notebook shows several, in the names of tables, pictures and ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cwi.analysis.comparison import Comparison, WeightsToLead
from cwi.report.blocks import Block, Bullets, Paragraph, Section, Table
from cwi.report.languages import NONE, Language
from cwi.report.notebooks.analysis_report import (
    PERCENT,
    SHARE,
    WHOLE,
    WORDS,
    AnalysisReport,
    Column,
    Number,
    Words,
    records,
)
from cwi.report.pictures import comparison as pictures
from cwi.report.pictures.heat import heat_map

__all__ = ["ComparisonReport"]

MOST = 14  # nodes that a picture of changes has room for
RANK, TWO = Number(0, "rank"), Number(2)
JUDGED = ("ahp", "budget_allocation")  # weightings that need experts
REFUSALS = {"logarithmic scale": "log", "true zero": "zero"}  # what an error is about: its message
ENGLISH = Language("en")  # in which reasons are written in the crosswalk's files
ALWAYS = {
    "first": "first",
    "last": "last",
    "in the top third": "top",
    "in the bottom third": "bottom",
    "above the middle": "above",
    "below the middle": "below",
}


class ComparisonReport(AnalysisReport):
    """Sections on comparisons of one edition in one language; show each in a cell of its own.

    Parameters
    ----------
    edition
        What is weighted otherwise.
    language
        kk, ru or en.
    seed
        Of the draws.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.comparison import compare, weightings
    >>> edition = read_edition(2019)
    >>> result = compare(edition, weightings(edition, "entropy", level="index"))
    >>> ComparisonReport(edition, language="en", seed=1).movers(result).tables()[0].rows[0][:2]
    ['entropy', '0.97']
    """

    subject = "comparison"

    def scheme(self, name: object) -> str:
        """What a scheme is called: a weighting, a system's rule, the methodology itself, or the name it was given."""
        word = str(name)
        if self.language.knows(f"method.weighting.{word}"):
            return self.text(f"method.weighting.{word}")
        if self.language.knows(f"comparison.scheme.{word}"):
            return self.text(f"comparison.scheme.{word}")
        if self.language.knows(f"crosswalk.method.{word}"):
            return self.text(f"crosswalk.method.{word}")
        return word.replace("_", " ")

    @property
    def _schemes(self) -> Words:
        return Words(self.scheme)

    def run(self, comparison: Comparison, of: str = "schemes") -> Section:
        """The schemes that were run, each with the fingerprint of its methodology."""
        rows = comparison.schemes[["fingerprint", "regions"]].reset_index()
        columns = {"scheme": self._schemes, "fingerprint": Words(str), "regions": WHOLE}
        return self.section("run", self.table("run", rows, columns, part=of, key=1), part=of)

    def refusals(self, comparison: Comparison, of: str = "schemes") -> Section:
        """What could not be run, and why; nothing is dropped without a word."""
        if comparison.refused.empty:
            return self.section("refused", Paragraph(self.text("comparison.refused.none")), part=of)
        reasons = [self._reason(row["scheme"], row["reason"]) for row in records(comparison.refused)]
        rows = comparison.refused.assign(reason=reasons)
        untranslated = any(reason == error for reason, error in zip(reasons, comparison.refused["reason"], strict=True))
        columns = {"scheme": self._schemes, "reason": Words(str, english=untranslated)}
        return self.section("refused", self.table("refused", rows, columns, part=of), part=of)

    def _reason(self, scheme: str, error: str) -> str:
        """Why a scheme could not be run: in the language where there is a message, as the error has it elsewhere."""
        if scheme in JUDGED:
            return self.text("comparison.refused.judged")
        for sign, key in REFUSALS.items():
            if sign in error:
                return self.text(f"comparison.refused.{key}")
        key = f"crosswalk.differs.{scheme}"
        if ENGLISH.knows(key) and ENGLISH.text(key) == error:
            return self.text(key)
        return error

    def implied(self, comparison: Comparison, of: str = "schemes") -> Section:
        """What each component counts in the index under each scheme; the indicators in the table behind."""
        methodology = self.edition.methodology
        lowest = methodology.levels[0].name
        wide = comparison.weights.pivot(index="indicator", columns="scheme", values="weight")
        wide = wide.loc[list(methodology.indicators["code"]), list(comparison.runs)]
        parent = methodology.indicators.set_index("code")[lowest]
        values = 100 * wide.groupby(parent.to_numpy(), sort=False).sum()
        highest = float(values.to_numpy().max())
        draw = partial(
            heat_map,
            values.rename(index=self.called, columns=self.scheme),
            number=self.plain(1),
            axis_label=self.text("comparison.implied.axis"),
            missing_label="",
            limits=(0.0, 5.0 * np.ceil(highest / 5)),
        )
        data = wide.rename_axis(columns=None).reset_index()
        data.insert(0, "component", parent.reindex(data["indicator"]).to_numpy())
        columns: dict[str, Column] = {"component": WORDS, "indicator": WORDS}
        columns |= dict.fromkeys(comparison.runs, PERCENT)
        level: dict[str, Any] = {"level": self.printer.level(lowest)}
        behind = self.table("implied", data, columns, part=of, heads=self._heads(comparison), **level)
        node, scheme = _at(values, np.argmax)
        words = {
            "n": self.number(f"implied.{of}.nodes", len(values)),
            "most": self.number(f"implied.{of}.{node}.{scheme}", highest, 1, unit="%"),
            "node": self.called(node),
            "scheme": self.scheme(scheme),
        }
        return self.section("implied", self.figure("implied", draw, behind, part=of, **words), part=of, **level)

    def _heads(self, comparison: Comparison) -> dict[str, str]:
        return {str(name): self.scheme(name) for name in comparison.runs}

    def rank_paths(self, comparison: Comparison, intervals: pd.DataFrame, of: str = "schemes") -> Section:
        """Where each region ranks under each scheme, over the interval that noise on the weights alone would give."""
        ranks, spread = comparison.ranks, comparison.robust["spread"]
        noise = intervals[["rank_p5", "rank_p95"]].set_axis(["low", "high"], axis=1).reindex(ranks.index)
        draw = partial(
            pictures.rank_paths,
            ranks.rename(index=self.called, columns=self.scheme),
            noise.to_numpy(float),
            {key: self.text(f"comparison.paths.{key}") for key in ("own", "noise", "rank")},
        )
        data = ranks.rename_axis(columns=None).join(noise.add_prefix("noise_")).reset_index()
        columns: dict[str, Column] = {"region": WORDS} | dict.fromkeys(
            (*comparison.runs, "noise_low", "noise_high"), RANK
        )
        count = self.number(f"paths.{of}.schemes", len(ranks.columns))
        behind = self.table("paths", data, columns, part=of, heads=self._heads(comparison), n=count)
        words = {
            "region": self.called(spread.idxmax()),
            "places": self.number(f"paths.{of}.spread", float(spread.max()), unit="ranks"),
            "still": self.number(f"paths.{of}.still", int((spread == 0).sum())),
        }
        return self.section("paths", self.figure("paths", draw, behind, part=of, **words), part=of)

    def movers(self, comparison: Comparison, of: str = "schemes") -> Section:
        """How far each scheme is from the reference, and who moves by more than two and five places."""
        rows = comparison.schemes.drop(index=comparison.reference, columns=["fingerprint"]).reset_index()
        shown = rows.assign(
            **{column: [self.listed(codes.split(", ") if codes else []) for codes in rows[column]]
               for column in ("movers_2", "movers_5")}
        )  # fmt: skip
        columns = {"scheme": self._schemes, "spearman": TWO, "kendall": TWO, "mean_shift": TWO, "over_2": WHOLE,
                   "over_5": WHOLE, "movers_2": Words(str), "movers_5": Words(str)}  # fmt: skip
        heads = {f"{word}_{places}": self.head(f"{word} {key}")
                 for word in ("over", "movers") for places, key in ((2, "two"), (5, "five"))}  # fmt: skip
        reference = self.scheme(comparison.reference)
        note = self.text("comparison.movers.note")
        table = self.table("movers", shown, columns, part=of, heads=heads, note=note, reference=reference)
        return self.section("movers", table, part=of)

    def correlations(self, comparison: Comparison, of: str = "schemes") -> Section:
        """Rank correlations between all schemes; mean places moved in the table behind."""
        square = comparison.correlations
        lowest = float(square.to_numpy().min())
        draw = partial(
            heat_map,
            square.rename(index=self.scheme, columns=self.scheme),
            number=self.plain(2),
            axis_label=self.text("comparison.correlations.axis"),
            missing_label="",
            limits=(min(0.8, np.floor(10 * lowest) / 10), 1.0),
        )
        data = comparison.shifts.rename_axis(columns=None).rename_axis("scheme").reset_index()
        columns: dict[str, Column] = {"scheme": self._schemes} | dict.fromkeys(comparison.runs, TWO)
        behind = self.table("correlations", data, columns, part=of, heads=self._heads(comparison))
        one, other = _at(square, np.argmin)
        words = {
            "n": self.number(f"correlations.{of}.schemes", len(square)),
            "r": self.number(f"correlations.{of}.{one}.{other}.spearman", lowest, 2, unit=""),
            "one": self.scheme(one),
            "other": self.scheme(other),
        }
        return self.section("correlations", self.figure("correlations", draw, behind, part=of, **words), part=of)

    def beyond_noise(self, comparison: Comparison, intervals: pd.DataFrame, of: str = "schemes") -> Section:
        """Which moves are larger than noise on the weights would make them."""
        moves = comparison.beyond(intervals)
        rows = []
        for scheme, part in moves.groupby("scheme", sort=False):
            better, worse = part[part["beyond"] < 0], part[part["beyond"] > 0]
            name = f"beyond.{of}.{scheme}"
            within = self.number(f"{name}.within", len(part) - len(better) - len(worse))
            rows.append([self.scheme(scheme), within, *(self._farthest(name, side) for side in (better, worse))])
        heads = [self.head(column) for column in ("scheme", "within", "better", "worse")]
        caption = self.text("comparison.beyond.caption", year=self.year)
        table = Table(f"comparison-beyond-{of}", caption, heads, rows, moves, numeric=len(heads))
        return self.section("beyond", table, part=of)

    def _farthest(self, name: str, rows: pd.DataFrame) -> str:
        """Regions with the places outside the interval, the farthest first."""
        far = rows.reindex(rows["beyond"].abs().sort_values(ascending=False, kind="stable").index)
        places = [
            (row["region"], self.number(f"{name}.{row['region']}", abs(row["beyond"]), unit="ranks"))
            for row in records(far)
        ]
        named = [f"{self.called(region)} ({printed})" for region, printed in places]
        return "; ".join(named) or self.text("analysis.nobody")

    def robust(self, comparison: Comparison, of: str = "schemes") -> Section:
        """What holds whatever scheme is chosen, in sentences, and the range of ranks of every region."""
        table = comparison.robust
        holds = table[table["always"] != ""]
        runs = self.number(f"paths.{of}.schemes", len(comparison.runs))
        sentences = [
            self.text(f"comparison.always.{ALWAYS[str(word)]}", regions=self.listed(list(part.index)))
            for word, part in holds.groupby("always", sort=False)
        ]
        left = self.number(f"robust.{of}.open", len(table) - len(holds))
        everyone = self.number(f"robust.{of}.regions", len(table))
        sentences.append(self.text("comparison.robust.open", n=left, all=everyone, schemes=runs))
        always = [self.text(f"comparison.short.{ALWAYS[word]}") if word else NONE for word in table["always"]]
        columns = {"region": WORDS, "best": RANK, "worst": RANK, "spread": RANK, "always": Words(str)}
        shown = self.table("robust", table.reset_index().assign(always=always), columns, part=of, n=runs)
        return self.section("robust", Bullets(sentences), shown, part=of)

    def sure_leads(self, leads: pd.DataFrame, *, band: float) -> Section:
        """Which region is ahead of which under all weights within a band."""
        n, ahead = len(leads), leads.sum(axis=1)
        draw = partial(
            pictures.sure_leads,
            leads.rename(index=self.called),
            {key: self.text(f"comparison.leads.{key}") for key in ("sure", "open")},
        )
        data = pd.DataFrame({"ahead": ahead, "behind": leads.sum()}).rename_axis("region").reset_index()
        words: dict[str, Any] = {
            "band": self.number("leads.band", 100 * band, unit="points"),
            "n": self.number("leads.sure", int(leads.to_numpy().sum())),
            "pairs": self.number("leads.pairs", n * (n - 1) // 2),
        }
        behind = self.table("leads", data, {"region": WORDS, "ahead": WHOLE, "behind": WHOLE}, **words)
        most = {"region": self.called(ahead.idxmax()), "most": self.number("leads.most", int(ahead.max()))}
        return self.section("leads", self.figure("leads", draw, behind, **words, **most), **words)

    def best_cases(self, cases: pd.DataFrame, *, shares: tuple[float, float]) -> Section:
        """The index beside each region's best case; a best case is no ranking."""
        labels = {key: self.text(f"comparison.best.{key}") for key in ("index", "best", "share")}
        percent = 100 * cases[["index", "best"]].rename(index=self.called)
        draw = partial(pictures.best_cases, percent, labels, self.plain(0))
        low, high = (
            self.percent(f"best.share.{side}", share) for side, share in zip(("low", "high"), shares, strict=True)
        )
        columns = {"region": WORDS, "index": PERCENT, "best": PERCENT, "gain": PERCENT}
        data = cases.rename_axis("region").reset_index()
        of: dict[str, Any] = {"low": low, "high": high}
        behind = self.table("best", data, columns, heads=labels, **of)
        far = str(cases["gain"].idxmax())
        words = {"region": self.called(far), "gain": self.percent(f"best.{far}.gain", float(cases["gain"][far]), 1)}
        return self.section("best", self.figure("best", draw, behind, **words), **of)

    def needed_changes(self, needed: WeightsToLead) -> Section:
        """How weights would have to change for each region to be first; sentences on those that none make first."""
        rows, level = needed.regions, dict[str, Any](level=self.printer.level(needed.level))
        blocks: list[Block] = []
        never = rows.index[~rows["possible"] & (rows["why"] != "") & rows["rank"].notna()]
        left = rows.index[rows["rank"].isna()]
        for key, codes in (("never", never), ("left", left)):
            if len(codes):
                blocks.append(Paragraph(self.text(f"comparison.needed.{key}", regions=self.listed(list(codes)))))
        shown = rows.reset_index()[["region", "rank", "distance", "raised", "lowered"]].replace("", None)
        columns = {"region": WORDS, "rank": RANK, "distance": SHARE, "raised": WORDS, "lowered": WORDS}
        behind = self.table("needed", shown, columns, part=needed.level, key=1, **level)
        changes = needed.changes
        changes = changes[rows["distance"].reindex(changes.index) > 0]
        if changes.empty or len(changes.columns) > MOST:
            return self.section("needed", *blocks, behind, part=needed.level, **level)
        picture = self._needed_picture(needed, changes, behind, len(never))
        return self.section("needed", *blocks, picture, part=needed.level, **level)

    def _needed_picture(self, needed: WeightsToLead, changes: pd.DataFrame, behind: Table, never: int) -> Block:
        name = f"needed.{needed.level}"
        moved = {str(code): float(value) for code, value in needed.regions["distance"].items()}
        shares = {code: self.percent(f"{name}.{code}.distance", value) for code, value in moved.items()}
        labels = [f"{self.called(code)} ({shares[str(code)]})" for code in changes.index]
        values = (100 * changes).set_axis(labels).rename(columns=self.called)
        reach = 10 * float(np.ceil(np.abs(values.to_numpy()).max() / 10))
        draw = partial(
            heat_map,
            values,
            number=lambda value: self.language.number(value, 0, sign=True) if round(value) else "",
            axis_label=self.text("comparison.needed.axis"),
            missing_label="",
            limits=(-reach, reach),
            diverging=True,
        )
        first = str(changes.index[0])
        words: Mapping[str, str] = {
            "n": self.number(f"{name}.regions", len(changes)),
            "region": self.called(first),
            "share": shares[first],
            "node": self.called(needed.regions["raised"].to_dict()[first]),
            "never": self.number(f"{name}.never", never),
        }
        return self.figure("needed", draw, behind, part=needed.level, **words)


def _at(values: pd.DataFrame, find: Callable[[Any], Any]) -> tuple[str, str]:
    """The row and the column of the cell that is looked for."""
    i, j = divmod(int(find(values.to_numpy(float))), values.shape[1])
    return str(values.index[i]), str(values.columns[j])
