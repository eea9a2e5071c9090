"""The revision report of a vintage: every number that was published otherwise before, and because of what.

The difference of a number is divided in this order. *Code*: what the code of today makes of the rows and the rules
that were frozen, less what was published. *Rules*: the frozen rows under the rules of today, less that. *Rows*: what is
published now, less that. The three sum to the difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from nbformat.v4 import new_code_cell, new_notebook, new_output

from cwi.edition import Edition
from cwi.errors import CwiError
from cwi.published import PUBLISHED, differing_rows, differing_rules, frozen, frozen_rules
from cwi.report.blocks import Block, Bullets, Folded, Heading, Paragraph, Section, Table
from cwi.report.languages import LANGUAGES, Language
from cwi.report.ledger import Ledger
from cwi.report.named import Named
from cwi.report.numbers import known_numbers
from cwi.report.page import page
from cwi.report.printer import Printer
from cwi.report.recomputation import languages_of, recompute

__all__ = ["CAUSES", "Vintage", "mean_revisions", "revised_numbers", "revision_files", "revision_section"]

CAUSES = ("code", "rules", "rows")
TEXTS = tuple(f"text_{code}" for code in LANGUAGES)


@dataclass(frozen=True, eq=False)
class Vintage:
    """The numbers of a vintage as printed (index name), and the record of what they were made of."""

    numbers: pd.DataFrame
    record: Mapping[str, Any]


def revised_numbers(edition: Edition, old: Vintage, new: Vintage) -> pd.DataFrame:
    """Every number that was published before and is printed otherwise now, with its difference and the causes.

    Parameters
    ----------
    edition
        As it is now; its folder holds what was frozen at the publication before.
    old
        What was published before.
    new
        What is printed now.

    Returns
    -------
    DataFrame
        Index name; unit, old, new, difference, code, rules, rows (the parts of the difference, missing where the
        number was not computed on the way), cause (the parts that are not zero; 'registers' where the code is the same
        and the registers beside the observations are not), old_text_* and new_text_*. A number that is printed no more
        has no new value.
    """
    both = old.numbers.add_suffix("_old").join(new.numbers.add_suffix("_new"), how="left")
    differs = np.zeros(len(both), dtype=bool)
    for column in PUBLISHED[1:]:
        differs |= (both[f"{column}_old"].astype(str) != both[f"{column}_new"].astype(str)).to_numpy()
    both = both[differs]
    table = pd.DataFrame({"unit": both["unit_old"]}, index=both.index)
    table["old"], table["new"] = (pd.to_numeric(both[f"value_{side}"]) for side in ("old", "new"))
    table["difference"] = table["new"] - table["old"]
    steps = [
        table["old"],
        *(_values(step, table.index) for step in _steps(edition, old.record, new.record)),
        table["new"],
    ]
    for cause, before, after in zip(CAUSES, steps, steps[1:], strict=False):
        table[cause] = after - before
    first = "registers" if _only_registers(old.record, new.record) else "code"
    words = np.array([first, *CAUSES[1:]])
    moved = (table[[*CAUSES]].abs() > 1e-9).to_numpy()
    table["cause"] = [" and ".join(words[row]) or first for row in moved]
    for column in TEXTS:
        table[f"old_{column}"], table[f"new_{column}"] = both[f"{column}_old"], both[f"{column}_new"].fillna("")
    return table.rename_axis("name").sort_index()


def _steps(edition: Edition, record: Mapping[str, Any], facts: Mapping[str, Any]) -> list[pd.DataFrame | None]:
    """The numbers of the frozen rows under the frozen rules, and under the rules of today; none if they fail."""
    same_rules = record["fingerprint"] == facts["fingerprint"]
    rules = edition.methodology if same_rules else frozen_rules(edition)

    def computed(of: Edition | None) -> pd.DataFrame | None:
        if of is None:
            return None
        try:
            return recompute(of, draws=facts["draws"], seed=facts["seed"], languages=("en",))
        except CwiError:
            return None

    today = frozen(edition)
    under_today = computed(today)
    if same_rules:
        return [under_today, under_today]
    return [computed(None if rules is None else frozen(edition, rules)), under_today]


def _values(numbers: pd.DataFrame | None, names: pd.Index) -> pd.Series:
    if numbers is None:
        return pd.Series(np.nan, index=names)
    return pd.to_numeric(numbers["value"]).reindex(names)


def _only_registers(record: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    return record.get("code") == facts.get("code") and record.get("registers") != facts.get("registers")


def mean_revisions(edition: Edition, old: Vintage, new: Vintage) -> pd.DataFrame:
    """For the index and each node below it, how far the regions' scores were revised, points.

    Returns
    -------
    DataFrame
        Index node, from the index down; regions (that have both scores), mean, mean_absolute, largest.
    """
    rows = {}
    for code in [node.code for level in reversed(edition.methodology.nodes) for node in level]:
        names = [f"score.{edition.year}.{region}.{code}" for region in edition.regions]
        names = [name for name in names if name in old.numbers.index and name in new.numbers.index]
        if names:
            before, after = (pd.to_numeric(each.numbers.loc[names, "value"]) for each in (old, new))
            moved = after - before
            rows[code] = (len(names), moved.mean(), moved.abs().mean(), moved.abs().max())
    return pd.DataFrame.from_dict(rows, orient="index", columns=["regions", "mean", "mean_absolute", "largest"])


def revision_section(
    printer: Printer, table: pd.DataFrame, means: pd.DataFrame, record: Mapping[str, Any], facts: Mapping[str, Any],
    reason: str, differences: list[str],
) -> Section:  # fmt: skip
    """The revision report in one language."""
    name = f"vintage.{printer.year}.{facts['vintage']}"
    values = {"year": printer.year, "old": record["vintage"], "new": facts["vintage"]}
    day = printer.language.short_day
    rules = {
        f"{side}_rules": f"{each['methodology']} {each['fingerprint']}"
        for side, each in (("old", record), ("new", facts))
    }
    made_of = {"before": day(record["date"]) or "–", "now": day(facts["date"]), **rules}
    gone = int(table["new"].isna().sum())
    blocks: list[Block] = [
        Heading(printer.text("vintage.title", **values), 1),
        Paragraph(printer.text("vintage.reason", reason=reason), "lead"),
        Paragraph(printer.text("vintage.made_of", **made_of)),
        Bullets(
            [
                printer.text("vintage.changed", n=printer.whole(f"{name}.changed", len(table) - gone)),
                printer.text("vintage.gone", n=printer.whole(f"{name}.gone", gone)),
            ]
        ),
        Paragraph(printer.text("vintage.causes"), "note"),
        _means(printer, means, name),
    ]
    if differences:
        blocks.append(Heading(printer.text("vintage.rows"), anchor="rows"))
        blocks.append(Bullets(differences))
    numbers = _numbers(printer, table)
    return Section([*blocks, Folded(numbers.caption, [numbers])])


def _means(printer: Printer, means: pd.DataFrame, name: str) -> Table:
    rows = []
    for code, row in means.iterrows():
        decimals = printer.edition.methodology.decimals + 1
        cells = [
            printer.ledger.number(
                f"{name}.{code}.{key}", row[key], unit="points", decimals=decimals, sign=key == "mean"
            )
            for key in ("mean", "mean_absolute", "largest")
        ]
        rows.append([printer.title(str(code)), printer.whole(f"{name}.{code}.regions", row["regions"]), *cells])
    keys = ("node", "regions", "mean", "mean_absolute", "largest")
    return Table(
        name="vintage-means",
        caption=printer.text("vintage.means"),
        columns=[printer.text(f"vintage.column.{key}") for key in keys],
        rows=rows,
        data=means.rename_axis("node").reset_index(),
        emphasised=frozenset({0}) if rows else frozenset(),
    )


def _numbers(printer: Printer, table: pd.DataFrame) -> Table:
    code = printer.language.code
    words = {word: printer.text(f"vintage.cause.{word}") for word in (*CAUSES, "registers")}
    rows = []
    for name, row in table.iterrows():
        moved = row["difference"]
        digits = max((len(text.partition(".")[2]) for text in (f"{row['old']:.12g}", f"{row['new']:.12g}")), default=0)
        difference = printer.language.number(moved, min(digits, 6), sign=True)
        cause = printer.language.list([words[word] for word in str(row["cause"]).split(" and ")])
        new = row[f"new_text_{code}"]
        now = Named(new, [(0, len(new), str(name))]) if new and row["new"] == row["new"] else new or "–"
        rows.append([str(name), row[f"old_text_{code}"], now, difference, cause])
    keys = ("name", "old", "new", "difference", "cause")
    return Table(
        name="vintage-numbers",
        caption=printer.text("vintage.numbers", n=printer.language.number(len(rows), 0)),
        columns=[printer.text(f"vintage.column.{key}") for key in keys],
        rows=rows,
        data=table.reset_index(),
    )


def revision_files(edition: Edition, old: Vintage, new: Vintage, reason: str) -> dict[str, bytes]:
    """The revision report as files: revision.csv, and revision.<language>.html to read."""
    record, facts = old.record, new.record
    table, means = revised_numbers(edition, old, new), mean_revisions(edition, old, new)
    differences = [*differing_rules(edition), *(differing_rows(edition) if record["data"] != facts["data"] else [])]
    plain = table.drop(columns=[f"{side}_{column}" for side in ("old", "new") for column in TEXTS])
    files = {"revision.csv": plain.to_csv(lineterminator="\n", float_format="%.12g").encode()}
    for code in languages_of(edition):
        words = Language(code)
        ledger = Ledger(words, edition.label, facts["fingerprint"], facts["data"][:12], facts["seed"])
        printer = Printer(edition, words, ledger, facts["draws"], np.random.default_rng(facts["seed"]))
        section = revision_section(printer, table, means, record, facts, reason, differences)
        output = new_output("display_data", data=section._repr_mimebundle_())
        notebook = new_notebook(cells=[new_code_cell(outputs=[output])])
        title = words.text("vintage.title", year=edition.year, old=record["vintage"], new=facts["vintage"])
        revised = table[["unit"]].assign(value=table["new"]).dropna(subset=["value"]).rename_axis("name").reset_index()
        known = known_numbers(edition, pd.concat([ledger.frame()[["name", "value", "unit"]], revised]), words)
        text = page(notebook, Path(), language=words, title=title, code=False, numbers=known)
        files[f"revision.{code}.html"] = text.encode()
    return files
