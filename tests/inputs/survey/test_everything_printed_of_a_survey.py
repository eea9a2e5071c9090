"""Everything that is printed of a survey is searched: pages, tables, workbook, ledger, what pictures are drawn of.

An intruder who reads all of it finds neither a figure of a hidden cell nor an unrounded one. The control prints the
same survey unrounded, and there the same search finds them.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from test_rounding_of_estimates import CODE, SMALL, hidden_regions, made, totals
from test_rounding_of_estimates import children as children
from test_rounding_of_estimates import definitions as definitions

import cwi
from cwi.analysis.survey import as_held, sample_plan
from cwi.inputs.rehearsal import YEARS
from cwi.inputs.survey import Estimates, Sample, estimate, imagine, represented, synthesize
from cwi.inputs.survey.records import SurveyDefinitions
from cwi.inputs.survey.rounds import Round
from cwi.report.blocks import Figure, Section, Table
from cwi.report.languages import Language
from cwi.report.notebooks.survey import SurveyReport
from cwi.report.workbook import write_workbook

pytestmark = pytest.mark.slow  # its fixtures take seconds

NUMBER = re.compile(r"(?<![\w.])[-−]?\d[\d,]*(?:\.\d+)?(?![\w.])")
FIGURES = ["value", "se", "low", "high", "cv", "deff"]
SOME = (CODE, "bullying", "life_satisfaction")  # of the rehearsal: all of its indicators would take half a minute


@dataclass
class Printed:
    """All that is printed of one survey: numbers anywhere, tables with their cells, and the ledger."""

    numbers: list[float]
    tables: list[Table]
    ledger: pd.DataFrame


def frames(value: Any) -> Iterator[pd.DataFrame]:
    """The tables that a picture is drawn of."""
    if isinstance(value, functools.partial):
        for inner in (*value.args, *value.keywords.values()):
            yield from frames(inner)
    elif isinstance(value, pd.DataFrame | pd.Series):
        yield pd.DataFrame(value)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from frames(inner)


def numbers_of(table: pd.DataFrame) -> list[float]:
    return [float(v) for v in table.select_dtypes("number").to_numpy(float).ravel() if np.isfinite(v)]


def printed(result: Estimates, children: pd.DataFrame, definitions: SurveyDefinitions, folder: Path) -> Printed:
    show = SurveyReport(cwi.read_edition(2023), result, definitions, language="en", seed=1)
    plan = sample_plan(represented(children, definitions.limits), margin=5, response=0.85, **as_held(result.quality))
    sections: list[Section] = [
        show.response(Round(children, None, None)), show.estimates(*SOME),
        show.quality(), show.flagged(), show.scales(), show.plan(plan),
    ]  # fmt: skip
    pictures = [block for section in sections for block in section.blocks if isinstance(block, Figure)]
    tables = [table for section in sections for table in section.tables()]
    write_workbook(folder / "a.xlsx", tables, language=Language("en"), title="t", about=[])
    cells = [
        cell.value for sheet in openpyxl.load_workbook(folder / "a.xlsx") for row in sheet.iter_rows() for cell in row
    ]
    ledger = show.ledger.frame()
    shown = [block for section in sections for block in section.blocks]
    shown += [picture.table for picture in pictures if picture.table is not None]
    texts = [block.caption + block.alt if isinstance(block, Figure) else block.html() for block in shown]
    texts += [str(text) for text in (*cells, *ledger["text_en"])]
    found = [float(text.replace(",", "").replace("−", "-")) for each in texts for text in NUMBER.findall(each)]
    found += [float(v) for v in cells if isinstance(v, int | float)] + [float(v) for v in ledger["value"]]
    for table in (*(table.data for table in tables), *(t for picture in pictures for t in frames(picture.draw))):
        found += numbers_of(table)
    assert pictures
    assert tables
    assert len(found) > 500
    return Printed(found, tables, ledger)


@pytest.fixture(scope="module")
def rounded(children: pd.DataFrame, definitions: SurveyDefinitions) -> Estimates:
    return made(children, definitions, definitions.limits.base)


@pytest.fixture(scope="module")
def unrounded(children: pd.DataFrame, definitions: SurveyDefinitions) -> Estimates:
    return made(children, definitions, 1)


@pytest.fixture(scope="module")
def everything(
    rounded: Estimates, children: pd.DataFrame, definitions: SurveyDefinitions, tmp_path_factory: pytest.TempPathFactory
) -> Printed:
    return printed(rounded, children, definitions, tmp_path_factory.mktemp("printed"))


@dataclass
class Survey:
    """One survey: its answers, its estimates with and without rounding, and all that is printed of the former."""

    children: pd.DataFrame
    definitions: SurveyDefinitions
    rounded: Estimates
    unrounded: Estimates
    everything: Printed


def rehearsed(definitions: SurveyDefinitions, folder: Path) -> Survey:
    """A round of the rehearsal, children and parents in all regions, so small that cells are hidden."""
    edition, sample = cwi.read_edition(YEARS[-1]), Sample(clusters=4, children=(5, 9), younger=(1, 3))
    rng = np.random.default_rng(1)
    answers = synthesize(definitions, imagine(definitions, edition, rng=rng), rng=rng, year=edition.year, sample=sample)
    some = replace(definitions, indicators={code: definitions.indicators[code] for code in SOME})
    both = [
        estimate(
            *answers, replace(some, limits=replace(some.limits, base=base)), year=edition.year,
            territory=edition.territory,
        )
        for base in (some.limits.base, 1)
    ]  # fmt: skip
    return Survey(answers[0], some, *both, printed(both[0], answers[0], some, folder))


@pytest.fixture(scope="module", params=["six regions", "rehearsal"])
def survey(
    request: pytest.FixtureRequest, definitions: SurveyDefinitions, tmp_path_factory: pytest.TempPathFactory
) -> Survey:
    if request.param == "rehearsal":
        return rehearsed(definitions, tmp_path_factory.mktemp("rehearsal"))
    children, *others = map(request.getfixturevalue, ("children", "rounded", "unrounded", "everything"))
    return Survey(children, definitions, *others)


def unrounded_in(numbers: list[float], unrounded: Estimates) -> list[float]:
    """The printed numbers that are unrounded figures, to nine digits; figures that are round by themselves left out."""
    rows = unrounded.quality.merge(unrounded.observations[["region", "indicator", "area", "sex", "value", "se"]])
    exact = rows[[column for column in FIGURES if column in rows]].to_numpy(float).ravel()
    exact = np.unique(exact[np.isfinite(exact) & (np.abs(exact - np.round(exact, 2)) > 1e-6)])
    tried = np.unique(numbers)
    near = np.abs(exact[np.clip(np.searchsorted(exact, tried), 1, len(exact) - 1)[:, None] + [-1, 0]] - tried[:, None])
    return [float(v) for v in tried[(near.min(axis=1) < 1e-9 * np.maximum(np.abs(tried), 1))]]


def test_no_unrounded_figure_is_printed_anywhere(survey: Survey) -> None:
    assert unrounded_in(survey.everything.numbers, survey.unrounded) == []


def test_the_same_search_finds_unrounded_figures_where_they_are_printed(survey: Survey, tmp_path: Path) -> None:
    """The control."""
    control = printed(survey.unrounded, survey.children, survey.definitions, tmp_path)
    assert len(unrounded_in(control.numbers, survey.unrounded)) > 50


def test_two_regions_of_the_small_survey_are_hidden(rounded: Estimates) -> None:
    assert hidden_regions(totals(rounded), CODE) == SMALL


def test_of_a_hidden_cell_nothing_is_printed_but_that_it_is_hidden(survey: Survey) -> None:
    everything, rounded = survey.everything, survey.rounded
    hidden = [(code, region) for code, region in totals(rounded).query("status == 'suppressed'").index]
    looked_at = 0
    assert hidden
    for code, region in hidden:
        entries = everything.ledger["name"].str.contains(rf"\.{code}\.(?:\w+\.)*{region}\.", regex=True)
        assert list(everything.ledger.loc[entries, "name"]) == []
        for table in everything.tables:
            if {"indicator", "region"} <= {*table.data}:
                here = (table.data["indicator"] == code) & (table.data["region"] == region)
                looked_at += int(here.sum())
                assert numbers_of(table.data[here]) == []
                for place in np.flatnonzero(here):
                    assert not any(character.isdigit() for cell in table.rows[place][2:] for character in cell)
    assert looked_at >= len(hidden)


def test_the_printed_table_of_estimates_is_that_which_is_attacked(everything: Printed, rounded: Estimates) -> None:
    """So that what the attacks on tables of estimates find holds of what is printed."""
    (table,) = (table.data for table in everything.tables if {"indicator", "region", "se", "n"} <= {*table.data})
    attacked = totals(rounded)
    here = table.set_index(["indicator", "region"]).loc[attacked.index]
    for column in ("value", "n"):
        assert here[column].to_numpy(float) == pytest.approx(attacked[column].to_numpy(float), nan_ok=True)


def test_numbers_of_children_tell_no_number_of_answers(
    children: pd.DataFrame, definitions: SurveyDefinitions, everything: Printed
) -> None:
    """Where the weights within a region are equal and known, children divided by the weight is a rounded number."""
    weight = children.groupby("region")["weight"].first()
    exact = children.groupby("region")["weight"].sum() / weight
    told = represented(children, definitions.limits) / weight
    base = definitions.limits.base
    assert (exact % base > 0.5).any()  # the control: unrounded, the number of answers follows
    off = np.abs(told - base * np.round(told / base))
    assert off.max() < 0.02 * told.max()
    (plan,) = (table.data for table in everything.tables if "children" in table.data)
    printed_children = plan.set_index("region")["children"].drop("all")
    assert printed_children.to_numpy(float) == pytest.approx(represented(children, definitions.limits).to_numpy())
