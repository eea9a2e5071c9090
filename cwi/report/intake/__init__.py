"""What goes out to the owners of figures and what comes of it: forms, letters, the board.

``templates`` the workbooks to be filled in; ``letters`` what must be answered, cell by cell.
"""

from cwi.report.intake.letters import question_text, write_letters
from cwi.report.intake.templates import due_day, index_day, write_templates

__all__ = ["due_day", "index_day", "question_text", "write_letters", "write_templates"]
