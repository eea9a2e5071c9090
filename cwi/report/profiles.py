"""Profiles of regions as files: a page and a PDF for each region and language, written aside, then moved into place."""

from __future__ import annotations

import gc
import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

from cwi.edition import Edition, read_edition
from cwi.errors import DataError
from cwi.report.forked_process import processors
from cwi.report.languages import LANGUAGES
from cwi.report.notebooks.region import RegionReport
from cwi.report.numbers import known_numbers
from cwi.report.staging import end_with_parent
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
    asked: tuple[int, str] | None = None,
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
    asked
        Year and methodology with which :func:`~cwi.edition.read_edition` gives this edition. Several regions are then
        written at once, each in a process that is forked of the one of :func:`~cwi.report.forked_process.prepare`,
        which must have been called and have returned true.

    Yields
    ------
    list of Path
        The files of each region, as they are finished, in the order of the regions.

    Raises
    ------
    DataError
        If the edition has no such region, nothing is written then; or if a file of the data was changed meanwhile.
    ParameterError
        If a language is unknown.
    WritingError
        If the folder or a file cannot be written; the files of that region are as before.
    """
    reports = [
        [RegionReport(edition, region, language=code, draws=draws, seed=seed) for code in languages]
        for region in regions
    ]
    if asked is not None and len(reports) > 1:
        codes = [group[0].region for group in reports]
        yield from _at_once(edition, codes, folder, tuple(languages), draws, seed, asked)
        return
    for group in reports:
        with tempfile.TemporaryDirectory() as aside:
            for report in group:
                _write(report, Path(aside))
            files = _place(Path(aside), folder)
        yield files


def _at_once(
    edition: Edition, regions: list[str], folder: Path, languages: tuple[str, ...], draws: int, seed: int,
    asked: tuple[int, str],
) -> Iterator[list[Path]]:  # fmt: skip
    """Each region in the next free process."""
    with (
        tempfile.TemporaryDirectory() as aside,
        ProcessPoolExecutor(
            min(processors(), len(regions)), mp_context=get_context("forkserver"), initializer=end_with_parent
        ) as pool,
    ):
        waiting: list[Future[str]] = []
        try:
            for region in regions:
                place = Path(aside, region)
                place.mkdir()
                waiting.append(pool.submit(_write_all, place, asked, region, languages, draws, seed))
            for region, made in zip(regions, waiting, strict=True):
                if made.result() != edition.checksum:
                    raise DataError(f"the data of {edition.label} were changed while profiles were written; repeat it")
                yield _place(Path(aside, region), folder)
        except BaseException:  # stopped, or one failed: what still runs is of no use
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                worker.terminate()
            raise


def _write_all(
    place: Path, asked: tuple[int, str], region: str, languages: tuple[str, ...], draws: int, seed: int
) -> str:
    """Write one region in a process of its own; what the edition was made of, by checksum."""
    edition = _read(*asked)
    for code in languages:
        _write(RegionReport(edition, region, language=code, draws=draws, seed=seed), place)
    gc.collect()  # which is off in this process: a picture is a circle of objects
    return edition.checksum


@lru_cache(maxsize=1)  # of this process: what is kept for one edition serves all its regions
def _read(year: int, methodology: str) -> Edition:
    return read_edition(year, methodology or None)


def _place(aside: Path, folder: Path) -> list[Path]:
    """Replace the files of a region together."""
    done = sorted(path for path in aside.iterdir() if path.is_file())
    files = [folder / path.name for path in done]
    with writing(*files) as places:
        for place, path in zip(places, done, strict=True):
            place.write_bytes(path.read_bytes())
    return files


def _write(report: RegionReport, folder: Path) -> None:
    from cwi.report.document import write_html, write_pdf  # when a profile is written; they take half a second

    sections, language = report.sections(), report.language
    title, stem = sections[0].blocks[0].plain(), f"{report.region}.{language.code}"
    mark = report.mark
    title = f"{mark}. {title}" if mark else title
    known = known_numbers(report.edition, report.ledger.frame(), language)
    write_html(folder / f"{stem}.html", sections, language=language, title=title, mark=mark, numbers=known)
    foot = report.printer.status_line
    write_pdf(
        folder / f"{stem}.pdf", report.printed(), language=language, title=title, mark=mark, foot=foot, drawn=sections
    )
    report.ledger.write(folder / f"ledger.{stem}.csv")
