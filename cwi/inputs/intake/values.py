"""What one returned cell holds: a figure to its last digit, a word for none, or something that must be asked about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

from cwi.inputs.intake.owners import DIVIDER, plain
from cwi.inputs.intake.typed_numbers import DASHES, decide, exact, readings
from cwi.inputs.intake.workbooks import Found

__all__ = ["CONFIRMED", "NOTHING", "STATUSES", "Limits", "Value", "confirmed", "read_value", "status_of", "words_of"]

MISSING, SUPPRESSED, NOT_APPLICABLE = "missing", "suppressed", "not applicable"
STATUSES = (MISSING, SUPPRESSED, NOT_APPLICABLE)  # what may be chosen in place of a figure
WORDS = {
    MISSING: ("н/д", "н д", "нд", "нет данных", "данных нет", "нет сведений", "нет", "дерек жоқ", "деректер жоқ",
              "мәлімет жоқ", "жоқ", "n/a", "na", "no data", "…", "...", ".."),
    SUPPRESSED: ("x", "х", "құпия", "конфиденциально", "confidential"),
    NOT_APPLICABLE: ("қолданылмайды", "неприменимо", "не применимо", "not applicable", "н/п"),
}  # fmt: skip
CONFIRMED = ("расталды", "растаймын", "подтверждаю", "подтверждено", "confirmed", "да", "иә", "yes", "+")
ERRORS = ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#Н/Д", "#ССЫЛКА!", "#ДЕЛ/0!", "#ЗНАЧ!")
DIGIT = re.compile(r"[0-9]")
SIZES = (1000.0, 1e6, 100.0, 10.0)  # how far apart two units are


@dataclass(frozen=True)
class Limits:
    """What is known of a figure before it comes: its unit, the limits of the register, the figure before."""

    unit: str
    low: float
    high: float
    last: float | None

    @property
    def in_percent(self) -> bool:
        """Whether the unit is per cent, of whatever."""
        return self.unit.startswith("%")


@dataclass(frozen=True)
class Value:
    """A figure, or a status in place of one, or the doubt that keeps both out; all empty for an empty cell."""

    number: Decimal | None = None
    status: str = ""
    doubt: str = ""
    note: str = ""


NOTHING = Value()


def words_of(titles: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The status that each word in place of a figure means; ``titles``: of each status in every language."""
    known = {plain(word) or word: status for status, words in WORDS.items() for word in words}
    return known | {plain(title): status for status in STATUSES for title in titles.get(status, ())}


def status_of(text: str, words: Mapping[str, str]) -> str | None:
    """The status that a text means; None where it means none."""
    meant = {words.get(plain(part) or part.strip()) for part in DIVIDER.split(text) if part.strip()}
    return meant.pop() if len(meant) == 1 else None


def confirmed(text: str) -> bool:
    """Whether a text confirms an unusual figure."""
    return any(plain(part) in CONFIRMED for part in DIVIDER.split(text))


def read_value(found: Found | None, limits: Limits, words: Mapping[str, str]) -> Value:
    """The figure of a cell.

    Parameters
    ----------
    found
        The cell; None where it is empty.
    limits
        Decides between two readings of a text such as '1.234', and whether a sign of per cent can be meant.
    words
        As :func:`words_of` gives them.

    Examples
    --------
    >>> share, words = Limits("%", 0, 100, 84.2), words_of({})
    >>> cells = (Found("84,7"), Found(0.847, percent=True), Found("н/д"), Found(0.847), Found("85 (оценка)"))
    >>> [(str(value.number), value.status, value.doubt) for value in (read_value(each, share, words) for each in cells)]
    [('84.7', '', ''), ('84.700', '', ''), ('None', 'missing', ''), ('None', '', 'share of one'), ('None', '', \
'number with text')]
    """
    if found is None or (found.value is None and not found.formula):
        return NOTHING
    value = found.value
    if value is None:
        return Value(doubt="formula never saved")
    if isinstance(value, bool):
        return Value(doubt="truth value")
    if isinstance(value, date | time):
        return Value(doubt="date")
    if isinstance(value, int | float):
        if found.percent and not limits.in_percent:
            return Value(doubt="percent of another unit")
        return _sized(exact(value, hundredfold=found.percent), limits)
    return _of_text(str(value), limits, words)


def _of_text(text: str, limits: Limits, words: Mapping[str, str]) -> Value:
    text = text.strip()
    if not text:
        return NOTHING
    if text in DASHES:
        return Value(doubt="dash")
    if text.upper() in ERRORS:
        return Value(doubt="error value")
    if status := status_of(text, words):
        return Value(status=status)
    percent = text.endswith("%")
    if percent and not limits.in_percent:
        return Value(doubt="percent of another unit")
    possible = readings(text.removesuffix("%"))
    if not possible:
        return Value(doubt="number with text" if DIGIT.search(text) else "no number")
    number = decide(possible, limits.low, limits.high, limits.last)
    return Value(doubt="two readings") if number is None else _sized(number, limits, stated=percent)


def _sized(number: Decimal, limits: Limits, *, stated: bool = False) -> Value:
    """The figure, if it is of a size that its unit may have."""
    size = float(number)
    if limits.in_percent and not stated and 0 < size <= 1 and _share_of_one(size, limits):
        return Value(doubt="share of one")
    if limits.last and size and any(_apart(size / limits.last, factor) for factor in SIZES):
        outside = not limits.low <= size <= limits.high
        if outside or not 1 / SIZES[0] < size / limits.last < SIZES[0]:
            return Value(doubt="another unit")
    if not limits.low <= size <= limits.high:
        return Value(doubt="outside the limits")
    return Value(number)


def _share_of_one(size: float, limits: Limits) -> bool:
    """Whether a share up to 1 is likely to be meant as a part of one, not as per cent."""
    if limits.last:
        return not 1 / 3 < size / limits.last < 3 and 1 / 3 < 100 * size / limits.last < 3
    return size < limits.low <= 100 * size <= limits.high


def _apart(ratio: float, factor: float) -> bool:
    """Whether two figures are about so many times apart, in either direction."""
    return 0.5 < ratio / factor < 2 or 0.5 < ratio * factor < 2
