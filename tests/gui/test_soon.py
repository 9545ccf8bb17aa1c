from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from geolocdesk.gui.soon import Soon


def test_what_is_asked_for_often_is_done_once_and_again_when_asked_again(qtbot: QtBot) -> None:
    done: list[int] = []
    owner = QObject()
    soon = Soon(20, lambda: done.append(1), owner)
    for _ in range(5):
        soon.ask()
    assert not done
    qtbot.waitUntil(lambda: bool(done))
    qtbot.wait(60)
    assert len(done) == 1
    soon.ask()
    qtbot.waitUntil(lambda: len(done) == 2)


def test_asking_again_does_not_put_it_off(qtbot: QtBot) -> None:
    done: list[int] = []
    owner = QObject()
    soon = Soon(200, lambda: done.append(1), owner)
    asking = QTimer(owner)
    asking.timeout.connect(soon.ask)
    soon.ask()
    asking.start(30)
    qtbot.waitUntil(lambda: bool(done), timeout=5000)


def test_what_is_cancelled_is_not_done(qtbot: QtBot) -> None:
    done: list[int] = []
    owner = QObject()
    soon = Soon(20, lambda: done.append(1), owner)
    soon.ask()
    soon.cancel()
    qtbot.wait(60)
    assert not done
