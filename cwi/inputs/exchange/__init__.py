"""Frameworks and values of other tools, in and out.

``coinr`` reads COINr's tables, ``coinr_writing`` writes them, ``coin_tool`` reads the workbook of the COIN Tool;
``framework`` turns what they hold into a folder with a methodology and observations.
"""

from cwi.inputs.exchange.coin_tool import read_coin_tool
from cwi.inputs.exchange.coinr import read_coinr
from cwi.inputs.exchange.coinr_writing import write_coinr
from cwi.inputs.exchange.framework import Imported

__all__ = ["Imported", "read_coin_tool", "read_coinr", "write_coinr"]
