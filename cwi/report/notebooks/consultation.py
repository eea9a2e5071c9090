"""What a consultation found, as tables and pictures of a notebook. In English: it is read by those who make the index.

Every function takes a :class:`~cwi.analysis.consultation.Consulted` and gives a section that a cell shows. Of a
synthetic consultation every section, every caption and every picture says so first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from cwi.analysis.consultation import LEVEL, Consulted
from cwi.inputs.consultation import LEAST, LIMIT
from cwi.report.blocks import Block, Bullets, Figure, Paragraph, Section, Table
from cwi.report.pictures.dots import Dot, grouped_dots
from cwi.report.pictures.style import FALL, RISE

__all__ = [
    "agreement",
    "ballots",
    "changed",
    "children",
    "consistency",
    "disagreement",
    "flags",
    "heard",
    "implied",
    "moves",
    "ranks",
    "voters",
    "weights",
]

WARNING = (
    "SYNTHETIC consultation: votes, sheets and proposals were drawn by a computer; nobody said any of this, and no "
    "conclusion about the index may be drawn from it."
)
MARK = "SYNTHETIC"
FEW = f"fewer than {LEAST}"
INTERVAL = f"{LEVEL:.0%} interval of redrawn voters"
OFFICIAL = Dot("official", "official", "o", 7.0, "white")
VOTES = Dot("votes", "votes", "o", 5.5, RISE)
EXPERTS = Dot("experts", "experts, mean", "D", 4.5, FALL)

Format = Callable[[float], str]


def ballots(found: Consulted) -> Section:
    """From the ballots that were read to those that count, and what they are worth."""
    rows = [
        [row["step"], _signed(row["ballots"]) if i else _whole(row["ballots"])]
        for i, row in enumerate(_records(found.steps))
    ]
    left = int(found.steps["ballots"].sum())
    rows.append(["ballots that count", _whole(left)])
    data = pd.concat([found.steps, pd.DataFrame({"step": ["ballots that count"], "ballots": [left]})])
    table = Table(
        "consultation-ballots",
        _said(found, f"From ballots read to ballots that count, {found.year}"),
        ["step", "ballots"],
        rows,
        data,
        f"Raked to the margins, they are worth {found.effective:,.0f} voters of equal weight (Kish). Who came decided "
        "so: this is a consultation, not a sample.",
    )
    return _section(found, table)


def voters(found: Consulted, names: Mapping[str, str]) -> Section:
    """Who voted, against the shares that voters are raked to.

    Parameters
    ----------
    names
        What each region is called.
    """
    called = [names.get(category, category) for category in found.voters["category"]]
    drawn = found.voters.assign(group=found.voters["variable"], name=called)
    dots = [Dot("target", "share to be met", "o", 7.0, "white"), Dot("share", "share of the ballots", "o", 5.5, RISE)]
    told = drawn.assign(gap=(drawn["share"] - drawn["target"]).abs()).dropna()
    far = _records(told.sort_values("gap"))[-1]
    alt = (
        f"Shares of the ballots and of the margins. Farthest apart is {far['name']}, with {far['share']:.1%} of the "
        f"ballots and {far['target']:.1%} of the margin."
    )
    return _dots(
        found,
        "consultation-voters",
        "Who voted",
        alt,
        drawn,
        dots,
        found.voters,
        limits=_upto(drawn, dots),
        formats=SHARES,
    )


def flags(found: Consulted) -> Section:
    """Patterns of stuffing, each with its rule, and the weights with and without the ballots that carry it."""
    rows = [
        [
            row["flag"],
            row["rule"],
            _few(row["ballots"]),
            _few(row["counted"]),
            "–" if pd.isna(row["change"]) else f"{100 * row['change']:.1f} points ({_words(row['part'])})",
            "–" if pd.isna(row["moved"]) else _whole(row["moved"]),
        ]
        for row in _records(found.flags)
    ]
    heads = ["flag", "rule", "ballots", "of these counted", "largest change without them", "regions whose rank moves"]
    note = (
        "A flag is a question, not a verdict: flagged ballots stay in every other result here. Changes are of a "
        "weight in its parent, in percentage points; ranks are those with the votes alone. Thresholds are working "
        "choices."
    )
    caption = _said(found, f"Patterns that look like stuffing, with and without, {found.year}")
    return _section(found, Table("consultation-flags", caption, heads, rows, found.flags, note, numeric=2))


def consistency(found: Consulted) -> Section:
    """Consistency ratios of the experts who judged pairs."""
    if found.consistency.empty:
        return _section(found, Paragraph("No expert judged pairs."))
    note = (
        f"Beyond: the share of experts whose consistency ratio is above {LIMIT:g} (Saaty 1980). {found.set_aside} "
        f"experts are beyond it somewhere and set aside whole; {found.experts} are left, those who gave points among "
        "them. Of two parts no judgement can contradict another."
    )
    formats = {"parts": _whole, "experts": _whole, "median": "{:.3f}".format, "beyond": "{:.1%}".format}
    caption = "Consistency of experts' judgements"
    return _section(found, _table(found, "consultation-consistency", caption, found.consistency, formats, note))


def agreement(found: Consulted) -> Section:
    """How far the experts agree."""
    note = (
        "W: Kendall's coefficient of concordance of the orders that the experts' weights imply, 0 none to 1 full. "
        "Distance: share of the weight that two experts would have to move to agree, mean over pairs."
    )
    formats = {"parts": _whole, "w": "{:.2f}".format, "distance": "{:.1%}".format}
    caption = f"Agreement of {found.experts} experts"
    return _section(found, _table(found, "consultation-agreement", caption, found.agreement, formats, note))


def disagreement(found: Consulted, level: str) -> Section:
    """What experts gave to the parts of every node of a level: their mean, and what nine in ten lie between."""
    table = _parts(found, found.weights, level)
    drawn = table.drop(columns=["low", "high"]).rename(columns={"experts_low": "low", "experts_high": "high"})
    wide = (drawn["high"] - drawn["low"]).idxmax()
    alt = (
        f"Experts' weights of {len(drawn)} parts. They differ most about {_words(str(wide))}: nine in ten gave it from "
        f"{drawn.at[wide, 'low']:.0%} to {drawn.at[wide, 'high']:.0%}."
    )
    data = table[["parent", "official", "experts", "experts_low", "experts_high"]]
    return _dots(
        found,
        f"consultation-experts-{level}",
        f"What experts gave to the parts of {_each(level)}",
        alt,
        drawn,
        [OFFICIAL, EXPERTS],
        data.rename_axis("part").reset_index(),
        interval="nine in ten experts",
        formats=SHARES,
    )


def weights(found: Consulted, level: str) -> Section:
    """Weights of the parts of every node of a level from votes, with their intervals, beside experts and official."""
    table = _parts(found, found.weights, level)
    gap = (table["votes"] - table["official"]).abs().idxmax()
    said = {name: f"{table.at[gap, name]:.0%}" for name in ("votes", "official", "experts")}
    alt = (
        f"Weights of {len(table)} parts. Votes differ most from the official weight in {_words(str(gap))}: "
        f"{said['votes']}, officially {said['official']}, experts {said['experts']}."
    )
    data = table[["parent", "official", "votes", "low", "high", "experts"]].rename_axis("part").reset_index()
    return _dots(
        found,
        f"consultation-weights-{level}",
        f"Weights of the parts of {_each(level)} from votes, experts and the methodology",
        alt,
        table,
        [OFFICIAL, EXPERTS, VOTES],
        data,
        interval=INTERVAL,
        formats=SHARES,
    )


def implied(found: Consulted) -> Section:
    """What each indicator counts in the index under each set of weights."""
    table = found.implied
    group = str(table.columns[0])
    drawn = table.assign(group=table[group].map(_words), name=table.index.map(_words))
    most = table["votes"].idxmax()
    alt = (
        f"What {len(table)} indicators count in the index. Most under the votes: {_words(str(most))} with "
        f"{table.at[most, 'votes']:.1%}, officially {table.at[most, 'official']:.1%}."
    )
    dots = [OFFICIAL, EXPERTS, VOTES]
    return _dots(
        found,
        "consultation-implied",
        "Implied weights in the index when everything is measured",
        alt,
        drawn,
        dots,
        table.rename_axis("indicator").reset_index(),
        limits=_upto(drawn, dots),
        formats=SHARES,
    )


def ranks(found: Consulted, names: Mapping[str, str]) -> Section:
    """Ranks under each λ with their intervals, beside the official ones.

    Parameters
    ----------
    names
        What each region is called.
    """
    wide = found.ranks.pivot(index="region", columns="lam", values=["rank", "low", "high"])
    official = found.ranks[found.ranks["lam"].isna()].set_index("region")["rank"]
    lams = [float(lam) for lam in found.ranks["lam"].dropna().unique()]
    order = official.sort_values(kind="stable").index
    rows = [
        {"group": f"λ = {lam:g}, {_whose(lam)}", "name": names[region], "region": region, "official": official[region]}
        | {kind: wide.at[region, (kind, lam)] for kind in ("rank", "low", "high")}
        for lam in lams
        for region in order
    ]
    drawn = pd.DataFrame(rows)
    moved = (drawn["rank"] != drawn["official"]).groupby(drawn["group"], sort=False).sum()
    said = ", ".join(f"{group} {count}" for group, count in moved.items())
    alt = f"Ranks of {len(order)} regions. Regions whose rank differs from the official one: {said}."
    alt = f"Synthetic. {alt}" if found.synthetic else alt
    data = found.ranks.assign(rank=found.ranks["rank"].astype("Int64"))
    shown = _table(
        found,
        "consultation-ranks",
        "Scores and ranks by λ",
        data,
        {"lam": _lam, "score": "{:.1f}".format, "rank": _whole, "low": _whole, "high": _whole, "unscored": _percent},
    )
    drawing = partial(
        grouped_dots,
        drawn,
        [Dot("official", "official rank", "o", 7.0, "white"), Dot("rank", "rank under λ", "o", 5.5, RISE)],
        axis_label="rank",
        interval=f"{LEVEL:.0%} interval: voters redrawn, an expert drawn whole",
        limits=(0.0, len(order) + 1.0),
        ticks=[1, *range(5, len(order) + 1, 5)],
        title=MARK if found.synthetic else "",
    )
    caption = _said(found, f"Who moves when λ of the weights are votes and the rest experts, {found.year}")
    measured = "; ".join(f"λ = {row['lam']:g}: {row['regions']}" for row in _records(found.measured))
    return _section(
        found,
        Figure("consultation-ranks", caption, alt, drawing, "en", shown, "The table"),
        Paragraph(
            "Whether enough was measured is judged by the official weights, so that regions are compared on what is "
            f"there. Judged by their own weights, so many regions would have an index at all: {measured}. Draws in "
            "which some region has no score, because the expert drawn gave nothing to any measured part of a node, are "
            f"left out of its interval: at most {found.ranks['unscored'].max():.1%} of them.",
            "note",
        ),
    )


def moves(found: Consulted, names: Mapping[str, str]) -> Section:
    """The regions that move, λ by λ; beyond noise where the interval of the rank leaves the official rank out."""
    official = found.ranks[found.ranks["lam"].isna()].set_index("region")["rank"]
    lines = []
    for lam, part in found.ranks.dropna(subset="lam").groupby("lam"):
        own = part.set_index("region")
        base = official.reindex(own.index)
        beyond = own.index[(base < own["low"]) | (base > own["high"])]
        said = ", ".join(f"{names[r]} ({base[r]:.0f} to {own.at[r, 'rank']:.0f})" for r in beyond) or "none"
        lines.append(
            f"λ = {lam:g}: {int((own['rank'] != base).sum())} of {len(own)} ranks differ; beyond noise: {said}."
        )
    return _section(found, Bullets(lines))


def children(found: Consulted, level: str) -> Section:
    """Children's votes apart from those of adults."""
    if found.children.empty:
        return _section(found, Paragraph(f"There are {FEW} ballots of children, or of adults; neither is shown apart."))
    table = _parts(found, found.children, level)
    gap = (table["children"] - table["adults"]).abs().idxmax()
    alt = (
        f"Weights of {len(table)} parts from children's votes and from adults'. They differ most about "
        f"{_words(str(gap))}: children {table.at[gap, 'children']:.0%}, adults {table.at[gap, 'adults']:.0%}."
    )
    dots = [Dot("adults", "adults", "o", 7.0, "white"), Dot("children", "children", "o", 5.5, RISE)]
    data = table[["parent", "children", "low", "high", "adults"]].rename_axis("part").reset_index()
    caption = f"Children's votes and adults' on the parts of {_each(level)}"
    name = f"consultation-children-{level}"
    return _dots(found, name, caption, alt, table, dots, data, interval=f"{INTERVAL} (children)", formats=SHARES)


