#!/usr/bin/env bash
# Compiles the .cpp files beside it into <folder>/libretort_door.so against the libtorch of the machine (Debian's
# libtorch-dev), or the one that LIBTORCH names: an unpacked libtorch, or the torch folder of a pip-installed PyTorch. What
# did not change is not compiled again. Called by the build of Retort.Torch; the lock keeps two frameworks' builds apart.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:?usage: build.sh <folder>}
mkdir -p "$out"
exec 9>"$out/lock"
flock 9

fail() { echo "build.sh: error: $*" >&2; exit 1; }

command -v g++ >/dev/null || fail "no g++; run environment/setup.sh"
if [[ -n ${LIBTORCH:-} ]]; then
  lib=$LIBTORCH/lib
  include=(-isystem "$LIBTORCH/include" -isystem "$LIBTORCH/include/torch/csrc/api/include")
  [[ -e $lib/libc10.so ]] || fail "LIBTORCH=$LIBTORCH has no lib/libc10.so; name a libtorch or the torch folder of a PyTorch"
else
  lib=$(g++ -print-file-name=libc10.so)
  [[ $lib == /* ]] || fail "no libtorch found; run environment/setup.sh, or set LIBTORCH"
  lib=$(dirname "$(realpath -s "$lib")")
  include=(-isystem /usr/include/torch/csrc/api/include)
fi

# PyTorch's older wheels were built with the C++ library's older strings.
abi=0
if grep -qaE 'torchCheckFail\w*__cxx11' "$lib/libc10.so"; then abi=1; fi
libs=(-ltorch -ltorch_cpu -lc10)
if [[ -e $lib/libtorch_cuda.so ]]; then libs=(-ltorch_cuda -lc10_cuda "${libs[@]}"); fi
compile=(g++ -std=c++17 -O2 -fPIC -fopenmp -fvisibility=hidden -Wall -Wno-unknown-pragmas -Wno-psabi "-D_GLIBCXX_USE_CXX11_ABI=$abi" "${include[@]}")
link=(g++ -shared -L"$lib" "-Wl,-rpath,$lib" -Wl,--allow-shlib-undefined -Wl,-z,now -Wl,-z,relro -Wl,--no-as-needed "${libs[@]}" -ldl)

# The kernels of one instruction set each; which of them run is decided on the processor. Elsewhere they are empty files.
flags() {
  if [[ $(uname -m) == x86_64 ]]; then
    case $1 in
      *_avx2.cpp) echo -O3 -mavx2 -mfma -mprfchw ;;
      *_avx512.cpp) echo -O3 -Wno-maybe-uninitialized -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512bf16 -mavx512vnni -mfma -mprfchw ;;
    esac
  fi
}

changed=0
pids=()
objects=()
for source in "$here"/*.cpp; do
  object=$out/$(basename "$source" .cpp).o
  objects+=("$object")
  read -ra extra <<<"$(flags "$(basename "$source")")"
  stamp=$({ echo "${compile[@]}" "${extra[@]}" "${link[@]}"; cat "$source" "$here"/*.h; stat -L -c '%s %Y' "$lib/libc10.so"; } | sha256sum)
  if [[ -e $object && -e $object.stamp && $(<"$object.stamp") == "$stamp" ]]; then continue; fi
  changed=1
  echo "build.sh: compiling $(basename "$source") against the libtorch in $lib"
  rm -f "$object.stamp"
  { "${compile[@]}" "${extra[@]}" -c "$source" -o "$object" && echo "$stamp" >"$object.stamp"; } &
  pids+=($!)
done
# What kept results know the kernels by: the sources without their comments.
sources=$(export LC_ALL=C && cat "$here"/*.cpp "$here"/*.h | sed 's|^ *//.*||' | sha256sum | cut -c1-12)
version="extern \"C\" __attribute__((visibility(\"default\"))) const char* door_sources() { return \"$sources\"; }"
objects+=("$out/sources.o")
if [[ ! -e $out/sources.o || $(cat "$out/sources.cpp" 2>/dev/null) != "$version" ]]; then
  changed=1
  echo "$version" >"$out/sources.cpp"
  g++ -O2 -fPIC -c "$out/sources.cpp" -o "$out/sources.o" || fail "g++ does not compile"
fi
for pid in "${pids[@]}"; do wait "$pid" || fail "the door does not compile against the libtorch in $lib"; done

if [[ $changed == 0 && -e $out/libretort_door.so && $(cat "$out/objects" 2>/dev/null) == "${objects[*]}" ]]; then exit 0; fi
"${link[@]:0:2}" "${objects[@]}" "${link[@]:2}" -o "$out/libretort_door.so.new"
mv "$out/libretort_door.so.new" "$out/libretort_door.so"
echo "${objects[*]}" >"$out/objects"
