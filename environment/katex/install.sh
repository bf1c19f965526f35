#!/usr/bin/env bash
# Puts KaTeX, which typesets the report's formulas, into the cache. From the npm registry; idempotent.
# Without it (no npm, no network) the report shows formulas as TeX source and says so.
set -euo pipefail
version=0.19.1
target=${RETORT_CACHE:-$HOME/.cache/retort}/katex
[ -e "$target/$version" ] && exit 0
command -v npm >/dev/null || { echo "katex: npm is not installed; formulas stay TeX source" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent "katex@$version" >/dev/null 2>&1 || { echo "katex: the npm registry did not give katex@$version; formulas stay TeX source" >&2; exit 1; }
tar -xzf katex-*.tgz
mkdir -p "$target/fonts"
cp package/LICENSE package/dist/katex.min.js package/dist/katex.min.css "$target/"
cp package/dist/fonts/*.woff2 "$target/fonts/"
touch "$target/$version"
