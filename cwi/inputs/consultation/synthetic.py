"""A consultation that never was, of the size of the real one, for tests and teaching: votes, sheets, proposals.

Every row says 'synthetic', and so does the name of every file. Opinions, turnout and decisions are drawn; only the
regions' shares of the population are real.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.errors import DataError
from cwi.folders import relative
from cwi.inputs.consultation.experts import parents_of
from cwi.inputs.consultation.proposals import BODIES, DECISIONS, PROPOSALS
from cwi.inputs.consultation.rows import ORIGIN, SYNTHETIC
from cwi.inputs.consultation.sheets import SAATY
from cwi.methodology import Methodology
from cwi.territory import Territory
from cwi.writing import writing

__all__ = ["Synthetic", "synthesize_consultation", "write_consultation"]

Array = NDArray[np.float64]

GROUP_SHARES = {
    "parent": 0.42,
    "teacher": 0.28,
    "child": 0.13,
    "ngo": 0.05,
    "expert": 0.04,
    "official": 0.03,
    "other": 0.05,
}
GROUP_MARGIN = {
    "parent": 0.40,
    "teacher": 0.15,
    "child": 0.30,
    "ngo": 0.05,
    "expert": 0.05,
    "official": 0.02,
    "other": 0.03,
}
LANGUAGE_SHARES = {"kk": 0.56, "ru": 0.41, "en": 0.03}
HOURS = np.array([1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 9, 10, 11, 10, 9, 8, 8, 9, 9, 7, 4, 2], dtype=float)
OPENED, DAYS = np.datetime64("2021-03-01T00:00:00"), 30
STUFFED, REPEATED, COPIED = 600 / 18_000, 420 / 18_000, 80 / 18_000  # shares of the ballots
UNTOLD = 0.02  # share of voters who do not tell their region
BUDGETS, CONTRADICTORY = 0.6, 0.1  # shares of the experts; of those who judge pairs
ASKED = {
    "weight": "give more weight to this part",
    "drop": "leave this part out: it shows little about children",
    "define": "define this part more exactly, with its source and its frequency",
    "regions": "publish this part for districts too",
}
REASONS = {
    "accepted": "the working group agreed with the grounds that were given",
    "partly": "taken as far as the data allow",
    "declined": "no source would measure it every year in all regions",
    "later": "to be taken up when the first survey round is in",
}


@dataclass(frozen=True, eq=False, repr=False)
class Synthetic:
    """The tables of a synthetic consultation, as they would be handed in."""

    votes: pd.DataFrame
    budget: pd.DataFrame
    ahp: pd.DataFrame
    proposals: pd.DataFrame
    margins: pd.DataFrame

    def tables(self) -> Mapping[str, pd.DataFrame]:
        """The tables by the names of their files."""
        return {f"synthetic_{name}": table for name, table in vars(self).items()}

    def __repr__(self) -> str:
        return f"Synthetic({', '.join(f'{len(table):,} {name}' for name, table in vars(self).items())})"


def synthesize_consultation(
    methodology: Methodology,
    territory: Territory,
    *,
    population: pd.Series,
    rng: np.random.Generator,
    votes: int = 18_000,
    experts: int = 1_000,
    proposals: int = 120,
) -> Synthetic:
    """Draw a consultation.

    Among the ballots are people who voted twice, copies from one device, and one attack: ballots with the same choices,
    consecutive identifiers and little time, from one region within forty minutes. Among the judgements are some that
    contradict one another.

    Parameters
    ----------
    methodology
        Its parts are voted on, weighed and spoken of.
    territory
        Its regions vote.
    population
        People by region, for the share of the ballots that a region has; the nation is left out.
    rng
        The generator that all is drawn from.
    votes, experts, proposals
        How many ballots there are, experts (six in ten give points, the others judge pairs) and proposals.

    Examples
    --------
    >>> from cwi import read_edition
    >>> edition = read_edition(2023)
    >>> synthesize_consultation(
    ...     edition.methodology, edition.territory, population=edition.population, rng=np.random.default_rng(1)
    ... )
    Synthetic(18,000 votes, 44,400 budget, 46,400 ahp, 120 proposals, 27 margins)
    """
    people = population.drop(territory.nation, errors="ignore")
    parents = parents_of(methodology)
    points = round(BUDGETS * experts)
    drawn = Synthetic(
        votes=_votes(tuple(methodology.indicators["code"]), people, votes, rng),
        budget=_budget(parents, points, rng),
        ahp=_ahp(parents, points, experts - points, rng),
        proposals=_proposals(methodology, proposals, rng),
        margins=_margins(people),
    )
    return Synthetic(**{name: table.assign(**{ORIGIN: SYNTHETIC}) for name, table in vars(drawn).items()})


def write_consultation(folder: Path, consultation: Synthetic) -> list[Path]:
    """Write the tables as CSV files; none is overwritten.

    Raises
    ------
    DataError
        If one of the files is there already.
    """
    folder = Path(folder)
    paths = {folder / f"{name}.csv": table for name, table in consultation.tables().items()}
    for path in paths:
        if path.exists():
            raise DataError(f"{relative(path)}: there is such a file already; name another folder")
    with writing(*paths) as places:
        for place, table in zip(places, paths.values(), strict=True):
            table.to_csv(place, index=False, lineterminator="\n", encoding="utf-8")
    return list(paths)


def _votes(codes: tuple[str, ...], people: pd.Series, n: int, rng: np.random.Generator) -> pd.DataFrame:
    stuffed, repeated, copied = (round(share * n) for share in (STUFFED, REPEATED, COPIED))
    honest = _honest(codes, people, n - stuffed - repeated - copied, rng)
    again = honest.iloc[rng.choice(len(honest), repeated, replace=False)].copy()
    again["submitted"] += (rng.uniform(60, 3 * 86_400, repeated)).astype("timedelta64[s]")
    other = honest["choices"].to_numpy()[rng.integers(len(honest), size=repeated)]
    again["choices"] = again["choices"].where(rng.random(repeated) < 0.5, other)
    copies = honest.iloc[rng.choice(len(honest), copied, replace=False)].copy()
    copies["submitted"] += rng.integers(30, 900, copied).astype("timedelta64[s]")
    copies["voter"] = _tokens("v", copied, rng)
    attack = _attack(codes, people, stuffed, rng)
    table = pd.concat([honest, again, copies, attack]).sort_values(["submitted", "voter"], ignore_index=True)
    return table.assign(submitted=table["submitted"].dt.strftime("%Y-%m-%dT%H:%M:%S"))


def _honest(codes: tuple[str, ...], people: pd.Series, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Voters by region, group and language, who tick what they find most useful, three to ten indicators."""
    turnout = people.to_numpy(float) * rng.lognormal(0, 0.35, len(people))
    groups = list(GROUP_SHARES)
    group = rng.choice(len(groups), n, p=list(GROUP_SHARES.values()))
    useful = rng.normal(0, 0.8, len(codes)) + rng.normal(0, 0.5, (len(groups), len(codes)))
    liking = useful[group] + rng.gumbel(size=(n, len(codes)))
    place = (-liking).argsort(axis=1).argsort(axis=1)
    ticks = place < rng.integers(3, 11, n)[:, None]
    hours = rng.choice(24, n, p=HOURS / HOURS.sum())
    moment = rng.integers(DAYS, size=n) * 86_400 + hours * 3_600 + rng.integers(3_600, size=n)
    return pd.DataFrame(
        {
            "voter": _tokens("v", n, rng),
            "group": np.array(groups)[group],
            "region": np.where(
                rng.random(n) < UNTOLD, "", rng.choice(people.index.to_numpy(), n, p=turnout / turnout.sum())
            ),
            "language": rng.choice(list(LANGUAGE_SHARES), n, p=list(LANGUAGE_SHARES.values())),
            "submitted": OPENED + moment.astype("timedelta64[s]"),
            "seconds": rng.lognormal(np.log(170), 0.45, n).round().astype(int),
            "device": _tokens("d", n, rng),
            "choices": _joined(ticks, codes),
        }
    )


