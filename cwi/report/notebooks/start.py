"""A quarter of an hour with one edition, for the first notebook: sections of the other reports, one a step."""

from __future__ import annotations

import pandas as pd

from cwi.report.blocks import Section
from cwi.report.notebooks.sensitivity import SensitivityReport
from cwi.report.sections import example, index

__all__ = ["StartReport"]


class StartReport(SensitivityReport):
    """Sections on one edition in one language; show each in a cell of its own.

    Parameters and errors are those of :class:`~cwi.report.notebooks.sensitivity.SensitivityReport`.

    Examples
    --------
    >>> from cwi import read_edition
    >>> report = StartReport(read_edition(2023), factors="weights", language="en", draws=100, seed=1)
    >>> report.opening().blocks[0].plain()
    'A quarter of an hour with the index of 2023'
    """

    subject = "start"

    def ranking(self) -> Section:
        """The regions in the order of the index, as a picture and a table."""
        return self._made(index.index)

    def example(self, explained: pd.DataFrame) -> Section:
        """The tree under one number, as :meth:`cwi.Scores.explain` gives it."""
        return self.printer.marked(example.example(self.printer, explained))

    def map(self) -> Section:
        """The index on the map; its words alone in a project without borders."""
        return self._made(index.index_map)
