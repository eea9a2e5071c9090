"""Maps: the regions coloured by their scores.

Labels stand inside their region where they fit; elsewhere (the three cities, a narrow region with a long
name) they stand beside the country with a line to the region and a swatch of its colour.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from cwi import folders
from cwi.errors import DataError, near
from cwi.report.pictures.style import (
    INK,
    MISSING,
    SEQUENTIAL,
    STYLE,
    WIDTH,
    Entry,
    Number,
    area,
    check_limits,
    colour_bar,
    draw_key,
    key_height,
    leading,
    on,
    page,
    width_of,
    wrap,
)

__all__ = ["boundaries_of", "choropleth"]

Array = NDArray[np.float64]

# Albers' equal-area conic with its parallels in the south and north of the country
ALBERS = "+proj=aea +lat_1=42.5 +lat_2=53.5 +lat_0=48 +lon_0=67 +datum=WGS84 +units=m"
TWENTY = 2022  # the first year whose end saw twenty regions

EDGE = 0.06
ABOVE, BELOW = 0.42, 0.1  # room for labels that stand outside
NAMES, VALUE = (7.5, 6.8), 8.5  # points; a name is smaller where only so it stands inside its region
SWATCH = 0.11
DASH = "–"
BORDER: dict[str, Any] = {"edgecolor": "#4a4a4a", "linewidth": 0.5}
OTHER: dict[str, Any] = {"color": INK, "linewidth": 1.1, "linestyle": (0, (3.5, 1.8))}


def boundaries_of(year: int) -> Path:
    """The file with the borders at the end of a year: 17 regions to 2021, twenty since 2022."""
    return folders.data() / "boundaries" / f"regions_{2022 if year >= TWENTY else 2018}.geojson"


@rc_context(STYLE)
def choropleth(
    values: pd.Series,
    boundaries: Path,
    *,
    names: Mapping[str, str],
    number: Number,
    axis_label: str,
    missing_label: str,
    other_boundaries: Path | None = None,
    other_label: str = "",
    limits: tuple[float, float] = (0, 100),
) -> Figure:
    """A map of one number.

    Parameters
    ----------
    values
        By code of the region; a region without a value is hatched.
    boundaries
        GeoJSON with a property ``code``.
    names
        What each region of the map is called.
    number
        Prints a value.
    axis_label
        What the colours say.
    missing_label
        What hatched regions are called in the key.
    other_boundaries
        Borders of another time: those of its regions that the map does not have are drawn as a dashed line.
    other_label
        What the dashed line is called in the key.
    limits
        The ends of the colours, the same on every map that shall be compared.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If a value belongs to no region of the map, or a region has no name.
    """
    ground = _ground(boundaries, other_boundaries)
    shapes, lines, height = ground.shapes, ground.lines, ground.height
    codes = [str(code) for code in shapes["code"]]
    check_limits(limits)
    for code in values.index:
        if code not in codes:
            raise DataError(f"{folders.relative(boundaries)} has no region '{code}'{near(code, codes)}")
    if values.index.has_duplicates:
        raise DataError(f"the map has two values for '{values.index[values.index.duplicated()][0]}'")
    for code in codes:
        if code not in names:
            raise DataError(f"the region '{code}' of {folders.relative(boundaries)} has no name to print")
    score = values.astype(float).reindex(codes).to_numpy()
    share = np.clip((score - limits[0]) / (limits[1] - limits[0]), 0, 1)
    colour = [SEQUENTIAL(float(s)) if np.isfinite(s) else None for s in share]

    entries = [Entry(missing_label, "patch", MISSING)] if np.isnan(score).any() else []
    if lines and other_label:
        entries.append(Entry(other_label, "line", OTHER))
    bar = 2.0
    label = wrap(axis_label, bar + 0.35, 8.5)
    beside = EDGE + 0.1 + bar + 0.6
    room = WIDTH - beside - EDGE
    foot = max(0.36 + (label.count("\n") + 1) * leading(8.5), key_height(entries, room, 8.5)) + EDGE
    figure = page(height + 0.1 + foot)
    axes = area(figure, 0, 0, WIDTH, height, bare=True)
    known = np.isfinite(score)
    if known.any():
        shapes[known].plot(ax=axes, color=[c for c in colour if c is not None], aspect=None, **BORDER)
    if not known.all():
        shapes[~known].plot(ax=axes, aspect=None, **MISSING)
        shapes[~known].plot(ax=axes, aspect=None, facecolor="none", **BORDER)
    for line in lines:
        x, y = shapely.get_coordinates(line).T
        axes.add_line(Line2D(x, y, color="white", linewidth=2.0, zorder=3))
        axes.add_line(Line2D(x, y, zorder=4, **OTHER))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.set_axis_off()

    printed = [number(float(v)) if np.isfinite(v) else DASH for v in score]
    wanted = [names[code] for code in codes]
    for place, tint in zip(_places(ground, wanted, printed), colour, strict=True):
        _write(axes, place, tint)

    beyond = bool((score < limits[0]).any()), bool((score > limits[1]).any())
    left, top = EDGE + 0.1, height + 0.1
    colour_bar(figure, (left, top, bar), SEQUENTIAL, limits, number, beyond=beyond)
    text = area(figure, left, top, bar, foot, bare=True)
    text.text(0, 0.34, label, size=8.5, va="top", linespacing=1.2)
    draw_key(figure, entries, beside, top - 0.06, room, 8.5)
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
    sheet: _Sheet


def _ground(boundaries: Path, other: Path | None) -> _Ground:
    return _ground_of(boundaries, boundaries.stat().st_mtime_ns, other, other.stat().st_mtime_ns if other else 0)


@lru_cache(maxsize=4)
def _ground_of(boundaries: Path, changed: int, other: Path | None, other_changed: int) -> _Ground:
    """The regions on the page, kept for the next language: the times of change tell a new file from an old one."""
    table = _read(boundaries)
    west, south, east, north = table.total_bounds
    scale = (WIDTH - 2 * EDGE) / (east - west)
    height = (north - south) * scale + ABOVE + BELOW

    def on_page(outlines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        moved = outlines.geometry.affine_transform([scale, 0, 0, -scale, EDGE - west * scale, ABOVE + north * scale])
        return gpd.GeoDataFrame({"code": outlines["code"]}, geometry=moved.to_numpy())

    shapes = on_page(table)
    lines = [] if other is None else _lines(on_page(_read(other)), shapes)
    drawn = np.array(shapes.geometry.to_numpy())
    return _Ground(shapes, lines, height, _Sheet(drawn, lines, height))


def _read(path: Path) -> gpd.GeoDataFrame:
    """Regions of a boundary file in Albers' projection."""
    table = gpd.read_file(path)
    if "code" not in table:
        raise DataError(f"{folders.relative(path)}: the regions have no property 'code'")
    return table[["code", "geometry"]].to_crs(ALBERS)


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


