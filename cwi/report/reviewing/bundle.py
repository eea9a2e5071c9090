"""A bundle: one archive with all that an edition was made of and all that came out; no repository is needed."""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from cwi import folders
from cwi.edition import read_edition
from cwi.errors import DataError
from cwi.published import read_published
from cwi.report.manifest import digest, read_manifest
from cwi.report.reviewing.materials import data_package, research_object, software_bill
from cwi.textfiles import read_text
from cwi.writing import writing

__all__ = ["open_bundle", "write_bundle"]

SUMS = "checksums.sha256"
SKIPPED = ("__pycache__", ".ipynb_checkpoints", "release")
DATE = (1980, 1, 1, 0, 0, 0)  # of every file in the archive, so that equal bundles have equal bytes
MOST, LARGEST = 20_000, 2_000_000_000  # files and bytes of a bundle
README = """\
# {title}

One archive with the data, the rules, the notebooks, the code and the list of packages that the report of {year} was
made of, and the report itself.

    python3 verify.py                                  # Python alone: each file is the one that checksums.sha256 names
    python3.11 bootstrap.py run review {year} --all    # installs the packages, makes the report again, compares it

Where cwi is installed: `cwi review BUNDLE.zip`, without unpacking. `sbom.cdx.json` lists the packages (CycloneDX),
`datapackage.json` the tables (Data Package), `ro-crate-metadata.json` all files (RO-Crate).
"""
VERIFY = '''\
"""Is every file of this bundle the one that checksums.sha256 names? Python alone, no package, no network."""

import hashlib
import pathlib
import sys

here = pathlib.Path(__file__).resolve().parent
known = dict(reversed(line.split("  ", 1)) for line in (here / "checksums.sha256").read_text("utf-8").splitlines())
wrong = []
for name, sha in known.items():
    path = here / name
    if not path.is_file():
        wrong.append(name + ": missing")
    elif hashlib.sha256(path.read_bytes()).hexdigest() != sha:
        wrong.append(name + ": another file than checksums.sha256 names")
print(*wrong, sep="\\n", end="\\n" if wrong else "")
print(len(known), "files checked,", len(wrong), "differ")
sys.exit(bool(wrong))
'''


def write_bundle(year: int, target: Path) -> int:
    """Write the bundle of a year whose report was made; equal contents give equal bytes. The number of files.

    Raises
    ------
    DataError
        If the name does not end in .zip, there is no report with a manifest, or a file of it is another one.
    WritingError
        If the archive cannot be written.
    """
    if target.suffix != ".zip":
        raise DataError(f"{folders.relative(target)}: the name ends in '{target.suffix}'; a bundle ends in .zip")
    report = folders.reports() / str(year)
    record = read_manifest(report)
    if not record:
        raise DataError(
            f"{folders.relative(report)}: there is no report with a manifest; 'cwi report {year}' makes one"
        )
    for name, sha in record["outputs"].items():
        if not (report / name).is_file() or digest(report / name) != sha:
            raise DataError(f"{folders.relative(report / name)} is not the file that the manifest names; make it again")
    files = {name: path.read_bytes() for name, path in _paths(year)}
    edition = read_edition(year)
    title = f"{edition.methodology.titles['en']}, {edition.label}"
    published = (edition.path / "published.csv").is_file()
    date = str(read_published(edition)[1].get("date") or year) if published else str(year)
    files["README.md"] = README.format(title=title, year=year).encode()
    files["verify.py"] = VERIFY.encode()
    sizes = {name: (hashlib.sha256(data).hexdigest(), len(data)) for name, data in sorted(files.items())}
    for name, document in (
        ("sbom.cdx.json", software_bill(files.get("requirements.lock", b"").decode())),
        ("datapackage.json", data_package(f"cwi-{year}", title, sizes, edition.sources)),
        ("ro-crate-metadata.json", research_object(title, date, sizes)),
    ):
        files[name] = (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    files[SUMS] = sums.encode()
    with writing(target) as (place,), zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(f"cwi-{year}/{name}", DATE), data, zipfile.ZIP_DEFLATED, 9)
    return len(files)


def _paths(year: int) -> Iterator[tuple[str, Path]]:
    root, here = folders.root(), folders.CODE.parent
    tops = {"data": root / "data", "notebooks": root / "notebooks", f"reports/{year}": root / f"reports/{year}",
            "cwi": folders.CODE}  # fmt: skip
    for name, top in tops.items():
        for path in sorted(top.rglob("*")):
            parts = path.relative_to(top).parts
            if path.is_file() and not any(part in SKIPPED for part in parts) and path.suffix != ".pyc":
                yield f"{name}/{'/'.join(parts)}", path
    for name, top in (("requirements.lock", root), ("bootstrap.py", here), ("pyproject.toml", here), ("LICENSE", here),
                      ("LICENSE-TEXT", here), ("signers", root)):  # fmt: skip
        if (top / name).is_file():
            yield name, top / name


@contextmanager
def open_bundle(path: Path) -> Iterator[tuple[Path, int, list[str]]]:
    """The bundle unpacked for a while: the folder of its project, its year, and the files that are not those it names.

    Raises
    ------
    DataError
        If it is no bundle: no archive, a name that leads out of it, more than a bundle holds, no checksums.
    """
    where = folders.relative(path)
    with tempfile.TemporaryDirectory() as aside:
        try:
            with zipfile.ZipFile(path) as archive:
                parts = archive.infolist()
                if len(parts) > MOST or sum(part.file_size for part in parts) > LARGEST:
                    raise DataError(f"{where}: it holds more than a bundle does; it is not unpacked")
                for part in parts:
                    inside = PurePosixPath(part.filename)
                    if inside.is_absolute() or ".." in inside.parts or "\\" in part.filename:
                        raise DataError(f"{where}: the name '{part.filename}' leads out of the archive")
                archive.extractall(aside)
        except FileNotFoundError:
            raise DataError(f"{where}: there is no such file") from None
        except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as problem:
            raise DataError(f"{where}: it cannot be unpacked ({problem})") from None
        tops = [top for top in Path(aside).iterdir() if (top / SUMS).is_file()]
        years = [int(each.name) for top in tops for each in (top / "reports").glob("[0-9]*") if each.name.isdecimal()]
        if len(tops) != 1 or len(years) != 1:
            raise DataError(f"{where}: it is no bundle; 'cwi bundle YEAR' writes one")
        yield tops[0], years[0], _differing(tops[0])


def _differing(top: Path) -> list[str]:
    lines = read_text(top / SUMS, DataError).splitlines()
    known = {name: sha for sha, _, name in (line.partition("  ") for line in lines)}
    there = {each.relative_to(top).as_posix(): digest(each) for each in top.rglob("*") if each.is_file()}
    del there[SUMS]
    wrong = [f"{name}: it is missing in the bundle" for name in known if name not in there]
    wrong += [f"{name}: {SUMS} does not name it" for name in sorted(there) if name not in known]
    wrong += [
        f"{name}: it is not the file that {SUMS} names"
        for name in sorted(there)
        if known.get(name, there[name]) != there[name]
    ]
    return wrong
