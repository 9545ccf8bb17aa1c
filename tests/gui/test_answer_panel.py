import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QEnterEvent, QGuiApplication
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QScrollArea, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from geolocdesk.analysis import Analysis, Exclusions
from geolocdesk.cartography.coordinates import list_notations
from geolocdesk.cartography.place_names import find_place
from geolocdesk.colours import DARK, LIGHT
from geolocdesk.estimation.location import LEVELS, Familiarity
from geolocdesk.gui.answer_panel import AnswerPanel
from geolocdesk.gui.carrier_chips import MOST_CHIPS
from geolocdesk.gui.copy_button import CopyButton
from geolocdesk.gui.level_row import LevelRow
from geolocdesk.gui.theme import install_theme
from tests.doubles.analyses import NORTH_POLE, ZAGREB, make_analysis
from tests.doubles.places import near_zagreb
from tests.gui.accessible import assert_accessible

CARRIERS = {2: 0.3, 1: 0.45, 7: 0.05}


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[AnswerPanel]:
    made = AnswerPanel(near_zagreb)
    qtbot.addWidget(made)
    made.resize(520, 700)
    made.show()
    yield made
    made.close()


def show(panel: AnswerPanel, analysis: Analysis) -> None:
    panel.show_answer(analysis, CARRIERS)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()


def texts(panel: AnswerPanel) -> str:
    labels = [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]
    return "\n".join(labels).replace("\N{NO-BREAK SPACE}", " ")


def rows(panel: AnswerPanel) -> list[LevelRow]:
    return panel.findChildren(LevelRow)


def chips(panel: AnswerPanel) -> list[QToolButton]:
    return [
        found
        for found in panel.findChildren(QToolButton)
        if found.property("role") == "chip" and found.isVisible()
    ]


def values(spy: QSignalSpy) -> list[object]:
    return [spy.at(place)[0] for place in range(spy.count())]


@pytest.mark.parametrize("rehearsed", [False, True])
def test_tab_goes_through_the_answer_from_top_to_bottom(panel: AnswerPanel, rehearsed: bool) -> None:
    if rehearsed:
        panel.rehearse()
    show(panel, make_analysis())
    first = panel.findChild(QToolButton)
    assert isinstance(first, QToolButton)
    chain: list[QWidget] = [first]
    while (following := chain[-1].nextInFocusChain()) is not first and following is not None:
        chain.append(following)
    kinds = (LevelRow, QToolButton)
    reached = [
        part for part in chain if isinstance(part, kinds) and part.isVisible() and panel.isAncestorOf(part)
    ]
    tops = [part.mapTo(panel, QPoint(0, 0)).y() for part in reached]
    assert len(reached) > len(LEVELS) + len(CARRIERS)
    assert tops == sorted(tops)


def test_a_rehearsed_panel_makes_nothing_new_for_its_first_answer_and_shows_nothing_of_it(
    panel: AnswerPanel,
) -> None:
    panel.rehearse()
    assert "No answer to show" in texts(panel)
    made = len(panel.findChildren(QWidget))
    show(panel, make_analysis())
    assert len(panel.findChildren(QWidget)) == made
    assert [row.level_name for row in rows(panel)] == [level.name for level in LEVELS]
    assert len(chips(panel)) == len(CARRIERS)
    assert "0.00000, 0.00000" not in texts(panel)


def test_every_state_says_what_it_is(panel: AnswerPanel, qtbot: QtBot) -> None:
    assert "No answer to show" in texts(panel)
    panel.show_waiting()
    assert "Not analysed yet" in texts(panel)
    panel.show_busy("a.jpg")
    assert "Analysis under way\na.jpg is analysed in its turn." in texts(panel)
    panel.show_failure("a.jpg", "The decoder ran out of memory. Save the photo as PNG and add that.")
    assert "No answer for a.jpg\nThe decoder ran out of memory." in texts(panel)
    retry = next(button for button in panel.findChildren(QPushButton) if button.isVisible())
    with qtbot.waitSignal(panel.retry_requested):
        retry.click()
    show(panel, make_analysis())
    assert "No answer" not in texts(panel)


def test_a_place_never_stands_without_distance_and_country(panel: AnswerPanel) -> None:
    show(panel, make_analysis())
    shown = texts(panel)
    assert "Investigative lead" in shown
    assert "Near Zagreb, Croatia\n4 km north of Zagreb (698,966 inhabitants), Croatia" in shown
    assert "found" not in shown.lower()