def heard(found: Consulted) -> Section:
    """What was heard: proposals by subject and decision."""
    data = found.register.heard()
    formats = dict.fromkeys(["proposals", "accepted", "partly", "declined", "later"], _whole)
    return _section(found, _table(found, "consultation-heard", "What we heard", data, formats))


def changed(found: Consulted) -> Section:
    """What was changed: proposals that were accepted, with the reason and the version."""
    data = found.register.changed()
    if data.empty:
        return _section(found, Paragraph("No proposal was accepted."))
    return _section(found, _table(found, "consultation-changed", "What we changed", data, {}))


def _section(found: Consulted, *blocks: Block) -> Section:
    return Section([*([Paragraph(WARNING, "warning")] if found.synthetic else []), *blocks])


def _said(found: Consulted, caption: str) -> str:
    return f"Synthetic: {caption[0].lower()}{caption[1:]}" if found.synthetic else caption


def _dots(
    found: Consulted,
    name: str,
    caption: str,
    alt: str,
    drawn: pd.DataFrame,
    dots: Sequence[Dot],
    data: pd.DataFrame,
    *,
    interval: str = "",
    limits: tuple[float, float] = (-0.02, 1.02),
    formats: Mapping[str, Format],
) -> Section:
    drawing = partial(
        grouped_dots,
        drawn,
        dots,
        axis_label="share",
        interval=interval,
        limits=limits,
        title=MARK if found.synthetic else "",
    )
    caption = f"{caption}, {found.year}"
    alt = f"Synthetic. {alt}" if found.synthetic else alt
    behind = _table(found, name, caption, data, formats)
    return _section(found, Figure(name, _said(found, caption), alt, drawing, "en", behind, "The table"))


