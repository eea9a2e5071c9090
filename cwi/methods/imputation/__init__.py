"""Imputation of values that were not measured, and trials of how well it works.

An imputation is a function ``(values, never, **parameters) -> Filled``:

values : (t, n, k) or (n, k)  values of n units on k indicators (in t years), not a number where there is none
never : the same shape        cells that are never filled: suppressed, or not applicable; None where there are none
Filled.values                 values with gaps filled; what was measured is left as it is, bit for bit
Filled.how                    the word that filled a cell, "" for all others; the same shape

======================  =========================================================  ====================
word                    a gap gets                                                 looks at
======================  =========================================================  ====================
carry                   the last value of its own series, if not too old           years
linear                  the line between its neighbours in time                    years
mean, median            that of the units measured in the same year                units
group_mean,             that of the units of its group in the same year            units of a group
group_median
row_mean                the mean share of the range in the component's others      indicators
regression              what the component's other indicators lead to expect       indicators
em                      the expectation under a normal distribution of them all    indicators
multiple_imputation     m draws from that distribution, to be joined by ``rubin``  indicators
======================  =========================================================  ====================

A word that knows nothing about a gap leaves it open. Filling what is missing in a unit by the mean of the *scores*
that the unit has is another thing: it is the renormalisation of weights, and has no word here.
"""

from __future__ import annotations

from cwi.methods.imputation.filled import Filled, in_turn
from cwi.methods.imputation.indicators import em, multiple_imputation, regression, row_mean, rubin
from cwi.methods.imputation.series import carry, linear
from cwi.methods.imputation.trial import holdout
from cwi.methods.imputation.units import group_mean, group_median, mean, median

__all__ = [
    "Filled",
    "carry",
    "em",
    "group_mean",
    "group_median",
    "holdout",
    "in_turn",
    "linear",
    "mean",
    "median",
    "multiple_imputation",
    "regression",
    "row_mean",
    "rubin",
]
