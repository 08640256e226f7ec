#!/bin/sh
# check.sh [defines]: checks the model of the channel (channel.pml) with SPIN. Without arguments: every variant that must hold, and every one without one
# ordering, in which SPIN must find the error. With arguments: reports whether that variant holds. Needs spin and gcc.
set -eu
model=$(cd "$(dirname "$0")" && pwd)/channel.pml
command -v spin >/dev/null 2>&1 || { echo "spin is not installed; as root: apt-get install -y spin" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

holds() { # holds <defines...>: 0 when no error was found, 1 when one was, and a broken run ends the script
    (cd "$work" && rm -f pan* && spin -a "$@" "$model" >spin.log 2>&1 && gcc -O2 -DSAFETY -DCOLLAPSE -DVECTORSZ=2048 -w -o pan pan.c && ./pan -m1000000 -w24 >pan.log 2>&1) ||
        { cat "$work"/*.log >&2; exit 2; }
    grep -q "max search depth too small\|out of memory" "$work/pan.log" && { cat "$work/pan.log" >&2; exit 2; }
    summary=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' "$work/pan.log")
    states=$(sed -n 's/ *\([0-9.e+]*\) states, stored.*/\1/p' "$work/pan.log")
    [ "$summary" = 0 ]
}

if [ $# -gt 0 ]; then
    if holds "$@"; then echo "holds, $states states"; else echo "an error was found"; grep '^pan:' "$work/pan.log"; exit 1; fi
    exit 0
fi

wrong=0
while read -r defines; do
    # shellcheck disable=SC2086
    if holds $defines; then echo "holds ($states states):   $defines"; else echo "AN ERROR WAS FOUND:  $defines"; grep '^pan:' "$work/pan.log"; wrong=1; fi
done <<EOF
-DCAPACITY=2
-DCAPACITY=1
-DCLOSE_EARLY -DITEMS=1
-DCLOSE_EARLY -DWRITERS=1 -DITEMS=4
EOF
while read -r defines; do
    # shellcheck disable=SC2086
    if holds $defines; then echo "NO ERROR WAS FOUND:  $defines"; wrong=1; else echo "error found:         $defines"; fi
done <<EOF
-DNO_BARRIER_READ
-DNO_BARRIER_SPACE -DCAPACITY=1
-DNO_BARRIER_COMPLETE
-DNO_RELEASE_PUBLISH
-DNO_ACQUIRE_READ
-DNO_RELEASE_FREE
EOF
exit "$wrong"
