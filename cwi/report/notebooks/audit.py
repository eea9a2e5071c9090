"""What an audit found, as tables and pictures of a notebook. In English: an audit is read by those who make the index.

Every function takes an :class:`~cwi.analysis.audit.statistical_audit.Audit` and gives a section that a cell shows.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from cwi.analysis.audit import LEVEL, Audit, few
from cwi.report.blocks import Figure, Paragraph, Section, Table
from cwi.report.pictures.dots import Dot, grouped_dots
from cwi.report.pictures.heat import heat_map
from cwi.report.pictures.style import FALL, RISE

__all__ = ["correlation_map", "findings", "influence", "table"]

DOTS = (
    Dot("nominal", "nominal weight", "o", 7.0, "white"),
    Dot("effective", "effective, linear", "o", 5.5, RISE),
    Dot("effective_smooth", "effective, smoothed", "D", 4.5, FALL),
)


def table(data: pd.DataFrame, caption: str, *, name: str, note: str = "") -> Section:
    """A table of the audit with two decimals.

    Examples
    --------
    >>> table(pd.DataFrame({"node": ["a"], "r": [0.5]}), "One", name="one").blocks[0].plain()
    'One (1 × 2)'
    """
    shown = [[_cell(value) for value in row] for row in data.to_numpy(object)]
    texts = [bool(data[column].map(lambda value: isinstance(value, str)).all()) for column in data]
    numeric = texts.index(False) if False in texts else len(texts)
    return Section([Table(name, caption, [str(column) for column in data], shown, data, note, numeric=numeric)])


def findings(audit: Audit, verdict: str) -> Section:
    """What fails, or asks for attention; equal findings of many nodes in one row."""
    lines = audit.open[audit.open["verdict"] == verdict]
    if lines.empty:
        return Section([Paragraph(f"No finding of {audit.year} has the verdict '{verdict}'.")])
    rows = []
    for row in lines.to_dict("records"):
        asked = f"{row['bound']} {row['threshold']:g}"
        rows.append([row["check"], few(row["nodes"]), _found(row["number"]), asked, row["sentence"]])
    heads = ["check", "where", "found", "asked", "in words"]
    return Section([Table(f"audit-{verdict}", f"{verdict}, {audit.year}", heads, rows, lines, numeric=len(heads))])


def correlation_map(audit: Audit, level: str) -> Section:
    """The correlations of a level as a square; a dot marks parts of one parent, where a negative one is a problem."""
    pairs = audit.correlations[audit.correlations["level"] == level]
    if pairs.empty:
        return Section([Paragraph(f"Fewer than two nodes of the level {level} can be compared.")])
    codes = list(dict.fromkeys([*pairs["a"], *pairs["b"]]))
    square = pairs.pivot(index="a", columns="b", values="r").reindex(index=codes, columns=codes).astype(float)
    r = square.fillna(square.T)
    marks = pairs.pivot(index="a", columns="b", values="inside").reindex(index=codes, columns=codes).eq(True)
    drawn = partial(
        heat_map,
        r.rename(index=_words, columns=_words),
        number=_hundredths,
        axis_label="correlation over regions",
        missing_label="the same node, or not computable",
        limits=(-1.0, 1.0),
        diverging=True,
        marks=(marks | marks.T).rename(index=_words, columns=_words),
        mark_label="parts of one parent",
    )
    lowest = pairs.sort_values("r").iloc[0]
    alt = f"Correlations of {len(codes)} nodes of the level {level}"
    alt += f"; the lowest is {lowest['r']:.2f}, {lowest['a']} and {lowest['b']}." if pairs["r"].notna().any() else "."
    caption = f"Correlations between nodes of the level {level}, {audit.regions} regions, {audit.year}"
    shown = table(pairs.drop(columns="level"), caption, name=f"audit-correlations-{level}").blocks[0]
    behind = shown if isinstance(shown, Table) else None
    return Section([Figure(f"audit-correlations-{level}", caption, alt, drawn, "en", behind, "The table")])


def influence(audit: Audit, level: str) -> Section:
    """Nominal and effective weights of the parts of every node of a level, with their intervals."""
    above = audit.structure.loc[audit.structure["level"] == level, "node"]
    found = audit.effective[audit.effective["parent"].isin(above)]
    found = found[found["immediate"]]
    found = found[found.groupby("parent")["part"].transform("size") > 1]
    if found.empty:
        return Section([Paragraph(f"No node of the level {level} has two measured parts.")])
    which = "each" if len(above) > 1 else "the"
    caption = f"Nominal and effective weights of the measured parts of {which} {level}, {audit.year}"
    far = found.loc[np.log(found["ratio"].clip(lower=1e-9)).abs().idxmax()]
    alt = (
        f"For {len(found)} parts the weight they were given and the influence they have. Farthest apart is "
        f"{far['part']} in {far['parent']}, {far['nominal']:.0%} of the weight and {far['effective']:.0%} of influence."
    )
    shown = table(found.drop(columns="level"), caption, name=f"audit-influence-{level}").blocks[0]
    behind = shown if isinstance(shown, Table) else None
    drawn = partial(
        grouped_dots,
        found.assign(group=found["parent"].map(_words), name=found["part"].map(_words)),
        DOTS,
        axis_label="share of the measured parts of the node",
        interval=f"{LEVEL:.0%} interval (linear)",
    )
    return Section([Figure(f"audit-influence-{level}", caption, alt, drawn, "en", behind, "The table")])


def _words(code: str) -> str:
    return code.replace("_", " ")


def _hundredths(value: float) -> str:
    """A correlation as it is usually written, without the zero before the point."""
    text = f"{abs(value):.2f}"
    text = text if text.startswith("1") else text[1:]
    return "\N{MINUS SIGN}" + text if value < 0 and text != ".00" else text


def _cell(value: object) -> str:
    if isinstance(value, (float, np.floating)):
        return "–" if np.isnan(value) else f"{value:.2f}"
    return {True: "yes", False: "no"}[bool(value)] if isinstance(value, (bool, np.bool_)) else str(value)


def _found(number: float) -> str:
    return "not computed" if np.isnan(number) else f"{number:.3g}"
