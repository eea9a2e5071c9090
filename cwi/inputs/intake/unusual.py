"""Figures that are readable and still asked about: jumps, copies, outliers, a nation outside its regions.

The rules are those of ``cwi check`` (docs/decisions, questions about cells), so that what is entered raises no question
there. Two are added for figures that arrive a few at a time, or for the first time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cwi.inputs.intake.request import Request
from cwi.inputs.questions import ask
from cwi.observations import MIDDLING
from cwi.territory import Territory
from cwi.vintage import EVERY

__all__ = ["Question", "covers", "unusual"]

FEW = 5  # regions that a median change, or a comparison of regions, needs
FAR = 5.0  # modified z-score from which a region of a new series is asked about
BOUNDS = (1.0, 99.0)  # shares are compared on the logit scale inside these
Key = tuple[str, str]


@dataclass(frozen=True)
class Question:
    """One figure, or a column of figures (region 'all'), and what was noticed; ``checked``: by ``cwi check`` too."""

    check: str
    series: str
    region: str
    before: int
    checked: bool


def unusual(
    values: Mapping[Key, float], history: pd.DataFrame, request: Request, territory: Territory
) -> list[Question]:
    """Every question about figures of the request's year.

    Parameters
    ----------
    values
        The figures by series and region.
    history
        Observations of earlier years and of other sources, as :func:`cwi.observations.read_observations` gives them.
    request
        The year and the kinds of series.
    territory
        The regions.

    Returns
    -------
    list of Question
        Those of ``ask``: jump, division, copied column, total outside its parts, definition break; jump where fewer
        than five regions of the series have come, measured against the regions' last figures; 'outlier' of a series
        without a figure before: more than five modified z-scores from the other regions (at least five); 'nation
        outside': a share, rate, ratio or mean of the nation outside its regions (at least five).
    """
    if not values:
        return []
    year = request.year
    asked = request.cells.drop_duplicates("series").set_index("series")
    register = pd.DataFrame({"used": "yes", "kind": asked["kind"]})
    new = pd.DataFrame(
        [(series, region, value) for (series, region), value in values.items()],
        columns=["indicator", "region", "value"],
    )
    new = new.assign(year=year, sex="", area="", status="provisional", scored=True, file="", line=0)
    delivered = set(new["indicator"])
    history = history[history["indicator"].isin([*delivered, "population"]) & (history["year"] <= year)]
    history = history[~((history["year"] == year) & history["indicator"].isin(delivered) & (history["sex"] == "")
                        & (history["area"] == "") & history["value"].isna())]  # fmt: skip
    register = register.loc[[code for code in register.index if code in delivered]]
    table = pd.concat([history, new], ignore_index=True)
    questions = _asked(table, register, territory, year, checked=True)
    count = new[new["region"] != territory.nation].groupby("indicator")["region"].nunique()
    few = set(count.index[count < FEW])
    fillers = _last_figures(history[history["indicator"].isin(few)], new, year)
    known = {(each.check, each.series, each.region) for each in questions}
    for each in _asked(pd.concat([table, fillers]), register.loc[register.index.isin(few)], territory, year, False):
        if each.check == "jump" and (each.series, each.region) in values and (
            (each.check, each.series, each.region) not in known
        ):  # fmt: skip
            questions.append(each)
    questions += [*_outliers(new, history, asked, territory), *_nation(table, asked, territory, year, values)]
    return [each for each in questions if any(covers(each, key) for key in values)]


def _asked(
    table: pd.DataFrame, register: pd.DataFrame, territory: Territory, year: int, checked: bool
) -> list[Question]:
    rows = ask(table, register, territory, since=year)
    rows = rows[rows["year"] == year]
    return [
        Question(str(row["check"]), str(row["indicator"]), str(row["region"]), int(row["before"]), checked)
        for row in rows.to_dict("records")
    ]


def _last_figures(history: pd.DataFrame, new: pd.DataFrame, year: int) -> pd.DataFrame:
    """The last figures of the regions that have not come, as if of this year: no change against which to compare."""
    totals = history[(history["sex"] == "") & (history["area"] == "") & history["scored"] & history["value"].notna()]
    last = totals[totals["year"].between(year - 2, year - 1)].sort_values("year")
    last = last.drop_duplicates(["indicator", "region"], keep="last")
    come = pd.MultiIndex.from_frame(new[["indicator", "region"]])
    return last[~pd.MultiIndex.from_frame(last[["indicator", "region"]]).isin(come)].assign(year=year)


def _outliers(new: pd.DataFrame, history: pd.DataFrame, asked: pd.DataFrame, territory: Territory) -> list[Question]:
    regions = new[(new["region"] != territory.nation) & ~new["indicator"].isin(set(history["indicator"]))]
    questions = []
    for series, rows in regions.groupby("indicator"):
        values = rows["value"].to_numpy(float)
        if len(values) < FEW:
            continue
        if asked.at[series, "kind"] == "share":
            inside = np.clip(values, *BOUNDS)
            scaled = np.log(inside / (100.0 - inside))
        else:
            scaled = np.log(np.where(values > 0, values, np.nan))
        off = np.abs(scaled - np.nanmedian(scaled))
        mad = float(np.nanmedian(off))
        if mad > 0:
            far = rows["region"].to_numpy()[0.6745 * off / mad > FAR]
            questions += [Question("outlier", str(series), str(region), 0, False) for region in far]
    return questions


def _nation(
    table: pd.DataFrame, asked: pd.DataFrame, territory: Territory, year: int, values: Mapping[Key, float]
) -> list[Question]:
    totals = table[(table["year"] == year) & (table["sex"] == "") & (table["area"] == "") & table["scored"]]
    regions = totals[(totals["region"] != territory.nation) & totals["value"].notna()]
    spans = regions.groupby("indicator")["value"].agg(["min", "max", "size"])
    questions = []
    for (series, region), value in values.items():
        if region != territory.nation or series not in spans.index or asked.at[series, "kind"] not in MIDDLING:
            continue
        low, high, size = spans.loc[series].to_numpy(float)
        if size >= FEW and not low <= value <= high:
            questions.append(Question("nation outside", series, region, 0, False))
    return questions


def covers(question: Question, key: Key) -> bool:
    """Whether a question is about this figure."""
    return question.series == key[0] and question.region in (key[1], EVERY)
