"""A folder as the home of an edition: read once, wherever it is, however small."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cwi
from cwi import DataError, Edition, MethodologyError, ParameterError, open_project, read_edition, read_table
from cwi.analysis.audit import audit
from cwi.analysis.uncertainty import prepare, simulate
from cwi.cli import main

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

RULES = """\
version = "small"
normalisation = "goalposts"

[[level]]
name = "index"
weighting = "equal"
aggregation = "arithmetic"
coverage = 0.0
"""
INDICATORS = "code,worst,best\nincome,0,10\nschool,0,20\n"
VALUES = "region,year,indicator,value\nNA,2019,income,4\nNA,2020,income,5\nNA,2020,school,10\nZW,2020,income,8\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A methodology and observations of two countries, and nothing else."""
    folder = tmp_path / "small"
    folder.mkdir()
    for name, text in (("methodology.toml", RULES), ("indicators.csv", INDICATORS), ("observations.csv", VALUES)):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.slow
def test_a_folder_with_three_files_is_a_project(small: Path) -> None:
    project = open_project(small)
    assert repr(project) == "Project(small: 2019 to 2020, 4 observations, methodology small)"
    edition = project.edition()
    assert (edition.year, edition.regions) == (2020, ("NA", "ZW"))
    assert edition.scores.of("index")[2020].to_dict() == {"NA": 50, "ZW": 80}  # 50 and 50; 80 alone
    assert edition.earlier(2019).scores.at("NA") == 40
    assert read_edition(root=small).checksum == edition.checksum


def test_namibia_is_a_unit(small: Path) -> None:
    assert list(read_table(small)["region"]) == ["NA", "NA", "NA", "ZW"]
    assert pd.read_csv(small / "observations.csv")["region"].isna().sum() == 3  # the control: the plain way loses it


def test_units_have_their_names_where_there_are_any(small: Path) -> None:
    (small / "units.csv").write_text("region,name\nNA,Namibia <b>\nZW,Zimbabwe\n", encoding="utf-8")
    scores = read_edition(2020, root=small).scores
    assert list(scores.ranked()["name"]) == ["Zimbabwe", "Namibia <b>"]
    assert scores.explain("Zimbabwe", 2020).equals(scores.explain("ZW", 2020))
    assert "Namibia &lt;b&gt;" in scores._repr_html_()
    assert "<b>" not in scores._repr_html_()


@pytest.mark.slow
def test_a_project_is_read_once(small: Path) -> None:
    edition = read_edition(root=small)
    before = edition.checksum
    (small / "observations.csv").write_text(VALUES.replace(",8", ",9"), encoding="utf-8")
    (small / "covariance").mkdir()
    assert (edition.checksum, edition.covariance) == (before, None)
    assert edition.scores.at("ZW") == 80
    assert read_edition(root=small).checksum != before
    assert read_edition(root=small).scores.at("ZW") == 90


