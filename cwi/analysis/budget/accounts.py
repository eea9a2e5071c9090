"""What the published forms of the children's budget print of one region and year: one set of numbers for all forms.

Budgets of 2025 are accounts *by programme*: whole tenge, as the decisions print them. Executed budgets are accounts *by
function*, million tenge. An account has one depth, and the regions that it is compared with have the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from cwi import folders
from cwi.analysis.budget.functions import MILLION, ByFunction, by_function, compare_with_age, gaps
from cwi.analysis.budget.functions import per_child as per_child_by_function
from cwi.analysis.budget.lines import TRANSFER, UNCLASSIFIED, classify, share, totals
from cwi.errors import DataError, near
from cwi.inputs import budget as inputs
from cwi.territory import Territory

__all__ = ["Account", "Figures", "account", "places", "read_figures"]

FUNCTION_ROWS = ("04", "05", "06", "08")
OTHER = "other functions"
TABLES = ("coefficients.csv", "functions.csv", "lines_2025.csv", "executed_by_function.csv", "decisions_2025.csv")


@dataclass(frozen=True, eq=False)
class Figures:
    """All figures that accounts are made of, read once.

    ``lines`` and ``classified``: budget lines of 2025; ``decisions``: index region; ``functions``: coefficients of
    functions; ``executed``: million KZT; ``by_function``; ``children``: persons 0-17, ``population``: persons, ``grp``:
    million KZT, index region and year; ``deflator``: by year, 2018 = 1; ``nation``: its code; ``coefficients``: the
    file; ``fingerprint`` and ``checksum``: the first 12 letters of SHA-256 of coefficients and of figures.
    """

    lines: pd.DataFrame
    classified: pd.DataFrame
    decisions: pd.DataFrame
    functions: pd.DataFrame
    executed: pd.DataFrame
    by_function: ByFunction
    children: pd.Series
    population: pd.Series
    grp: pd.Series
    deflator: pd.Series
    nation: str
    coefficients: str
    fingerprint: str
    checksum: str

    @cached_property
    def by_programme(self) -> pd.DataFrame:
        """Share of each budget of lines, capital counted; index region and year."""
        return share(self.classified)

    @cached_property
    def per_child(self) -> pd.DataFrame:
        """Per child by function: as :func:`cwi.analysis.budget.per_child`."""
        return per_child_by_function(self.by_function.spending, self.children, self.deflator, self.grp)

    def __repr__(self) -> str:
        regions = self.classified["region"].nunique()
        years = sorted(set(self.by_function.spending.index.get_level_values("year")))
        return f"Figures({regions} regions by programme, by function {years[0]}-{years[-1]})"


def read_figures(
    observations: pd.DataFrame,
    territory: Territory,
    *,
    coefficients: Path | str | None = None,
    folder: Path | None = None,
) -> Figures:
    """Read budgets and coefficients of ``folder`` (data/budget) and classify them.

    Parameters
    ----------
    observations, territory
        Of the project: children, population and gross product come from there.
    coefficients
        Another table of programmes than coefficients.csv.

    Raises
    ------
    DataError
        If a table cannot be used; with file and line.

    Examples
    --------
    >>> from cwi.observations import read_observations
    >>> from cwi.territory import read_territory
    >>> read_figures(read_observations(), read_territory())
    Figures(11 regions by programme, by function 2018-2024)
    """
    folder = folder or folders.data() / "budget"
    table = Path(coefficients) if coefficients else folder / TABLES[0]
    rules, functions = inputs.read_coefficients(table), inputs.read_functions(folder / TABLES[1])
    lines, executed = inputs.read_lines(folder), inputs.read_executed(folder / TABLES[3])
    plain = observations[(observations["sex"] == "") & (observations["area"] == "") & observations["scored"]]
    series = {
        name: plain[plain["indicator"] == name].set_index(["region", "year"])["value"] for name in ("population", "grp")
    }
    return Figures(
        lines, classify(lines, rules, functions), inputs.read_decisions(folder), functions, executed,
        by_function(executed, functions), inputs.children(observations, territory, folder),
        series["population"], series["grp"], inputs.read_deflator(folder / "deflator.csv"), territory.nation,
        folders.relative(table), _digest([table, folder / TABLES[1]]), _digest([folder / name for name in TABLES[2:]]),
    )  # fmt: skip


def _digest(paths: list[Path]) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:12]


def places(figures: Figures) -> pd.DataFrame:
    """Every account that can be made: region, year, depth ("programme" or "function")."""
    keys = figures.by_function.spending.index
    known = figures.by_function.spending["share"].notna().to_numpy()
    listed = [(region, year, "programme") for region, year in figures.by_programme.index]
    listed += [(region, year, "function") for (region, year), there in zip(keys, known, strict=True) if there]
    return pd.DataFrame(listed, columns=["region", "year", "depth"])


@dataclass(frozen=True, eq=False)
class Account:
    """The children's budget of a region and a year.

    ``rows``: functional_group, functional_subgroup, administrator, programme, name, amount, class, coefficient, low,
    high (0 to 1), capital, right, component, children, children_low, children_high; amounts in tenge.
    ``printed``: the total that the source prints, tenge. ``result``: own, children, children_low, children_high
    (tenge), share, low, high, classified (0 to 1). ``without_capital``: the same without buildings, by programme only.
    ``differences``: printed totals that their parts do not give (place, printed, added, difference in tenge).
    ``number``: children 0-17, persons; ``per_child``: per_child, low, high, real_per_child (KZT), of_grp (0 to 1).
    ``peers``: index region: share, low, high, per_child, of the same depth and year.
    ``history``: index year: of :class:`ByFunction` and per child; empty by programme.
    """

    region: str
    year: int
    depth: str
    rows: pd.DataFrame
    printed: float
    result: pd.Series
    without_capital: pd.Series | None
    differences: pd.DataFrame
    number: float
    per_child: pd.Series
    peers: pd.DataFrame
    history: pd.DataFrame
    figures: Figures

    @property
    def by_programme(self) -> bool:
        """Whether programmes are known, or functions only."""
        return self.depth == "programme"

    @property
    def unclassified(self) -> pd.DataFrame:
        """Rows without a class, largest first."""
        rows = self.rows[self.rows["class"] == UNCLASSIFIED]
        return rows.loc[rows["amount"].abs().sort_values(ascending=False, kind="stable").index]

    @cached_property
    def age(self) -> pd.DataFrame:
        """Share beside what the age structure predicts, regions of the year, by function only."""
        spending = self.figures.by_function.spending.drop(index=self.figures.nation, level="region")
        whole = spending[spending["partial"] == ""]
        return compare_with_age(whole, self.figures.children, self.figures.population, self.year)

    def groups(self) -> pd.DataFrame:
        """By function: amount, transfer, own, children, children_low, children_high (tenge); index functional_group."""
        rows = self.rows.assign(transfer=self.rows["amount"].where(self.rows["class"] == TRANSFER, 0))
        columns = ["amount", "transfer", "children", "children_low", "children_high"]
        table = rows.groupby("functional_group")[columns].sum()
        table.insert(2, "own", table["amount"] - table["transfer"])
        return table

    def __repr__(self) -> str:
        low, high = (f"{100 * self.result[name]:.1f}" for name in ("low", "high"))
        return (
            f"Account({self.region} {self.year}, by {self.depth}: {100 * self.result['share']:.1f} % of own spending, "
            f"{low} to {high})"
        )


def account(figures: Figures, region: str, year: int) -> Account:
    """The children's budget of a region, or of all local budgets of the country, in a year.

    Raises
    ------
    DataError
        If there is no such account: the year does not compare, or the region is not in the tables.

    Examples
    --------
    >>> from cwi.observations import read_observations
    >>> from cwi.territory import read_territory
    >>> figures = read_figures(read_observations(), read_territory())
    >>> account(figures, "KZ", 2024)
    Account(KZ 2024, by function: 44.1 % of own spending, 39.3 to 46.1)
    """
    known = places(figures)
    own = known[known["region"] == region]
    if own.empty:
        codes = list(dict.fromkeys(known["region"]))
        raise DataError(f"there is no budget of a region '{region}'{near(region, codes)}")
    if year not in list(own["year"]):
        reason = " (three regions of 2022 are mixed)" if year == 2022 else ""
        there = ", ".join(map(str, sorted(own["year"])))
        raise DataError(f"there is no children's budget of {region} in {year}{reason}; there are {there}")
    depth = own.loc[own["year"] == year, "depth"].iloc[0]
    return _of_lines(figures, region, year) if depth == "programme" else _of_functions(figures, region, year)


def _of_lines(figures: Figures, region: str, year: int) -> Account:
    rows = figures.classified.query("region == @region and year == @year")
    order = ["functional_group", "functional_subgroup", "administrator", "programme"]
    rows = rows.sort_values(order, kind="stable").reset_index(drop=True)
    found = totals(figures.lines[figures.lines["region"] == region], rows)
    result = _row(figures.by_programme, region, year)
    peers = figures.by_programme.xs(year, level="year")[
        ["share", "low", "high", "children", "children_low", "children_high"]
    ]
    number = figures.children.reindex(pd.MultiIndex.from_product([peers.index, [year]])).to_numpy()
    peers = peers.assign(
        per_child=peers["children"] / number,
        per_child_low=peers["children_low"] / number,
        per_child_high=peers["children_high"] / number,
    )
    mine = peers.loc[region].astype(float)
    product = float(figures.grp.get((region, year), float("nan"))) * MILLION
    return Account(
        region, year, "programme", rows, float(found.loc[found["place"] == "EXP", "printed"].iloc[0]), result,
        _row(share(rows, capital=False), region, year), found[found["difference"] != 0].reset_index(drop=True),
        float(figures.children[region, year]),
        pd.Series({"per_child": mine["per_child"], "low": mine["per_child_low"], "high": mine["per_child_high"],
                   "real_per_child": float("nan"), "of_grp": result["children"] / product}),
        peers[["share", "low", "high", "per_child"]], pd.DataFrame(), figures,
    )  # fmt: skip


def _of_functions(figures: Figures, region: str, year: int) -> Account:
    spending, executed = figures.by_function.spending, _row(figures.executed, region, year)
    result = _row(spending, region, year)
    rules = figures.functions.loc[list(FUNCTION_ROWS)]
    rows = rules.reset_index()[["functional_group", "class", "coefficient", "low", "high", "right", "component"]]
    rows["amount"] = [float(executed[f"EXP.{code}"]) * MILLION for code in FUNCTION_ROWS]
    for name, column in (("children", "coefficient"), ("children_low", "low"), ("children_high", "high")):
        rows[name] = rows["amount"] * rows[column]
    transfer = float(executed["EXP.15"]) if executed["EXP.15"] == executed["EXP.15"] else 0.0
    other = float(executed["EXP"]) - transfer - float(sum(executed[f"EXP.{code}"] for code in FUNCTION_ROWS))
    more = pd.DataFrame(
        {
            "functional_group": [OTHER, "15"],
            "class": [OTHER, TRANSFER],
            "amount": [other * MILLION, transfer * MILLION],
            **dict.fromkeys(("children", "children_low", "children_high"), 0.0),
        }
    )
    rows = pd.concat([rows, more], ignore_index=True)
    for column in ("functional_subgroup", "administrator", "programme", "name"):
        rows[column] = ""
    rows = rows.assign(capital=False, right=rows["right"].fillna(""), component=rows["component"].fillna(""))
    money = result[["own", "children", "children_low", "children_high"]] * MILLION
    result = pd.concat([money, result[["share", "low", "high"]], pd.Series({"classified": 1.0})])
    together = spending.join(figures.per_child[["children_number", "per_child", "real_per_child", "of_grp"]])
    alike = together[(together["partial"] == "") & together["share"].notna()].reset_index()
    peers = alike[(alike["year"] == year) & (alike["region"] != figures.nation)].set_index("region")
    peers = peers[["share", "low", "high", "per_child"]]
    history = alike[alike["region"] == region].set_index("year")
    short = gaps(figures.executed, figures.nation).loc[[year], ["EXP"]]
    differences = pd.DataFrame(columns=["region", "place", "printed", "added", "difference"])
    if region == figures.nation and abs(float(short["EXP"].iloc[0])) > 0.01:
        gap = float(short["EXP"].iloc[0]) * MILLION
        total = float(executed["EXP"]) * MILLION
        differences = pd.DataFrame([[region, "EXP", total, total - gap, gap]], columns=differences.columns)
    return Account(
        region, year, "function", rows.astype({"amount": float}), float(executed["EXP"]) * MILLION, result, None,
        differences, float(figures.children[region, year]), _row(figures.per_child, region, year), peers,
        history, figures,
    )  # fmt: skip


def _row(table: pd.DataFrame, region: str, year: int) -> pd.Series:
    return pd.Series(table.loc[(region, year), :])
