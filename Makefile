# Two commands on a fresh machine (Python >= 3.11, pip, make): `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH := .venv-bench
PEERS := .venv-peers

.PHONY: demo test lint bench test-peers clean

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or newer is needed"'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $(READY)

demo: $(READY)  ## the main job, end to end, on the emulator
	$(BIN)/python demo/demo.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint  ## linting, types, import contracts and all tests
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

$(BENCH)/.ready: pyproject.toml Makefile
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --editable '.[emulator]' cubexpress geedim xee
	@touch $@

# make bench CASES="quota hang" RUNS=3
bench: $(BENCH)/.ready  ## side by side with others, on the emulator with a pace; half an hour
	$(BENCH)/bin/python benchmarks/run.py --runs $(or $(RUNS),1) $(CASES)
	$(BENCH)/bin/python benchmarks/report.py

$(PEERS)/.ready: pyproject.toml Makefile
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --editable '.[emulator]' hypothesis pytest \
		pytest-timeout cubexpress edown eemont geedim geemap xee
	@touch $@

# make test-peers PEER=geedim
test-peers: $(PEERS)/.ready  ## others' packages, unmodified, against the emulator; 1.5 GB, a minute
	$(PEERS)/bin/pytest -W default -p no:cacheprovider tests/peers/$(if $(PEER),test_$(PEER).py)

clean:
	rm -rf $(VENV) $(BENCH) $(PEERS) demo-output
