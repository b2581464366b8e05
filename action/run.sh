#!/bin/bash -p
# Runs `rolecall ci run`, which reads the event and the inputs from the environment, decides, and writes the outputs.
# Never fails: what failed is in the output exit_code, so that the report comes before the verdict.
#
# Writes the folder for what the report needs (results), and exit_code where the program could not write it.
set -euo pipefail
unset BASH_ENV ENV CDPATH

# A step begins in the checkout, and a relative or empty entry of PATH would name a folder of it.
only_absolute() {
    local IFS=: entry kept=
    set -f
    for entry in $PATH; do
        case $entry in /*) kept=$kept${kept:+:}$entry ;; esac
    done
    set +f
    PATH=$kept
}
only_absolute

refuse() { # code message
    printf '::error title=rolecall::%s\n' "$2"
    echo "exit_code=$1" >>"$GITHUB_OUTPUT"
    exit 0
}

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

case ${INPUT_COMMAND:-} in
    validate | diff | plan | apply | drift | record | report) ;;
    *) refuse 64 'the input command has to be validate, diff, plan, apply, drift, record or report' ;;
esac
# Whatever ran since the installation may have put something else there.
if [ ! -f "${ROLECALL_BIN:-}" ] || [ "$(sha256 "$ROLECALL_BIN")" != "${ROLECALL_SHA256:-none}" ]; then
    refuse 4 'the program is not the one that was installed: its sha256 differs. Nothing was run.'
fi
cd "${GITHUB_WORKSPACE:?}"
if [ "$INPUT_COMMAND" = report ]; then
    case ${INPUT_RESULTS:-} in
        *[$'\r\n']*) refuse 64 'the input results is no path' ;;
    esac
    [ -d "${INPUT_RESULTS:-}" ] || refuse 64 'report needs the input results: the folder with the results of the shards'
    {
        echo "results=$INPUT_RESULTS"
        echo "exit_code=0"
    } >>"$GITHUB_OUTPUT"
    exit 0
fi
temp=${RUNNER_TEMP//\\//}
ROLECALL_RESULTS=$(mktemp -d "$temp/rolecall-results.XXXXXX")
export ROLECALL_RESULTS
echo "results=$ROLECALL_RESULTS" >>"$GITHUB_OUTPUT"

code=0
"$ROLECALL_BIN" ci run || code=$?
case $code in
    0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 64)
        # It writes itself how it went; where it did not, it ended before it could.
        if ! grep -q -E '^exit_code(=|<<)' "$GITHUB_OUTPUT"; then
            [ "$code" != 0 ] || code=1
            refuse "$code" 'rolecall ended before it had a result; the log says why'
        fi
        ;;
    *) refuse 1 "rolecall could not run to its end (status $code)" ;;
esac