# ---------------------------------------------------------------- where labels stand


@dataclass(frozen=True)
class _Place:
    """A label: the middle of its box, its words, and for one outside the point of the region it speaks of."""

    x: float
    y: float
    name: str
    value: str
    letters: float  # size of the name in points
    point: tuple[float, float] | None = None

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches; outside with the swatch."""
        more = 0.0 if self.point is None else SWATCH + 0.05
        width = max(width_of(self.name, self.letters), width_of(self.value, VALUE, True) + more)
        return width, (self.name.count("\n") + 1) * leading(self.letters) + leading(VALUE)

    @property
    def lines(self) -> list[tuple[float, float, float]]:
        """Of each line its width, and its top and bottom measured from the middle of the box."""
        more = 0.0 if self.point is None else SWATCH + 0.05
        lines = []
        top = -self.size[1] / 2
        for word in self.name.split("\n"):
            lines.append((width_of(word, self.letters), top, top + leading(self.letters)))
            top += leading(self.letters)
        return [*lines, (width_of(self.value, VALUE, True) + more, top, self.size[1] / 2)]

    def bounds(self, margin: float = 0.0) -> tuple[float, float, float, float]:
        """The box: west, north, east, south."""
        w, h = self.size[0] / 2 + margin, self.size[1] / 2 + margin
        return self.x - w, self.y - h, self.x + w, self.y + h

    @property
    def start(self) -> tuple[float, float]:
        """Where the line to the region leaves the box."""
        assert self.point is not None
        west, north, east, south = self.bounds()
        return min(max(self.point[0], west), east), min(max(self.point[1], north), south)


class _Sheet:
    """The page of the map as fine squares, so that boxes and lines are compared with it all at once.

    ``region`` holds the number of the region of each square, -1 outside the country; ``drawn`` says where
    the borders of another time run.
    """

    STEP = 0.02  # inches

    def __init__(self, shapes: Any, lines: list[Any], height: float) -> None:
        self.shape = round(height / self.STEP), round(WIDTH / self.STEP)
        self.region = np.full(self.shape, -1)
        for i, shape in enumerate(shapes):
            shapely.prepare(shape)
            west, north, east, south = (int(v / self.STEP) for v in shapely.bounds(shape))
            rows, columns = np.mgrid[max(north, 0) : south + 1, max(west, 0) : east + 1]
            inside = shapely.contains_xy(shape, (columns + 0.5) * self.STEP, (rows + 0.5) * self.STEP)
            self.region[rows[inside], columns[inside]] = i
        self.drawn = np.zeros(self.shape, dtype=bool)
        for line in lines:
            x, y = shapely.get_coordinates(shapely.segmentize(line, 0.01)).T
            self.drawn[self.squares(x, y)] = True
        self.land_sums, self.drawn_sums = self.sums(self.region >= 0), self.sums(self.drawn)

    def squares(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Rows and columns of points; those beyond the page belong to its rim."""
        rows = np.clip(np.asarray(y) / self.STEP, 0, self.shape[0] - 1).astype(int)
        return rows, np.clip(np.asarray(x) / self.STEP, 0, self.shape[1] - 1).astype(int)

    def sums(self, mask: Any) -> Any:
        """Sums from the corner, for :meth:`count`."""
        return np.pad(np.asarray(mask, dtype=int).cumsum(0).cumsum(1), ((1, 0), (1, 0)))

    def count(self, sums: Any, west: Any, north: Any, east: Any, south: Any) -> Any:
        """How many squares of the mask behind the sums lie in each box."""
        (top, left), (bottom, right) = self.squares(west, north), self.squares(east, south)
        return sums[bottom + 1, right + 1] - sums[top, right + 1] - sums[bottom + 1, left] + sums[top, left]

    def along(self, x0: Any, y0: Any, x1: Any, y1: Any, *, n: int = 60) -> tuple[Any, Any]:
        """Squares that lines run over, in the last axis."""
        share = np.linspace(0, 1, n)
        x0, y0, x1, y1 = (np.asarray(v, dtype=float)[..., None] for v in (x0, y0, x1, y1))
        return self.squares(x0 + share * (x1 - x0), y0 + share * (y1 - y0))