def _attack(codes: tuple[str, ...], people: pd.Series, n: int, rng: np.random.Generator) -> pd.DataFrame:
    ticks = np.zeros((1, len(codes)), dtype=bool)
    ticks[0, rng.choice(len(codes), 3, replace=False)] = True
    moment = 17 * 86_400 + 2 * 3_600 + np.sort(rng.integers(2_400, size=n))
    return pd.DataFrame(
        {
            "voter": [f"user{700_001 + i}" for i in range(n)],
            "group": "parent",
            "region": rng.choice(people.index.to_numpy()),
            "language": "ru",
            "submitted": OPENED + moment.astype("timedelta64[s]"),
            "seconds": rng.integers(6, 15, n),
            "device": _tokens("d", n, rng),
            "choices": _joined(ticks, codes)[0],
        }
    )


def _budget(parents: pd.Series, experts: int, rng: np.random.Generator) -> pd.DataFrame:
    """Points in steps of five: what is given away is the rounded share, the rest goes to the largest remainders."""
    tables = []
    for _, weights in _opinions(parents, experts, rng):
        twentieths = weights.to_numpy() * 20
        floors = np.floor(twentieths)
        left = 20 - floors.sum(axis=1, keepdims=True)
        floors += (floors - twentieths).argsort(axis=1).argsort(axis=1) < left
        tables.append(pd.DataFrame((floors * 5).astype(int), columns=weights.columns))
    wide = pd.concat(tables, axis=1)
    wide.insert(0, "expert", [f"E{i:04d}" for i in range(1, experts + 1)])
    return wide.melt("expert", var_name="part", value_name="points").sort_values(
        "expert", kind="stable", ignore_index=True
    )


