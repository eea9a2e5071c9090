"""Every unit, status and right in the tables of benefits and laws has a message in each language."""

import pandas as pd
import pytest

from cwi import folders
from cwi.inputs.benefits import read_laws, read_totals
from cwi.inputs.deprivation import read_specification, specifications
from cwi.report.languages import Language
from cwi.report.notebooks.analysis_report import keyed


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_words_of_the_tables_have_messages(language: str) -> None:
    tables = [pd.read_csv(folders.data() / "benefits" / f"{name}.csv") for name in ("parameters", "amounts")]
    laws = read_laws()
    methods = [read_specification(name).read for name in specifications()]
    benefits, totals = pd.read_csv(folders.data() / "benefits" / "benefits.csv"), read_totals()
    notes = [*benefits["note"], *totals["note"].dropna()]
    sources = [*benefits["law"], *tables[0]["source"], *tables[1]["source"], *totals["source"], *laws["source"]]
    words = {
        "note": [part for note in notes if note for part in note.split("; ")],
        "cited": [source for source in sources if not source.startswith("https://")],
        "measure": [*tables[0]["unit"], *tables[1]["unit"], *read_totals()["unit"]],
        "checked": [*tables[0]["status"], *tables[1]["status"], *laws["read"], *methods],
        "in_force": list(laws["in_force"]),
        "right": list(laws["right"]),
    }
    known = Language(language)
    missing = {
        word for kind, of in words.items() for word in of if not known.knows(f"deprivation.{kind}.{keyed(word)}")
    }
    assert missing == set()
    assert not known.knows("deprivation.measure.bushels")


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_heads_of_the_table_of_depth_have_messages(language: str) -> None:
    heads = [*(f"{m}{end}" for m in ("M1", "M2") for end in ("", "_se", "_low", "_high")), "G", "S"]
    assert [head for head in heads if not Language(language).knows(f"deprivation.column.{keyed(head)}")] == []
