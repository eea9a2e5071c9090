"""The method annex: rules and framework, weights in force, quality sheet, revision history, sources, how to cite."""

from __future__ import annotations

import pandas as pd

from cwi.analysis.audit import LARGEST_SHARE
from cwi.analysis.comparison import mean_by_children
from cwi.errors import DataError
from cwi.published import read_published, vintages
from cwi.report.blocks import Block, Heading, Paragraph, Section, Table
from cwi.report.named import joined
from cwi.report.printer import Printer
from cwi.report.sections.change import compared, earlier_years
from cwi.report.sections.limits import capped, never_measured, sources
from cwi.report.sections.measured import cell_shares
from cwi.report.sections.rules import rules
from cwi.report.sections.summary import about_children, weights_of_the_regions
from cwi.report.sections.trend import series_of
from cwi.report.sections.weights_in_force import variance_shares, weights_in_force

__all__ = ["annex", "quality"]


def annex(printer: Printer) -> Section:
    """What is needed to judge the report and to make it again."""
    parts = [rules(printer), weights_in_force(printer), quality(printer), _revisions(printer), sources(printer)]
    heading = Heading(printer.text("annex.title"), anchor="annex")
    return Section([heading, *(block for part in parts for block in part.blocks), *_citation(printer)])


# ---------------------------------------------------------------- quality


def quality(printer: Printer) -> Section:
    """The headings of SIMS and of the European Statistics Code of Practice, filled with figures of the edition."""
    parts = {
        "relevance": _relevance(printer),
        "accuracy": _accuracy(printer),
        "timeliness": _timeliness(printer),
        "accessibility": [printer.text("quality.accessibility.text")],
        "comparability": _comparability(printer),
        "coherence": _coherence(printer),
        "burden": _burden(printer),
        "confidentiality": _confidentiality(printer),
        "processing": _processing(printer),
    }
    rows = [[printer.text(f"quality.{word}"), joined(texts, " ")] for word, texts in parts.items()]
    numbers = printer.ledger.frame().set_index("name")["value"]  # the file of the table is the same in every language
    own = numbers[numbers.index.str.startswith(f"quality.{printer.year}.")].sort_index()
    data = pd.DataFrame({"number": [name.split(".", 2)[2] for name in own.index], "value": own.to_numpy()})
    table = Table(
        name="quality",
        caption=printer.text("quality.table", year=printer.year),
        columns=[printer.text("quality.column.heading"), printer.text("quality.column.text")],
        rows=rows,
        data=data,
        note=printer.text("quality.note"),
        numeric=2,
    )
    return Section([Heading(printer.text("quality.title"), 3, anchor="quality"), table])


def _relevance(printer: Printer) -> list[str]:
    year, cells = printer.year, printer.scores.cells
    national = cells[(cells["region"] == printer.nation) & cells["value"].notna()]
    values = {
        "n": printer.whole(f"measured.{year}.{printer.nation}.indicators", len(national)),
        "all": printer.whole("framework.indicators", len(printer.edition.methodology.indicators)),
        "share": printer.share(f"measured.{year}.{printer.nation}.weight", printer.edition.measured),
        "never": printer.whole(f"limits.{year}.never", len(never_measured(printer))),
    }
    texts = [printer.text("quality.relevance.text", **values)]
    if (about := about_children(printer)) is not None:
        n = printer.whole(f"summary.{year}.about_children", len(set(national["indicator"]) & about))
        texts.append(printer.text("quality.relevance.children", n=n))
    return texts


def _accuracy(printer: Printer) -> list[str]:
    name = f"sure.{printer.year}"
    texts = [printer.text("quality.accuracy.capped", n=printer.whole(f"limits.{printer.year}.capped", capped(printer)))]
    if printer.nobody:
        return [*texts, printer.text("quality.accuracy.none")]
    separated, pairs = printer.robustness.neighbours
    values = {
        "separated": printer.whole(f"{name}.told", separated),
        "pairs": printer.whole(f"{name}.pairs", pairs),
        "draws": printer.whole(f"{name}.draws", int(printer.robustness.simulation.counted.sum())),
    }
    texts.append(printer.text("quality.accuracy.text", **values))
    shares = variance_shares(printer)
    if not shares.empty:
        code = str(shares.idxmax())
        share = printer.ledger.number(f"force.{printer.year}.variance.{code}", 100 * shares[code], unit="%", decimals=1)
        limit = printer.share("rule.largest_share", LARGEST_SHARE)
        texts.append(printer.text("quality.accuracy.variance", title=printer.title(code), share=share, limit=limit))
    return texts


def _timeliness(printer: Printer) -> list[str]:
    year = printer.year
    values = {
        "year": year,
        "carried": printer.share(f"measured.{year}.cells.carried", cell_shares(printer)["carried"]),
        "max_age": printer.whole("rule.max_age", printer.edition.methodology.max_age, "years"),
    }
    texts = [printer.text("quality.timeliness.text", **values)]
    known = weights_of_the_regions(printer)
    if not known.empty:
        own = known.loc[known["own"].astype(bool), "weight"].sum() / known["region"].nunique()
        share = printer.share(f"summary.{year}.own_year", own)
        texts.append(printer.text("quality.timeliness.own", own=share, year=year))
    return [*texts, printer.text("annex.release")]


