"""From the answers of a consultation to weights: experts' sheets, votes on indicators, proposals.

>>> import numpy as np
>>> from cwi import read_edition
>>> edition = read_edition(2023)
>>> drawn = synthesize_consultation(
...     edition.methodology, edition.territory, population=edition.population, rng=np.random.default_rng(1)
... )
>>> said = hand_in(drawn, edition.methodology, edition.territory)
>>> said.ballots, said.panel, said.synthetic
(Ballots(18000 on 56 indicators), Panel(both: 960 experts, 40 set aside), True)
"""

from cwi.inputs.consultation.ballots import LEAST, NEAR, Ballots, deduplicate, merge_small, read_votes
from cwi.inputs.consultation.experts import LIMIT, Panel, join, parents_of
from cwi.inputs.consultation.patterns import Patterns, Thresholds, stuffing
from cwi.inputs.consultation.proposals import Register, read_proposals
from cwi.inputs.consultation.reading import Consultation, hand_in, read_consultation
from cwi.inputs.consultation.sheets import read_budgets, read_judgements
from cwi.inputs.consultation.synthetic import Synthetic, synthesize_consultation, write_consultation
from cwi.inputs.consultation.templates import write_templates
from cwi.inputs.consultation.weights import FLOOR, Counting, mix, read_margins, with_weights

__all__ = [
    "FLOOR",
    "LEAST",
    "LIMIT",
    "NEAR",
    "Ballots",
    "Consultation",
    "Counting",
    "Panel",
    "Patterns",
    "Register",
    "Synthetic",
    "Thresholds",
    "deduplicate",
    "hand_in",
    "join",
    "merge_small",
    "mix",
    "parents_of",
    "read_budgets",
    "read_consultation",
    "read_judgements",
    "read_margins",
    "read_proposals",
    "read_votes",
    "stuffing",
    "synthesize_consultation",
    "with_weights",
    "write_consultation",
    "write_templates",
]
