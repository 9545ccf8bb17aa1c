from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot

from geolocdesk.analysis import Exclusions
from geolocdesk.gui.compare_view import CompareView
from geolocdesk.gui.picture import Picture
from geolocdesk.gui.picture_canvas import PictureCanvas, PictureView
from geolocdesk.gui.placeholder import Placeholder
from geolocdesk.reference.neighbours import Neighbours
from tests.doubles.analyses import make_analysis
from tests.doubles.places import near_zagreb
from tests.gui.accessible import assert_accessible

QUERY = Picture.from_pixels(np.full((900, 1200, 3), 120, dtype=np.uint8))
REFERENCE = Picture.from_pixels(np.full((320, 240, 3), 60, dtype=np.uint8))
ANALYSIS = make_analysis()


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[CompareView]:
    made = CompareView(near_zagreb)
    qtbot.addWidget(made)
    made.resize(900, 500)
    made.show_query("IMG_0001.jpg", QUERY)
    made.show_neighbours(ANALYSIS.neighbours, ANALYSIS.estimate.weights, 3)
    made.show()
    with qtbot.waitActive(made):
        made.activateWindow()
    made.focus_pictures()
    yield made
    made.close()


def canvases(view: CompareView) -> tuple[PictureCanvas, PictureCanvas]:
    named = {canvas.accessibleName(): canvas for canvas in view.findChildren(PictureCanvas)}
    return named["Query photo"], named["Neighbour photo"]


def texts(view: CompareView) -> str:
    labels = [label.text() for label in view.findChildren(QLabel) if label.isVisible()]
    return "\n".join(labels).replace("\N{NO-BREAK SPACE}", " ")


def button(view: CompareView, name: str) -> QToolButton:
    return next(found for found in view.findChildren(QToolButton) if found.accessibleName() == name)


def values(spy: QSignalSpy) -> list[object]:
    return [spy.at(place)[0] for place in range(spy.count())]


def shown_rank(view: CompareView) -> int | None:
    return None if view.shown_neighbour is None else view.shown_neighbour.rank


def test_both_sides_say_what_they_are(view: CompareView) -> None:
    shown = texts(view)
    neighbour = ANALYSIS.neighbours.items[2]
    assert "IMG_0001.jpg" in shown
    assert "1200 × 900 pixels" in shown
    assert "Neighbour 3 of 20" in shown
    assert "3. near Zagreb, Croatia" in shown
    assert f"distance {neighbour.distance:.3f} · weight " in shown
    assert "licence and photographer not available" in shown


def test_arrow_keys_go_through_the_neighbours(view: CompareView) -> None:
    shown, wanted = QSignalSpy(view.neighbour_shown), QSignalSpy(view.picture_wanted)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_Left):
        QTest.keyClick(view, key)
    QTest.keyClick(view, Qt.Key.Key_End)
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert values(shown) == [4, 3, 2, 1, 20]
    assert values(wanted) == [1004, 1003, 1002, 1001, 1020]
    assert not button(view, "Next neighbour").isEnabled()
    assert button(view, "Previous neighbour").isEnabled()


def test_being_sent_to_a_neighbour_is_not_told_again(view: CompareView) -> None:
    shown, wanted = QSignalSpy(view.neighbour_shown), QSignalSpy(view.picture_wanted)
    view.show_rank(7)
    view.show_rank(7)
    assert shown.count() == 0
    assert values(wanted) == [1007]
    view.show_rank(99)
    assert shown_rank(view) == 20


def test_a_picture_that_comes_too_late_is_not_shown(view: CompareView) -> None:
    view.set_picture(1003, REFERENCE)
    assert canvases(view)[1].isVisible()
    view.show_rank(4)
    view.set_picture(1003, REFERENCE)
    assert not canvases(view)[1].isVisible()
    view.set_picture(1004, None)
    assert "No picture of this reference" in texts(view)


def test_zoom_and_pan_are_shared(view: CompareView) -> None:
    view.set_picture(1003, REFERENCE)
    query, neighbour = canvases(view)
    QTest.keyClick(query, Qt.Key.Key_Plus)
    QTest.keyClick(query, Qt.Key.Key_Plus)
    assert neighbour.view.zoom == pytest.approx(1.25**2) == query.view.zoom
    QTest.keyClick(neighbour, Qt.Key.Key_Plus)
    QTest.keyClick(neighbour, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert neighbour.view.centre_y > 0.5
    assert query.view.zoom == pytest.approx(1.25**3)
    QTest.keyClick(view, Qt.Key.Key_0)
    assert query.view == neighbour.view == PictureView()


def test_the_next_neighbour_is_seen_in_the_same_view(view: CompareView) -> None:
    view.set_picture(1003, REFERENCE)
    query, neighbour = canvases(view)
    query.zoom_by(3.0)
    QTest.keyClick(view, Qt.Key.Key_Right)
    view.set_picture(1004, REFERENCE)
    assert neighbour.view.zoom == pytest.approx(3.0)


def test_the_link_can_be_cut_and_made_again(view: CompareView) -> None:
    view.set_picture(1003, REFERENCE)
    query, neighbour = canvases(view)
    QTest.keyClick(view, Qt.Key.Key_L)
    query.zoom_by(2.0)
    assert neighbour.view == PictureView()
    button(view, "Zoom in").click()
    assert (query.view.zoom, neighbour.view.zoom) == pytest.approx((2.5, 1.25))
    button(view, "Zoom and move both together").click()
    assert neighbour.view.zoom == pytest.approx(2.5)


def test_keys_ask_to_exclude_and_to_close(view: CompareView) -> None:
    exclude, close = QSignalSpy(view.exclude_requested), QSignalSpy(view.close_requested)
    QTest.keyClick(view, Qt.Key.Key_Delete)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    reference_id = ANALYSIS.neighbours.items[2].reference.reference_id
    assert values(exclude) == [Exclusions(reference_ids=frozenset({reference_id}))]
    assert close.count() == 1


def test_nothing_to_compare_with_is_said(view: CompareView) -> None:
    view.show_neighbours(Neighbours((), "pack"), np.empty(0))
    assert "Nothing to compare with" in texts(view)
    assert shown_rank(view) is None
    spy = QSignalSpy(view.exclude_requested)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Delete):
        QTest.keyClick(view, key)
    assert spy.count() == 0


def test_waiting_for_a_picture_is_shown(view: CompareView) -> None:
    assert "Fetching the picture" in texts(view)
    assert view.findChildren(Placeholder)[0].isVisible()


def test_everything_has_a_name_and_its_keys(view: CompareView) -> None:
    view.set_picture(1003, REFERENCE)
    assert_accessible(view)
    tips = [found.toolTip() for found in view.findChildren(QToolButton)]
    assert all(tip.endswith(")") for tip in tips), tips
