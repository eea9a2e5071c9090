"""Tables as a notebook shows them: escaped, numbers rounded, names at the left."""

from __future__ import annotations

from html import escape

import pandas as pd

__all__ = ["html_table"]

MOST = 60  # rows that are shown


def html_table(table: pd.DataFrame, caption: str, *, decimals: int = 1, index: bool = False) -> str:
    """A table with a caption above it; what it holds is escaped, missing cells are a dash.

    Parameters
    ----------
    decimals
        Of numbers that are not whole.
    index
        Whether the row labels are shown.

    Examples
    --------
    >>> html = html_table(pd.DataFrame({"name": ["<b>"], "score": [1.26]}), "A & B")
    >>> "&lt;b&gt;" in html, "1.3" in html, "A &amp; B" in html
    (True, True, True)
    """
    shown = table.iloc[:MOST]
    more = f"<p>and {len(table) - MOST} more rows</p>" if len(table) > MOST else ""
    rows = shown.to_html(index=index, escape=True, na_rep="–", border=0, float_format=f"{{:.{decimals}f}}".format)
    return f"<p><strong>{escape(caption)}</strong></p>{rows}{more}"
