"""What the report of a year computes and no language changes, computed once in the process that kernels are forked of.

The edition, the draws and all that the sections keep between languages are then in every kernel from its start. A
kernel uses them only for the same year, methodology, draws and seed, and only while no file of the data was changed:
the edition that it reads is otherwise another one, and nothing is kept of that. Where something cannot be computed
nothing is kept, and the notebook meets the same error.
"""

from __future__ import annotations

import gc
import json
import os
from contextlib import suppress

from cwi.edition import keep_edition
from cwi.report.forked_process import ASKED
from cwi.report.languages import LANGUAGES, Language
from cwi.report.notebooks.region import RegionReport
from cwi.report.official import OfficialReport

__all__ = ["compute"]


def compute(of: str, year: int, methodology: str, draws: int, seed: int) -> None:
    """Read the edition and compute what its report, or its profiles, keep between languages and regions.

    Parameters
    ----------
    of
        report, or profiles.
    year, methodology, draws, seed
        As the notebook takes them.
    """
    edition = keep_edition(year, methodology)
    for code in LANGUAGES:
        Language(code)
    if of == "profiles":
        edition.checksum  # noqa: B018 - kept by the edition
        for region in (edition.regions[0], edition.territory.nation):
            RegionReport(edition, region, language=LANGUAGES[0], draws=draws, seed=seed).sections()
        return
    report = OfficialReport(edition, language=LANGUAGES[0], draws=draws, seed=seed)
    report.opening()  # the summary, which rests on most of what is kept
    report.robustness()


def _compute_what_is_asked() -> None:
    given = os.environ.pop(ASKED, "")
    if given:
        with suppress(Exception):  # the notebook meets it too, and its error is printed
            compute(**json.loads(given))
        gc.collect()
        gc.freeze()  # shared pages of memory stay shared
        gc.disable()  # a tenth of a kernel's time for 40 MB; all that are forked from here end within seconds


_compute_what_is_asked()
