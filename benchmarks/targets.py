"""Every kind of file that people edit, in a small project of its own, each with what reads it."""

from __future__ import annotations

import hashlib
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
from cwi.analysis.uncertainty import read_factors
from cwi.derived_series import read_derived_series
from cwi.edition import read_edition
from cwi.inputs.boundaries import read_boundaries
from cwi.inputs.budget import read_coefficients, read_executed, read_export, read_functions
from cwi.inputs.consultation import read_budgets, read_judgements, read_margins, read_votes
from cwi.inputs.crosswalk import read_crosswalk
from cwi.inputs.policy import read_indicator_targets, read_register
from cwi.inputs.survey import Sample, imagine, read_microdata, read_survey_definitions, synthesize
from cwi.methodology import read_methodology
from cwi.observations import problems, read_sources
from cwi.published import read_published
from cwi.report.manifest import read_manifest
from cwi.territory import read_territory

__all__ = ["targets"]

VOTES = "voter,group,region,language,choices\nv1,parent,A,kk,poverty;water\nv2,child,B,ru,water\nv3,teacher,,,places\n"
MARGINS = "variable,category,population\ngroup,parent,60\ngroup,child,30\ngroup,teacher,10\n"
POINTS = "expert,part,points\nE1,poverty,60\nE1,water,40\nE1,places,100\nE1,home,70\nE1,school,30\n"
PAIRS = "expert,first,second,times\nE1,poverty,water,3\nE1,home,school,1/3\n"
MAP = 'unit = "thousand tenge"\n[columns]\nfunctional_group = "group"\nadministrator = "abp"\nprogramme = "prg"\n' \
    'amount = "sum"\n[same]\nregion = "A"\nlevel = "region"\nyear = 2025\nphase = "executed"\n'  # fmt: skip
BUDGET = "group,abp,prg,sum\n04,261,003,1500\n04,261,055,300\n05,253,010,77\n"


def targets(root: Path, files: dict[str, str], sources: str) -> Iterator[Target]:
    """The targets, in a project that is written to ``root``; ``CWI_ROOT`` must name it while they are read.

    Parameters
    ----------
    root
        An empty folder.
    files
        Of a small project, as the tests have it, by name in data/.
    sources
        Its register of sources, with a place for each checksum.
    """
    data = root / "data"
    real = folders.CODE.parent / "data"
    for name, text in files.items():
        _write(data / name, text)

    def renew() -> None:
        """The checksums of the observations as they are now: an attacker renews them too."""
        names = ("living", "schools")
        digests = {name: hashlib.sha256((data / f"observations/{name}.csv").read_bytes()).hexdigest() for name in names}
        _write(data / "sources.toml", sources.format(**digests))

    renew()

    def scores() -> str:
        wrong = problems()
        edition = read_edition(2022)
        return (
            edition.scores.nodes.round(9).to_csv() + edition.scores.cells.drop(columns="source").to_csv() + str(wrong)
        )

    for name in ("regions.csv", "boundary_changes.csv", "statuses.csv", "series.csv", "observations/living.csv",
                 "observations/schools.csv", "methodology/t1/methodology.toml", "methodology/t1/indicators.csv",
                 "editions/2022/edition.toml"):  # fmt: skip
        yield Target(name, data / name, scores, renew if name.startswith("observations") else lambda: None)
    yield Target("sources.toml", data / "sources.toml", lambda: f"{scores()}{sorted(read_sources())}")
    factors = data / "methodology/t1/factors.toml"
    yield Target("factors.toml", factors, lambda: repr(list(read_factors(read_methodology("t1")))))
    yield from _published(data, root)
    yield from _consultation(root)
    yield from _copies(root, real)
    yield from _microdata(root, real)


def _write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def _published(data: Path, root: Path) -> Iterator[Target]:
    folder = data / "editions/2022"
    head = "name,value,unit,decimals,text_en,text_ru,text_kk\n"
    numbers = _write(folder / "published.csv", head + "a,1.5,points,1,1.5,1.5,1.5\nb,2.5,points,1,2.5,2.5,2.5\n")
    text = 'methodology = "t1"\nfingerprint = "f"\ndata = "d"\ndraws = 100\nseed = 1\nrevision = []\n'
    facts = _write(folder / "published.toml", text)

    def published() -> str:
        table, record = read_published(read_edition(2022))
        return table["value"].to_csv() + json.dumps(record)

    yield Target("published.csv", numbers, published)
    yield Target("published.toml", facts, published)
    record = {"edition": {"year": 2022}, "parameters": {"draws": 100}, "languages": ["en"], "inputs": {"data/a": "0"},
              "outputs": {"ledger.csv": "0"}}  # fmt: skip
    manifest = _write(root / "reports/2022/manifest.json", json.dumps(record))

    def whole() -> str:
        """A manifest is whole or none; of one that is whole every part is used."""
        read = read_manifest(manifest.parent)
        if read:
            _ = [name.split("/") for name in (*read["inputs"], *read["outputs"])], sorted(read["languages"])
            _ = [sha[:12] for sha in (*read["inputs"].values(), *read["outputs"].values())]
        return ""

    yield Target("manifest.json", manifest, whole)


