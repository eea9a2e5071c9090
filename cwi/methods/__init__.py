"""The ground: what the field calls a method, as pure functions on NumPy arrays.

No pandas, no names of regions, no files; the modules do not know each other. Each module is a family with one contract,
at its top; a function with the decorator of :mod:`cwi.traits` is a word that a methodology may use.

>>> import cwi.methods
>>> print(cwi.methods.table("aggregation")[0]["summary"])
The weighted arithmetic mean: a lack in one part is made up by plenty in another.
"""

from cwi.methods import aggregation, imputation, normalisation, weighting
from cwi.traits import FAMILIES, table_rows

__all__ = ["aggregation", "imputation", "normalisation", "table", "weighting"]


def table(*families: str) -> list[dict[str, str]]:
    """Every word that a methodology may use, of some families or of all.

    Returns
    -------
    list of rows with family, word, summary, parameters, traits and source; ``pandas.DataFrame`` takes it as it is.

    Raises
    ------
    ValueError
        If a family is unknown.
    """
    for family in families:
        if family not in FAMILIES:
            raise ValueError(f"there is no family '{family}'; there are {', '.join(FAMILIES)}")
    return table_rows(families or FAMILIES)
