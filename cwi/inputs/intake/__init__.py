"""Figures that their owners deliver for a year: asked for by templates, read back whatever was done to them.

``owners`` who delivers what, and the names of regions; ``request`` what is asked for, frozen; ``workbooks`` a file
that came back as cells; ``returned`` its rows, by keys or names; ``values`` and ``typed_numbers`` what a cell holds;
``unusual`` what is asked back; ``receipts`` what came and was answered; ``settling`` what is entered; ``reading`` all
of it at once, written whole or not at all; ``publication`` one table of a publication.
"""

from cwi.inputs.intake.owners import read_deliveries, read_owners, read_places
from cwi.inputs.intake.publication import Publication, add_publication, read_publication
from cwi.inputs.intake.reading import REGISTER, Outcome, read_files, read_folder, read_register
from cwi.inputs.intake.receipts import Answer, Receipt, add_answer, read_answers, read_receipts
from cwi.inputs.intake.request import (
    Request,
    build_request,
    due_day,
    freeze_request,
    index_day,
    key_of,
    read_request,
    year_folder,
)
from cwi.inputs.intake.returned import ABOUT, MARK, Entry, Returned
from cwi.inputs.intake.returned import COLUMNS as TEMPLATE_COLUMNS
from cwi.inputs.intake.settling import Doubt, Revision, Settled
from cwi.inputs.intake.typed_numbers import decide, readings
from cwi.inputs.intake.values import STATUSES

__all__ = [
    "ABOUT",
    "MARK",
    "REGISTER",
    "STATUSES",
    "TEMPLATE_COLUMNS",
    "Answer",
    "Doubt",
    "Entry",
    "Outcome",
    "Publication",
    "Receipt",
    "Request",
    "Returned",
    "Revision",
    "Settled",
    "add_answer",
    "add_publication",
    "build_request",
    "decide",
    "due_day",
    "freeze_request",
    "index_day",
    "key_of",
    "read_answers",
    "read_deliveries",
    "read_files",
    "read_folder",
    "read_owners",
    "read_places",
    "read_publication",
    "read_receipts",
    "read_register",
    "read_request",
    "readings",
    "year_folder",
]
