#!/bin/bash -p
# Puts the program that this commit names on the machine: from a release, held against the sha256 in RELEASE, or built
# from the action's own commit. Writes bin, sha256, source (release or build) and version to GITHUB_OUTPUT.
#
#   ROLECALL_BINARY         absolute path of a program that is here already; its sha256 is checked all the same
#   ROLECALL_ALLOW_LOCAL=1  do not check it; it then counts as built from source
#   ROLECALL_DOWNLOAD_BASE  folder of the assets in place of the release; https, or http on 127.0.0.1
#
# A composite step inherits the `env:` of the step that calls the action, credentials included. So the first thing is to
# start again with nothing but what is listed. `bash -p` reads no BASH_ENV and takes over no function from the
# environment. Bash 3.2 (macOS) and Git for Windows have to run this.
set -euo pipefail

fail() {
    printf '::error title=rolecall::%s\n' "$*"
    exit 1
}

action=${GITHUB_ACTION_PATH:-}
[ -n "$action" ] || fail 'GITHUB_ACTION_PATH is not set: the scripts are steps of a composite action'
# Relative entries of PATH then name folders of the action, not of the checkout.
cd "$action"

if [ "${1:-}" != --clean ]; then
    kept=(GITHUB_ACTION_PATH="$action")
    for name in PATH HOME TMPDIR GITHUB_OUTPUT GITHUB_WORKSPACE RUSTUP_HOME \
        RUNNER_OS RUNNER_ARCH RUNNER_TEMP RUNNER_TOOL_CACHE \
        ROLECALL_BINARY ROLECALL_ALLOW_LOCAL ROLECALL_DOWNLOAD_BASE \
        http_proxy https_proxy no_proxy all_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY \
        SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERPROFILE APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES TEMP TMP; do
        [ -z "${!name+set}" ] || kept+=("$name=${!name}")
    done
    exec env -i "${kept[@]}" "$PWD/action/install.sh" --clean
fi

