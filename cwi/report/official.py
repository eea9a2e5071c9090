"""The official report of a year: the sections in their order, and the numbers they printed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from cwi.edition import Edition
from cwi.errors import DataError, ParameterError
from cwi.report.blocks import Paragraph, Section, Table, ledger_folder, output_folder
from cwi.report.draws import check_draws
from cwi.report.ledger import Ledger
from cwi.report.pictures.aside import finish
from cwi.report.printer import Printer, language_of
from cwi.report.sections import (
    annex,
    change,
    dimensions,
    equity,
    example,
    index,
    limits,
    measured,
    money,
    opening,
    profiles,
    promises,
    robustness,
    rules,
)
from cwi.report.workbook import write_workbook
from cwi.writing import neutral

__all__ = ["OfficialReport"]


class OfficialReport:
    """Sections of the report of one edition in one language; show each in a cell of its own.

    Parameters
    ----------
    edition
        What was approved and measured.
    language
        kk, ru or en.
    draws
        Sets of weights behind the interval of each rank, and draws that say how sure the order is; at least 100.
    seed
        Starts the only random generator.

    Raises
    ------
    ParameterError
        If there are too few draws, or no such language.
    DataError
        If the nation was not scored.

    Examples
    --------
    >>> from cwi import read_edition
    >>> report = OfficialReport(read_edition(2023), language="en", draws=100, seed=1)
    >>> print(report.opening().blocks[0].plain())
    Child Well-Being Index of Kazakhstan's regions, 2023
    """

    def __init__(self, edition: Edition, *, language: str, draws: int, seed: int) -> None:
        if draws < 100:
            raise ParameterError(f"draws is {draws}; an interval needs at least 100")
        check_draws(draws, seed)
        words = language_of(edition, language)
        nation = edition.territory.nation
        if not nation or nation not in set(edition.scores.nodes["region"]):
            raise DataError(
                f"the report sets every region beside its nation, and the scores of {edition.label} have none; name it "
                "in methodology.toml (nation), or run another notebook"
            )
        self.edition = edition
        self.ledger = Ledger(words, edition.label, edition.methodology.fingerprint, edition.checksum[:12], seed)
        self._printer = Printer(edition, words, self.ledger, draws, np.random.default_rng(seed))
        self._tables: dict[str, Table] = {}

    def opening(self) -> Section:
        """Title, status, and the index in a few sentences."""
        return self._kept(opening.opening)

    def measured(self) -> Section:
        """How much the index rests on."""
        return self._kept(measured.measured)

    def map(self) -> Section:
        """The index on the map."""
        return self._kept(index.index_map)

    def ranking(self, ranked: pd.DataFrame | None = None) -> Section:
        """Regions ranked, with their dimensions and the interval of each rank, and the table of the index.

        Parameters
        ----------
        ranked
            Of :meth:`cwi.index.Scores.ranked`, as the notebook computes it; it must be that of the edition.

        Raises
        ------
        ParameterError
            If it is not.
        """
        own = self.edition.scores.ranked(self.edition.year)
        if ranked is not None and not ranked.equals(own):
            raise ParameterError(f"the ranking is not that of the edition of {self.edition.label}")
        return self._kept(index.index)

    def example(self, explained: pd.DataFrame | None = None) -> Section:
        """The index of one region from values to scores.

        Parameters
        ----------
        explained
            Of :meth:`cwi.index.Scores.explain`; that of the first region by default.
        """
        return self._kept(partial(example.example, explained=explained))

    def robustness(self) -> Section:
        """How sure the order is, and what it rests on."""
        return self._kept(robustness.whole_section)

    def dimensions(self) -> Section:
        """Each dimension by its components."""
        return self._kept(dimensions.dimensions)

    def change(self) -> Section:
        """What changed since earlier years."""
        return self._kept(change.change)

    def profiles(self) -> Section:
        """Where each region is strong and weak."""
        return self._kept(profiles.profiles)

    def equity(self) -> Section:
        """Girls and boys, town and village: gaps, never scored."""
        return self._kept(equity.equity)

    def money(self) -> Section:
        """Money for children: the share of local budgets, beside the age structure, and per child."""
        return self._kept(money.money)

    def promises(self) -> Section:
        """Promises and progress: targets kept, missed and moved, and weak components that no measure aims at."""
        return self._kept(promises.promises)

    def rules(self) -> Section:
        """The rules that were applied, and every indicator with its ends and its weight."""
        return self._kept(rules.rules)

    def limits(self) -> Section:
        """What a reader must not take from the report."""
        return self._kept(limits.limits)

    def annex(self) -> Section:
        """The method annex: rules, framework, weights in force, quality sheet, revisions, sources, how to cite."""
        return self._kept(annex.annex)

    def sections(self) -> list[Section]:
        """The whole report, in order; nothing is drawn before it is shown."""
        first = [self.opening(), self.measured(), self.map(), self.ranking(), self.robustness()]
        then = [self.dimensions(), self.example(), self.change(), self.profiles(), self.equity()]
        then += [self.money(), self.promises()]
        return [*first, *then, self.limits(), self.annex()]

    def close(self) -> Section:
        """Write ledger and tables where a report is being made, and print how many numbers it has.

        Pictures that are drawn beside this process are there afterwards.
        """
        printer = self._printer
        rows = self.ledger.frame()
        folder = output_folder()
        if folder is None and (aside := ledger_folder()) is not None:
            self.ledger.write(aside / f"ledger.official.{printer.language.code}.csv")
        if folder is not None:
            self.ledger.write(folder / f"ledger.{printer.language.code}.csv")
            (folder / "tables").mkdir(exist_ok=True)
            for table in self._tables.values():
                written(table.data).to_csv(folder / "tables" / f"{table.name}.csv", index=False, lineterminator="\n")
            write_workbook(
                folder / f"tables.{printer.language.code}.xlsx",
                list(self._tables.values()),
                language=printer.language,
                title=printer.title_of_report,
                about=[
                    (
                        printer.text("about.methodology"),
                        f"{printer.edition.methodology.version} ({printer.edition.methodology.fingerprint})",
                    ),
                    (printer.text("about.data"), printer.ledger.data),
                    (printer.text("about.status"), printer.text(f"status.{printer.edition.methodology.status}")),
                    *(
                        [(printer.text("about.figures"), printer.text("rehearsal.mark"))]
                        if printer.edition.rehearsal
                        else []
                    ),
                    (printer.text("about.licence"), "CC BY 4.0"),
                ],
            )
        finish()
        return Section([Paragraph(printer.text("report.numbers", n=printer.language.number(len(rows), 0)), "note")])

    def _kept(self, make: Callable[[Printer], Section]) -> Section:
        section = self._printer.marked(make(self._printer))
        self._tables |= {table.name: table for table in section.tables()}
        return section


def written(data: pd.DataFrame) -> pd.DataFrame:
    """A table as it is written: twelve significant digits, the same on every machine, and no text that is a formula."""
    numbers = [str(column) for column in data if data[column].dtype == float]
    words = [str(column) for column in data if pd.api.types.is_string_dtype(data[column])]
    table = data.assign(**{c: [v if v != v else float(f"{v:.12g}") for v in data[c]] for c in numbers})
    return table.assign(**{c: [neutral(v) if isinstance(v, str) else v for v in data[c]] for c in words})
