"""Profiles of regions as files: a page and a PDF for each region and language, written aside, then moved into place."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from cwi.edition import Edition
from cwi.report.languages import LANGUAGES
from cwi.report.notebooks.region import RegionReport
from cwi.writing import writing

__all__ = ["publish_profiles"]

SEED = 20241122  # that of the official report


def publish_profiles(
    edition: Edition,
    regions: Sequence[str],
    folder: Path,
    *,
    languages: Sequence[str] = LANGUAGES,
    draws: int = 1000,
    seed: int = SEED,
) -> Iterator[list[Path]]:
    """Write the profile of each region in each language: what notebooks/region_profile.ipynb shows, as files.

    Parameters
    ----------
    edition
        The year.
    regions
        Codes or names; the nation's code for the country.
    folder
        Made if it is not there; gets ``<code>.<language>.html``, ``.pdf`` and ``ledger.<code>.<language>.csv``. The
        files of a region are replaced together, when all of them are finished; other files stay.
    languages
        kk, ru, en.
    draws, seed
        As in :class:`~cwi.report.notebooks.region.RegionReport`.

    Yields
    ------
    list of Path
        The files of each region, as they are finished.

    Raises
    ------
    DataError
        If the edition has no such region; nothing is written then.
    ParameterError
        If a language is unknown.
    WritingError
        If the folder or a file cannot be written; the files of that region are as before.
    """
    reports = [
        [RegionReport(edition, region, language=code, draws=draws, seed=seed) for code in languages]
        for region in regions
    ]
    for group in reports:
        with tempfile.TemporaryDirectory() as aside:
            for report in group:
                _write(report, Path(aside))
            done = sorted(path for path in Path(aside).iterdir() if path.is_file())
            files = [folder / path.name for path in done]
            with writing(*files) as places:
                for place, path in zip(places, done, strict=True):
                    place.write_bytes(path.read_bytes())
        yield files


def _write(report: RegionReport, folder: Path) -> None:
    from cwi.report.document import write_html, write_pdf  # when a profile is written; they take half a second

    sections, language = report.sections(), report.language
    title, stem = sections[0].blocks[0].plain(), f"{report.region}.{language.code}"
    mark = report.mark
    title = f"{mark}. {title}" if mark else title
    write_html(folder / f"{stem}.html", sections, language=language, title=title, mark=mark)
    foot = report.printer.status_line
    write_pdf(folder / f"{stem}.pdf", report.printed(), language=language, title=title, mark=mark, foot=foot)
    report.ledger.write(folder / f"ledger.{stem}.csv")
