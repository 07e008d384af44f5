# Every target makes the virtual environment when it is missing and installs what it needs.
# The first Python that is new enough is taken; `make run PYTHON=/path/to/python` names another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test check bench drill coverage clean

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found; install it, or name it: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "no virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

run: $(READY)
	@exec $(BIN)/python run.py start

test: $(READY)
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python -m benchmarks

# Lines and branches the tests go through, in every process of theirs. What decides about orders is covered wholly.
WHOLLY := actors/domain/order_*.py,actors/domain/fills.py,actors/domain/gate.py,actors/domain/last_check.py,actors/domain/report_log.py,actors/domain/pacing.py,actors/ib/transport.py

coverage: $(READY)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=85
	$(BIN)/coverage report --fail-under=100 --include='$(WHOLLY)'

# Every drill: services of their own, broken on purpose and judged by the simulator's ledger. `make drill KILLS=100`
# makes so many faults in each of those that make many (kills: 1000 otherwise).
drill: $(READY)
	$(BIN)/python run.py drill $(if $(KILLS),--count $(KILLS))

clean:
	rm -rf $(VENV) build dist *.egg-info
