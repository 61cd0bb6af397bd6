# What people and CI run. `make setup` once; then any target.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: setup kernels format check test test-all golden bench docs demo clean

setup: ## a virtual environment with the package (editable), its extras and the tools
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip
	$(BIN)/python -m pip install -q -e '.[dev]'

kernels: ## compile the kernels that changed
	PYTHONPATH=src $(BIN)/python -m twinlens.kernels.build

format:
	$(BIN)/ruff format src tests benchmarks docs tools hatch_build.py
	$(BIN)/ruff check --fix src tests benchmarks docs tools hatch_build.py

check: ## format, lint, types, layers, docs
	$(BIN)/ruff format --check src tests benchmarks docs tools hatch_build.py
	$(BIN)/ruff check src tests benchmarks docs tools hatch_build.py
	$(BIN)/pyright --pythonpath $(BIN)/python
	PYTHONPATH=src $(BIN)/lint-imports
	$(BIN)/python docs/make_reference.py --check
	$(BIN)/python docs/make_accuracy.py --check
	$(BIN)/python docs/make_looks.py --check

test: ## the quick suite
	$(BIN)/python -m pytest -m 'not slow' -n auto

test-all: ## everything that CI runs
	$(BIN)/python -m pytest -n auto

golden: ## rewrite the golden pictures and print the differences
	$(BIN)/python tests/golden.py --write

bench: ## the speed table, side by side with the programs that are installed
	$(BIN)/python benchmarks/speed.py

docs: ## the generated pages
	$(BIN)/python docs/make_reference.py
	$(BIN)/python docs/make_accuracy.py
	$(BIN)/python docs/make_looks.py

demo:
	$(BIN)/twinlens demo -o demo

clean:
	rm -rf build dist demo .pytest_cache .ruff_cache .hypothesis
