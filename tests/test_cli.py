"""The command line: exit codes, and one whole sentence for an input that cannot be used."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from cwi import cli, folders, read_edition, read_methodology
from cwi.checks import PARTS
from cwi.errors import CwiError
from cwi.inputs import consultation
from cwi.report import render
from cwi.report.languages import LANGUAGES
from cwi.report.manifest import inputs
from cwi.report.publication import recompute

pytestmark = pytest.mark.slow

ROOT = Path(cli.__file__).parents[2]
NAME = "notebooks/official_report.ipynb"


class Run:
    """A command in this process: exit code, what it said, and what it complained of."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["cwi", *words])
        self._monkeypatch.setenv("COLUMNS", "200")
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = self._capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(monkeypatch, capsys)


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: Any, **__: Any) -> None:
        raise AssertionError("a kernel was started")

    monkeypatch.setattr(papermill, "execute_notebook", started)
    monkeypatch.setattr(render, "ProcessPoolExecutor", started)


def notebook(path: Path, *sources: str) -> Path:
    tagged = new_code_cell(
        "year: int = 2023\nshare: float = 0.5\nloud: bool = False", metadata={"tags": ["parameters"]}
    )
    nbformat.write(new_notebook(cells=[tagged, *map(new_code_cell, sources)]), path)
    return path


# ---------------------------------------------------------------- the installed command


def test_the_installed_command_helps_and_refuses() -> None:
    command = shutil.which("cwi", path=str(Path(sys.executable).parent)) or shutil.which("cwi")
    assert command
    done = subprocess.run(
        [command, "report", "2023", "-p", "yaer=2023"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "ParameterError: notebooks/official_report.ipynb: there is no parameter 'yaer' (did you mean 'year'?); "
        "there are year, project, methodology, language, draws, seed\n"
    )


# ---------------------------------------------------------------- check


def test_check_finds_nothing_in_a_sound_project(run: Run, project: Any) -> None:
    project.change("methodology/t1/methodology.toml", "weight = 2\n", "")  # which nothing looks at
    code, said, complained = run("check")
    assert (code, complained) == (0, "")
    for what in PARTS:
        assert any(line.startswith(what) and line.rstrip().endswith("none") for line in said.splitlines())


def test_check_names_what_is_wrong_and_fails(run: Run, project: Any) -> None:
    project.change("observations/living.csv", "A,2022,poverty,,,8,", "A,2022,poverty,,,8.5,")
    code, said, complained = run("check")
    assert (code, complained) == (1, "")
    assert "data/observations/living.csv: the file is not the one that 'living' records in data/sources.toml" in said


def test_of_many_problems_the_first_are_printed(run: Run, project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for old in ("A,2022,poverty,,,8,", "B,2022,poverty,,,18,"):
        project.change("observations/living.csv", old, old.replace("2022", "1066"))
    project.sign()
    n = json.loads(run("check", "--json")[1])["problems"]
    assert n > 1
    monkeypatch.setattr("cwi.cli.report.MOST_PROBLEMS", 1)
    code, printed, _ = run("check")
    assert (code, printed.count("1066")) == (1, 1)
    assert printed.splitlines()[-1] == f"and {n - 1} more; --json lists all"


# ---------------------------------------------------------------- report and run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["-p", "yaer=2023"],
            f"ParameterError: {NAME}: there is no parameter 'yaer' (did you mean 'year'?); "
            "there are year, project, methodology, language, draws, seed",
        ),
        (["-p", "draws"], "ParameterError: 'draws' is no parameter; write NAME=VALUE"),
        (["-p", "draws=many"], f"ParameterError: {NAME}: draws is 'many'; it must be a whole number, such as 10000"),
        (["-p", "draws=1e4"], f"ParameterError: {NAME}: draws is '1e4'; it must be a whole number, such as 10000"),
        (["-p", "year=2022"], "ParameterError: year is not given with -p; write: cwi report 2023 --language en"),
        (
            ["-p", "project=theirs"],
            f"ParameterError: a report is made of this project; for another write: cwi run {NAME} result.ipynb -p "
            "project=FOLDER -p year=2023",
        ),
        (["-p", "draws=100", "-p", "draws=200"], "ParameterError: draws is given twice"),
        (["--language", "de"], "ParameterError: language is 'de'; there are kk, ru, en"),
        (["-p", "methodology=2042"], "MethodologyError: no methodology has the version '2042'"),
    ],
)
def test_a_report_with_a_strange_parameter_is_refused_before_a_kernel_starts(
    run: Run, no_kernel: None, tmp_path: Path, words: list[str], said: str
) -> None:
    code, out, err = run("report", "2023", "--output", str(tmp_path / "reports"), *words)
    assert (code, out) == (2, "")
    assert err.startswith(said)
    assert err.count("\n") == 1
    assert not (tmp_path / "reports").exists()


