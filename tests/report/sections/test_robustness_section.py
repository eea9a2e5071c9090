"""How sure the order is, as it is printed: every number has a name, every sentence can be computed again."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Drawing

from cwi import Edition, folders, read_edition
from cwi.analysis.uncertainty.factors import read_factors
from cwi.analysis.uncertainty.robustness_analysis import Robustness, robustness
from cwi.errors import DataError, ParameterError
from cwi.report import OfficialReport, SensitivityReport
from cwi.report.blocks import Bullets, Figure, Heading, Paragraph, Section, Table
from cwi.report.languages import LANGUAGES, Language
from cwi.report.ledger import Ledger, merge
from cwi.report.pictures import intervals
from cwi.report.printer import Printer
from cwi.report.sections import influence
from cwi.report.sections import robustness as view

pytestmark = pytest.mark.slow  # its fixtures take seconds

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

YEAR, DRAWS = 2019, 300
NO_CONFIDENCE = {
    "en": "These intervals are not confidence intervals of the rank",
    "ru": "Эти интервалы не являются доверительными интервалами места",
    "kk": "Бұл аралықтар орынның сенімділік аралықтары емес",
}
MAKERS = (
    view.ranks,
    view.key_sentences,
    influence.importance,
    view.pairwise,
    influence.dependence,
    influence.single_changes,
)


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(YEAR)


@pytest.fixture(scope="module")
def found(edition: Edition) -> Robustness:
    return robustness(edition, draws=DRAWS, rng=np.random.default_rng(7), n=16)


def printer(edition: Edition, found: Robustness | None, code: str = "en") -> Printer:
    words = Language(code)
    made = Printer(edition, words, Ledger(words, edition.label, "f", "d", 7), DRAWS, np.random.default_rng(7))
    if found is not None:
        vars(made)["robustness"] = found  # worked out once, told in three languages
    return made


def blocks_of(section: Section, kind: type) -> list[Any]:
    return [block for block in section.blocks if isinstance(block, kind)]


def plainly(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-").replace("\N{NO-BREAK SPACE}", "").replace(",", ""))


# ---------------------------------------------------------------- numbers and the ledger


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_printed_number_is_in_the_ledger(edition: Edition, found: Robustness, code: str) -> None:
    p = printer(edition, found, code)
    sections = [make(p) for make in MAKERS]
    texts = set(p.ledger.frame()[f"text_{code}"].str.lstrip("\N{MINUS SIGN}"))
    free = {"0", str(YEAR), "95", "98", "90", "100", "50", "25", "1", "–", ""}  # of words, not of the simulation
    for section in sections:
        for table in section.tables():
            fixed = {str(i) for i in range(1, len(found.regions) + 1)} if table.name == "who-is-above" else set()
            for row in table.rows:
                for cell in [] if table.name == "changes-of-order" else row[1:]:
                    numbers = re.findall(r"\d[\d,.\N{NO-BREAK SPACE}]*", cell.replace("±25", ""))
                    assert set(numbers) <= texts | fixed, (table.name, cell)
        for block in section.blocks:
            if isinstance(block, (Paragraph, Bullets, Figure)):
                said = re.sub(r"± 25", "", block.caption if isinstance(block, Figure) else block.plain())
                assert set(re.findall(r"\d+", said)) <= texts | free, said
    assert len(texts) > 20


def test_the_three_languages_print_the_same_numbers(edition: Edition, found: Robustness) -> None:
    frames = []
    for code in LANGUAGES:
        p = printer(edition, found, code)
        for make in MAKERS:
            make(p)
        frames.append(p.ledger.frame())
    merged = merge(frames)
    assert len(merged) == len(frames[0])
    assert merged["name"].str.match(rf"(sure|rank)\.{YEAR}\.").all()


@pytest.mark.parametrize("code", LANGUAGES)
def test_words_are_those_of_the_language(edition: Edition, found: Robustness, code: str) -> None:
    p = printer(edition, found, code)
    said = " ".join(block.plain() for make in MAKERS for block in make(p).blocks)
    own = {"kk": set("әғқңөұүі"), "ru": set("ыэъ"), "en": set()}[code]
    assert own <= set(said.lower())
    assert "{" not in said
    if code == "en":
        assert not re.search("[а-яәғқңөұүһі]", said.lower())
    for factor in found.plan.factors:
        assert factor.titles[code].lower() in said.lower()


def test_what_is_printed_of_a_rank_is_what_was_drawn(edition: Edition, found: Robustness) -> None:
    p = printer(edition, found)
    table, _ = blocks_of(view.ranks(p), Table)
    drawn = found.simulation
    own = (drawn.units["year"] == YEAR).to_numpy()
    ranks = pd.DataFrame(drawn.ranks[own], index=drawn.units.loc[own, "region"])
    n = len(found.regions)
    for code, row in zip(found.regions, table.rows, strict=True):
        mine = ranks.loc[code].to_numpy()
        low, high, lowest, highest, middle = (
            int(np.quantile(mine, tail, method="inverted_cdf")) for tail in (0.05, 0.95, 0.01, 0.99, 0.5)
        )
        assert row[0] == p.region(code)
        assert plainly(row[1]) == found.summary.at[code, "rank"]
        assert row[2] == (f"{low}–{high}" if low < high else f"{low}")
        assert row[3] == (f"{lowest}–{highest}" if lowest < highest else f"{lowest}")
        assert plainly(row[4]) == middle
        third = round(n / 3)
        assert plainly(row[5]) == pytest.approx(100 * (mine <= third).mean(), abs=0.51)
        assert plainly(row[6]) == pytest.approx(100 * (mine > n - third).mean(), abs=0.51)


@pytest.mark.parametrize("code", LANGUAGES)
def test_confidence_sets_are_a_second_table(edition: Edition, found: Robustness, code: str) -> None:
    p = printer(edition, found, code)
    drawn, table = blocks_of(view.ranks(p), Table)
    assert NO_CONFIDENCE[code] in (drawn.note or "")
    assert NO_CONFIDENCE[code] not in (table.note or "")
    assert found.confidence is not None
    assert [row[0] for row in table.rows] == [p.region(region) for region in found.confidence.index]
    for row, (low, high) in zip(table.rows, found.confidence[["low", "high"]].to_numpy(), strict=True):
        assert row[2] == (f"{low}" if low == high else f"{low}–{high}")
    assert "2024" in (table.note or "")


def test_an_estimate_below_zero_is_about_zero_and_its_interval_is_printed(edition: Edition, found: Robustness) -> None:
    indices = found.sensitivity.sobol.indices
    below = indices.assign(first=-0.031, first_low=-0.08, first_high=0.024)
    changed = replace(
        found, sensitivity=replace(found.sensitivity, sobol=replace(found.sensitivity.sobol, indices=below))
    )
    p = printer(edition, changed)
    (table,) = [table for table in influence.importance(p).tables() if table.name == "sensitivity-all"]
    assert {row[1] for row in table.rows} == {"about 0 (\N{MINUS SIGN}8 to 2)"}
    assert not any(name.endswith(".all.scale.first") for name in p.ledger.frame()["name"])


def test_values_without_a_known_error_are_listed(edition: Edition, found: Robustness) -> None:
    plan = replace(found.plan)
    vars(plan)["without_error"] = pd.DataFrame(
        [("survey", "poverty", region, YEAR, "no standard error") for region in found.regions[:2]],
        columns=["factor", "indicator", "region", "observed", "reason"],
    )
    p = printer(edition, replace(found, simulation=replace(found.simulation, plan=plan)))
    notes = [block.plain() for block in blocks_of(view.ranks(p), Paragraph)]
    names = ", ".join(p.region(code) for code in found.regions[:2])
    assert (
        "No sampling error is known for these values, so they are the same in all draws: "
        f"{p.title('poverty')} ({names})."
    ) in notes


def test_regions_share_a_letter_if_and_only_if_they_share_a_group(edition: Edition, found: Robustness) -> None:
    table, _ = blocks_of(view.ranks(printer(edition, found)), Table)
    marks = {code: set(row[7].split()) for code, row in zip(found.regions, table.rows, strict=True)}
    assert all(marks.values())
    for a in found.regions:
        for b in found.regions:
            together = any(a in group and b in group for group in found.groups)
            assert bool(marks[a] & marks[b]) == together, (a, b)
    assert list(table.data["groups"]) == [row[7] for row in table.rows]


def test_letters_go_on_after_the_alphabet() -> None:
    marks = view.letters([(f"r{i}", f"r{i + 1}") for i in range(60)])
    assert marks["r0"] == "A"
    assert marks["r1"] == "A B"
    assert marks["r26"] == "Z A1"
    assert len({mark for text in marks.values() for mark in text.split()}) == 60


# ---------------------------------------------------------------- sentences


def test_the_sentences_are_true_of_the_draws(edition: Edition, found: Robustness) -> None:
    p = printer(edition, found)
    (bullets,) = blocks_of(view.key_sentences(p), Bullets)
    drawn = found.simulation
    own = ((drawn.units["year"] == YEAR) & (drawn.plan.groups >= 0)).to_numpy()
    ranks = pd.DataFrame(drawn.ranks[own], index=drawn.units.loc[own, "region"]).astype(int)
    official = found.summary.loc[found.regions, "rank"]
    first, last = official.idxmin(), official.idxmax()
    low = ranks.quantile(
        0.05, axis=1, interpolation="higher"
    )  # of 300 draws both rules take the same place or the next
    widths = found.summary["rank_p95"] - found.summary["rank_p5"]
    widest = widths.loc[found.regions].idxmax()
    assert abs(low[widest] - found.summary.at[widest, "rank_p5"]) <= 1
    half = sorted(widths.loc[found.regions])[(len(found.regions) - 1) // 2]
    assert (widths.loc[found.regions] <= half).sum() * 2 >= len(found.regions)
    told, pairs = found.neighbours
    rows = found.sensitivity.sobol.indices.query("output == 'mean rank shift'").sort_values("total", ascending=False)
    level = rows[rows["total_high"] >= rows["total_low"].iloc[0]]
    places = int(widths[widest]) + 1

    def share(value: float) -> str:
        return f"{p.language.number(100 * value, 0)}%"

    titles = [found.factors[name].titles["en"] for name in level["factor"]]
    assert len(level) > 1  # 16 rows of a design tell little
    assert (widths.loc[found.regions] == widths[widest]).sum() == 1
    assert (official - found.summary.loc[found.regions, "rank_median"]).abs().max() < 3
    assert list(bullets.items) == [
        f"{p.region(first)} ranks first in {share((ranks.loc[first] == 1).mean())} of the draws.",
        f"{p.region(last)} ranks last in {share((ranks.loc[last] == ranks.max()).mean())} of the draws.",
        f"The rank of {p.region(widest)} is the least certain: in {share(0.9)} of the draws it is between "
        f"{found.summary.at[widest, 'rank_p5']:.0f} and {found.summary.at[widest, 'rank_p95']:.0f}, which is {places} "
        "places.",
        f"For half of the regions the limits of this interval differ by at most {half:.0f}.",
        f"Of {pairs} pairs of neighbours in the ranking, {told} can be distinguished: one ranks above the other in "
        f"at least {share(0.95)} of the draws. The other neighbours may change places if another choice is made.",
        f"None of the {len(found.regions)} official ranks is three or more places from the median of its draws.",
        f"Largest influence on ranks: {'; '.join(title[0].lower() + title[1:] for title in titles)}. The intervals of "
        "these estimates overlap, so none of them can be named as the largest.",
    ]


def test_idle_factors_are_named(edition: Edition, found: Robustness) -> None:
    p = printer(edition, found)
    notes = [block.text for block in blocks_of(view.ranks(p), Paragraph) if block.kind == "note"]
    assert notes == [
        f"No effect on the index of {YEAR}, therefore not varied: maximum age of the data; "
        "sampling errors of the survey."
    ]
    busy = replace(found, simulation=replace(found.simulation, plan=replace(found.plan, idle=())))
    assert not [b for b in blocks_of(view.ranks(printer(edition, busy)), Paragraph) if b.kind == "note"]


def test_draws_that_failed_or_were_left_out_are_named_and_count_nowhere(edition: Edition, found: Robustness) -> None:
    drawn = found.simulation
    broken = replace(drawn, failed={0: "health: the logarithm of zero", 5: "health: the logarithm of zero"},
                     left_out=np.array([9]))  # fmt: skip
    told = replace(found, simulation=broken)
    section = view.ranks(printer(edition, told))
    paragraphs = [block.text for block in blocks_of(section, Paragraph)]
    assert paragraphs[0].startswith(
        "We recomputed the index 297 times, each time varying all of the following at random"
    )
    assert paragraphs[-1] == (
        "Draws that could not be computed and are excluded: 3 "
        "(health: the logarithm of zero; choices that are declared incompatible)."
    )
    whole = [block.text for block in blocks_of(view.ranks(printer(edition, found)), Paragraph)]
    assert whole[0].startswith("We recomputed the index 300 times")
    assert not any("could not be computed" in text for text in whole)


def test_a_draw_in_which_the_last_region_has_no_index_does_not_count_for_it(
    edition: Edition, found: Robustness
) -> None:
    drawn = found.simulation
    last = found.regions[-1]
    row = int(np.flatnonzero((drawn.units["region"] == last) & (drawn.units["year"] == YEAR))[0])
    ranks = drawn.ranks.copy()
    lowest = np.flatnonzero(ranks[row] == ranks.max(axis=0))
    ranks[row] = 0
    ranks[row, lowest[:2]] = len(found.regions)
    told = replace(found, simulation=replace(drawn, ranks=ranks))
    (bullets,) = blocks_of(view.key_sentences(printer(edition, told)), Bullets)
    assert bullets.items[1].endswith(" ranks last in 100% of the draws.")


# ---------------------------------------------------------------- an edition that ranks nobody


def test_an_edition_that_ranks_nobody_says_so_and_draws_nothing(edition: Edition) -> None:
    strict = edition.methodology.replace(index={"coverage": 1.0}, dimension={"coverage": 1.0},
                                         component={"coverage": 1.0})  # fmt: skip
    nobody = replace(edition, methodology=strict)
    assert nobody.scores.of("index")[YEAR].isna().all()
    p = printer(nobody, None)
    section = view.ranks(p)
    assert [type(block) for block in section.blocks] == [Heading, Paragraph]
    assert section.blocks[1].plain() == p.text("index.none")
    for make in MAKERS[1:]:
        assert make(p).blocks == []
    assert len(p.ledger.frame()) == 0
    report = OfficialReport(nobody, language="en", draws=100, seed=1)
    assert report.robustness().blocks[-1].plain() == p.text("index.none")


# ---------------------------------------------------------------- tables and pictures


def test_a_cell_of_who_is_above_whom_is_the_share_of_draws(edition: Edition, found: Robustness) -> None:
    p = printer(edition, found)
    (figure,) = blocks_of(view.pairwise(p), Figure)
    drawn = found.simulation
    rank = {
        region: drawn.ranks[np.flatnonzero((drawn.units["region"] == region) & (drawn.units["year"] == YEAR))[0]]
        for region in found.regions
    }
    for i, a in enumerate(found.regions):
        for j, b in enumerate(found.regions):
            cell = figure.table.rows[i][j + 1]
            if i == j:
                assert cell == ""
            else:
                share = (rank[a] < rank[b]).mean() + (rank[a] == rank[b]).mean() / 2
                assert cell == p.language.number(100 * share, 0)


def test_shares_of_variation_are_those_that_were_estimated_and_those_that_are_exact(
    edition: Edition, found: Robustness
) -> None:
    p = printer(edition, found)
    section = influence.importance(p)
    estimated, enumerated = blocks_of(section, Figure)
    assert found.sensitivity.exact is not None
    assert f"estimated from {found.sensitivity.sobol.runs} runs" in estimated.caption
    assert f"all {len(found.sensitivity.exact.runs)} combinations" in enumerated.caption
    for figure, rows in ((estimated, found.sensitivity.sobol.indices), (enumerated, found.sensitivity.exact.indices)):
        own = rows.query("output == 'mean rank shift'").set_index("factor")
        printed = {row[0]: row for row in figure.table.rows}
        assert set(printed) == {found.factors[name].titles["en"] for name in own.index}
        for name, line in own.iterrows():
            row = printed[found.factors[name].titles["en"]]
            if line["first"] >= 0:
                assert row[1] == p.language.number(100 * line["first"], 0)
            assert row[2] == p.language.number(100 * line["total"], 0)
        totals = [plainly(row[2]) for row in figure.table.rows]
        assert totals == sorted(totals, reverse=True)
    assert len(estimated.table.columns) == 4
    assert len(enumerated.table.columns) == 3  # what is exact has no interval


def test_what_a_rank_depends_on_and_what_turns_the_ends(edition: Edition, found: Robustness) -> None:
    p = printer(edition, found)
    (table,) = blocks_of(influence.dependence(p), Table)
    for row, (code, line) in zip(table.rows, found.dependence().iterrows(), strict=True):
        assert row[0] == p.region(str(code))
        assert row[1] == (found.factors[line["factor"]].titles["en"] if line["factor"] else "no choice changes it")
    (turned,) = blocks_of(influence.single_changes(p), Table)
    assert [row[0] for row in turned.rows] == [
        f"left out: {p.title(line.what)}"
        if line.kind == "without"
        else f"{found.factors[line.of].titles['en']}: {line.what}"
        for line in found.rank_changers().itertuples()
    ]
    shares = found.sensitivity
    unmoved = replace(found, sensitivity=replace(shares, alone=shares.alone.iloc[:0], without=shares.without.iloc[:0]))
    (nothing,) = influence.single_changes(printer(edition, unmoved)).blocks
    assert nothing.plain() == p.text("sure.turns.none")


def test_without_lists_of_choices_there_is_no_exact_picture(edition: Edition) -> None:
    only = robustness(
        edition, read_factors(edition.methodology).only("weights"), draws=100, rng=np.random.default_rng(1), n=8
    )
    figures = blocks_of(influence.importance(printer(edition, only)), Figure)
    assert [figure.name for figure in figures] == ["sensitivity-all"]


def test_every_picture_has_words_and_a_table(edition: Edition, found: Robustness) -> None:
    p = printer(edition, found)
    ranks, *others = [block for make in MAKERS for block in blocks_of(make(p), Figure)]
    assert len(others) == 3
    assert all(figure.alt.endswith(".") and len(figure.alt) > 40 for figure in (ranks, *others))
    assert all(figure.table is not None for figure in others)
    assert isinstance(view.ranks(p).blocks[-1], Table)  # that of the intervals stands below them, open
    assert all(isinstance(figure.draw(), Drawing) for figure in (ranks, *others))


LABELS = {"official": "o", "narrow": "n", "wide": "w", "first": "f", "total": "t", "interval": "i"}


def test_pictures_refuse_what_is_empty(says: Says) -> None:
    with says(DataError, "rank intervals: there is nothing to draw, no region has a rank"):
        intervals.rank_intervals(pd.DataFrame(), LABELS, "rank")
    with says(DataError, "shares: there is nothing to draw, there is no factor"):
        intervals.shares(pd.DataFrame(), LABELS, "share")


def drawn_ranks() -> pd.DataFrame:
    return pd.DataFrame(
        {"rank": [1.0, 2.0], "p1": [1.0, 1.0], "p5": [1.0, 1.0], "median": [1.0, 2.0], "p95": [1.0, 2.0],
         "p99": [2.0, 2.0]}, index=["Alpha <b>", "Ұлытау"],
    )  # fmt: skip


def test_the_picture_of_ranks_stands_where_the_ranks_are() -> None:
    figure = intervals.rank_intervals(drawn_ranks(), LABELS, "rank, 1 the best")
    axes = next(axes for axes in figure.axes if axes.get_xlabel() == "rank, 1 the best")
    wide, narrow = (np.array(lines.get_segments())[..., 0] for lines in axes.collections)
    assert wide == pytest.approx(np.array([[0.68, 2.32], [0.68, 2.32]]))
    assert narrow == pytest.approx(np.array([[0.68, 1.32], [0.68, 2.32]]))
    median, official = axes.lines
    assert list(median.get_xdata()) == [1, 2]
    assert list(official.get_xdata()) == [1, 2]
    texts = [text.get_text() for other in figure.axes for text in other.texts]
    assert {"Alpha <b>", "Ұлытау"} <= set(texts)


def test_the_picture_of_shares_draws_intervals_only_where_there_are_any() -> None:
    exact = pd.DataFrame({"first": [0.5, -0.01], "total": [0.6, 0.1]}, index=["one", "two"])
    estimated = exact.assign(total_low=[0.4, 0.0], total_high=[1.3, 0.2])
    for table, lines in ((exact, 0), (estimated, 1)):
        figure = intervals.shares(table, LABELS, "share")
        axes = next(axes for axes in figure.axes if axes.get_xlabel() == "share")
        assert len(axes.collections) == lines
        widths = [bar.get_width() for bar in axes.patches]
        assert widths == pytest.approx([60, 10, 50, 0])  # a share below zero is an error of estimation, not a bar
        assert axes.get_xlim()[1] >= 100 * table.to_numpy().max()


# ---------------------------------------------------------------- the notebook's report and the official one


def test_the_notebook_says_what_the_official_report_says(project: Any) -> None:
    official = OfficialReport(read_edition(2022), language="en", draws=100, seed=5)
    official.ranking()  # draws from the same seed before; it must not matter
    official.robustness()
    notebook = SensitivityReport(read_edition(2022), language="en", draws=100, seed=5)
    for show in (notebook.intervals, notebook.key_sentences, notebook.importance):
        show()
    own = official.ledger.frame().set_index("name")
    same = notebook.ledger.frame().set_index("name")
    shared = own[own.index.str.startswith("sure.")]
    assert len(shared) > 10
    pd.testing.assert_frame_equal(shared, same.loc[shared.index])
    other = SensitivityReport(read_edition(2022), language="en", draws=100, seed=6)
    other.importance()
    assert not same.loc[other.ledger.frame()["name"], "value"].equals(other.ledger.frame().set_index("name")["value"])


def test_factors_may_be_chosen_by_name(project: Any, says: Says) -> None:
    report = SensitivityReport(read_edition(2022), factors=" weights ,", language="en", draws=100, seed=5)
    (how, *_) = blocks_of(report.intervals(), Paragraph)
    assert "varying all of the following at random: the weights themselves." in how.text
    wrong = SensitivityReport(read_edition(2022), factors="wieghts", language="en", draws=100, seed=5)
    with says(
        Exception,
        "data/methodology/t1/factors.toml: no factor is called 'wieghts' (did you mean 'weights'?); "
        "there are mean, weights",
    ):
        wrong.intervals()


def test_too_few_draws_are_refused(project: Any, says: Says) -> None:
    with says(ParameterError, "draws is 99; an interval needs at least 100"):
        SensitivityReport(read_edition(2022), language="en", draws=99, seed=5)


def test_the_ledger_is_written_where_a_report_is_made(
    project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = SensitivityReport(read_edition(2022), language="en", draws=100, seed=5)
    report.key_sentences()
    assert not list(tmp_path.glob("ledger*"))
    monkeypatch.setenv("CWI_OUTPUT", str(tmp_path))
    said = report.close().blocks[0].plain()
    written = pd.read_csv(tmp_path / "ledger.sensitivity.en.csv")
    assert str(len(written)) in said
    assert written["edition"].unique().tolist() == [2022]


def test_a_methodology_without_factors_has_its_weights_as_the_one_factor(project: Any) -> None:
    project.path("methodology/t1/factors.toml").unlink()
    report = SensitivityReport(read_edition(2022), language="en", draws=100, seed=5)
    said = report.intervals().blocks[1].plain()
    assert "varying all of the following at random: the weights, ±25%. Each recomputed index is" in said


def test_names_of_regions_are_escaped(edition: Edition, found: Robustness, tmp_path: Path,
                                      monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    shutil.copytree(folders.data(), tmp_path / "data")
    path = tmp_path / "data" / "regions.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("Astana", "<b>Astana</b>"), encoding="utf-8")
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))
    p = printer(read_edition(YEAR), found)
    html = "".join(block.html() for make in (view.key_sentences, influence.dependence) for block in make(p).blocks)
    assert "<b>Astana" not in html
    assert "&lt;b&gt;Astana" in html
