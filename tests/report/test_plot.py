"""Pictures of scores and simulations: what they show is what the tables hold, on a page or on given axes."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes

from cwi import DataError, Edition, ParameterError, Scores, read_edition, read_methodology
from cwi.analysis.uncertainty import Simulation, prepare, robustness, simulate
from cwi.report import plot

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
NOISE = {"factor": {"weights": {"weights": {"noise": 0.25}}}}


@pytest.fixture(autouse=True)
def _no_windows(monkeypatch: pytest.MonkeyPatch):
    mpl.use("agg")
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2023)


@pytest.fixture(scope="module")
def drawn(edition: Edition) -> Simulation:
    return simulate(prepare(edition, NOISE), draws=60, rng=np.random.default_rng(1))


def words(axes: Axes) -> set[str]:
    """Every word that is on the page of the picture."""
    figure = axes.figure
    texts = [text.get_text() for each in figure.axes for text in each.texts]
    return set(" ".join([*texts, *(text.get_text() for text in figure.texts)]).split())


@pytest.mark.slow
def test_the_ranking_has_a_dot_for_every_score(scores: Scores) -> None:
    axes = scores.plot.ranking()
    index = scores.without_nation(scores.of("index")[2023]).sort_values(ascending=False)
    dots = axes.lines[1]  # after the nation's line
    assert np.allclose(np.asarray(dots.get_xdata(), float), index.to_numpy())
    assert {"Astana", "Kazakhstan", "72.2", "(working)", "2024.1"} <= words(axes)
    parts = [np.asarray(line.get_xdata(), float) for line in axes.lines[2:]]
    assert len(parts) == len(scores.methodology.nodes[-2]) == 4
    assert len(scores.plot.ranking(parts=False).lines) == 2


@pytest.mark.slow
def test_intervals_are_those_that_are_handed_in(scores: Scores, drawn: Simulation) -> None:
    ends = drawn.summary(2023)[["score_p5", "score_p95"]].set_axis(["low", "high"], axis=1)
    axes = scores.plot.ranking(intervals=ends)
    lines = next(c for c in axes.collections if len(c.get_segments()) == 20 and c.get_linewidth()[0] == 1.3)
    order = scores.without_nation(scores.of("index")[2023]).sort_values(ascending=False).index
    assert np.allclose([segment[:, 0] for segment in lines.get_segments()], ends.loc[order].to_numpy())


@pytest.mark.slow
def test_the_heat_map_prints_every_score_and_marks_what_was_not_measured(scores: Scores) -> None:
    axes = scores.plot.heatmap(level="dimension")
    printed = sorted(text.get_text() for each in axes.figure.axes for text in each.texts if "." in text.get_text())
    table = scores.wide(2023, "dimension").join(scores.of("index")[2023])
    expected = sorted(f"{value:.1f}" for value in table.to_numpy().ravel())
    assert [text for text in printed if text in set(expected)] == expected
    marked = (
        scores.wide(2023, "dimension", "flag").apply(lambda c: c.str.contains("carried|imputed|parent")).sum().sum()
    )
    assert len(axes.lines) == marked


@pytest.mark.slow
def test_the_map_is_coloured_by_the_scores(scores: Scores) -> None:
    assert {"Ulytau", "47.4"} <= words(scores.plot.map())
    economy = scores.plot.map(node="economy", language="ru", names={"KZ-62": "Улытау"}, limits=(0, 100))
    assert {"Улытау", "63,6", "Экономика:", "рабочая"} <= {word.strip("()") for word in words(economy)}


@pytest.mark.slow
def test_ranks_are_the_shares_of_the_draws(drawn: Simulation, scores: Scores) -> None:
    axes = drawn.plot.ranks()
    shares = 100 * drawn.rank_distribution(2023).to_numpy()
    colours = np.ma.filled(axes.collections[0].get_array().astype(float), 0.0).reshape(shares.shape)
    assert np.allclose(colours, shares)
    diamonds = axes.lines[-1]
    assert np.asarray(diamonds.get_xdata() + 0.5).tolist() == drawn.summary(2023)["rank"].iloc[:20].tolist()
    assert {"Astana", "60"} <= words(axes)
    assert axes.get_xlabel() == "rank, 1 the best"
    assert drawn.plot.intervals(language="kk").get_xlabel() == "орын, 1 – ең жақсысы"


@pytest.mark.slow
def test_the_factors_are_those_that_vary(edition: Edition) -> None:
    result = robustness(edition, draws=50, rng=np.random.default_rng(1), n=16)
    axes = result.plot.factors(language="ru")
    importance = result.sensitivity.factor_importance()["total"].to_numpy()
    assert len(importance) > 3
    bars = [bar.get_width() for bar in axes.containers[0]]
    assert np.allclose(bars, 100 * np.clip(importance, 0, None))
    assert result.plot.ranks().get_xlabel() == "rank, 1 the best"


@pytest.mark.slow
def test_pictures_are_drawn_on_given_axes(scores: Scores, drawn: Simulation) -> None:
    figure, places = pyplot.subplots(2, 3, figsize=(20, 14))
    given = [
        (scores.plot.ranking, places[0, 0]), (scores.plot.map, places[0, 1]), (scores.plot.heatmap, places[0, 2]),
        (drawn.plot.ranks, places[1, 0]), (drawn.plot.intervals, places[1, 1]),
    ]  # fmt: skip
    for picture, axes in given:
        assert picture(ax=axes) is axes
    assert places[0, 0].get_yticklabels()[0].get_text() == "Astana  72.2"
    assert places[1, 0].get_yticklabels()[0].get_text() == "Astana"
    assert len(pyplot.get_fignums()) == 1  # no page was made beside
    assert not figure.texts  # no foot: the figure is the caller's


def test_a_page_is_shown_as_figures_of_pyplot_are(scores: Scores) -> None:
    axes = scores.plot.ranking()
    assert pyplot.gcf() is axes.figure
    assert pyplot.gca() is axes or axes in pyplot.gcf().axes


def small(edition: Edition, **changes: object) -> Edition:
    rules = edition.methodology.replace(nation=None, **changes)
    table = edition.observations
    return Edition.of(table[table["region"] != "KZ"].replace({"KZ-71": "AA", "KZ-75": "BB"}), rules)


def test_regions_without_boundaries_have_no_map(edition: Edition, says: Says) -> None:
    with says(
        DataError, "data/boundaries/regions_2022.geojson has no boundaries of AA, BB; give boundaries, a GeoJSON file "
        "with a property 'code'"
    ):  # fmt: skip
        small(edition).scores.plot.map()


@pytest.mark.slow
def test_other_boundaries_have_a_map(tmp_path: Path) -> None:
    def square(code: str, west: float) -> dict[str, object]:
        corners = [[west, 0], [west + 1, 0], [west + 1, 1], [west, 1], [west, 0]]
        shape = {"type": "Polygon", "coordinates": [corners]}
        return {"type": "Feature", "properties": {"code": code}, "geometry": shape}

    table = pd.DataFrame({"region": ["AA", "BB"], "year": 2023, "indicator": "physicians", "value": [40.0, 30.0]})
    rules = read_methodology("2024.1").replace(nation=None, **{level: {"coverage": 0.0} for level in LEVELS})
    path = tmp_path / "two.geojson"
    collection = {"type": "FeatureCollection", "features": [square("AA", 29.0), square("BB", 30.0), square("CC", 31.0)]}
    path.write_text(json.dumps(collection), encoding="utf-8")
    scores = Edition.of(table, rules, names={"AA": "Aland"}).scores
    axes = scores.plot.map(boundaries=path)
    assert {"Aland", "BB", "CC", "–"} <= words(axes)


LEVELS = ("component", "dimension", "index")


@pytest.mark.slow
def test_scores_on_another_scale_and_without_a_nation(edition: Edition) -> None:
    scores = small(edition, normalisation="z_score").scores
    axes = scores.plot.ranking()
    assert axes.get_xlabel() == "score"
    assert axes.get_xlim()[1] > 100
    assert "Kazakhstan" not in words(axes)
    assert scores.plot.heatmap(level="dimension").figure.axes


@pytest.mark.slow
def test_synthetic_scores_are_stamped(scores: Scores) -> None:
    assert "SYNTHETIC" not in words(scores.plot.ranking())
    nodes = scores.nodes.assign(flag=scores.nodes["flag"].where(scores.nodes["region"] != "KZ-71", "synthetic"))
    for picture in ("ranking", "map", "heatmap"):
        assert "SYNTHETIC" in words(getattr(replace(scores, nodes=nodes).plot, picture)())


def test_what_cannot_be_drawn(scores: Scores, drawn: Simulation, says: Says) -> None:
    with says(DataError, "there are no scores of 2019; there are 2023"):
        scores.plot.ranking(2019)
    with says(ParameterError, "language is 'de'; there are kk, ru, en"):
        scores.plot.ranking(language="de")
    with says(DataError, "nowhere.geojson: there is no such file; it must be GeoJSON with a property 'code'"):
        scores.plot.map(boundaries="nowhere.geojson")
    with pytest.raises(DataError, match=r"\Ano level is called 'dimensions' \(did you mean 'dimension'\?\)"):
        scores.plot.heatmap(level="dimensions")
    with pytest.raises(DataError, match=r"\Ano node is called 'econmy' \(did you mean 'economy'\?\)"):
        scores.plot.map(node="econmy")
    with says(DataError, "nothing was drawn for 2022; there are 2023"):
        drawn.plot.ranks(2022)
    none = replace(scores, nodes=scores.nodes.assign(score=np.nan))
    with says(DataError, "no region has a score of 'index' in 2023; there is nothing to draw"):
        plot.ranking(none)
