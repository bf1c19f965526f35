#!/usr/bin/env bash
# Runs the two commands on Debian 13, whose libtorch is 2.6, from a machine with Debian 12 (or any with debootstrap), in a root
# folder of its own. Needs root: it mounts this machine's .NET SDK into that folder and enters it by chroot.
#   debian13.sh              test.sh, then reproduce.sh
#   debian13.sh test         test.sh; further arguments go to it
#   debian13.sh reproduce    reproduce.sh; likewise
#   debian13.sh door         compiles the tensor engine's native part alone (a minute)
# The root folder is made once, in ~/.cache/retort/debian13 or where RETORT_DEBIAN13 says, about 3 GB with everything in it; throw
# it away to begin anew. RETORT_MIRROR names another mirror of Debian.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-both}
[ $# -gt 0 ] && shift
case $what in both | test | reproduce | door) ;; *) echo "debian13.sh: what is '$what'? known: test, reproduce, door" >&2; exit 2 ;; esac
[ "$(id -u)" = 0 ] || { echo "debian13.sh: run it as root; it mounts folders and calls chroot" >&2; exit 1; }
root=${RETORT_DEBIAN13:-$HOME/.cache/retort/debian13}
mirror=${RETORT_MIRROR:-http://deb.debian.org/debian}

if ! command -v debootstrap >/dev/null; then
  echo "debian13: installing debootstrap"
  apt-get update -qq || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -qq debootstrap >/dev/null
fi
if [ ! -e "$root/.complete" ]; then
  rm -rf --one-file-system "$root"
  mkdir -p "$root"
  echo "debian13: making $root from $mirror"
  debootstrap --variant=minbase --include=ca-certificates,libssl3t64,zlib1g,git,procps trixie "$root" "$mirror" >"$root.log" 2>&1 ||
    { tail -5 "$root.log" >&2; exit 1; }
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/quick" # the folder can be made again: no waiting for the disk
  touch "$root/.complete"
fi

mounted=()
leave() { for at in "${mounted[@]}"; do umount "$at" 2>/dev/null || umount -l "$at"; done; }
trap leave EXIT
attach() { # attach FOLDER-OR-FILE PLACE
  if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$(dirname "$root$2")" && touch "$root$2"; fi
  mount --bind "$1" "$root$2"
  mounted=("$root$2" "${mounted[@]}")
}
mkdir -p "$root/proc" "$root/var/retort"
mount -t proc proc "$root/proc"
mounted=("$root/proc")
attach /dev /dev
attach /dev/pts /dev/pts
# The SDK's own folder, as it says itself: the command on the path may be a script of the distribution.
sdk=$(dotnet --list-sdks | sed -n 's/.*\[\(.*\)\/sdk\]$/\1/p' | tail -1)
[ -x "$sdk/dotnet" ] || { echo "debian13.sh: no .NET SDK that 'dotnet --list-sdks' names" >&2; exit 1; }
attach "$sdk" /usr/share/dotnet
ln -sfn /usr/share/dotnet/dotnet "$root/usr/bin/dotnet"
# What this machine knows about networks and package feeds.
cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
for file in "$HOME/.nuget" "$HOME/.npmrc"; do
  [ ! -e "$file" ] || attach "$file" "/var/retort/${file##*/}"
done
certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
[ ! -e "$certificates" ] || attach "$certificates" /etc/ssl/certs/ca-certificates.crt

# The files of the working tree, without what was built here, and without those of the last time that are gone.
mkdir -p "$root/retort"
files=$root/retort.files
git ls-files -co --exclude-standard | while IFS= read -r file; do [ ! -e "$file" ] || printf '%s\n' "$file"; done | sort >"$files.new"
[ ! -e "$files" ] || comm -23 "$files" "$files.new" | while IFS= read -r file; do rm -f "$root/retort/$file"; done
tar --verbatim-files-from -T "$files.new" -cf - | tar -C "$root/retort" -xf -
mv "$files.new" "$files"
inside() {
  chroot "$root" /usr/bin/env -i HOME=/var/retort PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 \
    DOTNET_CLI_TELEMETRY_OPTOUT=1 ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt bash -c 'cd /retort && exec "$@"' inside "$@"
}
echo "debian13: $(. "$root/etc/os-release" && echo "$PRETTY_NAME")"
code=0
case $what in
  door)
    inside apt-get update -qq
    inside env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -qq g++ libtorch-dev >/dev/null
    inside bash lib/Torch/native/build.sh /tmp/door
    echo "debian13: the door compiles against libtorch $(inside dpkg-query -W -f '${Version}' libtorch-dev)"
    ;;
  test) inside bash environment/test.sh "$@" || code=$? ;;
  reproduce) inside bash environment/reproduce.sh "$@" || code=$? ;;
  both)
    inside bash environment/test.sh || code=$?
    inside bash environment/reproduce.sh || code=$?
    ;;
esac
exit "$code"
