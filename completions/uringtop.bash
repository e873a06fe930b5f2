# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for uringtop

_uringtop() {
	local cur prev words cword
	_init_completion -n = || return
	case $prev in
	-p | --pid)
		# the pids in the column of holders
		mapfile -t COMPREPLY < <(compgen -W "$(uringctl list 2>/dev/null | grep -oE '[0-9]+\)?:[0-9m]' | tr -d ')' | cut -d: -f1 | sort -u)" -- "$cur")
		return
		;;
	--sort)
		mapfile -t COMPREPLY < <(compgen -W "$(uringtop --sort help 2>/dev/null)" -- "$cur")
		return
		;;
	--color)
		mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
		return
		;;
	--source)
		mapfile -t COMPREPLY < <(compgen -W 'proc memory kernel proc,memory' -- "$cur")
		return
		;;
	--from)
		_filedir
		return
		;;
	-d | --delay | -n | --iterations | --filter) return ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W '-p --pid -d --delay -b --batch -n --iterations --from --sort --filter --tree --source --color --ascii -h --help -V --version' -- "$cur")
}

complete -F _uringtop uringtop
