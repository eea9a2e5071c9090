"""The weights explorer: anyone changes the weights and sees the ranks move, on a web page or in JupyterLab.

``data`` is what it computes with, ``outlines`` the map, ``page`` the file for the public, ``widget`` the sliders.
"""

from typing import TYPE_CHECKING, Any

from cwi.errors import optional
from cwi.report.explorer.outlines import drawing, stamped
from cwi.report.explorer.page import DRAWS, SEED, explorer, make_site

if TYPE_CHECKING:
    from cwi.report.explorer.widget import WeightsExplorer, weights_explorer

__all__ = ["DRAWS", "SEED", "WeightsExplorer", "drawing", "explorer", "make_site", "stamped", "weights_explorer"]


def __getattr__(name: str) -> Any:
    """The widget is imported when it is asked for: the page needs no JupyterLab."""
    if name not in ("WeightsExplorer", "weights_explorer"):
        raise AttributeError(f"module 'cwi.report.explorer' has no attribute '{name}'")
    optional("ipywidgets", extra="lab", purpose="the weights explorer in JupyterLab")
    from cwi.report.explorer import widget

    return getattr(widget, name)
