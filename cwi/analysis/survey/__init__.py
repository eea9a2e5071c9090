"""What the survey of children and parents does to the index, and how large the next one must be.

``share`` measures the part of the index's uncertainty that comes from sampling; ``sample_size`` plans a survey.
"""

from cwi.analysis.survey.sample_size import as_held, likeness, sample_plan, widths
from cwi.analysis.survey.share import LEVEL, SAMPLING, SurveyShare, interval_widths, survey_share, with_survey

__all__ = [
    "LEVEL",
    "SAMPLING",
    "SurveyShare",
    "as_held",
    "interval_widths",
    "likeness",
    "sample_plan",
    "survey_share",
    "widths",
    "with_survey",
]
