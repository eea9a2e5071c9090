"""What all forms of the children's budget need: an account, a language, and a ledger for the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cwi.analysis.budget import Account
from cwi.names import Name
from cwi.report.languages import Language
from cwi.report.ledger import Ledger
from cwi.territory import Territory

__all__ = ["GROUPS", "BudgetPrinter"]

GROUPS = {
    "01": "general", "02": "defence", "03": "order", "04": "education", "05": "health", "06": "social", "07": "housing",
    "08": "culture", "09": "energy", "10": "agriculture", "11": "industry", "12": "transport", "13": "other",
    "14": "debt", "15": "transfers", "other functions": "rest",
}  # fmt: skip
RIGHTS = {
    "12; 31": "opinion", "19": "violence", "20": "family", "20; 21": "family", "20; 28": "family", "23": "disability",
    "23; 24": "disability", "24": "health", "26": "income", "26; 27": "income", "27": "living", "28": "education",
    "28; 18": "preschool", "29": "talents", "31": "leisure",
}  # fmt: skip
TENGE, THOUSAND, MILLION, BILLION = 1, 1_000, 1_000_000, 1_000_000_000


@dataclass(frozen=True, eq=False)
class BudgetPrinter:
    """Prints an account in one language; each number it prints goes through the ledger."""

    account: Account
    territory: Territory
    language: Language
    ledger: Ledger

    @classmethod
    def of(cls, account: Account, territory: Territory, language: str) -> BudgetPrinter:
        """A printer with an empty ledger of its own."""
        words, figures = Language(language), account.figures
        label = f"{account.region} {account.year}"
        return cls(account, territory, words, Ledger(words, label, figures.fingerprint, figures.checksum, 0))

    def text(self, key: str, **values: object) -> str:
        return self.language.text(key, **values)

    def region(self, code: str) -> str:
        return self.territory.name(code, self.language.code)

    @property
    def place(self) -> Name:
        """Whose budget it is: the region, or all local budgets of the country."""
        national = self.account.region == self.account.figures.nation
        name = self.territory.name(self.account.region, self.language.code)
        return Name(self.text("budget.nation"), name.cases) if national else name

    @property
    def title(self) -> str:
        """Region and year, as a page is called."""
        return self.text("budget.title", place=self.place, year=self.account.year)

    @cached_property
    def unit(self) -> str:
        """What amounts of tables are counted in: thousand tenge as decisions print them, million tenge by function."""
        return self.text("budget.unit.thousand" if self.account.by_programme else "budget.unit.million")

    @cached_property
    def decimals(self) -> tuple[int, int]:
        """With how many decimals printed amounts, and those for children, are exact in that unit; three at most."""
        rows = self.account.rows
        if not self.account.by_programme:
            return 3, 3
        pairs = []
        for columns in (["amount"], ["children", "children_low", "children_high"]):
            exact = rows[columns].to_numpy(float).round(3) / THOUSAND
            pairs.append(next((d for d in range(3) if np.allclose(exact, exact.round(d), rtol=0, atol=1e-6)), 3))
        return pairs[0], max(pairs)

    @property
    def divisor(self) -> int:
        return THOUSAND if self.account.by_programme else MILLION

    # Numbers by the name of what they are.

    def name(self, what: str) -> str:
        return f"budget.{self.account.year}.{self.account.region}.{what}"

    def amount(self, what: str, tenge: float, *, exact: int = 0) -> str:
        """An amount of a table in its unit; ``exact`` 1 for amounts for children."""
        value, decimals = tenge / self.divisor, self.decimals[exact]
        return self.ledger.number(self.name(what), value, unit=self._unit, decimals=decimals)

    @property
    def _unit(self) -> str:
        return "thousand KZT" if self.account.by_programme else "million KZT"

    def billion(self, what: str, tenge: float) -> str:
        """An amount in words: billion tenge."""
        return self.ledger.number(self.name(f"{what}.billion"), tenge / BILLION, unit="billion KZT", decimals=1)

    def tenge(self, what: str, value: float) -> str:
        """Whole tenge, as for one child, to the thousand: more digits would be more than is known."""
        return self.ledger.number(self.name(what), round(value, -3), unit="KZT", decimals=0) if value == value else "–"

    def percent(self, what: str, share: float, *, sign: bool = False) -> str:
        """A share of one as a percentage with one decimal."""
        return self.ledger.number(self.name(what), 100 * share, unit="%", decimals=1, sign=sign)

    def number(self, what: str, value: float) -> str:
        """A coefficient."""
        return self.ledger.number(self.name(what), value, decimals=2)

    def whole(self, what: str, value: float, unit: str = "count") -> str:
        return self.ledger.number(self.name(what), value, unit=unit, decimals=0)

    def share(self) -> dict[str, str]:
        """share, low and high of the account, printed."""
        return {name: self.percent(name, self.account.result[name]) for name in ("share", "low", "high")}

    def plain(self, value: float) -> str:
        """A number inside a picture whose table enters it into the ledger."""
        return self.language.number(value, 1)

    def plain_whole(self, value: float) -> str:
        """A whole number on an axis."""
        return self.language.number(value, 0)

    # Words for codes.

    def group(self, code: str) -> str:
        return self.text(f"budget.group.{GROUPS[code]}")

    def kind(self, name: str) -> str:
        return self.text(f"budget.class.{name.replace(' ', '_')}")

    def purpose(self, right: str) -> str:
        """What money is for in plain words, from the articles of the Convention."""
        return self.text(f"budget.purpose.{RIGHTS.get(right, 'other')}")

    def component(self, code: str) -> str:
        """A component of the index."""
        return self.text(f"budget.component.{code}") if code else self.text("budget.none")

    def programme(self, row: Mapping[Any, Any]) -> str:
        """The name of a programme as the decision prints it; of a line without one, its function."""
        name = str(row["name"])
        return name if row["programme"] else self.group(str(row["functional_group"]))
