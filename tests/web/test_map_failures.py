"""What happens when something goes wrong: refused addresses, broken scripts, missing files, and the end."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtWebEngineCore import QWebEnginePage
from PySide6.QtWidgets import QApplication

from geolocdesk.cartography.site import MapSite
from geolocdesk.gui.map_view import MapView
from tests.conftest import REPOSITORY
from tests.web.reader import Reader, close_reader


def test_the_page_can_fetch_nothing_from_elsewhere(fresh_reader: Reader) -> None:
    fresh_reader.evaluate(
        "fetch('https://192.0.2.1/').catch((reason) => { window.refusal = String(reason); }) && 1"
    )
    fresh_reader.wait_for("window.refusal !== undefined")
    assert any("Content Security Policy" in complaint for complaint in fresh_reader.complaints)


@pytest.mark.parametrize(
    "address", ["https://192.0.2.1/", "http://192.0.2.1/", "file:///etc/hostname", "ftp://192.0.2.1/"]
)
def test_the_guard_refuses_and_counts_every_other_address(fresh_reader: Reader, address: str) -> None:
    """A page without our content security policy still gets nowhere in the map's profile."""
    before = fresh_reader.view.refused_requests
    page = QWebEnginePage(fresh_reader.view.page.profile())
    ended: list[bool] = []
    page.loadFinished.connect(ended.append)
    page.load(QUrl(address))
    fresh_reader.wait_until(lambda: bool(ended), "the load has ended")
    page.deleteLater()
    assert ended == [False]
    # an ftp address is known to no part of the engine, so it never becomes a request
    assert fresh_reader.view.refused_requests - before == (0 if address.startswith("ftp") else 1)


def test_the_map_page_goes_nowhere_else(fresh_reader: Reader) -> None:
    fresh_reader.evaluate("(location.href = 'https://192.0.2.1/') && 1")
    fresh_reader.wait_until(lambda: bool(fresh_reader.evaluate("1")), "the page still answers")
    assert fresh_reader.evaluate("location.href").startswith("geolocdesk://map/index.html")
    assert fresh_reader.view.refused_requests == 0


def test_an_error_in_a_script_is_reported(fresh_reader: Reader) -> None:
    fresh_reader.evaluate("setTimeout(() => { throw new Error('deliberate'); })")
    fresh_reader.wait_until(lambda: bool(fresh_reader.complaints), "the error is reported")
    assert any("deliberate" in complaint for complaint in fresh_reader.complaints)


def test_a_missing_file_is_said_and_can_be_tried_again(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_site: MapSite) -> None:
        message = "resources/map is missing."
        raise FileNotFoundError(message)

    with monkeypatch.context() as patched:
        patched.setattr(MapSite, "warm_up", fail)
        reader = Reader(MapView())
        reader.view.resize(500, 400)
        reader.view.show()
        reader.wait_until(lambda: bool(reader.complaints), "the failure is told")
    assert reader.complaints == ["resources/map is missing. Install the program again."]
    assert "The map can't be shown" in reader.view.state_text()
    assert not reader.view.is_ready
    reader.view.reload()
    assert "Drawing the map" in reader.view.state_text()
    reader.wait_until(lambda: reader.view.is_ready, "the map is ready after all")
    assert reader.view.state_text() == ""
    close_reader(reader)


def test_calls_made_too_early_are_kept(qapp: QApplication) -> None:
    reader = Reader(MapView())
    reader.view.set_layer_visible("labels", shown=False)
    reader.view.set_layer_visible("graticule", shown=False)
    reader.view.set_theme(dark=True)
    reader.view.show()
    reader.wait_until(lambda: reader.view.is_ready, "the map is ready")
    assert reader.evaluate("geolocdesk.inspect.baseMaps.layers.length") == 1
    assert reader.evaluate("document.documentElement.dataset.theme") == "dark"
    assert reader.complaints == []
    close_reader(reader)


SCRIPT = """
    from geolocdesk.gui.url_scheme import register_scheme
    register_scheme()
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication
    application = QApplication([])
    from geolocdesk.gui.map_view import MapView
    view = MapView()
    view.ready.connect(lambda: QTimer.singleShot(0, application.quit))
    view.failed.connect(lambda reason: application.exit(3))
    view.show()
    raise SystemExit(application.exec())
"""


def test_nothing_is_left_when_the_program_ends() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        check=False,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=120,
        start_new_session=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert "profile" not in ended.stderr  # "Release of profile requested but WebEnginePage still not deleted"
    assert helpers_started_from(ended.args[-1]) == []


def helpers_started_from(script: str) -> list[str]:
    """Return the web engine processes whose program no longer runs (Linux; elsewhere none are found)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
        except OSError:
            continue
        if "QtWebEngineProcess" in command and parent == "1" and script not in command:
            found.append(command)
    return found
