"""Pictures of scores and of simulations: ``scores.plot.ranking()``, ``simulation.plot.ranks()``.

Every function gives matplotlib axes. Without ``ax`` it makes a page of the reports' width, in the reports' style, with
the year, the methodology and its status below, and ``axes.figure.savefig`` writes it; with ``ax`` it draws into axes
that the caller has laid out. Words are in ``language`` (kk, ru or en); ``names`` are those of regions by code.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cwi import folders
from cwi.errors import DataError, near
from cwi.index import Scores, has_flag
from cwi.report.languages import Language
from cwi.report.pictures import maps
from cwi.report.pictures.heat import heat_map
from cwi.report.pictures.intervals import rank_intervals, rank_shares, shares
from cwi.report.pictures.marks import footnote, stamp, status
from cwi.report.pictures.ranking import PARTS, dot_plot
from cwi.report.pictures.rows import span
from cwi.report.pictures.style import STYLE, main_axes

if TYPE_CHECKING:
    from cwi.analysis.uncertainty import Robustness, Simulation
    from cwi.methodology import Methodology

__all__ = ["factors", "heatmap", "intervals", "map", "ranking", "ranks"]

Names = Mapping[str, str]
NOT_MEASURED = ("carried", "imputed", "parent region")  # what a cell with a dot is based on


def ranking(
    scores: Scores,
    year: int | None = None,
    *,
    intervals: pd.DataFrame | None = None,
    parts: bool = True,
    language: str = "en",
    names: Names | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The regions in the order of the index, with the parts it is made of.

    Parameters
    ----------
    scores
        Scores of the year, from 0 to 100 or on any other scale.
    year
        The last that was scored by default.
    intervals
        ``low`` and ``high`` of the index by code of the region, such as ``score_p5`` and ``score_p95`` of
        ``simulation.summary(year)``; no lines without.
    parts
        Whether the nodes below the index are drawn as small signs; never where there are more than eight.

    Raises
    ------
    DataError
        If the year was not scored, or no region has an index.

    Examples
    --------
    >>> from cwi import read_edition
    >>> axes = read_edition(2023).scores.plot.ranking()
    >>> axes.get_xlabel()
    'score, 0 worst to 100 best'
    """
    words, year = Language(language), _year(scores, year)
    methodology = scores.methodology
    top, levels = methodology.top.code, methodology.tree.levels
    table = scores.wide(year, levels[-1]).astype(float)
    below = scores.wide(year, levels[-2]).astype(float)
    shown = [str(code) for code in below if below[code].notna().any()] if parts and len(levels) > 2 else []
    shown = shown if len(shown) <= len(PARTS) else []
    table = table.join(below[shown])
    regions = scores.without_nation(table).dropna(subset=[top])
    if regions.empty:
        raise DataError(f"no region has a score of '{top}' in {year}; there is nothing to draw")
    called = _called(scores, names)
    nation = table.T[methodology.nation] if methodology.nation in table.index else None
    titles = methodology.titles_of(language)
    other = {"nation": called(str(methodology.nation)), "interval": words.text("plot.interval")}
    figure = dot_plot(
        regions.rename(index=called),
        index=top,
        parts=shown,
        nation=nation,
        intervals=None if intervals is None else intervals.reindex(regions.index).rename(index=called),
        labels=titles | other,
        axis_label=_axis(table, words),
        number=partial(words.number, decimals=methodology.decimals),
        ax=ax,
    )
    return _finished(figure, ax, methodology, year, words, _synthetic(scores, year))


