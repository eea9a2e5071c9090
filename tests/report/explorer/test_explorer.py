"""The page of the weights explorer as a text: small, the same every time, refusing what it cannot compute."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cwi import MethodologyError, read_edition
from cwi.derivation import weigh
from cwi.edition import Edition
from cwi.methods.ranking import half_away
from cwi.report.explorer.data import points, sets
from cwi.report.explorer.page import SPOKEN, TEMPLATES, explorer, make_site

pytestmark = pytest.mark.slow

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
HOSTILE = "<script>alert(1)</script>"


def page_of(edition: Edition) -> str:
    return explorer(edition, draws=100, rng=np.random.default_rng(1))


def test_schemes_are_those_of_the_methodology_with_that_word() -> None:
    edition = read_edition(2023)
    found = sets(edition.scores)
    learnt = weigh(edition.methodology.replace(index={"weighting": "pca"}), edition.scores.base)[2]
    np.testing.assert_allclose(found[2]["pca"] / found[2]["pca"].sum(), learnt, rtol=1e-12)
    assert "pca" not in found[1]  # it refuses one of the dimensions
    assert list(found[0]) == ["methodology", "equal", "critic", "entropy", "gini", "max_correlation"]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def test_contrast() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    blocks = re.findall(r"\{([^{}]*--ground:[^{}]*)\}", (TEMPLATES / "explorer.css").read_text(encoding="utf-8"))
    themes = [dict(re.findall(r"--([\w-]+): (#\w+)", block)) for block in blocks]
    light, dark, chosen, printed = themes
    assert dark == chosen
    printed["focus"] = light["focus"]  # nothing is focused on paper
    for theme in (light, dark, light | printed, dark | printed):  # print takes the place of either
        for ink in ("ink", "quiet", "link", "rise", "fall"):
            for ground in ("ground", "raised", "marked"):
                assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
        assert contrast(theme["alarm-ink"], theme["alarm"]) >= 4.5
        assert contrast(theme["ground"], theme["link"]) >= 4.5  # a pressed button
        for sign, ground in (("accent", "raised"), ("strong-rule", "ground"), ("focus", "ground"), ("band", "fill"),
                             ("band", "track"), ("border", "ground")):  # fmt: skip
            assert contrast(theme[sign], theme[ground]) >= 3, (sign, ground)


def test_every_word_of_the_templates_is_in_the_page() -> None:
    text = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("explorer.html.j2", "explorer.js"))
    keys = set(re.findall(r'(?:say\(|words\[|code\]\[|data-label=|say = )"([a-z_.]+)"', text))
    made = {"across", "status", "working", "learnt", "about", "covers"}
    assert keys - made - set(SPOKEN) == set()
    started = {"explorer.level.", "explorer.set.", "explorer.all.", "explorer.bands.", "explorer.up", "explorer.down"}
    idle = {key for key in set(SPOKEN) - keys if not key.startswith(tuple(started))}
    assert idle == set()


def test_the_page_is_small_and_the_same_every_time() -> None:
    html = page_of(read_edition(2023))
    assert len(html.encode()) < 400_000  # a hundred draws
    assert html == page_of(read_edition(2023))
    assert set(re.findall(r"https?://[^\s\"'<]+", html)) == {"http://www.w3.org/2000/svg"}  # a name, not an address
    assert "{year}" not in html


def test_no_tag_comes_from_the_data(project: Any) -> None:
    project.change("regions.csv", "Alpha", HOSTILE)
    project.change("methodology/t1/indicators.csv", "Poverty", HOSTILE)
    project.change("methodology/t1/methodology.toml", 'title_en = "Home"', f'title_en = "{HOSTILE}"')
    html = page_of(read_edition(2022))
    assert html.count("alert(1)") == 4  # the region in a table for who has no script, too
    assert HOSTILE not in html
    assert html.count("<script") == 2


@pytest.mark.parametrize(
    ("said", "shown"),
    [({"name": "penalised", "direction": "down"}, "penalised (direction = down)"), ("borda", "borda")],
)
def test_a_rule_that_the_page_cannot_compute_is_refused(said: Any, shown: str, project: Any, says: Says) -> None:
    official = read_edition(2022).methodology
    with says(
        MethodologyError,
        f"index 'index' is put together by '{shown}', which the weights explorer cannot compute in a page; "
        "it knows arithmetic, geometric, harmonic, power",
    ):
        page_of(read_edition(2022, official.replace(index={"aggregation": said})))


@pytest.mark.usefixtures("project")
def test_a_function_with_the_name_of_a_known_rule_is_refused() -> None:
    def arithmetic(y: Array, w: Array) -> Array:
        return np.asarray((w * y**2).sum(axis=-1))

    changed = read_edition(2022).methodology.replace(index={"aggregation": arithmetic})
    with pytest.raises(MethodologyError, match="'arithmetic', which the weights explorer cannot compute in a page"):
        page_of(read_edition(2022, changed))


def test_points() -> None:
    methodology = read_edition(2023).methodology
    given = points(np.array([0.7, 0.1, 0.1, 0.1]), methodology.nodes[-1])
    np.testing.assert_allclose(given, [100, 100 / 7, 100 / 7, 100 / 7], rtol=1e-15)
    assert half_away(given, 1).max() == 100


def test_the_site(tmp_path: Path) -> None:
    path = make_site(2019, tmp_path / "site")
    assert path == tmp_path / "site" / "2019.html"
    assert b"\r" not in path.read_bytes()
