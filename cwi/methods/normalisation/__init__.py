"""How a value in its own unit becomes a score: higher is better, whatever the direction of the indicator.

A normalisation is a function ``(x, worst, best, log, base, **parameters) -> y``:

x : (..., n, k)    values of n units on k indicators, not a number where nothing was measured
worst, best : (k,) the two ends of each indicator, in its own unit; less is better where best < worst
log : (k,)         whether an indicator is read on a logarithmic scale
base : (m, k)      values of the base years, the only ones a normalisation may learn from
y : (..., n, k)    scores, not a number where x is not

=====================  ==============================================  ======================  =========
word                   score                                           a usual range           scale
=====================  ==============================================  ======================  =========
goalposts, min_max     distance from the worst to the best end         0 to 100                interval
z_score                standard deviations from the mean of the base   70 to 130               interval
ampi                   60 points for the range of the base             70 to 130               interval
distance_to_target     share done of the way to the best end           up to 100               interval *
rank, borda            how many values of the base are worse           1 to m + 1, 0 to m      order
percentile_rank        the same in hundredths                          0 to 100                order
bands                  points of a class of percentiles                0 to 100                order
distance_to_reference  against the mean, the median, a row             around 100              ratio
distance_to_leader     against the best value of the base              up to 100               ratio
distance_to_worst      against the worst value of the base             from 100                ratio
fraction_of_max        against the largest value of the base           0 to 100                ratio
above_below_mean       one of three classes around the mean            -1, 0, 1                ratio
base_year_index        against the mean of the base years              around 100              ratio
=====================  ==============================================  ======================  =========

*Interval* and *order* words give the same scores when an indicator is told the other way round (x → a - x with both
ends turned too). *Ratio* words do not: they need a true zero, and another zero is another ratio. They refuse values
below zero, a reference that is not above zero, and a logarithmic scale, which has no zero. Where less is better they
say with ``less`` how the ratio is turned: "mirror" takes 1 - (x/r - 1), a straight line that may fall below zero;
"reciprocal" takes r/x, which stays above zero and bends. (* ratio when it starts from zero.)

Order words do not ask for the logarithm, which keeps the order. What divides by the spread of the base or orders by
it refuses a column that is constant there: :class:`cwi.errors.ColumnError`, counted from 0.
"""

from __future__ import annotations

from cwi.methods.normalisation.interval import ampi, goalposts, min_max, z_score
from cwi.methods.normalisation.order import bands, borda, percentile_rank, rank
from cwi.methods.normalisation.ratio import (
    above_below_mean,
    base_year_index,
    distance_to_leader,
    distance_to_reference,
    distance_to_target,
    distance_to_worst,
    fraction_of_max,
)

__all__ = [
    "above_below_mean",
    "ampi",
    "bands",
    "base_year_index",
    "borda",
    "distance_to_leader",
    "distance_to_reference",
    "distance_to_target",
    "distance_to_worst",
    "fraction_of_max",
    "goalposts",
    "min_max",
    "percentile_rank",
    "rank",
    "z_score",
]