# Windows writes its paths with backslashes.
temp=${RUNNER_TEMP:?is not set: the scripts run on a runner}
temp=${temp//\\//}
work=$(mktemp -d "$temp/rolecall-install.XXXXXX")
trap 'rm -rf "$work"' EXIT

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

# Where the asset comes from; http only on this machine, for tests.
download() { # asset file
    local base=${ROLECALL_DOWNLOAD_BASE:-https://github.com/$repository/releases/download/v$version}
    local protocol='=https'
    # A name before an `@` is no host.
    local here='^http://127\.0\.0\.1:[0-9]+(/[A-Za-z0-9._/-]*)?$'
    case $base in
        https://*) ;;
        *)
            [[ $base =~ $here ]] || fail 'ROLECALL_DOWNLOAD_BASE has to begin with https://'
            protocol='=http'
            ;;
    esac
    curl --proto "$protocol" --tlsv1.2 --fail --silent --show-error --location --retry 3 \
        --output "$2" "$base/$1" || fail "$1 cannot be downloaded from $base"
}

# cargo and rustup also read files of the folders above. A folder of the checkout must have no say in it.
refuse_settings_of_the_checkout() {
    local here above workspace
    workspace=$(cd "${GITHUB_WORKSPACE:-/}" && pwd -P)
    here=$(pwd -P)
    while [ "${here#"${workspace%/}"/}" != "$here" ] && [ "$workspace" != / ]; do
        above=${here%/*}
        for name in .cargo/config.toml .cargo/config rust-toolchain.toml rust-toolchain; do
            [ ! -e "$above/$name" ] || fail "the action lies in the checkout, whose $name would decide how it is built"
        done
        here=$above
    done
}

build() {
    command -v cargo >/dev/null || fail "no release is listed for $label and there is no cargo to build from source"
    refuse_settings_of_the_checkout
    echo "No release is listed for $label: building rolecall from the commit of the action."
    # A runner empties its folder for temporary files with every job: what was built stays for the next step only. The
    # cargo home in it holds downloads and never a configuration.
    local built=$temp/rolecall-build
    mkdir -p "$built/cargo"
    rm -f "$built/cargo/config" "$built/cargo/config.toml"
    CARGO_HOME=$built/cargo cargo build --release --locked --target-dir "$built/target" >&2 ||
        fail 'rolecall cannot be built from source'
    bin=$built/target/release/rolecall$suffix
    sha=$(sha256 "$bin")
    source=build
}

label=${RUNNER_OS:-unknown}-${RUNNER_ARCH:-unknown}
suffix=
case $label in
    Linux-X64) target=x86_64-unknown-linux-musl ;;
    Linux-ARM64) target=aarch64-unknown-linux-musl ;;
    macOS-X64) target=x86_64-apple-darwin ;;
    macOS-ARM64) target=aarch64-apple-darwin ;;
    Windows-X64) target=x86_64-pc-windows-msvc suffix=.exe ;;
    Windows-*) target='' suffix=.exe ;;
    *) target= ;;
esac

repository='' version='' sha=''
while read -r key value rest || [ -n "$key" ]; do
    case $key in
        '' | '#'*) ;;
        *) [ -n "$value" ] && [ -z "$rest" ] || fail "action/RELEASE: $key has no value, or several" ;;
    esac
    case $key in
        repository) repository=$value ;;
        version) version=$value ;;
        "$target") sha=$value ;;
    esac
done <action/RELEASE
if [ -n "$sha" ]; then
    [ -n "$repository" ] && [ -n "$version" ] || fail 'action/RELEASE names no repository or no version'
    case $sha in
        *[!0-9a-f]*) fail "action/RELEASE: the sha256 of $target is none" ;;
    esac
    [ ${#sha} = 64 ] || fail "action/RELEASE: the sha256 of $target is none"
fi

if [ -n "${ROLECALL_BINARY:-}" ]; then
    bin=$ROLECALL_BINARY
    case $bin in
        /* | [A-Za-z]:[\\/]*) ;;
        *) fail 'ROLECALL_BINARY has to be an absolute path' ;;
    esac
    [ -f "$bin" ] || fail 'ROLECALL_BINARY names no file'
    got=$(sha256 "$bin")
    source=release
    if [ "${ROLECALL_ALLOW_LOCAL:-}" = 1 ]; then
        sha=$got source=build
    elif [ -z "$sha" ]; then
        fail "no release is listed for $label, so nothing tells whether ROLECALL_BINARY is the right one"
    elif [ "$got" != "$sha" ]; then
        fail "the sha256 of ROLECALL_BINARY is $got, not $sha"
    fi
elif [ -n "$sha" ]; then
    source=release
    asset=rolecall-$target$suffix
    cache=${RUNNER_TOOL_CACHE:-$temp}
    cache=${cache//\\//}/rolecall/$sha
    bin=$cache/rolecall$suffix
    # Whoever ran on this machine before may have put anything there: it counts only with the right sum.
    if [ -e "$bin" ]; then
        if [ ! -f "$bin" ] || [ "$(sha256 "$bin")" != "$sha" ]; then
            echo '::warning title=rolecall::the tool cache holds another program under the name of rolecall; it was removed'
            rm -rf "$bin"
        fi
    fi
    if [ ! -e "$bin" ]; then
        download "$asset" "$work/$asset"
        got=$(sha256 "$work/$asset")
        [ "$got" = "$sha" ] || fail "the sha256 of $asset is $got, not $sha: it is not what this commit names"
        chmod +x "$work/$asset"
        mkdir -p "$cache"
        mv -f "$work/$asset" "$bin"
    fi
else
    build
fi

told=$("$bin" --version) || fail "rolecall does not run on this machine ($label)"
told=${told##* }
case $told in
    '' | *[!0-9A-Za-z.+-]*) fail 'rolecall --version tells no version' ;;
esac
{
    echo "bin=$bin"
    echo "sha256=$sha"
    echo "source=$source"
    echo "version=$told"
} >>"$GITHUB_OUTPUT"
echo "rolecall $told ($source, sha256 $sha)"
