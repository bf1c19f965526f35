#!/usr/bin/env bash
# Installs plotly.js and jsdom below the cache folder, outside git. Idempotent. Needs node and npm (setup.sh).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${RETORT_CACHE:-$HOME/.cache/retort}/plotly
mkdir -p "$folder"
exec 9>"$folder/.lock"
flock 9
if cmp -s "$here/package.json" "$folder/package.json" && [ -e "$folder/.complete" ]; then
  echo "plotly: there ($folder)"
  exit 0
fi
rm -f "$folder/.complete"
cp "$here/package.json" "$folder/package.json"
(cd "$folder" && npm install --no-audit --no-fund --no-package-lock --loglevel=error)
touch "$folder/.complete"
echo "plotly: installed ($folder)"
