"""How parts become a whole.

An aggregation is a function ``(y, w, **parameters) -> s``; there are two kinds.

Of parts, one unit at a time:

y : (..., k)      scores of the k parts; a part that counts nothing (weight 0) may hold any number above zero
w : (..., k)      weights, none below zero, summing to one over the last axis
s : (...)         the score of the whole, between the smallest and the largest part; only ``penalised``
                  goes beyond the smallest or the largest where the parts differ much

Of units (``compares_units``): a unit's score depends on the other units, so all that are given take part
(leave out the nation, and give one year at a time):

y : (..., n, k)   scores of n units on the k parts
w : (..., n, k)   weights of the parts for each unit, a part that a unit lacks having none; or (..., 1, k)
s : (..., n)      the score of each unit, in the unit its function says; the more the better
"""

from cwi.methods.aggregation.of_parts import arithmetic, geometric, harmonic, mean_min, owa, penalised, power
from cwi.methods.aggregation.of_units import borda, condorcet, copeland, mean_of_ranks, wroclaw
from cwi.methods.aggregation.orders import kemeny

__all__ = [
    "arithmetic",
    "borda",
    "condorcet",
    "copeland",
    "geometric",
    "harmonic",
    "kemeny",
    "mean_min",
    "mean_of_ranks",
    "owa",
    "penalised",
    "power",
    "wroclaw",
]
