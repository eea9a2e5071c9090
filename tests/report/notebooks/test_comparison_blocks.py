"""What the notebook of weighting alternatives prints: names, counts, sentences, and the same bytes every time."""

import numpy as np
import pandas as pd
import pytest

from cwi import Edition, read_edition
from cwi.analysis.comparison.methodologies import Comparison, compare, weightings
from cwi.analysis.comparison.other_indices import Method, beside, read_methods
from cwi.analysis.comparison.weights_to_lead import best_case, needed_weights, sure_leads
from cwi.inputs.crosswalk import Crosswalk, read_crosswalk
from cwi.methods.ranking import half_away
from cwi.report.blocks import Bullets, Figure, Paragraph, Section, Table, _bytes
from cwi.report.notebooks import comparison as view
from cwi.report.notebooks import crosswalk as others

YEAR = 2019


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(YEAR)


@pytest.fixture(scope="module")
def names(edition: Edition) -> dict[str, str]:
    return edition.territory.regions["name_en"].to_dict() | {"KZ-71": "<b>Astana</b>"}


@pytest.fixture(scope="module")
def found(edition: Edition) -> Comparison:
    schemes = weightings(edition.methodology, "entropy, gini, ahp", level="all")
    return compare(edition, schemes)


@pytest.fixture(scope="module")
def crosswalk(edition: Edition) -> Crosswalk:
    return read_crosswalk(edition.methodology)


@pytest.fixture(scope="module")
def methods(crosswalk: Crosswalk) -> dict[str, Method]:
    return read_methods(crosswalk)


@pytest.fixture(scope="module")
def theirs(edition: Edition, methods: dict[str, Method]) -> Comparison:
    chosen = {name: methods[name] for name in ("report_card", "sdg_index", "mpi")}
    return compare(edition, beside(edition.methodology, chosen))


@pytest.fixture(scope="module")
def noise(found: Comparison) -> pd.DataFrame:
    """Nobody moves: every move of a scheme is beyond it."""
    own = found.ranks[found.reference]
    return pd.DataFrame({"low": own, "high": own})


def only(section: Section, kind: type) -> list:
    return [block for block in section.blocks if isinstance(block, kind)]


@pytest.mark.slow
def test_movers_are_printed_by_name(found: Comparison, names: dict[str, str]) -> None:
    (table,) = only(view.movers(found, names), Table)
    assert [row[0] for row in table.rows] == ["entropy", "gini"]
    for row, (_, line) in zip(table.rows, found.schemes.drop(index="working").iterrows(), strict=True):
        assert row[4:6] == [str(line["over_2"]), str(line["over_5"])]
        assert row[6] == ", ".join(names[code] for code in line["movers_2"].split(", "))
    quiet = compare(read_edition(YEAR), {"a": found.runs["working"].methodology})
    assert only(view.movers(quiet, names), Table)[0].rows == []
    assert only(view.refusals(quiet), Paragraph)[0].text == "Every scheme could be run."


def test_what_comes_from_data_is_escaped(found: Comparison, names: dict[str, str], noise: pd.DataFrame) -> None:
    for section in (view.robust(found, names), view.beyond_noise(found, noise, names), view.movers(found, names)):
        html = section._repr_mimebundle_()["text/html"]
        assert "<b>" not in html
    assert "&lt;b&gt;Astana" in view.robust(found, names)._repr_mimebundle_()["text/html"]


def test_beyond_a_noise_of_nothing_is_every_move(found: Comparison, names: dict[str, str], noise: pd.DataFrame) -> None:
    (table,) = only(view.beyond_noise(found, noise, names), Table)
    for row in table.rows:
        moved = found.ranks[row[0]] - found.ranks["working"]
        assert int(row[1]) == (moved == 0).sum()
        up, down = ([] if cell == "nobody" else cell.split("), ") for cell in row[2:])
        assert (len(up), len(down)) == ((moved < 0).sum(), (moved > 0).sum())
    wide = pd.DataFrame({"low": 1.0, "high": 17.0}, index=noise.index)
    assert [row[1:] for row in only(view.beyond_noise(found, wide, names), Table)[0].rows] == [
        ["17", "nobody", "nobody"]
    ] * 2


def test_sentences_speak_of_every_region_once(found: Comparison, names: dict[str, str]) -> None:
    (bullets,) = only(view.robust(found, names), Bullets)
    named = [name for sentence in bullets.items[:-1] for name in sentence.split(": ")[0].split(", ")]
    assert len(named) == len(set(named)) == (found.robust["always"] != "").sum()
    left = len(found.ranks) - len(named)
    assert bullets.items[-1] == f"Of {left} of 17 regions nothing of the kind holds under all 3 schemes."


