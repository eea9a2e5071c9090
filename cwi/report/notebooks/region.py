"""The profile of one region, or of the country: where it is strong and weak, beside whom, and what was not measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps

import numpy as np
import pandas as pd

from cwi.analysis.equity import GROUPS
from cwi.edition import Edition
from cwi.errors import DataError, near
from cwi.report.blocks import Block, Bullets, Columns, Figure, Heading, Paragraph, Section
from cwi.report.named import joined
from cwi.report.notebooks.analysis_report import POINTS, WHOLE, WORDS, AnalysisReport, Number, Words
from cwi.report.notebooks.region_results import RegionResults
from cwi.report.pictures.money import years as lines_over_years
from cwi.report.pictures.panels import interval_panels
from cwi.report.printer import Printer
from cwi.report.sections import promises
from cwi.report.sections.equity import group_gaps
from cwi.report.sections.summary import country
from cwi.territory import PARENT_REGION

__all__ = ["RegionReport"]

ROWS = 15  # of the picture of gaps in print
MOST = 3  # indicators that are named behind a strength or a problem
POINT = Number(1, "points")
LISTED = 4  # indicators of a list that are named in print
NATIONAL = 12  # on the country's pages, which have fewer sections


def _kept(make: Callable[..., Section]) -> Callable[..., Section]:
    """A section is made once for the page and its print."""

    @wraps(make)
    def made(report: RegionReport, **given: object) -> Section:
        key = make.__name__, *given.items()
        if key not in report.made:
            report.made[key] = make(report, **given)
        return report.made[key]

    return made


class RegionReport(AnalysisReport):
    """Sections on one region, or the nation, in one language; show each in a cell of its own.

    Parameters
    ----------
    edition
        The year.
    region
        Its code or its name in any language.
    language
        kk, ru or en.
    draws
        Of the rank interval and of the gap of each component.
    seed
        Of the draws; with that of the official report the rank interval is the printed one.

    Raises
    ------
    DataError
        If the edition has no such region.

    Examples
    --------
    >>> from cwi import read_edition
    >>> profile = RegionReport(read_edition(2023), "KZ-75", language="en", draws=100, seed=1)
    >>> profile.opening().blocks[0].plain()
    'Almaty city: profile of 2023'
    """

    subject = "region"

    def __init__(self, edition: Edition, region: str, *, language: str, draws: int, seed: int) -> None:
        super().__init__(edition, language=language, seed=seed)
        known = (*edition.regions, edition.territory.nation)
        code = edition.territory.code_of(region, known) or region
        if code not in known:
            raise DataError(f"the edition of {edition.year} has no region '{region}'{near(region, known)}")
        self.region, self.nation = code, edition.territory.nation
        self.results = RegionResults(edition, code, draws, seed)
        self.made: dict[tuple[object, ...], Section] = {}
        self.printer = Printer(edition, self.language, self.ledger, draws, np.random.default_rng(seed))

    @property
    def national(self) -> bool:
        """Whether this is the profile of the country."""
        return self.results.national

    def _named(self, name: str) -> str:
        return f"region.{self.year}.{self.region}.{name}"

    def _section(self, what: str, *blocks: Block) -> Section:
        made = self.section(what, *blocks, region=self.called(self.region), year=self.year)
        return made.footed(self.printer.status_line, self.printer.status_word)

    def sections(self) -> list[Section]:
        """All sections in their order."""
        return [
            self.opening(), self.nodes(), self.strengths(), self.similar(), self.trend(), self.explained(),
            self.groups(), self.money(), self.measures(), self.missing(),
        ]  # fmt: skip

    def printed(self) -> list[Section]:
        """What matters of the same on two printed pages, whose type is the largest with which each is full.

        The gaps are a picture, the trend is a table, and of long lists the first items are named; the country, which
        has fewer sections, has a picture of the trend and names all that is missing. Sections that have no figures of
        this territory are left out, and a mark across the page is not repeated in each section.
        Everything is on the page (HTML).
        """
        listed = NATIONAL if self.national else LISTED
        picture, table = self._parts(self.nodes(most=ROWS))
        trend: list[Block] = []
        for block in self.trend(most=listed).blocks:
            if isinstance(block, Figure) and block.table is not None:
                trend += [block.table, *([replace(block, table=None)] if self.national else [])]
            else:
                trend.append(block)
        strengths, groups = list(self.strengths(most=listed).blocks), self.groups(most=listed).blocks
        if self.national:
            left, right, similar = [*table, *self.money().blocks], [*strengths, *trend], []
            below = [groups, self.missing().blocks]
        else:
            left, right = table, [*strengths, *(self.money().blocks if self.results.budget is not None else [])]
            similar = [] if self.results.similar.empty else list(self.similar().blocks)
            aimed = self._shortened(self.measures().blocks) if self.results.register else []
            below = [
                [*self.explained().blocks, *aimed, *self.missing(most=listed).blocks],
                [*trend, *groups],
            ]
        columns = Columns([self._once([*picture, *left]), self._once(right)])
        second = [*self._once(similar), Columns([self._once(part) for part in below])]
        return [Section([*self.opening().blocks, columns]), Section(second)]

    def _once(self, blocks: Sequence[Block]) -> list[Block]:
        """The blocks without the warning that the opening has already, with the mark that is across the page."""
        return [block for block in blocks if not (isinstance(block, Paragraph) and block.text == self.mark)]

    def _shortened(self, blocks: Sequence[Block]) -> list[Block]:
        """The blocks with the first items of each long list, and where the others are."""
        rest = self.text("region.more")
        return [
            Bullets([*block.items[:LISTED], rest])
            if isinstance(block, Bullets) and len(block.items) > LISTED + 1
            else block
            for block in blocks
        ]

    @staticmethod
    def _parts(section: Section) -> tuple[list[Block], list[Block]]:
        """A picture and the other blocks; the heading leads the picture if there is one."""
        pictures = [block for block in section.blocks if isinstance(block, Figure)]
        rest = [block for block in section.blocks if not isinstance(block, Figure)]
        return [*rest[:-1], *pictures] if pictures else [], rest[-1:] if pictures else rest

    # ---------------------------------------------------------------- sections

    @_kept
    def opening(self) -> Section:
        """Score, rank with its interval, and how much was measured."""
        rules, scores = self.edition.methodology, self.edition.scores
        top = rules.top.code
        value = scores.at(self.region, top, self.year)
        texts = []
        if np.isnan(value):
            texts.append(self.text("region.opening.none", year=self.year))
        elif self.national:
            texts.append(self.text("region.opening.nation", score=self.printer.score(self.region, top, value)))
        else:
            texts.append(self._placed(top, value))
        cells = self.results.cells
        own = (cells["observed"] == cells["year"]) & (cells["status"] != PARENT_REGION)
        texts.append(
            self.text(
                "region.opening.measured",
                n=self.number("measured", int(cells["value"].notna().sum())),
                all=self.number("indicators", len(rules.indicators)),
                own=self.number("own", int((own & cells["value"].notna()).sum())),
            )
        )
        working = Paragraph(self.text("analysis.working", version=rules.version), "warning")
        blocks = [Paragraph(joined(texts, " "), "lead"), *([working] if rules.status == "working" else [])]
        made = self._section("opening", *blocks)
        first = made.blocks[0]
        assert isinstance(first, Heading)
        return Section([Heading(first.text, level=1, anchor="top"), *made.blocks[1:]])

    def _placed(self, top: str, value: float) -> str:
        row = self.printer.robustness.summary[["rank", "rank_p5", "rank_p95"]].astype(float).T.to_dict()[self.region]
        nation = self.edition.scores.at(self.nation, top, self.year)
        text = self.text(
            "region.opening.region",
            score=self.printer.score(self.region, top, value),
            rank=self.printer.rank(self.region, top, row["rank"]),
            all=self.number("regions", len(self.printer.robustness.regions)),
            low=self.number("rank.low", row["rank_p5"], unit="rank"),
            high=self.number("rank.high", row["rank_p95"], unit="rank"),
        )
        if np.isnan(nation):
            return text
        beside = self.text("region.opening.beside", nation=self.printer.score(self.nation, top, nation))
        return joined([text, beside], " ")

    @_kept
    def nodes(self, most: int | None = None) -> Section:
        """Dimensions and components: score, the nation's, the similar regions', rank; the gaps as a picture.

        ``most``: with more rows than these the picture has the components alone.
        """
        table = self.results.nodes
        head = {"node": WORDS, "score": POINT}
        if self.national:
            return self._section("nodes", self.table("nodes", table, head | {"lowest": POINT, "highest": POINT}))
        columns = head | {"nation": POINT, "gap": POINTS, "similar": POINT, "rank": WHOLE}
        known = table.dropna(subset=["gap"])
        if most is not None and len(known) <= most:
            return self.nodes()  # with the same picture
        made = self.table("nodes", table, columns, region=self.called(self.region))
        if most is not None:
            components = set(self.edition.scores.wide(self.year, self.edition.methodology.tree.levels[1]))
            known = known[known["node"].isin(components)]
        drawn = known.assign(value=known["gap"], reference=0.0)[["value", "low", "high", "reference"]]
        figure = self.figure(
            "nodes",
            lambda: interval_panels(
                [self.called(code) for code in known["node"]],
                {self.text("region.gap"): drawn},
                axis_label=self.text("axis.gap"),
                point=self.called(self.region),
                interval=self.text("region.interval"),
                reference=self.called(self.nation),
                title=self.mark,
            ),
            made,
            region=self.called(self.region),
        )
        return self._section("nodes", made, *([replace(figure, table=None)] if len(known) else []))

    @_kept
    def strengths(self, most: int | None = None) -> Section:
        """Components that are above or below the nation by more than noise, and the indicators behind them.

        ``most`` of each are named, those farthest from the nation.
        """
        if self.national:  # beside its own index, by the rule of the official report
            anchor = "region-strengths"
            title = Heading(self.text("region.strengths.title"), anchor=anchor)
            return self.printer.marked(Section([title, Bullets(country(self.printer))]))
        gaps = self.results.gaps(self.edition.methodology.tree.levels[1])
        clear = gaps[gaps["clear"]].sort_values("gap", kind="stable")
        items = []
        for word, rows in (("strong", clear[clear["gap"] > 0][::-1]), ("weak", clear[clear["gap"] < 0])):
            for row in rows[:most].to_dict("records"):
                node = str(row["node"])
                values = {end: self.number(f"gap.{node}.{end}", row[end], 1, unit="points", sign=True)
                          for end in ("gap", "low", "high")}  # fmt: skip
                behind = self.listed(self.results.farthest(node, 1 if word == "strong" else -1)[:MOST])
                items.append(self.text(f"region.{word}", title=self.called(node), behind=behind, **values))
        if not items:
            return self._section("strengths", Paragraph(self.text("region.strengths.none")))
        more = [Paragraph(self.text("region.more"), "note")] if len(items) < len(clear) else []
        return self._section("strengths", Bullets(items), *more)

    @_kept
    def similar(self) -> Section:
        """The regions nearest in age structure, income and product."""
        near_by = self.results.similar
        if near_by.empty:
            return self._section("similar", Paragraph(self.text("region.similar.none")))
        index = self.edition.scores.of(self.edition.methodology.top.code)[self.year]
        ranks = self.edition.scores.wide(self.year, self.edition.methodology.tree.levels[-1], "rank").iloc[:, 0]
        table = near_by.assign(score=index.reindex(near_by.index), rank=ranks.reindex(near_by.index)).reset_index()
        kinds = {"region": WORDS, "distance": Number(2), "children_0_15_share": Number(1, "%"),
                 "household_income": Number(0, "KZT"), "grp_per_head": Number(0, "thousand KZT"), "score": POINT,
                 "rank": WHOLE}  # fmt: skip
        columns = {name: kind for name, kind in kinds.items() if name in table}
        heads = {"children_0_15_share": self.text("region.column.children_share")}
        made = self.table("similar", table, columns, heads=heads, region=self.called(self.region))
        return self._section("similar", made)

    @_kept
    def trend(self, most: int | None = None) -> Section:
        """The region and the nation on one set of indicators and one territory since 2018.

        ``most`` of the indicators are named.
        """
        result = self.results.trend
        if result is None:
            return self._section("trend", Paragraph(self.text("region.trend.none")))
        place = self.results.territory(result)
        table = result.table()
        shown = pd.DataFrame({"year": list(table.columns), "score": table.loc[place].to_numpy(float)})
        heads = {"year": self.head("year"), "score": self.called(place)}
        columns = {"year": Words(str), "score": POINT}
        series: dict[str, pd.Series] = {self.called(place): table.T[place]}
        if not self.national:
            shown["nation"] = table.loc[self.nation].to_numpy(float)
            columns["nation"] = POINT
            series[self.called(self.nation)] = table.T[self.nation]
        values = {"region": self.called(place), "n": self.number("trend.indicators", len(result.kept))}
        if shown["score"].isna().all():
            return self._section("trend", Paragraph(self.text("region.trend.none")))
        made = self.table("trend", shown, columns, heads=heads, key=1, **values)
        figure = self.figure(
            "trend",
            lambda: lines_over_years(series, axis_label=self.text("axis.score"), number=self.plain(0)),
            made,
            **values,
        )
        how = Paragraph(self.text("region.trend.set", items=self.listed(result.kept, most=most), **values), "note")
        return self._section("trend", figure, how)

    @_kept
    def explained(self) -> Section:
        """What each component makes of the gap between the region and the nation; the parts add up to it."""
        index = self.edition.scores.of(self.edition.methodology.top.code)[self.year]
        if self.national or index[[self.region, self.nation]].isna().any():
            return self._section("explained", Paragraph(self.text("region.explained.none")))
        result = self.results.attribution
        level = self.edition.methodology.tree.levels[1]
        nodes = result.nodes[result.nodes["level"] == level][["node", "contribution"]]
        table = nodes.reindex(nodes["contribution"].abs().sort_values(ascending=False, kind="stable").index)
        rest = result.gap - float(table["contribution"].sum())
        values = {
            "gap": self.number("explained.gap", result.gap, 1, unit="points", sign=True),
            "rest": self.number("explained.rest", rest, 1, unit="points", sign=True),
        }
        made = self.table("explained", table, {"node": WORDS, "contribution": POINTS}, region=self.called(self.region))
        text = self.text("region.explained.text", **values)
        if abs(rest) >= 0.05:  # otherwise it prints as 0.0
            text = joined([text, self.text("region.explained.rest", **values)], " ")
        return self._section("explained", Paragraph(text), made)

    @_kept
    def groups(self, most: int | None = None) -> Section:
        """Girls and boys, town and village: figures that are carried beside the totals and never scored.

        ``most`` rows of each are shown.
        """
        blocks: list[Block] = []
        for by in GROUPS:
            table = group_gaps(self.edition, by)
            table = table[table["region"] == self.region]
            if table.empty:
                blocks.append(Paragraph(self.text(f"region.groups.{by}.none")))
                continue
            note = self.text("region.more") if most is not None and len(table) > most else ""
            table = table[:most]
            rules = self.printer.indicators
            rows = table.assign(
                unit=[self.printer.unit(str(code)) for code in table["indicator"]], year=table["year"].astype(int)
            )
            decimals = max(int(rules[str(code)]["decimals"]) for code in table["indicator"])
            heads = {side: self.text(f"equity.{by}.{side}") for side in ("first", "second")}
            heads |= {"gap": self.text("equity.gap"), "unit": self.head("unit")}
            columns = {"indicator": WORDS, "unit": Words(str), "year": Words(str), "first": Number(decimals),
                       "second": Number(decimals), "gap": Number(decimals, sign=True)}  # fmt: skip
            blocks.append(
                self.table(
                    "groups",
                    rows,
                    columns,
                    part=by,
                    key=1,
                    heads=heads,
                    note=note,
                    by=self.text(f"equity.{by}.title"),
                )
            )
        return self._section("groups", *blocks)

    @_kept
    def money(self) -> Section:
        """Children's share of the local budgets, by function, beside what the age structure predicts."""
        result = self.results.budget
        if result is None:
            return self._section("money", Paragraph(self.text("region.money.none")))
        values: dict[str, object] = {"of": result.year}
        for name in ("share", "low", "high"):
            values[name] = self.percent(f"money.{result.year}.{name}", float(result.result[name]), 1)
        each = round(float(result.per_child["per_child"]), -3)
        values["per_child"] = self.number(f"money.{result.year}.per_child", each, unit="KZT")
        text = self.text("region.money.text", **values)
        if not self.national and self.region in result.age.index:
            expected = result.age["predicted"].astype(float).to_dict()[self.region]
            predicted = self.percent(f"money.{result.year}.predicted", expected, 1)
            text = joined([text, self.text("region.money.age", predicted=predicted)], " ")
        return self._section("money", Paragraph(text), Paragraph(self.text("budget.working"), "note"))

    @_kept
    def measures(self) -> Section:
        """Measures of the register that aim at the region's weak components."""
        if not self.results.register:
            return self._section("measures", Paragraph(self.text("region.measures.none")))
        register = promises.register_of(self.edition)
        return self._section("measures", *promises.region_page(self.printer, register, self.region).blocks[1:])

    def missing(self, most: int | None = None) -> Section:
        """What was not measured, and what is of another year or another territory; ``most`` items of each are named."""
        cells = self.results.cells
        never = [str(code) for code in cells.index[cells["value"].isna()]]
        known = cells[cells["value"].notna()]
        old = known[(known["observed"] < known["year"]).fillna(False).astype(bool)]
        items = [
            self.text("region.missing.never", n=self.number("missing", len(never)), items=self.listed(never, most=most))
        ]
        if not old.empty:
            names = self.listed([str(code) for code in old.index], most=most)
            if most is None:
                names = "; ".join(f"{self.called(code)} ({int(year)})" for code, year in old["observed"].items())
            items.append(self.text("region.missing.old", n=self.number("carried", len(old)), items=names))
        if len(shared := known.index[known["status"] == PARENT_REGION]):
            names = self.listed([str(code) for code in shared], most=most)
            items.append(self.text("region.missing.parent", n=self.number("parent", len(shared)), items=names))
        return self._section("missing", Bullets(items))
