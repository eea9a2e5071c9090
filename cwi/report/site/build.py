"""The site as a folder of files, of which only what changed is written."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from cwi import folders
from cwi.edition import Edition
from cwi.errors import CwiError, DataError
from cwi.report.explorer import make_site
from cwi.report.manifest import changed, signatures
from cwi.report.site.articles import ArticlePages
from cwi.report.site.atlas import Atlas, open_atlas, slug
from cwi.report.site.downloads import listed, written
from cwi.report.site.framework import FrameworkPages
from cwi.report.site.package import LICENCE
from cwi.report.site.pages import RegionPages
from cwi.report.site.shared import Page, Pages, link
from cwi.report.site.voice import Voice
from cwi.report.site.workers import Make, at_once, one_by_one
from cwi.report.up_to_date import made_of, read_record, write_changed
from cwi.writing import alone

__all__ = ["build_site"]

TEMPLATES = Path(__file__).parents[1] / "templates"
ASSETS = ("site.css", "site.js", "minisearch.js", "minisearch-licence.txt")
TONGUES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
RECORD = "site.json"
MOST = 1500  # letters of a page that the search knows
MENU = (
    ("index.html", "site.start"),
    ("regions/index.html", "site.regions"),
    ("indicators/index.html", "site.indicators"),
    ("framework/index.html", "site.framework"),
    ("compare.html", "site.compare"),
    ("method.html", "site.method"),
    ("reports.html", "site.reports"),
    ("downloads.html", "site.downloads"),
)
FOOT = (
    ("money.html", "site.money"),
    ("promises.html", "site.promises"),
    ("deprivation.html", "site.deprivation"),
    ("glossary.html", "site.glossary"),
    ("cite.html", "site.cite"),
    ("accessibility.html", "site.accessibility"),
)


def build_site(
    years: Sequence[int] = (),
    output: Path | None = None,
    *,
    explorers: bool = True,
    rehearsed: Path | None = None,
    forks: bool = False,
    made: str = "",
    progress: Callable[[str], None] = lambda what: None,
) -> dict[str, int]:
    """Write the site of the project, or what changed of it.

    Parameters
    ----------
    years
        The editions that it shows; by default all that are no rehearsal.
    output
        A folder; ``site`` in the project's folder by default. Files in it that an earlier run wrote and that the site
        does not have any more are removed; others stay.
    explorers
        Whether the page of weights of each year is made, where its rules, data or code changed.
    rehearsed
        The folder of the reports of a rehearsal. The project is then one whose editions are all rehearsals: its site
        is marked as synthetic on every page, on every picture and in every row of its data.
    forks
        Whether the parts are made at once, in processes that are forked of the one of
        :func:`~cwi.report.forked_process.prepare`, which must have been called and have returned true.
    made
        Of :func:`cwi.report.up_to_date.made_of`, kept in site.json with the checksum of each file.
    progress
        Is given what is being made.

    Returns
    -------
    dict
        ``files``: how many the site has; ``written``: how many of them changed; ``removed``.

    Raises
    ------
    DataError
        If there is no edition of a year, or it is a rehearsal, or ``rehearsed`` is given and it is none; with ``forks``
        also if a file of the project was changed meanwhile, and nothing but pages of weights is written then.
    WritingError
        If the folder cannot be written, or another run is writing it.
    """
    state = signatures() if forks else {}
    atlas = open_atlas(years, rehearsal=rehearsed is not None)
    folder = output or folders.root() / "site"
    with alone(folder, "the site is being written"):
        copied = _copied(atlas, rehearsed or atlas.project.root / "reports")
        with at_once(atlas, years) if forks else nullcontext(one_by_one(atlas)) as make:
            parts, copied = _parts(atlas, folder, copied, make, explorers=explorers, progress=progress)
        files = {f"assets/{name}": (TEMPLATES / "site" / name).read_bytes() for name in ASSETS} | parts
        for each in copied:
            if "from" in each:
                files[each["path"]] = Path(each["from"]).read_bytes()
        files["index.html"] = _entrance(atlas).encode()
        if forks and (touched := changed(state, signatures())):
            raise DataError(f"{touched[0]} was changed while the site was made; make it again")
        there = [each["path"] for each in copied if "from" not in each]
        weights = {str(y): _made_of(edition) for y, edition in atlas.editions.items() if f"explorer/{y}.html" in there}
        return write_changed(folder / RECORD, made, files, there, explorers=weights)


def _parts(
    atlas: Atlas, folder: Path, copied: list[dict[str, Any]], make: Make, *, explorers: bool,
    progress: Callable[[str], None],
) -> tuple[dict[str, bytes], list[dict[str, Any]]]:  # fmt: skip
    """Downloads and the pages of every language; what was copied, and the pages of weights."""
    progress("explorers and downloads")
    waiting = _explorers(atlas, folder, read_record(folder / RECORD), make, wanted=explorers)
    downloads = make(_downloads)
    copied = copied + [
        {"path": f"explorer/{year}.html", "year": year, "kind": "explorer", "language": "", "label": ""}
        for year, there in waiting.items()
        if there is None or there.result()
    ]
    languages = {code: make(_language, code, copied) for code in atlas.languages}
    files: dict[str, bytes] = downloads.result()
    for code, pages in languages.items():
        progress(code)
        files |= pages.result()
    return files, copied


def _downloads(atlas: Atlas) -> dict[str, bytes]:
    return {f"data/{name}": content for name, content in written(atlas).items()}


def _language(atlas: Atlas, code: str, copied: list[dict[str, Any]]) -> dict[str, bytes]:
    """The pages of one language, and what its search knows."""
    voice = Voice(atlas, code)
    makers = (
        RegionPages(atlas, voice),
        FrameworkPages(atlas, voice),
        ArticlePages(atlas, voice, copied, listed(atlas)),
    )
    pages = [page for maker in makers for page in maker.pages()]
    pages.append(Page("search.html", "search", voice.text("site.search"), "article", {"pages": list(pages)}))
    environment = _environment()
    paths = frozenset(page.path for page in pages)
    files, documents = {}, []
    for page in pages:
        text = _render(environment, atlas, voice, page, paths, copied)
        files[f"{code}/{page.path}"] = text.encode()
        documents.append({"u": page.path, "t": page.title, "k": page.kind, "x": _words(text)})
    index = json.dumps(documents, ensure_ascii=False, separators=(",", ":"))
    files[f"assets/search-{code}.js"] = f"window.cwiPages={_script(index)};\n".encode()
    return files


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "site"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["ranges"] = _ranges
    return environment


def _ranges(text: str) -> Markup:
    """A text in which no line ends within a range of numbers such as 11–20."""
    return Markup(re.sub(r"\d+–\d+", r'<span class="range">\g<0></span>', html.escape(text, quote=False)))


def _render(
    environment: jinja2.Environment,
    atlas: Atlas,
    voice: Voice,
    page: Page,
    paths: frozenset[str],
    copied: Sequence[dict[str, Any]],
) -> str:
    inside = f"{voice.code}/{page.path}"

    def url(target: str) -> str:
        """A page of the same language."""
        return link(page.path, target)

    def root(target: str) -> str:
        """A file of the site, counted from its folder."""
        return link(inside, target)

    name = voice.title(atlas.edition.methodology.top.code)
    name = f"{voice.mark}. {name}" if voice.mark else name
    nation = voice.country()
    values = {
        "t": voice.text,
        "url": url,
        "root": root,
        "page": page,
        "language": voice.code,
        "site_name": f"{name}: {nation}" if nation else name,
        "across": voice.mark,
        "languages": [(code, TONGUES[code], link(inside, f"{code}/{page.path}")) for code in atlas.languages],
        "menu": [(target, voice.text(key)) for target, key in MENU],
        "foot": [(target, voice.text(key)) for target, key in FOOT if target in paths],
        "main_year": atlas.year,
        "slug": slug,
        "credit": _credit(atlas, voice) if page.context.get("map") else "",
        "dataset": Markup(_script(json.dumps(_dataset(atlas, voice, page, root), ensure_ascii=False))),
        "explorer": [
            root(each["path"]) for each in copied if each["kind"] == "explorer" and each["year"] == atlas.year
        ],
        "profiles": [
            (each["year"], root(each["path"]))
            for each in copied
            if each["kind"] == "profile"
            and page.kind == "region"
            and (each["region"], each["language"]) == (page.context["code"], voice.code)
        ],
    } | dict(page.context)
    own = list(page.context.get("marks", []))
    if page.kind not in ("year", "region"):  # those have the marks of their own edition
        own += [mark for mark in Pages(atlas, voice).marks(atlas.edition) if mark not in own]
    values["marks"] = own
    return environment.get_template(f"{page.template}.html.j2").render(values)


def _credit(atlas: Atlas, voice: Voice) -> str:
    return voice.text("sources.boundaries") if voice.language.knows("sources.boundaries") else ""


def _script(text: str) -> str:
    """JSON as it is written into a page or a script: no sign of a tag, and no end of a line, can come from it."""
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _dataset(atlas: Atlas, voice: Voice, page: Page, root: Callable[[str], str]) -> dict[str, Any]:
    """The page as schema.org has it: a Dataset where data can be downloaded, a WebPage elsewhere."""
    title = f"{voice.mark}. {page.title}" if voice.mark else page.title
    base: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "WebPage",
        "name": title,
        "inLanguage": voice.code,
        "description": f"{voice.mark}. {page.description}" if voice.mark else page.description or page.title,
        "isAccessibleForFree": True,
        "license": LICENCE["path"],
    }
    names = {"index.html": "scores", "downloads.html": "scores"}
    name = f"indicators/{slug(page.context['code'])}" if page.kind == "indicator" else names.get(page.path, "")
    if not name:
        return base
    distribution = [
        {"@type": "DataDownload", "encodingFormat": media, "contentUrl": root(f"data/{name}.{ending}")}
        for ending, media in (("csv", "text/csv"), ("json", "application/json"))
    ]
    years = f"{atlas.years[0]}/{atlas.years[-1]}"
    return base | {
        "@type": "Dataset",
        "distribution": distribution,
        "temporalCoverage": years,
        "spatialCoverage": voice.country(),
        "version": atlas.edition.methodology.version,
        "variableMeasured": page.title,
        "creator": {"@type": "Organization", "name": "cwi"},
    }


MAIN = re.compile(r"<main\b.*?</main>", re.DOTALL)
TAGS = re.compile(r"<(svg|script)\b.*?</\1>|<[^>]*>", re.DOTALL)


def _words(text: str) -> str:
    """What can be read in the main part of a page, for the search."""
    match = MAIN.search(text)
    return " ".join(html.unescape(TAGS.sub(" ", match[0] if match else "")).split())[:MOST]


def _entrance(atlas: Atlas) -> str:
    """The page that leads to the languages."""
    voices = {code: Voice(atlas, code) for code in atlas.languages}
    top = atlas.edition.methodology.top.code
    titles = [
        (code, TONGUES[code], f"{voice.mark}. {voice.title(top)}" if voice.mark else voice.title(top))
        for code, voice in voices.items()
    ]
    return _environment().get_template("entrance.html.j2").render(titles=titles, language=atlas.languages[0])


# ---------------------------------------------------------------- files that are there already


def _copied(atlas: Atlas, reports: Path) -> list[dict[str, Any]]:
    """Reports, revisions and profiles that were made: where they are, and where the site has them."""
    result = []
    for year in atlas.years:
        folder = reports / str(year)
        names = [
            f"{stem}.{code}.{ending}"
            for code in atlas.languages
            for stem, ending in (("report", "html"), ("report", "pdf"), ("tables", "xlsx"))
        ]
        for name in (*names, "ledger.csv"):
            if (folder / name).is_file():
                result.append(_file(folder / name, f"reports/{year}/{name}", year, name))
        for code in atlas.languages:
            path = atlas.editions[year].path / f"revision.{code}.html"
            if path.is_file():
                result.append(_file(path, f"reports/{year}/{path.name}", year, path.name))
        profiles = reports / "profiles" / str(year)
        for region in (*atlas.editions[year].regions, atlas.nation):
            for code in atlas.languages:
                path = profiles / f"{region}.{code}.html"
                if region and path.is_file():
                    profile = {"from": str(path), "path": f"profiles/{year}/{slug(region)}.{code}.html", "label": ""}
                    result.append(profile | {"year": year, "kind": "profile", "language": code, "region": region})
    return result


def _file(path: Path, place: str, year: int, name: str) -> dict[str, Any]:
    stem, *rest = name.split(".")
    ending = rest[-1]
    kind = {"report": f"report_{ending}", "tables": "tables", "ledger": "ledger", "revision": "revision"}[stem]
    language = rest[0] if len(rest) > 1 else ""
    return {"from": str(path), "path": place, "year": year, "kind": kind, "language": language, "label": f"{name}"}


def _explorers(
    atlas: Atlas, folder: Path, before: dict[str, Any], make: Make, *, wanted: bool
) -> dict[int, Future[bool] | None]:
    """The page of weights of each year with an index: there already, or made where its rules, data or code changed.

    ``wanted``: whether one that changed is made; it is left out otherwise. Nothing is waited for.
    """
    result: dict[int, Future[bool] | None] = {}
    for year, edition in atlas.editions.items():
        if not edition.path.joinpath("edition.toml").is_file() or atlas.index(year).dropna().empty:
            continue
        path = folder / "explorer" / f"{year}.html"
        if path.is_file() and before.get("explorers", {}).get(str(year)) == _made_of(edition):
            result[year] = None
        elif wanted:
            result[year] = make(_explorer, year, folder / "explorer")
    return result


def _explorer(atlas: Atlas, year: int, folder: Path) -> bool:
    """Write the page of weights of a year; whether a page can compute its rules."""
    try:
        make_site(year, folder, rehearsal=atlas.rehearsal, edition=atlas.editions[year])
    except CwiError:
        return False
    return True


def _made_of(edition: Edition) -> str:
    """What a page of weights is made of: rules, data, and the code that makes it."""
    code = [*TEMPLATES.glob("explorer*"), TEMPLATES.parent / "explorer", TEMPLATES.parent / "locale"]
    rules = {"rules": edition.methodology.fingerprint, "data": edition.checksum}
    return made_of(rules, also=sorted(code), of=())
