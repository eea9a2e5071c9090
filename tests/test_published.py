"""The rows that an edition rested on are frozen, and each that differs is named."""

from collections.abc import Callable
from typing import Any

import pytest

from cwi import read_edition
from cwi.edition import editions
from cwi.errors import DataError
from cwi.published import FROZEN, differing_rows, freeze_rows, read_published

pytestmark = pytest.mark.slow

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]


@pytest.mark.parametrize("year", [year for year, folder in editions().items() if (folder / "published.csv").is_file()])
def test_the_rows_of_every_published_edition_are_frozen(year: int) -> None:
    edition = read_edition(year)
    assert differing_rows(edition) == []
    assert read_published(edition)[1]["data"] == edition.checksum


def test_each_row_that_differs_is_named(project: Any) -> None:
    edition = read_edition(2022)
    (edition.path / FROZEN).write_bytes(freeze_rows(edition))
    assert differing_rows(edition) == []
    assert freeze_rows(read_edition(2022)) == freeze_rows(edition)
    project.change("observations/living.csv", "A,2022,poverty,,,8,,,normal", "A,2022,poverty,,,9,,,derived")
    project.change("observations/living.csv", "B,2022,water,,,99,,,normal,living,\n", "")
    project.append("observations/living.csv", "OLD,2022,water,,,70,,,normal,living,\n")
    project.append("observations/living.csv", "A,2023,water,,,70,,,normal,living,\n")  # of a later year: not used
    project.sign()
    assert differing_rows(read_edition(2022)) == [
        "poverty in A, 2022: status was 'normal' when it was published and is 'derived' now",
        "poverty in A, 2022: value was '8.0' when it was published and is '9.0' now",
        "water in B, 2022 was used when it was published and is gone",
        "water in OLD, 2022 is new since it was published",
    ]


def test_a_file_that_is_gone_or_spoilt(project: Any, says: Says) -> None:
    edition = read_edition(2022)
    with says(DataError, "data/editions/2022/rows.csv.gz: there is no such file"):
        differing_rows(edition)
    (edition.path / FROZEN).write_bytes(b"region,year\n")
    with says(DataError, "data/editions/2022/rows.csv.gz: cannot be read (Not a gzipped file (b're'))"):
        differing_rows(edition)
