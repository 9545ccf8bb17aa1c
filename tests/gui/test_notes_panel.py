from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from geolocdesk.gui.notes_panel import NotesPanel
from tests.gui.accessible import assert_accessible


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[NotesPanel]:
    made = NotesPanel()
    qtbot.addWidget(made)
    made.show()
    yield made
    made.show_nothing()
    made.close()


def editor(panel: NotesPanel) -> QPlainTextEdit:
    return panel.findChildren(QPlainTextEdit)[0]


def test_a_pause_in_typing_hands_the_note_on(panel: NotesPanel, qtbot: QtBot) -> None:
    panel.show_note("a", "")
    with qtbot.waitSignal(panel.note_changed, timeout=5000) as told:
        QTest.keyClicks(editor(panel), "left-hand traffic")
    assert told.args == ["a", "left-hand traffic"]


def test_losing_the_focus_hands_the_note_on_at_once(panel: NotesPanel, qtbot: QtBot) -> None:
    panel.show_note("a", "")
    editor(panel).setFocus()
    QTest.keyClicks(editor(panel), "x")
    with qtbot.waitSignal(panel.note_changed, timeout=200):
        editor(panel).clearFocus()


def test_the_next_photo_never_gets_the_last_ones_words(panel: NotesPanel, qtbot: QtBot) -> None:
    panel.show_note("a", "")
    QTest.keyClicks(editor(panel), "palms")
    with qtbot.waitSignal(panel.note_changed) as told:
        panel.show_note("b", "snow")
    assert told.args == ["a", "palms"]
    assert panel.text() == "snow"
    with qtbot.assertNotEmitted(panel.note_changed, wait=50):
        panel.flush()


def test_showing_a_note_is_no_change(panel: NotesPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(panel.note_changed):
        panel.show_note("a", "seen before")
        panel.show_nothing()


def test_an_echo_of_the_own_words_leaves_the_cursor(panel: NotesPanel) -> None:
    panel.show_note("a", "")
    QTest.keyClicks(editor(panel), "abc")
    panel.flush()
    QTest.keyClick(editor(panel), Qt.Key.Key_Left)
    panel.show_note("a", "abc")
    assert editor(panel).textCursor().position() == 2


def test_an_undo_from_outside_replaces_the_text(panel: NotesPanel) -> None:
    panel.show_note("a", "")
    QTest.keyClicks(editor(panel), "abc")
    panel.flush()
    panel.show_note("a", "")
    assert panel.text() == ""


def test_typing_goes_on_while_an_older_text_arrives(panel: NotesPanel) -> None:
    panel.show_note("a", "")
    QTest.keyClicks(editor(panel), "abc")
    panel.show_note("a", "ab")
    assert panel.text() == "abc"


def test_it_says_whether_the_note_is_saved(panel: NotesPanel) -> None:
    panel.show_note("a", "")
    QTest.keyClicks(editor(panel), "abc")
    assert panel.state_text() == "Not saved yet"
    panel.confirm_saved("a")
    assert panel.state_text() == "Not saved yet"
    panel.flush()
    panel.confirm_saved("b")
    assert panel.state_text() == "Not saved yet"
    panel.confirm_saved("a")
    assert panel.state_text() == "Saved"


def test_tab_leaves_the_editor(panel: NotesPanel) -> None:
    panel.show_note("a", "")
    QTest.keyClick(editor(panel), Qt.Key.Key_Tab)
    assert panel.text() == ""
    assert_accessible(panel)
