"""Budget lines by programme: each tenge counted once, classified, and added up for children.

E = sum of coefficient x amount over programmes; transfers between budgets are left out, they are spent and
counted where they arrive. Amounts are whole tenge.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cwi.errors import DataError

__all__ = ["BY", "TRANSFER", "UNCLASSIFIED", "classify", "share", "summary", "totals", "unclassified"]

UNCLASSIFIED, TRANSFER = "unclassified", "transfer"
TRANSFER_GROUP = "15"
TARGETED = ("113", "114")  # targeted transfers to lower budgets, under every administrator
LEVEL_CODES = ["functional_subgroup", "administrator", "programme"]
HEADLINE = ("direct", "indirect")
BY = ("functional_group", "functional_subgroup", "administrator", "class", "right", "component")
BUDGET = ["region", "level", "year", "phase"]


def classify(lines: pd.DataFrame, coefficients: pd.DataFrame, functions: pd.DataFrame) -> pd.DataFrame:
    """Spending that is counted once, a row a programme, with its class and its amounts for children.

    Parameters
    ----------
    lines
        Budget lines, totals among them where the decision prints them, as ``inputs.budget.read_lines`` gives them.
    coefficients, functions
        Of programmes, and of functions for groups that are printed as totals only.

    Returns
    -------
    DataFrame
        The lines that are added (amounts in tenge): class (one of the four, unclassified, transfer), capital, right,
        component, coefficient, low, high (0 to 1, missing where the class is not counted), children, children_low,
        children_high (tenge, float). Where printed totals are larger or smaller than their programmes the difference is
        a line of its own without a programme, unclassified.

    Raises
    ------
    DataError
        If a programme is in the coefficients under another administrator only and its function is education, where a
        wrong code would move the result.
    """
    spending = lines[lines["functional_group"].str.fullmatch(r"\d{2}")]
    leaves = spending[spending["programme"] != ""]
    totals_ = spending[(spending[LEVEL_CODES] == "").all(axis=1)]
    rest = _rest(leaves, totals_)
    found = pd.concat([leaves, rest], ignore_index=True)
    _misplaced(leaves, coefficients)
    key = pd.MultiIndex.from_frame(found[["administrator", "programme"]])
    by_programme = coefficients.reindex(key).reset_index(drop=True)
    whole = found["functional_group"].where(found["whole_group"].eq(True)).fillna("")
    by_group = functions.reindex(whole).reset_index(drop=True)
    for column in ("class", "right", "component"):
        found[column] = by_programme[column].where(by_programme[column].notna(), by_group[column]).fillna("")
    found["class"] = found["class"].replace("", UNCLASSIFIED)
    transfer = (found["functional_group"] == TRANSFER_GROUP) | found["programme"].isin(TARGETED)
    found.loc[transfer, ["class", "right", "component"]] = [TRANSFER, "", ""]
    found["capital"] = by_programme["capital"].eq(True) & ~transfer
    counted = found["class"].isin(HEADLINE)
    for name, column in (("children", "coefficient"), ("children_low", "low"), ("children_high", "high")):
        weight = by_programme[column].where(by_programme[column].notna(), by_group[column])
        found[column] = weight.where(counted)
        found[name] = (weight * found["amount"]).where(counted, 0.0)
    return found.drop(columns="whole_group")


def _rest(leaves: pd.DataFrame, totals_: pd.DataFrame) -> pd.DataFrame:
    """What the total of a group has beside its programmes: all of it where there are none, else a difference."""
    group = [*BUDGET, "functional_group"]
    listed = leaves.groupby(group)["amount"].sum()
    rows = totals_.assign(
        whole_group=[key not in listed.index for key in totals_[group].itertuples(index=False, name=None)]
    )
    known = [int(listed.get(key, 0)) for key in rows[group].itertuples(index=False, name=None)]
    rows = rows.assign(amount=rows["amount"] - np.array(known, dtype="int64"))
    return rows[rows["amount"] != 0]


def _misplaced(leaves: pd.DataFrame, coefficients: pd.DataFrame) -> None:
    names = coefficients.reset_index()
    known = names.groupby(["programme", "name"])["administrator"].agg(list)
    keys = pd.MultiIndex.from_frame(leaves[["administrator", "programme"]])
    for row in leaves[~keys.isin(coefficients.index) & (leaves["functional_group"] == "04")].to_dict("records"):
        right = known.get((row["programme"], row["name"]), [])
        if right:
            raise DataError(
                f"{row['region']}, {row['year']}: programme {row['programme']} '{row['name']}' is under administrator "
                f"{row['administrator']}; the coefficients have it under {', '.join(right)}: correct the code, or "
                "add a row"
            )


def share(classified: pd.DataFrame, *, capital: bool = True, by: list[str] | None = None) -> pd.DataFrame:
    """Children's share of own spending of each budget.

    Parameters
    ----------
    classified
        As :func:`classify` gives it.
    capital
        Whether capital spending (schools built) is counted, in both parts of the share.
    by
        What to add over; region and year by default.

    Returns
    -------
    DataFrame
        own, children, children_low, children_high (tenge), share, low, high (0 to 1) and classified, the part of own
        spending that has a class.

    Examples
    --------
    >>> from cwi.inputs.budget import read_coefficients, read_functions, read_lines
    >>> found = share(classify(read_lines(), read_coefficients(), read_functions()))
    >>> bool((found["low"] <= found["share"]).all() and (found["share"] <= found["high"]).all())
    True
    """
    spent = classified[classified["class"] != TRANSFER]
    if not capital:
        spent = spent[~spent["capital"]]
    spent = spent.assign(known=spent["amount"].where(spent["class"] != UNCLASSIFIED, 0))
    columns = {"own": "amount", "children": "children", "children_low": "children_low",
               "children_high": "children_high", "classified": "known"}  # fmt: skip
    grouped = spent.groupby(by or ["region", "year"])
    table = pd.DataFrame({name: grouped[column].sum() for name, column in columns.items()})
    for name, column in (("share", "children"), ("low", "children_low"), ("high", "children_high")):
        table[name] = table[column] / table["own"]
    table["classified"] = table["classified"] / table["own"]
    return table


def summary(classified: pd.DataFrame, by: str, *, regions: list[str] | None = None) -> pd.DataFrame:
    """Children's spending by function, subgroup, administrator, class, right or component, in tenge, largest first.

    Raises
    ------
    DataError
        If lines cannot be added up by that.
    """
    if by not in BY:
        raise DataError(f"lines cannot be added up by '{by}'; there are {', '.join(BY)}")
    spent = classified[classified["class"].isin(HEADLINE)]
    if regions is not None:
        spent = spent[spent["region"].isin(regions)]
    key = ["functional_group", by] if by == "functional_subgroup" else [by]
    table = spent.groupby(key)[["amount", "children", "children_low", "children_high"]].sum()
    return table.sort_values("children", ascending=False, kind="stable")


def unclassified(classified: pd.DataFrame) -> pd.DataFrame:
    """The lines without a class, largest first: never zero silently."""
    rows = classified[classified["class"] == UNCLASSIFIED]
    order = rows["amount"].abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[
        order, ["region", "functional_group", "functional_subgroup", "administrator", "programme", "name", "amount"]
    ]


def totals(lines: pd.DataFrame, classified: pd.DataFrame) -> pd.DataFrame:
    """The printed total of each decision beside what was added up, and every printed total that its parts do not give.

    Returns
    -------
    DataFrame
        region, place (codes of the total), printed, added, difference (tenge); the first row of each region is EXP.
    """
    rows: list[dict[str, object]] = []
    for region, part in lines.groupby("region", sort=False):
        spending = part[part["functional_group"].str.fullmatch(r"\d{2}")]
        printed = int(part.loc[part["functional_group"] == "EXP", "amount"].sum())
        added = int(classified.loc[classified["region"] == region, "amount"].sum())
        rows.append({"region": region, "place": "EXP", "printed": printed, "added": added})
        nodes = spending[(spending["administrator"] != "") & (spending["programme"] == "")]
        inside = spending[spending["programme"] != ""]
        codes = ["functional_group", "functional_subgroup", "administrator"]
        sums = inside.groupby(codes)["amount"].sum()
        for row in nodes.to_dict("records"):
            key = tuple(row[name] for name in codes)
            if int(sums.get(key, 0)) != row["amount"]:
                place = "/".join(filter(None, key))
                rows.append(
                    {"region": region, "place": place, "printed": row["amount"], "added": int(sums.get(key, 0))}
                )
        rows += _points(part, str(region))
    table = pd.DataFrame(rows, columns=["region", "place", "printed", "added"])
    return table.assign(difference=table["printed"] - table["added"])


def _points(part: pd.DataFrame, region: str) -> list[dict[str, object]]:
    """Sums in the points of the text (targeted transfers) whose items give another sum."""
    codes = part["functional_group"]
    rows: list[dict[str, object]] = []
    for row in part[codes.str.fullmatch(r"TXT\.\d+")].to_dict("records"):
        items = part[codes.str.fullmatch(row["functional_group"].replace(".", r"\.") + r"\.\d+")]
        if len(items) > 1 and int(items["amount"].sum()) != row["amount"]:
            added = int(items["amount"].sum())
            rows.append({"region": region, "place": row["functional_group"], "printed": row["amount"], "added": added})
    return rows