def test_implied_weights_of_the_indicators_stand_behind_the_picture(found: Comparison) -> None:
    (figure,) = only(view.implied(found), Figure)
    table = figure.table
    assert table is not None
    assert table.data.shape == (56, 5)
    assert table.data[["working", "entropy", "gini"]].sum().tolist() == pytest.approx([100, 100, 100])


@pytest.mark.slow
def test_pictures_have_the_same_bytes_every_time(
    edition: Edition, found: Comparison, theirs: Comparison, crosswalk: Crosswalk, methods: dict[str, Method],
    names: dict[str, str], noise: pd.DataFrame,
) -> None:  # fmt: skip
    scores = edition.scores
    sections = [
        view.implied(found),
        view.rank_paths(found, names, noise),
        view.correlations(found),
        view.sure(sure_leads(scores, YEAR, "dimension", band=0.1), names, band=0.1),
        view.best_cases(best_case(scores, YEAR, "dimension"), names, shares=(0, 1)),
        view.needed_changes(needed_weights(scores, YEAR, "component"), names),
        others.coverage_map(crosswalk),
        others.coloured(theirs, methods["sdg_index"], names),
    ]
    figures = [figure for section in sections for figure in only(section, Figure)]
    assert len(figures) == len(sections)
    for figure in figures:
        assert _bytes(figure.draw(), "svg") == _bytes(figure.draw(), "svg"), figure.name
        assert figure.alt.endswith(".")


def test_needed_weights_of_many_nodes_are_a_table(edition: Edition, names: dict[str, str]) -> None:
    section = view.needed_changes(needed_weights(edition.scores, YEAR, "indicator"), names)
    assert not only(section, Figure)
    (table,) = only(section, Table)
    assert len(table.rows) == 17
    nobody = view.needed_changes(needed_weights(edition.scores, YEAR, "dimension"), names)
    (said,) = only(nobody, Paragraph)
    assert said.text.startswith("No weights of the level dimension make first: Almaty city, ")
    assert "Astana" not in said.text


def test_colours_follow_the_printed_score(
    theirs: Comparison, methods: dict[str, Method], names: dict[str, str]
) -> None:
    (figure,) = only(others.coloured(theirs, methods["sdg_index"], names), Figure)
    words = figure.table.data.set_index("region")
    scores = theirs.runs["sdg_index"].wide(YEAR, "component").reindex(theirs.ranks.index)
    printed = half_away(scores[scores.columns[scores.notna().any()]].to_numpy(float), 1)
    bounds = np.select([printed >= 75, printed >= 50, printed >= 25], ["green", "yellow", "orange"], "red")
    assert (words.to_numpy() == bounds).all()
    assert "working limits: green from 75" in figure.caption
    refused = others.coloured(theirs, methods["mpi"], names)
    assert only(refused, Paragraph)[0].text == "Global MPI could not be run, or has no colours."


def test_the_report_card_ranks_unrounded_scores(theirs: Comparison, names: dict[str, str]) -> None:
    (table,) = only(others.report_card(theirs, names), Table)
    ranks = table.data.set_index("region")
    dimensions = theirs.runs["report_card"].wide(YEAR, "dimension").reindex(ranks.index)
    assert (ranks[dimensions.columns] == dimensions.rank(ascending=False, method="min")).all().all()
    mean = ranks[dimensions.columns].mean(axis=1)
    assert (ranks["overall"] == mean.rank(method="min")).all()
    assert {cell.split()[1] for row in table.rows for cell in row[1:]} == {"top", "middle", "bottom"}
    assert only(others.report_card(theirs, names, "hdi"), Paragraph)[0].text == "The scheme 'hdi' could not be run."


def test_the_crosswalk_is_printed_whole(crosswalk: Crosswalk, methods: dict[str, Method]) -> None:
    what, how = only(others.systems(crosswalk), Table)
    assert len(what.rows) == len(how.rows) == 15
    assert how.note.endswith("facts were not found; 'not found' is not a no.")
    (figure,) = only(others.coverage_map(crosswalk), Figure)
    assert "(working match)" in figure.caption
    (said,) = only(others.without_counterpart(crosswalk), Paragraph)
    assert said.text.startswith("13 of 56 indicators have no counterpart")
    assert len(only(others.sources(crosswalk), Table)[0].rows) == len(crosswalk.sources)
    rows = only(others.translations(methods), Table)[0].rows
    assert [row[1] for row in rows].count("no") == 4
