"""Whether promises are kept, how indicators move towards targets, and which weak components no measure aims at.

``promises`` judges each target on a day; ``towards_targets`` looks at indicators; ``weak_components`` at what measures
aim at; ``effect`` is for a panel that a user brings. All but the last are descriptive only: with a few yearly points,
and measures that begin everywhere at once, no effect can be told from what would have happened without the measure.
"""

from cwi.analysis.policy.effect import Effect, difference_in_differences, read_effect_panel
from cwi.analysis.policy.promises import REASONS, STATUSES, judge, reaches
from cwi.analysis.policy.towards_targets import PROGRESS, Progress, progress
from cwi.analysis.policy.weak_components import aims, unaimed

__all__ = [
    "PROGRESS",
    "REASONS",
    "STATUSES",
    "Effect",
    "Progress",
    "aims",
    "difference_in_differences",
    "judge",
    "progress",
    "reaches",
    "read_effect_panel",
    "unaimed",
]
