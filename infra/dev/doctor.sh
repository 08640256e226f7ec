#!/bin/sh
# doctor.sh            lists what is missing, its purpose and the command that installs it. Exits 1 when something needed is missing.
# doctor.sh --install  as root on Debian or Ubuntu installs what apt offers. Silent when nothing needed is missing.
# doctor.sh --install --tests  the same, and what only tests need. Without root they may be missing: those tests are skipped.
# doctor.sh --install --cross  the same, and the tools to build the layer for the other architecture.
set -eu
install=false tests=false cross=false
for option in "$@"; do
    case $option in
        --install) install=true ;;
        --tests) tests=true ;;
        --cross) cross=true ;;
        *) echo "doctor.sh: unknown option $option" >&2; exit 2 ;;
    esac
done
packages= useful=
problems=0

has() { command -v "$1" >/dev/null 2>&1; }
say() { $install || echo "$1"; }

need() { # need <apt package> <what for> <check...>
    package=$1 purpose=$2
    shift 2
    if "$@"; then
        say "ok       $package"
    else
        say "missing  $package: $purpose"
        packages="$packages $package"
    fi
}

for_tests() { # for_tests <command> <what for> [<apt package>]
    if has "$1"; then
        say "ok       $1"
    elif $tests && [ "$(id -u)" = 0 ] && has apt-get; then
        packages="$packages ${3:-$1}"
    else
        say "absent   $1 (optional): $2; apt-get install ${3:-$1}"
    fi
}

of_use() { # of_use <true to install it> <apt package> <what for> <check...>: what it is for is left out where it cannot be had
    wanted=$1 package=$2 purpose=$3
    shift 3
    if "$@"; then
        say "ok       $package"
    else
        say "absent   $package (optional): $purpose; apt-get install $package"
        ! $wanted || useful="$useful $package"
    fi
}

static_library() { [ -n "$(find /usr/lib /usr/lib64 -maxdepth 2 -name "$1" 2>/dev/null | head -n 1)" ]; }

optional() { # optional <command> <what for> <how to get it>
    if has "$1"; then say "ok       $1"; else say "absent   $1 (optional): $2; $3"; fi
}

need gcc "links the native binary" has gcc
need libc6-dev "static libc for the native binary" static_library libc.a
need libssl-dev "static OpenSSL for the native binary" static_library libssl.a
need cmake "NativeAOT compiles its OpenSSL shim with it" has cmake
need make "runs the builds" has make
need binutils "strips the binary and checks how it is linked" has readelf
need zip "packs the layer" has zip
need unzip "lists what was packed" has unzip
need file "a test asks it whether the binary is static" has file

case $(uname -m) in
    aarch64) other=x86-64 other_debian=amd64 other_triplet=x86_64-linux-gnu ;;
    *) other=aarch64 other_debian=arm64 other_triplet=aarch64-linux-gnu ;;
esac
cross_library() { has "$other_triplet-gcc" && [ -f "$("$other_triplet-gcc" -print-file-name=libc.a)" ]; }
of_use true advancecomp "makes the zips 3 % smaller" has advzip
of_use $cross "gcc-$other-linux-gnu" "builds the layer for $other_debian: make layer ARCHITECTURE=all" has "$other_triplet-gcc"
of_use $cross "libc6-dev-$other_debian-cross" "static libc for the layer for $other_debian" cross_library

for_tests spin "checks the model of the lock-free channel"
for_tests buildah "builds the layer as a container image"
for_tests umoci "a test unpacks that image"
for_tests skopeo "a test reads that image"
for_tests ssh-keygen "signs a release" openssh-client
for_tests minisign "signs a release, another way"
for_tests chromium "a test reads the page of the sandbox in it"

if has dotnet && dotnet --list-sdks 2>/dev/null | grep -Eq '^10\.'; then
    say "ok       dotnet SDK"
else
    echo "missing  .NET SDK 10: install it from https://dotnet.microsoft.com/download, or as package dotnet-sdk-10.0 where your distribution has it" >&2
    problems=1
fi

$install || {
    optional node "the tests with the OpenTelemetry JS SDK" "apt-get install nodejs npm"
    optional terraform "checks infra/terraform" "https://developer.hashicorp.com/terraform/install"
    optional cfn-lint "checks template.yaml" "pip install cfn-lint"
    optional sam "deploys template.yaml" "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html"
    if has python3 && python3 -c 'import moto.server' 2>/dev/null; then
        say "ok       moto"
    else
        say "absent   moto (optional): the tests and the demo with CloudWatch Logs; pip install 'moto[server]'"
    fi
    optional aws "a test of what it prints of dead letters" "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
}

if [ -n "$packages" ]; then
    command="apt-get install -y --no-install-recommends$packages"
    if $install && [ "$(id -u)" = 0 ] && has apt-get; then
        echo "installing:$packages"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive $command -qq >/dev/null
    else
        echo "missing:$packages. On Debian or Ubuntu, as root: $command" >&2
        problems=1
    fi
fi
# Try only once: otherwise a machine without network would lose the same seconds in every make.
tried=$(dirname "$0")/../../artifacts/useful-packages-tried
if $install && [ -n "$useful" ] && [ "$(id -u)" = 0 ] && has apt-get && [ "$useful" != "$(cat "$tried" 2>/dev/null)" ]; then
    echo "installing:$useful"
    mkdir -p "$(dirname "$tried")"
    echo "$useful" >"$tried"
    [ -n "$packages" ] || apt-get update -qq || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -qq $useful >/dev/null ||
        echo "cannot install:$useful; continuing without. As root: apt-get install -y$useful" >&2
fi
exit "$problems"