def _ahp(parents: pd.Series, before: int, experts: int, rng: np.random.Generator) -> pd.DataFrame:
    """Ratios of weights with an error, on the nearest step of the scale; one expert in ten errs grossly."""
    error = np.where(rng.random(experts) < CONTRADICTORY, 1.2, 0.12)
    steps = np.log([float(_fraction(word)) for word in SAATY])
    words = np.array(SAATY)
    code = np.array([f"E{i:04d}" for i in range(before + 1, before + experts + 1)])
    tables = []
    for _, weights in _opinions(parents, experts, rng):
        parts, logs = list(weights.columns), np.log(weights.to_numpy())
        for i, j in zip(*np.triu_indices(len(parts), 1), strict=True):
            ratios = logs[:, i] - logs[:, j] + error * rng.normal(size=experts)
            times = words[np.abs(ratios[:, None] - steps).argmin(axis=1)]
            tables.append(pd.DataFrame({"expert": code, "first": parts[i], "second": parts[j], "times": times}))
    return pd.concat(tables).sort_values("expert", kind="stable", ignore_index=True)


def _opinions(parents: pd.Series, experts: int, rng: np.random.Generator) -> list[tuple[str, pd.DataFrame]]:
    """Under each parent weights that lie around a common opinion, a row an expert."""
    opinions = []
    for parent in dict.fromkeys(parents):
        parts = list(parents.index[parents == parent])
        common = rng.dirichlet(np.full(len(parts), 8.0))
        drawn = np.maximum(rng.dirichlet(12 * common * len(parts), experts), 0.02)
        opinions.append((str(parent), pd.DataFrame(drawn / drawn.sum(axis=1, keepdims=True), columns=parts)))
    return opinions


def _proposals(methodology: Methodology, n: int, rng: np.random.Generator) -> pd.DataFrame:
    parts = [*parents_of(methodology).index, "method", "new indicator"]
    asked = rng.choice(list(ASKED.values()), n)
    decision = rng.choice(DECISIONS, n, p=[0.2, 0.25, 0.35, 0.2])
    changed = np.isin(decision, ("accepted", "partly"))
    table = pd.DataFrame(
        {
            "id": [f"P{i:03d}" for i in range(1, n + 1)],
            "received": np.datetime_as_string(OPENED.astype("datetime64[D]") + np.sort(rng.integers(DAYS, size=n))),
            "body": rng.choice(BODIES, n),
            "subject": rng.choice(parts, n),
            "proposed": asked,
            "decision": decision,
            "reason": [REASONS[word] for word in decision],
            "version": np.where(changed, methodology.version, ""),
        }
    )
    general = table["subject"].isin(["method", "new indicator"])
    table.loc[general, "proposed"] = np.where(
        table.loc[general, "subject"] == "method", "show how much the result hangs on the weights", "add an indicator"
    )
    return table.assign(proposed="(synthetic) " + table["proposed"], reason="(synthetic) " + table["reason"])[
        list(PROPOSALS)
    ]


def _margins(people: pd.Series) -> pd.DataFrame:
    regions = pd.DataFrame({"variable": "region", "category": people.index, "population": people.to_numpy(float)})
    regions["source"] = "average population of the year"
    groups = pd.DataFrame(
        {"variable": "group", "category": list(GROUP_MARGIN), "population": list(GROUP_MARGIN.values())}
    )
    return pd.concat([regions, groups.assign(source="a share that was agreed, not counted")], ignore_index=True)


def _tokens(letter: str, n: int, rng: np.random.Generator) -> NDArray[Any]:
    """Identifiers without meaning or order."""
    return np.array([f"{letter}{number:012x}z" for number in rng.choice(2**44, n, replace=False, shuffle=False)])


def _joined(ticks: NDArray[np.bool_], codes: tuple[str, ...]) -> NDArray[Any]:
    """The codes that were ticked, divided by semicolons."""
    row, column = np.nonzero(ticks)
    ends = np.cumsum(np.bincount(row, minlength=len(ticks)))
    return np.array(
        [";".join(part) for part in np.split(np.array(codes, dtype=object)[column], ends[:-1])], dtype=object
    )


def _fraction(word: str) -> float:
    over, _, under = word.partition("/")
    return float(over) / float(under or 1)