def _table(
    found: Consulted, name: str, caption: str, data: pd.DataFrame, formats: Mapping[str, Format], note: str = ""
) -> Table:
    shown = [
        [
            "–" if pd.isna(value) else formats[column](value) if column in formats else str(value)
            for column, value in row
        ]
        for row in ([*record.items()] for record in _records(data))
    ]
    columns = [str(column) for column in data.columns]
    numeric = next((i for i, column in enumerate(columns) if column in formats), len(columns))
    marked = data.assign(origin="synthetic") if found.synthetic else data
    return Table(name, _said(found, caption), columns, shown, marked, note, numeric=numeric)


def _parts(found: Consulted, table: pd.DataFrame, level: str) -> pd.DataFrame:
    """The parts of the nodes of a level, named for a picture."""
    names = list(dict.fromkeys(found.weights["level"]))
    below = names[names.index(level) - 1] if level in names else names[-1]
    rows: pd.DataFrame = table[table["level"] == below]
    return rows.assign(group=rows["parent"].map(_words), name=rows.index.map(_words))


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(column): value for column, value in record.items()} for record in table.to_dict("records")]


def _each(level: str) -> str:
    return "the index" if level == "index" else f"each {level}"


def _words(code: str) -> str:
    return code.replace("_", " ")


def _whose(lam: float) -> str:
    return {0.0: "experts alone", 1.0: "votes alone"}.get(lam, "experts and votes")


def _upto(table: pd.DataFrame, dots: Sequence[Dot]) -> tuple[float, float]:
    most = float(table[[dot.column for dot in dots]].max().max())
    return (-0.02 * most, 1.05 * most)


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _signed(value: float) -> str:
    return f"\N{MINUS SIGN}{-value:,.0f}" if value < 0 else _whole(value)


def _few(value: Any) -> str:
    return FEW if pd.isna(value) else _whole(value)


def _lam(value: float) -> str:
    return f"{value:g}"


def _percent(value: float) -> str:
    return f"{value:.1%}"


SHARES: Mapping[str, Format] = dict.fromkeys(
    [
        "share",
        "target",
        "official",
        "votes",
        "low",
        "high",
        "experts",
        "experts_low",
        "experts_high",
        "children",
        "adults",
    ],
    _percent,
) | {"ballots": _whole}
