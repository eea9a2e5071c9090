"""Where a picture has room for a few words: what has been drawn on its page, as fine squares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

__all__ = ["Page"]

Array = NDArray[np.float64]
Box = tuple[float, float, float, float]
Point = tuple[float, float]

STEP = 2.0  # points: the side of a square
PALE = 0.85  # a vertical line that is lighter is one of the grid, over which words may be written


class Page:
    """The page of a picture: which of its squares have something drawn on them.

    Parameters
    ----------
    width, height
        In points. All places are in points from the lower left corner; a box is west, south, east, north.

    Examples
    --------
    >>> page = Page(100, 40)
    >>> page.fill(np.array([[60, 20], [100, 20], [100, 40], [60, 40]]))
    >>> page.free(30, 10, (0, 0, 100, 40))  # the upper right corner is taken; below it is nearer than left of it
    (70.0, 10.0)
    >>> page.free(70, 30, (0, 0, 100, 40)) is None
    True
    """

    def __init__(self, width: float, height: float) -> None:
        self.taken = np.zeros((int(np.ceil(height / STEP)), int(np.ceil(width / STEP))), dtype=bool)

    def path(self, context: Any, path: Path, transform: Any, face: Sequence[float] | None) -> None:
        """What a renderer draws: a line, or an area where ``face`` is its colour; white areas are ground."""
        edged = context.get_linewidth() > 0 and context.get_rgb()[3] > 0
        filled = (face is not None and min(face[:3]) < 1 and (len(face) < 4 or face[3] > 0)) or context.get_hatch()
        if not (edged or filled):
            return
        clip = context.get_clip_rectangle()
        for polygon in path.to_polygons(transform, closed_only=False):
            points = np.asarray(polygon, dtype=float)
            points = points[np.isfinite(points).all(axis=1)]
            if not len(points):
                continue
            (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
            if not filled and min(context.get_rgb()[:3]) > PALE and east - west < STEP:
                continue
            if clip is not None:
                west, south, east, north = (
                    max(west, clip.x0),
                    max(south, clip.y0),
                    min(east, clip.x1),
                    min(north, clip.y1),
                )
            small = min(east - west, north - south) < 4 * STEP
            if (filled and (small or _upright(points))) or min(east - west, north - south) < STEP:
                self.box(west, south, east, north)
            elif filled:
                self.fill(points)
            else:
                self.line(points)

    def text(self, x: float, y: float, size: tuple[float, float, float], angle: float) -> None:
        """A line of text: where its base line begins, its width, height and descent, and its angle in degrees."""
        width, height, descent = size
        if angle == 0:
            self.box(x, y - descent, x + width, y + height - descent)
            return
        corners = np.array([[0, -descent], [width, -descent], [width, height - descent], [0, height - descent]])
        self.fill(Affine2D().rotate_deg(angle).translate(x, y).transform(corners))

    def box(self, west: float, south: float, east: float, north: float) -> None:
        """A box with all that is inside."""
        if west <= east and south <= north and east >= 0 and north >= 0:
            rows, columns = (
                slice(max(int(south / STEP), 0), int(north / STEP) + 1),
                slice(max(int(west / STEP), 0), int(east / STEP) + 1),
            )
            self.taken[rows, columns] = True

    def line(self, points: Array) -> None:
        """A line through points."""
        ahead = np.diff(points, axis=0)
        parts = np.maximum(np.ceil(2 * np.abs(ahead).max(axis=1, initial=0) / STEP).astype(int), 1)
        first = np.repeat(np.cumsum(parts) - parts, parts)
        share = (np.arange(len(first)) - first) / np.repeat(parts, parts)
        along = np.repeat(points[:-1], parts, axis=0) + share[:, None] * np.repeat(ahead, parts, axis=0)
        self._mark(np.concatenate([along, points[-1:]]))

    def fill(self, points: Array) -> None:
        """A polygon with all that is inside."""
        closed = np.concatenate([points, points[:1]])
        self.line(closed)
        (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
        rows, columns = np.mgrid[int(south / STEP) : int(north / STEP) + 1, int(west / STEP) : int(east / STEP) + 1]
        centres = np.column_stack([(columns.ravel() + 0.5) * STEP, (rows.ravel() + 0.5) * STEP])
        self._mark(centres[Path(closed).contains_points(centres)])

    def free(self, width: float, height: float, within: Box, near: Point | None = None) -> Point | None:
        """The lower left corner of a free box whose upper right corner is as near as can be to a point.

        The point is the upper right corner of ``within`` unless ``near`` names another one.
        """
        west, south, east, north = (round(v / STEP) for v in within)
        rows, columns = self.taken.shape
        west, south, east, north = max(west, 0), max(south, 0), min(east, columns), min(north, rows)
        high, wide = int(np.ceil(height / STEP)), int(np.ceil(width / STEP))
        if north - south < high or east - west < wide:
            return None
        sums = np.pad(self.taken[south:north, west:east].astype(int).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        count = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
        at = np.argwhere(count == 0) + np.array([south, west])
        if not len(at):
            return None
        x, y = (east, north) if near is None else (near[0] / STEP, near[1] / STEP)
        row, column = at[np.argmin(np.hypot(at[:, 0] + high - y, at[:, 1] + wide - x))]
        return float(column * STEP), float(row * STEP)

    def _mark(self, points: Array) -> None:
        places = (points / STEP).astype(int)
        inside = (places >= 0).all(axis=1) & (places < self.taken.shape[::-1]).all(axis=1)
        columns, rows = places[inside].T
        self.taken[rows, columns] = True


def _upright(points: Array) -> bool:
    """Whether points are the corners of an upright box."""
    if len(points) > 5:
        return False
    return bool((np.isclose(points, points.min(axis=0)) | np.isclose(points, points.max(axis=0))).all())
