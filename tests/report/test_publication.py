"""What was printed is kept, and a number that would be printed otherwise today is named."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cwi import DataError, Edition, read_edition
from cwi.edition import editions
from cwi.published import PUBLISHED, read_published
from cwi.report import publication
from cwi.report.languages import LANGUAGES
from cwi.report.publication import added, compare, publish, recompute, review, reviewed

DRAWS, SEED = 100, 5
_recompute = recompute
KEPT = [year for year, folder in editions().items() if (folder / "published.csv").is_file()]


@pytest.fixture(autouse=True)
def _computed_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal data, rules, draws and seed give equal numbers, which one test holds; the others take them from before."""
    if request.node.name == "test_the_numbers_do_not_depend_on_the_order_of_languages_or_runs":
        return
    for module in (publication, sys.modules[__name__]):
        monkeypatch.setattr(module, "recompute", _once)


_KEPT: dict[tuple[object, ...], pd.DataFrame] = {}


def _once(edition: Edition, *, draws: int, seed: int) -> pd.DataFrame:
    key = (edition.year, edition.checksum, edition.methodology.fingerprint, draws, seed)
    if key not in _KEPT:
        _KEPT[key] = _recompute(edition, draws=draws, seed=seed)
    return _KEPT[key].copy()


def finished(folder: Path, year: int = 2022, **changes: Any) -> Path:
    """A report of the small project as `cwi report` leaves it: the ledger and the manifest."""
    edition = read_edition(year)
    folder.mkdir(parents=True, exist_ok=True)
    ledger = recompute(edition, draws=DRAWS, seed=SEED).reset_index()
    ledger.assign(edition=year).to_csv(folder / "ledger.csv", index=False)
    digest = hashlib.sha256((folder / "ledger.csv").read_bytes()).hexdigest()
    record = {
        "inputs": {},
        "outputs": {"ledger.csv": digest},
        "edition": {"fingerprint": edition.methodology.fingerprint, "data": edition.checksum},
        "languages": sorted(LANGUAGES),
        "parameters": {"draws": DRAWS, "seed": SEED},
    } | changes
    (folder / "manifest.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


@pytest.mark.slow
def test_what_was_published_is_found_again(project: Any, tmp_path: Path) -> None:
    edition = read_edition(2022)
    n = publish(edition, finished(tmp_path / "report"))
    table, record = read_published(edition)
    assert n == len(table) > 30
    assert (table[["text_en", "text_ru", "text_kk"]] != "").all(axis=None)
    assert record["draws"] == DRAWS
    assert record["revision"] == []
    assert review(edition) == []


@pytest.mark.slow
def test_a_changed_observation_names_its_numbers(project: Any, tmp_path: Path) -> None:
    publish(read_edition(2022), finished(tmp_path / "report"))
    project.change(
        "observations/living.csv", "A,2022,poverty,,,8,,,normal,living,", "A,2022,poverty,,,13,,,normal,living,"
    )
    project.sign()
    found = review(read_edition(2022))
    # poverty of A from 8 to 13: its score falls from 84 to 74, home by 7.5 (weights 3 and 1), the index by 5
    assert "score.2022.A.home: value was published as 85.5, today it is 78" in found
    assert any(line.startswith("score.2022.A.index: value was published as") for line in found)
    assert found[0].startswith("the checksum of the data was ")
    assert found[1] == "poverty in A, 2022: value was '8.0' when it was published and is '13.0' now"
    assert not [line for line in found if line.startswith(("score.2022.B.", "score.2022.N.", "score.2022.EAST."))]


@pytest.mark.slow
def test_a_changed_rule_names_its_numbers(project: Any, tmp_path: Path) -> None:
    publish(read_edition(2022), finished(tmp_path / "report"))
    project.change("methodology/t1/methodology.toml", "weight = 2", "weight = 3\nweighting = 'equal'")
    found = review(read_edition(2022))
    assert found[0].startswith("the methodology's fingerprint was ")
    assert found[1].startswith("the checksum of the data was ")
    assert any(line.startswith("score.2022.A.home: value was published as 85.5, today it is 87") for line in found)


def test_new_and_lost_numbers_are_named() -> None:
    columns = list(PUBLISHED[1:])
    one, two, three = ([digit, "", "0", digit, digit, digit] for digit in "123")
    old = pd.DataFrame([one, two], columns=columns, index=["a", "b"])
    new = pd.DataFrame([[*one[:-1], "один"], three], columns=columns, index=["a", "c"])
    assert compare(old, old) == []
    assert compare(old, new) == [
        "a: text_kk was published as 1, today it is один",
        "b: published as 2, not computed today",
    ]
    assert added(old, new) == ["c"]
    assert added(old, old) == []


@pytest.mark.slow
def test_a_new_section_contradicts_nothing_and_its_numbers_are_added_without_a_reason(
    project: Any, tmp_path: Path
) -> None:
    edition = read_edition(2022)
    report = finished(tmp_path / "report")
    publish(edition, report)
    target = project.path("editions/2022/published.csv")
    whole = target.read_bytes().decode()
    fewer = "".join(line for line in whole.splitlines(keepends=True) if not line.startswith("score.2022.B."))
    project.write("editions/2022/published.csv", fewer)  # as published before the report printed the scores of B
    differences, new = reviewed(edition)
    assert differences == []
    assert new == [line.partition(",")[0] for line in whole.splitlines() if line.startswith("score.2022.B.")]
    assert review(edition) == []
    publish(edition, report)
    assert target.read_bytes().decode() == whole
    assert read_published(edition)[1]["revision"] == []


@pytest.mark.slow
def test_published_numbers_are_replaced_only_with_a_reason(project: Any, tmp_path: Path) -> None:
    publish(read_edition(2022), finished(tmp_path / "report"))
    files = [project.path(f"editions/2022/published.{kind}") for kind in ("csv", "toml")]
    kept = [path.read_bytes() for path in files]
    project.change("observations/living.csv", "N,2022,water,,,90,", "N,2022,water,,,91,")
    project.sign()
    edition, report = read_edition(2022), finished(tmp_path / "report")
    said = r"^\d+ numbers of 2022 were published otherwise, the first: .+; give the reason with --revision$"
    with pytest.raises(DataError, match=said):
        publish(edition, report)
    assert kept == [path.read_bytes() for path in files]
    publish(edition, report, revision="the Bureau corrected «water»")
    _, record = read_published(edition)
    assert len(record["revision"]) == 1
    assert record["revision"][0].endswith(" numbers: the Bureau corrected «water»")
    assert review(edition) == []
    publish(edition, report)
    assert read_published(edition)[1]["revision"] == record["revision"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"languages": ["en"]}, "reports/2022 is no finished report in all languages; make it first"),
        (
            {"edition": {"fingerprint": "0", "data": "0"}},
            "reports/2022 was made of other data or rules than are there now; make it again",
        ),
    ],
)
def test_only_a_finished_report_of_todays_data_is_published(
    project: Any, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    edition, report = read_edition(2022), finished(tmp_path / "report", **changes)
    with pytest.raises(DataError) as caught:
        publish(edition, report)
    assert str(caught.value) == said
    assert not project.path("editions/2022/published.csv").exists()


def test_without_a_report_nothing_is_published(project: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^reports/2022 is no finished report in all languages; make it first$"):
        publish(read_edition(2022), tmp_path / "nowhere")


def test_without_a_publication_there_is_nothing_to_review(project: Any) -> None:
    with pytest.raises(DataError) as caught:
        review(read_edition(2022))
    assert str(caught.value) == (
        "data/editions/2022/published.csv: nothing was published; 'cwi publish 2022' does that"
    )


@pytest.mark.slow
def test_a_spoiled_publication_is_refused(project: Any, tmp_path: Path) -> None:
    publish(read_edition(2022), finished(tmp_path / "report"))
    text = project.path("editions/2022/published.csv").read_bytes().decode()
    last = text.rstrip("\n").rsplit("\n", 1)[1]
    project.write("editions/2022/published.csv", text + last + "\n")
    line = text.count("\n") + 1
    with pytest.raises(DataError) as caught:
        review(read_edition(2022))
    name = last.partition(",")[0]
    assert str(caught.value) == f"data/editions/2022/published.csv line {line}: '{name}' is listed twice"
    project.write("editions/2022/published.csv", text)
    project.change("editions/2022/published.toml", "seed = 5\n", "")
    with pytest.raises(DataError, match=r"^data/editions/2022/published\.toml: 'seed' is missing$"):
        review(read_edition(2022))


@pytest.mark.slow
def test_the_numbers_do_not_depend_on_the_order_of_languages_or_runs(project: Any) -> None:
    edition = read_edition(2022)
    one, other = (recompute(edition, draws=DRAWS, seed=SEED) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.slow
def test_the_comparison_would_notice() -> None:
    year = KEPT[-1]
    published, _ = read_published(read_edition(year))
    spoiled = published.copy()
    spoiled.loc[spoiled.index[0], "text_ru"] = "0,0"
    assert len(compare(spoiled, published)) == 1
    assert compare(spoiled, published)[0].startswith(f"{published.index[0]}: text_ru was published as 0,0, ")


@pytest.mark.slow
def test_a_forged_ledger_is_not_published(project: Any, tmp_path: Path) -> None:
    """A file that its manifest does not name so, and one that agrees with its manifest and not with the rows."""
    edition, report = read_edition(2022), finished(tmp_path / "report")
    path = report / "ledger.csv"
    whole, record = path.read_bytes(), json.loads((report / "manifest.json").read_text(encoding="utf-8"))
    forged = whole.replace(b"score.2022.A.home,85.5,", b"score.2022.A.home,95.5,")
    assert forged != whole
    path.write_bytes(forged)
    with pytest.raises(DataError) as caught:
        publish(edition, report, revision="corrected")
    assert str(caught.value) == (
        "reports/2022/ledger.csv is not the file that its manifest names; make the report again"
    )
    record["outputs"]["ledger.csv"] = hashlib.sha256(forged).hexdigest()
    (report / "manifest.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        publish(edition, report, revision="corrected")
    assert str(caught.value) == (
        "reports/2022/ledger.csv is not what the rows give today (1 numbers, the first: score.2022.A.home: value was "
        "published as 95.5, today it is 85.5); make the report again"
    )
    record["outputs"]["tables/index.csv"] = "0"
    (report / "manifest.json").write_text(json.dumps(record), encoding="utf-8")
    path.write_bytes(whole)
    with pytest.raises(DataError) as caught:
        publish(edition, report)
    assert str(caught.value) == (
        "reports/2022/ledger.csv is not the file that its manifest names; make the report again"
    )
    assert not project.path("editions/2022/published.csv").exists()
