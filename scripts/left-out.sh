# shellcheck shell=bash
# What a machine cannot check is named at the end; with --complete it is an error. Sourced by scripts that check, after packages.sh, with their arguments.

case ${1:-} in
    "") complete=false ;;
    --complete) complete=true ;;
    *) die "the only argument is --complete, and this is $1" ;;
esac
left_out=()

leave_out() {
    $complete && die "not checked: $*"
    left_out+=("$*")
    say "Not checked: $*"
}

tell_what_is_left_out() {
    ((${#left_out[@]} == 0)) || printf 'Not checked: %s\n' "${left_out[@]}"
}
