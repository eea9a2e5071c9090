"""The walk of docs/how-to/from-coinr.md on made-up tables of the layout and size of COINr's ASEM index."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from typer.testing import CliRunner

import cwi
from cwi import Scores
from cwi.cli.app import app

pytestmark = pytest.mark.slow

PAGE = Path(cwi.__file__).parents[1] / "docs" / "how-to" / "from-coinr.md"
SIZES = ["Area", "Energy", "GDP", "Population"]
PILLARS = ["Physical", "ConEcFin", "Political", "Instit", "P2P", "Environ", "Social", "SusEcFin"]
UNITS = [f"C{place:02d}" for place in range(51)]


def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """iMeta and iData: 49 indicators of 51 units, gaps, outliers, denominators and groups."""
    rng = np.random.default_rng(49)
    codes = [f"ind{place}" for place in range(49)]
    rows: list[dict[str, object]] = [
        {"iCode": code, "Level": 1, "Parent": PILLARS[place % 8], "Direction": -1 if place % 5 == 0 else 1}
        | {"Weight": 1 + place % 3, "Type": "Indicator", "Denominator": SIZES[place % 4] if place % 6 == 0 else "NA"}
        for place, code in enumerate(codes)
    ]
    plain: dict[str, object] = {"Direction": 1, "Weight": 1, "Type": "Aggregate", "Denominator": "NA"}
    rows += [
        {"iCode": code, "Level": 2, "Parent": "Conn" if place < 5 else "Sust"} | plain
        for place, code in enumerate(PILLARS)
    ]
    rows += [{"iCode": code, "Level": 3, "Parent": "Index"} | plain for code in ("Conn", "Sust")]
    rows += [{"iCode": "Index", "Level": 4, "Parent": "NA"} | plain]
    other: dict[str, object] = {"Level": "NA", "Parent": "NA", "Direction": "NA", "Weight": "NA", "Denominator": "NA"}
    rows += [{"iCode": code, "Type": "Denominator"} | other for code in SIZES]
    rows += [{"iCode": "GDP_group", "Type": "Group"} | other]
    values = rng.lognormal(sigma=0.9, size=(51, 49))
    values[rng.random(values.shape) < 0.04] = np.nan
    values[:, 7] = np.append(np.linspace(1, 2, 44), 100.0 ** np.arange(1, 8))  # five values do not carry its tail
    data = pd.DataFrame(values, columns=codes)
    data[SIZES] = rng.uniform(5, 90, (51, 4))
    data.insert(0, "GDP_group", [("S", "M", "L")[place % 3] for place in range(51)])
    data.insert(0, "Time", 2018)
    data.insert(0, "uCode", UNITS)
    return pd.DataFrame(rows), data


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Scores:
    """What the page's command and its first block of the walk give."""
    folder = tmp_path_factory.mktemp("walk")
    for name, table in zip(("iMeta", "iData"), tables(), strict=True):
        table.to_csv(folder / f"{name}.csv", index=False, na_rep="NA")
    page = PAGE.read_text(encoding="utf-8")
    walk = page[page.index("## The ASEM index") :]
    command = re.search(r"^cwi (import coinr .*)$", walk, re.MULTILINE)
    block = re.search(r"```python\n(.*?)```", walk, re.DOTALL)
    assert command
    assert block
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = CliRunner().invoke(app, command[1].split())
        assert result.exit_code == 0, result.output
        names: dict[str, Scores] = {}
        exec(block[1], names)
        rules = (folder / "asem" / "methodology.toml").read_text(encoding="utf-8")
        lines = re.search(r"```toml\n(.*?)```", walk, re.DOTALL)
        assert lines
        written = re.sub(r"^normalisation = .*$", lines[1].rstrip(), rules, flags=re.MULTILINE)
        (folder / "asem" / "methodology.toml").write_text(written, encoding="utf-8")
        observations = pd.read_csv(folder / "asem" / "observations.csv", dtype={"region": str})
        kept = cwi.score(observations, cwi.read_methodology(folder / "asem"))
    pd.testing.assert_frame_equal(kept.nodes, names["scores"].nodes)  # the lines of the file say the same
    return names["scores"]


def by_hand() -> pd.DataFrame:
    """Denominate, impute by group means, treat, min-max, weighted means: with pandas, step by step."""
    meta, data = tables()
    parts = meta[meta["Type"] == "Indicator"].set_index("iCode").astype({"Weight": float})
    x = data.set_index("uCode")
    group = x.pop("GDP_group")
    x = x.astype(float)
    for code, size in parts.loc[parts["Denominator"] != "NA", "Denominator"].items():
        x[code] = x[code] / x[size]
    x = x[parts.index]
    x = x.fillna(x.groupby(group).transform("mean"))

    def beyond(column: pd.Series) -> bool:
        return bool(abs(stats.skew(column, bias=False)) > 2 and stats.kurtosis(column, bias=False) > 3.5)

    for code in parts.index:
        column = x[code]
        if not beyond(column):
            continue
        caps = column.sort_values(ascending=False).iloc[1:6]
        capped = next((c for cap in caps if not beyond(c := column.clip(upper=cap))), None)
        reach = column.max() - column.min()
        x[code] = np.log(column - column.min() + 0.01 * reach) if capped is None else capped
    y = 100 * (x - x.min()) / (x.max() - x.min())
    turned = parts.index[parts["Direction"] == -1]
    y[turned] = 100 - y[turned]
    pillars = pd.DataFrame(
        {
            pillar: (y[codes] * parts.loc[codes, "Weight"]).sum(axis=1) / parts.loc[codes, "Weight"].sum()
            for pillar, codes in parts.groupby("Parent").groups.items()
        }
    )
    result = pd.DataFrame({"Conn": pillars[PILLARS[:5]].mean(axis=1), "Sust": pillars[PILLARS[5:]].mean(axis=1)})
    return result.assign(Index=result.mean(axis=1))


def test_the_walk_gives_what_its_steps_give(scores: Scores) -> None:
    expected = by_hand()
    for code in ("Index", "Conn", "Sust"):
        np.testing.assert_allclose(scores.of(code)[2018], expected[code], rtol=0, atol=1e-9)
    assert len(scores.treated)
    assert (scores.cells["status"] == "imputed").sum() > 50
    assert len(set(scores.treated["why"]) & {"high", "log"}) == 2


def test_the_ranks_are_those_of_unrounded_scores(scores: Scores) -> None:
    nodes = scores.nodes[scores.nodes["node"] == "Index"].set_index("region")
    assert nodes["rank"].astype(int).tolist() == by_hand()["Index"].rank(ascending=False).astype(int).tolist()


def test_every_word_of_the_table_is_one_of_ours() -> None:
    page = PAGE.read_text(encoding="utf-8")
    table = page[page.index("## What each function of COINr") : page.index("## What differs")]
    known = {row["word"] for row in cwi.methods.table()}
    for word in ("group_mean", "row_mean", "min_max", "copeland", "max_correlation", "distance_to_reference", "em"):
        assert f"`{word}`" in table
        assert word in known
