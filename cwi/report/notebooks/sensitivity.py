"""What moves the order of an edition, for the notebook of the sensitivity analysis; the report takes a part of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cwi.analysis.uncertainty import Robustness
from cwi.edition import Edition
from cwi.errors import ParameterError
from cwi.report.blocks import Section
from cwi.report.notebooks.analysis_report import AnalysisReport
from cwi.report.printer import Printer
from cwi.report.sections import influence, robustness

__all__ = ["SensitivityReport"]


class SensitivityReport(AnalysisReport):
    """Sections on one edition in one language; show each in a cell of its own.

    Parameters
    ----------
    edition
        What was approved and measured.
    factors
        Names of factors of factors.toml with commas between, or nothing for all of them.
    language
        kk, ru or en.
    draws
        Of the simulation, at least 100.
    result
        Of :func:`~cwi.analysis.uncertainty.robustness` with these factors, draws and seed; drawn here by default.
    seed
        Starts the only random generator; with the seed of the official report the numbers are those of its section.

    Examples
    --------
    >>> from cwi import read_edition
    >>> report = SensitivityReport(read_edition(2023), factors="scale, weights", language="en", draws=200, seed=1)
    >>> report.intervals().blocks[0].plain()
    'How robust is the ranking?'
    """

    subject = "sensitivity"

    def __init__(
        self,
        edition: Edition,
        *,
        factors: str = "",
        result: Robustness | None = None,
        language: str,
        draws: int,
        seed: int,
    ) -> None:
        if draws < 100:
            raise ParameterError(f"draws is {draws}; an interval needs at least 100")
        super().__init__(edition, language=language, seed=seed)
        names = tuple(name.strip() for name in factors.split(",") if name.strip())
        rng = np.random.default_rng(seed)
        self.printer = Printer(edition, self.language, self.ledger, draws, rng, factors=names, drawn=result)

    def intervals(self) -> Section:
        """What was varied, and the rank intervals of the regions."""
        return self._made(robustness.ranks)

    def above(self) -> Section:
        """The share of draws in which each region ranks above each other."""
        return self._made(robustness.pairwise)

    def importance(self) -> Section:
        """Which choice matters."""
        return self._made(influence.importance)

    def dependence(self) -> Section:
        """The choice that each region's rank rests on."""
        return self._made(influence.dependence)

    def single_changes(self) -> Section:
        """What alone would change the first or the last place."""
        return self._made(influence.single_changes)

    def key_sentences(self) -> Section:
        """Key sentences that can be quoted alone."""
        return self._made(robustness.key_sentences)

    def _made(self, section: Callable[[Printer], Section]) -> Section:
        return self.printer.marked(section(self.printer))
