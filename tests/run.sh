#!/usr/bin/env bash
# Installs what the tests need, a browser included, and runs them all.
# In an active virtual environment it installs there, else into .venv. Arguments go to pytest.
# `tests/run.sh --group libraries` installs the extra of that name too, and runs the tests that are marked with it alone.
set -euo pipefail
cd "$(dirname "$0")/.."

group=""
if [ "${1:-}" = --group ]; then
  group="$2"
  shift 2
fi

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

if [ -z "${VIRTUAL_ENV:-}${CONDA_PREFIX:-}" ]; then
  [ -d .venv ] || python3 -m venv .venv 2>/dev/null || {
    rm -rf .venv
    as_root apt-get update -qq && as_root apt-get install -y -qq python3-venv
    python3 -m venv .venv
  }
  # shellcheck disable=SC1091
  . .venv/bin/activate
fi

python -m pip install --quiet --upgrade pip
python -m pip install --quiet --editable ".[test${group:+,$group}]"
if [ -n "$group" ]; then
  exec python -m pytest -m "$group" "$@"
fi

# A browser: one that is there, else Debian's, else Playwright's own.
if ! python tests/browser/chromium.py; then
  { as_root apt-get update -qq && as_root apt-get install -y -qq chromium fonts-dejavu-core; } \
    || python -m playwright install --with-deps chromium
  python tests/browser/chromium.py
fi

python js/npm.py ci --no-audit --no-fund --loglevel=error
python js/npm.py test
python -m pytest -n 2 --dist loadfile --no-loadscope-reorder "$@"
python -m pytest -p no:cacheprovider --nbval-lax --nbval-sanitize-with tests/nbval.cfg notebooks
