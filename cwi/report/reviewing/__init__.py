"""A review of everything: a report is made again aside, and each file of it is compared with the one that is there.

``bundle`` writes and opens an archive with all that an edition was made of (``materials`` describes it for other
programs); ``artefacts`` compares two files by what they hold, ``verdict`` puts a review together, ``signature`` signs a
manifest and names whose signature holds, ``variation`` scores an edition by what a reviewer would have chosen.
"""

from cwi.report.reviewing.artefacts import Difference, compare_files
from cwi.report.reviewing.bundle import open_bundle, write_bundle
from cwi.report.reviewing.signature import Signature, sign_manifest, signature_of
from cwi.report.reviewing.variation import score_replaced
from cwi.report.reviewing.verdict import Verdict, compare_reports, review_all

__all__ = [
    "Difference",
    "Signature",
    "Verdict",
    "compare_files",
    "compare_reports",
    "open_bundle",
    "review_all",
    "score_replaced",
    "sign_manifest",
    "signature_of",
    "write_bundle",
]
