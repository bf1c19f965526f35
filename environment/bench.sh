#!/usr/bin/env bash
# The figures of speed and memory, each as a ratio to stock PyTorch on the same libtorch in one run.
#   bench.sh              all of them (about ten minutes)
#   bench.sh overhead     one group: overhead, ced, store, slu, ger (llama: its last rows), speech, talker (rendering: its last rows), host, ablation, caption
# Group ced runs PyTorch in each form that this machine has (Debian 13: its fused attention, torch.compile, frozen, fused Adam; compiling
# wants python3-dev, python3-scipy, libsleef-dev and LD_PRELOAD=libsleef.so.3 there) and takes the fastest; RETORT_BENCH_FORMS=eager,sdpa
# tries these only. OPENBLAS_CORETYPE holds for both sides.
# On a busy machine RETORT_BENCH_CLOCK=processor compares processor time, of one thread each, in place of the clock's.
# Names and what they mean: tests/Bench. Trust the ratios, not the seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
bash environment/setup.sh bench
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
for project in lib/Notebook tests/Bench; do dotnet build $project -c Release -v quiet --nologo; done
exec tests/Bench/bin/Release/net10.0/retort-bench "$@"
