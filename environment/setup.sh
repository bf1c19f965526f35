#!/usr/bin/env bash
# Installs what is missing, from Debian's or Ubuntu's package manager. Idempotent.
#   setup.sh           install what is missing
#   setup.sh --check   only say what is missing; exit 1 if anything is
set -euo pipefail
check=no
[ "${1:-}" = "--check" ] && check=yes

missing=()
need() { # need PACKAGE WHAT-FOR TEST...
  local package=$1 purpose=$2
  shift 2
  if "$@" >/dev/null 2>&1; then return; fi
  echo "missing: $package ($purpose)"
  missing+=("$package")
}
has() { command -v "$1"; }
has_package() { dpkg -s "$1" | grep -q '^Status: install ok installed'; }
has_libtorch() { [ -e "${LIBTORCH:-/none}/lib/libtorch_cpu.so" ] || has_package libtorch-dev; }
has_torch() { /usr/bin/python3 -c 'import torch'; }

if ! command -v dotnet >/dev/null; then
  echo "missing: the .NET 10 SDK, which comes from Microsoft or your distribution and not from this script" >&2
  exit 1
fi
need g++ "compiles the tensor engine's door" has g++
need libtorch-dev "the tensor library; LIBTORCH names another" has_libtorch
need libopenblas0-pthread "fast matrix products for it" has_package libopenblas0-pthread
need python3-torch "the other side of the benchmarks" has_torch
need espeak-ng "speaks the made speech" has espeak-ng
need ffmpeg "reads FLAC, MP3, OGG and video" has ffmpeg
need nodejs "checks figures with plotly.js" has node
need npm "fetches plotly.js and KaTeX" has npm
need chromium "looks at figures, report and notebooks in tests" has chromium
need libzmq5 "the Jupyter kernel's sockets" has_package libzmq5
need jupyter-notebook "opens the notebooks, and tests the kernel" has jupyter-notebook
need python3-nbconvert "tests the kernel" has_package python3-nbconvert
need python3-nbclient "tests the kernel" has_package python3-nbclient
need python3-jupyter-kernel-test "tests the kernel" has_package python3-jupyter-kernel-test

if [ ${#missing[@]} -eq 0 ]; then
  echo "setup: nothing missing"
  exit 0
fi
[ $check = yes ] && exit 1
run() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
run apt-get update -qq
echo "setup: installing ${missing[*]}"
run env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -qq "${missing[@]}" >/dev/null
echo "setup: done"
