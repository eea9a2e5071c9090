"""The folder of a new edition."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cwi import folders
from cwi.edition.edition import Edition
from cwi.edition.project import open_project
from cwi.edition.settings import approved_settings, checked_year
from cwi.errors import DataError, MethodologyError, near
from cwi.writing import new_folder

__all__ = ["new_edition"]


def new_edition(year: int, methodology: str | None = None, *, root: str | Path | None = None) -> Edition:
    """Make the folder of an edition, data/editions/<year>/edition.toml, and read it.

    Parameters
    ----------
    year
        A year with observations and without an edition.
    methodology
        The version of its methodology; that of the last edition by default.
    root
        The folder of another project.

    Raises
    ------
    DataError
        If there is an edition of the year, or nothing was observed in it.
    MethodologyError
        If there is no such version.
    WritingError
        If the folder cannot be written; nothing is left behind then.
    """
    year = checked_year(year)
    project = open_project(root)
    if year in project.editions:
        raise DataError(f"there is an edition of {year} already; 'cwi edition show {year}' prints its state")
    if year not in (observed := sorted({int(each) for each in project.observations["year"]})):
        raise DataError(
            f"there is no observation of {year}; the last are of {observed[-1]}. An edition is made when the first "
            "figures have arrived"
        )
    if methodology is None:
        if not project.editions:
            raise MethodologyError(f"name the methodology of the edition{near('', project.methodologies)}")
        with folders.within(project.root):
            methodology, _ = approved_settings(project.editions[max(project.editions)])
    project.methodology(methodology)
    folder = project.root / "data" / "editions" / str(year)
    text = f"# The index of {year}: borders at the end of that year, methodology as approved for it.\n"
    with new_folder(folder) as aside:
        (aside / "edition.toml").write_text(f'{text}methodology = "{methodology}"\n', encoding="utf-8", newline="\n")
    return replace(project, editions={**project.editions, year: folder}).edition(year)
