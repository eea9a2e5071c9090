"""The draws of the weights explorer as a page holds them: whole numbers, compressed, and the rules that they follow."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.uncertainty import LiveDraws
from cwi.edition import Edition
from cwi.report.languages import Language

__all__ = ["KEPT", "compared", "covers", "packed_draws"]

KEPT = 1000  # of the draws of the report, the first
ONE = 2**8  # a weight that a draw leaves as it is, in multiples of the noise


def packed_draws(live: LiveDraws, units: Sequence[str]) -> dict[str, Any]:
    """The draws as the script of the page reads them.

    Parameters
    ----------
    live
        The draws.
    units
        Codes of the regions in the order of the page; all of them are units of the draws.

    Returns
    -------
    dict
        ``count`` draws; ``step`` in points; ``columns``: the indicators that are measured; ``scores`` (columns, draws,
        units); ``levels``, each with ``rules``, ``which`` of them a draw follows and ``noise`` (draws, parts). Arrays
        are texts of :func:`packed`; None where there is nothing to choose or to disturb.
    """
    order = pd.Index(live.plan.units["region"].tolist()).get_indexer(pd.Index(list(units)))
    columns = np.flatnonzero(np.isfinite(live.indicators).any(axis=(1, 2)))
    levels = []
    for level, (rules, which, ratios, noise) in enumerate(
        zip(live.rules, live.which, live.ratios, live.noise, strict=True)
    ):
        if noise is not None and level == 0:
            unmeasured = np.setdiff1d(np.arange(noise.shape[1]), columns)
            noise = noise.copy()
            noise[:, unmeasured] = ONE  # never used; constant, it takes no room
        levels.append(
            {
                "rules": [
                    {"nodes": _nodes(one), "counted": one.counted.tolist(), "ratio": ratio.tolist()}
                    for one, ratio in zip(rules, ratios, strict=True)
                ],
                "which": packed(which) if len(rules) > 1 else None,
                "noise": None if noise is None else packed(noise),
            }
        )
    return {
        "count": live.draws,
        "step": live.step,
        "noise_step": 1 / ONE,
        "columns": columns.tolist(),
        "scores": packed(live.steps[columns][:, order].transpose(0, 2, 1)),
        "levels": levels,
    }


def packed(numbers: NDArray[Any]) -> str:
    """Whole numbers of 16 bits as text: all low bytes, then all high bytes, deflated, in base 64.

    Examples
    --------
    >>> text = packed(np.array([1, -2, 300], dtype=np.int16))
    >>> planes = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8).reshape(2, -1)
    >>> (planes[0] + 256 * planes[1].view(np.int8).astype(int)).tolist()
    [1, -2, 300]
    """
    planes = np.ascontiguousarray(numbers).astype("<i2").view(np.uint8).reshape(-1, 2).T
    return base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode("ascii")


def _nodes(rules: Any) -> list[dict[str, Any]]:
    """The means of a level by one rule, as numbers: code and parameter are those of the compiled loops."""
    assert rules.aggregations is not None
    how = rules.aggregations
    return [
        {
            "code": int(how.code[i]),
            "parameter": float(how.parameter[i]),
            "cover": float(how.cover[i]),
            "parts": how.parts[how.first[i] : how.last[i]].tolist(),
        }
        for i in range(len(how.code))
    ]


def compared(live: LiveDraws, given: Sequence[NDArray[np.float64]], report: pd.DataFrame) -> tuple[int, int, int]:
    """How the draws of the page differ from those of the report under the same weights.

    Parameters
    ----------
    live, given
        The draws of the page, and the weights of the methodology.
    report
        Index region; low, high of all draws.

    Returns
    -------
    tuple
        Regions with the same range of ranks, regions with a range, and the largest difference of an end in places.
    """
    ends = ["low", "high"]
    known = report[ends].dropna()
    apart = (live.intervals(given)[ends].reindex(known.index) - known).abs().max(axis=1)
    return int((apart == 0).sum()), len(known), int(apart.max()) if len(known) else 0


def covers(
    edition: Edition,
    language: Language,
    live: LiveDraws,
    titles: Mapping[str, Mapping[str, str]],
    draws: int,
    agreement: tuple[int, int, int],
) -> str:
    """What the ranges of the page cover, what they do not, and how they differ from those of the report.

    A paragraph a line. ``titles`` are those of all factors by name; ``agreement`` is that of :func:`compared`.
    """
    varied = [*live.covered]
    parts = {"in": varied, "out": [*live.fixed], "idle": [*live.plan.idle]}
    lines = [
        language.text(
            f"explorer.covers.{key}", year=edition.year, items="; ".join(titles[name][language.code] for name in names)
        )
        for key, names in parts.items()
        if names
    ]
    same, regions, most = (language.number(number, 0) for number in agreement)
    lines.append(
        language.text(
            "explorer.covers.compared",
            draws=language.number(live.draws, 0),
            all=language.number(draws, 0),
            same=same,
            regions=regions,
            most=most,
        )
    )
    return "\n".join([*lines, language.text("explorer.covers.rest")])
