# What people do with the project; `make` lists it. Each target sets up what it needs.

PYTHON ?= python3
PORT   ?= 8000
STORE  ?= sample.gpkg
ARGS   ?=
# What scenes add to heights: the sample county is invented, and so is this number.
GEOID  ?= -2.95 m, invented for the sample county: no benchmark was measured
ON_ALL := --numprocesses logical --dist worksteal
BIN    := .venv/bin
UV     := build/uv/bin/uv
COMPILE := $(UV) pip compile pyproject.toml --extra dev --no-config --quiet --python-version 3.11 --only-binary :all: --no-binary odfpy

# Python keeps what it compiled, whoever forbids it elsewhere: the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.NOTPARALLEL:
.PHONY: help run install test check format-check lint types imports format docs bench lock lowest clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: install $(STORE) ## install, make the sample county, print its indicators, serve on PORT (8000)
	@TWIN_STORE=$(STORE) $(BIN)/twin assess
	@TWIN_STORE=$(STORE) TWIN_GEOID_OFFSET="$(GEOID)" $(BIN)/twin serve --port $(PORT)

install: ## install the locked versions into .venv with PYTHON (python3)
	@$(PYTHON) .ci/bootstrap.py

$(STORE): | install
	@$(BIN)/twin sample $@

test: install ## run every test, on all processors; ARGS go to pytest, which then runs in one process
	@$(BIN)/pytest --install-components $(or $(ARGS),$(ON_ALL))

check: format-check lint types imports test ## what CI runs: format, lint, types, import contracts, tests

format-check: install
	@$(BIN)/ruff format --check .

lint: install
	@$(BIN)/ruff check .

types: install
	@$(BIN)/mypy

imports: install
	@$(BIN)/lint-imports --no-logo

format: install ## format the code and mend what the linter can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: install ## write docs/reference/ anew from the code
	@$(BIN)/python docs/write_reference.py

bench: install ## run the benchmarks and print their tables; ARGS choose by name
	@$(BIN)/python benchmarks/run.py $(ARGS)

lock: $(UV) ## write requirements.lock anew from pyproject.toml; ARGS=--upgrade takes newer versions
	@$(COMPILE) --universal --fork-strategy fewest --generate-hashes --custom-compile-command 'make lock' \
	  --output-file requirements.lock $(ARGS)

lowest: $(UV) ## run the tests with the oldest versions that pyproject.toml allows; ARGS go to pytest
	@$(COMPILE) --resolution lowest-direct --output-file build/lowest.txt --upgrade
	@$(UV) venv --quiet --clear --python $(PYTHON) build/lowest
	@VIRTUAL_ENV=build/lowest $(UV) pip install --quiet --requirements build/lowest.txt
	@VIRTUAL_ENV=build/lowest $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@build/lowest/bin/pytest -W default $(or $(ARGS),$(ON_ALL))

$(UV): | install
	@$(BIN)/pip install --quiet --target build/uv uv

clean: ## remove all that make made: .venv, the sample county, caches
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache $(STORE)
	find . -name __pycache__ -prune -exec rm -rf {} +
