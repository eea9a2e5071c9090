"""A printed tree worked through with a pocket calculator, down to the line of the file.

Only what is printed is used: numbers, signs, names of files and lines. Nothing is asked of the library again.
"""

import csv
import hashlib
import math
import re
from dataclasses import dataclass, field, replace

import pytest

from cwi import DataError, Edition, folders, read_edition
from cwi.report.trace import trace, trace_rows
from cwi.traits import methods_of, traits_of

pytestmark = pytest.mark.slow

DIGIT = 1.1e-6  # scores are printed with six digits, so each end of an equation is off by half of the last one


@pytest.fixture(scope="module")
def editions() -> dict[int, Edition]:
    return {}


def edition(year: int, known: dict[int, Edition]) -> Edition:
    if year not in known:
        known[year] = read_edition(year)
    return known[year]


@dataclass
class Branch:
    """A node of the printed tree: its number as printed, what was said below it, its parts."""

    name: str
    score: str | None
    flags: set[str]
    said: list[str] = field(default_factory=list)
    parts: list["Branch"] = field(default_factory=list)


def parsed(text: str) -> Branch:
    """Indentation makes the tree: a branch names itself, and what it says stands one step to the right."""
    path: list[tuple[int, Branch]] = []
    root = None
    for line in text.splitlines()[1:]:
        depth = (len(line) - len(line.lstrip())) // 2
        said = line.strip()
        scored = re.fullmatch(r"([\w.-]+) = (-?\d+\.\d{6})(?:  \[(.+)\])?", said)
        bare = re.fullmatch(r"([\w.-]+): (?:not measured|not scored; .*)", said)
        if scored or bare:
            name, score, flags = (
                (scored.groups() if scored else (bare[1], None, None)) if scored or bare else ("", "", "")
            )
            branch = Branch(name, score, set(flags.split("; ")) if flags else set(), [] if scored else [said])
            while path and path[-1][0] >= depth:
                path.pop()
            if path:
                path[-1][1].parts.append(branch)
            else:
                assert root is None
                root = branch
            path.append((depth, branch))
        else:
            path[-1][1].said.append(said)
    assert root is not None
    return root


def check_mean(branch: Branch) -> None:
    head, _, sum_ = branch.said[0].partition(": ")
    found = re.fullmatch(r"(\w+) mean of (\d+) of (\d+) parts", head)
    assert found, branch.said[0]
    assert found[1] == "arithmetic"
    terms = [tuple(term.split(" × ")) for term in sum_.split(" + ")]
    assert len(terms) == int(found[2])
    assert len(branch.parts) == int(found[3])
    assert math.fsum(float(share) for share, _ in terms) == pytest.approx(1, abs=1e-8)
    assert math.fsum(float(share) * float(score) for share, score in terms) == pytest.approx(
        float(branch.score), abs=DIGIT
    )
    assert [score for _, score in terms] == [part.score for part in branch.parts if part.score is not None]
    gone = [part.name for part in branch.parts if part.score is None]
    assert branch.said[1:] == ([f"not measured: {', '.join(gone)}"] if gone else [])
    assert ("gaps" in branch.flags) == any(p.score is None or "gaps" in p.flags for p in branch.parts)


def status_of(value: str) -> str:
    return re.search(r"status ([\w ]+): ", value)[1]


def check_derivation(said: list[str], status: str) -> None:
    """A figure we derived says how, and every row it names holds the number it gives."""
    assert bool(said) == (status == "derived") or status == "parent region"
    if not said:
        return
    assert re.fullmatch(r"formula .+, from [\w, -]+", said[0])
    for line in said[1:]:
        found = re.fullmatch(r"(\w+) of ([\w-]+), (\d{4}) = (\S+): (\S+) line (\d+) \(([\w-]+)\)", line)
        assert found, line
        name, region, year, value, file, number, _ = found.groups()
        lines = (folders.root() / file).read_text(encoding="utf-8").split("\n")
        cells = dict(zip(next(csv.reader(lines[:1])), next(csv.reader([lines[int(number) - 1]])), strict=True))
        assert (cells["indicator"], cells["region"], cells["year"]) == (name, region, year)
        assert float(cells["value"]) == float(value)