def test_without_place_names_the_coordinates_lead(qtbot: QtBot) -> None:
    panel = AnswerPanel()
    qtbot.addWidget(panel)
    panel.show()
    show(panel, make_analysis())
    assert "45.813100, 15.977200\nPlace name not available" in texts(panel)
    panel.close()


def test_every_level_has_its_row(panel: AnswerPanel) -> None:
    show(panel, make_analysis())
    names = [row.accessibleName().replace("\N{NO-BREAK SPACE}", " ") for row in rows(panel)]
    assert names == [
        "Street, within 1 km of near Zagreb, Croatia: 3 %",
        "City, within 25 km of near Zagreb, Croatia: 12 %",
        "Region, within 200 km of near Zagreb, Croatia: 47 %",
        "Country, within 750 km of near Zagreb, Croatia: 83 %",
        "Continent, within 2,500 km of near Zagreb, Croatia: 96 %",
    ]
    assert "calibrated on 1,830 photos" in texts(panel)
    assert all(row.accessibleDescription() == "calibrated on 1,830 photos" for row in rows(panel))
    show(panel, make_analysis(bare=True))
    assert "not calibrated" in texts(panel)
    assert len(rows(panel)) == len(LEVELS)


def test_a_photo_that_resembles_nothing_is_warned_of(panel: AnswerPanel) -> None:
    analysis = make_analysis()
    for distance, warned in ((1.21, True), (1.19, False)):
        estimate = replace(analysis.estimate, familiarity=Familiarity(distance, 0.97, 1.2, 1830))
        show(panel, replace(analysis, estimate=estimate))
        assert ("resembles nothing in the reference pack" in texts(panel)) is warned


def enter(row: LevelRow) -> None:
    at = QPointF(5, 5)
    QApplication.sendEvent(row, QEnterEvent(at, at, row.mapToGlobal(at)))


