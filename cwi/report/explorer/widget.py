"""The weights explorer in JupyterLab: sliders, and the methodology that they amount to as an expression.

What is on the screen is what ``edition.methodology.replace(...)`` gives, with the coverage rule judging by the new
weights; the public page (:mod:`cwi.report.explorer.page`) keeps the weights of the approved methodology for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.derivation import derive, weigh
from cwi.edition import Edition
from cwi.errors import MethodologyError
from cwi.methodology import Methodology, Node
from cwi.methods.ranking import rank
from cwi.report.blocks import Paragraph, Table
from cwi.report.explorer import outlines
from cwi.report.explorer.data import MOST, by_count, learning_schemes, points, under
from cwi.report.languages import Language
from cwi.report.pictures.maps import boundaries_of
from cwi.report.sections.index import MAP_LIMITS

__all__ = ["WeightsExplorer", "weights_explorer"]

Array = NDArray[np.float64]

OWN = "own"
KEPT = "methodology"
STYLE = (
    "<style>.cwi-explorer .map path, .cwi-explorer .map circle {stroke: #4a4a4a}"
    ".cwi-explorer .map text {font: 600 21px sans-serif; text-anchor: middle; dominant-baseline: central}"
    ".cwi-explorer caption, .cwi-explorer th {text-align: left} .cwi-explorer tbody th {font-weight: normal}"
    ".cwi-explorer .number {text-align: right !important}</style>"
)


def weights_explorer(edition: Edition, *, language: str = "en") -> WeightsExplorer:
    """Sliders for the weights of an edition; the last line of a notebook's cell shows them.

    Parameters
    ----------
    edition
        What was approved and measured.
    language
        kk, ru or en.

    Examples
    --------
    >>> from cwi import read_edition
    >>> explorer = weights_explorer(read_edition(2023))
    >>> explorer.sliders["child"].value = 80
    >>> print(explorer.expression)
    methodology.replace(
        index={"weighting": "stated"},
        node={
            "child": {"weight": 80.0},
            "family_community": {"weight": 50.0},
            "public_policy": {"weight": 50.0},
            "country": {"weight": 50.0},
        },
    )
    """
    return WeightsExplorer(edition, Language(language))


class WeightsExplorer(widgets.VBox):  # type: ignore[misc]
    """The sliders, the schemes of the levels, the map, the ranked regions, and the expression.

    ``sliders`` by code of a dimension or component, in points from 0 to 100; ``schemes`` by name of a level, a word of
    a weighting scheme, ``methodology`` or ``own``; ``methodology`` as replaced; ``table`` a row a region; ``trouble``
    the sentence of a methodology that refused, empty where there is none.
    """

    def __init__(self, edition: Edition, language: Language) -> None:
        self.edition, self.language = edition, language
        self.official = edition.methodology
        self._parts = [list(codes) for codes in self.official.tree.codes[:-1]]
        values = edition.scores.values(edition.year)
        self._regions, self._x = [str(code) for code in values.index], values.to_numpy(float)
        self._quiet = False
        self.sliders = {
            code: widgets.FloatSlider(
                min=0, max=MOST, step=1, description=self._title(code), readout_format=".0f",
                style={"description_width": "14em"}, layout={"width": "30em"},
            )
            for row in reversed(self._parts[1:]) for code in row
        }  # fmt: skip
        words = [(language.text(f"explorer.set.{word}"), word) for word in (KEPT, "equal", *learning_schemes(), OWN)]
        self.schemes = {
            level.name: widgets.Dropdown(
                options=words if at else words[:-1], value=KEPT, description=self._level(at),
                style={"description_width": "14em"}, layout={"width": "30em"},
            )
            for at, level in enumerate(self.official.levels)
        }  # fmt: skip
        self.equal = widgets.Button(description=language.text("explorer.all.count"), layout={"width": "auto"})
        self.reset = widgets.Button(description=language.text("explorer.all.methodology"), layout={"width": "auto"})
        self._shown = widgets.HTML()
        self._expression = widgets.Textarea(rows=8, disabled=True, layout={"width": "60em"})
        for code, slider in self.sliders.items():
            slider.observe(lambda change, code=code: self._moved(code), names="value")
        for dropdown in self.schemes.values():
            dropdown.observe(lambda change: self._refresh(), names="value")
        self.equal.on_click(lambda button: self.count())
        self.reset.on_click(lambda button: self.restart())
        self._refresh()
        expression = widgets.VBox([widgets.HTML(f"<b>{language.text('explorer.expression')}</b>"), self._expression])
        controls = widgets.VBox(
            [widgets.HBox([self.reset, self.equal]), *list(self.schemes.values())[::-1], *self._grouped()]
        )
        super().__init__([widgets.HBox([controls, self._shown]), expression])

    @property
    def expression(self) -> str:
        """The call that gives the methodology on the screen, for a variable ``methodology`` with the approved one."""
        return str(self._expression.value)

    def restart(self) -> None:
        """Back to the methodology's own weights."""
        with self._still():
            for dropdown in self.schemes.values():
                dropdown.value = KEPT
        self._refresh()

    def count(self) -> None:
        """Every indicator alike: a part counts as many times as there are indicators under it."""
        with self._still():
            for at, (level, counts) in enumerate(zip(self.official.levels, by_count(self.official), strict=True)):
                self.schemes[level.name].value = OWN if at else "equal"
                if at:
                    self._slide(at, points(counts, self.official.nodes[at]))
        self._refresh()

    # ---------------------------------------------------------------- what the sliders mean

    def changes(self) -> dict[str, Any]:
        """What ``replace`` is given for the weights on the screen."""
        changes: dict[str, Any] = {}
        nodes: dict[str, dict[str, Any]] = {}
        for at, level in reversed(list(enumerate(self.official.levels))):
            word = self.schemes[level.name].value
            if word == KEPT:
                continue
            given = under(self.official, at, "stated" if word == OWN else word)
            for code, table in given.pop("node", {}).items():
                nodes.setdefault(code, {}).update(table)
            changes |= given
            if word == OWN:
                for code in self._parts[at]:
                    nodes.setdefault(code, {})["weight"] = float(self.sliders[code].value)
        return changes | ({"node": nodes} if nodes else {})

    def _moved(self, code: str) -> None:
        if self._quiet:
            return
        at = next(at for at, row in enumerate(self._parts) if code in row)
        with self._still():
            self.schemes[self.official.levels[at].name].value = OWN
        self._refresh()

    def _refresh(self) -> None:
        if self._quiet:
            return
        changes = self.changes()
        self._expression.value = expression(changes)
        try:
            self.methodology = self.official.replace(**changes) if changes else self.official
            self.trouble, self.table = "", self._computed(self.methodology)
        except MethodologyError as problem:
            self.trouble, self.table = str(problem), pd.DataFrame()
        self._shown.value = self._html()

    def _computed(self, methodology: Methodology) -> pd.DataFrame:
        """Score and rank by region, those of the approved methodology beside them."""
        base = self.edition.scores.base
        weights = weigh(methodology, base)
        with self._still():
            for at, (nodes, row) in enumerate(zip(methodology.nodes, weights, strict=True)):
                if at and self.schemes[methodology.levels[at].name].value != OWN:
                    self._slide(at, points(row, nodes))
        groups = np.where(methodology.is_region(self._regions), 0, -1)
        index = derive(self._x, methodology, base=base, weights=weights, groups=groups).index
        ranked = groups == 0
        places = np.full(len(index), np.nan)
        places[ranked] = rank(index[ranked], decimals=methodology.decimals)
        top = self.edition.scores.nodes.query("node == @methodology.top.code").set_index("region")
        table = pd.DataFrame({"score": index, "rank": places}, index=pd.Index(self._regions, name="region"))
        table["score_report"] = top["score"].reindex(table.index).astype(float)
        table["rank_report"] = top["rank"].reindex(table.index).astype(float)
        return table.sort_values(["rank", "score"], ascending=[True, False], na_position="last", kind="stable")

    def _slide(self, at: int, row: Array) -> None:
        for code, value in zip(self._parts[at], row, strict=True):
            self.sliders[code].value = float(value)

    @contextmanager
    def _still(self) -> Iterator[None]:
        """Sliders and choices are set, and nothing follows."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    # ---------------------------------------------------------------- what is shown

    def _title(self, code: str) -> str:
        nodes: list[Node] = [node for level in self.official.nodes for node in level]
        return next((node.titles[self.language.code] for node in nodes if node.code == code), code)

    def _level(self, at: int) -> str:
        name = self.official.levels[at - 1].name if at else "indicator"
        key = f"explorer.level.{name}"
        return self.language.text(key) if self.language.knows(key) else name

    def _grouped(self) -> list[widgets.Widget]:
        """The sliders of dimensions, each followed by those of its parts, folded together."""
        groups: list[widgets.Widget] = []

        def walk(at: int, parts: tuple[int, ...]) -> None:
            for i in parts:
                groups.append(self.sliders[self._parts[at][i]])
                if at > 1:
                    walk(at - 1, self.official.nodes[at - 1][i].parts)

        if len(self.official.levels) > 1:
            walk(len(self.official.levels) - 1, self.official.top.parts)
        return groups

    def _html(self) -> str:
        if self.trouble:
            return Paragraph(self.trouble, "warning").html()
        parts = [self._status(), self._picture(), self._printed().html(), self._judged()]
        return f'{STYLE}<div class="cwi-explorer">{"".join(parts)}</div>'

    def _status(self) -> str:
        """What the numbers are: the status of the methodology that was changed, and the fingerprint of the change."""
        text = self.language.text
        status = text("explorer.status", version=self.official.version, status=text(f"status.{self.official.status}"))
        sentences = [text("explorer.experimental")] if self.edition.experimental else []
        return Paragraph(" ".join([*sentences, status, f"({self.methodology.fingerprint})"]), "note").html()

    def _picture(self) -> str:
        path = boundaries_of(self.edition.year)
        if not path.is_file():
            return ""
        low, high = MAP_LIMITS
        known = self.table[self.table["rank"].notna()]
        return outlines.drawing(
            path,
            {str(code): (float(value) - low) / (high - low) for code, value in known["score"].items()},
            {str(code): f"{place:.0f}" for code, place in known["rank"].items()},
            self._names(),
            self.language.text("explorer.map.alt"),
        )

    def _names(self) -> dict[str, str]:
        return {code: self.edition.territory.name(code, self.language.code) for code in self._regions}

    def _printed(self) -> Table:
        text, number, names = self.language.text, self.language.number, self._names()
        rows = [
            [
                names[str(code)],
                number(row["rank"], 0),
                number(row["score"], self.official.decimals),
                number(row["rank_report"], 0),
                number(row["rank_report"] - row["rank"], 0, sign=True),
            ]
            for code, row in self.table.iterrows()
        ]
        return Table(
            name="weights",
            caption=text("explorer.caption", year=self.edition.year),
            columns=[
                text("index.column.region"), text("index.column.rank"), text("index.column.index"),
                text("explorer.column.report"), text("explorer.column.move"),
            ],
            rows=rows,
            data=self.table,
        )  # fmt: skip

    def _judged(self) -> str:
        """Where the coverage rule decides otherwise by the weights on the screen than by those of the methodology."""
        scored = self.table["score"].notna()
        other = self.table.index[scored != self.table["score_report"].notna()]
        if other.empty:
            return ""
        names = self._names()
        regions = self.language.list([names[str(code)] for code in other])
        return Paragraph(self.language.text("explorer.judged", regions=regions), "note").html()


def expression(changes: dict[str, Any]) -> str:
    """What was replaced, as Python that can be evaluated where ``methodology`` is the approved one.

    Examples
    --------
    >>> expression({}), expression({"index": {"weighting": "equal"}})
    ('methodology', 'methodology.replace(\\n    index={"weighting": "equal"},\\n)')
    """
    if not changes:
        return "methodology"
    lines = [f"    {key}={_literal(value)},\n" for key, value in changes.items() if key != "node"]
    if "node" in changes:
        nodes = "".join(f"        {_literal(code)}: {_literal(table)},\n" for code, table in changes["node"].items())
        lines.append(f"    node={{\n{nodes}    }},\n")
    return f"methodology.replace(\n{''.join(lines)})"


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str) and '"' not in value and "\\" not in value and value.isprintable():
        return f'"{value}"'
    return repr(value)
