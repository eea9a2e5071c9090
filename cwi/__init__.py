"""Build, test and publish a child well-being index.

>>> import cwi
>>> edition = cwi.read_edition(2023)
>>> scores = edition.scores
>>> other = edition.under(index={"aggregation": "geometric"}).scores

A name is imported when it is first used, so that the command line answers at once.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cwi.derivation import derive
    from cwi.edition import Edition, Project, open_project, read_edition
    from cwi.errors import DataError, MethodologyError, ParameterError
    from cwi.index import Scores, score
    from cwi.methodology import Methodology, read_methodology
    from cwi.observations import read_observations
    from cwi.tables import read_table
    from cwi.territory import read_territory

__all__ = [
    "DataError",
    "Edition",
    "Methodology",
    "MethodologyError",
    "ParameterError",
    "Project",
    "Scores",
    "derive",
    "open_project",
    "read_edition",
    "read_methodology",
    "read_observations",
    "read_table",
    "read_territory",
    "score",
]
__version__ = "0.1.0"

_MODULES = {
    "DataError": "errors",
    "Edition": "edition",
    "Methodology": "methodology",
    "MethodologyError": "errors",
    "ParameterError": "errors",
    "Project": "edition",
    "Scores": "index",
    "derive": "derivation",
    "open_project": "edition",
    "read_edition": "edition",
    "read_methodology": "methodology",
    "read_observations": "observations",
    "read_table": "tables",
    "read_territory": "territory",
    "score": "index",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value = globals()[name] = getattr(import_module(f"cwi.{_MODULES[name]}"), name)
        return value
    if not name.startswith("_") and find_spec(f"cwi.{name}"):
        return import_module(f"cwi.{name}")
    raise AttributeError(f"module 'cwi' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
