"""Printed numbers that keep their names: text that knows which part of it is which entry of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from string import Formatter

__all__ = ["Named", "filled", "joined", "marked_up"]

Span = tuple[int, int, str]


class Named(str):
    """A text with the places of the numbers in it: (start, end, name in the ledger).

    It is an ordinary text to everybody else; what is cut out of it or added to it knows no names.

    Examples
    --------
    >>> Named("56.1", [(0, 4, "score.2023.KZ.index")]) == "56.1"
    True
    """

    spans: tuple[Span, ...]

    def __new__(cls, text: str, spans: Iterable[Span]) -> Named:
        named = super().__new__(cls, text)
        named.spans = tuple(spans)
        return named

    def __reduce__(self) -> tuple[type[Named], tuple[str, tuple[Span, ...]]]:
        return Named, (str(self), self.spans)


def joined(pieces: Iterable[str], between: str = "") -> str:
    """Texts in a row; the names in them stay.

    >>> joined([Named("1", [(0, 1, "low")]), Named("2", [(0, 1, "high")])], "–").spans
    ((0, 1, 'low'), (2, 3, 'high'))
    """
    text, spans = "", []
    for place, piece in enumerate(pieces):
        text += between if place else ""
        spans += [(start + len(text), end + len(text), name) for start, end, name in getattr(piece, "spans", ())]
        text += piece
    return Named(text, spans) if spans else text


def _last(number: str, forms: list[str]) -> str:
    """The noun that goes with most numbers, after a space."""
    return f" {forms[-1]}"


def filled(template: str, values: Mapping[str, object], plural: Callable[[str, list[str]], str] = _last) -> str:
    """A message with its values set in, as ``str.format`` does it; the names of numbers among them stay.

    A place may have the forms of a noun, divided by ``|``: the number is printed with the form that ``plural`` chooses.

    >>> filled("{a} of {b:.1f}", {"a": Named("3", [(0, 1, "n")]), "b": 4.0}).spans
    ((0, 1, 'n'),)
    >>> filled("{n:place|places}", {"n": 1}, lambda number, forms: " " + forms[number != "1"])
    '1 place'
    """
    if "|" not in template and not any(isinstance(value, Named) for value in values.values()):
        return template.format(**values)
    pieces: list[str] = []
    for literal, field, form, conversion in Formatter().parse(template):
        pieces.append(literal)
        if field is None:
            continue
        value = values.get(field)
        counted = form is not None and "|" in form
        plain = isinstance(value, Named) and (counted or not form) and not conversion
        specification = f":{form}" if form and not counted else ""
        whole = "{" + field + (f"!{conversion}" if conversion else "") + specification + "}"
        pieces.append(value if plain and isinstance(value, str) else whole.format(**values))
        if counted and form:
            pieces.append(plural(str(pieces[-1]), form.split("|")))
    return joined(pieces)


def marked_up(text: str) -> str:
    """The text as HTML, escaped, every number that has a name in a ``data`` element of that name.

    >>> marked_up(Named("< 56.1", [(2, 6, "score.2023.KZ.index")]))
    '&lt; <data value="score.2023.KZ.index">56.1</data>'
    """
    pieces, at = [], 0
    for start, end, name in getattr(text, "spans", ()):
        pieces += [escape(text[at:start]), f'<data value="{escape(name)}">{escape(text[start:end])}</data>']
        at = end
    return "".join([*pieces, escape(text[at:])])
