#compdef uringctl
# SPDX-License-Identifier: GPL-2.0-or-later

_uringctl_pids() {
	local -a pids
	# the pids in the column of holders
	pids=(${(fu)"$(uringctl list 2>/dev/null | grep -oE '[0-9]+\)?:[0-9m]' | tr -d ')' | cut -d: -f1)"})
	_describe -t processes 'process with rings' pids
}

_uringctl_rings() {
	local -a rings
	rings=(${(f)"$(uringctl list 2>/dev/null | awk 'NR > 1 {print $1 ":" $2}')"})
	_describe -t rings 'ring' rings
}

_uringctl() {
	local -a commands common
	local command=$words[2]
	commands=(
		'list:list the rings of this machine'
		'dump:show all that can be learnt of each ring'
		'trace:print each request when it completes'
		'schema:print the JSON Schema'
	)
	if ((CURRENT == 2)); then
		_describe -t commands 'command' commands
		_arguments '--help[say what there is]' '--version[print the version]'
		return
	fi
	common=(
		'*'{-p,--pid}'[only the rings of this process]:process:_uringctl_pids'
		'--json[print JSON]'
		'--source[only these sources]:sources:_sequence compadd - proc memory kernel'
		'--color[colour the output]:when:(auto always never)'
		{-h,--help}'[say what this command does]'
	)
	# the command is no argument of its own options
	shift words
	((CURRENT--))
	case $command in
	list) _arguments $common ;;
	dump)
		_arguments $common \
			'--fd[only the ring at this descriptor]:descriptor' \
			'--ring[only the ring of this id]:ring:_uringctl_rings' \
			{-s,--data}'[bytes of data to show]:bytes' \
			'--max-requests[follow so many requests in flight]:number' \
			'--max-files[follow so many registered files]:number' \
			'--max-memory[follow pointers for so many bytes]:bytes:(4M 64M none)' \
			'--max-text[print so many bytes of each ring]:bytes:(128M 1G none)' \
			'--from[show what is in a file]:file:_files'
		;;
	trace)
		_arguments \
			'*'{-p,--pid}'[only the rings of this process]:process:_uringctl_pids' \
			{-n,--iterations}'[end after so many requests]:number' \
			'--for[end after so many seconds]:seconds' \
			'*'{-t,--time}'[print the time of day]' \
			{-r,--relative}'[print the time since the line before]' \
			{-s,--data}'[bytes of data to show]:bytes' \
			{-o,--output}'[write to this file]:file:_files' \
			'*'{-e,--expression}'[only what this says]:expression:(op= ring= fd= res=error res=ok path= enter events)' \
			'--json[print JSON]' \
			'--chrome[write a trace for Perfetto]:file:_files' \
			{-c,--summary}'[print a table at the end]' \
			'--by[rows of the table]:what:(op ring file pid)' \
			'--hist[draw distributions]' \
			{-i,--interval}'[print the table so often]:seconds' \
			{-b,--buffer}'[room for events]:size' \
			'--color[colour the output]:when:(auto always never)' \
			{-h,--help}'[say what this command does]' \
			'*::command:_normal'
		;;
	schema) _arguments {-h,--help}'[say what this command does]' ;;
	esac
}

_uringctl "$@"
