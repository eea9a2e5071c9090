"""What goes out to the owners of figures and what comes of it: forms, letters, the board.

``templates`` the workbooks to be filled in; ``letters`` what must be answered, cell by cell; ``board`` how far it is.
"""

from cwi.report.intake.board import board_section, write_board
from cwi.report.intake.letters import question_text, write_letters
from cwi.report.intake.templates import write_templates

__all__ = ["board_section", "question_text", "write_board", "write_letters", "write_templates"]
