"""From a parameterised notebook to the report of a year: written aside, then moved into place."""

from __future__ import annotations

import json
import multiprocessing
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import papermill
from nbclient.exceptions import CellTimeoutError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from cwi import errors, folders
from cwi.edition import Edition, read_edition
from cwi.errors import CwiError, ReportError
from cwi.inputs.boundaries import boundaries_of, check_regions
from cwi.report.blocks import LEDGER, OUTPUT, PHONE
from cwi.report.draws import check_draws
from cwi.report.forked_kernel import kernel_manager, stop_kernels
from cwi.report.forked_process import ONE_THREAD, prepare, processors
from cwi.report.languages import LANGUAGES, Language
from cwi.report.ledger import SHARED, merge
from cwi.report.manifest import changed, digest, inputs, manifest, read_manifest, signatures
from cwi.report.parameters import checked
from cwi.report.pictures.aside import ASIDE
from cwi.report.pictures.points import as_points
from cwi.report.printer import language_of, status_line
from cwi.report.staging import end_with_parent, mend, staged
from cwi.writing import cannot_write

__all__ = ["ReportError", "execute", "make_report"]

NOTEBOOK = "official_report"
AUTHOR = "cwi"
TIME_LIMIT = 600  # seconds for one cell
ANSI, ARROW = re.compile(r"\x1b\[[0-9;]*m"), re.compile(r"-+> *\d+ ")  # colours; the line that a traceback marks


def make_report(
    year: int,
    *,
    languages: Sequence[str] = LANGUAGES,
    output: Path | None = None,
    forks: bool = True,
    progress: Callable[[str], None] = lambda text: None,
    **parameters: Any,
) -> Path:
    """Make the report of a year in every language.

    Parameters
    ----------
    year
        The edition.
    languages
        Some of kk, ru and en.
    output
        The folder that reports lie in, ``reports/`` by default.
    forks
        Whether kernels are forked of a process that has imported everything, where that can be.
    progress
        Called with what was finished or is made now, for a progress bar: 2 × languages + 2 times.
    parameters
        Other parameters of the notebook: methodology, draws, seed.

    Returns
    -------
    Path
        The folder of the report.

    Raises
    ------
    CwiError
        If a parameter, the methodology or the data cannot be used; nothing was started then.
    ReportError
        If a cell of a notebook failed, or an input was changed meanwhile; the old report is whole.
    """
    source = folders.notebooks() / f"{NOTEBOOK}.ipynb"
    runs = {code: checked(source, {"year": year, "language": code, **parameters}) for code in languages}
    for code in languages:
        Language(code)
    first = runs[languages[0]]
    check_draws(first["draws"], first["seed"])
    reports = output or folders.reports()
    target = reports / str(year)
    mend(target)
    if forks:
        prepare(first=first)  # what the kernels are forked of imports and computes meanwhile
    before = signatures()  # before anything is read: the manifest names what was read
    edition = read_edition(year, first.get("methodology"))
    if (borders := boundaries_of(year)).is_file():  # maps are drawn last; what is wrong with them is named first
        check_regions(borders, edition.territory.regions.index, edition.regions, year)
    made_of = inputs()
    progress("checked")
    with staged(reports, target) as stage, _sentences(target):
        failed = _all_languages(source, stage, runs, edition, forks=forks, progress=progress)
        if failed:
            raise ReportError(f"the report of {year} could not be made\n" + "\n".join(failed))
        shared = {key: value for key, value in first.items() if key != "language"}
        kept = _keep(target, stage, languages, made_of, shared)
        _merge_ledgers(stage, target, languages, kept)
        left = _leave(target, stage, set(LANGUAGES) - {*languages, *kept})
        record = manifest(
            stage,
            left=left,
            made_of=made_of,
            parameters=shared,
            languages=[*languages, *kept],
            edition={
                "year": year,
                "methodology": edition.methodology.version,
                "fingerprint": edition.methodology.fingerprint,
                "data": edition.checksum,
                "status": edition.methodology.status,
                "experimental": edition.experimental,
                **({"rehearsal": True} if edition.rehearsal else {}),
            },
        )
        text = json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True)
        (stage / "manifest.json").write_text(text + "\n", encoding="utf-8", newline="\n")
        if touched := changed(before, signatures()):
            more = f" (and {len(touched) - 1} more)" if len(touched) > 1 else ""
            raise ReportError(f"{touched[0]}{more} was changed while the report of {year} was made; make it again")
    progress("placed")
    return target


