"""The statistical audit of an index: what the scores of a year show about the methodology.

The checks are those that the European Commission's Joint Research Centre makes of an index; their limits, each with its
source, are the constants of :mod:`cwi.analysis.audit.limits`. A check that fails is a question to the methodology, not
an error of the scores; correlations describe the regions of one year and are no reason by themselves to drop what
matters to children.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cwi.analysis.audit.influence import effective_weights, leave_one_out
from cwi.analysis.audit.limits import tabled
from cwi.analysis.audit.sheet import read_sheet
from cwi.analysis.audit.structure import belonging, correlations, structure
from cwi.analysis.audit.values import capacity, coverage, ends, outliers, spread, statistics, units
from cwi.edition import Edition
from cwi.html import html_table
from cwi.index import Scores
from cwi.rules import check_generator

__all__ = ["VERDICTS", "Audit", "audit", "few"]

VERDICTS = ("fail", "attention", "pass")


@dataclass(frozen=True, eq=False, repr=False)
class Audit:
    """What was found, and the tables behind it.

    ``findings``: check, level, node (an indicator, a node, a region, or two nodes), number, low, high (interval of 90 %
    where the number is an estimate), threshold, bound ("at least" or "at most"), verdict (pass, attention, fail),
    sentence, other (the node it is held against, where there is one), why. What could not be computed has no number;
    its sentence gives the reason, ``why`` the reason in a word, and its verdict is attention.

    ``capacity``: how much so many regions can show, see :func:`cwi.analysis.audit.values.capacity`.

    The tables behind: see :func:`cwi.analysis.audit.values.coverage` and the functions of the same names there, in
    ``audit_structure`` and in ``audit_influence``.
    """

    year: int
    version: str
    regions: int
    capacity: Mapping[str, float]
    findings: pd.DataFrame
    coverage: pd.DataFrame
    outliers: pd.DataFrame
    ends: pd.DataFrame
    spread: pd.DataFrame
    statistics: pd.DataFrame
    correlations: pd.DataFrame
    structure: pd.DataFrame
    loadings: pd.DataFrame
    belonging: pd.DataFrame
    effective: pd.DataFrame
    leave_one_out: pd.DataFrame

    @property
    def carries(self) -> str:
        """What so many regions can carry, to be read before any other finding."""
        return str(self.findings.loc[self.findings["check"] == "regions", "sentence"].iloc[0])

    @property
    def counts(self) -> pd.DataFrame:
        """How many findings of each check have each verdict: a row a check, in the order they were made."""
        counted = pd.crosstab(self.findings["check"], self.findings["verdict"])
        return counted.reindex(index=self.findings["check"].unique(), columns=list(VERDICTS), fill_value=0)

    @property
    def open(self) -> pd.DataFrame:
        """What does not pass, failures first; equal findings of many nodes in one line.

        check, verdict, nodes, number, low, high, threshold, bound, sentence (of one node, or how many there are),
        other (of one node), why.
        """
        found = self.findings[self.findings["verdict"] != "pass"]
        refused = found["sentence"].where(found["number"].isna(), "")  # reasons differ, numbers do not
        key = [found["verdict"], found["check"], found["number"].round(2).fillna(-1e9), found["bound"], refused]
        rows = []
        for _, same in found.groupby(key, sort=False):
            first = same.iloc[0]
            alone = len(same) == 1 or np.isnan(first["number"])
            said = first["sentence"] if alone else f"{len(same)} alike, such as {first['sentence']}"
            other = first["other"] if len(same) == 1 else ""
            rows.append(first.to_dict() | {"nodes": ", ".join(same["node"]), "sentence": said, "other": other})
        columns = ["check", "verdict", "nodes", "number", "low", "high", "threshold", "bound"]
        columns += ["sentence", "other", "why"]
        table = pd.DataFrame(rows, columns=columns)
        order = table["verdict"].map(VERDICTS.index)
        return table.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)

    def __repr__(self) -> str:
        verdicts = self.findings["verdict"].value_counts()
        counted = ", ".join(f"{verdicts.get(verdict, 0)} {verdict}" for verdict in VERDICTS)
        return f"Audit({self.year}, methodology {self.version}: {self.regions} regions, findings: {counted})"

    def _repr_html_(self) -> str:
        return html_table(self.open[["verdict", "check", "sentence"]], repr(self))


def audit(edition: Edition | Scores, year: int | None = None, *, rng: np.random.Generator, draws: int = 1000) -> Audit:
    """Audit the scores of one year; the nation is left out.

    Parameters
    ----------
    edition, year
        An edition, whose year is audited by default; or scores and one of their years.
    rng
        The generator that regions are redrawn with.
    draws
        How many redrawn sets of regions stand behind each interval, at least 1.

    Returns
    -------
    Audit

    Raises
    ------
    DataError
        If there are no scores of that year, or of no region.
    ValueError
        If draws is below 1.

    References
    ----------
    OECD/JRC (2008), Handbook on Constructing Composite Indicators, doi 10.1787/9789264043466-en; Saisana, Becker,
    Dominguez-Torreiro and others, JRC Statistical Audits of the Global Innovation Index, yearly since 2011.

    Examples
    --------
    >>> from cwi import read_edition
    >>> result = audit(read_edition(2019), rng=np.random.default_rng(1), draws=50)
    >>> result.regions, sorted(result.findings["verdict"].unique())
    (17, ['attention', 'fail', 'pass'])
    """
    check_generator(rng)
    scores = edition.scores if isinstance(edition, Edition) else edition
    year = scores.years[-1] if year is None else year
    sheet = read_sheet(scores, year, draws=draws, rng=rng)
    findings = units(sheet)
    tables = {}
    for check in (coverage, outliers, ends, spread, statistics, correlations):
        tables[check.__name__], found = check(sheet)
        findings += found
    tables["structure"], tables["loadings"], found = structure(sheet)
    findings += found
    for check in (belonging, effective_weights, leave_one_out):
        tables[check.__name__], found = check(sheet)
        findings += found
    tables["effective"] = tables.pop("effective_weights")
    regions = len(sheet.table)
    return Audit(year, scores.methodology.version, regions, capacity(sheet), tabled(findings), **tables)


def few(nodes: str, most: int = 4) -> str:
    """The first few names of a long list.

    Examples
    --------
    >>> few("a, b, c, d, e", most=2)
    'a, b and 3 more'
    """
    names = nodes.split(", ")
    return nodes if len(names) <= most + 1 else f"{', '.join(names[:most])} and {len(names) - most} more"
