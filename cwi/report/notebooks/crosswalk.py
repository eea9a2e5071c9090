"""Other indices beside ours, as tables and pictures: what they are, what we share, our data by their rules.

The matching and the translated rules are our working reading; what a system says of itself has a source.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Rectangle

from cwi.analysis.comparison import SAME, Comparison, Method
from cwi.index import Scores
from cwi.inputs.crosswalk import NOT_FOUND, Crosswalk
from cwi.methodology import Methodology
from cwi.methods.aggregation.of_units import thirds
from cwi.methods.ranking import half_away, rank_within
from cwi.report.blocks import Figure, Paragraph, Section, Table
from cwi.report.notebooks.audit import table
from cwi.report.pictures.heat import heat_map
from cwi.report.pictures.style import STYLE, WIDTH, Entry, area, draw_key, key_height, on, page, width_of

__all__ = ["coloured", "coverage_map", "report_card", "sources", "systems", "translations", "without_counterpart"]

METHOD = ("normalisation", "weights", "aggregation", "missing")
REST = ("first", "last", "units", "dimensions", "indicators", "years", "reporting")
THIRDS = {1: "top", 2: "middle", 3: "bottom"}
FACES = {"green": "#2f7d4f", "yellow": "#f3d55b", "orange": "#e39a3b", "red": "#a5322a"}
CELL = 0.25  # inches
SLANT = np.radians(50)


def systems(crosswalk: Crosswalk) -> Section:
    """What each system is and how it is made."""
    rules = crosswalk.rules
    missing = int((crosswalk.facts["value"] == NOT_FOUND).sum())
    note = f"{missing} of {len(crosswalk.facts)} facts were not found; 'not found' is not a no."
    blocks = [
        _plain(crosswalk, rules, REST, "What the systems are", "crosswalk-systems", ""),
        _plain(crosswalk, rules, METHOD, "How the systems are made", "crosswalk-rules", note),
    ]
    return Section(blocks)


def coverage_map(crosswalk: Crosswalk) -> Section:
    """The share of each component's indicators that has a counterpart in each system."""
    short = crosswalk.systems["short"].to_dict()
    values = (100 * crosswalk.of_components()).rename(columns=short, index=_words)
    drawn = partial(
        heat_map,
        values.rename_axis(columns=None),
        number=_whole,
        axis_label="indicators with a counterpart, %",
        missing_label="not known: only a part of the system's list was seen",
    )
    systems_ = crosswalk.of_systems()
    most = systems_["share"].idxmax()
    count = len(crosswalk.closeness)
    caption = f"Counterparts of our {count} indicators in {len(systems_)} systems, by component (working match)"
    alt = (
        f"A table of {len(values)} components and {len(systems_)} systems. The system that covers most is "
        f"{short[most]}, {systems_.at[most, 'share']:.0%} of our indicators."
    )
    behind = table(systems_.reset_index(drop=True), caption, name="crosswalk-coverage").blocks[0]
    shown = behind if isinstance(behind, Table) else None
    return Section([Figure("crosswalk-coverage", caption, alt, drawn, "en", shown, "The table")])


def without_counterpart(crosswalk: Crosswalk) -> Section:
    """Which of our indicators most systems have, and which none has."""
    found = crosswalk.of_indicators()
    none = [_words(code) for code in found.index[found["systems"] == 0]]
    said = Paragraph(
        f"{len(none)} of {len(found)} indicators have no counterpart in what was seen of the "
        f"{len(crosswalk.systems)} systems: {', '.join(none)}."
    )
    common = found[found["systems"] > 0].sort_values("systems", ascending=False, kind="stable").reset_index()
    caption = "In how many systems an indicator of ours has a counterpart (working match)"
    return Section([said, *table(common, caption, name="crosswalk-indicators").blocks])


def sources(crosswalk: Crosswalk) -> Section:
    """Where what is said of the systems comes from, and how it was seen."""
    rows = crosswalk.sources.reset_index(drop=True)[["title", "year", "place", "seen", "url"]]
    recalled = int((crosswalk.sources["seen"] == "recalled").sum())
    note = f"Of {recalled} sources the text was not opened again ('recalled'): look them up before quoting."
    return table(rows, "Sources of the crosswalk", name="crosswalk-sources", note=note)


def translations(methods: Mapping[str, Method]) -> Section:
    """Whose rule is run on our data, what of it is not followed, and whose cannot be run."""
    rows = pd.DataFrame(
        [
            {
                "method": method.title,
                "run": isinstance(method.methodology, Methodology),
                "what is not followed, or why it cannot be run": method.methodology
                if isinstance(method.methodology, str)
                else method.differs,
            }
            for method in methods.values()
        ]
    )
    return table(rows, "Our data under their method (working translations)", name="crosswalk-methods")


