# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for uringctl

function __uringctl_pids
    # the pids in the column of holders
    uringctl list 2>/dev/null | string match -ra '[0-9]+\)?:[0-9m]' | string replace -r '\)?:.*' '' | sort -u
end

function __uringctl_rings
    uringctl list 2>/dev/null | awk 'NR > 1 {print $1 "\t" $2}'
end

complete -c uringctl -f
complete -c uringctl -n __fish_use_subcommand -a list -d 'list the rings of this machine'
complete -c uringctl -n __fish_use_subcommand -a dump -d 'show all that can be learnt of each ring'
complete -c uringctl -n __fish_use_subcommand -a trace -d 'print each request when it completes'
complete -c uringctl -n __fish_use_subcommand -a schema -d 'print the JSON Schema'
complete -c uringctl -n __fish_use_subcommand -l version -d 'print the version'
complete -c uringctl -s h -l help -d 'say what this command does'

complete -c uringctl -n '__fish_seen_subcommand_from list dump trace' -s p -l pid -x -a '(__uringctl_pids)' -d 'only the rings of this process'
complete -c uringctl -n '__fish_seen_subcommand_from list dump trace' -l json -d 'print JSON'
complete -c uringctl -n '__fish_seen_subcommand_from list dump' -l source -x -a 'proc memory kernel proc,memory' -d 'only these sources'
complete -c uringctl -n '__fish_seen_subcommand_from list dump trace' -l color -x -a 'auto always never' -d 'colour the output'
complete -c uringctl -n '__fish_seen_subcommand_from dump' -l fd -x -d 'only the ring at this descriptor'
complete -c uringctl -n '__fish_seen_subcommand_from dump' -l ring -x -a '(__uringctl_rings)' -d 'only the ring of this id'
complete -c uringctl -n '__fish_seen_subcommand_from dump trace' -s s -l data -x -d 'bytes of data to show'
complete -c uringctl -n '__fish_seen_subcommand_from dump' -l max-requests -x -d 'follow so many requests in flight'
complete -c uringctl -n '__fish_seen_subcommand_from dump' -l max-files -x -d 'follow so many registered files'
complete -c uringctl -n '__fish_seen_subcommand_from dump' -l max-memory -x -a '4M 64M none' -d 'follow pointers for so many bytes'
complete -c uringctl -n '__fish_seen_subcommand_from dump' -l max-text -x -a '128M 1G none' -d 'print so many bytes of each ring'
complete -c uringctl -n '__fish_seen_subcommand_from dump' -l from -r -F -d 'show what is in a file'
complete -c uringctl -n '__fish_seen_subcommand_from trace' -s n -l iterations -x -d 'end after so many requests'
complete -c uringctl -n '__fish_seen_subcommand_from trace' -l for -x -d 'end after so many seconds'
complete -c uringctl -n '__fish_seen_subcommand_from trace' -s t -l time -d 'print the time of day'
complete -c uringctl -n '__fish_seen_subcommand_from trace' -s r -l relative -d 'print the time since the line before'
complete -c uringctl -n '__fish_seen_subcommand_from trace' -s e -l expression -x -a 'op= ring= fd= res=error res=ok path= enter events' -d 'only what this says'
complete -c uringctl -n '__fish_seen_subcommand_from trace' -s o -l output -r -F -d 'write to this file'
complete -c uringctl -n '__fish_seen_subcommand_from trace' -l chrome -r -F -d 'write a trace for Perfetto'
complete -c uringctl -n '__fish_seen_subcommand_from trace' -s c -l summary -d 'print a table at the end'
complete -c uringctl -n '__fish_seen_subcommand_from trace' -l by -x -a 'op ring file pid' -d 'rows of the table'
complete -c uringctl -n '__fish_seen_subcommand_from trace' -l hist -d 'draw distributions'
complete -c uringctl -n '__fish_seen_subcommand_from trace' -s i -l interval -x -d 'print the table so often'
complete -c uringctl -n '__fish_seen_subcommand_from trace' -s b -l buffer -x -d 'room for events'
