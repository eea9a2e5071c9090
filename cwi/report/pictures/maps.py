"""Maps: the regions coloured by their scores."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from cwi import folders
from cwi.errors import DataError, near
from cwi.inputs.boundaries import boundaries_of, other_boundaries, read_boundaries
from cwi.inputs.country import read_country
from cwi.report.pictures.labels import BORDER, Sheet, places, write
from cwi.report.pictures.rows import DASH, EDGE
from cwi.report.pictures.style import (
    BLANK,
    INK,
    MISSING,
    SEQUENTIAL,
    STYLE,
    UNRELIABLE,
    Entry,
    Number,
    area,
    check_limits,
    colour_bar,
    draw_key,
    is_narrow,
    key_height,
    leading,
    main_axes,
    page,
    page_width,
    wrap,
)

__all__ = ["DEGREES", "boundaries_of", "choropleth", "codes_of", "other_boundaries", "projection_of"]

DEGREES = "EPSG:4326"
BAR = 2.0  # how long the bar of colours is, inches
ABOVE, BELOW = 0.42, 0.1  # room for labels that are outside
OTHER: dict[str, Any] = {"color": INK, "linewidth": 1.1, "linestyle": (0, (3.5, 1.8))}


def projection_of(boundaries: Path) -> str:
    """The projection of the country, for files of this project; an equal-area one around the middle of any other.

    >>> projection_of(boundaries_of(2023)).split()[0]
    '+proj=aea'
    """
    own = read_country().projection
    if own and boundaries.resolve().parent == (folders.data() / "boundaries").resolve():
        return own
    west, south, east, north = _table(boundaries).total_bounds
    return f"+proj=laea +lat_0={(south + north) / 2:.3f} +lon_0={(west + east) / 2:.3f} +datum=WGS84 +units=m"


@rc_context(STYLE)
def choropleth(
    values: pd.Series,
    boundaries: Path,
    *,
    names: Mapping[str, str],
    number: Number,
    axis_label: str,
    missing_label: str,
    unreliable: Collection[str] | None = None,
    unreliable_label: str = "",
    other_boundaries: Path | None = None,
    other_label: str = "",
    limits: tuple[float, float] = (0, 100),
    projection: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """A map of one number.

    Parameters
    ----------
    values
        By code of the region; a region without a value is hatched, or blank where ``unreliable`` is given.
    boundaries
        GeoJSON with a property ``code``.
    names
        What each region of the map is called.
    number
        Prints a value.
    axis_label
        What the colours mean.
    missing_label
        What regions without a value are called in the key.
    unreliable
        Codes of regions that keep their colour, are hatched and have their value in brackets.
    unreliable_label
        What these are called in the key.
    other_boundaries
        Borders of another time: those of its regions that the map does not have are drawn as a dashed line.
    other_label
        What the dashed line is called in the key.
    limits
        The ends of the colours, the same on every map that shall be compared.
    projection
        As PROJ writes it; that of :func:`projection_of` by default.
    ax
        Axes to draw on, without labels of regions, with a bar of colours beside them; a page of its own by default.

    Raises
    ------
    DataError
        If a value belongs to no region of the map, or a region has no name.
    """
    ground = _ground(boundaries, other_boundaries, projection or projection_of(boundaries))
    codes = [str(code) for code in ground.shapes["code"]]
    check_limits(limits)
    _check_codes(values, codes, names, boundaries)
    score = values.astype(float).reindex(codes).to_numpy()
    share = np.clip((score - limits[0]) / (limits[1] - limits[0]), 0, 1)
    colour = [SEQUENTIAL(float(s)) if np.isfinite(s) else None for s in share]
    blank = MISSING if unreliable is None else BLANK
    doubtful = np.isin(codes, list(unreliable or ())) & np.isfinite(score)
    entries = [Entry(missing_label, "patch", blank)] if np.isnan(score).any() else []
    if doubtful.any():
        entries.append(Entry(unreliable_label, "patch", UNRELIABLE))
    if ground.lines and other_label:
        entries.append(Entry(other_label, "line", OTHER))
    beyond = bool((score < limits[0]).any()), bool((score > limits[1]).any())
    if ax is not None:
        return _on_given(ax, ground, colour, blank, doubtful, entries, limits, axis_label)
    label = wrap(axis_label, BAR + 0.35, 8.5)
    bar = 0.36 + (label.count("\n") + 1) * leading(8.5)
    beside, lower = (EDGE, bar) if is_narrow() else (EDGE + 0.1 + BAR + 0.6, -0.06)
    room = page_width() - beside - EDGE
    keyed = key_height(entries, room, 8.5)
    foot = (bar + keyed if is_narrow() else max(bar, keyed)) + EDGE
    figure = page(ground.height + 0.1 + foot)
    axes = main_axes(figure, area(figure, 0, 0, page_width(), ground.height, bare=True))
    _draw(axes, ground, colour, blank, doubtful)
    printed = [number(float(v)) if np.isfinite(v) else DASH for v in score]
    printed = [f"({value})" if weak else value for value, weak in zip(printed, doubtful, strict=True)]
    shapes = list(ground.shapes.geometry)
    called = ["" if is_narrow() else names[c] for c in codes]  # a phone has room for the numbers alone
    at = places(ground.sheet, shapes, called, printed)
    for place, tint, weak in zip(at, colour, doubtful, strict=True):
        write(axes, place, tint, (blank, UNRELIABLE) if weak else (blank,))
    left, top = EDGE + 0.1, ground.height + 0.1
    colour_bar(figure, (left, top, BAR), SEQUENTIAL, limits, number, beyond=beyond)
    text = area(figure, left, top, BAR, foot, bare=True)
    text.text(0, 0.34, label, size=8.5, va="top", linespacing=1.2)
    draw_key(figure, entries, beside, top + lower, room, 8.5)
    return figure


def _check_codes(values: pd.Series, codes: list[str], names: Mapping[str, str], boundaries: Path) -> None:
    for code in values.index:
        if code not in codes:
            raise DataError(f"{folders.relative(boundaries)} has no region '{code}'{near(code, codes)}")
    if values.index.has_duplicates:
        raise DataError(f"the map has two values for '{values.index[values.index.duplicated()][0]}'")
    for code in codes:
        if code not in names:
            raise DataError(f"the region '{code}' of {folders.relative(boundaries)} has no name to print")


def _draw(axes: Axes, ground: _Ground, colour: list[Any], blank: dict[str, Any], doubtful: NDArray[np.bool_]) -> None:
    """The regions in their colours, those without one as ``blank``, and the borders of another time."""
    known = np.array([tint is not None for tint in colour])
    shapes = ground.shapes
    if known.any():
        shapes[known].plot(ax=axes, color=[tint for tint in colour if tint is not None], aspect=None, **BORDER)
    if not known.all():
        shapes[~known].plot(ax=axes, aspect=None, **blank)
        shapes[~known].plot(ax=axes, aspect=None, facecolor="none", **BORDER)
    if doubtful.any():
        shapes[doubtful].plot(ax=axes, aspect=None, **UNRELIABLE)
    for line in ground.lines:
        x, y = shapely.get_coordinates(line).T
        axes.add_line(Line2D(x, y, color="white", linewidth=2.0, zorder=3))
        axes.add_line(Line2D(x, y, zorder=4, **OTHER))
    axes.set(xlim=(0, page_width()), ylim=(ground.height, 0))
    axes.set_axis_off()


def _on_given(
    axes: Axes, ground: _Ground, colour: list[Any], blank: dict[str, Any], doubtful: NDArray[np.bool_],
    entries: list[Entry], limits: tuple[float, float], label: str,
) -> Figure:  # fmt: skip
    """The map on axes that the caller has laid out."""
    _draw(axes, ground, colour, blank, doubtful)
    axes.set_aspect("equal")
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.colorbar(ScalarMappable(Normalize(*limits), SEQUENTIAL), ax=axes, label=label, shrink=0.7)
    if entries:
        axes.legend(handles=[entry.handle() for entry in entries], fontsize=8, frameon=False, loc="lower left")
    return figure


# ---------------------------------------------------------------- the ground


@dataclass(frozen=True, eq=False)
class _Ground:
    """What does not depend on scores and words; everything in inches from the upper left corner of the map.

    ``shapes``: code and geometry. ``lines``: the borders of another time. ``sheet``: the page as squares.
    """

    shapes: gpd.GeoDataFrame
    lines: list[Any]
    height: float
    sheet: Sheet


def _ground(boundaries: Path, other: Path | None, projection: str) -> _Ground:
    changed = boundaries.stat().st_mtime_ns, other.stat().st_mtime_ns if other else 0
    return _ground_of(boundaries, other, changed, projection, page_width())


@lru_cache(maxsize=8)
def _ground_of(
    boundaries: Path, other: Path | None, changed: tuple[int, int], projection: str, width: float
) -> _Ground:
    """The regions on the page, kept for the next language: a changed file is recognised by its time of change."""
    table = _table(boundaries).to_crs(projection)
    west, south, east, north = table.total_bounds
    scale = (width - 2 * EDGE) / (east - west)
    height = (north - south) * scale + ABOVE + BELOW

    def on_page(outlines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        moved = outlines.geometry.affine_transform([scale, 0, 0, -scale, EDGE - west * scale, ABOVE + north * scale])
        return gpd.GeoDataFrame({"code": outlines["code"]}, geometry=moved.to_numpy())

    shapes = on_page(table)
    lines = [] if other is None else _lines(on_page(_table(other).to_crs(projection)), shapes)
    drawn = np.array(shapes.geometry.to_numpy())
    return _Ground(shapes, lines, height, Sheet(drawn, lines, height, width))


def codes_of(boundaries: Path) -> tuple[str, ...]:
    """The codes of the regions of a boundary file, in their order."""
    return tuple(read_boundaries(boundaries))


def _table(path: Path) -> gpd.GeoDataFrame:
    """Codes and shapes of the regions of a boundary file."""
    shapes = read_boundaries(path)
    return gpd.GeoDataFrame({"code": list(shapes)}, geometry=list(shapes.values()), crs=DEGREES)


def _lines(other: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame) -> list[Any]:
    """The borders of regions that the map does not have: those it does not draw, or all where it draws every one."""
    other = other[~other["code"].isin(outlines["code"])]
    if other.empty:
        return []
    every = shapely.union_all(other.boundary.to_numpy())
    near_own = shapely.buffer(shapely.union_all(outlines.boundary.to_numpy()), 0.02, quad_segs=1)
    new = shapely.difference(every, near_own)
    chosen = shapely.line_merge(new if new.length > 0.05 * every.length else every)
    return [line for line in shapely.get_parts(chosen) if line.length > 0.05]
