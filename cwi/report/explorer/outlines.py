"""The regions as a small drawing of paths that is recoloured at every move of a slider."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.colors import to_hex

from cwi import folders
from cwi.errors import DataError
from cwi.inputs.boundaries import read_boundaries
from cwi.report.pictures.maps import DEGREES, projection_of
from cwi.report.pictures.style import INK, SEQUENTIAL, on

__all__ = ["COLOURS", "WHITE_FROM", "Outline", "colour", "drawing", "outlines", "stamped"]

WIDE = 1000  # units of the drawing; its height follows
EDGE = 4
VIEW = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
FINE = 2_500.0  # metres: what is smaller is left out, a third of a millimetre on a screen
RADIUS = 15  # of the circle that stands for a city
SMALL = 900.0  # square units: a region that could not be seen or pointed at gets a circle
COLOURS = tuple(to_hex(SEQUENTIAL(i)) for i in range(SEQUENTIAL.N))
WHITE_FROM = next(i for i, tint in enumerate(COLOURS) if on(tint) == "white")  # white letters read better from here


@dataclass(frozen=True)
class Outline:
    """One region: its path in whole units, and the place of its number; ``dot`` if it is drawn as a circle."""

    code: str
    path: str
    x: int
    y: int
    dot: bool


def outlines(boundaries: Path) -> tuple[tuple[Outline, ...], int]:
    """The regions of a boundary file in the order of the file, and the height of the drawing that is 1000 wide.

    Borders are simplified together, so that neighbours still meet.

    Raises
    ------
    DataError
        If the file is missing or cannot be used.
    """
    return _outlines(boundaries, boundaries.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _outlines(boundaries: Path, changed: int) -> tuple[tuple[Outline, ...], int]:
    regions = read_boundaries(boundaries)
    shapes = gpd.GeoSeries(list(regions.values()), crs=DEGREES).to_crs(projection_of(boundaries)).to_numpy()
    west, south, east, north = shapely.total_bounds(shapes)
    scale = (WIDE - 2 * EDGE) / (east - west)
    shapes = shapely.coverage_simplify(shapes, FINE)
    shapes = shapely.transform(shapes, lambda xy: (xy - [west, north]) * [scale, -scale] + EDGE)
    dots = shapely.area(shapes) < SMALL
    circles = shapely.union_all(shapely.buffer(shapely.centroid(shapes[dots]), 1.3 * RADIUS))
    outlines = []
    for code, shape, dot in zip(regions, shapes, dots, strict=True):
        free = shape if dot else shapely.difference(shape, circles)
        at = shapely.centroid(shape) if dot else shapely.get_point(shapely.maximum_inscribed_circle(free), 0)
        outlines.append(Outline(code, _path(shape), round(at.x), round(at.y), bool(dot)))
    return tuple(outlines), round((north - south) * scale) + 2 * EDGE


def colour(share: float) -> int:
    """Which of COLOURS, those of the printed maps, a share of the scale from 0 to 1 has; what is beyond, the end's.

    Examples
    --------
    >>> colour(-0.5), colour(0.5), colour(1.0)
    (0, 128, 255)
    """
    return int(min(max(np.floor(share * len(COLOURS)), 0), len(COLOURS) - 1))


def drawing(
    boundaries: Path, shares: Mapping[str, float], numbers: Mapping[str, str], names: Mapping[str, str], label: str
) -> str:
    """The map as SVG, without a style of its own.

    Parameters
    ----------
    boundaries
        GeoJSON with a property ``code``.
    shares
        Where each region lies on the scale of colours, from 0 to 1; hatched where there is none.
    numbers
        What is written in each region.
    names
        What a region is called; shown when it is pointed at.
    label
        What the picture shows, for who cannot see it.
    """
    regions, height = outlines(boundaries)
    _known(boundaries, shares, [region.code for region in regions])
    body = "".join(
        _drawn(region, shares.get(region.code, float("nan")), numbers.get(region.code, ""), names)
        for region in sorted(regions, key=lambda region: region.dot)
    )
    return (
        f'<svg class="map" viewBox="0 0 {WIDE} {height}" role="img" aria-label="{escape(label)}">'
        '<defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="8" height="8" fill="#ffffff"/><path d="M0 0V8" stroke="#8c8c8c" stroke-width="3"/></pattern>'
        f"</defs>{body}</svg>"
    )


def stamped(picture: str, mark: str) -> str:
    """The picture with words across it, from corner to corner: no part of it can be cut out without them.

    >>> "REHEARSAL" in stamped('<svg viewBox="0 0 640 260"></svg>', "REHEARSAL")
    True
    """
    size = VIEW.search(picture)
    if not mark or size is None:
        return picture
    wide, tall = float(size[1]), float(size[2])
    angle, long = math.degrees(math.atan2(tall, wide)), math.hypot(wide, tall)
    letters = min(1.2 * long / len(mark), tall / 3)
    words = "".join(
        f'<text class="across" data-say="across" x="{wide / 2:.0f}" y="{tall * share:.0f}" font-size="{letters:.0f}" '
        f'transform="rotate({-angle:.1f} {wide / 2:.0f} {tall * share:.0f})">{escape(mark)}</text>'
        for share in ((0.5,) if tall < wide else (0.2, 0.5, 0.8))
    )
    return f"{picture.removesuffix('</svg>')}{words}</svg>"


def _known(boundaries: Path, codes: Collection[str], known: list[str]) -> None:
    for code in codes:
        if code not in known:
            raise DataError(f"{folders.relative(boundaries)} has no region '{code}'; it has {', '.join(known)}")


def _drawn(region: Outline, share: float, number: str, names: Mapping[str, str]) -> str:
    known = share == share
    fill = COLOURS[colour(share)] if known else "url(#hatch)"
    shape = f'<path d="{region.path}" fill="{fill}"/>'
    if region.dot:
        shape += f'<circle cx="{region.x}" cy="{region.y}" r="{RADIUS}" fill="{fill}"/>'
    ink = INK if not known or colour(share) < WHITE_FROM else "#ffffff"
    name = names.get(region.code, region.code)
    return (
        f'<g data-region="{escape(region.code)}"><title>{escape(name)}</title>{shape}'
        f'<text x="{region.x}" y="{region.y}" fill="{ink}">{escape(number)}</text></g>'
    )


def _path(shape: shapely.Geometry) -> str:
    """Rings in whole units, each point counted from the one before."""
    commands = []
    for part in shapely.get_parts(shape):
        for ring in shapely.get_rings(part):
            points = np.rint(shapely.get_coordinates(ring)).astype(int)
            steps = np.diff(points, axis=0)
            steps = steps[(steps != 0).any(axis=1)]
            if len(steps) > 2:
                first = f"M{points[0, 0]} {points[0, 1]}l"
                commands.append(first + " ".join(f"{x} {y}" for x, y in steps[:-1]) + "z")
    return "".join(commands)
