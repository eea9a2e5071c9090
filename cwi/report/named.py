"""Printed numbers that keep their names: text that knows which part of it is which entry of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def filled(template: str, values: Mapping[str, object]) -> str:
    """A message with its values set in, as ``str.format`` does it; the names of numbers among them stay.

    >>> filled("{a} of {b:.1f}", {"a": Named("3", [(0, 1, "n")]), "b": 4.0}).spans
    ((0, 1, 'n'),)
    """
    if not any(isinstance(value, Named) for value in values.values()):
        return template.format(**values)
    pieces: list[str] = []
    for literal, field, form, conversion in Formatter().parse(template):
        pieces.append(literal)
        if field is None:
            continue
        value = values.get(field)
        plain = isinstance(value, Named) and not form and not conversion
        whole = "{" + field + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "") + "}"
        pieces.append(value if plain and isinstance(value, str) else whole.format(**values))
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
