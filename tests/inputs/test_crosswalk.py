"""The crosswalk to other indices: the tables as they lie there, and tables that must be refused."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cwi import DataError, Methodology, folders, read_methodology
from cwi.inputs.crosswalk import CLOSENESS, FACTS, NOT_FOUND, Crosswalk, read_crosswalk

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
ASKED = {
    *("rc7", "rc11", "rc14", "rc16", "rc19", "kids_count", "land_cwi", "oecd_child"),
    *("bli", "hdi", "ihdi", "mpi", "child_mpi", "sdg_index", "bes"),
}


@pytest.fixture(scope="module")
def official() -> Methodology:
    return read_methodology("2024.1")


@pytest.fixture(scope="module")
def crosswalk(official: Methodology) -> Crosswalk:
    return read_crosswalk(official)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(folders.data() / "crosswalk", tmp_path / "crosswalk"))


def changed(copy: Path, name: str, old: str, new: str) -> int:
    """Replace a piece that stands once in a file, and say at which line it stood."""
    text = (copy / name).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
    (copy / name).write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_every_system_has_every_fact_or_says_that_it_was_not_found(crosswalk: Crosswalk) -> None:
    assert set(crosswalk.systems.index) == ASKED
    assert crosswalk.rules.shape == (len(ASKED), len(FACTS))
    assert not crosswalk.rules.isna().to_numpy().any()
    known = crosswalk.facts[crosswalk.facts["value"] != NOT_FOUND]
    assert known["source"].isin(crosswalk.sources.index).all()
    assert 0 < len(known) < len(crosswalk.facts)
    assert set(crosswalk.facts.loc[crosswalk.facts["value"] == NOT_FOUND, "source"]) == {""}


def test_every_source_is_used_and_says_how_it_was_seen(crosswalk: Crosswalk) -> None:
    used = {*crosswalk.facts["source"], *crosswalk.dimensions["source"], *crosswalk.counterparts["source"]} - {""}
    assert used == set(crosswalk.sources.index)
    assert (crosswalk.counterparts["seen"] != "").all()


def test_the_dimensions_that_are_listed_are_as_many_as_are_told(crosswalk: Crosswalk) -> None:
    listed = crosswalk.dimensions.groupby("system")["dimension"].nunique()
    told = crosswalk.rules["dimensions"]
    for system in told.index[told != NOT_FOUND]:
        assert listed[system] == int(told[system]), system
    assert set(listed.index) == set(told.index[told != NOT_FOUND])


def test_a_missing_row_is_a_no_only_where_the_whole_list_was_seen(crosswalk: Crosswalk, official: Methodology) -> None:
    table = crosswalk.closeness
    assert list(table.index) == list(official.indicators["code"])
    assert table.at["immunisation", "kids_count"] == "none"
    assert table.at["immunisation", "bes"] == "not known"
    assert table.at["adolescent_births", "sdg_index"] == "same"
    silent = table[~table.isin(CLOSENESS[:3])]
    for system, seen in crosswalk.systems["list"].items():
        assert set(silent[system].dropna()) == {"none" if seen == "whole" else "not known"}, system


def test_coverage_counts_every_indicator_once_in_each_system(crosswalk: Crosswalk) -> None:
    systems, indicators = crosswalk.of_systems(), crosswalk.of_indicators()
    distinct = crosswalk.counterparts.drop_duplicates(["indicator", "system"])
    counted = systems[["same", "similar", "related"]].sum(axis=1)
    assert counted.to_dict() == {code: int((distinct["system"] == code).sum()) for code in systems.index}
    assert (systems["share"] * 56).tolist() == pytest.approx(counted.tolist())
    assert indicators["systems"].sum() == len(distinct) == counted.sum()
    assert systems.at["sdg_index", "at_least"]
    assert not systems.at["hdi", "at_least"]
    shares = crosswalk.of_components()
    assert shares.at["economy", "hdi"] == 0.5
    assert shares["bes"].isna().any()
    assert not shares["hdi"].isna().any()


def test_the_nearest_of_two_counterparts_counts(copy: Path, official: Methodology) -> None:
    row = "neet,sdg_index,Another one,related,for the test,sdsn_faq\n"
    with (copy / "counterparts.csv").open("a", encoding="utf-8") as file:
        file.write(row)
    assert read_crosswalk(official, copy).closeness.at["neet", "sdg_index"] == "same"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("sources.csv", "dijkstra_2009,", ",", "line {line}: 'source' is empty"),
        (
            "sources.csv",
            "sophiessoapbox.com/918-2/,secondary",
            "sophiessoapbox.com/918-2/,heard",
            "line {line}: seen is 'heard'; there are publisher, secondary, reference data, recalled",
        ),
        (
            "facts.csv",
            "kids_count,weights,all measures the same weight,aecf_2023",
            "kids_count,weights,all measures the same weight,",
            "line {line}: 'source' is empty; name a row of sources.csv, or leave the fact out",
        ),
        (
            "facts.csv",
            "hdi,weights,equal dimensions; equal within education",
            "hdi,wieghts,equal",
            "line {line}: fact is 'wieghts' (did you mean 'weights'?); there are " + ", ".join(FACTS),
        ),
        (
            "facts.csv",
            "hdi,weights,equal dimensions; equal within education",
            "hdi,units,equal",
            "line {line}: the row of hdi, units is listed twice",
        ),
        (
            "counterparts.csv",
            "loneliness,rc7",
            "lonelyness,rc7",
            "line {line}: indicator is 'lonelyness' (did you mean 'loneliness'?); there are {codes}",
        ),
        (
            "counterparts.csv",
            "loneliness,rc7",
            "loneliness,rc8",
            "line {line}: system is 'rc8' (did you mean 'rc7'?); there are {systems}",
        ),
        (
            "counterparts.csv",
            "lonely,similar",
            "lonely,alike",
            "line {line}: closeness is 'alike'; there are same, similar, related, none",
        ),
        ("counterparts.csv", "15-year-olds at school", "", "line {line}: 'reason' is empty"),
        (
            "dimensions.csv",
            "kids_count,Health,health_care",
            "kids_count,Health,helth_care",
            "line {line}: node is 'helth_care' (did you mean 'health_care'?); there are {nodes}",
        ),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(
    copy: Path, official: Methodology, says: Says, name: str, old: str, new: str, sentence: str
) -> None:
    line = changed(copy, name, old, new)
    codes = list(official.indicators["code"])
    words = {
        "line": str(line),
        "codes": f"{', '.join(codes[:20])}, and {len(codes) - 20} more",
        "systems": ", ".join(read_crosswalk(official).systems.index),
        "nodes": ", ".join(node.code for level in official.nodes for node in level),
    }
    with says(DataError, f"{(copy / name).as_posix()} {sentence.format(**words)}"):
        read_crosswalk(official, copy)
