"""The board of an intake in words: on the terminal, as a page, as a workbook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from cwi.analysis.intake import COUNTS, Board
from cwi.report.blocks import Block, Heading, Paragraph, Section, Table
from cwi.report.document import write_html
from cwi.report.languages import Language
from cwi.report.workbook import write_workbook
from cwi.territory import Territory
from cwi.writing import writing

__all__ = ["board_section", "write_board"]


def board_section(
    board: Board, language: Language, owners: pd.DataFrame, territory: Territory, *, figures: bool = True
) -> Section:
    """Title, where the intake is, and a table by owner, region and component; ``figures``: and one of every figure."""
    title = language.text("intake.board.title", year=board.year)
    totals = {name: int(board.owners[name].sum()) for name in COUNTS}
    day, due, index_due = (language.short_day(day.isoformat()) for day in (board.day, board.due, board.index_due))
    lead = language.text(
        "intake.board.lead", day=day, due=due, asked=totals["asked"], entered=totals["entered"],
        asked_back=totals["asked_back"], none=totals["no_figure"], awaited=totals["awaited"],
    )  # fmt: skip
    computed = language.text("intake.board.index_due", day=index_due)
    names: dict[str, Callable[[str], str]] = {
        "owner": lambda code: str(owners.at[code, f"name_{language.code}"]),
        "region": lambda code: territory.name(code, language.code),
        "component": lambda code: _component(board, code, language),
    }
    blocks: list[Block] = [Heading(title, level=1), Paragraph(f"{lead} {computed}", kind="lead")]
    for column, table in (("owner", board.owners), ("region", board.regions), ("component", board.components)):
        blocks.append(_table(board, column, table, names[column], language))
    return Section([*blocks, _figures(board, names, language)] if figures else blocks)


def write_board(
    board: Board, language: Language, owners: pd.DataFrame, territory: Territory, *, html: Path | None = None,
    xlsx: Path | None = None,
) -> None:  # fmt: skip
    """Write the board as a page, as a workbook, or both.

    Raises
    ------
    WritingError
        If a file cannot be written.
    """
    section = board_section(board, language, owners, territory)
    title = language.text("intake.board.title", year=board.year)
    if html is not None:
        with writing(html) as (place,):
            write_html(place, [section], language=language, title=title)
    if xlsx is not None:
        tables = [block for block in section.blocks if isinstance(block, Table)]
        with writing(xlsx) as (place,):
            write_workbook(place, tables, language=language, title=title, about=[("cwi", f"intake {board.year}")])


def _component(board: Board, code: str, language: Language) -> str:
    return board.titles[code][language.code] if code else language.text("intake.board.all")


def _table(board: Board, column: str, table: pd.DataFrame, name: Callable[[str], str], language: Language) -> Table:
    heads = {
        "owner": language.text("intake.board.owner"), "region": language.text("intake.column.region"),
        "component": language.text("intake.board.component"),
    }  # fmt: skip
    columns = [heads[column], *(language.text(f"intake.board.{count}") for count in COUNTS)]
    rows = [[name(str(row[column])), *(str(row[count]) for count in COUNTS)] for row in table.to_dict("records")]
    if column == "owner":
        columns += [language.text(f"intake.board.{word}") for word in ("files", "received", "state")]
        for cells, row in zip(rows, table.to_dict("records"), strict=True):
            cells += [
                str(row["files"]),
                language.short_day(str(row["received"])),
                language.text(f"intake.board.{row['state']}"),
            ]
    data = pd.DataFrame(rows, columns=columns)
    numbers = columns[1 : 1 + len(COUNTS)]
    data[numbers] = data[numbers].astype(int)
    return Table(f"intake_{column}", language.text(f"intake.board.by_{column}"), columns, rows, data)


def _figures(board: Board, names: dict[str, Callable[[str], str]], language: Language) -> Table:
    """A row a figure: whose, of what, where, in which state, and what is asked about it."""
    columns = [language.text("intake.board.owner"),
               *(language.text(f"intake.column.{key}") for key in ("indicator", "region")),
               language.text("intake.board.component"), language.text("intake.board.state")]  # fmt: skip
    rows = [
        [
            names["owner"](str(row["owner"])), board.series[str(row["series"])][language.code],
            names["region"](str(row["region"])), names["component"](str(row["component"])),
            language.text(f"intake.state.{str(row['state']).replace(' ', '_')}"),
        ]
        for row in board.figures.to_dict("records")
    ]  # fmt: skip
    caption = language.text("intake.board.by_figure")
    return Table("intake_figures", caption, columns, rows, pd.DataFrame(rows, columns=columns))
