"""Leave out what a report never uses but would wait for.

Every Jupyter library imports jsonschema, which builds the grammars of ``rfc3987_syntax`` (formats of international
addresses) when that package is there: over a second in every process. Without it jsonschema leaves those formats
unchecked; no notebook has any.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
