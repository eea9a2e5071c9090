"""The numbers of a report computed again from rows, and what differs from those that were printed."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cwi.edition import Edition
from cwi.inputs.country import read_country
from cwi.published import PUBLISHED
from cwi.report.ledger import merge
from cwi.report.official import OfficialReport

__all__ = ["added", "compare", "languages_of", "recompute"]


def languages_of(edition: Edition) -> tuple[str, ...]:
    """The languages in which reports of the edition's project are made."""
    return read_country(edition.project.root if edition.project is not None else None).languages


def recompute(edition: Edition, *, draws: int, seed: int, languages: Sequence[str] | None = None) -> pd.DataFrame:
    """Every number of the official report computed again from the rows, without drawing or printing; index name.

    ``languages``: those of the project by default.
    """
    frames = []
    for code in languages or languages_of(edition):
        report = OfficialReport(edition, language=code, draws=draws, seed=seed)
        report.sections()
        frames.append(report.ledger.frame())
    return merge(frames)[list(PUBLISHED)].set_index("name")


def added(published: pd.DataFrame, computed: pd.DataFrame) -> list[str]:
    """The names of the numbers that are computed today and were not published."""
    return sorted(set(computed.index) - set(published.index))


def compare(published: pd.DataFrame, computed: pd.DataFrame) -> list[str]:
    """One sentence for every published number that is printed otherwise today, or is gone."""
    before, after = published.to_dict("index"), computed.to_dict("index")
    differences = []
    for name in sorted(map(str, before)):
        if name not in after:
            differences.append(f"{name}: published as {before[name]['text_en']}, not computed today")
            continue
        for column in PUBLISHED[1:]:
            old, new = str(before[name][column]), str(after[name][column])
            if old != new:
                differences.append(f"{name}: {column} was published as {old}, today it is {new}")
                break
    return differences