def _wrappings(name: str, letters: float) -> list[str]:
    """The name in one line, a long one also in two and three."""
    wrappings = [name]
    width = width_of(name, letters)
    for share in (0.75, 0.6, 0.45, 0.3) if width > 0.7 else ():
        if (text := wrap(name, width * share, letters)) not in wrappings:
            wrappings.append(text)
    return wrappings


def _places(ground: _Ground, names: list[str], values: list[str]) -> list[_Place]:
    """Where each label stands, so that none covers another; the same regions and words, the same places."""
    sheet, shapes = ground.sheet, list(ground.shapes.geometry)
    places: dict[int, _Place] = {}
    for i, shape in enumerate(shapes):
        if (place := _inside(sheet, i, shape, names[i], values[i])) is not None:
            places[i] = place
    outside = sorted((i for i in range(len(names)) if i not in places), key=lambda i: (shapes[i].area, i))
    targets = {i: _targets(shapes[i]) for i in outside}
    for _ in range(3):  # later labels may have taken what earlier ones would rather have
        before = dict(places)
        for i in outside:
            others = [place for k, place in places.items() if k != i]
            places[i] = _outside(sheet, i, targets[i], names[i], values[i], others)
        if places == before:
            break
    return [places[i] for i in range(len(names))]


def _inside(sheet: _Sheet, i: int, shape: Any, name: str, value: str) -> _Place | None:
    """The place nearest to the middle of a region where every line is inside it; off drawn lines if it can be."""
    rows, columns = np.nonzero(sheet.region == i)
    if not rows.size:
        return None
    x, y = (columns + 0.5) * sheet.STEP, (rows + 0.5) * sheet.STEP
    middle = shapely.centroid(shape)
    foreign, crossed = sheet.sums(sheet.region != i), sheet.drawn_sums
    best, least = None, np.inf
    for letters, text in [(size, text) for size in NAMES for text in _wrappings(name, size)]:
        if best is not None and letters < best.letters:
            break
        place = _Place(0.0, 0.0, text, value, letters)
        cost = np.hypot(x - middle.x, y - middle.y)
        for width, top, bottom in place.lines:
            box = x - width / 2 - 0.02, y + top, x + width / 2 + 0.02, y + bottom
            cost += np.where(sheet.count(foreign, *box) > 0, np.inf, 0.0)
            cost += 0.5 * (sheet.count(crossed, *box) > 0)
        k = int(cost.argmin())
        if cost[k] < least - 0.1:  # more lines only where they bring the label clearly nearer
            best, least = _Place(float(x[k]), float(y[k]), text, value, letters), float(cost[k])
    return best


