"""A new project folder: a copy of the release, or the files of an empty project with their columns."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cwi import folders
from cwi.errors import ProjectError
from cwi.writing import new_folder

__all__ = ["copy_release", "empty_project"]

COPIED = ("data", "notebooks", "requirements.lock")
SKIPPED = ("__pycache__", ".ipynb_checkpoints", ".DS_Store", "*.pyc", ".*.new-*")

README = """\
# A project of cwi

Fill the files in this order; `cwi check` names what is missing or wrong, with file and line.

1. `data/regions.csv`: the nation and its regions: code, kind (nation, region, city), names in English, Russian and
   Kazakh (repeat one where there is no other), and from when and to when the territory exists (empty: always).
2. `data/boundary_changes.csv`: date, old and new code, where a region was divided; leave it as it is otherwise.
3. `data/series.csv`: each indicator with its unit, the least and the largest value it may have, and its kind (share,
   rate, ratio, mean, index, count, money, context).
4. `data/observations/SOURCE.csv`: region, year, indicator, value, status, source; one file a source.
   The statuses are in `data/statuses.csv`.
5. `data/sources.toml`: a record for each file: publisher, title, licence, retrieved, file and its sha256.
6. `data/methodology/1.0/`: the indicators with their place in the tree and their worst and best end; the rules.
7. `cwi edition new YEAR --methodology 1.0` makes an edition, `cwi score YEAR` prints the scores.

Optional: `data/country.toml` has the languages of the reports and the sentences about the country, `data/boundaries/`
its borders (`regions_YEAR.geojson`, with a property `code`; YEAR is the first year they are true of). The page
`docs/how-to/another-country.md` of the repository goes through all of it.
"""
RULES = """\
# The rules of the index; indicators.csv beside this file holds the tree and the ends of the scales.
version  = "1.0"
status   = "working"
title_en = "A working methodology"
base     = []               # the years that ends and data-driven weights are read from
nation   = "NATION"         # the code of the nation in data/regions.csv
normalisation = {name = "goalposts", cap = true}
max_age  = 0                # how many years later a figure may stand in for a missing one
decimals = 1

[[level]]
name        = "dimension"
weighting   = "equal"
aggregation = "arithmetic"
coverage    = 0.5           # share of the weight of its parts that must be measured

[[level]]
name        = "index"
weighting   = "equal"
aggregation = "arithmetic"
coverage    = 1.0
"""
COUNTRY = """\
# What reports print about the country; each line is optional.
languages = ["kk", "ru", "en"]  # in which reports are made
# projection = "+proj=laea +lat_0=48 +lon_0=67"  # of maps, as PROJ writes it
# [texts."report.title"]  # other words for a message of the reports, in every language
# en = "Child well-being in our country, {year}"
"""
EMPTY = {
    "README.md": README,
    "data/regions.csv": "code,kind,name_en,name_ru,name_kk,valid_from,valid_to\nNATION,nation,The nation,Страна,Ел,,\n",
    "data/country.toml": COUNTRY,
    "data/boundary_changes.csv": "date,old,new,note,source\n",
    "data/series.csv": "indicator,title_en,title_ru,unit,low,high,kind,source_code,used,judgement\n",
    "data/sources.toml": "# A record for each file of data/observations; its name is the stem of the file.\n",
    "data/methodology/1.0/methodology.toml": RULES,
    "data/methodology/1.0/indicators.csv": "code,dimension,title_en,unit,worst,best,weight,decimals,data\n",
}


def copy_release(folder: Path) -> Path:
    """Copy the data, the notebooks and the list of packages of this release into a new folder.

    Raises
    ------
    ProjectError
        If the folder holds something, or the library was installed without its data.
    WritingError
        If it cannot be written; nothing is left behind then.
    """
    release = folders.release()
    if not (release / folders.MARK).is_file():
        raise ProjectError(
            "the data of the release did not come with this installation; take them from the repository, or begin with "
            "'cwi init FOLDER --empty'"
        )
    with _begun(folder) as aside:
        _copy(COPIED, release, aside)
    return folder


def empty_project(folder: Path) -> Path:
    """Write a project without data: every file with its columns, the usual statuses, a methodology to fill in.

    Raises
    ------
    ProjectError
        If the folder holds something.
    WritingError
        If it cannot be written; nothing is left behind then.

    Examples
    --------
    >>> import tempfile
    >>> made = empty_project(Path(tempfile.mkdtemp()) / "testland")
    >>> sorted(path.name for path in (made / "data").iterdir())[:4]
    ['boundary_changes.csv', 'country.toml', 'methodology', 'observations']
    """
    release = folders.release()
    with _begun(folder) as aside:
        for name, text in EMPTY.items():
            path = aside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        (aside / "data" / "observations").mkdir()
        _copy(("data/statuses.csv", "notebooks"), release, aside)
    return folder


@contextmanager
def _begun(folder: Path) -> Iterator[Path]:
    """A new folder that is filled aside; one that has something in it is refused."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(f"{folder.as_posix()}: there is something in it already; name a new folder")
    with new_folder(folder) as aside:
        yield aside


def _copy(names: Iterable[str], release: Path, target: Path) -> None:
    """Copy these files and folders of the release, as far as it has them."""
    for name in names:
        source = release / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns(*SKIPPED))
        elif source.is_file():
            shutil.copyfile(source, target / name)
