# Everything runs in an environment of its own, .venv, which the first target makes and later ones find.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2
# NautilusTrader's newer versions, and with them its engine in Rust, need Python 3.12.
PEERS_PYTHON ?= $(shell for one in python3.13 python3.12; do $$one -c 'import ensurepip, venv' 2>/dev/null && echo $$one && exit; done; echo $(BIN)/python)

.DEFAULT_GOAL := help
.PHONY: help demo test check format lint types imports tests bench bench-peers clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml tools/environment
	@tools/environment $(VENV)
	@touch $@

demo: $(READY) ## make the synthetic sample market, run a session on it, print the summary
	@echo "== openbell demo"
	@$(BIN)/openbell demo

test: check ## the same as check

check: lint types imports tests ## formatting, lint, types, direction of imports, tests with doctests

format: $(READY) ## write files as the formatter wants them
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: $(READY) ## formatting and lint only
	@echo "== ruff: formatting and lint"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(READY) ## types only
	@echo "== mypy: types"
	@$(BIN)/mypy

imports: $(READY) ## direction of imports only
	@echo "== import-linter: imports point downwards"
	@$(BIN)/lint-imports

tests: $(READY) ## tests and doctests only
	@echo "== pytest: tests and doctests, $(WORKERS) at a time"
	@$(BIN)/pytest -q -n $(WORKERS)

bench: $(READY) ## benchmarks on the synthetic market, one table
	@echo "== benchmarks"
	@$(BIN)/python -m benchmarks

.venv-peers/.ready: benchmarks/peers/requirements.txt $(READY)
.venv-peers-vectorbt/.ready: benchmarks/peers/requirements-vectorbt.txt $(READY)
.venv-peers/.ready .venv-peers-vectorbt/.ready:
	@echo "== making $(@D) for $<"
	@$(PEERS_PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --only-binary :all: -r $<
	@touch $@

bench-peers: .venv-peers/.ready .venv-peers-vectorbt/.ready ## other engines on the same bars, in an environment of their own
	@echo "== peers"
	@$(BIN)/python -m benchmarks.peers

clean: ## remove the environment, the demo and caches
	@rm -rf $(VENV) .venv-peers .venv-peers-vectorbt demo build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
