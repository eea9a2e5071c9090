"""The published forms of the children's budget: one set of numbers, totals of the decisions, three languages."""

import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from matplotlib.figure import Figure as Drawing

from cwi.analysis.budget import Account, Figures, account, places, read_figures
from cwi.errors import DataError, ParameterError
from cwi.inputs.budget import read_lines
from cwi.observations import read_observations
from cwi.report.blocks import Figure, Section, Table
from cwi.report.budget import FORMS, BudgetPrinter, hundred, publish, sections_of
from cwi.report.languages import LANGUAGES
from cwi.report.ledger import merge
from cwi.territory import Territory, read_territory

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def territory() -> Territory:
    return read_territory()


@pytest.fixture(scope="module")
def figures(territory: Territory) -> Figures:
    return read_figures(read_observations(), territory)


REGIONS = sorted(set(read_lines()["region"]))
ACCOUNTS = [*((region, 2025) for region in REGIONS), ("KZ", 2024), ("KZ-71", 2019)]


def made(found: Account, territory: Territory, form: str, code: str) -> tuple[BudgetPrinter, list[Section]]:
    p = BudgetPrinter.of(found, territory, code)
    return p, sections_of(form, p)


def table(sections: list[Section], name: str) -> Table:
    return next(t for section in sections for t in section.tables() if t.name == name)


def test_accounts_are_the_11_regions_of_2025_and_the_years_that_compare(figures: Figures) -> None:
    known = places(figures)
    assert sorted(known.loc[known["depth"] == "programme", "region"]) == REGIONS
    assert set(known.loc[known["region"] == "KZ", "year"]) == {2018, 2019, 2020, 2021, 2023, 2024}
    assert not set(known.loc[known["year"] == 2023, "region"]) & {"KZ-10", "KZ-33", "KZ-62"}


@pytest.mark.parametrize("region", REGIONS)
def test_the_annex_has_the_total_of_the_decision_to_the_last_digit(
    figures: Figures, territory: Territory, region: str
) -> None:
    printed = read_lines().query("region == @region and functional_group == 'EXP'")["amount"].iloc[0]
    p, sections = made(account(figures, region, 2025), territory, "annex", "ru")
    functions = table(sections, "functions").data
    assert functions.iloc[-1, 2] * 1000 == printed
    assert functions.iloc[:-1, 2].sum() * 1000 == pytest.approx(printed, abs=1e-3)
    shown = table(sections, "functions").rows[-1][2].replace("\N{NO-BREAK SPACE}", "").replace(",", ".")
    assert float(shown) * 1000 == printed
    by_programme = table(sections, "programmes").data
    for column in (-3, -2, -1):  # for children, low, high: nothing is rounded, so they add up
        assert by_programme.iloc[:-1, column].sum() == pytest.approx(by_programme.iloc[-1, column], abs=1e-6)
        assert by_programme.iloc[-1, column] == pytest.approx(functions.iloc[-1, column], abs=1e-6)
    assert p.decimals[1] <= 2


@pytest.mark.parametrize(("region", "year"), ACCOUNTS)
def test_both_forms_print_the_same_numbers(figures: Figures, territory: Territory, region: str, year: int) -> None:
    found = account(figures, region, year)
    frames = [made(found, territory, form, "kk")[0].ledger.frame().set_index("name") for form in ("annex", "section")]
    both = frames[0].join(frames[1].add_suffix("_section"), how="inner")
    assert {f"budget.{year}.{region}.{name}" for name in ("share", "low", "high", "per_child")} <= set(both.index)
    assert (both["value"] == both["value_section"]).all()
    assert (both["text_kk"] == both["text_kk_section"]).all()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("region", "year"), [("KZ-71", 2025), ("KZ", 2024)])
def test_every_language_prints_the_same_numbers_in_its_own_words(
    figures: Figures, territory: Territory, form: str, region: str, year: int
) -> None:
    found = account(figures, region, year)
    frames, texts = [], {}
    for code in LANGUAGES:
        p, sections = made(found, territory, form, code)
        frames.append(p.ledger.frame())
        texts[code] = " ".join(block.plain() for section in sections for block in section.blocks)
    assert len(merge(frames)) == len(frames[0]) > 20
    assert set("әғқңөұүі") <= set(texts["kk"].lower())
    assert not re.search("[әғқңөұү]", texts["ru"].lower())
    assert all("{" not in text for text in texts.values())


def test_every_number_of_the_tables_is_in_the_ledger(figures: Figures, territory: Territory) -> None:
    for form in ("annex", "section"):
        p, sections = made(account(figures, "KZ-23", 2025), territory, form, "en")
        texts = set(p.ledger.frame()["text_en"])
        for each in (t for section in sections for t in section.tables() if t.name not in ("basis", "by-right")):
            cells = [cell for row in each.rows for cell in row[each.numeric :]]
            numbers = {number for cell in cells for number in re.findall(r"[\d,]+(?:\.\d+)?", cell)}
            assert numbers <= texts | {"100"}, each.name


