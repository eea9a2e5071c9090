"""The other files that people edit, in a copy of this project's data: deprivation, households, benefits, intake …"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd

from benchmarks.mutations import Target
from cwi import folders
from cwi.analysis.comparison import read_methods, read_scenarios
from cwi.edition import open_project, read_edition
from cwi.errors import DataError
from cwi.inputs.benefits import read_benefit_rules, read_laws, read_totals
from cwi.inputs.budget import children, read_decisions, read_deflator, read_lines
from cwi.inputs.consultation import read_proposals
from cwi.inputs.country import read_country
from cwi.inputs.crosswalk import read_crosswalk
from cwi.inputs.deprivation import read_specification
from cwi.inputs.households import (
    HouseholdSample,
    read_column_map,
    read_households,
    read_variables,
    synthesize_households,
)
from cwi.inputs.intake import build_request, freeze_request, read_deliveries, read_owners, read_places, read_request
from cwi.inputs.intake.returned import read_returned_file
from cwi.inputs.intake.values import words_of
from cwi.inputs.questions import ask, read_answers, unanswered
from cwi.inputs.rehearsal import read_plausible
from cwi.inputs.selection import read_selection
from cwi.inputs.survey import read_published_shares, read_survey_definitions, read_traits
from cwi.methodology import read_methodology
from cwi.observations import read_observations, read_series, read_sources, read_statuses
from cwi.report.exchange.codes import area_codes
from cwi.report.intake import write_templates
from cwi.report.languages import Language
from cwi.report.parameters import checked
from cwi.territory import read_territory

__all__ = ["more_targets"]

YEAR = 2023
PROPOSALS = "id,received,body,subject,proposed,decision,reason,version\n" \
    "P1,2025-02-01,parents,loneliness,Count it twice,declined,It is one indicator,\n" \
    "P2,2025-02-03,school,method,Print the arithmetic,accepted,It is asked for,2026.1\n"  # fmt: skip


def more_targets(root: Path, real: Path) -> Iterator[Target]:
    """The targets, in a copy of the data that is made at ``root``.

    Parameters
    ----------
    root
        A folder that is not there.
    real
        The data that are copied.
    """
    shutil.copytree(real, root / "data", ignore=shutil.ignore_patterns("vintages", "kept.zip"))
    with folders.within(root):
        edition = read_edition(YEAR)
        observations, rules = read_observations(), read_methodology("2026.1")
        plain = [
            *_deprivation(root / "data"), *_households(root, edition), *_benefits(root / "data"),
            *_registers(root, edition, observations, rules), *_intake(root),
        ]  # fmt: skip
    for target in plain:
        yield Target(target.name, target.path, _inside(root, target.read))


def _inside(root: Path, read: Callable[[], str]) -> Callable[[], str]:
    def inside() -> str:
        with folders.within(root):
            return read()

    return inside


def _figures(table: pd.DataFrame) -> str:
    """Numbers of a table, which must not change, whether they are kept as numbers or as text."""
    numbers = table.apply(pd.to_numeric, errors="coerce")
    return numbers.to_csv(index=False) + repr(table.shape)


def _deprivation(data: Path) -> Iterator[Target]:
    for name in ("eu-child", "child-af", "cc-moda"):
        folder = data / "deprivation" / name

        def read(folder: Path = folder) -> str:
            rule = read_specification(folder)
            return repr((rule.rule, [(i.code, i.variable, i.test, i.cut, i.dimension, i.bands, i.weight)
                                     for i in rule.items], rule.bands))  # fmt: skip

        yield Target(f"deprivation/{name}/items.csv", folder / "items.csv", read)
        yield Target(f"deprivation/{name}/specification.toml", folder / "specification.toml", read)


def _households(root: Path, edition: Any) -> Iterator[Target]:
    folder = root / "data/households"
    path = root.parent / "synthetic-children.csv"
    sample = HouseholdSample(units=1, households=2)
    made = synthesize_households(edition, rng=np.random.default_rng(1), sample=sample)
    made.children.to_csv(path, index=False)

    def read() -> str:
        return _figures(read_households(path, year=YEAR).children)

    yield Target("children in households", path, read)
    yield Target("households/variables.csv", folder / "variables.csv", lambda: repr(read_variables()))
    for name in ("standard", "mics6", "household_budget"):
        column_map = folder / "maps" / f"{name}.toml"
        yield Target(f"map of columns {name}", column_map, lambda m=column_map: repr(read_column_map(m)))  # type: ignore[misc]

    def again() -> str:
        again = synthesize_households(edition, rng=np.random.default_rng(1), sample=sample)
        return _figures(again.children)

    yield Target("households/synthetic.csv", folder / "synthetic.csv", again)


def _benefits(data: Path) -> Iterator[Target]:
    def rules() -> str:
        read = read_benefit_rules("2024-07-01")
        return repr((read.values, read.mci, read.subsistence, read.take_up, sorted(read.titles)))

    for name in ("amounts.csv", "parameters.csv", "take_up.csv", "benefits.csv"):
        yield Target(f"benefits/{name}", data / "benefits" / name, rules)
    yield Target("benefits/totals.csv", data / "benefits/totals.csv", lambda: _figures(read_totals()))
    yield Target("benefits/laws.csv", data / "benefits/laws.csv", lambda: repr(read_laws()[["code", "date"]]))


def _registers(root: Path, edition: Any, observations: pd.DataFrame, rules: Any) -> Iterator[Target]:
    data = root / "data"

    def country() -> str:
        read = read_country(root)
        return repr((read.languages, read.projection))

    yield Target("country.toml", data / "country.toml", country)
    questions = ask(observations, read_series(), read_territory())

    def answered() -> str:
        """A question without an answer is a problem of 'cwi check'."""
        answers = read_answers()
        for problem in unanswered(questions, answers, observations):
            raise DataError(problem)
        return _figures(answers)

    for name in ("questions.csv", "methodology/2026.1/cells.csv"):
        yield Target(name, data / name, answered)
    yield Target(
        "scenarios.toml", data / "methodology/2026.1/scenarios.toml", lambda: repr(dict(read_scenarios(rules)))
    )
    yield Target("selection.csv", data / "methodology/2026.1/selection.csv", lambda: _figures(read_selection(rules)))

    def crosswalk() -> str:
        read = read_crosswalk(rules)
        return repr([sorted(read_methods(read)), len(read.systems), read.counterparts.shape])

    for name in ("methods.toml", "dimensions.csv", "sources.csv", "facts.csv"):
        yield Target(f"crosswalk/{name}", data / "crosswalk" / name, crosswalk)
    territory = read_territory()
    budget = data / "budget"
    yield Target("budget/children.csv", budget / "children.csv",
                 lambda: children(observations, territory, budget).to_csv())  # fmt: skip
    yield Target("budget/deflator.csv", budget / "deflator.csv", lambda: read_deflator().to_csv())
    yield Target("budget/lines_2025.csv", budget / "lines_2025.csv", lambda: _figures(read_lines()))
    yield Target("budget/decisions_2025.csv", budget / "decisions_2025.csv", lambda: _figures(read_decisions()))
    yield Target("synthetic_registers.csv", data / "synthetic_registers.csv", lambda: _figures(read_plausible()))
    yield Target("source_words.csv", data / "source_words.csv", lambda: repr(sorted(read_sources())))
    yield Target("opensdg_areas.csv", data / "exchange/opensdg_areas.csv", lambda: repr(area_codes(edition)))
    survey = data / "survey/2024.1"
    definitions = read_survey_definitions("2024.1")
    yield Target("survey/synthetic.csv", survey / "synthetic.csv", lambda: repr(read_traits(definitions)))
    yield Target("survey/texts.csv", survey / "texts.csv", lambda: repr(len(read_survey_definitions(survey).texts)))
    yield Target("survey/published_results.csv", data / "survey/published_results.csv",
                 lambda: _figures(read_published_shares(definitions, [*edition.regions, "KZ"])))  # fmt: skip
    proposals = root / "consultation/proposals.csv"
    proposals.parent.mkdir()
    proposals.write_text(PROPOSALS, encoding="utf-8")
    yield Target("proposals.csv", proposals, lambda: repr(read_proposals(proposals).table.shape))
    given = root / "parameters.json"
    given.write_text(json.dumps({"year": 2023, "draws": 100, "seed": 1, "language": "en"}), encoding="utf-8")
    notebook = folders.CODE.parent / "notebooks/official_report.ipynb"

    def parameters() -> str:
        try:
            words = json.loads(given.read_text(encoding="utf-8"))
        except ValueError:  # this file is of the benchmark only; people write NAME=VALUE
            return before
        given_values = checked(notebook, words)
        return repr((given_values, Language(given_values["language"]).code))

    before = ""
    before = parameters()
    yield Target("parameters of a run", given, parameters)


def _intake(root: Path) -> Iterator[Target]:
    data = root / "data"
    for name, read in (("owners.csv", lambda: repr(read_owners().shape)),
                       ("deliveries.csv", lambda: repr(read_deliveries().shape)),
                       ("spellings.csv", lambda: repr(len(vars(read_places(read_territory())))))):  # fmt: skip
        yield Target(f"intake/{name}", data / "intake" / name, read)
    request = build_request(open_project(), 2024, read_methodology("2026.1"))
    frozen = freeze_request(request)
    yield Target("intake/request.csv", frozen, lambda: _figures(read_request(2024).cells))
    rules, territory = read_methodology("2026.1"), read_territory()
    written = write_templates(root / "templates", request, read_owners(), rules, territory)
    template = next(path for path in written if "labour" in path.name)
    book = openpyxl.load_workbook(template)
    sheet = book.worksheets[0]
    for row in range(8, sheet.max_row + 1):
        if isinstance(last := sheet.cell(row, 5).value, int | float):
            sheet.cell(row, 7).value = last
    book.save(template)
    statuses = read_statuses()
    titles = [column for column in statuses if str(column).startswith("title_")]
    words = words_of({str(code): tuple(map(str, row)) for code, row in statuses[titles].iterrows()})
    places = read_places(territory)

    def figures() -> set[tuple[str, str, str]]:
        read = read_returned_file(template, template.name, request, places, words)
        return {(e.series, e.region, str(e.number)) for e in read.entries if e.number is not None}

    whole = figures()

    def returned() -> str:
        """A figure that is not read is asked for again in a letter; one that is read is the one that was entered."""
        return repr(sorted(figures() - whole))

    yield Target("returned workbook", template, returned)
