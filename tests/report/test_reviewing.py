"""Each of fifteen tamperings is named by one review, whatever else was rewritten to hide it."""

import ast
import csv
import hashlib
import json
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import openpyxl
import pandas as pd
import pytest
from nbformat.v4 import new_output
from PIL import Image
from pypdf import PdfReader, PdfWriter
from test_render import _OneProcess

from cwi import folders, read_edition
from cwi.errors import DataError, ParameterError
from cwi.published import FROZEN, freeze_rows
from cwi.report import publication, render
from cwi.report.blocks import OUTPUT, Section
from cwi.report.manifest import digest, inputs
from cwi.report.publication import recompute
from cwi.report.reviewing import (
    Verdict,
    compare_reports,
    open_bundle,
    review_all,
    score_replaced,
    sign_manifest,
    signature_of,
    write_bundle,
)
from cwi.report.reviewing import verdict as verdicts
from cwi.report.reviewing.materials import print_packages
from cwi.rules import Rule
from tests.conftest import Project
from tests.report.followed_pages import Follower

pytestmark = pytest.mark.slow  # its fixtures take seconds

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
YEAR, GIVEN = 2022, {"draws": 100, "seed": 1, "methodology": "t1"}


def square(code: str, west: float) -> dict[str, Any]:
    corners = [[west, 45], [west + 1, 45], [west + 1, 46], [west, 46], [west, 45]]
    shape = {"type": "Polygon", "coordinates": [corners]}
    return {"type": "Feature", "properties": {"code": code}, "geometry": shape}


def execute(source: Path, target: Path, parameters: dict[str, Any], folder: Path | None = None, **_: Any) -> Any:
    """The notebook run in this process, without a kernel."""
    notebook, names = nbformat.read(source, as_version=4), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(OUTPUT, str(folder))
        for number, cell in enumerate(cell for cell in notebook.cells if cell.cell_type == "code"):
            tree = ast.parse(cell.source)
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "cell", "exec"), names)
            if number == 0:
                names |= parameters
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last is not None else None
            if isinstance(value, Section):
                cell.outputs = [new_output("execute_result", data=value._repr_mimebundle_(), execution_count=None)]
    nbformat.write(notebook, target)
    return notebook


@dataclass
class Case:
    """A project with a published edition and its report, and the same report made again."""

    root: Path
    again: Path

    @property
    def report(self) -> Path:
        return self.root / "reports" / str(YEAR)

    def review(self, **given: Any) -> Verdict:
        return review_all(YEAR, made=self.again, **given)

    def rewrite(self) -> None:
        """The manifest rewritten, as an attacker would: every checksum is that of the file."""
        path = self.report / "manifest.json"
        record = json.loads(path.read_text(encoding="utf-8"))
        record["outputs"] = {name: digest(self.report / name) for name in record["outputs"]}
        record["inputs"] = inputs()
        path.write_text(json.dumps(record), encoding="utf-8")

    def change(self, name: str, old: bytes, new: bytes) -> None:
        path = self.root / name
        data = path.read_bytes()
        assert old in data, f"{old!r} is not in {name}"
        path.write_bytes(data.replace(old, new, 1))

    def artefacts(self) -> list[str]:
        record = json.loads((self.report / "manifest.json").read_text(encoding="utf-8"))
        return [str(each) for each in compare_reports(self.report, self.again, record)[1]]


NETWORK: list[str] = []  # what a run tried to reach


def refuse(*address: Any) -> None:
    NETWORK.append(repr(address[-1]))
    raise OSError("there is no network in a run")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    root = tmp_path_factory.mktemp("reviewed") / "project"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CWI_ROOT", str(root))
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        patch.setattr(render, "ProcessPoolExecutor", _OneProcess)
        patch.setattr(render, "execute", execute)
        project = Project(root)
        project.write("country.toml", 'languages = ["en"]\n')
        project.change("methodology/t1/methodology.toml", "weight = 2\n", "")
        shapes = [square(code, 60 + 2 * i) for i, code in enumerate(["A", "B", "EAST", "WEST"])]
        document = json.dumps({"type": "FeatureCollection", "features": shapes})
        for year in (2018, 2022):
            old = document if year == 2022 else document.replace("EAST", "OLD").replace("WEST", "N")
            project.write(f"boundaries/regions_{year}.geojson", old)
        shutil.copytree(Path(render.__file__).parents[2] / "notebooks", root / "notebooks")
        edition = read_edition(YEAR)
        table = recompute(edition, draws=GIVEN["draws"], seed=GIVEN["seed"]).reset_index()
        table.to_csv(edition.path / "published.csv", index=False)
        (edition.path / FROZEN).write_bytes(freeze_rows(edition))
        facts = {"methodology": "t1", "fingerprint": edition.methodology.fingerprint, "data": edition.checksum,
                 "draws": GIVEN["draws"], "seed": GIVEN["seed"], "revision": []}  # fmt: skip
        text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in facts.items())
        (edition.path / "published.toml").write_text(text, encoding="utf-8")
        render.make_report(YEAR, languages=["en"], **GIVEN)
        again = render.make_report(YEAR, languages=["en"], output=root.parent / "again", **GIVEN)
        yield Case(root, again)