def check_measurement(branch: Branch, region: str, year: int) -> None:
    formula, value, source, *derived = branch.said
    check_derivation(derived, status_of(value))
    number = r"(ln )?(-?[\d.e+]+)"
    found = re.match(rf"100 × \({number} - {number}\) / \({number} - {number}\), ", formula)
    assert found, formula
    logs, numbers = found.groups()[::2], [float(text) for text in found.groups()[1::2]]
    x, worst, best, low = (math.log(v) if log else v for log, v in zip(logs, numbers, strict=True))
    assert low == worst
    score = 100 * (x - worst) / (best - worst)
    if "held between 0 and 100" in formula:
        assert not 0 <= score <= 100
        assert "capped" in branch.flags
        score = min(max(score, 0), 100)
    assert score == pytest.approx(float(branch.score), abs=DIGIT)

    found = re.fullmatch(r"(-?[\d.e+]+) of (\d{4}), status ([\w ]+): (\S+) line (\d+) \(([\w-]+)\)", value)
    assert found, value
    text, observed, status, name, line, code = found.groups()
    assert float(text) == numbers[0]
    assert ("carried" in branch.flags) == (int(observed) < year)
    raw = (folders.root() / name).read_bytes()
    header, row = (
        next(csv.reader(raw.decode().splitlines())),
        next(csv.reader([raw.decode().split("\n")[int(line) - 1]])),
    )
    cells = dict(zip(header, row, strict=True))
    assert (cells["region"], cells["year"], cells["indicator"]) == (code, observed, branch.name)
    assert float(cells["value"]) == float(text)
    assert not cells.get("sex")
    assert not cells.get("area")
    if code == region:
        assert cells["status"] == status
    else:
        assert status == "parent region"
        assert "parent region" in branch.flags

    found = re.fullmatch(r"source ([\w-]+): (.+); sha256 ([0-9a-f]{64})", source)
    assert found, source
    assert found[1] == cells["source"]
    assert found[3] == hashlib.sha256(raw).hexdigest()


def worked_through(branch: Branch, region: str, year: int) -> int:
    """Check a branch and all below it; how many measurements were followed to their line."""
    if branch.parts:
        if branch.score is not None:
            check_mean(branch)
        return sum(worked_through(part, region, year) for part in branch.parts)
    if branch.score is None:
        assert branch.said == [f"{branch.name}: not measured"]
        return 0
    check_measurement(branch, region, year)
    return 1


@pytest.mark.parametrize(("year", "region"), [(2023, "KZ-15"), (2023, "KZ"), (2022, "KZ-63"), (2018, "KZ-61")])
def test_every_line_gives_the_number_on_its_left(year: int, region: str, editions: dict[int, Edition]) -> None:
    here = edition(year, editions)
    text = trace(here, region)
    assert "nan" not in text.lower()
    followed = worked_through(parsed(text), region, year)
    cells = here.scores.cells
    assert followed == cells.loc[cells["region"] == region, "value"].notna().sum() > 15


def test_the_index_of_the_tree_is_the_index_of_the_report(editions: dict[int, Edition]) -> None:
    here = edition(2023, editions)
    score = here.scores.of("index").at["KZ-15", 2023]
    assert parsed(trace(here, "KZ-15")).score == f"{score:.6f}"


def test_a_number_spoiled_by_one_digit_is_noticed(editions: dict[int, Edition]) -> None:
    text = trace(edition(2023, editions), "KZ-15")
    score = parsed(text).parts[-1].parts[0].score
    assert score is not None
    spoiled = text.replace(score, f"{float(score) + 0.00001:.6f}")
    with pytest.raises(AssertionError):
        worked_through(parsed(spoiled), "KZ-15", 2023)


def test_inherited_values_have_their_row_too(editions: dict[int, Edition]) -> None:
    here = edition(2022, editions)
    for region in ("KZ-10", "KZ-33", "KZ-62"):
        assert "no row" not in trace(here, region), region


def test_a_branch_alone(editions: dict[int, Edition]) -> None:
    here = edition(2023, editions)
    whole, branch = trace(here, "KZ-15").splitlines(), trace(here, "KZ-15", "economy").splitlines()
    assert branch[0] == whole[0] == f"{here.territory.name('KZ-15')} (KZ-15), 2023: methodology 2024.1"
    assert branch[1].startswith("economy = ")
    assert {line.strip() for line in branch} <= {line.strip() for line in whole}
    leaf = trace(here, "KZ-15", "poverty").splitlines()
    assert len(leaf) == 5


@pytest.mark.parametrize("word", ["Astana", "город Астана", "астана қаласы", "kz-71", " KZ-71 "])
def test_a_region_is_known_by_its_name_in_any_language(editions: dict[int, Edition], word: str) -> None:
    here = edition(2023, editions)
    assert trace(here, word, "economy") == trace(here, "KZ-71", "economy")


