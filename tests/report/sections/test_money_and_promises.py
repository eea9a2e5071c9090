"""Money for children and promises in the report: years that have them, numbers in the ledger, three languages."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure as Drawing

from cwi import read_edition
from cwi.analysis.policy import STATUSES, judge
from cwi.edition import Edition
from cwi.inputs.policy import read_register
from cwi.report.blocks import Figure, Paragraph, Section, Table
from cwi.report.languages import LANGUAGES, Language
from cwi.report.ledger import Ledger, merge
from cwi.report.notebooks.policy import PolicyReport
from cwi.report.printer import Printer
from cwi.report.sections import money as section
from cwi.report.sections.money import money, reconciled
from cwi.report.sections.promises import indicators, last_day, promises, region_page, statuses

pytestmark = pytest.mark.slow  # its fixtures take seconds


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2023)


def printer(edition: Edition, code: str = "en") -> Printer:
    words = Language(code)
    return Printer(edition, words, Ledger(words, edition.label, "f", "d", 7), 100, np.random.default_rng(7))


def text(section: Section) -> str:
    return " ".join(block.plain() for block in section.blocks)


def test_money_and_promises_print_the_same_numbers_in_each_language(edition: Edition) -> None:
    frames = []
    for code in LANGUAGES:
        p = printer(edition, code)
        words = " ".join(text(section) for section in (money(p), promises(p), indicators(p)))
        assert "{" not in words
        assert (code == "kk") == bool(re.search("[әғқңөұү]", words.lower()))
        frames.append(p.ledger.frame())
    merged = merge(frames)
    assert set(merged["name"].str.partition(".")[0]) == {"budget", "policy", "value"}


def test_the_table_is_before_the_pictures(edition: Edition) -> None:
    kinds = [type(block) for block in money(printer(edition)).blocks]
    assert Figure in kinds
    assert kinds.index(Table) < kinds.index(Figure)


def test_the_share_is_that_of_the_series(edition: Edition) -> None:
    table = next(t for t in money(printer(edition)).tables() if t.name == "money")
    rows = edition.base.query("indicator == 'child_budget_share_local' and year == 2023").set_index("region")["value"]
    shares = 100 * table.data.set_index("region")["share"]
    assert (shares - rows.reindex(shares.index)).abs().max() < 0.0051
    assert "KZ-10" not in set(table.data["region"])  # no rows of 2023


def test_the_published_total_is_reconciled_with_the_sum_of_the_regions(
    edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three regions have no figures of 2023: the gap is printed. The control: a region's figure that was changed."""
    figures = section._figures(edition)
    executed = figures.executed["EXP"]
    year = executed[executed.index.get_level_values("year") == 2023]
    total, added = year["KZ"].sum(), year.drop("KZ", level="region").sum()
    expected = f"{total / 1000:,.1f} billion tenge as published for the country, {added / 1000:,.1f} as the sum"
    sentence = reconciled(printer(edition))
    assert expected in sentence
    assert sentence.endswith(f"the gap is {(total - added) / 1000:,.1f} billion tenge.")
    assert total - added > 1e6

    changed = figures.executed.copy()
    changed.loc[("KZ-71", 2023), "EXP"] += 50_000.0
    monkeypatch.setattr(section, "_figures", lambda edition: replace(figures, executed=changed))
    assert reconciled(printer(edition)).endswith(f"the gap is {(total - added) / 1000 - 50:,.1f} billion tenge.")


def test_years_that_do_not_compare_print_a_sentence(edition: Edition) -> None:
    p = printer(edition.earlier(2022))
    assert [type(block) for block in money(p).blocks[1:]] == [Paragraph]
    assert text(money(p)).endswith("There are figures for 2018, 2019, 2020, 2021, 2023, and 2024.")
    assert "2023 and later years" in text(promises(p))
    assert p.ledger.frame().empty


def test_counts_of_the_lead_are_those_of_the_judge(edition: Edition) -> None:
    register = read_register()
    day = last_day(register)
    lead = text(statuses(printer(edition), register, day))
    counts = judge(register, day)["status"].value_counts()
    assert all(f"{status}: {counts[status]}" in lead for status in STATUSES if status in counts)


def test_every_reason_has_words_in_every_language(edition: Edition) -> None:
    register = read_register()
    for day in ("2024-07-01", "2024-12-31", "2026-11-27"):
        english = [
            re.sub(r"\d{4}-\d\d-\d\d", lambda found: Language("en").short_day(found[0]), reason)
            for reason in judge(register, day)["reason"]
        ]
        section = statuses(printer(edition), register, day)
        assert [row[-1].replace("\N{NO-BREAK SPACE}%", "%") for row in section.tables()[0].rows] == english
        for code in ("kk", "ru"):
            words = [row[-1] for row in statuses(printer(edition, code), register, day).tables()[0].rows]
            assert all(re.search("[а-яәғқңөұүһі]", each) for each in words)


def test_the_page_of_a_region_names_what_nobody_aims_at(edition: Edition) -> None:
    page = text(region_page(printer(edition), read_register(), "KZ-62"))
    assert "Ecology: −30.1 points against the nation" in page
    assert page.count("No measure of the overview aims at this component.") == 2


def test_pictures_can_be_drawn(edition: Edition) -> None:
    p = printer(edition)
    pictures = [b for s in (money(p), promises(p), indicators(p)) for b in s.blocks if isinstance(b, Figure)]
    assert [each.name for each in pictures] == ["money-map", "money-age", "moving-targets", "progress"]
    assert all(isinstance(each.draw(), Drawing) and each.alt.endswith(".") for each in pictures)


def test_without_a_panel_no_effect_is_printed(edition: Edition) -> None:
    show = PolicyReport(edition, read_register(), language="en")
    assert "none is printed" in text(show.effect(None))
    assert show.ledger.frame().empty


def test_a_project_without_budgets_prints_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))
    other = SimpleNamespace(text=Language("en").text)
    assert text(money(other)).endswith("There are no budgets in this project.")  # type: ignore[arg-type]
