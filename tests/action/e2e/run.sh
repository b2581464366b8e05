#!/usr/bin/env bash
# The real action.yml from end to end, without GitHub: wrkflw runs it, emulate keeps the state of a GitHub, prism holds
# every request against GitHub's own description, rolecall's emulators are the products.
#
#   tests/action/e2e/run.sh [Class[.test]...]
#
# Takes rolecall from ROLECALL (default: target/debug/rolecall). Its tools go to ROLECALL_TOOLS (default: a folder of the
# user's cache), so that wrkflw, which takes five minutes to build, is built once for a machine.
set -euo pipefail
cd "$(dirname "$0")/../../.."

skipped() {
    echo "SKIPPED: the action from end to end: $*" >&2
    exit 0
}

export ROLECALL=${ROLECALL:-$PWD/target/debug/rolecall}
[ -x "$ROLECALL" ] || { echo "there is no $ROLECALL; build it first" >&2; exit 1; }
tools=${ROLECALL_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/rolecall}
command -v npm >/dev/null || skipped 'there is no npm'

export ROLECALL_E2E_TOOLS=$tools/e2e
mkdir -p "$ROLECALL_E2E_TOOLS"
if ! cmp -s tests/action/e2e/package-lock.json "$ROLECALL_E2E_TOOLS/installed"; then
    cp tests/action/e2e/package.json tests/action/e2e/package-lock.json "$ROLECALL_E2E_TOOLS/"
    npm ci --prefix "$ROLECALL_E2E_TOOLS" --ignore-scripts --no-audit --no-fund --silent || skipped 'npm cannot install emulate and prism'
    cp tests/action/e2e/package-lock.json "$ROLECALL_E2E_TOOLS/installed"
fi

version=0.8.0
if [ -z "${WRKFLW:-}" ]; then
    WRKFLW=$tools/wrkflw-$version/bin/wrkflw
    if [ ! -x "$WRKFLW" ]; then
        echo "building wrkflw $version once, for about five minutes" >&2
        cargo install wrkflw --version "$version" --locked --quiet --root "$tools/wrkflw-$version" || skipped 'wrkflw cannot be built'
    fi
fi
export WRKFLW
exec python3 tests/action/e2e/scenarios.py "$@"
