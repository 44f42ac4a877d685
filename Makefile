# The commands of the project; README says what each is for.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
PORT ?= 3000
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PORT
export REFLEX_USE_SYSTEM_BUN := 1
export REFLEX_CHECK_LATEST_VERSION := false
export REFLEX_TELEMETRY_ENABLED := false
export REFLEX_DIR := $(CURDIR)/.build/reflex

.PHONY: run serve dev demo-study verify-pdf test soak soak-mail asvs lint bench format screenshot clean

$(VENV)/runtime: requirements.txt
	$(PYTHON) -m venv $(VENV)
	pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/development: $(VENV)/runtime requirements-dev.txt
	pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

run: $(VENV)/runtime  ## the built app with demo data at http://localhost:3000
	@mkdir -p var && test -s var/demo.key || (umask 077; python -c "import secrets; print(secrets.token_urlsafe(48))" > var/demo.key)
	PACS_DEMO=1 PACS_SECRET_KEY="$$(cat var/demo.key)" python -m pacs_settings.serve

serve: $(VENV)/runtime  ## production, configured by PACS_* and PORT
	python -m pacs_settings.serve

dev: $(VENV)/runtime  ## reflex run: hot reload, demo data
	PACS_DEMO=1 reflex run

demo-study: $(VENV)/runtime  ## a study and a report arrive; the e-mails are told
	@PACS_DEMO=1 PACS_SECRET_KEY="$$(cat var/demo.key)" python -m pacs_settings.demo_study

# Also `make verify-pdf report.pdf`: then the file is a goal, with nothing to make of it.
ifeq (verify-pdf,$(firstword $(MAKECMDGOALS)))
FILE ?= $(word 2,$(MAKECMDGOALS))
$(eval $(filter-out verify-pdf,$(MAKECMDGOALS)):;@:)
endif
verify-pdf: $(VENV)/runtime  ## whether the seal of a report's PDF holds: FILE=report.pdf
	@python -m pacs_settings.verify_pdf "$(FILE)"

test: $(VENV)/development  ## every test
	python -m pytest

soak: $(VENV)/development  ## the long proofs
	PACS_SOAK=1 python -m pytest -m soak

soak-mail: $(VENV)/development  ## workers are killed 200 times between event and e-mail
	python -m tests.soak_mail

asvs: $(VENV)/development  ## the tests that verify OWASP ASVS, and how its requirements stand
	python -m tests.asvs

lint: $(VENV)/development  ## style, types, direction of imports
	ruff check . && ruff format --check . && mypy && lint-imports

format: $(VENV)/development
	ruff format . && ruff check --fix .

bench: $(VENV)/development  ## figures, each beside its peer
	python -m bench

screenshot: $(VENV)/development  ## the pictures in docs/
	python -m tests.e2e.screenshots

clean:
	rm -rf .build .web
