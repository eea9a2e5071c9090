"""Another list of indicators under other names is other files, and no code."""

import csv
import re
import shutil
from collections.abc import Iterator

import pytest

from cwi import Edition, folders, read_edition
from cwi.report import OfficialReport


@pytest.fixture(scope="module")
def other_list(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edition]:
    """The project's data with one dimension under another name and two components gone, opened once."""
    tmp_path = tmp_path_factory.mktemp("other-list")
    shutil.copytree(folders.data(), tmp_path / "data")
    folder = tmp_path / "data" / "methodology" / "2024.1"
    with (folder / "indicators.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["component"] not in ("safety", "skills")]
    for row in rows:
        row["dimension"] = row["dimension"].replace("family_community", "kin")
    with (folder / "indicators.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    rules = (folder / "methodology.toml").read_text(encoding="utf-8")
    rules = re.sub(r"\[node\.(safety|skills)\][^\[]*", "", rules.replace("[node.family_community]", "[node.kin]"))
    (folder / "methodology.toml").write_text(rules, encoding="utf-8")
    factors = (folder / "factors.toml").read_text(encoding="utf-8")
    factors = re.sub(r", (road_deaths|poisoning_mortality) = \{[^}]*\}", "", factors.replace("family_community", "kin"))
    (folder / "factors.toml").write_text(factors, encoding="utf-8")
    with folders.within(tmp_path):
        yield read_edition(2021)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_report_of_another_list(other_list: Edition, language: str) -> None:
    report = OfficialReport(other_list, language=language, draws=100, seed=1)
    tables = {table.name: table for section in report.sections() for table in section.tables()}
    assert "dimension-kin" in tables
    assert "dimension-family_community" not in tables
    assert len(tables["framework"].rows) == 56 - 5 - 5
    assert len(tables["index"].rows) == 18