def test_a_report_of_a_year_without_an_edition_is_refused(run: Run, no_kernel: None, tmp_path: Path) -> None:
    code, out, err = run("report", "2031", "--output", str(tmp_path / "reports"))
    assert (code, out) == (2, "")
    assert err.startswith("DataError: there is no edition of 2031; there are 20")
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("year", ["last", "nonsense", "", "2023.0", "-2023", "²⁰²³", "Rehearsal"])
def test_a_year_that_is_no_number_is_refused(run: Run, no_kernel: None, tmp_path: Path, year: str) -> None:
    code, out, err = run("report", "--output", str(tmp_path / "reports"), "--", year)
    assert (code, out) == (2, "")
    assert err == f"ParameterError: year is '{year}'; it must be the year of an edition, or 'rehearsal'\n"
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-p", "yaer=2023"], "there is no parameter 'yaer' (did you mean 'year'?); there are year, share, loud"),
        (["-p", "year=2023.0"], "year is '2023.0'; it must be a whole number, such as 2023"),
        (["-p", "share=half"], "share is 'half'; it must be a number, such as 0.5"),
        (["-p", "loud=yes"], "loud is 'yes'; it must be true or false, such as False"),
    ],
)
def test_any_notebook_is_asked_before_it_runs(
    run: Run, no_kernel: None, tmp_path: Path, words: list[str], said: str
) -> None:
    source = notebook(tmp_path / "a.ipynb")
    code, out, err = run("run", str(source), str(tmp_path / "b.ipynb"), *words)
    assert (code, out) == (2, "")
    assert err == f"ParameterError: {source.as_posix()}: {said}\n"
    assert not (tmp_path / "b.ipynb").exists()


