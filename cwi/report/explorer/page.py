"""The weights explorer for the public: one page a year that computes the index under anybody's weights.

The page needs no server and no network: data, words of three languages, map, style and script lie in it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from babel.numbers import get_decimal_symbol, get_group_symbol
from markupsafe import Markup

from cwi import folders
from cwi.analysis.uncertainty import factors_of, full_simulation, interval_table, live_draws
from cwi.edition import Edition, read_edition
from cwi.errors import DataError
from cwi.published import read_published
from cwi.report.explorer import outlines
from cwi.report.explorer.data import board, learning_schemes
from cwi.report.explorer.draws import KEPT, compared, covers, packed_draws
from cwi.report.languages import LANGUAGES, MINUS, NONE, Language
from cwi.report.pictures.maps import boundaries_of
from cwi.report.printer import language_of
from cwi.report.sections.index import MAP_LIMITS
from cwi.writing import writing

__all__ = ["DRAWS", "SEED", "explorer", "make_site"]

TEMPLATES = Path(__file__).parents[1] / "templates"
DRAWS, SEED = 10_000, 20241122  # behind the intervals where no report was published
LEVEL = 0.90  # share of the draws that a range holds
LICENCE = "CC BY 4.0"
TONGUES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}

# What the page says by itself, with places that it fills in.
SPOKEN = (
    "explorer.title", "explorer.lead", "explorer.skip", "explorer.language", "explorer.dark", "explorer.weights",
    "explorer.all", "explorer.all.methodology", "explorer.all.equal", "explorer.all.count",
    "explorer.level", "explorer.level.indicator", "explorer.level.component", "explorer.level.dimension",
    "explorer.set.methodology", "explorer.set.equal", "explorer.set.count", "explorer.set.own",
    *(f"explorer.set.{word}" for word in learning_schemes()), "explorer.share", "explorer.unmeasured",
    "explorer.zero", "explorer.refused",
    "explorer.map", "explorer.map.alt", "explorer.ranking", "explorer.caption",
    "explorer.column.report", "explorer.column.move", "explorer.up", "explorer.down", "explorer.same",
    "explorer.summary", "explorer.item", "explorer.furthest", "explorer.bands.report", "explorer.bands.here",
    "explorer.bands.none", "explorer.covers", "explorer.region", "explorer.region.none", "explorer.region.result",
    "explorer.note", "explorer.caption.report",
    "explorer.key.score", "explorer.key.band", "explorer.key.report",
    "explorer.keep", "explorer.link", "explorer.copy", "explorer.copied", "explorer.download", "explorer.odd",
    "explorer.differs", "explorer.about", "explorer.rule", "explorer.noscript",
    "axis.score", "legend.missing", "index.none", "index.column.region", "index.column.rank",
    "index.column.index", "index.column.interval", "map.caption", "sources.boundaries", "report.title",
)  # fmt: skip


def explorer(edition: Edition, *, draws: int, rng: np.random.Generator) -> str:
    """The page of an edition.

    Its intervals under the methodology's own weights are those of the report, everything varied at once; under other
    weights those of its first thousand draws, which the page computes again.

    Parameters
    ----------
    edition
        What was approved and measured.
    draws, rng
        Draws behind the intervals, and the generator they are drawn from; with those of the published report the
        intervals are the same.

    Returns
    -------
    str
        HTML that fetches nothing.

    Raises
    ------
    MethodologyError
        If a node is put together by a rule that the page cannot compute.

    Examples
    --------
    >>> from cwi import read_edition
    >>> html = explorer(read_edition(2023), draws=100, rng=np.random.default_rng(1))
    >>> len(html.encode()) < 1_200_000
    True
    """
    scores = edition.scores
    simulation = full_simulation(edition, draws=draws, rng=rng.spawn(1)[0])
    intervals = interval_table(edition, simulation)
    content = board(scores, edition.year, intervals)
    limits = _limits(content)
    words = {code: _words(edition, language_of(edition, code)) for code in LANGUAGES}
    packed = None
    if simulation is not None:
        live = live_draws(simulation, draws=KEPT)
        packed = packed_draws(live, [unit["code"] for unit in content["units"]])
        agreement = compared(live, scores.weights, intervals)
        titles = {factor.name: factor.titles for factor in factors_of(edition.methodology)}
        for code in LANGUAGES:
            words[code]["covers"] = covers(
                edition, language_of(edition, code), live, titles, draws=draws, agreement=agreement
            )
    data = {
        "year": edition.year,
        "board": content,
        "names": _names(edition),
        "words": words,
        "numbers": {code: _numbers(Language(code)) for code in LANGUAGES},
        "limits": limits,
        "scale": _scale(limits),
        "colours": outlines.COLOURS,
        "white": outlines.WHITE_FROM,
        "bands": {"level": LEVEL, "report": draws},
        "draws": packed,
        "record": [edition.methodology.version, edition.methodology.fingerprint, edition.checksum[:12]],
        "licence": LICENCE,
    }
    order = {code: _order(edition, content, language_of(edition, code)) for code in LANGUAGES}
    return _page(data, _picture(edition, content, limits), order)


def make_site(
    year: int, output: Path | None = None, *, rehearsal: bool = False, edition: Edition | None = None
) -> Path:
    """Write the page of a year, ``<year>.html``.

    The draws are those of the published report where there is one, so that the page shows the report's intervals.

    Parameters
    ----------
    year
        A year with an edition.
    output
        A folder; ``site`` in the project's folder by default.
    rehearsal
        Whether the page of a rehearsal is wanted, which is marked as synthetic.
    edition
        The edition of the year, where it was read already.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    DataError
        If there is no edition of the year, or it is a rehearsal and none is wanted.
    """
    edition = edition or read_edition(year)
    if edition.rehearsal and not rehearsal:
        raise DataError(f"the edition of {year} is a rehearsal; the page for everybody is made of real figures only")
    record: dict[str, Any] = {"draws": DRAWS, "seed": SEED}
    if (edition.path / "published.csv").is_file():
        record = read_published(edition)[1]
    html = explorer(edition, draws=record["draws"], rng=np.random.default_rng(record["seed"]))
    path = (output or folders.root() / "site") / f"{year}.html"
    with writing(path) as (place,):
        place.write_text(html, encoding="utf-8", newline="\n")
    return path


def _page(data: dict[str, Any], picture: str, order: dict[str, list[tuple[str, ...]]]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    style = _text("explorer.css")
    script = _text("explorer_model.js") + "\n" + _text("explorer.js")
    return environment.get_template("explorer.html.j2").render(
        words=data["words"][LANGUAGES[0]],
        all=data["words"],
        order=order,
        language=LANGUAGES[0],
        languages={code: TONGUES[code] for code in LANGUAGES},
        style=Markup(style),
        script=Markup(script),
        digests={"style": _digest(style), "script": _digest(script)},
        picture=Markup(picture),
        data=Markup(_json(data)),
    )


def _order(edition: Edition, content: dict[str, Any], language: Language) -> list[tuple[str, ...]]:
    """Rank, range, name and index of the regions in the order of the report, the nation last: for who has no script."""
    nodes = edition.scores.nodes
    top = nodes[(nodes["node"] == edition.methodology.top.code) & (nodes["year"] == edition.year)]
    ranks = dict(zip(top["region"], top["rank"].astype(float), strict=True))
    rows = []
    for unit in content["units"]:
        place = ranks[unit["code"]] if unit["ranked"] else float("nan")
        low, high = (float("nan") if end is None else end for end in unit["interval"][:2])
        ends = dict.fromkeys(language.number(end, 0) for end in (low, high))
        index = float("nan") if unit["index"] is None else unit["index"]
        name = edition.territory.name(unit["code"], language.code)
        sort = (not unit["ranked"], place != place, place if place == place else 0.0, name)
        score = language.number(index, edition.methodology.decimals)
        rows.append((sort, (language.number(place, 0), "–".join(ends), name, score)))
    return [row for _, row in sorted(rows)]


def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8").strip()


def _digest(text: str) -> str:
    """What a content security policy knows a script or a style by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(f"\n{text}\n".encode()).digest()).decode()


