#!/bin/sh
# doctor.sh            says what is missing, what it is for and the command that installs it; exit 1 when something needed is missing
# doctor.sh --install  silent when nothing needed is missing; as root on Debian or Ubuntu installs what apt has of it
# doctor.sh --install --tests  the same, and what only tests need. Without root their absence is no problem: those tests are skipped.
set -eu
install=false tests=false
for option in "$@"; do
    case $option in
        --install) install=true ;;
        --tests) tests=true ;;
        *) echo "doctor.sh: unknown option $option" >&2; exit 2 ;;
    esac
done
packages=
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
exit "$problems"
