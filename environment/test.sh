#!/usr/bin/env bash
# Builds everything with warnings as errors and runs every test. Arguments go to dotnet test, for instance
#   environment/test.sh --filter FullyQualifiedName~Audio
set -uo pipefail
cd "$(dirname "$0")/.."
bash environment/setup.sh test || exit 1
# Without these (no npm, no network) the tests that need them are skipped and say so.
bash environment/plotly/install.sh || true
bash environment/katex/install.sh || true
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build Research.sln -c Release -v quiet --nologo || exit 1
dotnet format whitespace Research.sln --no-restore --verify-no-changes || { echo "formatting: run 'dotnet format whitespace Research.sln'"; exit 1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
dotnet test Research.sln -c Release --no-build --nologo --logger "console;verbosity=normal" "$@" | tee "$log"
code=${PIPESTATUS[0]}
# The kernels of older processors, and none: the same results by the plain operators.
if [ "$code" = 0 ] && [ $# = 0 ]; then
  for kernels in avx2 none; do
    echo "with RETORT_KERNELS=$kernels:"
    RETORT_KERNELS=$kernels dotnet test tests/Retort.Tests.csproj -c Release --no-build --nologo \
      --filter "FullyQualifiedName~Torch.Fused|FullyQualifiedName~Torch.Engine|FullyQualifiedName~Tests.Layers|FullyQualifiedName~Tests.Models" | tee -a "$log"
    [ "${PIPESTATUS[0]}" = 0 ] || code=1
  done
fi
count() { grep -E "^ *$1: +[0-9]+" "$log" | awk '{ n += $NF } END { print n + 0 }'; }
echo "$(count Passed) passed, $(count Failed) failed, $(count Skipped) skipped"
exit "$code"
