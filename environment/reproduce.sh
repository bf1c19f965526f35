#!/usr/bin/env bash
# Runs every notebook at quick size (or at RETORT_SIZE) and writes report/index.html.
#   reproduce.sh            all notebooks
#   reproduce.sh ced        one paper alone: ced, slu, caption, ger, talker; or start, own
#   RETORT_SIZE=full reproduce.sh ced
# The notebooks in notebooks/ are not changed; the executed copies, results and figures go to report/.
set -uo pipefail
cd "$(dirname "$0")/.."
paper=${1:-all}
case $paper in
  all) pattern='*' ;;
  start) pattern='00-*' ;;
  ced) pattern='01-*' ;;
  slu) pattern='02-*' ;;
  caption) pattern='03-*' ;;
  ger) pattern='04-*' ;;
  talker) pattern='05-*' ;;
  own) pattern='09-*' ;;
  *) echo "reproduce.sh: no paper named '$paper'; known: ced, slu, caption, ger, talker, start, own" >&2; exit 2 ;;
esac
bash environment/setup.sh || exit 1
bash environment/plotly/install.sh || echo "reproduce: without plotly.js the report shows the static pictures only"
bash environment/katex/install.sh || echo "reproduce: without KaTeX the report shows formulas as TeX source"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
for project in lib/Retort lib/Notebook; do
  dotnet build $project -c Release -v quiet --nologo || exit 1
done
export RETORT_SIZE=${RETORT_SIZE:-quick}
export RETORT_RESULTS=$PWD/report/results
mkdir -p report/notebooks "$RETORT_RESULTS"
host=lib/Notebook/bin/Release/net10.0/retort-notebook
failed=()
for notebook in notebooks/$pattern.ipynb; do
  echo "reproduce: $notebook at $RETORT_SIZE"
  $host run "$notebook" --size "$RETORT_SIZE" --output "report/notebooks/$(basename "$notebook")" || failed+=("$notebook")
done
$host report --results "$RETORT_RESULTS" --notebooks report/notebooks --out report || exit 1
echo "reproduce: open report/index.html"
[ ${#failed[@]} -eq 0 ] || { echo "reproduce: failed: ${failed[*]}" >&2; exit 1; }
