# Everything a contributor or CI runs. `make` alone prints the targets.

VENV := .venv
RUN := $(VENV)/bin/python -m
SOURCES := egpsync tests

# The first interpreter that is new enough, can make environments, and really starts (some shims do not).
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$python"; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help demo test check fmt bench clean

help: ## Print these lines
	@sed -n 's/^\([a-z]*\): .*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 14

demo: $(VENV)/.installed ## Validate, plan and apply an example repository against a local EGP API
	@$(RUN) egpsync demo

test: $(VENV)/.developing ## Run the tests
	@$(RUN) pytest -q -n auto

check: $(VENV)/.developing ## The whole gate: format, lint, types, layers, tests with branch coverage
	@echo "== format" && $(RUN) ruff format --check --quiet --output-format concise $(SOURCES)
	@echo "== lint" && $(RUN) ruff check --quiet --output-format concise $(SOURCES)
	@echo "== types" && $(RUN) mypy --no-error-summary
	@echo "== layers" && $(VENV)/bin/lint-imports --no-logo
	@echo "== tests with branch coverage" && $(RUN) pytest -q -n auto --cov --cov-report=term
	@echo "make check: all passed"

fmt: $(VENV)/.developing ## Format the code and mend what ruff can mend
	@$(RUN) ruff check --quiet --fix-only $(SOURCES)
	@$(RUN) ruff format --quiet $(SOURCES)

bench: $(VENV)/.developing ## Run the benchmarks
	@$(RUN) pytest -q -s tests/benchmarks

clean: ## Remove the environment, caches and everything built
	@rm -rf $(VENV) build dist reports .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: the environment is made once, and brought up to date when pyproject.toml changes.
$(VENV)/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python >= 3.11 with venv was found: install one, or run make PYTHON=..." >&2; exit 1; }
	@echo "Installing egpsync into $(VENV) (once; about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) pip install -qq --disable-pip-version-check --upgrade "pip>=25.1"
	@$(RUN) pip install -qq --disable-pip-version-check --editable ".[emulator]"
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	@echo "Installing the tools for tests and checks"
	@$(RUN) pip install -qq --disable-pip-version-check --group dev
	@touch $@
