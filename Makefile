# make site      build site/ with the demo weights, ready to open: .venv/bin/python build.py serve
# make test      set up the tests, a browser included, and run checks and tests: about seven minutes on two cores
# make test-all  everything that `make test` leaves out: whole tables, long runs, Firefox and WebKit
# make assets    compile loader, pages and engine into the package
# make wheel     dist/torch2web-….whl, which needs neither Node nor a compiler
# make npm       dist/torch2web-….tgz, the npm package
# make coverage  run the tests of `make test` and print which lines of Python and TypeScript they run
# make format    format Python, TypeScript and C
# make bench     print the measurements of bench/

PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint .ci/constraints.txt
WEB := web/node_modules/.torch2web-lock-sha256
NODE_BIN := web/node_modules
TSC := $(NODE_BIN)/@typescript/native/bin/tsc
ESLINT := $(BIN)/node $(NODE_BIN)/eslint/bin/eslint.js --config web/eslint.config.mjs --max-warnings 0 web tests/loader
PRETTIER := $(BIN)/node $(NODE_BIN)/prettier/bin/prettier.cjs
COVERAGE := $(CURDIR)/.cache/coverage
CLANG_FORMAT := $(BIN)/clang-format --style=file:web/engine/.clang-format
C_SOURCES := $(wildcard web/engine/*/*.[ch] web/engine/*/*/*.[ch] web/coder/*.[ch] bench/engine/*.c)
PRETTY := web/element web/loader web/offline web/package web/page web/report web/verify web/*.mjs web/*.json templates/*/*.css \
	converter/torch2web/schemas/*.json tests/loader/*.ts tests/loader/*.json tests/cases/*.json \
	tests/browser/harness/*.js tests/coverage/*.mjs bench/*.js bench/rivals/*.js bench/rivals/*.json

# Where the environment forbids it, every process would compile every module again: half a second to three of its time.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: site assets wheel npm test test-all coverage check check-python check-web browser format bench clean venv

site: .venv/.installed
	$(BIN)/python build.py

assets: .venv/.installed
	$(BIN)/python -m web.build

wheel: assets
	$(BIN)/python -m web.build.wheel dist

npm: .venv/.installed
	$(BIN)/python -m web.build.npm dist

test: assets browser
	$(MAKE) --no-print-directory -j 2 check
	$(BIN)/python -m pytest -n 2

test-all: assets .venv/.installed-test-all browser
	$(BIN)/python -m tests.long.install
	$(BIN)/python -m pytest -n 2 -m engines -rP tests/long
	$(BIN)/python -m pytest -n 3 -m "long and not engines"

coverage: assets browser
	rm -rf $(COVERAGE)
	COVERAGE_FILE=$(COVERAGE)/data COVERAGE_SCRIPTS=$(COVERAGE) NODE_V8_COVERAGE=$(COVERAGE)/node \
		$(BIN)/python -m coverage run -m pytest -n 3
	COVERAGE_FILE=$(COVERAGE)/data $(BIN)/python -m coverage combine --quiet
	COVERAGE_FILE=$(COVERAGE)/data $(BIN)/python -m coverage report
	$(BIN)/node tests/coverage/report.mjs $(COVERAGE)

check: check-python check-web

check-python: .venv/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache

check-web: .venv/.installed-test $(WEB)
	$(BIN)/node $(TSC) -p web
	$(BIN)/node $(TSC) -p web/offline
	$(BIN)/node $(TSC) -p web/package
	$(BIN)/node $(TSC) -p tests/loader
	$(ESLINT)
	$(PRETTIER) --check --log-level warn $(PRETTY)
	$(CLANG_FORMAT) --dry-run -Werror $(C_SOURCES)
	$(BIN)/python -m web.engine.generate_ops --check

browser: .venv/.installed-test
	$(BIN)/python -m tests.browser.find
	$(BIN)/python -m tests.browser.nginx

format: .venv/.installed-test $(WEB)
	$(BIN)/ruff check --fix --select I .
	$(BIN)/ruff format .
	$(PRETTIER) --write --log-level warn $(PRETTY)
	$(CLANG_FORMAT) -i $(C_SOURCES)

bench: .venv/.installed-test browser
	$(BIN)/python -m bench

clean:
	rm -rf site .cache dist web/node_modules converter/torch2web/assets/files .venv

# The stamps hold what was installed, so that both commands are quick the second time.
.venv/.installed: pyproject.toml .ci/constraints.txt
	@test -x $(BIN)/pip || $(MAKE) --no-print-directory venv
	$(PIP_INSTALL) -e '.[assets]'
	@touch $@

venv:
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 \
		|| { rm -rf .venv; command -v apt-get >/dev/null && test "$$(id -u)" = 0 \
			&& apt-get update -qq && apt-get install -qq -y python3-venv && $(PYTHON) -m venv .venv; } \
		|| { rm -rf .venv; echo "$(PYTHON) cannot make a virtual environment. Python 3.11 or newer is needed;" \
			"on Debian: apt-get install python3-venv. For another Python: make PYTHON=python3.12" >&2; exit 1; }

.venv/.installed-test: .venv/.installed
	$(PIP_INSTALL) -e '.[test]'
	@touch $@

.venv/.installed-test-all: .venv/.installed-test
	$(PIP_INSTALL) -e '.[test-all]' && touch $@ || echo "Tests that need the extra test-all are skipped." >&2

$(WEB): web/package-lock.json .venv/.installed
	$(BIN)/python -c "from web.build.scripts import install_node_modules; install_node_modules()"
	@touch $@
