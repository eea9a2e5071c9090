"""How another methodology revises a series of editions: by year, by cause, by level of the tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cwi.analysis.comparison.revision_causes import CAUSES, Revision, revision
from cwi.edition import Edition
from cwi.methodology import Methodology
from cwi.methods.ranking import spearman

__all__ = ["Revisions", "revisions"]

PARTS = (*CAUSES, "coverage")


@dataclass(frozen=True, eq=False)
class Revisions:
    """The revisions of several years from one methodology to another; ``decimals``: to which scores are printed."""

    old: str
    new: str
    decimals: int
    each: tuple[Revision, ...]

    @cached_property
    def years(self) -> pd.DataFrame:
        """A row a year, over the regions with an index under both methodologies.

        index year; regions (how many), mean, mean_absolute (points), largest (region; empty without one),
        points (its revision), moved (regions with another rank), most (places), spearman (of the two orders; missing
        below three regions).
        """
        return pd.DataFrame([_year(change) for change in self.each]).set_index("year")

    @cached_property
    def causes(self) -> pd.DataFrame:
        """A row a year and cause: mean, mean_absolute (points, of the regions), share (of the sum of mean_absolute)."""
        rows = []
        for change in self.each:
            parts = change.both[list(PARTS)]
            absolute = parts.abs().mean()
            for cause in PARTS:
                rows.append(
                    {
                        "year": change.year,
                        "cause": cause,
                        "mean": parts[cause].mean(),
                        "mean_absolute": absolute[cause],
                        "share": absolute[cause] / absolute.sum() if absolute.sum() > 0 else np.nan,
                    }
                )
        return pd.DataFrame(rows)

    @cached_property
    def regions(self) -> pd.DataFrame:
        """A row a year and region, the nation too: the columns of ``Revision.regions``."""
        return pd.concat(
            [change.regions.reset_index().assign(year=change.year) for change in self.each], ignore_index=True
        )

    @cached_property
    def levels(self) -> pd.DataFrame:
        """A row a year and level: which scores moved.

        year, level, both (scores under both methodologies), changed (of these, another one at the printed decimals),
        only_old, only_new (scores under one of them), mean_absolute (points, of those under both).
        """
        tables = []
        for change in self.each:
            nodes = change.nodes
            both = nodes["difference"].notna()
            changed = nodes["old"].round(self.decimals) != nodes["new"].round(self.decimals)
            counted = pd.DataFrame(
                {
                    "level": nodes["level"],
                    "both": both,
                    "changed": both & changed,
                    "only_old": nodes["old"].notna() & nodes["new"].isna(),
                    "only_new": nodes["new"].notna() & nodes["old"].isna(),
                    "mean_absolute": nodes["difference"].abs(),
                }
            )
            table = counted.groupby("level", sort=False).agg(
                {"both": "sum", "changed": "sum", "only_old": "sum", "only_new": "sum", "mean_absolute": "mean"}
            )
            tables.append(table.reset_index().assign(year=change.year))
        return pd.concat(tables, ignore_index=True)


def revisions(edition: Edition, under: str | Methodology, years: Iterable[int]) -> Revisions:
    """Revise each year from the edition's methodology to another one, as :func:`revision` does.

    Parameters
    ----------
    edition
        Under the old methodology, with the observations of all years.
    under
        The new methodology.
    years
        The years, each with its own regions.

    Raises
    ------
    MethodologyError
        As :func:`revision` does.

    Examples
    --------
    >>> from cwi import read_edition
    >>> result = revisions(read_edition(2023), "2026.1", [2023])
    >>> int(result.years.loc[2023, "regions"]), round(float(result.causes["share"].sum()), 9)
    (20, 1.0)
    """
    each = tuple(revision(edition.earlier(year), under) for year in years)
    return Revisions(each[0].old, each[0].new, edition.methodology.decimals, each)


def _year(change: Revision) -> dict[str, object]:
    both = change.both
    size = both["difference"].abs()
    largest = "" if both.empty else str(size.idxmax())
    ranks = both[["old_rank", "new_rank"]].to_numpy(float).T
    return {
        "year": change.year,
        "regions": len(both),
        "mean": change.mean,
        "mean_absolute": change.mean_absolute,
        "largest": largest,
        "points": both["difference"].get(largest, np.nan),
        "moved": int((both["moved"] != 0).sum()),
        "most": float(both["moved"].abs().max()),
        "spearman": float(spearman(ranks[0], ranks[1])) if len(both) > 2 else np.nan,
    }