def test_differences_of_the_decisions_and_lines_without_a_class_are_printed(
    figures: Figures, territory: Territory
) -> None:
    _, sections = made(account(figures, "KZ-23", 2025), territory, "annex", "en")
    assert [row[0::3] for row in table(sections, "differences").rows] == [["08/3/759", "116,567"], ["TXT.8", "180,000"]]
    first = table(sections, "unclassified").rows[0]
    assert (first[0], first[2]) == ("13/9/299/047", "21,248,889")
    _, whole = made(account(figures, "KZ-43", 2025), territory, "annex", "en")
    assert not any(t.name == "differences" for section in whole for t in section.tables())


@pytest.mark.parametrize(("region", "year"), ACCOUNTS)
def test_the_squares_are_a_hundred_tenge(figures: Figures, territory: Territory, region: str, year: int) -> None:
    found = account(figures, region, year)
    shown = hundred(BudgetPrinter.of(found, territory, "en")).tables()[0]
    assert sum(int(row[-1]) for row in shown.rows) == 100
    assert shown.data.iloc[:, 1].sum() * 1e9 == pytest.approx(found.result["own"])


def test_the_country_says_what_changed_and_parts_multiply(figures: Figures, territory: Territory) -> None:
    _, sections = made(account(figures, "KZ", 2024), territory, "section", "en")
    change = table(sections, "change").data
    assert change.iloc[:-1, 1].sum() == pytest.approx(change.iloc[-1, 1])
    assert change.iloc[:-1, 2].prod() == pytest.approx(change.iloc[-1, 2])
    history = account(figures, "KZ", 2024).history["real_per_child"]
    assert change.iloc[-1, 2] == pytest.approx(history[2024] / history[2018])


def test_the_page_of_options_counts_what_the_forms_have(figures: Figures, territory: Territory) -> None:
    found = account(figures, "KZ-31", 2025)
    _, sections = made(found, territory, "compare", "en")
    sizes = {row[0]: row[1:] for row in table(sections, "forms").rows}
    for place, form in enumerate(("annex", "section")):
        p, own = made(found, territory, form, "en")
        assert int(sizes["Named numbers"][place]) == len(p.ledger.frame())
        figures_ = [block for section in own for block in section.blocks if isinstance(block, Figure)]
        assert int(sizes["Pictures"][place]) == len(figures_)
    assert sizes["Share for children"][0] == sizes["Share for children"][1]


@pytest.mark.parametrize(("region", "year"), [("KZ-23", 2025), ("KZ", 2024)])
def test_pictures_can_be_drawn(figures: Figures, territory: Territory, region: str, year: int) -> None:
    _, sections = made(account(figures, region, year), territory, "section", "kk")
    pictures = [block for section in sections for block in section.blocks if isinstance(block, Figure)]
    assert len(pictures) == (3 if region == "KZ-23" else 6)
    assert all(isinstance(picture.draw(), Drawing) and picture.alt.endswith(".") for picture in pictures)


def test_files_of_an_annex(figures: Figures, territory: Territory, tmp_path: Path) -> None:
    files = publish(account(figures, "KZ-55", 2025), territory, tmp_path, form="annex", languages=["kk"])
    assert [path.name for path in files] == ["annex.kk.pdf", "annex.kk.xlsx", "ledger.annex.kk.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [path.name for path in files]
    assert files[0].read_bytes().startswith(b"%PDF")
    book = openpyxl.load_workbook(files[1])
    assert book.sheetnames[1] == "Жиынтық"
    assert book["Функциялар"].cell(row=book["Функциялар"].max_row, column=3).value == 461_247_935
    assert book["Бағдарламалар"]["A5"].value == "04"  # a code keeps its zero


def test_files_of_a_section(figures: Figures, territory: Territory, tmp_path: Path) -> None:
    files = publish(account(figures, "KZ-55", 2025), territory, tmp_path, form="section", languages=["en"])
    html = files[1].read_text(encoding="utf-8")
    assert [path.name for path in files] == ["ledger.section.en.csv", "section.en.html", "section.en.pdf"]
    assert html.count('src="data:image/svg+xml') == html.count('srcset="data:image/svg+xml') == 3  # wide, for a phone
    assert re.findall(r"<script[^>]*>", html)[:1] == ['<script type="application/json" id="numbers">']
    assert 'budget.2025.KZ-55.share"' in html
    again = publish(account(figures, "KZ-55", 2025), territory, tmp_path, form="section", languages=["en"])
    assert again[1].read_text(encoding="utf-8") == html
    ledger = pd.read_csv(files[0])
    assert ledger["name"].is_unique


def test_what_there_is_no_account_of(figures: Figures, territory: Territory, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^there is no budget of a region 'KZ-99'"):
        account(figures, "KZ-99", 2025)
    with pytest.raises(DataError) as problem:
        account(figures, "KZ", 2022)
    assert str(problem.value) == (
        "there is no children's budget of KZ in 2022 (three regions of 2022 are mixed); there are 2018, 2019, 2020, "
        "2021, 2023, 2024"
    )
    with pytest.raises(ParameterError) as wrong:
        publish(account(figures, "KZ", 2024), territory, tmp_path, form="annexe")
    assert str(wrong.value) == "form is 'annexe' (did you mean 'annex'?); there are annex, section, compare"
    assert list(tmp_path.iterdir()) == []
