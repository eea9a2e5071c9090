"""Every number of a deprivation profile with its design-based error: measures, all cut-offs, overlaps, breadth.

All tables are long: region, area, group, measure, of (an item, a dimension, a cell), estimate, se, low, high, n, psus,
df, deff, status. Shares are from 0 to 1. What may not be printed has the status "suppressed" and no numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.deprivation.disclosure import LIMITS, hidden_domains
from cwi.analysis.deprivation.domains import Domains, sample_design
from cwi.errors import DataError
from cwi.inputs.deprivation import Deprivations
from cwi.inputs.survey import Limits
from cwi.methods.survey import Design, Estimates, mean, proportion_interval, ratio

__all__ = [
    "PARTITIONS",
    "dimension_flags",
    "every_cutoff_estimates",
    "income_by_deprivation",
    "overlap_estimates",
    "profile",
]

Array = NDArray[np.float64]
Columns = dict[tuple[str, str], Array]

PARTITIONS: tuple[tuple[str, ...], ...] = ((), ("area",), ("region",), ("region", "area"))
GROUPS = ("sex", "band")
OUTSIDE = "outside the ages"
NUMBERS = ("estimate", "se", "low", "high", "df", "deff")
CELLS = 12  # dimensions whose combinations are all estimated


def profile(
    coded: Deprivations,
    *,
    nation: str = "KZ",
    lonely: str = "error",
    level: float = 0.95,
    limits: Limits = LIMITS,
    census: bool = False,
) -> pd.DataFrame:
    """H, A, M0, headcounts and contributions of the nation, regions, areas, sexes and age bands.

    A specification with gaps has M1 and M2 too, the mean gap G = M1 / M0 and the mean squared gap S = M2 / M0 of the
    deprivations of the deprived. H, M0, M1, M2 and headcounts are means, A, G, S and contributions ratios; errors are
    linearised over all sampling units, those without anybody of a domain counting 0. Intervals are on the logit scale
    with t of the domain's degrees of freedom.

    Parameters
    ----------
    coded
        Of :func:`cwi.inputs.deprivation.code_deprivations`.
    nation
        The code of the country.
    lonely
        What is done with a stratum of one sampling unit, see :class:`cwi.methods.survey.Design`.
    level
        Of the intervals.
    limits
        Of disclosure.
    census
        A register of all: no sampling error is computed.

    Returns
    -------
    DataFrame
        As the module describes; measures H, A, M0, (M1, M2, G, S,) uncensored, censored, contribution.

    Raises
    ------
    ValueError
        As in :class:`cwi.methods.survey.Design`.
    """
    means, ratios = _measures(coded)
    tables = []
    for columns in (*PARTITIONS, *((name,) for name in GROUPS)):
        domains = Domains.by(_with_band(coded), *columns, nation=nation)
        tables.append(_estimated(coded, means, ratios, domains, lonely, level))
    table = pd.concat(tables, ignore_index=True)
    return _finished(table[table["group"] != OUTSIDE].reset_index(drop=True), nation, limits, census)


def every_cutoff_estimates(
    coded: Deprivations, *, nation: str = "KZ", lonely: str = "error", level: float = 0.95, limits: Limits = LIMITS
) -> pd.DataFrame:
    """H and M0 at every cut-off with errors: of items or dimensions where a rule counts them, of the share otherwise.

    With gaps also M1 and M2.

    Returns
    -------
    DataFrame
        As the module describes; ``of`` is the cut-off: a number of items, or a share in per cent; where no child lacks
        anything the cut-off of the rule alone.

    Raises
    ------
    DataError
        If every child has a gap.
    """
    by_share = coded.specification.share is not None
    score = coded.share if by_share else np.where(coded.used, coded.counts, np.nan).astype(float)
    values = np.unique(score[coded.used])
    values = values[values > 0]
    if not coded.used.any():
        raise DataError("no child has an answer to every item for its age; there is nothing to count")
    if not values.size:  # nobody lacks anything: the cut-off of the rule alone
        rule = coded.specification
        values = np.array([float(rule.share) if rule.share is not None else float(rule.at_least or 1)])
    columns: dict[tuple[str, str], Array] = {}
    for value in values:
        poor = np.where(coded.used, (score >= value - 1e-9).astype(float), np.nan)
        label = f"{100 * value:.4g}" if by_share else f"{value:.0f}"
        columns["H", label], columns["M0", label] = poor, poor * np.nan_to_num(coded.share)
        if coded.gaps is not None:
            columns["M1", label] = poor * np.nan_to_num(coded.gap_share(1))
            columns["M2", label] = poor * np.nan_to_num(coded.gap_share(2))
    tables = [
        _estimated(coded, columns, {}, Domains.by(coded.children, *part, nation=nation), lonely, level)
        for part in ((), ("region",))
    ]
    return _finished(pd.concat(tables, ignore_index=True), nation, limits, False)


def dimension_flags(coded: Deprivations) -> pd.DataFrame:
    """Who is deprived in any item of each dimension: a column a dimension, not a number for who is not counted."""
    specification = coded.specification
    columns = {}
    for dimension in specification.dimensions:
        codes = [item.code for item in specification.items if item.dimension == dimension]
        lacking = np.nan_to_num(coded.items[codes].to_numpy(float)).max(axis=1, initial=0.0)
        columns[dimension] = np.where(coded.used, lacking, np.nan)
    return pd.DataFrame(columns)


def overlap_estimates(
    flags: pd.DataFrame,
    coded: Deprivations,
    *,
    by: Sequence[str] = (),
    nation: str = "KZ",
    lonely: str = "error",
    level: float = 0.95,
    limits: Limits = LIMITS,
) -> pd.DataFrame:
    """All combinations of dimensions with errors, how many dimensions are lacking, and what each shares with others.

    Parameters
    ----------
    flags
        A column a dimension, at most 12; such as :func:`dimension_flags` gives, or chosen by you.
    by
        Nothing for the nation, or "region", "area", or both.

    Returns
    -------
    DataFrame
        As the module describes; measures: cell (of: dimensions joined with "+", "none"), breadth (of: how many are
        lacking), alone and shared (of: a dimension lacking alone, and with others).

    Raises
    ------
    ValueError
        If there are more than 12 dimensions.
    """
    names = [str(name) for name in flags.columns]
    if len(names) > CELLS:
        raise ValueError(f"there are {len(names)} dimensions; at most {CELLS} can overlap")
    table = flags.to_numpy(float)
    complete = ~np.isnan(table).any(axis=1)
    known = np.nan_to_num(table)
    code = known.astype(np.int64) @ (1 << np.arange(len(names), dtype=np.int64))
    size = known.sum(axis=1)
    columns: dict[tuple[str, str], Array] = {}

    def put(measure: str, of: str, holds: NDArray[np.bool_]) -> None:
        columns[measure, of] = np.where(complete, holds.astype(float), np.nan)

    for cell in np.unique(code[complete]):
        label = "+".join(name for place, name in enumerate(names) if cell >> place & 1) or "none"
        put("cell", label, code == cell)
    for many in range(len(names) + 1):
        put("breadth", str(many), size == many)
    for place, name in enumerate(names):
        put("alone", name, (known[:, place] == 1) & (size == 1))
        put("shared", name, (known[:, place] == 1) & (size > 1))
    domains = Domains.by(coded.children, *by, nation=nation)
    return _finished(_estimated(coded, columns, {}, domains, lonely, level), nation, limits, False)


def income_by_deprivation(
    coded: Deprivations, line: float, *, nation: str = "KZ", lonely: str = "error", level: float = 0.95
) -> pd.DataFrame:
    """Children by income below a line (KZT a head and month) and by deprivation: four shares with errors.

    Returns
    -------
    DataFrame
        As the module describes; of: neither, income only, deprivation only, both.

    Raises
    ------
    ValueError
        If the line is not above zero.
    """
    if not line > 0:
        raise ValueError(f"the line is {line:g}; it must be above zero")
    income = coded.children["income"].to_numpy(float)
    known = coded.used & ~np.isnan(income)
    below, poor = income < line, coded.poor
    cells = {
        "neither": ~below & ~poor,
        "income only": below & ~poor,
        "deprivation only": ~below & poor,
        "both": below & poor,
    }
    columns = {("cell", of): np.where(known, holds.astype(float), np.nan) for of, holds in cells.items()}
    domains = Domains.by(coded.children, nation=nation)
    return _finished(_estimated(coded, columns, {}, domains, lonely, level), nation, LIMITS, False)


# ---------------------------------------------------------------- how it is computed


def _with_band(coded: Deprivations) -> pd.DataFrame:
    names = np.array([*(band.code for band in coded.specification.bands), OUTSIDE])
    return coded.children.assign(band=names[coded.band])


def _measures(coded: Deprivations) -> tuple[Columns, dict[tuple[str, str], tuple[Array, Array]]]:
    """Columns whose means, and pairs whose ratios, are the measures."""
    used, poor = coded.used, coded.poor.astype(float)
    censored_share = np.where(used, poor * np.nan_to_num(coded.share), np.nan)
    means: Columns = {("H", ""): np.where(used, poor, np.nan), ("M0", ""): censored_share}
    ratios = {("A", ""): (censored_share, np.where(used, poor, np.nan))}
    for power, measure, mean_gap in ((1, "M1", "G"), (2, "M2", "S")) if coded.gaps is not None else ():
        means[measure, ""] = np.where(used, poor * np.nan_to_num(coded.gap_share(power)), np.nan)
        ratios[mean_gap, ""] = (means[measure, ""], censored_share)
    weights = coded.weights[np.maximum(coded.band, 0)] / np.maximum(coded.of, 1)[:, None]
    for place, unit in enumerate(coded.units):
        here = used & coded.applies[:, place]
        lacking = np.nan_to_num(coded.g[:, place])
        means["uncensored", unit] = np.where(here, lacking, np.nan)
        means["censored", unit] = np.where(here, lacking * poor, np.nan)
        part = np.where(used & coded.applies[:, place], weights[:, place] * lacking * poor, 0.0)
        ratios["contribution", unit] = (np.where(used, part, np.nan), censored_share)
    return means, ratios


def _estimated(
    coded: Deprivations,
    means: Mapping[tuple[str, str], Array],
    ratios: Mapping[tuple[str, str], tuple[Array, Array]],
    domains: Domains,
    lonely: str,
    level: float,
) -> pd.DataFrame:
    """Means and ratios by domain as a long table."""
    design, count = sample_design(coded.children, lonely=lonely), len(domains.keys)
    tables = [_long(list(means), _means(means, design, domains, count, level), domains)]
    if ratios:
        y = np.column_stack([pair[0] for pair in ratios.values()])
        x = np.column_stack([pair[1] for pair in ratios.values()])
        found = ratio(y, x, design, domains=domains.code, count=count, level=level)
        tables.append(_long(list(ratios), found, domains))
    return pd.concat(tables, ignore_index=True)


def _means(
    means: Mapping[tuple[str, str], Array], design: Design, domains: Domains, count: int, level: float
) -> Estimates:
    return mean(np.column_stack(list(means.values())), design, domains=domains.code, count=count, level=level)


def _long(names: Sequence[tuple[str, str]], found: Estimates, domains: Domains) -> pd.DataFrame:
    """Estimates (domains by measures) as rows, with intervals that stay between 0 and 1."""
    p = np.clip(found.estimate, 0.0, 1.0)
    p = np.where(p < 1e-12, 0.0, np.where(p > 1 - 1e-12, 1.0, p))
    low, high = proportion_interval(p, found.se, found.n, found.kish, found.df, found.level)
    d, k = p.shape
    keys = domains.keys.loc[domains.keys.index.repeat(k)].reset_index(drop=True)
    flat = {"estimate": p, "se": found.se, "low": low, "high": high, "n": found.n, "psus": found.psus,
            "df": found.df, "deff": found.deff}  # fmt: skip
    measure, of = zip(*names, strict=True)
    labels = {"measure": np.tile(np.array(measure), d), "of": np.tile(np.array(of), d)}
    return keys.assign(**labels, **{name: values.ravel() for name, values in flat.items()})


def _finished(table: pd.DataFrame, nation: str, limits: Limits, census: bool) -> pd.DataFrame:
    """The table with a status; what may not be printed is emptied, of a census the errors."""
    first = table["measure"].iloc[0]
    whole = table[(table["measure"] == first) & (table["of"] == table["of"].iloc[0])]
    hidden: set[tuple[str, str, str]] = set()
    own = whole[whole["group"] == ""]
    for row, is_hidden in zip(own.itertuples(), hidden_domains(own, nation=nation, limits=limits), strict=True):
        hidden |= {(str(row.region), str(row.area), "")} if is_hidden else set()
    for row in whole[whole["group"] != ""].itertuples():
        hidden |= {(str(row.region), str(row.area), str(row.group))} if row.n < limits.suppress_below else set()
    keys = list(zip(table["region"], table["area"], table["group"], strict=True))
    gone = np.array([key in hidden for key in keys])
    few = ~gone & (table["n"] < limits.flag_below).to_numpy()
    status = np.where(gone, "suppressed", np.where(few, "few children", ""))
    result = table.assign(status=status)
    result.loc[gone, [*NUMBERS, "n", "psus"]] = np.nan
    if census:
        result[["se", "low", "high", "df", "deff"]] = np.nan
    return result
