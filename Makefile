# make report YEAR=2023, make test, and a few more; `make help` lists them.
# Only Python 3.11 or newer is needed: bootstrap.py makes .venv from requirements.lock and keeps it up to date.

YEAR ?= 2023
LANGUAGE ?=
ifndef PYTHON
PYTHON := $(shell for p in python3.11 python3 python; do \
  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
endif
BIN := .venv/bin

# what the shell sets as a language list (en_US:en) is not a choice of report language
ifeq ($(origin LANGUAGE),environment)
LANGUAGE :=
endif

need_python = @test -n "$(PYTHON)" || { \
  echo "Python 3.11 or newer was not found. Install it, or name it: make $@ PYTHON=/path/to/python3.11" >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help report edition site test test-reports quick lint lab docs bench lock audit-deps clean environment

help:
	@echo "make report YEAR=$(YEAR)              the report of a year, in all languages, into reports/$(YEAR)/"
	@echo "make report YEAR=$(YEAR) LANGUAGE=kk  one language only: en, kk or ru"
	@echo "make edition YEAR=$(YEAR)             the report, the profile of every region and of the country, and the site"
	@echo "make site                          the site of all years, into site/"
	@echo "make test                          all tests but those that make whole reports again and again"
	@echo "make test-reports                  these: every executed report and notebook again, the rehearsal, the how-to pages"
	@echo "make quick                         style, types and the tests that are not slow"
	@echo "make lint                          style, types and the order of layers"
	@echo "make lab                           JupyterLab on the notebooks"
	@echo "make docs                          the documentation site, into docs/_build/html/"
	@echo "make bench                         speed and memory, measured here"
	@echo "make lock                          write requirements.lock anew from pyproject.toml"
	@echo "make audit-deps                    licences and known vulnerabilities of the packages"
	@echo "make clean                         remove what can be made again"

environment:
	$(need_python)
	@"$(PYTHON)" bootstrap.py

report: environment
	@$(BIN)/cwi report $(YEAR) $(if $(LANGUAGE),--language $(LANGUAGE))

edition: report
	@$(BIN)/cwi profile $(YEAR) $(if $(LANGUAGE),--language $(LANGUAGE))
	@$(BIN)/cwi site $(filter rehearsal,$(YEAR))

site: environment
	@$(BIN)/cwi site

test:
	$(need_python)
	@"$(PYTHON)" bootstrap.py test

test-reports:
	$(need_python)
	@CWI_ALL_REPORTS=1 "$(PYTHON)" bootstrap.py test -m exhaustive

quick: lint
	@"$(PYTHON)" bootstrap.py quick

lint: environment
	@status=0; \
	for step in "ruff check --output-format concise" "ruff format --check --output-format concise" "mypy" "lint-imports --no-logo --no-cache"; do \
	  $(BIN)/$$step || { echo "failed: $$step" >&2; status=1; }; \
	done; exit $$status

lab: environment
	@$(BIN)/jupyter lab notebooks

docs: environment
	@$(BIN)/python docs/build.py

bench: environment
	@if [ -d benchmarks ]; then $(BIN)/python -m benchmarks; else echo "No benchmarks in this checkout yet; they will live in benchmarks/."; fi

# one version of each package for all systems and Pythons, so that all get the same numbers; no addresses
lock: environment
	@$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --output-file requirements.lock --quiet $(if $(UPGRADE),--upgrade) \
	  --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate >/dev/null

# licences of all packages, and known vulnerabilities of the pinned versions (needs the network)
audit-deps: environment
	@$(BIN)/python -c "from pathlib import Path; from cwi.report.reviewing.materials import print_packages; \
	  print_packages(Path('requirements.lock'))"
	@$(BIN)/uv tool run --quiet pip-audit --strict --requirement requirements.lock --disable-pip --require-hashes

clean:
	@rm -rf .venv .venv.lock .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist site docs/_build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@find . -name .ipynb_checkpoints -type d -prune -exec rm -rf {} +
	@if [ -d reports ]; then \
	  find reports \( -name figures -o -name '.*.new-*' -o -name '.*.old' \) -type d -prune -exec rm -rf {} + ; \
	  find reports \( -name '*.html' -o -name '*.pdf' -o -name '*.xlsx' \) -type f -exec rm -f {} + ; \
	fi
	@echo "removed the environment, caches and pages that can be made again; kept what is committed"
