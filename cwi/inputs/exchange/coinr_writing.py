"""Write a methodology and its observations as the iMeta and iData of the R package COINr."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.errors import DataError, MethodologyError
from cwi.folders import relative
from cwi.inputs.cells import refuse_formula
from cwi.inputs.exchange.framework import csv_text, into_place
from cwi.inputs.exchange.parts import refuse_code
from cwi.methodology import Methodology

__all__ = ["write_coinr"]

FUNCTIONS = {"arithmetic": "a_amean", "geometric": "a_gmean", "harmonic": "a_hmean"}


def write_coinr(
    folder: Path,
    methodology: Methodology,
    observations: pd.DataFrame,
    *,
    weights: Sequence[NDArray[np.float64]] | None = None,
    names: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Write iMeta.csv and iData.csv into a new folder, for ``COINr::new_coin``.

    Parameters
    ----------
    observations
        Long table as for :func:`cwi.score`; rows by sex or area, of other indicators and of a status that is not
        scored are left out, and so is the nation. The ``cells`` of scores will do too, and are what the scores were
        made of, with what was carried or imputed.
    weights
        The weights to write, as ``Scores.weights``; needed where a level's weights are learnt from data. By default
        those that the methodology states, or 1 where parts count alike.
    names
        Names of the units by code.

    Returns
    -------
    What the two tables cannot say and must be told COINr in R, as sentences.

    Raises
    ------
    DataError, MethodologyError
        If the folder is there already, or the methodology does what iMeta has no words for.

    Examples
    --------
    >>> import tempfile
    >>> from cwi import read_edition
    >>> edition = read_edition(2023)
    >>> said = write_coinr(Path(tempfile.mkdtemp()) / "coinr", edition.methodology, edition.observations)
    >>> said[0][:67]
    'Normalise with f_n = "n_goalposts" and f_n_para = "use_iMeta": the '
    """
    where = relative(methodology.path)
    if methodology.normalisation.name != "goalposts":
        raise MethodologyError(
            f"{where}: iMeta has no words for the normalisation '{methodology.normalisation}'; export a methodology "
            "with 'goalposts', or write the scores as a workbook"
        )
    table = _totals(observations, methodology)
    meta, awaited = _imeta(methodology, _weights(methodology, weights), set(table["indicator"]))
    codes = [row["iCode"] for row in meta if row["Type"] == "Indicator"]
    wide = table.pivot(index=["region", "year"], columns="indicator", values="value").reindex(columns=codes)
    scales = methodology.indicators.set_index("code")["scale"]
    logs = [code for code in codes if scales[code] == "log"]
    for code in logs:
        if (wide[code] <= 0).any():
            raise DataError(f"{where}: '{code}' is read on a logarithmic scale but has a value that is not above zero")
        wide[code] = np.log(wide[code])
    data = wide.sort_index(level=["year", "region"]).reset_index()
    for code in data["region"].unique():
        refuse_code(code, where, "uCode", DataError)
        if code in {row["iCode"] for row in meta}:
            raise DataError(f"{where}: '{code}' is the code of a unit and of a node; COINr needs two different ones")
    given = names or {}
    for code in data["region"].unique():
        refuse_formula(given.get(code, ""), f"the name of '{code}'", DataError)
    data.insert(1, "uName", [given.get(code, code) for code in data["region"]])
    data = data.rename(columns={"region": "uCode", "year": "Time"})[["uCode", "uName", "Time", *codes]]
    with into_place(Path(folder)) as aside:
        for name, rows in (("iMeta", pd.DataFrame(meta)), ("iData", data)):
            (aside / f"{name}.csv").write_text(csv_text(rows), encoding="utf-8", newline="\n")
    return (*_notes(methodology, logs, awaited), *_not_measured(table))


def _totals(observations: pd.DataFrame, methodology: Methodology) -> pd.DataFrame:
    """The rows that COINr is given: one a region, year and indicator; a missing value keeps its unit."""
    for column in ("region", "year", "indicator", "value"):
        if column not in observations:
            raise DataError(f"the observations have no column '{column}'; they have {', '.join(observations.columns)}")
    table = observations[observations["indicator"].isin(methodology.indicators["code"])]
    table = table[methodology.is_region(table["region"])]
    for column in ("sex", "area"):
        if column in table:
            table = table[table[column].fillna("") == ""]
    if "scored" in table:
        table = table[table["scored"].astype(bool)]
    key = ["region", "year", "indicator"]
    if (twice := table.duplicated(key)).any():
        row = table[twice].iloc[0]
        raise DataError(f"{row['indicator']} in {row['region']}, {row['year']} has two values; a value has one row")
    if table["value"].notna().sum() == 0:
        raise DataError(f"no indicator of methodology {methodology.version} has a value; there is nothing to write")
    return table


