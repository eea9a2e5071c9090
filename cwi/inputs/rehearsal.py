"""The rehearsal: a project of its own in which all 56 indicators have figures, real ones where there are any.

All others are synthetic. It is how a team learns the tool before its data arrive. The project is written into a folder
of its own, so that no real edition is touched; every row that was made up has the status 'synthetic' and a source whose
name says so.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi import folders
from cwi.edition import REHEARSAL, Edition, read_edition
from cwi.errors import DataError, near
from cwi.indicators import OPEN
from cwi.inputs.survey import Estimates, Sample, estimate, imagine, read_survey_definitions, synthesize
from cwi.textfiles import number, read_csv

__all__ = ["YEARS", "read_plausible", "write_rehearsal"]

Array = NDArray[np.float64]

YEARS = (2022, 2023)
SYNTHETIC = "synthetic"
REGISTERS = "synthetic-registers"
FROM_LEVEL = 0.5  # how much the level of a region in the dimension says of a figure of a register
BASES = ("published", "derived", "assumed")
SPREAD, STEP, DRIFT = 9.0, 2.0, 1.0  # points of score: between regions, from year to year, and the mean of the latter
NEAR = (4.0, 96.0)  # no made-up score lies nearer to an end
COLUMNS = ["region", "year", "indicator", "sex", "area", "value", "se", "n", "status", "source", "note"]
COPIED = ("regions.csv", "boundary_changes.csv", "boundaries", "observations", "methodology", "survey", "crosswalk",
          "questions.csv")  # fmt: skip


def write_rehearsal(
    folder: Path, *, seed: int, years: Sequence[int] = YEARS, sample: Sample | None = None, survey: str = "2024.1"
) -> Path:
    """Write the project of the rehearsal.

    Parameters
    ----------
    folder
        Where; what lies there is replaced if it is a rehearsal, and refused otherwise.
    seed
        Starts the only random generator; equal seeds give equal files.
    years
        The editions that are made, each of which has a real one.
    sample
        The size of the synthetic survey.
    survey
        The version of its definitions.

    Returns
    -------
    The folder: data/ and notebooks/, to be used with the variable CWI_ROOT.

    Raises
    ------
    DataError
        If the folder holds anything else than a rehearsal.
    """
    folder = Path(folder)
    note = folder / "REHEARSAL.txt"
    if folder.exists() and not note.is_file() and (folder.is_file() or any(folder.iterdir())):
        raise DataError(f"{folders.relative(folder)} holds other things than a rehearsal; name an empty folder")
    shutil.rmtree(folder, ignore_errors=True)
    data = folder / "data"
    data.mkdir(parents=True)
    note.write_text("A rehearsal. Most figures in this folder are synthetic; they describe nobody.\n", encoding="utf-8")
    for name in COPIED:
        source = folders.data() / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, data / name)
    for name in ("source_words.csv", "country.toml", "name_cases.csv"):
        if (words := folders.data() / name).is_file():
            shutil.copyfile(words, data / name)
    shutil.copytree(folders.notebooks(), folder / "notebooks")
    rng = np.random.default_rng(seed)
    editions = [read_edition(year) for year in years]
    rounds = _rounds(editions, survey, sample, rng)
    registers = _registers(editions, rng)
    _write(data / "observations" / f"{REGISTERS}.csv", registers)
    for estimated in rounds:
        rows = estimated.observations.assign(
            status=estimated.observations["status"].replace({"derived": SYNTHETIC}), note=SYNTHETIC
        )
        _write(data / "observations" / f"synthetic-survey-{estimated.year}.csv", rows)
        (data / "covariance").mkdir(exist_ok=True)
        _write(data / "covariance" / f"synthetic-survey-{estimated.year}.csv", estimated.covariance)
    _write_registers(data, editions[-1], [REGISTERS, *(f"synthetic-survey-{estimated.year}" for estimated in rounds)])
    for edition in editions:
        place = data / "editions" / str(edition.year)
        place.mkdir(parents=True)
        text = f'methodology = "{edition.methodology.version}"\n{REHEARSAL} = true\n'
        (place / "edition.toml").write_text(text, encoding="utf-8", newline="\n")
    return folder


def _rounds(
    editions: Sequence[Edition], version: str, sample: Sample | None, rng: np.random.Generator
) -> list[Estimates]:
    """A round of the synthetic survey for each edition, all of one imagined population."""
    definitions = read_survey_definitions(version)
    population = imagine(definitions, editions[0], rng=rng)
    result = []
    for edition in editions:
        answers = synthesize(definitions, population, rng=rng, year=edition.year, sample=sample)
        result.append(estimate(*answers, definitions, year=edition.year, territory=edition.territory))
    return result


def _registers(editions: Sequence[Edition], rng: np.random.Generator) -> pd.DataFrame:
    """A value for every statistical cell that has none: better where the region is better in the dimension."""
    first = editions[0]
    table = first.methodology.indicators
    table = table[table["kind"] == "statistical"].set_index("code")
    awaited = [str(code) for code in table.index[table["data"] != OPEN]]
    plausible = read_plausible(awaited).T
    dimension = first.methodology.levels[-2].name
    deviations: dict[str, Array] = {}
    rows = []
    for order, edition in enumerate(editions):
        cells = edition.scores.cells
        missing = cells[cells["value"].isna() & cells["indicator"].isin(table.index)]
        real = cells[cells["observed"] == edition.year].pivot(index="region", columns="indicator", values="value")
        levels = edition.scores.wide(edition.year, dimension)
        regions = list(edition.regions)
        nation = edition.territory.nation
        for name, rule in table.iterrows():
            code = str(name)
            if order == 0:
                deviations[code] = rng.normal(0, SPREAD, len(regions))
            else:
                deviations[code] = deviations[code] + rng.normal(DRIFT, STEP, len(regions))
            level = levels[rule[dimension]].reindex(regions).fillna(50).to_numpy(float)
            bounds = plausible.get(code)
            value = pd.Series(_imagined(rule, bounds, level, deviations[code]), index=regions)
            weight = edition.population.reindex(regions).fillna(edition.population.mean())
            if code in real:  # the nation is the mean of what its regions show: real figures where there are any
                value = real[code].reindex(regions).fillna(value)
            value[nation] = float((value * weight).sum() / weight.sum())
            asked = missing.loc[missing["indicator"] == code, "region"]
            for region in [*regions, nation]:
                if region in set(asked):
                    rows.append((region, edition.year, code, round(float(value[region]), int(rule["decimals"]))))
    drawn = pd.DataFrame(rows, columns=["region", "year", "indicator", "value"])
    return drawn.assign(sex="", area="", se=np.nan, n=np.nan, status=SYNTHETIC, source=REGISTERS, note=SYNTHETIC)


def _imagined(rule: pd.Series, bounds: pd.Series | None, level: Array, deviation: Array) -> Array:
    """Values of the regions: around the national figure within plausible bounds, or between the ends of the indicator.

    ``level``: scores of the regions in the dimension; ``deviation``: what chance adds to them, in points.
    """
    if bounds is not None:
        better = 1.0 if rule["best"] > rule["worst"] else -1.0
        z = FROM_LEVEL * (level - level.mean()) / SPREAD + deviation / SPREAD
        step = better * float(bounds["spread"]) * z
        return np.asarray(np.clip(float(bounds["nation"]) + step, float(bounds["low"]), float(bounds["high"])))
    score = np.clip(level + deviation, *NEAR) / 100
    if rule["scale"] == "log":
        return np.asarray(rule["worst"] * (rule["best"] / rule["worst"]) ** score)
    return np.asarray(rule["worst"] + (rule["best"] - rule["worst"]) * score)


def read_plausible(codes: Sequence[str] = ()) -> pd.DataFrame:
    """What figures of ministries' registers that are not open could look like: data/synthetic_registers.csv.

    Parameters
    ----------
    codes
        Indicators that it must have.

    Returns
    -------
    DataFrame
        index indicator; nation, spread (between regions), low, high, in the unit of the indicator; basis (published,
        derived or assumed), source.

    Raises
    ------
    DataError
        With file and line, if a number is none, the national figure is not between low and high, a basis is unknown
        or has no source, or an indicator is missing.

    Examples
    --------
    >>> row = read_plausible().loc["family_placement"]
    >>> float(row["low"]), float(row["nation"]), float(row["high"]), row["basis"]
    (65.0, 82.6, 97.0, 'published')
    """
    path = folders.data() / "synthetic_registers.csv"
    where = folders.relative(path)
    numbers = ("nation", "spread", "low", "high")
    table = read_csv(path, DataError, required=("indicator", *numbers, "basis", "source"), filled=True)
    for column in numbers:
        for line, text in table[column].items():
            if number(text) is None:
                raise DataError(f"{where} line {line}: {column} is '{text}', which is not a number")
        table[column] = table[column].astype(float)
    for line, row in table.iterrows():
        if not row["low"] < row["nation"] < row["high"] or row["spread"] <= 0:
            raise DataError(
                f"{where} line {line}: {row['indicator']} needs low < nation < high and a spread above 0; there is "
                f"{row['low']:g}, {row['nation']:g}, {row['high']:g} and {row['spread']:g}"
            )
        if row["basis"] not in BASES:
            raise DataError(f"{where} line {line}: basis is '{row['basis']}'{near(row['basis'], BASES)}")
        if not row["source"]:
            raise DataError(f"{where} line {line}: {row['indicator']} has no source")
    table = table.set_index("indicator")
    for code in codes:
        if code not in table.index:
            raise DataError(f"{where}: '{code}' has no row; without one its synthetic figures would not be plausible")
    return table


def _write(path: Path, rows: pd.DataFrame) -> None:
    columns = COLUMNS if "status" in rows else list(rows.columns)
    rows[columns].to_csv(path, index=False, lineterminator="\n")


def _write_registers(data: Path, edition: Edition, sources: Sequence[str]) -> None:
    """Series, statuses and sources: those of the project, and what the rehearsal adds to them."""
    for name, added in (("statuses.csv", _statuses()), ("series.csv", _series(edition))):
        table = pd.read_csv(folders.data() / name, dtype=str, keep_default_na=False)
        joined = pd.concat([table, added[~added.iloc[:, 0].isin(table.iloc[:, 0])]], ignore_index=True)
        joined[table.columns].fillna("").to_csv(data / name, index=False, lineterminator="\n")
    text = (folders.data() / "sources.toml").read_text(encoding="utf-8")
    for name in sources:
        file = f"observations/{name}.csv"
        digest = hashlib.sha256((data / file).read_bytes()).hexdigest()
        record = {
            "publisher": "nobody: synthetic figures",
            "title": f"Synthetic figures for the rehearsal ({name})",
            "licence": "none needed; not to be quoted",
            "retrieved": "made by a seeded program",
            "file": file,
            "sha256": digest,
        }
        lines = [f"{key} = {json.dumps(value)}" for key, value in record.items()]
        text += "\n".join(["", f"[{name}]", *lines, ""])
    (data / "sources.toml").write_text(text, encoding="utf-8", newline="\n")


def _statuses() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "status": SYNTHETIC, "sdmx": "X", "scored": "yes", "title_en": "Synthetic",
                "title_ru": "Синтетическое значение", "title_kk": "Синтетикалық мән",
                "definition": "Made up by a seeded program for the rehearsal; it describes nobody; not to be quoted.",
            }
        ]
    )  # fmt: skip


def _series(edition: Edition) -> pd.DataFrame:
    """Entries of the register for indicators that have no series yet."""
    rows = []
    for row in edition.methodology.indicators.to_dict("records"):
        low, high = sorted((float(row["worst"]), float(row["best"])))
        share = row["unit"] == "%"
        rows.append(
            {
                "indicator": row["code"], "title_en": row["title_en"], "title_ru": row["title_ru"], "unit": row["unit"],
                "low": "0" if share else f"{2 * low - high:g}", "high": "100" if share else f"{2 * high - low:g}",
                "kind": "share" if share else "rate", "source_code": SYNTHETIC, "used": "yes",
                "judgement": "Synthetic, for the rehearsal only.",
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
