from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QTabWidget, QToolButton
from pytestqt.qtbot import QtBot

from geolocdesk.gui.callout import Callout
from geolocdesk.gui.photo_viewer import PhotoViewer
from geolocdesk.gui.picture import Picture
from geolocdesk.gui.placeholder import Placeholder
from tests.doubles.analyses import make_record
from tests.gui.accessible import assert_accessible

THUMBNAIL = Picture.from_pixels(np.full((30, 40, 3), 90, dtype=np.uint8))
PHOTO = Picture.from_pixels(np.full((1500, 2000, 3), 90, dtype=np.uint8))


@pytest.fixture
def viewer(qtbot: QtBot) -> Iterator[PhotoViewer]:
    made = PhotoViewer()
    qtbot.addWidget(made)
    made.resize(480, 400)
    made.show()
    yield made
    made.show_nothing()
    made.close()


def message(viewer: PhotoViewer) -> str:
    shown = [placeholder for placeholder in viewer.findChildren(Placeholder) if placeholder.isVisible()]
    return shown[0].text() if shown else ""


def button(viewer: PhotoViewer, name: str) -> QToolButton:
    found = next(made for made in viewer.findChildren(QToolButton) if made.accessibleName() == name)
    assert isinstance(found, QToolButton)
    return found


def activate(viewer: PhotoViewer, qtbot: QtBot) -> None:
    """Make shortcuts work, which only an active window has."""
    with qtbot.waitActive(viewer):
        viewer.activateWindow()


def test_every_state_says_what_it_is(viewer: PhotoViewer) -> None:
    assert "No photo selected" in message(viewer)
    viewer.show_loading("a.jpg")
    assert "Reading the photo\na.jpg" in message(viewer)
    viewer.show_failure("a.jpg", "The file is empty. Ask for another copy.")
    assert "a.jpg cannot be shown\nThe file is empty." in message(viewer)
    viewer.show_picture("a.jpg", PHOTO)
    assert message(viewer) == ""
    assert viewer.canvas.isVisible()


def test_a_failed_photo_can_be_tried_again(viewer: PhotoViewer, qtbot: QtBot) -> None:
    viewer.show_failure("a.jpg", "The file cannot be read.")
    retry = next(found for found in viewer.findChildren(QPushButton) if found.isVisible())
    with qtbot.waitSignal(viewer.retry_requested):
        retry.click()


def test_the_thumbnail_becomes_the_photo_without_a_jump(viewer: PhotoViewer) -> None:
    viewer.show_loading("a.jpg", THUMBNAIL)
    viewer.canvas.zoom_by(2.0, QPointF(100, 100))
    seen = viewer.canvas.view
    viewer.show_picture("a.jpg", PHOTO)
    assert viewer.canvas.picture is PHOTO
    assert viewer.canvas.view == seen


def test_another_photo_begins_fitted(viewer: PhotoViewer) -> None:
    viewer.show_picture("a.jpg", PHOTO)
    viewer.canvas.zoom_by(3.0)
    viewer.show_picture("b.jpg", PHOTO)
    assert viewer.canvas.view.zoom == 1.0


def test_two_photos_of_one_name_are_two_photos(viewer: PhotoViewer) -> None:
    viewer.show_loading("IMG_1.jpg", THUMBNAIL)
    viewer.show_picture("IMG_1.jpg", PHOTO)
    viewer.canvas.zoom_by(3.0)
    viewer.show_loading("IMG_1.jpg", THUMBNAIL)
    assert viewer.canvas.view.zoom == 1.0


def test_buttons_do_what_the_keys_do(viewer: PhotoViewer, qtbot: QtBot) -> None:
    viewer.show_picture("a.jpg", PHOTO)
    button(viewer, "Actual size").click()
    assert viewer.canvas.scale == pytest.approx(1.0)
    button(viewer, "Zoom out").click()
    assert viewer.canvas.scale == pytest.approx(0.8)
    button(viewer, "Fit").click()
    assert viewer.canvas.view.zoom == 1.0
    assert "(+)" in button(viewer, "Zoom in").toolTip()
    with qtbot.waitSignal(viewer.compare_requested):
        button(viewer, "Compare with a neighbour").click()
    activate(viewer, qtbot)
    viewer.open_photo()
    with qtbot.waitSignal(viewer.compare_requested):
        QTest.keyClick(viewer.canvas, Qt.Key.Key_C)


def test_keys_turn_the_pages(viewer: PhotoViewer, qtbot: QtBot) -> None:
    viewer.show_record(make_record())
    viewer.show_note("key", "")
    tabs = viewer.findChildren(QTabWidget)[0]
    activate(viewer, qtbot)
    for key, page in ((Qt.Key.Key_2, 1), (Qt.Key.Key_3, 2), (Qt.Key.Key_1, 0)):
        QTest.keyClick(viewer, key, Qt.KeyboardModifier.AltModifier)
        assert tabs.currentIndex() == page
        assert "Alt+" in tabs.tabToolTip(page)


def test_what_the_decoder_noticed_stands_above_the_photo(viewer: PhotoViewer) -> None:
    viewer.show_picture("a.jpg", PHOTO)
    viewer.show_record(make_record())
    assert any("cut short" in notice.text() for notice in viewer.findChildren(Callout) if notice.isVisible())
    viewer.show_record(make_record(bare=True))
    assert not [notice for notice in viewer.findChildren(Callout) if notice.isVisible()]


def test_a_note_goes_out_with_its_photos_key(viewer: PhotoViewer, qtbot: QtBot) -> None:
    viewer.show_note("sha", "")
    viewer.open_notes()
    editor = viewer.focusWidget()
    assert editor is not None
    QTest.keyClicks(editor, "a kiosk")
    with qtbot.waitSignal(viewer.note_changed) as told:
        viewer.flush_note()
    assert told.args == ["sha", "a kiosk"]


def test_a_name_cannot_pose_as_another(viewer: PhotoViewer) -> None:
    viewer.show_loading("photo\u202egpj.exe")
    assert "photo⟨U+202E⟩gpj.exe" in message(viewer)


def test_every_page_is_accessible(viewer: PhotoViewer) -> None:
    viewer.show_picture("a.jpg", PHOTO)
    viewer.show_record(make_record())
    viewer.show_note("key", "text")
    for turn in (viewer.open_photo, viewer.open_metadata, viewer.open_notes):
        turn()
        assert_accessible(viewer)
