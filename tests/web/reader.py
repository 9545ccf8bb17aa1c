"""Drives a map view and reads its page back."""

import json
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QPoint, QThreadPool, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from geolocdesk.gui.map_view import MapView
from geolocdesk.gui.theme import install_theme

PATIENCE_MS = 60_000


class Reader:
    """Drives a map view and reads its page back."""

    def __init__(self, view: MapView) -> None:
        self.view = view
        self.complaints: list[str] = []
        view.javascript_error.connect(self.complaints.append)
        view.failed.connect(self.complaints.append)
        view.tiles_failed.connect(self.complaints.append)

    def evaluate(self, script: str) -> Any:  # noqa: ANN401 - whatever the script returns
        """Return the value of a JavaScript expression."""
        answers: list[str] = []
        loop = QEventLoop()
        timer = _alarm(loop)

        def take(answer: str) -> None:
            answers.append(answer)
            loop.quit()

        # as text, because nested lists do not survive the way through Qt's own conversion
        self.view.page.runJavaScript(f"JSON.stringify(({script}) ?? null)", take)
        loop.exec()
        timer.stop()
        assert answers, f"no answer from the page: {script}"
        assert answers[0], f"the page could not evaluate: {script}"
        return json.loads(answers[0])

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Let the program run until the condition holds."""
        loop = QEventLoop()
        alarm = _alarm(loop)
        poll = QTimer()
        poll.setInterval(20)
        poll.timeout.connect(lambda: loop.quit() if condition() else None)
        poll.start()
        if not condition():
            loop.exec()
        poll.stop()
        alarm.stop()
        assert condition(), f"waited in vain until {what}"

    def wait_for(self, script: str) -> None:
        """Let the program run until a JavaScript expression is true."""
        self.wait_until(lambda: bool(self.evaluate(script)), script)

    def wait_for_tiles(self) -> None:
        """Let the program run until every tile in view is drawn."""
        self.wait_for("geolocdesk.inspect.baseMaps.layers.every((layer) => !layer.isLoading())")

    def picture(self) -> QImage:
        """Return what the map shows."""
        return self.view.grab().toImage()

    def point_of(self, script: str) -> QPoint:
        """Return where a LatLng expression lies on the widget."""
        x, y = self.evaluate(
            f"(() => {{ const p = geolocdesk.inspect.map.latLngToContainerPoint({script}); return [p.x, p.y]; }})()"
        )
        return QPoint(round(x), round(y))


def _alarm(loop: QEventLoop) -> QTimer:
    timer = QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(loop.quit)
    timer.start(PATIENCE_MS)
    return timer


def open_reader(application: QApplication) -> Reader:
    """Return a shown map that is ready."""
    install_theme(application, "light")
    view = MapView()
    reader = Reader(view)
    view.resize(820, 620)
    view.show()
    reader.wait_until(lambda: view.is_ready, "the map is ready")
    return reader


def close_reader(reader: Reader) -> None:
    """Take the map down and let Qt finish with it."""
    reader.view.close()
    reader.view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert QThreadPool.globalInstance().waitForDone(PATIENCE_MS)
