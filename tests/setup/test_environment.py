"""pyproject.toml, requirements.lock and environment.yml name the same packages in the same ranges.

The conda solve is not run here; what is checked is that conda's own grammar reads every line of environment.yml and
that the three files agree.
"""

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from rattler import BuildString, MatchSpec, PackageRecord, Subdir
from rattler.exceptions import InvalidMatchSpecError

ROOT = Path(__file__).parents[2]
NOT_OURS = {"python", "pip"}  # conda lists what pip takes for granted


@dataclass
class Files:
    """The three files as text, so that a test can spoil one of them."""

    project: str
    lock: str
    conda: str

    @classmethod
    def read(cls) -> "Files":
        names = ("pyproject.toml", "requirements.lock", "environment.yml")
        return cls(*((ROOT / name).read_text(encoding="utf-8") for name in names))


def declared(project: str, *, dev: bool) -> dict[str, Requirement]:
    """Requirements of pyproject.toml by name, with the extras; with `dev`, those of the tests and the build too."""
    table = tomllib.loads(project)
    lines = list(table["project"]["dependencies"])
    lines += [line for extra in table["project"]["optional-dependencies"].values() for line in extra]
    if dev:
        lines += table["dependency-groups"]["dev"] + table["build-system"]["requires"]
    return {canonicalize_name(line.name): line for line in map(Requirement, lines)}


def locked(lock: str) -> dict[str, tuple[Version, int]]:
    """Version and number of hashes of every package in the lock."""
    result = {}
    for entry in re.split(r"^(?=\S)", lock, flags=re.MULTILINE):
        if entry.strip() and not entry.startswith(("#", "--")):
            head = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", entry)
            assert head, f"requirements.lock: not a pinned package: {entry.splitlines()[0]}"
            hashes = len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry))
            result[canonicalize_name(head[1])] = (Version(head[2]), hashes)
    return result


def conda_lines(conda: str) -> tuple[list[str], list[str]]:
    """Lines of environment.yml that conda reads, and those it hands to pip."""
    lines = yaml.safe_load(conda)["dependencies"]
    specs = [line for line in lines if isinstance(line, str)]
    (pip,) = [line["pip"] for line in lines if isinstance(line, dict)]
    return specs, [line for line in pip if not line.startswith("--editable")]


def record(name: str, version: Version) -> PackageRecord:
    """One package as conda's index would list it."""
    return PackageRecord(
        name=name, version=str(version), build=BuildString("py311_0"), build_number=0, subdir=Subdir("linux-64")
    )


def disagreements(files: Files) -> list[str]:
    """Everything in which the three files do not agree, a sentence each."""
    found = []
    lock = locked(files.lock)
    for name, wanted in declared(files.project, dev=True).items():
        if name not in lock:
            found.append(f"requirements.lock lacks {name}")
        elif lock[name][0] not in wanted.specifier:
            found.append(f"requirements.lock has {name} {lock[name][0]}, pyproject.toml wants {wanted.specifier}")
    found += [f"requirements.lock has no hash for {name}" for name, (_, hashes) in lock.items() if not hashes]
    found += [
        f"requirements.lock names a place: {line.strip()}"
        for line in files.lock.splitlines()
        if re.search(r"://|^\s*--(?!hash)|^\s*-[a-zA-Z]|(^|\s)@\s|(^|\s)[./~]", line)
    ]

    runtime = declared(files.project, dev=False)
    specs, pip = conda_lines(files.conda)
    ranges = {}
    for line in specs:
        spec = MatchSpec(line, strict=True)
        name = canonicalize_name(spec.name.normalized)
        ranges[name] = str(spec.version or "")
        if name in lock and not spec.matches(record(name, lock[name][0])):
            found.append(f"environment.yml: {line} leaves out the locked {lock[name][0]}")
    for requirement in map(Requirement, pip):
        ranges[canonicalize_name(requirement.name)] = str(requirement.specifier)
        if lock[canonicalize_name(requirement.name)][0] not in requirement.specifier:
            found.append(f"environment.yml: {requirement} leaves out the locked version")
    found += [f"environment.yml lacks {name}" for name in runtime.keys() - ranges.keys()]
    found += [
        f"environment.yml has {name}, pyproject.toml has not" for name in ranges.keys() - runtime.keys() - NOT_OURS
    ]
    for name in runtime.keys() & ranges.keys():
        ours, theirs = (set(text.split(",")) for text in (str(runtime[name].specifier), ranges[name]))
        if ours != theirs:
            found.append(f"{name}: pyproject.toml wants {runtime[name].specifier}, environment.yml {ranges[name]}")
    return found


def test_the_three_files_agree() -> None:
    assert disagreements(Files.read()) == []


def test_conda_grammar_reads_the_ranges() -> None:
    spec = MatchSpec("matplotlib>=3.11,<3.13", strict=True)
    assert spec.matches(record("matplotlib", Version("3.12.4")))
    assert not spec.matches(record("matplotlib", Version("3.13.0")))


def test_conda_grammar_refuses_what_is_not_a_range() -> None:
    with pytest.raises(InvalidMatchSpecError, match="unable to parse version spec"):
        MatchSpec("pandas>=3.1,<<4", strict=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("conda", "  - pandas>=3.1,<4\n", "", "environment.yml lacks pandas"),
        (
            "conda",
            "pandas>=3.1,<4",
            "pandas>=3.2,<4",
            "pandas: pyproject.toml wants <4,>=3.1, environment.yml >=3.2,<4",
        ),
        ("conda", "  - pip\n", "  - pip\n  - rasterio\n", "environment.yml has rasterio, pyproject.toml has not"),
        ("conda", "typst>=0.15", "typst>=9", "environment.yml: typst>=9 leaves out the locked version"),
        ("project", '"pytest>=', '"unheard-of>=1", "pytest>=', "requirements.lock lacks unheard-of"),
        (
            "project",
            '"scipy>=1.17"',
            '"scipy>=1.99"',
            "requirements.lock has scipy {scipy}, pyproject.toml wants >=1.99",
        ),
        ("lock", "numpy=={numpy}", "numpy==1.26.4", "environment.yml: numpy>=2.4 leaves out the locked 1.26.4"),
        ("lock", "six==", "nine==1.0\nsix==", "requirements.lock has no hash for nine"),
        ("lock", "six==", "--index-url https://example.org\nsix==", "requirements.lock names a place: --index-url"),
        ("lock", "six==", "--find-links ./wheels\nsix==", "requirements.lock names a place: --find-links"),
    ],
)
def test_a_disagreement_is_seen(file: str, old: str, new: str, said: str) -> None:
    """The control: each way of spoiling one file is found and named."""
    files = Files.read()
    versions = {name: version for name, (version, _) in locked(files.lock).items()}
    old, said = old.format_map(versions), said.format_map(versions)
    text = getattr(files, file)
    assert old in text
    spoiled = replace(files, **{file: text.replace(old, new, 1)})
    assert [line for line in disagreements(spoiled) if line.startswith(said)]
