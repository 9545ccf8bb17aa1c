"""The program opens no network connection: everything works where there is no network at all."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Demo


def empty_network() -> list[str]:
    """Return the command before a command that takes every network away from it; skip where there is none."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    for arguments in (["--net"], ["--net", "--user", "--map-root-user"]):
        tried = subprocess.run([unshare, *arguments, "true"], capture_output=True, check=False)
        if tried.returncode == 0:
            return [unshare, *arguments]
    pytest.skip("this machine does not let a test make an empty network namespace")


def test_the_demo_and_its_window_need_no_network(demo: Demo, tmp_path: Path) -> None:
    picture = tmp_path / "window.png"
    arguments = ["demo", "--output", str(tmp_path), "--screenshot", str(picture)]
    environment = {**demo.environment, "QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"}
    done = subprocess.run(
        [*empty_network(), sys.executable, "-m", "geolocdesk", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    # the screenshot's exit code is 1 where the map page asked for anything that had to be refused
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    for name in ("report.pdf", "results.csv", "map.html", "practice.gldcase"):
        assert (tmp_path / name).stat().st_size > 0


SOCKET_TRAP = """
import socket, sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        address = arguments[-1] if event in ("socket.connect", "socket.sendto") else arguments[0]
        if not isinstance(address, (str, bytes)) or event != "socket.connect":
            sys.stderr.write(f"NETWORK {event} {address!r}\\n")
            sys.stderr.flush()
            import os
            os._exit(99)

sys.addaudithook(refuse)
sys.argv = ["geolocdesk", *sys.argv[1:]]
from geolocdesk.__main__ import main
sys.exit(main())
"""


def test_analysing_asks_python_for_no_connection(demo: Demo) -> None:
    photo = demo.world / "query" / "copy-01.jpg"
    done = subprocess.run(
        [sys.executable, "-c", SOCKET_TRAP, "analyse", str(photo), "--reference", str(demo.pack)],
        env=demo.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_trap_itself_catches_a_connection() -> None:
    trapped = SOCKET_TRAP.replace(
        "from geolocdesk.__main__ import main\nsys.exit(main())",
        "socket.create_connection(('127.0.0.1', 9), timeout=1)",
    )
    done = subprocess.run(
        [sys.executable, "-c", trapped], env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == 99
    assert "NETWORK" in done.stderr
