# Completion of hotlinectl for bash. tests/integration/manual_test holds it and the manual against the program.
_hotlinectl() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i
    local commands='apply export status nodes agents calls queues find call desk explain events digest selftest drain backup trust-backup load keygen enroll revoke audit'
    local everywhere='--nodes --keys --as --json'
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --nodes | --keys | --as) i=$((i + 1)) ;;
        -*) ;;
        *)
            command=${COMP_WORDS[i]}
            break
            ;;
        esac
    done
    case $before in
    --keys | --dir) COMPREPLY=($(compgen -d -- "$word")) && return ;;
    -f) COMPREPLY=($(compgen -f -- "$word")) && return ;;
    esac
    case $command in
    '') COMPREPLY=($(compgen -W "$commands $everywhere --help" -- "$word")) ;;
    apply) COMPREPLY=($(compgen -W "--dry-run --force -f $everywhere" -- "$word")) ;;
    export) COMPREPLY=($(compgen -W "$everywhere" -- "$word")) ;;
    status) COMPREPLY=($(compgen -W "$everywhere" -- "$word")) ;;
    nodes) COMPREPLY=($(compgen -W "$everywhere" -- "$word")) ;;
    agents) COMPREPLY=($(compgen -W "$everywhere" -- "$word")) ;;
    calls) COMPREPLY=($(compgen -W "--show-numbers $everywhere" -- "$word")) ;;
    queues) COMPREPLY=($(compgen -W "$everywhere" -- "$word")) ;;
    find) COMPREPLY=($(compgen -W "--at --from --language --limit --skill $everywhere" -- "$word")) ;;
    call) COMPREPLY=($(compgen -W "--at --country --dial --from --hang-up-after --id --language --queue --skill --talk $everywhere" -- "$word")) ;;
    desk) COMPREPLY=($(compgen -W "--accept-after --decline --ignore --reached-after --wrap-up $everywhere" -- "$word")) ;;
    explain) COMPREPLY=($(compgen -W "--show-numbers $everywhere" -- "$word")) ;;
    events) COMPREPLY=($(compgen -W "--number --once --show-numbers --since $everywhere" -- "$word")) ;;
    digest) COMPREPLY=($(compgen -W "$everywhere" -- "$word")) ;;
    selftest) COMPREPLY=($(compgen -W "--failing $everywhere" -- "$word")) ;;
    drain) COMPREPLY=($(compgen -W "--undo $everywhere" -- "$word")) ;;
    backup) COMPREPLY=($(compgen -f -- "$word") $(compgen -W "$everywhere" -- "$word")) ;;
    trust-backup) COMPREPLY=($(compgen -W "$everywhere" -- "$word")) ;;
    load) COMPREPLY=($(compgen -W "--calls --desks --in-flight --queue --rate $everywhere" -- "$word")) ;;
    keygen) COMPREPLY=($(compgen -W "node gateway desk admin --dir $everywhere" -- "$word")) ;;
    enroll) COMPREPLY=($(compgen -f -X '!*.pub' -- "$word") $(compgen -W "--dry-run $everywhere" -- "$word")) ;;
    revoke) COMPREPLY=($(compgen -W "--dry-run $everywhere" -- "$word")) ;;
    audit) COMPREPLY=($(compgen -W "--limit $everywhere" -- "$word")) ;;
    esac
}
complete -o filenames -F _hotlinectl hotlinectl
