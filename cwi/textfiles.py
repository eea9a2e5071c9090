"""Text files as people make them: CSV and TOML read so that an error names the file and the line."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cwi.errors import CwiError, DataError, near
from cwi.folders import relative

if TYPE_CHECKING:  # a command that reads no table does not wait for pandas
    import pandas as pd

CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")  # shows nothing, or turns text round

DIGITS = 300  # of a whole number that a float can hold
LONGEST = 10_000  # characters of a cell
MOST = 64  # MB of a register or a table of observations, which is 1.5 million rows
MOST_ANSWERS = 256  # MB of a CSV file of answers or children

__all__ = [
    "csv_cells",
    "number",
    "numbers",
    "read_csv",
    "read_text",
    "read_toml",
    "refuse_large",
    "refuse_torn",
    "sha256",
]


def sha256(path: Path) -> str:
    """The checksum of a file as it is now, 64 hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_text(path: Path, error: type[CwiError]) -> str:
    """The text of a UTF-8 file (a byte order mark is dropped); characters that would hide or turn text are refused."""
    name = relative(path)
    refuse_large(path, error, MOST, "divide it, or keep only what is used")
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise error(f"{name}: there is no such file") from None
    except OSError as problem:
        raise error(f"{name}: cannot be read ({problem.strerror})") from None
    try:
        text, bad = raw.decode("utf-8-sig"), raw.find(b"\0")
    except UnicodeDecodeError as problem:
        text, bad = "", problem.start
    if bad >= 0:
        line = raw[:bad].count(b"\n") + 1
        raise error(f"{name} line {line}: this is not UTF-8 text; save the file as UTF-8")
    if hidden := CONTROL.search(text):
        line = text[: hidden.start()].count("\n") + 1
        raise error(f"{name} line {line}: there is a character that is not seen, U+{ord(hidden[0]):04X}; delete it")
    return text


def refuse_large(path: Path, error: type[CwiError], most: int, hint: str) -> None:
    """Refuse a file of more than ``most`` MB before anything of it is read."""
    size = path.stat().st_size if path.is_file() else 0
    if size > most * 2**20:
        raise error(f"{relative(path)}: the file has {size / 2**20:,.0f} MB; at most {most} MB are read; {hint}")


def read_toml(path: Path, error: type[CwiError]) -> dict[str, Any]:
    """The tables of a TOML file."""
    text = read_text(path, error)
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise error(f"{relative(path)}: this is not TOML: {problem}") from None
    except RecursionError:
        raise error(f"{relative(path)}: tables are nested too deeply to be read") from None
    except ValueError:  # of Python itself: a whole number of thousands of digits
        raise error(f"{relative(path)}: a number has too many digits to be read") from None
    for key, word in _words(tables):  # what is written as an escape, such as \\u202e
        if hidden := CONTROL.search(word):
            what = f"there is a character that is not seen, U+{ord(hidden[0]):04X}; delete it"
            raise error(f"{relative(path)}: {key}: {what}")
    return tables


