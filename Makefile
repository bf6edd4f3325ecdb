# Everything a contributor or CI runs. `make` alone prints the targets.

VENV := .venv
RUN := $(VENV)/bin/python -m
SOURCES := egpsync tests
PINNED := .ci/requirements.txt
RESOLVE := $(RUN) uv pip compile --quiet --no-header --no-emit-index-url --no-annotate --python-version 3.11

# The first interpreter that is new enough, can make environments, and really starts (some shims do not).
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$python"; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help demo test check fmt bench pictures compare soak lock test-newest test-oldest clean

help: ## Print these lines
	@sed -n 's/^\([a-z-]*\): .*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

demo: $(VENV)/.installed ## Validate, plan and apply an example repository against a local EGP API
	@$(RUN) egpsync demo

test: $(VENV)/.installed ## Run the tests
	@$(RUN) pytest -q -n auto

check: $(VENV)/.installed ## The whole gate: format, lint, types, layers, tests with branch coverage
	@echo "== format" && $(RUN) ruff format --check --quiet --output-format concise $(SOURCES)
	@echo "== lint" && $(RUN) ruff check --quiet --output-format concise $(SOURCES)
	@echo "== types" && $(RUN) mypy --no-error-summary
	@echo "== layers" && $(VENV)/bin/lint-imports --no-logo
	@echo "== tests with branch coverage" && $(RUN) pytest -q -n auto --cov --cov-report=term
	@echo "make check: all passed"

fmt: $(VENV)/.installed ## Format the code and mend what ruff can mend
	@$(RUN) ruff check --quiet --fix-only $(SOURCES)
	@$(RUN) ruff format --quiet $(SOURCES)

bench: $(VENV)/.installed ## What each piece of work costs, as ratios with their targets; also in build/bench.json
	@$(RUN) tests.benchmarks.ratios --json build/bench.json

compare: $(VENV)/.installed ## The same work by other tools, each installed below build/; also in build/compare.md
	@$(RUN) tests.benchmarks.compare --out build/compare.md

soak: $(VENV)/.installed ## A hundred kills and thirty days of faults; minutes
	@$(RUN) pytest -q -s tests/benchmarks

lock: $(VENV)/.installed ## Pin the newest of everything that development and CI install
	@$(RESOLVE) --universal --upgrade --generate-hashes --extra emulator --group dev pyproject.toml -o $(PINNED)

test-newest: $(VENV)/.installed ## Run the tests with the newest of everything that the ranges allow
	@mkdir -p build
	@$(RESOLVE) --upgrade --extra emulator --group test pyproject.toml -o build/newest.txt
	@$(call tests_with,newest)

test-oldest: $(VENV)/.installed ## Run the tests with the oldest of everything that the ranges allow
	@mkdir -p build
	@$(RESOLVE) --resolution lowest-direct --extra emulator --group test pyproject.toml -o build/oldest.txt
	@$(call tests_with,oldest)

pictures: $(VENV)/.installed ## Make the README's pictures anew (needs chromium)
	@$(RUN) tests.report.pictures docs/pictures

clean: ## Remove the environment, caches and everything built
	@rm -rf $(VENV) build dist reports .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The tests in an environment of their own, which holds what build/$(1).txt lists.
define tests_with
$(PYTHON) -m venv --clear build/$(1)
build/$(1)/bin/python -m pip install -qq --disable-pip-version-check --requirement build/$(1).txt
build/$(1)/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
build/$(1)/bin/python -m pytest -q -n auto -p no:cacheprovider
endef

# The stamp: the environment is made once, of pinned versions, and brought up to date when they change.
$(VENV)/.installed: pyproject.toml $(PINNED)
	@test -n "$(PYTHON)" || { echo "No Python >= 3.11 with venv was found: install one, or run make PYTHON=..." >&2; exit 1; }
	@echo "Installing egpsync and its tools into $(VENV) (once; about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) pip install -qq --disable-pip-version-check --require-hashes --requirement $(PINNED)
	@$(RUN) pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
