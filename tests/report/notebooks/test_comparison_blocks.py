"""What the notebook of weighting alternatives prints: names, counts, sentences, and the same bytes every time."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cwi import Edition, read_edition
from cwi.analysis.comparison.methodologies import Comparison, compare, weightings
from cwi.analysis.comparison.other_indices import Method, read_methods, with_reference
from cwi.analysis.comparison.weights_to_lead import best_case, robust_leads, weights_to_lead
from cwi.inputs.crosswalk import Crosswalk, read_crosswalk
from cwi.methods.ranking import half_away
from cwi.report.blocks import Bullets, Figure, Paragraph, Section, Table, _bytes
from cwi.report.languages import LOCALE
from cwi.report.notebooks.comparison import ComparisonReport
from cwi.report.notebooks.crosswalk import CrosswalkReport

YEAR = 2019


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(YEAR)


@pytest.fixture(scope="module")
def view(edition: Edition) -> ComparisonReport:
    """In English, Astana's name with signs of HTML."""
    regions = edition.territory.regions.copy()
    regions.loc["KZ-71", "name_en"] = "<b>Astana</b>"
    territory = replace(edition.territory, regions=regions)
    return ComparisonReport(replace(edition, territory=territory), language="en", seed=1)


@pytest.fixture(scope="module")
def others(crosswalk: Crosswalk, view: ComparisonReport) -> CrosswalkReport:
    return CrosswalkReport(crosswalk, view)


@pytest.fixture(scope="module")
def found(edition: Edition) -> Comparison:
    schemes = weightings(edition, "entropy, gini, ahp", level="all")
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
    return compare(edition, with_reference(edition, chosen))


@pytest.fixture(scope="module")
def noise(found: Comparison) -> pd.DataFrame:
    """Nobody moves: every move of a scheme is beyond it."""
    own = found.ranks[found.reference]
    return pd.DataFrame({"rank_p5": own, "rank_p95": own})


def only(section: Section, kind: type) -> list:
    return [block for block in section.blocks if isinstance(block, kind)]


def name_of(view: ComparisonReport, codes: str) -> str:
    return "; ".join(view.called(code) for code in codes.split(", "))


@pytest.mark.slow
def test_movers_are_printed_by_name(found: Comparison, view: ComparisonReport) -> None:
    (table,) = only(view.movers(found), Table)
    assert [row[0] for row in table.rows] == ["entropy", "Gini coefficient"]
    for row, (_, line) in zip(table.rows, found.schemes.drop(index="working").iterrows(), strict=True):
        assert row[4:6] == [str(line["over_2"]), str(line["over_5"])]
        assert row[6] == name_of(view, line["movers_2"])
    quiet = compare(read_edition(YEAR), {"a": found.runs["working"].methodology})
    assert only(view.movers(quiet, of="quiet"), Table)[0].rows == []
    assert only(view.refusals(quiet), Paragraph)[0].text == "Every scheme could be run."


@pytest.mark.slow
def test_what_comes_from_data_is_escaped(found: Comparison, view: ComparisonReport, noise: pd.DataFrame) -> None:
    for section in (view.robust(found), view.beyond_noise(found, noise), view.movers(found)):
        html = section._repr_mimebundle_()["text/html"]
        assert "<b>" not in html
    assert "&lt;b&gt;Astana" in view.robust(found)._repr_mimebundle_()["text/html"]


def test_beyond_a_noise_of_nothing_is_every_move(
    found: Comparison, view: ComparisonReport, noise: pd.DataFrame
) -> None:
    (table,) = only(view.beyond_noise(found, noise), Table)
    for scheme, row in zip(("entropy", "gini"), table.rows, strict=True):
        moved = found.ranks[scheme] - found.ranks["working"]
        assert int(row[1]) == (moved == 0).sum()
        up, down = ([] if cell == "none" else cell.split("; ") for cell in row[2:])
        assert (len(up), len(down)) == ((moved < 0).sum(), (moved > 0).sum())
    wide = pd.DataFrame({"rank_p5": 1.0, "rank_p95": 17.0}, index=noise.index)
    assert [row[1:] for row in only(view.beyond_noise(found, wide, of="wide"), Table)[0].rows] == [
        ["17", "none", "none"]
    ] * 2


def test_sentences_name_every_region_once(found: Comparison, view: ComparisonReport) -> None:
    (bullets,) = only(view.robust(found), Bullets)
    named = [name for sentence in bullets.items[:-1] for name in sentence.rstrip(".").split(": ")[1].split("; ")]
    assert len(named) == len(set(named)) == (found.robust["always"] != "").sum()
    left = len(found.ranks) - len(named)
    assert bullets.items[-1] == f"Of {left} of 17 regions nothing of the kind holds under all 3 schemes."


def test_implied_weights_of_the_indicators_are_behind_the_picture(found: Comparison, view: ComparisonReport) -> None:
    (figure,) = only(view.implied(found), Figure)
    table = figure.table
    assert table is not None
    assert table.data.shape == (56, 5)
    assert table.data[["working", "entropy", "gini"]].sum().tolist() == pytest.approx([1, 1, 1])


