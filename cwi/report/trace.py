"""A number followed down to the rows it came from, for a pocket calculator."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cwi.derivation import treat
from cwi.derived_series import rows_by_reference
from cwi.edition import Edition
from cwi.errors import DataError, near
from cwi.index import Scores
from cwi.indicator_scores import spread_between_ends

__all__ = ["trace", "trace_rows"]

NO_FORMULA = "there is no formula for a pocket calculator"


def trace(edition: Edition, region: str, node: str | None = None) -> str:
    """The tree under the score of a region: how each number is made of those below it, down to row and checksum.

    Scores are shown with six decimals and everything else with so many digits that a pocket calculator gives
    the sixth again, to one unit.

    Raises
    ------
    DataError
        If the region or the node is unknown or was not scored.

    Examples
    --------
    >>> from cwi import read_edition
    >>> print(trace(read_edition(2023), "KZ-15", "economy").splitlines()[0])
    Aktobe (KZ-15), 2023: methodology 2024.1
    """
    rows = trace_rows(edition, region, node)
    code, version = str(rows[0]["region"]), edition.methodology.version
    lines = [f"{edition.territory.name(code)} ({code}), {edition.year}: methodology {version}"]
    for row in rows:
        indent = "  " * (int(str(row["depth"])) - int(str(rows[0]["depth"])))
        lines += [indent + line for line in row["lines"]]
    return "\n".join(lines)


def trace_rows(edition: Edition, region: str, node: str | None = None) -> list[dict[str, Any]]:
    """The tree under the score of a region, a row a node, as :func:`trace` prints it.

    Parameters
    ----------
    region
        The code of a region of the edition, or its name in any of the three languages.

    Returns
    -------
    list of rows with the columns of :meth:`cwi.Scores.explain` and ``lines``, the arithmetic and the source in words.

    Raises
    ------
    DataError
        If the region or the node is unknown or was not scored.
    """
    scores, territory = edition.scores, edition.territory
    known = [code for code in (territory.nation, *edition.regions) if code]
    code = territory.code_of(region, known)
    if code is None:
        names = [name for each in known for name in territory.names(each)]
        raise DataError(f"the edition of {edition.year} has no region '{region}'{near(region, known, also=names)}")
    tree = scores.explain(code, edition.year)
    if node is not None:
        tree = _under(tree, node)
    rows: list[dict[str, Any]] = [{str(key): value for key, value in row.items()} for row in tree.to_dict("records")]
    parts = [[r for r in rows[place + 1 :] if _below(rows, place, r)] for place in range(len(rows))]
    lines = [_node(edition, scores, row, below) for row, below in zip(rows, parts, strict=True)]
    return [{**row, "lines": text} for row, text in zip(rows, lines, strict=True)]


def _under(tree: pd.DataFrame, node: str) -> pd.DataFrame:
    at = tree.index[tree["node"] == node]
    if at.empty:
        raise DataError(f"no node is called '{node}'{near(node, tree['node'])}")
    later = tree.index[(tree.index > at[0]) & (tree["depth"] <= tree.at[at[0], "depth"])]
    return tree.loc[at[0] : (later[0] - 1 if len(later) else None)].reset_index(drop=True)


def _below(rows: list[dict[str, object]], place: int, row: dict[str, object]) -> bool:
    """Whether ``row`` is a direct part of the row at ``place``."""
    depth = int(str(rows[place]["depth"]))
    for other in rows[place + 1 :]:
        if int(str(other["depth"])) <= depth:
            return False
        if other is row:
            return int(str(row["depth"])) == depth + 1
    return False


def _node(edition: Edition, scores: Scores, row: dict[str, object], parts: list[dict[str, object]]) -> list[str]:
    flag = f"  [{row['flag']}]" if row["flag"] else ""
    if row["level"] == "indicator":
        return _indicator(edition, scores, row, flag)
    node = next(n for level in scores.methodology.nodes for n in level if n.code == row["node"])
    head = f"{row['node']} = {_number(row['score'])}{flag}"
    measured = [part for part in parts if part["score"] == part["score"]]
    if row["score"] != row["score"]:
        share = 100 * float(str(row["coverage"]))
        return [f"{row['node']}: not scored; {share:.0f}% of the weight of its parts is measured, "
                f"the rule asks for {100 * node.coverage:.0f}%"]  # fmt: skip
    texts = [_number(part["score"]) for part in measured], [f"{float(str(p['share'])):.10g}" for p in measured]
    arithmetic = node.aggregation.traits.arithmetic
    if node.aggregation.of_units:
        how = f"{node.aggregation} compares all regions by {len(measured)} of {len(parts)} parts; {NO_FORMULA}"
    elif arithmetic is None:
        how = f"{node.aggregation} of {len(measured)} of {len(parts)} parts; {NO_FORMULA}"
    else:
        formula = arithmetic(*texts, **node.aggregation.parameters)
        how = f"{node.aggregation} mean of {len(measured)} of {len(parts)} parts: {formula}"
    gone = [str(part["node"]) for part in parts if part["score"] != part["score"]]
    return [
        head,
        f"  {how}",
        *([f"  not measured: {', '.join(gone)}"] if gone else []),
    ]


def _indicator(edition: Edition, scores: Scores, row: dict[str, object], flag: str) -> list[str]:
    if row["value"] != row["value"] or row["value"] is None:
        return [f"{row['node']}: not measured"]
    table = edition.methodology.indicators
    rule = table[table["code"] == row["node"]].iloc[0]
    value = float(str(row["value"]))
    record = edition.sources.get(str(row["source"]), {})
    observation = _row(edition, row, value)
    return [
        f"{row['node']} = {_number(row['score'])}{flag}",
        f"  {_arithmetic(edition, scores, row, value)}, {rule['unit']}",
        f"  {value:.15g} of {float(str(row['observed'])):.0f}, status {row['status']}: {_place(observation)}",
        f"  source {row['source']}: {record.get('publisher', '')}, {record.get('title', '')}; "
        f"sha256 {record.get('sha256', '')}",
        *_formula(edition, record, observation),
    ]


def _arithmetic(edition: Edition, scores: Scores, row: dict[str, object], value: float) -> str:
    """How the score of an indicator is computed from its value, or that there is no formula for a pocket calculator."""
    methodology = scores.methodology
    at = list(methodology.indicators["code"]).index(str(row["node"]))
    rule, scale = methodology.indicators.iloc[at], methodology.scale_of(str(row["node"]))
    treated = treat(methodology, scores.base)
    if treated is not None and treated.how[at] != "none":
        return f"{scale} after the treatment of outliers ({treated.how[at]}); {NO_FORMULA}"
    if scale.traits.arithmetic is None:
        return f"{scale} of {value:.15g}; {NO_FORMULA}"
    base, ends = scores.base, (float(rule["worst"]), float(rule["best"]))
    if base.size:
        one, log = base[:, [at]], np.array([rule["scale"] == "log"])
        base = spread_between_ends(one, np.array([[value]]), np.array(ends)[:, None], log)[:, 0]
    given = {name: float(values[at]) for name, values in scale.given.items()}
    return scale.traits.arithmetic(value, *ends, rule["scale"] == "log", base, **scale.parameters, **given)


def _row(edition: Edition, row: dict[str, object], value: float) -> pd.Series:
    """The row behind a value: the region's own, or that of the former region."""
    rows = edition.base[
        (edition.base["indicator"] == row["node"])
        & (edition.base["year"] == row["observed"])
        & (edition.base["source"] == row["source"])
        & (edition.base["value"] == value)
        & (edition.base["sex"] == "")
        & (edition.base["area"] == "")
    ].set_index("region", drop=False)
    region = str(row["region"])
    owner = next(code for code in [region, *edition.territory.ancestors(region)] if code in rows.index)
    return pd.Series(rows.loc[owner])


def _place(row: Mapping[Hashable, Any] | pd.Series) -> str:
    return f"{row['file']} line {row['line']} ({row['region']})"


def _formula(edition: Edition, record: Mapping[str, Any], row: pd.Series) -> list[str]:
    """For a figure that was derived: how, and the rows it was derived from."""
    derived = edition.project.derived.get(str(row["indicator"])) if edition.project is not None else None
    if derived is None or derived.source != row["source"]:
        return [f"  formula {record['formula']}, from figures that are not kept here"] if "formula" in record else []
    rows = rows_by_reference(edition.base, derived.formula.series)
    known = {reference: float(each["value"]) for reference, each in rows.items()}
    _, used = derived.formula.value(known, edition.territory, str(row["region"]), int(row["year"]))
    inputs = [rows[reference] for reference in used]
    return [
        f"  formula {derived.formula.text}, from {', '.join(sorted({str(each['source']) for each in inputs}))}",
        *(
            f"    {each['indicator']} of {each['region']}, {each['year']} = {each['value']:.15g}: {_place(each)}"
            for each in inputs
        ),
    ]


def _number(value: object) -> str:
    return f"{float(str(value)):.6f}"