def test_words_become_values_of_the_declared_types(monkeypatch: pytest.MonkeyPatch, run: Run, tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    def told(_source: Path, target: Path, parameters: dict[str, Any], *, ledger: Path, forks: bool) -> None:
        assert forks
        seen.update(parameters)
        target.write_text("{}", encoding="utf-8")

    monkeypatch.setattr(render, "execute", told)
    source = notebook(tmp_path / "a.ipynb")
    words = ("-p", "year=2019", "-p", "share=1", "-p", "loud=true")
    code, _, err = run("run", str(source), str(tmp_path / "there" / "b.ipynb"), *words)
    assert (code, err) == (0, "")
    assert seen == {"year": 2019, "share": 1.0, "loud": True}
    assert (tmp_path / "there" / "b.ipynb").is_file()


def test_a_notebook_that_is_not_there_is_refused(run: Run, no_kernel: None, tmp_path: Path) -> None:
    code, _, err = run("run", str(tmp_path / "none.ipynb"), str(tmp_path / "b.ipynb"))
    assert code == 2
    assert err == f"ParameterError: {(tmp_path / 'none.ipynb').as_posix()}: there is no such file\n"


def test_a_cell_that_fails_is_named_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    source = notebook(tmp_path / "a.ipynb", "1 / (year - 2023)")
    code, out, err = run("run", str(source), str(tmp_path / "b.ipynb"))
    assert (code, out) == (3, "")
    assert err.splitlines()[-1] == "ReportError: a.ipynb: ZeroDivisionError: division by zero, at '1 / (year - 2023)'"
    assert "ZeroDivisionError: division by zero" in err
    assert not (tmp_path / "b.ipynb").exists()


# ---------------------------------------------------------------- trace, publish, review


def test_trace_prints_a_tree(run: Run, project: Any) -> None:
    code, said, complained = run("trace", "2022", "A")
    assert (code, complained) == (0, "")
    assert said.splitlines()[0] == "Alpha (A), 2022: methodology t1"
    assert "data/observations/living.csv line 7 (A)" in said
    code, said, complained = run("trace", "2022", "OLD")
    assert (code, said) == (2, "")
    assert complained == "DataError: the edition of 2022 has no region 'OLD'; there are N, A, B, EAST, WEST\n"


def test_publish_and_review(run: Run, project: Any) -> None:
    project.write("country.toml", 'languages = ["en"]\n')
    edition = read_edition(2022)
    folder = folders.reports() / "2022"
    code, said, complained = run("publish", "2022")
    assert (code, said) == (2, "")
    assert complained == "DataError: reports/2022 is no finished report in all languages; make it first\n"
    code, said, complained = run("review", "2022")
    assert (code, said) == (2, "")
    assert (
        complained
        == "DataError: data/editions/2022/published.csv: nothing was published; 'cwi publish 2022' does that\n"
    )

    folder.mkdir(parents=True)
    recompute(edition, draws=100, seed=5).reset_index().to_csv(folder / "ledger.csv", index=False)
    record = {
        "inputs": inputs(),
        "outputs": {"ledger.csv": hashlib.sha256((folder / "ledger.csv").read_bytes()).hexdigest()},
        "edition": {"fingerprint": edition.methodology.fingerprint, "data": edition.checksum},
        "languages": ["en"],
        "parameters": {"draws": 100, "seed": 5},
    }
    (folder / "manifest.json").write_text(json.dumps(record), encoding="utf-8")
    code, said, complained = run("publish", "2022")
    assert (code, complained) == (0, "")
    assert said.endswith(" numbers of 2022 are published, vintage 1\n")
    assert run("review", "2022") == (0, "2022: every published number is computed again to its last digit\n", "")

    project.change("observations/living.csv", "A,2022,poverty,,,8,", "A,2022,poverty,,,13,")
    project.sign()
    code, said, complained = run("review", "2022")
    assert (code, complained) == (1, "")
    lines = said.splitlines()
    assert "score.2022.A.home: value was published as 85.5, today it is 78" in lines
    assert lines[-2:] == [
        f"{len(lines) - 2} differences",
        "reports/2022 was made of other files than are there now: 2, the first data/observations/living.csv; "
        "'cwi report 2022' makes it of these",
    ]
    code, said, complained = run("publish", "2022")
    assert (code, said) == (2, "")
    assert complained == "DataError: reports/2022 was made of other data or rules than are there now; make it again\n"


# ---------------------------------------------------------------- the page for everybody, the consultation


def test_the_site_is_made_where_it_is_asked_for(run: Run, project: Any, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    code, said, complained = run("site", "--no-explorers", "--output", str(target))
    files = [path for path in target.rglob("*") if path.is_file()]
    assert (code, complained) == (0, "")
    assert said == f"elsewhere: {len(files)} files, {len(files)} of them written\n"
    assert (target / "kk" / "index.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    code, said, complained = run("site", "--no-explorers", "--output", str(target))
    assert (code, said, complained) == (0, f"elsewhere is up to date: {len(files)} files\n", "")
    code, said, complained = run("site", "2031", "--output", str(tmp_path / "other"))
    assert (code, said, complained) == (2, "", "DataError: there is no edition of 2031; there are 2022\n")
    assert not (tmp_path / "other").exists()


def test_nothing_of_a_rehearsal_leaves_without_its_mark(run: Run, project: Any, tmp_path: Path) -> None:
    project.append("editions/2022/edition.toml", "rehearsal = true\n")
    code, said, complained = run("site", "2022", "--output", str(tmp_path / "site"))
    assert (code, said) == (2, "")
    assert complained == (
        "DataError: the edition of 2022 is a rehearsal; the site for everybody is made of real figures only\n"
    )
    code, said, complained = run("export", "2022", str(tmp_path / "a.xlsx"))
    assert (code, said) == (2, "")
    assert complained == (
        "DataError: the edition of 2022 is a rehearsal; what 'cwi export' writes would not be marked\n"
    )
    assert not (tmp_path / "site").exists()
    assert not (tmp_path / "a.xlsx").exists()


def test_the_sheets_of_a_consultation(run: Run, tmp_path: Path) -> None:
    sheets = tmp_path / "sheets"
    code, said, complained = run("consultation", "template", str(sheets))
    assert (code, complained) == (0, "")
    names = ["budget.xlsx", "ahp.xlsx", "votes.xlsx", "proposals.xlsx"]
    assert said.splitlines() == [(sheets / name).as_posix() for name in names]
    assert sorted(path.name for path in sheets.iterdir()) == sorted(names)
    code, said, complained = run("consultation", "template", str(sheets))
    assert (code, said) == (2, "")
    assert complained == (
        f"DataError: {(sheets / 'budget.xlsx').as_posix()}: there is such a file already; name another folder\n"
    )
    code, said, complained = run("consultation", "template", str(tmp_path / "other"), "--methodology", "2042")
    assert (code, said) == (2, "")
    assert complained == (
        "MethodologyError: no methodology has the version '2042' (did you mean '2026.1'?); there are 2024.1, 2026.1\n"
    )


def test_a_synthetic_consultation_is_made_and_read_again(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "made"
    few = partial(consultation.synthesize_consultation, experts=100)
    monkeypatch.setattr(consultation, "synthesize_consultation", few)
    assert run("consultation", "synthesize", str(made), "--seed", "1") == (0, f"{made.as_posix()}\n", "")
    assert all(path.name.startswith("synthetic_") for path in made.iterdir())
    code, said, complained = run("consultation", "check", str(made))
    assert (code, complained) == (0, "")
    assert said.startswith(f"{made.as_posix()}: synthetic; Ballots(18000 on 56 indicators); Panel(")
    assert said.endswith("; 120 proposals\n")

    votes = made / "synthetic_votes.csv"
    head, first, *rest = votes.read_text(encoding="utf-8").splitlines()
    *cells, choices, origin = first.split(",")
    wrong = choices.split(";")[0] + "x"
    spoilt = ",".join([*cells, wrong, origin])
    votes.write_text("\n".join([head, spoilt, *rest[:500], ""]), encoding="utf-8")
    code, said, complained = run("consultation", "check", str(made))
    assert (code, said) == (2, "")
    known = list(read_methodology("2024.1").indicators["code"])
    assert complained == (
        f"DataError: {votes.as_posix()} line 2, column 'choices': there is no indicator '{wrong}' "
        f"(did you mean '{wrong[:-1]}'?); there are {', '.join(known[:20])}, and 36 more\n"
    )
    code, said, complained = run("consultation", "check", str(tmp_path / "none"))
    assert (code, said) == (2, "")
    assert complained == (
        f"DataError: {(tmp_path / 'none').as_posix()}: there is no votes.csv or votes.xlsx in this folder\n"
    )


# ---------------------------------------------------------------- the survey


def test_a_pilot_is_synthesized_checked_and_spoilt(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    code, said, complained = run("survey", "synthesize", str(folder), "--year", "2022", "--seed", "1", "--pilot")
    paths = [folder / f"synthetic-survey-2022-{respondent}.csv" for respondent in ("child", "parent")]
    assert (code, complained) == (0, "")
    assert said.splitlines() == [path.as_posix() for path in paths]
    for respondent, path in zip(("child", "parent"), paths, strict=True):
        table = pd.read_csv(path)
        assert set(table["synthetic"]) == {"synthetic"}
        assert set(table["region"]) == set(read_edition(2022).regions[:10])
        words = ("survey", "microdata", str(path), "--respondent", respondent, "--year", "2022")
        code, said, complained = run(*words)
        assert (code, complained) == (0, "")
        assert said == (f"{path.as_posix()}: {len(table)} questionnaires of the respondent '{respondent}' are read\n")
    other = tmp_path / "other"
    run("survey", "synthesize", str(other), "--year", "2022", "--seed", "2", "--pilot")
    assert (other / paths[0].name).read_bytes() != paths[0].read_bytes()
    again = tmp_path / "again"
    run("survey", "synthesize", str(again), "--year", "2022", "--seed", "1", "--pilot")
    assert (again / paths[0].name).read_bytes() == paths[0].read_bytes()

    table = pd.read_csv(paths[0])
    table.loc[[0, 3], "weight"] = [0, -1]
    table.loc[1, "region"] = "KZ-99"
    table.to_csv(paths[0], index=False)
    code, said, complained = run("survey", "microdata", str(paths[0]), "--respondent", "child", "--year", "2022")
    assert (code, complained) == (1, "")
    problems = said.splitlines()
    assert all(line.startswith(f"{paths[0].as_posix()}: row") for line in problems[:-1])
    assert any("weight" in line and "1, 4" in line for line in problems)
    assert any("KZ-99" in line for line in problems)
    assert problems[-1] == f"{len(problems) - 1} problems"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("survey", "synthesize", "data/answers"),
         "data/answers: this folder is in the repository and is not named 'synthetic'; name a folder outside it, or "
         "one with 'synthetic' in its name"),
        (("survey", "microdata", "none.csv", "--respondent", "chilld", "--year", "2023"),
         "respondent is 'chilld' (did you mean 'child'?); there are child, parent"),
        (("survey", "microdata", "none.csv", "--respondent", "child", "--year", "2023"),
         "none.csv: answers of persons may not lie in the repository; move the file out of it (only files with "
         "'synthetic' in their name may stay)"),
        (("survey", "microdata", "synthetic.csv", "--respondent", "child", "--year", "2023"),
         "synthetic.csv: there is no such file"),
        (("survey", "questionnaire", "here", "--survey", "2042"),
         "data/survey: there is no version '2042' (did you mean '2024.1'?); there are 2024.1"),
    ],
)  # fmt: skip
def test_words_of_the_survey_that_are_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(folders.root())
    before = sorted(path.name for path in folders.root().iterdir())
    assert run(*words) == (2, "", f"DataError: {said}\n")
    assert sorted(path.name for path in folders.root().iterdir()) == before
    assert not (folders.data() / "answers").exists()


def test_a_file_that_is_there_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    taken = tmp_path / "synthetic-survey-2023-parent.csv"
    taken.write_text("mine", encoding="utf-8")
    code, said, complained = run("survey", "synthesize", str(tmp_path), "--pilot")
    assert (code, said) == (2, "")
    assert complained == f"DataError: {taken.as_posix()}: there is such a file already; name another folder\n"
    assert [path.name for path in tmp_path.iterdir()] == [taken.name]
    assert taken.read_text(encoding="utf-8") == "mine"


def test_the_questionnaires_are_written_in_three_languages(run: Run, tmp_path: Path) -> None:
    code, said, complained = run("survey", "questionnaire", str(tmp_path / "q"))
    assert (code, complained) == (0, "")
    names = [f"questionnaire-{who}.{code}.html" for who in ("child", "parent") for code in LANGUAGES]
    assert said.splitlines() == [(tmp_path / "q" / name).as_posix() for name in names]
    assert all((tmp_path / "q" / name).read_text(encoding="utf-8").startswith("<!DOCTYPE html>") for name in names)


def test_methods_are_listed_with_what_they_need(run: Run) -> None:
    code, out, err = run("methods", "weighting")
    assert (code, err) == (0, "")
    assert "weighting critic (scale = 'minmax', correlation = 'pearson')\n    CRITIC" in out
    assert "traits: learns from the base years" in out
    assert run("methods", "weightings") == (
        2,
        "",
        "ParameterError: there is no family 'weightings' (did you mean 'weighting'?); there are normalisation, "
        "weighting, aggregation, imputation\n",
    )


# ---------------------------------------------------------------- at once, lists, JSON


HEAVY = ("numpy", "pandas", "scipy", "pandera", "matplotlib", "seaborn", "geopandas", "papermill", "nbformat", "babel")


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--help"], 0), (["--version"], 0), (["chek"], 2), (["survey", "--help"], 0), (["trace", "--help"], 0)],
)
def test_help_and_a_wrong_word_import_nothing_heavy(words: list[str], code: int) -> None:
    source = (
        "import sys\n"
        "from cwi.cli import main\n"
        "sys.argv[1:] = sys.argv[2:]\n"
        "try:\n    main()\n"
        "except SystemExit as left:\n    assert (left.code or 0) == int(sys.orig_argv[3]), left.code\n"
        f"print('heavy:', sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", source, str(code), *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "heavy: []"


def test_the_library_imports_scipy_stats_and_pandera_only_when_they_are_used() -> None:
    source = (
        "import sys, cwi; cwi.Edition; cwi.score; print(sorted({'scipy.stats', 'pandera', 'babel'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"


def test_the_names_of_the_library_are_its_front_door() -> None:
    import cwi

    assert set(cwi.__all__) <= set(dir(cwi))
    assert all(getattr(cwi, name).__name__ == name for name in cwi.__all__)
    assert cwi.methods.table("weighting")
    with pytest.raises(AttributeError, match=r"\Amodule 'cwi' has no attribute 'scores'\Z"):
        _ = cwi.scores


def test_the_version(run: Run) -> None:
    import cwi

    assert run("--version") == (0, f"cwi {cwi.__version__}\n", "")


@pytest.mark.parametrize("words", [("list", "editions"), ("edition", "list")])
def test_editions_are_listed(run: Run, project: Any, words: tuple[str, ...]) -> None:
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == [
        {"year": 2022, "methodology": "t1", "figures": "real", "published": "no", "revisions": 0}
    ]
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split() == ["year", "methodology", "figures", "published", "revisions"]
    assert out.splitlines()[1].split() == ["2022", "t1", "real", "no", "0"]


def test_methodologies_regions_and_indicators_are_listed(run: Run, project: Any) -> None:
    code, out, err = run("list", "methodologies", "--json")
    assert (code, err) == (0, "")
    (row,) = json.loads(out)
    assert (row["version"], row["status"], row["levels"], row["indicators"]) == ("t1", "working", "component, index", 3)
    code, out, err = run("list", "regions", "--json")
    assert (code, err) == (0, "")
    assert [row["code"] for row in json.loads(out)] == ["N", "A", "B", "EAST", "WEST", "OLD"]
    assert json.loads(out)[-1]["to"] == "2022-06-07"
    code, out, err = run("list", "regions", "--year", "2021", "--json")
    assert [row["code"] for row in json.loads(out)] == ["N", "A", "B", "OLD"]
    code, out, err = run("list", "indicators", "--methodology", "t1")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "methodology t1 (working)"
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["poverty", "water", "places"]
    code, out, err = run("list", "indicators", "--methodology", "t2")
    assert (code, out) == (2, "")
    assert err == "MethodologyError: no methodology has the version 't2'; there are t1\n"


def test_the_state_of_an_edition(run: Run, project: Any) -> None:
    code, out, err = run("edition", "show", "2022", "--json")
    state = json.loads(out)
    assert (code, err) == (0, "")
    assert state["checksum"] == read_edition(2022).checksum
    assert (state["regions"], state["indicators"], state["measured_indicators"]) == (4, 3, 3)
    assert (state["published_from_these_data_and_rules"], state["report"]) == ("not published", "none")
    code, out, err = run("edition", "show", "2022")
    assert (code, err) == (0, "")
    assert "methodology: t1 (working)" in out.splitlines()


def test_scores_are_printed_and_given_as_json(run: Run, project: Any) -> None:
    scores = read_edition(2022).scores
    top = scores.nodes[scores.nodes["node"] == "index"].set_index("region")
    code, out, err = run("score", "2022", "--json")
    assert (code, err) == (0, "")
    result = json.loads(out)
    assert (result["year"], result["methodology"]) == (2022, "t1")
    assert {row["region"] for row in result["regions"]} == set(top.index)
    for row in result["regions"]:
        score = top.at[row["region"], "score"]
        assert row["score"] == (None if pd.isna(score) else pytest.approx(score))
        assert list(row["component"]) == ["home", "school"]
    ranks = [row["rank"] for row in result["regions"] if row["rank"] is not None]
    assert ranks == sorted(ranks)
    assert ranks
    code, out, err = run("score", "2022")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "2022: methodology t1 (working)"
    assert out.splitlines()[1].split() == ["rank", "code", "region", "index", "home", "school"]
    code, out, err = run("score", "2022", "--level", "componnent")
    assert (code, out) == (2, "")
    assert err == (
        "ParameterError: there is no level 'componnent' (did you mean 'component'?); there are component, index\n"
    )


def test_a_region_is_traced_by_its_name_and_as_json(run: Run, project: Any) -> None:
    assert run("trace", "2022", "альфа") == run("trace", "2022", "A")
    code, out, err = run("trace", "2022", "Alpha", "home", "--json")
    assert (code, err) == (0, "")
    rows = json.loads(out)["rows"]
    assert [row["node"] for row in rows] == ["home", "poverty", "water"]
    assert rows[0]["value"] is None
    assert "data/observations/living.csv line 7 (A)" in rows[1]["lines"][2]


def test_check_and_review_as_json(run: Run, project: Any) -> None:
    project.write("country.toml", 'languages = ["en"]\n')
    code, out, err = run("check", "--json")
    assert (code, err) == (1, "")  # the weight of home is said for nothing
    result = json.loads(out)
    assert [part["name"] for part in result["parts"]] == list(PARTS)
    assert result["problems"] == sum(len(part["problems"]) for part in result["parts"]) == 1
    edition = read_edition(2022)
    published = recompute(edition, draws=100, seed=5)
    published.reset_index().to_csv(edition.path / "published.csv", index=False)
    record = {
        "methodology": "t1", "fingerprint": edition.methodology.fingerprint, "data": "0", "draws": 100, "seed": 5,
        "revision": [],
    }  # fmt: skip
    text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in record.items())
    (edition.path / "published.toml").write_text(text, encoding="utf-8")
    code, out, err = run("review", "2022", "--json")
    assert (code, err) == (1, "")
    assert json.loads(out) == {
        "year": 2022,
        "agrees": False,
        "inputs": [],
        "differences": [f"the checksum of the data was 0 when it was published and is {edition.checksum} now"],
        "added": [],
    }


def test_an_audit_as_json_counts_what_it_prints(run: Run) -> None:
    code, out, err = run("audit", "2023", "--draws", "5", "--json")
    assert (code, err) == (0, "")
    result = json.loads(out)
    for verdict in ("fail", "attention", "pass"):
        assert result[verdict] == sum(row["verdict"] == verdict for row in result["checks"])
    code, out, err = run("audit", "2023", "--draws", "5")
    total = next(line for line in out.splitlines() if line.startswith("all "))
    assert total.split()[1:] == [str(result[verdict]) for verdict in ("fail", "attention", "pass")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cwi trace 20", {"2022"}),
        ("cwi trace 2022 EA", {"EAST"}),
        ("cwi trace 2022 Alp", {"Alpha"}),
        ("cwi methods w", {"weighting"}),
    ],
)
def test_the_shell_completes_years_regions_and_families(project: Any, line: str, words: set[str]) -> None:
    command = shutil.which("cwi", path=str(Path(sys.executable).parent))
    assert command
    asked = {"_CWI_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    done = subprocess.run([command], capture_output=True, text=True, env={**os.environ, **asked}, check=True)
    assert set(done.stdout.split()) == words


# ---------------------------------------------------------------- parts that are not installed


def test_a_part_that_is_not_installed_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answers = tmp_path / "answers.sav"
    answers.write_bytes(b"$FL2")
    monkeypatch.setitem(sys.modules, "pyreadstat", None)  # as where it is not installed
    assert run("survey", "microdata", str(answers), "--respondent", "child", "--year", "2023") == (
        2,
        "",
        f"MissingExtraError: {answers.as_posix()}: a file .sav needs the package 'pyreadstat', which is not installed; "
        "pip install 'cwi[survey]' installs it\n",
    )
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    import cwi.report.explorer as explorer

    with pytest.raises(CwiError) as refused:
        _ = explorer.weights_explorer
    assert str(refused.value) == (
        "the weights explorer in JupyterLab needs the package 'ipywidgets', which is not installed; "
        "pip install 'cwi[lab]' installs it"
    )


# ---------------------------------------------------------------- measures


def test_the_measures_are_judged_on_a_day(run: Run) -> None:
    code, out, _ = run("policy", "--as-of", "2026-11-27", "--status", "missed")
    assert code == 0
    head, columns, *rows = out.splitlines()
    counts = "1 kept, 0 on track, 0 late, 3 missed, 5 moved, 19 cannot be checked"
    assert head == f"As of 2026-11-27: {counts}. Descriptive, no effects."
    assert columns.split() == ["measure", "target", "due", "announced", "status", "figure", "dated", "reason"]
    assert [row.count("missed") for row in rows if "2024-12-31" in row] == [1, 1, 1]
    code, out, _ = run("policy", "--as-of", "2025-01-31", "--json")
    result = json.loads(out)
    assert (code, result["as_of"]) == (0, "2025-01-31")
    assert {row["status"] for row in result["targets"]} >= {"missed", "kept"}
    assert all(row["due"] is None or re.fullmatch(r"\d{4}-\d\d-\d\d", row["due"]) for row in result["targets"])


def test_words_of_the_measures_that_are_refused(run: Run) -> None:
    assert run("policy", "--as-of", "soon")[::2] == (
        2,
        "DataError: as_of is 'soon'; it must be a day such as 2026-11-27\n",
    )
    code, _, err = run("policy", "--status", "mised")
    assert (code, err) == (
        2,
        "ParameterError: there is no status 'mised' (did you mean 'missed'?); there are kept, on track, late, missed, "
        "moved, cannot be checked\n",
    )


def test_a_region_without_an_index_under_what_is_replaced_has_a_dash(run: Run) -> None:
    code, out, _ = run("review", "2023", "--replace", "max_age=1")
    assert code == 0
    assert out.count("–") >= 3


def test_a_terminal_that_lacks_a_letter_prints_its_code() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cwi.cli", "trace", "2023", "Astana"], capture_output=True, check=False,
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert b" \\xd7 77.875000" in done.stdout
