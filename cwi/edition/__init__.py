"""A project, and what was approved and measured for one of its years.

========== ==========================================================================================
`settings`  data/editions/<year>/edition.toml: the methodology that a year was approved with
`edition`   `Edition`: one year, its rules, its regions and what was measured
`project`   `Project`: the folder with observations and methodologies, and its reading
`kept`      an edition that was read before, for processes that are forked of this one
`new`       the folder of a new edition
========== ==========================================================================================

A project is a folder. Either its ``data/`` holds observations, territories, sources, methodologies and, in
data/editions/<year>/edition.toml, the methodology that a year was approved with (and, once its report is published,
``published.csv`` and ``published.toml``); or it is a small folder with methodology.toml, indicators.csv and
observations.csv, such as ``cwi import`` makes. Both are read once, when they are opened.
"""

from cwi.edition.edition import POPULATION, Edition, checked_edition
from cwi.edition.new import new_edition
from cwi.edition.project import Project, keep_edition, open_project, read_edition
from cwi.edition.settings import FROZEN, REHEARSAL, editions

__all__ = [
    "FROZEN",
    "POPULATION",
    "REHEARSAL",
    "Edition",
    "Project",
    "checked_edition",
    "editions",
    "keep_edition",
    "new_edition",
    "open_project",
    "read_edition",
]