def heatmap(
    scores: Scores,
    year: int | None = None,
    *,
    level: str | None = None,
    language: str = "en",
    names: Names | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The scores of a level as numbers on colours, the index apart; a dot marks what is not based on measured values.

    Parameters
    ----------
    year
        The last that was scored by default.
    level
        Such as "dimension" or "component"; the level above the indicators by default.

    Raises
    ------
    DataError
        If the year was not scored or there is no such level.

    Examples
    --------
    >>> from cwi import read_edition
    >>> axes = read_edition(2023).scores.plot.heatmap(level="dimension")
    >>> len(axes.texts)  # four dimensions of 20 regions and the nation
    84
    """
    words, year = Language(language), _year(scores, year)
    methodology = scores.methodology
    top, levels = methodology.top.code, methodology.tree.levels
    level = levels[min(1, len(levels) - 2)] if level is None else level
    table, flags = scores.wide(year, level).astype(float), scores.wide(year, level, "flag")
    if level != levels[-1]:
        table = scores.wide(year, levels[-1]).astype(float).join(table)
        flags = scores.wide(year, levels[-1], "flag").join(flags)
    order = scores.ranked(year).index
    marks = flags.apply(lambda column: has_flag(column, *NOT_MEASURED)).reindex(order)
    titles, called = methodology.titles_of(language), _called(scores, names)
    values = table.reindex(order).to_numpy()
    usual = bool(np.nanmin(values, initial=0.0) >= 0 and np.nanmax(values, initial=0.0) <= 100)
    figure = heat_map(
        table.reindex(order).rename(index=called, columns=titles),
        number=partial(words.number, decimals=methodology.decimals),
        axis_label=_axis(table, words),
        missing_label=words.text("legend.missing"),
        limits=(0.0, 100.0) if usual else span(values.ravel()),
        marks=marks.rename(index=called, columns=titles),
        mark_label=words.text("legend.mark"),
        emphasised=titles[top],
        ax=ax,
    )
    return _finished(figure, ax, methodology, year, words, _synthetic(scores, year))


def map(
    scores: Scores,
    year: int | None = None,
    *,
    node: str | None = None,
    boundaries: str | Path | None = None,
    limits: tuple[float, float] | None = None,
    language: str = "en",
    names: Names | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The scores of a node on the map.

    Parameters
    ----------
    year
        The last that was scored by default.
    node
        The index by default.
    boundaries
        GeoJSON with a property ``code``; the borders of the project's regions at the end of the year by default.
    limits
        The ends of the colours; round numbers around the scores by default.

    Raises
    ------
    DataError
        If the year was not scored, there is no such node, or a region has no boundaries.

    Examples
    --------
    >>> from cwi import read_edition
    >>> axes = read_edition(2023).scores.plot.map()
    >>> any(text.get_text() == "72.2" for text in axes.texts)
    True
    """
    words, year = Language(language), _year(scores, year)
    methodology = scores.methodology
    node = methodology.top.code if node is None else node
    values = scores.without_nation(scores.of(node)[year])
    path = maps.boundaries_of(year) if boundaries is None else Path(boundaries)
    if not path.is_file():
        raise DataError(f"{folders.relative(path)}: there is no such file; it must be GeoJSON with a property 'code'")
    known = maps.codes_of(path)
    if without := [str(code) for code in values.index if code not in known]:
        some = ", ".join(without[:3]) + (f" and {len(without) - 3} more" if len(without) > 3 else "")
        raise DataError(
            f"{folders.relative(path)} has no boundaries of {some}; give boundaries, a GeoJSON file with a property "
            "'code'"
        )
    called = _called(scores, names)
    figure = maps.choropleth(
        values,
        path,
        names={code: called(code) for code in known},
        number=partial(words.number, decimals=methodology.decimals),
        axis_label=f"{methodology.titles_of(language)[node]}: {_axis(values.to_frame(), words)}",
        missing_label=words.text("legend.missing"),
        limits=span(values.to_numpy(float)) if limits is None else limits,
        ax=ax,
    )
    return _finished(figure, ax, methodology, year, words, _synthetic(scores, year))


def ranks(
    simulation: Simulation | Robustness,
    year: int | None = None,
    *,
    language: str = "en",
    names: Names | None = None,
    ax: Axes | None = None,
) -> Axes:
    """How often each region has each rank in the draws, beside its rank by the methodology.

    Parameters
    ----------
    simulation
        Of :func:`cwi.analysis.uncertainty.simulate`, or the robustness that holds one.
    year
        The last that was drawn by default.

    Raises
    ------
    DataError
        If nothing was drawn for the year, or no region has a rank.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.uncertainty import prepare, simulate
    >>> plan = prepare(read_edition(2023), "weights")
    >>> drawn = simulate(plan, draws=50, rng=np.random.default_rng(1))
    >>> drawn.plot.ranks().get_xlabel()
    'rank, 1 the best'
    """
    words, simulation, year = Language(language), *_drawn(simulation, year)
    distribution = simulation.rank_distribution(year)
    official = simulation.summary(year)["rank"].reindex(distribution.index)
    called = _Called(simulation.plan.names if names is None else names)
    figure = rank_shares(
        distribution.rename(index=called),
        official,
        {"official": words.text("plot.official"), "share": words.text("plot.share")},
        words.text("sure.axis"),
        ax=ax,
    )
    return _simulated(figure, ax, simulation, year, words)


def intervals(
    simulation: Simulation | Robustness,
    year: int | None = None,
    *,
    language: str = "en",
    names: Names | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The intervals of ranks that hold 90 and 98 % of the draws, beside the rank by the methodology.

    Parameters
    ----------
    simulation
        Of :func:`cwi.analysis.uncertainty.simulate`, or the robustness that holds one.
    year
        The last that was drawn by default.

    Raises
    ------
    DataError
        If nothing was drawn for the year, or no region has a rank.
    """
    words, simulation, year = Language(language), *_drawn(simulation, year)
    table = simulation.summary(year).reindex(simulation.rank_distribution(year).index)
    table = table.rename(
        columns=lambda name: str(name).removeprefix("rank_"),
        index=_Called(simulation.plan.names if names is None else names),
    )
    labels = {key: words.text(f"sure.key.{key}") for key in ("narrow", "wide")}
    labels["official"] = words.text("plot.official")
    figure = rank_intervals(table, labels, words.text("sure.axis"), ax=ax)
    return _simulated(figure, ax, simulation, year, words)


def factors(robustness: Robustness, *, language: str = "en", ax: Axes | None = None) -> Axes:
    """The share of each factor in the variation of the ranks: by itself, and alone or together with others.

    Parameters
    ----------
    robustness
        Of :func:`cwi.analysis.uncertainty.robustness`.

    Raises
    ------
    DataError
        If no factor moves any rank.
    """
    words = Language(language)
    table = robustness.sensitivity.factor_importance().dropna(subset=["total"])
    titles = {name: robustness.factors[name].titles[language] for name in table["factor"]}
    figure = shares(
        table.set_index("factor")[["first", "total", "total_low", "total_high"]].rename(index=titles),
        {key: words.text(f"sure.key.{key}") for key in ("first", "total", "interval")},
        words.text("sure.matters.axis"),
        ax=ax,
    )
    return _simulated(figure, ax, robustness.simulation, robustness.year, words)


# ---------------------------------------------------------------- what all of them need


def _year(scores: Scores, year: int | None) -> int:
    if year is None:
        return scores.years[-1]
    if year not in scores.years:
        raise DataError(f"there are no scores of {year!r}{near(0, [str(each) for each in scores.years])}")
    return year


def _drawn(result: Simulation | Robustness, year: int | None) -> tuple[Simulation, int]:
    """The simulation, of robustness the one that it holds, and the year that is drawn, the last one by default."""
    simulation = result.simulation if hasattr(result, "simulation") else result
    return simulation, max(int(each) for each in simulation.units["year"]) if year is None else year


def _called(scores: Scores, names: Names | None) -> _Called:
    return _Called(scores.names if names is None else names)


class _Called:
    """What a region is called: its name, or its code where it has none."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def __call__(self, code: object) -> str:
        return str(self._names.get(str(code), code))


def _axis(table: pd.DataFrame, words: Language) -> str:
    """What a score is: from 0 to 100, or on a scale of its own."""
    values = table.to_numpy(float)
    usual = np.nanmin(values, initial=0.0) >= 0 and np.nanmax(values, initial=0.0) <= 100
    return words.text("axis.score") if usual else words.text("plot.score")


def _synthetic(scores: Scores, year: int) -> bool:
    """Whether any score of the year rests on a synthetic value."""
    return bool((scores.flagged("synthetic") & (scores.nodes["year"] == year)).any())


def _finished(
    figure: Figure,
    ax: Axes | None,
    methodology: Methodology,
    year: int,
    words: Language,
    synthetic: bool,
    more: str = "",
) -> Axes:
    """The axes of a picture; a page of its own gets its foot, and is shown by a notebook as pyplot's figures are."""
    if ax is not None:
        return ax
    with rc_context(STYLE):
        basis = words.text(f"plot.basis.{methodology.status}", year=year, version=methodology.version)
        footnote(figure, f"{basis}; {more}" if more else basis)
        if synthetic:
            stamp(figure, words.text("plot.synthetic"))
        elif methodology.status == "working":
            status(figure, words.text("mark.working"), now=True)
    from matplotlib import pyplot

    pyplot.figure(figure)
    return main_axes(figure)


def _simulated(figure: Figure, ax: Axes | None, simulation: Simulation, year: int, words: Language) -> Axes:
    plan = simulation.plan
    synthetic = any(bool((panel.cells["status"] == "synthetic").any()) for panel in plan.panels.values())
    draws = words.text("plot.draws", draws=words.number(simulation.draws, 0))
    return _finished(figure, ax, plan.methodology, year, words, synthetic, draws)
