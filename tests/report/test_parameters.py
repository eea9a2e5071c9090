"""Parameters of a notebook: declared in one tagged cell, checked before anything starts."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from cwi import ParameterError, folders
from cwi.report.parameters import checked, declared

REAL = folders.notebooks() / "official_report.ipynb"
NAMES = "year, project, methodology, language, draws, seed"


def notebook(folder: Path, *sources: str) -> Path:
    cells = [new_code_cell(source, metadata={"tags": ["parameters"]}) for source in sources]
    path = folder / "made.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("import cwi"), *cells]), path)
    return path


def test_the_official_report_declares_six() -> None:
    assert {name: kind for name, (kind, _) in declared(REAL).items()} == {
        "year": int, "project": str, "methodology": str, "language": str, "draws": int, "seed": int,
    }  # fmt: skip
    assert checked(REAL, {}) == {name: default for name, (_, default) in declared(REAL).items()}
    assert checked(REAL, {"year": 2019, "language": "kk"})["year"] == 2019


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"yaer": 2023}, f"there is no parameter 'yaer' (did you mean 'year'?); there are {NAMES}"),
        ({"zzz": 1}, f"there is no parameter 'zzz'; there are {NAMES}"),
        ({"year": 2023.0}, "year is 2023.0; it must be a whole number, such as 2023"),
        ({"year": "2023"}, "year is '2023'; it must be a whole number, such as 2023"),
        ({"year": True}, "year is True; it must be a whole number, such as 2023"),
        ({"year": None}, "year is None; it must be a whole number, such as 2023"),
        ({"language": 1}, "language is 1; it must be a text, such as 'en'"),
        ({"methodology": 2024.1}, "methodology is 2024.1; it must be a text"),
        ({"seed": [1]}, "seed is [1]; it must be a whole number, such as 20241122"),
    ],
)
def test_what_is_not_declared_or_of_another_type_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        checked(REAL, given)
    assert str(caught.value) == f"notebooks/official_report.ipynb: {said}"


def test_all_four_types(tmp_path: Path) -> None:
    path = notebook(tmp_path, "n: int = -3  # why\nx: float = 0.5\nyes: bool = False\nword: str = 'a'\n")
    assert checked(path, {}) == {"n": -3, "x": 0.5, "yes": False, "word": "a"}
    assert checked(path, {"x": 2, "yes": True}) == {"n": -3, "x": 2, "yes": True, "word": "a"}
    for given, said in (({"yes": 1}, "yes is 1; it must be true or false, such as False"),
                        ({"x": True}, "x is True; it must be a number, such as 0.5"),
                        ({"x": "0.5"}, "x is '0.5'; it must be a number, such as 0.5")):  # fmt: skip
        with pytest.raises(ParameterError) as caught:
            checked(path, given)
        assert str(caught.value) == f"{path.as_posix()}: {said}"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        *(
            (line, f"'{line}' is no parameter; write name: type = default, the type one of int, str, float, bool")
            for line in ("year = 2023", "year: int", "years: list[int] = [2023]", "import os", "self.year: int = 1")
        ),
        ("year: int = 2020 + 3", "the default of year is '2020 + 3'; it must be a whole number"),
        ("year: int = last()", "the default of year is 'last()'; it must be a whole number"),
        ("year: int = '2023'", "the default of year is ''2023''; it must be a whole number"),
        ("year: int = True", "the default of year is 'True'; it must be a whole number"),
        ("word: str = None", "the default of word is 'None'; it must be a text"),
        ("year: int = = 3", "the parameters are not Python: invalid syntax"),
    ],
)
def test_what_is_no_plain_declaration_is_refused(tmp_path: Path, source: str, said: str) -> None:
    path = notebook(tmp_path, source)
    with pytest.raises(ParameterError) as caught:
        declared(path)
    assert str(caught.value) == f"{path.as_posix()}: {said}"


def test_there_must_be_one_tagged_cell(tmp_path: Path) -> None:
    for sources in ((), ("a: int = 1", "b: int = 2")):
        path = notebook(tmp_path, *sources)
        with pytest.raises(ParameterError) as caught:
            declared(path)
        said = f"{len(sources)} cells are tagged 'parameters'; there must be one"
        assert str(caught.value) == f"{path.as_posix()}: {said}"


def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.ipynb"
    with pytest.raises(ParameterError) as caught:
        declared(path)
    assert str(caught.value) == f"{path.as_posix()}: there is no such file"
    for text in ("year: int = 2023", "{}", '{"cells": 1, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "[]"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ParameterError) as caught:
            declared(path)
        assert str(caught.value) == f"{path.as_posix()}: this is not a notebook", text
