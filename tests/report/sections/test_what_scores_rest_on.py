"""One rank, one interval; weights in force and years beside scores; sentences that say no more than is known."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cwi import Edition, read_edition
from cwi.analysis.audit import shares_of_variance
from cwi.analysis.comparison import like_with_like, stricter_rules
from cwi.analysis.uncertainty import Robustness, far_from_median, full_intervals, robustness
from cwi.report.blocks import Bullets, Heading, Paragraph, Section
from cwi.report.languages import LANGUAGES, Language
from cwi.report.ledger import Ledger
from cwi.report.printer import Printer
from cwi.report.sections import (
    change,
    dimensions,
    index,
    influence,
    opening,
    profiles,
    trend,
    weights_in_force,
)
from cwi.report.sections import robustness as view

pytestmark = pytest.mark.slow  # whole years are scored and drawn

DRAWS = 100


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2023)


@pytest.fixture(scope="module")
def newer() -> Edition:
    return read_edition(2022, "2026.1")


@pytest.fixture(scope="module")
def first() -> Edition:
    return read_edition(2018)


@pytest.fixture(scope="module")
def thin() -> Edition:
    return read_edition(2025)


@pytest.fixture(scope="module")
def drawn(edition: Edition) -> Robustness:
    return robustness(edition, draws=DRAWS, rng=np.random.default_rng(7), n=16)


def printer(edition: Edition, drawn: Robustness | None = None, code: str = "en") -> Printer:
    words = Language(code)
    ledger = Ledger(words, edition.label, "f", "d", 7)
    return Printer(edition, words, ledger, DRAWS, np.random.default_rng(7), drawn=drawn)


def table_of(section: Section, name: str) -> Any:
    return next(table for table in section.tables() if table.name == name)


def sentences(section: Section) -> list[str]:
    said: list[str] = []
    for block in section.blocks:
        said += block.items if isinstance(block, Bullets) else [block.plain()] if isinstance(block, Paragraph) else []
    return said


def with_summary(drawn: Robustness, summary: pd.DataFrame) -> Robustness:
    """The same analysis with another summary of its draws."""
    other = replace(drawn)
    vars(other)["summary"] = summary
    return other


# ---------------------------------------------------------------- one rank, one interval


def test_the_interval_beside_a_rank_is_that_of_the_section_on_robustness(edition: Edition, drawn: Robustness) -> None:
    p = printer(edition, drawn)
    beside = {row[0]: (row[1], row[2]) for row in table_of(index.index(p), "index").rows}
    there = {row[0]: (row[1], row[2]) for row in table_of(view.ranks(p), "rank-ranges").rows}
    assert len(there) == 20
    assert {region: beside[region] for region in there} == there
    for code, low, high in p.extras["index"][["region", "score_low", "score_high"]].itertuples(index=False):
        assert (low, high) == tuple(drawn.summary.loc[code, ["score_p5", "score_p95"]])


def test_the_explorer_and_the_report_draw_the_same_intervals(edition: Edition, drawn: Robustness) -> None:
    own = full_intervals(edition, draws=DRAWS, rng=np.random.default_rng(7))
    names = ["rank_p5", "rank_p95", "score_p5", "score_p95"]
    wanted = drawn.summary.loc[drawn.regions, names].set_axis(own.columns, axis=1)
    pd.testing.assert_frame_equal(own.loc[drawn.regions], wanted, check_dtype=False)


def test_all_the_widest_intervals_are_named_and_places_are_counted(edition: Edition, drawn: Robustness) -> None:
    p = printer(edition, drawn)
    table = drawn.summary.loc[drawn.regions]
    places = (table["rank_p95"] - table["rank_p5"] + 1).astype(int)
    widest = [p.region(str(code)) for code in places.index[places == places.max()]]
    said = sentences(index.index(p))[0]
    assert all(name in said for name in widest)
    assert f"{places.max()} places" in said
    one = table.index[3]
    wide = drawn.summary.copy()
    wide.loc[one, ["rank_p5", "rank_p95"]] = [7.0, 19.0]
    only = sentences(view.key_sentences(printer(edition, with_summary(drawn, wide))))[2]
    assert only == (
        f"The rank of {p.region(str(one))} is the least certain: in 90% of the draws it is between 7 and 19, "
        "which is 13 places."
    )
    wide.loc[table.index[5], ["rank_p5", "rank_p95"]] = [8.0, 20.0]
    two = sentences(view.key_sentences(printer(edition, with_summary(drawn, wide))))[2]
    assert two.startswith(
        f"The ranks of {p.region(str(one))} and {p.region(str(table.index[5]))} are the least certain"
    )


def test_official_ranks_far_from_the_median_of_their_draws_are_named_with_the_factor(
    edition: Edition, drawn: Robustness
) -> None:
    table = far_from_median(drawn.simulation, 2023)
    p = printer(edition, drawn)
    said = next(text for text in sentences(view.key_sentences(p)) if "three or more places from the median" in text)
    assert len(table) >= 3  # the one-sided factors of 2024.1
    assert said.startswith(f"{len(table)} of 20 regions")
    for code, row in table.iterrows():
        assert f"{p.region(str(code))} (rank {row['rank']:.0f}, median {row['median']:.0f}; " in said
    assert said.count("mainly because of: ") == (table["factor"] != "").sum()


# ---------------------------------------------------------------- what may be claimed of choices


def strongest(edition: Edition, drawn: Robustness, **columns: list[float]) -> tuple[str, Any]:
    rows = drawn.sensitivity.sobol.indices.copy()
    here = rows.index[(rows["output"] == "mean rank shift") & (rows["region"] == "")][:2]
    rows.loc[rows["output"] == "mean rank shift", ["total", "total_low", "total_high"]] = [0.05, 0.02, 0.08]
    for column, values in columns.items():
        rows.loc[here, column] = values
    sensitivity = replace(drawn.sensitivity, sobol=replace(drawn.sensitivity.sobol, indices=rows))
    p = printer(edition, replace(drawn, sensitivity=sensitivity))
    return sentences(view.key_sentences(p))[-1], table_of(influence.importance(p), "sensitivity-all")


def test_a_strongest_choice_is_named_only_when_its_interval_is_apart(edition: Edition, drawn: Robustness) -> None:
    apart, _ = strongest(edition, drawn, total=[0.7, 0.4], total_low=[0.6, 0.3], total_high=[0.8, 0.5])
    alone = r"Largest influence on ranks: [^;]+ \(up to 70% of the variation\)\."
    assert re.fullmatch(alone, apart)
    tied, _ = strongest(edition, drawn, total=[0.5, 0.48], total_low=[0.42, 0.42], total_high=[0.58, 0.55])
    assert re.fullmatch(
        r"Largest influence on ranks: [^;]+; [^;]+\. The intervals of these estimates overlap, .+", tied
    )


def test_a_share_below_zero_is_about_zero(edition: Edition, drawn: Robustness) -> None:
    _, table = strongest(edition, drawn, first=[-0.03, 0.2], first_high=[0.02, 0.3], total=[0.7, 0.4])
    cells = [cell for row in table.rows for cell in row[1:]]
    assert any(re.fullmatch(r"about 0 \(.+ to 2\)", cell) for cell in cells)
    assert not any(cell.startswith("\N{MINUS SIGN}") for cell in cells)


def test_all_indicators_that_moved_are_listed_and_counted(edition: Edition) -> None:
    said = sentences(change.change(printer(edition)))
    better = next(text for text in said if text.startswith("Improved"))
    assert better.startswith("Improved for the country as a whole, 6 of 11 indicators: ")
    assert better.count("(+") == 6
    assert "Unemployment rate (+10.0: 4.9 → 4.7%)" in better  # ten points are two tenths of a percent
    worse = next(text for text in said if text.startswith("Worsened"))
    assert "Youth 15-24 not in work or education (NEET) (−9.3: 4.6 → 6.0%)" in worse
    doubtful = [text for text in said if "judged doubtful by methodology 2026.1" in text]
    assert len(doubtful) == 2  # against 2022 and against 2018
    assert all("(NEET) (2023: all territories)" in text for text in doubtful)
    assert "Recycled municipal solid waste (2022: Karaganda and Astana; 2023: Karaganda)" in doubtful[0]


# ---------------------------------------------------------------- weights in force, years, stricter rules


def test_every_score_of_a_dimension_has_its_weight_in_force_and_its_years(edition: Edition) -> None:
    table = table_of(dimensions.dimension(printer(edition), "child"), "dimension-child")
    assert table.rows[-2] == ["Weight in force,\N{NO-BREAK SPACE}%", "25.0", "–", "12.5", "12.5"]
    assert table.rows[-1] == ["Year of the figures", "2020–2022", "–", "2022", "2020"]
    assert len(table.data) == 21
    assert table.rows[next(iter(table.emphasised))][0] == "Kazakhstan"


def test_the_weights_in_force_are_those_the_index_uses(edition: Edition) -> None:
    p = printer(edition)
    section = weights_in_force.weights_in_force(p)
    table = table_of(section, "weights-in-force")
    cells = {row[0]: row for row in table.rows}
    assert cells["Physicians per 10 000 population"][2:5] == ["2.78", "12.5", "12.5"]
    sums = table.data.groupby("region")["weight"].sum()
    assert np.allclose(sums, 1)
    scores = edition.scores.cells.set_index(["region", "indicator"])["score"]
    rows = table.data.set_index(["region", "indicator"])
    index_of = (rows["weight"] * scores.reindex(rows.index)).groupby("region").sum()
    assert np.allclose(index_of, edition.scores.of("index")[2023].reindex(index_of.index))  # plain means all the way
    own = p.extras["in_force"].query("region == 'KZ-71' and own")["weight"].sum()
    assert round(100 * own) == 43


def test_the_indicator_that_decides_most_is_named_with_its_reason(edition: Edition, newer: Edition) -> None:
    section = weights_in_force.weights_in_force(printer(edition))
    said = next(text for text in sentences(section) if "variance of the index" in text)
    shares = shares_of_variance(edition.scores, 2023)
    assert f"‘Physicians per 10 000 population’: {100 * shares['physicians']:.1f}%" in said
    assert "1 of 3 indicators were measured, so its weight in force is 12.5% where its full weight is 2.78%" in said
    assert "more than 12%, the most that one indicator should have" in said
    table = table_of(section, "weights-in-force")
    assert np.isclose(table.data.drop_duplicates("indicator")["variance"].sum(), 1)
    assert "No indicator has more than 12%" in " ".join(sentences(weights_in_force.weights_in_force(printer(newer))))


def test_the_report_prints_what_the_index_is_without_carried_figures(edition: Edition, newer: Edition) -> None:
    said = sentences(weights_in_force.weights_in_force(printer(edition)))
    assert "Without carried figures there is no index of 2023: none of the 20 regions would have one." in said
    assert any("at least 20% of its weight" in text and "at most 3 years old" in text for text in said)
    table = stricter_rules(newer)
    strict = table[table["max_age"] == 0].iloc[0]
    scores = newer.under(max_age=0).scores.of("index")[2022]
    assert strict["regions"] == scores.reindex(newer.regions).notna().sum() == 20
    assert 0.9 < strict["spearman"] < 1
    assert table["moved"].iloc[0] == 0
    assert table["spearman"].iloc[0] == 1


# ---------------------------------------------------------------- like with like


def test_regions_and_the_nation_are_compared_on_the_same_indicators(first: Edition) -> None:
    edition = first
    p = printer(edition)
    section = profiles.profiles(p)
    gaps = table_of(section, "gaps").data.set_index("region")["ecology"]
    nation = table_of(section, "nation-on-the-set").data.set_index("node")
    assert nation.loc["ecology", ["nation", "nation_matched"]].round(1).to_list() == [29.0, 43.7]
    pd.testing.assert_series_equal(
        gaps, like_with_like(edition).gaps("component")["ecology"].reindex(gaps.index), check_names=False
    )
    assert gaps.mean() < 20  # on different sets the mean gap was 24.3 points


def test_the_trend_is_of_one_set(edition: Edition, first: Edition) -> None:
    section = trend.trend(printer(edition))
    table = table_of(section, "trend")
    assert list(table.columns[2:]) == ["2018", "2019", "2020", "2021", "2022", "2023"]
    assert "6 of the 56 indicators" in sentences(section)[0]
    assert trend.trend(printer(first)).blocks == []


# ---------------------------------------------------------------- an edition too thin for an index


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_thin_edition_says_why_first_and_prints_its_components(thin: Edition, code: str) -> None:
    p = printer(thin, code=code)
    first = opening.opening(p).blocks
    assert isinstance(first[0], Heading)
    assert isinstance(first[1], Paragraph)
    assert p.title("child") in first[1].text
    assert "2025" in first[1].text
    if code == "en":
        assert first[1].text.startswith("There is no index of 2025; this report prints what was measured")
        assert "Child (components with a score: 1 of 3; needed: 50% of the weight)" in first[1].text
    assert index.index_map(p).tables() == []
    assert [type(block).__name__ for block in index.index_map(p).blocks] == ["Heading", "Paragraph"]
    printed = table_of(index.index(p), "index")
    assert {row[3] for row in printed.rows} == {"–"}
    assert any(row[4] != "–" or row[5] != "–" for row in printed.rows)
