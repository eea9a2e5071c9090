"""What the analysis reports print in Kazakh and Russian: no English words, decimal commas, the same numbers in all."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from babel.messages.pofile import read_po
from pypdf import PdfReader

from cwi import Edition, read_edition, read_methodology
from cwi.analysis import deprivation
from cwi.analysis.audit import audit
from cwi.analysis.budget import account, read_figures
from cwi.analysis.comparison import (
    best_case,
    compare,
    read_methods,
    robust_leads,
    scenarios,
    weightings,
    weights_to_lead,
    with_reference,
)
from cwi.analysis.consultation import consult
from cwi.analysis.policy import judge
from cwi.analysis.survey import as_held, sample_plan, survey_share, widths
from cwi.analysis.uncertainty import prepare, simulate
from cwi.inputs.benefits import read_benefit_rules, read_laws
from cwi.inputs.consultation import hand_in, synthesize_consultation
from cwi.inputs.crosswalk import read_crosswalk
from cwi.inputs.deprivation import code_deprivations, read_specification
from cwi.inputs.households import HouseholdSample, synthesize_households
from cwi.inputs.policy import read_register
from cwi.inputs.survey import estimate, read_survey_definitions, survey_round
from cwi.report.blocks import Block, Figure, Section
from cwi.report.document import write_pdf
from cwi.report.languages import LANGUAGES, LOCALE, Language
from cwi.report.ledger import merge
from cwi.report.notebooks.analysis_report import AnalysisReport
from cwi.report.notebooks.audit import AuditReport
from cwi.report.notebooks.benefits import BenefitReport
from cwi.report.notebooks.budget import BudgetReport
from cwi.report.notebooks.comparison import ComparisonReport
from cwi.report.notebooks.consultation import ConsultationReport
from cwi.report.notebooks.crosswalk import CrosswalkReport
from cwi.report.notebooks.deprivation import DeprivationReport
from cwi.report.notebooks.policy import PolicyReport
from cwi.report.notebooks.region import RegionReport
from cwi.report.notebooks.survey import SurveyReport

pytestmark = pytest.mark.slow

YEAR, SEED = 2019, 1
ENGLISH_CELL = re.compile(r'<t[dh][^>]* lang="en"[^>]*>.*?</t[dh]>', re.DOTALL)
TAG = re.compile(r"<(?!img)[^>]*>")
OUTSIDE = re.compile(r"https?://\S+|\d{4}\.\d|[0-9a-f]{12}|[\w/]+\.csv")  # addresses, versions, fingerprints, files
Shown = Callable[[str], tuple[AnalysisReport, list[Section]]]


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}", text.lower()))


@cache
def english_words() -> set[str]:
    """Words of the English messages that no Russian or Kazakh message has."""
    words = {code: set[str]() for code in LANGUAGES}
    for code in LANGUAGES:
        for path in (LOCALE / code).glob("*.po"):
            with path.open("rb") as file:
                for message in read_po(file, locale=code):
                    words[code] |= words_of(re.sub(r"\{.*?\}", "", str(message.string))) if message.id else set()
    systems = read_crosswalk(read_methodology("2024.1")).systems["short"]  # names, the same in every language
    return words["en"] - words["ru"] - words["kk"] - words_of(" ".join(systems))


@cache
def printed(shown: Shown, language: str) -> list[str]:
    """What each section shows beside its pictures; cells that are marked as English left out."""
    return [OUTSIDE.sub(" ", TAG.sub(" ", " \n".join(map(of_block, section.blocks)))) for section in shown(language)[1]]


def of_block(block: Block) -> str:
    if not isinstance(block, Figure):
        return ENGLISH_CELL.sub(" ", block.html())
    behind = block.table.html() if block.table else ""  # a table of its own may follow the picture
    return " \n".join([block.caption, block.alt, block.open_table, ENGLISH_CELL.sub(" ", behind)])


@cache
def in_pictures(shown: Shown, language: str) -> list[str]:
    """All letters of the pictures."""
    figures = [block for section in shown(language)[1] for block in section.blocks if isinstance(block, Figure)]
    return [OUTSIDE.sub(" ", text) for figure in figures for text in drawn(figure)]


def drawn(figure: Figure) -> list[str]:
    page = figure.draw()
    texts: list[Any] = list(page.texts)
    for axes in page.axes:
        texts += [*axes.texts, axes.title]
        if axes.axison:
            texts += [axes.xaxis.label, axes.yaxis.label, *axes.get_xticklabels(), *axes.get_yticklabels()]
    return [text.get_text() for text in texts]


def english_in(texts: list[str]) -> set[str]:
    return set().union(*map(words_of, texts)) & english_words()


def points_in(texts: list[str]) -> list[str]:
    days = r"\b(?:\d\d\.)?\d\d\.\d{4}\b"  # 31.12.2025 and 12.2025 are days and months
    return [point for text in texts for point in re.findall(r"\S*\d\.\d\S*", re.sub(days, "", text))]


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(YEAR)


@pytest.fixture(scope="module")
def audited(edition: Edition) -> Shown:
    result = audit(edition, rng=np.random.default_rng(SEED), draws=20)

    @cache
    def shown(language: str) -> tuple[AnalysisReport, list[Section]]:
        show = AuditReport(edition, result, language=language, seed=SEED)
        counts = result.counts.stack()
        sections = [
            show.opening(), show.capacity(), show.counts(), show.findings("fail"), show.findings("attention"),
            show.coverage(), show.outliers(), show.ends(), show.spread(), show.correlations("indicator"),
            show.correlations("component"), show.structure(), show.loadings(), show.belonging(),
            show.influence("component"), show.influence("index"), show.leave_one_out(),
            show.change(counts, counts + 1, "findings", decimals=0), show.close(),
        ]  # fmt: skip
        return show, sections

    return shown


@pytest.fixture(scope="module")
def compared(edition: Edition) -> Shown:
    schemes = compare(edition, weightings(edition, "entropy, gini, ahp", level="all"))
    crosswalk = read_crosswalk(edition.methodology)
    methods = read_methods(crosswalk)
    theirs = compare(edition, with_reference(edition, methods))
    scores = edition.scores
    noise = simulate(prepare(edition, "weights"), draws=100, rng=np.random.default_rng(SEED)).summary()
    leads = robust_leads(edition, "dimension", band=0.05)
    best = best_case(edition, "dimension", shares=(0.1, 0.4))
    needed = [weights_to_lead(edition, level) for level in ("dimension", "component")]

    @cache
    def shown(language: str) -> tuple[AnalysisReport, list[Section]]:
        show = ComparisonReport(edition, language=language, seed=SEED)
        others = CrosswalkReport(crosswalk, show)
        index = scores.of("index")[YEAR]
        sections = [
            show.opening(), show.run(schemes), show.refusals(schemes), show.implied(schemes),
            show.rank_paths(schemes, noise), show.movers(schemes), show.beyond_noise(schemes, noise),
            show.correlations(schemes), show.robust(schemes), show.sure_leads(leads, band=0.05),
            show.best_cases(best, shares=(0.1, 0.4)), *map(show.needed_changes, needed), others.systems(),
            others.coverage_map(), others.without_counterpart(), others.translations(methods),
            show.rank_paths(theirs, noise, of="others"), show.refusals(theirs, of="others"),
            others.report_card(theirs), others.coloured(theirs, methods["sdg_index"]), others.sources(),
            show.change(index, index + 1, "index"), show.close(),
        ]  # fmt: skip
        return show, sections

    return shown


@pytest.fixture(scope="module")
def consulted(edition: Edition) -> Shown:
    rng = np.random.default_rng(SEED)
    made = synthesize_consultation(
        edition.methodology, edition.territory, population=edition.population, rng=rng, votes=3000, experts=60
    )
    result = consult(edition, hand_in(made, edition.methodology, edition.territory), rng=rng, draws=10)

    @cache
    def shown(language: str) -> tuple[AnalysisReport, list[Section]]:
        show = ConsultationReport(edition, result, language=language, seed=SEED)
        votes = 100 * result.weights["votes"]
        sections = [
            show.opening(), show.ballots(), show.voters(), show.flags(), show.consistency(), show.agreement(),
            show.disagreement("index"), show.weights("index"), show.weights("component"), show.implied(), show.ranks(),
            show.moves(), show.children("index"), show.heard(), show.changed(),
            show.change(votes, votes + 1, "weights"), show.close(),
        ]  # fmt: skip
        return show, sections

    return shown


@pytest.fixture(scope="module")
def surveyed() -> Shown:
    edition, rng = read_edition(2023), np.random.default_rng(SEED)
    definitions = read_survey_definitions("2024.1", methodology=edition.methodology)
    held = survey_round("", definitions, edition, rng=rng)
    options = {"year": 2023, "territory": edition.territory, "invited": held.invited}
    result = estimate(held.children, held.parents, definitions, **options)
    share = survey_share(edition, result, draws=100, rng=rng, n=16)
    people = held.children.groupby("region")["weight"].sum()
    sizes = sample_plan(people, margin=5, response=0.85, **as_held(result.quality))
    n = len(held.children)
    samples = widths(edition, result, [n // 2, n], draws=100, rng=rng)

    @cache
    def shown(language: str) -> tuple[AnalysisReport, list[Section]]:
        show = SurveyReport(edition, result, definitions, language=language, seed=SEED)
        index = share.ranks["with"]
        sections = [
            show.opening(), show.response(held), show.estimates("life_satisfaction", "feeling_low"), show.quality(),
            show.flagged(), show.scales(), show.ranks(share), show.sources(share), show.variance(share),
            show.plan(sizes), show.widths(samples), show.change(index, index + 1, "index"), show.close(),
        ]  # fmt: skip
        return show, sections

    return shown


@pytest.fixture(scope="module")
def budgeted() -> Shown:
    edition = read_edition(2023)
    figures = read_figures(edition.base, edition.territory)
    result = account(figures, "KZ-23", 2025)
    table = scenarios(edition.under("2026.1"))
    shares = 100 * figures.by_programme["share"].droplevel("year")

    @cache
    def shown(language: str) -> tuple[AnalysisReport, list[Section]]:
        show = BudgetReport(edition, result, language=language)
        forms = [show.form(form) for form in ("section", "annex")]
        sections = [
            show.opening(), show.coefficients(), *forms, show.totals(), show.index(table, 2023),
            show.change(shares, shares + 1, "budget_share"), show.close(),
        ]  # fmt: skip
        return show, sections

    return shown


@pytest.fixture(scope="module")
def promised() -> Shown:
    edition = read_edition(2023)
    register = read_register(methodology=edition.methodology)
    figures = read_figures(edition.base, edition.territory)

    @cache
    def shown(language: str) -> tuple[AnalysisReport, list[Section]]:
        show = PolicyReport(edition, register, language=language)
        counts = judge(register, show.day)["status"].value_counts()
        sections = [
            show.opening(), show.statuses(), show.moved(), show.indicators(), show.components(), show.region("KZ-19"),
            show.dose(figures), show.effect(None), show.change(counts, counts + 1, "targets", decimals=0), show.close(),
        ]  # fmt: skip
        return show, sections

    return shown


@pytest.fixture(scope="module")
def profiled() -> Shown:
    edition = read_edition(2023)

    @cache
    def shown(language: str) -> tuple[AnalysisReport, list[Section]]:
        show = RegionReport(edition, "KZ-19", language=language, draws=100, seed=SEED)
        sections = [
            show.opening(), show.nodes(), show.strengths(), show.similar(), show.trend(), show.explained(),
            show.groups(), show.money(), show.measures(), show.missing(), show.close(),
        ]  # fmt: skip
        return show, sections

    return shown


@pytest.fixture(scope="module")
def deprived() -> Shown:
    edition, rng = read_edition(2023), np.random.default_rng(SEED)
    households = synthesize_households(edition, rng=rng, sample=HouseholdSample(units=5, households=9))
    coded = code_deprivations(households.children, read_specification("eu-child"))
    children, rules = coded.children, read_benefit_rules("2024-07-01")
    result = deprivation.profile(coded, census=households.census)
    mapped = deprivation.poverty_map(
        result, edition, population=children.groupby(["region", "area"])["weight"].sum(), rng=rng.spawn(1)[0], draws=10
    )
    block, order = deprivation.reliability_block(coded), deprivation.order_robustness(coded)
    overlap = deprivation.overlap_estimates(deprivation.dimension_flags(coded), coded)
    income = deprivation.income_by_deprivation(coded, rules.subsistence)
    y, of_home = np.where(coded.used, coded.poor, np.nan), ["mother_education", "adults_working", "children", "age"]
    rural = children["area"] == "R"
    balance = deprivation.balance_table(children, rural, of_home)
    model = deprivation.associations(y, children, ["area", *of_home])
    few = deprivation.associations(y, children, ["area", *of_home], variance="CR2")
    gap = deprivation.decompose_gap(y, children, rural, of_home)
    levels = deprivation.shared_levels(y, children, ["area", *of_home])
    benefits = deprivation.simulate_benefits(coded, rules, rng=rng)
    card = deprivation.scorecard(benefits, coded, rules)

    @cache
    def shown(language: str) -> tuple[AnalysisReport, list[Section]]:
        show = DeprivationReport(edition, coded, result, households, language=language, seed=SEED)
        policy = BenefitReport(show)
        whole = result.query("measure == 'H' and area == '' and group == ''")
        shares = 100 * whole.set_index("region")["estimate"]
        sections = [
            show.opening(), show.dimensions(block), show.where(mapped, order), show.breadth(overlap, income),
            show.associated(model, few, balance, gap, levels), policy.laws(read_laws()), policy.policies(rules),
            policy.contribution(benefits, card), show.change(shares, shares + 1, "deprived"), show.close(),
        ]  # fmt: skip
        return show, sections

    return shown


def test_a_law_has_the_date_of_its_source_in_every_language(deprived: Shown) -> None:
    for language in LANGUAGES:
        table = next(t for section in deprived(language)[1] for t in section.tables() if t.name == "deprivation-laws")
        days = ("1994", "2002-08-08", "2005-06-28", "2009-12-04", "2020-10", "2022-02-01", "2023", "2023-04-20", "2024",
                "2026-01-27")  # fmt: skip
        assert [row[0] for row in table.rows] == [Language(language).short_day(day) for day in days]
        assert table.rows[1][0] == {"en": "8\N{NO-BREAK SPACE}Aug\N{NO-BREAK SPACE}2002"}.get(language, "08.08.2002")


REPORTS = ["profiled", "audited", "compared", "consulted", "surveyed", "budgeted", "promised", "deprived"]
PAGES = ["profiled", "deprived", *(pytest.param(which, marks=pytest.mark.exhaustive) for which in REPORTS[1:7])]


CAUSAL = {
    "en": re.compile(r"(?<!design )\beffects?\b|\bimpacts?\b|\baffects?\b|\binfluences?\b", re.I),
    "ru": re.compile(r"(?<!дизайн-)\bэффект|\bвлия|\bвоздейств|\bповлия", re.I),
    "kk": re.compile(r"\bэффект|\bәсер|\bықпал|\bтиімділі", re.I),
}


@pytest.mark.parametrize(("language", "wrong"), [
    ("en", "The effect of education"), ("ru", "Образование влияет; эффект образования"), ("kk", "Білімнің әсері"),
])  # fmt: skip
def test_no_association_is_called_an_effect(language: str, wrong: str, deprived: Shown) -> None:
    text = " ".join([*printed(deprived, language), *in_pictures(deprived, language)])
    assert CAUSAL[language].findall(text) == []
    assert CAUSAL[language].search(wrong)  # a control


@pytest.mark.parametrize("language", ["kk", pytest.param("ru", marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("which", REPORTS)
def test_nothing_is_in_english(which: str, language: str, request: pytest.FixtureRequest) -> None:
    shown = request.getfixturevalue(which)
    texts = [*printed(shown, language), *in_pictures(shown, language)]
    assert english_in(texts) == set()
    assert points_in(texts) == []


@pytest.mark.parametrize("which", REPORTS)
def test_english_words_and_points_are_noticed(which: str, request: pytest.FixtureRequest) -> None:
    """The control: what is in English is noticed, and one English section among Russian ones; these have none."""
    shown = request.getfixturevalue(which)
    english, russian = (printed(shown, code) for code in ("en", "ru"))
    assert len(english_in(english)) > 100
    assert len(points_in(english)) > 50
    assert english_in(russian) == set()
    assert points_in(russian) == []
    assert english_in([*russian, english[1]])


@pytest.mark.parametrize("which", REPORTS)
def test_the_numbers_are_the_same_in_every_language(which: str, request: pytest.FixtureRequest) -> None:
    shown = request.getfixturevalue(which)
    merged = merge([shown(language)[0].ledger.frame() for language in LANGUAGES])
    assert len(merged) > 150
    assert {f"text_{code}" for code in LANGUAGES} <= set(merged.columns)


@pytest.mark.parametrize("which", REPORTS)
def test_every_number_of_a_table_is_in_the_ledger(which: str, request: pytest.FixtureRequest) -> None:
    show, sections = request.getfixturevalue(which)("ru")
    texts = set(show.ledger.frame()["text_ru"])
    for section in sections:
        for table in section.tables():
            for at, row in enumerate(table.rows):
                for i, cell in enumerate(row):
                    number = re.fullmatch(r"[+\N{MINUS SIGN}]?\d[\d,\N{NO-BREAK SPACE}]*", cell)
                    if i >= table.numeric and (at, i) not in table.english and number:
                        assert cell in texts, (table.name, cell)


def test_a_rerun_of_the_change_replaces_its_numbers(edition: Edition) -> None:
    show = AnalysisReport(edition, language="en", seed=SEED)
    index = pd.Series({"KZ-71": 50.0})
    for step in (1, 2):
        section = show.change(index, index + step, "What I tried")
    assert section.tables()[0].caption == "What I tried"
    assert section.tables()[0].rows == [["Astana", "50.0", "52.0", "+2.0"]]


@pytest.mark.browser
@pytest.mark.parametrize("which", PAGES)
def test_everybody_can_use_their_pages(
    which: str, request: pytest.FixtureRequest, page_problems: Callable[..., list[str]]
) -> None:
    sections = list(request.getfixturevalue(which)("kk")[1])
    if which == "budgeted":
        del sections[3]  # a notebook has one of the two forms
    assert page_problems(sections, "kk", ((360, "light"),)) == []


def test_a_profile_is_two_printed_pages(profiled: Shown, tmp_path: Path) -> None:
    """The region with the longest lists in Russian; with every item named it would be more."""
    show, sections = profiled("ru")
    assert isinstance(show, RegionReport)

    def pages(*printed: Section) -> list[str]:
        write_pdf(tmp_path / "p.pdf", printed, language=show.language, title="t")
        return [page.extract_text() for page in PdfReader(tmp_path / "p.pdf").pages]

    made = show.printed()
    texts = pages(*made)
    assert len(texts) == 2
    assert "Алматинской области" in texts[0]
    assert "Что не измерено" in texts[1]
    assert {table.name for section in made for table in section.tables()} <= {
        table.name for section in sections for table in section.tables()
    }
    assert len(pages(*sections[:-1])) > 2  # the whole of it