def _json(data: dict[str, Any]) -> str:
    """The data as they are written into a page: no sign of a tag can come from them."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def _names(edition: Edition) -> dict[str, dict[str, str]]:
    """By language and code what regions, indicators and nodes are called."""
    methodology, territory = edition.methodology, edition.territory
    table = methodology.indicators
    regions = [str(code) for code in edition.scores.cells["region"].unique()]
    drawn = [region.code for region in outlines.outlines(path)[0]] if (path := _boundaries(edition)) else []
    return {
        language: {
            **{code: territory.name(code, language) for code in dict.fromkeys([*regions, *drawn])},
            **{
                code: title or code
                for code, title in zip(table["code"], table[f"title_{language}"].astype(str), strict=True)
            },
            **{node.code: node.titles[language] for level in methodology.nodes for node in level},
        }
        for language in LANGUAGES
    }


def _words(edition: Edition, language: Language) -> dict[str, str]:
    """Every message of the page; what does not depend on the sliders is filled in."""
    methodology = edition.methodology
    cells = edition.scores.cells
    shown = methodology.nation if methodology.nation in set(cells["region"]) else cells["region"].iloc[0]
    basis = language.text(
        "explorer.basis",
        measured=language.number(int(cells.loc[cells["region"] == shown, "value"].notna().sum()), 0),
        all=language.number(len(methodology.indicators), 0),
        share=language.number(100 * edition.measured, 0),
    )
    status = language.text(
        "explorer.status", version=methodology.version, status=language.text(f"status.{methodology.status}")
    )
    experimental = [language.text("explorer.experimental")] if edition.experimental else []
    used = [edition.sources[name] for name in cells["source"].dropna().unique() if name in edition.sources]
    publisher = f"publisher_{language.code}"
    published = [record for record in used if not record.keys() & {"formula", "inputs"}]
    publishers = sorted({str(record.get(publisher, record["publisher"])) for record in published})
    about = [f"{language.text('about.methodology')}: {methodology.version} ({methodology.fingerprint})"]
    about += [f"{language.text('about.data')}: {edition.checksum[:12]}", f"{language.text('about.licence')}: {LICENCE}"]
    if publishers:
        about.append(language.text("explorer.sources", publishers="; ".join(publishers)))
    working = methodology.status == "working"
    nation = edition.territory.name(edition.territory.nation, language.code) if edition.territory.nation else ""
    mark = language.text("rehearsal.mark") if edition.rehearsal else ""
    words = {
        key: language.template(key).replace("{year}", str(edition.year)).replace("{nation}", nation) for key in SPOKEN
    }
    if mark:
        words["report.title"] = f"{mark}. {words['report.title']}"
    return words | {
        "across": mark,
        "status": " ".join([*([f"{mark}."] if mark else []), *experimental, status, basis]),
        "working": language.text("report.working", version=methodology.version) if working else status,
        "learnt": language.text("explorer.learnt", years=_years(methodology.base)) if methodology.base else "",
        "about": "\n".join(about),
        "covers": "",
    }


def _years(years: Iterable[int]) -> str:
    ordered = sorted(years)
    consecutive = ordered == list(range(ordered[0], ordered[-1] + 1)) and len(ordered) > 1
    return f"{ordered[0]}–{ordered[-1]}" if consecutive else ", ".join(map(str, ordered))


def _numbers(language: Language) -> dict[str, str]:
    """How a language writes numbers."""
    signs = {"decimal": get_decimal_symbol(language.locale), "group": get_group_symbol(language.locale)}
    return signs | {"minus": MINUS, "none": NONE}


def _scale(limits: tuple[float, float]) -> tuple[float, float]:
    """The ends of the colours: those of the printed maps where scores run from 0 to 100."""
    return MAP_LIMITS if limits == (0.0, 100.0) else limits


def _limits(content: dict[str, Any]) -> tuple[float, float]:
    """The ends of the bars: 0 and 100 if all scores lie between, otherwise round numbers around them."""
    scores = np.array([unit["scores"] for unit in content["units"]], dtype=float)
    low, high = float(np.nanmin(scores)), float(np.nanmax(scores))
    if low >= 0 and high <= 100:
        return 0.0, 100.0
    step = 10.0 ** np.floor(np.log10(max(high - low, 1e-9)))
    return float(np.floor(low / step) * step), float(np.ceil(high / step) * step)


def _boundaries(edition: Edition) -> Path | None:
    """The boundary file of the year; nothing in a project that has no boundaries."""
    path = boundaries_of(edition.year)
    return path if path.is_file() else None


def _picture(edition: Edition, content: dict[str, Any], limits: tuple[float, float]) -> str:
    """The map as it is before a slider is moved."""
    path = _boundaries(edition)
    if path is None:
        return ""
    language = Language(LANGUAGES[0])
    low, high = _scale(limits)
    index = {unit["code"]: unit["index"] for unit in content["units"] if unit["ranked"] and unit["index"] is not None}
    nodes = edition.scores.nodes
    ranks = nodes[nodes["node"] == edition.methodology.top.code].set_index("region")["rank"].dropna()
    picture = outlines.drawing(
        path,
        {code: (value - low) / (high - low) for code, value in index.items()},
        {str(code): str(rank) for code, rank in ranks.items()},
        _names(edition)[language.code],
        language.text("explorer.map.alt"),
    )
    return outlines.stamped(picture, language.text("rehearsal.mark") if edition.rehearsal else "")