@pytest.fixture
def case(original: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A copy to tamper with."""
    shutil.copytree(original.root, tmp_path / "project")
    monkeypatch.setenv("CWI_ROOT", str(tmp_path / "project"))
    return Case(tmp_path / "project", original.again)


def test_what_nobody_touched_agrees_byte_by_byte(case: Case) -> None:
    verdict = case.review()
    assert verdict.record() == verdict.record() | {
        "agrees": True, "content_agrees": True, "problems": [], "numbers": [], "artefacts": [], "manifest": []
    }  # fmt: skip
    assert {Path(name).suffix for name in verdict.compared} == {
        ".csv",
        ".html",
        ".ipynb",
        ".pdf",
        ".png",
        ".svg",
        ".xlsx",
    }
    assert verdict.signature.sentence == "the manifest is not signed"
    assert verdict.reasons == (
        "data, code, libraries and machine are those of the manifest: what differs was changed afterwards",
    )


# ---------------------------------------------------------------- the report


def ledger(case: Case) -> str:
    case.change(f"reports/{YEAR}/ledger.csv", b"score.2022.A.home,85.5,", b"score.2022.A.home,95.5,")
    return r"ledger\.csv, line \d+, score\.2022\.A\.home, value: '95\.5' is there and '85\.5' is made \(10 more\)"


def table(case: Case) -> str:
    name = next(path.name for path in sorted((case.report / "tables").glob("*.csv")) if b"85.5" in path.read_bytes())
    case.change(f"reports/{YEAR}/tables/{name}", b"85.5", b"86.5")
    return rf"tables/{re.escape(name)}, .*: '86\.5' is there and '85\.5' is made \(1 more\)"


def notebook(case: Case) -> str:
    case.change(f"reports/{YEAR}/official_report.en.ipynb", b">85.5<", b">86.5<")
    return r"official_report\.en\.ipynb, cell \d+, output text/html: '86\.5' is there and '85\.5' is made \(1 more\)"


def page(case: Case) -> str:
    case.change(f"reports/{YEAR}/report.en.html", b">85.5<", b">86.5<")
    return r"report\.en\.html, text: '86\.5' is there and '85\.5' is made \(1 more\)"


def drawing(case: Case) -> str:
    path = sorted((case.report / "figures").glob("*.svg"))[0]
    text = path.read_text(encoding="utf-8")
    found = re.search(r'(<path [^>]*d="M )(\d)', text)
    assert found is not None
    path.write_text(text.replace(found[0], f"{found[1]}{(int(found[2]) + 1) % 10}", 1), encoding="utf-8")
    return rf"figures/{re.escape(path.name)}: drawn otherwise \(1 lines of the drawing\)"


def pixels(case: Case) -> str:
    path = sorted((case.report / "figures").glob("*.png"))[0]
    image = np.asarray(Image.open(path).convert("RGB")).copy()
    image[10:20, 10:20] = 0
    Image.fromarray(image).save(path)
    return rf"figures/{re.escape(path.name)}: drawn otherwise \([\d.e-]+% of the pixels, by up to \d+ of 255\)"


def cell(case: Case) -> str:
    path = case.report / "tables.en.xlsx"
    book = openpyxl.load_workbook(path)
    found = next(c for sheet in book for row in sheet.iter_rows() for c in row if c.value == 85.5)
    found.value = 86.5
    book.save(path)
    return rf"tables\.en\.xlsx, sheet '[^']+', cell {found.coordinate}: '86\.5' is there and '85\.5' is made \(1 more\)"


def pdf(case: Case) -> str:
    path = case.report / "report.en.pdf"
    writer = PdfWriter()
    for each in PdfReader(path).pages[:-1]:
        writer.add_page(each)
    writer.write(path)
    return r"report\.en\.pdf, pages: '\d+' is there and '\d+' is made \(1 less\)"


def gone(case: Case) -> str:
    (case.report / "report.en.pdf").unlink()
    return r"report\.en\.pdf: 'nothing' is there and 'a file' is made"


@pytest.mark.parametrize("tamper", [ledger, table, notebook, page, drawing, pixels, cell, pdf])
def test_what_was_changed_in_a_report_is_named_with_the_manifest_rewritten(
    case: Case, tamper: Callable[[Case], str]
) -> None:
    assert case.artefacts() == []
    sentence = tamper(case)
    case.rewrite()
    found = case.artefacts()
    assert len(found) == 1, found
    assert re.fullmatch(sentence, found[0]), found[0]


def test_a_missing_and_an_unknown_file_are_named(case: Case) -> None:
    sentence = gone(case)
    (case.report / "ledger.csv.bak").write_text("x", encoding="utf-8")
    record = json.loads((case.report / "manifest.json").read_text(encoding="utf-8"))
    record["outputs"]["ledger.csv.bak"] = digest(case.report / "ledger.csv.bak")
    found = [str(each) for each in compare_reports(case.report, case.again, record)[1]]
    assert re.fullmatch(sentence, found[0])
    assert found[1:] == ["ledger.csv.bak: 'a file' is there and 'nothing' is made"]


def test_a_file_and_a_language_that_the_manifest_leaves_out_are_named(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As somebody would hide a change: the other language taken out of the manifest."""
    for name in ("official_report.ru.ipynb", "report.ru.html"):
        shutil.copyfile(case.report / name.replace(".ru.", ".en."), case.report / name)
    assert case.artefacts() == [
        "official_report.ru.ipynb: 'a file' is there and 'nothing' is made",
        "report.ru.html: 'a file' is there and 'nothing' is made",
    ]
    asked: list[list[str]] = []

    def make(year: int, *, languages: list[str], **given: Any) -> Path:
        asked.append(languages)
        return case.again

    monkeypatch.setattr(verdicts, "make_report", make)
    assert not review_all(YEAR).agrees
    assert asked == [["en", "ru"]]


def test_a_row_that_is_there_twice_is_named(case: Case) -> None:
    """The changed one first, where a table of rows by name would keep the last."""
    path = case.report / "ledger.csv"
    row = next(line for line in path.read_bytes().splitlines(keepends=True) if line.startswith(b"score.2022.A.home,"))
    case.change(f"reports/{YEAR}/ledger.csv", row, row.replace(b"85.5,", b"95.5,", 1) + row)
    case.rewrite()
    sentence = r"ledger\.csv, line \d+, value: '95\.5' is there and '85\.5' is made \(10 more\)"
    assert re.fullmatch(sentence, case.artefacts()[0])


def test_committed_files_are_reviewed_without_a_manifest(case: Case) -> None:
    """As in a clean checkout: executed notebooks, tables and ledger."""
    for path in [*case.report.glob("*.html"), *case.report.glob("*.pdf"), case.report / "manifest.json"]:
        path.unlink()
    shutil.rmtree(case.report / "figures")
    assert compare_reports(case.report, case.again, {})[1] == []
    sentences = [ledger(case), notebook(case)]
    found = [str(each) for each in compare_reports(case.report, case.again, {})[1]]
    assert [bool(re.fullmatch(*pair)) for pair in zip(sentences, found, strict=True)] == [True, True]


# ---------------------------------------------------------------- the manifest, data, rules and code


def test_a_checksum_of_the_manifest_is_named(case: Case) -> None:
    path = case.report / "manifest.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["outputs"]["ledger.csv"] = "0" * 64
    record["inputs"]["data/regions.csv"] = "1" * 64
    record["edition"]["status"] = "official"
    path.write_text(json.dumps(record), encoding="utf-8")
    verdict = case.review()
    sha = digest(case.report / "ledger.csv")[:12]
    assert verdict.manifest == (
        f"manifest.json: ledger.csv is not the file that it names (its sha256 is {sha}…)",
        "manifest.json: data/regions.csv is another file since the report was made",
        "manifest.json: status is 'official'; it is 'working'",
    )
    assert not verdict.agrees
    assert verdict.reasons == ("the data changed: 1 files, the first data/regions.csv",)


def renew(case: Case) -> None:
    """The checksums of sources renewed, as an attacker would."""
    path = case.root / "data/sources.toml"
    text = path.read_text(encoding="utf-8")
    for name in ("living", "schools"):
        sha = hashlib.sha256((case.root / f"data/observations/{name}.csv").read_bytes()).hexdigest()
        text = re.sub(rf'(file = "observations/{name}\.csv"\nsha256 = ")\w+', rf"\g<1>{sha}", text)
    path.write_text(text, encoding="utf-8")


def observation(case: Case, _: pytest.MonkeyPatch) -> str:
    case.change("data/observations/living.csv", b"A,2022,poverty,,,8,,,", b"A,2022,poverty,,,9,,,")
    renew(case)
    return "poverty in A, 2022: value was '8.0' when it was published and is '9.0' now"


def end(case: Case, _: pytest.MonkeyPatch) -> str:
    case.change("data/methodology/t1/indicators.csv", b"poverty,home,Poverty,50,0", b"poverty,home,Poverty,60,0")
    return "score.2022.A.home: value was published as 85.5, today it is 87.5"


def weight(case: Case, _: pytest.MonkeyPatch) -> str:
    case.change("data/methodology/t1/indicators.csv", b"50,0,linear,3,open", b"50,0,linear,2,open")
    return "score.2022.A.home: value was published as 85.5, today it is 86"


def code(case: Case, patch: pytest.MonkeyPatch) -> str:
    mean = Rule.__call__
    patch.setattr(
        Rule, "__call__", lambda self, *arrays: mean(self, *arrays) + (0.5 if self.name == "arithmetic" else 0)
    )
    return "score.2022.A.home: value was published as 85.5, today it is 86"


def published(case: Case, _: pytest.MonkeyPatch) -> str:
    case.change(f"data/editions/{YEAR}/published.csv", b"score.2022.A.home,85.5,", b"score.2022.A.home,88.5,")
    return "score.2022.A.home: value was published as 88.5, today it is 85.5"


@pytest.mark.parametrize("tamper", [observation, end, weight, code, published])
def test_what_was_changed_in_data_rules_or_code_is_named_with_the_manifest_rewritten(
    case: Case, monkeypatch: pytest.MonkeyPatch, tamper: Callable[[Case, pytest.MonkeyPatch], str]
) -> None:
    sentence = tamper(case, monkeypatch)
    case.rewrite()
    assert sentence in publication.reviewed(read_edition(YEAR))[0]


def test_the_checksum_of_a_source_is_named(case: Case) -> None:
    path = case.root / "data/sources.toml"
    text = path.read_text(encoding="utf-8")
    sha = hashlib.sha256((case.root / "data/observations/schools.csv").read_bytes()).hexdigest()
    path.write_text(text.replace(sha, "0" * 64), encoding="utf-8")
    case.rewrite()
    (problem,) = case.review().problems
    assert problem == (
        "data/observations/schools.csv: the file is not the one that 'schools' records in data/sources.toml (its "
        f"sha256 is {sha}); if the change is meant, write the new checksum and the reason there"
    )


# ---------------------------------------------------------------- who answers for it


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


def test_it_is_named_whose_signature_holds(case: Case, key: Path, says: Says) -> None:
    public = " ".join(key.with_suffix(".pub").read_text(encoding="utf-8").split()[:2])
    sign_manifest(case.report, key)
    assert signature_of(case.report).sentence == "the manifest is signed, and signers names no signers"
    (case.root / "signers").write_text(f"# who may sign\naigul@stat.example {public}\n", encoding="utf-8")
    held = signature_of(case.report)
    assert (held.signed, held.holds, held.signer) == (True, True, "aigul@stat.example")
    assert held.sentence == "the manifest is signed by aigul@stat.example, and the signature holds"
    case.change(f"reports/{YEAR}/manifest.json", b'"languages"', b'"Languages"')
    broken = signature_of(case.report)
    assert (broken.signed, broken.holds) == (True, False)
    assert broken.sentence == (
        "the manifest is signed, and the signature is of nobody in signers, or the manifest was changed after it was "
        "signed"
    )
    with says(DataError, "nokey: there is no such file; name a private key, such as ~/.ssh/id_ed25519"):
        sign_manifest(case.report, Path("nokey"))


def test_without_a_report_there_is_nothing_to_review(case: Case, says: Says) -> None:
    shutil.rmtree(case.report)
    with says(DataError, f"reports/{YEAR}: there is no report to review; 'cwi report {YEAR}' makes one"):
        case.review()


# ---------------------------------------------------------------- the page


def test_the_page_on_reviews_is_followed(
    case: Case, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 2022 for 2023 and t1 for 2026.1, the edition and the methodology of the small project."""
    small = {"2023": str(YEAR)}
    page = Follower("review.md")
    monkeypatch.chdir(case.root)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    for name in ("id", "id.pub"):
        shutil.copy(key.with_name(name), tmp_path / ".ssh" / name.replace("id", "id_ed25519"))
    monkeypatch.setattr(verdicts, "make_report", lambda year, **_: case.again)
    assert page.run("cwi review 2023", **small).startswith(f"{YEAR}: every published number is computed again")
    assert page.run("cwi review 2023 --all", **small).endswith(f"{YEAR}: agrees")
    assert json.loads(page.run("cwi review 2023 --all --json", **small))["agrees"] is True
    assert "manifest.json.sig" in page.run("cwi sign 2023 --key ~/.ssh/id_ed25519", **small)
    public = " ".join(key.with_suffix(".pub").read_text(encoding="utf-8").split()[:2])
    (case.root / "signers").write_text(f"aigul@stat.gov.kz {public}\n", encoding="utf-8")
    printed = page.run("cwi review 2023 --all --signers signers", **small)
    assert "the manifest is signed by aigul@stat.gov.kz, and the signature holds" in printed
    assert f"cwi-{YEAR}.zip" in page.run("cwi bundle 2023", **small)
    assert f"{YEAR}: agrees" in page.run("cwi review cwi-2023.zip", **small)
    variation = page.run("cwi review 2023 --replace methodology=2026.1", **small, **{"2026.1": "t1"})
    assert "a reviewer's variation: methodology=t1" in variation
    page.run("cwi review 2023 --replace index.aggregation=geometric --replace max_age=1", **small)
    page.end()


# ---------------------------------------------------------------- a reviewer's variation


def test_a_variation_stands_beside_the_official_index(case: Case, says: Says) -> None:
    edition = read_edition(YEAR)
    table = score_replaced(edition, ["index.aggregation=geometric", "max_age=0"])
    other = edition.under(index={"aggregation": "geometric"}, max_age=0).scores
    assert table["official"].to_dict() == {r: edition.scores.of("index").at[r, YEAR] for r in table.index}
    assert table["replaced"].to_dict() == pytest.approx({r: other.of("index").at[r, YEAR] for r in table.index})
    assert table["rank"].is_monotonic_increasing
    assert isinstance(table, pd.DataFrame)
    with says(ParameterError, "'max_age' replaces nothing; write NAME=VALUE, such as methodology=2026.1"):
        score_replaced(edition, ["max_age"])
    assert folders.root() == case.root


# ---------------------------------------------------------------- no network, and nothing that a page could load


def test_a_run_reaches_for_no_network(original: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    assert original.report.is_dir()
    assert NETWORK == []
    monkeypatch.setattr(socket, "getaddrinfo", refuse)  # the control
    with pytest.raises(OSError, match="there is no network in a run"):
        socket.create_connection(("example.org", 80))
    assert NETWORK.pop().startswith(("0", "<", "'"))


def test_every_page_has_a_policy_that_loads_nothing(original: Case) -> None:
    policy = re.compile(
        r'<meta (?=[^>]*http-equiv="Content-Security-Policy")[^>]*content="default-src \'none\'; ([^"]*)"'
    )
    pages = sorted(original.report.glob("*.html"))
    folder = Path(render.__file__).parent / "templates"
    templates = [path for path in sorted(folder.rglob("*.j2")) if "<head" in path.read_text(encoding="utf-8")]
    assert len(pages) == 2
    assert [path.relative_to(folder).as_posix() for path in templates] == [
        "explorer.html.j2", "page/index.html.j2", "questionnaire.html.j2", "site/base.html.j2", "site/entrance.html.j2",
    ]  # fmt: skip
    for path in (*pages, *templates):
        found = policy.search(path.read_text(encoding="utf-8"))
        assert found is not None, path.name
        assert not re.search(r"https?:|\*|unsafe-eval", found[1])


# ---------------------------------------------------------------- the bundle


def test_the_licence_of_every_package_of_the_lock_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    lock = folders.CODE.parent / "requirements.lock"
    print_packages(lock)
    rows = list(csv.reader(capsys.readouterr().out.splitlines()))
    pinned = [line.partition("==")[0] for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line]
    assert [row[0] for row in rows] == [name.strip() for name in pinned]
    licences = {name: licence for name, _, licence in rows}
    assert "BSD" in licences["pandas"]
    assert sum(not licence for licence in licences.values()) < len(rows) / 10


@pytest.fixture
def bundle(case: Case, tmp_path: Path) -> Path:
    target = tmp_path / "cwi-2022.zip"
    write_bundle(YEAR, target)
    return target


def test_a_bundle_is_reviewed_without_the_repository(case: Case, bundle: Path) -> None:
    again = bundle.with_name("again.zip")
    write_bundle(YEAR, again)
    assert again.read_bytes() == bundle.read_bytes()
    with open_bundle(bundle) as (project, year, differing):
        assert (year, differing) == (YEAR, [])
        done = subprocess.run(
            [sys.executable, "-I", "-S", "verify.py"], cwd=project, capture_output=True, text=True, check=False
        )
        n = len((project / "checksums.sha256").read_text(encoding="utf-8").splitlines())
        assert (done.returncode, done.stdout) == (0, f"{n} files checked, 0 differ\n")
        with folders.within(project):
            assert review_all(YEAR, made=case.again).agrees
        bill = json.loads((project / "sbom.cdx.json").read_text(encoding="utf-8"))
        assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
        tables = json.loads((project / "datapackage.json").read_text(encoding="utf-8"))["resources"]
        assert {each["path"] for each in tables} >= {"data/observations/living.csv", "reports/2022/ledger.csv"}
        for each in tables:
            data = (project / each["path"]).read_bytes()
            assert (each["hash"], each["bytes"]) == (f"sha256:{hashlib.sha256(data).hexdigest()}", len(data))
        crate = json.loads((project / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
        assert {each["@id"] for each in crate} >= {"./", "ro-crate-metadata.json", "cwi/folders.py", "data/regions.csv"}


def test_what_was_changed_in_a_bundle_is_named(bundle: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.zip"
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(spoilt, "w") as new:
        for part in old.infolist():
            data = old.read(part)
            if not part.filename.endswith("series.csv"):
                new.writestr(part, data.replace(b"A,2022,poverty,,,8,", b"A,2022,poverty,,,9,"))
        new.writestr("cwi-2022/data/more.csv", "a")
    with open_bundle(spoilt) as (project, _, differing):
        assert differing == [
            "data/series.csv: it is missing in the bundle", "data/more.csv: checksums.sha256 does not name it",
            "data/observations/living.csv: it is not the file that checksums.sha256 names",
        ]  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-I", "-S", "verify.py"], cwd=project, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("../out", "the name '../out' leads out of the archive"),
        ("/out", "the name '/out' leads out of the archive"),
        ("a/b", "it is no bundle; 'cwi bundle YEAR' writes one"),
    ],
)
def test_an_archive_that_is_no_bundle(tmp_path: Path, says: Says, name: str, sentence: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "x")
    with says(DataError, f"{path.as_posix()}: {sentence}"), open_bundle(path):
        pass
    path.write_bytes(b"no archive")
    with says(DataError, f"{path.as_posix()}: it cannot be unpacked (File is not a zip file)"), open_bundle(path):
        pass


def test_a_report_that_is_not_whole_is_not_bundled(case: Case, tmp_path: Path, says: Says) -> None:
    ledger(case)
    target = tmp_path / "a.zip"
    with says(DataError, "reports/2022/ledger.csv is not the file that the manifest names; make it again"):
        write_bundle(YEAR, target)
    with says(DataError, "a.tar: the name ends in '.tar'; a bundle ends in .zip"):
        write_bundle(YEAR, Path("a.tar"))
    assert not target.exists()
