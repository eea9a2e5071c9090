"""``python -m cwi.cli`` for ``cwi``."""

from cwi.cli import main

main()
