"""Where the labels of a map are: inside their region where they fit, else beside the country with a line to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from cwi.report.pictures.style import INK, MISSING, leading, on, width_of, wrap

__all__ = ["BORDER", "Place", "Sheet", "places", "write"]

Array = NDArray[np.float64]

NAMES, VALUE = (7.5, 6.8), 8.5  # points; a name is smaller where only so it is inside its region
SWATCH = 0.11
BORDER: dict[str, Any] = {"edgecolor": "#4a4a4a", "linewidth": 0.5}


@dataclass(frozen=True)
class Place:
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
        named = (self.name.count("\n") + 1) * leading(self.letters) if self.name else 0.0
        return width, named + leading(VALUE)

    @property
    def lines(self) -> list[tuple[float, float, float]]:
        """Of each line its width, and its top and bottom measured from the middle of the box."""
        more = 0.0 if self.point is None else SWATCH + 0.05
        lines = []
        top = -self.size[1] / 2
        for word in self.name.split("\n") if self.name else ():
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


class Sheet:
    """The page of the map as fine squares, so that boxes and lines are compared with it all at once.

    ``region`` holds the number of the region of each square, -1 outside the country; ``drawn`` says where
    the borders of another time run.
    """

    STEP = 0.02  # inches

    def __init__(self, shapes: Any, lines: list[Any], height: float, width: float) -> None:
        self.shape = round(height / self.STEP), round(width / self.STEP)
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


def places(sheet: Sheet, shapes: list[Any], names: list[str], values: list[str]) -> list[Place]:
    """The place of each label, so that none covers another; the same regions and words, the same placed."""
    placed: dict[int, Place] = {}
    for i, shape in enumerate(shapes):
        if (place := _inside(sheet, i, shape, names[i], values[i])) is not None:
            placed[i] = place
    outside = sorted((i for i in range(len(names)) if i not in placed), key=lambda i: (shapes[i].area, i))
    targets = {i: _targets(shapes[i]) for i in outside}
    for _ in range(3):  # later labels may have taken what earlier ones would rather have
        before = dict(placed)
        for i in outside:
            others = [place for k, place in placed.items() if k != i]
            placed[i] = _outside(sheet, i, targets[i], names[i], values[i], others)
        if placed == before:
            break
    return [placed[i] for i in range(len(names))]


def _inside(sheet: Sheet, i: int, shape: Any, name: str, value: str) -> Place | None:
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
        place = Place(0.0, 0.0, text, value, letters)
        cost = np.hypot(x - middle.x, y - middle.y)
        for width, top, bottom in place.lines:
            box = x - width / 2 - 0.02, y + top, x + width / 2 + 0.02, y + bottom
            cost += np.where(sheet.count(foreign, *box) > 0, np.inf, 0.0)
            cost += 0.5 * (sheet.count(crossed, *box) > 0)
        k = int(cost.argmin())
        if cost[k] < least - 0.1:  # more lines only where they bring the label clearly nearer
            best, least = Place(float(x[k]), float(y[k]), text, value, letters), float(cost[k])
    return best


def _targets(shape: Any) -> Array:
    """Points well inside a region that a line may end at."""
    core: Any = shapely.buffer(shape, -0.12 if shape.area > 0.3 else -0.06)
    if core.area < 0.02:
        core = shapely.point_on_surface(shape)
    points = shapely.get_coordinates(shapely.segmentize(core, 0.1))
    return np.asarray(points[:: max(len(points) // 40, 1)], dtype=float)


def _outside(sheet: Sheet, i: int, targets: Array, name: str, value: str, others: list[Place]) -> Place:
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
        place = Place(0.0, 0.0, text, value, NAMES[0], (0.0, 0.0))
        width, height = place.size
        x, y = (
            v.ravel()
            for v in np.meshgrid(
                np.arange(width / 2 + 0.03, sheet.shape[1] * sheet.STEP - width / 2 - 0.02, 0.05),
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
            best = Place(float(x[at]), float(y[at]), text, value, NAMES[0], point)
    assert best is not None
    return best


def write(axes: Axes, place: Place, tint: Any, looks: Sequence[dict[str, Any]] = (MISSING,)) -> None:
    """Draw a label, for one outside with its line and the colour of its region, or what it looks like without one."""
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
        left = at - width_of(place.value, VALUE, True) / 2 - SWATCH - 0.05
        for look in looks if tint is None else ({"facecolor": tint, **BORDER}, *looks[1:]):
            axes.add_patch(Rectangle((left, middle - SWATCH / 2), SWATCH, SWATCH, zorder=7, **look))
    elif tint is not None:
        ink, back = on(tint), tint
    for wide, top, bottom in place.lines:  # nothing drawn runs through the words
        corner = place.x - wide / 2 - 0.02, place.y + top
        axes.add_patch(Rectangle(corner, wide + 0.04, bottom - top, facecolor=back, linewidth=0, zorder=6))
    style: dict[str, Any] = {"color": ink, "ha": "center", "zorder": 7}
    axes.text(place.x, (north + below) / 2, place.name, size=place.letters, va="center", linespacing=1.2, **style)
    axes.text(at, middle, place.value, size=VALUE, weight="bold", va="center_baseline", **style)
