"""A letter to each owner: what was entered, what must be answered, cell by cell, and what is still awaited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import pandas as pd

from cwi.inputs.intake import Doubt, Outcome, Receipt, Returned
from cwi.methodology import Methodology
from cwi.report.intake.templates import TONGUES, write_form
from cwi.report.languages import NONE, Language
from cwi.territory import Territory
from cwi.writing import writing

__all__ = ["question_text", "write_letters"]

UNKNOWN = "unknown"  # the name of the letter about files that nobody can be asked about
REMEDIES = {
    "dash": "status", "unknown status": "status", "share of one": "unit", "another unit": "unit",
    "unit changed": "unit", "percent of another unit": "unit", "outside the limits": "limits",
    "computed outside": "limits", "value and status": "one", "twice": "one", "two files": "one", "merged": "merged",
    "names do not fit": "row", "damaged key": "row", "unknown row": "row", "not asked": "row",
    "two readings": "reading", "formula never saved": "number", "truth value": "number", "date": "number",
    "error value": "number", "number with text": "number", "no number": "number",
}  # fmt: skip
STYLE = (
    "body{font:15px/1.45 sans-serif;max-width:72em;margin:2em auto;padding:0 1em}table{border-collapse:collapse;"
    "width:100%;font-size:13px}th,td{border:1px solid #999;padding:.3em .5em;text-align:left;vertical-align:top}"
    "th{background:#e8eef4}tr{break-inside:avoid}section+section{break-before:page;margin-top:3em}"
)


def write_letters(
    folder: Path, outcome: Outcome, owners: pd.DataFrame, methodology: Methodology, territory: Territory
) -> list[Path]:
    """Write a letter for every owner of whom something came, OWNER.html, and the form for its answers, OWNER.xlsx.

    The form has the cells that are asked about and those that are awaited; it is read like a returned template. Files
    whose owner is not known are in unknown.html.

    Raises
    ------
    WritingError
        If a file cannot be written; none is then.
    """
    writers = [owner for owner in outcome.request.owners if any(each.owner == owner for _, each in outcome.files)]
    paths, forms = [], {}
    for owner in writers:
        paths.append(Path(folder) / f"{owner}.html")
        if questions := _questions(outcome, owner):
            forms[owner] = questions
            paths.append(Path(folder) / f"{owner}.xlsx")
    if any(not each.owner for _, each in outcome.files):
        paths.append(Path(folder) / f"{UNKNOWN}.html")
    with writing(*paths) as places:
        for path, place in zip(paths, places, strict=True):
            owner = "" if path.stem == UNKNOWN else path.stem
            if path.suffix == ".html":
                name = f"{owner}.xlsx" if owner in forms else ""
                place.write_text(_letter(outcome, owner, owners, territory, name), encoding="utf-8", newline="\n")
            else:
                write_form(
                    place, outcome.request, owner, owners, methodology, territory, questions=forms[owner]
                )  # fmt: skip
    return paths


def _questions(outcome: Outcome, owner: str) -> dict[tuple[str, str], str]:
    """What is asked about each cell of an owner, in both languages; cells that are awaited have no question."""
    register = outcome.register[outcome.register["owner"] == owner]
    waiting = register[register["state"] == "awaited"].to_dict("records")
    questions = {(str(row["series"]), str(row["region"])): "" for row in waiting}
    for doubt in outcome.settled.doubts:
        if doubt.owner == owner and doubt.entry.series:
            texts = (" ".join(question_text(doubt, outcome, Language(tongue))) for tongue in TONGUES)
            key = (doubt.entry.series, doubt.entry.region)
            questions[key] = f"{doubt.entry.sheet}!{doubt.entry.cell} = {doubt.entry.shown}\n" + "\n".join(texts)
    return questions


def question_text(doubt: Doubt, outcome: Outcome, language: Language) -> tuple[str, str]:
    """What is in doubt about a cell, and what would do."""
    cell = outcome.request.facts.get((doubt.entry.series, doubt.entry.region), {})
    last = float(cell.get("last", float("nan")))
    values = {
        "shown": doubt.entry.shown,
        "detail": doubt.entry.detail,
        "unit": str(cell.get(f"unit_{language.code}", cell.get("unit", ""))),
        "last": NONE if last != last else f"{last:.15g}",
        "before": doubt.before or int(cell.get("last_year", 0)) or NONE,
        "low": f"{float(cell.get('low', 0)):g}",
        "high": f"{float(cell.get('high', 0)):g}",
    }
    kind, remedy = doubt.kind.replace(" ", "_"), REMEDIES.get(doubt.kind, "confirm")
    return language.text(f"intake.doubt.{kind}", **values), language.text(f"intake.remedy.{remedy}", **values)


def _letter(outcome: Outcome, owner: str, owners: pd.DataFrame, territory: Territory, form: str) -> str:
    sections = "".join(_section(outcome, owner, owners, territory, form, Language(tongue)) for tongue in TONGUES)
    title = escape(owner or UNKNOWN)
    return (
        f'<!DOCTYPE html>\n<html lang="{TONGUES[0]}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>\n{sections}</body></html>\n"
    )


def _section(
    outcome: Outcome, owner: str, owners: pd.DataFrame, territory: Territory, form: str, language: Language
) -> str:
    """The letter in one language."""
    files = [(receipt, each) for receipt, each in outcome.files if each.owner == owner]
    register = outcome.register[outcome.register["owner"] == owner]
    name = str(owners.at[owner, f"name_{language.code}"]) if owner else NONE
    title = language.text("intake.letter.title", year=outcome.request.year, owner=name)
    parts = [f"<h1>{escape(title)}</h1>"]
    if owner:
        day = max(receipt.received for receipt, _ in files)
        entered = int((register["state"] == "entered").sum())
        lead = language.text("intake.letter.lead", day=day, asked=len(register), entered=entered)
        parts.append(f"<p>{escape(lead)}</p>")
    if form:
        parts.append(f"<p>{escape(language.text('intake.letter.answer', file=form))}</p>")
    parts += _files(files, language)
    refused = [(receipt, each) for receipt, each in outcome.settled.refused if each.owner == owner]
    rows: list[tuple[str, ...]]
    if refused:
        rows = [(receipt.file, _refusal(each, language), language.text("intake.refusal.remedy"))
                for receipt, each in refused]  # fmt: skip
        heads = [language.text(f"intake.letter.{key}") for key in ("file_column", "wrong", "remedy")]
        parts.append(_table(language.text("intake.letter.refused"), heads, rows))
    doubts = [each for each in outcome.settled.doubts if each.owner == owner]
    if doubts:
        rows = [_doubt_row(each, outcome, territory, language) for each in doubts]
        heads = [*(language.text(f"intake.letter.{key}") for key in ("file_column", "cell")),
                 *(language.text(f"intake.column.{key}") for key in ("indicator", "region")),
                 *(language.text(f"intake.letter.{key}") for key in ("shown", "wrong", "remedy"))]  # fmt: skip
        parts.append(_table(language.text("intake.letter.doubts"), heads, rows))
    elif owner and not refused:
        parts.append(f"<p>{escape(language.text('intake.letter.none'))}</p>")
    parts += _revised(outcome, owner, territory, language)
    waiting = register[register["state"] == "awaited"]
    if len(waiting):
        titles = {series: str(outcome.request.facts[series, region][f"title_{language.code}"])
                  for series, region in waiting[["series", "region"]].to_numpy()}  # fmt: skip
        rows = [(titles[str(series)], ", ".join(territory.name(code, language.code) for code in of_one["region"]))
                for series, of_one in waiting.groupby("series", sort=False)]  # fmt: skip
        heads = [language.text(f"intake.column.{key}") for key in ("indicator", "region")]
        parts.append(_table(language.text("intake.letter.awaited"), heads, rows))
    return f'<section lang="{language.code}">\n' + "\n".join(parts) + "\n</section>\n"


def _files(files: Sequence[tuple[Receipt, Returned]], language: Language) -> list[str]:
    items = "".join(
        f"<li>{escape(language.text('intake.letter.file', file=each.file, day=each.received, sum=each.sha256))}</li>"
        for each, _ in files
    )
    return [f"<h2>{escape(language.text('intake.letter.files'))}</h2><ul>{items}</ul>"]


def _refusal(returned: Returned, language: Language) -> str:
    kind = returned.refusal.replace(" ", "_")
    return language.text(f"intake.refusal.{kind}", detail=returned.detail)


def _doubt_row(doubt: Doubt, outcome: Outcome, territory: Territory, language: Language) -> tuple[str, ...]:
    cell = outcome.request.facts.get((doubt.entry.series, doubt.entry.region))
    names = (str(cell[f"title_{language.code}"]), territory.name(doubt.entry.region, language.code)) if cell else (
        NONE, NONE
    )  # fmt: skip
    place = f"{doubt.entry.sheet}!{doubt.entry.cell}"
    return (doubt.receipt.file, place, *names, doubt.entry.shown, *question_text(doubt, outcome, language))


def _revised(outcome: Outcome, owner: str, territory: Territory, language: Language) -> list[str]:
    rows = [
        (
            each.receipt.file, str(outcome.request.facts[each.key][f"title_{language.code}"]),
            territory.name(each.key[1], language.code),
            *(NONE if value.number is None else format(value.number, "f") for value in (each.old, each.new)),
        )
        for each in outcome.settled.revisions if each.owner == owner
    ]  # fmt: skip
    heads = [language.text("intake.letter.file_column"),
             *(language.text(f"intake.column.{key}") for key in ("indicator", "region")),
             *(language.text(f"intake.letter.{key}") for key in ("old", "new"))]  # fmt: skip
    return [_table(language.text("intake.letter.revised"), heads, rows)] if rows else []


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(text))}</td>" for text in row) + "</tr>\n" for row in rows)
    return f"<h2>{escape(caption)}</h2>\n<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"