def test_rows_are_what_is_printed(editions: dict[int, Edition]) -> None:
    here = edition(2023, editions)
    rows = trace_rows(here, "KZ-15")
    printed = [line.strip() for line in trace(here, "KZ-15").splitlines()[1:]]
    assert [line.strip() for row in rows for line in row["lines"]] == printed
    assert [row["node"] for row in rows] == list(here.scores.explain("KZ-15", 2023)["node"])


def test_what_is_not_there_is_refused(editions: dict[int, Edition]) -> None:
    here = edition(2023, editions)
    with pytest.raises(DataError, match=r"^the edition of 2023 has no region 'KZ-VOS'; there are KZ, KZ-10, KZ-11, "):
        trace(here, "KZ-VOS")
    with pytest.raises(
        DataError, match=r"^the edition of 2023 has no region 'Astanna' \(did you mean 'Astana'\?\); there"
    ):
        trace(here, "Astanna")
    with pytest.raises(DataError, match=r"^no node is called 'econommy' \(did you mean 'economy'\?\); there are "):
        trace(here, "KZ-15", "econommy")


# ---------------------------------------------------------------- other rules


def evaluated(formula: str) -> float:
    """What a printed formula gives, worked out as on a pocket calculator."""
    text = formula.partition(", ")[0].replace("×", "*").replace("^", "**").replace("√", "sqrt")
    text = re.sub(r"ln (-?[\d.e+-]+)", r"log(\1)", text)
    assert re.fullmatch(r"[\d.e+\-*/() a-z]+", text), formula
    result = float(eval(text, {"__builtins__": {}, "log": math.log, "sqrt": math.sqrt}))  # only what was just printed
    if "held between 0 and 100" in formula:
        return min(max(result, 0.0), 100.0)
    return min(result, 100.0) if "at most 100" in formula else result


@pytest.mark.parametrize("word", methods_of("normalisation"))
def test_the_printed_arithmetic_of_every_scale_gives_the_printed_score(word: str, known: Edition) -> None:
    methodology = known.methodology.replace(
        normalisation=word, indicators=known.methodology.indicators.assign(scale="linear")
    )
    text = trace(replace(known, methodology=methodology), "KZ-15", "country").splitlines()
    shown = [(text[i], text[i + 1].strip()) for i in range(len(text) - 1) if re.match(r" {4}\w+ = ", text[i])]
    assert len(shown) > 4
    for head, formula in shown:
        score = float(re.search(r" = (-?[\d.]+)", head)[1])
        if traits_of(methods_of("normalisation")[word]).arithmetic is None:
            assert re.fullmatch(rf"{word} of [\d.]+; there is no formula for a pocket calculator, .+", formula)
        else:
            assert evaluated(formula) == pytest.approx(score, abs=2e-6), formula


@pytest.mark.parametrize("word", methods_of("aggregation"))
def test_the_printed_arithmetic_of_every_mean_gives_the_printed_score(word: str, known: Edition) -> None:
    traits = traits_of(methods_of("aggregation")[word])
    if word == "condorcet":
        return  # majorities go in a circle: tests/test_words.py holds the refusal
    methodology = known.methodology.replace(index={"aggregation": {"name": word, **traits.parameters()}})
    head, how = trace(replace(known, methodology=methodology), "KZ-15").splitlines()[1:3]
    score = float(re.search(r" = (-?[\d.]+)", head)[1])
    said, _, formula = how.strip().partition(": ")
    if traits.compares_units:
        assert re.fullmatch(
            rf"{word}.* compares all regions by 4 of 4 parts; there is no formula for a pocket calculator", how.strip()
        )
    elif traits.arithmetic is None:
        assert re.fullmatch(rf"{word} .* of 4 of 4 parts; there is no formula for a pocket calculator", how.strip())
    else:
        assert said.startswith(word)
        assert evaluated(formula) == pytest.approx(score, abs=5e-6), formula


def test_a_treated_indicator_has_no_pocket_formula(known: Edition) -> None:
    methodology = known.methodology.replace(treatment={"then": "log", "skew": 0.5, "kurt": 0.5})
    text = trace(replace(known, methodology=methodology), "KZ-15")
    assert re.search(r"goalposts.* after the treatment of outliers \(\w+\); there is no formula for a pocket", text)


@pytest.fixture(scope="module")
def known() -> Edition:
    return read_edition(2019)
