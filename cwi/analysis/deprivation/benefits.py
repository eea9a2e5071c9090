"""What benefits contribute: entitlement, amount and take-up of each household, and poverty before and after.

Static: nobody works, moves or has children because of a benefit. A difference between before and after is arithmetic on
the same households.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.deprivation.domains import sample_design
from cwi.errors import DataError, near
from cwi.inputs.benefits import BENEFITS, BenefitRules, read_totals
from cwi.inputs.deprivation import Deprivations
from cwi.methods.survey import mean, ratio, total

__all__ = ["BenefitResult", "entitlements", "scorecard", "simulate_benefits"]

Array = NDArray[np.float64]

MONTHS = 12
NEEDED = ("household", "age", "household_size", "children", "income", "weight", "adults_working")
LARGE = 4


class _Total(NamedTuple):
    """A published total."""

    year: int
    benefit: str
    quantity: str
    value: float
    unit: str
    source: str
    note: str


@dataclass(frozen=True, eq=False)
class BenefitResult:
    """What was simulated.

    ``table``: a row a benefit and "all": take_up (the assumed share; not a number for "all"), entitled, recipients
    (children, in thousands), cost (billion KZT a year), each with its standard error; coverage (share of
    children below the line before who live with a recipient), leakage (share of spending on households above it),
    adequacy (mean amount per head over the line, of recipients below it), poverty and M0 (with income as a further
    dimension) after this and the benefits before it, with change and error.
    ``households``: amount of each benefit a month, by household. ``poverty_before``, ``M0_before``: of children.
    """

    table: pd.DataFrame
    households: pd.DataFrame
    poverty_before: float
    M0_before: float
    line: float


def entitlements(children: pd.DataFrame, rules: BenefitRules) -> pd.DataFrame:
    """The monthly amount of each benefit that every household is entitled to, in KZT.

    One-off payments are spread over twelve months. A child of 0 years was born within the year; a child of 1 has half a
    year of the care allowance, since ages are whole years. Targeted assistance tops the income per head, with the other
    benefits, up to the line.

    Parameters
    ----------
    children
        A row a child: household, age, household_size, children, income (a head and month, with benefit_income if that
        column is there), adults_working.
    rules
        Of :func:`cwi.inputs.benefits.read_benefit_rules`.

    Returns
    -------
    DataFrame
        index household; birth, care, large_family, targeted, size, income (a head and month before these benefits).

    Raises
    ------
    DataError
        If a column is missing.
    """
    for name in NEEDED:
        if name not in children:
            raise DataError(f"the table of children has no column '{name}'{near(name, map(str, children.columns))}")
    table = children.sort_values(["household", "age"], ascending=[True, False], kind="stable")
    order = table.groupby("household").cumcount() + 1  # the oldest is the first
    listed = table.groupby("household")["age"].transform("size")
    order = (order + (table["children"] - listed).clip(lower=0)).clip(upper=LARGE).astype(int)
    age = table["age"].to_numpy(float)
    birth, care, large, aid = (rules.values[name] for name in BENEFITS)
    by_order = {name: order.map({k: one[f"order_{k}"] for k in range(1, LARGE + 1)}).to_numpy(float)
                for name, one in (("birth", birth), ("care", care))}  # fmt: skip
    part = np.clip(care["to_age"] - np.floor(age), 0.0, 1.0)  # the share of the year below the age
    at_home = (table["adults_working"] < 2).to_numpy()
    young = (age >= aid["supplement_from"]) & (age < aid["supplement_to"] + 1)
    each = pd.DataFrame({
        "household": table["household"].to_numpy(),
        "birth": np.where(age < 1, by_order["birth"] * rules.mci / MONTHS, 0.0),
        "care": np.where(at_home, part * by_order["care"] * rules.mci, 0.0),
        "young": young.astype(float),
    })  # fmt: skip
    homes = each.groupby("household")[["birth", "care", "young"]].sum()
    first = table.groupby("household").first()
    many = first["children"].to_numpy(float)
    known = np.array([large[f"children_{k}"] for k in range(LARGE, 8)])
    steps = np.where(many >= 8, many * large["each_from_8"], known[np.clip(many.astype(int) - LARGE, 0, 3)])
    homes["large_family"] = np.where(many >= LARGE, steps * rules.mci, 0.0)
    received = first.get("benefit_income", 0.0)
    homes["size"], homes["income"] = first["household_size"], (first["income"] - received).clip(lower=0.0)
    others = homes[["birth", "care", "large_family"]].sum(axis=1) / homes["size"]
    gap = (aid["line"] * rules.subsistence - homes["income"] - others) * homes["size"]
    homes["targeted"] = np.where(gap > 0, gap + homes["young"] * aid["supplement"] * rules.mci, 0.0)
    return homes[[*BENEFITS, "size", "income"]]


def simulate_benefits(
    coded: Deprivations,
    rules: BenefitRules,
    *,
    rng: np.random.Generator,
    benefits: Sequence[str] = BENEFITS,
    full_take_up: bool = False,
    lonely: str = "error",
) -> BenefitResult:
    """Poverty of children before and after each benefit, added one after the other, and what each reaches and costs.

    Parameters
    ----------
    coded
        Children with their households and deprivations.
    rules
        The parameters of a day; its subsistence minimum is the line.
    rng
        Decides which entitled households receive a benefit, by the assumed take-up.
    benefits
        In the order in which they are added; targeted assistance counts the others as income, so it comes last.
    full_take_up
        Whether all who are entitled receive.
    lonely
        See :class:`cwi.methods.survey.Design`.

    Raises
    ------
    DataError
        If a benefit is unknown or a column is missing.
    """
    for name in benefits:
        if name not in BENEFITS:
            raise DataError(f"there is no benefit '{name}'{near(name, BENEFITS)}")
    children = coded.children
    homes = entitlements(children, rules)
    paid = pd.DataFrame({
        name: np.where(full_take_up | (rng.random(len(homes)) < rules.take_up[name]), homes[name], 0.0)
        for name in benefits
    }, index=homes.index)  # fmt: skip
    design = sample_design(children, lonely=lonely)
    place = homes.index.get_indexer(pd.Index(children["household"]))
    size = homes["size"].to_numpy(float)[place]
    many = children.groupby("household")["weight"].transform("size").to_numpy(float)
    income = homes["income"].to_numpy(float)[place]
    line, weight = rules.subsistence, children["weight"].to_numpy(float)
    below = (income < line).astype(float)
    before = [below, _with_income(coded, below)]
    rows, so_far = [], np.zeros(len(children))
    for name in (*benefits, "all"):
        full = homes[list(benefits)].sum(axis=1) if name == "all" else homes[name]
        entitled = full.to_numpy(float)[place]
        money = (paid.sum(axis=1) if name == "all" else paid[name]).to_numpy(float)[place]
        so_far = so_far if name == "all" else so_far + money / size
        after = (income + so_far < line).astype(float)
        now = [after, _with_income(coded, after)]
        reached = (money > 0).astype(float)
        year = money * MONTHS / many
        totals = np.column_stack([(entitled > 0).astype(float), reached, year])
        summed = totals.T @ weight
        errors = total(totals, design).se[0]
        change = mean(np.column_stack([one - two for one, two in zip(now, before, strict=True)]), design)
        shares = ratio(
            np.column_stack([reached * below, year * (1 - below), reached * below * money / size / line]),
            np.column_stack([below, year, reached * below]),
            design,
        )
        rows.append({
            "benefit": name, "take_up": np.nan if name == "all" else 1.0 if full_take_up else rules.take_up[name],
            "entitled": summed[0] / 1e3, "recipients": summed[1] / 1e3, "cost": summed[2] / 1e9,
            "entitled_se": errors[0] / 1e3, "recipients_se": errors[1] / 1e3, "cost_se": errors[2] / 1e9,
            "coverage": shares.estimate[0, 0], "leakage": shares.estimate[0, 1], "adequacy": shares.estimate[0, 2],
            "coverage_se": shares.se[0, 0], "leakage_se": shares.se[0, 1], "adequacy_se": shares.se[0, 2],
            "poverty": float(np.average(now[0], weights=weight)), "M0": float(np.average(now[1], weights=weight)),
            "poverty_change": change.estimate[0, 0], "poverty_change_se": change.se[0, 0],
            "M0_change": change.estimate[0, 1], "M0_change_se": change.se[0, 1],
        })  # fmt: skip
    start = [float(np.average(one, weights=weight)) for one in before]
    return BenefitResult(pd.DataFrame(rows).set_index("benefit"), paid, start[0], start[1], line)


def scorecard(result: BenefitResult, coded: Deprivations, rules: BenefitRules) -> pd.DataFrame:
    """The simulation held against published totals, with the gap.

    Returns
    -------
    DataFrame
        year, benefit, quantity, published, simulated, gap (simulated less published), ratio, unit, note, source.
    """
    children = coded.children
    paid = result.households
    many = children.groupby("household")["weight"].agg(["sum", "size"]).reindex(paid.index)
    of_home = (many["sum"] / many["size"]).to_numpy(float)  # how many households this one represents
    first = children.groupby("household").first().reindex(paid.index)
    rows = []
    for row in map(_Total._make, read_totals().itertuples(index=False)):
        money = paid.sum(axis=1) if row.benefit == "all" else paid.get(row.benefit)
        if money is None:
            continue
        gets = of_home * (money > 0)
        if row.quantity == "children" and row.benefit in ("birth", "care"):
            within = children["age"].lt(1 if row.benefit == "birth" else 2)
            reached = children["household"].isin(money.index[money > 0])
            simulated = float(children.loc[within & reached, "weight"].sum())
        else:
            simulated = {
                "households": float(gets.sum()),
                "children": float((many["sum"] * (money > 0)).sum()),
                "persons": float((gets * first["household_size"]).sum()),
                "cost": float((of_home * money).sum()) * MONTHS,
            }[row.quantity]
        value = simulated / (1e9 if row.quantity == "cost" else 1e3)
        rows.append((row.year, row.benefit, row.quantity, row.value, value, value - row.value, value / row.value,
                     row.unit, row.note, row.source))  # fmt: skip
    names = ["year", "benefit", "quantity", "published", "simulated", "gap", "ratio", "unit", "note", "source"]
    return pd.DataFrame(rows, columns=names)


def _with_income(coded: Deprivations, below: Array) -> Array:
    """The weighted count of each deprived child with income as one more dimension, 0 for who is below the cut-off."""
    specification = coded.specification
    many = len(specification.dimensions)
    share = (many * np.nan_to_num(coded.share) + below) / (many + 1)
    cutoff = specification.share
    least = float(cutoff) if cutoff is not None else (specification.at_least or 1) / len(coded.units)
    return np.where(coded.used & (share >= least - 1e-9), share, 0.0)
