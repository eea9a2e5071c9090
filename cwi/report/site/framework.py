"""The pages of indicators, dimensions and components."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd
from markupsafe import Markup

from cwi.edition import Edition
from cwi.indicators import OPEN
from cwi.report.languages import NONE
from cwi.report.site.drawings import bar, lines, strip
from cwi.report.site.shared import Page, Pages
from cwi.report.site.tables import Cell, Column, Grid, number
from cwi.report.site.voice import clean

__all__ = ["FrameworkPages"]

SHOWN = 8  # years of a table; the download has all


class FrameworkPages(Pages):
    """Makes the pages of the tree: one for each indicator, component and dimension, and their lists."""

    def pages(self) -> Iterator[Page]:
        """All of them."""
        yield self.indicators()
        for code, edition in self.atlas.indicators.items():
            yield self.indicator(code, edition)
        yield self.tree()
        for level in self.atlas.edition.methodology.nodes[:-1]:
            for node in level:
                yield self.node(node.code, node.level)

    # ---------------------------------------------------------------- indicators

    def indicators(self) -> Page:
        """The list of indicators, with what was measured of each."""
        rows = []
        for code, edition in self.atlas.indicators.items():
            row = self._row(code, edition)
            observed = self.atlas.observed(code)
            years = sorted({int(year) for year in observed["year"]})
            parent = str(row[edition.methodology.levels[0].name]) if len(edition.methodology.levels) > 1 else ""
            rows.append(
                [
                    Cell(self.voice.indicator(code), href=self.of_indicator(code)),
                    Cell(self.voice.title(parent, edition) if parent else NONE),
                    Cell(self.voice.unit(code)),
                    Cell(self._kind(row)),
                    Cell(self._span(years)),
                    Cell(self._use(code)),
                ]
            )
        words = ("indicator", "component", "unit", "kind", "years", "use")
        heads = [
            Column(self.text(f"site.column.{word}"), narrow=word in ("indicator", "years"), roomy=word == "kind")
            for word in words
        ]
        grid = Grid("list", self.text("site.indicators.caption"), heads, rows)
        context = {"grid": grid, "marks": self.marks(self.atlas.edition)}
        return Page("indicators/index.html", "list", self.text("site.indicators"), "list", context)

    def indicator(self, code: str, edition: Edition) -> Page:
        """Definition, source, goalposts and why; the table, then map, regions and series; downloads."""
        row = self._row(code, edition)
        definition, lang = self.voice.definition(row)
        observed = self.atlas.observed(code)
        context = {
            "code": code,
            "marks": self.marks(self.atlas.edition),
            "definition": definition,
            "definition_lang": lang,
            "facts": self._facts(code, edition, row),
            "reason": clean(row["ends_reason"]),
            "note": clean(row["note"]),
            "question": clean(row.get(f"question_{self.voice.code}", "")),
            "table": self._values(code, observed),
            "map": self._map(code, edition),
            "strip": self._strip(code, edition),
            "chart": self._chart(code, observed),
            "sources": self._sources(observed),
            "edition": edition.year,
        }
        title = self.voice.indicator(code)
        return Page(self.of_indicator(code), "indicator", title, "indicator", context, description=definition)

    def _row(self, code: str, edition: Edition) -> dict[Any, Any]:
        return self.voice.printer(edition).indicators[code]

    def _kind(self, row: dict[Any, Any]) -> str:
        return self.text(f"site.kind.{row['kind']}") if row["kind"] else NONE

    def _use(self, code: str) -> str:
        used = [year for year, measured in self.atlas.measured.items() if code in measured]
        return self.text("site.used", years=self._span(used)) if used else self.text("site.unused")

    @staticmethod
    def _span(years: list[int]) -> str:
        if not years:
            return NONE
        return str(years[0]) if len(years) == 1 else f"{years[0]}{NONE}{years[-1]}"

    def _facts(self, code: str, edition: Edition, row: dict[Any, Any]) -> list[tuple[str, str, str]]:
        """What is known of an indicator: heading, text, and the page that it links to."""
        rules = edition.methodology
        facts: list[tuple[str, str, str]] = [(self.text("site.column.unit"), self.voice.unit(code) or NONE, "")]
        for level in rules.levels[:-1]:
            node = str(row[level.name])
            known = node in self.atlas.edition.methodology.tree.level_of
            head = clean(self.voice.printer(edition).level(level.name))
            facts.append(
                (head[:1].upper() + head[1:], self.voice.title(node, edition), self.of_node(node) if known else "")
            )
        ends = [self.voice.goalpost(edition, code, side, float(row[side])) for side in ("worst", "best")]
        facts.append((self.text("site.goalposts"), self.text("site.ends", worst=ends[0], best=ends[1]), ""))
        if row["ends_basis"]:
            facts.append((self.text("rules.column.basis"), self.text(f"rules.{row['ends_basis']}"), ""))
        facts.append((self.text("site.kind"), self._kind(row), ""))
        weight = 100 * float(edition.scores.implied_weights().get(code, math.nan))
        printed = self.voice.printer(edition).ledger.number(f"weight.{code}", weight, unit="%", decimals=2)
        facts.append((self.text("rules.column.weight"), printed, ""))
        if row["data"]:
            facts.append(
                (
                    self.text("rules.column.data"),
                    self.text("rules.open" if row["data"] == OPEN else "rules.awaiting"),
                    "",
                )
            )
        if row["ages"]:
            facts.append((self.text("site.ages"), clean(row["ages"]).replace("-", NONE), ""))
        if code in self.atlas.selection.index:
            about = self.atlas.selection.loc[code]
            facts.append(
                (self.text("site.about"), self.text("analysis.yes" if about["about_children"] else "analysis.no"), "")
            )
            if about["crc_article"]:
                facts.append((self.text("site.crc"), clean(about["crc_article"]), ""))
            if about["sdg"]:
                facts.append((self.text("site.sdg"), clean(about["sdg"]), ""))
        facts.append((self.text("about.methodology"), rules.version, ""))
        facts.append((self.text("site.column.use"), self._use(code), ""))
        return facts

    def _values(self, code: str, observed: pd.DataFrame) -> Grid | None:
        """The figures of the last years as they were observed, a row a region; those of former borders below."""
        if observed.empty:
            return None
        years = sorted({int(year) for year in observed["year"]})[-SHOWN:]
        cells = {
            (str(region), int(year)): (float(value), str(status))
            for region, year, value, status in zip(
                observed["region"], observed["year"], observed["value"], observed["status"], strict=True
            )
        }
        there = {region for region, year in cells if year in years}
        nation = self.atlas.nation
        order = [
            c for c in (*self.atlas.regions, *(c for c in sorted(there) if c not in self.atlas.regions)) if c in there
        ]
        order = [*([nation] if nation in there else []), *(c for c in order if c != nation)]
        rows = []
        for region in order:
            row = [self.region_cell(region)]
            for year in years:
                value, status = cells.get((region, year), (math.nan, ""))
                if math.isnan(value):
                    row.append(Cell(NONE))
                    continue
                text = self.voice.observed(region, code, year, value)
                row.append(number(text, value, note="" if status == "normal" else self.voice.status(status)))
            rows.append(row)
        heads = [
            Column(self.text("index.column.region")),
            *(Column(str(year), number=True, narrow=year in years[-3:]) for year in years),
        ]
        emphasised = frozenset({0} if nation in there else ())
        caption = self.text("site.observed.caption", unit=self.voice.unit(code))
        return Grid("values", caption, heads, rows, note=self.text("site.observed.note"), emphasised=emphasised)

    def _cells(self, code: str, edition: Edition) -> pd.DataFrame:
        cells = edition.scores.cells
        rows = cells[(cells["indicator"] == code) & (cells["year"] == edition.year) & cells["value"].notna()]
        return rows.set_index("region")

    def _map(self, code: str, edition: Edition) -> Markup:
        cells = self._cells(code, edition)
        cells = cells[cells.index.isin(edition.regions)]
        shares = {str(region): float(score) / 100 for region, score in cells["score"].items()}
        numbers = {
            str(region): self.voice.value(edition, str(region), code, float(value))
            for region, value in cells["value"].items()
        }
        return self.map(edition, shares, numbers, self.text("site.indicator.map", year=edition.year))

    def _strip(self, code: str, edition: Edition) -> Markup:
        cells, nation = self._cells(code, edition), self.atlas.nation
        regions = cells[cells.index.isin(edition.regions)].sort_values("score", ascending=False, kind="stable")
        rows = [
            (self.voice.region(str(region)), float(value), self.voice.value(edition, str(region), code, float(value)))
            for region, value in regions["value"].items()
        ]
        reference = float(cells["value"].to_dict().get(nation, math.nan))
        label = self.text("site.indicator.strip", year=edition.year)
        return self.marked(strip(rows, label, reference=reference, name=self.voice.country()))

    def _chart(self, code: str, observed: pd.DataFrame) -> Markup:
        nation = observed[observed["region"] == self.atlas.nation]
        regions = observed[observed["region"] != self.atlas.nation]
        spans = regions.groupby("year")["value"].agg(["min", "max", "size"])
        spans = spans[spans["size"] > 2]
        band = {int(year): (float(row["min"]), float(row["max"])) for year, row in spans.iterrows()}  # type: ignore[call-overload]
        series = {
            self.voice.country(): {int(y): float(v) for y, v in zip(nation["year"], nation["value"], strict=True)}
        }
        decimals = 0 if observed["value"].abs().max() >= 20 else 1
        label = self.text("site.indicator.chart")
        return self.marked(lines(series, label, band=band, decimals=decimals, number=self.voice.plain))

    def _sources(self, observed: pd.DataFrame) -> list[dict[str, Any]]:
        rows = []
        for name in observed["source"].unique():
            if not name:
                continue
            years = observed.loc[observed["source"] == name, "year"]
            texts = {key: self.voice.of_source(str(name), key) for key in ("publisher", "title", "licence")}
            rows.append({"years": self._span(sorted({int(year) for year in years})), "code": clean(name), **texts})
        return rows

    # ---------------------------------------------------------------- dimensions and components

    def tree(self) -> Page:
        """The tree: dimensions, components, indicators."""
        rules = self.atlas.edition.methodology
        children = {
            str(parent): list(rows["node"]) for parent, rows in self.atlas.edition.scores.edges.groupby("parent")
        }
        leaves = set(map(str, rules.indicators["code"]))

        def branch(code: str) -> dict[str, Any]:
            place = self.of_indicator(code) if code in leaves else self.of_node(code)
            return {
                "title": self.voice.title(code),
                "href": place,
                "parts": [branch(each) for each in children.get(code, [])],
            }

        context = {"tree": branch(rules.top.code)["parts"], "marks": self.marks(self.atlas.edition)}
        return Page("framework/index.html", "tree", self.text("site.framework"), "list", context)

    def _weights(self, code: str, parts: pd.DataFrame, measured: set[str]) -> list[tuple[str, str, str, bool]]:
        """Title, page and weight of each part of a node, and whether it was measured."""
        edition = self.atlas.edition
        leaves, printer = set(map(str, edition.methodology.indicators["code"])), self.voice.printer(edition)
        return [
            (
                self.voice.title(part),
                self.of_indicator(part) if part in leaves else self.of_node(part),
                printer.share(f"site.weight.{code}.{part}", float(weight)),
                part in measured,
            )
            for part, weight in zip(parts["node"], parts["weight"], strict=True)
        ]

    def node(self, code: str, level: str) -> Page:
        """The scores of a node and of its parts, a row a region; the map; what the parts weigh."""
        edition, scores = self.atlas.edition, self.atlas.edition.scores
        parts = scores.edges[scores.edges["parent"] == code]
        below = edition.methodology.tree.levels[edition.methodology.tree.levels.index(level) - 1]
        own, of_parts = self.atlas.wide(edition.year, level), self.atlas.wide(edition.year, below)
        low, high = self.limits(edition)
        order = list(
            own[code].reindex(edition.regions).sort_values(ascending=False, kind="stable", na_position="last").index
        )
        nation = [self.atlas.nation] if self.atlas.nation else []
        shown = [part for part in parts["node"] if of_parts[part].notna().any()]
        rows = []
        for region in [*order, *nation]:
            value, place = (self.atlas.cell(edition.year, level, code, region, what) for what in ("score", "rank"))
            rows.append(
                [
                    self.region_cell(region),
                    number(self.voice.rank(edition, region, code, place), place),
                    number(self.voice.score(edition, region, code, value), value, picture=bar(value, low, high)),
                    *(
                        number(self.voice.score(edition, region, part, each), each)
                        for part, each in ((p, self.atlas.cell(edition.year, below, p, region)) for p in shown)
                    ),
                ]
            )
        heads = [
            Column(self.text("index.column.region")),
            Column(self.text("index.column.rank"), number=True),
            Column(self.voice.title(code), number=True),
            *(Column(self.voice.title(part), number=True, narrow=False) for part in shown),
        ]
        grid = Grid(
            "scores",
            self.text("site.node.caption", year=edition.year),
            heads,
            rows,
            emphasised=frozenset({len(order)} if nation else ()),
        )
        column = own[code].reindex(edition.regions).dropna()
        shares = {str(region): (float(v) - low) / (high - low) for region, v in column.items()}
        numbers = {str(region): self.voice.plain(float(v)) for region, v in column.items()}
        context = {
            "level": clean(self.voice.printer(edition).level(level)),
            "grid": grid,
            "weights": self._weights(code, parts, set(shown)),
            "marks": self.marks(edition),
            "map": self.map(edition, shares, numbers, self.text("site.node.map", year=edition.year)),
            "edition": edition.year,
            "nobody": column.empty,
        }
        return Page(self.of_node(code), "node", self.voice.title(code), "node", context)
