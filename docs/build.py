"""The documentation site, from this repository alone: ``make docs`` writes docs/_build/html, without the network.

Every page of the repository is copied beside those generated here (reference of names, methods, commands and data,
tutorial, glossary, decisions), so that links between pages are those of the repository; links to files that are no
pages become plain text. Sphinx then builds the site, and a warning of it is an error.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import inspect
import io
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import typer

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "docs" / "_build"
SKIPPED = {"tests", ".venv", ".git", "reports", "build", "dist", "site", "_build", "node_modules"}
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")
FENCE = re.compile(r"^(```.*?^```)", re.M | re.S)
STATUS = re.compile(r"^Status: (.+)$", re.M)
PARTS = (
    ("The library", ("cwi", "cwi.edition")),
    ("Methods", ("cwi.methods",)),
    ("Inputs", ("cwi.inputs",)),
    ("Analysis", ("cwi.analysis",)),
    ("Reports", ("cwi.report",)),
)
CONF = """\
project = "cwi"
extensions = ["myst_parser"]
exclude_patterns = []
html_theme = "alabaster"
html_theme_options = {"description": "A child well-being index, built in the open", "fixed_sidebar": True}
html_show_copyright = False
html_copy_source = False
language = "en"
myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]
suppress_warnings = ["myst.header"]
"""


def main(words: Sequence[str] | None = None) -> int:
    """Build the site; the exit code is that of Sphinx."""
    parser = argparse.ArgumentParser(description="Build the documentation site.")
    parser.add_argument("--output", type=Path, default=BUILD / "html", help="another folder than docs/_build/html")
    parser.add_argument("--only", nargs="*", help="reference of these packages alone, such as cwi.analysis.audit")
    given = parser.parse_args(words)
    return build(given.output, only=given.only)


def build(output: Path, *, only: Sequence[str] | None = None) -> int:
    """Write the pages into a folder beside the output, and the site into the output."""
    from sphinx.cmd.build import build_main

    source = output.parent / "source"
    shutil.rmtree(source, ignore_errors=True)
    write_source(source, only=only)
    code = build_main(
        ["-W", "--keep-going", "-q", "-b", "html", "-d", str(output.parent / "cache"), str(source), str(output)]
    )
    if not code:
        print(output / "index.html")
    return int(code)


def write_source(source: Path, *, only: Sequence[str] | None = None) -> None:
    """Every page as Markdown: those of the repository, and those that are generated."""
    pages = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in _repository_pages()}
    pages |= generated(only=only)
    for name, text in pages.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_linked(text, name, pages), encoding="utf-8", newline="\n")
    (source / "conf.py").write_text(CONF, encoding="utf-8")
    (source / "docs").mkdir(exist_ok=True)
    for picture in sorted((ROOT / "docs").glob("*.png")):
        shutil.copyfile(picture, source / "docs" / picture.name)


def _repository_pages() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*.md")):
        parts = path.relative_to(ROOT).parts
        if not any(part in SKIPPED or part.startswith(".") for part in parts):
            yield path


def _linked(text: str, name: str, pages: dict[str, str]) -> str:
    """The page with links to pages and pictures alone; a folder is its README or its generated index."""
    here = (ROOT / name).parent

    def link(match: re.Match[str]) -> str:
        picture, words, target, anchor = match[1], match[2], match[3], match[4] or ""
        if "://" in target or target.startswith("mailto:") or picture:
            return match[0]
        path = Path(_normal(here / target))
        inside = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
        for known in (inside, f"{inside.rstrip('/')}/README.md", f"{inside.rstrip('/')}/index.md"):
            if known in pages:
                return f"[{words}](/{known}{anchor})"
        if not path.exists():
            raise SystemExit(f"{name}: the link [{words}]({target}) leads nowhere")
        return words

    pieces = FENCE.split(text.replace("```csv", "```text"))
    return "".join(part if part.startswith("```") else LINK.sub(link, part) for part in pieces)


def _normal(path: Path) -> str:
    return os.path.normpath(path)


# ---------------------------------------------------------------- generated pages


def generated(*, only: Sequence[str] | None = None) -> dict[str, str]:
    """Every page that is no file of the repository, by its place."""
    packages = front_doors() if only is None else list(only)
    reference = {f"docs/reference/{package}.md": package_page(package) for package in packages}
    return {
        **reference,
        "docs/reference/methods.md": methods_page(),
        "docs/reference/commands.md": commands_page(),
        "docs/reference/data.md": data_page(),
        "docs/reference/index.md": _reference_index(packages),
        "docs/tutorial.md": tutorial_page(),
        "docs/glossary.md": glossary_page(),
        "docs/decisions/index.md": decisions_page(),
        "index.md": _index(),
    }


def front_doors() -> list[str]:
    """Every package of cwi whose ``__init__`` names what others may use."""
    names = []
    for path in sorted((ROOT / "cwi").rglob("__init__.py")):
        if re.search(r"^__all__ = ", path.read_text(encoding="utf-8"), re.M):
            names.append(".".join(path.relative_to(ROOT).parent.parts))
    return [name for name in names if name != "cwi.cli"]


def package_page(package: str) -> str:
    """Every public name of a package: its signature and its docstring, as it is written."""
    module = importlib.import_module(package)
    parts = [f"# {package}\n", _prose(module.__doc__ or "")]
    for name in sorted(module.__all__, key=str.casefold):
        parts.append(_entry(name, getattr(module, name)))
    return "\n".join(parts)


def _entry(name: str, thing: Any) -> str:
    if inspect.ismodule(thing):
        return f"## {name}\n\n{_prose((thing.__doc__ or '').split(chr(10))[0])}\n"
    if not (inspect.isclass(thing) or inspect.isroutine(thing)):
        return f"## {name}\n\n```text\n{name}: {type(thing).__name__}\n```\n"
    lines = [f"## {name}\n", f"```text\n{_signature(name, thing)}\n```\n", _docstring(thing)]
    if inspect.isclass(thing):
        for member, value in sorted(vars(thing).items()):
            own = value.fget if isinstance(value, property) else getattr(value, "func", value)
            own = own.__func__ if isinstance(own, classmethod | staticmethod) else own
            if not member.startswith("_") and inspect.isfunction(own) and inspect.getdoc(own):
                lines += [f"### {name}.{member}\n", f"```text\n{_signature(member, own)}\n```\n", _docstring(own)]
    return "\n".join(lines)


def _signature(name: str, thing: Any) -> str:
    try:
        text = str(inspect.signature(thing))
    except (TypeError, ValueError):
        return name
    text = re.sub(r"<factory>|<object object at [^>]*>|<function [^>]*>", "…", text)
    text = re.sub(r" at 0x[0-9a-f]+", "", text)
    text = re.sub(r"((?:: |-> ))'([^']*)'", r"\1\2", text)
    line = f"{'class ' if inspect.isclass(thing) else ''}{name}{text}"
    return textwrap.fill(line, 108, subsequent_indent=8 * " ", break_long_words=False, break_on_hyphens=False)


def _docstring(thing: Any) -> str:
    """The first paragraph as text, what follows as it is written: parameters, errors, references, examples."""
    text = inspect.getdoc(thing) or ""
    first, _, rest = text.partition("\n\n")
    return _prose(first) + (f"\n```text\n{rest.replace('```', '')}\n```\n" if rest.strip() else "")


def _prose(text: str) -> str:
    """Text of a docstring as Markdown: names in code, nothing that is read as markup."""
    text = re.sub(r":[a-z]+:`~?([^`]+)`", r"``\1``", text)
    pieces = re.split(r"(``[^`]+``)", " ".join(text.split()))
    return "".join(p[1:-1] if p.startswith("``") else _plain(p) for p in pieces) + "\n"


def _plain(text: str) -> str:
    return re.sub(r"([*_<>\[\]\\`|#])", r"\\\1", text)


def methods_page() -> str:
    """Every word that a methodology may use: what it does, its formula where there is one, needs and source."""
    from cwi.methods import table
    from cwi.traits import methods_of

    lines = [
        "# Methods by name\n",
        "Each word may be written in a `methodology.toml`; `cwi methods` prints the same table.\n",
    ]
    family = ""
    for row in table():
        if row["family"] != family:
            family = row["family"]
            lines.append(f"## {family}\n")
        function = methods_of(family)[row["word"]]
        lines += [f"### {row['word']}\n", _prose(row["summary"])]
        facts = [("Parameters", row["parameters"]), ("Formula", _formula(family, function)), ("Needs", row["traits"]),
                 ("Source", row["source"])]  # fmt: skip
        lines += [
            f"- {name}: {f'`{value}`' if name in ('Parameters', 'Formula') else _plain(value)}"
            for name, value in facts
            if value
        ]
        rest = (inspect.getdoc(function) or "").partition("\n\n")[2].replace("```", "")
        lines.append(f"\n```text\n{rest}\n```\n" if rest.strip() else "")
    return "\n".join(lines)


def _formula(family: str, function: Any) -> str:
    """The formula of a method for a pocket calculator: of two parts in letters, or of a value between goalposts."""
    from cwi.traits import traits_of

    traits = traits_of(function)
    if traits.arithmetic is None:
        return ""
    given = traits.parameters(2)
    if family == "aggregation":
        text = str(traits.arithmetic(["80", "50"], ["0.6", "0.4"], **given))
        return f"{text} (scores 80 and 50, weights 0.6 and 0.4)"
    if family == "normalisation":
        try:
            return str(traits.arithmetic(7.0, 0.0, 10.0, False, _base(), **given)) + " (of 7 between 0 and 10)"
        except (TypeError, ValueError, KeyError):
            return ""
    return ""


def _base() -> Any:
    import numpy as np

    return np.array([2.0, 4.0, 6.0, 9.0])


def commands_page() -> str:
    """Every command with its words and options."""
    from cwi.cli import app

    lines = ["# Commands\n", "`cwi --help` prints the same. Without options before the command it works on the project "
             "that [this page](../how-to/projects.md) names.\n"]  # fmt: skip

    def describe(command: Any, name: str) -> None:
        for word, inner in sorted(getattr(command, "commands", {}).items()):
            full = f"{name} {word}"
            if hasattr(inner, "commands"):
                describe(inner, full)
                continue
            lines.extend([f"## {full}\n", _prose((inner.help or "").replace("\b", "")), "```text"])
            for parameter in inner.params:
                record = getattr(parameter, "help", "") or ""
                words = (
                    ", ".join(parameter.opts) if parameter.param_type_name == "option" else str(parameter.name).upper()
                )
                lines.append(f"{words:28} {' '.join(str(record).split())}".rstrip())
            lines.append("```\n")

    describe(typer.main.get_command(app), "cwi")
    return "\n".join(lines)


def data_page() -> str:
    """Every table of data/ with its columns: type, how many cells are filled, values where there are few, meaning."""
    meanings = columns()
    lines = ["# Data dictionary\n", "Generated from the tables of `data/` and from `docs/columns.csv`; what a row is "
             "and what was corrected is in [the data's own page](../../data/README.md).\n"]  # fmt: skip
    for name, paths in tables().items():
        first = pd.read_csv(paths[0], dtype=str, keep_default_na=False)
        count = f"{len(paths)} files of the same columns" if len(paths) > 1 else f"{len(first)} rows"
        lines += [
            f"## {name}\n",
            f"{count}.\n",
            "| column | type | filled | values | meaning |",
            "|---|---|---|---|---|",
        ]
        for column in first:
            cells = first[column][first[column] != ""]
            few = sorted(set(cells))
            shown = ", ".join(few) if 0 < len(few) <= 6 and max(map(len, few)) <= 20 and len(paths) == 1 else ""
            share = f"{100 * len(cells) / max(len(first), 1):.0f}%"
            lines.append(
                f"| `{column}` | {_type(cells)} | {share} | {_plain(shown)} | {_plain(meanings.get(column, '–'))} |"
            )
        lines.append("")
    return "\n".join(lines)


def tables() -> dict[str, list[Path]]:
    """The tables of data/ but the editions, files of one kind together."""
    found: dict[str, list[Path]] = {}
    for path in sorted((ROOT / "data").rglob("*.csv")):
        inside = path.relative_to(ROOT / "data")
        if inside.parts[0] == "editions":
            continue
        name = (
            f"{inside.parts[0]}/SOURCE.csv" if inside.parts[0] in ("observations", "covariance") else inside.as_posix()
        )
        found.setdefault(name, []).append(path)
    return found


def columns() -> dict[str, str]:
    """The meaning of each column."""
    with (ROOT / "docs" / "columns.csv").open(encoding="utf-8", newline="") as file:
        return {row["column"]: row["meaning"] for row in csv.DictReader(file)}


def _type(cells: pd.Series) -> str:
    if cells.empty:
        return "empty"
    if pd.to_numeric(cells, errors="coerce").notna().all():
        return "whole number" if cells.str.fullmatch(r"-?\d+").all() else "number"
    return "date" if cells.str.fullmatch(r"\d{4}-\d{2}-\d{2}").all() else "text"


def tutorial_page() -> str:
    """The first notebook as a page: its cells, without outputs."""
    notebook = nbformat.read(ROOT / "notebooks" / "start_here.ipynb", as_version=4)
    lines = ["# Tutorial: fifteen minutes\n", "The cells of `notebooks/start_here.ipynb`; open it with `make lab`, or "
             "run it with `cwi run notebooks/start_here.ipynb result.ipynb`.\n"]  # fmt: skip
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            head, _, rest = cell.source.partition("\n")
            lines.append(f"## {head.lstrip('# ')}\n{rest}\n")
        else:
            lines.append(f"```python\n{cell.source}\n```\n")
    return "\n".join(lines)


def glossary_page() -> str:
    """Every term in three languages, with what it means and where that comes from."""
    lines = ["# Glossary\n"]
    with (ROOT / "docs" / "glossary.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            lines += [f"## {_plain(row['term_en'])}\n", f"Русский: {row['term_ru']}. Қазақша: {row['term_kk']}.\n"]
            lines += [f"- {_plain(row[f'definition_{code}'])}" for code in ("en", "ru", "kk")]
            lines.append(f"- Source: {_plain(row['source'])}\n")
    return "\n".join(lines)


def decisions() -> list[tuple[str, str, str]]:
    """File, title, and status with date of each decision."""
    rows = []
    for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")):
        text = path.read_text(encoding="utf-8")
        status = STATUS.search(text)
        rows.append((path.name, text.partition("\n")[0].lstrip("# "), status[1].rstrip(".") if status else ""))
    return rows


def decisions_page() -> str:
    """The decisions by number, with their status and date."""
    rows = decisions()
    lines = ["# Decisions\n", "What was chosen where others could have chosen otherwise, why, and what was measured.\n"]
    lines += ["| decision | status |", "|---|---|"]
    lines += [f"| [{_plain(title)}]({name}) | {_plain(status)} |" for name, title, status in rows]
    return "\n".join([*lines, "", _toctree([name for name, _, _ in rows])])


def _toctree(names: Sequence[str], *, caption: str = "", hidden: bool = True) -> str:
    options = ([":hidden:"] if hidden else []) + ([f":caption: {caption}"] if caption else []) + [":maxdepth: 1"]
    return "\n".join(["```{toctree}", *options, "", *(name.removesuffix(".md") for name in names), "```", ""])


def _reference_index(packages: Sequence[str]) -> str:
    lines = [
        "# Reference\n",
        "Generated from the docstrings of every public name, the methods, the commands and the data.\n",
    ]
    lines.append(_toctree(["methods", "commands", "data"], hidden=False))
    for title, starts in PARTS:
        own = [
            p for p in packages if any(p == start or (start != "cwi" and p.startswith(f"{start}.")) for start in starts)
        ]
        lines += [f"## {title}\n", _toctree(own, hidden=False)] if own else []
    return "\n".join(lines)


def _index() -> str:
    """The first page: that of docs/, and the tree of all pages."""
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    text = LINK.sub(lambda m: m[0] if "://" in m[3] else f"{m[1]}[{m[2]}]({_from_top(m[3])}{m[4] or ''})", text)
    named = [p.relative_to(ROOT).as_posix() for p in _repository_pages()]
    how_to = [name for name in named if name.startswith("docs/how-to/")]
    explanation = [name for name in named if name.startswith("docs/explanation/")] + ["docs/choosing-a-method.md"]
    rest = [
        n for n in named if n not in (*how_to, *explanation, "docs/index.md") and not n.startswith("docs/decisions/")
    ]
    rest = [name for name in rest if name not in ("docs/faq.md", "docs/house.md")]
    trees = [
        _toctree(["docs/tutorial", "docs/faq", "docs/glossary"], caption="Begin"),
        _toctree(how_to, caption="How to"),
        _toctree([*explanation, "docs/house"], caption="Explanation"),
        _toctree(["docs/reference/index", "docs/decisions/index"], caption="Reference"),
        _toctree([*rest, "docs/index"], caption="The repository's own pages"),
    ]
    return text + "\n" + "\n".join(trees)


def _from_top(target: str) -> str:
    return Path(_normal(Path("docs") / target)).as_posix()


def quiet(output: Path, *, only: Sequence[str] | None = None) -> tuple[int, str]:
    """As :func:`build`, with what was printed."""
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        code = build(output, only=only)
    return code, printed.getvalue()


if __name__ == "__main__":
    sys.exit(main())
