"""The start page, the years and the regions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from cwi.edition import Edition
from cwi.report.languages import NONE
from cwi.report.site.drawings import bar, lines
from cwi.report.site.shared import Page, Pages
from cwi.report.site.tables import Cell, Column, Grid, number

__all__ = ["RegionPages"]


class RegionPages(Pages):
    """Makes the start page, a page a year and a page a region."""

    def pages(self) -> Iterator[Page]:
        """All of them."""
        yield self.start()
        for year in reversed(self.atlas.years):
            yield self.year(self.atlas.editions[year])
        yield self.regions()
        if self.atlas.nation:
            yield self.region(self.atlas.nation, self.atlas.edition)
        for code, year in self.atlas.regions.items():
            yield self.region(code, self.atlas.editions[year])

    # ---------------------------------------------------------------- start and years

    def start(self) -> Page:
        """Ranking with intervals, map, years, and where to go from here."""
        edition = self.atlas.edition
        context = self._year_context(edition) | {
            "dimensions": [(self.voice.title(node.code), self.of_node(node.code)) for node in self._below(edition)]
        }
        title = self.voice.title(edition.methodology.top.code)
        return Page("index.html", "start", title, "start", context, description=context["lead"])

    def year(self, edition: Edition) -> Page:
        """The same of any year, and what was measured in it."""
        title = f"{self.voice.title(edition.methodology.top.code, edition)}, {edition.year}"
        context = self._year_context(edition)
        return Page(self.of_year(edition.year), "year", title, "year", context, description=context["lead"])

    @staticmethod
    def _below(edition: Edition) -> list[Any]:
        return list(edition.methodology.nodes[-2]) if len(edition.methodology.nodes) > 1 else []

    def _year_context(self, edition: Edition) -> dict[str, Any]:
        return {
            "edition": edition.year,
            "lead": self.lead(edition),
            "marks": self.marks(edition),
            "ranking": self.ranking(edition),
            "map": self.index_map(edition),
            "years": [(year, self.of_year(year)) for year in reversed(self.atlas.years)],
            "methodology": edition.methodology.version,
        }

    def lead(self, edition: Edition) -> str:
        """Who is first and last, how far their intervals go, and how much was measured."""
        year, top = edition.year, edition.methodology.top.code
        known = self.atlas.index(year).dropna().sort_values(ascending=False, kind="stable")
        printer = self.voice.printer(edition)
        cells = edition.scores.cells
        own = cells[(cells["year"] == year) & cells["value"].notna()]
        if not (national := own[own["region"] == edition.methodology.nation]).empty:
            own = national  # the share is the country's, so is their number
        measured = self.text(
            "site.lead.measured",
            n=printer.whole(f"site.measured.indicators.{year}", own["indicator"].nunique()),
            all=printer.whole(f"site.indicators.{year}", len(edition.methodology.indicators)),
            share=printer.share(f"site.measured.{year}", edition.measured),
        )
        if known.empty:
            return f"{self.text('site.lead.none', year=year)} {measured}"
        first, last = str(known.index[0]), str(known.index[-1])
        ranks = self.atlas.wide(year, edition.methodology.tree.levels[-1], "rank")[top]
        values = {
            side: {
                "region": self.voice.region(code),
                "score": self.voice.score(edition, code, top, float(known[code])),
                "rank": self.voice.rank(edition, code, top, ranks[code]),
                "interval": self.voice.interval(edition, code),
            }
            for side, code in (("first", first), ("last", last))
        }
        order = self.text(
            "site.lead.order", year=year, **{f"{s}_{k}": v for s, each in values.items() for k, v in each.items()}
        )
        return f"{order} {measured}"

    # ---------------------------------------------------------------- regions

    def regions(self) -> Page:
        """All regions, those of former borders apart."""
        now = [code for code, year in self.atlas.regions.items() if year == self.atlas.year]
        former = [(code, year) for code, year in self.atlas.regions.items() if year != self.atlas.year]
        context = {
            "grid": self.ranking(self.atlas.edition),
            "former": [(self.voice.region(code), self.of_region(code), year) for code, year in former],
            "nation": (self.voice.country(), self.of_region(self.atlas.nation)) if self.atlas.nation else None,
            "marks": self.marks(self.atlas.edition),
            "count": self.voice.whole("regions", len(now)),
        }
        return Page("regions/index.html", "regions", self.text("site.regions"), "list", context)

    def region(self, code: str, edition: Edition) -> Page:
        """Score, rank with its interval, nodes beside the nation's, indicators with values and sources, series."""
        context = {
            "code": code,
            "edition": edition.year,
            "marks": self.marks(edition),
            "lead": self._region_lead(code, edition),
            "history": self._history(code),
            "nodes": self._nodes(code, edition),
            "indicators": self._indicators(code, edition),
            **self._series(code),
            "former": edition.year != self.atlas.year,
        }
        return Page(self.of_region(code), "region", self.voice.region(code), "region", context, context["lead"])

    def _region_lead(self, code: str, edition: Edition) -> str:
        top, year = edition.methodology.top.code, edition.year
        level = edition.methodology.top.level
        value = self.atlas.cell(year, level, top, code)
        if math.isnan(value):
            return self.text("site.region.none", year=year)
        score = self.voice.score(edition, code, top, value)
        if code == self.atlas.nation:
            return self.text("site.region.nation", year=year, score=score)
        return self.text(
            "site.region.lead",
            year=year,
            score=score,
            rank=self.voice.rank(edition, code, top, self.atlas.cell(year, level, top, code, "rank")),
            interval=self.voice.interval(edition, code),
            all=self.voice.printer(edition).whole(f"site.ranked.{year}", int(self.atlas.index(year).notna().sum())),
        )

    def _history(self, code: str) -> Grid:
        rows = []
        for year in reversed(self.atlas.years):
            edition = self.atlas.editions[year]
            if code not in (*edition.regions, self.atlas.nation):
                continue
            top = edition.methodology.top.code
            level = edition.methodology.top.level
            if code not in self.atlas.wide(year, level).index:
                continue
            value, place, measured = (
                self.atlas.cell(year, level, top, code, what) for what in ("score", "rank", "measured")
            )
            rows.append(
                [
                    Cell(str(year), href=self.of_year(year), order=str(year)),
                    number(self.voice.rank(edition, code, top, place), place),
                    Cell(self.voice.interval(edition, code) if code != self.atlas.nation else NONE),
                    number(self.voice.score(edition, code, top, value), value),
                    Cell(edition.methodology.version),
                    number(
                        self.voice.printer(edition).share(f"measured.{code}.{year}", float(measured)), float(measured)
                    ),
                ]
            )
        heads = [
            Column(self.text("site.column.year")),
            Column(self.text("index.column.rank"), number=True),
            Column(self.text("index.column.interval")),
            Column(self.text("index.column.index"), number=True),
            Column(self.text("about.methodology"), narrow=False),
            Column(self.text("site.column.measured"), number=True),
        ]
        return Grid("history", self.text("site.history.caption"), heads, rows, note=self.text("site.history.note"))

    def _nodes(self, code: str, edition: Edition) -> Grid:
        """Dimensions and components: the region's score, the nation's, and the rank."""
        rules, nation, cell = edition.methodology, self.atlas.nation, self.atlas.cell
        low, high = self.limits(edition)
        levels = rules.tree.levels[1:-1]
        order = [(node, level) for node in rules.tree.depth_first if (level := rules.tree.level_of[node]) in levels]
        rows: list[list[Cell]] = []
        emphasised = set()
        for node, level in order:
            value, beside = cell(edition.year, level, node, code), cell(edition.year, level, node, nation)
            place = cell(edition.year, level, node, code, "rank")
            if level == levels[-1]:
                emphasised.add(len(rows))
            cells = [
                Cell(self.voice.title(node, edition), href=self._node_link(node)),
                number(
                    self.voice.score(edition, code, node, value), value, picture=bar(value, low, high, reference=beside)
                ),
            ]
            if code != nation:
                cells += [
                    number(self.voice.score(edition, nation, node, beside) if nation else NONE, beside),
                    number(self.voice.rank(edition, code, node, place), place),
                ]
            rows.append(cells)
        heads = [Column(self.text("site.column.part")), Column(self.text("site.column.score"), number=True)]
        if code != nation:
            heads += [
                Column(self.voice.country() or NONE, number=True),
                Column(self.text("index.column.rank"), number=True),
            ]
        caption = self.text("site.nodes.caption", year=edition.year)
        return Grid("nodes", caption, heads, rows, note=self.text("site.nodes.note"), emphasised=frozenset(emphasised))

    def _node_link(self, node: str) -> str:
        return self.of_node(node) if node in self.atlas.edition.methodology.tree.level_of else ""

    def _indicators(self, code: str, edition: Edition) -> Grid:
        cells = edition.scores.cells
        cells = cells[(cells["region"] == code) & (cells["year"] == edition.year)]
        flags = self.atlas.wide(edition.year, edition.methodology.tree.levels[0], "flag").loc[code]
        rows, missing = [], []
        for row in cells.to_dict("records"):
            indicator, value = str(row["indicator"]), float(row["value"])
            name = Cell(self.voice.title(indicator, edition), href=self.of_indicator(indicator))
            if math.isnan(value):
                missing.append(name)
                continue
            source, lang = self.voice.of_source(str(row["source"]), "title")
            score = float(row["score"])
            rows.append(
                [
                    name,
                    number(self.voice.value(edition, code, indicator, value), value),
                    Cell(self.voice.unit(indicator)),
                    Cell(str(int(row["observed"]))),
                    number(
                        self.voice.score(edition, code, indicator, score),
                        score,
                        picture=bar(score, *self.limits(edition)),
                    ),
                    Cell(self.voice.flags(flags.get(indicator, ""))),
                    Cell(source, lang=lang),
                ]
            )
        words = ("indicator", "value", "unit", "observed", "score", "remark", "source")
        heads = [
            Column(self.text(f"site.column.{word}"), number=word in ("value", "score"), roomy=word == "source")
            for word in words
        ]
        note = self.text("site.missing", items="; ".join(cell.text for cell in missing)) if missing else ""
        return Grid("indicators", self.text("site.values.caption", year=edition.year), heads, rows, note=note)

    def _series(self, code: str) -> dict[str, Any]:
        fixed, place = self.atlas.fixed, self.atlas.territory_in_series(code)
        if fixed is None or not place:
            return {"series": None, "series_chart": "", "series_note": ""}
        table, nation = fixed.table(), self.atlas.nation
        shown = [place, *([nation] if nation and nation != place else [])]
        if table.loc[place].isna().all():
            return {"series": None, "series_chart": "", "series_note": ""}
        printer = self.voice.printer(self.atlas.edition)
        decimals = self.atlas.edition.methodology.decimals
        rows = []
        known = {int(year): {str(r): float(v) for r, v in table[year].items()} for year in fixed.years}
        for year in fixed.years:
            cells = [Cell(str(year))]
            for region in shown:
                value = known[year][region]
                name = f"trend.set.{fixed.years[0]}-{fixed.years[-1]}.{region}.{year}"
                cells.append(number(printer.ledger.number(name, value, unit="points", decimals=decimals), value))
            rows.append(cells)
        heads = [
            Column(self.text("site.column.year")),
            *(Column(self.voice.region(each), number=True) for each in shown),
        ]
        titles = "; ".join(self.voice.title(indicator) for indicator in fixed.kept)
        note = self.text("site.series.note", place=self.voice.region(place), items=titles)
        regions = table.loc[list(fixed.territories)]
        band = {int(year): (float(regions[year].min()), float(regions[year].max())) for year in fixed.years}
        named = {self.voice.region(each): {int(y): known[y][each] for y in fixed.years} for each in shown}
        chart = lines(
            named, self.text("site.series.alt", place=self.voice.region(place)), band=band, number=self.voice.plain
        )
        grid = Grid("series", self.text("site.series.caption", place=self.voice.region(place)), heads, rows, note=note)
        return {"series": grid, "series_chart": self.marked(chart), "series_note": self.text("site.series.band")}
