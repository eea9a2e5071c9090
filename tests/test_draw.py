"""``cwi draw``: a picture in a file, or one whole sentence; and an index of another tool from import to picture."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cwi import cli

pytestmark = pytest.mark.slow

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cwi", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "200")
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return command


BEGINS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


@pytest.mark.parametrize(("name", "options"), [
    ("a.svg", ()), ("b.PNG", ("--what", "map", "--node", "economy", "--language", "ru")),
    ("new/c.pdf", ("--what", "heatmap", "--level", "dimension", "--language", "kk")),
])  # fmt: skip
def test_a_picture_of_a_year(run: Run, tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    target = tmp_path / name
    code, out, err = run("draw", 2023, *options, "--output", target)
    assert (code, out.strip(), err) == (0, target.as_posix(), "")
    assert target.read_bytes().startswith(BEGINS[target.suffix[1:].lower()])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [target]


REFUSED = {
    "picture": (("--what", "mapp"), "there is no picture 'mapp' (did you mean 'map'?); there are ranking, map, "
                "heatmap, ranks, intervals"),
    "ending": (("--output", "a.gif"), "a.gif: the name of a picture ends in .svg, .png or .pdf"),
    "node": (("--node", "economy"), "--node is an option of map; the picture is ranking"),
    "level": (("--what", "map", "--level", "index"), "--level is an option of heatmap; the picture is map"),
    "language": (("--language", "de"), "language is 'de'; there are kk, ru, en"),
}  # fmt: skip


@pytest.mark.parametrize(("options", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_picture_that_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("draw", 2023, *options) == (2, "", f"ParameterError: {sentence}\n")
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------- another tool's index, by commands alone

IMETA = """\
iCode,iName,Level,Parent,Type,Direction,Weight
income,Income,1,living,Indicator,1,2
debt,Debt,1,living,Indicator,-1,1
school,Years of schooling,1,learning,Indicator,1,1
tests,Test scores,1,learning,Indicator,1,1
living,Living,2,index,Aggregate,1,1
learning,Learning,2,index,Aggregate,1,1
index,Index,3,,Aggregate,1,1
"""
IDATA = """\
uCode,uName,Time,income,debt,school,tests
NA,Namibia,2020,4,10,7,50
ZM,Zambia,2020,2,30,6,40
ZW,Zimbabwe,2020,6,20,9,45
BW,Botswana,2020,9,5,10,
LS,Lesotho,2020,3,25,5,35
"""


@pytest.fixture
def theirs(run: Run, tmp_path: Path) -> Path:
    for name, text in (("iMeta.csv", IMETA), ("iData.csv", IDATA)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    folder = tmp_path / "theirs"
    assert run("import", "coinr", tmp_path / "iMeta.csv", tmp_path / "iData.csv", folder)[0] == 0
    return folder


def test_a_picture_is_the_same_every_time(run: Run, theirs: Path, tmp_path: Path) -> None:
    written = []
    for name in ("a.svg", "b.svg", "c.svg"):
        seed = 2 if name == "c.svg" else 1
        options = ("--what", "ranks", "--draws", 50, "--seed", seed, "--output", tmp_path / name)
        assert run("draw", theirs, *options)[0] == 0
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1] != written[2]


def test_the_file_is_called_after_the_picture(
    run: Run, theirs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("draw", theirs)[1].strip() == "ranking-2020.svg"
    assert (tmp_path / "ranking-2020.svg").stat().st_size > 10_000


def test_another_tools_index_by_commands_alone(run: Run, theirs: Path, tmp_path: Path) -> None:
    code, out, _ = run("score", theirs, "--json")
    regions = {row["name"]: row["rank"] for row in json.loads(out)["regions"]}
    assert (code, regions) == (0, {"Botswana": 1, "Zimbabwe": 2, "Namibia": 3, "Zambia": 4, "Lesotho": 5})
    code, out, _ = run("trace", theirs, "Botswana", "--json")
    traced = {row["node"]: row for row in json.loads(out)["rows"]}
    assert (code, traced["index"]["score"]) == (0, 100)  # the best of all that was measured
    assert run("audit", theirs, "--draws", 5)[0] == 0
    assert run("export", theirs, tmp_path / "scores.xlsx")[0] == 0
    for what in ("ranking", "heatmap", "ranks", "intervals"):
        target = tmp_path / f"{what}.svg"
        options = ("--what", what, "--draws", 40, "--output", target)
        assert run("draw", theirs, *options) == (0, f"{target.as_posix()}\n", "")
        assert target.read_bytes().startswith(BEGINS["svg"])


def test_there_is_no_map_of_regions_without_boundaries(run: Run, theirs: Path, tmp_path: Path) -> None:
    code, out, err = run("draw", theirs, "--what", "map", "--output", tmp_path / "map.svg")
    assert (code, out, err) == (
        2, "", "DataError: data/boundaries/regions_2018.geojson has no boundaries of BW, LS, NA and 2 more; give "
        "boundaries, a GeoJSON file with a property 'code'\n",
    )  # fmt: skip
    assert not (tmp_path / "map.svg").exists()
