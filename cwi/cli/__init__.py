"""The command line: thin words over functions of the library, a module a subject.

Nothing heavy is imported before a command needs it, so that help, completion and a mistyped word answer at once:
functions of the library are imported inside the commands. ``shared`` holds what commands have in common.
"""

from cwi.cli.app import app, main

__all__ = ["app", "main"]
