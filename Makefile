# Tapline's commands. `make` alone lists them; nothing here needs more than Python 3.11 and make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
DATA ?= data
ARGS ?=

.PHONY: help setup demo run test lint bench wheel messages docs lock clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-9s %s\n", $$1, $$2}'

demo: setup ## Run the main job on made-up contacts and a simulated provider (ARGS="--exit --json", ARGS=--lan)
	@$(BIN)/tapline demo $(ARGS)

run: setup ## Start Tapline with its data in ./data (DATA=elsewhere)
	@TAPLINE_DATA_DIR="$(DATA)" $(BIN)/tapline up $(ARGS)

test: setup $(VENV)/.programs ## Run all tests (ARGS="tests/codes -k bijection" for some)
	@$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

lint: setup ## Check style, types and the order of imports
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/python -m tests.check_layers

bench: setup ## Measure every figure to reach and write bench/RESULTS.md
	@$(BIN)/python -m bench $(ARGS)

wheel: setup ## Build a wheel with the pages inside, so that operators need no Node
	@$(BIN)/python -m hatchling build -t wheel && ls -1 dist/*.whl

messages: setup ## Bring src/tapline/locale up to date with every string that is to be translated
	@$(BIN)/python -m tapline.web.catalogues

docs: setup ## Write settings, commands and rules into docs/ from the code
	@$(BIN)/python -m docs.reference

lock: ## Renew requirements/dev.txt from pyproject.toml (needs uv on the PATH)
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate -q pyproject.toml requirements/dev.in -o requirements/dev.txt

clean: ## Remove what set-up built; data folders stay
	@rm -rf $(VENV) node_modules dist src/tapline/web/static/tapline/dist src/tapline/locale/*/LC_MESSAGES/*.mo

# --- set-up: each stamp is renewed when what it was made from changes -----------------------------

setup: $(VENV)/.installed $(VENV)/.bundled

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	@echo "Setting up Python packages …" >&2
	@test -n "$(PYTHON)" || { echo "No Python found. Tapline needs Python 3.11 or newer: install it, or say PYTHON=/path/to/python." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is too old. Tapline needs Python 3.11 or newer: install it, or say PYTHON=/path/to/python." >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) || { echo "The venv module is missing. On Debian: apt-get install python3-venv." >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . >&2
	@touch $@

# Caddy, Chromium and certutil, which some tests drive: got where apt-get can, else said and skipped.
$(VENV)/.programs: $(VENV)/.installed tests/programs.py
	@$(BIN)/python -m tests.programs
	@touch $@

$(VENV)/.bundled: $(VENV)/.installed src/tapline/web/bundle.py src/tapline/web/icon_png.py src/tapline/web/catalogues.py package-lock.json package.json .npmrc $(shell find src/tapline/web/frontend src/tapline/locale -type f -not -name '*.mo' 2>/dev/null)
	@echo "Bundling pages …" >&2
	@$(BIN)/python -m tapline.web.bundle >&2
	@touch $@
