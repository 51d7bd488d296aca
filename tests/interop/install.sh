#!/usr/bin/env bash
# Installs the two servers that nobody here wrote, with pinned versions, under target/interop.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
there=$here/../../target/interop
mkdir -p "$there/node"
[ -x "$there/venv/bin/python" ] || python3 -m venv "$there/venv"
"$there/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
cp "$here/package.json" "$here/scimmy.mjs" "$there/node/"
(cd "$there/node" && npm install --no-fund --no-audit --loglevel=error)
