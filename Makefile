# Everything that is done here is done with one of these; `make help` lists them.
# Tools go to .uv and .venv, the lab to .lab and its cache. The machine itself is changed only as root, when it has no
# Docker Engine: `make up` then installs Docker with apt-get and raises limits of inotify. It says so before it does so,
# and PREPULL_LAB_INSTALL=no refuses it.

PYTHON ?= python3
UV_VERSION := 0.13.9
DIST ?= dist
# Of `make mutate`: which, such as MUTANTS='prepull.plan*'. Default: all.
MUTANTS ?=
# Of these: how many, chosen at random, such as SAMPLE=500. Another SEED chooses others. Default: all.
SAMPLE ?= 0
SEED ?= 1
# Of `make test`: which, PARTS=without-a-cluster or PARTS=with-a-cluster. Default: both.
PARTS ?=
# Of `make test-versions`: which, such as PULUMIS='oldest newest'. Default: all three.
PULUMIS ?=
# Of `make test-pythons`: which, such as PYTHONS='3.12 3.13'. Default: all that are supported.
PYTHONS ?=
# Of `make test-clusters`: which, such as CLUSTERS=1.34. Default: all that the lab can have.
CLUSTERS ?=
# Of everything with a cluster: its Kubernetes, KUBERNETES=1.37 or KUBERNETES=1.34. Default: the first.

# Of `make release-dry-run`: the tag that the release is for, such as TAG=v1.2.3. Default: none yet.
TAG ?=

UV := .uv/bin/uv
BIN := .venv/bin

# Where a machine brings certificates of its own, packages are fetched through it.
export UV_SYSTEM_CERTS ?= true
export UV_PYTHON_DOWNLOADS := never
# These would lead the tools of this checkout to another one's packages.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 24

.PHONY: up
up: .venv/.ready ## Bring up a local cluster, deploy the dev stack on it and show which image is on which node
	@$(BIN)/python -m lab up

.PHONY: down
down: .venv/.ready ## Remove the local cluster with its state, and nothing else
	@$(BIN)/python -m lab down

.PHONY: test
test: .venv/.ready ## Run every test; those that need a cluster bring one up
	@$(BIN)/python -m tests $(PARTS)

.PHONY: test-fresh
test-fresh: .venv/.ready ## Run what needs no cluster in a container that has Python and make alone
	@$(BIN)/python -m tests.fresh

.PHONY: test-versions
test-versions: .venv/.ready ## Run the unit and schema tests on the oldest, the locked and the newest Pulumi
	@$(BIN)/python -m tests.pulumis $(PULUMIS)

.PHONY: test-pythons
test-pythons: .venv/.ready ## Run the unit tests on each supported Python that is here, and say which are not
	@$(BIN)/python -m tests.pythons $(PYTHONS)

.PHONY: test-clusters
test-clusters: .venv/.ready ## Run the tests of the main job, the gate and the runtimes on each cluster of the lab
	@$(BIN)/python -m tests.clusters $(CLUSTERS)

.PHONY: bench
bench: .venv/.ready ## Measure this component beside what people use, and write docs/benchmarks
	@$(BIN)/python -m bench

.PHONY: docs
docs: .venv/.docs ## Build the documentation as a site in .docs; warnings are errors
	@$(BIN)/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going docs .docs
	@echo "The site begins with .docs/index.html."

.PHONY: pictures
pictures: .venv/.ready ## Draw the pictures of the documentation anew, from runs on the cluster
	@PREPULL_PICTURES=docs/pictures $(BIN)/python -m pytest -p no:cacheprovider --quiet tests/kind/pages/test_pictures.py

.PHONY: links
links: .venv/.docs ## Ask for each address outside that the documentation links to; needs internet
	@$(BIN)/sphinx-build --quiet --fresh-env --keep-going -b linkcheck docs .docs/links

.PHONY: dist
dist: .venv/.ready ## Build wheel and sdist into dist, and check them
	@rm -rf $(DIST)
	@$(UV) build --quiet --offline --no-build-isolation --python $(BIN)/python --out-dir $(DIST) components
	@$(BIN)/twine check --strict $(DIST)/*

.PHONY: release-dry-run
release-dry-run: dist ## Do all of a release that needs neither a tag nor an account, and say what was not done
	@$(BIN)/python -m release dry-run --dist $(DIST) --tag "$(TAG)"

.PHONY: release-notes
release-notes: .venv/.ready ## Print what the changelog says of this version
	@$(BIN)/python -m release notes

.PHONY: image-digests
image-digests: .venv/.ready ## Write the digests of the default images behind their tags; it asks their registries
	@$(BIN)/python -m release digests

.PHONY: mutate
mutate: .venv/.mutate ## Change the core in thousands of small ways, and list those that no test notices
	@rm -rf .mutate && mkdir -p .mutate/src .mutate/components
	@cp -r components/prepull .mutate/src/ && cp -r tests pyproject.toml Pulumi*.yaml .mutate/
	@cp components/pyproject.toml .mutate/components/
	@$(BIN)/python -m tests.unit.mutants --sample $(SAMPLE) --seed $(SEED) $(MUTANTS)

.PHONY: check
check: .venv/.ready ## Check format, imports and types, and lint every language
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-logo --no-cache
	@$(BIN)/mypy
	@$(BIN)/python -m tests.lint

.PHONY: format
format: .venv/.ready ## Format the code, and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.venv/.ready: uv.lock pyproject.toml components/pyproject.toml $(UV)
	@$(UV) sync --quiet --frozen --python .uv/bin/python
	@touch $@

# Groups of packages that only one target needs; syncing anew takes them out again.
.venv/.docs .venv/.mutate: .venv/.%: .venv/.ready
	@$(UV) sync --quiet --frozen --inexact --group $* --python .uv/bin/python
	@touch $@

# Its name has the version, so that another one is installed anew.
$(UV): .uv/$(UV_VERSION)
	@touch $@

.uv/$(UV_VERSION):
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here: install Python 3.10 or later." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "$$($(PYTHON) --version) is too old: make PYTHON=… with Python 3.10 or later." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$(PYTHON) cannot make virtual environments: install python3-venv, then run this again." >&2; exit 1; }
	@rm -rf .uv
	@$(PYTHON) -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@
