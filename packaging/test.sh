#!/usr/bin/env bash
# Sets up if needed, then runs every test. Arguments go to pytest.
set -euo pipefail
folder="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$folder/setup.sh"
geolocdesk_setup
cd "$folder/.."
if [ "$(id -u)" = 0 ]; then
    # Chromium refuses to run its sandbox as root; only the tests and the demo do without it.
    export QTWEBENGINE_DISABLE_SANDBOX=1
fi
export QT_QPA_PLATFORM="${QT_QPA_PLATFORM:-offscreen}"
exec .venv/bin/python -m pytest "$@"
