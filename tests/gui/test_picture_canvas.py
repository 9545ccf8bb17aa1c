from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from geolocdesk.gui.picture import Picture
from geolocdesk.gui.picture_canvas import MAXIMUM_SCALE, PictureCanvas, PictureView
from geolocdesk.gui.theme import active_palette

LARGE = Picture.from_pixels(np.zeros((1200, 1600, 3), dtype=np.uint8))


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[PictureCanvas]:
    made = PictureCanvas()
    made.resize(400, 400)
    qtbot.addWidget(made)
    made.set_picture(LARGE)
    made.show()
    yield made
    made.close()


def quadrants(width: int, height: int) -> Picture:
    """Return a picture that is red, green, blue and white in its four quarters."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 255)
    pixels[height // 2 :, width // 2 :] = 255
    return Picture.from_pixels(pixels)


def wheel(canvas: PictureCanvas, at: QPointF, notches: float) -> None:
    event = QWheelEvent(
        at,
        canvas.mapToGlobal(at),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def picture_point(canvas: PictureCanvas, at: QPointF) -> tuple[float, float]:
    """Return which point of the picture (shares of its sides) lies under a point of the widget."""
    assert canvas.picture is not None
    scale = canvas.scale / canvas.devicePixelRatioF()
    width = canvas.picture.size.width() * scale
    height = canvas.picture.size.height() * scale
    view = canvas.view
    return (
        view.centre_x + (at.x() - canvas.width() / 2) / width,
        view.centre_y + (at.y() - canvas.height() / 2) / height,
    )


def test_a_picture_begins_fitted(canvas: PictureCanvas) -> None:
    assert canvas.scale == pytest.approx(400 / 1600)
    assert canvas.view == PictureView(1.0, 0.5, 0.5)


def test_the_wheel_zooms_about_the_pointer(canvas: PictureCanvas) -> None:
    at = QPointF(120, 180)
    before = picture_point(canvas, at)
    wheel(canvas, at, 3)
    assert canvas.view.zoom == pytest.approx(1.25**3)
    assert picture_point(canvas, at) == pytest.approx(before)
    wheel(canvas, at, -3)
    assert canvas.view.zoom == pytest.approx(1.0)


def test_a_double_click_goes_to_actual_size_and_back(canvas: PictureCanvas, qtbot: QtBot) -> None:
    at = QPoint(100, 150)
    before = picture_point(canvas, QPointF(at))
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert canvas.scale == pytest.approx(1.0)
    assert picture_point(canvas, QPointF(at)) == pytest.approx(before)
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert canvas.view.zoom == pytest.approx(1.0)


def test_keys_zoom_fit_and_pan(canvas: PictureCanvas, qtbot: QtBot) -> None:
    QTest.keyClick(canvas, Qt.Key.Key_1)
    assert canvas.scale == pytest.approx(1.0)
    left = canvas.view.centre_x
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.view.centre_x == pytest.approx(left + 0.1 * 400 / 1600)
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    assert canvas.view.centre_y < 0.5
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.scale == pytest.approx(1.25)
    QTest.keyClick(canvas, Qt.Key.Key_Minus)
    QTest.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.view == PictureView()


def test_dragging_moves_the_picture_with_the_pointer(canvas: PictureCanvas, qtbot: QtBot) -> None:
    canvas.show_actual_size()
    grabbed = picture_point(canvas, QPointF(200, 200))
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    QTest.mouseMove(canvas, QPoint(150, 230))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(150, 230))
    assert picture_point(canvas, QPointF(150, 230)) == pytest.approx(grabbed)
    QTest.mouseMove(canvas, QPoint(10, 10))
    assert picture_point(canvas, QPointF(150, 230)) == pytest.approx(grabbed)


def test_no_more_margin_shows_than_the_shape_asks_for(canvas: PictureCanvas) -> None:
    canvas.show_actual_size()
    canvas.pan_by(QPointF(99_999, 99_999))
    assert picture_point(canvas, QPointF(0, 0)) == pytest.approx((0.0, 0.0))
    canvas.pan_by(QPointF(-99_999, -99_999))
    assert picture_point(canvas, QPointF(400, 400)) == pytest.approx((1.0, 1.0))


def test_pinching_zooms(canvas: PictureCanvas) -> None:
    event = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture,
        QPointingDevice.primaryPointingDevice(),
        2,
        QPointF(200, 200),
        QPointF(200, 200),
        QPointF(200, 200),
        0.5,
        QPointF(),
    )
    QApplication.sendEvent(canvas, event)
    assert canvas.view.zoom == pytest.approx(1.5)


def test_zoom_has_an_end_in_both_directions(canvas: PictureCanvas) -> None:
    canvas.zoom_by(1e9)
    assert canvas.scale == pytest.approx(MAXIMUM_SCALE)
    canvas.zoom_by(1e-9)
    assert canvas.view.zoom == 1.0


def test_a_small_photo_may_shrink_to_its_actual_size(canvas: PictureCanvas) -> None:
    canvas.set_picture(Picture.from_pixels(np.zeros((100, 100, 3), dtype=np.uint8)))
    assert canvas.scale == pytest.approx(4.0)
    canvas.show_actual_size()
    assert canvas.scale == pytest.approx(1.0)
    canvas.zoom_by(0.1)
    assert canvas.scale == pytest.approx(1.0)


def test_only_the_user_announces_a_view(canvas: PictureCanvas, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(canvas.view_changed):
        canvas.set_view(PictureView(3.0, 0.4, 0.6))
    assert canvas.view.zoom == 3.0
    with qtbot.waitSignal(canvas.view_changed) as told:
        QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert told.args == [canvas.view]


def test_a_sharper_version_keeps_the_view(canvas: PictureCanvas) -> None:
    canvas.set_picture(Picture.from_pixels(np.zeros((150, 200, 3), dtype=np.uint8)))
    canvas.set_view(PictureView(2.0, 0.3, 0.5))
    seen = canvas.view
    canvas.set_picture(LARGE, keep_view=True)
    assert canvas.view == seen
    canvas.set_picture(LARGE)
    assert canvas.view == PictureView()


def test_resizing_keeps_a_fitted_picture_fitted_and_any_other_at_its_scale(canvas: PictureCanvas) -> None:
    canvas.resize(800, 800)
    assert canvas.view.zoom == 1.0
    canvas.show_actual_size()
    canvas.resize(500, 300)
    assert canvas.scale == pytest.approx(1.0)


def test_arrows_can_be_left_to_others(qtbot: QtBot) -> None:
    canvas = PictureCanvas(arrows_pan=False)
    qtbot.addWidget(canvas)
    canvas.resize(400, 400)
    canvas.set_picture(LARGE)
    canvas.show_actual_size()
    before = canvas.view
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert canvas.view == before
    QTest.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.view.centre_x < before.centre_x


def shown(canvas: PictureCanvas, x: int, y: int) -> tuple[int, int, int]:
    image = canvas.grab().toImage()
    ratio = image.devicePixelRatio()
    return rgb(image.pixelColor(round(x * ratio), round(y * ratio)))


def rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()


def test_what_is_drawn_is_the_picture(canvas: PictureCanvas) -> None:
    canvas.clearFocus()
    canvas.set_picture(quadrants(1600, 800))
    assert shown(canvas, 100, 150) == (255, 0, 0)
    assert shown(canvas, 300, 150) == (0, 255, 0)
    assert shown(canvas, 100, 250) == (0, 0, 255)
    assert shown(canvas, 300, 250) == (255, 255, 255)
    assert shown(canvas, 200, 50) == rgb(QColor(active_palette().window))


def test_zoomed_in_far_single_pixels_stay_squares(canvas: PictureCanvas) -> None:
    canvas.clearFocus()
    canvas.set_picture(quadrants(4, 4))
    colours = {shown(canvas, x, 50) for x in range(20, 400, 7)}
    assert colours == {(255, 0, 0), (0, 255, 0)}  # no blend at the border


def test_nothing_to_show_is_no_crash(qtbot: QtBot) -> None:
    canvas = PictureCanvas()
    qtbot.addWidget(canvas)
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_0, Qt.Key.Key_1, Qt.Key.Key_Left):
        QTest.keyClick(canvas, key)
    wheel(canvas, QPointF(3, 3), 1)
    canvas.pan_by(QPointF(5, 5))
    assert isinstance(canvas.grab().toImage(), QImage)
