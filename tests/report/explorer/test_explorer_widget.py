"""The sliders in JupyterLab: what is on the screen is what the expression gives."""

import re
from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets
import numpy as np
import pandas as pd
import pytest

from cwi import MethodologyError, read_edition, score
from cwi.edition import Edition
from cwi.methodology import Methodology
from cwi.report.explorer.widget import WeightsExplorer, weights_explorer
from cwi.report.languages import LANGUAGES, Language

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2023)


def evaluated(explorer: WeightsExplorer) -> Methodology:
    """The methodology that the expression gives to who pastes it."""
    found = eval(explorer.expression, {"methodology": explorer.official})
    assert isinstance(found, Methodology)
    return found


def agree(explorer: WeightsExplorer, methodology: Methodology) -> None:
    """Scores and ranks of the screen are those of the methodology, scored from the observations."""
    edition = explorer.edition
    scores = score(edition.observations, methodology, years=[edition.year], base=edition.base)
    top = scores.nodes[scores.nodes["node"] == methodology.top.code].set_index("region")
    table = explorer.table.reindex(top.index)
    np.testing.assert_allclose(table["score"], top["score"], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(table["rank"], top["rank"].astype(float))


@pytest.mark.slow
def test_the_expression_gives_what_is_on_the_screen(edition: Edition) -> None:
    explorer = weights_explorer(edition)
    assert explorer.expression == "methodology"
    agree(explorer, edition.methodology)
    rng = np.random.default_rng(3)
    for slider in explorer.sliders.values():
        slider.value = float(rng.uniform(1, 100))
    explorer.schemes["component"].value = "entropy"
    changed = evaluated(explorer)
    assert changed.fingerprint == explorer.methodology.fingerprint != edition.methodology.fingerprint
    agree(explorer, changed)
    explorer.sliders["child"].value = 1.0
    with pytest.raises(AssertionError):  # the control: a slider moved is another table
        agree(explorer, changed)
    agree(explorer, evaluated(explorer))


@pytest.mark.slow
def test_schemes_stay_words_and_the_sliders_show_what_they_give(edition: Edition) -> None:
    explorer = weights_explorer(edition)
    explorer.schemes["index"].value = "critic"
    assert explorer.expression == 'methodology.replace(\n    index={"weighting": "critic"},\n)'
    given = np.array([explorer.sliders[node.code].value for node in edition.methodology.nodes[-2]])
    scores = score(edition.observations, evaluated(explorer), years=[2023], base=edition.base)
    np.testing.assert_allclose(given / given.sum(), scores.weights[-1], rtol=1e-12)
    agree(explorer, evaluated(explorer))
    explorer.sliders["ecology"].value = 5.0
    assert explorer.schemes["dimension"].value == "own"
    assert explorer.schemes["index"].value == "critic"
    agree(explorer, evaluated(explorer))


@pytest.mark.slow
def test_every_indicator_alike_and_back(edition: Edition) -> None:
    explorer = weights_explorer(edition)
    explorer.equal.click()
    changed = score(edition.observations, evaluated(explorer), years=[2023], base=edition.base)
    np.testing.assert_allclose(changed.implied_weights(), 1 / 56, rtol=1e-12)
    agree(explorer, evaluated(explorer))
    explorer.reset.click()
    assert explorer.expression == "methodology"
    assert {slider.value for slider in explorer.sliders.values()} == {50.0}
    agree(explorer, edition.methodology)


@pytest.mark.slow
def test_a_scheme_that_refuses_says_why(edition: Edition) -> None:
    explorer = weights_explorer(edition)
    explorer.schemes["dimension"].value = "pca"
    with pytest.raises(MethodologyError) as refused:
        score(edition.observations, evaluated(explorer), years=[2023], base=edition.base)
    assert explorer.trouble == str(refused.value) != ""
    assert explorer.table.empty
    explorer.schemes["dimension"].value = "equal"
    assert explorer.trouble == ""
    agree(explorer, evaluated(explorer))


@pytest.mark.slow
def test_weights_that_are_all_nought_are_refused(edition: Edition) -> None:
    explorer = weights_explorer(edition)
    for code in ("economy", "ecology", "infrastructure", "safety"):
        explorer.sliders[code].value = 0.0
    assert explorer.trouble == (
        "data/methodology/2024.1/methodology.toml, replaced: the weights of the parts of 'country' are all zero"
    )


def test_where_the_coverage_rule_decides_otherwise_is_said(edition: Edition) -> None:
    explorer = weights_explorer(edition)
    shown = lambda: explorer.children[0].children[1].value  # noqa: E731
    assert "decides by its new weights" not in shown()
    explorer.sliders["psychological_wellbeing"].value = 100.0
    explorer.sliders["skills"].value = 0.0
    assert explorer.table["score"].isna().all()  # half of the weight is no longer measured
    assert "decides by its new weights" in shown()
    agree(explorer, evaluated(explorer))


def rules(project: Any) -> None:
    project.change("methodology/t1/methodology.toml", '[node.home]\ntitle_en = "Home"\nweight = 2\n', (
        f'[node.home]\ntitle_en = "{HOSTILE}"\nweight = 2\n[node.index]\n'
        'weighting = {name = "budget_allocation", points = [{home = 30, school = 70}]}\n'
    ))  # fmt: skip
    project.change("regions.csv", "Alpha", HOSTILE)


@pytest.mark.slow
def test_nodes_with_a_weighting_of_their_own(project: Any) -> None:
    rules(project)
    explorer = weights_explorer(read_edition(2022))
    values = [explorer.sliders[code].value for code in ("home", "school")]
    assert values == pytest.approx([30, 70])
    explorer.sliders["home"].value = 60.0
    changed = evaluated(explorer)
    assert changed.top.weighting.name == "stated"
    agree(explorer, changed)
    np.testing.assert_allclose(score(explorer.edition.observations, changed).weights[-1], [6 / 13, 7 / 13])


@pytest.mark.slow
def test_it_shows_itself(project: Any) -> None:
    rules(project)
    explorer = weights_explorer(read_edition(2022))
    assert isinstance(explorer, ipywidgets.VBox)
    html = explorer.children[0].children[1].value
    assert HOSTILE not in html
    assert html.count("&lt;script&gt;") == 1  # the region; the node is the label of a slider
    assert explorer.sliders["home"].description == HOSTILE
    assert explorer.sliders["home"].description_allow_html is False


@pytest.mark.parametrize("code", LANGUAGES)
def test_languages(code: str, edition: Edition) -> None:
    explorer = weights_explorer(edition, language=code)
    language = Language(code)
    html = explorer.children[0].children[1].value
    assert language.text("explorer.column.move") in html
    assert explorer.reset.description == language.text("explorer.all.methodology")
    first = explorer.table.index[0]
    assert isinstance(explorer.table, pd.DataFrame)
    row = re.search(rf"<th scope=\"row\">{edition.territory.name(str(first), code)}</th>(.*?)</tr>", html)
    assert row is not None
    assert language.number(float(explorer.table["score"].iloc[0]), 1) in row[1]
    assert html.count("<g data-region") == 20
    assert escape(language.text("status.working")) in html
    assert f"({edition.methodology.fingerprint})" in html
