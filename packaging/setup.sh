# Sets up a checkout: system libraries, .venv, the program and what its tests need. Sourced, not run.
#
# A finished set-up leaves a stamp, so that a second call costs next to nothing.

geolocdesk_setup() {
    local root stamp wanted
    root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
    cd "$root" || return 1

    geolocdesk_system_libraries || return 1

    stamp=".venv/geolocdesk-setup"
    wanted="$(cat pyproject.toml packaging/setup.sh | sha256sum | cut -d ' ' -f 1) $root"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
        return 0
    fi
    local python
    python="$(geolocdesk_python)" || return 1
    echo "Setting up geolocdesk in $root/.venv (torch is large; this takes a few minutes) …" >&2
    if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c "" 2>/dev/null; then
        rm -rf .venv
        "$python" -m venv .venv || {
            echo "Python's venv module is missing. Run: sudo apt-get install -y python3-venv" >&2
            return 1
        }
    fi
    # --group needs pip 25.1 or newer
    .venv/bin/python -m pip install --quiet --upgrade "pip>=25.1" || return 1
    .venv/bin/python -m pip install --quiet --editable . --group dev || return 1
    # Tests compare with it. Its own pins would take other packages back to older versions than theirs.
    .venv/bin/python -m pip install --quiet --no-deps "geoclip==1.3.0" || return 1
    printf '%s' "$wanted" > "$stamp"
}

geolocdesk_python() {
    local name
    for name in python3.11 python3.12 python3.13 python3; do
        if command -v "$name" > /dev/null &&
            "$name" -c "import sys; sys.exit(sys.version_info < (3, 11))" 2> /dev/null; then
            command -v "$name"
            return 0
        fi
    done
    echo "Python 3.11 or newer is missing. Run: sudo apt-get install -y python3 python3-venv" >&2
    return 1
}

# What Qt's window and web view load besides their wheels, as a bare Debian or Ubuntu names it.
GEOLOCDESK_SYSTEM_LIBRARIES="
    libEGL.so.1:libegl1 libGL.so.1:libgl1 libnss3.so:libnss3 libasound.so.2:libasound2
    libxkbcommon.so.0:libxkbcommon0 libxkbcommon-x11.so.0:libxkbcommon-x11-0 libXcomposite.so.1:libxcomposite1
    libXdamage.so.1:libxdamage1 libXrandr.so.2:libxrandr2 libXtst.so.6:libxtst6 libxkbfile.so.1:libxkbfile1
    libdbus-1.so.3:libdbus-1-3 libfontconfig.so.1:libfontconfig1 libxcb-cursor.so.0:libxcb-cursor0
    libxcb-icccm.so.4:libxcb-icccm4 libxcb-image.so.0:libxcb-image0 libxcb-keysyms.so.1:libxcb-keysyms1
    libxcb-render-util.so.0:libxcb-render-util0 libxcb-xinerama.so.0:libxcb-xinerama0
    libxcb-shape.so.0:libxcb-shape0 libxcb-xkb.so.1:libxcb-xkb1 libxcb-dri3.so.0:libxcb-dri3-0
    libX11-xcb.so.1:libx11-xcb1 libglib-2.0.so.0:libglib2.0-0 libgbm.so.1:libgbm1 libSM.so.6:libsm6
    libxshmfence.so.1:libxshmfence1
"

geolocdesk_system_libraries() {
    [ "$(uname -s)" = Linux ] || return 0
    local present pair missing=""
    present="$(/sbin/ldconfig -p 2> /dev/null || ldconfig -p 2> /dev/null)"
    for pair in $GEOLOCDESK_SYSTEM_LIBRARIES; do
        case "$present" in
            *"${pair%%:*}"*) ;;
            *) missing="$missing ${pair##*:}" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    if command -v apt-get > /dev/null && [ "$(id -u)" = 0 ]; then
        echo "Installing system libraries:$missing" >&2
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } \
            > /dev/null || {
            echo "The system libraries could not be installed. Run: apt-get install -y$missing" >&2
            return 1
        }
    elif command -v apt-get > /dev/null; then
        echo "System libraries for the window are missing. Run: sudo apt-get install -y$missing" >&2
        return 1
    else
        echo "System libraries for the window are missing; Debian calls them:$missing" >&2
    fi
}