@pytest.mark.slow
def test_pictures_have_the_same_bytes_every_time(
    edition: Edition, found: Comparison, theirs: Comparison, methods: dict[str, Method],
    view: ComparisonReport, others: CrosswalkReport, noise: pd.DataFrame,
) -> None:  # fmt: skip
    sections = [
        view.implied(found),
        view.rank_paths(found, noise),
        view.correlations(found),
        view.sure_leads(robust_leads(edition, "dimension", band=0.1), band=0.1),
        view.best_cases(best_case(edition, "dimension"), shares=(0, 1)),
        view.needed_changes(weights_to_lead(edition, "component")),
        others.coverage_map(),
        others.coloured(theirs, methods["sdg_index"]),
    ]
    figures = [figure for section in sections for figure in only(section, Figure)]
    assert len(figures) == len(sections)
    for figure in figures:
        assert _bytes(figure.draw(), "svg") == _bytes(figure.draw(), "svg"), figure.name
        assert figure.alt.endswith(".")


@pytest.mark.slow
def test_needed_weights_of_many_nodes_are_a_table(edition: Edition, view: ComparisonReport) -> None:
    section = view.needed_changes(weights_to_lead(edition, "indicator"))
    assert not only(section, Figure)
    (table,) = only(section, Table)
    assert len(table.rows) == 17
    nobody = view.needed_changes(weights_to_lead(edition, "dimension"))
    never = only(nobody, Paragraph)[-1]
    assert never.text.startswith("First under no weights of this level: Almaty city; ")
    assert "Astana" not in never.text


@pytest.mark.slow
def test_colours_follow_the_printed_score(
    theirs: Comparison, methods: dict[str, Method], others: CrosswalkReport
) -> None:
    section = others.coloured(theirs, methods["sdg_index"])
    (figure,) = only(section, Figure)
    printed = figure.table.data.set_index("region").to_numpy(float)
    scores = theirs.runs["sdg_index"].wide(YEAR, "component").reindex(theirs.ranks.index)
    assert (half_away(printed, 1) == half_away(scores[scores.columns[scores.notna().any()]].to_numpy(float), 1)).all()
    chosen = np.select([half_away(printed, 1) >= low for low in (75, 50, 25)], ["green", "yellow", "orange"], "red")
    counts = "; ".join(f"{word} – {(chosen == word).sum()}" for word in ("green", "yellow", "orange", "red"))
    assert figure.alt == f"A cell for each region and component, with its score: {counts}."
    assert "(working choice): green from 75 to 100; yellow" in only(section, Paragraph)[0].text
    refused = others.coloured(theirs, methods["mpi"])
    assert only(refused, Paragraph)[-1].text == "The scheme was not run: Global MPI."


def test_the_report_card_ranks_unrounded_scores(theirs: Comparison, others: CrosswalkReport) -> None:
    (table,) = only(others.report_card(theirs), Table)
    ranks = table.data.set_index("region")
    dimensions = theirs.runs["report_card"].wide(YEAR, "dimension").reindex(ranks.index)
    assert (ranks[dimensions.columns] == dimensions.rank(ascending=False, method="min")).all().all()
    mean = ranks[dimensions.columns].mean(axis=1)
    assert (ranks["overall"] == mean.rank(method="min")).all()
    assert {cell.split(", ")[1] for row in table.rows for cell in row[1:]} == {"top", "middle", "bottom"}
    assert only(others.report_card(theirs, "hdi"), Paragraph)[-1].text == "The scheme was not run: HDI."


def test_the_crosswalk_is_printed_whole(methods: dict[str, Method], others: CrosswalkReport) -> None:
    what, how = only(others.systems(), Table)
    assert len(what.rows) == len(how.rows) == 15
    assert how.note.startswith("Facts that were not found: ")
    assert {
        (row, column) for row in range(15) for column in range(1, 5)
    } == how.english  # facts are quoted in English, names of systems are names
    (figure,) = only(others.coverage_map(), Figure)
    assert "(working match)" in figure.caption
    assert only(others.without_counterpart(), Paragraph)[0].text.startswith(
        "Without a counterpart in what was seen of the 15 systems: 13 of 56 indicators ("
    )
    assert len(only(others.sources(), Table)[0].rows) == len(others.crosswalk.sources)
    rows = only(others.translations(methods), Table)[0].rows
    assert [row[1] for row in rows].count("no") == 4


def test_what_is_not_followed_is_printed_as_the_file_has_it(
    methods: dict[str, Method], others: CrosswalkReport
) -> None:
    """The English messages are the texts of data/crosswalk/methods.toml."""
    for name, method in methods.items():
        reason = method.methodology if isinstance(method.methodology, str) else ""
        if "logarithmic scale" not in reason:
            assert others.text(f"crosswalk.differs.{name}").replace("\N{NO-BREAK SPACE}", " ") == (
                reason or method.differs
            )
    assert set(methods) <= {key.split(".")[2] for key in _keys("crosswalk.differs.")}


def test_reasons_are_in_the_language(theirs: Comparison, found: Comparison, edition: Edition) -> None:
    russian = ComparisonReport(edition, language="ru", seed=1)
    (table,) = only(russian.refusals(theirs, of="others"), Table)
    assert table.english == frozenset()
    assert table.rows[0][1].startswith("учитывается сочетание лишений")
    assert only(russian.refusals(found), Table)[0].rows == [
        ["метод анализа иерархий", "нужны оценки экспертов, которых в этой методологии нет"]
    ]
    strange = replace(found, refused=found.refused.assign(scheme="mine", reason="it has no sum"))
    (table,) = only(russian.refusals(strange, of="strange"), Table)
    assert (table.rows, table.english) == ([["mine", "it has no sum"]], frozenset({(0, 1)}))


def _keys(prefix: str) -> list[str]:
    text = (LOCALE / "en" / "crosswalk.po").read_text(encoding="utf-8")
    return [line.split('"')[1] for line in text.splitlines() if line.startswith(f'msgid "{prefix}')]