def _comparability(printer: Printer) -> list[str]:
    parent = printer.share(f"measured.{printer.year}.cells.parent", cell_shares(printer)["parent"])
    texts = [printer.text("quality.comparability.territory", parent=parent)]
    if earlier := earlier_years(printer):
        comparison = compared(printer.edition, earlier[-1])
        matched = int((comparison.cells["region"] == printer.nation).sum())
        if matched:
            name = f"change.{comparison.earlier}-{comparison.later}.{printer.nation}.matched"
            n = printer.whole(name, matched)
            texts.append(printer.text("quality.comparability.year", earlier=comparison.earlier, n=n))
    if (series := series_of(printer.edition)) is not None:
        first, last = series.years[0], series.years[-1]
        n = printer.whole(f"trend.{first}-{last}.indicators", len(series.kept))
        texts.append(printer.text("quality.comparability.set", first=first, last=last, n=n))
    return texts


def _coherence(printer: Printer) -> list[str]:
    top = printer.top.code
    score, mean = printer.scores.at(printer.nation, top, printer.year), mean_by_children(printer.edition)
    if score != score or mean != mean:
        return [printer.text("quality.coherence.none")]
    decimals = printer.edition.methodology.decimals
    name = f"mean_by_children.{printer.year}.{top}"
    values = {
        "score": printer.score(printer.nation, top, score),
        "mean": printer.ledger.number(name, mean, unit="points", decimals=decimals),
    }
    return [printer.text("quality.coherence.text", **values)]


def _burden(printer: Printer) -> list[str]:
    cells = printer.scores.cells
    used = cells.loc[cells["value"].notna(), "source"].nunique()
    return [printer.text("quality.burden.text", n=printer.whole(f"quality.{printer.year}.sources", used))]


def _confidentiality(printer: Printer) -> list[str]:
    rows = printer.edition.observations
    here = rows[(rows["year"] == printer.year) & (rows["status"] == "suppressed")]
    n = printer.whole(f"quality.{printer.year}.suppressed", len(here))
    return [printer.text("quality.confidentiality.text", n=n)]


def _processing(printer: Printer) -> list[str]:
    cells = printer.scores.cells
    seen = cells[cells["value"].notna()]
    values = {
        "normalisation": printer.method(printer.edition.methodology.normalisation),
        "derived": printer.whole(f"quality.{printer.year}.derived", int((seen["status"] == "derived").sum())),
        "imputed": printer.whole(f"quality.{printer.year}.imputed", int((seen["status"] == "imputed").sum())),
        "treated": printer.whole(f"quality.{printer.year}.treated", len(printer.scores.treated)),
    }
    return [printer.text("quality.processing.text", **values)]


# ---------------------------------------------------------------- revisions, citation


def _revisions(printer: Printer) -> Section:
    """The vintages that were replaced, and why; of the one in force nothing, as this report may be its own."""
    blocks: list[Block] = [Heading(printer.text("annex.revisions"), 3, anchor="revisions")]
    try:
        numbers = sorted(vintages(printer.edition))[:-1]
        reasons = read_published(printer.edition)[1]["revision"] if numbers else []
        records = {number: read_published(printer.edition, number)[1] for number in numbers}
    except DataError:  # what was published cannot be read: the review of the edition names it
        numbers, reasons, records = [], [], {}
    if not numbers:
        return Section([*blocks, Paragraph(printer.text("annex.revisions.none"))])
    why = {number: reasons[number - 1] if number <= len(reasons) else "–" for number in numbers}
    facts = [
        [str(number), *(records[number][word] for word in ("date", "methodology")), why[number]] for number in numbers
    ]
    rows = [[number, printer.language.short_day(day) or "–", *rest] for number, day, *rest in facts]
    words = ("vintage", "date", "methodology", "reason")
    english = frozenset((row, 3) for row in range(len(rows))) if printer.language.code != "en" else frozenset()
    table = Table(
        name="revisions",
        caption=printer.text("annex.revisions.table", year=printer.year),
        columns=[printer.text(f"annex.column.{word}") for word in words],
        rows=rows,
        data=pd.DataFrame(facts, columns=list(words)),
        numeric=4,
        english=english,
    )
    return Section([*blocks, Paragraph(printer.text("annex.revisions.how")), table])


def _citation(printer: Printer) -> list[Block]:
    """How to cite, the licence, whom to ask, and when the next edition is due."""
    rules = printer.edition.methodology
    values = {
        "title": printer.title_of_report,
        "version": rules.version,
        "fingerprint": rules.fingerprint,
        "data": printer.ledger.data,
    }
    texts = [printer.text("annex.cite.text", **values), printer.text("annex.contact")]
    if not printer.edition.rehearsal:
        texts.append(printer.text("annex.release"))
    return [
        Heading(printer.text("annex.cite"), 3, anchor="cite"),
        *(Paragraph(text, "boxed") for text in texts),
    ]
