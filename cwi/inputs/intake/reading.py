"""Returned workbooks to rows of observations: everything or nothing, and the same however often it is done.

The list of receipts is the only thing that is decided; it is written in one move, after the originals and before all
that follows from them. A run that is killed has either no receipt, and the next begins again, or all of them, and the
next writes what is missing: every other file is computed from originals, request and answers.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import tomlkit

from cwi import folders
from cwi.derived_series import read_derived_series
from cwi.errors import DataError
from cwi.inputs.intake.owners import read_owners, read_places
from cwi.inputs.intake.receipts import Receipt, arrived, read_answers, read_receipts, receipts_text
from cwi.inputs.intake.request import Request, own_sources, read_request, year_folder
from cwi.inputs.intake.returned import Returned, read_returned_file
from cwi.inputs.intake.settling import Settled, settle
from cwi.inputs.intake.unusual import Known
from cwi.inputs.intake.values import words_of
from cwi.inputs.observation_files import replace_file, rows_text
from cwi.observations import read_observations, read_series, read_statuses
from cwi.territory import NAMES, Territory, read_territory
from cwi.textfiles import read_csv, read_text
from cwi.writing import alone, csv_text

__all__ = ["PROVISIONAL", "REGISTER", "Outcome", "read_files", "read_folder", "read_register"]

PROVISIONAL = "provisional"
LICENCE = "Delivered for the index by its owner; figures of state bodies, with reference to the source"
REGISTER = ("owner", "series", "indicator", "region", "state", "value", "status", "check", "file", "sheet", "cell",
            "shown", "note")  # fmt: skip
FILES = ("batch", "file", "owner", "received", "state", "figures", "asked_back", "sha256", "original")
AWAITED, ENTERED, NO_FIGURE, ASKED = "awaited", "entered", "no figure", "asked"
HEAD_OF_QUESTIONS = ("check", "indicator", "region", "year", "decision", "reason")


@dataclass(frozen=True, eq=False)
class Outcome:
    """What reading did: the request, all receipts, those of this run, what was settled, the register, files written."""

    request: Request
    receipts: tuple[Receipt, ...]
    new: tuple[Receipt, ...]
    files: tuple[tuple[Receipt, Returned], ...]
    settled: Settled
    register: pd.DataFrame
    written: tuple[str, ...]


def read_folder(folder: Path | None, year: int, data: Path | None = None) -> Outcome:
    """Read the workbooks that came back, and enter what is clear as provisional.

    Parameters
    ----------
    folder
        Where the returned files are, folders in it too; None reads nothing new and settles again, as after an answer.
    year
        The year whose templates were sent out.
    data
        The data folder; that of the project by default.

    Returns
    -------
    Outcome
        Nothing is written where nothing is new: ``written`` is empty then.

    Raises
    ------
    DataError
        If no templates were written for the year, the data do not pass the checks, an original was changed, or a file
        cannot be written.
    WritingError
        If another run is reading.
    """
    data = data or folders.data()
    request = read_request(year, data)
    place = year_folder(year, data)
    with alone(place, f"the figures of {year} are being read"):
        known = read_receipts(year, data)
        new = arrived(Path(folder), year, known, data) if folder is not None else []
        receipts = [*known, *new]
        territory, series = read_territory(data), read_series(data)
        files = _files(receipts, request, territory, data)
        observations = read_observations(data, territory=territory)
        history = observations[~observations["source"].str.startswith(own_sources(year))]
        known_so_far = Known(history, territory, series, read_derived_series(data))
        settled = settle(files, request, read_answers(year, data), known_so_far)
        register = _register(settled, request)
        planned = _Plan(data, request, files, settled, series)
        contents = {**planned.contents(), place / "register.csv": csv_text([REGISTER, *register.to_numpy().tolist()])}
        contents[place / "files.csv"] = csv_text([FILES, *_came(files, settled)])
        if new:
            replace_file(place / "receipts.csv", receipts_text(receipts).encode())  # from here on they have come
        written = []
        for path in planned.gone():
            path.unlink()
            written.append(folders.relative(path))
        for path, text in contents.items():
            if not path.is_file() or path.read_bytes() != text.encode():
                replace_file(path, text.encode())
                written.append(folders.relative(path))
    return Outcome(request, tuple(receipts), tuple(new), tuple(files), settled, register, tuple(written))


def read_register(year: int, data: Path | None = None) -> pd.DataFrame | None:
    """The register of a year's figures as it was last written, a row a figure; None before the first reading."""
    path = year_folder(year, data) / "register.csv"
    return read_csv(path, DataError, required=REGISTER) if path.is_file() else None


