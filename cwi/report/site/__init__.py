"""The site of a project: static pages in three languages from its scores, downloads, search, and copies of its reports.

``atlas`` is what is shown: editions, regions, indicators, intervals of ranks; ``voice`` prints it in one language;
``tables`` and ``drawings`` are the tables and inline pictures of a page; ``pages``, ``framework`` and ``articles``
put pages together; ``downloads`` are the files of data, ``package`` describes them; ``build`` writes what changed.
"""

from cwi.report.site.build import build_site

__all__ = ["build_site"]