def test_pointing_at_a_level_shows_its_ring(panel: AnswerPanel) -> None:
    show(panel, make_analysis())
    hovered, fitted = QSignalSpy(panel.level_hovered), QSignalSpy(panel.fit_level)
    enter(rows(panel)[2])
    QApplication.sendEvent(rows(panel)[2], QEvent(QEvent.Type.Leave))
    assert values(hovered) == ["region", None]
    QTest.mouseClick(rows(panel)[4], Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert values(fitted) == ["continent"]


def test_the_keyboard_reaches_levels_too(panel: AnswerPanel, qtbot: QtBot) -> None:
    show(panel, make_analysis())
    with qtbot.waitActive(panel):
        panel.activateWindow()
    hovered, fitted = QSignalSpy(panel.level_hovered), QSignalSpy(panel.fit_level)
    rows(panel)[0].setFocus()
    QTest.keyClick(rows(panel)[0], Qt.Key.Key_Tab)
    assert rows(panel)[1].hasFocus()
    QTest.keyClick(rows(panel)[1], Qt.Key.Key_Return)
    QTest.keyClick(rows(panel)[1], Qt.Key.Key_Space)
    assert values(hovered) == ["street", None, "city"]
    assert values(fitted) == ["city", "city"]


def test_a_new_result_keeps_the_focus_on_the_level(panel: AnswerPanel, qtbot: QtBot) -> None:
    show(panel, make_analysis())
    with qtbot.waitActive(panel):
        panel.activateWindow()
    rows(panel)[3].setFocus()
    show(panel, make_analysis(seed=2))
    assert rows(panel)[3].hasFocus()


def test_the_neighbours_that_carry_it_are_named_by_their_share(panel: AnswerPanel) -> None:
    show(panel, make_analysis())
    assert "3 of 20 neighbours carry this answer: together 80 % of the density there." in texts(panel)
    assert [chip.text().replace("\N{NO-BREAK SPACE}", " ") for chip in chips(panel)] == [
        "1 · 45 %",
        "2 · 30 %",
        "7 · 5 %",
    ]
    spy = QSignalSpy(panel.neighbour_selected)
    chips(panel)[2].click()
    panel.show_answer(make_analysis(), {5: 0.9})
    chips(panel)[0].click()
    assert values(spy) == [7, 5]
    assert len(chips(panel)) == 1


def test_many_carriers_are_counted_not_listed(panel: AnswerPanel) -> None:
    panel.show_answer(make_analysis(neighbours=100), dict.fromkeys(range(1, 91), 0.01))
    assert len(chips(panel)) == MOST_CHIPS
    assert f"and {90 - MOST_CHIPS} more" in texts(panel)


def test_every_notation_is_there_to_copy(panel: AnswerPanel) -> None:
    show(panel, make_analysis())
    copies = [button for button in panel.findChildren(CopyButton) if "coordinates" in button.accessibleName()]
    copied = []
    for button in copies:
        button.click()
        copied.append(QGuiApplication.clipboard().text())
        button.set_text("")  # ends the confirmation
    assert copied == [text for _name, text in list_notations(ZAGREB)]
    assert [button.accessibleName() for button in copies] == [
        "Copy Decimal coordinates",
        "Copy DMS coordinates",
        "Copy UTM coordinates",
        "Copy MGRS coordinates",
    ]
    show(panel, make_analysis(NORTH_POLE))
    assert "UPS" in texts(panel)
    assert "UTM" not in texts(panel)


@pytest.mark.parametrize("width", [320, 420, 560, 900])
def test_nothing_is_wider_than_the_panel(panel: AnswerPanel, width: int) -> None:
    panel.resize(900, 700)
    show(panel, make_analysis())
    panel.resize(width, 700)
    QApplication.processEvents()
    page = panel.findChildren(QScrollArea)[0]
    inner = page.widget()
    assert inner is not None
    assert inner.width() <= page.viewport().width()


def test_the_real_gazetteer_fits(qtbot: QtBot) -> None:
    panel = AnswerPanel(find_place)
    qtbot.addWidget(panel)
    panel.show()
    show(panel, make_analysis())
    assert ", Croatia" in texts(panel)
    assert " of Zagreb (" in texts(panel)
    assert "inhabitants)" in texts(panel)
    panel.close()


def test_the_files_claim_is_apart_and_marked(panel: AnswerPanel) -> None:
    show(panel, make_analysis())
    assert "The file's own claim (untrusted, not used)" in texts(panel)
    assert "12 km from the answer" in texts(panel)
    show(panel, make_analysis(bare=True))
    assert "GPS position: not available." in texts(panel)


def test_exclusions_are_mentioned(panel: AnswerPanel) -> None:
    show(panel, make_analysis(exclusions=Exclusions(frozenset({"ref-1"}))))
    assert "Excluded from this answer: 1 photo." in texts(panel)
    show(panel, make_analysis())
    assert "Excluded" not in texts(panel)


def test_provenance_unfolds_and_copies(panel: AnswerPanel) -> None:
    analysis = make_analysis()
    show(panel, analysis)
    assert "efficientnet-lite0-hybrid-512" not in texts(panel)
    fold = next(button for button in panel.findChildren(QToolButton) if "computed" in button.text())
    fold.click()
    shown = texts(panel)
    for part in (analysis.analysis_id, "Balkan streets 2025", "Bandwidth deg\n4.0", "torch 2.14.1"):
        assert part in shown
    copy = next(
        button for button in panel.findChildren(CopyButton) if "provenance" in button.accessibleName()
    )
    copy.click()
    copied = json.loads(QGuiApplication.clipboard().text())
    assert copied["analysis_id"] == analysis.analysis_id
    assert copied["evidence_sha256"] == analysis.evidence.sha256
    assert copied["weights_sha256"] == analysis.provenance.weights_sha256
    copy.set_text("")  # ends the confirmation


def test_rings_have_the_maps_colours_in_both_schemes(panel: AnswerPanel, qapp: QApplication) -> None:
    for palette in (LIGHT, DARK):
        install_theme(qapp, "dark" if palette.is_dark else "light")
        show(panel, make_analysis())
        for index, row in enumerate(rows(panel)):
            drawn = row.grab().toImage()
            ratio = drawn.devicePixelRatio()
            middle = round(row.height() / 2 * ratio)
            colours = {drawn.pixelColor(x, middle).name() for x in range(round(40 * ratio))}
            bar = {drawn.pixelColor(x, middle).name() for x in range(drawn.width() // 2, drawn.width())}
            assert QColor(palette.level(index)).name() in bar, row.text()
            assert len(colours) > 1


def test_everything_has_a_name(panel: AnswerPanel) -> None:
    for state in (panel.show_nothing, panel.show_waiting, lambda: show(panel, make_analysis())):
        state()
        assert_accessible(panel)


def test_the_answer_can_be_shown_on_the_map(panel: AnswerPanel, qtbot: QtBot) -> None:
    show(panel, make_analysis())
    button = next(
        found for found in panel.findChildren(QToolButton) if "on the map" in found.accessibleName()
    )
    with qtbot.waitSignal(panel.fit_answer):
        button.click()
