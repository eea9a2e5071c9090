"""The pages of docs/how-to on analyses, projects and the site are followed: every command and block, as it is printed.

Notebooks that a page runs are checked to their parameters here; tests/notebooks runs them, with a folder of answers
too. What is not run is a closed list with the reason, NOT_RUN in followed_pages.py.
"""

import hashlib
import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

import cwi
from cwi import folders, read_edition
from cwi.analysis import uncertainty
from cwi.inputs import consultation as consultations
from cwi.inputs import households as homes
from cwi.inputs import survey as surveys
from cwi.inputs.deprivation import read_specification
from cwi.report import document, render
from cwi.report.blocks import Figure
from cwi.report.parameters import declared
from tests.report.followed_pages import NOT_RUN, PAGES, Follower, blocks, commands, parsed

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="the pages are written for a POSIX shell"),
]
FOLLOWED = {
    "a-correction.md", "a-new-indicator.md", "a-new-methodology.md", "another-country.md",
    "the-year.md",  # test_how_to.py, as those before it
    "from-coinr.md",  # tests/inputs/exchange/test_from_coinr.py
    "review.md",  # test_reviewing.py
}  # fmt: skip
SYNTHESIZE = homes.synthesize_households
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the project for pages that change none of its data; pictures are empty, notebooks are not executed."""
    root = tmp_path_factory.mktemp("followed") / "project"
    for name in ("data", "notebooks"):
        shutil.copytree(folders.root() / name, root / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CWI_ROOT", str(root))
        patch.chdir(root)
        patch.setattr(Figure, "_svg", lambda self: SVG)
        yield root


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """With what parameters a notebook was asked for, by its name."""
    given: dict[str, dict[str, Any]] = {}

    def execute(source: Path, target: Path, parameters: dict[str, Any], **_: Any) -> None:
        given[source.stem] = parameters
        target.write_text("{}", encoding="utf-8")

    monkeypatch.setattr(render, "execute", execute)
    return given


def test_every_page_is_followed_and_the_list_of_what_is_not_run_is_closed() -> None:
    here = {name.replace("-", "_").removesuffix(".md") for name in (path.name for path in PAGES.glob("*.md"))}
    tests = {name.removeprefix("test_the_page_") for name in globals() if name.startswith("test_the_page_")}
    assert here == tests | {name.replace("-", "_").removesuffix(".md") for name in FOLLOWED}
    for page, reasons in NOT_RUN.items():
        assert set(reasons) <= set(commands(page)), page
        assert all(len(reason) > 5 for reason in reasons.values())
    with pytest.raises(Exception, match="No such option"):  # the control: an option that no command has
        parsed("cwi review 2023 --everything")
    with pytest.raises(Exception, match="No such command"):
        parsed("cwi reviews 2023")
    with pytest.raises(AssertionError, match="cwi budget template my-budget"):
        Follower("childrens-budget.md").end()


def test_the_page_childrens_budget(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Follower("childrens-budget.md")
    monkeypatch.setattr(document, "write_pdf", lambda path, *_, **__: path.write_bytes(b"%PDF-"))
    page.run("cwi budget publish KZ-23")
    files = {path.name for path in (home / "reports/budget/KZ-23-2025").iterdir()}
    for form, endings, languages in (("annex", ("pdf", "xlsx"), "kk ru"), ("section", ("html", "pdf"), "kk ru en"),
                                     ("compare", ("html", "pdf"), "kk ru en")):  # fmt: skip
        for language in languages.split():
            assert {f"{form}.{language}.{ending}" for ending in endings} <= files
            assert f"ledger.{form}.{language}.csv" in files
    html = (home / "reports/budget/KZ-23-2025/section.en.html").read_text(encoding="utf-8")
    (record,) = re.findall(r'<script type="application/json" id="numbers">(.*?)</script>', html)
    known = json.loads(record)
    ledger = pd.read_csv(home / "reports/budget/KZ-23-2025/ledger.section.en.csv", index_col="name")
    assert len(known["numbers"]) > 20
    for name, value, unit, ground in known["numbers"]:
        assert value == pytest.approx(ledger.at[name, "value"], rel=1e-9)
        assert unit == str(ledger["unit"].fillna("").at[name])
        assert known["grounds"][ground][4] == ["budget"]
    sha = hashlib.sha256((home / "data/budget/lines_2025.csv").read_bytes()).hexdigest()
    assert known["sources"][0][0::4] == ["data/budget/lines_2025.csv", sha]
    page.run("cwi budget publish KZ", **{"publish KZ": "publish KZ --form annex --language ru --year 2018"})
    page.run("cwi budget template my-budget")
    mine = home / "my-budget"
    assert pd.read_csv(mine / "budget.csv").empty
    lines = pd.read_csv(home / "data/budget/lines_2025.csv", dtype=str, keep_default_na=False)
    lines = lines[(lines["region"] == "KZ-23") & (lines["programme"] != "")]
    lines = lines.rename(columns={"amount_thousand_kzt": "amount"})
    heads = tomllib.loads((mine / "columns.toml").read_text(encoding="utf-8"))["columns"]
    book = openpyxl.Workbook()
    same = {"year", *(name for name in heads if name not in lines)}
    used = {name: f"Моё: {name}" for name in heads if name not in same}
    book.active.append(list(used.values()))  # type: ignore[union-attr]
    for row in lines.to_dict("records"):
        book.active.append([row[name] for name in used])  # type: ignore[union-attr]
    book.save(mine / "export.xlsx")
    text = (mine / "columns.toml").read_text(encoding="utf-8")
    for name, head in used.items():
        text = text.replace(f'{name} = "{name}"', f'{name} = "{head}"')
    for name in same:
        text = text.replace(f'{name} = "{name}"\n', "")
    shared = 'year = 2025\nlevel = "region"\nphase = "plan"\n'
    text += shared
    (mine / "columns.toml").write_text(text, encoding="utf-8")
    printed = page.run("cwi budget check my-budget/export.xlsx my-budget/columns.toml")
    assert f"{len(lines)} lines" in printed
    assert printed.endswith("no problem")
    assert "KZ-23" in page.run("cwi budget read my-budget/export.xlsx my-budget/columns.toml")
    page.end()


def test_the_page_consultation(home: Path) -> None:
    page, names = Follower("consultation.md"), {}
    edition = read_edition(2023)
    files = consultations.synthesize_consultation(
        edition.methodology, edition.territory, population=edition.population, rng=np.random.default_rng(1),
        votes=900, experts=60, proposals=12,
    )  # fmt: skip
    consultations.write_consultation(home / "a/folder", files)
    (block,) = blocks("consultation.md", "python")
    exec(compile(block, "consultation.md", "exec"), names)
    assert names["weighed"].fingerprint != edition.methodology.fingerprint
    assert set(names["scores"].of("index").index) == set(edition.scores.of("index").index)
    panel = names["consultation"].panel
    with pytest.raises(cwi.MethodologyError, match="a panel of points and judgements is no one rule"):
        panel.rules()  # the page: a panel of points or of judgements alone
    for path in (home / "a/folder").glob("*ahp*"):
        path.unlink()
    points = consultations.read_consultation(home / "a/folder", edition.methodology, edition.territory).panel
    given = {"methodology": edition.methodology, "panel": points}
    assert eval("methodology.replace(node=panel.rules())", given).fingerprint != edition.methodology.fingerprint
    assert "methodology.replace(node=panel.rules())" in (PAGES / "consultation.md").read_text(encoding="utf-8")
    page.end()


def _children(home: Path, n: int = 600) -> pd.DataFrame:
    """Children in the columns of a MICS file that the map names, all values invented."""
    map_ = tomllib.loads((home / "data/households/maps/mics6.toml").read_text(encoding="utf-8"))
    rng, rows = np.random.default_rng(7), {}
    for variable in map_["variables"].values():
        known = [int(code) for code in variable.get("codes", {})] or list(range(1, 7))
        rows[variable["column"]] = rng.choice(known, n)
    cluster = np.arange(n) // 15
    regions = np.array(read_edition(2023).regions)
    return pd.DataFrame(rows).assign(
        HH1=cluster, HH2=np.arange(n), LN=1, HH7=regions[cluster // 2 % len(regions)], HH6=1 + cluster % 2,
        stratum=[f"s{i // 2}" for i in cluster], PSU=cluster, chweight=1.0, HL4=1 + np.arange(n) % 2,
        UB2=np.arange(n) % 18,
    )  # fmt: skip


def test_the_page_deprivation(home: Path, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    page = Follower("deprivation.md")
    pyreadstat.write_sav(_children(home), str(home.parent / "children.sav"))
    printed = page.run("cwi deprivation check ../children.sav --columns mics6")
    assert "600 children are read" in printed
    assert "known, text not read" in printed
    _my_measure(home)
    measured = "--columns mics6 --specification ../my-measure"
    assert "KZ 0-4" in page.run(f"cwi deprivation table ../children.sav {measured} --measure M0")
    page.run(f"cwi deprivation map ../children.sav {measured} --output map.svg --language ru")
    assert (home / "map.svg").stat().st_size > 5_000
    elsewhere = str(home.parent / "elsewhere")
    (run,) = (command for command in page.commands if command.startswith("cwi run"))
    page.run(run, **{"/elsewhere": elsewhere})
    assert asked["child_deprivation"]["data"] == f"{elsewhere}/children.sav"
    monkeypatch.setattr(homes, "synthesize_households", _few_children)
    assert "synthetic-children-2023.parquet" in page.run("cwi deprivation synthesize build/synthetic-households")
    for source in ("cc-moda", "eu-child"):
        shutil.copytree(home / "data/deprivation" / source, home / f"mine-{source}")
    (rule,) = blocks("deprivation.md", "toml")
    path = home / "mine-eu-child/specification.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"\[rule\].*?(?=\n\[|\Z)", lambda _: rule.rstrip(), text, flags=re.S), encoding="utf-8")
    mine = read_specification(path.parent)
    assert (mine.at_least, mine.also) == (7, (("home", 3),))
    rng = np.random.default_rng(1)
    pd.DataFrame({"region": "KZ-11", "no_school": rng.integers(0, 2, 90), "no_water": rng.integers(0, 2, 90),
                  "weight": 1.0}).to_parquet(home / "children.parquet")  # fmt: skip
    names: dict[str, Any] = {}
    (census,) = blocks("deprivation.md", "python")
    exec(compile(census, "deprivation.md", "exec"), names)
    assert len(names["result"].table(1)) > 0
    page.end()


def _my_measure(home: Path) -> None:
    """cc-moda without the items whose variable is not in the map, as the page has it."""
    shutil.copytree(home / "data/deprivation/cc-moda", home.parent / "my-measure")
    map_ = tomllib.loads((home / "data/households/maps/mics6.toml").read_text(encoding="utf-8"))
    items = pd.read_csv(home.parent / "my-measure/items.csv", dtype=str, keep_default_na=False)
    items = items[items["variable"].isin([*map_["variables"]])]
    items.to_csv(home.parent / "my-measure/items.csv", index=False)
    with pytest.raises(cwi.MethodologyError, match=r"the dimension 'health' has no item in items\.csv"):
        read_specification(home.parent / "my-measure")
    path = home.parent / "my-measure/specification.toml"
    text = path.read_text(encoding="utf-8")
    for dimension in re.findall(r'\[\[dimensions\]\]\ncode = "(.*)"', text):
        if dimension not in set(items["dimension"]):
            text = re.sub(rf'\[\[dimensions\]\]\ncode = "{dimension}"\n(?:.+\n)*', "", text)
    path.write_text(text, encoding="utf-8")


def _few_children(edition: cwi.Edition, *, rng: np.random.Generator) -> homes.Households:
    sample = homes.HouseholdSample(units=2, households=4)
    return SYNTHESIZE(edition, rng=rng, sample=sample)


def test_the_page_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Follower("projects.md")
    monkeypatch.chdir(tmp_path)
    page.run("cwi init wellbeing")
    monkeypatch.setenv("CWI_ROOT", str(tmp_path / "wellbeing"))
    assert read_edition(2023).path == tmp_path / "wellbeing/data/editions/2023"
    monkeypatch.delenv("CWI_ROOT")
    page.run("cwi init my-country --empty")
    monkeypatch.setenv("CWI_ROOT", str(tmp_path / "my-country"))
    assert "there is no table of observations" in page.run("cwi check", code=1)
    page.end()


def test_the_page_rehearse(home: Path, rehearsal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Follower("rehearse.md")
    (home / "build").mkdir(exist_ok=True)
    (home / "build/rehearsal").symlink_to(rehearsal)
    with monkeypatch.context() as patch:
        patch.setenv("CWI_ROOT", str(home / "build/rehearsal"))
        assert "differs" not in page.run("CWI_ROOT=build/rehearsal cwi check")
        assert "synthetic" in page.run("CWI_ROOT=build/rehearsal cwi trace 2023 KZ-39 loneliness")
    sample = surveys.Sample(clusters=6, children=(8, 10))
    monkeypatch.setattr(surveys, "synthesize", partial(surveys.synthesize, sample=sample))
    page.run("cwi survey synthesize ../answers --pilot")
    printed = page.run("cwi survey microdata ../answers/synthetic-survey-2023-child.csv --respondent child --year 2023")
    assert "questionnaires of the respondent 'child' are read" in printed
    page.end()


def test_the_page_release() -> None:
    """A list for a person: each command is there, with these options; each target of make is one."""
    targets = set(re.findall(r"^([a-z-]+):", (folders.CODE.parent / "Makefile").read_text(encoding="utf-8"), re.M))
    kinds = {"cwi": 0, "make": 0}
    for command in commands("release.md"):
        first, *words = command.split()
        if first == "cwi" and words != ["--version"]:
            parsed(command.replace("YEAR", "2023"))
        if first == "make":
            assert words[0] in targets
        kinds[first] = kinds.get(first, 0) + 1
    assert kinds["cwi"] > 6
    assert kinds["make"] > 4


def test_the_page_site(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cwi.cli import site

    page, sites = Follower("site.md"), []
    monkeypatch.setattr(site, "_site", lambda *given: sites.append(given))
    monkeypatch.setattr(site, "rehearse", lambda: (home, (2022, 2023)))
    page.run("cwi site 2022 2023 --output public")
    page.run("cwi site --no-explorers")
    page.run("cwi site rehearsal")
    (home / "three").mkdir()
    page.run("cwi --project FOLDER site", FOLDER=str(home))
    assert sites[0][0] == (2022, 2023)
    assert [given[2] for given in sites] == [True, False, True, True]
    page.run("cwi export opensdg 2024 FOLDER", FOLDER="out-opensdg")
    page.run("cwi export sdmx 2024 FOLDER", FOLDER="out-sdmx")
    assert {path.name for path in (home / "out-opensdg").iterdir()} >= {"data", "meta", "translations"}
    assert (home / "out-sdmx/data.csv").read_text(encoding="utf-8").startswith("STRUCTURE,")
    page.end()


def test_the_page_survey(home: Path, asked: dict[str, Any]) -> None:
    page = Follower("survey.md")
    elsewhere = str(home.parent / "elsewhere")
    (run,) = (command for command in page.commands if command.startswith("cwi run "))
    page.run(run, **{"/elsewhere": elsewhere})
    assert asked["survey_estimates"] | {"folder": f"{elsewhere}/round", "year": 2023} == asked["survey_estimates"]
    with pytest.raises(cwi.ParameterError, match="folders"):
        page.run(run, **{"/elsewhere": elsewhere, "folder=": "folders="})
    assert declared(home / "notebooks/survey_estimates.ipynb")["folder"][0] is str
    edition, definitions = read_edition(2023), surveys.read_survey_definitions("2024.1")
    rng = np.random.default_rng(3)
    population = surveys.imagine(definitions, edition, rng=rng)
    children, parents = surveys.synthesize(
        definitions, population, rng=rng, year=2023, regions=edition.regions[:2],
        sample=surveys.Sample(clusters=6, children=(8, 10)),
    )  # fmt: skip
    surveys.write_synthetic(home.parent / "round", children, parents, definitions, year=2023)
    for respondent, name in (("child", "children"), ("parent", "parents")):
        (made,) = (home.parent / "round").glob(f"*{respondent}.csv")
        made.rename(made.with_name(f"{name}.csv"))
    names: dict[str, Any] = {}
    (block,) = blocks("survey.md", "python")
    block = block.replace("/elsewhere/round", str(home.parent / "round"))
    exec(compile(block, "survey.md", "exec"), names)
    assert {"se", "n"} <= set(names["result"].observations)
    assert names["result"].covariance is not None
    page.end()


def test_the_page_try_other_weights(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cwi.report.explorer import page as site

    page, names = Follower("try-other-weights.md"), {}
    monkeypatch.setattr(site, "read_published", lambda edition: (None, {"draws": 1_000, "seed": 1}))
    for block in blocks("try-other-weights.md", "python"):
        exec(compile(block, "try-other-weights.md", "exec"), names)
    assert (home / "site/2023.html").stat().st_size > 100_000
    assert names["changed"].fingerprint != ""
    assert {"score", "rank"} <= {str(column).split(" ")[0] for column in names["explorer"].table.columns}
    assert names["explorer"].expression.startswith("methodology")
    edition = read_edition(2023)
    simulation = uncertainty.full_simulation(edition, draws=1_000, rng=np.random.default_rng(1))
    assert simulation is not None
    expression = "live_draws(simulation, draws=1000).intervals(weights)"
    assert expression in (PAGES / "try-other-weights.md").read_text(encoding="utf-8")
    given = {"simulation": simulation, "weights": edition.scores.weights, "live_draws": uncertainty.live_draws}
    assert len(eval(expression, given)) > 0
    page.end()
