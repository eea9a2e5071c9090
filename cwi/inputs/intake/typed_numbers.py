"""Numbers as people type them, read without guessing.

A decimal point or comma; thousands divided by a blank, a no-break or thin space, an apostrophe, a comma or a point. A
text such as '1.234' may be one and a quarter or more than a thousand: both readings are kept, and :func:`decide` takes
one only where the unit and the last figure leave no doubt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

__all__ = ["DASHES", "decide", "exact", "readings"]

DASHES = ("-", "–", "—", "−", "--", "‒")
BLANKS = " \u00a0\u2007\u2009\u202f"
APOSTROPHES = "'’ʼ`´"
SIGN = re.compile(r"^[-−–]\s?(?=[0-9])")
PLAIN = re.compile(r"[0-9]{1,25}(?:[.,][0-9]{1,25})?")
GROUPED = [
    *(re.compile(rf"[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}})+(?:[.,][0-9]{{1,25}})?") for mark in (*BLANKS, *APOSTROPHES)),
    re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]{1,25})?"),
    re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]{1,25})?"),
]
NEAR = 10  # a reading is near the last figure within this factor
LONGEST = 60


def readings(text: str) -> tuple[Decimal, ...]:
    """Every number that a text may be: none, one, or two where a mark may divide thousands or decimals.

    Parameters
    ----------
    text
        What was typed, without a sign of per cent.

    Returns
    -------
    tuple of Decimal
        Exact to the last digit, smallest in size first.

    Examples
    --------
    >>> [[str(each) for each in readings(text)] for text in ("1 234,5", "1'234.5", "0,850", "1.234", "12 34", "-3,5")]
    [['1234.5'], ['1234.5'], ['0.850'], ['1.234', '1234'], [], ['-3.5']]
    """
    text = text.strip(BLANKS + "\t\n")
    if len(text) > LONGEST:
        return ()
    body = SIGN.sub("", text).removeprefix("+")
    minus = -1 if SIGN.match(text) else 1
    found = set()
    if PLAIN.fullmatch(body):
        found.add(Decimal(body.replace(",", ".")))
    for pattern in GROUPED:
        if pattern.fullmatch(body):
            found.add(_ungrouped(body, pattern))
    return tuple(sorted((minus * each for each in found), key=abs))


def _ungrouped(body: str, pattern: re.Pattern[str]) -> Decimal:
    if pattern is GROUPED[-1]:
        return Decimal(body.replace(".", "").replace(",", "."))
    if pattern is GROUPED[-2]:
        return Decimal(body.replace(",", ""))
    return Decimal(re.sub(f"[{BLANKS}{APOSTROPHES}]", "", body).replace(",", "."))


def decide(possible: Sequence[Decimal], low: float, high: float, last: float | None) -> Decimal | None:
    """The number that is meant, or None where that is in doubt.

    One reading is taken as it is. Of two, the one inside the limits of the register and, where there is a last figure,
    within a factor of ten of it; if that is true of both or of neither, it is in doubt.

    Parameters
    ----------
    possible
        As :func:`readings` gives them.
    low, high
        What the register of series allows.
    last
        The figure before, in the same unit; None where there is none.

    Examples
    --------
    >>> str(decide(readings("12.345"), 0, 100, None)), str(decide(readings("253,456"), 5e4, 1e6, 241_000.0))
    ('12.345', '253456')
    >>> decide(readings("1.234"), 0, 5000, None) is None
    True
    """
    if len(possible) < 2:
        return possible[0] if possible else None
    likely = [each for each in possible if low <= each <= high]
    if last:
        likely = [each for each in likely if 1 / NEAR <= float(each) / last <= NEAR]
    return likely[0] if len(likely) == 1 else None


def exact(value: float, *, hundredfold: bool = False) -> Decimal:
    """The shortest decimal number that is this floating-point number, or a hundred times it (of a cell shown in %).

    >>> str(exact(0.07, hundredfold=True)), str(exact(1234567.0))
    ('7.00', '1234567')
    """
    number = Decimal(repr(float(value)))
    number = number.quantize(Decimal(1)) if number == number.to_integral_value() and abs(number) < 10**20 else number
    return number * 100 if hundredfold else number
