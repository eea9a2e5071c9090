"""A census or register in Parquet, read batch by batch as bits: memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cwi import folders
from cwi.errors import DataError, near

__all__ = ["Batch", "census_batches", "census_files", "census_regions"]

ROWS = 1 << 18  # of a batch


@dataclass(frozen=True, eq=False)
class Batch:
    """Some rows: deprivations as bits, the place of the region, weights or none, who has no gap or none; all (n,)."""

    codes: NDArray[Any]
    region: NDArray[Any]
    people: NDArray[np.float64] | None
    complete: NDArray[np.bool_] | None


def census_files(path: Path | str) -> list[Path]:
    """The Parquet files of a folder, or the file itself.

    Raises
    ------
    DataError
        If there is none.
    """
    place = Path(path)
    files = sorted(place.glob("*.parquet")) if place.is_dir() else [place]
    if not files or not files[0].is_file():
        raise DataError(f"{folders.relative(place)}: there is no Parquet file")
    return files


def census_regions(path: Path | str, column: str = "region") -> list[str]:
    """The regions that occur in a file, in order; from its dictionaries where it has them."""
    names: set[str] = set()
    for file in census_files(path):
        for batch in _opened(file, [column]).iter_batches(ROWS, columns=[column]):
            cells = batch.column(0)
            values = cells.dictionary if pa.types.is_dictionary(cells.type) else pc.unique(cells)
            names |= {str(one) for one in values.to_pylist() if one is not None}
    return sorted(names)


def census_batches(
    file: Path,
    items: Sequence[str],
    regions: Sequence[str],
    *,
    region: str = "region",
    weight: str = "",
    groups: Sequence[int] | None = None,
) -> Iterator[Batch]:
    """The rows of one file in batches.

    Parameters
    ----------
    file
        A Parquet file with a row a person; items are booleans or 0 and 1, a null is a gap.
    items
        Columns of deprivations, at most 60; item j becomes bit j.
    regions
        What the column of regions may hold; a region's place here is its number in a batch.
    region, weight
        Names of columns; without a weight each row is one person.
    groups
        Which row groups of the file; all by default.

    Raises
    ------
    DataError
        If a column is missing, an item has another value, or a region is unknown.
    """
    columns = [*items, region, *([weight] if weight else [])]
    reader = _opened(file, columns)
    where = folders.relative(file)
    dtype: Any = np.uint32 if len(items) <= 32 else np.uint64
    for batch in reader.iter_batches(ROWS, columns=columns, row_groups=groups, use_threads=True):
        codes, complete = np.zeros(batch.num_rows, dtype=dtype), None
        for place, name in enumerate(items):
            cells = batch.column(batch.schema.get_field_index(name))
            if cells.null_count:
                known = np.asarray(cells.is_valid().to_numpy(zero_copy_only=False))
                complete = known if complete is None else complete & known
                cells = cells.fill_null(False if pa.types.is_boolean(cells.type) else 0)
            codes |= _flags(cells, name, where).astype(dtype) << dtype(place)
        people = None
        if weight:
            people = batch.column(batch.schema.get_field_index(weight)).to_numpy(zero_copy_only=False).astype(float)
        yield Batch(
            codes, _places(batch.column(batch.schema.get_field_index(region)), regions, where), people, complete
        )


def _opened(file: Path, columns: Sequence[str]) -> pq.ParquetFile:
    try:
        reader = pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError):
        raise DataError(f"{folders.relative(file)}: this is not a Parquet file") from None
    known = reader.schema_arrow.names
    for name in columns:
        if name not in known:
            raise DataError(f"{folders.relative(file)}: there is no column '{name}'{near(name, known)}")
    return reader


def _flags(cells: Any, name: str, where: str) -> NDArray[np.uint8]:
    """A column of yes and no as 0 and 1."""
    if pa.types.is_boolean(cells.type):
        raw = np.frombuffer(cells.buffers()[1], dtype=np.uint8)
        bits = np.unpackbits(raw, count=cells.offset + len(cells), bitorder="little")
        return np.asarray(bits[cells.offset :])
    values = cells.to_numpy(zero_copy_only=False)
    if not ((values == 0) | (values == 1)).all():
        raise DataError(f"{where}: {name} has values other than 0 and 1")
    return np.asarray(values, dtype=np.uint8)


def _places(cells: Any, regions: Sequence[str], where: str) -> NDArray[Any]:
    """The number of each row's region."""
    coded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
    if coded.null_count:
        raise DataError(f"{where}: a region is missing")
    place = {name: number for number, name in enumerate(regions)}
    table = []
    for name in coded.dictionary.to_pylist():
        if str(name) not in place:
            raise DataError(f"{where}: region is '{name}'{near(name, regions)}")
        table.append(place[str(name)])
    return np.asarray(np.array(table, dtype=np.int32)[coded.indices.to_numpy(zero_copy_only=False)])
