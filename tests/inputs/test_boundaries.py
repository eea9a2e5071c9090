"""Whatever is wrong in a file of borders is a sentence that names it; nothing is drawn of it."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cwi import folders
from cwi.checks import check_all
from cwi.errors import DataError
from cwi.inputs.boundaries import boundaries_of, check_regions, read_boundaries
from cwi.report.explorer.outlines import outlines

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]


def square(code: Any, west: float = 0.0) -> dict[str, Any]:
    corners = [[west, 0], [west + 1, 0], [west + 1, 1], [west, 1], [west, 0]]
    shape = {"type": "Polygon", "coordinates": [corners]}
    return {"type": "Feature", "properties": {"code": code}, "geometry": shape}


WHOLE = {"type": "FeatureCollection", "features": [square("A"), square("B", 1.0)]}


def write(path: Path, document: Any) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def spoilt(*place: Any, value: Any) -> Any:
    """The document with another value at a place."""
    document: Any = copy.deepcopy(WHOLE)
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return document


BOW = [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]
GEOMETRY = ("features", 1, "geometry")
LISTS = "the region 'B': the coordinates of a Polygon must be rings, each a list of [longitude, latitude]"


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("", " line 1: this is not JSON: Expecting value"),
        ('{"type": \n nonsense}', " line 2: this is not JSON: Expecting value"),
        ("[" * 100_000, ": it is nested too deeply to be read"),
        ('{"a": ' + "1" * 5000 + "}", ": a number has too many digits to be read"),
        ('{"a": NaN}', ": there is the number NaN, which JSON does not have"),
        ([], ": it is of the type 'list'; GeoJSON of regions is a 'FeatureCollection'"),
        (square("A"), ": it is of the type 'Feature'; GeoJSON of regions is a 'FeatureCollection'"),
        (spoilt("features", value=[]), ": there is no region in it; 'features' must be a list of them"),
        (spoilt("features", value=None), ": there is no region in it; 'features' must be a list of them"),
        (spoilt("features", 1, value=None), ": feature 2: its type is not 'Feature'"),
        (WHOLE | {"crs": {"properties": {"name": "EPSG:3857"}}}, ": the coordinates are of the system 'EPSG:3857'; "
         "GeoJSON has longitude and latitude in degrees"),
        (WHOLE | {"crs": 1}, ": the coordinates are of the system None; GeoJSON has longitude and latitude in degrees"),
        (spoilt("features", 1, "properties", value=None), ": feature 2: code is None; it must be the code of a region"),
        (spoilt("features", 1, "properties", "code", value="A"), ": feature 2: the region 'A' is there twice"),
        (spoilt("features", 1, "geometry", value=None), ": the region 'B' has the shape None; there are Polygon, "
         "MultiPolygon"),
        (spoilt(*GEOMETRY, "type", value="Point"), ": the region 'B' has the shape 'Point'; there are Polygon, "
         "MultiPolygon"),
        (spoilt(*GEOMETRY, "coordinates", value=[]), f": {LISTS}"),
        (spoilt(*GEOMETRY, "coordinates", 0, 2, value=["1", 2]), f": {LISTS}"),
        (spoilt(*GEOMETRY, "coordinates", 0, 2, value=[500, 2]), f": {LISTS}"),
        (spoilt(*GEOMETRY, "coordinates", value=[[[0, 0], [1, 1]]]), ": the region 'B': its shape cannot be read (A "
         "linearring requires at least 4 coordinates.)"),
        (spoilt(*GEOMETRY, "coordinates", value=BOW), ": the region 'B': its shape crosses itself "
         "(Self-intersection[0.5 0.5]); mend it"),
    ],
)  # fmt: skip
def test_a_spoilt_file_is_one_sentence(tmp_path: Path, says: Says, document: Any, sentence: str) -> None:
    path = write(tmp_path / "x.geojson", document)
    with says(DataError, f"{path.as_posix()}{sentence}"):
        read_boundaries(path)
    with says(DataError, f"{path.as_posix()}{sentence}"):
        outlines(path)  # of the page of weights


def test_a_file_without_codes_and_one_that_is_not_there(tmp_path: Path, says: Says) -> None:
    features = [feature | {"properties": {}} for feature in WHOLE["features"]]  # type: ignore[operator, union-attr]
    path = write(tmp_path / "x.geojson", WHOLE | {"features": features})
    with says(DataError, f"{path.as_posix()}: the regions have no property 'code'"):
        read_boundaries(path)
    with says(DataError, f"{(tmp_path / 'y.geojson').as_posix()}: there is no such file"):
        read_boundaries(tmp_path / "y.geojson")


def test_borders_are_those_of_the_regions_of_the_year(tmp_path: Path, says: Says) -> None:
    path = write(tmp_path / "x.geojson", WHOLE)
    check_regions(path, ["A", "B"], ["A", "B"], 2022)
    with says(DataError, f"{path.as_posix()}: no region has the code 'B' (did you mean 'BB'?); there are A, BB"):
        check_regions(path, ["A", "BB"], ["A"], 2022)
    with says(DataError, f"{path.as_posix()}: the borders of C are missing, regions of 2022"):
        check_regions(path, ["A", "B", "C"], ["A", "C"], 2022)


@pytest.mark.slow
def test_check_names_a_spoilt_file_of_borders(project: Any) -> None:
    """With its checksum renewed: a file of borders is looked at, not only compared."""
    project.write("boundaries/regions_2022.geojson", '{"type": "FeatureCollection", "features": 3}')
    (checked,) = (check for check in check_all() if check.name == "boundaries")
    assert checked.problems == (
        "data/boundaries/regions_2022.geojson: there is no region in it; 'features' must be a list of them",
    )


TEXT = boundaries_of(2021).read_text(encoding="utf-8")
REAL = json.loads(TEXT)
anything: Any = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.floats(), st.text(max_size=3), st.just([]), st.just({})
)


def places(document: Any, depth: int = 5) -> list[tuple[Any, ...]]:
    """Places in a document, those of the first of its coordinates among them."""
    pairs = document.items() if isinstance(document, dict) else enumerate(document[:3])
    inner = [((key,), value) for key, value in pairs]
    deeper = [
        (*place, *rest) for place, value in inner if depth and isinstance(value, dict | list) for rest in
        places(value, depth - 1)
    ]  # fmt: skip
    return [place for place, _ in inner] + deeper


SMALL = {"type": "FeatureCollection", "features": REAL["features"][:3]}
PLACES = places(SMALL, 7)


@pytest.mark.slow
@given(place=st.sampled_from(PLACES), value=anything)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_put_at_a_place_is_read_or_refused(tmp_path: Path, place: tuple[Any, ...], value: Any) -> None:
    document: Any = copy.deepcopy(SMALL)
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    path = write(tmp_path / "x.geojson", document)
    refused, shapes = "", {}
    try:
        shapes = read_boundaries(path)
    except DataError as problem:
        refused = str(problem)
    assert refused.startswith(path.as_posix()) if refused else len(shapes) == 3
    assert all(shape.is_valid and shape.area > 0 for shape in shapes.values())


def test_real_borders_are_those_of_the_project() -> None:
    assert folders.relative(boundaries_of(2023)) == "data/boundaries/regions_2022.geojson"
    assert list(read_boundaries(boundaries_of(2021))) == [feature["properties"]["code"] for feature in REAL["features"]]
