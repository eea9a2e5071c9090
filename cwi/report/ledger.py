"""Every printed number has a name; one name never has two values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from cwi.errors import DataError
from cwi.report.languages import LANGUAGES, NONE, Language
from cwi.report.named import Named

__all__ = ["COLUMNS", "SHARED", "Ledger", "merge"]

COLUMNS = ("name", "value", "unit", "decimals", *(f"text_{code}" for code in sorted(LANGUAGES)), "edition",
           "fingerprint", "data", "seed")  # fmt: skip
SHARED = tuple(column for column in COLUMNS if not column.startswith("text_"))


@dataclass
class Ledger:
    """The numbers of one report in one language.

    Parameters
    ----------
    language
        How numbers are written.
    edition, fingerprint, data, seed
        What they belong to: the label of the edition (its year), the methodology, the checksum of the data, the seed
        of the draws.
    """

    language: Language
    edition: str
    fingerprint: str
    data: str
    seed: int
    _rows: dict[str, dict[str, object]] = field(default_factory=dict)

    def number(self, name: str, value: float, *, unit: str = "", decimals: int = 1, sign: bool = False) -> str:
        """Enter a number under a name and give its text; a dash, and no entry, where there is none.

        Raises
        ------
        DataError
            If the name already has another value or is printed with other digits.

        Examples
        --------
        >>> ledger = Ledger(Language("en"), "2023", "f", "d", 1)
        >>> ledger.number("score.2023.KZ.index", 56.08, unit="points")
        '56.1'
        """
        if value != value:
            return NONE
        text = self.language.number(value, decimals, sign=sign)
        if unit == "p-value" and 0 <= value < 10.0**-decimals / 2:  # no test gives zero, as the digits alone would
            text = self.language.less_than(10.0**-decimals, decimals)
        row = {"name": name, "value": f"{float(value) + 0.0:.12g}", "unit": unit, "decimals": decimals, "text": text}
        known = self._rows.setdefault(name, row)
        if known != row:
            raise DataError(
                f"the number '{name}' is printed as {known['text']} ({known['value']}) and as {text} ({row['value']}); "
                "one name has one value"
            )
        return Named(text, [(0, len(text), name)])

    def restart(self, prefix: str) -> None:
        """Drop the entries whose names begin so: the cell that prints them is run again."""
        for name in [name for name in self._rows if name.startswith(prefix)]:
            del self._rows[name]

    def frame(self) -> pd.DataFrame:
        """The entries in the order of their names, a column text_<language>."""
        rows = [self._rows[name] for name in sorted(self._rows)]
        table = pd.DataFrame(rows, columns=["name", "value", "unit", "decimals", "text"])
        table = table.rename(columns={"text": f"text_{self.language.code}"})
        return table.assign(edition=self.edition, fingerprint=self.fingerprint, data=self.data, seed=self.seed)

    def write(self, path: Path) -> None:
        """Write the entries as CSV."""
        self.frame().to_csv(path, index=False, lineterminator="\n")


def merge(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The ledgers of one report in several languages as one.

    Raises
    ------
    DataError
        If a name has two values, or is printed in one language only.
    """
    merged: pd.DataFrame | None = None
    for frame in frames:
        frame = frame.astype(str)
        if merged is None:
            merged = frame
            continue
        keys = [column for column in SHARED if column in frame]
        both = merged.merge(frame, on=keys, how="outer", indicator=True, validate="one_to_one")
        if (both["_merge"] != "both").any():
            row = both[both["_merge"] != "both"].iloc[0]
            raise DataError(f"the number '{row['name']}' ({row['value']}) is not the same in every language")
        merged = both.drop(columns="_merge")
    if merged is None:
        raise DataError("there is no ledger to merge")
    return merged.reindex(columns=COLUMNS, fill_value="").sort_values("name", ignore_index=True)
