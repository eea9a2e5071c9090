"""How many draws a report takes, and what starts them."""

from __future__ import annotations

from cwi.errors import ParameterError

__all__ = ["MOST", "check_draws"]

MOST = 200_000  # draws


def check_draws(draws: int, seed: int) -> None:
    """Refuse more draws than a machine holds, and a seed that starts no generator.

    >>> check_draws(3_000_000, 1)
    Traceback (most recent call last):
    cwi.errors.ParameterError: draws is 3000000; at most 200,000 can be held
    """
    if draws > MOST:
        raise ParameterError(f"draws is {draws}; at most {MOST:,} can be held")
    if seed < 0:
        raise ParameterError(f"seed is {seed}; it must be a whole number not below 0")
