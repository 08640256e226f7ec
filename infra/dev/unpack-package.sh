#!/bin/sh
# unpack-package.sh <debian architecture> <package> <folder>: downloads a Debian package with this machine's apt sources and unpacks it in a folder.
# Nothing is installed, and root is not needed: apt uses lists and a status file beside the folder. On failure it prints one line with the reason.
set -eu
architecture=$1 package=$2 folder=$3

command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || { echo "this machine has no apt" >&2; exit 1; }
mkdir -p "$folder"
work=$(cd "$folder" && pwd).apt
rm -rf "$work"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
: >"$work/status"
cat >"$work/apt.conf" <<EOF
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "root";
Dir::State::Lists "$work/lists";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
EOF
export APT_CONFIG="$work/apt.conf"
if ! (cd "$work" && apt-get update -qq && apt-get download -qq "$package" && dpkg-deb -x ./*.deb "$folder") >"$work/log" 2>&1; then
    grep -m 1 '^E:' "$work/log" >&2 || tail -n 1 "$work/log" >&2
    exit 1
fi
