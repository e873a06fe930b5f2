# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for uringtop

function __uringtop_pids
    # the pids in the column of holders
    uringctl list 2>/dev/null | string match -ra '[0-9]+\)?:[0-9m]' | string replace -r '\)?:.*' '' | sort -u
end

complete -c uringtop -f
complete -c uringtop -s p -l pid -x -a '(__uringtop_pids)' -d 'only the rings of this process'
complete -c uringtop -s d -l delay -x -d 'seconds between two looks'
complete -c uringtop -s b -l batch -d 'print text'
complete -c uringtop -s n -l iterations -x -d 'end after so many looks'
complete -c uringtop -l from -r -F -d 'show what is in a file'
complete -c uringtop -l sort -x -a '(uringtop --sort help 2>/dev/null)' -d 'sort by this column'
complete -c uringtop -l filter -x -d 'show only rings whose row has this text'
complete -c uringtop -l tree -d 'rings below their processes'
complete -c uringtop -l source -x -a 'proc memory kernel proc,memory' -d 'only these sources'
complete -c uringtop -l color -x -a 'auto always never' -d 'use colours'
complete -c uringtop -l ascii -d 'draw with ASCII alone'
complete -c uringtop -s h -l help -d 'say what this program does'
complete -c uringtop -s V -l version -d 'print the version'
