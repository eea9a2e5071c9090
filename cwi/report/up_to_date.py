"""Whether files that a command made are whole and made of what is there now, by checksum; light, as it is asked first.

Everything below data/, the code, the notebooks and the lock counts, so that nothing is forgotten: a changed figure
makes all of a command's files again, as each carries the checksum of the data. Profiles and site keep a record of one
form. The manifest of a report is another: it is published, and names each input, so that a review names what differs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from cwi import folders
from cwi.report.manifest import MADE_OF, digest
from cwi.writing import writing

__all__ = ["made_of", "read_record", "whole", "write_changed", "write_record"]

NEVER = ("__pycache__",)  # nor what is hidden, such as a report that is being made


def made_of(
    parameters: Mapping[str, Any],
    *,
    also: Iterable[Path] = (),
    without: Path | None = None,
    of: Iterable[str] = MADE_OF,
) -> str:
    """One checksum of all that files may be made of, and of the parameters of the command.

    Parameters
    ----------
    parameters
        Whatever the command was given that decides about its files.
    also
        Folders or files that are read besides data/, code, notebooks and lock.
    without
        A folder that does not count, where the files themselves are.
    of
        What is read of the project: data/, code, notebooks and lock, or less where the parameters name it.
    """
    whole = hashlib.sha256(json.dumps(dict(parameters), sort_keys=True, default=str).encode())
    places = [folders.CODE if name == "cwi" else folders.root() / name for name in of]
    for place in (*places, *also):
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            parts = path.relative_to(place).parts
            counts = not any(part in NEVER or part.startswith(".") for part in parts) and path.suffix != ".pyc"
            if counts and path.is_file() and not (without is not None and path.is_relative_to(without.absolute())):
                whole.update(f"{place.name}/{'/'.join(parts)}\0{digest(path)}\n".encode())
    return whole.hexdigest()


def read_record(path: Path) -> dict[str, Any]:
    """A record as :func:`write_record` writes it; an empty one where there is none that can be read."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        record = {}
    right = isinstance(record, dict) and isinstance(record.get("made_of"), str)
    return record if right and isinstance(record.get("checksums"), dict) else {"made_of": "", "checksums": {}}


def whole(folder: Path, record: Mapping[str, Any], names: Collection[str]) -> bool:
    """Whether the record has these files and each is the one that was made."""
    known: Mapping[str, Any] = record["checksums"]
    return bool(names) and all(
        name in known and (folder / name).is_file() and digest(folder / name) == known[name] for name in names
    )


def write_record(path: Path, made: str, names: Iterable[str], before: Mapping[str, Any], **more: Any) -> None:
    """Record the files of a folder; those of an earlier run stay where they were made of the same."""
    kept = before["checksums"] if before["made_of"] == made else {}
    checksums = {**kept, **{name: digest(path.parent / name) for name in names}}
    with writing(path) as (place,):
        place.write_bytes(_record(made, checksums, more))


def write_changed(
    path: Path, made: str, files: Mapping[str, bytes], there: Iterable[str], **more: Any
) -> dict[str, int]:
    """Write a folder and its record: only what differs, all of it or nothing, without what an earlier run left.

    Parameters
    ----------
    path
        Of the record, in the folder.
    made
        Of :func:`made_of`.
    files
        The content of each file by its name in the folder.
    there
        Files that are in the folder already and belong to it.
    more
        What else the record keeps.

    Returns
    -------
    dict
        ``files``: how many the folder has, with the record; ``written``: how many of them changed; ``removed``.
    """
    folder, before = path.parent, read_record(path)
    checksums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    checksums |= {name: digest(folder / name) for name in there}
    files = {**files, path.name: _record(made, checksums, more)}
    differing = [name for name, content in files.items() if not _same(folder / name, content)]
    with writing(*(folder / name for name in differing)) as places:
        for place, name in zip(places, differing, strict=True):
            place.write_bytes(files[name])
    paths = [(folder / str(name)).resolve() for name in before["checksums"] if name not in checksums]
    gone = [each for each in paths if each.is_file() and each.is_relative_to(folder.resolve())]
    for each in gone:
        each.unlink()
    return {"files": len(checksums) + 1, "written": len(differing), "removed": len(gone)}


def _record(made: str, checksums: Mapping[str, str], more: Mapping[str, Any]) -> bytes:
    record = {"made_of": made, **more, "checksums": dict(sorted(checksums.items()))}
    return (json.dumps(record, indent=1) + "\n").encode()


def _same(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content
