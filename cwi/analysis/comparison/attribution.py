"""Which indicators make a gap: the parts of a difference between two scores, adding up to it exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cwi.edition import Edition, checked_edition
from cwi.errors import DataError, MethodologyError, near
from cwi.index import Scores
from cwi.methodology import Node
from cwi.methods import aggregation

__all__ = ["Attribution", "attribute", "attribute_scores"]

COLUMNS = ("node", "level", "parent", "part", "one", "other", "contribution")
NOISE = 1e-9  # what is left of a gap is no rounding if it is larger than this, relative to the scores


@dataclass(frozen=True, eq=False)
class Attribution:
    """A gap between two scores and its parts.

    ``gap``: the score of the one less that of the other, in points of the index.
    ``parts``: node, level, parent, part, one, other (the two scores), contribution (points of the gap); the
    contributions add up to the gap. ``part`` is "score" for an indicator, what the difference of its own score
    makes; "measured" for a node, what comes of the two having been measured by different parts, and so by different
    weights; "rounding", rarely, for what the numbers of the other rows are too coarse to hold.
    ``nodes``: the same columns without ``part`` for every node and indicator that both have, from the top down; the
    contribution is the sum of all that lies under it.
    ``unmatched``: parent, node, in: parts that only "one" or only the "other" has, where "measured" comes from.
    ``residual``: what rounding left, which was put on the largest part.
    """

    gap: float
    parts: pd.DataFrame
    nodes: pd.DataFrame
    unmatched: pd.DataFrame
    residual: float

    @property
    def total(self) -> float:
        """The sum of the contributions of all parts; equal to ``gap``, not only nearly."""
        return math.fsum(self.parts["contribution"])

    def under(self, node: str) -> pd.DataFrame:
        """What the contribution of a node is made of: the nodes below it and what was measured; they add up to it."""
        if node not in set(self.nodes["node"]):
            raise DataError(f"the gap has no node '{node}'{near(node, self.nodes['node'])}")
        children = self.nodes[self.nodes["parent"] == node].assign(part="score")
        other = self.parts[(self.parts["node"] == node) & (self.parts["part"] != "score")]
        return pd.concat([children, other], ignore_index=True)[list(COLUMNS)]


@dataclass(frozen=True)
class _Share:
    """A row before it is rounded: what it adds to the gap, and the nodes above it."""

    node: str
    part: str
    path: tuple[str, ...]
    points: float


def attribute(
    edition: Edition,
    region: str,
    *,
    against: str | None = None,
    since: int | None = None,
    node: str | None = None,
) -> Attribution:
    """Split the gap between two scores over the indicators.

    The two are a region and the nation (by default), two regions (``against``), or one region in two years
    (``since``). The gap is the score of ``region`` in the edition's year less the other.

    For a node with scores I and parts y, of the one (1) and the other (0), and u the weights of the parts that each
    has, brought to sum to one, v = (u1 + u0) / 2:

    * arithmetic: I1 - I0 = sum v (y1 - y0) over the parts both have + "measured"; sum w (y1 - y0) where both have
      the same parts [1]_;
    * geometric: I1 - I0 = L(I1, I0) (sum v ln(y1 / y0) + "measured"), L(a, b) = (a - b) / ln(a / b) being the
      logarithmic mean [2]_; a ``floor`` is kept.

    "Measured" is the sum of (u1 - u0) times the mean of y1 and y0 (geometric: of their logarithms), for a part that
    one side lacks times the only y there is. It is nil where both were measured by the same parts. Weights at the
    mean of both sides are one convention among several; it is the one that treats the two alike, so that turning
    the comparison round turns every sign. What a part contributes is split over its own parts in the same way,
    level by level.

    The last digit: contributions are brought to a common smallest unit, the last binary digit of the largest of
    them, and what this leaves of the gap is put on the largest part. Sums are then exact in any order that does not
    leave the size of the largest.

    Parameters
    ----------
    edition
        The year, its rules and all that was measured.
    region
        The code of the region.
    against
        The code of the other region; by default the nation, or with ``since`` the region itself.
    since
        The other year, scored by the same rules; by default the same year.
    node
        Whose gap; by default that of the topmost node.

    Raises
    ------
    DataError
        If one of the two has no score, or both are the same.
    MethodologyError
        If a node under it is aggregated neither arithmetically nor geometrically.

    References
    ----------
    .. [1] Bennet (1920), Journal of the Royal Statistical Society 83, 455-462; for two factors it is the Shapley
       value.
    .. [2] Vartia (1976), Scandinavian Journal of Statistics 3, 121-126; Ang (2015), Energy Policy 86, 233-238.

    Examples
    --------
    >>> from cwi import read_edition
    >>> found = attribute(read_edition(2023), "KZ-15")
    >>> found.total == found.gap, round(found.gap, 1)
    (True, 1.1)
    >>> bool(found.under("index")["contribution"].sum() == found.gap)
    True
    """
    checked_edition(edition)
    before = edition if since is None else edition.earlier(since)
    if against is None:
        against = edition.methodology.nation if since is None else region
        if against is None:
            raise DataError("the methodology names no nation; name the other region with against")
    return attribute_scores((edition.scores, region, edition.year), (before.scores, against, before.year), node=node)


def attribute_scores(
    first: tuple[Scores, str, int], second: tuple[Scores, str, int], *, node: str | None = None
) -> Attribution:
    """As :func:`attribute`, for scores that are there already: the scores, the region and the year of each side."""
    (scores, region, year), (before, against, then) = first, second
    methodology = scores.methodology
    top = methodology.top.code if node is None else node
    nodes = {found.code: found for level in methodology.nodes for found in level}
    if top not in nodes:
        raise DataError(f"no node with parts is called '{top}'{near(top, nodes)}")
    for found in nodes.values():
        if top in methodology.tree.path(found.code):
            _floor(found)
    if (region, year) == (against, then):
        raise DataError(f"{region} in {year} is compared with itself; name another region or another year")
    one, other = _scored(scores, region, year), _scored(before, against, then)
    for known, where, when in ((one, region, year), (other, against, then)):
        if math.isnan(known[top]):
            raise DataError(f"{where} has no score for '{top}' in {when}: too little was measured")
    weights: dict[str, dict[str, float]] = {}
    for parent, part, weight in scores.edges[["parent", "node", "weight"]].itertuples(index=False):
        weights.setdefault(parent, {})[part] = 0.0 if math.isnan(weight) else float(weight)
    unmatched: list[dict[str, str]] = []
    raw = list(_split(nodes, weights, one, other, top, (), 1.0, unmatched))
    gap = one[top] - other[top]
    scale = max(abs(side[share.node]) for share in raw for side in (one, other))
    points, left, residual = _exact([share.points for share in raw], gap, scale)
    level_of = dict(zip(scores.nodes["node"], scores.nodes["level"], strict=True))
    parent_of = {part: parent for parent, parts in weights.items() for part in parts}

    def row(code: str, part: str, contribution: float) -> dict[str, object]:
        parent = "" if code == top else parent_of[code]
        values = (code, level_of[code], parent, part, one[code], other[code], contribution)
        return dict(zip(COLUMNS, values, strict=True))

    parts = [row(share.node, share.part, value) for share, value in zip(raw, points, strict=True)]
    gathered: dict[str, list[float]] = {}
    for share, value in zip(raw, points, strict=True):
        for code in dict.fromkeys((*share.path, share.node)):
            gathered.setdefault(code, []).append(value)
    if left:
        parts.append(row(top, "rounding", left))
        gathered[top].append(left)
    order = {code: place for place, code in enumerate(dict.fromkeys(scores.nodes["node"]))}
    table = [row(code, "", math.fsum(values)) for code, values in sorted(gathered.items(), key=lambda x: order[x[0]])]
    return Attribution(
        gap=gap,
        parts=pd.DataFrame(parts, columns=list(COLUMNS)),
        nodes=pd.DataFrame(table, columns=list(COLUMNS)).drop(columns="part"),
        unmatched=pd.DataFrame(unmatched, columns=["parent", "node", "in"]),
        residual=residual,
    )


def _scored(scores: Scores, region: str, year: int) -> dict[str, float]:
    """The scores of one region in one year by node."""
    here = scores.nodes[(scores.nodes["region"] == region) & (scores.nodes["year"] == year)]
    if here.empty:
        raise DataError(f"there is no score for {region} in {year}")
    return dict(zip(here["node"], here["score"].astype(float), strict=True))


def _split(
    nodes: Mapping[str, Node],
    weights: Mapping[str, Mapping[str, float]],
    one: Mapping[str, float],
    other: Mapping[str, float],
    code: str,
    path: tuple[str, ...],
    worth: float,
    unmatched: list[dict[str, str]],
) -> Iterator[_Share]:
    """The parts under one node; ``worth`` is how many points of the gap a point of this node makes."""
    if code not in nodes:
        yield _Share(code, "score", path, worth * (one[code] - other[code]))
        return
    floor = _floor(nodes[code])
    path = (*path, code)
    parts = weights[code]
    u1, u0 = ({part: w for part, w in parts.items() if not math.isnan(y[part])} for y in (one, other))
    total1, total0 = math.fsum(u1.values()), math.fsum(u0.values())
    f1, f0 = (_read(y[code], floor) for y in (one, other))
    slope = worth / _secant(one[code], other[code], None if floor is None else 0.0)
    moved: list[float] = []
    differs = False
    for part in parts:
        if part not in u1 and part not in u0:
            continue
        w1, w0 = u1.get(part, 0.0) / total1, u0.get(part, 0.0) / total0
        y1, y0 = (y[part] for y in (one, other))
        if part in u1 and part in u0:
            rate = _secant(y1, y0, floor)
            yield from _split(nodes, weights, one, other, part, path, slope * (w1 + w0) / 2 * rate, unmatched)
            y = (_read(y1, floor) + _read(y0, floor)) / 2
        else:
            unmatched.append({"parent": code, "node": part, "in": "one" if part in u1 else "other"})
            y = _read(y1 if part in u1 else y0, floor)
        differs |= w1 != w0
        moved.append((w1 - w0) * (y - (f1 + f0) / 2))
    if differs:
        yield _Share(code, "measured", path, slope * math.fsum(moved))


def _floor(node: Node) -> float | None:
    """None for an arithmetic node, the floor of a geometric one (0 where it has none)."""
    rule = node.aggregation
    if rule.function is aggregation.arithmetic:
        return None
    if rule.function is aggregation.geometric:
        return float(rule.parameters.get("floor") or 0.0)
    raise MethodologyError(
        f"{node.code}: a gap aggregated by '{rule.name}' cannot be split over parts, {rule.traits.not_split}; "
        "arithmetic and geometric can be split"
    )


def _read(y: float, floor: float | None) -> float:
    """A score as its parent reads it: as it is, or (geometric) its logarithm."""
    return y if floor is None else math.log(max(y, floor))


def _secant(y1: float, y0: float, floor: float | None) -> float:
    """How much the reading of a score moves per point between two scores; the same for (y0, y1), to the last digit."""
    if floor is None:
        return 1.0
    high, low = max(y1, y0), max(min(y1, y0), floor)
    if high < low:
        return 0.0  # both lie below the floor
    if high == low:
        return 1.0 / high if y1 == y0 and high > floor else 0.0
    near_by = high < 2 * low
    logarithm = 2 * math.atanh((high - low) / (high + low)) if near_by else math.log(high) - math.log(low)
    return logarithm / (high - min(y1, y0))


def _exact(parts: Sequence[float], gap: float, scale: float) -> tuple[list[float], float, float]:
    """The parts on a common smallest unit, so that they add up to the gap; what no part can hold; the residual.

    The unit is the last binary digit of the largest part, so a part moves by no more than half of it.
    """
    size = math.fsum(abs(part) for part in parts)
    unit = math.ulp(max(size, abs(gap)) or 1.0)
    if size == 0 and gap == 0:
        return [0.0 for _ in parts], 0.0, 0.0
    counts = [round(part / unit) for part in parts]
    whole = round(gap / unit)
    missing = whole - sum(counts)
    if abs(missing) * unit > NOISE * max(size, scale):
        raise DataError(
            f"the parts make {math.fsum(parts):g} of a gap of {gap:g}: these scores are not what their methodology "
            "makes of their parts"
        )
    largest = max(range(len(counts)), key=lambda i: abs(counts[i]))
    counts[largest] += missing
    return [count * unit for count in counts], gap - whole * unit, missing * unit
