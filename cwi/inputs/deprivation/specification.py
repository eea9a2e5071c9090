"""Specifications of deprivation measures: items with cut-offs, age bands, weights and the rule of who is deprived.

A specification is a folder with ``specification.toml`` and ``items.csv``; what is computed from one carries its
fingerprint, so that a figure can be traced to the rule that made it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from cwi import folders
from cwi.errors import MethodologyError, near
from cwi.textfiles import number, read_csv, read_toml

__all__ = ["TESTS", "Band", "Item", "Specification", "read_specification", "specifications"]

TESTS = ("cannot afford", "below", "above", "is")
COUNTS = ("items", "dimensions")
LANGUAGES = ("en", "ru", "kk")
OPTIONAL_COLUMNS = ("worst",)
CODE = re.compile(r"\w{1,60}")
ITEM_COLUMNS = ("code", "variable", "test", "cut", "dimension", "bands", "weight", "title_en", "title_ru", "title_kk")
KEYS = ("name", "version", "status", "counts", "source", "doi", "read", "note", "bands", "dimensions", "rule")
TITLES = ("title_en", "title_ru", "title_kk")


@dataclass(frozen=True)
class Band:
    """An age band: from ``low`` to ``high`` years, both included."""

    code: str
    low: int
    high: int


@dataclass(frozen=True)
class Item:
    """One indicator of deprivation.

    ``test``: "cannot afford" (an enforced lack: wanted, but there is no money for it), "below" or "above" the
    cut-off, or "is" one of the codes in ``cut``. ``bands``: the age bands it is for. ``worst``: where the gap to the
    cut-off is 1, of an item "below" or "above" that has gaps; None for the others, which are yes or no.
    """

    code: str
    variable: str
    test: str
    cut: tuple[float, ...]
    dimension: str
    bands: tuple[str, ...]
    weight: Fraction
    titles: Mapping[str, str]
    worst: float | None = None


@dataclass(frozen=True, eq=False)
class Specification:
    """A measure of deprivation, as its authors define it.

    ``counts``: "items", or "dimensions" where a child deprived in any item of a dimension is deprived in it.
    ``at_least``: a number of items or dimensions; ``share``: a share of their weights; one of them is set.
    ``also``: at least so many items of a dimension besides. ``read``: what of the source was read; empty if nothing is
    recorded.
    """

    name: str
    version: str
    status: str
    titles: Mapping[str, str]
    counts: str
    bands: tuple[Band, ...]
    dimensions: Mapping[str, Mapping[str, str]]
    items: tuple[Item, ...]
    at_least: int | None
    share: Fraction | None
    also: tuple[tuple[str, int], ...]
    source: str
    doi: str
    note: str
    read: str = ""

    def __repr__(self) -> str:
        return f"Specification({self.name} {self.version}, {self.status}, {len(self.items)} items, {self.rule})"

    @property
    def ages(self) -> tuple[int, int]:
        """The youngest and the oldest age."""
        return min(band.low for band in self.bands), max(band.high for band in self.bands)

    @property
    def rule(self) -> str:
        """The rule of who is deprived, in English."""
        unit = self.counts
        first = f"at least {self.at_least} {unit}" if self.share is None else f"at least {self.share} of the weights"
        return " and ".join([first, *(f"at least {many} of '{dimension}'" for dimension, many in self.also)])

    @property
    def fingerprint(self) -> str:
        """Twelve digits that change with everything that is computed with; titles, sources and notes do not count."""
        content = {
            "counts": self.counts,
            "bands": [asdict(band) for band in self.bands],
            "items": [
                [i.code, i.variable, i.test, list(i.cut), i.dimension, list(i.bands), str(i.weight)]
                + ([] if i.worst is None else [i.worst])
                for i in self.items
            ],
            "rule": [self.at_least, None if self.share is None else str(self.share), list(map(list, self.also))],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def has_gaps(self) -> bool:
        """Whether M1 and M2 are defined: an item has a worst value to measure gaps by."""
        return any(item.worst is not None for item in self.items)

    @property
    def units(self) -> tuple[str, ...]:
        """What is counted: codes of items, or of dimensions."""
        return tuple(item.code for item in self.items) if self.counts == "items" else tuple(self.dimensions)

    def title(self, code: str, language: str) -> str:
        """The title of the measure itself (an empty code), an item or a dimension."""
        if not code:
            return self.titles[language]
        if code in self.dimensions and (self.counts == "dimensions" or code not in self.units):
            return self.dimensions[code][language]
        return next(item.titles[language] for item in self.items if item.code == code)

    def with_cutoff(self, k: int | float | Fraction) -> Specification:
        """The same with another cut-off: a whole number of items or dimensions, or a share below 1.

        Raises
        ------
        MethodologyError
            If no child could reach it, or it is not above zero.
        """
        if not k > 0:
            raise MethodologyError(f"{self.name}: the cut-off is {float(k):g}; it must be above zero")
        if k < 1:
            share = k if isinstance(k, Fraction) else Fraction(k).limit_denominator(1000)
            return replace(self, share=share, at_least=None)
        most = len(self.units)
        if k != int(k) or k > most:
            raise MethodologyError(
                f"{self.name}: the cut-off is {float(k):g}; it must be a whole number from 1 to {most}, or a share "
                "below 1"
            )
        return replace(self, at_least=int(k), share=None)


def specifications() -> tuple[str, ...]:
    """The names of the specifications in data/deprivation/.

    Examples
    --------
    >>> specifications()
    ('cc-moda', 'child-af', 'child-gaps', 'eu-child')
    """
    found = (folders.data() / "deprivation").glob("*/specification.toml")
    return tuple(sorted(path.parent.name for path in found))


def read_specification(name: str | Path) -> Specification:
    """A specification by its name in data/deprivation/, or by the path of a folder of your own.

    Raises
    ------
    MethodologyError
        With file and line, if it does not exist or something in it is missing, unknown or contradicts itself.

    Examples
    --------
    >>> read_specification("eu-child")
    Specification(eu-child 2018.1, working, 17 items, at least 3 items)
    """
    folder = Path(name) if Path(name).is_dir() else folders.data() / "deprivation" / str(name)
    if not (folder / "specification.toml").is_file():
        raise MethodologyError(f"no specification of deprivation is called '{name}'{near(name, specifications())}")
    path = folder / "specification.toml"
    where, table = folders.relative(path), read_toml(path, MethodologyError)
    for key in table:
        if key not in (*KEYS, *TITLES):
            raise MethodologyError(f"{where}: there is no setting '{key}'{near(key, (*KEYS, *TITLES))}")
    for key in (*KEYS, *TITLES):
        if key not in table and key not in ("doi", "note", "read"):
            raise MethodologyError(f"{where}: '{key}' is missing")
    if table["counts"] not in COUNTS:
        raise MethodologyError(f"{where}: counts is '{table['counts']}'{near(table['counts'], COUNTS)}")
    bands = _bands(table["bands"], where)
    dimensions = {
        str(one["code"]): {lang: str(one[f"title_{lang}"]) for lang in LANGUAGES} for one in table["dimensions"]
    }
    items = _items(folder / "items.csv", bands, dimensions)
    rule = dict(table["rule"])
    also = tuple((str(part["dimension"]), int(part["at_least"])) for part in rule.pop("also", []))
    return _checked(
        Specification(
            name=str(table["name"]),
            version=str(table["version"]),
            status=str(table["status"]),
            titles={lang: str(table[f"title_{lang}"]) for lang in LANGUAGES},
            counts=str(table["counts"]),
            bands=bands,
            dimensions=dimensions,
            items=items,
            at_least=rule.get("at_least"),
            share=Fraction(str(rule["share"])) if "share" in rule else None,
            also=also,
            source=str(table["source"]),
            doi=str(table.get("doi", "")),
            note=str(table.get("note", "")),
            read=str(table.get("read", "")),
        ),
        where,
        rule,
    )


def _bands(rows: Any, where: str) -> tuple[Band, ...]:
    """Age bands that follow each other without a gap or an overlap."""
    for row in rows:
        if not (isinstance(row.get("code"), str) and all(type(row.get(end)) is int for end in ("from", "to"))):
            raise MethodologyError(
                f"{where}: a band is {row!r}; it needs a code in quotes, and from and to in whole years"
            )
    bands = tuple(Band(str(row["code"]), int(row["from"]), int(row["to"])) for row in rows)
    for band in bands:
        if not 0 <= band.low <= band.high <= 17:
            raise MethodologyError(
                f"{where}: the band '{band.code}' is from {band.low} to {band.high}; ages are 0 to 17"
            )
    for one, other in pairwise(bands):
        if other.low != one.high + 1:
            raise MethodologyError(
                f"{where}: the band '{other.code}' begins at {other.low}, but '{one.code}' ends at {one.high}"
            )
    return bands


def _items(path: Path, bands: tuple[Band, ...], dimensions: Mapping[str, Any]) -> tuple[Item, ...]:
    table = read_csv(path, MethodologyError, required=ITEM_COLUMNS, optional=OPTIONAL_COLUMNS, filled=True)
    codes = [band.code for band in bands]
    items: list[Item] = []
    for line, row in table.iterrows():
        where = f"{folders.relative(path)} line {line}"
        for column, known in (("test", TESTS), ("dimension", tuple(dimensions))):
            if row[column] not in known:
                raise MethodologyError(f"{where}: {column} is '{row[column]}'{near(row[column], known)}")
        named = tuple(row["bands"].split()) or tuple(codes)
        for code in named:
            if code not in codes:
                raise MethodologyError(f"{where}: there is no age band '{code}'{near(code, codes)}")
        cut = tuple(number(text) for text in row["cut"].split())
        wanted = {"cannot afford": len(cut) == 0, "is": len(cut) > 0}.get(row["test"], len(cut) == 1)
        if not wanted or None in cut:
            raise MethodologyError(
                f"{where}: the cut '{row['cut']}' does not fit the test '{row['test']}'; 'below' and 'above' take one "
                "number, 'is' one or more, 'cannot afford' none"
            )
        try:
            weight = Fraction(row["weight"])
        except (ValueError, ZeroDivisionError):
            raise MethodologyError(
                f"{where}: weight is '{row['weight']}'; it must be a number or a fraction such as 1/6"
            ) from None
        if weight <= 0:
            raise MethodologyError(f"{where}: weight is {row['weight']}; it must be above zero")
        worst = _worst(row.get("worst", ""), row["test"], cut, where)
        if not CODE.fullmatch(row["code"]):
            raise MethodologyError(
                f"{where}: the code '{row['code'][:60]}' is no name of at most 60 letters and digits"
            )
        if any(item.code == row["code"] for item in items):
            raise MethodologyError(f"{where}: the item '{row['code']}' is listed twice")
        titles = {lang: row[f"title_{lang}"] for lang in LANGUAGES}
        numbers = tuple(float(one) for one in cut if one is not None)
        items.append(
            Item(row["code"], row["variable"], row["test"], numbers, row["dimension"], named, weight, titles, worst)
        )
    return tuple(items)


def _worst(cell: str, test: str, cut: tuple[float | None, ...], where: str) -> float | None:
    """Where the gap of an item is 1, if it has gaps."""
    if not cell:
        return None
    worst = number(cell)
    if test not in ("below", "above"):
        raise MethodologyError(f"{where}: worst is '{cell}', but the test '{test}' has no gaps; leave the cell empty")
    edge = cut[0]
    assert edge is not None
    if worst is None or not (worst < edge if test == "below" else worst > edge):
        raise MethodologyError(f"{where}: worst is '{cell}'; it must be a number {test} the cut-off {edge:g}")
    return worst


def _checked(spec: Specification, where: str, rule: Mapping[str, Any]) -> Specification:
    """The specification, if its rule can be used."""
    for key in rule:
        if key not in ("at_least", "share"):
            raise MethodologyError(
                f"{where}: the rule has no setting '{key}'{near(key, ('at_least', 'share', 'also'))}"
            )
    for dimension in spec.dimensions:
        if all(item.dimension != dimension for item in spec.items):
            raise MethodologyError(
                f"{where}: the dimension '{dimension}' has no item in items.csv; give it one, or take it out here"
            )
    if (spec.at_least is None) == (spec.share is None):
        raise MethodologyError(f"{where}: the rule needs at_least or share, one of them")
    if spec.at_least is not None and not 1 <= spec.at_least <= len(spec.units):
        raise MethodologyError(f"{where}: at_least is {spec.at_least}; it must be from 1 to {len(spec.units)}")
    if spec.share is not None and not 0 < spec.share <= 1:
        raise MethodologyError(f"{where}: share is {spec.share}; it must be above 0 and at most 1")
    if spec.has_gaps and spec.counts != "items":
        raise MethodologyError(
            f"{where}: counts is '{spec.counts}', but items.csv has values in 'worst'; gaps are of items, so write "
            'counts = "items" or leave the column empty'
        )
    for dimension, many in spec.also:
        if dimension not in spec.dimensions:
            raise MethodologyError(f"{where}: the rule names '{dimension}'{near(dimension, spec.dimensions)}")
        size = sum(item.dimension == dimension for item in spec.items)
        if not 1 <= many <= size:
            raise MethodologyError(f"{where}: at least {many} of '{dimension}', which has {size} items")
    if spec.share is not None and spec.counts == "items":
        for band in spec.bands:
            total = sum((item.weight for item in spec.items if band.code in item.bands), Fraction(0))
            if total != 1:
                raise MethodologyError(f"{where}: the weights of the band '{band.code}' add up to {total}, not 1")
    return spec