def _words(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """The keys and texts of tables, each after the place where it is."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield key or "a key", name
            yield from _words(each, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each, key)
    elif isinstance(value, str):
        yield key, value


def read_csv(
    path: Path,
    error: type[CwiError],
    *,
    required: Collection[str],
    optional: Collection[str] = (),
    filled: bool = False,
) -> pd.DataFrame:
    """The rows of a CSV file, every cell as text; the index is the line in the file. Blank rows are left out.

    ``filled``: whether a table without a row is refused.

    Raises
    ------
    error
        If the file is not UTF-8, a column is missing, unknown or named twice, a row has too many or too few cells, or a
        cell has more than 10,000 characters.
    """
    import pandas as pd

    parts, lines = csv_cells(path, error, required=required, optional=optional, filled=filled)
    return pd.DataFrame(parts, index=pd.Index(lines, name="line", dtype="int64"), columns=list(parts), dtype=str)


def csv_cells(
    path: Path,
    error: type[CwiError],
    *,
    required: Collection[str],
    optional: Collection[str] = (),
    filled: bool = False,
) -> tuple[dict[str, list[str]], list[int]]:
    """The cells of each column of a CSV file, and the lines in the file, as :func:`read_csv` puts them in one table.

    Where many small files make one table it is much quicker to join these lists.

    Raises
    ------
    error
        As :func:`read_csv`.
    """
    name = relative(path)
    rows = list(_lines(read_text(path, error), name, error))
    if not rows:
        raise error(f"{name}: the file is empty; its first line must name the columns {', '.join(required)}")
    header = [cell.strip() for cell in rows[0][1]]
    for column in header:
        if header.count(column) > 1:
            raise error(f"{name} line 1: the column '{column}' is listed twice")
        if len(header) == 1 and (";" in column or "\t" in column):
            raise error(f"{name} line 1: the cells must be divided by commas; the line reads {column}")
        if column not in required and column not in optional:
            raise error(f"{name} line 1: no column is called '{column}'{near(column, [*required, *optional])}")
    missing = [column for column in required if column not in header]
    if missing:
        raise error(f"{name} line 1: the column '{missing[0]}' is missing; the first line reads {', '.join(header)}")
    for line, cells in rows:
        if len(longest := max(cells, key=len)) > LONGEST:
            raise error(f"{name} line {line}: a cell has {len(longest):,} characters; at most {LONGEST:,} are read")
    for line, cells in rows[1:]:
        if len(cells) != len(header):
            hint = "; a number with a decimal comma or a text with a comma must be in quotes, decimals take a point"
            raise error(
                f"{name} line {line}: {len(cells)} cells where the first line names {len(header)} columns"
                + (hint if len(cells) > len(header) else "")
            )
    if filled and len(rows) == 1:
        raise error(f"{name}: no row is left below the names of the columns; restore the file")
    columns = zip(*(cells for _, cells in rows[1:]), strict=True) if len(rows) > 1 else ((),) * len(header)
    parts = {name: list(map(str.strip, cells)) for name, cells in zip(header, columns, strict=True)}
    return parts, [line for line, _ in rows[1:]]


def number(text: str) -> float | None:
    """The number that a cell holds; None where it holds none, or one that is not finite.

    >>> number("-12.50"), number("12,5"), number("1_000"), number("inf")
    (-12.5, None, None, None)
    """
    try:
        value = float(text)
    except ValueError:
        return None
    return value + 0.0 if math.isfinite(value) and text.isascii() and "_" not in text else None  # no negative zero


def numbers(cells: pd.Series) -> pd.Series:
    """The number in each cell, NaN where it holds none; beyond any float, infinite or none.

    ``pandas.to_numeric`` alone ends in an OverflowError at such whole numbers, whatever it is told to do with errors.

    >>> import pandas as pd
    >>> numbers(pd.Series(["1", "x", "9" * 400])).tolist()
    [1.0, nan, inf]
    >>> numbers(pd.Series([1, 10**400], dtype=object)).tolist()
    [1.0, nan]
    """
    import pandas as pd

    try:
        return pd.to_numeric(cells, errors="coerce")
    except OverflowError:
        short = cells.astype("string").str.len() <= DIGITS
        return pd.to_numeric(cells.where(short.fillna(True)), errors="coerce")


def _lines(text: str, name: str, error: type[CwiError]) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if "".join(cells).strip():
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as problem:
        raise error(f"{name} line {line}: this is not CSV: {problem}") from None


def refuse_torn(path: Path) -> None:
    """Refuse a CSV file of which a row has more or fewer cells than the first: it was cut, or a text has a comma.

    Raises
    ------
    DataError
        With the line; also where the file has more than 256 MB.
    """
    refuse_large(path, DataError, MOST_ANSWERS, "save it as Parquet, which takes a tenth of the room")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        cells = len(next(rows, ()))
        for row in rows:
            if row and len(row) != cells:
                raise DataError(
                    f"{relative(path)} line {rows.line_num}: {len(row)} cells where the first line names "
                    f"{cells} columns; the file was cut, or a text with a comma is not in quotes"
                )
