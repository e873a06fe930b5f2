# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for uringctl

_uringctl() {
	local cur prev words cword command options
	_init_completion -n = || return
	command=${words[1]}
	if ((cword == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'list dump trace schema --help --version' -- "$cur")
		return
	fi
	case $command in
	list) options='-p --pid --json --source --color -h --help' ;;
	dump) options='-p --pid --fd --ring -s --data --max-requests --max-files --max-memory --max-text --from --json --source --color -h --help' ;;
	trace) options='-p --pid -n --iterations --for -t --time -r --relative -s --data -o --output -e --expression --json --chrome -c --summary --by --hist -i --interval -b --buffer --color -h --help' ;;
	schema) options='-h --help' ;;
	*) return ;;
	esac
	case $prev in
	-p | --pid)
		# the pids in the column of holders
		mapfile -t COMPREPLY < <(compgen -W "$(uringctl list 2>/dev/null | grep -oE '[0-9]+\)?:[0-9m]' | tr -d ')' | cut -d: -f1 | sort -u)" -- "$cur")
		return
		;;
	--ring)
		mapfile -t COMPREPLY < <(compgen -W "$(uringctl list 2>/dev/null | awk 'NR > 1 {print $1}')" -- "$cur")
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
	--by)
		mapfile -t COMPREPLY < <(compgen -W 'op ring file pid' -- "$cur")
		return
		;;
	-e | --expression)
		mapfile -t COMPREPLY < <(compgen -W 'op= ring= fd= res=error res=ok path= enter events' -- "$cur")
		return
		;;
	--from | -o | --output | --chrome)
		_filedir
		return
		;;
	--max-memory | --max-text)
		mapfile -t COMPREPLY < <(compgen -W '4M 64M 128M 1G none' -- "$cur")
		return
		;;
	--fd | -s | --data | --max-requests | --max-files | -n | --iterations | --for | -i | --interval | -b | --buffer) return ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
}

complete -F _uringctl uringctl
