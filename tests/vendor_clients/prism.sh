#!/usr/bin/env bash
# Puts prism between WorkOS's own client and the emulator, so that each request and each answer is held against
# the vendor's OpenAPI document. A violation becomes an error 500, which the client's script does not expect.
#
#   ROLECALL_VENDOR_PYTHON=.../python ROLECALL_WORKOS_OPENAPI=.../document.yaml tests/vendor_clients/prism.sh
#
# Takes `rolecall` from ROLECALL (default: target/debug/rolecall) and prism from PRISM (default: through npx).
# Job control gives each background process a group of its own, which ends as a whole.
set -euom pipefail
cd "$(dirname "$0")/../.."

for name in ROLECALL_VENDOR_PYTHON ROLECALL_WORKOS_OPENAPI; do
    if [ -z "${!name:-}" ]; then
        echo "SKIPPED: set $name" >&2
        exit 0
    fi
done
rolecall=${ROLECALL:-target/debug/rolecall}
read -r -a prism <<<"${PRISM:-npx --yes --ignore-scripts @stoplight/prism-cli@5.14.2}"
if [ -z "${PRISM:-}" ] && ! command -v npx >/dev/null; then
    echo "SKIPPED: there is no npx" >&2
    exit 0
fi

work=$(mktemp -d)
started=()
finish() {
    for process in "${started[@]}"; do kill -- "-$process" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT

"$rolecall" emulate workos --switch rate_limits=off >"$work/emulator" &
started+=($!)
for _ in $(seq 100); do [ -s "$work/emulator" ] && break; sleep 0.1; done
url=$(sed -E 's/.*"url":"([^"]+)".*/\1/' "$work/emulator")

port=${PRISM_PORT:-4111}
"${prism[@]}" proxy -h 127.0.0.1 -p "$port" --errors "$ROLECALL_WORKOS_OPENAPI" "$url" >"$work/prism" 2>&1 &
started+=($!)
for _ in $(seq 600); do grep -q 'listening' "$work/prism" && break; sleep 0.1; done

if ! "$ROLECALL_VENDOR_PYTHON" tests/vendor_clients/workos_client.py "http://127.0.0.1:$port" sk_test_acme --documented; then
    grep -iE 'violation|error' "$work/prism" | tail -n 40 >&2
    exit 1
fi
