"""What a change of the reader's own does: a few numbers before and after it, for the last cell of a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cwi.errors import DataError
from cwi.report.blocks import Paragraph, Section, Table

__all__ = ["before_and_after"]

MOST = 10  # rows that are printed
WARNING = "SYNTHETIC: drawn by a computer. No conclusion may be drawn from these numbers."


def before_and_after(
    before: pd.Series,
    after: pd.Series,
    caption: str,
    *,
    names: Mapping[str, str] | None = None,
    decimals: int = 1,
    synthetic: bool = False,
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
    data = pd.DataFrame({"before": before, "after": after}, dtype=float).round(decimals)
    data["change"] = (data["after"] - data["before"]).round(decimals)
    data.insert(0, "name", [_called(key, {} if names is None else names) for key in data.index])
    data = data[data[["before", "after"]].notna().any(axis=1)]
    differs = data["change"] != 0  # a missing number differs from any other
    order = data["change"].abs().fillna(np.inf).sort_values(ascending=False, kind="stable").index
    shown = data.loc[order][differs.loc[order]].head(MOST)
    note = f"{int(differs.sum())} of {len(data)} differ"
    note += f"; the {MOST} that change most are printed." if differs.sum() > MOST else "."
    warning = [Paragraph(WARNING, "warning")] if synthetic else []
    if shown.empty:
        return Section([*warning, Paragraph(f"{caption}: none of {len(data)} numbers changes.")])
    rows = [[name, *_printed(values, decimals)] for name, *values in shown.itertuples(index=False, name=None)]
    if synthetic:
        caption, data = f"Synthetic: {caption}", data.assign(origin="synthetic")
    heads = ["", "before", "after", "change"]
    return Section([*warning, Table("changed", caption, heads, rows, data.reset_index(drop=True), note)])


def _called(key: object, names: Mapping[str, str]) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return ", ".join(str(names.get(str(part), part)) for part in parts)


def _printed(values: Sequence[float], decimals: int) -> list[str]:
    """Before, after and the change with its sign."""
    formats = (f".{decimals}f", f".{decimals}f", f"+.{decimals}f")
    return [
        "–" if np.isnan(value) else format(value, wanted).replace("-", "\N{MINUS SIGN}")
        for value, wanted in zip(values, formats, strict=True)
    ]
