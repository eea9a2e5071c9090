"""Rules of other systems on our tree: each computed again by other means."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from small_tree import TREE, long, scored, tree, values

from cwi import Edition, Methodology, MethodologyError, read_methodology
from cwi.analysis.comparison.methodologies import compare
from cwi.analysis.comparison.other_indices import equally_weighted, read_methods, standardised_mean
from cwi.inputs.crosswalk import Crosswalk, read_crosswalk

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
COMPONENTS = {name: codes for parts in TREE.values() for name, codes in parts.items()}


@pytest.fixture(scope="module")
def crosswalk() -> Crosswalk:
    return read_crosswalk(read_methodology("2024.1"))


def small(crosswalk: Crosswalk) -> dict[str, Any]:
    """The methods of the file on the small tree."""
    plain = Crosswalk(tree(), *(getattr(crosswalk, name) for name in list(crosswalk.__dataclass_fields__)[1:]))
    return {name: method.methodology for name, method in read_methods(plain).items()}


def turned(x: pd.DataFrame) -> pd.DataFrame:
    return x.assign(a2=-x["a2"])


def z(x: pd.DataFrame) -> pd.DataFrame:
    return (x - x.mean()) / x.std()


def report_card(x: pd.DataFrame) -> pd.Series:
    parts = pd.DataFrame({name: z(turned(x))[codes].mean(axis=1) for name, codes in COMPONENTS.items()})
    dimensions = pd.DataFrame({name: z(parts)[list(below)].mean(axis=1) for name, below in TREE.items()})
    return len(x) - dimensions.rank(ascending=False, method="min").mean(axis=1)


def kids_count(x: pd.DataFrame) -> pd.Series:
    return z(turned(x)).mean(axis=1)


def goals(y: pd.DataFrame) -> pd.Series:
    return pd.DataFrame({name: y[codes].mean(axis=1) for name, codes in COMPONENTS.items()}).mean(axis=1)


def hdi(x: pd.DataFrame) -> pd.Series:
    y = x.assign(a2=100 - x["a2"])
    parts = {name: y[codes].mean(axis=1) for name, codes in COMPONENTS.items()}
    return pd.Series(stats.gmean([sum(parts[c] for c in below) / len(below) for below in TREE.values()]), index=x.index)


def ampi(x: pd.DataFrame) -> pd.Series:
    def penalised(y: pd.DataFrame) -> pd.Series:
        return y.mean(axis=1) - y.std(axis=1, ddof=0) ** 2 / y.mean(axis=1)

    y = turned(x)
    y = 100 + 60 * (y - y.mean()) / (y.max() - y.min())
    parts = pd.DataFrame({name: penalised(y[codes]) for name, codes in COMPONENTS.items()})
    return penalised(pd.DataFrame({name: penalised(parts[list(below)]) for name, below in TREE.items()}))


def tree_means(y: pd.DataFrame) -> pd.Series:
    parts = pd.DataFrame({name: y[codes].mean(axis=1) for name, codes in COMPONENTS.items()})
    return pd.DataFrame({name: parts[list(below)].mean(axis=1) for name, below in TREE.items()}).mean(axis=1)


def land(x: pd.DataFrame) -> pd.Series:
    y = 100 * x / x.mean()
    return tree_means(y.assign(a2=200 - y["a2"]))


OTHERWISE: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "report_card": report_card,
    "kids_count": kids_count,
    "hdi": hdi,
    "ampi": ampi,
    "sdg_index": lambda x: goals(x.assign(a2=100 - x["a2"])),
    "better_life": lambda x: goals(100 * (turned(x) - turned(x).min()) / (turned(x).max() - turned(x).min())),
    "equal_indicators": lambda x: x.assign(a2=100 - x["a2"]).mean(axis=1),
    "land_cwi": land,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(OTHERWISE))
def test_each_rule_gives_what_it_gives_by_other_means(crosswalk: Crosswalk, name: str) -> None:
    x = values()
    index = scored(x, small(crosswalk)[name]).of("index")[2020]
    assert index.to_numpy() == pytest.approx(OTHERWISE[name](x).reindex(index.index).to_numpy(), abs=1e-9)
    others = [other for other in OTHERWISE if other != name]
    assert not any(np.allclose(index, OTHERWISE[other](x).reindex(index.index)) for other in others)


@pytest.mark.slow
def test_every_method_runs_or_says_why_not(crosswalk: Crosswalk) -> None:
    methods = read_methods(crosswalk)
    assert set(OTHERWISE) == {name for name, method in methods.items() if isinstance(method.methodology, Methodology)}
    for method in methods.values():
        assert method.system in crosswalk.systems.index or not method.system
        assert isinstance(method.methodology, str) or method.differs
    assert list(methods["sdg_index"].colours) == ["green", "yellow", "orange", "red"]
    prints = {m.methodology.fingerprint for m in methods.values() if isinstance(m.methodology, Methodology)}
    assert len(prints) == len(OTHERWISE)


@pytest.mark.slow
def test_all_of_a_level_count_alike() -> None:
    x = values()
    every = scored(x, equally_weighted(tree(), "indicator")).implied_weights()
    assert every.to_numpy() == pytest.approx(np.full(8, 1 / 8))
    component = scored(x, equally_weighted(tree(), "component")).implied_weights()
    assert component[["a1", "b1", "c1"]].tolist() == pytest.approx([1 / 12, 1 / 4, 1 / 8])
    dimension = scored(x, equally_weighted(tree(), "dimension")).implied_weights()
    assert dimension[["a1", "b1", "c1"]].tolist() == pytest.approx([1 / 12, 1 / 4, 1 / 8])
    official = equally_weighted(read_methodology("2024.1"), "indicator")
    assert [node.weight for node in official.nodes[1]] == [14, 18, 11, 13]
    with pytest.raises(MethodologyError, match=r"\Ano level below 'index' is called 'index'"):
        equally_weighted(tree(), "index")


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.01, 100), shift=st.floats(-1e3, 1e3))
def test_a_part_counts_alike_in_any_unit(seed: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    y, w = rng.normal(size=(7, 3)), rng.dirichlet(np.ones(3))
    other = y.copy()
    other[:, 1] = shift + scale * y[:, 1]
    assert standardised_mean(other, w) == pytest.approx(standardised_mean(y, w), abs=1e-7)
    assert standardised_mean(y, w).mean() == pytest.approx(0, abs=1e-12)
    other[:, 1] = -other[:, 1]
    assert standardised_mean(other, w) != pytest.approx(standardised_mean(y, w), abs=1e-7)


def test_a_part_that_is_level_or_lacking_counts_nothing() -> None:
    y = np.array([[1.0, 7.0], [2.0, 7.0], [3.0, 7.0]])
    assert standardised_mean(y, np.array([[0.5, 0.5]])).tolist() == [-0.5, 0.0, 0.5]
    w = np.array([[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]])
    with_gap = standardised_mean(np.array([[1.0, 4.0], [2.0, 6.0], [3.0, 999.0]]), w)
    assert with_gap[2] == 1.0
    assert with_gap[:2].tolist() == pytest.approx([-0.5 - 0.25 * 2**0.5, 0.25 * 2**0.5])


def test_another_tree_without_our_levels_is_told_so(crosswalk: Crosswalk) -> None:
    hand = read_methodology(Path(__file__).parents[2] / "methodologies" / "hdi")
    plain = Crosswalk(hand, *(getattr(crosswalk, name) for name in list(crosswalk.__dataclass_fields__)[1:]))
    methods = read_methods(plain)
    refused = methods["sdg_index"].methodology
    assert isinstance(refused, str)
    assert "is called 'component'" in refused


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[x]\nreplace = {}", "the method 'x' has no title"),
        ("[x]\ntitle = 'X'", "the method 'x' must hold either what to replace or the reason why not"),
        (
            "[x]\ntitle = 'X'\nreplace = {}\nreason = 'no'",
            "the method 'x' must hold either what to replace or the reason why not",
        ),
        (
            "[x]\ntitle = 'X'\nreplaces = {}",
            "the method 'x' has no setting 'replaces' (did you mean 'replace'?); there are title, system, equal, "
            "replace, reason, differs, colours",
        ),
        (
            "[x]\ntitle = 'X'\nreplace = {}\ncolours = {green = 'high'}",
            "the colour green of 'x' is 'high'; it must be a number",
        ),
    ],
)
def test_a_wrong_file_is_refused(crosswalk: Crosswalk, tmp_path: Path, says: Says, text: str, sentence: str) -> None:
    path = tmp_path / "methods.toml"
    path.write_text(text, encoding="utf-8")
    with says(MethodologyError, f"{path.as_posix()}: {sentence}"):
        read_methods(crosswalk, path)


def test_an_unknown_system_is_refused(crosswalk: Crosswalk, tmp_path: Path) -> None:
    path = tmp_path / "methods.toml"
    path.write_text("[x]\ntitle = 'X'\nsystem = 'hdii'\nreplace = {}", encoding="utf-8")
    with pytest.raises(
        MethodologyError, match=r"the method 'x' is of 'hdii' \(did you mean 'i?hdi'\?\); there are rc7,"
    ):
        read_methods(crosswalk, path)


def test_a_word_that_nobody_knows_is_the_reason(crosswalk: Crosswalk, tmp_path: Path) -> None:
    path = tmp_path / "methods.toml"
    path.write_text("[x]\ntitle = 'X'\n[x.replace]\nnormalisation = 'zscore'", encoding="utf-8")
    found = read_methods(crosswalk, path)["x"].methodology
    assert isinstance(found, str)
    assert found.startswith("data/methodology/2024.1/methodology.toml, replaced: no normalisation is called 'zscore'")
    comparison = compare(Edition.of(long(values()), tree(), 2020), {"ours": tree(), "x": found})
    assert comparison.refused["reason"].tolist() == [found]
