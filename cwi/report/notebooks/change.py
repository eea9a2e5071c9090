"""What a change of the reader's own does: a few numbers before and after it, for the last section of a notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from cwi.errors import DataError
from cwi.report.blocks import Paragraph, Section, Table
from cwi.report.languages import Language
from cwi.report.ledger import Ledger

__all__ = ["before_and_after"]

MOST = 10  # rows that are printed
COLUMNS = ("before", "after", "change")


def before_and_after(
    before: pd.Series,
    after: pd.Series,
    caption: str,
    *,
    names: Mapping[str, str] | Callable[[str], str] | None = None,
    decimals: int = 1,
    synthetic: bool = False,
    language: Language | str = "en",
    ledger: Ledger | None = None,
) -> Section:
    """The numbers that differ, those that change most first.

    Parameters
    ----------
    before, after
        Numbers in the same unit, matched by their index; what only one of them has is compared with a missing number.
    caption
        What the numbers are.
    names
        What rows are called, by the index; the index itself by default.
    decimals
        That are printed; numbers that are alike to so many decimals do not differ.
    synthetic
        Whether the numbers come from synthetic data, which is then printed first.
    language
        Of everything that is printed.
    ledger
        Where the printed numbers are entered, under change.<row>; entries of an earlier run of the cell are replaced.

    Returns
    -------
    Section
        A table of at most ten rows with a note on how many differ; behind it all rows: name, before, after, change.

    Raises
    ------
    DataError
        If the two have no row in common.

    Examples
    --------
    >>> before, after = pd.Series({"KZ-71": 50.0, "KZ-75": 60.0}), pd.Series({"KZ-71": 52.0, "KZ-75": 60.0})
    >>> before_and_after(before, after, "Score", names={"KZ-71": "Astana"}).tables()[0].rows
    [['Astana', '50.0', '52.0', '+2.0']]
    """
    if before.index.intersection(after.index).empty:
        raise DataError("the numbers before and after the change have no row in common")
    words = Language(language) if isinstance(language, str) else language
    if ledger is not None:
        ledger.restart("change.")
    data = pd.DataFrame({"before": before, "after": after}, dtype=float).round(decimals)
    data["change"] = (data["after"] - data["before"]).round(decimals)
    data.insert(0, "name", [_called(key, names) for key in data.index])
    data = data[data[["before", "after"]].notna().any(axis=1)]
    differs = data["change"] != 0  # a missing number differs from any other
    order = data["change"].abs().fillna(np.inf).sort_values(ascending=False, kind="stable").index
    shown = data.loc[order][differs.loc[order]].head(MOST)
    mark = words.text("analysis.synthetic")
    warning = [Paragraph(mark, "warning")] if synthetic else []
    if shown.empty:
        none = words.text("analysis.change.none", what=caption, n=words.number(len(data), 0))
        return Section([*warning, Paragraph(none)])
    counts = {"n": words.number(int(differs.sum()), 0), "all": words.number(len(data), 0), "most": str(MOST)}
    note = words.text("analysis.change.differ", **counts)
    if differs.sum() > MOST:
        note += " " + words.text("analysis.change.most", **counts)
    rows = [
        [name, *_printed(_entry(key), values, decimals, words, ledger)]
        for key, name, *values in shown.itertuples(name=None)
    ]
    heads = [words.text(f"analysis.column.{column}") for column in ("name", *COLUMNS)]
    table = Table("changed", caption, heads, rows, data.reset_index(drop=True), note)
    section = Section([*warning, table])
    return section.marked(mark) if synthetic else section


def _called(key: object, names: Mapping[str, str] | Callable[[str], str] | None) -> str:
    parts = [str(part) for part in (key if isinstance(key, tuple) else (key,))]
    if callable(names):
        return ", ".join(names(part) for part in parts)
    return ", ".join(part if names is None else str(names.get(part, part)) for part in parts)


def _entry(key: object) -> str:
    return ".".join(str(part).replace(" ", "_") for part in (key if isinstance(key, tuple) else (key,)))


def _printed(key: str, values: Sequence[float], decimals: int, words: Language, ledger: Ledger | None) -> list[str]:
    """Before, after and the change with its sign."""
    signs = (False, False, True)
    if ledger is None:
        return [words.number(value, decimals, sign=sign) for value, sign in zip(values, signs, strict=True)]
    return [
        ledger.number(f"change.{key}.{column}", value, decimals=decimals, sign=sign)
        for column, value, sign in zip(COLUMNS, values, signs, strict=True)
    ]
