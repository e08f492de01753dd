# `make demo` does the main job on a real notebook; `make test` checks everything. Both need Python and a package index.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check format generated bench labext clean

$(BIN)/jupyter-dep: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "jupyter-dep needs Python 3.11 or later: make PYTHON=python3.12 …")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/tested: pyproject.toml $(BIN)/jupyter-dep
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

demo: $(BIN)/jupyter-dep
	@PYTHON=$(BIN)/python sh examples/demo.sh

check: .venv/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# what needs the machine for itself runs after what can share it: one by one, in the order of the files, and without coverage,
# which would slow what is timed; `make test ARGS=tests/model` runs just that
JOBS ?= auto
# percent of lines and branches that the first part runs in its own processes; threads make it vary by tenths around 89.1
COVERAGE := 88.5
test: check
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m pytest -n $(JOBS) -m "not alone" --cov --cov-report=term --cov-fail-under=$(COVERAGE)
	$(BIN)/python -m pytest -p no:randomly -m alone
endif

format: .venv/tested
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# what is committed and made from the code; tests hold each file to its source
generated: .venv/tested
	$(BIN)/python -m tools.errors
	$(BIN)/python -m tools.configuration
	$(BIN)/python -m tools.invisible_characters
	$(BIN)/python -m tools.magics_data magics/jupyter_dep_magics
	$(BIN)/python -m tools.message_schema > docs/messages.schema.json
	$(BIN)/python -m tools.openapi > docs/openapi.json

# for changes to the page: needs Node 20, and installs the rest; the results are committed
labext: .venv/tested
	$(BIN)/python labext/bundle.py
	cd labext && PATH="$(CURDIR)/$(BIN):$$PATH" jlpm check && PATH="$(CURDIR)/$(BIN):$$PATH" jlpm lint && PATH="$(CURDIR)/$(BIN):$$PATH" jlpm test

bench: .venv/tested
	$(BIN)/python -m bench

clean:
	rm -rf .venv demo
