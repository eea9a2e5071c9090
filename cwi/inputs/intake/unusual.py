"""Figures that are readable and still asked about: jumps, copies, outliers, a nation outside its regions.

The rules are those of ``cwi check`` (docs/decisions, questions about cells), so that what is entered raises no question
there. Two are added for figures that arrive a few at a time, or for the first time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cwi.derived_series import DerivedSeries, compute_series
from cwi.inputs.intake.request import Request
from cwi.inputs.questions import ask
from cwi.observations import MIDDLING
from cwi.territory import Territory
from cwi.vintage import EVERY

__all__ = ["Known", "Question", "covers", "together", "unusual"]

FEW = 5  # regions that a median change, or a comparison of regions, needs
FAR = 5.0  # modified z-score from which a region of a new series is asked about
BOUNDS = (1.0, 99.0)  # shares are compared on the logit scale inside these
Key = tuple[str, str]


@dataclass(frozen=True)
class Question:
    """What was noticed about one figure, or about a column of figures (region 'all').

    ``before``: the year compared with, 0 where there is none; ``checked``: whether ``cwi check`` asks it too;
    ``inputs``: of a series that is computed, the delivered series that it is computed from.
    """

    check: str
    series: str
    region: str
    before: int = 0
    checked: bool = False
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Known:
    """What figures are measured against: the observations without this intake, the regions, the register of series
    (as :func:`cwi.observations.read_series` gives it) and the formulas of those that are computed."""

    history: pd.DataFrame
    territory: Territory
    series: pd.DataFrame
    formulas: Mapping[str, DerivedSeries]


def unusual(values: Mapping[Key, float], request: Request, known: Known) -> list[Question]:
    """Every question about figures of the request's year.

    Parameters
    ----------
    values
        The figures by series and region.
    request
        The year, and the kinds of series.
    known
        What they are measured against.

    Returns
    -------
    list of Question
        Those of ``ask`` about the delivered series and about those that are computed from them: jump, division, copied
        column, total outside its parts, definition break; jump where fewer than five regions of the series have come,
        measured against the regions' last figures; 'outlier' of a series without a figure before: more than five
        modified z-scores from the other regions (at least five); 'nation outside': a share, rate, ratio or mean of the
        nation outside its regions (at least five); 'computed outside' the limits.
    """
    if not values:
        return []
    year, territory = request.year, known.territory
    asked = request.cells.drop_duplicates("series").set_index("series")
    new = _as_rows(values, year)
    delivered = set(new["indicator"])
    formulas = {code: each for code, each in known.formulas.items() if delivered & set(each.formula.series)}
    names = delivered | {name for each in formulas.values() for name in (each.series, *each.formula.series)}
    history = known.history[known.history["indicator"].isin([*names, "population"]) & (known.history["year"] <= year)]
    computed = _computed(pd.concat([history[history["year"] == year], new], ignore_index=True), formulas, known, year)
    kinds = {code: str(asked.at[code, "kind"]) for code in asked.index if code in delivered}
    kinds |= {code: str(known.series.at[code, "kind"]) for code in formulas if code in known.series.index}
    register = pd.DataFrame({"used": "yes", "kind": pd.Series(kinds, dtype=object)})
    table = pd.concat([history, new, computed], ignore_index=True).astype({"value": float, "scored": bool})
    questions = _asked(table, register, territory, year, checked=True)
    count = new[new["region"] != territory.nation].groupby("indicator")["region"].nunique()
    few = set(count.index[count < FEW])
    already = {(each.check, each.series, each.region) for each in questions}
    if few:
        fillers = _last_figures(history[history["indicator"].isin(few)], new, year)
        table_of_few = pd.concat([table[table["indicator"].isin(few)], fillers])
        more = _asked(table_of_few, register.loc[register.index.isin(few)], territory, year, checked=False)
        questions += [
            each for each in more if each.check == "jump" and (each.check, each.series, each.region) not in already
        ]  # fmt: skip
    questions += [*_outliers(new, history, asked, territory), *_nation(table, asked, territory, year, values)]
    questions += _beyond(computed, known.series)
    questions = [
        replace(each, inputs=formulas[each.series].formula.series) if each.series in formulas else each
        for each in questions
    ]
    return [each for each in questions if any(covers(each, key) for key in values)]


def together(series: Collection[str], formulas: Mapping[str, DerivedSeries]) -> set[str]:
    """These series and those that are computed with them: what a question may be about when one of them changes."""
    found = set(series)
    for each in formulas.values():
        if found & set(each.formula.series):
            found |= set(each.formula.series)
    return found


def covers(question: Question, key: Key) -> bool:
    """Whether a question is about this figure."""
    return key[0] in (question.series, *question.inputs) and question.region in (key[1], EVERY)


def _as_rows(values: Mapping[Key, float], year: int) -> pd.DataFrame:
    rows = [(series, region, value) for (series, region), value in values.items()]
    return _whole_rows(pd.DataFrame(rows, columns=["indicator", "region", "value"]).assign(year=year))


def _whole_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Totals with the columns of observations."""
    table = table.assign(sex="", area="", status="provisional", scored=True, source="", file="", line=0)
    return table.astype({"year": int, "value": float, "scored": bool, "line": int})


def _computed(rows: pd.DataFrame, formulas: Mapping[str, DerivedSeries], known: Known, year: int) -> pd.DataFrame:
    """The figures of the year that formulas give of the delivered ones."""
    tables = [compute_series(each, rows, known.territory).assign(indicator=code) for code, each in formulas.items()]
    if not tables:
        return _as_rows({}, year)
    table = pd.concat(tables, ignore_index=True)[["indicator", "region", "year", "value"]]
    there = pd.MultiIndex.from_frame(known.history.loc[known.history["year"] == year, ["indicator", "region"]])
    new = ~pd.MultiIndex.from_frame(table[["indicator", "region"]]).isin(there)
    return _whole_rows(table[new & (table["year"] == year).to_numpy()])


def _beyond(computed: pd.DataFrame, series: pd.DataFrame) -> list[Question]:
    """Computed figures outside the limits of the register, which no file of observations may hold."""
    low, high = (computed["indicator"].map(series[name]) for name in ("low", "high"))
    outside = computed[(computed["value"] < low) | (computed["value"] > high)]
    return [Question("computed outside", str(code), str(region)) for code, region in
            outside[["indicator", "region"]].to_numpy()]  # fmt: skip


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
            questions += [Question("outlier", str(series), str(region)) for region in far]
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
            questions.append(Question("nation outside", series, region))
    return questions