def _all_languages(
    source: Path,
    stage: Path,
    runs: dict[str, dict[str, Any]],
    edition: Edition,
    *,
    forks: bool,
    progress: Callable[[str], None],
) -> list[str]:
    """Make every language at once, each with a kernel of its own; what failed, a line a language."""
    failed = []
    forked = prepare()
    context = get_context("forkserver" if forked else "spawn")
    with (
        ProcessPoolExecutor(2 * len(runs), mp_context=context, initializer=end_with_parent) as printers,
        ThreadPoolExecutor(len(runs)) as threads,
    ):
        waiting = {
            threads.submit(
                _one_language,
                source,
                stage,
                code,
                parameters,
                _about(edition, code),
                forks,
                max(processors() // len(runs) - 1, 0) if forks and forked else 0,
                printers,
                progress,
            ): code
            for code, parameters in runs.items()
        }
        try:
            for done in as_completed(waiting):
                try:
                    done.result()
                except CwiError:
                    raise
                except Exception as problem:
                    failed.append(f"{waiting[done]}: {problem}")
        except BaseException:  # stopped, or an input that cannot be used: what still runs is of no use
            threads.shutdown(wait=False, cancel_futures=True)
            stop_kernels()
            for worker in multiprocessing.active_children():
                worker.terminate()
            raise
    return sorted(failed)


@contextmanager
def _sentences(target: Path) -> Iterator[None]:
    """What the system refuses while a report is laid down, as a sentence."""
    try:
        yield
    except OSError as problem:
        raise cannot_write(target, problem) from None


def execute(
    source: Path,
    target: Path,
    parameters: dict[str, Any],
    folder: Path | None = None,
    ledger: Path | None = None,
    *,
    forks: bool = True,
    aside: int = 0,
) -> NotebookNode:
    """Run a notebook with papermill and clean the result of times and paths, so that equal runs give equal bytes.

    Pictures, tables and ledger are written to ``folder``; of a notebook that keeps its pictures inside, the ledger
    alone to ``ledger``. The kernel is forked of a process that has imported what notebooks use, or, where it cannot be
    or ``forks`` is false, started as Jupyter does it; the outputs are the same. ``aside``: how
    many processes may draw pictures beside a forked kernel.

    Raises
    ------
    ReportError
        If a cell failed, ran longer than ten minutes, or the kernel ended.
    """
    variables = {"CWI_ROOT": str(folders.root()), **ONE_THREAD, "SOURCE_DATE_EPOCH": "0",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # fmt: skip
    variables |= {name: str(path) for name, path in ((OUTPUT, folder), (LEDGER, ledger)) if path is not None}
    if aside:
        variables[ASIDE] = str(aside)
    try:
        papermill.execute_notebook(
            str(source),
            str(target),
            parameters=parameters,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            log_output=False,
            execution_timeout=TIME_LIMIT,
            start_timeout=120,
            extra_arguments=["--log-level=CRITICAL"],
            kernel_manager_class=kernel_manager(variables, folders.root(), forks=forks),
        )
    except PapermillExecutionError as problem:
        raise ReportError(_reason(source, problem)) from None
    except CellTimeoutError:
        raise ReportError(f"{source.name}: a cell ran longer than {TIME_LIMIT} s and was stopped") from None
    except RuntimeError as problem:
        if "Kernel died" not in str(problem):
            raise
        raise ReportError(
            f"{source.name}: the kernel ended before the notebook did; it was killed, or the memory was used up"
        ) from None
    notebook = clean(nbformat.read(target, as_version=4))
    target.write_text(nbformat.writes(notebook, indent=1, sort_keys=True) + "\n", encoding="utf-8", newline="\n")
    return notebook


def _reason(source: Path, problem: PapermillExecutionError) -> str:
    """Why a notebook could not be run: our sentence, or the error and the line of the notebook that it came from."""
    sentence = f"{source.name}: {problem.ename}: {problem.evalue}"
    if problem.ename in errors.__all__:
        return sentence
    marked = [line for line in ANSI.sub("", "\n".join(problem.traceback)).splitlines() if ARROW.match(line)]
    lines = [line for line in str(problem.source).splitlines() if line.strip() and not line.startswith("#")]
    where = ARROW.sub("", marked[0]).strip() if marked else (lines or [""])[0].strip()
    return f"{sentence}, at '{where}'" if where else sentence


def clean(notebook: NotebookNode) -> NotebookNode:
    """Drop what differs between two equal runs: times, paths, random cell names."""
    kernel = notebook.metadata.get("kernelspec", {"name": "python3", "display_name": "Python 3", "language": "python"})
    notebook.metadata = nbformat.from_dict({"kernelspec": kernel, "language_info": {"name": "python"}})
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:02d}"
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    return notebook


def _one_language(
    source: Path,
    stage: Path,
    code: str,
    parameters: dict[str, Any],
    about: tuple[str, bool, str],
    forks: bool,
    aside: int,
    printers: Executor,
    progress: Callable[[str], None],
) -> None:
    """Notebook, pages and PDF in one language."""
    target = stage / f"{NOTEBOOK}.{code}.ipynb"
    execute(source, target, parameters, stage, forks=forks, aside=aside)
    progress(f"{code}: pages and PDF")
    foot = about[2]
    title, mark = _titles(code, parameters["year"], *about[:2])
    prints = [
        printers.submit(_print_pdf, target, code, title, mark, foot),
        printers.submit(_print_pages, target, code, title, mark, parameters["year"], parameters.get("methodology")),
    ]
    for each in prints:
        each.result()
    progress(code)


def _about(edition: Edition, code: str) -> tuple[str, bool, str]:
    """The name of the nation, whether this is a rehearsal, and the line at the foot of each page."""
    name = edition.territory.name(edition.territory.nation, code)
    return name, edition.rehearsal, status_line(edition, language_of(edition, code))


def _titles(code: str, year: int, nation: str, rehearsal: bool) -> tuple[str, str]:
    """The title of a report and the mark across it; without one, where it is no rehearsal, an empty text."""
    language = Language(code)
    title = language.text("report.title", year=year, nation=nation)
    mark = language.text("rehearsal.mark") if rehearsal else ""
    return (f"{mark}. {title}" if mark else title), mark


def _print_pages(executed: Path, code: str, title: str, mark: str, year: int, methodology: str | None) -> None:
    """The pages of an executed notebook and its pictures as points, beside it."""
    from cwi.report.numbers import known_numbers  # here alone: the process that is forked has them
    from cwi.report.page import page

    stage, notebook, language = executed.parent, nbformat.read(executed, as_version=4), Language(code)
    drawn = sorted((stage / "figures").glob(f"*.{code}.svg"))
    wide = [path for path in drawn if not path.name.endswith(f"{PHONE}.{code}.svg")]  # a phone's is on the page alone
    for path, points in zip(wide, as_points([path.read_bytes() for path in wide]), strict=True):
        path.with_suffix(".png").write_bytes(points)
    ledger = pd.read_csv(stage / f"ledger.{code}.csv", keep_default_na=False)
    numbers = known_numbers(read_edition(year, methodology or None), ledger, language)
    for name, with_code in ((f"report.{code}.html", False), (f"review.{code}.html", True)):
        text = page(notebook, stage, language=language, title=title, code=with_code, mark=mark, numbers=numbers)
        (stage / name).write_text(text, encoding="utf-8", newline="\n")


def _print_pdf(executed: Path, code: str, title: str, mark: str, foot: str) -> None:
    """The PDF of an executed notebook, beside it."""
    from cwi.report.pdf import pdf  # here alone: the process that is forked has it

    stage, notebook = executed.parent, nbformat.read(executed, as_version=4)
    printed = pdf(notebook, stage, language=Language(code), title=title, author=AUTHOR, mark=mark, foot=foot)
    (stage / f"report.{code}.pdf").write_bytes(printed)


def _keep(
    target: Path, stage: Path, languages: Sequence[str], made_of: dict[str, str], parameters: dict[str, Any]
) -> list[str]:
    """Take over what the report already has in other languages, if it was made of the same things."""
    record = read_manifest(target)
    if record.get("inputs") != made_of or record.get("parameters") != parameters:
        return []
    kept = [code for code in record["languages"] if code not in languages]
    for name, checksum in record["outputs"].items():
        if Path(name).stem.rpartition(".")[2] in kept:
            if not (target / name).is_file() or digest(target / name) != checksum:
                return []
            (stage / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(target / name, stage / name)
    return kept


def _leave(target: Path, stage: Path, languages: Collection[str]) -> set[str]:
    """Take over as they are the files of languages that this run did not make, and their texts of equal numbers.

    They may be made of other data or rules, so the manifest does not list them; nothing is lost by making one language.
    """
    left = set()
    for path in sorted(target.rglob("*")) if target.exists() else ():
        name = path.relative_to(target)
        if path.is_file() and path.stem.rpartition(".")[2] in languages and not (stage / name).exists():
            (stage / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, stage / name)
            left.add(name.as_posix())
    old_path, path = target / "ledger.csv", stage / "ledger.csv"
    if left and old_path.is_file():
        old, new = (pd.read_csv(each, dtype=str, keep_default_na=False) for each in (old_path, path))
        keys = [column for column in SHARED if column in old and column in new]
        texts = [f"text_{code}" for code in LANGUAGES if code in languages and f"text_{code}" in old]
        both = new.drop(columns=texts, errors="ignore").merge(old[[*keys, *texts]], on=keys, how="left")
        both.fillna("")[list(new)].to_csv(path, index=False, lineterminator="\n")
    return left


def _merge_ledgers(stage: Path, target: Path, languages: Sequence[str], kept: Sequence[str]) -> None:
    """One ledger of what was printed now and of what is kept, a column of texts a language."""
    paths = [stage / f"ledger.{code}.csv" for code in languages]
    frames = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in paths]
    if kept:
        old = pd.read_csv(target / "ledger.csv", dtype=str, keep_default_na=False)
        frames += [old[[column for column in old if column in SHARED or column == f"text_{code}"]] for code in kept]
    merged = merge(frames)
    merged.to_csv(stage / "ledger.csv", index=False, lineterminator="\n")
    for path in paths:
        path.unlink()