def _targets(shape: Any) -> Array:
    """Points well inside a region that a line may end at."""
    core: Any = shapely.buffer(shape, -0.12 if shape.area > 0.3 else -0.06)
    if core.area < 0.02:
        core = shapely.point_on_surface(shape)
    points = shapely.get_coordinates(shapely.segmentize(core, 0.1))
    return np.asarray(points[:: max(len(points) // 40, 1)], dtype=float)


def _outside(sheet: _Sheet, i: int, targets: Array, name: str, value: str, others: list[_Place]) -> _Place:
    """A free place for a label near its region, outside the country where there is one."""
    taken, leaders = np.zeros(sheet.shape, dtype=bool), np.zeros(sheet.shape, dtype=bool)
    for other in others:
        west, north, east, south = other.bounds(0.05)
        (top, bottom), (left, right) = sheet.squares(np.array([west, east]), np.array([north, south]))
        taken[top : bottom + 1, left : right + 1] = True
        if other.point is not None:
            rows, columns = sheet.along(*other.start, *other.point, n=200)
            for step in (-1, 0, 1):
                leaders[np.clip(rows + step, 0, sheet.shape[0] - 1), columns] = True
                leaders[rows, np.clip(columns + step, 0, sheet.shape[1] - 1)] = True
    land, full = sheet.land_sums, sheet.sums(taken | leaders)
    tall = sheet.shape[0] * sheet.STEP
    best, least = None, np.inf
    for text in _wrappings(name, NAMES[0]):
        place = _Place(0.0, 0.0, text, value, NAMES[0], (0.0, 0.0))
        width, height = place.size
        x, y = (
            v.ravel()
            for v in np.meshgrid(
                np.arange(width / 2 + 0.03, WIDTH - width / 2 - 0.02, 0.05),
                np.arange(height / 2 + 0.03, tall - height / 2, 0.05),
            )
        )
        box = x - width / 2 - 0.05, y - height / 2 - 0.03, x + width / 2 + 0.05, y + height / 2 + 0.03
        cost = 100.0 * (sheet.count(full, *box) > 0) + 0.6 * (sheet.count(land, *box) > 0)
        for wide, top, bottom in place.lines:
            line = x - wide / 2 - 0.03, y + top, x + wide / 2 + 0.03, y + bottom
            covered = sheet.count(land, *line) * sheet.STEP**2 / (wide * (bottom - top))
            cost += 1.0 * (covered > 0) + 3.0 * covered
        away = np.hypot(x[:, None] - targets[:, 0], y[:, None] - targets[:, 1])
        nearest = targets[away.argmin(axis=1)]
        start_x = np.clip(nearest[:, 0], x - width / 2, x + width / 2)
        start_y = np.clip(nearest[:, 1], y - height / 2, y + height / 2)
        cost += np.hypot(nearest[:, 0] - start_x, nearest[:, 1] - start_y) + 0.1 * away.min(axis=1)
        few = np.argsort(cost, kind="stable")[:400]
        path = sheet.along(start_x[few], start_y[few], nearest[few, 0], nearest[few, 1])
        cost = cost[few] + 6.0 * taken[path].any(axis=-1) + 6.0 * leaders[path].any(axis=-1)
        abroad = ((sheet.region[path] >= 0) & (sheet.region[path] != i)).mean(axis=-1)
        cost += 2.0 * abroad * np.hypot(nearest[few, 0] - start_x[few], nearest[few, 1] - start_y[few])
        k = int(cost.argmin())
        if cost[k] < least - 0.05:
            least, at = float(cost[k]), int(few[k])
            point = float(nearest[at, 0]), float(nearest[at, 1])
            best = _Place(float(x[at]), float(y[at]), text, value, NAMES[0], point)
    assert best is not None
    return best


def _write(axes: Axes, place: _Place, tint: Any) -> None:
    """Draw a label, for one outside with its line and the colour of its region."""
    _, north, _, south = place.bounds()
    below = south - leading(VALUE)  # of the name
    middle = below + leading(VALUE) / 2
    ink, back = INK, "white"
    at = place.x
    if place.point is not None:
        (x0, y0), (x1, y1) = place.start, place.point
        for colour, thick in (("white", 2.4), (INK, 0.8)):
            axes.add_line(Line2D([x0, x1], [y0, y1], color=colour, linewidth=thick, zorder=5))
        axes.plot(
            [x1], [y1], marker="o", markersize=3.6, color=INK, markeredgecolor="white", markeredgewidth=0.6, zorder=6
        )
        at += (SWATCH + 0.05) / 2
        fill = MISSING if tint is None else {"facecolor": tint, **BORDER}
        left = at - width_of(place.value, VALUE, True) / 2 - SWATCH - 0.05
        axes.add_patch(Rectangle((left, middle - SWATCH / 2), SWATCH, SWATCH, zorder=7, **fill))
    elif tint is not None:
        ink, back = on(tint), tint
    for wide, top, bottom in place.lines:  # nothing drawn runs through the words
        corner = place.x - wide / 2 - 0.02, place.y + top
        axes.add_patch(Rectangle(corner, wide + 0.04, bottom - top, facecolor=back, linewidth=0, zorder=6))
    style: dict[str, Any] = {"color": ink, "ha": "center", "zorder": 7}
    axes.text(place.x, (north + below) / 2, place.name, size=place.letters, va="center", linespacing=1.2, **style)
    axes.text(at, middle, place.value, size=VALUE, weight="bold", va="center_baseline", **style)
