"""The other pages: comparison, method, glossary, downloads, reports, money, promises, deprivation, use, search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from cwi import folders
from cwi.analysis.deprivation import profile, reliability_block
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.indicators import LANGUAGES as COLUMNS
from cwi.inputs.deprivation import Deprivations, code_deprivations, read_specification
from cwi.inputs.households import Households, households_of
from cwi.report.blocks import Block, Figure, Folded, Heading, Paragraph
from cwi.report.notebooks.deprivation import DeprivationReport
from cwi.report.sections.money import money, reconciled
from cwi.report.sections.promises import promises
from cwi.report.site.atlas import Atlas
from cwi.report.site.shared import Page, Pages
from cwi.report.site.tables import Cell, Column, Grid, number
from cwi.report.site.voice import Voice, clean
from cwi.textfiles import read_csv

__all__ = ["ArticlePages"]

GLOSSARY = "glossary.csv"
TEMPLATES = Path(__file__).parents[1] / "templates" / "site"
SEED = 20241122


class ArticlePages(Pages):
    """Makes the pages that are neither of a region nor of an indicator.

    Parameters
    ----------
    atlas, voice
        What is shown, and its printing in one language.
    copied
        Files that the site has of reports, profiles, revisions and explorers: place in the site, year, kind, language.
    resources
        What can be downloaded: name of the file without its ending, and what it holds.
    """

    def __init__(
        self, atlas: Atlas, voice: Voice, copied: Sequence[dict[str, Any]], resources: Sequence[tuple[str, str]]
    ) -> None:
        super().__init__(atlas, voice)
        self.copied, self.resources = copied, resources

    def pages(self) -> Iterator[Page]:
        """All of them."""
        yield self.compare()
        yield self.method()
        yield self.glossary()
        yield self.downloads()
        yield self.reports()
        for page in (self.money(), self.promises(), self.deprivation()):
            if page is not None:
                yield page
        for name in ("cite", "accessibility"):
            yield self.plain(name)

    def plain(self, name: str) -> Page:
        """A page of messages alone."""
        edition = self.atlas.edition
        context = {
            "edition": edition.year,
            "fingerprint": edition.methodology.fingerprint,
            "data": edition.checksum[:12],
        }
        return Page(f"{name}.html", name, self.text(f"site.{name}"), "article", context)

    # ---------------------------------------------------------------- comparison

    def compare(self) -> Page:
        """All regions beside each other; the script shows two of them and their difference."""
        edition, rules = self.atlas.edition, self.atlas.edition.methodology
        regions = [*self.atlas.ranked(edition.year), *([self.atlas.nation] if self.atlas.nation else [])]
        wide = {level: self.atlas.wide(edition.year, level) for level in rules.tree.levels[1:]}
        rows = []
        for node in rules.tree.depth_first:
            level = rules.tree.level_of[node]
            if level not in wide or wide[level][node].reindex(regions).isna().all():
                continue
            values = wide[level][node]
            href = "" if node == rules.top.code else self.of_node(node)
            cells = [Cell(self.voice.title(node), href=href, code=level)]
            cells += [number(self.voice.score(edition, r, node, v := float(values[r])), v) for r in regions]
            rows.append(cells)
        heads = [
            Column(self.text("site.column.part")),
            *(Column(self.voice.region(code), number=True, code=code) for code in regions),
        ]
        caption = self.text("site.compare.caption", year=edition.year)
        grid = Grid(
            "compare",
            caption,
            heads,
            rows,
            sortable=False,
            classes="compare",
            emphasised=frozenset(i for i, row in enumerate(rows) if row[0].code in rules.tree.levels[-2:]),
        )
        context = {
            "grid": grid,
            "marks": self.marks(edition),
            "decimals": rules.decimals,
            "regions": [(code, self.voice.region(code)) for code in regions],
        }
        return Page("compare.html", "compare", self.text("site.compare"), "article", context)

    # ---------------------------------------------------------------- method and words

    def method(self) -> Page:
        """How the index is made, in plain words with the rules in force."""
        edition = self.atlas.edition
        rules, printer = edition.methodology, self.voice.printer(edition)
        levels = [
            (
                clean(printer.level(level.name)),
                clean(printer.method(level.weighting)),
                clean(printer.method(level.aggregation)),
                printer.share(f"site.coverage.{level.name}", level.coverage),
            )
            for level in rules.levels
        ]
        rows = [[Cell(cell) for cell in row] for row in levels]
        words = ("level", "weighting", "aggregation", "coverage")
        heads = [Column(self.text(f"rules.column.{word}"), number=word == "coverage") for word in words]
        grid = Grid("rules", self.text("site.method.rules", version=rules.version), heads, rows, sortable=False)
        count = len(rules.indicators)
        kinds = rules.indicators["kind"].value_counts()
        values = {
            "indicators": self.voice.whole("method.indicators", count),
            "survey": self.voice.whole("method.survey", int(kinds.get("survey", 0))),
            "normalisation": clean(printer.method(rules.normalisation)),
            "max_age": self.voice.whole("method.max_age", rules.max_age, "years"),
            "version": rules.version,
        }
        steps = [
            self.text(f"site.method.{word}", **values)
            for word in ("tree", "scale", "mean", "missing", "rank", "change")
        ]
        context = {
            "grid": grid,
            "steps": steps,
            "marks": self.marks(edition),
            "title_of_rules": clean(rules.titles[self.voice.code]),
        }
        return Page("method.html", "method", self.text("site.method"), "article", context)

    def glossary(self) -> Page:
        """Terms in the languages of the glossary, with what they mean in this one."""
        own = self.atlas.project.root / "data" / GLOSSARY
        path = own if own.is_file() else TEMPLATES / GLOSSARY
        columns = [f"{what}_{code}" for what in ("term", "definition") for code in COLUMNS]
        table = read_csv(path, DataError, required=["code", *columns])
        others = [code for code in self.atlas.languages if code != self.voice.code]
        terms = sorted(
            (
                {
                    "code": row["code"],
                    "term": clean(row[f"term_{self.voice.code}"]),
                    "definition": clean(row[f"definition_{self.voice.code}"]),
                    "others": [(code, clean(row[f"term_{code}"])) for code in others],
                }
                for row in table.to_dict("records")
            ),
            key=lambda row: str(row["term"]).casefold(),
        )
        return Page("glossary.html", "glossary", self.text("site.glossary"), "article", {"terms": terms})

    # ---------------------------------------------------------------- files

    def downloads(self) -> Page:
        """Every file of data with what it holds."""
        rows = [(name, self.text(key)) for name, key in self.resources]
        indicators = [(self.voice.indicator(code), code) for code in self.atlas.indicators]
        context = {"resources": rows, "indicators": indicators, "marks": self.marks(self.atlas.edition)}
        return Page("downloads.html", "downloads", self.text("site.downloads"), "article", context)

    def reports(self) -> Page:
        """The reports, revisions, profiles and explorers that the site holds, by year."""
        years = []
        for year in reversed(self.atlas.years):
            files = [each for each in self.copied if each["year"] == year]
            own = [each for each in files if each["language"] in ("", self.voice.code)]
            profiles = [
                {**each, "label": self.voice.region(each["region"])} for each in own if each["kind"] == "profile"
            ]
            listed = [each for each in own if each["kind"] != "profile"]
            years.append({"year": year, "href": self.of_year(year), "files": listed, "profiles": profiles})
        return Page("reports.html", "reports", self.text("site.reports"), "article", {"by_year": years})

    # ---------------------------------------------------------------- other subjects

    def money(self) -> Page | None:
        """The children's budget, of the last year that it is known of."""
        root = self.atlas.project.root
        if not (root / "data" / "budget").is_dir():
            return None
        for year in [self.atlas.money_year[0]] if self.atlas.money_year else reversed(self.atlas.years):
            with folders.within(root):
                printer = self.voice.printer(self.atlas.editions[year])
                blocks = list(money(printer).blocks)
            if len(blocks) > 2:
                with folders.within(root):
                    blocks.append(Paragraph(reconciled(printer), "note"))
                self.atlas.money_year[:] = [year]
                context = {"html": _html(blocks[1:]), "marks": [self.text("budget.working")], "year": year}
                return Page("money.html", "section", self._heading(blocks), "article", context)
        return None

    def promises(self) -> Page | None:
        """What was promised for children, and what is known of it."""
        root = self.atlas.project.root
        if not (root / "data" / "policy").is_dir():
            return None
        with folders.within(root):
            blocks = list(promises(self.voice.printer(self.atlas.edition)).blocks)
        context = {"html": _html(blocks[1:]), "marks": [], "year": self.atlas.year}
        return Page("promises.html", "section", self._heading(blocks), "article", context)

    def deprivation(self) -> Page | None:
        """Deprived children, from synthetic households until real ones are at hand; every table is marked."""
        root = self.atlas.project.root
        if not ((root / "data" / "deprivation").is_dir() and (root / "data" / "households").is_dir()):
            return None
        with folders.within(root):
            coded, households = _children(self.atlas.edition)
            show = DeprivationReport(
                self.atlas.edition, coded, _profile(self.atlas.edition), households, language=self.voice.code, seed=SEED
            )
            opening, dimensions = (
                list(show.opening().blocks),
                list(show.dimensions(_reliability(self.atlas.edition)).blocks),
            )
        marks = [show.mark] if show.mark else []
        context = {"html": _html([*opening[1:], *dimensions]), "marks": marks, "year": self.atlas.year}
        return Page("deprivation.html", "section", self._heading(opening), "article", context)

    @staticmethod
    def _heading(blocks: Sequence[Block]) -> str:
        return clean(blocks[0].plain())


def _html(blocks: Sequence[Block]) -> Markup:
    """Blocks of a report for a page of the site: headings one level, tables in place of the pictures of print."""
    parts = []
    for block in blocks:
        if isinstance(block, Heading):
            parts.append(Heading(block.text, 2, block.anchor).html())
        elif isinstance(block, Figure):
            parts.append(block.table.html() if block.table is not None else "")
        elif isinstance(block, Folded):
            parts.extend(table.html() for table in block.tables)
        else:
            parts.append(block.html())
    return Markup("\n".join(parts))


@lru_cache(maxsize=1)  # the same in each language
def _children(edition: Edition) -> tuple[Deprivations, Households]:
    households = households_of("", "standard", edition, rng=np.random.default_rng(SEED))
    return code_deprivations(households.children, read_specification("eu-child")), households


@lru_cache(maxsize=1)
def _profile(edition: Edition) -> Any:
    coded, households = _children(edition)
    return profile(coded, census=households.census)


@lru_cache(maxsize=1)
def _reliability(edition: Edition) -> Any:
    return reliability_block(_children(edition)[0])
