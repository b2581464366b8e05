#!/bin/bash -p
# Turns the exit code of the run into the result of the job: docs/exit-codes.md says what each means.
set -euo pipefail

fail() {
    printf '::error title=rolecall::%s\n' "$*"
    exit 1
}

case "${ROLECALL_EXIT_CODE:-}:${INPUT_COMMAND:-}:${INPUT_FAIL_ON_DRIFT:-}" in
    2:drift:false) echo 'There is drift; fail_on_drift is false.' ;;
    2:drift:*) fail 'there is drift' ;;
    0:* | 2:*) ;;
    8:*) echo '::warning title=rolecall::done as far as the API goes; manual steps remain' ;;
    1:*) fail 'failed' ;;
    3:*) fail 'the definitions are invalid' ;;
    4:*) fail 'refused by a guard, a policy or a trust rule' ;;
    5:*) fail 'the plan is stale or not the expected one; nothing was written' ;;
    6:*) fail 'applied partly' ;;
    7:*) fail 'a provider cannot be reached, limits the rate, or was read incompletely' ;;
    64:*) fail 'an input of the action is wrong' ;;
    *) fail 'ended without a known exit code' ;;
esac
