"""What the pages of a site share: the page itself, links from it, marks, maps, and the table of ranks."""

from __future__ import annotations

import math
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from cwi import folders
from cwi.edition import Edition
from cwi.inputs.boundaries import boundaries_of, read_boundaries
from cwi.report.explorer import drawing, stamped
from cwi.report.languages import NONE
from cwi.report.sections.index import MAP_LIMITS
from cwi.report.site.atlas import Atlas, slug
from cwi.report.site.drawings import bar, interval
from cwi.report.site.tables import Cell, Column, Grid, number
from cwi.report.site.voice import Voice

__all__ = ["RANK_COLUMNS", "Page", "Pages", "link"]

RANK_COLUMNS = ("rank", "interval")  # of the table of ranks, first and beside each other


@dataclass(frozen=True)
class Page:
    """A page of one language: its place in the language's folder, its template and what the template is given."""

    path: str
    template: str
    title: str
    kind: str
    context: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""


def link(page: str, target: str) -> str:
    """A relative link from a page to a file, both counted from the same folder.

    >>> link("regions/KZ-75.html", "index.html"), link("index.html", "regions/KZ-75.html#series")
    ('../index.html', 'regions/KZ-75.html#series')
    """
    place, sign, part = target.partition("#")
    return posixpath.relpath(place, posixpath.dirname(page) or ".") + sign + part


@lru_cache(maxsize=8)
def _drawn_codes(path: Path, changed: int) -> frozenset[str]:
    return frozenset(read_boundaries(path))


class Pages:
    """What the makers of pages share: the atlas, the voice, links, maps and the table of ranks.

    Parameters
    ----------
    atlas, voice
        What is shown, and its printing in one language.
    """

    def __init__(self, atlas: Atlas, voice: Voice) -> None:
        self.atlas, self.voice, self.text = atlas, voice, voice.text

    # ---------------------------------------------------------------- places of pages

    @staticmethod
    def of_region(code: str) -> str:
        """The page of a region."""
        return f"regions/{slug(code)}.html"

    @staticmethod
    def of_indicator(code: str) -> str:
        """The page of an indicator."""
        return f"indicators/{slug(code)}.html"

    @staticmethod
    def of_node(code: str) -> str:
        """The page of a dimension or a component."""
        return f"framework/{slug(code)}.html"

    @staticmethod
    def of_year(year: int) -> str:
        """The page of a year."""
        return f"years/{year}.html"

    def region_cell(self, code: str) -> Cell:
        """A region that links to its page, where it has one."""
        shown = code in self.atlas.regions or code == self.atlas.nation
        return Cell(self.voice.region(code), href=self.of_region(code) if shown else "", code=code)

    # ---------------------------------------------------------------- words that several pages print

    def marks(self, edition: Edition) -> list[str]:
        """What is on every page: a rehearsal, a working list, an experimental index."""
        rules, marks = edition.methodology, []
        if edition.rehearsal:
            marks.append(self.text("site.rehearsal"))
        if rules.status == "working":
            marks.append(self.text("site.working", version=rules.version))
        if edition.experimental:
            share = self.voice.printer(edition).share(f"site.measured.{edition.year}", edition.measured)
            marks.append(self.text("site.experimental", year=edition.year, share=share))
        return marks

    def limits(self, edition: Edition) -> tuple[float, float]:
        """The ends of the scale of scores."""
        low, high = edition.methodology.score_range
        return (low, high) if math.isfinite(low) and math.isfinite(high) else (0.0, 100.0)

    def map(self, edition: Edition, shares: Mapping[str, float], numbers: Mapping[str, str], label: str) -> Markup:
        """The regions of an edition, coloured; an empty text in a project without boundaries.

        Parameters
        ----------
        shares
            Where each region is on the scale of colours, from 0 to 1.
        numbers
            What is printed in each region.
        """
        with folders.within(self.atlas.project.root):
            path = boundaries_of(edition.year)
            if not path.is_file():
                return Markup("")
            known = _drawn_codes(path, path.stat().st_mtime_ns)
            shown = {code: share for code, share in shares.items() if code in known and not math.isnan(share)}
            if not shown:
                return Markup("")
            names = {
                code: self.voice.region(code) for code in self.atlas.project.territory.regions.index if code in known
            }
            numbers = {c: n for c, n in numbers.items() if c in shown}
            return self.marked(drawing(path, shown, numbers, names, label))

    def marked(self, picture: str) -> Markup:
        """The picture, with the mark of a rehearsal across it where it is one."""
        drawings = str(picture).replace("</svg><svg", "</svg>\n<svg").split("\n")
        return Markup("".join(stamped(drawing, self.voice.mark) for drawing in drawings))

    def index_map(self, edition: Edition) -> Markup:
        """The map of the index of a year, with the ranks."""
        index = self.atlas.index(edition.year)
        low, high = MAP_LIMITS if self.limits(edition) == (0.0, 100.0) else self.limits(edition)
        top = edition.methodology.top.code
        ranks = self.atlas.wide(edition.year, edition.methodology.tree.levels[-1], "rank")[top]
        shares = {str(code): (float(value) - low) / (high - low) for code, value in index.dropna().items()}
        numbers = {str(code): str(rank) for code, rank in ranks.dropna().items()}
        return self.map(edition, shares, numbers, self.text("site.map.alt", year=edition.year))

    # ---------------------------------------------------------------- the table of ranks

    def ranking(self, edition: Edition) -> Grid:
        """Rank and, beside it, its interval; region, index, and the nodes just below the index."""
        year, rules = edition.year, edition.methodology
        top, below = rules.top.code, list(rules.nodes[-2]) if len(rules.nodes) > 1 else []
        low, high = self.limits(edition)
        cell = self.atlas.cell
        ends = self.atlas.intervals(year).to_dict("index")
        order = self.atlas.ranked(year)
        rows, nation = (
            [],
            self.atlas.nation if self.atlas.nation in set(self.atlas.wide(year, rules.top.level).index) else "",
        )
        for region in [*order, *([nation] if nation else [])]:
            place, value = cell(year, rules.top.level, top, region, "rank"), cell(year, rules.top.level, top, region)
            end = ends.get(region, {"low": math.nan, "high": math.nan})
            printed = self.voice.interval(edition, region) if region != nation else NONE
            rows.append(
                [
                    number(self.voice.rank(edition, region, top, place), place),
                    Cell(
                        printed, picture=interval(end["low"], place, end["high"], len(order)), order=_order(end["low"])
                    ),
                    self.region_cell(region),
                    number(self.voice.score(edition, region, top, value), value, picture=bar(value, low, high)),
                    *(
                        number(self.voice.score(edition, region, node.code, of), of)
                        for node, of in ((node, cell(year, node.level, node.code, region)) for node in below)
                    ),
                ]
            )
        heads = [
            *(Column(self.text(f"index.column.{word}"), number=word == "rank") for word in RANK_COLUMNS),
            Column(self.text("index.column.region")),
            Column(self.text("index.column.index"), number=True),
            *(Column(self.voice.title(node.code, edition), number=True, narrow=False) for node in below),
        ]
        emphasised = frozenset({len(order)} if nation else ())
        return Grid(
            "ranking",
            self.text("site.ranking.caption", year=year),
            heads,
            rows,
            note=self.text("site.ranking.note"),
            emphasised=emphasised,
            head=2,
            classes="ranking",
        )


def _order(value: float) -> str:
    return "" if math.isnan(value) else repr(value)
