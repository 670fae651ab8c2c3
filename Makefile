# make site    build site/ with the demo weights, ready to open: .venv/bin/python build.py serve
# make test    set up what the tests need, a browser included, and run everything
# make test-engines  run the comparison in Firefox and WebKit as well
# make format  format Python and TypeScript
# make bench   print the measurements of bench/

PYTHON ?= python3
BIN := .venv/bin
WEB := web/node_modules/.torch2web-lock-sha256
PRETTIER := $(BIN)/node web/node_modules/prettier/bin/prettier.cjs
PRETTY := web/loader web/offline web/page web/verify web/*.mjs web/*.json templates/*.css converter/torch2web/schemas/*.json \
	tests/web/*.ts tests/web/*.json tests/cases/*.json tests/browser/harness/*.js bench/*.js bench/*.json

.PHONY: site test test-engines check browser format bench clean venv

site: .venv/.installed
	$(BIN)/python build.py

test: check browser
	$(BIN)/python -m pytest

test-engines: .venv/.installed-test
	$(BIN)/python -m tests.engines.install
	$(BIN)/python -m pytest -m engines -rP tests/engines

check: .venv/.installed-test $(WEB)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/node web/node_modules/typescript/bin/tsc -p web
	$(BIN)/node web/node_modules/typescript/bin/tsc -p web/offline
	$(BIN)/node web/node_modules/typescript/bin/tsc -p tests/web
	$(PRETTIER) --check --log-level warn $(PRETTY)

browser: .venv/.installed-test
	$(BIN)/python -m tests.browser.find
	$(BIN)/python -m tests.browser.nginx

format: .venv/.installed-test $(WEB)
	$(BIN)/ruff check --fix --select I .
	$(BIN)/ruff format .
	$(PRETTIER) --write --log-level warn $(PRETTY)

bench: .venv/.installed-test browser
	$(BIN)/python -m bench

clean:
	rm -rf site .cache web/node_modules .venv

# The stamps hold what was installed, so that both commands are quick the second time.
.venv/.installed: pyproject.toml
	@test -x $(BIN)/pip || $(MAKE) --no-print-directory venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

venv:
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 \
		|| { rm -rf .venv; command -v apt-get >/dev/null && test "$$(id -u)" = 0 \
			&& apt-get update -qq && apt-get install -qq -y python3-venv && $(PYTHON) -m venv .venv; } \
		|| { rm -rf .venv; echo "$(PYTHON) cannot make a virtual environment. Python 3.11 or newer is needed;" \
			"on Debian: apt-get install python3-venv. For another Python: make PYTHON=python3.12" >&2; exit 1; }

.venv/.installed-test: .venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@

$(WEB): web/package-lock.json .venv/.installed
	$(BIN)/python -m torch2web.assets.scripts
	@touch $@
