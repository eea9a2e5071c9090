"""Small pictures as inline SVG: intervals of ranks, bars, dots beside the nation, lines over years.

They have no style of their own (the site's style sheet has classes for light and dark) and no words but numbers and
names, which are escaped here. What they show is in the table before them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

__all__ = ["bar", "interval", "lines", "strip"]

WIDE, TALL = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 46, 185, 14, 26
PHONE = 330  # a second drawing of this width, whose letters are as large on a phone as those of the wide one elsewhere
PHONE_LEFT, PHONE_RIGHT, LETTERS = 30, 122, (22, 14)
TICKS = 4


def bar(value: float, low: float, high: float, *, reference: float = math.nan) -> Markup:
    """A bar from the low end to a value, with a tick at a reference where there is one.

    >>> 'width="50.0"' in bar(50, 0, 100)
    True
    """
    if math.isnan(value) or high <= low:
        return Markup("")
    wide = 100 * min(max((value - low) / (high - low), 0), 1)
    tick = ""
    if not math.isnan(reference):
        at = 100 * min(max((reference - low) / (high - low), 0), 1)
        tick = f'<path class="tick" d="M{at:.1f} 0V10"/>'
    return Markup(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f'<rect class="track" width="100" height="10"/><rect class="fill" width="{wide:.1f}" height="10"/>{tick}</svg>'
    )


def interval(low: float, middle: float, high: float, last: int) -> Markup:
    """A rank and its interval on a line from 1 to the number of regions.

    >>> interval(1, 2, 3, 20).count("circle")
    1
    """
    if math.isnan(middle) or last < 2:
        return Markup("")
    a, at, b = ((value - 1) / (last - 1) * 92 + 4 for value in (low, middle, high))
    line = "" if math.isnan(low) else f'<path class="whisker" d="M{a:.1f} 5H{b:.1f}"/>'
    return Markup(
        '<svg class="rank-line" viewBox="0 0 100 10" aria-hidden="true" focusable="false">'
        f'<path class="axis" d="M4 5H96"/>{line}<circle class="point" cx="{at:.1f}" cy="5" r="3.2"/></svg>'
    )


def lines(
    series: Mapping[str, Mapping[int, float]],
    label: str,
    *,
    band: Mapping[int, tuple[float, float]] | None = None,
    decimals: int = 0,
    number: object = None,
) -> Markup:
    """Lines over years, each named at its end; ``band`` is the range of the regions behind them.

    Parameters
    ----------
    series
        By name, the values by year; the first is drawn strongest.
    label
        What the picture shows, for those who cannot see it.
    number
        How an axis prints a value: a function of value and decimals.

    Returns
    -------
    The drawing twice, for a wide screen and for a phone; the style sheet shows one of them.
    """
    wide = _lines(series, label, band, decimals, number)
    return wide + _lines(series, label, band, decimals, number, phone=True)


def _lines(
    series: Mapping[str, Mapping[int, float]],
    label: str,
    band: Mapping[int, tuple[float, float]] | None,
    decimals: int,
    number: object,
    *,
    phone: bool = False,
) -> Markup:
    width, at_left, at_right = (PHONE, PHONE_LEFT, PHONE_RIGHT) if phone else (WIDE, LEFT, RIGHT)
    write = number if callable(number) else (lambda value, digits: f"{value:.{digits}f}")
    known = {name: {year: v for year, v in each.items() if not math.isnan(v)} for name, each in series.items()}
    known = {name: each for name, each in known.items() if each}
    years = sorted({year for each in known.values() for year in each} | set(band or {}))
    values = [v for each in known.values() for v in each.values()] + [v for ends in (band or {}).values() for v in ends]
    if len(years) < 2 or not values:
        return Markup("")
    low, high, ticks = _scale(min(values), max(values))

    def x(year: int) -> float:
        return at_left + (width - at_left - at_right) * (year - years[0]) / (years[-1] - years[0])

    def y(value: float) -> float:
        return TOP + (TALL - TOP - BOTTOM) * (high - value) / (high - low)

    parts = [
        f'<path class="grid" d="M{at_left} {y(tick):.1f}H{width - at_right}"/>'
        f'<text class="axis-text end" x="{at_left - 6}" y="{y(tick) + 4:.1f}">{escape(write(tick, decimals))}</text>'
        for tick in ticks
    ]
    step = max(1, math.ceil(len(range(years[0], years[-1] + 1)) / (4 if phone else 8)))
    for year in range(years[0], years[-1] + 1, step):
        parts.append(f'<text class="axis-text middle" x="{x(year):.1f}" y="{TALL - 6}">{year}</text>')
    if band:
        there = sorted(band)
        upper = " ".join(f"{x(year):.1f},{y(band[year][1]):.1f}" for year in there)
        lower = " ".join(f"{x(year):.1f},{y(band[year][0]):.1f}" for year in reversed(there))
        parts.append(f'<polygon class="band" points="{upper} {lower}"/>')
    ends = []
    for place, (name, each) in enumerate(known.items()):
        path = "".join(
            f"{'M' if i == 0 else 'L'}{x(year):.1f} {y(each[year]):.1f}" for i, year in enumerate(sorted(each))
        )
        dots = "".join(f'<circle cx="{x(year):.1f}" cy="{y(v):.1f}" r="3"/>' for year, v in each.items())
        parts.append(f'<g class="line line-{min(place, 2)}"><path d="{path}"/>{dots}</g>')
        ends.append((y(each[max(each)]), x(max(each)), name, min(place, 2)))
    for at, right, name, place in _apart(ends, LETTERS[phone]):
        spans = _wrapped(name, LETTERS[phone])
        words = "".join(
            f'<tspan x="{right + 8:.1f}" dy="{15 if i else 0}">{escape(line)}</tspan>' for i, line in enumerate(spans)
        )
        parts.append(f'<text class="line-name name-{place}" x="{right + 8:.1f}" y="{at + 4:.1f}">{words}</text>')
    return Markup(
        f'<svg class="chart {"phone" if phone else "screen"}" viewBox="0 0 {width} {TALL}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def strip(rows: Sequence[tuple[str, float, str]], label: str, *, reference: float = math.nan, name: str = "") -> Markup:
    """Dots on a line for each row, the nation's value as a line through all.

    Parameters
    ----------
    rows
        Name, value and printed value, in the order in which they are drawn.
    reference, name
        The value of the line and what it is called.

    Returns
    -------
    The drawing twice, for a wide screen and for a phone, where a name is above its line.
    """
    return _strip(rows, label, reference, name) + _strip(rows, label, reference, name, phone=True)


def _strip(
    rows: Sequence[tuple[str, float, str]], label: str, reference: float, name: str, *, phone: bool = False
) -> Markup:
    rows = [row for row in rows if not math.isnan(row[1])]
    if len(rows) < 2:
        return Markup("")
    values = [value for _, value, _ in rows] + ([] if math.isnan(reference) else [reference])
    low, high, _ = _scale(min(values), max(values))
    width, tall, left, right = (PHONE, 38, 8, 275) if phone else (WIDE, 22, 240, 590)

    def x(value: float) -> float:
        return left + (right - left) * (value - low) / (high - low)

    parts = []
    height = tall * len(rows) + (26 if not math.isnan(reference) else 6)
    top = 22 if not math.isnan(reference) else 2
    for place, (who, value, printed) in enumerate(rows):
        y = top + tall * place + (tall - 10 if phone else tall / 2)
        named = f'x="0" y="{y - 12:.1f}">{escape(who)}' if phone else f'x="{left - 10}" y="{y + 4:.1f}">'
        parts.append(
            f'<text class="axis-text{"" if phone else " end"}" {named}'
            f"{'' if phone else escape(_short(who, 30))}</text>"
            f'<path class="grid" d="M{left} {y:.1f}H{right}"/>'
            f'<circle class="point" cx="{x(value):.1f}" cy="{y:.1f}" r="5"/>'
            f'<text class="axis-text" x="{x(value) + 9:.1f}" y="{y + 4:.1f}">{escape(printed)}</text>'
        )
    if not math.isnan(reference):
        at = x(reference)
        parts.insert(
            0,
            f'<path class="reference" d="M{at:.1f} 18V{height}"/>'
            f'<text class="axis-text middle strong" x="{at:.1f}" y="13">{escape(_short(name))}</text>',
        )
    kind = "phone" if phone else "screen"
    head = f'<svg class="chart strip {kind}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">'
    return Markup(f"{head}{''.join(parts)}</svg>")


def _scale(low: float, high: float) -> tuple[float, float, list[float]]:
    """Round ends around values, and ticks between."""
    span = (high - low) or abs(high) or 1.0
    step = 10.0 ** math.floor(math.log10(span / TICKS))
    step *= next(each for each in (1, 2, 5, 10) if span / (step * each) <= TICKS + 1)
    first, last = math.floor(low / step), math.ceil(high / step)
    last = last if last > first else first + 1
    return first * step, last * step, [place * step for place in range(first, last + 1)]


def _apart(ends: list[tuple[float, float, str, int]], letters: int) -> list[tuple[float, float, str, int]]:
    """Names at the ends of lines, moved so that none is written over another, whose lines are counted."""
    result: list[tuple[float, float, str, int]] = []
    free = -math.inf
    for at, right, name, place in sorted(ends):
        at = max(at, free)
        free = at + 1 + 15 * len(_wrapped(name, letters))
        result.append((at, right, name, place))
    return result


def _wrapped(name: str, most: int) -> list[str]:
    """A name in at most two lines, broken at a space or a hyphen; what is longer is cut.

    >>> _wrapped("Западно-Казахстанская область", 14), _wrapped("Astana", 14)
    (['Западно-', 'Казахстанская…'], ['Astana'])
    """
    words, result = re.findall(r"[^ -]+-?", name), [""]
    for word in words:
        joint = "" if not result[-1] or result[-1].endswith("-") else " "
        if result[-1] and len(result[-1] + joint + word) > most:
            result.append(word)
        else:
            result[-1] += joint + word
    return [*result[:1], *(_short(f"{line}…" if result[2:] else line, most) for line in result[1:2])]


def _short(name: str, most: int = 18) -> str:
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"
