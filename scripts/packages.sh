# shellcheck shell=bash
# Installs what is missing with the system's package manager. Sourced by scripts that set -euo pipefail, which counts for
# nothing where a function is asked whether it worked: so these say it themselves.

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
die() { printf '%s: %s\n' "$0" "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
    if [[ $(id -u) == 0 ]]; then "$@"
    elif has sudo; then sudo "$@"
    else
        echo "This needs root or sudo: $*" >&2
        return 1
    fi
}

# Debian starts a service when it installs one, unless this file says that it must not. It is ours only if there was none.
# A subshell, so that the trap removes it as soon as the installation is done.
apt_install() (
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
        # shellcheck disable=SC2064 # the path is known now
        trap "as_root rm -f $policy" EXIT
        as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy" || exit 1
    fi
    as_root apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install --yes --no-install-recommends "$1" >/dev/null
)

# install_package NAME [OTHER…]: where the first is not to be had, the next. Fails where none is.
install_package() {
    local name
    for name in "$@"; do
        if has apt-get; then apt_install "$name"
        elif has dnf; then as_root dnf --quiet --assumeyes install "$name"
        elif has apk; then as_root apk add --quiet "$name"
        elif has pacman; then as_root pacman -Sy --noconfirm --needed --quiet "$name"
        elif has brew; then brew install --quiet "$name"
        else
            echo "There is no package manager here that this script knows." >&2
            return 1
        fi && return 0
    done
    return 1
}
