"""Reports and notebooks: check the data, make a report, run a notebook, publish, review."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cwi import folders
from cwi.cli.shared import REHEARSAL, JsonOutput, Year, YearOrRehearsal, print_json, print_table, rehearse, working
from cwi.errors import ParameterError
from cwi.writing import made_folder, writing

__all__ = ["add_to"]

MOST = 20  # differences of one kind that are printed
MOST_PROBLEMS = 1_000  # of the data
PROJECT = "project"  # the parameter that is a folder; a kernel works elsewhere than the command

Given = Annotated[
    list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter of the notebook.")
]
Engine = Annotated[
    Literal["forked", "kernel"],
    typer.Option(help="forked: kernels start with everything imported; kernel: as Jupyter starts them."),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command(epilog="Example: cwi check --json")(check)
    app.command(epilog="Examples: cwi report 2023 · cwi report 2023 --language kk · cwi report rehearsal")(report)
    app.command(epilog="Example: cwi run notebooks/sensitivity.ipynb result.ipynb -p year=2023")(run)
    app.command(epilog="Examples: cwi review 2023 · cwi review 2023 --all --json")(review)
    app.command(epilog="Examples: cwi bundle 2023 · cwi bundle 2023 elsewhere/cwi-2023.zip")(bundle)
    app.command(epilog="Example: cwi sign 2023 --key ~/.ssh/id_ed25519")(sign)
    app.command(epilog="Example: cwi publish 2023 --revision 'The Bureau corrected the figures of Abai'")(publish)


def check(as_json: JsonOutput = False) -> None:
    """Check all data: schema, keys, ranges, territories, sources, methodologies, editions."""
    folders.root()  # where there is no project, one sentence and no table of parts
    with working("loading"):
        from cwi.checks import PARTS, check_all
    results = []
    first, *others = PARTS
    with working(f"checking {first}", len(PARTS)) as step:
        for result, following in zip(check_all(), (*others, ""), strict=True):
            results.append(result)
            step(f"checking {following}" if following else "checked")
    problems = [problem for result in results for problem in result.problems]
    if as_json:
        rows = [{"name": r.name, "looked_at": r.looked_at, "problems": list(r.problems)} for r in results]
        print_json({"parts": rows, "problems": len(problems)})
    else:
        print_table(
            ("what", "looked at", "problems"),
            ((r.name, r.looked_at, len(r.problems) or "none") for r in results),
        )
        print(*problems[:MOST_PROBLEMS], sep="\n", end="\n" if problems else "")
        if len(problems) > MOST_PROBLEMS:
            print(f"and {len(problems) - MOST_PROBLEMS:,} more; --json lists all")
    if problems:
        raise typer.Exit(1)


def report(
    year: YearOrRehearsal,
    language: Annotated[
        list[str] | None, typer.Option(help="Only this language (kk, ru, en); may be repeated.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Another folder than reports/.")] = None,
    force: Annotated[bool, typer.Option(help="Rebuild even if nothing changed.")] = False,
    parameter: Given = None,
    engine: Engine = "forked",
) -> None:
    """Make the official report of a year: notebook, pages, PDF, tables, figures, ledger and manifest.

    'rehearsal' makes the reports of two years in which all indicators have figures, most of them synthetic and marked
    so.
    """
    with working("loading"):
        from cwi.inputs.country import read_country
        from cwi.report.parameters import checked
    languages = tuple(dict.fromkeys(language or read_country().languages))
    source = folders.notebooks() / "official_report.ipynb"
    given = _parameters(source, parameter)
    for name in ("year", "language"):
        if name in given:
            raise ParameterError(f"{name} is not given with -p; write: cwi report {year} --language en")
    if PROJECT in given:
        raise ParameterError(
            f"a report is made of this project; for another write: cwi run {folders.relative(source)} result.ipynb -p "
            f"{PROJECT}=FOLDER -p year={year}"
        )
    parameters = checked(source, given)
    del parameters["year"], parameters["language"], parameters[PROJECT]
    if year == REHEARSAL:
        target = (output or folders.reports()) / year
        place, its_years = rehearse(int(parameters["seed"]))
        with folders.within(place):
            for each in its_years:
                _report(each, languages, target, force, parameters, engine)
    elif year.isascii() and year.isdecimal():
        _report(int(year), languages, output, force, parameters, engine)
    else:
        raise ParameterError(f"year is '{year}'; it must be the year of an edition, or 'rehearsal'")


def _report(
    year: int, languages: tuple[str, ...], output: Path | None, force: bool, parameters: dict[str, Any], engine: str
) -> None:
    from cwi.report.manifest import is_current, read_manifest
    from cwi.report.staging import mend

    target = (output or folders.reports()) / str(year)
    mend(target)
    if not force and is_current(year, languages, parameters, output):
        print(f"{folders.relative(target)} is up to date")
        return
    with working("loading"):
        from cwi.report.forked_process import prepare

        if engine == "forked":
            prepare(first={**parameters, "year": year})  # it imports and computes beside this process
        from cwi.report.render import make_report
    with working("checking", 2 * len(languages) + 2) as step:
        folder = make_report(
            year, languages=languages, output=output, forks=engine == "forked", progress=step, **parameters
        )
    print(f"{folders.relative(folder)}: {', '.join(f'report.{code}.html' for code in languages)}")
    made = read_manifest(folder)["languages"]
    if left := sorted({path.stem.rpartition(".")[2] for path in folder.glob("official_report.*.ipynb")} - {*made}):
        print(f"{', '.join(left)}: left as before, of an earlier run; 'cwi report {year}' makes all languages")


def run(
    notebook: Annotated[Path, typer.Argument(help="A notebook of notebooks/.")],
    result: Annotated[Path, typer.Argument(help="Where the executed notebook is written.")],
    parameter: Given = None,
    engine: Engine = "forked",
) -> None:
    """Run any notebook; unknown or ill-typed parameters are refused before anything starts.

    The numbers that it prints are written beside the result, as NAME.ledger.csv.
    """
    with working("loading"):
        from cwi.report import render
        from cwi.report.parameters import checked

    parameters = checked(notebook, _parameters(notebook, parameter))
    with working(f"running {notebook.name}"), tempfile.TemporaryDirectory() as aside:
        made_folder(result.parent)  # first: what cannot be written is not computed
        done = Path(aside) / "executed.ipynb"
        render.execute(notebook, done, parameters, ledger=Path(aside), forks=engine == "forked")
        sources = [done, *Path(aside).glob("ledger.*.csv")]
        written = [result, *(result.with_suffix(".ledger.csv") for _ in sources[1:])]
        with writing(*written) as places:
            for place, source in zip(places, sources, strict=True):
                place.write_bytes(source.read_bytes())
    print(", ".join(folders.relative(path) for path in written))


def review(
    place: Annotated[str, typer.Argument(help="The year of an edition, or a bundle.", metavar="YEAR|BUNDLE")],
    everything: Annotated[
        bool, typer.Option("--all", help="Check the data and make the report again too; compare every file of it.")
    ] = False,
    replaced: Annotated[
        list[str] | None,
        typer.Option("--replace", metavar="NAME=VALUE", help="Print the index with something replaced; repeated."),
    ] = None,
    signers: Annotated[
        Path | None, typer.Option(help="Whose signatures are accepted, a file as ssh-keygen takes it.")
    ] = None,
    as_json: JsonOutput = False,
) -> None:
    """Compute an edition again and name what differs: every published number, with --all every file of its report.

    With --replace the index is printed beside the official one, and nothing is compared.
    """
    if place.endswith(".zip"):
        _review_bundle(Path(place), signers, as_json)
        return
    if not (place.isascii() and place.isdecimal()):
        raise ParameterError(f"'{place}' is neither the year of an edition nor a bundle, whose name ends in .zip")
    year = int(place)
    if everything and replaced:
        raise ParameterError("--all reviews the edition as it is; give --replace without it")
    if replaced:
        _variation(year, replaced, as_json)
        return
    if everything:
        _review_all(year, signers, as_json)
        return
    with working(f"computing {year} again"):
        from cwi.edition import read_edition
        from cwi.report.manifest import outdated
        from cwi.report.publication import reviewed

        differences, new = reviewed(read_edition(year))
        old = outdated(folders.reports() / str(year))
    if as_json:
        print_json({"year": year, "agrees": not differences, "differences": differences, "added": new, "inputs": old})
    elif differences:
        print(*differences, f"{len(differences)} differences", sep="\n")
    else:
        print(f"{year}: every published number is computed again to its last digit")
    if old and not as_json:
        print(
            f"reports/{year} was made of other files than are there now: {len(old)}, the first {old[0]}; "
            f"'cwi report {year}' makes it of these"
        )
    if new and not as_json:
        print(f"{len(new)} numbers are printed today that were not published; 'cwi publish {year}' adds them")
    if differences:
        raise typer.Exit(1)


def bundle(
    year: Year,
    target: Annotated[
        Path | None, typer.Argument(help="The archive that is written, a .zip file; cwi-YEAR.zip by default.")
    ] = None,
) -> None:
    """Write one archive with data, rules, code and report of a year; it is reviewed without the repository."""
    with working(f"writing the bundle of {year}"):
        from cwi.report.reviewing import write_bundle

        target = target or Path(f"cwi-{year}.zip")
        n = write_bundle(year, target)
    print(f"{folders.relative(target)}: {n} files, {target.stat().st_size / 1e6:.1f} MB")


def _review_bundle(path: Path, signers: Path | None, as_json: bool) -> None:
    from cwi.report.reviewing import open_bundle

    with open_bundle(path) as (project, year, differing):
        if not as_json:
            wrong = f"{len(differing)} files are not those that its checksums name"
            print(f"{path.name}: {wrong if differing else 'every file is the one that its checksums name'}")
            print(*(f"  {line}" for line in differing[:MOST]), sep="\n", end="\n" if differing else "")
        with folders.within(project):
            _review_all(year, signers.absolute() if signers else None, as_json, tuple(differing))


def _review_all(year: int, signers: Path | None, as_json: bool, differing: tuple[str, ...] = ()) -> None:
    with working("loading"):
        from cwi.report.reviewing import review_all
    with working("reviewing") as step:
        verdict = review_all(year, signers=signers, progress=step)
    if as_json:
        print_json(verdict.record() | {"bundle": list(differing), "agrees": verdict.agrees and not differing})
    else:
        for name, rows in (("data", verdict.problems), ("published numbers", verdict.numbers),
                           ("files", verdict.artefacts), ("manifest", verdict.manifest)):  # fmt: skip
            print(f"{name}: {len(rows) or 'nothing'} differs" if len(rows) < 2 else f"{name}: {len(rows)} differences")
            print(*(f"  {row}" for row in rows[:MOST]), sep="\n", end="\n" if rows else "")
            if len(rows) > MOST:
                print(f"  and {len(rows) - MOST} more; --json lists all")
        print(f"{len(verdict.compared)} files were made again and compared; {verdict.signature.sentence}")
        if not verdict.agrees:
            print(*verdict.reasons, sep="\n")
        print(f"{year}: {'agrees' if verdict.agrees else 'does not agree'}")
    if differing or not verdict.agrees:
        raise typer.Exit(1)


def _variation(year: int, replaced: list[str], as_json: bool) -> None:
    with working(f"scoring {year} twice"):
        from cwi.edition import read_edition
        from cwi.report.reviewing import score_replaced

        table = score_replaced(read_edition(year), replaced).reset_index()
    if as_json:
        print_json({"year": year, "replaced": replaced, "regions": table.to_dict("records")})
        return
    print(f"{year}, a reviewer's variation: {', '.join(replaced)}; the official index is not changed")
    rows = table.to_dict("records")
    print_table(
        ("rank", "region", "official", "replaced", "rank replaced", "moved"),
        (
            (_shown(row["rank"], "d"), row["region"], _shown(row["official"], ".1f"), _shown(row["replaced"], ".1f"),
             _shown(row["rank_replaced"], "d"), _shown(row["moved"], "+d"))
            for row in rows
        ),
    )  # fmt: skip


def _shown(value: Any, form: str) -> str:
    """A number, or a dash where a region has no index under what was replaced."""
    return "–" if value is None or value != value else format(int(value) if form.endswith("d") else value, form)


def sign(
    year: Year,
    key: Annotated[Path, typer.Option(help="A private SSH key, such as ~/.ssh/id_ed25519.")],
) -> None:
    """Sign the manifest of a report with an SSH key (ssh-keygen -Y sign); 'cwi review YEAR --all' verifies it."""
    from cwi.report.reviewing import sign_manifest

    print(folders.relative(sign_manifest(folders.reports() / str(year), key.expanduser())))


def publish(
    year: Year,
    revision: Annotated[str, typer.Option(help="Why published numbers are replaced.")] = "",
) -> None:
    """Keep the numbers of the finished report as the published ones of the edition."""
    with working(f"publishing {year}"):
        from cwi.edition import read_edition
        from cwi.published import read_published
        from cwi.report.publication import publish as keep

        edition = read_edition(year)
        n = keep(edition, folders.reports() / str(year), revision=revision)
        record = read_published(edition)[1]
    print(f"{n} numbers of {year} are published, vintage {record['vintage']}")
    if (edition.path / "revision.csv").is_file():
        print(f"{folders.relative(edition.path)}: revision.csv, revision.kk.html, revision.ru.html, revision.en.html")


def _parameters(notebook: Path, given: list[str] | None) -> dict[str, object]:
    """Words of the command line as values of the declared types; what does not fit stays text and is refused later."""
    from cwi.report.parameters import declared

    known = declared(notebook)
    result: dict[str, object] = {}
    for word in given or []:
        name, sign, text = word.partition("=")
        if not sign:
            raise ParameterError(f"'{word}' is no parameter; write NAME=VALUE")
        if name in result:
            raise ParameterError(f"{name} is given twice")
        kind = known.get(name, (str, None))[0]
        value: object = text
        try:
            if kind in (int, float):
                value = kind(text)
            elif kind is bool and text in ("true", "false"):
                value = text == "true"
        except ValueError:
            pass
        result[name] = str(Path(text).absolute()) if name == PROJECT and text else value
    return result
