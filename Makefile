# Everything a developer or an installer types. `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.ready
SOURCES := core devices alarms gateway dispatcher firmware-sim tilkald tests
TEST_JOBS ?= 2

# Every test there is marked long or shell: `make check` spares itself reading them.
NONE_QUICK := tests/fuzz tests/simulation tests/interplay

# The last release: what `make bench-check` compares with.
AGAINST ?= 78b22c6

# Compiled code is kept: without it every process a test starts compiles us anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run demo check check-file lint types arrows nearest test-quick test test-all wheel bench bench-check crash fuzz simulate lock advisories format clean programs

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: $(SETUP) ## Make the environment: own folder, exact versions by hash

$(SETUP): requirements-dev.lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Tilkald needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.12" % sys.version_info[:2]) if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

run: $(SETUP) ## Start the whole service with the example site and its simulated staff
	@$(BIN)/tilkald run

demo: $(SETUP) ## One simulated alarm, told step by step
	@$(BIN)/tilkald demo --once

check: $(SETUP) ## Everything quick, side by side: style, types, arrows, tests without processes
	@$(MAKE) --no-print-directory -j4 --output-sync lint types arrows test-quick

check-file: $(SETUP) ## One file in seconds: style, types, and the tests nearest to it: FILE=core/turnstile.py
	@test -f "$(FILE)" || { echo "make check-file FILE=<a Python file of ours>"; exit 2; }
	$(BIN)/ruff check $(FILE)
	$(BIN)/ruff format --check $(FILE)
	@$(MAKE) --no-print-directory -j2 --output-sync types nearest

nearest:
	TILKALD_TEST_PROFILE=quick $(BIN)/python -m tests.support.nearest_tests $(FILE)

lint:
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types:
	$(BIN)/mypy

arrows:
	$(BIN)/lint-imports

test-quick:
	TILKALD_TEST_PROFILE=quick $(BIN)/pytest -q -n $(TEST_JOBS) -m "not shell and not long" $(NONE_QUICK:%=--ignore=%)

programs: $(SETUP) ## Debian programs only tests need (root on Debian installs them)
	@tests/support/programs.sh

test: $(SETUP) programs lint types arrows wheel ## Everything
	$(BIN)/pytest -q -n $(TEST_JOBS)

wheel: $(SETUP) ## Build the wheel and run its command from another folder, in a clean environment
	@tests/support/wheel.sh

bench: $(SETUP) ## Measure the alarm path; prints a table, writes bench.json
	@$(BIN)/tilkald bench

bench-check: $(SETUP) ## Fail when a row got slower than in the last release: AGAINST=<another commit> ONLY=<one row>
	@$(BIN)/tilkald bench $(ONLY) --check --against $(AGAINST)

crash: $(SETUP) ## Kill the real process 1,000 times
	TILKALD_TEST_KILLS=1000 $(BIN)/pytest -q -m shell tests/shells/test_crash.py

fuzz: $(SETUP) ## Junk and mutated frames into every device protocol, many of them
	TILKALD_FUZZ_EXAMPLES=5000 $(BIN)/pytest -q -n $(TEST_JOBS) tests/fuzz

simulate: $(SETUP) ## Fifty seeds of the simulated world
	@for seed in $$(seq 1 50); do $(BIN)/tilkald simulate --seed $$seed --days 1 || exit 1; done

lock: $(SETUP) ## Choose versions anew; names no index
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade -q -o requirements.lock.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade -q -c requirements.lock.txt -o requirements-dev.lock.txt

advisories: $(SETUP) ## What is known against our pins: OSV=<a copy of the database>
	@$(BIN)/python -m tests.support.advisories "$(OSV)"

format: $(SETUP) ## Lay the code out
	$(BIN)/ruff check --fix -q $(SOURCES)
	$(BIN)/ruff format -q $(SOURCES)

clean: ## Remove what can be made again
	rm -rf $(VENV) dist build var .mypy_cache .ruff_cache .pytest_cache .hypothesis
