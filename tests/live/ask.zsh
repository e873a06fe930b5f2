# SPDX-License-Identifier: GPL-2.0-or-later
# ask.zsh DIR LINE: what an interactive zsh, which finds its completions in DIR, shows when Tab is pressed behind LINE
zmodload zsh/zpty
zpty z "TERM=dumb zsh -f -i"
zpty -w z "PROMPT=; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; zstyle ':completion:*' verbose no; LISTMAX=100000; unsetopt list_ambiguous; stty columns 60 rows 500; print rea''dy"
zpty -r z out '*ready*'
zpty -n -w z "$2"$'\t'
# until nothing has come for half a second
for ((quiet = 0; quiet < 5;)); do
  if zpty -rt z out; then
    print -rn -- $out
    quiet=0
  else
    sleep 0.1
    ((++quiet))
  fi
done
zpty -d z
