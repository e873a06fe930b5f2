#compdef uringtop
# SPDX-License-Identifier: GPL-2.0-or-later

_uringtop_pids() {
	local -a pids
	# the pids in the column of holders
	pids=(${(fu)"$(uringctl list 2>/dev/null | grep -oE '[0-9]+\)?:[0-9m]' | tr -d ')' | cut -d: -f1)"})
	_describe -t processes 'process with rings' pids
}

_uringtop_columns() {
	local -a names
	names=(${(f)"$(uringtop --sort help 2>/dev/null)"})
	_describe -t columns 'column' names
}

_uringtop() {
	_arguments \
		'*'{-p,--pid}'[only the rings of this process]:process:_uringtop_pids' \
		{-d,--delay}'[seconds between two looks]:seconds' \
		{-b,--batch}'[print text]' \
		{-n,--iterations}'[end after so many looks]:number' \
		'*--from[show what is in a file]:file:_files' \
		'--sort[sort by this column]:column:_uringtop_columns' \
		'--filter[show only rings whose row has this text]:text' \
		'--tree[rings below their processes]' \
		'--source[only these sources]:sources:_sequence compadd - proc memory kernel' \
		'--color[use colours]:when:(auto always never)' \
		'--ascii[draw with ASCII alone]' \
		{-h,--help}'[say what this program does]' \
		{-V,--version}'[print the version]'
}

_uringtop "$@"
