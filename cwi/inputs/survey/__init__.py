"""From the answers of children and parents to 21 indicators with their errors.

``definitions`` (questions and rules, as data) -> ``microdata`` (answers) -> ``estimates`` -> ``disclosure`` (what may
be printed); ``population`` and ``synthetic`` make a survey that nobody answered, ``rounds`` takes either.
"""

from cwi.inputs.survey.definitions import NOT_ASKED, RESPONDENTS, SurveyDefinitions, read_survey_definitions
from cwi.inputs.survey.disclosure import PUBLISHED, SUPPRESSED, attack, protect, protect_scores, undone
from cwi.inputs.survey.estimates import CAUTION, UNRELIABLE, Estimates, estimate, survey_design
from cwi.inputs.survey.microdata import FLAGS, Microdata, microdata_problems, read_microdata
from cwi.inputs.survey.personal import traces
from cwi.inputs.survey.population import imagine, read_published_shares, read_traits
from cwi.inputs.survey.records import Item, Limits
from cwi.inputs.survey.rounding import represented
from cwi.inputs.survey.rounds import PILOT, Round, survey_round
from cwi.inputs.survey.synthetic import SYNTHETIC, Sample, synthesize, write_synthetic

__all__ = [
    "CAUTION",
    "FLAGS",
    "NOT_ASKED",
    "PILOT",
    "PUBLISHED",
    "RESPONDENTS",
    "SUPPRESSED",
    "SYNTHETIC",
    "UNRELIABLE",
    "Estimates",
    "Item",
    "Limits",
    "Microdata",
    "Round",
    "Sample",
    "SurveyDefinitions",
    "attack",
    "estimate",
    "imagine",
    "microdata_problems",
    "protect",
    "protect_scores",
    "read_microdata",
    "read_published_shares",
    "read_survey_definitions",
    "read_traits",
    "represented",
    "survey_design",
    "survey_round",
    "synthesize",
    "traces",
    "undone",
    "write_synthetic",
]