def read_files(year: int, data: Path | None = None) -> pd.DataFrame | None:
    """The files that came for a year, a row each; None before the first reading."""
    path = year_folder(year, data) / "files.csv"
    return read_csv(path, DataError, required=FILES) if path.is_file() else None


def _files(
    receipts: Sequence[Receipt], request: Request, territory: Territory, data: Path
) -> list[tuple[Receipt, Returned]]:
    places, statuses = read_places(territory, data), read_statuses(data)
    titles = [name.replace("name_", "title_") for name in NAMES]
    words = words_of({str(code): tuple(map(str, row)) for code, row in statuses[titles].iterrows()})
    originals = year_folder(request.year, data) / "originals"
    return [
        (each, read_returned_file(originals / each.original, each.file, request, places, words)) for each in receipts
    ]


def _register(settled: Settled, request: Request) -> pd.DataFrame:
    asked = {(each.entry.series, each.entry.region): each for each in settled.doubts if each.entry.series}
    rows = []
    for key, cell in request.facts.items():
        doubt, (entry, receipt) = asked.get(key), settled.entered.get(key, (None, None))
        shown, at = (doubt.entry, doubt.receipt) if doubt else (entry, receipt)
        number = entry.number if entry else None
        state = ENTERED if number is not None else NO_FIGURE if entry else ASKED if doubt else AWAITED
        rows.append(
            (
                cell["owner"], *key[:1], cell["indicator"], key[1], state, "" if number is None else _figure(number),
                entry.value.status if entry else "", doubt.kind if doubt else "", at.file if at else "",
                shown.sheet if shown else "", shown.cell if shown else "", shown.shown if shown else "",
                entry.note if entry else "",
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(REGISTER))


def _came(files: Sequence[tuple[Receipt, Returned]], settled: Settled) -> list[tuple[object, ...]]:
    """A row a file: whose it is, whether it could be read, how many figures it has and how many are asked back."""
    return [
        (
            receipt.batch, receipt.file, returned.owner, receipt.received, returned.refusal or "read",
            sum(entry.number is not None for entry in returned.entries),
            sum(doubt.receipt == receipt for doubt in settled.doubts), receipt.sha256, receipt.original,
        )
        for receipt, returned in files
    ]  # fmt: skip


def _figure(number: Any) -> str:
    """A figure to its last digit, without needless zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class _Plan:
    """The files of the data folder as they must be after reading, in the order in which they are written.

    A record of a source is written before its file, and a series before a row that names it: a run that is killed
    between two of them leaves data that can be read, and ``cwi check`` names the file that is not there yet.
    """

    def __init__(
        self,
        data: Path,
        request: Request,
        files: Sequence[tuple[Receipt, Returned]],
        settled: Settled,
        series: pd.DataFrame,
    ) -> None:
        self._data, self._request, self._settled = data, request, settled
        self._files, self._register = files, series
        self._owners = read_owners(data)
        self._tables = self._observations()

    def gone(self) -> list[Path]:
        """Files of owners that have no figure any more."""
        there = (self._data / "observations").glob(f"{own_sources(self._request.year)}*.csv")
        return [path for path in sorted(there) if path.stem not in self._tables]

    def contents(self) -> dict[Path, str]:
        """The text of every file."""
        tables = {self._data / "observations" / f"{source}.csv": text for source, text in self._tables.items()}
        return {**self._series(), self._data / "sources.toml": self._sources(), **tables, **self._questions()}

    def _observations(self) -> dict[str, str]:
        """The text of the file of each owner, by source."""
        rows: dict[str, list[dict[str, str]]] = {}
        for (series, region), (entry, _) in self._settled.entered.items():
            source = own_sources(self._request.year) + str(self._request.facts[series, region]["owner"])
            number = entry.number
            row = {"region": region, "year": str(self._request.year), "indicator": series, "source": source,
                   "value": "" if number is None else _figure(number),
                   "status": PROVISIONAL if number is not None else entry.value.status, "note": entry.note}  # fmt: skip
            rows.setdefault(source, []).append(row)
        return {source: rows_text(pd.DataFrame(of_one)) for source, of_one in rows.items()}

    def _series(self) -> dict[Path, str]:
        """The register of series with those that have their first figures."""
        path = self._data / "series.csv"
        known, text = set(self._register.index), read_text(path, DataError)
        new = sorted({series for series, _ in self._settled.entered} - known)
        if not new:
            return {}
        head = next(csv.reader(io.StringIO(text)))
        rows = []
        for code in new:
            cell = next(cell for (series, _), cell in self._request.facts.items() if series == code)
            values = {
                "indicator": code, "title_en": cell["title_en"], "title_ru": cell["title_ru"], "unit": cell["unit"],
                "low": f"{cell['low']:.15g}", "high": f"{cell['high']:.15g}", "kind": cell["kind"],
                "source_code": f"intake {self._request.year}", "used": "yes",
                "judgement": "An indicator of the methodology with its first figures; limits are working ones.",
            }  # fmt: skip
            rows.append([values.get(column.strip(), "") for column in head])
        return {path: text.rstrip("\n") + "\n" + csv_text(rows)}

    def _sources(self) -> str:
        path = self._data / "sources.toml"
        document = tomlkit.parse(read_text(path, DataError))
        own = own_sources(self._request.year)
        for name in [name for name in document if name.startswith(own) and name not in self._tables]:
            del document[name]
        for name, text in self._tables.items():
            record = self._record(name.removeprefix(own), f"observations/{name}.csv", text)
            if name not in document:
                document.add(tomlkit.nl())
                document.add(name, tomlkit.table())
            table: Any = document[name]
            if any(table.get(key) != value for key, value in record.items()):
                table.update(record)
        return tomlkit.dumps(document)

    def _record(self, owner: str, file: str, text: str) -> Mapping[str, Any]:
        came = [receipt for receipt, returned in self._files if returned.owner == owner and not returned.refusal]
        year = self._request.year
        return {
            "publisher": str(self._owners.at[owner, "name_en"]),
            "title": f"Figures of {year} for the Child Well-Being Index, returned template",
            "table": f"template of the intake, request {self._request.version}",
            "licence": LICENCE,
            "retrieved": max(receipt.received for receipt in came),
            "status": PROVISIONAL,
            "originals": [f"intake/{year}/originals/{receipt.original}" for receipt in came],
            "file": file,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
        }

    def _questions(self) -> dict[Path, str]:
        """data/questions.csv with what the owners confirmed; lines that people wrote stay as they are."""
        path, year = self._data / "questions.csv", self._request.year
        text = read_text(path, DataError) if path.is_file() else csv_text([HEAD_OF_QUESTIONS])
        series = self._register
        used = {*series.index[series["used"] == "yes"], *({key[0] for key in self._settled.entered} - {*series.index})}
        mark = f"Confirmed by the owner in the intake of {year}"
        lines = [line for line in text.splitlines(keepends=True) if mark not in line]
        rows = [
            (each.check, each.series, each.region, year, "keep", f"{mark}: {by}")
            for each, by in self._settled.confirmed if each.series in used
        ]  # fmt: skip
        if not rows and (not path.is_file() or mark not in text):
            return {}
        return {path: "".join(lines).rstrip("\n") + "\n" + csv_text(sorted(set(rows)))}
