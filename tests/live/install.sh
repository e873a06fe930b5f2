#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make install puts everything where a packager expects it, and make uninstall takes all of it away.
. "$(dirname "$0")/../lib/tap.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
make -s BUILD="$build" DESTDIR="$tmp" prefix=/usr install >/dev/null
(cd "$tmp" && find . -type f | sort) >"$tmp.list"
diff "$tmp.list" - <<'L'
./usr/bin/uringctl
./usr/bin/uringtop
./usr/share/bash-completion/completions/uringctl
./usr/share/bash-completion/completions/uringtop
./usr/share/fish/vendor_completions.d/uringctl.fish
./usr/share/fish/vendor_completions.d/uringtop.fish
./usr/share/man/man1/uringctl.1
./usr/share/man/man1/uringtop.1
./usr/share/man/man5/uringctl-json.5
./usr/share/zsh/site-functions/_uringctl
./usr/share/zsh/site-functions/_uringtop
L
tap $? 'make install with DESTDIR and prefix'
check 'the installed programs run' sh -c "'$tmp/usr/bin/uringctl' --version && '$tmp/usr/bin/uringtop' --version"
make -s BUILD="$build" DESTDIR="$tmp" prefix=/usr uninstall >/dev/null
[ -z "$(find "$tmp" -type f)" ]
tap $? 'make uninstall leaves nothing'
rm -f "$tmp.list"
grep -q 'make demo' <<<"$(make help)"
tap $? 'make help lists the targets'
out=$(PATH=/nonexistent "$(command -v make)" -n BUILD="$tmp/b" all 2>&1)
grep -q "pkg-config is missing: Debian package pkg-config.*make deps" <<<"$out"
tap $? 'a missing pkg-config is named with what to do'
out=$(PKG_CONFIG_LIBDIR=/nonexistent make -n BUILD="$tmp/b" all 2>&1)
grep -q "libcjson is missing: Debian package libcjson-dev.*make deps" <<<"$out"
tap $? 'a missing library is named with its Debian package'
finish
