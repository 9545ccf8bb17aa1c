"""Keys that mean different things in different panels, pressed in the whole window."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from geolocdesk.gui.main_window import MainWindow
from tests.gui.test_main_window import WAIT_MS, add, analyse, begin, end, is_settled, make_window, show


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    made = make_window()
    made.resize(1280, 800)
    made.show()
    made.activateWindow()
    yield made
    end(qtbot, made)


def press(widget: QWidget, keys: str) -> None:
    widget.setFocus()
    QTest.keySequence(widget, QKeySequence(keys))


def test_no_two_actions_and_no_menu_share_a_key(window: MainWindow) -> None:
    keys = Counter(keys.toString() for action in window.actions_by_name for keys in action.shortcuts())
    for title in window.menuBar().actions():
        keys[QKeySequence.mnemonic(title.text()).toString()] += 1
    assert [key for key, uses in keys.items() if uses > 1] == []


def test_a_key_acts_on_the_panel_that_has_the_keyboard(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    photos = []
    for number in range(3):
        photos.append(tmp_path / f"{number}.png")
        (QWidget().grab().scaled(40 + number, 30)).save(str(photos[-1]))
    begin(qtbot, window, tmp_path)
    add(qtbot, window, photos)
    analyse(qtbot, window)
    show(qtbot, window, 1)
    gallery, evidence = window.workspace.neighbours, window.workspace.evidence
    gallery.select_neighbour(1)
    gallery.focus_cards()
    press(gallery._view, "Del")
    qtbot.waitUntil(lambda: bool(window.display.exclusions.reference_ids), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT_MS)
    assert window.model.rowCount() == 3
    press(evidence.view, "Del")
    assert window.model.rowCount() == 2
    window.tool_bar.search.setText("0.png")
    window.tool_bar.search.setCursorPosition(0)
    press(window.tool_bar.search, "Del")
    assert window.tool_bar.search.text() == ".png"
    assert window.model.total == 2
    window.tool_bar.search.clear()
    show(qtbot, window, 3)
    window._compare(1)
    press(window.compare, "Del")
    qtbot.waitUntil(lambda: len(window.display.exclusions.reference_ids) == 1, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: is_settled(window), timeout=WAIT_MS)
    assert window.model.total == 2
