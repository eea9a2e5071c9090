"""CSV and TOML as people and their programs make them: what is read all the same, and what is refused."""

from pathlib import Path

import pytest

from cwi.errors import DataError
from cwi.textfiles import number, read_csv, read_text, read_toml

TABLE = b'code,value,note\nA,1,\nB,2.5,"a, b"\n'


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A function that writes a table and reads it."""
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))

    def read(content: bytes):
        path = tmp_path / "table.csv"
        path.write_bytes(content)
        return read_csv(path, DataError, required=("code", "value"), optional=("note",))

    return read


def test_cells_are_text_and_the_index_is_the_line(table):
    frame = table(TABLE)
    assert list(frame.index) == [2, 3]
    assert frame.to_numpy().tolist() == [["A", "1", ""], ["B", "2.5", "a, b"]]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + TABLE,
        TABLE.replace(b"\n", b"\r\n"),
        TABLE.replace(b"\n", b"\r"),
        TABLE.rstrip(b"\n"),
        TABLE + b"\n\n  \n",
        TABLE + b",,\n,,\n",
        TABLE.replace(b"A,1,", b' A , 1 ,""'),
        TABLE.replace(b"A,1,", b'"A","1",""'),
        TABLE.replace(b"code,value,note", b" code,value ,note"),
    ],
    ids=[
        "byte order mark",
        "CRLF",
        "CR",
        "no last line end",
        "blank lines",
        "rows of commas",
        "spaces",
        "quotes",
        "head",
    ],
)
def test_what_programs_add_makes_no_difference(table, content):
    assert table(content).to_numpy().tolist() == table(TABLE).to_numpy().tolist()


def test_a_line_break_inside_a_cell_does_not_shift_the_lines(table):
    assert list(table(b'code,value,note\nA,1,"one\ntwo"\nB,2,\n').index) == [2, 4]


def test_a_lone_head_is_a_table_without_rows(table):
    assert table(b"code,value\n").empty


REFUSED = {
    "empty": (b"", ": the file is empty; its first line must name the columns code, value"),
    "blank": (b"\n \n", ": the file is empty; its first line must name the columns code, value"),
    "Latin-1": (
        "code,value\nA,1\nB\xe9,1\n".encode("latin-1"),
        " line 3: this is not UTF-8 text; save the file as UTF-8",
    ),
    "UTF-16": (TABLE.decode().encode("utf-16"), " line 1: this is not UTF-8 text; save the file as UTF-8"),
    "UTF-16 without mark": (
        TABLE.decode().encode("utf-16-le"),
        " line 1: this is not UTF-8 text; save the file as UTF-8",
    ),
    "NUL byte": (b"code,value\nA,1\x000\n", " line 2: this is not UTF-8 text; save the file as UTF-8"),
    "unknown column": (
        b"code,vaule\nA,1\n",
        " line 1: no column is called 'vaule' (did you mean 'value'?); there are code, value, note",
    ),
    "nameless column": (b"code,value,\nA,1,\n", " line 1: no column is called ''; there are code, value, note"),
    "no head": (b"A,1\nB,2\n", " line 1: no column is called 'A'; there are code, value, note"),
    "column twice": (b"code,value,code\nA,1,B\n", " line 1: the column 'code' is listed twice"),
    "column missing": (b"code,note\nA,\n", " line 1: the column 'value' is missing; the first line reads code, note"),
    "semicolons": (
        b"code;value\nA;1\n",
        " line 1: the cells must be divided by commas; the line reads code;value",
    ),
    "tabs": (
        b"code\tvalue\nA\t1\n",
        " line 1: the cells must be divided by commas; the line reads code\tvalue",
    ),
    "decimal comma": (
        b"code,value\nA,2,5\n",
        " line 2: 3 cells where the first line names 2 columns; a number with a decimal comma or a text with a comma "
        "must be in quotes, decimals take a point",
    ),
    "too few cells": (b"code,value,note\nA,1\n", " line 2: 2 cells where the first line names 3 columns"),
    "open quote": (b'code,value\nA,"1\nB,2\n', " line 2: this is not CSV: unexpected end of data"),
    "stray quote": (b'code,value\nA,1\nB,"2"3\n', " line 3: this is not CSV: ',' expected after '\"'"),
    "endless cell": (
        b"code,value\nA," + b"1" * 200_000 + b"\n",
        " line 2: this is not CSV: field larger than field limit (131072)",
    ),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_table_that_is_refused(table, says, content, sentence):
    with says(DataError, f"table.csv{sentence}"):
        table(content)


def test_no_file_and_no_file_but_a_folder(tmp_path, monkeypatch, says):
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))
    with says(DataError, "absent.csv: there is no such file"):
        read_text(tmp_path / "absent.csv", DataError)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match=r"\Afolder\.csv: cannot be read \(.+\)\Z"):  # the system says why
        read_text(tmp_path / "folder.csv", DataError)


def test_a_mistake_in_toml_names_the_file_and_the_line(tmp_path, monkeypatch, says):
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))
    (tmp_path / "a.toml").write_text("x = 1\ny = \n", encoding="utf-8")
    with says(DataError, "a.toml: this is not TOML: Invalid value (at line 2, column 5)"):
        read_toml(tmp_path / "a.toml", DataError)


def test_paths_outside_the_project_are_said_in_full(tmp_path, monkeypatch, says):
    monkeypatch.setenv("CWI_ROOT", str(tmp_path / "project"))
    absent = Path(tmp_path / "absent.csv")
    with says(DataError, f"{absent.as_posix()}: there is no such file"):
        read_text(absent, DataError)


@pytest.mark.parametrize(("text", "value"), [("12", 12), ("+1.50", 1.5), ("1e3", 1000), ("-0", 0)])
def test_a_number(text, value):
    assert number(text) == value
    assert str(number(text)) == str(float(value))  # no negative zero


@pytest.mark.parametrize(
    "text", ["", "x", "12,5", "1_000", "1 000", "1\xa0000", "12%", "0x10", "inf", "nan", "1e400", "١٢"]
)
def test_no_number(text):
    assert number(text) is None


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('[living]\ntitle = "a\\u202eb"\n', "living.title"),
        ('[[living]]\nnames = ["a", "b\\u202e"]\n', "living.names"),
        ('[living]\n"a\\u202e" = 1\n', "living"),
    ],
)
def test_characters_that_are_written_as_escapes_are_refused_too(tmp_path, monkeypatch, content, where):
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))
    (tmp_path / "a.toml").write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_toml(tmp_path / "a.toml", DataError)
    assert str(error.value) == f"a.toml: {where}: there is a character that is not seen, U+202E; delete it"


def test_escapes_of_characters_that_are_seen_are_read(tmp_path):
    (tmp_path / "a.toml").write_text('title = "\\u04d8\\n"\n', encoding="utf-8")
    assert read_toml(tmp_path / "a.toml", DataError) == {"title": "Ә\n"}
