"""Experts' sheets: good ones become weights, every bad one is refused in a whole sentence that says where."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from cwi import folders, read_edition, read_methodology, score
from cwi.errors import DataError, MethodologyError
from cwi.inputs.consultation import join, read_budgets, read_judgements, with_weights
from cwi.inputs.consultation.experts import parents_of
from cwi.methodology import Methodology
from cwi.methods.weighting.judgement import ahp_consistency

Says = Callable[[type[Exception], str], Any]

# In the small project poverty and water make up home, places stands alone in school, home and school make the index.
GOOD = "expert,part,points\nE1,poverty,60\nE1,water,40\nE1,home,70\nE1,school,30\n"
TWO = GOOD + "E2,poverty,80\nE2,water,20\nE2,home,50\nE2,school,50\n"
JUDGED = "expert,first,second,times\nE1,poverty,water,3\nE1,home,school,1/2\n"


@pytest.fixture
def methodology(project: Any) -> Methodology:
    return read_methodology("t1")


def file(name: str, text: str) -> Path:
    path = folders.root() / name
    path.write_text(text, encoding="utf-8")
    return path


def book(name: str, sheet: str, rows: list[list[object]]) -> Path:
    made = openpyxl.Workbook()
    made.active.title = sheet  # type: ignore[union-attr]
    for row in rows:
        made.active.append(row)  # type: ignore[union-attr]
    path = folders.root() / name
    made.save(path)
    return path


def test_points_become_weights(methodology: Methodology) -> None:
    panel = read_budgets(file("b.csv", TWO), methodology)
    assert panel.weights.to_dict("index") == {
        "E1": {"poverty": 0.6, "water": 0.4, "places": 1, "home": 0.7, "school": 0.3},
        "E2": {"poverty": 0.8, "water": 0.2, "places": 1, "home": 0.5, "school": 0.5},
    }
    assert panel.mean().to_dict() == pytest.approx(
        {"poverty": 0.7, "water": 0.3, "places": 1, "home": 0.6, "school": 0.4}
    )
    assert panel.spread().loc["poverty", ["mean", "sd"]].to_list() == pytest.approx([0.7, 0.2 / 2**0.5])
    found = panel.agreement().set_index("parent")
    assert found.loc["home"].to_dict() == pytest.approx({"parts": 2, "w": 1, "distance": 0.2})
    assert found.loc["index", "w"] == pytest.approx(0.5)  # rank sums 2.5 and 3.5: 12 · 0.5 / (4 · 6 - 2 · 6)
    assert repr(panel) == "Panel(budget_allocation: 2 experts, 0 set aside)"


def test_the_order_of_rows_does_not_matter(methodology: Methodology) -> None:
    head, *rows = TWO.splitlines()
    turned = read_budgets(file("t.csv", "\n".join([head, *rows[::-1]])), methodology)
    assert turned.weights.equals(read_budgets(file("b.csv", TWO), methodology).weights)


def test_judgements_become_weights(methodology: Methodology) -> None:
    panel = read_judgements(file("a.csv", JUDGED + "E2,water,poverty,1/2\nE2,school,home,3\n"), methodology)
    assert panel.weights.loc["E1"].to_list() == pytest.approx([0.75, 0.25, 1, 1 / 3, 2 / 3])
    assert panel.weights.loc["E2"].to_list() == pytest.approx([2 / 3, 1 / 3, 1, 0.25, 0.75])
    group = ahp_consistency([[[1, 3], [1 / 3, 1]], [[1, 2], [1 / 2, 1]]]).weights
    assert panel.mean()[["poverty", "water"]].to_list() == pytest.approx(group)
    assert panel.consistency["ratio"].max() == pytest.approx(0, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["points", "judgements"])
def test_a_panel_enters_a_methodology_as_a_rule_with_every_expert(methodology: Methodology, kind: str) -> None:
    if kind == "points":
        panel = read_budgets(file("b.csv", TWO), methodology)
    else:
        panel = read_judgements(file("a.csv", JUDGED + JUDGED.replace("E1", "E2").split("\n", 1)[1]), methodology)
    ruled = methodology.replace(node=panel.rules())
    stated = with_weights(methodology, panel.mean())
    observed = read_edition(2022).observations
    one, other = (score(observed, m, years=[2022]).edges.set_index("node")["weight"] for m in (ruled, stated))
    assert one.to_dict() == pytest.approx(other.to_dict())
    assert one.to_dict() == pytest.approx(panel.mean()[one.index.to_list()].to_dict())
    assert len({ruled.fingerprint, stated.fingerprint, methodology.fingerprint}) == 3


def test_of_the_real_methodology_an_expert_drawn_whole_sums_to_one_under_each_parent(tmp_path: Path) -> None:
    methodology = read_methodology("2024.1")
    parents = parents_of(methodology)
    rows = []
    for expert in ("E1", "E2"):
        for parent in parents.unique():
            parts = parents.index[parents == parent]
            points = [100 - 10 * (len(parts) - 1)] + [10] * (len(parts) - 1)
            rows += [f"{expert},{part},{point}" for part, point in zip(parts, points, strict=True)]
    path = tmp_path / "b.csv"
    path.write_text("\n".join(["expert,part,points", *rows]), encoding="utf-8")
    panel = read_budgets(path, methodology)
    assert panel.weights.columns.to_list() == parents.index.to_list()
    assert panel.weights.T.groupby(parents).sum().to_numpy() == pytest.approx(1)


def test_panels_are_joined(methodology: Methodology, says: Says) -> None:
    points = read_budgets(file("b.csv", GOOD), methodology)
    judged = read_judgements(file("a.csv", JUDGED.replace("E1", "E2")), methodology)
    both = join([points, judged])
    assert (both.method, len(both)) == ("both", 2)
    assert both.mean().to_dict() == pytest.approx(both.weights.mean().to_dict())
    with says(
        MethodologyError,
        "a panel of points and judgements is no one rule; hand with_weights the mean of the panel instead",
    ):
        both.rules()
    with says(DataError, "expert E1 is in two panels; an expert has one sheet, of points or of judgements"):
        join([points, read_judgements(file("a.csv", JUDGED), methodology)])


BAD_POINTS = {
    "sum": (
        GOOD.replace("E1,water,40", "E1,water,35"),
        "b.csv line 2, column 'points' and on: expert E1 gave 95 points in all to the 2 parts of 'home'; they must sum "
        "to 100",
    ),
    "no points": (
        "expert,part,points\nE1,poverty,\nE1,water,\n",
        "b.csv line 2, column 'points': expert E1 gave no points at all; leave the sheet out",
    ),
    "unknown": (
        GOOD.replace("water", "watr"),
        "b.csv line 3, column 'part': there is no part 'watr' (did you mean 'water'?); there are poverty, "
        "water, places, "
        "home, school",
    ),
    "text": (
        GOOD.replace(",40", ",forty"),
        "b.csv line 3, column 'points': points is 'forty', which is not a number",
    ),
    "comma": (
        GOOD.replace(",40", ',"39,5"'),
        "b.csv line 3, column 'points': points is '39,5', which is not a number; decimals take a point",
    ),
    "negative": (
        GOOD.replace(",40", ",-40"),
        "b.csv line 3, column 'points': points is -40; it must be from 0 to 100",
    ),
    "formula": (
        GOOD.replace(",40", ",=20+20"),
        "b.csv line 3, column 'points': points is '=20+20', which is not a number",
    ),
    "missing part": (
        GOOD.replace("E1,school,30\n", ""),
        "b.csv: expert E1 does not name 'school'; give it points, or 0",
    ),
    "twice": (
        GOOD + "E1,water,40\n",
        "b.csv line 6, column 'part': expert E1 gives points to 'water' twice, first at b.csv line 3, column "
        "'part'; an "
        "expert has one sheet",
    ),
    "name": (
        GOOD.replace("E1,water", "Aigul Omarova,water"),
        "b.csv line 3, column 'expert': this is no code of an expert; an expert is known by a code such as E017, never "
        "by a name or an address",
    ),
    "nobody": (
        GOOD.replace("E1,water", ",water"),
        "b.csv line 3, column 'expert': this is no code of an expert; it is empty",
    ),
    "a column about persons": (
        "expert,part,points,email\nE1,water,40,a@b.kz\n",
        "b.csv line 1: the column 'email' is not asked for; there are part, points, expert, origin; take it "
        "out, so that "
        "nothing about persons is kept",
    ),
    "mixed": (
        "expert,part,points,origin\nE1,poverty,60,synthetic\nE1,water,40,\n",
        "b.csv line 3, column 'origin': this row is not marked synthetic but others of the table are; real "
        "and synthetic "
        "rows are never mixed",
    ),
}


@pytest.mark.parametrize("case", BAD_POINTS)
def test_bad_points(case: str, methodology: Methodology, says: Says) -> None:
    text, sentence = BAD_POINTS[case]
    with says(DataError, sentence):
        read_budgets(file("b.csv", text), methodology)


BAD_CELLS = {
    "number as text": (
        "40",
        "b.xlsx, sheet 'budget', cell C3: points is the number 40 stored as text; turn the cell into a number",
    ),
    "formula": (
        "=20+20",
        "b.xlsx, sheet 'budget', cell C3 holds a formula whose result was never saved; open the workbook in a "
        "spreadsheet, let it compute, and save it",
    ),
    "error": (
        "#REF!",
        "b.xlsx, sheet 'budget', cell C3 holds the error #REF!; mend the formula, or empty the cell where there is no "
        "value",
    ),
}


@pytest.mark.parametrize("case", BAD_CELLS)
def test_bad_cells_of_a_workbook(case: str, methodology: Methodology, says: Says) -> None:
    held, sentence = BAD_CELLS[case]
    rows: list[list[object]] = [["expert", "part", "points"], ["E1", "poverty", 60], ["E1", "water", held]]
    rows += [["E1", "home", 70], ["E1", "school", 30]]
    with says(DataError, sentence):
        read_budgets(book("b.xlsx", "budget", rows), methodology)
    rows[2][2] = 40
    assert len(read_budgets(book("b.xlsx", "budget", rows), methodology)) == 1


BAD_JUDGEMENTS = {
    "scale": (
        JUDGED.replace(",3", ",12"),
        "a.csv line 2, column 'times': times is '12'; it must be from 1/9 to 9, such as 3 or 1/3",
    ),
    "date": (
        JUDGED.replace("1/2", "2026-02-01"),
        "a.csv line 3, column 'times': times is '2026-02-01'; it must be from 1/9 to 9, such as 3 or 1/3; a "
        "spreadsheet "
        "has made a date of it, write it as text: 1/3",
    ),
    "nought": (
        JUDGED.replace("1/2", "1/0"),
        "a.csv line 3, column 'times': times is '1/0'; it must be from 1/9 to 9, such as 3 or 1/3",
    ),
    "empty": (
        "expert,first,second,times\nE1,poverty,water,\n",
        "a.csv line 2, column 'times': expert E1 judged no pair at all; leave the sheet out",
    ),
    "apart": (
        JUDGED.replace("water", "school"),
        "a.csv line 2, column 'second': 'poverty' is not compared with 'school': a pair is two parts of one parent",
    ),
    "missing": (
        JUDGED.replace("E1,home,school,1/2\n", ""),
        "a.csv: expert E1 does not compare 'home' with 'school'; fill in the pair",
    ),
    "mirrored": (
        JUDGED + "E1,water,poverty,1/3\n",
        "a.csv line 4, column 'second': expert E1 gives a judgement of this pair with 'water' twice, first at "
        "a.csv line "
        "2, column 'second'; an expert has one sheet",
    ),
}


@pytest.mark.parametrize("case", BAD_JUDGEMENTS)
def test_bad_judgements(case: str, methodology: Methodology, says: Says) -> None:
    text, sentence = BAD_JUDGEMENTS[case]
    with says(DataError, sentence):
        read_judgements(file("a.csv", text), methodology)


def of_three(times: tuple[str, str, str], expert: str) -> str:
    """Judgements of all pairs of the real methodology: those of the parts of child as given, all others equal."""
    methodology = read_methodology("2024.1")
    parents = parents_of(methodology)
    rows = []
    for parent in parents.unique():
        parts = list(parents.index[parents == parent])
        for i, first in enumerate(parts):
            for second in parts[i + 1 :]:
                said = dict(zip([(0, 1), (0, 2), (1, 2)], times, strict=True)) if parent == "child" else {}
                rows.append(f"{expert},{first},{second},{said.get((i, parts.index(second)), '1')}")
    return "\n".join(rows) + "\n"


@pytest.mark.slow
def test_an_expert_who_contradicts_himself_is_set_aside_or_refused(tmp_path: Path, says: Says) -> None:
    """Of three parts each is three times as important as the next, in a circle."""
    methodology = read_methodology("2024.1")
    path = tmp_path / "a.csv"
    head = "expert,first,second,times\n"
    path.write_text(head + of_three(("3", "9", "3"), "E1") + of_three(("3", "1/3", "3"), "E2"), encoding="utf-8")
    panel = read_judgements(path, methodology)
    assert (list(panel.weights.index), panel.set_aside) == (["E1"], ("E2",))
    matrix = np.array([[1, 3, 1 / 3], [1 / 3, 1, 3], [3, 1 / 3, 1]])
    ratio = (np.linalg.eigvals(matrix).real.max() - 3) / 2 / 0.58
    worst = panel.consistency.set_index(["expert", "parent"])["ratio"]
    assert worst["E2", "child"] == pytest.approx(ratio)
    assert worst["E1", "child"] == pytest.approx(0, abs=1e-9)
    assert len(read_judgements(path, methodology, limit=2).weights) == 2
    with says(
        DataError,
        f"{path.as_posix()}: the judgements of expert E2 of the parts of 'child' contradict one another: their "
        f"consistency ratio is {ratio:.3f}, more than 0.1; ask again, or set the expert aside",
    ):
        read_judgements(path, methodology, refuse=True)
    path.write_text(head + of_three(("3", "1/3", "3"), "E2"), encoding="utf-8")
    with says(DataError, f"{path.as_posix()}: no expert's judgements have consistency ratios of 0.1 or less"):
        read_judgements(path, methodology)


def test_a_folder_of_sheets_holds_an_expert_once(methodology: Methodology, says: Says) -> None:
    folder = folders.root() / "sheets"
    folder.mkdir()
    with says(DataError, "sheets: there is no .csv or .xlsx file in this folder"):
        read_budgets(folder, methodology)
    file("sheets/one.csv", GOOD)
    file("sheets/two.csv", GOOD.replace("E1", "E2"))
    assert len(read_budgets(folder, methodology)) == 2
    file("sheets/two.csv", GOOD)
    with says(DataError, "sheets/two.csv: expert E1 is in sheets/one.csv too; an expert has one sheet"):
        read_budgets(folder, methodology)
    file(
        "sheets/two.csv",
        GOOD.replace("E1", "E2").replace("\n", ",synthetic\n").replace("points,synthetic", "points,origin"),
    )
    with says(
        DataError, "sheets/one.csv: some sheets are marked synthetic and some are not; they are never read together"
    ):
        read_budgets(folder, methodology)