def _consultation(root: Path) -> Iterator[Target]:
    def rules() -> Any:
        return read_methodology("t1")

    folder = root / "consultation"
    votes = _write(folder / "votes.csv", VOTES)
    yield Target("votes.csv", votes, lambda: repr(read_votes(votes, rules(), read_territory()).ticks.tolist()))
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = "votes"
    for line in VOTES.splitlines():
        sheet.append([cell or None for cell in line.split(",")])
    workbook = folder / "votes.xlsx"
    book.save(workbook)
    yield Target("votes.xlsx", workbook, lambda: repr(read_votes(workbook, rules(), read_territory()).ticks.tolist()))
    margins = _write(folder / "margins.csv", MARGINS)
    yield Target("margins.csv", margins, lambda: repr({k: v.to_dict() for k, v in read_margins(margins)[0].items()}))
    points = _write(folder / "budget.csv", POINTS)
    yield Target("budget.csv", points, lambda: read_budgets(points, rules()).weights.to_csv())
    pairs = _write(folder / "ahp.csv", PAIRS)
    yield Target("ahp.csv", pairs, lambda: read_judgements(pairs, rules()).weights.to_csv())


def _copies(root: Path, real: Path) -> Iterator[Target]:
    """Copies of the project's own files, each read by itself."""
    rules = read_methodology(real / "methodology/2024.1")
    for name in ("policy", "budget", "crosswalk", "boundaries", "survey/2024.1"):
        shutil.copytree(real / name, root / "real" / name)
    policy, budget, survey = root / "real/policy", root / "real/budget", root / "real/survey/2024.1"

    def register() -> str:
        read = read_register(policy, methodology=rules)
        numbers = [table.select_dtypes("number").to_csv() for table in (read.targets, read.facts)]
        targets = read_indicator_targets(list(rules.indicators["code"]), policy)
        return "".join([*numbers, targets.to_csv(), repr(read)])

    for name in ("measures.csv", "targets.csv", "facts.csv", "indicator_targets.csv"):
        yield Target(f"policy/{name}", policy / name, register)
    for name, read in (("coefficients.csv", read_coefficients), ("functions.csv", read_functions),
                       ("executed_by_function.csv", read_executed)):  # fmt: skip
        yield Target(f"budget/{name}", budget / name, _numbers(read, budget / name))
    lines, columns = _write(root / "real/export.csv", BUDGET), _write(root / "real/map.toml", MAP)

    def export() -> str:
        return read_export(lines, columns, read_territory()).to_csv()

    yield Target("budget export", lines, export)
    yield Target("budget map", columns, export)
    crosswalk = root / "real/crosswalk"

    def systems() -> str:
        read = read_crosswalk(rules, crosswalk)
        return f"{len(read.systems)}{read.counterparts.shape}"

    for name in ("systems.csv", "counterparts.csv"):
        yield Target(f"crosswalk/{name}", crosswalk / name, systems)
    borders = root / "real/boundaries/regions_2018.geojson"
    yield Target("boundaries", borders, lambda: "".join(f"{c}{s.wkt}" for c, s in read_boundaries(borders).items()))

    def definitions() -> str:
        read = read_survey_definitions(survey, methodology=rules)
        return repr((read.limits, read.columns, [(s.items, s.rule, s.at_least) for s in read.indicators.values()]))

    for name in ("survey.toml", "items.csv", "responses.csv", "indicators.csv", "scales.csv"):
        yield Target(f"survey/{name}", survey / name, definitions)
    derived = root / "real/derived"
    for name in ("derived_series.csv", "series.csv", "regions.csv", "boundary_changes.csv", "sources.toml"):
        _write(derived / name, (real / name).read_bytes())
    yield Target(
        "derived_series.csv", derived / "derived_series.csv",
        lambda: repr([(k, v.formula.text) for k, v in read_derived_series(derived).items()]),
    )  # fmt: skip


def _numbers(read: Callable[[Path], pd.DataFrame], path: Path) -> Callable[[], str]:
    return lambda: read(path).select_dtypes("number").to_csv()


def _microdata(root: Path, real: Path) -> Iterator[Target]:
    with folders.within(real.parent):
        edition = read_edition(2023)
        definitions = read_survey_definitions("2024.1")
    with folders.within(real.parent):
        population = imagine(definitions, edition, rng=np.random.default_rng(1))
        sample = Sample(clusters=3, children=(4, 6), younger=(1, 2))
        regions = ("KZ-39", "KZ-79")
        children, _ = synthesize(
            definitions, population, rng=np.random.default_rng(2), year=2023, regions=regions, sample=sample
        )
    path = root.parent / "answers" / "children.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    children.to_csv(path, index=False)

    def read() -> str:
        return read_microdata(path, definitions, respondent="child", regions=regions, year=2023).answers.to_csv()

    yield Target("microdata", path, read)
