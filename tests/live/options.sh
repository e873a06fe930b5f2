#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --help, the man pages and the three completions name exactly the same options; the completions are asked through their shells. The
# keys of uringtop are those of its man page.
. "$(dirname "$0")/../lib/tap.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'zoo_end; rm -rf "$tmp"' EXIT
PATH=$(cd "$build" && pwd):$PATH
export PATH LC_ALL=C.UTF-8 TERM=xterm

options_of_help() { # PROGRAM [COMMAND]
  "$build/$1" ${2:+"$2"} --help | grep -E '^ +(-[a-zA-Z], )?--' | grep -oE '(^| )(-[a-zA-Z]|--[a-z-]+)(,| |$)' | tr -d ', ' | sort -u
}
options_of_man() { # PAGE
  sed -n '/^The options are:/,/^\.El/p' "$top/man/$1.1" | grep '^\.It' | grep -oE 'Fl -?[a-zA-Z-]+' |
    sed -E 's/Fl (-?[a-zA-Z-]+)/-\1/' | sort -u
}

# uringctl's man page has one list for all commands
for c in list dump trace schema; do options_of_help uringctl $c; done | sort -u >"$tmp/help"
options_of_man uringctl >"$tmp/of_man"
diff "$tmp/help" "$tmp/of_man" >"$tmp/diff"
tap $? 'man page and --help name the same options'
sed 's/^/# /' "$tmp/diff"
options_of_help uringtop >"$tmp/help"
options_of_man uringtop >"$tmp/of_man"
diff "$tmp/help" "$tmp/of_man" >"$tmp/diff"
tap $? 'those of uringtop too'
sed 's/^/# /' "$tmp/diff"
for o in $(grep -- '^--[a-z]' "$tmp/help"); do
  letter=$("$build/uringtop" --help | sed -n "s/^ *-\([a-zA-Z]\), $o .*/\1/p")
  sed -n '/^.Sh SYNOPSIS/,/^.Sh DESC/p' "$top/man/uringtop.1" | grep -qE "Fl (${letter:-none}|-${o#--})( |\$)" || echo "$o"
done | grep -v -e --help -e --version >"$tmp/missing"
[ ! -s "$tmp/missing" ]
tap $? 'its synopsis has every option'
# its keys: "keys", a tab, what they do
"$build/uringtop" --help | sed '1,/^Keys:/d' |
  awk '{k = substr($0, 3, 14); sub(/ +$/, "", k); print k "\t" substr($0, 17)}' >"$tmp/keys"
sed -n '/^.Sh KEYS/,/^.El/p' "$top/man/uringtop.1" | sed 's/\\&//g; s/\\e/\\/g' |
  awk '/^\.It Ic/ {sub(/^\.It Ic /, ""); printf "%s\t", $0; getline; print}' >"$tmp/of_man"
[ "$(wc -l <"$tmp/keys")" -gt 30 ] && diff "$tmp/keys" "$tmp/of_man" >"$tmp/diff"
tap $? 'the keys of --help, which are those of the help screen, and of the man page are the same'
sed 's/^/# /' "$tmp/diff"
# and its columns
sed -n '/^.Sh COLUMNS/,/^.El/p' "$top/man/uringtop.1" | grep '^\.It Cm' | sed 's/^.It Cm //; s/ , /\n/g' | sort >"$tmp/of_man"
"$build/uringtop" --sort help | sort | diff - "$tmp/of_man" >"$tmp/diff"
tap $? 'the columns'
sed 's/^/# /' "$tmp/diff"
# the synopsis gives each command its own
for c in list dump trace; do
  options_of_help uringctl $c | grep -- '^--[a-z]' | grep -v -- --help | while read -r o; do
    letter=$("$ctl" $c --help | sed -n "s/^ *\(-[a-z]\), $o .*/\1/p")
    sed -n '/^.Sh SYNOPSIS/,/^.Sh DESC/p' "$top/man/uringctl.1" | awk -v c="$c" '/^\.Cm/ {on = $2 == c} on' |
      grep -qE "Fl (${letter#-}|-${o#--})( |\$)" || echo "$c $o"
  done
