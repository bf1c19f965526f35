#!/usr/bin/env bash
# Compiles door.cpp into <folder>/libretort_door.so against the libtorch of the machine (Debian's libtorch-dev), or the one
# that LIBTORCH names: an unpacked libtorch, or the torch folder of a pip-installed PyTorch. Does nothing when nothing
# changed. Called by the build of Retort.Torch; the lock keeps the builds of two frameworks apart.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:?usage: build.sh <folder>}
mkdir -p "$out"
exec 9>"$out/lock"
flock 9

fail() { echo "build.sh: error: $*" >&2; exit 1; }

if [[ -n ${LIBTORCH:-} ]]; then
  lib=$LIBTORCH/lib
  include=(-isystem "$LIBTORCH/include" -isystem "$LIBTORCH/include/torch/csrc/api/include")
  [[ -e $lib/libc10.so ]] || fail "LIBTORCH=$LIBTORCH has no lib/libc10.so; name a libtorch or the torch folder of a PyTorch"
else
  lib=$(g++ -print-file-name=libc10.so 2>/dev/null || true)
  [[ $lib == /* ]] || fail "no libtorch found; run environment/setup.sh, or set LIBTORCH"
  lib=$(dirname "$(realpath -s "$lib")")
  include=(-isystem /usr/include/torch/csrc/api/include)
fi
command -v g++ >/dev/null || fail "no g++; run environment/setup.sh"

# PyTorch's older wheels were built with the C++ library's older strings.
abi=0
if nm -D --defined-only "$lib/libc10.so" | grep -q __cxx11; then abi=1; fi
libs=(-ltorch -ltorch_cpu -lc10)
if [[ -e $lib/libtorch_cuda.so ]]; then libs=(-ltorch_cuda -lc10_cuda "${libs[@]}"); fi

command=(g++ -std=c++17 -O2 -fPIC -shared -fvisibility=hidden "-D_GLIBCXX_USE_CXX11_ABI=$abi" "${include[@]}"
  "$here/door.cpp" -o "$out/libretort_door.so.new" -L"$lib" "-Wl,-rpath,$lib" -Wl,--allow-shlib-undefined
  -Wl,--no-as-needed "${libs[@]}" -ldl)
stamp=$({ printf '%s ' "${command[@]}"; cat "$here/door.cpp"; stat -L -c '%s %Y' "$lib/libc10.so"; } | sha256sum)
if [[ -e $out/libretort_door.so && -e $out/stamp && $(<"$out/stamp") == "$stamp" ]]; then exit 0; fi
echo "build.sh: compiling the door to libtorch in $lib"
"${command[@]}"
mv "$out/libretort_door.so.new" "$out/libretort_door.so"
printf '%s\n' "$stamp" >"$out/stamp"
