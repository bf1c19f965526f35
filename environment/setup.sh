#!/usr/bin/env bash
# Installs what is missing, from Debian's or Ubuntu's package manager. Idempotent.
#   setup.sh               what the library, the notebooks and the report need
#   setup.sh test          that, and what the tests look through; test.sh asks for it
#   setup.sh bench         that, and PyTorch's Python side to measure against; bench.sh and environment/reference ask for it
#   setup.sh --check ...   only says what is missing; exit 1 if anything is
# With LIBTORCH set, to an unpacked libtorch or the torch folder of a pip-installed PyTorch, Debian's libtorch is not asked for.
set -euo pipefail
check=no
groups=" run "
for word in "$@"; do
  case $word in
    --check) check=yes ;;
    run | test | bench) groups+="$word " ;;
    *) echo "setup.sh: what is '$word'? known: run, test, bench, --check" >&2; exit 2 ;;
  esac
done

if ! command -v dotnet >/dev/null; then
  echo "missing: the .NET 10 SDK, which comes from Microsoft or your distribution and not from this script" >&2
  exit 1
fi

missing=()
declare -A purposes
essential=" g++ libtorch-dev "
need() { # need GROUP PACKAGE WHAT-FOR TEST...
  local group=$1 package=$2 purpose=$3
  shift 3
  if [[ $groups != *" $group "* ]] || "$@" >/dev/null 2>&1; then return; fi
  echo "missing: $package ($purpose)"
  missing+=("$package")
  purposes[$package]=$purpose
}
has() { command -v "$1"; }
has_package() { dpkg -s "$1" | grep -q '^Status: install ok installed'; }
has_chromium() { has chromium || has chromium-browser || has google-chrome; }
has_torch() { "${RETORT_PYTHON:-/usr/bin/python3}" -c 'import torch'; }

need run g++ "compiles the tensor engine's door" has g++
if [ -n "${LIBTORCH:-}" ]; then
  if [ ! -e "$LIBTORCH/lib/libtorch_cpu.so" ]; then
    echo "setup: LIBTORCH=$LIBTORCH has no lib/libtorch_cpu.so; name a libtorch or the torch folder of a PyTorch" >&2
    exit 1
  fi
else
  need run libtorch-dev "the tensor library; LIBTORCH names another" has_package libtorch-dev
  need run libopenblas0-pthread "fast matrix products for it" has_package libopenblas0-pthread
  need bench python3-torch "the other side of the benchmarks" has_torch
fi
need run espeak-ng "speaks the made speech" has espeak-ng
need run ffmpeg "reads FLAC, MP3, OGG and video" has ffmpeg
need run nodejs "checks figures with plotly.js" has node
need run npm "fetches plotly.js and KaTeX" has npm
need run libzmq5 "the Jupyter kernel's sockets" has_package libzmq5
need test chromium "looks at figures, report and notebooks in tests" has_chromium
need test jupyter-notebook "opens the notebooks, and tests the kernel" has jupyter-notebook
need test jupyter-nbconvert "runs notebooks from the command line, in tests too" has jupyter-nbconvert
need test python3-nbconvert "tests the kernel" has_package python3-nbconvert
need test python3-nbclient "tests the kernel" has_package python3-nbclient
need test python3-jupyter-kernel-test "tests the kernel" has_package python3-jupyter-kernel-test

if [ ${#missing[@]} -eq 0 ]; then
  echo "setup: nothing missing"
  exit 0
fi
[ $check = yes ] && exit 1
run() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
install() { run env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -qq "$@" >/dev/null; }
run apt-get update -qq || echo "setup: the lists of packages could not be renewed; going on with those there are"

# A name that this system does not know must not keep the others out.
known=() failed=()
for package in "${missing[@]}"; do
  if [[ $(apt-cache policy "$package" 2>/dev/null) =~ Candidate:\ [^\(] ]]; then known+=("$package"); else failed+=("$package"); fi
done
if [ ${#known[@]} -gt 0 ]; then
  echo "setup: installing ${known[*]}"
  if ! install "${known[@]}"; then
    for package in "${known[@]}"; do install "$package" || failed+=("$package"); done
  fi
fi
code=0
for package in "${failed[@]}"; do
  echo "setup: $package cannot be installed here (${purposes[$package]}); install it in another way, or go without" >&2
  [[ $essential == *" $package "* ]] && code=1
done
[ $code = 0 ] && echo "setup: done"
exit $code
