"""Workbooks to be filled in: points, judgements of pairs, votes, proposals; they are read back as they are.

Each has a sheet of instructions in Kazakh, Russian and English, and one plain table: the names of the columns in the
first row, nothing merged, lists to choose from where words are asked for, and sums that are shown as numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import xlsxwriter

from cwi.errors import DataError
from cwi.folders import relative
from cwi.inputs.consultation.ballots import GROUPS, LANGUAGES
from cwi.inputs.consultation.experts import parents_of
from cwi.inputs.consultation.proposals import BODIES, DECISIONS, PROPOSALS, SUBJECTS
from cwi.inputs.consultation.sheets import SAATY
from cwi.methodology import Methodology, methodologies
from cwi.territory import Territory
from cwi.writing import writing

__all__ = ["write_templates"]

CREATED = datetime(2000, 1, 1)  # no time of its own, so that equal templates give equal bytes
LAST = 20_000  # row to which lists and checks reach in sheets that grow
TONGUES = ("kk", "ru", "en")
ABOUT = {
    "expert": (
        "сарапшының коды, мысалы E017; аты-жөні емес",
        "код эксперта, например E017; не имя",
        "the expert's code, such as E017; never a name",
    )
}
SAID: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "budget": (
        (
            "Әр топтың («parent» бағаны) бөліктеріне барлығы 100 ұпай бөліңіз: маңыздырағына көбірек.",
            "Распределите 100 баллов между частями каждой группы (столбец «parent»): более важной – больше.",
            "Divide 100 points among the parts of each group (column 'parent'): more to what matters more.",
        ),
        (
            "Сандарды «points» бағанына жазыңыз; «sum» бағаны топтың қосындысын көрсетеді, ол 100 болуы керек.",
            "Числа пишите в столбец «points»; столбец «sum» показывает сумму группы, она должна быть равна 100.",
            "Write numbers into the column 'points'; the column 'sum' shows the group's sum, which must be 100.",
        ),
        (
            "«about» парағында өз кодыңызды жазыңыз. Атыңызды да, мекенжайыңызды да жазбаңыз.",
            "На листе «about» укажите свой код. Не пишите ни имени, ни адреса.",
            "Write your code on the sheet 'about'. Write no name and no address anywhere.",
        ),
    ),
    "ahp": (
        (
            "Әр жолда бірінші бөлік екіншісінен неше есе маңызды екенін «times» бағанынан таңдаңыз.",
            "В каждой строке выберите в столбце «times», во сколько раз первая часть важнее второй.",
            "In each row choose in the column 'times' how many times as important the first part is as the second.",
        ),
        (
            "1 – бірдей маңызды; 3, 5, 7, 9 – біршама, айқын, өте, барынша маңыздырақ; 1/3, 1/5 … – керісінше.",
            "1 – одинаково важны; 3, 5, 7, 9 – немного, явно, намного, предельно важнее; 1/3, 1/5 … – наоборот.",
            "1: equally important; 3, 5, 7, 9: somewhat, clearly, much, utterly more; 1/3, 1/5 …: the reverse.",
        ),
        (
            "«about» парағында өз кодыңызды жазыңыз. Атыңызды да, мекенжайыңызды да жазбаңыз.",
            "На листе «about» укажите свой код. Не пишите ни имени, ни адреса.",
            "Write your code on the sheet 'about'. Write no name and no address anywhere.",
        ),
    ),
    "votes": (
        (
            "Бір жол – бір бюллетень. «choices» бағанында көрсеткіштердің кодтары нүктелі үтірмен бөлінеді.",
            "Одна строка – один бюллетень. В столбце «choices» коды показателей разделены точкой с запятой.",
            "One row is one ballot. In the column 'choices' codes of indicators are divided by semicolons.",
        ),
        (
            "«voter» пен «device» – тек қайталанған дауысты табуға арналған белгілер; олар сақталмайды.",
            "«voter» и «device» – метки только для поиска повторов; они не сохраняются.",
            "'voter' and 'device' are marks to find repeated votes by, and nothing else; they are not kept.",
        ),
        (
            "«submitted» – күні мен уақыты, мысалы 2024-03-15T14:05:09; «seconds» – қанша секунд кетті.",
            "«submitted» – дата и время, например 2024-03-15T14:05:09; «seconds» – сколько секунд заняло.",
            "'submitted' is the date and time, such as 2024-03-15T14:05:09; 'seconds' how many seconds it took.",
        ),
    ),
    "proposals": (
        (
            "Бір жол – бір ұсыныс. «body» – ұсынған ұйымның түрі; адамдардың аты мен мекенжайы жазылмайды.",
            "Одна строка – одно предложение. «body» – вид организации; имена и адреса людей не пишутся.",
            "One row is one proposal. 'body' is the kind of body that made it; no names or addresses of persons.",
        ),
        (
            "«subject» – бөліктің коды, не «method», не «new indicator»; «reason» – шешімнің себебі.",
            "«subject» – код части, или «method», или «new indicator»; «reason» – причина решения.",
            "'subject' is the code of a part, 'method' or 'new indicator'; 'reason' is why it was decided so.",
        ),
        (
            "Ұсыныс (ішінара болса да) қабылданса, «version» әдіснаманың өзгерген нұсқасын атайды.",
            "Если предложение принято (хотя бы частично), «version» называет изменённую версию методологии.",
            "Where a proposal was accepted, if only in part, 'version' names the methodology version that changed.",
        ),
    ),
}


def write_templates(folder: Path, methodology: Methodology, territory: Territory) -> list[Path]:
    """Write budget.xlsx, ahp.xlsx, votes.xlsx and proposals.xlsx; none is overwritten.

    Parameters
    ----------
    methodology
        Its parts, with their titles, are what is asked about.
    territory
        Its regions are what voters choose from.

    Raises
    ------
    DataError
        If one of the files is there already.
    """
    folder = Path(folder)
    paths = {name: folder / f"{name}.xlsx" for name in SAID}
    for path in paths.values():
        if path.exists():
            raise DataError(f"{relative(path)}: there is such a file already; name another folder")
    with writing(*paths.values()) as places:
        for name, place in zip(paths, places, strict=True):
            _write_template(place, name, methodology, territory)
    return list(paths.values())


def _write_template(path: Path, name: str, methodology: Methodology, territory: Territory) -> None:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": f"cwi consultation: {name}", "created": CREATED})
        sheet = _Template(book, name)
        if name == "budget":
            _budget(sheet, methodology)
        elif name == "ahp":
            _ahp(sheet, methodology)
        elif name == "votes":
            _votes(sheet, methodology, territory)
        else:
            _proposals(sheet, methodology)


class _Template:
    """A workbook that is being written: the table, then instructions and, for an expert, who fills it in."""

    def __init__(self, book: Any, name: str) -> None:
        self.book, self.name = book, name
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
        self.ask = book.add_format({"bg_color": "#fff6e0", "border": 1, "border_color": "#bbbbbb"})
        self.text = book.add_format({"bg_color": "#fff6e0", "border": 1, "border_color": "#bbbbbb", "num_format": "@"})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.sheet = book.add_worksheet(name)
        self.sheet.freeze_panes(1, 0)
        notes = book.add_worksheet("read me")
        notes.set_column(0, 2, 60)
        for column, tongue in enumerate(TONGUES):
            notes.write_string(0, column, tongue, self.head)
            for row, line in enumerate(SAID[name], start=1):
                notes.write_string(row, column, line[column], self.wrap)
        if name in ("budget", "ahp"):
            self._about()

    def _about(self) -> None:
        about = self.book.add_worksheet("about")
        about.set_column(0, 1, 16)
        about.set_column(2, 4, 44)
        for column, title in enumerate(("what", "value", *TONGUES)):
            about.write_string(0, column, title, self.head)
        for row, (what, titles) in enumerate(ABOUT.items(), start=1):
            about.write_string(row, 0, what)
            about.write_blank(row, 1, None, self.text)
            for column, title in enumerate(titles, start=2):
                about.write_string(row, column, title, self.wrap)

    def heads(self, columns: Sequence[str], widths: Sequence[float]) -> None:
        for column, (title, width) in enumerate(zip(columns, widths, strict=True)):
            self.sheet.write_string(0, column, title, self.head)
            self.sheet.set_column(column, column, width)

    def choose(self, column: int, first: int, last: int, words: Sequence[str], what: str) -> None:
        """A list to choose from; a long one is on a sheet of its own."""
        source: Any = list(words)
        if len(",".join(words)) > 255:  # the most that a list inside a cell can hold
            title = f"list of {what}"
            lists = self.book.add_worksheet(title)
            lists.write_string(0, 0, what, self.head)
            lists.write_column(1, 0, words)
            lists.set_column(0, 0, 32)
            source = f"='{title}'!$A$2:$A${len(words) + 1}"
        self.sheet.data_validation(
            first,
            column,
            last,
            column,
            {
                "validate": "list",
                "source": source,
                "error_title": what,
                "error_message": f"Choose one of the list: {what}.",
            },
        )


def _budget(to: _Template, methodology: Methodology) -> None:
    parents, titles = parents_of(methodology), _titles(methodology)
    parents = parents[parents.duplicated(keep=False)]  # a part without brothers has the weight one
    to.heads(("parent", "part", "title_kk", "title_ru", "title_en", "points", "sum"), (24, 28, 44, 44, 44, 10, 10))
    last = len(parents)
    for row, (part, parent) in enumerate(parents.items(), start=1):
        to.sheet.write_row(row, 0, [parent, part, *titles[str(part)]])
        to.sheet.write_blank(row, 5, None, to.ask)
        to.sheet.write_formula(row, 6, f"=SUMIF($A$2:$A${last + 1},A{row + 1},$F$2:$F${last + 1})", None, 0)
    points = {
        "validate": "decimal",
        "criteria": "between",
        "minimum": 0,
        "maximum": 100,
        "error_title": "points",
        "error_message": "A number from 0 to 100.",
    }
    to.sheet.data_validation(1, 5, last, 5, points)
    for criteria, colour in (("=", "#d6ead9"), ("!=", "#f6d5c3")):
        look = to.book.add_format({"bg_color": colour, "bold": criteria == "!="})
        rule = {"type": "cell", "criteria": criteria, "value": 100, "format": look}
        to.sheet.conditional_format(1, 6, last, 6, rule)


def _ahp(to: _Template, methodology: Methodology) -> None:
    parents, titles = parents_of(methodology), _titles(methodology)
    columns = (
        "parent",
        "first",
        *(f"title_{t}" for t in TONGUES),
        "times",
        "second",
        *(f"second_{t}" for t in TONGUES),
    )
    to.heads(columns, (24, 28, 36, 36, 36, 8, 28, 36, 36, 36))
    pairs = [
        (parent, *pair)
        for parent in dict.fromkeys(parents)
        for pair in combinations(parents.index[parents == parent], 2)
    ]
    for row, (parent, first, second) in enumerate(pairs, start=1):
        to.sheet.write_row(row, 0, [parent, first, *titles[first]])
        to.sheet.write_blank(row, 5, None, to.text)  # text: a spreadsheet would make a date of 1/3
        to.sheet.write_row(row, 6, [second, *titles[second]])
    to.choose(5, 1, len(pairs), SAATY, "times")


def _votes(to: _Template, methodology: Methodology, territory: Territory) -> None:
    columns = ("voter", "group", "region", "language", "submitted", "seconds", "device", "choices")
    to.heads(columns, (16, 12, 12, 10, 22, 10, 16, 80))
    to.sheet.set_column(4, 4, 22, to.book.add_format({"num_format": "@"}))
    to.choose(1, 1, LAST, GROUPS, "groups")
    to.choose(2, 1, LAST, list(territory.regions.index[territory.regions["kind"] != "nation"]), "regions")
    to.choose(3, 1, LAST, LANGUAGES, "languages")
    seconds = {"validate": "decimal", "criteria": ">=", "value": 0, "error_message": "A number of seconds."}
    to.sheet.data_validation(1, 5, LAST, 5, seconds)
    codes, titles = to.book.add_worksheet("codes"), _titles(methodology)
    codes.set_column(0, 0, 28)
    codes.set_column(1, 3, 60)
    codes.write_row(0, 0, ["code", *TONGUES], to.head)
    for row, code in enumerate(methodology.indicators["code"], start=1):
        codes.write_row(row, 0, [code, *titles[code]])


def _proposals(to: _Template, methodology: Methodology) -> None:
    to.heads(PROPOSALS, (8, 12, 22, 28, 60, 12, 60, 12))
    to.sheet.set_column(1, 1, 12, to.book.add_format({"num_format": "@"}))
    to.sheet.set_column(7, 7, 12, to.book.add_format({"num_format": "@"}))  # 2024.1 is a name, not a number
    to.choose(2, 1, LAST, BODIES, "kinds of body")
    to.choose(3, 1, LAST, [*SUBJECTS, *parents_of(methodology).index], "subjects")
    to.choose(5, 1, LAST, DECISIONS, "decisions")
    to.choose(7, 1, LAST, list(methodologies()), "versions")


def _titles(methodology: Methodology) -> dict[str, list[str]]:
    """The titles of every part, in Kazakh, Russian and English."""
    table = methodology.indicators
    titles = {
        str(row["code"]): [str(row[f"title_{tongue}"] or row["code"]) for tongue in TONGUES]
        for row in table.to_dict("records")
    }
    return titles | {node.code: [node.titles[t] for t in TONGUES] for nodes in methodology.nodes for node in nodes}
