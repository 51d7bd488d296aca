#!/usr/bin/env bash
# Installs axe-core, which judges the HTML report in Chromium, with a pinned version, under target/browser.
set -euo pipefail
there=$(cd "$(dirname "$0")/.." && pwd)/target/browser
mkdir -p "$there"
cd "$there"
npm install --no-save --no-fund --no-audit --loglevel=error axe-core@4.14.1
