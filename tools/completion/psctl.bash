# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What bash offers behind psctl. tests/verbs holds it against --help.

_psctl_units() {
	systemctl "$@" list-units --all --no-legend --plain --no-pager --type=service 2>/dev/null |
		while read -r unit _; do
			echo "$unit"
		done
}

_psctl() {
	local word=${COMP_WORDS[COMP_CWORD]} before='' verb='' manager=--system i
	local common='-D --directory -i --file -m --merge -H --host --root --namespace -S --since -U --until
		--user --system -j --json -l --full --no-pager --colour -q --quiet -h --help --version'
	local always='-q --quiet -h --help --version'
	local -A own=(
		[history]='' [show]='' [blame]='' [status]='' [help]=''
		[plot]='--blame'
		[settle]='--boot -D --directory'
		[new-unit]='-t --template -o --output --description --documentation --bindir --busname
			--account --print --force --templates'
	)

	(( COMP_CWORD == 0 )) || before=${COMP_WORDS[COMP_CWORD - 1]}
	# The shell makes words of --name=value: the "=" is one by itself.
	[[ $before != '=' ]] || before=${COMP_WORDS[COMP_CWORD - 2]}
	[[ $word != '=' ]] || word=''
	for (( i = 1; i < COMP_CWORD; i++ )); do
		[[ ${COMP_WORDS[i]} != --user ]] || manager=--user
		[[ -n $verb || -z ${own[${COMP_WORDS[i]}]+there} ]] || verb=${COMP_WORDS[i]}
	done

	case $before in
	-D|--directory|--root|-o|--output|--bindir|--templates)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return ;;
	-i|--file)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return ;;
	--colour)
		mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$word")
		return ;;
	-t|--template)
		mapfile -t COMPREPLY < <(compgen -W 'notify notify-reload dbus socket-activated instanced
			user' -- "$word")
		return ;;
	--account)
		mapfile -t COMPREPLY < <(compgen -u -- "$word")
		return ;;
	-S|--since|-U|--until)
		mapfile -t COMPREPLY < <(compgen -W 'today yesterday -1h -1d' -- "$word")
		return ;;
	-H|--host|--namespace|--description|--documentation|--busname)
		return ;;
	esac
	case $verb in
	settle|new-unit|help) common=$always ;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$common ${verb:+${own[$verb]}}" -- "$word")
	elif [[ -z $verb || $verb == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W "${!own[*]}" -- "$word")
	elif [[ $verb != new-unit ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_psctl_units "$manager")" -- "$word")
	fi
}

complete -F _psctl psctl
