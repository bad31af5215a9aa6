#!/usr/bin/env bash
# A package forgotten in the wheel still imports from the working copy. So: build the wheel, install
# it with the run-time lock alone in a clean environment, and run the command from another folder.
set -euo pipefail
root=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/python -m build --wheel --no-isolation --outdir "$work/dist" . >"$work/build.log" 2>&1 \
  || { cat "$work/build.log"; exit 1; }
.venv/bin/python -m venv "$work/clean"
"$work/clean/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
  -r "$root/requirements.lock.txt"
"$work/clean/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-index \
  "$work"/dist/*.whl
cd "$work"
"$work/clean/bin/tilkald" --help >/dev/null
"$work/clean/bin/tilkald" demo --once --json >"$work/demo.json"
"$work/clean/bin/python" - "$work/demo.json" <<'PY'
import json, sys
last = json.loads(open(sys.argv[1]).read().strip().splitlines()[-1])
assert last["closed"] and last["times"]["T8"], last
print("wheel: its command pressed, called and closed one alarm from another folder")
PY
