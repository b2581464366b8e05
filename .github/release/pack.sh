#!/usr/bin/env bash
# pack.sh TARGET FOLDER OUT: puts the program that was built in FOLDER into OUT twice: by itself, as the action takes it,
# and in an archive with completions, manual pages and licences, as people and `cargo binstall` take it.
set -euo pipefail
[ $# = 3 ] || { echo 'pack.sh TARGET FOLDER OUT' >&2; exit 64; }
target=$1 built=$2 out=$3
cd "$(dirname "$0")/../.."

suffix=
case $target in *-windows-*) suffix=.exe ;; esac
program=$built/rolecall$suffix
told=$("$program" --version)
version=${told##* }
case $target in
*-linux-musl)
    if command -v file >/dev/null && ! file -b "$program" | grep -qE 'static(ally|-pie) linked'; then
        echo "$program is not static" >&2
        exit 1
    fi
    ;;
esac

rm -rf "$out"
name=rolecall-$version-$target
mkdir -p "$out/$name/completions" "$out/$name/man"
cp "$program" "$out/rolecall-$target$suffix"
cp "$program" README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$out/$name/"
for shell in bash elvish fish powershell zsh; do
    "$program" completions "$shell" >"$out/$name/completions/rolecall.$shell"
done
"$program" man --out "$out/$name/man"
[ -s "$out/$name/man/rolecall.1" ] || { echo 'there are no manual pages' >&2; exit 1; }

# The same files make the same archive: by name, of nobody, of the time of the commit.
cd "$out"
case $target in
*-windows-*) 7z a -bso0 "$name.zip" "$name" ;;
*-linux-*)
    time=${SOURCE_DATE_EPOCH:-$(git -C "$OLDPWD" log -1 --format=%ct)}
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$time" -cf - "$name" | gzip -n9 >"$name.tar.gz"
    ;;
*) tar -czf "$name.tar.gz" "$name" ;;
esac
rm -rf "$name"
