#!/usr/bin/env bash
# Sets up if needed, then runs the demo: the practice case, its reports and, where there is a display, the window.
set -euo pipefail
folder="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
called_from="$PWD"
source "$folder/setup.sh"
geolocdesk_setup
python="$folder/../.venv/bin/python"
cd "$called_from"
if [ "$(id -u)" = 0 ]; then
    # Chromium refuses to run its sandbox as root; only this demo and the tests do without it.
    export QTWEBENGINE_DISABLE_SANDBOX=1
fi
exec "$python" -m geolocdesk demo "$@"
