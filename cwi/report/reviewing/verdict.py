"""A whole review: the data checked, the numbers computed again, the report made again and compared file by file."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import nbformat

from cwi import folders
from cwi.checks import check_all
from cwi.edition import read_edition
from cwi.errors import DataError
from cwi.published import read_published
from cwi.report.manifest import MACHINE, changed, digest, inputs, machine, read_manifest
from cwi.report.publication import reviewed
from cwi.report.render import NOTEBOOK, make_report
from cwi.report.reviewing.artefacts import CONTENT, Difference, compare_files
from cwi.report.reviewing.signature import Signature, signature_of

__all__ = ["Verdict", "compare_reports", "review_all"]

NOT_COMPARED = ("manifest.json", "manifest.json.sig")
KEPT_IN_GIT = (".ipynb", ".csv")


@dataclass(frozen=True)
class Verdict:
    """What a review noticed; it agrees where every list but ``compared`` and ``reasons`` is empty.

    ``problems``: of the data, as ``cwi check`` lists them; ``numbers``: published ones that are not computed today;
    ``artefacts``: what differs in which file; ``manifest``: entries that are not true of the files that are there;
    ``reasons``: why something may differ; ``compared``: the files that were compared.
    """

    year: int
    problems: tuple[str, ...]
    numbers: tuple[str, ...]
    artefacts: tuple[Difference, ...]
    manifest: tuple[str, ...]
    signature: Signature
    reasons: tuple[str, ...]
    compared: tuple[str, ...] = field(default=())

    @property
    def agrees(self) -> bool:
        """Whether nothing differs, byte by byte."""
        return not (self.problems or self.numbers or self.artefacts or self.manifest or self._broken)

    @property
    def content_agrees(self) -> bool:
        """Whether words and numbers agree, though something may be drawn otherwise."""
        content = [each for each in self.artefacts if each.kind == CONTENT]
        return not (self.problems or self.numbers or content or self.manifest or self._broken)

    @property
    def _broken(self) -> bool:
        return self.signature.signed and not self.signature.holds

    def record(self) -> dict[str, Any]:
        """Plain Python, for JSON."""
        files = [{**asdict(each), "by": each.by} for each in self.artefacts]
        return {
            "year": self.year, "agrees": self.agrees, "content_agrees": self.content_agrees,
            "problems": list(self.problems), "numbers": list(self.numbers), "artefacts": files,
            "manifest": list(self.manifest), "signature": asdict(self.signature), "reasons": list(self.reasons),
            "compared": list(self.compared),
        }  # fmt: skip


def review_all(
    year: int,
    *,
    report: Path | None = None,
    made: Path | None = None,
    signers: Path | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Verdict:
    """Review the edition of a year and every file in the folder of its report.

    Parameters
    ----------
    report
        The folder of the report, ``reports/<year>`` by default.
    made
        The same report made again; it is made aside by default.
    signers
        Whose signatures are accepted, as :func:`signature_of` takes it.
    progress
        Called with what is being done.

    Raises
    ------
    DataError
        If there is no report, or nothing was published.
    ReportError
        If the report cannot be made again.
    """
    report = report or folders.reports() / str(year)
    record = read_manifest(report)
    languages = sorted({*(record["languages"] if record else ()), *_languages(report)})
    if not languages:
        raise DataError(f"{folders.relative(report)}: there is no report to review; 'cwi report {year}' makes one")
    progress("checking the data")
    problems = tuple(sentence for check in check_all() for sentence in check.problems)
    progress("computing the published numbers again")
    edition = read_edition(year)
    numbers = tuple(reviewed(edition)[0]) if (edition.path / "published.csv").is_file() else ()
    with tempfile.TemporaryDirectory() as aside:
        if made is None:
            progress("making the report again")
            made = make_report(year, languages=languages, output=Path(aside), **_parameters(report, record, year))
        progress("comparing")
        compared, artefacts = compare_reports(report, made, record)
        again = read_manifest(made)
    return Verdict(
        year, problems, numbers, tuple(artefacts), tuple(_untrue(report, record, again)),
        signature_of(report, signers), tuple(_reasons(record)), tuple(compared),
    )  # fmt: skip


def compare_reports(there: Path, made: Path, record: Mapping[str, Any]) -> tuple[list[str], list[Difference]]:
    """The files of a report that were compared with those made again, and what differs.

    Without a manifest, as in a clean checkout, what git does not keep may be missing. A file that nothing makes is
    named whether or not the manifest has it: who hides a change may leave its language out of the manifest.
    """
    names = sorted(path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file())
    names = [name for name in names if name not in NOT_COMPARED]
    kept = [name for name in names if record or (there / name).is_file() or Path(name).suffix in KEPT_IN_GIT]
    differences = [each for name in kept for each in compare_files(there / name, made / name, name)]
    for path in sorted(there.rglob("*")):
        name = path.relative_to(there).as_posix()
        if path.is_file() and name not in (*names, *NOT_COMPARED):
            differences.append(Difference(name, "", "a file", "nothing"))
    return kept, differences


def _languages(report: Path) -> list[str]:
    """The languages of the executed notebooks that are there, whatever a manifest has."""
    return sorted(path.stem.rpartition(".")[2] for path in report.glob(f"{NOTEBOOK}.*.ipynb"))


def _parameters(report: Path, record: Mapping[str, Any], year: int) -> dict[str, Any]:
    """With what the report was made: of its manifest, or what was injected into its executed notebook."""
    if record:
        return {key: value for key, value in record["parameters"].items() if key not in ("year", "language", "project")}
    executed = nbformat.read(sorted(report.glob(f"{NOTEBOOK}.*.ipynb"))[0], as_version=4)
    edition = read_edition(year)
    if not (edition.path / "published.csv").is_file():
        return {}
    published = read_published(edition)[1]
    injected = next(
        (cell.source for cell in executed.cells if "injected-parameters" in cell.metadata.get("tags", [])), ""
    )
    return {key: published[key] for key in ("draws", "seed") if f"{key} = {published[key]}" in injected}


def _untrue(report: Path, record: Mapping[str, Any], again: Mapping[str, Any]) -> list[str]:
    """What a manifest has that is not so."""
    if not record:
        return []
    wrong = []
    for name, checksum in sorted(record["outputs"].items()):
        path = report / name
        if path.is_file() and digest(path) != checksum:
            wrong.append(f"manifest.json: {name} is not the file that it names (its sha256 is {digest(path)[:12]}…)")
    now = inputs()
    for name in changed(record["inputs"], now):
        state = "is new" if name not in record["inputs"] else "is gone" if name not in now else "is another file"
        wrong.append(f"manifest.json: {name} {state} since the report was made")
    wrong += [
        f"manifest.json: {key} is {record['edition'].get(key)!r}; it is {value!r}"
        for key, value in again.get("edition", {}).items()
        if record["edition"].get(key) != value
    ]
    return wrong


def _reasons(record: Mapping[str, Any]) -> list[str]:
    """Why files may differ: other data, other code, other libraries, another machine."""
    if not record:
        return ["the report has no manifest: of which data, code and libraries it was made is not known"]
    reasons = []
    names = changed(record["inputs"], inputs())
    for what, tops in (
        ("data", ("data",)),
        ("code", ("cwi", "notebooks")),
        ("list of packages", ("requirements.lock",)),
    ):
        if touched := [name for name in names if name.split("/")[0] in tops]:
            reasons.append(f"the {what} changed: {len(touched)} files, the first {touched[0]}")
    for package, old in record.get("versions", {}).items():
        now = (
            machine() if package == MACHINE else platform.python_version() if package == "python" else _version(package)
        )
        if now != old:
            reasons.append(f"{package} was {old} and is {now}")
    return reasons or [
        "data, code, libraries and machine are those of the manifest: what differs was changed afterwards"
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
