# Sourced by the commands beside it: a Python that will do, `.venv`, and what is installed in it.
# shellcheck shell=bash

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
python=$venv/bin/python

# Says in one line what is wrong, in the next what to do, and ends.
give_up() {
    printf '%s: %s\n  %s\n' "${0##*/}" "$1" "$2" >&2
    exit 1
}

# Prints the first Python that is new enough and can make a virtual environment.
find_python() {
    local candidate
    for candidate in python3.13 python3.12 python3.11 python3; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
            >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    give_up "no Python 3.11 or newer that can make a virtual environment (its venv module)" \
        "on Debian and Ubuntu: apt install python3 python3-venv"
}

# Makes .venv, or makes it anew where it stems from another folder or its Python is gone.
make_venv() {
    if "$python" -c '' 2>/dev/null && grep -qF "$venv" "$venv/bin/activate" 2>/dev/null; then
        return
    fi
    local base
    base=$(find_python)
    "$base" -m venv --clear "$venv" >"$root/.venv.log" 2>&1 ||
        give_up "'$base -m venv' failed: $(tail -n 1 "$root/.venv.log")" \
            "on Debian and Ubuntu: apt install python3-venv"
    rm -f "$root/.venv.log"
}

stamp() { cksum <"$root/pyproject.toml"; }

# Tells whether what pyproject.toml asks for is in place: `installed dev`, `installed base`.
installed() { [ "$(cat "$venv/installed-$1" 2>/dev/null)" = "$(stamp)" ]; }

# Installs XChat so that the sources in this folder are what runs: `install base .`.
install() {
    local extent=$1 what=$2 log=$venv/pip.log
    echo "installing XChat into .venv ($extent) ..."
    (cd "$root" && "$python" -m pip install --quiet --disable-pip-version-check --editable "$what") \
        >"$log" 2>&1 || give_up "pip could not install XChat: $(reason "$log")" \
        "is there a network? pip needs it this once; all it said is in $log"
    stamp >"$venv/installed-$extent"
}

# Prints the line of pip's log that says most.
reason() {
    # The errors of a pip within pip are indented, and the last line then names none of them.
    { grep -m 1 '^[[:blank:]]*ERROR' "$1" || tail -n 1 "$1"; } | sed 's/^[[:blank:]]*//' | cut -c 1-160
}
