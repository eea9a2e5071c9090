"""What comes in from elsewhere: other tools' files (and out again), the survey, the consultation, the crosswalk."""

from cwi.inputs.coin_tool import read_coin_tool
from cwi.inputs.coinr import read_coinr, write_coinr
from cwi.inputs.export import write_scores
from cwi.inputs.framework import Imported

__all__ = ["Imported", "read_coin_tool", "read_coinr", "write_coinr", "write_scores"]
