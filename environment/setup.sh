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

has_libtorch() { [ -n "${LIBTORCH:-}" ] && [ -e "$LIBTORCH/lib/libtorch_cpu.so" ] || dpkg -s libtorch-dev; }

if ! command -v dotnet >/dev/null; then
  echo "missing: the .NET 10 SDK (not in every package manager; see https://dot.net)" >&2
  exit 1
fi
need g++ "compiles the tensor engine's door" command -v g++
need libtorch-dev "the tensor library; or name another with LIBTORCH" has_libtorch
need libopenblas0-pthread "fast matrix products for libtorch" dpkg -s libopenblas0-pthread
need python3-torch "reference numbers and benchmarks" /usr/bin/python3 -c "import torch"
need espeak-ng "speaks the made speech" command -v espeak-ng
need ffmpeg "reads FLAC, MP3, OGG and video" command -v ffmpeg

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