done >"$tmp/missing"
[ ! -s "$tmp/missing" ]
tap $? 'the synopsis has every option of each command'
# that a page of another package is not installed, or the index of those that are is old, says nothing about ours
mandoc -Tlint "$top"/man/*.[1-9] 2>&1 | grep -v -e 'outdated mandoc.db' -e 'referenced manual not found: Xr' >"$tmp/lint"
[ ! -s "$tmp/lint" ]
tap $? 'mandoc -Tlint says nothing'
sed 's/^/# /' "$tmp/lint"

bash_says() { # PROGRAM WORD...: what bash offers for the last
  bash --norc -c '
    . /usr/share/bash-completion/bash_completion
    . "$1"; shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
    _$1
    printf "%s\n" "${COMPREPLY[@]}"' bash "$top/completions/$1.bash" "$@" 2>/dev/null | grep . | sort -u
}

fish_says() { # LINE
  fish --no-config -c 'source $argv[1]; complete -C "$argv[2]"' "$top/completions/${1%% *}.fish" "$1" 2>/dev/null |
    cut -f1 | grep . | sort -u
}

# zsh completes in a terminal only; the words that it shows or inserts
zsh_says() { # LINE
  zsh -f "$top/tests/live/ask.zsh" "$tmp/zsh" "$1" 2>/dev/null | sed 's/\x1b\[[0-9;?]*[A-Za-z]/ /g' | tr '\r\a ' '\n\n\n' |
    grep . | sort -u
}
mkdir -p "$tmp/zsh"
for p in uringctl uringtop; do cp "$top/completions/$p.zsh" "$tmp/zsh/_$p"; done

zoo plain
for c in 'uringctl list' 'uringctl dump' 'uringctl trace' 'uringctl schema' uringtop; do
  # shellcheck disable=SC2086  # two words
  options_of_help $c >"$tmp/help"
  # shellcheck disable=SC2086
  bash_says $c - >"$tmp/bash"
  diff "$tmp/help" "$tmp/bash" >"$tmp/diff"
  tap $? "bash: the options of $c"
  sed 's/^/# /' "$tmp/diff"
  { fish_says "$c -" && fish_says "$c --"; } | sort -u | grep -- '^-' >"$tmp/fish"
  diff "$tmp/help" "$tmp/fish" >"$tmp/diff"
  tap $? "fish: the options of $c"
  sed 's/^/# /' "$tmp/diff"
  { zsh_says "$c -" && zsh_says "$c --"; } | grep -xE -- '--[a-z-]+|-[a-zA-Z]' | sort -u >"$tmp/zsh.out"
  diff "$tmp/help" "$tmp/zsh.out" >"$tmp/diff"
  tap $? "zsh: the options of $c"
  sed 's/^/# /' "$tmp/diff"
done
ring=$("$ctl" list -p "$zoo_pid" | awk 'NR == 2 {print $1}')
for c in 'uringctl dump' uringtop; do
  # shellcheck disable=SC2086
  bash_says $c -p '' | grep -qx "$zoo_pid"
  tap $? "bash: $c: pids of processes with rings"
  fish_says "$c -p " | grep -qx "$zoo_pid"
  tap $? "fish: $c: pids of processes with rings"
  zsh_says "$c -p " | grep -qx "$zoo_pid"
  tap $? "zsh: $c: pids of processes with rings"
done
bash_says uringctl dump --ring '' | grep -qx "$ring"
tap $? 'bash: ids of rings'
fish_says 'uringctl dump --ring ' | grep -qx "$ring"
tap $? 'fish: ids of rings'
zsh_says 'uringctl dump --ring ' | grep -qx "$ring"
tap $? 'zsh: ids of rings'
bash_says uringtop --sort '' | grep -qx completed
tap $? 'bash: columns'
fish_says 'uringtop --sort ' | grep -qx completed
tap $? 'fish: columns'
zsh_says 'uringtop --sort ' | grep -qx completed
tap $? 'zsh: columns'
finish
