"""How other indices of well-being are made, and which of our indicators has a counterpart in them.

The tables lie in data/crosswalk/. What is not known stays "not found": it is not a no.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cwi import folders
from cwi.errors import DataError, near
from cwi.methodology import Methodology, codes_of_other_versions
from cwi.textfiles import read_csv

__all__ = ["CLOSENESS", "FACTS", "NOT_FOUND", "Crosswalk", "read_crosswalk"]

CLOSENESS = ("same", "similar", "related", "none")
SEEN = ("publisher", "secondary", "reference data", "recalled")
LISTS = ("whole", "part")
FACTS = (
    *("first", "last", "units", "dimensions", "indicators", "normalisation"),
    *("weights", "aggregation", "missing", "years", "reporting"),
)
NOT_FOUND = "not found"
UNKNOWN = "not known"

SOURCES = ("source", "title", "year", "place", "url", "seen")
SYSTEMS = ("system", "short", "title", "publisher", "subject", "list")
FACT_ROWS = ("system", "fact", "value", "source")
DIMENSIONS = ("system", "dimension", "node", "source")
COUNTERPARTS = ("indicator", "system", "name", "closeness", "reason", "source")


@dataclass(frozen=True, eq=False)
class Crosswalk:
    """Other systems beside a methodology, as tidy tables.

    ``sources``: index source; title, year, place, url, seen.
    ``systems``: index system; short, title, publisher, subject, list ("whole" or "part" of its indicators was seen).
    ``facts``: system, fact, value ("not found" where it is not known), source, seen; every fact of every system.
    ``dimensions``: system, dimension, node (ours, empty where there is none), source.
    ``counterparts``: indicator, system, name, closeness, reason, source, seen.
    """

    methodology: Methodology
    sources: pd.DataFrame
    systems: pd.DataFrame
    facts: pd.DataFrame
    dimensions: pd.DataFrame
    counterparts: pd.DataFrame

    @property
    def rules(self) -> pd.DataFrame:
        """How each system is made: a row a system, a column a fact."""
        wide = self.facts.pivot(index="system", columns="fact", values="value")
        return wide.reindex(index=self.systems.index, columns=list(FACTS))

    @property
    def closeness(self) -> pd.DataFrame:
        """The nearest counterpart of each indicator in each system: a row an indicator, a column a system.

        "none" where the whole list of a system was seen and holds nothing, "not known" where only a part was seen.
        """
        order = pd.CategoricalDtype(list(CLOSENESS), ordered=True)
        nearest = self.counterparts.assign(closeness=self.counterparts["closeness"].astype(order))
        nearest = nearest.groupby(["indicator", "system"], sort=False)["closeness"].min().astype(str).unstack()
        codes = list(self.methodology.indicators["code"])
        table = nearest.reindex(index=codes, columns=self.systems.index).astype(object)
        silent = {code: "none" if seen == "whole" else UNKNOWN for code, seen in self.systems["list"].items()}
        return table.fillna(silent).rename_axis(index="indicator", columns="system")

    def of_systems(self) -> pd.DataFrame:
        """How far each system covers our indicators: a row a system.

        Returns
        -------
        DataFrame
            short, same, similar, related (numbers of indicators), share (of all our indicators, 0 to 1), at_least
            (whether only a part of the system's list was seen, so that the share may be larger).
        """
        table = self.closeness
        counts = {word: table.isin([word]).sum() for word in CLOSENESS[:3]}
        share = sum(counts.values()) / len(table)
        return pd.DataFrame(
            {"short": self.systems["short"], **counts, "share": share, "at_least": self.systems["list"] == "part"}
        )

    def of_indicators(self) -> pd.DataFrame:
        """In how many systems each indicator has a counterpart: a row an indicator, in the order of the tree.

        Returns
        -------
        DataFrame
            component, same, similar, related (numbers of systems), systems (their sum).
        """
        table = self.closeness
        counts = pd.DataFrame({word: table.isin([word]).sum(axis=1) for word in CLOSENESS[:3]})
        counts["systems"] = counts.sum(axis=1)
        component = self.methodology.levels[0].name
        counts.insert(0, component, self.methodology.indicators[component].to_numpy())
        return counts

    def of_components(self) -> pd.DataFrame:
        """The share of each component's indicators that a system has a counterpart of: a row a component.

        Not a number where none was found and only a part of the system's list was seen.
        """
        parent = self.methodology.indicators[self.methodology.levels[0].name].to_numpy()
        shares = self.closeness.isin(CLOSENESS[:3]).groupby(parent, sort=False).mean()
        unsure = self.closeness.isin([UNKNOWN]).groupby(parent, sort=False).any()
        return shares.mask((shares == 0) & unsure).rename_axis("component")


def read_crosswalk(methodology: Methodology, folder: Path | None = None) -> Crosswalk:
    """The tables of data/crosswalk/, checked against a methodology and each other.

    Counterparts of indicators that only other methodologies of the project have are left out.

    Parameters
    ----------
    methodology
        Whose indicators and nodes the tables may name.
    folder
        Another folder than data/crosswalk/.

    Raises
    ------
    DataError
        With the file and the line, if a code is unknown, a source is missing, or a row stands twice.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> crosswalk = read_crosswalk(read_methodology("2024.1"))
    >>> crosswalk.rules.at["kids_count", "indicators"], crosswalk.closeness.at["neet", "sdg_index"]
    ('16', 'same')
    """
    folder = folder or folders.data() / "crosswalk"
    sources = _table(folder / "sources.csv", SOURCES, filled=("source", "title", "seen"), key=("source",))
    _known(sources, folder / "sources.csv", "seen", SEEN)
    systems = _table(folder / "systems.csv", SYSTEMS, filled=SYSTEMS, key=("system",))
    _known(systems, folder / "systems.csv", "list", LISTS)

    facts = _table(folder / "facts.csv", FACT_ROWS, filled=("system", "fact"), key=("system", "fact"))
    _known(facts, folder / "facts.csv", "fact", FACTS)
    dimensions = _table(
        folder / "dimensions.csv", DIMENSIONS, filled=("system", "dimension"), key=("system", "dimension", "node")
    )
    nodes = [code for codes in methodology.tree.codes[1:] for code in codes]
    _known(dimensions, folder / "dimensions.csv", "node", nodes, empty=True)
    counterparts = _table(
        folder / "counterparts.csv", COUNTERPARTS, filled=COUNTERPARTS[:-1], key=("indicator", "system", "name")
    )
    others = codes_of_other_versions(methodology)
    counterparts = counterparts[~counterparts["indicator"].isin(others)]
    _known(counterparts, folder / "counterparts.csv", "indicator", list(methodology.indicators["code"]))
    _known(counterparts, folder / "counterparts.csv", "closeness", CLOSENESS)
    tables = {"facts.csv": facts, "dimensions.csv": dimensions, "counterparts.csv": counterparts}
    for name, table in tables.items():
        _known(table, folder / name, "system", list(systems["system"]))
        _sourced(table, folder / name, list(sources["source"]))

    seen = dict(zip(sources["source"], sources["seen"], strict=True))
    pairs = pd.MultiIndex.from_product([systems["system"], FACTS], names=["system", "fact"])
    complete = facts.set_index(["system", "fact"]).reindex(pairs).fillna("").reset_index()
    complete["value"] = complete["value"].replace("", NOT_FOUND)
    return Crosswalk(
        methodology=methodology,
        sources=sources.set_index("source"),
        systems=systems.set_index("system"),
        facts=complete.assign(seen=complete["source"].map(seen).fillna("")),
        dimensions=dimensions.reset_index(drop=True),
        counterparts=counterparts.assign(seen=counterparts["source"].map(seen)).reset_index(drop=True),
    )


def _table(path: Path, columns: Collection[str], *, filled: Iterable[str], key: Collection[str]) -> pd.DataFrame:
    """A table whose cells of ``filled`` are filled and whose rows differ in ``key``."""
    table, where = read_csv(path, DataError, required=columns, filled=True), folders.relative(path)
    for column in filled:
        for line in table.index[table[column] == ""]:
            raise DataError(f"{where} line {line}: '{column}' is empty")
    for line in table.index[table.duplicated(list(key))]:
        named = ", ".join(table.loc[line, list(key)])
        raise DataError(f"{where} line {line}: the row of {named} is listed twice")
    return table


def _known(table: pd.DataFrame, path: Path, column: str, known: Collection[str], *, empty: bool = False) -> None:
    """Refuse a word that is not one of those known."""
    for line, word in table[column].items():
        if word not in known and not (empty and word == ""):
            raise DataError(f"{folders.relative(path)} line {line}: {column} is '{word}'{near(word, known)}")


def _sourced(table: pd.DataFrame, path: Path, known: Collection[str]) -> None:
    """Refuse a fact without a source, or with an unknown one."""
    stated = table["value"] != "" if "value" in table else pd.Series(True, index=table.index)
    for line in table.index[stated & (table["source"] == "")]:
        raise DataError(
            f"{folders.relative(path)} line {line}: 'source' is empty; name a row of sources.csv, or leave the fact out"
        )
    _known(table, path, "source", known, empty=True)
