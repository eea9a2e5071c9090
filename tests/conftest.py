"""A small complete project in a folder of its own, and short ways to spoil it.

Two regions that stay (A, B) and one that was divided in June 2022 (OLD became EAST and WEST); two files of
observations, one of which knows only OLD in 2022; a methodology with two levels, and what could be chosen otherwise in
it; the edition of 2022.
"""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import cwi
from cwi.analysis.comparison import Revisions, revisions
from cwi.inputs.rehearsal import write_rehearsal
from cwi.inputs.survey.synthetic import Sample

REGIONS = """\
code,kind,name_en,name_ru,name_kk,valid_from,valid_to
N,nation,Nation,Страна,Ел,,
A,region,Alpha,Альфа,Альфа,,
B,city,Beta,Бета,Бета,,
EAST,region,East,Восток,Шығыс,2022-06-08,
WEST,region,West,Запад,Батыс,2022-06-08,
OLD,region,Old,Старая,Ескі,,2022-06-07
"""
CHANGES = """\
date,old,new,note
2022-06-08,OLD,EAST,divided
2022-06-08,OLD,WEST,divided
"""
STATUSES = """\
status,sdmx,scored,title_en,title_ru,title_kk,definition
normal,A,yes,As published,Как опубликовано,Жарияланғандай,
derived,E,yes,Derived,Рассчитано,Есептелген,
backcast,E,yes,Back-cast,Пересчитано,Қайта есептелген,
carried,E,yes,Carried,Прошлый год,Өткен жыл,
parent region,E,yes,Former region,Прежняя область,Бұрынғы облыс,
suspect,U,no,Suspect,Сомнительно,Күмәнді,
missing,O,no,Missing,Нет данных,Дерек жоқ,
suppressed,Q,no,Confidential,Конфиденциально,Құпия,
"""
SERIES = """\
indicator,title_en,title_ru,unit,low,high,kind,source_code,used
poverty,Poverty,Бедность,%,0,100,share,1.1,yes
water,Water,Вода,%,0,100,share,1.2,yes
places,Places,Места,per 100,0,200,rate,2.1,yes
"""
LIVING = """\
region,year,indicator,sex,area,value,se,n,status,source,note
N,2021,poverty,,,20,,,normal,living,
A,2021,poverty,,,10,,,normal,living,
B,2021,poverty,,,20,,,normal,living,
OLD,2021,poverty,,,30,,,normal,living,
N,2022,poverty,,,18,0.5,900,normal,living,
A,2022,poverty,,,8,,,normal,living,
A,2022,poverty,F,,9,,,normal,living,
A,2022,poverty,,U,7,,,normal,living,
B,2022,poverty,,,18,,,normal,living,
EAST,2022,poverty,,,25,,,normal,living,
WEST,2022,poverty,,,35,,,normal,living,
N,2022,water,,,90,,,normal,living,
A,2022,water,,,95,,,normal,living,
B,2022,water,,,99,,,normal,living,
EAST,2022,water,,,80,,,suspect,living,
WEST,2022,water,,,,,,missing,living,
"""
SCHOOLS = """\
region,year,indicator,value,status,source
N,2022,places,100,normal,schools
A,2022,places,120,normal,schools
B,2022,places,90,normal,schools
OLD,2022,places,80,normal,schools
"""
SOURCES = """\
[living]
publisher = "Bureau"
title = "Living conditions"
licence = "free"
retrieved = "2024-01"
file = "observations/living.csv"
sha256 = "{living}"

[schools]
publisher = "Bureau"
title = "Schools"
licence = "free"
retrieved = "2024-01"
file = "observations/schools.csv"
sha256 = "{schools}"
"""
RULES = """\
version = "t1"
status = "working"
title_en = "Test"
base = [2021, 2022]
nation = "N"
normalisation = {name = "goalposts", cap = true}
max_age = 1
decimals = 1
experimental_below = 0.75

[[level]]
name = "component"
weighting = "stated"
aggregation = "arithmetic"
coverage = 0.5

[[level]]
name = "index"
weighting = "equal"
aggregation = "arithmetic"
coverage = 1.0

[node.home]
title_en = "Home"
weight = 2
"""
INDICATORS = """\
code,component,title_en,worst,best,scale,weight,data
poverty,home,Poverty,50,0,linear,3,open
water,home,Water,50,100,linear,1,open
places,school,Places,50,150,linear,1,open
"""
FACTORS = """\
[factor.mean]
title_en = "How parts are put together"
title_ru = "Как объединяются части"
title_kk = "Бөліктер қалай біріктіріледі"
choices = [{}, {name = "geometric", component = {aggregation = {name = "geometric", floor = 1}}}]

[factor.weights]
title_en = "The weights themselves"
title_ru = "Сами веса"
title_kk = "Салмақтардың өзі"
weights = {noise = 0.25}
"""
FILES = {
    "regions.csv": REGIONS,
    "boundary_changes.csv": CHANGES,
    "statuses.csv": STATUSES,
    "series.csv": SERIES,
    "observations/living.csv": LIVING,
    "observations/schools.csv": SCHOOLS,
    "sources.toml": SOURCES,
    "methodology/t1/methodology.toml": RULES,
    "methodology/t1/indicators.csv": INDICATORS,
    "methodology/t1/factors.toml": FACTORS,
    "editions/2022/edition.toml": 'methodology = "t1"\n',
}


class Project:
    """The project; file names are those inside its data folder."""

    def __init__(self, root: Path) -> None:
        self.data = root / "data"
        for name, text in FILES.items():
            self.write(name, text)
        self.sign()

    def path(self, name: str) -> Path:
        return self.data / name

    def write(self, name: str, text: str | bytes) -> None:
        """Make or overwrite a file."""
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_bytes(text.encode() if isinstance(text, str) else text)

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a piece of a file; it must stand there exactly once."""
        text = self.path(name).read_bytes().decode()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def append(self, name: str, text: str) -> None:
        """Add to the end of a file."""
        self.write(name, self.path(name).read_bytes().decode() + text)

    def sign(self) -> None:
        """Write the checksums of the observation files as they are now into the register of sources."""
        digests = {
            name: hashlib.sha256(self.path(f"observations/{name}.csv").read_bytes()).hexdigest()
            for name in ("living", "schools")
        }
        self.write("sources.toml", SOURCES.format(**digests))


@pytest.fixture(scope="session")
def project_at() -> Callable[[Path], Project]:
    """``project_at(folder)`` writes the small project there, for tests that share one."""
    return Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A small complete project that the library takes for its own."""
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))
    return Project(tmp_path)


@pytest.fixture(scope="session")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the rehearsal with a small sample, and nothing of it where the real project lies."""
    folder = tmp_path_factory.mktemp("rehearsal") / "project"
    return write_rehearsal(folder, seed=1, sample=Sample(clusters=8, children=(12, 20)))


@pytest.fixture(scope="session")
def says() -> Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]:
    """``with says(error, sentence)``: the block must raise that error, and say that whole sentence."""
    return lambda error, sentence: pytest.raises(error, match=rf"\A{re.escape(sentence)}\Z")


@pytest.fixture(scope="session")
def scores() -> cwi.Scores:
    """The scores of a real year, computed once."""
    return cwi.read_edition(2023).scores


@pytest.fixture(scope="session")
def revised() -> Revisions:
    """The real edition of 2023 under 2026.1, divided among causes once: sixteen mixtures are scored."""
    return revisions(cwi.read_edition(2023), "2026.1", [2023])
