"""What can be wrong with what people hand in, said so that they can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["CwiError", "DataError", "MethodologyError", "ParameterError", "near"]


class CwiError(ValueError):
    """An input that cannot be used; the sentence says where, what was found and what would do."""


class DataError(CwiError):
    """Something in the observations, the territory, the sources or an edition."""


class MethodologyError(CwiError):
    """Something in a methodology folder, or a rule that cannot be applied to these scores."""


class ParameterError(CwiError):
    """A parameter of a notebook or a command that is unknown or of the wrong type."""


def near(word: object, known: Iterable[str]) -> str:
    """A hint after an unknown word: the nearest known one, and all of them.

    >>> near("geometrical", ["arithmetic", "geometric"])
    " (did you mean 'geometric'?); there are arithmetic, geometric"
    """
    words = [str(k) for k in known]
    close = get_close_matches(str(word), words, n=1)
    guess = f" (did you mean '{close[0]}'?)" if close else ""
    shown = words if len(words) <= 20 else [*words[:20], f"and {len(words) - 20} more"]
    return f"{guess}; there are {', '.join(shown)}" if words else guess
