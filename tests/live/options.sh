#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --help, the man page and the three completions name exactly the same options; the completions are asked through their shells.
. "$(dirname "$0")/../lib/tap.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'zoo_end; rm -rf "$tmp"' EXIT
PATH=$(cd "$build" && pwd):$PATH
export PATH LC_ALL=C.UTF-8 TERM=xterm

options_of_help() { # COMMAND
  "$ctl" "$1" --help | grep -E '^ +(-[a-z], )?--' | grep -oE '(^| )(-[a-z]|--[a-z-]+)(,| |$)' | tr -d ', ' | sort -u
}

# the man page has one list for all commands
for c in list dump schema; do options_of_help $c; done | sort -u >"$tmp/help"
sed -n '/^The options are:/,/^\.El/p' "$top/man/uringctl.1" | grep '^\.It' | grep -oE 'Fl -?[a-z-]+' |
  sed -E 's/Fl (-?[a-z-]+)/-\1/' | sort -u >"$tmp/of_man"
diff "$tmp/help" "$tmp/of_man" >"$tmp/diff"
tap $? 'man page and --help name the same options'
sed 's/^/# /' "$tmp/diff"
# the synopsis gives each command its own
for c in list dump; do
  options_of_help $c | grep -- '^--[a-z]' | grep -v -- --help | while read -r o; do
    letter=$("$ctl" $c --help | sed -n "s/^ *\(-[a-z]\), $o .*/\1/p")
    sed -n '/^.Sh SYNOPSIS/,/^.Sh DESC/p' "$top/man/uringctl.1" | awk -v c="$c" '/^\.Cm/ {on = $2 == c} on' |
      grep -qE "Fl (${letter#-}|-${o#--})( |\$)" || echo "$c $o"
  done
done >"$tmp/missing"
[ ! -s "$tmp/missing" ]
tap $? 'the synopsis has every option of each command'
# that a page of another package is not installed, or the index of those that are is old, says nothing about ours
mandoc -Tlint "$top"/man/* 2>&1 | grep -v -e 'outdated mandoc.db' -e 'referenced manual not found: Xr' >"$tmp/lint"
[ ! -s "$tmp/lint" ]
tap $? 'mandoc -Tlint says nothing'
sed 's/^/# /' "$tmp/lint"

bash_says() { # WORD...: what bash offers for the last
  bash --norc -c '
    . /usr/share/bash-completion/bash_completion
    . "$1"; shift
    COMP_WORDS=(uringctl "$@") COMP_CWORD=$# COMP_LINE="uringctl $*" COMP_POINT=${#COMP_LINE}
    _uringctl
    printf "%s\n" "${COMPREPLY[@]}"' bash "$top/completions/uringctl.bash" "$@" 2>/dev/null | grep . | sort -u
}

fish_says() {
  fish --no-config -c 'source $argv[1]; complete -C "uringctl $argv[2..-1]"' "$top/completions/uringctl.fish" "$@" 2>/dev/null |
    cut -f1 | grep . | sort -u
}

# zsh completes in a terminal only; the words that it shows or inserts
zsh_says() {
  zsh -f "$top/tests/live/ask.zsh" "$tmp/zsh" "$*" 2>/dev/null | sed 's/\x1b\[[0-9;?]*[A-Za-z]/ /g' | tr '\r\a ' '\n\n\n' |
    grep . | sort -u
}
mkdir -p "$tmp/zsh"
cp "$top/completions/uringctl.zsh" "$tmp/zsh/_uringctl"

zoo plain
for c in list dump schema; do
  options_of_help $c >"$tmp/help"
  bash_says $c - >"$tmp/bash"
  diff "$tmp/help" "$tmp/bash" >"$tmp/diff"
  tap $? "bash: the options of $c"
  sed 's/^/# /' "$tmp/diff"
  { fish_says "$c -" && fish_says "$c --"; } | sort -u | grep -- '^-' >"$tmp/fish"
  diff "$tmp/help" "$tmp/fish" >"$tmp/diff"
  tap $? "fish: the options of $c"
  sed 's/^/# /' "$tmp/diff"
  { zsh_says "$c -" && zsh_says "$c --"; } | grep -xE -- '--[a-z-]+|-[a-z]' | sort -u >"$tmp/zsh.out"
  diff "$tmp/help" "$tmp/zsh.out" >"$tmp/diff"
  tap $? "zsh: the options of $c"
  sed 's/^/# /' "$tmp/diff"
done
ring=$("$ctl" list -p "$zoo_pid" | awk 'NR == 2 {print $1}')
bash_says dump -p '' | grep -qx "$zoo_pid"
tap $? 'bash: pids of processes with rings'
bash_says dump --ring '' | grep -qx "$ring"
tap $? 'bash: ids of rings'
fish_says 'dump -p ' | grep -qx "$zoo_pid"
tap $? 'fish: pids of processes with rings'
fish_says 'dump --ring ' | grep -qx "$ring"
tap $? 'fish: ids of rings'
zsh_says 'dump -p ' | grep -qx "$zoo_pid"
tap $? 'zsh: pids of processes with rings'
zsh_says 'dump --ring ' | grep -qx "$ring"
tap $? 'zsh: ids of rings'
exit $failed
