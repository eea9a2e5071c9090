"""Which year a figure is of: small numbers pooled over years, one year for all regions, decisions on single cells.

A methodology says each as data: ``pooled_years`` in indicators.csv, ``vintage`` in methodology.toml, and cells.csv
beside them. Between the long table of observations and the panel.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cwi import folders
from cwi.errors import MethodologyError, near
from cwi.textfiles import number, read_csv

__all__ = ["DECISIONS", "EVERY", "decided", "of_one_year", "pooled", "read_cell_decisions"]

KEEP, EXCLUDE, STANDS_FOR = "keep", "exclude", "stands for"
DECISIONS = (KEEP, EXCLUDE, STANDS_FOR)
COLUMNS = ("indicator", "region", "year", "finding", "decision", "regions", "reason")
EVERY = "all"  # in the column region: each of them, the nation included


def read_cell_decisions(path: Path) -> pd.DataFrame | None:
    """The register of decisions on cells that were asked about; None where a methodology has none.

    Parameters
    ----------
    path
        cells.csv: indicator, region (a code or 'all'), year, finding (what the check noticed), decision (keep; exclude:
        the value is not scored; stands for: the value is that of the regions in the column regions), reason.

    Raises
    ------
    MethodologyError
        With file and line, if a year is no number, a decision is unknown, has no reason or is taken twice.
    """
    if not path.is_file():
        return None
    table = read_csv(path, MethodologyError, required=COLUMNS, filled=True)
    where = folders.relative(path)
    for line, row in table.iterrows():
        here = f"{where} line {line}"
        year = number(row["year"])
        if year is None or year % 1:
            raise MethodologyError(f"{here}: year is '{row['year']}', which is not a whole number")
        if row["decision"] not in DECISIONS:
            raise MethodologyError(f"{here}: decision is '{row['decision']}'{near(row['decision'], DECISIONS)}")
        if not row["reason"]:
            raise MethodologyError(f"{here}: the decision on {row['indicator']} has no reason")
        if (row["decision"] == STANDS_FOR) != bool(row["regions"]):
            raise MethodologyError(f"{here}: 'regions' is filled for the decision '{STANDS_FOR}' and for no other")
    for line in table.index[table.duplicated(["indicator", "region", "year"])]:
        raise MethodologyError(f"{where} line {line}: the cell has a decision already")
    return table.astype({"year": float}).astype({"year": int})


def decided(observations: pd.DataFrame, decisions: pd.DataFrame, status: str) -> pd.DataFrame:
    """Observations after the decisions on cells: excluded ones are not scored, a former territory's go to its parts.

    Parameters
    ----------
    observations
        Long table with region, year, indicator, value; sex, area, scored and status where there are any.
    decisions
        As :func:`read_cell_decisions` gives them.
    status
        What a region's value is called that is that of its former territory.

    Examples
    --------
    >>> table = pd.DataFrame({"region": ["A", "B"], "year": 2023, "indicator": "neet", "value": [6.0, 7.0]})
    >>> row = {"indicator": "neet", "region": "A", "year": 2023, "decision": "exclude", "regions": ""}
    >>> decided(table, pd.DataFrame([row]), "parent region")["region"].tolist()
    ['B']
    """
    key = ["indicator", "year", "region"]
    chosen = decisions[decisions["decision"] != KEEP]
    concerned = observations["indicator"].isin(chosen["indicator"]) & observations["year"].isin(chosen["year"])
    few = observations[concerned]  # of the indicators and years that decisions name
    touched = chosen.set_index(key).index
    marked = pd.MultiIndex.from_frame(few[key]).isin(touched)
    marked |= pd.MultiIndex.from_frame(few[key].assign(region=EVERY)).isin(touched)
    kept = ~concerned.to_numpy(bool)
    kept[~kept] = ~marked
    rows = chosen[chosen["decision"] == STANDS_FOR]
    if rows.empty:
        return observations[kept]
    pairs = rows.assign(part=rows["regions"].str.split()).explode("part")[[*key, "part"]]
    spread = few.merge(pairs, on=key).drop(columns="region").rename(columns={"part": "region"})
    spread = spread.assign(status=status, scored=True)
    same = [column for column in ("indicator", "year", "sex", "area", "region") if column in observations]
    left = few[~marked]
    scored = left[left["scored"].astype(bool)] if "scored" in left else left
    known = pd.MultiIndex.from_frame(spread[same]).isin(pd.MultiIndex.from_frame(scored[same]))
    spread = spread[~known]
    again = pd.MultiIndex.from_frame(left[same]).isin(pd.MultiIndex.from_frame(spread[same]))
    kept[np.flatnonzero(kept & concerned.to_numpy(bool))] = ~again
    both = [observations[kept], spread[observations.columns.intersection(spread.columns)]]
    return pd.concat(both, ignore_index=True)


def pooled(table: pd.DataFrame, years: pd.Series) -> pd.DataFrame:
    """Totals with the values of rare events replaced by their mean over the year and those before it.

    Parameters
    ----------
    table
        region, year, indicator, value; a row a cell.
    years
        By indicator, over how many years; at least two of them must be measured, or there is no value.

    Examples
    --------
    >>> table = pd.DataFrame({"region": "A", "year": [2021, 2022, 2023], "indicator": "deaths", "value": [0, 6.0, 9.0]})
    >>> pooled(table, pd.Series({"deaths": 3}))["value"].tolist()
    [3.0, 5.0]
    """
    many = years[years > 1]
    rare = table["indicator"].isin(many.index)
    if not rare.any():
        return table
    parts = [table[~rare]]
    for code, span in many.items():
        rows = table[table["indicator"] == code]
        wide = rows.pivot(index="year", columns="region", values="value")
        wide = wide.reindex(range(int(wide.index.min()), int(wide.index.max()) + 1))
        mean = wide.rolling(int(span), min_periods=2).mean()
        at = (mean.index.get_indexer(pd.Index(rows["year"])), mean.columns.get_indexer(pd.Index(rows["region"])))
        parts.append(rows.assign(value=mean.to_numpy()[at]).dropna(subset="value"))
    return pd.concat(parts).sort_index(kind="stable")


def of_one_year(recent: pd.DataFrame, share: float, nation: str | None) -> pd.DataFrame:
    """The rows of the newest year of each indicator that at least ``share`` of its regions have.

    Where no year reaches the share, the year that most regions have (the newest of several). A region without a figure
    of that year has none; the nation keeps its own latest where it has none of that year.

    Examples
    --------
    >>> recent = pd.DataFrame({
    ...     "region": ["A", "B", "A"], "year": [2021, 2021, 2023], "indicator": "births", "value": [9.0, 8.0, 7.0]})
    >>> of_one_year(recent, 0.9, None)[["region", "year"]].to_numpy().tolist()
    [['A', 2021], ['B', 2021]]
    """
    regions = recent[recent["region"] != nation]
    if regions.empty:
        return recent
    counts = regions.groupby(["indicator", "year"])["region"].nunique()
    every = regions.groupby("indicator")["region"].nunique()
    enough = counts >= share * every.reindex(counts.index.get_level_values("indicator")).to_numpy() - 1e-9
    most = counts == counts.groupby("indicator").transform("max")
    table = pd.DataFrame({"enough": enough, "most": most}).reset_index()
    table["eligible"] = np.where(table.groupby("indicator")["enough"].transform("any"), table["enough"], table["most"])
    chosen = table[table["eligible"]].groupby("indicator")["year"].max()
    wanted = recent["indicator"].map(chosen)
    same = recent[recent["year"] == wanted]
    national = recent[
        (recent["region"] == nation) & ~recent["indicator"].isin(same.loc[same["region"] == nation, "indicator"])
    ]
    return pd.concat([same, national]).sort_index(kind="stable")
