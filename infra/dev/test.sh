#!/bin/sh
# test.sh <configuration> <project>...: runs built test projects (with the options in TEST_ARGS), says why tests were skipped, and ends with the sum over all of
# them, "N passed, N failed[, N skipped]". Fails when a test failed, when a run broke off, and when no test ran at all. With CI=true a test
# that was skipped for a reason that is not in allowed-skips has failed.
# Some tests measure real time, and a busy machine fails them. So a few failed tests run once more, alone. One that then passes is counted as
# passed and named as flaky at the end. What failed twice is named there too, because some only see the end of the output.
set -u
configuration=$1
shift
results=$(dirname "$0")/../../artifacts/test-results
rm -rf "$results"
mkdir -p "$results"
passed=0 failed=0 skipped=0
MOST_AGAIN=12

allowed() { printf '%s\n' "$1" | grep -Eq "$(sed '/^#/d; /^$/d' "$(dirname "$0")/allowed-skips" | paste -sd '|' -)"; }

# The names of the failed tests, without arguments.
failures() {
    grep -o '<UnitTestResult [^>]*outcome="Failed"' "$1" | sed 's/.*testName="\([^"(]*\).*/\1/' | sort -u
}

# again <project> <name> <trx>: whether the tests that failed pass when they run alone.
again() {
    [ "$(failures "$3" | wc -l)" -le "$MOST_AGAIN" ] || return 1
    echo "$2: once more, alone: $(failures "$3" | paste -sd ' ' -)"
    # shellcheck disable=SC2046 # a name has no spaces
    dotnet test --project "$1" -c "$configuration" --no-build $(failures "$3" | sed 's/^/--filter-method /') --parallel none --results-directory "$results" \
        --report-xunit-trx --report-xunit-trx-filename "$2.again.trx" </dev/null
}

# The trx file is XML with one <Counters total= executed= passed= failed= .../> element.
counter() { sed -n "s/.*<Counters.*[ ]$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1; }

for project in "$@"; do
    name=$(basename "$project")
    trx=$results/$name.trx
    dotnet test --project "$project" -c "$configuration" --no-build ${TEST_ARGS:-} --results-directory "$results" \
        --report-xunit-trx --report-xunit-trx-filename "$name.trx" </dev/null
    code=$?
    # A project without any test makes no file, and dotnet test calls that a success.
    if [ ! -s "$trx" ] && [ "$code" = 0 ]; then
        echo "$name: no tests"
        continue
    fi
    total=$(counter "$trx" total) executed=$(counter "$trx" executed)
    here_passed=$(counter "$trx" passed) here_failed=$(counter "$trx" failed)
    here_skipped=$((${total:-0} - ${executed:-0}))
    if [ "${here_failed:-0}" -gt 0 ]; then
        names=$(failures "$trx" | sed 's/^/  /')
        if again "$project" "$name" "$trx"; then
            flaky="${flaky:-}$names
"
            here_passed=$((here_passed + here_failed)) here_failed=0 code=0
        else
            broken="${broken:-}$names
"
        fi
    fi
    # A test host that crashed or hung leaves no failed test behind.
    [ "$code" != 0 ] && [ "${here_failed:-0}" = 0 ] && { echo "$name: the run broke off with exit code $code"; here_failed=1; }
    skips=$results/$name.skips
    # Many results stand in one line of the file. The reason of a skipped one is its output.
    sed 's/<UnitTestResult /\n&/g' "$trx" 2>/dev/null | awk '/<UnitTestResult / { test = ""; if (/outcome="NotExecuted"/ && match($0, /testName="[^"]*"/)) test = substr($0, RSTART + 10, RLENGTH - 11) }
         test != "" && match($0, /<StdOut>.*/) { reason = substr($0, RSTART + 8); sub(/<\/StdOut>.*/, "", reason); print test "\t" reason; test = "" }' >"$skips"
    if [ "${CI:-}" = true ]; then
        while IFS="$(printf '\t')" read -r test reason; do
            allowed "$reason" || {
                broken="${broken:-}  $test (skipped: $reason)
"
                here_failed=$((${here_failed:-0} + 1)) here_skipped=$((here_skipped - 1))
            }
        done <"$skips"
    fi
    echo "$name: ${here_passed:-0} passed, ${here_failed:-0} failed, $here_skipped skipped"
    sed 's/^/  skipped /; s/\t/: /' "$skips"
    passed=$((passed + ${here_passed:-0})) failed=$((failed + ${here_failed:-0})) skipped=$((skipped + here_skipped))
done

[ -z "${flaky:-}" ] || printf 'flaky: failed, then passed alone:\n%s' "$flaky"
[ -z "${broken:-}" ] || printf 'failed:\n%s' "$broken"
[ "$((passed + failed))" -gt 0 ] || echo "not a single test ran"
if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
