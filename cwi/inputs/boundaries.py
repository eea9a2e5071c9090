"""Borders of regions: GeoJSON files, read so that whatever is wrong in one is a sentence that names it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import shapely
from shapely.geometry.base import BaseGeometry

from cwi import folders
from cwi.errors import DataError, near
from cwi.textfiles import read_text

__all__ = ["boundaries_of", "check_regions", "other_boundaries", "read_boundaries"]

SHAPES = ("Polygon", "MultiPolygon")
DEGREES = ("urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4326")  # longitude and latitude


def boundaries_of(year: int) -> Path:
    """The file with the borders at the end of a year, ``regions_YEAR.geojson`` with the first year that it is true of.

    Of a year before the first file, the first; where there is no file, the one that would be its.

    >>> boundaries_of(2021).name, boundaries_of(2023).name, boundaries_of(2010).name
    ('regions_2018.geojson', 'regions_2022.geojson', 'regions_2018.geojson')
    """
    files = _files()
    first = [each for each in files if each <= year] or list(files)[-1:]
    return files[max(first)] if first else folders.data() / "boundaries" / f"regions_{year}.geojson"


def other_boundaries(year: int) -> tuple[Path, bool] | None:
    """The borders of another time, to be drawn beside those of a year, and whether they are of a later one.

    Those that came next; of the last time, those before; nothing where the borders never changed.

    >>> other_boundaries(2020)[0].name, other_boundaries(2020)[1], other_boundaries(2025)[1]
    ('regions_2022.geojson', True, False)
    """
    files, own = _files(), boundaries_of(year)
    since = next((each for each, path in files.items() if path == own), year)
    later, former = [each for each in files if each > since], [each for each in files if each < since]
    if later:
        return files[min(later)], True
    return (files[max(former)], False) if former else None


def _files() -> dict[int, Path]:
    """The files of borders by the first year that each is true of, the latest first."""
    paths = (folders.data() / "boundaries").glob("regions_[0-9][0-9][0-9][0-9].geojson")
    return {int(path.stem.removeprefix("regions_")): path for path in sorted(paths, reverse=True)}


def read_boundaries(path: Path) -> dict[str, BaseGeometry]:
    """The shapes of the regions by code, in the order of the file; longitude and latitude in degrees.

    Parameters
    ----------
    path
        GeoJSON: a FeatureCollection of polygons, each with a property ``code``.

    Raises
    ------
    DataError
        With the file and the feature, counted from 1: if it is not GeoJSON, a code is missing or listed twice, or a
        shape is missing, empty, crosses itself or has a corner that is no place on earth.

    References
    ----------
    .. [1] Butler et al. (2016), The GeoJSON Format, RFC 7946.

    Examples
    --------
    >>> len(read_boundaries(boundaries_of(2021))), len(read_boundaries(boundaries_of(2022)))
    (17, 20)
    """
    where = folders.relative(path)
    features = _features(_document(path, where), where)
    if not any("code" in _properties(feature) for feature in features):
        raise DataError(f"{where}: the regions have no property 'code'")
    shapes: dict[str, BaseGeometry] = {}
    for place, feature in enumerate(features, start=1):
        code = _properties(feature).get("code")
        if isinstance(code, bool) or not isinstance(code, str | int) or code == "":
            raise DataError(f"{where}: feature {place}: code is {code!r}; it must be the code of a region")
        if str(code) in shapes:
            raise DataError(f"{where}: feature {place}: the region '{code}' is there twice")
        shapes[str(code)] = _shape(feature.get("geometry"), f"{where}: the region '{code}'")
    return shapes


def check_regions(path: Path, known: Iterable[str], needed: Iterable[str], year: int) -> None:
    """Refuse a boundary file that has a region nobody knows, or lacks one of the year.

    Raises
    ------
    DataError
        If it cannot be read either.
    """
    where, shapes, known = folders.relative(path), read_boundaries(path), list(known)
    for code in shapes:
        if code not in known:
            raise DataError(f"{where}: no region has the code '{code}'{near(code, known)}")
    if missing := [code for code in needed if code not in shapes]:
        raise DataError(f"{where}: the borders of {', '.join(missing)} are missing, regions of {year}")


def _document(path: Path, where: str) -> Any:
    def refuse(word: str) -> NoReturn:
        raise DataError(f"{where}: there is the number {word}, which JSON does not have")

    text = read_text(path, DataError)
    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as problem:
        raise DataError(f"{where} line {problem.lineno}: this is not JSON: {problem.msg}") from None
    except RecursionError:
        raise DataError(f"{where}: it is nested too deeply to be read") from None
    except DataError:
        raise
    except ValueError:  # of Python itself: a whole number of thousands of digits
        raise DataError(f"{where}: a number has too many digits to be read") from None


def _features(document: Any, where: str) -> list[Mapping[str, Any]]:
    kind = document.get("type") if isinstance(document, Mapping) else type(document).__name__
    if kind != "FeatureCollection":
        raise DataError(f"{where}: it is of the type {kind!r}; GeoJSON of regions is a 'FeatureCollection'")
    system = document.get("crs")
    if system is not None:
        properties = system.get("properties") if isinstance(system, Mapping) else None
        name = properties.get("name") if isinstance(properties, Mapping) else None
        if name not in DEGREES:
            raise DataError(
                f"{where}: the coordinates are of the system {name!r}; GeoJSON has longitude and latitude in degrees"
            )
    features = document.get("features")
    if not isinstance(features, list) or not features:
        raise DataError(f"{where}: there is no region in it; 'features' must be a list of them")
    for place, feature in enumerate(features, start=1):
        if not isinstance(feature, Mapping) or feature.get("type") != "Feature":
            raise DataError(f"{where}: feature {place}: its type is not 'Feature'")
    return features


def _properties(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = feature.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _shape(geometry: Any, what: str) -> BaseGeometry:
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if kind not in SHAPES:
        raise DataError(f"{what} has the shape {kind!r}{near(str(kind), SHAPES)}")
    coordinates = geometry.get("coordinates")
    depth = 1 if kind == "Polygon" else 2
    if not _nested(coordinates, depth):
        raise DataError(f"{what}: the coordinates of a {kind} must be rings, each a list of [longitude, latitude]")
    try:
        if kind == "Polygon":
            shape: BaseGeometry = shapely.Polygon(coordinates[0], coordinates[1:])
        else:
            shape = shapely.MultiPolygon([(part[0], part[1:]) for part in coordinates])
    except (ValueError, shapely.errors.ShapelyError) as problem:
        raise DataError(f"{what}: its shape cannot be read ({problem})") from None
    if not shapely.is_valid(shape):
        raise DataError(f"{what}: its shape crosses itself ({shapely.is_valid_reason(shape)}); mend it")
    if shape.is_empty or not shape.area:
        raise DataError(f"{what} has an empty shape")
    return shape


def _nested(value: Any, depth: int) -> bool:
    """Whether these are lists in lists, so deep, of places on earth; none is empty."""
    if not isinstance(value, list) or not value:
        return False
    if depth:
        return all(_nested(each, depth - 1) for each in value)
    return all(_is_place(each) for each in value)


def _is_place(value: Any) -> bool:
    if not isinstance(value, list) or len(value) not in (2, 3):
        return False
    if not all(isinstance(each, int | float) and not isinstance(each, bool) and math.isfinite(each) for each in value):
        return False
    return bool(-180 <= value[0] <= 180 and -90 <= value[1] <= 90)