def _weights(methodology: Methodology, weights: Sequence[NDArray[np.float64]] | None) -> dict[str, float]:
    """What every part counts in its parent."""
    tree = methodology.tree
    nodes = {node.code: node for level in methodology.nodes for node in level}
    table = methodology.indicators
    stated = dict(zip(table["code"], table["weight"], strict=True)) | {code: n.weight for code, n in nodes.items()}
    if weights is not None:
        for codes, row in zip(tree.codes, weights, strict=False):
            stated |= dict(zip(codes, np.asarray(row, dtype=float).tolist(), strict=True))
        return stated
    for code, parent in tree.parent_of.items():
        rule = nodes[parent].weighting.name
        if rule not in ("stated", "equal"):
            raise MethodologyError(
                f"{relative(methodology.path)}: the weights of '{parent}' are learnt from data ('{rule}'); "
                "hand in the weights of the scores"
            )
        stated[code] = float(stated[code]) if rule == "stated" else 1.0
    return stated


def _imeta(
    methodology: Methodology, weights: Mapping[str, float], measured: set[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of iMeta, and the indicators that have no value and are left out."""
    where = relative(methodology.path)
    table = methodology.indicators
    tree = methodology.tree
    parents = tree.parent_of
    kept = table[table["code"].isin(measured.intersection(tree.under(tree.top)))]
    rows: list[dict[str, Any]] = []
    for row in kept.to_dict("records"):
        log = row["scale"] == "log"
        ends = [math.log(row[end]) if log else row[end] for end in ("worst", "best")]
        less = row["best"] < row["worst"]
        rows.append(
            {
                "iCode": row["code"],
                "Level": 1,
                "Parent": parents[row["code"]],
                "Direction": -1 if less else 1,
                "Weight": weights[row["code"]],
                "Type": "Indicator",
                "iName": row["title_en"] or row["code"],
                "Unit": f"ln({row['unit']})" if log else row["unit"],
                "goalpost_lower": min(ends),
                "goalpost_upper": max(ends),
                "goalpost_scale": 100,
                "goalpost_trunc2posts": "TRUE" if methodology.normalisation.parameters.get("cap", True) else "FALSE",
            }
        )
    needed = {row["Parent"] for row in rows}
    for level, nodes in enumerate(methodology.nodes, start=2):
        for node in nodes:
            if node.code in needed:
                needed.add(node.parent or "NA")
                rows.append(
                    {"iCode": node.code, "Level": level, "Parent": node.parent or "NA", "Direction": 1}
                    | {"Weight": weights[node.code], "Type": "Aggregate", "iName": node.titles["en"], "Unit": ""}
                    | {"goalpost_lower": math.nan, "goalpost_upper": math.nan, "goalpost_scale": None}
                    | {"goalpost_trunc2posts": ""}
                )
    for line in rows:
        refuse_code(line["iCode"], where, "iCode", MethodologyError)
        for column in ("iName", "Unit"):
            refuse_formula(line[column], f"{where}: {column} of '{line['iCode']}'", MethodologyError)
    return rows, [code for code in tree.under(tree.top) if code not in measured]


def _notes(methodology: Methodology, logs: Sequence[str], awaited: Sequence[str]) -> list[str]:
    notes = ['Normalise with f_n = "n_goalposts" and f_n_para = "use_iMeta": the ends are the goalposts of iMeta.']
    rules = [level.aggregation for level in methodology.levels]
    words = [FUNCTIONS.get(rule.name, "") for rule in rules]
    if all(words):
        quoted = ", ".join(f'"{word}"' for word in words)
        notes.append(f"Aggregate with f_ag = c({quoted}), lowest level first.")
    else:
        unknown = dict.fromkeys(str(rule) for rule, word in zip(rules, words, strict=True) if not word)
        notes.append(f"COINr has no function for the aggregation {', '.join(unknown)}; write one in R.")
    if any(rule.parameters.get("floor") is not None for rule in rules):
        notes.append("COINr has no floor under scores; lift the normalised scores before the aggregation.")
    if any({"aggregation", "weighting", "coverage"} & set(override) for override in methodology.overrides.values()):
        notes.append("Nodes with rules of their own have them only here.")
    if any(level.coverage for level in methodology.levels):
        notes.append(
            "The coverage rule stays behind: dat_thresh of COINr counts parts, coverage here counts their weight."
        )
    if logs:
        notes.append(f"Values and goalposts are natural logarithms, as their scale here is: {', '.join(logs)}.")
    if methodology.treatment is not None:
        notes.append("Outliers are treated here; iData holds the values before that.")
    if methodology.nation is not None:
        notes.append(f"The nation '{methodology.nation}' is left out: COINr would rank it among the regions.")
    if awaited:
        notes.append(f"Without a value, so not in the tables: {', '.join(awaited)}.")
    return notes


def _not_measured(table: pd.DataFrame) -> list[str]:
    """Notes on values that were not measured in that year, where the table shows it."""
    table, notes = table[table["value"].notna()], []
    if "observed" in table and (n := int((table["observed"] < table["year"]).sum())):
        notes.append(f"{n} of {len(table)} values were carried from an earlier year.")
    if "status" in table and (n := int((table["status"] == "imputed").sum())):
        notes.append(f"{n} of {len(table)} values were imputed.")
    return notes
