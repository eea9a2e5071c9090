"""The weights explorer: anyone changes the weights and sees the ranks move, on a web page or in JupyterLab.

``data`` is what it computes with, ``outlines`` the map, ``page`` the file for the public, ``widget`` the sliders.
"""

from cwi.report.explorer.page import DRAWS, SEED, explorer, make_site
from cwi.report.explorer.widget import WeightsExplorer, weights_explorer

__all__ = ["DRAWS", "SEED", "WeightsExplorer", "explorer", "make_site", "weights_explorer"]
