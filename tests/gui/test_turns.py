from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from geolocdesk.gui.turns import Turns


def test_other_work_comes_between_two_steps(qtbot: QtBot) -> None:
    parent = QObject()
    turns = Turns(parent)
    done: list[str] = []
    steps: list[Callable[[], object]] = [partial(done.append, name) for name in ("first", "second", "third")]
    beat = QTimer(parent)
    beat.timeout.connect(partial(done.append, "beat"))
    beat.start(0)
    turns.begin(steps)
    assert done == ["first"]
    assert turns.is_busy
    qtbot.waitUntil(lambda: not turns.is_busy)
    beat.stop()
    assert [name for name in done if name != "beat"] == ["first", "second", "third"]
    assert "beat" in done[: done.index("second") + 1]
    assert "beat" in done[done.index("second") : done.index("third")]


def test_newer_steps_take_the_place_of_what_was_left(qtbot: QtBot) -> None:
    parent = QObject()
    turns = Turns(parent)
    done: list[str] = []
    turns.begin([partial(done.append, "old 1"), partial(done.append, "old 2")])
    turns.begin([partial(done.append, "new 1"), partial(done.append, "new 2")])
    qtbot.waitUntil(lambda: not turns.is_busy)
    qtbot.wait(20)
    assert done == ["old 1", "new 1", "new 2"]


def test_nothing_is_done_after_cancelling(qtbot: QtBot) -> None:
    parent = QObject()
    turns = Turns(parent)
    done: list[str] = []
    turns.begin([partial(done.append, "first"), partial(done.append, "second")])
    turns.cancel()
    qtbot.wait(20)
    assert done == ["first"]
    assert not turns.is_busy


def test_a_step_may_begin_others(qtbot: QtBot) -> None:
    parent = QObject()
    turns = Turns(parent)
    done: list[str] = []
    turns.begin(
        [
            partial(turns.begin, [partial(done.append, "inner 1"), partial(done.append, "inner 2")]),
            lambda: None,
        ]
    )
    qtbot.waitUntil(lambda: not turns.is_busy)
    assert done == ["inner 1", "inner 2"]
