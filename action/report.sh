#!/bin/bash -p
# Runs `rolecall ci report`: the comment, the issue, the result on the merged pull requests. It talks to GitHub only, so
# it sees only what GitHub, the runner and the network need, and no credential of a provider. Never fails: a comment that
# cannot be written is a warning, and the verdict is about the roles.
set -euo pipefail

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

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}
warn() {
    printf '::warning title=rolecall::%s\n' "$*"
    exit 0
}

[ -n "${ROLECALL_RESULTS:-}" ] || exit 0
if [ ! -f "${ROLECALL_BIN:-}" ] || [ "$(sha256 "$ROLECALL_BIN")" != "${ROLECALL_SHA256:-none}" ]; then
    warn 'there is no report: the program is not the one that was installed'
fi
while read -r name; do
    case $name in
        GITHUB_* | RUNNER_* | INPUT_* | CI | PATH | HOME | TMPDIR | LANG | TZ | ROLECALL_RESULTS | ROLECALL_ALLOW_HOSTS) ;;
        http_proxy | https_proxy | no_proxy | all_proxy | HTTP_PROXY | HTTPS_PROXY | NO_PROXY | ALL_PROXY) ;;
        SSL_CERT_FILE | SSL_CERT_DIR | SYSTEMROOT | SYSTEMDRIVE | WINDIR | TEMP | TMP) ;;
        ROLECALL_BIN) export -n ROLECALL_BIN ;;
        *) unset "$name" 2>/dev/null || export -n "${name?}" ;;
    esac
done < <(compgen -e)
# What was run stands in the results.
unset INPUT_COMMAND INPUT_RESULTS
cd "${GITHUB_WORKSPACE:?}"
"$ROLECALL_BIN" ci report || warn "the report could not be made (exit code $?); the verdict is not affected"
