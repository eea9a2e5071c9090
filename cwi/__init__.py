"""Build, test and publish a child well-being index.

>>> import cwi
>>> edition = cwi.read_edition(2023)
>>> scores = cwi.score(edition.observations, edition.methodology, years=[2023])
"""

from cwi.derivation import derive
from cwi.edition import Edition, read_edition
from cwi.errors import DataError, MethodologyError, ParameterError
from cwi.index import Scores, score
from cwi.methodology import Methodology, read_methodology
from cwi.observations import read_observations
from cwi.territory import read_territory

__all__ = [
    "DataError",
    "Edition",
    "Methodology",
    "MethodologyError",
    "ParameterError",
    "Scores",
    "derive",
    "read_edition",
    "read_methodology",
    "read_observations",
    "read_territory",
    "score",
]
__version__ = "0.1.0"