def report_card(comparison: Comparison, names: Mapping[str, str], scheme: str = "report_card") -> Section:
    """Ranks and thirds, overall and by dimension, as a report card shows them."""
    if scheme not in comparison.runs:
        return Section([Paragraph(f"The scheme '{scheme}' could not be run.")])
    run = comparison.runs[scheme]
    level = run.methodology.levels[-2].name
    overall = comparison.ranks[scheme].dropna().sort_values(kind="stable")
    parts = run.wide(comparison.year, level).reindex(overall.index)
    ranks = pd.DataFrame(
        rank_within(parts.to_numpy(float).T, tolerance=SAME).T, index=parts.index, columns=list(parts.columns)
    )
    ranks.insert(0, "overall", overall)
    third = ranks.apply(lambda column: thirds(column.to_numpy(float)))
    shown = [
        [
            str(names.get(str(code), code)),
            *(f"{rank:.0f} {THIRDS[int(part)]}" for rank, part in zip(*both, strict=True)),
        ]
        for code, *both in zip(ranks.index, ranks.to_numpy(), third.to_numpy(), strict=True)
    ]
    heads = ["region", *(_words(str(column)) for column in ranks.columns)]
    caption = f"Report card of {comparison.year}: ranks and thirds (our data, working translation of the rule)"
    return Section([Table("report-card", caption, heads, shown, ranks.reset_index())])


def coloured(comparison: Comparison, method: Method, names: Mapping[str, str]) -> Section:
    """The scores of the lowest level in the colours of a system."""
    if method.name not in comparison.runs or not method.colours:
        return Section([Paragraph(f"{method.title} could not be run, or has no colours.")])
    run = comparison.runs[method.name]
    scores = _lowest(run, comparison).rename(columns=_words)
    bounds = list(method.colours.values())
    printed = half_away(scores.to_numpy(float), 1)
    words = np.select([printed >= bound for bound in bounds], list(method.colours), default="")
    counts = {colour: int((words == colour).sum()) for colour in method.colours}
    said = ", ".join(f"{count} {colour}" for colour, count in counts.items())
    limits = ", ".join(f"{colour} from {bound:g}" for colour, bound in method.colours.items())
    caption = f"Components of {comparison.year} in the colours of the {method.title}; working limits: {limits}"
    alt = f"Scores of {len(scores)} regions on {len(scores.columns)} components: {said}."
    behind = pd.DataFrame(words, index=scores.index, columns=scores.columns).rename(index=dict(names)).reset_index()
    block = table(behind, caption, name="crosswalk-colours").blocks[0]
    drawn = partial(_cells, scores.rename(index=dict(names)), words, method.colours)
    shown = block if isinstance(block, Table) else None
    return Section([Figure("crosswalk-colours", caption, alt, drawn, "en", shown, "The table")])


def _lowest(run: Scores, comparison: Comparison) -> pd.DataFrame:
    """Scores of the lowest level above the indicators, of the regions and of what was measured."""
    wide = run.wide(comparison.year, run.methodology.levels[0].name)
    wide = wide.reindex(comparison.ranks.index)
    return wide.loc[:, wide.notna().any()].rename_axis(index="region", columns=None)


@rc_context(STYLE)
def _cells(scores: pd.DataFrame, words: np.ndarray, colours: Mapping[str, float]) -> Drawing:
    """A cell a score, in the colour of its class and with its number."""
    bounds = list(colours.values())
    said = [
        f"{colour}: {low:g} to {high:g}" for (colour, low), high in zip(colours.items(), [100, *bounds], strict=False)
    ]
    faces = [FACES.get(colour, "#dddddd") for colour in colours]
    entries = [Entry(text, "patch", {"facecolor": face}) for text, face in zip(said, faces, strict=True)]
    left = max(width_of(str(name), 8.5) for name in scores.index) + 0.2
    n, k = scores.shape
    lengths = [width_of(str(column), 8) for column in scores.columns]
    wide = (WIDTH - left - 0.1 - lengths[-1] * np.cos(SLANT) * 0.7) / k
    key, head = key_height(entries, WIDTH - 0.2), max(lengths) * np.sin(SLANT) + 0.2
    top = key + 0.1 + head
    figure = page(top + n * CELL + 0.1)
    draw_key(figure, entries, 0.1, 0.1, WIDTH - 0.2)
    text = area(figure, 0, 0, WIDTH, top + n * CELL, bare=True)
    for i, name in enumerate(scores.index):
        text.text(left - 0.1, top + (i + 0.5) * CELL, str(name), size=8.5, ha="right", va="center_baseline")
    turned: dict[str, Any] = {"rotation": np.degrees(SLANT), "rotation_mode": "anchor", "ha": "left", "va": "center"}
    for j, title in enumerate(scores.columns):
        text.text(left + (j + 0.5) * wide, top - 0.06, str(title), size=8, **turned)
    for (i, j), value in np.ndenumerate(scores.to_numpy(float)):
        if np.isfinite(value):
            face = FACES.get(str(words[i, j]), "#dddddd")
            at = (left + j * wide, top + i * CELL)
            text.add_patch(Rectangle(at, wide, CELL, facecolor=face, edgecolor="white", linewidth=0.8))
            middle = (at[0] + wide / 2, at[1] + CELL / 2)
            text.text(*middle, f"{value:.1f}", size=8, color=on(face), ha="center", va="center_baseline")
    return figure


def _plain(
    crosswalk: Crosswalk, rules: pd.DataFrame, columns: tuple[str, ...], caption: str, name: str, note: str
) -> Table:
    """A row a system, a column a fact, all of it words."""
    data = rules[list(columns)]
    shown = [[crosswalk.systems.at[code, "short"], *row] for code, row in zip(data.index, data.to_numpy(), strict=True)]
    return Table(name, caption, ["system", *columns], shown, data.reset_index(), note, numeric=len(columns) + 1)


def _words(code: str) -> str:
    return code.replace("_", " ")


def _whole(value: float) -> str:
    return f"{value:.0f}"