@pytest.mark.slow
def test_another_project_is_read_without_the_environment(
    project: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = read_edition(2022)
    monkeypatch.delenv("CWI_ROOT")
    outside = read_edition(2022, root=tmp_path)
    assert outside.checksum == inside.checksum == read_edition(2022, "t1", root=str(tmp_path)).checksum
    assert list(outside.base["file"].unique()) == list(inside.base["file"].unique())
    assert outside.under("t1").methodology.version == "t1"  # a version of its own project, not of this one


def test_a_table_without_a_folder_is_an_edition(small: Path) -> None:
    rules = cwi.read_methodology(small)
    table = pd.DataFrame({"region": ["NA", "ZW"], "year": 2020, "indicator": "income", "value": [5.0, 8.0]})
    edition = Edition.of(table, rules, names={"NA": "Namibia"})
    assert repr(edition).startswith("Edition(2020: 2 regions, methodology small ")
    assert edition.scores.at("Namibia") == 50
    suspect = Edition.of(table.assign(status=["normal", "suspect"]), rules)
    assert list(suspect.scores.of("index").index) == ["NA"]
    assert suspect.checksum != edition.checksum


@pytest.mark.slow
def test_an_edition_under_other_rules_learns_from_the_same_values() -> None:
    edition = read_edition(2023)
    other = edition.under(normalisation="min_max")
    direct = cwi.score(edition.observations, other.methodology, years=[2023], base=edition.base)
    pd.testing.assert_frame_equal(other.scores.nodes, direct.nodes)
    forgotten = cwi.score(edition.observations, other.methodology, years=[2023])
    assert (other.scores.nodes["score"] - forgotten.nodes["score"]).abs().max() > 1  # what is easy to forget
    assert edition.under(other.methodology).scores.at("KZ-75") == other.scores.at("KZ-75")
    assert edition.under("2024.1").methodology.fingerprint == edition.methodology.fingerprint


def test_objects_are_one_line(small: Path) -> None:
    edition = read_edition(2023)
    for each in (edition, edition.scores, open_project(small), edition.methodology):
        assert len(repr(each).splitlines()) == 1
        assert len(repr(each)) < 120
    assert re.fullmatch(
        r"Edition\(2023: 20 regions, methodology 2024\.1 [0-9a-f]{4}…, 34% of the weight measured\)", repr(edition)
    )
    html = edition._repr_html_()
    assert html.index("Astana") < html.index("Almaty city") < html.index("Kazakhstan")
    assert "KZ-71" not in html


REFUSED = {
    "number": ("NA,2020,income,5", 'NA,2020,income,"4,5"', "observations.csv line 3: value is '4,5', which is not a "
               "number; decimals take a point"),
    "year": ("NA,2020,income", "NA,20,income", "observations.csv line 3: year is '20'; it must be a whole number from "
             "1990 to 2100"),
    "empty": ("NA,2020,income", ",2020,income", "observations.csv line 3: 'region' is empty; a value needs one"),
    "twice": ("NA,2019,income", "NA,2020,income", "observations.csv line 3: income of NA, 2020 is in observations.csv "
              "line 2 too; a value has one row"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_table_that_is_refused(small: Path, says: Says, old: str, new: str, sentence: str) -> None:
    (small / "observations.csv").write_text(VALUES.replace(old, new), encoding="utf-8")
    with says(DataError, sentence):
        open_project(small)


def test_what_is_no_project_or_no_year(small: Path, tmp_path: Path, says: Says) -> None:
    with says(
        DataError, f"{tmp_path.as_posix()} is no project: it has neither data/ nor methodology.toml; 'cwi import' "
        "makes a folder with methodology.toml, indicators.csv and observations.csv"
    ):  # fmt: skip
        open_project(tmp_path)
    with says(DataError, "there is no edition of 2030; there are 2019, 2020"):
        read_edition(2030, root=small)
    with says(DataError, "year is the text '2023'; it must be a whole number; write 2023 without quotes"):
        read_edition("2023")  # type: ignore[arg-type]
    with says(MethodologyError, "no methodology has the version 'smal' (did you mean 'small'?); there are small"):
        read_edition(root=small).under("smal")


@pytest.mark.slow
def test_an_analysis_takes_the_edition_with_all_that_it_holds(says: Says) -> None:
    edition = read_edition(2023).under(normalisation="min_max")
    noise = {"factor": {"weights": {"weights": {"noise": 0.25}}}}
    drawn = simulate(prepare(edition, noise), draws=20, rng=np.random.default_rng(1))
    index = edition.scores.of("index")[2023].reindex(drawn.units["region"])  # of ends learnt from all regions
    assert drawn.nominal == pytest.approx(index.to_numpy(), abs=1e-12, nan_ok=True)
    one, two = (audit(*each, rng=np.random.default_rng(1), draws=5) for each in ((edition,), (edition.scores, 2023)))
    pd.testing.assert_frame_equal(one.findings, two.findings)
    sentence = "rng is 1; it must be a generator: np.random.default_rng(1)"
    with says(ParameterError, sentence):
        simulate(prepare(edition, noise), draws=5, rng=1)  # type: ignore[arg-type]
    with says(ParameterError, sentence):
        audit(edition, rng=1)  # type: ignore[arg-type]


IMETA = (
    "iCode,iName,Level,Parent,Type,Direction,Weight\nincome,Income,1,index,Indicator,1,1\n"
    "school,School,1,index,Indicator,1,1\nindex,Index,2,,Aggregate,1,1\n"
)
IDATA = "uCode,uName,Time,income,school\nNA,Namibia,2020,4,10\nZM,Zambia,2020,2,8\nZW,Zimbabwe,2020,6,20\n"


@pytest.mark.slow
def test_a_folder_of_another_tool_is_scored_traced_audited_and_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in (("iMeta.csv", IMETA), ("iData.csv", IDATA)):
        (tmp_path / name).write_text(text, encoding="utf-8")

    def run(*words: object) -> str:
        monkeypatch.setattr("sys.argv", ["cwi", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert not ended.value.code, printed.err
        return printed.out

    folder = tmp_path / "theirs"
    run("import", "coinr", tmp_path / "iMeta.csv", tmp_path / "iData.csv", folder)
    assert [line.split()[2] for line in run("score", folder).splitlines()[2:]] == ["Zimbabwe", "Namibia", "Zambia"]
    assert run("trace", folder, "Namibia").startswith("Namibia (NA), 2020: methodology theirs\n")
    assert "observations.csv line " in run("trace", folder, "NA", "income")
    assert run("audit", folder, "--draws", "5").splitlines()[0].split() == ["check", "fail", "attention", "pass"]
    run("export", folder, tmp_path / "scores.xlsx")
    assert (tmp_path / "scores.xlsx").stat().st_size > 5_000
